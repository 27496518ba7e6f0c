"""OTIO's own JSON: the whole model, in the shape assembly.py describes, and in the words of the suite that reads it.

OTIO leaves open what a `target_url` holds (OpenTimelineIO #76), and its readers take paths and URLs. DaVinci Resolve
makes no timeline of URLs, and says nothing: it gets bare paths, as does a file for no suite in particular. What is
known to write for Premiere Pro writes file URLs.

Resolve links media by the name of the clip, which must be that of the file it links, and takes the note of a marker
from metadata of its own, where its exports put it.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import msgspec
from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.otio_values import decoded
from pipeline.editorial.exports.written import ExportOptions, Written, WrittenFile, linked
from pipeline.editorial.exports.xml_text import path_url

_Item: TypeAlias = dict[str, Any]  # an object of OTIO as its JSON has it


def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.otio` with originals and proxies; editors link the originals first unless proxies are asked for."""
    timeline, losses = linked(timeline, options)
    shape = _SHAPES.get(options.editor)
    # One space of indent: lines stay comparable, and a long cut is half as large as with OTIO's four.
    content = _shaped(timeline, shape) if shape else timeline.to_json_string(indent=1).encode()
    return Written((WrittenFile(".otio", content),), losses)


@unswept()
def _shaped(timeline: Timeline, shape: Callable[[_Item], None]) -> bytes:
    """The JSON of a timeline after `shape` has seen each of its items; OTIO's own objects take thrice as long."""
    document = decoded(timeline, msgspec.json.Decoder())
    for item in _items(document["tracks"]):
        shape(item)
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def _items(item: _Item) -> Iterator[_Item]:
    yield item
    for child in item.get("children", ()):
        yield from _items(child)


def _for_resolve(item: _Item) -> None:
    """Call a clip as the file that it links, and write notes where Resolve looks for them."""
    references = item.get("media_references")
    if references:
        item["name"] = references[item["active_media_reference_key"]]["name"] or item["name"]
    for marker in item.get("markers", ()):
        if marker["comment"]:
            marker["metadata"]["Resolve_OTIO"] = {"Keywords": [], "Note": marker["comment"]}


def _for_premiere(item: _Item) -> None:
    """Write paths as URLs; relative ones stay relative."""
    for reference in item.get("media_references", {}).values():
        if reference.get("target_url"):
            reference["target_url"] = path_url(reference["target_url"], "")


_SHAPES = {"resolve": _for_resolve, "premiere": _for_premiere}
