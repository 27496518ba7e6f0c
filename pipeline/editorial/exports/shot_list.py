"""The cut as a list for people: a row for each shot, as CSV for spreadsheets and as Markdown to read and print.

Picture and sound that lie together and come from one place are one row. Timecodes are those of the frame after the
last, as in an event list.
"""

from collections import defaultdict
from collections.abc import Iterator

from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.events import Event, Sheet, sheet_of, taken_range
from pipeline.editorial.exports.tables import csv_text
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, one_line
from pipeline.fields import FIELDS

_HEAD = (
    "No", "Tracks", "Record in", "Record out", "Frames", "Name", "Source in", "Source out", "Rate", "Speed", "Reel",
    "Card", "Path",
)  # fmt: skip
_LOG = {field.name: field.title for field in FIELDS if field.origin == "log"}
_READ = ("No", "Record in", "Frames", "Name", "Source in", _LOG["location"], _LOG["subject"], _LOG["note"])


def write_csv(timeline: Timeline, options: ExportOptions) -> Written:  # noqa: ARG001  # one signature for all writers
    """`.shots.csv`: every column."""
    with unswept():
        sheet, lost = sheet_of(timeline), Losses()
        text = csv_text([(*_HEAD, *_LOG.values()), *_rows(sheet)], lost)
    return Written((WrittenFile(".shots.csv", text.encode()),), (*sheet.losses, *lost.sentences()))


def write_markdown(timeline: Timeline, options: ExportOptions) -> Written:  # noqa: ARG001
    """`.shots.md`: what fits on a page."""
    with unswept():
        sheet = sheet_of(timeline)
        columns = (*_HEAD, *_LOG.values())
        places = [columns.index(name) for name in _READ]
        rate = sheet.start.rate
        lines = [f"# {_plain(sheet.name)}", "", f"{rate.label()} frames per second, from {sheet.start}.", ""]
        lines += [_line(_READ), _line(["---"] * len(_READ))]
        lines += [_line([row[place] for place in places]) for row in _rows(sheet)]
    return Written((WrittenFile(".shots.md", "\n".join([*lines, ""]).encode()),), sheet.losses)


def _rows(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    shots: dict[tuple[object, ...], list[tuple[str, Event]]] = defaultdict(list)
    for kind in ("Video", "Audio"):
        for number, track in enumerate(sheet.of_kind(kind), start=1):
            for event in track.events:
                key = event.record, event.source, event.source_in, event.speed.as_integer_ratio()
                shots[key].append((f"{kind[0]}{number}", event))
    ordered = sorted(shots.values(), key=lambda shot: (shot[0][1].record.start, shot[0][0].startswith("A")))
    for number, shot in enumerate(ordered, start=1):
        yield _row(number, " ".join(track for track, _ in shot), shot[0][1], sheet)


def _row(number: int, tracks: str, event: Event, sheet: Sheet) -> tuple[str, ...]:
    source, record, log = event.source, event.record, event.source.log
    taken = taken_range(event, sheet.start.rate)
    return (
        str(number), tracks, str(sheet.start + record.start), str(sheet.start + record.end), str(record.duration),
        source.name, str(source.timecode(taken.start)), str(source.timecode(taken.end)), source.rate.label(),
        f"{float(event.speed):.6g}", source.reel, source.card, source.path or "", *(log.get(name, "") for name in _LOG),
    )  # fmt: skip


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join([_plain(cell) for cell in cells])} |"


def _plain(text: str) -> str:
    """A text that Markdown shows as it is written: what it takes for marks stands behind a backslash."""
    plain = one_line(text)
    return plain if plain.isalnum() else "".join(f"\\{sign}" if sign in "\\`*_[]<>|#&" else sign for sign in plain)
