"""The elements of FCPXML that timelines are made of: what stands in them, in which order, and what they must say.

Facts of Apple's definition of the format, versions 1.8 to 1.14, in one table: what any of them allows is allowed. It
is no DTD: how often an element may stand, and the parameters of effects, it does not know. Final Cut Pro refuses a
whole file for one element out of place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pipeline.editorial.imports.markup import Node, line_of

NEWEST = (1, 14)
_Groups = tuple[frozenset[str], ...]


def _groups(*texts: str) -> _Groups:
    return tuple(frozenset(text.split()) for text in texts)


_TIMING = ("conform-rate", "timeMap")
_PICTURE = (
    "object-tracker", "adjust-crop", "adjust-corners", "adjust-conform", "adjust-transform", "adjust-blend",
    "adjust-stabilization", "adjust-rollingShutter", "adjust-360-transform", "adjust-reorient", "adjust-orientation",
    "adjust-cinematic", "adjust-colorConform", "adjust-stereo-3D",
)  # fmt: skip
_SOUND = ("adjust-volume", "adjust-panner")
_CLEANED = ("adjust-loudness", "adjust-noiseReduction", "adjust-humReduction", "adjust-EQ adjust-matchEQ",
            "adjust-voiceIsolation")  # fmt: skip
_STORY = "audio video clip title mc-clip ref-clip sync-clip asset-clip audition live-drawing"
_HUNG = f"{_STORY} caption spine"
_MARKS = "marker chapter-marker rating keyword analysis-marker hidden-clip-marker"
_FILTERS = "filter-video filter-video-mask"
_EVENT = ("clip audition mc-clip ref-clip sync-clip asset-clip collection-folder keyword-collection smart-collection "
          "project")  # fmt: skip

# What stands in an element: groups in their order, any of a group in any order.
CONTENT: dict[str, _Groups] = {
    "fcpxml": _groups("import-options", "resources", f"library event {_EVENT}"),
    "resources": _groups("asset effect format media locator"),
    "asset": _groups("bookmark media-rep", "metadata"),
    "media": _groups("multicam sequence"),
    "library": _groups("event smart-collection"),
    "event": _groups(_EVENT),
    "project": _groups("sequence"),
    "sequence": _groups("note", "spine", "metadata"),
    "multicam": _groups("mc-angle", "metadata"),
    "mc-angle": _groups(f"{_STORY} gap transition"),
    "spine": _groups(f"{_STORY} gap transition"),
    "audition": _groups("audio video title ref-clip asset-clip clip sync-clip live-drawing"),
    "asset-clip": _groups(
        "note", *_TIMING, *_PICTURE, *_SOUND, _HUNG, _MARKS, "audio-channel-source", _FILTERS, "filter-audio",
        "metadata",
    ),
    "ref-clip": _groups(
        "note", *_TIMING, *_PICTURE, *_SOUND, _HUNG, _MARKS, "audio-role-source", _FILTERS, "filter-audio", "metadata"
    ),
    "clip": _groups(
        "note", *_TIMING, *_PICTURE, *_SOUND, f"{_HUNG} gap", _MARKS, "audio-channel-source", _FILTERS, "filter-audio",
        "metadata",
    ),
    "sync-clip": _groups(
        "note", *_TIMING, *_PICTURE, *_SOUND, f"{_HUNG} gap", _MARKS, "sync-source", _FILTERS, "filter-audio",
        "metadata",
    ),
    "mc-clip": _groups("note", *_TIMING, *_SOUND, "mc-source", _HUNG, _MARKS, "filter-audio", "metadata"),
    "mc-source": _groups("audio-role-source", *_PICTURE, _FILTERS),
    "audio": _groups("note", *_TIMING, "adjust-volume", _HUNG, _MARKS, "filter-audio"),
    "video": _groups("param", "note", *_TIMING, *_PICTURE, _HUNG, _MARKS, _FILTERS, "reserved"),
    "title": _groups(
        "param", "text", "text-style-def", "note", *_PICTURE, _HUNG, _MARKS, _FILTERS, "metadata",
    ),
    "gap": _groups("note", _HUNG, _MARKS, "metadata"),
    "transition": _groups("filter-video", "filter-audio", _MARKS, "metadata", "reserved"),
    "caption": _groups("text", "text-style-def", "note"),
    "audio-channel-source": _groups(*_CLEANED, *_SOUND, "filter-audio", "mute"),
    "audio-role-source": _groups(*_CLEANED, *_SOUND, "filter-audio", "mute"),
    "timeMap": _groups("timept"),
    "metadata": _groups("md"),
}  # fmt: skip

# What an element must say, in every version.
SAYS: dict[str, tuple[str, ...]] = {
    "fcpxml": ("version",), "asset": ("id",), "format": ("id",), "media": ("id",), "effect": ("id", "uid"),
    "media-rep": ("src",), "sequence": ("format",), "multicam": ("format",), "mc-angle": ("angleID",),
    "asset-clip": ("ref",), "ref-clip": ("ref",), "mc-clip": ("ref", "duration"), "clip": ("duration",),
    "sync-clip": ("duration",), "audio": ("ref", "duration"), "video": ("ref", "duration"),
    "title": ("ref", "duration"), "gap": ("duration",), "transition": ("duration",), "timept": ("time", "value"),
    "marker": ("start", "value"), "chapter-marker": ("start", "value"), "keyword": ("value",), "rating": ("value",),
    "md": ("key",), "mc-source": ("angleID",),
}  # fmt: skip

# What may be said, where it is one of few words.
WORDS: dict[tuple[str, str], frozenset[str]] = {
    ("sequence", "tcFormat"): frozenset({"DF", "NDF"}),
    ("asset-clip", "tcFormat"): frozenset({"DF", "NDF"}),
    ("sequence", "audioLayout"): frozenset({"mono", "stereo", "surround"}),
    ("sequence", "audioRate"): frozenset({"32k", "44.1k", "48k", "88.2k", "96k", "176.4k", "192k"}),
    ("media-rep", "kind"): frozenset({"original-media", "proxy-media"}),
    ("rating", "value"): frozenset({"favorite", "reject"}),
    ("asset-clip", "srcEnable"): frozenset({"all", "audio", "video"}),
    ("conform-rate", "scaleEnabled"): frozenset({"0", "1"}),
    ("conform-rate", "srcFrameRate"): frozenset(
        {"23.98", "24", "25", "29.97", "30", "47.95", "48", "50", "59.94", "60", "90", "100", "119.88", "120"}
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Misplaced:
    line: int | None
    sentence: str


_PLACES: dict[str, dict[str, int]] = {
    name: {child: place for place, group in enumerate(groups) for child in group} for name, groups in CONTENT.items()
}
_WORDED = frozenset(tag for tag, _ in WORDS)
_KNOWN = frozenset(chain.from_iterable(_PLACES.values())) | _PLACES.keys()


def misplaced(root: Node, *, media_rep: bool) -> Iterator[Misplaced]:
    """Elements out of place and words that are missing; `media_rep`: assets name their files in one, since 1.9."""
    for node in root.iter():
        places = _PLACES.get(node.tag)
        if places is not None:
            yield from _children(node, places)
        for name in SAYS.get(node.tag, ()):
            if name not in node.attrib:
                yield Misplaced(line_of(node), f"<{node.tag}> does not say its {name}.")
        for name, value in node.items() if node.tag in _WORDED else ():
            words = WORDS.get((node.tag, name))
            if words is not None and value not in words:
                said = f"says '{value[:40]}' for {name}; it may be {', '.join(sorted(words))}"
                yield Misplaced(line_of(node), f"<{node.tag}> {said}.")
        if node.tag == "fcpxml":
            yield from _mixed(node)
        if node.tag == "asset" and media_rep and node.find("media-rep") is None:
            yield Misplaced(
                line_of(node), f"The asset '{node.get('name', '')[:80]}' has no media-rep, which names its file."
            )
        if node.tag == "asset" and not media_rep and not node.get("src"):
            yield Misplaced(line_of(node), f"The asset '{node.get('name', '')[:80]}' has no src, which names its file.")


def _mixed(root: Node) -> Iterator[Misplaced]:
    """A document holds a library, or events, or clips and projects; never two of these side by side."""
    held = [child for child in root if child.tag not in {"import-options", "resources"}]
    kinds = [child.tag if child.tag in {"library", "event"} else "item" for child in held]
    for child, kind in zip(held, kinds, strict=True):
        if kind != kinds[0]:
            beside = f"stands beside <{held[0].tag[:60]}> in <fcpxml>, which holds one kind"
            yield Misplaced(line_of(child), f"<{child.tag[:60]}> {beside}.")


def _children(node: Node, places: dict[str, int]) -> Iterator[Misplaced]:
    highest, before = 0, ""
    for child in node:
        place = places.get(child.tag)
        if place is None:
            what = "does not belong in" if child.tag in _KNOWN else "is nothing that FCPXML has in"
            yield Misplaced(line_of(child), f"<{child.tag[:60]}> {what} <{node.tag}>.")
        elif place < highest:
            yield Misplaced(
                line_of(child), f"<{child.tag}> stands behind <{before}> in <{node.tag}>, and must stand before it."
            )
        else:
            highest, before = place, child.tag
