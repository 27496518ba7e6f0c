"""The objects of an AAF file: each a folder of a compound file, with its properties in one stream.

By the AAF Stored Format Specification. Owns how objects and values lie in the file; what they mean is aaf.py's.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from struct import Struct
from typing import TypeAlias

from pipeline.editorial.aaf_model import Pid
from pipeline.editorial.imports.compound import STORAGES, Compound, Entry, name_of, text_of
from pipeline.errors import TimelineUnreadable
from pipeline.timecode import Rate

_STRONG, _VECTOR, _SET = 0x22, 0x32, 0x3A
_MANY = frozenset((_VECTOR, _SET))
_LITTLE_ENDIAN = 0x4C
_MOST_READS = (5_000, 10)  # objects read: so many, and for each entry of the directory so many again
_TYPE_TEXT = bytes.fromhex("0002100100000000060e2b3401040101")
_TYPE_RATIONAL = bytes.fromhex("0001010300000000060e2b3401040101")
_METADICTIONARY = 0x0001
_NUMBERS = {1: Struct("<B").unpack, 2: Struct("<H").unpack, 4: Struct("<I").unpack, 8: Struct("<q").unpack}
_NAME = 64  # bytes, the longest name of an entry, and the longest values that are remembered
Value: TypeAlias = str | Fraction | None
Layout: TypeAlias = dict[int, tuple[int, slice]]  # of properties by number: the form, and where the value lies


@dataclass(slots=True)
class AafFile:
    """The objects of one file. Raises TimelineUnreadable where they do not hold, or are more than any cut needs."""

    compound: Compound
    left: int = 0  # how many more objects are read
    layouts: dict[bytes, Layout] = field(default_factory=dict)  # by the heads of properties: most are alike
    _pids: dict[bytes, int] | None = None

    def __post_init__(self) -> None:
        self.left = _MOST_READS[0] + _MOST_READS[1] * self.compound.entries

    @property
    def root(self) -> "AafObject":
        return self.object(self.compound.entry(0))

    def object(self, entry: Entry) -> "AafObject":
        self.left -= 1
        if self.left < 0:
            raise TimelineUnreadable("The AAF refers to the same objects over and over again, or in circles.")
        return AafObject(self, entry, entry[4])

    def pid(self, definition: bytes) -> int:
        """The number that this file gives to an extension, 0 where it has none."""
        if self._pids is None:
            self._pids = dict(self._defined())
        return self._pids.get(definition, 0)

    def _defined(self) -> Iterator[tuple[bytes, int]]:
        dictionary = self.root.child(_METADICTIONARY)
        for defined in dictionary.children(Pid.CLASSES) if dictionary else ():
            for each in defined.children(Pid.PROPERTIES):
                yield each.raw(Pid.IDENTIFICATION), each.number(Pid.LOCAL_IDENTIFICATION) or 0


@dataclass(slots=True, eq=False)
class AafObject:
    """One object; what it does not state is None or empty."""

    file: AafFile
    entry: Entry
    kind: bytes  # the identifier of its class
    _held: dict[str, Entry] | None = None
    _layout: Layout | None = None
    _stored: bytes = b""

    def raw(self, pid: int) -> bytes:
        layout = self._laid_out() if self._layout is None else self._layout
        found = layout.get(pid)
        return self._stored[found[1]] if found else b""

    def number(self, pid: int) -> int | None:
        layout = self._laid_out() if self._layout is None else self._layout
        found = layout.get(pid)
        if found is None:
            return None
        data = self._stored[found[1]]
        unpack = _NUMBERS.get(len(data))
        return unpack(data)[0] if unpack else None

    def text(self, pid: int) -> str:
        data = self.raw(pid)
        return name_of(data) if len(data) <= _NAME else text_of(data)

    def rational(self, pid: int) -> Fraction | None:
        return _rational(self.raw(pid))

    def value(self, pid: int) -> Value:
        """A value that carries its type: text or a fraction, whole ones included."""
        data = self.raw(pid)
        return _short_value(data) if len(data) <= _NAME else _value(data)

    def weak(self, pid: int) -> bytes:
        """The key of the definition that a property names."""
        data = self.raw(pid)
        return data[5 : 5 + data[4]] if len(data) > 4 else b""

    def child(self, pid: int) -> "AafObject | None":
        form, data = self._property(pid)
        return self._named(name_of(data[:_NAME])) if form == _STRONG else None

    def children(self, pid: int) -> "Iterator[AafObject]":
        """What a vector or set holds, in its order."""
        layout = self._laid_out() if self._layout is None else self._layout
        found = layout.get(pid)
        if found is None or found[0] not in _MANY:
            return
        form, data = found[0], self._stored[found[1]]
        name, held, make = name_of(data[:_NAME]), self.entries, self.file.object
        index = held.get(f"{name} index")
        for key in self._keys(index, form) if index else ():
            entry = held.get(f"{name}{{{key:x}}}")
            if entry is not None and entry[0] in STORAGES:
                yield make(entry)

    def count(self, pid: int) -> int:
        """How many objects a vector or set says that it holds."""
        form, data = self._property(pid)
        index = self.entries.get(f"{name_of(data[:_NAME])} index")
        return len(self._keys(index, form)) if index and form in _MANY else 0

    def tags(self, pid: int) -> Iterator[tuple[str, Value]]:
        """Tagged values: names and what they say."""
        for tag in self.children(pid) if pid else ():
            yield tag.text(Pid.TAG_NAME), tag.value(Pid.TAG_VALUE)

    @property
    def entries(self) -> dict[str, Entry]:
        if self._held is None:
            self._held = self.file.compound.held_in(self.entry)
        return self._held

    def _property(self, pid: int) -> tuple[int, bytes]:
        """The form and value of a property."""
        layout = self._laid_out() if self._layout is None else self._layout
        found = layout.get(pid)
        return (found[0], self._stored[found[1]]) if found else (0, b"")

    def _laid_out(self) -> Layout:
        """Where the properties lie; they are read when one is first asked for."""
        file, held = self.file, self._held
        if held is None:
            held = self._held = file.compound.held_in(self.entry)
        entry = held.get("properties")
        stored = self._stored = file.compound.read(entry) if entry else b""
        head = stored[: 4 + 6 * (stored[2] | stored[3] << 8)] if len(stored) > 3 else b""
        layout = self._layout = file.layouts.get(head)
        if layout is None:
            layout = self._layout = file.layouts[head] = _layout(head)
        return layout

    def _named(self, name: str) -> "AafObject | None":
        entry = self.entries.get(name)
        return self.file.object(entry) if entry is not None and entry[0] in STORAGES else None

    def _keys(self, index: Entry, form: int) -> Sequence[int]:
        data = self.file.compound.read(index)
        if form == _VECTOR:
            return struct.unpack_from(f"<{max(0, len(data) // 4 - 3)}I", data, min(12, len(data)))
        if len(data) > 14 and data[14] in {16, 32}:
            step = 8 + data[14]
            return [struct.unpack_from("<I", data, at)[0] for at in range(15, len(data) - step + 1, step)]
        return ()


def _layout(head: bytes) -> Layout:
    """What the head of a stream of properties states; a count or length beyond the stream leaves the rest unread."""
    if not head:
        return {}
    if head[0] != _LITTLE_ENDIAN:
        raise TimelineUnreadable("The AAF was written on a big-endian machine, which is not read; export it again.")
    found, at = {}, 4 + 6 * (head[2] | head[3] << 8)
    for pid, form, size in struct.iter_unpack("<3H", head[4 : 4 + (len(head) - 4) // 6 * 6]):
        found[pid] = (form, slice(at, at + size))
        at += size
    return found


def _value(data: bytes) -> Value:
    stated, data = data[1:17], data[17:]
    if stated == _TYPE_TEXT:
        return text_of(data)
    if stated == _TYPE_RATIONAL:
        return _rational(data)
    return Fraction(int.from_bytes(data, "little", signed=True)) if len(data) in {1, 2, 4, 8} else None


def _rational(data: bytes) -> Fraction | None:
    return _fraction(data) if len(data) == 8 else None


@lru_cache(maxsize=10_000)
def _fraction(data: bytes) -> Fraction | None:
    numerator, denominator = struct.unpack("<ii", data)
    if numerator > 0 and denominator > 0:
        return Rate(numerator, denominator).fraction  # the same object for equals: `is` is quicker than `==`
    return Fraction(numerator, denominator) if denominator else None


_short_value = lru_cache(maxsize=10_000)(_value)  # crews say the same of many clips
