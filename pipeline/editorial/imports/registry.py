"""IMPORTS: the timeline formats that are read back, one line each; bytes decide, never the name."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedIOBase

from pipeline.editorial.imports import aaf, ale, edl, fcpxml, otio_file, session_text, xmeml
from pipeline.editorial.imports.reading import ReadTimeline
from pipeline.timecode import Rate


@dataclass(frozen=True, slots=True)
class Import:
    """`recognises` looks at the first bytes of a file; `read` takes all of it and raises TimelineUnreadable.

    `read_at` is given for a format that may leave its rate unsaid: it takes the one to count at. `unbundled` is given
    for one that may lie in a bundle with its media, which is never read whole: it takes the open file and gives what
    `read` takes, or None where the file is no bundle.
    """

    format: str
    title: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes], ReadTimeline]
    read_at: Callable[[bytes, Rate], ReadTimeline] | None = None
    unbundled: Callable[[BufferedIOBase], bytes | None] | None = None


IMPORTS: tuple[Import, ...] = (
    Import("ale", "Avid Log Exchange", ale.recognises, ale.read),
    Import("protools-session-text", "Pro Tools session text", session_text.recognises, session_text.read),
    Import("edl", "CMX 3600 EDL", edl.recognises, edl.read, edl.read),
    Import(xmeml.FORMAT, "Final Cut Pro 7 XML", xmeml.recognises, xmeml.read),
    Import(fcpxml.FORMAT, "Final Cut Pro XML", fcpxml.recognises, fcpxml.read),
    Import(otio_file.FORMAT, "OpenTimelineIO", otio_file.recognises, otio_file.read, unbundled=otio_file.unbundled),
    Import("aaf", "AAF", aaf.recognises, aaf.read),
)
