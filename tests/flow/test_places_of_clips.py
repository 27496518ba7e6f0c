"""Places through the whole of `rushes ingest`: named, by the nearest town, lent by another device or a GPX file."""

import shutil
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filming import BRISK, TINY, empty_film, finish, log, rushes

SETTINGS = f"""zone = "Europe/Vienna"

{BRISK}
[[place]]
name = "Prater Hauptallee"
latitude = 48.2050
longitude = 16.4150
radius = 2500

[[camera]]
letter = "X"
folder = "second*"
unit = "second"
"""
PRATER, HOFBURG, CAMP = "+48.2050+16.4150", "+48.2060+16.3650", "+00.4372+35.4850"
MVHD, PLACE = b"mvhd\0\0\0\0", b"+0.4372+35.4850+2417.812/"


def shoot(path: Path, clock: str, where: str = "") -> None:
    """A recording that began at this time of 2019-10-12 (UTC), with a position or none."""
    data = TINY.read_bytes()
    began = datetime.fromisoformat(f"2019-10-12T{clock}+00:00")
    seconds = int((began - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds())
    at = data.index(MVHD) + len(MVHD)
    data = data[:at] + struct.pack(">II", seconds, seconds) + data[at + 8 :]
    assert PLACE in data
    told = data.replace(PLACE, f"{where}+10.0000/".encode()) if where else data.replace(b"\xa9xyz", b"\xa9xxx")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(told)


def gpx(path: Path, *clocks: str, latitude: float = 48.2060, longitude: float = 16.3650) -> None:
    points = (f'<trkpt lat="{latitude}" lon="{longitude}"><time>2019-10-12T{each}Z</time></trkpt>' for each in clocks)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<gpx><trk><trkseg>{''.join(points)}</trkseg></trk></gpx>", encoding="utf-8")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return empty_film(tmp_path / "film", SETTINGS)


def places(film: Path) -> dict[str, str]:
    return {path.removeprefix("ingest/"): row["location"] for path, row in log(film).items()}


def page(film: Path, name: str) -> str:
    """What `rushes show` says of where the clip of that name was shot."""
    (row,) = rushes("log", f"name:{name}", "--json", cwd=film).json
    lines = rushes("show", row["id"], cwd=film).out.splitlines()
    return next((" ".join(line.split()) for line in lines if line.strip().startswith("Location")), "")


def test_show_explains_where_a_clip_without_a_position_was_shot_whenever_the_drone_card_comes(film: Path) -> None:
    shoot(film / "ingest/A001/C0001.MP4", "10:03:00")
    shoot(film / "ingest/A001/C0002.MP4", "11:00:00")
    finish(film)
    assert set(places(film).values()) == {None}
    shoot(film / "ingest/D001/DJI_0004.MP4", "10:00:00", PRATER)
    finish(film)
    assert places(film) == {
        "A001/C0001.MP4": "Prater Hauptallee", "A001/C0002.MP4": None, "D001/DJI_0004.MP4": "Prater Hauptallee",
    }  # fmt: skip
    assert page(film, "C0001") == "Location Prater Hauptallee (GPS of DJI_0004, 3 min earlier) [inferred, 76% sure]"
    assert page(film, "C0002") == ""
    assert page(film, "DJI_0004") == "Location Prater Hauptallee (GPS) [gps]"
    found = rushes("log", "location:prater missing:note", "--json", cwd=film).json
    assert [row["name"] for row in found] == ["DJI_0004.MP4", "C0001.MP4"]


def test_a_clip_far_from_the_films_places_is_in_the_nearest_town(film: Path) -> None:
    shoot(film / "ingest/D001/DJI_0001.MP4", "10:00:00", CAMP)
    shoot(film / "ingest/A001/C0001.MP4", "10:00:40")
    finish(film)
    assert page(film, "DJI_0001") == "Location Eldoret, 26 km (GPS) [gps, 69% sure]"
    assert page(film, "C0001") == "Location Eldoret, 26 km (GPS of DJI_0001, 40 s earlier) [inferred, 55% sure]"


def test_another_unit_lends_no_place_and_a_person_is_believed_before_all(film: Path) -> None:
    shoot(film / "ingest/second/D001/DJI_0004.MP4", "10:00:00", PRATER)
    shoot(film / "ingest/A001/C0001.MP4", "10:03:00")
    finish(film)
    assert page(film, "C0001") == ""
    assert rushes("set", "name:C0001", "unit=second", cwd=film).code == 0
    assert "Prater Hauptallee (GPS of DJI_0004" in page(film, "C0001")
    assert rushes("set", "name:C0001", "location=Stadion", cwd=film).code == 0
    assert page(film, "C0001").startswith("Location Stadion [person:")
    for _ in range(2):
        assert rushes("undo", cwd=film).code == 0
    assert page(film, "C0001") == ""


def test_a_place_is_taken_back_when_the_card_that_lent_it_is_replaced_or_forgotten(film: Path) -> None:
    drone = film / "ingest/D001/DJI_0004.MP4"
    shoot(film / "ingest/A001/C0001.MP4", "10:03:00")
    shoot(drone, "10:00:00", PRATER)
    finish(film)
    assert places(film)["A001/C0001.MP4"] == "Prater Hauptallee"
    assert rushes("forget", "name:DJI_0004", cwd=film).code == 0
    assert places(film) == {"A001/C0001.MP4": None}
    assert rushes("undo", cwd=film).code == 0
    assert places(film)["A001/C0001.MP4"] == "Prater Hauptallee"
    shoot(drone, "09:59:00", HOFBURG)
    finish(film)
    assert page(film, "C0001") == "Location Vienna, 590 m (GPS of DJI_0004, 4 min earlier) [inferred, 67% sure]"


def test_a_card_on_the_shelf_still_tells_where_the_others_were(film: Path) -> None:
    shoot(film / "ingest/D001/DJI_0004.MP4", "10:00:00", PRATER)
    finish(film)
    shutil.rmtree(film / "ingest/D001")
    shoot(film / "ingest/A001/C0001.MP4", "10:03:00")
    finish(film)
    assert places(film)["A001/C0001.MP4"] == "Prater Hauptallee"


def test_a_gpx_file_beside_the_media_tells_where_they_were_shot_while_it_lies_there(film: Path) -> None:
    shoot(film / "ingest/A001/C0001.MP4", "10:03:00")
    shoot(film / "ingest/B001/C0001.MP4", "10:30:00")
    gpx(film / "ingest/A001/walk.gpx", "09:55:00", "10:01:00", "10:20:00")
    run = finish(film)
    assert "walk.gpx" not in run.err
    assert places(film) == {"A001/C0001.MP4": "Vienna", "B001/C0001.MP4": None}
    assert page(film, "C0001 card:A001").startswith("Location Vienna, 590 m (GPS of walk.gpx, 2 min earlier)")
    shutil.move(film / "ingest/A001/walk.gpx", film / "ingest/walk.gpx")  # above both cards
    finish(film)
    assert page(film, "C0001 card:B001").startswith("Location Vienna, 590 m (GPS of walk.gpx, 10 min earlier)")
    (film / "ingest/walk.gpx").unlink()
    finish(film)
    assert set(places(film).values()) == {None}


def test_a_gpx_file_that_tells_nothing_is_named_and_costs_nothing(film: Path) -> None:
    shoot(film / "ingest/A001/C0001.MP4", "10:03:00")
    (film / "ingest/A001/walk.gpx").write_text("<gpx/>")
    run = finish(film)
    assert "walk.gpx holds no track with times" in run.err
    assert len(log(film)) == 1


def test_a_track_is_shown_in_words_and_given_whole_to_scripts(film: Path) -> None:
    shoot(film / "ingest/D001/DJI_0004.MP4", "10:00:00", PRATER)
    cues = (
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n[latitude: 48.20{n}0] [longitude: 16.4150] [iso: 100]\n"
        for n in range(1, 4)
    )
    (film / "ingest/D001/DJI_0004.SRT").write_text("\n".join(cues))
    finish(film)
    (row,) = rushes("log", "--json", cwd=film).json
    assert "3 fixes in 3.0 s" in rushes("show", row["id"], cwd=film).out
    shown = rushes("show", row["id"], "--json", cwd=film).json
    assert shown["facts"]["track"] == [[1.0, 48.201, 16.415], [2.0, 48.202, 16.415], [3.0, 48.203, 16.415]]
    assert [each["confidence"] for each in shown["history"] if each["field"] == "location"] == [1.0]
