"""AAF, the exchange format of Avid Media Composer, as Premiere Pro, Resolve and sound workstations write it too.

A composition mob has a slot for each track; what a slot shows is laid flat by aaf_pieces.py, and its sources are
followed by aaf_mobs.py. Of several compositions the first one is read, and its first timecode counts. Facts count the
slots: Avid keeps all its picture tracks in one.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pipeline.editorial.aaf_model import (
    COMPOSITION_MOB,
    MARKER_ATTRIBUTES,
    PICTURES,
    SOUNDS,
    TOP_LEVEL,
    Pid,
)
from pipeline.editorial.bulk import unswept
from pipeline.editorial.imports.aaf_marks import place_marks
from pipeline.editorial.imports.aaf_mobs import (
    HIGHEST_RATE,
    Counting,
    Mob,
    Mobs,
    Slot,
    mob_of,
    origin_of,
    whole_frames,
)
from pipeline.editorial.imports.aaf_objects import AafFile, AafObject
from pipeline.editorial.imports.aaf_pieces import Flat, Join, Layer, Piece, length_of
from pipeline.editorial.imports.compound import SIGNATURE, Compound
from pipeline.editorial.imports.reading import Kind, Problem, ReadEvent, ReadTimeline, ReadTransition
from pipeline.errors import TimelineUnreadable
from pipeline.timecode import Rate, Timecode

LARGEST = 1 << 30
_KINDS = (bytes.fromhex("0102010d00020000060e2b3403020101"), bytes.fromhex("414146420d004f4d060e2b34010101ff"))
_AS_SHOT = Fraction(1)
_INSIDE = "Events begin or end inside a frame of the timeline; they are read from the beginning of that frame."


def recognises(head: bytes) -> bool:
    return head.startswith(SIGNATURE) and head[8:24] in _KINDS


def read(content: bytes) -> ReadTimeline:
    """The first composition of a file. Raises TimelineUnreadable."""
    if len(content) > LARGEST:
        raise TimelineUnreadable("The AAF is larger than a gigabyte; export it without its media.")
    try:
        with unswept():
            return _read(AafFile(Compound(content)))
    except (ValueError, ArithmeticError, LookupError, RecursionError, struct.error) as error:
        raise TimelineUnreadable(f"The AAF is damaged ({type(error).__name__}); export it again.") from error


def _read(file: AafFile) -> ReadTimeline:
    header = file.root.child(Pid.HEADER)
    content = header.child(Pid.CONTENT) if header else None
    if header is None or content is None:
        raise TimelineUnreadable("The file holds no AAF objects: its header is missing or damaged.")
    mobs = Mobs({mob.raw(Pid.MOB_ID): mob for mob in content.children(Pid.MOBS)})
    tops = _compositions(mobs)
    if not tops:
        sentence = "The AAF holds no composition, only clips."
        none = ReadTimeline("aaf", "", None, None, None, None, (0, 0), (), problems=(Problem(None, sentence),))
        return replace(none, facts=_facts(0, none, (0, 0)))
    problems = [Problem(None, f"The AAF holds {len(tops)} compositions; the first one is read.")] if tops[1:] else []
    return _timeline(_Composition(file, header, mobs, tops[0], mob_of(tops[0])), len(tops), problems)


def _compositions(mobs: Mobs) -> list[AafObject]:
    """What the file calls top-level; where it marks nothing so, its compositions that no other one uses."""
    found = [mob for mob in mobs.objects.values() if mob.kind == COMPOSITION_MOB]
    marked = [mob for mob in found if mob.raw(Pid.USAGE) == TOP_LEVEL]
    return marked or [mob for mob in found if not mob.raw(Pid.USAGE)]


@dataclass(frozen=True, slots=True)
class _Composition:
    file: AafFile
    header: AafObject
    mobs: Mobs
    object: AafObject
    mob: Mob

    @property
    def counting(self) -> Counting | None:
        return self.mob.counting

    @property
    def rate(self) -> Rate | None:
        """The rate of the timecode, else of the first track that counts frames."""
        if self.counting is not None:
            return self.counting.rate
        frames = (slot.rate for slot in self.mob.slots.values() if slot.rate <= HIGHEST_RATE)
        return next(map(Rate.of, frames), None)

    def slots(self, kinds: frozenset[bytes]) -> list[Slot]:
        return [slot for slot in self.mob.slots.values() if slot.kind in kinds]


def _timeline(composition: _Composition, count: int, problems: list[Problem]) -> ReadTimeline:
    rate, counting = composition.rate, composition.counting
    tracks = [*_tracks(composition, "Video", PICTURES), *_tracks(composition, "Audio", SOUNDS)]
    numbers = (
        sum(len(track.events) for track in tracks if track.kind == "Video"),
        sum(len(track.events) for track in tracks if track.kind == "Audio"),
    )
    attributes = composition.file.pid(MARKER_ATTRIBUTES)
    loose = (
        place_marks(composition.object, [(track.slot.id, track.events) for track in tracks], rate, attributes)
        if rate
        else ()
    )
    start = Timecode(counting.start, counting.rate, counting.drop_frame) if counting else None
    slots = (composition.slots(PICTURES), composition.slots(SOUNDS))
    said = dict.fromkeys(sentence for track in tracks for sentence in track.problems)
    if counting is None:
        said["The composition has no timecode."] = None
    timeline = ReadTimeline(
        format="aaf",
        title=composition.mob.name,
        rate=rate,
        drop_frame=counting.drop_frame if counting else None,
        start=start,
        duration=_duration([*slots[0], *slots[1]], rate) if rate else None,
        tracks=numbers,
        events=tuple(event for track in tracks for events in track.events for event in events),
        transitions=tuple(each for track in tracks for each in track.transitions),
        marks=loose,
        problems=(*problems, *(Problem(None, sentence) for sentence in said)),
    )
    return replace(timeline, facts=_facts(count, timeline, (len(slots[0]), len(slots[1]))))


def _facts(count: int, timeline: ReadTimeline, slots: tuple[int, int]) -> tuple[tuple[str, Any], ...]:
    """What `rushes facts` shows; nothing but the number of compositions where that is not one."""
    if count != 1:
        return (("compositions", count),)
    return (
        ("compositions", count),
        ("title", timeline.title),
        ("rate", str(timeline.rate) if timeline.rate else None),
        ("first_record_timecode", str(timeline.start) if timeline.start else None),
        ("drop_frame", timeline.drop_frame),
        ("duration_frames", timeline.duration),
        ("video_tracks", slots[0]),
        ("audio_tracks", slots[1]),
    )


def _duration(slots: Sequence[Slot], rate: Rate) -> int | None:
    """The frames of the longest track, the last one perhaps in part."""
    lengths = [-(-length_of(slot.segment) * rate.fraction // slot.rate) for slot in slots]
    return max(map(int, lengths), default=None)


@dataclass(slots=True)
class _Track:
    """A slot read: its events by layer, from the lowest one up; `first` is the number of that one."""

    kind: Kind
    slot: Slot
    first: int
    events: list[list[ReadEvent]]
    transitions: list[ReadTransition]
    problems: list[str]


def _tracks(composition: _Composition, kind: Kind, kinds: frozenset[bytes]) -> Iterator[_Track]:
    rate = composition.rate
    operations = _operations(composition.header)
    first = 1
    for slot in composition.slots(kinds):
        flat = Flat(composition.mobs)
        flat.lay(slot)
        layers = _numbered(flat, first)
        track = _Track(kind, slot, first, [[] for _ in range(first, max(layers.values()) + 1)], [], list(flat.problems))
        for piece in flat.pieces:
            number = layers[piece.place.layer]
            track.events[number - first].append(_event(piece, track, number, mobs=composition.mobs, rate=rate))
        for events in track.events:
            events.sort(key=lambda event: event.record.start if event.record else 0)
        if rate is not None:
            found = (_transition(join, kind, layers, rates=(slot.rate, rate), names=operations) for join in flat.joins)
            track.transitions += sorted(found, key=lambda each: (each.track, each.at))
        first += len(track.events)
        yield track


def _numbered(flat: Flat, first: int) -> dict[Layer, int]:
    """Numbers of the layers that are tracks: all that hold nothing deeper, or something themselves."""
    used = {piece.place.layer for piece in flat.pieces}
    outer = {layer[:depth] for layer in flat.layers for depth in range(1, len(layer))}
    tracks = sorted(layer for layer in flat.layers if layer in used or layer not in outer)
    numbers = {layer: number for number, layer in enumerate(tracks, start=first)}
    for layer in flat.layers:  # a transition may lie where no clip does
        numbers.setdefault(layer, first)
    return numbers


def _event(piece: Piece, track: _Track, number: int, *, mobs: Mobs, rate: Rate | None) -> ReadEvent:
    place, units, kind = piece.place, track.slot.rate, track.kind
    begin, end = place.start, place.start + place.length
    record = whole_frames(begin, end, units, rate) if rate else None
    if rate and units != rate.fraction and any(_inside_a_frame(edge, units, rate) for edge in (begin, end)):
        track.problems.append(_INSIDE)
    if piece.mob is None:
        return ReadEvent(kind, number, record, rate=rate)
    origin = origin_of(mobs, piece.mob, piece.slot_id, place.taken, rate=rate)
    return ReadEvent(
        kind,
        number,
        record,
        source=origin.source,
        media=origin.media,
        available=origin.available,
        rate=origin.rate,
        drop_frame=origin.drop_frame,
        name=origin.name,
        file=origin.file,
        reel=origin.reel,
        id=piece.mob.comment,
        channel=origin.channel if kind == "Audio" else None,
        speed=_AS_SHOT if place.speed == 1 and place.rate is units else Fraction(place.speed) * units / place.rate,
        enabled=place.enabled,
        log=piece.mob.log,
    )


def _inside_a_frame(position: Fraction | int, units: Fraction, rate: Rate) -> bool:
    return (position * rate.fraction / units).denominator != 1


def _transition(
    join: Join, kind: Kind, layers: dict[Layer, int], *, rates: tuple[Fraction, Rate], names: dict[bytes, str]
) -> ReadTransition:
    units, rate = rates
    begin = whole_frames(join.at - join.before, join.at, units, rate)
    after = whole_frames(join.at, join.at + join.after, units, rate).duration
    name = names.get(join.effect.weak(Pid.OPERATION), "") if join.effect else ""
    return ReadTransition(kind, layers[join.layer], begin.end, begin.duration, after, name)


def _operations(header: AafObject) -> dict[bytes, str]:
    """The names of effects by their identifiers."""
    dictionary = header.child(Pid.DICTIONARY)
    found = dictionary.children(Pid.OPERATIONS) if dictionary else iter(())
    return {each.raw(Pid.DEFINITION_ID): each.text(Pid.DEFINITION_NAME) for each in found}
