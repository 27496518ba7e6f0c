"""Where things lie in an MXF file: the partitions that are worth reading, and the few bytes taken of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pipeline.errors import MediaUnreadable
from pipeline.metadata import klv
from pipeline.metadata.klv import Partition, Segment, Set
from pipeline.metadata.source import ByteSource
from pipeline.metadata.streams import SAMPLE_BYTES

_ESSENCE = bytes.fromhex("060e2b340102")
_STREAM_TEXT = bytes.fromhex("0d0105")  # bytes 8 to 10 of a generic stream's key (RP 2057, ST 410)
_PICTURES = (0x05, 0x15, 0x18)  # item types of D-10, of the generic container, of DV (ST 379, ST 386)
_FIRST_ITEMS = 64
_MOST_TEXTS = 4
_LARGEST_TEXT = 256 * 1024
_NOTES = (b"<NonRealTimeMeta", b"</NonRealTimeMeta>")


@dataclass(frozen=True, slots=True)
class Layout:
    """`between` are stream and place of the partitions that are neither header nor footer."""

    header: Partition
    footer: Partition | None
    between: tuple[tuple[int, int], ...]
    run: int
    sets: dict[bytes, Set]
    notes: bytes  # Sony's NonRealTimeMeta in the header, or b""

    @property
    def cut(self) -> bool:
        """Whether the header names a footer that is not there."""
        return bool(self.header.footer) and self.footer is None


def read_layout(source: ByteSource) -> Layout:
    """Header, footer and random index; raises MediaUnreadable where not even the header is one."""
    run = klv.run_in(source.upto(0, 4096)) or 0
    header = klv.partition(source, run, run)
    if header is None:
        raise MediaUnreadable("its header partition is damaged.")
    listed = klv.random_index(source, run)
    footer = None
    for place in ([listed[-1][1]] if listed else []) + [header.footer]:
        found = klv.partition(source, place, run) if place > header.at and footer is None else None
        footer = found if found and found.kind == klv.FOOTER else footer
    ends = (header.at, footer.at if footer else 0)
    between = tuple((stream, at) for stream, at in listed if at not in ends)
    data = klv.metadata(source, header)
    sets = klv.sets(data)
    # An open header is written before the recording ends; the footer then holds what became of it.
    if footer and footer.header_bytes and not header.complete:
        sets = klv.sets(klv.metadata(source, footer)) or sets
    return Layout(header, footer, between, run, sets, _notes(data))


def _notes(data: bytes) -> bytes:
    """The first NonRealTimeMeta element in some bytes."""
    start = data.find(_NOTES[0])
    end = data.find(_NOTES[1], start) if start >= 0 else -1
    return data[start : end + len(_NOTES[1])] if end >= 0 else b""


def first_picture(source: ByteSource, layout: Layout, stream: int, track: int) -> bytes:
    """How the first picture of a track begins; b"" where it is not found at once.

    Some writers number a track otherwise in its essence: then the first picture there counts.
    """
    where = _first_partition(source, layout, stream)
    if where is None:
        return b""
    other = None
    for item in islice(klv.items(source, where.essence, source.size), _FIRST_ITEMS):
        if item.key.startswith(klv.PARTITION):
            break
        if not item.key.startswith(_ESSENCE) or item.key[12] not in _PICTURES:
            continue
        if int.from_bytes(item.key[12:], "big") == track:
            return source.upto(item.start, min(item.end - item.start, SAMPLE_BYTES))
        other = other or item
    return source.upto(other.start, min(other.end - other.start, SAMPLE_BYTES)) if other else b""


def _first_partition(source: ByteSource, layout: Layout, stream: int) -> Partition | None:
    """The first partition that holds a stream's essence."""
    if layout.header.body_sid == stream:
        return layout.header
    place = next((at for listed, at in layout.between if listed == stream), None)
    # Without a random index the next partition follows what the header holds.
    found = klv.partition(source, place or layout.header.essence, layout.run)
    return found if found and found.body_sid == stream else None


def indexed(source: ByteSource, layout: Layout, stream: int) -> int | None:
    """Edit units of a stream by its index tables, looked for from the end of the file."""
    for where in _from_the_end(source, layout):
        segments = klv.index_segments(source, where) if where and where.index_bytes else ()
        ends = [_end(segment) for segment in segments if segment.body_sid in (0, stream)]
        if any(ends):
            return max(ends)
    return None


def _from_the_end(source: ByteSource, layout: Layout) -> Iterator[Partition | None]:
    yield layout.footer
    for _, at in layout.between[: -klv.MOST_PARTITIONS - 1 : -1]:
        yield klv.partition(source, at, layout.run)
    yield layout.header


def _end(segment: Segment) -> int:
    """A duration of 0 says "all that there is", so it tells nothing."""
    return segment.start + segment.duration if segment.duration else 0


def device_notes(source: ByteSource, layout: Layout, streams: set[int]) -> bytes:
    """Sony's NonRealTimeMeta, from the header or from a generic stream beside those of essence; else b""."""
    if layout.notes:
        return layout.notes
    places = [at for stream, at in layout.between if stream and stream not in streams]
    for at in places[:_MOST_TEXTS]:
        where = klv.partition(source, at, layout.run)
        if where is None or where.status != klv.GENERIC_STREAM:
            continue
        for item in islice(klv.items(source, where.essence, source.size), _MOST_TEXTS):
            if item.key[8:11] == _STREAM_TEXT and (
                notes := _notes(source.upto(item.start, min(item.end - item.start, _LARGEST_TEXT)))
            ):
                return notes
    return b""
