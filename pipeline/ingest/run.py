"""The two ways in: `ingest` ends when all is done, `watch` never does."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from pipeline.catalogue.products import failures, retry_failures, want
from pipeline.catalogue.roots import mark_offline, mark_online, root, roots
from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.clip import Root
from pipeline.engine import Engine
from pipeline.errors import PathMissing, PathRefused, ToolMissing
from pipeline.files import held_lock, shown, sweep_temporaries, volume_of, volumes
from pipeline.film import Film
from pipeline.ingest.events import Summary
from pipeline.ingest.head import Head, Tell
from pipeline.ingest.look import Ground
from pipeline.ingest.make import Bench, film_presets, wants
from pipeline.ingest.word import take_word_back
from pipeline.processes import ReaderProcess, find_ffmpeg
from pipeline.proxies.placement import hands_for
from pipeline.watch import TWO_LOOKS, Doorbell, Settler

_GIVE_UP = 6  # times the settle time that `rushes ingest` waits for a card that never rests


def ingest(film: Film, paths: Sequence[Path], tell: Tell, *, retry: bool = False) -> Summary:
    """Take in what lies in these folders (none named: ingest/) and make all that is missing.

    Raises PathMissing for a folder that is not there, CatalogueBusy where another head is at work.
    """
    with _head(film, "rushes ingest", tell, trusted=True) as head:
        head.grounds = tuple(_ground(film, head.catalogue, path) for path in paths or [film.folder / "ingest"])
        head.bench = replace(head.bench, roots=_find_roots(film, head.catalogue))
        if retry:
            retry_failures(head.catalogue)
        next_look = 0.0
        while True:
            if time.monotonic() >= next_look or head.look_due:
                head.look_around()
                next_look = time.monotonic() + _nap(head)
            _work(head)
            if not head.busy and len(head.restless(_patience(film))) == len(head.waiting) and not head.look_due:
                return _summed(head)
            head.rest(max(0.0, next_look - time.monotonic()))


def watch(film: Film, tell: Tell) -> NoReturn:
    """Take in whatever settles in ingest/, for ever; an interrupt ends it cleanly.

    What goes wrong with one card or clip is told, and the others go on.
    """
    place = film.folder / "ingest"
    with _head(film, "rushes watch", tell, trusted=False) as head, Doorbell(head.engine.ended) as bell:
        head.grounds = (_film_ground(film, head.catalogue, b"ingest"),)
        next_look, hung = 0.0, False
        while True:
            if bell.rang():
                next_look = min(next_look, time.monotonic() + _breather(head))
            if time.monotonic() >= next_look or head.look_due:
                hung = place.is_dir() and (hung or _hang(bell, place, head))
                head.look_around()
                for card, file in head.restless(_patience(film)):
                    head.say_once(f"{card} is still changing ({file}); it is taken when it rests.")
                next_look = time.monotonic() + _nap(head)
            _work(head)
            head.rest(max(0.0, next_look - time.monotonic()))


@contextmanager
def _head(film: Film, words: str, tell: Tell, *, trusted: bool) -> Iterator[Head]:
    """The head of this film, holding its lock; on the way out every hand has let go."""
    hands = hands_for(len(os.sched_getaffinity(0)), film.settings.proxies.jobs)
    with (
        held_lock(film.lock, words),
        open_catalogue(film.catalogue, create=True) as catalogue,
        ReaderProcess("pipeline.metadata.mediainfo_child") as mediainfo,
        Engine(hands.processes) as engine,
    ):
        for folder in ("proxies", "stills", "timelines"):
            sweep_temporaries(film.folder / folder)
        presets = film_presets(film)
        want(catalogue, *wants(film.settings, presets))
        ffmpeg, missing = _ffmpeg(film)
        bench = Bench(film, _find_roots(film, catalogue), presets, ffmpeg, hands.threads)
        settler = Settler(film.settings.ingest.settle, trusted)
        head = Head(film, catalogue, engine, mediainfo, bench, settler, tell, words, Summary(stopped_by=missing))
        try:
            yield head
        finally:
            take_word_back(film)


def _ffmpeg(film: Film) -> tuple[Path | None, tuple[int, str] | None]:
    """ffmpeg, or why there is none: cards are logged all the same."""
    try:
        return find_ffmpeg(film.settings.tools.ffmpeg), None
    except ToolMissing as error:
        return None, (error.exit_code, error.sentence)


def _find_roots(film: Film, catalogue: Catalogue) -> dict[int, Root]:
    """Where each root lies now; clips of volumes that are not mounted go offline, of those that are back online."""
    _film_ground(film, catalogue, b"")
    mounted = {volume.id: str(volume.place) for volume in volumes()}
    for known in roots(catalogue):
        if known.kind == "volume" and known.place != mounted.get(known.volume):
            place = mounted.get(known.volume)
            root(catalogue, "volume", known.volume, place=place)
            (mark_online if place else mark_offline)(catalogue, known.id)
    return {known.id: known for known in roots(catalogue)}


def _film_ground(film: Film, catalogue: Catalogue, below: bytes) -> Ground:
    return Ground(root(catalogue, "film", "", place=str(film.folder)), below)


def _ground(film: Film, catalogue: Catalogue, path: Path) -> Ground:
    """What a folder named by a person is looked at as: below the film, or below its volume."""
    place = path.absolute()
    if not place.exists():
        raise PathMissing(f"{shown(place)} is not there; check the name, or mount the volume it lies on.")
    if not place.is_dir():
        raise PathRefused(f"{shown(place)} is a file; name the folder of its card.")
    place = place.resolve()
    home = film.folder.resolve()
    if place.is_relative_to(home):
        below = os.fsencode(place.relative_to(home))
        return _film_ground(film, catalogue, b"" if below == b"." else below)
    volume = volume_of(place)
    below = os.fsencode(place.relative_to(volume.place))
    return Ground(root(catalogue, "volume", volume.id, place=str(volume.place)), b"" if below == b"." else below)


def _work(head: Head) -> None:
    head.collect()
    head.feed()
    head.tick()


def _hang(bell: Doorbell, place: Path, head: Head) -> bool:
    complaint = bell.hang(place)
    if complaint:
        head.say_once(complaint)
    return True


def _patience(film: Film) -> float:
    return max(_GIVE_UP * film.settings.ingest.settle, 5 * TWO_LOOKS)


def _breather(head: Head) -> float:
    """Seconds between two looks while things move: looking never takes more than a tenth of a core."""
    return max(0.25, 10 * head.look_seconds)


def _nap(head: Head) -> float:
    """Seconds until the next look: when the first waiting card can have settled, else the rescan."""
    if not head.waiting:
        return head.film.settings.ingest.rescan
    now = time.monotonic()
    soonest = min(head.settler.settles_in(card, now) for card in head.waiting)
    return max(_breather(head), min(soonest, TWO_LOOKS))


def _summed(head: Head) -> Summary:
    """What the run did, with every failure that still counts, once for each clip."""
    failed = dict.fromkeys((failed.path, failed.sentence) for failed in failures(head.catalogue))
    left = tuple(f"{card} ({file})" if file else card for card, file in head.restless(0))
    return replace(head.summary, failed=(*failed, *head.summary.failed), left=left)
