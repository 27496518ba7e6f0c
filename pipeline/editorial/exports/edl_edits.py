"""A sheet as the edits of CMX 3600 lists: picture and sound as one where they belong together, transitions in pairs.

In a list the incoming side of a transition begins where the transition does, and the outgoing side ends there. A
transition always has a side that it comes from; where no clip plays, that is black.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TypeAlias

import msgspec

from pipeline.editorial.exports.events import NORMAL, Event, EventTrack, EventTransition, Mark, shown_frame
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.written import Losses
from pipeline.timecode import Rate, TimeRange

CHANNELS = 4  # that a CMX 3600 list can name
_LONGEST = 999  # frames that the column of a transition holds
_DISSOLVES = re.compile("dissolve|fade", re.IGNORECASE)


class Side(msgspec.Struct, frozen=True, gc=False):
    """What plays from one source at a place: its first frame shown, and its speed. Black has no source."""

    source: Source | None
    first: int = 0
    speed: Fraction = NORMAL


_BLACK = Side(None)


class Mix(msgspec.Struct, frozen=True, gc=False):
    """How an edit comes in: `D` or `W001`, over so many frames, from what plays until then."""

    kind: str
    frames: int
    name: str
    coming_from: Side


class Place(msgspec.Struct, frozen=True, gc=False):
    """What tells one edit from another: picture and sound that have it in common are one edit."""

    record: TimeRange
    side: Side
    mix: Mix | None


_Key: TypeAlias = tuple[TimeRange, Source | None, int, tuple[int, int], Mix | None]


class Edit(msgspec.Struct, frozen=True, gc=False):
    """One event of the list: what one source gives to one place. `channels` are 1-4, `picture` beside them."""

    place: Place
    picture: bool
    channels: tuple[int, ...]
    marks: tuple[Mark, ...]


class _Piece(msgspec.Struct, frozen=True, gc=False):
    """An event as a list places it; black that a clip fades to takes the channels of the clip."""

    place: Place
    channels: int
    marks: tuple[Mark, ...]


def edits_of(picture: EventTrack, sound: Sequence[EventTrack], rate: Rate, lost: Losses) -> list[Edit]:
    """The events of a list in record order; `rate` is that of the timeline."""
    found: dict[_Key, tuple[Place, list[int], list[Mark]]] = {}
    for piece in _pieces(picture, rate, lost):
        _, channels, marks = found.setdefault(_key(piece.place), (piece.place, [], []))
        channels.append(0)  # stands for the picture
        marks += piece.marks
    for piece, wanted in _channels([list(_pieces(track, rate, lost)) for track in sound]):
        _, channels, marks = found.setdefault(_key(piece.place), (piece.place, [], []))
        channels += [number for number in wanted if number <= CHANNELS]
        marks += piece.marks
        if wanted.stop - 1 > CHANNELS and piece.place.side.source:
            lost.add(f"Sound channels above {CHANNELS} (the .otio has them)", piece.place.side.source.name)
    edits = [
        Edit(place, 0 in channels, tuple([number for number in channels if number]), tuple(marks))
        for place, channels, marks in found.values()
        if channels
    ]
    return sorted(edits, key=lambda edit: (edit.place.record.start, not edit.picture, edit.channels))


def _key(place: Place) -> _Key:
    """What two places have in common that are one; a fraction itself takes long to be looked up by."""
    side = place.side
    return place.record, side.source, side.first, side.speed.as_integer_ratio(), place.mix


def _pieces(track: EventTrack, rate: Rate, lost: Losses) -> Iterator[_Piece]:
    """The events of a track without overlaps: each ends where the transition to the next one begins."""
    if not track.transitions:
        for event in track.events:
            side = Side(event.source, _first(event, 0, rate), event.speed)
            yield _Piece(Place(event.record, side, None), event.channels, event.marks)
        return
    at = {each.at: each for each in track.transitions}
    ending = {event.record.end: event for event in track.events}
    for event in track.events:
        into, out = at.get(event.record.start), at.get(event.record.end)
        begin = event.record.start - (into.before if into else 0)
        end = event.record.end - (out.before if out else 0)
        mix = _mix(into, ending.get(event.record.start), rate, lost) if into else None
        side = Side(event.source, _first(event, begin - event.record.start, rate), event.speed)
        if end > begin:
            yield _Piece(Place(TimeRange(begin, end - begin), side, mix), event.channels, event.marks)
        if out and not _begins(track, out.at):
            fade = TimeRange(end, out.before + out.after)
            yield _Piece(Place(fade, _BLACK, _mix(out, event, rate, lost)), event.channels, ())


def _begins(track: EventTrack, at: int) -> bool:
    place = bisect_left(track.events, at, key=lambda event: event.record.start)
    return place < len(track.events) and track.events[place].record.start == at


def _first(event: Event, ahead: int, rate: Rate) -> int:
    as_recorded = event.speed is NORMAL or event.speed == 1
    return event.source_in if as_recorded and not ahead else shown_frame(event, ahead, rate)


def _mix(transition: EventTransition, before: Event | None, rate: Rate, lost: Losses) -> Mix:
    coming_from, frames = _BLACK, transition.before + transition.after
    if before:
        ahead = before.record.duration - transition.before
        coming_from = Side(before.source, _first(before, ahead, rate), before.speed)
    if frames > _LONGEST:
        lost.add(f"Transitions of more than {_LONGEST} frames, shortened to that", transition.name)
    if transition.wipe is None and not _DISSOLVES.search(transition.name):
        lost.add("Transitions that a list does not know, written as dissolves", transition.name)
    kind = "D" if transition.wipe is None else f"W{transition.wipe:03}"
    return Mix(kind, min(frames, _LONGEST), transition.name, coming_from)


def _channels(sound: Sequence[Sequence[_Piece]]) -> Iterator[tuple[_Piece, range]]:
    """Each sound event with its channels of the list: the next above those of earlier tracks at its place."""
    above: list[tuple[list[int], list[tuple[_Piece, int]]]] = []  # per track: starts, and (event, its last channel)
    for track in sound:
        ends: list[tuple[_Piece, int]] = []
        for piece in track:
            before = max((_last_channel(piece.place.record, *placed) for placed in above), default=0)
            ends.append((piece, before + piece.channels))
            yield piece, range(before + 1, before + piece.channels + 1)
        above.append(([piece.place.record.start for piece, _ in ends], ends))


def _last_channel(place: TimeRange, starts: list[int], ends: list[tuple[_Piece, int]]) -> int:
    """The highest channel that a track uses anywhere in `place`."""
    first = max(0, bisect_right(starts, place.start) - 1)
    over = ends[first : bisect_left(starts, place.end)]
    return max((last for piece, last in over if piece.place.record.end > place.start), default=0)
