"""A settled card -> clips with facts and log values, ready to be recorded in one go."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pipeline.cards.media import MEDIA_SUFFIXES, SMALL_SUFFIXES, looks_recorded
from pipeline.cards.p2 import sounds_beside
from pipeline.catalogue.cards import FailedFile, TakenCard, TakenClip
from pipeline.clip import Clip, ClipFiles, Facts, Part, Source, shown
from pipeline.errors import ChangedWhileRead, PathMissing, RushesError
from pipeline.faults import reached
from pipeline.files import clip_id, one_line, quick_identity, read_small, stamp_of
from pipeline.ingest.listed import listed_files
from pipeline.ingest.look import Ground, SeenCard
from pipeline.ingest.tracks import take_tracks
from pipeline.ingest.zones import zone_at
from pipeline.metadata.assembly import span_facts, with_sounds
from pipeline.metadata.editing import editing_time
from pipeline.metadata.facts import read_facts
from pipeline.metadata.version import READER_VERSION
from pipeline.metadata.whole import is_whole
from pipeline.processes.reader import ReaderProcess
from pipeline.settings import Settings
from pipeline.shotlog.reports import ReportRow, doubts, read_report, rows_for
from pipeline.shotlog.rules import clock_zone, sayings
from pipeline.shotlog.trails import trails_of_clip


def take_card(
    ground: Ground, card: SeenCard, settings: Settings, mediainfo: ReaderProcess, *, moment: str
) -> TakenCard:
    """Read every recording of a card; unusable files are named, the rest is taken.

    Raises ChangedWhileRead or PathMissing when a file moved meanwhile: the card has not settled after all.
    """
    reports, failed = _reports(ground, card)
    rows = [row for report in reports.values() for row in report]
    told = ground.telling(card.folder.path)
    tracks, untold = take_tracks(ground, card, settings.place)
    clips: list[TakenClip] = []
    cut = _cut_off(ground, card)
    for files in card.folder.clips:
        read, unread = _read_parts(ground, card, files, mediainfo)
        failed += unread
        if not read:
            continue
        clip = _clip(card, files, read, [cut[path] for path in files.sidecars if path in cut])
        said = sayings(clip, folder=told, settings=settings, report=rows)
        zones = clock_zone(clip, told, settings, zone_at)
        clips.append(TakenClip(clip, said, zones, READER_VERSION, trails_of_clip(clip, settings.place)))
    listed, unlisted = listed_files(ground, card)
    unsure = (*_doubts(card, clips, reports, failed), *untold, *_misnamed(ground, card), *unlisted)
    doubtful = (*cut.values(), *_of_clips(clips), *unsure)
    refused = [f"{shown(each.path.rpartition(b'/')[2])} is missing " for each in listed if each.verdict == "refused"]
    others = [each for each in card.folder.warnings if not each.startswith(tuple(refused))]  # it is there, as no file
    folder = replace(card.folder, warnings=tuple(dict.fromkeys((*others, *doubtful))))
    return TakenCard(
        ground.root.id, folder, card.fingerprint, tuple(clips), tuple(failed), moment, tuple(tracks), listed
    )


def _read_parts(
    ground: Ground, card: SeenCard, files: ClipFiles, mediainfo: ReaderProcess
) -> tuple[list[tuple[Part, Facts]], list[FailedFile]]:
    """What can be read of a recording, from its first chapter to the one before the first that cannot."""
    read: list[tuple[Part, Facts]] = []
    failed: list[FailedFile] = []
    for path in files.parts:
        name = one_line(path.rpartition(b"/")[2])
        if failed:
            bad = one_line(failed[0].path.rpartition(b"/")[2])
            failed.append(FailedFile(path, f"{name} goes on from {bad}; mend that first.", failed[0].exit_code))
            continue
        try:
            read.append(_read_part(ground, card, path, _spoken(files, path), mediainfo))
        except (ChangedWhileRead, PathMissing):
            raise
        except RushesError as error:
            failed.append(FailedFile(path, error.sentence, error.exit_code))
        except Exception as error:  # noqa: BLE001 - a bug over one file must not cost the card
            what = f"{type(error).__name__}: {error}"
            failed.append(FailedFile(path, f"{name} met a bug of ours ({what}); please report it with this file.", 70))
    return read, failed


def _spoken(files: ClipFiles, part: bytes) -> tuple[bytes, ...]:
    """The sidecars that speak of one part; those that bear no part's name speak of the first."""
    if len(files.parts) == 1:
        return files.sidecars
    owners = {_stem(path): path for path in files.parts}

    def owner(sidecar: bytes) -> bytes:
        named = max((stem for stem in owners if _stem(sidecar).startswith(stem)), key=len, default=None)
        return files.parts[0] if named is None else owners[named]

    return tuple(path for path in files.sidecars if owner(path) == part)


def _stem(path: bytes) -> bytes:
    name = path.rpartition(b"/")[2]
    return (name.rpartition(b".")[0] or name).upper()


def _read_part(
    ground: Ground, card: SeenCard, path: bytes, sidecars: Sequence[bytes], mediainfo: ReaderProcess
) -> tuple[Part, Facts]:
    reached("read.recording")
    place = ground.absolute(path)
    quick = quick_identity(place)
    sounds = sounds_beside(path, sidecars)
    said = [ground.absolute(each) for each in sidecars if each not in sounds.values()]
    facts = read_facts(place, said, mediainfo=mediainfo)
    facts = with_sounds(facts, {one_line(each.rpartition(b"/")[2]): _heard(ground, each) for each in sounds.values()})
    for each in (path, *sounds.values()):
        _refuse_change(ground.absolute(each), card, each)
    _, frames = editing_time(facts)
    return Part(ground.root.id, path, card.stamps[path], quick, frames), facts


def _heard(ground: Ground, path: bytes) -> Facts | None:
    """Facts of a file that holds a track of sound; None for one that cannot be read."""
    try:
        return read_facts(ground.absolute(path))
    except PathMissing:
        raise
    except RushesError:
        return None


def _clip(card: SeenCard, files: ClipFiles, read: Sequence[tuple[Part, Facts]], cut: Sequence[str]) -> Clip:
    """One recording from its chapters: identity, facts, and the time it is edited in.

    What the card says is wrong with it, and sidecars that are `cut` off, are among its warnings.
    """
    parts = tuple(part for part, _ in read)
    facts = span_facts([facts for _, facts in read]) if len(read) > 1 else read[0][1]
    reel = card.folder.reel
    if facts.reel is None and reel and facts.video:
        facts = replace(facts, reel=reel, sources=(*facts.sources, Source("reel", "names on the card")))
    facts = replace(
        facts, warnings=tuple(dict.fromkeys((*_short(facts, files.sidecars), *facts.warnings, *files.warnings, *cut)))
    )
    rate, frames = editing_time(facts)
    timecode = facts.timecode
    return Clip(
        id=clip_id(parts[0].stamp.size, parts[0].quick),
        name=files.parts[0].rpartition(b"/")[2].decode("utf-8", "backslashreplace"),
        card=card.folder.name,
        kind=files.kind,
        parts=parts,
        facts=facts,
        rate=rate,
        frames=frames,
        start=timecode.counted_at(rate) if timecode and rate else None,
        sidecars=files.sidecars,
    )


def _short(facts: Facts, sidecars: Sequence[bytes]) -> Iterator[str]:
    """That a recording has fewer frames than a sidecar counts; where they are twice as many, they are fields."""
    names = {one_line(path.rpartition(b"/")[2]) for path in sidecars}
    frames = facts.video.frames if facts.video else None
    others = next((source.others for source in facts.sources if source.key == "frames"), ())
    for where, text in others:
        if frames is None or where.partition(":")[0] not in names or not (text.isascii() and text.isdigit()):
            continue
        stated = int(text)
        if stated * 9 > frames * 10 and abs(stated - 2 * frames) > 2:
            yield f"It has {frames:,} frames where {where} says {stated:,}; copy it from the card again."


def _of_clips(clips: Sequence[TakenClip]) -> Iterator[str]:
    """What the recordings say is wrong with themselves, each by its name."""
    for clip in (taken.clip for taken in clips):
        named = (clip.name, *(shown(path.rpartition(b"/")[2]) for path in clip.sidecars))
        for warning in clip.facts.warnings:
            yield warning if any(name in warning for name in named) else f"{clip.name}: {warning}"


def _cut_off(ground: Ground, card: SeenCard) -> dict[bytes, str]:
    """The small files of a card that end before their format does, a sentence each."""
    parts = {path for clip in card.folder.clips for path in clip.parts}
    ours = (path for path in card.stamps if path not in parts)
    return {
        path: f"{one_line(path.rpartition(b'/')[2])} is cut off or damaged; copy it again."
        for path in ours
        if not is_whole(ground.absolute(path))
    }


def _refuse_change(place: Path, card: SeenCard, path: bytes) -> None:
    if stamp_of(place) != card.stamps[path]:
        raise ChangedWhileRead(f"{one_line(place.name)} changed while it was read; it is taken again when it rests.")


def _reports(ground: Ground, card: SeenCard) -> tuple[dict[bytes, tuple[ReportRow, ...]], list[FailedFile]]:
    """The rows of the card's reports; a report that cannot be read costs nothing else."""
    read: dict[bytes, tuple[ReportRow, ...]] = {}
    failed: list[FailedFile] = []
    for path in card.folder.reports:
        try:
            read[path] = read_report(read_small(ground.absolute(path)))
        except PathMissing:
            raise
        except RushesError as error:
            failed.append(FailedFile(path, error.sentence, error.exit_code))
    return read, failed


def _doubts(
    card: SeenCard,
    clips: Sequence[TakenClip],
    reports: dict[bytes, tuple[ReportRow, ...]],
    failed: Sequence[FailedFile],
) -> Iterator[str]:
    """What of the reports could not be used; files that could not be read are named elsewhere."""
    unread = {one_line(file.path.rpartition(b"/")[2]) for file in failed}
    unread |= {name.rpartition(".")[0] for name in unread}
    every = [row for rows in reports.values() for row in rows]
    for clip in (taken.clip for taken in clips):
        if not rows_for(clip, every) and any(rows_for(clip, rows) for rows in reports.values()):
            yield f"The camera reports of this card contradict each other about {clip.name}; none was used."
    for path, rows in reports.items():
        above = not path.startswith(card.folder.path + b"/")
        known = [row for row in rows if row.clip not in unread]
        yield from doubts([taken.clip for taken in clips], known, shared=above)


def _misnamed(ground: Ground, card: SeenCard) -> Iterator[str]:
    """Files that were left lying for their name's sake but begin as recordings do."""
    for path in card.folder.others:
        suffix = b"." + path.rpartition(b".")[2].lower()
        if suffix in MEDIA_SUFFIXES or suffix in SMALL_SUFFIXES:
            continue
        with suppress(OSError), ground.absolute(path).open("rb") as file:
            if looks_recorded(file.read(12)):
                name = one_line(path.rpartition(b"/")[2])
                yield f"{name} looks like a recording, but its name does not say so; give it the ending it should have."
