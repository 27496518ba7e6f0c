"""What stands in a Matroska file outside its clusters: Info, Tracks, Tags, wherever they lie (RFC 9559)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from pipeline.errors import MediaUnreadable
from pipeline.metadata import ebml
from pipeline.metadata.blocks import CLUSTER, SEGMENT
from pipeline.metadata.ebml import Element
from pipeline.metadata.findings import text_of
from pipeline.metadata.source import ByteSource

_SEEK_HEAD, _INFO, _TRACKS, _TAGS = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1254C367
_WANTED = (_SEEK_HEAD, _INFO, _TRACKS, _TAGS)
_MOST_TOP = 400  # elements before the first cluster
_MOST_SOUGHT = 3
_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)

Values = dict[int, bytes]


def number(values: Mapping[int, bytes], kind: int, default: int = 0) -> int:
    """An unsigned number by its id."""
    found = values.get(kind)
    return default if found is None else ebml.whole(found)


@dataclass(slots=True)
class Document:
    """What stands outside the clusters; `clusters` is where the first begins."""

    end: int | None  # None where the file was written without going back
    clusters: int | None = None
    info: Values = field(default_factory=dict)
    tracks: list[Values] = field(default_factory=list)
    tags: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # of a track by its UID; 0: of all

    @property
    def clock(self) -> Fraction:
        """Ticks a second; a tick is a millisecond where nothing else is said."""
        return Fraction(1_000_000_000, number(self.info, 0x2AD7B1) or 1_000_000)

    def cut_off(self, size: int) -> bool:
        """Whether a file of this size ends before its segment does."""
        return self.end is not None and self.end > size

    def said_of(self, uid: int) -> dict[str, str]:
        return {name: text for target, texts in self.tags if target == uid for name, text in texts.items()}

    @property
    def writer(self) -> str | None:
        """The program that wrote the file."""
        return text_of(self.info.get(0x5741, b""))

    @property
    def written(self) -> datetime | None:
        """DateUTC: nanoseconds since the beginning of 2001."""
        raw = self.info.get(0x4461, b"")
        if len(raw) != 8:
            return None
        try:
            return _EPOCH + timedelta(microseconds=int.from_bytes(raw, "big", signed=True) // 1000)
        except OverflowError:
            return None

    def first(self, kind: int) -> Values | None:
        """The first track of a kind: 1 picture, 2 sound."""
        return next((track for track in self.tracks if number(track, 0x83) == kind), None)


def read_document(source: ByteSource) -> Document:
    """Raises MediaUnreadable where there is no segment."""
    head = ebml.element_at(source, 0)
    segment = ebml.element_at(source, head.end) if head else None
    if segment is None or segment.kind != SEGMENT:
        raise MediaUnreadable("its structure is damaged.")
    document = Document(None if segment.size == ebml.UNKNOWN else segment.end)
    for at in _read_top(source, document, segment.start):
        found = ebml.element_at(source, segment.start + at) if segment.start + at < source.size else None
        if found and found.kind in _WANTED and found.size >= 0 and found.end <= source.size:
            _keep(source, document, found)
    return document


def _read_top(source: ByteSource, document: Document, at: int) -> list[int]:
    """Keep what stands before the first cluster; where the rest lies in the segment, as the seek heads say."""
    start, sought, seen = at, dict[int, None](), set()
    for _ in range(_MOST_TOP):
        found = ebml.element_at(source, at) if at < source.size else None
        if found is None:
            break
        if found.kind == CLUSTER:
            document.clusters = at
            break
        if found.size == ebml.UNKNOWN or found.end > source.size:
            break
        seen.add(at - start)
        if found.kind == _SEEK_HEAD:
            sought.update(dict.fromkeys(_sought(ebml.body(source, found))))
        elif found.kind in _WANTED:
            _keep(source, document, found)
        at = found.end
    return [place for place in sought if place not in seen][:_MOST_SOUGHT]


def _sought(data: bytes) -> Iterator[int]:
    for kind, entry in ebml.children(data):
        if kind == 0x4DBB:
            values = dict(ebml.children(entry))
            if ebml.whole(values.get(0x53AB, b"")) in (_INFO, _TRACKS, _TAGS):
                yield ebml.whole(values.get(0x53AC, b""))


def _keep(source: ByteSource, document: Document, found: Element) -> None:
    data = ebml.body(source, found)
    if found.kind == _INFO:
        document.info = dict(ebml.children(data))
    elif found.kind == _TRACKS and not document.tracks:
        document.tracks = [dict(ebml.children(entry)) for kind, entry in ebml.children(data) if kind == 0xAE]
    elif found.kind == _TAGS:
        document.tags += [_tag(entry) for kind, entry in ebml.children(data) if kind == 0x7373]


def _tag(data: bytes) -> tuple[int, dict[str, str]]:
    target, texts = 0, {}
    for kind, entry in ebml.children(data):
        values = dict(ebml.children(entry))
        if kind == 0x63C0:
            target = ebml.whole(values.get(0x63C5, b""))
        elif kind == 0x67C8 and (text := text_of(values.get(0x4487, b""))):
            texts[(text_of(values.get(0x45A3, b"")) or "").upper()] = text
    return target, texts
