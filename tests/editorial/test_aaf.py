"""The AAF of a cut, read back by pyaaf2 alone, by the adapter of OTIO, and by our own reader."""

from fractions import Fraction
from math import floor
from pathlib import Path

import opentimelineio as otio
import pytest
from aaf_reader import read_raw
from editorial_clips import RATES, logged, media, settings
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from torture import PAL, Builder, timeline_of, torture_timeline

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import aaf
from pipeline.editorial.exports.events import sheet_of, taken_frames
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports import aaf as reader
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, Timecode, TimeRange

COUNTINGS = [(name, drop) for name, rate in RATES.items() for drop in ((False, True) if rate.can_drop else (False,))]


def written(timeline, **options):
    return aaf.write(timeline, ExportOptions(Path(), **options))


def content_of(timeline, **options):
    [file] = written(timeline, **options).files
    assert file.suffix == ".aaf"
    return file.content


def cut(*clips, rate="25", **others):
    return assemble("stringout", clips, media(*clips), settings(rate, **others)).timeline


@pytest.mark.parametrize(("rate", "drop"), COUNTINGS)
def test_every_event_of_the_torture_timeline_stands_where_it_should(rate, drop):
    timeline = torture_timeline(RATES[rate], drop=drop)
    sheet, raw = sheet_of(timeline), read_raw(content_of(timeline))
    assert (raw.rate, raw.fps, raw.drop) == (sheet.start.rate.fraction, sheet.start.rate.nominal, drop)
    assert Timecode(raw.start, sheet.start.rate, drop) == sheet.start
    found = {(event.track, event.record): event for event in raw.events if event.kind == "Picture"}
    assert len(found) == sum(len(track.events) for track in sheet.of_kind("Video"))
    for number, track in enumerate(sheet.of_kind("Video"), start=1):
        for event in track.events:
            one, source = found[number, (event.record.start, event.record.duration)], event.source
            assert (one.name, one.speed) == (source.name, event.speed)
            assert (one.fps, one.drop) == ((source.rate.nominal, source.drop_frame) if source.timed else (None, None))
            if source.timed and source.rate == sheet.start.rate:
                assert one.frame == event.source_in
                if not track.transitions:
                    assert one.taken == taken_frames(event, sheet.start.rate)
            elif source.timed and event.speed != 1:
                assert floor(one.frame) == event.source_in
            elif source.timed:
                assert abs(one.frame - event.source_in) <= 1
    expected = [
        ("Picture", number, each.at, each.before, each.after)
        for number, track in enumerate(sheet.of_kind("Video"), 1) for each in track.transitions
    ]  # fmt: skip
    assert [each for each in raw.transitions if each[0] == "Picture"] == expected
    assert set(raw.lengths) == {max(event.record.end for track in sheet.tracks for event in track.events)}


@pytest.mark.parametrize(("rate", "drop"), COUNTINGS)
def test_our_own_reader_gives_the_events_back(rate, drop):
    timeline = torture_timeline(RATES[rate], drop=drop)
    sheet, read = sheet_of(timeline), reader.read(content_of(timeline))
    assert (read.title, read.rate, read.drop_frame, read.start) == (sheet.name, sheet.start.rate, drop, sheet.start)
    found = {(event.track, event.record.start): event for event in read.events if event.kind == "Video"}
    for number, track in enumerate(sheet.of_kind("Video"), start=1):
        for event in track.events:
            one, source = found.pop((number, event.record.start)), event.source
            assert one.file == (source.path or source.name)
            assert (one.record, one.speed, one.name, one.id) == (event.record, event.speed, source.name, source.clip)
            if source.timed and source.rate == sheet.start.rate:
                assert one.source == TimeRange(event.source_in, taken_frames(event, sheet.start.rate))
            if source.timed and source.rate.fraction <= sheet.start.rate.fraction:
                assert one.source.start == event.source_in
            assert [mark.record.start for mark in one.marks] == [mark.record.start for mark in event.marks]
    assert not found
    assert [mark.record for mark in read.marks] == [mark.record for mark in sheet.marks]
    assert not read.problems


@effort(max_examples=25, deadline=None)
@given(
    st.fractions(-4, 4, max_denominator=10_000).filter(lambda speed: speed != 1),
    st.sampled_from([(PAL, each) for each in RATES.values()] + [(each, PAL) for each in RATES.values()]),
    st.integers(1, 40),
    st.tuples(*[st.integers(0, 5)] * 4),
)
@example(Fraction(1, 2), (PAL, PAL), 10, (3, 3, 0, 0))
@example(Fraction(-1, 2), (PAL, PAL), 11, (3, 3, 3, 3))
@example(Fraction(0), (PAL, RATES["50"]), 5, (1, 1, 0, 0))
@example(Fraction(-2, 3), (PAL, RATES["24"]), 20, (5, 5, 5, 5))
@example(Fraction(-27479, 10_000), (RATES["23.976"], RATES["50"]), 145, (7, 11, 5, 3))
def test_transitions_leave_the_first_and_last_frame_of_any_speed_as_they_are(speed, rates, frames, overlaps):
    rate, own = rates
    make = Builder(rate, "/film")
    items = [
        make.clip("a", 20), make.transition(*overlaps[:2]),
        make.clip("b", frames, into=301, rate=own, speed=speed, media=2000), make.transition(*overlaps[2:]),
        make.clip("c", 20),
    ]  # fmt: skip
    start = otio.opentime.RationalTime(0, rate.numerator / rate.denominator)
    timeline = timeline_of(make.track("V", "Video", *items), start=start)
    event = sheet_of(timeline).tracks[0].events[1]
    content = content_of(timeline)
    [read] = [each for each in reader.read(content).events if each.name == "b"]
    assert (read.record, read.speed) == (event.record, event.speed)
    assert read.source == TimeRange(event.source_in, taken_frames(event, rate))
    [raw] = [each for each in read_raw(content).events if each.name == "b"]
    assert floor(raw.frame) == event.source_in


def test_the_adapter_of_otio_finds_the_same_clips(tmp_path):
    timeline = cut(logged("a.mov", frames=50), logged("b.mov", frames=40, start="11:00:00:00", reel="R2"))
    (tmp_path / "cut.aaf").write_bytes(content_of(timeline))
    other = otio.adapters.read_from_file(str(tmp_path / "cut.aaf"), adapter_name="AAF")
    clips = {
        (track.kind, clip.name, clip.trimmed_range().start_time.value, clip.trimmed_range().duration.value)
        for track in other.tracks for clip in track.find_clips()
    }  # fmt: skip
    assert clips == {
        (kind, name, start, length) for kind in ("Video", "Audio")
        for name, start, length in (("a.mov", 900_000, 50), ("b.mov", 990_000, 40))
    }  # fmt: skip
    assert other.global_start_time == otio.opentime.RationalTime(90_000, 25)
    assert [track.kind for track in other.tracks].count("Audio") == 2


def test_masters_carry_the_log_the_reel_and_the_path():
    [clip] = [logged("a.mov", reel="R1", note="talks\nof breathing", location="Vienna", circled="yes")]
    raw = read_raw(content_of(cut(clip)))
    event = raw.events[0]
    said = dict(event.comments)
    assert said["Comments"] == "talks of breathing"
    assert said["Rushes Clip"] == clip.clip.id
    assert said["Card"] == "A001"
    assert "Vienna" in said.values()
    assert (event.tape, event.url) == ("R1", "file:///film/A001/a.mov")


def test_proxies_are_linked_where_asked_for():
    raw = read_raw(content_of(cut(logged("a.mov")), media="proxy"))
    assert {event.url for event in raw.events} == {"file:///film/proxies/A001/a.mov"}


def test_the_same_cut_is_the_same_file_and_its_clips_are_the_same_mobs_in_another_cut():
    clips = logged("a.mov"), logged("b.mov", start="11:00:00:00")
    assert content_of(cut(*clips)) == content_of(cut(*clips))
    alone, both = (read_raw(content_of(cut(*which))) for which in (clips[:1], clips))
    assert {event.mob for event in alone.events} < {event.mob for event in both.events}


def test_one_tape_serves_the_files_of_a_reel_and_clips_without_timecode_have_none():
    clips = [logged(f"{n}.mov", reel="R1", start=f"1{n}:00:00:00") for n in range(3)]
    raw = read_raw(content_of(cut(*clips, logged("phone.mov", start=None))))
    assert {event.tape for event in raw.events} == {"R1", ""}
    assert {event.frame for event in raw.events if not event.tape} == {None}


def test_each_channel_has_a_slot_of_its_own():
    """The first track of sound has four channels at most, so the second stream of the camera is heard on slot 5."""
    raw = read_raw(content_of(cut(logged("a.mov", audio=(2, 1)), logged("s.wav", kind="sound", audio=(4,)))))
    assert {(event.track, event.name) for event in raw.events if event.kind == "Sound"} == {
        (1, "a.mov"), (2, "a.mov"), (5, "a.mov"), (1, "s.wav"), (2, "s.wav"), (3, "s.wav"), (4, "s.wav"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["läufer 🏃‍♀️.mov", "\u202e\u05de\u05e8.mov", "a\tb\x00c\nd.mov", "x" * 300 + ".mov", "]]>.mov"],
)
def test_names_of_all_kinds_are_carried_or_their_loss_is_said(name):
    made = written(cut(logged(name)))
    raw = read_raw(made.files[0].content)
    if name.isprintable() or "🏃" in name or "\u202e" in name:
        assert {event.name for event in raw.events} == {name}
    else:
        assert any("replaced by spaces" in loss for loss in made.losses)


def test_a_place_between_two_frames_of_the_cut_begins_with_the_earlier_one():
    fast = logged("fast.mov", "50", frames=400, markers=((101, 100, "x", ""),))
    timeline = assemble("selects", [fast], media(fast), settings("25")).timeline
    made = written(timeline)
    assert read_raw(made.files[0].content).events[0].frame == 10 * 3600 * 50 + 100
    assert any("Mixed rates" in loss for loss in made.losses)


def test_every_loss_is_said():
    losses = "\n".join(written(torture_timeline()).losses)
    for word in ("Mixed rates", "without timecode", "out of reach", "Wipes", "Speeds of sound", "replaced by spaces"):
        assert word in losses


def test_an_empty_timeline_is_an_empty_composition():
    raw = read_raw(content_of(otio.schema.Timeline("empty")))
    assert (raw.name, raw.events, raw.rate) == ("empty", (), Fraction(25))


def test_rates_beyond_the_standard_ones_are_carried():
    raw = read_raw(content_of(cut(logged("a.mov", Rate(25, 2), 40), rate=Rate(25, 2))))
    assert raw.rate == Fraction(25, 2)
    assert floor(raw.events[0].frame) == Timecode.parse("10:00:00:00", Rate(25, 2)).frame


def test_a_rate_that_no_field_holds_is_refused_in_a_sentence():
    timeline = cut(logged("a.mov", Rate(1_000_000), 4_000_000))
    with pytest.raises(ExportRefused, match="larger than AAF's fields"):
        content_of(timeline)
