"""What one run of a head tells and counts, and what stopped it short."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.catalogue.store import Catalogue
from pipeline.errors import DiskFull
from pipeline.files import free_bytes, keep_free
from pipeline.film import FOLDERS, Film
from pipeline.ingest.events import Event, Said, Summary

_MORE = 1 << 20  # bytes that make another try worth while
Tell = Callable[[Event], None]


@dataclass(slots=True)
class Account:
    """Shared by both halves of a head: where it works, whom it tells, how it goes."""

    film: Film
    catalogue: Catalogue
    tell: Tell
    summary: Summary = field(default_factory=Summary)
    has_room: bool = True
    waits_for: str = ""  # why nothing is made: what the disk said last, until something could be written again
    deaf: str = ""  # why some folders are not listened to
    _told: set[str] = field(default_factory=set)
    _fullest: tuple[int, Path] | None = None  # bytes free where least were when a disk was found full

    def say_once(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self.tell(Said(sentence))

    def blame(self, name: str, sentence: str, told: str = "") -> None:
        """Count a failure that no table of the catalogue holds, once."""
        if (name, sentence) not in self.summary.failed:
            self.summary = replace(self.summary, failed=(*self.summary.failed, (name, sentence)))
            self.tell(Said(told or f"{name}: {sentence}"))

    def stop(self, exit_code: int, sentence: str) -> None:
        """Note the first thing that kept the run from doing all it should."""
        if self.summary.stopped_by is None:
            self.summary = replace(self.summary, stopped_by=(exit_code, sentence))

    def stop_for_room(self, error: DiskFull) -> None:
        """The disk is full: nothing more is begun until the next try."""
        self.has_room = False
        self.waits_for = error.sentence
        folders = (self.film.catalogue.parent, *(self.film.folder / name for name in FOLDERS))
        self._fullest = min((free_bytes(folder), folder) for folder in folders)
        self.stop(error.exit_code, error.sentence)

    def need_room(self, *folders: Path) -> None:
        """Raise DiskFull where the disk of the catalogue or of a folder has only the bytes that stay free."""
        kept = int(self.film.settings.storage.keep_free * 1e9)
        for folder in (self.film.catalogue.parent, *folders):
            keep_free(folder, kept)

    def room_came(self) -> bool:
        """Whether the fullest disk has more room than when the work had to stop."""
        return self._fullest is not None and free_bytes(self._fullest[1]) > self._fullest[0] + _MORE


def bug(error: Exception) -> str:
    """The beginning of a sentence about a fault of ours."""
    return f"a bug of ours ({type(error).__name__}: {error}); please report it"
