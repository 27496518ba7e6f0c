"""Canon XF and Cinema EOS cards: CONTENTS/CLIPS001.

MXF clips lie there directly (A001C001_191012AB_CANON.MXF) or in a folder of their own, where a
long recording is AA000101.MXF, AA000102.MXF...: one clip. XML and CIF of the same name speak of it.
"""

import re
from collections.abc import Sequence
from functools import partial

from pipeline.cards.chapters import Piece, chained
from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.structure import CardFile, Folder, Found, Read, Structure, clips_beside, unwrapped

_CLIPS = re.compile(rb"CLIPS\d{3}")


def _root(folder: Folder) -> int | None:
    parts = folder.parts
    for depth in range(len(parts) - 2, -1, -1):
        if parts[depth] == b"CONTENTS" and _CLIPS.fullmatch(parts[depth + 1]):
            return unwrapped(parts, depth)
    return None


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    found = Found()
    for folder in folders:
        own = re.compile(re.escape(folder.parts[-1]) + rb"(\d\d)", re.DOTALL)
        pieces, rest = _split(folder.files, own)
        if pieces:
            about = [file for file in rest if file.stem == folder.parts[-1] and file.suffix in {b".xml", b".cif"}]
            found.add(chained(pieces, {pieces[0].file.path: about}, partial(_piece, pieces[0].file.name)))
        found.clips.extend(clips_beside(rest))
    return found


def _piece(name: bytes, number: int) -> bytes:
    stem, _, suffix = name.rpartition(b".")
    return stem[:-2] + b"%02d." % number + suffix


def _split(files: Sequence[CardFile], own: re.Pattern[bytes]) -> tuple[list[Piece], list[CardFile]]:
    pieces, rest = [], []
    for file in files:
        match = own.fullmatch(file.stem) if file.suffix in MEDIA_SUFFIXES else None
        if match:
            pieces.append(Piece(int(match[1]), file))
        else:
            rest.append(file)
    return pieces, rest


CANON = Structure("canon", _root, _clips)
