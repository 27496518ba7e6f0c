"""A job -> its files, made in one go and measured; what cannot be vouched for is not left on the disk."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import msgspec

from pipeline.clip import Clip
from pipeline.errors import MediaUnreadable, PathMissing, ProxyRefused, ToolMissing, ToolStopped
from pipeline.metadata.frames import picture_begins
from pipeline.processes.ffmpeg import Finished, Progress, Terms, has_decoder, never, patience, run_ffmpeg, unheard
from pipeline.proxies.checks import Case
from pipeline.proxies.glance import GLANCES, glances_size
from pipeline.proxies.graph import INDEXED, arguments, start_arguments
from pipeline.proxies.job import Output, ProxyJob, sound_tracks
from pipeline.proxies.salvage import surveyed
from pipeline.proxies.trial import reason
from pipeline.proxies.verdict import defects, measure, missing_frames, times_of_original

_SIGNATURES = {
    "poster": (b"\xff\xd8", b"\xff\xd9"),
    "filmstrip": (b"\xff\xd8", b"\xff\xd9"),
    "waveform": (b"\x89PNG", b"IEND\xaeB`\x82"),
}
_COMPLAINT = "[hevc @ "
# Decoders that look where the code of a picture ends, by codec: ffmpeg's own read on without a word.
_STRICT = {"vp9": "libvpx-vp9"}
_SLACK = Fraction(1, 10)  # seconds by which counted sound may fall short: decoders end on whole packets
_AHEAD = 8_000_000  # bytes that ffmpeg reads at once to know a file (probesize) and of a packet; it then waits them out
_LEAST, _TIMES = 1 << 30, 1000  # bytes that any output may have, and how much larger than its original it may be


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made and measured; the head publishes it. `case` is what a proxy is judged by."""

    output: Output
    size: int
    case: Case | None = None

    @property
    def preset_name(self) -> str:
        return self.output.preset.name if self.output.preset else ""


def make_either_way(
    job: ProxyJob,
    ffmpeg: Path,
    *,
    progress: Callable[[Progress], None] = unheard,
    cancelled: Callable[[], bool] = never,
    paused: Callable[[], bool] = never,
) -> tuple[tuple[Made, ...], str]:
    """As make() does, by software where graphics hardware fails at it; a sentence then says so, else it is empty.

    A driver refuses a size, or one session too many: what is said of the original is what software says of it.
    """
    try:
        return make(job, ffmpeg, progress=progress, cancelled=cancelled, paused=paused), ""
    except (MediaUnreadable, ProxyRefused, ToolMissing, ToolStopped) as refused:
        hardware = {output.preset.hardware: None for output in job.proxies if output.preset and output.preset.hardware}
        if not hardware:
            raise
        why = reason(refused.sentence.replace(job.clip.name, ""))
        failure = f"{job.clip.name} is encoded by software: {' and '.join(hardware)} failed at it{why and f' ({why})'}."
    return make(by_software(job), ffmpeg, progress=progress, cancelled=cancelled, paused=paused), failure


def by_software(job: ProxyJob) -> ProxyJob:
    """The same job without graphics hardware."""
    plain = [
        replace(output, preset=msgspec.structs.replace(output.preset, hardware="")) if output.preset else output
        for output in job.outputs
    ]
    return replace(job, outputs=tuple(plain))


def make(
    job: ProxyJob,
    ffmpeg: Path,
    *,
    progress: Callable[[Progress], None] = unheard,
    cancelled: Callable[[], bool] = never,
    paused: Callable[[], bool] = never,
) -> tuple[Made, ...]:
    """Make all outputs of a job in one ffmpeg process that decodes once, and measure them.

    Nothing is published. Raises ProxyRefused naming the rules that a proxy breaks, MediaUnreadable
    for an original that is cut off or damaged, and what run_ffmpeg raises; no output is left then.
    """
    try:
        _check_sources(job)
        job = _decided(_synchronised(job, ffmpeg, cancelled), ffmpeg)
        if job.salvage is not None:
            job = surveyed(job, ffmpeg, cancelled=cancelled, paused=paused)
        terms = replace(terms_of(job), paused=paused)
        finished = run_ffmpeg(ffmpeg, arguments(job), progress=progress, cancelled=cancelled, terms=terms)
        if job.salvage is None:
            _check_complaints(job.clip, finished)
        if job.clip.kind == "sound":
            _check_sound(job.clip, finished)
        return tuple(_measured(job, output, finished) for output in _of_use(job))
    except BaseException:
        _remove(job)
        raise


def terms_of(job: ProxyJob) -> Terms:
    """On which ffmpeg makes a job: how long it may take, how much it may write, what it gets at."""
    presets = [output.preset for output in job.proxies if output.preset]
    cubes = [job.lut.path] if job.lut else []
    return Terms(
        subject=job.clip.name,
        rest=min(job.reading_seconds, _AHEAD / job.bandwidth) if job.bandwidth else 0.0,
        total=patience(job.media_seconds) + 2 * job.reading_seconds,
        largest=_LEAST + _TIMES * sum(part.stamp.size for part in job.clip.parts),
        reads=(*cubes, *(Path("/", preset.font) for preset in presets if preset.font)),
        hardware=any(preset.hardware for preset in presets),
    )


def _check_sources(job: ProxyJob) -> None:
    for source in (*job.sources, *(path for tracks in job.sounds for path in tracks if path)):
        if not source.is_file():
            raise PathMissing(f"{source.name} is no longer there; bring its disk back, then ingest again.")
    beside = [track for track in job.clip.facts.audio if track.file]
    whole = all(track.samples is not None for track in beside) and all(all(tracks) for tracks in job.sounds)
    if not whole and job.salvage is None:
        raise MediaUnreadable(
            f"Sound of {job.clip.name} is missing, cut off or damaged; copy the card again, or make what there is: "
            "rushes proxies --salvage."
        )
    unwritten = next((numbers for numbers in job.unwritten if numbers), ())
    if unwritten and job.salvage is None:
        more = f" and {len(unwritten) - 1} more" if len(unwritten) > 1 else ""
        raise MediaUnreadable(
            f"{job.clip.name} is damaged: the bytes of picture {unwritten[0]}{more} are none that a camera writes (a "
            "lost sector, most likely); copy it from the card again."
        )


def _synchronised(job: ProxyJob, ffmpeg: Path, cancelled: Callable[[], bool]) -> ProxyJob:
    """The job with the picture's start: by the index, else as ffmpeg sees it."""
    clip = job.clip
    if clip.kind == "sound" or all(track.file for _, track in sound_tracks(clip)):
        return job
    if clip.facts.video is not None and clip.facts.video.vfr:  # its frames count from time 0
        return job
    if clip.facts.container in INDEXED:
        return replace(job, picture_late=picture_begins(job.sources[0]))
    said = run_ffmpeg(ffmpeg, start_arguments(job), cancelled=cancelled, terms=terms_of(job)).stderr_tail
    shown = next((line.split(",")[2] for line in said if line.startswith("0,")), "0")
    return replace(job, picture_late=Fraction(int(shown), 90_000))


def _decided(job: ProxyJob, ffmpeg: Path) -> ProxyJob:
    """The job with the decoder that tells most of damage, where ffmpeg has it beside its own."""
    video = job.clip.facts.video
    strict = _STRICT.get(video.video_codec or "", "") if video else ""
    return replace(job, decoder=strict) if strict and has_decoder(ffmpeg, strict) else job


def _of_use(job: ProxyJob) -> Iterator[Output]:
    """The outputs but for glances that are not those of all frames, as of a clip cut off: these are removed."""
    for output in job.outputs:
        if output.kind == GLANCES and _size(output.path) != glances_size(job.clip.frames or 0):
            output.path.unlink(missing_ok=True)
        else:
            yield output


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _measured(job: ProxyJob, output: Output, finished: Finished) -> Made:
    size = _size(output.path)
    if output.kind == GLANCES:
        return Made(output, size)
    if output.kind != "proxy":
        _check_still(job.clip, output, size)
        return Made(output, size)
    found = measure(output.path)
    missing = missing_frames(job.clip, found)
    if missing:
        raise MediaUnreadable(
            f"{job.clip.name} is cut off or damaged: {missing} of its {job.clip.frames} frames are missing; "
            "copy it from the card again."
        )
    original = job.sources[0]
    times = times_of_original(job.clip, original)
    held = job.salvage.held if job.salvage else None
    case = Case(job.clip, output.preset, found, original=original, original_times=times, held=held)
    broken = [*defects(case), *_uncounted(job, output, case, finished)]
    if broken:
        raise ProxyRefused(
            f"The proxy of {job.clip.name} is not what was asked for ({'; '.join(broken)}); it was not kept. "
            "Please report this with the clip's facts."
        )
    return Made(output, size, case)


def _uncounted(job: ProxyJob, output: Output, case: Case, finished: Finished) -> tuple[str, ...]:
    """Where the pictures that ffmpeg counted into its first proxy are not those that lie in the file."""
    if job.clip.kind == "sound":
        return ()
    encoded, lie = finished.progress.frames, case.picture.frames
    return (f"frames: {encoded} encoded, {lie} in the file",) if output is job.proxies[0] and encoded != lie else ()


def _check_still(clip: Clip, output: Output, size: int) -> None:
    """A whole JPEG or PNG has its first and its last bytes."""
    head, tail = _SIGNATURES[output.kind]
    data = output.path.read_bytes() if size else b""
    if not (data.startswith(head) and data.endswith(tail)):
        raise ProxyRefused(f"The {output.kind} of {clip.name} did not come out whole; ingest again.")


def _check_complaints(clip: Clip, finished: Finished) -> None:
    """HEVC's decoder goes on over much of what it stumbles at, exits 0, and says so on stderr alone."""
    said = next((line for line in finished.stderr_tail if line.startswith(_COMPLAINT)), None)
    if said is not None:
        what = said.partition("] ")[2].strip().rstrip(".")
        raise MediaUnreadable(
            f"{clip.name} is damaged: not all of its pictures can be decoded ({what}); copy it from the card again."
        )


def _check_sound(clip: Clip, finished: Finished) -> None:
    """Sound alone makes no proxy whose length could be measured: what was decoded is counted instead."""
    _, track = sound_tracks(clip)[0]
    samples = track.samples if track.samples is not None else clip.facts.samples
    if samples is None:
        return
    expected = Fraction(samples, track.sample_rate)
    if Fraction(finished.progress.seconds) < expected - _SLACK:
        raise MediaUnreadable(
            f"{clip.name} is cut off or damaged: {finished.progress.seconds:.1f} of {float(expected):.1f} seconds "
            "could be read; copy it from the card again."
        )


def _remove(job: ProxyJob) -> None:
    for output in job.outputs:
        with suppress(OSError):
            output.path.unlink()
