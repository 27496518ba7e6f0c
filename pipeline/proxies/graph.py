"""(clip, presets) -> one ffmpeg command that decodes once and makes everything; a pure value.

Built with ffmpeg-python, which only compiles here: processes/ffmpeg.py runs it. The order of the filters
is the cost: the picture is made small first, and all else works on the small one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from pipeline.clip import Clip, VideoStream
from pipeline.errors import MediaUnreadable
from pipeline.processes.ffmpeg import INPUT_GUARD
from pipeline.proxies.job import Output, ProxyJob, sound_tracks
from pipeline.proxies.picture import Look, blackened, filled, small, split, stills, timed
from pipeline.proxies.sound import fitted_sound, pcm_codec, samples_of, waveform
from pipeline.timecode import Rate, Timecode

_JPEG = {"f": "image2pipe", "c:v": "mjpeg", "q:v": "4", "frames:v": "1"}
_PNG = {"f": "image2pipe", "c:v": "png", "frames:v": "1"}

INDEXED = ("mov", "mp4")  # containers whose tracks begin where their edit lists say

Stream = Any  # ffmpeg-python has no types


def command(job: ProxyJob, program: Path) -> list[str]:
    """The whole command line of a job."""
    return [str(program), *arguments(job)]


def arguments(job: ProxyJob) -> list[str]:
    """What to ask ffmpeg for all outputs of a job. Raises MediaUnreadable where the facts do not suffice."""
    sources = [_source(number, job) for number in range(len(job.sources))]
    outputs = _picture_job(job, sources) if job.clip.kind == "picture" else _sound_job(job, sources)
    compiled: list[str] = ffmpeg.merge_outputs(*outputs).compile(cmd="ffmpeg", overwrite_output=True)
    names = _names(job)
    strict = ["-xerror"] if job.salvage is None else ["-max_error_rate", "1"]
    return [*strict, *(names.get(word, word) for word in compiled[1:])]


def _names(job: ProxyJob) -> dict[str, str]:
    """The file names behind the stand-ins: ffmpeg-python takes only names that are valid text.

    With `file:` in front ffmpeg takes any name for a name, whatever signs it holds.
    """
    sources = {f"source {number}": f"file:{path}" for number, path in enumerate(job.sources)}
    return sources | {_stand_in(output): f"file:{output.path}" for output in job.outputs}


def _stand_in(output: Output) -> str:
    return f"output {output.kind} {output.preset.name if output.preset else ''}"


def proxy_timecode(clip: Clip) -> Timecode | None:
    """The start timecode that a proxy carries, counted at the clip's rate; None where none can be.

    Some cameras count 30 labels at 59.94 frames a second: those are counted up. No editor reads
    labels above 60 frames a second.
    """
    if clip.start is None or clip.rate is None or clip.rate.nominal > 60:
        return None
    times = clip.rate.fraction / clip.start.rate.fraction
    if times.denominator != 1:
        return None
    return Timecode(clip.start.frame * times.numerator, clip.rate, clip.start.drop_frame)


def proxy_reel(clip: Clip) -> str | None:
    """The reel that a proxy carries beside its timecode, as plain text."""
    reel = "".join(sign for sign in clip.facts.reel or "" if sign.isprintable())
    return reel.encode("utf-8", "replace").decode() if reel and proxy_timecode(clip) else None


def start_arguments(job: ProxyJob) -> list[str]:
    """What to ask ffmpeg to say on stderr when the first picture is shown, in 1/90000 s.

    All tracks are read, as in the job itself: ffmpeg counts time from where the first of them begins.
    """
    guard = [word for name, value in INPUT_GUARD for word in (f"-{name}", value)]
    picture = ["-map", "0:v:0", "-frames:v", "1", "-fps_mode", "passthrough", "-enc_time_base:v", "1/90000"]
    sound = ["-map", "0:a", "-c:a", "copy", "-frames:a", "1", "-f", "null", "-"]
    return [*guard, "-i", f"file:{job.sources[0]}", *picture, "-f", "framecrc", "pipe:2", *sound]


def _source(number: int, job: ProxyJob) -> Stream:
    options: dict[str, str | None] = dict(INPUT_GUARD)
    if job.threads:
        options["threads"] = str(job.threads)
    video = job.clip.facts.video
    if job.salvage is not None or (video and video.video_codec == "mjpeg"):
        options["err_detect"] = "explode"  # JPEG's decoder conceals damage unless told
    if job.clip.facts.container in INDEXED:
        options["nofind_stream_info"] = None  # the index says it all; looking decodes pictures that are decoded again
    return ffmpeg.input(f"source {number}", **options)  # type: ignore[no-untyped-call]


# --- picture and sound ----------------------------------------------------------------------------


def _picture_job(job: ProxyJob, sources: Sequence[Stream]) -> list[Stream]:
    video, rate, frames = known(job.clip)
    looks = [Look.of(video, output.preset) for output in job.proxies] or [Look.of(video, None)]
    raw, *sounds = _joined(job, sources, rate, frames)
    held = job.salvage.held if job.salvage else ()
    pictures = [
        blackened(timed(small(road, video, look), video, rate, frames), held)
        for road, look in zip(split(raw, len(looks)), looks, strict=True)
    ]
    still_outputs: list[Stream] = []
    if job.still("poster") or job.still("filmstrip"):
        main, aside = split(pictures[0], 2) if job.proxies else (None, pictures[0])
        still_outputs = _still_outputs(job, aside, looks[0], frames)
        pictures[0] = main
    shares, waves = _shared_sounds(job, sounds)
    proxies = [
        _proxy_output(job, output, look, [picture, *share])
        for output, look, picture, share in zip(job.proxies, looks, pictures, shares, strict=False)
    ]
    return [*proxies, *still_outputs, *waves]  # ffmpeg's progress counts the frames of the first


def known(clip: Clip) -> tuple[VideoStream, Rate, int]:
    """What a proxy cannot do without. Raises MediaUnreadable naming what the file does not say."""
    video = clip.facts.video
    if video is None or clip.rate is None or not clip.frames:
        told = next(iter(clip.facts.warnings), "It does not say how many frames it has or how fast.").rstrip(".")
        raise MediaUnreadable(f"{clip.name}: {told[0].lower()}{told[1:]}; copy it from the card again.")
    return video, clip.rate, clip.frames


def _joined(job: ProxyJob, sources: Sequence[Stream], rate: Rate, frames: int) -> list[Stream]:
    """Picture and sound tracks of all parts as one: each part's sound is first made as long as its picture."""
    parts = [part.frames for part in job.clip.parts] if len(sources) > 1 else [frames]
    rows: list[list[Stream]] = []
    before = 0
    for source, length in zip(sources, parts, strict=True):
        row = [source["v:0"]]
        if job.salvage is not None:
            row = [filled(source["v:0"], rate, length or 0, job.salvage.starts[len(rows)])]
        for index, track in sound_tracks(job.clip):
            samples = samples_of(before, length, rate, track.sample_rate) if length else None
            row.append(fitted_sound(source[f"a:{index}"], samples, late=job.picture_late))
        before += length or 0
        rows.append(row)
    if len(rows) == 1:
        return rows[0]
    joint = ffmpeg.concat(*[stream for row in rows for stream in row], v=1, a=len(rows[0]) - 1).node
    return [joint[index] for index in range(len(rows[0]))]


def _shared_sounds(job: ProxyJob, sounds: Sequence[Stream]) -> tuple[list[list[Stream]], list[Stream]]:
    """The sound tracks for each proxy, and the waveform's output."""
    wave = job.still("waveform")
    ways = len(job.proxies) + (1 if wave else 0)
    if not sounds or not ways:
        return [[] for _ in job.proxies], []
    roads = [split(sound, ways, sound=True) for sound in sounds]
    shares = [[road[way] for road in roads] for way in range(len(job.proxies))]
    if wave is None:
        return shares, []
    picture = waveform([road[-1] for road in roads], [track for _, track in sound_tracks(job.clip)])
    return shares, [ffmpeg.output(picture, _stand_in(wave), **_PNG)]


def _still_outputs(job: ProxyJob, aside: Stream, look: Look, frames: int) -> list[Stream]:
    wanted = [output for kind in ("poster", "filmstrip") if (output := job.still(kind))]
    pictures = stills(aside, look, frames, tuple(output.kind for output in wanted))
    return [
        ffmpeg.output(picture, _stand_in(output), **_JPEG) for output, picture in zip(wanted, pictures, strict=True)
    ]


def _proxy_output(job: ProxyJob, output: Output, look: Look, streams: Sequence[Stream]) -> Stream:
    assert output.preset is not None
    assert job.clip.rate is not None
    encoder = output.preset.codec
    options: dict[str, str] = {
        "f": "mov", "c:v": encoder.ffmpeg, **dict(encoder.options), "r": str(job.clip.rate), "fps_mode": "cfr",
        "map_metadata": "-1", "map_chapters": "-1",
    }  # fmt: skip
    for number, (_, track) in enumerate(sound_tracks(job.clip)):
        options[f"c:a:{number}"] = pcm_codec(track)
    if look.fields:
        options["flags:v"] = "+ildct+ilme"
    if job.threads:
        options["threads:v"] = str(job.threads)
    timecode = proxy_timecode(job.clip)
    if timecode is not None:
        options["timecode"] = str(timecode)
    reel = proxy_reel(job.clip)
    if reel is not None:
        options["metadata:s:v:0"] = f"reel_name={reel}"
    return ffmpeg.output(*streams, _stand_in(output), **options)


# --- sound alone ----------------------------------------------------------------------------------


def _sound_job(job: ProxyJob, sources: Sequence[Stream]) -> list[Stream]:
    """The waveform, and the same sound into nothing, so that its length is counted."""
    tracks = sound_tracks(job.clip)
    wave = job.still("waveform")
    if not tracks or wave is None:
        raise MediaUnreadable(f"{job.clip.name} holds no sound that can be decoded; copy it from the card again.")
    rows = [[source[f"a:{index}"] for index, _ in tracks] for source in sources]
    if len(rows) > 1:
        joint = ffmpeg.concat(*[stream for row in rows for stream in row], v=0, a=len(tracks)).node
        rows = [[joint[index] for index in range(len(tracks))]]
    counted, *others = rows[0]
    nothing, seen = split(counted, 2, sound=True)
    picture = waveform([seen, *others], [track for _, track in tracks])
    return [ffmpeg.output(nothing, "-", f="null"), ffmpeg.output(picture, _stand_in(wave), **_PNG)]
