"""JPEG stills (ITU-T T.81): the size of the picture, and the Exif and XMP in its APP1 segments.

Segments are walked up to the compressed picture, which is never read.
"""

import struct
from collections.abc import Iterator

from pipeline.metadata import exif, xmp
from pipeline.metadata.findings import Finding
from pipeline.metadata.source import ByteSource

_MOST_SEGMENTS = 256
_APP1, _SCAN, _END = 0xE1, 0xDA, 0xD9
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # not tables of codes, which lie between them
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"


def recognises(head: bytes) -> bool:
    return head[:3] == b"\xff\xd8\xff"


def read(source: ByteSource) -> Iterator[Finding]:
    for marker, data in _segments(source):
        if marker in _FRAMES:
            height, width = struct.unpack_from(">xHH", data)
            yield Finding("width", width, "structure", "JPEG frame header")
            yield Finding("height", height, "structure", "JPEG frame header")
        elif marker == _APP1 and data.startswith(_EXIF):
            yield from exif.read(ByteSource.of_bytes(data[len(_EXIF) :]))
        elif marker == _APP1 and data.startswith(_XMP):
            yield from xmp.read(data[len(_XMP) :], "XMP")


def _segments(source: ByteSource) -> Iterator[tuple[int, bytes]]:
    at = 2
    for _ in range(_MOST_SEGMENTS):
        head = source.upto(at, 4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (_SCAN, _END):
            return
        size = int.from_bytes(head[2:], "big")
        yield head[1], source.upto(at + 4, max(0, size - 2))
        at += 2 + size
