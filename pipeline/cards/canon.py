"""Canon XF and Cinema EOS cards: CONTENTS/CLIPS001.

MXF clips lie there directly (A001C001_191012AB_CANON.MXF) or in a folder of their own, where a
long recording is AA000101.MXF, AA000102.MXF...: one clip. XML and CIF of the same name speak of it.
The reel is the letter and number that the names of clips begin with (A001).
"""

import re
from collections.abc import Sequence
from functools import partial

from pipeline.cards.chapters import Piece, chained
from pipeline.cards.companions import lacking
from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.numbering import gaps
from pipeline.cards.structure import CardFile, Folder, Found, Read, Structure, clips_beside, files_of, unwrapped
from pipeline.clip import shown

_CLIPS = re.compile(rb"CLIPS\d{3}")
_NUMBER = re.compile(rb"([A-Z]\d{3}C|[A-Z]{2})(\d{3}(?=_)|\d{4}(?=(?:\d\d)?\Z))")
_REEL = re.compile(rb"([A-Z]\d{3})C\d{3}_")
_ABOUT = (b".xml", b".cif")


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
        about = [file for file in rest if file.stem == folder.parts[-1] and file.suffix in _ABOUT]
        if pieces:
            found.add(chained(pieces, {pieces[0].file.path: about}, partial(_piece, pieces[0].file.name)))
            rest = [file for file in rest if file not in about]
        found.clips.extend(clips_beside(rest))
        _complete(rest, found)
    media = [file for file in files_of(folders) if file.suffix in MEDIA_SUFFIXES]
    found.warnings.extend(gaps(media, _NUMBER))
    found.reel = next((shown(match[1]) for file in media if (match := _REEL.match(file.stem))), None)
    return found


def _complete(files: Sequence[CardFile], found: Found) -> None:
    """XML and CIF that lie beside the clips of a folder: each clip has one where others have theirs."""
    media = {file.stem: file for file in files if file.suffix in MEDIA_SUFFIXES}
    for suffix in _ABOUT:
        there = {file.stem: file for file in files if file.suffix == suffix}
        wanted = {stem: file.name.rpartition(b".")[0] + suffix.upper() for stem, file in media.items()}
        for stem, sentence in lacking(wanted, there):
            found.warn(sentence, media[stem].path)
        for stem, file in there.items():
            if stem not in media and _NUMBER.match(stem):
                found.warn(f"{shown(file.name)} describes a clip that is missing; copy the card again.")


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
