"""OpenTimelineIO's JSON, of any writer and age; of an .otioz bundle, its content.otio.

Read as plain values: OTIO's own objects cost microseconds for each attribute, and refuse files of newer schemas. Times
are floats with a rate; they become whole frames of exact rates here. Clips are in otio_tracks.py.
"""

import io
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, cast

from pipeline.editorial.bulk import unswept
from pipeline.editorial.imports.otio_tracks import Tracks, kind_of
from pipeline.editorial.imports.otio_values import (
    Values,
    color_of,
    frames_of,
    inside,
    range_of,
    text_in,
    time_of,
)
from pipeline.editorial.imports.reading import Problem, ReadMark, ReadTimeline
from pipeline.errors import TimelineUnreadable, ValueRefused
from pipeline.timecode import Rate, Timecode

FORMAT = "otio"
LARGEST = 256 << 20
MOST_NESTED = 100
MOST_LISTED = 8 << 20  # bytes in which a bundle lists its members, some ten thousands of files
_TOO_LARGE = f"This timeline is larger than the {LARGEST >> 20} MB that are read; export it in parts."
_SCHEMA = b'"OTIO_SCHEMA"'
_BUNDLE = b"PK\x03\x04"
_COUNTED = {"Clip": "clips", "Track": "tracks", "Sequence": "tracks", "Transition": "transitions", "Gap": "gaps"}


def recognises(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return _SCHEMA in text
    return head.startswith(_BUNDLE) and any(name in head[:4096] for name in (b"content.otio", b"version.txt"))


def read(content: bytes) -> ReadTimeline:
    """The first timeline in the file; raises TimelineUnreadable for what is no OTIO, damaged or beyond bounds."""
    with unswept():
        return read_values(values_in(content))


def values_in(content: bytes) -> Values:
    """The JSON as it stands; raises TimelineUnreadable for what is no OTIO."""
    try:
        root = _values(content)
    except RecursionError:
        raise TimelineUnreadable("This OTIO nests deeper than any timeline; it is not read.") from None
    if not isinstance(root, dict) or not kind_of(root):
        raise TimelineUnreadable("This JSON is no OTIO: nothing in it says an OTIO_SCHEMA.")
    return root


def read_values(root: Values) -> ReadTimeline:
    """The timeline in JSON that is there already."""
    counts = Counter(dict.fromkeys((*_COUNTED.values(), "markers"), 0))
    _count(root, counts)
    timeline = first_timeline(root)
    title = text_in(timeline if timeline is not None else root, "name")
    facts: dict[str, object] = {"format": FORMAT, "title": title, **counts}
    if timeline is None:
        problem = Problem(None, "There is no timeline in this OTIO file; export one.")
        return ReadTimeline(
            FORMAT, title, None, None, None, None, (0, 0), (), facts=tuple(facts.items()), problems=(problem,)
        )
    return _timeline(timeline, facts)


def _values(content: bytes) -> Any:
    content = unbundled(io.BytesIO(content)) or content
    if len(content) > LARGEST:
        raise TimelineUnreadable(_TOO_LARGE)
    try:
        return json.loads(content)
    except ValueError as error:  # JSON and UTF-8 that are none, and numbers without end
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise TimelineUnreadable(f"This is no JSON that can be read{where}; export the timeline again.") from None


def unbundled(file: io.RawIOBase | io.BufferedIOBase) -> bytes | None:
    """The timeline in an open .otioz, of which nothing else is read; None for a file that is no bundle.

    A bundle is as large as its media: its list of members and the timeline have bounds of their own. Raises
    TimelineUnreadable.
    """
    if file.read(len(_BUNDLE)) != _BUNDLE:
        return None
    import zipfile

    try:
        with zipfile.ZipFile(cast("IO[bytes]", _Sparing(file))) as bundle:
            member = bundle.getinfo("content.otio")
            if member.file_size > LARGEST:
                raise TimelineUnreadable(_TOO_LARGE)
            if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise TimelineUnreadable("This bundle is packed as no OTIO bundle is; export it again.")
            with bundle.open(member) as timeline:
                return timeline.read(member.file_size)  # never more than stated, whatever it unpacks to
    except KeyError:
        raise TimelineUnreadable("This ZIP file holds no content.otio; it is no OTIO bundle.") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, OverflowError):
        raise TimelineUnreadable("This OTIO bundle is damaged; export it again.") from None


@dataclass(frozen=True, slots=True)
class _Sparing:
    """An open file of which no part is read that is larger than the list of members of any bundle."""

    file: io.RawIOBase | io.BufferedIOBase

    def read(self, size: int = -1) -> bytes:
        if size > MOST_LISTED:
            raise ValueError
        return self.file.read(size) or b""

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        return self.file.seek(place, whence)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True


def _count(value: Values, counts: Counter[str]) -> None:
    """Clips, tracks and so on in the whole file, nested ones too."""
    level = [value]
    for _ in range(MOST_NESTED):
        for each in level:
            name = _COUNTED.get(kind_of(each))
            if name is not None:
                counts[name] += 1
            counts["markers"] += len(inside(each, "markers"))
        level = [child for each in level for child in _children(each)]
        if not level:
            return
    raise TimelineUnreadable("This OTIO nests deeper than any timeline; it is not read.")


def _children(value: Values) -> Iterator[Values]:
    yield from inside(value, "children")
    tracks = value.get("tracks")
    if isinstance(tracks, dict):
        yield tracks


def first_timeline(root: Values) -> Values | None:
    """The timeline that stands first; a file of one stack or track is as good as one."""
    level = [root]
    while level:
        for each in level:
            if kind_of(each) == "Timeline":
                return each
            if kind_of(each) in {"Stack", "Track", "Sequence"}:
                inner = [each] if kind_of(each) != "Stack" else inside(each, "children")
                return {**each, "tracks": {"OTIO_SCHEMA": "Stack.1", "children": inner}, "children": []}
        level = [child for each in level for child in inside(each, "children")]
    return None


def _timeline(timeline: Values, facts: dict[str, object]) -> ReadTimeline:
    problems: list[Problem] = []
    stack = timeline.get("tracks")
    stack = stack if isinstance(stack, dict) else {}
    said = _said(timeline)
    rate = _rate(timeline, stack, said)
    if rate is None and any(inside(track, "children") for track in inside(stack, "children")):
        problems.append(Problem(None, "No time in this timeline tells its frame rate, so that nothing has a place."))
    reading = Tracks(rate, problems)
    for track in inside(stack, "children"):
        reading.track(track)
    drop = said.get("drop_frame") if isinstance(said.get("drop_frame"), bool) else None
    if rate is not None and not rate.can_drop:
        drop = False
    start = _start(timeline, rate, drop=bool(drop))
    if start is not None and rate is not None:
        facts["rate"] = str(rate)
        if drop is not None:
            facts |= {"first_record_timecode": str(start), "drop_frame": drop}
    elif rate is not None and reading.events:
        facts["rate"] = str(rate)
    return ReadTimeline(
        FORMAT, text_in(timeline, "name"), rate, drop, start, reading.end, reading.counts, tuple(reading.events),
        tuple(reading.transitions), (*_marks(stack, rate), *reading.marks), tuple(facts.items()), tuple(problems),
        tuple(reading.left_out), (("schema", text_in(timeline, "OTIO_SCHEMA")), ("files", tuple(reading.files))),
    )  # fmt: skip


def _said(value: Values) -> Values:
    metadata = value.get("metadata")
    said = metadata.get("rushes") if isinstance(metadata, dict) else None
    return said if isinstance(said, dict) else {}


def _rate(timeline: Values, stack: Values, said: Values) -> Rate | None:
    """What Rushes wrote, else that of the start, else that of the first item that says how long it lasts."""
    try:
        if text_in(said, "rate"):
            return Rate.parse(text_in(said, "rate"))
    except ValueRefused:
        pass
    start = time_of(timeline.get("global_start_time"))
    if start is not None:
        return start.rate
    for track in inside(stack, "children"):
        for item in inside(track, "children"):
            span = range_of(item.get("source_range"))
            if span is not None:
                return span.duration.rate
    return None


def _start(timeline: Values, rate: Rate | None, *, drop: bool) -> Timecode | None:
    start = time_of(timeline.get("global_start_time"))
    if start is None or rate is None:
        return None
    return Timecode(round(frames_of(start, rate)), rate, drop)


def _marks(stack: Values, rate: Rate | None) -> Iterator[ReadMark]:
    for marker in inside(stack, "markers"):
        span = range_of(marker.get("marked_range"))
        record = span.frames(rate) if span is not None and rate is not None else None
        yield ReadMark(text_in(marker, "name"), text_in(marker, "comment"), color_of(marker), record=record)
