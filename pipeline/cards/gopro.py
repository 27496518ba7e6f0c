"""GoPro: DCIM/nnnGOPRO, chapters of one recording in files of their own.

GX010034, GX020034 (GH: H.264, GS: spherical) and the older GOPR0034, GP010034 are chapters: the
last four digits are the recording. Recognised by name in any folder, because people copy the files
out of DCIM. .THM and .LRV (GL010034) are made beside each chapter; one without its chapter tells of a loss.
Source: GoPro support, "GoPro camera file naming convention".
"""

import re
from collections.abc import Sequence
from functools import partial

from pipeline.cards.chapters import Piece, chained
from pipeline.cards.companions import lacking
from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.numbering import gaps
from pipeline.cards.structure import CardFile, Folder, Found, Read, Structure, above, clip_of, files_of, sidecars_of
from pipeline.clip import shown

_NUMBERED = re.compile(rb"G([XHSL])(\d\d)(\d{4})")
_FIRST = re.compile(rb"GOPR(\d{4})")
_LATER = re.compile(rb"GP(\d\d)(\d{4})")
_FOLDER = re.compile(rb"\d{3}GOPRO")
_COMPANIONS = frozenset({b".thm", b".lrv"})
_NUMBER = re.compile(rb"(G)(?:[XHSL]\d\d|OPR|P\d\d|\d{3})(\d{4})\Z")  # photos and films count together


def _chapter(file: CardFile) -> tuple[bytes, int] | None:
    """The recording and the number of the chapter, from 1; None for other names."""
    if match := _NUMBERED.fullmatch(file.stem):
        return b"G" + match[3], int(match[2])
    if match := _FIRST.fullmatch(file.stem):
        return b"GOPR" + match[1], 1
    if match := _LATER.fullmatch(file.stem):
        return b"GOPR" + match[2], int(match[1]) + 1
    return None


def _recording(file: CardFile, number: bytes) -> bytes:
    """What chapters of one recording share: GX and GH of one number are two cameras'."""
    family = b"" if number.startswith(b"GOPR") else file.stem[:2]
    return family + number + file.suffix


def _chapter_name(sibling: bytes, number: int) -> bytes:
    """The name of another chapter of the recording that `sibling` is a chapter of."""
    if sibling[:2].upper() != b"GO" and sibling[:2].upper() != b"GP":
        return sibling[:2] + b"%02d" % number + sibling[4:]
    return (b"GOPR" if number == 1 else b"GP%02d" % (number - 1)) + sibling[4:]


def _root(folder: Folder) -> int | None:
    if folder.parts and _FOLDER.fullmatch(folder.parts[-1]):
        depth = above(folder.parts, b"DCIM")
        return len(folder.parts) - 1 if depth is None else depth
    if any(file.suffix in MEDIA_SUFFIXES and _chapter(file) for file in folder.files):
        depth = above(folder.parts, b"DCIM")
        return len(folder.parts) if depth is None else depth
    return None


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    found = Found()
    for folder in folders:
        found.add(_folder_clips(folder.files))
    found.warnings.extend(gaps(files_of(each for each in folders if above(each.parts, b"DCIM") is not None), _NUMBER))
    return found


def _folder_clips(files: Sequence[CardFile]) -> Found:
    media = [file for file in files if file.suffix in MEDIA_SUFFIXES]
    spoken = sidecars_of(media, files)
    recordings: dict[bytes, list[Piece]] = {}
    found = Found()
    for file in media:
        chapter = _chapter(file)
        if chapter is None:
            found.clips.append(clip_of((file,), spoken.get(file.path, ())))
        else:
            recordings.setdefault(_recording(file, chapter[0]), []).append(Piece(chapter[1], file))
    for pieces in recordings.values():
        found.add(chained(pieces, spoken, partial(_chapter_name, pieces[0].file.name)))
    found.warnings.extend(_lost(files, media))
    _complete(files, media, found)
    return found


def _complete(files: Sequence[CardFile], media: Sequence[CardFile], found: Found) -> None:
    """Thumbnails of all chapters, and the small proxies of a recording: some modes have none at all."""
    for suffix in _COMPANIONS:
        there = {chapter for file in files if file.suffix == suffix and (chapter := _chapter(file))}
        groups: dict[bytes, dict[tuple[bytes, int], CardFile]] = {}
        for file in media:
            if (chapter := _chapter(file)) is not None:
                group = b"" if suffix == b".thm" else _recording(file, chapter[0])
                groups.setdefault(group, {})[chapter] = file
        for members in groups.values():
            wanted = {chapter: _companion(file, suffix) for chapter, file in members.items()}
            for lone, sentence in lacking(wanted, there):
                found.warn(sentence, members[lone].path)


def _companion(file: CardFile, suffix: bytes) -> bytes:
    stem = file.name.rpartition(b".")[0]
    small = suffix == b".lrv" and _NUMBERED.fullmatch(file.stem) is not None
    return (b"GL" + stem[2:] if small else stem) + suffix.upper()


def _lost(files: Sequence[CardFile], media: Sequence[CardFile]) -> list[str]:
    """Chapters whose thumbnail or small proxy is there while they are not."""
    last: dict[bytes, int] = {}
    for file in media:
        chapter = _chapter(file)
        if chapter is not None:
            last[chapter[0]] = max(chapter[1], last.get(chapter[0], 0))
    lost: dict[tuple[bytes, int], str] = {}
    for file in files:
        chapter = _chapter(file) if file.suffix in _COMPANIONS else None
        if chapter is not None and chapter[1] > last.get(chapter[0], 0):  # those before it are named as gaps
            lost.setdefault(chapter, shown(file.name))
    return [f"{name} is there without its recording; copy the card again." for name in lost.values()]


GOPRO = Structure("gopro", _root, _clips)
