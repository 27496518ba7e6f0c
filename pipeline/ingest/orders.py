"""What is to be made of a clip, as plain data: which of its files are read, what products come of them and where."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.cards.p2 import sounds_beside
from pipeline.catalogue.products import Want, Work
from pipeline.clip import Clip, ListedFile, Root, Stamp
from pipeline.errors import NotFound, SettingsError
from pipeline.files import one_line
from pipeline.film import SETTINGS_NAME, Film
from pipeline.ingest.look import absolute
from pipeline.metadata.cameras import look_rules
from pipeline.processes.ffmpeg import identity_of
from pipeline.proxies.glance import GLANCES
from pipeline.proxies.job import Output, ProxyJob, Salvage
from pipeline.proxies.luts import Lut, load_luts, lut_for
from pipeline.proxies.naming import glances_path, proxy_path, still_path
from pipeline.proxies.presets import STILLS, Preset, chosen, load_presets, stills_recipe, why_unfit
from pipeline.publishing import temporary_beside
from pipeline.settings import Settings, shipped


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


def _product_path(work: Work, want: Want, presets: dict[str, Preset], bench: Bench) -> bytes:
    """Relative to the film; beside an original only where that lies in the film itself."""
    if want.kind != "proxy":
        return still_path(work.clip, want.kind)
    inside = bench.roots[work.clip.parts[0].root].kind == "film"
    placement = bench.film.settings.proxies.placement if inside else "mirror"
    return proxy_path(work.clip, work.folder, presets[want.preset], placement)
