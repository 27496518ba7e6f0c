"""The hashes of hash lists: how each is computed and written.

Sources: ASC MHL specification 2.0, MHL 1.1, C4 ID (SMPTE ST 2114).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import xxhash

_C4 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_C4_LENGTH = 90


class _Digest(Protocol):
    def update(self, data: "bytes | memoryview", /) -> None: ...
    def digest(self) -> bytes: ...


def _c4(digest: bytes) -> str:
    """SHA-512 in base 58, padded to 88 figures behind `c4`."""
    number, text = int.from_bytes(digest, "big"), ""
    while number:
        number, figure = divmod(number, len(_C4))
        text = _C4[figure] + text
    return "c4" + text.rjust(_C4_LENGTH - 2, _C4[0])


# Name in the list: what computes it, and how its bytes are written. `xxhash` (32 bit) is a decimal number, `xxhash64`
# of MHL 1 has the bytes of the usual form in reverse.
_FORMATS: Mapping[str, tuple[Callable[[], _Digest], Callable[[bytes], str]]] = {
    "md5": (lambda: hashlib.md5(usedforsecurity=False), bytes.hex),
    "sha1": (lambda: hashlib.sha1(usedforsecurity=False), bytes.hex),
    "c4": (hashlib.sha512, _c4),
    "xxh64": (xxhash.xxh64, bytes.hex),
    "xxh3": (xxhash.xxh3_64, bytes.hex),
    "xxh128": (xxhash.xxh3_128, bytes.hex),
    "xxhash": (xxhash.xxh32, lambda digest: str(int.from_bytes(digest, "big"))),
    "xxhash64": (xxhash.xxh64, lambda digest: digest[::-1].hex()),
    "xxhash64be": (xxhash.xxh64, bytes.hex),
}
FORMATS: tuple[str, ...] = tuple(_FORMATS)
NULL = "null"  # of MHL 1: a file is listed without a hash


class Hasher:
    """Several hashes of the same bytes, computed together."""

    def __init__(self, formats: Sequence[str]) -> None:
        self._digests = {name: _FORMATS[name][0]() for name in formats}

    def update(self, data: "bytes | memoryview") -> None:
        for digest in self._digests.values():
            digest.update(data)

    def values(self) -> dict[str, str]:
        """Each hash as lists write it."""
        return {name: _FORMATS[name][1](digest.digest()) for name, digest in self._digests.items()}


def same(name: str, one: str, other: str) -> bool:
    """Whether two hashes of one format are the same; C4 alone minds the case of letters."""
    return one == other if name == "c4" else one.casefold() == other.casefold()


def agree(wanted: Mapping[str, str], found: Mapping[str, str]) -> bool:
    """Whether the hashes that a list gives are those that were found, format by format."""
    return all(same(name, value, found[name]) for name, value in wanted.items())


def of_bytes(name: str, data: bytes) -> str:
    """The hash of a few bytes."""
    hasher = Hasher((name,))
    hasher.update(data)
    return hasher.values()[name]


def raw(name: str, value: str) -> bytes:
    """The bytes that a hash stands for, as directory hashes take them."""
    if name != "c4":
        return bytes.fromhex(value)
    number = 0
    for figure in value.removeprefix("c4"):
        number = number * len(_C4) + _C4.index(figure)
    return number.to_bytes(64, "big")
