"""`rushes init`."""

from pathlib import Path

import click

from pipeline.film import init_film
from pipeline.publishing import make_folder


@click.command("init")
@click.argument("folder", metavar="FILM", type=click.Path(path_type=Path))
@click.option("--catalogue", metavar="PATH", default="", help="Keep the catalogue there, on a local disk.")
def init_command(folder: Path, catalogue: str) -> None:
    """Make a production folder: settings, ingest/, proxies/, stills/, timelines/, reports/."""
    if str(folder) == "." and not (folder / "rushes.toml").exists() and any(folder.iterdir()):
        raise click.UsageError("Name the film's folder: rushes init FILM.")
    film = init_film(folder, catalogue=catalogue)
    from pipeline.catalogue.store import open_catalogue

    make_folder(film.catalogue.parent)
    open_catalogue(film.catalogue, create=True).close()
    click.echo(f"Made {film.folder}. Next: drop cards into {film.folder / 'ingest'} and run 'rushes ingest'.", err=True)
