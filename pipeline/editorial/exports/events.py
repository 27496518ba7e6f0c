"""An OTIO timeline as exact events: what every writer but OTIO's own reads.

OTIO's times are floats; here they become whole frames at exact rates once, for all formats. What
the model says of a clip under `rushes` comes first; a foreign timeline is read by its own words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias

from opentimelineio.exceptions import OTIOError
from opentimelineio.opentime import RationalTime
from opentimelineio.schema import Clip, ExternalReference, Gap, Timeline, Track, Transition

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
    start = _start(timeline)
    losses: list[str] = []
    known: dict[Key, Source] = {}
    tracks = []
    for track in timeline.tracks:
        if not isinstance(track, Track):
            raise ExportRefused(f"'{timeline.name}' nests a timeline where a track should be; flatten it first.")
        events = tuple(_events(track, start.rate, known, losses))
        tracks.append(EventTrack(track.name, track.kind, events))
    return Sheet(timeline.name, start, tuple(tracks), tuple(dict.fromkeys(losses)))


def _start(timeline: Timeline) -> Timecode:
    own, start = _rushes(timeline), timeline.global_start_time
    if own is not None:
        rate = Rate.parse(own["rate"])
    elif start is not None:
        rate = _exact(start.rate)
    else:
        clips = timeline.find_clips()
        rate = _exact(clips[0].trimmed_range().duration.rate) if clips else Rate(25)
    return Timecode(round(start.value) if start else 0, rate, bool(own is not None and own["drop_frame"]))


def _events(track: Track, rate: Rate, known: dict[Key, Source], losses: list[str]) -> Iterator[Event]:
    """The clips of a track; their places add up in exact time and end on whole frames.

    `known` saves reading a file again for each track.
    """
    place: Fraction | int = 0
    sound = track.kind == "Audio"
    for item in track:
        if isinstance(item, Transition):
            losses.append(f"Transitions on {track.name} are written as cuts.")
            continue
        if not isinstance(item, Clip | Gap):
            raise ExportRefused(f"'{item.name}' on {track.name} is a nested timeline; flatten it first.")
        span = _span(item, track.name)
        begin = round(place)
        place += _frames(span.duration, rate)
        record = TimeRange(begin, round(place) - begin)
        if isinstance(item, Clip) and record.duration:
            if item.effects:
                losses.append(f"Effects and speed changes on {track.name} are left out.")
            own = _rushes(item)
            source_in = round(span.start_time.value)
            channels = int(own.get("channels", 1)) if sound and own is not None else int(sound)
            marks = _marks(item, source_in, record, rate=rate)
            yield Event(_source(item, own, span, known=known), source_in, record, channels, marks)


def _span(item: Clip | Gap, track: str) -> Any:
    try:
        return item.trimmed_range()
    except OTIOError as error:
        raise ExportRefused(f"'{item.name}' on {track} has no range and no media to tell its length.") from error


def _source(clip: Clip, own: Any, span: Any, *, known: dict[Key, Source]) -> Source:
    own, reference = own if own is not None else {}, clip.media_reference
    path = reference.target_url if isinstance(reference, ExternalReference) else None
    name = clip.name or reference.name or (path or "").rpartition("/")[2]
    key = (own.get("clip", ""), name, path)
    if key not in known:
        known[key] = _read_source(own, name, path, span=reference.available_range or span)
    return known[key]


def _read_source(own: Any, name: str, path: str | None, *, span: Any) -> Source:
    rate = _stated(own["rate"]) if "rate" in own else _exact(span.start_time.rate)
    return Source(
        name=name,
        path=path,
        clip=own.get("clip", ""),
        card=own.get("card", ""),
        reel=own.get("reel", ""),
        rate=rate,
        drop_frame=bool(own.get("drop_frame")),
        timed=own.get("start_timecode", "") is not None,
        available=TimeRange(round(span.start_time.value), round(_frames(span.duration, rate))),
    )


def _marks(clip: Clip, source_in: int, record: TimeRange, *, rate: Rate) -> tuple[Mark, ...]:
    # By index: OTIO's own iteration costs ten times as much, and most clips have no marker.
    found = clip.markers
    return tuple(_mark(found[index], source_in, record, rate=rate) for index in range(len(found)))


def _mark(marker: Any, source_in: int, record: TimeRange, *, rate: Rate) -> Mark:
    marked = marker.marked_range
    source = _exact(marked.start_time.rate)
    ahead = round(marked.start_time.value) - source_in
    if source != rate:
        ahead = int(ahead * rate.fraction / source.fraction)
    inside = TimeRange(record.start + ahead, int(_frames(marked.duration, rate))).within(record)
    return Mark(inside, marker.name, marker.comment, marker.color)


def _frames(time: RationalTime, rate: Rate) -> Fraction | int:
    """A duration in exact frames at `rate`; an int where OTIO holds one, for speed."""
    own, value = _exact(time.rate), time.value
    exact = int(value) if value.is_integer() else Fraction(value)
    return exact if own == rate else exact * rate.fraction / own.fraction


def _rushes(item: Any) -> Any:
    """What we said of a timeline or clip, or None on foreign ones."""
    return item.metadata.get("rushes")


@cache
def _stated(rate: str) -> Rate:
    return Rate.parse(rate)


@cache
def _exact(rate: float) -> Rate:
    """The rate that a float stands for; 29.97 is 30000/1001."""
    nearest = Rate.nearest(Fraction(rate), tolerance=Fraction(1, 50_000))
    return nearest or Rate.of(Fraction(rate).limit_denominator(1001))
