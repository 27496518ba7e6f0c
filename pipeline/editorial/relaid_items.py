"""The events of an editor's timeline that was kept, as pieces of our clips, sound by the streams of its file.

Editors' files count sound in one of three ways: an event for each channel, for each stream, or for all of a clip. Ours
count streams. What a file does not say is not made up: what was taken otherwise than written is named in the losses.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from math import ceil, floor

from pipeline.clip import LoggedClip, shown
from pipeline.editorial.assembly import streams_of
from pipeline.editorial.exports.written import Losses
from pipeline.editorial.imports.kept import Kept, KeptEvent
from pipeline.editorial.pieces import Piece
from pipeline.editorial.shots import Media, Shot, counted, media_for
from pipeline.timecode import Rate, TimeRange

_NOT_FOUND = "Events that were found in no clip of the log, left black"
_SHORTENED = "Events that go on where the clip in the log has ended, shortened"
_NO_SOUND = "Sound of clips in which the log knows none, left out"
_WITH_OTHERS = "Sound of which the editor took single channels, written with the channels before them"


@dataclass(frozen=True, slots=True)
class Item:
    """An event at its place: the pieces of its clip, none for black; of sound its stream and how many channels."""

    event: KeptEvent
    record: TimeRange
    pieces: tuple[Piece, ...]
    stream: int = 0
    channels: int = 0


def items_of(
    kept: Kept, clips: Mapping[str, LoggedClip], media: Mapping[str, Media], *, rate: Rate, lost: Losses
) -> list[Item]:
    """The events of a timeline at `rate`, in order of time and track."""
    placed = [(event, TimeRange(*event.record)) for event in kept.events if event.record and event.record[1]]
    items = [_item(event, record, clips, media, rate=rate) for event, record in placed]
    for item in items:
        if not item.pieces:
            lost.add(_NOT_FOUND, _name(item.event))
        elif sum(piece.record for piece in item.pieces) < item.record.duration:
            lost.add(_SHORTENED, _name(item.event))
    pictures = [item for item in items if item.event.kind == "Video"]
    sounds = _by_streams([item for item in items if item.event.kind == "Audio"], kept.format, lost)
    return sorted((*pictures, *sounds), key=lambda item: (item.record.start, item.event.track))


def _name(event: KeptEvent) -> str:
    return shown(event.name or event.file.replace("\\", "/").rpartition("/")[2] or event.reel or "without a name")


def _item(
    event: KeptEvent, record: TimeRange, clips: Mapping[str, LoggedClip], media: Mapping[str, Media], *, rate: Rate
) -> Item:
    logged = clips.get(event.clip or "")
    if logged is None or not event.range or not event.range[1]:
        return Item(event, record, ())
    logged = replace(logged, clip=counted(logged.clip, rate))
    if logged.clip.rate is None:
        return Item(event, record, ())
    shot = Shot(logged, TimeRange(*event.range), media_for(logged, media), _name(event))
    return Item(event, record, tuple(_pieces(shot, record.duration, Fraction(event.speed), rate)))


def _pieces(shot: Shot, record: int, speed: Fraction, rate: Rate) -> Iterator[Piece]:
    """What lies in each file of `record` frames of the timeline, in the order of play; less where the clip ends."""
    clip = shot.logged.clip
    assert clip.rate is not None
    passed = abs(speed) * clip.rate.fraction / rate.fraction  # frames of the clip for one of the timeline
    needed = max(1, ceil(record * passed))
    first = shot.range.end - needed if speed < 0 else shot.range.start
    taken = TimeRange(first, needed).within(TimeRange(0, clip.frames or 0))
    starts = list(accumulate((part.frames for part in shot.media.parts), initial=0))
    parts = [
        (part, before, inside)
        for part, before in zip(shot.media.parts, starts, strict=False)
        if (inside := taken.within(TimeRange(before, part.frames))).duration
    ]
    at = gone = 0
    for part, before, inside in reversed(parts) if speed < 0 else parts:
        gone += inside.duration
        end = record if gone == needed else min(record, floor(gone / passed)) if passed else record
        if end > at:
            yield Piece(shot, part, before, inside, end - at)
            at = end


def _by_streams(items: Sequence[Item], form: str, lost: Losses) -> Iterator[Item]:
    """Sound with an event for each stream of a file; what takes the same of a clip at one place is one sound."""
    together: dict[object, list[Item]] = defaultdict(list)
    for number, item in enumerate(items):
        event = item.event
        same = (event.clip, event.range, event.record, event.speed, event.enabled) if item.pieces else number
        together[same].append(item)
    for alike in together.values():
        if not alike[0].pieces:
            yield alike[0]
            continue
        streams = streams_of(alike[0].pieces[0].shot.logged.clip)
        if streams:
            yield from _parted(sorted(alike, key=lambda item: item.event.track), streams, form, lost)
        else:
            lost.add(_NO_SOUND, _name(alike[0].event))


def _parted(alike: Sequence[Item], streams: Sequence[int], form: str, lost: Losses) -> Iterator[Item]:
    """The events of one sound by streams: by the channels they name, else by what their number says."""
    if any(item.event.channel for item in alike) or form == "edl":
        for one in _each_once(alike, sum(streams)):
            yield from _of_channels(one, streams, lost)
    elif len(alike) == 1:  # all that the clip has
        yield from (replace(alike[0], stream=number, channels=each) for number, each in enumerate(streams, start=1))
    elif len(alike) % len(streams) == 0:
        for place, item in enumerate(alike):
            number = place % len(streams)
            yield replace(item, stream=number + 1, channels=streams[number])
    else:
        for one in _each_once(alike, sum(streams)):
            yield from _of_channels(one, streams, lost)


def _each_once(alike: Sequence[Item], channels: int) -> list[dict[int, Item]]:
    """Events by channel, each channel once: what an editor laid twice is a second sound. Unnamed ones count on."""
    found: list[dict[int, Item]] = []
    for place, item in enumerate(alike):
        channel = min(item.event.channel or place % channels + 1, channels)
        one = next((each for each in found if channel not in each), None)
        if one is None:
            found.append(one := {})
        one[channel] = item
    return found


def _of_channels(by_channel: Mapping[int, Item], streams: Sequence[int], lost: Losses) -> Iterator[Item]:
    """The events that hold channels, one for each stream that has any of them, on the track of its first."""
    before = 0
    for number, width in enumerate(streams, start=1):
        mine = [channel for channel in range(before + 1, before + width + 1) if channel in by_channel]
        if mine:
            channels = mine[-1] - before
            if len(mine) < channels:
                lost.add(_WITH_OTHERS, _name(by_channel[mine[0]].event))
            yield replace(by_channel[mine[0]], stream=number, channels=channels)
        before += width
