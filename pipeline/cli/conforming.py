"""`rushes conform`: whether events show what they say."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.cli.drawing import ON_TERMINAL
from pipeline.cli.options import chosen_film, complete_cut, film_option, list_rate_option, tell_rate
from pipeline.cli.tables import plural, print_json
from pipeline.film import Film

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.delivery.conform import Verdict


@click.command("conform")
@click.argument("what", metavar="NAME|FILE", shell_complete=complete_cut)
@click.option("--like", metavar="NAME", shell_complete=complete_cut, help="The saved cut that FILE should show.")
@click.option("--map", "maps", metavar="FROM=TO", multiple=True, help="As in the export: paths here, and in FILE.")
@list_rate_option
@click.option("--json", "as_json", is_flag=True, help="Every event with its verdict as JSON.")
@film_option
def conform_command(
    what: str, *, like: str | None, maps: tuple[str, ...], rate: str, as_json: bool, film: str | None
) -> int:
    """Compare pictures: does every event of a saved cut, or of an editor's timeline FILE, show the take it says?

    Events that show another take are named, and so is what cannot be told.

    \b
    rushes conform two-places
    rushes conform relinked.otio --map /films=/Volumes/RAID/films
    """
    found = chosen_film(film)
    with open_catalogue(found.catalogue) as catalogue:
        if Path(what).is_file():
            verdicts = _of_file(found, catalogue, Path(what).absolute(), asked=(rate, maps), like=like)
        elif like:
            raise click.UsageError(f"{what} is no file; --like compares a timeline file with a saved cut.")
        else:
            verdicts = _of_cut(found, catalogue, what)
    counts = {word: sum(each.verdict == word for each in verdicts) for word in ("right", "wrong", "unsure")}
    if as_json:
        print_json({**counts, "events": verdicts})
    _tell_doubts([each for each in verdicts if each.verdict != "right"], err=as_json)
    click.echo(
        f"{plural(len(verdicts), 'event')} of pictures: {counts['right']} right, {counts['wrong']} wrong, "
        f"{counts['unsure']} not to be told.",
        err=True,
    )
    return 0 if counts["right"] == len(verdicts) else 1


def _of_file(
    film: Film, catalogue: Catalogue, file: Path, *, asked: tuple[str, tuple[str, ...]], like: str | None
) -> "Sequence[Verdict]":
    """The events of a timeline file, read as `asked`: at what rate, and where its paths lie here."""
    from pipeline.catalogue.known import known_clips
    from pipeline.delivery.asks import Handed
    from pipeline.delivery.conform import conform_file
    from pipeline.delivery.cuts import saved_cut
    from pipeline.delivery.unrated import read_in_film
    from pipeline.editorial.exports.events import sheet_of
    from pipeline.editorial.exports.paths import read_map

    rate, maps = asked
    wanted = saved_cut(film, catalogue, like) if like else None
    counted = sheet_of(wanted.cut.timeline).start.rate if wanted else None
    timeline, came = read_in_film(film, file, partial(known_clips, catalogue), asked=rate, like=counted)
    tell_rate(timeline.rate, came)
    handed = Handed(timeline, file.parent, film.settings.export.map | dict(map(read_map, maps)))
    return conform_file(film, catalogue, handed, wanted)


def _of_cut(film: Film, catalogue: Catalogue, what: str) -> "Sequence[Verdict]":
    from pipeline.catalogue.cuts import name_and_version, newest_cut
    from pipeline.delivery.conform import conform_cut
    from pipeline.delivery.cuts import absent, looks_like_a_file, saved_cut

    if looks_like_a_file(what) and newest_cut(catalogue, name_and_version(catalogue, what)[0]) is None:
        raise absent(what)
    return conform_cut(film, catalogue, saved_cut(film, catalogue, what))


def _tell_doubts(doubts: "Sequence[Verdict]", *, err: bool) -> None:
    """A line for each event that is not right; on a terminal the worst of them."""
    told = doubts
    if sys.stdout.isatty() and len(doubts) > ON_TERMINAL:
        told = sorted(doubts, key=lambda each: each.verdict != "wrong")[:ON_TERMINAL]
    for each in told:
        place = f"event {each.event} of video track {each.track}" + (f" at {each.record}" if each.record else "")
        click.echo(f"{each.verdict:6}  {place}, {each.name or 'without a name'}: {each.sentence}", err=err)
    if more := len(doubts) - len(told):
        click.echo(f"... and {more:,} more; --json has all", err=err)
