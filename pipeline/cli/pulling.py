"""`rushes pull`: the originals that a cut needs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.catalogue.store import open_catalogue
from pipeline.cli.drawing import ON_TERMINAL, print_table
from pipeline.cli.options import chosen_film, complete_cut, film_option
from pipeline.cli.tables import Column, cell, console, plural, print_json, running_time, size
from pipeline.files import one_line
from pipeline.volumes import refuse_unmounted

if TYPE_CHECKING:
    from pipeline.delivery.pull import Ears, PullPlan, Wanted
    from pipeline.editorial.pulls import Pull

_COLUMNS = (
    Column("file"), Column("in"), Column("out"), Column("first frame", number=True, rank=1),
    Column("frames", number=True), Column("events", number=True, rank=2),
)  # fmt: skip
_TAKEN = 36  # characters of a line that the columns beside the file take at least


@click.command("pull")
@click.argument("name", shell_complete=complete_cut)
@click.option("--to", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Where the originals go.")
@click.option("--handles", type=click.IntRange(min=0), default=0, help="Frames of each clip added at both ends.")
@click.option("--trim", is_flag=True, help="Only the ranges, where that can be done without coding anything anew.")
@click.option("--list", "only_list", is_flag=True, help="Say what the cut needs, and copy nothing.")
@click.option("--json", "as_json", is_flag=True, help="Ranges, files and failures as JSON.")
@film_option
def pull_command(
    name: str, to: Path | None, *, handles: int, trim: bool, only_list: bool, as_json: bool, film: str | None
) -> int:
    """Copy the originals that a saved cut needs to DIR, verified, with a CSV and an EDL of their ranges.

    Again means only what is missing. Originals are only read.

    \b
    rushes pull coach --to /Volumes/GRADE --handles 24
    """
    from pipeline.delivery.cuts import saved_cut
    from pipeline.delivery.pull import plan_pull, pull

    if to is None and not only_list:
        raise click.UsageError("Say where the originals go, --to DIR; or --list to see what they are.")
    if to is not None:
        refuse_unmounted(to)
    found = chosen_film(film)
    with open_catalogue(found.catalogue) as catalogue:
        made = saved_cut(found, catalogue, name)
        plan = plan_pull(found, catalogue, made, handles=handles, trimmed=trim)
    _print_sum(plan)
    if to is None or only_list:
        ranges = [_row(pull, each.file, each.note) for each in plan.wanted for pull in each.pulls]
        failed, lists, counts = plan.missing, [], {}
    else:
        with _progress(plan) as ears:
            done = pull(found, plan, to.absolute(), ears)
        came = f"{plural(done.copied, 'file')} copied, {done.same:,} there already and the same, all verified"
        click.echo(f"{came}; {len(done.failed):,} failed." if done.failed else f"{came}.", err=True)
        ranges = [{**_row(one.pull, one.file, one.note), "xxh128": one.xxh128} for one in done.taken]
        failed, lists = done.failed, [str(path) for path in done.lists]
        counts = {"copied": done.copied, "same": done.same}
    if as_json:
        print_json({"ranges": ranges, "lists": lists, **counts, "bytes": plan.size, "failed": failed})
    elif only_list:
        _print_ranges(ranges)
    else:
        click.echo("\n".join(lists))
    for file, note in {row["file"]: row["note"] for row in ranges if row["note"]}.items():
        click.echo(f"  {file}: {note}", err=True)
    if only_list and trim:
        click.echo("A part that does not come out as it was asked for comes whole, too, and is named then.", err=True)
    for file, sentence in failed:
        click.echo(f"  {sentence}" if file in sentence else f"  {file}: {sentence}", err=True)
    return 1 if failed else 0


def _row(pull: "Pull", file: str, note: str) -> dict[str, Any]:
    return {
        "file": file, "clip": pull.clip.id, "card": pull.clip.card, "name": pull.clip.name,
        "start": str(pull.start) if pull.start else None, "end": str(pull.end) if pull.end else None,
        "rate": str(pull.rate), "in": pull.inside.start, "frames": pull.inside.duration, "events": pull.events,
        "note": note,
    }  # fmt: skip


def _print_sum(plan: "PullPlan") -> None:
    """How much is needed of how much there is."""
    needed = sum((pull.rate.seconds(pull.range.duration) for pull in plan.pulls), start=0)
    whole = sum({pull.clip.id: pull.clip.duration for pull in plan.pulls}.values(), start=0)
    files, ranges = plural(len(plan.wanted), "file"), plural(len(plan.pulls), "range")
    hours = f"{running_time(needed)} of {running_time(whole)}"
    click.echo(f"{plan.name}: {ranges}, {hours}, in {files} ({size(plan.size)}).", err=True)


def _print_ranges(ranges: list[dict[str, Any]]) -> None:
    screen = console()
    room = max(12, screen.width - _TAKEN)
    cells = ((row["file"], row["start"], row["end"], row["in"], row["frames"], row["events"]) for row in ranges)
    rows = [
        [_shortened(cell(file), room), *("" if each is None else str(each) for each in others)]
        for file, *others in cells
    ]
    print_table(_COLUMNS, rows, most=ON_TERMINAL)


def _shortened(path: str, room: int) -> str:
    """A path without its middle: card and file name tell it from others."""
    head, tail = room // 3, room - room // 3 - 1
    return path if len(path) <= room else f"{path[:head]}…{path[-tail:]}"


@contextmanager
def _progress(plan: "PullPlan") -> Iterator["Ears"]:
    """A bar on a terminal, a line for each file elsewhere."""
    from pipeline.delivery.pull import Ears

    if not sys.stderr.isatty():
        yield Ears(began=lambda wanted: click.echo(f"  {one_line(wanted.file)}", err=True))
        return
    with click.progressbar(length=plan.size, file=sys.stderr, item_show_func=_file) as bar:
        yield Ears(began=lambda wanted: bar.update(0, wanted), heard=bar.update)


def _file(wanted: "Wanted | None") -> str:
    return one_line(wanted.file) if wanted else ""
