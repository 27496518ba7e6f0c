"""AVCHD's notes in each picture: MDPM in unregistered user data (numbered packs of four bytes; IEC 61834-4).

Timecode, date with zone, maker, model (Sony), position. Numbers as documented by ExifTool's H264 tables.
"""

from collections.abc import Iterator
from fractions import Fraction

from pipeline.metadata.bits import unescaped
from pipeline.metadata.findings import Finding, moment, place, text_of

ORIGIN = "mdpm"
MOST = 4096  # bytes of a picture that stand before its slices
_WHERE = "AVCHD notes (MDPM)"
_MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_TIMECODE, _ZONE_YEAR_MONTH, _DAY_TIME, _MAKER, _MODEL = 0x13, 0x18, 0x19, 0xE0, (0xE4, 0xE5, 0xE6)
_MAKERS = {0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}
_NORTH_SOUTH, _LATITUDE, _EAST_WEST, _LONGITUDE, _STATUS = 0xB1, 0xB2, 0xB5, 0xB6, 0xBE

Notes = dict[int, bytes]


def notes(picture: bytes) -> Notes:
    """The packs of a picture, by number; empty where it has none."""
    data = unescaped(picture[:MOST])
    at = data.find(_MARK)
    if at < 0 or at + 21 > len(data):
        return {}
    first = at + 21
    end = min(first + 5 * data[at + 20], len(data) - 4)
    return {data[entry]: data[entry + 1 : entry + 5] for entry in range(first, end, 5)}


def timecode(found: Notes) -> bytes | None:
    """Four bytes of binary coded digits: frames, seconds, minutes, hours."""
    return found.get(_TIMECODE)


def read(found: Notes) -> Iterator[Finding]:
    """What the notes say of the recording, but for the timecode, which each picture has its own of."""
    if date := _date(found.get(_ZONE_YEAR_MONTH, b""), found.get(_DAY_TIME, b"")):
        yield Finding("recorded_at", moment(date), ORIGIN, _WHERE)
    maker = _MAKERS.get(int.from_bytes(found.get(_MAKER, b"")[:2], "big"))
    if maker:
        yield Finding("camera_make", maker, ORIGIN, _WHERE)
    model = text_of(b"".join(found.get(number, b"") for number in _MODEL))
    if maker == "Sony" and model:  # others keep other things there
        yield Finding("camera_model", model, ORIGIN, _WHERE)
    if _NORTH_SOUTH in found:
        yield Finding("gps", _position(found), ORIGIN, _WHERE)


def _date(first: bytes, second: bytes) -> str | None:
    """ISO 8601 from the packs of zone, year, month and of day, time; the first byte is the zone.

    Bit 6 says that the clock is put forward, bit 5 west, bits 4 to 1 hours and bit 0 half an hour.
    """
    digits = (first[1:] + second).hex()
    if len(digits) != 14 or not digits.isdecimal():
        return None
    clock = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:]}"
    zone = first[0]
    if zone == 0xFF:
        return clock
    return f"{clock}{'-' if zone & 0x20 else '+'}{zone >> 1 & 15:02}:{30 * (zone & 1):02}"


def _position(found: Notes) -> tuple[float, float] | None:
    """Degrees from EXIF's way of writing them; None without a fix."""
    north, east = found.get(_NORTH_SOUTH, b"")[:1], found.get(_EAST_WEST, b"")[:1]
    latitude, longitude = _degrees(found, _LATITUDE), _degrees(found, _LONGITUDE)
    if found.get(_STATUS, b"A")[:1] == b"V" or north not in (b"N", b"S") or east not in (b"E", b"W"):
        return None
    if latitude is None or longitude is None:
        return None
    return place(float(-latitude if north == b"S" else latitude), float(-longitude if east == b"W" else longitude))


def _degrees(found: Notes, first: int) -> Fraction | None:
    """Degrees, minutes and seconds in three packs, each two 16-bit numbers to divide."""
    total = Fraction(0)
    for number, share in zip(range(first, first + 3), (1, 60, 3600), strict=True):
        pack = found.get(number, b"")
        over, under = int.from_bytes(pack[:2], "big"), int.from_bytes(pack[2:], "big")
        if len(pack) != 4 or not under:
            return None
        total += Fraction(over, under * share)
    return total
