"""The markers of an AAF: events in slots of their own, each describing a slot of a track."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import TypeAlias

import msgspec

from pipeline.editorial.aaf_model import DESCRIPTIVE_MARKER, EVENT_MARKER, EVENT_SLOT, SEQUENCE, Pid
from pipeline.editorial.imports.aaf_mobs import whole_frames
from pipeline.editorial.imports.aaf_objects import AafObject
from pipeline.editorial.imports.reading import ReadEvent, ReadMark
from pipeline.timecode import Rate, TimeRange

Tracks: TypeAlias = Sequence[tuple[int, list[list[ReadEvent]]]]  # the slot of each, and the events of its layers


def place_marks(composition: AafObject, tracks: Tracks, rate: Rate, attributes: int) -> tuple[ReadMark, ...]:
    """Gives the markers of a composition to the events that they stand on; the others are the timeline's own.

    `attributes` is the number of the property in which this file keeps Avid's attributes of markers.
    """
    loose = []
    for slot in composition.children(Pid.SLOTS):
        if slot.kind == EVENT_SLOT:
            number, units = slot.number(Pid.TRACK_NUMBER) or 1, slot.rational(Pid.EVENT_RATE)
            for marker in _markers(slot.child(Pid.SEGMENT)):
                mark = _mark(marker, units or rate.fraction, rate, attributes)
                events = _described(marker, tracks, number)
                if not _give(events, mark):
                    loose.append(mark)
    return tuple(loose)


def _markers(segment: AafObject | None) -> Iterator[AafObject]:
    if segment is None:
        return
    held = segment.children(Pid.COMPONENTS) if segment.kind == SEQUENCE else iter((segment,))
    yield from (each for each in held if each.kind in {EVENT_MARKER, DESCRIPTIVE_MARKER})


def _mark(marker: AafObject, units: Fraction, rate: Rate, attributes: int) -> ReadMark:
    """A marker; Avid keeps its name as that of a user, and its length in an attribute."""
    said = dict(marker.tags(attributes))
    at, length = marker.number(Pid.POSITION) or 0, said.get("_ATN_CRM_LENGTH")
    span = whole_frames(at, at + max(1, int(length) if isinstance(length, Fraction) else 1), units, rate)
    name, color = (said.get(key) for key in ("_ATN_CRM_USER", "_ATN_CRM_COLOR"))
    return ReadMark(
        name=name if isinstance(name, str) else "",
        note=marker.text(Pid.COMMENT),
        color=color.upper() if isinstance(color, str) else "",
        record=span,
    )


def _described(marker: AafObject, tracks: Tracks, number: int) -> list[ReadEvent]:
    """The events of the track that a marker describes; `number` is that of the track within its slot."""
    data = marker.raw(Pid.DESCRIBED_SLOTS)
    slots = {int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data) - 3, 4)}
    events = next((events for slot, events in tracks if slot in slots), None)
    return events[number - 1 if 0 < number <= len(events) else 0] if events else []


def _give(events: list[ReadEvent], mark: ReadMark) -> bool:
    """Whether there is an event at the marker's frame, which then has it."""
    assert mark.record is not None
    at = bisect_right(events, mark.record.start, key=lambda event: event.record.start if event.record else 0) - 1
    event = events[at] if at >= 0 else None
    if event is None or event.record is None or mark.record.start >= event.record.end:
        return False
    placed = replace(mark, source=_source_of(event, mark.record))
    events[at] = msgspec.structs.replace(event, marks=(*event.marks, placed))
    return True


def _source_of(event: ReadEvent, record: TimeRange) -> TimeRange | None:
    """The frames of the source that a marker stands on."""
    assert event.record is not None
    if event.source is None or not event.record.duration:
        return None
    ahead = Fraction(event.source.duration, event.record.duration)
    begin, length = (record.start - event.record.start) * ahead, max(1, floor(record.duration * ahead))
    return TimeRange(event.source.start + floor(begin), length)
