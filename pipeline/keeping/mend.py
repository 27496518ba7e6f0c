"""What is not as it should be around the catalogue, and mending it: search index, products, plain files, leftovers.

Nothing of a person's is ever removed: files that nobody recorded are named and left where they are.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.catalogue.products import drop_product, products
from pipeline.catalogue.repair import faults_of_index, make_index_again
from pipeline.catalogue.store import Catalogue, fold_in_log, open_catalogue
from pipeline.catalogue.writing import all_due, unwritten, write_due
from pipeline.clip import Product
from pipeline.faults import reached
from pipeline.files import one_line, path_error
from pipeline.film import Film
from pipeline.locks import held_lock, is_locked
from pipeline.publishing import TEMPORARY

_DEAD = 600.0  # seconds after which a half-made file that nobody writes to was left by a process that died
_LARGE = 64 << 20  # bytes of SQLite's log that are not folded into the catalogue: somebody keeps it from being so
_MADE = ("proxies", "stills")
_SHOWN = 3  # files that a sentence names


@dataclass(frozen=True, slots=True)
class Complaint:
    """What was found; `ok` where nobody has to do anything."""

    what: str
    found: str
    advice: str
    ok: bool = False


def complaints(film: Film) -> Iterator[Complaint]:
    """All that could be mended, or should be known. Raises what opening the catalogue does."""
    with open_catalogue(film.catalogue) as catalogue:
        for ailment in AILMENTS:
            if ailment.rests and is_locked(film.lock):
                continue  # who is at work now sees to it
            if found := ailment.found(film, catalogue):
                yield Complaint(ailment.what, found, ailment.advice)
        if away := _away(film, catalogue):
            yield Complaint("products", away, "mount the disk on which they lie, or make the folder again")
        if strangers := _strangers(film, catalogue):
            text = f"{_named(strangers, film)} in proxies/ and stills/ that nobody recorded"
            yield Complaint("strangers", text, "they stay; remove what nobody needs", ok=True)


def mend(film: Film) -> tuple[str, ...]:
    """Mend what can be mended; what that was, in sentences. Raises CatalogueBusy while a head is at work."""
    with held_lock(film.lock, "rushes doctor --repair"), open_catalogue(film.catalogue) as catalogue:
        return tuple(_mended(ailment, film, catalogue) for ailment in AILMENTS if ailment.found(film, catalogue))


def _mended(ailment: "Ailment", film: Film, catalogue: Catalogue) -> str:
    reached("mend.begin")
    said = f"{ailment.what}: {ailment.mended(film, catalogue)}"
    reached("mend.mended")
    return said


# --- search index ---


def _index(_film: Film, catalogue: Catalogue) -> str:
    return "; ".join(faults_of_index(catalogue))


def _mend_index(_film: Film, catalogue: Catalogue) -> str:
    return f"made again of the log; it says something else of {make_index_again(catalogue):,} clips now"


# --- products whose file is gone ---


def _gone(film: Film, catalogue: Catalogue) -> list[Product]:
    """Recorded products without a file, where their folder is there."""
    there = {entry.name for entry in film.folder.iterdir() if entry.is_dir()}
    return [
        each
        for each in products(catalogue, forgotten=True)
        if os.fsdecode(each.path).split("/")[0] in there and not os.path.lexists(film.folder / os.fsdecode(each.path))
    ]


def _lost(film: Film, catalogue: Catalogue) -> str:
    gone = [film.folder / os.fsdecode(each.path) for each in _gone(film, catalogue)]
    return f"{_named(gone, film)} recorded but not there" if gone else ""


def _drop_lost(film: Film, catalogue: Catalogue) -> str:
    gone = _gone(film, catalogue)
    for each in gone:
        drop_product(catalogue, each.clip, each.kind, each.preset)
    return f"{len(gone):,} count as not made: 'rushes ingest' makes them again"


def _away(film: Film, catalogue: Catalogue) -> str:
    folders = {os.fsdecode(each.path).split("/")[0] for each in products(catalogue, forgotten=True)}
    away = sorted(name for name in folders if not (film.folder / name).is_dir())
    return f"{', '.join(f'{one_line(name)}/' for name in away)} with what was made is not there" if away else ""


# --- files that nobody recorded ---


def _strangers(film: Film, catalogue: Catalogue) -> list[Path]:
    known = {each.path for each in products(catalogue, forgotten=True)}
    return [
        file
        for name in _MADE
        for file in _files(film.folder / name)
        if not file.name.startswith(".") and os.fsencode(file.relative_to(film.folder)) not in known
    ]


# --- half-made files of processes that died ---


def _leftovers(film: Film) -> list[Path]:
    before = time.time() - _DEAD
    beside = ("ingest",) if film.settings.proxies.placement == "beside" else ()
    folders = [film.folder / name for name in (*_MADE, "log", "timelines", "backups", *beside)]
    found = [file for folder in folders for file in _files(folder)]
    with suppress(OSError):
        found += [file for file in film.catalogue.parent.iterdir() if not file.is_dir()]  # not below: it may be a home
    return [file for file in found if file.name.startswith(TEMPORARY) and file.lstat().st_mtime < before]


def _left(film: Film, _catalogue: Catalogue) -> str:
    left = _leftovers(film)
    return f"{_named(left, film)} half-made by a process that died" if left else ""


def _sweep(film: Film, _catalogue: Catalogue) -> str:
    left = _leftovers(film)
    for file in left:
        try:
            reached("mend.remove")
            file.unlink(missing_ok=True)
        except OSError as error:
            raise path_error(error, file) from error
    return f"{len(left):,} half-made files removed"


# --- plain files, and SQLite's log ---


def _unwritten(film: Film, catalogue: Catalogue) -> str:
    files = unwritten(catalogue, film.log)
    return f"{_named(files, film)} not written as the catalogue is" if files else ""


def _write(film: Film, catalogue: Catalogue) -> str:
    all_due(catalogue)  # what somebody removed is not known to be
    return f"{write_due(catalogue, film.log):,} written"


def _swollen(film: Film, _catalogue: Catalogue) -> str:
    log = film.catalogue.with_name(film.catalogue.name + "-wal")
    size = log.stat().st_size if log.exists() else 0
    return f"{log.name} has grown to {size >> 20:,} MiB" if size > _LARGE else ""


def _fold_in(_film: Film, catalogue: Catalogue) -> str:
    return (
        "folded into the catalogue" if fold_in_log(catalogue) else "somebody reads it for long: end that command first"
    )


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in sorted(names))


def _named(files: "list[Path] | tuple[Path, ...]", film: Film) -> str:
    """`3 files (a, b, c)`, relative to the film."""
    names = [one_line(os.path.relpath(file, film.folder)) for file in files[:_SHOWN]]
    more = f" and {len(files) - _SHOWN:,} more" if len(files) > _SHOWN else ""
    return f"{len(files):,} {'file' if len(files) == 1 else 'files'} ({', '.join(names)}{more})"


@dataclass(frozen=True, slots=True)
class Ailment:
    """What can be wrong: how it is found (empty: it is not) and mended, and whether a head at work looks after it."""

    what: str
    found: Callable[[Film, Catalogue], str]
    mended: Callable[[Film, Catalogue], str]
    advice: str = "rushes doctor --repair"
    rests: bool = False


AILMENTS: tuple[Ailment, ...] = (
    Ailment("index", _index, _mend_index, "rushes doctor --repair makes it again of the log"),
    Ailment("products", _lost, _drop_lost, "rushes doctor --repair, then rushes ingest makes them again", rests=True),
    Ailment("leftovers", _left, _sweep, "rushes doctor --repair removes them", rests=True),
    Ailment("journal", _swollen, _fold_in, "rushes doctor --repair folds it in", rests=True),
    Ailment("log", _unwritten, _write, "rushes doctor --repair writes them", rests=True),
)
