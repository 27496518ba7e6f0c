"""A sheet of tracks as a primary storyline with connected clips: how Final Cut Pro holds a timeline.

Pure arrangement: what of picture and sound is one clip, and on which clip or gap the others hang.
Times stay frames of the timeline; how they are written is fcpxml.py's.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pipeline.editorial.exports.events import Event, Held, Mark, Sheet, Source
from pipeline.timecode import TimeRange

Heard: TypeAlias = dict[tuple[TimeRange, Source, int], tuple[int, list[Event]]]  # first track, events


@dataclass(slots=True)
class Placed:
    """A clip or, without an event, a gap. Sound hangs on lanes below 0, further pictures above.

    `only` says that a clip gives less than its file holds; `over` are markers of the timeline that lie here.
    """

    event: Event | None
    record: TimeRange
    lane: int = 0
    only: Literal["", "video", "audio"] = ""
    sound: tuple[Event, ...] = ()
    connected: list["Placed"] = field(default_factory=list)
    over: list[Mark] = field(default_factory=list)


def storyline(sheet: Sheet, held: Mapping[Source, Held]) -> list[Placed]:
    """The first video track with its gaps filled; what else there is hangs on what plays where it begins.

    Sound that was recorded with a picture and lies under it is part of the picture's clip.
    """
    heard = _heard(sheet)
    pictures = [track.events for track in sheet.of_kind("Video")]
    spine = list(_without_holes([_seen(event, 0, heard, held) for event in (pictures[0] if pictures else ())], sheet))
    hung = [_seen(event, lane, heard, held) for lane, track in enumerate(pictures[1:], start=1) for event in track]
    for track, events in heard.values():
        only: Literal["", "audio"] = "audio" if held[events[0].source].picture else ""
        hung.append(Placed(events[0], events[0].record, -track, only, tuple(events)))
    starts = [placed.record.start for placed in spine]
    for placed in hung:
        spine[bisect_right(starts, placed.record.start) - 1].connected.append(placed)
    for mark in sheet.marks:
        if spine and 0 <= mark.record.start < spine[-1].record.end:
            spine[bisect_right(starts, mark.record.start) - 1].over.append(mark)
    return spine


def _heard(sheet: Sheet) -> Heard:
    """The sound events by place and source: streams of one file at one place are one clip."""
    heard: Heard = {}
    for number, track in enumerate(sheet.of_kind("Audio"), start=1):
        for event in track.events:
            heard.setdefault((event.record, event.source, event.source_in), (number, []))[1].append(event)
    return heard


def _seen(event: Event, lane: int, heard: Heard, held: Mapping[Source, Held]) -> Placed:
    """A picture with the sound that belongs to it, which is then no longer in `heard`."""
    _, sound = heard.pop((event.record, event.source, event.source_in), (0, []))
    silent = not sound and held[event.source].streams
    return Placed(event, event.record, lane, "video" if silent else "", tuple(sound))


def _without_holes(clips: list[Placed], sheet: Sheet) -> Iterator[Placed]:
    """The clips with gaps between them, and one after them while anything plays."""
    place = 0
    for clip in clips:
        if clip.record.start > place:
            yield Placed(None, TimeRange(place, clip.record.start - place))
        yield clip
        place = clip.record.end
    end = max((event.record.end for track in sheet.tracks for event in track.events), default=0)
    if end > place:
        yield Placed(None, TimeRange(place, end - place))
