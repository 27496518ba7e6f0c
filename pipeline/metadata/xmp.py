"""XMP sidecars (ISO 16684-1): camera, lens, place, date and timecode that a program wrote beside a file.

Values stand as attributes or elements of rdf:Description, told apart by namespace, never by prefix.
Structures (startTimecode, videoFrameSize) hold theirs one level deeper, in the same two ways.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from pipeline.metadata.findings import LARGEST_SIDE, Finding, Moment, moment, named_rate, parsed, place, whole
from pipeline.metadata.xml import find, is_markup, parse
from pipeline.timecode import Rate

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ORIGIN = "xmp"
_ADOBE = "http://ns.adobe.com/"
_TIFF, _EXIF, _AUX = f"{_ADOBE}tiff/1.0/", f"{_ADOBE}exif/1.0/", f"{_ADOBE}exif/1.0/aux/"
_XMP, _VIDEO, _DYNAMIC = f"{_ADOBE}xap/1.0/", "http://www.video/", f"{_ADOBE}xmp/1.0/DynamicMedia/"
_EXIF_EX, _SIZE = "http://cipa.jp/exif/1.0/", f"{_ADOBE}xap/1.0/sType/Dimensions#"
_TEXTS: tuple[tuple[str, str, str], ...] = (
    ("camera_make", _TIFF, "Make"),
    ("camera_model", _TIFF, "Model"),
    ("camera_serial", _EXIF_EX, "BodySerialNumber"),
    ("camera_serial", _AUX, "SerialNumber"),
    ("lens", _EXIF_EX, "LensModel"),
    ("lens", _AUX, "Lens"),
    ("tape", _DYNAMIC, "tapeName"),
    ("scene", _DYNAMIC, "scene"),
    ("take", _DYNAMIC, "takeNumber"),
)
# xmpDM:timeFormat: the rate that a timecode counts at; the label's own marks tell drop-frame.
_FORMATS: dict[str, Rate] = {
    "24Timecode": Rate(24),
    "25Timecode": Rate(25),
    "2997DropTimecode": Rate(30000, 1001),
    "2997NonDropTimecode": Rate(30000, 1001),
    "30Timecode": Rate(30),
    "50Timecode": Rate(50),
    "5994DropTimecode": Rate(60000, 1001),
    "5994NonDropTimecode": Rate(60000, 1001),
    "60Timecode": Rate(60),
    "23976Timecode": Rate(24000, 1001),
}
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
    yield from _timecode(root, name)


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
        if side := whole(said.get((_VIDEO, field)), largest=LARGEST_SIDE):
            yield Finding(key, side, ORIGIN, f"{name}: {field}")
    for space, field in ((_DYNAMIC, "videoFrameRate"), (_VIDEO, "FrameRate")):
        if rate := named_rate(said.get((space, field))):
            yield Finding("rate", rate, ORIGIN, f"{name}: {field}")


def _timecode(root: "Element", name: str) -> Iterator[Finding]:
    start = _structure(root, "startTimecode")
    counting = start.get((_DYNAMIC, "timeFormat"), "")
    rate = _FORMATS.get(counting)
    if rate is not None:
        drop = counting.endswith("DropTimecode") and "NonDrop" not in counting
        code = parsed(start.get((_DYNAMIC, "timeValue"), "").replace(";", ":"), rate, drop_frame=drop)
        yield Finding("start_timecode", code, ORIGIN, f"{name}: startTimecode")
    size = _structure(root, "videoFrameSize")
    for key, field in (("width", "w"), ("height", "h")):
        if side := whole(size.get((_SIZE, field)), largest=LARGEST_SIDE):
            yield Finding(key, side, ORIGIN, f"{name}: videoFrameSize")


def _structure(root: "Element", name: str) -> Properties:
    """The fields of the first structure of this name, written as attributes, elements or a description of its own."""
    found: Properties = {}
    for element in islice(find(root, name), 1):
        for inner in element.iter():
            for tag, value in (*inner.attrib.items(), (inner.tag, (inner.text or "").strip())):
                if isinstance(tag, str) and value and tag.startswith("{"):
                    space, _, field = tag[1:].partition("}")
                    found.setdefault((space, field), value)
    return found
