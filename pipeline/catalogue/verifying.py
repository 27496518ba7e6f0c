"""What has a recorded hash and when it was last found to be so: the catalogue's side of `rushes verify`."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import msgspec

from pipeline.catalogue.listing import clip_numbers
from pipeline.catalogue.packing import unpack_paths
from pipeline.catalogue.store import Catalogue, Connection, now
from pipeline.clip import ListedFile, Stamp
from pipeline.faults import reached
from pipeline.shotlog.query import Query


@dataclass(frozen=True, slots=True)
class Kept:
    """A file the catalogue answers for. `root` is None for a product, whose path is relative to the film.

    `part` is that of an original in its clip, None for a product. `full` is its xxh128 (hex), None where it was never
    read whole; `stamp` that of an original when it was. `verified` is when it was last found whole (ISO 8601, UTC),
    None for never. `listed` is what the hash list of its card says of it, `card` the path of that: of an original or of
    a file beside originals (a sidecar), of which nothing else is known.
    """

    number: int
    clip: str
    name: str
    kind: str  # original, sidecar, proxy, poster, filmstrip, waveform
    preset: str
    root: int | None
    path: bytes
    size: int
    stamp: Stamp | None
    full: str | None
    verified: str | None
    part: int | None = None
    quick: str = ""
    listed: ListedFile | None = None
    card: bytes = b""


def kept_files(catalogue: Catalogue, query: Query) -> list[Kept]:
    """The originals and products of the clips found, by folder, so that a disk is read in one way."""
    with catalogue.reading() as db:
        wanted = clip_numbers(db, query)
        originals = db.execute(
            "SELECT p.clip_n, c.id, c.name, p.root, p.path, p.device, p.inode, p.size, p.mtime_ns, p.full, p.verified,"
            " p.part, p.quick FROM places p JOIN clips c ON c.n = p.clip_n ORDER BY p.root, p.path"
        ).fetchall()
        listed, beside = _listed(db, wanted)
        made = db.execute(
            "SELECT p.clip_n, c.id, c.name, p.kind, p.preset, p.path, p.size, p.full, p.verified"
            " FROM products p JOIN clips c ON c.n = p.clip_n ORDER BY p.path"
        ).fetchall()
    return [
        *(
            Kept(
                n,
                clip,
                name,
                "original",
                "",
                root,
                bytes(path),
                stamp[2],
                Stamp(*stamp),
                full,
                verified,
                part,
                quick,
                listed.get((root, bytes(path))),
            )
            for n, clip, name, root, path, *stamp, full, verified, part, quick in originals
            if n in wanted
        ),
        *beside,
        *(
            Kept(n, clip, name, kind, preset, None, bytes(path), size, None, full, verified)
            for n, clip, name, kind, preset, path, size, full, verified in made
            if n in wanted
        ),
    ]


def _listed(db: Connection, wanted: Collection[int]) -> tuple[dict[tuple[int, bytes], ListedFile], list[Kept]]:
    """What hash lists say of originals, by root and path; and the other files on cards of which they speak."""
    rows = db.execute(
        "SELECT l.clip_n, c.id, c.name, k.path, k.root, l.path, l.origin, l.hashes, l.verdict, l.size, l.mtime_ns,"
        " EXISTS (SELECT 1 FROM places p WHERE p.root = k.root AND p.path = l.path) FROM listed l"
        " JOIN cards k ON k.n = l.card_n JOIN clips c ON c.n = l.clip_n"
        " WHERE l.hashes <> '{}' AND coalesce(l.verdict, '') NOT IN ('extra', 'refused') ORDER BY k.root, l.path"
    )
    originals: dict[tuple[int, bytes], ListedFile] = {}
    beside: list[Kept] = []
    for n, clip, name, card, root, path, origin, hashes, verdict, size, mtime_ns, original in rows.fetchall():
        stamp = Stamp(0, 0, size, mtime_ns) if size is not None else None
        known = msgspec.json.decode(hashes, type=dict[str, str])
        listed = ListedFile(root, bytes(path), origin, known, stamp, verdict)
        if original:
            originals[root, bytes(path)] = listed
        elif n in wanted:
            kept = Kept(n, clip, name, "sidecar", "", root, bytes(path), size or 0, stamp, None, None)
            beside.append(replace(kept, listed=listed, card=bytes(card)))
    return originals, beside


def lost_files(catalogue: Catalogue, query: Query) -> list[Kept]:
    """The files of the clips found that lie nowhere any more, each at the path that the log last knew of its clip."""
    with catalogue.reading() as db:
        wanted = clip_numbers(db, query)
        rows = db.execute(
            "SELECT c.n, c.id, c.name, k.root, c.path, s.size, s.full, s.part FROM parts s"
            " JOIN clips c ON c.n = s.clip_n JOIN cards k ON k.n = c.card_n WHERE NOT EXISTS"
            " (SELECT 1 FROM places p WHERE p.clip_n = s.clip_n AND p.part = s.part) ORDER BY k.root, c.path, s.part"
        ).fetchall()
    return [
        Kept(n, clip, name, "original", "", root, bytes(path), size, None, full, None, part)
        for n, clip, name, root, path, size, full, part in rows
        if n in wanted
    ]


def note_verified(catalogue: Catalogue, kept: Kept) -> None:
    """Keep that a file was found whole just now."""
    with catalogue.atomic() as db:
        reached("verify.note")
        if kept.root is None:
            db.execute(
                "UPDATE products SET verified = ? WHERE clip_n = ? AND kind = ? AND preset = ? AND full = ?",
                (now(), kept.number, kept.kind, kept.preset, kept.full),
            )
        else:
            db.execute(
                "UPDATE places SET verified = ? WHERE root = ? AND path = ? AND full = ?",
                (now(), kept.root, kept.path, kept.full),
            )


def known_paths(catalogue: Catalogue) -> Iterator[tuple[int, bytes, frozenset[bytes]]]:
    """Each card that was taken: its root, its path, and the files on it that were clips or nothing to take."""
    with catalogue.reading() as db:
        cards = db.execute("SELECT n, root, path, others FROM cards").fetchall()
        for n, root, path, others in cards:
            rows = db.execute("SELECT path FROM places WHERE card_n = ?", (n,)).fetchall()
            failed = db.execute("SELECT path FROM failed_files WHERE card = ?", (n,)).fetchall()
            there = (bytes(each) for (each,) in (*rows, *failed))
            yield root, bytes(path), frozenset((*there, *unpack_paths(others)))
