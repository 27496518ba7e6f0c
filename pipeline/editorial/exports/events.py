"""An OTIO timeline as exact events: what every writer but OTIO's own reads.

OTIO's times are floats; here they become whole frames at exact rates once, for all formats. What
the model says of a clip under `rushes` comes first; a foreign timeline is read by its own words.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from math import ceil, floor, prod
from typing import NamedTuple, TypeAlias

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
from pipeline.editorial.exports.written import Losses
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, Timecode, TimeRange

_KEYWORDS = ("subject", "location", "tag")
_NORMAL = Fraction(1)
_SPEED_PARTS = 100_000  # a float's speed is the nearest fraction of so many parts
_ENDLESS = 1 << 62  # frames, where black or unknown media set no bound
_WIPE = re.compile(r"\bW(\d{3})\b")
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

    `available` counts source frames at `rate`; `timed` says whether it has timecode; `values` are the log's fields, and
    `log` the same as text.
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
    log: Mapping[str, str]
    proxy: str | None
    equal: bool
    file: FileFacts

    @property
    def keywords(self) -> tuple[str, ...]:
        """Subjects, location and tags one by one."""
        return tuple(dict.fromkeys(word for name in _KEYWORDS for word in self.listed(name)))

    def listed(self, name: str) -> Iterator[str]:
        """What the log says under one field, one by one."""
        yield from _values(self.values.get(name, ""))

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

    It begins `before` frames earlier and ends `after` frames later, and shows source frames beyond their events there;
    black where no event meets it. `name` is what the timeline calls it, `wipe` the number of a CMX 3600 wipe.
    """

    at: int
    before: int
    after: int
    name: str
    wipe: int | None = None


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


Reaching: TypeAlias = tuple[Event, int, int]  # event, frames of the timeline before it and after it


class _Laid(NamedTuple):
    """An item of a track at its place; only clips that show something are events."""

    item: Item
    record: TimeRange
    event: Event | None = None


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
    lost = Losses()
    known: dict[Key, Source] = {}
    tracks = []
    for track in document.tracks.children:
        if not track.schema.startswith("Track."):
            raise ExportRefused(f"'{document.name}' nests a timeline where a track should be; flatten it first.")
        if track.kind not in {"Video", "Audio"}:
            lost.add("Tracks of neither pictures nor sound, left out", track.name)
            continue
        laid = list(_laid(track, start.rate, known, lost))
        events = tuple(each.event for each in laid if each.event)
        tracks.append(EventTrack(track.name, track.kind, events, tuple(_transitions(laid, start.rate, lost))))
    marks = tuple(_timeline_mark(marker, start.rate) for marker in document.tracks.markers)
    return Sheet(document.name, start, _size(document), tuple(tracks), marks, tuple(lost.sentences()))


def held_by(sheet: Sheet) -> dict[Source, Held]:
    """What each source of a sheet gives to it, in order of first appearance."""
    events: dict[Source, list[Reaching]] = defaultdict(list)
    for track in sheet.tracks:
        for reaching in with_reach(track):
            events[reaching[0].source].append(reaching)
    return {source: _held(source, taken, sheet.start.rate) for source, taken in events.items()}


def _held(source: Source, events: list[Reaching], rate: Rate) -> Held:
    streams: dict[int, int] = {}
    begin, end = source.available.start, source.available.end
    for event, head, tail in events:
        if event.channels:
            streams[event.stream] = max(event.channels, streams.get(event.stream, 0))
        taken = taken_range(event, rate, head=head, tail=tail)
        begin, end = min(begin, taken.start), max(end, taken.end)
    picture = any(not event.channels for event, _, _ in events)
    channels = tuple(streams.get(number, 0) for number in range(1, max(streams, default=0) + 1))
    return Held(picture, channels, TimeRange(begin, end - begin))


def with_reach(track: EventTrack) -> Iterator[Reaching]:
    """Each event with the timeline frames that transitions show of it before its first and after its last."""
    if not track.transitions:
        yield from ((event, 0, 0) for event in track.events)
        return
    heads = {each.at: each.before for each in track.transitions}
    tails = {each.at: each.after for each in track.transitions}
    for event in track.events:
        yield event, heads.get(event.record.start, 0), tails.get(event.record.end, 0)


def taken_frames(event: Event, rate: Rate) -> int:
    """Frames of the source that an event shows, the last one perhaps in part; `rate` is the timeline's."""
    return _source_frames(event, event.record.duration, rate) or 1


def taken_range(event: Event, rate: Rate, *, head: int = 0, tail: int = 0) -> TimeRange:
    """What an event takes of its source, with `head` and `tail` frames of the timeline before and after it."""
    before, after = (head, tail) if event.speed >= 0 else (tail, head)
    ahead = _source_frames(event, before, rate) if before else 0
    beyond = _source_frames(event, event.record.duration + after, rate) or 1
    return TimeRange(event.source_in - ahead, ahead + beyond)


def shown_frame(event: Event, ahead: int, rate: Rate) -> int:
    """The source frame that plays `ahead` frames of the timeline after the first of an event (before it: negative)."""
    passed = floor(ahead * abs(event.speed) * event.source.rate.fraction / rate.fraction)
    if event.speed >= 0:
        return event.source_in + passed
    return event.source_in + taken_frames(event, rate) - 1 - passed


def _source_frames(event: Event, frames: int, rate: Rate) -> int:
    """The source frames that `frames` of the timeline at `rate` begin to show of an event."""
    own = event.source.rate
    if event.speed == 1 and own == rate:
        return frames
    return ceil(frames * abs(event.speed) * own.fraction / rate.fraction)


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


def _laid(track: Child, rate: Rate, known: dict[Key, Source], lost: Losses) -> Iterator[_Laid]:
    """The items of a track; their places add up in exact time and end on whole frames.

    `known` keeps one Source for each file over all tracks.
    """
    place: Fraction | int = 0
    sound = track.kind == "Audio"
    for item in track.children:
        kind = item.kind
        if kind == "Transition":
            yield _Laid(item, TimeRange(round(place), 0))
            continue
        if kind not in {"Clip", "Gap"}:
            raise ExportRefused(f"'{item.name}' on {track.name} is a nested timeline; flatten it first.")
        span = item.span
        if span is None:
            raise ExportRefused(f"'{item.name}' on {track.name} has no range and no media to tell its length.")
        if span.duration.value < 0:
            raise ExportRefused(f"'{item.name}' on {track.name} lasts {span.duration.value:g} frames; mend its range.")
        begin = round(place)
        place += _frames(span.duration, rate)
        record = TimeRange(begin, round(place) - begin)
        if kind == "Clip" and not item.enabled:
            lost.add("Disabled clips, left out", item.name)
        if kind == "Gap" or not item.enabled or not record.duration:
            yield _Laid(item, record)
            continue
        said = item.metadata.rushes
        channels = (said.channels if said else 1) if sound else 0
        yield _Laid(item, record, _event(item, record, source=_source(item, span, known), rate=rate, channels=channels))
        if item.effects:
            _note_effects(item, lost)


def _event(item: Item, record: TimeRange, *, source: Source, rate: Rate, channels: int) -> Event:
    span = item.span
    assert span is not None
    said = item.metadata.rushes
    source_in = round(span.start_time.value)
    event = Event(source, source_in, record, channels, said.stream if said else 1, (), _speed(item))
    if not item.markers:
        return event
    return replace(event, marks=tuple(_mark(marker, event, rate) for marker in item.markers))


def _speed(item: Item) -> Fraction:
    """Source time per timeline time, of all time effects of a clip; `_SPEED_PARTS` keeps thirds and 1000/1001 exact."""
    if not item.effects:
        return _NORMAL
    speeds = (Fraction(effect.time_scalar or 0) for effect in item.effects if effect.is_speed)
    return prod(speeds, start=_NORMAL).limit_denominator(_SPEED_PARTS)


def _note_effects(item: Item, lost: Losses) -> None:
    if not all(effect.is_speed for effect in item.effects):
        lost.add("Effects other than steady speeds, left out", item.name)


def _transitions(laid: Sequence[_Laid], rate: Rate, lost: Losses) -> Iterator[EventTransition]:
    """The transitions of a track, no longer than what they lie on and than the media beyond the cut."""
    free = 0  # the first frame that no earlier transition reaches
    padded = [None, *laid, None]
    for before, each, after in zip(padded, laid, padded[2:], strict=False):
        if each.item.kind != "Transition":
            continue
        at, name = each.record.start, _transition_name(each.item)
        beside = next((side.item.name for side in (after, before) if side and side.event), "")
        wanted = [round(_frames(time, rate)) if time else 0 for time in (each.item.in_offset, each.item.out_offset)]
        into = min(at - max(free, before.record.start) if before else 0, _spare(after, rate, head=True))
        out = min(after.record.duration if after else 0, _spare(before, rate, head=False))
        into, out = max(0, min(wanted[0], into)), max(0, min(wanted[1], out))
        if [into, out] != wanted:
            lost.add("Transitions longer than what they lie on or than the media beyond the cut, shortened", beside)
        if beside and into + out:
            free = at + out
            yield EventTransition(at, into, out, name, _wipe(each.item))


def _spare(laid: _Laid | None, rate: Rate, *, head: bool) -> int:
    """Frames of the timeline that the media of an event last before its first or after its last one."""
    if laid is None or laid.event is None or not laid.event.speed or laid.item.reference.available_range is None:
        return _ENDLESS
    event, media = laid.event, laid.event.source.available
    taken = taken_range(event, rate)
    spare = taken.start - media.start if head == (event.speed > 0) else media.end - taken.end
    return floor(spare * rate.fraction / (abs(event.speed) * event.source.rate.fraction))


def _transition_name(item: Item) -> str:
    dissolve = item.transition_type in {"", "SMPTE_Dissolve"}
    return item.name or ("Cross Dissolve" if dissolve else item.transition_type)


def _wipe(item: Item) -> int | None:
    """The number of a wipe (`W001`, as lists name them), 1 for one without."""
    said = f"{item.transition_type} {item.name}"
    numbered = _WIPE.search(said)
    if numbered:
        return int(numbered[1])
    return 1 if "wipe" in said.casefold() else None


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
        log={field: _text(value) for field, value in said.log.items()},
        proxy=proxy.target_url or None if proxy else None,
        equal=proxy is not None and proxy.available_range == reference.available_range,
        file=said.file,
    )


def _values(value: LogValue) -> Iterator[str]:
    yield from value if isinstance(value, list) else [str(value)] if value else []


def _text(value: LogValue) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(value) if isinstance(value, list) else str(value)


def _mark(marker: Marker, event: Event, rate: Rate) -> Mark:
    own, record, speed = event.source.rate, event.record, abs(event.speed)
    source = _whole(marker.marked_range, own)
    ahead: Fraction | int = source.start - event.source_in
    length = _frames(marker.marked_range.duration, rate)
    if event.speed < 0:
        ahead = taken_frames(event, rate) - 1 - ahead
    if speed not in {0, 1}:
        ahead, length = ahead / speed, length / speed
    if own != rate:
        ahead = ahead * rate.fraction / own.fraction
    inside = TimeRange(record.start + int(ahead), int(length)).within(record)
    return Mark(inside, source, marker.name, marker.comment, marker.color)


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
    return exact if own is rate or own == rate else exact * rate.fraction / own.fraction


@cache
def _stated(rate: str) -> Rate:
    return _one(Rate.parse(rate))


@cache
def _one(rate: Rate) -> Rate:
    """The same object for equal rates, which are then compared at once."""
    return rate


@cache
def _exact(rate: float) -> Rate:
    """The rate that a float stands for; 29.97 is 30000/1001."""
    nearest = Rate.nearest(Fraction(rate), tolerance=Fraction(1, 50_000))
    return _one(nearest or Rate.of(Fraction(rate).limit_denominator(1001)))
