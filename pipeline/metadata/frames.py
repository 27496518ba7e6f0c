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
from pipeline.metadata.timing import presentation_times
from pipeline.metadata.tracks import Track, first_samples, read_tracks

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
    top = list(boxes(source, 0, source.size))
    moov = next((box for box in top if box.kind == b"moov"), None)
    if moov is None:
        return None
    tracks = list(read_tracks(source, moov))
    movie_clock = _movie_clock(source, moov)
    defaults = read_defaults(source, moov)
    for box in top:
        if box.kind == b"moof" and box.whole:
            add_fragment(source, box, {track.number: track for track in tracks}, defaults)
    track = _picture(tracks)
    if track is None or track.samples.clock <= 0:
        return None
    if track.samples.count > MOST_PICTURES:
        raise MediaUnreadable("it has more pictures than any recording: it is damaged.")
    pictures = shown_times(track, movie_clock)
    sounds = [_begins(track, movie_clock) for track in tracks if track.handler == b"soun" and track.entries]
    whole = track.keys is None or track.keys >= track.samples.count
    alone = whole and all(box.kind != b"moof" for box in top)
    return Times(track.samples.clock, tuple(pictures), tuple(sounds), tuple(_heads(source, track)), alone)


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


def shown_times(track: Track, movie_clock: int) -> list[int]:
    """When each picture that edits show is shown, in ticks of the track's clock."""
    times, clock = presentation_times(track.samples, most=MOST_PICTURES), track.samples.clock
    if not any(edit.start >= 0 for edit in track.edits):
        return times
    found: list[int] = []
    position = Fraction(0)
    for edit in track.edits:
        length = Fraction(edit.duration * clock, movie_clock) if movie_clock > 0 else Fraction(0)
        if edit.start >= 0:
            end = edit.start + round(length) if length else times[-1] + 1
            low, high = bisect_left(times, edit.start), bisect_left(times, end)
            found += [round(position) + time - edit.start for time in times[low:high]]
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
