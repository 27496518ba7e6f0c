"""The clips and transitions of an xmeml track: where they lie, what of their file they take, at what speed.

A clip beside a transition has -1 for its start or end: both clips reach through the transition, whose cut point says
where they meet. With a speed (`timeremap`, in percent) editors count `in` and `out` in frames of the stretched clip,
as long as the place on the track; some programs count frames of the file. The place tells which.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from pipeline.editorial.imports.markup import Document, Node, path_of, text_of
from pipeline.editorial.imports.reading import Kind, Problem, ReadEvent, ReadMark, not_apart
from pipeline.editorial.imports.xmeml_values import number_of, rate_of, timecode_of, whole_of
from pipeline.timecode import Rate, Timecode, TimeRange

_TICKS = 254_016_000_000  # Premiere's, a second
_SAME = Fraction(1)
_LOGGED = (("scene", "scene"), ("shottake", "take"), ("lognote", "note"), ("description", "description"))


class Joint(NamedTuple):
    """A transition from `start` to `end` of the sequence; clips meet at `cut`."""

    start: int
    end: int
    cut: int
    name: str


@dataclass(frozen=True, slots=True)
class File:
    """What the file of a clip says; `start` is its timecode at `rate`, the clip's."""

    path: str = ""
    reel: str = ""
    start: Timecode | None = None
    duration: int | None = None


@dataclass(slots=True)
class Reading:
    """One sequence under way: its rate, what clips refer to, whether marks and log are wanted, what there is to say."""

    rate: Rate | None
    document: Document
    files: dict[str, Node]
    masters: dict[str, Node]
    sequences: dict[str, Node]
    logged: bool = True
    problems: list[Problem] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)
    _known: dict[tuple[str, Rate], File] = field(default_factory=dict)
    _logs: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def wrong(self, node: Node, sentence: str) -> None:
        self.problems.append(Problem(self.document.line(node), sentence))

    def file(self, node: Node, rate: Rate) -> File:
        """The file of a clip, described here or elsewhere under the same id."""
        name = node.get("id", "")
        key = (name, rate)
        if key not in self._known or not name:
            described = node if len(node) else self.files.get(name)
            if described is None:
                self.wrong(node, f"The file '{name[:80]}' is named, but nowhere described.")
            self._known[key] = _file(described, rate, self) if described is not None else File()
        return self._known[key]

    def log(self, node: Node, master: str) -> tuple[tuple[str, str], ...]:
        """What was logged of a clip: its own words, else those of its master clip."""
        own = _log(node)
        if own or master not in self.masters:
            return own
        if master not in self._logs:
            self._logs[master] = _log(self.masters[master])
        return self._logs[master]


def joint_of(node: Node, reading: Reading) -> Joint | None:
    """Where a transition lies: the cut as Premiere states it, else as `alignment` does."""
    start, end = whole_of(node, "start"), whole_of(node, "end")
    if start is None or end is None or end < start:
        reading.wrong(node, "A transition has no place on its track.")
        return None
    ticks, alignment = number_of(text_of(node, "cutPointTicks")), text_of(node, "alignment")
    cut = {"start": start, "start-black": start, "end": end, "end-black": end}.get(alignment, (start + end) // 2)
    if ticks is not None and reading.rate is not None:
        exact = start + ticks * reading.rate.fraction / _TICKS
        cut = round(exact) if start <= exact <= end else cut
    return Joint(start, end, cut, text_of(node, "effect/name"))


def clip_of(
    node: Node, joints: tuple[Joint | None, Joint | None], kind: Kind, track: int, *, reading: Reading
) -> ReadEvent:
    rate = rate_of(node)
    described = node.find("file")
    if rate is None and described is not None:
        rate = rate_of(described if len(described) else reading.files.get(described.get("id", ""), described))
    rate = rate or reading.rate
    file = reading.file(described, rate) if described is not None and rate is not None else File()
    if described is None:
        _without_file(node, reading)
    place = _Place(node, joints, rate, reading)
    speed, media = (_SAME, None) if rate is None else _taken(node, place, file, reading)
    source_of = file.start.frame if file.start is not None else None
    labels = node.find("labels")
    color = text_of(labels, "label2") or text_of(labels, "label") if labels is not None else ""
    return ReadEvent(
        kind, track, place.record,
        source=TimeRange(media.start + source_of, media.duration) if media and source_of is not None else None,
        media=media,
        available=TimeRange(source_of, file.duration) if source_of is not None and file.duration is not None else None,
        rate=rate,
        drop_frame=file.start.drop_frame if file.start else None,
        name=text_of(node, "name"), file=file.path, reel=file.reel, channel=_channel(node, kind), speed=speed,
        marks=tuple(_marks(node, place, source_of, reading.document)) if reading.logged else (),
        log=reading.log(node, text_of(node, "masterclipid")) if reading.logged else (),
        line=reading.document.line(node),
        color=color,
        enabled=text_of(node, "enabled").upper() != "FALSE",
    )  # fmt: skip


def _without_file(node: Node, reading: Reading) -> None:
    name, within, angles = text_of(node, "name"), node.find("sequence"), node.find("multiclip")
    if within is not None:
        held = within if len(within) else reading.sequences.get(within.get("id", ""), within)
        clips = not_apart(sum(1 for _ in held.iter("clipitem")))
        reading.left_out.append(Problem(reading.document.line(node), f"'{name}' is a sequence within this one{clips}"))
    elif angles is not None:
        clips = not_apart(sum(1 for _ in angles.iter("clip")))
        reading.left_out.append(Problem(reading.document.line(node), f"'{name}' is a multiclip (a multicam){clips}"))
    else:
        reading.wrong(node, f"'{name}' names no file.")


def _channel(node: Node, kind: Kind) -> int | None:
    return whole_of(node.find("sourcetrack"), "trackindex") if kind == "Audio" else None


class _Place:
    """Where a clip lies, and the frames it counts there (`begin` to `end`, from the head of what it is cut from)."""

    __slots__ = ("begin", "end", "length", "ratio", "record")

    def __init__(
        self, node: Node, joints: tuple[Joint | None, Joint | None], rate: Rate | None, reading: Reading
    ) -> None:
        start, end = whole_of(node, "start"), whole_of(node, "end")
        own, head, tail = reading.rate, 0, 0
        self.ratio = rate.fraction / own.fraction if rate and own and rate != own else _SAME
        before, after = joints
        if start is None and before is not None:
            start, head = before.cut, before.cut - before.start
        if end is None and after is not None:
            end, tail = after.cut, after.end - after.cut
        self.begin, self.end = whole_of(node, "in"), whole_of(node, "out")
        offset = whole_of(node.find("subclipinfo"), "startoffset") or 0
        if self.begin is not None:
            self.begin += offset + (ceil(head * self.ratio) if head else 0)
        if self.end is not None:
            self.end += offset - (floor(tail * self.ratio) if tail else 0)
        self.length = self._length()
        self.record = self._record(start, end)
        if self.record is None:
            reading.wrong(node, f"'{text_of(node, 'name')}' has no place on its track.")

    def _record(self, start: int | None, end: int | None) -> TimeRange | None:
        if start is None and end is not None and self.length is not None:
            start = end - self.length
        if end is None and start is not None and self.length is not None:
            end = start + self.length
        return TimeRange(start, end - start) if start is not None and end is not None and end > start else None

    def _length(self) -> int | None:
        """What is counted, in frames of the sequence."""
        if self.begin is None or self.end is None:
            return None
        counted = self.end - self.begin
        return counted if self.ratio is _SAME else round(counted / self.ratio)


def _taken(node: Node, place: _Place, file: File, reading: Reading) -> tuple[Fraction, TimeRange | None]:
    """The speed of a clip, and the frames of its file that it takes."""
    speed, varies = _speed(node)
    name = text_of(node, "name")
    if place.begin is None:
        reading.wrong(node, f"'{name}' does not say what it takes of its file.")
        return speed, None
    begin, end = place.begin, place.end
    if end is None:
        end = begin + ceil(place.record.duration * place.ratio * abs(speed)) if place.record else begin
    if varies:
        reading.left_out.append(
            Problem(reading.document.line(node), f"The speed of '{name}' changes within it; its range is not known.")
        )
        return speed, None
    if end < begin:
        reading.wrong(node, f"'{name}' ends at frame {end} of its file, before it begins at {begin}.")
        return speed, None
    if speed is _SAME or speed == 1:
        _check_length(node, place, reading)
    elif speed == 0:
        end = begin + 1
    elif _stretched(place, begin, end, speed):
        begin, end = _unstretched(begin, end, speed, file)
    if begin < 0 or (file.duration and end > file.duration + 1 and file.start is not None):
        reading.wrong(node, f"'{name}' takes frames {begin} to {end} of a file that has {file.duration}.")
    return speed, TimeRange(begin, end - begin)


def _stretched(place: _Place, begin: int, end: int, speed: Fraction) -> bool:
    """Whether the clip counts as played, so that it counts as many frames as its place has."""
    if place.record is None:
        return True
    counted, lasts = (end - begin) / place.ratio, place.record.duration
    return abs(counted - lasts) <= abs(counted - lasts * abs(speed))


def _unstretched(begin: int, end: int, speed: Fraction, file: File) -> tuple[int, int]:
    """Frames of the file for those of the stretched clip, which counts from the file's end where it runs backwards."""
    if speed < 0 and file.duration is not None:
        return floor(file.duration + end * speed), ceil(file.duration + begin * speed)
    first = floor(begin * abs(speed))
    return first, max(first, ceil(end * abs(speed)))


def _check_length(node: Node, place: _Place, reading: Reading) -> None:
    """Within a frame of the timeline; at another rate both ends are rounded to frames of the file besides."""
    length, record = place.length, place.record
    slack = 1 if place.ratio is _SAME else 1 + 2 / place.ratio
    if length is not None and record is not None and abs(length - record.duration) > slack:
        sentence = f"takes {length} frames and lasts {record.duration}, without a speed that would say so."
        reading.wrong(node, f"'{text_of(node, 'name')}' {sentence}")


def _speed(node: Node) -> tuple[Fraction, bool]:
    """The speed, and whether it changes within the clip."""
    for effect in [effect for each in node.findall("filter") for effect in each.findall("effect")]:
        if text_of(effect, "effectid") != "timeremap":
            continue
        said = {text_of(each, "parameterid"): text_of(each, "value") for each in effect.findall("parameter")}
        percent = number_of(said.get("speed", ""))
        speed = (percent if percent is not None else Fraction(100)) / 100
        if said.get("reverse", "").upper() == "TRUE":
            speed = -abs(speed)
        return speed, said.get("variablespeed", "0") not in {"0", "", "FALSE"}
    return _SAME, False


def _file(node: Node, rate: Rate, reading: Reading) -> File:
    own = rate_of(node) or rate
    counted, duration = node.find("timecode"), whole_of(node, "duration")
    start = timecode_of(counted, own, reading.wrong) if counted is not None else None
    if start is not None and start.rate != rate:
        start = start.counted_at(rate) or start.conformed(rate)
    if duration is not None and own != rate:
        duration = floor(duration * rate.fraction / own.fraction)
    url = text_of(node, "pathurl")
    reel = text_of(counted, "reel/name") if counted is not None else ""
    return File(path_of(url) if url else text_of(node, "name"), reel, start, duration)


def _log(node: Node) -> tuple[tuple[str, str], ...]:
    logging, comments = node.find("logginginfo"), node.find("comments")
    found = []
    if logging is not None:
        found = [(name, text_of(logging, tag)) for tag, name in _LOGGED]
        if text_of(logging, "good").upper() == "TRUE":
            found.append(("circled", "yes"))
    if comments is not None:
        found += [(each.tag, text_of(each)) for each in comments]
    return tuple((name, value) for name, value in found if value)


def _marks(node: Node, place: _Place, source_of: int | None, document: Document) -> list[ReadMark]:
    found = []
    for marker in node.findall("marker"):
        begin, end = whole_of(marker, "in"), whole_of(marker, "out")
        if begin is None:
            continue
        length = max(1, end - begin) if end is not None else 1
        record = None
        if place.record is not None and place.begin is not None:
            ahead, lasts = begin - place.begin, length
            if place.ratio != 1:
                ahead, lasts = floor(ahead / place.ratio), floor(length / place.ratio)
            record = TimeRange(place.record.start + ahead, max(1, lasts))
        source = TimeRange(begin + source_of, length) if source_of is not None else None
        found.append(ReadMark(*mark_name(marker), record=record, source=source, line=document.line(marker)))
    return found


def mark_name(node: Node) -> tuple[str, str, str]:
    """The name, comment and colour of a marker; Premiere states colours as a number of its own."""
    return text_of(node, "name"), text_of(node, "comment"), text_of(node, "pproColor")
