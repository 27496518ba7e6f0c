"""An OTIO timeline as exact events: what every writer but OTIO's own reads.

OTIO's times are floats; here they become whole frames at exact rates once, for all formats. What
the model says of a clip under `rushes` comes first; a foreign timeline is read by its own words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TypeAlias

from opentimelineio.schema import Timeline

from pipeline.editorial.exports.otio_values import Child, Document, Item, Marker, Range, Said, Time, values_of
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, Timecode, TimeRange

Key: TypeAlias = tuple[str, str, str | None]  # clip id, name, path


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker on an event; `record` counts timeline frames from the timeline's start."""

    record: TimeRange
    name: str
    note: str
    color: str


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A file that events are taken from; a sheet holds one object for each, so that it is itself only.

    `available` counts source frames at `rate`; `timed` says whether it has timecode.
    """

    name: str
    path: str | None
    clip: str
    card: str
    reel: str
    rate: Rate
    drop_frame: bool
    timed: bool
    available: TimeRange

    def timecode(self, frame: int) -> Timecode:
        return Timecode(frame, self.rate, self.drop_frame)


@dataclass(frozen=True, slots=True)
class Event:
    """One clip on a track; `record` counts timeline frames from the timeline's start.

    `source_in` is an absolute frame of the source at its own rate. `channels` is 0 for pictures.
    """

    source: Source
    source_in: int
    record: TimeRange
    channels: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class EventTrack:
    name: str
    kind: str  # "Video" or "Audio"
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A timeline as lists of events. `start` is the record timecode of its first frame."""

    name: str
    start: Timecode
    tracks: tuple[EventTrack, ...]
    losses: tuple[str, ...]

    def of_kind(self, kind: str) -> tuple[EventTrack, ...]:
        return tuple(track for track in self.tracks if track.kind == kind)


def sheet_of(timeline: Timeline) -> Sheet:
    """The events of `timeline`; raises ExportRefused for nested tracks, which no event list holds."""
    document = values_of(timeline)
    start = _start(document)
    losses: list[str] = []
    known: dict[Key, Source] = {}
    tracks = []
    for track in document.tracks.children:
        if not track.schema.startswith("Track."):
            raise ExportRefused(f"'{document.name}' nests a timeline where a track should be; flatten it first.")
        tracks.append(EventTrack(track.name, track.kind, tuple(_events(track, start.rate, known, losses))))
    return Sheet(document.name, start, tuple(tracks), tuple(dict.fromkeys(losses)))


def _start(document: Document) -> Timecode:
    said, start = document.metadata.rushes, document.global_start_time
    if said is not None and said.rate is not None:
        rate = _stated(said.rate)
    elif start is not None:
        rate = _exact(start.rate)
    else:
        items = (item for track in document.tracks.children for item in track.children)
        first = next((item.span for item in items if item.span is not None), None)
        rate = _exact(first.duration.rate) if first else Rate(25)
    return Timecode(round(start.value) if start else 0, rate, bool(said and said.drop_frame))


def _events(track: Child, rate: Rate, known: dict[Key, Source], losses: list[str]) -> Iterator[Event]:
    """The clips of a track; their places add up in exact time and end on whole frames.

    `known` keeps one Source for each file over all tracks.
    """
    place: Fraction | int = 0
    sound = track.kind == "Audio"
    for item in track.children:
        kind = item.kind
        if kind == "Transition":
            losses.append(f"Transitions on {track.name} are written as cuts.")
            continue
        if kind not in {"Clip", "Gap"}:
            raise ExportRefused(f"'{item.name}' on {track.name} is a nested timeline; flatten it first.")
        span = item.span
        if span is None:
            raise ExportRefused(f"'{item.name}' on {track.name} has no range and no media to tell its length.")
        begin = round(place)
        place += _frames(span.duration, rate)
        record = TimeRange(begin, round(place) - begin)
        if kind == "Clip" and record.duration:
            if item.effects:
                losses.append(f"Effects and speed changes on {track.name} are left out.")
            said = item.metadata.rushes
            channels = (said.channels if said else 1) if sound else 0
            yield _event(item, record, source=_source(item, span, known), rate=rate, channels=channels)


def _event(item: Item, record: TimeRange, *, source: Source, rate: Rate, channels: int) -> Event:
    span = item.span
    assert span is not None
    source_in = round(span.start_time.value)
    marks = tuple(_mark(marker, source_in, record, rate=rate) for marker in item.markers)
    return Event(source, source_in, record, channels, marks)


def _source(item: Item, span: Range, known: dict[Key, Source]) -> Source:
    reference, said = item.reference, item.metadata.rushes
    path = reference.target_url or None
    name = item.name or reference.name or (path or "").rpartition("/")[2]
    key = (said.clip if said else "", name, path)
    if key not in known:
        known[key] = _read_source(name, path, reference.available_range or span, said=said)
    return known[key]


def _read_source(name: str, path: str | None, span: Range, *, said: Said | None) -> Source:
    timed = said is None or said.start_timecode is not None
    said = said or Said()
    rate = _stated(said.rate) if said.rate else _exact(span.start_time.rate)
    return Source(
        name=name,
        path=path,
        clip=said.clip,
        card=said.card,
        reel=said.reel,
        rate=rate,
        drop_frame=said.drop_frame,
        timed=timed,
        available=TimeRange(round(span.start_time.value), round(_frames(span.duration, rate))),
    )


def _mark(marker: Marker, source_in: int, record: TimeRange, *, rate: Rate) -> Mark:
    marked = marker.marked_range
    source = _exact(marked.start_time.rate)
    ahead = round(marked.start_time.value) - source_in
    if source != rate:
        ahead = int(ahead * rate.fraction / source.fraction)
    inside = TimeRange(record.start + ahead, int(_frames(marked.duration, rate))).within(record)
    return Mark(inside, marker.name, marker.comment, marker.color)


def _frames(time: Time, rate: Rate) -> Fraction | int:
    """A duration in exact frames at `rate`; an int where OTIO holds one, for speed."""
    own, value = _exact(time.rate), time.value
    exact = int(value) if value.is_integer() else Fraction(value)
    return exact if own == rate else exact * rate.fraction / own.fraction


@cache
def _stated(rate: str) -> Rate:
    return Rate.parse(rate)


@cache
def _exact(rate: float) -> Rate:
    """The rate that a float stands for; 29.97 is 30000/1001."""
    nearest = Rate.nearest(Fraction(rate), tolerance=Fraction(1, 50_000))
    return nearest or Rate.of(Fraction(rate).limit_denominator(1001))
