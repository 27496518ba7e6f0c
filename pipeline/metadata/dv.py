"""DV: raw streams, and the frames of it that AVI and MXF hold (IEC 61834, SMPTE ST 314 and ST 370).

A frame is a fixed number of blocks of 80 bytes. The first sequence of blocks states the form, and
packs of five bytes in it the timecode, the date of recording and the sound. All frames of a stream
are of one size, so their number follows from the file's, however large it is: what stands at some
places where a frame must begin is looked at, nothing in between.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pipeline.clip import AudioStream
from pipeline.errors import MediaUnreadable
from pipeline.metadata.findings import Finding, Moment, moment
from pipeline.metadata.sony import ltc
from pipeline.metadata.source import ByteSource
from pipeline.timecode import Rate, Timecode

ORIGIN = "structure"
BLOCK = 80
SEQUENCE = 150 * BLOCK
HEAD = 2 * SEQUENCE  # of a frame that is read
_PROBES = 8
_FIRST_YEAR = 1994  # before there was DV: the clock was not set
_SUBCODE, _VAUX, _AUDIO = 1, 2, 3  # the three upper bits of a block's first byte
_TIMECODE, _SOURCE, _CONTROL, _DATE, _TIME, _SOUND = 0x13, 0x60, 0x61, 0x62, 0x63, 0x50
_PAL, _NTSC = Rate(25), Rate(30000, 1001)


@dataclass(frozen=True, slots=True)
class Form:
    """A DV format: bytes and size of a frame, its pixels, its rate."""

    size: int
    width: int
    height: int
    pixel_format: str
    rate: Rate
    interlaced: bool = True


# By the 50/60 flag of the header (ST 314, 5.2) and the signal type of the VAUX source pack (ST 370, 3.5).
_FORMS: dict[tuple[int, int], Form] = {
    (0, 0x00): Form(120_000, 720, 480, "yuv411p", _NTSC),
    (1, 0x00): Form(144_000, 720, 576, "yuv420p", _PAL),
    (0, 0x04): Form(240_000, 720, 480, "yuv422p", _NTSC),
    (1, 0x04): Form(288_000, 720, 576, "yuv422p", _PAL),
    (0, 0x14): Form(480_000, 1280, 1080, "yuv422p", _NTSC),
    (1, 0x14): Form(576_000, 1440, 1080, "yuv422p", _PAL),
    (0, 0x18): Form(240_000, 960, 720, "yuv422p", Rate(60000, 1001), interlaced=False),
    (1, 0x18): Form(288_000, 960, 720, "yuv422p", Rate(50), interlaced=False),
}
_DVCPRO_PAL = Form(144_000, 720, 576, "yuv411p", _PAL)


def recognises(head: bytes) -> bool:
    """The header block of a frame's first sequence, for 525 or 625 lines."""
    return len(head) > 4 and head[:3] == b"\x1f\x07\0" and head[3] & 0x7F == 0x3F


def form_of(frame: bytes) -> Form | None:
    """The format of a frame by its first sequence; None where that is none, or cut off before it says."""
    if not recognises(frame) or len(frame) < 6 * BLOCK:
        return None
    lines = frame[3] >> 7
    source = _packs(frame, _VAUX, _SOURCE)
    kind = source[0][3] & 0x1F if source else 0
    if lines and kind == 0 and frame[4] & 7 == 1:
        return _DVCPRO_PAL
    return _FORMS.get((lines, kind))


def read(source: ByteSource) -> Iterator[Finding]:
    """Raises MediaUnreadable where the first frame has no form that is known."""
    frame = source.upto(0, HEAD)
    form = form_of(frame)
    if form is None:
        raise MediaUnreadable("its first frame is damaged: it has no format that is known.")
    yield Finding("container", "dv", ORIGIN, "first frame")
    yield Finding("audio", sound_of(frame), ORIGIN, "audio source pack")
    yield from picture_findings(frame, form)
    yield Finding("rate", form.rate, ORIGIN, "header block")
    yield Finding("vfr", False, ORIGIN, "header block", "DV has one rate for all frames")
    yield from notes(frame, form)
    yield from _frames(source, form)


def picture_findings(frame: bytes, form: Form) -> Iterator[Finding]:
    """What every frame says of the picture."""
    where = "first frame's source pack"
    yield Finding("video_codec", "dvvideo", ORIGIN, where)
    yield Finding("width", form.width, ORIGIN, where)
    yield Finding("height", form.height, ORIGIN, where)
    yield Finding("pixel_format", form.pixel_format, ORIGIN, where)
    yield Finding("bit_depth", 8, ORIGIN, where)
    yield Finding("interlaced", form.interlaced, ORIGIN, where)
    control = _packs(frame, _VAUX, _CONTROL)
    if control:
        yield Finding("pixel_aspect", pixel_aspect(frame, form), ORIGIN, "source control pack")
        if form.interlaced:
            yield Finding("field_order", field_order(frame), ORIGIN, "source control pack")


def pixel_aspect(frame: bytes, form: Form) -> Fraction | None:
    """The shape of a pixel: high definition is wide, of the others the source control pack says it."""
    control = _packs(frame, _VAUX, _CONTROL)
    wide = form.height >= 720 or (control and control[0][2] & 7 in (2, 7))
    if not control and form.height < 720:
        return None
    # 720 samples are a little more than the picture: 702 or 711 of them make 4:3 (SMPTE RP 187, as rounded by DV).
    narrow = {480: Fraction(8, 9), 576: Fraction(16, 15)}.get(form.height)
    if narrow is None:
        return Fraction(16 * form.height, 9 * form.width)
    return narrow * Fraction(4, 3) if wide else narrow


def field_order(frame: bytes) -> Literal["tff", "bff"] | None:
    control = _packs(frame, _VAUX, _CONTROL)
    return None if not control else "bff" if control[0][3] & 0x40 else "tff"


def notes(frame: bytes, form: Form) -> Iterator[Finding]:
    """Timecode and date of recording, as the camera wrote them into the frame."""
    if code := timecode_of(frame, form):
        yield Finding("start_timecode", code, "dv", "subcode timecode pack")
    if made := _recorded(frame):
        yield Finding("recorded_at", made, "dv", "recording date and time packs")


def timecode_of(frame: bytes, form: Form) -> Timecode | None:
    """The label that most of the subcode blocks carry; 720p counts at half its rate."""
    rate = form.rate if form.interlaced else Rate.of(form.rate.fraction / 2)
    found = Counter(pack[1:] for pack in _packs(frame, _SUBCODE, _TIMECODE))
    return next((code for raw, _ in found.most_common(4) if (code := ltc(raw.hex(), rate))), None)


def _recorded(frame: bytes) -> Moment | None:
    """Date and time packs: day, month, year, then second, minute, hour, in decimal digits of four bits."""
    dates, times = _packs(frame, _VAUX, _DATE), _packs(frame, _VAUX, _TIME)
    if not dates or not times:
        return None
    day, month, year = _digits(dates[0][2] & 0x3F), _digits(dates[0][3] & 0x1F), _digits(dates[0][4])
    second, minute, hour = _digits(times[0][2] & 0x7F), _digits(times[0][3] & 0x7F), _digits(times[0][4] & 0x3F)
    year += 1900 if year >= 50 else 2000
    found = moment(f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    return found if year >= _FIRST_YEAR else None


def _digits(value: int) -> int:
    """Two decimal digits; 1000 for what is none, which no calendar knows."""
    tens, ones = value >> 4, value & 15
    return tens * 10 + ones if tens < 10 and ones < 10 else 1000


def sound_of(frame: bytes) -> tuple[AudioStream, ...]:
    """Pairs of channels by the audio source pack: decoders give each pair as a stream of 16 bits."""
    packs = _packs(frame, _AUDIO, _SOUND)
    if not packs:
        return ()
    kind, rate = packs[0][3] & 0x1F, {0: 48000, 1: 44100, 2: 32000}.get(packs[0][4] >> 3 & 7)
    pairs = {0: 1, 2: 2, 3: 4}.get(kind)
    if rate is None or pairs is None:
        return ()
    if pairs == 1 and packs[0][4] & 7 and rate == 32000:
        pairs = 2  # 12 bits at 32 kHz leave room for two more channels
    return tuple(AudioStream("pcm_s16le", 2, rate) for _ in range(pairs))


def _frames(source: ByteSource, form: Form) -> Iterator[Finding]:
    """How many frames fit, where frames begin at all the places that were looked at."""
    count, rest = divmod(source.size, form.size)
    if rest:
        yield Finding(
            "warnings", "Its last frame is not whole: the copy may have been cut off.", ORIGIN, "size of the file"
        )
    places = sorted({count * step // _PROBES for step in range(_PROBES)} | {max(0, count - 1)})
    if count and all(recognises(source.upto(place * form.size, BLOCK)) for place in places):
        yield Finding("frames", count, ORIGIN, "size of the file", "all frames of DV are of one size")


def _packs(frame: bytes, section: int, wanted: int) -> list[bytes]:
    """The packs of five bytes of one number in a frame's subcode, video or audio blocks."""
    found = []
    for at in range(0, len(frame) - BLOCK + 1, BLOCK):
        if frame[at] >> 5 != section:
            continue
        if section == _SUBCODE:
            places = range(at + 6, at + 6 + 6 * 8, 8)
        elif section == _VAUX:
            places = range(at + 3, at + 3 + 15 * 5, 5)
        else:
            places = range(at + 3, at + 4)
        found += [frame[place : place + 5] for place in places if frame[place] == wanted]
    return [pack for pack in found if pack[1:] != b"\xff\xff\xff\xff"]
