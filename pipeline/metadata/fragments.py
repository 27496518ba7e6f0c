"""Movie fragments: samples that stand outside the movie header (ISO/IEC 14496-12, 8.8).

Hours in fragments of a second are thousands of them. Of so many the first ones and the last are read,
which says its place in time (tfdt); what lies between is counted where all samples last equally long.
"""

import struct
from dataclasses import dataclass

from pipeline.metadata.boxes import LARGEST_BODY, Box, body, boxes, first
from pipeline.metadata.source import ByteSource
from pipeline.metadata.timing import MOST_CHECKED, append_run
from pipeline.metadata.tracks import Track

READ_FIRST, MOST_READ = 256, 1024
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


def add_fragments(source: ByteSource, moov: Box, moofs: list[Box], tracks: list[Track]) -> None:
    """Append the samples of all fragments to the tracks they belong to."""
    by_number = {track.number: track for track in tracks}
    defaults = read_defaults(source, moov)
    many = len(moofs) > MOST_READ
    before = {track.number: track.samples.total for track in tracks} if many else {}
    for moof in moofs[:READ_FIRST]:
        add_fragment(source, moof, by_number, defaults)
    if not (many and _bridged(source, moofs, before, by_number, defaults)):
        for moof in moofs[READ_FIRST:]:
            add_fragment(source, moof, by_number, defaults)


def _bridged(
    source: ByteSource,
    moofs: list[Box],
    before: dict[int, int],
    tracks: dict[int, Track],
    defaults: dict[int, Defaults],
) -> bool:
    """Whether picture and sound could be counted up to the end of the last fragment."""
    last = {number: Track(number) for number in tracks}
    add_fragment(source, moofs[-1], last, defaults)
    begins, ends = _starts(source, moofs[0]), _starts(source, moofs[-1])
    rests: dict[int, int] = {}
    for number, track in tracks.items():
        runs = track.samples.durations
        if track.handler not in (b"vide", b"soun") or number not in ends:
            continue
        if len(runs) != 1 or not runs[0][1] or (track.handler == b"vide" and runs[0][0] <= MOST_CHECKED):
            return False
        whole = before[number] + ends[number] + last[number].samples.total - begins.get(number, 0)
        rests[number], odd = divmod(whole - track.samples.total, runs[0][1])
        if rests[number] < 0 or (odd and track.handler == b"vide"):
            return False
    for number, rest in rests.items():
        append_run(tracks[number].samples.durations, rest, tracks[number].samples.durations[0][1])
        tracks[number].skipped = len(moofs) - READ_FIRST - 1
    return bool(rests)


def _starts(source: ByteSource, moof: Box) -> dict[int, int]:
    """When each track of a fragment begins, in ticks of its own (tfdt)."""
    found = {}
    for traf in (box for box in boxes(source, moof.start, moof.end) if box.kind == b"traf"):
        header, time = first(source, traf, b"tfhd"), first(source, traf, b"tfdt")
        if header and time:
            (number,) = struct.unpack_from(">I", body(source, header, 8), 4)
            data = body(source, time, 12)
            found[number] = struct.unpack_from(">Q" if data[0] == 1 else ">I", data, 4)[0]
    return found


def add_fragment(source: ByteSource, moof: Box, tracks: dict[int, Track], defaults: dict[int, Defaults]) -> None:
    """Append the samples of one fragment to the tracks they belong to."""
    source.look(moof.start, min(moof.end - moof.start, LARGEST_BODY))
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
