"""The catalogue for commands that change it: when they are done, the log's plain files are written, too."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.catalogue.writing import write_due
from pipeline.errors import RushesError
from pipeline.film import Film


@contextmanager
def changing(film: Film) -> Iterator[Catalogue]:
    """The open catalogue; what is changed in it is told in the plain files when the block ends well."""
    with open_catalogue(film.catalogue) as catalogue:
        yield catalogue
        try:
            write_due(catalogue, film.log)
        except RushesError as error:
            click.echo(
                f"What you said is kept; only its plain file waits for the next command: {error.sentence}", err=True
            )
