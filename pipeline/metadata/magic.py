"""What a file is by its first bytes: the formats MediaInfo is asked for, and words for what is none.

Names are never believed. MediaInfo sees only files whose bytes begin as the format does, so that
no playlist reaches it.
"""

from collections.abc import Iterator

from pipeline.metadata.findings import Finding, cut_off

_TS_PACKETS = ((0, 188), (4, 192))


def by_mediainfo(head: bytes) -> bool:
    """MXF, Matroska, AVI or MPEG-TS by its signature."""
    return _mxf(head) or _matroska(head) or _avi(head) or _transport(head)


def _matroska(head: bytes) -> bool:
    """An EBML header (RFC 8794) whose elements can be: an id never begins with a zero byte."""
    if head[:4] != b"\x1aE\xdf\xa3":
        return False
    at, size = _vint(head, 4)
    end = at + size
    while at < min(end, len(head) - 12):
        if head[at] < 0x10:
            return False
        at += 9 - head[at].bit_length()
        at, size = _vint(head, at)
        at += size
    return at == end


def _vint(head: bytes, at: int) -> tuple[int, int]:
    """A size of one to eight bytes: the place after it, and the size (0 past the end)."""
    if at >= len(head) or not head[at]:
        return at + 1, 0
    width = 9 - head[at].bit_length()
    return at + width, int.from_bytes(head[at : at + width], "big") & ((1 << 7 * width) - 1)


def _avi(head: bytes) -> bool:
    """An AVI whose header announces picture or sound: one of subtitles alone is a disguised playlist."""
    announced = any(head[at + 8 : at + 12] in (b"vids", b"auds") for at in _places(head, b"strh"))
    return head[:4] == b"RIFF" and head[8:12] == b"AVI " and announced and b"#EXTM3U" not in head


def _places(head: bytes, word: bytes) -> Iterator[int]:
    at = head.find(word)
    while at >= 0:
        yield at
        at = head.find(word, at + 1)


def _mxf(head: bytes) -> bool:
    return head[:11] == bytes.fromhex("060e2b34020501010d0102")


def _transport(head: bytes) -> bool:
    """Sync bytes at the distance of packets, or of packets with AVCHD's four-byte time stamp."""
    return any(
        len(head) > start + 3 * size and all(head[start + index * size] == 0x47 for index in range(4))
        for start, size in _TS_PACKETS
    )


_WORDS: tuple[tuple[bytes, str], ...] = (
    (b"ffconcat", "it is a playlist (ffconcat) that points to other files, and is never followed"),
    (b"\xff\xd8\xff", "it is a JPEG picture"),
    (b"\x89PNG", "it is a PNG picture"),
    (b"II*\0", "it is a TIFF or raw picture"),
    (b"MM\0*", "it is a TIFF or raw picture"),
    (b"%PDF", "it is a PDF document"),
    (b"PK\3\4", "it is a ZIP archive"),
    (b"<?xml", "it is an XML document"),
    (b"{\\rtf", "it is a text document"),
    (b"\x7fELF", "it is a program"),
    (b"MZ", "it is a program"),
)


def describe(head: bytes) -> str:
    """In words what a file is, for the sentence that refuses it."""
    if _mxf(head):
        return "an MXF file"
    if by_mediainfo(head):
        return {b"\x1aE\xdf\xa3": "a Matroska file", b"RIFF": "an AVI file"}.get(head[:4], "an MPEG transport stream")
    if b"#EXTM3U" in head:
        return "it is or holds a playlist (HLS) that points to other files, and is never followed"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "it begins like a Matroska file, but its header is damaged"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, words in _WORDS:
        if start.startswith(magic):
            return words
    if not head.strip(b"\0"):
        return "it holds nothing but zeros"
    sample = head[:1024]
    if all(letter >= 32 or letter in b"\t\r\n\f" for letter in sample):
        return "it is a text file"
    return "its bytes begin like no format that is known here"


def shortened(head: bytes, size: int) -> Iterator[Finding]:
    """That an AVI ends before the size in its header does."""
    if head[:4] == b"RIFF" and int.from_bytes(head[4:8], "little") + 8 > size + 1:
        yield from cut_off("RIFF header")
