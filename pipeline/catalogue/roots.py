"""Roots: where relative paths begin, and where that lies on this machine now."""

from typing import Literal

from pipeline.catalogue.current import refresh
from pipeline.catalogue.store import Catalogue
from pipeline.clip import Root


def root(catalogue: Catalogue, kind: Literal["film", "volume"], volume: str, *, place: str | None) -> Root:
    """The root of that kind and volume id, made if it is new; its place is noted."""
    with catalogue.atomic() as db:
        row = db.execute("SELECT n, place FROM roots WHERE kind = ? AND volume = ?", (kind, volume)).fetchone()
        if row is None:
            sql = "INSERT INTO roots (kind, volume, place) VALUES (?, ?, ?)"
            number = db.execute(sql, (kind, volume, place)).lastrowid
            assert number is not None
            return Root(number, kind, volume, place)
        if row[1] != place:
            db.execute("UPDATE roots SET place = ? WHERE n = ?", (place, row[0]))
        return Root(row[0], kind, volume, place)


def roots(catalogue: Catalogue) -> tuple[Root, ...]:
    with catalogue.reading() as db:
        return tuple(Root(*row) for row in db.execute("SELECT n, kind, volume, place FROM roots ORDER BY n"))


def mark_offline(catalogue: Catalogue, root: int) -> int:
    """Note that no file of a root is there; how many clips that touches. Deletes nothing."""
    return _mark(catalogue, root, online=False)


def mark_online(catalogue: Catalogue, root: int) -> int:
    """Note that a root is there again; how many clips that touches."""
    return _mark(catalogue, root, online=True)


def _mark(catalogue: Catalogue, root: int, *, online: bool) -> int:
    with catalogue.atomic() as db:
        # What was missed while its volume was there does not come back with the volume.
        whole = " AND card_n NOT IN (SELECT n FROM cards WHERE fingerprint = '')" if online else ""
        sql = f"SELECT n, clip_n FROM places WHERE root = ? AND online <> ?{whole}"
        rows = db.execute(sql, (root, online)).fetchall()
        db.executemany("UPDATE places SET online = ? WHERE n = ?", [(online, n) for n, _ in rows])
        touched = {clip for _, clip in rows}
        refresh(db, sorted(touched))
        return len(touched)
