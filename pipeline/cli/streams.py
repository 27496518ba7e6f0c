"""What goes to a terminal: signs that it would obey are shown by their numbers.

Names and notes come from cards, and a terminal obeys control characters in whatever it is given; others turn the
order of letters round. What is styled by us is marked as ours with a sign that no name can know, and passes on a
terminal alone; what rich draws goes by screen.py.
"""

import os
import re
import sys
from typing import Any, TextIO

import click

_OBEYED = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_SIGNS = re.compile(rf"[{_OBEYED}]|\r(?!\n)")
_OURS = f"\ue000{os.urandom(8).hex()}"  # stands for ESC until it is written
_STYLED = re.compile(rf"{_OURS}\[[0-9;]*m")


def plain(text: str) -> str:
    """The text with such signs written out: \\x1b, \\u202e."""
    return _SIGNS.sub(_number, text)


def escaped(json: str) -> str:
    """The same in JSON, which has an escape of its own for them."""
    return _SIGNS.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def styled(text: str, **how: Any) -> str:
    """The text as click styles it, marked as ours where it is written through Shown; its own signs are written out."""
    text = click.style(plain(text), **how)
    return text.replace("\x1b", _OURS) if isinstance(sys.stdout, Shown) else text


def _number(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}" if found[0] <= "\xff" else f"\\u{ord(found[0]):04x}"


class Shown:
    """A stream that writes what it is given as a terminal may have it; in all else it is the stream `beneath`."""

    def __init__(self, stream: TextIO) -> None:
        self.beneath = stream

    def write(self, text: str) -> int:
        shown = plain(text)
        shown = shown.replace(_OURS, "\x1b") if self.beneath.isatty() else _STYLED.sub("", shown)
        return self.beneath.write(shown)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)
