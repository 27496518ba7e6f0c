"""What an event is held against: the meant clip's pictures, and where they do not fit those that it could be taken for.

Pictures from a clip's ingest come first, then its proxy, then its original. A doubtful event is held against takes that
look alike or bear the same timecode, and against other frames of its own take.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from pipeline.delivery.asks import Ask, Log, own_sights
from pipeline.delivery.looking import NOTHING, Eye, Sight, View, from_ingest, moved, near
from pipeline.editorial.imports.known import Known, Moment, span_of
from pipeline.proxies.glance import EVERY
from pipeline.timecode import TimeRange

_RIVALS = 8  # clips that an event is held against
_NEIGHBOURS = 2  # of its card, before and after
_FAR = 10  # pictures from ingest, before and after
_CLOSE = 2  # frames, before and after


@dataclass(frozen=True, slots=True)
class Pair:
    """A clip's own pictures beside those that are shown; `by` says where the clip's are from."""

    witness: Sight
    shown: Sight
    by: str

    @property
    def views(self) -> tuple[View | None, ...]:
        return (*self.witness, *self.shown)


@dataclass(frozen=True, slots=True)
class Plan:
    """An event, what it shows, and what that may be held against: the best first."""

    ask: Ask
    shown: Sight
    pairs: tuple[Pair, ...]

    @property
    def at_ingest(self) -> tuple[View | None, ...]:
        """What to look at first: the exact frames of a clip that has pictures from its ingest are not needed."""
        return self.pairs[0].views if self.pairs and self.pairs[0].by == "ingest" else ()

    @property
    def views(self) -> tuple[View | None, ...]:
        return (*self.shown, *(view for pair in self.pairs for view in pair.views))

    def fitting(self, eye: Eye) -> Pair | None:
        """The best pair that was seen."""
        return next((pair for pair in self.pairs if eye.sees(pair.witness, pair.shown)), None)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What else an event may show: another clip, or its own so many frames later."""

    pair: Pair
    clip: str
    later: int = 0


def plan_of(ask: Ask, log: Log) -> Plan:
    """An event without a file of its own shows the original of the clip that it means."""
    proxy, original = own_sights(ask, log)
    shown = ask.shown or original or NOTHING
    made = _ingest_pair(ask.clip, ask.range, shown, log) if ask.range else None
    others = [Pair(sight, shown, by) for sight, by in ((proxy, "proxy"), (original, "original")) if sight]
    return Plan(ask, shown, (made, *others) if made else tuple(others))


def doubts_of(plan: Plan, log: Log) -> tuple[Doubt, ...]:
    """Takes that could be mistaken for the meant one, and other frames of its own."""
    ask, found = plan.ask, []
    assert ask.range is not None
    for known, first in _rivals(ask, log):
        range_ = TimeRange(first, ask.range.duration)
        pair = _ingest_pair(known.id, range_, plan.shown, log)
        if pair is None:
            sights = own_sights(replace(ask, clip=known.id, range=range_), log)
            pair = next((Pair(each, plan.shown, "") for each in sights if each not in (None, NOTHING)), None)
        if pair is not None:
            found.append(Doubt(pair, known.id))
    far = (_later(plan, step, 0, log) for step in range(-_FAR, _FAR + 1))
    close = (_later(plan, 0, frame, log) for frame in range(-_CLOSE, _CLOSE + 1))
    return (*found, *(doubt for doubt in (*far, *close) if doubt and doubt.later))


def closer(plan: Plan, doubt: Doubt, log: Log) -> tuple[Doubt, ...]:
    """The event against its own clip, frame by frame around those that fit."""
    step = round(doubt.later / EVERY)
    all_ = (_later(plan, step, frame, log) for frame in range(-EVERY // 2, EVERY // 2 + 1))
    return tuple(each for each in all_ if each and each.later)


def changes(plan: Plan, later: int, eye: Eye) -> float:
    """How far the meant clip's own pictures change so many frames on; 0 where that was not seen."""
    still = plan.pairs[0].witness
    steps = {round(later / EVERY)} if abs(later) >= EVERY else {-1, 1}
    return max(eye.apart(still, _ahead(still, step)) or 0.0 for step in steps)


def _later(plan: Plan, step: int, frame: int, log: Log) -> Doubt | None:
    """The event against its own clip: some pictures from ingest on, with what the file shows some frames before."""
    ask, found = plan.ask, log.clip(plan.ask.clip)
    if not plan.at_ingest or found is None:
        return None
    witness = _ahead(plan.pairs[0].witness, step)
    if any(view and not 0 <= view.number < (found[0].frames or 0) for view in witness):
        return None
    shown = moved(plan.pairs[0].shown, -frame, -frame, found[0].rate)
    return Doubt(Pair(witness, shown, "ingest"), ask.clip, step * EVERY + frame)


def _ahead(sight: Sight, step: int) -> Sight:
    ends = (replace(view, number=view.number + step * EVERY) if view else None for view in sight)
    return next(ends), next(ends)


def _ingest_pair(clip_id: str, range_: TimeRange, shown: Sight, log: Log) -> Pair | None:
    """A clip's pictures from ingest next to both ends of a range, and what is shown at the same frames."""
    found = log.glances(clip_id)
    if found is None or not range_.duration:
        return None
    clip, path = found
    ends = near(range_.start, range_.end - 1, clip.frames or 0)
    shown = moved(shown, ends[0] - range_.start, ends[1] - range_.end + 1, clip.rate)
    return Pair(from_ingest(path, clip, *ends), shown, "ingest") if shown != NOTHING else None


def _rivals(ask: Ask, log: Log) -> Iterator[tuple[Known, int]]:
    """Clips that lie beside the meant one on its card or bear its timecode, each with the frame that would be meant."""
    own = log.known.get(ask.clip)
    if own is None or ask.range is None:
        return
    place = bisect_left(log.by_card, (own.card, own.name, own.id), key=lambda each: (each.card, each.name, each.id))
    beside = log.by_card[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS + 1]
    linked = [log.known[ask.linked]] if ask.linked in log.known else []
    span = span_of(own)
    timed = log.timed.near(Moment(span.start, span.end - span.start, 1, "")) if span else ()
    several = {known.id: known for known in (*linked, *islice(timed, _RIVALS), *beside) if known.id != own.id}
    for known in islice(several.values(), _RIVALS):
        first = ask.range.start
        if own.start and known.start and own.start.rate == known.start.rate:
            by_label = first + own.start.frame - known.start.frame
            first = by_label if 0 <= by_label < (known.frames or 0) else first
        if first + ask.range.duration <= (known.frames or 0):
            yield known, first
