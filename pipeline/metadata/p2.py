"""Panasonic P2 and AVC-Ultra: CONTENTS/CLIP/0001AB.XML (P2Main), what the camera says of one clip.

At 50p and 59.94p the start timecode counts pairs of frames: its frames run to 24 or 29. EditUnit is
the length of a frame of the recording; FrameRate may be that of the sensor (23.98p in 59.94i).
Elements as Adobe's XMP Toolkit (P2_Handler) and MediaInfo (File_P2_Clip) read them.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.metadata.dropframe import drops
from pipeline.metadata.findings import Finding, moment, named_rate, parsed, place, whole
from pipeline.metadata.xml import attribute, child, is_markup, name_of, parse, text
from pipeline.timecode import Rate, Timecode

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ORIGIN = "p2"


def recognises(head: bytes) -> bool:
    return is_markup(head) and b"<P2Main" in head


def read(data: bytes, name: str) -> Iterator[Finding]:
    """Findings of one clip's XML; `name` is that of the file."""
    root = parse(data)
    content = child(root, "ClipContent") if root is not None and name_of(root) == "P2Main" else None
    if content is None:
        yield Finding("warnings", f"{name} is damaged and was not read.", ORIGIN, name)
        return
    for key, value, where in (*_picture(content), *_told(content)):
        if value is not None:
            yield Finding(key, value, ORIGIN, f"{name}: {where}")


def _picture(content: "Element") -> Iterator[tuple[str, object, str]]:
    video = child(content, "EssenceList", "Video")
    rate = _rate(content, video)
    yield "rate", rate, "EditUnit"
    yield "vfr", False if rate else None, "EditUnit"
    yield "frames", whole(text(content, "Duration")), "Duration"
    if video is not None and rate is not None:
        yield "start_timecode", _start(video, rate), "StartTimecode"


def _rate(content: "Element", video: "Element | None") -> Rate | None:
    unit = named_rate(text(content, "EditUnit"))
    if unit is not None:
        return Rate.of(1 / unit.fraction)
    return named_rate(text(video, "FrameRate")) if video is not None else None


def _start(video: "Element", rate: Rate) -> Timecode | None:
    counted = Rate.of(rate.fraction / 2) if rate.nominal > 30 else rate
    drop = drops(counted, flag=attribute(child(video, "FrameRate"), "DropFrameFlag") == "true")
    return parsed(text(video, "StartTimecode") or "", counted, drop_frame=drop)


def _told(content: "Element") -> Iterator[tuple[str, object, str]]:
    clip = text(content, "ClipName")
    about = child(content, "ClipMetadata")
    if about is None:
        yield "clip_name", clip, "ClipName"
        return
    named = text(about, "UserClipName")
    # Cameras without a name set put the clip's identity there.
    given = named if named != text(content, "GlobalClipID") else None
    yield "clip_name", given or clip, "UserClipName" if given else "ClipName"
    for path in (("Shoot", "StartDate"), ("Access", "CreationDate")):
        yield "recorded_at", moment(text(about, *path) or ""), " ".join(path)
    yield "scene", text(about, "Scenario", "SceneNo."), "Scenario SceneNo."
    yield "take", text(about, "Scenario", "TakeNo."), "Scenario TakeNo."
    yield from device(about)
    shot = child(about, "Shoot")
    yield from location(shot if shot is not None else about)


def device(element: "Element") -> Iterator[tuple[str, object, str]]:
    """Make, model and serial number of the element Device, as P2 and Canon write them."""
    yield "camera_make", text(element, "Device", "Manufacturer"), "Device Manufacturer"
    yield "camera_model", text(element, "Device", "ModelName"), "Device ModelName"
    yield (
        "camera_serial",
        text(element, "Device", "SerialNo.") or text(element, "Device", "SerialNo"),
        "Device SerialNo",
    )


def location(element: "Element") -> Iterator[tuple[str, object, str]]:
    """The position of the element Location."""
    latitude = _degrees(text(element, "Location", "Latitude"), "NS")
    longitude = _degrees(text(element, "Location", "Longitude"), "EW")
    if latitude is not None and longitude is not None:
        yield "gps", place(latitude, longitude), "Location"


def _degrees(written: str | None, letters: str) -> float | None:
    """`N48.2100` or `-48.21`."""
    figures = (written or "").strip()
    sign = -1 if figures[:1] == letters[1] else 1
    figures = figures[1:].strip() if figures[:1] and figures[0] in letters else figures
    if not figures or len(figures) > 20 or not figures.lstrip("+-").replace(".", "", 1).isdecimal():
        return None
    return sign * float(figures)
