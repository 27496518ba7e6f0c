"""By how much a camera's clock is off, as its own clips show it: bounds that all of them must share.

Each clip gives the least and the most its clock may be off, in whole milliseconds. What all clips of a
day leave over is the estimate; where they leave nothing over they contradict each other, and none is made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor

from pipeline.clip import Facts
from pipeline.shotlog.clocks import LocalMoment, Zones, stated_instant
from pipeline.shotlog.offsets import DAY
from pipeline.timecode import Timecode

GPS_ERROR = (
    1000  # milliseconds: users of gpmf-parser measured the clock of a GoPro's first fix to be up to a second off
)
_SECOND = 1000  # what a date in whole seconds leaves out
_LEAST = 2  # recordings of a device before its timecode is known to run by the time of day
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and most in milliseconds."""

    low: int
    high: int

    @property
    def middle(self) -> int:
        return (self.low + self.high) // 2

    @property
    def error(self) -> int:
        """Half the distance, rounded up."""
        return (self.high - self.low + 1) // 2

    def moved(self, by: int) -> "Bounds":
        return Bounds(self.low + by, self.high + by)

    def widened(self, by: int) -> "Bounds":
        return Bounds(self.low - by, self.high + by)


@dataclass(frozen=True, slots=True)
class Ticked:
    """A recording of a device: what its clock claims (UTC), to whole seconds or finer, and its timecode."""

    claimed: datetime
    start: Timecode
    whole_seconds: bool


def shared(bounds: Iterable[Bounds]) -> Bounds | None:
    """What lies within all of them; None for nothing, and for no bounds at all."""
    every = list(bounds)
    if not every:
        return None
    low, high = max(each.low for each in every), min(each.high for each in every)
    return Bounds(low, high) if low <= high else None


def by_satellites(facts: Facts, zones: Zones) -> Bounds | None:
    """How far the clock stands from GPS time; None where either is unknown."""
    claimed = stated_instant(facts, zones)
    if claimed is None or facts.gps_time is None or facts.recorded_at is None:
        return None
    off = (datetime.fromisoformat(facts.gps_time).astimezone(UTC) - claimed) // _MILLISECOND
    # A clock that shows whole seconds shows the one that has begun: it is ahead by up to a second less.
    return Bounds(off - GPS_ERROR - (_SECOND if in_whole_seconds(facts.recorded_at) else 0), off + GPS_ERROR)


def by_slate(moment: LocalMoment, time_of_day: int) -> int:
    """How far a clock is off that stated `moment` when it was `time_of_day` (milliseconds), on the nearest day."""
    stated = datetime.fromisoformat(moment.iso)
    midnight = stated.replace(hour=0, minute=0, second=0, microsecond=0)
    off = time_of_day - (stated - midnight) // _MILLISECOND
    return (off + DAY // 2) % DAY - DAY // 2


def in_whole_seconds(iso: str) -> bool:
    return "." not in iso


def by_timecode(clips: Sequence[Ticked], reference: Sequence[Ticked], *, known: Bounds) -> Bounds | None:
    """How far a clock is off by timecode that a reference device shares; `known`: how far the reference's own is.

    Both must have recorded twice, at one rate, with timecode that runs by the time of day: else None.
    """
    rates = {(each.start.rate, each.start.drop_frame) for each in (*clips, *reference)}
    if len(rates) != 1 or min(len(clips), len(reference)) < _LEAST:
        return None
    midnight = min(each.claimed for each in reference)
    truth, shown = shared(_leads(reference, midnight)), shared(_leads(clips, midnight))
    if truth is None or shown is None:
        return None
    true = Bounds(truth.low + known.low, truth.high + known.high)
    off = Bounds(true.low - shown.high, true.high - shown.low)
    return off.moved(-DAY * ((off.middle + DAY // 2) // DAY))


def _leads(clips: Sequence[Ticked], origin: datetime) -> list[Bounds]:
    """How far each clip's clock is ahead of its timecode: timecode begins again each day, so within half a day."""
    leads = [_lead(each, origin) for each in clips]
    near = [leads[0] + (lead - leads[0] + DAY // 2) % DAY - DAY // 2 for lead in leads]
    return [
        Bounds(lead - 1, lead + (_SECOND if each.whole_seconds else 1)) for lead, each in zip(near, clips, strict=True)
    ]


def _lead(clip: Ticked, origin: datetime) -> int:
    return (clip.claimed - origin) // _MILLISECOND - floor(1000 * clip.start.rate.seconds(clip.start.frame))
