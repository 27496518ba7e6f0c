"""Whether a small file beside a recording is whole, as far as its own format shows it.

Thumbnails, the camera's own proxies, sidecars and indexes: nothing but their beginning and end is
looked at. A format that does not show it is taken for whole; recordings have readers of their own.
"""

import re
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import MediaUnreadable, RushesError
from pipeline.metadata.boxes import boxes
from pipeline.metadata.source import ByteSource

_TAIL = 64 * 1024
_MOST_SEGMENTS = 20_000  # of a picture, before its scan; fill bytes count
_LARGEST_PICTURE = 32 * 1024 * 1024  # searched whole where its end is not at the end: films lie behind some pictures
_SCAN, _END_OF_PICTURE = 0xDA, b"\xff\xd9"
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length (ITU-T T.81, B.1.1.3)
_ROOT = re.compile(rb"<([A-Za-z_][^\s>/]*)")
_SPACE = b"\0 \t\r\n"
_REMARK = re.compile(rb"<!--|<\?")
_CUE = re.compile(rb"\d+[ \t]*\r?\n\d\d:\d\d:\d\d[,.]\d{3} -->")


def is_whole(path: Path) -> bool:
    """Whether a file is complete; True for what cannot be opened (others say so) and for unknown formats."""
    try:
        with ByteSource.open(path) as source:
            return whole(source)
    except MediaUnreadable:
        return False
    except RushesError:
        return True


def whole(source: ByteSource) -> bool:
    """Whether these bytes are complete by their format; empty ones of any format are not. Raises MediaUnreadable."""
    head = source.upto(0, 4096)
    check = next((check for recognises, check in _CHECKS if recognises(head)), None)
    return bool(head) and (check is None or check(source))


def _picture(source: ByteSource) -> bool:
    """JPEG: its end marker comes after the scan; a thumbnail's own, inside a header segment, does not count."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        head = source.upto(at, 4)
        if len(head) < 4 or head[0] != 0xFF:
            return False
        if head[1] == _SCAN:
            break
        at += 2 if head[1] in _ALONE else 1 if head[1] == 0xFF else 2 + int.from_bytes(head[2:], "big")
    else:
        return False
    tail = max(at, source.size - _TAIL)
    if _END_OF_PICTURE in source.upto(tail, source.size - tail):
        return True
    if source.size > _LARGEST_PICTURE:
        return True
    steps = range(at, source.size, _TAIL)
    return any(_END_OF_PICTURE in source.upto(step, _TAIL + 1) for step in steps)


def _boxed(source: ByteSource) -> bool:
    """MP4, MOV, HEIF: the last box ends with the file, and a film has its header."""
    top = list(boxes(source, 0, source.size))
    kinds = {box.kind for box in top}
    return all(box.whole for box in top) and (b"mdat" not in kinds or bool(kinds & {b"moov", b"moof", b"meta"}))


def _riff(source: ByteSource) -> bool:
    stated = int.from_bytes(source.read(4, 4), "little")
    return stated == 0xFFFFFFFF or source.size >= 8 + stated  # written as a stream, its length is not known


def _document(source: ByteSource) -> bool:
    """XML: the root element is closed at the end, where only comments, instructions and space may follow."""
    head, tail = source.upto(0, 4096), source.upto(max(0, source.size - _TAIL), _TAIL)
    roots = _ROOT.search(re.sub(rb"(?s)<\?.*?\?>|<!--.*?-->|<![^>\[]*(\[.*?\])?\s*>", b"", head))
    end = _without_remarks(tail).rstrip(_SPACE)
    if roots is None:
        return end.endswith(b">")
    closed = re.search(rb"</" + re.escape(roots[1]) + rb"\s*>\Z", end)
    return bool(closed) or (end.endswith(b"/>") and end.count(b"<") == 1)


def _without_remarks(data: bytes) -> bytes:
    """XML without comments and instructions; one that nobody closes, and what follows it, stays."""
    kept, at = [], 0
    while opened := _REMARK.search(data, at):
        close = b"-->" if opened[0] == b"<!--" else b"?>"
        end = data.find(close, opened.end())
        if end < 0:
            break
        kept.append(data[at : opened.start()])
        at = end + len(close)
    return b"".join([*kept, data[at:]])


def _object(source: ByteSource) -> bool:
    """JSON, and the camera's own near-JSON with a comma too many."""
    opened = source.upto(0, 64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    end = source.upto(max(0, source.size - 256), 256).rstrip(_SPACE)
    return end.endswith(b"}" if opened == b"{" else b"]")


def _subtitles(source: ByteSource) -> bool:
    """SRT: cut in the midst of a cue, the last line has no end and the cue fewer words than the one before it."""
    tail = source.upto(max(0, source.size - _TAIL), _TAIL)
    if tail.endswith((b"\n", b"\r")):
        return True
    cues = re.split(rb"\r?\n\r?\n", tail)
    return len(cues) < 2 or len(cues[-1].split()) >= len(cues[-2].split())


_CHECKS: tuple[tuple[Callable[[bytes], bool], Callable[[ByteSource], bool]], ...] = (
    (lambda head: head.startswith(b"\xff\xd8\xff"), _picture),
    (lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"), _boxed),
    (lambda head: head.startswith(b"RIFF"), _riff),
    (lambda head: head.removeprefix(b"\xef\xbb\xbf").lstrip()[:2] in (b"<?", b"<!"), _document),
    (lambda head: bool(_ROOT.match(head)), _document),
    (lambda head: head.lstrip(b"\xef\xbb\xbf \t\r\n")[:2] in (b"{\n", b"{\r", b'{"', b"[{"), _object),
    (lambda head: bool(_CUE.match(head.removeprefix(b"\xef\xbb\xbf"))), _subtitles),
)  # fmt: skip
