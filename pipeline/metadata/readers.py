"""The readers, in two literal tuples: of recordings, and of what lies beside them; and of lists and stills.

A new format is one file beside this one and one line here. Readers get bytes and yield findings; they open
nothing. Whose finding counts is decided in trust.py.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from pipeline.errors import MediaUnreadable, ValueRefused
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
from pipeline.metadata.findings import Finding
from pipeline.metadata.source import ByteSource
from pipeline.metadata.tables import LARGEST_TABLE
from pipeline.metadata.xml import LARGEST_XML

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
