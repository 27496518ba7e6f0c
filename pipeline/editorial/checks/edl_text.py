"""An event list as its lines state it, without a rate: labels as four numbers."""

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.editorial.imports.edl_lines import EventLine, Group, Note, groups, statements
from pipeline.editorial.imports.text import decoded, lines_of

Label = tuple[int, ...]  # hours, minutes, seconds, frames
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_APART = re.compile(r"[:;.,]")


@dataclass(frozen=True, slots=True)
class EdlText:
    """`first` is the first line as it stands; `marked`: a byte order mark stands before it."""

    first: str
    marked: bool
    events: tuple[EventLine, ...]
    notes: tuple[Note, ...]
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, content: bytes) -> "EdlText":
        lines = lines_of(decoded(content))
        found = list(statements(lines))
        return cls(
            lines[0] if lines else "",
            content.startswith(_MARKS),
            tuple(each for each in found if isinstance(each, EventLine)),
            tuple(each for each in found if isinstance(each, Note)),
            tuple(groups(found)),
        )


@lru_cache(maxsize=1 << 16)  # every rule asks for the same labels, and one event ends where the next begins
def label(text: str) -> Label:
    return tuple(map(int, _APART.split(text)))
