"""Timelines that no editor would make: each export writes them whole or refuses them in a sentence."""

from pathlib import Path

import pytest
from torture import Builder, Range, Time, schema, timeline_of

from pipeline.editorial.exports import aaf, ale, edl, fcpxml, kdenlive, otio_json, xmeml
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.written import ExportOptions
from pipeline.errors import RushesError
from pipeline.timecode import Rate

EVENTS = (edl.write, xmeml.write, fcpxml.write, ale.write, kdenlive.write, aaf.write)
FIVE = Range(Time(0, 25), Time(5, 25))
NAN, INF = float("nan"), float("inf")


def clip(start=0.0, duration=10.0, rate=25.0, *, available=None, said=None, **others):
    reference = schema.ExternalReference("/c.mov", available)
    metadata = {"rushes": said} if said is not None else {}
    return schema.Clip("c", reference, Range(Time(start, rate), Time(duration, rate)), metadata=metadata, **others)


def cut(*items, start=None, kind="Video"):
    track = schema.Track("V", kind=kind)
    track.extend(items)
    return timeline_of(track, start=start)


def mark(start, duration):
    return schema.Marker("m", Range(Time(start, 25), Time(duration, 25)))


def warp(scalar):
    return schema.LinearTimeWarp(time_scalar=scalar)


REFUSED = {
    "a duration below zero": lambda: cut(clip(0, 20), clip(5, -10)),
    "a start beyond all time": lambda: cut(clip(1e15, 10)),
    "a length beyond all time": lambda: cut(clip(0, 1e300)),
    "no number": lambda: cut(clip(NAN, 10)),
    "no end": lambda: cut(clip(0, INF)),
    "a rate of zero": lambda: cut(clip(0, 10, 0.0)),
    "a rate below zero": lambda: cut(clip(0, 10, -25.0)),
    "media of a length below zero": lambda: cut(clip(available=Range(Time(-100, 25), Time(-5, 25)))),
    "no length and no media": lambda: cut(schema.Clip("m")),
    "a speed that is no number": lambda: cut(clip(effects=[warp(NAN)])),
    "a speed without bound": lambda: cut(clip(effects=[warp(INF)])),
    "a start that is no number": lambda: cut(clip(), start=Time(NAN, 25)),
    "a marker that is no number": lambda: cut(clip(markers=[mark(NAN, 1)])),
    "a marker below zero length": lambda: cut(clip(markers=[mark(0, -1)])),
    "a transition beyond all time": lambda: cut(
        clip(), schema.Transition("t", "", Time(1e18, 25), Time(1e18, 25)), clip()
    ),
    "words of ours that are another's": lambda: cut(clip(said="hello")),
    "a billion channels": lambda: cut(clip(said={"channels": 10**9}), kind="Audio"),
    "a stream below zero": lambda: cut(clip(said={"stream": -1}), kind="Audio"),
    "a fraction over zero": lambda: cut(clip(said={"file": {"late": "1/0"}})),
    "a nested timeline": lambda: cut(schema.Stack("inner")),
}
WRITTEN = {
    "a start before zero": lambda: cut(clip(-50, 10)),
    "a timeline before zero": lambda: cut(clip(), start=Time(-5, 25)),
    "a timeline with nothing": lambda: schema.Timeline("e"),
    "an empty track": cut,
    "no media reference": lambda: cut(schema.Clip("m", schema.MissingReference(), FIVE)),
    "bars": lambda: cut(schema.Clip("g", schema.GeneratorReference("bars", "SMPTEBars"), FIVE)),
    "pictures in a row": lambda: cut(
        schema.Clip("s", schema.ImageSequenceReference("/a/", "b", ".exr", 1, 1, 24), FIVE)
    ),
    "a name of 300 bytes": lambda: cut(schema.Clip("n" * 300, schema.ExternalReference("/" + "n" * 300), FIVE)),
    "control characters": lambda: cut(schema.Clip("a\x00b\x1b\n", schema.ExternalReference("/a\x00b"), FIVE)),
    "an enormous speed": lambda: cut(clip(effects=[warp(1e6)])),
    "a tiny speed": lambda: cut(clip(effects=[warp(1e-12)])),
    "a transition below zero": lambda: cut(clip(), schema.Transition("t", "", Time(-3, 25), Time(-3, 25)), clip()),
    "a marker outside": lambda: cut(clip(markers=[mark(-9, 1), mark(1e9, 5)])),
    "nothing but a transition": lambda: cut(schema.Transition("t", "", Time(3, 25), Time(3, 25))),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("write", EVENTS)
def test_it_is_refused_in_one_sentence(write, name):
    with pytest.raises(RushesError) as refused:
        write(REFUSED[name](), ExportOptions(Path()))
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("write", [*EVENTS, otio_json.write])
def test_it_is_written_whole(write, name):
    made = write(WRITTEN[name](), ExportOptions(Path()))
    assert all(file.content for file in made.files)


def test_a_disabled_clip_and_a_track_of_another_kind_are_left_out_and_named():
    off = clip()
    off.enabled = False
    made = cut(off, clip())
    made.tracks.append(schema.Track("Subtitles", kind="Subtitle"))
    sheet = sheet_of(made)
    assert [(track.name, [event.record.start for event in track.events]) for track in sheet.tracks] == [("V", [10])]
    assert sheet.losses == (
        "Disabled clips, left out: c.",
        "Tracks of neither pictures nor sound, left out: Subtitles.",
    )


def test_a_hundred_thousand_events_are_written_by_every_format():
    make = Builder(Rate(25), "/x")
    one = make.clip("a.mov", 2, media=10_000)
    made = timeline_of(make.track("V", "Video", *(one.clone() for _ in range(100_000))))
    for write in (*EVENTS, otio_json.write):
        assert write(made, ExportOptions(Path())).files[0].content
