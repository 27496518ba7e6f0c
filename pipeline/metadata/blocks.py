"""Blocks of a Matroska file: when each frame of a track is shown, as the bytes go by (RFC 9559, 10 and 11)."""

from array import array
from collections.abc import Iterator

from pipeline.metadata import ebml
from pipeline.metadata.ebml import Element

SEGMENT, CLUSTER = 0x18538067, 0x1F43B675
_GROUP, _TIMESTAMP, _SIMPLE, _BLOCK = 0xA0, 0xE7, 0xA3, 0xA1
_ENTERED = (SEGMENT, CLUSTER, _GROUP)
_READ = (_TIMESTAMP, _SIMPLE, _BLOCK)
_HEADER = 16  # bytes of a block that tell its track, time and number of frames
_INVISIBLE, _LACED = 0x08, 0x06
MOST_TIMES = 1_000_000
# Elements are larger than this on average, but for those of a file made to keep readers busy.
_SMALLEST, _GRACE = 16, 1 << 20


def walk(data: bytes) -> Iterator[Element]:
    """What lies in segments, clusters and groups, in order; the last element may go on beyond the data.

    Raises ValueError where no element can be.
    """
    at = 0
    while at < len(data):
        found = ebml.header(data, at)
        if found is None and len(data) - at < ebml.LONGEST_HEADER:
            return
        if found is None or (found.size == ebml.UNKNOWN and found.kind not in _ENTERED):
            raise ValueError("no element can be here")
        if found.kind in _ENTERED:
            at = found.start
        else:
            yield found
            at = found.end


def first_frame(data: bytes, track: int) -> bytes:
    """The first frame of a track in the beginning of a cluster, as far as it is there; empty where it is laced."""
    for found in walk(data):
        if found.kind in (_SIMPLE, _BLOCK):
            number, width = ebml.vint(data[found.start : found.start + 8])
            if number == track and not data[found.start + width + 2] & _LACED:
                return data[found.start + width + 3 : min(found.end, len(data))]
    return b""


class BlockCounter:
    """Fed with a file from its first byte on (or from a cluster on), knows the frames of one track.

    `times` says when they are shown, in ticks of the file's clock, in the order of the file, up to MOST_TIMES.
    """

    __slots__ = ("_broken", "_cluster", "_count", "_elements", "_fed", "_rest", "_skip", "_track", "times")

    def __init__(self, track: int) -> None:
        self._track = track
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
                self._elements += 1
                at = found.end
        except (ValueError, IndexError):
            self._broken = True
        self._broken = self._broken or self._elements * _SMALLEST > self._fed + _GRACE
        self._skip = max(0, at - len(held))
        self._rest = held[at:]

    def _note(self, kind: int, data: bytes) -> None:
        if kind == _TIMESTAMP:
            self._cluster = ebml.whole(data)
        elif kind in (_SIMPLE, _BLOCK):
            number, width = ebml.vint(data)
            flags = data[width + 2]
            if number != self._track or flags & _INVISIBLE:
                return
            self._count += data[width + 3] + 1 if flags & _LACED else 1
            if len(self.times) < MOST_TIMES:
                self.times.append(self._cluster + int.from_bytes(data[width : width + 2], "big", signed=True))

    @property
    def frames(self) -> int | None:
        """The frames of all that was fed; None where no element could be found in its midst."""
        return self._count if self._count and not self._broken else None
