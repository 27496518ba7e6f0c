"""Single frames of a file as small grey pictures, and how alike two of them are, whatever codec, size and grade.

A grade bends the curve of brightness and seldom turns it round: pictures are compared as they are and with their
brightness spread evenly, and the better of the two counts (even spreading makes noise of flat walls loud).
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.metadata.frames import Times, read_times
from pipeline.processes.ffmpeg import Terms, run_ffmpeg
from pipeline.publishing import scratch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 32  # pixels
EVERY = 12  # frames from one picture to the next of those that are made at ingest
GLANCES = "glances"  # that kind of output: it comes with whatever is made of a clip's pictures, never for itself
_AT_ONCE = 8  # inputs of one ffmpeg
_RUN = 48  # pictures: those that lie within are decoded on from one to the next
_FLAT = 2.0  # luma: a picture of less contrast (black, a lens cap) tells nothing


def glances(path: Path, numbers: Iterable[int], ffmpeg: Path) -> dict[int, bytes]:
    """The pictures of a file by their numbers from 0, each SIDE x SIDE bytes; those that do not come are left out.

    They are found by their times; a file without such tables is decoded as far as the last one asked for. Raises
    what read_times and run_ffmpeg raise.
    """
    times = read_times(path)
    asked = sorted({number for number in numbers if times is None or number < len(times.pictures)})
    found: dict[int, bytes] = {}
    runs = _runs(asked)
    for some in (runs[at : at + _AT_ONCE] for at in range(0, len(runs), _AT_ONCE)):
        with scratch() as folder:
            run_ffmpeg(ffmpeg, _arguments(path, some, times, folder), terms=Terms(subject=path.name))
            for run in some:
                file = folder / str(run[0])
                found |= dict(zip(run, pictures_in(file.read_bytes() if file.exists() else b""), strict=False))
    return found


def pictures_in(raw: bytes) -> Iterator[bytes]:
    """The whole pictures of SIDE x SIDE bytes that lie one after the other."""
    return (raw[at : at + SIDE**2] for at in range(0, len(raw) - SIDE**2 + 1, SIDE**2))


def glances_size(frames: int) -> int:
    """Bytes of the pictures that are made at ingest of a clip of so many frames."""
    return -(-frames // EVERY) * SIDE**2


def difference(one: bytes, other: bytes) -> float | None:
    """The mean square between two pictures of equal contrast: 0 the same, 2 unrelated; None where either is flat."""
    first, second = _forms(one), _forms(other)
    if first is None or second is None:
        return None
    return min(float(((a - b) ** 2).mean()) for a, b in zip(first, second, strict=True))


@lru_cache(maxsize=4096)
def _forms(grey: bytes) -> "tuple[NDArray[np.float32], NDArray[np.float32]] | None":
    """A picture as it is and with its brightness spread evenly, both of equal contrast; None for a flat one."""
    import numpy as np  # heavy, and only wanted here

    picture = np.frombuffer(grey, np.uint8).astype(np.float32)
    return (_normal(picture), _even(picture)) if float(picture.std()) >= _FLAT else None


def _normal(picture: "NDArray[np.float32]") -> "NDArray[np.float32]":
    made: NDArray[np.float32] = (picture - picture.mean()) / picture.std()
    return made


def _even(picture: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Each pixel by its rank; equal ones share the middle of theirs."""
    import numpy as np

    _, place, counts = np.unique(picture, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - counts / 2).astype(np.float32)
    return _normal(ranks[place.ravel()])


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers in order, by stretches that are decoded in one go."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number - runs[-1][0] < _RUN:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _arguments(path: Path, runs: Sequence[Sequence[int]], times: Times | None, folder: Path) -> list[str]:
    inputs: list[str] = []
    outputs: list[str] = []
    for index, run in enumerate(runs):
        seek = _seek(times, run[0]) if times else []
        selected = "+".join(f"eq(n\\,{number - run[0] if times else number})" for number in run)
        inputs += [*seek, "-i", f"file:{path}"]
        outputs += [
            "-map", f"{index}:v:0", "-vf", f"select={selected},scale={SIDE}:{SIDE}:flags=area,format=gray",
            "-frames:v", str(len(run)), "-fps_mode", "passthrough", "-f", "rawvideo", f"file:{folder / str(run[0])}",
        ]  # fmt: skip
    return [*inputs, *outputs]


def _seek(times: Times, number: int) -> list[str]:
    """Half a picture before the one that is wanted: rounding loses none."""
    at = (times.seconds(number - 1) + times.seconds(number)) / 2 if number else Fraction(0)
    return ["-seek_timestamp", "1", "-ss", f"{float(at):.6f}"] if at > 0 else []
