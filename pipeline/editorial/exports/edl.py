"""CMX 3600 edit decision lists of our own: exact labels, drop-frame said, nothing dropped unsaid.

One list for each video track; the first holds the sound too. Picture and sound of one source at one
place are one event (`B`, `AA/V`, with an `AUD` line for channels 3 and 4). Every label ends in `;`
or `:` by its own counting, and FCM lines say so again where the source's counting changes.

A CMX list knows one frame rate: source and record last equally long, in frames of the timeline. A
source at another rate is named by its own label with the frames scaled (`Timecode.conformed`), and
a comment gives rate and label as they are in the file.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.events import (
    Event,
    EventTrack,
    Mark,
    Sheet,
    Source,
    note_speeds,
    note_transitions,
    sheet_of,
)
from pipeline.editorial.exports.reels import ReelRow, reel_table
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, one_line
from pipeline.timecode import TimeRange, frames_per_day

CHANNELS = 4  # that a CMX 3600 list can name
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
class Edit:
    """One event of the list: what one source gives to one place. `channels` are 1-4, `picture` beside them."""

    source: Source
    source_in: int
    record: TimeRange
    picture: bool
    channels: tuple[int, ...]
    marks: tuple[Mark, ...]


def write(timeline: Timeline, options: ExportOptions) -> Written:  # noqa: ARG001  # one signature for all writers
    """The lists of `timeline`: `.edl`, and `.V2.edl`... for further video tracks; names are UTF-8."""
    with unswept():
        return _written(sheet_of(timeline))


def _written(sheet: Sheet) -> Written:
    table = reel_table(event.source for track in sheet.tracks for event in track.events)
    files, losses = [], dict.fromkeys(sheet.losses)
    pictures = sheet.of_kind("Video") or (EventTrack("Video 1", "Video", ()),)
    for number, picture in enumerate(pictures, start=1):
        sound = sheet.of_kind("Audio") if number == 1 else ()
        lost = Losses()
        note_speeds(sheet, lost)
        note_transitions((picture, *sound), lost)
        lines = list(_lines(sheet, edits_of(picture, sound, lost), table, lost))
        said = [*sheet.losses, *lost.sentences(), *_always_lost(sheet)]
        losses.update(dict.fromkeys(said))
        lines += [f"* NOT CARRIED: {one_line(sentence)}" for sentence in said]
        files.append(WrittenFile(".edl" if number == 1 else f".V{number}.edl", "\n".join([*lines, ""]).encode()))
    return Written(tuple(files), tuple(losses))


def edits_of(picture: EventTrack, sound: Sequence[EventTrack], lost: Losses) -> list[Edit]:
    """The events of a list in record order; picture and sound that belong together are one."""
    found: dict[tuple[TimeRange, Source, int], tuple[list[int], list[Mark]]] = {}
    for event in picture.events:
        channels, marks = found.setdefault((event.record, event.source, event.source_in), ([], []))
        channels.append(0)  # stands for the picture
        marks += event.marks
    for event, wanted in _channels(sound):
        channels, marks = found.setdefault((event.record, event.source, event.source_in), ([], []))
        channels += [number for number in wanted if number <= CHANNELS]
        marks += event.marks
        if wanted.stop - 1 > CHANNELS:
            lost.add(f"Sound channels above {CHANNELS} (the .otio has them)", event.source.name)
    edits = [
        Edit(source, source_in, record, 0 in channels, tuple(number for number in channels if number), tuple(marks))
        for (record, source, source_in), (channels, marks) in found.items()
    ]
    return sorted(edits, key=lambda edit: (edit.record.start, not edit.picture, edit.channels))


def _channels(sound: Sequence[EventTrack]) -> Iterator[tuple[Event, range]]:
    """Each sound event with its channels of the list: the next above those of earlier tracks at its place."""
    above: list[tuple[list[int], list[tuple[Event, int]]]] = []  # per track: starts, and (event, its last channel)
    for track in sound:
        ends: list[tuple[Event, int]] = []
        for event in track.events:
            before = max((_last_channel(event.record, *placed) for placed in above), default=0)
            ends.append((event, before + event.channels))
            yield event, range(before + 1, before + event.channels + 1)
        above.append(([event.record.start for event, _ in ends], ends))


def _last_channel(place: TimeRange, starts: list[int], ends: list[tuple[Event, int]]) -> int:
    """The highest channel that a track uses anywhere in `place`."""
    first = max(0, bisect_right(starts, place.start) - 1)
    over = ends[first : bisect_left(starts, place.end)]
    return max((last for event, last in over if event.record.end > place.start), default=0)


def _lines(sheet: Sheet, edits: Sequence[Edit], table: dict[Source, ReelRow], lost: Losses) -> Iterator[str]:
    drop = sheet.start.drop_frame
    rate = sheet.start.rate
    yield f"TITLE: {one_line(sheet.name)[:70]}"
    yield _fcm(drop=drop)
    yield f"* RATE: {rate.label()} FRAMES PER SECOND ({rate})"
    edits = [edit for edit in edits if edit.picture or edit.channels]
    width = max(3, len(str(len(edits))))
    for number, edit in enumerate(edits, start=1):
        source_in = edit.source.timecode(edit.source_in).conformed(rate)
        if rate.can_drop and source_in.drop_frame != drop:
            drop = source_in.drop_frame
            yield _fcm(drop=drop)
        record_in = sheet.start + edit.record.start
        span, reel = edit.record.duration, table[edit.source].short
        yield (
            f"{number:0{width}}  {reel:<8} {_channel_column(edit):<4}  C        "
            f"{source_in} {source_in + span} {record_in} {record_in + span}"
        )
        yield from _comments(edit, sheet, lost)
    for row in dict.fromkeys(table[edit.source] for edit in edits):
        where = row.path or row.name
        yield one_line(f"* REEL {row.short}: REEL {row.reel or '-'}, CARD {row.card}, CLIP {row.clip}, FILE {where}")


def _comments(edit: Edit, sheet: Sheet, lost: Losses) -> Iterator[str]:
    source, rate = edit.source, sheet.start.rate
    extra = [str(number) for number in edit.channels if number > 2]
    if extra:
        yield f"AUD  {'    '.join(extra)}"
    name = one_line(source.name)
    yield f"* FROM CLIP NAME: {name}"
    yield f"* SOURCE FILE: {name}"
    if name != source.name:
        yield "* NAME: CONTROL CHARACTERS REPLACED BY SPACES"
        lost.add("Names with control characters, replaced by spaces", name)
    if not source.timed:
        yield "* NO TIMECODE IN THE SOURCE: COUNTED FROM 00:00:00:00"
        lost.add("Source timecode of clips that have none, counted from 00:00:00:00", name)
    if source.rate != rate:
        yield f"* SOURCE RATE: {source.rate.label()} ({source.rate}), SOURCE IN {source.timecode(edit.source_in)}"
        lost.add(f"Source labels at other rates than {rate.label()}, scaled to it", name)
    for mark in edit.marks:
        color = mark.color if mark.color in _COLORS else "RED"
        yield f"* LOC: {sheet.start + mark.record.start} {color:<7} {one_line(mark.note or mark.name)}".rstrip()
        if mark.record.duration > 1:
            lost.add("Lengths of marked ranges, written as points", name)


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
