"""A folder listing -> cards and their clips: which folder is the card, what on it is a recording.

The card is the smallest folder that a structure or a path template recognises, else the folder that
directly holds media. Folders inside a structure (PRIVATE, DCIM...) are never taken for anything
else. What no clip is made of is listed: nothing on a card is dropped, nothing on it fails here.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from pipeline.cards.avchd import AVCHD
from pipeline.cards.canon import CANON
from pipeline.cards.dcim import DCIM
from pipeline.cards.dji import DJI
from pipeline.cards.gopro import GOPRO
from pipeline.cards.hashlist import Complaint, complaints, unnamed
from pipeline.cards.mag import MAG
from pipeline.cards.media import REPORT_SUFFIXES, SHARED_SUFFIXES, TRACK_SUFFIXES
from pipeline.cards.p2 import P2
from pipeline.cards.plain import PLAIN
from pipeline.cards.proxies import in_proxy_folder, proxies_beside
from pipeline.cards.red import RED
from pipeline.cards.sony_xavc import SONY_XAVC
from pipeline.cards.sound import SOUND
from pipeline.cards.structure import CardFile, Folder, Found, Read, Structure, clips_everywhere, has_media
from pipeline.cards.xdcam import XDCAM
from pipeline.clip import CardFolder, ClipFiles, SeenFile, shown

# Asked in this order; the first that claims a folder has it. Layouts stand before file names.
STRUCTURES: tuple[Structure, ...] = (
    SONY_XAVC, XDCAM, CANON, P2, AVCHD, RED, GOPRO, DJI, DCIM, SOUND, MAG, PLAIN,
)  # fmt: skip

_MOST_NAMED = 3


@dataclass(slots=True)
class _Card:
    """A card while its folders are gathered."""

    path: bytes
    claims: dict[str, list[Folder]] = field(default_factory=dict)
    extra: list[CardFile] = field(default_factory=list)  # what no structure reads
    shared: list[CardFile] = field(default_factory=list)  # reports and tracks above several cards
    found: Found = field(default_factory=Found)
    listed: list[Complaint] = field(default_factory=list)  # by hash lists
    laid_out: bool = False  # in a camera's folders


def recognise(
    listing: Sequence[SeenFile],
    read: Read,
    fits_template: Callable[[bytes], bool],
    *,
    top: bytes = b"",
    products: Collection[bytes] = (),
) -> tuple[CardFolder, ...]:
    """The cards at and below the folder `top`, by path. Every file lies on exactly one of them, with two
    exceptions: a report or track above several cards is one of each, and files of no card are left out.

    All paths of the listing lie below `top`: ingest/, or a card itself. A card's name is that of its
    folder, "" where that is what paths are relative to. `read` gives the bytes of a small sidecar. `products` are known
    to be proxies, whatever lies beside them.
    """
    folders = _folders(listing)
    listed = complaints(folders, read)
    made = _take_proxies(folders, products)
    cards = _claim(folders.values(), fits_template, top)
    for card in cards.values():
        _find_clips(card, read)
    for complaint in listed:
        _complain(complaint, cards, top)
    living = {path: card for path, card in sorted(cards.items()) if _lives(card)}
    homeless = [folder for card in cards.values() if card.path not in living for folder in chain(*card.claims.values())]
    claimed = {folder.path for card in cards.values() for folder in chain(*card.claims.values())}
    homeless += [folder for folder in folders.values() if folder.path not in claimed]
    for folder in [*homeless, *made]:
        _house(folder, living, top)
    for card in living.values():
        _tell_of_orphans(card, top)
    return tuple(_finished(card, read) for card in living.values())


def _folders(listing: Sequence[SeenFile]) -> dict[bytes, Folder]:
    """The listing by folder, in order of path."""
    grouped: dict[bytes, list[CardFile]] = {}
    for path, size in sorted([(seen.path, seen.stamp.size) for seen in listing]):
        folder, _, name = path.rpartition(b"/")
        stem, dot, suffix = name.rpartition(b".")
        file = CardFile(path, name, stem.upper() if dot else name.upper(), dot + suffix.lower() if dot else b"", size)
        if folder in grouped:
            grouped[folder].append(file)
        else:
            grouped[folder] = [file]
    return {
        path: Folder(path, tuple(path.upper().split(b"/")) if path else (), files) for path, files in grouped.items()
    }


def _take_proxies(folders: dict[bytes, Folder], products: Collection[bytes]) -> list[Folder]:
    """Takes proxies beside their originals out of the folders: they are no clips."""
    paths = [file.path for folder in folders.values() for file in folder.files]
    ours = proxies_beside(paths).keys() | (set(products) & set(paths) if products else set())
    made = []
    for path in sorted({path.rpartition(b"/")[0] for path in ours}):
        folder = folders[path]
        made.append(folder._replace(files=[file for file in folder.files if file.path in ours]))
        folders[path] = folder._replace(files=[file for file in folder.files if file.path not in ours])
        if not folders[path].files:
            del folders[path]
    return made


def _claim(folders: Iterable[Folder], fits_template: Callable[[bytes], bool], top: bytes) -> dict[bytes, _Card]:
    """Each folder that a structure claims or that holds media, with its card."""
    cards: dict[bytes, _Card] = {}
    roots: set[bytes] = set()
    unclaimed = []
    for folder in folders:
        structure, depth = _structure_of(folder)
        if depth is None:
            if has_media(folder):
                unclaimed.append(folder)
            continue
        path = _head(folder.path, depth)
        cards.setdefault(path, _Card(path)).claims.setdefault(structure.name, []).append(folder)
        if depth < len(folder.parts):  # a layout makes all that lies beside it one card; names of files do not
            roots.add(path)
            cards[path].laid_out = True
    # `top` is ingest/ as often as a card: PRIVATE lying there does not swallow the folders beside it.
    known: dict[bytes, bytes | None] = {b"": None, top: top if fits_template(top) else None}
    for folder in unclaimed:
        above = _recognised_above(folder.path, roots, fits_template, known)
        path = folder.path if above is None else above
        cards.setdefault(path, _Card(path)).claims.setdefault(PLAIN.name, []).append(folder)
    return cards


def _structure_of(folder: Folder) -> tuple[Structure, int | None]:
    for structure in STRUCTURES:
        depth = structure.root(folder)
        if depth is not None:
            return structure, depth
    return PLAIN, None


def _head(path: bytes, depth: int) -> bytes:
    return b"/".join(path.split(b"/", depth)[:depth])


def _recognised_above(
    path: bytes, roots: set[bytes], fits_template: Callable[[bytes], bool], known: dict[bytes, bytes | None]
) -> bytes | None:
    """The smallest folder at or above `path` that is a structure's card or fits a template; `known` ends the way up."""
    passed = []
    while path not in known:
        passed.append(path)
        if path in roots or fits_template(path):
            known[path] = path
            break
        path = path.rpartition(b"/")[0]
    for each in passed:
        known[each] = known[path]
    return known[path]


def _find_clips(card: _Card, read: Read) -> None:
    for structure in STRUCTURES:
        if structure.name in card.claims:
            card.found.add(structure.clips(card.claims[structure.name], read))
    if not card.found.clips and not card.found.warnings:  # a camera's proxies without their originals are footage
        card.found.clips.extend(clips_everywhere(list(chain(*card.claims.values()))))


def _lives(card: _Card) -> bool:
    return bool(card.found.clips or card.found.warnings or any(complaint.lost for complaint in card.listed))


def _complain(complaint: Complaint, cards: dict[bytes, _Card], top: bytes) -> None:
    """Gives what a hash list says to the card that the file lies on; a lost recording makes one where none is."""
    card = _nearest_above(complaint.path.rpartition(b"/")[0], cards)
    if card is None or (card.path == top and complaint.base != top):
        card = cards.get(complaint.base)
    if card is None and complaint.lost:
        card = cards.setdefault(complaint.base, _Card(complaint.base, {PLAIN.name: []}))
    if card is not None:
        card.listed.append(complaint)


def _house(folder: Folder, living: Mapping[bytes, _Card], top: bytes) -> None:
    """Gives the files of a folder without clips to the nearest card above, else below.

    A report or track above cards speaks of all of them. `top` as a card has only the files that lie in it
    and those with no card below, because it is ingest/ as often as a card.
    """
    above = _nearest_above(folder.path, living)
    shared = any(file.suffix in SHARED_SUFFIXES for file in folder.files)
    if above is not None and above.path != top and not shared:
        above.extra.extend(folder.files)
        return
    below = _below(folder.path, living)
    for file in folder.files:
        if file.suffix in SHARED_SUFFIXES and below and (above is None or above.path != folder.path):
            for card in below:
                card.shared.append(file)
        elif above is not None and (above.path != top or folder.path == top or not below):
            above.extra.append(file)
        elif below and folder.path != top:
            min(below, key=lambda card: (card.path.count(b"/"), card.path)).extra.append(file)


def _nearest_above(path: bytes, living: Mapping[bytes, _Card]) -> _Card | None:
    while True:
        if path in living:
            return living[path]
        if not path:
            return None
        path = path.rpartition(b"/")[0]


def _below(path: bytes, living: Mapping[bytes, _Card]) -> list[_Card]:
    if not path:
        return [card for card in living.values() if card.path]
    paths = list(living)
    first, after = bisect_left(paths, path + b"/"), bisect_left(paths, path + b"0")  # 0 is the byte after /
    return [living[each] for each in paths[first:after]]


def _tell_of_orphans(card: _Card, top: bytes) -> None:
    """Names what was taken though it looks like a proxy; a camera's card may lie in a folder of any name."""
    base = len(card.path if card.laid_out else top)
    found = [clip.parts[0] for clip in card.found.clips if in_proxy_folder(clip.parts[0][base:])]
    if found:
        names = ", ".join(shown(path.rpartition(b"/")[2]) for path in found[:_MOST_NAMED])
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        card.found.warn(
            f"In a folder Proxy with no recording of the name beside it, so taken as footage: {names}{more};"
            " copy the originals there, or let go of it with 'rushes forget'."
        )


def _finished(card: _Card, read: Read) -> CardFolder:
    files = [file for folder in chain(*card.claims.values()) for file in folder.files]
    _compare(card, files, read)
    used = {path for clip in card.found.clips for path in chain(clip.parts, clip.sidecars)}
    left = [file for file in chain(files, card.extra) if file.path not in used]
    spoken = [file for file in chain(left, card.shared) if file.suffix in SHARED_SUFFIXES]
    reports = {file.path for file in spoken if file.suffix in REPORT_SUFFIXES}
    tracks = {file.path for file in spoken if file.suffix in TRACK_SUFFIXES}
    return CardFolder(
        path=card.path,
        name=shown(card.path.rpartition(b"/")[2]),
        structure=_structure_name(card),
        clips=tuple(_with_warnings(card.found)),
        reports=tuple(sorted(reports)),
        tracks=tuple(sorted(tracks)),
        others=tuple(sorted(file.path for file in left if file.suffix not in SHARED_SUFFIXES)),
        warnings=tuple(dict.fromkeys(card.found.warnings)),
        reel=card.found.reel,
    )


def _compare(card: _Card, files: Sequence[CardFile], read: Read) -> None:
    """What all the files of a card tell when they are seen together; each loss is named once."""
    found = card.found
    for structure in STRUCTURES:
        if structure.name in card.claims and structure.beside:
            own = [file for folder in card.claims[structure.name] for file in folder.files]
            found.add(structure.beside(own, card.extra, read))
    parts = {path for clip in found.clips for path in clip.parts}
    for file in files:
        if not file.size and file.path in parts:
            found.warn(f"{shown(file.name)} is empty (0 bytes); copy it again.", file.path)
    for complaint in unnamed(card.listed, found.warnings):
        found.warn(complaint.sentence, complaint.path)


def _with_warnings(found: Found) -> list[ClipFiles]:
    """The clips, each with what concerns it or a file beside it."""
    if not found.about:
        return found.clips
    return [
        replace(clip, warnings=tuple(dict.fromkeys(told))) if told else clip
        for clip in found.clips
        for told in [[each for path in chain(clip.parts, clip.sidecars) for each in found.about.get(path, ())]]
    ]


def _structure_name(card: _Card) -> str:
    """The first structure in order; a plain folder of sound alone is a recorder's."""
    name = next(structure.name for structure in STRUCTURES if structure.name in card.claims)
    if name == PLAIN.name and all(clip.kind == "sound" for clip in card.found.clips):
        return SOUND.name
    return name
