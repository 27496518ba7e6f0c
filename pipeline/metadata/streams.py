"""Headers inside the first sample, for codecs whose sample description says little.

ProRes: SMPTE RDD 36. MPEG-2: ITU-T H.262. MPEG-4 part 2: ISO/IEC 14496-2. JPEG: ITU-T T.81.
AV1 and VP9: their own specifications. VC-3: SMPTE ST 2019-1. JPEG 2000: ITU-T T.800.
"""

from dataclasses import replace
from fractions import Fraction

from pipeline.metadata.bits import Bits
from pipeline.metadata.colour import Colour, colour_of
from pipeline.metadata.h26x import PictureHeader, pixel_format, read_avc

# How much of the first sample a header needs.
SAMPLE_BYTES = 4096


def frame_header(codec: str, start: bytes) -> PictureHeader:
    """What the first picture of a stream says of itself; empty where it is broken or its codec says nothing there."""
    try:
        if codec == "mpeg2video":
            return mpeg2_header(start)
        if codec == "h264":
            return _avc_header(start)
        if codec == "mpeg4":
            return replace(mpeg4_header(start), pixel_format="yuv420p", bit_depth=8)
        if codec == "mjpeg":
            return mjpeg_header(start)
        if codec == "dnxhd":
            return vc3_header(start)
        if codec == "prores":
            full = len(start) > 20 and start[8 + 12] >> 6 == 3
            depth = 12 if full else 10
            return replace(prores_header(start), pixel_format=pixel_format(3 if full else 2, depth), bit_depth=depth)
        if codec == "jpeg2000":
            return jpeg2000_header(start)
    except (ValueError, IndexError):
        pass
    return PictureHeader()


def _avc_header(start: bytes) -> PictureHeader:
    """The first sequence parameter set of a byte stream (ITU-T H.264, Annex B)."""
    at = start.find(b"\0\0\1")
    while at >= 0 and at + 3 < len(start):
        if start[at + 3] & 0x1F == 7:
            return read_avc(start[at + 3 : at + 1024])
        at = start.find(b"\0\0\1", at + 3)
    return PictureHeader()


def prores_header(sample: bytes) -> PictureHeader:
    """The frame header after `icpf`: interlace mode, primaries, transfer, matrix."""
    if sample[4:8] != b"icpf" or len(sample) < 28:
        return PictureHeader()
    mode = sample[8 + 12] >> 2 & 3
    colour = colour_of(sample[8 + 14], sample[8 + 15], sample[8 + 16], full=None)
    return PictureHeader(fields=mode in (1, 2), colour=colour)


def mpeg2_header(sample: bytes) -> PictureHeader:
    """The sequence header (size, shape, rate), its extension (chroma, progressive) and display extension (colour)."""
    found = _mpeg_sequence(sample)
    at = sample.find(b"\0\0\1\xb5")
    while at >= 0:
        bits = Bits(sample[at + 4 : at + 16])
        kind = bits.take(4)
        if kind == 1:
            bits.take(8)
            progressive = bits.flag()
            found = replace(
                found, pixel_format=pixel_format(bits.take(2), 8), bit_depth=8, fields=not progressive,
            )  # fmt: skip
        elif kind == 2:
            bits.take(3)
            if bits.flag():
                colour = colour_of(bits.take(8), bits.take(8), bits.take(8), full=None)
                found = replace(found, colour=colour)
        at = sample.find(b"\0\0\1\xb5", at + 4)
    return found


_MPEG_RATES = (
    None, Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50),
    Fraction(60000, 1001), Fraction(60),
)  # fmt: skip
_MPEG_SHAPES = {2: Fraction(4, 3), 3: Fraction(16, 9), 4: Fraction(221, 100)}


def _mpeg_sequence(sample: bytes) -> PictureHeader:
    """Sizes above 4095 lines and rates that are no table entry (their extensions) are not made of film."""
    at = sample.find(b"\0\0\1\xb3")
    if at < 0 or at + 8 > len(sample):
        return PictureHeader()
    bits = Bits(sample[at + 4 : at + 8])
    width, height, shape, rate = bits.take(12), bits.take(12), bits.take(4), bits.take(4)
    display = _MPEG_SHAPES.get(shape)
    return PictureHeader(
        width=width or None, height=height or None, rate=_MPEG_RATES[rate] if rate < len(_MPEG_RATES) else None,
        pixel_aspect=display * height / width if display and width and height else None,
    )  # fmt: skip


def mpeg4_header(esds: bytes) -> PictureHeader:
    """The video object layer in a decoder configuration: interlaced or not, colour of the visual object."""
    colour = Colour()
    at = esds.find(b"\0\0\1\xb5")
    if at >= 0:
        colour = _visual_object(Bits(esds[at + 4 : at + 20]))
    for start in range(0x20, 0x30):
        at = esds.find(bytes((0, 0, 1, start)))
        if at >= 0:
            return PictureHeader(fields=_layer_interlaced(Bits(esds[at + 4 : at + 64])), colour=colour)
    return PictureHeader(colour=colour)


def _visual_object(bits: Bits) -> Colour:
    if bits.flag():
        bits.take(7)
    if bits.take(4) != 1 or not bits.flag():
        return Colour()
    bits.take(3)
    full = bits.flag()
    codes = (bits.take(8), bits.take(8), bits.take(8)) if bits.flag() else (2, 2, 2)
    return colour_of(*codes, full=full)


def _layer_interlaced(bits: Bits) -> bool | None:
    """14496-2, 6.2.3, as far as the `interlaced` bit of a rectangular layer."""
    bits.take(9)
    if bits.flag():
        bits.take(7)
    if bits.take(4) == 15:
        bits.take(16)
    if bits.flag():
        bits.take(3)
        if bits.flag():
            bits.take(79)
    if bits.take(2) != 0:
        return None
    bits.take(1)
    clock = bits.take(16)
    bits.take(1)
    if bits.flag():
        bits.take(max(1, (clock - 1).bit_length()))
    bits.take(29)
    return bits.flag()


def mjpeg_header(sample: bytes) -> PictureHeader:
    """The first frame header: bit depth and chroma; two-field JPEG says so by the height, not here."""
    frame = _jpeg_frame(sample)
    if frame is None:
        return PictureHeader()
    chroma = _mjpeg_chroma(frame[11], frame[14]) if frame[9] == 3 else None
    if chroma is None:
        return PictureHeader(fields=False)
    return PictureHeader(pixel_format(chroma, frame[4]), frame[4], False, Colour(range="pc"))


def jpeg_height(sample: bytes) -> int | None:
    """Lines of the first picture of a JPEG stream."""
    frame = _jpeg_frame(sample)
    return int.from_bytes(frame[5:7], "big") if frame else None


def _jpeg_frame(sample: bytes) -> bytes | None:
    """The frame header segment with its marker: size 2, depth, lines 2, columns 2, components."""
    at = 2
    while at + 19 <= len(sample) and sample[at] == 0xFF:
        if sample[at + 1] in (0xC0, 0xC1, 0xC2):
            return sample[at:]
        at += 2 + int.from_bytes(sample[at + 2 : at + 4], "big")
    return None


def vc3_header(sample: bytes) -> PictureHeader:
    """VC-3 (SMPTE ST 2019-1, 7.2): the frame header states fields, depth and whether chroma is full."""
    if sample[:4] != b"\0\0\2\x80" or len(sample) < 0x2D:
        return PictureHeader()
    depth = {1: 8, 2: 10, 3: 12}.get(sample[0x21] >> 5)
    if depth is None:
        return PictureHeader()
    chroma = 3 if sample[0x2C] >> 6 & 1 else 2
    return PictureHeader(pixel_format(chroma, depth), depth, bool(sample[5] & 2))


def jpeg2000_header(sample: bytes) -> PictureHeader:
    """The size marker of a codestream (ITU-T T.800, A.5.1); full chroma may be RGB or XYZ, and is not named."""
    at = sample.find(b"\xff\x4f\xff\x51")
    if at < 0 or len(sample) < at + 42:
        return PictureHeader()
    count = int.from_bytes(sample[at + 40 : at + 42], "big")
    parts = [sample[at + 42 + 3 * index : at + 45 + 3 * index] for index in range(min(count, 4))]
    if len(parts) < 3 or len(parts[2]) < 3:
        return PictureHeader()
    depth = (parts[0][0] & 0x7F) + 1
    chroma = {(2, 1): 2, (2, 2): 1}.get((parts[1][1], parts[1][2]))
    return PictureHeader(pixel_format(chroma, depth) if chroma and count == 3 else None, depth)


def _mjpeg_chroma(light: int, colour: int) -> int | None:
    """By how often light is sampled for each sample of colour; some programs write 4:2:2 as 2x2 to 1x2."""
    across, down = Fraction(light >> 4, colour >> 4 or 1), Fraction(light & 15, colour & 15 or 1)
    shares: dict[tuple[Fraction | int, Fraction | int], int] = {(2, 2): 1, (2, 1): 2, (1, 1): 3}
    return shares.get((across, down))


def av1_header(config: bytes) -> PictureHeader:
    """av1C (AV1 in ISOBMFF, 2.3): depth and chroma."""
    if len(config) < 3:
        return PictureHeader()
    deep, deeper, grey, half_wide, half_high = (bool(config[2] >> bit & 1) for bit in (6, 5, 4, 3, 2))
    depth = 12 if deep and deeper else 10 if deep else 8
    chroma = 0 if grey else 1 if half_wide and half_high else 2 if half_wide else 3
    return PictureHeader(pixel_format(chroma, depth), depth, fields=False)


_VP9_MATRICES = (None, "bt470bg", "bt709", "smpte170m", "smpte240m", "bt2020nc", None, "gbr")


def vp9_header(sample: bytes) -> PictureHeader:
    """The uncompressed header of a key frame (VP9 bitstream specification, 6.2 and 7.2.2)."""
    bits = Bits(sample[:16])
    if bits.take(2) != 2:
        return PictureHeader()
    profile = bits.take(1) | bits.take(1) << 1
    if profile == 3:
        bits.take(1)
    if bits.take(2) or (bits.take(2), bits.take(24))[1] != 0x498342:  # shown again, or no key frame
        return PictureHeader()
    depth = (12 if bits.flag() else 10) if profile >= 2 else 8
    space = bits.take(3)
    if space == 7:
        name = "gbrp" if depth == 8 else f"gbrp{depth}le"
        return PictureHeader(name, depth, fields=False, colour=Colour(matrix="gbr", range="pc"))
    full = bits.flag()
    half_wide, half_high = (bits.flag(), bits.flag()) if profile % 2 else (True, True)
    colour = Colour(matrix=_VP9_MATRICES[space], range="pc" if full else "tv")
    chroma = 1 if half_wide and half_high else 2 if half_wide else 3
    return PictureHeader(pixel_format(chroma, depth), depth, fields=False, colour=colour)
