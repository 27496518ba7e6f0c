"""What an editor takes without a word and loses: told once a file, of a cut that is not handed over better.

Sources: documentation of samuelgursky/davinci-resolve-mcp (roundtrip-*), measured on Resolve 19.1.3; OpenTimelineIO
issue 1890.
"""

from collections.abc import Iterator, Sequence

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.imports.xmeml import sequences_in

_MARKERS = ("marker", "chapter-marker")


def markers(cases: Sequence[Case]) -> Iterator[tuple[int, Found]]:
    for number, case in _alone(cases, "xmeml", "fcpxml"):
        timelines = sequences_in(case.root) if case.format == "xmeml" else case.root.iter("project")
        count = sum(1 for timeline in timelines for name in _MARKERS for _ in timeline.iter(name))
        if count:
            many = "1 marker" if count == 1 else f"{count:,} markers"
            sentence = f"Resolve loses the {many} of this file; an OTIO or a marker list (EDL) brings them."
            yield number, Found(None, sentence)


def sound(cases: Sequence[Case]) -> Iterator[tuple[int, Found]]:
    for number, case in _alone(cases, "fcpxml"):
        tracks = case.timeline.tracks[1]
        if tracks > 1:
            sentence = f"Resolve was seen to drop an audio track of FCPXML; this one has {tracks}, compare them."
            yield number, Found(None, sentence)


def _alone(cases: Sequence[Case], *formats: str) -> Iterator[tuple[int, Case]]:
    """The files of these formats beside which no OTIO of the same cut lies, which is the one to take."""
    kept = {case.timeline.title for case in cases if case.format == "otio"}
    for number, case in enumerate(cases):
        if case.format in formats and case.timeline.title not in kept:
            yield number, case


def backwards(case: Case) -> Iterator[Found]:
    names = dict.fromkeys(event.name for event in case.timeline.events if event.speed < 0)
    if names:
        first = f"'{next(iter(names))[:80]}'" + (f" and {len(names) - 1:,} more" if len(names) > 1 else "")
        yield Found(None, f"Premiere reads clips that run backwards otherwise than OTIO has them; look at {first}.")


def video_tracks(case: Case) -> Iterator[Found]:
    higher = next((event for event in case.edl.events if (event.channels.video or 0) > 1), None)
    if higher is not None:
        what = f"Event {higher.number} is on V{higher.channels.video}"
        yield Found(higher.line, f"{what}; Resolve takes one video track of a list: give it a list for each track.")
