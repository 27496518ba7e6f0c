"""The whole log as a timeline can speak of it: clips, where their files lie, hashes; read in one pass."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pipeline.catalogue.store import Catalogue, Connection
from pipeline.clip import shown
from pipeline.editorial.imports.known import Known, Place
from pipeline.timecode import Rate


def known_clips(catalogue: Catalogue) -> list[Known]:
    """Every clip that is in the log."""
    with catalogue.reading() as db:
        rows = db.execute(
            "SELECT c.id, c.name, d.name, c.reel, c.kind = 'sound', c.start_timecode, c.start_rate, c.rate, c.frames"
            " FROM clips c JOIN cards d ON d.n = c.card_n WHERE c.group_n IS NOT NULL"
        ).fetchall()
    rates = {text: Rate.parse(text) for text in {row[7] for row in rows} if text}
    return [
        Known(row[0], row[1], row[2], row[3] or "", bool(row[4]), row[5] or "", row[6] or "", rates.get(row[7]), row[8])
        for row in rows
    ]


def known_reels(catalogue: Catalogue) -> frozenset[tuple[str, str]]:
    """Card and reel of every clip: where it states none its card, else its name."""
    with catalogue.reading() as db:
        rows = db.execute(
            "SELECT DISTINCT d.name, COALESCE(NULLIF(c.reel, ''), NULLIF(d.name, ''), c.name)"
            " FROM clips c JOIN cards d ON d.n = c.card_n WHERE c.group_n IS NOT NULL"
        )
        return frozenset((shown(card), shown(reel)) for card, reel in rows)


def known_places(catalogue: Catalogue, film: str, called: frozenset[str]) -> list[Place]:
    """Where originals and proxies of these folded names lie; absolute unless their volume is offline."""
    with catalogue.reading() as db:
        ids = dict(db.execute("SELECT n, id FROM clips").fetchall())
        roots = dict(db.execute("SELECT n, place FROM roots").fetchall())
        before = _before(db)
        made = [
            Place(ids[clip], _path(roots[root], path), before.get((clip, part), 0 if part == 0 else None))
            for clip, root, path, part in db.execute("SELECT clip_n, root, path, part FROM places")
            if _name(path) in called
        ]
        products = db.execute("SELECT clip_n, path FROM products WHERE kind = 'proxy'")
        made += [Place(ids[clip], _path(film, path)) for clip, path in products if _name(path) in called]
    return made


def known_hashes(catalogue: Catalogue, wanted: Iterable[str]) -> list[tuple[str, str]]:
    """Which clips have files of these hashes (xxh128): the hash and the clip's id."""
    with catalogue.reading() as db:
        return list(_with_hash(db, {text.casefold() for text in wanted}))


def _with_hash(db: Connection, wanted: set[str]) -> Iterator[tuple[str, str]]:
    sql = "SELECT p.full, c.id FROM parts p JOIN clips c ON c.n = p.clip_n WHERE p.full IS NOT NULL"
    yield from (row for row in db.execute(sql) if row[0] in wanted) if wanted else ()


def _before(db: Connection) -> dict[tuple[int, int], int | None]:
    """Frames of a spanned clip that lie before each of its parts."""
    spanned = "SELECT clip_n FROM parts WHERE part > 0"
    sql = f"SELECT clip_n, part, frames FROM parts WHERE clip_n IN ({spanned}) ORDER BY clip_n, part"
    counted: dict[tuple[int, int], int | None] = {}
    total: dict[int, int | None] = defaultdict(int)
    for clip, part, frames in db.execute(sql):
        reached = total[clip]
        counted[clip, part] = reached
        total[clip] = None if reached is None or frames is None else reached + frames
    return counted


def _name(path: bytes) -> str:
    return shown(path.rpartition(b"/")[2]).casefold()


def _path(root: str | None, path: bytes) -> str:
    return f"{root}/{shown(path)}" if root else shown(path)
