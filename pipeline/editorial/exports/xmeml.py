"""Final Cut Pro 7 XML (xmeml 5), the bridge to Premiere Pro and DaVinci Resolve.

A project with a bin for each card, where every file is a master clip with its log, and the sequence.
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
from functools import cache
from math import floor
from typing import Literal

from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.events import (
    Event,
    EventTrack,
    Held,
    Mark,
    Sheet,
    Source,
    held_by,
    note_speeds,
    note_transitions,
    sheet_of,
    taken_frames,
)
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, linked
from pipeline.editorial.exports.xml_text import is_legal, path_url, xml_text
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, Timecode, TimeRange

_TICKS = 254_016_000_000
_UNSTATED_SIZE = (1920, 1080)
_ON = "<enabled>TRUE</enabled><locked>FALSE</locked>"
_CIRCLED = {"yes", "true", "1"}


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the cut: `rate` is what its frames are counted at here.

    `head` and `log` are elements that every clip of it begins with and that its master clip ends with.
    """

    number: int
    source: Source
    held: Held
    rate: Rate
    duration: int
    head: str
    log: str

    def since_start(self, frame: int) -> int:
        """An absolute frame of the source as a frame of the file."""
        return _counted(frame - self.held.span.start, self.source.rate, self.rate)


@dataclass(frozen=True, slots=True)
class _Item:
    """A clip on one track of the XML; `track` and `place` count from 1, `channel` those of the file (0: pictures)."""

    name: str
    file: _File
    kind: Literal["video", "audio"]
    track: int
    place: int
    event: Event
    channel: int


def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.xml` with the originals, or the proxies where asked for.

    Raises ExportRefused for a timeline at a rate that xmeml cannot say.
    """
    with unswept():
        timeline, unlinked = linked(timeline, options)
        sheet = sheet_of(timeline)
        if not _can_say(sheet.start.rate):
            label = sheet.start.rate.label()
            raise ExportRefused(f"FCP7 XML knows no {label} frames per second; make the cut with --rate 25, for one.")
        lost = Losses()
        note_speeds(sheet, lost)
        note_transitions(sheet.tracks, lost)
        files = _files(sheet, lost)
        content = "\n".join([*_document(sheet, files, lost), ""]).encode()
        losses = (*unlinked, *sheet.losses, *lost.sentences(), *_always_lost(sheet, options))
    return Written((WrittenFile(".xml", content),), losses)


def _can_say(rate: Rate) -> bool:
    return rate.denominator == 1 or rate.numerator * 1001 == rate.nominal * 1000 * rate.denominator


def _always_lost(sheet: Sheet, options: ExportOptions) -> Iterator[str]:
    if sheet.size is None:
        yield f"The timeline states no picture size; the sequence is written as {'x'.join(map(str, _UNSTATED_SIZE))}."
    others = "originals" if options.media == "proxy" else "proxies"
    yield f"FCP7 XML links one file for each clip: {others} and colours of markers are in the .otio."


def _files(sheet: Sheet, lost: Losses) -> dict[Source, _File]:
    """The file of each source; sources at one path (parts in one proxy) are one file."""
    sources: dict[str | Source, dict[Source, Held]] = defaultdict(dict)
    for source, held in held_by(sheet).items():
        sources[source.path or source][source] = held
    found: dict[Source, _File] = {}
    for number, parts in enumerate(sources.values(), start=1):
        first = next(iter(parts))
        rate = first.rate if _can_say(first.rate) else sheet.start.rate
        found.update(dict.fromkeys(parts, _described(number, first, _together(parts.values()), rate)))
        for source in parts:
            _note_losses(source, sheet.start.rate, lost)
    return found


def _described(number: int, source: Source, held: Held, rate: Rate) -> _File:
    duration = _counted(held.span.duration, source.rate, rate)
    head = (
        f"<masterclipid>masterclip-{number}</masterclipid>{_named(source.name)}"
        f"<duration>{duration}</duration>{_rate(rate)}"
    )
    return _File(number, source, held, rate, duration, head, _log(source))


def _together(parts: Iterable[Held]) -> Held:
    held = list(parts)
    begin, end = min(part.span.start for part in held), max(part.span.end for part in held)
    streams = max((part.streams for part in held), key=sum)
    return Held(any(part.picture for part in held), streams, TimeRange(begin, end - begin))


def _note_losses(source: Source, rate: Rate, lost: Losses) -> None:
    name = source.name
    if not is_legal("".join((name, source.path or "", source.reel, source.card, *source.log.values()))):
        lost.add("Control characters in names and notes, left out", name)
    if not source.timed:
        lost.add("Source timecode of clips that have none, counted from 00:00:00:00", name)
    if source.path is None:
        lost.add("Paths of clips out of reach, to be linked by name", name)
    if not _can_say(source.rate):
        lost.add(f"Frame rates that FCP7 XML cannot say, counted at {rate.label()}", name)
    elif source.rate != rate:
        lost.add(f"Mixed rates: in and out count at the clip's own rate, places at {rate.label()}", name)


def _document(sheet: Sheet, files: dict[Source, _File], lost: Losses) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<!DOCTYPE xmeml>"
    yield f'<xmeml version="5">\n<project>\n{_named(sheet.name)}\n<children>'
    bins: dict[str, list[_File]] = defaultdict(list)
    for file in dict.fromkeys(files.values()):
        bins[file.source.card or "Media"].append(file)
    for card, held in bins.items():
        yield f"<bin>\n{_named(card)}\n<children>"
        for file in held:
            yield from _master(file)
        yield "</children>\n</bin>"
    yield from _sequence(sheet, files, lost)
    yield "</children>\n</project>\n</xmeml>"


def _master(file: _File) -> Iterator[str]:
    """The clip in its bin: the whole file with its log, and the file itself in full, once."""
    source, held = file.source, file.held
    event = Event(source, held.span.start, TimeRange(0, file.duration), 0, 1, ())
    channels = range(0 if held.picture else 1, sum(held.streams) + 1)
    items = [
        _Item(f"master-{file.number}-{n}", file, "audio" if n else "video", max(n, 1), 1, event, n) for n in channels
    ]
    links = _links(items)
    yield f'<clip id="masterclip-{file.number}">\n{file.head}\n<in>-1</in><out>-1</out>'
    yield f"<ismasterclip>TRUE</ismasterclip>\n{file.log}\n<media>"
    described = "\n".join(_file(file))
    for kind in ("video", "audio"):
        tracks = [item for item in items if item.kind == kind]
        if tracks:
            yield f"<{kind}>"
            for item in tracks:
                yield f'<track>\n<clipitem id="{item.name}">\n{file.head}'
                yield described if item is items[0] else _file_again(file)
                yield f"{_source_track(item)}{links}</clipitem>\n</track>"
            yield f"</{kind}>"
    yield "</media>\n</clip>"


def _file(file: _File) -> Iterator[str]:
    source, held = file.source, file.held
    name = source.path.replace("\\", "/").rpartition("/")[2] if source.path else source.name
    yield f'<file id="file-{file.number}">\n{_named(name)}'
    if source.path:
        yield f"<pathurl>{xml_text(path_url(source.path))}</pathurl>"
    yield f"{_rate(file.rate)}\n<duration>{file.duration}</duration>"
    reel = f"\n<reel>{_named(source.reel)}</reel>" if source.reel else ""
    yield _timecode(source.timecode(held.span.start).conformed(file.rate), reel)
    yield "<media>"
    if held.picture:
        yield f"<video><samplecharacteristics>{_rate(file.rate)}</samplecharacteristics></video>"
    before = 0
    for channels in filter(None, held.streams):
        numbers = range(before + 1, before + channels + 1)
        each = "".join(f"<audiochannel><sourcechannel>{n}</sourcechannel></audiochannel>" for n in numbers)
        yield f"<audio><channelcount>{channels}</channelcount>{each}</audio>"
        before += channels
    yield "</media>\n</file>"


def _log(source: Source) -> str:
    """The log in the columns of Premiere; `description`: who is seen; master comment 1 is its `Comment`."""
    log = source.log.get
    circled = (log("circled") or "").casefold() in _CIRCLED
    logging = {
        "description": _joined(log("subject"), log("view")),
        "scene": log("scene"),
        "shottake": log("take"),
        "lognote": log("note"),
        "good": "TRUE" if circled else "",
    }
    shot = _joined(log("shoot_day"), log("unit"), log("camera"))
    comments = enumerate((log("location"), log("tag"), log("rating"), shot), start=1)
    told = {f"mastercomment{number}": value for number, value in comments}
    label = "\n<labels><label>Good Take</label><label2>Forest</label2></labels>" if circled else ""
    return f"<logginginfo>{_elements(logging)}</logginginfo>\n<comments>{_elements(told)}</comments>{label}"


def _sequence(sheet: Sheet, files: dict[Source, _File], lost: Losses) -> Iterator[str]:
    pictures = list(_pictures(sheet.of_kind("Video"), files))
    sounds = list(_sounds(sheet.of_kind("Audio"), files))
    links = _links_of([item for track in (*pictures, *sounds) for item in track])
    end = max((event.record.end for track in sheet.tracks for event in track.events), default=0)
    rate = sheet.start.rate
    yield f'<sequence id="sequence-1">\n{_named(sheet.name)}\n<duration>{end}</duration>\n{_rate(rate)}'
    yield f"{_timecode(sheet.start)}\n<media>\n<video>"
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
    yield f"<format><samplecharacteristics>{_rate(sheet.start.rate)}"
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


def _pictures(tracks: Sequence[EventTrack], files: dict[Source, _File]) -> Iterator[list[_Item]]:
    for number, track in enumerate(tracks, start=1):
        yield [
            _Item(f"clipitem-v{number}-{place}", files[event.source], "video", number, place, event, 0)
            for place, event in enumerate(track.events, start=1)
        ]


def _sounds(tracks: Sequence[EventTrack], files: dict[Source, _File]) -> Iterator[list[_Item]]:
    """Each track of the timeline as tracks of one channel, as many as its richest event has."""
    number = 0
    for track in tracks:
        for channel in range(max((event.channels for event in track.events), default=0)):
            number += 1
            heard = [event for event in track.events if event.channels > channel]
            yield [_heard(files[event.source], event, channel, number, place) for place, event in enumerate(heard, 1)]


def _heard(file: _File, event: Event, channel: int, track: int, place: int) -> _Item:
    before = sum(file.held.streams[: event.stream - 1])
    return _Item(f"clipitem-a{track}-{place}", file, "audio", track, place, event, before + channel + 1)


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
    for item in items:
        event, file, place = item.event, item.file, item.event.record
        begin, taken = file.since_start(event.source_in), place.duration
        if file.rate == event.source.rate:
            taken = taken_frames(event, rate)
        ticks = _ticks(event.source_in - file.held.span.start, event.source.rate)
        yield (
            f'<clipitem id="{item.name}">\n{file.head}\n<enabled>TRUE</enabled>'
            f"<start>{place.start}</start><end>{place.end}</end><in>{begin}</in><out>{begin + taken}</out>\n"
            f"<pproTicksIn>{ticks}</pproTicksIn><pproTicksOut>{ticks + _ticks(place.duration, rate)}</pproTicksOut>\n"
            f"{_file_again(file)}\n{_source_track(item)}{links[item.name]}".rstrip()
        )
        if item.channel <= 1:  # other channels say no more than the first
            for mark in event.marks:
                begin, end = file.since_start(mark.source.start), file.since_start(mark.source.end)
                yield _marker(mark, TimeRange(max(0, begin), end - begin), lost)
        if not item.channel or not file.held.picture:
            yield file.log
        yield "</clipitem>"


def _marker(mark: Mark, span: TimeRange, lost: Losses) -> str:
    """A marker; a point has no `out`."""
    if not (is_legal(mark.name) and is_legal(mark.note)):
        lost.add("Control characters in markers, left out", xml_text(mark.name))
    out = span.end if span.duration > 1 else -1
    said = f"{_named(mark.name)}<comment>{xml_text(mark.note)}</comment>"
    return f"<marker>{said}<in>{span.start}</in><out>{out}</out></marker>"


def _file_again(file: _File) -> str:
    return f'<file id="file-{file.number}"/>'


def _source_track(item: _Item) -> str:
    if not item.channel:
        return ""
    return f"<sourcetrack><mediatype>audio</mediatype><trackindex>{item.channel}</trackindex></sourcetrack>\n"


def _timecode(start: Timecode, inside: str = "") -> str:
    return (
        f"<timecode>{_rate(start.rate)}<string>{start}</string><frame>{start.frame}</frame>"
        f"<displayformat>{'DF' if start.drop_frame else 'NDF'}</displayformat>{inside}</timecode>"
    )


def _counted(frames: int, own: Rate, rate: Rate) -> int:
    return frames if own is rate or own == rate else floor(frames * rate.fraction / own.fraction)


@cache
def _rate(rate: Rate) -> str:
    ntsc = "FALSE" if rate.denominator == 1 else "TRUE"
    return f"<rate><timebase>{rate.nominal}</timebase><ntsc>{ntsc}</ntsc></rate>"


def _ticks(frames: int, rate: Rate) -> int:
    return frames * _TICKS * rate.denominator // rate.numerator


def _named(name: str) -> str:
    return f"<name>{xml_text(name)}</name>"


def _elements(values: dict[str, str | None]) -> str:
    return "".join(f"<{tag}>{xml_text(value)}</{tag}>" for tag, value in values.items() if value)


def _joined(*values: str | None) -> str:
    return ", ".join(filter(None, values))
