"""What the columns of a table say of a recording: extracts of ARRI, RED, Canon and Sony cameras, ALE, flight logs.

Also tables of DaVinci Resolve and other logging programs: columns are known by name, whoever wrote
them. Where rows differ, a table with a line for each frame says what its first frame says, any other
only what all rows agree on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pipeline.metadata.findings import (
    LARGEST_SIDE,
    Finding,
    Label,
    Moment,
    label,
    moment,
    named_rate,
    parsed,
    place,
    whole,
)
from pipeline.metadata.tables import Folded, Table, folded_rows, open_table, rows_of
from pipeline.timecode import Rate, Timecode

ORIGIN = "table"
# Keys to headings (folded), the best first.
_TEXTS: dict[str, tuple[str, ...]] = {
    "clip_name": ("cameraclipname", "clipname", "shotnumber", "name", "filename", "sourcefile"),
    "reel": ("camreelid", "reelname", "reel", "reelid", "reelnumber", "tape", "tapename", "cameraroll", "camroll"),
    "scene": ("scene", "scenenumber"),
    "take": ("take", "takenumber"),
    "camera_make": ("manufacturer", "cameramanufacturer", "cameramake"),
    "camera_model": ("cameramodel", "cameratype"),
    "camera_serial": ("cameraserialnumber", "camerasn", "cameraserial", "camerapin"),
    "lens": ("lensmodel", "lenstype", "lens", "lensname"),
}
_COUNTS: dict[str, tuple[str, ...]] = {
    "width": ("imagewidth", "framewidth", "width"),
    "height": ("imageheight", "frameheight", "height"),
    "bit_depth": ("bitdepth", "sourcebitdepth"),
    "frames": ("totalframes",),
}
_SIZES = ("resolution", "sourceresolution")
_RATES = ("projectfps", "fps", "framerate", "videoframerate")
_SENSOR_RATES = ("sensorfps", "recordfps", "camerafps", "capturefps")
_COUNTING_RATES = ("mastertctimebase", "timecoderate")
_TIMECODES = ("mastertc", "abstc", "starttc", "tcstart", "starttimecode", "timecode", "start")
_DROP = ("mastertcdropframe", "dropframe", "tcdropframe")
_CODECS = ("recordingcodec", "videocodec", "originalvideo", "codec")
_LATITUDES = ("latitude", "osdlatitude", "gpslatitude")
_LONGITUDES = ("longitude", "osdlongitude", "gpslongitude")
_NAMES = (*_TEXTS["clip_name"], "tape", "sourcefilepath", "filepath")
# Day and time of day; the zone that goes with them, where one is written beside.
_DATES: tuple[tuple[str, str, str], ...] = (
    ("systemimagecreationdate", "systemimagecreationtime", "systemimagetimezoneoffset"),
    ("datecamera", "timecamera", ""),
    ("date", "timestamp", ""),
    ("datetimeutc", "", "utc"),
    ("daterecorded", "", ""),
)
# Whose export it is, by columns that only it has.
_MAKERS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"cameraclipname", "mastertctimebase"}), "ARRI"),
    (frozenset({"camerapin", "edgetc"}), "RED"),
    (frozenset({"shotnumber", "umid", "timescale"}), "Canon"),
    (frozenset({"recorddateyear", "timezonehourvaluesign"}), "Canon"),
)
# What nobody but cameras notes, though nothing is read from it.
_MARKS = frozenset({"frameno", "focallength", "focusdistance", "aperture", "shutterangle", "exposureindex", "cdlslope"})
_WEAK = frozenset({"name", "scene", "take", "tape", "reel", "date", "start", "width", "height", "resolution", "codec"})
_KNOWN = (
    frozenset(name for names in (*_TEXTS.values(), *_COUNTS.values()) for name in names)
    | {*_RATES, *_SENSOR_RATES, *_COUNTING_RATES, *_TIMECODES, *_DROP, *_CODECS, "recorddateyear", "recordtimehour"}
    | _MARKS
) - _WEAK
_NOTHING = re.compile(r"-+|n\.?/?a\.?|none|unknown|not set|no( [a-z]+){1,2} name", re.IGNORECASE)
_CODEC_NAMES: tuple[tuple[str, str], ...] = (
    ("appleprores", "prores"), ("prores", "prores"), ("dnxh", "dnxhd"), ("aviddnxh", "dnxhd"), ("h264", "h264"),
    ("avc", "h264"), ("h265", "hevc"), ("hevc", "hevc"),
)  # fmt: skip
_DAY = re.compile(r"(\d{4})[-/.:]?(\d{1,2})[-/.:]?(\d{1,2})")
_TIME = re.compile(r"(\d{1,2})\D?(\d{2})(?:\D?(\d{2}))?(?:[.:]\d+)?\D?")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})")


@dataclass(frozen=True, slots=True)
class Said:
    """One row's worth of a table: what it says in each column, by folded heading, and the heading as written."""

    values: Mapping[str, str]
    headings: Mapping[str, str]

    def get(self, names: tuple[str, ...]) -> tuple[str, str] | None:
        """The first of these columns that says anything: its text and its heading."""
        return next(((self.values[name], self.headings[name]) for name in names if self.values.get(name)), None)

    def text(self, *names: str) -> str:
        found = self.get(names)
        return found[0] if found else ""


def recognises(head: bytes) -> bool:
    """An ALE, coordinates, or three columns that only tables of recordings have."""
    table = open_table(head)
    if table is None:
        return False
    folded = frozenset(table.folded)
    placed = any(name in folded for name in _LATITUDES) and any(name in folded for name in _LONGITUDES)
    return table.ale is not None or placed or len(folded & _KNOWN) >= 3


def read(data: bytes, name: str, recording: str | None) -> Iterator[Finding]:
    """Findings of a table, as far as its rows speak of `recording` (a file name; None: the table alone)."""
    table = open_table(data)
    if table is None:
        yield Finding("warnings", f"{name} is damaged and was not read.", ORIGIN, name)
        return
    if table.ale is not None and recording is None:
        yield Finding("format", "ale", ORIGIN, name)
    named = list(table.column(_NAMES))
    track = [at for names in (_LATITUDES, _LONGITUDES) if (at := next(table.column(names), None)) is not None]
    fixes: list[tuple[float, float]] = []
    own = _noting_fixes(track, rows_of(table, named, recording), fixes)
    rows = folded_rows(own, next(table.column(_TIMECODES), None))
    if rows is None:
        return
    # Lines without a name are of one recording where they follow each other in time or on a track.
    by_frame = table.ale is None and (rows.same[named[0]] if named else rows.successive or bool(fixes))
    if fixes and (by_frame or all(rows.same[at] for at in track)):
        yield Finding("gps", fixes[0], ORIGIN, f"{name}: first line with a fix")
    for key, value, where in _values(table, rows, _said(table, rows, by_frame=by_frame), by_frame=by_frame):
        if value is not None and not (key == "reel" and recording and str(value) == recording.rpartition(".")[0]):
            yield Finding(key, value, ORIGIN, f"{name}: {where}")


def _said(table: Table, rows: Folded, *, by_frame: bool) -> Said:
    values: dict[str, str] = {}
    headings: dict[str, str] = {}
    for folded, heading, text, same in zip(table.folded, table.headings, rows.first, rows.same, strict=True):
        if text and folded not in values and (same or by_frame) and not _NOTHING.fullmatch(text):
            values[folded], headings[folded] = text, heading
    return Said(values, headings)


def _values(table: Table, rows: Folded, said: Said, *, by_frame: bool) -> Iterator[tuple[str, object, str]]:
    yield from _texts(table, said)
    rate, where = _rate(table, said)
    yield "rate", rate, where
    yield "vfr", False if rate else None, where
    yield from _picture(said, rate)
    if by_frame and rows.count > 1 and rows.successive and _unbroken(said, rows, rate):
        yield "frames", rows.count, "one line for each frame"
    if found := said.get(_TIMECODES):
        yield "start_timecode", _start(said, found[0], rate), found[1]
    yield "recorded_at", *_recorded(said)


def _texts(table: Table, said: Said) -> Iterator[tuple[str, object, str]]:
    maker = next((make for columns, make in _MAKERS if columns <= frozenset(table.folded)), None)
    yield "camera_make", maker, "its columns"
    for key, names in _TEXTS.items():
        found = said.get(names)
        # A lens that is all figures is a code of the mount's data, not a name.
        if found and not (key == "lens" and not any(letter.isalpha() for letter in found[0])):
            yield key, found[0], found[1]


def _rate(table: Table, said: Said) -> tuple[Rate | None, str]:
    if found := said.get(_RATES):
        return named_rate(found[0]), found[1]
    return named_rate((table.ale or {}).get("fps")), "Heading FPS"


def _picture(said: Said, rate: Rate | None) -> Iterator[tuple[str, object, str]]:
    for key, names in _COUNTS.items():
        if found := said.get(names):
            yield key, whole(found[0], largest=10**9 if key == "frames" else LARGEST_SIDE), found[1]
    if found := said.get(_SIZES):
        size = re.fullmatch(r"(\d{2,5}) ?[xX*] ?(\d{2,5})", found[0])
        yield "width", int(size[1]) if size else None, found[1]
        yield "height", int(size[2]) if size else None, found[1]
    if found := said.get(_SENSOR_RATES):
        sensor = named_rate(found[0])
        yield "capture_rate", sensor if sensor != rate else None, found[1]
    if found := said.get(_CODECS):
        written = "".join(letter for letter in found[0].casefold() if letter.isalnum())
        yield "video_codec", next((codec for start, codec in _CODEC_NAMES if written.startswith(start)), None), found[1]


def _unbroken(said: Said, rows: Folded, rate: Rate | None) -> bool:
    """Whether each second ended with its last frame, as far as the table shows how many it has."""
    counted = named_rate(said.text(*_COUNTING_RATES)) or rate
    return len(rows.turns) < 2 if counted is None else rows.turns <= {counted.nominal - 1}


def _start(said: Said, text: str, rate: Rate | None) -> Timecode | Label | None:
    written = label(text)
    if written is None:
        return None
    flag = said.text(*_DROP).casefold()
    drop = flag in ("yes", "true", "1", "df", "drop") if flag else written.drop_frame
    counted = named_rate(said.text(*_COUNTING_RATES)) or rate
    if counted is not None:
        return parsed(written.text, counted, drop_frame=drop)
    return Label(written.text[:8] + (";" if drop else ":") + written.text[9:], drop)


def _recorded(said: Said) -> tuple[Moment | None, str]:
    for day, time, zone in _DATES:
        if said.text(day) and (not time or said.text(time)):
            offset = "Z" if zone == "utc" else _offset(said, zone)
            return _moment(f"{said.text(day)} {said.text(time) if time else ''}", offset), said.headings[day]
    if "timescale" in said.values and "creationtime" in said.values:
        # Canon writes out the movie header, whose time the standard counts in UTC (ISO/IEC 14496-12).
        return _moment(said.text("creationtime"), "Z"), said.headings["creationtime"]
    if "recorddateyear" in said.values:
        day = "-".join(said.text(f"recorddate{part}") for part in ("year", "month", "day"))
        time = ":".join(said.text(f"recordtime{part}").zfill(2) for part in ("hour", "minute", "second"))
        return _moment(f"{day} {time}", _canon_offset(said)), "Record_Date, Record_Time"
    return None, ""


def _moment(text: str, offset: str) -> Moment | None:
    day, _, time = text.strip().replace("T", " ").partition(" ")
    date, clock = _DAY.fullmatch(day), _TIME.fullmatch(time.strip())
    if date is None or clock is None:
        return None
    tidy = f"{date[1]}-{date[2]:0>2}-{date[3]:0>2}T{clock[1]:0>2}:{clock[2]}:{clock[3] or '00'}"
    return moment(tidy + offset)


def _offset(said: Said, zone: str) -> str:
    """`UTC+01:00`; none where summer time is on, for nobody says whether it is in the offset already."""
    match = _OFFSET.fullmatch(said.text(zone)) if zone else None
    summer = said.text("systemimagetimezonedst").strip("0: ")
    return f"{match[1]}{match[2]:0>2}:{match[3]}" if match and not summer else ""


def _canon_offset(said: Said) -> str:
    hours, minutes = said.text("timezonehourvalue"), said.text("timezoneminutevalue") or "0"
    if not (hours.isdecimal() and minutes.isdecimal() and int(hours) < 15 and int(minutes) < 60):
        return ""
    if said.text("daylightsavingtimeflag").strip("0"):
        return ""
    return f"{'-' if said.text('timezonehourvaluesign') == '1' else '+'}{hours:0>2}:{minutes:0>2}"


def _noting_fixes(
    track: Sequence[int], rows: Iterator[list[str]], fixes: list[tuple[float, float]]
) -> Iterator[list[str]]:
    """The same rows; the first position in the columns `track` is put into `fixes` on the way."""
    for row in rows:
        if len(track) == 2 and not fixes:
            with suppress(ValueError):
                if found := place(float(row[track[0]]), float(row[track[1]])):
                    fixes.append(found)
        yield row
