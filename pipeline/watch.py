"""When a card has come to rest, and when to look: events are a hint, the rescan is the truth.

Events are lost (trees moved in, network shares, full queues) and come too often, so that all they do
here is ring a bell; what has changed is only ever learnt from a scan.
"""

import os
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

# A person's word that the copy has ended still gets two looks this far apart (seconds).
TWO_LOOKS = 1.0
_FDINFO = Path("/proc/self/fdinfo")
CardKey = tuple[int, bytes]  # a root's number and the card's path below it


@dataclass(frozen=True, slots=True)
class _Rest:
    fingerprint: str
    first: float
    since: float
    looks: int
    moved: bool


@dataclass(slots=True)
class Settler:
    """Remembers since when each card has not changed; times are seconds of a monotonic clock.

    `quiet` is how long a card must rest. With `trusted` (someone said that the copy has ended) two
    looks TWO_LOOKS apart suffice, unless the card moved between them.
    """

    quiet: float
    trusted: bool = False
    _rests: dict[CardKey, _Rest] = field(default_factory=dict)

    def observe(self, card: CardKey, fingerprint: str, now: float) -> bool:
        """Take in one look at a card and say whether it has settled."""
        rest = self._rests.get(card)
        if rest is None or rest.fingerprint != fingerprint:
            rest = _Rest(fingerprint, rest.first if rest else now, now, 1, moved=rest is not None)
        else:
            rest = replace(rest, looks=rest.looks + 1)
        self._rests[card] = rest
        return rest.looks > 1 and now - rest.since >= self._wait(rest)

    def settles_in(self, card: CardKey, now: float) -> float:
        """Seconds until the card can have settled, if it stays as it is."""
        rest = self._rests[card]
        return max(0.0, rest.since + self._wait(rest) - now)

    def waited(self, card: CardKey, now: float) -> float:
        """Seconds since the card was first seen and has not settled."""
        return now - self._rests[card].first

    def disturb(self, card: CardKey, now: float) -> None:
        """The card was found moving after all: it has to rest from now on."""
        self._rests[card] = replace(self._rests[card], since=now, looks=1, moved=True)

    def forget(self, card: CardKey) -> None:
        self._rests.pop(card, None)

    def _wait(self, rest: _Rest) -> float:
        return min(TWO_LOOKS, self.quiet) if self.trusted and not rest.moved else self.quiet


class Doorbell:
    """Rings when something moves below a folder, and wakes whoever sleeps on `wake`.

    A bell that cannot hang (no inotify left, a network share) is no fault: the rescan goes on.
    """

    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake
        self._rung = threading.Event()
        self._fallen = threading.Event()
        self._observer: BaseObserver | None = None
        self._unheard = ""  # why nothing is listened to
        self._hangs_at: tuple[int, int] | None = None

    @property
    def rung(self) -> bool:
        """Whether it rang since it was last silenced; until then it wakes nobody again."""
        return self._rung.is_set()

    def silence(self) -> None:
        """To be called before a look: what moves during the look rings again."""
        self._rung.clear()

    def hang(self, folder: Path) -> str:
        """Listen below `folder` from now on; returns why it cannot, or an empty string.

        A folder that was removed and made again is another folder: the bell is hung anew.
        """
        try:
            seen = folder.stat()
        except OSError:
            self.take_down()
            return ""
        if self._hangs_at == (seen.st_dev, seen.st_ino) and not self._fallen.is_set():
            return ""
        self.take_down()
        self._fallen.clear()
        self._hangs_at = (seen.st_dev, seen.st_ino)
        return self._listen(folder)

    def _listen(self, folder: Path) -> str:
        from watchdog.observers import Observer

        # It complains to the person about its own race with folders that come in quickly.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")
        try:
            observer = Observer()
            # A handler is whatever can dispatch; its base class would cost every other command watchdog's import.
            ringer = _Ringer(str(folder), self._rung, self._fallen, self._wake)
            observer.schedule(ringer, str(folder), recursive=True)  # type: ignore[arg-type]
            observer.start()
        except OSError as error:
            self._unheard = (
                f"Changes in {folder} cannot be listened for ({error.strerror}); it is looked at every rescan instead."
            )
            return self._unheard
        self._observer = observer
        return self.deaf(folder)

    def deaf(self, folder: Path) -> str:
        """Why not every folder in `folder` is listened to, or an empty string. Walks through all of them.

        Where the system's limit of watches is reached, some are left out without a word.
        """
        if self._observer is None or not _FDINFO.is_dir():
            return self._unheard
        heard, folders = _inotify_watches(), sum(1 for _ in os.walk(folder))
        if heard >= folders:
            return ""
        return (
            f"Of {folders:,} folders in {folder} only {heard:,} are listened to, for the system allows no more "
            "(fs.inotify.max_user_watches); the others are looked at every rescan."
        )

    def take_down(self) -> None:
        self._hangs_at, self._unheard = None, ""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(timeout=5)
            self._observer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.take_down()


def _inotify_watches() -> int:
    """How many folders this process listens to, as the kernel has it (proc(5), /proc/PID/fdinfo)."""
    count = 0
    for entry in _FDINFO.iterdir():
        with suppress(OSError):  # closed meanwhile
            count += entry.read_text(encoding="ascii", errors="replace").count("inotify wd:")
    return count


class _Ringer:
    """What watchdog calls: it must not fail, so that it does nothing but set a flag."""

    # Our own looks at the folder must not ring the bell.
    _SILENT = frozenset({"opened", "closed_no_write"})
    _GONE = frozenset({"deleted", "moved"})

    def __init__(self, folder: str, rung: threading.Event, fallen: threading.Event, wake: threading.Event) -> None:
        self._folder = folder
        self._rung = rung
        self._fallen = fallen
        self._wake = wake

    def dispatch(self, event: "FileSystemEvent") -> None:
        if event.src_path == self._folder and event.event_type in self._GONE:
            self._fallen.set()  # nothing more is heard from here, even if the folder comes back
        # A fast copy brings thousands of events a second: one is enough to wake the head.
        if event.event_type not in self._SILENT and not self._rung.is_set():
            self._rung.set()
            self._wake.set()
