"""QuickTime, MP4 and 3GP: the reader that walks the movie header and says what it holds.

Structure is read here; tags in tags.py, sample tables in tracks.py and timing.py, codecs in
picture.py and sound.py. Media data is read only for the first sample and the timecode sample.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pipeline.clip import AudioStream
from pipeline.errors import MediaUnreadable, ValueRefused
from pipeline.metadata import gopro, tmcd
from pipeline.metadata.boxes import Box, body, boxes, children, first
from pipeline.metadata.findings import Finding, Moment, cut_off
from pipeline.metadata.fragments import add_fragments
from pipeline.metadata.picture import Picture, read_picture
from pipeline.metadata.sound import read_sound
from pipeline.metadata.source import ByteSource
from pipeline.metadata.streams import SAMPLE_BYTES
from pipeline.metadata.tags import read_meta, read_user_data
from pipeline.metadata.timing import Shown, shown
from pipeline.metadata.tracks import Track, first_samples, read_tracks

_OPENINGS = frozenset({
    b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"moof", b"uuid", b"pdin", b"junk",
})  # fmt: skip
MOST_PAYLOADS = 20_000  # of telemetry, one a second: five hours
LARGEST_PAYLOAD = 64 * 1024
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_QUARTERS = {
    (1, 0, 0, 1): 0, (0, 1, -1, 0): 90, (-1, 0, 0, -1): 180, (0, -1, 1, 0): 270,
    # Mirrored: the quarter turn that players apply before or after the mirror.
    (-1, 0, 0, 1): 0, (1, 0, 0, -1): 180, (0, 1, 1, 0): 90, (0, -1, -1, 0): 270,
}  # fmt: skip


def recognises(head: bytes) -> bool:
    """A known box opens the file, with a size that can be."""
    return head[4:8] in _OPENINGS and (int.from_bytes(head[:4], "big") >= 8 or head[:4] in (b"\0\0\0\0", b"\0\0\0\1"))


def read(source: ByteSource) -> Iterator[Finding]:
    """Every fact that the movie states; raises MediaUnreadable where there is no usable movie."""
    top = list(boxes(source, 0, source.size))
    moov = next((box for box in top if box.kind == b"moov"), None)
    if moov is None:
        raise MediaUnreadable(_no_movie(top))
    if not moov.whole:
        raise MediaUnreadable("it is cut off inside its movie header: copy it again from the card.")
    source.look(moov.start, min(moov.end - moov.start, 256 * 1024))
    container = _container(source, top)
    yield Finding("container", container, "structure", "ftyp brand")
    tracks = list(read_tracks(source, moov))
    header = first(source, moov, b"mvhd")
    clock, made = _movie_header(body(source, header, 32)) if header else (0, None)
    if made:
        yield _movie_date(made, container, branded=any(box.kind == b"ftyp" for box in top))
    yield from _tags(source, top, moov)
    if moofs := [box for box in top if box.kind == b"moof" and box.whole]:
        add_fragments(source, moov, moofs, tracks)
    if _cut_off(source, top, moov, tracks):
        yield from cut_off("chunk offsets")
    yield from _streams(source, tracks, clock)
    yield from tmcd.read(source, tracks)
    telemetry = list(_telemetry(source, top, tracks))
    yield from telemetry
    satellites = next((finding.value for finding in telemetry if finding.key == "gps_time"), None)
    if made and satellites and (began := gopro.started(made, satellites)):
        yield Finding("recorded_at", began, gopro.ORIGIN, "mvhd and GPS clock", "its zone is shown by the GPS clock")


def _no_movie(top: list[Box]) -> str:
    if any(not box.whole for box in top):
        return "it is cut off before its movie header (moov): copy it again from the card."
    return "it has no movie header (moov), so nothing in it can be played."


def _container(source: ByteSource, top: list[Box]) -> str:
    """By the major brand; a file without one is QuickTime, which is older than brands."""
    ftyp = next((box for box in top if box.kind == b"ftyp"), None)
    brand = source.upto(ftyp.start, 4) if ftyp else b"qt  "
    if brand[:2] == b"qt":
        return "mov"
    return "3gp" if brand[:3] in (b"3gp", b"3g2", b"3ge", b"3gg") else "mp4"


def _movie_header(data: bytes) -> tuple[int, datetime | None]:
    """The movie's clock, and when it was made (seconds since 1904; 0 is unset)."""
    made, _, clock = struct.unpack_from(">QQI" if data[0] == 1 else ">III", data, 4)
    unset = made == 0 or made > 0x1_FFFF_FFFF
    date = None if unset else _EPOCH + timedelta(seconds=made)
    return clock, date if date and date.year > 1970 else None


def _movie_date(made: datetime, container: str, *, branded: bool) -> Finding:
    """ISO files count in UTC (14496-12, 8.2.2); QuickTime leaves the zone open: old devices write their own clock."""
    iso = made.replace(tzinfo=None).isoformat()
    if container != "mov":
        return Finding(
            "recorded_at", Moment(iso + "Z", "utc"), "mvhd", "mvhd", "the standard says UTC; it may be the end"
        )
    if branded:
        return Finding(
            "recorded_at", Moment(iso + "Z", "utc"), "mvhd", "mvhd", "likely UTC; it may be the end or an export"
        )
    return Finding("recorded_at", Moment(iso, "local-unknown"), "mvhd", "mvhd", "likely the device's own clock")


def _tags(source: ByteSource, top: list[Box], moov: Box) -> Iterator[Finding]:
    """Tags never make a file unusable: a broken list is skipped."""
    for box in [*children(source, moov), *(box for box in top if box.kind == b"meta")]:
        try:
            if box.kind == b"meta":
                yield from read_meta(source, box, "meta")
            elif box.kind == b"trak" and (meta := first(source, box, b"meta")):
                yield from read_meta(source, meta, "trak/meta")
            elif box.kind == b"udta":
                yield from read_user_data(source, box)
        except (MediaUnreadable, ValueRefused, struct.error, LookupError, ValueError, ArithmeticError):
            yield Finding("warnings", "Some of its tags are damaged and were not read.", "structure", "udta")


def _cut_off(source: ByteSource, top: list[Box], moov: Box, tracks: list[Track]) -> bool:
    """Whether the media that the tables point to is not there.

    Raises MediaUnreadable where the file is whole and its tables point out of it all the same.
    """
    shortened = any(not box.whole for box in top)
    fragmented = any(box.kind == b"moof" for box in top)
    if not shortened and all(
        _is_there(top, track.last_chunk, source.size) if track.stored else True
        for track in tracks
        if not (fragmented and track.last_chunk is None)
    ):
        return False
    data = [box for box in top if box.kind == b"mdat"]
    if not shortened and data and data[-1].end <= moov.start and data[-1].end - data[-1].start > 64:
        raise MediaUnreadable("its tables point outside the file: they contradict each other.")
    return True


def _is_there(top: list[Box], chunk: int | None, size: int) -> bool:
    """Whether a chunk can hold media: in the file, and not in its headers."""
    if chunk is None:
        return False
    headers = (box for box in top if box.kind in (b"moov", b"ftyp", b"moof"))
    return chunk < size and not any(box.start <= chunk < box.end for box in headers)


def _telemetry(source: ByteSource, top: list[Box], tracks: list[Track]) -> Iterator[Finding]:
    """GoPro: the block that opens the media data, and the telemetry track."""
    data = next((box for box in top if box.kind == b"mdat"), None)
    if data is not None:
        yield from gopro.read_header(source.upto(data.start, 256))
    for track in tracks:
        if not track.entries or track.entries[0].kind != b"gpmd":
            continue
        placed = zip(first_samples(source, track, MOST_PAYLOADS), track.samples.seconds(), strict=False)
        payloads = [gopro.Payload(offset, min(size, LARGEST_PAYLOAD), seconds) for (offset, size), seconds in placed]
        yield from gopro.read_track(payloads, lambda each: source.upto(each.offset, each.size), "gpmd track")


def _streams(source: ByteSource, tracks: list[Track], clock: int) -> Iterator[Finding]:
    audio = []
    pictures = [track for track in tracks if track.handler == b"vide" and track.entries]
    # A disabled picture track is a still or chapter images.
    for track in [track for track in pictures if track.enabled][:1] or pictures[:1]:
        yield from _picture(source, track, clock)
        if before := sum(other.handler == b"vide" for other in tracks[: tracks.index(track)]):
            yield Finding("picture_track", before, "structure", "tkhd", "those before it are disabled")
    for track in tracks:
        if track.handler == b"soun" and track.entries and (sound := read_sound(track.entries[0])):
            samples = _samples_shown(track, clock, sound.rate)
            audio.append(AudioStream(sound.codec, sound.channels, sound.rate, samples))
    known = all(track.entries and read_sound(track.entries[0]) for track in tracks if track.handler == b"soun")
    if not pictures and not audio:
        yield Finding("warnings", "It holds neither picture nor sound that is known here.", "structure", "moov")
    if audio or known:
        yield Finding("audio", tuple(audio), "structure", "stsd")


def _samples_shown(track: Track, clock: int, rate: int) -> int | None:
    """Sound samples after edits; lengths in movie ticks are as exact as the movie's clock."""
    own = track.samples
    if own.clock <= 0:
        return None
    total = own.total * rate // own.clock
    kept = [edit for edit in track.edits if edit.start >= 0]
    if not kept or clock <= 0:
        return total
    lengths = (round(edit.duration * rate / clock) or total for edit in kept)
    return min(sum(lengths), max(0, total - kept[0].start * rate // own.clock)) if len(kept) == 1 else sum(lengths)


def _picture(source: ByteSource, track: Track, clock: int) -> Iterator[Finding]:
    sample = b""
    if track.first_chunk is not None and track.first_size:
        sample = source.upto(track.first_chunk, min(track.first_size, SAMPLE_BYTES))
    picture = read_picture(track.entries[0], sample)
    if picture is None:
        kind = track.entries[0].kind.decode("ascii", "replace")
        yield Finding("warnings", f"Its picture is coded as '{kind}', which is not known here.", "structure", "stsd")
    else:
        yield from _described(picture)
    yield Finding("rotation", _rotation(track.matrix), "structure", "tkhd matrix")
    yield from _timed(shown(track.samples, track.edits, clock), track.skipped)


def _described(picture: Picture) -> Iterator[Finding]:
    header, colour = picture.header, picture.colour
    for key, value in (
        ("video_codec", picture.codec),
        ("width", picture.width),
        ("height", picture.height),
        ("pixel_format", header.pixel_format),
        ("bit_depth", header.bit_depth),
        ("interlaced", picture.interlaced),
        ("field_order", picture.field_order),
        ("pixel_aspect", picture.pixel_aspect),
        ("color_primaries", colour.primaries),
        ("color_transfer", colour.transfer),
        ("color_matrix", colour.matrix),
        ("color_range", colour.range),
    ):
        if value is not None:
            yield Finding(key, value, "structure", "stsd and stream header")
    if not picture.decoder:
        yield Finding("decoder", False, "structure", "stsd")


def _rotation(matrix: tuple[int, ...]) -> int | None:
    """Degrees clockwise, of the display matrix [a b u c d v x y w]; None for what is no quarter turn."""
    if len(matrix) != 9:
        return None
    a, b, c, d = (
        0 if abs(value) < 256 else 1 if value > 0 else -1 for value in (matrix[0], matrix[1], matrix[3], matrix[4])
    )
    return _QUARTERS.get((a, b, c, d))


def _timed(found: Shown, skipped: int) -> Iterator[Finding]:
    bridged = f"likely: {skipped} fragments between the first and the last were not read" if skipped else ""
    why = "; ".join(filter(None, (bridged, found.why)))
    yield Finding("frames", found.frames, "structure", "sample tables and edit list", why)
    if found.rate:
        yield Finding("rate", found.rate, "structure", "stts", found.why)
    if found.vfr is not None:
        yield Finding("vfr", found.vfr, "structure", "stts")
    if found.average:
        yield Finding("average_rate", found.average, "structure", "stts")
