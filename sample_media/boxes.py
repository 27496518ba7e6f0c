"""MOV and MP4 boxes: what cameras write and ffmpeg does not, put into a file it has written.

Layouts: ISO/IEC 14496-12, Apple's QuickTime File Format, GoPro's GPMF. moov has to be the last
top-level box, so that what grows in it moves no media.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence

# Turns a stored landscape picture 90 degrees clockwise; the sixth number is filled with its height.
_UPRIGHT = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
_CHUNKS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stco")


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and payload of each box in `data`, in order."""
    offset = 0
    while offset < len(data):
        size, kind = struct.unpack_from(">I4s", data, offset)
        yield kind, data[offset + 8 : offset + size]
        offset += size


def edit(data: bytes, path: Sequence[bytes], change: Callable[[bytes], bytes]) -> bytes:
    """`data` with the payload of every box at `path` changed; boxes around it get their new size."""
    made = []
    for kind, payload in boxes(data):
        inside = payload
        if kind == path[0]:
            inside = change(payload) if len(path) == 1 else edit(payload, path[1:], change)
        made.append(box(kind, inside))
    return b"".join(made)


def brand(data: bytes, major: bytes, minor: int, compatible: Sequence[bytes]) -> bytes:
    """Another ftyp; the media moves by what it grew, and the chunk offsets with it."""
    old = next(payload for kind, payload in boxes(data) if kind == b"ftyp")
    new = struct.pack(">4sI", major, minor) + b"".join(compatible)
    moved = edit(data, [b"ftyp"], lambda _: new)
    return edit(moved, _CHUNKS, lambda table: _shift(table, len(new) - len(old)))


def into_movie(data: bytes, extra: bytes) -> bytes:
    """`extra` boxes at the end of moov."""
    return edit(data, [b"moov"], lambda movie: movie + extra)


def turn_upright(data: bytes, height: int) -> bytes:
    """The display matrix of a phone held upright, in the picture track (the one with a size)."""
    matrix = struct.pack(">9i", *_UPRIGHT[:6], height << 16, 0, _UPRIGHT[8])

    def turned(header: bytes) -> bytes:
        return header[:40] + matrix + header[76:] if any(header[76:84]) else header

    return edit(data, [b"moov", b"trak", b"tkhd"], turned)


def apple_keys(values: Mapping[str, str]) -> bytes:
    """A QuickTime `meta` box (no version and flags) with `mdta` keys and UTF-8 values."""
    handler = box(b"hdlr", bytes(8) + b"mdta" + bytes(14))
    keys = b"".join(box(b"mdta", key.encode()) for key in values)
    items = b""
    for number, value in enumerate(values.values(), start=1):
        items += box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0) + value.encode()))
    table = box(b"keys", struct.pack(">II", 0, len(values)) + keys)
    return box(b"meta", handler + table + box(b"ilst", items))


def drone_texts(*, place: str, model: str) -> bytes:
    """A `udta` box as a drone writes it: \xa9xyz by the book, with length and language; \xa9mdl bare."""
    where = struct.pack(">HH", len(place), 0x15C7) + place.encode()
    return box(b"udta", box(b"\xa9xyz", where) + box(b"\xa9mdl", model.encode() + b"\0"))


def sony_document(xml: bytes) -> bytes:
    """The file-level `meta` box in which a Sony camera repeats the sidecar of the clip."""
    handler = box(b"hdlr", bytes(8) + b"nrtm" + bytes(12) + b"Metadata Information\0")
    return box(b"meta", bytes(4) + handler + box(b"xml ", bytes(4) + xml))


def gopro_settings(*, firmware: str, lens: str, model: str, serial: str) -> bytes:
    """A `udta` box as an action camera writes it: firmware, lens and a GPMF payload of settings."""
    device = _gpmf(b"DVID", b"L", struct.pack(">I", 1)) + _gpmf(b"DVNM", b"c", b"Global Settings")
    device += _gpmf(b"FMWR", b"c", firmware.encode()) + _gpmf(b"CASN", b"c", serial.encode())
    device += _gpmf(b"MINF", b"c", model.encode())
    payload = _gpmf(b"DEVC", b"\0", device)
    fields = box(b"FIRM", firmware.encode()) + box(b"LENS", lens.encode().ljust(48, b"\0"))
    return box(b"udta", fields + box(b"CAME", serial.encode()[:16].ljust(16, b"\0")) + box(b"GPMF", payload))


def _gpmf(key: bytes, kind: bytes, payload: bytes) -> bytes:
    """One GPMF key; numbers are single, texts repeat single characters, nested keys are type 0."""
    size, repeat = (len(payload), 1) if kind == b"L" else (1, len(payload))
    return key + kind + struct.pack(">BH", size, repeat) + payload + bytes(-len(payload) % 4)


def _shift(table: bytes, distance: int) -> bytes:
    count = struct.unpack_from(">I", table, 4)[0]
    offsets = struct.unpack_from(f">{count}I", table, 8)
    return table[:8] + struct.pack(f">{count}I", *(offset + distance for offset in offsets))
