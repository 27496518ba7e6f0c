"""OTIO's JSON as it stands: its clips and tracks, and the line on which each of them begins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.editorial.imports.otio_file import first_timeline
from pipeline.editorial.imports.otio_tracks import kind_of
from pipeline.editorial.imports.otio_values import Span, Values, inside

_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"')  # possessive: no way back, however odd the text


@dataclass(slots=True)
class OtioText:
    """`tracks` are those of the first timeline, `clips` all clips within them; `bundle`: it came with its media.

    `spans`: what clips take, and what there is of their media, once a rule has asked.
    """

    root: Values
    timeline: Values
    tracks: list[Values]
    clips: list[Values]
    text: bytes
    bundle: bool
    spans: list[tuple[Values, Span, Span]] | None = None
    _lines: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Values, text: bytes, *, bundle: bool) -> "OtioText":
        timeline = first_timeline(root) or {}
        stack = timeline.get("tracks")
        tracks = inside(stack, "children") if isinstance(stack, dict) else []
        return cls(root, timeline, tracks, list(_clips(tracks)), text, bundle)

    def line(self, value: Values) -> int | None:
        """Where an object begins: the n-th brace of the text opens the n-th object of the tree."""
        if not self._lines:
            bare = _TEXT.sub(b"", self.text)
            lines = (number for number, line in enumerate(bare.split(b"\n"), start=1) for _ in range(line.count(b"{")))
            self._lines = {id(each): line for each, line in zip(_objects(self.root), lines, strict=False)}
        return self._lines.get(id(value))


def _clips(items: list[Values]) -> Iterator[Values]:
    """Clips of tracks and of what lies within them; how deep that is, the reader has bounded."""
    for item in items:
        if kind_of(item) == "Clip":
            yield item
        else:
            yield from _clips(inside(item, "children"))


def _objects(value: Any) -> Iterator[Values]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting += reversed(each.values())
        elif isinstance(each, list):
            waiting += reversed(each)
