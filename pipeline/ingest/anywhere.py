"""Files outside any film: which are recordings, what lies beside them, and what they say."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.cards.media import MEDIA_SUFFIXES, SIDECAR_SUFFIXES, SMALL_SUFFIXES
from pipeline.cards.recognise import recognise
from pipeline.clip import SeenFile
from pipeline.errors import NotMedia, PathMissing, RushesError
from pipeline.files import stamp_of
from pipeline.metadata.facts import read_facts, sidecar_facts
from pipeline.metadata.plain import facts_json
from pipeline.processes.reader import ReaderProcess

_STRUCTURE_DEPTH = 4  # folders that a card structure lays over its clips (PRIVATE/M4ROOT/CLIP)
_KNOWN_SUFFIXES = MEDIA_SUFFIXES | SIDECAR_SUFFIXES

Sidecars = dict[Path, tuple[Path, ...]]


def facts_of(
    file: Path, mediainfo: ReaderProcess, sidecars: Sequence[Path], *, whole: bool = False
) -> dict[str, object]:
    """What one file and the sidecars beside it say, as `rushes facts --json` shows it; `whole` as in read_facts.

    Raises PathMissing, PathRefused, MediaUnreadable or NotMedia.
    """
    stamp_of(file)
    try:
        return facts_json(read_facts(file, sidecars, mediainfo=mediainfo, whole=whole))
    except NotMedia as refusal:
        try:
            return facts_json(sidecar_facts(file))
        except NotMedia as error:
            raise (error if _suffix(file.name) in SIDECAR_SUFFIXES else refusal) from None


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
