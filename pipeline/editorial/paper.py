"""A paper edit: a text in which each line is a clip, a range of it and a note, and becomes a shot.

    # what stands behind a hash is for people
    [Morning in Kaptagat]
    2c964df2  11:20:00:10 11:20:01:00  | he looks up
    "Coach interview/C0002.MP4"  0:05 - 0:12

A clip is named by the beginning of its id, its file name (with or without suffix), card/name or its path; a name with
spaces may stand in quotes. A range is two timecodes of the clip, two times from its head (0:05, 1:02:03.5, 12s) or two
frames (48), the second left out; `start` and `end` are the clip's. Without one the whole clip is meant. The title of a
section stands in square brackets. What is written here is read here as the same shots.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from pipeline.clip import Clip, LoggedClip, shown
from pipeline.editorial.shots import Media, Shot, counted, named
from pipeline.errors import RushesError, ValueRefused
from pipeline.timecode import Rate, Timecode, TimeRange, frames_per_day

MOST_LINES = 100_000
_WIDEST = 60  # characters up to which handles are lined up
NO_FILES = Media(())
_LABEL = r"\d{1,2}:\d{2}:\d{2}[:;]\d{2,3}"
_CLOCK = r"(?:\d{1,3}:)?\d{1,3}:\d{2}(?:\.\d{1,9})?"
_TIME = rf"(?:{_LABEL}|{_CLOCK}|\d{{1,9}}(?:\.\d{{1,9}})?s|\d{{1,12}}|start|end)"
_RANGE = re.compile(rf"(?:^|\s)({_TIME})(?:\s*(?:-|\u2013|\u2014|\.\.|\bto\b)\s*|\s+)({_TIME})(?=\s|$)", re.IGNORECASE)
_HEADING = re.compile(r"\[(.*)\]")
_BREAKS = re.compile(r"\s+")


class Line(NamedTuple):
    """A line that names a shot, as it was typed; `first` and `last` are empty for the whole clip."""

    number: int
    section: str
    handle: str
    first: str
    last: str
    note: str


def read_paper(text: str) -> list[Line]:
    """The lines of a paper edit that name shots. Raises ValueRefused with the first line that cannot be read."""
    found: list[Line] = []
    section = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if number > MOST_LINES:
            raise ValueRefused(f"A paper edit holds at most {MOST_LINES:,} lines; cut it into several.")
        if not line or line.startswith("#"):
            continue
        if heading := _HEADING.fullmatch(line):
            section = _one_line(heading[1])
        else:
            found.append(_line(number, section, line))
    return found


def shots_of(lines: Sequence[Line], clips: Mapping[str, LoggedClip | RushesError], rate: Rate) -> list[Shot]:
    """The shots of a paper edit in a timeline at `rate`, without their files; `clips` are found by handle, or refused.

    Raises ValueRefused for all lines that name no clip, several, or no range within theirs: the first in words.
    """
    shots: list[Shot] = []
    refused: list[tuple[int, str]] = []
    for line in lines:
        found = clips[line.handle]
        try:
            if isinstance(found, RushesError):
                raise found
            shots.append(_shot(line, found, rate))
        except RushesError as error:
            refused.append((line.number, error.sentence))
    if refused:
        others = named((str(number) for number, _ in refused[1:]), most=10)
        more = f" Other lines that are refused: {others}." if others else ""
        raise ValueRefused(f"Line {refused[0][0]}: {refused[0][1]}{more}")
    return shots


def written_paper(name: str, shots: Sequence[Shot], *, digits: int = 32) -> str:
    """Shots as a paper edit. Clips stand by `digits` of their id and their name, ranges by timecode, else by frames."""
    lines = [f"# {_one_line(shown(name))}"]
    called = [_handle(shot.logged.clip, digits) for shot in shots]
    width = min(max(map(len, called), default=0), _WIDEST)
    section = ""
    for shot, handle in zip(shots, called, strict=True):
        if (shot.section or "") != section:
            section = shot.section or ""
            lines += ["", f"[{_one_line(section)}]"]
        lines.append(f"{handle:{width}}  {_written(shot)}")
    return "\n".join(lines) + "\n"


def _line(number: int, section: str, line: str) -> Line:
    quoted = re.match(r'"([^"]+)"', line)
    place = quoted.end() if quoted else 0
    before, _, note = line[place:].partition("|")
    if found := _RANGE.search(before):
        handle, first, last = before[: found.start()], found[1], found[2]
        note = f"{before[found.end() :].strip()} {note}"
    else:
        handle, first, last = before, "", ""
    handle = quoted[1] if quoted else handle.strip()
    if quoted and before[: found.start() if found else None].strip():
        raise ValueRefused(f"Line {number}: behind the quotes a range is expected, or a note behind a | sign.")
    if not handle:
        raise ValueRefused(f"Line {number} names no clip; write its id or name, then the range: C0001 0:05 0:12.")
    return Line(number, section, handle, first.lower(), last.lower(), _one_line(note))


def _shot(line: Line, logged: LoggedClip, rate: Rate) -> Shot:
    clip = counted(logged.clip, rate)
    if clip.rate is None or not clip.frames:
        raise ValueRefused(f"{clip.name} has no length, so nothing of it can be cut; take the line out.")
    first = _frame(line.first, clip) if line.first else 0
    last = _frame(line.last, clip) if line.last else clip.frames
    if not 0 <= first < last <= clip.frames:
        raise ValueRefused(f"{line.first} to {line.last} is no range within {clip.name}, which has {_extent(clip)}.")
    return Shot(
        replace(logged, clip=clip),
        TimeRange(first, last - first),
        NO_FILES,
        line.note or shown(clip.name),
        line.section,
    )


def _frame(text: str, clip: Clip) -> int:
    """A position as frames from the clip's first."""
    assert clip.rate is not None
    if text in {"start", "end"}:
        return 0 if text == "start" else clip.frames or 0
    if text.isdecimal():
        return int(text)
    if re.fullmatch(_LABEL, text):
        start = clip.start or Timecode(0, clip.rate)
        frame = Timecode.parse(text, clip.rate, drop_frame=start.drop_frame).frame - start.frame
        return frame if frame >= 0 else frame + _over_midnight(start, clip.frames or 0)
    seconds = Fraction(0)
    for part in text.removesuffix("s").split(":"):
        seconds = 60 * seconds + Fraction(part)
    return clip.rate.frames(seconds)


def _over_midnight(start: Timecode, frames: int) -> int:
    """A day, for a clip that runs over midnight."""
    day = frames_per_day(start.rate, drop_frame=start.drop_frame)
    return day if start.frame + frames >= day else 0


def _extent(clip: Clip) -> str:
    if clip.start is None or clip.rate is None:
        return f"frames 0 to {clip.frames}"
    return f"{clip.start} to {_label(clip, clip.frames or 0)} (frames 0 to {clip.frames})"


def _label(clip: Clip, frame: int) -> str:
    assert clip.start is not None
    return str(Timecode(clip.start.frame + frame, clip.start.rate, clip.start.drop_frame))


def _handle(clip: Clip, digits: int) -> str:
    """An id with the name behind it, for people; in quotes where the name would be read as something else."""
    handle = f"{clip.id[:digits]}:{_one_line(shown(clip.name))}".replace('"', "'")
    return f'"{handle}"' if " " in handle or "|" in handle else handle


def _written(shot: Shot) -> str:
    """Range and note of a shot."""
    clip, title = shot.logged.clip, _one_line(shot.title)
    day = frames_per_day(clip.start.rate, drop_frame=clip.start.drop_frame) if clip.start else 0
    timed = clip.start is not None and clip.start.rate == clip.rate and (clip.frames or 0) < day
    first, last = (_label(clip, frame) if timed else str(frame) for frame in (shot.range.start, shot.range.end))
    note = f"  | {title}" if title and title != _one_line(shown(clip.name)) else ""
    return f"{first} {last}{note}"


def _one_line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()
