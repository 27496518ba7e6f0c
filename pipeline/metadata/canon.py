"""Canon XF and Cinema EOS: the XML beside a clip (CONTENTS/CLIPS001), root VideoClip.

Camera, date and place are read; timecode and length stand in the MXF. The CIF beside it is binary
and its layout is not published: it is left alone.
"""

from collections.abc import Iterator

from pipeline.metadata.findings import Finding, moment
from pipeline.metadata.p2 import device, location
from pipeline.metadata.xml import is_markup, name_of, parse, text

ORIGIN = "canon"
_SPACE = b"http://www.canon.com/ns/VideoClip"


def recognises(head: bytes) -> bool:
    return is_markup(head) and _SPACE in head


def read(data: bytes, name: str) -> Iterator[Finding]:
    """Findings of one clip's XML; `name` is that of the file."""
    root = parse(data)
    if root is None or name_of(root) != "VideoClip":
        yield Finding("warnings", f"{name} is damaged and was not read.", ORIGIN, name)
        return
    began = ("recorded_at", moment(text(root, "CreationDate") or ""), "CreationDate")
    for key, value, where in (*device(root), began, *location(root)):
        if value is not None:
            yield Finding(key, value, ORIGIN, f"{name}: {where}")
