"""Disks that are too small, and what must hold whenever one was full."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from depth import full
from filming import half_made, log, products, tree

from pipeline.cli.main import rushes
from pipeline.errors import RushesError
from pipeline.film import open_film
from pipeline.ingest.events import Event
from pipeline.ingest.run import ingest

PAGE = 4096


def mounted(*words: str | Path) -> None:
    """Mount something, or skip the test where that is not allowed."""
    if subprocess.run(["mount", *words], capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a disk")


@dataclass(frozen=True)
class Disk:
    """A file system in memory that can be made smaller and larger, in pages."""

    folder: Path

    def has(self, pages: int) -> None:
        """Raises TimeoutError while more than that is in use; what was removed is given back a moment later."""
        words = ["mount", "-t", "tmpfs", "-o", f"remount,size={pages * PAGE}", "none", self.folder]
        until = time.monotonic() + 10
        while subprocess.run(words, capture_output=True, check=False).returncode:
            if time.monotonic() > until:
                raise TimeoutError(f"{self.used} pages are in use, more than {pages}")
            time.sleep(0.01)

    def leave_free(self, pages: int) -> None:
        """Make it as small as leaves that much room beside what lies there."""
        self.has(shutil.disk_usage(self.folder).used // PAGE + pages)

    def grow(self) -> None:
        self.has(25_000)

    @property
    def used(self) -> int:
        return shutil.disk_usage(self.folder).used // PAGE


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """A small disk on a folder; it is gone after the block."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted("-t", "tmpfs", "-o", f"size={25_000 * PAGE}", "none", folder)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def sizes(most: int, few: int) -> Sequence[int]:
    """Every number of pages up to `most` (some hundreds where that is many) in full, else `few` of them."""
    return (
        range(1, most, 1 + most // 800) if full() else sorted({1 + (most - 1) * at // (few - 1) for at in range(few)})
    )


# --- what is done, in this process ----------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """How an ingest ended: its exit code, its last sentence, all that it told."""

    code: int
    sentence: str
    told: tuple[Event, ...]


def take(film: Path) -> Taken:
    """`rushes ingest` without a process of its own, which would cost more than the work."""
    told: list[Event] = []
    try:
        done = ingest(open_film(film), [], told.append)
    except RushesError as error:
        return Taken(error.exit_code, error.sentence, tuple(told))
    code, sentence = done.stopped_by or ((1, str(done.failed or done.left)) if done.failed or done.left else (0, ""))
    return Taken(code, sentence, tuple(told))


def typed(film: Path, *words: str) -> tuple[int, str]:
    """A command as typed in a film, without a process of its own: exit code, and the sentence of a refusal."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        return int(rushes.main(["--film", str(film), *words], prog_name="rushes", standalone_mode=False) or 0), ""
    except RushesError as error:
        return error.exit_code, error.sentence
    finally:
        signal.signal(signal.SIGTERM, before)


# --- what must hold -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Whole:
    """A film as it is when nothing went wrong: its products by their hash, its log, its originals."""

    products: dict[str, str]
    log: list[dict[str, object]]
    originals: dict[str, tuple[int, int]]


def whole(film: Path) -> Whole:
    originals = tree((film / "ingest").resolve())
    return Whole(hashes(film), [*log(film).values()], originals)


def hashes(film: Path) -> dict[str, str]:
    return {path: hashlib.md5((film / path).read_bytes()).hexdigest() for path in products(film)}


def nothing_half(film: Path, reference: Whole) -> None:
    """No temporary file, no product that differs, none recorded that is not there; catalogue and originals sound."""
    assert half_made(film) == []
    there = hashes(film)
    assert there.items() <= reference.products.items()
    assert tree((film / "ingest").resolve()) == reference.originals
    path = film / ".rushes" / "catalogue.db"
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'products'").fetchone():
            assert {os.fsdecode(row[0]) for row in db.execute("SELECT path FROM products")} <= there.keys()


# --- a disk that breaks ---------------------------------------------------------------------------


@dataclass(frozen=True)
class BrokenDisk:
    """A folder on a disk that fails as it is told to."""

    folder: Path
    server: "subprocess.Popen[str]"

    def fails(self, op: str, error: str = "EIO", *, name: str = "*", by: str = "*", after: int = 0) -> None:
        """From now on an operation (READ, WRITE, FSYNC, FLUSH...) fails; nothing else does."""
        self._told([{"op": op, "name": name, "by": by, "after": after, "error": error}])

    def heals(self) -> None:
        self._told([])

    def _told(self, rules: list[dict[str, object]]) -> None:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(rules) + "\n")
        self.server.stdin.flush()
        assert self.server.stdout.readline() == "in force\n"


@contextlib.contextmanager
def broken_disk(folder: Path) -> Iterator[BrokenDisk]:
    """A disk in a folder, good until it is told otherwise; skips where there is no FUSE."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("there is no /dev/fuse that may be used")
    held = folder.with_name(folder.name + ".held")
    for each in (held, folder):
        each.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, str(Path(__file__).with_name("broken_disk.py")), str(held), str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        if server.stdout.readline() != "mounted\n":
            pytest.skip("only root can mount a FUSE file system")
        try:
            yield BrokenDisk(folder, server)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
            server.terminate()
