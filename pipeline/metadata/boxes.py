"""Boxes (atoms) of QuickTime, MP4 and 3GP files: ISO/IEC 14496-12, 4.2; QuickTime File Format.

A box is a range of the file. Nothing is read but headers, until a reader asks for a body.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pipeline.errors import MediaUnreadable
from pipeline.metadata.source import ByteSource

MOST_BOXES = 200_000
LARGEST_BODY = 2 * 1024 * 1024


class Box(NamedTuple):
    """`start` and `end` bound the body; `whole` is False where the file ends inside it."""

    kind: bytes
    start: int
    end: int
    whole: bool = True


def boxes(source: ByteSource, start: int, end: int) -> Iterator[Box]:
    """The boxes side by side in a range. A size that cannot be ends the walk with a refusal."""
    for _ in range(MOST_BOXES):
        if start + 8 > end:
            return
        head = source.peek(start, 16)
        size, body = int.from_bytes(head[:4], "big"), start + 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), start + 16
        elif size == 0:
            size = end - start
        if size < body - start:
            raise MediaUnreadable(f"its {name(head[4:8])} box has an impossible size: it is damaged.")
        yield Box(head[4:8], body, min(start + size, end), start + size <= end)
        start += size
    raise MediaUnreadable("it has more boxes than any recording: it is damaged.")


def children(source: ByteSource, box: Box, *path: bytes) -> list[Box]:
    """The boxes inside `box`, or inside the first box that `path` leads to; [] where it leads nowhere."""
    for kind in path:
        found = first(source, box, kind)
        if found is None:
            return []
        box = found
    return list(boxes(source, box.start, box.end))


def first(source: ByteSource, box: Box, *path: bytes) -> Box | None:
    """The first box that `path` leads to."""
    for kind in path:
        found = next((child for child in boxes(source, box.start, box.end) if child.kind == kind), None)
        if found is None:
            return None
        box = found
    return box


def body(source: ByteSource, box: Box, limit: int = LARGEST_BODY) -> bytes:
    """What is in a box, at most `limit` bytes of it."""
    return source.read(box.start, min(box.end - box.start, limit))


def name(kind: bytes) -> str:
    return "".join(chr(letter) if 32 < letter < 127 else "?" for letter in kind)
