"""The one head of a production: what comes in at the gate is handed on, made, published and recorded.

`ingest` and `watch` are one loop; they differ in when it ends and in whether a person vouched for the
copy. What is not done yet is learnt from the catalogue alone, so that a head may be killed at any
moment and the next one goes on.
"""

import os
import time
from dataclasses import dataclass

from pipeline.catalogue.head import cards_left
from pipeline.catalogue.writing import write_due
from pipeline.errors import DiskFull, PathMissing, PathRefused
from pipeline.files import one_line
from pipeline.ingest.account import Account
from pipeline.ingest.events import Said
from pipeline.ingest.gate import Gate
from pipeline.ingest.hands import Hands
from pipeline.ingest.word import HeadState, leave_word

_TICK = 0.5  # seconds between two reports of progress
_WRITING = 15.0  # seconds between two turns at the plain files: a card's is written anew for all of its clips


@dataclass(slots=True)
class Head:
    """A running head. Everything it remembers may be lost: the catalogue knows what is left to do."""

    account: Account
    gate: Gate
    hands: Hands
    words: str
    _next_tick: float = 0.0
    _next_writing: float = 0.0
    _was_busy: bool = False
    _was_paused: bool = False

    def look_around(self) -> None:
        """Take in what has settled; what came or went changes what is left to do."""
        self.gate.look_around()
        self._hear_news()

    def work(self) -> None:
        """One turn: publish what is finished, hand out what is next, tell how far it is."""
        self.hands.collect()
        while self.hands.doubtful:
            work = self.hands.doubtful.pop()
            self.gate.doubt(work, self.hands.bench.roots[work.clip.parts[0].root])
        self._hear_news()
        self._hear_of_pause()
        self.hands.feed()
        self._tick()
        if time.monotonic() >= self._next_writing:
            self.write_log()
            self._next_writing = time.monotonic() + _WRITING

    def write_log(self) -> None:
        """Tell the plain files what is new; what cannot be written waits for the next turn."""
        try:
            write_due(self.account.catalogue, self.account.film.log)
        except (DiskFull, PathRefused, PathMissing) as error:
            self.account.say_once(f"The plain files of the log wait: {error.sentence}")

    def rest(self, seconds: float) -> None:
        """Sleep until a hand has finished, the bell rings or the time is over."""
        wake = self.hands.engine.ended
        wake.wait(min(seconds, _TICK) if self.hands.busy else seconds)
        # Cleared here and nowhere else: what is set from now on wakes the next sleep at once.
        wake.clear()

    def _hear_news(self) -> None:
        if self.gate.news:
            self.gate.news = False
            self.hands.renew()

    def _hear_of_pause(self) -> None:
        paused = self.hands.engine.paused()
        if paused != self._was_paused:
            self._was_paused = paused
            (self.hands.pace.pause if paused else self.hands.pace.resume)()
            self.account.tell(Said("Paused; 'rushes resume' goes on." if paused else "The work goes on."))

    def _tick(self) -> None:
        """Now and then, and when the last work has ended, tell how far it is and leave word for other terminals."""
        now, ended = time.monotonic(), self._was_busy and not self.hands.busy
        if now < self._next_tick and not ended:
            return
        self._next_tick = now + _TICK
        pace = self.hands.pace
        if pace.stale:
            pace.plan(cards_left(self.account.catalogue))
        under_way = self.hands.under_way
        names = tuple(one_line(work.clip.name) for work, _ in under_way.values())
        progress = pace.progress({clip: (work.clip.card, done) for clip, (work, done) in under_way.items()}, names)
        if names or self._was_busy:  # an idle head has nothing to tell
            self.account.tell(progress)
        self._was_busy = bool(names)
        waiting = tuple(one_line(card.folder.name) for card in self.gate.waiting.values())
        state = HeadState(
            self.words, os.getpid(), time.time(), progress, waiting, self.account.waits_for, self.account.deaf
        )
        leave_word(self.account.film, state)
