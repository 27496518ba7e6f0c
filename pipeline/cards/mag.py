"""Cinema mags: files named after reel and clip (A001C001_191012_R1AB.mov), all of one reel.

ARRI, Blackmagic and others write A001C001_..., A_0001C001_..., A001_10121200_C001. The mag is the
folder of the files, or the one above a folder Clips. The frames of an ARRIRAW sequence are one clip.
The reel is the camera's letter and number with what the mag is marked by (A001R1AB; A001).
"""

import re
from collections.abc import Sequence

from pipeline.cards.media import MEDIA_SUFFIXES, PICTURE_SUFFIXES
from pipeline.cards.numbering import gaps
from pipeline.cards.structure import CardFile, Folder, Found, Read, Structure, clip_of, clips_beside, files_of
from pipeline.clip import shown

_NAME = re.compile(rb"([A-Z]_?\d{3,4})(?:_?C\d{3}(?:_.*)?|_\d{8}_C\d{3}.*)", re.DOTALL)
_NUMBER = re.compile(rb"([A-Z]_?\d{3,4})(?:_\d{8})?_?C(\d{3})")
_FRAMES = re.compile(rb"(.+\.)(\d{6,8})\Z", re.DOTALL)
_MARKED = re.compile(rb"([A-Z]\d{3})C\d{3}_\d{6}_(R[0-9A-Z]{3})\Z")
_FRAME = re.compile(rb"(.+)\.\d{6,8}", re.DOTALL)


def _root(folder: Folder) -> int | None:
    reels = set()
    for file in folder.files:
        if file.suffix in PICTURE_SUFFIXES:
            match = _NAME.fullmatch(file.stem)
            if match is None:
                return None
            reels.add(match[1])
    if len(reels) != 1:
        return None
    depth = len(folder.parts)
    return depth - 1 if depth and folder.parts[-1] in {b"CLIP", b"CLIPS"} else depth


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    found = Found()
    for folder in folders:
        frames: dict[bytes, list[CardFile]] = {}
        others = []
        for file in folder.files:
            match = _FRAME.fullmatch(file.stem) if file.suffix == b".ari" else None
            if match:
                frames.setdefault(match[1], []).append(file)
            else:
                others.append(file)
        found.clips.extend(clip_of(sequence) for sequence in frames.values())
        for sequence in frames.values():
            for sentence in gaps(sequence, _FRAMES):
                found.warn(sentence, sequence[0].path)
        if any(file.suffix in MEDIA_SUFFIXES for file in others):
            found.clips.extend(clips_beside(others))
    pictures = [file for file in files_of(folders) if file.suffix in PICTURE_SUFFIXES]
    found.warnings.extend(gaps(pictures, _NUMBER, before=b"C"))
    reels = {_reel(file.stem) for file in pictures}
    found.reel = reels.pop() if len(reels) == 1 else None
    return found


def _reel(stem: bytes) -> str | None:
    marked, named = _MARKED.match(stem), _NAME.match(stem)
    if marked:
        return shown(marked[1] + marked[2])
    return shown(named[1]) if named else None


MAG = Structure("mag", _root, _clips)
