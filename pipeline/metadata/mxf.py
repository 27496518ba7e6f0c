"""MXF recordings: OP1a and OP-Atom as cameras, recorders and editing systems write them (SMPTE ST 377-1).

Read are the header and footer partitions, the random index, the beginning of the first picture, and
texts that a device added (SMPTE RP 2057, Sony's NonRealTimeMeta); never the essence itself.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from pipeline.errors import MediaUnreadable
from pipeline.metadata import klv, sony
from pipeline.metadata.findings import Finding, Moment, cut_off, left_open, moment
from pipeline.metadata.klv import Set
from pipeline.metadata.mxf_essence import Picture, read_picture, read_sound
from pipeline.metadata.mxf_layout import Layout, device_notes, first_picture, indexed, read_layout
from pipeline.metadata.mxf_packages import MATERIAL, Package, Shown, packages, shown, starts, text
from pipeline.metadata.source import ByteSource
from pipeline.timecode import Rate

ORIGIN = "structure"
HEADER_DATE = "mxf-header"
_IDENTIFICATION = 0x30
# Companies whose cameras sign the file, how these name themselves there, and which of those names are models:
# Sony and Panasonic name the medium. Programs of the same companies sign with other names.
_CAMERAS: tuple[tuple[str, str, re.Pattern[str], bool], ...] = (
    ("canon", "Canon", re.compile(r"(?:EOS |X[A-Z]-?\d).*"), True),
    ("arri", "ARRI", re.compile(r"(?:ALEXA|AMIRA).*"), True),
    ("sony", "Sony", re.compile(r"Mem|Opt"), False),
    ("panasonic", "Panasonic", re.compile(r"P2.*"), False),
)
_UNNAMED = re.compile(r"(?:an? )?(?:material|source|file) ?package", re.IGNORECASE)
_NO_LENGTH = "Its length is not in the file: the recording was never closed. Repair it in the camera, or copy it again."


def recognises(head: bytes) -> bool:
    return klv.run_in(head) is not None


def read(source: ByteSource) -> Iterator[Finding]:
    """Raises MediaUnreadable where nothing in it describes picture or sound."""
    layout = read_layout(source)
    found = packages(layout.sets)
    tracks = list(shown(layout.sets, found))
    if not found:
        raise MediaUnreadable("its header is damaged: nothing in it describes picture or sound.")
    yield Finding("container", "mxf", ORIGIN, "partition pack")
    if layout.cut:
        yield from cut_off("footer partition")
    picture = next((each for each in tracks if each.track.kind == "picture"), None)
    rate = _rate(picture) if picture else None
    if picture:
        yield from _picture(source, layout, picture, rate)
    yield from _sound([each for each in tracks if each.track.kind == "sound"], alone=picture is None, cut=layout.cut)
    for start in starts(found, rate):
        yield Finding("start_timecode", start.code, start.origin, f"timecode of the {start.origin[4:]} package")
    yield from _names(found)
    yield from _camera(layout.sets.values(), found)
    if notes := device_notes(source, layout, {each.stream for each in tracks}):
        yield from sony.read(notes, "embedded NonRealTimeMeta")


def _rate(picture: Shown) -> Rate | None:
    exact = picture.track.rate or picture.source.rate
    return (Rate.nearest(exact) or Rate.of(exact)) if exact else None


def _picture(source: ByteSource, layout: Layout, track: Shown, rate: Rate | None) -> Iterator[Finding]:
    picture = read_picture(track, first_picture(source, layout, track.stream, track.source.essence))
    for key, value, where in _values(picture):
        if value is not None:
            yield Finding(key, value, ORIGIN, where)
    if picture.raw_of:
        yield Finding("decoder", False, ORIGIN, "picture coding", f"likely: it is a private coding of {picture.raw_of}")
    elif None in (picture.codec, picture.width, picture.height, rate):
        yield left_open("picture descriptor")
    if rate:
        yield Finding("rate", rate, ORIGIN, "picture track edit rate")
        yield Finding("vfr", False, ORIGIN, "picture track edit rate")
    frames, where = _frames(source, layout, track)
    if frames is not None:
        yield Finding("frames", frames, ORIGIN, where)
    elif not layout.cut:
        yield Finding("warnings", _NO_LENGTH, ORIGIN, where)


def _values(picture: Picture) -> Iterator[tuple[str, object, str]]:
    header, colour = picture.header, picture.header.colour
    stream = "first picture, or its descriptor"
    yield "video_codec", picture.codec, "picture coding"
    yield "width", picture.width, "picture descriptor"
    yield "height", picture.height, "picture descriptor"
    yield "pixel_aspect", picture.pixel_aspect, "picture descriptor aspect ratio"
    yield "interlaced", picture.interlaced, "picture descriptor frame layout"
    yield "field_order", picture.field_order, "picture descriptor video line map"
    yield "pixel_format", header.pixel_format, stream
    yield "bit_depth", header.bit_depth, stream
    yield "color_primaries", colour.primaries, stream
    yield "color_transfer", colour.transfer, stream
    yield "color_matrix", colour.matrix, stream
    yield "color_range", colour.range, stream


def _frames(source: ByteSource, layout: Layout, track: Shown) -> tuple[int | None, str]:
    """Frames shown, and where that stands: the tracks, the descriptor, else the end of the index."""
    if track.track.duration is not None:
        return track.track.duration, "material package track duration"
    if track.source.duration is not None:
        return track.source.duration, "source package track duration"
    contained, where = klv.number(track.descriptor.items.get(0x3002)), "picture descriptor container duration"
    if contained is None:
        contained, where = indexed(source, layout, track.stream), "index tables"
    # Frames before the origin are there to decode the others, and are not shown.
    return (None if contained is None else max(0, contained - track.source.origin)), where


def _sound(tracks: Sequence[Shown], *, alone: bool, cut: bool) -> Iterator[Finding]:
    """All streams, or none where one of them is in a form that is not known."""
    streams = [read_sound(track, cut=cut) for track in tracks]
    known = tuple(stream for stream in streams if stream)
    if len(known) < len(streams):
        yield left_open("sound descriptors")
        return
    yield Finding("audio", known, ORIGIN, "sound descriptors")
    if alone and known and known[0].samples is not None:
        yield Finding("samples", known[0].samples, ORIGIN, "sound track duration")


def _names(found: Iterable[Package]) -> Iterator[Finding]:
    for package in found:
        if package.kind == MATERIAL and package.name and not _UNNAMED.match(package.name):
            yield Finding("clip_name", package.name, ORIGIN, "material package name")
        if package.tape and package.name:
            yield Finding("reel", package.name, ORIGIN, "tape package name")


def _camera(sets: Iterable[Set], found: Iterable[Package]) -> Iterator[Finding]:
    """Make and model where a camera signed the file, and then its date; programs that copied it sign after it."""
    signed = next((each.items for each in sets if each.kind == _IDENTIFICATION), {})
    company, product = text(signed.get(0x3C01)) or "", text(signed.get(0x3C02)) or ""
    for start, make, names, model in _CAMERAS:
        if not company.lower().startswith(start) or not names.fullmatch(product):
            continue
        yield Finding("camera_make", make, ORIGIN, "identification")
        if model:
            yield Finding("camera_model", product, ORIGIN, "identification")
        for package in found:
            if package.kind == MATERIAL and (created := _moment(package.created)):
                why = "it stands there without a zone: some devices write UTC, others their own clock"
                yield Finding("recorded_at", created, HEADER_DATE, "material package creation date", why)


def _moment(data: bytes) -> Moment | None:
    """Year, month, day, hour, minute, second, and units of 4 ms (ST 377-1, 4.3)."""
    if len(data) != 8:
        return None
    year, (month, day, hour, minute, second) = int.from_bytes(data[:2], "big"), data[2:7]
    found = moment(f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{data[7] * 4 % 1000:03}")
    return Moment(found.iso, None) if found else None
