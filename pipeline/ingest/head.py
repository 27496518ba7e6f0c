"""The one head of a production: looks, takes what has settled, hands out work, publishes and records.

`ingest` and `watch` are one loop; they differ in when it ends and in whether a person vouched for the
copy. What is not done yet is learnt from the catalogue alone, so that a head may be killed at any
moment and the next one goes on.
"""

import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
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
from pipeline.errors import (
    Cancelled,
    CatalogueBusy,
    CatalogueDamaged,
    ChangedWhileRead,
    DiskFull,
    NotFound,
    PathMissing,
    PathRefused,
    RushesError,
    ToolMissing,
    ToolStopped,
)
from pipeline.files import free_bytes, shown
from pipeline.film import Film
from pipeline.ingest.events import CardTaken, CardWaiting, ClipFailed, ClipMade, Event, Said, Summary
from pipeline.ingest.look import Ground, SeenCard, look, see
from pipeline.ingest.make import Bench, Order, Outcome, carry_out, discard, order, publish_outcome
from pipeline.ingest.pace import Pace
from pipeline.ingest.take import take_card
from pipeline.ingest.word import HeadState, leave_word
from pipeline.processes.reader import ReaderProcess
from pipeline.watch import CardKey, Settler

_TICK = 0.5  # seconds between two reports of progress
_AHEAD = 64  # clips fetched from the catalogue at once
# What passes without a change of the file: tried again by the next run.
_TRANSIENT = (DiskFull, ToolMissing, ToolStopped, PathRefused)
# The file is not what the catalogue says: another look will tell.
_LOOK_AGAIN = (ChangedWhileRead, PathMissing, NotFound)
_PASSING = range(30, 40)  # exit codes of refusals by the disk: they pass without a change of the file
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
    no_ffmpeg: tuple[int, str] | None = None  # exit code and sentence
    summary: Summary = field(default_factory=Summary)
    grounds: tuple[Ground, ...] = ()
    waiting: dict[CardKey, SeenCard] = field(default_factory=dict)
    look_due: bool = True  # something was found moved or gone: do not wait for the next rescan
    look_seconds: float = 0.0  # that the last look took
    _seen_before: dict[CardKey, SeenCard] = field(default_factory=dict)
    _moving: dict[CardKey, bytes] = field(default_factory=dict)
    _refused: dict[CardKey, str] = field(default_factory=dict)  # fingerprints of cards that stay as they are
    _gone: dict[Ground, tuple[int, str]] = field(default_factory=dict)
    _queue: deque[Work] = field(default_factory=deque)
    _idle: bool = False  # the catalogue had no more work when it was asked last
    _orders: dict[str, tuple[Handle[Outcome], Order, Work]] = field(default_factory=dict)
    _put_off: dict[str, RushesError | None] = field(default_factory=dict)  # clips that this run is done with, and why
    _room: int | None = None  # free bytes when the disk was full; None: it is not
    _told: set[str] = field(default_factory=set)
    _pace: Pace = field(default_factory=Pace)
    _next_tick: float = 0.0
    _was_busy: bool = False

    # --- cards ---

    def look_around(self) -> None:
        """Look at every ground: take what has settled, notice what went away and what came back."""
        began = time.monotonic()
        self._seen_before, self.waiting, self.look_due, self._idle = self.waiting, {}, False, False
        for ground in self.grounds:
            try:
                self._look_at(ground)
            except (PathMissing, PathRefused) as error:
                self._lose(ground, error)
            else:
                if self._gone.pop(ground, None):
                    self.tell(Said(f"{shown(ground.absolute(ground.below))} is back."))
        self.look_seconds = time.monotonic() - began

    def _look_at(self, ground: Ground) -> None:
        sight = see(ground, self.film.settings)
        if last_sight(self.catalogue, ground.root.id, ground.below) == sight.fingerprint:
            return
        cards = look(ground, sight, self.film.settings)
        for path, why in sight.skipped:
            self.say_once(f"{shown(path)} was left out: {why}.")
        for path, why in sight.unreadable:
            self._blame(shown(path), why)
        known = card_fingerprints(self.catalogue, ground.root.id)
        self._miss(ground, {path for path, taken in known.items() if taken} - {card.folder.path for card in cards})
        untaken = bool(sight.unreadable)
        for card in cards:
            if card.fingerprint == known.get(card.folder.path):
                continue
            if card.fingerprint != self._refused.get(_key(ground, card)):
                self._settle(ground, card)
            untaken = untaken or card.fingerprint == self._refused.get(_key(ground, card))
        if not self.waiting and not untaken and self._room is None:
            record_sight(self.catalogue, ground.root.id, ground.below, sight.fingerprint)

    def _lose(self, ground: Ground, error: RushesError) -> None:
        """A whole ground is gone: its clips are offline until it returns."""
        if ground in self._gone:
            return
        self._gone[ground] = (error.exit_code, error.sentence)
        self.tell(Said(f"{error.sentence} What came from there is offline until it returns."))
        self._miss(ground, {path for path, taken in card_fingerprints(self.catalogue, ground.root.id).items() if taken})

    def _settle(self, ground: Ground, card: SeenCard) -> None:
        now, key = time.monotonic(), _key(ground, card)
        if self.settler.observe(key, card.fingerprint, now):
            self._take(ground, card)
            return
        self.waiting[key] = card
        before = self._seen_before.get(key)
        if before is not None and before.fingerprint != card.fingerprint:
            self._moving[key] = _moved(before, card)
        self.tell(CardWaiting(shown(card.folder.name), len(card.stamps), self.settler.settles_in(key, now)))

    def restless(self, patience: float) -> tuple[tuple[str, str], ...]:
        """Cards that have been changing for longer than `patience` seconds, each with a file that moves."""
        now = time.monotonic()
        return tuple(
            (shown(card.folder.name), shown(self._moving.get(key, b"")))
            for key, card in self.waiting.items()
            if self.settler.waited(key, now) > patience
        )

    def _take(self, ground: Ground, card: SeenCard) -> None:
        """Take one card in; whatever goes wrong with it never stops the others."""
        key = _key(ground, card)
        try:
            taken = take_card(ground, card, self.film.settings, self.mediainfo, moment=datetime.now(UTC).isoformat())
            passing = any(file.exit_code in _PASSING for file in taken.failed)
            if passing:  # an unreadable file looks the same when it can be read again: the next run tries
                taken = replace(taken, fingerprint=f"{card.fingerprint} in part")
            outcome = record_card(self.catalogue, taken)
        except (CatalogueBusy, CatalogueDamaged):
            raise
        except (ChangedWhileRead, PathMissing):
            self.settler.disturb(key, time.monotonic())
            self.waiting[key] = card
        except DiskFull as error:
            self._stop_for_room(error)
        except RushesError as error:
            self._shun(key, card, error.sentence)
        except Exception as error:  # noqa: BLE001 - a bug over one card must not cost the others
            self._shun(key, card, f"{_bug(error)} with this card.")
        else:
            self._count(taken, outcome)
            self.settler.forget(key)
            self._moving.pop(key, None)
            if passing:
                self._refused[key] = card.fingerprint
            self._put_off.clear()
            self._forget_queue()
            self._pace.forget()

    def _shun(self, key: CardKey, card: SeenCard, sentence: str) -> None:
        self._refused[key] = card.fingerprint
        self.settler.forget(key)
        self._blame(shown(card.folder.name), sentence, f"{shown(card.folder.name)} was not taken: {sentence}")

    def _blame(self, name: str, sentence: str, told: str = "") -> None:
        """Count a failure that no table of the catalogue holds, once."""
        if (name, sentence) not in self.summary.failed:
            self.summary = replace(self.summary, failed=(*self.summary.failed, (name, sentence)))
            self.tell(Said(told or f"{name}: {sentence}"))

    def _count(self, taken: TakenCard, outcome: CardOutcome) -> None:
        folder, clips = taken.folder, len(taken.clips)
        duration = sum((clip.clip.duration for clip in taken.clips), Fraction(0))
        failed = tuple((shown(file.path), shown(file.sentence)) for file in taken.failed)
        copies = tuple((shown(path.rpartition(b"/")[2]), shown(path)) for _, path in outcome.copies)
        new, others = len(outcome.new), len(folder.others)
        warnings = tuple(shown(warning) for warning in folder.warnings)
        self.tell(CardTaken(shown(folder.name), clips, duration, new, copies, failed, others, warnings))
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
        for card in gone:
            self._refused.pop((ground.root.id, card), None)
        if gone and (clips := miss_cards(self.catalogue, ground.root.id, gone)):
            names = ", ".join(shown(card) for card in gone[:3]) + (" and others" if len(gone) > 3 else "")
            many = "clip is" if clips == 1 else "clips are"
            self.tell(Said(f"{names}: {clips:,} {many} offline now, because the files are not there."))
            self._forget_queue()

    # --- work ---

    @property
    def busy(self) -> bool:
        return bool(self._orders)

    def work(self) -> None:
        """One turn: publish what is finished, hand out what is next, tell how far it is."""
        self.collect()
        self.feed()
        self.tick()

    def feed(self) -> None:
        """Give free hands the next clips, in the order of the story."""
        while len(self._orders) < self.engine.hands and self._room is None and not self._idle:
            if not self._queue:
                passed_over = set(self._orders) | set(self._put_off)
                found = work_left(self.catalogue, limit=_AHEAD + len(passed_over))
                self._queue.extend(work for work in found if work.clip.id not in passed_over)
            if self._queue:
                self._hand_out(self._queue.popleft())
            else:
                self._idle = True

    def _hand_out(self, work: Work) -> None:
        try:
            planned = order(work, self.bench, lambda path: owner_of_product(self.catalogue, path))
        except RushesError as error:
            self._refuse(work, error)
            return
        if work.missing and planned.job is None:
            self._want_ffmpeg()
        if planned.job is None and not any(original.hash_wanted for original in planned.originals):
            self._put_off[work.clip.id] = None
            return
        self._orders[work.clip.id] = (self.engine.submit(carry_out, planned), planned, work)

    def collect(self) -> None:
        """Publish and record what hands have finished."""
        for clip, (handle, planned, work) in list(self._orders.items()):
            if handle.done:
                del self._orders[clip]
                try:
                    outcome = handle.result()
                except Exception as error:  # noqa: BLE001 - a bug over one clip must not cost the others
                    outcome = Outcome(error=RushesError(f"{_bug(error)} with {work.clip.name}."))
                self._finish(planned, work, outcome)

    def _finish(self, planned: Order, work: Work, outcome: Outcome) -> None:
        clip, error = planned.clip, outcome.error
        try:
            for original, full in outcome.hashes:
                if not record_hash(self.catalogue, original.root, original.path, full).agrees:
                    self.look_due = True  # its card has to be read again
                    self.tell(Said(f"{shown(original.path)} only looked like {clip.name}: it is a clip of its own."))
            if error is None:
                record_products(self.catalogue, clip.id, publish_outcome(planned, outcome, self.film))
        except RushesError as refused:
            error = refused
        if error is not None:
            discard(planned)
            self._refuse(work, error)
            return
        if planned.job is None:
            if work.missing:
                self._put_off[clip.id] = None
            return
        self._pace.finish(clip.card, float(clip.duration), worked=True)
        self.summary = replace(self.summary, made=self.summary.made + 1)
        self.tell(ClipMade(clip.id, shown(clip.name), shown(clip.card), clip.duration, outcome.seconds))

    def _refuse(self, work: Work, error: RushesError) -> None:
        """Record a failure, or put the clip off where another look will tell more."""
        clip = work.clip
        self._put_off[clip.id] = error
        if isinstance(error, Cancelled):
            return
        if isinstance(error, _LOOK_AGAIN):
            self.look_due = True
            self.tell(Said(shown(error.sentence)))
            self._miss_ungrounded(work)
            return
        if isinstance(error, DiskFull):
            self._stop_for_room(error)
        transient = isinstance(error, _TRANSIENT)
        steps = [(want.kind, want.recipe) for want in work.missing] or [("hash", "")]
        # A catalogue without room cannot note it; the clip is still work left, and that is what counts.
        with suppress(DiskFull, NotFound):
            for step, recipe in steps:
                record_failure(self.catalogue, Failure(clip.id, step, recipe, error.sentence, transient=transient))
        self._pace.finish(clip.card, float(clip.duration), worked=False)
        self.tell(ClipFailed(clip.id, shown(clip.name), shown(clip.card), shown(error.sentence)))

    def _miss_ungrounded(self, work: Work) -> None:
        """A card that no look of this run comes to (indexed in place, earlier) may be gone."""
        root = self.bench.roots[work.clip.parts[0].root]
        ground = Ground(root, work.folder)
        looked_at = any(root.id == seen.root.id and _covers(seen.below, work.folder) for seen in self.grounds)
        if not looked_at and not ground.absolute(work.folder).is_dir():
            self._miss(ground, {work.folder})

    def drop_work(self) -> None:
        """Let go of what is under way: every hand stops, nothing half-made stays on the disk."""
        self.engine.close()
        for _, planned, _ in self._orders.values():
            discard(planned)
        self._orders.clear()

    def try_again(self) -> None:
        """What another look or more room may have mended is work again."""
        if self._room is not None and _free(self.film) > self._room:
            self._room = None
            self._put_off = {clip: why for clip, why in self._put_off.items() if not isinstance(why, DiskFull)}
        self._put_off = {clip: why for clip, why in self._put_off.items() if not isinstance(why, _LOOK_AGAIN)}
        self._idle = False

    def unfinished(self) -> tuple[tuple[str, str], ...]:
        """Clips whose files were not as the catalogue says, and still are not made: (path, why)."""
        doubtful = {clip: why for clip, why in self._put_off.items() if isinstance(why, _LOOK_AGAIN)}
        if not doubtful:
            return ()
        left = [work.clip for work in work_left(self.catalogue) if work.clip.id in doubtful]
        return tuple((shown(clip.parts[0].path), doubtful[clip.id].sentence) for clip in left)

    @property
    def lost(self) -> tuple[int, str] | None:
        """Exit code and sentence of the first ground that is not there."""
        return next(iter(self._gone.values()), None)

    def _stop_for_room(self, error: DiskFull) -> None:
        self._room = _free(self.film)
        self._stop(error.exit_code, error.sentence)

    def _want_ffmpeg(self) -> None:
        if self.no_ffmpeg:
            self._stop(*self.no_ffmpeg)

    def _stop(self, exit_code: int, sentence: str) -> None:
        if self.summary.stopped_by is None:
            self.summary = replace(self.summary, stopped_by=(exit_code, sentence))

    def _forget_queue(self) -> None:
        self._queue.clear()
        self._idle = False

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
        names = tuple(shown(planned.clip.name) for _, planned, _ in self._orders.values())
        progress = self._pace.progress(under_way, names)
        if names or self._was_busy:  # an idle head has nothing to tell
            self.tell(progress)
        self._was_busy = bool(names)
        waiting = tuple(shown(card.folder.name) for card in self.waiting.values())
        leave_word(self.film, HeadState(self.words, os.getpid(), time.time(), progress, waiting))

    def rest(self, seconds: float) -> None:
        """Sleep until a hand has finished, the bell rings or the time is over."""
        self.engine.ended.wait(min(seconds, _TICK) if self.busy else seconds)
        # Cleared here and nowhere else: what is set from now on wakes the next sleep at once.
        self.engine.ended.clear()

    def say_once(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self.tell(Said(sentence))


def _key(ground: Ground, card: SeenCard) -> CardKey:
    return ground.root.id, card.folder.path


def _covers(below: bytes, folder: bytes) -> bool:
    return not below or folder == below or folder.startswith(below + b"/")


def _moved(before: SeenCard, after: SeenCard) -> bytes:
    """A file that came, went or changed between two looks at a card."""
    changed = before.stamps.items() ^ after.stamps.items()
    return min((path for path, _ in changed), default=b"")


def _free(film: Film) -> int:
    """Room for proxies and for the catalogue, in bytes: only good for telling whether it grew."""
    return free_bytes(film.folder) + free_bytes(film.catalogue.parent)


def _bug(error: Exception) -> str:
    return f"a bug of ours ({type(error).__name__}: {error}); please report it"
