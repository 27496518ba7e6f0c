"""What a reader makes of an editor's timeline file: events as the file states them, in whole frames, with their lines.

A reader repairs nothing and guesses nothing: what the file does not say is None, what it says wrongly stands in
`problems`. Matching events with clips belongs to matching.py, judging a file for an editor to `checks/`.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import msgspec

from pipeline.timecode import Rate, Timecode, TimeRange

Kind = Literal["Video", "Audio"]


@dataclass(frozen=True, slots=True)
class ReadMark:
    """A marker of a timeline or event. `record` counts timeline frames from the timeline's start.

    `source` counts frames of the event's source as `ReadEvent.source` does; a timeline's own marker has none.
    """

    name: str
    note: str = ""
    color: str = ""
    record: TimeRange | None = None
    source: TimeRange | None = None
    line: int | None = None


class ReadEvent(msgspec.Struct, frozen=True, gc=False):
    """One clip on a track, as the file has it; tracks count from 1 within their kind.

    `record`: timeline frames from the timeline's start. `source`: frames taken, counted at `rate` as the source's
    timecode counts them; `media`: the same range counted from the head of the media file. A format states one or the
    other, or both. `available`: what of the source there is, counted as `source` is. `speed`: source frames per frame
    of the timeline (-1 backwards, 0 a freeze), beyond what differing rates do. `channel` counts the sound channels of
    the source from 1 where the format numbers them. `number`: what the list itself calls the event, without leading
    zeros; empty where the format numbers none.
    """

    kind: Kind
    track: int
    record: TimeRange | None
    source: TimeRange | None = None
    media: TimeRange | None = None
    available: TimeRange | None = None
    rate: Rate | None = None
    drop_frame: bool | None = None
    name: str = ""
    file: str = ""
    reel: str = ""
    id: str = ""
    hash: str = ""
    channel: int | None = None
    speed: Fraction = Fraction(1)
    marks: tuple[ReadMark, ...] = ()
    log: tuple[tuple[str, str], ...] = ()
    line: int | None = None
    color: str = ""
    enabled: bool = True
    number: str = ""


@dataclass(frozen=True, slots=True)
class ReadTransition:
    """A transition at the cut at frame `at` of the timeline, lasting `before` frames before and `after` after it."""

    kind: Kind
    track: int
    at: int
    before: int
    after: int
    name: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What a file says wrongly, or what is not read of it, in one sentence.

    `line` counts from 1; None where there are no lines.
    """

    line: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class ReadTimeline:
    """A timeline file as read. `facts`: what `rushes facts` shows of it, keyed as the docs list them.

    `events` are those of the first timeline in the file, in order of track and time. `start`: the record timecode of
    its first frame. `tracks`: the numbers of video and audio tracks, empty ones counted. `left_out` names what is no
    fault, but no event either: titles, generators, timelines within that are not taken apart. `said`: what else the
    file says that a check asks for, under the words of its format.
    """

    format: str
    title: str
    rate: Rate | None
    drop_frame: bool | None
    start: Timecode | None
    duration: int | None
    tracks: tuple[int, int]
    events: tuple[ReadEvent, ...]
    transitions: tuple[ReadTransition, ...] = ()
    marks: tuple[ReadMark, ...] = ()
    facts: tuple[tuple[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()
    left_out: tuple[Problem, ...] = ()
    said: tuple[tuple[str, Any], ...] = ()


def not_apart(clips: int) -> str:
    """The end of a sentence about a timeline within a timeline: how many clips nobody followed."""
    return f"; it is not taken apart, and its {clips:,} clip{'' if clips == 1 else 's'} not looked for."
