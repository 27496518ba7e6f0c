"""What the rules say of a clip, each with its source and what made it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from pipeline.clip import LOG_SOURCES, Clip, Facts, Part, Saying, Source, Stamp
from pipeline.fields import BY_NAME
from pipeline.settings import CameraRule, KeywordRule, NameSettings, Place, Settings, read_settings
from pipeline.shotlog.clocks import Zones, local_moment
from pipeline.shotlog.places import metres_between, place_of
from pipeline.shotlog.reports import read_report
from pipeline.shotlog.rules import RULES, camera_rule, clock_zone, sayings

FOLDER = b"2019-10-12_Vienna/Coach/A001"
KAPTAGAT = Place("Kaptagat", 0.4372, 35.4850, 3000, "Africa/Nairobi")
VIENNA = Place("Vienna", 48.2082, 16.3738, 9000, "Europe/Vienna")
PRATER = Place("Prater Hauptallee", 48.2050, 16.4150, 2500, "Europe/Vienna")


def clip(path: bytes = FOLDER + b"/C0001.MP4", card: str = "A001", **facts) -> Clip:
    part = Part(1, path, Stamp(1, 1, 1, 1), "")
    name = path.decode("utf-8", "replace").rpartition("/")[2]
    return Clip("id", name, card, "picture", (part,), Facts(**facts), None, None, None)


def said(of: Clip, settings: Settings, *, folder: bytes = FOLDER, report: bytes = b"") -> list[tuple[str, str, str]]:
    found = sayings(of, folder=folder, settings=settings, report=read_report(report))
    return [(saying.field, saying.value, saying.source) for saying in found]


def test_a_path_says_day_location_subject_and_camera_but_no_fact():
    assert said(clip(), Settings()) == [
        ("shoot_day", "2019-10-12", "path"),
        ("location", "Vienna", "path"),
        ("subject", "Coach", "path"),
        ("camera", "A", "path"),
    ]


def test_every_source_speaks_and_the_catalogue_chooses():
    settings = Settings(
        zone="Europe/Vienna",
        place=(KAPTAGAT,),
        camera=(CameraRule("B", model="ILCE-*", unit="main"),),
        keyword=(KeywordRule(("windy",), "Weather"),),
    )
    of = clip(
        gps=(0.44, 35.48), camera_model="ILCE-7M3", recorded_at="2019-08-14T03:00:00Z", recorded_at_zone="utc",
        scene="12", take="3", sources=(Source("scene", "iXML"),),
    )  # fmt: skip
    report = b"clip,location,note,subject\nC0001,Iten,windy,Pacer;Doctor\n"
    assert said(of, settings, report=report) == [
        ("shoot_day", "2019-10-12", "path"),
        ("location", "Vienna", "path"),
        ("subject", "Coach", "path"),
        ("camera", "A", "path"),
        ("camera", "B", "rule"),
        ("unit", "main", "rule"),
        ("location", "Kaptagat", "gps"),
        ("location", "Iten", "report"),
        ("note", "windy", "report"),
        ("subject", "Pacer", "report"),
        ("subject", "Doctor", "report"),
        ("scene", "12", "sidecar"),
        ("take", "3", "sidecar"),
        ("subject", "Weather", "rule"),
    ]


def test_a_point_outside_the_films_places_is_in_the_nearest_town_and_says_how_far():
    of = clip(b"x.mov", gps=(0.4372, 35.4850))
    assert list(sayings(of, folder=b"", settings=Settings())) == [
        Saying("location", "Eldoret", "gps", detail="Eldoret, 26 km (GPS)", confidence=0.69)
    ]


def test_a_clip_that_says_nothing_gets_no_saying():
    assert said(clip(b"x.mov"), Settings(), folder=b"") == []


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (CameraRule("A", serial="1234567"), True),
        (CameraRule("A", serial="123456"), False),
        (CameraRule("A", model="ilce-7m3"), True),
        (CameraRule("A", model="Sony ILCE*"), True),
        (CameraRule("A", model="FX?"), False),
        (CameraRule("A", folder="A0*"), True),
        (CameraRule("A", folder="Coach"), True),
        (CameraRule("A", folder="B*"), False),
        (CameraRule("A", serial="1234567", model="FX9"), False),
        (CameraRule("A", unit="main"), False),
    ],
)
def test_a_camera_rule_fits_when_all_it_gives_fits(rule, fits):
    of = clip(camera_serial="1234567", camera_make="Sony", camera_model="ILCE-7M3")
    assert (camera_rule(of, FOLDER, (rule,)) is rule) == fits


def test_the_first_camera_rule_that_fits_counts():
    rules = (CameraRule("A", model="FX9"), CameraRule("B", folder="A0*"), CameraRule("C", folder="*"))
    chosen = camera_rule(clip(), FOLDER, rules)
    assert chosen is not None
    assert chosen.letter == "B"


@pytest.mark.parametrize(
    ("gps", "place"),
    [
        ((48.2082, 16.3738), "Vienna"),
        ((48.2050, 16.4100), "Prater Hauptallee"),  # both hold it: the nearer
        ((48.2050, 16.3800), "Vienna"),
        ((48.3000, 16.7000), None),
        ((0.0, 0.0), None),
    ],
)
def test_a_point_lies_in_the_nearest_place_that_holds_it(gps, place):
    found = place_of(gps, (KAPTAGAT, VIENNA, PRATER))
    assert (found.place.name if found else None) == place


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((0, 0), (0, 0), 0),
        ((0, 0), (0, 1), 111_195),
        ((0, 0), (0, 180), 20_015_114),
        ((90, 0), (-90, 0), 20_015_114),
        ((0, 179.5), (0, -179.5), 111_195),
        ((45, 0), (45, 180), 10_007_557),  # over the pole
    ],
)
def test_ways_over_ground(one, other, metres):
    assert metres_between(one, other) == pytest.approx(metres, rel=2e-3)


@given(*(st.tuples(st.floats(-90, 90), st.floats(-180, 180)) for _ in range(2)))
def test_the_way_back_is_as_long(one, other):
    assert metres_between(one, other) == pytest.approx(metres_between(other, one), abs=1e-3)
    assert 0 <= metres_between(one, other) < 20_016_000


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (b"day/Sprinter/a.mov", True),
        (b"day/SPRINTER_run2.mov", True),
        (b"day/pacer-sprinter3.mov", True),
        (b"day/sprinters.mov", False),
        (b"day/x.mov", False),
        ("day/Édith Piaf.mov".encode(), True),
        (b"day/\xff sprinter.mov", True),
    ],
)
def test_a_keyword_is_a_word_of_its_own(path, found):
    settings = Settings(keyword=(KeywordRule(("sprinter", "edith piaf"), "Someone"),))
    assert (("subject", "Someone", "rule") in said(clip(path), settings, folder=b"day")) == found


def test_one_keyword_rule_adds_its_subject_once():
    settings = Settings(keyword=(KeywordRule(("run", "morning"), "Training"), KeywordRule(("run",), "Training")))
    assert said(clip(b"morning run/run.mov"), settings, folder=b"morning run") == [("subject", "Training", "rule")]


@pytest.mark.parametrize(
    ("settings", "facts", "zones"),
    [
        (Settings(), {}, ("", "", "")),
        (Settings(zone="Europe/Vienna"), {}, ("Europe/Vienna", "", "Europe/Vienna")),
        (Settings(place=(KAPTAGAT,)), {"gps": (0.4372, 35.485)}, ("Africa/Nairobi", "Africa/Nairobi", "")),
        (Settings(place=(VIENNA,)), {}, ("Europe/Vienna", "Europe/Vienna", "")),  # by the location in the path
        (
            Settings(
                zone="Europe/London", place=(VIENNA,), camera=(CameraRule("A", folder="A0*", zone="Africa/Nairobi"),)
            ),
            {},
            ("Africa/Nairobi", "Europe/Vienna", "Europe/London"),
        ),
    ],
)
def test_zones_come_from_camera_place_and_film(settings, facts, zones):
    assert clock_zone(clip(**facts), FOLDER, settings) == Zones(*zones, day="2019-10-12")


def test_a_clock_left_on_vienna_time_in_kenya():
    settings = Settings(
        zone="Europe/Vienna", place=(KAPTAGAT,), camera=(CameraRule("A", model="X", zone="Europe/Vienna"),)
    )
    of = clip(
        camera_model="X", gps=(0.4372, 35.485), recorded_at="2019-08-14T23:30:00", recorded_at_zone="local-unknown"
    )
    local = local_moment(of.facts, clock_zone(of, FOLDER, settings))
    assert local is not None
    assert local.iso == "2019-08-15T00:30:00+03:00"
    assert local.day == "2019-08-15"


NAMES = NameSettings(
    templates=("{shoot_day}_{location}/{subject}/{camera}{card}", "{unit}/{subject}"), patterns=(r"(?P<scene>\d+)",)
)


@runs(deadline=None)  # the first point of a process reads the list of towns
@given(st.binary(max_size=60), st.binary(max_size=60), st.text(max_size=30), st.text(max_size=10))
def test_every_saying_can_be_kept_and_says_what_made_it(path, folder, moment, scene):
    of = clip(path, recorded_at=moment, scene=scene, gps=(0.0, 0.0))
    for saying in sayings(of, folder=folder, settings=Settings(names=NAMES, zone="Europe/Vienna")):
        assert saying.value
        assert saying.source in LOG_SOURCES
        assert saying.detail
        assert BY_NAME[saying.field].origin == "log"
        assert saying.op == ("add" if BY_NAME[saying.field].many else "set")
        saying.value.encode("utf-8")


def test_the_order_of_the_rules_is_written_down_once():
    assert [rule.__name__ for rule in RULES] == [
        "_by_path", "_by_camera", "_by_place", "_by_report", "_by_file", "_by_keyword",
    ]  # fmt: skip


SAMPLES = Path(__file__).parent.parent.parent / "sample_media"


def sample_clips():
    for expected in sorted(SAMPLES.glob("*.expected.json")):
        told = json.loads(expected.read_text("utf-8"))
        for name, wanted in told["clips"].items():
            folder = SAMPLES / told["card"]["name"]
            yield pytest.param(folder, name, wanted, told["reports"], id=f"{folder.name}/{name}")


@pytest.mark.parametrize(("folder", "name", "wanted", "reports"), list(sample_clips()))
def test_the_sample_cards_are_logged_as_expected(folder, name, wanted, reports):
    settings = read_settings(SAMPLES / "rushes.toml")
    keys = ("camera_make", "camera_model", "camera_serial", "recorded_at", "recorded_at_zone", "scene", "take", "reel")
    facts = {key: wanted["facts"].get(key) for key in keys}
    gps = wanted["facts"].get("gps")
    path = next(folder.rglob(name)).relative_to(SAMPLES)
    of = clip(str(path).encode(), folder.name, gps=tuple(gps) if gps else None, **facts)
    rows = [row for report in reports for row in read_report((folder / report).read_bytes())]
    found = sayings(of, folder=folder.name.encode(), settings=settings, report=rows)
    best: dict[str, str] = {}
    for saying in sorted(found, key=lambda saying: LOG_SOURCES.index(saying.source)):
        if saying.op == "set":
            best.setdefault(saying.field, saying.value)
    for field in ("shoot_day", "location", "camera", "unit", "scene", "take", "circled", "note"):
        assert best.get(field) == wanted["log"].get(field), field
    rating = wanted["log"].get("rating")
    assert best.get("rating") == (str(rating) if rating is not None else None)
    subjects = {saying.value for saying in found if saying.field == "subject"}
    assert subjects == set(wanted["log"]["subject"])
    local = local_moment(of.facts, clock_zone(of, folder.name.encode(), settings))
    accepted = [wanted["log"]["recorded_at"], *wanted["log"].get("recorded_at_accept", [])]
    assert (local.iso if local else wanted["log"]["shoot_day"]) in accepted  # without a date, the folder's day
