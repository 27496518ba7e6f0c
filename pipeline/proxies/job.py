"""What is to be made of one clip in one go, and what came of it: plain values that any hand can carry."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import xxhash

from pipeline.clip import AudioStream, Clip, Facts, VideoStream
from pipeline.errors import MediaUnreadable
from pipeline.proxies.luts import Lut
from pipeline.proxies.presets import Preset
from pipeline.timecode import Rate

# Sound tracks that players and editors skip and ffmpeg cannot decode (Apple's spatial sound beside the stereo).
_NO_SOUND = frozenset({"apac", "mebx", "none", "unknown", ""})


@dataclass(frozen=True, slots=True)
class Output:
    """One file to make: `kind` is proxy, poster, filmstrip, waveform or glances; `preset` names the proxy's preset."""

    kind: str
    path: Path
    preset: Preset | None = None


@dataclass(frozen=True, slots=True)
class Salvage:
    """What a damaged original still yields: runs (first, count) of frames that do not come, and when each part begins.

    `starts` are seconds on each part's own clock.
    """

    held: tuple[tuple[int, int], ...] = ()
    starts: tuple[Fraction, ...] = ()


@dataclass(frozen=True, slots=True)
class ProxyJob:
    """One clip, the absolute paths of its parts in order, and the temp files to make of it.

    `threads` limits decoder and encoder each (0: ffmpeg decides). `picture_late` is how many seconds
    the picture begins after time 0; frame 0 of the proxy is the first picture.
    `bandwidth` is how many bytes a second may be read (0: no limit).
    With `salvage` errors do not end the work: pictures are placed by their time, and what does not come is black.
    The pictures of a log recording go through `lut`. `sounds` are for each part the files of those tracks that lie
    beside it, in order; None for one that is missing. `unwritten` are the numbers of each part's pictures
    whose bytes no encoder wrote, whatever a decoder makes of them. `decoder` is ffmpeg's name of that which reads the
    picture (empty: the one that ffmpeg takes).
    """

    clip: Clip
    sources: tuple[Path, ...]
    outputs: tuple[Output, ...]
    threads: int = 0
    picture_late: Fraction = Fraction(0)
    salvage: Salvage | None = None
    lut: Lut | None = None
    bandwidth: float = 0.0
    sounds: tuple[tuple[Path | None, ...], ...] = ()
    unwritten: tuple[tuple[int, ...], ...] = ()
    decoder: str = ""

    @property
    def proxies(self) -> tuple[Output, ...]:
        return tuple(output for output in self.outputs if output.kind == "proxy")

    @property
    def media_seconds(self) -> Fraction:
        """How long what there is of the original lasts, where its frames are unknown by its sound; 0: nobody knows."""
        if self.clip.rate and self.salvage and self.salvage.held and sum(self.salvage.held[-1]) == self.clip.frames:
            return self.clip.rate.seconds(self.salvage.held[-1][0])
        return self.clip.duration or self.clip.facts.sound_seconds

    @property
    def reading_seconds(self) -> float:
        """How long the original may take to be read at the bandwidth allowed; 0: as long as it takes."""
        return sum(part.stamp.size for part in self.clip.parts) / self.bandwidth if self.bandwidth else 0.0

    def still(self, kind: str) -> Output | None:
        return next((output for output in self.outputs if output.kind == kind), None)


def known(clip: Clip) -> tuple[VideoStream, Rate, int]:
    """What a proxy cannot do without. Raises MediaUnreadable naming what the file does not say."""
    video = clip.facts.video
    if video is None or clip.rate is None or not clip.frames:
        told = next(iter(clip.facts.warnings), "It does not say how many frames it has or how fast.").rstrip(".")
        raise MediaUnreadable(f"{clip.name}: {told[0].lower()}{told[1:]}; copy it from the card again.")
    return video, clip.rate, clip.frames


def picture_stream(clip: Clip) -> str:
    """The picture track as ffmpeg names it."""
    return f"v:{(clip.facts.video and clip.facts.video.picture_track) or 0}"


def from_first_whole(clip: Clip) -> str:
    """ffmpeg's expression for the pictures of a stream that may begin in mid-group; empty where none is needed.

    Where a sequence header stands before each picture, its MPEG-2 decoder also shows those that lack what they
    refer to. No frame is counted there: the first is an I picture.
    """
    codec = clip.facts.video and clip.facts.video.video_codec
    begins_anywhere = clip.facts.container == "mpegts" and codec in ("mpeg1video", "mpeg2video")
    return "if(eq(pict_type,I),st(0,1),ld(0))" if begins_anywhere else ""


def sound_recipe(facts: Facts) -> str:
    """What a product's recipe says of sound in files beside the picture: another such file is another sound."""
    return xxhash.xxh128(repr(facts.audio).encode()).hexdigest() if any(track.file for track in facts.audio) else ""


def sound_tracks(clip: Clip) -> tuple[tuple[int, AudioStream], ...]:
    """The sound tracks that can be decoded, each with its number among all sound tracks of the file."""
    return tuple((index, track) for index, track in enumerate(clip.facts.audio) if track.codec not in _NO_SOUND)
