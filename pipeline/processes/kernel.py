"""What Linux lets any thread give up for ever, with all that it starts: files (Landlock) and sockets (seccomp).

No right is needed for that. The C library offers neither, so the kernel is called by number; a kernel that knows
less (other systems know nothing of it) is asked for less, and says so.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

# Landlock (linux/landlock.h), numbers of calls alike on all machines.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL  # rights that a single file can have
# (the first version that knows them, rights over files, over TCP, and whom no signal or abstract socket reaches)
_VERSIONS = ((1, (1 << 13) - 1, 0, 0), (2, 1 << 13, 0, 0), (3, _TRUNCATE, 0, 0), (4, 0, 0b11, 0), (5, _IOCTL, 0, 0),
             (6, 0, 0, 0b11))  # fmt: skip

_NO_NEW_PRIVILEGES = 38  # prctl
_FILTER, _KEEP_SPECULATING = 1, 1 << 2  # seccomp: without the flag, older kernels slow everything down
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | errno.EPERM
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF
_FOREIGN_CALLS = 0x40000000  # x32: the same calls under other numbers
# machine -> (its number in linux/audit.h, seccomp, the calls that are closed: socket, ptrace, process_vm_readv,
# process_vm_writev, io_uring_setup, pidfd_getfd; and those closed to whom no file is left: socketpair, execve, openat,
# open_by_handle_at, execveat, openat2 and, where the machine has them, open, creat)
_MACHINES = {
    "x86_64": (0xC000003E, 317, (41, 101, 310, 311, 425, 438), (53, 59, 257, 304, 322, 437, 2, 85)),
    "aarch64": (0xC00000B7, 277, (198, 117, 270, 271, 425, 438), (199, 221, 56, 265, 281, 437)),
}


@cache
def landlock() -> int:
    """The version of Landlock that this kernel has, 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(_CREATE_RULESET, 0, 0, 1))


@cache
def can_close_sockets() -> bool:
    """Whether this machine's kernel takes our filter."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES or sys.maxsize < 2**32:
        return False
    seccomp = _MACHINES[platform.machine()][1]
    return _call(seccomp, _FILTER, 0, 0) < 0 and ctypes.get_errno() == errno.EFAULT  # it would read a filter


def give_up(*, reads: Sequence[Path] = (), writes: Sequence[Path] | None = ()) -> None:
    """Take from this thread, and from all it will start, what is not named here, as far as the kernel can.

    Below folders in `reads` everything may be read and run; files in `writes` may be written, not made.
    With `writes` None files stay as they are: only sockets are closed. Where nothing is named, nothing is opened
    or run any more, even where the kernel has no Landlock.
    """
    if not (landlock() or can_close_sockets()):
        return
    _libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if landlock() and writes is not None:
        _keep_only(reads, writes)
    if can_close_sockets():
        _close_calls(files=not reads and writes is not None and not writes)


def _keep_only(reads: Iterable[Path], writes: Iterable[Path]) -> None:
    known = [version[1:] for version in _VERSIONS if version[0] <= landlock()]
    files, tcp, scope = (sum(version[place] for version in known) for place in range(3))
    asked = struct.pack("=QQQ", files, tcp, scope)
    length = 24 if landlock() >= 6 else 16 if landlock() >= 4 else 8
    rules = _call(_CREATE_RULESET, ctypes.c_char_p(asked), length, 0)
    if rules < 0:
        raise OSError(ctypes.get_errno(), "Landlock")
    try:
        for paths, rights in (
            (reads, _READ_FILE | _READ_DIR | _EXECUTE), (writes, _READ_FILE | _WRITE_FILE | _TRUNCATE)
        ):  # fmt: skip
            for path in paths:
                _allow(rules, path, rights & files)
        if _call(_RESTRICT_SELF, rules, 0):
            raise OSError(ctypes.get_errno(), "Landlock")
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> None:
    """What is not there needs no rule; whoever looks for it will say so."""
    with suppress(OSError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            own = rights if path.is_dir() else rights & _OF_FILES
            _call(_ADD_RULE, rules, 1, ctypes.c_char_p(struct.pack("=Qi", own, place)), 0)
        finally:
            os.close(place)


def _close_calls(*, files: bool) -> None:
    machine, seccomp, sockets, opening = _MACHINES[platform.machine()]
    closed = sockets + opening if files else sockets
    last = len(closed) + 5  # where the refusal stands
    steps = [
        (_LOAD, 0, 0, 4),  # the machine that the call is made for
        (_EQUAL, 0, last - 2, machine),
        (_LOAD, 0, 0, 0),  # the call
        (_AT_LEAST, last - 4, 0, _FOREIGN_CALLS),
        *((_EQUAL, last - place - 1, 0, call) for place, call in enumerate(closed, start=4)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _DENY),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    whole = struct.pack("@HP", len(steps), ctypes.addressof(program))
    if _call(seccomp, _FILTER, _KEEP_SPECULATING, ctypes.c_char_p(whole)):
        raise OSError(ctypes.get_errno(), "seccomp")


def _call(number: int, *words: object) -> int:
    """A system call of Linux; below 0 where it failed (ctypes.get_errno())."""
    answer: int = _libc().syscall(
        ctypes.c_long(number), *(ctypes.c_long(word) if isinstance(word, int) else word for word in words)
    )
    return answer


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc
