"""Where a program runs that reads what strangers recorded: it sees the files named to it, and no network.

bubblewrap holds it where that is installed; else it is started by a thread that has given everything else up
(kernel.py), which costs nothing. Which of them works here is tried once, with the program itself: where neither
does, it runs with its limits alone, and `rushes doctor` says so.
"""

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import Literal

from pipeline.processes.courtesy import courteous

Holder = Literal["bubblewrap", "kernel", "nothing"]
_TRIAL = 20.0  # seconds that a program may take to tell its version
MEMORY = max(4 << 30, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)  # bytes that one program may fill

# What programs need of the system itself: code, fonts, how many processors there are. Nothing of it is a secret.
_SYSTEM = tuple(map(Path, (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache",
    "/etc/alternatives", "/etc/fonts", "/var/cache/fontconfig", "/sys/devices/system",
)))  # fmt: skip
_DEVICES = tuple(map(Path, ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/dev/urandom", "/dev/zero")))
_FONTS = (".fonts", ".local/share/fonts", ".cache/fontconfig")  # in the home folder
_NOTHING = Path("/dev/null")


@dataclass(frozen=True, slots=True)
class Reach:
    """What a program gets at: itself, files to read, files to write (they are there already, perhaps empty).

    `hardware` leaves it all files, as drivers need more than can be told; `largest` is how long a file it may write.
    """

    program: Path
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    largest: int = 1 << 30
    hardware: bool = False


@contextmanager
def started(command: Sequence[str], reach: Reach, nice: int) -> Iterator[subprocess.Popen[bytes]]:
    """`command` (the reach's program and its words), running in a session of its own and held as it can be here.

    How it ends is the caller's matter.
    """
    with _held(holder(reach.program), command, reach, nice) as process:
        yield process


@cache
def holder(program: Path) -> Holder:
    """What holds a program here: the first within which it tells its version."""
    return next((way for way in _possible() if _runs(way, program)), "nothing")


def protection(program: Path) -> tuple[str, str]:
    """What holds a program here, in words, and what would hold it better, if anything."""
    from pipeline.processes.kernel import can_close_sockets, landlock

    way = holder(program)
    if way == "bubblewrap":
        return "it reads its clip, writes its products and has no network (bubblewrap)", ""
    if way == "nothing":
        return "limits of time, memory and size alone", "install bubblewrap to keep it from other files and the network"
    files = f"it reads its clip and writes its products (Landlock {landlock()})" if landlock() else ""
    sockets = "it has no network (seccomp)" if can_close_sockets() else ""
    advice = "" if files and sockets else "install bubblewrap: this kernel cannot take files and network from it"
    return ", ".join(each for each in (files, sockets) if each), advice


def _possible() -> Iterator[Holder]:
    from pipeline.processes.kernel import can_close_sockets, landlock

    if shutil.which("bwrap"):
        yield "bubblewrap"
    if landlock() or can_close_sockets():
        yield "kernel"


def _runs(way: Holder, program: Path) -> bool:
    with suppress(OSError), _held(way, [str(program), "-version"], Reach(program), 0) as one:
        try:
            one.communicate(timeout=_TRIAL)
        except subprocess.TimeoutExpired:
            os.killpg(one.pid, signal.SIGKILL)
            one.communicate()
        return one.returncode == 0
    return False


@contextmanager
def _held(way: Holder, command: Sequence[str], reach: Reach, nice: int) -> Iterator[subprocess.Popen[bytes]]:
    """The thread that starts a program waits until the block ends: with it the program would die (courtesy.py)."""
    before = [*courteous(nice), *_limits(reach.largest)]
    if way == "bubblewrap" and not reach.hardware:
        yield _popen([*before, *_walls(reach), *command])
    elif way == "nothing":
        yield _popen([*before, *command])
    else:
        begun: Future[subprocess.Popen[bytes]] = Future()
        ended = Event()
        thread = Thread(target=_start, args=([*before, *command], reach, begun, ended), name="starter", daemon=True)
        thread.start()
        try:
            yield begun.result()
        finally:
            ended.set()
            thread.join()


def _start(command: Sequence[str], reach: Reach, begun: "Future[subprocess.Popen[bytes]]", ended: Event) -> None:
    """What this thread gives up no program has that it starts; nobody else's threads lose anything."""
    from pipeline.processes.kernel import give_up

    try:
        give_up(reads=tuple(_readable(reach)), writes=None if reach.hardware else (*reach.writes, _NOTHING))
        begun.set_result(_popen(command))
    except BaseException as error:  # noqa: BLE001 - it is raised where the program was asked for
        begun.set_exception(error)
    else:
        ended.wait()


def _popen(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd="/",
    )


def _limits(largest: int) -> list[str]:
    """What to put before a program so that it neither fills the memory nor writes for ever, where that is installed."""
    if shutil.which("prlimit") is None:
        return []
    bounds = ((largest, resource.RLIMIT_FSIZE, "fsize"), (MEMORY, resource.RLIMIT_DATA, "data"))
    words = [f"--{name}={min(bound, inherited(kind) or bound)}" for bound, kind, name in bounds]
    return ["prlimit", *words, "--core=0", "--"]


def inherited(kind: int) -> int | None:
    """The limit of that kind that we run under ourselves, or None."""
    soft, _ = resource.getrlimit(kind)
    return None if soft == resource.RLIM_INFINITY else soft


def _readable(reach: Reach) -> Iterator[Path]:
    yield from (*_SYSTEM, *_DEVICES, *_fonts(), reach.program, *reach.reads)


def _fonts() -> Iterator[Path]:
    if home := os.environ.get("HOME"):
        yield from (Path(home, folder) for folder in _FONTS)


def _walls(reach: Reach) -> list[str]:
    """What to put before a program so that it runs in bubblewrap.

    Root keeps the right to read what others own, as crews' files on a server may be.
    """
    wrapper = shutil.which("bwrap")
    assert wrapper is not None
    rights = ["--cap-drop", "ALL", *(["--cap-add", "CAP_DAC_OVERRIDE"] if os.geteuid() == 0 else [])]
    apart = ["--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent"]
    system, own = _bound((*_SYSTEM, *_fonts())), ["--proc", "/proc", "--dev", "/dev"]
    shown, written = _bound((reach.program, *reach.reads)), _bound(reach.writes, "--bind")
    return [wrapper, *apart, *rights, *system, *own, *shown, *written, "--chdir", "/", "--"]


def _bound(paths: Iterable[Path], how: str = "--ro-bind") -> list[str]:
    """What is not there is left out: the program itself says so best."""
    there = [str(path) for path in paths if os.access(path, os.F_OK)]
    return [word for path in there for word in (how, path, path)]
