"""Compound files: folders and files within one file, in which AAF keeps its objects.

By Microsoft's [MS-CFB]. Reads bytes that nobody vouches for: every chain of sectors ends, no folder holds itself,
no stream is longer than the file.
"""

import struct
from array import array
from codecs import utf_16_le_decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from sys import byteorder
from typing import TypeAlias

from pipeline.errors import TimelineUnreadable

SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
_LAST = 0xFFFFFFFA  # numbers of sectors end here; those above have a meaning
_END = 0xFFFFFFFE
_NOBODY = 0xFFFFFFFF
_MINI = 64
_RECORD = struct.Struct("<66xBxIII16s20xIQ")
_ENTRY, _NAME = 128, 64
_SMALL_SECTOR = 512
_WIDEST = (1 << 64) - 1  # size of a stream
STORAGES = (1, 5)  # kinds of entry: a folder, the root
_DAMAGED = "The file is damaged: its {} cannot be followed; export it again."


# A folder or file as the directory has it, a plain tuple because there are a hundred for each clip: its kind, left and
# right in the tree of its folder, what it holds itself, its class, and where its content begins and its size.
Entry: TypeAlias = tuple[int, int, int, int, bytes, int, int]


def is_storage(entry: Entry) -> bool:
    """Whether an entry is a folder."""
    return entry[0] in STORAGES


def class_of(entry: Entry) -> bytes:
    return entry[4]


@dataclass(slots=True)
class Compound:
    """An open compound file. Raises TimelineUnreadable wherever its structure does not hold."""

    content: bytes
    sector: int = 0
    cutoff: int = 0
    widest: int = 0
    table: "array[int]" = field(default_factory=lambda: array("I"))
    mini_table: "array[int]" = field(default_factory=lambda: array("I"))
    following: "array[int]" = field(default_factory=lambda: array("I"))  # what a table of straight chains would hold
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
        self.widest = _WIDEST if self.sector > _SMALL_SECTOR else _WIDEST >> 32  # there the rest may hold anything
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
        self.following = array("I", range(1, len(self.mini_table) + 1))
        *_, first, size = self.entry(0)
        self.mini = self._read_long(first, size & self.widest)

    def entry(self, number: int) -> Entry:
        if number >= self.entries:
            raise TimelineUnreadable(_DAMAGED.format("directory"))
        return _RECORD.unpack_from(self.directory, number * _ENTRY)

    def held_in(self, folder: Entry) -> dict[str, Entry]:
        """The entries of a folder by their names, in no order that means anything."""
        held: dict[str, Entry] = {}
        waiting = [folder[3]]
        directory, entries, unpack = self.directory, self.entries, _RECORD.unpack_from
        while waiting:
            number = waiting.pop()
            while number != _NOBODY:
                if number >= entries:
                    raise TimelineUnreadable(_DAMAGED.format("directory"))
                at = number * _ENTRY
                name, entry = name_of(directory[at : at + _NAME]), unpack(directory, at)
                number, right = entry[1], entry[2]
                if name in held:  # met before, or another of its name: a folder holds neither
                    raise TimelineUnreadable(_DAMAGED.format("directory"))
                held[name] = entry
                if right != _NOBODY:
                    waiting.append(right)
        return held

    def read(self, entry: Entry) -> bytes:
        first, size = entry[5], entry[6] & self.widest
        if size >= self.cutoff:
            return self._read_long(first, size)
        steps, at = (size - 1) // _MINI if size else 0, first * _MINI
        if not steps or self.mini_table[first : first + steps] == self.following[first : first + steps]:  # as most are
            data = self.mini[at : at + size]
            return data if len(data) == size else self._whole(data, size)
        chain = self._chain(first, self.mini_table, steps + 1)
        return self._whole(b"".join(self.mini[at * _MINI : (at + 1) * _MINI] for at in chain)[:size], size)

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
def name_of(stored: bytes) -> str:
    return text_of(stored)


def text_of(stored: bytes) -> str:
    """Text up to its end, by the codec itself: `decode` looks it up anew for each of a million short texts."""
    return utf_16_le_decode(stored, "replace", True)[0].partition("\0")[0]
