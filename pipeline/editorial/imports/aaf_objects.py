"""The objects of an AAF file: each a folder of a compound file, with its properties in one stream.

By the AAF Stored Format Specification. Owns how objects and values lie in the file; what they mean is aaf.py's.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from pipeline.editorial.aaf_model import Pid
from pipeline.editorial.imports.compound import Compound, Entry
from pipeline.errors import TimelineUnreadable

_STRONG, _VECTOR, _SET = 0x22, 0x32, 0x3A
_LITTLE_ENDIAN = 0x4C
_MOST_READS = (5_000, 10)  # objects read: so many, and for each entry of the directory so many again
_TYPE_TEXT = bytes.fromhex("0002100100000000060e2b3401040101")
_TYPE_RATIONAL = bytes.fromhex("0001010300000000060e2b3401040101")
_METADICTIONARY = 0x0001


@dataclass(slots=True)
class AafFile:
    """The objects of one file. Raises TimelineUnreadable where they do not hold, or are more than any cut needs."""

    compound: Compound
    read: int = 0
    _pids: dict[bytes, int] | None = None

    @property
    def root(self) -> "AafObject":
        return self.object(self.compound.entry(0))

    def object(self, entry: Entry) -> "AafObject":
        self.read += 1
        if self.read > _MOST_READS[0] + _MOST_READS[1] * self.compound.entries:
            raise TimelineUnreadable("The AAF refers to the same objects over and over again, or in circles.")
        return AafObject(self, entry)

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
    _stored: dict[int, tuple[int, bytes]] | None = None
    _held: dict[str, Entry] = field(default_factory=dict)

    @property
    def kind(self) -> bytes:
        """The identifier of its class."""
        return self.entry.class_id

    def raw(self, pid: int) -> bytes:
        return self._properties.get(pid, (0, b""))[1]

    def number(self, pid: int) -> int | None:
        data = self.raw(pid)
        return int.from_bytes(data, "little", signed=len(data) == 8) if len(data) in {1, 2, 4, 8} else None

    def text(self, pid: int) -> str:
        return _text(self.raw(pid))

    def rational(self, pid: int) -> Fraction | None:
        return _rational(self.raw(pid))

    def value(self, pid: int) -> str | Fraction | None:
        """A value that carries its type: text or a fraction, whole ones included."""
        data = self.raw(pid)
        stated, data = data[1:17], data[17:]
        if stated == _TYPE_TEXT:
            return _text(data)
        if stated == _TYPE_RATIONAL:
            return _rational(data)
        return Fraction(int.from_bytes(data, "little", signed=True)) if len(data) in {1, 2, 4, 8} else None

    def weak(self, pid: int) -> bytes:
        """The key of the definition that a property names."""
        data = self.raw(pid)
        return data[5 : 5 + data[4]] if len(data) > 4 else b""

    def child(self, pid: int) -> "AafObject | None":
        form, data = self._properties.get(pid, (0, b""))
        return self._named(_text(data)) if form == _STRONG else None

    def children(self, pid: int) -> "Iterator[AafObject]":
        """What a vector or set holds, in its order."""
        form, data = self._properties.get(pid, (0, b""))
        if form not in {_VECTOR, _SET}:
            return
        name = _text(data)
        index = self.entries.get(f"{name} index")
        for key in self._keys(index, form) if index else ():
            held = self._named(f"{name}{{{key:x}}}")
            if held is not None:
                yield held

    def count(self, pid: int) -> int:
        """How many objects a vector or set says that it holds."""
        form, data = self._properties.get(pid, (0, b""))
        index = self.entries.get(f"{_text(data)} index")
        return len(list(self._keys(index, form))) if index and form in {_VECTOR, _SET} else 0

    def tags(self, pid: int) -> Iterator[tuple[str, str | Fraction | None]]:
        """Tagged values: names and what they say."""
        for tag in self.children(pid) if pid else ():
            yield tag.text(Pid.TAG_NAME), tag.value(Pid.TAG_VALUE)

    @property
    def entries(self) -> dict[str, Entry]:
        if not self._held:
            self._held = {entry.name: entry for entry in self.file.compound.held_in(self.entry)}
        return self._held

    @property
    def _properties(self) -> dict[int, tuple[int, bytes]]:
        if self._stored is None:
            entry = self.entries.get("properties")
            self._stored = _properties(self.file.compound.read(entry)) if entry else {}
        return self._stored

    def _named(self, name: str) -> "AafObject | None":
        entry = self.entries.get(name)
        return self.file.object(entry) if entry is not None and entry.storage else None

    def _keys(self, index: Entry, form: int) -> Iterator[int]:
        data = self.file.compound.read(index)
        if form == _VECTOR:
            yield from (each[0] for each in struct.iter_unpack("<I", data[12 : len(data) // 4 * 4]))
        elif len(data) > 14 and data[14] in {16, 32}:
            step = 8 + data[14]
            yield from (struct.unpack_from("<I", data, at)[0] for at in range(15, len(data) - step + 1, step))


def _properties(data: bytes) -> dict[int, tuple[int, bytes]]:
    """Number, form and value of each; a count or length beyond the stream leaves the rest unread."""
    if len(data) < 4:
        return {}
    if data[0] != _LITTLE_ENDIAN:
        raise TimelineUnreadable("The AAF was written on a big-endian machine, which is not read; export it again.")
    count = min(data[2] | data[3] << 8, (len(data) - 4) // 6)
    numbers = struct.unpack_from(f"<{3 * count}H", data, 4)
    found, at = {}, 4 + 6 * (data[2] | data[3] << 8)
    for place in range(0, 3 * count, 3):
        size = numbers[place + 2]
        found[numbers[place]] = (numbers[place + 1], data[at : at + size])
        at += size
    return found


def _text(data: bytes) -> str:
    return data.decode("utf-16-le", "replace").partition("\0")[0]


def _rational(data: bytes) -> Fraction | None:
    numerator, denominator = struct.unpack("<ii", data) if len(data) == 8 else (0, 0)
    return Fraction(numerator, denominator) if denominator else None
