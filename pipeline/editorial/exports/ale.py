"""Avid Log Exchange: the files of a cut as master clips with their log, one table for each frame rate.

A bin has one rate, so a table holds only clips of it. A clip is whole here, whatever the cut takes of
it; `End` is the frame after its last, as Avid counts it: End less Start is Duration. Labels end in `;`
where the clip counts drop-frame. Headings and columns are those of Avid's own files.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.events import Held, Sheet, held_by, sheet_of
from pipeline.editorial.exports.reels import ReelRow, reel_table
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, one_line
from pipeline.fields import FIELDS
from pipeline.timecode import Rate, Timecode, frames_per_day

_TAPE_LETTERS = 32  # that Avid keeps of a tape's name
_VIDEO_FORMATS = {(1920, 1080): "1080", (1280, 720): "720", (720, 576): "PAL", (720, 480): "NTSC", (720, 486): "NTSC"}
# Log fields under the names that Avid has a column for; the others keep their own.
_AVID_NAMES = {"shoot_day": "Shoot Date", "note": "Comments"}
_LOG = {field.name: _AVID_NAMES.get(field.name, field.title) for field in FIELDS if field.origin == "log"}
_COLUMNS = (
    *("Name", "Tracks", "Start", "End", "Duration", "FPS"),
    *("Tape", "Source File", "Source Path", "Reel", "Card", "Clip Id"),
)


@unswept()
def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.25fps.ale`, `.29.97fps.ale`...: every file of the cut once, in the table of its rate."""
    sheet = sheet_of(timeline)
    held = held_by(sheet)
    tapes = reel_table(held, options.reels, length=_TAPE_LETTERS)
    tables: dict[Rate, list[str]] = defaultdict(list)
    lost = Losses()
    for source, content in held.items():
        tables[source.rate].append("\t".join(_row(source, content, tapes[source], lost)))
    files = tuple(
        WrittenFile(f".{rate.label()}fps.ale", "\n".join([*_head(sheet, rate), *rows, ""]).encode())
        for rate, rows in tables.items()
    )
    return Written(files, (*lost.sentences(), *_always_lost(sheet, tables)))


def _head(sheet: Sheet, rate: Rate) -> Iterator[str]:
    yield "Heading"
    yield "FIELD_DELIM\tTABS"
    yield f"VIDEO_FORMAT\t{_VIDEO_FORMATS.get(sheet.size, 'CUSTOM') if sheet.size else '1080'}"
    yield "AUDIO_FORMAT\t48khz"
    yield f"FPS\t{rate.label()}"
    yield ""
    yield "Column"
    yield "\t".join((*_COLUMNS, *_LOG.values()))
    yield ""
    yield "Data"


def _row(source: Source, held: Held, tape: ReelRow, lost: Losses) -> Iterator[str]:
    if not source.timed:
        lost.add("Source timecode of clips that have none, counted from 00:00:00:00", source.name)
    if held.span.duration >= frames_per_day(source.rate, drop_frame=source.drop_frame):
        lost.add("Lengths of a day and more, of which labels show the rest", source.name)
    file = (source.path or source.name).replace("\\", "/").rpartition("/")[2]
    span = (source.timecode(held.span.start), source.timecode(held.span.end))
    length = Timecode(held.span.duration, source.rate, source.drop_frame)
    counted = (*map(str, (*span, length)), source.rate.label())
    found = (tape.short, file, source.path or "", source.reel, source.card, source.clip)
    cells = (source.name, _tracks(held), *counted, *found, *(source.log.get(name, "") for name in _LOG))
    for cell in cells:
        plain = one_line(cell)
        if plain != cell:
            lost.add("Tabs, line ends and control characters, replaced by spaces", source.name)
        yield plain


def _tracks(held: Held) -> str:
    """`VA1A2`: pictures, and a number for each channel of sound."""
    sound = "".join(f"A{number}" for number in range(1, sum(held.streams) + 1))
    return f"V{sound}" if held.picture else sound


def _always_lost(sheet: Sheet, rates: Iterable[Rate]) -> Iterator[str]:
    if sheet.size is None:
        yield "The timeline states no picture size; VIDEO_FORMAT is written as 1080."
    if any(rate.nominal > 100 for rate in rates):
        yield "At more than 100 frames a second labels have three digits for frames, which older readers refuse."
    yield "An ALE lists clips: the cut itself, markers and proxies are in the .edl and the .otio."
