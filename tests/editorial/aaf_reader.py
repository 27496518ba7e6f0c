"""An AAF by pyaaf2 alone, as far as our own writer uses the format: what stands where, and where it comes from."""

import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import aaf2
from aaf2.components import OperationGroup, SourceClip, Timecode, Transition


@dataclass(frozen=True)
class RawEvent:
    """`source_in`: frames of the source's day; `unit`: the first edit unit of the master that is taken."""

    kind: str
    track: int
    name: str
    record: tuple[int, int]
    unit: int
    taken: int
    speed: Fraction
    frame: Fraction | None
    fps: int | None
    drop: bool | None
    tape: str
    url: str
    comments: tuple[tuple[str, str], ...]
    mob: str


@dataclass(frozen=True)
class RawCut:
    name: str
    rate: Fraction
    start: int
    fps: int
    drop: bool
    events: tuple[RawEvent, ...]
    transitions: tuple[tuple[str, int, int, int, int], ...]
    marks: tuple[tuple[int, int, str, str, str], ...]
    lengths: tuple[int, ...]


def read_raw(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cut.aaf")
        path.write_bytes(content)
        with aaf2.open(str(path)) as file:
            return _cut(file)


def _cut(file):
    [top] = file.content.toplevel()
    for mob in file.content.mobs:
        mob.validate()
    counting = next(iter(top.slots))
    assert isinstance(counting.segment, Timecode)
    events, transitions, marks, lengths = [], [], [], [counting.segment.length]
    for slot in top.slots:
        if slot.media_kind in ("Picture", "Sound"):
            track = slot["PhysicalTrackNumber"].value
            lengths.append(slot.segment.length)
            assert _exact(slot.edit_rate) == _exact(counting.edit_rate)
            assert slot.length == slot.segment.length
            items = _items(slot.segment, transitions, (slot.media_kind, track))
            events += [_event(slot.media_kind, track, *item, _exact(slot.edit_rate)) for item in items]
        elif slot.media_kind == "DescriptiveMetadata":
            marks += [_mark(slot, marker) for marker in slot.segment.components]
    segment = counting.segment
    return RawCut(
        top.name, _exact(counting.edit_rate), segment.start, segment.fps, segment.drop,
        tuple(events), tuple(transitions), tuple(marks), tuple(lengths),
    )  # fmt: skip


def _items(sequence, transitions, where):
    """Each clip with the frames it fills and those of it that come before: transitions are split at their cut."""
    components = list(sequence.components)
    at = 0
    for place, each in enumerate(components):
        if isinstance(each, Transition):
            at -= each.length
            transitions.append((*where, at + each.cutpoint, each.cutpoint, each.length - each.cutpoint))
            continue
        before, after = (components[place - 1] if place else None), (components[place + 1 :] or [None])[0]
        head = before.cutpoint if isinstance(before, Transition) else 0
        tail = after.length - after.cutpoint if isinstance(after, Transition) else 0
        if isinstance(each, SourceClip | OperationGroup):
            yield each, (at + head, each.length - head - tail), head, tail
        at += each.length


def _event(kind, track, item, record, head, tail, rate):
    speed, clip, ahead = Fraction(1), item, Fraction(head)
    if isinstance(item, OperationGroup):
        parameters = {each.name: each for each in item.parameters.value}
        points = parameters["PARAM_SPEED_OFFSET_MAP_U"].pointlist
        (t0, v0), (t1, v1) = ((_exact(each["Time"].value), _exact(each["Value"].value)) for each in points)
        speed = (v1 - v0) / (t1 - t0)
        ratio = _exact(parameters["SpeedRatio"].value)
        assert ratio == (1 / speed if speed else item.length)
        clip = next(iter(item.segments))
        ends = sorted([v0 + (speed < 0), v1 + (speed < 0)])
        assert 0 <= ends[0] <= ends[1] <= clip.length
        ahead = v0 + speed * head if speed >= 0 else v0 + speed * (head + record[1]) + 1
    unit = clip.start + ahead
    master = clip.mob
    slot = master.slot_at(clip.slot_id)
    assert slot.media_kind == kind
    file = slot.segment.mob
    last = file.slot_at(slot.segment.slot_id).segment
    frame = fps = drop = None
    tape = ""
    if last.mob is not None and type(last.mob.descriptor).__name__ == "TapeDescriptor":
        tape = last.mob.name
        [counting] = [each.segment for each in last.mob.slots if isinstance(each.segment, Timecode)]
        assert last.mob.slot_at(last.slot_id).media_kind == kind
        frame = counting.start + last.start + unit / rate * _exact(slot.edit_rate)
        fps, drop = counting.fps, counting.drop
    [locator] = file.descriptor["Locator"].value
    return RawEvent(
        kind, track, master.name, record, clip.start, clip.length, speed, frame, fps, drop, tape,
        locator["URLString"].value, tuple(master.comments.items()), str(master.mob_id),
    )  # fmt: skip


def _mark(slot, marker):
    attributes = {each.name: each.value for each in marker["CommentMarkerAttributeList"].value}
    [described] = marker["DescribedSlots"].value
    assert slot.slot_id == 1000 + described
    return (
        described, marker["Position"].value, attributes["_ATN_CRM_USER"], marker["Comment"].value,
        attributes["_ATN_CRM_COLOR"],
    )  # fmt: skip


def _exact(value):
    return Fraction(value.numerator, value.denominator) if hasattr(value, "denominator") else Fraction(str(value))
