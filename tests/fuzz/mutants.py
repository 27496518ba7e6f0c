"""Damage to real inputs, the same for the same number: bytes, sizes, words, copies, gaps, cuts."""

import random
import re
from collections.abc import Sequence

EDGES = (0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
WORDS = (
    b"-1", b"0", b"1e999", b"NaN", b"9" * 400, b"9" * 5000, b"00:00:00:00", b"99:99:99;99", b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"<a>" * 100, b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"]]>", b'"' * 9, b"(" * 300, b"[" * 300, b"\0" * 64,
    "\u0661\u0662\u00b2".encode(), b"\r", b"\n" * 50, b",", b";", b"::", b"%s%n", b"-", b"1/0", b"0000-00-00T00:00:00Z",
)  # fmt: skip
_NAMES = re.compile(rb"[A-Za-z\xa9][A-Za-z0-9 ]{3}")

Ranges = Sequence[tuple[int, int]]


def mutant(seed: bytes, read: Ranges, chance: random.Random) -> bytes:
    """The seed with one to six damages, most of them in the ranges that its reader looks at."""
    data = bytearray(seed)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        at = _place(data, read, chance)
        chance.choice(_DAMAGES)(data, at, chance)
    return bytes(data)


def _place(data: bytearray, read: Ranges, chance: random.Random) -> int:
    if read and chance.random() < 0.9:
        start, length = chance.choice(read)
        if chance.random() < 0.5:
            length = min(length, 512)  # headers stand at the beginning of what is read
        return min(start + chance.randrange(max(1, length)), max(0, len(data) - 1))
    return chance.randrange(max(1, len(data)))


def _flip(data: bytearray, at: int, chance: random.Random) -> None:
    data[at : at + 1] = bytes([(data[at] if data else 0) ^ 1 << chance.randrange(8)])


def _bytes(data: bytearray, at: int, chance: random.Random) -> None:
    new = chance.randbytes(chance.choice((1, 1, 2, 4, 16)))
    data[at : at + len(new)] = new


def _edge(data: bytearray, at: int, chance: random.Random) -> None:
    """A number at its limits, of any width, in either order."""
    width = chance.choice((1, 2, 4, 8))
    value = chance.choice((*EDGES, len(data), at)) & ((1 << 8 * width) - 1)
    data[at : at + width] = value.to_bytes(width, chance.choice(("big", "little")))


def _nudge(data: bytearray, at: int, chance: random.Random) -> None:
    width = chance.choice((1, 2, 4))
    old = int.from_bytes(data[at : at + width], "big")
    data[at : at + width] = (max(0, old + chance.choice((-8, -1, 1, 8))) % (1 << 8 * width)).to_bytes(width, "big")


def _word(data: bytearray, at: int, chance: random.Random) -> None:
    word = chance.choice(WORDS)
    data[at : at + (len(word) if chance.random() < 0.5 else 0)] = word


def _name(data: bytearray, at: int, chance: random.Random) -> None:
    """One four-letter name in place of another that stands near."""
    names = list(_NAMES.finditer(data, max(0, at - 2000), at + 2000))
    if len(names) > 1:
        one, other = chance.sample(names, 2)
        data[one.start() : one.end()] = other[0]


def _copy(data: bytearray, at: int, chance: random.Random) -> None:
    length, source = chance.choice((4, 16, 64, 500)), chance.randrange(max(1, len(data)))
    data[at : at + chance.choice((0, length))] = data[source : source + length]


def _gap(data: bytearray, at: int, chance: random.Random) -> None:
    del data[at : at + chance.choice((1, 2, 4, 16, 200))]


def _cut(data: bytearray, at: int, _: random.Random) -> None:
    del data[max(1, at) :]


def _repeat(data: bytearray, at: int, chance: random.Random) -> None:
    """The same piece many times over: deep nesting, long lists."""
    piece = bytes(data[at : at + chance.choice((4, 8, 32, 128))])
    data[at:at] = piece * chance.choice((2, 50, 400))


_DAMAGES = (_flip, _bytes, _edge, _edge, _nudge, _word, _name, _copy, _gap, _cut, _repeat)
