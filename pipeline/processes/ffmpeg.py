"""ffmpeg: found, asked what it can do, run.

A run is watched (progress, stall, total time) from its start on, polite, stopped for a pause, called off with its
whole process group, and dies with us. What it leaves behind on the disk is its caller's business.
"""

import math
import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline.errors import Cancelled, ToolMissing, ToolStopped
from pipeline.files import path_error
from pipeline.processes.arguments import INPUT_FORMATS, files_of, guarded
from pipeline.processes.courtesy import dies_with_us
from pipeline.processes.refusals import refusal
from pipeline.processes.sandbox import Reach, started
from pipeline.processes.vitals import vitals

_POLL = 0.1  # seconds between two looks at cancelled()
_BEAT = 0.25  # seconds between two looks at what the system tells of it
_IDLE = 0.01  # of one processor: who works less than that stands still
_BROODING = 10  # times the stall that it may compute without reading, writing or telling of anything
_GRACE = 2.0  # seconds from SIGTERM to SIGKILL
_TAIL_LINES = 60
_LINE_LENGTH = 500
_SLOWEST = 400  # times real time that the slowest machine may take before a run counts as hung
_A_DAY = 86_400.0
# The first whose frames and colours all tests find right. 5.1 maps frames of a varying rate elsewhere and overlooks a
# proxy that is off by a frame, 7.0 makes stills of other colours, and both crash; what lies between was not tried.
_OLDEST = 9
_RELEASE = re.compile(r"ffmpeg version n?(\d{1,2})(?![\d:])\S*")  # a build of no release tells a date or a commit


@dataclass(frozen=True, slots=True)
class Progress:
    """How far ffmpeg has come: frames and seconds of the output, `speed` in x real time or None.

    It tells those once all its outputs have begun, which those of late pictures do late. `share` (0 to 1) is how
    much it has read of as many bytes as its sources have, and known from the start on.
    """

    frames: int = 0
    seconds: float = 0.0
    speed: float | None = None
    share: float = 0.0


def never() -> bool:
    """Say that nobody asks for that."""
    return False


@dataclass(frozen=True, slots=True)
class Terms:
    """On which a program runs: what it works on (for refusals), its limits in seconds and bytes, its niceness.

    `stall` is the time without headway (nothing is read, written, told of or computed), `rest` how much longer it may
    stand still because it was told to read slowly, `total` the whole time. While `paused()` says so the program is
    stopped; that time counts for none of them. `largest` is how long each file may
    become that it writes. It may read what is named as its input, and `reads`. With `hardware` it needs the drivers
    of graphics hardware. `formats` are the demuxers that open what it reads.
    """

    subject: str = "the clip"
    stall: float = 120.0
    rest: float = 0.0
    total: float = _A_DAY
    nice: int = 10
    paused: Callable[[], bool] = never
    largest: int = 1 << 30
    reads: tuple[Path, ...] = ()
    hardware: bool = False
    formats: str = INPUT_FORMATS


def patience(media: Fraction | float | None) -> float:
    """How many seconds a run over so many seconds of media may take; a day where nobody knows how many."""
    return min(_A_DAY, 600.0 + _SLOWEST * float(media)) if media else _A_DAY


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that ended with exit code 0: no proof of success, only the reason to measure what it made."""

    progress: Progress
    stderr_tail: tuple[str, ...] = ()


def unheard(_progress: Progress) -> None:
    """Let progress go unheard."""


# --- finding ffmpeg -------------------------------------------------------------------------------


def find_ffmpeg(setting: str = "") -> Path:
    """The ffmpeg to use: the setting, else RUSHES_FFMPEG, else the one of the imageio-ffmpeg wheel.

    Raises ToolMissing that names where the missing one, or one too old, was asked for.
    """
    for asked, where in (
        (setting, "rushes.toml, tools.ffmpeg"),
        (os.environ.get("RUSHES_FFMPEG", ""), "RUSHES_FFMPEG"),
    ):
        if asked:
            found = shutil.which(str(Path(asked).expanduser()))
            if found is None:
                raise ToolMissing(f"{where} names '{asked}', which is no program that can be run; mend or remove it.")
            chosen = Path(found).resolve()
            said, _ = encoders_of(chosen)  # another program of that name would be taken for damaged footage
            release = _RELEASE.match(said)
            if release and int(release[1]) < _OLDEST:
                raise ToolMissing(
                    f"{where} names an {release[0].replace(' version', '')}, and {_OLDEST}.0 is the oldest known to "
                    "get every frame and colour right; name a newer one, or remove it for the one of the install."
                )
            return chosen
    return _shipped_ffmpeg()


def identity_of(ffmpeg: Path) -> str:
    """Changes when another ffmpeg is used or this one is replaced; costs no process."""
    seen = ffmpeg.stat()
    return f"{ffmpeg.name} {seen.st_size} {seen.st_mtime_ns}"


def _shipped_ffmpeg() -> Path:
    wheel: Any = import_module("imageio_ffmpeg")  # here, because `rushes log` never needs it
    try:
        return Path(wheel.get_ffmpeg_exe())
    except RuntimeError:
        raise ToolMissing(
            "No ffmpeg was found; install the package again (it brings one), or name yours in RUSHES_FFMPEG."
        ) from None


def encoders_of(ffmpeg: Path) -> tuple[str, frozenset[str]]:
    """ffmpeg's own word on its version, and the names of the encoders it has. Raises ToolMissing."""
    try:
        said = [_told(ffmpeg, asked) for asked in ("-version", "-encoders")]
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolMissing(f"{ffmpeg} does not run ({error}); name another in RUSHES_FFMPEG.") from error
    if not said[0].startswith("ffmpeg version"):
        raise ToolMissing(f"{ffmpeg} is no ffmpeg; name another in RUSHES_FFMPEG.")
    rows = (line.split() for line in said[1].splitlines())
    return said[0].splitlines()[0], frozenset(row[1] for row in rows if len(row) > 1)


def has_decoder(ffmpeg: Path, name: str) -> bool:
    """Whether ffmpeg has the decoder of that name. Raises ToolMissing."""
    try:
        said = _told(ffmpeg, "-decoders")
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolMissing(f"{ffmpeg} does not run ({error}); name another in RUSHES_FFMPEG.") from error
    return any(name in line.split()[1:2] for line in said.splitlines())


def _told(ffmpeg: Path, asked: str) -> str:
    command = [str(ffmpeg), "-hide_banner", asked]
    with _running(command, Reach(ffmpeg), 0) as process:
        said, _ = process.communicate(timeout=20)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return said.decode("utf-8", "replace")


# --- running ffmpeg -------------------------------------------------------------------------------


def run_ffmpeg(
    ffmpeg: Path,
    arguments: Sequence[str],
    *,
    progress: Callable[[Progress], None] = unheard,
    cancelled: Callable[[], bool] = never,
    terms: Terms = Terms(),
) -> Finished:
    """Run ffmpeg to its end and say how far it came.

    `arguments` begin after the program's name, and name files as `file:` and their absolute path: those are all
    that it gets at. Both callables run in this thread. Raises MediaUnreadable, DiskFull, PathMissing, PathRefused,
    ToolMissing, ToolStopped (killed or stalled) or Cancelled; no process of the run is left then.
    """
    command = [
        str(ffmpeg), "-hide_banner", "-nostdin", "-loglevel", "error", "-y",
        "-progress", "pipe:1", "-stats_period", "0.5", *guarded(arguments, terms.formats),
    ]  # fmt: skip
    reads, writes = files_of(arguments)
    _lay_out(writes)
    reach = Reach(ffmpeg, (*reads, *terms.reads), writes, terms.largest, terms.hardware)
    with _running(command, reach, terms.nice) as process:
        watch = _Watch(process, terms, reads)
        told = watch.progress
        while watch.look():
            if watch.progress != told:
                told = watch.progress
                progress(told)
            if cancelled():
                raise Cancelled(f"Work on {terms.subject} was called off; nothing of it was kept.")
            watch.hold(paused=terms.paused())
        tail = _nameless(watch.tail, (*reads, *writes))
        code = process.wait()
    refused = refusal(code, tail, terms.subject, largest=terms.largest)
    if refused is not None:
        raise refused
    return Finished(watch.progress, tail)


def _nameless(lines: Iterable[str], files: Sequence[Path]) -> tuple[str, ...]:
    """What ffmpeg said without the names of its files: a name must not be taken for a word of ffmpeg's."""
    said = "\n".join(lines)
    for path in files:
        said = said.replace(str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace"), "")
    return tuple(said.splitlines())


def _lay_out(files: Sequence[Path]) -> None:
    """Empty files where ffmpeg is to write: it is let write those alone, and make none."""
    for path in files:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666))
        except OSError as error:
            raise path_error(error, path) from error


@contextmanager
def _running(command: Sequence[str], reach: Reach, nice: int) -> Iterator[subprocess.Popen[bytes]]:
    """The running program; its process group is gone when the block ends."""
    if not reach.program.is_file() or not os.access(reach.program, os.X_OK):
        raise ToolMissing(f"{reach.program} is no program that can be run; name another ffmpeg in RUSHES_FFMPEG.")
    with started(command, reach, nice) as process:
        try:
            yield process
        finally:
            _end_group(process)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask the process group to end, then make it; returns when its leader is gone."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        os.killpg(process.pid, signal.SIGCONT)  # who was stopped for a pause hears it only then
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class _Watch:
    """Reads a running ffmpeg's two pipes, and looks at it; keeps the last lines, the progress, and the clocks."""

    def __init__(self, process: subprocess.Popen[bytes], terms: Terms, sources: Sequence[Path]) -> None:
        self.progress = Progress()
        self.tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._terms = terms
        self._group = process.pid
        self._size = sum(map(_size, sources))  # bytes that it has to read
        self._held: float | None = None  # since when it stands still
        self._begun = self._moved = self._toiled = time.monotonic()
        self._looked = -math.inf  # when the system was asked
        self._places: tuple[tuple[str, int], ...] = ()
        self._work = 0.0  # seconds of a processor, when it last had done enough of it
        self._rest = {"stdout": b"", "stderr": b""}
        self._fields: dict[str, str] = {}
        self._selector = selectors.DefaultSelector()
        for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
            assert pipe is not None
            self._selector.register(pipe, selectors.EVENT_READ, name)

    def look(self) -> bool:
        """Read what has come within a moment; False once both pipes are closed. Raises ToolStopped."""
        for key, _events in self._selector.select(_POLL):
            data = os.read(key.fd, 65536)
            if not data:
                self._selector.unregister(key.fileobj)
            self._take(key.data, data)
        if not self._selector.get_map():
            self._selector.close()
            return False
        if self._held is None:
            self._feel()
            self._check_clocks()
        return True

    def hold(self, *, paused: bool) -> None:
        """Let the program stand still or go on. What would outlive us is never stopped: nobody would wake it.

        It dies with us where the system can do that, and once it is itself: before, setpriv may not have run.
        """
        if paused == (self._held is not None) or not dies_with_us() or not self._is_itself():
            return
        with suppress(ProcessLookupError):
            os.killpg(self._group, signal.SIGSTOP if paused else signal.SIGCONT)
        now = time.monotonic()
        if self._held is not None:
            slept = now - self._held
            self._begun, self._moved, self._toiled = self._begun + slept, self._moved + slept, self._toiled + slept
        self._held = now if paused else None

    def _is_itself(self) -> bool:
        """Whether ffmpeg runs, and no longer what is put before it."""
        seen = None if self._fields else vitals(self._group)
        return bool(self._fields) or (seen is not None and seen.begun)

    def _feel(self) -> None:
        """See whether it gets on, said or unsaid. Where the system tells nothing, silence is no stall."""
        now = time.monotonic()
        if now - self._looked < _BEAT:
            return
        self._looked = now
        seen = vitals(self._group)
        if seen is None:
            if not self._fields:
                self._moved = self._toiled = now
            return
        if seen.places != self._places:
            self._moved, self._places = now, seen.places
        if abs(seen.worked - self._work) >= _IDLE * self._terms.stall:
            self._toiled, self._work = now, seen.worked
            if not seen.places:  # hidden from us: its work alone tells
                self._moved = now
        if self._size:
            self.progress = replace(self.progress, share=min(1.0, seen.read / self._size))

    def _take(self, name: str, data: bytes) -> None:
        *lines, rest = (self._rest[name] + data).split(b"\n")
        self._rest[name] = rest[-_LINE_LENGTH:] if data else b""
        for line in [*lines, *([] if data else [rest])]:
            text = "".join(sign for sign in line.decode("utf-8", "replace") if sign.isprintable()).strip()[
                :_LINE_LENGTH
            ]
            if name == "stdout":
                self._take_progress(text)
            elif text:
                self.tail.append(text)

    def _take_progress(self, text: str) -> None:
        key, _, value = text.partition("=")
        self._fields[key] = value.strip()
        if key != "progress":
            return
        now = Progress(
            int(_number(self._fields.get("frame", "")) or 0),
            (_number(self._fields.get("out_time_us", "")) or 0.0) / 1_000_000,
            _number(self._fields.get("speed", "").removesuffix("x")),
            self.progress.share,
        )
        if (now.frames, now.seconds) != (self.progress.frames, self.progress.seconds):
            self._moved = time.monotonic()
        self.progress = now

    def _check_clocks(self) -> None:
        now = time.monotonic()
        patience = self._terms.stall * (_BROODING if now - self._toiled <= self._terms.stall else 1)
        if now - self._moved > patience + self._terms.rest:
            raise ToolStopped(
                f"ffmpeg made no headway with {self._terms.subject} for {patience:.0f} seconds and was "
                "stopped; check the disk it lies on, then ingest again."
            )
        if now - self._begun > self._terms.total:
            raise ToolStopped(
                f"ffmpeg took longer than {self._terms.total:.0f} seconds for {self._terms.subject} and was stopped; "
                "check the disk and the machine's load, then ingest again."
            )


def _size(path: Path) -> int:
    """Bytes of a file; 0 of one that is not there, which ffmpeg says itself."""
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _number(text: str) -> float | None:
    """A number out of ffmpeg's progress, which says N/A at first."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
