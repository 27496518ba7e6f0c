"""Rows of the catalogue -> the lines of its plain files, in the same order each time."""

import zlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from pipeline.catalogue.packing import unpack_paths
from pipeline.catalogue.plain import (
    NOTHING,
    VERSION,
    Batch,
    CardLine,
    ClipLine,
    CorrectionLine,
    CutLine,
    Entry,
    Head,
    ImportLine,
    Line,
    Made,
    PartOf,
    PlaceLine,
    Row,
    SumLine,
    TrackLine,
    Trail,
    path_out,
    rows_of,
)
from pipeline.catalogue.store import Connection

# Columns of `clips` and `cards` that are no product of others, and no path.
CLIP_COLUMNS = (
    "name", "kind", "outfit", "flicks", "frames", "rate", "start_timecode", "start_sort", "start_rate", "lens",
    "reel", "decoder", "content", "warnings", "refused",
)  # fmt: skip
CARD_COLUMNS = ("name", "structure", "moment", "warnings", "bytes")
FAILURE_COLUMNS = ("step", "recipe", "content", "sentence", "attempts", "transient", "moment", "program")
_BATCH = "n, id, who, moment, words, kind, undoes"
_HERE = "clip_n IN (SELECT n FROM clips WHERE card_n = ?)"


def identity(db: Connection) -> str:
    """Whose the plain files are."""
    return str(db.execute("SELECT id FROM identity").fetchone()[0])


def card_lines(db: Connection, card: int) -> Iterator[Line]:
    """All of a card: what it is, the commands that spoke of its clips, its clips, its files."""
    yield Head("card", identity(db), VERSION)
    yield _card(db, card)
    sql = f"SELECT {_BATCH} FROM batches WHERE n IN (SELECT batch_n FROM entries WHERE {_HERE}) ORDER BY n"
    yield from (Batch(*row) for row in db.execute(sql, (card,)).fetchall())
    yield from _clips(db, card)
    for n, path, *rest in db.execute(
        "SELECT p.n, p.path, c.id, p.part, p.size, p.mtime_ns, p.quick, p.full, p.verified FROM places p"
        " JOIN clips c ON c.n = p.clip_n WHERE p.card_n = ? ORDER BY p.n",
        (card,),
    ).fetchall():
        yield PlaceLine(n, path_out(bytes(path)), *rest)
    for n, path in db.execute(
        "SELECT t.n, t.path FROM tracks t JOIN track_cards k ON k.track_n = t.n WHERE k.card_n = ? ORDER BY t.path",
        (card,),
    ).fetchall():
        sql = "SELECT device, heard, first, last FROM trails WHERE track_n = ? ORDER BY n"
        yield TrackLine(path_out(bytes(path)), [_trail(row) for row in db.execute(sql, (n,))])
    for path, *row in db.execute(
        "SELECT l.path, c.id, l.origin, l.hashes, l.size, l.mtime_ns, l.verdict FROM listed l"
        " LEFT JOIN clips c ON c.n = l.clip_n WHERE l.card_n = ? ORDER BY l.path",
        (card,),
    ).fetchall():
        yield SumLine(path_out(bytes(path)), *row)


def film_lines(db: Connection) -> Iterator[Line]:
    """What speaks of no clip by itself: corrections of clocks with their commands, undone or not, and imports."""
    yield Head("film", identity(db), VERSION)
    own = "n IN (SELECT batch_n FROM corrections) OR NOT EXISTS (SELECT 1 FROM entries e WHERE e.batch_n = batches.n)"
    yield from (Batch(*row) for row in db.execute(f"SELECT {_BATCH} FROM batches WHERE {own} ORDER BY n").fetchall())
    sql = (
        "SELECT c.n, b.id, c.camera, c.unit, c.day, c.milliseconds, c.error, c.detail FROM corrections c"
        " JOIN batches b ON b.n = c.batch_n ORDER BY c.n"
    )
    yield from (CorrectionLine(*row) for row in db.execute(sql).fetchall())
    sql = "SELECT name, content, batch, moment FROM imports ORDER BY name"
    yield from (ImportLine(*row) for row in db.execute(sql).fetchall())


def cut_lines(db: Connection, name: str, version: int) -> Iterator[Line]:
    yield Head("cut", identity(db), VERSION)
    sql = "SELECT moment, spec, events FROM cuts WHERE name = ? AND version = ?"
    row = db.execute(sql, (name, version)).fetchone()
    sql = "SELECT clip FROM cut_clips WHERE name = ? AND version = ? ORDER BY position"
    clips = [clip for (clip,) in db.execute(sql, (name, version))]
    events = msgspec.Raw(zlib.decompress(row[2])) if row[2] is not None else NOTHING
    yield CutLine(name, version, row[0], msgspec.Raw(row[1].encode()), clips, events)


def _card(db: Connection, card: int) -> CardLine:
    columns = ", ".join(f"c.{name}" for name in CARD_COLUMNS)
    kind, volume, place, path, reports, others, *rest = db.execute(
        f"SELECT r.kind, r.volume, r.place, c.path, c.reports, c.others, {columns} FROM cards c"
        " JOIN roots r ON r.n = c.root WHERE c.n = ?",
        (card,),
    ).fetchone()
    sql = "SELECT path, sentence, exit_code FROM failed_files WHERE card = ? ORDER BY path"
    failed = [(path_out(bytes(file)), sentence, code) for file, sentence, code in db.execute(sql, (card,))]
    return CardLine(
        card, kind, volume, path_out(bytes(path)), rows_of(CARD_COLUMNS, rest),
        [path_out(each) for each in unpack_paths(reports)], [path_out(each) for each in unpack_paths(others)], failed,
        place if kind == "volume" else None,
    )  # fmt: skip


def _clips(db: Connection, card: int) -> Iterator[ClipLine]:
    parts: dict[int, list[PartOf]] = defaultdict(list)
    for n, *part in db.execute(
        f"SELECT clip_n, quick, size, frames, full FROM parts WHERE {_HERE} ORDER BY clip_n, part", (card,)
    ):
        parts[n].append(PartOf(*part))
    said, made, failed, trails = _entries(db, card), _products(db, card), _failures(db, card), _trails(db, card)
    columns = ", ".join(f"c.{name}" for name in CLIP_COLUMNS)
    for n, name, path, reader, sidecars, zones, facts, *row in db.execute(
        "SELECT c.n, c.id, c.path, f.reader, f.sidecars, k.zones, f.facts,"
        f" {columns} FROM clips c JOIN facts f ON f.clip_n = c.n LEFT JOIN clocks k ON k.clip_n = c.n"
        " WHERE c.card_n = ? ORDER BY c.n",
        (card,),
    ).fetchall():
        yield ClipLine(
            n, name, path_out(bytes(path)), rows_of(CLIP_COLUMNS, row), parts[n], said[n], made[n], failed[n],
            reader, [path_out(each) for each in unpack_paths(sidecars)], zones or "{}", trails[n], msgspec.Raw(facts),
        )  # fmt: skip


def _entries(db: Connection, card: int) -> dict[int, list[Entry]]:
    found: dict[int, list[Entry]] = defaultdict(list)
    sql = (
        "SELECT e.clip_n, e.n, b.id, e.ordinal, e.field, e.op, e.value, e.source, e.confidence, e.detail, e.start,"
        f" e.frames FROM entries e JOIN batches b ON b.n = e.batch_n WHERE e.{_HERE} ORDER BY e.n"
    )
    for n, *row in db.execute(sql, (card,)):
        found[n].append(Entry(*row))
    return found


def _products(db: Connection, card: int) -> dict[int, list[Made]]:
    found: dict[int, list[Made]] = defaultdict(list)
    sql = (
        "SELECT clip_n, path, kind, preset, recipe, content, size, moment, verdict, held, full, verified"
        f" FROM products WHERE {_HERE} ORDER BY clip_n, kind, preset"
    )
    for n, path, kind, preset, *row in db.execute(sql, (card,)):
        found[n].append(Made(kind, preset, path_out(bytes(path)), *row))
    return found


def _failures(db: Connection, card: int) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    columns = ", ".join(FAILURE_COLUMNS)
    for n, *row in db.execute(f"SELECT clip_n, {columns} FROM failures WHERE {_HERE} ORDER BY clip_n, step", (card,)):
        found[n].append(rows_of(FAILURE_COLUMNS, row))
    return found


def _trails(db: Connection, card: int) -> dict[int, list[Trail]]:
    found: dict[int, list[Trail]] = defaultdict(list)
    sql = f"SELECT clip_n, device, heard, first, last FROM trails WHERE {_HERE} ORDER BY n"
    for n, *row in db.execute(sql, (card,)):
        found[n].append(_trail(row))
    return found


def _trail(row: Any) -> Trail:
    device, heard, first, last = row
    return Trail(device, msgspec.Raw(heard.encode()), first, last)
