"""The log: append-only entries in batches, undo, and where each value comes from.

An entry's id is its batch's random id and its place in it, so it is unique across machines. What
stands now is worked out by shotlog/standing.py and kept for searching by current.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from pipeline.catalogue.clocks import retime
from pipeline.catalogue.current import refresh
from pipeline.catalogue.entries import append, new_batch, range_of
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.catalogue.trails import LENT_BY, settle_places
from pipeline.clip import Saying, shown
from pipeline.errors import NotFound, ValueRefused
from pipeline.faults import reached
from pipeline.shotlog.standing import FORGOTTEN, MARK
from pipeline.shotlog.values import normal, settable
from pipeline.timecode import TimeRange


@dataclass(frozen=True, slots=True)
class Batch:
    """One command's entries; `clips` are the ids it touched."""

    id: str
    who: str
    moment: str
    words: str
    clips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry as history shows it. `stands` is False once its batch was undone."""

    id: str
    batch: str
    field: str
    op: str
    value: str
    source: str
    confidence: float
    detail: str
    who: str
    moment: str
    range: TimeRange | None
    stands: bool


def write_log(
    catalogue: Catalogue, sayings: Sequence[tuple[str, Saying]], *, who: str, words: str, batch: str | None = None
) -> Batch:
    """Say these things of these clips (by whole id) in one batch; all or none.

    Raises ValueRefused for a value or field that cannot be, NotFound for an unknown clip.
    """
    checked = [(clip, _checked(saying)) for clip, saying in sayings]
    with catalogue.atomic() as db:
        reached("log.write")
        number, name = new_batch(db, who=who, words=words, kind="log", name=batch)
        numbers = _numbers(db, dict.fromkeys(clip for clip, _ in checked))
        append(db, number, [(numbers[clip], saying) for clip, saying in checked])
        refresh(db, numbers.values())
        if any(saying.field in LENT_BY for _, saying in checked):
            settle_places(db, numbers.values())
        return _batch(db, number, name, tuple(numbers))


def forget(catalogue: Catalogue, clips: Sequence[str], *, who: str, words: str = "forget") -> Batch:
    """Take clips out of the log; media is not touched, and undo brings them back."""
    with catalogue.atomic() as db:
        number, name = new_batch(db, who=who, words=words, kind="log")
        numbers = _numbers(db, dict.fromkeys(clips))
        append(db, number, [(n, Saying(FORGOTTEN, "yes", "person")) for n in numbers.values()])
        refresh(db, numbers.values())
        settle_places(db, numbers.values())
        return _batch(db, number, name, tuple(numbers))


def forget_failed_files(catalogue: Catalogue, path: str) -> tuple[str, ...]:
    """Let go of files that could not be read, by path or its end: ingest no longer counts them; which they were."""
    with catalogue.atomic() as db:
        rows = db.execute("SELECT card, path FROM failed_files").fetchall()
        gone = [row for row in rows if f"/{shown(row[1])}".endswith(f"/{path}")]
        db.executemany("DELETE FROM failed_files WHERE card = ? AND path = ?", gone)
    return tuple(shown(found) for _, found in gone)


def undo(catalogue: Catalogue, batch: str | None, *, who: str) -> Batch:
    """Take back a batch by any unique beginning of its id; without one, the newest of `who` that stands.

    What was undone can be undone again, by the id of the undo. Raises NotFound.
    """
    with catalogue.atomic() as db:
        reached("log.undo")
        taken, id_taken, words_taken = _batch_to_undo(db, batch, who)
        number, name = new_batch(db, who=who, words=f"undo {words_taken}", kind="undo")
        db.execute("UPDATE batches SET undoes = ? WHERE n = ?", (id_taken, number))
        clips = dict(
            db.execute(
                "SELECT id, n FROM clips WHERE n IN (SELECT clip_n FROM entries WHERE batch_n = ?)", (taken,)
            ).fetchall()
        )
        # The undo is part of the log itself: one entry for each clip, whose value names what it takes back.
        db.executemany(
            "INSERT INTO entries (batch_n, ordinal, clip_n, field, op, value, source, confidence, detail)"
            " VALUES (?, ?, ?, '', 'undo', ?, 'person', 1.0, ?)",
            [(number, ordinal, n, id_taken, words_taken) for ordinal, n in enumerate(clips.values())],
        )
        turned = settle_undone(db, taken, undone=True)
        refresh(db, clips.values())
        settle_places(db, clips.values())
        retimed = retime(db, turned)
        return _batch(db, number, name, tuple(dict.fromkeys((*clips, *retimed))))


def history(catalogue: Catalogue, clip: str) -> tuple[LogEntry, ...]:
    """Every entry of a clip's log, oldest first. Raises NotFound."""
    with catalogue.reading() as db:
        n = _numbers(db, [clip])[clip]
        rows = db.execute(
            "SELECT b.id || '-' || e.ordinal, b.id, e.field, e.op, e.value, e.source, e.confidence, e.detail, b.who,"
            " b.moment, NOT b.undone, e.start, e.frames FROM entries e JOIN batches b ON b.n = e.batch_n"
            " WHERE e.clip_n = ? ORDER BY e.n",
            (n,),
        ).fetchall()
    return tuple(
        LogEntry(name, of, field, op, value, source, sure, detail, who, moment, range_of(start, frames), bool(stands))
        for name, of, field, op, value, source, sure, detail, who, moment, stands, start, frames in rows
    )


def _checked(saying: Saying) -> Saying:
    if saying.range is not None and saying.field not in (MARK, "note", "subject"):
        raise ValueRefused(f"A marked range carries a note or a subject, no '{saying.field}'.")
    if saying.field == MARK:
        if saying.range is None:
            raise ValueRefused("A mark needs a range of frames.")
        return saying
    field = settable(saying.field)
    value = normal(field, saying.value) if saying.op in ("set", "add", "remove") else ""
    return Saying(field.name, value, saying.source, saying.op, saying.detail, saying.confidence, saying.range)


def _numbers(db: Connection, clips: Iterable[str]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for clip in clips:
        row = db.execute("SELECT n FROM clips WHERE id = ?", (clip,)).fetchone()
        if row is None:
            raise NotFound(f"There is no clip {clip}; 'rushes log' lists what there is.")
        numbers[clip] = int(row[0])
    return numbers


def _batch(db: Connection, number: int, name: str, clips: tuple[str, ...]) -> Batch:
    who, moment, words = db.execute("SELECT who, moment, words FROM batches WHERE n = ?", (number,)).fetchone()
    return Batch(name, who, moment, words, clips)


def _batch_to_undo(db: Connection, batch: str | None, who: str) -> tuple[int, str, str]:
    if batch is None:
        row = db.execute(
            "SELECT n, id, words FROM batches WHERE kind = 'log' AND who = ? AND NOT undone ORDER BY n DESC LIMIT 1",
            (who,),
        ).fetchone()
        if row is None:
            raise NotFound(f"There is nothing of {who} left to undo; 'rushes undo BATCH' takes back a batch by its id.")
        return cast("tuple[int, str, str]", row)
    rows = db.execute(
        "SELECT n, id, words, undone FROM batches WHERE substr(id, 1, ?) = ? LIMIT 2", (len(batch), batch.lower())
    ).fetchall()
    if not rows or not batch:
        raise NotFound(f"There is no batch '{batch}'; 'rushes show CLIP --json' names the batch of each value.")
    if len(rows) > 1:
        raise NotFound(f"More than one batch begins with {batch}; give more of its id.")
    if rows[0][3]:
        raise NotFound(f"Batch {batch} is undone already.")
    return cast("tuple[int, str, str]", rows[0][:3])


def settle_undone(db: Connection, batch: int, *, undone: bool) -> list[int]:
    """Mark a batch, and turn the other way what it had undone itself; all batches that were turned."""
    db.execute("UPDATE batches SET undone = ? WHERE n = ?", (undone, batch))
    sql = "SELECT b.n FROM batches b JOIN batches u ON b.id = u.undoes WHERE u.n = ?"
    target = db.execute(sql, (batch,)).fetchone()
    return [batch, *(settle_undone(db, target[0], undone=not undone) if target else [])]
