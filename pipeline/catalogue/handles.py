"""What a person calls a clip in a list: the beginning of its id, its file name, or card/name -> the one clip."""

import re

from pipeline.catalogue.listing import by_prefix, rows
from pipeline.catalogue.reading import read_logged
from pipeline.catalogue.store import Catalogue
from pipeline.clip import LoggedClip
from pipeline.errors import NotFound, ValueRefused
from pipeline.shotlog.folding import words_of
from pipeline.shotlog.query import Query, Text

_ID = re.compile(r"([0-9a-fA-F]{4,32})(?::.*)?", re.DOTALL)
_MOST_NAMED = 3


def clip_called(catalogue: Catalogue, handle: str) -> LoggedClip:
    """The one clip of that handle; what is typed as `ID:NAME` is found by its id.

    Raises NotFound for none and ValueRefused for several, which it names.
    """
    found = _by_id(catalogue, handle) or _by_name(catalogue, handle)
    if not found:
        raise NotFound(f"'{handle}' is no clip of the log; write its id or its name: 'rushes log' shows them.")
    if len(found) > 1:
        listed = [f"{card}/{name} ({clip_id[:8]})" for clip_id, name, card in found[:_MOST_NAMED]]
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        raise ValueRefused(f"'{handle}' is {len(found)} clips; write the id of one: {', '.join(listed)}{more}.")
    with catalogue.reading() as db:
        number = db.execute("SELECT n FROM clips WHERE id = ?", (found[0][0],)).fetchone()[0]
        return read_logged(db, [number])[0]


def _by_id(catalogue: Catalogue, handle: str) -> list[tuple[str, str, str]]:
    match = _ID.fullmatch(handle)
    if match is None:
        return []
    with catalogue.reading() as db:
        return [(clip.clip.id, clip.clip.name, clip.clip.card) for clip in read_logged(db, by_prefix(db, match[1]))]


def _by_name(catalogue: Catalogue, handle: str) -> list[tuple[str, str, str]]:
    """Clips of that name, with or without its suffix; letters compare without regard to case."""
    card, _, name = handle.rpartition("/")
    if not (words := words_of(name)):
        return []
    found = []
    for row in rows(catalogue, Query(name, Text("name", words, "begins", name)), columns=("id", "name", "card")).rows:
        names = {row["name"].casefold(), row["name"].rpartition(".")[0].casefold()}
        if name.casefold() in names and (not card or (row["card"] or "").casefold() == card.casefold()):
            found.append((row["id"], row["name"], row["card"]))
    return found
