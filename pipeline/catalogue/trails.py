"""Where devices were, and the places that clips without a position take from them.

What a clip takes depends on other clips, so it is worked out anew for all that began near a change:
whatever the order in which cards come, the log says the same in the end. It is kept as entries of
the source `inferred`, which every other source hides. Which fix counts shotlog/trails.py decides.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from pipeline.catalogue.current import refresh
from pipeline.catalogue.entries import append, new_batch
from pipeline.catalogue.store import Connection
from pipeline.clip import Saying
from pipeline.shotlog.trails import LONGEST, MOST_GAP, Heard, Trail, place_at

LENT_BY = ("unit", "shoot_day", "camera")  # fields by which clips lend to each other: a camera's clock is known by it
Span = tuple[float, float]  # seconds since 1970: in which a change may matter
FIELD, SOURCE = "location", "inferred"
_PACKED = msgspec.json.Decoder(list[Heard])


@dataclass(frozen=True, slots=True)
class TakenTrack:
    """A GPX file by its path, relative to the root, and where it leads."""

    path: bytes
    trails: tuple[Trail, ...]


@dataclass(frozen=True, slots=True)
class _Lost:
    """A clip that may take its place from others: when it began, and whose trails it may look at."""

    n: int
    moment: float
    unit: str | None
    day: str | None
    tracks: tuple[int, ...]


@dataclass(slots=True)
class _Known:
    """Trails by unit and day, or by file; each by device."""

    of_unit: dict[tuple[str | None, str | None], dict[str, list[Heard]]] = field(default_factory=dict)
    of_track: dict[int, dict[str, list[Heard]]] = field(default_factory=dict)


def keep_trails(db: Connection, whose: str, number: int, trails: Sequence[Trail]) -> list[Span]:
    """Keep the trails of a clip (`clip_n`) or file (`track_n`) in place of the old ones; when the old ones told."""
    sql = f"SELECT device, heard, first, last, began FROM trails WHERE {whose} = ? ORDER BY n"
    old = db.execute(sql, (number,)).fetchall()
    new = [
        (each.device, msgspec.json.encode(each.heard).decode(), each.heard[0].moment, each.heard[-1].moment)
        for each in trails
    ]
    if [row[:4] for row in old] == new:
        return []
    db.execute(f"DELETE FROM trails WHERE {whose} = ?", (number,))
    db.executemany(
        f"INSERT INTO trails ({whose}, device, heard, first, last) VALUES (?, ?, ?, ?, ?)",
        [(number, *row) for row in new],
    )
    return [(began, began + last - first) for _, _, first, last, began in old if began is not None]


def keep_tracks(db: Connection, card: int, root: int, tracks: Sequence[TakenTrack]) -> list[Span]:
    """Keep the files that speak of a card now; when they told something else before."""
    spans: list[Span] = []
    db.execute("DELETE FROM track_cards WHERE card_n = ?", (card,))
    for track in tracks:
        sql = "INSERT INTO tracks (root, path) VALUES (?, ?) ON CONFLICT (root, path) DO UPDATE SET path = path"
        number = db.execute(f"{sql} RETURNING n", (root, track.path)).fetchone()[0]
        db.execute("INSERT INTO track_cards VALUES (?, ?)", (card, number))
        spans += keep_trails(db, "track_n", number, track.trails)
        db.execute("UPDATE trails SET began = first WHERE track_n = ?", (number,))
    gone = "n NOT IN (SELECT track_n FROM track_cards)"
    sql = f"SELECT began, began + last - first FROM trails WHERE track_n IN (SELECT n FROM tracks WHERE {gone})"
    spans += db.execute(sql).fetchall()
    db.execute(f"DELETE FROM tracks WHERE {gone}")
    return spans


def settle_places(
    db: Connection, clips: Iterable[int], *, spans: Iterable[Span] = (), batch: int | None = None
) -> None:
    """Let clips without a position take their place anew: these clips, and all that began near what changed.

    What changed are `spans` and the trails of these clips, whose unit, day or time may be another now.
    The clips must be refreshed. New entries go into `batch`, else into one of their own.
    """
    touched = set(clips)
    spans = [*spans, *_settle_times(db, touched)]
    if not spans and db.execute("SELECT 1 FROM trails LIMIT 1").fetchone() is None:
        return
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


def _settle_times(db: Connection, clips: Iterable[int]) -> list[Span]:
    """Put the trails of these clips where their clocks say now; when they tell now and told before."""
    rows = db.execute(
        "SELECT t.n, t.last - t.first, t.began, c.moment + t.first FROM trails t JOIN clips c ON c.n = t.clip_n"
        f" WHERE t.clip_n IN {_LISTED}",
        (_listed(clips),),
    ).fetchall()
    moved = [(now, n) for n, _, before, now in rows if before != now]
    db.executemany("UPDATE trails SET began = ? WHERE n = ?", moved)
    return [(at, at + length) for _, length, *both in rows for at in set(both) if at is not None]


def _change(before: Saying | None, now: Saying | None) -> Saying | None:
    """What has to be said so that the log says `now`."""
    if before == now:
        return None
    return now or Saying(FIELD, "", SOURCE, "clear", "no fix is near any more")


def _places(db: Connection, clips: Iterable[int]) -> dict[int, Saying]:
    """What these clips take from others; those with a position of their own and those unheard of take nothing."""
    waiting = deque(sorted(_lost(db, clips), key=lambda each: each.moment))
    found = {}
    # One stretch of time after another: the trails of a whole film would fill the memory.
    for span in list(_merged((each.moment, each.moment) for each in waiting)):
        known = _known(db, span)
        while waiting and waiting[0].moment <= span[1]:
            each = waiting.popleft()
            devices = [*known.of_unit.get((each.unit, each.day), {}).values()]
            for track in each.tracks:
                devices += known.of_track.get(track, {}).values()
            if place := place_at(each.moment, devices):
                found[each.n] = place
    return found


def _lost(db: Connection, clips: Iterable[int]) -> list[_Lost]:
    listed = _listed(clips)
    tracks: dict[int, list[int]] = defaultdict(list)
    sql = (
        "SELECT DISTINCT p.clip_n, k.track_n FROM track_cards k JOIN places p ON p.card_n = k.card_n"
        f" WHERE p.clip_n IN {_LISTED}"
    )
    for n, track in db.execute(sql, (listed,)):
        tracks[n].append(track)
    rows = db.execute(
        "SELECT c.n, c.moment, u.words, g.day FROM clips c JOIN groups g ON g.n = c.group_n"
        f" LEFT JOIN terms u ON u.n = g.unit WHERE c.n IN {_LISTED} AND c.moment IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM trails t WHERE t.clip_n = c.n)",
        (listed,),
    )
    return [_Lost(n, moment, unit, day, tuple(tracks[n])) for n, moment, unit, day in rows]


# A clip that is offline tells where it was: its recording is on a shelf. One that was overwritten lies nowhere.
_TELLING = """
SELECT t.device, t.heard, ifnull(c.moment, 0), t.track_n, u.words, g.day FROM trails t
LEFT JOIN clips c ON c.n = t.clip_n LEFT JOIN groups g ON g.n = c.group_n LEFT JOIN terms u ON u.n = g.unit
WHERE t.began BETWEEN ? AND ? AND t.began + t.last - t.first >= ?
AND (t.track_n IS NOT NULL OR (g.n IS NOT NULL AND EXISTS (SELECT 1 FROM places p WHERE p.clip_n = c.n)))
"""


def _known(db: Connection, span: Span) -> _Known:
    """All trails that reach into this span; those of clips that were forgotten or overwritten tell nothing."""
    known = _Known()
    began, ended = span
    rows = db.execute(_TELLING, (began - LONGEST, ended, began))
    for device, packed, base, track, unit, day in rows:
        devices = known.of_unit.setdefault((unit, day), {}) if track is None else known.of_track.setdefault(track, {})
        heard = (each._replace(moment=base + each.moment) for each in _PACKED.decode(packed))
        devices.setdefault(device, []).extend(heard)
    for devices in (*known.of_unit.values(), *known.of_track.values()):
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
