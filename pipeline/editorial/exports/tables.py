"""Rows as comma-separated values (RFC 4180, UTF-8) that no spreadsheet takes for formulas."""

import re
from collections.abc import Iterable, Sequence

from pipeline.editorial.exports.written import Losses, one_line
from pipeline.shotlog.cells import runs

_QUOTED = re.compile('[,"]')


def csv_text(rows: Iterable[Sequence[str]], lost: Losses) -> str:
    """`rows` with their line ends; cells that a spreadsheet would run stand behind an apostrophe, and are named."""
    return "".join([",".join([_cell(cell, lost) for cell in row]) + "\r\n" for row in rows])


def _cell(text: str, lost: Losses) -> str:
    plain = one_line(text)
    if runs(plain):
        lost.add("Texts that a spreadsheet would run, written behind an apostrophe", plain)
        plain = f"'{plain}"
    return '"' + plain.replace('"', '""') + '"' if _QUOTED.search(plain) else plain
