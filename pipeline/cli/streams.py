"""What goes to a terminal: signs that it would obey are shown by their numbers.

Names and notes come from cards, and a terminal obeys control characters in whatever it is given; others turn the
order of letters round. What is styled or drawn by us passes on a terminal alone, and only as click and rich write it.
"""

import re
from typing import Any, TextIO

_OBEYED = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_IN_FILES = re.compile(rf"[{_OBEYED}]|\r(?!\n)")
_ON_TERMINALS = re.compile(rf"(\x1b\[[0-9;?]*[A-Za-z])|[{_OBEYED}]")


def plain(text: str) -> str:
    """The text with such signs written out: \\x1b, \\u202e."""
    return _IN_FILES.sub(_number, text)


def escaped(json: str) -> str:
    """The same in JSON, which has an escape of its own for them."""
    return _IN_FILES.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def _number(found: re.Match[str]) -> str:
    if found.lastindex:
        return found[0]
    return f"\\x{ord(found[0]):02x}" if found[0] <= "\xff" else f"\\u{ord(found[0]):04x}"


class Shown:
    """A stream that writes what it is given as a terminal may have it; in all else it is the stream itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._signs = _ON_TERMINALS if stream.isatty() else _IN_FILES

    def write(self, text: str) -> int:
        return self._stream.write(self._signs.sub(_number, text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
