"""Speeds and transitions in Final Cut Pro 7 XML.

- A clip at another speed counts `in`, `out`, `duration` and its markers in frames as played (twice as many at half
  speed, from the file's last frame where it plays backwards); a Time Remap filter says the speed in percent and,
  frame by frame of the clip, the frame of the file, which is exact where `in` falls between frames.
- A clip beside a transition has -1 for `start` or `end`, and its `in` and `out` take in what the transition shows.
- `cutPointTicks` count from the transition's first frame to the cut, as Premiere writes them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from pipeline.editorial.exports.events import Event, EventTrack, EventTransition, taken_frames
from pipeline.editorial.exports.written import Losses
from pipeline.timecode import Rate, TimeRange

TICKS = 254_016_000_000  # a second of Premiere's
_STRAIGHT = "<interpolation><name>FCPCurve</name></interpolation>"
_DISSOLVES = re.compile("dissolve|fade", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reach:
    """The transitions beside a clip, and the frames of the timeline that they show before its first and after its last.

    One that begins at the clip's own first frame shows none before it.
    """

    into: EventTransition | None = None
    out: EventTransition | None = None

    @property
    def head(self) -> int:
        return self.into.before if self.into else 0

    @property
    def tail(self) -> int:
        return self.out.after if self.out else 0


NO_REACH = Reach()


def reaches(track: EventTrack) -> Iterator[tuple[Event, Reach]]:
    """Each event of a track with the transitions beside it."""
    if not track.transitions:
        for event in track.events:
            yield event, NO_REACH
        return
    at = {each.at: each for each in track.transitions}
    for event in track.events:
        into, out = at.get(event.record.start), at.get(event.record.end)
        yield event, Reach(into, out) if into or out else NO_REACH


@dataclass(frozen=True, slots=True)
class Played:
    """What a clip takes of its file, in frames as played at the file's rate and in ticks.

    `length` is all of the file.
    """

    begin: int
    end: int
    ticks: tuple[int, int]
    length: int


def played(event: Event, media: TimeRange, own: Rate, rate: Rate, reach: Reach) -> Played:
    """`media` is what of the source the file holds, `own` the rate that it is counted at, `rate` the timeline's."""
    speed = abs(event.speed) or Fraction(1)
    ahead = event.source_in - media.start
    if event.speed < 0:
        ahead = media.end - event.source_in - taken_frames(event, rate)
    zero = event.source.rate.seconds(ahead) / speed
    begin = max(Fraction(0), zero - rate.seconds(reach.head))
    end = begin + rate.seconds(reach.head + event.record.duration + reach.tail)
    per_second = own.fraction
    return Played(
        floor(begin * per_second),
        ceil(end * per_second),
        (floor(begin * TICKS), floor(end * TICKS)),
        max(ceil(event.source.rate.seconds(media.duration) / speed * per_second), ceil(end * per_second)),
    )


def time_remap(event: Event, media: TimeRange, own: Rate, clip: Played, kind: str) -> str:
    """The filter of a clip at another speed."""
    percent = _decimal(abs(event.speed) * 100)
    yes = "TRUE" if event.speed < 0 else "FALSE"
    frames = _counted(media.duration, event.source.rate, own)
    points = (("start", 0), ("in", clip.begin), ("out", clip.end), ("end", clip.length))
    keys = "".join(
        f"<keyframe><when>{when}</when><value>{_decimal(_file_frame(event, media, own, when))}</value>"
        f"<speedvirtualkf>TRUE</speedvirtualkf><speedkf{which}>TRUE</speedkf{which}></keyframe>"
        for which, when in points
    )
    parameters = (
        _parameter("variablespeed", "0", bounds=("0", "1")),
        _parameter("speed", percent, bounds=("-100000", "100000")),
        _parameter("reverse", yes),
        _parameter("frameblending", "FALSE"),
        _parameter("graphdict", "0", bounds=("0", str(ceil(frames))), inside=keys + _STRAIGHT),
    )
    return (
        "<filter><effect><name>Time Remap</name><effectid>timeremap</effectid><effectcategory>motion</effectcategory>"
        f"<effecttype>motion</effecttype><mediatype>{kind}</mediatype>\n{chr(10).join(parameters)}\n</effect></filter>\n"
    )


def _file_frame(event: Event, media: TimeRange, own: Rate, when: int) -> Fraction:
    """The frame of the file that plays at a frame of the clip."""
    if not event.speed:
        return _counted(event.source_in - media.start, event.source.rate, own)
    top = _counted(media.duration, event.source.rate, own) if event.speed < 0 else Fraction(0)
    return top + when * event.speed


def _counted(frames: int, own: Rate, rate: Rate) -> Fraction:
    return frames * rate.fraction / own.fraction


def _parameter(name: str, value: str, *, bounds: tuple[str, str] | None = None, inside: str = "") -> str:
    between = f"<valuemin>{bounds[0]}</valuemin><valuemax>{bounds[1]}</valuemax>" if bounds else ""
    said = f"<parameterid>{name}</parameterid><name>{name}</name>{between}<value>{value}</value>{inside}"
    return f"<parameter>{said}</parameter>"


def _decimal(value: Fraction) -> str:
    """A number with up to six places, rounded half to even."""
    millionths = round(value * 1_000_000)
    sign, (whole, part) = "-" if millionths < 0 else "", divmod(abs(millionths), 1_000_000)
    return f"{sign}{whole}.{part:06}".rstrip("0").rstrip(".")


def transition_item(
    transition: EventTransition, kind: str, rate_xml: str, rate: Rate, *, sides: tuple[bool, bool]
) -> str:
    """A transition between clips; `sides` says whether one plays before and after it."""
    begin, end = transition.at - transition.before, transition.at + transition.after
    cut = floor(rate.seconds(transition.before) * TICKS)
    return (
        f"<transitionitem><start>{begin}</start><end>{end}</end><alignment>{_alignment(transition, sides)}</alignment>"
        f"<cutPointTicks>{cut}</cutPointTicks>\n{rate_xml}\n<effect>{''.join(_effect(transition, kind))}</effect>"
        "</transitionitem>"
    )


def _alignment(transition: EventTransition, sides: tuple[bool, bool]) -> str:
    if not all(sides):
        return "start-black" if sides[1] else "end-black"
    if transition.before and transition.after:
        return "center"
    return "end" if transition.before else "start"


def _effect(transition: EventTransition, kind: str) -> Iterator[str]:
    """The effect that editors know by its id."""
    if kind == "audio":
        yield "<name>Cross Fade (+3dB)</name><effectid>KGAudioTransCrossFade3dB</effectid>"
    elif transition.wipe is None:
        yield "<name>Cross Dissolve</name><effectid>Cross Dissolve</effectid><effectcategory>Dissolve</effectcategory>"
    else:
        yield "<name>Edge Wipe</name><effectid>Edge Wipe</effectid><effectcategory>Wipe</effectcategory>"
    wipe = transition.wipe or 0
    yield f"<effecttype>transition</effecttype><mediatype>{kind}</mediatype><wipecode>{wipe}</wipecode>"
    yield "<wipeaccuracy>100</wipeaccuracy><startratio>0</startratio><endratio>1</endratio><reverse>FALSE</reverse>"


def note_unknown(transition: EventTransition, lost: Losses) -> None:
    """Names a transition that editors would not know by its name."""
    if transition.wipe is None and not _DISSOLVES.search(transition.name):
        lost.add("Transitions that FCP7 XML does not know, written as dissolves", transition.name)
