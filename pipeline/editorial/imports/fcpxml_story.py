"""An FCPXML storyline as events: clips, what is connected to them, and what lies within compound clips."""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import NamedTuple

import msgspec

from pipeline.editorial.imports.fcpxml_clocks import NORMAL, Clock, is_even, points_of, retimed, value_at
from pipeline.editorial.imports.fcpxml_resources import (
    Asset,
    Resources,
    frame_at,
    log_of,
    rate_named,
    seconds,
)
from pipeline.editorial.imports.markup import Node, line_of
from pipeline.editorial.imports.reading import Kind, Problem, ReadEvent, ReadMark, ReadTransition, not_apart
from pipeline.errors import TimelineUnreadable
from pipeline.timecode import Rate, TimeRange

MOST_SHOWN = 50  # times that an element is shown, on average: what is written once may lie in many clips
FEW_STEPS = 20_000  # that any timeline may take
MOST_NESTED = 60
_CLIPS = frozenset({"asset-clip", "clip", "video", "audio", "ref-clip", "sync-clip", "mc-clip", "audition", "gap"})
_MADE = {"title": "a title", "caption": "a caption", "live-drawing": "a drawing"}
_PLACED = _CLIPS | _MADE.keys()
_FILES = frozenset({"asset-clip", "video", "audio"})
_MARKERS = frozenset({"marker", "chapter-marker"})
_KINDS: tuple[Kind, ...] = ("Video", "Audio")
_BOTH: frozenset[str] = frozenset({"Video", "Audio"})
_ENABLED = {"all": _BOTH, "video": frozenset({"Video"}), "audio": frozenset({"Audio"}), "none": frozenset[str]()}


class Within(NamedTuple):
    """What surrounds a clip: what of it can be seen, its lane, and whether it plays."""

    low: Fraction | None = None
    high: Fraction | None = None
    lane: int = 0
    kinds: frozenset[str] = _BOTH
    enabled: bool = True
    nested: int = 0


class Span(NamedTuple):
    """A part of the timeline in seconds."""

    low: Fraction
    high: Fraction


@dataclass(slots=True)
class Story:
    """One sequence under way; events and transitions come with their lane."""

    rate: Rate
    resources: Resources
    problems: list[Problem]
    left_out: list[Problem] = field(default_factory=list)
    events: list[tuple[int, ReadEvent]] = field(default_factory=list)
    transitions: list[tuple[int, ReadTransition]] = field(default_factory=list)
    marks: list[ReadMark] = field(default_factory=list)
    steps: int = 0

    def spine(self, node: Node, clock: Clock, within: Within) -> None:
        """Items one after the other; transitions lie over where they meet."""
        place: Fraction | None = None
        items = [child for child in node if child.tag in _PLACED or child.tag == "transition"]
        for number, child in enumerate(items):
            if child.tag == "transition":
                following = items[number + 1] if number + 1 < len(items) else None
                self._transition(child, place, following, clock, within=within)
                continue
            offset = self._offset(child)
            if offset is None:
                offset = place if place is not None else clock.start
            # A lane means nothing between the clips of a storyline.
            own = within._replace(lane=within.lane - _lane(child))
            self.item(child, clock.timeline(offset), clock.speed, own)
            place = offset + (self._duration(child) or 0)

    def item(self, node: Node, at: Fraction, speed: Fraction, within: Within) -> None:
        """A clip that begins at `at`, on a parent's clock of `speed`; what it holds and what is connected to it."""
        self.steps += 1
        if self.steps > FEW_STEPS + MOST_SHOWN * self.resources.elements or within.nested > MOST_NESTED:
            raise TimelineUnreadable(
                f"Clips within clips come to more than any timeline holds (line {line_of(node)}); it is not read."
            )
        if node.tag == "audition":
            chosen = next((child for child in node if child.tag in _PLACED), None)
            if chosen is not None:
                self.item(chosen, at, speed, within)
            return
        within = within._replace(
            lane=within.lane + _lane(node), nested=within.nested + 1,
            enabled=within.enabled and node.get("enabled") != "0",
        )  # fmt: skip
        duration = self._duration(node)
        if duration is None or duration < 0:
            self._wrong(node, "has no length")
            return
        conformed = self._conformed(node)
        clock = Clock(at, self._start(node), speed if conformed is NORMAL else speed * conformed)
        end = at + (duration if speed is NORMAL else duration / speed)
        seen = _seen(Span(min(at, end), max(at, end)), within)
        before = len(self.events)
        if seen is not None:
            self._content(node, clock, seen, within)
        if self.resources.logged:
            self._marks(node, clock, seen, before if len(self.events) > before else None)
        for child in node:
            if child.get("lane") is not None and (child.tag in _PLACED or child.tag == "spine"):
                self._connected(child, clock, speed, within)

    def _connected(self, child: Node, clock: Clock, speed: Fraction, within: Within) -> None:
        """A clip or storyline that hangs on another: placed on its clock, as long as on the clock around that."""
        at = clock.timeline(self._offset(child) or Fraction(0))
        if child.tag == "spine":
            self.spine(child, Clock(at, Fraction(0), speed), within._replace(lane=within.lane + _lane(child)))
        else:
            self.item(child, at, speed, within)

    def _content(self, node: Node, clock: Clock, seen: Span, within: Within) -> None:
        if node.tag in _MADE:
            name = node.get("name") or "An item"
            self.left_out.append(Problem(line_of(node), f"'{name}' is {_MADE[node.tag]}: it has no media."))
        elif node.tag in _FILES:
            self._asset(node, clock, seen, within)
        elif node.tag != "gap":
            inside, inner = within._replace(low=seen.low, high=seen.high), retimed(clock, points_of(node))
            if inner is None:
                held = self.resources.media.get(node.get("ref", ""), node)
                clips = not_apart(sum(each.tag in _FILES for each in held.iter()))
                sentence = f"The speed of '{node.get('name', '')}' changes within it{clips}"
                self.left_out.append(Problem(line_of(node), sentence))
                return
            clock = inner
            if node.tag == "ref-clip":
                self._compound(node, clock, inside)
            elif node.tag == "mc-clip":
                self._multicam(node, clock, inside)
            else:
                self._parts(node, clock, inside)

    def _parts(self, node: Node, clock: Clock, within: Within) -> None:
        """What a clip or synchronised clip is made of: its children that hang on nothing."""
        for child in node:
            if child.get("lane") is None and child.tag in _PLACED:
                offset = self._offset(child)
                self.item(child, clock.timeline(clock.start if offset is None else offset), clock.speed, within)
            elif child.get("lane") is None and child.tag == "spine":
                at = clock.timeline(self._offset(child) or Fraction(0))
                self.spine(child, Clock(at, Fraction(0), clock.speed), within)

    def _compound(self, node: Node, clock: Clock, within: Within) -> None:
        media = self.resources.media.get(node.get("ref", ""))
        sequence = media.find("sequence") if media is not None else None
        if sequence is None:
            self._wrong(node, f"refers to {node.get('ref')}, which is no compound clip of this file")
            return
        within = within._replace(kinds=within.kinds & _ENABLED.get(node.get("srcEnable", "all"), _BOTH))
        for spine in sequence.findall("spine"):
            self.spine(spine, clock, within)

    def _multicam(self, node: Node, clock: Clock, within: Within) -> None:
        media = self.resources.media.get(node.get("ref", ""))
        angles = media.findall("multicam/mc-angle") if media is not None else []
        if not angles:
            self._wrong(node, f"refers to {node.get('ref')}, which is no multicam of this file")
            return
        chosen = {each.get("angleID"): each.get("srcEnable", "all") for each in node.findall("mc-source")}
        if not chosen:
            chosen = {angles[0].get("angleID"): "all"}
        for angle in angles:
            if angle.get("angleID") in chosen:
                kinds = within.kinds & _ENABLED.get(chosen[angle.get("angleID")], _BOTH)
                self.spine(angle, clock, within._replace(kinds=kinds))

    def _asset(self, node: Node, clock: Clock, seen: Span, within: Within) -> None:
        """The events of one file: picture, sound or both."""
        asset = self.resources.assets.get(node.get("ref", ""))
        if asset is None:
            if node.get("ref", "") in self.resources.effects:
                name = node.get("name") or "An item"
                self.left_out.append(
                    Problem(line_of(node), f"'{name}' is made by the editor, not shot: it has no media.")
                )
            else:
                self._wrong(node, f"refers to {node.get('ref')}, which is no file of this timeline")
            self._parts(node, clock, within._replace(low=seen.low, high=seen.high))
            return
        kinds = asset.kinds & within.kinds & _ENABLED.get(node.get("srcEnable", "all"), _BOTH)
        if node.tag in {"video", "audio"}:
            kinds &= {"Video" if node.tag == "video" else "Audio"}
        record = self._record(node, seen, checked="Video" in kinds)
        if record is None or not kinds:
            return
        event = self._event(node, asset, clock, seen, at=(record, within.enabled))
        for kind in _KINDS:
            if kind in kinds:
                other = event if kind == event.kind else msgspec.structs.replace(event, kind=kind)
                self.events.append((within.lane, other))

    def _record(self, node: Node, seen: Span, *, checked: bool) -> TimeRange | None:
        """The frames of the timeline; pictures that begin or end within one are told."""
        low, high = seen.low * self.rate.fraction, seen.high * self.rate.fraction
        if checked and (low.denominator != 1 or high.denominator != 1):
            self._wrong(node, f"begins or ends within a frame at {self.rate.label()} frames a second")
        begin, end = round(low), round(high)
        return TimeRange(begin, end - begin) if end > begin else None

    def _event(self, node: Node, asset: Asset, clock: Clock, seen: Span, *, at: tuple[TimeRange, bool]) -> ReadEvent:
        rate = asset.rate or self.rate
        first, last = clock.local(seen.low), clock.local(seen.high)
        speed, points = clock.speed, points_of(node)
        if points:
            first, last = value_at(points, first), value_at(points, last)
            if len(points) > 2 and not is_even(points):
                sentence = f"The speed of '{node.get('name', '')}' changes within it; it is read as its average."
                self.left_out.append(Problem(line_of(node), sentence))
            speed = (last - first) / (seen.high - seen.low)
        low, high = min(first, last), max(first, last)
        begin = frame_at(low, rate)
        source = TimeRange(begin, max(1, ceil((high - low) * rate.fraction)))
        available = asset.available(rate)
        if available is not None and (begin < available.start - 1 or source.end > available.end + 1):
            self._wrong(node, f"takes frames {begin} to {source.end} of a file that has {_ends(available)}")
        said = log_of(node) if self.resources.logged else ()
        reel = next((value for name, value in said if name == "reel"), asset.reel)
        log = tuple(each for each in said if each[0] != "reel" and each not in asset.log)
        media = TimeRange(frame_at(low - asset.start, rate), source.duration)
        return ReadEvent(
            "Video", 1, at[0], source=source, media=media, available=available,
            rate=rate, drop_frame={"DF": True, "NDF": False}.get(node.get("tcFormat", "")),
            name=node.get("name") or asset.name, file=asset.file, reel=reel, id=asset.id, speed=speed,
            log=(*asset.log, *log), line=line_of(node), enabled=at[1],
        )  # fmt: skip

    def _marks(self, node: Node, clock: Clock, seen: Span | None, event: int | None) -> None:
        """Markers go to the first event of their clip; those of gaps and titles are the timeline's."""
        found = []
        for each in node:
            start = seconds(each.get("start")) if each.tag in _MARKERS else None
            if start is None:
                continue
            at = clock.timeline(start)
            lasts = (seconds(each.get("duration")) or 0) / clock.speed
            length = max(1, round(lasts * self.rate.fraction))
            inside = seen is not None and seen.low <= at < seen.high
            record = TimeRange(frame_at(at, self.rate), length) if inside else None
            name, note = each.get("value", ""), each.get("note", "")
            source = None
            if event is not None and node.tag == "asset-clip":
                rate = self.events[event][1].rate or self.rate
                source = TimeRange(frame_at(start, rate), max(1, ceil(lasts * rate.fraction)))
            found.append(ReadMark(name, note, record=record, source=source, line=line_of(each)))
        if event is None:
            self.marks += found
        elif found:
            lane, first = self.events[event]
            self.events[event] = lane, msgspec.structs.replace(first, marks=first.marks + tuple(found))

    def _transition(
        self, node: Node, place: Fraction | None, following: Node | None, clock: Clock, *, within: Within
    ) -> None:
        """A transition; clips meet where the following one begins, or the one before ends."""
        if within.low is not None:
            return
        offset, lasts = self._offset(node), self._duration(node)
        cut = self._offset(following) if following is not None else place
        cut = place if cut is None else cut
        if offset is None or lasts is None or cut is None or lasts < 0:
            self._wrong(node, "has no place between clips")
            return
        begin, at, end = (round(clock.timeline(time) * self.rate.fraction) for time in (offset, cut, offset + lasts))
        at = min(max(at, begin), end)
        sound = node.find("filter-video") is None and node.find("filter-audio") is not None
        kind: Kind = "Audio" if sound else "Video"
        name = node.get("name", "")
        self.transitions.append((within.lane, ReadTransition(kind, 1, at, at - begin, end - at, name, line_of(node))))

    def _offset(self, node: Node) -> Fraction | None:
        return self._time(node if node.tag != "audition" or node.get("offset") else _first(node), "offset")

    def _duration(self, node: Node) -> Fraction | None:
        """How long a clip lasts; one that does not say lasts as long as its file."""
        if node.tag == "audition":
            node = _first(node)
        stated = self._time(node, "duration")
        if stated is None and node.get("duration") is None:
            asset = self.resources.assets.get(node.get("ref", ""))
            return asset.duration if asset is not None else None
        return stated

    def _start(self, node: Node) -> Fraction:
        """What a clip's clock shows where it begins: that of its media where nothing is said."""
        stated = self._time(node, "start")
        if stated is not None:
            return stated
        if node.tag in {"ref-clip", "mc-clip"}:
            media = self.resources.media.get(node.get("ref", ""))
            inner = next((each for each in media if each.tag in {"sequence", "multicam"}), None) if media else None
            return (seconds(inner.get("tcStart")) if inner is not None else None) or Fraction(0)
        asset = self.resources.assets.get(node.get("ref", ""))
        return asset.start if asset is not None else Fraction(0)

    def _time(self, node: Node, name: str) -> Fraction | None:
        text = node.get(name)
        if text is None:
            return None
        time = seconds(text)
        if time is None:
            self._wrong(node, f"says '{text[:40]}' for its {name}, which is no time")
        return time

    def _conformed(self, node: Node) -> Fraction:
        """How much faster a clip runs because its frames are shown one by one at the rate of the timeline."""
        conform = node.find("conform-rate")
        if conform is None or conform.get("scaleEnabled", "1") == "0":
            return NORMAL
        asset = self.resources.assets.get(node.get("ref", ""))
        own = (asset.rate if asset is not None else None) or rate_named(conform.get("srcFrameRate", ""))
        if own is None:
            return NORMAL
        ratio = self.rate.fraction / own.fraction
        return ratio / round(ratio) if ratio >= 1 else ratio * round(1 / ratio)

    def _wrong(self, node: Node, what: str) -> None:
        self.problems.append(Problem(line_of(node), f"'{node.get('name', node.tag)}' {what}."))


def _first(audition: Node) -> Node:
    return next((child for child in audition if child.tag in _PLACED), audition)


def _lane(node: Node) -> int:
    text = node.get("lane", "0")
    return int(text) if text.lstrip("-").isdecimal() and text.isascii() and len(text) < 7 else 0


def _seen(span: Span, within: Within) -> Span | None:
    low = span.low if within.low is None else max(span.low, within.low)
    high = span.high if within.high is None else min(span.high, within.high)
    return Span(low, high) if low < high else None


def _ends(available: TimeRange) -> str:
    return f"{available.start} to {available.end}"
