"""Entries of the log as rows: opening a batch, appending, reading back what is not undone."""

import secrets
from collections.abc import Iterable
from typing import cast

from pipeline.catalogue.store import Connection, now
from pipeline.clip import Saying
from pipeline.shotlog.standing import Entry, Op
from pipeline.timecode import TimeRange


def new_batch(db: Connection, *, who: str, words: str, kind: str, name: str | None = None) -> tuple[int, str]:
    """Open a batch (kind log, undo or rules) and return its number and id; `name` continues one of that id."""
    if name is not None:
        row = db.execute("SELECT n FROM batches WHERE id = ?", (name,)).fetchone()
        if row:
            return int(row[0]), name
    name = name or secrets.token_hex(16)
    sql = "INSERT INTO batches (id, who, moment, words, kind) VALUES (?, ?, ?, ?, ?)"
    number = db.execute(sql, (name, who, now(), words, kind)).lastrowid
    assert number is not None
    return number, name


def append(db: Connection, batch: int, sayings: Iterable[tuple[int, Saying]]) -> None:
    """Add entries for clips by number."""
    first = db.execute("SELECT count(*) FROM entries WHERE batch_n = ?", (batch,)).fetchone()[0]
    db.executemany(
        "INSERT INTO entries (batch_n, ordinal, clip_n, field, op, value, source, confidence, detail, start, frames)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                batch, ordinal, n, said.field, said.op, said.value, said.source, said.confidence, said.detail,
                said.range.start if said.range else None, said.range.duration if said.range else None,
            )
            for ordinal, (n, said) in enumerate(sayings, start=first)
        ],
    )  # fmt: skip


def range_of(start: int | None, frames: int | None) -> TimeRange | None:
    return TimeRange(start, frames) if start is not None and frames is not None else None


def live_entries(db: Connection, n: int) -> list[Entry]:
    """What of a clip's log is not undone, oldest first."""
    rows = db.execute(
        "SELECT e.batch_n, e.field, e.op, e.value, e.source, e.start, e.frames FROM entries e"
        " JOIN batches b ON b.n = e.batch_n WHERE e.clip_n = ? AND NOT b.undone AND e.op <> 'undo' ORDER BY e.n",
        (n,),
    ).fetchall()
    return [Entry(row[0], row[1], cast("Op", row[2]), row[3], row[4], range_of(row[5], row[6])) for row in rows]
