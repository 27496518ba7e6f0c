"""HEVC pictures taken out of their file and laid in a row in which a decoder sees each of them alone (ITU-T H.265).

Alone means: with references that are all grey, no motion of other pictures, and memory that nobody wrote to. So what
comes out depends on the picture's own bytes and nothing else, and two decodings differ only where the bytes do.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import shake_128

_START = b"\0\0\0\1"
_TRAILING, _BROKEN_LINK, _CLEAN_ACCESS = 1, 16, 21  # kinds of units (table 7-1)
_SETS = (32, 33, 34)  # of the video, the sequence and the picture, in the order in which they build on each other
_MOST_SETS = 64
# A picture of 16 x 16 by sets of its own (numbers 15, 15 and 63), never shown: the change of size and sets between
# two pictures makes a decoder drop all that it kept of the first. It is a broken link with the number 65535.
_OWN_SETS = (
    "4001fc01ffff01600000030090000003000003001eac09", "4201f101600000030090000003000003001e08208845 8daeaf0820",
    "440102004107180120",
)  # fmt: skip
_BETWEEN = _START + bytes.fromhex("24028080dfffef") + b"\x55" * 24
_TAIL = 16  # bytes
_LARGE = bytes(byte | 4 for byte in range(256))


def size_bytes(record: bytes) -> int | None:
    """How many bytes say how long a unit is; None for what is no record of HEVC (ISO/IEC 14496-15, 8.3.3.1)."""
    return (record[21] & 3) + 1 if len(record) > 22 else None


def parameter_sets(record: bytes) -> tuple[bytes, ...]:
    """The sets that stand in the record."""
    at, found = 23, []
    for _ in range(record[22]):
        count, at = int.from_bytes(record[at + 1 : at + 3], "big"), at + 3
        for _ in range(min(count, _MOST_SETS)):
            end = at + 2 + int.from_bytes(record[at : at + 2], "big")
            found.append(record[at + 2 : end])
            at = end
    return known_sets((), found)


def known_sets(before: Sequence[bytes], units: Iterable[bytes]) -> tuple[bytes, ...]:
    """The sets known after these units: the newest last, each kind after those it builds on."""
    new = [unit for unit in units if len(unit) > 2 and _kind(unit) in _SETS and not _layer(unit)]
    if all(unit in before for unit in new):
        return tuple(before)
    kept = [unit for unit in before if unit not in new]
    return tuple(sorted([*kept, *new][-_MOST_SETS:], key=_kind))


def units_of(sample: bytes, size: int) -> tuple[bytes, ...]:
    """The slices and sets of the first layer in a sample, without what fills up behind them."""
    return tuple(unit for unit in _units(sample, size) if _kind(unit) in (*range(22), *_SETS) and not _layer(unit))


def _units(sample: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at + size <= len(sample):
        begin = at + size
        at = begin + int.from_bytes(sample[at:begin], "big")
        for unit in sample[begin:at].split(b"\0\0\1"):  # some phones hide a second one behind a start code
            bare = unit.rstrip(b"\0")
            while bare.endswith(b"\0\0\3"):  # words of zeros behind a slice (7.3.2.10)
                bare = bare[:-3].rstrip(b"\0")
            if len(bare) > 2:
                yield bare


def is_slice(unit: bytes) -> bool:
    return _kind(unit) < 22


def is_video_set(unit: bytes) -> bool:
    return _kind(unit) == _SETS[0]


def _kind(unit: bytes) -> int:
    return unit[0] >> 1 & 63


def _layer(unit: bytes) -> int:
    return (unit[0] & 1) << 5 | unit[1] >> 3


def opening(sets: Iterable[bytes]) -> bytes:
    """What a row of pictures begins with."""
    return b"".join(_START + unit for unit in (*sets, *map(bytes.fromhex, _OWN_SETS)))


def alone(units: Iterable[bytes]) -> bytes:
    """A picture as it was stored."""
    return _BETWEEN + b"".join(_START + _free(unit) for unit in units)


def lengthened(units: Iterable[bytes]) -> bytes:
    """The picture with rubbish behind each slice: one that was written whole stays as it is.

    The code of a slice is used up at its end (9.3.4.3.5); a decoder that lost its way in it reads on.
    """
    return alone(unit + rubbish(0, 24) if is_slice(unit) else unit for unit in units)


def altered(units: Sequence[bytes], way: int) -> bytes:
    """The picture with its last slice ending in other bytes, different ones for each `way`: a whole one changes.

    Unless those bytes happen to code what looks the same; a decoder that lost its way may never get there.
    """
    return alone((*units[:-1], units[-1][:-_TAIL] + rubbish(way + 1, _TAIL)))


def _free(unit: bytes) -> bytes:
    """A unit that no longer says how its picture depends on others: those that lack theirs would be skipped."""
    kind = _kind(unit)
    new = _TRAILING if kind < _BROKEN_LINK else _BROKEN_LINK if kind == _CLEAN_ACCESS else kind
    return bytes((unit[0] & 0x81 | new << 1,)) + unit[1:]


def rubbish(way: int, count: int) -> bytes:
    """Bytes without order, none of them small: together they are no start code and need no escape (7.4.2)."""
    return shake_128(way.to_bytes(4, "big")).digest(count).translate(_LARGE)
