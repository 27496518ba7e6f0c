"""`rushes demo`: the whole line on a small shoot, from card to timeline."""

import shlex
import shutil
import time
from pathlib import Path

import click

from pipeline.cli.tables import SHORT_ID
from pipeline.errors import AlreadyThere, PathMissing
from pipeline.film import Film, init_film

_LOG_COLUMNS = ("id", "name", "camera", "location", "subject", "start_timecode", "rate", "duration", "rating", "status")


@click.command("demo")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
def demo_command(folder: Path | None) -> int:
    """Make a film of the sample cards in DIR (demo-film): ingest, log, two cuts, exports."""
    started = time.monotonic()
    film = _drop_cards(folder or Path("demo-film"))
    failed = _ingest(film)
    show = _show_log(film)
    _cut(film)
    _closing(film, show, time.monotonic() - started)
    return 1 if failed else 0


def _heading(text: str) -> None:
    click.echo(f"\n{text}\n{'-' * len(text)}", err=True)


def _drop_cards(folder: Path) -> Film:
    """A fresh film folder with the sample cards in ingest/; an earlier demo is replaced, nothing else ever is."""
    samples = _samples()
    if (folder / ".rushes" / "demo").exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise AlreadyThere(f"{folder.absolute()} holds something else; name an empty folder: rushes demo DIR.")
    film = init_film(folder, settings_text=(samples / "rushes.toml").read_text(encoding="utf-8"))
    (folder / ".rushes" / "demo").touch()
    cards = sorted(card for card in samples.iterdir() if card.is_dir() and card.name[:2] == "20")
    _heading(f"{len(cards)} camera cards dropped into {film.folder / 'ingest'}")
    for card in cards:
        shutil.copytree(card, film.folder / "ingest" / card.name)
        click.echo(f"  {card.name}", err=True)
    return film


def _samples() -> Path:
    """The sample cards: from the installed package, or beside it in a checkout."""
    packed = Path(__file__).parents[1] / "sample_media"
    beside = Path(__file__).parents[2] / "sample_media"
    for folder in (packed, beside):
        if (folder / "rushes.toml").is_file():
            return folder
    raise PathMissing("The sample cards are not installed; install Rushes again from its checkout or wheel.")


def _ingest(film: Film) -> bool:
    from pipeline.cli.progress import print_summary, shown_progress
    from pipeline.ingest.run import ingest

    _heading("Ingest: facts first, then stills, hashes and proxies")
    started = time.monotonic()
    with shown_progress(quiet=False) as tell:
        summary = ingest(film, [], tell)
    print_summary(summary, time.monotonic() - started, quiet=False)
    return bool(summary.failed or summary.left)


def _show_log(film: Film) -> str:
    """The log as a person sees it; gives back an id worth looking at."""
    from pipeline.catalogue.listing import group, rows
    from pipeline.catalogue.store import open_catalogue
    from pipeline.cli.listing import print_groups, print_listing
    from pipeline.shotlog.query import parse

    everything = parse("")
    with open_catalogue(film.catalogue) as catalogue:
        listing = rows(catalogue, everything, columns=(*_LOG_COLUMNS, "shoot_day"))
        groups = group(catalogue, everything, ("location", "subject"))
    _heading("The shot log (rushes log)")
    print_listing(listing, _LOG_COLUMNS, by_day=True)
    _heading("How much of what, where (rushes log --group-by location,subject)")
    print_groups(groups)
    return str(max(listing.rows, key=lambda row: row["duration"])["id"])


def _cut(film: Film) -> None:
    from pipeline.cli.tables import plural, running_time
    from pipeline.cli.writing import changing
    from pipeline.delivery.cuts import Recipe, make_cut
    from pipeline.delivery.export import export_cut

    _heading("Two timelines")
    with changing(film) as catalogue:
        for name, recipe in (
            ("coach-interview", Recipe('subject:"coach interview"')),
            (
                "kaptagat-vienna",
                Recipe("(location:kaptagat or location:vienna) kind:picture", "intercut", by="location"),
            ),
        ):
            made = make_cut(film, catalogue, name, recipe)
            delivered = export_cut(film, made)
            click.echo(f"{name}: {plural(made.events, 'event')}, {running_time(made.duration)}", err=True)
            for file in delivered.files:
                click.echo(f"  {file}")


def _closing(film: Film, show: str, seconds: float) -> None:
    _heading(f"Done in {seconds:.0f} s. Worth trying next, after: cd {shlex.quote(str(film.folder))}")
    for command, why in (
        ("rushes log 'location:vienna camera:A'", "search: fields, words, ranges of time and length"),
        (
            "rushes set 'name:C0001 location:kaptagat' rating=5 note='sunrise'",
            "log by hand; 'rushes undo' takes it back",
        ),
        (f"rushes show {show[:SHORT_ID]}", "one clip, with the source of each value"),
        ("rushes cut best 'rating:>=4' && rushes export best --for resolve", "a timeline for the editing suite"),
        ("rushes watch", "leave it running and drop more cards into ingest/"),
    ):
        click.echo(f"  {command}\n      {why}", err=True)
