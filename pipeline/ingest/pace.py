"""How far the work is: media seconds done and wanted by card, speed, and the time left."""

import time
from dataclasses import dataclass, field

from pipeline.catalogue.head import CardWork
from pipeline.files import one_line
from pipeline.ingest.events import CardProgress, Progress


@dataclass(slots=True)
class _Card:
    clips: int = 0
    wanted: float = 0.0
    clips_done: int = 0
    done: float = 0.0


@dataclass(slots=True)
class Pace:
    """Counts what ends; speed is media seconds made by a wall-clock second since this bout of work began."""

    stale: bool = True
    _cards: dict[str, _Card] = field(default_factory=dict)
    _worked: float = 0.0
    _began: float | None = None
    _paused: float | None = None

    def forget(self) -> None:
        """More came in: what is left is asked of the catalogue again."""
        self.stale = True

    def plan(self, left: tuple[CardWork, ...]) -> None:
        """Take in what is left by card; what is done already stays counted."""
        self.stale = False
        for work in left:
            card = self._cards.setdefault(work.card, _Card())
            card.clips = card.clips_done + work.clips
            card.wanted = card.done + work.seconds

    def finish(self, card: str, seconds: float, *, worked: bool) -> None:
        """A clip has ended: made (`worked`) or given up."""
        counted = self._cards.setdefault(card, _Card())
        counted.clips_done += 1
        counted.done += seconds
        self._worked += seconds if worked else 0.0

    def pause(self) -> None:
        """From now on no time passes."""
        self._paused = time.monotonic()

    def resume(self) -> None:
        """Time passes again; the pause was no work."""
        if self._paused is not None and self._began is not None:
            self._began += time.monotonic() - self._paused
        self._paused = None

    def progress(self, under_way: dict[str, tuple[str, float]], names: tuple[str, ...]) -> Progress:
        """Where the work stands; `under_way` maps a clip to its card and its media seconds so far."""
        now = time.monotonic() if self._paused is None else self._paused
        if self._began is None and under_way:
            self._began, self._worked = now, 0.0
        running: dict[str, float] = {}
        for card, seconds in under_way.values():
            running[card] = running.get(card, 0.0) + seconds
        cards = tuple(_told(name, card, running.get(name, 0.0)) for name, card in self._cards.items())
        done, wanted = sum(card.done for card in cards), sum(card.wanted for card in cards)
        elapsed = now - self._began if self._began is not None else 0.0
        speed = (self._worked + sum(running.values())) / elapsed if elapsed > 0 else 0.0
        left = (wanted - done) / speed if speed > 0 else None
        if not under_way:
            self._began = None  # idle hours are no work: the next bout has a pace of its own
        return Progress(cards, done, wanted, speed, left, names)


def _told(name: str, card: _Card, running: float) -> CardProgress:
    """Sums of seconds do not meet to the last bit: a card of which every clip is done is done."""
    ended = card.clips_done >= card.clips
    done = card.wanted if ended else min(card.wanted, card.done + running)
    return CardProgress(one_line(name), card.clips_done, card.clips, done, card.wanted)
