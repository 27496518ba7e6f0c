"""Two clips never share what one of them was made into, and what comes late is not lost."""

import os
import shutil

from filming import SONY, new_film, rushes

CLIP = next(SONY.rglob("C0001.MP4"))


def rows(film):
    return rushes("log", "--json", cwd=film).json


def proxies(film):
    shown = [rushes("show", row["id"], "--json", cwd=film).json for row in rows(film)]
    return [product["path"] for clip in shown for product in clip["products"] if product["kind"] == "proxy"]


def varied(source, target, number):
    """The same pictures in other bytes: a `free` box tells them apart."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    with target.open("ab") as file:
        file.write((16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big"))


def test_two_clips_of_one_base_name_in_one_folder_have_a_proxy_each(tmp_path):
    film = new_film(tmp_path / "film")
    varied(CLIP, film / "ingest" / "A001" / "C0001.MP4", 1)
    varied(CLIP, film / "ingest" / "A001" / "C0001.MOV", 2)
    run = rushes("ingest", cwd=film)
    assert run.code == 0, run.err
    made = proxies(film)
    assert len(set(made)) == len(made) == 2
    assert all((film / path).stem == "C0001" for path in made)


def test_two_recordings_with_one_quick_identity_on_one_card_are_two_clips(tmp_path):
    film = new_film(tmp_path / "film")
    card = film / "ingest" / "A001"
    card.mkdir()
    middle = bytearray(CLIP.read_bytes() + b"\x00\x10\x00\x08free" + bytes(1 << 20))
    (card / "C0001.MP4").write_bytes(middle)
    middle[len(middle) - (200 << 10)] = 1  # between the bytes that a quick identity takes
    (card / "C0002.MP4").write_bytes(middle)
    run = rushes("ingest", cwd=film, timeout=30)
    assert run.code == 0, run.err
    assert sorted(row["name"] for row in rows(film)) == ["C0001.MP4", "C0002.MP4"]
    assert "Nothing to do" in rushes("ingest", cwd=film).err


def test_what_the_film_made_is_never_taken_for_footage(tmp_path):
    film = new_film(tmp_path / "film", SONY)
    assert rushes("ingest", cwd=film).code == 0
    for place in (".", "proxies", "stills"):
        assert rushes("ingest", place, cwd=film).code == 32
    assert len(rows(film)) == 2


def test_an_original_that_became_empty_takes_its_clip_offline(tmp_path):
    film = new_film(tmp_path / "film")
    clip = film / "ingest" / "A001" / "C0001.MP4"
    varied(CLIP, clip, 1)
    assert rushes("ingest", cwd=film).code == 0
    whole = clip.read_bytes()
    os.truncate(clip, 0)
    assert rushes("ingest", cwd=film).code == 1
    assert [row["status"] for row in rows(film)] == ["offline"]
    clip.write_bytes(whole)
    assert rushes("ingest", cwd=film).code == 0
    assert [row["status"] for row in rows(film)] == ["ready"]
