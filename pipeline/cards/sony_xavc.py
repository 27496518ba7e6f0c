"""Sony XAVC S and XAVC HS cards: PRIVATE/M4ROOT/CLIP, a C0001M01.XML beside each C0001.MP4.

SUB holds the camera's proxies, THMBNL pictures: listed, no clips. MEDIAPRO.XML lists the card; without
it the numbers of clips are all that tells of a loss. XDCAM cards (xdcam.py) pair recordings and
M01.XML the same way and use `paired`.
"""

import re
from collections.abc import Sequence

from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.mediapro import Compared, compared
from pipeline.cards.numbering import gaps
from pipeline.cards.structure import (
    CardFile,
    Folder,
    Found,
    Read,
    Structure,
    above,
    clip_of,
    files_of,
    has_media,
    sidecars_of,
)
from pipeline.clip import shown

_NUMBER = re.compile(rb"(.*?)(\d{4})\Z", re.DOTALL)  # C0001, FX3_0001
_HOUSEKEEPING = frozenset({b"STATUS.BIN", b"DISCMETA.XML", b"CUEUP.XML"})
_ABOUT = re.compile(rb"(.+)[MR]\d\d", re.DOTALL)  # C0001M01.XML, C0001R01.BIM


def paired(files: Sequence[CardFile], *, known_lost: set[bytes]) -> Found:
    """Clips of a folder with the M01.XML of each; halves of pairs are named, `known_lost` excepted."""
    media = [file for file in files if file.suffix in MEDIA_SUFFIXES]
    spoken = sidecars_of(media, files)
    stems = {file.stem: file for file in media}
    found = Found()
    described = set()
    for file in files:
        match = _ABOUT.fullmatch(file.stem) if file.suffix in {b".xml", b".bim"} else None
        if match is None or file.stem in stems:
            continue
        stem = match[1]
        if stem in stems:
            spoken.setdefault(stems[stem].path, []).append(file)
            if file.suffix == b".xml":
                described.add(stem)
        elif file.suffix == b".xml" and stem not in known_lost:
            found.warn(f"{shown(file.name)} describes a clip that is missing; copy the card again.")
    found.clips.extend(clip_of((file,), spoken.get(file.path, ())) for file in media)
    for file in media if described else ():
        if file.stem not in described:
            found.warn(f"{shown(file.name)} has no M01.XML beside it; copy the card again.", file.path)
    return found


def listed(folders: Sequence[Folder], read: Read) -> Compared | None:
    """What MEDIAPRO.XML says of the card; None where there is none."""
    files = files_of(folders)
    index = next((file for file in files if file.name.upper() == b"MEDIAPRO.XML"), None)
    return compared(index, files, read) if index else None


def pairs_in(folders: Sequence[Folder], read: Read, *, proxies: frozenset[bytes]) -> Found:
    """The clips of a Sony card: pairs in every folder with media but those of the camera's proxies."""
    index = listed(folders, read)
    found = Found(warnings=list(index.sentences) if index else [], reel=index.name if index else None)
    lost = index.lost if index else set()
    for folder in folders:
        if folder.parts[-1] in proxies or not (has_media(folder) or _holds_clips(folder)):
            continue
        found.add(paired(folder.files, known_lost=lost))
    if index is None:
        found.warnings.extend(gaps(_recordings(folders, proxies), _NUMBER))
        if found.clips and (told := _index_missing(folders)):
            found.warn(told)
    return found


def _recordings(folders: Sequence[Folder], proxies: frozenset[bytes]) -> list[CardFile]:
    kept = files_of(folder for folder in folders if folder.parts[-1] not in proxies)
    return [file for file in kept if file.suffix in MEDIA_SUFFIXES]


def _index_missing(folders: Sequence[Folder]) -> str:
    """That the list is not there although the rest of the camera's own files is; nothing for clips copied by hand."""
    kept = any(
        folder.parts[-1] == b"THMBNL" or any(file.name.upper() in _HOUSEKEEPING for file in folder.files)
        for folder in folders
    )
    return (
        "MEDIAPRO.XML is missing, so nobody can say whether the card is complete; copy the card again." if kept else ""
    )


def _holds_clips(folder: Folder) -> bool:
    """Folders where an XML speaks of a clip beside it; elsewhere (Edit, General) it speaks of other things."""
    return folder.parts[-1] == b"CLIP" or b"CLPR" in folder.parts


def _root(folder: Folder) -> int | None:
    return above(folder.parts, b"M4ROOT")


def _clips(folders: Sequence[Folder], read: Read) -> Found:
    return pairs_in(folders, read, proxies=frozenset({b"SUB", b"THMBNL"}))


SONY_XAVC = Structure("sony-xavc", _root, _clips)
