"""Codecs of Matroska tracks: their names, and what their private data and first frame say.

Matroska codec specification (draft-ietf-cellar-codec). Windows' headers: BITMAPINFOHEADER, WAVEFORMATEX.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import replace

from pipeline.clip import AudioStream
from pipeline.metadata import ebml
from pipeline.metadata.h26x import PictureHeader
from pipeline.metadata.picture import PRORES_FORMATS, avc_header, codec_name, hevc_header
from pipeline.metadata.sound import Sound, aac_config
from pipeline.metadata.streams import (
    av1_header,
    mjpeg_header,
    mpeg2_header,
    mpeg4_header,
    prores_header,
    vp9_header,
)

_CODEC, _PRIVATE = 0x86, 0x63A2
_PICTURES = {
    b"V_MPEG4/ISO/AVC": "h264", b"V_MPEGH/ISO/HEVC": "hevc", b"V_AV1": "av1", b"V_VP8": "vp8", b"V_VP9": "vp9",
    b"V_MPEG2": "mpeg2video", b"V_MPEG1": "mpeg1video", b"V_PRORES": "prores", b"V_FFV1": "ffv1", b"V_MJPEG": "mjpeg",
    b"V_MPEG4/ISO/SP": "mpeg4", b"V_MPEG4/ISO/ASP": "mpeg4", b"V_MPEG4/ISO/AP": "mpeg4", b"V_THEORA": "theora",
    b"V_UNCOMPRESSED": "rawvideo", b"V_AVS2": "avs2", b"V_AVS3": "avs3",
}  # fmt: skip
_FOURCCS = {
    **dict.fromkeys((b"H264", b"h264", b"X264", b"x264", b"AVC1"), "h264"),
    **dict.fromkeys((b"HEVC", b"hevc", b"H265"), "hevc"),
    b"FFV1": "ffv1", b"HFYU": "huffyuv", b"FFVH": "ffvhuff", b"MJPG": "mjpeg", b"VP80": "vp8", b"VP90": "vp9",
    b"FMP4": "mpeg4", b"DX50": "mpeg4", b"UTVI": "utvideo", b"MAGY": "magicyuv",
}  # fmt: skip
_SOUNDS = {
    b"A_AC3": "ac3", b"A_EAC3": "eac3", b"A_DTS": "dts", b"A_FLAC": "flac", b"A_OPUS": "opus", b"A_VORBIS": "vorbis",
    b"A_MPEG/L3": "mp3", b"A_MPEG/L2": "mp2", b"A_MPEG/L1": "mp1", b"A_TRUEHD": "truehd", b"A_MLP": "mlp",
    b"A_ALAC": "alac", b"A_WAVPACK4": "wavpack", b"A_TTA1": "tta",
}  # fmt: skip
_WAVE_TAGS = {0x50: "mp2", 0x55: "mp3", 0xFF: "aac", 0x2000: "ac3", 0x2001: "dts", 0xF1AC: "flac"}


def _prores(private: bytes, sample: bytes) -> PictureHeader:
    """Frames stand without the size and name that begin them elsewhere; the private data is the variant's name."""
    name, depth = PRORES_FORMATS.get(private[:4], ("yuv422p10le", 10))
    whole = sample if sample[4:8] == b"icpf" else b"\0\0\0\0icpf" + sample
    return replace(prores_header(whole), pixel_format=name, bit_depth=depth)


def _mpeg1(private: bytes, sample: bytes) -> PictureHeader:
    return replace(mpeg2_header(private or sample), pixel_format="yuv420p", bit_depth=8, fields=False)


# What the private data and the first frame say, by codec.
_HEADERS: dict[str, Callable[[bytes, bytes], PictureHeader]] = {
    "h264": avc_header,
    "hevc": lambda private, _: hevc_header(private),
    "av1": lambda private, _: av1_header(private),
    "vp9": lambda _, sample: vp9_header(sample),
    "vp8": lambda _, __: PictureHeader("yuv420p", 8, fields=False),
    "mpeg2video": lambda private, sample: mpeg2_header(private if b"\0\0\1\xb5" in private else sample),
    "mpeg1video": _mpeg1,
    "mpeg4": lambda private, _: replace(mpeg4_header(private), pixel_format="yuv420p", bit_depth=8),
    "mjpeg": lambda _, sample: mjpeg_header(sample),
    "prores": _prores,
}


def picture(track: Mapping[int, bytes], sample: bytes) -> tuple[str | None, PictureHeader]:
    """ffmpeg's name of the codec, and what the stream says of the picture (empty where nothing is read of it)."""
    identity, private = _identity(track), track.get(_PRIVATE, b"")
    if identity == b"V_MS/VFW/FOURCC":
        fourcc, private = private[16:20], private[40:]
        codec = _FOURCCS.get(fourcc) or codec_name(fourcc)
    elif identity == b"V_QUICKTIME":  # a sample description, at times without its first eight bytes
        codec, private = codec_name(private[4:8]) or codec_name(private[:4]), b""
    else:
        codec = _PICTURES.get(identity)
    try:
        return codec, _HEADERS[codec](private, sample) if codec in _HEADERS else PictureHeader()
    except (ValueError, IndexError, struct.error):
        return codec, PictureHeader()


def sound(track: Mapping[int, bytes], audio: Mapping[int, bytes]) -> AudioStream | None:
    """A sound track with the content of its Audio element; None for a codec that is not known here."""
    identity, private = _identity(track), track.get(_PRIVATE, b"")
    depth = ebml.whole(audio.get(0x6264, b"")) or 16
    rate = round(ebml.real(audio.get(0x78B5, b"")) or ebml.real(audio.get(0xB5, b"")) or 8000)
    stated = Sound("", ebml.whole(audio.get(0x9F, b"\1")), rate)
    if identity == b"A_MS/ACM" and len(private) >= 16:
        return _stream(_of_wave(private), stated)
    if identity.startswith(b"A_AAC"):
        return _aac(private, stated)
    if identity == b"A_OPUS":  # the rate in the header is that of its source
        return _stream("opus", replace(stated, rate=48000))
    if identity == b"A_PCM/FLOAT/IEEE":
        return _stream(f"pcm_f{depth}le", stated)
    if identity in (b"A_PCM/INT/LIT", b"A_PCM/INT/BIG"):
        return _stream("pcm_u8" if depth == 8 else f"pcm_s{depth}{'le' if identity.endswith(b'LIT') else 'be'}", stated)
    return _stream(_SOUNDS.get(identity), stated)


def _identity(track: Mapping[int, bytes]) -> bytes:
    return track.get(_CODEC, b"").rstrip(b"\0")


def _of_wave(private: bytes) -> str | None:
    tag, depth = struct.unpack_from("<H12xH", private)
    if tag in (1, 3):
        return f"pcm_f{depth}le" if tag == 3 else "pcm_u8" if depth == 8 else f"pcm_s{depth}le"
    return _WAVE_TAGS.get(tag)


def _aac(private: bytes, stated: Sound) -> AudioStream | None:
    try:
        said = aac_config(private, stated)
    except ValueError:
        said = stated
    return _stream("aac", said)


def _stream(codec: str | None, said: Sound) -> AudioStream | None:
    return AudioStream(codec, said.channels, said.rate) if codec and said.channels and said.rate else None
