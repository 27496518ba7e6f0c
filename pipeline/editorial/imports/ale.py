"""Avid Log Exchange: its rows as clips, each from Start to End in its own timecode. A table, not a cut.

Columns are found by their headings, whoever wrote them; the log's are those that our own tables have.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.editorial.imports.reading import Problem, ReadEvent, ReadTimeline
from pipeline.errors import TimelineUnreadable, ValueRefused
from pipeline.fields import FIELDS
from pipeline.metadata.findings import named_rate
from pipeline.metadata.tables import Table, fold, open_table
from pipeline.timecode import Rate, Timecode, TimeRange

FORMAT = "ale"
MOST_ROWS = 500_000
_MOST_NAMED = 20  # that the facts name
_FILES = ("sourcefile", "filename", "sourcefilename", "sourcepath", "unc", "filepath")
# Log fields by the folded heading of their column: our titles, and what Avid calls some of them.
_LOG = {fold(field.title): field.name for field in FIELDS if field.origin == "log"} | {
    "shootdate": "shoot_day",
    "comments": "note",
    "description": "note",
}

_Row = Mapping[str, str]  # folded heading -> what its first column of that name says


def recognises(head: bytes) -> bool:
    """The word Heading alone on the first line, and columns below it."""
    table = open_table(head)
    return table is not None and table.ale is not None


def read(data: bytes) -> ReadTimeline:
    """The table. Raises TimelineUnreadable."""
    table = open_table(data)
    if table is None or table.ale is None:
        raise TimelineUnreadable("The table has no columns; an ALE has the sections Heading, Column and Data.")
    rate = named_rate(table.ale.get("fps"))
    rows = list(_rows(table))
    problems: list[Problem] = []
    return ReadTimeline(
        format=FORMAT,
        title="",
        rate=rate,
        drop_frame=None,
        start=None,
        duration=None,
        tracks=(0, 0),
        events=tuple(_event(number, row, rate, problems) for number, row in enumerate(rows, start=1)),
        facts=tuple(_facts(rows, rate)),
        problems=tuple(problems),
    )


def _rows(table: Table) -> Iterator[_Row]:
    """Rows that say anything. Raises TimelineUnreadable for more than any bin holds."""
    for number, cells in enumerate((cells for cells in table.rows if any(map(str.strip, cells))), start=1):
        if number > MOST_ROWS:
            raise TimelineUnreadable(f"The table has more than {MOST_ROWS:,} rows; no bin has, so it was not read.")
        row: dict[str, str] = {}
        for heading, cell in zip(table.folded, cells, strict=False):
            if text := cell.strip():
                row.setdefault(heading, text)
        yield row


def _facts(rows: Sequence[_Row], rate: Rate | None) -> Iterator[tuple[str, Any]]:
    yield "format", FORMAT
    yield "rows", len(rows)
    yield "rate", str(rate) if rate else None
    yield "start_timecode", rows[0].get("start") if rows else None
    yield "names", [row["name"] for row in rows if "name" in row][:_MOST_NAMED] or None
    yield "reels", list(dict.fromkeys(row["tape"] for row in rows if "tape" in row))[:_MOST_NAMED] or None


def _event(number: int, row: _Row, rate: Rate | None, problems: list[Problem]) -> ReadEvent:
    rate = named_rate(row.get("fps")) or rate
    source, drop = _source(number, row, rate, problems)
    return ReadEvent(
        kind="Video" if "V" in row.get("tracks", "V").upper() else "Audio",
        track=1,
        record=None,
        source=source,
        available=source,
        rate=rate,
        drop_frame=drop,
        name=row.get("name", ""),
        file=next((row[column] for column in _FILES if column in row), ""),
        reel=row.get("tape") or row.get("reel", ""),
        id=row.get("clipid", ""),
        log=tuple(dict.fromkeys((_LOG[heading], text) for heading, text in row.items() if heading in _LOG)),
    )


def _source(number: int, row: _Row, rate: Rate | None, problems: list[Problem]) -> tuple[TimeRange | None, bool | None]:
    """From Start to End, the frame after the last; None where either is missing or no timecode."""
    if rate is None or "start" not in row or "end" not in row:
        return None, None
    try:
        begin, end = Timecode.parse(row["start"], rate), Timecode.parse(row["end"], rate)
        return TimeRange(begin.frame, end.frame - begin.frame), begin.drop_frame
    except ValueRefused as refusal:
        problems.append(Problem(None, f"Row {number}: {refusal.sentence}"))
        return None, None
