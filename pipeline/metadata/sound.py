"""A sound sample description: codec, channels, rate (QuickTime File Format, versions 0, 1 and 2; ISO ipcm)."""

import struct
from dataclasses import dataclass

from pipeline.metadata.bits import Bits
from pipeline.metadata.tracks import Entry

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_NAMES: dict[bytes, str] = {
    b"samr": "amr_nb", b"sawb": "amr_wb", b"ac-3": "ac3", b"ec-3": "eac3", b"alac": "alac", b"Opus": "opus",
    b"fLaC": "flac", b"ulaw": "pcm_mulaw", b"alaw": "pcm_alaw", b"ima4": "adpcm_ima_qt", b".mp3": "mp3",
    b"mp3 ": "mp3", b"dtsc": "dts", b"QDM2": "qdm2", b"NONE": "pcm_u8",
}  # fmt: skip
_OBJECTS = {
    0x40: "aac",
    0x66: "aac",
    0x67: "aac",
    0x68: "aac",
    0x69: "mp3",
    0x6B: "mp3",
    0xA5: "ac3",
    0xA6: "eac3",
    0xA9: "dts",
}


@dataclass(frozen=True, slots=True)
class Sound:
    codec: str
    channels: int
    rate: int


def read_sound(entry: Entry) -> Sound | None:
    """An audio sample entry; None where its four letters are not known or it is broken."""
    data = entry.data
    if len(data) < 28:
        return None
    version, channels, depth = struct.unpack_from(">H6xHH", data, 8)
    rate = struct.unpack_from(">I", data, 24)[0] >> 16
    extensions = 28
    flags = 0
    if version == 1:
        extensions = 44
    elif version == 2 and len(data) >= 64:
        _, precise, channels, _, depth, flags = struct.unpack_from(">IdIIII", data, 28)
        rate, extensions = round(precise) if 0 < precise < 10_000_000 else 0, 64
    codec = _pcm(entry.kind, depth, flags, data[extensions:]) or _NAMES.get(entry.kind)
    if entry.kind in (b"samr", b"sawb"):
        # 3GPP TS 26.244: these fields are fixed numbers that say nothing; the codecs are mono.
        return Sound(_NAMES[entry.kind], 1, 8000 if entry.kind == b"samr" else 16000)
    if entry.kind == b"mp4a":
        return _from_esds(data[extensions:], Sound("aac", channels, rate))
    return Sound(codec, channels, rate) if codec else None


def _pcm(kind: bytes, depth: int, flags: int, extensions: bytes) -> str | None:
    """ffmpeg's name of linear sound; `enda` and pcmC tell little endian, lpcm's flags float and endian."""
    little = _little(extensions)
    if kind == b"raw ":
        return "pcm_u8" if depth == 8 else f"pcm_s{depth}be"
    if kind in (b"twos", b"sowt"):
        return "pcm_s8" if depth == 8 else f"pcm_s{depth}{'be' if kind == b'twos' else 'le'}"
    if kind in (b"in24", b"in32"):
        return f"pcm_s{kind[2:].decode()}{'le' if little else 'be'}"
    if kind in (b"fl32", b"fl64"):
        return f"pcm_f{kind[2:].decode()}{'le' if little else 'be'}"
    if kind == b"lpcm":
        return f"pcm_{'f' if flags & 1 else 's' if flags & 4 or depth > 8 else 'u'}{depth}" + (
            "" if depth == 8 else "be" if flags & 2 else "le"
        )
    if kind in (b"ipcm", b"fpcm"):
        at = extensions.find(b"pcmC")
        if at >= 0 and at + 10 <= len(extensions):
            return (
                f"pcm_{'f' if kind == b'fpcm' else 's'}{extensions[at + 9]}{'le' if extensions[at + 8] & 1 else 'be'}"
            )
    return None


def _little(extensions: bytes) -> bool:
    at = extensions.find(b"enda")
    return at >= 0 and extensions[at + 4 : at + 6] == b"\0\1"


def _from_esds(extensions: bytes, stated: Sound) -> Sound:
    """An elementary stream descriptor (ISO/IEC 14496-1, 7.2.6): object type, then the AAC configuration."""
    at = extensions.find(b"esds")
    if at < 0:
        return stated
    data = extensions[at + 8 : at + 8 + 256]
    try:
        tag, start, _ = _descriptor(data, 0)
        if tag == 3:
            flags = data[start + 2]
            start += (
                3
                + (2 if flags & 0x80 else 0)
                + (1 + data[start + 3] if flags & 0x40 else 0)
                + (2 if flags & 0x20 else 0)
            )
            tag, start, _ = _descriptor(data, start)
        if tag != 4:
            return stated
        codec = _OBJECTS.get(data[start], stated.codec)
        tag, start, size = _descriptor(data, start + 13)
        if codec == "aac" and tag == 5 and size >= 2:
            return aac_config(data[start : start + size], stated)
    except (IndexError, ValueError):
        return stated
    return Sound(codec, stated.channels, stated.rate)


def _descriptor(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start of the body and size of a descriptor; sizes are up to four groups of seven bits."""
    tag, size = data[at], 0
    for _ in range(4):
        at += 1
        size = size << 7 | data[at] & 127
        if not data[at] & 128:
            break
    return tag, at + 1, size


def aac_config(config: bytes, stated: Sound) -> Sound:
    """AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1); high-efficiency AAC plays at the extension's rate."""
    bits = Bits(config)
    kind = bits.take(5)
    if kind == 31:
        kind = 32 + bits.take(6)
    rate = _aac_rate(bits)
    channels = bits.take(4)
    if kind in (5, 29):
        rate = _aac_rate(bits)
    elif kind == 2:
        rate = _extended_rate(bits) or rate
    if kind == 29 and channels == 1:
        channels = 2
    return Sound("aac", {7: 8}.get(channels, channels) or stated.channels, rate or stated.rate)


def _extended_rate(bits: Bits) -> int:
    """The rate of a backward compatible extension: sync word 0x2b7, type 5, a flag, the rate."""
    try:
        bits.take(3)
        if bits.take(11) == 0x2B7 and bits.take(5) == 5 and bits.flag():
            return _aac_rate(bits)
    except ValueError:
        pass
    return 0


def _aac_rate(bits: Bits) -> int:
    index = bits.take(4)
    if index == 15:
        return bits.take(24)
    return _AAC_RATES[index] if index < len(_AAC_RATES) else 0
