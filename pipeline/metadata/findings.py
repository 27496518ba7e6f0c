"""What a reader found: one value of one fact, and where it stood."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pipeline.errors import ValueRefused
from pipeline.timecode import Rate, Timecode

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


def place(latitude: float, longitude: float) -> tuple[float, float] | None:
    """Coordinates, or None for what is no position on Earth and for 0,0 (no fix)."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or (latitude, longitude) == (0.0, 0.0):
        return None
    return round(latitude, 7), round(longitude, 7)


def text_of(raw: bytes | str) -> str | None:
    """Text without padding; None where nothing is left."""
    text = raw if isinstance(raw, str) else raw.split(b"\0")[0].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip() or None
