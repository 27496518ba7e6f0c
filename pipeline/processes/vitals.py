"""What the system tells of a running program before the program says a word: processor time, what it
has read, and where its files stand.

Nothing here touches a disk: names and positions of open files are the kernel's own, so that a network disk that
hangs holds up nobody who looks. Where there is no /proc nothing is known, which is no sign of anything.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")  # a second, of the processor times that are told
# What is put before a program (courtesy.py, sandbox.py), each of which becomes or starts the next.
_BEFORE = frozenset({"setpriv", "sh", "nice", "ionice", "prlimit", "bwrap"})


@dataclass(frozen=True, slots=True)
class Vitals:
    """Seconds of processor time, bytes that it has read, and where each open file stands.

    `begun` says whether the program itself runs yet, past all that is put before it.
    """

    begun: bool
    worked: float
    read: int
    places: tuple[tuple[str, int], ...]


def vitals(process: int) -> Vitals | None:
    """Look at a process and all that it started; None where the system tells nothing."""
    family = tuple(_family(str(process)))
    told = [each for one in family if (each := _stat(one))]
    if not told:
        return None
    return Vitals(
        begun=any(name not in _BEFORE for name, _ in told),
        worked=sum(ticks for _, ticks in told) / _TICKS,
        read=sum(map(_read, family)),
        places=tuple(place for one in family for place in _places(one)),
    )


def _family(process: str) -> Iterator[str]:
    """A process and what it started: what held it (bubblewrap) or found it (a script) stands before it."""
    yield process
    with suppress(OSError):
        for child in (_PROC / process / "task" / process / "children").read_text().split():
            yield from _family(child)


def _stat(process: str) -> tuple[str, int] | None:
    """The name of a process and the ticks that it has worked."""
    with suppress(OSError):
        name, _, rest = (_PROC / process / "stat").read_text(errors="replace").partition("(")[2].rpartition(") ")
        fields = rest.split()
        return name, int(fields[11]) + int(fields[12])
    return None


def _read(process: str) -> int:
    """The bytes that a process has read, whatever it read twice; 0 where it is not told."""
    with suppress(OSError):
        return int((_PROC / process / "io").read_text().partition("rchar:")[2].split()[0])
    return 0


def _places(process: str) -> Iterator[tuple[str, int]]:
    """The files that a process has open, and where it reads or writes next in each."""
    with suppress(OSError):
        for opened in (_PROC / process / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                name = str(opened.readlink())
                if name.startswith("/"):  # no pipe: what it says is no sign that it gets on
                    told = (_PROC / process / "fdinfo" / opened.name).read_text()
                    yield name, int(told.partition("pos:")[2].split()[0])
