"""What hash lists on the cards say of their files, and what reading the files told of it.

Each file is compared with the work on one clip: its own, or the first of its card where it is of no clip.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import msgspec

from pipeline.catalogue.store import Catalogue, Connection
from pipeline.clip import ListedFile, Stamp, shown

# Clips with files that are to be read and compared, and can be: their card is there.
OPEN = (
    "SELECT l.clip_n FROM listed l JOIN cards k ON k.n = l.card_n JOIN roots r ON r.n = k.root"
    " WHERE l.verdict IS NULL AND l.clip_n IS NOT NULL AND k.fingerprint <> '' AND r.place IS NOT NULL"
)
# Of a clip `c`: what its recordings are by the hash list of their card; NULL where none speaks of them.
LISTED = (
    "(SELECT CASE WHEN count(*) = 0 THEN NULL WHEN sum(l.verdict IN ('differs', 'unreadable')) THEN 'differs'"
    " WHEN sum(l.verdict IS NULL) THEN 'unread' WHEN sum(l.verdict = 'verified') = count(*) THEN 'verified'"
    " ELSE 'unlisted' END"
    " FROM places p JOIN listed l ON l.card_n = p.card_n AND l.path = p.path WHERE p.clip_n = c.n)"
)
_BAD = {
    "differs": "differs from the hash list {}; copy it again from the card.",
    "unreadable": "cannot be read to be compared with the hash list {}; check the disk, then copy it again.",
}


@dataclass(frozen=True, slots=True)
class CheckedCard:
    """A card by its hash lists. `state`: checked (every file is as listed), unread (not all are read), differs,
    incomplete (files are missing or refused: links, no regular files, paths that lead off the card). Paths are those of
    the files, by what they are."""

    verified: int
    left: int
    differs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        if self.differs:
            return "differs"
        return "incomplete" if self.missing or self.refused else "unread" if self.left else "checked"


@dataclass(slots=True)
class _Gathered:
    verified: int = 0
    left: int = 0
    differs: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def complaint(path: bytes, verdict: str, origin: str) -> str:
    """That a file is not as it is listed, as its clip says it."""
    return f"{shown(path.rpartition(b'/')[2])} {_BAD[verdict].format(origin)}"


def keep_listed(
    db: Connection,
    card: int,
    listed: Sequence[ListedFile],
    owners: dict[bytes, bytes],
    *,
    doubted: Collection[bytes] = (),
) -> None:
    """Write what lists say of a card's files; what was found as listed stays so while file and list are the same.

    `owners` gives the first file of the clip that a sidecar belongs to. Files `doubted` are read again all the same.
    """
    sql = "SELECT path, hashes, size, mtime_ns, verdict FROM listed WHERE card_n = ?"
    before = {bytes(path): row for path, *row in db.execute(sql, (card,))}
    db.execute("DELETE FROM listed WHERE card_n = ?", (card,))
    if not listed:
        return
    clips = {bytes(path): n for path, n in db.execute("SELECT path, clip_n FROM places WHERE card_n = ?", (card,))}
    first = min(clips.values(), default=None)
    for each in listed:
        hashes, stamp = msgspec.json.encode(dict(sorted(each.hashes.items()))).decode(), each.stamp
        *same, said = before.get(each.path, (None,))
        known = said == "verified" and stamp and same == [hashes, stamp.size, stamp.mtime_ns]
        db.execute(
            "INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                card, each.path, clips.get(owners.get(each.path, each.path), first), each.origin, hashes,
                *((stamp.device, stamp.inode, stamp.size, stamp.mtime_ns) if stamp else (None,) * 4),
                each.verdict or (said if known and each.path not in doubted else None),
            ),
        )  # fmt: skip


def listed_left(db: Connection, n: int) -> tuple[ListedFile, ...]:
    """The files that are to be compared with the work on this clip."""
    rows = db.execute(
        "SELECT k.root, l.path, l.origin, l.hashes, l.device, l.inode, l.size, l.mtime_ns FROM listed l"
        " JOIN cards k ON k.n = l.card_n JOIN roots r ON r.n = k.root"
        " WHERE l.clip_n = ? AND l.verdict IS NULL AND k.fingerprint <> '' AND r.place IS NOT NULL ORDER BY l.path",
        (n,),
    )
    return tuple(
        ListedFile(root, bytes(path), origin, msgspec.json.decode(hashes, type=dict[str, str]), Stamp(*stamp))
        for root, path, origin, hashes, *stamp in rows
    )


def record_listed(catalogue: Catalogue, compared: Sequence[tuple[ListedFile, str]]) -> None:
    """Note what reading these files told of each."""
    if not compared:
        return
    with catalogue.atomic() as db:
        db.executemany(
            "UPDATE listed SET verdict = ? WHERE path = ? AND size = ? AND mtime_ns = ?"
            " AND card_n IN (SELECT n FROM cards WHERE root = ?)",
            [
                (verdict, each.path, each.stamp.size, each.stamp.mtime_ns, each.root)
                for each, verdict in compared
                if each.stamp
            ],
        )


def complaints_of_clips(db: Connection) -> dict[int, tuple[str, ...]]:
    """What clips say of their files that are not as listed; there are few."""
    found: dict[int, tuple[str, ...]] = {}
    sql = (
        "SELECT clip_n, path, verdict, origin FROM listed INDEXED BY listed_bad"
        " WHERE verdict IN ('differs', 'unreadable') AND clip_n IS NOT NULL ORDER BY clip_n, path"
    )
    for n, *said in db.execute(sql):
        found[n] = (*found.get(n, ()), complaint(*said))
    return found


# Of files `l` that are not as listed: those that somebody can do something about now, named nowhere else.
_STANDING = (
    " FROM listed l INDEXED BY listed_bad JOIN cards k ON k.n = l.card_n WHERE l.verdict IN ('differs', 'unreadable')"
    " AND k.fingerprint <> ''"
)


def standing_complaints(db: Connection) -> list[tuple[bytes, str]]:
    """Files that are not as listed, of cards that are there: path and sentence."""
    rows = db.execute(
        f"SELECT l.path, l.verdict, l.origin {_STANDING} AND NOT EXISTS (SELECT 1 FROM clips c JOIN places p"
        " ON p.clip_n = c.n WHERE p.card_n = l.card_n AND p.path = l.path AND c.group_n IS NULL) AND NOT EXISTS"
        " (SELECT 1 FROM failed_files f WHERE f.card = l.card_n AND f.path = l.path) ORDER BY l.path"
    )
    return [(bytes(path), complaint(path, verdict, origin)) for path, verdict, origin in rows]


def compare_again(catalogue: Catalogue) -> None:
    """Let what was not as listed be read again: whoever put it right may have kept its time."""
    with catalogue.reading() as db:
        files = db.execute(f"SELECT l.card_n, l.path {_STANDING}").fetchall()
    if files:
        with catalogue.atomic() as db:
            db.executemany("UPDATE listed SET verdict = NULL WHERE card_n = ? AND path = ?", files)


def checked_cards(db: Connection) -> dict[int, CheckedCard]:
    """Every card of which a hash list speaks, by its number."""
    gathered: dict[int, _Gathered] = {}
    sql = "SELECT card_n, verdict, count(*) FROM listed WHERE verdict IS NULL OR verdict = 'verified' GROUP BY 1, 2"
    for card, verdict, count in db.execute(sql):
        kept = gathered.setdefault(card, _Gathered())
        kept.verified, kept.left = (count, kept.left) if verdict else (kept.verified, count)
    sql = "SELECT card_n, path, verdict, origin FROM listed WHERE verdict <> 'verified' ORDER BY card_n, path"
    for card, path, verdict, origin in db.execute(sql):
        kept = gathered.setdefault(card, _Gathered())
        if verdict in _BAD:
            kept.differs.append(shown(path))
            kept.warnings.append(complaint(path, verdict, origin))
        elif verdict == "extra":
            kept.extra.append(shown(path))
        elif verdict == "refused":
            kept.refused.append(shown(path))
        else:
            kept.missing.append(shown(path))
    return {
        card: CheckedCard(
            each.verified,
            each.left,
            tuple(each.differs),
            tuple(each.missing),
            tuple(each.refused),
            tuple(each.extra),
            tuple(each.warnings),
        )
        for card, each in gathered.items()
    }
