"""`rushes cut` and `export`."""

import sys
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.catalogue.store import open_catalogue
from pipeline.cli.options import (
    QueryCommand,
    as_typed,
    chosen_film,
    complete_cut,
    complete_fields,
    complete_query,
    film_option,
    query_text,
)
from pipeline.cli.tables import plural, print_json, running_time
from pipeline.cli.writing import changing
from pipeline.errors import ValueRefused, command

if TYPE_CHECKING:
    from pipeline.delivery.cuts import MadeCut, Recipe

_LARGEST_PAPER = 16 << 20
_MOST_NEW = 20  # clips named as new
KINDS = ("stringout", "selects", "intercut", "days", "subjects")
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
    help="The field whose values an intercut alternates, and titles name: location, subject, view.",
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
@click.option("--titles", is_flag=True, help="Two seconds of black with a marker of its title before each section.")
@click.option(
    "--sound",
    type=click.Choice(["camera", "recorder", "both"]),
    help="Whose sound: the camera's, what was recorded beside it by timecode, or both (that without it).",
)
@click.option(
    "--paper",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Cut this paper edit: a line for each shot, with clip, range and note; - is standard input.",
)
@click.option("--json", "as_json", is_flag=True, help="What was cut, as JSON.")
@film_option
def cut_command(
    name: str, query: tuple[str, ...], paper: Path | None, as_json: bool, film: str | None, **options: Any
) -> None:  # fmt: skip
    """Make a timeline of what a search finds, or of a paper edit, and save it.

    NAME alone makes a saved cut again, with what has come since; options given then change it.

    \b
    rushes cut coach 'subject:coach' --as stringout
    rushes cut two-places 'location:kaptagat or location:vienna' --as intercut --by location
    """
    from pipeline.delivery.cuts import Recipe, make_cut, saved_recipe

    if query and paper:
        raise click.UsageError("A cut is made of a search or of a paper edit; give QUERY or --paper.")
    (name,) = as_typed((name,))
    found = chosen_film(film)
    changes = {option: value for option, value in options.items() if value}
    with changing(found) as catalogue:
        if paper:
            recipe = Recipe("", paper=paper_text(paper))
        else:
            recipe = Recipe(query_text(query)) if query else saved_recipe(catalogue, name)
        recipe = replace(recipe, **changes)
        if recipe.kind == "intercut" and not recipe.by:
            raise click.UsageError("Say which field an intercut alternates: --by location, --by subject or --by view.")
        if wrong := _without_effect(recipe, changes):
            raise click.UsageError(wrong)
        made = make_cut(found, catalogue, name, recipe)
    if as_json:
        print_json({
            "name": made.name, "version": made.version, "kind": made.recipe.kind, "query": made.recipe.query,
            "timelines": [f"{made.name}{extra}" for extra in made.cuts],
            "clips": _searched(made), "new": [logged.clip.id for logged in made.new],
            "gone": [*made.gone], "events": made.events, "duration": round(float(made.duration), 3),
            "notes": made.notes,
        })  # fmt: skip
    for line in told(made):
        click.echo(line, err=True)


def _without_effect(recipe: "Recipe", asked: Container[str]) -> str:
    """What is wrong with an option that was asked for and would change nothing; empty where all do."""
    if recipe.paper and ("kind" in asked or "sort" in asked):
        return "A paper edit is cut as it is written; leave out --as and --sort."
    if "handles" in asked and (recipe.paper or recipe.kind != "selects"):
        return "Only marked ranges have handles; give --handles with --as selects."
    if "by" in asked and (recipe.paper or (recipe.kind != "intercut" and not recipe.titles)):
        return "Only an intercut or titles go by a field; give --by with --as intercut or --titles."
    return ""


def paper_text(file: Path) -> str:
    """The text of a paper edit. Raises PathMissing, PathRefused, and ValueRefused for what is no text."""
    from pipeline.files import one_line, read_small

    data = sys.stdin.buffer.read(_LARGEST_PAPER + 1) if str(file) == "-" else read_small(file, _LARGEST_PAPER + 1)
    if len(data) > _LARGEST_PAPER:
        raise ValueRefused(f"{one_line(str(file))} is larger than {_LARGEST_PAPER >> 20} MiB; no paper edit is.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueRefused(f"{one_line(str(file))} is no text in UTF-8; save it as plain text.") from None
    if not text.strip():
        raise ValueRefused(f"{one_line(str(file))} is empty; write a clip and a range on each line.")
    return text


def _searched(made: "MadeCut") -> list[str]:
    """The ids of the clips that were found and have events."""
    used = {logged.clip.id for logged in made.used}
    return [logged.clip.id for logged in made.clips if logged.clip.id in used]


def told(made: "MadeCut") -> Iterator[str]:
    """What was made, what is new in it, and what a person has to know of it."""
    from pipeline.editorial.edits import events_in

    events, clips = plural(made.events, "event"), plural(len(_searched(made)), "clip")
    if idle := len(made.clips) - len(_searched(made)):
        clips += f" ({idle:,} more found by the search {'has' if idle == 1 else 'have'} nothing in it)"
    of = f"{plural(len(made.cuts), 'timeline')}, {events}" if len(made.cuts) > 1 else events
    yield f"{made.name}, version {made.version}: {of} of {clips}, {running_time(made.duration)}."
    for logged in made.new[:_MOST_NEW]:
        yield f"  new since the last version: {logged.clip.name} ({logged.clip.card})"
    if len(made.new) > _MOST_NEW:
        yield f"  and {plural(len(made.new) - _MOST_NEW, 'more new clip')}"
    changed = Counter(what for each in made.since for change in each.difference.changes for what in change.what)
    for name in [*made.gone.values()][:_MOST_NEW]:
        yield f"  no longer in it: {name}"
    if changed:
        words = ", ".join(f"{count:,} {what}" for what, count in changed.items())
        yield f"  edits since version {made.version - 1}: {words}; {command('diff', made.name)} lists them"
    if made.rates:
        was, now = (rate.label() for rate in (made.rates[0], made.rates[-1]))
        yield f"  {now} frames per second now, {was} in the version before; --rate keeps one"
    counts = {each.name: events_in([each]) for each in made.lists}
    for extra, cut in made.cuts.items():
        if len(made.cuts) > 1:
            yield f"  {made.name}{extra}: {plural(counts[extra], 'event')}"
        yield from (f"    {note}" if len(made.cuts) > 1 else f"  {note}" for note in cut.notes)
    yield f"{command('export', made.name)} writes it."


@click.command("export")
@click.argument("name", shell_complete=complete_cut)
@click.option(
    "--for", "editor", type=click.Choice(EDITORS), default=None, help="The editing suite; else .otio, .otioz and .edl."
)
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
    from pipeline.delivery.cuts import saved_cut
    from pipeline.delivery.export import EDITORS as KNOWN
    from pipeline.delivery.export import Order, export_sets
    from pipeline.delivery.folders import refuse_media
    from pipeline.editorial.exports.paths import read_map
    from pipeline.volumes import refuse_unmounted

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
        if order.to:
            refuse_unmounted(order.to)
            refuse_media(found, catalogue, order.to)
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
