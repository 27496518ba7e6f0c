from collections.abc import Iterator
from pathlib import Path

import pytest
from small_shoot import card, clip, says

from pipeline.catalogue import listing, plan
from pipeline.catalogue.cards import record_card
from pipeline.catalogue.log import write_log
from pipeline.catalogue.products import Want, want
from pipeline.catalogue.roots import root
from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.clip import Saying
from pipeline.timecode import TimeRange

LENS = "Zeiss 35mm"


WANTED = (Want("waveform", "", "w1"),)  # so that what is taken is logged, and not ready at once


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with open_catalogue(tmp_path / "catalogue.db", create=True) as opened:
        want(opened, WANTED, WANTED)
        yield opened


@pytest.fixture
def film(catalogue: Catalogue, tmp_path: Path) -> int:
    """The root of a film whose files do not exist on this disk."""
    return root(catalogue, "film", "film", place=str(tmp_path / "film")).id


# A small shoot is also searched as if it were a huge one: from groups, by no way at all.
SIZES: dict[str, dict[str, int]] = {
    "small": {},
    "from groups": {"BROAD": -1, "MOST_HITS": 100, "MOST_NAMED": 0, "FEW": 0},
    "by no way": {"BROAD": 100, "MOST_LED": 0, "MOST_NAMED": 0, "FEW": 0},
    "some named": {"FEW": 0, "MOST_NAMED": 3},
}


@pytest.fixture(scope="module", params=SIZES)
def as_if(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every way in which a search can be run."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SIZES[request.param].items():
            patch.setattr(plan, name, value)
        if request.param != "small":
            patch.setattr(listing, "FEW_TO_SORT", 0)
        yield request.param


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    """Six clips on three cards in Vienna and Kaptagat, logged by rules and by hand; only to be read."""
    with open_catalogue(tmp_path_factory.mktemp("shoot") / "catalogue.db", create=True) as opened:
        want(opened, WANTED, WANTED)
        film = root(opened, "film", "film", place=None).id
        record_card(opened, _vienna(film))
        record_card(opened, _kaptagat(film))
        record_card(opened, _drone(film))
        ids = {each.clip.name: each.clip.id for taken in (_vienna, _kaptagat, _drone) for each in taken(film).clips}
        said = [
            ("C0001.MP4", Saying("rating", "4", "person")),
            ("C0001.MP4", Saying("note", 'sunrise over the "Prater", wide', "person")),
            ("C0002.MP4", Saying("rating", "2", "person")),
            ("C0002.MP4", Saying("tag", "b-roll", "person", "add")),
            ("C0002.MP4", Saying("tag", "crowd wide", "person", "add")),
            ("A001_C002.mov", Saying("circled", "yes", "person")),
            ("A001_C002.mov", Saying("mark", "", "person", range=TimeRange(10, 20))),
            ("A001_C002.mov", Saying("note", "goldener Moment", "person", range=TimeRange(10, 20))),
            ("no words.mov", Saying("shoot_day", "", "person", "clear")),  # else the day of its clock
            ("DJI_0004.MP4", Saying("note", "Édith läuft, Ærø, STRASSE", "person")),
        ]
        write_log(opened, [(ids[name], saying) for name, saying in said], who="ann", words="set")
        yield opened


def _vienna(film: int):
    shared = says(location="Vienna Prater", camera="A", unit="main", shoot_day="2019-10-12")
    place = "ingest/2019-10-12_vienna/race/A001"
    both, crowd = says("rule", subject=("Marathon", "Pacemakers")), says("rule", subject=("Crowd",))
    early = clip(film, f"{place}/C0001.MP4", *shared, *both, camera_make="Sony", camera_model="FX9")
    late = clip(film, f"{place}/C0002.MP4", *shared, *crowd, at="2019-10-12T23:50:00", seconds=45)
    return card(film, place, early, late)


def _kaptagat(film: int):
    shared = says(location="Kaptagat", camera="B", unit="second", shoot_day="2019-08-20")
    place = "ingest/2019-08-20_kaptagat/camp/A001"
    one, two = f"{place}/A001_C001.mov", f"{place}/A001_C002.mov"
    talk, run = says(subject=("Coach interview",)), says(subject=("Training",))
    ntsc = {"rate": "29.97"}
    first = clip(
        film, one, *shared, *talk, **ntsc, start="01:00:00;00", at="2019-08-20T07:30:59", seconds=120, lens=LENS
    )
    second = clip(film, two, *shared, *run, **ntsc, start="01:10:00;02", at="2019-08-20T00:10:00", seconds=30)
    return card(film, place, first, second)


def _drone(film: int):
    place = "ingest/loose"
    said = says(location="Wien", shoot_day="2019-10-13", camera="D")
    drone = clip(film, f"{place}/DJI_0004.MP4", *said, rate="50", at="2019-10-13", seconds=7, start=None)
    bare = clip(film, f"{place}/no words.mov", rate="24", at="2019-01-01T12:00:00", seconds=1, start=None)
    return card(film, place, drone, bare)
