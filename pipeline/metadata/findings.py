"""What a reader found: one value of one fact, and where it stood."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal

from pipeline.errors import ValueRefused
from pipeline.timecode import Rate, Timecode

LARGEST_SIDE = 99_999  # pixels across any picture
Zone = Literal["utc", "offset", "local-unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`origin` is a short name that `trust.py` ranks; `where` is the place in words."""

    key: str
    value: Any
    origin: str
    where: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """When recording began: ISO 8601, and what the source claims of the zone."""

    iso: str
    zone: Zone | None

    def __str__(self) -> str:
        return self.iso


@dataclass(frozen=True, slots=True)
class Label:
    """A start timecode whose source does not say at which rate it counts: the picture's, where that is known."""

    text: str
    drop_frame: bool

    def __str__(self) -> str:
        return self.text


def moment(text: str) -> Moment | None:
    """Read the dates that cameras write: `2019-10-12T06:15:00+0200`, `2019:10:12 06:15:00`, `...Z`.

    None for what is no date, for the unset dates of empty clocks, and for a day without a time.
    """
    tidy = text.strip().replace("/", "-").replace(" ", "T", 1)
    if len(tidy) >= 10 and tidy[4] == tidy[7] == ":":
        tidy = f"{tidy[:4]}-{tidy[5:7]}-{tidy[8:]}"
    if len(tidy) < 19 or tidy[10] != "T":
        return None
    try:
        read = datetime.fromisoformat(tidy)
    except ValueError:
        return None
    if not 1950 <= read.year <= 2200:
        return None
    spec = "seconds" if read.microsecond == 0 else "milliseconds" if read.microsecond % 1000 == 0 else "microseconds"
    if read.tzinfo is None:
        return Moment(read.isoformat(timespec=spec), "local-unknown")
    if tidy.endswith("Z"):
        return Moment(read.replace(tzinfo=None).isoformat(timespec=spec) + "Z", "utc")
    return Moment(read.isoformat(timespec=spec), "offset")


CUT_OFF = "The file is cut off: its header announces media that is not there."


def cut_off(where: str) -> Iterator[Finding]:
    """That the file ends before its media does: lengths are then unknown."""
    yield Finding("cut_off", True, "structure", where)
    yield Finding("warnings", CUT_OFF, "structure", where)


def left_open(where: str) -> Finding:
    """That something here is of a kind the reader does not know: MediaInfo is asked for it."""
    return Finding("left_open", True, "structure", where)


def parsed(label: str, rate: Rate, *, drop_frame: bool | None = None) -> Timecode | None:
    """A label as timecode; None for one that no clock shows."""
    try:
        return Timecode.parse(label, rate, drop_frame=drop_frame)
    except ValueRefused:
        return None


_LABEL = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")


def label(text: str) -> Label | None:
    """A timecode as written, in the house's spelling; `;` or `,` before the frames means drop-frame."""
    match = _LABEL.fullmatch(text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3]) > 59:
        return None
    drop = match[4] in ";,"
    return Label(f"{int(match[1]):02}:{match[2]}:{match[3]}{';' if drop else ':'}{match[5]}", drop)


def named_rate(text: str | None) -> Rate | None:
    """A rate as devices name it: `25p`, `23.98`, `24.000 fps`, `59.94i` (fields), `30000/1001`, `60000 1001`."""
    match = _NAMED_RATE.fullmatch((text or "").strip())
    if match is None or not float(match[1]) or (match[2] and not int(match[2])):
        return None
    number = Fraction(match[1]) / int(match[2] or 1)
    if match[3] in ("i", "I"):
        number /= 2
    if match[2]:
        return Rate.of(number)
    return Rate.nearest(number) or (Rate.of(number) if number.denominator == 1 else None)


_NAMED_RATE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(?:[ /](\d{1,5}))? ?(?:fps|([ipIP])(?:[sS][fF])?)?")


def whole(text: str | None, *, largest: int = 10**9) -> int | None:
    """A number above zero written in figures; None for anything else and for what no device has."""
    figures = (text or "").strip()
    return int(figures) if figures.isascii() and figures.isdecimal() and 0 < int(figures[:12]) <= largest else None


def place(latitude: float, longitude: float) -> tuple[float, float] | None:
    """Coordinates, or None for what is no position on Earth and for 0,0 (no fix)."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or (latitude, longitude) == (0.0, 0.0):
        return None
    return round(latitude, 7), round(longitude, 7)


def text_of(raw: bytes | str) -> str | None:
    """Text without padding; None where nothing is left."""
    text = raw if isinstance(raw, str) else raw.split(b"\0")[0].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip() or None
