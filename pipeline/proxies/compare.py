"""Whether a proxy's frames show what the original's frames show: three spots, each beside its neighbours.

Both files are opened anew and pictures are found by their times, so that nothing of how the proxy was made
is trusted. Where a container has no index to find a time by, the original is decoded as far as the last spot.
Pictures are compared small and grey, freed of brightness and contrast, as they are and spread evenly: a grade or
tone mapping does not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.clip import Clip, VideoStream
from pipeline.metadata.frames import Times, read_times
from pipeline.processes.ffmpeg import Terms, patience, run_ffmpeg
from pipeline.proxies.colours import curve_of, is_hdr, matrix_read, plain_matrix
from pipeline.proxies.framemap import frame_map
from pipeline.proxies.glance import difference
from pipeline.proxies.job import from_first_whole, known, picture_stream
from pipeline.proxies.picture import Look, written_bands
from pipeline.proxies.presets import Preset
from pipeline.proxies.verdict import times_of_original
from pipeline.publishing import scratch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pictures = NDArray[np.uint8]

SIDE = 64  # pixels
AROUND = 2  # pictures before and after the one that should fit best
# Mean squares of differences of pictures whose contrast is 1: twice 1 less their correlation.
_NOISE = 0.0002  # less than this is the coding, not another picture
_CLEARLY = 0.5  # one picture is the better fit where its difference is that much smaller
_OTHER = 0.1  # from here on it is another picture (another take), unless it clearly fits best
_OTHER_GRADED = 0.5  # the same for what is tone-mapped or goes through a cube
_UNRELATED = 1.0  # from here on it is another picture altogether
_FLAT = 2.0  # luma: a picture of less contrast (black, a lens cap) tells nothing
_PLAIN = 5.0  # luma: in a picture of less contrast coding alone differs by more than _OTHER
_FEW = 8  # rows of a picture: fewer that nothing is written into tell nothing


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


@dataclass(frozen=True, slots=True)
class Treatment:
    """What else is done to a proxy's pictures: its `preset` may write into them, a cube may have `graded` them."""

    preset: Preset | None = None
    graded: bool = False


def compare(clip: Clip, sources: Sequence[Path], proxy: Path, ffmpeg: Path, *, treated: Treatment = Treatment()) -> str:
    """What is wrong with a proxy's pictures, in words, or nothing. Where something is written nobody looks.

    Raises what read_times and run_ffmpeg raise, where a file cannot be read or decoded at a spot.
    """
    times, blocks = [read_times(source) for source in sources], times_of_original(clip, sources[0])
    video, rows = known(clip)[0], _bare_rows(clip, treated.preset)
    other = _OTHER_GRADED if treated.graded or is_hdr(video) or curve_of(video) else _OTHER

    def told(spots: Sequence[Spot]) -> str:
        seen = _seen(clip, sources, proxy, spots, ffmpeg)
        said = (
            judge(at, one[:, rows], more[:, rows], other=other) for at, (one, more) in zip(spots, seen, strict=True)
        )
        return next(filter(None, said), "")

    said = told(spots_of(clip, times, blocks))
    # An index may call pictures key frames that are none, and a search then ends in rubbish: not so from the beginning.
    return told(spots_of(clip, [None] * len(times), times[0] or blocks)) if said and any(times) else said


def _seen(
    clip: Clip, sources: Sequence[Path], proxy: Path, spots: Sequence[Spot], ffmpeg: Path
) -> "list[tuple[Pictures, Pictures]]":
    """For each spot the proxy's picture, and those of the original around it."""
    with scratch() as folder:
        terms = Terms(subject=clip.name, total=patience(clip.duration))
        run_ffmpeg(ffmpeg, _arguments(clip, sources, proxy, spots, folder), terms=terms)
        both = ((folder / f"proxy{number}", folder / f"original{number}") for number in range(len(spots)))
        return [(_pictures(shown), _pictures(around)) for shown, around in both]


def _bare_rows(clip: Clip, preset: Preset | None) -> list[int]:
    """The rows of a picture that a preset writes nothing into."""
    bands = written_bands(preset, Look.of(known(clip)[0], preset)) if preset else ()
    return [
        row for row in range(SIDE) if not any(row + 1 > first * SIDE and row < last * SIDE for first, last in bands)
    ]


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
    part, picture = clip.place_of(frame)
    length = clip.spans[part].duration
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


def judge(spot: Spot, shown: "Pictures", around: "Pictures", *, other: float = _OTHER) -> str:
    """Whether the picture in its place fits best, or no other clearly better; from `other` on it is none of them."""
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
    if best != own and found[own] > _NOISE and found[best] < min(other, _CLEARLY * found[own]):
        return f"frame {spot.frame} shows the original's {spot.first + best} instead of {spot.picture}"
    others = found[:own] + found[own + 1 :]
    fits_best = bool(others) and found[own] < _CLEARLY * min(others)
    if found[own] > (_UNRELATED if fits_best or float(shown[0].std()) < _PLAIN else other):
        return f"frame {spot.frame} shows another picture than the original"
    return ""


def _difference(one: "NDArray[np.uint8]", other: "NDArray[np.uint8]") -> float | None:
    """The mean square between two pictures of equal contrast; None where neither has any."""
    spread = float(one.std()), float(other.std())
    if len(one) < _FEW or (min(spread) < _FLAT and max(spread) < 4 * _FLAT):
        return None
    return 2.0 if min(spread) < _FLAT else difference(one.tobytes(), other.tobytes())


def _pictures(path: Path) -> "Pictures":
    import numpy as np  # heavy, and only wanted here

    raw = np.frombuffer(path.read_bytes() if path.exists() else b"", np.uint8)
    return raw[: len(raw) // SIDE**2 * SIDE**2].reshape(-1, SIDE, SIDE)


# --- what ffmpeg is asked -------------------------------------------------------------------------


def _arguments(clip: Clip, sources: Sequence[Path], proxy: Path, spots: Sequence[Spot], folder: Path) -> list[str]:
    """One run: for each spot the proxy's frame, and the original's around it."""
    video, rate, _ = known(clip)
    inputs: list[str] = []
    outputs: list[str] = []
    for number, spot in enumerate(spots):
        # A little before the frame: ffmpeg counts MXF's time in frames and rounds, half a frame may be that before it.
        inputs += input_at(proxy, rate.seconds(spot.frame) - rate.seconds(1) / 4)
        inputs += input_at(sources[spot.part], spot.at)
        outputs += _output(f"{2 * number}:v:0", f"{_SMALL}:{_LUMA}", 1, folder / f"proxy{number}")
        luma = f"{spot.selected}{_luma(video)}"
        outputs += _output(f"{2 * number + 1}:{picture_stream(clip)}", luma, spot.count, folder / f"original{number}")
    return [*inputs, *outputs]


# Where neither side's matrix is named, ffmpeg takes an untagged picture for Rec. 601 and shades colours otherwise.
_SMALL = f"scale={SIDE}:{SIDE}:flags=area"
_LUMA = "out_color_matrix=bt709,format=yuv444p,extractplanes=y"


def _luma(video: VideoStream) -> str:
    """The original small and grey, as the proxy is: by Rec. 709, whatever it was recorded in."""
    if not plain_matrix(video):  # under another's name: swscale takes none that it does not know
        return f"setparams=colorspace=bt709,{_SMALL},format=gray"
    return f"{_SMALL}:in_color_matrix={matrix_read(video)}:{_LUMA}"


def input_at(path: Path, at: Fraction) -> list[str]:
    """ffmpeg's words for a file read from a time on, on the file's own clock."""
    seek = ["-seek_timestamp", "1", "-ss", f"{float(at):.6f}"] if at > 0 else []
    return [*seek, "-i", f"file:{path}"]


def _output(stream: str, filters: str, count: int, path: Path) -> list[str]:
    return [
        "-map", stream, "-vf", filters,
        "-frames:v", str(count), "-fps_mode", "passthrough", "-f", "rawvideo", f"file:{path}",
    ]  # fmt: skip
