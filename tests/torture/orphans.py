"""Processes that outlive a killed one."""

import contextlib
import ctypes
import os
import re
import signal
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h: who loses its parent becomes a child of ours


_known: set[int] = set()  # children from before: other tests of this process read with MediaInfo, too


def adopt_orphans() -> None:
    """From now on what a killed child leaves behind is a child of this process."""
    assert ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    _known.update(descendants(os.getpid()))


def left_behind(seconds: float = 1.0) -> list[str]:
    """The command lines of children that still live after so many seconds; gives back as soon as none does."""
    until = time.monotonic() + seconds
    while (alive := _children()) and time.monotonic() < until:
        time.sleep(0.01)
    return alive


def descendants(process: int) -> list[int]:
    """Every process below this one now, children before theirs."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                below.setdefault(_parent_and_state(entry)[0], []).append(int(entry.name))
    found = [process]
    for each in found:  # grows while it is walked
        found += below.get(each, [])
    return found[1:]


def _children() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ChildProcessError):
                parent, state = _parent_and_state(entry)
                if parent != os.getpid() or int(entry.name) in _known:
                    continue
                if state == "Z":
                    os.waitpid(int(entry.name), os.WNOHANG)
                elif not _is_dying(entry):
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


def _is_dying(entry: Path) -> bool:
    """Whether it was sent SIGKILL and only waits for its turn on a busy machine."""
    pending = re.findall(r"^(?:SigPnd|ShdPnd):\s*(\w+)$", (entry / "status").read_text(), re.MULTILINE)
    return any(int(mask, 16) >> (signal.SIGKILL - 1) & 1 for mask in pending)


def _parent_and_state(entry: Path) -> tuple[int, str]:
    state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
    return int(parent), state
