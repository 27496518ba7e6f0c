"""Versions of cuts side by side: their edits as they were saved, and what changed from one to the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.catalogue.cuts import SavedCut, clips_of_cut, cut, name_and_version
from pipeline.catalogue.store import Catalogue
from pipeline.editorial.assembly import Cut
from pipeline.editorial.diff import Difference, EditList, diff
from pipeline.editorial.edits import by_name, edits_of, edits_of_file, edits_of_kept, one_stream
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.imports.kept import kept_of
from pipeline.errors import NotFound, ValueRefused, command
from pipeline.ingest.anywhere import read_timeline
from pipeline.timecode import Rate


@dataclass(frozen=True, slots=True)
class Compared:
    """What changed in one timeline; `old` and `new` are None where there was none, or is none any more."""

    name: str
    old: EditList | None
    new: EditList | None
    difference: Difference


@dataclass(frozen=True, slots=True)
class Result:
    """Two versions by name, and what changed from the old one to the new, timeline by timeline."""

    old: str
    new: str
    timelines: tuple[Compared, ...]


def compared_cuts(catalogue: Catalogue, old: str, new: str | None) -> Result:
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
    saved = [None if file else _saved(catalogue, each) for file, each in zip(files, (old, new), strict=True)]
    rate = next((each.lists[0].start.rate for each in saved if each and each.lists), Rate(25))
    lists = [
        [edits_of_file(file, rate)] if file else _lists(catalogue, each, rate) if each else []
        for file, each in zip(files, saved, strict=True)
    ]
    if any(files) or any(each and not each.lists for each in saved):
        alike = by_name if any(files) else one_stream
        lists = [[replace(one, name="", edits=alike(one.edits)) for one in _one(lot)] for lot in lists]
    return Result(old, new, compared(_unnamed(lists[0]), _unnamed(lists[1])))


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


def edit_lists(cuts: Mapping[str, Cut]) -> list[EditList]:
    """The edits of each timeline, by what its name has behind that of the cut."""
    sheets = {extra: sheet_of(cut.timeline) for extra, cut in cuts.items()}
    return [EditList(extra, sheet.start, edits_of(sheet)) for extra, sheet in sheets.items()]


def compared(old: Sequence[EditList], new: Sequence[EditList]) -> tuple[Compared, ...]:
    """What changed in each timeline of two versions. Raises ValueRefused where they run at different rates."""
    return tuple(_compared(old, new))


def _compared(old: Sequence[EditList], new: Sequence[EditList]) -> Iterator[Compared]:
    before, after = ({each.name: each for each in lot} for lot in (old, new))
    for name in dict.fromkeys((*after, *before)):
        one, other = before.get(name), after.get(name)
        if one and other and one.start.rate != other.start.rate:
            rates = f"{one.start.rate.label()} and {other.start.rate.label()}"
            raise ValueRefused(f"They run at {rates} frames per second; cuts are compared at one rate (--rate).")
        rate = (one or other or new[0]).start.rate
        yield Compared(name, one, other, diff(one.edits if one else (), other.edits if other else (), rate))
