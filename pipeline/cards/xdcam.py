"""Sony XDCAM: XDROOT/Clip (discs and SxS, XAVC) and BPAV/CLPR (XDCAM EX).

Clip holds C0001.MXF, C0001M01.XML and C0001R01.BIM; Sub holds proxies. XDCAM EX keeps a folder of
its own for each clip below CLPR. A recording over the size of a file is a take there: TAKR/709_0001
holds 709_0001.SMI, which plays CLPR/709_0001_01, 709_0001_02... one after the other: one clip. Where
it plays a later one from its middle the two overlap; those stay clips of their own.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.cards.documents import document, name_of
from pipeline.cards.sony_xavc import pairs_in
from pipeline.cards.structure import Folder, Found, Read, Structure, above, files_of
from pipeline.clip import ClipFiles, shown

_BEGIN = re.compile(r"[a-z0-9-]+=0+:0+:0+[:;.]0+")
_MOST_PIECES = 99


def _root(folder: Folder) -> int | None:
    depth = above(folder.parts, b"XDROOT")
    return above(folder.parts, b"BPAV") if depth is None else depth


def _clips(folders: Sequence[Folder], read: Read) -> Found:
    found = pairs_in(folders, read, proxies=frozenset({b"SUB", b"THMBNL"}))
    for file in files_of(folder for folder in folders if b"TAKR" in folder.parts):
        if file.suffix == b".smi":
            _join(file.name.rpartition(b".")[0], _pieces(file.path, read), found)
    return found


def _pieces(path: bytes, read: Read) -> int:
    """How many clips a take plays one after the other, each from its first frame; 0 where it does not."""
    root = document(path, read)
    begins = [each.get("clipBegin", "") for each in root.iter() if name_of(each) == "ref"] if root is not None else []
    played = [begin for begin in begins if begin]
    return len(played) if all(map(_BEGIN.fullmatch, played[1:])) and len(played) <= _MOST_PIECES else 0


def _join(take: bytes, pieces: int, found: Found) -> None:
    """Puts the clips of a take into one; those behind a missing one are one of their own."""
    by_stem = {clip.parts[0].rpartition(b"/")[2].rpartition(b".")[0].upper(): clip for clip in found.clips}
    runs: list[list[ClipFiles]] = [[]]
    for number in range(1, pieces + 1 if pieces > 1 else 1):
        name = take + b"_%02d" % number
        clip = by_stem.get(name.upper())
        if clip is not None:
            runs[-1].append(clip)
            continue
        runs.append([])
        if not any(shown(name) in warning for warning in found.warnings):  # the card's list named it
            found.warn(f"{shown(name)} is missing, a piece of the take {shown(take)}; copy the card again.")
    for run in runs:
        if len(run) > 1:
            whole = replace(
                run[0],
                parts=tuple(part for clip in run for part in clip.parts),
                sidecars=tuple(path for clip in run for path in clip.sidecars),
            )
            found.clips = [whole if clip is run[0] else clip for clip in found.clips if clip not in run[1:]]


XDCAM = Structure("xdcam", _root, _clips)
