"""How an AVI is laid out: its streams, where their chunks lie, and what was written beside them (OpenDML AVI 1.02)."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from pipeline.errors import MediaUnreadable
from pipeline.metadata.findings import text_of
from pipeline.metadata.riff import Chunk, body, chunks
from pipeline.metadata.source import ByteSource
from pipeline.metadata.streams import SAMPLE_BYTES

PICTURES = (b"vids", b"iavs")
SOUND = b"auds"
_HEADER = 8
_MOST_SEGMENTS = 256  # RIFF chunks of an OpenDML file, a gigabyte or two each
_MOST_PARTS = 20_000
_MOST_STREAMS = 32
_MOST_NOTES = 64
_LARGEST_INDEX = 2 * 1024 * 1024
_LARGEST_NOTE = 256 * 1024
_FIRST_CHUNKS = 64
# What devices and programs write beside the streams; read by avi.py and avi_cameras.py.
_NOTES = (
    b"IDIT", b"ISMP", b"ISFT", b"TAPE", b"tc_O", b"rn_O", b"_PMX", b"JUNK", b"ecor", b"emdl", b"nctg", b"hymn", b"strd",
)  # fmt: skip


class Stream(NamedTuple):
    """A stream header and its format; `indexed` are the units that an OpenDML index of indexes counts."""

    number: int
    kind: bytes
    scale: int
    rate: int
    length: int
    form: bytes
    name: str | None
    indexed: int
    shape: Fraction | None  # of the picture
    fields: int | None


@dataclass(frozen=True, slots=True)
class Recording:
    streams: tuple[Stream, ...]
    frame_time: int  # microseconds, of the main header
    total: int  # frames by the OpenDML header
    media: Chunk | None  # the first list of chunks
    index: Chunk | None
    segments: int  # RIFF chunks whose size was filled in
    cut: bool
    notes: tuple[tuple[bytes, bytes], ...]  # name and body


class Counted(NamedTuple):
    """Chunks and bytes of one stream."""

    chunks: int
    size: int


def read_recording(source: ByteSource) -> Recording:
    """Raises MediaUnreadable where the header lists no stream."""
    parts = list(_outline(source))
    lists = [chunk for place, chunk in parts if place == b"hdrl" and chunk.kind == b"strl" and chunk.listed]
    if not lists:
        raise MediaUnreadable("its header is damaged: it lists no stream.")
    riffs = [chunk for place, chunk in parts if place == b""]
    extended = [
        inner
        for place, chunk in parts
        if place == b"hdrl" and chunk.kind == b"odml"
        for inner in chunks(source, chunk.start, chunk.end)
    ]
    return Recording(
        streams=tuple(_stream(source, place, number) for number, place in enumerate(lists[:_MOST_STREAMS])),
        frame_time=_number(source, _named(parts, b"avih")),
        total=_number(source, next((chunk for chunk in extended if chunk.kind == b"dmlh"), None)),
        media=_named(parts, b"movi"),
        index=_named(parts, b"idx1"),
        segments=sum(riff.end >= riff.start for riff in riffs),
        cut=_cut(source, parts),
        notes=tuple(_notes(source, parts, lists)),
    )


def _outline(source: ByteSource) -> Iterator[tuple[bytes, Chunk]]:
    """Chunks with the name of the list that they stand in, two lists deep; not those of the media."""
    for count, found in enumerate(_unbounded(source)):
        if count >= _MOST_PARTS:
            raise MediaUnreadable("it has more chunks than any recording: it is damaged.")
        yield found


def _unbounded(source: ByteSource) -> Iterator[tuple[bytes, Chunk]]:
    for count, riff in enumerate(chunks(source, 0, source.size)):
        if not riff.listed or riff.kind not in (b"AVI ", b"AVIX") or count >= _MOST_SEGMENTS:
            return
        yield b"", riff
        closed = riff.end >= riff.start  # else its size was never filled in: the recording was cut short
        for chunk in chunks(source, riff.start, riff.end if closed else source.size):
            yield riff.kind, chunk
            if chunk.kind == b"movi" and not closed:
                return
            if chunk.listed and chunk.kind != b"movi":
                yield from ((chunk.kind, part) for part in chunks(source, chunk.start, chunk.end))


def _cut(source: ByteSource, parts: Sequence[tuple[bytes, Chunk]]) -> bool:
    """Whether the file ends inside a chunk; some devices count the eight bytes of the RIFF header to its size."""
    return any(chunk.end > source.size + (_HEADER if place == b"" else 0) for place, chunk in parts)


def _named(parts: Sequence[tuple[bytes, Chunk]], kind: bytes) -> Chunk | None:
    return next((chunk for _, chunk in parts if chunk.kind == kind), None)


def _number(source: ByteSource, chunk: Chunk | None) -> int:
    return int.from_bytes(body(source, chunk, 4), "little") if chunk else 0


def _notes(
    source: ByteSource, parts: Sequence[tuple[bytes, Chunk]], lists: Sequence[Chunk]
) -> Iterator[tuple[bytes, bytes]]:
    found = [chunk for _, chunk in parts if chunk.kind in _NOTES and not chunk.listed]
    for place in lists[:_MOST_STREAMS]:
        found += [chunk for chunk in chunks(source, place.start, place.end) if chunk.kind == b"strd"]
    for chunk in found[:_MOST_NOTES]:
        yield chunk.kind, body(source, chunk, 4096 if chunk.kind == b"JUNK" else _LARGEST_NOTE)


def _stream(source: ByteSource, place: Chunk, number: int) -> Stream:
    parts = {chunk.kind: body(source, chunk, 64 * 1024) for chunk in chunks(source, place.start, place.end)}
    header = parts.get(b"strh", b"").ljust(36, b"\0")
    scale, rate, _, length = struct.unpack_from("<IIII", header, 20)
    properties = parts.get(b"vprp", b"").ljust(36, b"\0")
    down, across = struct.unpack_from("<HH", properties, 20)
    return Stream(
        number, header[:4], scale, rate, length, parts.get(b"strf", b""), text_of(parts.get(b"strn", b"")),
        _super_index(parts.get(b"indx", b"")), Fraction(across, down) if across and down else None,
        struct.unpack_from("<I", properties, 32)[0] or None,
    )  # fmt: skip


def _super_index(data: bytes) -> int:
    """Units of a stream by its index of indexes (OpenDML 1.02, 3.0): each entry says how many it covers."""
    if len(data) < 24 or data[3] != 0:
        return 0
    used = min(struct.unpack_from("<I", data, 4)[0], (len(data) - 24) // 16)
    return sum(struct.unpack_from("<I", data, 24 + 16 * entry + 12)[0] for entry in range(used))


def counted(source: ByteSource, recording: Recording) -> dict[int, Counted]:
    """Each stream by the index at the end: nothing without one, or where it covers a part or is very large."""
    index = recording.index
    if index is None or recording.segments != 1 or not 0 < index.end - index.start <= _LARGEST_INDEX:
        return {}
    if index.end > source.size:
        return {}
    data = body(source, index, _LARGEST_INDEX)
    sizes: dict[int, list[int]] = {}
    for kind, _, _, size in struct.iter_unpack("<4sIII", data[: len(data) // 16 * 16]):
        if kind[:2].isdigit() and kind[2:] != b"pc":  # palette changes are no frames
            sizes.setdefault(int(kind[:2]), []).append(size)
    return {number: Counted(len(found), sum(found)) for number, found in sizes.items()}


def first_chunk(source: ByteSource, recording: Recording, number: int, size: int) -> bytes:
    """How the first chunk of a stream begins; some lie in lists of one frame each (`rec `)."""
    wanted = f"{number:02}".encode()
    place = recording.media
    for _ in range(_FIRST_CHUNKS):
        if place is None:
            break
        inside, place = chunks(source, place.start, max(place.end, place.start + SAMPLE_BYTES)), None
        for count, chunk in enumerate(inside):
            if chunk.kind[:2] == wanted and chunk.end > chunk.start:
                return source.upto(chunk.start, min(chunk.end - chunk.start, size))
            if chunk.listed:
                place = chunk
            if chunk.listed or count >= _FIRST_CHUNKS:
                break
    return b""
