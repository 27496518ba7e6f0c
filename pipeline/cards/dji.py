"""DJI drones and cameras: DCIM/100MEDIA, DCIM/DJI_001 and the like, files named DJI_*.

Each MP4 is a clip; the .SRT of its name is its telemetry; .LRF is a small proxy. Either without its
recording tells of a loss. So do thumbnails: MISC/THM/100/DJI_0004.THM is that of DCIM/100MEDIA/DJI_0004,
and MISC/THM/DJI_001 that of DCIM/DJI_001.
"""

import re
from collections.abc import Sequence

from pipeline.cards.companions import lacking
from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.numbering import gaps
from pipeline.cards.structure import CardFile, Folder, Found, Read, Structure, above, clips_everywhere
from pipeline.clip import shown

_COMPANIONS = frozenset({b".srt", b".lrf"})
_OURS = MEDIA_SUFFIXES | _COMPANIONS
_NUMBER = re.compile(rb"(DJI_)(\d{4})\Z")
_THUMBNAIL = re.compile(rb"(?:.*/)?MISC/THM/([^/]+)/[^/]+\.THM", re.DOTALL | re.IGNORECASE)


def _root(folder: Folder) -> int | None:
    depth = above(folder.parts, b"DCIM")
    if depth is None:
        return None
    named = any(file.stem.startswith(b"DJI_") and file.suffix in _OURS for file in folder.files)
    return depth if named else None


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    found = Found(clips_everywhere(folders))
    for folder in folders:
        there = {file.stem for file in folder.files if file.suffix in MEDIA_SUFFIXES}
        lost = {file.stem: file.name for file in folder.files if file.suffix in _COMPANIONS and file.stem not in there}
        found.warnings += [
            f"{shown(name)} is there without its recording; copy the card again." for name in lost.values()
        ]
        if not lost:
            found.warnings += gaps(folder.files, _NUMBER)
    return found


def _beside(own: Sequence[CardFile], others: Sequence[CardFile], _read: Read) -> Found:
    """Thumbnails without a recording, and recordings without the thumbnail that others have."""
    found = Found()
    kept: dict[tuple[bytes, bytes], CardFile] = {}
    for file in own:
        kept.setdefault((_short(file.path.split(b"/")[-2]) if b"/" in file.path else b"", file.stem), file)
    thumbnails = {
        (_short(match[1]), file.stem): file for file in others if (match := _THUMBNAIL.fullmatch(file.path))
    }  # fmt: skip
    folders = {folder for folder, _ in thumbnails}
    wanted = {
        key: file.name.rpartition(b".")[0] + b".THM" for key, file in kept.items()
        if file.suffix in MEDIA_SUFFIXES and key[0] in folders
    }  # fmt: skip
    for key, sentence in lacking(wanted, thumbnails):
        found.warn(sentence, kept[key].path)
    for key, file in thumbnails.items():
        if key not in kept:
            found.warn(f"{shown(file.name)} is there without its recording; copy the card again.")
    return found


def _short(folder: bytes) -> bytes:
    """100MEDIA and 100 are one folder to the camera."""
    return folder.upper().removesuffix(b"MEDIA")


DJI = Structure("dji", _root, _clips, _beside)
