"""Any frame of a clip of several files lies in one file, and that place leads back to the frame."""

from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clip import Clip, Facts, LoggedClip, Marker, Part, PartFrame, Stamp
from pipeline.editorial.arrange import CutSettings
from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import edl
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.shots import media_of
from pipeline.errors import ValueRefused
from pipeline.timecode import Rate, Timecode, TimeRange

RATE = Rate(25)
COUNTS = st.lists(st.integers(1, 400), min_size=1, max_size=6)


def clip_of(counts, *, frames=None, start=90_000) -> Clip:
    parts = tuple(
        Part(1, f"A/GX{number + 1:02}0034.MP4".encode(), Stamp(1, number, 9, 0), str(number), count)
        for number, count in enumerate(counts)
    )
    whole = sum(count or 0 for count in counts) if frames is None else frames
    return Clip("id", "GX010034.MP4", "A", "picture", parts, Facts(), RATE, whole, Timecode(start, RATE))


@given(COUNTS)
def test_every_frame_has_one_place_and_comes_back_from_it(counts):
    clip = clip_of(counts)
    places = [clip.place_of(frame) for frame in range(clip.frames)]
    assert [clip.frame_at(place) for place in places] == list(range(clip.frames))
    assert places == [PartFrame(part, frame) for part, count in enumerate(counts) for frame in range(count)]


@given(COUNTS, st.integers(0, 2400))
def test_parts_never_hold_more_than_the_clip_has(counts, frames):
    spans = clip_of(counts, frames=frames).spans
    assert sum(span.duration for span in spans) == frames
    assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]]


@pytest.mark.parametrize(
    ("counts", "frames", "spans"),
    [
        ((10, 20), 30, [(0, 10), (10, 20)]),
        ((10, None), 25, [(0, 10), (10, 15)]),  # the last holds the rest
        ((10, None, 7), 25, [(0, 10), (10, 15), (25, 0)]),
        ((10, 20), 31, [(0, 10), (10, 21)]),  # variable rate: parts are rounded one by one
        ((None,), 0, [(0, 0)]),
    ],
)
def test_what_each_part_holds(counts, frames, spans):
    assert clip_of(counts, frames=frames).spans == tuple(TimeRange(*span) for span in spans)


@pytest.mark.parametrize("frame", [-1, 30])
def test_a_frame_outside_the_clip_is_refused(frame):
    with pytest.raises(ValueRefused, match="30 frames"):
        clip_of((10, 20)).place_of(frame)


@pytest.mark.parametrize("place", [PartFrame(0, 10), PartFrame(2, 0), PartFrame(-1, 0), PartFrame(1, -1)])
def test_a_place_outside_the_clip_is_refused(place):
    with pytest.raises(ValueRefused, match="no frame"):
        clip_of((10, 20)).frame_at(place)


def cut_of(clip: Clip, first: int, length: int) -> otio.schema.Timeline:
    logged = LoggedClip(clip, "ready", {}, (Marker(TimeRange(first, length)),))
    media = {clip.id: media_of(clip, {1: "/film"})}
    settings = CutSettings("cut", Timecode(0, RATE))
    return assemble("selects", [logged], media, settings).timeline


@given(COUNTS, st.data())
def test_a_timeline_names_the_file_and_timecode_of_every_frame(counts, data):
    clip = clip_of(counts)
    first = data.draw(st.integers(0, clip.frames - 1))
    length = data.draw(st.integers(1, clip.frames - first))
    timeline = cut_of(clip, first, length)
    found = []
    for item in timeline.video_tracks()[0]:
        begin = round(item.source_range.start_time.value)
        file = round(item.available_range().start_time.value)
        shown = range(begin, begin + round(item.source_range.duration.value))
        found += [(item.media_reference.target_url, frame - file, frame - 90_000) for frame in shown]
    wanted = [clip.place_of(frame) for frame in range(first, first + length)]
    assert found == [
        (f"/film/{clip.parts[place.part].path.decode()}", place.frame, clip.frame_at(place)) for place in wanted
    ]


def test_an_event_list_has_one_event_for_each_file_of_a_recording():
    timeline = cut_of(clip_of((10, 20, 30)), 5, 40)
    lines = edl.write(timeline, ExportOptions(Path())).files[0].content.decode().splitlines()
    events = [line.split()[-4:] for line in lines if line[:3].isdecimal()]
    assert events == [
        ["01:00:00:05", "01:00:00:10", "00:00:00:00", "00:00:00:05"],
        ["01:00:00:10", "01:00:01:05", "00:00:00:05", "00:00:01:00"],
        ["01:00:01:05", "01:00:01:20", "00:00:01:00", "00:00:01:15"],
    ]
