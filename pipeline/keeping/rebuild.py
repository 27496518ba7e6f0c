"""A lost catalogue made again of what lies on the disks: plain files, media and sidecars, proxies and stills.

The new one grows beside the old one's place and takes it whole: killed at any moment, the same command begins anew
and nothing is changed. What could not be brought back is said.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.catalogue.cards import card_fingerprints
from pipeline.catalogue.copies import growing, held, is_sound, replace_catalogue
from pipeline.catalogue.plain import read
from pipeline.catalogue.products import drop_product, failures, want
from pipeline.catalogue.recalling import Recalled, come_online
from pipeline.catalogue.roots import roots
from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.catalogue.summary import status_counts
from pipeline.catalogue.verifying import Kept, kept_files
from pipeline.catalogue.writing import drop_kept, keep_copy, owner_of, plain_files, write_due
from pipeline.errors import ChangedWhileRead, DiskFull, PathMissing, PathRefused, ValueRefused
from pipeline.faults import reached
from pipeline.files import full_hash, one_line, read_small, stamp_of
from pipeline.film import Film
from pipeline.ingest.account import Account, Tell
from pipeline.ingest.events import Said
from pipeline.ingest.gate import PASSING, Gate
from pipeline.ingest.look import Ground, absolute
from pipeline.ingest.orders import film_luts, film_presets, wants
from pipeline.ingest.run import film_ground, find_roots
from pipeline.locks import held_lock
from pipeline.processes.ffmpeg import never
from pipeline.processes.reader import ReaderProcess
from pipeline.publishing import sweep_temporaries
from pipeline.shotlog.query import parse
from pipeline.watch import TWO_LOOKS, Settler

_LARGEST = 4 << 30  # bytes of a plain file
_BREATHER = 0.05  # seconds between two looks at a card at least


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of it. `lost` says, a sentence each, what was not brought back; `kept`: where the old catalogue lies.

    `adopted` are proxies and stills that are what was recorded of them. `done` is False where all was well before.
    """

    done: bool
    clips: int = 0
    offline: int = 0
    entries: int = 0
    cuts: int = 0
    adopted: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    lost: tuple[str, ...] = ()
    kept: str | None = None


def rebuild(film: Film, tell: Tell) -> Rebuilt:
    """Make the catalogue again where it is lost or cannot be read; a sound one is left alone.

    Raises CatalogueBusy where a head is at work, CatalogueNewer, and what the disk refuses.
    """
    with held_lock(film.lock, "rushes rebuild"):
        sweep_temporaries(film.catalogue.parent, deep=False)
        if is_sound(film.catalogue):
            _write_log(film)
            return Rebuilt(done=False)
        with growing(film.catalogue) as new:
            with open_catalogue(new, create=True) as catalogue:
                work = _Work(replace(film, catalogue=new), catalogue, tell)
                work.recall()
                reached("rebuild.recalled")
                work.take_cards()
                reached("rebuild.taken")
                work.adopt()
                reached("rebuild.adopted")
                rebuilt = work.summed()
            for file in work.damaged:
                keep_copy(file)
            kept = replace_catalogue(new, film.catalogue)
        reached("rebuild.replaced")
        _write_log(film)
        return replace(rebuilt, kept=str(kept) if kept else None)


def _write_log(film: Film) -> None:
    """Write the plain files anew, without those that were damaged; what cannot be written the next command writes."""
    with suppress(DiskFull, PathMissing, PathRefused), open_catalogue(film.catalogue) as catalogue:
        drop_kept(catalogue, film.log)
        write_due(catalogue, film.log)


@dataclass(slots=True)
class _Work:
    """A catalogue on its way. `film` has it in the place of its own."""

    film: Film
    catalogue: Catalogue
    tell: Tell
    damaged: list[Path] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    failed: tuple[tuple[str, str], ...] = ()
    adopted: int = 0

    def recall(self) -> None:
        """What the plain files say."""
        want(self.catalogue, *wants(self.film.settings, film_presets(self.film)), looks=[
            (lut.rule, lut.recipe) for lut in film_luts(self.film)
        ])  # fmt: skip
        files = plain_files(self.film.log)
        if not files:
            self.lost.append("There are no plain files in log/: what people said is lost, unless a backup has it.")
        elif not (self.film.log / "film.jsonl").exists():
            self.lost.append("log/film.jsonl is not there: corrections of clocks, and what was imported, are lost.")
        recalled = Recalled(self.catalogue)
        for file in files:
            before = len(recalled.lost)
            try:
                recalled.take(one_line(file.name), read(read_small(file, _LARGEST)))
            except ValueRefused as error:
                raise ValueRefused(f"{one_line(file)}: {error.sentence}") from error
            except (PathMissing, PathRefused) as error:
                recalled.lost.append(error.sentence)
            if len(recalled.lost) > before:
                self.damaged.append(file)
        recalled.settle(owner_of(self.film.log))
        self.lost += recalled.lost
        find_roots(self.film, self.catalogue)
        come_online(self.catalogue)

    def take_cards(self) -> None:
        """What media and sidecars say: every card that is there is read, as if it came in now."""
        account = Account(self.film, self.catalogue, self.tell)
        with ReaderProcess("pipeline.metadata.mediainfo_child") as mediainfo:
            gate = Gate(account, mediainfo, Settler(self.film.settings.ingest.settle, trusted=True))
            gate.grounds = tuple(self._grounds())
            while True:
                gate.look_around()
                restless = gate.restless(gate.patience)
                if len(restless) == len(gate.waiting):
                    break
                now = time.monotonic()
                soonest = min(gate.settler.settles_in(card, now) for card in gate.waiting)
                time.sleep(max(_BREATHER, min(soonest, TWO_LOOKS)))
        self.failed = (
            *account.summary.failed,
            *((each.path, each.sentence) for each in failures(self.catalogue) if each.exit_code in PASSING),
            *((card, "is still changing; ingest it later.") for card, _ in restless),
        )
        if gate.lost:
            self.lost.append(gate.lost[1])

    def _grounds(self) -> Iterator[Ground]:
        yield film_ground(self.film, self.catalogue, b"ingest")
        for known in roots(self.catalogue):
            for path in card_fingerprints(self.catalogue, known.id) if known.kind == "volume" and known.place else ():
                if absolute(known, path).is_dir():
                    yield Ground(known, path)

    def adopt(self) -> None:
        """Proxies and stills are taken over where they are what was recorded; else they are made again."""
        gone: Counter[str] = Counter()
        made = [each for each in kept_files(self.catalogue, parse("")) if each.root is None]
        self.tell(Said(f"Comparing {len(made):,} proxies and stills with what was recorded of them."))
        for each in made:
            if not (self.film.folder / os.fsdecode(each.path.split(b"/")[0])).is_dir():
                gone["away"] += 1  # its folder is: when it is back, so are they
            elif state := self._differs(each):
                gone[state] += 1
                drop_product(self.catalogue, each.clip, each.kind, each.preset)
            else:
                self.adopted += 1
        for state, count in sorted(gone.items()):
            self.lost.append(f"{count} proxies and stills {_STATES[state]}.")

    def _differs(self, kept: Kept) -> str:
        """What is wrong with a product; empty for what is as it was made."""
        place = self.film.folder / os.fsdecode(kept.path)
        try:
            if stamp_of(place).size != kept.size:
                return "changed"
            found = full_hash(place, lambda _: None, never)
        except (PathMissing, PathRefused, ChangedWhileRead):
            return "missing"
        if kept.full not in (None, found):
            return "changed"
        return ""

    def summed(self) -> Rebuilt:
        counts = status_counts(self.catalogue)
        rows = held(self.catalogue)
        return Rebuilt(
            True, rows["clips"], counts.get("offline", 0), rows["entries"], rows["cuts"], self.adopted,
            self.failed, tuple(self.lost),
        )  # fmt: skip


_STATES = {
    "away": "could not be looked at, because their folder is not there; they count as made",
    "missing": "are not there: 'rushes ingest' makes them again",
    "changed": "are not what was made: 'rushes ingest' makes them again",
}
