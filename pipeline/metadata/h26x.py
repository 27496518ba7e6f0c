"""What a sequence parameter set says of the picture: ITU-T H.264 (7.3.2.1) and H.265 (7.3.2.2)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction

from pipeline.metadata.bits import Bits, unescaped
from pipeline.metadata.colour import UNKNOWN, Colour, colour_of

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_CHROMA = ("gray", "yuv420p", "yuv422p", "yuv444p")
_MOST_SETS = 65


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """Unknown parts are None; `fields` tells that pictures may be coded as two fields.

    `rate` is that of whole frames, as the stream claims it; `number_bits` and `planes` (of H.264) say how
    the header of a slice is read.
    """

    pixel_format: str | None = None
    bit_depth: int | None = None
    fields: bool | None = None
    colour: Colour = UNKNOWN
    pixel_aspect: Fraction | None = None
    width: int | None = None
    height: int | None = None
    rate: Fraction | None = None
    number_bits: int = 4
    planes: bool = False


@dataclass(frozen=True, slots=True)
class Usability:
    """The video usability information, as far as it is read."""

    aspect: Fraction | None = None
    colour: Colour = UNKNOWN
    ticks: Fraction | None = None  # a second


def pixel_format(chroma: int, depth: int) -> str:
    """ffmpeg's name of a planar format: `yuv420p`, `yuv422p10le`."""
    return _CHROMA[chroma] + ("" if depth == 8 else f"{depth}le")


def read_avc(nal: bytes) -> PictureHeader:
    """An H.264 sequence parameter set, its NAL header byte included; raises ValueError if broken."""
    bits = Bits(unescaped(nal[1:2048]))
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma, depth, planes = _avc_high(bits) if profile in _HIGH_PROFILES else (1, 8, False)
    number_bits = bits.golomb() + 4
    _avc_order_count(bits)
    bits.golomb()
    bits.flag()
    wide, high = bits.golomb() + 1, bits.golomb() + 1
    frames_only = bits.flag()
    if not frames_only:
        bits.flag()
        high *= 2
    bits.flag()
    width, height = _cropped(bits, (16 * wide, 16 * high), 0 if planes else chroma, 1 if frames_only else 2)
    usable = _vui(bits, hevc=False) if bits.flag() else Usability()
    return PictureHeader(
        pixel_format(chroma, depth), depth, not frames_only, usable.colour, usable.aspect, width, height,
        usable.ticks / 2 if usable.ticks else None, number_bits, planes,
    )  # fmt: skip


def _cropped(bits: Bits, size: tuple[int, int], chroma: int, lines: int) -> tuple[int, int]:
    """The size within the cropping or conformance window; `lines` of a frame are cropped together."""
    if not bits.flag():
        return size
    left, right, top, bottom = (bits.golomb() for _ in range(4))
    across, down = 2 if chroma in (1, 2) else 1, (2 if chroma == 1 else 1) * lines
    width, height = size[0] - across * (left + right), size[1] - down * (top + bottom)
    if width <= 0 or height <= 0:
        raise ValueError("nothing is left of the picture")
    return width, height


def _avc_high(bits: Bits) -> tuple[int, int, bool]:
    chroma = bits.golomb()
    if chroma > 3:
        raise ValueError("no such chroma format")
    planes = chroma == 3 and bits.flag()
    depth = 8 + bits.golomb()
    bits.golomb()
    bits.flag()
    if bits.flag():
        for index in range(8 if chroma != 3 else 12):
            if bits.flag():
                _avc_scaling_list(bits, 16 if index < 6 else 64)
    return chroma, depth, planes


def _avc_scaling_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _avc_order_count(bits: Bits) -> None:
    kind = bits.golomb()
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.flag()
        bits.signed()
        bits.signed()
        for _ in range(min(bits.golomb(), 255)):
            bits.signed()


def read_hevc(nal: bytes) -> PictureHeader:
    """An H.265 sequence parameter set, its two header bytes included; raises ValueError if broken."""
    bits = Bits(unescaped(nal[2:2048]))
    bits.take(4)
    layers = bits.take(3)
    bits.flag()
    interlaced = profile(bits, layers)
    bits.golomb()
    chroma = bits.golomb()
    if chroma > 3:
        raise ValueError("no such chroma format")
    planes = chroma == 3 and bits.flag()
    size = bits.golomb(), bits.golomb()
    width, height = _cropped(bits, size, 0 if planes else chroma, 1)
    depth = 8 + bits.golomb()
    bits.golomb()
    found = PictureHeader(pixel_format(chroma, depth), depth, interlaced, width=width, height=height)
    try:
        usable = _hevc_rest(bits, layers)
    except ValueError:
        return found
    return replace(found, colour=usable.colour, pixel_aspect=usable.aspect, rate=usable.ticks)


def profile(bits: Bits, layers: int) -> bool:
    """profile_tier_level; True where the source is interlaced and not progressive."""
    bits.take(40)
    progressive, interlaced = bits.flag(), bits.flag()
    bits.take(46 + 8)
    present = [(bits.flag(), bits.flag()) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
    return interlaced and not progressive


def _hevc_rest(bits: Bits, layers: int) -> Usability:
    order_bits = bits.golomb() + 4
    for _ in range(layers + 1 if bits.flag() else 1):
        for _ in range(3):
            bits.golomb()
    for _ in range(6):
        bits.golomb()
    if bits.flag() and bits.flag():
        hevc_scaling_lists(bits)
    bits.take(2)
    if bits.flag():
        bits.take(8)
        bits.golomb()
        bits.golomb()
        bits.flag()
    reference_sets(bits)
    if bits.flag():
        for _ in range(min(bits.golomb(), 32)):
            bits.take(order_bits + 1)
    bits.take(2)
    return _vui(bits, hevc=True) if bits.flag() else Usability()


def hevc_scaling_lists(bits: Bits) -> None:
    for size in range(4):
        for _ in range(0, 6, 3 if size == 3 else 1):
            if not bits.flag():
                bits.golomb()
                continue
            if size > 1:
                bits.signed()
            for _ in range(min(64, 1 << (4 + (size << 1)))):
                bits.signed()


def reference_sets(bits: Bits) -> tuple[int, ...]:
    """How many pictures are in each of a sequence's sets of references."""
    count = bits.golomb()
    if count > _MOST_SETS:
        raise ValueError("too many reference sets")
    found: tuple[int, ...] = ()
    for _ in range(count):
        found = (*found, reference_set(bits, found))
    return found


def reference_set(bits: Bits, before: Sequence[int], *, chosen: bool = False) -> int:
    """How many pictures are in a set behind these (7.3.7): it may be told by one of them, the last if not `chosen`."""
    if before and bits.flag():
        back = bits.golomb() + 1 if chosen else 1
        if back > len(before):
            raise ValueError("no such reference set")
        bits.flag()
        bits.golomb()
        return sum(bits.flag() or bits.flag() for _ in range(before[-back] + 1))
    earlier, later = bits.golomb(), bits.golomb()
    if earlier + later > 16:
        raise ValueError("too many reference pictures")
    for _ in range(earlier + later):
        bits.golomb()
        bits.flag()
    return earlier + later


_ASPECTS = (
    None, (1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11), (80, 33), (18, 11), (15, 11),
    (64, 33), (160, 99), (4, 3), (3, 2), (2, 1),
)  # fmt: skip


def _vui(bits: Bits, *, hevc: bool) -> Usability:
    """The beginning of the video usability information: the same in both codecs as far as the colour."""
    aspect, colour, ticks = None, UNKNOWN, None
    if bits.flag():
        kind = bits.take(8)
        pair = (bits.take(16), bits.take(16)) if kind == 255 else _ASPECTS[kind] if kind < len(_ASPECTS) else None
        aspect = Fraction(*pair) if pair and all(pair) else None
    if bits.flag():
        bits.flag()
    if bits.flag():
        bits.take(3)
        full = bits.flag()
        codes = (bits.take(8), bits.take(8), bits.take(8)) if bits.flag() else (2, 2, 2)
        colour = colour_of(*codes, full=full)
    with suppress(ValueError):
        ticks = _ticks(bits, hevc=hevc)
    return Usability(aspect, colour, ticks)


def _ticks(bits: Bits, *, hevc: bool) -> Fraction | None:
    """Ticks a second: fields in H.264 (E.2.1), pictures in H.265 (E.3.1)."""
    if bits.flag():
        bits.golomb()
        bits.golomb()
    if hevc:
        bits.take(3)
        if bits.flag():
            for _ in range(4):
                bits.golomb()
    if not bits.flag():
        return None
    units, scale = bits.take(32), bits.take(32)
    return Fraction(scale, units) if units and scale else None
