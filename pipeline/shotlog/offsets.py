"""By how much a clock is off, as people write it: text <-> whole milliseconds."""

import re

from pipeline.errors import ValueRefused

DAY = 86_400_000  # milliseconds
_LONGEST = 40_000 * DAY  # a clock that lost its battery shows a year of its own
_CLOCK = re.compile(r"([+-]?)(?:(\d{1,5})d)?(\d{1,4}):(\d{2}):(\d{2})(?:\.(\d{1,3}))?")
_UNITS = re.compile(
    r"([+-]?)(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})(?:\.(\d{1,3}))?s)?(?:(\d{1,9})ms)?"
)


def read_offset(text: str) -> int:
    """`+01:00:03`, `-3s`, `+1h`, `-0.25s`, `+1745d03:12:00` as milliseconds; raises ValueRefused."""
    tidy = text.strip().replace("\N{MINUS SIGN}", "-")
    match = _CLOCK.fullmatch(tidy)
    if match:
        sign, days, hours, minutes, seconds, part = match.groups()
        milli = None
    else:
        match = _UNITS.fullmatch(tidy)
        if match is None or not any(match.groups()[1:]):
            raise _refused(text)
        sign, days, hours, minutes, seconds, part, milli = match.groups()
    whole = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    total = 1000 * whole + int((part or "").ljust(3, "0")) + int(milli or 0)
    if total > _LONGEST:
        raise _refused(text)
    return -total if sign == "-" else total


def read_time_of_day(text: str) -> int:
    """`14:32:10` or `14:32:10.5` as milliseconds of the day; raises ValueRefused."""
    match = _CLOCK.fullmatch(text.strip())
    sign, days, hours, minutes, seconds, part = match.groups() if match else ("-", None, 0, 0, 0, None)
    if sign or days or int(hours) > 23 or int(minutes) > 59 or int(seconds) > 59:
        raise ValueRefused(f"'{text}' is no time on a slate; write it as 14:32:10.")
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    return 1000 * whole + int((part or "").ljust(3, "0"))


def say_offset(milliseconds: int) -> str:
    """The same written out: `+01:00:03`, `-00:00:00.250`, `+1745d03:12:00`."""
    seconds, milli = divmod(abs(milliseconds), 1000)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{milli:03}" if milli else "")
    return ("-" if milliseconds < 0 else "+") + (f"{days}d" if days else "") + clock


def say_error(milliseconds: int) -> str:
    """How far off it may still be: `1 s`, `0.25 s`, `2 min`."""
    if milliseconds and milliseconds % 60_000 == 0:
        return f"{milliseconds // 60_000} min"
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole}.{rest:03}".rstrip("0") + " s" if rest else f"{whole} s"


def _refused(text: str) -> ValueRefused:
    return ValueRefused(f"'{text}' is no clock offset; write it as +01:00:03, -3s, +1h or -0.250s.")
