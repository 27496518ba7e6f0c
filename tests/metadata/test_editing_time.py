"""Lengths that are counted later: a clip is as long as its parts together, once all of them are known."""

from dataclasses import replace

import pytest

from pipeline.clip import Clip, Facts, Part, Stamp, VideoStream
from pipeline.metadata.editing import counted
from pipeline.timecode import Rate

PAL = Rate(25)


def clip(*frames: int | None, rate: Rate | None = PAL) -> Clip:
    """A clip of parts that are as long as stated."""
    parts = tuple(
        Part(1, b"0000%d.MTS" % number, Stamp(1, number, 100, 0), f"part {number}", length)
        for number, length in enumerate(frames)
    )
    total = sum(length for length in frames if length) if None not in frames else None
    facts = Facts(container="mpegts", video=VideoStream(rate=rate, average_rate=PAL, frames=total))
    return Clip("id", "00000.MTS", "A001", "picture", parts, facts, PAL, total, None)


@pytest.mark.parametrize(
    ("known", "lengths", "frames"),
    [
        ((None,), {"part 0": 10}, 10),
        ((None, None), {"part 0": 10, "part 1": 20}, 30),
        ((7, None), {"part 1": 20}, 27),
        ((7, None), {"part 0": 99, "part 1": 20}, 27),
        ((None, None), {"part 0": 10}, None),
        ((7, 8), {"part 0": 99}, 15),
    ],
)
def test_a_clip_is_as_long_as_its_parts(
    known: tuple[int | None, ...], lengths: dict[str, int], frames: int | None
) -> None:
    found = counted(clip(*known), lengths)
    assert (found.frames, found.facts.video.frames) == (frames, frames)


def test_what_was_counted_is_said_to_be() -> None:
    assert counted(clip(None), {"part 0": 10}).facts.sources[-1].where == "counted while the file was read"


def test_one_part_after_another_is_the_same_as_all_at_once() -> None:
    once = counted(clip(None, None), {"part 0": 10, "part 1": 20})
    assert counted(counted(clip(None, None), {"part 1": 20}), {"part 0": 10}) == once


def test_of_a_variable_rate_only_the_length_of_editing_is_known() -> None:
    found = counted(clip(None, rate=None), {"part 0": 10})
    assert (found.frames, found.facts.video.frames) == (10, None)


def test_sound_is_not_counted() -> None:
    sound = replace(clip(None), facts=Facts(container="mpegts"))
    assert counted(sound, {"part 0": 10}) == sound
