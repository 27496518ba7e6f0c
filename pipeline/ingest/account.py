"""What one run of a head tells and counts, and what stopped it short."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pipeline.catalogue.store import Catalogue
from pipeline.errors import DiskFull
from pipeline.files import free_bytes
from pipeline.film import Film
from pipeline.ingest.events import Event, Said, Summary

Tell = Callable[[Event], None]


@dataclass(slots=True)
class Account:
    """Shared by both halves of a head: where it works, whom it tells, how it goes."""

    film: Film
    catalogue: Catalogue
    tell: Tell
    summary: Summary = field(default_factory=Summary)
    _free_when_full: int | None = None  # bytes; None: the disk is not full
    _told: set[str] = field(default_factory=set)

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

    @property
    def has_room(self) -> bool:
        return self._free_when_full is None

    def stop_for_room(self, error: DiskFull) -> None:
        self._free_when_full = self._free()
        self.stop(error.exit_code, error.sentence)

    def found_room(self) -> bool:
        """Whether a disk that was full has more room by now; work may go on then."""
        if self._free_when_full is None or self._free() <= self._free_when_full:
            return False
        self._free_when_full = None
        return True

    def _free(self) -> int:
        """Room for proxies and for the catalogue, in bytes: only good for telling whether it grew."""
        return free_bytes(self.film.folder) + free_bytes(self.film.catalogue.parent)


def bug(error: Exception) -> str:
    """The beginning of a sentence about a fault of ours."""
    return f"a bug of ours ({type(error).__name__}: {error}); please report it"
