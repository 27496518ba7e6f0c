"""Matroska and WebM (RFC 9559): tracks, tags, and when frames are shown.

Nothing in such a file says for sure how many frames it has: small files are counted (`source.whole`), and
of others mkvmerge's statistics are believed where they are of the program that wrote the file.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from pipeline.errors import MediaUnreadable
from pipeline.metadata import ebml, magic, matroska_codecs, tags
from pipeline.metadata.blocks import MOST_TIMES, BlockCounter, blocks, first_frame, times_of_tracks
from pipeline.metadata.colour import Colour, colour_of
from pipeline.metadata.findings import Finding, Moment, cut_off, left_open, moment, parsed, text_of
from pipeline.metadata.matroska_document import Document, Values, number, read_document
from pipeline.metadata.picture import merged
from pipeline.metadata.source import ByteSource
from pipeline.metadata.streams import SAMPLE_BYTES
from pipeline.metadata.timing import Samples, Shown, fits_grid, shown
from pipeline.timecode import Rate

ORIGIN = "structure"
HEAD = 2 * 1024 * 1024  # of the clusters, where the number of frames is not asked for
_NO_LENGTH = "Nothing in it says how long it was before it was cut off."
_REORDERED = 16  # frames whose earlier neighbours may stand after them: where a file is cut off some are missing
_DURATION = re.compile(r"(\d\d):(\d\d):(\d\d(?:\.\d{1,9})?)")  # as programs write it into tags
_LONGEST = 1 << 62  # ticks
_ORDERS = {1: "tff", 9: "tff", 6: "bff", 14: "bff"}


def recognises(head: bytes) -> bool:
    return magic.matroska(head)


def read(source: ByteSource) -> Iterator[Finding]:
    document = read_document(source)
    picture = document.first(1)
    sounds = [track for track in document.tracks if number(track, 0x83) == 2]
    if picture is None and not sounds:
        raise MediaUnreadable("no picture or sound was found in it.")
    yield Finding("container", "mkv", ORIGIN, "EBML header")
    if document.cut_off(source.size):
        yield from cut_off("Segment")
    if picture is not None:
        yield from _of_picture(source, document, picture)
    described = [matroska_codecs.sound(track, dict(ebml.children(track.get(0xE1, b"")))) for track in sounds]
    if all(described):
        yield Finding("audio", tuple(described), ORIGIN, "Tracks")
    else:
        yield left_open("Tracks")
    yield from _of_tags(document, picture)


def counter(source: ByteSource) -> BlockCounter | None:
    """Counts the frames of the picture as the bytes of the file go by; None for a file that is cut off."""
    document = read_document(source)
    picture = document.first(1)
    if picture is None or document.cut_off(source.size):
        return None
    return BlockCounter(number(picture, 0xD7), document.clock)


def picture_times(source: ByteSource) -> list[int] | None:
    """When each picture is shown, in nanoseconds from the first moment of picture or sound; None where it has none.

    Raises ValueError or IndexError for blocks that are damaged.
    """
    document = read_document(source)
    picture = document.first(1)
    if picture is None or document.clusters is None:
        return None
    found = times_of_tracks(source, document.clusters)
    tick = number(document.info, 0x2AD7B1) or 1_000_000
    heard = [found.get(number(track, 0xD7), []) for track in document.tracks if number(track, 0x83) in (1, 2)]
    first = min(min(times) for times in heard if times)
    return sorted((time - first) * tick for time in found.get(number(picture, 0xD7), ())) or None


@dataclass(frozen=True, slots=True)
class Stored:
    """The codec of the picture track, what Tracks says of it, and offset, size and number in order of time."""

    codec: str
    private: bytes
    places: tuple[tuple[int, int, int], ...]


def stored_pictures(source: ByteSource) -> Stored | None:
    """Where the pictures lie; None without any, for too many, and where they are laced or packed (ContentEncodings).

    Raises what picture_times raises.
    """
    document = read_document(source)
    picture = document.first(1)
    if picture is None or document.clusters is None or 0x6D80 in picture:
        return None
    found: list[tuple[int, int, int]] = []  # time, place, size
    for each in blocks(source, document.clusters):
        if each.track == number(picture, 0xD7):
            if each.laced or len(found) == MOST_TIMES:
                return None
            found.append((each.time, each.start, each.end - each.start))
    places = ((start, size, index) for index, (_, start, size) in enumerate(sorted(found)))
    return Stored(text_of(picture.get(0x86, b"")) or "", picture.get(0x63A2, b""), tuple(places))


# --- picture --------------------------------------------------------------------------------------


def _of_picture(source: ByteSource, document: Document, track: Values) -> Iterator[Finding]:
    video = dict(ebml.children(track.get(0xE0, b"")))
    head = source.upto(document.clusters, HEAD) if document.clusters is not None else b""
    codec, said = matroska_codecs.picture(track, _sample(head, track))
    where = "Tracks"
    if codec is None or said.pixel_format is None:
        yield left_open(where)
    colour = merged(said.colour, _colour(dict(ebml.children(video.get(0x55B0, b"")))))
    interlaced = {1: True, 2: False}.get(number(video, 0x9A), said.fields)
    values = {
        "video_codec": codec, "width": number(video, 0xB0) or None, "height": number(video, 0xBA) or None,
        "pixel_format": said.pixel_format, "bit_depth": said.bit_depth,
        "pixel_aspect": _shape(video) or said.pixel_aspect, "interlaced": interlaced,
        "field_order": _ORDERS.get(number(video, 0x9D)) if interlaced else None,
        "rotation": _rotation(dict(ebml.children(video.get(0x7670, b"")))),
        "color_primaries": colour.primaries, "color_transfer": colour.transfer, "color_matrix": colour.matrix,
        "color_range": colour.range,
    }  # fmt: skip
    for key, value in values.items():
        if value is not None:
            yield Finding(key, value, ORIGIN, where)
    yield from _of_time(source, document, track, head)


def _sample(head: bytes, track: Values) -> bytes:
    """The first frame; nothing where blocks are packed (ContentEncodings)."""
    if 0x6D80 in track:
        return b""
    try:
        return first_frame(head, number(track, 0xD7))[:SAMPLE_BYTES]
    except (ValueError, IndexError):
        return b""


def _colour(values: Values) -> Colour:
    codes = (number(values, 0x55BB, 2), number(values, 0x55BA, 2), number(values, 0x55B1, 2))
    return colour_of(*codes, full={1: False, 2: True}.get(number(values, 0x55B9)))


def _shape(video: Values) -> Fraction | None:
    """A pixel's shape from the size of display, in pixels (unit 0) or as a ratio (3)."""
    wide, high = number(video, 0x54B0), number(video, 0x54BA)
    across, down = number(video, 0xB0), number(video, 0xBA)
    if number(video, 0x54B2) not in (0, 3) or not (wide and high and across and down):
        return None
    return Fraction(wide * down, high * across)


def _rotation(projection: Values) -> int:
    """ProjectionPoseRoll counts against the clock; 0 for what no player turns."""
    roll = ebml.real(projection.get(0x7675, b""))
    plain = number(projection, 0x7671) == 0
    return round(-roll) % 360 if plain and -360 <= roll <= 360 and round(-roll) % 90 == 0 else 0


# --- time -----------------------------------------------------------------------------------------


def _of_time(source: ByteSource, document: Document, track: Values, head: bytes) -> Iterator[Finding]:
    count = BlockCounter(number(track, 0xD7), document.clock)
    for chunk in source.chunks() if source.whole else (head,):
        count.feed(chunk)
    cut = document.cut_off(source.size)
    ended = source.whole and document.end is not None and not cut
    times = sorted(count.times)
    if not ended and len(times) > 2 * _REORDERED:
        times = times[:-_REORDERED]
    found = _timed(times, document.clock, number(track, 0x23E383))
    frames, where = _counted(document, track, count, found, source)
    if frames is not None:
        yield Finding("frames", frames, ORIGIN, where)
    elif cut:
        yield Finding("warnings", _NO_LENGTH, ORIGIN, where)
    values = {"rate": found.rate, "vfr": found.vfr, "average_rate": found.average}
    for key, value in values.items():
        if value is not None:
            why = found.why if source.whole else "likely: that of the beginning of the file"
            yield Finding(key, value, ORIGIN, "block times", why)


def _counted(
    document: Document, track: Values, count: BlockCounter, found: Shown, source: ByteSource
) -> tuple[int | None, str]:
    """How many frames there are, or were before the file was cut off, and where that stands."""
    if document.cut_off(source.size):
        return _statistics(document, track) or _lasted(document, track, found.rate or found.average), "duration"
    return (count.frames, "counted blocks") if source.whole else (_statistics(document, track), "statistics tags")


def _timed(times: Sequence[int], clock: Fraction, lasts: int) -> Shown:
    """The rate that the track claims where the times keep to it, else the one they show."""
    rate = _claimed(lasts)
    if rate:
        if len(times) < 2:
            return Shown(len(times), rate, why="likely: too few frames to compare it with")
        if fits_grid(times, clock, rate):
            return Shown(len(times), rate, vfr=False)
    if len(times) < 2 or times[-1] == times[0]:
        return Shown(len(times))
    steps = [later - earlier for earlier, later in pairwise(times)]
    last = round(clock / rate.fraction) if rate else steps[-1]
    return shown(Samples(round(clock), [(1, step) for step in (*steps, last)]), [], 0)


def _claimed(lasts: int) -> Rate | None:
    """The rate that DefaultDuration stands for, in nanoseconds."""
    exact = Fraction(1_000_000_000, lasts).limit_denominator(1001) if lasts else Fraction(0)
    return (Rate.nearest(exact) or Rate.of(exact)) if exact else None


def _statistics(document: Document, track: Values) -> int | None:
    """NUMBER_OF_FRAMES as mkvmerge keeps it: believed only where it is of the program and moment of this very file."""
    said = document.said_of(number(track, 0x73C5))
    count, writer = said.get("NUMBER_OF_FRAMES", ""), document.writer
    if not count.isdecimal() or len(count) > 12 or said.get("_STATISTICS_WRITING_APP") != writer or not writer:
        return None
    written = document.written
    if written is not None and said.get("_STATISTICS_WRITING_DATE_UTC") != f"{written:%Y-%m-%d %H:%M:%S}":
        return None
    return int(count)


def _lasted(document: Document, track: Values, rate: Rate | None) -> int | None:
    """How many frames the duration of the picture, else that of the segment, is."""
    if rate is None:
        return None
    told = _DURATION.fullmatch(document.said_of(number(track, 0x73C5)).get("DURATION", ""))
    if told:
        seconds = 3600 * int(told[1]) + 60 * int(told[2]) + Fraction(told[3])
    else:
        ticks = ebml.real(document.info.get(0x4489, b""))
        seconds = Fraction(ticks) / document.clock if 0 < ticks < _LONGEST else Fraction(0)
    return round(seconds * rate.fraction) or None


# --- tags -----------------------------------------------------------------------------------------


def _of_tags(document: Document, picture: Values | None) -> Iterator[Finding]:
    said = document.said_of(0) | (document.said_of(number(picture, 0x73C5)) if picture else {})
    rate = _claimed(number(picture, 0x23E383)) if picture else None
    if (label := said.get("TIMECODE")) and rate and (code := parsed(label, rate)):
        yield Finding("start_timecode", code, "tags", "Tags TIMECODE")
    if (label := said.get("DATE_RECORDED")) and (began := moment(label)):
        yield Finding("recorded_at", began, "tags", "Tags DATE_RECORDED")
    for name, text in said.items():
        if name.startswith("COM."):
            yield from tags.of_key(name.lower(), text, "Tags")
    written = document.written
    if written and 1950 <= written.year <= 2200:
        iso = f"{written:%Y-%m-%dT%H:%M:%S}Z"
        why = "likely: when the file was written"
        yield Finding("recorded_at", Moment(iso, "utc"), "header", "Info DateUTC", why)
