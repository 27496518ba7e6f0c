"""Whether a proxy sounds as its original does, and when: a second at head, middle and tail of every channel.

Both files are opened anew and sound is found by its time, so that nothing of how the proxy was made is trusted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.clip import Clip
from pipeline.metadata.frames import picture_begins
from pipeline.processes.ffmpeg import Terms, patience, run_ffmpeg
from pipeline.proxies.compare import input_at
from pipeline.proxies.graph import INDEXED
from pipeline.proxies.job import known, sound_tracks
from pipeline.proxies.sound import SUITE_RATE
from pipeline.publishing import scratch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

RATE = SUITE_RATE  # at which both are listened to
_CLOCKED = (*INDEXED, "mxf", "avi", "wav")  # containers whose time 0 is known without asking ffmpeg
_FAR = RATE // 4  # samples either way within which a shift is told by its length
_EXACT = 2  # samples: ffmpeg seeks to the microsecond in either file
# Samples by which packets of compressed sound may lie apart from where their times put them: phones leave gaps, and
# a player plays on through those that are shorter.
_LOOSE = RATE // 10
_SILENT = 1e-4  # -80 dB of full scale, root mean square
# Mean squares of differences of sounds whose loudness is 1: twice 1 less their correlation.
_NOISE = 0.0002  # less than this is the coding
_CLEARLY = 0.5  # another place fits better where its difference is that much smaller
_OTHER = 1.0  # from here on it is another sound altogether


@dataclass(frozen=True, slots=True)
class Moment:
    """Where `samples` at RATE are listened to: `at` seconds in the proxy, `there` seconds on the clock of a part."""

    at: Fraction
    part: int
    there: Fraction
    samples: int


def listen(clip: Clip, sources: Sequence[Path], proxy: Path, tracks: int, ffmpeg: Path) -> str:
    """What is wrong with the sound of a proxy of so many tracks, in words, or nothing.

    Nothing is said of tracks that were mixed or lie in files of their own, and of containers whose time 0 only
    ffmpeg knows. Raises what picture_begins and run_ffmpeg raise, where a file cannot be read or decoded.
    """
    joined = clip.kind == "sound" and len(sources) > 1
    if not tracks or joined or any(track.file for track in clip.facts.audio) or clip.facts.container not in _CLOCKED:
        return ""
    moments = _moments(clip, sources)
    shot = [index for index, _ in sound_tracks(clip)]
    counted = all(track.codec.startswith("pcm") for track in clip.facts.audio)
    with scratch() as folder:
        terms = Terms(subject=clip.name, total=patience(clip.duration))
        run_ffmpeg(ffmpeg, _arguments(moments, sources, proxy, (range(tracks), shot), folder), terms=terms)
        for number, moment in enumerate(moments):
            made = _channels(folder, f"made{number}", tracks, moment.samples)
            original = _channels(folder, f"shot{number}", len(shot), moment.samples)
            if len(made) != len(original):
                return ""
            for channel, pair in enumerate(zip(made, original, strict=True), start=1):
                if said := judge(*pair, _EXACT if counted or not moment.there else _LOOSE):
                    return f"channel {channel} {said} ({float(moment.at):.1f} s in)"
    return ""


def _moments(clip: Clip, sources: Sequence[Path]) -> tuple[Moment, ...]:
    """Head, middle and tail, a second each, or less of a clip or a part that ends sooner."""
    if clip.kind == "sound":
        whole = clip.facts.sound_seconds
        length = min(whole, Fraction(1))
        places = sorted({Fraction(0), (whole - length) / 2, whole - length}) if whole else ()
        return tuple(Moment(at, 0, at, int(length * RATE)) for at in places)
    _, rate, frames = known(clip)
    second = min(frames, rate.nominal)
    return tuple(
        _moment(frame, second, clip, sources) for frame in sorted({0, (frames - second) // 2, frames - second})
    )


def _moment(frame: int, most: int, clip: Clip, sources: Sequence[Path]) -> Moment:
    """From a frame on, `most` frames within its part."""
    video, rate, _ = known(clip)
    place = clip.place_of(frame)
    late = Fraction(0) if video.vfr else picture_begins(sources[place.part])  # a varying rate counts from time 0
    lasts = rate.seconds(min(most, clip.spans[place.part].duration - place.frame))
    return Moment(rate.seconds(frame), place.part, late + rate.seconds(place.frame), min(RATE, int(lasts * RATE)))


def judge(made: "Samples", original: "Samples", slack: int) -> str:
    """Whether a channel sounds as the original's within `slack` samples, or fits clearly better elsewhere."""
    loud = [float((each**2).mean() ** 0.5) if len(each) else 0.0 for each in (made, original)]
    if min(loud) < _SILENT:
        if max(loud) < 10 * _SILENT:
            return ""
        return "is silent where the original is not" if loud[0] < loud[1] else "sounds where the original is silent"
    off = _differences(made, original)
    middle = len(off) // 2
    own = float(off[max(0, middle - slack) : middle + slack + 1].min())
    best = int(off.argmin())
    if abs(best - middle) > slack and own > _NOISE and off[best] < _CLEARLY * min(own, _OTHER):
        return f"sounds {abs(best - middle)} samples too {'late' if best > middle else 'early'} (of {RATE} a second)"
    return "sounds otherwise than the original" if own > _OTHER else ""


def _differences(made: "Samples", original: "Samples") -> "Samples":
    """The mean square between two sounds of equal loudness, where `made` comes so much later: -far to far samples."""
    import numpy as np  # heavy, and only wanted here

    length, far = len(original), min(_FAR, len(original) // 2)
    size = 1 << (2 * length - 1).bit_length()
    both = np.fft.irfft(np.fft.rfft(made, size) * np.conj(np.fft.rfft(original, size)), size)
    lags = np.arange(-far, far + 1)
    power = [np.concatenate(([0.0], np.cumsum(each.astype(np.float64) ** 2))) for each in (made, original)]
    # Only what overlaps counts: of `made` what comes from the lag on, of the original what ends as much earlier.
    later = power[0][np.minimum(length, length + lags)] - power[0][np.maximum(0, lags)]
    earlier = power[1][np.minimum(length, length - lags)] - power[1][np.maximum(0, -lags)]
    alike = both[lags] / np.sqrt(np.maximum(later * earlier, 1e-12))
    return np.asarray(2 - 2 * alike, np.float32)


def _channels(folder: Path, name: str, tracks: int, samples: int) -> "list[Samples]":
    """Every channel of every track, in order."""
    import numpy as np

    heard = [np.fromfile(folder / f"{name}.{track}", np.float32).reshape(samples, -1) for track in range(tracks)]
    return [channel for track in heard for channel in track.T]


# --- what ffmpeg is asked -------------------------------------------------------------------------


def _arguments(
    moments: Sequence[Moment], sources: Sequence[Path], proxy: Path, tracks: tuple[Sequence[int], ...], folder: Path
) -> list[str]:
    """One run: at each moment every track of the proxy, and of the original."""
    inputs: list[str] = []
    outputs: list[str] = []
    for number, moment in enumerate(moments):
        inputs += [*input_at(proxy, moment.at), *input_at(sources[moment.part], moment.there)]
        for side, name in enumerate(("made", "shot")):
            for row, track in enumerate(tracks[side]):
                written = folder / f"{name}{number}.{row}"
                outputs += _output(f"{2 * number + side}:a:{track}", moment.samples, written)
    return [*inputs, *outputs]


def _output(stream: str, samples: int, path: Path) -> list[str]:
    fitted = f"aresample={RATE}:async=1:first_pts=0,apad=whole_len={samples},atrim=end_sample={samples}"
    return ["-map", stream, "-af", fitted, "-f", "f32le", f"file:{path}"]
