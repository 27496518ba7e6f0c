"""Tables of text that cameras and logging programs write: ALE, CSV and TSV, read row by row.

Owns how such a table is cut into cells, and which of its rows speak of a recording; what a column
means is columns.py's. Rows are never all held: extracts of long takes have a line for each frame.
ALE: Avid Log Exchange, sections Heading, Column and Data, tabs between cells.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, dropwhile, islice, takewhile
from pathlib import PurePath

LARGEST_TABLE = 32 * 1024 * 1024
_MOST_COLUMNS = 2000
_PREAMBLE = 8  # lines above the headings of a CSV (Excel's `sep=;`, a title)
_DELIMITERS = "\t,;|"
_LABEL = re.compile(r"(\d{1,2}):(\d\d):(\d\d)[:;.,](\d{2,3})")
# Names that stand for a longer one: A001C001 for A001C001_191012_R1AB.
_SHORT = re.compile(r"[a-z]_?\d{3,4}_?c\d{3}")


@dataclass(frozen=True, slots=True)
class Table:
    """Headings as written and folded (letters and figures only), and the rows below them."""

    headings: tuple[str, ...]
    folded: tuple[str, ...]
    rows: Iterator[list[str]]
    ale: dict[str, str] | None = None  # the fields of an ALE's heading; None: no ALE

    def column(self, names: Sequence[str]) -> Iterator[int]:
        """The columns of these names, the best name first."""
        return (at for name in names for at, heading in enumerate(self.folded) if heading == name)


def fold(heading: str) -> str:
    return "".join(letter for letter in heading.casefold() if letter.isalnum())


def open_table(data: bytes) -> Table | None:
    """The table that these bytes hold; None for text that is none. UTF-8, UTF-16, else Latin-1."""
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    encoding = "utf-16" if utf16 else "utf-8-sig" if _is_utf8(data) else "latin-1"
    lines = iter(io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace", newline=None))
    start = next((line for line in lines if line.strip()), "")
    return _ale(lines) if start.strip() == "Heading" else _csv(chain([start], lines))


def _is_utf8(data: bytes) -> bool:
    """Whether the beginning is UTF-8, a letter cut in two at its end aside."""
    try:
        data[:65536].decode()
    except UnicodeDecodeError as error:
        return error.start > len(data[:65536]) - 4
    return True


def _ale(lines: Iterator[str]) -> Table | None:
    """Heading fields are name and value by turns, on lines of their own or all on one."""
    heading = chain.from_iterable(line.split("\t") for line in takewhile(lambda line: line.strip() != "Column", lines))
    pairs = [cell.strip() for cell in heading if cell.strip()]
    named = _named(next((line for line in lines if line.strip()), "").split("\t"))
    rows = (line.rstrip("\n").split("\t") for line in _after_data(lines))
    fields = dict(zip(map(fold, pairs[::2]), pairs[1::2], strict=False))
    return Table(named, tuple(map(fold, named)), rows, fields) if any(named) else None


def _after_data(lines: Iterator[str]) -> Iterator[str]:
    return islice(dropwhile(lambda line: line.strip() != "Data", lines), 1, None)


def _csv(lines: Iterator[str]) -> Table | None:
    """The first of the first lines with several cells holds the headings."""
    for line in islice(lines, _PREAMBLE):
        delimiter = max(_DELIMITERS, key=line.count)
        if line.count(delimiter) and not line.startswith("sep="):
            named = _named(next(_cells(iter([line]), delimiter), []))
            return Table(named, tuple(map(fold, named)), _cells(lines, delimiter))
    return None


def _cells(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    """The rows of a CSV; a cell that is opened and never closed costs its quotes, not the rows after it."""
    taken: list[str] = []
    reader = csv.reader(_noting(lines, taken), delimiter=delimiter)
    while True:
        taken.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:  # longer than any cell is
            row = None
        if row is not None and (len(taken) == 1 or _closed(taken, delimiter)):
            yield row
        else:
            yield from _unquoted(taken, delimiter)
            reader = csv.reader(_noting(lines, taken), delimiter=delimiter)


def _noting(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _closed(lines: Sequence[str], delimiter: str) -> bool:
    """Whether the last cell of a row over several lines ends before the table does."""
    try:
        return len(list(csv.reader(lines, delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _unquoted(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    return (line.rstrip("\n").split(delimiter) for line in lines)


def _named(headings: Sequence[str]) -> tuple[str, ...]:
    return tuple(heading.strip() for heading in headings[:_MOST_COLUMNS])


@dataclass(slots=True)
class Folded:
    """Rows as one: what the first says, where all say the same, and whether each is the frame after the one before.

    `turns` holds the number of each frame that was the last of its second: one that is not the highest tells of a gap.
    """

    first: list[str]
    same: list[bool]
    count: int = 1
    successive: bool = True
    turns: set[int] = field(default_factory=set)


def clock(label: str) -> tuple[int, int] | None:
    """The second of the day and the frame in it that a timecode shows."""
    match = _LABEL.fullmatch(label)
    return (int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]), int(match[4])) if match else None


def follows(one: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    """Whether a timecode can be that of the next frame; drop-frame leaves out labels at the turn of a minute."""
    if one is None or other is None:
        return False
    if one[0] == other[0]:
        return other[1] == one[1] + 1
    return (other[0] - one[0]) % 86400 == 1 and (other[1] == 0 or (other[0] % 60 == 0 and other[1] in (2, 4)))


def rows_of(table: Table, names: Sequence[int], recording: str | None) -> Iterator[list[str]]:
    """The rows that speak of `recording`; all where it is None or no column names a clip."""
    width = len(table.headings)
    for cells in table.rows:
        row = [cell.strip() for cell in cells[:width]] + [""] * (width - len(cells))
        if any(row) and (recording is None or not names or any(is_recording(row[at], recording) for at in names)):
            yield row


def folded_rows(rows: Iterator[list[str]], label: int | None) -> Folded | None:
    """Rows folded into one, `label` being the column of the timecode; None where there is none."""
    first = next(rows, None)
    if first is None:
        return None
    folded = Folded(first, [True] * len(first))
    before = clock(first[label]) if label is not None else None
    for row in rows:
        folded.count += 1
        folded.same = [alike and one == other for alike, one, other in zip(folded.same, first, row, strict=True)]
        now = clock(row[label]) if label is not None else None
        folded.successive = folded.successive and follows(before, now)
        if before and now and before[0] != now[0]:
            folded.turns.add(before[1])
        before = now
    return folded


def is_recording(cell: str, recording: str) -> bool:
    """Whether a cell names a recording: its file, its clip, the segment's clip, or the short form of it."""
    asked, whole = PurePath(cell.replace("\\", "/")).name.casefold(), recording.casefold()
    stem = whole.rpartition(".")[0] or whole
    if not asked or asked in (whole, stem):
        return bool(asked)
    if re.fullmatch(re.escape(asked) + r"_\d{3}", stem):  # A001_C066_0303LZ of A001_C066_0303LZ_001.R3D
        return True
    return _SHORT.fullmatch(asked) is not None and stem.startswith(f"{asked}_")
