"""Whether the files of one set hold one cut: its rate, where it begins, its pictures and what they take.

Each is compared with the first file of its title that is no list, where that has one version of the cut. What formats
state differently is left alone: pictures at transitions, disabled ones, those that run backwards or stand still, and
what may be missing where a reader left something out.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.checks.edl_text import base
from pipeline.editorial.checks.sets import few
from pipeline.editorial.imports import edl
from pipeline.editorial.imports.reading import ReadEvent, ReadTimeline
from pipeline.timecode import Rate, Timecode, frames_per_day

FORMATS = ("otio", "xmeml", "fcpxml", "aaf", "edl")
_ELSEWHERE = "in another file of this set"
_Pictures = Mapping[int, Sequence[ReadEvent]]  # by the frame where they begin


@dataclass(frozen=True, slots=True)
class _Pair:
    """A file's timeline beside that of another; `drift`: frames by which all of it lies later."""

    own: ReadTimeline
    other: ReadTimeline
    rate: Rate
    start: Timecode
    drift: int

    @property
    def sides(self) -> tuple[tuple[ReadTimeline, int], ...]:
        """Each timeline with the frame of its day at which the cut begins."""
        return (self.own, self.start.frame + self.drift), (self.other, self.start.frame)


def cuts(cases: Sequence[Case]) -> Iterator[tuple[int, Found]]:
    for number, own, other in _alike(cases):
        if own.rate is not None and other.rate is not None and own.rate != other.rate:
            sentence = f"The timeline runs at {own.rate.label()}, and {_ELSEWHERE} at {other.rate.label()}."
            yield number, Found(None, sentence)
        elif pair := _pair(own, other):
            if pair.drift:
                at = pair.start + pair.drift
                yield number, Found(None, f"What lies at {at} here lies at {pair.start} {_ELSEWHERE}.")
            yield from few(number, list(_unlike(pair)))


def _alike(cases: Sequence[Case]) -> Iterator[tuple[int, ReadTimeline, ReadTimeline]]:
    """Each timeline with its number, and the one that it is compared with."""
    first: dict[str, ReadTimeline] = {}
    formats = Counter((case.format, _title(case)) for case in cases)
    for number, case in sorted(enumerate(cases), key=lambda each: each[1].format == "edl"):
        own, title = case.timeline, _title(case)
        if case.format not in FORMATS or not title or not own.events:
            continue
        if case.format != "edl":
            if formats[case.format, title] > 1:  # versions of a cut
                continue
            other = first.setdefault(title, own)
        elif (found := first.get(title)) is not None:
            other = found
            if own.rate is None and other.rate is not None:
                own = edl.read(case.content, other.rate)
        else:
            continue
        if other is not own:
            yield number, own, other


def _title(case: Case) -> str:
    """What the cut is called, as far as a list keeps it."""
    return " ".join(case.timeline.title.split())[:70].strip()


def _pair(own: ReadTimeline, other: ReadTimeline) -> _Pair | None:
    """The two, where both count alike; a list says no start, its first picture does."""
    if own.rate is None or own.start is None or other.start is None or own.start.drop_frame != other.start.drop_frame:
        return None
    drift = _drift(own, other) if own.format == "edl" else own.start.frame - other.start.frame
    return _Pair(own, other, own.rate, other.start, drift)


def _drift(own: ReadTimeline, other: ReadTimeline) -> int:
    """How much later most pictures of a list lie, if none lies where it should; a list may be of one track of many."""
    if own.start is None or other.start is None:
        return 0
    mine, theirs = _pictures(own, other.start.frame), _pictures(other, other.start.frame)
    if len(mine) < 2 or not theirs or set(mine) & set(theirs):
        return 0
    first = min(_pictures(own, own.start.frame))
    drift = own.start.frame + first - other.start.frame - min(theirs)
    moved = _pictures(own, other.start.frame + drift)
    return drift if len(set(moved) & set(theirs)) * 2 > len(moved) else 0


def _pictures(timeline: ReadTimeline, since: int) -> _Pictures:
    """What is to be seen, without what is disabled, from a frame of the day on."""
    found: dict[int, list[ReadEvent]] = defaultdict(list)
    for event in timeline.events:
        if event.kind == "Video" and event.enabled and event.record is not None:
            found[_frame(timeline, event.record.start, since)].append(event)
    return found


def _frame(timeline: ReadTimeline, place: int, since: int) -> int:
    start = timeline.start
    return (start.frame + place - since) % frames_per_day(start.rate, drop_frame=start.drop_frame) if start else place


def _unlike(pair: _Pair) -> Iterator[Found]:
    own, other = (_pictures(timeline, since) for timeline, since in pair.sides)
    joined = _joined(pair)
    names = [{_stem(event) for each in pictures.values() for event in each} for pictures in (own, other)]
    all_there = _whole(pair.own) and _whole(pair.other)
    one_track = pair.own.format != "edl" or len({event.track for each in other.values() for event in each}) == 1
    for frame in sorted({*own, *other}):
        mine, theirs = own.get(frame, ()), other.get(frame, ())
        if any(joined(frame) or joined(frame + event.record.duration) for event in (*mine, *theirs) if event.record):
            continue
        at = pair.start + frame
        if not mine and all_there and one_track:
            yield Found(None, f"At {at} there is nothing here, and '{_name(theirs[0])}' {_ELSEWHERE}.")
        elif not theirs and all_there:
            yield Found(mine[0].line, f"At {at} there is '{_name(mine[0])}' here, and nothing {_ELSEWHERE}.")
        elif len(mine) == len(theirs) == 1 and (what := _difference(mine[0], theirs[0], pair.rate, names)):
            yield Found(mine[0].line, f"'{_name(mine[0])}' at {at} {what} {_ELSEWHERE}.")


def _whole(timeline: ReadTimeline) -> bool:
    return not timeline.left_out and all(event.record is not None for event in timeline.events)


def _joined(pair: _Pair) -> Callable[[int], bool]:
    """Whether a frame of the cut lies at a transition of either file."""
    spans = sorted(
        (at - each.before, at + each.after)
        for timeline, since in pair.sides
        for each in timeline.transitions
        for at in (_frame(timeline, each.at, since),)
    )
    begins, ends = [begin for begin, _ in spans], list(accumulate((end for _, end in spans), max))

    def joined(frame: int) -> bool:
        place = bisect_right(begins, frame)
        return place > 0 and ends[place - 1] >= frame

    return joined


def _difference(mine: ReadEvent, theirs: ReadEvent, rate: Rate, names: Sequence[set[str]]) -> str:
    """How two pictures at one place differ, in the middle of a sentence; empty where they do not."""
    if mine.record is None or theirs.record is None:
        return ""
    if _stem(mine) != _stem(theirs):
        known = _stem(mine) in names[1] and _stem(theirs) in names[0]  # else one calls them otherwise
        return f"is '{_name(theirs)}'" if known else ""
    if mine.record.duration != theirs.record.duration:
        return f"lasts {mine.record.duration} frames here, and {theirs.record.duration}"
    begins = _begins(mine, theirs)
    if begins is None or mine.rate is None:
        return ""
    exact = mine.rate == rate and mine.speed == 1
    slack = 0 if exact else max(1, ceil(mine.rate.fraction / rate.fraction * mine.speed))  # a frame of the timeline
    if abs(begins[0] - begins[1]) <= slack:
        return ""
    drop = bool(mine.drop_frame) and mine.rate.can_drop
    here, there = (Timecode(frame, mine.rate, drop) for frame in begins)
    return f"begins with {here} of its source here, and with {there}"


def _begins(mine: ReadEvent, theirs: ReadEvent) -> tuple[int, int] | None:
    """Where both begin in their source, if both count it alike."""
    if mine.source is None or theirs.source is None or mine.rate != theirs.rate or mine.drop_frame != theirs.drop_frame:
        return None
    starts = {each.available.start for each in (mine, theirs) if each.available is not None}
    if mine.speed != theirs.speed or mine.speed <= 0 or len(starts) > 1 or starts == {0}:
        return None
    return mine.source.start, theirs.source.start


def _name(event: ReadEvent) -> str:
    return (base(event.file) or event.name)[:80]


def _stem(event: ReadEvent) -> str:
    name = base(event.file) or event.name
    return (name.rpartition(".")[0] or name).casefold()
