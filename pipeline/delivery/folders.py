"""Folders that hold originals, and the film's own: media are read there; no pull and no export writes there."""

import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from pipeline.catalogue.cards import card_fingerprints
from pipeline.catalogue.roots import roots
from pipeline.catalogue.store import Catalogue
from pipeline.errors import PathRefused
from pipeline.files import one_line
from pipeline.film import FOLDERS, Film


def card_folders(catalogue: Catalogue) -> list[Path]:
    """The cards that were taken in where they lie, as far as their volumes are there."""
    volumes = [(Path(root.place), root.id) for root in roots(catalogue) if root.kind != "film" and root.place]
    return [place / os.fsdecode(path) for place, root in volumes for path in card_fingerprints(catalogue, root)]


def kept_folders(film: Film, catalogue: Catalogue) -> tuple[Path, ...]:
    """What nothing but the film itself writes to: its own folders, and the cards elsewhere."""
    return (*(film.folder / name for name in FOLDERS), *card_folders(catalogue))


def refuse_media(film: Film, catalogue: Catalogue, folder: Path) -> None:
    """Raise PathRefused for a timeline that would lie beside originals, or among what the film makes of them."""
    own = (film.folder / name for name in FOLDERS if name not in ("timelines", "reports"))
    refuse_kept((folder,), (*own, *card_folders(catalogue)))


def refuse_kept(folders: Iterable[Path], kept: Collection[Path]) -> None:
    """Raise PathRefused where a folder, there or not, lies in one that is kept, by whatever name or link."""
    real = {each.resolve(): each for each in kept}
    inodes = {_inode(each): each for each in kept}
    inodes.pop(None, None)
    for folder in folders:
        end = folder.resolve()
        for above in (end, *end.parents):
            found = real.get(above) or inodes.get(_inode(above))
            if found:
                raise PathRefused(
                    f"{one_line(found)} holds originals or is the film's own, and {one_line(folder)} lies on it; "
                    "name another folder with --to."
                )


def _inode(folder: Path) -> tuple[int, int] | None:
    """What tells a folder on a disk that does not tell letter cases; None where there is none."""
    with suppress(OSError):
        seen = folder.stat()
        return seen.st_dev, seen.st_ino
    return None
