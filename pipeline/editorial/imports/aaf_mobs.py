"""Where a clip of an AAF comes from: from its master mob down to the file and the tape.

A mob names its source by a slot of another mob, and so on; a position is carried from slot to slot by their edit
rates. Chains are followed to a depth no editing suite reaches, so that one in a circle ends too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from pipeline.editorial.aaf_model import (
    CLIP_COMMENT,
    COMPOSITION_MOB,
    ESSENCE_GROUP,
    OPERATION_GROUP,
    PULLDOWN,
    SELECTOR,
    SEQUENCE,
    SOURCE_CLIP,
    SOURCE_MOB,
    TAPE_DESCRIPTOR,
    TIMECODE,
    TRANSITION,
    Pid,
)
from pipeline.editorial.imports.aaf_objects import AafObject
from pipeline.editorial.imports.markup import path_of
from pipeline.timecode import Rate, TimeRange

Position = Fraction | int
DEEPEST = 40  # mobs and segments within one another
HIGHEST_RATE = 1000  # frames a second; what counts faster counts samples


class Slot(NamedTuple):
    """A timeline slot of a mob; `rate` is its edit rate, `track` its number where it states one."""

    id: int
    rate: Fraction
    origin: int
    track: int | None
    segment: AafObject

    @property
    def kind(self) -> bytes:
        """What it holds, by the key of that definition."""
        return self.segment.weak(Pid.DATA_DEFINITION)


@dataclass(frozen=True, slots=True)
class Counting:
    """The timecode of a mob: the frame of its first edit unit, at `rate`."""

    start: int
    rate: Rate
    drop_frame: bool


@dataclass(slots=True, eq=False)
class Mob:
    """A mob with its slots read."""

    composition: bool
    name: str
    slots: dict[int, Slot]
    counting: Counting | None
    tape: bool
    file: bool  # whether it stands for a file: it states a sample rate and a length
    path: str
    comment: str
    log: tuple[tuple[str, str], ...]  # the other comments of people


@dataclass(slots=True)
class Mobs:
    """The mobs of a file, read when they are asked for."""

    objects: dict[bytes, AafObject]  # those not read yet
    _known: dict[bytes, Mob | None] = field(default_factory=dict)

    def get(self, mob_id: bytes) -> Mob | None:
        if mob_id not in self._known:
            stored = self.objects.pop(mob_id, None)
            self._known[mob_id] = mob_of(stored) if stored else None
        return self._known[mob_id]


@dataclass(frozen=True, slots=True)
class Origin:
    """What one event is taken from, as far as the file says; counted at `rate`."""

    rate: Rate | None
    drop_frame: bool | None = None
    source: TimeRange | None = None
    media: TimeRange | None = None
    available: TimeRange | None = None
    name: str = ""
    file: str = ""
    reel: str = ""
    channel: int | None = None


def mob_of(stored: AafObject) -> Mob:
    slots = {slot.id: slot for slot in _slots(stored)}
    found = next((counting for slot in slots.values() if (counting := counting_of(slot))), None)
    described = stored.child(Pid.DESCRIPTOR) if stored.kind == SOURCE_MOB else None
    comments = [(name, str(value)) for name, value in stored.tags(Pid.USER_COMMENTS) if value is not None]
    return Mob(
        composition=stored.kind == COMPOSITION_MOB,
        name=stored.text(Pid.MOB_NAME),
        slots=slots,
        counting=found,
        tape=described is not None and described.kind == TAPE_DESCRIPTOR,
        file=described is not None and bool(described.raw(Pid.SAMPLE_RATE)),
        path=_path(described) if described else "",
        comment=dict(comments).get(CLIP_COMMENT, ""),
        log=tuple(each for each in comments if each[0] != CLIP_COMMENT),
    )


def _path(descriptor: AafObject) -> str:
    urls = (locator.text(Pid.URL) for locator in descriptor.children(Pid.LOCATOR))
    return path_of(next(filter(None, urls), ""))


def _slots(stored: AafObject) -> Iterator[Slot]:
    for slot in stored.children(Pid.SLOTS):
        rate, segment = slot.rational(Pid.EDIT_RATE), slot.child(Pid.SEGMENT)
        if rate is not None and rate.numerator > 0 and segment is not None:
            numbers = (slot.number(Pid.SLOT_ID) or 0, slot.number(Pid.ORIGIN) or 0, slot.number(Pid.TRACK_NUMBER))
            yield Slot(numbers[0], rate, numbers[1], numbers[2], segment)


def counting_of(slot: Slot) -> Counting | None:
    """The timecode that a slot counts, alone or as the first of a sequence."""
    segment: AafObject | None = slot.segment
    if segment is not None and segment.kind == SEQUENCE:
        segment = next(segment.children(Pid.COMPONENTS), None)
    if segment is None or segment.kind != TIMECODE:
        return None
    start, fps = segment.number(Pid.TIMECODE_START), segment.number(Pid.TIMECODE_FPS)
    if start is None or not fps:
        return None
    drop = bool(segment.number(Pid.TIMECODE_DROP))
    rate = _counted(slot.rate, fps, drop=drop)
    return Counting(start, rate, drop and rate.can_drop)


def _counted(rate: Fraction, fps: int, *, drop: bool) -> Rate:
    """The rate of a timecode: the slot's, where a second of it has `fps` frames; it may count samples."""
    if ceil(rate) == fps:
        return Rate.of(rate)
    return Rate(fps * 1000, 1001) if drop and fps % 30 == 0 else Rate(fps)


class Span(NamedTuple):
    """`length` edit units from `start` on, both at `rate`."""

    start: Position
    length: Position
    rate: Fraction

    def at(self, rate: Fraction) -> "Span":
        if rate is self.rate or rate == self.rate:
            return self
        factor = rate / self.rate
        return Span(self.start * factor, self.length * factor, rate)

    def moved(self, by: Position) -> "Span":
        return Span(self.start + by, self.length, self.rate) if by else self

    def frames(self) -> TimeRange:
        """The whole frames that begin with the one it starts in, as many as it lasts for."""
        return TimeRange(floor(self.start), max(1, ceil(self.length)))


def origin_of(mobs: Mobs, mob: Mob, slot_id: int, span: Span, *, rate: Rate | None) -> Origin:
    """The source of `span` in slot `slot_id` of a mob; `rate` counts what states none that is a frame rate."""
    timed = filed = None
    file = reel = ""
    for step in _steps(mobs, mob, slot_id, span):
        own = step.mob
        timed = step if own.counting else timed
        filed = step if own.file and filed is None else filed
        file, reel = file or own.path, own.name if own.tape else reel
    counting = timed.mob.counting if timed else None
    frames = counting.rate if counting else _frame_rate(filed.slot.rate if filed else span.rate) or rate
    source = media = available = None
    if counting and timed and frames:
        source = timed.span.at(frames.fraction).moved(counting.start).frames()
    if filed and frames:
        media = filed.span.at(frames.fraction).frames()
        length = Span(0, filed.slot.segment.number(Pid.LENGTH) or 0, filed.slot.rate).at(frames.fraction).length
        available = TimeRange(source.start - media.start if source else 0, max(0, floor(length)))
    first = mob.slots.get(slot_id)
    return Origin(
        rate=frames,
        drop_frame=counting.drop_frame if counting else None,
        source=source,
        media=media,
        available=available,
        name=mob.name,
        file=file,
        reel=reel,
        channel=first.track if first else None,
    )


def _frame_rate(rate: Fraction) -> Rate | None:
    return Rate.of(rate) if rate <= HIGHEST_RATE else None


class _Step(NamedTuple):
    """One mob of a chain: the slot that is taken from, and the span in it."""

    mob: Mob
    slot: Slot
    span: Span


def _steps(mobs: Mobs, mob: Mob, slot_id: int, span: Span) -> Iterator[_Step]:
    for _ in range(DEEPEST):
        slot = mob.slots.get(slot_id)
        if slot is None:
            return
        span = span.at(slot.rate).moved(slot.origin)
        yield _Step(mob, slot, span)
        clip, span = _clip_at(slot.segment, span)
        following = mobs.get(clip.raw(Pid.SOURCE_ID)) if clip else None
        if clip is None or following is None:
            return
        mob, slot_id = following, clip.number(Pid.SOURCE_SLOT) or 0
        span = span.moved(clip.number(Pid.START_TIME) or 0)


def _clip_at(segment: AafObject, span: Span) -> tuple[AafObject | None, Span]:
    """The source clip that lies at `span` of a segment, with the span counted from its beginning."""
    found: AafObject | None = segment
    for _ in range(DEEPEST):
        if found is None or found.kind == SOURCE_CLIP:
            return found, span
        if found.kind == SEQUENCE:
            found, span = _component_at(found, span)
        else:
            found = _inside(found)
    return None, span


def _inside(segment: AafObject) -> AafObject | None:
    """What a segment wraps: the first input of an effect, the first choice of a group, what is selected."""
    if segment.kind in {OPERATION_GROUP, ESSENCE_GROUP}:
        return next(segment.children(Pid.INPUTS if segment.kind == OPERATION_GROUP else Pid.CHOICES), None)
    if segment.kind in {SELECTOR, PULLDOWN}:
        return segment.child(Pid.SELECTED if segment.kind == SELECTOR else Pid.PULLDOWN_INPUT)
    return None


def _component_at(sequence: AafObject, span: Span) -> tuple[AafObject | None, Span]:
    place = 0
    for component in sequence.children(Pid.COMPONENTS):
        length = component.number(Pid.LENGTH) or 0
        if component.kind == TRANSITION:
            place -= length
        elif span.start < place + length or length <= 0:
            return component, span.moved(-place)
        else:
            place += length
    return None, span


def whole_frames(begin: Position, end: Position, units: Fraction, rate: Rate) -> TimeRange:
    """The frames that a range of a slot begins and ends in; sound may count samples."""
    if units is not rate.fraction and units != rate.fraction:
        begin, end = (position * rate.fraction / units for position in (begin, end))
    first = floor(begin)
    return TimeRange(first, max(0, floor(end) - first))
