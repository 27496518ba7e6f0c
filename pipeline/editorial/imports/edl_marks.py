"""The markers of a CMX 3600 list: Avid's locators beside its events, and Resolve's lists of nothing else."""

import re
from collections.abc import Iterator

from pipeline.editorial.imports.edl_counting import Counting, spans_of
from pipeline.editorial.imports.edl_lines import BLACK, EventLine, Group
from pipeline.editorial.imports.reading import ReadMark
from pipeline.errors import ValueRefused
from pipeline.timecode import TimeRange

_LOCATOR = re.compile(r"LOC:\s*(\d{1,2}:\d{2}:\d{2}[:;.,]\d{2,3})(?:\s+(\S+))?(?:\s+(.*))?")
_RESOLVE_MARK = re.compile(r"(.*?)\s*\|C:(?:ResolveColor)?(\w+)\s+\|M:(.*?)\s+\|D:(\d{1,9})\s*")


def locators(group: Group, line: EventLine, counting: Counting | None) -> tuple[ReadMark, ...]:
    """Avid's locators, by record timecode, of the line that shows their frame."""
    marks = []
    for note in group.notes:
        match = _LOCATOR.fullmatch(note.text) if note.text.startswith("LOC:") else None
        if match is None or line is not _last_shown(group):
            continue
        place = None
        if counting:
            try:
                place = TimeRange(counting.place(counting.label(match[1])), 1)
            except ValueRefused:
                continue
        marks.append(ReadMark((match[3] or "").strip(), "", match[2] or "", record=place, line=note.line))
    return tuple(marks)


def _last_shown(group: Group) -> EventLine:
    return next((line for line in reversed(group.lines) if line.reel != BLACK), group.lines[-1])


def resolve_marks(group: Group, counting: Counting | None) -> Iterator[ReadMark]:
    """Resolve's markers: a note before the first bar, colour, name and length."""
    for note in group.notes:
        if "|C:" in note.text and (match := _RESOLVE_MARK.fullmatch(note.text)):
            line = group.lines[-1]
            record, _ = spans_of(line, counting, [])
            place = TimeRange(record.start, max(1, int(match[4]))) if record else None
            yield ReadMark(match[3].strip(), match[1].strip(), match[2], record=place, line=note.line)
