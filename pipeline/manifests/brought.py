"""The hash lists that a card brings: what each of its files should hash to, and the history that goes on."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import RushesError
from pipeline.files import one_line
from pipeline.manifests.hashes import NULL
from pipeline.manifests.lists import CHAIN_NAME, FOLDER_NAME, Generation, HashList, parts_of, read_chain
from pipeline.manifests.sums import LIST_SUFFIXES, read_listing
from pipeline.manifests.verify import history_lists, read_below, together, whole_list

_WHOLE = ".mhl"  # lists that name all that lies below their folder; a list of sums may name one file


@dataclass(frozen=True, slots=True)
class CardLists:
    """`known`: by path, the value of each format; `origin`: by path, which list says so and when it was made.

    `whole` are the folders of which a list names every file; `generations` of the ASC MHL history at the root, and the
    files of that `history` with their sizes. `outside` are paths as listed that lead out of the folder of their list,
    each with that list and that folder.
    """

    known: Mapping[str, Mapping[str, str]]
    origin: Mapping[str, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    generations: tuple[Generation, ...] = ()
    history: Mapping[str, int | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    outside: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def lists_of(card: Path) -> CardLists:
    """All that the lists on a card say of its files, by path below it; a list that cannot be read is named."""
    found = []
    for parent, folders, names in os.walk(card):
        folders.sort()
        places = [Path(parent, name) for name in sorted(names)]
        found += [place for place in places if is_list_place(place) and not place.is_symlink()]
    return read_lists(card, found)


def is_list_place(place: Path) -> bool:
    """Whether a file goes by the name of a list that is read: the chain of an ASC MHL history stands for its lists."""
    if place.parent.name.casefold() == FOLDER_NAME:
        return place.name.casefold() == CHAIN_NAME
    return place.suffix.lower() in LIST_SUFFIXES


def read_lists(root: Path, places: Iterable[Path]) -> CardLists:
    """What these lists say of files below `root`, by path below it."""
    known: dict[str, dict[str, str]] = {}
    origin: dict[str, str] = {}
    whole: list[str] = []
    generations: tuple[Generation, ...] = ()
    sizes: dict[str, int | None] = {}
    warnings: list[str] = []
    outside: dict[str, tuple[str, str]] = {}
    for place in places:
        history = place.name.casefold() == CHAIN_NAME
        base = (place.parent.parent if history else place.parent).relative_to(root)
        try:
            lists = history_lists(place) if history else [_one(place)]
            if history and not base.parts:
                generations = read_chain(whole_list(place))
        except RushesError as error:
            warnings.append(f"{one_line(place.relative_to(root))} was not read: {error.sentence}")
            continue
        if history or place.suffix.lower() == _WHOLE:
            whole.append("/".join(base.parts))
        listed = _take(lists, base, place, (known, origin))
        if history and not base.parts:
            sizes = listed
        said = one_line(place.name), "/".join(base.parts)
        outside |= {each.path: said for one in lists for each in one.entries if not each.parts}
    return CardLists(known, origin, tuple(whole), generations, sizes, tuple(warnings), outside)


def _one(place: Path) -> HashList:
    return read_listing(place.name, read_below(place.parent, place.name))


def _take(
    lists: list[HashList], base: Path, place: Path, so_far: tuple[dict[str, dict[str, str]], dict[str, str]]
) -> dict[str, int | None]:
    """Add what these lists say; gives the sizes of the files that they name."""
    known, origin = so_far
    sizes: dict[str, int | None] = {}
    first: dict[str, str] = {}  # when a file was listed for the first time: that hash stands
    for listed in lists:
        for entry in listed.entries:
            first[entry.path] = first.get(entry.before) or first.get(entry.path) or listed.made
    for entry in together(lists):
        parts = parts_of(entry.path)
        values = {each.format: each.value for each in entry.hashes if each.format != NULL and each.value}
        if parts and values:
            path = "/".join((*base.parts, *parts))
            known.setdefault(path, {}).update(values)
            made = first[entry.path]
            origin[path] = f"{one_line(place.name)} made on {made}" if made else one_line(place.name)
            sizes[path] = entry.size
    return sizes
