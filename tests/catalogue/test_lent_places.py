"""Places that clips take from others: right in whatever order cards come, taken back with what lent them."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shoot import card, clip, says

from pipeline.catalogue.cards import TakenCard, TakenClip, record_card
from pipeline.catalogue.clocks import Change, ClockOf, correct
from pipeline.catalogue.head import miss_cards
from pipeline.catalogue.listing import rows
from pipeline.catalogue.log import forget, history, undo, write_log
from pipeline.catalogue.roots import root
from pipeline.catalogue.store import Catalogue, check, open_catalogue
from pipeline.catalogue.trails import TakenTrack
from pipeline.clip import Fix, Saying, Sighting
from pipeline.settings import Place
from pipeline.shotlog.query import parse
from pipeline.shotlog.trails import place_at, trails_of_clip, trails_of_file

PRATER, HOFBURG = Place("Prater", 48.2050, 16.4150, 2500), Place("Hofburg", 48.2060, 16.3650, 800)
PLACES = (PRATER, HOFBURG)
POINTS = {"Prater": (48.2050, 16.4150), "Hofburg": (48.2060, 16.3650)}
NOON = datetime.fromisoformat("2019-10-12T12:00:00+00:00").timestamp()
NAMES = ("A1", "A2", "A3", "B1", "B2", "D1", "D2")


@dataclass(frozen=True)
class Shot:
    """A clip `minutes` after noon (UTC), with the position of a place or none."""

    name: str
    minutes: float
    where: str = ""
    unit: str = "main"
    day: str = "2019-10-12"
    zone: str = "+00:00"

    @property
    def card(self) -> str:
        return self.name[0]

    def taken(self, film: int) -> TakenClip:
        seconds = round((12 * 60 + self.minutes) * 60)
        at = f"2019-10-12T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{self.zone}"
        words = says(shoot_day=self.day) + (says(unit=self.unit) if self.unit else ())
        facts = {"gps": POINTS[self.where]} if self.where else {}
        made = clip(film, f"ingest/{self.card}/{self.name}.MP4", *words, at=at, camera_serial=self.card, **facts)
        return replace(made, trails=trails_of_clip(made.clip, PLACES))

    @property
    def moment(self) -> float | None:
        return NOON + 60 * self.minutes if self.zone else None


def take(catalogue: Catalogue, film: int, *shots: Shot, path: tuple[Sighting, ...] = (), mark: str = "seen") -> None:
    """Ingest a card of these clips, with a GPX file of these points beside them."""
    made: TakenCard = card(film, f"ingest/{shots[0].card}", *(shot.taken(film) for shot in shots), fingerprint=mark)
    beside = f"ingest/{shots[0].card}/walk.gpx".encode()
    tracks = (TakenTrack(beside, trails_of_file("walk.gpx", path, PLACES)),) if path else ()
    record_card(catalogue, replace(made, tracks=tracks))


def ids(catalogue: Catalogue) -> dict[str, str]:
    return {
        row["name"].removesuffix(".MP4"): row["id"] for row in rows(catalogue, parse(""), columns=["id", "name"]).rows
    }


def lent(catalogue: Catalogue, every: dict[str, str] | None = None) -> dict[str, tuple[str, float]]:
    """What each clip that took its place from another says of that, and how sure it is."""
    found = {}
    for name, whole in (every or ids(catalogue)).items():
        said = [each for each in history(catalogue, whole) if each.source == "inferred" and each.field == "location"]
        standing = [each for each in said if each.stands]
        if standing and standing[-1].op == "set":
            found[name] = (standing[-1].detail, standing[-1].confidence)
    return found


def details(catalogue: Catalogue) -> dict[str, str]:
    return {name: detail for name, (detail, _) in lent(catalogue).items()}


def find(catalogue: Catalogue, query: str) -> list[str]:
    return [row["name"] for row in rows(catalogue, parse(query), columns=["name"]).rows]


def test_a_drone_card_that_arrives_later_gives_its_place_to_clips_logged_before(
    catalogue: Catalogue, film: int
) -> None:
    take(catalogue, film, Shot("A1", 3), Shot("A2", 45))
    assert (lent(catalogue), find(catalogue, "location:prater")) == ({}, [])
    take(catalogue, film, Shot("D1", 0, "Prater"))
    assert details(catalogue) == {"A1": "Prater (GPS of D1, 3 min earlier)"}
    assert find(catalogue, "location:prater") == ["A1.MP4"]
    assert find(catalogue, "missing:location") == ["D1.MP4", "A2.MP4"]  # these rules say nothing of the drone itself
    assert check(catalogue) == ()


def test_the_nearest_fix_counts_whichever_came_first(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("D1", -10, "Hofburg"))
    take(catalogue, film, Shot("A1", 0))
    assert details(catalogue) == {"A1": "Hofburg (GPS of D1, 10 min earlier)"}
    take(catalogue, film, Shot("B1", 4, "Prater"))
    assert details(catalogue) == {"A1": "Prater (GPS of B1, 4 min later)"}


@pytest.mark.parametrize(
    "other", [{"unit": "second"}, {"unit": ""}, {"day": "2019-10-13"}, {"zone": ""}, {"minutes": 31}, {"minutes": -31}]
)
def test_another_unit_day_or_time_lends_nothing(catalogue: Catalogue, film: int, other: dict[str, object]) -> None:
    take(catalogue, film, replace(Shot("D1", 5, "Prater"), **other))
    take(catalogue, film, Shot("A1", 0))
    assert lent(catalogue) == {}


def test_a_clip_with_a_clock_of_unknown_zone_takes_nothing(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("D1", 5, "Prater"), Shot("D2", 5, "Prater", zone=""))
    take(catalogue, film, Shot("A1", 0, zone=""))
    assert lent(catalogue) == {}


def test_films_without_units_are_one_unit(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("D1", 5, "Prater", unit=""))
    take(catalogue, film, Shot("A1", 0, unit=""))
    assert details(catalogue) == {"A1": "Prater (GPS of D1, 5 min later)"}


def test_a_forgotten_clip_without_unit_and_day_lends_nothing(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("A1", 0, unit=""), Shot("D1", 1, "Prater", unit=""))
    both = ids(catalogue)
    clears = [(each, Saying("shoot_day", "", "person", "clear")) for each in both.values()]
    write_log(catalogue, clears, who="ann", words="set shoot_day=")
    assert list(lent(catalogue)) == ["A1"]
    forget(catalogue, [both["D1"]], who="ann")
    assert lent(catalogue) == {}


def test_a_long_recording_tells_where_it_was_all_along(catalogue: Catalogue, film: int) -> None:
    long = Shot("D1", 0, "Hofburg").taken(film)
    track = (Fix(0.0, *POINTS["Hofburg"]), Fix(58 * 60.0, *POINTS["Prater"]))
    of = replace(long.clip, facts=replace(long.clip.facts, track=track))
    read = replace(long, clip=of, trails=trails_of_clip(of, PLACES))
    record_card(catalogue, card(film, "ingest/D", read))
    take(catalogue, film, Shot("A1", 57))
    assert details(catalogue) == {"A1": "Prater (GPS of D1, 1 min later)"}


def test_a_clip_with_a_position_of_its_own_takes_none_from_others(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("D1", 0, "Prater"))
    take(catalogue, film, Shot("B1", 1, "Hofburg"))
    assert lent(catalogue) == {}


def test_every_other_source_hides_what_is_inferred(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("A1", 0))
    take(catalogue, film, Shot("D1", 1, "Prater"))
    clip_id = ids(catalogue)["A1"]
    batch = write_log(catalogue, [(clip_id, Saying("location", "Iten", "person"))], who="ann", words="set")
    assert find(catalogue, "location:iten") == ["A1.MP4"]
    undo(catalogue, batch.id, who="ann")
    assert find(catalogue, "location:prater") == ["A1.MP4"]
    write_log(catalogue, [(clip_id, Saying("location", "", "person", "clear"))], who="ann", words="set location=")
    assert find(catalogue, "has:location") == []
    for source in ("editor", "report", "sidecar", "path", "rule", "gps"):
        write_log(catalogue, [(ids(catalogue)["D1"], Saying("location", source, source))], who="ann", words="set")
        assert find(catalogue, f"location:{source}") == ["D1.MP4"] or source != "editor"


def test_what_lent_a_place_takes_it_back_when_it_is_forgotten(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("A1", 0))
    take(catalogue, film, Shot("D1", 1, "Prater"), Shot("D2", 9, "Hofburg"))
    batch = forget(catalogue, [ids(catalogue)["D1"]], who="ann")
    assert details(catalogue) == {"A1": "Hofburg (GPS of D2, 9 min later)"}
    forget(catalogue, [ids(catalogue)["D2"]], who="ann")
    assert lent(catalogue) == {}
    assert find(catalogue, "has:location") == []
    undo(catalogue, batch.id, who="ann")
    assert details(catalogue) == {"A1": "Prater (GPS of D1, 1 min later)"}


def test_what_lent_a_place_takes_it_back_when_its_card_is_read_otherwise(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("A1", 0))
    take(catalogue, film, Shot("D1", 1, "Prater"))
    take(catalogue, film, Shot("D1", 121, "Prater"), mark="its clock was an hour off")
    assert lent(catalogue) == {}
    take(catalogue, film, Shot("D1", 2, "Hofburg"), mark="mended")
    assert details(catalogue) == {"A1": "Hofburg (GPS of D1, 2 min later)"}
    take(catalogue, film, Shot("D1", 2), mark="no position after all")
    assert lent(catalogue) == {}


def test_a_card_that_is_on_the_shelf_still_tells_where_it_was(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("D1", 1, "Prater"))
    assert miss_cards(catalogue, film, [b"ingest/D"]) == 1
    take(catalogue, film, Shot("A1", 0))
    assert details(catalogue) == {"A1": "Prater (GPS of D1, 1 min later)"}


def test_a_unit_or_day_set_by_hand_changes_who_lends_to_whom(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("A1", 0), Shot("A2", 2))
    take(catalogue, film, Shot("D1", 1, "Prater"))
    drone, one = ids(catalogue)["D1"], ids(catalogue)["A1"]
    write_log(catalogue, [(drone, Saying("unit", "second", "person"))], who="ann", words="set")
    assert lent(catalogue) == {}
    write_log(catalogue, [(one, Saying("unit", "Second", "person"))], who="ann", words="set")
    assert details(catalogue) == {"A1": "Prater (GPS of D1, 1 min later)"}
    write_log(catalogue, [(one, Saying("shoot_day", "2019-10-11", "person"))], who="ann", words="set")
    assert lent(catalogue) == {}
    for _ in range(3):
        undo(catalogue, None, who="ann")
    assert sorted(details(catalogue)) == ["A1", "A2"]


def test_a_gpx_file_speaks_for_the_clips_that_it_lies_beside(catalogue: Catalogue, film: int) -> None:
    walk = tuple(Sighting(NOON + 60 * minute, *POINTS["Hofburg"]) for minute in (-2, 40))
    take(catalogue, film, Shot("A1", 0), Shot("A2", 50), Shot("A3", 120), path=walk)
    take(catalogue, film, Shot("B1", 0))
    assert details(catalogue) == {
        "A1": "Hofburg (GPS of walk.gpx, 2 min earlier)", "A2": "Hofburg (GPS of walk.gpx, 10 min earlier)",
    }  # fmt: skip
    take(catalogue, film, Shot("D1", 1, "Prater"))
    assert details(catalogue)["A1"] == "Prater (GPS of D1, 1 min later)"  # nearer in time
    take(catalogue, film, Shot("A1", 0), Shot("A2", 50), Shot("A3", 120), mark="the file is gone")
    assert sorted(details(catalogue)) == ["A1", "B1"]


def test_a_gpx_file_that_is_gone_takes_back_what_it_told_even_where_it_was_the_only_one(
    catalogue: Catalogue, film: int
) -> None:
    take(catalogue, film, Shot("A1", 0), path=(Sighting(NOON, *POINTS["Hofburg"]),))
    assert details(catalogue) == {"A1": "Hofburg (GPS of walk.gpx, at the same time)"}
    take(catalogue, film, Shot("A1", 0), path=(Sighting(NOON, *POINTS["Prater"]),), mark="another file")
    assert details(catalogue) == {"A1": "Prater (GPS of walk.gpx, at the same time)"}
    take(catalogue, film, Shot("A1", 0), mark="no file")
    assert lent(catalogue) == {}
    with catalogue.reading() as db:
        assert [db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("tracks", "trails")] == [0, 0]


def test_a_correction_of_a_clock_moves_what_it_lends_and_what_is_lent_to_it(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("A1", 0), Shot("A2", 60))
    take(catalogue, film, Shot("D1", 59, "Prater"))
    assert details(catalogue) == {"A2": "Prater (GPS of D1, 1 min earlier)"}
    hour = -3_600_000
    drone = Change(ClockOf("serial D", "main", "2019-10-12"), hour, 1000, "by hand")
    batch = correct(catalogue, [drone], who="ann", words="clock").batch
    assert details(catalogue) == {"A1": "Prater (GPS of D1, 1 min earlier)"}
    camera = Change(ClockOf("serial A", "main", "2019-10-12"), hour, 1000, "by hand")
    correct(catalogue, [camera], who="ann", words="clock")
    assert details(catalogue) == {"A2": "Prater (GPS of D1, 1 min earlier)"}
    undo(catalogue, batch, who="ann")
    assert lent(catalogue) == {}
    undo(catalogue, None, who="ann")
    assert details(catalogue) == {"A2": "Prater (GPS of D1, 1 min earlier)"}


def test_reading_a_card_again_adds_nothing_to_the_log(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, Shot("A1", 0))
    take(catalogue, film, Shot("D1", 1, "Prater"))
    before = len(history(catalogue, ids(catalogue)["A1"]))
    take(catalogue, film, Shot("D1", 1, "Prater"), mark="again")
    take(catalogue, film, Shot("A1", 0), mark="again")
    assert len(history(catalogue, ids(catalogue)["A1"])) == before
    with catalogue.reading() as db:
        assert db.execute("SELECT count(*) FROM batches").fetchone()[0] == 2


def test_only_what_was_shot_near_a_change_is_looked_at(
    catalogue: Catalogue, film: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.catalogue import trails

    take(catalogue, film, *(Shot(f"A{minute}", minute) for minute in range(0, 600, 5)))
    looked_at: list[float] = []
    monkeypatch.setattr(trails, "place_at", lambda moment, devices: looked_at.append(moment))
    take(catalogue, film, Shot("D1", 300, "Prater"))
    assert len(looked_at) == 13  # half an hour either side


# --- the law ----------------------------------------------------------------------------------------

shots = st.builds(
    Shot, st.sampled_from(NAMES), st.integers(-60, 60).map(float), st.sampled_from(("", "", "Prater", "Hofburg")),
    st.sampled_from(("main", "main", "second")), st.sampled_from(("2019-10-12",) * 3 + ("2019-10-13",)),
    st.sampled_from(("+00:00",) * 4 + ("",)),
)  # fmt: skip
versions = st.lists(shots, min_size=1, max_size=8).map(lambda found: {shot.name: shot for shot in found})
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sampled_from("ABD")),
        st.tuples(st.just("forget"), st.sampled_from(NAMES)),
        st.tuples(st.just("second"), st.sampled_from(NAMES)),
    ), max_size=6,
)  # fmt: skip


def by_hand(film: int, stand: dict[str, Shot], gone: set[str]) -> dict[str, tuple[str, float]]:
    """What each clip takes, worked out from all clips at once."""
    devices: dict[tuple[str, str], dict[str, list]] = defaultdict(lambda: defaultdict(list))
    for name, shot in stand.items():
        if name not in gone:
            for trail in shot.taken(film).trails if shot.moment is not None else ():
                heard = [each._replace(moment=shot.moment + each.moment) for each in trail.heard]
                devices[shot.unit, shot.day][trail.device] += heard
    found = {}
    for name, shot in stand.items():
        if not shot.where and name not in gone and shot.moment is not None:
            near = [sorted(heard) for heard in devices[shot.unit, shot.day].values()]
            if said := place_at(shot.moment, near):
                found[name] = (said.detail, said.confidence)
    return found


@settings(max_examples=60, deadline=None)
@given(versions, versions, st.permutations("ABDABD"), deeds)
def test_whatever_the_order_each_clip_has_the_place_of_the_nearest_fix_that_stands(first, second, order, later) -> None:
    with TemporaryDirectory() as folder, open_catalogue(Path(folder) / "c.db", create=True) as catalogue:
        film = root(catalogue, "film", "film", place=folder).id
        stand: dict[str, Shot] = {}
        whole: dict[str, str] = {}
        gone: set[str] = set()
        named: dict[str, str] = {}
        written = 0

        def read(letter: str, version: dict[str, Shot]) -> None:
            if of_card := {name: shot for name, shot in version.items() if shot.card == letter}:
                take(catalogue, film, *of_card.values(), mark=f"{len(stand)}{version is second}")
                stand.update(of_card)
                whole.update(ids(catalogue))

        for number, letter in enumerate(order):
            read(letter, second if letter in order[:number] else first)
        for deed, what in later:
            if deed == "take":
                read(what, first)
            elif deed == "forget" and what in stand:
                forget(catalogue, [whole[what]], who="ann")
                gone.add(what)
                written += 1
            elif what in stand:
                write_log(catalogue, [(whole[what], Saying("unit", "second", "person"))], who="ann", words="set")
                named[what] = "second"
                written += 1
        final = {name: replace(shot, unit=named.get(name, shot.unit)) for name, shot in stand.items()}
        assert lent(catalogue, whole) == by_hand(film, final, gone)
        assert check(catalogue) == ()
        for _ in range(written):
            undo(catalogue, None, who="ann")
        assert lent(catalogue, whole) == by_hand(film, stand, set())
