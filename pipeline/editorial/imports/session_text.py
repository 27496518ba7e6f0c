"""Pro Tools session text: its head, the clips on its tracks, its markers; any time format and choice of sections.

Positions are read where they are timecode or samples; feet, minutes and bars name no frame. The text
says where a clip lies on the timeline and never what of its file it takes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pipeline.editorial.imports.reading import ReadEvent, ReadMark, ReadTimeline
from pipeline.editorial.imports.text import decoded, lines_of
from pipeline.errors import TimelineUnreadable, ValueRefused
from pipeline.timecode import Rate, Timecode, TimeRange

FORMAT = "protools-session-text"
MOST_EVENTS = 500_000
_FIRST = "SESSION NAME:"
_TIMECODE_FORMAT = re.compile(r"(\d{2,3}(?:\.\d{1,3})?) (Drop )?Frame", re.IGNORECASE)
_LABEL = re.compile(r"(\d{1,2}:\d{2}:\d{2}[:;]\d{2,3})(?:\.\d{1,3})?")  # hundredths of a frame, where shown
_COUNT = re.compile(r"\d{1,9}")
_SAMPLES = re.compile(r"\d{1,14}")
_MARKERS = ["#", "LOCATION"]
_FADE = re.compile(r"\((?:fade (?:in|out)|cross ?fade)\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Head:
    fields: Mapping[str, str]

    def text(self, name: str) -> str | None:
        return self.fields.get(name)

    def count(self, name: str) -> int | None:
        match = _COUNT.match(self.fields.get(name, ""))
        return int(match[0]) if match else None


@dataclass(frozen=True, slots=True)
class _Counting:
    """What positions are counted from and at."""

    start: Timecode
    sample_rate: int | None

    def frame(self, text: str) -> int | None:
        """Frames from the start of the session; samples are rounded down to a frame."""
        if match := _LABEL.fullmatch(text):
            try:
                at = Timecode.parse(match[1], self.start.rate, drop_frame=self.start.drop_frame)
            except ValueRefused:
                return None
            return (at + -self.start.frame).frame
        if self.sample_rate and _SAMPLES.fullmatch(text):
            return self.start.rate.frames(Fraction(int(text), self.sample_rate))
        return None

    def span(self, begin: str, end: str) -> TimeRange | None:
        first, last = self.frame(begin), self.frame(end)
        return TimeRange(first, last - first) if first is not None and last is not None and last >= first else None


def recognises(head: bytes) -> bool:
    return _decoded(head).lstrip().startswith(_FIRST)


def read(data: bytes) -> ReadTimeline:
    """The session. Raises TimelineUnreadable for more clips than a session holds."""
    lines = lines_of(_decoded(data))
    head = _head(lines)
    rate, drop = _rate(head.text("TIMECODE FORMAT"))
    counting = _counting(head, rate, drop_frame=bool(drop))
    events = list(_events(lines, counting))
    ends = [event.record.end for event in events if event.record]
    return ReadTimeline(
        format=FORMAT,
        title=head.text("SESSION NAME") or "",
        rate=rate,
        drop_frame=drop,
        start=counting.start if counting else None,
        duration=max(ends, default=None),
        tracks=(0, head.count("# OF AUDIO TRACKS") or 0),
        events=tuple(events),
        marks=tuple(_marks(lines, counting)),
        facts=tuple(_facts(head, rate, drop=drop)),
    )


def _decoded(data: bytes) -> str:
    """Pro Tools on a Mac writes Mac Roman where it is not told to write Unicode."""
    return decoded(data, otherwise="mac_roman")


def _head(lines: Sequence[str]) -> _Head:
    """`NAME:<tab>value` up to the first empty line."""
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":\t")
        if not colon:
            break
        fields.setdefault(name.strip(), value.strip(" \t"))
    return _Head(fields)


def _rate(text: str | None) -> tuple[Rate | None, bool | None]:
    match = _TIMECODE_FORMAT.match(text or "")
    if match is None:
        return None, None
    try:
        return Rate.parse(match[1]), bool(match[2])
    except ValueRefused:
        return None, bool(match[2])


def _sample_rate(head: _Head) -> int | None:
    text = head.text("SAMPLE RATE") or ""
    whole = text.partition(".")[0]
    return int(whole) if _COUNT.fullmatch(whole) and int(whole) else None


def _counting(head: _Head, rate: Rate | None, *, drop_frame: bool) -> _Counting | None:
    match = _LABEL.fullmatch(head.text("SESSION START TIMECODE") or "")
    if match is None or rate is None:
        return None
    try:
        return _Counting(Timecode.parse(match[1], rate, drop_frame=drop_frame), _sample_rate(head))
    except ValueRefused:
        return None


def _facts(head: _Head, rate: Rate | None, *, drop: bool | None) -> Iterator[tuple[str, Any]]:
    start = head.text("SESSION START TIMECODE")
    match = _LABEL.fullmatch(start or "")
    yield "format", FORMAT
    yield "title", head.text("SESSION NAME")
    yield "rate", str(rate) if rate else None
    yield "drop_frame", drop
    yield "start_timecode", match[1] if match else start
    yield "sample_rate", _sample_rate(head)
    yield "audio_tracks", head.count("# OF AUDIO TRACKS")
    yield "audio_clips", head.count("# OF AUDIO CLIPS")


def _events(lines: Sequence[str], counting: _Counting | None) -> Iterator[ReadEvent]:
    """Rows of the track list: channel, event, clip, start, end, duration. Fades are no clips."""
    files = _files(lines)
    track, listing, found = 0, False, 0
    for number, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        if cells[0] == "TRACK NAME:":
            track, listing = track + 1, False
        if cells[:2] == ["CHANNEL", "EVENT"]:
            listing = True
        elif cells[:2] == _MARKERS:
            return
        elif listing and len(cells) >= 6 and _COUNT.fullmatch(cells[0]) and _COUNT.fullmatch(cells[1]):
            found += 1
            if found > MOST_EVENTS:
                raise TimelineUnreadable(f"The session has more than {MOST_EVENTS:,} clips, so it was not read.")
            if not _FADE.fullmatch(cells[2]):
                file = files.get(cells[2], "")
                record = counting.span(cells[3], cells[4]) if counting else None
                yield ReadEvent("Audio", track, record, name=cells[2], file=file, channel=int(cells[0]), line=number)


def _files(lines: Sequence[str]) -> dict[str, str]:
    """The source file of each clip, from the lists of clips online and offline."""
    files: dict[str, str] = {}
    listing = False
    for line in lines:
        cells = [cell.strip() for cell in line.split("\t")]
        if cells[0] == "CLIP NAME":
            listing = True
        elif len(cells) < 2:
            listing = False
        elif listing:
            files[cells[0]] = cells[1]
    return files


def _marks(lines: Sequence[str], counting: _Counting | None) -> Iterator[ReadMark]:
    """Rows of the marker list; columns are found by their headings, names may hold line ends and stay as begun."""
    columns: list[str] = []
    for number, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        if cells[:2] == _MARKERS:
            columns = cells
        elif columns and _COUNT.fullmatch(cells[0]) and len(cells) > 4:
            said = dict(zip(columns, cells, strict=False))
            at = counting.frame(said["LOCATION"]) if counting else None
            record = TimeRange(at, 1) if at is not None else None
            yield ReadMark(said.get("NAME", ""), said.get("COMMENTS", ""), record=record, line=number)
