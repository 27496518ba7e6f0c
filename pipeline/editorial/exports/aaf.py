"""AAF for Avid Media Composer, and for Resolve and Premiere Pro: the cut as mobs, by the AAF Edit Protocol.

One composition: timecode first, a slot for each track of pictures and for each channel of sound, all at the rate of
the cut, as Avid counts. Gaps are filler; a transition lies over the end of one clip and the beginning of the next,
so that both are longer by it. Speed is Avid's motion effect, with its ratio and its map of offsets.

Elsewhere than in that map, a place in a file can only be named in frames of the cut: where a file runs at another rate,
an in-point between two of them begins with the earlier one. Written by our own lines (aaf_objects.py) with the
definitions of pyaaf2: through pyaaf2 10,000 clips take minutes, and the adapter of OTIO knows one rate, no proxies and
no log.
"""

import struct
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, lcm
from typing import NamedTuple

from opentimelineio.schema import Timeline

from pipeline.editorial.aaf_model import (
    COMPOSITION_MOB,
    CONSTANT_VALUE,
    CONTENT_STORAGE,
    CONTROL_POINT,
    LEVEL,
    LINEAR,
    OPERATION_GROUP,
    PICTURE,
    SEQUENCE,
    SOUND,
    SOUND_DISSOLVE,
    SPEED_CONTROL,
    SPEED_OFFSET_MAP,
    SPEED_RATIO,
    TOP_LEVEL,
    TRANSITION,
    VARYING_VALUE,
    VIDEO_DISSOLVE,
    Pid,
)
from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.aaf_head import Head, head
from pipeline.editorial.exports.aaf_marks import Marked, marker_slots
from pipeline.editorial.exports.aaf_mobs import (
    File,
    component,
    file_of,
    filler,
    mob,
    mobs_of,
    plain,
    source_clip,
    timecode,
    timeline_slot,
    umid,
)
from pipeline.editorial.exports.aaf_objects import (
    LARGEST,
    keyed,
    made,
    number,
    one,
    rational,
    rational_value,
    raw,
    vector,
    weak,
)
from pipeline.editorial.exports.compound import Folder, compound_file
from pipeline.editorial.exports.events import (
    Event,
    EventTrack,
    EventTransition,
    Held,
    Mark,
    Sheet,
    held_by,
    sheet_of,
    taken_frames,
)
from pipeline.editorial.exports.reels import reel_table
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, linked
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, TimeRange

_KIND = bytes.fromhex("0102010d00020000060e2b3403020101")  # that the head of an AAF names
_TAPE_LETTERS = 32  # that Avid keeps of a tape's name
_FIRST_TRACK = 2  # slot 1 is the timecode


def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.aaf` with the originals, or the proxies where asked for."""
    with unswept():
        timeline, unlinked = linked(timeline, options)
        sheet = sheet_of(timeline)
        lost = Losses()
        files = _files(sheet, options.reels, lost)
        top = _Cut(sheet, files, head(), lost)
        try:
            mobs = [top.composition(), *mobs_of(list(dict.fromkeys(files.values())), top.head)]
            content = made(CONTENT_STORAGE, (), [keyed(Pid.MOBS, mobs, Pid.MOB_ID)])
            data = compound_file(top.head.with_content(content), _KIND)
        except struct.error:
            raise ExportRefused(
                "aaf: A frame rate, length or text is larger than AAF's fields; export for another suite (--for)."
            ) from None
    return Written((WrittenFile(".aaf", data),), (*unlinked, *sheet.losses, *lost.sentences(), *_always_lost(options)))


def _always_lost(options: ExportOptions) -> Iterator[str]:
    others = "originals" if options.media == "proxy" else "proxies"
    yield f"An AAF links one file for each clip: {others} are in the .otio."


def _files(sheet: Sheet, reels: frozenset[tuple[str, str]], lost: Losses) -> dict[Source, File]:
    """The file of each source; sources of one clip at one path (parts in one proxy) are one file."""
    held = held_by(sheet)
    tapes = reel_table(held, reels, length=_TAPE_LETTERS)
    groups: dict[tuple[str, str | Source], dict[Source, Held]] = defaultdict(dict)
    for source, own in held.items():
        groups[source.clip, source.path or source][source] = own
        _note_losses(source, sheet.start.rate, lost)
    found = {}
    for parts in groups.values():
        first = next(iter(parts))
        file = file_of(first, _together(parts.values()), tapes[first].short)
        found.update(dict.fromkeys(parts, file))
    return found


def _together(parts: Iterable[Held]) -> Held:
    """What several sources give of one file."""
    each = list(parts)
    begin = min(part.span.start for part in each)
    streams = max((part.streams for part in each), key=sum)
    return Held(
        any(part.picture for part in each), streams, TimeRange(begin, max(part.span.end for part in each) - begin)
    )


def _note_losses(source: Source, rate: Rate, lost: Losses) -> None:
    name = plain(source.name)
    if any(plain(each) != each for each in (source.name, *source.log.values())):
        lost.add("Control characters and line ends in names and the log, replaced by spaces", name)
    if not source.timed:
        lost.add("Clips without timecode, to be linked by name and place", name)
    if source.path is None:
        lost.add("Paths of clips out of reach, to be linked by tape and timecode, or by name", name)
    if source.rate != rate:
        lost.add(f"Mixed rates: in-points are counted at {rate.label()}, from the frame that has begun", name)


class _Part(NamedTuple):
    """What lies between two cuts of a track; `event` is None in a gap."""

    record: TimeRange
    event: Event | None


class _Line(NamedTuple):
    """A slot of the composition: a track of pictures, or one channel of a track of sound (from 1)."""

    name: str
    number: int
    track: EventTrack
    data: bytes
    channel: int


@dataclass(frozen=True, slots=True)
class _Cut:
    """The composition as it is made."""

    sheet: Sheet
    files: dict[Source, File]
    head: Head
    lost: Losses

    @property
    def rate(self) -> Rate:
        return self.sheet.start.rate

    @property
    def end(self) -> int:
        return max((event.record.end for track in self.sheet.tracks for event in track.events), default=0)

    def composition(self) -> tuple[bytes, Folder]:
        start, name = self.sheet.start, plain(self.sheet.name)
        counting = timecode(TimeRange(start.frame, self.end), self.rate, drop_frame=start.drop_frame, head=self.head)
        slots = [timeline_slot(1, "TC1", 1, self.rate, counting)]
        said: dict[Mark, None] = {}
        marked: list[Marked] = [(1, 1, self.sheet.marks)]
        for slot, line in enumerate(_lines(self.sheet), start=_FIRST_TRACK):
            slots.append(timeline_slot(slot, line.name, line.number, self.rate, self._sequence(line)))
            own = [mark for event in line.track.events for mark in event.marks if mark not in said]
            said.update(dict.fromkeys(own))
            marked.append((slot, line.number, own))
        slots += marker_slots(marked, self.rate, self.head, self.lost)
        key = umid("cut", name, str(start), *self._contents())
        return key, mob(COMPOSITION_MOB, key, name, [vector(Pid.SLOTS, slots)], usage=TOP_LEVEL)

    def _contents(self) -> Iterator[str]:
        """What makes this cut another one than the next of its name."""
        for track in self.sheet.tracks:
            for event in track.events:
                yield f"{self.files[event.source].mob.hex()} {event.source_in} {event.record} {event.speed}"

    def _sequence(self, line: _Line) -> Folder:
        """The parts of a line one after the other, with the transitions between them."""
        cuts = {each.at: each for each in line.track.transitions}
        parts = list(_parts([event for event in line.track.events if event.channels >= line.channel], cuts, self.end))
        components = []
        for place, part in enumerate(parts):
            into = cuts.get(part.record.start) if place else None
            out = cuts.get(part.record.end) if place + 1 < len(parts) else None
            components.append(self._component(part, line, into.before if into else 0, out.after if out else 0))
            if out is not None:
                components.append(self._transition(out, line))
        held = [vector(Pid.COMPONENTS, components)]
        return made(SEQUENCE, component(line.data, self.end, self.head), held)

    def _component(self, part: _Part, line: _Line, head: int, tail: int) -> Folder:
        """A part with the frames that transitions show before and after it."""
        length, event = part.record.duration + head + tail, part.event
        if event is None:
            return filler(line.data, length, self.head)
        file = self.files[event.source]
        slot = file.slot(sum(file.held.streams[: event.stream - 1]) + line.channel if line.channel else 0)
        if event.speed == 1:
            start = max(0, file.since_start(event.source_in, self.rate) - head)
            return source_clip(line.data, length, (file.mob, slot, start), self.head)
        if line.channel:
            self.lost.add("Speeds of sound, as the effect that Avid knows for pictures", plain(event.source.name))
        return self._sped(event, line, slot, head=head, length=length)

    def _sped(self, event: Event, line: _Line, slot: int, *, head: int, length: int) -> Folder:
        """An event of another speed, `head` of its `length` shown before it.

        The clip holds whole units; what a transition shows before a cut may begin inside of one, as the map says.
        """
        file, speed = self.files[event.source], event.speed
        edge = event.source_in + (taken_frames(event, self.rate) if speed < 0 else 0)
        begin = _storable(file.place(edge, self.rate), speed, length) - head * speed
        end = begin + length * speed
        start = floor(min(begin, end))
        clip = source_clip(line.data, ceil(max(begin, end)) - start or 1, (file.mob, slot, start), self.head)
        first = begin - start - (1 if speed < 0 else 0)  # backwards, a unit is entered by its end
        return self._effect(line.data, length, SPEED_CONTROL, self._speed(speed, length, first), (clip,))

    def _speed(self, speed: Fraction, length: int, first: Fraction) -> list[tuple[bytes, Folder]]:
        """The ratio of length shown to length taken, and the map of frames shown to frames taken from `first` on."""
        ratio = [
            raw(Pid.PARAMETER, SPEED_RATIO),
            rational_value(Pid.CONSTANT, 1 / speed if speed else Fraction(length)),
        ]
        points = ((Fraction(0), first), (Fraction(length), first + speed * length))
        return [(SPEED_RATIO, made(CONSTANT_VALUE, ratio)), self._straight(SPEED_OFFSET_MAP, points)]

    def _transition(self, transition: EventTransition, line: _Line) -> Folder:
        """A dissolve; from and to black it is one with filler."""
        if transition.wipe is not None:
            self.lost.add("Wipes, written as dissolves", transition.name)
        length = transition.before + transition.after
        level = self._straight(LEVEL, ((Fraction(0), Fraction(0)), (Fraction(1), Fraction(1))))
        effect = self._effect(line.data, length, SOUND_DISSOLVE if line.channel else VIDEO_DISSOLVE, [level])
        properties = (*component(line.data, length, self.head), number(Pid.CUT_POINT, transition.before))
        return made(TRANSITION, properties, [one(Pid.TRANSITION_EFFECT, effect)])

    def _effect(
        self, data: bytes, length: int, operation: bytes, parameters: list[tuple[bytes, Folder]],
        inputs: Sequence[Folder] = (),
    ) -> Folder:  # fmt: skip
        properties = (*component(data, length, self.head), weak(Pid.OPERATION, self.head.operations, operation))
        held = [keyed(Pid.PARAMETERS, parameters, Pid.PARAMETER)]
        return made(OPERATION_GROUP, properties, [vector(Pid.INPUTS, inputs), *held] if inputs else held)

    def _straight(
        self, parameter: bytes, points: tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]
    ) -> tuple[bytes, Folder]:
        """A parameter that runs straight from one point to the other."""
        properties = [raw(Pid.PARAMETER, parameter), weak(Pid.INTERPOLATION, self.head.interpolations, LINEAR)]
        made_points = [
            made(CONTROL_POINT, [rational(Pid.POINT_TIME, time), rational_value(Pid.POINT_VALUE, value)])
            for time, value in points
        ]
        return parameter, made(VARYING_VALUE, properties, [vector(Pid.POINTS, made_points)])


def _lines(sheet: Sheet) -> Iterator[_Line]:
    for place, track in enumerate(sheet.of_kind("Video"), start=1):
        yield _Line(f"V{place}", place, track, PICTURE, 0)
    place = 0
    for track in sheet.of_kind("Audio"):
        for channel in range(1, max((event.channels for event in track.events), default=1) + 1):
            place += 1
            yield _Line(f"A{place}", place, track, SOUND, channel)


def _storable(place: Fraction, speed: Fraction, length: int) -> Fraction:
    """The place, or a hair behind it where a map from there on needs larger numbers than AAF's fractions have."""
    finest = LARGEST // (ceil(length * abs(speed)) + 2)
    if lcm(place.denominator, speed.denominator) <= finest:
        return place
    parts = max(1, finest // speed.denominator) * speed.denominator
    return Fraction(ceil(place * parts), parts)


def _parts(events: Sequence[Event], cuts: Container[int], end: int) -> Iterator[_Part]:
    """Events and the gaps between them; a gap without length where a transition needs one side more."""
    place = 0
    for event in events:
        begin = event.record.start
        if begin > place or (begin == 0 and 0 in cuts):
            yield _Part(TimeRange(place, begin - place), None)
        yield _Part(event.record, event)
        place = event.record.end
    if place < end or place in cuts:
        yield _Part(TimeRange(place, end - place), None)
