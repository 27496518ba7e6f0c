"""The resources of an FCPXML: formats, and an asset for each file with the clock that its reader sees.

Times are rational seconds. Frames are written over the time scale that Final Cut itself uses
(1001/30000s, 100/2500s); the DTD calls for 64-bit numerators and 32-bit denominators.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from urllib.parse import quote

import msgspec

from pipeline.editorial.exports.events import Held
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.xml_text import attribute, attributes_text, element, enclosed, path_url
from pipeline.timecode import Rate

# Where Final Cut Pro (AVFoundation) finds a start: timecode tracks, MXF packages, bext. It sees no Sony rtmd and reads
# no sidecar, and refuses clips outside the times it sees ("Invalid edit with no respective media").
_FINAL_CUT_READS = ("tmcd", "timecode of the", "bext")
_RATE_NAMES = {
    Rate(24000, 1001): "2398", Rate(24): "24", Rate(25): "25", Rate(30000, 1001): "2997", Rate(30): "30",
    Rate(50): "50", Rate(60000, 1001): "5994", Rate(60): "60",
}  # fmt: skip
_FIELD_NAMES = {Rate(25): "FFVideoFormat1080i50", Rate(30000, 1001): "FFVideoFormat1080i5994"}
# Sizes with square pixels that Final Cut has names for. A format of another size has none: readers refuse unknown ones.
_SIZE_NAMES = {(1280, 720): "720", (1920, 1080): "1080"} | {
    (width, height): f"{width}x{height}"
    for width, height in (
        (2048, 1024), (2048, 1080), (2048, 1152), (2048, 1536), (2048, 1556), (3840, 2160), (4096, 2048),
        (4096, 2160), (4096, 2304), (4096, 3112), (5120, 2160), (5120, 2560), (5120, 2700),
    )
}  # fmt: skip


_BELOW = 2**31


def frames_text(frames: int, rate: Rate) -> str:
    """The seconds that `frames` last: `1001/30000s`, `100/2500s`, `5s`."""
    scale = 100 if rate.denominator == 1 else 1
    ticks, second = frames * rate.denominator * scale, rate.numerator * scale
    return f"{ticks}/{second}s" if ticks % second else f"{ticks // second}s"


def seconds_text(seconds: Fraction) -> str:
    """Seconds as a fraction of 32 bits below, the nearest one where a speed needs more."""
    return f"{seconds if seconds.denominator < _BELOW else seconds.limit_denominator(_BELOW - 1)}s"


@dataclass(frozen=True, slots=True)
class Shape:
    """What tells one format from another; `size` is None where it is not known."""

    rate: Rate
    size: tuple[int, int] | None
    pixel_aspect: str = ""
    fields: str = ""

    @property
    def name(self) -> str | None:
        if self.pixel_aspect or self.size is None:
            return None
        if self.fields:
            return _FIELD_NAMES.get(self.rate) if self.size == (1920, 1080) else None
        size, rate = _SIZE_NAMES.get(self.size), _RATE_NAMES.get(self.rate)
        return f"FFVideoFormat{size}p{rate}" if size and rate else None

    def xml(self, number: str) -> str:
        width, height = map(str, self.size) if self.size else ("", "")
        across, _, down = self.pixel_aspect.partition("/")
        order = {"tff": "upper first", "bff": "lower first"}.get(self.fields)
        return element("format", {
            "id": number, "name": self.name, "frameDuration": frames_text(1, self.rate), "fieldOrder": order,
            "width": width, "height": height, "paspH": across, "paspV": across and (down or "1"),
        })  # fmt: skip


SOUND_FORMAT = '<format id="sound" name="FFVideoFormatRateUndefined"/>'


class Asset(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A file under its id. `zero` is the source frame that its reader sees as 0 seconds.

    `name` and `kind` (format, counting and roles) are attributes that a clip has wherever it stands.
    """

    id: str
    format: str
    source: Source
    held: Held
    zero: int
    late: Fraction | None
    name: str
    kind: str

    def seconds(self, frame: int) -> Fraction:
        """Where an absolute frame of the source lies on the clock of its reader."""
        return self.source.rate.seconds(frame - self.zero) + (self.late or 0)

    def time(self, frame: int) -> str:
        if self.late:
            return seconds_text(self.seconds(frame))
        return frames_text(frame - self.zero, self.source.rate)

    @property
    def whole(self) -> str:
        """Its first frame and its length, as attributes."""
        duration = frames_text(self.held.span.duration, self.source.rate)
        return f' start="{self.time(self.held.span.start)}" duration="{duration}"'

    def xml(self) -> str:
        source, streams = self.source, self.held.streams
        told = f' id="{self.id}"{self.name}{self.whole}'
        told += f' hasVideo="1" format="{self.format}"' if self.held.picture else f' format="{self.format}"'
        told += ' hasAudio="1"' if streams else ""
        told += ' videoSources="1"' if self.held.picture else ""
        if streams:  # Final Cut counts a source for each stream, and the channels of one
            told += f' audioSources="{len(streams)}" audioChannels="{max(1, *streams)}"'
            told += f' audioRate="{source.file.sample_rate}"' if source.file.sample_rate else ""
        return enclosed("asset", told, self._representations())

    def _representations(self) -> list[str]:
        source = self.source
        url = path_url(source.path, "") if source.path else source.file.url or f"./{quote(os.fsencode(source.name))}"
        kinds = [("original-media", url)]
        if source.proxy and source.equal and source.proxy != source.path:
            kinds.append(("proxy-media", path_url(source.proxy, "")))
        return [f'<media-rep kind="{kind}" src="{attribute(src)}"/>' for kind, src in kinds]


def _kind(number: str, *, drop: bool, sound: bool, picture: bool) -> str:
    return attributes_text({
        "format": number, "tcFormat": "DF" if drop else "NDF",
        "audioRole": "dialogue" if sound else None, "videoRole": "video" if picture else None,
    })  # fmt: skip


@dataclass(slots=True)
class Resources:
    """The formats and assets of one document; ids are given in order of need."""

    editor: str
    formats: dict[Shape, str] = field(default_factory=dict)
    assets: dict[Source, Asset] = field(default_factory=dict)

    def format(self, shape: Shape) -> str:
        return self.formats.setdefault(shape, f"f{len(self.formats) + 1}")

    def take(self, held: Mapping[Source, Held]) -> None:
        for source, holds in held.items():
            file = source.file
            shape = Shape(source.rate, file.size, file.pixel_aspect, file.fields)
            number = self.format(shape) if holds.picture else "sound"
            late = Fraction(file.late) if file.late and self.reads(source) else None
            zero = 0 if self.reads(source) else source.available.start
            name = attributes_text({"name": source.name})
            kind = _kind(number, drop=source.drop_frame, sound=bool(holds.streams), picture=holds.picture)
            self.assets[source] = Asset(f"a{len(self.assets) + 1}", number, source, holds, zero, late, name, kind)

    def reads(self, source: Source) -> bool:
        """Whether the editor sees the timecode of a file as we do; a proxy has it where all read it."""
        where = source.file.timecode_from
        if self.editor != "fcp" or not where or (source.proxy and source.path == source.proxy):
            return True
        return where.startswith(_FINAL_CUT_READS)

    def xml(self) -> list[str]:
        sound = [SOUND_FORMAT] if any(asset.format == "sound" for asset in self.assets.values()) else []
        formats = [shape.xml(number) for shape, number in self.formats.items()]
        return [*formats, *sound, *(asset.xml() for asset in self.assets.values())]
