"""Which clip a recording on a card is: known at its place, a copy, moved, extended, or new.

Paths bind to clips through *places*; bytes bind through quick identities, and in the end through
full hashes, which may show that what looked like a copy is another clip.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import xxhash

from pipeline.catalogue.current import refresh
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.clip import Clip, Part
from pipeline.errors import NotFound
from pipeline.faults import reached

How = Literal["new", "copy", "moved", "known"]


@dataclass(frozen=True, slots=True)
class Found:
    """The number of the clip that a recording is (None: a new one), and how it was known."""

    n: int | None
    how: How


@dataclass(frozen=True, slots=True)
class HashOutcome:
    """The clip that a file belongs to by its full hash; `agrees` is False where it had to become another clip."""

    clip: str
    agrees: bool


def content_of(quicks: Sequence[str]) -> str:
    """What tells one state of a clip from another: products remember it, and a further chapter changes it."""
    return quicks[0] if len(quicks) == 1 else xxhash.xxh128_hexdigest(":".join(quicks).encode())


def displace(db: Connection, parts: Sequence[Part]) -> dict[int, bytes]:
    """Unbind the places among `parts` that now hold other bytes; the clips that lost one, with its path."""
    lost: dict[int, bytes] = {}
    for part in parts:
        row = db.execute(
            "SELECT n, clip_n FROM places WHERE root = ? AND path = ? AND (quick <> ? OR size <> ?)",
            (part.root, part.path, part.quick, part.stamp.size),
        ).fetchone()
        if row:
            db.execute("DELETE FROM places WHERE n = ?", (row[0],))
            lost[row[1]] = part.path
    return lost


def swap(db: Connection, places: Sequence[tuple[int, Part]]) -> None:
    """Let places, by their numbers, hold the bytes of these files."""
    db.executemany("UPDATE places SET quick = ?, full = NULL WHERE n = ?", [(part.quick, n) for n, part in places])


def find(db: Connection, clip: Clip) -> Found:
    """Which clip this is."""
    here = [
        db.execute("SELECT clip_n FROM places WHERE root = ? AND path = ?", (part.root, part.path)).fetchone()
        for part in clip.parts
    ]
    at_place = list(dict.fromkeys(row[0] for row in here if row))
    by_id = db.execute("SELECT n FROM clips WHERE id = ?", (clip.id,)).fetchone()
    if at_place:
        return Found(by_id[0] if by_id and by_id[0] in at_place else at_place[0], "known")
    if by_id is None:
        return Found(None, "new")
    return Found(by_id[0], "copy" if _lies_elsewhere(db, by_id[0]) else "moved")


def _lies_elsewhere(db: Connection, n: int) -> bool:
    """Whether the clip is still at another path."""
    rows = db.execute("SELECT r.place, p.path FROM places p JOIN roots r ON r.n = p.root WHERE p.clip_n = ?", (n,))
    return any(still_there(place, path) for place, path in rows.fetchall())


def move_places(db: Connection, n: int, parts: Sequence[Part]) -> None:
    """Drop the places of a clip that it has left; a file renamed on its disk takes along what was read of it."""
    for number, part in enumerate(parts):
        stamp = part.stamp
        db.execute(
            "UPDATE places SET path = ? WHERE n = (SELECT n FROM places WHERE clip_n = ? AND part = ? AND root = ?"
            " AND size = ? AND mtime_ns = ? AND quick = ? LIMIT 1)",
            (part.path, n, number, part.root, stamp.size, stamp.mtime_ns, part.quick),
        )
    here = {(part.root, part.path) for part in parts}
    rows = db.execute("SELECT n, root, path FROM places WHERE clip_n = ?", (n,)).fetchall()
    db.executemany("DELETE FROM places WHERE n = ?", [(place,) for place, *where in rows if tuple(where) not in here])


def move_products(db: Connection, n: int, parts: Sequence[Part]) -> None:
    """What was made of a clip beside its original lies beside it still where their folder got another name."""
    sql = (
        "SELECT p.path, r.place FROM places p JOIN roots r ON r.n = p.root"
        " WHERE p.clip_n = ? AND p.root = ? AND p.part = 0 AND r.kind = 'film'"
    )
    now = parts[0].path.rpartition(b"/")[0]
    for path, place in db.execute(sql, (n, parts[0].root)).fetchall():
        before = bytes(path).rpartition(b"/")[0]
        made = db.execute("SELECT kind, preset, path, size FROM products WHERE clip_n = ?", (n,)).fetchall()
        for kind, preset, old, size in made:
            new = now + old.removeprefix(before)
            if old.startswith(before + b"/") and _went_along(place, (old, new), size):
                db.execute(
                    "UPDATE products SET path = ? WHERE clip_n = ? AND kind = ? AND preset = ?", (new, n, kind, preset)
                )


def _went_along(place: str, paths: tuple[bytes, bytes], size: int) -> bool:
    """Whether a file lies at the second of two paths, and not at the first any more."""
    old, new = (Path(place, os.fsdecode(path)) for path in paths)
    return not os.path.lexists(old) and new.is_file() and new.stat().st_size == size


def rebind(db: Connection, card: int, places: Sequence[tuple[int, Part]]) -> set[int]:
    """Let places, by their numbers, be where these files lie, though they read otherwise; the clips they are of."""
    clips: set[int] = set()
    for n, part in places:
        row = (part.root, part.path, card, part.stamp.device, part.stamp.inode, n)
        sql = "UPDATE places SET root = ?, path = ?, card_n = ?, device = ?, inode = ?, online = 1 WHERE n = ?"
        clips |= {clip for (clip,) in db.execute(f"{sql} RETURNING clip_n", row).fetchall()}
    return clips


def still_there(place: str | None, path: bytes) -> bool:
    """Whether a file is where it was; on a volume that is not mounted it is taken to be."""
    return place is None or os.path.lexists(os.path.join(os.fsencode(place), path))


def at_home_elsewhere(db: Connection, n: int, card: int) -> bool:
    """Whether another card than this is a clip's own and still has all of it: a copy tells nothing new of it."""
    rows = db.execute(
        "SELECT p.part, r.place, p.path FROM clips c JOIN places p ON p.clip_n = c.n AND p.card_n = c.card_n"
        " JOIN roots r ON r.n = p.root WHERE c.n = ? AND c.card_n <> ?",
        (n, card),
    ).fetchall()
    there = {part for part, place, path in rows if still_there(place, path)}
    return bool(there) and len(there) >= db.execute("SELECT count(*) FROM parts WHERE clip_n = ?", (n,)).fetchone()[0]


def keep_parts(db: Connection, n: int, parts: Sequence[Part]) -> None:
    """Write which files a clip consists of; full hashes that are known stay."""
    known = dict(db.execute("SELECT quick, full FROM parts WHERE clip_n = ?", (n,)).fetchall())
    db.execute("DELETE FROM parts WHERE clip_n = ?", (n,))
    db.executemany(
        "INSERT INTO parts (clip_n, part, quick, size, frames, full) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (n, number, part.quick, part.stamp.size, part.frames, known.get(part.quick))
            for number, part in enumerate(parts)
        ],
    )


def keep_places(db: Connection, n: int, card: int, parts: Sequence[Part]) -> set[int]:
    """Bind the paths of `parts` to a clip; the other clips that lose one to it."""
    robbed: set[int] = set()
    for number, part in enumerate(parts):
        old = db.execute("SELECT clip_n FROM places WHERE root = ? AND path = ?", (part.root, part.path)).fetchone()
        if old and old[0] != n:
            robbed.add(old[0])
        stamp = part.stamp
        db.execute(
            "INSERT INTO places (root, path, card_n, clip_n, part, device, inode, size, mtime_ns, quick, full)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (root, path) DO UPDATE SET"
            " card_n = excluded.card_n, clip_n = excluded.clip_n, part = excluded.part, device = excluded.device,"
            " inode = excluded.inode, size = excluded.size, quick = excluded.quick, online = 1,"
            " full = CASE WHEN mtime_ns = excluded.mtime_ns AND size = excluded.size THEN full END,"
            " mtime_ns = excluded.mtime_ns",
            (
                part.root, part.path, card, n, number,
                stamp.device, stamp.inode, stamp.size, stamp.mtime_ns, part.quick,
            ),
        )  # fmt: skip
    return robbed


def record_hash(catalogue: Catalogue, root: int, path: bytes, full: str) -> HashOutcome:
    """Note the xxh128 of a whole file. Where it contradicts the clip's, the file becomes a clip of its own.

    That clip takes its id from its full hash, and its card is due to be read again. Raises NotFound.
    """
    with catalogue.atomic() as db:
        reached("record.hash")
        row = db.execute(
            "SELECT p.n, p.clip_n, p.part, c.id, s.full FROM places p JOIN clips c ON c.n = p.clip_n"
            " JOIN parts s ON s.clip_n = p.clip_n AND s.part = p.part WHERE p.root = ? AND p.path = ?",
            (root, path),
        ).fetchone()
        if row is None:
            raise NotFound(f"{path!r} belongs to no clip of the log; ingest its card first.")
        place, n, part, clip, known = row
        db.execute("UPDATE places SET full = ? WHERE n = ?", (full, place))
        db.execute("DELETE FROM failures WHERE clip_n = ? AND step = 'hash'", (n,))
        if known is None:
            db.execute("UPDATE parts SET full = ? WHERE clip_n = ? AND part = ?", (full, n, part))
        if known in (None, full):
            refresh(db, [n])
            return HashOutcome(clip, agrees=True)
        return HashOutcome(_split(db, place, full), agrees=False)


def correct_hash(catalogue: Catalogue, root: int, path: bytes, quick: str, full: str) -> bool:
    """Note what a file is that is as its card's hash list says: what was read of a wrong copy gives way.

    Returns whether it is known by other bytes now: then its card is due to be read again, and the file itself.
    """
    with catalogue.atomic() as db:
        sql = "SELECT n, clip_n, part, card_n, quick, full FROM places WHERE root = ? AND path = ?"
        row = db.execute(sql, (root, path)).fetchone()
        if row is None or row[5] in (None, full):
            return False
        n, clip, part, card, before, _ = row
        swapped = bool(before != quick)
        db.execute("UPDATE places SET quick = ?, full = ? WHERE n = ?", (quick, None if swapped else full, n))
        if swapped:
            db.execute("UPDATE cards SET fingerprint = '' WHERE n = ?", (card,))
        else:
            db.execute("UPDATE parts SET full = ? WHERE clip_n = ? AND part = ?", (full, clip, part))
        return swapped


def _split(db: Connection, place: int, full: str) -> str:
    """The recording that the file at `place` belongs to becomes a clip of its own, whose id is `full`."""
    n, card, part = db.execute("SELECT clip_n, card_n, part FROM places WHERE n = ?", (place,)).fetchone()
    columns = [
        row[1] for row in db.execute("PRAGMA table_info(clips)") if row[1] not in ("n", "id", "group_n", "card_n")
    ]
    names = ", ".join(columns)
    known = db.execute("SELECT n FROM clips WHERE id = ?", (full,)).fetchone()
    if known:
        new = int(known[0])
    else:
        sql = f"INSERT INTO clips (id, card_n, {names}) SELECT ?, ?, {names} FROM clips WHERE n = ?"
        made = db.execute(sql, (full, card, n)).lastrowid
        assert made is not None
        new = made
        db.execute("INSERT INTO facts SELECT ?, '', facts, sidecars FROM facts WHERE clip_n = ?", (new, n))
        db.execute("INSERT INTO clocks (clip_n, zones) SELECT ?, zones FROM clocks WHERE clip_n = ?", (new, n))
        db.execute("INSERT INTO parts SELECT ?, part, quick, size, frames, NULL FROM parts WHERE clip_n = ?", (new, n))
    sql = "SELECT 1 FROM places WHERE clip_n = ? AND card_n = ? AND part = ? AND n <> ?"
    twin = db.execute(sql, (n, card, part, place)).fetchone()  # the recording it looked like lies on the same card
    db.execute(
        "UPDATE places SET clip_n = ? WHERE clip_n = ? AND card_n = ? AND (n = ? OR NOT ?)",
        (new, n, card, place, bool(twin)),
    )
    db.execute(
        "UPDATE parts SET full = (SELECT full FROM places p WHERE p.clip_n = ? AND p.part = parts.part)"
        " WHERE clip_n = ?",
        (new, new),
    )
    db.execute("UPDATE cards SET fingerprint = '' WHERE n = ?", (card,))
    refresh(db, [n, new])
    return full
