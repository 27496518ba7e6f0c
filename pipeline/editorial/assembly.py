"""Shots in order become one OTIO timeline: the model that every export reads.

The shape is the one that DaVinci Resolve accepts and OTIO defines: tracks `Video 1`, `Audio 1`...;
each clip holds its original (`DEFAULT_MEDIA`) and its `proxy` as media references with bare absolute
paths; source and available ranges count absolute frames of source timecode at the clip's own rate
(from 0 without timecode); metadata stands under the one key `rushes` (timeline_metadata.py).

- Sound: the k-th audio stream of a clip lies on track `Audio k`, with all its channels; a clip
  without that stream leaves a gap there. Sound-only clips leave a gap on `Video 1`. What recorders
  took down beside the pictures lies on tracks of its own behind these, those of one recorder together.
- Mixed rates keep real time. A shot lasts the whole frames of the timeline that fit into it (a rest
  shorter than a frame is left out), so every cut lies on the frame grid. Its source range starts on
  a frame of the clip and lasts exactly as long as the record range: in frames of the clip where
  they are whole (50 in 25), else in frames of the timeline.
- Spanned clips: a shot that crosses a joint becomes one OTIO clip for each file, and each begins on
  its file's frame; at another rate each is conformed by itself. Files with timecode count on over
  the joint; files without it begin at 0 each, and the proxy's available range says where they lie.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import msgspec
from opentimelineio.core import deserialize_json_from_string
from opentimelineio.opentime import RationalTime
from opentimelineio.opentime import TimeRange as OtioRange
from opentimelineio.schema import Clip, ExternalReference, Gap, MissingReference, Timeline, Track
from opentimelineio.schema import Marker as OtioMarker

from pipeline.clip import Clip as ClipOfLog
from pipeline.clip import LoggedClip, shown
from pipeline.editorial.arrange import CutSettings, kind_named
from pipeline.editorial.beside import NOTHING, Beside, Lying
from pipeline.editorial.bulk import unswept
from pipeline.editorial.notes import notes
from pipeline.editorial.pieces import Laid, Piece, laid, pieces_of
from pipeline.editorial.shots import Media, Shot
from pipeline.editorial.timeline_metadata import markers_in, of_clip, of_source, of_timeline
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, TimeRange

ORIGINAL, PROXY = "DEFAULT_MEDIA", "proxy"
_ENCODE = msgspec.json.Encoder().encode
# What OTIO's properties do themselves; an assignment to one looks after its Python object too, and takes twice as long.
_name_reference, _set_source_range = ExternalReference.name.fset, Clip.source_range.fset


@dataclass(frozen=True, slots=True)
class Cut:
    """A timeline, and a sentence for each clip left out, conformed or without a file.

    `shots` are what was laid, in order, each under the title of its section.
    """

    timeline: Timeline
    notes: tuple[str, ...] = ()
    shots: tuple[Shot, ...] = ()


class Spans(NamedTuple):
    """What a piece takes of its files, and what its original and its proxy hold, in source timecode."""

    source: OtioRange
    original: OtioRange
    proxy: OtioRange


def assemble(
    kind: str, clips: Sequence[LoggedClip], media: Mapping[str, Media], settings: CutSettings, sound: Beside = NOTHING
) -> Cut:
    """Cut `clips` as `kind` (a name of arrange.KINDS); `media` gives the files of each clip id.

    `sound` is laid under its pictures, and not once more by itself. Raises ValueRefused for an unknown kind or field,
    NotFound if selects find nothing, ExportRefused if no clip can be cut.
    """
    with unswept():
        return timeline_of(kind_named(kind).arrange(clips, media, settings), settings, sound)


def timeline_of(shots: Sequence[Shot], settings: CutSettings, sound: Beside = NOTHING) -> Cut:
    """The OTIO timeline of `shots`, one after the other with `settings.gap` frames of black between them.

    A title is `settings.titles` frames of black before the first shot of a section, and a marker there.
    """
    titled = [replace(shot, section=_section(shot, settings)) for shot in shots] if settings.sections else shots
    lots = _lots(titled, settings, sound)
    if not any(lot.pieces for lot in lots):
        raise ExportRefused("No clip of this search has a length and a file that a timeline could hold.")
    desk = _Desk(settings.rate, max(len(streams_of(lot.shot.logged.clip)) for lot in lots if lot.pieces))
    section = None
    for lot in lots:
        if not lot.pieces:
            continue
        if settings.titles and lot.shot.section and lot.shot.section != section:
            section = lot.shot.section
            desk.title(section, settings.titles)
        elif settings.gap and desk.place:
            desk.leave(settings.gap)
        desk.lay(lot, camera=settings.sound != "recorder")
    timeline = with_tracks(desk.tracks(), desk.titles, settings)
    laid_out = tuple(lot.shot for lot in lots if lot.pieces)
    return Cut(timeline, notes(lots, settings, sound), laid_out)


def with_tracks(
    tracks: Iterable[tuple[str, str, list[Any]]], marks: Sequence[OtioMarker], settings: CutSettings
) -> Timeline:
    """A timeline of these tracks: name, kind and what lies on each."""
    start = RationalTime(settings.start.frame, settings.rate.numerator / settings.rate.denominator)
    timeline = Timeline(shown(settings.name), global_start_time=start, metadata={"rushes": of_timeline(settings)})
    for name, kind, children in tracks:
        timeline.tracks.append(Track(name, children, kind=kind))
    timeline.tracks.markers.extend(marks)
    return timeline


def _lots(shots: Sequence[Shot], settings: CutSettings, sound: Beside) -> list[Laid]:
    """Shots with their pieces and sound; a recording that lies under a picture is not laid once more, whole."""
    if settings.sound == "camera":
        sound = NOTHING
    lots = [laid(shot, settings.rate, sound) for shot in shots]
    heard = {each.shot.logged.clip.id for lot in lots for each in lot.under}
    return [lot for lot in lots if not _heard_whole(lot.shot, heard)] if heard else lots


def _heard_whole(shot: Shot, heard: Container[str]) -> bool:
    """Whether a shot is a whole recording of sound that lies under a picture."""
    clip = shot.logged.clip
    return clip.kind == "sound" and clip.id in heard and shot.range == TimeRange(0, clip.frames or 0)


def _section(shot: Shot, settings: CutSettings) -> str:
    """The title that a shot stands under: its own, else the values of the fields that make sections."""
    if shot.section is not None:
        return shot.section
    values = (shot.logged.values.get(name) for name in settings.sections)
    said = [", ".join(value) if isinstance(value, tuple) else str(value) for value in values if value]
    return ", ".join(said) or f"without {' and '.join(settings.sections)}"


def activate(timeline: Timeline, key: str) -> None:
    """Make `key` the reference that editors read, on every clip that has it.

    A clip without timecode counts from the first frame of the file that is read, so its ranges move
    when that file is another one (a proxy of several parts).
    """
    for clip in timeline.find_clips():
        references = clip.media_references()
        if key not in references or clip.active_media_reference_key == key:
            continue
        clip.active_media_reference_key = key
        own, available = clip.metadata.get("rushes"), references[key].available_range
        untimed = own is not None and own.get("start_timecode") is None
        if untimed and available is not None and available.start_time.value:
            _shift(clip, references, -available.start_time)


def _shift(clip: Clip, references: dict[str, Any], by: RationalTime) -> None:
    def moved(span: OtioRange) -> OtioRange:
        frames = round(span.start_time.value + by.value)
        return OtioRange(RationalTime(frames, span.start_time.rate), span.duration)

    for reference in references.values():
        reference.available_range = moved(reference.available_range)
    clip.source_range = moved(clip.source_range)
    for marker in clip.markers:
        marker.marked_range = moved(marker.marked_range)


@dataclass(slots=True)
class _Desk:
    """The tracks of a timeline while shots are laid on them, all as long as `place` between two shots."""

    rate: Rate
    streams: int
    place: int = 0
    video: list[Clip | Gap] = field(default_factory=list)
    sound: list[list[Clip | Gap]] = field(default_factory=list)
    recorders: dict[tuple[str, int], list[list[Clip | Gap]]] = field(default_factory=dict)
    titles: list[OtioMarker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sound = [[] for _ in range(self.streams)]

    def leave(self, frames: int) -> None:
        """Black and silence on all tracks."""
        for track in (self.video, *self.sound, *(track for tracks in self.recorders.values() for track in tracks)):
            track.append(_gap(frames, self.rate))
        self.place += frames

    def title(self, name: str, frames: int) -> None:
        marked = _range(self.place, frames, self.rate)
        self.titles.append(OtioMarker(shown(name), marked, "CYAN", {"rushes": {"section": True}}))
        self.leave(frames)

    def lay(self, lot: Laid, *, camera: bool) -> None:
        """A shot on all tracks; without `camera` its own sound only where no recorder's lies under it."""
        for piece in lot.pieces:
            _lay(piece, self.video, self.sound, rate=self.rate, heard=camera or not lot.under)
        for slot in dict.fromkeys((*self.recorders, *(each.slot for each in lot.under))):
            self._lay_recorder(slot, [each for each in lot.under if each.slot == slot], lot.length)
        self.place += lot.length

    def _lay_recorder(self, slot: tuple[str, int], under: Sequence[Lying], length: int) -> None:
        """What a recorder gives to a shot, on tracks of its own, with gaps where it gives nothing."""
        tracks = self.recorders.setdefault(slot, [])
        streams = max((len(streams_of(each.shot.logged.clip)) for each in under), default=0)
        tracks += [[_gap(self.place, self.rate)] if self.place else [] for _ in range(streams - len(tracks))]
        at = 0
        for each in under:
            _append_gap(tracks, each.before - at, self.rate)
            at = each.before
            for piece in pieces_of(each.shot, self.rate):
                fitting = msgspec.structs.replace(piece, record=min(piece.record, each.before + each.length - at))
                if fitting.record > 0:
                    _lay_sound(fitting, tracks, rate=self.rate)
                    at += fitting.record
        _append_gap(tracks, length - at, self.rate)

    def tracks(self) -> Iterator[tuple[str, str, list[Clip | Gap]]]:
        """Name, kind and children of each track; sound of the camera only where there is any."""
        yield "Video 1", "Video", self.video
        beside = [track for tracks in self.recorders.values() for track in tracks]
        camera = [track for track in self.sound if not beside or any(isinstance(each, Clip) for each in track)]
        for number, children in enumerate((*camera, *beside), start=1):
            yield f"Audio {number}", "Audio", children


def _append_gap(tracks: Sequence[list[Clip | Gap]], frames: int, rate: Rate) -> None:
    if frames > 0:
        for track in tracks:
            track.append(_gap(frames, rate))


def _lay(
    piece: Piece, video: list[Clip | Gap], sound: list[list[Clip | Gap]], *, rate: Rate, heard: bool = True
) -> None:
    """Put a piece on all tracks: the picture, each stream of sound (where `heard`), and gaps where it has none."""
    clip = piece.shot.logged.clip
    spans = _spans(piece, rate)
    metadata = of_source(piece)
    full, markers = {**metadata, **of_clip(piece)}, markers_in(piece)
    seen = clip.kind == "picture"
    video.append(_clip(piece, spans, full, markers) if seen else _gap(piece.record, rate))
    streams = _streams(piece) if heard else ()
    for number, track in enumerate(sound):
        if number >= len(streams):
            track.append(_gap(piece.record, rate))
            continue
        of = {"stream": number + 1, "channels": streams[number]}
        first = number == 0 and not seen  # sound-only clips carry log and markers on their first stream
        track.append(_clip(piece, spans, {**(full if first else metadata), **of}, markers if first else ()))


def clip_of(piece: Piece, rate: Rate, *, stream: int = 0, channels: int = 0) -> Clip:
    """A piece as one clip of a track: its picture, or so many channels of one stream of its sound."""
    clip, spans, metadata = piece.shot.logged.clip, _spans(piece, rate), of_source(piece)
    sound = {"stream": stream, "channels": channels} if stream else {}
    if stream > 1 or (stream and clip.kind == "picture"):
        return _clip(piece, spans, {**metadata, **sound}, ())
    return _clip(piece, spans, {**metadata, **sound, **of_clip(piece)}, markers_in(piece))


def _lay_sound(piece: Piece, sound: Sequence[list[Clip | Gap]], *, rate: Rate) -> None:
    """Put a piece of sound alone on these tracks."""
    _lay(piece, [], list(sound), rate=rate)


def _streams(piece: Piece) -> tuple[int, ...]:
    return streams_of(piece.shot.logged.clip)


def streams_of(clip: ClipOfLog) -> tuple[int, ...]:
    """Channels of each audio stream; sound whose streams are not known counts as one of one channel."""
    known = tuple([stream.channels for stream in clip.facts.audio])
    return known or ((1,) if clip.kind == "sound" else ())


def _clip(piece: Piece, spans: Spans, metadata: dict[str, Any], markers: Sequence[dict[str, Any]]) -> Clip:
    # OTIO converts a dict of metadata item by item in Python; its own JSON reader is five times faster.
    values = {
        "OTIO_SCHEMA": "Clip.2",
        "name": piece.part.name,
        "enabled": True,
        "metadata": {"rushes": metadata},
        "markers": markers,
        "media_references": {},
        "active_media_reference_key": "",
    }
    clip: Clip = deserialize_json_from_string(_ENCODE(values))
    _set_source_range(clip, spans.source)
    references = {ORIGINAL: _reference(piece.part.path, piece.part.name, spans.original)}
    proxy = piece.shot.media.proxy
    if proxy is not None:
        references[PROXY] = _reference(proxy, proxy.rpartition("/")[2], spans.proxy)
    clip.set_media_references(references, ORIGINAL)
    return clip


def _reference(path: str | None, name: str, available: OtioRange) -> ExternalReference | MissingReference:
    """Where the media lies, and its name; without a path only that is known."""
    if path is None:
        return MissingReference(name, available)
    reference = ExternalReference(path, available)
    _name_reference(reference, name)
    return reference


def _spans(piece: Piece, rate: Rate) -> Spans:
    parts = piece.shot.media.parts
    original = _range(piece.offset + piece.before, piece.part.frames, piece.rate)
    proxy = original if len(parts) == 1 else _range(piece.offset, sum(part.frames for part in parts), piece.rate)
    return Spans(_source_range(piece, rate), original, proxy)


def _source_range(piece: Piece, rate: Rate) -> OtioRange:
    """From the first frame of the piece, exactly as long as its record range."""
    start = piece.offset + piece.inside.start
    if piece.rate == rate:
        return _range(start, piece.record, rate)
    exact = piece.record * piece.rate.fraction / rate.fraction
    if exact.denominator == 1:
        return _range(start, exact.numerator, piece.rate)
    return OtioRange(_time(start, piece.rate), _time(piece.record, rate))


def _range(start: int, duration: int, rate: Rate) -> OtioRange:
    return OtioRange(start, duration, rate.numerator / rate.denominator)


def _time(frames: int, rate: Rate) -> RationalTime:
    return RationalTime(frames, rate.numerator / rate.denominator)


def _gap(frames: int, rate: Rate) -> Gap:
    return Gap(source_range=_range(0, frames, rate))
