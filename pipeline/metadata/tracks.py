"""One track of a QuickTime or MP4 file: its kind, clock, tables, edits, matrix and descriptions."""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.errors import MediaUnreadable
from pipeline.metadata.boxes import Box, body, boxes, children, first
from pipeline.metadata.source import ByteSource
from pipeline.metadata.timing import MOST_LAID_OUT, Edit, Samples

MOST_TRACKS = 256
MOST_EDITS = 10_000


@dataclass(slots=True)
class Entry:
    """A sample description: its four letters, its bytes after size and type."""

    kind: bytes
    data: bytes


@dataclass(slots=True)
class Track:
    number: int = 0
    enabled: bool = True
    handler: bytes = b""
    samples: Samples = field(default_factory=lambda: Samples(0))
    duration: int = 0
    edits: list[Edit] = field(default_factory=list)
    matrix: tuple[int, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    references: dict[bytes, list[int]] = field(default_factory=dict)
    stored: int = 0  # samples that the size table announces
    first_chunk: int | None = None
    last_chunk: int | None = None
    first_size: int | None = None
    skipped: int = 0  # fragments that were not read
    keys: int | None = None  # samples that can be decoded alone; None: the table is missing, so all can
    sizes: Box | None = None
    to_chunks: Box | None = None
    chunks: Box | None = None


def read_tracks(source: ByteSource, moov: Box) -> Iterator[Track]:
    """The tracks of a movie in file order; raises MediaUnreadable where there are absurdly many."""
    for count, box in enumerate(box for box in boxes(source, moov.start, moov.end) if box.kind == b"trak"):
        if count >= MOST_TRACKS:
            raise MediaUnreadable("it has more tracks than any recording: it is damaged.")
        yield _track(source, box)


def _track(source: ByteSource, trak: Box) -> Track:
    track = Track()
    for box in children(source, trak):
        if box.kind == b"tkhd":
            _header(track, body(source, box, 128))
        elif box.kind == b"edts":
            edits = first(source, box, b"elst")
            track.edits = _edits(source, edits) if edits else []
        elif box.kind == b"tref":
            for reference in children(source, box):
                ids = body(source, reference, 1024)
                track.references[reference.kind] = [
                    number for (number,) in struct.iter_unpack(">I", ids[: len(ids) & ~3])
                ]
        elif box.kind == b"mdia":
            _media(source, track, box)
    if len(track.samples.durations) >= MOST_LAID_OUT:
        counted = track.samples
        counted.rest = (max(0, track.stored - counted.count), max(0, track.duration - counted.total))
    return track


def _header(track: Track, data: bytes) -> None:
    """tkhd: version 1 has 64-bit times; the matrix is nine fixed-point numbers before the size."""
    wide = data[0] == 1
    track.enabled = bool(data[3] & 1)
    (track.number,) = struct.unpack_from(">I", data, 20 if wide else 12)
    track.matrix = struct.unpack_from(">9i", data, 52 if wide else 40)


def _edits(source: ByteSource, elst: Box) -> list[Edit]:
    data = body(source, elst, MOST_EDITS * 20)
    (count,) = struct.unpack_from(">I", data, 4)
    layout = ">Qqi" if data[0] == 1 else ">Iii"
    size = struct.calcsize(layout)
    count = min(count, (len(data) - 8) // size)
    return [Edit(*struct.unpack_from(layout, data, 8 + index * size)[:2]) for index in range(count)]


def _media(source: ByteSource, track: Track, mdia: Box) -> None:
    for box in children(source, mdia):
        if box.kind == b"mdhd":
            data = body(source, box, 40)
            clock, track.duration = (
                struct.unpack_from(">IQ", data, 20) if data[0] == 1 else struct.unpack_from(">II", data, 12)
            )
            track.samples.clock = clock
        elif box.kind == b"hdlr":
            track.handler = body(source, box, 12)[8:12]
        elif box.kind == b"minf":
            table = first(source, box, b"stbl")
            if table:
                _tables(source, track, table)


def _tables(source: ByteSource, track: Track, stbl: Box) -> None:
    for box in children(source, stbl):
        if box.kind == b"stsd":
            track.entries = _descriptions(source, box)
        elif box.kind == b"stts":
            track.samples.durations = _runs(source, box, "I")
        elif box.kind == b"ctts":
            track.samples.offsets = _runs(source, box, "i")
        elif box.kind == b"stsz":
            track.sizes = box
            size, track.stored = struct.unpack(">II", source.read(box.start + 4, 8))
            track.first_size = size or (
                struct.unpack(">I", source.read(box.start + 12, 4))[0] if track.stored else None
            )
        elif box.kind == b"stsc":
            track.to_chunks = box
            count, start = struct.unpack(">II", source.read(box.start + 4, 8)) if box.end - box.start >= 12 else (0, 1)
            if count and start != 1:
                raise MediaUnreadable("its sample tables contradict each other: it is damaged.")
        elif box.kind == b"stss":
            (track.keys,) = struct.unpack(">I", source.read(box.start + 4, 4))
        elif box.kind in (b"stco", b"co64"):
            track.chunks = box
            _chunks(source, track, box)


def _descriptions(source: ByteSource, stsd: Box) -> list[Entry]:
    (count,) = struct.unpack(">I", source.read(stsd.start + 4, 4))
    found: list[Entry] = []
    for box in boxes(source, stsd.start + 8, stsd.end):
        if len(found) >= min(count, 16):
            break
        found.append(Entry(box.kind, body(source, box, 64 * 1024)))
    return found


def _runs(source: ByteSource, box: Box, kind: str) -> list[tuple[int, int]]:
    """A table of (count, value), as far as samples are laid out one by one.

    Values of composition offsets are signed whatever the version says.
    """
    (count,) = struct.unpack(">I", source.read(box.start + 4, 4))
    size = min(count, MOST_LAID_OUT) * 8
    data = source.read(box.start + 8, min(size, box.end - box.start - 8) & ~7)
    counts, values = array("I", data), array(kind, data)
    if counts.itemsize != 4:
        raise MediaUnreadable("this machine's integers are not supported.")
    counts.byteswap()
    values.byteswap()
    return list(zip(counts[::2], values[1::2], strict=True))


def _chunks(source: ByteSource, track: Track, box: Box) -> None:
    (count,) = struct.unpack(">I", source.read(box.start + 4, 4))
    size = 8 if box.kind == b"co64" else 4
    if count == 0:
        return
    if box.start + 8 + count * size > box.end:
        raise MediaUnreadable("its table of chunks is cut off.")
    track.first_chunk = int.from_bytes(source.read(box.start + 8, size), "big")
    track.last_chunk = int.from_bytes(source.read(box.start + 8 + (count - 1) * size, size), "big")


def first_samples(source: ByteSource, track: Track, most: int) -> list[tuple[int, int]]:
    """Offset and size of the first samples, for tracks of metadata; fewer where the tables say less."""
    if track.chunks is None or track.to_chunks is None or track.sizes is None:
        return []
    wide = 8 if track.chunks.kind == b"co64" else 4
    runs = _table(source, track.to_chunks, 12, most)
    same_size, count = struct.unpack(">II", source.read(track.sizes.start + 4, 8))
    sizes = (
        [same_size] * min(count, most)
        if same_size
        else [int.from_bytes(raw, "big") for raw in _table(source, track.sizes, 4, most, head=12)]
    )
    found: list[tuple[int, int]] = []
    per_chunk, run = 1, 0
    for number, raw in enumerate(_table(source, track.chunks, wide, most), start=1):
        if run < len(runs) and int.from_bytes(runs[run][:4], "big") == number:
            per_chunk = int.from_bytes(runs[run][4:8], "big")
            run += 1
        offset = int.from_bytes(raw, "big")
        for _ in range(min(per_chunk, len(sizes) - len(found))):
            found.append((offset, sizes[len(found)]))
            offset += sizes[len(found) - 1]
        if len(found) >= len(sizes):
            break
    return found


def _table(source: ByteSource, box: Box, width: int, most: int, *, head: int = 8) -> list[bytes]:
    """The first entries of a table of fixed width; its count stands before the first entry."""
    count = int.from_bytes(source.read(box.start + head - 4, 4), "big")
    count = min(count, most, max(0, box.end - box.start - head) // width)
    data = source.read(box.start + head, count * width)
    return [data[at : at + width] for at in range(0, len(data), width)]
