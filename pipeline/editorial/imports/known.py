"""Clips as a timeline can speak of them: names, reels, paths and moments in forms that can be compared."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from math import ceil, floor
from urllib.parse import unquote

from pipeline.editorial.imports.reading import ReadEvent
from pipeline.errors import ValueRefused
from pipeline.timecode import Rate, Timecode, TimeRange, frames_per_day

_MILLISECONDS = Rate(1000)
_DAY = 24 * 60 * 60 * 1000
_COPY = re.compile(r"\.(?:new|sub|exported|copy)\.\d{2,}$", re.IGNORECASE)  # Avid's numbers of copies and subclips
_URL = re.compile(r"^file:(?://[^/]*/)?", re.IGNORECASE)
_SLASHES = re.compile(r"[/\\]+")


@dataclass(frozen=True, slots=True)
class Known:
    """A clip of the log; `label` is the timecode of its first frame as kept, counted at `label_rate`.

    It becomes a Timecode only for clips that are asked for: a log has many more.
    """

    id: str
    name: str
    card: str
    reel: str
    sound: bool
    label: str
    label_rate: str
    rate: Rate | None
    frames: int | None

    @property
    def start(self) -> Timecode | None:
        return _start(self.label, self.label_rate) if self.label and self.label_rate else None


_rate = cache(Rate.parse)


@lru_cache(maxsize=200_000)
def _start(label: str, rate: str) -> Timecode:
    return Timecode.parse(label, _rate(rate))


@lru_cache(maxsize=200_000)
def _began(label: str, rate: str) -> int:
    return _start(label, rate).conformed(_MILLISECONDS).frame


@dataclass(frozen=True, slots=True)
class Place:
    """A file of a clip; `before` counts the frames of the clip that lie in earlier files, None if unknown."""

    clip: str
    path: str
    before: int | None = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Milliseconds of the day by labels; `end` may lie on the next day."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Moment:
    """Where an event begins in its source by label, in milliseconds; `slack` is one frame of it."""

    at: int
    length: int
    slack: int
    label: str


@dataclass(slots=True)
class Shelf:
    """Clips that answer to one name or reel; by the time at which they begin once they are asked for."""

    all: list[Known] = field(default_factory=list)
    _timed: list[tuple[Span, Known]] = field(default_factory=list)
    _untimed: list[Known] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _longest: int = 0
    _last: int = 0

    def put(self, known: Known) -> None:
        self.all.append(known)

    def near(self, moment: Moment) -> Iterator[Known]:
        """The clips that run at a moment; else all, of which the timecode must be told to differ."""
        if len(self._timed) + len(self._untimed) < len(self.all):
            self._arrange()
        found = list(self._running(moment.at, moment.slack))
        if self._last > _DAY - moment.slack:  # one runs up to midnight or over it
            found += self._running(moment.at + _DAY, moment.slack)
        yield from found or (known for _, known in self._timed)
        yield from self._untimed

    def _arrange(self) -> None:
        spans = [(span_of(known), known) for known in self.all]
        self._timed = sorted(((span, known) for span, known in spans if span), key=lambda each: each[0].start)
        self._untimed = [known for span, known in spans if not span]
        self._starts = [span.start for span, _ in self._timed]
        self._longest = max((span.end - span.start for span, _ in self._timed), default=0)
        self._last = max((span.end for span, _ in self._timed), default=0)

    def _running(self, at: int, slack: int) -> Iterator[Known]:
        place = bisect_right(self._starts, at + slack)
        while place and self._starts[place - 1] >= at - self._longest - slack:
            place -= 1
            span, known = self._timed[place]
            if span.end > at - slack:
                yield known


def name_keys(name: str) -> tuple[str, ...]:
    """A name folded, and the same without its ending and without an editor's number of a copy."""
    folded = name.strip().casefold()
    if folded[-2:].isdecimal():
        folded = _COPY.sub("", folded)
    stem, dot, ending = folded.rpartition(".")
    if dot and stem and 2 <= len(ending) <= 4 and ending.isalnum():
        return folded, stem
    return (folded,) if folded else ()


def file_keys(path: str) -> tuple[str, ...]:
    parts = path_parts(path)
    return name_keys(parts[-1]) if parts else ()


def path_parts(path: str) -> list[str]:
    """The names of a path or file URL, folded, whatever system wrote it."""
    plain = unquote(_URL.sub("/", path)) if path[:5].lower() == "file:" else path
    return [part for part in _SLASHES.split(plain.casefold()) if part]


def card_names(card: str) -> tuple[str, ...]:
    """A card's folder and its last word, which is what people call the card."""
    return tuple(dict.fromkeys((card, card.rpartition("_")[2])))


def span_of(known: Known) -> Span | None:
    """When a clip runs by its labels; None without timecode or length."""
    if not known.label or not known.label_rate or known.rate is None or not known.frames:
        return None
    begin = _began(known.label, known.label_rate)
    return Span(begin, begin + known.frames * 1000 * known.rate.denominator // known.rate.numerator + 1)


def milliseconds(event: ReadEvent) -> Moment | None:
    """Where an event begins in its source; None for one that states no timecode."""
    label = _label(event)
    if label is None or event.source is None:
        return None
    nominal = label.rate.nominal
    length = event.source.duration * 1000 // nominal
    return Moment(label.conformed(_MILLISECONDS).frame, length, -(-1000 // nominal), str(label))


def _label(event: ReadEvent) -> Timecode | None:
    if event.source is None or event.rate is None or event.source.start < 0:
        return None
    return Timecode(event.source.start, event.rate, bool(event.drop_frame) and event.rate.can_drop)


def range_in(event: ReadEvent, known: Known, before: int | None) -> TimeRange | None:
    """The frames of the clip that an event takes, counted from the clip's first; None where nothing tells.

    Frames counted from the head of the file are exact (`before` of the clip lie in earlier files); else the label
    is looked up in the clip's own counting. What lies outside of the clip is cut off.
    """
    if known.rate is None or known.frames is None:
        return None
    whole = TimeRange(0, known.frames)
    if event.media is not None and before is not None:
        rate = event.rate or known.rate
        begin = _scaled(event.media.start, rate, known.rate) + before
        return TimeRange(begin, _scaled(event.media.duration, rate, known.rate)).within(whole)
    label = _label(event)
    if label is None or event.source is None:
        return None
    length = _scaled(event.source.duration, label.rate, known.rate)
    first = _frame_of(label, known.start, known.rate) if known.start else None
    if first is None or first >= known.frames:
        first = _frame_of(label, Timecode(0, known.rate), known.rate)  # counted from its head
    return TimeRange(known.frames if first is None else first, length).within(whole)


def _scaled(frames: int, rate: Rate, own: Rate) -> int:
    return frames if rate == own else floor(frames * own.fraction / rate.fraction)


def _frame_of(label: Timecode, start: Timecode, rate: Rate) -> int | None:
    """The first frame of a clip at `rate` from `start` on that bears this label, over midnight too."""
    if label.rate == rate != start.rate:
        start = start.counted_at(rate) or start  # timecode may count every second frame
    own = _counted_as(start, label)
    if own is None:
        return None
    day = frames_per_day(start.rate, drop_frame=start.drop_frame)
    ahead = (own.frame - start.frame) % day
    if day - ahead < ceil(Fraction(start.rate.nominal, label.rate.nominal)):
        ahead = 0  # the label names several frames, and the clip begins within them
    return _scaled(ahead, start.rate, rate)


def _counted_as(start: Timecode, label: Timecode) -> Timecode | None:
    """The first frame that the label names as the clip's own timecode counts, whatever either of them drops.

    Hours to seconds stay as written. `Timecode.conformed` scales frames down, so the way back goes up.
    """
    if label.rate == start.rate and label.drop_frame == start.drop_frame:
        return label
    rate, drops, text = start.rate, start.drop_frame, str(label)
    frames = ceil(Fraction(int(text[9:]) * rate.nominal, label.rate.nominal))
    beyond = frames // rate.nominal
    try:
        return Timecode.parse(f"{text[:8]}:{frames - beyond:02}", rate, drop_frame=drops) + beyond
    except ValueRefused:  # a label that drop-frame skips: scaling down comes upon it from the first one after it
        if label.rate.nominal == rate.nominal:
            return None
        return Timecode.parse(f"{text[:8]}:{rate.nominal // 15:02}", rate, drop_frame=drops)
