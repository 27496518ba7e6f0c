"""The pull list of a cut: which originals it needs, and which ranges of them.

What the events take of one clip is widened by handles and merged; over several files of a clip it is parted again, so
that only the files that are needed come. Copying is the business of delivery/pull.py.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil
from pathlib import Path
from typing import TypeAlias

from pipeline.clip import Clip, LoggedClip, shown
from pipeline.editorial.arrange import CutSettings
from pipeline.editorial.assembly import timeline_of
from pipeline.editorial.exports import edl
from pipeline.editorial.exports.events import Sheet, taken_frames
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.shots import Media, Shot, counted
from pipeline.shotlog.cells import harmless
from pipeline.timecode import Rate, Timecode, TimeRange

_Event: TypeAlias = tuple[int, TimeRange]  # the timeline, and the place in it: picture and sound of one are one
_Need: TypeAlias = tuple[TimeRange, _Event]
_COLUMNS = (
    *("file", "card", "clip", "id", "reel", "start", "end", "in_frame", "frames", "rate", "events"),
    *("bytes", "original", "xxh128", "note"),
)


@dataclass(frozen=True, slots=True)
class Pull:
    """A range of one file: `inside` counts frames of the file (the clip's `part`), `range` frames of the clip.

    `clip` is counted: its rate and frames are known. `events` of the cut lie in the range.
    """

    clip: Clip
    part: int
    range: TimeRange
    inside: TimeRange
    events: int

    @property
    def start(self) -> Timecode | None:
        """The source timecode of the first frame; None without timecode."""
        return self.clip.start + self.range.start if self.clip.start else None

    @property
    def end(self) -> Timecode | None:
        """The source timecode of the frame after the last."""
        return self.start + self.range.duration if self.start else None

    @property
    def rate(self) -> Rate:
        assert self.clip.rate is not None
        return self.clip.rate


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a range came to lie: the file of the pull, the original, and what is to be said of it."""

    pull: Pull
    file: str
    original: str
    bytes: int
    xxh128: str = ""
    note: str = ""


def pulls_of(sheets: Sequence[Sheet], clips: Iterable[LoggedClip], handles: int) -> tuple[Pull, ...]:
    """The ranges that the timelines of a cut need, `handles` frames of the clip wider at both ends, by first use.

    Sound without a rate of its own is counted at that of the first timeline.
    """
    known = {logged.clip.id: counted(logged.clip, sheets[0].start.rate) for logged in clips}
    wanted: dict[str, list[_Need]] = defaultdict(list)
    for source, range_, event in chain.from_iterable(_taken(*each) for each in enumerate(sheets)):
        if source.clip in known:
            clip = known[source.clip]
            begin = frames_before(clip, source) + range_.start - handles
            wide = TimeRange(begin, range_.duration + 2 * handles).within(TimeRange(0, clip.frames or 0))
            wanted[source.clip].append((wide, event))
    return tuple(
        pull for id_, needs in wanted.items() for merged in _merged([range_ for range_, _ in needs])
        for pull in _parted(known[id_], merged, needs)
    )  # fmt: skip


def pull_csv(taken: Iterable[Taken]) -> str:
    """The list as a table: labels in source timecode, `end` the frame after the last."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for one in taken:
        pull = one.pull
        clip = pull.clip
        table.writerow(harmless(cell) for cell in [
            one.file, shown(clip.card), shown(clip.name), clip.id, shown(clip.reel or ""),
            pull.start or "", pull.end or "", pull.inside.start, pull.inside.duration, pull.rate, pull.events,
            one.bytes, one.original, one.xxh128, one.note,
        ])  # fmt: skip
    return text.getvalue()


def pull_edl(
    pulls: Sequence[Pull], media: Mapping[str, Media], settings: CutSettings, reels: frozenset[tuple[str, str]]
) -> bytes:
    """The list as a CMX 3600: the ranges one after the other, reels and labels as in the cut's own list."""
    shots = [
        Shot(LoggedClip(pull.clip, "logged"), pull.range, media[pull.clip.id], shown(pull.clip.name)) for pull in pulls
    ]
    made = timeline_of(shots, settings)
    content = edl.write(made.timeline, ExportOptions(Path(), reels=reels)).files[0].content
    assert isinstance(content, bytes)
    return content


def _taken(number: int, sheet: Sheet) -> Iterator[tuple[Source, TimeRange, _Event]]:
    """What each event takes of its file, transitions included, in frames from the file's first."""
    for track in sheet.tracks:
        cuts = {transition.at: transition for transition in track.transitions}
        for event in track.events:
            own = event.source.rate.fraction / sheet.start.rate.fraction
            head, tail = cuts.get(event.record.start), cuts.get(event.record.end)
            lead = ceil(head.before * own) if head else 0
            start = event.source_in - event.source.available.start
            frames = taken_frames(event, sheet.start.rate) + (ceil(tail.after * own) if tail else 0)
            yield event.source, TimeRange(start - lead, frames + lead), (number, event.record)


def frames_before(clip: Clip, source: Source) -> int:
    """The frames of the clip in the files before this one."""
    names = [part.path for part in clip.parts]
    fitting = [number for number, path in enumerate(names) if source.path and source.path.endswith(shown(path))]
    fitting = fitting or [number for number, path in enumerate(names) if shown(path.rpartition(b"/")[2]) == source.name]
    return clip.spans[fitting[0]].start if fitting and len(clip.spans) > fitting[0] else 0


def _merged(ranges: Sequence[TimeRange]) -> Iterator[TimeRange]:
    """Ranges that overlap or touch as one."""
    begin, end = -1, -1
    for one in sorted(ranges, key=lambda each: each.start):
        if one.start > end:
            if end >= 0:
                yield TimeRange(begin, end - begin)
            begin, end = one.start, one.end
        end = max(end, one.end)
    if end >= 0:
        yield TimeRange(begin, end - begin)


def _parted(clip: Clip, range_: TimeRange, needs: Sequence[_Need]) -> Iterator[Pull]:
    for part, span in enumerate(clip.spans):
        held = range_.within(span)
        if held.duration:
            events = {event for needed, event in needs if needed.within(held).duration}
            yield Pull(clip, part, held, TimeRange(held.start - span.start, held.duration), len(events))
