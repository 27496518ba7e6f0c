"""Transport streams, elementary streams and Matroska files built byte by byte, to say just what a test wants said."""

import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.processes.ffmpeg import find_ffmpeg

# --- the other judge ------------------------------------------------------------------------------


def ffmpeg(*words: str | Path) -> str:
    done = subprocess.run([find_ffmpeg(), "-v", "error", "-y", *words], capture_output=True, text=True, check=False)
    return done.stdout


def decoded(path: Path) -> int:
    """Pictures that a decoder shows."""
    lines = ffmpeg("-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framecrc", "-").splitlines()
    return sum(1 for line in lines if line and line[0] != "#")


# --- bits of H.264 ---------------------------------------------------------------------------------


def bits(*fields: tuple[int, int] | int) -> bytes:
    """(value, width) as plain bits, a single number as Exp-Golomb; a stop bit and zeros to the next byte."""
    text = ""
    for each in fields:
        if isinstance(each, tuple):
            text += f"{each[0]:0{each[1]}b}"
        else:
            text += "0" * ((each + 1).bit_length() - 1) + f"{each + 1:b}"
    text += "1"
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def nal(kind: int, body: bytes) -> bytes:
    return b"\0\0\0\1" + bytes((0x60 | kind,)) + body


# Main profile, frame numbers of four bits, order count of type 2; 64 by 48, fields or frames.
def sequence(*, fields: bool, rate: tuple[int, int] = (1, 50)) -> bytes:
    timing = ((0, 1), (0, 1), (0, 1), (0, 1), (1, 1), (rate[0], 32), (rate[1], 32), (1, 1), (0, 3))
    mbaff = ((0, 1),) if fields else ()
    lines = 0 if fields else 2
    head = ((77, 8), (0, 8), (40, 8), 0, 0, 2, 1, (0, 1), 3, lines, (not fields, 1), *mbaff, (1, 1), (0, 1), (1, 1))
    return nal(7, bits(*head, *timing))


def picture(kind: int, number: int, *, idr: bool = False, parity: str = "", fields: bool = False) -> bytes:
    """The beginning of a slice: kind 0 P, 1 B, 2 I."""
    field = ((1, 1), (parity == "bottom", 1)) if parity else ((0, 1),) if fields else ()
    return nal(5 if idr else 1, bits(0, kind, 0, (number, 4), *field) + b"\x5a" * 40)


def notes(**packs: str) -> bytes:
    """AVCHD's notes in an SEI unit: packs by their number in hex (`x13`), four bytes each in hex."""
    body = b"".join(bytes.fromhex(name[1:] + pack) for name, pack in packs.items())
    message = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM" + bytes((len(packs),)) + body
    return nal(6, b"\5" + bytes((len(message),)) + message + b"\x80")


# --- transport streams -----------------------------------------------------------------------------

PICTURE, SOUND = 0x1011, 0x1100


def packets(pid: int, data: bytes, *, size: int = 188) -> bytes:
    """Packets that carry `data`, the first one saying that something begins, the last filled up."""
    made = []
    for at in range(0, len(data), 184):
        part = data[at : at + 184]
        short = 184 - len(part)
        control = 0x30 if short else 0x10
        filling = b"" if not short else b"\0" if short == 1 else bytes((short - 1, 0)) + b"\xff" * (short - 2)
        begin = 0 if at else 0x40
        made.append(b"\0" * (size - 188) + bytes((0x47, begin | pid >> 8, pid & 255, control)) + filling + part)
    return b"".join(made)


def packetised(stream: int, data: bytes, time: int | None = None) -> bytes:
    if time is None:
        return b"\0\0\1" + bytes((stream,)) + b"\0\0\x80\0\0" + data
    stamp = bytes(
        (0x21 | time >> 29 & 14, time >> 22 & 255, time >> 14 & 254 | 1, time >> 7 & 255, time << 1 & 254 | 1)
    )
    return b"\0\0\1" + bytes((stream,)) + b"\0\0\x80\x80\5" + stamp + data


def table(kind: int, body: bytes) -> bytes:
    length = len(body) + 9
    return bytes((0, kind, 0xB0 | length >> 8, length & 255)) + b"\0\1\xc1\0\0" + body + b"\0\0\0\0"


def tables(*streams: tuple[int, int, bytes], size: int = 188) -> bytes:
    """The association of one program and its map: (type, pid, descriptors) of each stream."""
    entries = b"".join(
        bytes((kind, 0xE0 | pid >> 8, pid & 255, 0xF0, len(described))) + described for kind, pid, described in streams
    )
    association = table(0, b"\0\1\xe1\0")
    return packets(0, association, size=size) + packets(0x100, table(2, b"\xf0\1\xf0\0" + entries), size=size)


def stream(
    pictures: Iterable[tuple[int | None, bytes]], *, kind: int = 0x1B, sound: bytes = b"", size: int = 188
) -> bytes:
    """A stream of pictures (time, bytes), each packetised by itself, with one AC-3 frame where `sound` is given."""
    streams = [(kind, PICTURE, b""), *([(0x81, SOUND, b"")] if sound else [])]
    made = tables(*streams, size=size)
    if sound:
        made += packets(SOUND, packetised(0xBD, sound, 0), size=size)
    return made + b"".join(packets(PICTURE, packetised(0xE0, data, time), size=size) for time, data in pictures)


AC3_STEREO = bytes.fromhex("0b77000010405c") + b"\0" * 20  # 48 kHz, mode 2/0

# --- Matroska --------------------------------------------------------------------------------------


def element(kind: str, body: bytes | str | float = b"") -> bytes:
    """An element by its id in hex; numbers as few bytes as hold them."""
    if isinstance(body, str):
        body = body.encode()
    elif isinstance(body, float):
        body = struct.pack(">d", body)
    elif isinstance(body, int):
        body = body.to_bytes(max(1, (body.bit_length() + 7) // 8), "big")
    return bytes.fromhex(kind) + (len(body) | 1 << 56).to_bytes(8, "big") + body


def endless(kind: str, body: bytes) -> bytes:
    """An element of unknown size."""
    return bytes.fromhex(kind) + b"\x01" + b"\xff" * 7 + body


def block(time: int, *, track: int = 1, flags: int = 0, data: bytes = b"\0" * 30) -> bytes:
    return element("a3", bytes((0x80 | track,)) + struct.pack(">hB", time, flags) + data)


EBML = element("1a45dfa3", element("4282", "matroska"))


@dataclass(frozen=True)
class Film:
    """A Matroska file with one picture track, whose blocks are shown at `times` (milliseconds)."""

    times: tuple[int, ...] = tuple(range(0, 1000, 40))
    lasts: int = 0  # DefaultDuration in nanoseconds
    codec: str = "V_VP8"
    video: bytes = b""
    tags: bytes = b""
    tags_after: bool = False
    info: bytes = b""
    live: bool = False

    def build(self) -> bytes:
        wide = element("b0", 320) + element("ba", 240)
        entry = element("d7", 1) + element("73c5", 77) + element("83", 1) + element("86", self.codec)
        entry += (element("23e383", self.lasts) if self.lasts else b"") + element("e0", wide + self.video)
        tracks = element("1654ae6b", element("ae", entry))
        tags = element("1254c367", self.tags) if self.tags else b""
        clusters = b"".join(
            (endless if self.live else element)(
                "1f43b675", element("e7", start) + b"".join(block(time - start) for time in self.times if
                                                            start <= time < start + 500))
            for start in range(0, max(self.times, default=0) + 1, 500)
        )  # fmt: skip
        head = element("1549a966", element("2ad7b1", 1_000_000) + self.info) + tracks
        if self.tags_after:
            place = len(head) + len(self._seek(0)) + len(clusters)
            body = self._seek(place) + head + clusters + tags
        else:
            body = head + tags + clusters
        return EBML + (endless if self.live else element)("18538067", body)

    @staticmethod
    def _seek(place: int) -> bytes:
        return element("114d9b74", element("4dbb", element("53ab", b"\x12\x54\xc3\x67") + element(
            "53ac", place.to_bytes(4, "big"))))  # fmt: skip


def said(target: int, **tags: str) -> bytes:
    """One Tag of a track by its UID (0: of the file)."""
    aimed = element("63c0", element("63c5", target) if target else b"")
    each = (element("67c8", element("45a3", name) + element("4487", text)) for name, text in tags.items())
    return element("7373", aimed + b"".join(each))
