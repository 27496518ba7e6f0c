"""How the labels of a CMX 3600 list count: its rate, drop-frame, where its timeline begins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.editorial.imports.edl_lines import EventLine
from pipeline.editorial.imports.reading import Problem
from pipeline.errors import ValueRefused
from pipeline.timecode import Rate, Timecode, TimeRange, frames_per_day


@dataclass(frozen=True, slots=True)
class Counting:
    """How labels of a list become frames: at `rate`, drop-frame where they or the list say so; from `start`."""

    rate: Rate
    drop_frame: bool
    start: Timecode

    def label(self, text: str) -> Timecode:
        return timecode(text, self.rate, drop_frame=self.drop_frame)

    def place(self, label: Timecode) -> int:
        """Frames from the start of the timeline, over midnight too."""
        return (label.frame - self.start.frame) % frames_per_day(self.rate, drop_frame=label.drop_frame)


@lru_cache(maxsize=1 << 16)  # one event ends where the next begins
def timecode(text: str, rate: Rate, *, drop_frame: bool) -> Timecode:
    """A label of any dialect; `;` before the frames says drop-frame, else the list does. Raises ValueRefused."""
    hours, minutes, seconds, frames = re.split(r"[:;.,]", text)
    own = ";" in text or "," in text
    tidy = f"{hours}:{minutes}:{seconds}:{frames}"
    return Timecode.parse(tidy, rate, drop_frame=(own or drop_frame) and rate.can_drop)


def counting_of(events: Sequence[EventLine], rate: Rate, *, drop_frame: bool) -> Counting | None:
    """The timeline begins at the earliest record label; those half a day apart lie on both sides of midnight."""
    starts = []
    for event in events:
        try:
            starts.append(timecode(event.record_in, rate, drop_frame=drop_frame))
        except ValueRefused:
            continue
    if not starts:
        return None
    first = min(starts, key=lambda label: label.frame)
    half = frames_per_day(rate, drop_frame=first.drop_frame) // 2
    if max(label.frame for label in starts) - first.frame > half:
        first = min((label for label in starts if label.frame > half), key=lambda label: label.frame)
    return Counting(rate, drop_frame, first)


def spans_of(
    line: EventLine, counting: Counting | None, problems: list[Problem]
) -> tuple[TimeRange | None, TimeRange | None]:
    """The frames of an event on the timeline and in its source; what no clock shows is a problem and None."""
    if counting is None:
        return None, None
    try:
        record = (counting.label(line.record_in), counting.label(line.record_out))
        source = (counting.label(line.source_in), counting.label(line.source_out))
    except ValueRefused as refusal:
        problems.append(Problem(line.line, refusal.sentence))
        return None, None
    length, taken = _length(*record), _length(*source)
    if length is None or taken is None:
        problems.append(Problem(line.line, f"Event {line.number} ends before it begins."))
        return None, None
    return TimeRange(counting.place(record[0]), length), TimeRange(source[0].frame, taken)


def _length(begin: Timecode, end: Timecode) -> int | None:
    """Frames between two labels; over midnight only from its last hour into its first."""
    apart = end.frame - begin.frame
    if apart >= 0:
        return apart
    day = frames_per_day(begin.rate, drop_frame=begin.drop_frame)
    return apart + day if begin.frame >= day * 23 // 24 and end.frame <= day // 24 else None
