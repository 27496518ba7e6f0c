"""What cameras write of themselves into AVI: dates, make, model, serial number.

There is no standard; each maker has a chunk of its own. Known by the notes of ExifTool's authors:
`IDIT`, Exif texts (`LIST exif`), Exif in `strd`, Nikon's `nctg`, Pentax's `hymn`, and the `JUNK`
of Olympus and Pentax.
"""

import re
import struct
from collections.abc import Iterator, Sequence

from pipeline.metadata.findings import Finding, Moment, moment, text_of

ORIGIN = "avi"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDS = re.compile(r"\w{3} (\w{3}) +(\d{1,2}) +(\d{2}:\d{2}:\d{2}) +(\d{4})")
_DIGITS = re.compile(r"(\d{4})[-/:] *(\d{1,2})[-/:] *(\d{1,2})/? +(\d{1,2}): *(\d{2})(?::(\d{2}))? *([AP]?)M?")
_MOST_TAGS = 256
_MAKE, _MODEL, _DATE, _EXIF, _ORIGINAL, _SERIAL = 0x010F, 0x0110, 0x0132, 0x8769, 0x9003, 0xA431
_PENTAX_SERIAL = 0x0229


def read(notes: Sequence[tuple[bytes, bytes]]) -> Iterator[Finding]:
    """Findings of all notes; the first of each kind counts."""
    for kind, data in notes:
        for key, value, where in _said(kind, data, notes):
            if value is not None:
                yield Finding(key, value, ORIGIN, where)


def _said(
    kind: bytes, data: bytes, notes: Sequence[tuple[bytes, bytes]]
) -> Iterator[tuple[str, str | Moment | None, str]]:
    if kind == b"IDIT":
        yield "recorded_at", date(text_of(data) or ""), "IDIT chunk"
    elif kind == b"ecor":
        yield "camera_make", text_of(data), "ecor chunk"
    elif kind == b"emdl":
        yield "camera_model", text_of(data), "emdl chunk"
    elif kind == b"nctg":
        said = _nikon(data)
        yield "camera_make", said.get(3), "Nikon notes"
        yield "camera_model", said.get(4), "Nikon notes"
        yield "recorded_at", date(said.get(0x13) or said.get(0x14) or ""), "Nikon notes"
    elif kind == b"strd" and data.startswith(b"AVIF"):
        yield from _exif(data[8:])
    elif kind == b"hymn" and data.startswith(b"PENTAX \0"):
        yield from _pentax(data, notes)
    elif kind == b"JUNK" and data[:18] in (b"OLYMDigital Camera", b"PENTDigital Camera"):
        yield "camera_make", text_of(data[0x12 : 0x12 + 24]), "maker's notes"
        yield "camera_model", text_of(data[0x2C : 0x2C + 24]), "maker's notes"
        yield "recorded_at", date(text_of(data[0x83 : 0x83 + 24]) or ""), "maker's notes"


def date(text: str) -> Moment | None:
    """Dates as devices write them: `Mon Mar 10 15:04:43 2003`, `2009/10/27 12:14:34`, `2001/ 1/27  1:42PM`."""
    if match := _WORDS.match(text):
        name = match[1].lower()
        month = _MONTHS.index(name) + 1 if name in _MONTHS else 0
        return moment(f"{match[4]}-{month:02}-{int(match[2]):02}T{match[3]}")
    match = _DIGITS.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    hour = hour % 12 + (12 if match[7] == "P" else 0) if match[7] else hour
    return moment(f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")


def _nikon(data: bytes) -> dict[int, str | None]:
    """Texts by their numbers: number and size of two bytes each."""
    found: dict[int, str | None] = {}
    at = 0
    while at + 4 <= len(data) and len(found) < _MOST_TAGS:
        number, size = struct.unpack_from("<HH", data, at)
        found.setdefault(number, text_of(data[at + 4 : at + 4 + size]))
        at += 4 + size
    return found


def _exif(data: bytes) -> Iterator[tuple[str, str | Moment | None, str]]:
    """A directory of Exif tags (TIFF 6.0) whose offsets count from its own first byte."""
    said = _directory(data, 0, "<")
    inner = said.get(_EXIF)
    if isinstance(inner, int):
        said |= _directory(data, inner, "<")
    for key, tag in (("camera_make", _MAKE), ("camera_model", _MODEL), ("camera_serial", _SERIAL)):
        yield key, _as_text(said.get(tag)), "Exif in strd"
    yield "recorded_at", date(_as_text(said.get(_ORIGINAL)) or _as_text(said.get(_DATE)) or ""), "Exif in strd"


def _pentax(data: bytes, notes: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[str, str | Moment | None, str]]:
    """Pentax maker notes: a directory after ten bytes; the model is the name the camera signs with."""
    yield "camera_make", "PENTAX", "Pentax maker notes"
    signed = next((text_of(text) for kind, text in notes if kind == b"ISFT"), None)
    if signed and signed.upper().startswith("PENTAX"):
        yield "camera_model", signed, "ISFT chunk"
    order = {b"MM": ">", b"II": "<"}.get(data[8:10])
    if order:
        yield "camera_serial", _as_text(_directory(data, 10, order).get(_PENTAX_SERIAL)), "Pentax maker notes"


def _as_text(value: str | int | None) -> str | None:
    return value if isinstance(value, str) else None


def _directory(data: bytes, at: int, order: str) -> dict[int, str | int]:
    """The texts and whole numbers of a TIFF directory at `at`; what lies beyond the end is left out."""
    found: dict[int, str | int] = {}
    if at + 2 > len(data):
        return found
    (count,) = struct.unpack_from(f"{order}H", data, at)
    for entry in range(at + 2, at + 2 + 12 * min(count, _MOST_TAGS), 12):
        if entry + 12 > len(data):
            break
        tag, kind, size, value = struct.unpack_from(f"{order}HHII", data, entry)
        if kind == 2 and size:
            start = value if size > 4 else entry + 8
            if text := text_of(data[start : start + min(size, 256)]):
                found[tag] = text
        elif kind == 4:
            found[tag] = value
    return found
