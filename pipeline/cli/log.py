"""`rushes log` and `show`: the shot log as people read it."""

import csv
import io
import sys
from collections.abc import Sequence
from typing import Any

import click

from pipeline.catalogue.listing import Listing, clip, group, rows
from pipeline.catalogue.store import open_catalogue
from pipeline.cli.options import QueryCommand, chosen_film, film_option, query_argument, query_text
from pipeline.cli.tables import SHORT_ID, cell, console, plural, print_json, running_time, table
from pipeline.errors import ValueRefused
from pipeline.fields import ALIASES, BY_NAME, DEFAULT_COLUMNS
from pipeline.shotlog.query import explain, parse
from pipeline.timecode import Rate

# What one object of `rushes log --json` holds.
JSON_FIELDS: tuple[str, ...] = (
    "id", "name", "card", "path", "kind", "camera", "camera_model", "unit", "location", "subject", "tag", "view",
    "shoot_day", "recorded_at", "start_timecode", "rate", "frames", "duration", "scene", "take", "rating", "circled",
    "note", "reel", "status", "warnings",
)  # fmt: skip
_ON_TERMINAL = 50  # rows that a table shows unless --limit says otherwise


@click.command("log", cls=QueryCommand)
@query_argument
@click.option("--json", "as_json", is_flag=True, help="An array of objects.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values with a header.")
@click.option("--group-by", metavar="FIELDS", help="Clips and running time for each value: location,subject.")
@click.option(
    "--sort", metavar="FIELD", default="", help="Order by a field; -FIELD turns it round. Else as it was shot."
)
@click.option("--columns", metavar="FIELDS", help="Which fields to show: name,location,note.")
@click.option("--limit", metavar="N", type=click.IntRange(min=0), help="At most N clips; 0 shows all.")
@click.option("--explain", "explained", is_flag=True, help="Say in words what was understood, and stop.")
@film_option
def log_command(
    query: tuple[str, ...], as_json: bool, as_csv: bool, group_by: str | None, sort: str, columns: str | None,
    limit: int | None, explained: bool, film: str | None,
) -> None:  # fmt: skip
    """Search the shot log. Without QUERY, all of it.

    \b
    rushes log location:vienna subject:"coach interview" camera:A
    rushes log 'shot:2019-10-12 at:06:00..07:30 duration:>30s rating:>=4 -status:failed'
    rushes log '(eldoret or kaptagat) sunrise has:note' --group-by location,subject
    """
    asked = parse(query_text(query))
    if explained:
        click.echo(explain(asked))
        return
    found = chosen_film(film)
    with open_catalogue(found.catalogue) as catalogue:
        if group_by:
            print_groups(group(catalogue, asked, _fields(group_by)), as_json=as_json, as_csv=as_csv)
            return
        shown = _fields(columns) if columns else JSON_FIELDS if as_json or as_csv else list(DEFAULT_COLUMNS)
        if limit is None and not (as_json or as_csv):
            limit = _ON_TERMINAL
        wanted = shown if as_json or as_csv else dict.fromkeys([*shown, "shoot_day"])
        listing = rows(catalogue, asked, columns=tuple(wanted), sort=sort, limit=limit or None)
    if as_json:
        print_json(listing.rows)
    elif as_csv:
        click.echo(_csv(listing.rows, shown), nl=False)
    else:
        print_listing(listing, shown, by_day=not sort and "shoot_day" not in shown)


def _fields(text: str) -> list[str]:
    names = [ALIASES.get(name.strip(), name.strip()) for name in text.split(",") if name.strip()]
    for name in names:
        if name not in BY_NAME and name != "warnings":
            import difflib

            near = difflib.get_close_matches(name, BY_NAME, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"the fields are {', '.join(BY_NAME)}."
            raise ValueRefused(f"There is no field '{name}'; {hint}")
    return names


def _csv(found: Sequence[dict[str, Any]], fields: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(fields)
    for row in found:
        writer.writerow(["; ".join(value) if isinstance(value := row[name], list) else value for name in fields])
    return text.getvalue()


def print_listing(listing: Listing, fields: Sequence[str], *, by_day: bool) -> None:
    if not listing.clips:
        click.echo("Nothing in the log fits.", err=True)
        return
    shown = [name for name in fields if any(row[name] not in (None, [], "") for row in listing.rows)]
    made = table([(_title(name), _is_number(name)) for name in shown])
    day: object = ()
    for row in listing.rows:
        if by_day and row["shoot_day"] != day:
            day = row["shoot_day"]
            if made.row_count:
                made.add_section()
            made.add_row(f"{day or 'no day'}", style="bold")
        made.add_row(*(_cell(name, row[name]) for name in shown))
    console().print(made)
    total = f"{plural(listing.clips, 'clip')}, {running_time(listing.duration)}"
    left = listing.clips - len(listing.rows)
    click.echo(f"{total}; the first {len(listing.rows)} shown, --limit 0 shows all" if left else total)


def print_groups(found: list[dict[str, Any]], *, as_json: bool = False, as_csv: bool = False) -> None:
    if as_json:
        print_json(found)
        return
    names = list(found[0]) if found else []
    if as_csv:
        click.echo(_csv(found, names), nl=False)
        return
    if not found:
        click.echo("Nothing in the log fits.", err=True)
        return
    made = table([(_title(name), name in ("clips", "duration")) for name in names])
    for row in found:
        made.add_row(*(_cell(name, row[name]) for name in names))
    console().print(made)


def _title(name: str) -> str:
    return BY_NAME[name].title if name in BY_NAME else name.replace("_", " ").capitalize()


def _is_number(name: str) -> bool:
    return name in BY_NAME and BY_NAME[name].kind in ("number", "duration")


def _cell(name: str, value: object) -> str:
    if value is None:
        return "-" if name in ("location", "subject") else ""
    if name == "id":
        return str(value)[:SHORT_ID]
    if name == "duration" and isinstance(value, int | float):
        return running_time(value)
    if name == "rate":
        return Rate.parse(str(value)).label()
    if name == "rating" and isinstance(value, int):
        return "*" * value
    return cell(value)


@click.command("show")
@click.argument("clip_id", metavar="CLIP")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@film_option
def show_command(clip_id: str, as_json: bool, film: str | None) -> None:
    """One clip: facts, log with the source of each value, proxies, where it is used. Any unique beginning of its id."""
    from pipeline.catalogue.cuts import cuts_using
    from pipeline.catalogue.log import history
    from pipeline.cli.showing import as_data, page

    found = chosen_film(film)
    with open_catalogue(found.catalogue) as catalogue:
        logged = clip(catalogue, clip_id)
        entries, used = history(catalogue, logged.clip.id), cuts_using(catalogue, logged.clip.id)
    if as_json:
        print_json(as_data(logged, entries, used))
    else:
        sys.stdout.write(page(logged, entries, used))
