"""The catalogue file: opened, migrated, and every transaction. The tables are in schema.py.

One connection a process, guarded by a lock; any number of processes. Who writes takes the write
lock first (BEGIN IMMEDIATE) and waits its turn; nothing slow happens inside a transaction.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Self

from pipeline.catalogue.schema import MIGRATIONS
from pipeline.errors import CatalogueBusy, CatalogueDamaged, CatalogueNewer, CatalogueUnread, DiskFull, PathMissing
from pipeline.faults import reached
from pipeline.files import CHUNK, free_bytes

APPLICATION = 0x52534853  # "RSHS" in the file's header: tells our catalogue from other SQLite files
PATIENCE = 60.0  # seconds that a writer waits for another: a large card is one transaction
_SCANT = 1 << 20  # bytes of free space below which an I/O error is put down to a full disk
Connection = sqlite3.Connection


class Catalogue:
    """An open catalogue; a context manager that closes it."""

    def __init__(self, path: Path, connection: Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def atomic(self) -> Iterator[Connection]:
        """All of the statements inside, or none: any exception rolls back. Within another it joins that one."""
        with self._lock, _transaction(self._connection, "BEGIN IMMEDIATE", self.path) as connection:
            yield connection

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """The connection outside any transaction."""
        with self._lock, refusals(self.path):
            yield self._connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One moment of the catalogue for all statements inside, whoever writes meanwhile."""
        with self._lock, _transaction(self._connection, "BEGIN", self.path) as connection:
            yield connection


@contextmanager
def _transaction(connection: Connection, begin: str, path: Path) -> Iterator[Connection]:
    if connection.in_transaction:
        yield connection
        return
    with refusals(path):
        connection.execute(begin)
        try:
            yield connection
            reached("catalogue.commit")
            connection.execute("COMMIT")
            reached("catalogue.committed")
        finally:
            # After a full disk SQLite has rolled back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """What SQLite says, as a sentence for the person."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise CatalogueBusy(f"Another program has been writing to {path} for a minute; try again.") from error
        # With no room for its shared memory, SQLite speaks of an I/O error.
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and free_bytes(path.parent) < _SCANT):
            raise DiskFull(f"The disk of {path} is full; make room and run the command again.") from error
        if code == sqlite3.SQLITE_IOERR:
            sentence = f"{path} could not be read or written ({error}); check the disk it lies on."
            raise CatalogueUnread(sentence) from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            _refuse_bad_disk(path)
            sentence = f"{path} is damaged ({error}); run 'rushes restore FILE' with a backup, or 'rushes rebuild'."
            raise CatalogueDamaged(sentence) from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            raise CatalogueUnread(f"{path} cannot be opened for writing ({error}); check who owns it.") from error
        raise


def _refuse_bad_disk(path: Path) -> None:
    """Raise CatalogueUnread where the file cannot be read to its end: SQLite takes an EIO for damage."""
    try:
        with path.open("rb", buffering=0) as file:
            while file.read(CHUNK):
                pass
    except OSError as error:
        sentence = f"{path} could not be read ({error.strerror}); check the disk it lies on before anything else."
        raise CatalogueUnread(sentence) from error


def open_catalogue(path: Path, *, create: bool = False) -> Catalogue:
    """Open the catalogue, brought up to the newest schema.

    Raises PathMissing where there is none and `create` is not asked, CatalogueNewer, CatalogueDamaged.
    """
    if not create and not path.exists():
        raise PathMissing(
            f"There is no catalogue at {path}; 'rushes restore FILE' puts a backup there, "
            "'rushes rebuild' makes a lost one again, 'rushes ingest' begins one."
        )
    with refusals(path):
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path, create=create)
        except BaseException:
            connection.close()
            raise
    return Catalogue(path, connection)


def _prepare(connection: Connection, path: Path, *, create: bool) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if not create and application != APPLICATION:
        raise CatalogueDamaged(
            f"{path} is empty or no catalogue of ours; run 'rushes restore FILE' with a backup, or 'rushes rebuild'."
        )
    if version > len(MIGRATIONS):
        raise CatalogueNewer(f"{path} was written by a newer release; upgrade with `pip install --upgrade rushes`.")
    # What is put back from a backup waits for its first reader to have a write-ahead log.
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    if version < len(MIGRATIONS):
        migrate(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "cache_size = -131072", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def migrate(connection: Connection, *, migrations: tuple[tuple[str, str], ...] = MIGRATIONS) -> None:
    """Take each step that is missing, each in one transaction with its own record."""
    while True:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version >= len(migrations):
                break
            reached("migrate.begin")
            _step(connection, version + 1, *migrations[version])
            reached("migrate.commit")
            connection.execute("COMMIT")
            reached("migrate.end")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _step(connection: Connection, number: int, name: str, script: str) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT, moment TEXT)")
    for statement in _statements(script):
        connection.execute(statement)
    connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (number, name, now()))
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {number}")


def _statements(script: str) -> Iterator[str]:
    """One statement after another; executescript would commit the transaction they belong to."""
    pending = ""
    for line in script.strip().splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def fold_in_log(catalogue: Catalogue) -> bool:
    """Write what is in SQLite's log into the catalogue and empty it; False where a reader is in the way."""
    with catalogue.alone() as connection:
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


# What is kept beside the log for speed, against what it is made from.
_GROUP_SUMS = """
SELECT g.n FROM groups g
LEFT JOIN (SELECT group_n, count(*) AS clips, sum(flicks) AS flicks FROM clips GROUP BY 1) c ON c.group_n = g.n
WHERE g.clips <> ifnull(c.clips, 0) OR g.flicks <> ifnull(c.flicks, 0) OR g.clips = 0
"""
_TERM_SUMS = """
SELECT t.n FROM terms t
LEFT JOIN (SELECT x.term_n, count(*) AS groups, sum(g.clips) AS clips
    FROM group_terms x JOIN groups g ON g.n = x.group_n GROUP BY 1) s ON s.term_n = t.n
WHERE t.groups <> ifnull(s.groups, 0) OR t.clips <> ifnull(s.clips, 0)
"""
_SUMS = (
    (_GROUP_SUMS, "the totals of a group do not agree with its clips"),
    (_TERM_SUMS, "the count of a value does not agree with its groups"),
)


def damage(db: Connection) -> tuple[str, ...]:
    """What is wrong with the file itself; no index that is made again mends it."""
    broken = [str(row[0]) for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    return (*broken, *(f"a row of {row[0]} refers to nothing" for row in db.execute("PRAGMA foreign_key_check")))


def index_faults(db: Connection) -> tuple[str, ...]:
    """What of the search index contradicts itself."""
    found = [sentence for sql, sentence in _SUMS if db.execute(sql).fetchone()]
    try:
        db.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")  # 1: with the texts, too
    except sqlite3.DatabaseError:
        found.append("the search index does not agree with the log")
    return tuple(found)


def check(catalogue: Catalogue) -> tuple[str, ...]:
    """What is wrong with the file and its search index; nothing where all is well. Reads all of it."""
    with catalogue.atomic() as db:
        return (*damage(db), *index_faults(db))
