"""Single frames of a file as small grey pictures, and how alike two of them are, whatever codec, size and grade.

A grade bends the curve of brightness and seldom turns it round: pictures are compared as they are and with their
brightness spread evenly, and the better of the two counts (even spreading makes noise of flat walls loud).
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipeline.metadata.frames import Times, read_times
from pipeline.processes.ffmpeg import Terms, run_ffmpeg

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 32  # pixels
_AT_ONCE = 8  # inputs of one ffmpeg
_FLAT = 2.0  # luma: a picture of less contrast (black, a lens cap) tells nothing


def glances(path: Path, numbers: Iterable[int], ffmpeg: Path) -> dict[int, bytes]:
    """The pictures of a file by their numbers from 0, each SIDE x SIDE bytes; those that do not come are left out.

    They are found by their times; a file without such tables is decoded as far as the last one asked for. Raises
    what read_times and run_ffmpeg raise.
    """
    times = read_times(path)
    asked = sorted({number for number in numbers if times is None or number < len(times.pictures)})
    found: dict[int, bytes] = {}
    for some in _batches(asked):
        with TemporaryDirectory(prefix="rushes-glance-") as name:
            folder = Path(name)
            run_ffmpeg(ffmpeg, _arguments(path, some, times, folder), terms=Terms(subject=path.name))
            raw = {number: (folder / str(number)).read_bytes() for number in some if (folder / str(number)).exists()}
        found |= {number: grey for number, grey in raw.items() if len(grey) == SIDE**2}
    return found


def difference(one: bytes, other: bytes) -> float | None:
    """The mean square between two pictures of equal contrast: 0 the same, 2 unrelated; None where either is flat."""
    import numpy as np  # heavy, and only wanted here

    pictures = [np.frombuffer(grey, np.uint8).astype(np.float64) for grey in (one, other)]
    if min(float(picture.std()) for picture in pictures) < _FLAT:
        return None
    plain, even = (_apart(*map(form, pictures)) for form in (_normal, _even))
    return min(plain, even)


def _apart(one: "NDArray[np.float64]", other: "NDArray[np.float64]") -> float:
    return float(((one - other) ** 2).mean())


def _normal(picture: "NDArray[np.float64]") -> "NDArray[np.float64]":
    made: NDArray[np.float64] = (picture - picture.mean()) / picture.std()
    return made


def _even(picture: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Each pixel by its rank; equal ones share the middle of theirs."""
    import numpy as np

    _, place, counts = np.unique(picture, return_inverse=True, return_counts=True)
    ranks = counts.cumsum() - counts / 2
    return _normal(ranks[place.ravel()])


def _batches(numbers: Sequence[int]) -> Iterable[tuple[int, ...]]:
    return (tuple(numbers[at : at + _AT_ONCE]) for at in range(0, len(numbers), _AT_ONCE))


def _arguments(path: Path, numbers: Sequence[int], times: Times | None, folder: Path) -> list[str]:
    inputs: list[str] = []
    outputs: list[str] = []
    for index, number in enumerate(numbers):
        seek = _seek(times, number) if times else []
        selected = "" if times else f"select=eq(n\\,{number}),"
        inputs += [*seek, "-i", f"file:{path}"]
        outputs += [
            "-map", f"{index}:v:0", "-vf", f"{selected}scale={SIDE}:{SIDE}:flags=area,format=gray",
            "-frames:v", "1", "-fps_mode", "passthrough", "-f", "rawvideo", f"file:{folder / str(number)}",
        ]  # fmt: skip
    return [*inputs, *outputs]


def _seek(times: Times, number: int) -> list[str]:
    """Half a picture before the one that is wanted: rounding loses none."""
    at = (times.seconds(number - 1) + times.seconds(number)) / 2 if number else Fraction(0)
    return ["-seek_timestamp", "1", "-ss", f"{float(at):.6f}"] if at > 0 else []
