"""The lines of plain files -> rows of a new catalogue: what the one that was lost had said.

Numbers are kept where they are free, so that everything keeps its order. Nothing is online yet; what media say
themselves is read of them afterwards and replaces what stands here.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pipeline.catalogue.current import refresh
from pipeline.catalogue.identity import still_there
from pipeline.catalogue.log import settle_undone
from pipeline.catalogue.packing import pack_list, unpack_facts
from pipeline.catalogue.plain import (
    NOTHING,
    AnyLine,
    Batch,
    CardLine,
    ClipLine,
    CorrectionLine,
    CutLine,
    Entry,
    ImportLine,
    Path,
    PlaceLine,
    SumLine,
    TrackLine,
    Trail,
    path_in,
)
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.catalogue.telling import CARD_COLUMNS, CLIP_COLUMNS, FAILURE_COLUMNS
from pipeline.catalogue.trails import settle_places
from pipeline.shotlog.clocks import Zones
from pipeline.shotlog.trails import Heard


@dataclass(slots=True)
class Recalled:
    """Lines on their way into a catalogue; `lost` says what of them could not be taken."""

    catalogue: Catalogue
    lost: list[str] = field(default_factory=list)
    _batches: dict[str, int] = field(default_factory=dict)
    _places: list[tuple[int, int, PlaceLine]] = field(default_factory=list)
    _tracks: list[tuple[int, int, TrackLine]] = field(default_factory=list)
    _listed: list[tuple[int, SumLine]] = field(default_factory=list)
    _corrections: list[CorrectionLine] = field(default_factory=list)

    def take(self, name: str, lines: Iterable[AnyLine | str]) -> None:
        """Take in the lines of one file. One that no catalogue can hold is named, and passed over whole."""
        gathered: tuple[list[Any], ...] = (self._places, self._tracks, self._listed, self._corrections)
        before = [len(each) for each in gathered], dict(self._batches)
        try:
            with self.catalogue.atomic() as db:
                self._take(db, name, lines)
        except (sqlite3.Error, OverflowError, ValueError) as error:
            self.lost.append(f"{name}: it cannot be taken in ({error})")
            lengths, self._batches = before
            for each, length in zip(gathered, lengths, strict=True):
                del each[length:]

    def _take(self, db: Connection, name: str, lines: Iterable[AnyLine | str]) -> None:
        at: tuple[int, int] | None = None  # root and card that the lines are of
        for line in lines:
            match line:
                case str():
                    self.lost.append(f"{name}: {line}")
                case CardLine():
                    at = _card(db, line)
                case ClipLine() | PlaceLine() | TrackLine() | SumLine():
                    self._of_card(db, name, at, line)
                case _:
                    self._of_film(db, line)

    def _of_card(
        self, db: Connection, name: str, at: tuple[int, int] | None, line: ClipLine | PlaceLine | TrackLine | SumLine
    ) -> None:
        if at is None:
            self.lost.append(f"{name}: a {line.__struct_config__.tag} of a card whose own line is lost")
        elif isinstance(line, ClipLine):
            self._clip(db, at[1], line)
        elif isinstance(line, PlaceLine):
            self._places.append((*at, line))
        elif isinstance(line, TrackLine):
            self._tracks.append((*at, line))
        else:
            self._listed.append((at[1], line))

    def _of_film(self, db: Connection, line: AnyLine) -> None:
        if isinstance(line, Batch):
            self._batch(db, line)
        elif isinstance(line, CorrectionLine):
            self._corrections.append(line)
        elif isinstance(line, ImportLine):
            row = (line.name, line.content, line.batch, line.moment)
            db.execute("INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?)", row)
        elif isinstance(line, CutLine):
            _cut(db, line)

    def settle(self, identity: str | None) -> None:
        """When every file was taken: what refers from one card to another, and what was undone."""
        with self.catalogue.atomic() as db:
            if identity:
                db.execute("UPDATE identity SET id = ?", (identity,))
            clips = dict(db.execute("SELECT id, n FROM clips"))
            for root, card, place in self._places:
                if place.clip in clips:
                    _place(db, root, card, clips[place.clip], place)
            for root, card, track in self._tracks:
                _track(db, root, card, track)
            for card, line in self._listed:
                row = (clips.get(line.clip or ""), line.origin, line.hashes, line.size, line.mtime_ns, line.verdict)
                db.execute(
                    "INSERT OR IGNORE INTO listed (card_n, path, clip_n, origin, hashes, size, mtime_ns, verdict)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (card, path_in(line.path), *row),
                )
            for said in sorted(self._corrections, key=lambda each: each.n):
                row = (said.camera, said.unit, said.day, said.milliseconds, said.error, said.detail)
                db.execute(
                    "INSERT INTO corrections (batch_n, camera, unit, day, milliseconds, error, detail)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (self._batch_number(db, said.batch, said.n), *row),
                )
            undone = "SELECT t.n FROM batches b JOIN batches t ON t.id = b.undoes ORDER BY b.n"
            for (n,) in db.execute(undone).fetchall():
                settle_undone(db, n, undone=True)

    def _batch(self, db: Connection, line: Batch) -> None:
        if line.id not in self._batches:
            row = {"id": line.id, "who": line.who, "moment": line.moment, "words": line.words, "kind": line.kind}
            self._batches[line.id] = _insert(db, "batches", line.n, {**row, "undoes": line.undoes})

    def _batch_number(self, db: Connection, name: str, near: int) -> int:
        """The number of a batch; one whose own line is lost stands in without who and when."""
        if name not in self._batches:
            self.lost.append(f"who said it and when is lost of batch {name[:8]}")
            self._batch(db, Batch(near, name, "somebody", "", "", "log"))
        return self._batches[name]

    def _clip(self, db: Connection, card: int, line: ClipLine) -> None:
        known = db.execute("SELECT n FROM clips WHERE id = ?", (line.id,)).fetchone()
        n = known[0] if known else _clip(db, card, line)
        said = set()
        if known:  # it moved from one card to another as the files were written
            sql = "SELECT b.id, e.ordinal FROM entries e JOIN batches b ON b.n = e.batch_n WHERE e.clip_n = ?"
            said = set(db.execute(sql, (n,)))
        for entry in line.log:
            if (entry.batch, entry.ordinal) not in said:
                _entry(db, n, self._batch_number(db, entry.batch, entry.n), entry)


def come_online(catalogue: Catalogue) -> None:
    """Mark what lies where it was, and work out the current log of every clip."""
    with catalogue.atomic() as db:
        rows = db.execute("SELECT p.n, r.place, p.path FROM places p JOIN roots r ON r.n = p.root").fetchall()
        there = [(n,) for n, place, path in rows if place is not None and still_there(place, path)]
        db.executemany("UPDATE places SET online = 1 WHERE n = ?", there)
        clips = [n for (n,) in db.execute("SELECT n FROM clips ORDER BY n")]
        refresh(db, clips)
        settle_places(db, clips)


def _insert(db: Connection, table: str, n: int, row: dict[str, Any]) -> int:
    """Insert a row under its old number, or the next where that is taken."""
    taken = db.execute(f"SELECT 1 FROM {table} WHERE n = ?", (n,)).fetchone()
    row = row if taken else {"n": n, **row}
    sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
    made = db.execute(sql, tuple(row.values())).lastrowid
    assert made is not None
    return made


def _paths(paths: Iterable[Path]) -> str:
    return pack_list(tuple(path_in(each) for each in paths))


def _root(db: Connection, kind: str, volume: str) -> int:
    row = db.execute("SELECT n FROM roots WHERE kind = ? AND volume = ?", (kind, volume)).fetchone()
    made = row[0] if row else db.execute("INSERT INTO roots (kind, volume) VALUES (?, ?)", (kind, volume)).lastrowid
    assert made is not None
    return int(made)


def _card(db: Connection, line: CardLine) -> tuple[int, int]:
    root, path = _root(db, line.kind, line.volume), path_in(line.path)
    known = db.execute("SELECT n FROM cards WHERE root = ? AND path = ?", (root, path)).fetchone()
    if known:
        return root, int(known[0])
    row: dict[str, Any] = {"name": "", "structure": "plain", "moment": "", "warnings": "[]"}
    row |= {name: value for name, value in line.row.items() if name in CARD_COLUMNS}
    row |= {
        "root": root,
        "path": path,
        "fingerprint": "",
        "reports": _paths(line.reports),
        "others": _paths(line.others),
    }
    card = _insert(db, "cards", line.n, row)
    failed = [(card, path_in(file), sentence, code) for file, sentence, code in line.failed]
    db.executemany("INSERT OR REPLACE INTO failed_files VALUES (?, ?, ?, ?)", failed)
    return root, card


def _clip(db: Connection, card: int, line: ClipLine) -> int:
    unpack_facts(bytes(line.facts))  # what cannot be read later is refused here
    msgspec.json.decode(line.zones, type=Zones)
    row = {name: value for name, value in line.row.items() if name in CLIP_COLUMNS}
    n = _insert(db, "clips", line.n, {**row, "id": line.id, "card_n": card, "path": path_in(line.path)})
    db.execute("INSERT INTO facts VALUES (?, ?, ?, ?)", (n, line.reader, bytes(line.facts), _paths(line.sidecars)))
    db.execute("INSERT INTO clocks (clip_n, zones) VALUES (?, ?)", (n, line.zones))
    db.executemany(
        "INSERT INTO parts (clip_n, part, quick, size, frames, full) VALUES (?, ?, ?, ?, ?, ?)",
        [(n, number, part.quick, part.size, part.frames, part.full) for number, part in enumerate(line.parts)],
    )
    db.executemany(
        "INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                n, made.kind, made.preset, path_in(made.path), made.recipe, made.content, made.size, made.moment,
                made.verdict, made.held, made.full, made.verified,
            )
            for made in line.products
        ],
    )  # fmt: skip
    for failure in line.failures:
        row = {name: failure.get(name) for name in FAILURE_COLUMNS}
        holes = ", ".join("?" * len(row))
        db.execute(f"INSERT INTO failures (clip_n, {', '.join(row)}) VALUES (?, {holes})", (n, *row.values()))
    _trails(db, "clip_n", n, line.trails)
    return n


def _entry(db: Connection, clip: int, batch: int, entry: Entry) -> None:
    row = msgspec.structs.asdict(entry)
    del row["n"], row["batch"]
    _insert(db, "entries", entry.n, {"batch_n": batch, "clip_n": clip, **row})


def _place(db: Connection, root: int, card: int, clip: int, line: PlaceLine) -> None:
    path = path_in(line.path)
    if db.execute("SELECT 1 FROM places WHERE root = ? AND path = ?", (root, path)).fetchone():
        return
    row = {"root": root, "path": path, "card_n": card, "clip_n": clip, "device": 0, "inode": 0, "online": 0}
    said = {"part": line.part, "size": line.size, "mtime_ns": line.mtime_ns, "quick": line.quick}
    _insert(db, "places", line.n, {**row, **said, "full": line.full, "verified": line.verified})


def _track(db: Connection, root: int, card: int, line: TrackLine) -> None:
    path = path_in(line.path)
    known = db.execute("SELECT n FROM tracks WHERE root = ? AND path = ?", (root, path)).fetchone()
    if known is None:
        n = db.execute("INSERT INTO tracks (root, path) VALUES (?, ?)", (root, path)).lastrowid
        assert n is not None
        _trails(db, "track_n", n, line.trails)
        db.execute("UPDATE trails SET began = first WHERE track_n = ?", (n,))
    db.execute("INSERT OR IGNORE INTO track_cards VALUES (?, ?)", (card, known[0] if known else n))


def _trails(db: Connection, whose: str, n: int, trails: Sequence[Trail]) -> None:
    for each in trails:
        msgspec.json.decode(bytes(each.heard), type=list[Heard])
    db.executemany(
        f"INSERT INTO trails ({whose}, device, heard, first, last) VALUES (?, ?, ?, ?, ?)",
        [(n, each.device, bytes(each.heard).decode(), each.first, each.last) for each in trails],
    )


def _cut(db: Connection, line: CutLine) -> None:
    events = zlib.compress(bytes(line.events), 1) if line.events != NOTHING else None
    spec = bytes(line.spec).decode()
    db.execute(
        "INSERT OR IGNORE INTO cuts VALUES (?, ?, ?, ?, ?)", (line.name, line.version, spec, line.moment, events)
    )
    rows = [(line.name, line.version, position, clip) for position, clip in enumerate(line.clips)]
    db.executemany("INSERT OR IGNORE INTO cut_clips VALUES (?, ?, ?, ?)", rows)
