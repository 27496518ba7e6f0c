"""The search index against what it is made from: groups, terms, texts, words, markers and each clip's current log.

Whether a clip's rows are as they should be is found by making them again and looking whether that changed anything.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress

from pipeline.catalogue.current import SHARED, SHARED_MANY, TEXTS, packed, refresh
from pipeline.catalogue.store import Catalogue, Connection, index_faults
from pipeline.errors import CatalogueDamaged

_SAMPLE = 2_000  # clips that a look compares, evenly spread over the log
_CHUNK = 200  # of them at a time: nobody waits long for the write lock
_OWN = (
    "path", "name", "card_n", "story", "recorded_at", "seconds", "moment", "tag", "scene", "take", "title", "note",
    "look", "sound",
)  # fmt: skip
_Rows = dict[int, tuple[object, ...]]


class _TakeBackError(Exception):
    """Raised to leave a transaction without a trace."""


def faults_of_index(catalogue: Catalogue) -> tuple[str, ...]:
    """What of the search index is not what the log says, in sentences."""
    found: list[str] = []
    with catalogue.atomic() as db:
        found += index_faults(db)
        found += _faults_of_groups(db)
        clips = [n for (n,) in db.execute("SELECT n FROM clips ORDER BY n")]
    sample = clips[:: -(-len(clips) // _SAMPLE) or 1]
    try:
        wrong = sum(len(_differing(catalogue, sample[at : at + _CHUNK])) for at in range(0, len(sample), _CHUNK))
    except (sqlite3.DatabaseError, CatalogueDamaged):
        return (*found, "the search index cannot be changed any more")
    if wrong:
        found.append(f"{wrong:,} of {len(sample):,} clips that were compared are found as something else than they are")
    return tuple(found)


def make_index_again(catalogue: Catalogue) -> int:
    """Make the whole search index anew, in one step; of how many clips it says something else now."""
    with catalogue.atomic() as db:
        clips = [n for (n,) in db.execute("SELECT n FROM clips ORDER BY n")]
        before = _said(db, clips)
        db.execute("UPDATE clips SET group_n = NULL")
        for table in ("group_terms", "groups", "terms", "texts", "markers"):
            db.execute(f"DELETE FROM {table}")
        (words,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'words'").fetchone()
        db.execute("DROP TABLE words")  # whatever is wrong with it
        db.execute(words)
        refresh(db, clips)
        after = _said(db, clips)
    return sum(before[n] != after[n] for n in clips)


def _differing(catalogue: Catalogue, clips: Sequence[int]) -> list[int]:
    """Those of these clips whose rows change when they are made again; nothing is changed."""
    found: list[int] = []
    with suppress(_TakeBackError), catalogue.atomic() as db:
        before = _said(db, clips)
        refresh(db, clips)
        after = _said(db, clips)
        found += [n for n in clips if before[n] != after[n]]
        raise _TakeBackError
    return found


def _said(db: Connection, clips: Sequence[int]) -> _Rows:
    """What the index says of each clip, by value: numbers of groups and terms are left out."""
    terms: dict[int, str] = dict(db.execute("SELECT n, value FROM terms").fetchall())
    groups = {n: (day, *_values(row, terms)) for n, day, *row in db.execute(_GROUPS)}
    marks: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    said: _Rows = {}
    for n in clips:
        marks[n] = db.execute("SELECT start, frames, note, subject FROM markers WHERE clip_n = ?", (n,)).fetchall()
        group, *own = db.execute(f"SELECT group_n, {', '.join(_OWN)} FROM clips WHERE n = ?", (n,)).fetchone()
        texts = db.execute(f"SELECT {', '.join(TEXTS)} FROM texts WHERE n = ?", (n,)).fetchone()
        said[n] = (groups.get(group), texts, *own, *marks[n])
    return said


_GROUPS = f"SELECT n, day, {', '.join((*SHARED, *SHARED_MANY))} FROM groups"


def _values(row: Sequence[int | str | None], terms: dict[int, str]) -> Iterator[object]:
    for value in row:
        if isinstance(value, str):
            yield sorted(str(terms.get(int(each))) for each in value.split(",") if each)
        else:
            yield None if value is None else terms.get(value)


def _faults_of_groups(db: Connection) -> Iterator[str]:
    """Whether groups are what their keys say, and terms are found by the words of their values."""
    columns = " || '|' || ".join(f"ifnull({name}, '')" for name in ("card_n", *SHARED, *SHARED_MANY))
    if db.execute(f"SELECT 1 FROM groups WHERE key <> {columns} LIMIT 1").fetchone():
        yield "a group of clips is filed under other values than its clips have"
    named: dict[int, set[int]] = defaultdict(set)
    for term, group in db.execute("SELECT term_n, group_n FROM group_terms"):
        named[group].add(term)
    for n, _, *row in db.execute(_GROUPS):
        wanted = {int(each) for value in row if value is not None for each in str(value).split(",")}
        if wanted != named[n]:
            yield "a value does not lead to all clips that have it"
            break
    for field, value, words in db.execute("SELECT field, value, words FROM terms"):
        text = packed(value)
        if words != (text.removesuffix("|") if field == "folder" else text):
            yield "a value cannot be found by its words"
            break
