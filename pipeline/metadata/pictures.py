"""Coded pictures of an elementary stream, counted as a decoder shows them.

H.264 (ITU-T H.264, 7.3 and 7.4), H.265 (7.3 and 7.4) and MPEG-1/2 video (ITU-T H.262, 6.2). A picture
counts once whether it is coded whole or as two fields. Nothing counts before a picture at which
decoding can begin, nor what cannot be decoded just after it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.metadata.bits import Bits, unescaped
from pipeline.metadata.h26x import PictureHeader, read_avc, read_hevc
from pipeline.metadata.streams import mpeg2_header

LOOKAHEAD = 2048  # bytes after a start code that are enough for any header that is read here
_START = b"\0\0\1"
# Units are larger than this on average, but for those of a file made to keep readers busy.
_SMALLEST, _GRACE = 32, 1 << 20
_RASL = (8, 9)
_MPEG_B = 3
_AVC_B, _AVC_I = 1, 2
Parity = Literal["top", "bottom"] | None
_PARITY: dict[int, Parity] = {1: "top", 2: "bottom"}


@dataclass(frozen=True, slots=True)
class Coded:
    """One coded picture. `parity` is None for a whole frame; fields with one `number` may be a pair.

    In MPEG-2 the number counts the frames of a group in the order in which they are shown.

    `opens`: a decoder can begin here. `leading`: it needs what stood before such a picture.
    """

    at: int
    parity: Parity = None
    number: int = 0
    opens: bool = False
    leading: bool = False


class Scanner:
    """Finds the coded pictures of one stream, piece by piece; what headers said before is remembered.

    `lost`: there were more start codes than any picture has, and it gave up.
    """

    __slots__ = (
        "_anchors",
        "_avc",
        "_closed",
        "_data",
        "_fed",
        "_opener",
        "_recovers",
        "_skips",
        "_starts",
        "_take",
        "_units",
        "lost",
    )

    def __init__(self, codec: str) -> None:
        """`codec` is one of COUNTED."""
        self._take: Callable[[bytes, int], Coded | None] = {
            "h264": self._avc_unit, "hevc": self._hevc_unit,
        }.get(codec, self._mpeg_unit)  # fmt: skip
        self.lost = False
        self._data = b""
        self._fed = 0
        self._units = 0
        self._avc: PictureHeader | None = None
        self._recovers = False
        self._opener: Coded | None = None
        self._skips = False
        self._anchors = 0
        self._closed = False
        self._starts = False

    def feed(self, data: bytes, *, last: bool = False) -> Iterator[Coded]:
        """Pictures that begin in what was fed, but for the end of it, which waits for more unless it is the `last`."""
        self._fed += len(data)
        if self.lost:
            return
        data = self._data + data
        end = len(data) if last else len(data) - LOOKAHEAD
        at = data.find(_START)
        while 0 <= at < end:
            found = self._take(data, at)
            if found is not None:
                yield found
            at = data.find(_START, at + 3)
            self._units += 1
            if self._units * _SMALLEST > self._fed + _GRACE:
                self.lost = True
                return
        # A start code may be cut in two.
        self._data = data[at:] if at >= 0 else data[-2:]

    # --- H.264 ---

    def _avc_unit(self, data: bytes, at: int) -> Coded | None:
        if at + 5 > len(data):
            return None
        kind = data[at + 3] & 31
        if kind in (1, 5) and data[at + 4] & 0x80:  # the slice with the first macroblock
            return self._avc_slice(data, at, idr=kind == 5)
        if kind == 7:
            self._avc = _avc_header(data, at) or self._avc
        elif kind == 6 and _recovers(data[at + 4 : at + LOOKAHEAD]):
            self._recovers = True
        return None

    def _avc_slice(self, data: bytes, at: int, *, idr: bool) -> Coded | None:
        header = self._avc
        if header is None:
            return None
        opens, self._recovers = idr or self._recovers, False
        bits = Bits(unescaped(data[at + 4 : at + 40]))
        try:
            bits.golomb()
            kind = bits.golomb() % 5
            bits.golomb()
            bits.take(2 * header.planes)
            number = bits.take(header.number_bits)
            field, bottom = (True, bits.flag()) if header.fields and bits.flag() else (False, False)
        except ValueError:
            return None
        parity: Parity = ("bottom" if bottom else "top") if field else None
        return self._avc_picture(Coded(at, parity, number, opens=opens or kind == _AVC_I), kind, idr=idr)

    def _avc_picture(self, coded: Coded, kind: int, *, idr: bool) -> Coded:
        """Where decoding begins in mid-stream, B pictures up to the next reference need what stood before."""
        if self._opener is None:
            if coded.opens:
                self._opener, self._skips = coded, not idr
            return coded
        second = coded.parity not in (None, self._opener.parity) and coded.number == self._opener.number
        self._skips = self._skips and (kind == _AVC_B or second)
        return replace(coded, leading=self._skips and kind == _AVC_B)

    # --- H.265 ---

    def _hevc_unit(self, data: bytes, at: int) -> Coded | None:
        if at + 6 > len(data) or data[at + 3] & 1 or data[at + 4] >> 3:  # a layer above the base
            return None
        kind = data[at + 3] >> 1 & 63
        if kind in (36, 37):  # the end of a sequence: decoding begins anew
            self._starts = True
        if not (kind < 10 or 16 <= kind < 22) or not data[at + 5] & 0x80:
            return None
        opens = kind >= 16
        if opens:
            self._skips = self._starts or kind < 19 or not self._anchors
            self._anchors, self._starts = 1, False
        return Coded(at, opens=opens, leading=kind in _RASL and self._skips)

    # --- MPEG-1 and MPEG-2 ---

    def _mpeg_unit(self, data: bytes, at: int) -> Coded | None:
        if at + 8 > len(data):
            return None
        code = data[at + 3]
        if code == 0xB8:
            self._closed = bool(data[at + 7] & 0x40)
        if code != 0:
            return None
        number, kind = data[at + 4] << 2 | data[at + 5] >> 6, data[at + 5] >> 3 & 7
        parity = _PARITY.get(_structure(data, at))
        if kind == _MPEG_B:
            return Coded(at, parity, number, leading=self._anchors < 2 and not self._closed)
        if kind == 1 or self._anchors or self._starts:
            # A reference may be two fields, of which only the first may be an I picture.
            self._anchors += parity is None or self._starts
            self._starts = parity is not None and not self._starts
        return Coded(at, parity, number, opens=kind == 1)


class Tally:
    """Counts the frames that pictures make."""

    __slots__ = ("_begun", "_open", "frames")

    def __init__(self) -> None:
        self.frames = 0
        self._begun = False
        self._open: Coded | None = None  # a first field that waits for its second

    def add(self, picture: Coded) -> bool:
        """Count one more picture; True where a new frame begins with it."""
        self._begun = self._begun or picture.opens
        if not self._begun or picture.leading:
            return False
        before, self._open = self._open, None
        if picture.parity is not None:
            if before and before.parity != picture.parity and before.number == picture.number:
                return False
            self._open = picture
        self.frames += 1
        return True


COUNTED = ("h264", "hevc", "mpeg2video", "mpeg1video")


def header(codec: str, data: bytes) -> PictureHeader | None:
    """What the first sequence header in `data` says of the picture; None where there is none or it is broken."""
    try:
        if codec not in ("h264", "hevc"):
            return mpeg2_header(data[:LOOKAHEAD]) if _START + b"\xb3" in data[:LOOKAHEAD] else None
        at = data.find(_START)
        while 0 <= at < len(data) - 4:
            if codec == "h264" and data[at + 3] & 31 == 7:
                return read_avc(data[at + 3 : at + 3 + LOOKAHEAD])
            if codec == "hevc" and data[at + 3] >> 1 & 63 == 33:
                return read_hevc(data[at + 3 : at + 3 + LOOKAHEAD])
            at = data.find(_START, at + 3)
    except (ValueError, ArithmeticError):
        return None
    return None


def _avc_header(data: bytes, at: int) -> PictureHeader | None:
    try:
        return read_avc(data[at + 3 : at + 3 + LOOKAHEAD])
    except (ValueError, ArithmeticError):
        return None


def _recovers(message: bytes) -> bool:
    """Whether the messages of an SEI unit say that all is well from here on (recovery point, D.2.8, after 0 frames)."""
    end = message.find(_START)
    data, at = unescaped(message if end < 0 else message[:end]), 0
    while at + 2 < len(data) and data[at] != 0x80:
        kind = size = 0
        while at < len(data) and data[at] == 0xFF:
            kind, at = kind + 255, at + 1
        kind, at = kind + data[at] if at < len(data) else -1, at + 1
        while at < len(data) and data[at] == 0xFF:
            size, at = size + 255, at + 1
        size, at = size + data[at] if at < len(data) else 0, at + 1
        if kind == 6:
            return at < len(data) and data[at] & 0x80 != 0
        at += size
    return False


def _structure(data: bytes, at: int) -> int:
    """picture_structure of the extension behind a picture header; 3, a whole frame, in MPEG-1."""
    extension = data.find(b"\0\0\1\xb5", at + 4, at + 64)
    if extension < 0 or extension + 7 > len(data) or data[extension + 4] >> 4 != 8:
        return 3
    return data[extension + 6] & 3
