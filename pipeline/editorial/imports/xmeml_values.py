"""Numbers, rates and timecodes as xmeml writes them."""

import re
from collections.abc import Callable
from fractions import Fraction
from functools import cache

from pipeline.editorial.imports.markup import Node, text_of
from pipeline.errors import ValueRefused
from pipeline.timecode import Rate, Timecode

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{0,15})?")
_LABEL = re.compile(r"(\d{1,2})[:;.](\d{2})[:;.](\d{2})[:;.,](\d{2,3})")
MOST_FRAMES = 10**12


def number_of(text: str) -> Fraction | None:
    """A number; None for any other text, for infinite ones too."""
    return Fraction(text) if _NUMBER.fullmatch(text) else None


def whole_of(node: Node | None, tag: str) -> int | None:
    """Frames, which some write as `1055.0`; None where nothing is said, or -1 for "none"."""
    text = text_of(node, tag)
    if text.isdecimal() and len(text) < 13 and text.isascii():
        return int(text)
    value = number_of(text)
    return int(value) if value is not None and value != -1 and abs(value) < MOST_FRAMES else None


def rate_of(node: Node) -> Rate | None:
    """The `<rate>` of an element: a whole timebase, slowed down by 1000/1001 where `<ntsc>` is TRUE."""
    rate = node.find("rate")
    return _rate(text_of(rate, "timebase"), text_of(rate, "ntsc").upper() == "TRUE") if rate is not None else None


@cache
def _rate(timebase: str, ntsc: bool) -> Rate | None:  # noqa: FBT001 # positions are cheapest to cache
    value = number_of(timebase)
    if value is None or not 0 < value <= 1000:
        return None
    if value.denominator != 1:  # 23.976 or 29.97, which the format does not know and some write
        return Rate.nearest(value)
    return Rate.of(value * Fraction(1000, 1001) if ntsc else value)


def timecode_of(node: Node, otherwise: Rate, wrong: Callable[[Node, str], None]) -> Timecode | None:
    """A `<timecode>`: its label, or its frame where there is none; at its own rate, else at `otherwise`."""
    rate = rate_of(node) or otherwise
    label, frame, counting = text_of(node, "string"), whole_of(node, "frame"), text_of(node, "displayformat").upper()
    drop = counting == "DF" if counting in {"DF", "NDF"} else ";" in label
    if drop and not rate.can_drop:
        wrong(node, f"It says drop-frame at {rate.label()} frames a second, where none exists.")
        drop = False
        label = "" if frame is not None else label  # it counts as no clock at this rate does
    read = _label(label, rate, drop=drop)
    if label and read is None:
        wrong(node, f"'{label[:40]}' is no timecode at {rate.label()} frames a second.")
    if frame is not None and read is not None and Timecode(frame, rate, drop) != read:
        wrong(node, f"The timecode says {label} and frame {frame}, which is another one.")
    return read if read is not None or frame is None else Timecode(frame, rate, drop)


def _label(text: str, rate: Rate, *, drop: bool) -> Timecode | None:
    """Premiere writes `;` between all parts of a drop-frame label."""
    match = _LABEL.fullmatch(text)
    if match is None:
        return None
    try:
        return Timecode.parse(":".join(match.groups()), rate, drop_frame=drop)
    except ValueRefused:
        return None
