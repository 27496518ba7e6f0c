"""What is wrong with an OTIO file. DaVinci Resolve takes one shape of it and makes nothing of any other, silently.

Source of the shape: documentation of samuelgursky/davinci-resolve-mcp (headless-edit-loop), measured on Resolve 19.1.3.
What Kdenlive makes of in-points was tried on Kdenlive 22.12.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.imports.markup import path_of
from pipeline.editorial.imports.otio_tracks import kind_of
from pipeline.editorial.imports.otio_values import Span, Values, inside, range_of, text_in, time_of

_TRACK = re.compile(r"(Video|Audio) \d+")
_ACTIVE = "active_media_reference_key"


def root(case: Case) -> Iterator[Found]:
    if kind_of(case.otio.root) != "Timeline":
        what = kind_of(case.otio.root)
        yield Found(1, f"The file holds a {what[:40]} where editors look for a Timeline.")


def no_timeline(case: Case) -> Iterator[Found]:
    if not case.otio.clips:
        yield Found(None, "The timeline holds no clip." if case.otio.timeline else "The file holds no timeline.")


def clip_schema(case: Case) -> Iterator[Found]:
    for clip in case.otio.clips:
        several, key = clip.get("media_references"), clip.get(_ACTIVE)
        if text_in(clip, "OTIO_SCHEMA") != "Clip.2" or not isinstance(several, dict):
            yield _at(case, clip, "is no Clip.2 with media_references")
        elif not isinstance(key, str) or key not in several:
            yield _at(case, clip, f"has no {_ACTIVE} that names one of its media_references")


def available(case: Case) -> Iterator[Found]:
    for clip in case.otio.clips:
        if any(range_of(each.get("available_range")) is None for each in _media(clip)):
            yield _at(case, clip, "has media without an available_range")


def time_base(case: Case) -> Iterator[Found]:
    for clip, span, whole in _spans(case):
        if _outside(span, whole) and _counts_from_zero(span, whole):
            yield _at(case, clip, "counts its source_range from 0 and its available_range by timecode")


def ranges(case: Case) -> Iterator[Found]:
    for clip, span, whole in _spans(case):
        if _outside(span, whole) and not _counts_from_zero(span, whole):
            taken = f"{_shown(span.start.value)} + {_shown(span.duration.value)}"
            there = f"{_shown(whole.start.value)} + {_shown(whole.duration.value)}"
            yield _at(case, clip, f"takes {taken} frames of a file that has {there}")


def lengths(case: Case) -> Iterator[Found]:
    """What ends before it begins: OTIO can write it, no reader knows what it means."""
    items = (each for track in case.otio.tracks for each in inside(track, "children") if kind_of(each) != "Clip")
    for item in (*case.otio.clips, *items):
        span = item.get("source_range")
        lasts = span.get("duration") if isinstance(span, dict) else None
        time = time_of(lasts)
        if time is not None and time.value < 0:
            what = text_in(item, "name") or f"A {kind_of(item)}"
            yield Found(case.otio.line(item), f"'{what[:80]}' lasts {_shown(time.value)} frames.")


def _spans(case: Case) -> list[tuple[Values, Span, Span]]:
    """What clips at their own speed take, and what their active media hold."""
    if case.otio.spans is None:
        case.otio.spans = list(_spans_of(case.otio.clips))
    return case.otio.spans


def _spans_of(clips: list[Values]) -> Iterator[tuple[Values, Span, Span]]:
    for clip in clips:
        span, whole = range_of(clip.get("source_range")), range_of(_active(clip).get("available_range"))
        if span is not None and whole is not None and whole.duration.value and not inside(clip, "effects"):
            yield clip, span, whole


def _outside(span: Span, whole: Span) -> bool:
    """Beyond a frame of the file: sums of floats and other rates round."""
    if span.start.rate is span.duration.rate is whole.start.rate is whole.duration.rate:
        ahead = span.start.value - whole.start.value  # as nearly all are: no fractions of seconds
        return ahead < -1 or ahead + span.duration.value > whole.duration.value + 1
    first, last = _seconds(span)
    begin, end = _seconds(whole)
    frame = 1 / whole.start.rate.fraction
    return first < begin - frame or last > end + frame


def _counts_from_zero(span: Span, whole: Span) -> bool:
    first, last = _seconds(span)
    begin, end = _seconds(whole)
    return begin > 0 and first >= 0 and last <= end - begin


def _seconds(span: Span) -> tuple[Fraction, Fraction]:
    start = span.start.value / span.start.rate.fraction
    return Fraction(start), start + span.duration.value / span.duration.rate.fraction


def _shown(value: Fraction | int) -> str:
    return str(round(float(value), 2)).removesuffix(".0")


def file_urls(case: Case) -> Iterator[Found]:
    for clip in case.otio.clips:
        for each in _media(clip):
            url = text_in(each, "target_url")
            if url[:5].lower() == "file:":
                yield _at(case, clip, f"links {url[:200]}, a URL where Resolve takes a bare path")


def fields(case: Case) -> Iterator[Found]:
    for clip in case.otio.clips:
        missing = [
            name for name, kind in (("enabled", bool), ("metadata", dict)) if not isinstance(clip.get(name), kind)
        ]
        if missing:
            yield _at(case, clip, f"does not say {' and '.join(missing)}")


def start(case: Case) -> Iterator[Found]:
    if case.otio.timeline and time_of(case.otio.timeline.get("global_start_time")) is None:
        yield Found(case.otio.line(case.otio.timeline), "The timeline has no global_start_time.")


def track_names(case: Case) -> Iterator[Found]:
    for track in case.otio.tracks:
        name = text_in(track, "name")
        if not _TRACK.fullmatch(name):
            yield Found(case.otio.line(track), f"A track is called '{name[:80]}' and not Video 1, Audio 1 and so on.")


def names(case: Case) -> Iterator[Found]:
    for clip in case.otio.clips:
        files = {_base(text_in(each, "target_url")) for each in _media(clip)} - {""}
        if files and not case.otio.bundle and text_in(clip, "name") not in files:
            yield _at(case, clip, f"is not called as its media file, {min(files)}")


def no_path(case: Case) -> Iterator[Found]:
    for clip in case.otio.clips:
        media = _active(clip)
        if kind_of(media) != "GeneratorReference" and not (media.get("target_url") or media.get("target_url_base")):
            yield _at(case, clip, "names no file; it comes in offline")


def in_points(case: Case) -> Iterator[Found]:
    for clip, _, whole in _spans(case):
        if whole.start.value > 0:
            sentence = "counts its media by timecode, which Kdenlive takes for a place behind the end of the file"
            yield _at(case, clip, sentence)


def paths(case: Case) -> Iterator[tuple[str, int | None, str]]:
    """Files that the timeline names, each with line and clip."""
    for clip in case.otio.clips:
        for each in _media(clip):
            url = text_in(each, "target_url")
            if url and not case.otio.bundle:
                yield path_of(url), case.otio.line(clip) if case.missing(path_of(url)) else None, text_in(clip, "name")


def _media(clip: Values) -> list[Values]:
    """All media of a clip that have, or should have, a file."""
    several = clip.get("media_references")
    found: list[Any] = list(several.values()) if isinstance(several, dict) else [clip.get("media_reference")]
    return [each for each in found if isinstance(each, dict) and kind_of(each) != "GeneratorReference"]


def _active(clip: Values) -> Values:
    several = clip.get("media_references")
    if isinstance(several, dict):
        found = several.get(text_in(clip, _ACTIVE) or "DEFAULT_MEDIA")
    else:
        found = clip.get("media_reference")
    return found if isinstance(found, dict) else {}


def _base(url: str) -> str:
    return path_of(url).replace("\\", "/").rpartition("/")[2]


def _at(case: Case, clip: Values, what: str) -> Found:
    return Found(case.otio.line(clip), f"'{text_in(clip, 'name')[:80]}' {what}.")
