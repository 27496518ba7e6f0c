"""(clip, presets) -> one ffmpeg command that decodes once and makes everything; a pure value.

Built with ffmpeg-python, which only compiles here: processes/ffmpeg.py runs it. The order of the filters
is the cost: the picture is made small first, and all else works on the small one.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from pipeline.clip import AudioStream, Clip
from pipeline.errors import MediaUnreadable
from pipeline.proxies.colours import why_not_rec_709
from pipeline.proxies.glance import GLANCES
from pipeline.proxies.job import Output, ProxyJob, from_first_whole, known, picture_stream, sound_tracks
from pipeline.proxies.labels import proxy_timecode, reel_in, time_reference
from pipeline.proxies.picture import Look, blackened, burnt, filled, glanced, opened, small, split, stills, timed
from pipeline.proxies.sound import SUITE_RATE, as_asked, exactly, fitted_sound, samples_of, tracks_asked, waveform
from pipeline.timecode import Rate, Timecode

_JPEG = {"f": "image2pipe", "c:v": "mjpeg", "q:v": "4", "frames:v": "1"}
_PNG = {"f": "image2pipe", "c:v": "png", "frames:v": "1"}
_GREY = {"f": "rawvideo", "fps_mode": "passthrough"}

_CONCEALING = ("mjpeg", "hevc")  # whose decoders pass over damage unless told not to
INDEXED = ("mov", "mp4")  # containers whose tracks begin where their edit lists say

Stream = Any  # ffmpeg-python has no types


def command(job: ProxyJob, program: Path) -> list[str]:
    """The whole command line of a job."""
    return [str(program), *arguments(job)]


def arguments(job: ProxyJob) -> list[str]:
    """What to ask ffmpeg for all outputs of a job. Raises MediaUnreadable where the facts do not suffice."""
    sources = [_source(f"source {number}", job) for number in range(len(job.sources))]
    outputs = _picture_job(job, sources) if job.clip.kind == "picture" else _sound_job(job, sources)
    compiled: list[str] = ffmpeg.merge_outputs(*outputs).compile(cmd="ffmpeg", overwrite_output=True)
    names = _names(job)
    devices = dict.fromkeys(output.preset.codec.device for output in job.proxies if output.preset)
    strict = ["-xerror"] if job.salvage is None else ["-max_error_rate", "1"]
    first = [*strict, *(word for device in devices for word in device)]
    return [*first, *(names.get(word, word) for word in compiled[1:])]


def _names(job: ProxyJob) -> dict[str, str]:
    """The file names behind the stand-ins: ffmpeg-python takes only names that are valid text.

    With `file:` in front ffmpeg takes any name for a name, whatever signs it holds.
    """
    sources = {f"source {number}": f"file:{path}" for number, path in enumerate(job.sources)}
    for part, tracks in enumerate(job.sounds):
        sources |= {f"sound {part} {number}": f"file:{path}" for number, path in enumerate(tracks) if path}
    return sources | {_stand_in(output): f"file:{output.path}" for output in job.outputs}


def _stand_in(output: Output) -> str:
    return f"output {output.kind} {output.preset.name if output.preset else ''}"


def start_arguments(job: ProxyJob) -> list[str]:
    """What to ask ffmpeg to say on stderr when the first picture is shown, in 1/90000 s.

    All tracks are read, as in the job itself: ffmpeg counts time from where the first of them begins.
    """
    whole = from_first_whole(job.clip)
    only = ["-vf", f"select='{whole}'"] if whole else []
    picture = [
        "-map", f"0:{picture_stream(job.clip)}", *only, "-frames:v", "1", "-fps_mode", "passthrough",
        "-enc_time_base:v", "1/90000",
    ]  # fmt: skip
    sound = ["-map", "0:a", "-c:a", "copy", "-frames:a", "1", "-f", "null", "-"]
    return ["-i", f"file:{job.sources[0]}", *picture, "-f", "framecrc", "pipe:2", *sound]


def _source(name: str, job: ProxyJob) -> Stream:
    options: dict[str, str | None] = {}
    if job.threads:
        options["threads"] = str(job.threads)
    if job.reading_seconds and job.media_seconds:  # ffmpeg knows no bytes, only seconds of media: an average
        options["readrate"] = f"{float(job.media_seconds) / job.reading_seconds:.6f}"
    video = job.clip.facts.video
    if job.salvage is not None or (video and video.video_codec in _CONCEALING):
        options["err_detect"] = "explode"
    if job.salvage is not None:
        options["thread_type"] = "slice"  # threads that each have a frame never come to an end after some errors
    if job.decoder:
        options[f"c:{picture_stream(job.clip)}"] = job.decoder
    if job.clip.facts.container in INDEXED:
        options["nofind_stream_info"] = None  # the index says it all; looking decodes pictures that are decoded again
    return ffmpeg.input(name, **options)  # type: ignore[no-untyped-call]


def _sound(job: ProxyJob, source: Stream, part: int, index: int) -> Stream:
    """A sound track of a part: out of its own file, or one beside it; silence where that is missing."""
    tracks = job.clip.facts.audio
    if not tracks[index].file:
        return source[f"a:{index}"]
    number = sum(bool(track.file) for track in tracks[:index])
    if job.sounds[part][number]:
        return _source(f"sound {part} {number}", job)["a:0"]
    nothing = f"anullsrc=channel_layout=mono:sample_rate={tracks[index].sample_rate}"
    return ffmpeg.input(nothing, f="lavfi")["a:0"]  # type: ignore[no-untyped-call]


# --- picture and sound ----------------------------------------------------------------------------


def _picture_job(job: ProxyJob, sources: Sequence[Stream]) -> list[Stream]:
    video, rate, frames = known(job.clip)
    if why := why_not_rec_709(video):
        raise MediaUnreadable(f"{job.clip.name} {why}")
    small_wanted = any(job.still(kind) for kind in ("poster", "filmstrip", GLANCES))
    looks = [Look.of(video, output.preset) for output in job.proxies] or [Look.of(video, None)]
    raw, *sounds = _joined(job, sources, rate, frames)
    roads = _roads(job, raw, [*looks[: len(job.proxies)], *looks[: int(small_wanted)]])
    still_outputs = _still_outputs(job, roads.pop(), looks[0], frames) if small_wanted else []
    shares, waves = _shared_sounds(job, sounds)
    proxies = [
        _proxy_output(job, output, look, [picture, *share])
        for output, look, picture, share in zip(job.proxies, looks, roads, shares, strict=False)
    ]
    return [*proxies, *still_outputs, *waves]  # ffmpeg's progress counts the frames of the first


def _roads(job: ProxyJob, raw: Stream, looks: Sequence[Look]) -> list[Stream]:
    """The picture for each of these looks; what looks the same is scaled once."""
    video, rate, frames = known(job.clip)
    held = job.salvage.held if job.salvage else ()
    cube = job.lut.path if job.lut else None
    distinct = tuple(dict.fromkeys(looks))
    ways = {
        look: iter(
            split(blackened(timed(small(road, video, look, cube), video, rate, frames), held), looks.count(look))
        )
        for look, road in zip(distinct, split(raw, len(distinct)), strict=True)
    }
    return [next(ways[look]) for look in looks]


def _joined(job: ProxyJob, sources: Sequence[Stream], rate: Rate, frames: int) -> list[Stream]:
    """Picture and sound tracks of all parts as one: each part's sound is first made as long as its picture."""
    parts = [part.frames for part in job.clip.parts] if len(sources) > 1 else [frames]
    rows: list[list[Stream]] = []
    before = 0
    for source, length in zip(sources, parts, strict=True):
        row = [opened(source[picture_stream(job.clip)], job.clip)]
        if job.salvage is not None:
            row = [filled(row[0], rate, length or 0, job.salvage.starts[len(rows)])]
        for index, track in sound_tracks(job.clip):
            samples = samples_of(before, length, rate, track.sample_rate) if length else None
            late = Fraction(0) if track.file else job.picture_late
            row.append(fitted_sound(_sound(job, source, len(rows), index), samples, late=late))
        before += length or 0
        rows.append(row)
    if len(rows) == 1:
        return rows[0]
    joint = ffmpeg.concat(*[stream for row in rows for stream in row], v=1, a=len(rows[0]) - 1).node
    sounds = [  # where a part's sound ends within a sample of its picture, the joint may add one
        exactly(joint[number], samples_of(0, frames, rate, track.sample_rate))
        for number, (_, track) in enumerate(sound_tracks(job.clip), start=1)
    ]
    return [joint[0], *sounds]


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
    glances = job.still(GLANCES)
    roads = split(aside, bool(wanted) + bool(glances))
    made = [ffmpeg.output(glanced(roads.pop()), _stand_in(glances), **_GREY)] if glances else []
    pictures = stills(roads[0], look, frames, tuple(output.kind for output in wanted)) if wanted else []
    return [
        *(ffmpeg.output(picture, _stand_in(each), **_JPEG) for each, picture in zip(wanted, pictures, strict=True)),
        *made,
    ]


def _proxy_output(job: ProxyJob, output: Output, look: Look, streams: Sequence[Stream]) -> Stream:
    assert output.preset is not None
    _, rate, frames = known(job.clip)
    encoder = output.preset.codec
    picture, *sounds = streams
    tracks = [track for _, track in sound_tracks(job.clip)]
    asked = tracks_asked(tracks, encoder.sound)
    sounds = as_asked(sounds, tracks, encoder.sound)
    if encoder.sound != "pcm":
        sounds = [exactly(sound, samples_of(0, frames, rate, SUITE_RATE)) for sound in sounds]
    options: dict[str, str] = {
        "f": encoder.container, "c:v": encoder.ffmpeg, **dict(encoder.options), "r": str(rate), "fps_mode": "cfr",
        "map_metadata": "-1", "map_chapters": "-1",
        **{f"c:a:{number}": track.codec for number, track in enumerate(asked)},
        **_labels(job.clip, encoder.container),
    }  # fmt: skip
    if look.fields:
        options["flags:v"] = "+ildct+ilme"
    if job.threads:
        options["threads:v"] = str(job.threads)
    start = proxy_timecode(job.clip) or Timecode(0, rate)  # without a timecode, frames are counted from 0
    picture = burnt(picture, output.preset, look, name=job.clip.name, start=start)
    if encoder.upload:
        picture = picture.filter("hwupload")
    return ffmpeg.output(picture, *sounds, _stand_in(output), **options)


def _labels(clip: Clip, container: str) -> dict[str, str]:
    start, reel = proxy_timecode(clip), reel_in(container, clip)
    labels = {"timecode": str(start)} if start else {}
    if reel:
        labels["metadata:g" if container == "mxf" else "metadata:s:v:0"] = f"reel_name={reel}"
    return labels


# --- sound alone ----------------------------------------------------------------------------------


def _sound_job(job: ProxyJob, sources: Sequence[Stream]) -> list[Stream]:
    """Sound proxies and the waveform; a waveform alone is joined by an output into nothing that counts the sound."""
    tracks = [track for _, track in sound_tracks(job.clip)]
    if not tracks or not job.outputs:
        raise MediaUnreadable(f"{job.clip.name} holds no sound that can be decoded; copy it from the card again.")
    rows = [[source[f"a:{index}"] for index, _ in sound_tracks(job.clip)] for source in sources]
    if len(rows) > 1:
        joint = ffmpeg.concat(*[stream for row in rows for stream in row], v=0, a=len(tracks)).node
        rows = [[joint[index] for index in range(len(tracks))]]
    wave = job.still("waveform")
    roads = [split(sound, max(1, len(job.proxies)) + (1 if wave else 0), sound=True) for sound in rows[0]]
    outputs = [
        _sound_output(job, output, [road[way] for road in roads], tracks) for way, output in enumerate(job.proxies)
    ]
    # ffmpeg's progress counts the first output; sound alone has no proxy whose length could be measured.
    outputs = outputs or [ffmpeg.output(*[road[0] for road in roads], "-", f="null")]
    if wave:
        outputs.append(ffmpeg.output(waveform([road[-1] for road in roads], tracks), _stand_in(wave), **_PNG))
    return outputs


def _sound_output(job: ProxyJob, output: Output, sounds: Sequence[Stream], tracks: Sequence[AudioStream]) -> Stream:
    """One file of all channels in a row: WAV holds a single track."""
    assert output.preset is not None
    encoder = output.preset.codec
    sounds = as_asked(sounds, tracks, encoder.sound)
    whole = sounds[0] if len(sounds) == 1 else ffmpeg.filter(sounds, "amerge", inputs=len(sounds))
    options = {"f": encoder.container, "c:a": encoder.codec, **dict(encoder.options), "map_metadata": "-1"}
    reference = time_reference(job.clip)
    if reference is not None:
        options["metadata:g"] = f"time_reference={reference}"
    return ffmpeg.output(whole, _stand_in(output), **options)
