"""Where devices were, and the places that clips without a position take from them.

What a clip takes depends on other clips, so it is worked out anew for all that began near a change:
whatever the order in which cards come, the log says the same in the end. It is kept as entries of
the source `inferred`, which every other source hides. Which fix counts shotlog/trails.py decides.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from pipeline.catalogue.current import refresh
from pipeline.catalogue.entries import append, new_batch
from pipeline.catalogue.store import Connection
from pipeline.clip import Saying
from pipeline.shotlog.trails import LONGEST, MOST_GAP, Heard, Trail, place_at

Span = tuple[float, float]  # seconds since 1970: in which a change may matter
FIELD, SOURCE = "location", "inferred"
_PACKED = msgspec.json.Decoder(list[Heard])


@dataclass(frozen=True, slots=True)
class _Lost:
    """A clip that may take its place from others: when it began, and whose trails it may look at."""

    n: int
    moment: float
    unit: str | None
    day: str | None
    cards: tuple[int, ...]


@dataclass(slots=True)
class _Known:
    """Trails by unit and day, or by the card that a file lies beside; each by device."""

    of_unit: dict[tuple[str | None, str | None], dict[str, list[Heard]]] = field(default_factory=dict)
    of_card: dict[int, dict[str, list[Heard]]] = field(default_factory=dict)


def keep_trails(
    db: Connection, trails: Sequence[Trail], *, clip: int | None = None, card: int | None = None
) -> list[Span]:
    """Keep the trails of a clip, or of the files beside a card, in place of the old ones; the times that concerns."""
    whose, number = ("clip_n", clip) if clip is not None else ("card_n", card)
    old = db.execute(
        f"SELECT began, ended, device, heard FROM trails WHERE {whose} = ? ORDER BY n", (number,)
    ).fetchall()
    new = [(each.began, each.ended, each.device, msgspec.json.encode(each.heard).decode()) for each in trails]
    if old == new:
        return []
    db.execute(f"DELETE FROM trails WHERE {whose} = ?", (number,))
    db.executemany(
        f"INSERT INTO trails ({whose}, began, ended, device, heard) VALUES (?, ?, ?, ?, ?)",
        [(number, *row) for row in new],
    )
    return [(row[0], row[1]) for row in (*old, *new)]


def settle_places(
    db: Connection, clips: Iterable[int], *, spans: Sequence[Span] = (), batch: int | None = None
) -> None:
    """Let clips without a position take their place anew: these clips, and all that began near what changed.

    What changed are `spans` and the trails of these clips, whose unit or day may be another now. Their
    groups must be up to date. New entries go into `batch`, else into one of their own.
    """
    touched = set(clips)
    if not spans and db.execute("SELECT 1 FROM trails LIMIT 1").fetchone() is None:
        return
    spans = [*spans, *db.execute(f"SELECT began, ended FROM trails WHERE clip_n IN {_LISTED}", (_listed(touched),))]
    for began, ended in _merged(spans):
        sql = "SELECT n FROM clips WHERE moment BETWEEN ? AND ?"
        touched |= {n for (n,) in db.execute(sql, (began, ended))}
    taken = _places(db, touched)
    before = _inferred(db, touched)
    said = [(n, change) for n in sorted(touched) if (change := _change(before.get(n), taken.get(n)))]
    if said:
        if batch is None:
            batch, _ = new_batch(db, who="rushes", words="places of other clips", kind="rules")
        append(db, batch, said)
        refresh(db, [n for n, _ in said])


def _change(before: Saying | None, now: Saying | None) -> Saying | None:
    """What has to be said so that the log says `now`."""
    if before == now:
        return None
    return now or Saying(FIELD, "", SOURCE, "clear", "no fix is near any more")


def _places(db: Connection, clips: Iterable[int]) -> dict[int, Saying]:
    """What these clips take from others; those with a position of their own and those unheard of take nothing."""
    lost = _lost(db, clips)
    known = _known(db, _merged((each.moment, each.moment) for each in lost))
    found = {}
    for each in lost:
        devices = [*known.of_unit.get((each.unit, each.day), {}).values()]
        for card in each.cards:
            devices += known.of_card.get(card, {}).values()
        if place := place_at(each.moment, devices):
            found[each.n] = place
    return found


def _lost(db: Connection, clips: Iterable[int]) -> list[_Lost]:
    listed = _listed(clips)
    cards: dict[int, list[int]] = defaultdict(list)
    sql = (
        f"SELECT DISTINCT clip_n, card_n FROM places WHERE clip_n IN {_LISTED}"
        " AND card_n IN (SELECT card_n FROM trails WHERE card_n IS NOT NULL)"
    )
    for n, card in db.execute(sql, (listed,)):
        cards[n].append(card)
    rows = db.execute(
        "SELECT c.n, c.moment, u.words, g.day FROM clips c JOIN groups g ON g.n = c.group_n"
        f" LEFT JOIN terms u ON u.n = g.unit WHERE c.n IN {_LISTED} AND c.moment IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM trails t WHERE t.clip_n = c.n)",
        (listed,),
    )
    return [_Lost(n, moment, unit, day, tuple(cards[n])) for n, moment, unit, day in rows]


# A clip that is offline tells where it was: its recording is on a shelf. One that was overwritten lies nowhere.
_TELLING = """
SELECT t.n, t.device, t.heard, t.card_n, u.words, g.day FROM trails t
LEFT JOIN clips c ON c.n = t.clip_n LEFT JOIN groups g ON g.n = c.group_n LEFT JOIN terms u ON u.n = g.unit
WHERE t.began BETWEEN ? AND ? AND t.ended >= ?
AND (t.card_n IS NOT NULL OR (g.n IS NOT NULL AND EXISTS (SELECT 1 FROM places p WHERE p.clip_n = c.n)))
"""


def _known(db: Connection, spans: Iterable[Span]) -> _Known:
    """All trails that reach into these spans; those of clips that were forgotten or overwritten tell nothing."""
    known = _Known()
    rows = {row[0]: row[1:] for began, ended in spans for row in db.execute(_TELLING, (began - LONGEST, ended, began))}
    for device, heard, card, unit, day in rows.values():
        devices = known.of_unit.setdefault((unit, day), {}) if card is None else known.of_card.setdefault(card, {})
        devices.setdefault(device, []).extend(_PACKED.decode(heard))
    for devices in (*known.of_unit.values(), *known.of_card.values()):
        for each in devices.values():
            each.sort()
    return known


def _inferred(db: Connection, clips: Iterable[int]) -> dict[int, Saying]:
    """What the log says of these clips by inference now."""
    rows = db.execute(
        "SELECT e.clip_n, e.op, e.value, e.detail, e.confidence FROM entries e JOIN batches b ON b.n = e.batch_n"
        f" WHERE e.clip_n IN {_LISTED} AND e.field = ? AND e.source = ? AND NOT b.undone ORDER BY e.n",
        (_listed(clips), FIELD, SOURCE),
    )
    newest = {n: Saying(FIELD, value, SOURCE, op, detail, sure) for n, op, value, detail, sure in rows}
    return {n: said for n, said in newest.items() if said.op == "set"}


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans with as much around them as a fix can tell of, in order; those that touch as one."""
    began: float | None = None
    ended = 0.0
    for low, high in sorted((low - MOST_GAP, high + MOST_GAP) for low, high in spans):
        if began is not None and low <= ended:
            ended = max(ended, high)
            continue
        if began is not None:
            yield began, ended
        began, ended = low, high
    if began is not None:
        yield began, ended


_LISTED = "(SELECT value FROM json_each(?))"


def _listed(clips: Iterable[int]) -> str:
    return msgspec.json.encode(sorted(clips)).decode()
