"""When each picture of a QuickTime or MP4 file is shown and when each sound track begins, by its own tables.

Facts count pictures; here they are laid out one by one, for what has to find a certain one again.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipeline.errors import MediaUnreadable
from pipeline.files import one_line
from pipeline.metadata import matroska
from pipeline.metadata.boxes import Box, body, boxes, first
from pipeline.metadata.fragments import add_fragment, read_defaults
from pipeline.metadata.quicktime import recognises
from pipeline.metadata.readers import BROKEN, HEAD
from pipeline.metadata.source import ByteSource
from pipeline.metadata.timing import presentation_times, stored_times
from pipeline.metadata.tracks import Entry, Track, first_samples, read_tracks

MOST_PICTURES = 5_000_000  # 46 hours at 30 frames a second
_LOOKED_AT = 64  # samples


@dataclass(frozen=True, slots=True)
class Times:
    """`pictures` in ticks of `clock` a second, in order; times count from the movie's beginning.

    `alone` says that the file's tables call every picture one that can be decoded without others.
    """

    clock: int
    pictures: tuple[int, ...]
    sounds: tuple[Fraction, ...] = ()  # seconds at which each sound track begins
    heads: tuple[tuple[int, bytes], ...] = ()  # number and first bytes of some stored pictures, all over the file
    alone: bool = False

    def seconds(self, picture: int) -> Fraction:
        return Fraction(self.pictures[picture], self.clock)


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the pictures that are shown lie: offset, size, and number in order of time.

    `entry` is their kind, the first of them where they are not of `one_kind`.
    """

    entry: Entry
    places: tuple[tuple[int, int, int], ...]
    one_kind: bool = True


def read_times(path: Path) -> Times | None:
    """The times of the first picture track; None for a format without such tables or a file without pictures.

    Raises MediaUnreadable for tables that are damaged, PathMissing and PathRefused.
    """
    with ByteSource.open(path) as source:
        if not recognises(source.upto(0, HEAD)):
            return None
        try:
            return _times(source)
        except BROKEN:
            raise MediaUnreadable(f"{one_line(path.name)} cannot be read: its sample tables are damaged.") from None


def read_block_times(path: Path) -> Times | None:
    """The same of a Matroska file, whose blocks are walked one by one; None for any other, and where that fails.

    Raises PathMissing and PathRefused.
    """
    with ByteSource.open(path) as source:
        if not matroska.recognises(source.upto(0, HEAD)):
            return None
        try:
            pictures = matroska.picture_times(source)
        except (MediaUnreadable, *BROKEN):
            return None
    return Times(1_000_000_000, tuple(pictures)) if pictures else None


def read_stored(path: Path) -> Stored | None:
    """Where the pictures of the first track lie; None for a format without such tables, fragments, no pictures.

    Raises PathMissing and PathRefused; tables that are damaged are for read_times to refuse.
    """
    with ByteSource.open(path) as source:
        try:
            return _stored(source) if recognises(source.upto(0, HEAD)) else None
        except (MediaUnreadable, *BROKEN):
            return None


def read_blocks(path: Path) -> matroska.Stored | None:
    """Where the pictures of a Matroska file lie; None for any other, and where that cannot be told.

    Raises PathMissing and PathRefused.
    """
    with ByteSource.open(path) as source:
        try:
            return matroska.stored_pictures(source) if matroska.recognises(source.upto(0, HEAD)) else None
        except (MediaUnreadable, *BROKEN):
            return None


def picture_begins(path: Path) -> Fraction:
    """Seconds of nothing before the first picture track, by its edits; 0 for a format without such tables.

    Raises what read_times raises.
    """
    with ByteSource.open(path) as source:
        if not recognises(source.upto(0, HEAD)):
            return Fraction(0)
        try:
            moov = next((box for box in boxes(source, 0, source.size) if box.kind == b"moov"), None)
            track = _picture(list(read_tracks(source, moov))) if moov else None
            return _begins(track, _movie_clock(source, moov)) if moov and track else Fraction(0)
        except BROKEN:
            raise MediaUnreadable(f"{one_line(path.name)} cannot be read: its sample tables are damaged.") from None


def _times(source: ByteSource) -> Times | None:
    movie = _movie(source)
    track = _picture(movie.tracks) if movie else None
    if movie is None or track is None or track.samples.clock <= 0:
        return None
    pictures = (shown for shown, _ in shown_times(track, movie.clock))
    sounds = [_begins(track, movie.clock) for track in movie.tracks if track.handler == b"soun" and track.entries]
    whole = track.keys is None or track.keys >= track.samples.count
    alone = whole and not movie.fragmented
    return Times(track.samples.clock, tuple(pictures), tuple(sounds), tuple(_heads(source, track)), alone)


def _stored(source: ByteSource) -> Stored | None:
    movie = _movie(source)
    track = _picture(movie.tracks) if movie else None
    if movie is None or track is None or movie.fragmented or track.samples.clock <= 0:
        return None
    numbers = {time: number for number, (_, time) in enumerate(shown_times(track, movie.clock))}
    places = zip(
        first_samples(source, track, MOST_PICTURES), stored_times(track.samples, most=MOST_PICTURES), strict=False
    )
    shown = tuple((*place, numbers[time]) for place, time in places if time in numbers)
    return Stored(track.entries[0], shown, len(track.entries) == 1)


@dataclass(frozen=True, slots=True)
class _Movie:
    tracks: tuple[Track, ...]
    clock: int
    fragmented: bool


def _movie(source: ByteSource) -> _Movie | None:
    top = list(boxes(source, 0, source.size))
    moov = next((box for box in top if box.kind == b"moov"), None)
    if moov is None:
        return None
    tracks = tuple(read_tracks(source, moov))
    defaults = read_defaults(source, moov)
    fragments = [box for box in top if box.kind == b"moof"]
    for box in fragments:
        if box.whole:
            add_fragment(source, box, {track.number: track for track in tracks}, defaults)
    if any(track.samples.count > MOST_PICTURES for track in tracks if track.handler == b"vide"):
        raise MediaUnreadable("it has more pictures than any recording: it is damaged.")
    return _Movie(tracks, _movie_clock(source, moov), bool(fragments))


def _movie_clock(source: ByteSource, moov: Box) -> int:
    header = first(source, moov, b"mvhd")
    data = body(source, header, 32) if header else b""
    at = 20 if data[:1] == b"\x01" else 12
    return int.from_bytes(data[at : at + 4], "big")


def _picture(tracks: Sequence[Track]) -> Track | None:
    seen = [track for track in tracks if track.handler == b"vide" and track.entries]
    return next((track for track in seen if track.enabled), seen[0] if seen else None)


def _heads(source: ByteSource, track: Track) -> Iterator[tuple[int, bytes]]:
    """The beginnings of the first, the last and some samples between."""
    samples = first_samples(source, track, MOST_PICTURES)
    if samples:
        for number in sorted({index * (len(samples) - 1) // (_LOOKED_AT - 1) for index in range(_LOOKED_AT)}):
            yield number, source.upto(samples[number][0], 8)


def shown_times(track: Track, movie_clock: int) -> list[tuple[int, int]]:
    """When each picture that edits show is shown, and its time in the track itself, in ticks of the track's clock."""
    times, clock = presentation_times(track.samples, most=MOST_PICTURES), track.samples.clock
    if not any(edit.start >= 0 for edit in track.edits):
        return [(time, time) for time in times]
    found: list[tuple[int, int]] = []
    position = Fraction(0)
    for edit in track.edits:
        length = Fraction(edit.duration * clock, movie_clock) if movie_clock > 0 else Fraction(0)
        if edit.start >= 0:
            end = edit.start + round(length) if length else times[-1] + 1
            low, high = bisect_left(times, edit.start), bisect_left(times, end)
            found += [(round(position) + time - edit.start, time) for time in times[low:high]]
        position += length
    return found[:MOST_PICTURES]


def _begins(track: Track, movie_clock: int) -> Fraction:
    """Seconds of nothing that a track's empty edits put before it."""
    empty = 0
    for edit in track.edits:
        if edit.start >= 0:
            break
        empty += edit.duration
    return Fraction(empty, movie_clock) if movie_clock > 0 else Fraction(0)
