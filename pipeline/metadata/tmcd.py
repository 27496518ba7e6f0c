"""Timecode tracks: a frame number with its own rate and flags (QuickTime File Format, timecode media)."""

import struct
from collections.abc import Iterator
from fractions import Fraction

from pipeline.metadata.boxes import boxes
from pipeline.metadata.dropframe import drops
from pipeline.metadata.findings import Finding, text_of
from pipeline.metadata.source import ByteSource
from pipeline.metadata.tracks import Entry, Track
from pipeline.timecode import Rate, Timecode

DROP_FRAME, NEGATIVE, COUNTER = 1, 4, 8


def read(source: ByteSource, tracks: list[Track]) -> Iterator[Finding]:
    """Start timecode and reel of the timecode track that the picture refers to, else of the first."""
    wanted = next((track.references.get(b"tmcd", []) for track in tracks if track.handler == b"vide"), [])
    candidates = [track for track in tracks if track.entries and track.entries[0].kind in (b"tmcd", b"tc64")]
    candidates.sort(key=lambda track: track.number not in wanted)
    for track in candidates[:1]:
        yield from _timecode(source, track)
        reel = _reel(track.entries[0])
        if reel:
            yield Finding("reel", reel, "tmcd", "tmcd source name")


def _timecode(source: ByteSource, track: Track) -> Iterator[Finding]:
    entry = track.entries[0]
    if len(entry.data) < 25 or track.first_chunk is None:
        return
    flags, scale, duration, stated = struct.unpack_from(">IIIB", entry.data, 12)
    width = 8 if entry.kind == b"tc64" else 4
    raw = source.upto(track.first_chunk, width)
    if flags & COUNTER or not scale or not duration or len(raw) < width:
        return
    rate = _rate(Fraction(scale, duration))
    number = int.from_bytes(raw, "big", signed=bool(flags & NEGATIVE))
    drop = drops(rate, flag=bool(flags & DROP_FRAME))
    why = (
        ""
        if stated in (rate.nominal, 0)
        else f"the entry counts {stated} frames a second; {rate.label()} counts {rate.nominal}"
    )
    if flags & DROP_FRAME and not rate.can_drop:
        why = f"the drop-frame flag is set, but there is no drop-frame at {rate.label()}"
    yield Finding("start_timecode", Timecode(number + _trimmed(track, rate), rate, drop), "tmcd", "tmcd sample", why)


def _rate(exact: Fraction) -> Rate:
    return Rate.nearest(exact) or Rate.of(exact)


def _trimmed(track: Track, rate: Rate) -> int:
    """Frames that the timecode track's own edit list cuts from its beginning."""
    start = next((edit.start for edit in track.edits if edit.start >= 0), 0)
    return rate.frames(Fraction(start, track.samples.clock)) if track.samples.clock > 0 else 0


def _reel(entry: Entry) -> str | None:
    """The `name` box after the fixed part: length, language, text."""
    source = ByteSource.of_bytes(entry.data)
    for box in boxes(source, 26, len(entry.data)):
        if box.kind == b"name":
            data = entry.data[box.start : box.end]
            return text_of(data[4 : 4 + int.from_bytes(data[:2], "big")])
    return None
