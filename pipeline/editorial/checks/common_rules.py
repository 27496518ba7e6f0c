"""What can be wrong in every format: that the editor does not read it, ranges outside the media, media not there."""

from collections.abc import Callable, Iterator

from pipeline.editorial.checks import aaf_rules, fcpxml_rules, kdenlive_rules, otio_rules, xmeml_rules
from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.imports.reading import ReadEvent

# Editors by the formats that they read themselves; "by itself": other programs may convert for them.
READS: dict[str, tuple[str, ...]] = {
    "premiere": ("xmeml", "otio", "edl", "aaf"),
    "resolve": ("otio", "xmeml", "fcpxml", "aaf", "edl", "ale"),
    "avid": ("aaf", "edl", "ale", "otio"),
    "fcp": ("fcpxml",),
    "kdenlive": ("kdenlive", "otio"),
}
TITLES = {
    "premiere": "Premiere Pro", "resolve": "DaVinci Resolve", "avid": "Media Composer", "fcp": "Final Cut Pro",
    "kdenlive": "Kdenlive",
}  # fmt: skip
FORMATS = {
    "otio": "OpenTimelineIO", "xmeml": "Final Cut Pro 7 XML", "fcpxml": "Final Cut Pro XML", "aaf": "AAF",
    "edl": "event lists", "ale": "Avid Log Exchange", "kdenlive": "Kdenlive projects",
    "protools-session-text": "Pro Tools session text",
}  # fmt: skip
_SLACK = 1  # frames: what is counted at other rates is rounded
_PATHS: dict[str, Callable[[Case], Iterator[tuple[str, int | None, str]]]] = {
    "otio": otio_rules.paths,
    "xmeml": xmeml_rules.paths,
    "fcpxml": fcpxml_rules.paths,
    "aaf": aaf_rules.paths,
    "kdenlive": kdenlive_rules.paths,
}


def reads(case: Case) -> Iterator[Found]:
    if case.format not in READS[case.editor]:
        known = ", ".join(FORMATS[each] for each in READS[case.editor])
        yield Found(None, f"{TITLES[case.editor]} does not read {FORMATS[case.format]} by itself; it reads {known}.")


def ranges(case: Case) -> Iterator[Found]:
    """Frames before the first or after the last of the media, once for what picture and sound have in common."""
    told = set()
    for event in case.timeline.events:
        outside = _outside(event)
        key = (event.line, event.name, event.media)
        if outside and key not in told:
            told.add(key)
            yield Found(event.line, f"'{event.name[:80]}' takes {outside}.")


def _outside(event: ReadEvent) -> str:
    media, whole = event.media, event.available
    if media is None or whole is None or not whole.duration:
        return ""
    if media.start >= -_SLACK and media.end <= whole.duration + _SLACK:
        return ""
    return f"frames {media.start} to {media.end} of a file that has {whole.duration}"


def missing(case: Case) -> Iterator[Found]:
    """Files that are named and not there, as far as this machine can tell."""
    told = set()
    paths = _PATHS.get(case.format, _of_events)
    for path, line, name in paths(case):
        if path not in told and case.missing(path):
            told.add(path)
            yield Found(line, f"The media of '{name[:80]}' are not there: {path}")


def _of_events(case: Case) -> Iterator[tuple[str, int | None, str]]:
    yield from ((event.file, event.line, event.name) for event in case.timeline.events if event.file)


def unchecked(case: Case) -> Iterator[Found]:
    facts = dict(case.timeline.facts)
    for word in ("sequences", "projects", "compositions"):
        count = facts.get(word)
        if isinstance(count, int) and count > 1:
            yield Found(None, f"The file holds {count} {word}; events of the first one alone were checked.")
