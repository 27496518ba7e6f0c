"""The production folder: made, found from anywhere inside it, its settings read once.

FILM/  rushes.toml  ingest/  proxies/  stills/  log/  timelines/  reports/  .rushes/catalogue.db
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import AlreadyThere, CatalogueOnNetwork, FilmNotFound
from pipeline.publishing import make_folder, write_whole
from pipeline.settings import Settings, read_settings
from pipeline.volumes import volume_of

SETTINGS_NAME = "rushes.toml"
FOLDERS: tuple[str, ...] = ("ingest", "proxies", "stills", "log", "timelines", "reports", ".rushes")


@dataclass(frozen=True, slots=True)
class Film:
    """One production: its folder, what rushes.toml says, and where its catalogue lies."""

    folder: Path
    settings: Settings
    catalogue: Path

    @property
    def lock(self) -> Path:
        return self.catalogue.with_suffix(".lock")

    @property
    def pause_file(self) -> Path:
        """Is there while the work shall stand still."""
        return self.catalogue.with_suffix(".paused")

    @property
    def log(self) -> Path:
        """The log as plain files, one a card: what is left of it when the catalogue is lost."""
        return self.folder / "log"

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    @property
    def head_file(self) -> Path:
        """What the running head says of itself, once a second."""
        return self.catalogue.with_suffix(".head.json")


def find_film(start: Path) -> Film:
    """The film that `start` lies in, looking upwards; raises FilmNotFound."""
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / SETTINGS_NAME).is_file():
            return open_film(folder)
    raise FilmNotFound(
        f"There is no film in {start.absolute()} or above; "
        "go to its folder, name it with --film DIR, or make one with 'rushes init FILM'."
    )


def open_film(folder: Path) -> Film:
    """The film in exactly this folder; raises FilmNotFound, SettingsError or CatalogueOnNetwork."""
    folder = folder.absolute()
    if not (folder / SETTINGS_NAME).is_file():
        raise FilmNotFound(f"{folder} is no film (it has no {SETTINGS_NAME}); make one with 'rushes init {folder}'.")
    settings = read_settings(folder / SETTINGS_NAME)
    catalogue = _catalogue_path(folder, settings.catalogue)
    refuse_network(catalogue)
    return Film(folder, settings, catalogue)


def init_film(folder: Path, *, catalogue: str = "", settings_text: str = "") -> Film:
    """Make a production folder and return it; raises AlreadyThere where one exists."""
    folder = folder.absolute()
    if (folder / SETTINGS_NAME).exists():
        raise AlreadyThere(f"{folder} is a film already; go there and run 'rushes ingest'.")
    refuse_network(_catalogue_path(folder, catalogue))
    for name in FOLDERS:
        make_folder(folder / name)
    text = settings_text or _first_settings(folder.name)
    if catalogue:
        text = f"catalogue = {json.dumps(str(Path(catalogue).absolute()))}\n" + text
    write_whole(folder / SETTINGS_NAME, text.encode())
    return open_film(folder)


def refuse_network(catalogue: Path) -> None:
    """Raise CatalogueOnNetwork where SQLite's write-ahead log would not be safe."""
    volume = volume_of(catalogue.parent)
    if volume.network:
        raise CatalogueOnNetwork(
            f"{catalogue.parent} lies on a network filesystem ({volume.type}), where a catalogue is not safe; "
            "put it on a local disk with 'rushes init FILM --catalogue PATH' or catalogue = \"PATH\" in rushes.toml."
        )


def _catalogue_path(folder: Path, setting: str) -> Path:
    if not setting:
        return folder / ".rushes" / "catalogue.db"
    path = folder / Path(setting).expanduser()
    return path if path.suffix in (".db", ".sqlite") else path / "catalogue.db"


def _first_settings(title: str) -> str:
    return f"""\
# What this film sets; every other setting has the value shown in configs/default.toml.
title = {json.dumps(title)}
# zone = "Europe/Vienna"    # of clocks that state none

[names]
# Folders speak: ingest/2019-10-12_Vienna/Coach interview/A001/... gives day, place, subject, camera and card.
templates = ["{{shoot_day}}_{{location}}/{{subject}}/{{camera}}{{card}}"]

# [[place]]                 # coordinates within radius (metres) become the location
# name = "Vienna"
# latitude = 48.2082
# longitude = 16.3738
# radius = 15000
# zone = "Europe/Vienna"
"""
