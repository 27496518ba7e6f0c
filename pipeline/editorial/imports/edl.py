"""CMX 3600 edit decision lists of any dialect, as their lines state them.

A list states no frame rate: unless one of ours says it in a comment, or the caller does, events
have no frames, only lines, reels and names. Drop-frame is what the first FCM line says, and for a
label what its own last mark says. The first line of a transition that lasts no frame repeats what
came before and is no event of its own; black (`BL`) is a gap.

The source columns of a backward event (M2 below zero) begin with the frame that plays first, which is its last: so
Final Cut Pro wrote them, and so do we. Where the recording would begin before 00:00:00:00 they can only mean the range
as it lies there. Sound of an event that begins apart from its picture (SPLIT) is a line of its own, with its own
labels.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import ceil
from typing import Any

from pipeline.editorial.imports.edl_counting import Counting, counting_of, spans_of, timecode
from pipeline.editorial.imports.edl_lines import (
    BLACK,
    NOWHERE,
    TABLE_ROW,
    EventLine,
    Group,
    Note,
    Statements,
    event_line,
    looks_like_an_event,
    taken_apart,
)
from pipeline.editorial.imports.edl_marks import locators, resolve_marks
from pipeline.editorial.imports.reading import (
    Kind,
    Problem,
    ReadEvent,
    ReadMark,
    ReadTimeline,
    ReadTransition,
)
from pipeline.editorial.imports.text import decoded, lines_of
from pipeline.errors import TimelineUnreadable, ValueRefused
from pipeline.timecode import Rate, Timecode, TimeRange

FORMAT = "edl"
MOST_EVENTS = 500_000
_MOST_REELS = 20  # that the facts name
_FEW = 200  # lines in which a list shows that it is one
_RATE = re.compile(r"RATE: [\d.]+ FRAMES PER SECOND \((\d{1,7}/\d{1,7})\)")
_SOURCE_RATE = re.compile(r"SOURCE RATE: [\d.]+ \((\d{1,7}/\d{1,7})\), SOURCE IN (\S+)")
_FINAL_CUT_REEL = re.compile(r"FINAL CUT PRO REEL:\s*(.+?)\s+REPLACED BY:")
_REEL_IS_CLIP = re.compile(r"REEL .+ IS CLIP (.+)")
_TENTH = Fraction(1, 10)
_MOTION = re.compile(r"M2\s+(.*?)\s*([+-]?\d{1,6}(?:\.\d{1,4})?)\s+(\d\S*)")
_SPEED = re.compile(r"SPEED: (-?\d{1,9}(?:/[1-9]\d{0,8})?) OF (.+)")  # of our lists: exactly what M2 rounds
_OF_SPEED = re.compile(r"(?:SPEED|TIME ?WARP|RETIME)\b", re.IGNORECASE)
_PATCH = re.compile(r"PATCH (.*?):\s+FROM SOURCE (\d{1,3}) TO RECORD (\d{1,3})")
_SPLIT_LINES = 8  # behind the word, in which the lines of the event stand
_SPEED_LABEL = re.compile(r"EFFECTS? NAME(?: IS|:)\s*(.+)")


def recognises(head: bytes) -> bool:
    """An event or a frame code mode among the first lines, or a title and nothing but comments."""
    lines = [line.strip() for line in lines_of(decoded(head))[:_FEW] if line.strip()]
    if any(line.startswith("FCM:") or event_line(line, 1) for line in lines):
        return True
    return bool(lines) and lines[0].startswith("TITLE:") and all(line.startswith("*") for line in lines[1:])


def read(data: bytes, rate: Rate | None = None) -> ReadTimeline:
    """The list; `rate` is what it counts at where it does not say so itself. Raises TimelineUnreadable."""
    return read_statements(taken_apart(lines_of(decoded(data))), rate)


def read_statements(found: Statements, rate: Rate | None = None) -> ReadTimeline:
    """The same of a list that is taken apart already."""
    events, notes = found.events, found.notes
    if len(events) > MOST_EVENTS:
        raise TimelineUnreadable(f"The list has more than {MOST_EVENTS:,} events; no cut has, so it was not read.")
    title = next((note.text[6:].strip() for note in notes if note.text.startswith("TITLE:")), None)
    modes = [_drops(note.text) for note in notes if note.text.startswith("FCM:")]
    drop = modes[0] if modes else None
    problems = [
        Problem(note.line, "This line looks like an event but cannot be read as one.")
        for note in notes
        if looks_like_an_event(note)
    ]
    stated = next((_stated(match) for note in notes if (match := _RATE.fullmatch(note.text))), None)
    rate = stated or rate
    # Where drop-frame labels are marked, one that is not marked counts every frame: a source of another kind.
    marked = any(";" in event.record_in for event in events)
    counting = counting_of(events, rate, drop_frame=bool(drop) and not marked) if rate else None
    problems += _splits(found.all)
    table = _table(notes)
    parts = [_read_group(group, counting, table, problems) for group in found.groups]
    taken = sorted((event for part in parts for event in part[0]), key=_order)
    placed = {event.line for event in taken}
    ends = [event.record.end for event in taken if event.record]
    return ReadTimeline(
        format=FORMAT,
        title=title or "",
        rate=rate,
        drop_frame=drop,
        start=counting.start if counting else None,
        duration=max(ends, default=None),
        tracks=_tracks(events, taken),
        events=tuple(taken),
        transitions=tuple(each for part in parts for each in part[1]),
        marks=tuple(each for part in parts for each in part[2]),
        facts=(*_facts(events, title, drop=drop), ("rate", str(stated) if stated else None)),
        problems=tuple(problems),
        left_out=tuple(
            Problem(line.line, f"Event {line.number} is on no track: its channels are NONE, and no AUD line names one.")
            for line in events
            if line.line not in placed and line.channels == NOWHERE and line.reel != BLACK
        ),
    )


def _facts(events: Sequence[EventLine], title: str | None, *, drop: bool | None) -> Iterator[tuple[str, Any]]:
    yield "format", FORMAT
    yield "title", title
    yield "drop_frame", drop
    yield "events", len({event.number for event in events})
    yield "event_lines", len(events)
    yield "first_record_timecode", events[0].record_in if events else None
    yield "reels", list(dict.fromkeys(event.reel for event in events if event.reel not in ("", BLACK)))[:_MOST_REELS]


def _order(event: ReadEvent) -> tuple[bool, int, int]:
    return event.kind == "Audio", event.track, event.record.start if event.record else 0


def _drops(text: str) -> bool:
    return text[4:].strip().startswith("DROP")


def _stated(match: re.Match[str]) -> Rate | None:
    try:
        return Rate.parse(match[1])
    except ValueRefused:
        return None


def _tracks(lines: Sequence[EventLine], events: Sequence[ReadEvent]) -> tuple[int, int]:
    """The highest of each kind, black ones counted."""
    videos = [line.channels.video or 0 for line in lines]
    sounds = [event.track for event in events if event.kind == "Audio"]
    sounds += [number for line in lines for number in line.channels.audio]
    return max(videos, default=0), max(sounds, default=0)


def _splits(found: Sequence[EventLine | Note]) -> Iterator[Problem]:
    """Split edits whose picture and sound begin together: SPLIT stands before lines of one number that do not."""
    for place, each in enumerate(found):
        if isinstance(each, Note) and each.text.startswith("SPLIT:"):
            ahead = [line for line in found[place + 1 : place + 1 + _SPLIT_LINES] if isinstance(line, EventLine)]
            if len({line.record_in for line in ahead if line.number == ahead[0].number}) < 2:
                sentence = "No sound begins apart from its picture behind this line; events are read as they stand."
                yield Problem(each.line, sentence)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the table at the end of our own lists."""

    reel: str
    clip: str
    file: str


def _table(notes: Sequence[Note]) -> dict[str, list[_Row]]:
    rows: dict[str, list[_Row]] = {}
    for note in notes:
        if note.text.startswith("REEL ") and (match := TABLE_ROW.fullmatch(note.text)):
            reel = "" if match[2] == "-" else match[2]
            rows.setdefault(match[1], []).append(_Row(reel, match[4], match[5]))
    return rows


_Part = tuple[list[ReadEvent], list[ReadTransition], list[ReadMark]]
_Spans = tuple[TimeRange | None, TimeRange | None]  # on the timeline, and in the source


def _read_group(
    group: Group, counting: Counting | None, table: dict[str, list[_Row]], problems: list[Problem]
) -> _Part:
    marks = list(resolve_marks(group, counting))
    if marks:
        return [], [], marks  # a list of markers: its events are nothing else
    texts = [note.text for note in group.notes]
    extra = tuple(
        int(number) for text in texts if text.startswith("AUD") for number in text.split()[1:]
        if number.isdecimal() and len(number) < 4
    )  # fmt: skip
    made: list[ReadEvent] = []
    transitions: list[ReadTransition] = []
    for at, line in enumerate(group.lines):
        audio = tuple(dict.fromkeys((*line.channels.audio, *extra)))
        tracks: list[tuple[Kind, int]] = [("Video", line.channels.video)] if line.channels.video else []
        tracks += [("Audio", number) for number in audio]
        record, source = spans_of(line, counting, problems)
        if line.effect[0] in "DW" and line.length is not None and record:
            name = next((match[1] for text in texts if (match := _SPEED_LABEL.match(text))), line.effect)
            transitions += [
                ReadTransition(kind, track, record.start, 0, line.length, name, line.line) for kind, track in tracks
            ]
        if line.reel == BLACK or _repeats(line, group) or not tracks:
            continue
        event = _event(line, _said(group, texts, at), (record, source), counting, table)
        located = locators(group, line, counting)
        made += [
            event(kind, track, marks=located, channel=_patched(texts, track) if kind == "Audio" else None)
            for kind, track in tracks
        ]
    problems += _unread(group, {event.track for event in made if event.kind == "Audio"})
    return made, transitions, []


def _patched(texts: Sequence[str], track: int) -> int | None:
    """The channel of the source that a comment of Avid's says to lie on a track of sound."""
    said = _matching(texts, "PATCH ", _PATCH)
    return next((int(match[2]) for match in said if int(match[3]) == track), None)


def _matching(texts: Sequence[str], start: str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    """Those texts that a pattern matches; `start` is how it begins, which most texts do not."""
    return [match for text in texts if text.startswith(start) and (match := pattern.fullmatch(text))]


def _unread(group: Group, tracks: Container[int]) -> Iterator[Problem]:
    """Comments of an event that mean more than was made of it; `tracks` are those of its sound."""
    moving = any(note.text.startswith("M2") and _MOTION.fullmatch(note.text) for note in group.notes)
    number = group.lines[0].number
    for note in group.notes:
        if note.text.startswith("PATCH "):
            patch = _PATCH.fullmatch(note.text)
            if patch is None:
                yield Problem(note.line, f"This comment on the sound of event {number} is not understood.")
            elif int(patch[3]) not in tracks:
                sentence = f"Event {number} has no sound on track {patch[3]}, which this comment speaks of."
                yield Problem(note.line, sentence)
        if note.comment and not moving and _OF_SPEED.match(note.text):
            sentence = f"Event {number} has no M2 line; it is read at normal speed, whatever this comment says."
            yield Problem(note.line, sentence)


def _repeats(line: EventLine, group: Group) -> bool:
    """Whether this is the outgoing side of a transition, which lasts no frame."""
    empty = line.source_in == line.source_out and line.record_in == line.record_out
    return empty and len(group.lines) > 1


@dataclass(frozen=True, slots=True)
class _Texts:
    """What the notes say of one line."""

    name: str
    file: str
    reel: str
    speed: str | None
    exact: Fraction | None
    notes: tuple[str, ...]
    sources: tuple[tuple[Rate, str], ...]


def _said(group: Group, texts: Sequence[str], at: int) -> _Texts:
    """The notes of a group as far as they speak of its line `at`: FROM is the first side of a transition."""
    line = group.lines[at]
    joined = len(group.lines) > 1 and any(each.effect != "C" for each in group.lines)
    second = joined and at > 0
    file_sides = ("TO CLIP:", "TO FILE:") if second else ("FROM CLIP:", "FROM FILE:")
    names = _after(texts, ("TO CLIP NAME:", "KEY CLIP NAME:") if second else ("FROM CLIP NAME:", "CLIP NAME:"))
    if not names and not joined:
        names = _after(texts, ("TO CLIP NAME:",))
    files = _after(texts, file_sides) or _source_file(group, at, _after(texts, ("SOURCE FILE:",)))
    files = files or [match[1] for match in _matching(texts, "REEL ", _REEL_IS_CLIP)]
    reels = [match[1] for text in texts if (match := _FINAL_CUT_REEL.match(text))] if not joined else []
    comments = tuple(text for text in _after(texts, ("COMMENT:",)) if text)
    exact = _matching(texts, "SOURCE RATE: ", _SOURCE_RATE)
    return _Texts(
        name=names[0] if names else "",
        file=files[0] if files else "",
        reel=reels[0] if reels else "",
        speed=_speed(texts, line, group),
        exact=_exact_speed(texts, line),
        notes=comments,
        sources=tuple((rate, match[2]) for match in exact if (rate := _stated(match))),
    )


def _after(texts: Sequence[str], starts: tuple[str, ...]) -> list[str]:
    return [text[len(start) :].strip() for start in starts for text in texts if text.startswith(start)]


def _source_file(group: Group, at: int, files: list[str]) -> list[str]:
    """One source file of two sides belongs to the first that is not black, and to both if they are of one reel."""
    if len(files) > 1 and len(group.lines) > 1:
        return files[at : at + 1]
    shown = [line.reel for line in group.lines if line.reel != BLACK]
    return files if group.lines[at].reel == (shown or [""])[0] else []


def _speed(texts: Sequence[str], line: EventLine, group: Group) -> str | None:
    """The frames per second of the M2 line that names this reel; of several, that which names its source in."""
    found = _matching(texts, "M2", _MOTION)
    own = [match for match in found if match[1] == line.reel] or (found if len(group.lines) == 1 else [])
    own = [match for match in own if match[3] == line.source_in] or (own if len(group.lines) == 1 else [])
    return own[0][2] if own else None


def _exact_speed(texts: Sequence[str], line: EventLine) -> Fraction | None:
    """The speed that a comment of our lists gives exactly."""
    found = _matching(texts, "SPEED: ", _SPEED)
    return next((Fraction(match[1]) for match in found if match[2] == line.reel), None)


def _event(
    line: EventLine, texts: _Texts, spans: _Spans, counting: Counting | None, table: dict[str, list[_Row]]
) -> partial[ReadEvent]:
    """What an event is on each of its tracks; `spans` as its columns have them."""
    rows = [row for row in table.get(line.reel, ()) if row.file.replace("\\", "/").endswith(texts.name)]
    row = rows[0] if len({row.clip for row in rows}) == 1 else None
    rate = counting.rate if counting else None
    own = _own_label(line, texts, counting) if counting else None
    speed = _played(texts, rate) if rate else Fraction(1)
    record, source = spans
    if own and rate and record:
        source = _own_source(own, record, speed, rate)
    if speed < 0 and source and record and rate:
        source = _backward(source, record, speed, (own.rate if own else rate, rate))
    return partial(
        ReadEvent,
        record=record,
        source=source,
        rate=own.rate if own else rate,
        drop_frame=own.drop_frame if own else ";" in line.source_in or (bool(counting and counting.drop_frame) or None),
        name=texts.name,
        file=texts.file or (row.file if row else ""),
        reel=texts.reel or line.reel,
        id=row.clip if row else "",
        speed=speed,
        log=tuple(("note", text) for text in texts.notes),
        line=line.line,
        number=line.number,
    )


def _played(texts: _Texts, rate: Rate) -> Fraction:
    """Source frames for each of the timeline: by M2, and exactly where our own comment agrees with that."""
    if texts.speed is None:
        return Fraction(1)
    stated = Fraction(texts.speed)
    agrees = texts.exact is not None and abs(texts.exact * rate.nominal - stated) <= _TENTH
    return texts.exact if agrees and texts.exact is not None else stated / rate.nominal


def _own_label(line: EventLine, texts: _Texts, counting: Counting) -> Timecode | None:
    """Where an event begins as its source counts, which our lists name beside the scaled label if rates differ.

    Of a transition's two sides, and in a list that was edited since, a comment holds only where both labels agree.
    """
    for rate, text in texts.sources:
        try:
            own = timecode(text, rate, drop_frame=False)
        except ValueRefused:
            continue
        if _figures(str(own.conformed(counting.rate))) == _figures(line.source_in):
            return own
    return None


def _figures(label: str) -> str:
    return "".join(filter(str.isdecimal, label))


def _backward(source: TimeRange, record: TimeRange, speed: Fraction, rates: tuple[Rate, Rate]) -> TimeRange:
    """What a backward event takes: up to the frame that its columns begin with; `rates` of source and timeline."""
    taken = max(1, ceil(record.duration * -speed * rates[0].fraction / rates[1].fraction))
    first = source.start - taken + 1
    return TimeRange(first, taken) if first >= 0 else source


def _own_source(own: Timecode, record: TimeRange, speed: Fraction, rate: Rate) -> TimeRange:
    """What an event takes of its source, in frames of that."""
    return TimeRange(own.frame, ceil(record.duration * (abs(speed) or 1) * own.rate.fraction / rate.fraction))
