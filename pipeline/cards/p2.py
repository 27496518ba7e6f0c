"""Panasonic P2: CONTENTS/VIDEO/0001AB.MXF, sound in AUDIO/0001AB00.MXF..., CLIP/0001AB.XML.

The picture file is the clip's part; its sound tracks and its XML go with it as sidecars. PROXY and
ICON are listed. Recordings that span cards are several clips so far.
"""

import re
from collections.abc import Sequence

from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.structure import CardFile, Folder, Found, Read, Structure, clip_of, unwrapped
from pipeline.clip import shown

_FOLDERS = frozenset({b"VIDEO", b"AUDIO", b"CLIP", b"ICON", b"PROXY", b"VOICE"})
_TRACK = re.compile(rb"(.+)\d\d", re.DOTALL)


def _root(folder: Folder) -> int | None:
    parts = folder.parts
    for depth in range(len(parts) - 2, -1, -1):
        if parts[depth] == b"CONTENTS" and parts[depth + 1] in _FOLDERS:
            return unwrapped(parts, depth)
    return None


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    kept: dict[bytes, list[CardFile]] = {}
    for folder in folders:
        kept.setdefault(folder.parts[-1], []).extend(folder.files)
    pictures = [file for file in kept.get(b"VIDEO", ()) if file.suffix in MEDIA_SUFFIXES]
    sounds = [file for file in kept.get(b"AUDIO", ()) if file.suffix in MEDIA_SUFFIXES]
    spoken, lone = _spoken(pictures, sounds, kept.get(b"CLIP", ()))
    found = Found([clip_of((file,), spoken.get(file.stem, ())) for file in pictures])
    found.clips.extend(clip_of((file,)) for file in lone)
    there = {file.stem for file in pictures} | {_clip_of_track(file) for file in sounds}
    found.warnings.extend(
        f"{shown(file.name)} describes a clip that is missing; copy the card again."
        for file in kept.get(b"CLIP", ())
        if file.suffix == b".xml" and file.stem not in there
    )
    return found


def _spoken(
    pictures: Sequence[CardFile], sounds: Sequence[CardFile], about: Sequence[CardFile]
) -> tuple[dict[bytes, list[CardFile]], list[CardFile]]:
    """XML and sound tracks by the picture they go with, and the sound that goes with none."""
    spoken: dict[bytes, list[CardFile]] = {file.stem: [] for file in pictures}
    lone = []
    for file in about:
        if file.suffix == b".xml" and file.stem in spoken:
            spoken[file.stem].append(file)
    for file in sounds:
        if _clip_of_track(file) in spoken:
            spoken[_clip_of_track(file)].append(file)
        else:
            lone.append(file)
    return spoken, lone


def _clip_of_track(file: CardFile) -> bytes:
    match = _TRACK.fullmatch(file.stem)
    return match[1] if match else file.stem


P2 = Structure("p2", _root, _clips)
