"""Cuts made, made again, and written for the editing suite."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal

from opentimelineio.schema import Timeline

from pipeline.catalogue.cuts import SavedCut, clips_of_cut, cut, save_cut
from pipeline.catalogue.listing import logged_clips
from pipeline.catalogue.roots import roots
from pipeline.catalogue.store import Catalogue
from pipeline.clip import LoggedClip
from pipeline.delivery.folder import hand_over
from pipeline.editorial.arrange import settings_for
from pipeline.editorial.assembly import Cut, assemble
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.paths import Placed, beside, elsewhere
from pipeline.editorial.exports.readme import Handover, readme
from pipeline.editorial.exports.registry import EXPORTS
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports.kept import kept_of
from pipeline.editorial.shots import Media, media_of
from pipeline.errors import NotFound, ValueRefused
from pipeline.files import path_error, temporary_beside
from pipeline.film import Film
from pipeline.shotlog.query import parse


@dataclass(frozen=True, slots=True)
class Editor:
    """An editing suite, the formats it is given (best first), and what to say where none is made for it yet."""

    name: str
    suffixes: tuple[str, ...]
    warning: str = ""


EDITORS: tuple[Editor, ...] = (
    Editor("resolve", (".otio", ".fcpxml", ".xml", ".edl", ".aaf", ".metadata.csv")),
    Editor("premiere", (".xml", ".otio", ".edl", ".aaf", ".batch.csv")),
    Editor("avid", (".aaf", ".edl", ".ale")),
    Editor("fcp", (".fcpxml",)),
    Editor("kdenlive", (".kdenlive",)),
    Editor("lists", (".shots.csv", ".shots.md", ".markers.srt", ".markers.vtt")),
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
class Order:
    """What an export is asked for: the suite, the folder, what is linked first, and where the media lie there.

    An empty `editor` is none in particular; without `to` the film's own folder is meant. `maps` says what paths begin
    with here and there; `relative` wants them from the timeline file on, where a format can.
    """

    editor: str = ""
    to: Path | None = None
    media: Literal["original", "proxy"] | None = None
    maps: Mapping[str, str] = field(default_factory=dict)
    relative: bool = False


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
    """The files that an export published, what they could not carry, and what an editor should know besides."""

    files: tuple[Path, ...]
    losses: tuple[str, ...]
    notes: tuple[str, ...]


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
    return _recipe(cut(catalogue, name))


def saved_cut(film: Film, catalogue: Catalogue, name: str) -> MadeCut:
    """A cut as it was saved: the same clips, with what the log says of them now."""
    saved = cut(catalogue, name)
    recipe = _recipe(saved)
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


def export_cut(film: Film, made: MadeCut, order: Order = Order()) -> Delivered:
    """Write a cut in the formats of an editing suite (none named: those that any reader takes), each file whole.

    A page for the editor lies beside them. Raises ValueRefused for an unknown suite, ExportRefused for what a format
    cannot carry; nothing is published then.
    """
    return export_sets(film, made, (order,))[0]


def export_sets(film: Film, made: MadeCut, orders: Sequence[Order]) -> tuple[Delivered, ...]:
    """Write a cut for several suites, as export_cut does for one; nothing is published before all are written."""
    with ExitStack() as rooms:
        finished = [rooms.enter_context(_finished(film, made, order)) for order in orders]
        return tuple(
            Delivered(hand_over(film, each.folder, made.name, editor=each.editor, contents=each.files), *each.said)
            for each in finished
        )


@dataclass(frozen=True, slots=True)
class _Finished:
    """The files of a suite by suffix, written but not published, and what has to be said: losses, then notes."""

    editor: str
    folder: Path
    files: dict[str, Path]
    said: tuple[tuple[str, ...], tuple[str, ...]]


@contextmanager
def _finished(film: Film, made: MadeCut, order: Order) -> Iterator[_Finished]:
    """What is to be published for one suite, while its hidden folder stands."""
    suite = _editor(order.editor)
    folder = order.to or film.folder / "timelines" / (f"for-{order.editor}" if order.editor else "")
    placed, notes = _placed(film, made, order, folder)
    contents: dict[str, bytes | Path] = {}
    losses: list[str] = [suite.warning] if suite.warning else []
    workroom = _workroom(folder)
    try:
        for export in EXPORTS:
            if export.suffix not in suite.suffixes:
                continue
            options = ExportOptions(Path(mkdtemp(dir=workroom)), order.media, order.editor)
            written = export.write(placed[export.paths], options)
            contents |= {one.suffix: one.content for one in written.files}
            losses += [f"{export.suffix[1:]}: {loss}" for loss in written.losses]
            if order.relative and export.paths == "absolute":
                losses.append(f"{export.suffix[1:]}: Paths are absolute: this format holds no relative ones.")
        losses = list(dict.fromkeys(losses))
        page = Handover(
            order.editor, made.version, [f"{made.name}{suffix}" for suffix in contents], notes, losses, order.maps
        )
        contents[".README.txt"] = readme(sheet_of(placed["absolute"]), page).encode()
        files = {
            suffix: _set_down(content, workroom / str(number))
            for number, (suffix, content) in enumerate(contents.items())
        }
        yield _Finished(order.editor, folder, files, (tuple(losses), notes))
    except OSError as error:
        raise path_error(error, folder) from error
    finally:
        shutil.rmtree(workroom, ignore_errors=True)


def _set_down(content: bytes | Path, file: Path) -> Path:
    """The content as a file, so that a full disk is known before anything is published."""
    if isinstance(content, Path):
        return content
    file.write_bytes(content)
    return file


def _placed(film: Film, made: MadeCut, order: Order, folder: Path) -> tuple[dict[str, Timeline], tuple[str, ...]]:
    """The timeline with each kind of paths that a format may hold, and what an editor should know of it all."""
    here = made.cut.timeline
    there = elsewhere(here, order.maps)
    near = beside(here, str(film.folder), str(folder.absolute())) if order.relative else Placed(here)
    relative = elsewhere(near.timeline, order.maps).timeline
    notes = (*made.cut.notes, *there.sentences, *near.sentences)
    return {"here": here, "absolute": there.timeline, "relative": relative}, notes


def _recipe(saved: SavedCut) -> Recipe:
    """What a cut is made by. Raises ValueRefused for a timeline that an editor sent back."""
    if kept_of(saved.spec) is not None:
        raise ValueRefused(
            f"'{saved.name}' came from an editor and is made by no search; 'rushes cut NAME QUERY' makes one."
        )
    return Recipe(**saved.spec)


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
    return assemble(recipe.kind, clips, media_for(film, catalogue, clips), settings)


def media_for(film: Film, catalogue: Catalogue, clips: Sequence[LoggedClip]) -> dict[str, Media]:
    """Where originals and edit proxies lie now, by clip id."""
    places = {root.id: str(film.folder) if root.kind == "film" else root.place for root in roots(catalogue)}
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
