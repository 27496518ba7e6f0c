"""Two sides of a comparison: cuts, versions of them, and timeline files.

A file says less than a cut. So that only edits are told as changes, the cut is written in the format of the file and
read back, and that is what the file is compared with; what the format could not carry is told apart.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.catalogue.cuts import SavedCut, clips_of_cut, cut, name_and_version
from pipeline.catalogue.store import Catalogue
from pipeline.delivery.cuts import MadeCut, saved_cut
from pipeline.delivery.versions import Compared, compared, edit_lists
from pipeline.editorial.diff import EditList
from pipeline.editorial.edits import by_name, edits_of_file, edits_of_kept, one_stream
from pipeline.editorial.exports.registry import EXPORTS
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports.kept import kept_of
from pipeline.editorial.imports.registry import IMPORTS
from pipeline.errors import ExportRefused, NotFound, ValueRefused, command
from pipeline.film import Film
from pipeline.ingest.anywhere import read_timeline
from pipeline.timecode import Rate

# By format as read: the suffix of what is written in it, and the suites for which it is written in different ways.
_WRITTEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "otio": (".otio", ("",)), "xmeml": (".xml", ("",)), "fcpxml": (".fcpxml", ("fcp", "resolve")),
    "edl": (".edl", ("",)), "aaf": (".aaf", ("",)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """Two versions by name, and what changed from the old one to the new, timeline by timeline.

    `not_carried`: what the format of a file could not hold of the cut that it is compared with.
    """

    old: str
    new: str
    timelines: tuple[Compared, ...]
    not_carried: tuple[str, ...] = ()


def compared_cuts(film: Film, catalogue: Catalogue, old: str, new: str | None) -> Result:
    """What changed from one cut to another: NAME, NAME@VERSION or a timeline file; one alone since the version before.

    Raises NotFound, ValueRefused, PathMissing, TimelineUnreadable.
    """
    if new is None:
        name, version = name_and_version(catalogue, old)
        last = cut(catalogue, name, version=version)
        if last.version == 1 and version:
            raise NotFound(f"'{old}' is the first version; give the one to compare it with: 'rushes diff CUT1 CUT2'.")
        if last.version == 1:
            again = command("cut", last.name)
            raise NotFound(f"'{last.name}' has one version; {again} makes the next, then compare them.")
        old, new = f"{last.name}@{last.version - 1}", f"{last.name}@{last.version}"
    files = [read_timeline(Path(each)) if _is_file(catalogue, each) else None for each in (old, new)]
    for path, file in zip((old, new), files, strict=True):
        if file and all(event.record is None for event in file.events):
            raise ValueRefused(f"{path} places nothing on a timeline; compare with a timeline file or a cut.")
    saved = [None if file else _saved(catalogue, each) for file, each in zip(files, (old, new), strict=True)]
    rate = next((each.lists[0].start.rate for each in saved if each and each.lists), Rate(25))
    lists = [
        [edits_of_file(file, rate)] if file else _lists(catalogue, each, rate) if each else []
        for file, each in zip(files, saved, strict=True)
    ]
    if any(files) or any(each and not each.lists for each in saved):
        alike = by_name if any(files) else one_stream
        lists = [[replace(one, name="", edits=alike(one.edits)) for one in _one(lot)] for lot in lists]
    direct = Result(old, new, compared(_unnamed(lists[0]), _unnamed(lists[1])))
    if all(files) or not any(files):
        return direct
    side = files.index(None)
    file, whole = files[1 - side], saved[side]
    assert file
    assert whole
    results = [direct]
    try:
        made = saved_cut(film, catalogue, (old, new)[side])
    except NotFound:  # its clips are in the log no more
        return direct
    for edits, losses in _carried(made, whole, file.format, rate):
        pair = [[edits], lists[1 - side]]
        results.append(Result(old, new, compared(*(pair if side == 0 else pair[::-1])), losses))
    return min(results[1:] or results, key=_changes)


def _changes(result: Result) -> int:
    return sum(len(each.difference.changes) + len(each.difference.shifts) for each in result.timelines)


def _carried(made: MadeCut, saved: SavedCut, form: str, rate: Rate) -> Iterator[tuple[EditList, tuple[str, ...]]]:
    """The edits of a cut as files of a format hold them, with what they cannot; none where the cut is not as it was."""
    suffix, editors = _WRITTEN.get(form, ("", ()))
    if saved.lists and [each.edits for each in edit_lists(made.cuts)] != [each.edits for each in saved.lists]:
        return  # what the log says of ranges is another than when it was made
    reader = next(each for each in IMPORTS if each.format == form)
    for editor, export in product(editors, (each for each in EXPORTS if each.suffix == suffix)):
        with suppress(ExportRefused), TemporaryDirectory() as folder:
            written = export.write(made.cut.timeline, ExportOptions(Path(folder), None, editor))
            for file in written.files:
                content = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
                timeline = reader.read_at(content, rate) if reader.read_at else reader.read(content)
                edits = edits_of_file(timeline, rate)
                yield replace(edits, edits=by_name(edits.edits)), written.losses


def _is_file(catalogue: Catalogue, text: str) -> bool:
    """Whether a side of a comparison is a file: what names a cut never is."""
    try:
        cut(catalogue, name_and_version(catalogue, text)[0])
    except NotFound:
        return Path(text).is_file()
    return False


def _saved(catalogue: Catalogue, text: str) -> SavedCut:
    name, version = name_and_version(catalogue, text)
    return cut(catalogue, name, version=version)


def _lists(catalogue: Catalogue, saved: SavedCut, rate: Rate) -> Sequence[EditList]:
    """The edits of a saved version; of a timeline that an editor sent back, those of its clips that are in the log."""
    if saved.lists:
        return saved.lists
    kept = kept_of(saved.spec)
    if kept is None:
        raise ValueRefused(
            f"'{saved.name}@{saved.version}' was made by an older release, without its edits; compare later versions."
        )
    clips = {logged.clip.id: logged for logged in clips_of_cut(catalogue, saved)}
    return [edits_of_kept(kept, clips, Rate.parse(kept.rate) if kept.rate else rate)]


def _one(lists: Sequence[EditList]) -> Sequence[EditList]:
    if len(lists) > 1:
        raise ValueRefused(
            f"{len(lists)} timelines cannot be compared with an editor's one; compare cuts of one timeline."
        )
    return lists


def _unnamed(lists: Sequence[EditList]) -> Sequence[EditList]:
    """A cut of one timeline, whatever that is called."""
    return [replace(lists[0], name="")] if len(lists) == 1 else lists
