"""Hash lists on a card (ASC MHL in a folder ascmhl, MHL 1.x or sums beside the files): what they name and it lacks.

Only names and sizes are compared here, because those cost nothing; the hashes are, when the files are read.
Of an ASC MHL history all generations count, the newest size of a file and the newest name of a
renamed one.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.cards.documents import LARGEST
from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.structure import CardFile, Folder, Read
from pipeline.clip import shown
from pipeline.errors import RushesError
from pipeline.manifests.lists import Entry, read_chain
from pipeline.manifests.sums import LIST_SUFFIXES, read_listing

_CHAIN = b"ASCMHL_CHAIN.XML"
_LISTS = frozenset(suffix.encode() for suffix in LIST_SUFFIXES)
_MOST_NAMED = 10  # by one list; the rest is counted


class Complaint(NamedTuple):
    """A sentence on one file: where it lies or should lie, and what the list that speaks of it stands for."""

    path: bytes
    base: bytes  # the folder that is listed
    sentence: str
    lost: bool = False  # a recording that is not there
    about_list: bool = False  # the list itself is at fault


def complaints(folders: Mapping[bytes, Folder], read: Read) -> list[Complaint]:
    """What the hash lists in all these folders say; nothing of lists that are too long to be read here."""
    found: list[Complaint] = []
    there: dict[str, CardFile] | None = None
    for folder in folders.values():
        lists = [file for file in folder.files if file.suffix in _LISTS and file.size <= LARGEST]
        history = bool(folder.parts) and folder.parts[-1] == b"ASCMHL"
        base = folder.path.rpartition(b"/")[0] if history else folder.path
        if history:
            found += _chain(folder, base, read)
        listed: dict[str, tuple[CardFile, bytes, int | None]] = {}
        for file in lists:
            try:
                entries = read_listing(shown(file.name), read(file.path)).entries
            except (RushesError, OSError):
                damaged = f"{shown(file.name)} is damaged; copy it again."
                found.append(Complaint(file.path, base, damaged, about_list=True))
                continue
            found += _refused(file, base, [entry.path for entry in entries if entry.parts is None])
            for path, size, before in _looked_for(entries):
                if before:
                    listed.pop(_key(_joined(base, before)), None)
                listed[_key(_joined(base, path))] = (file, _joined(base, path), size)
        if listed and there is None:
            there = {_key(file.path): file for each in folders.values() for file in each.files}
        found += _compared(listed, there or {}, base)
    return found


def _key(path: bytes) -> str:
    """Paths as they are compared: file systems compose letters in their own ways and forget their case."""
    return unicodedata.normalize("NFC", path.decode("utf-8", "surrogateescape")).casefold()


def _joined(base: bytes, path: bytes) -> bytes:
    return base + b"/" + path if base else path


def _looked_for(entries: Iterable[Entry]) -> Iterator[tuple[bytes, int | None, bytes]]:
    """The files of one list: path below its base, size, and the path before a renaming; no loss are those that scans
    leave out."""
    for entry in entries:
        parts = entry.parts
        if parts and not any(part[:1] in (".", "~") for part in parts):
            yield _bytes("/".join(parts)), entry.size, _bytes(entry.before)


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _refused(file: CardFile, base: bytes, paths: Sequence[str]) -> Iterator[Complaint]:
    """Paths that lead out of the listed folder: they are named and never opened."""
    if paths:
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        sentence = f"{shown(file.name)} lists {shown(_bytes(paths[0]))}{more}: that leads off the card and is not read."
        yield Complaint(file.path, base, sentence, about_list=True)


def _compared(
    listed: Mapping[str, tuple[CardFile, bytes, int | None]], there: Mapping[str, CardFile], base: bytes
) -> Iterator[Complaint]:
    """Files that are missing or have another size; of many, the first are named."""
    differing = [
        (index, path, size, there.get(key))
        for key, (index, path, size) in listed.items()
        if key not in there or size not in (None, there[key].size)
    ]
    for index, path, size, file in differing[:_MOST_NAMED]:
        name = path.rpartition(b"/")[2]
        if file is None:
            lost = b"." + name.rpartition(b".")[2].lower() in MEDIA_SUFFIXES
            sentence = f"{shown(name)} is missing although {shown(index.name)} lists it; copy the card again."
            yield Complaint(path, base, sentence, lost)
        else:
            sizes = f"{file.size:,} bytes where {shown(index.name)} lists {size:,}"
            yield Complaint(file.path, base, f"{shown(name)} has {sizes}; copy it again.")
    if len(differing) > _MOST_NAMED:
        index, more = differing[0][0], len(differing) - _MOST_NAMED
        sentence = f"{more:,} more files that {shown(index.name)} lists are missing or differ; copy the card again."
        yield Complaint(index.path, base, sentence, about_list=True)


def _chain(folder: Folder, base: bytes, read: Read) -> Iterator[Complaint]:
    """The chain file lists the generations of a history, and each needs it."""
    chain = next((file for file in folder.files if file.name.upper() == _CHAIN), None)
    there = {file.name: file for file in folder.files if file.suffix in _LISTS}
    if chain is None:
        for name, file in list(there.items())[:1]:
            sentence = f"ascmhl_chain.xml is missing beside {shown(name)}; copy the card again."
            yield Complaint(file.path, base, sentence, about_list=True)
        return
    try:
        generations = read_chain(read(chain.path))
    except (RushesError, OSError):
        yield Complaint(chain.path, base, f"{shown(chain.name)} is damaged; copy it again.", about_list=True)
        return
    for each in generations:
        if each.path.encode() not in there:
            sentence = f"{each.path} is missing although {shown(chain.name)} lists it; copy the card again."
            yield Complaint(chain.path, base, sentence, about_list=True)


def unnamed(found: Iterable[Complaint], warnings: Iterable[str]) -> list[Complaint]:
    """Those of the complaints whose file no other warning names."""
    told = "\n".join(warnings)
    return [each for each in found if each.about_list or shown(each.path.rpartition(b"/")[2]) not in told]
