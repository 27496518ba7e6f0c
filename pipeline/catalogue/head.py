"""What a head asks that no one else does: cards that went away, how much is left, whose file a path is."""

import unicodedata
from collections.abc import Container, Sequence
from dataclasses import dataclass

from pipeline.catalogue.current import refresh
from pipeline.catalogue.store import Catalogue
from pipeline.faults import reached
from pipeline.timecode import FLICKS


@dataclass(frozen=True, slots=True)
class CardWork:
    """What is left to make on one card: clips and their running time in seconds."""

    card: str
    clips: int
    seconds: float


def miss_cards(catalogue: Catalogue, root: int, cards: Sequence[bytes], *, there: Container[bytes] = ()) -> int:
    """Note that these cards (by path) are not there, but for these files of them; how many clips went offline.

    Deletes nothing; where a copy of a clip lies elsewhere, that stands in. The fingerprints of the cards go, so that
    they are taken again when they come back.
    """
    with catalogue.atomic() as db:
        touched: set[int] = set()
        for path in cards:
            row = db.execute("SELECT n FROM cards WHERE root = ? AND path = ?", (root, path)).fetchone()
            if row is None:
                continue
            places = db.execute("SELECT n, path, clip_n FROM places WHERE card_n = ? AND online", row).fetchall()
            gone = {n: clip for n, path, clip in places if path not in there}
            touched |= set(gone.values())
            db.executemany("UPDATE places SET online = 0 WHERE n = ?", [(n,) for n in gone])
            db.execute("UPDATE cards SET fingerprint = '' WHERE n = ?", row)
            db.execute("DELETE FROM failed_files WHERE card = ?", row)
        refresh(db, sorted(touched))
        return sum(db.execute(_OFFLINE, (n,)).fetchone()[0] for n in touched)


_OFFLINE = (
    "SELECT count(*) FROM clips c JOIN groups g ON g.n = c.group_n JOIN terms t ON t.n = g.status"
    " WHERE c.n = ? AND t.value = 'offline'"
)


def cards_left(catalogue: Catalogue) -> tuple[CardWork, ...]:
    """Cards with clips that are logged and lack something, with how much."""
    with catalogue.reading() as db:
        rows = db.execute(
            "SELECT c.value, sum(g.clips), sum(g.flicks) FROM groups g JOIN terms s ON s.n = g.status"
            " JOIN terms c ON c.n = g.card WHERE s.value = 'logged' AND g.clips > 0"
            " GROUP BY c.value ORDER BY min(g.day)"
        ).fetchall()
    return tuple(CardWork(card, clips, flicks / FLICKS) for card, clips, flicks in rows)


def owners_in(catalogue: Catalogue, folder: bytes) -> dict[bytes | str, str]:
    """The clips that the published files in a folder were made of, by path and by what `same_name` makes of it."""
    with catalogue.reading() as db:
        rows = db.execute(
            "SELECT p.path, c.id FROM products p JOIN clips c ON c.n = p.clip_n WHERE p.path > ? AND p.path < ?",
            (folder + b"/", folder + b"0"),
        ).fetchall()
    owners: dict[bytes | str, str] = {same_name(path): clip for path, clip in rows}
    return owners | dict(rows)


def published_in(catalogue: Catalogue, folder: bytes) -> frozenset[bytes]:
    """The published files below a folder of the film."""
    with catalogue.reading() as db:
        rows = db.execute("SELECT path FROM products WHERE path > ? AND path < ?", (folder + b"/", folder + b"0"))
        return frozenset(path for (path,) in rows)


def same_name(path: bytes) -> str:
    """What all names have in common that a Mac's or a card's disk takes for one: letter case, composed letters."""
    return unicodedata.normalize("NFC", path.decode("utf-8", "surrogateescape")).casefold()


def last_sight(catalogue: Catalogue, root: int, below: bytes) -> str | None:
    """The fingerprint of a folder when everything in it was last found taken."""
    with catalogue.reading() as db:
        row = db.execute("SELECT fingerprint FROM sights WHERE root = ? AND below = ?", (root, below)).fetchone()
    return row[0] if row else None


def record_sight(catalogue: Catalogue, root: int, below: bytes, fingerprint: str) -> None:
    """Note that everything in a folder is taken; void as soon as a card is due to be read again."""
    with catalogue.atomic() as db:
        reached("record.sight")
        db.execute("INSERT OR REPLACE INTO sights VALUES (?, ?, ?)", (root, below, fingerprint))
