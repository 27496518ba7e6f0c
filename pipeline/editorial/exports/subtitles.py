"""Markers as subtitles: SubRip for any player, WebVTT for browsers and review pages.

Times count from the beginning of the picture, not from the timeline's start, in milliseconds rounded down. A marker on
a point shows for a second.
"""

from collections.abc import Callable, Iterator

from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.events import Mark, Sheet, sheet_of
from pipeline.editorial.exports.written import ExportOptions, Written, WrittenFile, one_line

_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write_srt(timeline: Timeline, options: ExportOptions) -> Written:  # noqa: ARG001  # one signature for all writers
    """`.markers.srt`; cues are numbered from 1."""
    return _written(timeline, ".markers.srt", lambda sheet: "\n".join(_cues(sheet, ",")))


def write_vtt(timeline: Timeline, options: ExportOptions) -> Written:  # noqa: ARG001  # one signature for all writers
    """`.markers.vtt` (W3C WebVTT)."""
    return _written(timeline, ".markers.vtt", lambda sheet: "\n".join(["WEBVTT", "", *_cues(sheet, ".")]))


def _written(timeline: Timeline, suffix: str, text: Callable[[Sheet], str]) -> Written:
    with unswept():
        sheet = sheet_of(timeline)
        losses = () if _marks(sheet) else ("The cut has no markers.",)
        return Written((WrittenFile(suffix, text(sheet).encode()),), losses)


def _marks(sheet: Sheet) -> list[Mark]:
    """The markers of the timeline and of its clips, each once, in order of time."""
    of_clips = (mark for track in sheet.tracks for event in track.events for mark in event.marks)
    once = {(mark.record.start, mark.record.duration, mark.name, mark.note): mark for mark in (*sheet.marks, *of_clips)}
    return sorted(once.values(), key=lambda mark: mark.record.start)


def _cues(sheet: Sheet, point: str) -> Iterator[str]:
    rate = sheet.start.rate
    for number, mark in enumerate(_marks(sheet), start=1):
        start, frames = mark.record.start, mark.record.duration
        end = start + (frames if frames > 1 else rate.nominal)
        begin, finish = (_clock(rate.seconds(frame) * 1000 // 1, point) for frame in (start, end))
        said = " - ".join(dict.fromkeys(filter(None, map(one_line, (mark.name, mark.note))))) or "-"
        yield f"{number}\n{begin} --> {finish}\n{_harmless(said, point)}\n"


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{point}{rest:03}"


def _harmless(text: str, point: str) -> str:
    """A text that no reader takes for markup or for times; SubRip has no escapes, so its arrows are broken."""
    return text.translate(_MARKUP) if point == "." else text.replace("-->", "->")
