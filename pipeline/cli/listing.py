"""Rows of the log as tables and CSV: days as headings, whole names, and what is too wide said."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import click

from pipeline.catalogue.listing import Listing
from pipeline.cli.tables import (
    ID,
    SHORT_ID,
    Column,
    cell,
    console,
    fitting,
    lasting,
    plural,
    print_json,
    running_time,
    short_name,
    table,
)
from pipeline.fields import BY_NAME
from pipeline.shotlog.cells import harmless
from pipeline.timecode import Rate

# Columns whose words may wrap; the others are read, or copied, as a whole.
_WRAPPING = frozenset({"subject", "note", "location", "tag", "card", "path", "lens", "warnings", "camera_model"})
# What a narrow terminal does without first, unless the columns were asked for by name.
_FIRST_TO_GO = ("status", "rating", "start_timecode", "camera", "note", "duration")


def nothing_fits(text: str) -> str:
    """What to say of a search that finds nothing; an empty one finds all, a bare id is asked for by its field."""
    if not text:
        return "Nothing is in the log yet; copy a card into ingest/ and run 'rushes ingest'."
    return f"Nothing in the log fits; id:{text} asks for an id." if ID.fullmatch(text) else "Nothing in the log fits."


def print_listing(listing: Listing, fields: Sequence[str], *, by_day: bool, chosen: bool = False) -> None:
    """The table of a search with its totals; `chosen`: a person named the columns, so that all are shown."""
    filled = [name for name in fields if chosen or any(row[name] not in (None, [], "") for row in listing.rows)]
    columns = [_column(name, chosen=chosen) for name in filled]
    rows = [[_cell(name, row[name], row.get("frames")) for name in filled] for row in listing.rows]
    screen = console()
    kept = fitting(columns, rows, screen.width)
    made = table([columns[number] for number in kept])
    day: object = ()
    for row, cells in zip(listing.rows, rows, strict=True):
        if by_day and row["shoot_day"] != day:
            day = row["shoot_day"]
            if made.row_count:
                made.add_section()
            indent = [""] if filled[0] == "id" and len(kept) > 1 else []  # ids are narrower than days
            made.add_row(*indent, str(day or "no day"), style="bold")
        made.add_row(*(cells[number] for number in kept))
    screen.print(made)
    gone = [name for number, name in enumerate(filled) if number not in kept]
    click.echo(f"{plural(listing.clips, 'clip')}, {running_time(listing.duration)}{_left_out(listing, gone)}")


def _left_out(listing: Listing, gone: Sequence[str]) -> str:
    """What the table does not show, and how to see it."""
    text = ""
    if listing.clips > len(listing.rows):
        text += f"; the first {len(listing.rows)} shown, --limit 0 shows all"
    if gone:
        text += f"; no room for {', '.join(gone)}, --columns chooses"
    return text


def print_groups(found: list[dict[str, Any]], *, as_json: bool = False, as_csv: bool = False) -> None:
    """The groups of a search: a table, or the same as data."""
    names = list(found[0]) if found else []
    if as_json:
        print_json(found)
    elif as_csv:
        click.echo(as_csv_text(found, names), nl=False)
    elif not found:
        click.echo("Nothing in the log fits.", err=True)
    else:
        made = table([_column(name, chosen=True) for name in names])
        for row in found:
            made.add_row(*(_cell(name, row[name]) for name in names))
        console().print(made)


def as_csv_text(found: Sequence[dict[str, Any]], fields: Sequence[str]) -> str:
    """Comma-separated values with a header; several values of one field are parted by `; `."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(fields)
    for row in found:
        cells = ["; ".join(value) if isinstance(value := row[name], list) else value for name in fields]
        writer.writerow([harmless(cell) for cell in cells])
    return text.getvalue()


def _column(name: str, *, chosen: bool) -> Column:
    field = BY_NAME.get(name)
    title = field.title if field else name.replace("_", " ").capitalize()
    number = name == "clips" or (field is not None and field.kind in ("number", "duration"))
    rank = 0 if chosen or name not in _FIRST_TO_GO else len(_FIRST_TO_GO) - _FIRST_TO_GO.index(name)
    return Column(title, number, whole=name not in _WRAPPING, rank=rank)


def _cell(name: str, value: object, frames: int | None = None) -> str:
    """What a table shows of a field; `frames` of a clip tell how long it lasts where seconds do not."""
    if value is None:
        return "-" if name in ("location", "subject") else ""
    if name == "id":
        return str(value)[:SHORT_ID]
    if name == "name":
        return short_name(value)
    if name == "duration" and isinstance(value, int | float):
        return lasting(value, frames)
    if name == "rate":
        return Rate.parse(str(value)).label()
    if name == "rating" and isinstance(value, int):
        return "*" * value
    return cell(value)
