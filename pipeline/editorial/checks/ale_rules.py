"""What is wrong with an Avid Log Exchange.

Sources: Autodesk's and Avid's descriptions of the format (headings and columns that must be there); OpenTimelineIO
issues 462 and 1982 (what Media Composer says where VIDEO_FORMAT or AUDIO_FORMAT is missing).
"""

from collections.abc import Iterator

from pipeline.editorial.checks.case import Case, Found
from pipeline.errors import ValueRefused
from pipeline.metadata.findings import named_rate
from pipeline.timecode import Rate, Timecode

_HEADINGS = {"fielddelim": "FIELD_DELIM", "videoformat": "VIDEO_FORMAT", "audioformat": "AUDIO_FORMAT", "fps": "FPS"}
_COLUMNS = {"name": "Name", "tracks": "Tracks", "start": "Start", "end": "End"}
_FILES = ("sourcefile", "filename", "sourcefilename", "sourcepath", "unc", "filepath")


def headings(case: Case) -> Iterator[Found]:
    for name, title in _HEADINGS.items():
        if not case.ale.heading.get(name):
            yield Found(1, f"The heading has no {title}, which Media Composer asks for.")
    delimiter = case.ale.heading.get("fielddelim", "TABS")
    if delimiter.upper() != "TABS":
        yield Found(1, f"FIELD_DELIM is '{delimiter[:20]}' and the columns are parted by tabs.")


def columns(case: Case) -> Iterator[Found]:
    for name, title in _COLUMNS.items():
        if name not in case.ale.folded:
            yield Found(case.ale.columns_line, f"There is no column {title}, without which no clip is made.")


def picture_format(case: Case) -> Iterator[Found]:
    if case.ale.heading.get("videoformat", "").upper() == "CUSTOM":
        yield Found(1, "VIDEO_FORMAT is CUSTOM, which a project of HD, PAL or NTSC refuses.")


def rates(case: Case) -> Iterator[Found]:
    """Timecodes that the table's rate does not have, and rows at another rate: a bin has one."""
    said = case.ale.heading.get("fps", "")
    rate = named_rate(said)
    if said and rate is None:
        yield Found(1, f"FPS is '{said[:20]}', which is no frame rate.")
    for line, cells in case.ale.rows:
        own = named_rate(case.ale.cell(cells, "fps"))
        if rate and own and own != rate:
            sentence = f"The clip runs at {own.label()} and the table says {rate.label()}; write a table for each rate."
            yield Found(line, sentence)
        if own or rate:
            yield from _labels(case, line, cells, own or rate)


def _labels(case: Case, line: int, cells: list[str], rate: Rate | None) -> Iterator[Found]:
    begin, end = case.ale.cell(cells, "start"), case.ale.cell(cells, "end")
    if rate is None or not begin or not end:
        return
    try:
        first, last = Timecode.parse(begin, rate), Timecode.parse(end, rate)
    except ValueRefused as refusal:
        yield Found(line, refusal.sentence)
        return
    if last.frame < first.frame and first.frame - last.frame < rate.nominal * 3600 * 23:
        yield Found(line, f"The clip ends at {end}, before it begins at {begin}.")


def cells(case: Case) -> Iterator[Found]:
    width = len(case.ale.columns)
    for line, row in case.ale.rows:
        if any(map(str.strip, row[width:])):
            yield Found(
                line, f"The row has {len(row)} cells for {width} columns; a tab too many moves what follows it."
            )


def no_rows(case: Case) -> Iterator[Found]:
    if not case.ale.rows:
        yield Found(None, "The table holds no clip.")


def sources(case: Case) -> Iterator[Found]:
    for line, row in case.ale.rows:
        if not any(case.ale.cell(row, column) for column in ("tape", *_FILES)):
            name = case.ale.cell(row, "name")
            yield Found(line, f"'{name}' names neither tape nor source file, so that nothing can be linked to it.")
