"""From the entries of a clip's log to what stands now. Pure: values in, values out.

One-valued fields: the newest entry of the best source. Many-valued: the union of all sources, less
what a better source removed. Only a person's clear hides what worse sources say; a rule's clear
withdraws its own word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipeline.clip import LOG_SOURCES, Marker, Saying
from pipeline.fields import BY_NAME
from pipeline.shotlog.folding import fold
from pipeline.timecode import TimeRange

FORGOTTEN = "forgotten"  # no field people see: the clip was taken out of the log
MARK = "mark"
Op = Literal["set", "add", "remove", "clear"]
_RANK: dict[str, int] = {source: rank for rank, source in enumerate(LOG_SOURCES)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One live entry of the log; `batch` tells which belong to one command."""

    batch: int
    field: str
    op: Op
    value: str
    source: str
    range: TimeRange | None = None


@dataclass(slots=True)
class _Word:
    """What one source says of one many-valued field, by folded value."""

    values: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    alone: bool = False  # hides every worse source
    set_in: int | None = None  # the batch that last said `set`: a second set of one command adds


@dataclass(frozen=True, slots=True)
class Standing:
    values: dict[str, str | tuple[str, ...]]
    markers: tuple[Marker, ...]
    forgotten: bool


def standing(entries: Sequence[Entry]) -> Standing:
    """What stands of live `entries`, oldest first."""
    by_field: dict[str, list[Entry]] = {}
    ranged: list[Entry] = []
    for entry in entries:
        if entry.range is not None:
            ranged.append(entry)
        else:
            by_field.setdefault(entry.field, []).append(entry)
    forgotten = one_valued(by_field.pop(FORGOTTEN, ())) is not None
    values: dict[str, str | tuple[str, ...]] = {}
    for name, said in by_field.items():
        known = BY_NAME.get(name)
        value = many_valued(said) if known and known.many else one_valued(said)
        if value:
            values[name] = value
    return Standing(values, markers(ranged), forgotten)


def one_valued(entries: Iterable[Entry]) -> str | None:
    newest: dict[str, Entry] = {}
    for entry in entries:
        newest[entry.source] = entry
    for source in sorted(newest, key=_rank):
        entry = newest[source]
        if entry.op in ("set", "add"):
            return entry.value
        if source == "person":
            return None
    return None


def many_valued(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Every value that stands, in alphabetical order; of two spellings the better source's."""
    said = _by_source(entries)
    result: dict[str, str] = {}
    removed: set[str] = set()
    for source in sorted(said, key=_rank):
        word = said[source]
        for key, value in word.values.items():
            if key not in removed:
                result.setdefault(key, value)
        removed |= word.removed
        if word.alone:
            break
    return tuple(result[key] for key in sorted(result))


def markers(entries: Iterable[Entry]) -> tuple[Marker, ...]:
    """The marked ranges in order of time; a better source is heard last."""
    found: dict[tuple[int, int], Marker] = {}
    marked: set[tuple[int, int]] = set()
    for entry in sorted(entries, key=lambda entry: -_rank(entry.source)):
        assert entry.range is not None
        key = (entry.range.start, entry.range.duration)
        old = found.get(key, Marker(entry.range))
        value = entry.value if entry.op in ("set", "add") else ""
        if entry.field == "note":
            found[key] = Marker(entry.range, value, old.subject)
        elif entry.field == "subject":
            found[key] = Marker(entry.range, old.note, value)
        elif entry.op in ("set", "add"):
            found[key] = old
            marked.add(key)
        else:
            found.pop(key, None)
            marked.discard(key)
    return tuple(found[key] for key in sorted(found) if key in marked or found[key].note or found[key].subject)


def differences(sayings: Sequence[Saying], entries: Sequence[Entry]) -> tuple[Saying, ...]:
    """What rules must add to the log so that it says `sayings` and no more than that.

    `entries` are the clip's live entries. What people and editors said is left alone.
    """
    before = _said(Saying(e.field, e.value, e.source, e.op, range=e.range) for e in entries)
    after = _said(sayings)
    made: list[Saying] = []
    for key, (_, saying) in after.items():
        if key not in before or before[key][0] != saying.value:
            made.append(saying)
    for key, (_, old) in before.items():
        if key not in after:
            made.append(Saying(old.field, old.value, old.source, "clear", "no longer yielded", range=old.range))
    return tuple(made)


_Key = tuple[str, str, str, TimeRange | None]


def _said(sayings: Iterable[Saying]) -> dict[_Key, tuple[str, Saying]]:
    """The standing word of each rule: one for a one-valued field, one for each value of a many-valued."""
    standing_words: dict[_Key, tuple[str, Saying]] = {}
    for saying in sayings:
        if saying.source in ("person", "editor"):
            continue
        known = BY_NAME.get(saying.field)
        each = saying.range is None and known is not None and known.many
        key = (saying.source, saying.field, fold(saying.value) if each else "", saying.range)
        standing_words.pop(key, None)
        if saying.op in ("set", "add"):
            standing_words[key] = (saying.value, saying)
    return standing_words


def _by_source(entries: Iterable[Entry]) -> dict[str, _Word]:
    said: dict[str, _Word] = {}
    for entry in entries:
        word = said.setdefault(entry.source, _Word())
        key = fold(entry.value)
        if entry.op == "remove":
            word.values.pop(key, None)
            word.removed.add(key)
        elif entry.op == "clear":
            _clear(word, entry, key)
        else:
            if entry.op == "set" and entry.source == "person" and word.set_in != entry.batch:
                word.values, word.removed, word.alone, word.set_in = {}, set(), True, entry.batch
            word.removed.discard(key)
            word.values[key] = entry.value
    return said


def _clear(word: _Word, entry: Entry, key: str) -> None:
    if entry.source == "person":
        word.values, word.removed, word.alone = {}, set(), True
    elif entry.value:
        word.values.pop(key, None)
    else:
        word.values, word.removed = {}, set()


def _rank(source: str) -> int:
    return _RANK.get(source, len(LOG_SOURCES))
