"""A sheet of tracks as a primary storyline with connected clips: how Final Cut Pro holds a timeline.

Pure arrangement: what of picture and sound is one clip, and on which clip or gap the others hang. Connected clips with
transitions between them are a storyline of their own. Times stay frames of the timeline; how they are written is
fcpxml.py's.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pipeline.editorial.exports.events import Event, EventTransition, Held, Mark, Sheet, with_reach
from pipeline.editorial.exports.sources import Source
from pipeline.timecode import TimeRange

# First track, its reach, events.
Heard: TypeAlias = dict[tuple[TimeRange, Source, int], tuple[int, tuple[int, int], list[Event]]]


@dataclass(slots=True)
class Placed:
    """A clip or, without an event, a gap. Sound hangs on lanes below 0, further pictures above.

    `only` says that a clip gives less than its file holds; `over` are markers of the timeline that lie here. `reach`
    counts the frames that transitions show before and after a clip. A connected clip with transitions begins a run:
    `run` are the clips and gaps of it, itself the first clip among them, and `mixes` its transitions.
    """

    event: Event | None
    record: TimeRange
    lane: int = 0
    only: Literal["", "video", "audio"] = ""
    sound: tuple[Event, ...] = ()
    reach: tuple[int, int] = (0, 0)
    connected: list["Placed"] = field(default_factory=list)
    over: list[Mark] = field(default_factory=list)
    run: list["Placed"] = field(default_factory=list)
    mixes: list[EventTransition] = field(default_factory=list)

    @property
    def begin(self) -> int:
        """Where it begins, with what of its run plays before it."""
        return self.run[0].record.start if self.run else self.record.start


def storyline(sheet: Sheet, held: Mapping[Source, Held]) -> list[Placed]:
    """The first video track with its gaps filled; what else there is hangs on what plays where it begins.

    Sound that was recorded with a picture and lies under it is part of the picture's clip.
    """
    heard = _heard(sheet)
    pictures = sheet.of_kind("Video")
    seen = [[_seen(*each, lane, heard, held) for each in with_reach(track)] for lane, track in enumerate(pictures)]
    spine = list(_without_holes(seen[0] if seen else [], sheet))
    hung = [placed for lane in seen[1:] for placed in _runs(lane, pictures[lane[0].lane].transitions if lane else ())]
    for track, sounds in _alone(heard, held).items():
        hung += _runs(sounds, sheet.of_kind("Audio")[track - 1].transitions)
    starts = [placed.record.start for placed in spine]
    for placed in hung:
        spine[bisect_right(starts, placed.begin) - 1].connected.append(placed)
    for mark in sheet.marks:
        if spine and 0 <= mark.record.start < spine[-1].record.end:
            spine[bisect_right(starts, mark.record.start) - 1].over.append(mark)
    return spine


def _heard(sheet: Sheet) -> Heard:
    """The sound events by place and source: streams of one file at one place are one clip."""
    heard: Heard = {}
    for number, track in enumerate(sheet.of_kind("Audio"), start=1):
        for event, head, tail in with_reach(track):
            key = (event.record, event.source, event.source_in)
            heard.setdefault(key, (number, (head, tail), []))[2].append(event)
    return heard


def _seen(event: Event, head: int, tail: int, lane: int, heard: Heard, held: Mapping[Source, Held]) -> Placed:  # noqa: PLR0913, PLR0917 # an event as with_reach gives it
    """A picture with the sound that belongs to it, which is then no longer in `heard`."""
    _, _, sound = heard.pop((event.record, event.source, event.source_in), (0, (0, 0), []))
    silent = not sound and held[event.source].streams
    return Placed(event, event.record, lane, "video" if silent else "", tuple(sound), (head, tail))


def _alone(heard: Heard, held: Mapping[Source, Held]) -> dict[int, list[Placed]]:
    """Sound without a picture, by the track of its first stream."""
    alone: dict[int, list[Placed]] = defaultdict(list)
    for track, reach, events in heard.values():
        only: Literal["", "audio"] = "audio" if held[events[0].source].picture else ""
        alone[track].append(Placed(events[0], events[0].record, -track, only, tuple(events), reach))
    return alone


def _runs(clips: Sequence[Placed], transitions: Sequence[EventTransition]) -> Iterator[Placed]:
    """The clips of a lane; those that transitions join, or that one leads into or out of, as the first of their run."""
    at = {each.at: each for each in transitions}
    run: list[Placed] = []
    for clip in clips:
        if run and not (clip.record.start == run[-1].record.end and clip.record.start in at):
            yield _run(run, at)
            run = []
        run.append(clip)
    if run:
        yield _run(run, at)


def _run(clips: list[Placed], at: Mapping[int, EventTransition]) -> Placed:
    first, last = clips[0], clips[-1]
    edges = [clip.record.start for clip in clips] + [last.record.end]
    first.mixes = [at[edge] for edge in edges if edge in at]
    if first.mixes:
        before, after = at.get(edges[0]), at.get(edges[-1])
        first.run = list(clips)
        if before and before.before:
            first.run.insert(0, Placed(None, TimeRange(before.at - before.before, before.before)))
        if after and after.after:
            first.run.append(Placed(None, TimeRange(after.at, after.after)))
    return first


def _without_holes(clips: list[Placed], sheet: Sheet) -> Iterator[Placed]:
    """The clips with gaps between them, and one after them while anything plays."""
    place = 0
    for clip in clips:
        if clip.record.start > place:
            yield Placed(None, TimeRange(place, clip.record.start - place))
        yield clip
        place = clip.record.end
    ends = [event.record.end for track in sheet.tracks for event in track.events]
    ends += [each.at + each.after for track in sheet.tracks for each in track.transitions]
    end = max(ends, default=0)
    if end > place:
        yield Placed(None, TimeRange(place, end - place))
