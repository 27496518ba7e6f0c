"""Blocks of a Matroska file: when each frame of a track is shown, as the bytes go by (RFC 9559, 10 and 11)."""

from array import array
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from pipeline.metadata import ebml
from pipeline.metadata.ebml import Element
from pipeline.metadata.source import ByteSource

SEGMENT, CLUSTER = 0x18538067, 0x1F43B675
_GROUP, _TIMESTAMP, _SIMPLE, _BLOCK = 0xA0, 0xE7, 0xA3, 0xA1
_ENTERED = (SEGMENT, CLUSTER, _GROUP)
_READ = (_TIMESTAMP, _SIMPLE, _BLOCK)
_HEADER = 16  # bytes of a block that tell its track, time and number of frames
_INVISIBLE, _LACED = 0x08, 0x06
MOST_TIMES = 1_000_000
# Elements are larger than this on average, but for those of a file made to keep readers busy.
_SMALLEST, _GRACE = 16, 1 << 20
_MOST_BEFORE = 10_000  # elements before the first frame of a track


def walk(data: bytes) -> Iterator[Element]:
    """Elements in order, those inside segments, clusters and groups too; the last may go on beyond the data.

    Raises ValueError where no element can be.
    """
    at = 0
    while at < len(data):
        found = ebml.header(data, at)
        if found is None and len(data) - at < ebml.LONGEST_HEADER:
            return
        if found is None or (found.size == ebml.UNKNOWN and found.kind not in _ENTERED):
            raise ValueError("no element can be here")
        yield found
        at = _after(found)


def _after(element: Element) -> int:
    """Where the next element begins."""
    return element.start if element.kind in _ENTERED else element.end


def first_frame(data: bytes, track: int) -> bytes:
    """The first frame of a track in the beginning of a cluster, as far as it is there; empty where it is laced."""
    for found in islice(walk(data), _MOST_BEFORE):
        if found.kind in (_SIMPLE, _BLOCK):
            number, width = ebml.vint(data[found.start : found.start + 8])
            if number == track and not data[found.start + width + 2] & _LACED:
                return data[found.start + width + 3 : min(found.end, len(data))]
    return b""


class Block(NamedTuple):
    """A block of a track: when it is shown, in ticks, and where what it holds lies; `end` may be beyond the file."""

    track: int
    time: int
    start: int
    end: int
    laced: bool


def blocks(source: ByteSource, clusters: int) -> Iterator[Block]:
    """The blocks that are shown, in the order of the file: a walk that reads no media.

    Raises ValueError or IndexError where no element can be, and for more of them than any recording has.
    """
    at = cluster = 0
    for _ in range(2 * MOST_TIMES):
        data = source.peek(clusters + at, _HEADER + ebml.LONGEST_HEADER)
        if len(data) < ebml.LONGEST_HEADER:
            return
        element = next(walk(data))
        head = data[element.start : element.start + _HEADER]
        if element.kind == _TIMESTAMP:
            cluster = ebml.whole(data[element.start : min(element.end, len(data))])
        elif element.kind in (_SIMPLE, _BLOCK):
            number, width = ebml.vint(head)
            flags = head[width + 2]
            if not flags & _INVISIBLE:
                time = cluster + int.from_bytes(head[width : width + 2], "big", signed=True)
                begin = clusters + at
                yield Block(number, time, begin + element.start + width + 3, begin + element.end, bool(flags & _LACED))
        at += _after(element)
    raise ValueError("more blocks than any recording has")


def times_of_tracks(source: ByteSource, clusters: int) -> dict[int, list[int]]:
    """When the blocks of each track are shown, in ticks. Frames in a lace share the time of the first.

    Raises what `blocks` raises.
    """
    found: dict[int, list[int]] = {}
    for block in blocks(source, clusters):
        found.setdefault(block.track, []).append(block.time)
    return found


class BlockCounter:
    """Fed with a file from its first byte on (or from a cluster on), knows the frames of one track.

    `times` says when they are shown, in ticks of the file's clock, in the order of the file, up to MOST_TIMES.
    """

    __slots__ = (
        "_broken",
        "_clock",
        "_cluster",
        "_count",
        "_elements",
        "_fed",
        "_last",
        "_rest",
        "_skip",
        "_track",
        "times",
    )

    def __init__(self, track: int, clock: Fraction) -> None:
        """`clock`: ticks a second."""
        self._track = track
        self._clock = clock
        self._last = 0  # frames in the block that was met last
        self._rest = b""
        self._skip = 0
        self._cluster = 0
        self._count = 0
        self._elements = 0
        self._fed = 0
        self._broken = False
        self.times = array("q")

    def feed(self, data: bytes | memoryview) -> None:
        self._fed += len(data)
        if self._broken or self._skip >= len(data):
            self._skip -= len(data)
            return
        held, self._skip, at = self._rest + bytes(data[self._skip :]), 0, 0
        try:
            for found in walk(held):
                if found.kind in _READ and min(found.end, found.start + _HEADER) > len(held):
                    break
                self._note(found.kind, held[found.start : min(found.end, found.start + _HEADER)])
                at = _after(found)
        except (ValueError, IndexError, OverflowError):  # the last: a time that no recording lasts to
            self._broken = True
        self._skip = max(0, at - len(held))
        self._rest = held[at:]

    def _note(self, kind: int, data: bytes) -> None:
        """One more element, by the beginning of its body; raises ValueError where so many are no media."""
        self._last = 0
        self._elements += 1
        if self._elements * _SMALLEST > self._fed + _GRACE:
            raise ValueError("elements too small to be media")
        if kind == _TIMESTAMP:
            self._cluster = ebml.whole(data)
        elif kind in (_SIMPLE, _BLOCK):
            number, width = ebml.vint(data)
            flags = data[width + 2]
            if number != self._track or flags & _INVISIBLE:
                return
            self._last = data[width + 3] + 1 if flags & _LACED else 1
            self._count += self._last
            if len(self.times) < MOST_TIMES:
                self.times.append(self._cluster + int.from_bytes(data[width : width + 2], "big", signed=True))

    @property
    def frames(self) -> int | None:
        """The frames of all that was fed; None where no element could be found in its midst."""
        whole = self._count - (self._last if self._skip else 0)
        return whole if whole and not self._broken else None

    @property
    def average(self) -> Fraction | None:
        """Frames a second over all that was fed."""
        lasted = max(self.times) - min(self.times) if self.times else 0
        return (len(self.times) - 1) * self._clock / lasted if lasted else None
