"""Chunks of RIFF files (Microsoft RIFF; OpenDML AVI 1.02): names, sizes, lists; nothing is read but headers."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.errors import MediaUnreadable
from pipeline.metadata.source import ByteSource

MOST_CHUNKS = 4096
LARGEST_BODY = 1024 * 1024


class Chunk(NamedTuple):
    """`start` and `end` bound the body; the body of a list begins after its name. `end` may lie beyond the file."""

    kind: bytes  # for a list its name: `hdrl`, `INFO`
    start: int
    end: int
    listed: bool = False


def chunks(source: ByteSource, start: int, end: int) -> Iterator[Chunk]:
    """The chunks side by side in a range; a list of more than any recording has is damage."""
    end = min(end, source.size)
    for _ in range(MOST_CHUNKS):
        if start + 8 > end:
            return
        head = source.upto(start, 12)
        kind, size = struct.unpack_from("<4sI", head)
        listed = kind in (b"RIFF", b"LIST") and len(head) == 12
        yield (
            Chunk(head[8:12], start + 12, start + 8 + size, True)
            if listed
            else Chunk(kind, start + 8, start + 8 + size)
        )
        start += 8 + size + (size & 1)
    raise MediaUnreadable("it has more chunks than any recording: it is damaged.")


def body(source: ByteSource, chunk: Chunk, limit: int = LARGEST_BODY) -> bytes:
    """What is in a chunk, at most `limit` bytes of it."""
    return source.upto(chunk.start, max(0, min(chunk.end - chunk.start, limit)))
