"""The proxies that lie on the disk now, measured again and judged for each editing suite."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pipeline.catalogue.listing import logged_clips
from pipeline.catalogue.store import Catalogue
from pipeline.clip import Clip, Product, Root
from pipeline.errors import MediaUnreadable, RushesError
from pipeline.film import Film
from pipeline.ingest.look import absolute, grounds
from pipeline.ingest.orders import film_presets
from pipeline.proxies.checks import Case, Measured
from pipeline.proxies.compare import Treatment, compare
from pipeline.proxies.endings import damage
from pipeline.proxies.framemap import Run, frame_map, runs
from pipeline.proxies.listening import listen
from pipeline.proxies.playing import played
from pipeline.proxies.verdict import Breach, breaches, defects, measure, times_of_original, verdict
from pipeline.shotlog.query import Query


@dataclass(frozen=True, slots=True)
class Judged:
    """A proxy and what was found: `defects` in words, `frame_map` of a clip whose rate varies.

    `unseen`: why pictures that were to be looked at could not be; that says nothing of them. `outdated`: it was made
    by other rules than those of its preset now, so that the next ingest makes it again. `elsewhere`: it does not lie
    where the settings put proxies now.
    """

    clip: Clip
    product: Product
    broken: tuple[Breach, ...]
    defects: tuple[str, ...]
    frame_map: tuple[Run, ...] = ()
    unseen: str = ""
    outdated: bool = False
    elsewhere: bool = False

    @property
    def verdict(self) -> dict[str, tuple[str, ...]]:
        return verdict(self.broken)


def judged(film: Film, catalogue: Catalogue, query: Query, *, ffmpeg: Path | None = None) -> Iterator[Judged]:
    """Every proxy of the clips found, in story order; with `ffmpeg` its pictures are compared, too."""
    presets = {preset.name: preset for preset in film_presets(film)}
    places = grounds(film, catalogue)
    for logged in logged_clips(catalogue, query):
        first, sources = _originals(logged.clip, places)
        proxies = [product for product in logged.products if product.kind == "proxy"]
        beside = film.settings.proxies.placement == "beside" and places[logged.clip.parts[0].root].kind == "film"
        looked_at = ffmpeg if any(product.held is None for product in proxies) else None
        damaged, unseen = _told(damage, logged.clip, sources, looked_at)
        for product in proxies:
            path = film.folder / os.fsdecode(product.path)
            case = Case(logged.clip, presets.get(product.preset), Measured(), path, first, held=product.held)
            if product.held is None:
                case = replace(case, damaged=damaged)
            graded = case.preset is None or (film.settings.proxies.looks and bool(film.settings.look))
            found = _judge(case, product, Treatment(case.preset, graded), sources, ffmpeg)
            yield replace(
                found,
                unseen=unseen if unseen and product.held is None else found.unseen,
                outdated=case.preset is not None and not product.recipe.startswith(case.preset.recipe),
                elsewhere=(product.path[:8] != b"proxies/") != beside,
            )


def damaged_clips(film: Film, catalogue: Catalogue, query: Query, ffmpeg: Path) -> frozenset[str]:
    """Which of the clips found have damaged originals and proxies of them as if they were whole.

    Raises what a look that cannot be had raises: a clip of which nothing is known keeps its proxy.
    """
    places = grounds(film, catalogue)
    whole = [
        each.clip
        for each in logged_clips(catalogue, query)
        if any(product.kind == "proxy" and product.held is None for product in each.products)
    ]
    return frozenset(
        clip.id for clip in whole if (sources := _originals(clip, places)[1]) and damage(clip, sources, ffmpeg)
    )


def _originals(clip: Clip, places: Mapping[int, Root]) -> tuple[Path | None, list[Path]]:
    """Where the first original is said to lie, and all of them where all are there."""
    said = [absolute(places[part.root], part.path) if places[part.root].place else None for part in clip.parts]
    there = [path for path in said if path and path.is_file()]
    return said[0], there if len(there) == len(said) else []


def _judge(case: Case, product: Product, treated: Treatment, sources: Sequence[Path], ffmpeg: Path | None) -> Judged:
    path = case.path or Path()
    if sources:
        with suppress(RushesError):  # an original that cannot be read now has no map
            case = replace(case, original_times=times_of_original(case.clip, sources[0]))
    unseen = ""
    try:
        case = replace(case, found=measure(path))
        if ffmpeg:
            case, unseen = _looked_at(case, treated, sources, ffmpeg)
        return Judged(case.clip, product, breaches(case), defects(case), _map(case), unseen)
    except RushesError as error:
        case = replace(case, lost=error.sentence)
        return Judged(case.clip, product, breaches(case), defects(case))


def _looked_at(case: Case, treated: Treatment, sources: Sequence[Path], ffmpeg: Path) -> tuple[Case, str]:
    """The case with what a decoder gives and what shows beside the original, and why a look could not be had.

    Raises MediaUnreadable for a proxy that cannot be played.
    """
    path = case.path or Path()
    try:
        case = replace(case, found=replace(case.found, played=played(case.clip, path, ffmpeg)))
    except MediaUnreadable:
        raise
    except RushesError as error:
        return case, error.sentence
    if case.held is not None:
        return case, ""
    tracks = len(case.found.facts.audio)
    heard, unheard = _told(partial(listen, proxy=path, tracks=tracks), case.clip, sources, ffmpeg)
    case = replace(case, heard=heard)
    if case.clip.kind == "sound":
        return case, unheard
    compared, unseen = _told(partial(compare, proxy=path, treated=treated), case.clip, sources, ffmpeg)
    return replace(case, compared=compared), unseen or unheard


def _told(look: Callable[..., str], clip: Clip, sources: Sequence[Path], ffmpeg: Path | None) -> tuple[str, str]:
    """What a look at a clip's pictures finds, and why it could not be had; nothing where none is asked for.

    What cannot be decoded is found so; of a disk that is full or a program that was stopped nothing follows.
    """
    if ffmpeg is None:
        return "", ""
    if not sources:
        return "", "its original is not there; bring its disk back, or name it to 'rushes ingest'."
    try:
        return look(clip, sources, ffmpeg=ffmpeg), ""
    except MediaUnreadable as error:
        return error.sentence, ""
    except RushesError as error:
        return "", error.sentence


def _map(case: Case) -> tuple[Run, ...]:
    times, clip = case.original_times, case.clip
    return runs(frame_map(times, clip.rate, clip.frames)) if times and clip.rate and clip.frames else ()
