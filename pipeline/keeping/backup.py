"""The catalogue copied while people write, and a copy put back in its place."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.catalogue.copies import Copied, back_up, catalogue_from, held, holds_the_same, replace_catalogue
from pipeline.catalogue.store import open_catalogue
from pipeline.catalogue.writing import write_due
from pipeline.errors import DiskFull, PathMissing, PathRefused
from pipeline.faults import reached
from pipeline.files import one_line
from pipeline.film import Film
from pipeline.locks import held_lock
from pipeline.publishing import sweep_temporaries


@dataclass(frozen=True, slots=True)
class Restored:
    """What the film has now, and where the catalogue before it lies (None: there was none)."""

    clips: int
    entries: int
    cuts: int
    kept: Path | None


def backup(film: Film, target: Path | None = None) -> Copied:
    """Copy the catalogue into a file, else into the film's backups/ under the date.

    Raises AlreadyThere, and PathMissing for a folder that is not there: a name that was mistyped, or a disk without it.
    """
    if target and not target.absolute().parent.is_dir():
        folder = one_line(target.absolute().parent)
        raise PathMissing(f"{folder} is not there; make that folder, or name one that is there.")
    target = target.absolute() if target else film.backups / f"catalogue {datetime.now(UTC):%Y-%m-%d %H.%M.%SZ}.db"
    if target.is_dir():
        target /= f"{film.folder.name} {datetime.now(UTC):%Y-%m-%d %H.%M.%SZ}.db"
    with open_catalogue(film.catalogue) as catalogue:
        return back_up(catalogue, target)


def restore(film: Film, source: Path) -> Restored:
    """Put a backup in the catalogue's place; the one that was there is kept beside it.

    Where it lies there already, as of a command that was killed, only what was left to do is done.
    Raises CatalogueBusy while a head or another command is at work, and what is wrong with the backup.
    """
    with held_lock(film.lock, "rushes restore"):
        sweep_temporaries(film.catalogue.parent, deep=False)
        with catalogue_from(source, film.catalogue) as new:
            reached("restore.replace")
            kept = None if holds_the_same(new, film.catalogue) else replace_catalogue(new, film.catalogue)
        reached("restore.replaced")
        with open_catalogue(film.catalogue) as catalogue:
            with suppress(DiskFull, PathMissing, PathRefused):  # the next command writes them
                write_due(catalogue, film.log)
            rows = held(catalogue)
        return Restored(rows["clips"], rows["entries"], rows["cuts"], kept)
