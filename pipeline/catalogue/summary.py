"""What came in, card by card, and how far it is; counts for status."""

from dataclasses import dataclass
from fractions import Fraction

from pipeline.catalogue.listed import CheckedCard, checked_cards
from pipeline.catalogue.packing import unpack_paths, unpack_texts
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.clip import shown
from pipeline.timecode import FLICKS


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card for `rushes cards`; `duration` in seconds, `size` in bytes.

    Camera and unit list every value where the clips differ; the day is the first.
    """

    name: str
    path: str
    structure: str
    camera: str | None
    unit: str | None
    shoot_day: str | None
    clips: int
    duration: Fraction
    size: int
    state: str  # offline, failed, ready, logged, or copy: all of it lies on another card too
    warnings: tuple[str, ...]
    proxies_done: int
    proxies_wanted: int
    offline: int  # clips whose files are not there
    failed_files: tuple[tuple[str, str], ...]  # path, and what is wrong with it
    others: tuple[bytes, ...]
    moment: str
    by_list: CheckedCard | None  # None: no hash list speaks of it


def card_rows(catalogue: Catalogue) -> list[CardRow]:
    """Every card, by shoot day, then by path."""
    with catalogue.reading() as db:
        failed: dict[int, list[tuple[str, str]]] = {}
        for card, path, sentence in db.execute("SELECT card, path, sentence FROM failed_files ORDER BY path"):
            failed.setdefault(card, []).append((shown(path), sentence))
        sql = "SELECT card_n, min(day), sum(clips), sum(flicks) FROM groups GROUP BY card_n"
        sums = {row[0]: row[1:] for row in db.execute(sql)}
        shared = _shared_by_card(db)
        cards = db.execute("SELECT n, name, path, structure, bytes, warnings, others, moment FROM cards").fetchall()
        wanting = _kinds_wanting(db)
        progress = _progress(db, wanting)
        copies = dict(db.execute(_COPIES).fetchall())
        checked = checked_cards(db)
    made: list[CardRow] = []
    for n, name, path, structure, size, warnings, others, moment in cards:
        camera, unit = shared.get((n, "camera")), shared.get((n, "unit"))
        day, clips, flicks = sums.get(n, (None, 0, 0))
        done, wanted, broken, present = progress.get(n, (0, 0, 0, 0))
        lost, by_list = tuple(failed.get(n, ())), checked.get(n)
        if not clips and not copies.get(n) and not lost:
            continue  # moved away, or a copy that is gone: nothing of it is left
        state = "offline" if clips and not present else "failed" if broken or lost else "logged"
        if state == "logged" and (done == wanted or not clips):
            state = "ready" if clips else "copy"
        made.append(
            CardRow(
                name, shown(path), structure, camera, unit, day, clips, Fraction(flicks, FLICKS), size, state,
                (*unpack_texts(warnings), *(by_list.warnings if by_list else ())), done, wanted, clips - present, lost,
                unpack_paths(others), moment, by_list,
            )
        )  # fmt: skip
    return sorted(made, key=lambda row: (row.shoot_day is None, row.shoot_day or "", row.path))


# Cards with files, still there, of clips that belong to another card.
_COPIES = (
    "SELECT p.card_n, count(*) FROM places p JOIN clips c ON c.n = p.clip_n"
    " WHERE p.card_n <> c.card_n AND p.online GROUP BY p.card_n"
)


def _shared_by_card(db: Connection) -> dict[tuple[int, str], str]:
    """The cameras and units of each card, each card's in one text."""
    found: dict[tuple[int, str], list[str]] = {}
    sql = (
        "SELECT DISTINCT g.card_n, t.field, t.value FROM groups g JOIN terms t ON t.n IN (g.camera, g.unit)"
        " ORDER BY t.words, t.value"
    )
    for card, field, value in db.execute(sql):
        found.setdefault((card, field), []).append(value)
    return {key: ", ".join(values) for key, values in found.items()}


def _kinds_wanting(db: Connection) -> set[str]:
    return {kind for (kind,) in db.execute("SELECT DISTINCT outfit FROM wants")}


def _progress(db: Connection, wanting: set[str]) -> dict[int, tuple[int, int, int, int]]:
    """For each card: clips that have all they need, that need something, that failed, that are online."""
    found: dict[int, tuple[int, int, int, int]] = {}
    rows = db.execute(
        "SELECT g.card_n, k.value, s.value, sum(g.clips) FROM groups g JOIN terms k ON k.n = g.kind"
        " JOIN terms s ON s.n = g.status GROUP BY g.card_n, k.value, s.value"
    )
    for card, kind, status, clips in rows:
        done, wanted, failed, present = found.get(card, (0, 0, 0, 0))
        needs = kind in wanting and status in ("logged", "ready", "failed")
        found[card] = (
            done + (clips if status == "ready" else 0),
            wanted + (clips if needs else 0),
            failed + (clips if status == "failed" else 0),
            present + (clips if status != "offline" else 0),
        )
    return found


def status_counts(catalogue: Catalogue) -> dict[str, int]:
    """How many clips of the log have each status."""
    with catalogue.reading() as db:
        rows = db.execute("SELECT t.value, sum(g.clips) FROM groups g JOIN terms t ON t.n = g.status GROUP BY 1")
        return dict(rows.fetchall())
