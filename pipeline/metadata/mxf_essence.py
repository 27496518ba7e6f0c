"""Essence of MXF: what its labels and descriptors say, and the header of its first picture.

Labels: SMPTE registers (RP 224), SMPTE ST 377-1 Annexes E to G for descriptors, ST 381 (MPEG, AVC),
ST 382 (sound), ST 383 (DV), ST 386 (D-10), ST 422 (JPEG 2000), ST 2019-4 (VC-3), RDD 44 (ProRes).
Where the stream states its own form, that counts: decoders go by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from pipeline.clip import AudioStream
from pipeline.metadata import dv
from pipeline.metadata.colour import Colour
from pipeline.metadata.h26x import PictureHeader, pixel_format
from pipeline.metadata.klv import Set, number
from pipeline.metadata.mxf_packages import Shown, fraction
from pipeline.metadata.streams import frame_header

_LABEL = bytes.fromhex("060e2b34")
_PRIVATE = 0x0E
_RAW_MAKERS = {0x06: "Sony", 0x17: "ARRI"}  # byte 9 of a private label: their codecs that no free decoder reads

# ffmpeg's codec names by how bytes 8 to 15 of the coding label begin; the longest match counts.
_CODINGS: dict[str, str] = {
    "04010202 0101": "mpeg2video", "04010202 0102": "mpeg2video", "04010202 0103": "mpeg2video",
    "04010202 0104": "mpeg2video", "04010202 0105": "mpeg2video", "04010202 0120": "mpeg4",
    "04010202 0131": "h264", "04010202 0132": "h264", "04010202 02": "dvvideo", "04010202 0301": "jpeg2000",
    "04010202 0302": "dnxhd", "04010202 0303": "dirac", "04010202 0306": "prores", "04010202 0308": "jpegxs",
    "04010202 0309": "ffv1", "04010202 71": "dnxhd", "04010201": "rawvideo", "04010201 01020201": "v210",
}  # fmt: skip
# The same by byte 13 of the label of the essence container, where no coding is stated.
_CONTAINERS = {
    0x01: "mpeg2video", 0x02: "dvvideo", 0x04: "mpeg2video", 0x05: "rawvideo", 0x0C: "jpeg2000", 0x10: "h264",
    0x11: "dnxhd", 0x15: "dirac", 0x1C: "prores", 0x21: "jpegxs", 0x23: "ffv1",
}  # fmt: skip
_SOUNDS: dict[str, str] = {
    "04020202 0301": "pcm_alaw", "04020202 03020100": "ac3", "04020202 03020500": "mp2", "04020202 0303": "aac",
}  # fmt: skip
_BIG_ENDIAN = bytes.fromhex("040202017e")
_LINEAR = bytes.fromhex("04020201")

# Bytes 13 of the labels of colour: 04.01.01.01.01 (transfer), .02 (equations), .03 (primaries).
_TRANSFERS = {
    2: "bt709", 3: "smpte240m", 4: "bt709", 5: "bt1361e", 6: "linear", 7: "smpte428", 8: "iec61966-2-4",
    9: "bt2020-10", 10: "smpte2084", 11: "arib-std-b67",
}  # fmt: skip
_MATRICES = {1: "smpte170m", 2: "bt709", 3: "smpte240m", 4: "ycgco", 5: "gbr", 6: "bt2020nc"}
_PRIMARIES = {1: "smpte170m", 2: "bt470bg", 3: "bt709", 4: "bt2020", 5: "smpte428", 6: "smpte432"}
_COLOURS = bytes.fromhex("04010101")

_FULL_FRAME, _SEPARATE_FIELDS, _ONE_FIELD, _MIXED_FIELDS, _SEGMENTED = range(5)
_RGBA = 0x29
_TOO_WIDE = 32_768


@dataclass(frozen=True, slots=True)
class Picture:
    codec: str | None
    width: int | None
    height: int | None
    header: PictureHeader
    pixel_aspect: Fraction | None
    interlaced: bool | None
    field_order: Literal["tff", "bff"] | None
    raw_of: str | None  # the maker of a codec that no free decoder reads


def read_picture(shown: Shown, start: bytes) -> Picture:
    """A picture descriptor together with the beginning of the essence (may be empty)."""
    said = shown.descriptor.items
    coding = _coding(said)
    codec = _longest(_CODINGS, coding) if coding else _CONTAINERS.get(_container(said))
    layout = number(said.get(0x320C))
    # Two fields that are stored apart are described by the height of one (ST 377-1, G.2).
    fields = 2 if layout in (_SEPARATE_FIELDS, _SEGMENTED) else 1
    width, height = _size(said, (0x3205, 0x3203), 1), _size(said, (0x3204, 0x3202), fields)
    header = _merged(_header(codec, start, said), _described(shown.descriptor))
    interlaced, order = _fields(layout, said, header)
    picture = Picture(
        codec, width, height, header, _aspect(said, fields, width, height) or header.pixel_aspect, interlaced, order,
        _RAW_MAKERS.get(coding[1]) if codec is None and coding[:1] == bytes((_PRIVATE,)) else None,
    )  # fmt: skip
    form = dv.form_of(start) if codec == "dvvideo" else None
    return _of_dv(picture, form, start) if form else picture


def _of_dv(picture: Picture, form: dv.Form, start: bytes) -> Picture:
    """Frames of DV know better: descriptors of its high definition state the displayed width."""
    return replace(
        picture,
        width=form.width,
        height=form.height,
        header=replace(picture.header, pixel_format=form.pixel_format, bit_depth=8),
        pixel_aspect=dv.pixel_aspect(start, form) or picture.pixel_aspect,
        field_order=dv.field_order(start) if form.interlaced else None,
    )


def _coding(said: Mapping[int, bytes]) -> bytes:
    """What stands after the head of a coding label, b"" without one."""
    label = said.get(0x3201, b"")
    return label[8:] if len(label) == 16 and label.startswith(_LABEL) else b""


def _container(said: Mapping[int, bytes]) -> int:
    label = said.get(0x3004, b"")
    return label[13] if len(label) == 16 and label[8:13] == bytes.fromhex("0d01030102") else 0


def _longest(names: Mapping[str, str], label: bytes) -> str | None:
    found = [start for start in names if label.startswith(bytes.fromhex(start))]
    return names[max(found, key=len)] if found else None


def _size(said: Mapping[int, bytes], tags: tuple[int, int], fields: int) -> int | None:
    """The sampled size, else the stored one: what a decoder gives; stored lines may be padding."""
    for tag in tags:
        size = number(said.get(tag))
        if size and size * fields <= _TOO_WIDE:
            return size * fields
    return None


def _aspect(said: Mapping[int, bytes], fields: int, width: int | None, height: int | None) -> Fraction | None:
    """The shape of a pixel: that of the picture over the part that is displayed.

    Some descriptors state the display's own size, which is larger than the picture: it does not count.
    """
    shape = fraction(said.get(0x320E))
    if not shape or not width or not height:
        return None
    wide, high = number(said.get(0x3209)) or width, (number(said.get(0x3208)) or 0) * fields or height
    pixel = shape * min(high, height) / min(wide, width)
    return pixel if Fraction(1, 4) <= pixel <= 4 else None


def _fields(
    layout: int | None, said: Mapping[int, bytes], header: PictureHeader
) -> tuple[bool | None, Literal["tff", "bff"] | None]:
    if layout is None:
        return header.fields, None
    if layout not in (_SEPARATE_FIELDS, _ONE_FIELD, _MIXED_FIELDS):
        return False, None
    if header.fields is False:
        return False, None  # the stream itself knows no fields
    lines = said.get(0x320D, b"")
    if len(lines) < 16:
        return True, None
    # An odd sum of the first lines of both fields: the upper one is coded first (ST 377-1, G.2.12).
    upper = (int.from_bytes(lines[8:12], "big") + int.from_bytes(lines[12:16], "big")) % 2 == 1
    second_first = number(said.get(0x3212)) == 2
    return True, "tff" if upper != second_first else "bff"


def _described(descriptor: Set) -> PictureHeader:
    """Depth, chroma and colour as the descriptor states them (CDCI; RGB is not named: its order is the codec's)."""
    said = descriptor.items
    colour = Colour(
        _colour(said.get(0x3219), 3, _PRIMARIES), _colour(said.get(0x3210), 1, _TRANSFERS),
        _colour(said.get(0x321A), 2, _MATRICES), _range(said),
    )  # fmt: skip
    depth = number(said.get(0x3301))
    if depth is None or not 8 <= depth <= 16 or descriptor.kind == _RGBA:
        return PictureHeader(colour=colour)
    if colour.matrix == "gbr":
        return PictureHeader(None, depth, None, colour)
    across, down = number(said.get(0x3302)), number(said.get(0x3308)) or 1
    names = {(2, 1): pixel_format(2, depth), (2, 2): pixel_format(1, depth), (1, 1): pixel_format(3, depth)}
    if depth == 8:
        names[4, 1] = "yuv411p"
    return PictureHeader(names.get((across or 0, down)), depth, None, colour)


def _colour(label: bytes | None, kind: int, names: Mapping[int, str]) -> str | None:
    if label is None or len(label) != 16 or label[8:12] != _COLOURS or label[12] != kind:
        return None
    return names.get(label[13])


def _range(said: Mapping[int, bytes]) -> str | None:
    black, white, depth = (number(said.get(tag)) for tag in (0x3304, 0x3305, 0x3301))
    if black is None or white is None or depth is None or not 8 <= depth <= 16:
        return None
    if (black, white) == (16 << depth - 8, 235 << depth - 8):
        return "tv"
    return "pc" if (black, white) == (0, (1 << depth) - 1) else None


def _merged(stream: PictureHeader, said: PictureHeader) -> PictureHeader:
    """The stream's own word first; the descriptor fills what it leaves open."""
    own, other = stream.colour, said.colour
    return PictureHeader(
        stream.pixel_format or said.pixel_format,
        stream.bit_depth or said.bit_depth,
        stream.fields,
        Colour(
            own.primaries or other.primaries,
            own.transfer or other.transfer,
            own.matrix or other.matrix,
            own.range or other.range,
        ),
        stream.pixel_aspect,
    )


def _header(codec: str | None, start: bytes, said: Mapping[int, bytes]) -> PictureHeader:
    """What the first picture says of itself, or the label for it; empty where neither is found."""
    if codec == "dvvideo":
        return _dv_form(said)
    return frame_header(codec, start) if codec and start else PictureHeader()


def _dv_form(said: Mapping[int, bytes]) -> PictureHeader:
    """IEC DV of 625 lines has 4:2:0, that of 525 lines and DV-based 25 4:1:1, 50 and 100 have 4:2:2 (ST 383)."""
    coding = _coding(said)
    family, kind = (coding[5], coding[6]) if len(coding) > 6 else (0, 0)
    if family == 1:
        return PictureHeader("yuv420p" if kind == 2 else "yuv411p", 8)
    if family == 2:
        return PictureHeader("yuv411p" if kind in (1, 2) else "yuv422p", 8)
    return PictureHeader(bit_depth=8)


def read_sound(shown: Shown, *, cut: bool) -> AudioStream | None:
    """A sound descriptor; None for sound in a form that is not known here. What is cut off has no length."""
    said = shown.descriptor.items
    rate, channels, bits = fraction(said.get(0x3D03)), number(said.get(0x3D07)), number(said.get(0x3D01))
    codec = _sound_codec(said.get(0x3D06, b""), bits)
    if codec is None or not rate or rate.denominator != 1 or not channels or channels > 256:
        return None
    return AudioStream(codec, channels, rate.numerator, None if cut else _samples(shown, rate))


def _sound_codec(label: bytes, bits: int | None) -> str | None:
    coding = label[8:] if label.startswith(_LABEL) else b""
    if coding and not coding.startswith(_LINEAR):
        return _longest(_SOUNDS, coding)
    if bits is None or not 8 <= bits <= 32:
        return None
    order = "be" if coding.startswith(_BIG_ENDIAN) else "le"
    return "pcm_u8" if bits == 8 else f"pcm_s{(bits + 7) // 8 * 8}{order}"


def _samples(shown: Shown, rate: Fraction) -> int | None:
    """Samples that the track lasts; None where its edit units hold no whole number of them."""
    track = shown.track
    if track.duration is None or track.rate is None:
        return None
    exact = track.duration * rate / track.rate
    return exact.numerator if exact.denominator == 1 else None
