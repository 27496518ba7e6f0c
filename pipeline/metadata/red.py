"""RED R3D: the header block of a segment. No free decoder reads the pictures; the facts are plain.

A RED2 header holds blocks that describe picture and sound, then a directory of entries: length,
tag, value; the letters of the tag's first digit tell the type (1: text).
"""

import re
import struct
from collections.abc import Iterator

from pipeline.metadata.findings import Finding, moment, parsed, text_of
from pipeline.metadata.source import ByteSource
from pipeline.timecode import Rate

ORIGIN = "structure"
_COUNTS_AT, _BLOCKS_AT = 0x40, 0x44
_BLOCK_SIZES = (0x18, 0x14, 0x10)  # picture, sound, other
_EDGE_CODE, _TIMECODE, _SERIAL, _REEL, _DATE, _TIME, _FILE, _MODEL = (
    0x1000, 0x1001, 0x1006, 0x101A, 0x1023, 0x1024, 0x1056, 0x1071,
)  # fmt: skip
_SEGMENT = re.compile(r"(.+?)(_\d{3})?\.R3D", re.IGNORECASE)


def recognises(head: bytes) -> bool:
    return head[4:8] in (b"RED1", b"RED2")


def read(source: ByteSource) -> Iterator[Finding]:
    """What the first segment's header says; of a RED1 header only that it is one."""
    yield Finding("container", "r3d", ORIGIN, "file header")
    yield Finding("camera_make", "RED", ORIGIN, "file header")
    yield Finding("decoder", False, ORIGIN, "file header")
    size, kind = struct.unpack(">I4s", source.read(0, 8))
    if kind != b"RED2" or not _BLOCKS_AT < size <= 64 * 1024:
        return
    head = source.upto(0, size)
    rate = None
    if head[_COUNTS_AT] and head[_BLOCKS_AT : _BLOCKS_AT + 3] == b"rdi":
        width, height, under, over = struct.unpack_from(">IIxxHI", head, _BLOCKS_AT + 8)
        yield Finding("width", width, ORIGIN, "rdi block")
        yield Finding("height", height, ORIGIN, "rdi block")
        rate = Rate(over, under)
        yield Finding("rate", rate, ORIGIN, "rdi block")
    yield from _stated(dict(_texts(head)), rate)


def _texts(head: bytes) -> Iterator[tuple[int, str]]:
    """The entries of type text."""
    at = _BLOCKS_AT + sum(count * size for count, size in zip(head[_COUNTS_AT:], _BLOCK_SIZES, strict=False))
    end = min(at + int.from_bytes(head[at : at + 2], "big"), len(head))
    at += 2
    while at + 4 <= end:
        size, tag = struct.unpack_from(">HH", head, at)
        if size < 4:
            return
        value = text_of(head[at + 4 : at + size]) if tag >> 12 == 1 else None
        if value:
            yield tag, value
        at += size


def _stated(texts: dict[int, str], rate: Rate | None) -> Iterator[Finding]:
    for tag, key in ((_SERIAL, "camera_serial"), (_REEL, "reel"), (_MODEL, "camera_model")):
        if tag in texts:
            yield Finding(key, texts[tag], ORIGIN, f"R3D entry {tag:#06x}")
    if match := _SEGMENT.fullmatch(texts.get(_FILE, "")):
        yield Finding("clip_name", match[1], ORIGIN, f"R3D entry {_FILE:#06x}")
    day, clock = texts.get(_DATE, ""), texts.get(_TIME, "")
    if (
        len(day) == 8
        and len(clock) == 6
        and (found := moment(f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}"))
    ):
        yield Finding("recorded_at", found, ORIGIN, "R3D entries of date and time")
    for tag, name in ((_TIMECODE, "time of day"), (_EDGE_CODE, "edge code")):
        if rate and (code := parsed(texts.get(tag, ""), rate)):
            yield Finding(
                "start_timecode", code, ORIGIN, f"R3D {name}", "RED keeps two timecodes; time of day is preferred"
            )
