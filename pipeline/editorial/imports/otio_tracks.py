"""The tracks of an OTIO timeline as events; a track, or a stack of one track, within a track is taken apart."""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

from pipeline.editorial.imports.markup import path_of
from pipeline.editorial.imports.otio_values import (
    Exact,
    Span,
    Time,
    Values,
    color_of,
    frames_of,
    inside,
    range_of,
    text_in,
    time_of,
)
from pipeline.editorial.imports.reading import Kind, Problem, ReadEvent, ReadMark, ReadTransition, not_apart
from pipeline.errors import ValueRefused
from pipeline.timecode import Rate, TimeRange

_GRID = Fraction(1, 1000)  # of a frame, that pictures may be off it
_NOISE = Fraction(1, 50_000)  # of a frame, that sums of floats add
_FASTEST = 1e6
_NORMAL = Fraction(1)
# Where writers keep the reel of a clip, or of its media.
_REELS = (
    ("metadata", "rushes", "reel"), ("metadata", "cmx_3600", "reel"), ("metadata", "ALE", "Tape"),
    ("metadata", "ALE", "Reel"), ("metadata", "fcp_xml", "timecode", "reel", "name"),
)  # fmt: skip


def kind_of(value: Values) -> str:
    """`Clip`, `Track`...; empty for what is no object of OTIO."""
    return text_in(value, "OTIO_SCHEMA").partition(".")[0]


@dataclass(frozen=True, slots=True)
class _Lane:
    """The track that is laid, and what of it can be seen, in frames of the timeline."""

    kind: Kind
    number: int
    name: str
    enabled: bool = True
    low: Exact | None = None
    high: Exact | None = None
    nested: int = 0


@dataclass(slots=True)
class Tracks:
    """A timeline under way, at `rate`."""

    rate: Rate | None
    problems: list[Problem]
    left_out: list[Problem] = field(default_factory=list)
    events: list[ReadEvent] = field(default_factory=list)
    transitions: list[ReadTransition] = field(default_factory=list)
    marks: list[ReadMark] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    end: int | None = None
    counts: tuple[int, int] = (0, 0)

    def track(self, track: Values) -> None:
        """One of the timeline's own tracks; a clip or stack in its place is a track of one item."""
        video, audio = self.counts
        if kind_of(track) not in {"Track", "Sequence"}:
            track = {"kind": "Video", "name": text_in(track, "name"), "children": [track]}
        named = text_in(track, "kind")
        name = text_in(track, "name") or f"{named} {video + audio + 1}"
        if named not in {"Video", "Audio"}:
            self.left_out.append(Problem(None, f"The track '{name}' holds neither pictures nor sound; it is left out."))
            return
        kind: Kind = "Video" if named == "Video" else "Audio"
        self.counts = (video + 1, audio) if kind == "Video" else (video, audio + 1)
        lane = _Lane(kind, self.counts[kind == "Audio"], name, enabled=track.get("enabled") is not False)
        place, lane = self._trimmed(track, lane)
        end = self._lay(inside(track, "children"), place, lane)
        if end is not None:
            shown = end if lane.high is None else min(end, lane.high)
            self.end = max(self.end or 0, round(shown))
        self.marks += [self._mark(marker, None) for marker in inside(track, "markers")]

    def _trimmed(self, track: Values, lane: _Lane) -> tuple[Exact, _Lane]:
        """Where a track begins, and what is seen of it; old EDL adapters state a range that lies beside its clips."""
        trimmed, whole = range_of(track.get("source_range")), self._lasts({**track, "source_range": None})
        if trimmed is None or self.rate is None:
            return 0, lane
        start, lasts = frames_of(trimmed.start, self.rate), frames_of(trimmed.duration, self.rate)
        if whole is not None and not -lasts < start < whole:
            self.problems.append(
                Problem(None, f"{lane.name} is trimmed to a range without clips, which is left aside.")
            )
            return 0, lane
        return -start, _within(lane, 0, lasts)

    def _lay(self, items: list[Values], place: Exact | None, lane: _Lane) -> Exact | None:
        """Items one after the other; where one does not say how long it lasts, nobody knows where the rest lies."""
        for item in items:
            kind = kind_of(item)
            if kind == "Transition":
                self._transition(item, place, lane)
                continue
            lasts = self._lasts(item)
            if lasts is None and place is not None:
                self._wrong(item, lane, "says no time that it lasts; what follows it on its track has no place")
            end = place + lasts if place is not None and lasts is not None else None
            if kind == "Clip":
                self._clip(item, place, end, lane)
            elif kind in {"Stack", "Track", "Sequence"}:
                self._nested(item, place, end, lane)
            elif kind != "Gap":
                self._wrong(item, lane, f"is a '{kind[:40]}', which OTIO does not know on a track")
            place = end
        return place

    def _lasts(self, item: Values) -> Exact | None:
        """How many frames of the timeline an item covers."""
        if self.rate is None:
            return None
        span = _span(item)
        if span is not None or item.get("source_range") is not None:
            return frames_of(span.duration, self.rate) if span is not None else None
        if kind_of(item) in {"Track", "Sequence"}:
            each = [self._lasts(child) for child in inside(item, "children") if kind_of(child) != "Transition"]
            known = [length for length in each if length is not None]
            return sum(known) if len(known) == len(each) else None
        if kind_of(item) == "Stack":
            return max((self._lasts(child) or 0 for child in inside(item, "children")), default=0)
        return None

    def _nested(self, item: Values, place: Exact | None, end: Exact | None, lane: _Lane) -> None:
        tracks = [item]
        if kind_of(item) == "Stack":
            tracks = [each for each in inside(item, "children") if _suits(each, lane.kind) and inside(each, "children")]
        name = text_in(item, "name")
        if len(tracks) != 1 or place is None or end is None or lane.nested or self.rate is None:
            sentence = f"'{name}' on {lane.name} is a timeline within this one{not_apart(_clips_in(item))}"
            self.left_out.append(Problem(None, sentence))
            return
        inner = _within(lane, place, end, enabled=item.get("enabled") is not False)
        for each in (item, tracks[0]) if tracks[0] is not item else (item,):
            trimmed = range_of(each.get("source_range"))
            place -= frames_of(trimmed.start, self.rate) if trimmed is not None else 0
        self._lay(inside(tracks[0], "children"), place, inner)

    def _clip(self, item: Values, place: Exact | None, end: Exact | None, lane: _Lane) -> None:
        """One event; a clip of no length, or outside what is seen of its track, is none."""
        low, high = place, end
        if place is not None and end is not None:
            low = place if lane.low is None else max(place, lane.low)
            high = end if lane.high is None else min(end, lane.high)
            if high <= low:
                return
            self._check_grid(item, lane, low, high)
        record = (
            TimeRange(round(low), max(0, round(high) - round(low))) if low is not None and high is not None else None
        )
        if record is not None and not record.duration:
            return
        reference = _reference(item)
        if kind_of(reference) == "GeneratorReference":
            name = text_in(item, "name") or "An item"
            self.left_out.append(Problem(None, f"'{name}' on {lane.name} is made by the editor: it has no media."))
            return
        ahead = low - place if low is not None and place is not None else 0
        shown = high - low if low is not None and high is not None else None
        event = self._event(item, reference, record, lane, cut=(ahead, shown))
        self.files.append((event.name, text_in(reference, "target_url")))
        self.events.append(event)

    def _event(
        self, item: Values, reference: Values, record: TimeRange | None, lane: _Lane,
        *, cut: tuple[Exact, Exact | None],
    ) -> ReadEvent:  # fmt: skip
        said = _dict(_dict(item.get("metadata")).get("rushes"))
        available, span = range_of(reference.get("available_range")), _span(item)
        rate = _stated(said) or (available.start.rate if available else None) or (span.start.rate if span else None)
        speed = self._speed(item, lane)
        source = self._taken(span, rate, speed, cut) if span is not None and rate is not None else None
        whole = available.frames(rate) if available is not None and rate is not None else None
        if source is not None and whole is not None and (source.start < whole.start or source.end > whole.end + 1):
            what = f"takes frames {source.start} to {source.end} of a file that has {whole.start} to {whole.end}"
            self._wrong(item, lane, what)
        name = text_in(item, "name") or text_in(reference, "name")
        drop = said.get("drop_frame")
        return ReadEvent(
            lane.kind, lane.number, record, source=source,
            media=TimeRange(source.start - whole.start, source.duration) if source and whole else None,
            available=whole, rate=rate, drop_frame=drop if isinstance(drop, bool) else None,
            name=name, file=_file(reference), reel=_reel(item, reference), id=text_in(said, "clip"), speed=speed,
            marks=tuple(self._mark(marker, (record, source, rate)) for marker in inside(item, "markers")),
            log=tuple(_log(said)), color=color_of(item), enabled=lane.enabled and item.get("enabled") is not False,
        )  # fmt: skip

    def _taken(self, span: Span, rate: Rate, speed: Fraction, cut: tuple[Exact, Exact | None]) -> TimeRange | None:
        """The frames of the source that are shown at the clip's speed, the last perhaps in part."""
        ahead, shown = cut
        first, lasts = frames_of(span.start, rate), frames_of(span.duration, rate)
        if shown is not None and self.rate is not None and rate != self.rate:
            ratio = rate.fraction / self.rate.fraction
            ahead, shown = ahead * ratio, shown * ratio
        if shown is not None:
            hidden = ahead if speed >= 0 else lasts - ahead - shown
            first, lasts = first + hidden * abs(speed) if hidden else first, shown
        if speed != 1:
            lasts = ceil(lasts * abs(speed) - _NOISE)
        return TimeRange(floor(first + _NOISE), max(1, ceil(lasts - _NOISE)))

    def _speed(self, item: Values, lane: _Lane) -> Fraction:
        speed = _NORMAL
        for effect in inside(item, "effects"):
            kind, scalar = kind_of(effect), effect.get("time_scalar")
            if kind == "FreezeFrame":
                return Fraction(0)
            if kind == "LinearTimeWarp" and isinstance(scalar, int | float) and abs(scalar) < _FASTEST:
                speed *= Fraction(scalar).limit_denominator(100_000)
            elif kind in {"LinearTimeWarp", "TimeEffect"}:
                sentence = f"The speed of '{text_in(item, 'name')}' on {lane.name} changes; how is not read."
                self.left_out.append(Problem(None, sentence))
        return speed

    def _check_grid(self, item: Values, lane: _Lane, low: Exact, high: Exact) -> None:
        """Pictures are cut on frames; sound may be cut between them."""
        off = (abs(time - round(time)) for time in (low, high) if not isinstance(time, int))
        if lane.kind == "Video" and any(distance > _GRID for distance in off):
            rate = self.rate.label() if self.rate else "?"
            self._wrong(item, lane, f"begins or ends within a frame at {rate} frames a second")

    def _transition(self, item: Values, place: Exact | None, lane: _Lane) -> None:
        before, after = time_of(item.get("in_offset")), time_of(item.get("out_offset"))
        if place is None or before is None or after is None or self.rate is None or lane.nested:
            return
        ahead, behind = (max(0, round(frames_of(each, self.rate))) for each in (before, after))
        name = text_in(item, "name") or text_in(item, "transition_type")
        self.transitions.append(ReadTransition(lane.kind, lane.number, round(place), ahead, behind, name))

    def _mark(self, marker: Values, on: tuple[TimeRange | None, TimeRange | None, Rate | None] | None) -> ReadMark:
        """A marker; that of a clip counts as its source does."""
        name, note, color = text_in(marker, "name"), text_in(marker, "comment"), color_of(marker)
        span, rate = range_of(marker.get("marked_range")), self.rate
        if span is None or rate is None:
            return ReadMark(name, note, color)
        if on is None:
            return ReadMark(name, note, color, record=span.frames(rate))
        record, source, own = on
        if own is None or source is None:
            return ReadMark(name, note, color)
        marked = span.frames(own)
        inside_of = None
        if record is not None and source.start <= marked.start < source.end:
            ahead = Time(marked.start - source.start, own)
            inside_of = TimeRange(record.start + floor(frames_of(ahead, rate)), span.frames(rate).duration)
        return ReadMark(name, note, color, record=inside_of, source=marked)

    def _wrong(self, item: Values, lane: _Lane, what: str) -> None:
        self.problems.append(Problem(None, f"'{text_in(item, 'name')}' on {lane.name} {what}."))


def _clips_in(item: Values) -> int:
    """How many clips lie in a stack or track, at any depth."""
    count, waiting = 0, [item]
    while waiting:
        each = waiting.pop()
        count += kind_of(each) == "Clip"
        waiting += inside(each, "children")
    return count


def _within(lane: _Lane, low: Exact, high: Exact, *, enabled: bool = True) -> _Lane:
    if lane.low is not None and lane.high is not None:
        low, high = max(low, lane.low), min(high, lane.high)
    nested = lane.nested + (1 if lane.low is not None else 0)
    return _Lane(lane.kind, lane.number, lane.name, lane.enabled and enabled, low, high, nested)


def _suits(track: Values, kind: Kind) -> bool:
    return kind_of(track) in {"Track", "Sequence"} and text_in(track, "kind") in {kind, ""}


def _dict(value: Any) -> Values:
    return value if isinstance(value, dict) else {}


def _reference(item: Values) -> Values:
    """The media that a clip links: the active one of several, or the only one of older files."""
    several = _dict(item.get("media_references"))
    if several:
        return _dict(several.get(text_in(item, "active_media_reference_key") or "DEFAULT_MEDIA"))
    return _dict(item.get("media_reference"))


def _span(item: Values) -> Span | None:
    """What an item takes: its range, or all of its media where it states none; None where what it states is none."""
    stated = item.get("source_range")
    return range_of(_reference(item).get("available_range") if stated is None else stated)


def _file(reference: Values) -> str:
    url = text_in(reference, "target_url")
    if url:
        return path_of(url)
    base = text_in(reference, "target_url_base")  # a sequence of pictures
    return path_of(base) + text_in(reference, "name_prefix") if base else text_in(reference, "name")


def _reel(item: Values, reference: Values) -> str:
    held = [each for each in (item, reference) if each.get("metadata")]
    return next((found for path in _REELS for each in held if (found := text_in(each, *path))), "")


def _stated(said: Values) -> Rate | None:
    try:
        return Rate.parse(text_in(said, "rate")) if text_in(said, "rate") else None
    except ValueRefused:
        return None


def _log(said: Values) -> list[tuple[str, str]]:
    found = []
    for name, value in _dict(said.get("log")).items():
        values = value if isinstance(value, list) else [value]
        found += [(name, str(each)) for each in values if isinstance(each, str | int) and each != ""]
    return found
