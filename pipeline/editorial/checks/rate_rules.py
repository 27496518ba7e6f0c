"""Rates a little beside a standard one: as a reader understands them, or as they are written where it rounds them."""

import re
from collections.abc import Iterator
from fractions import Fraction
from math import floor

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.imports.markup import line_of
from pipeline.editorial.imports.otio_values import Values
from pipeline.timecode import STANDARD_RATES

_NEAR = Fraction(1, 500)
_NOISE = Fraction(1, 1_000_000)  # of floats
_FEWEST_DECIMALS = 2  # of a name that is short for a rate, such as 29.97 or 23.98
_OF_OTIO = re.compile(rb'"rate"\s*:\s*([0-9.eE+-]{1,40})')


def of_events(case: Case) -> Iterator[Found]:
    """2997/100 is not 30000/1001, and an hour of it is four frames off."""
    told = set()
    rates = [(case.timeline.rate, None), *((event.rate, event.line) for event in case.timeline.events)]
    for rate, line in rates:
        if rate is not None and rate not in told:
            told.add(rate)
            if _beside(rate.fraction):
                yield _found(line, str(rate), rate.fraction)


def of_kdenlive(case: Case) -> Iterator[Found]:
    profile = case.root.find("profile")
    if profile is None:
        return
    said = [profile.get(f"frame_rate_{part}", "") for part in ("num", "den")]
    if all(each.isdecimal() and len(each) < 10 and int(each) for each in said):
        rate = Fraction(int(said[0]), int(said[1]))
        if _beside(rate):
            yield _found(line_of(profile), "/".join(said), rate)


def of_otio(case: Case) -> Iterator[Found]:
    """Rates of OTIO are floats: 23.976, 23.98 and 29.97 are short for the exact ones, 29.96 is none of them."""
    numbers = map(_number, set(_OF_OTIO.findall(case.otio.text)))
    odd = {float(each): each for each in numbers if each is not None and _beside(each) and not _is_short(each)}
    for value in _times(case.otio.timeline) if odd else ():
        rate = value.get("rate")
        if isinstance(rate, float) and rate in odd:
            yield _found(case.otio.line(value), str(rate), odd.pop(rate))


def _number(text: bytes) -> Fraction | None:
    """A rate as it is written, among those that timelines have."""
    try:
        value = float(text)
    except ValueError:
        return None
    return Fraction(repr(value)) if 1 <= value <= 1000 else None


def _times(value: Values) -> Iterator[Values]:
    """What counts at a rate in a timeline, but for what other programs keep in it."""
    waiting: list[object] = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if "rate" in each:
                yield each
            waiting += reversed([held for name, held in each.items() if name != "metadata"])
        elif isinstance(each, list):
            waiting += reversed(each)


def _nearest(rate: Fraction) -> Fraction:
    return min(STANDARD_RATES, key=lambda each: abs(each - rate))


def _beside(rate: Fraction) -> bool:
    nearest = _nearest(rate)
    return 0 < abs(nearest - rate) < nearest * _NEAR


def _is_short(rate: Fraction) -> bool:
    """Whether it is the nearest standard rate, rounded or cut off behind some decimals."""
    nearest, unit = _nearest(rate), 1
    while (rate * unit).denominator > 1:
        unit *= 10
    cut = {Fraction(floor(nearest * unit), unit), Fraction(round(nearest * unit), unit)}
    return abs(nearest - rate) < _NOISE or (unit >= 10**_FEWEST_DECIMALS and rate in cut)


def _found(line: int | None, written: str, rate: Fraction) -> Found:
    return Found(line, f"{written} frames a second are not {_nearest(rate)}; the difference grows with the length.")
