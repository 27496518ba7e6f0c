"""How many sound recordings run with each picture is kept as cards come, are logged otherwise, and go."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from small_shoot import card, clip, says

from pipeline.catalogue import schema
from pipeline.catalogue.beside import pictures_near, sounds_near
from pipeline.catalogue.cards import TakenClip, record_card
from pipeline.catalogue.listing import clip_ids, group, logged_clips, rows
from pipeline.catalogue.log import forget, undo, write_log
from pipeline.catalogue.products import Want, want
from pipeline.catalogue.roots import root
from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.clip import AudioStream, Facts, Saying
from pipeline.shotlog.query import parse

MAIN = says(shoot_day="2019-10-12", unit="main", location="Vienna")


def picture(film: int, name: str, start: str | None, *said: Saying, **facts: object) -> TakenClip:
    return clip(film, f"pictures/{name}", *(said or MAIN), start=start, at=None, **facts)  # type: ignore[arg-type]


def sound(film: int, name: str, start: str, *said: Saying) -> TakenClip:
    made = clip(film, f"sound/{name}", *(said or MAIN), start=start, at=None)
    facts = Facts(audio=(AudioStream("pcm_s24le", 2, 48000),), originator="MixPre", start_timecode=start,
                  timecode_rate=made.clip.rate)  # fmt: skip
    return replace(made, clip=replace(made.clip, kind="sound", facts=facts))


def having(catalogue: Catalogue, query: str = "has:sound") -> list[str]:
    return [row["name"] for row in rows(catalogue, parse(query), sort="name").rows]


def take(catalogue: Catalogue, film: int, folder: str, *clips: TakenClip) -> None:
    record_card(catalogue, card(film, folder, *clips))


@pytest.fixture
def pictures(catalogue: Catalogue, film: int) -> Catalogue:
    take(
        catalogue, film, "pictures",
        picture(film, "1.mov", "10:00:00:00"), picture(film, "2.mov", "10:00:08:00"), picture(film, "3.mov", None),
        picture(film, "4.mov", "10:00:00:00", *says(shoot_day="2019-10-12", unit="second")),
        picture(film, "5.mov", "10:00:00:00", *says(shoot_day="2019-10-13", unit="main")),
    )  # fmt: skip
    return catalogue


def test_sound_that_comes_later_is_found_with_the_pictures_it_runs_with(pictures: Catalogue, film: int) -> None:
    assert having(pictures) == []
    take(pictures, film, "sound", sound(film, "T1.WAV", "10:00:05:00"), sound(film, "T2.WAV", "10:00:15:00"))
    assert having(pictures) == ["1.mov", "2.mov"]
    assert having(pictures, "sound:2") == ["2.mov"]
    assert having(pictures, "missing:sound kind:picture") == ["3.mov", "4.mov", "5.mov"]
    assert [(row["sound"], row["clips"]) for row in group(pictures, parse("kind:picture"), ["sound"])] == [
        (1, 1), (2, 1), (None, 3),
    ]  # fmt: skip


def test_pictures_that_come_later_are_found_with_their_sound(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, "sound", sound(film, "T1.WAV", "10:00:05:00"))
    take(catalogue, film, "pictures", picture(film, "1.mov", "10:00:00:00"))
    assert having(catalogue) == ["1.mov"]


def test_a_change_of_day_or_unit_and_its_undo_are_followed(pictures: Catalogue, film: int) -> None:
    take(pictures, film, "sound", sound(film, "T1.WAV", "10:00:00:00"))
    (heard,) = clip_ids(pictures, parse("kind:sound"))
    for field, value, found in (("shoot_day", "2019-10-13", ["5.mov"]), ("unit", "second", ["4.mov"])):
        batch = write_log(pictures, [(heard, Saying(field, value, "person"))], who="ann", words="set")
        assert having(pictures) == found
        undo(pictures, batch.id, who="ann")
        assert having(pictures) == ["1.mov", "2.mov"]
    (other,) = clip_ids(pictures, parse("name:4.mov"))
    write_log(pictures, [(other, Saying("unit", "main", "person"))], who="ann", words="set")
    assert having(pictures) == ["1.mov", "2.mov", "4.mov"]


def test_sound_that_is_forgotten_is_no_picture_s_sound_until_it_is_back(pictures: Catalogue, film: int) -> None:
    take(pictures, film, "sound", sound(film, "T1.WAV", "10:00:00:00"))
    batch = forget(pictures, clip_ids(pictures, parse("kind:sound")), who="ann", words="forget")
    assert having(pictures) == []
    undo(pictures, batch.id, who="ann")
    assert having(pictures) == ["1.mov", "2.mov"]


def test_a_card_that_is_read_again_with_another_timecode_is_counted_anew(pictures: Catalogue, film: int) -> None:
    take(pictures, film, "sound", sound(film, "T1.WAV", "10:00:00:00"))
    take(pictures, film, "sound", replace(sound(film, "T1.WAV", "11:00:00:00"), reader="2"))
    assert having(pictures) == []
    take(pictures, film, "sound", replace(sound(film, "T1.WAV", "10:00:12:00"), reader="3"))
    assert having(pictures) == ["2.mov"]


def test_whole_recordings_are_given_to_cuts_and_pages(pictures: Catalogue, film: int) -> None:
    unknown = sound(film, "T9.WAV", "10:00:01:00", *says(unit="main"))
    take(pictures, film, "sound", sound(film, "T1.WAV", "10:00:05:00"), unknown)
    seen = logged_clips(pictures, parse("name:1.mov"))
    assert sorted(each.clip.name for each in sounds_near(pictures, seen)) == ["T1.WAV", "T9.WAV"]
    assert sounds_near(pictures, logged_clips(pictures, parse("name:3.mov"))) == []
    (heard,) = logged_clips(pictures, parse("name:T1"))
    assert sorted(each.clip.name for each in pictures_near(pictures, heard)) == ["1.mov", "2.mov"]


def test_a_film_of_an_older_release_is_counted_at_the_next_ingest(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    with open_catalogue(path, create=True) as made:
        film = root(made, "film", "film", place=None).id
        take(made, film, "pictures", picture(film, "1.mov", "10:00:00:00"))
        take(made, film, "sound", sound(film, "T1.WAV", "10:00:05:00"))
    with sqlite3.connect(path) as db:
        script = next(script for name, script in schema.MIGRATIONS if name.startswith("sound beside"))
        db.executescript("DROP INDEX clips_sound; ALTER TABLE clips DROP COLUMN sound;"
                         f"ALTER TABLE cuts DROP COLUMN events; {script}")  # fmt: skip
    with open_catalogue(path) as opened:
        assert having(opened) == []
        wanted = (Want("waveform", "", "w1"),)
        want(opened, wanted, wanted)
        assert having(opened) == ["1.mov"]
