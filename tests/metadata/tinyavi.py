"""AVI files and DV frames of a few kilobytes, built chunk by chunk, for the tests of their readers."""

import struct
from dataclasses import dataclass, field

MICRO = 1_000_000


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) & 1)


def a_list(kind: bytes, *parts: bytes, outer: bytes = b"LIST") -> bytes:
    return chunk(outer, kind + b"".join(parts))


def jpeg(height: int = 240, *, sampling: int = 0x22, depth: int = 8) -> bytes:
    """The beginning of a JPEG picture, as far as its frame header."""
    frame = struct.pack(">BHHB", depth, height, 320, 3) + bytes((1, sampling, 0, 2, 0x11, 1, 3, 0x11, 1))
    return b"\xff\xd8\xff\xe0\0\x04\0\0\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame + bytes(32)


def wave(channels: int = 1, rate: int = 48000, bits: int = 16, tag: int = 1) -> bytes:
    block = channels * bits // 8
    return struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)


@dataclass
class Avi:
    """One picture stream, and one sound stream for each of `sounds`."""

    letters: bytes = b"MJPG"
    size: tuple[int, int] = (320, 240)
    rate: tuple[int, int] = (25, 1)
    frame_time: int = 40_000
    length: int = 3
    picture: bytes = field(default_factory=jpeg)
    pictures: int = 3  # chunks that are there
    sounds: tuple[bytes, ...] = ()
    sound: bytes = b"\1\2" * 480
    names: tuple[bytes, ...] = ()
    kind: bytes = b"vids"
    indexed: tuple[int, ...] = ()  # frames by the entries of an OpenDML index
    total: int = 0  # by the OpenDML header
    index: bool = True
    shape: tuple[int, int, int] | None = None  # across, down, fields
    header: tuple[bytes, ...] = ()  # more chunks of the header
    before: tuple[bytes, ...] = ()  # chunks before the media
    after: tuple[bytes, ...] = ()
    more: tuple[bytes, ...] = ()  # further RIFF chunks
    grouped: bool = False  # chunks in lists of one frame each
    closed: bool = True

    def build(self) -> bytes:
        media, entries = self._media()
        index = [chunk(b"idx1", entries)] if self.index else []
        data = a_list(b"AVI ", self._header(), *self.before, media, *index, *self.after, outer=b"RIFF")
        if not self.closed:
            at = data.index(b"movi") - 4
            data = data[:4] + bytes(4) + data[8:at] + bytes(4) + data[at + 4 :]
        return data + b"".join(self.more)

    def _header(self) -> bytes:
        main = struct.pack(
            "<IIIIIIIIII", self.frame_time, 0, 0, 0x10, self.length, 0, 1, 0, *map(abs, self.size)
        ) + bytes(16)
        streams = [a_list(b"strl", *self._picture())]
        for number, form in enumerate(self.sounds):
            name = [chunk(b"strn", self.names[number])] if self.names else []
            _, _, rate, _, block, _ = struct.unpack("<HHIIHH", form)
            head = self._head(b"auds", (rate, 1), len(self.sound) // block)
            streams.append(a_list(b"strl", chunk(b"strh", head), chunk(b"strf", form), *name))
        extended = [a_list(b"odml", chunk(b"dmlh", struct.pack("<I", self.total)))] if self.total else []
        return a_list(b"hdrl", chunk(b"avih", main), *streams, *extended, *self.header)

    def _head(self, kind: bytes, rate: tuple[int, int], length: int) -> bytes:
        return struct.pack("<4s4sIIIIIIIIIIQ", kind, bytes(4), 0, 0, 0, rate[1], rate[0], 0, length, 0, 0, 0, 0)

    def _picture(self) -> list[bytes]:
        form = struct.pack("<IiiHH4sIiiII", 40, *self.size, 1, 24, self.letters, 0, 0, 0, 0, 0)
        parts = [chunk(b"strh", self._head(self.kind, self.rate, self.length)), chunk(b"strf", form)]
        if self.indexed:
            entries = b"".join(struct.pack("<QII", 0, 0, frames) for frames in self.indexed)
            parts.append(chunk(b"indx", struct.pack("<HBBI4s12x", 4, 0, 0, len(self.indexed), b"00dc") + entries))
        if self.shape:
            across, down, fields = self.shape
            parts.append(chunk(b"vprp", struct.pack("<IIIIIHHIII", 0, 0, 25, 0, 0, down, across, *self.size, fields)))
        return parts

    def _media(self) -> tuple[bytes, bytes]:
        parts, entries = [], b""
        for number in range(self.pictures):
            inner = [chunk(b"00dc", self.picture)]
            entries += struct.pack("<4sIII", b"00dc", 16, 0, len(self.picture))
            for stream in range(1, len(self.sounds) + 1) if number == 0 else ():
                name = f"{stream:02}wb".encode()
                inner.append(chunk(name, self.sound))
                entries += struct.pack("<4sIII", name, 16, 0, len(self.sound))
            parts.append(a_list(b"rec ", *inner) if self.grouped else b"".join(inner))
        return a_list(b"movi", *parts), entries


def dv_frame(
    *, lines: int = 625, kind: int = 0, application: int = 0, timecode: bytes = bytes.fromhex("04030201"),
    wide: bool = False, date: bytes = bytes.fromhex("ff121019"), time: bytes = bytes.fromhex("ff001506"),
    sound: tuple[int, int, int] | None = (0, 0, 0),  # kind, rate, quantisation
) -> bytes:  # fmt: skip
    """The first two sequences of a DV frame; timecode as frames, seconds, minutes, hours in decimal digits."""
    header = bytes((0x1F, 7, 0, 0xBF if lines == 625 else 0x3F, 0x78 | application)) + b"\xff" * 75
    subcode = b"\x3f\x07\0" + b"".join(bytes((0, number, 0xFF, 0x13)) + timecode for number in range(6)) + b"\xff" * 29
    control = bytes((0x61, 0xFF, 0xF8 | (2 if wide else 0), 0xFC, 0xFF))
    source = bytes((0x60, 0xFF, 0xFF, 0x20 | kind, 0xFF))
    aux = b"\x5f\x07\0" + source + control + b"\x62" + date + b"\x63" + time + b"\xff" * 57
    audio = b"\x7f\x07\0" + b"\xff" * 77
    if sound:
        pack = bytes((0x50, 0xC0, 0xFF, 0xE0 | sound[0], sound[1] << 3 | sound[2]))
        audio = b"\x7f\x07\0" + pack + b"\xff" * 72
    blocks = [header, subcode, subcode, aux, aux, aux]
    for number in range(9):
        blocks.append(audio if number == 3 else b"\x7f\x07\0" + b"\xff" * 77)
        blocks += [b"\x9f\x07\0" + bytes(77)] * 15
    return b"".join(blocks) * 2
