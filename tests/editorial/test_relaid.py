"""An editor's timeline that was kept is laid again: it comes back the same, and what is not known is said."""

from dataclasses import replace
from pathlib import Path

import pytest
from editorial_clips import logged, media, settings
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from pipeline.editorial.exports import aaf, edl, fcpxml, otio_json, xmeml
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports.kept import Kept, KeptEvent, KeptMark, KeptTransition, keep
from pipeline.editorial.imports.known import Known, Place
from pipeline.editorial.imports.matching import index_of, matched
from pipeline.editorial.imports.registry import IMPORTS
from pipeline.editorial.relaid import relaid

CLIPS = (
    logged("C0001.mov", frames=500, start="09:00:00:00", audio=(2,), reel="R001", clip_id="1" * 32),
    logged("C0002.mov", frames=500, start="10:00:00:00", audio=(1, 1), reel="R002", card="B001", clip_id="2" * 32),
    logged("C0003.mov", "50", frames=900, start="11:00:00:00", audio=(2,), reel="R003", card="C001", clip_id="3" * 32),
    logged("G0001.mov", parts=(100, 100), start="12:00:00:00", audio=(2,), reel="R004", card="D001", clip_id="4" * 32),
)
SOUND = logged("T001.WAV", frames=800, start="09:00:00:00", kind="sound", audio=(4,), card="S001", clip_id="5" * 32)
BY_ID = {each.clip.id: each for each in (*CLIPS, SOUND)}
MEDIA = media(*BY_ID.values(), proxies=False)
FORMATS = {"otio": otio_json, "xml": xmeml, "fcpxml": fcpxml, "edl": edl, "aaf": aaf}
SPEEDS = ("1/1", "2/1", "1/2", "-1/1", "0/1")


def event(place, frames, clip=CLIPS[0], first=0, *, kind="Video", track=1, speed="1/1", **others):
    """An event at a frame of the timeline that plays a clip from its frame `first` on."""
    scale = clip.clip.rate.fraction / 25
    number = {"1/1": 1, "2/1": 2, "1/2": 0.5, "-1/1": 1, "0/1": 0}[speed]
    taken = max(1, -int(-frames * number * scale // 1))
    said = {
        "kind": kind,
        "track": track,
        "record": (place, frames),
        "clip": clip.clip.id,
        "range": (first, taken),
        "speed": speed,
        "name": clip.clip.name,
        "reel": "",
        "file": "",
        "line": None,
        "by": "id",
        "confidence": 1.0,
        "enabled": True,
    }
    return KeptEvent(**said | others)


def kept(*events, form="otio", transitions=(), marks=()):
    return Kept("x", form, "x", "25/1", False, "01:00:00:00", None, events, tuple(transitions), tuple(marks))


def laid(timeline):
    return relaid(timeline, BY_ID, MEDIA, (), settings=settings())


def back(cut, form):
    """The cut in a format, read as an import does; of several files that of the first pictures."""
    content = FORMATS[form].write(cut.timeline, ExportOptions(Path())).files[0].content
    reader = next(each for each in IMPORTS if each.recognises(content))
    timeline = reader.read(content)
    known = [
        Known(c.id, c.name, c.card, c.facts.reel or "", c.kind == "sound", str(c.start), str(c.rate), c.rate, c.frames)
        for c in (each.clip for each in BY_ID.values())
    ]
    places = [
        Place(c.id, f"/film/{part.path.decode()}", span.start)
        for c in (each.clip for each in BY_ID.values())
        for part, span in zip(c.parts, c.spans, strict=True)
    ]
    return keep("x", timeline, matched(timeline.events, index_of(known, places, (), timeline.events)))


def pictures(timeline):
    return [(e.track, e.record, e.clip, e.range, e.speed) for e in timeline.events if e.kind == "Video"]


def sounds(timeline):
    """Each sound once, on whatever tracks its channels lie."""
    return {(e.record, e.clip, e.range, e.speed) for e in timeline.events if e.kind == "Audio"}


@st.composite
def edits(draw):
    """Pictures on two tracks with their sound, here and there with nothing between them, and sound alone."""
    events, transitions = [], []
    for track in (1, 2):
        at = 0
        for _ in range(draw(st.integers(1, 4))):
            at += draw(st.sampled_from([0, 0, 7]))
            # One clip at one place on two tracks would be one sound in some formats: each track has clips of its own.
            clip, frames = draw(st.sampled_from(CLIPS[track - 1 : 3 : 2])), draw(st.integers(10, 60))
            first = 2 * draw(st.integers(20, 100))
            speed = draw(st.sampled_from(SPEEDS)) if clip is CLIPS[0] else "1/1"
            if events and events[-1].track == track and sum(events[-1].record) == at and draw(st.booleans()):
                transitions.append(KeptTransition("Video", track, at, 3, 3, "Cross Dissolve"))
            events.append(event(at, frames, clip, first, track=track, speed=speed))
            at += frames
    under = [
        replace(each, kind="Audio", track=2 * each.track - 1 + stream)
        for each in events
        if each.speed == "1/1"
        for stream in range(len(BY_ID[each.clip].clip.facts.audio))
    ]
    return kept(*events, *under, event(300, 40, SOUND, 50, kind="Audio", track=5), transitions=transitions)


@pytest.mark.parametrize("form", ["otio", "xml", "fcpxml", "aaf"])
@effort(max_examples=25, deadline=None)
@given(edits())
@example(
    kept(
        event(0, 10, CLIPS[0], 40),
        event(10, 10, CLIPS[0], 40, speed="1/2"),
        transitions=[KeptTransition("Video", 1, 10, 3, 3, "Cross Dissolve")],
    )
)
def test_what_was_imported_goes_out_and_comes_back_with_every_event(form, made):
    cut = laid(made)
    assert not cut.notes or "another frame rate" in cut.notes[0]
    returned = back(cut, form)
    assert pictures(returned) == pictures(made)
    assert sounds(returned) == sounds(made)
    ways = {(each.track, each.at, each.before, each.after) for each in returned.transitions if each.kind == "Video"}
    assert ways == {(each.track, each.at, each.before, each.after) for each in made.transitions}
    again = back(laid(returned), form)
    assert (again.events, again.transitions) == (returned.events, returned.transitions)


def test_a_list_comes_back_with_the_events_of_its_pictures_and_their_sound():
    made = kept(
        event(0, 30, CLIPS[0], 40),
        event(30, 50, CLIPS[2], 60),
        event(90, 20, CLIPS[1], 10, speed="1/1"),
        event(0, 30, CLIPS[0], 40, kind="Audio"),
        event(0, 30, CLIPS[0], 40, kind="Audio", track=2),
        event(90, 20, CLIPS[1], 10, kind="Audio"),
        form="edl",
    )
    returned = back(laid(made), "edl")
    assert pictures(returned) == pictures(made)
    heard = {(e.track, e.record, e.clip) for e in made.events if e.kind == "Audio"}
    assert {(e.track, e.record, e.clip) for e in returned.events if e.kind == "Audio"} == heard
    assert back(laid(returned), "edl").events == returned.events


def streams(made):
    """Track, stream and channels of each event of sound."""
    tracks = sheet_of(laid(made).timeline).of_kind("Audio")
    return [(number, each.stream, each.channels) for number, track in enumerate(tracks, 1) for each in track.events]


SAME = {"kind": "Audio"}


@pytest.mark.parametrize(
    ("form", "clip", "tracks", "expected"),
    [
        ("xmeml", CLIPS[0], {1: 1, 2: 2}, [(1, 1, 2)]),  # an event for each channel: one stream of two
        ("xmeml", CLIPS[1], {1: 1, 2: 2}, [(1, 1, 1), (2, 2, 1)]),  # two streams of one
        ("xmeml", CLIPS[0], {1: 1}, [(1, 1, 1)]),
        ("xmeml", CLIPS[0], {1: 2}, [(1, 1, 2)]),  # the second channel alone cannot be said
        ("xmeml", CLIPS[0], {1: 1, 2: 1}, [(1, 1, 1), (2, 1, 1)]),  # laid twice
        ("otio", CLIPS[0], {1: None}, [(1, 1, 2)]),  # an event for each stream
        ("otio", CLIPS[1], {2: None, 3: None}, [(2, 1, 1), (3, 2, 1)]),
        ("fcpxml", CLIPS[1], {1: None}, [(1, 1, 1), (2, 2, 1)]),  # one for all that the clip has
        ("edl", CLIPS[0], {1: None, 2: None}, [(1, 1, 2)]),
        ("edl", CLIPS[0], {1: None}, [(1, 1, 1)]),
    ],
)
def test_sound_is_told_by_streams_however_the_file_counts_it(form, clip, tracks, expected):
    made = kept(*(event(0, 30, clip, **SAME, track=n, channel=c) for n, c in tracks.items()), form=form)
    assert streams(made) == expected


def test_single_channels_behind_others_are_named():
    made = kept(event(0, 30, CLIPS[0], **SAME, channel=2), form="xmeml")
    assert laid(made).notes == (
        "Sound of which the editor took single channels, written with the channels before them: C0001.mov.",
    )


def test_what_was_found_in_no_clip_is_black_of_its_length_and_named():
    lost = replace(event(30, 20), name="stock 12.mov", clip=None, range=None)
    cut = laid(kept(event(0, 30), lost, event(50, 10)))
    (track,) = sheet_of(cut.timeline).of_kind("Video")
    assert [(each.record.start, each.record.end) for each in track.events] == [(0, 30), (50, 60)]
    assert "Events that were found in no clip of the log, left black: stock 12.mov." in cut.notes


def test_an_event_that_goes_on_where_its_clip_has_ended_is_shortened_and_named():
    cut = laid(kept(event(0, 30, CLIPS[0], 480), event(30, 10)))
    (track,) = sheet_of(cut.timeline).of_kind("Video")
    assert [(each.record.start, each.record.end) for each in track.events] == [(0, 20), (30, 40)]
    assert cut.notes == ("Events that go on where the clip in the log has ended, shortened: C0001.mov.",)


@pytest.mark.parametrize(
    ("speed", "first", "expected"),
    [
        ("1/1", 80, [("G0001.mov", 80, 0, 20), ("1_G0001.mov", 100, 20, 40)]),
        ("2/1", 80, [("G0001.mov", 80, 0, 10), ("1_G0001.mov", 100, 10, 40)]),
        ("-1/1", 80, [("1_G0001.mov", 100, 0, 20), ("G0001.mov", 80, 20, 40)]),
    ],
)
def test_an_event_over_the_joint_of_two_files_is_an_event_of_each(speed, first, expected):
    (track,) = sheet_of(laid(kept(event(0, 40, CLIPS[3], first, speed=speed))).timeline).of_kind("Video")
    start = CLIPS[3].clip.start.frame
    found = [(e.source.name, e.source_in - start, e.record.start, e.record.end) for e in track.events]
    assert found == expected


def test_tracks_keep_their_numbers_and_what_overlaps_lies_behind():
    made = kept(
        event(0, 30), event(10, 30, CLIPS[1]), replace(event(0, 5, track=2), record=None), event(0, 5, track=3),
        replace(event(0, 5, track=3), record=(9, 0)), event(0, 9, CLIPS[0], **SAME, track=2),
    )  # fmt: skip
    names = [(track.name, len(track.events)) for track in sheet_of(laid(made).timeline).tracks]
    assert names == [("Video 1", 1), ("Video 2", 1), ("Video 3", 0), ("Video 4", 1), ("Audio 1", 0), ("Audio 2", 1)]


def test_transitions_where_nothing_meets_and_events_of_no_place_are_named():
    dissolve = KeptTransition("Video", 1, 90, 4, 4, "Cross Dissolve")
    cut = laid(kept(event(0, 30), replace(event(30, 30), record=None), transitions=[dissolve]))
    assert cut.notes == (
        "Transitions where no clip begins or ends, left out: Cross Dissolve.",
        "Events that state no place on the timeline, left out: C0001.mov.",
    )


def test_markers_switched_off_clips_and_wipes_stay():
    wipe = KeptTransition("Video", 1, 30, 5, 5, "W012")
    mark = KeptMark("act 2", "a note", "RED", (12, 5))
    cut = laid(
        kept(
            event(0, 30, first=50),
            event(30, 30, first=50),
            replace(event(60, 9), enabled=False),
            transitions=[wipe],
            marks=[mark],
        )
    )
    sheet = sheet_of(cut.timeline)
    assert [(each.at, each.wipe) for each in sheet.tracks[0].transitions] == [(30, 12)]
    assert [(each.record.start, each.name, each.note, each.color) for each in sheet.marks] == [
        (12, "act 2", "a note", "RED")
    ]
    assert sheet.losses == ("Disabled clips, left out: C0001.mov.",)
    assert cut.timeline.tracks[0][-1].enabled is False


def test_a_timeline_that_states_no_start_says_where_it_begins_now():
    assert laid(replace(kept(event(0, 30)), start=None)).notes == (
        "The file states no start; this begins at 01:00:00:00.",
    )
