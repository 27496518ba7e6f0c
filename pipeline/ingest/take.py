"""A settled card -> clips with facts and log values, ready to be recorded in one go."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.cards.media import SIDECAR_SUFFIXES
from pipeline.cards.recognise import recognise
from pipeline.catalogue.cards import FailedFile, TakenCard, TakenClip
from pipeline.clip import Clip, ClipFiles, Facts, Part, SeenFile
from pipeline.errors import ChangedWhileRead, NotMedia, RushesError
from pipeline.files import clip_id, quick_identity, shown, stamp_of
from pipeline.ingest.look import Ground, SeenCard
from pipeline.metadata.editing import editing_time
from pipeline.metadata.facts import READER_VERSION, facts_json, read_facts, sidecar_facts, span_facts
from pipeline.processes import ReaderProcess
from pipeline.settings import Settings
from pipeline.shotlog.clocks import local_moment
from pipeline.shotlog.reports import ReportRow, doubts, read_report
from pipeline.shotlog.rules import clock_zone, sayings

_STRUCTURE_DEPTH = 4  # folders that a card structure lays over its clips (PRIVATE/M4ROOT/CLIP)


def take_card(
    ground: Ground, card: SeenCard, settings: Settings, mediainfo: ReaderProcess, *, moment: str
) -> TakenCard:
    """Read every recording of a card; unusable files are named, the rest is taken.

    Raises ChangedWhileRead when a file moved meanwhile: the card has not settled after all.
    """
    reports = _reports(ground, card)
    rows = [row for report in reports.values() for row in report]
    told = ground.telling(card.folder.path)
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
        said = sayings(clip, folder=told, settings=settings, report=rows)
        local = local_moment(clip.facts, clock_zone(clip, told, settings))
        clips.append(TakenClip(clip, said, local, READER_VERSION))
    doubtful = _doubts(card, clips, reports, failed)
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


def _reports(ground: Ground, card: SeenCard) -> dict[bytes, tuple[ReportRow, ...]]:
    return {path: read_report(ground.absolute(path).read_bytes()) for path in card.folder.reports}


def _doubts(
    card: SeenCard,
    clips: Sequence[TakenClip],
    reports: dict[bytes, tuple[ReportRow, ...]],
    failed: Sequence[FailedFile],
) -> Iterator[str]:
    """What of the reports could not be used; files that could not be read are named elsewhere."""
    unread = {shown(file.path.rpartition(b"/")[2]) for file in failed}
    unread |= {name.rpartition(".")[0] for name in unread}
    for path, rows in reports.items():
        above = not path.startswith(card.folder.path + b"/")
        known = [row for row in rows if row.clip not in unread]
        yield from doubts([taken.clip for taken in clips], known, shared=above)


def facts_of(file: Path, mediainfo: ReaderProcess) -> dict[str, object]:
    """What one file and the sidecars beside it say, as `rushes facts --json` shows it.

    Raises PathMissing, MediaUnreadable or NotMedia.
    """
    stamp_of(file)
    base = file.parents[min(_STRUCTURE_DEPTH, len(file.parents) - 1)]
    below = os.fsencode(file.parent.relative_to(base))
    prefix = b"" if below == b"." else below + b"/"
    beside = tuple(
        SeenFile(prefix + os.fsencode(entry.name), stamp_of(Path(entry)))
        for entry in os.scandir(file.parent)
        if entry.is_file(follow_symlinks=False)
    )
    path = prefix + os.fsencode(file.name)
    cards = recognise(beside, lambda _: b"", lambda _: False)
    clips = [clip for card in cards for clip in card.clips if path in clip.parts]
    sidecars = [base / os.fsdecode(name) for clip in clips for name in clip.sidecars]
    try:
        return facts_json(read_facts(file, sidecars, mediainfo=mediainfo))
    except NotMedia:
        if file.suffix.lower().encode() not in SIDECAR_SUFFIXES:
            raise
        return facts_json(sidecar_facts(file))
