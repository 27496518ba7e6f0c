"""Locks between processes: who holds one is named in it, and a killed holder shows.

The system frees a lock when its process dies; the file stays.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import CatalogueBusy
from pipeline.files import path_error
from pipeline.publishing import make_folder

_LOCK_TRIES = 15
_PATIENCE = 20.0  # seconds that a lock is waited for


@contextlib.contextmanager
def held_lock(path: Path, words: str) -> Iterator[bool]:
    """Hold the one lock of a production while the block runs; yields whether its last holder was killed.

    Raises CatalogueBusy naming who holds it. The system frees it when the process dies; who ends in
    order takes its name out of it.
    """
    make_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise path_error(error, path) from error
    try:
        if not _locks(descriptor):
            raise CatalogueBusy(_holder_sentence(os.pread(descriptor, 4096, 0)))
        holder = {"words": words, "process": os.getpid(), "host": os.uname().nodename}
        killed = os.fstat(descriptor).st_size > 0
        os.ftruncate(descriptor, 0)
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name in it
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        try:
            yield killed
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _locks(descriptor: int) -> bool:
    """Take the lock; who only looks whether it is held has it for a moment, and is waited for."""
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False


@contextlib.contextmanager
def waited_lock(path: Path) -> Iterator[bool]:
    """Hold a lock that nobody keeps for long; yields False where somebody does all the same."""
    make_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise path_error(error, path) from error
    try:
        end = time.monotonic() + _PATIENCE
        while not (held := _locks(descriptor)) and time.monotonic() < end:
            pass
        yield held
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _holder_sentence(text: bytes) -> str:
    try:
        holder = json.loads(text)
        who = f"'{holder['words']}' (process {holder['process']} on {holder['host']})"
    except (ValueError, KeyError, TypeError):
        who = "another process"
    return f"{who} is already at work on this production; let it finish, or stop it and run this again."
