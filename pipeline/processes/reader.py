"""Our own long-lived child that reads untrusted files, and the loop that runs in it.

Linux-only aids (unshare, prlimit) are used where they are found; without them the rest still holds.
"""

import json
import math
import os
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, Self

from pipeline.errors import MediaUnreadable
from pipeline.faults import reached

_LARGEST_ANSWER = 64 << 20  # bytes: a child that a file has taken over must not fill our memory


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

    def ask(self, request: dict[str, Any], *, timeout: float | None = None) -> dict[str, Any]:
        """The child's answer to `request`. Raises MediaUnreadable where it died of it or took too long.

        A child that died before the question came is replaced without a word.
        """
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self._stop()
            process = self._process or self._start()
            try:
                line = self._exchange(process, json.dumps(request).encode() + b"\n", timeout or self._timeout)
                answer = json.loads(line)
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
        command = [*_without_network(), sys.executable, "-P", "-m", self._module]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        if hasattr(resource, "prlimit"):
            with suppress(ProcessLookupError, PermissionError):
                resource.prlimit(process.pid, resource.RLIMIT_AS, (self._memory, self._memory))
                resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
        self._process = process
        return process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _exchange(self, process: subprocess.Popen[bytes], line: bytes, timeout: float) -> bytes:
        """Write a line, read a line. Raises TimeoutError, or OSError when the child is gone."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        process.stdin.flush()
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


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]], *, cpu_seconds: int = 20) -> None:
    """The child's side: answer every line of stdin until it closes, each within `cpu_seconds` of CPU."""
    out = os.dup(1)
    os.dup2(2, 1)  # a library that prints must not break the framing
    for line in sys.stdin.buffer:
        reached("read.answer")
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + cpu_seconds, hard))
        _write_all(out, json.dumps(answer(json.loads(line))).encode() + b"\n")


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@cache
def _without_network() -> tuple[str, ...]:
    """What to put before a program so that it has no network, where the system lets us; else nothing."""
    wrapper = ("unshare", "--map-current-user", "--net", "--")
    if shutil.which("unshare") is None:
        return ()
    tried = subprocess.run([*wrapper, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return wrapper if tried.returncode == 0 else ()
