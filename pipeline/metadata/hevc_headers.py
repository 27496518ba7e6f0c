"""What HEVC's parameter sets and the header of a picture's first slice say, as far as one is read by the other.

ITU-T H.265, 7.3.2.2, 7.3.2.3 and 7.3.6. Places are bits behind the two bytes that begin a unit, all of it unescaped.
What is rare (lists of references that are changed, extensions, slices of many tiles) raises ValueError.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.metadata.bits import Bits, unescaped
from pipeline.metadata.h26x import hevc_scaling_lists, profile, reference_set, reference_sets

HEAD = 4096  # bytes of a slice, more than its header takes
_SEQUENCE, _PICTURE = 33, 34  # kinds of units
_INTRA_ACCESS, _IDR = range(16, 24), (19, 20)
_BOTH, _INTRA = 0, 2  # types of slices
_MOST_LONG, _MOST_REFERENCES, _MOST_ENTRIES = 32, 16, 600


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """`size_place` is where width, height and window stand; `block` is the side of the largest blocks."""

    unit: bytes
    width: int
    height: int
    block: int
    size_place: tuple[int, int]
    planes: bool
    chroma: bool
    order_bits: int
    references: tuple[int, ...]
    long_terms: int | None
    motion: bool
    offsets: bool


@dataclass(frozen=True, slots=True)
class PictureSet:
    """`tiles_place` is where the flags for tiles and rows stand; `rows` says that each row of blocks begins anew."""

    unit: bytes
    tiles_place: tuple[int, int]
    rows: bool
    output: bool
    extra: int
    first_choice: bool
    references: tuple[int, int]
    chroma_offsets: bool
    weighted: tuple[bool, bool]
    across: bool
    overridden: bool
    unfiltered: bool
    extended: bool


@dataclass(frozen=True, slots=True)
class SliceHeader:
    """`entries`: bytes between the beginnings of rows; they are told at `entries_at`, and the header ends at `end`."""

    entries: tuple[int, ...]
    entries_at: int
    end: int


def sets_of(slice_: bytes, known: Iterable[bytes]) -> tuple[SequenceSet, PictureSet]:
    """The sets that a slice names. Raises ValueError where they cannot be read."""
    bits = Bits(unescaped(slice_[2:HEAD]))
    bits.take(2 if _kind(slice_) in _INTRA_ACCESS else 1)
    number, sequences, layouts = bits.golomb(), {}, {}
    for unit in known:
        bits = Bits(unescaped(unit[2:]))
        if _kind(unit) == _SEQUENCE:
            _levels(bits)
            sequences[bits.golomb()] = unit
        elif _kind(unit) == _PICTURE:
            layouts[bits.golomb()] = unit, bits.golomb()
    layout, above = layouts.get(number, (b"", 0))
    return read_sequence_set(sequences.get(above, b"")), read_picture_set(layout)


def _kind(unit: bytes) -> int:
    return unit[0] >> 1 & 63


def _levels(bits: Bits) -> int:
    bits.take(4)
    layers = bits.take(3)
    bits.flag()
    profile(bits, layers)
    return layers


def read_sequence_set(unit: bytes) -> SequenceSet:
    bits = Bits(unescaped(unit[2:]))
    layers = _levels(bits)
    bits.golomb()
    chroma = bits.golomb()
    planes = chroma == 3 and bits.flag()
    begin = bits.at
    width, height = bits.golomb(), bits.golomb()
    for _ in range(4 if bits.flag() else 0):
        bits.golomb()
    place = begin, bits.at
    bits.golomb()
    bits.golomb()
    order_bits = bits.golomb() + 4
    for _ in range(3 * (layers + 1 if bits.flag() else 1)):
        bits.golomb()
    block = 8 << min(bits.golomb() + bits.golomb(), 3)
    for _ in range(4):
        bits.golomb()
    if bits.flag() and bits.flag():
        hevc_scaling_lists(bits)
    bits.flag()
    offsets = bits.flag()
    if bits.flag():
        bits.take(8)
        bits.golomb()
        bits.golomb()
        bits.flag()
    references = reference_sets(bits)
    long_terms = min(bits.golomb(), _MOST_LONG) if bits.flag() else None
    bits.take((long_terms or 0) * (order_bits + 1))
    return SequenceSet(
        unit, width, height, block, place, planes, chroma > 0 and not planes, order_bits, references, long_terms,
        bits.flag(), offsets,
    )  # fmt: skip


def read_picture_set(unit: bytes) -> PictureSet:
    bits = Bits(unescaped(unit[2:]))
    bits.golomb()
    bits.golomb()
    bits.flag()
    output, extra = bits.flag(), bits.take(3)
    bits.flag()
    first_choice = bits.flag()
    references = bits.golomb() + 1, bits.golomb() + 1
    bits.signed()
    bits.take(2)
    if bits.flag():
        bits.golomb()
    bits.signed()
    bits.signed()
    chroma_offsets, weighted = bits.flag(), (bits.flag(), bits.flag())
    bits.flag()
    place = bits.at, bits.at + 2
    if bits.flag():
        raise ValueError("it has tiles of its own")
    rows = bits.flag()
    across = bits.flag()
    overridden = unfiltered = False
    if bits.flag():
        overridden, unfiltered = bits.flag(), bits.flag()
        _signed(bits, 0 if unfiltered else 2)
    if bits.flag():
        hevc_scaling_lists(bits)
    if bits.flag():
        raise ValueError("the lists of references are changed")
    bits.golomb()
    extended = bits.flag()
    if bits.flag():
        raise ValueError("it has extensions")
    return PictureSet(
        unit, place, rows, output, extra, first_choice, references, chroma_offsets, weighted, across, overridden,
        unfiltered, extended,
    )  # fmt: skip


def _signed(bits: Bits, count: int) -> None:
    for _ in range(count):
        bits.signed()


def read_slice(unit: bytes, sequence: SequenceSet, layout: PictureSet) -> SliceHeader:
    """Read the header of a picture's first slice."""
    bits = Bits(unescaped(unit[2:HEAD]))
    kind = _kind(unit)
    if not bits.flag():
        raise ValueError("not the first slice")
    if kind in _INTRA_ACCESS:
        bits.flag()
    bits.golomb()
    bits.take(layout.extra)
    type_ = bits.golomb()
    bits.take(layout.output + 2 * sequence.planes)
    motion = kind not in _IDR and _order(bits, sequence)
    filtered = [bits.flag() for _ in range(sequence.offsets * (1 + sequence.chroma))]
    if type_ != _INTRA:
        _prediction(bits, sequence, layout, both=type_ == _BOTH, motion=motion)
    _signed(bits, 1 + 2 * layout.chroma_offsets)
    unfiltered = layout.unfiltered
    if layout.overridden and bits.flag():
        unfiltered = bits.flag()
        _signed(bits, 0 if unfiltered else 2)
    if layout.across and (any(filtered) or not unfiltered):
        bits.flag()
    at = bits.at
    entries = _entries(bits) if layout.rows else ()
    if layout.extended:
        bits.take(8 * min(bits.golomb(), 256))
    end = bits.at
    if bits.take(8 - end % 8) != 1 << 7 - end % 8:
        raise ValueError("a header is not aligned")
    return SliceHeader(entries, at, end)


def _order(bits: Bits, sequence: SequenceSet) -> bool:
    """The place in order and the references; True where motion is foretold from another picture."""
    bits.take(sequence.order_bits)
    if not bits.flag():
        reference_set(bits, sequence.references, chosen=True)
    else:
        bits.take(max(0, len(sequence.references) - 1).bit_length())
    if sequence.long_terms is not None:
        named = bits.golomb() if sequence.long_terms else 0
        for number in range(min(named + bits.golomb(), _MOST_LONG + 1)):
            bits.take((sequence.long_terms - 1).bit_length() if number < named else sequence.order_bits + 1)
            if bits.flag():
                bits.golomb()
    return sequence.motion and bits.flag()


def _prediction(bits: Bits, sequence: SequenceSet, layout: PictureSet, *, both: bool, motion: bool) -> None:
    """What only slices say that are foretold from other pictures."""
    counts = layout.references
    if bits.flag():
        counts = bits.golomb() + 1, bits.golomb() + 1 if both else 1
    bits.take(both + layout.first_choice)
    if motion:
        first = not both or bits.flag()
        if counts[0 if first else 1] > 1:
            bits.golomb()
    if layout.weighted[both]:
        _weights(bits, counts[: 1 + both], chroma=sequence.chroma)
    bits.golomb()


def _weights(bits: Bits, counts: Sequence[int], *, chroma: bool) -> None:
    """pred_weight_table."""
    bits.golomb()
    _signed(bits, int(chroma))
    for count in counts:
        if count > _MOST_REFERENCES:
            raise ValueError("too many references")
        bright = [bits.flag() for _ in range(count)]
        coloured = [chroma and bits.flag() for _ in range(count)]
        _signed(bits, 2 * sum(bright) + 4 * sum(coloured))


def _entries(bits: Bits) -> tuple[int, ...]:
    count = bits.golomb()
    if count > _MOST_ENTRIES:
        raise ValueError("too many rows")
    length = bits.golomb() + 1 if count else 0
    return tuple(bits.take(length) + 1 for _ in range(count))
