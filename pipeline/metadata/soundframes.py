"""What the first frame of a compressed or packed sound stream says of it, as transport streams carry them.

MPEG audio: ISO/IEC 11172-3 and 13818-3. AAC: ISO/IEC 14496-3 (ADTS, LATM). AC-3 and E-AC-3: ETSI TS 102 366.
DTS: ETSI TS 102 114. LPCM as on Blu-ray and AVCHD discs. AES3 in MPEG: SMPTE ST 302.
"""

from collections.abc import Callable

from pipeline.clip import AudioStream
from pipeline.metadata.bits import Bits

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_AAC_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)
_MPEG_RATES = (44100, 48000, 32000)
_AC3_RATES = (48000, 44100, 32000)
_AC3_CHANNELS = (2, 1, 2, 3, 3, 4, 4, 5)
_DTS_RATES = {1: 8000, 2: 16000, 3: 32000, 6: 11025, 7: 22050, 8: 44100, 11: 12000, 12: 24000, 13: 48000}
_DTS_CHANNELS = (1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 6, 6, 7, 8, 8)
_LPCM_RATES = {1: 48000, 4: 96000, 5: 192000}
_LPCM_CHANNELS = {1: 1, 3: 2, 4: 3, 5: 3, 6: 4, 7: 4, 8: 5, 9: 6, 10: 7, 11: 8}


def mpeg_audio(data: bytes) -> AudioStream | None:
    """Layers I to III; `mp2` and the like as ffmpeg calls them."""
    at = _sync(data, 0xFFE0)
    if at < 0 or at + 4 > len(data):
        return None
    version, layer = data[at + 1] >> 3 & 3, 4 - (data[at + 1] >> 1 & 3)
    rate, halved = data[at + 2] >> 2 & 3, {3: 0, 2: 1, 0: 2}.get(version)
    if halved is None or layer == 4 or rate == 3:
        return None
    return AudioStream(f"mp{layer}", 1 if data[at + 3] >> 6 == 3 else 2, _MPEG_RATES[rate] >> halved)


def aac(data: bytes) -> AudioStream | None:
    """An ADTS header."""
    at = _sync(data, 0xFFF0, mask=0xFFF6)
    if at < 0 or at + 4 > len(data):
        return None
    rate = data[at + 2] >> 2 & 15
    channels = (data[at + 2] & 1) << 2 | data[at + 3] >> 6
    return _known("aac", _AAC_CHANNELS[channels], _AAC_RATES[rate] if rate < len(_AAC_RATES) else 0)


def latm(data: bytes) -> AudioStream | None:
    """The stream configuration of the first LATM frame that carries one, in its simple form."""
    at = _sync(data, 0x56E0, mask=0xFFE0)
    bits = Bits(data[at + 3 : at + 40])
    if at < 0 or bits.flag() or bits.flag():  # the same as before, or a newer version
        return None
    bits.take(1 + 6)
    if bits.take(4 + 3) or bits.take(5) == 31:
        return None
    rate = bits.take(4)
    hertz = bits.take(24) if rate == 15 else _AAC_RATES[rate] if rate < len(_AAC_RATES) else 0
    channels = bits.take(4)
    return _known("aac_latm", _AAC_CHANNELS[channels] if channels < len(_AAC_CHANNELS) else 0, hertz)


def ac3(data: bytes) -> AudioStream | None:
    """AC-3, or E-AC-3 by its bit stream number."""
    at = data.find(b"\x0b\x77")
    if at < 0 or at + 8 > len(data):
        return None
    bits = Bits(data[at + 2 : at + 16])
    if 10 < data[at + 5] >> 3 <= 16:
        bits.take(2 + 3 + 11)
        rate, blocks = bits.take(2), bits.take(2)
        mode, low = bits.take(3), bits.flag()
        hertz = _AC3_RATES[rate] if rate < 3 else _AC3_RATES[blocks] // 2 if blocks < 3 else 0
        return _known("eac3", _AC3_CHANNELS[mode] + low, hertz)
    bits.take(16)
    rate = bits.take(2)
    bits.take(6 + 5 + 3)
    mode = bits.take(3)
    bits.take(2 * (mode & 1 and mode != 1) + 2 * bool(mode & 4) + 2 * (mode == 2))
    return _known("ac3", _AC3_CHANNELS[mode] + bits.flag(), _AC3_RATES[rate] if rate < 3 else 0)


def dts(data: bytes) -> AudioStream | None:
    """The core frame of DTS."""
    at = data.find(b"\x7f\xfe\x80\x01")
    if at < 0 or at + 16 > len(data):
        return None
    bits = Bits(data[at + 4 : at + 16])
    bits.take(1 + 5 + 1 + 7 + 14)
    mode, rate = bits.take(6), bits.take(4)
    bits.take(5 + 1 + 1 + 1 + 1 + 1 + 3 + 1 + 1)
    low = bits.take(2) in (1, 2)
    return _known("dts", _DTS_CHANNELS[mode] + low if mode < 16 else 0, _DTS_RATES.get(rate, 0))


def lpcm(data: bytes) -> AudioStream | None:
    """The four bytes before each packet of Blu-ray and AVCHD LPCM: channels, rate, bits."""
    if len(data) < 4:
        return None
    return _known("pcm_bluray", _LPCM_CHANNELS.get(data[2] >> 4, 0), _LPCM_RATES.get(data[2] & 15, 0))


def aes3(data: bytes) -> AudioStream | None:
    """The four bytes before each packet of ST 302: two to eight channels at 48 kHz."""
    return _known("s302m", 2 + 2 * (data[2] >> 6), 48000) if len(data) >= 4 else None


def _known(codec: str, channels: int, rate: int) -> AudioStream | None:
    return AudioStream(codec, channels, rate) if channels and rate else None


def _sync(data: bytes, word: int, *, mask: int | None = None) -> int:
    """Where a frame begins whose first 16 bits are `word` under `mask`; -1 for nowhere."""
    mask = word if mask is None else mask
    at = data.find(word >> 8)
    while 0 <= at < len(data) - 1:
        if (data[at] << 8 | data[at + 1]) & mask == word & mask:
            return at
        at = data.find(word >> 8, at + 1)
    return -1


Reading = Callable[[bytes], AudioStream | None]
# By stream type; AVCHD and Blu-ray use the private types from 0x80 on.
BY_KIND: dict[int, Reading] = {
    0x03: mpeg_audio, 0x04: mpeg_audio, 0x0F: aac, 0x11: latm, 0x81: ac3, 0x84: ac3, 0x87: ac3, 0xA1: ac3,
    0x80: lpcm, 0x82: dts, 0x85: dts, 0x86: dts,
}  # fmt: skip
# Of private streams (type 6): by what a registration or a DVB descriptor (ETSI EN 300 468) says.
BY_REGISTRATION: dict[bytes, Reading] = {
    b"AC-3": ac3,
    b"EAC3": ac3,
    b"BSSD": aes3,
    b"DTS1": dts,
    b"DTS2": dts,
    b"DTS3": dts,
}
BY_DESCRIPTOR: dict[int, Reading] = {0x6A: ac3, 0x7A: ac3, 0x7B: dts, 0x7C: aac}
