"""The words that ffmpeg is started with: which files they name, and the guard before each that is read."""

from collections.abc import Iterator, Sequence
from pathlib import Path

# Demuxers that footage comes in. Playlists (HLS, DASH, ffconcat, SDP) and image or text demuxers are
# not among them: under a .mov name they would make ffmpeg read other files or the network.
INPUT_FORMATS = "mov,matroska,mxf,mpegts,mpeg,avi,dv,asf,wav,w64,aiff,caf,flac,mp3,aac,ogg"
MAX_PIXELS = 80_000_000  # above 12K; a 0.7 MB file can claim a gigapixel and take the memory for it
# On every input of every run, before -i; run_ffmpeg sees to it.
INPUT_GUARD: tuple[tuple[str, str], ...] = (
    ("protocol_whitelist", "file"),
    ("format_whitelist", INPUT_FORMATS),
    ("max_pixels", str(MAX_PIXELS)),
)


def files_of(arguments: Sequence[str]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files that ffmpeg is asked to read, and those it is asked to write."""
    named = [
        (before == "-i", Path(word.removeprefix("file:")))
        for before, word in zip(("", *arguments), arguments, strict=False)
        if word.startswith("file:/")
    ]
    return tuple(path for read, path in named if read), tuple(path for read, path in named if not read)


def guarded(arguments: Sequence[str], formats: str) -> Iterator[str]:
    """The same words, with the guard before each file that is read. What is made up (lavfi) is read from nowhere."""
    guard = {**dict(INPUT_GUARD), "format_whitelist": formats}
    before = ""
    for word, named in zip(arguments, (*arguments[1:], ""), strict=False):
        if word == "-i" and before != "lavfi":
            if not named.startswith("file:/"):
                raise ValueError(f"ffmpeg is to read '{named}', which is no absolute file name")
            yield from (part for name, value in guard.items() for part in (f"-{name}", value))
        yield word
        before = word
