"""`rushes backup`, `restore` and `rebuild`: the catalogue kept, put back, made again."""

from pathlib import Path

import click

from pipeline.cli.options import chosen_film, film_option
from pipeline.cli.tables import plural, print_json, size
from pipeline.files import one_line
from pipeline.volumes import refuse_unmounted


@click.command("backup")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The copy and what it holds as JSON.")
@film_option
def backup_command(file: Path | None, as_json: bool, film: str | None) -> None:
    """Copy the catalogue into FILE, while anybody works; else into backups/ under the date. Checked, whole or not."""
    from pipeline.keeping.backup import backup

    if file:
        refuse_unmounted(file)
    made = backup(chosen_film(film), file)
    if as_json:
        print_json({
            "file": str(made.file), "clips": made.clips, "entries": made.entries, "cuts": made.cuts, "bytes": made.size,
        })  # fmt: skip
    else:
        click.echo(one_line(made.file))
    click.echo(f"{_held(made.clips, made.entries, made.cuts)}, {size(made.size)}, checked.", err=True)


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="What the film has now as JSON.")
@film_option
def restore_command(file: Path, as_json: bool, film: str | None) -> None:
    """Put a backup in the catalogue's place. The present one, and the plain files of its log, are kept beside it."""
    from pipeline.keeping.backup import restore

    made = restore(chosen_film(film), file)
    if as_json:
        print_json({
            "clips": made.clips, "entries": made.entries, "cuts": made.cuts,
            "kept": str(made.kept) if made.kept else None,
        })  # fmt: skip
    kept = f" The catalogue before it is kept as {one_line(made.kept)}." if made.kept else ""
    said = _held(made.clips, made.entries, made.cuts)
    click.echo(f"Restored: {said}.{kept} Next: 'rushes ingest' takes in what came since.", err=True)


@click.command("rebuild")
@click.option("--json", "as_json", is_flag=True, help="What was brought back, and what was not, as JSON.")
@film_option
def rebuild_command(as_json: bool, film: str | None) -> int:
    """Make a lost or unreadable catalogue again of the log's plain files, media, sidecars, proxies and stills.

    A sound catalogue is left alone; one that cannot be read is kept aside. Stopped, the same command begins anew.
    """
    from pipeline.cli.progress import shown_progress
    from pipeline.cli.verifying import until_killed
    from pipeline.keeping.rebuild import rebuild

    until_killed()
    with shown_progress(quiet=as_json) as tell:
        made = rebuild(chosen_film(film), tell)
    if as_json:
        print_json({
            "done": made.done, "clips": made.clips, "offline": made.offline, "entries": made.entries,
            "cuts": made.cuts, "adopted": made.adopted, "failed": made.failed, "lost": made.lost, "kept": made.kept,
        })  # fmt: skip
    if not made.done:
        click.echo("The catalogue is there and sound: nothing was done. 'rushes doctor' checks its index.", err=True)
        return 0
    said = _held(made.clips, made.entries, made.cuts)
    click.echo(f"Rebuilt: {said}; {plural(made.adopted, 'proxy or still', 'proxies and stills')} taken over.", err=True)
    for path, sentence in made.failed:
        click.echo(f"failed  {one_line(path)}: {sentence}", err=True)
    for sentence in made.lost:
        click.echo(f"lost    {one_line(sentence)}", err=True)
    if made.offline:
        click.echo(
            f"{plural(made.offline, 'clip is', 'clips are')} offline: bring back the volume and ingest.", err=True
        )
    if made.kept:
        click.echo(f"The catalogue before it is kept as {one_line(made.kept)}.", err=True)
    click.echo("Next: 'rushes ingest' makes what is missing.", err=True)
    return 1 if made.failed or made.lost else 0


def _held(clips: int, entries: int, cuts: int) -> str:
    words = f"{plural(clips, 'clip')}, {plural(entries, 'entry', 'entries')} of the log"
    return f"{words}, {plural(cuts, 'version')} of cuts" if cuts else words
