"""Interoperable Master Format: which document of a package a file is, and the time of a composition.

Asset map and volume index: SMPTE ST 429-9; packing list ST 429-8 and ST 2067-2; composition playlist
ST 2067-3 and ST 429-7; output profile list ST 2067-100.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.metadata.dropframe import drops
from pipeline.metadata.findings import Finding, named_rate, parsed, whole
from pipeline.metadata.xml import child, is_markup, name_of, parse, text
from pipeline.timecode import Rate, Timecode

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ORIGIN = "imf"
_SPACES = (b"http://www.smpte-ra.org/", b"http://www.digicine.com/PROTO-ASDCP-")
_FORMATS: dict[str, str] = {
    "AssetMap": "imf-assetmap",
    "VolumeIndex": "imf-volindex",
    "PackingList": "imf-pkl",
    "CompositionPlaylist": "imf-cpl",
    "OutputProfileList": "imf-opl",
}


def recognises(head: bytes) -> bool:
    return (
        is_markup(head)
        and any(space in head for space in _SPACES)
        and any(f"<{name}".encode() in head for name in _names())
    )


def _names() -> Iterator[str]:
    """Names of root elements, with a prefix and without."""
    for name in _FORMATS:
        yield name
        yield f"am:{name}"


def read(data: bytes, name: str) -> Iterator[Finding]:
    """Findings of one document of a package."""
    root = parse(data)
    kind = _FORMATS.get(name_of(root)) if root is not None else None
    if root is None or kind is None:
        yield Finding("warnings", f"{name} is damaged and was not read.", ORIGIN, name)
        return
    yield Finding("format", kind, ORIGIN, f"{name}: {name_of(root)}")
    rate = named_rate(text(root, "EditRate")) if kind == "imf-cpl" else None
    if rate is not None:
        yield Finding("rate", rate, ORIGIN, f"{name}: EditRate")
        start = _start(root, rate)
        if start is not None:
            yield Finding("start_timecode", start, ORIGIN, f"{name}: CompositionTimecode")


def _start(root: "Element", rate: Rate) -> Timecode | None:
    """TimecodeRate counts labels a second; the edit rate says whether that is 60 or 59.94."""
    timecode = child(root, "CompositionTimecode")
    count = whole(text(timecode, "TimecodeRate"), largest=120) if timecode is not None else None
    if timecode is None or count is None:
        return None
    counted = Rate(count * 1000, 1001) if rate.denominator == 1001 else Rate(count)
    drop = drops(counted, flag=text(timecode, "TimecodeDropFrame") in ("1", "true"))
    return parsed(text(timecode, "TimecodeStartAddress") or "", counted, drop_frame=drop)
