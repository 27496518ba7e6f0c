"""HEVC pictures changed so that one decoding of each shows whether its code ends where it has to (ITU-T H.265).

A decoder does not tell where it stops, and at a picture's last block it stops anyhow. So a picture gets a margin at
its right, a second tile of which the code knows nothing: one that was written whole fills all of the first tile
and nothing of the second. Where every row of blocks begins anew (wavefronts), the last one is replaced by code that
cannot begin: one that was written whole comes to its first byte exactly, and nothing is in that row. Damage in that
row alone is not seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.metadata.bits import escaped, unescaped
from pipeline.metadata.hevc_headers import HEAD, PictureSet, SequenceSet, SliceHeader, read_slice, sets_of
from pipeline.metadata.slices import is_slice, is_video_set, rubbish

_MARGIN = 64  # pixels, as many as the largest blocks have
_FEWEST_ROWS = 20  # of which one may be left out: nothing is seen of the last one
SIDE = 8  # pixels of the smallest blocks
_NO_CODE = b"\xff\x55"  # no arithmetic code begins with nine ones (9.3.2.5)
_BEHIND = rubbish(0, 1 << 16)  # a decoder that comes to its end stops as it should at the end of the slice


@dataclass(frozen=True, slots=True)
class Probe:
    """A picture's sets and its slice, changed, and where, from left and top, something is to be and nothing."""

    sets: tuple[bytes, ...]
    slice_: bytes
    full: tuple[int, int]
    empty: tuple[int, int]


def probe(known: Sequence[bytes], units: Sequence[bytes]) -> Probe | None:
    """The probe of a picture; None where it has several slices or tiles, or a width of no whole blocks."""
    slices = [unit for unit in units if is_slice(unit)]
    if len(slices) != 1:
        return None
    try:
        sequence, layout = sets_of(slices[0], known)
        header = read_slice(slices[0], sequence, layout)
    except ValueError:
        return None
    found = (_less_a_row if layout.rows else _with_margin)(slices[0], sequence, layout, header)
    return found and replace(found, sets=(*(unit for unit in known if is_video_set(unit)), *found.sets))


def _with_margin(unit: bytes, sequence: SequenceSet, layout: PictureSet, header: SliceHeader) -> Probe | None:
    if sequence.width % sequence.block:
        return None
    columns = sequence.width // sequence.block
    tiles = f"10{_golomb(1)}{_golomb(0)}0{_golomb(columns - 1)}0"
    sets = _sized(sequence, _MARGIN), _put(layout.unit, layout.tiles_place, tiles)
    head, begin = _head(unit, header)
    no_entries = escaped(_bytes(f"{head[: header.entries_at]}1{head[header.entries_at : header.end]}1"))
    slice_ = unit[:2] + no_entries + unit[begin:] + _BEHIND
    return Probe(sets, slice_, (sequence.width - SIDE, sequence.height - SIDE), (sequence.width, 0))


def _less_a_row(unit: bytes, sequence: SequenceSet, layout: PictureSet, header: SliceHeader) -> Probe | None:
    rows = -(-sequence.height // sequence.block)
    if rows < _FEWEST_ROWS or len(header.entries) != rows - 1:
        return None
    _, begin = _head(unit, header)
    last = (rows - 1) * sequence.block
    slice_ = unit[: begin + sum(header.entries)] + _NO_CODE + _BEHIND
    return Probe((_sized(sequence, 0), layout.unit), slice_, (sequence.width - SIDE, last - SIDE), (0, last))


def _head(unit: bytes, header: SliceHeader) -> tuple[str, int]:
    """The bits of a slice's header, and at which byte its code begins."""
    head = unescaped(unit[2:HEAD])[: header.end // 8 + 1]
    return _bits(head), 2 + len(escaped(head))


def _sized(sequence: SequenceSet, margin: int) -> bytes:
    """The sequence's set, so much wider, and all of its pictures in the window."""
    return _put(sequence.unit, sequence.size_place, f"{_golomb(sequence.width + margin)}{_golomb(sequence.height)}0")


def _put(unit: bytes, place: tuple[int, int], new: str) -> bytes:
    """A set with other bits at a place."""
    text = _bits(unescaped(unit[2:])).rstrip("0")
    return unit[:2] + escaped(_bytes(text[: place[0]] + new + text[place[1] :]))


def _bits(data: bytes) -> str:
    return f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"


def _bytes(text: str) -> bytes:
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _golomb(value: int) -> str:
    text = f"{value + 1:b}"
    return "0" * (len(text) - 1) + text
