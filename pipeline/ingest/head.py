"""The one head of a production: looks, takes what has settled, hands out work, publishes and records.

`ingest` and `watch` are one loop; they differ in when it ends and in whether a person vouched for the
copy. What is not done yet is learnt from the catalogue alone, so that a head may be killed at any
moment and the next one goes on.
"""

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction

from pipeline.catalogue.cards import CardOutcome, TakenCard, card_fingerprints, record_card
from pipeline.catalogue.head import cards_left, last_sight, miss_cards, owner_of_product, record_sight
from pipeline.catalogue.identity import record_hash
from pipeline.catalogue.products import Work, record_failure, record_products, work_left
from pipeline.catalogue.store import Catalogue
from pipeline.clip import Failure
from pipeline.engine import Engine, Handle
from pipeline.errors import Cancelled, ChangedWhileRead, DiskFull, PathMissing, RushesError, ToolMissing, ToolStopped
from pipeline.files import shown
from pipeline.film import Film
from pipeline.ingest.events import CardTaken, CardWaiting, ClipFailed, ClipMade, Event, Said, Summary
from pipeline.ingest.look import Ground, SeenCard, look, see
from pipeline.ingest.make import Bench, Order, Outcome, carry_out, discard, order, publish_outcome
from pipeline.ingest.pace import Pace
from pipeline.ingest.take import take_card
from pipeline.ingest.word import HeadState, leave_word
from pipeline.processes import ReaderProcess
from pipeline.watch import Settler

_TICK = 0.5  # seconds between two reports of progress
_AHEAD = 64  # clips fetched from the catalogue at once
_TRANSIENT = (DiskFull, ToolMissing, ToolStopped)
Tell = Callable[[Event], None]


@dataclass(slots=True)
class Head:
    """A running head. Everything it remembers may be lost: the catalogue knows what is left to do."""

    film: Film
    catalogue: Catalogue
    engine: Engine
    mediainfo: ReaderProcess
    bench: Bench
    settler: Settler
    tell: Tell
    words: str
    summary: Summary
    grounds: tuple[Ground, ...] = ()
    waiting: dict[bytes, SeenCard] = field(default_factory=dict)
    disk_full: bool = False
    look_due: bool = True  # something was found moved or gone: do not wait for the next rescan
    look_seconds: float = 0.0  # that the last look took
    _seen_before: dict[bytes, SeenCard] = field(default_factory=dict)
    _moving: dict[bytes, bytes] = field(default_factory=dict)
    _queue: deque[Work] = field(default_factory=deque)
    _orders: dict[str, tuple[Handle[Outcome], Order, Work]] = field(default_factory=dict)
    _postponed: set[str] = field(default_factory=set)
    _shunned: dict[bytes, str] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _pace: Pace = field(default_factory=Pace)
    _next_tick: float = 0.0

    # --- cards ---

    def look_around(self) -> None:
        """Look at every ground: take what has settled, notice what went away."""
        began = time.monotonic()
        self._seen_before, self.waiting, self.look_due = self.waiting, {}, False
        for ground in self.grounds:
            try:
                self._look_at(ground)
            except PathMissing as gone:
                self._miss(ground, set(card_fingerprints(self.catalogue, ground.root.id)))
                self.say_once(f"{gone.sentence} What came from there is offline until it returns.")
        self.look_seconds = time.monotonic() - began

    def _look_at(self, ground: Ground) -> None:
        sight = see(ground, self.film.settings)
        if last_sight(self.catalogue, ground.root.id, ground.below) == sight.fingerprint:
            return
        seen = look(ground, sight, self.film.settings)
        for path, why in seen.skipped:
            self.say_once(f"{shown(path)} was left out: {why}.")
        known = card_fingerprints(self.catalogue, ground.root.id)
        self._miss(ground, {path for path, taken in known.items() if taken} - {card.folder.path for card in seen.cards})
        for card in seen.cards:
            if card.fingerprint not in (known.get(card.folder.path), self._shunned.get(card.folder.path)):
                self._settle(ground, card)
        if not self.waiting:
            record_sight(self.catalogue, ground.root.id, ground.below, sight.fingerprint)

    def _settle(self, ground: Ground, card: SeenCard) -> None:
        now = time.monotonic()
        if self.settler.observe(card.folder.path, card.fingerprint, now):
            self._take(ground, card)
            return
        self.waiting[card.folder.path] = card
        before = self._seen_before.get(card.folder.path)
        if before is not None and before.fingerprint != card.fingerprint:
            self._moving[card.folder.path] = _moved(before, card)
        self.tell(CardWaiting(card.folder.name, len(card.stamps), self.settler.settles_in(card.folder.path, now)))

    def restless(self, patience: float) -> tuple[tuple[str, str], ...]:
        """Cards that have been changing for longer than `patience` seconds, each with a file that moves."""
        now = time.monotonic()
        return tuple(
            (card.folder.name, shown(self._moving.get(path, b"")))
            for path, card in self.waiting.items()
            if self.settler.waited(path, now) > patience
        )

    def _take(self, ground: Ground, card: SeenCard) -> None:
        """Take one card in; whatever goes wrong with it never stops the others."""
        try:
            taken = take_card(ground, card, self.film.settings, self.mediainfo, moment=datetime.now(UTC).isoformat())
            outcome = record_card(self.catalogue, taken)
        except (ChangedWhileRead, PathMissing):
            self.waiting[card.folder.path] = card
        except RushesError as error:
            self._shun(card, error.sentence)
        except Exception as error:  # noqa: BLE001 - a bug over one card must not cost the others
            self._shun(card, f"a bug of ours ({type(error).__name__}: {error}); please report it with this card.")
        else:
            self._count(taken, outcome)
            self.settler.forget([card.folder.path])
            self._postponed.clear()
            self._queue.clear()
            self._pace.forget()

    def _shun(self, card: SeenCard, sentence: str) -> None:
        self._shunned[card.folder.path] = card.fingerprint
        self.summary = replace(self.summary, failed=(*self.summary.failed, (card.folder.name, sentence)))
        self.tell(Said(f"{card.folder.name} was not taken: {sentence}"))

    def _count(self, taken: TakenCard, outcome: CardOutcome) -> None:
        folder, clips = taken.folder, len(taken.clips)
        duration = sum((clip.clip.duration for clip in taken.clips), Fraction(0))
        failed = tuple((shown(file.path), file.sentence) for file in taken.failed)
        copies = tuple((shown(path.rpartition(b"/")[2]), shown(path)) for _, path in outcome.copies)
        new, others = len(outcome.new), len(folder.others)
        self.tell(CardTaken(folder.name, clips, duration, new, copies, failed, others, folder.warnings))
        so_far = self.summary
        self.summary = replace(
            so_far,
            cards=so_far.cards + 1,
            clips=so_far.clips + clips,
            duration=so_far.duration + duration,
            new=so_far.new + new,
            copies=so_far.copies + len(copies),
        )

    def _miss(self, ground: Ground, cards: set[bytes]) -> None:
        below = ground.below + b"/" if ground.below else b""
        gone = sorted(card for card in cards if card.startswith(below) or card == ground.below)
        if gone and (clips := miss_cards(self.catalogue, ground.root.id, gone)):
            names = ", ".join(shown(card) for card in gone[:3]) + (" and others" if len(gone) > 3 else "")
            self.tell(Said(f"{clips:,} clips of {names} are offline now: their files are not there."))
            self._queue.clear()

    # --- work ---

    @property
    def busy(self) -> bool:
        return bool(self._orders)

    def feed(self) -> None:
        """Give free hands the next clips, in the order of the story."""
        while len(self._orders) < self.engine.hands and not self.disk_full:
            if not self._queue:
                passed_over = set(self._orders) | self._postponed
                found = work_left(self.catalogue, limit=_AHEAD + len(passed_over))
                self._queue.extend(work for work in found if work.clip.id not in passed_over)
            if not self._queue:
                return
            work = self._queue.popleft()
            planned = order(work, self.bench, lambda path: owner_of_product(self.catalogue, path))
            if planned.job is None and not any(original.hash_wanted for original in planned.originals):
                self._postponed.add(work.clip.id)
                continue
            self._orders[work.clip.id] = (self.engine.submit(carry_out, planned), planned, work)

    def collect(self) -> None:
        """Publish and record what hands have finished."""
        self.engine.ended.clear()
        for clip, (handle, planned, work) in list(self._orders.items()):
            if handle.done:
                del self._orders[clip]
                self._finish(planned, work, handle.result())

    def _finish(self, planned: Order, work: Work, outcome: Outcome) -> None:
        clip, error = planned.clip, outcome.error
        try:
            for original, full in outcome.hashes:
                if not record_hash(self.catalogue, original.root, original.path, full).agrees:
                    self.tell(Said(f"{shown(original.path)} only looked like {clip.name}: it is a clip of its own."))
            if error is None:
                record_products(self.catalogue, clip.id, publish_outcome(planned, outcome, self.film))
        except RushesError as refused:
            error = refused
        if error is not None:
            discard(planned)
            self._refuse(planned, work, error)
            return
        if work.missing and planned.job is None:
            self._postponed.add(clip.id)
        self._pace.finish(clip.card, float(clip.duration), worked=True)
        self.summary = replace(self.summary, made=self.summary.made + bool(planned.job))
        self.tell(ClipMade(clip.id, clip.name, clip.card, clip.duration, outcome.seconds))

    def _refuse(self, planned: Order, work: Work, error: RushesError) -> None:
        """Record a failure, or put the clip off where another look will tell more."""
        clip = planned.clip
        self._postponed.add(clip.id)
        if isinstance(error, Cancelled):
            return
        if isinstance(error, ChangedWhileRead | PathMissing):
            self.look_due = True
            self.tell(Said(error.sentence))
            return
        transient = isinstance(error, _TRANSIENT)
        for want in work.missing:
            record_failure(
                self.catalogue, Failure(clip.id, want.kind, want.recipe, error.sentence, transient=transient)
            )
        if isinstance(error, DiskFull):
            self.disk_full = True
            self.summary = replace(self.summary, stopped_by=(error.exit_code, error.sentence))
        self._pace.finish(clip.card, float(clip.duration), worked=False)
        self.tell(ClipFailed(clip.id, clip.name, clip.card, error.sentence))

    # --- telling ---

    def tick(self) -> None:
        """Now and then, tell how far the work is and leave word for other terminals."""
        now = time.monotonic()
        if now < self._next_tick:
            return
        self._next_tick = now + _TICK
        if self._pace.stale:
            self._pace.plan(cards_left(self.catalogue))
        under_way = {clip: (work.clip.card, handle.done_seconds) for clip, (handle, _, work) in self._orders.items()}
        names = tuple(planned.clip.name for _, planned, _ in self._orders.values())
        progress = self._pace.progress(under_way, names)
        self.tell(progress)
        waiting = tuple(shown(card) for card in self.waiting)
        leave_word(self.film, HeadState(self.words, os.getpid(), time.time(), progress, waiting))

    def rest(self, seconds: float) -> None:
        """Sleep until a hand has finished or the time is over."""
        self.engine.ended.wait(min(seconds, _TICK) if self.busy else seconds)

    def say_once(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self.tell(Said(sentence))


def _moved(before: SeenCard, after: SeenCard) -> bytes:
    """A file that came, went or changed between two looks at a card."""
    changed = before.stamps.items() ^ after.stamps.items()
    return min((path for path, _ in changed), default=b"")
