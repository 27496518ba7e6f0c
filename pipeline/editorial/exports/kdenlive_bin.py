"""The bin of a Kdenlive project: every file of a cut as one clip, in a folder of its card, with its log.

Kdenlive's names for things stand in dev-docs/fileformat.md of its sources: folders are properties of the bin's
playlist (`kdenlive:folder.PARENT.ID`), everything else of a clip its own. A clip with a proxy names three places:
`resource` is what plays now, `kdenlive:proxy` the proxy, `kdenlive:originalurl` what is rendered.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import msgspec

from pipeline.editorial.exports.events import Held, Mark, Sheet, held_by
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.written import Losses
from pipeline.editorial.exports.xml_text import is_legal, xml_text
from pipeline.fields import FIELDS
from pipeline.timecode import Rate

SURROUND = (2, 4, 6)  # channels that a project can have
ROOT = -1  # the bin itself, among folders
_FIRST_ID = 2  # that Kdenlive gives away; folders and clips share the numbers
# Marker colours by Kdenlive's categories, in the order it ships them.
_CATEGORIES = {
    "PURPLE": 0, "MAGENTA": 0, "BLUE": 1, "CYAN": 2, "GREEN": 3, "YELLOW": 4, "ORANGE": 5, "PINK": 7, "RED": 8,
}  # fmt: skip
_ENCODE = msgspec.json.Encoder().encode
_STARS = 2  # of Kdenlive's ten for one of the log's five
_LOG = {field.name: field.title for field in FIELDS if field.origin == "log"}


class BinClip(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A file of the cut; `length` counts frames of the timeline, `resource` is what plays."""

    number: int
    source: Source
    folder: int
    picture: bool
    streams: tuple[int, ...]
    starts: Mapping[Source, int]  # the absolute frame that the file begins with, as each source of it counts
    rate: Rate
    length: int
    resource: str
    log: Mapping[str, str]
    own: str  # what all that plays of it has in common
    plain: str  # how it plays at its own speed

    def place(self, source: Source, frame: int) -> Fraction | int:
        """An absolute frame of the source as exact frames of the timeline since the first sample of the file."""
        since, late = frame - self.starts[source], source.file.late
        if source.rate == self.rate and not late:
            return since
        ahead = Fraction(late) * self.rate.fraction if late else 0
        return since * self.rate.fraction / source.rate.fraction - ahead

    def producer(self, name: str, more: str) -> str:
        """The clip as it plays at its own speed."""
        return (
            f'<producer id="{name}" in="0" out="{self.length - 1}">\n'
            f'<property name="length">{self.length}</property>\n{self.plain}{self.own}{more}</producer>'
        )

    def warped(self, name: str, more: str, *, length: int, speed: Fraction) -> str:
        """The clip at another speed, which MLT has a producer of its own for; `length` counts its frames then."""
        told = f"{float(speed):.10g}"
        how = {"length": str(length), "mlt_service": "timewarp", "resource": f"{told}:{self.resource}"}
        how |= {"warp_speed": told, "warp_resource": self.resource, "warp_pitch": "0"}
        return f'<producer id="{name}" in="0" out="{length - 1}">\n{properties(how)}{self.own}{more}</producer>'

    def entry(self) -> str:
        return f'<entry producer="bin{self.number}" in="0" out="{self.length - 1}"/>'


@dataclass(frozen=True, slots=True)
class Bin:
    """The clips of a cut by their sources, and its folders as (id, name)."""

    clips: Mapping[Source, BinClip]
    folders: tuple[tuple[int, str], ...]

    @property
    def proxied(self) -> bool:
        return any(clip.resource != (clip.source.path or clip.source.name) for clip in self.clips.values())


def nearest(place: Fraction | int) -> int:
    """The whole frame nearest to an exact place, as MLT chooses it."""
    if isinstance(place, int):
        return place
    return (2 * place.numerator + place.denominator) // (2 * place.denominator)


def bin_of(sheet: Sheet, *, proxies: bool) -> Bin:
    """One clip for each file (sources at one path are one file); `proxies` says whether they play."""
    sources: dict[str | Source, dict[Source, Held]] = defaultdict(dict)
    for source, held in held_by(sheet).items():
        sources[source.path or source][source] = held
    cards = dict.fromkeys(next(iter(parts)).card for parts in sources.values())
    folders = {card: number for number, card in enumerate(filter(None, cards), start=_FIRST_ID)}
    clips: dict[Source, BinClip] = {}
    for number, parts in enumerate(sources.values(), start=_FIRST_ID + len(folders)):
        first = next(iter(parts))
        clip = _bin_clip(number, folders.get(first.card, ROOT), parts, rate=sheet.start.rate, proxies=proxies)
        clips.update(dict.fromkeys(parts, clip))
    return Bin(clips, tuple((number, card) for card, number in folders.items()))


def bin_playlist(content: Bin, settings: Mapping[str, str]) -> Iterator[str]:
    """The playlist that Kdenlive knows its bin and its project by."""
    folders = {f"kdenlive:folder.{ROOT}.{number}": name for number, name in content.folders}
    yield f'<playlist id="main_bin">\n{properties({**folders, **settings, "xml_retain": "1"})}'
    yield from (clip.entry() for clip in dict.fromkeys(content.clips.values()))
    yield "</playlist>"


def bin_producers(content: Bin, sheet: Sheet) -> Iterator[str]:
    """The clips themselves, with their log, markers and stars."""
    marks: dict[BinClip, dict[tuple[int, Mark], None]] = defaultdict(dict)
    for track in sheet.tracks:
        for event in track.events:
            clip = content.clips[event.source]
            for mark in event.marks:
                marks[clip][nearest(clip.place(event.source, mark.source.start)), mark] = None
    for clip in dict.fromkeys(content.clips.values()):
        told = {
            "kdenlive:clipname": clip.source.name,
            "kdenlive:folderid": str(clip.folder),
            "kdenlive:description": _described(clip.source, clip.log),
            "kdenlive:rating": _stars(clip.log.get("rating", "")),
            "kdenlive:markers": markers(marks[clip]),
        }
        yield clip.producer(f"bin{clip.number}", properties(told))


def markers(marks: Iterable[tuple[int, Mark]]) -> str:
    """Markers at their places as the JSON that Kdenlive keeps them in; empty where there are none."""
    found = {
        (at, mark.note or mark.name): {
            "comment": mark.note or mark.name, "duration": mark.record.duration, "pos": at,
            "type": _CATEGORIES.get(mark.color, 0),
        }
        for at, mark in marks
    }  # fmt: skip
    return json_text([found[key] for key in sorted(found)]) if found else ""


def json_text(value: object) -> str:
    return _ENCODE(value).decode()


def properties(values: Mapping[str, str]) -> str:
    """`<property>` elements by names of Kdenlive's; empty ones are left out."""
    each = [f'<property name="{name}">{xml_text(value)}</property>\n' for name, value in values.items() if value]
    return "".join(each)


def note_losses(content: Bin, sheet: Sheet, lost: Losses, *, proxies: bool) -> None:
    rate = sheet.start.rate
    for source, clip in content.clips.items():
        name = source.name
        if not is_legal("".join((name, source.path or "", source.card, *clip.log.values()))):
            lost.add("Control characters in names and notes, left out", name)
        if source.path is None:
            lost.add("Paths of clips out of reach, to be linked by name", name)
        if source.rate != rate:
            lost.add(
                f"Mixed rates: Kdenlive counts frames of the timeline, {rate.label()}, and shows the nearest", name
            )
        if len(clip.streams) > 1:
            lost.add("Numbers of sound streams, written as if they followed the picture in their file", name)
        if max(clip.streams, default=0) > SURROUND[-1]:
            lost.add(f"Channels of a stream above {SURROUND[-1]}, the most that a project of Kdenlive's has", name)
        if proxies and source.proxy and not source.equal:
            lost.add("Proxies of clips that lie in several files", name)


def _bin_clip(number: int, folder: int, parts: Mapping[Source, Held], *, rate: Rate, proxies: bool) -> BinClip:
    source = next(iter(parts))
    original = source.path or source.name
    resource = source.proxy if proxies and source.proxy and source.equal else original
    lengths = (
        held.span.duration * rate.fraction / source.rate.fraction if source.rate != rate else held.span.duration
        for source, held in parts.items()
    )
    picture = source.file.size is not None or any(held.picture for held in parts.values())
    streams = max((held.streams for held in parts.values()), key=sum)
    own = properties({
        "eof": "pause", "kdenlive:id": str(number), "kdenlive:proxy": resource if resource != original else "-",
        "kdenlive:originalurl": original if resource != original else "",
    })  # fmt: skip
    plain = properties({"mlt_service": "avformat-novalidate", "resource": resource})
    starts = {source: held.span.start for source, held in parts.items()}
    length = max(1, ceil(max(lengths)))
    return BinClip(number, source, folder, picture, streams, starts, rate, length, resource, source.log, own, plain)


def _described(source: Source, log: Mapping[str, str]) -> str:
    """The log as one line, then reel and timecode, in Kdenlive's column of that name."""
    said = [f"{title}: {log[name]}" for name, title in _LOG.items() if log.get(name)]
    if source.reel:
        said.append(f"Reel: {source.reel}")
    if source.timed:
        said.append(f"Start TC: {source.timecode(source.available.start)}")
    return "; ".join(said)


def _stars(rating: str) -> str:
    return str(min(10, int(rating) * _STARS)) if rating.isdecimal() and int(rating) else ""
