"""A card's own lists against what lies on it: files that it lacks, and those of its history under a new name."""

import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from pipeline.clip import Stamp
from pipeline.files import one_line
from pipeline.manifests.brought import CardLists
from pipeline.manifests.hashes import same

_MOST_NAMED = 10  # files that are not there; the rest is counted


def lacked(lists: CardLists, there: Iterable[bytes]) -> tuple[str, ...]:
    """The paths that lists name and the card does not have, however it composes letters or minds their case."""
    names = {_key(os.fsdecode(path)) for path in there}
    return tuple(name for name in sorted(lists.known) if _key(name) not in names)


def formats_by_path(lists: CardLists, lost: Iterable[str], files: Mapping[bytes, Stamp]) -> dict[bytes, set[str]]:
    """The formats in which files need a hash to be told from the lost ones of the history: of those that are new in it
    and have the size of a lost one."""
    wanted: dict[int | None, set[str]] = {}
    for old in lost:
        if old in lists.history:
            wanted.setdefault(lists.history[old], set()).update(lists.known[old])
    listed = {_key(name) for name in lists.history} if wanted else set()
    return {
        path: formats
        for path, stamp in files.items()
        if (formats := wanted.get(stamp.size, set()) | wanted.get(None, set()))
        and _key(os.fsdecode(path)) not in listed
    }


def renamed(lists: CardLists, lost: Iterable[str], found: Mapping[bytes, Mapping[str, str]]) -> dict[bytes, str]:
    """Of new files with their hashes, the paths that they had in the history: each lost file is one of them at most,
    where several are the same rather the one that only moved."""
    left = {old for old in lost if old in lists.history}
    before: dict[bytes, str] = {}
    for moved in (True, False):
        pool: dict[tuple[str, str, str], list[str]] = {}
        for old in sorted(left, reverse=True):
            format_, value = min(lists.known[old].items())
            pool.setdefault((format_, value.casefold(), _name(old, moved)), []).append(old)
        for path in sorted(found.keys() - before.keys()):
            for format_, value in found[path].items():
                olds = pool.get((format_, value.casefold(), _name(os.fsdecode(path), moved)))
                if olds and _agree(lists.known[olds[-1]], found[path]):
                    before[path] = olds.pop()
                    break
        left -= set(before.values())
    return before


def told_lost(lists: CardLists, lost: Sequence[str], *, copied: bool) -> list[str]:
    """What to say of files that the card does not have by any name; `copied`: no copy failed."""
    then = "all that was copied is verified; " if copied else ""
    told = [
        f"{one_line(name)} is not on the card, though {lists.origin[name]} lists it; {then}look for that file before"
        " the card is cleared."
        for name in lost[:_MOST_NAMED]
    ]
    if len(lost) > _MOST_NAMED:
        told.append(f"{len(lost) - _MOST_NAMED:,} more files that the card's own hash lists name are not on it.")
    return told


def _name(path: str, wanted: bool) -> str:  # noqa: FBT001 - of one caller, in a loop over both
    return PurePosixPath(path).name if wanted else ""


def _agree(listed: Mapping[str, str], found: Mapping[str, str]) -> bool:
    return all(name in found and same(name, value, found[name]) for name, value in listed.items())


def _key(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
