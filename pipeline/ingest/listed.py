"""What the hash lists on a card, and in the folders above it, say of its files: ready to be compared as those are read.

Only files that the look at the card found are ever read for it: regular ones, reached through no link.
"""

import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.clip import ListedFile
from pipeline.files import one_line
from pipeline.ingest.look import Ground, SeenCard
from pipeline.manifests.brought import CardLists, is_list_place, read_lists
from pipeline.manifests.lists import CHAIN_NAME, FOLDER_NAME

_LONGEST = 32 << 20  # bytes of a list, 100,000 files: a longer one would hold up the other cards


def listed_files(ground: Ground, card: SeenCard) -> tuple[tuple[ListedFile, ...], list[str]]:
    """The files of a card by its hash lists; sentences on recordings that are on none of these lists."""
    places = sorted({*_on_card(ground, card), *_above(ground, card)})
    unread = [
        f"{one_line(place.name)} is too long to be compared here; 'rushes facts' on it does so."
        for place in places
        if _weight(place) > _LONGEST
    ]
    places = [place for place in places if _weight(place) <= _LONGEST]
    if not places:
        return (), unread
    assert ground.root.place is not None
    lists = read_lists(Path(ground.root.place), places)
    if not lists.known and not lists.outside:
        return (), unread
    found = [*_by_lists(ground, card, lists), *_led_out(ground, card, lists)]
    on_lists = {each.path for each in found}
    extra = [path for path in card.stamps if path not in on_lists and _ought_to_be_listed(path, lists)]
    listed = (*found, *(ListedFile(ground.root.id, path, "", {}, verdict="extra") for path in extra))
    return listed, [*unread, *_doubts(found, extra)]


def _by_lists(ground: Ground, card: SeenCard, lists: CardLists) -> list[ListedFile]:
    there = {_key(path): path for path in card.stamps}
    return [each for name in lists.known if (each := _listed(ground, card, there, (lists, name)))]


def _led_out(ground: Ground, card: SeenCard, lists: CardLists) -> list[ListedFile]:
    """Paths that lists of this card name and that lead out of it: none of them is read."""
    return [
        ListedFile(ground.root.id, os.fsencode(name), origin, {}, verdict="refused")
        for name, (origin, base) in lists.outside.items()
        if f"{base}/".startswith(f"{os.fsdecode(card.folder.path)}/")
    ]


def _doubts(found: Sequence[ListedFile], extra: Sequence[bytes]) -> Iterator[str]:
    """Sentences on links that lists name, and on recordings that none names."""
    for each in found:
        if each.verdict == "refused" and each.hashes:
            yield (
                f"{one_line(each.path.rpartition(b'/')[2])}, which {each.origin} lists, is a link or no regular file:"
                " it is not read; put the file itself there."
            )
    for name in (path.rpartition(b"/")[2] for path in extra):
        if b"." + name.rpartition(b".")[2].lower() in MEDIA_SUFFIXES:
            yield (
                f"{one_line(name)} is on no hash list of this card: it came later or from elsewhere; see whether it"
                " belongs."
            )


def _weight(place: Path) -> int:
    """Bytes that reading a list takes: of a history those of all its generations."""
    with suppress(OSError):  # gone since: whoever reads it is told
        history = place.parent.iterdir() if place.name.casefold() == CHAIN_NAME else (place,)
        return sum(each.stat().st_size for each in history if each.is_file())
    return 0


def _on_card(ground: Ground, card: SeenCard) -> Iterator[Path]:
    for path in card.stamps:
        place = ground.absolute(path)
        if is_list_place(place):
            yield place


def _above(ground: Ground, card: SeenCard) -> Iterator[Path]:
    """Lists in the folders above a card, as far up as was looked: they may speak of several cards."""
    folder = card.folder.path
    while folder != ground.below:
        folder = folder.rpartition(b"/")[0]
        above = ground.absolute(folder)
        inside = above / FOLDER_NAME
        with suppress(OSError):  # a folder that may be passed and not looked into
            near = [*above.iterdir(), *(inside.iterdir() if inside.is_dir() and not inside.is_symlink() else ())]
            yield from [place for place in near if is_list_place(place) and place.is_file() and not place.is_symlink()]
        if not folder:
            return


def _key(path: bytes) -> str:
    """File systems compose letters in their own ways and forget their case."""
    return unicodedata.normalize("NFC", os.fsdecode(path)).casefold()


def _listed(ground: Ground, card: SeenCard, there: dict[str, bytes], what: tuple[CardLists, str]) -> ListedFile | None:
    """One listed file; None for one that is none of this card's, or that looks leave out by its name."""
    lists, name = what
    said = lists.origin[name], lists.known[name]
    path = there.get(_key(os.fsencode(name)))
    if path is not None:
        return ListedFile(ground.root.id, path, *said, card.stamps[path])
    path, folder = os.fsencode(name), card.folder.path
    if folder and not path.startswith(folder + b"/"):
        return None
    place = ground.absolute(path)
    if not os.path.lexists(place):
        return ListedFile(ground.root.id, path, *said, verdict="missing")
    inside = path[len(folder) :].lstrip(b"/").count(b"/")  # ingest/ itself may be a link to another disk
    reached = not any(each.is_symlink() for each in (place, *place.parents[:inside])) and place.is_file()
    return None if reached else ListedFile(ground.root.id, path, *said, verdict="refused")


def _ought_to_be_listed(path: bytes, lists: CardLists) -> bool:
    """Whether a list names all that lies where this file does; lists do not name themselves."""
    place = Path(os.fsdecode(path))
    if is_list_place(place) or FOLDER_NAME in (part.casefold() for part in place.parts):
        return False
    return any(not base or os.fsdecode(path).startswith(f"{base}/") for base in lists.whole)
