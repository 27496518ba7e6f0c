"""What is wrong with an AAF for Media Composer, Premiere Pro and Resolve.

Sources: AAF Object Specification; otio-aaf-adapter (pull request 9: a timecode that Resolve needs; issues 52, 62: media
that Avid cannot find; flags that it is known to write wrong).
"""

from collections.abc import Iterator

from pipeline.editorial.aaf_model import COMPOSITION_MOB, SEQUENCE, SOURCE_MOB, TIMECODE, Pid
from pipeline.editorial.checks.case import DAMAGED, Case, Found
from pipeline.editorial.imports.aaf_objects import AafFile, AafObject
from pipeline.editorial.imports.markup import path_of
from pipeline.timecode import Rate


def timecode(case: Case) -> Iterator[Found]:
    if case.timeline.events and case.timeline.start is None:
        yield Found(None, "The composition has no timecode track; Resolve needs one to place it.")


def drop_flags(case: Case) -> Iterator[Found]:
    """Timecodes that are flagged as drop-frame at a rate that has none (24, 25...)."""
    assert isinstance(case.raw, AafFile)
    told = set()
    try:
        for mob, rate in _timecodes(case.raw):
            sentence = f"The timecode of '{mob[:80]}' is flagged drop-frame at {rate} frames a second, which have none."
            if sentence not in told:
                told.add(sentence)
                yield Found(None, sentence)
    except DAMAGED:  # in what no event needs
        yield Found(None, "Parts of the AAF that no event needs are damaged.")


def _timecodes(file: AafFile) -> Iterator[tuple[str, str]]:
    """Name and rate of every wrong flag: 24 and 25 have no drop-frame, nor have 30 and 60 where they are exact."""
    header = file.root.child(Pid.HEADER)
    content = header.child(Pid.CONTENT) if header else None
    for mob in content.children(Pid.MOBS) if content else ():
        if mob.kind not in {COMPOSITION_MOB, SOURCE_MOB}:
            continue
        for slot in mob.children(Pid.SLOTS):
            rate = slot.rational(Pid.EDIT_RATE)
            for each in _counting(slot.child(Pid.SEGMENT)):
                fps, drop = each.number(Pid.TIMECODE_FPS) or 0, bool(each.number(Pid.TIMECODE_DROP))
                if drop and (fps % 30 or rate == fps):
                    yield mob.text(Pid.MOB_NAME), Rate.of(rate).label() if rate and rate < fps else str(fps)


def _counting(segment: AafObject | None) -> Iterator[AafObject]:
    if segment is None:
        return
    if segment.kind == TIMECODE:
        yield segment
    elif segment.kind == SEQUENCE:
        yield from (each for each in segment.children(Pid.COMPONENTS) if each.kind == TIMECODE)


def sources(case: Case) -> Iterator[Found]:
    told = set()
    for event in case.timeline.events:
        if not event.file and not event.reel and event.name not in told:
            told.add(event.name)
            yield Found(None, f"'{event.name[:80]}' leads to neither a tape nor a file; nothing can be linked to it.")


def no_composition(case: Case) -> Iterator[Found]:
    if not dict(case.timeline.facts).get("compositions"):
        yield Found(None, "The AAF holds no composition, so that no timeline comes of it.")


def paths(case: Case) -> Iterator[tuple[str, int | None, str]]:
    for file, name in {event.file: event.name for event in case.timeline.events if event.file}.items():
        yield path_of(file), None, name
