"""DJI telemetry subtitles (.SRT) of all generations: when and where the first picture was taken.

Positions stand in brackets by name (`[latitude: 48.2] [longtitude: 16.3]`, the misspelling is the
firmware's), or as `GPS(a,b,c)`: longitude first, with the number of satellites third. One
generation writes latitude first; it is told by its third number, an altitude with decimals.
"""

import re
from collections.abc import Iterator

from pipeline.metadata.findings import Finding, moment, place

ORIGIN = "dji-srt"
LARGEST = 64 * 1024 * 1024
MOST_SEARCHED = 4 * 1024 * 1024
_CUE = re.compile(rb"(?m)^\d{1,9}[ \t]*\r?\n(?:\d\d:\d\d:\d\d,\d{3} --> |\d{4}\.\d{1,2}\.\d{1,2} )")
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
    if match := _DATE.search(text):
        year, month, day, hour, minute, second, part = match.groups()
        iso = f"{year}-{int(month):02}-{int(day):02}T{int(hour):02}:{minute}:{second}" + (f".{part}" if part else "")
        if found := moment(iso):
            yield Finding("recorded_at", found, ORIGIN, f"{name}: first cue")
    position = next((found for found in _positions(text) if found), None)
    if position:
        yield Finding("gps", position, ORIGIN, f"{name}: first cue with a fix")
    yield Finding("camera_make", "DJI", ORIGIN, name)


def _positions(text: str) -> Iterator[tuple[float, float] | None]:
    for match in _NAMED.finditer(text):
        yield place(float(match[1]), float(match[2]))
    for match in _CALLED.finditer(text):
        first, second = float(match[1]), float(match[2])
        latitude_first = abs(second) > 90 or ("." in match[3] and abs(first) <= 90)
        yield place(first, second) if latitude_first else place(second, first)
