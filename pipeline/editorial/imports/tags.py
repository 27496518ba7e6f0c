"""Where the tags of a long XML text stand: how deep they lie, and on which lines, found for all of them at once.

The text is one that a parser has found well-formed, in a code that holds ASCII as it is. It is looked at as an array
of bytes; Python would take longer for that than the parser takes for the whole file.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK = 1 << 18  # bytes looked at together: what fits the processor's own memory
_AFTER_NAME = b" \t\r\n/>"
_OPEN, _CLOSE, _SLASH, _MARK, _QUESTION, _LINE_END = b"<>/!?\n"


def deepest(text: bytes, begin: int) -> int | None:
    """How many elements lie in one another, from the root's tag at `begin` on, the root counted.

    None where the text does not tell: there are comments and their like, or `>` that end no tag.
    """
    import numpy as np  # heavy, and only wanted here

    most = depth = 0
    if text.find(b"\0", begin) >= 0:  # no UTF-8
        return None
    while begin < len(text):
        end = text.rfind(b">", begin, begin + _BLOCK) + 1
        if not end:
            return most if text.find(b"<", begin) < 0 else None
        part = np.frombuffer(text, np.uint8, end - begin, begin)
        opens, closes = np.flatnonzero(part == _OPEN), np.flatnonzero(part == _CLOSE)
        if len(opens) != len(closes):
            return None
        following = part[opens + 1]
        if np.any((following == _MARK) | (following == _QUESTION)):
            return None
        empty, ends = part[closes - 1] == _SLASH, following == _SLASH
        levels = np.cumsum(1 - empty - 2 * ends.astype(np.int64)) + depth
        most, depth, begin = max(most, int((levels + empty).max())), int(levels[-1]), end
    return most


class Text:
    """The text of an XML, with nothing in it that looks like a tag and is none."""

    def __init__(self, text: bytes) -> None:
        """Line ends are what XML takes for one."""
        self.text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text

    def lines(self) -> list[int]:
        """The lines of all start tags, from 1."""
        import numpy as np

        array = np.frombuffer(self.text, np.uint8)
        opens = np.flatnonzero(array == _OPEN)
        following = array[opens + 1]
        return self._lines(opens[(following != _SLASH) & (following != _MARK) & (following != _QUESTION)])

    def lines_of(self, name: str) -> list[int]:
        """The lines of the start tags of a name."""
        return self._lines(list(self._starts_of(f"<{name}".encode())))

    def _starts_of(self, tag: bytes) -> Iterator[int]:
        at = self.text.find(tag)
        while at >= 0:
            end = at + len(tag)
            if self.text[end] in _AFTER_NAME:
                yield at
            at = self.text.find(tag, end)

    def _lines(self, starts: "Sequence[int] | NDArray[np.int64]") -> list[int]:
        import numpy as np

        found: list[int] = (np.searchsorted(self._ends, starts) + 1).tolist()
        return found

    @cached_property
    def _ends(self) -> "NDArray[np.int64]":
        """Where lines end."""
        import numpy as np

        return np.flatnonzero(np.frombuffer(self.text, np.uint8) == _LINE_END)
