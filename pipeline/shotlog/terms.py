"""What people write for a date, a time, a length, a rate: text -> the first and last value it covers.

`2019-10` covers a month, `06:00` a minute, `30s` a second. Dates, moments and timecodes compare as
text; `~` sorts behind every character they are made of, and so ends what a partial one covers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from pipeline.errors import ValueRefused
from pipeline.timecode import Rate

Term = str | Fraction
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_CLOCK = re.compile(r"([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2}))?)?")
_LABEL = re.compile(r"([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2})(?:[:;.,]([0-9]{2,3}))?)?)?")
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?")
_UNITS = re.compile(r"(?:([0-9.]{1,10})h)?(?:([0-9.]{1,10})m(?:in)?)?(?:([0-9.]{1,10})s)?(?:([0-9.]{1,10})ms)?")
_COUNTED = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,4}):([0-9]{2}(?:\.[0-9]{1,6})?)")
_TICK = Fraction(1, 10**12)  # shorter than any difference between two lengths that media have


@dataclass(frozen=True, slots=True)
class Bounds:
    """The first and last value that a written one covers, and the values next to them.

    `about` is the last value that is meant where no sign stands before it, if that is another.
    """

    first: Term
    last: Term
    before: Term
    after: Term
    about: Term | None = None


def _text(first: str) -> Bounds:
    return Bounds(first, f"{first}~", _just_before(first), f"{first}~~")


def _just_before(text: str) -> str:
    """A text that sorts before `text` and after all that a smaller partial value covers."""
    return f"{text[:-1]}{chr(ord(text[-1]) - 1)}~~~"


def _numbers(first: Fraction, last: Fraction) -> Bounds:
    return Bounds(first, last, first - _TICK, last + _TICK)


def read_date(text: str) -> Bounds:
    match = _DATE.fullmatch(text)
    parts = [part for part in match.groups() if part] if match else []
    try:
        date(int(parts[0]), int(parts[1]) if len(parts) > 1 else 1, int(parts[2]) if len(parts) > 2 else 1)
    except (IndexError, ValueError):
        raise ValueError(f"'{text}' is no date; write 2019, 2019-10 or 2019-10-12.") from None
    return _text("-".join([parts[0], *(part.zfill(2) for part in parts[1:])]))


def read_moment(text: str) -> Bounds:
    """A date, or a date with a time of day behind a T."""
    day, mark, clock = text.partition("T")
    bounds = read_date(day)
    if not mark:
        return bounds
    read_time(clock)
    return _text(f"{bounds.first}T{':'.join(part.zfill(2) for part in clock.split(':'))}")


def read_time(text: str) -> Bounds:
    match = _CLOCK.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (99, 0, 0)
    if match is None or hours > 24 or minutes > 59 or seconds > 59 or (hours == 24 and (minutes or seconds)):
        raise ValueError(f"'{text}' is no time of day; write 06:00 or 06:00:30.")
    first = Fraction(hours * 3600 + minutes * 60 + seconds)
    covers = 1 if match[3] else 60 if match[2] else 3600
    return _numbers(first, first + covers - 1)


def read_duration(text: str) -> Bounds:
    """Seconds as an exact fraction; without a sign what would be written so, as fine as its last figure."""
    counted, units = _COUNTED.fullmatch(text), _UNITS.fullmatch(text)
    parts: tuple[str | None, ...] = (".",)
    if counted:
        parts = (*counted.groups(), "0")
    elif units and text:
        parts = units.groups()
    elif _NUMBER.fullmatch(text):
        parts = ("0", "0", text, "0")
    try:
        hours, minutes, seconds, thousandths = (Fraction(part or "0") for part in parts)
    except ValueError:
        raise ValueError(f"'{text}' is no length; write 30s, 2m, 1h30m or 1:30.") from None
    exact = hours * 3600 + minutes * 60 + seconds + thousandths / 1000
    return Bounds(exact, exact, exact - _TICK, exact + _TICK, about=exact + _fineness(text) - _TICK)


def _fineness(text: str) -> Fraction:
    """What the last figure of a length stands for, in seconds: 1 without a point."""
    figures = re.search(r"\.(\d+)", text)
    return Fraction(1, 10 ** len(figures[1])) if figures else Fraction(1)


def read_timecode(text: str) -> Bounds:
    """A label or its beginning; labels compare as text with three figures for the frame."""
    match = _LABEL.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2] or 0) > 59 or int(match[3] or 0) > 59:
        raise ValueError(f"'{text}' is no timecode; write 10:00:00:00, or its beginning.")
    parts = [part.zfill(2) for part in match.groups()[:3] if part]
    if match[4]:
        parts.append(match[4].zfill(3))
    return _text(":".join(parts))


def read_number(text: str) -> Bounds:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"'{text}' is no number.")
    return _numbers(Fraction(text), Fraction(text))


def read_rate(text: str) -> Bounds:
    try:
        rate = Rate.parse(text) if len(text) < 24 else None
    except ValueRefused as error:
        raise ValueError(str(error)) from None
    if rate is None or rate.numerator > 10**9 or rate.denominator > 10**9:
        raise ValueError(f"'{text}' is no frame rate; write 25, 29.97 or 30000/1001.")
    return _numbers(rate.fraction, rate.fraction)


def sorting_label(label: str) -> str:
    """A timecode label in the form that searches compare: `01:00:00;02` is 01:00:00:002."""
    return f"{label[:8]}:{label[9:].zfill(3)}"


READERS: dict[str, Callable[[str], Bounds]] = {
    "date": read_date,
    "moment": read_moment,
    "time": read_time,
    "duration": read_duration,
    "timecode": read_timecode,
    "number": read_number,
    "rate": read_rate,
}
