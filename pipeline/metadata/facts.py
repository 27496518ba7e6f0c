"""Facts of a recording: which reader reads it, what its sidecars add, and the one value of each fact.

A new format is one file beside this one and one line in READERS (recordings), SIDECARS (what lies
beside them), LISTS (what speaks of several recordings) or STILLS (pictures). Readers get bytes and
yield findings; they open nothing. Whose finding counts is decided in trust.py.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.clip import AudioStream, Facts, Source, VideoStream
from pipeline.errors import MediaUnreadable, NotMedia, RushesError, ValueRefused
from pipeline.files import one_line
from pipeline.metadata import (
    arriraw,
    avi,
    canon,
    columns,
    dji,
    dv,
    dvrescue,
    exif,
    gopro,
    imf,
    jpeg,
    magic,
    matroska,
    mediapro,
    mpegts,
    mxf,
    p2,
    quicktime,
    red,
    sony,
    wav,
    xmp,
)
from pipeline.metadata.cameras import dated
from pipeline.metadata.dropframe import one_count
from pipeline.metadata.findings import Finding, Label, parsed
from pipeline.metadata.source import ByteSource
from pipeline.metadata.tables import LARGEST_TABLE
from pipeline.metadata.track import joined
from pipeline.metadata.trust import resolve, with_derived
from pipeline.metadata.xml import LARGEST_XML
from pipeline.timecode import Rate

if TYPE_CHECKING:
    from pipeline.processes.reader import ReaderProcess

# Changes whenever a reader may say something new of a file it has read before.
READER_VERSION = "4"
HEAD = 4096
# What a broken structure raises inside a reader; anything else is a bug of ours.
BROKEN = (struct.error, LookupError, ValueError, ArithmeticError, ValueRefused)


class FrameCounter(Protocol):
    """Fed with all bytes of a file in order; `frames` is None where they cannot be told.

    `average` frames a second are for what has no constant rate; None where that is not known.
    """

    def feed(self, data: bytes | memoryview) -> None: ...

    @property
    def frames(self) -> int | None: ...

    @property
    def average(self) -> Fraction | None: ...


@dataclass(frozen=True, slots=True)
class Reader:
    """`recognises` looks at the first bytes, never at the name; `read` yields what the file states.

    `filled`: MediaInfo is asked for what it leaves open, where that is worth its time.
    A format without an index has a `counter`: it is fed with the whole file and then knows its frames.
    """

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[ByteSource], Iterator[Finding]]
    filled: bool = False
    counter: "Callable[[ByteSource], FrameCounter | None] | None" = None


@dataclass(frozen=True, slots=True)
class SidecarReader:
    """Reads a whole small file; findings name it."""

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes, str], Iterator[Finding]]
    largest: int


@dataclass(frozen=True, slots=True)
class ListReader:
    """Reads a file that speaks of several recordings: what it says of the one named, or alone of all."""

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes, str, str | None], Iterator[Finding]]
    largest: int


# MPEG program streams, Ogg, AIFF and others (magic.by_mediainfo) are left to MediaInfo.
READERS: tuple[Reader, ...] = (
    Reader("QuickTime and MP4", quicktime.recognises, quicktime.read, filled=True),
    Reader("WAV", wav.recognises, wav.read, filled=True),
    Reader("R3D", red.recognises, red.read),
    Reader("MXF", mxf.recognises, mxf.read),
    Reader("AVI", avi.recognises, avi.read),
    Reader("DV", dv.recognises, dv.read),
    Reader("ARRIRAW", arriraw.recognises, arriraw.read),
    Reader("MPEG transport stream", mpegts.recognises, mpegts.read, counter=mpegts.counter),
    Reader("Matroska and WebM", matroska.recognises, matroska.read, counter=matroska.counter),
)
SIDECARS: tuple[SidecarReader, ...] = (
    SidecarReader("Sony NonRealTimeMeta", sony.recognises, sony.read, LARGEST_XML),
    SidecarReader("XMP", xmp.recognises, xmp.read, LARGEST_XML),
    SidecarReader("DJI subtitles", dji.recognises, dji.read, dji.LARGEST),
    SidecarReader("GoPro telemetry", gopro.recognises, gopro.read, 64 * 1024 * 1024),
    SidecarReader("P2 clip", p2.recognises, p2.read, LARGEST_XML),
    SidecarReader("Canon clip", canon.recognises, canon.read, LARGEST_XML),
    SidecarReader("IMF package", imf.recognises, imf.read, LARGEST_XML),
    SidecarReader("DV tape report", dvrescue.recognises, dvrescue.read, LARGEST_XML),
)
LISTS: tuple[ListReader, ...] = (
    ListReader("Sony card list", mediapro.recognises, mediapro.read, LARGEST_XML),
    ListReader("table", columns.recognises, columns.read, LARGEST_TABLE),
)
# Pictures are no recordings: they are asked alone, or lie beside one.
STILLS: tuple[Reader, ...] = (
    Reader("JPEG", jpeg.recognises, jpeg.read),
    Reader("TIFF, DNG and raw pictures", exif.recognises, exif.read),
)


def read_facts(
    path: Path, sidecars: Sequence[Path] = (), *, mediainfo: "ReaderProcess | None" = None, whole: bool = False
) -> Facts:
    """What one recording and its sidecars say, as one value per fact.

    `whole` reads a large file of a format without an index to its end, for the number of its frames.
    Raises NotMedia for what is no recording by its bytes, MediaUnreadable for what is empty, cut
    off or damaged beyond use, PathMissing and PathRefused for what cannot be opened.
    """
    with ByteSource.open(path, whole=whole) as source:
        if source.size == 0:
            raise MediaUnreadable(f"{one_line(path.name)} is empty: copy it again from the card.")
        head = source.upto(0, HEAD)
        reader = next((reader for reader in READERS if reader.recognises(head)), None)
        if reader is not None:
            findings = _findings(reader, source, path)
            if mediainfo is not None and (wanted := _left_open(reader, findings)):
                findings += _filled(wanted, path, head, mediainfo)
        elif magic.by_mediainfo(head):
            findings = _by_mediainfo(path, head, mediainfo)
        else:
            raise NotMedia(f"{one_line(path.name)} is no picture or sound recording: {magic.describe(head)}.")
    for sidecar in sidecars:
        findings += read_sidecar(sidecar, path.name)
    return assemble(findings)


def read_sidecar(path: Path, recording: str | None = None) -> list[Finding]:
    """Findings of one file beside `recording`; none for a kind that is not known or cannot be read."""
    name = one_line(path.name)
    try:
        with ByteSource.open(path) as source:
            read = _sidecar_reader(source.upto(0, HEAD), name, recording)
            return [] if read is None else read(source)
    except RushesError as error:
        return [Finding("warnings", f"{name}: {error.sentence}", "sidecar", name)]
    except BROKEN:
        return [Finding("warnings", f"{name} is damaged and was not read.", "sidecar", name)]


def sidecar_facts(path: Path) -> Facts:
    """Facts that a sidecar or still alone states; raises NotMedia for a file of no kind known here."""
    name = one_line(path.name)
    with ByteSource.open(path) as source:
        if source.size == 0:
            raise MediaUnreadable(f"{name} is empty: copy it again from the card.")
        head = source.upto(0, HEAD)
    if _sidecar_reader(head, name, None) is None:
        raise NotMedia(f"{name} is no picture or sound recording: {magic.describe(head)}.")
    return assemble(read_sidecar(path))


def _sidecar_reader(head: bytes, name: str, recording: str | None) -> Callable[[ByteSource], list[Finding]] | None:
    """What reads a file that begins so, beside that recording; None for a kind that is not known."""
    for still in STILLS:
        if still.recognises(head):
            return lambda source: list(still.read(source))
    for sidecar in SIDECARS:
        if sidecar.recognises(head):
            return lambda source: list(sidecar.read(source.read_whole(sidecar.largest), name))
    for several in LISTS:
        if several.recognises(head):
            return lambda source: list(several.read(source.read_whole(several.largest), name, recording))
    return None


def _findings(reader: Reader, source: ByteSource, path: Path) -> list[Finding]:
    try:
        return list(reader.read(source))
    except MediaUnreadable as error:
        raise MediaUnreadable(f"{one_line(path.name)} cannot be read: {error.sentence}") from None
    except BROKEN:
        raise MediaUnreadable(f"{one_line(path.name)} cannot be read: its structure is damaged.") from None


def _left_open(reader: Reader, findings: Sequence[Finding]) -> frozenset[str]:
    """The facts that MediaInfo is asked for: of streams the reader does not know, or what no clip can do without.

    Frames are not among them: MediaInfo only estimates how many there are.
    """
    known = {finding.key for finding in findings if finding.value is not None}
    if any(finding.key == "left_open" for finding in findings):
        return _TOLD - known - {"frames", "samples", "vfr"}
    if not reader.filled or "decoder" in known:
        return frozenset()
    picture = {"video_codec", "width", "height"} if known & _VIDEO_KEYS else set()
    # Where frames are counted, a rate that is not stated varies or is that of a single frame.
    rate = {"rate"} if picture and "frames" not in known else set()
    return frozenset((picture | rate | {"audio"}) - known)


def _filled(wanted: frozenset[str], path: Path, head: bytes, process: "ReaderProcess") -> list[Finding]:
    """What MediaInfo says of these facts; that it failed over the file is a warning, not a failure."""
    try:
        return [finding for finding in _by_mediainfo(path, head, process) if finding.key in wanted]
    except MediaUnreadable as error:
        return [Finding("warnings", error.sentence, "mediainfo", "MediaInfo")]


def _by_mediainfo(path: Path, head: bytes, process: "ReaderProcess | None") -> list[Finding]:
    """What MediaInfo says of a format that has no reader here."""
    from pipeline.metadata import mediainfo

    if process is None:
        raise MediaUnreadable(f"{one_line(path.name)} cannot be read without MediaInfo: {magic.describe(head)}.")
    reply = process.ask({"path": str(path.absolute())})
    try:
        return list(mediainfo.read(reply.get("tracks") or ()))
    except MediaUnreadable as error:
        raise MediaUnreadable(f"{one_line(path.name)} cannot be read: {error.sentence}") from None
    except BROKEN:
        raise MediaUnreadable(f"{one_line(path.name)} cannot be read: its structure is damaged.") from None


def frame_counter(path: Path) -> FrameCounter | None:
    """What counts the frames of a file while it is read; None for formats that say them, and for no recording.

    Raises PathMissing, PathRefused or NotMedia for what cannot be opened.
    """
    with ByteSource.open(path) as source:
        head = source.upto(0, HEAD)
        reader = next((reader for reader in READERS if reader.recognises(head)), None)
        try:
            return reader.counter(source) if reader and reader.counter else None
        except (MediaUnreadable, *BROKEN):
            return None


_VIDEO_KEYS = frozenset(VideoStream.__dataclass_fields__)
_TOLD = (frozenset(Facts.__dataclass_fields__) | _VIDEO_KEYS) - {"video", "sources", "warnings"}
_FACT_KEYS = _TOLD - _VIDEO_KEYS - {"start_timecode", "recorded_at", "gps_time"}


def assemble(findings: Iterable[Finding]) -> Facts:
    """Findings of all sources as Facts."""
    findings = one_count(_counted(list(_standing(list(findings)))))
    warned = [finding for finding in findings if finding.key == "warnings"]
    warnings = tuple(dict.fromkeys(str(finding.value) for finding in warned))
    values, sources = resolve(finding for finding in findings if finding.key in _TOLD)
    values, sources = dated(values, sources)
    picture = {key: value for key, value in values.items() if key in _VIDEO_KEYS}
    known = {key: value for key, value in values.items() if key in _FACT_KEYS}
    start, recorded = values.get("start_timecode"), values.get("recorded_at")
    if start is not None:
        counted = None if isinstance(start, Label) else start.rate
        known |= {"start_timecode": str(start), "drop_frame": start.drop_frame, "timecode_rate": counted}
    if recorded is not None:
        known |= {"recorded_at": recorded.iso, "recorded_at_zone": recorded.zone}
    if began := values.get("gps_time"):
        known["gps_time"] = began.strftime("%Y-%m-%dT%H:%M:%S") + f".{began.microsecond // 1000:03}Z"
    sources = with_derived(sources, values, known)
    if warned:
        sources.append(Source("warnings", "; ".join(dict.fromkeys(finding.where for finding in warned))))
    return Facts(video=VideoStream(**picture) if picture else None, warnings=warnings, sources=tuple(sources), **known)


def _standing(findings: Sequence[Finding]) -> Iterator[Finding]:
    """What can be true together: no length of a file that is cut off, no constant rate of a variable one."""
    cut = next((finding for finding in findings if finding.key == "cut_off"), None)
    vfr = next((finding for finding in findings if finding.key == "vfr" and finding.value is not None), None)
    for finding in findings:
        if cut and finding.key in ("frames", "samples"):
            # What a header or sidecar counts is not there where the file is cut off.
            yield replace(
                finding, value=None, where=cut.where, why=f"it is cut off; {finding.where} says {finding.value}"
            )
        elif vfr and vfr.value and finding.key == "rate":
            yield replace(finding, value=None, where=vfr.where, why="it varies: average_rate is the middle")
        else:
            yield finding


def _counted(findings: Sequence[Finding]) -> list[Finding]:
    """Labels without a rate counted at that of the picture, where one is known; an impossible one is none."""
    if not any(isinstance(finding.value, Label) for finding in findings):
        return list(findings)
    rate = resolve(finding for finding in findings if finding.key == "rate")[0].get("rate")
    return [_at(finding, rate) if rate and isinstance(finding.value, Label) else finding for finding in findings]


def _at(finding: Finding, rate: Rate) -> Finding:
    return replace(finding, value=parsed(finding.value.text, rate, drop_frame=finding.value.drop_frame))


def span_facts(parts: Sequence[Facts]) -> Facts:
    """Chapters in order as one recording: starts as the first, lasts as long as all together."""
    first = parts[0]
    video = first.video
    if video is not None:
        video = replace(video, frames=_summed([part.video.frames if part.video else None for part in parts]))
    audio = tuple(
        replace(
            stream, samples=_summed([part.audio[index].samples if index < len(part.audio) else None for part in parts])
        )
        for index, stream in enumerate(first.audio)
    )
    warnings = tuple(dict.fromkeys(warning for part in parts for warning in part.warnings))
    return replace(
        first,
        video=video,
        audio=audio,
        samples=_summed([part.samples for part in parts]),
        track=joined((part.track, _seconds(part)) for part in parts),
        warnings=warnings,
        sources=tuple(_span_sources(parts)),
    )


def _span_sources(parts: Sequence[Facts]) -> Iterator[Source]:
    """Those of the first chapter, counts told to be sums; warnings are those of all chapters."""
    for source in parts[0].sources:
        if source.key in ("frames", "samples", "audio"):
            yield replace(source, why="; ".join(filter(None, (source.why, f"the sum of {len(parts)} chapters"))))
        elif source.key != "warnings":
            yield source
    warned = dict.fromkeys(source.where for part in parts for source in part.sources if source.key == "warnings")
    if warned:
        yield Source("warnings", "; ".join(warned))


def _seconds(part: Facts) -> float | None:
    """How long a chapter is."""
    if part.video and part.video.frames and part.video.rate:
        return float(part.video.rate.seconds(part.video.frames))
    return None


def _summed(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def facts_json(facts: Facts) -> dict[str, object]:
    """Facts as flat plain data: what is known, under the names people use, plus `sources`."""
    row: dict[str, object] = {}
    if facts.video is not None:
        row |= {key: getattr(facts.video, key) for key in VideoStream.__dataclass_fields__}
    row |= {
        key: getattr(facts, key) for key in Facts.__dataclass_fields__ if key not in ("video", "sources", "decoder")
    }
    if facts.video is None and facts.audio:
        first = facts.audio[0]
        row |= {"channels": first.channels, "sample_rate": first.sample_rate, "bit_depth": _bit_depth(first)}
    plain = {key: _plain(value) for key, value in row.items() if value is not None and value != ()}
    sources = {source.key: source for source in facts.sources}
    plain |= {key: None for key in sources if key in _TOLD and key not in plain}
    if facts.audio or "audio" in sources:
        plain["audio"] = [_stream(stream) for stream in facts.audio]
    if "audio" in sources:
        of_stream = {key: Source(key, sources["audio"].where, why="of the first sound stream") for key in _OF_STREAM}
        sources = {key: source for key, source in of_stream.items() if key in plain} | sources
    if not facts.decoder:
        plain["decoder"] = False
    plain["sources"] = {key: _source(source) for key, source in sources.items()}
    return plain


_OF_STREAM = ("channels", "sample_rate", "bit_depth")


def _source(source: Source) -> dict[str, object]:
    row: dict[str, object] = {"where": source.where}
    if source.others:
        row["others"] = [{"where": where, "said": said} for where, said in source.others]
    return row | {"why": source.why} if source.why else row


def _stream(stream: AudioStream) -> dict[str, object]:
    row: dict[str, object] = {"codec": stream.codec, "channels": stream.channels, "sample_rate": stream.sample_rate}
    return row if stream.samples is None else row | {"samples": stream.samples}


def _bit_depth(stream: AudioStream) -> int | None:
    digits = "".join(letter for letter in stream.codec if letter.isdecimal())
    return int(digits) if stream.codec.startswith("pcm_") and digits else None


def _plain(value: Any) -> object:
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Rate):
        return str(value)
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return str(value)
