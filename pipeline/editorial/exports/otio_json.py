"""OTIO's own JSON: the whole model, in the shape assembly.py describes."""

from opentimelineio.schema import Timeline

from pipeline.editorial.exports.written import ExportOptions, Written, WrittenFile, linked


def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.otio` with originals and proxies; editors link the originals first unless proxies are asked for."""
    timeline, losses = linked(timeline, options)
    # One space of indent: lines stay comparable, and a long cut is half as large as with OTIO's four.
    return Written((WrittenFile(".otio", timeline.to_json_string(indent=1).encode()),), losses)
