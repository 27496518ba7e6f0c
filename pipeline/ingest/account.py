"""What one run of a head tells and counts, and what stopped it short."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pipeline.catalogue.store import Catalogue
from pipeline.errors import DiskFull
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
    has_room: bool = True
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

    def stop_for_room(self, error: DiskFull) -> None:
        """The disk is full: nothing more is begun until the next try."""
        self.has_room = False
        self.stop(error.exit_code, error.sentence)


def bug(error: Exception) -> str:
    """The beginning of a sentence about a fault of ours."""
    return f"a bug of ours ({type(error).__name__}: {error}); please report it"
