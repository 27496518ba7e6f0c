"""The page of one clip: what it says of itself, what the log says and who said it, what was made of it."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from pipeline.catalogue.clocks import Correction, Told
from pipeline.catalogue.log import LogEntry
from pipeline.cli.factpage import body
from pipeline.cli.tables import SHORT_ID, cell, plural, running_time, size
from pipeline.clip import LOG_SOURCES, Clip, LoggedClip, Part, Product
from pipeline.editorial.sync import Offer
from pipeline.fields import BY_NAME, FIELDS
from pipeline.files import one_line
from pipeline.metadata.plain import facts_json
from pipeline.shotlog.offsets import say_error
from pipeline.timecode import FLICKS, TimeRange

_WIDTH = 16
_BY_LIST = {"verified": ", checked against its hash list", "differs": ", not as its hash list says"}
Beside = tuple[LoggedClip, Offer]  # what runs with a clip, and how


def as_data(
    logged: LoggedClip, entries: Sequence[LogEntry], used: Sequence[str], moment: Told | None, beside: Sequence[Beside]
) -> dict[str, Any]:
    """The same as one JSON object."""
    clip = logged.clip
    return {
        "id": clip.id,
        "name": clip.name,
        "card": clip.card,
        "status": logged.status,
        "listed": logged.values.get("listed"),
        "parts": [_part(part) for part in clip.parts],
        "facts": facts_json(clip.facts),
        "log": logged.values,
        "moment": _moment(moment) if moment else None,
        "markers": [
            {"in": mark.range.start, "out": mark.range.end, "note": mark.note, "subject": mark.subject}
            for mark in logged.markers
        ],
        "history": [
            _entry(entry) for entry in entries
        ],
        "products": [_product(product) for product in logged.products],
        "beside": [_beside(other, offer) for other, offer in beside],
        "used_in": list(used),
        "warnings": list(logged.warnings),
    }  # fmt: skip


def _beside(other: LoggedClip, offer: Offer) -> dict[str, Any]:
    """`begins`: seconds from the picture's first frame to the sound's first sample."""
    return {
        "id": other.clip.id, "name": other.clip.name, "kind": other.clip.kind,
        "begins": round(offer.offset / FLICKS, 6), "certain": not offer.doubt, "doubt": offer.doubt,
    }  # fmt: skip


def _moment(moment: Told) -> dict[str, Any]:
    fixed = moment.correction
    return {
        "recorded_at": moment.recorded_at, "raw": moment.raw, "where": moment.where, "claims": moment.claim,
        "why": moment.why,
        "correction": {
            "milliseconds": fixed.milliseconds, "error": fixed.error, "detail": fixed.detail, "who": fixed.who,
            "when": fixed.moment, "batch": fixed.batch,
        } if fixed else None,
    }  # fmt: skip


def _part(part: Part) -> dict[str, Any]:
    return {"path": one_line(part.path), "size": part.stamp.size, "frames": part.frames}


def _product(product: Product) -> dict[str, Any]:
    row = {"kind": product.kind, "preset": product.preset, "path": one_line(product.path), "size": product.size}
    return row | {"verdict": product.verdict} if product.kind == "proxy" else row


def _entry(entry: LogEntry) -> dict[str, Any]:
    return {
        "field": entry.field, "op": entry.op, "value": entry.value, "source": entry.source, "detail": entry.detail,
        "confidence": entry.confidence, "who": entry.who, "when": entry.moment, "batch": entry.batch,
        "stands": entry.stands,
    }  # fmt: skip


def page(
    logged: LoggedClip, entries: Sequence[LogEntry], used: Sequence[str], moment: Told | None, beside: Sequence[Beside],
    *, width: int,
) -> str:  # fmt: skip
    """The page a person reads; facts as `rushes facts` shows them, at most `width` characters wide."""
    facts = {key: fact for key, fact in facts_json(logged.clip.facts).items() if key != "warnings"}  # told above
    runs = _running(logged, beside)
    lines = (*_head(logged), *_log(logged, entries, moment), *runs, *body(facts, width), *_files(logged, used))
    return "\n".join(lines) + "\n"


def _running(logged: LoggedClip, beside: Sequence[Beside]) -> Iterator[str]:
    """The sound that runs with a picture, or the pictures that a sound runs with, by timecode."""
    if beside:
        yield "\nSound" if logged.clip.kind == "picture" else "\nSound of"
    for other, offer in beside:
        picture = logged if logged.clip.kind == "picture" else other
        length = round(picture.clip.duration * FLICKS)
        ends = offer.offset + offer.sound.length - length
        words = f"begins {_apart(offer.offset, picture)} the picture, ends {_apart(ends, picture)} it"
        why = f"not laid: {offer.doubt}" if offer.doubt else "by the labels alone" if offer.by_label else "by timecode"
        yield _line(f"{other.clip.name} ({other.clip.id[:SHORT_ID]})", words, why)


def _apart(flicks: int, picture: LoggedClip) -> str:
    """How many frames of a picture, and to which side: `10 frames before`."""
    frames = Fraction(flicks, FLICKS) * (picture.clip.rate.fraction if picture.clip.rate else 0)
    if not frames:
        return "with"
    count = f"{abs(frames)}" if frames.denominator == 1 else f"{float(abs(frames)):.2f}"
    return f"{count} {'frame' if abs(frames) == 1 else 'frames'} {'after' if frames > 0 else 'before'}"


def _head(logged: LoggedClip) -> Iterator[str]:
    clip = logged.clip
    yield f"{clip.name}  ({_length(clip)})"
    listed = _BY_LIST.get(str(logged.values.get("listed")), "")
    yield f"{clip.id}  {logged.status}, card {clip.card}{listed}"
    for warning in logged.warnings:
        yield f"  warning: {warning}"


def _length(clip: Clip) -> str:
    if clip.rate and clip.frames is not None:
        return f"{running_time(clip.duration)}, {plural(clip.frames, 'frame')} at {clip.rate.label()}"
    return running_time(clip.duration) if clip.duration else "length unknown"


def _files(logged: LoggedClip, used: Sequence[str]) -> Iterator[str]:
    yield "\nFiles"
    for part in logged.clip.parts:
        yield _line("original", one_line(part.path), size(part.stamp.size))
    for product in logged.products:
        yield from _made(product)
    if used:
        yield _line("used in", ", ".join(used), "")


def _log(logged: LoggedClip, entries: Sequence[LogEntry], moment: Told | None) -> Iterator[str]:
    yield "\nLog"
    standing = _sources(entries)
    if moment:
        yield _line("Recorded", moment.recorded_at, _how(moment))
    for each in FIELDS:
        value = logged.values.get(each.name)
        if each.origin == "log" and value not in (None, ()):
            yield _line(each.title, *_said(value, standing.get(each.name)))
    for mark in logged.markers:
        words = ", ".join(text for text in (mark.subject, mark.note) if text)
        yield _line("Marked", _marked(logged.clip, mark.range), words)


def _how(moment: Told) -> str:
    """What was read, where, how it was understood, and the correction with its author."""
    read = f"{moment.raw} in {moment.where}; " if moment.raw else ""
    return f"{read}{moment.why}{_by_whom(moment.correction)}"


def _by_whom(fixed: Correction | None) -> str:
    if fixed is None:
        return ""
    return f" ± {say_error(fixed.error)} ({fixed.detail}; {fixed.who}, {fixed.moment[:10]}, undo {fixed.batch[:8]})"


def _made(product: Product) -> Iterator[str]:
    yield _line(product.preset or product.kind, one_line(product.path), size(product.size))
    if product.verdict:
        yield _line("", _verdict(product), "when it was made")


def _verdict(product: Product) -> str:
    """Which editing suites attach a proxy by themselves, and over which rules the others do not."""
    from pipeline.proxies.rules import TITLES
    from pipeline.proxies.verdict import outcome

    plain = [TITLES[editor] for editor, names in product.verdict.items() if not names]
    others = [
        f"{TITLES[editor]} {outcome(names)} ({', '.join(names)})" for editor, names in product.verdict.items() if names
    ]
    return "; ".join([f"attaches in {', '.join(plain)}" if plain else "attaches nowhere by itself", *others])


def _marked(clip: Clip, span: TimeRange) -> str:
    frames = f"frames {span.start} to {span.end}"
    return f"{frames} ({clip.start + span.start} to {clip.start + span.end})" if clip.start else frames


def _line(title: str, value: str, where: str) -> str:
    return f"  {title:{_WIDTH}}  {value}" + (f"   [{where}]" if where else "")


def _said(value: object, entry: LogEntry | None) -> tuple[str, str]:
    """A value and who said it; of a place how it is known stands in its place: "Eldoret, 26 km (GPS)"."""
    if entry is None:
        return cell(value), "inferred: the day of recording"  # all else that is logged has an entry
    sure = "" if entry.confidence >= 1 else f", {entry.confidence:.0%} sure"
    if entry.source in ("gps", "inferred") and entry.detail.startswith(str(value)):
        return cell(entry.detail), f"{entry.source}{sure}"
    return cell(value), f"{entry.source}{sure}: {entry.detail or _person(entry)}"


def _sources(entries: Sequence[LogEntry]) -> dict[str, LogEntry]:
    """For each field the entry that stands: of the best source, of that the newest."""
    newest: dict[tuple[str, str], LogEntry] = {}
    for entry in entries:
        withdrawn = entry.op not in ("set", "add") and entry.field in BY_NAME and not BY_NAME[entry.field].many
        if entry.stands and entry.range is None and (withdrawn or entry.op in ("set", "add")):
            newest[entry.field, entry.source] = entry
    said = [entry for entry in newest.values() if entry.op in ("set", "add")]
    return {entry.field: entry for entry in sorted(said, key=lambda entry: -LOG_SOURCES.index(entry.source))}


def _person(entry: LogEntry) -> str:
    return f"{entry.who}, {entry.moment[:10]}, undo {entry.batch[:8]}"
