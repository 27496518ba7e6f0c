"""Whole copies of the catalogue file: made while people write, checked, put in its place; the old one is kept aside."""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from pipeline.catalogue.schema import MIGRATIONS
from pipeline.catalogue.store import APPLICATION, Catalogue, Connection, damage, open_catalogue, refusals
from pipeline.catalogue.writing import all_due
from pipeline.errors import CatalogueBusy, CatalogueDamaged, CatalogueNewer, PathMissing, PathRefused
from pipeline.files import one_line, path_error, stamp_of
from pipeline.publishing import publish, publish_new, temporary_beside

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
        with refusals(target), closing(sqlite3.connect(temporary)) as copy:
            with catalogue.reading() as db:
                counts = _counts(db)
                db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            if damage(copy) or _counts(copy) != counts:
                raise CatalogueDamaged(
                    f"The copy of {catalogue.path} is not what was copied; run 'rushes doctor', and check the disk."
                )
        size = temporary.stat().st_size
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
    with growing(beside) as temporary:
        with refusals(source), closing(_opened(source)) as old, closing(sqlite3.connect(temporary)) as copy:
            _refuse_foreign(old, source)
            old.backup(copy)
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


def replace_catalogue(new: Path, path: Path) -> Path | None:
    """Put a whole new catalogue into its place; where the old one is kept, None where there was none.

    Killed at any moment, either the old or the new one is there. Raises CatalogueBusy where a command has it open.
    """
    kept = path.with_name(f"{path.stem}.kept-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}{path.suffix}")
    there = path.exists()
    if there:
        _fold_in(path)
    try:
        aside = [(path.with_name(path.name + end), kept.with_name(kept.name + end)) for end in _BESIDE]
        for old, now in [(path, kept), *aside]:
            if old.exists():
                _link(old, now)
        for old, _ in aside:
            old.unlink(missing_ok=True)  # else SQLite would take them for the new one's
    except OSError as error:
        raise path_error(error, path) from error
    publish(new, path)
    return kept if there else None


def _fold_in(path: Path) -> None:
    """Let all of an old catalogue lie in its one file, which fails while anybody else has it open."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path, timeout=2.0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise CatalogueBusy(f"A command is at work with {path}; let it finish, then run this again.") from error


def _link(old: Path, now: Path) -> None:
    try:
        now.hardlink_to(old)
    except OSError:  # filesystems without links
        shutil.copy2(old, now)


@contextmanager
def growing(final: Path) -> Iterator[Path]:
    """A hidden name beside a catalogue; nothing of it is left when the block ends badly."""
    temporary = temporary_beside(final)
    try:
        yield temporary
    finally:
        for end in ("", *_BESIDE):
            temporary.with_name(temporary.name + end).unlink(missing_ok=True)


def _opened(source: Path) -> Connection:
    # A backup may lie where nothing can be written: then there is no log beside it either.
    alone = not source.with_name(source.name + "-wal").exists() and not os.access(source.parent, os.W_OK)
    return sqlite3.connect(f"file:{quote(os.fsencode(source))}?mode=ro{'&immutable=1' * alone}", uri=True)


def _refuse_foreign(db: Connection, source: Path) -> None:
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise CatalogueDamaged(f"{one_line(source)} is no catalogue of Rushes; name a file that 'rushes backup' made.")
    if db.execute("PRAGMA user_version").fetchone()[0] > len(MIGRATIONS):
        raise CatalogueNewer(
            f"{one_line(source)} was written by a newer release; upgrade with `pip install --upgrade rushes`."
        )


def _counts(db: Connection) -> dict[str, int]:
    """How many rows each table has."""
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: int(db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}
