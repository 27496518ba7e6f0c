"""DJI drones and cameras: DCIM/100MEDIA, DCIM/DJI_001 and the like, files named DJI_*.

Each MP4 is a clip; the .SRT of its name is its telemetry; .LRF is a small proxy.
"""

from collections.abc import Sequence

from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.structure import Folder, Found, Read, Structure, above, clips_everywhere


def _root(folder: Folder) -> int | None:
    depth = above(folder.parts, b"DCIM")
    if depth is None:
        return None
    named = any(file.stem.startswith(b"DJI_") and file.suffix in MEDIA_SUFFIXES for file in folder.files)
    return depth if named else None


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    return Found(clips_everywhere(folders))


DJI = Structure("dji", _root, _clips)
