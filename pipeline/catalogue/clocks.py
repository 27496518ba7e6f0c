"""Cameras' clocks by unit and day: what they claim, how far off they are known to be, and corrections.

A correction is a row of its own in a batch of the log: newer ones stand before older ones, undo takes
them back, and no media is ever written to. What it does to each clip is worked out in moments.py.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.catalogue.current import refresh
from pipeline.catalogue.entries import new_batch
from pipeline.catalogue.moments import facts_of, moment_of, zones_of
from pipeline.catalogue.packing import timecode
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.catalogue.trails import settle_places
from pipeline.errors import NotFound, ValueRefused
from pipeline.shotlog.clocks import LocalMoment, has_clock, local_moment, stated_instant
from pipeline.shotlog.estimates import Bounds, Ticked, in_whole_seconds

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Correction:
    """By how many milliseconds a clock is put forward, give or take `error`, and who said so."""

    milliseconds: int
    error: int
    detail: str
    who: str
    moment: str
    batch: str


@dataclass(frozen=True, slots=True)
class ClockOf:
    """A clock of one unit on one day; `camera` is its key (shotlog/clocks.clock_keys), empty where none is known."""

    camera: str
    unit: str
    day: str


@dataclass(frozen=True, slots=True)
class ClockRow:
    """What is known of a clock. `gps`: how far off all its GPS times allow it to be, None where they contradict."""

    clock: ClockOf
    letter: str | None
    model: str | None
    clips: int
    claims: tuple[str, ...]
    correction: Correction | None
    with_gps: int
    gps: Bounds | None


@dataclass(frozen=True, slots=True)
class Change:
    """A correction to write; `milliseconds` None takes away what stands."""

    clock: ClockOf
    milliseconds: int | None
    error: int
    detail: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """A written batch, and the ids of the clips whose time it changed."""

    batch: str
    words: str
    clips: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """How a clip came by its moment: what was read, where, what it claims, how it was understood, the correction."""

    recorded_at: str
    raw: str | None
    where: str
    claim: str
    why: str
    correction: Correction | None


_ROWS = """
SELECT k.camera, k.unit, k.day, min(l.value), min(m.value), count(*), group_concat(DISTINCT k.claim),
    max(k.correction), count(k.low), max(k.low), min(k.high)
FROM clocks k JOIN clips c ON c.n = k.clip_n JOIN groups g ON g.n = c.group_n
LEFT JOIN terms l ON l.n = g.camera LEFT JOIN terms m ON m.n = g.camera_model
WHERE k.claim <> '' AND k.day IS NOT NULL GROUP BY k.camera, k.unit, k.day ORDER BY k.day, k.unit, min(l.value), 1
"""


def clock_rows(catalogue: Catalogue, clips: Sequence[str] | None = None) -> list[ClockRow]:
    """Every clock by day, unit and camera; with `clips` (ids) only those that one of them was recorded by."""
    with catalogue.reading() as db:
        wanted = None if clips is None else _clocks_of(db, clips)
        return [row for row in map(_row(db), db.execute(_ROWS).fetchall()) if wanted is None or row.clock in wanted]


def correct(catalogue: Catalogue, changes: Sequence[Change], *, who: str, words: str) -> Corrected:
    """Write corrections in one batch; raises ValueRefused for a clock that nothing is known by."""
    for change in changes:
        if not change.clock.camera:
            raise ValueRefused(
                f"Some clips of {change.clock.day} name no camera; say which it was first: rushes set QUERY camera=B."
            )
    with catalogue.atomic() as db:
        number, name = new_batch(db, who=who, words=words, kind="log")
        db.executemany(
            "INSERT INTO corrections (batch_n, camera, unit, day, milliseconds, error, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (number, each.clock.camera, each.clock.unit, each.clock.day, each.milliseconds, each.error, each.detail)
                for each in changes
            ],
        )
        return Corrected(name, words, tuple(retime(db, [number])))


def retime(db: Connection, batches: Iterable[int]) -> list[str]:
    """Work out anew when clips were recorded that corrections of these batches may concern; ids of those moved."""
    concerned: dict[int, tuple[str, int | None]] = {}
    for batch in batches:
        rows = db.execute(
            "SELECT DISTINCT k.clip_n, c.id, k.correction FROM corrections x JOIN clocks k ON k.day = x.day"
            " AND k.unit = x.unit JOIN clips c ON c.n = k.clip_n WHERE x.batch_n = ?",
            (batch,),
        )
        concerned |= {n: (clip, correction) for n, clip, correction in rows}
    refresh(db, concerned)
    settle_places(db, concerned)
    now = "SELECT correction FROM clocks WHERE clip_n = ?"
    return [clip for n, (clip, before) in concerned.items() if db.execute(now, (n,)).fetchone()[0] != before]


def told(catalogue: Catalogue, clip: str) -> Told | None:
    """How a clip (by whole id) came by its moment; None where it has none. Raises NotFound."""
    with catalogue.reading() as db:
        row = db.execute(
            "SELECT c.n, c.recorded_at, k.claim, k.correction FROM clips c LEFT JOIN clocks k ON k.clip_n = c.n"
            " WHERE c.id = ?",
            (clip,),
        ).fetchone()
        if row is None:
            raise NotFound(f"There is no clip {clip}; 'rushes log' lists what there is.")
        n, recorded, claim, number = row
        if recorded is None:
            return None
        facts, correction = facts_of(db, n), _correction(db, number)
        moment = moment_of(db, n, facts, correction.milliseconds if correction else 0)
        source = next((each for each in facts.sources if each.key == "recorded_at"), None)
        rule = source.why if source and not source.others else ""  # what other places said stands among the facts
        why = "; ".join(part for part in (rule, moment.why if moment else "") if part)
        return Told(recorded, facts.recorded_at, source.where if source else "", claim, why, correction)


def uncorrected(catalogue: Catalogue, clip: str) -> LocalMoment | None:
    """When a clip (by whole id) was recorded by its device's own clock; None for GPS time and without a date."""
    with catalogue.reading() as db:
        n = db.execute("SELECT n FROM clips WHERE id = ?", (clip,)).fetchone()[0]
        facts = facts_of(db, n)
        return local_moment(facts, zones_of(db, n)) if has_clock(facts) else None


def evidence(catalogue: Catalogue, clock: ClockOf) -> list[Ticked]:
    """The recordings of a clock that state both time, in a zone that is known, and timecode."""
    with catalogue.reading() as db:
        rows = db.execute(
            "SELECT k.clip_n, c.start_timecode, c.start_rate FROM clocks k JOIN clips c ON c.n = k.clip_n"
            " WHERE k.day = ? AND k.unit = ? AND k.camera = ? AND c.group_n IS NOT NULL ORDER BY c.story, c.n",
            (clock.day, clock.unit, clock.camera),
        ).fetchall()
        found = []
        for n, label, rate in rows:
            facts, start = facts_of(db, n), timecode(label, rate)
            claimed = stated_instant(facts, zones_of(db, n))
            if claimed and start and facts.recorded_at:
                found.append(Ticked(claimed, start, in_whole_seconds(facts.recorded_at)))
    return found


def _clocks_of(db: Connection, clips: Sequence[str]) -> set[ClockOf]:
    """The clocks that these clips (by id) were recorded by."""
    found: set[ClockOf] = set()
    for start in range(0, len(clips), _CHUNK):
        chunk = clips[start : start + _CHUNK]
        sql = (
            "SELECT DISTINCT k.camera, k.unit, k.day FROM clocks k JOIN clips c ON c.n = k.clip_n"
            f" WHERE k.claim <> '' AND k.day IS NOT NULL AND c.id IN ({', '.join('?' * len(chunk))})"
        )
        found |= {ClockOf(*row) for row in db.execute(sql, tuple(chunk))}
    return found


def _row(db: Connection) -> Callable[[tuple[Any, ...]], ClockRow]:
    def made(row: tuple[Any, ...]) -> ClockRow:
        camera, unit, day, letter, model, clips, claims, correction, with_gps, low, high = row
        gps = Bounds(low, high) if with_gps and low <= high else None
        claimed = tuple(sorted(claims.split(",")))
        found = _correction(db, correction)
        return ClockRow(ClockOf(camera, unit, day), letter, model, clips, claimed, found, with_gps, gps)

    return made


def _correction(db: Connection, number: int | None) -> Correction | None:
    row = db.execute(
        "SELECT x.milliseconds, x.error, x.detail, b.who, b.moment, b.id FROM corrections x"
        " JOIN batches b ON b.n = x.batch_n WHERE x.n = ?",
        (number,),
    ).fetchone()
    return Correction(*row) if row else None
