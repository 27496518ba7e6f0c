"""`rushes log` and `show`: the shot log as people read it."""

import click

from pipeline.catalogue.listing import BESIDE, group, rows
from pipeline.catalogue.store import open_catalogue
from pipeline.cli.listing import as_csv_text, nothing_fits, print_groups, print_listing
from pipeline.cli.options import (
    QueryCommand,
    chosen_film,
    clip_typed,
    complete_clip,
    complete_fields,
    film_option,
    query_argument,
    query_text,
)
from pipeline.cli.tables import print_json
from pipeline.errors import ValueRefused
from pipeline.fields import ALIASES, BY_NAME, DEFAULT_COLUMNS
from pipeline.shotlog.query import explain, parse

# What one object of `rushes log --json` holds.
JSON_FIELDS: tuple[str, ...] = (
    "id", "name", "card", "path", "kind", "camera", "camera_model", "unit", "location", "subject", "tag", "view",
    "shoot_day", "recorded_at", "start_timecode", "rate", "frames", "duration", "scene", "take", "rating", "circled",
    "title", "note", "reel", "used", "status", "listed", "warnings",
)  # fmt: skip
_ON_TERMINAL = 50  # rows that a table shows unless --limit says otherwise


@click.command("log", cls=QueryCommand)
@query_argument
@click.option("--json", "as_json", is_flag=True, help="An array of objects.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values with a header.")
@click.option(
    "--group-by",
    metavar="FIELDS",
    shell_complete=complete_fields,
    help="Clips and running time for each value: location,subject.",
)
@click.option(
    "--sort",
    metavar="FIELD",
    shell_complete=complete_fields,
    default="",
    help="Order by a field; -FIELD turns it round. Else as it was shot.",
)
@click.option(
    "--columns", metavar="FIELDS", shell_complete=complete_fields, help="Which fields to show: name,location,note."
)
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
    text = query_text(query)
    asked = parse(text)
    if explained:
        click.echo(explain(asked))
        return
    found = chosen_film(film)
    with open_catalogue(found.catalogue) as catalogue:
        if group_by:
            print_groups(group(catalogue, asked, _fields(group_by)), as_json=as_json, as_csv=as_csv)
            return
        shown = _fields(columns) if columns else JSON_FIELDS if as_json or as_csv else DEFAULT_COLUMNS
        if limit is None and not (as_json or as_csv):
            limit = _ON_TERMINAL
        wanted = shown if as_json or as_csv else dict.fromkeys([*shown, "shoot_day", "frames"])
        listing = rows(catalogue, asked, columns=tuple(wanted), sort=sort, limit=limit or None)
    if as_json:
        print_json(listing.rows)
    elif as_csv:
        click.echo(as_csv_text(listing.rows, shown), nl=False)
    elif not listing.clips:
        click.echo(nothing_fits(text.strip()), err=True)
    else:
        print_listing(listing, shown, chosen=bool(columns), by_day=not sort and "shoot_day" not in shown)


def _fields(text: str) -> list[str]:
    names = [ALIASES.get(name.strip(), name.strip()) for name in text.split(",") if name.strip()]
    for name in names:
        if name not in BY_NAME and name not in BESIDE:
            import difflib

            near = difflib.get_close_matches(name, BY_NAME, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"the fields are {', '.join(BY_NAME)}."
            raise ValueRefused(f"There is no field '{name}'; {hint}")
    return names


@click.command("show")
@click.argument("clip", metavar="CLIP", shell_complete=complete_clip)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@film_option
def show_command(clip: str, as_json: bool, film: str | None) -> None:
    """One clip: facts, log with the source of each value, proxies, where it is used.

    CLIP is its id or the beginning of it, its file name (with or without extension), card/name or its path.
    """
    from pipeline.catalogue.beside import running_with
    from pipeline.catalogue.clocks import told
    from pipeline.catalogue.cuts import cuts_using
    from pipeline.catalogue.log import history
    from pipeline.cli.showing import as_data, page
    from pipeline.cli.tables import console

    found = chosen_film(film)
    with open_catalogue(found.catalogue) as catalogue:
        logged = clip_typed(found, catalogue, clip)
        entries, used = history(catalogue, logged.clip.id), cuts_using(catalogue, logged.clip.id)
        moment, beside = told(catalogue, logged.clip.id), running_with(catalogue, logged)
    if as_json:
        print_json(as_data(logged, entries, used, moment, beside))
    else:
        click.echo(page(logged, entries, used, moment, beside, width=console().width), nl=False)
