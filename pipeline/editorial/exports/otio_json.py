"""OTIO's own JSON: the whole model, in the shape assembly.py describes."""

from opentimelineio.schema import Timeline

from pipeline.editorial.assembly import PROXY, activate
from pipeline.editorial.exports.written import ExportOptions, Written, WrittenFile
from pipeline.editorial.shots import named


def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.otio` with originals and proxies; editors link the originals first unless proxies are asked for."""
    losses: tuple[str, ...] = ()
    if options.media == "proxy":
        timeline = timeline.clone()
        activate(timeline, PROXY)
        without = [clip.name for clip in timeline.find_clips() if clip.active_media_reference_key != PROXY]
        if without:
            losses = (f"Clips without a proxy link their originals: {named(dict.fromkeys(without))}.",)
    # One space of indent: lines stay comparable, and a long cut is half as large as with OTIO's four.
    return Written((WrittenFile(".otio", timeline.to_json_string(indent=1).encode()),), losses)
