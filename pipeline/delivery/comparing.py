"""Two sides of a comparison: cuts, versions of them, and timeline files.

A file says less than a cut. So that only edits are told as changes, the cut is written in the format of the file and
read back, and that is what the file is compared with; what the format could not carry is told apart.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

from pipeline.catalogue.cuts import SavedCut, cut, logged_by_id, name_and_version, newest_cut
from pipeline.catalogue.known import known_clips, known_places
from pipeline.catalogue.store import Catalogue
from pipeline.delivery.cuts import absent, looks_like_a_file, saved_cut
from pipeline.delivery.matches import matches_of
from pipeline.delivery.unrated import read_in_film
from pipeline.delivery.versions import Compared, compared, edit_lists
from pipeline.editorial.diff import Edit, EditList
from pipeline.editorial.edits import Chapter, by_name, edits_of_file, edits_of_kept, one_stream
from pipeline.editorial.exports.registry import EXPORTS
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports.kept import Kept, keep, kept_of
from pipeline.editorial.imports.known import file_keys
from pipeline.editorial.imports.reading import ReadTimeline
from pipeline.editorial.imports.registry import IMPORTS
from pipeline.errors import ExportRefused, NotFound, ValueRefused, command
from pipeline.film import Film
from pipeline.publishing import scratch
from pipeline.timecode import Rate, Timecode, TimeRange

# By format as read: the suffix of what is written in it, and the suites for which it is written in different ways.
_WRITTEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "otio": (".otio", ("",)), "xmeml": (".xml", ("",)), "fcpxml": (".fcpxml", ("fcp", "resolve")),
    "edl": (".edl", ("",)), "aaf": (".aaf", ("",)),
}  # fmt: skip
# Comments of our lists that say a rate: a list that states none knows neither.
_RATES = re.compile(rb"^\* (?:SOURCE )?RATE: .*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Result:
    """Two versions by name, and what changed from the old one to the new, timeline by timeline.

    `not_carried`: what the format of a file could not hold of the cut that it is compared with. `counted`: the rate of
    a list that states none, and where it came from.
    """

    old: str
    new: str
    timelines: tuple[Compared, ...]
    not_carried: tuple[str, ...] = ()
    counted: tuple[Rate, str] | None = None


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a comparison: a file, or a saved cut, which may be `kept` as an editor made it.

    `rate_from`: where the rate of a list that states none came from.
    """

    text: str
    file: ReadTimeline | None = None
    saved: SavedCut | None = None
    kept: Kept | None = None
    rate_from: str = ""

    @property
    def form(self) -> str:
        """The format that it came in; empty for a cut of ours."""
        return self.file.format if self.file else self.kept.format if self.kept else ""


def compared_cuts(film: Film, catalogue: Catalogue, old: str, new: str | None, *, list_rate: str = "") -> Result:
    """What changed from one cut to another: NAME, NAME@VERSION or a timeline file; one alone since the version before.

    `list_rate` is that of a list that states none, else it is the other cut's.

    Raises NotFound, ValueRefused, PathMissing, TimelineUnreadable.
    """
    if new is None:
        old, new = _with_the_one_before(catalogue, old)
    saved = [_saved(catalogue, each) for each in (old, new)]
    like = next((each.lists[0].start.rate for each in saved if each and each.lists), None) or next(
        (Rate.parse(kept.rate) for each in saved if each and (kept := kept_of(each.spec)) and kept.rate), None
    )
    sides = [
        _Side(text, None, each, kept_of(each.spec)) if each else _file(film, catalogue, text, list_rate, like)
        for text, each in zip((old, new), saved, strict=True)
    ]
    rate = like or Rate(25)
    lists = [_unnamed(_lists(catalogue, each, rate)) for each in sides]
    alike: Callable[[Iterable[Edit]], tuple[Edit, ...]] = one_stream
    if any(each.file for each in sides):
        alike = partial(by_name, chapters=_chapters(film, catalogue, [each for lot in lists for each in lot]))
    if any(each.form for each in sides):
        lists = [[replace(one, edits=alike(one.edits)) for one in _one(lot)] for lot in lists]
    results = []
    ours = _fuller(sides)
    if ours is not None:
        for edits, losses in _carried(film, catalogue, sides[ours], sides[1 - ours], rate):
            held = replace(edits, edits=alike(edits.edits))
            pair = [[held] if number == ours else lot for number, lot in enumerate(lists)]
            results.append(Result(old, new, compared(*_aligned(pair, sides)), losses))
    found = min(results, key=_changes, default=Result(old, new, compared(*_aligned(lists, sides))))
    counted = ((each.file.rate, each.rate_from) for each in sides if each.file and each.file.rate and each.rate_from)
    return replace(found, counted=next(counted, None))


def _chapters(film: Film, catalogue: Catalogue, lists: Sequence[EditList]) -> dict[str, Chapter]:
    """The clips of which files that edits name are later chapters: a proxy is one file for all of them."""
    edits = [edit for one in lists for edit in one.edits]
    called = {edit.name.casefold() for edit in edits} | {each.name.casefold() for edit in edits for each in edit.sounds}
    places = known_places(catalogue, str(film.folder), frozenset(called))
    later = [place for place in places if place.before != 0]
    clips = {known.id: known for known in known_clips(catalogue)} if later else {}
    named = (
        (file_keys(place.path)[-1], place.before or 0, clips[place.clip]) for place in later if place.clip in clips
    )
    return {name: Chapter(known.name, 0 if known.label else before) for name, before, known in named}


def _fuller(sides: Sequence[_Side]) -> int | None:
    """Which side may say more than the other one's format holds: the cut beside a file, ours beside an editor's."""
    for lesser in ([each.file is not None for each in sides], [each.kept is not None for each in sides]):
        if any(lesser):
            return None if all(lesser) else lesser.index(False)
    return None


def _changes(result: Result) -> int:
    return sum(len(each.difference.changes) + len(each.difference.shifts) for each in result.timelines)


def _with_the_one_before(catalogue: Catalogue, text: str) -> tuple[str, str]:
    name, version = name_and_version(catalogue, text)
    last = cut(catalogue, name, version=version)
    if last.version == 1 and version:
        raise NotFound(f"'{text}' is the first version; give the one to compare it with: 'rushes diff CUT1 CUT2'.")
    if last.version == 1:
        again = command("cut", last.name)
        raise NotFound(f"'{last.name}' has one version; {again} makes the next, then compare them.")
    return f"{last.name}@{last.version - 1}", f"{last.name}@{last.version}"


def _saved(catalogue: Catalogue, text: str) -> SavedCut | None:
    """A cut where the text names one; None for a file."""
    name, version = name_and_version(catalogue, text)
    if newest_cut(catalogue, name) is None:
        if looks_like_a_file(text) and not Path(text).exists():
            raise absent(text)
        if Path(text).is_file():
            return None
    return cut(catalogue, name, version=version)


def _file(film: Film, catalogue: Catalogue, text: str, list_rate: str, like: Rate | None) -> _Side:
    known = partial(known_clips, catalogue)
    timeline, rate_from = read_in_film(film, Path(text), known, asked=list_rate, like=like)
    if all(event.record is None for event in timeline.events):
        raise ValueRefused(f"{text} places nothing on a timeline; compare with a timeline file or a cut.")
    return _Side(text, timeline, rate_from=rate_from)


def _lists(catalogue: Catalogue, side: _Side, rate: Rate) -> Sequence[EditList]:
    """The edits of a file or saved version; of what an editor sent back, with its clips that are in the log."""
    saved = side.saved
    if side.file or saved is None:
        return [edits_of_file(side.file, rate)] if side.file else []
    if side.kept:
        return [_edits_of_kept(catalogue, side.kept, rate)]
    if not saved.lists:
        raise ValueRefused(
            f"'{saved.name}@{saved.version}' was made by an older release, without its edits; compare later versions."
        )
    return saved.lists


def _edits_of_kept(catalogue: Catalogue, kept: Kept, rate: Rate) -> EditList:
    found = dict.fromkeys(event.clip for event in kept.events if event.clip)
    clips = {logged.clip.id: logged for logged in logged_by_id(catalogue, found)}
    return edits_of_kept(kept, clips, Rate.parse(kept.rate) if kept.rate else rate)


def _aligned(lists: Sequence[Sequence[EditList]], sides: Sequence[_Side]) -> Sequence[Sequence[EditList]]:
    """Lists say no start of their timeline but that of their first event: two that overlap are compared by labels."""
    if all(each.form != "edl" for each in sides) or any(len(lot) != 1 for lot in lists):
        return lists
    starts = [lot[0].start for lot in lists]
    first = min(starts, key=lambda start: start.frame)
    lengths = [max((edit.record.end for edit in lot[0].edits), default=0) for lot in lists]
    if starts[0].rate != starts[1].rate or max(each.frame - first.frame for each in starts) > max(lengths):
        return lists
    return [[_counted_from(one, first) for one in lot] for lot in lists]


def _counted_from(one: EditList, start: Timecode) -> EditList:
    late = one.start.frame - start.frame
    edits = (replace(each, record=TimeRange(each.record.start + late, each.record.duration)) for each in one.edits)
    return replace(one, start=start, edits=tuple(edits))


def _carried(
    film: Film, catalogue: Catalogue, ours: _Side, theirs: _Side, rate: Rate
) -> Iterator[tuple[EditList, tuple[str, ...]]]:
    """The edits of a cut as files of the other's format hold them, with what they cannot.

    None where the clips are in the log no more, or where that says something else of their ranges now.
    """
    try:
        made = saved_cut(film, catalogue, ours.text)
    except NotFound:
        return
    saved = ours.saved
    if saved is None or len(made.cuts) != 1:
        return
    if saved.lists and [each.edits for each in edit_lists(made.cuts)] != [each.edits for each in saved.lists]:
        return
    suffix, editors = _WRITTEN.get(theirs.form, ("", ()))
    reader = next(each for each in IMPORTS if each.format == theirs.form)
    for editor, export in product(editors, (each for each in EXPORTS if each.suffix == suffix)):
        with suppress(ExportRefused), scratch() as folder:
            written = export.write(made.cut.timeline, ExportOptions(folder, None, editor))
            for file in written.files:
                content = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
                content = _RATES.sub(b"", content) if theirs.rate_from else content
                timeline = reader.read_at(content, rate) if reader.read_at else reader.read(content)
                if theirs.file:
                    yield edits_of_file(timeline, rate), written.losses
                else:
                    yield _edits_of_kept(catalogue, _found(film, catalogue, timeline), rate), written.losses


def _found(film: Film, catalogue: Catalogue, timeline: ReadTimeline) -> Kept:
    """A timeline as an import would keep it."""
    return keep("", timeline, matches_of(film, catalogue, timeline, known_clips(catalogue)))


def _one(lists: Sequence[EditList]) -> Sequence[EditList]:
    if len(lists) > 1:
        raise ValueRefused(
            f"{len(lists)} timelines cannot be compared with an editor's one; compare cuts of one timeline."
        )
    return lists


def _unnamed(lists: Sequence[EditList]) -> Sequence[EditList]:
    """A cut of one timeline, whatever that is called."""
    return [replace(lists[0], name="")] if len(lists) == 1 else lists
