"""What changed between two versions of a cut: inserted, removed, moved, trimmed, other sound.

Pure arrangement: which edit of the old version is which of the new is found by source and range. Applying a
difference to the old version gives the new one; a version differs from itself in nothing.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pipeline.timecode import Rate, Timecode, TimeRange


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
    """One edit of a cut. `record` counts timeline frames from its start, `start` frames of the source at `rate`.

    `source` tells sources apart: a clip's id, else a name. `track` is V1, V2... or, for sound alone, A1, A2...
    """

    track: str
    source: str
    name: str
    record: TimeRange
    start: int
    rate: Rate
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
    """Which edit is which: the same range of the same source, else ranges of one source that overlap."""
    used: tuple[set[int], set[int]] = (set(), set())
    for key in (_exactly, _roughly):
        waiting: dict[Any, deque[int]] = defaultdict(deque)
        for j, edit in enumerate(new):
            if j not in used[1]:
                waiting[key(edit)].append(j)
        left = [i for i in range(len(old)) if i not in used[0]]
        found = list(_same(old, left, waiting) if key is _exactly else _overlapping(old, left, new, waiting, rate))
        for i, j in found:
            used[0].add(i)
            used[1].add(j)
        yield from found


def _exactly(edit: Edit) -> Any:
    return edit.track[0], edit.source, edit.start, edit.record.duration, edit.rate


def _roughly(edit: Edit) -> Any:
    return edit.track[0], edit.source


def _same(old: Sequence[Edit], left: Sequence[int], waiting: dict[Any, deque[int]]) -> Iterator[tuple[int, int]]:
    for i in left:
        if waiting.get(_exactly(old[i])):
            yield i, waiting[_exactly(old[i])].popleft()


def _overlapping(
    old: Sequence[Edit], left: Sequence[int], new: Sequence[Edit], waiting: dict[Any, deque[int]], rate: Rate
) -> Iterator[tuple[int, int]]:
    """Those of one source side by side in the order of their ranges."""
    by_source: dict[Any, list[int]] = defaultdict(list)
    for i in left:
        by_source[_roughly(old[i])].append(i)
    for key, places in by_source.items():
        ones = deque(sorted((*_taken(old[i], rate), i) for i in places))
        others = deque(sorted((*_taken(new[j], rate), j) for j in waiting[key]))
        while ones and others:
            (begin, end, i), (first, last, j) = ones[0], others[0]
            if begin < last and first < end:
                yield i, j
                ones.popleft()
                others.popleft()
            elif end <= first:
                ones.popleft()
            else:
                others.popleft()


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
        *(["renamed"] if before.name != after.name or before.source != after.source else []),
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
