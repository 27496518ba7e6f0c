"""Our own long-lived child that reads untrusted files, and the loop that runs in it.

It gets files open, never by name, and gives up all others, the network and its place in line before it reads the
first (kernel.py). What this system cannot take from it is left out; the rest still holds.
"""

import json
import math
import os
import resource
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from pipeline.errors import MediaUnreadable
from pipeline.faults import reached
from pipeline.files import path_error

_LARGEST_ANSWER = 64 << 20  # bytes: a child that a file has taken over must not fill our memory
_NICE = 10


class ReaderProcess:
    """A long-lived child `python -P -m MODULE` that answers one JSON object a line with another.

    Untrusted files are read there, with its memory and network cut off, so that a crash or a bomb
    costs one file. The module runs `serve`. The child ends when its stdin closes: with us, whatever
    happens to us. Thread-safe; one question at a time.
    """

    def __init__(self, module: str, *, memory: int = 1 << 30, timeout: float = 20.0) -> None:
        self._module = module
        self._memory = memory
        self._timeout = timeout
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None  # on which it is asked

    def ask(
        self, request: dict[str, Any], *, file: Path | None = None, timeout: float | None = None
    ) -> dict[str, Any]:  # fmt: skip
        """The child's answer to `request`, which holds `file` opened (a descriptor) as its "file".

        Raises MediaUnreadable where the child died of it or took too long, PathMissing and PathRefused. A child that
        died before the question came is replaced without a word.
        """
        with self._lock, _opened(file) as opened:
            if self._process is not None and self._process.poll() is not None:
                self._stop()
            process = self._process or self._start()
            try:
                self._say(json.dumps(request).encode() + b"\n", opened)
                answer = json.loads(_heard(process, timeout or self._timeout))
            except (OSError, ValueError, TimeoutError) as error:
                self._stop()
                why = "took too long" if isinstance(error, TimeoutError) else "died"
                raise MediaUnreadable(f"The reader {why} over this file; it is damaged or made to harm.") from error
            if not isinstance(answer, dict):
                raise MediaUnreadable("The reader gave no usable answer about this file; it is damaged.")
            return answer

    def close(self) -> None:
        """End the child; asking again starts another."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _start(self) -> subprocess.Popen[bytes]:
        self._line, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", self._module],
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
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
        for end in (self._line, process.stdout):
            if end is not None:
                with suppress(OSError):
                    end.close()

    def _say(self, line: bytes, files: list[int]) -> None:
        assert self._line is not None
        sent = socket.send_fds(self._line, [line], files)
        if line[sent:]:
            self._line.sendall(line[sent:])


@contextmanager
def _opened(file: Path | None) -> Iterator[list[int]]:
    """The file open to be read, without waiting for a pipe; nothing for no file."""
    try:
        files = [] if file is None else [os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)]
    except OSError as error:
        raise path_error(error, file or Path()) from error
    try:
        yield files
    finally:
        for each in files:
            os.close(each)


def _heard(process: subprocess.Popen[bytes], timeout: float) -> bytes:
    """The line that it answers. Raises TimeoutError, or OSError when the child is gone."""
    assert process.stdout is not None
    until = time.monotonic() + timeout
    answer = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not answer.endswith(b"\n"):
            if not selector.select(max(0.0, until - time.monotonic())):
                raise TimeoutError
            data = os.read(process.stdout.fileno(), 1 << 20)
            if not data:
                raise ConnectionResetError
            answer += data
            if len(answer) > _LARGEST_ANSWER:
                raise ConnectionResetError
    return bytes(answer)


# --- the child's side -----------------------------------------------------------------------------


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]], *, cpu_seconds: int = 20) -> None:
    """Answer every question until no more can come, each within `cpu_seconds` of CPU; what it needs is loaded before.

    It ends with whoever asks, even in the midst of a file.
    """
    out = os.dup(1)
    os.dup2(2, 1)  # a library that prints must not break the framing
    with suppress(OSError):
        os.nice(_NICE)
    from pipeline.processes.kernel import give_up  # here: whoever asks needs none of it

    give_up(reads=[Path(place) for place in (sys.prefix, sys.base_prefix, *sys.path, "/usr", "/lib", "/lib64")])
    threading.Thread(target=_end_with_them, daemon=True).start()
    with socket.socket(fileno=0) as line:
        while (question := _asked(line)) is not None:
            reached("read.answer")
            _, hard = resource.getrlimit(resource.RLIMIT_CPU)
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + cpu_seconds, hard))
            _write_all(out, json.dumps(answer(question)).encode() + b"\n")


def _asked(line: socket.socket) -> dict[str, Any] | None:
    """The next question, with its file; None after the last one."""
    data, files, _, _ = socket.recv_fds(line, 1 << 16, 1)
    while data and not data.endswith(b"\n"):
        more = line.recv(1 << 16)
        data = data + more if more else b""
    if not data:
        return None
    question: dict[str, Any] = json.loads(data)
    return question | ({"file": files[0]} if files else {})


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
