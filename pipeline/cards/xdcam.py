"""Sony XDCAM: XDROOT/Clip (discs and SxS, XAVC) and BPAV/CLPR (XDCAM EX).

Clip holds C0001.MXF, C0001M01.XML and C0001R01.BIM; Sub holds proxies. XDCAM EX keeps a folder of
its own for each clip below CLPR; TAKR holds takes that only point into it.
"""

from collections.abc import Sequence

from pipeline.cards.sony_xavc import pairs_in
from pipeline.cards.structure import Folder, Found, Read, Structure, above


def _root(folder: Folder) -> int | None:
    depth = above(folder.parts, b"XDROOT")
    return above(folder.parts, b"BPAV") if depth is None else depth


def _clips(folders: Sequence[Folder], read: Read) -> Found:
    return pairs_in(folders, read, proxies=frozenset({b"SUB", b"THMBNL"}))


XDCAM = Structure("xdcam", _root, _clips)
