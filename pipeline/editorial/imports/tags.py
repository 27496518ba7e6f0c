"""Where the tags of a long XML text stand: how deep they lie, and on which lines, found for all of them at once.

The text is one that a parser has found well-formed, in a code that holds ASCII as it is. It is looked at as an array
of bytes; Python would take longer for that than the parser takes for the whole file.
"""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Bytes = NDArray[np.uint8]

_BLOCK = 1 << 18  # bytes looked at together: what fits the processor's own memory
_OPEN, _CLOSE, _SLASH, _MARK, _QUESTION, _LINE_END = b"<>/!?\n"
_AFTER_NAME = list(b" \t\n/>")


class Text:
    """An XML from `begin` on, where its root begins.

    `count`: its start tags, those in comments and their like too. `depth`: how many elements lie in one another, the
    root counted. None where the text does not tell: it holds comments or their like, `>` that end no tag, or zeros,
    which UTF-8 has none of.
    """

    def __init__(self, text: bytes, begin: int) -> None:
        import numpy as np  # heavy, and only wanted here

        if b"\r" in text:
            before = _lined(text[:begin])
            text, begin = before + _lined(text[begin:]), len(before)
        self.depth: int | None = 0 if text.find(b"\0", begin) < 0 else None
        self._bytes = np.frombuffer(text, np.uint8)
        starts, ends_of_lines, level = [], [np.flatnonzero(self._bytes[:begin] == _LINE_END)], 0
        while begin < len(text):
            end = text.rfind(b">", begin, begin + _BLOCK) + 1 or begin + _BLOCK
            block = self._bytes[begin:end]
            ends_of_lines.append(np.flatnonzero(block == _LINE_END) + begin)
            opens = np.flatnonzero(self._bytes[begin : min(end, len(text) - 1)] == _OPEN) + begin
            following = self._bytes[opens + 1]
            ends = following == _SLASH
            aside = (following == _MARK) | (following == _QUESTION)
            if self.depth is not None:
                closes = np.flatnonzero(block == _CLOSE) + begin
                if len(opens) != len(closes) or aside.any():
                    self.depth = None
                elif len(opens):
                    empty = self._bytes[closes - 1] == _SLASH
                    levels = np.cumsum(1 - empty - 2 * ends.astype(np.int64)) + level
                    self.depth, level = max(self.depth, int((levels + empty).max())), int(levels[-1])
            starts.append(opens[~(ends | aside)])
            begin = end
        self._starts: Places = np.concatenate(starts) if starts else np.zeros(0, np.int64)
        self._ends: Places = np.concatenate(ends_of_lines)
        self.count = len(self._starts)

    def lines(self) -> list[int]:
        """The lines of all start tags, from 1."""
        return self._lines(self._starts)

    def lines_of(self, name: str) -> list[int]:
        """The lines of the start tags of a name."""
        import numpy as np

        found, first = self._starts, self._first
        for place, letter in enumerate(name.encode(), start=1):
            found = found[(self._bytes[found + place] if place > 1 else first) == letter]
        return self._lines(found[np.isin(self._bytes[found + len(name.encode()) + 1], _AFTER_NAME)])

    def _lines(self, starts: "Places") -> list[int]:
        import numpy as np

        found: list[int] = (np.searchsorted(self._ends, starts) + 1).tolist()
        return found

    @cached_property
    def _first(self) -> "Bytes":
        """The first letters of all start tags."""
        return self._bytes[self._starts + 1]


def _lined(text: bytes) -> bytes:
    """The text with lines that end as XML takes them to."""
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
