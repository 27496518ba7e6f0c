"""Sound recordings: RIFF and RF64 WAV with bext (EBU Tech 3285) and iXML (iXML 2.0, production sound)."""

import re
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from pipeline.clip import AudioStream
from pipeline.errors import MediaUnreadable
from pipeline.metadata.dropframe import drops
from pipeline.metadata.findings import Finding, cut_off, moment, text_of
from pipeline.metadata.source import ByteSource
from pipeline.metadata.xml import child, parse, text
from pipeline.timecode import Rate, Timecode, frames_per_day

MOST_CHUNKS = 4096
LARGEST_CHUNK = 1024 * 1024
_IN_DS64 = 0xFFFFFFFF
# Recorders without iXML state the rate in the description: sSPEED=023.976-ND, SPEED=25.000ND.
_SPEED = re.compile(rb"SPEED=(\d{2,3}\.\d{1,3})-?(NDF?|DF)\b")
_FORMATS = {
    1: "pcm", 2: "adpcm_ms", 3: "float", 6: "pcm_alaw", 7: "pcm_mulaw", 0x11: "adpcm_ima_wav", 0x50: "mp2", 0x55: "mp3",
    0xFF: "aac", 0x2000: "ac3", 0x2001: "dts",
}  # fmt: skip


def recognises(head: bytes) -> bool:
    return head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE"


def read(source: ByteSource) -> Iterator[Finding]:
    """Sound format, length and everything that bext and iXML say."""
    yield Finding("container", "wav", "structure", "RIFF header")
    chunks = _chunks(source)
    if b"fmt " not in chunks:
        raise MediaUnreadable("it has no format chunk, so its sound cannot be read.")
    stream, depth = wave_format(source.read(chunks[b"fmt "][0], min(chunks[b"fmt "][1], 64)))
    frames = _length(source, chunks, stream, depth)
    if frames is None:
        yield from cut_off("data")
    audio = AudioStream(stream.codec, stream.channels, stream.sample_rate, frames)
    yield Finding("audio", (audio,), "structure", "fmt")
    if frames is not None:
        yield Finding("samples", frames, "structure", "data")
    reference = None
    if b"bext" in chunks:
        start, size = chunks[b"bext"]
        bext = source.upto(start, min(size, LARGEST_CHUNK))
        reference = struct.unpack_from("<Q", bext, 338)[0] if len(bext) >= 346 else None
        yield from _bext(bext, stream.sample_rate)
    if b"iXML" in chunks:
        start, size = chunks[b"iXML"]
        yield from _ixml(source.upto(start, min(size, LARGEST_CHUNK)), reference, stream.sample_rate)


def _chunks(source: ByteSource) -> dict[bytes, tuple[int, int]]:
    """The first chunk of each name: start and size; sizes over 4 GiB stand in ds64."""
    found: dict[bytes, tuple[int, int]] = {}
    at, wide = 12, {}
    for _ in range(MOST_CHUNKS):
        if at + 8 > source.size:
            return found
        kind, size = struct.unpack("<4sI", source.read(at, 8))
        if kind == b"ds64" and size >= 24:
            wide = {b"data": struct.unpack("<8xQ8x", source.read(at + 8, 24))[0]}
        if size == _IN_DS64 and kind in wide:
            size = wide[kind]
        found.setdefault(kind, (at + 8, size))
        at += 8 + size + (size & 1)
    raise MediaUnreadable("it has more chunks than any recording: it is damaged.")


def wave_format(data: bytes) -> tuple[AudioStream, int]:
    """A wave format header (WAVEFORMATEX): the stream and its bytes per frame; raises MediaUnreadable."""
    kind, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", data, 0)
    if kind == 0xFFFE and len(data) >= 26:
        (kind,) = struct.unpack_from("<H", data, 24)
    name = _FORMATS.get(kind)
    if name is None or not channels or not rate or not block:
        raise MediaUnreadable(f"its sound is stored in a way (format {kind}) that is not known here.")
    if name == "pcm":
        name = "pcm_u8" if bits <= 8 else f"pcm_s{(bits + 7) // 8 * 8}le"
    elif name == "float":
        name = f"pcm_f{bits}le"
    return AudioStream(name, channels, rate), block


def _length(source: ByteSource, chunks: dict[bytes, tuple[int, int]], stream: AudioStream, block: int) -> int | None:
    """Samples of each channel; None where the file ends before the data does."""
    start, size = chunks.get(b"data", (0, 0))
    if start + size > source.size or not stream.codec.startswith("pcm"):
        return None
    return size // block


def _bext(data: bytes, sample_rate: int) -> Iterator[Finding]:
    """Description 256, originator 32, reference 32, date 10, time 8, samples since midnight 64 bits."""
    if len(data) < 346:
        return
    originator = text_of(data[256:288])
    if originator:
        yield Finding("originator", originator, "bext", "bext originator")
    day, clock = (data[at : at + size].decode("ascii", "replace") for at, size in ((320, 10), (330, 8)))
    read = moment(f"{re.sub('[-_:. ]', '-', day)}T{re.sub('[-_:. ]', ':', clock)}")
    if read:
        yield Finding("recorded_at", read, "bext", "bext origination date and time")
    reference = struct.unpack_from("<Q", data, 338)[0]
    yield Finding("time_reference", reference, "bext", "bext time reference")
    if match := _SPEED.search(data[:256]):
        rate = Rate.nearest(Fraction(match[1].decode()))
        if rate:
            drop = drops(rate, flag=match[2] == b"DF")
            yield Finding("timecode_rate", rate, "bext", "bext description SPEED")
            code = at_rate(reference, sample_rate, rate, drop_frame=drop)
            yield Finding("start_timecode", code, "bext", "bext time reference at its SPEED")
    for line in (text_of(data[:256].replace(b"\r\n", b"|").replace(b"\n", b"|")) or "").split("|"):
        name, _, value = line.partition("=")
        key = {"SCENE": "scene", "TAKE": "take", "TAPE": "tape"}.get(name.lstrip("sgz"))
        if key and value:
            yield Finding(key, value, "bext", f"bext description {name}")


def _ixml(data: bytes, reference: int | None, sample_rate: int) -> Iterator[Finding]:
    """Scene, take, tape, names of tracks, and the rate that turns samples since midnight into timecode."""
    root = parse(data.split(b"\0")[0])
    if root is None:
        yield Finding("warnings", "Its iXML is damaged and was not read.", "structure", "iXML")
        return
    for key, tag in (("scene", "SCENE"), ("take", "TAKE"), ("tape", "TAPE")):
        if value := text(root, tag):
            yield Finding(key, value, "ixml", f"iXML {tag}")
    names = [text(track, "NAME") or "" for track in _tracks(root)]
    if any(names):
        yield Finding("track_names", tuple(names), "ixml", "iXML TRACK_LIST")
    rate = _rate(text(root, "SPEED", "TIMECODE_RATE"))
    if rate is None:
        return
    yield Finding("timecode_rate", rate, "ixml", "iXML TIMECODE_RATE")
    if reference is not None:
        drop = drops(rate, flag=(text(root, "SPEED", "TIMECODE_FLAG") or "").upper() == "DF")
        yield Finding(
            "start_timecode",
            at_rate(reference, sample_rate, rate, drop_frame=drop),
            "ixml",
            "bext time reference at iXML rate",
        )


def at_rate(samples: int, sample_rate: int, rate: Rate, *, drop_frame: bool) -> Timecode:
    """Samples since midnight as timecode, rounded down to a frame."""
    frame = rate.frames(Fraction(samples, sample_rate)) % frames_per_day(rate, drop_frame=drop_frame)
    return Timecode(frame, rate, drop_frame)


def _tracks(root: Any) -> list[Any]:
    found = child(root, "TRACK_LIST")
    tracks = [track for track in found if track.tag == "TRACK"] if found is not None else []
    return sorted(tracks[:256], key=lambda track: _number(text(track, "INTERLEAVE_INDEX")))


def _number(value: str | None) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 6 else 0


def _rate(value: str | None) -> Rate | None:
    """`24000/1001`, `25/1`, `2997/100`."""
    over, _, under = (value or "").strip().partition("/")
    if not over.isdecimal() or (under and not under.isdecimal()) or len(over) > 9:
        return None
    exact = Fraction(int(over), int(under or 1)) if int(under or 1) else Fraction(0)
    return (Rate.nearest(exact) or Rate.of(exact)) if exact > 0 else None
