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
from pipeline.editorial.imports.compound import Compound, Entry, name_of, text_of
from pipeline.errors import TimelineUnreadable

_STRONG, _VECTOR, _SET = 0x22, 0x32, 0x3A
_LITTLE_ENDIAN = 0x4C
_MOST_READS = (5_000, 10)  # objects read: so many, and for each entry of the directory so many again
_TYPE_TEXT = bytes.fromhex("0002100100000000060e2b3401040101")
_TYPE_RATIONAL = bytes.fromhex("0001010300000000060e2b3401040101")
_METADICTIONARY = 0x0001
_NUMBERS = {1: Struct("<B").unpack, 2: Struct("<H").unpack, 4: Struct("<I").unpack, 8: Struct("<q").unpack}
_NAME = 64  # bytes, the longest name of an entry
Layout: TypeAlias = dict[int, tuple[int, slice]]  # of properties by number: the form, and where the value lies


@dataclass(slots=True)
class AafFile:
    """The objects of one file. Raises TimelineUnreadable where they do not hold, or are more than any cut needs."""

    compound: Compound
    read: int = 0
    layouts: dict[bytes, Layout] = field(default_factory=dict)  # by the heads of properties: most are alike
    _pids: dict[bytes, int] | None = None

    @property
    def root(self) -> "AafObject":
        return self.object(self.compound.entry(0))

    def object(self, entry: Entry) -> "AafObject":
        self.read += 1
        if self.read > _MOST_READS[0] + _MOST_READS[1] * self.compound.entries:
            raise TimelineUnreadable("The AAF refers to the same objects over and over again, or in circles.")
        return AafObject(self, entry)

    def layout(self, properties: bytes) -> Layout:
        if len(properties) < 4:
            return {}
        head = properties[: _size_of_head(properties)]
        if head not in self.layouts:
            self.layouts[head] = _layout(head)
        return self.layouts[head]

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
    _held: dict[str, Entry] | None = None
    _layout: Layout | None = None
    _stored: bytes = b""

    @property
    def kind(self) -> bytes:
        """The identifier of its class."""
        return self.entry.class_id

    def raw(self, pid: int) -> bytes:
        layout = self._laid_out() if self._layout is None else self._layout
        found = layout.get(pid)
        return self._stored[found[1]] if found else b""

    def number(self, pid: int) -> int | None:
        data = self.raw(pid)
        unpack = _NUMBERS.get(len(data))
        return unpack(data)[0] if unpack else None

    def text(self, pid: int) -> str:
        return text_of(self.raw(pid))

    def rational(self, pid: int) -> Fraction | None:
        return _rational(self.raw(pid))

    def value(self, pid: int) -> str | Fraction | None:
        """A value that carries its type: text or a fraction, whole ones included."""
        data = self.raw(pid)
        stated, data = data[1:17], data[17:]
        if stated == _TYPE_TEXT:
            return text_of(data)
        if stated == _TYPE_RATIONAL:
            return _rational(data)
        return Fraction(int.from_bytes(data, "little", signed=True)) if len(data) in {1, 2, 4, 8} else None

    def weak(self, pid: int) -> bytes:
        """The key of the definition that a property names."""
        data = self.raw(pid)
        return data[5 : 5 + data[4]] if len(data) > 4 else b""

    def child(self, pid: int) -> "AafObject | None":
        form, data = self._property(pid)
        return self._named(name_of(data[:_NAME])) if form == _STRONG else None

    def children(self, pid: int) -> "Iterator[AafObject]":
        """What a vector or set holds, in its order."""
        form, data = self._property(pid)
        if form not in {_VECTOR, _SET}:
            return
        name = name_of(data[:_NAME])
        index = self.entries.get(f"{name} index")
        for key in self._keys(index, form) if index else ():
            held = self._named(f"{name}{{{key:x}}}")
            if held is not None:
                yield held

    def count(self, pid: int) -> int:
        """How many objects a vector or set says that it holds."""
        form, data = self._property(pid)
        index = self.entries.get(f"{name_of(data[:_NAME])} index")
        return len(self._keys(index, form)) if index and form in {_VECTOR, _SET} else 0

    def tags(self, pid: int) -> Iterator[tuple[str, str | Fraction | None]]:
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
        entry = self.entries.get("properties")
        self._stored = self.file.compound.read(entry) if entry else b""
        self._layout = self.file.layout(self._stored)
        return self._layout

    def _named(self, name: str) -> "AafObject | None":
        entry = self.entries.get(name)
        return self.file.object(entry) if entry is not None and entry.storage else None

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
    if head[0] != _LITTLE_ENDIAN:
        raise TimelineUnreadable("The AAF was written on a big-endian machine, which is not read; export it again.")
    found, at = {}, _size_of_head(head)
    for pid, form, size in struct.iter_unpack("<3H", head[4 : 4 + (len(head) - 4) // 6 * 6]):
        found[pid] = (form, slice(at, at + size))
        at += size
    return found


def _size_of_head(data: bytes) -> int:
    return 4 + 6 * (data[2] | data[3] << 8)


@lru_cache(maxsize=10_000)
def _rational(data: bytes) -> Fraction | None:
    numerator, denominator = struct.unpack("<ii", data) if len(data) == 8 else (0, 0)
    return Fraction(numerator, denominator) if denominator else None
