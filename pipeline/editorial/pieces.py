"""Shots cut at the joints of their files, with the sound that lies under them: what is laid on tracks."""

from collections.abc import Iterator

import msgspec

from pipeline.editorial.beside import NOTHING, Beside, Lying, lying
from pipeline.editorial.shots import MediaPart, Shot
from pipeline.timecode import Rate, TimeRange


class Piece(msgspec.Struct, frozen=True, gc=False):
    """What lies in one file: `part` of a shot's media, `inside` the clip's frames, `record` timeline frames.

    `before` counts the clip's frames in the files before this one.
    """

    shot: Shot
    part: MediaPart
    before: int
    inside: TimeRange
    record: int

    @property
    def rate(self) -> Rate:
        rate = self.shot.logged.clip.rate
        assert rate is not None
        return rate

    @property
    def offset(self) -> int:
        """What turns frames of the clip into frames of source timecode."""
        start = self.shot.logged.clip.start
        return start.frame if start else -self.before


class Laid(msgspec.Struct, frozen=True, gc=False):
    """A shot, the pieces it is laid in (none: it has no length or no file), and the recorders' sound under it."""

    shot: Shot
    pieces: tuple[Piece, ...]
    under: tuple[Lying, ...] = ()

    @property
    def length(self) -> int:
        """Frames of the timeline."""
        return sum([piece.record for piece in self.pieces])


def laid(shot: Shot, rate: Rate, sound: Beside = NOTHING) -> Laid:
    """A shot as it lies in a timeline at `rate`."""
    made = Laid(shot, tuple(pieces_of(shot, rate)))
    return Laid(shot, made.pieces, lying(shot, made.length, rate, sound)) if sound.offers else made


def pieces_of(shot: Shot, rate: Rate) -> Iterator[Piece]:
    """A shot cut at the joints of its files; none if its length is unknown or under a frame of the timeline."""
    clip, before = shot.logged.clip, 0
    if clip.rate is None:
        return
    for part in shot.media.parts:
        inside = shot.range.within(TimeRange(before, part.frames))
        whole = inside.duration if clip.rate == rate else rate.frames(clip.rate.seconds(inside.duration))
        if whole:
            yield Piece(shot, part, before, inside, whole)
        before += part.frames
