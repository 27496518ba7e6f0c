"""Keys, lengths and values of MXF: partitions, header metadata sets, index tables (SMPTE ST 377-1).

Only headers are walked: the header and footer partitions, the random index at the end, and what
these point to. Essence is never gone through, so a file of any size costs the same.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.errors import MediaUnreadable
from pipeline.metadata.source import ByteSource

PARTITION = bytes.fromhex("060e2b34020501010d01020101")
_LABEL = bytes.fromhex("060e2b34")
_RANDOM_INDEX = bytes.fromhex("060e2b34020501010d01020101110100")
_SET = bytes.fromhex("0d01010101")  # bytes 8 to 12 of the key of a structural set
_INDEX_SEGMENT = bytes.fromhex("0d01020101100100")  # bytes 8 to 15
_FILL = bytes.fromhex("0301021001000000")
HEADER, BODY, FOOTER = 2, 3, 4
COMPLETE = (3, 4)
GENERIC_STREAM = 0x11
MOST_ITEMS = 50_000
MOST_PARTITIONS = 64  # looked at; a random index may list more
LARGEST_METADATA = 2 * 1024 * 1024
LARGEST_SET = 64 * 1024


class Item(NamedTuple):
    """One key and where its value lies; `end` may lie beyond the end of a file that is cut off."""

    key: bytes
    start: int
    end: int


class Partition(NamedTuple):
    """A partition pack (ST 377-1, 7.1); positions count from the first byte of the file."""

    kind: int
    status: int
    at: int
    after: int  # where its metadata begins
    footer: int  # 0 where not known
    header_bytes: int
    index_bytes: int
    index_sid: int
    body_sid: int

    @property
    def complete(self) -> bool:
        return self.status in COMPLETE

    @property
    def essence(self) -> int:
        """Where the essence of this partition begins."""
        return self.after + self.header_bytes + self.index_bytes


class Set(NamedTuple):
    """A local set: the kind is byte 14 of its key, items are values by their static tags."""

    kind: int
    items: dict[int, bytes]


class Segment(NamedTuple):
    """How much of which essence an index table segment covers."""

    body_sid: int
    start: int
    duration: int


def items(source: ByteSource, at: int, end: int) -> Iterator[Item]:
    """The items side by side in a range; ends at the first bytes that are none."""
    for _ in range(MOST_ITEMS):
        if at + 17 > min(end, source.size):
            return
        head = source.upto(at, 25)
        if not head.startswith(_LABEL):
            return
        start, size = at + 17, head[16]
        if size & 0x80:
            width = size & 0x7F
            if not 0 < width <= 8:
                return
            start, size = start + width, int.from_bytes(head[17 : 17 + width], "big")
        yield Item(head[:16], start, start + size)
        at = start + size
    raise MediaUnreadable("it has more parts than any recording: it is damaged.")


def run_in(head: bytes) -> int | None:
    """Where the header partition begins; some files have other bytes before it."""
    at = head.find(PARTITION + b"\2")
    return at if at >= 0 else None


def partition(source: ByteSource, at: int, run: int) -> Partition | None:
    """The partition whose pack lies at `at`; `run` is where the file's own count of bytes begins."""
    item = next(items(source, at, source.size), None)
    if item is None or not item.key.startswith(PARTITION) or not HEADER <= item.key[13] <= FOOTER:
        return None
    pack = source.upto(item.start, 88)
    if len(pack) < 88 or item.end - item.start < 88:
        return None
    footer, header, index, index_sid, _, body_sid = struct.unpack_from(">QQQIQI", pack, 24)
    after = item.end
    fill = next(items(source, after, source.size), None)
    if fill and fill.key[8:] == _FILL:
        after = fill.end
    return Partition(
        item.key[13], item.key[14], at, after, run + footer if footer else 0, header, index, index_sid, body_sid
    )


def random_index(source: ByteSource, run: int) -> list[tuple[int, int]]:
    """Stream number and place of each partition, from the pack that ends a complete file (ST 377-1, 12)."""
    if source.size < 32:
        return []
    (size,) = struct.unpack(">I", source.read(source.size - 4, 4))
    if not 20 < size < min(source.size, 1024 * 1024):
        return []
    item = next(items(source, source.size - size, source.size), None)
    if item is None or item.key[:7] + item.key[8:] != _RANDOM_INDEX[:7] + _RANDOM_INDEX[8:]:
        return []
    data = source.upto(item.start, size)
    count = (min(item.end, source.size) - item.start - 4) // 12
    pairs = (struct.unpack_from(">IQ", data, index * 12) for index in range(count))
    return [(stream, run + at) for stream, at in pairs]


def metadata(source: ByteSource, where: Partition) -> bytes:
    """The header metadata of a partition; of one that is larger than any the beginning."""
    return source.upto(where.after, min(where.header_bytes, LARGEST_METADATA))


def sets(data: bytes) -> dict[bytes, Set]:
    """The sets of header metadata by their identity."""
    source = ByteSource.of_bytes(data)
    source.look(0, len(data))
    found: dict[bytes, Set] = {}
    for item in items(source, 0, len(data)):
        if item.key[8:13] != _SET or item.key[5] != 0x53 or item.end - item.start > LARGEST_SET:
            continue
        values = local_set(data[item.start : item.end])
        if identity := values.get(0x3C0A):
            found[identity] = Set(item.key[14], values)
    return found


def local_set(data: bytes) -> dict[int, bytes]:
    """The items of a set with tags and lengths of two bytes; what is cut off is left out."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        tag, size = struct.unpack_from(">HH", data, at)
        if at + 4 + size > len(data):
            break
        found[tag] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def index_segments(source: ByteSource, where: Partition) -> Iterator[Segment]:
    """The index table segments of a partition (ST 377-1, 11); their arrays are not read."""
    start = where.after + where.header_bytes
    for item in items(source, start, start + where.index_bytes):
        if item.key[8:] != _INDEX_SEGMENT:
            continue
        values = local_set(source.upto(item.start, min(item.end - item.start, 512)))
        yield Segment(number(values.get(0x3F07)) or 0, number(values.get(0x3F0C)) or 0, number(values.get(0x3F0D)) or 0)


def number(value: bytes | None) -> int | None:
    """A whole number with its sign; None where there is none, and for the -1 of an unknown length."""
    found = int.from_bytes(value, "big", signed=len(value) == 8) if value and len(value) <= 8 else None
    return None if found is None or found < 0 else found
