"""Who is believed: findings of all sources merged into one value per fact, disagreements kept.

An order of trust is a tuple of origins, best first; what is not named comes after it in the order
of reading. Media bytes stand above what is written about them, except where a device's sidecar
knows better (timecode that only the sidecar states, the zone of a date).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.clip import Source
from pipeline.metadata.findings import Finding, Moment
from pipeline.timecode import Timecode

# Origins: structure (the container and its streams), tmcd, keys (Apple, Android), udta, ilst, mvhd, nrtm (Sony),
# gpmf (GoPro), dji-srt, bext, ixml, mpegts, dv, avi, mxf-material, mxf-tape, mxf-file, mxf-header, mediainfo, xmp.
DEFAULT: tuple[str, ...] = (
    "structure",
    "nrtm",
    "gpmf",
    "keys",
    "ixml",
    "bext",
    "udta",
    "ilst",
    "dji-srt",
    "avi",
    "mvhd",
    "mediainfo",
)
BY_KEY: dict[str, tuple[str, ...]] = {
    # A material package says what is shown; a tape counts before the file that was made of it.
    "start_timecode": (
        "tmcd",
        "mxf-material",
        "mxf-tape",
        "mxf-file",
        "dv",
        "nrtm",
        "ixml",
        "bext",
        "udta",
        "mpegts",
        "avi",
        "mediainfo",
    ),
    # A date with its offset or a satellite clock, then the device's own word, then the header.
    "recorded_at": (
        "keys",
        "nrtm",
        "udta",
        "ilst",
        "bext",
        "gpmf",
        "dji-srt",
        "dv",
        "avi",
        "mvhd",
        "mxf-header",
        "mediainfo",
    ),
    "gps": ("gpmf", "keys", "udta", "ilst", "nrtm", "dji-srt"),
    "scene": ("ixml", "bext", "keys"),
    "take": ("ixml", "bext", "keys"),
    "tape": ("ixml", "bext"),
    "reel": ("tmcd", "keys", "nrtm"),
}
_NEAR = 0.001  # degrees, about a hundred metres: no disagreement


def order(key: str) -> tuple[str, ...]:
    return BY_KEY.get(key, DEFAULT)


def resolve(findings: Iterable[Finding]) -> tuple[dict[str, Any], list[Source]]:
    """The believed value of each key, and where each came from. A value of None never outranks one."""
    by_key: dict[str, list[Finding]] = {}
    for finding in findings:
        by_key.setdefault(finding.key, []).append(finding)
    values: dict[str, Any] = {}
    sources: list[Source] = []
    for key, found in by_key.items():
        stated = [finding for finding in found if finding.value is not None]
        if not stated:
            continue
        ranked = sorted(stated, key=lambda finding: _rank(key, finding.origin))
        best = ranked[0]
        values[key] = best.value
        others = tuple((other.where, spoken(other.value)) for other in ranked[1:] if not agree(best.value, other.value))
        sources.append(Source(key, best.where, others, _why(best, others)))
    return values, sources


def _rank(key: str, origin: str) -> int:
    ranks = order(key)
    return ranks.index(origin) if origin in ranks else len(ranks)


def _why(best: Finding, others: Sequence[tuple[str, str]]) -> str:
    preferred = f"{best.where} is believed before {others[0][0]}" if others else ""
    return "; ".join(part for part in (best.why, preferred) if part)


def agree(one: Any, other: Any) -> bool:
    """Whether two places say the same: positions within a hundred metres, texts in any letter case."""
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other) == 2:
        return all(
            isinstance(a, float) and isinstance(b, float) and abs(a - b) < _NEAR
            for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    return bool(one == other)


def spoken(value: Any) -> str:
    """A value as it is shown in `sources`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    if isinstance(value, Timecode | Moment):
        return str(value)
    return str(value)
