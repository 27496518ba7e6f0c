"""Recordings of many gigabytes whose media are holes in the file: their indexes are whole and as long as real ones.

What a reader reads of them is what it would read of a real card; only the pictures are missing.
"""

import struct
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

GIB = 1 << 30
HOURS, RATE = 4, 50
FRAMES = HOURS * 3600 * RATE
FRAME = 2 << 20  # bytes of one frame, so that four hours are 1.4 TB
AVCC = bytes.fromhex("0164001fffe100196764000aacd9457fa9a808080a000007d20003a9")


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, *parts: bytes) -> bytes:
    return box(kind, bytes(4), *parts)


def table(kind: bytes, layout: str, rows: list[tuple[int, ...]]) -> bytes:
    return full(kind, struct.pack(">I", len(rows)), b"".join(struct.pack(">" + layout, *row) for row in rows))


def _sample_table(at: int) -> bytes:
    """Frames that show in another order than they lie, each with its size, in chunks of half a second."""
    entry = bytes(24) + struct.pack(">HH", 3840, 2160) + bytes(46) + b"\0\x18\xff\xff" + box(b"avcC", AVCC)
    chunk = RATE // 2
    sizes = [FRAME + number % 7 for number in range(FRAMES)]
    ends = list(accumulate(sizes))
    starts = [at + (ends[number - 1] if number else 0) for number in range(0, FRAMES, chunk)]
    return box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1), box(b"avc1", entry)),
        table(b"stts", "II", [(FRAMES, 1)]),
        table(b"ctts", "Ii", [(1, (2, 4, 1, 1)[number % 4]) for number in range(FRAMES)]),
        table(b"stsc", "III", [(1, chunk, 1)]),
        full(b"stsz", struct.pack(">II", 0, FRAMES), struct.pack(f">{FRAMES}I", *sizes)),
        table(b"co64", "Q", [(start,) for start in starts]),
    )


def _movie(samples: bytes, *more: bytes, length: int = FRAMES) -> bytes:
    matrix = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    header = full(b"mvhd", struct.pack(">IIII", 0, 0, 1000, length * 1000 // RATE), bytes(80))
    track = box(
        b"trak",
        box(b"tkhd", b"\0\0\0\1", struct.pack(">III", 0, 0, 1), bytes(24), matrix, bytes(8)),
        box(
            b"mdia",
            full(b"mdhd", struct.pack(">IIII", 0, 0, RATE, length), bytes(4)),
            full(b"hdlr", bytes(4), b"vide", bytes(12)),
            box(b"minf", samples),
        ),
    )
    return box(b"moov", header, track, *more)


def movie(path: Path, *, index_first: bool) -> None:
    """MOV or MP4 of four hours, its index before or behind 1.4 TB of media."""
    start = box(b"ftyp", b"mp42" if index_first else b"qt  ", bytes(4))
    media = FRAMES * (FRAME + 7)
    at = len(start) + 16
    if index_first:
        at += len(_movie(_sample_table(0)))
    index = _movie(_sample_table(at))
    before, behind = (index, b"") if index_first else (b"", index)
    with path.open("wb") as file:
        file.write(start + before + struct.pack(">I4sQ", 1, b"mdat", media + 16))
        file.seek(media, 1)
        file.write(behind)
        file.truncate(at + media + len(behind))


def fragmented(path: Path) -> None:
    """MP4 of four hours in fragments of a second, as streams and some recorders write it; no index over them."""
    entry = bytes(24) + struct.pack(">HH", 3840, 2160) + bytes(46) + b"\0\x18\xff\xff" + box(b"avcC", AVCC)
    empty = box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1), box(b"avc1", entry)),
        *(table(kind, "II", []) for kind in (b"stts", b"stsc", b"stco")),
        full(b"stsz", bytes(8)),
    )
    extends = box(b"mvex", full(b"trex", struct.pack(">IIIII", 1, 1, 1, 0, 0)))
    with path.open("wb") as file:
        file.write(box(b"ftyp", b"iso6", bytes(4)) + _movie(empty, extends, length=0))
        for number in range(HOURS * 3600):
            file.write(_fragment(number) + struct.pack(">I4s", 8 + RATE * FRAME, b"mdat"))
            file.seek(RATE * FRAME, 1)
        file.truncate(file.tell())


def _fragment(number: int) -> bytes:
    rows = b"".join(struct.pack(">IIIi", 1, FRAME, 0x10000, (2, 4, 1, 1)[frame % 4]) for frame in range(RATE))
    run = struct.pack(">III", 0x01000F01, RATE, 8) + rows
    return box(
        b"moof",
        full(b"mfhd", struct.pack(">I", number + 1)),
        box(
            b"traf",
            box(b"tfhd", struct.pack(">II", 0x020000, 1)),
            box(b"tfdt", struct.pack(">IQ", 0x01000000, number * RATE)),
            box(b"trun", run),
        ),
    )


def sound(path: Path) -> None:
    """RF64 of twelve hours in 32 channels, its notes behind the samples (EBU Tech 3306)."""
    frames, channels = 12 * 3600 * 48000, 32
    media = frames * channels * 3
    notes = b"<BWFXML><SCENE>12</SCENE><SPEED><TIMECODE_RATE>25/1</TIMECODE_RATE></SPEED></BWFXML>"
    sizes = struct.pack("<QQQI", media + 200, media, frames, 0)
    fmt = struct.pack("<HHIIHH", 1, channels, 48000, 48000 * channels * 3, channels * 3, 24)
    bext = bytes(256 + 32 + 32) + b"2019-10-1208:20:00" + struct.pack("<Q", 8 * 3600 * 48000) + bytes(256)
    with path.open("wb") as file:
        file.write(b"RF64\xff\xff\xff\xffWAVE")
        for kind, data in ((b"ds64", sizes), (b"bext", bext), (b"fmt ", fmt)):
            file.write(kind + struct.pack("<I", len(data)) + data)
        file.write(b"data\xff\xff\xff\xff")
        file.seek(media, 1)
        file.write(b"iXML" + struct.pack("<I", len(notes)) + notes)


def large_files(folder: Path) -> Iterator[tuple[str, Path, int | None]]:
    """What it is, where it is, and how many frames it has."""
    for name, make, frames in (
        ("MOV, index behind", lambda path: movie(path, index_first=False), FRAMES),
        ("MP4, index first", lambda path: movie(path, index_first=True), FRAMES),
        ("MP4, fragments", fragmented, FRAMES),
        ("RF64, notes behind", sound, None),
    ):
        path = folder / f"{name.partition(',')[0].lower()}-{name.split()[-1]}.bin"
        make(path)
        yield name, path, frames
