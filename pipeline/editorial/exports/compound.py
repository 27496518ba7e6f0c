"""Compound files written in one go: folders and files within one file, by Microsoft's [MS-CFB].

Sectors of 4096 bytes, as AAF asks for from 2 GB on and allows before; what is smaller than a sector lies in the
stream of small sectors of 64.
"""

import struct
from array import array
from dataclasses import dataclass, field
from functools import lru_cache
from sys import byteorder
from typing import NamedTuple, TypeAlias

SECTOR = 4096
_MINI = 64
_ENTRY = struct.Struct("<64sHBBIII16sIQQIQ")
_HEAD = struct.Struct("<8s16s5H6xIIIIIIIII")
_END, _FREE, _TABLE, _TABLE_OF_TABLES, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC, 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_RED, _BLACK = 0, 1
_IN_HEAD = 109  # places of table sectors in the head
_NO_CLASS = bytes(16)
_BLANK = _ENTRY.pack(b"", 0, 0, 0, _NONE, _NONE, _NONE, _NO_CLASS, 0, 0, 0, 0, 0)


class Folder(NamedTuple):
    """A folder: the class of the object in it, and what it holds by name (31 letters at most)."""

    class_id: bytes
    entries: "list[tuple[str, Content]]"


Content: TypeAlias = Folder | bytes


@dataclass(slots=True)
class _Streams:
    """The contents of all streams, small ones and whole sectors, with the chains that they lie in."""

    small: list[bytes] = field(default_factory=list)
    small_chain: "array[int]" = field(default_factory=lambda: array("I"))
    large: list[bytes] = field(default_factory=list)
    chain: "array[int]" = field(default_factory=lambda: array("I"))

    def place(self, content: bytes) -> int:
        """The sector at which a stream begins."""
        if not content:
            return _END
        if len(content) >= SECTOR:
            return self.place_large(content)
        first, count = len(self.small_chain), -(-len(content) // _MINI)
        self.small.append(content.ljust(count * _MINI, b"\0"))
        if count > 1:
            self.small_chain.extend(range(first + 1, first + count))
        self.small_chain.append(_END)
        return first

    def place_large(self, content: bytes) -> int:
        if not content:
            return _END
        first, count = len(self.chain), -(-len(content) // SECTOR)
        self.large += (content, bytes(count * SECTOR - len(content)))
        self.chain.extend(range(first + 1, first + count))
        self.chain.append(_END)
        return first


def compound_file(root: Folder, kind: bytes) -> bytes:
    """The file as bytes; `kind` is the class that its head names."""
    streams = _Streams()
    entries = _directory(root, streams)
    small = b"".join(streams.small)
    streams.small.clear()  # ten thousand clips are a hundred megabytes here
    links = (_NONE, _NONE, 1 + _middle(0, len(root.entries)) if root.entries else _NONE)
    entries[0] = _entry("Root Entry", (_ROOT, _BLACK), links, root.class_id, (streams.place_large(small), len(small)))
    streams.small_chain.extend([_FREE] * (-len(streams.small_chain) % (SECTOR // 4)))
    small_table = streams.place_large(_numbers(streams.small_chain))
    small_sectors = len(streams.small_chain) * 4 // SECTOR
    entries += [_BLANK] * (-len(entries) % (SECTOR // _ENTRY.size))
    count = len(entries) * _ENTRY.size // SECTOR
    directory = streams.place_large(b"".join(entries))
    entries.clear()
    places, tables, following, more = _tables(streams.chain)
    head = _HEAD.pack(
        bytes.fromhex("d0cf11e0a1b11ae1"), kind, 62, 4, 0xFFFE, 12, 6, count,
        len(places), directory, 1, SECTOR, small_table, small_sectors, following, more,
    )  # fmt: skip
    first = struct.pack(f"<{_IN_HEAD}I", *(places + [_FREE] * _IN_HEAD)[:_IN_HEAD])
    return b"".join([(head + first).ljust(SECTOR, b"\0"), *streams.large, *tables])


def _directory(root: Folder, streams: _Streams) -> list[bytes]:
    """An entry for each folder and stream; the first one, the root's, is left to be filled in."""
    entries = [b""]
    waiting: list[tuple[int, str, Folder, int, int, int]] = [(0, "", root, _NONE, _NONE, _BLACK)]
    while waiting:
        number, name, folder, left, right, color = waiting.pop()
        base, held = len(entries), folder.entries
        entries += [b""] * len(held)
        child = base + _middle(0, len(held)) if held else _NONE
        entries[number] = _entry(name, (_STORAGE, color), (left, right, child), folder.class_id, (0, 0))
        ordered = sorted(held, key=_order) if len(held) > 1 else held
        for place, ((name, content), (before, after, color)) in enumerate(zip(ordered, _tree(len(held)), strict=True)):
            left, right = (base + near if near >= 0 else _NONE for near in (before, after))
            if isinstance(content, Folder):
                waiting.append((base + place, name, content, left, right, color))
            else:
                sizes = (streams.place(content), len(content))
                entries[base + place] = _entry(name, (_STREAM, color), (left, right, _NONE), _NO_CLASS, sizes)
    return entries


def _entry(
    name: str, kind: tuple[int, int], links: tuple[int, int, int], class_id: bytes, place: tuple[int, int]
) -> bytes:
    stored = _name(name)
    return _ENTRY.pack(stored, len(stored) + 2, *kind, *links, class_id, 0, 0, 0, *place)


@lru_cache(maxsize=100_000)
def _name(name: str) -> bytes:
    return name.encode("utf-16-le")


def _order(entry: tuple[str, Content]) -> tuple[int, str]:
    """The order that a directory is searched in: shorter names first, then by capital letters."""
    return len(entry[0]), entry[0].upper()


def _middle(begin: int, end: int) -> int:
    return (begin + end) // 2


@lru_cache(maxsize=64)
def _tree(count: int) -> list[tuple[int, int, int]]:
    """The search tree of so many names in order: the left and right of each (-1: none), and its colour.

    All levels but the last one are full; that one is red, so that every way down passes as many black ones.
    """
    nodes = [(-1, -1, _BLACK)] * count
    full = (count + 1).bit_length() - 1
    waiting = [(0, count, 0)] if count else []
    while waiting:
        begin, end, depth = waiting.pop()
        middle = _middle(begin, end)
        left = _middle(begin, middle) if begin < middle else -1
        right = _middle(middle + 1, end) if middle + 1 < end else -1
        nodes[middle] = (left, right, _RED if depth >= full else _BLACK)
        waiting += [(low, high, depth + 1) for low, high in ((begin, middle), (middle + 1, end)) if low < high]
    return nodes


def _tables(chain: "array[int]") -> tuple[list[int], list[bytes], int, int]:
    """The table of sectors, which lists its own too: its places, its sectors, and where more places are and how many.

    Places beyond those in the head lie in sectors that end in the number of the next of them.
    """
    used, each = len(chain), SECTOR // 4
    tables = more = 0
    while (tables, more) != (needed := _needed(used, tables, more)):
        tables, more = needed
    whole = array("I", chain)
    whole.extend([_TABLE] * tables + [_TABLE_OF_TABLES] * more)
    whole.extend([_FREE] * (-len(whole) % each))
    places = list(range(used, used + tables))
    sectors = [_numbers(whole)]
    rest = places[_IN_HEAD:]
    for number in range(more):
        held = rest[number * (each - 1) : (number + 1) * (each - 1)]
        following = used + tables + number + 1 if number + 1 < more else _END
        sectors.append(struct.pack(f"<{each}I", *held, *[_FREE] * (each - 1 - len(held)), following))
    return places, sectors, used + tables if more else _END, more


def _needed(used: int, tables: int, more: int) -> tuple[int, int]:
    each = SECTOR // 4
    tables = -(-(used + tables + more) // each)
    return tables, -(-max(0, tables - _IN_HEAD) // (each - 1))


def _numbers(table: "array[int]") -> bytes:
    if byteorder == "big":
        table = array("I", table)
        table.byteswap()
    return table.tobytes()
