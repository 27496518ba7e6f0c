"""Timecode by the book: labels, drop-frame edges, exact rates."""

from fractions import Fraction

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ValueRefused
from pipeline.timecode import STANDARD_RATES, Rate, Timecode, TimeRange, frames_per_day

NTSC30, NTSC60 = Rate(30000, 1001), Rate(60000, 1001)
rates = st.sampled_from([Rate.of(exact) for exact in STANDARD_RATES])


@pytest.mark.parametrize(
    ("frame", "rate", "drop", "label"),
    [
        (0, Rate(25), False, "00:00:00:00"),
        (1799, NTSC30, True, "00:00:59;29"),
        (1800, NTSC30, True, "00:01:00;02"),
        (17981, NTSC30, True, "00:09:59;29"),
        (17982, NTSC30, True, "00:10:00;00"),
        (107892, NTSC30, True, "01:00:00;00"),
        (108000, NTSC30, False, "01:00:00:00"),
        (3600, NTSC60, True, "00:01:00;04"),
        (215784, NTSC60, True, "01:00:00;00"),
        (24 * 3600 * 25, Rate(25), False, "00:00:00:00"),
        (-1, Rate(24000, 1001), False, "23:59:59:23"),
        (119, Rate(120), False, "00:00:00:119"),
    ],
)
def test_frames_have_the_labels_of_st_12_1(frame, rate, drop, label):
    assert str(Timecode(frame, rate, drop)) == label


@given(rate=rates, frame=st.integers(-(10**7), 10**8), drop=st.booleans())
def test_a_label_reads_back_as_its_frame(rate, frame, drop):
    drop = drop and rate.can_drop
    timecode = Timecode(frame, rate, drop)
    assert Timecode.parse(str(timecode), rate) == timecode
    assert 0 <= timecode.frame < frames_per_day(rate, drop_frame=drop)


@given(frame=st.integers(0, 2589407), rate=st.sampled_from([NTSC30, NTSC60]))
def test_drop_frame_labels_agree_with_another_implementation(frame, rate):
    theirs = otio.opentime.to_timecode(
        otio.opentime.RationalTime(frame, float(rate.fraction)), float(rate.fraction), True
    )
    assert str(Timecode(frame, rate, drop_frame=True)) == theirs


@pytest.mark.parametrize(
    ("label", "rate"),
    [
        ("01:01:00;00", NTSC30),
        ("01:01:00;01", NTSC30),
        ("01:01:00;03", NTSC60),
        ("25:00:00:00", Rate(25)),
        ("00:00:00:25", Rate(25)),
        ("00:60:00:00", Rate(25)),
        ("10:00:00;00", Rate(25)),
        ("01:00:00.5", Rate(25)),
        ("[]", Rate(25)),
        ("", Rate(25)),
    ],
)
def test_labels_that_no_clock_shows_are_refused(label, rate):
    with pytest.raises(ValueRefused):
        Timecode.parse(label, rate)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("25", Fraction(25)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        ("12.5", None),
        ("0", None),
        ("fast", None),
        ("1/0", None),
    ],
)
def test_rates_are_read_exactly_or_refused(text, exact):
    if exact is None:
        with pytest.raises(ValueRefused):
            Rate.parse(text)
    else:
        assert Rate.parse(text).fraction == exact


@pytest.mark.parametrize(
    ("measured", "rate"),
    [
        (Fraction(2997, 100), NTSC30),
        (Fraction(2997, 125), Rate(24000, 1001)),
        (Fraction(25), Rate(25)),
        (Fraction(27), None),
        (Fraction(30), Rate(30)),
    ],
)
def test_a_measured_rate_snaps_only_to_a_standard_rate_close_by(measured, rate):
    assert Rate.nearest(measured) == rate


@pytest.mark.parametrize(
    ("label", "rate", "at", "expected"),
    [
        ("10:00:00:12", Rate(25), Rate(50), "10:00:00:24"),
        ("10:00:01:30", Rate(50), Rate(25), "10:00:01:15"),
        ("01:00:00;02", NTSC30, NTSC60, "01:00:00;04"),
        ("10:00:00:12", Rate(25), NTSC30, None),
        ("10:00:00:12", Rate(25), Rate(25), "10:00:00:12"),
    ],
)
def test_a_label_is_recounted_only_at_a_multiple_of_its_rate(label, rate, at, expected):
    counted = Timecode.parse(label, rate).counted_at(at)
    assert (str(counted) if counted else None) == expected


@given(st.integers(-50, 50), st.integers(0, 50), st.integers(-50, 50), st.integers(0, 50))
def test_the_common_part_of_two_ranges_lies_in_both(start, duration, other_start, other_duration):
    one, two = TimeRange(start, duration), TimeRange(other_start, other_duration)
    frames = set(range(one.start, one.end)) & set(range(two.start, two.end))
    common = one.within(two)
    assert set(range(common.start, common.end)) == frames
