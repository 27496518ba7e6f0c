"""Reports that dvrescue writes of a DV tape (.dv.xml): what the frames of the capture state.

`frames` is a run of like frames, `frame` one of them that was worth noting; the first frame of a run
always is. `rdt` is the recorder's own clock, `tc` the tape's timecode.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.metadata.findings import LARGEST_SIDE, Finding, label, moment, named_rate, parsed, whole
from pipeline.metadata.xml import attribute, child, find, is_markup, name_of, parse

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ORIGIN = "dvrescue"


def recognises(head: bytes) -> bool:
    return is_markup(head) and b"<dvrescue" in head


def read(data: bytes, name: str) -> Iterator[Finding]:
    """Findings of one report; where the size or rate changes on the way, only what the first run states."""
    root = parse(data)
    media = child(root, "media") if root is not None and name_of(root) == "dvrescue" else None
    if media is None:
        yield Finding("warnings", f"{name} is damaged and was not read.", ORIGIN, name)
        return
    for key, value, where in _values(media):
        if value is not None:
            yield Finding(key, value, ORIGIN, f"{name}: {where}")


def _values(media: "Element") -> Iterator[tuple[str, object, str]]:
    if attribute(media, "format") == "DV":
        yield "container", "dv", "media format"
    runs = list(find(media, "frames"))
    if not runs:
        return
    size = re.fullmatch(r"(\d{1,5})x(\d{1,5})", attribute(runs[0], "size") or "")
    yield "width", whole(size[1], largest=LARGEST_SIDE) if size else None, "frames size"
    yield "height", whole(size[2], largest=LARGEST_SIDE) if size else None, "frames size"
    rates = {attribute(run, "video_rate") for run in runs}
    rate = named_rate(attribute(runs[0], "video_rate"))
    yield "rate", rate if len(rates) == 1 else None, "frames video_rate"
    yield "vfr", False if rate and len(rates) == 1 else None, "frames video_rate"
    counts = [whole(attribute(run, "count")) for run in runs]
    yield "frames", sum(count for count in counts if count) if all(counts) else None, "frames count"
    first = child(runs[0], "frame")
    written = label(attribute(first, "tc") or "")
    if written is not None and rate is not None:
        yield "start_timecode", parsed(written.text, rate, drop_frame=written.drop_frame), "first frame tc"
    yield "recorded_at", moment(attribute(first, "rdt") or ""), "first frame rdt"
