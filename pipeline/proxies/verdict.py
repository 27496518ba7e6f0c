"""The verdict on what came out: measured by our own reader of boxes, compared with what was asked.

An exit code is no proof. RULES is the table; each rule says in words what is wrong, or nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipeline.clip import Facts, VideoStream
from pipeline.metadata.facts import read_facts
from pipeline.proxies.encoders import Encoder
from pipeline.proxies.graph import known, proxy_timecode, reel_in, time_reference
from pipeline.proxies.job import Output, ProxyJob, sound_tracks
from pipeline.proxies.picture import Look
from pipeline.proxies.sound import SUITE_RATE, samples_of, tracks_asked


@dataclass(frozen=True, slots=True)
class Asked:
    """What a proxy of this job must be, and what was found of it."""

    job: ProxyJob
    output: Output
    found: Facts

    @property
    def picture(self) -> VideoStream:
        return self.found.video or VideoStream()


@dataclass(frozen=True, slots=True)
class Rule:
    """`broken` gives what is wrong in words, or an empty text."""

    name: str
    broken: Callable[[Asked], str]


def measure(path: Path) -> Facts:
    """The facts of a file that was made. Raises MediaUnreadable where it is no whole recording."""
    return read_facts(path)


def broken_rules(job: ProxyJob, output: Output, found: Facts) -> tuple[str, ...]:
    """What is wrong with a proxy, rule by rule, in the words of RULES; empty for a good one."""
    asked = Asked(job, output, found)
    rules = SOUND_RULES if output.preset and output.preset.for_sound else RULES
    words = [(rule.name, rule.broken(asked)) for rule in rules]
    return tuple(f"{name}: {said}" for name, said in words if said)


def missing_frames(job: ProxyJob, found: Facts) -> int:
    """How many frames the original did not yield; sound alone has none."""
    if job.clip.kind == "sound":
        return 0
    _, _, frames = known(job.clip)
    made = found.video.frames if found.video else 0
    return max(0, frames - (made or 0))


def _differ(found: object, asked: object) -> str:
    return "" if found == asked else f"{found} instead of {asked}"


def _frames(asked: Asked) -> str:
    return _differ(asked.picture.frames, asked.job.clip.frames)


def _rate(asked: Asked) -> str:
    return _differ(asked.picture.rate, asked.job.clip.rate)


def _codec(asked: Asked) -> str:
    return _differ(asked.picture.video_codec, _encoder(asked).codec)


def _encoder(asked: Asked) -> Encoder:
    assert asked.output.preset is not None
    return asked.output.preset.codec


def _look(asked: Asked) -> Look:
    return Look.of(asked.job.clip.facts.video or VideoStream(), asked.output.preset)


def _size(asked: Asked) -> str:
    size = _look(asked).size
    return _differ(f"{asked.picture.width}x{asked.picture.height}", f"{size.width}x{size.height}")


def _shape(asked: Asked) -> str:
    return _differ(asked.picture.pixel_aspect or Fraction(1), Fraction(1))


def _upright(asked: Asked) -> str:
    return _differ(asked.picture.rotation or 0, 0)


def _fields(asked: Asked) -> str:
    video = asked.job.clip.facts.video or VideoStream()
    keeps = _look(asked).fields
    if bool(asked.picture.interlaced) != keeps:
        return "interlaced" if asked.picture.interlaced else "progressive instead of interlaced"
    if keeps and video.field_order and asked.picture.field_order not in (video.field_order, None):
        return f"{asked.picture.field_order} instead of {video.field_order}"
    return ""


def _colour(asked: Asked) -> str:
    video = asked.picture
    tags = (video.color_primaries, video.color_transfer, video.color_matrix)
    return "" if tags == ("bt709",) * 3 else f"{'/'.join(str(tag) for tag in tags)} instead of bt709"


def _range(asked: Asked) -> str:
    return "full range" if asked.picture.color_range == "pc" else ""


def _timecode(asked: Asked) -> str:
    start = proxy_timecode(asked.job.clip)
    found = asked.found.timecode
    if start is None:
        return "" if found is None else f"{found} where there is none"
    if found is None:
        return f"none instead of {start}"
    return _differ(str(found), str(start))


def _reel(asked: Asked) -> str:
    reel = reel_in(_encoder(asked).container, asked.job.clip)
    return _differ(asked.found.reel, reel) if reel else ""


def _tracks(asked: Asked) -> str:
    tracks = tracks_asked([track for _, track in sound_tracks(asked.job.clip)], _encoder(asked).sound)
    wanted = tuple((track.channels, track.sample_rate, track.codec) for track in tracks)
    found = tuple((track.channels, track.sample_rate, track.codec) for track in asked.found.audio)
    if found == wanted:
        return ""
    return f"{_named(found)} instead of {_named(wanted)}"


def _named(tracks: tuple[tuple[int, int, str], ...]) -> str:
    return ", ".join(f"{channels} ch {rate} Hz {codec}" for channels, rate, codec in tracks) or "none"


def _length(asked: Asked) -> str:
    _, rate, frames = known(asked.job.clip)
    for track in asked.found.audio:
        wanted = samples_of(0, frames, rate, track.sample_rate)
        if track.samples is not None and track.samples != wanted:
            return f"{track.samples} samples instead of {wanted}"
    return ""


RULES: tuple[Rule, ...] = (
    Rule("frames", _frames),
    Rule("frame rate", _rate),
    Rule("codec", _codec),
    Rule("size", _size),
    Rule("pixel shape", _shape),
    Rule("rotation", _upright),
    Rule("fields", _fields),
    Rule("colour tags", _colour),
    Rule("colour range", _range),
    Rule("start timecode", _timecode),
    Rule("reel", _reel),
    Rule("sound tracks", _tracks),
    Rule("sound length", _length),
)


# --- sound alone ---


def _joined_tracks(asked: Asked) -> str:
    """WAV holds one track of all channels."""
    channels = sum(track.channels for _, track in sound_tracks(asked.job.clip))
    wanted = ((channels, SUITE_RATE, _encoder(asked).codec),)
    found = tuple((track.channels, track.sample_rate, track.codec) for track in asked.found.audio)
    return "" if found == wanted else f"{_named(found)} instead of {_named(wanted)}"


def _whole_length(asked: Asked) -> str:
    """Within a millisecond: the resampler keeps or drops a few samples at the end."""
    _, track = sound_tracks(asked.job.clip)[0]
    samples, made = track.samples or asked.job.clip.facts.samples, asked.found.samples
    if samples is None or made is None:
        return ""
    wanted = round(Fraction(samples * SUITE_RATE, track.sample_rate))
    return "" if abs(made - wanted) <= SUITE_RATE // 1000 else f"{made} samples instead of {wanted}"


def _time_reference(asked: Asked) -> str:
    wanted = time_reference(asked.job.clip)
    return _differ(asked.found.time_reference, wanted) if wanted is not None else ""


SOUND_RULES: tuple[Rule, ...] = (
    Rule("sound tracks", _joined_tracks),
    Rule("sound length", _whole_length),
    Rule("time reference", _time_reference),
)
