"""A settled card -> clips with facts and log values, ready to be recorded in one go."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.catalogue.cards import FailedFile, TakenCard, TakenClip
from pipeline.clip import Clip, ClipFiles, Facts, Part
from pipeline.errors import ChangedWhileRead, RushesError
from pipeline.files import clip_id, quick_identity, shown, stamp_of
from pipeline.ingest.look import Ground, SeenCard
from pipeline.metadata.editing import editing_time
from pipeline.metadata.facts import READER_VERSION, read_facts, span_facts
from pipeline.processes import ReaderProcess
from pipeline.settings import Settings
from pipeline.shotlog.clocks import local_moment
from pipeline.shotlog.reports import ReportRow, doubts, read_report
from pipeline.shotlog.rules import clock_zone, sayings


def take_card(
    ground: Ground, card: SeenCard, settings: Settings, mediainfo: ReaderProcess, *, moment: str
) -> TakenCard:
    """Read every recording of a card; unusable files are named, the rest is taken.

    Raises ChangedWhileRead when a file moved meanwhile: the card has not settled after all.
    """
    report = _report_rows(ground, card)
    clips: list[TakenClip] = []
    failed: list[FailedFile] = []
    for files in card.folder.clips:
        try:
            clip = read_clip(ground, card, files, mediainfo)
        except ChangedWhileRead:
            raise
        except RushesError as error:
            failed.append(FailedFile(files.parts[0], error.sentence, error.exit_code))
            continue
        said = sayings(clip, folder=card.folder.path, settings=settings, report=report)
        local = local_moment(clip.facts, clock_zone(clip, card.folder.path, settings))
        clips.append(TakenClip(clip, said, local, READER_VERSION))
    doubtful = doubts([taken.clip for taken in clips], report)
    folder = replace(card.folder, warnings=(*card.folder.warnings, *doubtful))
    return TakenCard(ground.root.id, folder, card.fingerprint, tuple(clips), tuple(failed), moment)


def read_clip(ground: Ground, card: SeenCard, files: ClipFiles, mediainfo: ReaderProcess) -> Clip:
    """One recording from its files: identity, facts, and the time it is edited in."""
    sidecars = [ground.absolute(path) for path in files.sidecars]
    parts: list[Part] = []
    told: list[Facts] = []
    for index, path in enumerate(files.parts):
        place = ground.absolute(path)
        quick = quick_identity(place)
        facts = read_facts(place, sidecars if index == 0 else (), mediainfo=mediainfo)
        _refuse_change(place, card, path)
        _, frames = editing_time(facts)
        parts.append(Part(ground.root.id, path, card.stamps[path], quick, frames))
        told.append(facts)
    facts = span_facts(told) if len(told) > 1 else told[0]
    rate, frames = editing_time(facts)
    timecode = facts.timecode
    return Clip(
        id=clip_id(parts[0].stamp.size, parts[0].quick),
        name=os.fsdecode(files.parts[0].rpartition(b"/")[2]),
        card=card.folder.name,
        kind=files.kind,
        parts=tuple(parts),
        facts=facts,
        rate=rate,
        frames=frames,
        start=timecode.counted_at(rate) if timecode and rate else None,
        sidecars=files.sidecars,
    )


def _refuse_change(place: Path, card: SeenCard, path: bytes) -> None:
    if stamp_of(place) != card.stamps[path]:
        raise ChangedWhileRead(f"{shown(place.name)} changed while it was read; it is taken again when it rests.")


def _report_rows(ground: Ground, card: SeenCard) -> Sequence[ReportRow]:
    rows: list[ReportRow] = []
    for path in card.folder.reports:
        rows += read_report(ground.absolute(path).read_bytes())
    return rows
