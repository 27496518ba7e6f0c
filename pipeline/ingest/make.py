"""What is made of a clip: the order, the step that a hand carries out, the publishing only the head does."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cards.p2 import sounds_beside
from pipeline.catalogue.products import Want, Work
from pipeline.clip import Clip, ListedFile, Product, Root, Stamp
from pipeline.errors import ChangedWhileRead, MediaUnreadable, NotFound, PathRefused, RushesError, SettingsError
from pipeline.faults import reached
from pipeline.files import full_hash, keep_free, one_line, quick_identity, stamp_of
from pipeline.film import SETTINGS_NAME, Film
from pipeline.ingest.look import absolute
from pipeline.ingest.reins import reined
from pipeline.manifests.hashes import Hasher, agree
from pipeline.metadata.cameras import look_rules
from pipeline.metadata.editing import counted, frames_edited
from pipeline.processes.ffmpeg import Progress, identity_of, never
from pipeline.proxies.glance import GLANCES
from pipeline.proxies.job import Output, ProxyJob, Salvage, sound_recipe
from pipeline.proxies.luts import Lut, load_luts, lut_for
from pipeline.proxies.naming import glances_path, proxy_path, still_path
from pipeline.proxies.presets import STILLS, Preset, chosen, load_presets, stills_recipe, why_unfit
from pipeline.publishing import make_folder, publish, temporary_beside
from pipeline.settings import Settings, shipped

if TYPE_CHECKING:
    from pipeline.metadata.readers import FrameCounter
    from pipeline.proxies.make import Made


Reins = tuple[Callable[[], bool], Callable[[], bool]]  # cancelled? paused?


@dataclass(frozen=True, slots=True)
class Original:
    """One file of a clip: where it lies now, whether its full hash is still wanted, and the count of its frames."""

    root: int
    path: bytes
    place: Path
    stamp: Stamp
    quick: str
    hash_wanted: bool
    count_wanted: bool


@dataclass(frozen=True, slots=True)
class Bench:
    """What orders are made with: the film, where its roots lie now, its presets, ffmpeg (None: none was found).

    Of the clips in `salvage` what can be read is made, although they are damaged. A hand reads `bandwidth` bytes
    a second (0: as fast as it can).
    """

    film: Film
    roots: dict[int, Root]
    presets: tuple[Preset, ...]
    ffmpeg: Path | None
    threads: int = 0
    bandwidth: float = 0.0
    salvage: frozenset[str] = frozenset()
    luts: tuple[Lut, ...] = ()

    @property
    def program(self) -> str:
        return identity_of(self.ffmpeg) if self.ffmpeg else ""


@dataclass(frozen=True, slots=True)
class Order:
    """One clip's work as plain data. `finals` are the published places of the job's outputs, in order; `listed` what is
    compared with the card's hash lists, and where it lies; `unfit` the proxies that cannot be made of it, and why.
    Of the finals `strangers` are beside originals and taken by files that nobody recorded: a camera's own proxies."""

    clip: Clip
    originals: tuple[Original, ...]
    job: ProxyJob | None
    finals: tuple[Path, ...]
    ffmpeg: Path | None
    bandwidth: float = 0.0
    listed: tuple[tuple[ListedFile, Path], ...] = ()
    kept_free: int = 0  # bytes that stay free on the disks of the outputs
    unfit: tuple[tuple[Want, str], ...] = ()
    strangers: frozenset[Path] = frozenset()

    def decodes(self, original: Original) -> bool:
        """Whether pictures of this file are to be decoded."""
        return self.job is not None and self.clip.kind == "picture" and original.place in self.job.sources


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


def film_presets(film: Film) -> tuple[Preset, ...]:
    """The presets that a film wants; its own proxies.toml changes or joins the shipped table."""
    table = film.folder / "proxies.toml"
    own = table.read_text(encoding="utf-8") if table.is_file() else ""
    known = load_presets(shipped("proxies.toml"), own, str(table))
    try:
        presets = chosen(known, film.settings.proxies.presets)
    except NotFound as error:
        raise SettingsError(f"{film.folder / SETTINGS_NAME}, proxies.presets: {error.sentence}") from error
    for preset in presets:
        if preset.font and not Path(preset.font).is_file():
            raise SettingsError(f"{table}, {preset.name}: there is no font file {preset.font}; mend or remove it.")
    return presets


def film_luts(film: Film) -> tuple[Lut, ...]:
    """The looks that a film wants: its own rules come before the shipped ones."""
    rules = (*film.settings.look, *look_rules()) if film.settings.proxies.looks else ()
    return load_luts(rules, film.folder, luts_folder(film))


def luts_folder(film: Film) -> Path:
    """Where a film keeps clean copies of its cubes."""
    return film.folder / ".rushes" / "luts"


def wants(settings: Settings, presets: tuple[Preset, ...]) -> tuple[tuple[Want, ...], ...]:
    """What a ready clip has: with picture and sound, of sound alone, of a picture alone."""
    stills = {kind: Want(kind, "", stills_recipe(kind)) for kind in STILLS if settings.proxies.stills}
    seen = tuple(Want("proxy", preset.name, preset.recipe) for preset in presets if not preset.for_sound)
    heard = tuple(Want("proxy", preset.name, preset.recipe) for preset in presets if preset.for_sound)
    wave = tuple(want for kind, want in stills.items() if kind == "waveform")
    silent = (*seen, *(want for kind, want in stills.items() if kind != "waveform"))
    return (*seen, *stills.values()), (*heard, *wave), silent


def order(work: Work, bench: Bench, owner: Callable[[bytes], str | None]) -> Order:
    """What to hash and make for a clip, and where it will lie.

    `owner` says of which clip a published file was made: no clip takes the place of another's proxy.
    """
    by_name = {preset.name: preset for preset in bench.presets}
    outputs: list[Output] = []
    finals: list[Path] = []
    strangers: set[Path] = set()
    asked = [(want, by_name.get(want.preset)) for want in work.missing if bench.ffmpeg]
    unfit = tuple((want, why) for want, preset in asked if preset and (why := why_unfit(work.clip, preset)))
    for want in (want for want, _ in asked if want not in dict(unfit)):
        path = _product_path(work, want, by_name, bench)
        if owner(path) not in (None, work.clip.id):
            folder, _, name = path.rpartition(b"/")
            path = b"/".join([folder, work.clip.id[:8].encode(), name])
        final = bench.film.folder / os.fsdecode(path)
        beside = want.kind == "proxy" and not path.startswith(b"proxies/")
        if beside and owner(path) is None and os.path.lexists(final):
            strangers.add(final)
        outputs.append(Output(want.kind, temporary_beside(final), by_name.get(want.preset)))
        finals.append(final)
    if outputs and work.clip.kind == "picture" and any(output.kind != "waveform" for output in outputs):
        final = bench.film.folder / glances_path(work.clip.id)
        outputs.append(Output(GLANCES, temporary_beside(final)))
        finals.append(final)
    originals = _originals(work, bench, made=bool(outputs))
    sources = tuple(absolute(bench.roots[part.root], part.path) for part in work.clip.parts)
    salvage = Salvage() if work.clip.id in bench.salvage else None
    lut = lut_for(bench.luts, work.clip.facts)
    job = None
    if outputs:
        job = ProxyJob(
            work.clip, sources, tuple(outputs), bench.threads, salvage=salvage, lut=lut, bandwidth=bench.bandwidth,
            sounds=_sounds(work.clip, bench),
        )  # fmt: skip
    listed = tuple((each, absolute(bench.roots[each.root], each.path)) for each in work.listed)
    kept_free = int(bench.film.settings.storage.keep_free * 1e9)
    return Order(
        work.clip, originals, job, tuple(finals), bench.ffmpeg, bench.bandwidth, listed, kept_free, unfit,
        frozenset(strangers),
    )  # fmt: skip


def _sounds(clip: Clip, bench: Bench) -> tuple[tuple[Path | None, ...], ...]:
    """The files of sound beside each part: of the tracks that the facts know of."""
    known = {track.file for track in clip.facts.audio if track.file}
    beside = [sounds_beside(part.path, clip.sidecars) for part in clip.parts if known]
    tracks = (
        [number for number, path in beside[0].items() if one_line(path.rpartition(b"/")[2]) in known] if known else []
    )
    return tuple(
        tuple(absolute(bench.roots[part.root], files[number]) if number in files else None for number in tracks)
        for part, files in zip(clip.parts, beside, strict=False)
    )


def _originals(work: Work, bench: Bench, *, made: bool) -> tuple[Original, ...]:
    """The files of a clip and their copies. Frames are counted where a file is read anyway, or a proxy needs them."""
    unhashed = {(part.root, part.path) for part in work.unhashed}
    uncounted = {part.quick for part in work.clip.parts if part.frames is None and work.clip.kind == "picture"}
    return tuple(
        Original(
            part.root, part.path, absolute(bench.roots[part.root], part.path), part.stamp, part.quick,
            hash_wanted=key in unhashed, count_wanted=part.quick in uncounted and (made or key in unhashed),
        )
        for key, part in {(part.root, part.path): part for part in (*work.clip.parts, *work.unhashed)}.items()
    )  # fmt: skip


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


def _product_path(work: Work, want: Want, presets: dict[str, Preset], bench: Bench) -> bytes:
    """Relative to the film; beside an original only where that lies in the film itself."""
    if want.kind != "proxy":
        return still_path(work.clip, want.kind)
    inside = bench.roots[work.clip.parts[0].root].kind == "film"
    placement = bench.film.settings.proxies.placement if inside else "mirror"
    return proxy_path(work.clip, work.folder, presets[want.preset], placement)
