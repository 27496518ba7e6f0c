"""How far a clock is off: bounds of GPS and of shared timecode, and when there is no telling."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clip import Facts
from pipeline.shotlog.clocks import LocalMoment, Zones
from pipeline.shotlog.estimates import Bounds, Ticked, by_satellites, by_slate, by_timecode, shared
from pipeline.shotlog.offsets import read_time_of_day
from pipeline.timecode import Rate, Timecode

VIENNA = Zones(clock="Europe/Vienna", place="Europe/Vienna")
R25 = Rate(25)
MORNING = datetime(2019, 10, 12, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("recorded_at", "claim", "gps_time", "zones", "bounds"),
    [
        # The camera stands an hour and three seconds late; its whole seconds and the satellites' leave a second each.
        ("2019-10-12T06:30:00", "local-unknown", "2019-10-12T05:30:03.000Z", VIENNA, Bounds(3_601_000, 3_604_000)),
        ("2019-10-12T06:30:00.000", "local-unknown", "2019-10-12T05:30:03.000Z", VIENNA, Bounds(3_602_000, 3_604_000)),
        ("2019-10-12T06:30:00+02:00", "offset", "2019-10-12T04:30:00.500Z", Zones(), Bounds(-1500, 1500)),
        ("2019-10-12T04:30:00Z", "utc", "2019-10-12T04:29:50.000Z", Zones(), Bounds(-12_000, -9000)),
        # Nothing can be told of a clock whose zone is not known, of a day alone, without satellites, without a date.
        ("2019-10-12T06:30:00", "local-unknown", "2019-10-12T05:30:03.000Z", Zones(), None),
        ("2019-10-12", None, "2019-10-12T05:30:03.000Z", VIENNA, None),
        ("2019-10-12T06:30:00", "local-unknown", None, VIENNA, None),
        (None, None, "2019-10-12T05:30:03.000Z", VIENNA, None),
    ],
)
def test_gps_time_bounds_how_far_a_clock_is_off(recorded_at, claim, gps_time, zones, bounds):
    facts = Facts(recorded_at=recorded_at, recorded_at_zone=claim, gps_time=gps_time)
    assert by_satellites(facts, zones) == bounds


@pytest.mark.parametrize(
    ("bounds", "left"),
    [
        ([], None),
        ([Bounds(0, 10)], Bounds(0, 10)),
        ([Bounds(0, 10), Bounds(5, 20)], Bounds(5, 10)),
        ([Bounds(0, 10), Bounds(10, 20)], Bounds(10, 10)),
        ([Bounds(0, 10), Bounds(11, 20)], None),  # they contradict each other
    ],
)
def test_only_what_all_clips_allow_is_left(bounds, left):
    assert shared(bounds) == left


@pytest.mark.parametrize(
    ("iso", "shown", "off"),
    [
        ("2019-10-12T07:42:11+02:00", "07:50:00", 469_000),
        ("2019-10-12T07:42:11.250", "07:42:11", -250),
        ("2019-10-12T23:59:50+02:00", "00:00:10", 20_000),  # over midnight, whichever way is shorter
        ("2019-10-12T00:00:10+02:00", "23:59:50", -20_000),
    ],
)
def test_a_slate_shows_how_far_a_clock_is_off(iso, shown, off):
    assert by_slate(LocalMoment(iso, iso[:10], 0, ""), read_time_of_day(shown)) == off


def ticked(clock_late, leads, *, start="06:00:00:00", rate=R25, whole=True):
    """Recordings some seconds apart of a device `clock_late` seconds behind, with timecode by the time of day."""
    first = Timecode.parse(start, rate)
    for seconds in leads:
        claimed = MORNING + timedelta(seconds=seconds - clock_late)
        claimed = claimed.replace(microsecond=0) if whole else claimed
        yield Ticked(claimed, first + int(seconds * rate.fraction), whole)


@given(
    off=st.integers(-40_000, 40_000), other=st.integers(-40_000, 40_000),
    mine=st.lists(st.integers(0, 20_000), min_size=2, max_size=6),
    others=st.lists(st.integers(0, 20_000), min_size=2, max_size=6),
)  # fmt: skip
def test_shared_timecode_finds_the_offset_between_two_clocks(off, other, mine, others):
    found = by_timecode(list(ticked(off, mine)), list(ticked(other, others)), known=Bounds(1000 * other, 1000 * other))
    assert found is not None
    wrapped = (1000 * off + 43_200_000) % 86_400_000 - 43_200_000  # timecode does not tell one day from the next
    assert any(found.low <= near <= found.high for near in (wrapped, wrapped + 86_400_000))
    assert found.error <= 1002


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        # One recording of a device shows nothing of how its timecode runs.
        (list(ticked(0, [0])), list(ticked(0, [0, 60]))),
        (list(ticked(0, [0, 60])), list(ticked(0, [0]))),
        ([], []),
        # Timecode that runs only while it records.
        (list(ticked(0, [0, 60])), [Ticked(MORNING, Timecode(0, R25), whole_seconds=True),
                                    Ticked(MORNING + timedelta(minutes=5), Timecode(250, R25), whole_seconds=True)]),
        # Two that count differently share nothing.
        (list(ticked(0, [0, 60])), list(ticked(0, [0, 60], rate=Rate(24)))),
    ],
)  # fmt: skip
def test_ambiguous_timecode_gives_no_estimate(mine, others):
    assert by_timecode(mine, others, known=Bounds(0, 0)) is None


def test_the_error_of_the_reference_is_handed_on():
    mine, others = list(ticked(30, [0, 60])), list(ticked(0, [0, 60]))
    sure = by_timecode(mine, others, known=Bounds(0, 0))
    unsure = by_timecode(mine, others, known=Bounds(-500, 500))
    assert sure is not None
    assert unsure is not None
    assert (unsure.low, unsure.high) == (sure.low - 500, sure.high + 500)


def test_a_clock_of_2398_keeps_to_real_seconds():
    rate = Rate(24000, 1001)
    mine = list(ticked(12, [0, 7200], rate=rate))
    found = by_timecode(mine, list(ticked(0, [0, 3600, 7200], rate=rate)), known=Bounds(0, 0))
    assert found is not None
    assert found.low <= 12_000 <= found.high
