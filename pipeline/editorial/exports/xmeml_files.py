"""The files of a cut in Final Cut Pro 7 XML: how each is named, counted and logged, and the elements that all share."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache, lru_cache
from math import floor

import msgspec

from pipeline.editorial.exports.events import Held, Sheet, held_by
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.written import Losses
from pipeline.editorial.exports.xmeml_time import TICKS
from pipeline.editorial.exports.xml_text import is_legal, path_url, xml_text
from pipeline.timecode import Rate, Timecode, TimeRange

_CIRCLED = {"yes", "true", "1"}


class File(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A file of the cut: `rate` is what its frames are counted at here.

    `head` (its `name` with length and rate) and `log` are elements that every clip of it begins with and that its
    master clip ends with.
    """

    number: int
    source: Source
    held: Held
    rate: Rate
    duration: int
    name: str
    head: str
    log: str

    @property
    def channels(self) -> range:
        """The items that a whole clip of it has: 0 for its pictures, then each channel of its sound."""
        return range(0 if self.held.picture else 1, sum(self.held.streams) + 1)

    def since_start(self, frame: int) -> int:
        """An absolute frame of the source as a frame of the file."""
        return counted(frame - self.held.span.start, self.source.rate, self.rate)


def files_of(sheet: Sheet, lost: Losses) -> dict[Source, File]:
    """The file of each source; sources at one path (parts in one proxy) are one file."""
    sources: dict[str | Source, dict[Source, Held]] = defaultdict(dict)
    for source, held in held_by(sheet).items():
        sources[source.path or source][source] = held
    found: dict[Source, File] = {}
    for number, parts in enumerate(sources.values(), start=1):
        first = next(iter(parts))
        rate = first.rate if can_say(first.rate) else sheet.start.rate
        found.update(dict.fromkeys(parts, _described(number, first, _together(parts.values()), rate)))
        for source in parts:
            _note_losses(source, sheet.start.rate, lost)
    return found


def _described(number: int, source: Source, held: Held, rate: Rate) -> File:
    duration = counted(held.span.duration, source.rate, rate)
    name = f"<masterclipid>masterclip-{number}</masterclipid>{named_xml(source.name)}"
    return File(number, source, held, rate, duration, name, head_xml(name, duration, rate), _log(source))


def head_xml(name: str, duration: int, rate: Rate) -> str:
    return f"{name}<duration>{duration}</duration>{rate_xml(rate)}"


def _together(parts: Iterable[Held]) -> Held:
    held = list(parts)
    if len(held) == 1:
        return held[0]
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
    if not can_say(source.rate):
        lost.add(f"Frame rates that FCP7 XML cannot say, counted at {rate.label()}", name)
    elif source.rate != rate:
        lost.add(f"Mixed rates: in and out count at the clip's own rate, places at {rate.label()}", name)


def can_say(rate: Rate) -> bool:
    return rate.denominator == 1 or rate.numerator * 1001 == rate.nominal * 1000 * rate.denominator


def file_xml(file: File) -> str:
    source = file.source
    name = source.path.replace("\\", "/").rpartition("/")[2] if source.path else source.name
    url = f"\n<pathurl>{xml_text(path_url(source.path))}</pathurl>" if source.path else ""
    reel = f"\n<reel>{named_xml(source.reel)}</reel>" if source.reel else ""
    held, facts = file.held, source.file
    media = _media(file.rate, held.streams, facts.sample_rate, picture=held.picture, size=facts.size)
    timecode = timecode_xml(source.timecode(file.held.span.start).conformed(file.rate), reel)
    return (
        f'<file id="file-{file.number}">\n{named_xml(name)}{url}\n{rate_xml(file.rate)}\n'
        f"<duration>{file.duration}</duration>\n{timecode}\n<media>\n{media}</media>\n</file>"
    )


@lru_cache(maxsize=256)  # cameras make thousands of files alike
def _media(rate: Rate, streams: tuple[int, ...], hertz: int, *, picture: bool, size: tuple[int, int] | None) -> str:
    """What a file holds: pictures of a size, and streams of so many channels."""
    lines, before = [], 0
    if picture:
        told = f"<width>{size[0]}</width><height>{size[1]}</height>" if size else ""
        lines.append(f"<video><samplecharacteristics>{rate_xml(rate)}{told}</samplecharacteristics></video>\n")
    sound = f"<samplecharacteristics><samplerate>{hertz}</samplerate></samplecharacteristics>" if hertz else ""
    for channels in filter(None, streams):
        numbers = range(before + 1, before + channels + 1)
        each = "".join([f"<audiochannel><sourcechannel>{n}</sourcechannel></audiochannel>" for n in numbers])
        lines.append(f"<audio>{sound}<channelcount>{channels}</channelcount>{each}</audio>\n")
        before += channels
    return "".join(lines)


def _log(source: Source) -> str:
    """The log in the columns of Premiere; `description`: who is seen; master comment 1 is its `Comment`."""
    log = source.log.get
    circled = (log("circled") or "").casefold() in _CIRCLED
    logging = (
        ("description", _joined(log("subject"), log("view"))),
        ("scene", log("scene")),
        ("shottake", log("take")),
        ("lognote", log("note")),
        ("good", "TRUE" if circled else ""),
    )
    comments = (
        ("mastercomment1", log("location")),
        ("mastercomment2", log("tag")),
        ("mastercomment3", log("rating")),
        ("mastercomment4", _joined(log("shoot_day"), log("unit"), log("camera"))),
    )
    label = "\n<labels><label>Good Take</label><label2>Forest</label2></labels>" if circled else ""
    return f"<logginginfo>{_elements(logging)}</logginginfo>\n<comments>{_elements(comments)}</comments>{label}"


def timecode_xml(start: Timecode, inside: str = "") -> str:
    return (
        f"<timecode>{rate_xml(start.rate)}<string>{start}</string><frame>{start.frame}</frame>"
        f"<displayformat>{'DF' if start.drop_frame else 'NDF'}</displayformat>{inside}</timecode>"
    )


def counted(frames: int, own: Rate, rate: Rate) -> int:
    return frames if own is rate or own == rate else floor(frames * rate.fraction / own.fraction)


@cache
def rate_xml(rate: Rate) -> str:
    ntsc = "FALSE" if rate.denominator == 1 else "TRUE"
    return f"<rate><timebase>{rate.nominal}</timebase><ntsc>{ntsc}</ntsc></rate>"


def ticks(frames: int, rate: Rate) -> int:
    return frames * TICKS * rate.denominator // rate.numerator


def named_xml(name: str) -> str:
    return f"<name>{xml_text(name)}</name>"


def _elements(values: Iterable[tuple[str, str | None]]) -> str:
    return "".join([f"<{tag}>{xml_text(value)}</{tag}>" for tag, value in values if value])


def _joined(*values: str | None) -> str:
    return ", ".join(filter(None, values))


def file_again(file: File) -> str:
    return f'<file id="file-{file.number}"/>'
