"""Hash lists against the files below them: what is as listed, what is not, what is not there.

Only regular files below the list's own folder are opened, component by component and never through a link.
A history is checked as a whole: the first hash of a file stands, whatever later generations say of it.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from pipeline.errors import Cancelled, MediaUnreadable, PathMissing, PathRefused
from pipeline.files import CHUNK, one_line, open_below, path_error
from pipeline.manifests.hashes import NULL, Hasher, agree, of_bytes, same
from pipeline.manifests.lists import (
    FOLDER_NAME,
    LARGEST,
    Entry,
    HashList,
    is_chain,
    parts_of,
    read_chain,
    read_list,
)

_DEEPEST = 16  # histories within histories


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found, by path as listed; `refused` says of each path that was not opened why."""

    mismatch: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def word(self) -> str:
        """`ok`, `mismatch` or `missing`, the gravest of them; a file that was refused counts as missing."""
        return "mismatch" if self.mismatch else "missing" if self.missing or self.refused else "ok"


@dataclass(frozen=True, slots=True)
class Chained:
    """A history checked: its generations, whether the lists are those that the chain names, and the files."""

    generations: int
    chain: str
    outcome: Outcome


def never() -> bool:
    return False


def listed_folder(path: Path) -> Path:
    """The folder that a list speaks of: the one it lies in; of a history the one above its folder ascmhl."""
    return path.parent.parent if path.parent.name.casefold() == FOLDER_NAME else path.parent


def whole_list(path: Path) -> bytes:
    """The bytes of a list or chain file; raises MediaUnreadable, with its name, for what is damaged or too long."""
    data = read_below(path.parent, path.name)
    try:
        is_chain(data)
    except MediaUnreadable as error:
        raise MediaUnreadable(f"{one_line(path.name)}: {error.sentence}") from error
    return data


def check_list(listed: HashList, root: Path, cancelled: Callable[[], bool] = never) -> Outcome:
    """This list alone against the files below `root`; hashes recorded as failed are what the file was then."""
    return _checked(listed.entries, root, cancelled)


def check_history(chain: Path, cancelled: Callable[[], bool] = never, *, depth: int = 0) -> Chained:
    """The history that a chain file stands for, nested histories with it, against the folder above."""
    root = listed_folder(chain)
    generations, word, lists = _lists_of(chain)
    nested = dict(reference for listed in lists for reference in listed.references)
    outcome = _checked(together(lists), root, cancelled)
    for path, c4 in nested.items():
        if depth < _DEEPEST:
            word, outcome = _with_nested(root, path, c4, (word, outcome), (cancelled, depth))
    return Chained(generations, word, outcome)


def history_lists(chain: Path) -> list[HashList]:
    """The generations of a history in their order, as far as they can be read."""
    return _lists_of(chain)[2]


def _lists_of(chain: Path) -> tuple[int, str, list[HashList]]:
    """How many generations a chain names, whether they are as it says, and those that can be read."""
    generations = read_chain(whole_list(chain))
    word = "ok"
    lists = []
    for generation in generations:
        try:
            data = read_below(chain.parent, generation.path)
            whole = same("c4", of_bytes("c4", data), generation.c4)
            lists.append(read_list(data))
        except (PathMissing, PathRefused):
            word = "missing" if word == "ok" else word
        except MediaUnreadable:
            word = "mismatch"
        else:
            word = word if whole else "mismatch"
    return len(generations), word, lists


def _with_nested(
    root: Path, path: str, c4: str, so_far: tuple[str, Outcome], how: tuple[Callable[[], bool], int]
) -> tuple[str, Outcome]:
    """What a referenced history adds: its list must be the one that was referenced, and its files as it says."""
    word, outcome = so_far
    cancelled, depth = how
    parts = parts_of(path)
    if parts is None or len(parts) < 3:
        return word, Outcome(outcome.mismatch, outcome.missing, (*outcome.refused, (path, _OUTSIDE)))
    try:
        whole = same("c4", of_bytes("c4", read_below(root, path)), c4)
        inner = check_history(root.joinpath(*parts[:-1], "ascmhl_chain.xml"), cancelled, depth=depth + 1)
    except (PathMissing, PathRefused):
        return ("missing" if word == "ok" else word), outcome
    prefix = "/".join(parts[:-2])
    word = "mismatch" if not whole or inner.chain == "mismatch" else inner.chain if word == "ok" else word
    more = inner.outcome
    return word, Outcome(
        (*outcome.mismatch, *(f"{prefix}/{each}" for each in more.mismatch)),
        (*outcome.missing, *(f"{prefix}/{each}" for each in more.missing)),
        (*outcome.refused, *((f"{prefix}/{each}", why) for each, why in more.refused)),
    )


def together(lists: Iterable[HashList]) -> tuple[Entry, ...]:
    """Generations in their order as one list: files under their newest names, with the first hash of each format that
    did not fail."""
    expected: dict[str, Entry] = {}
    for entry in (entry for listed in lists for entry in listed.entries):
        known = expected.pop(entry.before, None) if entry.before else None
        known = known or expected.get(entry.path)
        first = {each.format: each for each in (known.hashes if known else ())}
        for each in entry.hashes:
            if each.action != "failed":
                first.setdefault(each.format, each)
        failed = any(each.action == "failed" for each in entry.hashes)
        size = known.size if known and failed else entry.size
        expected[entry.path] = Entry(entry.path, size, tuple(first.values()))
    return tuple(expected.values())


_OUTSIDE = "it leads out of the listed folder"


def _checked(entries: Iterable[Entry], root: Path, cancelled: Callable[[], bool]) -> Outcome:
    mismatch, missing, refused = [], [], []
    for entry in entries:
        if entry.parts is None:
            refused.append((entry.path, _OUTSIDE))
            continue
        try:
            if not _as_listed(entry, root, cancelled):
                mismatch.append(entry.path)
        except PathMissing:
            missing.append(entry.path)
        except PathRefused as error:
            refused.append((entry.path, error.sentence))
    return Outcome(tuple(mismatch), tuple(missing), tuple(refused))


def _as_listed(entry: Entry, root: Path, cancelled: Callable[[], bool]) -> bool:
    wanted = {each.format: each.value for each in entry.hashes if each.format != NULL and each.value}
    with open_below(root, entry.parts or ()) as file:
        if entry.size not in (None, os.fstat(file.fileno()).st_size):
            return False
        if not wanted:
            return True
        hasher = Hasher(tuple(wanted))
        try:
            _feed(hasher, file, cancelled)
        except OSError as error:
            raise path_error(error, root.joinpath(*(entry.parts or ()))) from error
    return agree(wanted, hasher.values())


def _feed(hasher: Hasher, file: FileIO, cancelled: Callable[[], bool]) -> None:
    buffer = memoryview(bytearray(CHUNK))
    while count := file.readinto(buffer):
        hasher.update(buffer[:count])
        if cancelled():
            raise Cancelled("The check was called off; run it again.")


def read_below(folder: Path, path: str) -> bytes:
    """The bytes of a list that another names, below its folder; raises PathMissing, PathRefused, MediaUnreadable."""
    parts = parts_of(path)
    if parts is None:
        raise PathRefused(f"{one_line(path)} leads out of {one_line(folder)} and is not read.")
    with open_below(folder, parts) as file:
        size = os.fstat(file.fileno()).st_size  # no more memory is taken than there is to read
        if size > LARGEST:
            raise MediaUnreadable(f"{one_line(path)} is too long for a hash list; split it.")
        try:
            return file.read(size) or b""
        except OSError as error:
            raise path_error(error, folder.joinpath(*parts)) from error
