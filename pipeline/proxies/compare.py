"""Whether a proxy's frames show what the original's frames show: three spots, each beside its neighbours.

Both files are opened anew and pictures are found by their times, so that nothing of how the proxy was made
is trusted. Where a container has no index to find a time by, the original is decoded as far as the last spot.
Pictures are compared small and grey, freed of brightness and contrast: a grade or tone mapping does not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.clip import Clip
from pipeline.metadata.frames import Times, read_times
from pipeline.processes.ffmpeg import Terms, patience, run_ffmpeg
from pipeline.proxies.colours import swscale_reads
from pipeline.proxies.framemap import frame_map
from pipeline.proxies.graph import known
from pipeline.proxies.job import from_first_whole, picture_stream
from pipeline.proxies.verdict import times_of_original
from pipeline.publishing import scratch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pictures = NDArray[np.float32]

SIDE = 64  # pixels
AROUND = 2  # pictures before and after the one that should fit best
# Mean squares of differences of pictures whose contrast is 1: twice 1 less their correlation.
_NOISE = 0.0002  # less than this is the coding, not another picture
_CLEARLY = 0.5  # a neighbour is the better fit where its difference is that much smaller
_OTHER = 1.0  # from here on it is another picture altogether
_FLAT = 2.0  # luma: a picture of less contrast (black, a lens cap) tells nothing


@dataclass(frozen=True, slots=True)
class Spot:
    """A frame of the proxy, and the picture of one part of the original that it should show.

    `count` pictures from `first` on are compared with it: those that ffmpeg selects with `selected`
    (empty: the first ones) when it begins at `at` seconds.
    """

    frame: int
    part: int
    picture: int
    first: int
    count: int
    at: Fraction = Fraction(0)
    selected: str = ""


def compare(clip: Clip, sources: Sequence[Path], proxy: Path, ffmpeg: Path) -> str:
    """What is wrong with a proxy's pictures, in words, or nothing.

    Raises what read_times and run_ffmpeg raise, where a file cannot be read or decoded at a spot.
    """
    spots = spots_of(clip, [read_times(source) for source in sources], times_of_original(clip, sources[0]))
    with scratch() as folder:
        terms = Terms(subject=clip.name, total=patience(clip.duration))
        run_ffmpeg(ffmpeg, _arguments(clip, sources, proxy, spots, folder), terms=terms)
        for number, spot in enumerate(spots):
            if said := judge(spot, _pictures(folder / f"proxy{number}"), _pictures(folder / f"original{number}")):
                return said
    return ""


def spots_of(clip: Clip, times: Sequence[Times | None], blocks: Times | None = None) -> tuple[Spot, ...]:
    """Head, middle and tail of the clip, each beside its neighbours; fewer of a clip of few frames.

    `blocks` are the times of a variable-rate original without tables.
    """
    _, _, frames = known(clip)
    return tuple(
        _spot(frame, clip, times, blocks) for frame in sorted({min(1, frames - 1), frames // 2, max(0, frames - 2)})
    )


def _spot(frame: int, clip: Clip, times: Sequence[Times | None], blocks: Times | None) -> Spot:
    video, rate, _ = known(clip)
    part, picture, length = _place(frame, clip)
    table = times[part]
    if shown := (table or blocks) if video.vfr else None:
        picture, length = frame_map(shown, rate, picture + 1)[picture], len(shown.pictures)
    first = max(0, picture - AROUND)
    count = min(length, picture + AROUND + 1) - first
    if table is None:
        whole = from_first_whole(clip)
        opened = f"select='{whole}'," if whole else ""
        selected = f"{opened}select='between(n,{first},{first + count - 1})',"
        return Spot(frame, part, picture, first, count, selected=selected)
    here = table.seconds(first)
    before = table.seconds(first - 1) if first else here - Fraction(1, 1000)
    return Spot(frame, part, picture, first, count, (before + here) / 2)


def _place(frame: int, clip: Clip) -> tuple[int, int, int]:
    """Part, frame within it, and how many frames that part has."""
    lengths = [part.frames or 0 for part in clip.parts] if len(clip.parts) > 1 else [clip.frames or 0]
    part = 0
    while part < len(lengths) - 1 and frame >= lengths[part]:
        frame -= lengths[part]
        part += 1
    return part, frame, lengths[part]


def judge(spot: Spot, shown: "Pictures", around: "Pictures") -> str:
    """Whether the picture in its place fits best, or no other fits clearly better."""
    if not len(shown):
        return f"frame {spot.frame} cannot be decoded"
    own = spot.picture - spot.first
    if len(around) <= own:
        return f"the original's picture {spot.picture} cannot be decoded"
    off = [_difference(shown[0], picture) for picture in around]
    if None in off:
        return ""
    found = [value or 0.0 for value in off]
    best = min(range(len(found)), key=lambda index: (found[index], abs(index - own)))
    if found[own] > _OTHER:
        return f"frame {spot.frame} shows another picture than the original"
    if best != own and found[own] > _NOISE and found[best] < _CLEARLY * found[own]:
        return f"frame {spot.frame} shows the original's {spot.first + best} instead of {spot.picture}"
    return ""


def _difference(one: "Pictures", other: "Pictures") -> float | None:
    """The mean square between two pictures of equal contrast; None where either has none."""
    spread = float(one.std()), float(other.std())
    if min(spread) < _FLAT:
        return None if max(spread) < 4 * _FLAT else 2.0
    return float((((one - one.mean()) / spread[0] - (other - other.mean()) / spread[1]) ** 2).mean())


def _pictures(path: Path) -> "Pictures":
    import numpy as np  # heavy, and only wanted here

    raw = np.frombuffer(path.read_bytes() if path.exists() else b"", np.uint8)
    return raw[: len(raw) // SIDE**2 * SIDE**2].reshape(-1, SIDE, SIDE).astype(np.float32)


# --- what ffmpeg is asked -------------------------------------------------------------------------


def _arguments(clip: Clip, sources: Sequence[Path], proxy: Path, spots: Sequence[Spot], folder: Path) -> list[str]:
    """One run: for each spot the proxy's frame, and the original's around it."""
    video, rate, _ = known(clip)
    renamed = "" if swscale_reads(video) else "setparams=colorspace=bt709,"  # luma is luma
    inputs: list[str] = []
    outputs: list[str] = []
    for number, spot in enumerate(spots):
        # A little before the frame: ffmpeg counts MXF's time in frames and rounds, half a frame may be that before it.
        inputs += _input(proxy, rate.seconds(spot.frame) - rate.seconds(1) / 4)
        inputs += _input(sources[spot.part], spot.at)
        outputs += _output(f"{2 * number}:v:0", "", 1, folder / f"proxy{number}")
        outputs += _output(
            f"{2 * number + 1}:{picture_stream(clip)}",
            spot.selected + renamed,
            spot.count,
            folder / f"original{number}",
        )
    return [*inputs, *outputs]


def _input(path: Path, at: Fraction) -> list[str]:
    seek = ["-seek_timestamp", "1", "-ss", f"{float(at):.6f}"] if at > 0 else []
    return [*seek, "-i", f"file:{path}"]


def _output(stream: str, selected: str, count: int, path: Path) -> list[str]:
    return [
        "-map", stream, "-vf", f"{selected}scale={SIDE}:{SIDE}:flags=area,format=gray",
        "-frames:v", str(count), "-fps_mode", "passthrough", "-f", "rawvideo", f"file:{path}",
    ]  # fmt: skip
