"""A picture's sample description: codec, size, colour, fields (QuickTime File Format; ISO/IEC 14496-15)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from pipeline.metadata.boxes import Box, boxes
from pipeline.metadata.colour import Colour, colour_of
from pipeline.metadata.h26x import PictureHeader, pixel_format, read_avc, read_hevc
from pipeline.metadata.source import ByteSource
from pipeline.metadata.streams import (
    av1_header,
    mjpeg_header,
    mpeg2_header,
    mpeg4_header,
    prores_header,
    vc3_header,
)
from pipeline.metadata.tracks import Entry

# Four letters to ffmpeg's codec name.
CODECS: dict[bytes, str] = {
    **dict.fromkeys((b"avc1", b"avc2", b"avc3", b"avc4", b"dvav", b"dva1", b"ai12", b"ai13", b"ai15", b"ai16"), "h264"),
    **dict.fromkeys((b"hvc1", b"hev1", b"dvh1", b"dvhe", b"hvc2"), "hevc"),
    **dict.fromkeys((b"apco", b"apcs", b"apcn", b"apch", b"ap4h", b"ap4x"), "prores"),
    **dict.fromkeys((b"aprn", b"aprh"), "prores_raw"),
    **dict.fromkeys((b"AVdn", b"AVdh"), "dnxhd"),
    **dict.fromkeys((b"jpeg", b"mjpa", b"mjpg", b"AVDJ", b"dmb1"), "mjpeg"),
    **dict.fromkeys((b"s263", b"h263", b"H263"), "h263"),
    **dict.fromkeys((b"mp4v", b"xvid", b"XVID", b"DIVX", b"3IVX"), "mpeg4"),
    **dict.fromkeys((b"m2v1", b"mp2v", b"MPEG", b"AVmp", b"m2t1"), "mpeg2video"),
    **dict.fromkeys((b"dvc ", b"dvcp", b"dvpp", b"dv5n", b"dv5p", b"dvh2", b"dvh3"), "dvvideo"),
    **dict.fromkeys((b"dvh5", b"dvh6", b"dvhp", b"dvhq"), "dvvideo"),
    b"av01": "av1",
    b"vp08": "vp8",
    b"vp09": "vp9",
    b"CFHD": "cfhd",
    b"v210": "v210",
    b"2vuy": "rawvideo",
    b"raw ": "rawvideo",
    b"png ": "png",
    b"rle ": "qtrle",
    b"cvid": "cinepak",
    b"SVQ3": "svq3",
    b"mjp2": "jpeg2000",
    b"hcpa": "hap",
    **dict.fromkeys((b"braw", b"brst", b"brhq", b"brxq", b"brlt", b"brvn"), "braw"),
}  # fmt: skip
_MPEG2_FAMILIES = (b"xd", b"hdv", b"mx5", b"mx3", b"mx4")
PRORES_FORMATS = {b"ap4h": ("yuv444p12le", 12), b"ap4x": ("yuv444p12le", 12)}
_ALWAYS_420 = ("h263", "mpeg4", "svq3")


@dataclass(frozen=True, slots=True)
class Picture:
    codec: str
    width: int
    height: int
    header: PictureHeader
    colour: Colour
    pixel_aspect: Fraction | None = None
    interlaced: bool | None = None
    field_order: Literal["tff", "bff"] | None = None
    decoder: bool = True


def codec_name(kind: bytes) -> str | None:
    if kind[:2] == b"xd" or kind[:3] in _MPEG2_FAMILIES:
        return "mpeg2video"
    return CODECS.get(kind)


def read_picture(entry: Entry, sample: bytes) -> Picture | None:
    """A visual sample entry together with the beginning of the first sample (may be empty).

    None for a codec that is not known by its four letters: MediaInfo may know it.
    """
    codec = codec_name(entry.kind)
    if codec is None or len(entry.data) < 78:
        return None
    width, height = struct.unpack_from(">HH", entry.data, 24)
    parts = dict(extensions(entry))
    header = _header(codec, entry, parts, sample)
    colour = merged(header.colour, _colr(parts.get(b"colr", b"")))
    interlaced, order = _fields(parts.get(b"fiel", b""), header)
    return Picture(
        codec, width, height, header, colour, _pasp(parts.get(b"pasp", b"")) or header.pixel_aspect, interlaced, order,
        decoder=codec not in ("prores_raw", "braw"),
    )  # fmt: skip


def extensions(entry: Entry) -> Iterator[tuple[bytes, bytes]]:
    """The boxes after the fixed part; QuickTime may end them with four zero bytes."""
    data = entry.data
    source = ByteSource.of_bytes(data)
    at = 78
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8:
            return
        for box in boxes(source, at, min(at + size, len(data))):
            yield _named(data, box)
            break
        at += size


def _named(data: bytes, box: Box) -> tuple[bytes, bytes]:
    return box.kind, data[box.start : box.end]


def _header(codec: str, entry: Entry, parts: dict[bytes, bytes], sample: bytes) -> PictureHeader:
    """What the stream says of itself; empty where its header is broken or missing."""
    try:
        if codec == "h264":
            return avc_header(parts.get(b"avcC", b""), sample)
        if codec == "hevc":
            return hevc_header(parts.get(b"hvcC", b""))
        if codec == "av1":
            return av1_header(parts.get(b"av1C", b""))
        if codec == "prores":
            name, depth = PRORES_FORMATS.get(entry.kind, ("yuv422p10le", 10))
            return replace(prores_header(sample), pixel_format=name, bit_depth=depth)
        if codec == "dnxhd":
            return vc3_header(sample)
        if codec == "mjpeg":
            return mjpeg_header(sample)
        if codec == "mpeg2video":
            return mpeg2_header(sample)
        if codec in _ALWAYS_420:
            known = mpeg4_header(parts.get(b"esds", b"")) if codec == "mpeg4" else PictureHeader(fields=False)
            return replace(known, pixel_format="yuv420p", bit_depth=8)
    except (ValueError, IndexError, struct.error):
        pass
    return PictureHeader()


def avc_header(config: bytes, sample: bytes) -> PictureHeader:
    """avcC (ISO/IEC 14496-15, 5.3.3): the first sequence parameter set; AVC-Intra keeps it in the sample."""
    if len(config) > 8 and config[5] & 31:
        (size,) = struct.unpack_from(">H", config, 6)
        return read_avc(config[8 : 8 + size])
    at = sample.find(b"\0\0\1\x67")
    return read_avc(sample[at + 3 : at + 1024]) if at >= 0 else PictureHeader()


def hevc_header(config: bytes) -> PictureHeader:
    """hvcC (ISO/IEC 14496-15, 8.3.3): arrays of NAL units; type 33 is a sequence parameter set."""
    found = PictureHeader(pixel_format(config[16] & 3, 8 + (config[17] & 7)), 8 + (config[17] & 7), fields=False)
    at = 23
    for _ in range(config[22]):
        kind, count = config[at] & 63, struct.unpack_from(">H", config, at + 1)[0]
        at += 3
        for _ in range(min(count, 64)):
            (size,) = struct.unpack_from(">H", config, at)
            if kind == 33:
                return read_hevc(config[at + 2 : at + 2 + size])
            at += 2 + size
    return found


def _colr(data: bytes) -> Colour:
    """colr: nclc (QuickTime) states three codes, nclx (ISO) the range too."""
    if data[:4] not in (b"nclc", b"nclx") or len(data) < 10:
        return Colour()
    full = bool(data[10] & 0x80) if data[:4] == b"nclx" and len(data) > 10 else None
    return colour_of(*struct.unpack_from(">HHH", data, 4), full=full)


def merged(stream: Colour, container: Colour) -> Colour:
    """The stream's own word first, as decoders take it; the container fills what it leaves open."""
    return Colour(
        stream.primaries or container.primaries,
        stream.transfer or container.transfer,
        stream.matrix or container.matrix,
        stream.range or container.range,
    )


def _pasp(data: bytes) -> Fraction | None:
    if len(data) < 8:
        return None
    across, down = struct.unpack_from(">II", data)
    return Fraction(across, down) if across and down else None


def _fields(fiel: bytes, header: PictureHeader) -> tuple[bool | None, Literal["tff", "bff"] | None]:
    """fiel: fields per frame, and which comes first (1 and 9: the top one, 6 and 14: the bottom one)."""
    if len(fiel) >= 2 and fiel[0] == 2:
        return True, {1: "tff", 9: "tff", 6: "bff", 14: "bff"}.get(fiel[1])  # type: ignore[return-value]
    if len(fiel) >= 2 and fiel[0] == 1:
        return False, None
    return header.fields, None
