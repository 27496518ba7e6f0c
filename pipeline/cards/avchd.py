"""AVCHD: BDMV/STREAM/00000.MTS, on cards inside PRIVATE/AVCHD; CLIPINF/00000.CPI belongs to each stream.

A recording over the size of a file spans streams; the lists in PLAYLIST say so: an item whose
connection condition is 6 goes on from the one before it in continuous time. Cameras that do not
write it give a clip for each stream. Layout of both files as libbluray and others read them
(mpls_parse, clpi_parse); the standard is AVCHD Format Book 1, which is Blu-ray's.
"""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.cards.companions import lacking
from pipeline.cards.numbering import gaps
from pipeline.cards.structure import (
    CardFile,
    Folder,
    Found,
    Read,
    Structure,
    above,
    clip_of,
    clips_beside,
    files_of,
    has_media,
)
from pipeline.clip import shown
from pipeline.errors import RushesError

_CONTINUES = 6
_PACKET = 192  # bytes of a source packet in a stream
_MOST_ITEMS = 10_000
_STREAMS = (b".mts", b".m2ts")
_INDEXES = (b".mpl", b".mpls", b".cpi", b".clpi")
_NUMBER = re.compile(rb"()(\d{5})\Z")


class _Item(NamedTuple):
    """One entry of a playlist."""

    stem: bytes
    continues: bool


def _root(folder: Folder) -> int | None:
    return above(folder.parts, b"BDMV")


def _clips(folders: Sequence[Folder], read: Read) -> Found:
    found = Found()
    streams: dict[bytes, CardFile] = {}
    for folder in folders:
        inside = folder.parts[-1] == b"STREAM"
        streams.update((file.stem, file) for file in folder.files if inside and file.suffix in _STREAMS)
        rest = [file for file in folder.files if not inside or file.suffix not in _STREAMS]
        if has_media(folder):
            found.clips.extend(clips_beside(rest))
    items = [(file, item) for file in _own(folders, b"PLAYLIST") for item in _items(file, read, found)]
    found.clips.extend(clip_of([streams[stem] for stem in chain]) for chain in _chains(streams, items))
    _compare(streams, items, found)
    _describe({file.stem: file for file in _own(folders, b"CLIPINF")}, streams, read, found)
    if not items:
        found.warnings.extend(gaps(streams.values(), _NUMBER))
    return found


def _own(folders: Sequence[Folder], name: bytes) -> list[CardFile]:
    """The files of a folder beside STREAM; BACKUP holds copies of them."""
    kept = files_of(folder for folder in folders if folder.parts[-2:] == (b"BDMV", name))
    return [file for file in kept if file.suffix in _INDEXES]


def _items(file: CardFile, read: Read, found: Found) -> Iterator[_Item]:
    """The entries of a playlist; a damaged one is named."""
    try:
        yield from read_playlist(read(file.path))
    except (ValueError, struct.error, RushesError, OSError):
        found.warn(f"{shown(file.name)} is damaged, so recordings may lie in pieces; copy it again.")


def read_playlist(data: bytes) -> list[_Item]:
    """The items of an MPLS file in order. Raises ValueError or struct.error where it is none or is cut off."""
    if data[:4] != b"MPLS":
        raise ValueError("no playlist")
    (begin,) = struct.unpack_from(">I", data, 8)
    length, count = struct.unpack_from(">I2xH", data, begin)
    if begin + 4 + length > len(data):
        raise ValueError("cut off")
    at, items = begin + 10, []
    for _ in range(min(count, _MOST_ITEMS)):
        size, name, flags = struct.unpack_from(">H5s4xH", data, at)
        items.append(_Item(name.upper(), flags & 15 == _CONTINUES))
        at += 2 + size
    return items


def _chains(streams: Mapping[bytes, CardFile], items: Sequence[tuple[CardFile, _Item]]) -> list[list[bytes]]:
    """The streams of each recording: those that follow on in a list, as long as all of them are there."""
    after: dict[bytes, bytes] = {}
    joined: set[bytes] = set()
    for (index, item), (following, more) in pairwise(items):
        whole = index is following and more.continues and item.stem in streams and more.stem in streams
        if whole and item.stem < more.stem and item.stem not in after and more.stem not in joined:
            after[item.stem] = more.stem
            joined.add(more.stem)
    chains = []
    for stem in streams:
        chain = [] if stem in joined else [stem]
        while chain and chain[-1] in after:
            chain.append(after[chain[-1]])
        if chain:
            chains.append(chain)
    return chains


def _compare(streams: Mapping[bytes, CardFile], items: Sequence[tuple[CardFile, _Item]], found: Found) -> None:
    """What the playlists name and the card lacks."""
    suffix = next((file.name[-len(file.suffix) :] for file in streams.values()), b".MTS")
    named: dict[bytes, CardFile] = {}
    for index, item in items:
        named.setdefault(item.stem, index)
    for stem, index in named.items():
        if stem not in streams:
            name = shown(stem + suffix)
            found.warn(f"{name} is missing although {shown(index.name)} lists it; copy the card again.")


def _describe(infos: Mapping[bytes, CardFile], streams: Mapping[bytes, CardFile], read: Read, found: Found) -> None:
    """CLIPINF: one file for each stream, which states how long the stream is."""
    for stem, info in infos.items():
        stream = streams.get(stem)
        if stream is None:
            if not any(shown(stem) in warning for warning in found.warnings):  # a playlist named it
                found.warn(f"{shown(info.name)} describes a stream that is missing; copy the card again.")
            continue
        try:
            size = _size(read(info.path))
        except (ValueError, struct.error, RushesError, OSError):
            found.warn(f"{shown(info.name)} is damaged; copy it again.", stream.path)
            continue
        if stream.size < size:
            found.warn(
                f"{shown(stream.name)} is cut off: it has {stream.size:,} bytes where {shown(info.name)} "
                f"says {size:,}; copy it again.",
                stream.path,
            )
    for stem, sentence in lacking({stem: stem + b".CPI" for stem in streams}, infos):
        found.warn(sentence, streams[stem].path)


def _size(data: bytes) -> int:
    """Bytes of the stream that a CLPI file describes: its number of source packets (ClipInfo)."""
    if data[:4] != b"HDMV":
        raise ValueError("no clip information")
    ends = [at for at in struct.unpack_from(">5I", data, 8) if at]
    if ends and max(ends) > len(data):
        raise ValueError("cut off")
    (packets,) = struct.unpack_from(">I", data, 56)
    return int(packets) * _PACKET


AVCHD = Structure("avchd", _root, _clips)
