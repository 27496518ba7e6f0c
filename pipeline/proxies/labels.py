"""The labels by which a proxy is found again: its start timecode, its reel, the time reference of sound."""

from fractions import Fraction

from pipeline.clip import Clip
from pipeline.proxies.sound import SUITE_RATE
from pipeline.timecode import Timecode

_TAPE_SIGNS = 32
_MOST_LABELS = 120  # a second


def proxy_timecode(clip: Clip) -> Timecode | None:
    """The start timecode that a proxy carries, counted at the clip's rate; None where none can be.

    Some cameras count 30 labels at 59.94 frames a second: those are counted up. There are no labels above
    120 frames a second (SMPTE ST 12-3).
    """
    if clip.start is None or clip.rate is None or clip.rate.nominal > _MOST_LABELS:
        return None
    times = clip.rate.fraction / clip.start.rate.fraction
    if times.denominator != 1:
        return None
    return Timecode(clip.start.frame * times.numerator, clip.rate, clip.start.drop_frame)


def proxy_reel(clip: Clip) -> str | None:
    """The reel that a proxy carries beside its timecode, as plain text."""
    reel = "".join(sign for sign in clip.facts.reel or "" if sign.isprintable())
    return reel.encode("utf-8", "replace").decode() if reel and proxy_timecode(clip) else None


def reel_in(container: str, clip: Clip) -> str | None:
    """The reel that a file of this container keeps: MOV beside its timecode, MXF as its tape, others none.

    Avid finds originals by tape: without a reel that is the card, and at most 32 signs.
    """
    if container == "mxf":
        return (proxy_reel(clip) or "".join(sign for sign in clip.card if sign.isprintable()))[:_TAPE_SIGNS] or None
    return proxy_reel(clip) if container == "mov" else None


def time_reference(clip: Clip) -> int | None:
    """The bext time reference of a sound proxy: samples since midnight at its own rate (EBU Tech 3285)."""
    facts = clip.facts
    if facts.time_reference is not None and facts.audio:
        return round(Fraction(facts.time_reference * SUITE_RATE, facts.audio[0].sample_rate))
    return round(clip.start.rate.seconds(clip.start.frame) * SUITE_RATE) if clip.start else None
