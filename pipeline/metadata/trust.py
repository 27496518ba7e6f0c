"""Who is believed: findings of all sources merged into one value per fact, disagreements kept.

An order of trust is a tuple of origins, best first; what is not named comes after it in the order
of reading. Media bytes stand above what is written about them, except where a device's sidecar
knows better (timecode that only the sidecar states, the zone of a date).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.clip import Source
from pipeline.metadata.findings import Finding, Moment
from pipeline.timecode import Timecode

# Origins: structure (the container and its streams), tmcd, keys (Apple, Android), udta, ilst, mvhd, nrtm (Sony),
# gpmf (GoPro), p2, canon, dji-srt, bext, ixml, mxf-material, mxf-tape, mxf-file, mxf-header, mdpm (AVCHD), gop
# (MPEG-2 groups of pictures), dv, avi, tags (Matroska), mediainfo, mediapro, imf, dvrescue, table, exif, xmp. What
# is not in a list (header: when a Matroska file was written) comes last.
DEFAULT: tuple[str, ...] = (
    "structure",
    "nrtm",
    "gpmf",
    "p2",
    "canon",
    "keys",
    "ixml",
    "bext",
    "udta",
    "ilst",
    "dji-srt",
    "avi",
    "mvhd",
    "mediainfo",
    "mediapro",
    "imf",
    "dvrescue",
    "table",
    "exif",
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
        "mdpm",
        "tags",
        "gop",
        "p2",
        "avi",
        "mediainfo",
        "table",
    ),
    # A date with its offset or a satellite clock, then the device's own word, then the header.
    "recorded_at": (
        "keys",
        "nrtm",
        "p2",
        "canon",
        "udta",
        "ilst",
        "bext",
        "mdpm",
        "tags",
        "gpmf",
        "dji-srt",
        "dv",
        "avi",
        "table",
        "exif",
        "mvhd",
        "mxf-header",
        "mediainfo",
    ),
    "gps": ("gpmf", "keys", "udta", "ilst", "nrtm", "p2", "canon", "mdpm", "dji-srt", "table", "exif"),
    "scene": ("ixml", "bext", "keys"),
    "take": ("ixml", "bext", "keys"),
    "tape": ("ixml", "bext"),
    "reel": ("tmcd", "keys", "nrtm"),
}
_NEAR = 0.001  # degrees, about a hundred metres: no disagreement


def order(key: str) -> tuple[str, ...]:
    return BY_KEY.get(key, DEFAULT)


def resolve(findings: Iterable[Finding]) -> tuple[dict[str, Any], list[Source]]:
    """The believed value of each key, and where each came from. A value of None never outranks one.

    What every place says is unknown has a source and no value.
    """
    by_key: dict[str, list[Finding]] = {}
    for finding in findings:
        by_key.setdefault(finding.key, []).append(finding)
    values: dict[str, Any] = {}
    sources: list[Source] = []
    for key, found in by_key.items():
        stated = [finding for finding in found if finding.value is not None]
        if not stated:  # looked for and not there: that is known, and of whom
            sources.append(Source(key, found[0].where, (), found[0].why))
            continue
        ranked = sorted(stated, key=lambda finding: _rank(key, finding.origin))
        best = ranked[0]
        values[key] = best.value
        others = tuple(_others(best, ranked[1:]))
        sources.append(Source(key, best.where, others, _why(best, others)))
    return values, sources


def _others(best: Finding, found: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """What other places say; the same place speaks once, its first word counts."""
    heard = {best.where}
    for other in found:
        if other.where not in heard and not agree(best.value, other.value):
            yield other.where, spoken(other.value)
        heard.add(other.where)


# What is told along with another fact: where that was read, this was.
_ALONG: tuple[tuple[str, str], ...] = (
    ("drop_frame", "start_timecode"),
    ("timecode_rate", "start_timecode"),
    ("recorded_at_zone", "recorded_at"),
)


def with_derived(sources: Sequence[Source], told: Mapping[str, Any], shown: Mapping[str, Any]) -> list[Source]:
    """The sources, with those of the values that follow from another fact; `told` is what findings said of them."""
    by_key = {source.key: source for source in sources}
    for key, parent in _ALONG:
        if shown.get(key) is None or parent not in by_key or parent not in told:
            continue
        before = by_key.get(key)
        others = ((before.where, spoken(told[key])),) if before and told.get(key, shown[key]) != shown[key] else ()
        by_key[key] = Source(
            key, by_key[parent].where, others, f"as {parent} is counted" if others else f"with {parent}"
        )
    return list(by_key.values())


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
