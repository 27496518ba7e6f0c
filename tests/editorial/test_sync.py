"""Which sound runs with a picture, by the clocks of both; worked out here by hand, in frames and samples."""

from dataclasses import replace
from fractions import Fraction

import pytest
from editorial_clips import RATES, logged
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clip import AudioStream, Facts
from pipeline.editorial.sync import offers, recording, sounds_of
from pipeline.timecode import FLICKS, Timecode

DAY = {"shoot_day": "2019-10-12", "unit": "main"}


def picture(rate="25", frames=100, start="10:00:00:00", name="A001C001.mov", **said):
    drop = ";" in (start or "")
    return logged(name, rate, frames, start=start, drop=drop, **{**DAY, **said})


def sound(rate="25", frames=100, start="10:00:00:00", name="T001.WAV", originator="MixPre", **said):
    """A recording of whole frames whose recorder counts timecode at `rate`."""
    drop = ";" in start
    made = logged(name, rate, frames, start=start, drop=drop, kind="sound", card="S001", **{**DAY, **said})
    return replace(made, clip=replace(made.clip, facts=replace(made.clip.facts, originator=originator)))


def by_samples(reference, samples, name="Z001.WAV", sample_rate=48000, **said):
    """A recording that states samples since midnight, and no rate of frames."""
    made = sound(name=name, **said)
    facts = Facts(audio=(AudioStream("pcm_s24le", 2, sample_rate),), time_reference=reference, samples=samples)
    return replace(made, clip=replace(made.clip, facts=facts, rate=None, frames=None, start=None))


def found(shot, *sounds):
    return offers(recording(shot), sounds_of(recording(each) for each in sounds))


def seconds(offer):
    return Fraction(offer.offset, FLICKS)


@pytest.mark.parametrize(
    ("shot", "heard", "after"),
    [
        (picture(), sound(start="09:59:59:00"), Fraction(-1)),
        (picture(), sound(start="10:00:03:24"), Fraction(99, 25)),
        (picture("50"), sound("25", start="10:00:00:01"), Fraction(1, 25)),
        (picture("23.976"), sound("29.97", start="10:00:00:15"), Fraction(15 * 1001, 30000)),
        (picture("29.97", start="08:20:00;00"), sound("29.97", start="08:19:59;20"), Fraction(-10 * 1001, 30000)),
        (picture("59.94", start="08:20:00;30"), sound("29.97", start="08:20:00;15"), Fraction(0)),
        (picture(), by_samples(36_000 * 48000 + 480, 48000), Fraction(1, 100)),
        (picture("23.976"), by_samples(36_036 * 48000, 48000), Fraction(0)),
        (picture("29.97", start="10:00:00;00"), by_samples(36_000 * 48000, 48000), Fraction(36, 1000)),
        (picture(start="23:59:59:00", frames=100), sound(start="00:00:01:00", shoot_day="2019-10-13"), Fraction(2)),
        (picture(start="00:00:01:00", shoot_day="2019-10-13"), sound(start="23:59:59:00"), Fraction(-2)),
        (picture(start="00:00:01:00"), sound(start="23:59:59:00"), Fraction(-2)),
        (picture("29.97", start="23:59:59;00"), sound("29.97", start="00:00:00;15"), Fraction(45 * 1001, 30000)),
    ],
    ids=["before", "the last frame", "half the rate", "two rates of one clock", "drop-frame", "twice drop-frame",
         "samples", "samples at 23.976", "samples and drop-frame", "over midnight", "before midnight",
         "one shoot day over midnight", "drop-frame over midnight"],
)  # fmt: skip
def test_a_recording_begins_exactly_so_many_seconds_after_the_picture(shot, heard, after):
    (offer,) = found(shot, heard)
    assert (seconds(offer), offer.doubt, offer.by_label) == (after, "", False)


@pytest.mark.parametrize(
    "heard",
    [
        sound(start="10:00:04:00"),
        sound(start="09:59:56:00"),
        sound(shoot_day="2019-10-13"),
        sound(unit="second"),
        sound(start="00:00:00:00", shoot_day="2019-10-14"),
        by_samples(0, 48000),
    ],
    ids=["begins as it ends", "ends as it begins", "another day", "another unit", "two days later", "midnight"],
)
def test_what_does_not_run_with_it_is_not_offered(heard):
    assert found(picture(), heard) == ()


@pytest.mark.parametrize(
    ("shot", "heard"),
    [
        (picture("29.97", start="10:00:00;00"), sound("29.97", start="10:00:00:15")),
        (picture("23.976"), sound("25", start="10:00:00:12")),
    ],
)
def test_clocks_that_count_differently_are_compared_by_their_labels_and_it_is_said(shot, heard):
    (offer,) = found(shot, heard)
    assert offer.by_label
    assert abs(seconds(offer) - Fraction(1, 2)) < Fraction(1, 20)


@pytest.mark.parametrize(
    ("shot", "heard", "doubt"),
    [
        (picture(), sound(shoot_day=None), "its day is not known"),
        (picture(shoot_day=None), sound(), "its day is not known"),
        (picture(), sound(unit=None), "its unit is not known"),
        (picture(unit=None), sound(unit=None), ""),
    ],
)
def test_without_day_or_unit_there_is_doubt(shot, heard, doubt):
    (offer,) = found(shot, heard)
    assert offer.doubt == doubt


def test_two_recorders_are_both_its_sound():
    assert [offer.doubt for offer in found(picture(), sound(), sound(name="Z1.WAV", originator="Zoom"))] == ["", ""]


def test_the_same_recorder_twice_is_never_chosen():
    doubts = [offer.doubt for offer in found(picture(), sound(), sound(name="copy of T001.WAV", start="10:00:01:00"))]
    assert doubts == ["several of one recorder cover this moment"] * 2


def test_one_take_after_another_and_the_tracks_of_one_take_are_no_rivals():
    later = sound(name="T002.WAV", start="10:00:02:00", frames=50)
    assert [offer.doubt for offer in found(picture(), sound(frames=50), later)] == ["", ""]
    tracks = [sound(name=f"T001_{number}.WAV") for number in (1, 2, 3)]
    assert [offer.doubt for offer in found(picture(), *tracks)] == ["", "", ""]


def test_certain_ones_come_first_in_order_of_time():
    lot = (sound(name="c.WAV", shoot_day=None), sound(name="b.WAV", originator="Zoom", start="10:00:01:00"), sound())
    assert [offer.sound.name for offer in found(picture(), *lot)] == ["T001.WAV", "b.WAV", "c.WAV"]


@given(
    rate=st.sampled_from(sorted(RATES)), at=st.integers(0, 10**7), length=st.integers(1, 5000),
    ahead=st.integers(-6000, 6000), lasts=st.integers(1, 5000), other=st.integers(1, 30),
)  # fmt: skip
def test_at_one_rate_the_offset_is_a_whole_number_of_frames_over_midnight_too(rate, at, length, ahead, lasts, other):
    speed = RATES[rate]
    began = Timecode(at, speed)
    shot = picture(rate, length, str(began))
    heard = [sound(rate, lasts, str(Timecode(began.frame + ahead, speed)))]
    heard += [sound(rate, 3, "12:00:00:00", name=f"{n}.WAV", unit="second") for n in range(other)]
    offered = found(shot, *heard)
    if ahead < length and ahead + lasts > 0:
        assert [seconds(offer) * speed.fraction for offer in offered] == [ahead]
    else:
        assert offered == ()
