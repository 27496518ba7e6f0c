"""The tracks of a cut as Kdenlive lays them: two playlists for each, with dissolves where clips of one overlap.

Pure arrangement in frames of the timeline; how it is written is kdenlive.py's. Clips lie on the first playlist, but
each that overlaps its predecessor changes over. A clip at another speed counts frames of its own slowed or quickened
file, backwards from its end; a held frame is an effect on the clip.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import msgspec

from pipeline.editorial.exports.events import NORMAL, Event, EventTrack, EventTransition, Sheet
from pipeline.editorial.exports.kdenlive_bin import Bin, BinClip, nearest
from pipeline.editorial.exports.written import Losses

_SLOWEST, _FASTEST = Fraction(1, 100), 20  # of MLT's timewarp producer


class Entry(msgspec.Struct, eq=False, gc=False):
    """A clip on one playlist; `into` counts frames of its file, `length` all of them, at the clip's speed.

    `hold` is the one frame that is shown where it is not None; `fade_in` and `fade_out` are frames from and to black;
    `mixed` are its first frames, which it shares with its predecessor.
    """

    event: Event
    clip: BinClip
    start: int
    end: int
    into: int
    length: int
    hold: int | None = None
    playlist: int = 0
    mixed: int = 0
    fade_in: int = 0
    fade_out: int = 0

    @property
    def speed(self) -> Fraction:
        return self.event.speed or NORMAL

    @property
    def out(self) -> int:
        """The last frame shown."""
        return self.into + self.end - self.start - 1

    @property
    def changed(self) -> bool:
        """Whether its pictures or sound are more than those of the file."""
        return self.hold is not None or bool(self.fade_in or self.fade_out)


@dataclass(frozen=True, slots=True)
class Mix:
    """A dissolve within a track: `after` counts its frames to the right of the cut."""

    start: int
    end: int
    after: int
    backwards: bool


@dataclass(frozen=True, slots=True)
class LaidTrack:
    """A track as Kdenlive numbers it: from the bottom, sound first, its last track lowest."""

    number: int
    name: str
    sound: bool
    entries: tuple[Entry, ...]
    mixes: tuple[Mix, ...]

    def playlist(self, side: int) -> int:
        return self.number * 2 + side


def laid_tracks(sheet: Sheet, content: Bin, lost: Losses) -> Iterator[LaidTrack]:
    tracks = (*reversed(sheet.of_kind("Audio")), *sheet.of_kind("Video"))
    for number, track in enumerate(tracks):
        sound = track.kind == "Audio"
        _note_speeds(track, lost)
        shown = [event for event in track.events if not sound or event.speed is NORMAL or event.speed]
        entries = [_entry(event, content.clips[event.source]) for event in shown]
        mixes = tuple(_mixes(track, entries, lost))
        for entry in entries:
            _hold(entry, lost)
        yield LaidTrack(number, track.name, sound, tuple(entries), mixes)


def _note_speeds(track: EventTrack, lost: Losses) -> None:
    for event in track.events:
        if event.speed is NORMAL:
            continue
        if not event.speed and track.kind == "Audio":
            lost.add("Sound of held frames, left silent", event.source.name)
        elif event.speed and not _SLOWEST <= abs(event.speed) <= _FASTEST:
            lost.add("Speeds below 1 % or above 2000 %, which MLT does not know", event.source.name)


def _entry(event: Event, clip: BinClip) -> Entry:
    speed, record = event.speed, event.record
    into: Fraction | int = clip.place(event.source, event.source_in)
    whole: Fraction | int = clip.length
    if speed is not NORMAL and speed and speed != 1:
        into, whole = into / abs(speed), whole / abs(speed)
        into = into if speed > 0 else whole - into - record.duration
    begin = max(0, nearest(into))
    length = max(nearest(whole), begin + record.duration)
    hold = begin if speed is not NORMAL and not speed else None
    return Entry(event, clip, record.start, record.end, begin, length, hold)


def _hold(entry: Entry, lost: Losses) -> None:
    """Moves a clip that holds one frame to where its file is long enough for it."""
    if entry.hold is not None:
        entry.length = entry.clip.length
        entry.into = max(0, min(entry.into, entry.length - (entry.end - entry.start)))
        if entry.out >= entry.length:
            entry.end = entry.start + entry.length  # else MLT ends it here and moves all that follows
            lost.add("Frames held for longer than their file lasts, black from there on", entry.event.source.name)


def _mixes(track: EventTrack, entries: list[Entry], lost: Losses) -> Iterator[Mix]:
    """Grows the entries on both sides of each transition, and says where they overlap; a lone one fades."""
    starts, ends = ({getattr(each, side): each for each in entries} for side in ("start", "end"))
    for each in track.transitions:
        first, second = ends.get(each.at), starts.get(each.at)
        if each.wipe is not None:
            lost.add("Wipes, written as dissolves", track.name)
        if not _fits(each, first, second):
            lost.add("Transitions with too little of a clip beyond the cut, written as cuts", track.name)
            continue
        if first:
            first.end += each.after
        if second:
            second.start -= each.before
            second.into -= each.before if second.hold is None else 0
        if first and second:
            second.playlist, second.mixed = 1 - first.playlist, each.before + each.after
            yield Mix(second.start, first.end, each.after, second.playlist == 0)
        elif second:
            second.fade_in = each.before + each.after
        elif first:
            first.fade_out = each.before + each.after


def _fits(transition: EventTransition, first: Entry | None, second: Entry | None) -> bool:
    """Whether both files reach that far, and the dissolve at the head of the first clip is over."""
    if first and (
        (first.hold is None and first.out + transition.after >= first.length)
        or transition.at - transition.before < first.start + first.mixed
    ):
        return False
    return not second or second.hold is not None or transition.before <= second.into
