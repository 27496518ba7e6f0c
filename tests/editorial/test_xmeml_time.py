"""Speeds and transitions in FCP7 XML, judged by where they lead in the file."""

from fractions import Fraction
from pathlib import Path

import pytest
from editorial_clips import RATES
from torture import Builder, Time, timeline_of, torture_timeline
from xml_reader import files_of, played_of, rate_of, root_of

from pipeline.editorial.exports import xmeml
from pipeline.editorial.exports.events import sheet_of, taken_frames
from pipeline.editorial.exports.written import ExportOptions
from pipeline.timecode import Rate

PAL = RATES["25"]


def exported(cut):
    result = xmeml.write(cut, ExportOptions(Path()))
    return root_of(result.files[0].content.decode()), result.losses


def read(root):
    (sequence,) = root.iter("sequence")
    durations = {name: file.duration / file.rate for name, file in files_of(root).items()}
    return played_of(sequence, rate_of(sequence), durations)


@pytest.mark.parametrize(("rate", "drop"), [("23.976", False), ("25", False), ("29.97", True), ("59.94", False)])
def test_every_picture_of_the_torture_timeline_plays_the_frames_it_should(rate, drop):
    cut = torture_timeline(RATES[rate], drop=drop)
    sheet = sheet_of(cut)
    root, _ = exported(cut)
    clips, mixes = read(root)
    starts = {file.name: file.start / file.rate for file in files_of(root).values()}
    expected = [
        (number, event.source.name, (event.record.start, event.record.end), event.speed, event)
        for number, track in enumerate(sheet.of_kind("Video"), start=1)
        for event in track.events
    ]
    seen = [clip for clip in clips if clip.kind == "video"]
    assert [(clip.track, clip.name, clip.record) for clip in seen] == [each[:3] for each in expected]
    for clip, (*_, speed, event) in zip(seen, expected, strict=True):
        assert abs(clip.speed - speed) < Fraction(1, 100_000)
        edge = event.source_in + (taken_frames(event, sheet.start.rate) if speed < 0 else 0)
        wanted = event.source.rate.seconds(edge)
        if event.source.name != "over.mov":  # a name that two files have
            assert abs(starts[event.source.name] + clip.into - wanted) < Fraction(1, 10_000)
    assert {mix[1:] for mix in mixes if mix[0] == "video"} == {
        (number, each.at, each.before, each.after, each.wipe or 0)
        for number, track in enumerate(sheet.of_kind("Video"), start=1)
        for each in track.transitions
    }


@pytest.mark.parametrize(
    ("speed", "into", "frames", "taken", "keys"),
    [
        (Fraction(2), 40, 20, (20, 40), {0: 0, 20: 40, 40: 80, 50: 100}),
        (Fraction(2), 41, 20, (20, 41), {0: 0, 20: 40, 41: 82, 50: 100}),
        (Fraction(1, 2), 40, 20, (80, 100), {0: 0, 80: 40, 100: 50, 200: 100}),
        (Fraction(-1), 40, 20, (40, 60), {0: 100, 40: 60, 60: 40, 100: 0}),
        (Fraction(0), 40, 20, (40, 60), {0: 40, 40: 40, 60: 40, 100: 40}),
    ],
)
def test_a_speed_is_a_filter_and_in_and_out_count_frames_as_played(speed, into, frames, taken, keys):
    make = Builder(PAL, "/x")
    root, losses = exported(
        timeline_of(make.track("V", "Video", make.clip("a", frames, into=into, media=100, speed=speed)))
    )
    item = root.find(".//sequence//clipitem")
    assert (int(item.findtext("in")), int(item.findtext("out"))) == taken
    graph = {int(key.findtext("when")): Fraction(key.findtext("value")) for key in item.iter("keyframe")}
    assert graph == keys
    assert ("Frozen frames, written as a speed of 0 %: a." in losses) == (speed == 0)


@pytest.mark.parametrize(
    ("items", "alignments", "places"),
    [
        ([("a", 20), (2, 3), ("b", 20)], ["center"], [("0", "-1"), ("-1", "40")]),
        ([("a", 20), (5, 0), ("b", 20)], ["end"], [("0", "-1"), ("-1", "40")]),
        ([("a", 20), (0, 5), ("b", 20)], ["start"], [("0", "-1"), ("-1", "40")]),
        ([(0, 5), ("a", 20)], ["start-black"], [("-1", "20")]),
        ([("a", 20), (5, 0)], ["end-black"], [("0", "-1")]),
        (
            [("a", 20), (2, 2), ("b", 20), (3, 3), ("c", 20)],
            ["center", "center"],
            [("0", "-1"), ("-1", "-1"), ("-1", "60")],
        ),
    ],
)
def test_a_transition_takes_the_place_of_the_ends_beside_it(items, alignments, places):
    make = Builder(PAL, "/x")
    made = [make.transition(*item) if isinstance(item[0], int) else make.clip(*item) for item in items]
    root, _ = exported(timeline_of(make.track("V", "Video", *made)))
    (sequence,) = root.iter("sequence")
    assert [each.findtext("alignment") for each in sequence.iter("transitionitem")] == alignments
    clips = sequence.findall("media/video/track/clipitem")
    assert [(clip.findtext("start"), clip.findtext("end")) for clip in clips] == places


def test_the_frames_that_a_transition_shows_are_taken_too():
    make = Builder(PAL, "/x")
    root, _ = exported(
        timeline_of(make.track("V", "Video", make.clip("a", 20), make.transition(2, 3), make.clip("b", 20, speed=2)))
    )
    taken = [(each.findtext("in"), each.findtext("out")) for each in root.findall(".//sequence//clipitem")]
    assert taken == [("40", "63"), ("18", "40")]


def test_sound_fades_are_its_own_effect_and_unknown_transitions_are_named():
    make = Builder(PAL, "/x")
    sound = make.track(
        "A",
        "Audio",
        make.clip("a", 20, sound=True),
        make.transition(2, 3, "Spin", "Custom_Transition"),
        make.clip("b", 20, sound=True),
    )
    root, losses = exported(timeline_of(sound))
    ids = [each.text for each in root.iterfind(".//transitionitem/effect/effectid")]
    assert ids == ["KGAudioTransCrossFade3dB"] * 2  # one for each channel
    assert "Transitions that FCP7 XML does not know, written as dissolves: Spin." in losses


def test_markers_of_a_faster_clip_lie_inside_it():
    make = Builder(PAL, "/x")
    item = make.clip("a", 20, speed=2, markers=((10, 4, "m", ""),))
    root, _ = exported(timeline_of(make.track("V", "Video", item)))
    (mark,) = root.findall(".//sequence//clipitem/marker")
    assert [mark.findtext(tag) for tag in ("in", "out")] == ["25", "27"]


def test_a_rate_that_xmeml_cannot_say_keeps_speed_and_transition():
    make = Builder(PAL, "/x")
    odd = Rate(25, 2)
    cut = timeline_of(
        make.track("V", "Video", make.clip("a", 20, rate=odd, speed=2), make.transition(2, 2), make.clip("b", 20)),
        start=Time(0, 25.0),
    )
    clips, mixes = read(exported(cut)[0])
    assert [(clip.record, clip.speed) for clip in clips] == [((0, 20), 2), ((20, 40), 1)]
    assert clips[0].into == Fraction(40) / odd.fraction
    assert mixes == {("video", 1, 20, 2, 2, 0)}
