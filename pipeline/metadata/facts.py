"""Facts of a recording: which reader reads it, what its sidecars add, what MediaInfo fills in."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.clip import Facts
from pipeline.errors import MediaUnreadable, NotMedia, RushesError
from pipeline.files import one_line
from pipeline.metadata import magic
from pipeline.metadata.assembly import TOLD, VIDEO_KEYS, assemble
from pipeline.metadata.findings import Finding
from pipeline.metadata.readers import BROKEN, HEAD, LISTS, READERS, SIDECARS, STILLS, Reader
from pipeline.metadata.source import READ_BUDGET, ByteSource
from pipeline.metadata.trust import resolve

if TYPE_CHECKING:
    from pipeline.processes.reader import ReaderProcess

_MOST_FILLED = 2 << 20  # bytes that MediaInfo may read of a large file: the facts it is asked for stand in the first


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
            findings += _uncounted(reader, source, findings)
            if mediainfo is not None and (wanted := _left_open(reader, findings)):
                findings += _filled(wanted, path, head, mediainfo, READ_BUDGET if source.whole else _MOST_FILLED)
        elif magic.by_mediainfo(head):
            findings = _by_mediainfo(path, head, mediainfo, READ_BUDGET)
        else:
            raise NotMedia(f"{one_line(path.name)} is no picture or sound recording: {magic.describe(head)}.")
    for sidecar in sidecars:
        findings += read_sidecar(sidecar, path.name)
    return assemble(findings)


def announced_frames(path: Path) -> int | None:
    """How many pictures a recording says that it has, be they there or not; None where nothing in it says so.

    Raises PathMissing and PathRefused.
    """
    with ByteSource.open(path) as source:
        head = source.upto(0, HEAD)
        reader = next((reader for reader in READERS if reader.recognises(head)), None)
        try:
            said = _findings(reader, source, path) if reader else []
        except MediaUnreadable:
            return None
    return resolve(finding for finding in said if finding.key == "frames")[0].get("frames")


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


def _uncounted(reader: Reader, source: ByteSource, findings: Sequence[Finding]) -> list[Finding]:
    """That frames were looked for and are not stated: such a format has no index, and the file was not read whole."""
    known = {finding.key for finding in findings}
    if reader.counter is None or source.whole or "frames" in known or not known & VIDEO_KEYS:
        return []
    return [Finding("frames", None, "structure", "no index", "only reading all of it tells: --whole, or ingest")]


def _left_open(reader: Reader, findings: Sequence[Finding]) -> frozenset[str]:
    """The facts that MediaInfo is asked for: of streams the reader does not know, or what no clip can do without.

    Frames are not among them: MediaInfo only estimates how many there are.
    """
    known = {finding.key for finding in findings if finding.value is not None}
    if any(finding.key == "left_open" for finding in findings):
        return TOLD - known - {"frames", "samples", "vfr"}
    if not reader.filled or "decoder" in known:
        return frozenset()
    picture = {"video_codec", "width", "height"} if known & VIDEO_KEYS else set()
    # Where frames are counted, a rate that is not stated varies or is that of a single frame.
    rate = {"rate"} if picture and "frames" not in known else set()
    return frozenset((picture | rate | {"audio"}) - known)


def _filled(wanted: frozenset[str], path: Path, head: bytes, process: "ReaderProcess", most: int) -> list[Finding]:
    """What MediaInfo says of these facts; that it failed over the file is a warning, not a failure."""
    try:
        return [finding for finding in _by_mediainfo(path, head, process, most) if finding.key in wanted]
    except MediaUnreadable as error:
        return [Finding("warnings", error.sentence, "mediainfo", "MediaInfo")]


def _by_mediainfo(path: Path, head: bytes, process: "ReaderProcess | None", most: int) -> list[Finding]:
    """What MediaInfo says of a file of which it is read `most` bytes."""
    from pipeline.metadata import mediainfo

    if process is None:
        raise MediaUnreadable(f"{one_line(path.name)} cannot be read without MediaInfo: {magic.describe(head)}.")
    reply = process.ask({}, file=path, most=most)
    try:
        return list(mediainfo.read(reply.get("tracks") or (), partial=bool(reply.get("partial"))))
    except MediaUnreadable as error:
        raise MediaUnreadable(f"{one_line(path.name)} cannot be read: {error.sentence}") from None
    except BROKEN:
        raise MediaUnreadable(f"{one_line(path.name)} cannot be read: its structure is damaged.") from None
