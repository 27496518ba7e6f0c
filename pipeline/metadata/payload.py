"""Whether the pictures stored in a QuickTime, MP4 or Matroska file can be what an encoder wrote, by their bytes alone.

A decoder takes much rubbish for pictures and says nothing: HEVC's takes a lost sector that reads as zeros. But more
than two zeros in a row stand in no unit of H.264 and H.265 (ITU-T H.264, 7.4.1, and H.265, 7.4.2), no unit begins
with its forbidden bit, and the units of a picture fill it exactly (ISO/IEC 14496-15, 4.3.3.1).
"""

from collections import deque
from collections.abc import Iterable
from pathlib import Path

from pipeline.metadata.frames import read_blocks, read_stored
from pipeline.metadata.picture import extensions
from pipeline.metadata.source import LARGEST_READ

# Some phones hide a second unit behind a start code, whose zeros are three; the sectors of a disk are 512 bytes.
_LOST = bytes(256)
# The box that says how many bytes tell a unit's size, and at which of its own: avcC (5.3.3.1) and hvcC (8.3.3.1).
_SIZES = ((b"avcC", 4, False), (b"hvcC", 21, True))
_MATROSKA = {"V_MPEG4/ISO/AVC": (4, False), "V_MPEGH/ISO/HEVC": (21, True)}  # the same there
_VP9, _VP9_MARKER = "V_VP9", 2  # what a picture begins with (VP9 bitstream, 6.2); its code holds no row of zeros


class PictureCheck:
    """Fed with all bytes of a file in order; `broken` are the numbers, in order of time, of pictures nobody wrote."""

    __slots__ = ("_at", "_begun", "_hevc", "_places", "_size_bytes", "broken")

    def __init__(self, places: Iterable[tuple[int, int, int]], size_bytes: int, *, hevc: bool = False) -> None:
        """`places` are offset, size and number; `size_bytes` is 0 where a picture is no row of units but VP9's."""
        self.broken: list[int] = []
        self._places = deque(sorted(place for place in places if 0 < place[1] <= LARGEST_READ))
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
        if not self._size_bytes:
            return picture[0] >> 6 == _VP9_MARKER and picture.rstrip(b"\0").find(_LOST) < 0
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
        return _matroska_check(path)
    parts = dict(extensions(stored.entry))
    for box, at, hevc in _SIZES:
        if len(parts.get(box, b"")) > at:
            return PictureCheck(stored.places, (parts[box][at] & 3) + 1, hevc=hevc)
    return None


def _matroska_check(path: Path) -> PictureCheck | None:
    stored = read_blocks(path)
    if stored is None:
        return None
    if stored.codec == _VP9:
        return PictureCheck(stored.places, 0)
    at, hevc = _MATROSKA.get(stored.codec, (0, False))
    known = at and len(stored.private) > at and stored.private[0] == 1  # else they lie there with start codes
    return PictureCheck(stored.places, (stored.private[at] & 3) + 1, hevc=hevc) if known else None
