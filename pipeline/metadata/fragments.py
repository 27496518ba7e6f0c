"""Movie fragments: samples that stand outside the movie header (ISO/IEC 14496-12, 8.8)."""

import struct
from dataclasses import dataclass

from pipeline.metadata.boxes import Box, body, boxes, first
from pipeline.metadata.source import ByteSource
from pipeline.metadata.timing import append_run
from pipeline.metadata.tracks import Track

_SIZES = ((0x100, 4), (0x200, 4), (0x400, 4), (0x800, 4))  # duration, size, flags, offset of a sample


@dataclass(frozen=True, slots=True)
class Defaults:
    """Of one track, from trex: what a fragment leaves out."""

    duration: int


def read_defaults(source: ByteSource, moov: Box) -> dict[int, Defaults]:
    found = {}
    mvex = first(source, moov, b"mvex")
    for box in boxes(source, mvex.start, mvex.end) if mvex else ():
        if box.kind == b"trex":
            number, _, duration = struct.unpack(">III", source.read(box.start + 4, 12))
            found[number] = Defaults(duration)
    return found


def add_fragment(source: ByteSource, moof: Box, tracks: dict[int, Track], defaults: dict[int, Defaults]) -> None:
    """Append the samples of one fragment to the tracks they belong to."""
    for traf in (box for box in boxes(source, moof.start, moof.end) if box.kind == b"traf"):
        track, duration = None, 0
        for box in boxes(source, traf.start, traf.end):
            if box.kind == b"tfhd":
                number, duration = _fragment_header(body(source, box, 64), defaults)
                track = tracks.get(number)
            elif box.kind == b"trun" and track is not None:
                _add_run(track, body(source, box), duration)


def _fragment_header(data: bytes, defaults: dict[int, Defaults]) -> tuple[int, int]:
    flags, number = struct.unpack_from(">II", data, 0)
    at = 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0)
    if flags & 8:
        return number, struct.unpack_from(">I", data, at)[0]
    return number, defaults[number].duration if number in defaults else 0


def _add_run(track: Track, data: bytes, duration: int) -> None:
    """trun: each sample states only those of its values that the flags announce."""
    flags, count = struct.unpack_from(">II", data, 0)
    flags &= 0xFFFFFF
    at = 8 + (4 if flags & 1 else 0) + (4 if flags & 4 else 0)
    size = sum(width for bit, width in _SIZES if flags & bit)
    offset_at = sum(width for bit, width in _SIZES[:3] if flags & bit)
    if size:
        count = min(count, (len(data) - at) // size)
    count = min(count, 1_000_000)
    had = track.samples.count
    if not flags & 0x100:
        append_run(track.samples.durations, count, duration)
    if flags & 0x800 and not track.samples.offsets and had:
        append_run(track.samples.offsets, had, 0)
    for index in range(count if size else 0):
        start = at + index * size
        if flags & 0x100:
            append_run(track.samples.durations, 1, struct.unpack_from(">I", data, start)[0])
        if flags & 0x800:
            append_run(track.samples.offsets, 1, struct.unpack_from(">i", data, start + offset_at)[0])
    if not flags & 0x800 and track.samples.offsets:
        append_run(track.samples.offsets, count, 0)
