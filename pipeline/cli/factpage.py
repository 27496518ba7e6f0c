"""What one file says of itself as a page: grouped, with the place of each value, disagreements in sight.

Values come as `facts_json` gives them, so that the page and `--json` cannot differ.
"""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any

from pipeline.cli.streams import styled
from pipeline.cli.tables import cell, plural, running_time, way
from pipeline.timecode import Rate

Facts = Mapping[str, Any]
_TITLE = 12
_VALUE_AT = 2 + _TITLE + 2
_LEAST_SOURCE = 24  # characters of a line that are kept for sources
_DOUBT = ("likely", "may be")  # how readers word what is not certain


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a group: the facts it speaks of, and what it says of them (None: nothing)."""

    group: str
    title: str
    keys: tuple[str, ...]
    say: Callable[[Facts], str | None]


def page(name: str, facts: Facts, width: int) -> str:
    """The page of one file, at most `width` characters wide where its words allow it."""
    facts = {**facts, "sources": _named_once(name, facts["sources"])}
    kind = cell(facts.get("container") or facts.get("format"))
    head = styled(name, bold=True) + (f"  ({kind})" if kind else "")
    return "\n".join([head, *body(facts, width)]) + "\n"


def is_timeline(facts: Facts) -> bool:
    from pipeline.editorial.imports.registry import IMPORTS

    return facts.get("format") in {each.format for each in IMPORTS}


def _named_once(name: str, sources: Mapping[str, Any]) -> dict[str, Any]:
    """The sources of a sidecar that was asked alone, without its name before each place in it."""
    prefix = f"{name.rpartition('/')[2]}: "
    return {key: source | {"where": source["where"].removeprefix(prefix)} for key, source in sources.items()}


def body(facts: Facts, width: int) -> Iterator[str]:
    """The groups of a page, without its head."""
    known = TIMELINE_ROWS if is_timeline(facts) else ROWS
    rows = [(row, text) for row in (*known, *_further(facts, known)) if (text := row.say(facts))]
    widest = max((len(text) for _, text in rows), default=0)
    source_at = min(_VALUE_AT + min(widest, (width - _VALUE_AT) // 2) + 2, width - _LEAST_SOURCE)
    for group, members in groupby(rows, key=lambda member: member[0].group):
        yield f"\n {styled(group, bold=True)}"
        for row, text in members:
            yield from _lines(row, text, facts, (width, source_at))
    warnings = facts.get("warnings") or ()
    if warnings:
        yield f"\n {styled('Warnings', bold=True)}"
    for warning in warnings:
        yield from (styled(line, fg="yellow") for line in _wrapped(cell(warning), width, indent=2))


def _lines(row: Row, text: str, facts: Facts, columns: tuple[int, int]) -> Iterator[str]:
    """Title, value and source side by side where there is room; doubts and other voices below."""
    width, source_at = columns
    said = [facts["sources"][key] for key in row.keys if key in facts.get("sources", ())]
    where = "; ".join(dict.fromkeys(cell(source["where"]) for source in said))
    values = textwrap.wrap(text, width - _VALUE_AT) or [""]
    sources = textwrap.wrap(where, width - source_at)
    beside = len(values[-1]) + _VALUE_AT + 2 <= source_at
    for number, value in enumerate(values):
        line = f"  {row.title if number == 0 else '':{_TITLE}}  {value}"
        if number == len(values) - 1 and beside and sources:
            line = f"{line:{source_at}}{styled(sources.pop(0), dim=True)}"
        yield line
    yield from (" " * source_at + styled(source, dim=True) for source in sources)
    for key, source in zip((key for key in row.keys if key in facts.get("sources", ())), said, strict=True):
        yield from _doubts(key, source, facts.get(key), width)


def _doubts(key: str, source: Mapping[str, Any], value: object, width: int) -> Iterator[str]:
    """What other places say, and why a value is only likely or missing."""
    for other in source.get("others", ()):
        text = f"but {cell(other['where'])} says {key.replace('_', ' ')} {cell(other['said'])}"
        yield from (styled(line, fg="yellow") for line in _wrapped(text, width))
    why = cell(source.get("why"))
    if why and (value is None or source.get("others") or _doubtful(why)):
        yield from (styled(line, dim=True) for line in _wrapped(why, width))


def _wrapped(text: str, width: int, indent: int = _VALUE_AT + 2) -> Iterator[str]:
    yield from textwrap.wrap(text, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))


def is_likely(facts: Facts, key: str) -> bool:
    """Whether the reader of a value words its reason as something that is only likely."""
    return _doubtful(facts.get("sources", {}).get(key, {}).get("why", ""))


def _doubtful(why: str) -> bool:
    return any(word in why for word in _DOUBT)


def _likely(facts: Facts, key: str) -> str:
    return " (likely)" if is_likely(facts, key) else ""


# --- what the rows say ----------------------------------------------------------------------------


def rate_of(facts: Facts) -> Fraction | None:
    """Frames per second, the average one where the rate varies; for sound that of its timecode."""
    text = facts.get("rate") or facts.get("average_rate") or facts.get("timecode_rate")
    return Fraction(text) if text else None


def seconds_of(facts: Facts) -> Fraction | None:
    """How long it runs, where frames or samples are known."""
    rate = rate_of(facts)
    if "frames" in facts:
        return Fraction(facts["frames"]) / rate if facts["frames"] is not None and rate else None
    first: Mapping[str, Any] = next(iter(facts.get("audio") or ()), {})
    samples = facts.get("samples") if facts.get("samples") is not None else first.get("samples")
    return Fraction(samples, first["sample_rate"]) if samples is not None and first.get("sample_rate") else None


def label(rate: str | None) -> str:
    return Rate.parse(rate).label() if rate else ""


def moment(facts: Facts) -> str:
    """Date and time with what the file claims of the zone."""
    iso, zone = cell(facts.get("recorded_at")).replace("T", " "), facts.get("recorded_at_zone")
    if zone == "utc":
        return iso.removesuffix("Z") + " UTC"
    return iso + ("" if zone == "offset" or not iso else ", zone unknown")


def _coded(facts: Facts) -> str | None:
    depth = f"{facts['bit_depth']} bit" if facts.get("bit_depth") and facts.get("width") else None
    return ", ".join(filter(None, (facts.get("video_codec"), facts.get("pixel_format"), depth))) or None


def _size(facts: Facts) -> str | None:
    if not facts.get("width"):
        return None
    text = f"{facts['width']} x {facts.get('height')}"
    if facts.get("pixel_aspect") not in (None, "1/1"):
        text += f", pixels {facts['pixel_aspect'].replace('/', ':')}"
    return text + (f", shown turned by {facts['rotation']} degrees clockwise" if facts.get("rotation") else "")


def _rate(facts: Facts) -> str | None:
    if facts.get("vfr"):
        average = label(facts.get("average_rate"))
        text: str | None = f"variable, {average} frames a second on average" if average else "variable"
    else:
        text = f"{label(facts['rate'])} frames a second" if facts.get("rate") else None
    if text and facts.get("capture_rate"):
        text += f", shot at {label(facts['capture_rate'])}"
    return text + _likely(facts, "rate") if text else None


def _frames(facts: Facts) -> str | None:
    if facts.get("frames") is None:
        return "unknown" if "frames" in facts else None
    seconds = seconds_of(facts)
    lasts = f" ({running_time(seconds)})" if seconds is not None else ""
    return f"{facts['frames']:,}{lasts}{_likely(facts, 'frames')}"


def _scan(facts: Facts) -> str | None:
    if facts.get("interlaced") is None:
        return None
    order = {"tff": ", top field first", "bff": ", bottom field first"}.get(facts.get("field_order", ""), "")
    return "interlaced" + order if facts["interlaced"] else "progressive"


def _colour(facts: Facts) -> str | None:
    spread = {"tv": "video range", "pc": "full range"}.get(facts.get("color_range", ""))
    named = {
        name: facts[key]
        for key, name in (("color_primaries", "primaries"), ("color_transfer", "transfer"), ("color_matrix", "matrix"))
        if facts.get(key)
    }
    if len(named) == len(_COLOURS) - 1 and len(set(named.values())) == 1:
        return ", ".join(filter(None, (named["primaries"], spread)))
    return ", ".join([*(f"{value} {name}" for name, value in named.items()), *filter(None, (spread,))]) or None


def _decoder(facts: Facts) -> str | None:
    return None if facts.get("decoder", True) else "none that is free: logged, but no proxy can be made"


def _sound(facts: Facts) -> str | None:
    streams = facts.get("audio")
    if streams is None:
        return None
    return "; ".join(_stream(each, len(list(alike))) for each, alike in groupby(streams)) or "none"


def _stream(stream: Mapping[str, Any], times: int) -> str:
    text = f"{times} x " if times > 1 else ""
    text += f"{stream['codec']}, {plural(stream['channels'], 'channel')}, {stream['sample_rate'] / 1000:g} kHz"
    if stream.get("samples") is None or not stream["sample_rate"]:
        return text
    return f"{text}, {running_time(Fraction(stream['samples'], stream['sample_rate']))}"


def _timecode(facts: Facts) -> str | None:
    start = facts.get("start_timecode")
    if start is None:
        return f"rate {label(facts['timecode_rate'])}" if facts.get("timecode_rate") else None
    counted = f" at {label(facts['timecode_rate'])}" if facts.get("timecode_rate") else ""
    return f"{start}{counted}{', drop frame' if facts.get('drop_frame') else ''}{_likely(facts, 'start_timecode')}"


def _recorded(facts: Facts) -> str | None:
    return moment(facts) + _likely(facts, "recorded_at") if facts.get("recorded_at") else None


def _place(facts: Facts) -> str | None:
    if facts.get("gps"):
        return f"{facts['gps'][0]:.5f}, {facts['gps'][1]:.5f}" + _likely(facts, "gps")
    return "no position" if "gps" in facts else None


def _camera(facts: Facts) -> str | None:
    make, model = facts.get("camera_make"), facts.get("camera_model")
    named = model and make and model.casefold().startswith(make.casefold())
    return " ".join(filter(None, (None if named else make, model))) or None


def _plain(key: str) -> Callable[[Facts], str | None]:
    return lambda facts: cell(facts.get(key)) + _likely(facts, key) if facts.get(key) not in (None, [], "") else None


def _count(key: str, of: str = "") -> Callable[[Facts], str | None]:
    return lambda facts: f"{facts[key]:,}{of}" if facts.get(key) is not None else None


def _lasts(facts: Facts) -> str | None:
    frames, rate = facts.get("duration_frames"), rate_of(facts)
    return f"{frames:,} frames" + (f" ({running_time(frames / rate)})" if rate else "") if frames is not None else None


def _drop(facts: Facts) -> str | None:
    known = facts.get("drop_frame")
    return None if known is None else "drop frame" if known else "non-drop frame"


_COLOURS = ("color_primaries", "color_transfer", "color_matrix", "color_range")
ROWS: tuple[Row, ...] = (
    Row("Picture", "codec", ("video_codec", "pixel_format", "bit_depth"), _coded),
    Row("Picture", "size", ("width", "height", "pixel_aspect", "rotation"), _size),
    Row("Picture", "rate", ("rate", "average_rate", "vfr", "capture_rate"), _rate),
    Row("Picture", "frames", ("frames",), _frames),
    Row("Picture", "scan", ("interlaced", "field_order"), _scan),
    Row("Picture", "colour", _COLOURS, _colour),
    Row("Picture", "decoder", ("decoder",), _decoder),
    Row("Sound", "streams", ("audio",), _sound),
    Row("Sound", "tracks", ("track_names",), _plain("track_names")),
    Row("Time", "timecode", ("start_timecode", "drop_frame", "timecode_rate"), _timecode),
    Row("Time", "recorded", ("recorded_at", "recorded_at_zone"), _recorded),
    Row("Time", "GPS clock", ("gps_time",), _plain("gps_time")),
    Row("Time", "reference", ("time_reference",), _count("time_reference", " samples after midnight")),
    Row("Place", "position", ("gps",), _place),
    Row("Place", "track", ("track",), lambda facts: way(facts["track"]) if facts.get("track") else None),
    Row("Camera", "camera", ("camera_make", "camera_model"), _camera),
    Row("Camera", "serial", ("camera_serial",), _plain("camera_serial")),
    Row("Camera", "lens", ("lens",), _plain("lens")),
    Row("Camera", "made by", ("originator",), _plain("originator")),
    Row("Slate", "reel", ("reel",), _plain("reel")),
    Row("Slate", "clip", ("clip_name",), _plain("clip_name")),
    Row("Slate", "scene", ("scene",), _plain("scene")),
    Row("Slate", "take", ("take",), _plain("take")),
    Row("Slate", "tape", ("tape",), _plain("tape")),
    Row("File", "kind", ("container", "format"), lambda facts: cell(facts.get("container") or facts.get("format"))),
    Row("File", "cues", ("cues",), _count("cues")),
)
TIMELINE_ROWS: tuple[Row, ...] = (
    Row("Timeline", "title", ("title",), _plain("title")),
    Row("Timeline", "rate", ("rate",), _rate),
    Row("Timeline", "counting", ("drop_frame",), _drop),
    Row("Timeline", "starts at", ("first_record_timecode",), _plain("first_record_timecode")),
    Row("Timeline", "starts at", ("start_timecode",), _plain("start_timecode")),
    Row("Timeline", "lasts", ("duration_frames",), _lasts),
    Row("Timeline", "", ("format",), lambda _: None),  # said in the first line of the page
)
# Told within other rows, or by themselves.
_ELSEWHERE = frozenset({"channels", "sample_rate", "samples", "bit_depth", "sources", "warnings"})


def _further(facts: Facts, known: Sequence[Row]) -> Iterator[Row]:
    """Facts that no row names, so that none is hidden."""
    named = {key for row in known for key in row.keys} | _ELSEWHERE
    group = "Timeline" if known is TIMELINE_ROWS else "File"
    for key in facts:
        if key not in named:
            yield Row(group, key.replace("_", " "), (key,), _plain(key))
