"""The two ways in: `ingest` ends when all is done, `watch` never does."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from pipeline.catalogue.cards import card_fingerprints
from pipeline.catalogue.head import cards_left
from pipeline.catalogue.listed import compare_again
from pipeline.catalogue.listing import logged_clips
from pipeline.catalogue.products import drop_product, failures, pardon, products, retry_clips, retry_failures, want
from pipeline.catalogue.roots import mark_offline, mark_online, root, roots
from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.catalogue.writing import owner_of
from pipeline.clip import Root
from pipeline.engine import Engine
from pipeline.errors import NotFound, PathMissing, PathRefused, RushesError, ToolMissing
from pipeline.files import one_line
from pipeline.film import FOLDERS, Film
from pipeline.ingest.account import Account, Tell, bug
from pipeline.ingest.events import Said, Summary
from pipeline.ingest.gate import Gate
from pipeline.ingest.hands import Hands
from pipeline.ingest.head import Head
from pipeline.ingest.look import Ground, absolute
from pipeline.ingest.orders import Bench, film_luts, film_presets, luts_folder, wants
from pipeline.ingest.word import is_paused, resume, take_word_back
from pipeline.locks import held_lock
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.processes.reader import ReaderProcess
from pipeline.proxies.luts import sweep_luts
from pipeline.proxies.placement import processes_for
from pipeline.proxies.trial import with_working_hardware
from pipeline.publishing import sweep_temporaries
from pipeline.shotlog.query import Query
from pipeline.volumes import volume_of, volumes
from pipeline.watch import TWO_LOOKS, Doorbell, Settler

_ABSENT = 2.0  # seconds between two looks for a folder that is gone, or for space
_RETRY = 600.0  # seconds after which a watch tries again what a disk refused: not sooner, the disk may be dying


def ingest(
    film: Film, paths: Sequence[Path], tell: Tell, *, retry: bool = False, priority: Query | None = None
) -> Summary:
    """Take in what lies in these folders (none named: ingest/) and make all that is missing, `priority` first.

    Raises PathMissing for a folder that is not there, CatalogueBusy where another head is at work.
    """
    with _head(film, "rushes ingest", tell, trusted=True) as head:
        catalogue, gate = head.account.catalogue, head.gate
        named = tuple(_ground(film, catalogue, path) for path in paths)
        head.hands.priority = priority
        head.hands.bench = replace(head.hands.bench, roots=find_roots(film, catalogue))
        gate.grounds = named or (film_ground(film, catalogue, b"ingest"), *_outside(head))
        compare_again(catalogue)
        if retry:
            retry_failures(catalogue)
            drop_lost_products(film, catalogue)
        next_look = 0.0
        while True:
            if time.monotonic() >= next_look or gate.look_due:
                head.look_around()
                next_look = time.monotonic() + _nap(head)
            head.work()
            restless = len(gate.restless(gate.patience)) == len(gate.waiting)
            if restless and not head.hands.busy and not gate.look_due:
                return _summed(head)
            head.rest(0.0 if gate.look_due else max(0.0, next_look - time.monotonic()))


def salvage(film: Film, query: Query, tell: Tell, *, damaged: frozenset[str] = frozenset()) -> Summary:
    """Make what can still be read of the clips found that failed, and of those `damaged`, which have proxies already.

    Raises NotFound where there is neither.
    """
    with _head(film, "rushes proxies --salvage", tell, trusted=True) as head:
        catalogue = head.account.catalogue
        found = list(logged_clips(catalogue, query))
        failed = [each.clip for each in found if each.status == "failed"]
        clips = frozenset(clip.id for clip in failed if clip.kind == "picture") | damaged
        if failed and not clips:
            raise NotFound("Sound alone is not salvaged; copy it from the card again.")
        if not clips:
            raise NotFound("No clip of that failed; 'rushes status' names those that did.")
        head.hands.bench = replace(head.hands.bench, roots=find_roots(film, catalogue), salvage=clips)
        retry_clips(catalogue, clips)
        for each in found:
            if each.clip.id in damaged:
                for product in each.products:
                    if product.kind == "proxy":
                        drop_product(catalogue, each.clip.id, product.kind, product.preset)
        while True:
            head.work()
            if not head.hands.busy:
                return _summed(head)
            head.rest(TWO_LOOKS)


def watch(film: Film, tell: Tell) -> NoReturn:
    """Take in whatever settles in ingest/, for ever; an interrupt ends it cleanly.

    What goes wrong with one card or clip is told, and the others go on.
    """
    with _head(film, "rushes watch", tell, trusted=False) as head, Doorbell(head.hands.engine.ended) as bell:
        head.gate.grounds = (film_ground(film, head.account.catalogue, b"ingest"),)
        if head.hands.no_ffmpeg:
            head.account.say_once(
                f"{head.hands.no_ffmpeg[1]} Cards are logged without proxies; then start 'rushes watch' again."
            )
        times = _Times()
        while True:
            try:
                _watch_once(head, bell, times)
            except Exception as error:  # noqa: BLE001 - weeks without a person: nothing but an interrupt ends it
                _say_setback(head, error)
                times.look = time.monotonic() + film.settings.ingest.rescan
                head.gate.look_due = False
            nap = 0.0 if head.gate.look_due else max(0.0, times.look - time.monotonic())
            head.rest(min(nap, _ABSENT) if head.account.waits_for else nap)


@dataclass(slots=True)
class _Times:
    """When a watching head looks next, asks for what is lost, tries again all that was put off (monotonic seconds)."""

    look: float = 0.0
    rescan: float = 0.0
    retry: float = 0.0
    waits: bool = False  # whether it was said that there is no room


def _watch_once(head: Head, bell: Doorbell, times: _Times) -> None:
    """One turn: look if it is time, then work."""
    film, gate, account = head.account.film, head.gate, head.account
    now = time.monotonic()
    if bell.rung:
        times.look = min(times.look, now + _breather(head))
    if now >= times.rescan:
        _hear_of_bell(account, bell.deaf(film.folder / "ingest"))
        times.rescan = now + film.settings.ingest.rescan
        head.hands.bench = replace(head.hands.bench, roots=find_roots(film, account.catalogue))
        gate.grounds = (gate.grounds[0], *_outside(head))
        head.hands.try_again()
    if now >= times.retry:
        times.retry = now + _RETRY
        head.hands.renew()
    if now >= times.look or gate.look_due:
        if complaint := bell.hang(film.folder / "ingest"):
            _hear_of_bell(account, complaint)
        bell.silence()
        head.look_around()
        for card, file in gate.restless(gate.patience):
            account.say_once(f"{card} is still changing ({file}); it is taken when it rests.")
        times.look = time.monotonic() + _nap(head)
    if account.waits_for and account.room_came():
        head.hands.try_again()
        gate.look_due = True
    head.work()
    times.waits = _tell_of_room(account, before=times.waits)


def _hear_of_bell(account: Account, complaint: str) -> None:
    """Say when not all of ingest/ is listened to any more; more folders of that kind are no news."""
    if complaint and not account.deaf:
        account.tell(Said(complaint))
    account.deaf = complaint


def _tell_of_room(account: Account, *, before: bool) -> bool:
    """Say when the work begins to wait for space and when it goes on; whether it waits now."""
    now = bool(account.waits_for)
    if now and not before:
        account.tell(Said(f"Waiting for space: {account.waits_for}"))
    if before and not now:
        account.tell(Said("There is room again; the work goes on."))
    return now


def _say_setback(head: Head, error: Exception) -> None:
    if isinstance(error, RushesError):
        head.account.say_once(f"{error.sentence} The watch goes on and tries again.")
    else:
        head.account.say_once(f"{bug(error).capitalize()}. The watch goes on and tries again.")


@contextmanager
def _head(film: Film, words: str, tell: Tell, *, trusted: bool) -> Iterator[Head]:
    """The head of this film, holding its lock; on the way out every hand has let go."""
    if not film.catalogue.exists() and owner_of(film.log):
        raise PathMissing(f"The catalogue is gone ({film.catalogue}), its log is not: run 'rushes rebuild' first.")
    cores = len(os.sched_getaffinity(0))
    processes = processes_for(cores, film.settings.proxies.jobs)
    with (
        held_lock(film.lock, words) as killed,
        open_catalogue(film.catalogue, create=True) as catalogue,
        ReaderProcess("pipeline.metadata.mediainfo_child") as mediainfo,
        Engine(processes, lambda: is_paused(film)) as engine,
    ):
        if killed:
            _sweep(film)
        else:
            resume(film)  # a pause that came as the head before was ending
        account = Account(film, catalogue, tell)
        bench, missing = _bench(account, processes)
        gate = Gate(account, mediainfo, Settler(film.settings.ingest.settle, trusted))
        head = Head(account, gate, Hands(account, engine, bench, cores, missing), words)
        try:
            yield head
        finally:
            head.hands.drop()
            with suppress(RushesError):  # a damaged catalogue has been told of already
                head.write_log()
            resume(film)
            take_word_back(film)


def _bench(account: Account, processes: int) -> tuple[Bench, tuple[int, str] | None]:
    """What orders are made with; without ffmpeg, the exit code and sentence that say so.

    The catalogue learns what a clip shall have, and who made what failed.
    """
    film, catalogue = account.film, account.catalogue
    presets, luts = film_presets(film), film_luts(film)
    want(catalogue, *wants(film.settings, presets), looks=[(lut.rule, lut.recipe) for lut in luts])
    sweep_luts(luts_folder(film), luts)
    ffmpeg, missing = _ffmpeg(film)
    presets, fallen_back = with_working_hardware(presets, ffmpeg) if ffmpeg else (presets, ())
    share = film.settings.ingest.bandwidth * 1e6 / processes
    bench = Bench(film, find_roots(film, catalogue), presets, ffmpeg, bandwidth=share, luts=luts)
    if ffmpeg:
        pardon(catalogue, bench.program)
    for sentence in fallen_back:
        account.say_once(sentence)
    return bench, missing


def _sweep(film: Film) -> None:
    """Remove what a killed head left half-made, wherever a head writes."""
    beside = [film.folder / "ingest"] if film.settings.proxies.placement == "beside" else []
    for folder in (film.folder / "proxies", film.folder / "stills", film.folder / ".rushes" / "glances", *beside):
        sweep_temporaries(folder)
    sweep_temporaries(film.catalogue.parent, deep=False)  # other films, or a whole home, may lie below


def drop_lost_products(film: Film, catalogue: Catalogue) -> None:
    """Note which proxies and stills somebody deleted, so that they are made again."""
    for product in products(catalogue):
        if not (film.folder / os.fsdecode(product.path)).exists():
            drop_product(catalogue, product.clip, product.kind, product.preset)


def _ffmpeg(film: Film) -> tuple[Path | None, tuple[int, str] | None]:
    """ffmpeg, or why there is none: cards are logged all the same."""
    try:
        return find_ffmpeg(film.settings.tools.ffmpeg), None
    except ToolMissing as error:
        return None, (error.exit_code, error.sentence)


def find_roots(film: Film, catalogue: Catalogue) -> dict[int, Root]:
    """Where each root lies now; clips of volumes that are not mounted go offline, of those that are back online."""
    film_ground(film, catalogue, b"")
    mounted: dict[str, list[str]] = {}
    for volume in volumes():
        mounted.setdefault(volume.id, []).append(str(volume.place))
    for known in roots(catalogue):
        places = mounted.get(known.volume, [])
        if known.kind == "volume" and (known.place not in places if places else known.place):
            place = places[0] if places else None
            root(catalogue, "volume", known.volume, place=place)
            (mark_online if place else mark_offline)(catalogue, known.id)
    return {known.id: known for known in roots(catalogue)}


def film_ground(film: Film, catalogue: Catalogue, below: bytes) -> Ground:
    return Ground(root(catalogue, "film", "", place=str(film.folder)), below)


def _outside(head: Head) -> Iterator[Ground]:
    """Cards that were indexed where they lie and have come back; those that went away go offline."""
    for known in head.hands.bench.roots.values():
        if known.kind != "volume" or known.place is None:
            continue
        for path, taken in card_fingerprints(head.account.catalogue, known.id).items():
            there = absolute(known, path).is_dir()
            if there and not taken:
                yield Ground(known, path)
            elif taken and not there:
                head.gate.miss(Ground(known, path), {path})


def _ground(film: Film, catalogue: Catalogue, path: Path) -> Ground:
    """What a folder named by a person is looked at as: below the film, or below its volume."""
    place = path.absolute()
    if not place.exists():
        raise PathMissing(f"{one_line(place)} is not there; check the name, or mount the volume it lies on.")
    if not place.is_dir():
        raise PathRefused(f"{one_line(place)} is a file; name the folder of its card.")
    # First as it was named: ingest/ itself may be a link to another disk.
    for named, home in ((Path(os.path.normpath(place)), film.folder), (place.resolve(), film.folder.resolve())):
        if named.is_relative_to(home):
            _refuse_products(named, home)
            return film_ground(film, catalogue, _below(named, home))
    place = place.resolve()
    volume = volume_of(place)
    return Ground(root(catalogue, "volume", volume.id, place=str(volume.place)), _below(place, volume.place))


def _refuse_products(place: Path, home: Path) -> None:
    """Raise PathRefused where what was made of footage would be taken for footage."""
    for name in FOLDERS:
        folder = home / name
        if name != "ingest" and (place.is_relative_to(folder) or folder.is_relative_to(place)):
            raise PathRefused(f"{one_line(place)} holds what this film made; name ingest/ or a folder in it.")


def _below(place: Path, home: Path) -> bytes:
    below = os.fsencode(place.relative_to(home))
    return b"" if below == b"." else below


def _breather(head: Head) -> float:
    """Seconds between two looks while things move: looking never takes more than a tenth of a core."""
    return max(0.25, 10 * head.gate.look_seconds)


def _nap(head: Head) -> float:
    """Seconds until the next look: when the first waiting card can have settled, else the rescan.

    A folder that is gone cannot ring when it returns: asking for it costs nothing.
    """
    gate, rescan = head.gate, head.account.film.settings.ingest.rescan
    if not gate.waiting:
        return min(rescan, _ABSENT) if gate.lost else rescan
    now = time.monotonic()
    soonest = min(gate.settler.settles_in(card, now) for card in gate.waiting)
    return max(_breather(head), min(soonest, TWO_LOOKS))


def _summed(head: Head) -> Summary:
    """What the run did, with every failure that still counts, once for each clip."""
    recorded = [(one_line(failed.path), one_line(failed.sentence)) for failed in failures(head.account.catalogue)]
    if head.hands.no_ffmpeg and cards_left(head.account.catalogue):
        head.account.stop(*head.hands.no_ffmpeg)
    summary = head.account.summary
    failed = dict.fromkeys((*recorded, *head.hands.unfinished(), *summary.failed))
    left = tuple(f"{card} ({file})" if file else card for card, file in head.gate.restless(0))
    return replace(summary, failed=tuple(failed), left=left, stopped_by=summary.stopped_by or head.gate.lost)
