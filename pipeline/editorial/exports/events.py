"""An OTIO timeline as exact events: what every writer but OTIO's own reads.

OTIO's times are floats; here they become whole frames at exact rates once, for all formats. What
the model says of a clip under `rushes` comes first; a foreign timeline is read by its own words.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, prod
from typing import NamedTuple, TypeAlias

import msgspec
from opentimelineio.schema import Timeline

from pipeline.editorial.exports.otio_values import Child, Document, Item, Marker, Range, values_of
from pipeline.editorial.exports.sources import Key, Source, exact_rate, frames_of, source_of, stated_rate
from pipeline.editorial.exports.written import Losses
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, Timecode, TimeRange

NORMAL = Fraction(1)  # one object, by which nearly all events are known at once to play as they were recorded
_SPEED_PARTS = 100_000  # a float's speed is the nearest fraction of so many parts
_ENDLESS = 1 << 62  # frames, where black or unknown media set no bound
_WIPE = re.compile(r"\bW(\d{3})\b")


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A marker; `record` counts timeline frames from the timeline's start.

    `source` counts absolute frames of the event's source at its own rate; a marker of the timeline itself has `record`.
    """

    record: TimeRange
    source: TimeRange
    name: str
    note: str
    color: str


class Event(msgspec.Struct, frozen=True, gc=False):
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
    speed: Fraction = NORMAL


class EventTransition(msgspec.Struct, frozen=True, gc=False):
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


class Held(msgspec.Struct, frozen=True, gc=False):
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
        joined = any(item.kind == "Transition" for item in track.children)
        transitions = tuple(_transitions(laid, start.rate, lost)) if joined else ()
        tracks.append(EventTrack(track.name, track.kind, events, transitions))
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
        if event.channels > streams.get(event.stream, 0):
            streams[event.stream] = event.channels
        taken = taken_range(event, rate, head=head, tail=tail)
        begin, end = min(begin, taken.start), max(end, taken.end)
    picture = not all(event.channels for event, _, _ in events)
    channels = tuple([streams.get(number, 0) for number in range(1, max(streams) + 1)]) if streams else ()
    return Held(picture, channels, TimeRange(begin, end - begin))


def with_reach(track: EventTrack) -> Iterator[Reaching]:
    """Each event with the timeline frames that transitions show of it before its first and after its last."""
    if not track.transitions:
        for event in track.events:
            yield event, 0, 0
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
    taken = taken_frames(event, rate)
    if not (head or tail):
        return TimeRange(event.source_in, taken)
    if event.speed < 0:  # the last frame plays first, from its end
        ahead = _source_frames(event, event.record.duration + tail, rate) - taken
        beyond = taken + _source_frames(event, head, rate)
    else:
        ahead = _source_frames(event, head, rate)
        beyond = _source_frames(event, event.record.duration + tail, rate) or 1
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
    if own == rate and (event.speed is NORMAL or event.speed == 1):
        return frames
    return ceil(frames * abs(event.speed) * own.fraction / rate.fraction)


def _size(document: Document) -> tuple[int, int] | None:
    said = document.metadata.rushes
    width, _, height = (said.size or "" if said else "").partition("x")
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() else None


def _start(document: Document) -> Timecode:
    said, start = document.metadata.rushes, document.global_start_time
    if said is not None and said.rate is not None:
        rate = stated_rate(said.rate)
    elif start is not None:
        rate = exact_rate(start.rate)
    else:
        items = (item for track in document.tracks.children for item in track.children)
        first = next((item.span for item in items if item.span is not None), None)
        rate = exact_rate(first.duration.rate) if first else Rate(25)
    return Timecode(round(start.value) if start else 0, rate, bool(said and said.drop_frame))


def _laid(track: Child, rate: Rate, known: dict[Key, Source], lost: Losses) -> Iterator[_Laid]:
    """The items of a track; their places add up in exact time and end on whole frames."""
    place: Fraction | int = 0
    end, sound = 0, track.kind == "Audio"
    for item in track.children:
        kind = item.kind
        if kind == "Transition":
            yield _Laid(item, TimeRange(end, 0))
            continue
        if kind not in {"Clip", "Gap"}:
            raise ExportRefused(f"'{item.name}' on {track.name} is a nested timeline; flatten it first.")
        span = item.span
        if span is None:
            raise ExportRefused(f"'{item.name}' on {track.name} has no range and no media to tell its length.")
        if span.duration.value < 0:
            raise ExportRefused(f"'{item.name}' on {track.name} lasts {span.duration.value:g} frames; mend its range.")
        begin = end
        place += frames_of(span.duration, rate)
        end = round(place)
        record = TimeRange(begin, end - begin)
        if kind == "Clip" and not item.enabled:
            lost.add("Disabled clips, left out", item.name)
        if kind == "Gap" or not item.enabled or begin == end:
            yield _Laid(item, record)
            continue
        source = source_of(item, span, known)
        yield _Laid(item, record, _event(item, record, source=source, rate=rate, sound=sound))
        if item.effects:
            _note_effects(item, lost)


def _event(item: Item, record: TimeRange, *, source: Source, rate: Rate, sound: bool) -> Event:
    said, span, speed = item.metadata.rushes, item.span, _speed(item)
    assert span is not None
    channels, stream = (said.channels, said.stream) if said else (1, 1)
    event = Event(source, round(span.start_time.value), record, channels if sound else 0, stream, (), speed)
    if not item.markers:
        return event
    return msgspec.structs.replace(event, marks=tuple([_mark(marker, event, rate) for marker in item.markers]))


def _speed(item: Item) -> Fraction:
    """Source time per timeline time, of all time effects of a clip; `_SPEED_PARTS` keeps thirds and 1000/1001 exact."""
    if not item.effects:
        return NORMAL
    speeds = (Fraction(effect.time_scalar or 0) for effect in item.effects if effect.is_speed)
    return prod(speeds, start=NORMAL).limit_denominator(_SPEED_PARTS)


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
        wanted = [round(frames_of(time, rate)) if time else 0 for time in (each.item.in_offset, each.item.out_offset)]
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


def _mark(marker: Marker, event: Event, rate: Rate) -> Mark:
    own, record = event.source.rate, event.record
    source = _whole(marker.marked_range, own)
    ahead: Fraction | int = source.start - event.source_in
    length = frames_of(marker.marked_range.duration, rate)
    if event.speed is not NORMAL:
        ahead, length = _played(ahead, length, event, rate)
    if own != rate:
        ahead = ahead * rate.fraction / own.fraction
    inside = TimeRange(record.start + int(ahead), int(length)).within(record)
    return Mark(inside, source, marker.name, marker.comment, marker.color)


def _played(
    ahead: Fraction | int, length: Fraction | int, event: Event, rate: Rate
) -> tuple[Fraction | int, Fraction | int]:
    """What lies so far into an event of another speed, and so long, as it plays; a freeze shows it as it is."""
    speed = abs(event.speed)
    if event.speed < 0:
        ahead = taken_frames(event, rate) - 1 - ahead
    return (ahead / speed, length / speed) if speed else (ahead, length)


def _timeline_mark(marker: Marker, rate: Rate) -> Mark:
    record = _whole(marker.marked_range, rate)
    return Mark(record, record, marker.name, marker.comment, marker.color)


def _whole(span: Range, rate: Rate) -> TimeRange:
    """The whole frames at `rate` that a range begins in and lasts for."""
    return TimeRange(floor(frames_of(span.start_time, rate)), max(0, floor(frames_of(span.duration, rate))))
