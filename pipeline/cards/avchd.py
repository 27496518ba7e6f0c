"""AVCHD: BDMV/STREAM/00000.MTS, on cards inside PRIVATE/AVCHD; CLIPINF/00000.CPI belongs to each stream.

Recordings that span streams are several clips so far: which follow each other stands in PLAYLIST.
"""

from collections.abc import Sequence

from pipeline.cards.structure import Folder, Found, Read, Structure, above, clips_everywhere, files_of, has_media
from pipeline.clip import shown


def _root(folder: Folder) -> int | None:
    return above(folder.parts, b"BDMV")


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    found = Found(clips_everywhere([folder for folder in folders if has_media(folder)]))
    streams = {file.stem for file in files_of(folder for folder in folders if folder.parts[-1] == b"STREAM")}
    for file in files_of(folder for folder in folders if folder.parts[-1] == b"CLIPINF"):
        if file.suffix == b".cpi" and file.stem not in streams:
            found.warnings.append(f"{shown(file.name)} describes a stream that is missing; copy the card again.")
    return found


AVCHD = Structure("avchd", _root, _clips)
