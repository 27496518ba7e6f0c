"""MPEG transport streams and AVCHD (ISO/IEC 13818-1): what their tables and streams say.

Such a file has no index. What it is stands in its first two megabytes; how many frames it has is only
known when all of it was read, which is done here for small files (`source.whole`) and by ingest for others.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from pipeline.clip import AudioStream
from pipeline.errors import MediaUnreadable
from pipeline.metadata import mdpm, soundframes
from pipeline.metadata.bits import Bits
from pipeline.metadata.dropframe import drops
from pipeline.metadata.findings import Finding, left_open, parsed
from pipeline.metadata.h26x import PictureHeader
from pipeline.metadata.packets import (
    Elementary,
    Layout,
    Packetised,
    begins,
    carried,
    layout,
    of_pid,
    pieces,
    places,
    program,
)
from pipeline.metadata.pictures import COUNTED, Coded, Scanner, Tally, header
from pipeline.metadata.sony import ltc
from pipeline.metadata.source import ByteSource
from pipeline.timecode import Rate, Timecode

ORIGIN = "structure"
HEAD = 2 * 1024 * 1024
CLOCK = 90_000
_WRAP = 1 << 33
_JITTER = CLOCK // 1000  # some programs round to milliseconds
_STEADY = Fraction(9, 10)  # of the steps between pictures: lost ones make some longer
_PICTURES = {
    0x01: "mpeg1video", 0x02: "mpeg2video", 0x10: "mpeg4", 0x1B: "h264", 0x21: "jpeg2000", 0x24: "hevc", 0x33: "vvc",
    0xEA: "vc1",
}  # fmt: skip
_PRIVATE = 0x06
# Sound whose frames are not read here.
_UNREAD_KINDS = (0x83,)
_UNREAD_REGISTRATIONS = (b"Opus",)


@dataclass(frozen=True, slots=True)
class Shown:
    """A packetised piece whose first picture begins a new frame: `coded` is that picture."""

    piece: Packetised
    coded: Coded
    frames: int


def recognises(head: bytes) -> bool:
    return layout(head) is not None


def read(source: ByteSource) -> Iterator[Finding]:
    """What the first program says of itself."""
    found = layout(source.upto(0, 1024))
    if found is None:
        raise MediaUnreadable("its packets do not follow each other.")
    head = source.upto(found.start, HEAD)
    at = places(head, found.size)
    streams = program(head, at)
    picture = _picture(streams)
    sounds = [stream for stream in streams if _sound_kind(stream)]
    if picture is None and not sounds:
        raise MediaUnreadable("no picture or sound was found in it.")
    yield Finding("container", "mpegts", ORIGIN, "transport packets")
    if picture is not None:
        yield from _of_picture(source, found, picture, list(pieces(head, at, picture.pid)))
    yield from _of_sound(sounds, head, at)


def counter(source: ByteSource) -> "TransportCounter | None":
    """Counts the frames of this file as its bytes go by; None for a kind of picture that is not counted here."""
    found = layout(source.upto(0, 1024))
    if found is None:
        return None
    head = source.upto(found.start, HEAD)
    picture = _picture(program(head, places(head, found.size)))
    if picture is None or _PICTURES[picture.kind] not in COUNTED:
        return None
    return TransportCounter(found, picture.pid, _PICTURES[picture.kind])


class TransportCounter:
    """Fed with a file from its first byte on, knows how many frames its picture stream has."""

    __slots__ = ("_begun", "_layout", "_pid", "_rest", "_scanner", "_skip", "_tally")

    def __init__(self, layout: Layout, pid: int, codec: str) -> None:
        self._layout = layout
        self._pid = pid
        self._rest = b""
        self._begun = False
        self._skip = layout.start
        self._scanner = Scanner(codec)
        self._tally = Tally()

    def feed(self, data: bytes | memoryview) -> None:
        data = self._rest + bytes(data)
        if self._skip:
            data, self._skip = data[self._skip :], max(0, self._skip - len(data))
        at = places(data, self._layout.size)
        end = at[-1] + self._layout.size if at else max(0, len(data) - self._layout.size)
        self._rest = data[max(end, len(data) - 2 * self._layout.size) :]  # no more, where packets were lost
        self._skip = max(0, end - len(data))
        own = of_pid(data, at, self._pid)
        if not self._begun:  # what continues a piece that began before the file does is nobody's
            own = own[next((number for number, place in enumerate(own) if begins(data, place)), len(own)) :]
            self._begun = bool(own)
        stream = carried(data, own)
        for coded in self._scanner.feed(stream):
            self._tally.add(coded)

    @property
    def frames(self) -> int | None:
        """The frames of all that was fed. A single picture may be cut off in its midst: that is not known to be one."""
        for coded in self._scanner.feed(b"", last=True):
            self._tally.add(coded)
        return self._tally.frames if self._tally.frames > 1 and not self._scanner.lost else None

    @property
    def average(self) -> None:
        """Time stamps are not looked at."""
        return


# --- picture --------------------------------------------------------------------------------------


def _picture(streams: Sequence[Elementary]) -> Elementary | None:
    return next((stream for stream in streams if stream.kind in _PICTURES), None)


def _of_picture(
    source: ByteSource, found: Layout, stream: Elementary, parts: Sequence[Packetised]
) -> Iterator[Finding]:
    codec = _PICTURES[stream.kind]
    said = next((said for part in parts if (said := header(codec, part.payload))), PictureHeader())
    if codec == "mpeg2video" and said.width and said.fields is None:
        codec = "mpeg1video"  # many programs announce both as MPEG-2
        said = replace(said, pixel_format="yuv420p", bit_depth=8, fields=False)
    yield Finding("video_codec", codec, ORIGIN, "program map")
    if codec not in COUNTED:
        yield left_open("program map")
        return
    shown = list(_shown(codec, parts))
    yield from _of_header(said)
    yield from _field_order(said, shown)
    rate = yield from _rate(said, shown)
    yield from _timecode(codec, shown, rate)
    notes = [mdpm.notes(part.payload) for part in parts[:50]] if codec == "h264" else []
    yield from mdpm.read(next((note for note in notes if note), {}))
    if source.whole:
        count = TransportCounter(found, stream.pid, codec)
        for chunk in source.chunks():
            count.feed(chunk)
        if count.frames is not None:
            yield Finding("frames", count.frames, ORIGIN, "counted pictures")


def _of_header(said: PictureHeader) -> Iterator[Finding]:
    values = {
        "width": said.width, "height": said.height, "pixel_format": said.pixel_format, "bit_depth": said.bit_depth,
        "interlaced": said.fields, "pixel_aspect": said.pixel_aspect, "color_primaries": said.colour.primaries,
        "color_transfer": said.colour.transfer, "color_matrix": said.colour.matrix, "color_range": said.colour.range,
    }  # fmt: skip
    for key, value in values.items():
        if value is not None:
            yield Finding(key, value, ORIGIN, "sequence header")


def _shown(codec: str, parts: Sequence[Packetised]) -> Iterator[Shown]:
    """The pieces with which a frame begins, as far as a decoder shows it."""
    scanner, tally = Scanner(codec), Tally()
    for part in parts:
        coded = list(scanner.feed(part.payload, last=True))
        new = [tally.add(each) for each in coded]
        if new and new[0] and part.time is not None:
            yield Shown(part, coded[0], sum(new))


def _field_order(said: PictureHeader, shown: Sequence[Shown]) -> Iterator[Finding]:
    first = next((each.coded.parity for each in shown), None)
    if said.fields and first is not None:
        yield Finding("field_order", "tff" if first == "top" else "bff", ORIGIN, "first picture")


def _rate(said: PictureHeader, shown: Sequence[Shown]) -> Generator[Finding, None, Rate | None]:
    """One rate where pictures follow each other evenly, by time stamps before what the header claims."""
    claimed = Rate.of(said.rate) if said.rate else None
    steps = _steps(shown)
    if not steps:
        if claimed:
            yield Finding("rate", claimed, ORIGIN, "sequence header", "likely: too few pictures to compare it with")
        return claimed
    middle = sorted(steps)[len(steps) // 2]
    near = [step for step in steps if abs(step - middle) <= _JITTER]
    measured = Fraction(CLOCK * len(near), sum(near))
    if len(near) >= _STEADY * len(steps):
        steady = Rate.nearest(measured) or Rate.of(Fraction(CLOCK, middle))
        where = "picture time stamps"
        yield Finding("rate", steady, ORIGIN, where)
        yield Finding("vfr", False, ORIGIN, where)
        if claimed and claimed != steady:
            yield Finding("rate", claimed, ORIGIN, "sequence header")
        return steady
    yield Finding("vfr", True, ORIGIN, "picture time stamps")
    average = Fraction(CLOCK * len(steps), sum(steps))
    why = "likely: that of the beginning of the file"
    yield Finding("average_rate", Rate.nearest(average) or Rate.of(average), ORIGIN, "picture time stamps", why)
    return None


def _steps(shown: Sequence[Shown]) -> list[int]:
    """Ticks from each frame to the next, in order of time; none where packets hold several frames."""
    if any(each.frames > 1 for each in shown) or not shown:
        return []
    times = sorted(_after(each.piece.time or 0, shown[0].piece.time or 0) for each in shown)
    return [later - earlier for earlier, later in pairwise(times) if later > earlier]


def _after(time: int, origin: int) -> int:
    """Ticks since `origin`; the 33-bit clock may have begun again in between."""
    apart = (time - origin) % _WRAP
    return apart - _WRAP if apart > _WRAP - 60 * CLOCK else apart


# --- timecode -------------------------------------------------------------------------------------


def _timecode(codec: str, shown: Sequence[Shown], rate: Rate | None) -> Iterator[Finding]:
    """AVCHD's of the first picture shown, which need not be the first in the file; MPEG-2's of a group of pictures."""
    if rate is None or not shown:
        return
    origin = shown[0].piece.time or 0
    first = min(shown, key=lambda each: _after(each.piece.time or 0, origin))
    digits = mdpm.timecode(mdpm.notes(first.piece.payload)) if codec == "h264" else None
    # Fields are numbered as the frames they make; 50 and 59.94 pictures a second count at half.
    counted = Rate.of(rate.fraction / 2) if rate.nominal > 30 else rate
    if digits and (code := ltc(digits.hex(), counted)):
        yield Finding("start_timecode", code, mdpm.ORIGIN, "AVCHD notes (MDPM) of the first picture shown")
    if codec == "mpeg2video" and (code := _group_code(shown[0], rate)):
        code += first.coded.number
        why = "likely: programs that know none count from 0"
        yield Finding("start_timecode", code, "gop", "header of the first group of pictures", why)


def _group_code(first: Shown, rate: Rate) -> Timecode | None:
    """time_code of a group header (H.262, 6.3.8), unless it is zero, which programs without a clock write."""
    at = first.piece.payload.find(b"\0\0\1\xb8")
    if not 0 <= at <= len(first.piece.payload) - 8:
        return None
    bits = Bits(first.piece.payload[at + 4 : at + 8])
    drop, hours, minutes = bits.flag(), bits.take(5), bits.take(6)
    bits.flag()
    seconds, frames = bits.take(6), bits.take(6)
    if not (hours or minutes or seconds or frames):
        return None
    drop = drops(rate, flag=drop)
    label = f"{hours:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{frames:02}"
    return parsed(label, rate, drop_frame=drop)


# --- sound ----------------------------------------------------------------------------------------


def _sound_kind(stream: Elementary) -> bool:
    read = stream.kind in soundframes.BY_KIND or _private(stream) is not None
    return read or stream.kind in _UNREAD_KINDS or stream.registration in _UNREAD_REGISTRATIONS


def _private(stream: Elementary) -> soundframes.Reading | None:
    if stream.kind != _PRIVATE:
        return None
    by_tag = (soundframes.BY_DESCRIPTOR.get(tag) for tag in stream.descriptors)
    return soundframes.BY_REGISTRATION.get(stream.registration) or next((each for each in by_tag if each), None)


def _of_sound(sounds: Sequence[Elementary], head: bytes, at: Sequence[int]) -> Iterator[Finding]:
    described = [_sound(stream, head, at) for stream in sounds]
    if all(described):
        yield Finding("audio", tuple(described), ORIGIN, "sound frames")
    else:
        yield left_open("sound frames")


def _sound(stream: Elementary, head: bytes, at: Sequence[int]) -> AudioStream | None:
    reading = soundframes.BY_KIND.get(stream.kind) or _private(stream)
    if reading is None:
        return None
    for tried, part in enumerate(pieces(head, at, stream.pid)):
        try:
            if found := reading(part.payload):
                return found
        except ValueError:
            continue
        if tried > 20:
            break
    return None
