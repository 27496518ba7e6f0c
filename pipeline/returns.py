"""The way back: an editor's timeline is read, its events matched with clips, what it says logged, the cut kept.

An import is known by its name and ending. The same file again changes nothing; a changed one takes back what the
import before it had logged, and says its own. The same timeline in another format takes nothing back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import msgspec
import xxhash

from pipeline.catalogue.cuts import fitting_name, logged_by_id, newest_cut, save_cut
from pipeline.catalogue.imports import import_batch, note_import
from pipeline.catalogue.known import known_clips
from pipeline.catalogue.log import Batch, undo, write_log
from pipeline.catalogue.store import Catalogue
from pipeline.delivery.matches import matches_of
from pipeline.delivery.unrated import read_in_film
from pipeline.editorial.bulk import unswept
from pipeline.editorial.edits import found_in
from pipeline.editorial.imports.kept import Kept, keep, kept_of, spec_of
from pipeline.editorial.imports.known import Known, name_keys
from pipeline.editorial.imports.matching import Match
from pipeline.editorial.imports.reading import ReadEvent, ReadTimeline
from pipeline.editorial.imports.sayings import Heard, sayings_of
from pipeline.errors import AlreadyThere, TimelineUnreadable
from pipeline.film import Film


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file is taken: the cut it is kept as (empty: the file's name), and a rate for lists that state none."""

    name: str = ""
    rate: str = ""
    who: str = "somebody"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of one file.

    `version` of the cut: None for a table of clips, which is no cut, and for what shows no clip. `batch`: what was
    logged, None for nothing new. `unchanged`: the same file said the same before. `rate_from`: where the rate of a
    list that states none came from. `count` of events (of a table: of rows), and how many were `found`.
    """

    file: Path
    name: str
    timeline: ReadTimeline
    matches: tuple[Match, ...]
    version: int | None
    batch: Batch | None
    refused: tuple[str, ...]
    unchanged: bool = False
    rate_from: str = ""
    count: int = 0
    found: int = 0

    @property
    def is_table(self) -> bool:
        return bool(self.timeline.events) and all(event.record is None for event in self.timeline.events)


def import_timeline(film: Film, catalogue: Catalogue, file: Path, asked: Asked) -> Imported:
    """Take a timeline in. Raises PathMissing, PathRefused, TimelineUnreadable and ValueRefused."""
    with unswept():
        timeline, rate_from, matches = _read(film, catalogue, file, asked)
    if not timeline.events and not timeline.marks:
        raise TimelineUnreadable(f"{file.name} holds no events; export the timeline itself.")
    name = _name(catalogue, file, asked)
    kept = keep(file.name, timeline, matches)
    content = xxhash.xxh128_hexdigest(msgspec.json.encode((kept, _said_in(timeline))))
    taken = Imported(file, name, timeline, matches, None, None, (), rate_from=rate_from)
    counts = (len(matches), sum(match.clip is not None for match in matches)) if taken.is_table else found_in(kept)
    taken = replace(taken, count=counts[0], found=counts[1])
    is_cut = not taken.is_table and bool(asked.name or any(match.clip for match in matches))
    known_as = (asked.name or file.stem) + file.suffix.lower()
    with catalogue.atomic():
        taken = replace(taken, version=_save(catalogue, name, kept) if is_cut else None)
        if import_batch(catalogue, known_as, content) is not None:
            return replace(taken, unchanged=True)
        if before := import_batch(catalogue, known_as):
            undo(catalogue, before, who=asked.who)
        heard = _heard(catalogue, file, timeline, matches)
        batch = _log(catalogue, heard, name, asked.who)
        note_import(catalogue, known_as, content, batch.id if batch else "")
    return replace(taken, batch=batch, refused=heard.refused)


def _name(catalogue: Catalogue, file: Path, asked: Asked) -> str:
    """The name that the timeline is kept under: never that of a cut which a search makes. Raises AlreadyThere."""
    name = asked.name or fitting_name(file.stem)
    newest = newest_cut(catalogue, name)
    if newest is None or kept_of(newest.spec) is not None:
        return name
    if asked.name:
        raise AlreadyThere(f"'{name}' is a cut that a search makes; keep this timeline under another name with --as.")
    return f"{name} back"


def _read(film: Film, catalogue: Catalogue, file: Path, asked: Asked) -> tuple[ReadTimeline, str, tuple[Match, ...]]:
    """The timeline, where its rate came from if it states none, and what its events are."""
    known = cache(lambda: known_clips(catalogue))
    timeline, rate_from = read_in_film(film, file, known, asked=asked.rate)
    return timeline, rate_from, tuple(matches_of(film, catalogue, timeline, known()))


def _said_in(timeline: ReadTimeline) -> list[object]:
    """What of a timeline goes to the log, as far as it is not kept with the cut."""
    return [
        (event.log, [(mark.name, mark.note, mark.record, mark.source) for mark in event.marks])
        for event in timeline.events
    ]


def _save(catalogue: Catalogue, name: str, kept: Kept) -> int:
    """The version of the cut that holds this timeline, made if it is not the newest."""
    spec = spec_of(kept)
    newest = newest_cut(catalogue, name)
    if newest is not None and newest.spec == msgspec.json.decode(msgspec.json.encode(spec)):
        return newest.version
    clips = dict.fromkeys(event.clip for event in kept.events if event.clip)
    return save_cut(catalogue, name, spec, [clip for clip in clips if clip])


def _heard(catalogue: Catalogue, file: Path, timeline: ReadTimeline, matches: Sequence[Match]) -> Heard:
    """What the timeline says that the log does not; only clips of which it says anything are looked up."""
    found = dict.fromkeys(
        match.clip.id
        for event, match in zip(timeline.events, matches, strict=True)
        if match.clip and (timeline.marks or event.marks or event.log or _is_renamed(event, match.clip))
    )
    return sayings_of(file.name, timeline, matches, {each.clip.id: each for each in logged_by_id(catalogue, found)})


def _is_renamed(event: ReadEvent, clip: Known) -> bool:
    return not set(name_keys(event.name)) & set(name_keys(clip.name))


def _log(catalogue: Catalogue, heard: Heard, name: str, who: str) -> Batch | None:
    if not heard.said:
        return None
    return write_log(catalogue, [(each.clip, each.saying) for each in heard.said], who=who, words=f"import {name}")
