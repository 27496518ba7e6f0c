"""Sample tables to time: which frames a player shows, and at what rate (ISO/IEC 14496-12, 8.6).

All times are whole ticks of the track's own clock. An edit list decides what is shown; a frame is
shown when its presentation time lies in an edit, as ffmpeg decides it too.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from pipeline.timecode import STANDARD_RATES, Rate

# More samples than this are not laid out one by one: frames are then counted on the grid.
MOST_LAID_OUT = 100_000
# Above this many samples of one duration the grid is taken for granted.
MOST_CHECKED = 5_000
_JITTER = Fraction(1, 1000)  # seconds: cameras round time stamps to milliseconds or coarser ticks


@dataclass(frozen=True, slots=True)
class Edit:
    """`duration` in movie ticks (0: to the end), `start` in media ticks, -1 for an empty edit."""

    duration: int
    start: int


@dataclass(slots=True)
class Samples:
    """Runs of (count, duration) and (count, offset to presentation); `clock` is ticks per second.

    `rest`: samples and ticks after the runs, where a table is too long to be read whole.
    """

    clock: int
    durations: list[tuple[int, int]] = field(default_factory=list)
    offsets: list[tuple[int, int]] = field(default_factory=list)
    rest: tuple[int, int] = (0, 0)

    @property
    def count(self) -> int:
        return sum(count for count, _ in self.durations) + self.rest[0]

    @property
    def total(self) -> int:
        """Ticks of all samples together."""
        return sum(count * duration for count, duration in self.durations) + self.rest[1]

    def seconds(self) -> Iterator[float]:
        """When each sample begins, without edits; for metadata, where hundredths do."""
        at = 0
        for count, duration in self.durations:
            for _ in range(count):
                yield round(at / self.clock, 2) if self.clock > 0 else 0.0
                at += duration


def append_run(runs: list[tuple[int, int]], count: int, value: int) -> None:
    """Add to a table of runs, joined to the last run where it has the same value."""
    if runs and runs[-1][1] == value:
        runs[-1] = (runs[-1][0] + count, value)
    elif count:
        runs.append((count, value))


@dataclass(frozen=True, slots=True)
class Shown:
    """Frames shown; a constant `rate`, or `vfr` with the average; `why` where a choice was made."""

    frames: int
    rate: Rate | None = None
    vfr: bool | None = None
    average: Rate | None = None
    why: str = ""


def shown(samples: Samples, edits: list[Edit], movie_clock: int) -> Shown:
    """What a player shows of a picture track."""
    count = samples.count
    spans = _spans(edits, samples.clock, movie_clock)
    if count == 0 or samples.clock <= 0:
        return Shown(0)
    step = _only_duration(samples)
    if step and (count > MOST_CHECKED or not samples.offsets):
        return _on_grid(samples, step, spans)
    if count > MOST_LAID_OUT:
        return _long(samples, count)
    times = presentation_times(samples)
    kept = [time for time in times if any(start <= time < end for start, end in spans)] if spans else times
    if step and len(kept) > 1:
        # One duration for all: constant, though a cut without re-encoding may leave out a reordered frame.
        return _constant(Fraction(samples.clock, step), len(kept))
    return _measured(kept, samples, whole=len(kept) == count)


def presentation_times(samples: Samples, *, most: int = MOST_LAID_OUT) -> list[int]:
    """When each sample (at most so many) is shown, in ticks, in order of time."""
    return sorted(stored_times(samples, most=most))


def stored_times(samples: Samples, *, most: int = MOST_LAID_OUT) -> "array[int]":
    """The same in the order in which the samples are stored."""
    times = array("q")
    now = 0
    for count, duration in samples.durations:
        for _ in range(min(count, most - len(times))):
            times.append(now)
            now += duration
    position = 0
    for count, offset in samples.offsets:
        for index in range(position, min(position + count, len(times))):
            times[index] += offset
        position += count
    return times


def _spans(edits: list[Edit], clock: int, movie_clock: int) -> list[tuple[int, int]]:
    """The ranges of media time that edits show; [] where everything is shown."""
    spans = []
    for edit in edits:
        if edit.start < 0:
            continue
        length = (2 * edit.duration * clock + movie_clock) // (2 * movie_clock) if movie_clock > 0 else 0
        spans.append((edit.start, edit.start + length if length else 1 << 62))
    return spans


def _only_duration(samples: Samples) -> int | None:
    """The duration that all samples share, the last one aside."""
    runs = samples.durations
    if len(runs) == 1 or (len(runs) == 2 and runs[1][0] == 1 and runs[0][0] > 1):
        return runs[0][1] or None
    return None


def _long(samples: Samples, count: int) -> Shown:
    """A clip of hours whose samples are uneven: its rate is that of the beginning, its average that of all."""
    found = _measured(presentation_times(samples), samples, whole=False)
    length = samples.total
    average = Rate.of(Fraction(count * samples.clock, length)) if found.vfr and length else None
    return Shown(count, found.rate, vfr=found.vfr, average=average, why="too many samples to apply the edit list")


def _on_grid(samples: Samples, step: int, spans: list[tuple[int, int]]) -> Shown:
    head: list[int] = []
    for count, offset in samples.offsets:
        head += [offset] * min(count, 64 - len(head))
        if len(head) >= 64:
            break
    origin = min((index * step + offset for index, offset in enumerate(head)), default=0)
    frames = samples.count
    if spans:
        frames = sum(
            max(0, min(samples.count, -((origin - end) // step)) - max(0, -((origin - start) // step)))
            for start, end in spans
        )
    return _constant(Fraction(samples.clock, step), frames)


def _measured(times: list[int], samples: Samples, *, whole: bool) -> Shown:
    count = len(times)
    if count < 2:
        return _single(count, samples)
    steps = {after - before for before, after in pairwise(times)}
    if len(steps) == 1 and min(steps) > 0:
        return _constant(Fraction(samples.clock, steps.pop()), count)
    found = _fitting_rate(times, samples.clock)
    if found:
        return Shown(count, found, vfr=False, why=f"time stamps are rounded; they fit {found.label()} throughout")
    length = samples.total if whole else times[-1] - times[0] + samples.durations[-1][1]
    average = Rate.of(Fraction(count * samples.clock, length)) if length > 0 else None
    return Shown(count, None, vfr=True, average=average)


def _single(count: int, samples: Samples) -> Shown:
    """One frame has no rate, unless its duration is exactly that of a standard one."""
    duration = samples.durations[0][1]
    if count == 1 and duration > 0 and Fraction(samples.clock, duration) in STANDARD_RATES:
        return Shown(count, Rate.of(Fraction(samples.clock, duration)), why="the duration of the only frame")
    return Shown(count)


def _constant(exact: Fraction, frames: int) -> Shown:
    standard = None if exact in STANDARD_RATES else Rate.nearest(exact)
    if standard:
        return Shown(frames, standard, vfr=False, why=f"the clock gives {exact}: the nearest standard rate")
    return Shown(frames, Rate.of(exact), vfr=False)


def _fitting_rate(times: list[int], clock: int) -> Rate | None:
    """The standard rate whose grid all time stamps keep to."""
    mean = Fraction(clock * (len(times) - 1), times[-1] - times[0]) if times[-1] > times[0] else Fraction(0)
    near = [Rate.of(rate) for rate in STANDARD_RATES if abs(rate - mean) * 100 <= rate]
    fits = [(spread, rate) for rate in near if (spread := _spread(times, Fraction(clock), rate)) <= _allowed(clock)]
    return min(fits)[1] if fits else None


def fits_grid(times: Sequence[int], clock: Fraction, rate: Rate) -> bool:
    """Whether time stamps in order keep to the grid of a rate."""
    return _spread(times, clock, rate) <= _allowed(clock)


def _allowed(clock: Fraction | int) -> Fraction:
    """Ticks by which a time stamp may be off: one, or a millisecond."""
    return max(Fraction(1), clock * _JITTER)


def _spread(times: Sequence[int], clock: Fraction, rate: Rate) -> Fraction:
    """How far apart the deviations from a grid lie, in ticks. Exact: times a common denominator they are whole."""
    scale, step = rate.numerator * clock.denominator, clock.numerator * rate.denominator
    off = [time * scale - index * step for index, time in enumerate(times)]
    return Fraction(max(off) - min(off), scale)
