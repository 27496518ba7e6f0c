"""What ffmpeg's exit code and last words mean: the refusal that a person reads."""

import math
import resource
import signal
from collections.abc import Sequence

from pipeline.errors import DiskFull, MediaUnreadable, PathMissing, PathRefused, RushesError, ToolMissing, ToolStopped
from pipeline.processes.sandbox import MEMORY, inherited

_FULL = ("No space left on device", "Disk quota exceeded", "File too large")
_BROKEN = "Input/output error"
_WRITING = ("Error writing", "Error closing", "Error muxing", "Error opening output", "to the muxer")
_LACKING = ("Unknown encoder", "No such filter", "Unrecognized option", "Option not found", "Unknown decoder")
_UNCONVERTED = "Impossible to convert between the formats"
_FORBIDDEN = ("not on whitelist", "Format not on whitelist", "Protocol not found")


def refusal(code: int, tail: Sequence[str], subject: str, *, largest: int) -> RushesError | None:
    """The refusal that an exit code and the last words stand for; None for a run that may be good.

    `largest` is how long a file it was let write.
    """
    words = "\n".join(tail)
    code = 128 - code if 128 < code < 160 else code  # as bubblewrap and shells tell of a signal
    if (told := _of_limits(code, words, subject, largest) or _of_the_disk(words, subject)) or code == 0:
        return told
    if code < 0:
        name = signal.Signals(-code).name
        return ToolStopped(f"ffmpeg was killed ({name}) while it worked on {subject}; ingest again, with fewer jobs.")
    if "Cannot find a valid font" in words:
        return ToolMissing(f"No font was found to write on {subject} with; name a font file in proxies.toml.")
    if any(sign in words for sign in _LACKING):
        return ToolMissing(
            f"This ffmpeg lacks what the proxy of {subject} needs ({_reason(tail)}); name another in RUSHES_FFMPEG."
        )
    if _UNCONVERTED in words:
        return MediaUnreadable(
            f"{subject} tells its colours in a way that ffmpeg does not convert; export it as ProRes or DNxHR in Rec. "
            "709 from a program that shows it right, and ingest that copy."
        )
    if any(sign in words for sign in _FORBIDDEN):
        return MediaUnreadable(f"{subject} is a playlist or a format that footage does not come in; it was not opened.")
    if "Error opening input" in words and "No such file or directory" in words:
        return PathMissing(f"{subject} is no longer there; bring its disk back, then ingest again.")
    if "Error opening input" in words and "Permission denied" in words:
        return PathRefused(f"{subject} may not be read; give yourself permission to read it.")
    return MediaUnreadable(f"{subject} could not be decoded to its end ({_reason(tail)}); copy it from the card again.")


def _of_limits(code: int, words: str, subject: str, largest: int) -> RushesError | None:
    """Too much for the disk, the memory or what one file may be."""
    if code == -signal.SIGXFSZ and largest < (inherited(resource.RLIMIT_FSIZE) or math.inf):
        return MediaUnreadable(f"{subject} makes files without end; it is damaged or made to harm, and was given up.")
    # Some releases report a full disk while closing the file and exit with 0 all the same.
    if any(sign in words for sign in _FULL) or code in {228, -signal.SIGXFSZ}:
        return DiskFull(f"The disk filled up while making the proxy of {subject}; free some space, then ingest again.")
    if code and "Cannot allocate memory" in words:
        most = f"{MEMORY >> 30} GB of memory that one clip may have"
        return MediaUnreadable(f"{subject} asks for more than the {most}; it is damaged or made to harm.")
    return None


def _of_the_disk(words: str, subject: str) -> RushesError | None:
    """No fault of the recording: it is tried again."""
    if _BROKEN not in words:
        return None
    written = any(sign in words for sign in _WRITING)
    what, deed = ("The proxy", "written") if written else ("The original", "read")
    return PathRefused(f"{what} of {subject} could not be {deed} ({_BROKEN}); check its disk, then ingest again.")


def _reason(tail: Sequence[str]) -> str:
    """ffmpeg's first complaint without its address prefix: the first is the cause, the rest follow from it."""
    if not tail:
        return "ffmpeg did not say why"
    return tail[0].rpartition("] ")[2].rstrip(" .")
