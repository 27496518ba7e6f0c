"""Timelines that we did not make: read by their own words, refused or reported where a list cannot hold them."""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from editorial_clips import read_edl

from pipeline.editorial.assembly import activate
from pipeline.editorial.exports import edl
from pipeline.editorial.exports.events import sheet_of, taken_frames, taken_range
from pipeline.editorial.exports.written import ExportOptions
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate

Time, Range, schema = otio.opentime.RationalTime, otio.opentime.TimeRange, otio.schema


def clip(name, start, duration, rate=25.0, **others):
    reference = schema.ExternalReference(f"/x/{name}", Range(Time(start, rate), Time(duration * 2, rate)))
    return schema.Clip(name, reference, Range(Time(start, rate), Time(duration, rate)), **others)


def inner(name, start, duration):
    """A clip with media around it, from frame 0 to frame 100."""
    reference = schema.ExternalReference(f"/x/{name}", Range(Time(0, 25), Time(100, 25)))
    return schema.Clip(name, reference, Range(Time(start, 25), Time(duration, 25)))


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


MIX = {"in_offset": Time(2, 25), "out_offset": Time(3, 25)}


@pytest.mark.parametrize(
    ("effects", "speed", "taken"),
    [
        ([], Fraction(1), 10),
        ([schema.LinearTimeWarp(time_scalar=2.0)], Fraction(2), 20),
        ([schema.LinearTimeWarp(time_scalar=0.5)], Fraction(1, 2), 5),
        ([schema.LinearTimeWarp(time_scalar=1 / 3)], Fraction(1, 3), 4),
        ([schema.LinearTimeWarp(time_scalar=-1.5)], Fraction(-3, 2), 15),
        ([schema.LinearTimeWarp(time_scalar=2.0), schema.LinearTimeWarp(time_scalar=-0.25)], Fraction(-1, 2), 5),
        ([schema.LinearTimeWarp(time_scalar=24000 / 1001 / 25)], Fraction(960, 1001), 10),
        ([schema.FreezeFrame()], Fraction(0), 1),
        ([schema.Effect(effect_name="blur")], Fraction(1), 10),
    ],
)
def test_speeds_are_exact_and_say_what_is_taken(effects, speed, taken):
    sheet = sheet_of(timeline(track("V", clip("a", 100, 10, effects=effects))))
    (event,) = sheet.tracks[0].events
    assert (event.speed, taken_frames(event, Rate(25)), event.record.duration) == (speed, taken, 10)
    blurred = any(effect.effect_name == "blur" for effect in effects)
    assert sheet.losses == (("Effects other than steady speeds, left out: a.",) if blurred else ())


@pytest.mark.parametrize(
    ("items", "found", "losses"),
    [
        ([clip("a", 0, 10), schema.Transition(**MIX), inner("b", 5, 10)], [(10, 2, 3, "Cross Dissolve", None)], 0),
        ([clip("a", 0, 10), schema.Transition("W017", **MIX), inner("b", 5, 10)], [(10, 2, 3, "W017", 17)], 0),
        (
            [clip("a", 0, 10), schema.Transition("", "SMPTE_Wipe", **MIX), inner("b", 5, 10)],
            [(10, 2, 3, "SMPTE_Wipe", 1)],
            0,
        ),
        ([schema.Transition("in", **MIX), inner("b", 5, 10)], [(0, 0, 3, "in", None)], 1),
        ([inner("b", 5, 10), schema.Transition("out", in_offset=Time(4, 25))], [(10, 4, 0, "out", None)], 0),
        ([clip("a", 0, 10), schema.Transition(**MIX), inner("b", 1, 10)], [(10, 1, 3, "Cross Dissolve", None)], 1),
        ([clip("a", 0, 10), schema.Transition(**MIX), inner("b", 5, 2)], [(10, 2, 2, "Cross Dissolve", None)], 1),
        ([clip("a", 0, 1), schema.Transition(**MIX), inner("b", 5, 9)], [(1, 1, 1, "Cross Dissolve", None)], 1),
        ([clip("a", 0, 9), schema.Transition(), inner("b", 5, 9)], [], 0),
        (
            [clip("a", 0, 9), schema.Transition(**MIX), inner("b", 5, 4), schema.Transition(**MIX), inner("c", 5, 9)],
            [(9, 2, 3, "Cross Dissolve", None), (13, 1, 3, "Cross Dissolve", None)],
            1,
        ),
    ],
)
def test_transitions_stand_at_their_cuts_and_never_reach_beyond_clip_or_media(items, found, losses):
    sheet = sheet_of(timeline(track("V", *[item.clone() for item in items])))
    (made,) = sheet.tracks
    assert [(each.at, each.before, each.after, each.name, each.wipe) for each in made.transitions] == found
    assert len(sheet.losses) == losses


@pytest.mark.parametrize(
    ("speed", "head", "tail", "taken"),
    [
        (1.0, 2, 3, (98, 15)),
        (2.0, 2, 3, (96, 30)),
        (-1.0, 2, 3, (97, 15)),
        (0.5, 3, 0, (98, 7)),
        (-0.75, 2, 2, (99, 11)),
        (0.0, 2, 3, (100, 1)),
    ],
)
def test_what_transitions_show_beyond_an_event_lies_on_the_side_that_plays_there(speed, head, tail, taken):
    (event,) = (
        sheet_of(timeline(track("V", clip("a", 100, 10, effects=[schema.LinearTimeWarp(time_scalar=speed)]))))
        .tracks[0]
        .events
    )
    span = taken_range(event, Rate(25), head=head, tail=tail)
    assert (span.start, span.duration) == taken


@pytest.mark.parametrize(
    ("speed", "at", "record"), [(1.0, 4, 4), (2.0, 4, 2), (0.5, 2, 4), (-1.0, 0, 9), (-2.0, 19, 0), (0.0, 0, 0)]
)
def test_a_marker_lies_where_its_frame_is_shown(speed, at, record):
    item = clip("a", 100, 10, effects=[schema.LinearTimeWarp(time_scalar=speed)])
    item.markers.append(schema.Marker("m", Range(Time(100 + at, 25), Time(0, 25))))
    (event,) = sheet_of(timeline(track("V", item))).tracks[0].events
    assert event.marks[0].record.start == record


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
