"""Where a clip without a position was shot: the nearest fix in time, how sure, and nothing where none is near."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clip import LOG_SOURCES, Clip, Facts, Fix, Part, Sighting, Stamp
from pipeline.settings import Place
from pipeline.shotlog.clocks import LocalMoment
from pipeline.shotlog.trails import (
    LONGEST,
    MOST_GAP,
    Heard,
    moment_of,
    place_at,
    trails_of_clip,
    trails_of_file,
)

PRATER = Place("Prater Hauptallee", 48.2050, 16.4150, 2500)
NOON = datetime.fromisoformat("2019-10-12T12:00:00+00:00").timestamp()
MINUTE = 60.0


def clip(name: str = "DJI_0004.MP4", **facts) -> Clip:
    part = Part(1, name.encode(), Stamp(1, 1, 1, 1), "")
    return Clip("id", name, "D001", "picture", (part,), Facts(**facts), None, None, None)


def local(iso: str) -> LocalMoment:
    return LocalMoment(iso, iso[:10], None, "as the file says")


def heard(minutes: float, latitude: float = 48.205, *, name: str = "DJI_0004", place: str = "Prater") -> Heard:
    return Heard(NOON + minutes * MINUTE, latitude, 16.415, place, place, 1.0 if place else 0.0, name)


@pytest.mark.parametrize(
    ("fixes", "detail", "confidence"),
    [
        ([[-3]], "Prater (GPS of DJI_0004, 3 min earlier)", 0.76),
        ([[3]], "Prater (GPS of DJI_0004, 3 min later)", 0.76),
        ([[-3, 5]], "Prater (GPS of DJI_0004, 3 min earlier)", 0.95),
        ([[-5, 3]], "Prater (GPS of DJI_0004, 3 min later)", 0.95),
        ([[-0.5]], "Prater (GPS of DJI_0004, 30 s earlier)", 0.79),
        ([[0]], "Prater (GPS of DJI_0004, at the same time)", 1.0),
        ([[-30]], "Prater (GPS of DJI_0004, 30 min earlier)", 0.4),
        ([[-30.1]], None, None),
        ([[30.1, 900]], None, None),
        ([[-40, -5], [4, 40]], "Prater (GPS of DJI_0004, 4 min later)", 0.75),  # of two devices the nearer in time
        ([[]], None, None),
        ([], None, None),
    ],
)
def test_a_clip_takes_the_place_of_the_fix_that_is_nearest_in_time(fixes, detail, confidence):
    said = place_at(NOON, [[heard(minutes) for minutes in device] for device in fixes])
    assert (said and said.detail, said and said.confidence) == (detail, confidence)
    assert said is None or (said.field, said.value, said.source, said.op) == ("location", "Prater", "inferred", "set")


@pytest.mark.parametrize(
    ("after", "detail"),
    [
        (48.2055, "Prater (GPS of DJI_0004, 3 min earlier)"),
        (48.2150, "Prater (GPS of DJI_0004, 3 min earlier, about 560 m off)"),  # half way to where it was six later
        (48.2950, None),  # ten kilometres on: it was on the road
    ],
)
def test_how_far_the_device_got_meanwhile_is_said_and_counts(after, detail):
    said = place_at(NOON, [[heard(-3), heard(3.001, after, place="Elsewhere")]])
    assert (said and said.detail) == detail
    assert said is None or said.confidence == pytest.approx(
        0.95 * (1 - (after - 48.205) / 2 * 111_195 / 10_000), abs=0.01
    )


def test_where_the_nearest_fix_has_no_name_a_farther_one_is_not_asked():
    assert place_at(NOON, [[heard(-1, place="")], [heard(-2, name="G001")]]) is None


def test_a_place_by_a_town_says_how_far_the_town_is():
    (trail,) = trails_of_clip(clip(gps=(0.4372, 35.4850)), ())
    said = place_at(3 * MINUTE, [trail.heard])
    assert said is not None
    assert (said.value, said.detail) == ("Eldoret", "Eldoret, 26 km (GPS of DJI_0004, 3 min earlier)")
    assert said.confidence < 0.7


@pytest.mark.parametrize(
    ("iso", "moment"),
    [("2019-10-12T14:00:00+02:00", NOON), ("2019-10-12T12:00:00", None), ("2019-10-12", None), (None, None)],
)
def test_a_clip_is_matched_only_when_its_zone_is_known(iso, moment):
    assert moment_of(local(iso) if iso else None) == moment


def test_a_track_is_heard_along_its_way_from_the_beginning_of_its_clip():
    track = (Fix(0.0, 48.205, 16.415), Fix(90.0, 48.210, 16.415), Fix(4000.0, 48.4, 16.415))
    of = clip(gps=(48.205, 16.415), track=track, camera_serial="1581F")
    first, second = trails_of_clip(of, (PRATER,))
    assert [fix.moment for fix in (*first.heard, *second.heard)] == [0.0, 90.0, 4000.0]
    assert first.heard[-1].moment - first.heard[0].moment <= LONGEST
    assert {first.device, second.device} == {"1581F"}


def test_a_clip_without_a_track_is_heard_once_and_one_without_a_position_never():
    (trail,) = trails_of_clip(clip(gps=(48.205, 16.415), camera_model="L1D-20c"), (PRATER,))
    assert trail.heard == (Heard(0.0, 48.205, 16.415, "Prater Hauptallee", "Prater Hauptallee", 1.0, "DJI_0004"),)
    assert trail.device == "L1D-20c D001"
    assert trails_of_clip(clip(), (PRATER,)) == ()


def test_a_file_of_its_own_is_heard_by_its_name():
    day = [Sighting(NOON + minute * MINUTE, 48.205, 16.415) for minute in (0, 1, 59, 61)]
    first, second = trails_of_file("walk.gpx", day, (PRATER,))
    assert [fix.moment for fix in (*first.heard, *second.heard)] == [each.moment for each in day]
    assert {fix.name for fix in (*first.heard, *second.heard)} == {first.device} == {"walk.gpx"}


devices = st.lists(
    st.lists(
        st.builds(
            heard, st.floats(-60, 60), st.sampled_from((48.2, 48.205, 48.3)),
            name=st.sampled_from("ab"), place=st.sampled_from(("", "Prater", "Wien")),
        ), max_size=6,
    ).map(sorted), max_size=4,
)  # fmt: skip


@given(devices, st.randoms())
def test_the_order_of_devices_does_not_matter_and_what_is_far_neither(found, dice):
    said = place_at(NOON, found)
    near = [[fix for fix in each if abs(fix.moment - NOON) <= MOST_GAP] for each in found]
    dice.shuffle(near)
    assert place_at(NOON, near) == said
    if said:
        assert 0 < said.confidence <= 1
        assert said.detail.startswith(said.value)
        assert said.source == LOG_SOURCES[-1]
