"""`rushes conform`: whether events show what they say."""

from pathlib import Path

import click

from pipeline.catalogue.store import open_catalogue
from pipeline.cli.options import chosen_film, complete_cut, film_option
from pipeline.cli.tables import plural, print_json


@click.command("conform")
@click.argument("what", metavar="NAME|FILE", shell_complete=complete_cut)
@click.option("--like", metavar="NAME", shell_complete=complete_cut, help="The saved cut that FILE should show.")
@click.option("--map", "maps", metavar="FROM=TO", multiple=True, help="As in the export: paths here, and in FILE.")
@click.option("--json", "as_json", is_flag=True, help="Every event with its verdict as JSON.")
@film_option
def conform_command(what: str, *, like: str | None, maps: tuple[str, ...], as_json: bool, film: str | None) -> int:
    """Compare pictures: does every event of a saved cut, or of an editor's timeline FILE, show the take it says?

    Events that show another take are named, and so is what cannot be told.

    \b
    rushes conform two-places
    rushes conform relinked.otio --map /films=/Volumes/RAID/films
    """
    from pipeline.catalogue.cuts import name_and_version, newest_cut
    from pipeline.delivery.asks import Handed
    from pipeline.delivery.conform import conform_cut, conform_file
    from pipeline.delivery.cuts import absent, looks_like_a_file, saved_cut
    from pipeline.editorial.exports.paths import read_map
    from pipeline.ingest.anywhere import read_timeline

    found = chosen_film(film)
    file = Path(what).absolute()
    with open_catalogue(found.catalogue) as catalogue:
        if file.is_file():
            wanted = saved_cut(found, catalogue, like) if like else None
            handed = Handed(read_timeline(file), file.parent, found.settings.export.map | dict(map(read_map, maps)))
            verdicts = conform_file(found, catalogue, handed, wanted)
        elif like:
            raise click.UsageError(f"{what} is no file; --like compares a timeline file with a saved cut.")
        elif looks_like_a_file(what) and newest_cut(catalogue, name_and_version(catalogue, what)[0]) is None:
            raise absent(what)
        else:
            verdicts = conform_cut(found, catalogue, saved_cut(found, catalogue, what))
    counts = {word: sum(each.verdict == word for each in verdicts) for word in ("right", "wrong", "unsure")}
    if as_json:
        print_json({**counts, "events": verdicts})
    for each in verdicts:
        if each.verdict != "right":
            place = f"event {each.event} of video track {each.track}" + (f" at {each.record}" if each.record else "")
            line = f"{each.verdict:6}  {place}, {each.name or 'without a name'}: {each.sentence}"
            click.echo(line, err=as_json)
    click.echo(
        f"{plural(len(verdicts), 'event')} of pictures: {counts['right']} right, {counts['wrong']} wrong, "
        f"{counts['unsure']} not to be told.",
        err=True,
    )
    return 0 if counts["right"] == len(verdicts) else 1
