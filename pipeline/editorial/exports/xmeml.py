"""Final Cut Pro 7 XML (xmeml 5), the bridge to Premiere Pro and DaVinci Resolve.

A project with a bin for each card, where every file is a master clip with its log, bins for each subject with clips
of the same masters, and the sequence.
Elements are those of Apple's "Final Cut Pro XML Interchange Format"; what Premiere adds is noted.

- Positions on tracks (`start`, `end`) and markers of the sequence count frames of the sequence from 0.
- `in`, `out` and markers of a clip count frames of its file from 0, at the clip's own `<rate>`. Where a
  clip at another rate ends inside a frame, `out` is the end of that frame; Premiere's own
  `pproTicksIn` and `pproTicksOut` (254,016,000,000 a second) are exact.
- Each channel of sound is an item on a track of its own; `sourcetrack` counts the channels of the file.
- Rates are a whole timebase, slowed down by 1000/1001 where `<ntsc>` is TRUE. A clip at any other rate
  is counted at the sequence's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec
from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.events import NORMAL, Event, EventTrack, Mark, Sheet, sheet_of, taken_frames
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, encoded, linked
from pipeline.editorial.exports.xmeml_files import (
    File,
    can_say,
    counted,
    file_again,
    file_xml,
    files_of,
    head_xml,
    named_xml,
    rate_xml,
    ticks,
    timecode_xml,
)
from pipeline.editorial.exports.xmeml_time import (
    NO_REACH,
    Played,
    Reach,
    note_unknown,
    played,
    reaches,
    time_remap,
    transition_item,
)
from pipeline.editorial.exports.xml_text import is_legal, xml_text
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, TimeRange

_UNSTATED_SIZE = (1920, 1080)
_CLIP = "\0"  # stands for the name of a clip where several differ in nothing else; XML does not hold it
_Take: TypeAlias = tuple[Source, int, TimeRange]
_ON = "<enabled>TRUE</enabled><locked>FALSE</locked>"


class _Item(msgspec.Struct, frozen=True, gc=False):
    """A clip on one track of the XML; `track` and `place` count from 1, `channel` those of the file (0: pictures).

    `place` counts the transitions of a track too, as Premiere does; `take` tells what lies together: frames of one file
    at one place.
    """

    name: str
    file: File
    kind: Literal["video", "audio"]
    track: int
    place: int
    event: Event
    take: _Take
    channel: int
    reach: Reach

    @property
    def places(self) -> tuple[int, int]:
        """`start` and `end`, where no transition lies over them."""
        return (-1 if self.reach.into else self.event.record.start, -1 if self.reach.out else self.event.record.end)


@dataclass(frozen=True, slots=True)
class _Cut:
    """What the items of a sequence share: its rate, their links, and what those between cuts say by what they take."""

    rate: Rate
    links: Mapping[_Take, str]
    recorded: dict[_Take, str]
    lost: Losses


@unswept()
def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.xml` with the originals, or the proxies where asked for.

    Raises ExportRefused for a timeline at a rate that xmeml cannot say.
    """
    timeline, unlinked = linked(timeline, options)
    sheet = sheet_of(timeline)
    if not can_say(sheet.start.rate):
        label = sheet.start.rate.label()
        raise ExportRefused(f"FCP7 XML knows no {label} frames per second; make the cut with --rate 25, for one.")
    lost = Losses()
    files = files_of(sheet, lost)
    content = encoded(_document(sheet, files, lost))
    losses = (*unlinked, *sheet.losses, *lost.sentences(), *_always_lost(sheet, options))
    return Written((WrittenFile(".xml", content),), losses)


def _always_lost(sheet: Sheet, options: ExportOptions) -> Iterator[str]:
    if sheet.size is None:
        yield f"The timeline states no picture size; the sequence is written as {'x'.join(map(str, _UNSTATED_SIZE))}."
    others = "originals" if options.media == "proxy" else "proxies"
    yield f"FCP7 XML links one file for each clip: {others} and colours of markers are in the .otio."


def _document(sheet: Sheet, files: dict[Source, File], lost: Losses) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<!DOCTYPE xmeml>"
    yield f'<xmeml version="5">\n<project>\n{named_xml(sheet.name)}\n<children>'
    cards: dict[str, list[File]] = defaultdict(list)
    subjects: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for file in dict.fromkeys(files.values()):
        cards[file.source.card or "Media"].append(file)
    for card, held in cards.items():
        yield from _bin(card, map(_master, held))
        for file in held:
            named = [*file.source.listed("subject")]
            clip = _copy(file) if named else ""
            for subject in named:
                subjects[subject].append((file.number, clip))
    if subjects:
        yield from _bin("Subjects", _subjects(subjects))
    yield from _sequence(sheet, files, lost)
    yield "</children>\n</project>\n</xmeml>"


def _bin(name: str, inside: Iterable[str]) -> Iterator[str]:
    yield f"<bin>\n{named_xml(name)}\n<children>"
    yield from inside
    yield "</children>\n</bin>"


def _subjects(subjects: Mapping[str, Sequence[tuple[int, str]]]) -> Iterator[str]:
    """A bin for each subject, with the number and the text of each clip in it."""
    for subject, (name, held) in enumerate(subjects.items(), start=1):
        yield from _bin(name, (clip.replace(_CLIP, f"subject-{subject}-{number}") for number, clip in held))


def _master(file: File) -> str:
    """The clip in its bin: the whole file with its log, and the file itself in full, once."""
    name = f"master-{file.number}"
    places = [("audio" if channel else "video", max(channel, 1), channel) for channel in file.channels]
    links = _links([(f"{name}-{channel}", kind, track, 1) for kind, track, channel in places])
    return _clip(file, f"masterclip-{file.number}", _tracks(file, name, file_xml(file), links), whether="TRUE")


def _copy(file: File) -> str:
    """The clip in a bin of a subject, with `_CLIP` for its name: a clip of that master clip.

    Links belong to sequences, says Apple; Premiere writes them into its master clips too, and so do we there.
    """
    return _clip(file, _CLIP, _tracks(file, _CLIP, file_again(file), ""), whether="FALSE")


def _clip(file: File, name: str, tracks: str, *, whether: str) -> str:
    return (
        f'<clip id="{name}">\n{file.head}\n<in>-1</in><out>-1</out>\n<ismasterclip>{whether}</ismasterclip>\n'
        f"{file.log}\n<media>\n{tracks}\n</media>\n</clip>"
    )


def _tracks(file: File, name: str, first: str, links: str) -> str:
    """All that a clip of a file in a bin holds: its pictures, and each channel of its sound; `first` tells the file."""
    again = file_again(file)
    tracks: list[str] = []
    for channel in file.channels:
        told = again if tracks else first
        tracks.append(
            f'<track>\n<clipitem id="{name}-{channel}">\n{file.head}\n{told}\n{_source_track(channel)}{links}'
            "</clipitem>\n</track>"
        )
    video, audio = tracks[: file.held.picture], tracks[file.held.picture :]
    lines = ["<video>", *video, "</video>"] if video else []
    return "\n".join([*lines, "<audio>", *audio, "</audio>"] if audio else lines)


def _sequence(sheet: Sheet, files: dict[Source, File], lost: Losses) -> Iterator[str]:
    rate = sheet.start.rate
    pictures = list(_pictures(sheet.of_kind("Video"), files))
    sounds = list(_sounds(sheet.of_kind("Audio"), files))
    for transition in (each for track in sheet.tracks for each in track.transitions):
        note_unknown(transition, lost)
    cut = _Cut(rate, _links_of([item for track in (*pictures, *sounds) for item in track]), {}, lost)
    end = max((event.record.end for track in sheet.tracks for event in track.events), default=0)
    yield f'<sequence id="sequence-1">\n{named_xml(sheet.name)}\n<duration>{end}</duration>\n{rate_xml(rate)}'
    yield f"{timecode_xml(sheet.start)}\n<media>\n<video>"
    yield from _picture_format(sheet)
    for track in pictures:
        yield "<track>"
        yield from _clip_items(track, cut)
        yield f"{_ON}</track>"
    yield "</video>\n<audio>"
    yield from _sound_format()
    for number, track in enumerate(sounds):
        yield "<track>"
        yield from _clip_items(track, cut)
        yield f"{_ON}<outputchannelindex>{number % 2 + 1}</outputchannelindex></track>"
    yield "</audio>\n</media>"
    yield from (_marker(mark, mark.record, lost) for mark in sheet.marks)
    yield "</sequence>"


def _picture_format(sheet: Sheet) -> Iterator[str]:
    width, height = sheet.size or _UNSTATED_SIZE
    yield f"<format><samplecharacteristics>{rate_xml(sheet.start.rate)}"
    yield f"<width>{width}</width><height>{height}</height><anamorphic>FALSE</anamorphic>"
    yield "<pixelaspectratio>square</pixelaspectratio><fielddominance>none</fielddominance><colordepth>24</colordepth>"
    yield "</samplecharacteristics></format>"


def _sound_format() -> Iterator[str]:
    """Two outputs that tracks go to in turn, as editors write a stereo sequence."""
    yield "<numOutputChannels>2</numOutputChannels>\n<format>"
    yield "<samplecharacteristics><depth>16</depth><samplerate>48000</samplerate></samplecharacteristics>"
    yield "</format>\n<outputs>"
    for number in (1, 2):
        yield f"<group><index>{number}</index><numchannels>1</numchannels><downmix>0</downmix>"
        yield f"<channel><index>{number}</index></channel></group>"
    yield "</outputs>"


def _pictures(tracks: Sequence[EventTrack], files: dict[Source, File]) -> Iterator[list[_Item]]:
    for number, track in enumerate(tracks, start=1):
        yield list(_items("video", number, [(files[event.source], event, 0, reach) for event, reach in reaches(track)]))


def _sounds(tracks: Sequence[EventTrack], files: dict[Source, File]) -> Iterator[list[_Item]]:
    """Each track of the timeline as tracks of one channel, as many as its richest event has."""
    number = 0
    for track in tracks:
        heard = [(files[event.source], event, reach) for event, reach in reaches(track)]
        for channel in range(max((event.channels for event in track.events), default=0)):
            number += 1
            places = [
                (file, event, _channel(file, event, channel), reach)
                for file, event, reach in heard
                if event.channels > channel
            ]
            yield list(_items("audio", number, places))


def _channel(file: File, event: Event, channel: int) -> int:
    """The channel of the file, counted from 1 over all its streams."""
    return sum(file.held.streams[: event.stream - 1]) + channel + 1


def _items(
    kind: Literal["video", "audio"], track: int, events: Sequence[tuple[File, Event, int, Reach]]
) -> Iterator[_Item]:
    """The clips of a track in order; those with a transition before or behind them stand one place further."""
    place, last = 0, None
    for number, (file, event, channel, reach) in enumerate(events, start=1):
        place += 1 + (reach.into is not None and reach.into is not last)
        take, name = (event.source, event.source_in, event.record), f"clipitem-{kind[0]}{track}-{number}"
        yield _Item(name, file, kind, track, place, event, take, channel, reach)
        place, last = place + (reach.out is not None), reach.out


def _links_of(items: Sequence[_Item]) -> dict[_Take, str]:
    """The links of all items that take the same frames of one file to one place: to each of them."""
    groups: dict[_Take, list[_Item]] = defaultdict(list)
    for item in items:
        groups[item.take].append(item)
    return {
        take: _links([(item.name, item.kind, item.track, item.place) for item in group])
        for take, group in groups.items()
    }


def _links(group: Sequence[tuple[str, str, int, int]]) -> str:
    """The links to some items, each told by its name, kind, track and place on it."""
    if len(group) < 2:
        return ""
    links = [
        f"<link><linkclipref>{name}</linkclipref><mediatype>{kind}</mediatype>"
        f"<trackindex>{track}</trackindex><clipindex>{place}</clipindex>"
        f"{'<groupindex>1</groupindex>' if kind == 'audio' else ''}</link>\n"
        for name, kind, track, place in group
    ]
    return "".join(links)


def _clip_items(items: Sequence[_Item], cut: _Cut) -> Iterator[str]:
    last, rate = None, cut.rate
    for number, item in enumerate(items):
        into, out = item.reach.into, item.reach.out
        if into and into is not last:
            yield transition_item(into, item.kind, rate_xml(rate), rate, sides=(False, True))
        yield _clip_item(item, cut)
        if out:
            after = items[number + 1].event.record.start == out.at if number + 1 < len(items) else False
            yield transition_item(out, item.kind, rate_xml(rate), rate, sides=(True, after))
        last = out


def _clip_item(item: _Item, cut: _Cut) -> str:
    event, file, take = item.event, item.file, item.take
    if item.reach is NO_REACH and (event.speed is NORMAL or event.speed == 1):
        clip, body = None, cut.recorded.get(take)
        if body is None:
            body = cut.recorded[take] = _as_recorded(item, cut.rate)
    else:
        clip = played(event, file.held.span, file.rate, cut.rate, item.reach)
        body = _body(item, head_xml(file.name, clip.length, file.rate), clip) + _remap(item, clip, cut.lost)
    text = f'<clipitem id="{item.name}">\n{body}{_source_track(item.channel)}{cut.links[take]}'
    if event.marks and item.channel <= 1:  # other channels say no more than the first
        for mark in event.marks:
            text += f"{_marker(mark, _marked(mark, item, clip, cut.rate), cut.lost)}\n"
    log = "" if item.channel and file.held.picture else f"{file.log}\n"
    return f"{text}{log}</clipitem>"


def _as_recorded(item: _Item, rate: Rate) -> str:
    """What a clip at its own speed between cuts takes; whole frames without a fraction, for there are many of them."""
    event, file, frames = item.event, item.file, item.event.record.duration
    begin = file.since_start(event.source_in)
    taken = taken_frames(event, rate) if file.rate == event.source.rate else frames
    first = ticks(event.source_in - file.held.span.start, event.source.rate)
    return _body(item, file.head, Played(begin, begin + taken, (first, first + ticks(frames, rate)), file.duration))


def _body(item: _Item, head: str, clip: Played) -> str:
    start, end = item.places
    return (
        f"{head}\n"
        f"<enabled>TRUE</enabled><start>{start}</start><end>{end}</end><in>{clip.begin}</in><out>{clip.end}</out>\n"
        f"<pproTicksIn>{clip.ticks[0]}</pproTicksIn><pproTicksOut>{clip.ticks[1]}</pproTicksOut>\n"
        f"{file_again(item.file)}\n"
    )


def _remap(item: _Item, clip: Played, lost: Losses) -> str:
    event, file = item.event, item.file
    if event.speed == 1:
        return ""
    if not event.speed:
        lost.add("Frozen frames, written as a speed of 0 %", file.source.name)
    return time_remap(event, file.held.span, file.rate, clip, item.kind)


def _marked(mark: Mark, item: _Item, clip: Played | None, rate: Rate) -> TimeRange:
    """A marker in frames of the clip as played, where it is not `None`: as it was recorded."""
    file = item.file
    if clip is None or item.event.speed == 1:
        begin, end = file.since_start(mark.source.start), file.since_start(mark.source.end)
        return TimeRange(max(0, begin), end - begin)
    ahead = mark.record.start - item.event.record.start + item.reach.head
    begin = clip.begin + counted(ahead, rate, file.rate)
    return TimeRange(begin, counted(mark.record.duration, rate, file.rate))


def _marker(mark: Mark, span: TimeRange, lost: Losses) -> str:
    """A marker; a point has no `out`."""
    if not is_legal(mark.name + mark.note):
        lost.add("Control characters in markers, left out", xml_text(mark.name))
    out = span.end if span.duration > 1 else -1
    said = f"{named_xml(mark.name)}<comment>{xml_text(mark.note)}</comment>"
    return f"<marker>{said}<in>{span.start}</in><out>{out}</out></marker>"


def _source_track(channel: int) -> str:
    if not channel:
        return ""
    return f"<sourcetrack><mediatype>audio</mediatype><trackindex>{channel}</trackindex></sourcetrack>\n"
