"""Speeds and transitions in FCPXML, judged by the rationals alone."""

from fractions import Fraction
from pathlib import Path

import pytest
from editorial_clips import RATES
from read_fcpxml import read_fcpxml
from test_fcpxml import dtd, options, text_of, valid  # noqa: F401  # dtd is a fixture
from torture import Builder, timeline_of, torture_timeline

from pipeline.editorial.exports import fcpxml
from pipeline.editorial.exports.events import held_by, sheet_of, taken_frames
from pipeline.editorial.exports.written import ExportOptions

PAL = RATES["25"]


def read(cut):
    return read_fcpxml(text_of(fcpxml.write(cut, ExportOptions(Path()))))


@pytest.mark.parametrize(("rate", "drop"), [("23.976", False), ("25", False), ("29.97", True), ("60", False)])
@pytest.mark.parametrize("editor", ["fcp", "resolve"])
def test_the_torture_timeline_is_valid_and_plays_the_frames_it_should(dtd, rate, drop, editor):  # noqa: F811
    cut = torture_timeline(RATES[rate], drop=drop)
    sheet = sheet_of(cut)
    held = held_by(sheet)
    content = text_of(fcpxml.write(cut, options(editor)))
    assert valid(dtd, content)
    made = read_fcpxml(content)
    seen = {(clip.lane, made.frames(clip.record)): clip for clip in made.clips}
    for lane, track in enumerate(sheet.of_kind("Video")):
        for event in track.events:
            clip = seen[lane, event.record.start]
            assert (clip.name, made.frames(clip.duration)) == (event.source.name, event.record.duration)
            edge = event.source_in + (taken_frames(event, sheet.start.rate) if event.speed < 0 else 0)
            into = event.source.rate.seconds(edge - held[event.source].span.start)
            assert abs(clip.into - into) < Fraction(1, 10**6)
            assert abs(clip.speed - event.speed) < Fraction(1, 10**6)
    expected = {
        (lane, each.at - each.before, each.before + each.after)
        for lane, track in enumerate(sheet.of_kind("Video"))
        for each in track.transitions
    }
    assert {
        (lane, made.frames(at), made.frames(long)) for lane, at, long, pictures, _ in made.mixes if pictures
    } == expected
    assert {(made.frames(at), made.frames(long)) for *_, at, long, pictures, sound in made.mixes if not pictures} == {
        (44, 12)
    }


@pytest.mark.parametrize(
    ("speed", "start", "points"),
    [
        (Fraction(2), "4/5s", ["0s 3600s", "2s 3604s"]),
        (Fraction(1, 2), "16/5s", ["0s 3600s", "8s 3604s"]),
        (Fraction(-1), "8/5s", ["0s 3604s", "4s 3600s"]),
        (Fraction(0), "0s", ["0s 18008/5s", "4/5s 18008/5s"]),
    ],
)
def test_a_speed_is_a_map_from_the_clock_of_the_clip_to_that_of_its_media(speed, start, points):
    make = Builder(PAL, "/x")
    made = read(timeline_of(make.track("V", "Video", make.clip("a", 20, media=100, start="01:00:00:00", speed=speed))))
    (clip,) = [each for each in made.root.iter("asset-clip") if each.get("offset")]
    assert clip.get("start") == start
    assert [f"{each.get('time')} {each.get('value')}" for each in clip.iter("timept")] == points


def test_what_hangs_on_a_faster_clip_stands_on_its_clock():
    make = Builder(PAL, "/x")
    fast = make.clip("a", 20, speed=2, markers=((10, 4, "m", ""),))
    over = make.track("V2", "Video", make.gap(7), make.clip("b", 5))
    made = read(timeline_of(make.track("V", "Video", fast), over))
    assert [(clip.name, made.frames(clip.record)) for clip in made.clips] == [("a", 0), ("b", 7)]
    assert [(made.frames(at), name) for at, _, name, _ in made.clips[0].markers] == [(5, "m")]


def test_connected_clips_with_a_transition_are_a_storyline_with_what_it_fades_over():
    make = Builder(PAL, "/x")
    base = make.track("V", "Video", make.clip("base", 100))
    over = make.track(
        "V2",
        "Video",
        make.gap(30),
        make.transition(4, 2),
        make.clip("b", 20),
        make.transition(3, 3),
        make.clip("c", 20),
    )
    made = read(timeline_of(base, over))
    (spine,) = [each for each in made.root.iter("spine") if each.get("lane")]
    assert [each.tag for each in spine] == ["gap", "transition", "asset-clip", "transition", "asset-clip"]
    assert [(clip.lane, clip.name, made.frames(clip.record)) for clip in made.clips] == [
        (0, "base", 0),
        (1, "b", 30),
        (1, "c", 50),
    ]
    assert {(lane, made.frames(at), made.frames(long)) for lane, at, long, *_ in made.mixes} == {(1, 26, 6), (1, 47, 6)}


def test_sound_mixes_with_its_picture_or_is_named():
    make = Builder(PAL, "/x")
    clips = [make.clip("a", 20, start="01:00:00:00"), make.clip("b", 20, start="02:00:00:00")]
    track = make.track("V", "Video", clips[0], make.transition(2, 2), clips[1])
    same = make.track("A", "Audio", clips[0].clone(), make.transition(2, 2), clips[1].clone())
    other = make.track("A", "Audio", clips[0].clone(), make.transition(3, 3), clips[1].clone())
    assert [mix[3:] for mix in read(timeline_of(track.clone(), same)).mixes] == [(True, True)]
    made = fcpxml.write(timeline_of(track, other), ExportOptions(Path()))
    assert [mix[3:] for mix in read_fcpxml(text_of(made)).mixes] == [(True, False)]
    assert "Sound that mixes where its picture does not, written as cuts: a, b." in made.losses


def test_wipes_are_named_and_an_odd_speed_fits_32_bits():
    make = Builder(RATES["29.97"], "/x")
    items = [make.clip("a", 20), make.transition(2, 2, "W003"), make.clip("b", 33, speed=Fraction(99_991, 99_989))]
    made = fcpxml.write(timeline_of(make.track("V", "Video", *items)), ExportOptions(Path()))
    assert "Transitions other than dissolves, written as dissolves: W003." in made.losses
    assert len(read_fcpxml(text_of(made)).clips) == 2
