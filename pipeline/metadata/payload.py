"""Whether the pictures stored in a QuickTime or MP4 file can be what an encoder wrote, by their bytes alone.

A decoder takes much rubbish for pictures and says nothing: HEVC's takes a lost sector that reads as zeros. But more
than two zeros in a row stand in no unit of H.264 and H.265 (ITU-T H.264, 7.4.1, and H.265, 7.4.2), no unit begins
with its forbidden bit, and the units of a picture fill it exactly (ISO/IEC 14496-15, 4.3.3.1).
"""

from collections import deque
from pathlib import Path

from pipeline.metadata.frames import Stored, read_stored
from pipeline.metadata.picture import extensions
from pipeline.metadata.source import LARGEST_READ

# Some phones hide a second unit behind a start code, whose zeros are three; the sectors of a disk are 512 bytes.
_LOST = bytes(256)
# The box that says how many bytes tell a unit's size, and at which of its own: avcC (5.3.3.1) and hvcC (8.3.3.1).
_SIZES = ((b"avcC", 4, False), (b"hvcC", 21, True))


class PictureCheck:
    """Fed with all bytes of a file in order; `broken` are the numbers, in order of time, of pictures nobody wrote."""

    __slots__ = ("_at", "_begun", "_hevc", "_places", "_size_bytes", "broken")

    def __init__(self, stored: Stored, size_bytes: int, *, hevc: bool) -> None:
        self.broken: list[int] = []
        self._places = deque(sorted(place for place in stored.places if 0 < place[1] <= LARGEST_READ))
        self._size_bytes = size_bytes
        self._hevc = hevc
        self._at = 0
        self._begun = b""  # of a picture, the rest of which comes with the next bytes

    def feed(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the file."""
        end = self._at + len(data)
        while self._places and self._places[0][0] < end:
            offset, size, number = self._places[0]
            come = self._begun + data[max(0, offset - self._at) : max(0, offset + size - self._at)]
            if offset + size > end:
                self._begun = come
                break
            if len(come) == size and not self._is_whole(come):  # of pictures that share bytes only one is looked at
                self.broken.append(number)
            self._begun = b""
            self._places.popleft()
        self._at = end

    def _is_whole(self, picture: bytes) -> bool:
        at = 0
        while at < len(picture):
            unit = at + self._size_bytes
            at = unit + int.from_bytes(picture[at:unit], "big")
            if not unit < at <= len(picture) or not self._is_unit(picture, unit, at):
                return False
        return True

    def _is_unit(self, picture: bytes, start: int, end: int) -> bool:
        if picture[start] & 0x80 or (self._hevc and (end - start < 2 or not picture[start + 1] & 7)):
            return False
        if not picture[end - 1]:  # some encoders fill up with zeros behind a unit
            end = start + len(picture[start:end].rstrip(b"\0"))
        return picture.find(_LOST, start, end) < 0


def picture_check(path: Path) -> PictureCheck | None:
    """What checks the pictures of a file while it is read; None where its format tells too little.

    Raises PathMissing and PathRefused.
    """
    stored = read_stored(path)
    if stored is None:
        return None
    parts = dict(extensions(stored.entry))
    for box, at, hevc in _SIZES:
        if len(parts.get(box, b"")) > at:
            return PictureCheck(stored, (parts[box][at] & 3) + 1, hevc=hevc)
    return None
