"""What a file is by its first bytes: the formats MediaInfo is asked for, and words for what is none.

Names are never believed. MediaInfo sees only files whose bytes begin as the format does, so that
no playlist reaches it.
"""

from pipeline.metadata import packets

# Formats told by their first bytes alone.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\0\0\1\xba", "an MPEG program stream"),
    (bytes.fromhex("3026b2758e66cf11"), "a Windows Media file"),
    (b"FLV\1", "a Flash video"),
    (b"fLaC", "a FLAC file"),
    (b"OggS", "an Ogg file"),
    (b"caff", "a Core Audio file"),
    (bytes.fromhex("726966662e91cf11"), "a Wave64 file"),
    (b"ID3", "an MP3 file"),
    (b"\xff\xfb", "an MP3 file"),
)


def by_mediainfo(head: bytes) -> bool:
    """Whether these are bytes of a format that is left to MediaInfo."""
    return _kind(head) is not None


def _kind(head: bytes) -> str | None:
    """The format in words, where it is one of those left to MediaInfo."""
    for signature, words in _SIGNATURES:
        if head.startswith(signature):
            return words
    if matroska(head):
        return "a Matroska file"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "an AIFF file"
    return "an MPEG transport stream" if packets.layout(head) else None


def matroska(head: bytes) -> bool:
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


def _text(sample: bytes) -> bool:
    """Printable bytes that are UTF-8, a character cut off at the end aside."""
    if any(letter < 32 and letter not in b"\t\r\n\f" for letter in sample):
        return False
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.start > len(sample) - 4
    return True


def describe(head: bytes) -> str:
    """In words what a file is, for the sentence that refuses it."""
    if kind := _kind(head):
        return f"it is {kind}"
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
    if _text(head[:1024]):
        return "it is a text file"
    return "its bytes begin like no format that is known here"
