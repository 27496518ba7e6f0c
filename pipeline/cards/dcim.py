"""DCIM of phones and photo cameras (DCF): DCIM/100APPLE, DCIM/Camera, DCIM/100CANON...

Each film is a clip with the .AAE or .XMP of its name. Stills are listed, not logged; they count with
the films (IMG_0006.JPG, IMG_0007.MOV).
"""

import re
from collections.abc import Sequence

from pipeline.cards.numbering import gaps
from pipeline.cards.structure import Folder, Found, Read, Structure, above, clips_everywhere

NUMBER = re.compile(rb"([A-Z0-9_]{4})(\d{4})\Z")  # DCF, CIPA DC-009: four characters and four digits


def _root(folder: Folder) -> int | None:
    return above(folder.parts, b"DCIM")


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    found = Found(clips_everywhere(folders))
    if found.clips:  # photographs alone are no card of ours
        found.warnings.extend(sentence for folder in folders for sentence in gaps(folder.files, NUMBER))
    return found


DCIM = Structure("dcim", _root, _clips)
