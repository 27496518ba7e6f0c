"""RED mags: A001_1012AB.RDM holds a folder A001_C001_1012AB.RDC per clip, whose .R3D segments are one clip.

The reel is what the names of mag and clips begin with (A001).
"""

import re
from collections.abc import Sequence
from functools import partial

from pipeline.cards.chapters import Piece, chained
from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.numbering import gaps
from pipeline.cards.structure import CardFile, Folder, Found, Read, Structure, clips_beside, files_of
from pipeline.clip import shown

_NUMBER = re.compile(rb"([A-Z]\d{3}_C)(\d{3})")
_REEL = re.compile(rb"([A-Z]\d{3})_")
_SEGMENT = re.compile(rb"(.+)_(\d{3})", re.DOTALL)


def _root(folder: Folder) -> int | None:
    parts = folder.parts
    for depth in range(len(parts), 0, -1):
        if parts[depth - 1].endswith(b".RDM"):
            return depth
    for depth in range(len(parts), 0, -1):
        if parts[depth - 1].endswith(b".RDC"):
            return depth - 1
    return len(parts) if any(file.suffix == b".r3d" for file in folder.files) else None


def _segment(name: bytes, number: int) -> bytes:
    return name[: -len(b"001.R3D")] + b"%03d" % number + name[-len(b".R3D") :]


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    found = Found()
    for folder in folders:
        segments: dict[bytes, list[Piece]] = {}
        rest: list[CardFile] = []
        for file in folder.files:
            match = _SEGMENT.fullmatch(file.stem) if file.suffix == b".r3d" else None
            if match:
                segments.setdefault(match[1], []).append(Piece(int(match[2]), file))
            else:
                rest.append(file)
        for pieces in segments.values():
            found.add(chained(pieces, {}, partial(_segment, pieces[0].file.name)))
        if any(file.suffix in MEDIA_SUFFIXES for file in rest):
            found.clips.extend(clips_beside(rest))
        if folder.parts and folder.parts[-1].endswith(b".RDC") and not segments:
            name = shown(folder.path.rpartition(b"/")[2])
            found.warn(f"{name} holds no recording: its .R3D files are missing; copy the card again.")
    reels = {match[1] for file in files_of(folders) if (match := _REEL.match(file.stem)) and file.suffix == b".r3d"}
    found.reel = shown(reels.pop()) if len(reels) == 1 else None
    found.warnings.extend(gaps(files_of(folders), _NUMBER))
    return found


RED = Structure("red", _root, _clips)
