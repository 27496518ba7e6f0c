"""`rushes cut` and `export`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pipeline.catalogue.store import open_catalogue
from pipeline.cli.options import (
    QueryCommand,
    chosen_film,
    complete_cut,
    complete_fields,
    complete_query,
    film_option,
    query_text,
)
from pipeline.cli.tables import plural, print_json, running_time

KINDS = ("stringout", "selects", "intercut")
EDITORS = ("resolve", "premiere", "avid", "fcp", "kdenlive", "lists", "all")


@click.command("cut", cls=QueryCommand)
@click.argument("name", shell_complete=complete_cut)
@click.argument("query", nargs=-1, shell_complete=complete_query)
@click.option("--as", "kind", type=click.Choice(KINDS), help="How clips are laid in order; else stringout.")
@click.option(
    "--by",
    metavar="FIELD",
    shell_complete=complete_fields,
    default="",
    help="The field whose values an intercut alternates: location, subject, view.",
)
@click.option(
    "--sort",
    metavar="FIELDS",
    shell_complete=complete_fields,
    default="",
    help="Order by fields; else as it was shot (day, time, camera).",
)
@click.option(
    "--rate", default="", help="Frames per second: 25, 29.97, 30000/1001. Else the setting, else the commonest."
)
@click.option(
    "--start",
    metavar="TIMECODE",
    default="",
    help="Timecode of the first frame: 01:00:00:00, or 01:00:00;00 drop-frame.",
)
@click.option("--size", metavar="WxH", default="", help="Picture size: 1920x1080.")
@click.option("--handles", type=click.IntRange(min=0), default=0, help="Frames added at both ends of marked ranges.")
@click.option("--gap", type=click.IntRange(min=0), default=0, help="Frames of black between clips.")
@click.option("--json", "as_json", is_flag=True, help="What was cut, as JSON.")
@film_option
def cut_command(name: str, query: tuple[str, ...], as_json: bool, film: str | None, **options: Any) -> None:
    """Make a timeline of what a search finds and save it.

    NAME alone makes a saved cut again, with what has come since; options given then change it.

    \b
    rushes cut coach 'subject:coach' --as stringout
    rushes cut two-places 'location:kaptagat or location:vienna' --as intercut --by location
    """
    from pipeline.delivery.cuts import Recipe, make_cut, saved_recipe

    found = chosen_film(film)
    changes = {option: value for option, value in options.items() if value}
    with open_catalogue(found.catalogue) as catalogue:
        recipe = Recipe(query_text(query)) if query else saved_recipe(catalogue, name)
        recipe = replace(recipe, **changes)
        if recipe.kind == "intercut" and not recipe.by:
            raise click.UsageError("Say which field an intercut alternates: --by location, --by subject or --by view.")
        made = make_cut(found, catalogue, name, recipe)
    if as_json:
        print_json({
            "name": made.name, "version": made.version, "kind": made.recipe.kind, "query": made.recipe.query,
            "clips": [logged.clip.id for logged in made.clips], "new": [logged.clip.id for logged in made.new],
            "events": made.cut.events, "duration": round(float(made.duration), 3), "notes": made.cut.notes,
        })  # fmt: skip
    events, clips = plural(made.cut.events, "event"), plural(len(made.clips), "clip")
    length = running_time(made.duration)
    click.echo(f"{made.name}, version {made.version}: {events} of {clips}, {length}.", err=True)
    for logged in made.new:
        click.echo(f"  new since the last version: {logged.clip.name} ({logged.clip.card})", err=True)
    for note in made.cut.notes:
        click.echo(f"  {note}", err=True)
    click.echo(f"'rushes export {made.name}' writes it.", err=True)


@click.command("export")
@click.argument("name", shell_complete=complete_cut)
@click.option("--for", "editor", type=click.Choice(EDITORS), default=None, help="The editing suite; else all formats.")
@click.option(
    "--to",
    "-o",
    "to",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where; else timelines/ of the film.",
)
@click.option(
    "--media",
    type=click.Choice(["original", "proxy"]),
    help="What editors link first; else originals, in a bundle proxies.",
)
@click.option(
    "--map",
    "maps",
    metavar="FROM=TO",
    multiple=True,
    help="What paths begin with here and on the editor's machine: /films=/Volumes/RAID/films, /films=D:\\films.",
)
@click.option("--relative", is_flag=True, help="Paths from the timeline file on, in the formats that hold them.")
@click.option("--json", "as_json", is_flag=True, help="Files and losses as JSON.")
@film_option
def export_command(
    name: str, editor: str | None, to: Path | None, *, maps: tuple[str, ...], relative: bool,
    as_json: bool, film: str | None, media: Any,
) -> None:  # fmt: skip
    """Write a saved cut in the files of an editing suite (--for), each whole, with a page for the editor.

    \b
    rushes export coach --for premiere --map /films=D:\\films
    """
    from pipeline.delivery.cuts import EDITORS as KNOWN
    from pipeline.delivery.cuts import Order, export_sets, saved_cut
    from pipeline.editorial.exports.paths import read_map

    found = chosen_film(film)
    settings = found.settings.export
    order = Order(
        to=to.absolute() if to else None,
        media=media,
        maps=settings.map | dict(map(read_map, maps)),
        relative=relative or settings.relative,
    )
    with open_catalogue(found.catalogue) as catalogue:
        made = saved_cut(found, catalogue, name)
    orders = [replace(order, editor=editor or "")]
    if editor == "all":
        own = [(each.name, order.to / f"for-{each.name}" if order.to else None) for each in KNOWN]
        orders = [replace(order, editor=suite, to=folder) for suite, folder in own]
    delivered = export_sets(found, made, orders)
    files = [str(file) for each in delivered for file in each.files]
    losses = list(dict.fromkeys(loss for each in delivered for loss in each.losses))
    notes = list(dict.fromkeys(note for each in delivered for note in each.notes))
    if as_json:
        print_json({"files": files, "losses": losses, "notes": notes})
    else:
        click.echo("\n".join(files))
    for said in (*notes, *losses):
        click.echo(f"  {said}", err=True)
