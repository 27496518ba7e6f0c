"""Compound files: folders and files within one file, in which AAF keeps its objects.

By Microsoft's [MS-CFB]. Reads bytes that nobody vouches for: every chain of sectors ends, no folder holds itself,
no stream is longer than the file.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from sys import byteorder
from typing import NamedTuple

from pipeline.errors import TimelineUnreadable

SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
_LAST = 0xFFFFFFFA  # numbers of sectors end here; those above have a meaning
_END = 0xFFFFFFFE
_NOBODY = 0xFFFFFFFF
_MINI = 64
_RECORD = struct.Struct("<64sHBxIII16s20xIQ")
_ENTRY = 128
_SMALL_SECTOR = 512
_STORAGES = (1, 5)  # kinds of entry: a folder, the root
_DAMAGED = "The file is damaged: its {} cannot be followed; export it again."


class Entry(NamedTuple):
    """A folder or file in the directory, by its place there."""

    number: int
    name: str
    storage: bool
    class_id: bytes
    child: int
    first: int
    size: int


@dataclass(slots=True)
class Compound:
    """An open compound file. Raises TimelineUnreadable wherever its structure does not hold."""

    content: bytes
    sector: int = 0
    cutoff: int = 0
    table: "array[int]" = field(default_factory=lambda: array("I"))
    mini_table: "array[int]" = field(default_factory=lambda: array("I"))
    directory: bytes = b""
    entries: int = 0
    mini: bytes = b""

    def __post_init__(self) -> None:
        head = self.content[:512]
        if len(head) < 512 or not head.startswith(SIGNATURE):
            raise TimelineUnreadable("The file is no compound file, as every AAF is one.")
        shift, mini_shift = struct.unpack_from("<HH", head, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise TimelineUnreadable(_DAMAGED.format("head"))
        self.sector = 1 << shift
        start, _, self.cutoff, mini_start, _ = struct.unpack_from("<5I", head, 48)
        for number in self._table_sectors(head):
            self.table.frombytes(self._sector(number))
        if byteorder == "big":
            self.table.byteswap()
        self.directory = self._read_long(start, None)
        self.entries = len(self.directory) // _ENTRY
        self.mini_table.frombytes(self._read_long(mini_start, None))
        if byteorder == "big":
            self.mini_table.byteswap()
        root = self.entry(0)
        self.mini = self._read_long(root.first, root.size)

    def entry(self, number: int) -> Entry:
        return self._entry(number)[0]

    def held_in(self, folder: Entry) -> Iterator[Entry]:
        """The entries of a folder, in no order that means anything."""
        waiting, seen = [folder.child], {folder.number}
        while waiting:
            number = waiting.pop()
            if number == _NOBODY:
                continue
            if number in seen:
                raise TimelineUnreadable(_DAMAGED.format("directory"))
            seen.add(number)
            entry, left, right = self._entry(number)
            yield entry
            waiting += (left, right)

    def _entry(self, number: int) -> tuple[Entry, int, int]:
        """An entry, and those before and after it in its folder."""
        if number >= self.entries:
            raise TimelineUnreadable(_DAMAGED.format("directory"))
        name, length, kind, left, right, child, class_id, first, size = _RECORD.unpack_from(
            self.directory, number * _ENTRY
        )
        if self.sector == _SMALL_SECTOR:
            size &= 0xFFFFFFFF  # in these the upper half may hold anything
        shown = _name(name[: max(0, min(length, 64) - 2)])
        return Entry(number, shown, kind in _STORAGES, class_id, child, first, size), left, right

    def read(self, entry: Entry) -> bytes:
        if entry.size >= self.cutoff:
            return self._read_long(entry.first, entry.size)
        if entry.size <= _MINI and entry.first < len(self.mini_table):  # one small sector, as most are
            return self._whole(self.mini[entry.first * _MINI : entry.first * _MINI + entry.size], entry.size)
        chain = self._chain(entry.first, self.mini_table, -(-entry.size // _MINI))
        if len(chain) == 1 or (chain and chain == list(range(chain[0], chain[0] + len(chain)))):  # as most are
            begin = chain[0] * _MINI
            return self._whole(self.mini[begin : begin + entry.size], entry.size)
        return self._whole(b"".join(self.mini[at * _MINI : (at + 1) * _MINI] for at in chain)[: entry.size], entry.size)

    def _read_long(self, first: int, size: int | None) -> bytes:
        """A stream in whole sectors; `size` None: as long as its chain."""
        most = len(self.table) if size is None else -(-size // self.sector)
        data = b"".join(map(self._sector, self._chain(first, self.table, most)))
        return data if size is None else self._whole(data[:size], size)

    def _sector(self, number: int) -> bytes:
        """A sector; the last one of a file may be cut short, and is filled up."""
        data = self.content[(number + 1) * self.sector : (number + 2) * self.sector]
        return data if len(data) == self.sector else data.ljust(self.sector, b"\0")

    def _chain(self, first: int, table: "array[int]", most: int) -> list[int]:
        """At most `most` sectors from `first` on: a chain that bites its own tail ends there."""
        if most > len(table):
            raise TimelineUnreadable(_DAMAGED.format("streams"))
        chain: list[int] = []
        while first < _LAST and len(chain) < most:
            if first >= len(table):
                raise TimelineUnreadable(_DAMAGED.format("streams"))
            chain.append(first)
            first = table[first]
        return chain

    def _table_sectors(self, head: bytes) -> Iterator[int]:
        """Where the table of sectors lies: 109 places in the head, the rest in a chain of their own."""
        (count, following) = (struct.unpack_from("<I", head, 44)[0], struct.unpack_from("<I", head, 68)[0])
        most = len(self.content) // self.sector + 1
        if count > most:
            raise TimelineUnreadable(_DAMAGED.format("table of sectors"))
        places = list(struct.unpack_from("<109I", head, 76))
        while len(places) < count and following < _LAST and len(places) < most * 2:
            *more, following = struct.unpack(f"<{self.sector // 4}I", self._sector(following))
            places += more
        wanted = [place for place in places[:count] if place < most]
        if len(wanted) < count:
            raise TimelineUnreadable(_DAMAGED.format("table of sectors"))
        yield from wanted

    @staticmethod
    def _whole(data: bytes, size: int) -> bytes:
        if len(data) < size:
            raise TimelineUnreadable(_DAMAGED.format("streams"))
        return data


@lru_cache(maxsize=10_000)
def _name(stored: bytes) -> str:
    return stored.decode("utf-16-le", "replace").partition("\0")[0]
