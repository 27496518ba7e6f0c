"""Whole copies of the catalogue file: made while people write, checked, put in its place; the old one is kept aside.

Killed at any moment, the same command again comes to the same: one catalogue, one that is kept aside.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from urllib.parse import quote

from pipeline.catalogue.schema import MIGRATIONS
from pipeline.catalogue.store import APPLICATION, Catalogue, Connection, damage, open_catalogue, refusals
from pipeline.catalogue.writing import all_due, kept_as
from pipeline.errors import AlreadyThere, CatalogueBusy, CatalogueDamaged, CatalogueNewer, PathMissing, PathRefused
from pipeline.faults import reached
from pipeline.files import one_line, path_error, stamp_of
from pipeline.publishing import link_whole, publish, publish_new, workroom

# Whose catalogue it is, since when by which steps, and what is to be written is of the file, not of what it holds. What
# a virtual table holds stands in tables of its own.
_TABLES = """
SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'
AND name NOT IN ('identity', 'migrations', 'due') ORDER BY name
"""
_HEADER = b"SQLite format 3\0"  # how every database file of SQLite begins (sqlite.org/fileformat.html, 1.3.1)
_FOREIGN = "{} is no catalogue of Rushes; name a file that 'rushes backup' made."
_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a catalogue that is open, or was when it was killed


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy of the catalogue, and how much it holds."""

    file: Path
    clips: int
    entries: int
    cuts: int
    size: int


def held(catalogue: Catalogue) -> dict[str, int]:
    """How many rows each table of a catalogue has."""
    with catalogue.reading() as db:
        return _counts(db)


def back_up(catalogue: Catalogue, target: Path) -> Copied:
    """Copy the catalogue as it is at one moment, whoever writes meanwhile; checked and counted before it appears.

    Raises AlreadyThere, DiskFull, PathRefused, and CatalogueDamaged where the copy is not what was copied.
    """
    with growing(target) as temporary:
        if target.exists():
            raise AlreadyThere(f"{one_line(target)} is there already and is not overwritten; name another file.")
        with refusals(target), closing(sqlite3.connect(temporary)) as copy:
            reached("backup.copy")
            with catalogue.reading() as db:
                counts = _counts(db)
                db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            if damage(copy) or _counts(copy) != counts:
                raise CatalogueDamaged(
                    f"The copy of {catalogue.path} is not what was copied; run 'rushes doctor', and check the disk."
                )
        size = temporary.stat().st_size
        reached("backup.copied")
        publish_new(temporary, target)
    return Copied(target, counts["clips"], counts["entries"], counts["cuts"], size)


@contextmanager
def catalogue_from(source: Path, beside: Path) -> Iterator[Path]:
    """A copy of a backup, checked and brought up to date, as a file beside a catalogue that it may replace.

    Raises PathMissing, PathRefused, CatalogueDamaged and CatalogueNewer.
    """
    stamp_of(source)
    if beside.exists() and source.samefile(beside):
        raise PathRefused(f"{one_line(source)} is the catalogue itself; name a backup of it.")
    _refuse_other_files(source)
    with growing(beside) as temporary:
        with refusals(source), closing(_opened(source)) as old, closing(sqlite3.connect(temporary)) as copy:
            _refuse_foreign(old, source)
            old.backup(copy)
        reached("restore.copied")
        with open_catalogue(temporary) as catalogue:
            with catalogue.atomic() as db:
                if wrong := damage(db):
                    raise CatalogueDamaged(f"{one_line(source)} is damaged ({wrong[0]}); restore another backup.")
                # It speaks for itself from now on: plain files that know more than it are kept aside.
                db.execute("UPDATE identity SET id = ?", (secrets.token_hex(16),))
            all_due(catalogue)
        yield temporary


def is_sound(path: Path) -> bool:
    """Whether there is a catalogue that can be read whole. Raises CatalogueNewer, CatalogueBusy, PathRefused."""
    try:
        with open_catalogue(path) as catalogue, catalogue.reading() as db:
            return not damage(db)
    except (PathMissing, CatalogueDamaged):
        return False
    except sqlite3.DatabaseError:  # so broken that its tables cannot even be asked for
        return False


def holds_the_same(new: Path, path: Path) -> bool:
    """Whether a catalogue is sound and holds, row for row, what another one does: then it was put in its place."""
    if not is_sound(path):
        return False
    with refusals(path), closing(sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro", uri=True)) as db:
        db.execute("ATTACH ? AS new", (os.fspath(new),))
        tables = [row[0] for row in db.execute(_TABLES)]
        return tables == [row[0] for row in db.execute(_TABLES.replace("FROM ", "FROM new."))] and not any(
            db.execute(f'SELECT 1 FROM (SELECT * FROM {one}."{name}" EXCEPT SELECT * FROM {other}."{name}")').fetchone()
            for name in tables
            for one, other in (("main", "new"), ("new", "main"))
        )


def replace_catalogue(new: Path, path: Path) -> Path | None:
    """Put a whole new catalogue into its place; where the old one is kept, None where there was none.

    Killed at any moment, either the old or the new one is there. Raises CatalogueBusy where a command has it open.
    """
    there = path.exists()
    if there:
        reached("keep.fold_in")
        _fold_in(path)
    kept = _kept(path)
    aside = [(path.with_name(path.name + end), kept.with_name(kept.name + end)) for end in _BESIDE]
    try:
        for old, now in [(path, kept), *aside]:
            if old.exists() and not now.exists():
                link_whole(old, now)
        for old, _ in aside:
            if old.exists():  # else SQLite would take it for the new one's
                reached("keep.remove")
                old.unlink()
    except OSError as error:
        raise path_error(error, path) from error
    publish(new, path)
    return kept if there else None


def _kept(path: Path) -> Path:
    """Where an old catalogue is kept: as a command that was killed began to, else under the name of this moment."""
    for end in ("", *_BESIDE):
        begun = kept_as(path.with_name(path.name + end), f"{escape(path.stem)}.kept-*{path.suffix}{end}")
        if begun and _goes_on(path, kept := begun.with_name(begun.name.removesuffix(end))):
            return kept
    return path.with_name(f"{path.stem}.kept-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}{path.suffix}")


def _goes_on(path: Path, kept: Path) -> bool:
    """Whether nothing else is kept under this name than what lies beside the catalogue still."""
    pairs = ((path.with_name(path.name + end), kept.with_name(kept.name + end)) for end in ("", *_BESIDE))
    return all(kept_as(old, escape(now.name)) for old, now in pairs if old.exists() and now.exists())


def _fold_in(path: Path) -> None:
    """Let all of an old catalogue lie in its one file, which fails while anybody else has it open."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path, timeout=2.0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise CatalogueBusy(f"A command is at work with {path}; let it finish, then run this again.") from error


@contextmanager
def growing(final: Path) -> Iterator[Path]:
    """A name for a catalogue in a hidden folder beside its place; of a killed command the next one removes it."""
    try:
        with workroom(final.parent) as room:
            yield room / final.name
    except OSError as error:
        raise path_error(error, final) from error


def _opened(source: Path) -> Connection:
    # A backup may lie where nothing can be written: then there is no log beside it either.
    alone = not source.with_name(source.name + "-wal").exists() and not os.access(source.parent, os.W_OK)
    return sqlite3.connect(f"file:{quote(os.fsencode(source))}?mode=ro{'&immutable=1' * alone}", uri=True)


def _refuse_other_files(source: Path) -> None:
    """Raise CatalogueDamaged for what is no database at all, which SQLite would call damaged."""
    try:
        with source.open("rb") as file:
            head = file.read(len(_HEADER))
    except OSError as error:
        raise path_error(error, source) from error
    if head != _HEADER:
        raise CatalogueDamaged(_FOREIGN.format(one_line(source)))


def _refuse_foreign(db: Connection, source: Path) -> None:
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise CatalogueDamaged(_FOREIGN.format(one_line(source)))
    if db.execute("PRAGMA user_version").fetchone()[0] > len(MIGRATIONS):
        raise CatalogueNewer(
            f"{one_line(source)} was written by a newer release; upgrade with `pip install --upgrade rushes`."
        )


def _counts(db: Connection) -> dict[str, int]:
    """How many rows each table has."""
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: int(db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}
