"""Elements of EBML, the notation of Matroska and WebM (RFC 8794): numbers, sizes, children."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.errors import MediaUnreadable
from pipeline.metadata.source import ByteSource

MOST_CHILDREN = 10_000
LARGEST_MASTER = 1024 * 1024
LONGEST_HEADER = 12
UNKNOWN = -1


class Element(NamedTuple):
    """An element by its id; `start` is where its body begins, `size` UNKNOWN for one that lasts until the next."""

    kind: int
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size


def header(data: bytes, at: int) -> Element | None:
    """The element whose header stands at `at`; None where the header is broken or cut off."""
    if at >= len(data) or data[at] < 0x10:
        return None
    width = 9 - data[at].bit_length()
    length_at = at + width
    if length_at >= len(data) or not data[length_at]:
        return None
    length = 9 - data[length_at].bit_length()
    start = length_at + length
    if start > len(data):
        return None
    size = int.from_bytes(data[length_at:start], "big") & ((1 << 7 * length) - 1)
    unknown = size == (1 << 7 * length) - 1
    return Element(int.from_bytes(data[at:length_at], "big"), start, UNKNOWN if unknown else size)


def element_at(source: ByteSource, at: int) -> Element | None:
    """The same in a file."""
    found = header(source.upto(at, LONGEST_HEADER), 0)
    return found._replace(start=at + found.start) if found else None


def children(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a body that is in hand, as far as they are whole."""
    at = 0
    for _ in range(MOST_CHILDREN):
        found = header(data, at)
        if found is None or found.size == UNKNOWN or found.end > len(data):
            return
        yield found.kind, data[found.start : found.end]
        at = found.end
    raise MediaUnreadable("it has more elements than any recording: it is damaged.")


def body(source: ByteSource, element: Element) -> bytes:
    """The whole body of a master element of reasonable size."""
    if not 0 <= element.size <= LARGEST_MASTER:
        raise MediaUnreadable("a size in it is impossible: it is damaged.")
    return source.read(element.start, element.size)


def vint(data: bytes) -> tuple[int, int]:
    """A number of variable width, and the width; raises IndexError or ValueError where there is none."""
    width = 9 - data[0].bit_length()
    if width > 8 or len(data) < width:
        raise ValueError("number too long")
    return int.from_bytes(data[:width], "big") & ((1 << 7 * width) - 1), width


def whole(data: bytes) -> int:
    return int.from_bytes(data[:8], "big")


def real(data: bytes) -> float:
    """A floating-point number of four or eight bytes; 0.0 for none."""
    return float(struct.unpack(">f" if len(data) == 4 else ">d", data)[0]) if len(data) in (4, 8) else 0.0
