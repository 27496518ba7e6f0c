"""One reading of a file, any number of copies: hashed in flight, written side by side, safe on disk before it counts.

A copy that fails (full, broken, taken away) ends alone; the others go on. Sources are only ever opened for reading.
"""

import ctypes
import errno
import fcntl
import mmap
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from queue import Queue, SimpleQueue

from pipeline.clip import Stamp
from pipeline.errors import Cancelled, ChangedWhileRead, RushesError
from pipeline.faults import reached
from pipeline.files import one_line, path_error, stamp_of
from pipeline.manifests.hashes import Hasher

_PIECE = 4 << 20  # bytes read and written at a time
_AHEAD = 8  # pieces in memory: as many may a slow disk lag behind
_WAITING = 256  # files and pieces on their way to a writer
_UNSYNCED = 64  # files that are written and wait to be safe
_NOT_SO = (errno.EINVAL, errno.EOPNOTSUPP)  # what a disk answers that takes O_DIRECT and then does not write so

Done = Callable[["Job", dict[str, str]], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One file of the card: where it lies, its path below the card, and its stamp when the card was looked at."""

    source: Path
    path: bytes
    stamp: Stamp


@dataclass(slots=True)
class _Piece:
    """Bytes on their way to several writers; their buffer is free again when the last of them lets go."""

    data: memoryview
    buffer: memoryview
    free: "SimpleQueue[memoryview]"
    users: int
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def let_go(self) -> None:
        with self._lock:
            self.users -= 1
            last = not self.users
        if last:
            self.free.put(self.buffer)


@dataclass(slots=True)
class Copy:
    """One target folder, as a thread that writes and one that makes safe; `failed` says why it ended early.

    `done` is called when a file is safe on disk: with the job and the hashes of what was written.
    """

    folder: Path
    done: Done
    failed: RushesError | None = None
    _pieces: "Queue[tuple[str, object]]" = field(default_factory=lambda: Queue(_WAITING))
    _written: "Queue[tuple[int, Job, dict[str, str]] | None]" = field(default_factory=lambda: Queue(_UNSYNCED))
    _threads: tuple[threading.Thread, ...] = ()

    def start(self) -> None:
        self._threads = tuple(
            threading.Thread(target=work, name=f"offload to {self.folder}") for work in (self._write, self._make_safe)
        )
        for thread in self._threads:
            thread.start()

    def take(self, what: str, value: object = None) -> None:
        """Hand over what comes next: `file` a Job, `piece` of it, `end` its hashes, `drop` a file that was cut off."""
        self._pieces.put((what, value))

    def finish(self) -> None:
        self._pieces.put(("stop", None))
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        file, job = -1, None
        while True:
            what, value = self._pieces.get()
            if what == "stop":
                break
            try:
                if self.failed is not None:
                    continue  # the reader goes on for the other copies
                if what == "file":
                    assert isinstance(value, Job)
                    job, file = value, self._opened(value)
                elif what == "piece":
                    assert isinstance(value, _Piece)
                    _write_all(file, value)
                elif what == "end":
                    assert isinstance(value, dict)
                    assert job is not None
                    reached("offload.times")
                    os.utime(file, ns=(job.stamp.mtime_ns, job.stamp.mtime_ns))
                    self._written.put((file, job, value))
                    file = -1
                else:
                    _close(file)
                    file = -1
            except OSError as error:
                self.failed = path_error(error, self.folder)
            finally:
                if isinstance(value, _Piece):
                    value.let_go()
        if file >= 0:
            _close(file)
        self._written.put(None)

    def _opened(self, job: Job) -> int:
        place = self.folder / os.fsdecode(job.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        reached("offload.open")
        file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        _set_aside(file, job.stamp.size)
        _past_memory(file, wanted=job.stamp.size >= _PIECE)
        return file

    def _make_safe(self) -> None:
        while (item := self._written.get()) is not None:
            file, job, hashes = item
            try:
                if self.failed is None:
                    reached("offload.sync")
                    os.fsync(file)
                    self.done(job, hashes)
                    reached("offload.copied")
            except OSError as error:
                self.failed = path_error(error, self.folder)
            except RushesError as error:
                self.failed = error
            finally:
                _close(file)


def copy_all(
    jobs: Sequence[tuple[Job, Sequence[str], Sequence[Copy]]],
    copies: Sequence[Copy],
    heard: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> list[tuple[Job, RushesError]]:
    """Copy each job, hashed in its formats, to its copies; what could not be read comes back with its reason.

    `heard` gets bytes read. Raises Cancelled; what is safe until then stays.
    """
    unread: list[tuple[Job, RushesError]] = []
    free: SimpleQueue[memoryview] = SimpleQueue()
    for _ in range(_AHEAD):
        free.put(memoryview(mmap.mmap(-1, _PIECE)))  # whole pages, as a disk wants them that takes them from here
    for copy in copies:
        copy.start()
    try:
        for job, formats, wanting in jobs:
            try:
                _read(job, Hasher(formats), wanting, (heard, cancelled), free=free)
            except Cancelled:
                raise
            except RushesError as error:
                unread.append((job, error))
            if all(copy.failed for copy in copies):
                break
    finally:
        for copy in copies:
            copy.finish()
    return unread


def _read(
    job: Job,
    hasher: Hasher,
    copies: Sequence[Copy],
    ears: tuple[Callable[[int], None], Callable[[], bool]],
    *,
    free: "SimpleQueue[memoryview]",
) -> None:
    heard, cancelled = ears
    whole = False
    for copy in copies:
        copy.take("file", job)
    try:
        with job.source.open("rb", buffering=0) as file:
            left = job.stamp.size  # a file that grows is not followed for ever
            while piece := _next_piece(file, left, free, len(copies) + 1):
                left -= len(piece.data)
                for copy in copies:
                    copy.take("piece", piece)
                hasher.update(piece.data)
                piece.let_go()
                heard(len(piece.data))
                if cancelled():
                    raise Cancelled("The offload was called off; run the same command again to go on.")
        if left or stamp_of(job.source).written != job.stamp.written:
            name = one_line(job.path)
            raise ChangedWhileRead(f"{name} changed while it was copied; run the same command again when it rests.")
        whole = True
    except OSError as error:
        raise path_error(error, job.source) from error
    finally:
        for copy in copies:
            copy.take("end", hasher.values()) if whole else copy.take("drop")


def _close(file: int) -> None:
    """Close a file whose fsync has told already whether it is safe, or that nobody wants: the thread must go on."""
    with suppress(OSError):
        os.close(file)


def _next_piece(file: FileIO, left: int, free: "SimpleQueue[memoryview]", users: int) -> _Piece | None:
    """The next bytes of a file, at most those that are `left`, in a buffer that is waited for; None at its end."""
    buffer = free.get()
    try:
        count = _read_ahead(file, buffer[:left])
    except BaseException:
        free.put(buffer)
        raise
    if not count:
        free.put(buffer)
        return None
    return _Piece(buffer[:count], buffer, free, users)


def _read_ahead(file: FileIO, buffer: memoryview) -> int:
    """Read into a buffer while the disk is asked for what follows: it works on while these bytes are hashed."""
    count = file.readinto(buffer) or 0
    os.posix_fadvise(file.fileno(), file.tell(), 2 * _PIECE, os.POSIX_FADV_WILLNEED)
    return count


def _write_all(file: int, piece: _Piece) -> None:
    view = piece.data
    if len(view) < _PIECE:
        _past_memory(file, wanted=False)  # the last bytes of a file seldom fill a block of the disk
    while view:
        reached("offload.write")
        try:
            view = view[os.write(file, view) :]
        except OSError as error:
            if error.errno not in _NOT_SO or not _past_memory(file, wanted=False):
                raise


def _set_aside(file: int, size: int) -> None:
    """Have the file system keep room for a file, in one piece if it can; one that cannot goes on as usual.

    The kernel is asked, and not `os.posix_fallocate`: where the file system cannot (exFAT, NFS before 4.2), that one
    writes into every block, and the file is written twice.
    """
    ctypes.CDLL(None).fallocate(file, 0, ctypes.c_long(0), ctypes.c_long(size))


def _past_memory(file: int, *, wanted: bool) -> bool:
    """Have the disk take what is written from our buffers (O_DIRECT), or no more; whether that was a change.

    The copies of a card would push all else out of memory, and putting them there costs more than writing them. A file
    system that cannot do it goes on as usual.
    """
    flags = fcntl.fcntl(file, fcntl.F_GETFL)
    other = flags | os.O_DIRECT if wanted else flags & ~os.O_DIRECT
    try:
        fcntl.fcntl(file, fcntl.F_SETFL, other)
    except OSError:
        return False
    return other != flags


def read_back(place: Path, formats: Sequence[str], heard: Callable[[int], None]) -> dict[str, str]:
    """The hashes of a file as the disk holds it: what memory still has of it is dropped first."""
    hasher = Hasher(formats)
    buffer = memoryview(bytearray(_PIECE))
    try:
        with place.open("rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while count := _read_ahead(file, buffer):
                hasher.update(buffer[:count])
                heard(count)
    except OSError as error:
        raise path_error(error, place) from error
    return hasher.values()
