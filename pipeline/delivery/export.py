"""Cuts written for the editing suite: all files of an export appear, or none."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal

from opentimelineio.schema import Timeline

from pipeline.catalogue.known import known_reels
from pipeline.catalogue.store import open_catalogue
from pipeline.delivery.cuts import MadeCut
from pipeline.delivery.folder import hand_over
from pipeline.editorial.assembly import Cut
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.paths import Placed, beside, elsewhere
from pipeline.editorial.exports.readme import Handover, readme
from pipeline.editorial.exports.registry import EXPORTS
from pipeline.editorial.exports.written import ExportOptions
from pipeline.errors import ValueRefused
from pipeline.faults import reached
from pipeline.files import path_error
from pipeline.film import Film
from pipeline.publishing import workroom


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
class Delivered:
    """The files that an export published, what they could not carry, and what an editor should know besides."""

    files: tuple[Path, ...]
    losses: tuple[str, ...]
    notes: tuple[str, ...]


def export_cut(film: Film, made: MadeCut, order: Order = Order()) -> Delivered:
    """Write a cut in the formats of an editing suite (none named: those that any reader takes), each file whole.

    A page for the editor lies beside them. Raises ValueRefused for an unknown suite, ExportRefused for what a format
    cannot carry; nothing is published then.
    """
    return export_sets(film, made, (order,))[0]


def export_sets(film: Film, made: MadeCut, orders: Sequence[Order]) -> tuple[Delivered, ...]:
    """Write a cut for several suites, as export_cut does for one; nothing is published before all are written."""
    with ExitStack() as rooms:
        ready = [rooms.enter_context(finished(film, made, order)) for order in orders]
        return tuple(
            Delivered(hand_over(film, each.folder, made.name, editor=each.editor, contents=each.files), *each.said)
            for each in ready
        )


@dataclass(frozen=True, slots=True)
class Finished:
    """The files of a suite by suffix, written but not published, and what has to be said: losses, then notes."""

    editor: str
    folder: Path
    files: dict[str, Path]
    said: tuple[tuple[str, ...], tuple[str, ...]]


@contextmanager
def finished(film: Film, made: MadeCut, order: Order) -> Iterator[Finished]:
    """What is to be published for one suite, while its hidden folder stands."""
    suite = _editor(order.editor)
    folder = order.to or film.folder / "timelines" / (f"for-{order.editor}" if order.editor else "")
    contents: dict[str, bytes | Path] = {}
    losses: list[str] = [suite.warning] if suite.warning else []
    notes: list[str] = []
    with open_catalogue(film.catalogue) as catalogue:
        reels = known_reels(catalogue)
    try:
        with workroom(folder) as room:
            for extra, cut in made.cuts.items():
                placed, said = _placed(film, cut, order, folder)
                options = ExportOptions(room, order.media, order.editor, reels)
                files, lost = _written(suite, placed, options, relative=order.relative)
                losses += [f"{made.of(extra)}{loss}" for loss in lost]
                notes += [f"{made.of(extra)}{note}" for note in said]
                names = [f"{made.name}{extra}{suffix}" for suffix in files]
                lost = [*([suite.warning] if suite.warning else []), *lost]
                page = Handover(order.editor, made.version, names, said, list(dict.fromkeys(lost)), order.maps)
                files[".README.txt"] = readme(sheet_of(placed["absolute"]), page).encode()
                contents |= {f"{extra}{suffix}": content for suffix, content in files.items()}
            written = {
                suffix: _set_down(content, room / str(number))
                for number, (suffix, content) in enumerate(contents.items())
            }
            yield Finished(order.editor, folder, written, (tuple(dict.fromkeys(losses)), tuple(dict.fromkeys(notes))))
    except OSError as error:
        raise path_error(error, folder) from error


def _set_down(content: bytes | Path, file: Path) -> Path:
    """The content as a file, so that a full disk is known before anything is published."""
    if isinstance(content, Path):
        return content
    reached("export.write")
    file.write_bytes(content)
    return file


def _written(
    suite: Editor, placed: Mapping[str, Timeline], options: ExportOptions, *, relative: bool
) -> tuple[dict[str, bytes | Path], list[str]]:
    """One timeline in the formats of a suite, by suffix, and what they could not carry."""
    contents: dict[str, bytes | Path] = {}
    losses: list[str] = []
    for export in EXPORTS:
        if export.suffix not in suite.suffixes:
            continue
        written = export.write(placed[export.paths], replace(options, folder=Path(mkdtemp(dir=options.folder))))
        contents |= {one.suffix: one.content for one in written.files}
        losses += [f"{export.suffix[1:]}: {loss}" for loss in written.losses]
        if relative and export.paths == "absolute":
            losses.append(f"{export.suffix[1:]}: Paths are absolute: this format holds no relative ones.")
    return contents, losses


def _placed(film: Film, cut: Cut, order: Order, folder: Path) -> tuple[dict[str, Timeline], tuple[str, ...]]:
    """The timeline with each kind of paths that a format may hold, and what an editor should know of it all."""
    here = cut.timeline
    there = elsewhere(here, order.maps)
    near = beside(here, str(film.folder), str(folder.absolute())) if order.relative else Placed(here)
    relative = elsewhere(near.timeline, order.maps).timeline
    notes = (*cut.notes, *there.sentences, *near.sentences)
    return {"here": here, "absolute": there.timeline, "relative": relative}, notes


def _editor(name: str) -> Editor:
    if not name:
        return Editor("", tuple(export.suffix for export in EXPORTS if not export.on_request))
    for editor in EDITORS:
        if editor.name == name:
            return editor
    known = ", ".join(editor.name for editor in EDITORS)
    raise ValueRefused(f"There is no export for '{name}'; choose from {known} or all.")
