"""The values that every room speaks of: files, facts, cards, clips, log values, products.

All are frozen; unknown is None, never a guess. Paths are bytes relative to a root (the production
folder or a volume), because file names need not be UTF-8 and film folders move.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from typing import Literal, NamedTuple

from pipeline.errors import ValueRefused
from pipeline.timecode import Rate, Timecode, TimeRange

# --- files ---------------------------------------------------------------------------------------


class Stamp(NamedTuple):
    """What tells that a file has not changed between two looks (a tuple: scans make them by the 100,000)."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @property
    def written(self) -> tuple[int, int]:
        """Size and time of change: all that is sure to stay; FAT may number a file anew whenever memory is short."""
        return self.size, self.mtime_ns


class SeenFile(NamedTuple):
    """A file as a scan saw it; `path` is relative to the folder that was scanned, `/` between parts."""

    path: bytes
    stamp: Stamp


def shown(path: bytes | str) -> str:
    """A path or name as text that can be stored and sent: bytes that are no UTF-8 are written out as \\xNN."""
    if isinstance(path, str) and path.isascii():
        return path  # nearly all, and cuts ask by the 100,000
    raw = path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Root:
    """Where relative paths begin. `place` is the absolute folder now, or None while it is offline."""

    id: int
    kind: Literal["film", "volume"]
    volume: str
    place: str | None


# --- facts: what the media says of itself ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The first picture track that is enabled. Codec and colour names are ffmpeg's; sizes are as stored."""

    video_codec: str | None = None
    pixel_format: str | None = None
    bit_depth: int | None = None
    color_transfer: str | None = None
    color_primaries: str | None = None
    color_matrix: str | None = None
    color_range: str | None = None
    width: int | None = None
    height: int | None = None
    pixel_aspect: Fraction | None = None
    rotation: int | None = None  # degrees clockwise that show the picture upright: 0, 90, 180, 270
    rate: Rate | None = None  # None with `vfr`
    average_rate: Rate | None = None  # for variable rate only
    frames: int | None = None  # that a player shows, after edit lists
    interlaced: bool | None = None
    field_order: Literal["tff", "bff"] | None = None
    vfr: bool | None = None
    picture_track: int | None = None  # its number among the picture tracks, from 0; None: the first


@dataclass(frozen=True, slots=True)
class AudioStream:
    codec: str
    channels: int
    sample_rate: int
    samples: int | None = None  # per channel, as shown by a player
    file: str = ""  # that holds it, of the first part; empty: the part itself (P2 keeps each track in one of its own)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the value of one fact was read, and what other places said."""

    key: str
    where: str  # "tmcd sample", "sidecar C0001M01.XML: LtcChangeTable", "bext"
    others: tuple[tuple[str, str], ...] = ()  # (where, what it said) where it disagrees
    why: str = ""  # why this one was believed, or that the value is only likely


class Fix(NamedTuple):
    """Where the device was, in seconds after the first frame and degrees."""

    seconds: float
    latitude: float
    longitude: float


class Sighting(NamedTuple):
    """Where a device was at a moment (seconds since 1970 UTC), in degrees."""

    moment: float
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What one recording says of itself; keys are those of `rushes facts --json`.

    `recorded_at` is ISO 8601 as far as the file knows; `recorded_at_zone` says what it claims.
    """

    container: str | None = None
    format: str | None = None  # of a sidecar read alone: "dji-srt"
    cues: int | None = None  # subtitle blocks of such a sidecar
    video: VideoStream | None = None
    audio: tuple[AudioStream, ...] = ()
    start_timecode: str | None = None
    drop_frame: bool | None = None
    timecode_rate: Rate | None = None  # the rate that start_timecode counts at
    reel: str | None = None
    clip_name: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    camera_serial: str | None = None
    lens: str | None = None
    recorded_at: str | None = None
    recorded_at_zone: Literal["utc", "offset", "local-unknown"] | None = None
    gps_time: str | None = None  # when recording began by the satellites' clock: ISO 8601 in UTC, to about a second
    gps: tuple[float, float] | None = None  # latitude, longitude in degrees of the first valid fix
    track: tuple[Fix, ...] = ()  # of a device that kept fixing its position, thinned
    capture_rate: Rate | None = None  # slow motion: frames per second of the sensor
    scene: str | None = None
    take: str | None = None
    tape: str | None = None
    originator: str | None = None
    time_reference: int | None = None  # samples since midnight (bext)
    samples: int | None = None
    track_names: tuple[str, ...] = ()
    decoder: bool = True  # False: no free decoder reads it (R3D, BRAW, ARRIRAW)
    warnings: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def rate(self) -> Rate | None:
        """The rate of editing: the picture's, else that of the sound's timecode."""
        return self.video.rate if self.video else self.timecode_rate

    @property
    def sound_seconds(self) -> Fraction:
        """How long the first sound track lasts, by its samples; 0 where their number is unknown."""
        track = self.audio[0] if self.audio else None
        if track is None or not track.sample_rate:
            return Fraction(0)
        return Fraction(self.samples or track.samples or 0, track.sample_rate)

    @property
    def timecode(self) -> Timecode | None:
        rate = self.timecode_rate or self.rate
        if self.start_timecode is None or rate is None:
            return None
        return Timecode.parse(self.start_timecode, rate, drop_frame=self.drop_frame)


# --- cards and clips ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """The files of one recording on a card: its parts in order of time, and what speaks of it."""

    name: str  # file name of the first part, with extension
    parts: tuple[bytes, ...]  # relative to the scanned folder
    sidecars: tuple[bytes, ...] = ()
    kind: Literal["picture", "sound"] = "picture"
    warnings: tuple[str, ...] = ()  # what the card says is wrong with it; also among those of the card


@dataclass(frozen=True, slots=True)
class CardFolder:
    """One card as its folder shows it, before anything but listings and sidecars was read."""

    path: bytes  # of the card's folder, relative to the scanned folder; b"" is that folder itself
    name: str
    structure: str  # "sony-xavc", "gopro", "dcim", "mag", "sound", "plain", ...
    clips: tuple[ClipFiles, ...]
    reports: tuple[bytes, ...] = ()  # CSV camera reports
    tracks: tuple[bytes, ...] = ()  # GPX files
    others: tuple[bytes, ...] = ()  # listed, never failed
    warnings: tuple[str, ...] = ()
    reel: str | None = None  # where the system keeps it: a folder's name, an index, the names of clips


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of which a hash list on its card speaks, or ought to; `origin` is that list and the day it was made.

    `hashes` are by format. `verdict` is None until the file is read and compared: then verified, differs or unreadable;
    before that it may be missing, refused (a link or the like), or extra (on no list).
    """

    root: int
    path: bytes
    origin: str
    hashes: Mapping[str, str]
    stamp: Stamp | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a clip. `frames` is None for what was not counted."""

    root: int
    path: bytes
    stamp: Stamp
    quick: str  # xxh128 hex of size, head, middle and tail
    frames: int | None = None


class PartFrame(NamedTuple):
    """A frame of a clip where it lies: the number of the part from 0, and the frame of that file from 0."""

    part: int
    frame: int


@dataclass(frozen=True, slots=True)
class Clip:
    """One logical recording: spanned files are one clip with one timecode and one duration.

    `rate`, `frames` and `start` are those of editing: a variable-rate phone clip has the rate its
    proxy is made at. `start` is the frame of day of the first frame, None without timecode.
    """

    id: str
    name: str
    card: str
    kind: Literal["picture", "sound"]
    parts: tuple[Part, ...]
    facts: Facts
    rate: Rate | None
    frames: int | None
    start: Timecode | None
    sidecars: tuple[bytes, ...] = ()

    @property
    def reel(self) -> str | None:
        """The reel or, of a recorder's file, the tape that the file states."""
        return self.facts.reel or self.facts.tape

    @property
    def duration(self) -> Fraction:
        """Seconds; of sound that states no rate of frames by its samples; 0 where they are unknown."""
        if self.rate and self.frames:
            return self.rate.seconds(self.frames)
        return self.facts.sound_seconds if self.kind == "sound" else Fraction(0)

    @property
    def available(self) -> TimeRange:
        """The clip's frames in source timecode (from 0 without timecode)."""
        return TimeRange(self.start.frame if self.start else 0, self.frames or 0)

    @property
    def spans(self) -> tuple[TimeRange, ...]:
        """The frames of the clip that each part holds, in order and without gaps; none where they are unknown.

        The last part holds what those before it leave, as does one whose frames were not counted: what comes after
        that one cannot be told apart from it.
        """
        left = self.frames or 0
        lengths = []
        for part in self.parts:
            last = part is self.parts[-1] or part.frames is None
            lengths.append(left if last else min(part.frames or 0, left))
            left -= lengths[-1]
        begins = accumulate(lengths, initial=0)
        return tuple(TimeRange(begin, length) for begin, length in zip(begins, lengths, strict=False))

    def place_of(self, frame: int) -> PartFrame:
        """Where a frame of the clip, counted from its first, lies. Raises ValueRefused outside the clip."""
        for number, span in enumerate(self.spans):
            if span.start <= frame < span.end:
                return PartFrame(number, frame - span.start)
        raise ValueRefused(f"{self.name} has {self.frames or 0} frames, so no frame {frame}; count them from 0.")

    def frame_at(self, place: PartFrame) -> int:
        """The frame of the clip at a place: the inverse of `place_of`. Raises ValueRefused where none lies there."""
        spans = self.spans
        if 0 <= place.part < len(spans) and 0 <= place.frame < spans[place.part].duration:
            return spans[place.part].start + place.frame
        raise ValueRefused(f"{self.name} has no frame {place.frame} in part {place.part}; count both from 0.")


# --- the log --------------------------------------------------------------------------------------

# Best first: a value of a better source hides those after it.
LOG_SOURCES: tuple[str, ...] = ("person", "editor", "report", "sidecar", "path", "rule", "gps", "inferred")


@dataclass(frozen=True, slots=True)
class Saying:
    """What a rule or person says of a clip, before it is an entry of the log."""

    field: str
    value: str
    source: str
    op: Literal["set", "add", "remove", "clear"] = "set"
    detail: str = ""  # what made it: the template, the place's name, "GPS of DJI_0004"
    confidence: float = 1.0
    range: TimeRange | None = None


@dataclass(frozen=True, slots=True)
class Marker:
    """A range within a clip that someone marked; frames count from the clip's first frame."""

    range: TimeRange
    note: str = ""
    subject: str = ""


# --- products -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Product:
    """What was made of a clip and measured: `kind` is proxy, poster, filmstrip or waveform.

    `verdict` names for each editing suite the rules that a proxy broke when it was made; `held` are, for a
    salvaged one, the runs of frames (first, count) that could not be read and are black. `full` is the xxh128 (hex)
    of the file as it was published.
    """

    clip: str
    kind: str
    preset: str
    path: bytes  # relative to the production folder
    recipe: str  # hash of the preset's content and our version: another recipe is made again
    size: int = 0
    verdict: dict[str, tuple[str, ...]] = field(default_factory=dict)
    held: tuple[tuple[int, int], ...] | None = None
    full: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that failed for a clip; kept so that it is not tried in a loop, and named in summaries."""

    clip: str
    step: str
    recipe: str
    sentence: str
    attempts: int = 1
    transient: bool = False
    program: str = ""  # that failed: another one is given a try


@dataclass(frozen=True, slots=True)
class LoggedClip:
    """A clip with its current log: what listings, cuts and exports work on. Texts are None when unset."""

    clip: Clip
    status: Literal["logged", "ready", "failed", "offline", "no_decoder"]
    values: dict[str, str | int | tuple[str, ...] | None] = field(default_factory=dict)
    markers: tuple[Marker, ...] = ()
    products: tuple[Product, ...] = ()
    warnings: tuple[str, ...] = ()
