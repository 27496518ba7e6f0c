"""The half of a head that takes cards in: looks, waits until they rest, notices what went away and came back."""

import time
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction

from pipeline.cards.proxies import proxies_beside
from pipeline.catalogue.cards import CardOutcome, TakenCard, card_fingerprints, record_card
from pipeline.catalogue.head import last_sight, miss_cards, published_in, record_sight
from pipeline.catalogue.products import Work
from pipeline.catalogue.rot import set_apart
from pipeline.catalogue.strays import expel
from pipeline.clip import Root, SeenFile
from pipeline.errors import (
    CatalogueBusy,
    CatalogueDamaged,
    CatalogueUnread,
    ChangedWhileRead,
    DiskFull,
    PathMissing,
    PathRefused,
    RushesError,
)
from pipeline.faults import reached
from pipeline.files import fingerprint, one_line
from pipeline.ingest.account import Account, bug
from pipeline.ingest.events import CardTaken, CardWaiting, Said, Waiting
from pipeline.ingest.look import Ground, SeenCard, look, see
from pipeline.ingest.strays import told
from pipeline.processes.reader import ReaderProcess
from pipeline.watch import TWO_LOOKS, CardKey, Settler

_GIVE_UP = 6  # times the settle time that a card that never rests is waited for
PASSING = range(30, 40)  # exit codes of refusals by the disk: they pass without a change of the file


@dataclass(slots=True)
class Gate:
    """Where cards come in. `news` is set when clips came or went: what is left to do has changed."""

    account: Account
    mediainfo: ReaderProcess
    settler: Settler
    grounds: tuple[Ground, ...] = ()
    waiting: dict[CardKey, SeenCard] = field(default_factory=dict)
    look_due: bool = True  # something was found moved or gone: do not wait for the next rescan
    look_seconds: float = 0.0  # that the last look took
    news: bool = False
    _seen_before: dict[CardKey, SeenCard] = field(default_factory=dict)
    _moving: dict[CardKey, bytes] = field(default_factory=dict)
    _refused: dict[CardKey, str] = field(default_factory=dict)  # fingerprints of cards that stay as they are
    _gone: dict[Ground, tuple[int, str]] = field(default_factory=dict)
    _loose: dict[CardKey, Settler] = field(default_factory=dict)  # files of waiting cards that are plain folders
    _in_part: dict[CardKey, tuple[str, float]] = field(default_factory=dict)  # what was taken of them, and when

    def look_around(self) -> None:
        """Look at every ground: take what has settled, notice what went away and what came back."""
        began = time.monotonic()
        self._seen_before, self.waiting, self.look_due = self.waiting, {}, False
        for ground in self.grounds:
            try:
                self._look_at(ground)
            except (PathMissing, PathRefused) as error:
                self._lose(ground, error)
            else:
                if self._gone.pop(ground, None):
                    self.account.tell(Said(f"{one_line(ground.absolute(ground.below))} is back."))
        self.look_seconds = time.monotonic() - began
        if self.waiting or self._seen_before:
            self.account.tell(Waiting(tuple(self._rests())))

    def _rests(self) -> Iterator[CardWaiting]:
        now = time.monotonic()
        for key, card in self.waiting.items():
            yield CardWaiting(one_line(card.folder.name), len(card.stamps), self.settler.settles_in(key, now))

    @property
    def lost(self) -> tuple[int, str] | None:
        """Exit code and sentence of the first ground that is not there."""
        return next(iter(self._gone.values()), None)

    @property
    def patience(self) -> float:
        """Seconds after which a card that still changes is given up by `ingest` and named by `watch`."""
        return max(_GIVE_UP * self.account.film.settings.ingest.settle, 5 * TWO_LOOKS)

    def restless(self, patience: float) -> tuple[tuple[str, str], ...]:
        """Cards that have been changing for longer than `patience` seconds, each with a file that moves."""
        now = time.monotonic()
        return tuple(
            (one_line(card.folder.name), one_line(self._moving.get(key, b"")))
            for key, card in self.waiting.items()
            if self.settler.waited(key, now) > patience
        )

    def doubt(self, work: Work, root: Root) -> None:
        """A clip's file is not as it was logged: look again, and at its card where no look of this run comes."""
        self.look_due = True
        ground = Ground(root, work.folder)
        looked_at = any(root.id == seen.root.id and _covers(seen.below, work.folder) for seen in self.grounds)
        if not looked_at and not ground.absolute(work.folder).is_dir():
            self.miss(ground, {work.folder})

    def miss(self, ground: Ground, cards: set[bytes], *, there: Container[bytes] = ()) -> None:
        """Note that these cards of a ground are not there, but for these files: their clips are offline."""
        gone = sorted(card for card in cards if _covers(ground.below, card))
        for card in gone:
            self._refused.pop((ground.root.id, card), None)
        self.news = self.news or bool(gone)
        if gone and (clips := miss_cards(self.account.catalogue, ground.root.id, gone, there=there)):
            names = ", ".join(one_line(card) for card in gone[:3]) + (" and others" if len(gone) > 3 else "")
            many = "clip is" if clips == 1 else "clips are"
            self.account.tell(Said(f"{names}: {clips:,} {many} offline now, because the files are not there."))

    # --- one ground ---

    def _look_at(self, ground: Ground) -> None:
        catalogue, settings = self.account.catalogue, self.account.film.settings
        sight = see(ground, settings)
        if last_sight(catalogue, ground.root.id, ground.below) == sight.fingerprint:
            return
        ours = published_in(catalogue, ground.below) if ground.root.kind == "film" else frozenset()
        cards = look(ground, sight, settings, products=ours)
        for path, why in sight.skipped:
            self.account.say_once(f"{one_line(path)} was left out: {why}.")
        for path, why in sight.unreadable:
            self.account.blame(one_line(path), why)
        proxies = dict.fromkeys(ours, ()) | proxies_beside([path for path, *_ in sight.found])
        self._expel(ground, proxies)
        known = card_fingerprints(catalogue, ground.root.id)
        gone = {path for path, taken in known.items() if taken} - {card.folder.path for card in cards}
        self.miss(ground, gone, there=proxies)
        untaken = bool(sight.unreadable)
        for card in cards:
            if card.fingerprint == known.get(card.folder.path):
                continue
            if card.fingerprint != self._refused.get(_key(ground, card)):
                self._settle(ground, card)
            untaken = untaken or card.fingerprint == self._refused.get(_key(ground, card))
        self._expel(ground, proxies)  # of originals that came only now
        if not self.waiting and not untaken and self.account.has_room:
            record_sight(catalogue, ground.root.id, ground.below, sight.fingerprint)

    def _expel(self, ground: Ground, proxies: Mapping[bytes, Sequence[bytes]]) -> None:
        """Take out of the log what was taken for footage and turns out to be proxies."""
        found = expel(self.account.catalogue, ground.root.id, proxies)
        for sentence in told(found):
            self.account.say_once(sentence)
        self.news = self.news or bool(found.batch)

    def _lose(self, ground: Ground, error: RushesError) -> None:
        """A whole ground is gone: its clips are offline until it returns."""
        if ground in self._gone:
            return
        self._gone[ground] = (error.exit_code, error.sentence)
        self.account.tell(Said(f"{error.sentence} What came from there is offline until it returns."))
        known = card_fingerprints(self.account.catalogue, ground.root.id)
        self.miss(ground, {path for path, taken in known.items() if taken})

    # --- one card ---

    def _settle(self, ground: Ground, card: SeenCard) -> None:
        now, key = time.monotonic(), _key(ground, card)
        if self.settler.observe(key, card.fingerprint, now):
            reached("settle.rests")
            self._take(ground, card)
            return
        self.waiting[key] = card
        before = self._seen_before.get(key)
        if before is not None and before.fingerprint != card.fingerprint:
            self._moving[key] = _moved(before, card)
        if card.folder.structure == "plain" and (part := self._part_at_rest(key, card, now)):
            self._in_part[key] = part.fingerprint, now
            self._take(ground, part, whole=False)

    def _part_at_rest(self, key: CardKey, card: SeenCard, now: float) -> SeenCard | None:
        """Loose recordings that rest beside one that has been changing for too long; None where none is new.

        A copy of many files looks the same for a while: what has come to rest is taken again only after as
        long a wait.
        """
        loose = self._loose.setdefault(key, Settler(self.settler.quiet))
        rests = {path for path, stamp in card.stamps.items() if loose.observe((key[0], path), str(stamp), now)}
        clips = tuple(clip for clip in card.folder.clips if rests.issuperset((*clip.parts, *clip.sidecars)))
        known, taken_at = self._in_part.get(key, ("", now - self.patience))
        if not clips or self.settler.waited(key, now) <= self.patience or now - taken_at < self.patience:
            return None
        reports = tuple(path for path in card.folder.reports if path in rests)
        files = [SeenFile(path, card.stamps[path]) for path in sorted(rests)]
        mark = f"{fingerprint(files)} in part"
        if mark == known:
            return None
        return SeenCard(replace(card.folder, clips=clips, reports=reports), mark, card.stamps)

    def _take(self, ground: Ground, card: SeenCard, *, whole: bool = True) -> None:
        """Take one card in, or the part of it that rests; whatever goes wrong with it never stops the others."""
        from pipeline.ingest.take import take_card  # here: where nothing is new, no reader is needed

        key, account = _key(ground, card), self.account
        try:
            account.need_room()
            moment = datetime.now(UTC).isoformat()
            taken = take_card(ground, card, account.film.settings, self.mediainfo, moment=moment)
            taken = set_apart(account.catalogue, taken, card.stamps)
            taken = taken if whole else replace(taken, listed=())  # not all of it rests: it is compared later
            passing = any(file.exit_code in PASSING for file in taken.failed)
            if passing:  # an unreadable file looks the same when it can be read again: the next run tries
                taken = replace(taken, fingerprint=f"{card.fingerprint} in part")
            outcome = record_card(account.catalogue, taken)
            account.waits_for = ""
        except (CatalogueBusy, CatalogueDamaged, CatalogueUnread):
            raise
        except (ChangedWhileRead, PathMissing):
            self.settler.disturb(key, time.monotonic())
            self.waiting[key] = card
        except DiskFull as error:
            account.stop_for_room(error)
        except RushesError as error:
            self._shun(key, card, error.sentence)
        except Exception as error:  # noqa: BLE001 - a bug over one card must not cost the others
            self._shun(key, card, f"{bug(error)} with this card.")
        else:
            self._count(taken, outcome)
            self.news = True
            if whole:
                self._forget(key)
                if passing:
                    self._refused[key] = card.fingerprint

    def _shun(self, key: CardKey, card: SeenCard, sentence: str) -> None:
        self._refused[key] = card.fingerprint
        self._forget(key)
        name = one_line(card.folder.name)
        self.account.blame(name, sentence, f"{name} was not taken: {sentence}")

    def _forget(self, key: CardKey) -> None:
        """The card waits no more."""
        self.settler.forget(key)
        for waiting in (self._moving, self._loose, self._in_part):
            waiting.pop(key, None)

    def _count(self, taken: TakenCard, outcome: CardOutcome) -> None:
        folder, clips = taken.folder, len(taken.clips)
        duration = sum((clip.clip.duration for clip in taken.clips), Fraction(0))
        failed = tuple((one_line(file.path), one_line(file.sentence)) for file in taken.failed)
        copies = tuple((one_line(path.rpartition(b"/")[2]), one_line(path)) for _, path in outcome.copies)
        new, others = len(outcome.new), len(folder.others)
        named = {path.rpartition("/")[2] for path, _ in failed}
        warnings = tuple(one_line(warning) for warning in folder.warnings if not any(name in warning for name in named))
        self.account.tell(CardTaken(one_line(folder.name), clips, duration, new, copies, failed, others, warnings))
        for clip, name, path in outcome.displaced:
            self.account.tell(
                Said(
                    f"{one_line(path)} is another recording than before: clip {one_line(name)} ({clip[:8]}), which lay"
                    " there, is gone from there; where no copy of it is left, copy it again from the card, into"
                    " a folder of its own."
                )
            )
        so_far = self.account.summary
        self.account.summary = replace(
            so_far,
            cards=so_far.cards + 1,
            clips=so_far.clips + clips,
            duration=so_far.duration + duration,
            new=so_far.new + new,
            copies=so_far.copies + len(copies),
        )


def _key(ground: Ground, card: SeenCard) -> CardKey:
    return ground.root.id, card.folder.path


def _covers(below: bytes, folder: bytes) -> bool:
    return not below or folder == below or folder.startswith(below + b"/")


def _moved(before: SeenCard, after: SeenCard) -> bytes:
    """A file that came, went or changed between two looks at a card."""
    changed = before.stamps.items() ^ after.stamps.items()
    return min((path for path, _ in changed), default=b"")
