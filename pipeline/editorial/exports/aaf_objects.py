"""AAF objects as they are written: each a folder with its properties in one stream, by the AAF Stored Format.

pyaaf2 writes the head of a file (classes, types, definitions) once; the mobs, a hundred objects for each clip, are
packed here, because it needs a minute for what has to be done in seconds.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from pipeline.editorial.aaf_model import NAMES_OF_PROPERTIES, Pid
from pipeline.editorial.exports.compound import Content, Folder

_DATA, _STRONG, _WEAK, _VECTOR, _SET = 0x82, 0x22, 0x02, 0x32, 0x3A
_HEAD = struct.Struct("<BBH")
_INDEX = struct.Struct("<HHH")
_LITTLE_ENDIAN, _VERSION = 0x4C, 32
_TEXT = bytes.fromhex("4c0002100100000000060e2b3401040101")  # the type that an indirect value begins with
_RATIONAL = bytes.fromhex("4c0001010300000000060e2b3401040101")
_INTEGER = bytes.fromhex("4c0007010100000000060e2b3401040101")
LARGEST = 2**31 - 1  # of a fraction's numbers

Property = tuple[int, int, bytes]


@dataclass(frozen=True, slots=True)
class Holding:
    """Properties that hold other objects, with the entries that these are."""

    property: Property
    entries: tuple[tuple[str, Content], ...]


def made(kind: bytes, properties: Sequence[Property], held: Sequence[Holding] = ()) -> Folder:
    """An object of a class."""
    every = [*properties, *(each.property for each in held)] if held else properties
    index = b"".join([_INDEX.pack(pid, form, len(data)) for pid, form, data in every])
    content = b"".join([_HEAD.pack(_LITTLE_ENDIAN, _VERSION, len(every)), index, *[data for _, _, data in every]])
    entries: list[tuple[str, Content]] = [("properties", content)]
    for each in held:
        entries += each.entries
    return Folder(kind, entries)


def number(pid: int, value: int, form: str = "<q") -> Property:
    return pid, _DATA, struct.pack(form, value)


def raw(pid: int, data: bytes) -> Property:
    return pid, _DATA, data


def text(pid: int, value: str) -> Property:
    return pid, _DATA, stored_text(value)


def rational(pid: int, value: Fraction) -> Property:
    return pid, _DATA, _pair(value)


def weak(pid: int, table: int, key: bytes, key_pid: int = Pid.DEFINITION_ID) -> Property:
    """A reference by key; `table` is the place of its set among the file's referenced properties."""
    return pid, _WEAK, struct.pack("<HHB", table, key_pid, len(key)) + key


def text_value(pid: int, value: str) -> Property:
    return pid, _DATA, _TEXT + stored_text(value)


def rational_value(pid: int, value: Fraction) -> Property:
    return pid, _DATA, _RATIONAL + _pair(value)


def integer_value(pid: int, value: int) -> Property:
    return pid, _DATA, _INTEGER + struct.pack("<i", value)


def one(pid: int, content: Folder) -> Holding:
    name, data = _reference(pid)
    return Holding((pid, _STRONG, data), ((name, content),))


def vector(pid: int, contents: Sequence[Folder]) -> Holding:
    """Objects in their order."""
    name, data = _reference(pid)
    count = len(contents)
    index = struct.pack(f"<III{count}I", count, count, 0xFFFFFFFF, *range(count))
    named = [(f"{name}{{{place:x}}}", content) for place, content in enumerate(contents)]
    return Holding((pid, _VECTOR, data), ((f"{name} index", index), *named))


def keyed(pid: int, contents: Iterable[tuple[bytes, Folder]], key_pid: int) -> Holding:
    """Objects by their keys, which property `key_pid` of each states."""
    name, data = _reference(pid)
    entries = list(contents)
    size = len(entries[0][0]) if entries else 16
    index = [struct.pack("<IIIHB", len(entries), len(entries), 0xFFFFFFFF, key_pid, size)]
    index += [struct.pack("<II", place, 1) + key for place, (key, _) in enumerate(entries)]
    named = [(f"{name}{{{place:x}}}", content) for place, (_, content) in enumerate(entries)]
    return Holding((pid, _SET, data), ((f"{name} index", b"".join(index)), *named))


@lru_cache(maxsize=1000)
def stored_text(value: str) -> bytes:
    return value.encode("utf-16-le", "surrogatepass") + b"\0\0"


@lru_cache(maxsize=64)
def _reference(pid: int) -> tuple[str, bytes]:
    """The name under which a property holds its objects, and as it is stored."""
    name = f"{NAMES_OF_PROPERTIES[pid].title().replace('_', '')}-{pid:x}" if pid < 0x8000 else f"Extension-{pid:x}"
    return name, stored_text(name)


def _pair(value: Fraction) -> bytes:
    """A fraction as two numbers of 32 bits; the nearest one where it has none."""
    if max(abs(value.numerator), value.denominator) > LARGEST:
        value = value.limit_denominator(max(1, LARGEST // (abs(int(value)) + 1)))
    return struct.pack("<ii", value.numerator, value.denominator)
