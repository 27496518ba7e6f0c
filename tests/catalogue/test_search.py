"""What each search finds in a small shoot (see conftest.py)."""

import pytest

from pipeline.catalogue.listing import clip, group, logged_clips, rows, values
from pipeline.catalogue.store import Catalogue
from pipeline.errors import NotFound, ValueRefused
from pipeline.shotlog.query import parse

pytestmark = pytest.mark.usefixtures("as_if")
ALL = ["A001_C001.mov", "A001_C002.mov", "C0001.MP4", "C0002.MP4", "DJI_0004.MP4", "no words.mov"]
C1, C2, DJI, ONE, TWO, BARE = ALL[2], ALL[3], ALL[4], ALL[0], ALL[1], ALL[5]

SEARCHES: list[tuple[str, list[str]]] = [
    ("", ALL),
    ("   ", ALL),
    # words
    ("vienna", [C1, C2]),
    ("VIEN", [C1, C2]),
    ("ienna", []),
    ("vienna sunrise", [C1]),
    ("vienna and sunrise", [C1]),
    ("sunrise or edith", [C1, DJI]),
    ("vienna sunrise or edith", [C1, DJI]),
    ("vienna (sunrise or crowd)", [C1, C2]),
    ("-vienna", [ONE, TWO, DJI, BARE]),
    ("--vienna", [C1, C2]),
    ("-(vienna or kaptagat)", [DJI, BARE]),
    ("vienna -sunrise", [C2]),
    ('"vienna prater"', [C1, C2]),
    ('"prater vienna"', []),
    ("edith", [DJI]),
    ("Édith", [DJI]),
    ("ÉDITH", [DJI]),
    ("laeuft or lauft", [DJI]),
    ("aero", [DJI]),
    ("straße", [DJI]),
    ("goldener", [TWO]),
    ("b-roll", [C2]),
    ("*oll*", [C2]),
    ('*"er mom"*', [TWO]),
    ("*aptaga*", [ONE, TWO]),
    ("second", [ONE, TWO]),
    # names
    ("c002", [TWO]),
    ("a001_c002", [TWO]),
    ("A001_C00", [ONE, TWO, C1, C2]),
    ("name:a001_c0", [ONE, TWO]),
    ("A001_C0", [ONE, TWO, C1, C2]),
    ("dji", [DJI]),
    ("0004", [DJI]),
    ("name:c0001", [C1]),
    ("name:=C0001.MP4", [C1]),
    ("name:=C0001", []),
    ("name:*001*", [ONE, TWO, C1]),
    ("name:*1.m*", [ONE, C1]),
    ("path:race", [C1, C2]),
    ("path:A001/C0002", [C2]),
    ('path:"race a001 c0002"', [C2]),
    ("path:=ingest/loose/DJI_0004.MP4", [DJI]),
    ("path:*1/c0*", [ONE, TWO, C1, C2]),
    ("card:a001", [ONE, TWO, C1, C2]),
    # fields
    ("location:vienna", [C1, C2]),
    ("location:prater", [C1, C2]),
    ("location:=vienna", []),
    ('location:="VIENNA prater"', [C1, C2]),
    ("location:*aga*", [ONE, TWO]),
    ("location:kaptagat or location:wien", [ONE, TWO, DJI]),
    ('subject:"coach interview"', [ONE]),
    ("subject:pace subject:mara", [C1]),
    ("-subject:marathon subject:*", [ONE, TWO, C2]),
    ("camera:a", [C1, C2]),
    ("camera:A -c0001", [C2]),
    ("unit:m", []),
    ("camera_model:fx9", [C1]),
    ("camera_make:sony", [C1]),
    ("lens:35mm", [ONE]),
    ("codec:h264", ALL),
    ("size:1920x1080", ALL),
    ("tag:crowd", [C2]),
    ("tag:=crowd", []),
    ('tag:"roll crowd"', []),
    ("status:logged", ALL),
    ("-status:failed", ALL),
    ("kind:picture", ALL),
    ("circled:yes", [TWO]),
    ("circled:no", [ONE, C1, C2, DJI, BARE]),
    # numbers
    ("rating:4", [C1]),
    ("rating:>=2", [C1, C2]),
    ("rating:>2", [C1]),
    ("rating:<4", [C2]),
    ("rating:<=4 rating:>1", [C1, C2]),
    ("rating:2..3", [C2]),
    ("rating:3..", [C1]),
    ("-rating:>=3", [ONE, TWO, C2, DJI, BARE]),
    ("frames:250", [C1]),
    ("frames:>=1000 duration:<1m", [C2]),
    # lengths
    ("duration:>30s", [ONE, C2]),
    ("duration:>=29s", [ONE, TWO, C2]),
    ("duration:<2m", [ONE, TWO, C1, C2, DJI, BARE]),
    ("duration:1:59", [ONE]),
    ("duration:7", [DJI]),
    ("duration:7s..10s", [C1, DJI]),
    ("duration:..10s", [C1, DJI, BARE]),
    ("duration:<0.1m", [BARE]),
    # days and times
    ("shot:2019-10-12", [C1, C2]),
    ("shoot_day:2019-10", [C1, C2, DJI]),
    ("shot:2019", [ONE, TWO, C1, C2, DJI]),
    ("shot:2019-08..2019-09", [ONE, TWO]),
    ("shot:2019-10-13..", [DJI]),
    ("shot:..2019-08", [ONE, TWO]),
    ("shot:>2019-09", [C1, C2, DJI]),
    ("shot:>=2019-10-12 shot:<2019-10-13", [C1, C2]),
    ("shot:<=2019-08", [ONE, TWO]),
    ("shot:<2019-10", [ONE, TWO]),
    ("at:06:00..07:30", [ONE, C1]),
    ("at:23:00..01:00", [TWO, C2]),
    ("-at:23:00..01:00", [ONE, C1, DJI, BARE]),
    ("at:06", [C1]),
    ("at:>=12:00", [C2, BARE]),
    ("at:<06:00", [TWO]),
    ("recorded_at:2019-10", [C1, C2, DJI]),
    ("recorded_at:2019-08-20T07", [ONE]),
    ("recorded_at:>2019-10-12T12:00", [C2, DJI]),
    # timecode and rate
    ("start_timecode:10:00:00:00", [C1, C2]),
    ("start_timecode:01", [ONE, TWO]),
    ("start_timecode:>=01:10:00;02 start_timecode:<10", [TWO]),
    ("start_timecode:>01:10:00;02", [C1, C2]),
    ("rate:25", [C1, C2]),
    ("rate:29.97", [ONE, TWO]),
    ("rate:30000/1001", [ONE, TWO]),
    ("rate:>29.97", [DJI]),
    ("rate:24..25", [C1, C2, BARE]),
    # presence
    ("has:rating", [C1, C2]),
    ("missing:rating", [ONE, TWO, DJI, BARE]),
    ("has:subject missing:note", [ONE, TWO, C2]),
    ("has:shot", [ONE, TWO, C1, C2, DJI]),
    ("has:at", [ONE, TWO, C1, C2, BARE]),
    ("missing:start_timecode", [DJI, BARE]),
    ("has:path", ALL),
    ("rating:*", [C1, C2]),
    # everything together
    ("location:vienna subject:marathon camera:A shot:2019-10-12 at:06:00..07:30 -status:failed", [C1]),
    ("duration:>5s rating:>=4 -status:failed (vienna or kaptagat) sunrise", [C1]),
    ("(wien or kaptagat) -c001 -c002", [DJI]),
    # what FTS5 would choke on
    ('"AND OR NOT"', []),
    ("NEAR", []),
    ("name:a001-c002", [TWO]),
    ("sunrise*", [C1]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), SEARCHES)
def test_a_search_finds(shoot: Catalogue, text: str, found: list[str]) -> None:
    listing = rows(shoot, parse(text), columns=["name", "duration"])
    assert sorted(row["name"] for row in listing.rows) == found
    assert listing.clips == len(found)
    assert round(float(listing.duration), 3) == pytest.approx(sum(row["duration"] for row in listing.rows), abs=0.01)


@pytest.mark.parametrize("limit", [0, 1, 3])
@pytest.mark.parametrize("text", ["", "vienna or kaptagat", "location:vienna", "duration:>1s"])
def test_totals_count_all_whatever_the_limit(shoot: Catalogue, text: str, limit: int) -> None:
    every, some = rows(shoot, parse(text)), rows(shoot, parse(text), limit=limit)
    assert (some.clips, some.duration) == (every.clips, every.duration)
    assert some.rows == every.rows[:limit]


def test_rows_come_in_story_order(shoot: Catalogue) -> None:
    assert [row["name"] for row in rows(shoot, parse("")).rows] == [TWO, ONE, C1, C2, DJI, BARE]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("duration", [BARE, DJI, C1, TWO, C2, ONE]),
        ("-duration", [ONE, C2, TWO, C1, DJI, BARE]),
        ("rating", [C2, C1, TWO, ONE, DJI, BARE]),
        ("-rating", [C1, C2, TWO, ONE, DJI, BARE]),
        ("name", [ONE, TWO, C1, C2, DJI, BARE]),
        ("subject", [ONE, C2, C1, TWO, DJI, BARE]),
    ],
)
def test_sorting_puts_unknown_values_last_both_ways(shoot: Catalogue, sort: str, order: list[str]) -> None:
    assert [row["name"] for row in rows(shoot, parse(""), sort=sort).rows] == order


def test_a_row_holds_what_other_programs_rely_on(shoot: Catalogue) -> None:
    (row,) = rows(shoot, parse("name:c0001")).rows
    assert len(row.pop("id")) == 32
    assert row == {
        "name": "C0001.MP4", "card": "A001", "path": "ingest/2019-10-12_vienna/race/A001/C0001.MP4", "kind": "picture",
        "shoot_day": "2019-10-12", "unit": "main", "location": "Vienna Prater", "camera": "A",
        "camera_make": "Sony",
        "camera_model": "FX9",
        "camera_serial": None, "lens": None, "reel": None, "codec": "h264", "size": "1920x1080",
        "subject": ["Marathon", "Pacemakers"], "tag": [], "view": None, "scene": None, "take": None,
        "recorded_at": "2019-10-12T06:30:00", "at": "06:30:00", "start_timecode": "10:00:00:00", "rate": "25/1",
        "frames": 250, "duration": 10.0, "rating": 4, "circled": None, "note": 'sunrise over the "Prater", wide',
        "title": None, "used": [], "sound": None, "status": "logged", "listed": None, "warnings": [],
    }  # fmt: skip


def test_a_clip_counts_under_each_of_its_subjects(shoot: Catalogue) -> None:
    found = group(shoot, parse("location:vienna"), ["location", "subject"])
    assert [(row["subject"], row["clips"], row["duration"]) for row in found] == [
        ("Crowd", 1, 45.0),
        ("Marathon", 1, 10.0),
        ("Pacemakers", 1, 10.0),
    ]
    assert {(row["first_day"], row["last_day"]) for row in found} == {("2019-10-12", "2019-10-12")}


@pytest.mark.parametrize(
    "fields", [["camera"], ["shoot_day", "unit"], ["rating"], ["status"], ["tag"], ["frames"], ["rate"]]
)
@pytest.mark.parametrize("text", ["", "location:vienna", "vienna", "duration:>5s"])
def test_groups_of_clips_add_up_however_they_are_counted(shoot: Catalogue, text: str, fields: list[str]) -> None:
    found = group(shoot, parse(text), fields)
    tags = sum(max(0, len(row["tag"]) - 1) for row in rows(shoot, parse(text)).rows) if fields == ["tag"] else 0
    assert sum(row["clips"] for row in found) == rows(shoot, parse(text)).clips + tags


def test_clips_are_found_by_their_id(shoot: Catalogue) -> None:
    every = logged_clips(shoot, parse(""))
    whole = every[0].clip.id
    assert clip(shoot, whole).clip == every[0].clip
    assert rows(shoot, parse(f"id:{whole.upper()}")).clips == 1
    for other in (whole[:-1], "", "ffff%"):
        with pytest.raises(NotFound, match="no clip"):
            clip(shoot, other)


def test_values_complete_what_is_in_use(shoot: Catalogue) -> None:
    assert values(shoot, "location") == ["Kaptagat", "Vienna Prater", "Wien"]
    assert values(shoot, "subject", "c") == ["Coach interview", "Crowd"]
    assert values(shoot, "tag", "B") == ["b-roll"]
    with pytest.raises(ValueRefused):
        values(shoot, "colour")


def test_a_logged_clip_comes_back_as_it_was_recorded(shoot: Catalogue) -> None:
    (found,) = logged_clips(shoot, parse("goldener"))
    assert str(found.clip.start) == "01:10:00;02"
    assert found.clip.rate == found.clip.facts.rate
    assert [(marker.range.start, marker.note) for marker in found.markers] == [(10, "goldener Moment")]
    assert found.values["circled"] == "yes"
