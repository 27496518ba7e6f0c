"""The log as plain files beside the proxies: which are due, and writing them whole.

What is due is noted by triggers (schema.py) in the transaction that changed it, so that no process has to
remember, and one that is killed leaves it to the next. Files of another catalogue are kept aside, never
overwritten: they may be all that is left of it.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from filecmp import cmp
from glob import escape
from pathlib import Path

import xxhash

from pipeline.catalogue.plain import Head, Line, head_of, written
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.catalogue.telling import card_lines, cut_lines, film_lines, identity
from pipeline.clip import shown
from pipeline.faults import reached
from pipeline.files import path_error
from pipeline.locks import waited_lock
from pipeline.publishing import link_whole, sweep_temporaries, write_whole

_NO_NAME = re.compile(r"[^\w .()+,-]")
_LONGEST = 60  # letters of a name; the rest of a file's name tells cards of one name apart
_KEPT = ".kept-"
_HEAD = 4096  # bytes in which the first line ends


@dataclass(frozen=True, slots=True)
class _Due:
    sort: str
    number: int
    name: bytes | str
    change: int


def write_due(catalogue: Catalogue, folder: Path) -> int:
    """Write the plain files that are due into `folder`; how many that were. Raises DiskFull and PathRefused."""
    if not _due(catalogue):
        return 0
    count = 0
    with waited_lock(catalogue.path.with_suffix(".log.lock")) as mine:
        if not mine:
            return 0  # whoever writes now, or the next command, writes these too
        _claim(catalogue, folder)
        sweep_temporaries(folder)  # nobody else writes here: what is half-made is of a process that died
        for due in _due(catalogue):
            _write(catalogue, folder, due)
            count += 1
    return count


def all_due(catalogue: Catalogue) -> None:
    """Let every plain file be written again."""
    with catalogue.atomic() as db:
        db.execute("INSERT OR REPLACE INTO due (sort, number, name) SELECT 'card', n, '' FROM cards")
        db.execute("INSERT OR REPLACE INTO due (sort, number, name) SELECT 'cut', version, name FROM cuts")
        db.execute("INSERT OR REPLACE INTO due (sort, number, name) VALUES ('film', 0, '')")


def plain_files(folder: Path) -> tuple[Path, ...]:
    """The plain files of the log in a folder, in order of their names."""
    return tuple(file for file in sorted((*folder.glob("*.jsonl"), *folder.glob("cuts/*.jsonl"))) if file.is_file())


def owner_of(folder: Path) -> str | None:
    """The catalogue that wrote the plain files in a folder; None where none did."""
    for file in (folder / "film.jsonl", *plain_files(folder)):
        if head := _head(file):
            return head.catalogue
    return None


def keep_aside(place: Path) -> None:
    """Give a folder another name beside its own, so that nothing is written over what lies in it."""
    try:
        reached("aside.rename")
        place.rename(_aside(place))
    except OSError as error:
        raise path_error(error, place) from error


def keep_copy(file: Path) -> None:
    """Give a file another name beside its own, too, which stays when it is written anew."""
    if kept_as(file, f"{escape(file.name)}{_KEPT}*"):
        return
    try:
        link_whole(file, _aside(file))
    except OSError as error:
        raise path_error(error, file) from error


def drop_kept(catalogue: Catalogue, folder: Path) -> None:
    """Remove the plain files that are kept under another name as they are: they are written anew."""
    for kept in (*folder.glob(f"*{_KEPT}*"), *folder.glob(f"cuts/*{_KEPT}*")):
        file = kept.with_name(kept.name.rpartition(_KEPT)[0])
        if kept_as(file, escape(kept.name)):
            all_due(catalogue)
            try:
                reached("aside.remove")
                file.unlink()
            except OSError as error:
                raise path_error(error, file) from error


def kept_as(file: Path, pattern: str) -> Path | None:
    """The file beside this one, of a name like this, that is the same or holds the same bytes."""
    if not file.exists():
        return None
    others = sorted(file.parent.glob(pattern))
    return next((each for each in others if file.samefile(each) or cmp(file, each, shallow=False)), None)


def _aside(place: Path) -> Path:
    return place.with_name(f"{place.name}{_KEPT}{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")


def unwritten(catalogue: Catalogue, folder: Path) -> tuple[Path, ...]:
    """The plain files that are due or not there."""
    with catalogue.reading() as db:
        foreign = identity(db) != owner_of(folder)
        files = {file for each in _all(db) if (file := _file(db, folder, each)) and (foreign or not file.exists())}
        files |= {file for each in _rows(db) if (file := _file(db, folder, each))}
    return tuple(sorted(files))


def _all(db: Connection) -> Iterator[_Due]:
    yield _Due("film", 0, "", 0)
    yield from (_Due("card", n, "", 0) for (n,) in db.execute("SELECT n FROM cards").fetchall())
    yield from (_Due("cut", n, name, 0) for n, name in db.execute("SELECT version, name FROM cuts").fetchall())


def _due(catalogue: Catalogue) -> list[_Due]:
    with catalogue.reading() as db:
        return _rows(db)


def _rows(db: Connection) -> list[_Due]:
    return [_Due(*row) for row in db.execute("SELECT sort, number, name, change FROM due ORDER BY sort, number, name")]


def _claim(catalogue: Catalogue, folder: Path) -> None:
    """See that the folder is this catalogue's: another's files are kept aside, and all of ours are due then."""
    with catalogue.reading() as db:
        mine = identity(db)
    owner = owner_of(folder)
    if owner not in (None, mine):
        keep_aside(folder)
    if owner != mine or _head(folder / "film.jsonl") is None:
        all_due(catalogue)


def _write(catalogue: Catalogue, folder: Path, due: _Due) -> None:
    with catalogue.reading() as db:
        file = _file(db, folder, due)
        lines = None if file is None else _lines(db, due)
        data = None if lines is None else written(lines)
    if file is not None and data is not None:
        write_whole(file, data)
    elif file is not None:
        with suppress(OSError):
            reached("plain.remove")
            file.unlink(missing_ok=True)
    reached("plain.written")
    with catalogue.atomic() as db:
        sql = "DELETE FROM due WHERE sort = ? AND number = ? AND name = ? AND change = ?"
        db.execute(sql, (due.sort, due.number, due.name, due.change))


def _lines(db: Connection, due: _Due) -> Iterator[Line] | None:
    """What a plain file holds now; None for what is gone."""
    if due.sort == "film":
        return film_lines(db)
    if due.sort == "cut":
        row = (str(due.name), due.number)
        there = db.execute("SELECT 1 FROM cuts WHERE name = ? AND version = ?", row).fetchone()
        return cut_lines(db, *row) if there else None
    return card_lines(db, due.number) if due.sort == "card" else None


def _file(db: Connection, folder: Path, due: _Due) -> Path | None:
    """Where a plain file lies; None for what is gone, and for what went and is there again."""
    if due.sort == "film":
        return folder / "film.jsonl"
    if due.sort == "cut":
        named = f"{due.name!s} v{due.number}"
        return folder / "cuts" / _called(named, named.encode())
    if due.sort == "gone":
        there = db.execute("SELECT 1 FROM cards WHERE root = ? AND path = ?", (due.number, due.name)).fetchone()
        sql = "SELECT kind, volume, ?2 FROM roots WHERE n = ?1"
        row = None if there else db.execute(sql, (due.number, due.name)).fetchone()
    else:
        sql = "SELECT r.kind, r.volume, c.path FROM cards c JOIN roots r ON r.n = c.root WHERE c.n = ?"
        row = db.execute(sql, (due.number,)).fetchone()
    if row is None:
        return None
    kind, volume, path = row
    return folder / _called(shown(bytes(path).rpartition(b"/")[2]), f"{kind}\0{volume}\0".encode() + bytes(path))


def _called(name: str, key: bytes) -> str:
    """A file name that is legal everywhere, short, and no other thing's."""
    legal = _NO_NAME.sub("_", name)[:_LONGEST].strip(". ")
    return f"{legal or 'film'}.{xxhash.xxh128_hexdigest(key)[:12]}.jsonl"


def _head(file: Path) -> Head | None:
    try:
        with file.open("rb") as opened:
            return head_of(opened.read(_HEAD))
    except OSError:
        return None
