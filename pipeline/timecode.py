"""Exact time: rates as fractions, positions as whole frames, drop-frame as a flag.

Labels follow SMPTE ST 12-1 (drop-frame: two labels in thirty are skipped each minute but every
tenth). A label is made and read here and nowhere else. No float decides a frame. Positions are made by the
100,000 in long cuts: they are msgspec structs, frozen as everything here, which take a fifth of the time to make.
"""

import re
from fractions import Fraction
from functools import cache
from math import floor
from typing import Self

import msgspec

from pipeline.errors import ValueRefused

STANDARD_RATES: tuple[Fraction, ...] = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(48000, 1001),
    Fraction(48),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
    Fraction(100),
    Fraction(120000, 1001),
    Fraction(120),
)
FLICKS = 705_600_000  # to the second: every standard rate has whole flicks a frame, so sums are exact
_FASTEST = 1000  # frames per second: what formats count in 16 bits, and nobody cuts at
_LABEL = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")


_TWO = tuple(f"{number:02}" for number in range(100))  # labels are asked for by the 100,000


class Rate(msgspec.Struct, frozen=True, order=True, gc=False):
    """Frames per second as an exact fraction; `Rate(30000, 1001)` is 29.97."""

    numerator: int
    denominator: int = 1

    def __post_init__(self) -> None:
        if self.numerator <= 0 or self.denominator <= 0:
            raise ValueRefused(f"A frame rate must be above zero, not {self.numerator}/{self.denominator}.")
        exact = Fraction(self.numerator, self.denominator)
        msgspec.structs.force_setattr(self, "numerator", exact.numerator)
        msgspec.structs.force_setattr(self, "denominator", exact.denominator)

    @classmethod
    def of(cls, value: Fraction) -> Self:
        return cls(value.numerator, value.denominator)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `25`, `30000/1001` or the short names people write (23.976, 29.97, 59.94...).

        Raises ValueRefused for anything else, 29.5 included: a rate is never rounded into another.
        """
        try:
            exact = Fraction(text.strip())
        except (ValueError, ZeroDivisionError):
            raise ValueRefused(f"'{text}' is no frame rate; write 25, 29.97 or 30000/1001.") from None
        if exact.denominator == 1 or "/" in text:
            return cls(exact.numerator, exact.denominator)
        for standard in STANDARD_RATES:
            if standard.denominator == 1001 and abs(standard - exact) < Fraction(1, 100):
                return cls.of(standard)
        raise ValueRefused(f"'{text}' is no standard frame rate; write it as a fraction, such as 30000/1001.")

    @classmethod
    def nearest(cls, value: Fraction, *, tolerance: Fraction = Fraction(1, 2000)) -> Self | None:
        """The standard rate within `tolerance` (relative) of a measured one, or None."""
        best = min(STANDARD_RATES, key=lambda standard: abs(standard - value))
        return cls.of(best) if abs(best - value) <= best * tolerance else None

    @property
    def fraction(self) -> Fraction:
        return _fraction(self.numerator, self.denominator)

    @property
    def nominal(self) -> int:
        """Frames that a second of timecode counts: 30 for 29.97, 24 for 23.976."""
        return -(-self.numerator // self.denominator)

    @property
    def can_drop(self) -> bool:
        """Whether drop-frame counting exists at this rate (29.97, 59.94, 119.88)."""
        return self.denominator == 1001 and self.nominal % 30 == 0

    def of_timeline(self) -> Self:
        """This rate, if a timeline may run at it. Raises ValueRefused."""
        if not 1 <= self.fraction <= _FASTEST:
            raise ValueRefused(f"No timeline runs at {self.label()} frames per second; write 1 to {_FASTEST:,}.")
        return self

    def seconds(self, frames: int) -> Fraction:
        return frames / self.fraction

    def frames(self, seconds: Fraction) -> int:
        """Whole frames that fit into `seconds`, rounded down."""
        return floor(seconds * self.fraction)

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    def label(self) -> str:
        """The name people use: 25, 23.976, 29.97."""
        if self.denominator == 1:
            return str(self.numerator)
        return f"{float(self.fraction):.3f}".rstrip("0").removesuffix(".")


class Timecode(msgspec.Struct, frozen=True, gc=False):
    """A frame of the day: `frame` counts real frames since 00:00:00:00 at `rate`, 0 <= frame < one day."""

    frame: int
    rate: Rate
    drop_frame: bool = False

    def __post_init__(self) -> None:
        day = _day(self.rate.numerator, self.rate.denominator, self.drop_frame)
        if not 0 <= self.frame < day:
            msgspec.structs.force_setattr(self, "frame", self.frame % day)

    @classmethod
    def parse(cls, text: str, rate: Rate, *, drop_frame: bool | None = None) -> Self:
        """Read HH:MM:SS:FF; `;` or `,` before the frames means drop-frame unless `drop_frame` says otherwise.

        Raises ValueRefused for labels that no clock shows (01:01:00;00, 25:00:00:00, frame 30 at 30).
        """
        match = _LABEL.fullmatch(text.strip())
        if match is None:
            raise ValueRefused(f"'{text}' is no timecode; write it as 10:00:00:00 (10:00:00;00 if drop-frame).")
        drop = match[4] in ";," if drop_frame is None else drop_frame
        hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
        dropped = _dropped_per_minute(rate) if drop else 0
        skipped = seconds == 0 and minutes % 10 != 0 and frames < dropped
        if hours > 23 or minutes > 59 or seconds > 59 or frames >= rate.nominal or skipped:
            raise ValueRefused(f"'{text}' does not exist in timecode at {rate.label()} frames per second.")
        total_minutes = hours * 60 + minutes
        counted = (total_minutes * 60 + seconds) * rate.nominal + frames
        return cls(counted - dropped * (total_minutes - total_minutes // 10), rate, drop)

    def counted_at(self, rate: Rate) -> "Timecode | None":
        """The same moment counted at a multiple or part of this rate (25 -> 50), or None for other rates.

        Rounded down to a frame: a label at 50 may fall inside a frame at 25.
        """
        exact = rate.fraction / self.rate.fraction
        if exact.denominator != 1 and exact.numerator != 1:
            return None
        return Timecode(floor(self.frame * exact), rate, self.drop_frame)

    def conformed(self, rate: Rate) -> "Timecode":
        """The label by which a list at `rate` names this frame: hours to seconds stay, frames are scaled down.

        Drop-frame labels stay drop-frame where `rate` knows it, and are then exact; else they count on without.
        """
        if rate == self.rate:
            return self
        if self.drop_frame and rate.can_drop:
            return Timecode(floor(self.frame * rate.fraction / self.rate.fraction), rate, drop_frame=True)
        skipped = _skipped_labels(self.frame, self.rate.nominal) if self.drop_frame else 0
        seconds, frames = divmod(self.frame + skipped, self.rate.nominal)
        return Timecode(seconds * rate.nominal + frames * rate.nominal // self.rate.nominal, rate)

    def __add__(self, frames: int) -> "Timecode":
        return Timecode(self.frame + frames, self.rate, self.drop_frame)

    def __str__(self) -> str:
        nominal, counted, mark = self.rate.nominal, self.frame, ":"
        if self.drop_frame:
            counted, mark = counted + _skipped_labels(counted, nominal), ";"
        seconds, frames = counted // nominal, counted % nominal  # faster than divmod
        minutes = seconds // 60
        last = f"{frames:03}" if nominal > 100 else _TWO[frames]
        return f"{_TWO[minutes // 60]}:{_TWO[minutes % 60]}:{_TWO[seconds % 60]}{mark}{last}"


class TimeRange(msgspec.Struct, frozen=True, gc=False):
    """`duration` frames beginning with frame `start`; the end is the first frame after it."""

    start: int
    duration: int

    def __post_init__(self) -> None:
        if self.duration < 0:
            raise ValueRefused(f"A range cannot last {self.duration} frames.")

    @property
    def end(self) -> int:
        return self.start + self.duration

    def within(self, other: "TimeRange") -> "TimeRange":
        """The part of this range that lies in `other`; empty (duration 0) where they do not meet."""
        if other.start <= self.start and self.end <= other.end:
            return self
        start = min(max(self.start, other.start), other.end)
        return TimeRange(start, max(0, min(self.end, other.end) - start))


@cache
def _fraction(numerator: int, denominator: int) -> Fraction:
    return Fraction(numerator, denominator)


def frames_per_day(rate: Rate, *, drop_frame: bool) -> int:
    """Frames after which labels begin again: 24 hours of labels, less those that drop-frame skips."""
    return _day(rate.numerator, rate.denominator, drop_frame)


@cache
def _day(numerator: int, denominator: int, drop_frame: bool) -> int:  # noqa: FBT001 # positions are cheapest to cache
    rate = Rate(numerator, denominator)
    skipped = _dropped_per_minute(rate) * 24 * 54 if drop_frame else 0
    return 24 * 60 * 60 * rate.nominal - skipped


def _dropped_per_minute(rate: Rate) -> int:
    """Raises ValueRefused where there is no drop-frame counting."""
    if not rate.can_drop:
        raise ValueRefused(f"There is no drop-frame timecode at {rate.label()} frames per second.")
    return rate.nominal // 15


def _skipped_labels(frame: int, nominal: int) -> int:
    """Labels that drop-frame has skipped before real frame `frame`."""
    dropped = nominal // 15
    in_minute = 60 * nominal - dropped
    tens, rest = divmod(frame, 10 * in_minute + dropped)
    minutes_begun = 0 if rest < dropped else (rest - dropped) // in_minute
    return dropped * (9 * tens + minutes_begun)
