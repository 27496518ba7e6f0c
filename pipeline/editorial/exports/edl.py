"""CMX 3600 edit decision lists of our own: exact labels, drop-frame said, nothing dropped unsaid.

One list for each video track; the first holds the sound too. Picture and sound of one source at one
place are one event (`B`, `AA/V`, with an `AUD` line for channels 3 and 4). Every label ends in `;`
or `:` by its own counting, and FCM lines say so again where the source's counting changes.

A CMX list knows one frame rate: labels count frames of the timeline. A source at another rate is
named by its own label with the frames scaled (`Timecode.conformed`), and a comment gives rate and
label as they are in the file. An `M2` line gives the speed in frames a second, below zero for
backwards and 0 for a freeze, and where it begins (DVS Clipster user guide, page A-10), which is the
first frame that plays. Source and record last differently long only with one. The source columns of
a backward event begin there too, and last as long as what it takes; no document found says so.

Avid gets each list a second time in its `File_32` form, whose reels have the names of the `.ale`;
DaVinci Resolve gets markers as a list of their own, which it imports onto a timeline.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import msgspec
from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.edl_edits import Edit, Side, edits_of
from pipeline.editorial.exports.edl_marks import marker_list
from pipeline.editorial.exports.events import NORMAL, EventTrack, Sheet, sheet_of
from pipeline.editorial.exports.reels import ReelRow, reel_table
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, one_line
from pipeline.timecode import Timecode, frames_per_day

_EVENT_CHANNELS = {
    (True, False, False): "V",
    (True, True, False): "B",
    (True, False, True): "A2/V",
    (True, True, True): "AA/V",
    (False, True, False): "A",
    (False, False, True): "A2",
    (False, True, True): "AA",
    (False, False, False): "NONE",
}
_COLORS = frozenset({"RED", "GREEN", "BLUE", "CYAN", "MAGENTA", "YELLOW", "BLACK", "WHITE"})


@dataclass(frozen=True, slots=True)
class Form:
    """How wide the columns of a list are: that of reels, and the digits of event numbers at least."""

    suffix: str
    reel: int
    number: int


_CMX = Form("", 8, 3)
_FILE_32 = Form(".File_32", 32, 6)


class _Line(msgspec.Struct, frozen=True, gc=False):
    """One line of an edit: the side that it names, the counting of its source, and what follows the reel."""

    side: Side
    drop_frame: bool
    rest: str


class _Told(msgspec.Struct, frozen=True, gc=False):
    """An edit in the words that all forms of a list have in common; `sides` in order, the outgoing one first."""

    edit: Edit
    sides: tuple[Side, ...]
    lines: tuple[_Line, ...]
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _List:
    """A list to be written: its form, and the reel of each source in it."""

    sheet: Sheet
    form: Form
    table: dict[Source, ReelRow]

    def reel(self, side: Side) -> str:
        return self.table[side.source].short if side.source else "BL"


@unswept()
def write(timeline: Timeline, options: ExportOptions) -> Written:
    """The lists of `timeline`: `.edl`, and `.V2.edl`... for further video tracks; names are UTF-8."""
    sheet = sheet_of(timeline)
    forms = (_CMX, _FILE_32) if options.editor == "avid" else (_CMX,)
    sources = [event.source for track in sheet.tracks for event in track.events]
    lists = [_List(sheet, form, reel_table(sources, options.reels, length=form.reel)) for form in forms]
    files, losses = [], dict.fromkeys(sheet.losses)
    for suffix, edits, lost in _parts(sheet):
        told = [_told(sheet, edit, lost) for edit in edits]
        for each in lists:
            lines = list(_lines(each, told))
            said = [*sheet.losses, *lost.sentences(), *_always_lost(sheet)]
            lines += [f"* NOT CARRIED: {one_line(sentence)}" for sentence in said]
            losses.update(dict.fromkeys(said))
            files.append(WrittenFile(f"{suffix}{each.form.suffix}.edl", "\n".join([*lines, ""]).encode()))
    marks = marker_list(sheet) if options.editor == "resolve" else []
    if marks:
        files.append(WrittenFile(".markers.edl", "\n".join([*marks, ""]).encode()))
    return Written(tuple(files), tuple(losses))


def _parts(sheet: Sheet) -> Iterator[tuple[str, list[Edit], Losses]]:
    """For each video track: the suffix of its lists, their edits, and what lists cannot carry of them."""
    pictures = sheet.of_kind("Video") or (EventTrack("Video 1", "Video", ()),)
    for number, picture in enumerate(pictures, start=1):
        lost = Losses()
        edits = edits_of(picture, sheet.of_kind("Audio") if number == 1 else (), sheet.start.rate, lost)
        yield "" if number == 1 else f".V{number}", edits, lost


def _told(sheet: Sheet, edit: Edit, lost: Losses) -> _Told:
    sides = _sides(edit)
    for side in sides:
        if side.source and not _as_recorded(side) and _tenths(side, sheet).denominator != 1:
            lost.add("Speeds finer than a tenth of a frame a second, exact in comments only", side.source.name)
    return _Told(edit, sides, tuple(_events(sheet, edit)), tuple(_comments(sheet, edit, sides, lost)))


def _lines(wanted: _List, edits: Sequence[_Told]) -> Iterator[str]:
    start, form = wanted.sheet.start, wanted.form
    drop, rate = start.drop_frame, start.rate
    yield f"TITLE: {one_line(wanted.sheet.name)[:70]}"
    yield _fcm(drop=drop)
    yield f"* RATE: {rate.label()} FRAMES PER SECOND ({rate})"
    width, can_drop = max(form.number, len(str(len(edits)))), rate.can_drop
    for number, told in enumerate(edits, start=1):
        for line in told.lines:
            if can_drop and line.drop_frame != drop:
                drop = line.drop_frame
                yield _fcm(drop=drop)
            yield f"{number:0{width}}  {wanted.reel(line.side):<{form.reel}} {line.rest}"
        yield from _motions(wanted, told.sides)
        yield from told.comments
    used = dict.fromkeys(side.source for told in edits for side in told.sides if side.source)
    for row in dict.fromkeys([wanted.table[source] for source in used]):
        where = row.path or row.name
        yield one_line(f"* REEL {row.short}: REEL {row.reel or '-'}, CARD {row.card}, CLIP {row.clip}, FILE {where}")


def _sides(edit: Edit) -> tuple[Side, ...]:
    return (edit.place.mix.coming_from, edit.place.side) if edit.place.mix else (edit.place.side,)


def _label(side: Side, sheet: Sheet) -> Timecode:
    """Where a side begins in its source, as the list counts it."""
    start = sheet.start
    if side.source is None:
        return Timecode(0, start.rate, start.drop_frame)
    return side.source.timecode(side.first).conformed(start.rate)


def _events(sheet: Sheet, edit: Edit) -> Iterator[_Line]:
    """The line of an edit, or the two of a transition."""
    place, first, length = edit.place, _label(edit.place.side, sheet), edit.place.record.duration
    record_in, channels, how = sheet.start + place.record.start, f"{_channel_column(edit):<4}", "C       "
    if place.mix:
        at = _label(place.mix.coming_from, sheet)
        yield _Line(place.mix.coming_from, at.drop_frame, f"{channels}  {how} {at} {at} {record_in} {record_in}")
        how = f"{place.mix.kind:<4} {place.mix.frames:03}"
    taken = length if _as_recorded(place.side) else ceil(length * abs(place.side.speed)) or 1
    labels = f"{first} {first + taken} {record_in} {record_in + length}"
    yield _Line(place.side, first.drop_frame, f"{channels}  {how} {labels}")


def _as_recorded(side: Side) -> bool:
    return side.speed is NORMAL or side.speed == 1


def _tenths(side: Side, sheet: Sheet) -> Fraction:
    """The speed of a side in tenths of a frame a second."""
    return abs(side.speed) * sheet.start.rate.nominal * 10


def _motions(wanted: _List, sides: Sequence[Side]) -> Iterator[str]:
    """`M2`, with the speed in tenths of a frame a second, as far as the column goes."""
    for side in sides:
        if _as_recorded(side) or side.source is None:
            continue
        tenths, reel = _tenths(side, wanted.sheet), wanted.reel(side)
        speed = f"{'-' if side.speed < 0 else ''}{round(tenths) // 10:03}.{round(tenths) % 10}"
        narrow = f"M2   {reel:<8}      {speed:>6}                "
        columns = narrow if wanted.form.reel == _CMX.reel else f"M2      {reel:<32}     {speed:>6} "
        yield f"{columns}{_label(side, wanted.sheet)}"
        if not side.speed:
            yield "* * FREEZE FRAME"
        if tenths.denominator != 1:
            yield f"* SPEED: {side.speed} OF {reel}"


def _comments(sheet: Sheet, edit: Edit, sides: Sequence[Side], lost: Losses) -> Iterator[str]:
    extra = [str(number) for number in edit.channels if number > 2]
    if extra:
        yield f"AUD  {'    '.join(extra)}"
    if edit.place.mix:
        yield f"EFFECTS NAME IS {one_line(edit.place.mix.name).upper()}"
    yield from _names(sides)
    for side in sides:
        if side.source is not None:
            yield from _remarks(side, side.source, sheet, lost)
    for mark in edit.marks:
        color = mark.color if mark.color in _COLORS else "RED"
        yield f"* LOC: {sheet.start + mark.record.start} {color:<7} {one_line(mark.note or mark.name)}".rstrip()
        if mark.record.duration > 1:
            lost.add("Lengths of marked ranges, written as points", _name(edit.place.side))


def _names(sides: Sequence[Side]) -> Iterator[str]:
    """Clip names in the words that editors read; the file once for each side."""
    named = [(which, _name(side)) for which, side in zip(("FROM", "TO"), sides, strict=False) if side.source]
    for which, name in named:
        yield f"* {which} CLIP NAME: {name}"
    for _, name in named:
        yield f"* SOURCE FILE: {name}"


def _name(side: Side) -> str:
    return one_line(side.source.name) if side.source else ""


def _remarks(side: Side, source: Source, sheet: Sheet, lost: Losses) -> Iterator[str]:
    rate, name = sheet.start.rate, one_line(source.name)
    if name != source.name:
        yield "* NAME: CONTROL CHARACTERS REPLACED BY SPACES"
        lost.add("Names with control characters, replaced by spaces", name)
    if not source.timed:
        yield "* NO TIMECODE IN THE SOURCE: COUNTED FROM 00:00:00:00"
        lost.add("Source timecode of clips that have none, counted from 00:00:00:00", name)
    if source.rate != rate:
        yield f"* SOURCE RATE: {source.rate.label()} ({source.rate}), SOURCE IN {source.timecode(side.first)}"
        lost.add(f"Source labels at other rates than {rate.label()}, scaled to it", name)


def _always_lost(sheet: Sheet) -> Iterator[str]:
    rate = sheet.start.rate
    ends = [event.record.end for track in sheet.tracks for event in track.events]
    if max(ends, default=0) > frames_per_day(rate, drop_frame=sheet.start.drop_frame):
        yield "The cut is longer than a day: record timecodes come round again."
    if len(ends) > 999:
        yield "A list of more than 999 events has longer event numbers than old readers take."
    if rate.nominal > 100:
        yield f"At {rate.label()} frames a second labels have three digits for frames, which old readers refuse."
    if sheet.marks:
        yield "Markers of the timeline itself, which stand on no clip."
    yield "A CMX 3600 list names originals only: log fields, proxies, picture size and folders are in the .otio."


def _channel_column(edit: Edit) -> str:
    return _EVENT_CHANNELS[edit.picture, 1 in edit.channels, 2 in edit.channels]


def _fcm(*, drop: bool) -> str:
    return "FCM: DROP FRAME" if drop else "FCM: NON-DROP FRAME"
