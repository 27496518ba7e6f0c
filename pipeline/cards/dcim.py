"""DCIM of phones and photo cameras (DCF): DCIM/100APPLE, DCIM/Camera, DCIM/100CANON...

Each film is a clip with the .AAE or .XMP of its name. Stills are listed, not logged.
"""

from collections.abc import Sequence

from pipeline.cards.structure import Folder, Found, Read, Structure, above, clips_everywhere


def _root(folder: Folder) -> int | None:
    return above(folder.parts, b"DCIM")


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    return Found(clips_everywhere(folders))


DCIM = Structure("dcim", _root, _clips)
