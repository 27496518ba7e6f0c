"""Files outside any film: which are recordings or timelines, what lies beside them, and what they say."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.cards.media import MEDIA_SUFFIXES, SIDECAR_SUFFIXES, SMALL_SUFFIXES
from pipeline.cards.recognise import recognise
from pipeline.clip import SeenFile
from pipeline.editorial.imports.reading import ReadTimeline
from pipeline.editorial.imports.registry import IMPORTS, Import
from pipeline.errors import NotMedia, PathMissing, RushesError, TimelineUnreadable
from pipeline.files import one_line, path_error, read_small, stamp_of
from pipeline.metadata.facts import read_facts, sidecar_facts
from pipeline.metadata.plain import facts_json
from pipeline.processes.reader import ReaderProcess
from pipeline.timecode import Rate

_STRUCTURE_DEPTH = 4  # folders that a card structure lays over its clips (PRIVATE/M4ROOT/CLIP)
LARGEST_TIMELINE = 512 << 20
_HEAD = 64 << 10  # bytes in which a timeline shows what it is
_MOST_PROBLEMS = 50  # of a timeline that the facts repeat
_KNOWN_SUFFIXES = MEDIA_SUFFIXES | SIDECAR_SUFFIXES

Sidecars = dict[Path, tuple[Path, ...]]


def facts_of(
    file: Path, mediainfo: ReaderProcess, sidecars: Sequence[Path], *, whole: bool = False
) -> dict[str, object]:
    """What one file and the sidecars beside it say, as `rushes facts --json` shows it; `whole` as in read_facts.

    Raises PathMissing, PathRefused, MediaUnreadable, TimelineUnreadable or NotMedia.
    """
    stamp_of(file)
    try:
        return facts_json(read_facts(file, sidecars, mediainfo=mediainfo, whole=whole))
    except NotMedia as refusal:
        if format_of(file):
            return _of_timeline(file)
        try:
            return facts_json(sidecar_facts(file))
        except NotMedia as error:
            raise (error if _suffix(file.name) in SIDECAR_SUFFIXES else refusal) from None


def format_of(file: Path) -> Import | None:
    """The format of timeline that a file is in by its first bytes, or None."""
    head = read_small(file, _HEAD)
    return next((each for each in IMPORTS if each.recognises(head)), None)


def read_timeline(file: Path, rate: Rate | None = None) -> ReadTimeline:
    """The timeline in a file, counted at `rate` if its format may state none and does not.

    Raises PathMissing, PathRefused and TimelineUnreadable.
    """
    found = format_of(file)
    name = one_line(file.name)
    if found is None:
        known = ", ".join(each.title for each in IMPORTS)
        raise TimelineUnreadable(f"{name} is no timeline that is read here ({known}).")
    try:
        data = _content(file, found)
        return found.read_at(data, rate) if found.read_at and rate else found.read(data)
    except TimelineUnreadable as error:
        raise TimelineUnreadable(f"{name}: {error.sentence}") from error


def _content(file: Path, found: Import) -> bytes:
    """The bytes of a timeline, of a bundle only those of the timeline in it."""
    if found.unbundled is not None:
        try:
            with file.open("rb") as opened:
                content = found.unbundled(opened)
        except OSError as error:
            raise path_error(error, file) from error
        if content is not None:
            return content
    data = read_small(file, LARGEST_TIMELINE + 1)
    if len(data) > LARGEST_TIMELINE:
        raise TimelineUnreadable(f"This is larger than {LARGEST_TIMELINE >> 20} MiB; no timeline without media is.")
    return data


def _of_timeline(file: Path) -> dict[str, object]:
    """What a timeline says of itself; a table of clips (ALE) also what all its rows say of their recordings."""
    timeline = read_timeline(file)
    own: dict[str, object] = {"sources": {}}
    with suppress(RushesError):
        own = facts_json(sidecar_facts(file))
    said = [f"line {each.line}: {each.sentence}" if each.line else each.sentence for each in timeline.problems]
    if len(said) > _MOST_PROBLEMS:
        said[_MOST_PROBLEMS:] = [f"{len(said) - _MOST_PROBLEMS} more lines like these."]
    facts = {key: value for key, value in timeline.facts if value is not None}
    return {**own, "format": timeline.format, **facts, **({"warnings": said} if said else {})}


def sidecars_in(folder: Path) -> Sidecars:
    """The sidecars of each recording in a folder; nothing below or beside it is looked at."""
    base = (folder, *folder.parents)[min(_STRUCTURE_DEPTH, len(folder.parents))]
    prefix = os.fsencode(folder.relative_to(base)) + b"/" if folder != base else b""
    cards = recognise(tuple(_files(folder, prefix)), lambda _: b"", lambda _: False)
    clips = (clip for card in cards for clip in card.clips)
    return {
        base / os.fsdecode(part): tuple(base / os.fsdecode(name) for name in clip.sidecars)
        for clip in clips
        for part in clip.parts
    }


def _files(folder: Path, prefix: bytes) -> Iterator[SeenFile]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                try:
                    yield SeenFile(prefix + os.fsencode(entry.name), stamp_of(Path(entry)))
                except PathMissing:
                    continue  # gone between listing and look


def is_offered(entry: Path) -> bool:
    """Whether a file met in a folder is worth opening: links and empty files only where a name promises footage.

    The camera's own thumbnails and small proxies are not.
    """
    if _suffix(entry.name) in SMALL_SUFFIXES:
        return False
    if _suffix(entry.name) in _KNOWN_SUFFIXES:
        return True
    try:
        return stamp_of(entry).size > 0
    except RushesError:
        return False


def is_missed(name: str, error: RushesError) -> bool:
    """Whether a file met in a folder is missed when it cannot be used: what is no media only if its name says so."""
    return not isinstance(error, NotMedia) or _suffix(name) in MEDIA_SUFFIXES


def _suffix(name: str) -> bytes:
    return os.fsencode(Path(name).suffix.lower())
