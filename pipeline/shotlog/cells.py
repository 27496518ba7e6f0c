"""Cells of tables that people open in spreadsheets: none of them is a formula."""

import re

# What spreadsheets run (OWASP, "CSV Injection"), also as wide letters of East Asian type; a number may be negative.
_RUN = re.compile(r"\s*(?:[=@\uff1d\uff20\uff0b\uff0d]|[+\-](?!\d+(?:\.\d+)?$))")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def runs(text: str) -> bool:
    """Whether a spreadsheet would run this cell."""
    return _RUN.match(text) is not None


def harmless(value: object) -> object:
    """A cell as any program may have it: text in one line, behind an apostrophe where it would be run."""
    if not isinstance(value, str):
        return value
    line = value if value.isprintable() else _CONTROLS.sub(" ", value)
    return f"'{line}" if runs(line) else line
