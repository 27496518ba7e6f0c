"""GPX tracks: points with a place and a time, from files that are not trusted."""

import time
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clip import Sighting
from pipeline.errors import MediaUnreadable
from pipeline.metadata import gpx

NOON = datetime.fromisoformat("2019-10-12T12:00:00+00:00").timestamp()


def point(latitude: object, longitude: object, when: str | None, kind: str = "trkpt") -> str:
    stated = f"<time>{when}</time>" if when is not None else ""
    return f'<{kind} lat="{latitude}" lon="{longitude}"><ele>160</ele>{stated}</{kind}>'


def track(*points: str, space: str = ' xmlns="http://www.topografix.com/GPX/1/1"') -> bytes:
    inside = "".join(points)
    return f'<?xml version="1.0"?><gpx version="1.1"{space}><trk><trkseg>{inside}</trkseg></trk></gpx>'.encode()


@pytest.mark.parametrize(
    ("when", "moment"),
    [
        ("2019-10-12T12:00:00Z", NOON),
        ("2019-10-12T12:00:00.250Z", NOON + 0.25),
        ("2019-10-12T14:00:00+02:00", NOON),
        (" 2019-10-12T12:00:00Z\n", NOON),
        ("2019-10-12T12:00:00", NOON),  # the format knows no other zone than UTC
    ],
)
@pytest.mark.parametrize("space", [' xmlns="http://www.topografix.com/GPX/1/1"', ""])
def test_a_point_has_the_time_it_states(when, moment, space):
    assert gpx.read(track(point(48.2, 16.4, when), space=space), "a.gpx") == (Sighting(moment, 48.2, 16.4),)


def test_points_come_in_order_and_not_more_often_than_they_tell_something():
    data = track(*(point(48.2, 16.4, f"2019-10-12T12:{n // 60 % 60:02}:{n % 60:02}Z") for n in reversed(range(120))))
    assert [fix.moment - NOON for fix in gpx.read(data, "a.gpx")] == [0, 15, 30, 45, 60, 75, 90, 105]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GPX",
        b"<gpx>",
        b"<kml></kml>",
        b"<gpx></gpx>",
        track(point(48.2, 16.4, None)),
        track(point(48.2, 16.4, "2019-10-12")),
        track(point(48.2, 16.4, "noon")),
        track(point(0, 0, "2019-10-12T12:00:00Z")),
        track(point(98.2, 16.4, "2019-10-12T12:00:00Z")),
        track(point("x", 16.4, "2019-10-12T12:00:00Z")),
        track(point("nan", 16.4, "2019-10-12T12:00:00Z")),
        track(point(48.2, 16.4, "1970-01-01T00:00:00Z")),
        track(point(48.2, 16.4, "2019-10-12T12:00:00Z", kind="rtept")),
        track(point(48.2, 16.4, "2019-10-12T12:00:00Z", kind="wpt")),
        b'<!DOCTYPE gpx [<!ENTITY a "48">]>' + track(point(48.2, 16.4, "2019-10-12T12:00:00Z"))[21:],
        b"<gpx>" + b"<a>" * 100 + b"</a>" * 100 + b"</gpx>",
    ],
)
def test_what_tells_no_place_at_a_time_is_refused_by_name(data):
    with pytest.raises(MediaUnreadable, match=r"^walk\.gpx .*\.$"):
        gpx.read(data, "walk.gpx")


def test_a_file_of_nothing_but_elements_is_given_up_soon():
    began = time.process_time()
    with pytest.raises(MediaUnreadable):
        gpx.read(b"<gpx>" + b"<a/>" * 4_000_000 + b"</gpx>", "walk.gpx")
    assert time.process_time() - began < 2


WHOLE = track(*(point(48.2, 16.4 + n / 100, f"2019-10-12T12:{n:02}:00Z") for n in range(5)))


@settings(max_examples=300)
@given(st.integers(0, len(WHOLE)), st.binary(max_size=8), st.integers(0, 40))
def test_damaged_bytes_are_refused_or_read_and_nothing_else(at, noise, gone):
    try:
        found = gpx.read(WHOLE[:at] + noise + WHOLE[at + gone :], "walk.gpx")
    except MediaUnreadable:
        return
    assert all(abs(each.latitude) <= 90 and abs(each.longitude) <= 180 for each in found)
