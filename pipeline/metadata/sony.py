"""Sony NonRealTimeMeta: the XML beside a clip (C0001M01.XML) or inside its MP4, and what it says.

Timecode is LTC as reversed BCD: frames, seconds, minutes, hours; 0x40 of the frames byte is the
drop-frame flag. `tcFps` counts labels a second; `formatFps` says whether that is 30 or 29.97.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.metadata.dropframe import counted, drops
from pipeline.metadata.findings import LARGEST_SIDE, Finding, moment, named_rate, parsed, place, whole
from pipeline.metadata.xml import attribute, child, find, is_markup, name_of, parse
from pipeline.timecode import Rate, Timecode

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ORIGIN = "nrtm"
# C0001M01.XML belongs to C0001.MP4.
_SIDECAR = re.compile(r"(.+)M\d\d\.XML", re.IGNORECASE)


def recognises(head: bytes) -> bool:
    return is_markup(head) and b"<NonRealTimeMeta" in head


def read(data: bytes, name: str) -> Iterator[Finding]:
    """Findings of one document; `name` is that of the sidecar, or says where it was embedded."""
    root = parse(data)
    if root is None or name_of(root) != "NonRealTimeMeta":
        yield Finding("warnings", f"{name} is damaged and was not read.", ORIGIN, name)
        return
    if match := _SIDECAR.fullmatch(name):
        yield Finding("clip_name", match[1], ORIGIN, f"name of {name}")
    for key, value, where in _values(root):
        if value is not None:
            yield Finding(key, value, ORIGIN, f"{name}: {where}")


def _values(root: "Element") -> Iterator[tuple[str, object, str]]:
    rate = named_rate(attribute(next(find(root, "VideoFrame"), None), "formatFps"))
    yield "start_timecode", _start(root, rate), "LtcChangeTable"
    created = attribute(child(root, "CreationDate"), "value")
    yield "recorded_at", moment(created) if created else None, "CreationDate"
    # A camera with a separate recorder names both; the camera is what shot it.
    device = child(root, "Camera")
    device = device if device is not None else child(root, "Device")
    yield "camera_make", attribute(device, "manufacturer"), "Device"
    yield "camera_model", attribute(device, "modelName"), "Device"
    yield "camera_serial", attribute(device, "serialNo"), "Device"
    yield "lens", attribute(child(root, "Lens"), "modelName"), "Lens"
    yield "clip_name", _meta(root, "ClipName") or attribute(child(root, "Title"), "usAscii"), "Title"
    yield "reel", _meta(root, "Reel"), "Meta Reel"
    yield "gps", _position(root), "ExifGPS"
    yield "rate", rate, "VideoFrame formatFps"
    yield "vfr", False if rate else None, "VideoFrame formatFps"
    yield "capture_rate", _capture(root, rate), "VideoFrame captureFps"
    yield "frames", whole(attribute(child(root, "Duration"), "value")), "Duration"
    layout = next(find(root, "VideoLayout"), None)
    for key, name in (("width", "pixel"), ("height", "numOfVerticalLine")):
        yield key, whole(attribute(layout, name), largest=LARGEST_SIDE), "VideoLayout"


def _meta(root: "Element", name: str) -> str | None:
    return next((attribute(meta, "content") for meta in find(root, "Meta") if attribute(meta, "name") == name), None)


def _capture(root: "Element", rate: Rate | None) -> Rate | None:
    """The sensor's rate, where it is not that of the format (slow and quick motion)."""
    captured = named_rate(attribute(next(find(root, "VideoFrame"), None), "captureFps"))
    return captured if captured != rate and captured is not None and _differs(captured, rate) else None


def _differs(captured: Rate, rate: Rate | None) -> bool:
    """An interlaced format states its field rate as capture rate: that is no slow motion."""
    return rate is None or captured.fraction != rate.fraction * 2


def _start(root: "Element", rate: Rate | None) -> Timecode | None:
    table = child(root, "LtcChangeTable")
    count = attribute(table, "tcFps")
    if table is None or count is None or not count.isdecimal() or not 0 < int(count) <= 120:
        return None
    fractional = rate is not None and rate.denominator == 1001
    timecode_rate = Rate(int(count) * 1000, 1001) if fractional else Rate(int(count))
    changes = {attribute(change, "frameCount"): attribute(change, "value") or "" for change in table}
    first = ltc(changes.get("0", ""), timecode_rate)
    return _counted(first, changes, timecode_rate) if first and rate == timecode_rate else first


def _counted(first: Timecode, changes: "dict[str | None, str]", rate: Rate) -> Timecode:
    """Some bodies count drop-frame and leave the flag unset: over a minute the table's last label shows it."""
    *_, (frames, value) = changes.items()
    last = ltc(value, rate)
    if last is None or not frames or not frames.isdecimal() or len(frames) > 9:
        return first
    drop = counted(str(first), str(last), int(frames), rate)
    if drop is None or drop == first.drop_frame:
        return first
    return parsed(str(first), rate, drop_frame=drop) or first


def ltc(value: str, rate: Rate) -> Timecode | None:
    """Eight BCD digits FFSSMMHH; the flag bits beside the tens are masked off (SMPTE ST 12-1)."""
    try:
        raw = bytes.fromhex(value)
    except ValueError:
        return None
    if len(raw) != 4 or any(byte & 15 > 9 for byte in raw):
        return None
    fields = [(byte & mask) >> 4 for byte, mask in zip(raw, (0x30, 0x70, 0x70, 0x30), strict=True)]
    frames, seconds, minutes, hours = (tens * 10 + (byte & 15) for tens, byte in zip(fields, raw, strict=True))
    drop = drops(rate, flag=bool(raw[0] & 0x40))
    return parsed(f"{hours:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{frames:02}", rate, drop_frame=drop)


def _position(root: "Element") -> tuple[float, float] | None:
    """The ExifGPS group: `GPSLatitude` 48:12:30.1 with its reference; status V is no fix."""
    items = {attribute(item, "name"): attribute(item, "value") for item in find(root, "Item")}
    latitude, longitude = _degrees(items.get("Latitude")), _degrees(items.get("Longitude"))
    if latitude is None or longitude is None or items.get("Status") == "V":
        return None
    south, west = items.get("LatitudeRef") == "S", items.get("LongitudeRef") == "W"
    return place(-latitude if south else latitude, -longitude if west else longitude)


def _degrees(text: str | None) -> float | None:
    parts = (text or "").split(":")
    if len(parts) != 3 or not all(part.replace(".", "", 1).isdecimal() and len(part) < 12 for part in parts):
        return None
    return float(parts[0]) + float(parts[1]) / 60 + float(parts[2]) / 3600
