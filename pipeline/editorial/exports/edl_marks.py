"""Markers as a list of their own, in the form that DaVinci Resolve writes and imports onto a timeline."""

from collections.abc import Iterator

from pipeline.editorial.exports.events import Mark, Sheet
from pipeline.editorial.exports.written import one_line

# OTIO's colours by Resolve's names; the others have the same.
_COLORS = {"MAGENTA": "Fuchsia", "ORANGE": "Sand", "BLACK": "Cocoa", "WHITE": "Cream"}
_KNOWN = frozenset({"RED", "GREEN", "BLUE", "CYAN", "YELLOW", "PINK", "PURPLE"})


def marker_list(sheet: Sheet) -> list[str]:
    """The markers of the timeline and of its clips in record order; empty where there are none."""
    of_clips = (mark for track in sheet.tracks for event in track.events for mark in event.marks)
    found = sorted(dict.fromkeys((*sheet.marks, *of_clips)), key=lambda mark: mark.record.start)
    lines = [line for number, mark in enumerate(found, start=1) for line in _lines(sheet, mark, number)]
    return [*_head(sheet), *lines] if lines else []


def _head(sheet: Sheet) -> Iterator[str]:
    yield f"TITLE: {one_line(sheet.name)[:70]}"
    yield "FCM: DROP FRAME" if sheet.start.drop_frame else "FCM: NON-DROP FRAME"


def _lines(sheet: Sheet, mark: Mark, number: int) -> Iterator[str]:
    begin, frames = sheet.start + mark.record.start, max(1, mark.record.duration)
    yield f"{number:03}  001      V     C        {begin} {begin + 1} {begin} {begin + 1}"
    color = mark.color.title() if mark.color in _KNOWN else _COLORS.get(mark.color, "Blue")
    yield f"{_plain(mark.note)} |C:ResolveColor{color} |M:{_plain(mark.name)} |D:{frames}"


def _plain(text: str) -> str:
    """A text on one line without the bars that part the fields."""
    return one_line(text).replace("|", "/")
