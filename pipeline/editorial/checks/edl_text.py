"""An event list as its lines state it, without a rate: labels as four numbers."""

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.editorial.imports.edl_lines import TABLE_ROW, EventLine, Group, Note, Statements

Label = tuple[int, ...]  # hours, minutes, seconds, frames
Side = tuple[Label, Label]  # where an event begins and ends
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_APART = re.compile(r"[:;.,]")


@dataclass(frozen=True, slots=True)
class EdlText:
    """`first` is the first line as it stands; `marked`: a byte order mark stands before it.

    `sides`: the labels of each event by its line, of the source and of the timeline. `table`: what ends a list of
    ours, the paths that each short reel stands for, by file name. `reels`: what the recording's own reel is.
    """

    first: str
    marked: bool
    events: tuple[EventLine, ...]
    notes: tuple[Note, ...]
    groups: tuple[Group, ...]
    sides: dict[int, tuple[Side, Side]]
    table: dict[str, dict[str, set[str]]]
    reels: dict[tuple[str, str], str]

    @classmethod
    def of(cls, content: bytes, first: str, found: Statements) -> "EdlText":
        sides = {event.line: _sides(event) for event in found.events}
        told = [note.text for note in found.notes if note.text.startswith("REEL ")]
        rows = [row for row in map(TABLE_ROW.fullmatch, told) if row]
        table: dict[str, dict[str, set[str]]] = {}
        for row in rows:
            table.setdefault(base(row[5]), {}).setdefault(row[1], set()).add(row[5])
        reels = {(row[1], base(row[5])): row[2] for row in rows if row[2] != "-"}
        return cls(first, content.startswith(_MARKS), found.events, found.notes, found.groups, sides, table, reels)


def _sides(event: EventLine) -> tuple[Side, Side]:
    source, record = (event.source_in, event.source_out), (event.record_in, event.record_out)
    return (label(source[0]), label(source[1])), (label(record[0]), label(record[1]))


@lru_cache(maxsize=1 << 16)  # one event ends where the next begins
def label(text: str) -> Label:
    return tuple(map(int, _APART.split(text)))


def base(path: str) -> str:
    """The file's own name, of a path of any system."""
    return path.replace("\\", "/").rpartition("/")[2]
