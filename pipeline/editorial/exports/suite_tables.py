"""Tables that an editing suite takes in beside a timeline: Resolve's clip metadata, Premiere's batch list.

Resolve (File > Import Metadata) matches rows with the clips of its media pool by what stands in the first columns,
file name first, and takes the columns whose names it knows: those of its own export. Premiere's batch list has no
header; its columns are tape, in, out, clip, log note, description, scene and shot (Adobe, "Import and export batch
lists"); `out` is the last frame.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.events import Held, Sheet, held_by, sheet_of, taken_range
from pipeline.editorial.exports.reels import reel_table
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.tables import csv_text
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, linked

# Resolve's columns, and the fields of the log that belong there.
_OF_LOG = {
    "Description": "view", "Comments": "note", "Scene": "scene", "Take": "take", "Location": "location",
    "Camera #": "camera", "Unit Name": "unit", "Shoot Day": "shoot_day", "People": "subject",
}  # fmt: skip
_RESOLVE = ("File Name", "Clip Directory", "Start TC", "End TC", "Reel Name", "Keywords", "Good Take", *_OF_LOG)
_CIRCLED = frozenset({"yes", "true", "1"})


def write_resolve(timeline: Timeline, options: ExportOptions) -> Written:
    """`.metadata.csv`: every file of the cut once, as the timelines beside it link it: original or proxy."""
    with unswept():
        timeline, without = linked(timeline, options)
        sheet, lost = sheet_of(timeline), Losses()
        rows = dict.fromkeys((_RESOLVE, *(_resolve_row(source, held) for source, held in held_by(sheet).items())))
        text = csv_text(rows, lost)
    return Written((WrittenFile(".metadata.csv", text.encode()),), (*without, *lost.sentences()))


def write_premiere(timeline: Timeline, options: ExportOptions) -> Written:
    """`.batch.csv`: what the cut takes of pictures, each range of a file once, whatever its track."""
    with unswept():
        sheet, lost = sheet_of(timeline), Losses()
        text = csv_text(dict.fromkeys(_batch_rows(sheet, options.reels, lost)), lost)
    return Written((WrittenFile(".batch.csv", text.encode()),), tuple(lost.sentences()))


def _resolve_row(source: Source, held: Held) -> tuple[str, ...]:
    log, path = source.log, source.path or ""
    kind = PureWindowsPath if "\\" in path else PurePosixPath
    circled = log.get("circled", "").casefold() in _CIRCLED
    start, end = (str(source.timecode(frame)) if source.timed else "" for frame in (held.span.start, held.span.end))
    return (
        kind(path).name or source.name, str(kind(path).parent) if path else "", start, end, source.reel,
        ",".join(source.keywords), "1" if circled else "", *(log.get(name, "") for name in _OF_LOG.values()),
    )  # fmt: skip


def _batch_rows(sheet: Sheet, reels: frozenset[tuple[str, str]], lost: Losses) -> Iterator[tuple[str, ...]]:
    events = [event for track in sheet.of_kind("Video") for event in track.events]
    tapes = reel_table((event.source for event in events), reels, length=32)
    for event in events:
        source, log, taken = event.source, event.source.log, taken_range(event, sheet.start.rate)
        if not source.timed:
            lost.add("Timecode of clips that have none, counted from 00:00:00:00", source.name)
        described = ", ".join(filter(None, (log.get("subject"), log.get("location"), log.get("view"))))
        yield (
            tapes[source].short, str(source.timecode(taken.start)), str(source.timecode(taken.end - 1)), source.name,
            log.get("note", ""), described, log.get("scene", ""), log.get("take", ""),
        )  # fmt: skip
