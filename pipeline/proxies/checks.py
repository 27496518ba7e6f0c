"""What is measured of a proxy: each check says what is wrong, in words, or nothing. rules.py says who minds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from pipeline.clip import AudioStream, Clip, Facts, VideoStream
from pipeline.metadata.frames import Times
from pipeline.proxies.framemap import frame_map
from pipeline.proxies.geometry import upright as as_shown
from pipeline.proxies.job import known, sound_tracks
from pipeline.proxies.labels import proxy_timecode, reel_in, time_reference
from pipeline.proxies.picture import Look
from pipeline.proxies.playing import Played
from pipeline.proxies.presets import Preset
from pipeline.proxies.sound import SUITE_RATE, samples_of, tracks_asked
from pipeline.proxies.telling import salvaged


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found in a file that was made; `played` where it was decoded, too."""

    facts: Facts = field(default_factory=Facts)
    times: Times | None = None
    played: Played | None = None

    def samples(self, track: int) -> int | None:
        """Of a sound track: what a decoder gave, else what the file says."""
        heard = self.played.samples if self.played else ()
        return heard[track] if track < len(heard) else self.facts.audio[track].samples


@dataclass(frozen=True, slots=True)
class Case:
    """A proxy to judge: of which clip, by which preset, what was found of it and of its original.

    `preset` is None for one that is no longer in the table. `path` and `original` are where the two lie
    (None: not known now). `original_times` are those of an original of variable rate. `held` are, for a salvaged
    proxy, the runs of frames (first, count) that could not be read. `compared` is what was seen of its pictures
    beside the original's, `heard` what of its sound, `damaged` what of the original's own, `lost` why the file could
    not be measured.
    """

    clip: Clip
    preset: Preset | None
    found: Measured
    path: Path | None = None
    original: Path | None = None
    original_times: Times | None = None
    held: tuple[tuple[int, int], ...] | None = None
    compared: str = ""
    heard: str = ""
    damaged: str = ""
    lost: str = ""

    @property
    def picture(self) -> VideoStream:
        return self.found.facts.video or VideoStream()

    @property
    def shot(self) -> VideoStream:
        return self.clip.facts.video or VideoStream()

    @property
    def sounds(self) -> tuple[AudioStream, ...]:
        """The original's sound tracks that can be decoded."""
        return tuple(track for _, track in sound_tracks(self.clip))

    @property
    def look(self) -> Look | None:
        return Look.of(self.shot, self.preset) if self.preset else None


def differ(found: object, asked: object) -> str:
    return "" if found == asked else f"{'none' if found is None else found} instead of {asked}"


def _lists_differ(found: list[str], wanted: list[str]) -> str:
    return "" if found == wanted else f"{', '.join(found) or 'none'} instead of {', '.join(wanted) or 'none'}"


def lost(case: Case) -> str:
    return case.lost


# --- time -----------------------------------------------------------------------------------------


# How a sample of each codec begins: size and `icpf` (RDD 36), the header's size and version (ST 2019-1), the
# length and kind of a NAL unit (ISO/IEC 14496-15). What begins otherwise was damaged after it was made.
_OPENINGS: dict[str, Callable[[bytes], object]] = {
    "prores": lambda head: head[4:8] == b"icpf",
    "dnxhd": lambda head: head[:2] == b"\0\0" and head[2] in range(2, 0x22) and head[4] in (1, 2, 3),
    "h264": lambda head: head[:4] > b"\0\0\0\0" and head[4] & 0x80 == 0 and 1 <= head[4] & 31 <= 12,
}


def frames(case: Case) -> str:
    """As many as the clip has, also out of a decoder; and where frames were looked at, a picture begins."""
    if case.picture.frames != case.clip.frames:
        return differ(case.picture.frames, case.clip.frames)
    shown = case.found.played
    if shown and shown.pictures != case.clip.frames:
        return f"{shown.pictures} come out of a decoder instead of {case.clip.frames}"
    opens = _OPENINGS.get(case.picture.video_codec or "", len)
    heads = case.found.times.heads if case.found.times else ()
    return next((f"no picture where frame {n} lies" for n, head in heads if len(head) < 8 or not opens(head)), "")


def rate(case: Case) -> str:
    return differ(case.picture.rate, case.clip.rate)


def varying(case: Case) -> str:
    """A proxy of constant rate is no mirror of an original without one: the map between them must be whole."""
    if not case.shot.vfr:
        return ""
    if case.original_times is None:
        return "the original's rate varies; no frame map can be made of this kind of file, or not now"
    _, rate, frames = known(case.clip)
    last, pictures = frame_map(case.original_times, rate, frames)[-1] + 1, len(case.original_times.pictures)
    left = f"; its last {pictures - last} pictures are in no frame" if last < pictures else ""
    return f"the original's rate varies; conform through the frame map{left}"


def timecode(case: Case) -> str:
    """The original's label, also one that no proxy can carry: the pictures are not counted as it is."""
    said, shown = case.clip.facts.timecode, case.clip.rate
    if said is None or shown is None or proxy_timecode(case.clip):
        return timecode_asked(case)
    found = case.found.facts.timecode or "none"
    return f"{found} instead of {said}, which counts at {said.rate.label()} under pictures at {shown.label()}"


def timecode_asked(case: Case) -> str:
    start = proxy_timecode(case.clip)
    found = case.found.facts.timecode
    if start is None:
        counted = found is None or (case.found.facts.container == "mxf" and found.frame == 0)  # MXF always counts
        return "" if counted else f"{found} where there is none"
    return f"none instead of {start}" if found is None else differ(str(found), str(start))


def reel(case: Case) -> str:
    """The reel that Avid finds the original by, whatever the kind of file."""
    return _reel(case, "mov")


def reel_asked(case: Case) -> str:
    return _reel(case, case.preset.codec.container) if case.preset else ""


def _reel(case: Case, container: str) -> str:
    wanted = reel_in(container, case.clip)
    return differ(case.found.facts.reel, wanted) if wanted else ""


def pictures(case: Case) -> str:
    return case.compared


def held(case: Case) -> str:
    return salvaged(case.held)


def damaged(case: Case) -> str:
    return case.damaged


# --- picture --------------------------------------------------------------------------------------


def codec_asked(case: Case) -> str:
    return differ(case.picture.video_codec, case.preset.codec.codec) if case.preset else ""


def codec_of_final_cut(case: Case) -> str:
    return "" if case.picture.video_codec in ("prores", "h264") else f"{case.picture.video_codec}, no ProRes or H.264"


def mxf(case: Case) -> str:
    container = case.found.facts.container
    return "" if container == "mxf" else f"{container or 'unknown'} instead of MXF"


def linked(case: Case) -> str:
    """MXF made here is OP1a: picture and sound in one file."""
    return "OP1a: link it, then relink by tape and timecode" if case.found.facts.container == "mxf" else ""


def size_asked(case: Case) -> str:
    if case.look is None:
        return ""
    return differ(f"{case.picture.width}x{case.picture.height}", f"{case.look.size.width}x{case.look.size.height}")


def divisor(case: Case) -> str:
    """The original as shown must be a whole number of times as wide and as high."""
    wide, high = as_shown(case.shot)
    width, height = case.picture.width, case.picture.height
    if width and height and wide / width == high / height and (wide / width).denominator == 1:
        return ""
    return f"{_pixels(wide)}x{_pixels(high)} is no whole number of times {width}x{height}"


def _pixels(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else f"{float(value):.1f}"


def square(case: Case) -> str:
    return differ(case.picture.pixel_aspect or Fraction(1), Fraction(1))


def upright(case: Case) -> str:
    return differ(case.picture.rotation or 0, 0)


def fields_asked(case: Case) -> str:
    keeps = case.look.fields if case.look else bool(case.picture.interlaced)
    return _fields(case, keeps=keeps)


def fields_shot(case: Case) -> str:
    return _fields(case, keeps=bool(case.shot.interlaced))


def _fields(case: Case, *, keeps: bool) -> str:
    if bool(case.picture.interlaced) != keeps:
        return "interlaced" if case.picture.interlaced else "progressive instead of interlaced"
    if keeps and case.shot.field_order and case.picture.field_order not in (case.shot.field_order, None):
        return f"{case.picture.field_order} instead of {case.shot.field_order}"
    return ""


def colour(case: Case) -> str:
    video = case.picture
    tags = (video.color_primaries, video.color_transfer, video.color_matrix)
    return "" if tags == ("bt709",) * 3 else f"{'/'.join(str(tag) for tag in tags)} instead of bt709"


def levels(case: Case) -> str:
    return "full range" if case.picture.color_range == "pc" else ""


# --- sound ----------------------------------------------------------------------------------------


def tracks(case: Case) -> str:
    """As many tracks as the original has, each with its channels."""
    return _channels(case, case.sounds)


def tracks_wanted(case: Case) -> str:
    return _channels(case, _asked_tracks(case)) if case.preset else ""


def sound_rate(case: Case) -> str:
    return _rates(case, case.sounds)


def sound_rate_asked(case: Case) -> str:
    return _rates(case, _asked_tracks(case)) if case.preset else ""


def _asked_tracks(case: Case) -> tuple[AudioStream, ...]:
    assert case.preset is not None
    return tracks_asked(case.sounds, case.preset.codec.sound)


def _channels(case: Case, asked: Sequence[AudioStream]) -> str:
    found, wanted = ([f"{track.channels} ch" for track in tracks] for tracks in (case.found.facts.audio, asked))
    return _lists_differ(found, wanted)


def _rates(case: Case, asked: Sequence[AudioStream]) -> str:
    """Of the tracks that are there; that some are missing is told by another rule."""
    both = [(made.sample_rate, track.sample_rate) for made, track in zip(case.found.facts.audio, asked, strict=False)]
    told = [f"track {n} {made} Hz instead of {wanted}" for n, (made, wanted) in enumerate(both, 1) if made != wanted]
    return ", ".join(told)


def sound_codec(case: Case) -> str:
    if case.preset is None:
        return ""
    found, wanted = ([track.codec for track in tracks] for tracks in (case.found.facts.audio, _asked_tracks(case)))
    return _lists_differ(found, wanted)


def heard(case: Case) -> str:
    return case.heard


def sync(case: Case) -> str:
    return _apart(case, samples=1)


def sync_asked(case: Case) -> str:
    return _apart(case, samples=0)


def _apart(case: Case, *, samples: int) -> str:
    """Every track begins and ends with the picture, give or take so many samples."""
    _, rate, frames = known(case.clip)
    times = case.found.times
    begins = times.seconds(0) if times and times.pictures else Fraction(0)
    for number, track in enumerate(case.found.facts.audio):
        late = (times.sounds[number] if times and number < len(times.sounds) else Fraction(0)) - begins
        if abs(late) * track.sample_rate > samples:
            return f"track {number + 1} begins {float(late):+.4f} s from the picture"
        wanted = samples_of(0, frames, rate, track.sample_rate)
        made = case.found.samples(number)
        if made is not None and abs(made - wanted) > samples:
            return f"track {number + 1} has {made} samples instead of {wanted}"
    return ""


# --- sound alone ----------------------------------------------------------------------------------


def joined_tracks(case: Case) -> str:
    """WAV holds one track of all channels."""
    channels = sum(track.channels for track in case.sounds)
    found = [f"{track.channels} ch {track.sample_rate} Hz" for track in case.found.facts.audio]
    return _lists_differ(found, [f"{channels} ch {SUITE_RATE} Hz"])


def whole_length(case: Case) -> str:
    """Within a millisecond: the resampler keeps or drops a few samples at the end."""
    track = case.sounds[0]
    samples = track.samples or case.clip.facts.samples
    heard = case.found.played
    made = heard.samples[0] if heard and heard.samples else case.found.facts.samples
    if samples is None or made is None:
        return ""
    wanted = round(Fraction(samples * SUITE_RATE, track.sample_rate))
    return "" if abs(made - wanted) <= SUITE_RATE // 1000 else f"{made} samples instead of {wanted}"


def reference(case: Case) -> str:
    wanted = time_reference(case.clip)
    return differ(case.found.facts.time_reference, wanted) if wanted is not None else ""


# --- names ----------------------------------------------------------------------------------------


def _stem(path: Path | bytes) -> str:
    return (path if isinstance(path, Path) else Path(path.decode("utf-8", "surrogateescape"))).stem


def base_name(case: Case) -> str:
    if case.path is None:
        return ""
    return differ(_stem(case.path), _stem(case.clip.parts[0].path))


def premiere_name(case: Case) -> str:
    if case.path is None:
        return ""
    stem = _stem(case.clip.parts[0].path)
    return "" if _stem(case.path) in (stem, f"{stem}_Proxy") else differ(_stem(case.path), f"{stem} or {stem}_Proxy")


def folder(case: Case) -> str:
    if case.path is None or (case.original and case.path.parent == case.original.parent / "Proxy"):
        return ""
    return "not in the folder Proxy beside its original"
