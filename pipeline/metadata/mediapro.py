"""MEDIAPRO.XML and DISCMETA.XML of Sony cards: the list of a card's clips, and of a disc what it is called.

MEDIAPRO.XML speaks of all clips of the card: beside a recording its own line counts; alone, what all
lines agree on. Attributes of Material as the cards write them: `fps="59.94p" dur="210"
videoType="AVC_1920_1080_HP@L42"`.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pipeline.metadata.findings import LARGEST_SIDE, Finding, named_rate, whole
from pipeline.metadata.xml import attribute, find, is_markup, name_of, parse

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ORIGIN = "mediapro"
_CODECS = {"AVC": "h264", "HEVC": "hevc", "MPEG2": "mpeg2video"}
_SIZE = re.compile(r"_(\d{3,5})_(\d{3,5})_")

Value = tuple[str, object, str]


def recognises(head: bytes) -> bool:
    return is_markup(head) and (b"<MediaProfile" in head or re.search(rb"<[dD]isc[mM]eta[ >]", head) is not None)


def read(data: bytes, name: str, recording: str | None) -> Iterator[Finding]:
    """Findings of one list, as far as they concern `recording` (a file name; None: the list alone)."""
    root = parse(data)
    kind = name_of(root).casefold() if root is not None else ""
    if root is None or kind not in ("mediaprofile", "discmeta"):
        yield Finding("warnings", f"{name} is damaged and was not read.", ORIGIN, name)
        return
    if recording is None:
        yield Finding("format", "sony-discmeta" if kind == "discmeta" else "sony-mediapro", ORIGIN, name)
    materials = list(find(root, "Material"))
    own = [material for material in materials if recording is None or _stem(material) == _base(recording)]
    for key, value, where in (*_device(root), *_agreed([list(_told(material)) for material in own])):
        if value is not None:
            yield Finding(key, value, ORIGIN, f"{name}: {where}")


def _device(root: "Element") -> Iterator[Value]:
    system = attribute(next(find(root, "System"), None), "systemKind")
    if system is not None:
        yield "camera_make", "Sony", "System"
        yield "camera_model", system.partition(" ver")[0].strip() or None, "System systemKind"


def _told(material: "Element") -> Iterator[Value]:
    yield "clip_name", PurePosixPath(unquote(attribute(material, "uri") or "")).stem or None, "Material uri"
    rate = named_rate(attribute(material, "fps"))
    yield "rate", rate, "Material fps"
    yield "vfr", False if rate else None, "Material fps"
    yield "frames", whole(attribute(material, "dur")), "Material dur"
    kind = attribute(material, "videoType") or ""
    family = re.match("[A-Z]+2?", kind)
    yield "video_codec", _CODECS.get(family[0]) if family else None, "Material videoType"
    size = _SIZE.search(kind)
    for key, group in (("width", 1), ("height", 2)):
        yield key, whole(size[group], largest=LARGEST_SIDE) if size else None, "Material videoType"


def _agreed(told: list[list[Value]]) -> Iterator[Value]:
    """What all say alike."""
    for value in told[0] if told else ():
        if all(value in other for other in told):
            yield value


def _stem(material: "Element") -> str:
    return _base(unquote(attribute(material, "uri") or ""))


def _base(name: str) -> str:
    return PurePosixPath(name).stem.casefold()
