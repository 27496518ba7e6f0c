"""Timelines that we did not make: read by their own words, refused or reported where a list cannot hold them."""

from pathlib import Path

import opentimelineio as otio
import pytest
from editorial_clips import read_edl

from pipeline.editorial.assembly import activate
from pipeline.editorial.exports import edl
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.written import ExportOptions
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate

Time, Range, schema = otio.opentime.RationalTime, otio.opentime.TimeRange, otio.schema


def clip(name, start, duration, rate=25.0, **others):
    reference = schema.ExternalReference(f"/x/{name}", Range(Time(start, rate), Time(duration * 2, rate)))
    return schema.Clip(name, reference, Range(Time(start, rate), Time(duration, rate)), **others)


def timeline(*tracks, start=None):
    made = schema.Timeline("foreign", global_start_time=start)
    made.tracks.extend(tracks)
    return made


def track(name, *items, kind="Video"):
    made = schema.Track(name, kind=kind)
    made.extend(items)
    return made


def test_a_start_and_rate_are_taken_from_the_timeline_or_its_first_clip():
    ntsc = 30000 / 1001
    stated = sheet_of(timeline(track("V", clip("a", 0, 9, ntsc)), start=Time(1800, ntsc)))
    assert (stated.start.frame, stated.start.rate, stated.start.drop_frame) == (1800, Rate(30000, 1001), False)
    assert sheet_of(timeline(track("V", clip("a", 0, 9, 24000 / 1001)))).start.rate == Rate(24000, 1001)
    assert sheet_of(timeline()).start.rate == Rate(25)


def test_events_off_the_frame_grid_meet_on_the_nearest_frames():
    items = [clip(str(n), 0, 10, 24.0) for n in range(4)]
    events = sheet_of(timeline(track("V", *items), start=Time(0, 25.0))).tracks[0].events
    edges = [(event.record.start, event.record.end) for event in events]
    assert edges == [(0, 10), (10, 21), (21, 31), (31, 42)]


def test_more_video_tracks_are_lists_of_their_own_and_sound_is_in_the_first():
    made = timeline(
        track("V1", clip("a", 0, 10)),
        track("V2", schema.Gap(source_range=Range(Time(0, 25), Time(5, 25))), clip("b", 0, 5)),
        track("A1", clip("a", 0, 10), kind="Audio"), track("A2", clip("music", 50, 8), kind="Audio"),
    )  # fmt: skip
    written = edl.write(made, ExportOptions(Path()))
    lists = {file.suffix: read_edl(file.content.decode()) for file in written.files}
    assert {suffix: [(edit.name, edit.video, edit.channels) for edit in edits] for suffix, edits in lists.items()} == {
        ".edl": [("a", True, (1,)), ("music", False, (2,))],
        ".V2.edl": [("b", True, ())],
    }
    assert lists[".V2.edl"][0].record == ("00:00:00:05", "00:00:00:10")


def test_ranges_of_foreign_clips_stay_when_another_reference_is_made_active():
    item = clip("a", 90_000, 10)
    hi = item.media_reference.clone()
    low = schema.ExternalReference("/x/low", Range(Time(90_000, 25), Time(20, 25)))
    item.set_media_references({"DEFAULT_MEDIA": hi, "proxy": low}, "DEFAULT_MEDIA")
    made = timeline(track("V", item))
    activate(made, "proxy")
    assert item.media_reference.target_url == "/x/low"
    assert item.source_range.start_time.value == 90_000


def test_transitions_and_speed_changes_are_reported():
    mix = schema.Transition(in_offset=Time(2, 25), out_offset=Time(2, 25))
    fast = clip("b", 0, 10, effects=[schema.LinearTimeWarp(time_scalar=2.0)])
    losses = edl.write(timeline(track("V", clip("a", 0, 10), mix, fast)), ExportOptions(Path())).losses
    assert losses[:2] == (
        "Transitions on V are written as cuts.",
        "Effects and speed changes on V are left out.",
    )


def test_nested_timelines_and_clips_without_length_are_refused():
    with pytest.raises(ExportRefused, match="flatten"):
        sheet_of(timeline(track("V", schema.Stack("inner"))))
    with pytest.raises(ExportRefused, match="flatten"):
        sheet_of(timeline(schema.Stack("inner")))
    with pytest.raises(ExportRefused, match="'lost' on V has no range"):
        sheet_of(timeline(track("V", schema.Clip("lost")), start=Time(0, 25.0)))


def test_a_marker_of_the_timeline_itself_is_named_as_lost_by_a_list():
    made = timeline(track("V1", clip("a", 0, 10)))
    assert not any("timeline itself" in loss for loss in edl.write(made, ExportOptions(Path())).losses)
    made.tracks.markers.append(schema.Marker("here", Range(Time(5, 25), Time(1, 25))))
    assert any("timeline itself" in loss for loss in edl.write(made, ExportOptions(Path())).losses)
    (mark,) = sheet_of(made).marks
    assert (mark.name, mark.record.start, mark.record.duration) == ("here", 5, 1)
