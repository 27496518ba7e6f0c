"""Our own long-lived child that reads untrusted files, and the loop that runs in it.

It gets no file: what it wants to read of the one in question it asks for over its pipes, and who asked it reads
within bounds. All files, the network and its place in line it gives up before it reads the first (kernel.py). What
this system cannot take from it is left out; the rest still holds.

What we say is a length and so many bytes: a question (JSON), or bytes of the file, fewer only at its end. What the
child says is READ with an offset and a length, or ANSWER with a length and so many bytes of JSON.
"""

import json
import math
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from pipeline.errors import MediaUnreadable
from pipeline.faults import reached
from pipeline.files import path_error

_SAID = struct.Struct(">I")  # a length
_HEARD = struct.Struct(">cQI")  # what it is, where in the file (0 in an answer), a length
_READ, _ANSWER = b"R", b"A"
# What a child that a file has taken over gets of us, in bytes and in number.
_LARGEST_ANSWER = 64 << 20
_LARGEST_READ = 1 << 20
_MOST_BYTES = 64 << 20  # of a file, where the question does not say
_MOST_READS = 1 << 14
_NICE = 10
_UNUSABLE = "The reader gave no usable answer about this file; it is damaged or made to harm."


class _Died(MediaUnreadable):
    """The child ended amid a question; whether of the file is not known."""


class ReaderProcess:
    """A long-lived child `python -P -m MODULE` that answers one JSON object with another.

    Untrusted files are read there, with its memory, files and network cut off, so that a crash or a bomb
    costs one file. The module runs `serve`. The child ends when its stdin closes: with us, whatever
    happens to us. Thread-safe; one question at a time.
    """

    def __init__(self, module: str, *, memory: int = 1 << 30, timeout: float = 20.0) -> None:
        self._module = module
        self._memory = memory
        self._timeout = timeout
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(
        self,
        request: dict[str, Any],
        *,
        file: Path | None = None,
        most: int = _MOST_BYTES,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """The child's answer to `request`, which finds in "file" a LentFile: `most` bytes of `file`, wherever it likes.

        A child that dies is replaced and the same asked once more: something else may have killed it. Raises
        MediaUnreadable where two died of it or one took too long (`timeout` in seconds), PathMissing and PathRefused.
        """
        with self._lock, _opened(file, most) as lent:
            try:
                return self._answer(request, lent, timeout or self._timeout)
            except _Died:
                return self._answer(request, lent, timeout or self._timeout)

    def close(self) -> None:
        """End the child; asking again starts another."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _answer(self, request: dict[str, Any], lent: "_Lent | None", timeout: float) -> dict[str, Any]:
        if self._process is not None and self._process.poll() is not None:
            self._stop()
        process = self._process or self._start()
        question = json.dumps([request, None if lent is None else [lent.size, lent.most]]).encode()
        try:
            answer = json.loads(_told(process, question, lent, time.monotonic() + timeout))
        except (OSError, ValueError, RecursionError) as error:
            self._stop()
            raise _failure(error, process.returncode) from error
        except BaseException:  # a disk that does not give the file, or ^C: it would still wait for the bytes
            self._stop()
            raise
        if not isinstance(answer, dict):
            raise MediaUnreadable(_UNUSABLE)
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", self._module],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)  # one that takes nothing must not hold us up
        if hasattr(resource, "prlimit"):
            with suppress(ProcessLookupError, PermissionError):
                resource.prlimit(process.pid, resource.RLIMIT_AS, (self._memory, self._memory))
                resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, 0))
        self._process = process
        return process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for end in (process.stdin, process.stdout):
            if end is not None:
                end.close()


@dataclass(frozen=True, slots=True)
class _Lent:
    """A file open to be read, of which the child sees what it asks for."""

    path: Path
    descriptor: int
    size: int
    most: int  # bytes that are read to it

    def read(self, offset: int, length: int) -> bytes:
        """Raises PathMissing or PathRefused where the disk does not give it."""
        try:
            return os.pread(self.descriptor, length, offset) if offset < self.size else b""
        except OSError as error:
            raise path_error(error, self.path) from error


@contextmanager
def _opened(file: Path | None, most: int) -> Iterator[_Lent | None]:
    """The file open to be read, without waiting for a pipe; None for no file."""
    if file is None:
        yield None
        return
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise path_error(error, file) from error
    try:
        yield _Lent(file, descriptor, os.fstat(descriptor).st_size, most)
    finally:
        os.close(descriptor)


def _told(process: subprocess.Popen[bytes], question: bytes, lent: _Lent | None, until: float) -> bytes:
    """Its answer, after it was given what it asked for of the file.

    Raises TimeoutError, another OSError when the child is gone, ValueError where it asks for more than is given, and
    PathMissing or PathRefused where the disk does not give the file.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    _say(process.stdin, question, until)
    left = 0 if lent is None else lent.most
    for _ in range(_MOST_READS):
        what, offset, length = _HEARD.unpack(_hear(process.stdout, _HEARD.size, until))
        if what == _ANSWER and length <= _LARGEST_ANSWER:
            return _hear(process.stdout, length, until)
        if what != _READ or lent is None or length > min(left, _LARGEST_READ):
            break
        data = lent.read(offset, length)
        left -= len(data)
        _say(process.stdin, data, until)
    raise ValueError("no answer, and nothing that may be asked for")


def _say(end: IO[bytes], data: bytes, until: float) -> None:
    view = memoryview(_SAID.pack(len(data)) + data)
    while view:
        _wait(end, select.POLLOUT, until)
        view = view[os.write(end.fileno(), view) :]


def _hear(end: IO[bytes], length: int, until: float) -> bytes:
    """Exactly so many bytes."""
    heard = bytearray()
    while len(heard) < length:
        _wait(end, select.POLLIN, until)
        data = os.read(end.fileno(), min(length - len(heard), 1 << 20))
        if not data:
            raise ConnectionResetError
        heard += data
    return bytes(heard)


def _wait(end: IO[bytes], event: int, until: float) -> None:
    """Until the other side takes or gives bytes, or is gone; raises TimeoutError, even if it never ceases to."""
    waiting = select.poll()
    waiting.register(end, event)
    left = until - time.monotonic()
    if left <= 0 or not waiting.poll(left * 1000):
        raise TimeoutError


def _failure(error: Exception, ended: int) -> MediaUnreadable:
    """What became of a child that ended so (a signal is below 0)."""
    harm = "over this file; it is damaged or made to harm."
    if isinstance(error, TimeoutError) or ended == -signal.SIGXCPU:
        return MediaUnreadable(f"The reader took too long {harm}")
    if isinstance(error, OSError):
        return _Died(f"The reader died {harm}")
    return MediaUnreadable(_UNUSABLE)


# --- the child's side -----------------------------------------------------------------------------


class LentFile:
    """The file that a question is about, read through whoever asks; `partial` once more was wanted than is lent."""

    def __init__(self, size: int, most: int, out: int) -> None:
        self.partial = False
        self._size = size
        self._left = most
        self._out = out
        self._at = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place counted from the start, from here (1) or from the end (2)."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, length: int) -> bytes:
        """At most `length` bytes, none at the end and where no more are lent."""
        length = min(length, _LARGEST_READ, self._size - self._at)
        self.partial |= length > self._left
        if length <= 0 or self.partial:
            return b""
        self._left -= length
        _write_all(self._out, _HEARD.pack(_READ, self._at, length))
        data = _received() or b""
        self._at += len(data)
        return data


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]], *, cpu_seconds: int = 20) -> None:
    """Answer every question until no more can come, each within `cpu_seconds` of CPU; what it needs is loaded before.

    It ends with whoever asks, even in the midst of a file.
    """
    out = os.dup(1)
    os.dup2(2, 1)  # a library that prints must not break the framing
    with suppress(OSError):
        os.nice(_NICE)
    from pipeline.processes.kernel import give_up  # here: whoever asks needs none of it

    give_up()
    threading.Thread(target=_end_with_them, daemon=True).start()
    while (said := _received()) is not None:
        reached("read.answer")
        question, lent = json.loads(said)
        if lent is not None:
            question["file"] = LentFile(lent[0], lent[1], out)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + cpu_seconds, hard))
        found = json.dumps(answer(question)).encode()
        _write_all(out, _HEARD.pack(_ANSWER, 0, len(found)) + found)


def _received() -> bytes | None:
    """What was said next; None after the last."""
    length = _read_all(_SAID.size)
    return None if length is None else _read_all(*_SAID.unpack(length))


def _read_all(length: int) -> bytes | None:
    data = b""
    while len(data) < length:
        more = os.read(0, length - len(data))
        if not more:
            return None
        data += more
    return data


def _end_with_them() -> None:
    """End this process when the other end of stdin closes."""
    waiting = select.poll()
    waiting.register(0, 0)  # that it hung up is always told
    waiting.poll()
    os._exit(0)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
