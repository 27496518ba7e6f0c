"""An order carried out: the step that a hand takes, and the publishing that only the head does."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.clip import Clip, ListedFile, Product, Stamp
from pipeline.errors import ChangedWhileRead, MediaUnreadable, PathRefused, RushesError
from pipeline.faults import reached
from pipeline.files import full_hash, keep_free, one_line, quick_identity, stamp_of
from pipeline.film import Film
from pipeline.ingest.orders import Order, Original
from pipeline.manifests.hashes import Hasher, agree
from pipeline.metadata.editing import counted, frames_edited
from pipeline.processes.ffmpeg import Progress, never
from pipeline.processes.reins import reined
from pipeline.proxies.glance import GLANCES
from pipeline.proxies.job import sound_recipe
from pipeline.proxies.presets import stills_recipe
from pipeline.publishing import make_folder, publish

if TYPE_CHECKING:
    from pipeline.metadata.readers import FrameCounter
    from pipeline.proxies.make import Made


Reins = tuple[Callable[[], bool], Callable[[], bool]]  # cancelled? paused?


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an order; `error` says why not everything that was asked for is there.

    `counts` are frames of editing, of files that do not say how many they have; `compared` what each listed file is,
    `proven` the hashes of those originals that are as listed. `fallen_back` says that graphics hardware failed at it
    and software made it.
    """

    hashes: tuple[tuple[Original, str], ...] = ()
    counts: tuple[tuple[Original, int], ...] = ()
    compared: tuple[tuple[ListedFile, str], ...] = ()
    proven: tuple[tuple[Original, str], ...] = ()
    made: "tuple[Made, ...]" = ()
    seconds: float = 0.0
    error: RushesError | None = None
    fallen_back: str = ""

    @property
    def frames(self) -> int | None:
        """Frames of the proxies made: the length of a salvaged clip that does not tell its own."""
        return next((made.case.clip.frames for made in self.made if made.case), None)


@dataclass(slots=True)
class _Told:
    """What reading the files of an order has told so far."""

    hashes: list[tuple[Original, str]] = field(default_factory=list)
    counts: list[tuple[Original, int]] = field(default_factory=list)
    compared: list[tuple[ListedFile, str]] = field(default_factory=list)
    proven: list[tuple[Original, str]] = field(default_factory=list)
    broken: dict[Path, tuple[int, ...]] = field(default_factory=dict)  # pictures whose bytes no encoder wrote


def carry_out(
    order: Order, progress: Callable[[float], None], cancelled: Callable[[], bool], paused: Callable[[], bool]
) -> Outcome:
    """Hash the originals and make the products into temporary files: a step for an engine.

    Never raises what a person can mend: that is part of the outcome, beside what was done before it.
    """
    started = time.monotonic()
    told = _Told()
    made: tuple[Made, ...] = ()
    error: RushesError | None = None
    fallen_back = ""

    try:
        _read_files(order, told, (cancelled, paused))
        if order.job and order.ffmpeg:
            # Here: a run with nothing to make never loads what builds graphs.
            from pipeline.proxies.make import make_either_way

            unwritten = tuple(told.broken.get(source, ()) for source in order.job.sources)
            job = replace(order.job, clip=counted_clip(order.clip, told.counts), unwritten=unwritten)
            length = float(job.media_seconds)

            def heard(of: Progress) -> None:
                progress(max(of.seconds, of.share * length))
                for folder in {final.parent for final in order.finals}:
                    keep_free(folder, order.kept_free)

            reached("make.begin")
            made, fallen_back = make_either_way(job, order.ffmpeg, progress=heard, cancelled=cancelled, paused=paused)
            reached("make.made")
    except MediaUnreadable as refused:
        error = _of_the_disk(order, cancelled) or refused
    except RushesError as refused:
        error = refused
    counts, compared = tuple(told.counts), tuple(told.compared)
    proven = tuple(told.proven)
    seconds = time.monotonic() - started
    return Outcome(tuple(told.hashes), counts, compared, proven, made, seconds, error, fallen_back)


def _read_files(order: Order, told: _Told, reins: Reins) -> None:
    """Read each file once for all that is wanted of its bytes."""
    # Here: where nothing is left to make, no reader is needed.
    from pipeline.metadata.payload import picture_check
    from pipeline.metadata.readers import frame_counter

    listed = {(each.root, each.path): each for each, _ in order.listed}
    for original in order.originals:
        _refuse_change(original.place, original.stamp)
        reached("make.hash")
        _refuse_rot(original)
        counter = frame_counter(original.place) if original.count_wanted else None
        check = picture_check(original.place) if order.decodes(original) else None
        mine = listed.pop((original.root, original.path), None)
        hasher = Hasher(tuple(mine.hashes) if mine else ())
        if original.hash_wanted or counter or check or mine:
            feeds = [hasher.update, *(each.feed for each in (counter, check) if each)]
            full = full_hash(original.place, reined(feeds, order.bandwidth, *reins), reins[0])
        if original.hash_wanted:
            told.hashes.append((original, full))
        if counter and (frames := _counted(order.clip, counter)):
            told.counts.append((original, frames))
        if check and check.broken:
            told.broken[original.place] = tuple(sorted(check.broken))
        if mine:
            _compare(told, (original, mine), hasher, full)
    for each, place in order.listed:
        if (each.root, each.path) in listed:
            told.compared.append((each, _compared(each, place, order.bandwidth, reins)))


def _compare(told: _Told, what: tuple[Original, ListedFile], hasher: Hasher, full: str) -> None:
    """Keep what an original is by its list; of one that is as listed, what it is known by."""
    original, listed = what
    verdict = _verdict(listed, hasher)
    told.compared.append((listed, verdict))
    if verdict == "verified":
        told.proven.append((replace(original, quick=quick_identity(original.place)), full))


def _of_the_disk(order: Order, cancelled: Callable[[], bool]) -> RushesError | None:
    """Why an original that could not be decoded cannot be read either; None for one that was or is read whole."""
    try:
        for original in order.originals:
            if not original.hash_wanted:
                full_hash(original.place, _unheard, cancelled)
    except RushesError as refused:
        return refused
    return None


def counted_clip(clip: Clip, counts: Sequence[tuple[Original, int]]) -> Clip:
    """The clip of an order, its length known from the reading of its files."""
    return counted(clip, {original.quick: frames for original, frames in counts})


def _counted(clip: Clip, counter: "FrameCounter") -> int | None:
    """Frames of editing of a file that was read whole."""
    return frames_edited(clip.facts, counter.frames, counter.average) if counter.frames else None


def _verdict(listed: ListedFile, hasher: Hasher) -> str:
    return "verified" if agree(listed.hashes, hasher.values()) else "differs"


def _refuse_rot(original: Original) -> None:
    """Raise MediaUnreadable where a file is not what was taken in and no hash is known: none of this is to stand."""
    if original.hash_wanted and quick_identity(original.place) != original.quick:
        raise MediaUnreadable(
            f"{one_line(original.place.name)} reads otherwise than when it was taken in; copy it again from the card,"
            " then run 'rushes ingest --retry'."
        )


def _compared(listed: ListedFile, place: Path, bandwidth: float, reins: Reins) -> str:
    """What a file that is no recording is by its list; one that the disk does not give costs its clip nothing else."""
    hasher = Hasher(tuple(listed.hashes))
    try:
        if listed.stamp:
            _refuse_change(place, listed.stamp)
        full_hash(place, reined([hasher.update], bandwidth, *reins), reins[0])
    except PathRefused:
        return "unreadable"
    return _verdict(listed, hasher)


def _unheard(_: memoryview) -> None:
    """Nothing is counted in the bytes of a file that is only hashed."""


def publish_outcome(order: Order, outcome: Outcome, film: Film) -> tuple[Product, ...]:
    """Move what was made to its place, whole and safe; the products are ready to be recorded."""
    finals = (
        {output.path: final for output, final in zip(order.job.outputs, order.finals, strict=True)} if order.job else {}
    )
    products = []
    for made in outcome.made:
        final = finals[made.output.path]
        if made.output.kind == GLANCES:
            publish(made.output.path, final)
            continue
        full = full_hash(made.output.path, _unheard, never)  # what was just written is still in memory
        if final in order.strangers and not _is(final, full):
            final = final.parent / order.clip.id[:8] / final.name
            make_folder(final.parent)
        reached("make.publish")
        publish(made.output.path, final)
        path = os.fsencode(final.relative_to(film.folder))
        recipe = made.output.preset.recipe if made.output.preset else stills_recipe(made.output.kind)
        if order.job and order.job.lut:
            recipe += order.job.lut.recipe
        recipe += sound_recipe(order.clip.facts)
        product = Product(order.clip.id, made.output.kind, made.preset_name, path, recipe, made.size, full=full)
        products.append(_judged(product, made, final))
    return tuple(products)


def _is(place: Path, full: str) -> bool:
    """Whether a file holds what was just made: a head that was killed had published it."""
    return place.is_file() and not place.is_symlink() and full_hash(place, _unheard, never) == full


def _judged(product: Product, made: "Made", final: Path) -> Product:
    """The product with what each editor would say of it; stills are judged by nobody."""
    if made.case is None:
        return product
    from pipeline.proxies.verdict import breaches, verdict  # only where something was made

    return replace(product, verdict=verdict(breaches(replace(made.case, path=final))), held=made.case.held)


def _refuse_change(place: Path, then: Stamp) -> None:
    """Raise ChangedWhileRead where a file is not the one that was logged.

    Device and, on camera cards, inode numbers change with every mount.
    """
    now = stamp_of(place)
    if (now.size, now.mtime_ns) != (then.size, then.mtime_ns):
        raise ChangedWhileRead(f"{one_line(place.name)} has changed; it is taken again when it rests.")


def discard(order: Order) -> None:
    """Remove the temporary files of an order whose outcome is not wanted any more."""
    for output in order.job.outputs if order.job else ():
        with suppress(OSError):
            output.path.unlink()
