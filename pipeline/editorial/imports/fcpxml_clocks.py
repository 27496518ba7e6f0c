"""The clocks of an FCPXML: what each shows at a moment of the timeline, and how a `timeMap` bends it.

Every element has a clock of its own. A clip's `offset` is its place on its parent's clock and `duration` its length
there; what is inside it counts on the clip's clock, which shows `start` where the clip begins. A clip whose rate is
conformed, or that has a `timeMap`, has a clock that runs faster or slower than its parent's.
Times are fractions of seconds.
"""

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from pipeline.editorial.imports.fcpxml_resources import seconds
from pipeline.editorial.imports.markup import Node

NORMAL = Fraction(1)  # the speed of most clocks, known by identity: nothing is divided for those


class Clock(NamedTuple):
    """`at` (seconds of the timeline) shows `start`; it runs `speed` times as fast as the timeline."""

    at: Fraction
    start: Fraction = Fraction(0)
    speed: Fraction = NORMAL

    def timeline(self, local: Fraction) -> Fraction:
        since = local - self.start
        return self.at + (since if self.speed is NORMAL else since / self.speed)

    def local(self, time: Fraction) -> Fraction:
        since = time - self.at
        return self.start + (since if self.speed is NORMAL else since * self.speed)


def points_of(node: Node) -> list[tuple[Fraction, Fraction]]:
    """The points of a `timeMap`, time and value in seconds, in order of time."""
    found = {}
    for point in node.findall("timeMap/timept"):
        time, value = seconds(point.get("time")), seconds(point.get("value"))
        if time is not None and value is not None:
            found[time] = value
    return sorted(found.items()) if len(found) > 1 else []


def value_at(points: list[tuple[Fraction, Fraction]], time: Fraction) -> Fraction:
    """The value at a time, on the line between the points around it; on the nearest line beyond them."""
    after = next((number for number, (at, _) in enumerate(points[1:], 1) if time <= at), len(points) - 1)
    (first, low), (last, high) = points[after - 1], points[after]
    return low + (time - first) * (high - low) / (last - first)


def is_even(points: list[tuple[Fraction, Fraction]]) -> bool:
    """Whether the speed is the same between all points."""
    return len({(high - low) / (last - first) for (first, low), (last, high) in pairwise(points)}) == 1


def retimed(clock: Clock, points: list[tuple[Fraction, Fraction]]) -> Clock | None:
    """The clock of what lies in a clip; None where it changes its speed on the way, or stands still."""
    if not points:
        return clock
    (first, low), (last, high) = points[0], points[-1]
    speed = clock.speed * (high - low) / (last - first)
    return Clock(clock.at, value_at(points, clock.start), speed) if is_even(points) and speed else None
