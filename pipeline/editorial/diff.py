"""What changed between two versions of a cut: inserted, removed, moved, trimmed, other sound.

Pure arrangement: which edit of the old version is which of the new is found by source and range. Applying a
difference to the old version gives the new one; a version differs from itself in nothing.
"""

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

from pipeline.timecode import Rate, Timecode, TimeRange

_Pair: TypeAlias = tuple[int, int]  # places of one edit in the old and the new version


@dataclass(frozen=True, slots=True)
class Heard:
    """A stream of sound under an edit. `slip` is where its source stands when the edit's stands at 0, in seconds.

    `span` counts timeline frames from the head of the edit.
    """

    source: str
    name: str
    stream: int
    slip: Fraction
    span: TimeRange


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of a cut. `record` counts timeline frames from its start, `start` frames of the source at `rate`, as
    its timecode does (drop-frame or not).

    `source` tells sources apart: a clip's id, else a name. `track` is V1, V2... or, for sound alone, A1, A2...
    """

    track: str
    source: str
    name: str
    record: TimeRange
    start: int
    rate: Rate
    drop_frame: bool = field(default=False, compare=False)
    sounds: tuple[Heard, ...] = ()
    speed: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class EditList:
    """The edits of one timeline, in order; `start` is the timecode of its first frame, and carries its rate."""

    name: str
    start: Timecode
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """An edit that is not what it was; `index` counts the edits of the old version, None where it was not there.

    `head` and `tail` are the timeline frames that were added at its ends, below zero those taken away.
    """

    what: tuple[str, ...]
    index: int | None
    before: Edit | None
    after: Edit | None
    head: int = 0
    tail: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """Edits `first` to `last` of the old version, but for changed ones, lie `by` frames later: nothing else changed."""

    first: int
    last: int
    by: int
    count: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Changes in the order of the new version, what was removed where it stood in the old one."""

    changes: tuple[Change, ...]
    shifts: tuple[Shift, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.shifts)


def in_order(edits: Sequence[Edit]) -> list[Edit]:
    """Edits by place and track."""
    return sorted(edits, key=_place)


def diff(old: Sequence[Edit], new: Sequence[Edit], rate: Rate) -> Difference:
    """What changed from `old` to `new`, both in order, of timelines at `rate`."""
    pairs = sorted(_pairs(old, new, rate))
    steady = _longest_rising([j for _, j in pairs])
    changes: list[tuple[tuple[int, int], Change]] = []
    unchanged: list[tuple[int, int]] = []
    for place, (i, j) in enumerate(pairs):
        change = _change(i, old[i], new[j], rate, moved=place not in steady)
        if change.what:
            changes.append(((new[j].record.start, 1), change))
        else:
            unchanged.append((i, new[j].record.start - old[i].record.start))
    kept, made = {i for i, _ in pairs}, {j for _, j in pairs}
    changes += [
        ((edit.record.start, 0), Change(("removed",), i, edit, None)) for i, edit in enumerate(old) if i not in kept
    ]
    changes += [
        ((edit.record.start, 2), Change(("inserted",), None, None, edit)) for j, edit in enumerate(new) if j not in made
    ]
    changes.sort(key=lambda each: each[0])
    return Difference(tuple(change for _, change in changes), tuple(_shifts(unchanged)))


def applied(old: Sequence[Edit], difference: Difference) -> list[Edit]:
    """The new version."""
    changed = {change.index for change in difference.changes}
    by = {i: shift.by for shift in difference.shifts for i in range(shift.first, shift.last + 1)}
    kept = [_later(edit, by.get(i, 0)) for i, edit in enumerate(old) if i not in changed]
    return in_order([*kept, *(change.after for change in difference.changes if change.after)])


def _later(edit: Edit, by: int) -> Edit:
    return replace(edit, record=TimeRange(edit.record.start + by, edit.record.duration)) if by else edit


def _place(edit: Edit) -> tuple[Any, ...]:
    return (
        edit.record.start, edit.track, edit.record.duration, edit.source, edit.start, edit.name, edit.rate, edit.speed,
        str(edit.sounds),
    )  # fmt: skip


def _pairs(old: Sequence[Edit], new: Sequence[Edit], rate: Rate) -> Iterator[tuple[int, int]]:
    """Which edit is which: the same but for its place, else the same range of a source, else ranges that overlap."""
    ones, others = list(range(len(old))), list(range(len(new)))
    for finds in (_alike, _of_one_range, partial(_overlapping, rate=rate)):
        found = list(finds(old, ones, new, others))
        yield from found
        gone, came = {i for i, _ in found}, {j for _, j in found}
        ones, others = [i for i in ones if i not in gone], [j for j in others if j not in came]


def _alike(old: Sequence[Edit], ones: Sequence[int], new: Sequence[Edit], others: Sequence[int]) -> Iterator[_Pair]:
    """Edits that differ in nothing but their place: those there are once first, and between them the repeated ones."""
    was, now = ([_whole(edit) for edit in lot] for lot in (old, new))
    single = {key for key, count in Counter(was).items() if count == 1} & {
        key for key, count in Counter(now).items() if count == 1
    }
    places = {key: j for j, key in enumerate(now) if key in single}
    once = [(i, places[key]) for i, key in enumerate(was) if key in single]
    yield from once
    steady = _longest_rising([j for _, j in once])
    anchors = [once[place] for place in sorted(steady)]
    befores, afters = [i for i, _ in anchors], [j for _, j in anchors]
    left = [i for i in ones if was[i] not in single], [j for j in others if now[j] not in single]
    near = list(
        _in_turn(
            ((i, (bisect_left(befores, i), was[i])) for i in left[0]),
            ((j, (bisect_left(afters, j), now[j])) for j in left[1]),
        )
    )
    yield from near
    gone, came = {i for i, _ in near}, {j for _, j in near}
    yield from _in_turn(
        ((i, was[i]) for i in left[0] if i not in gone), ((j, now[j]) for j in left[1] if j not in came)
    )


def _of_one_range(
    old: Sequence[Edit], ones: Sequence[int], new: Sequence[Edit], others: Sequence[int]
) -> Iterator[_Pair]:
    return _in_turn(((i, _range(old[i])) for i in ones), ((j, _range(new[j])) for j in others))


def _in_turn(ones: Iterable[tuple[int, Any]], others: Iterable[tuple[int, Any]]) -> Iterator[_Pair]:
    """The first of a key with the first of it, the second with the second."""
    waiting: dict[Any, deque[int]] = defaultdict(deque)
    for j, key in others:
        waiting[key].append(j)
    for i, key in ones:
        if waiting.get(key):
            yield i, waiting[key].popleft()


def _whole(edit: Edit) -> Any:
    return edit.track, edit.source, edit.name, edit.start, edit.record.duration, edit.rate, edit.speed, edit.sounds


def _range(edit: Edit) -> Any:
    return edit.track[0], edit.source, edit.start, edit.record.duration, edit.rate


def _roughly(edit: Edit) -> Any:
    return edit.track[0], edit.source


def _overlapping(
    old: Sequence[Edit], ones: Sequence[int], new: Sequence[Edit], others: Sequence[int], *, rate: Rate
) -> Iterator[_Pair]:
    """Those of one source side by side in the order of their ranges."""
    left: dict[Any, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for i in ones:
        left[_roughly(old[i])][0].append(i)
    for j in others:
        left[_roughly(new[j])][1].append(j)
    for places in left.values():
        first = deque(sorted((*_taken(old[i], rate), i) for i in places[0]))
        second = deque(sorted((*_taken(new[j], rate), j) for j in places[1]))
        while first and second:
            (begin, end, i), (start, stop, j) = first[0], second[0]
            if begin < stop and start < end:
                yield i, j
                first.popleft()
                second.popleft()
            elif end <= start:
                first.popleft()
            else:
                second.popleft()


def _taken(edit: Edit, rate: Rate) -> tuple[Fraction, Fraction]:
    """What an edit takes of its source, from and to, in seconds."""
    begin = edit.rate.seconds(edit.start)
    return begin, begin + rate.seconds(edit.record.duration)


def _change(i: int, before: Edit, after: Edit, rate: Rate, *, moved: bool) -> Change:
    head = _frames(before.rate.seconds(before.start) - after.rate.seconds(after.start), rate)
    tail = after.record.duration - before.record.duration - head
    what = [
        *(["moved"] if moved or before.track != after.track else []),
        *(["trimmed"] if head or tail or (before.start, before.rate) != (after.start, after.rate) else []),
        *(["speed"] if before.speed != after.speed else []),
        *(["sound"] if _heard(before) != _heard(after) else []),
        *(["renamed"] if before.name != after.name else []),
    ]
    if not what and before.sounds != after.sounds:
        what = ["sound"]
    return Change(tuple(what), i, before, after, head, tail)


def _heard(edit: Edit) -> frozenset[tuple[str, int, Fraction]]:
    return frozenset((each.source, each.stream, each.slip) for each in edit.sounds)


def _frames(seconds: Fraction, rate: Rate) -> int:
    return round(seconds * rate.fraction)


def _longest_rising(values: Sequence[int]) -> set[int]:
    """The places of a longest rising run of values (patience sorting): what stays where it was, in order."""
    tops: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        pile = bisect_left(tops, value)
        before.append(places[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [value]
        places[pile : pile + 1] = [place]
    found = set()
    place = places[-1] if places else -1
    while place >= 0:
        found.add(place)
        place = before[place]
    return found


def _shifts(unchanged: Sequence[tuple[int, int]]) -> Iterator[Shift]:
    """Runs of edits that all lie later by the same number of frames."""
    first = 0
    for place in range(1, len(unchanged) + 1):
        if place == len(unchanged) or unchanged[place][1] != unchanged[first][1]:
            if unchanged[first][1]:
                yield Shift(unchanged[first][0], unchanged[place - 1][0], unchanged[first][1], place - first)
            first = place
