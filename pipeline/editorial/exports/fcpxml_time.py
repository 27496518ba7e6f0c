"""Speeds and transitions in FCPXML: time maps, and what stands between two clips of a storyline.

A clip at another speed has a clock of its own: seconds as played, from 0 at the first frame of its media (the last one
where it plays backwards). Its `start`, its markers and what hangs on it count on that clock; a `timeMap` with two
points leads from it to the clock of the asset.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from pipeline.editorial.exports.events import Event, EventTransition, taken_frames
from pipeline.editorial.exports.fcpxml_assets import Asset, frames_text, seconds_text
from pipeline.editorial.exports.xml_text import element
from pipeline.timecode import Rate

# As Final Cut Pro names its own; a wipe's number says nothing to it.
DISSOLVE = '<effect id="dissolve" name="Cross Dissolve" uid="FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"/>'
CROSSFADE = '<effect id="crossfade" name="Audio Crossfade" uid="FFAudioTransition"/>'


@dataclass(frozen=True, slots=True)
class Retimed:
    """Where a clip begins on its own clock, and two points of (own clock, clock of the asset), all in seconds."""

    start: Fraction
    points: tuple[tuple[Fraction, Fraction], ...]

    def xml(self) -> str:
        points = [
            element("timept", {"time": seconds_text(time), "value": seconds_text(value), "interp": "smooth2"})
            for time, value in self.points
        ]
        return element("timeMap", {}, points)


def retimed(event: Event, asset: Asset, rate: Rate, reach: tuple[int, int]) -> Retimed:
    """The clock of an event at another speed; `rate` is the timeline's, `reach` what transitions show around it."""
    own, span, speed = event.source.rate, asset.held.span, abs(event.speed)
    if not speed:
        held, around = asset.seconds(event.source_in), rate.seconds(event.record.duration + sum(reach))
        return Retimed(rate.seconds(reach[0]), ((Fraction(0), held), (around, held)))
    first, last = asset.seconds(span.start), asset.seconds(span.end)
    length = own.seconds(span.duration) / speed
    if event.speed > 0:
        return Retimed(own.seconds(event.source_in - span.start) / speed, ((Fraction(0), first), (length, last)))
    beyond = span.end - event.source_in - taken_frames(event, rate)
    return Retimed(own.seconds(beyond) / speed, ((Fraction(0), last), (length, first)))


def transition_xml(transition: EventTransition, offset: str, rate: Rate, *, seen: bool, heard: bool) -> str:
    """A transition of pictures, of sound, or of both; `offset` is its first frame on the clock of its storyline."""
    duration = frames_text(transition.before + transition.after, rate)
    attributes: dict[str, str | None] = {"name": "Cross Dissolve", "offset": offset, "duration": duration}
    return element("transition", attributes, _filters(seen=seen, heard=heard))


def _filters(*, seen: bool, heard: bool) -> Iterator[str]:
    if seen:
        yield '<filter-video ref="dissolve" name="Cross Dissolve"/>'
    if heard:
        yield '<filter-audio ref="crossfade" name="Audio Crossfade"/>'
