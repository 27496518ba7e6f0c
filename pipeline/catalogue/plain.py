"""What the log's plain files hold: JSON lines that people can read and `rushes rebuild` reads back.

One file a card, one of the film (corrections of clocks, imports), one a version of a cut. They hold all that
media and sidecars cannot say themselves, and what they said of clips whose volume is away. The first line says
whose file it is, the last how many lines it has and their hash: a file that was cut off or changed shows.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

import msgspec
import xxhash

from pipeline.errors import ValueRefused

VERSION = 1


NOTHING = msgspec.Raw(b"null")


class Odd(msgspec.Struct, frozen=True):
    """A path that is no UTF-8."""

    hex: str


Path = str | Odd
Row = dict[str, str | int | float | None]


class Trail(msgspec.Struct, frozen=True):
    device: str
    heard: msgspec.Raw
    first: float
    last: float


class Line(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="line"):
    """Any line; `n` keeps the order in which things came to be."""


class Head(Line, frozen=True, tag="head"):
    """The first line of every file: card, film or cut, and the catalogue that wrote it."""

    holds: str
    catalogue: str
    version: int


class CardLine(Line, frozen=True, tag="card"):
    """A card by its root (kind and volume) and its path; `place` is where its volume was mounted."""

    n: int
    kind: str
    volume: str
    path: Path
    row: Row
    reports: list[Path]
    others: list[Path]
    failed: list[tuple[Path, str, int]] = []
    place: str | None = None


class Batch(Line, frozen=True, tag="batch"):
    n: int
    id: str
    who: str
    moment: str
    words: str
    kind: str
    undoes: str | None = None


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    n: int
    batch: str
    ordinal: int
    field: str
    op: str
    value: str
    source: str
    confidence: float = 1.0
    detail: str = ""
    start: int | None = None
    frames: int | None = None


class PartOf(msgspec.Struct, frozen=True, omit_defaults=True):
    quick: str
    size: int
    frames: int | None = None
    full: str | None = None


class Made(msgspec.Struct, frozen=True, omit_defaults=True):
    """A proxy or still; its recipe, and the state of the clip that it was made of."""

    kind: str
    preset: str
    path: Path
    recipe: str
    content: str
    size: int
    moment: str
    verdict: str | None = None
    held: str | None = None
    full: str | None = None
    verified: str | None = None


class ClipLine(Line, frozen=True, tag="clip"):
    """A clip that is at home on this card: what was read of it, said of it, made of it and what failed."""

    n: int
    id: str
    path: Path
    row: Row
    parts: list[PartOf]
    log: list[Entry]
    products: list[Made] = []
    failures: list[Row] = []
    reader: str = ""
    sidecars: list[Path] = []
    zones: str = "{}"
    trails: list[Trail] = []
    facts: msgspec.Raw = msgspec.Raw(b"{}")


class PlaceLine(Line, frozen=True, tag="place"):
    """A file on this card, whichever card its clip is at home on."""

    n: int
    path: Path
    clip: str
    part: int
    size: int
    mtime_ns: int
    quick: str
    full: str | None = None
    verified: str | None = None


class TrackLine(Line, frozen=True, tag="track"):
    path: Path
    trails: list[Trail]


class SumLine(Line, frozen=True, tag="listed"):
    """What a hash list on the card says of a file, and what reading the file told of it."""

    path: Path
    clip: str | None
    origin: str
    hashes: str
    size: int | None = None
    mtime_ns: int | None = None
    verdict: str | None = None


class CorrectionLine(Line, frozen=True, tag="correction"):
    n: int
    batch: str
    camera: str
    unit: str
    day: str
    milliseconds: int | None
    error: int | None
    detail: str


class ImportLine(Line, frozen=True, tag="import"):
    name: str
    content: str
    batch: str
    moment: str


class CutLine(Line, frozen=True, tag="cut"):
    """A version of a cut; `clips` are those in use, in order, and `events` its edits."""

    name: str
    version: int
    moment: str
    spec: msgspec.Raw
    clips: list[str]
    events: msgspec.Raw = NOTHING


class End(Line, frozen=True, tag="end"):
    lines: Annotated[int, msgspec.Meta(ge=0)]
    xxh128: str


AnyLine = (
    Head | CardLine | Batch | ClipLine | PlaceLine | TrackLine | SumLine | CorrectionLine | ImportLine | CutLine | End
)
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyLine)
_ENCODER = msgspec.json.Encoder()


def path_out(path: bytes) -> Path:
    try:
        return path.decode()
    except UnicodeDecodeError:
        return Odd(path.hex())


def path_in(path: Path) -> bytes:
    return path.encode() if isinstance(path, str) else bytes.fromhex(path.hex)


def written(lines: Iterable[Line]) -> bytes:
    """A whole file of these lines, with its end."""
    encoded = [_ENCODER.encode(line) for line in lines]
    body = b"".join(line + b"\n" for line in encoded)
    return body + _ENCODER.encode(End(len(encoded), xxhash.xxh128_hexdigest(body))) + b"\n"


def head_of(beginning: bytes) -> Head | None:
    """The first line of a file of ours; None for any other."""
    try:
        line = _DECODER.decode(beginning.partition(b"\n")[0])
    except (msgspec.DecodeError, ValueError):
        return None
    return line if isinstance(line, Head) else None


def read(data: bytes) -> Iterator[AnyLine | str]:
    """The lines of a file; what is wrong with it as sentences between them. Raises ValueRefused for a newer one."""
    end: End | None = None
    body = 0
    for number, raw in enumerate(data.splitlines(keepends=True), start=1):
        try:
            line: AnyLine = _DECODER.decode(raw)
        except (msgspec.DecodeError, ValueError) as error:
            yield f"line {number} cannot be read ({error})"
            body += len(raw)
            continue
        if isinstance(line, End):
            end = line
            break
        if isinstance(line, Head) and line.version > VERSION:
            raise ValueRefused("it was written by a newer release; upgrade with `pip install --upgrade rushes`.")
        body += len(raw)
        yield line
    if end is None:
        yield "it is cut off"
    elif end.xxh128 != xxhash.xxh128_hexdigest(data[:body]):
        yield "it is not as it was written: somebody or the disk changed it"


def rows_of(columns: Sequence[str], row: Sequence[Any]) -> Row:
    """The values of a row by column; what is NULL is left out."""
    return {name: value for name, value in zip(columns, row, strict=True) if value is not None}
