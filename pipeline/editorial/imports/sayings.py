"""What an editor's timeline says of the clips it shows: titles, log fields, marks, as entries for the log.

Only what the log does not say already becomes an entry, so that a cut of ours which comes back
unchanged says nothing. Nothing here weighs sources: that is the log's (shotlog/standing.py).
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from pipeline.clip import LoggedClip, Saying
from pipeline.clip import shown as name_of
from pipeline.editorial.imports.known import file_keys, name_keys
from pipeline.editorial.imports.matching import Match
from pipeline.editorial.imports.reading import ReadEvent, ReadMark, ReadTimeline
from pipeline.editorial.shots import named
from pipeline.errors import ValueRefused
from pipeline.fields import BY_NAME, FIELDS, Field
from pipeline.shotlog.folding import fold
from pipeline.shotlog.standing import MARK
from pipeline.shotlog.values import normal
from pipeline.timecode import TimeRange

SOURCE = "editor"
# Log fields by what editors call their columns, folded to letters and figures.
_COLUMNS: dict[str, str] = {
    **{"".join(filter(str.isalnum, fold(field.title))): field.name for field in FIELDS if field.origin == "log"},
    **{field.name: field.name for field in FIELDS if field.origin == "log"},
    "comments": "note",
    "comment": "note",
    "keyword": "tag",
    "keywords": "tag",
}
_WORDS = ("subject", "location", "tag")  # what our exports write as keywords
_UNNAMED = re.compile(r"(?:marker|mark)? ?\d*", re.IGNORECASE)  # what editors call a marker that nobody named
_FAVOURITES = {"favorite": "yes", "reject": "no", "rejected": "no"}
_FAVOURITE = "4"
_SEVERAL = re.compile(r"\s*,\s*")


@dataclass(frozen=True, slots=True)
class Said:
    """An entry to be: of which clip, what, and where the file says so."""

    clip: str
    saying: Saying


@dataclass(frozen=True, slots=True)
class Heard:
    """What is to be logged, and a sentence for each thing that cannot be."""

    said: tuple[Said, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """An event with the clip that it was found to show, and the log of that clip."""

    event: ReadEvent
    match: Match
    logged: LoggedClip


@dataclass(slots=True)
class _Hearing:
    """A file under way: what cannot be logged, and which marks of the log are `there` in it, by clip.

    `alone` are markers of the timeline that stand on no clip that was found.
    """

    file: str
    timeline: ReadTimeline
    refused: list[str]
    there: set[tuple[str, TimeRange | None]]
    alone: list[str]


def sayings_of(file: str, timeline: ReadTimeline, matches: Sequence[Match], log: Mapping[str, LoggedClip]) -> Heard:
    """What a timeline says that the log does not; `log` holds the clips that were found, by id."""
    shown = [
        _Shown(event, match, log[match.clip.id])
        for event, match in zip(timeline.events, matches, strict=True)
        if match.clip and match.clip.id in log
    ]
    refused: list[str] = []
    hearing = _Hearing(file, timeline, refused, set(), [])
    marks = list(_marks(shown, hearing))
    marks = [each for each in marks if each.saying.op != "clear" or (each.clip, each.saying.range) not in hearing.there]
    if hearing.alone:
        refused.append(
            f"Markers that stand on no clip that was found, kept with the cut alone: {named(hearing.alone)}."
        )
    said = [*_titles(shown, file), *_fields(shown, file, refused), *marks]
    once = {
        (each.clip, each.saying.field, each.saying.op, each.saying.value, each.saying.range): each
        for each in reversed(said)
    }
    return Heard(tuple(reversed(once.values())), tuple(dict.fromkeys(refused)))


def _where(file: str, line: int | None) -> str:
    return f"{file}, line {line}" if line else file


# --- names and fields -----------------------------------------------------------------------------


def _titles(shown: Sequence[_Shown], file: str) -> Iterator[Said]:
    """The first name of each clip that is neither its own, nor that of its file or reel."""
    named: set[str] = set()
    for each in shown:
        event, clip = each.event, each.logged.clip
        files = (name_of(part.path) for part in clip.parts)
        own = {*name_keys(clip.name), *file_keys(event.file), *name_keys(event.reel)}
        own |= {key for file_name in files for key in file_keys(file_name)}
        title = " ".join(event.name.split())
        if not title or clip.id in named or own & set(name_keys(title)):
            continue
        named.add(clip.id)
        if title != each.logged.values.get("title"):
            yield Said(clip.id, Saying("title", title, SOURCE, detail=_where(file, event.line)))


def _fields(shown: Sequence[_Shown], file: str, refused: list[str]) -> Iterator[Said]:
    """Each value of a clip once, and of a field that holds one value the first."""
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in shown:
        clip = each.logged.clip
        for field, value in _values(each, refused):
            before = said[clip.id, field.name]
            if value in before:
                continue
            if before and not field.many:
                refused.append(f"{clip.name} has several values for {field.name}; '{value}' is left out.")
                continue
            before.append(value)
            op: Literal["add", "set"] = "add" if field.many else "set"
            yield Said(clip.id, Saying(field.name, value, SOURCE, op, _where(file, each.event.line)))


def _values(shown: _Shown, refused: list[str]) -> Iterator[tuple[Field, str]]:
    """What the columns of an event say that the log does not."""
    for column, text in shown.event.log:
        named = _field(column)
        if named is None or not text.strip():
            continue
        field, said = _favourite(named, text.strip())
        for value in _SEVERAL.split(said) if field.many else [said]:
            try:
                tidy = normal(field, value)
            except ValueRefused as refusal:
                refused.append(f"{shown.logged.clip.name}: {refusal.sentence}")
                continue
            if not _is_said(shown.logged, field, tidy) and not (column == "keyword" and _is_word(shown.logged, tidy)):
                yield field, tidy


def _field(column: str) -> Field | None:
    name = _COLUMNS.get("".join(filter(str.isalnum, fold(column))), _COLUMNS.get(column, ""))
    return BY_NAME.get(name) if name else None


def _favourite(field: Field, text: str) -> tuple[Field, str]:
    """Final Cut rates by favourites and rejects: a favourite is a circled take, a reject one that is not."""
    if field.name == "rating" and (stars := _FAVOURITES.get(text.casefold())):
        return BY_NAME["circled"], stars
    return field, text


def _is_word(logged: LoggedClip, value: str) -> bool:
    """Whether the log says under any of its words what came as a keyword."""
    return any(_is_said(logged, BY_NAME[name], value) for name in _WORDS)


def _is_said(logged: LoggedClip, field: Field, value: str) -> bool:
    now = logged.values.get(field.name)
    if field.name == "circled" and value == "yes" and str(logged.values.get("rating") or 0) >= _FAVOURITE:
        return True  # what our own exports write of a high rating
    if isinstance(now, tuple):
        return fold(value) in {fold(each) for each in now}
    return now is not None and normal_text(str(now)) == normal_text(value)


def normal_text(text: str) -> str:
    return " ".join(text.split())


# --- marks ----------------------------------------------------------------------------------------


def _marks(shown: Sequence[_Shown], hearing: _Hearing) -> Iterator[Said]:
    for each in shown:
        for mark in each.event.marks:
            yield from _mark(mark, each, hearing)
    for mark in hearing.timeline.marks:
        under = _shown_at(mark, shown)
        if under is None:
            hearing.alone.append(_text(mark) or "without a name")
        else:
            yield from _mark(replace(mark, source=None), under, hearing)


def _shown_at(mark: ReadMark, shown: Sequence[_Shown]) -> _Shown | None:
    """The clip on the highest picture track at a marker of the timeline."""
    if mark.record is None:
        return None
    there = [
        each
        for each in shown
        if each.event.enabled and each.event.record
        and each.event.record.start <= mark.record.start < each.event.record.end
    ]  # fmt: skip
    return max(there, key=lambda each: (each.event.kind == "Video", each.event.track), default=None)


def _mark(mark: ReadMark, shown: _Shown, hearing: _Hearing) -> Iterator[Said]:
    """A marker as a marked range; one of the log that was made shorter or longer goes."""
    timeline = hearing.timeline
    clip, text = shown.logged.clip, _text(mark)
    span = _place(mark, shown, timeline)
    if span is None or not clip.frames or not 0 <= span.start < clip.frames:
        hearing.refused.append(f"{clip.name}: the marker '{text or 'without a name'}' lies outside of the clip.")
        return
    span = TimeRange(span.start, max(1, min(span.duration, clip.frames - span.start)))
    length, slack = mark.source or mark.record or span, _slack(shown, timeline)
    called = [known for known in shown.logged.markers if not text or text in _texts_of(known.note, known.subject)]
    same = [each for each in called if _is_near(each.range, span, shown, slack=slack, point=length.duration <= 1)]
    if same:
        hearing.there |= {(clip.id, each.range) for each in same}
        return
    where = _where(hearing.file, mark.line or shown.event.line)
    was = next((each for each in called if text and _was(each.range, span, shown, slack)), None)
    if was is not None:
        yield Said(clip.id, Saying(MARK, "", SOURCE, "clear", where, range=was.range))
    yield Said(clip.id, Saying(MARK, "", SOURCE, detail=where, range=span))
    texts = (("note", was.note), ("subject", was.subject)) if was is not None else (("note", text),)
    yield from (Said(clip.id, Saying(name, said, SOURCE, detail=where, range=span)) for name, said in texts if said)


def _was(known: TimeRange, span: TimeRange, shown: _Shown, slack: int) -> bool:
    """Whether a marker is one of the log made shorter or longer: all of that was shown, and one end still is there."""
    seen = shown.match.range or span
    ends = abs(known.start - span.start) <= slack or abs(known.end - span.end) <= slack
    return ends and known.within(seen) == known


def _is_near(known: TimeRange, span: TimeRange, shown: _Shown, *, slack: int, point: bool) -> bool:
    """Whether a marker lies where the log has it, as far as the event shows it; a point says nothing of a length."""
    seen = shown.match.range or span
    if known.within(seen).duration and span.within(seen).duration:
        known, span = known.within(seen), span.within(seen)
    return abs(known.start - span.start) <= slack and (point or abs(known.duration - span.duration) <= slack)


def _slack(shown: _Shown, timeline: ReadTimeline) -> int:
    """By how many frames of the clip scaling to a list and back, down each way, moves a marker."""
    own, speed = shown.logged.clip.rate, abs(shown.event.speed)
    rates = {rate.fraction for rate in (own, shown.event.rate, timeline.rate) if rate}
    if own is None or (len(rates) == 1 and speed == 1):
        return 0
    return max(1, ceil(speed * own.fraction / min(rates)))


def _texts_of(note: str, subject: str) -> set[str]:
    """What our own exports call such a marker."""
    texts = {note, subject, f"{subject}: {note}", f"{note}: {subject}", f"{subject}, {note}"}
    return {normal_text(text) for text in texts}


def _text(mark: ReadMark) -> str:
    name, note = normal_text(mark.name), normal_text(mark.note)
    if _UNNAMED.fullmatch(name) or name == note:
        name = ""
    return ": ".join(filter(None, (name, note)))


def _place(mark: ReadMark, shown: _Shown, timeline: ReadTimeline) -> TimeRange | None:
    """The frames of the clip that a marker stands on."""
    event, span, own = shown.event, shown.match.range, shown.logged.clip.rate
    if span is None or own is None:
        return None
    if mark.source is not None and event.source is not None:
        scale = own.fraction / (event.rate or own).fraction
        return _scaled(mark.source.start - event.source.start, mark.source.duration, scale, span.start)
    if mark.record is None or event.record is None or timeline.rate is None:
        return None
    ahead, scale = mark.record.start - event.record.start, own.fraction / timeline.rate.fraction
    if event.speed < 0:
        return TimeRange(max(0, span.end - 1 - floor(ahead * -event.speed * scale)), 1)
    return _scaled(ahead, mark.record.duration, event.speed * scale, span.start)


def _scaled(ahead: int, length: int, scale: Fraction, begin: int) -> TimeRange | None:
    first = begin + floor(ahead * scale)
    return TimeRange(first, max(1, floor(length * scale))) if first >= 0 else None
