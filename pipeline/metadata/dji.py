"""DJI telemetry subtitles (.SRT) of all generations: when and where the first picture was taken, and the track.

Positions stand in brackets by name (`[latitude: 48.2] [longtitude: 16.3]`, the misspelling is the
firmware's), or as `GPS(a,b,c)`: longitude first, with the number of satellites third. One
generation writes latitude first; it is told by its third number, an altitude with decimals.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from pipeline.clip import Fix
from pipeline.metadata.findings import Finding, Moment, moment, place
from pipeline.metadata.track import MOST_FIXES, thinned

ORIGIN = "dji-srt"
LARGEST = 64 * 1024 * 1024
MOST_SEARCHED = 4 * 1024 * 1024
_CUE = re.compile(rb"(?m)^\d{1,9}[ \t]*\r?\n(?:\d\d:\d\d:\d\d,\d{3} --> |\d{4}\.\d{1,2}\.\d{1,2} )")
_LONGEST_CUE = 2048
_SHOWN = re.compile(r"(\d\d):(\d\d):(\d\d),(\d{3}) --> ")
_SIGNS = re.compile(rb"(?i)\[ ?(latitude|iso|fnum) ?:|GPS ?\(|FrameCnt ?:|SrtCnt ?:|HOME ?\(")
_DATE = re.compile(r"(?<!\d)(\d{4})[-.](\d{1,2})[-.](\d{1,2}) (\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{3}))?")
_NUMBER = r"(-?\d{1,3}(?:\.\d{1,12})?)"
_NAMED = re.compile(rf"\[ ?latitude ?: ?{_NUMBER}\]? ?\[?,? ?long?t?itude ?: ?{_NUMBER}")
_CALLED = re.compile(rf"GPS ?\({_NUMBER} ?, ?{_NUMBER} ?, ?(-?\d{{1,6}}(?:\.\d{{1,6}})?)M?\)")


def recognises(head: bytes) -> bool:
    """Numbered cues, with words in them that only this telemetry has."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return bool(_CUE.match(text)) and bool(_SIGNS.search(text))


def read(data: bytes, name: str) -> Iterator[Finding]:
    """Findings of one file; `name` is that of the sidecar."""
    yield Finding("format", "dji-srt", ORIGIN, name)
    yield Finding("cues", len(_CUE.findall(data)), ORIGIN, name)
    text = data[:MOST_SEARCHED].decode("utf-8", "replace")
    if began := _date(text):
        yield Finding("recorded_at", began, ORIGIN, f"{name}: first cue")
    found_at, position = next(((at, found) for at, found in _positions(text) if found), (0, None))
    if position:
        yield Finding("gps", position, ORIGIN, f"{name}: first cue with a fix")
        if track := thinned(_track(data, len(text[:found_at].encode()))):
            yield Finding("track", track, ORIGIN, f"{name}: cues")
    yield Finding("camera_make", "DJI", ORIGIN, name)


def _positions(text: str) -> Iterator[tuple[int, tuple[float, float] | None]]:
    """Positions with where they stand in the text."""
    for match in _NAMED.finditer(text):
        yield match.start(), place(float(match[1]), float(match[2]))
    for match in _CALLED.finditer(text):
        first, second = float(match[1]), float(match[2])
        latitude_first = abs(second) > 90 or ("." in match[3] and abs(first) <= 90)
        yield match.start(), place(first, second) if latitude_first else place(second, first)


def _track(data: bytes, first: int) -> Iterator[Fix]:
    """Fixes of the cue around the byte `first` and of cues spread over the rest, twice as many as are kept.

    A cue states when it is shown; the generation that does not has a date in its place.
    """
    cue = next(reversed(list(_CUE.finditer(data, max(0, first - _LONGEST_CUE), first))), None)
    opening = _CUE.search(data)
    began = _date(_cue_text(data, opening)) if opening else None
    step = max(1, len(data) // (2 * MOST_FIXES))
    while cue:
        text = _cue_text(data, cue)
        after = _seconds(text, began)
        position = next((found for _, found in _positions(text) if found), None)
        if position and after is not None:
            yield Fix(after, *position)
        cue = _CUE.search(data, cue.start() + step)


def _seconds(cue: str, began: Moment | None) -> float | None:
    """When a cue is shown, after the first frame."""
    if shown := _SHOWN.search(cue):
        hours, minutes, seconds, thousandths = map(int, shown.groups())
        return round(3600 * hours + 60 * minutes + seconds + thousandths / 1000, 2)
    date = _date(cue)
    if date is None or began is None:
        return None
    return round((datetime.fromisoformat(date.iso) - datetime.fromisoformat(began.iso)).total_seconds(), 2)


def _cue_text(data: bytes, cue: re.Match[bytes]) -> str:
    end = cue.end() + _LONGEST_CUE
    following = _CUE.search(data, cue.end(), end)
    return data[cue.start() : following.start() if following else end].decode("utf-8", "replace")


def _date(text: str) -> Moment | None:
    if match := _DATE.search(text):
        year, month, day, hour, minute, second, part = match.groups()
        iso = f"{year}-{int(month):02}-{int(day):02}T{int(hour):02}:{minute}:{second}" + (f".{part}" if part else "")
        return moment(iso)
    return None
