"""XMP sidecars (ISO 16684-1): make, model, lens, serial, place and date that a program wrote beside a file.

Values stand as attributes or elements of rdf:Description, told apart by namespace, never by prefix.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.metadata.findings import Finding, Moment, moment, place
from pipeline.metadata.xml import find, is_markup, parse
from pipeline.timecode import STANDARD_RATES, Rate

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ORIGIN = "xmp"
_ADOBE = "http://ns.adobe.com/"
_TIFF, _EXIF, _AUX = f"{_ADOBE}tiff/1.0/", f"{_ADOBE}exif/1.0/", f"{_ADOBE}exif/1.0/aux/"
_XMP, _VIDEO, _DYNAMIC = f"{_ADOBE}xap/1.0/", "http://www.video/", f"{_ADOBE}xmp/1.0/DynamicMedia/"
_TEXTS: tuple[tuple[str, str, str], ...] = (
    ("camera_make", _TIFF, "Make"),
    ("camera_model", _TIFF, "Model"),
    ("camera_serial", _AUX, "SerialNumber"),
    ("lens", _AUX, "Lens"),
    ("tape", _DYNAMIC, "tapeName"),
    ("scene", _DYNAMIC, "scene"),
)
_DEGREES = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d{1,12})?)(?:,(\d{1,2}(?:\.\d{1,12})?))?([NSEW])")

Properties = dict[tuple[str, str], str]


def recognises(head: bytes) -> bool:
    return is_markup(head) and (b"<x:xmpmeta" in head or (b"<rdf:RDF" in head and _ADOBE.encode() in head))


def read(data: bytes, name: str) -> Iterator[Finding]:
    """Findings of one sidecar; a broken one gives none but a warning."""
    root = parse(data)
    if root is None:
        yield Finding("warnings", f"{name} is damaged and was not read.", ORIGIN, name)
        return
    said = _properties(root)
    for key, space, field in _TEXTS:
        if value := said.get((space, field)):
            yield Finding(key, value, ORIGIN, f"{name}: {field}")
    latitude, longitude = (_degrees(said.get((_EXIF, f"GPS{axis}itude"), "")) for axis in ("Lat", "Long"))
    if latitude is not None and longitude is not None:
        yield Finding("gps", place(latitude, longitude), ORIGIN, f"{name}: GPSLatitude, GPSLongitude")
    yield from _date(said, name)
    yield from _picture(said, name)


def _properties(root: "Element") -> Properties:
    """Namespace and name to value, of every description; the first of a name counts."""
    found: Properties = {}
    for description in find(root, "Description"):
        values = [*description.attrib.items(), *((inner.tag, (inner.text or "").strip()) for inner in description)]
        for tag, value in values:
            if isinstance(tag, str) and value and tag.startswith("{"):
                space, _, field = tag[1:].partition("}")
                found.setdefault((space, field), value)
    return found


def _degrees(text: str) -> float | None:
    """`50,5.375N` or `50,5,22.5N`."""
    match = _DEGREES.fullmatch(text.strip())
    if match is None:
        return None
    value = int(match[1]) + float(match[2]) / 60 + float(match[3] or 0) / 3600
    return -value if match[4] in "SW" else value


def _date(said: Properties, name: str) -> Iterator[Finding]:
    """UTC where a field says so; else when the original was made, then when the resource was."""
    if (found := moment(said.get((_VIDEO, "DateUTC"), ""))) and found.zone == "local-unknown":
        yield Finding("recorded_at", Moment(f"{found.iso}Z", "utc"), ORIGIN, f"{name}: DateUTC")
    for space, field in ((_EXIF, "DateTimeOriginal"), (_XMP, "CreateDate")):
        if found := moment(said.get((space, field), "")):
            yield Finding("recorded_at", found, ORIGIN, f"{name}: {field}")


def _picture(said: Properties, name: str) -> Iterator[Finding]:
    for key, field in (("width", "Width"), ("height", "Height")):
        value = said.get((_VIDEO, field), "")
        if value.isdecimal() and len(value) < 6:
            yield Finding(key, int(value), ORIGIN, f"{name}: {field}")
    digits = said.get((_VIDEO, "FrameRate"), "")
    if re.fullmatch(r"\d{1,3}(\.\d{1,6})?", digits):
        for rate in STANDARD_RATES:
            # The rate is written as a rounded decimal number.
            if abs(float(digits) - float(rate)) < 0.001:
                yield Finding("rate", Rate.of(rate), ORIGIN, f"{name}: FrameRate")
