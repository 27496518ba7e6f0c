"""OTIO's own JSON: the whole model, in the shape assembly.py describes, and in the words of the suite that reads it.

OTIO leaves open what a `target_url` holds (OpenTimelineIO #76), and its readers take paths and URLs. DaVinci Resolve
makes no timeline of URLs, and says nothing: it gets bare paths, as does a file for no suite in particular. What is
known to write for Premiere Pro writes file URLs.

Resolve links media by the name of the clip, which must be that of the file it links, and takes the note of a marker
from metadata of its own, where its exports put it.
"""

from opentimelineio.schema import ExternalReference, Marker, Timeline

from pipeline.editorial.exports.written import ExportOptions, Written, WrittenFile, linked
from pipeline.editorial.exports.xml_text import path_url


def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.otio` with originals and proxies; editors link the originals first unless proxies are asked for."""
    timeline, losses = linked(timeline, options)
    if options.editor in {"resolve", "premiere"}:
        timeline = timeline.clone()
        shape = _for_resolve if options.editor == "resolve" else _for_premiere
        shape(timeline)
    # One space of indent: lines stay comparable, and a long cut is half as large as with OTIO's four.
    return Written((WrittenFile(".otio", timeline.to_json_string(indent=1).encode()),), losses)


def _for_resolve(timeline: Timeline) -> None:
    """Name clips after the files that they link, and write notes where Resolve looks for them."""
    for marker in timeline.tracks.markers:
        _note(marker)
    for clip in timeline.find_clips():
        clip.name = clip.media_reference.name or clip.name
        for marker in clip.markers:
            _note(marker)


def _note(marker: Marker) -> None:
    if marker.comment:
        marker.metadata["Resolve_OTIO"] = {"Keywords": [], "Note": marker.comment}


def _for_premiere(timeline: Timeline) -> None:
    """Write paths as URLs; relative ones stay relative."""
    urls: dict[str, str] = {}
    for clip in timeline.find_clips():
        for reference in clip.media_references().values():
            if isinstance(reference, ExternalReference):
                path = reference.target_url
                if path not in urls:
                    urls[path] = path_url(path, "")
                reference.target_url = urls[path]
