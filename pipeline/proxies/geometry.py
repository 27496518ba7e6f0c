"""Sizes of a proxy: upright, square pixels, a whole fraction of the original."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from pipeline.clip import VideoStream
from pipeline.errors import MediaUnreadable


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int


def upright(video: VideoStream) -> tuple[Fraction, Fraction]:
    """Width and height as seen: pixels made square by widening, then turned upright.

    Raises MediaUnreadable where the file does not say its size.
    """
    if not video.width or not video.height:
        raise MediaUnreadable("The file does not say how large its picture is; copy it from the card again.")
    wide, high = video.width * (video.pixel_aspect or Fraction(1)), Fraction(video.height)
    return (high, wide) if (video.rotation or 0) % 180 == 90 else (wide, high)


def divisor_for(video: VideoStream, short_side: int) -> int:
    """By how much the upright picture is divided so that its shorter side is at most `short_side`.

    The next larger divisor is taken where it alone gives whole, even sizes.
    """
    wide, high = upright(video)
    least = ceil(min(wide, high) / short_side)
    exact = [number for number in (least, least + 1) if _even(wide / number) and _even(high / number)]
    return exact[0] if exact and least > 1 else least


def proxy_size(video: VideoStream, short_side: int, divisor: int = 0) -> Size:
    """The proxy's size: even, never larger than the original (but for pixels made square).

    Above 0 the `divisor` is a person's word, and `short_side` says nothing.
    """
    wide, high = upright(video)
    number = divisor or divisor_for(video, short_side)
    return Size(_to_even(wide / number), _to_even(high / number))


def fitted(size: Size, *, long_side: int) -> Size:
    """A still's size: the longer side at most `long_side`, even, never larger than the proxy."""
    shrink = max(Fraction(1), Fraction(max(size.width, size.height), long_side))
    return Size(_to_even(size.width / shrink), _to_even(size.height / shrink))


def _even(value: Fraction) -> bool:
    return value.denominator == 1 and value.numerator % 2 == 0


def _to_even(value: Fraction) -> int:
    return max(2, int(value) // 2 * 2)
