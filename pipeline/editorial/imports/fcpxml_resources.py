"""The resources of an FCPXML: formats, files and what the browser says of them; times are rational seconds."""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from pipeline.editorial.imports.markup import Node, line_of, path_of, text_of
from pipeline.editorial.imports.reading import Problem
from pipeline.timecode import Rate, TimeRange

_TIME = re.compile(r"(-?\d{1,19})(?:/(\d{1,12}))?s")
_DECIMAL = re.compile(r"-?\d{1,12}\.\d{1,12}s")
# A format without frameDuration is told by its name: FFVideoFormat1080p25, FFVideoFormat3840x2160p2997, ...1080i5994.
_NAMED = re.compile(r"FFVideoFormat(?:DV)?(?:(\d{3,5})x)?(\d{3,5})([pi])(\d{2,5})(?:_.*)?")
_WIDTHS = {"720": 1280, "1080": 1920}
_STUDIO, _OURS = "com.apple.proapps.studio.", "rushes."
_COLUMNS = {"scene": "scene", "shot": "take", "angle": "camera"}
SLACK = Fraction(1, 50)  # of a frame: some clocks count thousandths of a second


@lru_cache(maxsize=4096)
def seconds(text: str | None) -> Fraction | None:
    """A time as Final Cut writes it, `1001/30000s` or `5s`; None for what is none."""
    match = _TIME.fullmatch(text or "")
    if match is not None:
        below = int(match[2] or 1)
        return Fraction(int(match[1]), below) if below else None
    return Fraction(text[:-1]) if text and _DECIMAL.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class Format:
    """`rate` is None for sound and for what says none."""

    name: str = ""
    rate: Rate | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """A file; `start` and `duration` are seconds on the clock of its timecode."""

    name: str
    file: str
    reel: str
    rate: Rate | None
    start: Fraction
    duration: Fraction | None
    kinds: frozenset[str]
    id: str = ""
    log: tuple[tuple[str, str], ...] = ()

    def available(self, rate: Rate) -> TimeRange | None:
        if self.duration is None or self.duration < 0:
            return None
        return TimeRange(frame_at(self.start, rate), round(self.duration * rate.fraction))


@dataclass(slots=True)
class Resources:
    """What clips refer to, by id. Elements of `media` are compound clips and multicams; `elements` counts all.

    `logged`: whether what is said of clips is wanted, and their markers.
    """

    elements: int = 0
    logged: bool = True
    formats: dict[str, Format] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    media: dict[str, Node] = field(default_factory=dict)
    effects: set[str] = field(default_factory=set)


def frame_at(time: Fraction, rate: Rate) -> int:
    """The frame that is seen at a time: `time * rate + SLACK` rounded down, in whole numbers for speed."""
    frames, parts = time.numerator * rate.numerator, time.denominator * rate.denominator
    return (frames * SLACK.denominator + parts * SLACK.numerator) // (parts * SLACK.denominator)


def resources_of(root: Node, problems: list[Problem], *, logged: bool) -> Resources:
    found = Resources(sum(1 for _ in root.iter()), logged)
    nodes = [node for each in root.findall("resources") for node in each]
    for node in nodes:
        if node.tag == "format":
            found.formats[node.get("id", "")] = _format(node)
    told = _browser(root) if logged else {}
    for node in nodes:
        name = node.get("id", "")
        if node.tag == "asset":
            found.assets[name] = _asset(node, found.formats, told.get(name, ()), problems)
        elif node.tag == "media":
            found.media[name] = node
        elif node.tag == "effect":
            found.effects.add(name)
    return found


def _format(node: Node) -> Format:
    name, lasts = node.get("name", ""), seconds(node.get("frameDuration"))
    rate = _rate(1 / lasts) if lasts and lasts > 0 else None
    width, height = (int(text) if text.isdecimal() and len(text) < 7 else None for text in _size(node))
    if named := _NAMED.fullmatch(name):
        rate = rate or rate_named(named[4], interlaced=named[3] == "i")
        height = height or int(named[2])
        width = width or (int(named[1]) if named[1] else _WIDTHS.get(named[2]))
    return Format(name, rate, width, height)


def _size(node: Node) -> tuple[str, str]:
    return node.get("width", ""), node.get("height", "")


def _rate(value: Fraction) -> Rate | None:
    return Rate.of(value) if Fraction(1, 1000) < value < 100_000 else None


def rate_named(text: str, *, interlaced: bool = False) -> Rate | None:
    """The rate of `2398`, `23.98`, `25` or, counted in fields, `5994`."""
    digits = text.replace(".", "")
    if not digits.isdecimal() or not 2 <= len(digits) <= 5:
        return None
    value = Fraction(int(digits)) if len(digits) == 2 or digits.startswith("1") else Fraction(int(digits), 100)
    return Rate.nearest(value / 2 if interlaced else value)


def _asset(node: Node, formats: dict[str, Format], told: tuple[tuple[str, str], ...], problems: list[Problem]) -> Asset:
    name = node.get("name", "")
    representations = node.findall("media-rep")
    original = next((each for each in representations if each.get("kind", "original-media") == "original-media"), None)
    chosen = original if original is not None else next(iter(representations), node)
    known = formats.get(node.get("format", ""))
    if known is None and node.get("format"):
        problems.append(Problem(line_of(node), f"'{name}' names the format {node.get('format')}, which is nowhere."))
    said = dict(told) | dict(_columns(node))
    kinds = {kind for key, kind in (("hasVideo", "Video"), ("hasAudio", "Audio")) if node.get(key) == "1"}
    if not kinds:
        kinds = {"Video", "Audio"} if known is not None and known.rate else {"Audio"}
    duration = seconds(node.get("duration"))
    return Asset(
        name, path_of(chosen.get("src", "")), said.pop("reel", ""), known.rate if known else None,
        seconds(node.get("start")) or Fraction(0), duration or None, frozenset(kinds), said.pop("id", ""),
        tuple((key, value) for key, value in told if key in said),
    )  # fmt: skip


def _browser(root: Node) -> dict[str, tuple[tuple[str, str], ...]]:
    """What clips beside the timelines say of their files."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for event in root.iter("event"):
        for node in event:
            if node.tag == "asset-clip":
                ref = node.get("ref", "")
                found[ref] = found.get(ref, ()) + log_of(node)
    return found


def log_of(node: Node) -> tuple[tuple[str, str], ...]:
    """Keywords, rating, note and columns of a clip."""
    found = []
    for each in node:
        if each.tag == "keyword":
            words = (word.strip() for word in each.get("value", "").split(","))
            found += [("keyword", word) for word in words if word]
        elif each.tag == "rating":
            found.append(("rating", each.get("value", "")))
        elif each.tag == "note" and text_of(each):
            found.append(("note", text_of(each)))
    return (*found, *_columns(node))


def _columns(node: Node) -> tuple[tuple[str, str], ...]:
    told = {each.get("key", ""): each.get("value", "") for each in node.findall("metadata/md")}
    ours = [(key.removeprefix(_OURS), value) for key, value in told.items() if key.startswith(_OURS)]
    reel = [("reel", told[f"{_STUDIO}reel"])] if told.get(f"{_STUDIO}reel") else []
    if ours:
        return (*reel, *ours)
    theirs = [(ours_name, told.get(f"{_STUDIO}{name}", "")) for name, ours_name in _COLUMNS.items()]
    return (*reel, *((name, value) for name, value in theirs if value))
