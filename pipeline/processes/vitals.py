"""What the system tells of a running program before the program says a word: processor time, and how far its files are.

Nothing here touches a disk: names and positions of open files are the kernel's own, so that a network disk that
hangs holds up nobody who looks. Where there is no /proc nothing is known, which is no sign of anything.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")  # a second, of the processor times that are told
# What is put before a program (courtesy.py, sandbox.py), each of which becomes or starts the next.
_BEFORE = frozenset({"setpriv", "sh", "nice", "ionice", "prlimit", "bwrap"})


@dataclass(frozen=True, slots=True)
class Vitals:
    """Seconds of processor time, where each open file stands, and the bytes of `sources` that are behind it.

    `begun` says whether the program itself runs yet, past all that is put before it.
    """

    begun: bool = False
    worked: float = 0.0
    places: tuple[tuple[str, int], ...] = ()
    read: int = 0


def vitals(process: int, sources: Collection[str] = ()) -> Vitals | None:
    """Look at a process and all that it started; None where the system tells nothing.

    `sources` are the names of the files that it reads.
    """
    family = tuple(_family(str(process)))
    told = [each for one in family if (each := _stat(one))]
    if not told:
        return None
    places = tuple((name, place) for one in family for name, place in _places(one))
    return Vitals(
        begun=any(name not in _BEFORE for name, _ in told),
        worked=sum(ticks for _, ticks in told) / _TICKS,
        places=places,
        read=sum(place for name, place in places if name in sources),
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


def _places(process: str) -> Iterator[tuple[str, int]]:
    """The files that a process has open, and where it reads or writes next in each."""
    with suppress(OSError):
        for opened in (_PROC / process / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                name = str(opened.readlink())
                if name.startswith("/"):  # no pipe: what it says is no sign that it gets on
                    told = (_PROC / process / "fdinfo" / opened.name).read_text()
                    yield name, int(told.partition("pos:")[2].split()[0])
