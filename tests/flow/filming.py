"""Films made of the sample cards, and the command line as a person runs it."""

import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.catalogue.listing import rows
from pipeline.catalogue.store import open_catalogue
from pipeline.cli.log import JSON_FIELDS
from pipeline.shotlog.query import parse

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_media"
CARDS = sorted(path for path in SAMPLES.iterdir() if path.is_dir() and path.name[:2] == "20")
QUICK = "[ingest]\nsettle = 1.0\n"
BRISK = '[ingest]\nsettle = 0.2\n\n[names]\ntemplates = ["{shoot_day}_{location}_{subject}_{camera}{card}"]\n'
LEAN = BRISK + "\n[proxies]\nstills = false\n"

# A process between, since what the children of other tests held must not count.
WEIGHING = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def rushes(
    *arguments: str | Path,
    cwd: Path,
    env: dict[str, str] | None = None,
    timeout: float = 100,
    file_limit: int = 0,
    common: bool = False,
    traced: Path | None = None,
    weighed: Path | None = None,
) -> Run:
    """One command in a process of its own, as typed in `cwd`.

    No file may grow beyond `file_limit` bytes. `common` takes from root the right to read what is shut. The
    files that it and its children open, and the sockets that they make, are written to `traced`; the kilobytes
    that the largest of these processes held to `weighed`.
    """
    limited = ["prlimit", f"--fsize={file_limit}"] if file_limit else []
    if common and os.geteuid() == 0:
        shut = "-dac_override,-dac_read_search"
        limited = ["setpriv", f"--bounding-set={shut}", f"--inh-caps={shut}"]
    if traced:
        limited = ["strace", "-f", "-qq", "-o", str(traced), "-e", "trace=open,openat,socket,socketpair,connect,sendto"]
    if weighed:
        limited = [sys.executable, "-c", WEIGHING, str(weighed), *limited]
    done = subprocess.run(
        [*limited, sys.executable, "-m", "pipeline.cli.main", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False,
        env={**os.environ, "COLUMNS": "200", **(env or {})},
    )  # fmt: skip
    return Run(done.returncode, done.stdout, done.stderr)


def on_a_terminal(*words: str | Path, cwd: Path, until: bytes = b"", columns: int = 240) -> tuple[int, bytes]:
    """A command on a terminal of its own; what it wrote there. With `until`, an interrupt ends it after that."""
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
    found = bytearray()

    def read() -> None:
        try:
            while data := os.read(screen, 65536):
                found.extend(data)
        except OSError:  # the last who had it open has ended
            pass

    command = [sys.executable, "-m", "pipeline.cli.main", *map(str, words)]
    around = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with subprocess.Popen(
        command, cwd=cwd, stdin=terminal, stdout=terminal, stderr=terminal,
        env=around | {"TERM": "xterm-256color"},
    ) as child:  # fmt: skip
        os.close(terminal)
        reader = threading.Thread(target=read)
        reader.start()
        end = time.monotonic() + 60
        while until and until not in found and time.monotonic() < end:
            time.sleep(0.05)
        if until:
            child.send_signal(signal.SIGINT)
        child.wait(100)
    reader.join()
    os.close(screen)
    return child.returncode, bytes(found)


def new_film(folder: Path, *cards: Path | str, settings: str = "") -> Path:
    """A film with the sample settings and the named sample cards in ingest/."""
    assert rushes("init", folder, cwd=folder.parent).code == 0
    (folder / "rushes.toml").write_text((SAMPLES / "rushes.toml").read_text(encoding="utf-8") + (settings or QUICK))
    for card in cards:
        source = SAMPLES / card
        shutil.copytree(source, folder / "ingest" / source.name)
    return folder


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder with size and time of change: what must not change in originals."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


SONY = next(card for card in CARDS if "Morning run_A001" in card.name)
MAG = next(card for card in CARDS if "Pacemakers_A001" in card.name)
GOPRO = next(card for card in CARDS if "G001" in card.name)
PHONE = next(card for card in CARDS if "P001" in card.name)
SOUND = next(card for card in CARDS if "S001" in card.name)
DRONE = next(card for card in CARDS if "D001" in card.name)
TINY = next(DRONE.rglob("*.MP4"))
TINY_MOV = next(MAG.rglob("*C002_*.mov"))


def empty_film(folder: Path, settings: str = BRISK) -> Path:
    """A film without cards, whose cards settle at once."""
    folder.mkdir(parents=True)
    (folder / "rushes.toml").write_text(settings, encoding="utf-8")
    (folder / "ingest").mkdir()
    return folder


def footage(place: Path | bytes, number: int = 0, *, source: Path = TINY) -> None:
    """A tiny recording at `place`; another number gives other bytes (a box that readers pass over)."""
    path = Path(os.fsdecode(place))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.read_bytes() + b"\0\0\0\x10free%08d" % number)


def card(film: Path, name: str = "A001", clips: int = 1, *, first: int = 0) -> Path:
    """A plain card of tiny clips C0001.MP4, C0002.MP4... in ingest/."""
    folder = film / "ingest" / name
    for number in range(1, clips + 1):
        footage(folder / f"C{number:04}.MP4", first + number)
    return folder


@contextmanager
def growing(path: Path) -> Iterator[None]:
    """A file that grows as long as the block runs."""
    stop = threading.Event()
    path.parent.mkdir(parents=True, exist_ok=True)

    def grow() -> None:
        with path.open("wb", buffering=0) as file:
            while not stop.is_set():
                file.write(b"x" * 1000)
                stop.wait(0.02)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def half_made(film: Path) -> list[Path]:
    """What must never be left behind: temporary files of ours, anywhere in the film."""
    return [path for path in film.rglob(".rushes-*") if path.is_file()]


def products(film: Path) -> list[str]:
    """Published proxies and stills, by path."""
    return sorted(
        str(path.relative_to(film))
        for part in ("proxies", "stills")
        for path in (film / part).rglob("*")
        if path.is_file()
    )


def log(film: Path) -> dict[str, dict[str, Any]]:
    """The shot log by path of the clip, as `rushes log --json` has it."""
    with open_catalogue(film / ".rushes" / "catalogue.db") as catalogue:
        return {row["path"]: row for row in rows(catalogue, parse(""), columns=JSON_FIELDS).rows}


def finish(film: Path) -> Run:
    """`rushes ingest`, which must end well and leave nothing to do and nothing half-made."""
    run = rushes("ingest", cwd=film)
    assert run.code == 0, run.err
    assert half_made(film) == []
    return run


def start(film: Path, *words: str) -> subprocess.Popen[str]:
    """A command that is left running; its stderr goes to said.txt beside the film."""
    with film.with_name("said.txt").open("a", encoding="utf-8") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli.main", *(words or ["ingest"])],
            cwd=film, stdout=subprocess.DEVNULL, stderr=said, text=True, start_new_session=True,
        )  # fmt: skip


def said(film: Path) -> str:
    """What commands left running have said so far."""
    return film.with_name("said.txt").read_text(encoding="utf-8")


def wait_for(condition: Callable[[], object], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def at_work_in(folder: Path) -> list[int]:
    """Living processes whose command line names this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) in line:
                found.append(int(entry.name))
    return found
