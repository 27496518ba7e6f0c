"""Clips become shots: a range of a clip, with the files that hold its pictures and sound.

Owns what may be taken from one clip (all of it, its marked ranges, a circled take) and which file
holds which frames. The order of shots belongs to arrange.py, time on the timeline to assembly.py.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from urllib.parse import quote

from pipeline.clip import Clip, LoggedClip, Part, shown
from pipeline.timecode import Rate, Timecode, TimeRange


@dataclass(frozen=True, slots=True)
class MediaPart:
    """One original file and how many frames of the clip it holds; `path` is None while its volume is offline.

    A path that is no UTF-8 is None too, and stands in `url`, percent-encoded.
    """

    name: str
    path: str | None
    frames: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """The files of a clip: its original parts in order of time, and its edit proxy where one is made."""

    parts: tuple[MediaPart, ...]
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """One range of a clip in a cut; `range` counts frames from the clip's first frame.

    `logged.clip` is counted: its rate, frames and start (at that rate, if any) are known. `section` is the title that
    it stands under, None where the log says it.
    """

    logged: LoggedClip
    range: TimeRange
    media: Media
    title: str
    section: str | None = None


def media_of(clip: Clip, roots: Mapping[int, str | None], *, proxy: str | None = None) -> Media:
    """The files of `clip`, where `roots` says in which absolute folder each root lies now (None: offline).

    `proxy` is an absolute path. Which part holds which frames is the clip's to say. A path that is no
    UTF-8 has no place in a timeline: its part is kept by name and URL only.
    """
    parts = tuple(_part(part, span.duration, roots) for part, span in zip(clip.parts, clip.spans, strict=True))
    return Media(parts, _written(os.fsencode(proxy)) if proxy else None)


def media_for(logged: LoggedClip, media: Mapping[str, Media]) -> Media:
    """The files of a clip; none where nothing is known of them.

    Of sound that states no rate the frames are known only once it is counted: its last file holds them.
    """
    found, clip = media.get(logged.clip.id, Media(())), logged.clip
    if clip.kind == "sound" and clip.facts.rate is None and found.parts and not found.parts[-1].frames:
        last = replace(found.parts[-1], frames=clip.frames or 0)
        return replace(found, parts=(*found.parts[:-1], last))
    return found


def counted(clip: Clip, rate: Rate) -> Clip:
    """The clip in whole frames, with its timecode at its own rate.

    Sound that states no frame rate is counted at `rate`, as editors do: its start is the time
    since midnight that the recorder wrote (bext TimeReference, EBU Tech 3285).
    """
    if clip.rate is None and clip.kind == "sound":
        return _sound_counted(clip, rate)
    if clip.rate is None or clip.start is None or clip.start.rate == clip.rate:
        return clip
    exact = clip.rate.fraction / clip.start.rate.fraction
    drop = clip.start.drop_frame and clip.rate.can_drop
    return replace(clip, start=Timecode(floor(clip.start.frame * exact), clip.rate, drop))


def whole(logged: LoggedClip, media: Media) -> tuple[Shot, ...]:
    """The whole clip as one shot."""
    return (Shot(logged, TimeRange(0, logged.clip.frames or 0), media, shown(logged.clip.name)),)


def marked(logged: LoggedClip, media: Media, *, handles: int = 0) -> tuple[Shot, ...]:
    """One shot for each marked range, in order of time, with `handles` frames more at both ends.

    Handles end where the clip ends. A mark on a single point is a shot only through its handles.
    """
    clip = logged.clip
    everything = TimeRange(0, clip.frames or 0)
    shots = []
    for marker in sorted(logged.markers, key=lambda marker: (marker.range.start, marker.range.end)):
        wide = TimeRange(marker.range.start - handles, marker.range.duration + 2 * handles).within(everything)
        if wide.duration:
            shots.append(Shot(logged, wide, media, shown(marker.note or marker.subject or clip.name)))
    return tuple(shots)


def circled(logged: LoggedClip, media: Media) -> tuple[Shot, ...]:
    """The whole clip if its take is circled, else nothing."""
    is_circled = str(logged.values.get("circled") or "").casefold() in {"yes", "true", "1"}
    return whole(logged, media) if is_circled else ()


def named(names: Iterable[str], *, most: int = 3) -> str:
    """A few names for a sentence: `A.mov, B.mov, C.mov and 5 more`."""
    all_names = list(names)
    more = f" and {len(all_names) - most} more" if len(all_names) > most else ""
    return ", ".join(all_names[:most]) + more


def _part(part: Part, frames: int, roots: Mapping[int, str | None]) -> MediaPart:
    name, folder = shown(part.path.rpartition(b"/")[2]), roots.get(part.root)
    if folder is None:
        return MediaPart(name, None, frames)
    place = os.fsencode(folder).rstrip(b"/") + b"/" + part.path
    path = _written(place)
    return MediaPart(name, path, frames, "file://" + quote(place) if path is None else "")


def _written(path: bytes) -> str | None:
    """A path as a timeline can hold it, or None if it is no UTF-8."""
    try:
        return path.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _sound_counted(clip: Clip, rate: Rate) -> Clip:
    facts = clip.facts
    stream = facts.audio[0] if facts.audio else None
    samples = facts.samples or (stream.samples if stream else None)
    if stream is None or not samples or not stream.sample_rate:
        return clip
    start = None
    if facts.time_reference is not None:
        start = Timecode(rate.frames(Fraction(facts.time_reference, stream.sample_rate)), rate)
    return replace(clip, rate=rate, frames=rate.frames(Fraction(samples, stream.sample_rate)), start=start)
