"""The hash lists that a card brings: what each of its files should hash to, and the history that goes on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import RushesError
from pipeline.files import one_line
from pipeline.manifests.hashes import NULL
from pipeline.manifests.lists import CHAIN_NAME, FOLDER_NAME, Entry, Generation, parts_of, read_chain, read_list
from pipeline.manifests.verify import history_entries, whole_list


@dataclass(frozen=True, slots=True)
class CardLists:
    """`known`: by path below the card, the value of each format; `generations` of the ASC MHL history at its root."""

    known: Mapping[str, Mapping[str, str]]
    generations: tuple[Generation, ...]
    warnings: tuple[str, ...]


def lists_of(card: Path) -> CardLists:
    """All that the lists on a card say of its files; a list that cannot be read is named."""
    known: dict[str, dict[str, str]] = {}
    generations: tuple[Generation, ...] = ()
    warnings: list[str] = []
    for path in _lists(card):
        below = path.relative_to(card)
        try:
            if path.name.casefold() == CHAIN_NAME:
                _take(history_entries(path), below.parent.parent, known)
                if len(below.parts) == 2:
                    generations = read_chain(whole_list(path))
            else:
                _take(read_list(whole_list(path)).entries, below.parent, known)
        except RushesError as error:
            warnings.append(f"{one_line(below)} was not read: {error.sentence}")
    return CardLists(known, generations, tuple(warnings))


def _lists(card: Path) -> list[Path]:
    """Chains of ASC MHL histories, and lists that lie beside what they list."""
    found = []
    for parent, folders, names in os.walk(card):
        folders.sort()
        history = Path(parent).name.casefold() == FOLDER_NAME
        wanted = [
            name for name in sorted(names) if (name == CHAIN_NAME if history else name.endswith((".mhl", ".MHL")))
        ]
        found += [Path(parent, name) for name in wanted if not Path(parent, name).is_symlink()]
    return found


def _take(entries: "tuple[Entry, ...]", base: Path, known: dict[str, dict[str, str]]) -> None:
    for entry in entries:
        parts = parts_of(entry.path)
        values = {each.format: each.value for each in entry.hashes if each.format != NULL and each.value}
        if parts and values:
            known.setdefault("/".join((*base.parts, *parts)), {}).update(values)
