"""A proxy as a player has it: decoded from its first frame to its last, and what came out counted.

No decoder tells every damage: what it takes for pictures was perhaps never made. Bytes of plain sound are never wrong.
"""

from dataclasses import dataclass
from pathlib import Path

from pipeline.clip import Clip
from pipeline.errors import MediaUnreadable
from pipeline.files import full_hash, one_line
from pipeline.metadata.payload import picture_check
from pipeline.processes.ffmpeg import Terms, never, patience, run_ffmpeg
from pipeline.proxies.trial import reason
from pipeline.publishing import scratch

_MEDIA = "#media_type "  # begins what framecrc says of a stream: its number, and its kind
_LENGTH = 3  # the column of a row that tells how long it lasts: of sound, its samples


@dataclass(frozen=True, slots=True)
class Played:
    """How many pictures a decoder gave, and how many samples of each sound track."""

    pictures: int
    samples: tuple[int, ...]


def played(clip: Clip, proxy: Path, ffmpeg: Path) -> Played:
    """Decode a clip's proxy as a whole.

    Raises MediaUnreadable where a decoder stumbles or finds bytes that no encoder writes, and what run_ffmpeg raises.
    """
    name = one_line(proxy.name)
    with scratch() as folder:
        told = folder / "told"
        try:
            terms = Terms(subject="it", total=patience(clip.duration))
            complaints = run_ffmpeg(ffmpeg, _arguments(proxy, told), terms=terms).stderr_tail
        except MediaUnreadable as error:
            raise _damaged(name, reason(error.sentence)) from error
        lines = told.read_text().splitlines()
    if complaints:
        raise _damaged(name, complaints[0].rpartition("] ")[2])
    if _broken_pictures(proxy):
        raise _damaged(name, "no encoder writes such pictures")
    return _counted(lines)


def _damaged(name: str, why: str) -> MediaUnreadable:
    return MediaUnreadable(f"{name} cannot be played to its end ({why}); delete it, then run 'rushes ingest --retry'.")


def _broken_pictures(proxy: Path) -> bool:
    """Whether there are pictures that nobody wrote: the decoder of H.264 passes over rows of zeros."""
    check = picture_check(proxy)
    if check:
        full_hash(proxy, check.feed, never)
    return bool(check and check.broken)


def _arguments(proxy: Path, told: Path) -> list[str]:
    """Of each picture and each second or so of sound, a row; of the pictures only a corner is kept."""
    return [
        "-xerror", "-err_detect", "explode", "-i", f"file:{proxy}", "-map", "0:v:0?", "-map", "0:a?",
        "-vf", "crop=16:16:0:0", "-fps_mode", "passthrough", "-af", "asetnsamples=n=65536:p=0",
        "-f", "framecrc", f"file:{told}",
    ]  # fmt: skip


def _counted(lines: list[str]) -> Played:
    kinds = dict(line.removeprefix(_MEDIA).split(": ") for line in lines if line.startswith(_MEDIA))
    rows = [line.split(",") for line in lines if not line.startswith("#")]
    lasting = [[int(row[_LENGTH]) for row in rows if row[0] == number] for number in kinds]
    both = list(zip(kinds.values(), lasting, strict=True))
    return Played(
        sum(len(each) for kind, each in both if kind == "video"),
        tuple(sum(each) for kind, each in both if kind == "audio"),
    )
