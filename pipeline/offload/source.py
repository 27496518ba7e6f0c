"""The card that is to be copied: what a look found on it, and what its own hash lists say of that."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.clip import Stamp
from pipeline.files import Scan
from pipeline.manifests.brought import CardLists, lists_of
from pipeline.offload.history import formats_by_path, lacked, renamed
from pipeline.offload.journal import Kept
from pipeline.offload.room import Room
from pipeline.offload.words import Wish


@dataclass(frozen=True, slots=True)
class SourceCard:
    """The card as it was found when its offload began, with the hashes that its files shall get."""

    wish: Wish
    files: Mapping[bytes, Stamp]
    lists: CardLists
    lost: tuple[str, ...]  # paths that a list names
    told_apart: Mapping[bytes, Collection[str]]  # formats of files that may be lost ones under a new name
    began: datetime
    room: Room

    def formats(self, path: bytes) -> tuple[str, ...]:
        """The hashes a file gets: those asked for, and those that lists hold of it, or of what it may have been."""
        listed = self.lists.known.get(os.fsdecode(path), ())
        return tuple(dict.fromkeys((*self.wish.formats, *listed, *sorted(self.told_apart.get(path, ())))))

    def before(self, kept: Mapping[bytes, Kept]) -> dict[bytes, str]:
        """The files of these that are lost ones under a new name, with their old path."""
        return renamed(self.lists, self.lost, {path: kept[path].hashes for path in self.told_apart if path in kept})


def source_card(wish: Wish, looked: Scan, began: datetime, room: Room) -> SourceCard:
    """The card of a look at its folder; files in folders that could not be looked into are not called lost."""
    files, lists = dict(looked.files()), lists_of(wish.card)
    unseen = tuple(f"{os.fsdecode(folder)}/" for folder, _ in looked.unreadable)
    lost = lacked(lists, (*files, *(path for path, _ in looked.skipped)))
    lost = tuple(name for name in lost if not name.startswith(unseen))
    return SourceCard(wish, files, lists, lost, formats_by_path(lists, lost, files), began, room)
