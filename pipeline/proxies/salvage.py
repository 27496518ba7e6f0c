"""What can still be read of a damaged recording: looked for once, before its proxy is made of it.

The whole recording is decoded without stopping at errors, and each picture that comes out is found in its
place by its time. What did not come out is black in the proxy, which keeps length and timecode.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from pipeline.clip import Clip, Part
from pipeline.errors import MediaUnreadable
from pipeline.metadata.editing import frames_edited
from pipeline.metadata.facts import announced_frames
from pipeline.metadata.frames import MOST_PICTURES, Times, read_block_times, read_times
from pipeline.processes.ffmpeg import Progress, Terms, never, patience, run_ffmpeg
from pipeline.processes.reins import Ration, reined
from pipeline.proxies.endings import damaged_pictures
from pipeline.proxies.framemap import frame_map
from pipeline.proxies.graph import INDEXED
from pipeline.proxies.job import ProxyJob, Salvage, picture_stream
from pipeline.publishing import scratch
from pipeline.timecode import Rate

_TICKS = 90_000  # a second, of the times that ffmpeg is asked for
_MOST_TIMES = 1000  # as many frames as can be read: a header that promises more is not believed
# Small, so that it costs nothing; under one name for all matrices: swscale takes none that it does not know.
_SEEN = "setparams=colorspace=bt709,scale=16:16:flags=fast_bilinear"
_MOST_RUNS = 100  # stretches that one filter expression takes: nearer ones are joined


def surveyed(
    job: ProxyJob, ffmpeg: Path, *, cancelled: Callable[[], bool] = never, paused: Callable[[], bool] = never
) -> ProxyJob:
    """The job with what can be read of its original, and the length that its own tables or headers tell.

    Where they tell none it is as long as what can be read. Raises MediaUnreadable where nothing can be.
    """
    clip = job.clip
    if clip.kind != "picture" or clip.rate is None:
        raise MediaUnreadable(f"{clip.name} cannot be salvaged: it tells no frame rate; copy it from the card again.")
    held: list[tuple[int, int]] = []
    starts: list[Fraction] = []
    parts: list[Part] = []
    before = 0
    unwritten = job.unwritten or ((),) * len(job.sources)
    for part, source, broken in zip(clip.parts, job.sources, unwritten, strict=True):
        table = read_times(source)
        times = _decoded(job, source, ffmpeg, cancelled=cancelled, paused=paused)
        heard = reined((), job.bandwidth, cancelled, paused)
        damaged = damaged_pictures(source, ffmpeg, heard=heard, cancelled=cancelled, paused=paused)
        length = _length(clip, part, source, table, times)
        starts.append(_start(clip, table, times))
        if table:
            read = _frames_read(clip, times, table, length, (*broken, *damaged))
        else:
            read = _on_grid(times, clip.rate) - _unwritten(source, (*broken, *damaged), clip.rate)
        held += [(before + first, count) for first, count in missing_runs(read, length)]
        parts.append(replace(part, frames=length))
        before += length
    runs = fewer(held, _MOST_RUNS)
    if sum(count for _, count in runs) >= before:
        raise MediaUnreadable(f"No picture of {clip.name} can be read any more; copy it from the card again.")
    whole = replace(clip, frames=before, parts=tuple(parts))
    return replace(job, clip=whole, salvage=Salvage(tuple(runs), tuple(starts)))


def missing_runs(read: Iterable[int], length: int) -> list[tuple[int, int]]:
    """Runs (first, count) of the frames below `length` that are not among those read."""
    there = sorted({number for number in read if 0 <= number < length})
    edges = [-1, *there, length]
    return [(before + 1, after - before - 1) for before, after in pairwise(edges) if after - before > 1]


def fewer(runs: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """At most so many runs: those nearest to each other are joined."""
    joined = list(runs)
    while len(joined) > most:
        gaps = [after[0] - sum(before) for before, after in pairwise(joined)]
        at = gaps.index(min(gaps))
        joined[at : at + 2] = [(joined[at][0], sum(joined[at + 1]) - joined[at][0])]
    return joined


def _varies(clip: Clip) -> bool:
    return bool(clip.facts.video and clip.facts.video.vfr)


def _length(clip: Clip, part: Part, source: Path, table: Times | None, times: Sequence[Fraction]) -> int:
    """Frames of a part: those that its tables or headers promise where it is cut off, else those that can be read."""
    assert clip.rate is not None
    known = clip.frames if len(clip.parts) == 1 else part.frames
    if known is None and table and not _varies(clip):
        known = len(table.pictures)
    if known and known <= MOST_PICTURES:
        return known
    most = _MOST_TIMES * len(times)
    promised = frames_edited(clip.facts, announced_frames(source) or 0, None) or 0
    length = promised if promised <= most else 0
    if not length and table is None:
        length = max((number + 1 for number in _on_grid(times, clip.rate) if number < most), default=0)
    if not length:
        raise MediaUnreadable(
            f"{clip.name} cannot be salvaged: it does not tell how long it was; copy it from the card again."
        )
    return length


def _start(clip: Clip, table: Times | None, times: Sequence[Fraction]) -> Fraction:
    """When frame 0 is shown; without a table that is the first picture that can be read."""
    if table is None:
        return times[0] if times else Fraction(0)
    return Fraction(0) if _varies(clip) else table.seconds(0)


def _frames_read(
    clip: Clip, times: Sequence[Fraction], table: Times, length: int, broken: Iterable[int]
) -> set[int]:  # fmt: skip
    """The frames whose pictures were decoded from what was written, found in the file's own table."""
    assert clip.rate is not None
    pictures = {bisect_left(table.pictures, (time - Fraction(1, _TICKS)) * table.clock) for time in times}
    pictures -= set(broken)
    if not _varies(clip):
        return pictures
    return {frame for frame, picture in enumerate(frame_map(table, clip.rate, length)) if picture in pictures}


def _on_grid(times: Sequence[Fraction], rate: Rate) -> set[int]:
    """The frames whose pictures were decoded from a file without a table: the first of them is frame 0."""
    return {_frame(time - times[0], rate) for time in times}


def _unwritten(source: Path, broken: Sequence[int], rate: Rate) -> set[int]:
    """The frames of pictures of a Matroska file whose bytes no encoder wrote."""
    shown = read_block_times(source) if broken else None
    return {_frame(shown.seconds(each) - shown.seconds(0), rate) for each in broken} if shown else set()


def _frame(seconds: Fraction, rate: Rate) -> int:
    return int(seconds * rate.fraction + Fraction(1, 2))


def _decoded(
    job: ProxyJob, source: Path, ffmpeg: Path, *, cancelled: Callable[[], bool], paused: Callable[[], bool]
) -> tuple[Fraction, ...]:  # fmt: skip
    """The times of all pictures that can be decoded, in seconds, counted as they are when the proxy is made.

    A damaged recording may tell no length that a rate of reading could go by: ffmpeg stands still after what it read.
    """
    chosen = [f"-c:{picture_stream(job.clip)}", job.decoder] if job.decoder else []
    indexed = ["-nofind_stream_info"] if job.clip.facts.container in INDEXED else []
    with scratch() as folder:
        told = folder / "pictures"
        arguments = [
            # No threads that each have a frame: after some errors they never come to an end.
            "-max_error_rate", "1", *indexed, "-err_detect", "explode", "-thread_type", "slice", *chosen,
            "-i", f"file:{source}", "-map", f"0:{picture_stream(job.clip)}", "-vf", _SEEN,
            "-fps_mode", "passthrough", "-enc_time_base:v", f"1/{_TICKS}", "-f", "framecrc", f"file:{told}",
            "-map", "0:a?", "-c:a", "copy", "-f", "null", "-",
        ]  # fmt: skip
        with suppress(MediaUnreadable):  # that it ends in an error is no news
            heard, resting = _rationed(job, source)
            terms = Terms(job.clip.name, total=patience(job.clip.duration), paused=lambda: paused() or resting())
            run_ffmpeg(ffmpeg, arguments, progress=heard, cancelled=cancelled, terms=terms)
        lines = told.read_text().splitlines() if told.exists() else []  # not there where nothing could be opened
        rows = [line.split(",") for line in lines if line.startswith("0,")]
    return tuple(Fraction(int(row[2]), _TICKS) for row in rows)


def _rationed(job: ProxyJob, source: Path) -> tuple[Callable[[Progress], None], Callable[[], bool]]:
    """What hears how much of a source was read, and what says whether that was more than the bandwidth allows."""
    ration, size, share = Ration(job.bandwidth), source.stat().st_size, 0.0

    def heard(told: Progress) -> None:
        nonlocal share
        ration.take((told.share - share) * size)
        share = told.share

    return heard, lambda: ration.left() > 0
