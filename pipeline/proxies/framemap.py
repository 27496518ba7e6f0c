"""Which picture of the original each frame of a proxy shows.

Of a constant rate they are the same. Of a variable rate the proxy holds each picture until the next one
begins; this is the way back: a cut on the proxy, conformed through the map, is one on the original.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.metadata.frames import Times
from pipeline.timecode import Rate


@dataclass(frozen=True, slots=True)
class Run:
    """`frames` proxy frames from `proxy` on, which show as many pictures of the original from `original` on."""

    proxy: int
    original: int
    frames: int


def frame_map(times: Times, rate: Rate, frames: int) -> tuple[int, ...]:
    """For each frame of a constant-rate proxy the number of the original's picture in it, both from 0.

    A picture begins on the frame nearest to its time (half a frame counts up); where several begin on one
    frame the last is seen; the first is seen from the beginning. No rounding but this one.
    """
    shows = [-1] * frames
    for number, time in enumerate(times.pictures):
        frame = (2 * time * rate.numerator + times.clock * rate.denominator) // (2 * times.clock * rate.denominator)
        if frame >= frames:
            break
        shows[max(0, frame)] = number
    held = 0
    for frame, number in enumerate(shows):
        held = number if number >= 0 else held
        shows[frame] = held
    return tuple(shows)


def runs(shows: Sequence[int]) -> tuple[Run, ...]:
    """A map told in runs: short, and as exact."""
    found: list[Run] = []
    for frame, number in enumerate(shows):
        last = found[-1] if found else None
        if last and number == last.original + last.frames:
            found[-1] = Run(last.proxy, last.original, last.frames + 1)
        else:
            found.append(Run(frame, number, 1))
    return tuple(found)
