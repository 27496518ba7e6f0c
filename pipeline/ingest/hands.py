"""The half of a head that has things made: hands out work, publishes what comes back, records it."""

import os
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.catalogue.current import UNFIT
from pipeline.catalogue.head import owners_in, same_name
from pipeline.catalogue.identity import content_of, correct_hash, record_hash
from pipeline.catalogue.lengths import record_count
from pipeline.catalogue.listed import complaint, record_listed
from pipeline.catalogue.products import Work, record_failure, record_products, work_left
from pipeline.clip import Clip, Failure, Product
from pipeline.engine import Engine, Handle
from pipeline.errors import (
    Cancelled,
    CatalogueBusy,
    CatalogueDamaged,
    CatalogueUnread,
    ChangedWhileRead,
    DiskFull,
    NotFound,
    PathMissing,
    PathRefused,
    RushesError,
    ToolMissing,
    ToolStopped,
)
from pipeline.files import one_line
from pipeline.ingest.account import Account, bug
from pipeline.ingest.events import ClipFailed, ClipMade, Said
from pipeline.ingest.make import Outcome, carry_out, counted_clip, discard, publish_outcome
from pipeline.ingest.orders import Bench, Order, order
from pipeline.ingest.pace import Pace
from pipeline.proxies.placement import effort, threads_for
from pipeline.shotlog.query import Query

_FOLDERS = 100  # whose files are kept in mind
_AHEAD = 64  # clips fetched from the catalogue at once
# What passes without a change of the file: tried again by the next run.
_TRANSIENT = (ToolMissing, ToolStopped, PathRefused)
_TRIES = 3  # of one head, of a clip whose ffmpeg is stopped each time
# The file is not what the catalogue says: another look will tell.
_LOOK_AGAIN = (ChangedWhileRead, PathMissing, NotFound)


@dataclass(slots=True)
class Hands:
    """Work under way on `cores`. `doubtful` collects clips whose files are not as logged, for the gate to see to."""

    account: Account
    engine: Engine
    bench: Bench
    cores: int
    no_ffmpeg: tuple[int, str] | None = None  # exit code and sentence
    pace: Pace = field(default_factory=Pace)
    doubtful: list[Work] = field(default_factory=list)
    priority: Query | None = None  # clips that this finds are made before all others
    _queue: deque[Work] = field(default_factory=deque)
    _longest: str = ""  # the clip that was handed out for its length
    _idle: bool = False  # the catalogue had no more work when it was asked last
    _orders: dict[str, tuple[Handle[Outcome], Order, Work]] = field(default_factory=dict)
    _owners: dict[bytes, dict[bytes | str, str]] = field(default_factory=dict)  # of files by folder
    _stops: Counter[str] = field(default_factory=Counter)  # how often ffmpeg was stopped over a clip
    _put_off: dict[str, RushesError | None] = field(default_factory=dict)  # clips that this run is done with, and why

    @property
    def busy(self) -> bool:
        """Whether something is under way, or waits for the end of a pause."""
        return bool(self._orders) or (self.engine.paused() and bool(self._queue))

    @property
    def under_way(self) -> dict[str, tuple[Work, float]]:
        """Clips in somebody's hands, each with the media seconds that are done."""
        return {clip: (work, handle.done_seconds) for clip, (handle, _, work) in self._orders.items()}

    def feed(self) -> None:
        """Give free hands the next clips: what somebody asked for, then the story, some dozens at a time."""
        while len(self._orders) < self.engine.hands and self.account.has_room and not self._idle:
            if not self._queue:
                found = (self._next(self.priority) if self.priority else ()) or self._next()
                self._queue.extend(sorted(found, key=lambda work: effort(work.clip)))
            if not self._queue:
                self._idle = True
            elif self.engine.paused():
                break
            else:
                self._hand_out(self._pick())

    def _next(self, among: Query | None = None) -> tuple[Work, ...]:
        """What the catalogue knows to be left, as much as is kept ahead."""
        passed_over = set(self._orders) | set(self._put_off)
        limit, hashes_only = _AHEAD + len(passed_over), self.bench.ffmpeg is None
        found = work_left(self.account.catalogue, limit=limit, hashes_only=hashes_only, among=among)
        return tuple(work for work in found if work.clip.id not in passed_over)

    def _pick(self) -> Work:
        """One hand makes the long clips, so that none is left alone at the end; the others the short ones first."""
        if self._orders and self._longest not in self._orders:
            self._longest = self._queue[-1].clip.id
            return self._queue.pop()
        return self._queue.popleft()

    def collect(self) -> None:
        """Publish and record what hands have finished."""
        for clip, (handle, planned, work) in list(self._orders.items()):
            if handle.done:
                try:
                    outcome = handle.result()
                except Exception as error:  # noqa: BLE001 - a bug over one clip must not cost the others
                    outcome = Outcome(error=RushesError(f"{bug(error)} with {work.clip.name}."))
                try:
                    self._finish(planned, work, outcome)
                except Exception:
                    del self._orders[clip]
                    raise
                del self._orders[clip]  # an interrupt before this leaves the order to drop()

    def renew(self) -> None:
        """Clips came or went: ask the catalogue again, for all but what ffmpeg was just stopped over."""
        self._put_off = {clip: why for clip, why in self._put_off.items() if isinstance(why, ToolStopped)}
        self._queue.clear()
        self._idle = False
        self.pace.forget()

    def try_again(self) -> None:
        """What another look, somebody who made room or a while may have mended is work again."""
        self.account.has_room = True
        mended = (*_LOOK_AGAIN, DiskFull, ToolStopped)
        self._put_off = {clip: why for clip, why in self._put_off.items() if not isinstance(why, mended)}
        self._idle = False

    def unfinished(self) -> tuple[tuple[str, str], ...]:
        """Clips whose files were not as the catalogue says, and still are not made: (path, why)."""
        why = {clip: error for clip, error in self._put_off.items() if isinstance(error, _LOOK_AGAIN)}
        if not why:
            return ()
        left = [work.clip for work in work_left(self.account.catalogue) if work.clip.id in why]
        return tuple((one_line(clip.parts[0].path), why[clip.id].sentence) for clip in left)

    def drop(self) -> None:
        """Let go of what is under way: every hand stops, nothing half-made stays on the disk."""
        self.engine.close()
        for _, planned, _ in self._orders.values():
            discard(planned)
        self._orders.clear()

    # --- one clip ---

    def _hand_out(self, work: Work) -> None:
        at_once = min(self.engine.hands, 1 + len(self._queue))  # what is left over at the end has every core
        bench = replace(self.bench, threads=threads_for(self.cores, at_once))
        try:
            planned = order(work, bench, self._owner)
            work = self._fitting(work, planned)
            self.account.need_room(*{final.parent for final in planned.finals})
        except RushesError as error:
            self._refuse(work, error)
            return
        if planned.job is None and not work.listed and not any(each.hash_wanted for each in planned.originals):
            self._put_off[work.clip.id] = None
            return
        self._orders[work.clip.id] = (self.engine.submit(carry_out, planned), planned, work)

    def _fitting(self, work: Work, planned: Order) -> Work:
        """The work less the proxies that cannot be made of the clip, which is noted: nobody tries these again."""
        for want, sentence in planned.unfit:
            failure = Failure(work.clip.id, UNFIT, want.recipe, one_line(sentence), program=self.bench.program)
            with suppress(DiskFull, NotFound):
                record_failure(self.account.catalogue, failure, content=_content(work))
            self.account.say_once(failure.sentence)
        unfit = dict(planned.unfit)
        return replace(work, missing=tuple(want for want in work.missing if want not in unfit))

    def _owner(self, path: bytes) -> str | None:
        """Whose a published file is, or will be once a hand has finished it; letter case makes no other file."""
        name, folder = same_name(path), path.rpartition(b"/")[0]
        for clip, (_, planned, _) in self._orders.items():
            if any(same_name(self._below(other)) == name for other in planned.finals):
                return clip
        if folder not in self._owners:
            if len(self._owners) == _FOLDERS:
                self._owners.clear()
            self._owners[folder] = owners_in(self.account.catalogue, folder)
        return self._owners[folder].get(path) or self._owners[folder].get(name)

    def _below(self, final: Path) -> bytes:
        return os.fsencode(final.relative_to(self.account.film.folder))

    def _own(self, products: Sequence[Product]) -> None:
        """Remember whose the files are that were just published."""
        for product in products:
            owners = self._owners.get(product.path.rpartition(b"/")[0])
            if owners is not None:
                owners |= {product.path: product.clip, same_name(product.path): product.clip}

    def _tell_of_strangers(self, planned: Order, published: Sequence[Product]) -> None:
        """Say in which folders files that are not ours kept their places, once for each."""
        for product in published:
            final = self.account.film.folder / os.fsdecode(product.path)
            if final not in planned.finals:
                folder = one_line(self._below(final.parent.parent))
                self.account.say_once(
                    f"{folder} has files of other making under the names of proxies: they stay, and ours lie in folders"
                    " of their clips' ids there, to be linked by hand."
                )

    def _finish(self, planned: Order, work: Work, outcome: Outcome) -> None:
        clip, error, account = counted_clip(planned.clip, outcome.counts), outcome.error, self.account
        try:
            self._read(clip, work, outcome)
            if error is None:
                published = publish_outcome(planned, outcome, account.film)
                length = outcome.frames if clip.frames is None else None
                record_products(account.catalogue, clip.id, published, content=_content(work), frames=length)
                self._own(published)
                self._tell_of_strangers(planned, published)
        except (CatalogueBusy, CatalogueDamaged, CatalogueUnread):
            discard(planned)
            raise
        except RushesError as refused:
            error = refused
        except Exception as unforeseen:  # noqa: BLE001 - a bug over one clip must not cost the others
            error = RushesError(f"{bug(unforeseen)} with {clip.name}.")
        if error is not None:
            discard(planned)
            self._refuse(work, error)
            return
        if planned.job is None:
            return
        account.waits_for = ""
        if outcome.fallen_back:
            account.tell(Said(one_line(outcome.fallen_back)))
        del self._stops[clip.id]
        self.pace.finish(clip.card, float(clip.duration), worked=True)
        account.summary = replace(account.summary, made=account.summary.made + 1)
        account.tell(ClipMade(clip.id, one_line(clip.name), one_line(clip.card), clip.duration, outcome.seconds))

    def _read(self, clip: Clip, work: Work, outcome: Outcome) -> None:
        """Record what reading the originals told: hashes, what they are by their card's hash lists, and frames of those
        that do not say how many they have."""
        # Counts first: a file with a hash is not read again.
        for original, frames in outcome.counts:
            record_count(self.account.catalogue, original.root, original.path, frames)
        record_listed(self.account.catalogue, outcome.compared)
        for original, full in outcome.proven:
            if correct_hash(self.account.catalogue, original.root, original.path, original.quick, full):
                self.doubtful.append(work)  # it was mended: its card has to be read again
        for each, verdict in outcome.compared:
            if verdict != "verified":
                self.account.tell(Said(f"{clip.card}: {complaint(each.path, verdict, each.origin)}"))
        for original, full in outcome.hashes:
            if not record_hash(self.account.catalogue, original.root, original.path, full).agrees:
                self.doubtful.append(work)  # its card has to be read again
                self.account.tell(
                    Said(f"{one_line(original.path)} only looked like {clip.name}: it is a clip of its own.")
                )

    def _refuse(self, work: Work, error: RushesError) -> None:
        """Record a failure, or put the clip off where another look will tell more."""
        clip = work.clip
        self._put_off[clip.id] = error
        if isinstance(error, Cancelled):
            return
        if isinstance(error, DiskFull):  # no failure of the clip: it waits, as all others do
            self.account.stop_for_room(error)
            return
        if isinstance(error, _LOOK_AGAIN):
            self.doubtful.append(work)
            self.account.tell(Said(one_line(error.sentence)))
            return
        self._stops[clip.id] += isinstance(error, ToolStopped)
        given_up = isinstance(error, ToolStopped) and self._stops[clip.id] >= _TRIES
        transient = isinstance(error, _TRANSIENT) and not given_up
        sentence = error.sentence + f" It was tried {_TRIES} times; 'rushes ingest --retry' tries it again." * given_up
        steps = [(want.kind, want.recipe) for want in work.missing] or [("hash", "")]
        # A catalogue without room cannot note it; the clip is still work left, and that is what counts.
        with suppress(DiskFull, NotFound):
            for step, recipe in steps:
                failure = Failure(clip.id, step, recipe, sentence, transient=transient, program=self.bench.program)
                record_failure(self.account.catalogue, failure, content=_content(work))
        self.pace.finish(clip.card, float(clip.duration), worked=False)
        self.account.tell(ClipFailed(clip.id, one_line(clip.name), one_line(clip.card), one_line(sentence)))


def _content(work: Work) -> str:
    """The clip as it was when the work was handed out; a chapter may have come since."""
    return content_of([part.quick for part in work.clip.parts])
