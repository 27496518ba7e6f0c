"""Tables for people: widths that fit the terminal, short ids, durations one can read."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import click

from pipeline.cli.streams import escaped

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SHORT_ID = 8
ID = re.compile(r"[0-9a-fA-F]{8,32}")  # fewer letters may be a word
LEAST = 12  # characters of a column whose words may wrap
_LONGEST_WORD = 28  # characters for which such a column asks; a longer word is broken
_LONGEST_NAME = 40  # characters of a file name
BETWEEN = 2  # characters between columns
_SHORTEST = 0.05  # seconds: less is none to one decimal
_PLAIN_WIDTH = 160  # of a table that goes into a file or pipe


def print_json(value: object) -> None:
    """One JSON value on stdout, whole; names that are no UTF-8 come as escapes."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2)
    click.echo(escaped(text.decode("utf-8", "replace")))


def console(*, stderr: bool = False) -> "Console":
    """A console that uses the terminal's width and colours, or plain text of a fixed width."""
    from pipeline.cli.screen import Screen

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PLAIN_WIDTH
    beneath = getattr(stream, "beneath", stream)
    return Screen(file=beneath, width=width, highlight=False, markup=False, emoji=False)


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title; numbers stand right; what is `whole` is never broken over lines.

    On a narrow screen the columns of the highest `rank` go first; those of rank 0 stay.
    """

    title: str
    number: bool = False
    whole: bool = True
    rank: int = 0


def fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The numbers of the columns that find room in `width` characters."""
    needed = [_needed(column, [row[number] for row in rows]) for number, column in enumerate(columns)]
    kept = list(range(len(columns)))
    while sum(needed[number] + BETWEEN for number in kept) - BETWEEN > width:
        rank = max(columns[number].rank for number in kept)
        if rank == 0:
            break
        kept = [number for number in kept if columns[number].rank != rank]
    for number in sorted(set(range(len(columns))) - set(kept), key=lambda gone: columns[gone].rank):
        room = width - sum(needed[each] + BETWEEN for each in kept)
        if needed[number] <= room:  # a narrow column fits where a wide one did not
            kept.append(number)
    return sorted(kept)


def _needed(column: Column, cells: Sequence[str]) -> int:
    longest = max(map(len, (column.title, *cells)))
    if column.whole:
        return longest
    word = max((len(word) for text in cells for word in text.split()), default=0)
    return min(longest, max(LEAST, min(word, _LONGEST_WORD)))


def table(columns: Sequence[Column]) -> "Table":
    """A table with no more lines than needed."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        side: Literal["left", "right"] = "right" if column.number else "left"
        broken: Literal["ellipsis", "fold"] = "ellipsis" if column.whole else "fold"
        made.add_column(column.title, justify=side, no_wrap=column.whole, overflow=broken)
    return made


def running_time(seconds: Fraction | float) -> str:
    """Seconds as people say them: 40 ms, 4.2 s, 3:05, 1:02:03."""
    if 0 < seconds < _SHORTEST:
        return f"{max(1, round(1000 * seconds))} ms"
    if seconds < 10:
        return f"{float(seconds):.1f} s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}:{minutes:02}:{left:02}"
    return f"{minutes}:{left:02}" if minutes else f"{left} s"


def lasting(seconds: Fraction | float, frames: int | None) -> str:
    """How long a clip lasts: its running time, and of one too short for that its frames: `1 fr`."""
    return f"{frames} fr" if frames and seconds < _SHORTEST else running_time(seconds)


def size(count: int) -> str:
    """Bytes as people say them, in powers of ten as cards are sold: 512 B, 64.0 GB."""
    number, unit = float(count), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if number < 1000:
            break
        number, unit = number / 1000, bigger
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def cell(value: object) -> str:
    """One value of the log as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(cell(one) for one in value)
    text = str(value)
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)


def short_name(name: object) -> str:
    """A file name of which a table shows the beginning and the end, which tell names apart."""
    text = cell(name)
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 13]}…{text[-12:]}"


def way(track: Any) -> str:
    """A track of fixes (seconds, latitude, longitude) in words; --json has all of it."""
    return f"{plural(len(track), 'fix', 'fixes')} in {running_time(track[-1][0])}"


def plural(count: int, word: str, words: str = "") -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {words or word + 's'}"


def listed(words: Iterable[str]) -> str:
    """`a, b and c`."""
    all_words = list(words)
    return ", ".join(all_words[:-1]) + " and " + all_words[-1] if len(all_words) > 1 else "".join(all_words)
