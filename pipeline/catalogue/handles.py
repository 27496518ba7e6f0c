"""What a person calls a clip: the beginning of its id, its file name, card/name or a path -> the one clip."""

import os
import re

from pipeline.catalogue.listing import clip, rows
from pipeline.catalogue.search import prefix_bounds
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.clip import LoggedClip
from pipeline.errors import NotFound
from pipeline.shotlog.folding import words_of
from pipeline.shotlog.query import And, Match, Query, Text

_ID = re.compile(r"([0-9a-fA-F]{4,32})(?::.*)?", re.DOTALL)  # fewer letters may be a number or a camera
_MOST_NAMED = 3


def clip_called(catalogue: Catalogue, handle: str) -> LoggedClip:
    """The one clip of that handle; what is typed as `ID:NAME` is found by its id.

    Raises NotFound for none, and for several, which it names.
    """
    handle = handle.strip()
    with catalogue.reading() as db:
        found = _by_id(db, handle) | _by_path(db, handle)
    found |= _by_name(catalogue, handle)
    if not found:
        raise NotFound(
            f"'{handle}' is no clip of the log; write its name, its path, or four letters or more of its id:"
            " 'rushes log' shows them."
        )
    if len(found) > 1:
        named = sorted(f"{called} ({clip_id[:8]})" for clip_id, called in found.items())
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        raise NotFound(
            f"'{handle}' is {len(found)} clips; write the id of one: {', '.join(named[:_MOST_NAMED])}{more}."
        )
    return clip(catalogue, found.popitem()[0])


def names_begun(catalogue: Catalogue, begun: str, *, limit: int = 200) -> list[str]:
    """File names of clips that begin so, each once; after `card/` those of that card. For completion."""
    card, slash, name = begun.rpartition("/")
    fields: tuple[tuple[str, str, Match], ...] = (("name", name, "begins"), ("card", card, "whole"))
    asked = tuple(Text(field, words_of(said), match, said) for field, said, match in fields if words_of(said))
    found = rows(catalogue, Query(begun, And(asked) if asked else None), columns=("name", "card"), limit=limit).rows
    there = (row["name"] for row in found if not slash or (row["card"] or "").casefold() == card.casefold())
    return [f"{card}{slash}{each}" for each in dict.fromkeys(there) if each.casefold().startswith(name.casefold())]


def _by_id(db: Connection, handle: str) -> dict[str, str]:
    if not (match := _ID.fullmatch(handle)):
        return {}
    return _read(db, "c.id >= ? AND c.id < ?", prefix_bounds(match[1].lower()))


def _by_path(db: Connection, handle: str) -> dict[str, str]:
    """Clips of which a part lies there: below the film or another root, or at that very place."""
    found: dict[str, str] = {}
    if "/" in handle:
        for root, place in db.execute("SELECT n, place FROM roots").fetchall():
            below = handle.removeprefix(f"{place.rstrip('/')}/") if place else handle
            sql = "c.n IN (SELECT clip_n FROM places WHERE root = ? AND path = ?)"
            found |= _read(db, sql, (root, os.fsencode(below)))
    return found


def _read(db: Connection, which: str, values: tuple[object, ...]) -> dict[str, str]:
    """The ids of clips for which `which` holds, each with card/name."""
    sql = "SELECT c.id, d.name, c.name FROM clips c JOIN cards d ON d.n = c.card_n WHERE c.group_n IS NOT NULL AND "
    return {clip_id: f"{card}/{name}" for clip_id, card, name in db.execute(sql + which, values)}


def _by_name(catalogue: Catalogue, handle: str) -> dict[str, str]:
    """Clips of that name, with or without its suffix; letters compare without regard to case."""
    card, _, name = handle.rpartition("/")
    found: dict[str, str] = {}
    if not (words := words_of(name)):
        return found
    for row in rows(catalogue, Query(name, Text("name", words, "begins", name)), columns=("id", "name", "card")).rows:
        names = {row["name"].casefold(), row["name"].rpartition(".")[0].casefold()}
        if name.casefold() in names and (not card or (row["card"] or "").casefold() == card.casefold()):
            found[row["id"]] = f"{row['card']}/{row['name']}"
    return found
