"""GPX files that were dropped beside media, with the places that they lead through."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pipeline.catalogue.trails import TakenTrack
from pipeline.clip import Stamp
from pipeline.errors import PathMissing, RushesError
from pipeline.files import one_line, read_small
from pipeline.ingest.look import Ground, SeenCard
from pipeline.metadata import gpx
from pipeline.settings import Place
from pipeline.shotlog.trails import Trail, trails_of_file


def take_tracks(ground: Ground, card: SeenCard, places: Sequence[Place]) -> tuple[list[TakenTrack], list[str]]:
    """The tracks that speak of a card, and a sentence for each that tells nothing. Raises PathMissing."""
    read: list[TakenTrack] = []
    untold: list[str] = []
    for path in card.folder.tracks:
        try:
            read.append(TakenTrack(path, _trails(ground.absolute(path), card.stamps[path], tuple(places))))
        except PathMissing:
            raise
        except RushesError as error:
            untold.append(error.sentence)
    return read, untold


@lru_cache(maxsize=4)
def _trails(file: Path, _stamp: Stamp, places: tuple[Place, ...]) -> tuple[Trail, ...]:
    """One that lies above many cards is read once."""
    name = one_line(file.name)
    return trails_of_file(name, gpx.read(read_small(file, gpx.LARGEST + 1), name), places)
