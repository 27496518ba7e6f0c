"""Camera reports: a CSV beside the media, columns in any order, rows matched by clip name and card.

The row of headings is the first that names a clip column; what stands above it is preamble. A
table without one is no camera report and says nothing. Values a field cannot take, rows that fit
no clip and rows that contradict each other are named (`doubts`), never guessed.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.clip import Clip, shown
from pipeline.fields import BY_NAME
from pipeline.shotlog.folding import fold, words_of
from pipeline.shotlog.names import day_of

# Headings as people write them, letters and figures only.
_HEADINGS: dict[str, tuple[str, ...]] = {
    "clip": ("clip", "clipname", "name", "file", "filename", "clipid", "source", "sourcefile", "soundfile"),
    "card": ("card", "reel", "roll", "mag", "magazine", "tape", "media", "cardname", "reelname", "cameraroll"),
    "scene": ("scene", "slate", "szene"),
    "take": ("take", "tk"),
    "circled": ("circled", "circle", "circletake", "circledtake", "ct", "print", "good", "select"),
    "rating": ("rating", "stars"),
    "note": ("note", "notes", "comment", "comments", "remark", "remarks", "description"),
    "subject": ("subject", "subjects", "who", "person", "people"),
    "location": ("location", "place", "loc"),
    "camera": ("camera", "cam", "cameraletter"),
    "unit": ("unit",),
    "tag": ("tag", "tags", "keyword", "keywords"),
    "view": ("view", "pointofview", "pov"),
    "shoot_day": ("shootday", "shootdate", "date", "day"),
}
_FIELD_OF = {heading: field for field, headings in _HEADINGS.items() for heading in headings}
_DELIMITERS = (",", ";", "\t", "|")
_PREAMBLE = 30  # rows above the headings
_YES = frozenset({"yes", "y", "true", "1", "x", "circled", "circle", "print", "ja", "*", "✓", "✔", "ok", "good"})
_NO = frozenset({"no", "n", "false", "0", "nein", "-", "ng"})
_CAMERA = re.compile(r"(?:cam(?:era)?[ ._-]*)?([a-z])(?:[ ._-]*cam(?:era)?)?", re.IGNORECASE)
_MAG = re.compile(r"([a-z]\d{3,4})[a-z][a-z0-9]{2,4}")  # the reel in A001R1AB
_SHORT = re.compile(r"[a-z]\d{3,4}c\d{3}")  # how reports abbreviate A001C001_191012_R1AB


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What one row says of one clip: fields and values in the order of the columns."""

    clip: str
    card: str
    values: tuple[tuple[str, str], ...]
    line: int
    key: str = ""  # the clip's name folded, for matching
    refused: tuple[str, ...] = ()  # values that their field cannot take, one sentence each


def read_report(text: bytes) -> tuple[ReportRow, ...]:
    """The rows of a camera report; none where the table is none or cannot be read.

    UTF-8, UTF-16 and Latin-1; comma, semicolon, tab or bar between columns.
    """
    decoded = _decoded(text)
    columns, rows = max((_table(decoded, delimiter) for delimiter in _DELIMITERS), key=lambda table: len(table[0]))
    return tuple(_rows(columns, rows)) if columns else ()


def rows_for(clip: Clip, rows: Sequence[ReportRow]) -> tuple[ReportRow, ...]:
    """The rows that speak of a clip: those that name its card, else those that name none.

    Rows that contradict each other speak of nothing.
    """
    names = _names(clip)
    named = [row for row in rows if row.key in names]
    fitting = [row for row in named if row.card and is_card(row.card, clip)] or [row for row in named if not row.card]
    return tuple(fitting) if not _contradiction(fitting) else ()


def doubts(clips: Sequence[Clip], rows: Sequence[ReportRow], *, shared: bool = False) -> tuple[str, ...]:
    """What of a card's report could not be used: one sentence each.

    Rows that name another card are that card's; of a report that several cards share, so are rows that
    name no card and fit no clip here.
    """
    names = {name for clip in clips for name in _names(clip)}
    sentences = [sentence for row in rows for sentence in row.refused if row.key in names]
    for row in rows:
        here = any(is_card(row.card, clip) for clip in clips) if row.card else not shared
        if here and row.key not in names:
            sentences.append(f"Camera report, line {row.line}: there is no clip {row.clip} on this card.")
    keys = {row.key for row in rows}
    doubled = [clip for clip in clips if _names(clip) & keys and not rows_for(clip, rows)]
    for clip in doubled:
        lines = [row.line for row in rows if row.key in _names(clip) and (not row.card or is_card(row.card, clip))]
        if lines:
            told = ", ".join(str(line) for line in lines)
            sentences.append(f"Camera report: lines {told} contradict each other about {clip.name}; none was used.")
    return tuple(sentences)


def is_card(name: str, clip: Clip) -> bool:
    """Whether a report means the clip's card: by its folder's name, a word of it, or the reel in the file.

    Where the file states no reel, A001R1AB means the card A001 too: reports write the mag's whole name.
    """
    asked, words = fold(name.strip()), words_of(clip.card)
    if asked in {fold(clip.card), fold(clip.facts.reel or "")} or asked in words:
        return True
    whole = _MAG.fullmatch(asked)
    return clip.facts.reel is None and whole is not None and whole[1] in words


def _names(clip: Clip) -> frozenset[str]:
    """The names a report may give a clip: each part's, with and without extension, and the short form."""
    names: set[str] = set()
    for part in clip.parts:
        whole = fold(shown(part.path.rpartition(b"/")[2]))
        stem = whole.rpartition(".")[0] or whole
        names.update((whole, stem))
        short = _SHORT.match(stem)
        if short and stem[short.end() : short.end() + 1] == "_":
            names.add(short[0])
    return frozenset(names)


def _contradiction(rows: Sequence[ReportRow]) -> bool:
    said: dict[str, str] = {}
    for row in rows:
        for field, value in row.values:
            if not BY_NAME[field].many and said.setdefault(field, value) != value:
                return True
    return False


def _decoded(text: bytes) -> str:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return text.decode("utf-16", "replace")
    head = text[:200]
    if head.count(b"\0") * 3 > len(head):
        return text.decode("utf-16-le" if head[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _table(text: str, delimiter: str) -> tuple[dict[int, str], Iterator[tuple[int, list[str]]]]:
    """The columns that have a meaning, by number, and the rows below the headings; none without a clip column."""
    rows = _numbered_rows(text, delimiter)
    for _line, cells in islice(rows, _PREAMBLE):
        columns: dict[int, str] = {}
        for number, cell in enumerate(cells):
            field = _FIELD_OF.get("".join(words_of(cell)))
            if field and field not in columns.values():
                columns[number] = field
        if "clip" in columns.values() and len(columns) > 1:
            return columns, rows
    return {}, rows


def _numbered_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error:
        return


def _rows(columns: dict[int, str], rows: Iterable[tuple[int, list[str]]]) -> Iterator[ReportRow]:
    for line, cells in rows:
        texts = [(columns[number], cell.strip()) for number, cell in enumerate(cells) if number in columns]
        given = {field: text for field, text in texts if text}
        clip = given.pop("clip", "")
        if not clip:
            continue
        card = given.pop("card", "")
        values: list[tuple[str, str]] = []
        refused = []
        for field, text in given.items():
            read = _READERS.get(field, _as_written)(text)
            values.extend((field, value) for value in read)
            if not read:
                refused.append(f"Camera report, line {line}: '{text}' is no {BY_NAME[field].title.lower()}.")
        if values or refused:
            yield ReportRow(clip, card, tuple(values), line, fold(clip), tuple(refused))


def _as_written(text: str) -> list[str]:
    return [text]


def _several(text: str) -> list[str]:
    return [value.strip() for value in text.split(";") if value.strip()]


def _yes_or_no(text: str) -> list[str]:
    word = fold(text)
    return ["yes"] if word in _YES else ["no"] if word in _NO else []


def _stars(text: str) -> list[str]:
    if set(text) <= {"*", "★"}:
        return [str(len(text))] if len(text) <= 5 else []
    match = re.fullmatch(r"([0-5])(?:\.0+|\s*/\s*5)?", text)
    return [match[1]] if match else []


def _letter(text: str) -> list[str]:
    match = _CAMERA.fullmatch(text)
    return [match[1].upper() if match else text]


def _day(text: str) -> list[str]:
    day = day_of(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}|\d{8}|\d{6}", text) else None
    return [day] if day else []


_READERS: dict[str, Callable[[str], list[str]]] = {
    "subject": _several, "tag": _several, "circled": _yes_or_no, "rating": _stars, "camera": _letter, "shoot_day": _day,
}  # fmt: skip
