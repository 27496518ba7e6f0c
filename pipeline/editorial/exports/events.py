"""An OTIO timeline as exact events: what every writer but OTIO's own reads.

OTIO's times are floats; here they become whole frames at exact rates once, for all formats. What
the model says of a clip under `rushes` comes first; a foreign timeline is read by its own words.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import ceil, floor
from typing import TypeAlias

from opentimelineio.schema import Timeline

from pipeline.editorial.assembly import PROXY
from pipeline.editorial.exports.otio_values import (
    Child,
    Document,
    FileFacts,
    Item,
    Marker,
    Range,
    Reference,
    Said,
    Time,
    values_of,
)
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, Timecode, TimeRange

_KEYWORDS = ("subject", "location", "tag")
Key: TypeAlias = tuple[str, str, str | None]  # clip id, name, path


LogValue = str | int | list[str]


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker; `record` counts timeline frames from the timeline's start.

    `source` counts absolute frames of the event's source at its own rate; a marker of the timeline itself has `record`.
    """

    record: TimeRange
    source: TimeRange
    name: str
    note: str
    color: str


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A file that events are taken from; a sheet holds one object for each, so that it is itself only.

    `available` counts source frames at `rate`; `timed` says whether it has timecode; `values` are the log's fields.
    `proxy` is the path of a proxy; `equal` says that it holds the same frames, as that of a spanned clip does not.
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
    values: Mapping[str, LogValue]
    proxy: str | None
    equal: bool
    file: FileFacts

    @property
    def log(self) -> dict[str, str]:
        """The log's fields as text."""
        return {name: _text(value) for name, value in self.values.items()}

    @property
    def keywords(self) -> tuple[str, ...]:
        """Subjects, location and tags one by one."""
        return tuple(dict.fromkeys(word for name in _KEYWORDS for word in _values(self.values.get(name, ""))))

    def timecode(self, frame: int) -> Timecode:
        return Timecode(frame, self.rate, self.drop_frame)


@dataclass(frozen=True, slots=True)
class Event:
    """One clip on a track; `record` counts timeline frames from the timeline's start.

    `source_in` is an absolute frame of the source at its own rate. `channels` is 0 for pictures; `stream` counts the
    sound streams of the source from 1. `speed` is source time per timeline time: the event takes `taken_frames` from
    `source_in` on, and shows them last frame first where it is below zero; at zero it holds the frame `source_in`.
    """

    source: Source
    source_in: int
    record: TimeRange
    channels: int
    stream: int
    marks: tuple[Mark, ...]
    speed: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class EventTransition:
    """A transition around the cut at frame `at` of the timeline; events meet at `at` as if it were none.

    It begins `before` frames earlier and ends `after` frames later, and shows source frames beyond their events there.
    """

    at: int
    before: int
    after: int
    name: str


@dataclass(frozen=True, slots=True)
class EventTrack:
    name: str
    kind: str  # "Video" or "Audio"
    events: tuple[Event, ...]
    transitions: tuple[EventTransition, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A timeline as lists of events. `start` is the record timecode of its first frame, `size` None where unstated."""

    name: str
    start: Timecode
    size: tuple[int, int] | None
    tracks: tuple[EventTrack, ...]
    marks: tuple[Mark, ...]
    losses: tuple[str, ...]

    def of_kind(self, kind: str) -> tuple[EventTrack, ...]:
        return tuple(track for track in self.tracks if track.kind == kind)


@dataclass(frozen=True, slots=True)
class Held:
    """What the events of a cut take from one source: pictures or not, and the channels of each sound stream.

    `span` covers what is available and all that events take: a foreign timeline may say less than it takes.
    """

    picture: bool
    streams: tuple[int, ...]
    span: TimeRange


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
    marks = tuple(_timeline_mark(marker, start.rate) for marker in document.tracks.markers)
    return Sheet(document.name, start, _size(document), tuple(tracks), marks, tuple(dict.fromkeys(losses)))


def held_by(sheet: Sheet) -> dict[Source, Held]:
    """What each source of a sheet gives to it, in order of first appearance."""
    events: dict[Source, list[Event]] = defaultdict(list)
    for track in sheet.tracks:
        for event in track.events:
            events[event.source].append(event)
    return {source: _held(source, taken, sheet.start.rate) for source, taken in events.items()}


def _held(source: Source, events: list[Event], rate: Rate) -> Held:
    streams: dict[int, int] = {}
    begin, end = source.available.start, source.available.end
    for event in events:
        if event.channels:
            streams[event.stream] = max(event.channels, streams.get(event.stream, 0))
        begin, end = min(begin, event.source_in), max(end, event.source_in + taken_frames(event, rate))
    picture = any(not event.channels for event in events)
    channels = tuple(streams.get(number, 0) for number in range(1, max(streams, default=0) + 1))
    return Held(picture, channels, TimeRange(begin, end - begin))


def taken_frames(event: Event, rate: Rate) -> int:
    """Frames of the source that an event shows, the last one perhaps in part; `rate` is the timeline's."""
    own = event.source.rate
    return event.record.duration if own == rate else ceil(event.record.duration * own.fraction / rate.fraction)


def _size(document: Document) -> tuple[int, int] | None:
    said = document.metadata.rushes
    width, _, height = (said.size or "" if said else "").partition("x")
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() else None


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
    marks = tuple(_mark(marker, source, source_in=source_in, record=record, rate=rate) for marker in item.markers)
    said = item.metadata.rushes
    return Event(source, source_in, record, channels, said.stream if said else 1, marks)


def _source(item: Item, span: Range, known: dict[Key, Source]) -> Source:
    reference, said = item.reference, item.metadata.rushes
    path = reference.target_url or None
    name = item.name or reference.name or (path or "").rpartition("/")[2]
    key = (said.clip if said else "", name, path)
    if key not in known:
        known[key] = _read_source(name, reference, span, proxy=item.media_references.get(PROXY), said=said)
    return known[key]


def _read_source(name: str, reference: Reference, span: Range, *, proxy: Reference | None, said: Said | None) -> Source:
    span = reference.available_range or span
    timed = said is None or said.start_timecode is not None
    said = said or Said()
    rate = _stated(said.rate) if said.rate else _exact(span.start_time.rate)
    return Source(
        name=name,
        path=reference.target_url or None,
        clip=said.clip,
        card=said.card,
        reel=said.reel,
        rate=rate,
        drop_frame=said.drop_frame,
        timed=timed,
        available=TimeRange(round(span.start_time.value), round(_frames(span.duration, rate))),
        values=said.log,
        proxy=proxy.target_url or None if proxy else None,
        equal=proxy is not None and proxy.available_range == reference.available_range,
        file=said.file,
    )


def _values(value: LogValue) -> Iterator[str]:
    yield from value if isinstance(value, list) else [str(value)] if value else []


def _text(value: LogValue) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _mark(marker: Marker, source: Source, *, source_in: int, record: TimeRange, rate: Rate) -> Mark:
    marked = marker.marked_range
    own = _exact(marked.start_time.rate)
    ahead = round(marked.start_time.value) - source_in
    if own != rate:
        ahead = int(ahead * rate.fraction / own.fraction)
    inside = TimeRange(record.start + ahead, int(_frames(marked.duration, rate))).within(record)
    return Mark(inside, _whole(marked, source.rate), marker.name, marker.comment, marker.color)


def _timeline_mark(marker: Marker, rate: Rate) -> Mark:
    record = _whole(marker.marked_range, rate)
    return Mark(record, record, marker.name, marker.comment, marker.color)


def _whole(span: Range, rate: Rate) -> TimeRange:
    """The whole frames at `rate` that a range begins in and lasts for."""
    return TimeRange(floor(_frames(span.start_time, rate)), max(0, floor(_frames(span.duration, rate))))


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
