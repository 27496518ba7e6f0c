"""One look at a ground: which cards lie there, and in which state."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import xxhash

from pipeline.cards.proxies import proxies_beside
from pipeline.catalogue.roots import roots
from pipeline.catalogue.store import Catalogue
from pipeline.clip import CardFolder, Root, SeenFile, Stamp
from pipeline.errors import RushesError
from pipeline.files import Scan, fingerprint, read_small, scan
from pipeline.film import Film
from pipeline.metadata.cameras import clock_rules
from pipeline.metadata.version import READER_VERSION
from pipeline.settings import Settings
from pipeline.shotlog.names import fits_template


@dataclass(frozen=True, slots=True)
class Ground:
    """A folder that is looked at: `below` a root, whose place is an absolute folder now."""

    root: Root
    below: bytes

    def absolute(self, path: bytes) -> Path:
        return absolute(self.root, path)

    def telling(self, folder: bytes) -> bytes:
        """The part of a card's path whose folders speak: ingest/ itself says nothing."""
        if self.root.kind == "film" and folder.split(b"/")[0] == b"ingest":
            return folder.partition(b"/")[2]
        return folder


@dataclass(frozen=True, slots=True)
class SeenCard:
    """A card as one look found it; the fingerprint changes with any of its files and with the rules."""

    folder: CardFolder
    fingerprint: str
    stamps: dict[bytes, Stamp]


def absolute(root: Root, path: bytes) -> Path:
    """Where a file lies now; the root must be online."""
    assert root.place is not None
    return Path(root.place) / path.decode("utf-8", "surrogateescape")


def grounds(film: Film, catalogue: Catalogue) -> dict[int, Root]:
    """Every root by its number; the film's own where its folder lies now, though it was moved since the last run."""
    known = roots(catalogue)
    return {root.id: replace(root, place=str(film.folder)) if root.kind == "film" else root for root in known}


def see(ground: Ground, settings: Settings) -> Scan:
    """What lies on a ground before anyone asks what it is; raises PathMissing when the ground is gone.

    Its fingerprint changes with the rules, too.
    """
    assert ground.root.place is not None
    seen = scan(Path(ground.root.place), ground.below, settings.ingest.ignore)
    return replace(seen, fingerprint=rules_version(settings) + seen.fingerprint)


def look(ground: Ground, sight: Scan, settings: Settings, *, products: Collection[bytes] = ()) -> tuple[SeenCard, ...]:
    """Sort what lies on a ground into cards; our own `products` are no footage, wherever they lie."""
    from pipeline.cards.recognise import recognise  # here: where nothing is new, nobody asks

    def read(path: bytes) -> bytes:
        try:
            return read_small(ground.absolute(path))
        except RushesError:
            return b""

    def fits(folder: bytes) -> bool:
        return fits_template(ground.telling(folder), settings.names.templates)

    files = sight.files()
    stamps = dict(files)
    # Proxies beside the originals are listed but change nothing.
    proxies = proxies_beside(stamps)
    telling = {path: stamp for path, stamp in stamps.items() if path not in proxies and path not in products}
    version = rules_version(settings)
    cards = recognise(files, read, fits, top=ground.below, products=products)
    return tuple(_seen_card(folder, telling, version) for folder in cards)


def rules_version(settings: Settings) -> str:
    """Changes with the readers and with every rule that the log follows: known cards are read again then."""
    rules = (settings.zone, settings.names, settings.place, settings.camera, settings.unit, settings.keyword)
    return f"{READER_VERSION}-{xxhash.xxh64_hexdigest(msgspec.json.encode((rules, clock_rules())))}-"


def _seen_card(folder: CardFolder, stamps: dict[bytes, Stamp], version: str) -> SeenCard:
    named = [*folder.others, *folder.reports, *folder.tracks]
    for clip in folder.clips:
        named += [*clip.parts, *clip.sidecars]
    mine = {path: stamps[path] for path in sorted(set(named)) if path in stamps}
    files = tuple(SeenFile(path, stamp) for path, stamp in mine.items())
    return SeenCard(folder, version + fingerprint(files), mine)
