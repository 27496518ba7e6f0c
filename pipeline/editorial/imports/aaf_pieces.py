"""The tracks of an AAF composition laid flat: what each frame of a slot is taken from.

Nested scopes, effects with several inputs and compositions within compositions become tracks above one another;
speed effects become a speed. A place is carried inwards as an exact straight line: where it begins, and how many
units of the segment pass for one of the slot.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from pipeline.editorial.aaf_model import (
    ESSENCE_GROUP,
    NESTED_SCOPE,
    OPERATION_GROUP,
    PULLDOWN,
    SELECTOR,
    SEQUENCE,
    SOURCE_CLIP,
    SPEED_OFFSET_MAP,
    SPEED_RATIO,
    TRANSITION,
    VARYING_VALUE,
    Pid,
)
from pipeline.editorial.imports.aaf_mobs import DEEPEST, Mob, Mobs, Position, Slot, Span
from pipeline.editorial.imports.aaf_objects import AafObject
from pipeline.errors import TimelineUnreadable

_MOST_STEPS = 2_000_000
Layer = tuple[int, ...]


class Place(NamedTuple):
    """Units `start` to `start + length` of the slot, which show the segment from `into` on at `speed`.

    `rate` is the edit rate of the segment, and `speed` its units per unit of the slot. Backwards, `into` is the end
    of the first unit shown.
    """

    start: Position
    length: Position
    into: Position
    speed: Position
    rate: Fraction
    layer: Layer
    depth: int = 0
    enabled: bool = True

    @property
    def taken(self) -> Span:
        """The part of the segment that is shown."""
        length = self.length * (-self.speed if self.speed < 0 else self.speed)
        return Span(self.into - length if self.speed < 0 else self.into, length, self.rate)

    def deeper(self) -> "Place":
        return self._replace(depth=self.depth + 1)

    def within(self, begin: int, end: int) -> "Place | None":
        """The part that shows units `begin` to `end` of the segment, counted from `begin`."""
        if self.speed == 0:
            return self._replace(into=self.into - begin) if begin <= self.into < end else None
        first, last = (end, begin) if self.speed < 0 else (begin, end)
        since, until = (_over(first - self.into, self.speed), _over(last - self.into, self.speed))
        since, until = max(since, 0), min(until, self.length)
        if since >= until:
            return None
        into = self.into + self.speed * since - begin
        return self._replace(start=self.start + since, length=until - since, into=into)

    def sped(self, speed: Fraction, base: Position) -> "Place":
        """The place in the input of a speed effect, whose first unit shows unit `base` of it."""
        edge = base + 1 if speed < 0 else base
        return self._replace(into=edge + speed * self.into, speed=self.speed * speed)

    def at(self, rate: Fraction, moved: int) -> "Place":
        """The place counted at another edit rate, `moved` units of it later."""
        if rate == self.rate:
            return self._replace(into=self.into + moved)
        factor = rate / self.rate
        return self._replace(into=self.into * factor + moved, speed=self.speed * factor, rate=rate)


@dataclass(frozen=True, slots=True)
class Piece:
    """What a place shows: a slot of a mob, or of one that the file does not hold (None)."""

    place: Place
    mob: Mob | None
    slot_id: int


@dataclass(frozen=True, slots=True)
class Join:
    """A transition on a layer, around unit `at` of the slot."""

    layer: Layer
    at: Position
    before: Position
    after: Position
    effect: AafObject | None


@dataclass(slots=True)
class Flat:
    """A slot laid flat. `layers`: those with a piece, and tracks without one."""

    mobs: Mobs
    pieces: list[Piece] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    layers: dict[Layer, None] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)
    steps: int = 0

    def lay(self, slot: Slot) -> None:
        length = length_of(slot.segment)
        self.layers[0,] = None
        self._lay(slot.segment, Place(0, length, slot.origin, 1, slot.rate, (0,)))

    def _lay(self, segment: AafObject, place: Place) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS or place.depth > DEEPEST:
            raise TimelineUnreadable("The AAF nests deeper than any cut does, or refers in circles.")
        kind = segment.kind
        if kind == SOURCE_CLIP:
            self._lay_clip(segment, place)
        elif kind == SEQUENCE:
            self._lay_sequence(segment, place.deeper())
        elif kind == OPERATION_GROUP:
            self._lay_effect(segment, place.deeper())
        elif kind == NESTED_SCOPE:
            for number, inner in enumerate(segment.children(Pid.SCOPE_SLOTS)):
                layer = (*place.layer, number)
                self.layers[layer] = None
                self._lay(inner, place.deeper()._replace(layer=layer))
        elif kind == ESSENCE_GROUP:
            for inner in list(segment.children(Pid.CHOICES))[:1]:
                self._lay(inner, place.deeper())
        elif kind in {SELECTOR, PULLDOWN}:
            self._lay_selected(segment, place.deeper())

    def _lay_clip(self, clip: AafObject, place: Place) -> None:
        mob_id = clip.raw(Pid.SOURCE_ID)
        if not any(mob_id):
            return  # the end of a chain: black or silence
        mob, slot_id = self.mobs.get(mob_id), clip.number(Pid.SOURCE_SLOT) or 0
        place = place._replace(into=place.into + (clip.number(Pid.START_TIME) or 0))
        slot = mob.slots.get(slot_id) if mob else None
        if mob is None or not mob.composition:
            self.layers[place.layer] = None
            self.pieces.append(Piece(place, mob, slot_id))
        elif slot is not None:
            self._lay(slot.segment, place.at(slot.rate, slot.origin).deeper())

    def _lay_sequence(self, sequence: AafObject, place: Place) -> None:
        """Components one after the other; a transition lies over the end of one and the beginning of the next."""
        at, cut = 0, 0
        waiting: tuple[AafObject, int] | None = None
        for component in sequence.children(Pid.COMPONENTS):
            length = component.number(Pid.LENGTH) or 0
            if component.kind == TRANSITION:
                at -= length
                middle = at + (component.number(Pid.CUT_POINT) or 0)
                self._lay_between(waiting, cut, middle, place=place)
                waiting, cut = None, middle
                self._lay_join(component, place, at=middle, before=middle - at, after=at + length - middle)
                continue
            self._lay_between(waiting, cut, at, place=place)
            cut = cut if waiting is None and cut > at else at
            waiting, at = (component, at), at + max(0, length)
        self._lay_between(waiting, cut, at, place=place)

    def _lay_between(self, component: "tuple[AafObject, int] | None", cut: int, end: int, *, place: Place) -> None:
        """A component that begins at its number and is seen from `cut` to `end`."""
        if component is None:
            return
        segment, begin = component
        part = place.within(max(cut, begin), end)
        if part is not None:
            self._lay(segment, part._replace(into=part.into + max(cut, begin) - begin))

    def _lay_join(self, transition: AafObject, place: Place, *, at: int, before: int, after: int) -> None:
        if place.speed <= 0:
            return
        since = _over(at - place.into, place.speed)
        if 0 <= since <= place.length:
            spans = (_over(before, place.speed), _over(after, place.speed))
            self.joins.append(Join(place.layer, place.start + since, *spans, transition.child(Pid.TRANSITION_EFFECT)))

    def _lay_effect(self, effect: AafObject, place: Place) -> None:
        speed = self._speed(effect)
        if speed is not None:
            place = place.sped(*speed)
        inputs = list(effect.children(Pid.INPUTS))
        for number, inner in enumerate(inputs):
            layer = place.layer if len(inputs) == 1 else (*place.layer, number)
            self._lay(inner, place._replace(layer=layer))

    def _lay_selected(self, segment: AafObject, place: Place) -> None:
        """What a selector shows, else what it would (Avid keeps a muted clip so), and what a pulldown counts."""
        known = len(self.pieces)
        inner = segment.child(Pid.SELECTED if segment.kind == SELECTOR else Pid.PULLDOWN_INPUT)
        if inner is not None:
            self._lay(inner, place)
        if segment.kind == SELECTOR and len(self.pieces) == known:
            for other in segment.children(Pid.ALTERNATES):
                self._lay(other, place._replace(enabled=False))

    def _speed(self, effect: AafObject) -> tuple[Fraction, Position] | None:
        """The speed of a motion effect and the unit of its input shown first; None where it has none.

        SpeedRatio is length shown over length taken; Avid's own map of offsets is the more exact where it is straight.
        """
        parameters = {each.raw(Pid.PARAMETER): each for each in effect.children(Pid.PARAMETERS)}
        ratio = parameters.get(SPEED_RATIO)
        stated = ratio.value(Pid.CONSTANT) if ratio else None
        if not isinstance(stated, Fraction):
            return None
        known = parameters.get(SPEED_OFFSET_MAP)
        points = list(_points(known)) if known else []
        if len(points) == 2 and points[0][0] < points[1][0]:
            (begin, first), (end, last) = points
            speed = (last - first) / (end - begin)
            return speed, first - speed * begin
        if any(each.kind == VARYING_VALUE and each.count(Pid.POINTS) > 1 for each in parameters.values()):
            self.problems["A speed that changes on the way is read as its mean."] = None
        frozen = stated == 0 or (stated == effect.number(Pid.LENGTH) and _taken(effect) <= 1)
        return (Fraction(0), 0) if frozen else (1 / stated, 0)


def length_of(segment: AafObject) -> int:
    """What a segment states, or what its components add up to."""
    stated = segment.number(Pid.LENGTH)
    if stated is None and segment.kind == SEQUENCE:
        lengths = ((each.kind, each.number(Pid.LENGTH) or 0) for each in segment.children(Pid.COMPONENTS))
        stated = sum(-length if kind == TRANSITION else length for kind, length in lengths)
    return max(0, stated or 0)


def _taken(effect: AafObject) -> int:
    return max((length_of(each) for each in effect.children(Pid.INPUTS)), default=0)


def _points(varying: AafObject) -> Iterator[tuple[Fraction, Fraction]]:
    for point in varying.children(Pid.POINTS):
        time, value = point.rational(Pid.POINT_TIME), point.value(Pid.POINT_VALUE)
        if time is not None and isinstance(value, Fraction):
            yield time, value


def _over(position: Position, speed: Position) -> Position:
    return position if speed == 1 else Fraction(position) / speed
