"""RED mags: A001_1012AB.RDM holds a folder A001_C001_1012AB.RDC per clip, whose .R3D segments are one clip."""

import re
from collections.abc import Sequence
from functools import partial

from pipeline.cards.chapters import Piece, chained
from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.structure import CardFile, Folder, Found, Read, Structure, clips_beside

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
    return found


RED = Structure("red", _root, _clips)
