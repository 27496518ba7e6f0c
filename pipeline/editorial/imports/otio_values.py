"""Times, ranges and words in OTIO's JSON, which may be of any kind where a file is damaged."""

from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, isfinite
from typing import Any, NamedTuple, TypeAlias

from pipeline.timecode import Rate, TimeRange

Values: TypeAlias = dict[str, Any]
_NOISE = Fraction(1, 50_000)  # of a frame: what sums of floats add
_MOST = 1e12


class Time(NamedTuple):
    value: Fraction
    rate: Rate


class Span(NamedTuple):
    """A range as it stands: its two times may count at different rates."""

    start: Time
    duration: Time

    def frames(self, rate: Rate) -> TimeRange:
        """The whole frames at `rate` that it begins in and lasts for."""
        lasts = ceil(frames_of(self.duration, rate) - _NOISE)
        return TimeRange(floor(frames_of(self.start, rate) + _NOISE), max(0, lasts))


def inside(value: Values, name: str) -> list[Values]:
    """The objects of a list; what is none is left out."""
    held = value.get(name)
    return [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []


def text_in(value: Values, *path: str) -> str:
    """The text that a path of names leads to; empty where there is none."""
    found: Any = value
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def time_of(value: Any) -> Time | None:
    """A RationalTime; None for what is none: no number, infinite, or at no rate."""
    if not isinstance(value, dict):
        return None
    count, rate = value.get("value"), value.get("rate")
    if isinstance(count, bool) or not isinstance(count, int | float) or not isinstance(rate, int | float):
        return None
    exact = _rate(rate)
    if exact is None or not isfinite(count) or abs(count) > _MOST:
        return None
    return Time(Fraction(count), exact)


def range_of(value: Any) -> Span | None:
    if not isinstance(value, dict):
        return None
    start, duration = time_of(value.get("start_time")), time_of(value.get("duration"))
    return Span(start, duration) if start is not None and duration is not None and duration.value >= 0 else None


def frames_of(time: Time, rate: Rate) -> Fraction:
    """A time in exact frames at `rate`, without the noise of floats."""
    exact = time.value if time.rate == rate else time.value * rate.fraction / time.rate.fraction
    nearest = round(exact)
    return Fraction(nearest) if abs(exact - nearest) < Fraction(1, 100_000) else exact


@lru_cache(maxsize=256)
def _rate(value: float) -> Rate | None:
    """The rate that a float stands for; 29.97 is 30000/1001."""
    if not isfinite(value) or not 1e-3 < value < 1e6:
        return None
    return Rate.nearest(Fraction(value)) or Rate.of(Fraction(value).limit_denominator(1001))


def color_of(value: Values) -> str:
    """The name of a colour: a word, or in newer files an object."""
    color = value.get("color")
    return text_in(color, "name") if isinstance(color, dict) else text_in(value, "color")
