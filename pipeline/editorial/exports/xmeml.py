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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.events import Event, EventTrack, Mark, Sheet, sheet_of, taken_frames
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, linked
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
_CLIP, _FILE, _LINKS = "\0", "\1", "\2"  # stand for a name, a description and links; XML holds none of them
_ON = "<enabled>TRUE</enabled><locked>FALSE</locked>"


@dataclass(frozen=True, slots=True)
class _Item:
    """A clip on one track of the XML; `track` and `place` count from 1, `channel` those of the file (0: pictures).

    `place` counts the transitions of a track too, as Premiere does.
    """

    name: str
    file: File
    kind: Literal["video", "audio"]
    track: int
    place: int
    event: Event
    channel: int
    reach: Reach = NO_REACH

    @property
    def places(self) -> tuple[int, int]:
        """`start` and `end`, where no transition lies over them."""
        return (-1 if self.reach.into else self.event.record.start, -1 if self.reach.out else self.event.record.end)


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
    content = "\n".join([*_document(sheet, files, lost), ""]).encode()
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
    subjects: dict[str, list[tuple[File, str]]] = defaultdict(list)
    for file in dict.fromkeys(files.values()):
        cards[file.source.card or "Media"].append(file)
    for card, held in cards.items():
        clips = []
        for file in held:
            items = _whole(file)
            tracks = _tracks(items)
            clips.append(_master(file, tracks.replace(_LINKS, _links(items))))
            for subject in file.source.listed("subject"):
                subjects[subject].append((file, tracks))
        yield from _bin(card, clips)
    if subjects:
        again = (
            line
            for number, (name, held) in enumerate(subjects.items(), start=1)
            for line in _bin(name, (_copy(*each, number) for each in held))
        )
        yield from _bin("Subjects", again)
    yield from _sequence(sheet, files, lost)
    yield "</children>\n</project>\n</xmeml>"


def _bin(name: str, inside: Iterable[str]) -> Iterator[str]:
    yield f"<bin>\n{named_xml(name)}\n<children>"
    yield from inside
    yield "</children>\n</bin>"


def _master(file: File, tracks: str) -> str:
    """The clip in its bin: the whole file with its log, and the file itself in full, once."""
    inside = tracks.replace(_CLIP, f"master-{file.number}").replace(_FILE, "\n".join(file_xml(file)))
    return _clip(file, f"masterclip-{file.number}", inside, whether="TRUE")


def _copy(file: File, tracks: str, subject: int) -> str:
    """The clip in the bin of a subject, counted from 1: a clip of that master clip.

    Links belong to sequences, says Apple; Premiere writes them into its master clips too, and so do we there.
    """
    name = f"subject-{subject}-{file.number}"
    inside = tracks.replace(_LINKS, "").replace(_CLIP, name).replace(_FILE, file_again(file))
    return _clip(file, name, inside, whether="FALSE")


def _clip(file: File, name: str, tracks: str, *, whether: str) -> str:
    return (
        f'<clip id="{name}">\n{file.head}\n<in>-1</in><out>-1</out>\n<ismasterclip>{whether}</ismasterclip>\n'
        f"{file.log}\n<media>\n{tracks}\n</media>\n</clip>"
    )


def _whole(file: File) -> list[_Item]:
    """All that a clip of a file in a bin holds: its pictures, and each channel of its sound."""
    event = Event(file.source, file.held.span.start, TimeRange(0, file.duration), 0, 1, ())
    channels = range(0 if file.held.picture else 1, sum(file.held.streams) + 1)
    return [_Item(f"{_CLIP}-{n}", file, "audio" if n else "video", max(n, 1), 1, event, n) for n in channels]


def _tracks(items: Sequence[_Item]) -> str:
    """What all clips of a file in bins have, with `_CLIP`, `_FILE` and `_LINKS` where they differ."""
    lines: list[str] = []
    for kind in ("video", "audio"):
        tracks = [
            f'<track>\n<clipitem id="{item.name}">\n{item.file.head}\n'
            f"{_FILE if item is items[0] else file_again(item.file)}\n{_source_track(item)}{_LINKS}"
            "</clipitem>\n</track>"
            for item in items
            if item.kind == kind
        ]
        if tracks:
            lines += [f"<{kind}>", *tracks, f"</{kind}>"]
    return "\n".join(lines)


def _sequence(sheet: Sheet, files: dict[Source, File], lost: Losses) -> Iterator[str]:
    rate = sheet.start.rate
    pictures = list(_pictures(sheet.of_kind("Video"), files))
    sounds = list(_sounds(sheet.of_kind("Audio"), files))
    for transition in (each for track in sheet.tracks for each in track.transitions):
        note_unknown(transition, lost)
    links = _links_of([item for track in (*pictures, *sounds) for item in track])
    end = max((event.record.end for track in sheet.tracks for event in track.events), default=0)
    yield f'<sequence id="sequence-1">\n{named_xml(sheet.name)}\n<duration>{end}</duration>\n{rate_xml(rate)}'
    yield f"{timecode_xml(sheet.start)}\n<media>\n<video>"
    yield from _picture_format(sheet)
    for track in pictures:
        yield from ("<track>", *_clip_items(track, links, rate=rate, lost=lost), f"{_ON}</track>")
    yield "</video>\n<audio>"
    yield from _sound_format()
    for number, track in enumerate(sounds):
        output = f"<outputchannelindex>{number % 2 + 1}</outputchannelindex>"
        yield from ("<track>", *_clip_items(track, links, rate=rate, lost=lost), f"{_ON}{output}</track>")
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
        for channel in range(max((event.channels for event in track.events), default=0)):
            number += 1
            heard = [(event, reach) for event, reach in reaches(track) if event.channels > channel]
            places = [
                (files[event.source], event, _channel(files[event.source], event, channel), reach)
                for event, reach in heard
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
        yield _Item(f"clipitem-{kind[0]}{track}-{number}", file, kind, track, place, event, channel, reach)
        place, last = place + (reach.out is not None), reach.out


def _links_of(items: Sequence[_Item]) -> dict[str, str]:
    """The links of each item by its name: to all that take the same frames of one file to one place."""
    groups: dict[tuple[Source, int, TimeRange], list[_Item]] = defaultdict(list)
    for item in items:
        groups[item.event.source, item.event.source_in, item.event.record].append(item)
    found = {}
    for group in groups.values():
        found.update(dict.fromkeys((item.name for item in group), _links(group)))
    return found


def _links(group: Sequence[_Item]) -> str:
    if len(group) < 2:
        return ""
    return "".join(
        f"<link><linkclipref>{item.name}</linkclipref><mediatype>{item.kind}</mediatype>"
        f"<trackindex>{item.track}</trackindex><clipindex>{item.place}</clipindex>"
        f"{'<groupindex>1</groupindex>' if item.channel else ''}</link>\n"
        for item in group
    )


def _clip_items(items: Sequence[_Item], links: dict[str, str], *, rate: Rate, lost: Losses) -> Iterator[str]:
    last = None
    for number, item in enumerate(items):
        into, out = item.reach.into, item.reach.out
        if into and into is not last:
            yield transition_item(into, item.kind, rate_xml(rate), rate, sides=(False, True))
        yield _clip_item(item, links[item.name], rate=rate, lost=lost)
        if out:
            after = items[number + 1].event.record.start == out.at if number + 1 < len(items) else False
            yield transition_item(out, item.kind, rate_xml(rate), rate, sides=(True, after))
        last = out


def _clip_item(item: _Item, links: str, *, rate: Rate, lost: Losses) -> str:
    event, file = item.event, item.file
    plain = event.speed == 1 and item.reach is NO_REACH
    clip = _as_recorded(item, rate) if plain else played(event, file.held.span, file.rate, rate, item.reach)
    start, end = item.places
    text = (
        f'<clipitem id="{item.name}">\n{file.head if plain else head_xml(file.name, clip.length, file.rate)}\n'
        f"<enabled>TRUE</enabled><start>{start}</start><end>{end}</end><in>{clip.begin}</in><out>{clip.end}</out>\n"
        f"<pproTicksIn>{clip.ticks[0]}</pproTicksIn><pproTicksOut>{clip.ticks[1]}</pproTicksOut>\n"
        f"{file_again(file)}\n{_remap(item, clip, lost)}{_source_track(item)}{links}".rstrip()
    )
    if item.channel <= 1:  # other channels say no more than the first
        for mark in event.marks:
            text += "\n" + _marker(mark, _marked(mark, item, clip, rate), lost)
    log = f"\n{file.log}" if not item.channel or not file.held.picture else ""
    return f"{text}{log}\n</clipitem>"


def _as_recorded(item: _Item, rate: Rate) -> Played:
    """What a clip at its own speed between cuts takes; whole frames without a fraction, for there are many of them."""
    event, file, frames = item.event, item.file, item.event.record.duration
    begin = file.since_start(event.source_in)
    taken = taken_frames(event, rate) if file.rate == event.source.rate else frames
    first = ticks(event.source_in - file.held.span.start, event.source.rate)
    return Played(begin, begin + taken, (first, first + ticks(frames, rate)), file.duration)


def _remap(item: _Item, clip: Played, lost: Losses) -> str:
    event, file = item.event, item.file
    if event.speed == 1:
        return ""
    if not event.speed:
        lost.add("Frozen frames, written as a speed of 0 %", file.source.name)
    return time_remap(event, file.held.span, file.rate, clip, item.kind)


def _marked(mark: Mark, item: _Item, clip: Played, rate: Rate) -> TimeRange:
    """A marker in frames of the clip as played."""
    file = item.file
    if item.event.speed == 1:
        begin, end = file.since_start(mark.source.start), file.since_start(mark.source.end)
        return TimeRange(max(0, begin), end - begin)
    ahead = mark.record.start - item.event.record.start + item.reach.head
    begin = clip.begin + counted(ahead, rate, file.rate)
    return TimeRange(begin, counted(mark.record.duration, rate, file.rate))


def _marker(mark: Mark, span: TimeRange, lost: Losses) -> str:
    """A marker; a point has no `out`."""
    if not (is_legal(mark.name) and is_legal(mark.note)):
        lost.add("Control characters in markers, left out", xml_text(mark.name))
    out = span.end if span.duration > 1 else -1
    said = f"{named_xml(mark.name)}<comment>{xml_text(mark.note)}</comment>"
    return f"<marker>{said}<in>{span.start}</in><out>{out}</out></marker>"


def _source_track(item: _Item) -> str:
    if not item.channel:
        return ""
    return f"<sourcetrack><mediatype>audio</mediatype><trackindex>{item.channel}</trackindex></sourcetrack>\n"
