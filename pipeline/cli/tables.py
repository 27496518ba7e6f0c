"""Tables for people: widths that fit the terminal, short ids, durations one can read."""

import sys
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SHORT_ID = 8
_PLAIN_WIDTH = 160  # of a table that goes into a file or pipe


def print_json(value: object) -> None:
    """One JSON value on stdout, whole; names that are no UTF-8 come as escapes."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2)
    click.echo(text.decode("utf-8", "replace"))


def console(*, stderr: bool = False) -> "Console":
    """A console that uses the terminal's width and colours, or plain text of a fixed width."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PLAIN_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def table(columns: Sequence[tuple[str, bool]]) -> "Table":
    """A table with (title, whether its values are numbers) columns and no more lines than needed."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for title, number in columns:
        made.add_column(title, justify="right" if number else "left", no_wrap=number, overflow="fold")
    return made


def running_time(seconds: Fraction | float) -> str:
    """Seconds as people say them: 4.2 s, 3:05, 1:02:03."""
    if seconds < 10:
        return f"{float(seconds):.1f} s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}:{minutes:02}:{left:02}"
    return f"{minutes}:{left:02}" if minutes else f"{left} s"


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
        return ", ".join(str(one) for one in value)
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def listed(words: Iterable[str]) -> str:
    """`a, b and c`."""
    all_words = list(words)
    return ", ".join(all_words[:-1]) + " and " + all_words[-1] if len(all_words) > 1 else "".join(all_words)
