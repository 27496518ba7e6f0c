"""A range cut out of an original without coding its pictures anew, and proof that it is that range.

Pictures are copied where each can be decoded alone; PCM sound is cut at the sample. What came out is measured: frames,
rate, timecode, sound, and every picture beside the original's. Nothing that fails is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest
from math import ceil
from pathlib import Path

from pipeline.clip import Clip, Facts
from pipeline.errors import MediaUnreadable
from pipeline.metadata.facts import read_facts
from pipeline.metadata.frames import Times, read_times
from pipeline.processes.ffmpeg import Terms, never, patience, run_ffmpeg
from pipeline.publishing import scratch
from pipeline.timecode import Timecode, TimeRange

_ALONE = frozenset({"prores", "dnxhd", "mjpeg"})  # codecs without pictures that depend on others
_PERHAPS = frozenset({"h264", "hevc"})  # those whose files must say so
_CONTAINERS = ("mov", "mp4", "mxf")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames of one file: `inside` counts from its first, `start` is the timecode of the first one taken."""

    source: Path
    clip: Clip
    inside: TimeRange
    start: Timecode


def times_in(path: Path, clip: Clip, part: int) -> Times | None:
    """When the pictures of a clip's file are shown; in MXF they follow each other at its rate."""
    if clip.facts.container == "mxf" and clip.rate:
        frames = clip.spans[part].duration
        return Times(clip.rate.numerator, tuple(number * clip.rate.denominator for number in range(frames)))
    return read_times(path)


def why_whole(clip: Clip, times: Times | None) -> str:
    """Why a file of the clip cannot be trimmed, in words; empty where it can. `times` are those of the file."""
    facts, video = clip.facts, clip.facts.video
    if video is None or clip.rate is None:
        return "sound is copied whole"
    if times is None or facts.container not in _CONTAINERS:
        return "only QuickTime, MP4 and MXF files are trimmed"
    if any(track.file for track in facts.audio):
        return "its sound lies in files of its own"
    if video.vfr:
        return "its rate varies"
    if clip.start is None:
        return "a part of what has no timecode could not be found again"
    if facts.timecode_rate not in {None, clip.rate}:
        return f"its timecode counts {facts.timecode_rate.label()} labels a second"
    untold = video.video_codec == "h264" and facts.container == "mxf"  # AVC-Intra or not: it is tried
    if video.video_codec not in _ALONE and not untold and not (video.video_codec in _PERHAPS and times.alone):
        return f"pictures in {video.video_codec} depend on each other"
    other = next((track.codec for track in facts.audio if not track.codec.startswith("pcm_")), "")
    return f"sound in {other} cannot be cut at a frame" if other else ""


def trim(stretch: Stretch, times: Times, target: Path, ffmpeg: Path, cancelled: Callable[[], bool] = never) -> None:
    """Write the frames of a stretch to `target`: MXF of MXF, else a .mov.

    Raises MediaUnreadable for what is not exactly that range, and what run_ffmpeg raises; nothing is left of
    `target` then.
    """
    terms = Terms(stretch.clip.name, total=patience(stretch.clip.duration), largest=_largest(stretch))
    try:
        run_ffmpeg(ffmpeg, trim_arguments(stretch, times, target), cancelled=cancelled, terms=terms)
        _prove(stretch, times, target, ffmpeg)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _largest(stretch: Stretch) -> int:
    """A part is never longer than the whole; what leads to its pictures may be."""
    return (64 << 20) + 2 * sum(part.stamp.size for part in stretch.clip.parts)


def trim_arguments(stretch: Stretch, times: Times, target: Path) -> list[str]:
    """Two inputs of one file: pictures from the first frame's own time, sound from the whole second before it."""
    clip, inside = stretch.clip, stretch.inside
    first = times.seconds(inside.start)
    second = int(first)
    words = [*_input(_seek(first), stretch.source), *_input(_seek(Fraction(second)), stretch.source)]
    words += ["-map", "0:v:0", "-c:v", "copy", "-frames:v", str(inside.duration)]
    for number, track in enumerate(clip.facts.audio):
        begin = round((first - second) * track.sample_rate)
        end = begin + samples_of(stretch, track.sample_rate)
        cut = f"atrim=start_sample={begin}:end_sample={end},asetpts=PTS-STARTPTS"
        words += ["-map", f"1:a:{number}", f"-filter:a:{number}", cut, f"-c:a:{number}", track.codec]
    container, of = ("mxf", "-metadata") if clip.facts.container == "mxf" else ("mov", "-metadata:s:v:0")
    reel = [of, f"reel_name={clip.facts.reel}"] if clip.facts.reel else []
    return [
        *words, "-map_metadata", "0", "-map_metadata:s:v", "-1", "-timecode", str(stretch.start), *reel,
        "-f", container, f"file:{target}",
    ]  # fmt: skip


def samples_of(stretch: Stretch, sample_rate: int) -> int:
    """How many samples a stretch lasts."""
    assert stretch.clip.rate is not None
    return round(stretch.clip.rate.seconds(stretch.inside.duration) * sample_rate)


def _prove(stretch: Stretch, times: Times, target: Path, ffmpeg: Path) -> None:
    wrong = _wrong(stretch, _heard(target, ffmpeg)) or _other_pictures(stretch, times, target, ffmpeg)
    if wrong:
        raise MediaUnreadable(f"The part of {stretch.clip.name} did not come out as asked ({wrong}).")


def _heard(target: Path, ffmpeg: Path) -> Facts:
    """What a trimmed file says of itself; sound of which MXF tells no length is decoded and counted."""
    facts = read_facts(target)
    counted = (
        track if track.samples is not None
        else replace(track, samples=sum(int(row[3]) for row in _decoded(target, [], ["-map", f"0:a:{number}"], ffmpeg)))
        for number, track in enumerate(facts.audio)
    )  # fmt: skip
    return replace(facts, audio=tuple(counted))


def _wrong(stretch: Stretch, found: Facts) -> str:
    """What a trimmed file says of itself that is not as it should be."""
    video, sound = found.video, stretch.clip.facts.audio
    if video is None or video.frames != stretch.inside.duration:
        return f"{video.frames if video else 'no'} frames instead of {stretch.inside.duration}"
    if video.rate != stretch.clip.rate:
        return f"{video.rate} frames a second instead of {stretch.clip.rate}"
    if found.timecode != stretch.start:
        return f"it begins at {found.start_timecode} instead of {stretch.start}"
    if [(track.codec, track.channels) for track in found.audio] != [(track.codec, track.channels) for track in sound]:
        return "its sound is of another kind"
    short = [abs((track.samples or 0) - samples_of(stretch, track.sample_rate)) for track in found.audio]
    return "its sound is not as long as its pictures" if max(short, default=0) > 1 else ""  # a frame may end inside one


def _other_pictures(stretch: Stretch, times: Times, target: Path, ffmpeg: Path) -> str:
    """Decodes the part, counts its pictures, and holds each beside the original's."""
    inside = stretch.inside
    made = _pictures(target, [], [], ffmpeg)
    if len(made) != inside.duration:
        return f"{len(made)} of {inside.duration} pictures can be decoded"
    first = inside.start
    before = (times.seconds(first) + times.seconds(first - 1)) / 2 if first else Fraction(0)
    asked = _pictures(stretch.source, _seek(before), ["-frames:v", str(inside.duration)], ffmpeg)
    other = next((n for n, (one, two) in enumerate(zip_longest(made, asked), start=1) if one != two), 0)
    return f"its picture {other} is not that of the original" if other else ""


def _pictures(path: Path, seek: Sequence[str], end: Sequence[str], ffmpeg: Path) -> list[str]:
    """A hash of each picture that is decoded, from where it is sought to where it ends."""
    asked = ["-map", "0:v:0", "-fps_mode", "passthrough", *end]
    return [row[-1].strip() for row in _decoded(path, seek, asked, ffmpeg)]


def _decoded(path: Path, seek: Sequence[str], asked: Sequence[str], ffmpeg: Path) -> list[list[str]]:
    """What ffmpeg says of each frame that it decodes: track, times, duration, size, hash."""
    with scratch() as folder:
        listed = folder / "frames"
        run_ffmpeg(ffmpeg, [*_input(seek, path), *asked, "-f", "framemd5", f"file:{listed}"], terms=Terms(path.name))
        lines = listed.read_text(encoding="utf-8").splitlines()
    return [line.split(",") for line in lines if not line.startswith("#")]


def _input(seek: Sequence[str], path: Path) -> list[str]:
    return [*seek, "-i", f"file:{path}"]


def _seek(at: Fraction) -> list[str]:
    """Never earlier than asked: the picture before is another one."""
    return ["-ss", f"{ceil(at * 1_000_000) / 1_000_000:.6f}"]
