"""Rows drawn as a table, cheaply enough for a cut of 100,000 events.

rich measures each cell several times; here a cell is measured once, and folded only where it is too long.
"""

import textwrap
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

import click

from pipeline.cli.streams import styled
from pipeline.cli.tables import BETWEEN, LEAST, Column, console, fitting

ON_TERMINAL = 50  # rows of a long table
_AT_ONCE = 1000  # lines that are written together


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, most: int = 0) -> None:
    """Print rows as wide as the terminal, without the columns that find no room; there `most` of them at most (0: all).

    Cells hold no line breaks.
    """
    screen = console()
    shown = rows[:most] if most and screen.is_terminal else rows
    kept = fitting(columns, shown, screen.width)
    rule = "─" if screen.encoding.startswith("utf") else "-"
    lines = _drawn([columns[n] for n in kept], [[row[n] for n in kept] for row in shown], screen.width, rule)
    click.echo(styled(next(lines), bold=True) if screen.color_system else next(lines))  # a dumb terminal has no bold
    while some := list(islice(lines, _AT_ONCE)):
        click.echo("\n".join(some))
    if len(shown) < len(rows):
        click.echo(f"... and {len(rows) - len(shown):,} more; --json has all")


def _drawn(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int, rule: str) -> Iterator[str]:
    """The lines of a table: titles, a rule, a line or more for each row."""
    titles = [column.title for column in columns]
    longest = [max(map(_width, cells)) for cells in zip(titles, *rows, strict=True)]
    widths = _narrowed(columns, longest, room)

    @cache
    def laid(text: str, number: int) -> list[str]:
        column, width = columns[number], widths[number]
        lines = [_cut(text, width)] if column.whole else _folded(text, width)
        return [_padded(line, width, column) for line in lines]

    def line_of(cells: Sequence[str]) -> Iterator[str]:
        folded = [laid(text, number) for number, text in enumerate(cells)]
        for at in range(max(map(len, folded))):
            each = (lines[at] if at < len(lines) else " " * width for lines, width in zip(folded, widths, strict=True))
            yield (" " * BETWEEN).join(each).rstrip()

    yield from line_of(titles)
    yield rule * (sum(widths) + BETWEEN * (len(widths) - 1))
    for row in rows:
        yield from line_of(row)


def _narrowed(columns: Sequence[Column], longest: Sequence[int], room: int) -> list[int]:
    """Widths that find room: the widest columns of words give way first, then all."""
    widths = list(longest)
    over = sum(widths) + BETWEEN * (len(widths) - 1) - room
    worded = [number for number, column in enumerate(columns) if not column.whole]
    for giving, least in ((worded, LEAST), (range(len(widths)), 1)):
        while over > 0 and (widest := max(giving, key=widths.__getitem__, default=None)) is not None:
            if widths[widest] <= least:
                break
            widths[widest] -= 1
            over -= 1
    return widths


def _width(text: str) -> int:
    """How many places of a terminal a text takes: some letters take two, some none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _padded(text: str, width: int, column: Column) -> str:
    gap = " " * (width - _width(text))
    return gap + text if column.number else text + gap


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    from rich.cells import set_cell_size

    return set_cell_size(text, width - 1) + "…"


def _folded(text: str, width: int) -> list[str]:
    """A text over lines: between its words, and within a word that is longer than a line."""
    if _width(text) <= width:
        return [text]
    if text.isascii():
        return textwrap.wrap(text, width, break_on_hyphens=False)
    from rich.cells import chop_cells

    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if _width(joined) <= width:
            lines[-1] = joined
        else:
            first, *others = chop_cells(word, width)
            lines = [*(lines if lines[-1] else []), first, *others]
    return lines
