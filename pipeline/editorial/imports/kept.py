"""An editor's timeline as it is kept with the saved cuts: every event with the clip it was found to show.

Positions are whole frames: `record` from the timeline's start, `range` from the clip's first frame at
the clip's own rate, both as (first, frames).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pipeline.editorial.imports.matching import Match
from pipeline.editorial.imports.reading import Kind, ReadEvent, ReadMark, ReadTimeline, ReadTransition
from pipeline.timecode import TimeRange

_KEY = "imported"
Frames = tuple[int, int]


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """`clip` is None for what was not found; `by` says how it was. `channel` counts as that of a ReadEvent does."""

    kind: Kind
    track: int
    record: Frames | None
    clip: str | None
    range: Frames | None
    speed: str
    name: str
    reel: str
    file: str
    line: int | None
    by: str
    confidence: float
    enabled: bool
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class KeptTransition:
    kind: Kind
    track: int
    at: int
    before: int
    after: int
    name: str


@dataclass(frozen=True, slots=True)
class KeptMark:
    name: str
    note: str
    color: str
    record: Frames | None


@dataclass(frozen=True, slots=True)
class Kept:
    """`file` is the name of what was imported; `start` the label of the first frame."""

    file: str
    format: str
    title: str
    rate: str | None
    drop_frame: bool
    start: str | None
    duration: int | None
    events: tuple[KeptEvent, ...]
    transitions: tuple[KeptTransition, ...]
    marks: tuple[KeptMark, ...]


def keep(file: str, timeline: ReadTimeline, matches: Sequence[Match]) -> Kept:
    """The timeline with what its events were found to be."""
    return Kept(
        file=file,
        format=timeline.format,
        title=timeline.title,
        rate=str(timeline.rate) if timeline.rate else None,
        drop_frame=bool(timeline.drop_frame),
        start=str(timeline.start) if timeline.start else None,
        duration=timeline.duration,
        events=tuple(_event(event, match) for event, match in zip(timeline.events, matches, strict=True)),
        transitions=tuple(_transition(each) for each in timeline.transitions),
        marks=tuple(_mark(each) for each in timeline.marks),
    )


def spec_of(kept: Kept) -> dict[str, Any]:
    """The form in which a saved cut holds it."""
    return {_KEY: msgspec.to_builtins(kept)}


def kept_of(spec: dict[str, Any]) -> Kept | None:
    """The imported timeline of a saved cut; None for a cut that is made by a recipe."""
    return msgspec.convert(spec[_KEY], Kept) if _KEY in spec else None


def _event(event: ReadEvent, match: Match) -> KeptEvent:
    return KeptEvent(
        kind=event.kind,
        track=event.track,
        record=_frames(event.record),
        clip=match.clip.id if match.clip else None,
        range=_frames(match.range),
        speed=f"{event.speed.numerator}/{event.speed.denominator}",
        name=event.name,
        reel=event.reel,
        file=event.file,
        line=event.line,
        by=match.by,
        confidence=match.confidence,
        enabled=event.enabled,
        channel=event.channel,
    )


def _transition(each: ReadTransition) -> KeptTransition:
    return KeptTransition(each.kind, each.track, each.at, each.before, each.after, each.name)


def _mark(each: ReadMark) -> KeptMark:
    return KeptMark(each.name, each.note, each.color, _frames(each.record))


def _frames(span: TimeRange | None) -> Frames | None:
    return (span.start, span.duration) if span else None
