"""OTIO's own JSON: the whole model, in the shape assembly.py describes."""

from opentimelineio.schema import Timeline

from pipeline.editorial.assembly import activate
from pipeline.editorial.exports.written import MEDIA_KEYS, ExportOptions, Written, WrittenFile


def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.otio` with originals and proxies; editors link the originals first unless asked otherwise."""
    chosen = timeline.clone() if options.media == "proxy" else timeline
    if options.media == "proxy":
        activate(chosen, MEDIA_KEYS["proxy"])
    # One space of indent: lines stay comparable, and a long cut half as large as with OTIO's four.
    return Written((WrittenFile(".otio", chosen.to_json_string(indent=1).encode()),))
