"""Copies that are what they were copied from: hashed on the way, read back, published whole."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import ChangedWhileRead, PathRefused, RushesError
from pipeline.faults import reached
from pipeline.files import full_hash, one_line, path_error, stamp_of
from pipeline.processes.ffmpeg import never
from pipeline.publishing import publish, temporary_beside


def copy_verified(
    source: Path, final: Path, heard: Callable[[int], None], cancelled: Callable[[], bool] = never
) -> str:
    """Copy a file with its times and give its xxh128 (hex), which what lies on the disk afterwards has too.

    `heard` gets the bytes of each step. Nothing is left of a copy that fails. Raises ChangedWhileRead for a source
    that changed meanwhile, PathRefused for a copy that reads back otherwise, DiskFull, PathMissing, Cancelled.
    """
    before = stamp_of(source)
    temporary = temporary_beside(final)
    try:
        reached("pull.open")
        with temporary.open("wb", buffering=0) as target:
            written = full_hash(source, lambda chunk: _write(target.fileno(), chunk, temporary, heard), cancelled)
            reached("pull.sync")
            os.fsync(target.fileno())
            _forget(target.fileno())
        if full_hash(temporary, _unheard, cancelled) != written:
            raise PathRefused(f"{one_line(final)} reads back otherwise than it was written; check that disk.")
        if stamp_of(source) != before:
            raise ChangedWhileRead(f"{one_line(source.name)} changed while it was copied; pull again when it rests.")
        reached("pull.times")
        os.utime(temporary, ns=(before.mtime_ns, before.mtime_ns))
        try:
            publish(temporary, final)
        except RushesError:
            final.unlink(missing_ok=True)  # its name may not outlive a crash: the next pull would take it as it is
            raise
    except OSError as error:
        raise path_error(error, final) from error
    finally:
        temporary.unlink(missing_ok=True)
    return written


def same_bytes(one: Path, other: Path, cancelled: Callable[[], bool] = never) -> str:
    """The xxh128 that both files have; empty where they differ."""
    try:
        if stamp_of(one).size != stamp_of(other).size:
            return ""
        found = full_hash(one, _unheard, cancelled)
        return found if full_hash(other, _unheard, cancelled) == found else ""
    except RushesError:
        return ""


def _write(descriptor: int, chunk: memoryview, path: Path, heard: Callable[[int], None]) -> None:
    done = 0
    while done < len(chunk):
        try:
            reached("pull.write")
            done += os.write(descriptor, chunk[done:])
        except OSError as error:  # full_hash would blame the source
            raise path_error(error, path.parent) from error
    heard(len(chunk))


def _forget(descriptor: int) -> None:
    """Let the system drop its memory of a file, so that reading back asks the disk."""
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _unheard(_chunk: memoryview) -> None:
    pass
