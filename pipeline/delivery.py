"""Cuts made, made again, and written for the editing suite."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from tempfile import mkdtemp

from pipeline.catalogue.cuts import SavedCut, clips_of_cut, cut, save_cut
from pipeline.catalogue.listing import logged_clips
from pipeline.catalogue.roots import roots
from pipeline.catalogue.store import Catalogue
from pipeline.clip import LoggedClip
from pipeline.editorial.arrange import settings_for
from pipeline.editorial.assembly import Cut, assemble
from pipeline.editorial.exports.registry import EXPORTS
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.shots import Media, media_of
from pipeline.errors import NotFound, ValueRefused
from pipeline.files import path_error, publish, temporary_beside, write_whole
from pipeline.film import Film
from pipeline.shotlog.query import parse


@dataclass(frozen=True, slots=True)
class Editor:
    """An editing suite, the formats it is given (best first), and what to say where none is made for it yet."""

    name: str
    suffixes: tuple[str, ...]
    warning: str = ""


EDITORS: tuple[Editor, ...] = (
    Editor("resolve", (".otio", ".fcpxml", ".xml", ".edl", ".aaf")),
    Editor("premiere", (".xml", ".otio", ".edl", ".aaf")),
    Editor("avid", (".aaf", ".edl", ".ale")),
    Editor("fcp", (".fcpxml",)),
    Editor("kdenlive", (".otio",), "Kdenlive's OTIO import moves in-points; compare every cut with the original."),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a cut is made by; empty texts mean the film's setting, else the commonest of the clips.

    `handles` and `gap` are frames of the timeline; `sort` holds field names, `-` before one turns it.
    """

    query: str
    kind: str = "stringout"
    by: str = ""
    sort: str = ""
    rate: str = ""
    start: str = ""
    size: str = ""
    handles: int = 0
    gap: int = 0


@dataclass(frozen=True, slots=True)
class MadeCut:
    """A cut as a timeline; `clips` in the order of the search, `new` those that the version before lacked."""

    name: str
    version: int
    recipe: Recipe
    cut: Cut
    clips: tuple[LoggedClip, ...]
    new: tuple[LoggedClip, ...]

    @property
    def duration(self) -> Fraction:
        """Seconds of the timeline."""
        length = self.cut.timeline.duration()
        return Fraction(length.value) / Fraction(length.rate).limit_denominator(1001)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The files that an export published, and what they could not carry."""

    files: tuple[Path, ...]
    losses: tuple[str, ...]


def make_cut(film: Film, catalogue: Catalogue, name: str, recipe: Recipe) -> MadeCut:
    """Cut what a search finds, and save the cut as the next version of its name.

    Raises NotFound where nothing is found, QueryError, ValueRefused.
    """
    clips = logged_clips(catalogue, parse(recipe.query))
    if not clips:
        raise NotFound(f"Nothing in the log fits '{recipe.query}'; 'rushes log' shows what there is.")
    before = _before(catalogue, name)
    made = _assembled(film, catalogue, name, recipe, clips)
    known = set(before.clips) if before else {logged.clip.id for logged in clips}
    version = save_cut(catalogue, name, asdict(recipe), [logged.clip.id for logged in clips])
    new = tuple(logged for logged in clips if logged.clip.id not in known)
    return MadeCut(name, version, recipe, made, tuple(clips), new)


def saved_recipe(catalogue: Catalogue, name: str) -> Recipe:
    """What a saved cut is made by: make_cut with it takes in what has come since. Raises NotFound."""
    return Recipe(**cut(catalogue, name).spec)


def saved_cut(film: Film, catalogue: Catalogue, name: str) -> MadeCut:
    """A cut as it was saved: the same clips, with what the log says of them now."""
    saved = cut(catalogue, name)
    recipe = Recipe(**saved.spec)
    clips = clips_of_cut(catalogue, saved)
    if not clips:
        raise NotFound(f"No clip of the cut '{name}' is in the log any more; 'rushes cut {name} QUERY' makes it anew.")
    lost = len(saved.clips) - len(clips)
    made = _assembled(film, catalogue, name, recipe, clips)
    if lost:
        made = replace(
            made, notes=(f"{lost} clips of this cut were taken out of the log and are left out.", *made.notes)
        )
    return MadeCut(name, saved.version, recipe, made, tuple(clips), ())


def export_cut(
    film: Film, made: MadeCut, *, editor: str = "", to: Path | None = None, media: str | None = None
) -> Delivered:
    """Write a cut in the formats of an editing suite (none named: all formats), each file whole.

    Raises ValueRefused for an unknown suite, ExportRefused for what a format cannot carry.
    """
    suite = _editor(editor)
    folder = to or film.folder / "timelines" / (f"for-{editor}" if editor else "")
    files: list[Path] = []
    losses: list[str] = [suite.warning] if suite.warning else []
    workroom = _workroom(folder)
    try:
        for export in EXPORTS:
            if export.suffix not in suite.suffixes:
                continue
            own = Path(mkdtemp(dir=workroom))
            options = ExportOptions(own, media, editor)  # type: ignore[arg-type] # click.Choice
            written = export.write(made.cut.timeline, options)
            files += [_publish(one.content, folder / f"{made.name}{one.suffix}") for one in written.files]
            losses += [f"{export.suffix[1:]}: {loss}" for loss in written.losses]
    except OSError as error:
        raise path_error(error, folder) from error
    finally:
        shutil.rmtree(workroom, ignore_errors=True)
    return Delivered(tuple(files), tuple(dict.fromkeys(losses)))


def _before(catalogue: Catalogue, name: str) -> SavedCut | None:
    try:
        return cut(catalogue, name)
    except NotFound:
        return None


def _assembled(film: Film, catalogue: Catalogue, name: str, recipe: Recipe, clips: Sequence[LoggedClip]) -> Cut:
    timeline = film.settings.timeline
    start, size = recipe.start or timeline.start, recipe.size or timeline.size
    settings = settings_for(clips, name, rate=recipe.rate or timeline.rate, start=start, size=size)
    sort = tuple(field for field in recipe.sort.split(",") if field)
    settings = replace(settings, handles=recipe.handles, gap=recipe.gap, by=recipe.by, sort=sort)
    return assemble(recipe.kind, clips, _media(film, catalogue, clips), settings)


def _media(film: Film, catalogue: Catalogue, clips: Sequence[LoggedClip]) -> dict[str, Media]:
    """Where originals and edit proxies lie now, by clip id."""
    places = {root.id: root.place for root in roots(catalogue)}
    preset = film.settings.proxies.presets[0] if film.settings.proxies.presets else ""
    media = {}
    for logged in clips:
        proxy = next((each for each in logged.products if each.kind == "proxy" and each.preset == preset), None)
        path = str(film.folder / os.fsdecode(proxy.path)) if proxy else None
        media[logged.clip.id] = media_of(logged.clip, places, proxy=path)
    return media


def _editor(name: str) -> Editor:
    if not name:
        return Editor("", tuple(export.suffix for export in EXPORTS if not export.on_request))
    for editor in EDITORS:
        if editor.name == name:
            return editor
    known = ", ".join(editor.name for editor in EDITORS)
    raise ValueRefused(f"There is no export for '{name}'; choose from {known} or all.")


def _workroom(folder: Path) -> Path:
    """A hidden folder on the disk of the target, so that what is finished there only needs a rename."""
    workroom = temporary_beside(folder / "x")
    try:
        workroom.mkdir()
    except OSError as error:
        raise path_error(error, folder) from error
    return workroom


def _publish(content: bytes | Path, final: Path) -> Path:
    if isinstance(content, bytes):
        write_whole(final, content)
    else:
        publish(content, final)
    return final
