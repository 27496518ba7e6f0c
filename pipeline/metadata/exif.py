"""Exif (JEITA CP-3451, CIPA DC-008): camera, lens, date and place of a still, from its TIFF directories.

A reader of our own: some twenty tags are wanted, and each library that reads more either decodes
pictures in native code or parses maker notes, both in our own process. Offsets are bounded by the
source; each directory is read once, so that none can lead back to itself.
"""

import struct
from collections.abc import Iterator

from pipeline.metadata.findings import Finding, moment, place, text_of
from pipeline.metadata.source import ByteSource

ORIGIN = "exif"
_MOST_ENTRIES = 512
_LARGEST_VALUE = 64 * 1024
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}  # bytes a value of each type
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_EXIF, _GPS = 0x8769, 0x8825
_TEXTS: tuple[tuple[int, str, str], ...] = (
    (0x010F, "camera_make", "Make"),
    (0x0110, "camera_model", "Model"),
    (0xA431, "camera_serial", "BodySerialNumber"),
    (0xA434, "lens", "LensModel"),
)
_ORIENTATION, _ORIGINAL, _OFFSETS = 0x0112, 0x9003, (0x9011, 0x9010)
_TURNED = {1: 0, 3: 180, 6: 90, 8: 270}  # mirrored pictures have no rotation that shows them upright

Directory = dict[int, tuple[int, bytes]]


def recognises(head: bytes) -> bool:
    return head[:4] in (b"II*\0", b"MM\0*")


def read(source: ByteSource) -> Iterator[Finding]:
    """Findings of a TIFF structure: a TIFF, DNG or raw picture, or what a JPEG holds in its APP1."""
    order = "<" if source.read(0, 2) == b"II" else ">"
    main = _directory(source, order, struct.unpack(order + "I", source.read(4, 4))[0])
    exif = _below(source, order, main, _EXIF)
    for tag, key, name in _TEXTS:
        if value := _text(main, tag) or _text(exif, tag):
            yield Finding(key, value, ORIGIN, f"Exif {name}")
    turned = _TURNED.get(_number(order, main, _ORIENTATION))
    if turned is not None:
        yield Finding("rotation", turned, ORIGIN, "Exif Orientation")
    offset = next((value for tag in _OFFSETS if (value := _text(exif, tag))), "")
    if found := moment((_text(exif, _ORIGINAL) or "") + offset):
        yield Finding("recorded_at", found, ORIGIN, "Exif DateTimeOriginal")
    yield from _position(order, _below(source, order, main, _GPS))


def _directory(source: ByteSource, order: str, at: int) -> Directory:
    (count,) = struct.unpack(order + "H", source.read(at, 2))
    found: Directory = {}
    for number in range(min(count, _MOST_ENTRIES)):
        entry = source.read(at + 2 + 12 * number, 12)
        tag, kind, values = struct.unpack_from(order + "HHI", entry)
        size = _SIZES.get(kind, 0) * values
        if 0 < size <= 4:
            found.setdefault(tag, (kind, entry[8 : 8 + size]))
        elif 0 < size <= _LARGEST_VALUE:
            found.setdefault(tag, (kind, source.upto(struct.unpack_from(order + "I", entry, 8)[0], size)))
    return found


def _below(source: ByteSource, order: str, main: Directory, tag: int) -> Directory:
    at = _number(order, main, tag)
    return _directory(source, order, at) if at else {}


def _text(directory: Directory, tag: int) -> str | None:
    kind, raw = directory.get(tag, (0, b""))
    return text_of(raw) if kind == _ASCII else None


def _number(order: str, directory: Directory, tag: int) -> int:
    kind, raw = directory.get(tag, (0, b""))
    code = {_SHORT: "H", _LONG: "I"}.get(kind)
    return int(struct.unpack_from(order + code, raw)[0]) if code else 0


def _position(order: str, gps: Directory) -> Iterator[Finding]:
    """Degrees, minutes and seconds as fractions; status V is no fix."""
    latitude, longitude = (_degrees(order, gps, tag) for tag in (2, 4))
    if latitude is None or longitude is None or _text(gps, 9) == "V":
        return
    south, west = _text(gps, 1) == "S", _text(gps, 3) == "W"
    found = place(-latitude if south else latitude, -longitude if west else longitude)
    yield Finding("gps", found, ORIGIN, "Exif GPSLatitude, GPSLongitude")


def _degrees(order: str, gps: Directory, tag: int) -> float | None:
    kind, raw = gps.get(tag, (0, b""))
    if kind != _RATIONAL or len(raw) != 24:
        return None
    numbers = struct.unpack(order + "6I", raw)
    if not all(numbers[1::2]):
        return None
    degrees, minutes, seconds = (over / under for over, under in zip(numbers[::2], numbers[1::2], strict=True))
    return float(degrees + minutes / 60 + seconds / 3600)
