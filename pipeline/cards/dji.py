"""DJI drones and cameras: DCIM/100MEDIA, DCIM/DJI_001 and the like, files named DJI_*.

Each MP4 is a clip; the .SRT of its name is its telemetry; .LRF is a small proxy. Either without its
recording tells of a loss.
"""

from collections.abc import Sequence

from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.structure import Folder, Found, Read, Structure, above, clips_everywhere
from pipeline.clip import shown

_COMPANIONS = frozenset({b".srt", b".lrf"})
_OURS = MEDIA_SUFFIXES | _COMPANIONS


def _root(folder: Folder) -> int | None:
    depth = above(folder.parts, b"DCIM")
    if depth is None:
        return None
    named = any(file.stem.startswith(b"DJI_") and file.suffix in _OURS for file in folder.files)
    return depth if named else None


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    warnings = []
    for folder in folders:
        there = {file.stem for file in folder.files if file.suffix in MEDIA_SUFFIXES}
        lost = {file.stem: file.name for file in folder.files if file.suffix in _COMPANIONS and file.stem not in there}
        warnings += [f"{shown(name)} is there without its recording; copy the card again." for name in lost.values()]
    return Found(clips_everywhere(folders), warnings)


DJI = Structure("dji", _root, _clips)
