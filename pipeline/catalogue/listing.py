"""Answers to searches: rows to list, totals, groups, whole clips, words to complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pipeline.catalogue.current import SHARED
from pipeline.catalogue.plan import Plan, plan
from pipeline.catalogue.reading import read_logged, values_of
from pipeline.catalogue.store import FLICKS, Catalogue, Connection
from pipeline.clip import LoggedClip
from pipeline.errors import NotFound, ValueRefused
from pipeline.fields import ALIASES, BY_NAME
from pipeline.shotlog.query import Query

_CAMERA = "(SELECT w.words FROM groups k JOIN terms w ON w.n = k.camera WHERE k.n = c.group_n)"
_STORY = ("c.story", f"{_CAMERA} IS NULL", _CAMERA, "c.name", "c.n")
_SORTED: dict[str, str] = {"duration": "flicks", "at": "seconds", "start_timecode": "start_sort"}


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows asked for, and the totals of all that was found; `duration` in seconds."""

    rows: list[dict[str, Any]]
    clips: int
    duration: Fraction


def rows(
    catalogue: Catalogue, query: Query, *, columns: Sequence[str] = (), sort: str = "", limit: int | None = None
) -> Listing:
    """Clips as dicts of `columns` (none given: every field and warnings), many-valued fields as lists.

    Sorted in story order (shoot day, time, camera, name), or by the field `sort`, `-field` backwards.
    """
    names = [_field(name) for name in columns] or [*BY_NAME, "warnings"]
    with catalogue.reading() as db:
        way = plan(db, query)
        clips, flicks = _totals(db, way)
        numbers = _numbers(db, way, sort, limit, clips) if clips else []
        values = values_of(db, numbers)
    listed = [{name: _plain(row[name]) for name in names} for row in values.values()]
    return Listing(listed, clips, Fraction(flicks, FLICKS))


def logged_clips(catalogue: Catalogue, query: Query, *, sort: str = "") -> list[LoggedClip]:
    """Whole clips with their current log, for cuts and exports, in story order or by `sort`."""
    with catalogue.reading() as db:
        way = plan(db, query)
        return read_logged(db, _numbers(db, way, sort, None, 0))


def clip_ids(catalogue: Catalogue, query: Query, *, sort: str = "") -> list[str]:
    """Only the ids of what a search finds."""
    with catalogue.reading() as db:
        numbers = _numbers(db, plan(db, query), sort, None, 0)
        return [db.execute("SELECT id FROM clips WHERE n = ?", (n,)).fetchone()[0] for n in numbers]


def clip(catalogue: Catalogue, prefix: str) -> LoggedClip:
    """The one clip whose id begins with `prefix`. Raises NotFound for none and for several."""
    prefix = prefix.strip().lower()
    with catalogue.reading() as db:
        found = [n for (n,) in db.execute(_BY_PREFIX, clips_prefix(prefix))] if prefix.isalnum() else []
        if not found:
            raise NotFound(f"There is no clip whose id begins with '{prefix}'; `rushes log` lists what there is.")
        if len(found) > 1:
            raise NotFound(f"More than one clip's id begins with '{prefix}'; give more of it.")
        return read_logged(db, found)[0]


_BY_PREFIX = "SELECT n FROM clips WHERE id >= ? AND id < ? AND group_n IS NOT NULL LIMIT 2"


def clips_prefix(prefix: str) -> tuple[str, str]:
    return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)


def group(catalogue: Catalogue, query: Query, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Clips, running time (seconds), first and last day for each combination of values of `fields`.

    A clip with several subjects counts under each of them.
    """
    names = [_field(name) for name in fields]
    if not names or "warnings" in names:
        raise ValueRefused("Say by which fields to group, such as location,subject.")
    with catalogue.reading() as db:
        way = plan(db, query)
        shared = all(BY_NAME[name].shared for name in names)
        sql, values = _grouped(way, names) if shared and way.groups else _grouped_clips(way, names)
        found = db.execute(sql, values).fetchall()
        terms = _term_values(db, found, len(names)) if found else {}
    made = [_group_row(names, row, terms) for row in found]
    return sorted(made, key=lambda row: [(row[name] is None, str(row[name]).casefold()) for name in names])


def values(catalogue: Catalogue, field: str, prefix: str = "", *, limit: int = 200) -> list[str]:
    """Values of a field that begin with `prefix`, for completion."""
    name = _field(field)
    low = prefix.casefold()
    with catalogue.reading() as db:
        if BY_NAME[name].shared:
            sql = (
                "SELECT value FROM terms t WHERE field = ? AND EXISTS"
                " (SELECT 1 FROM group_terms WHERE term_n = t.n) ORDER BY words, value"
            )
            found = [value for (value,) in db.execute(sql, (name,))]
        elif name in ("tag", "scene"):
            source = "clips, json_each(tag)" if name == "tag" else "clips"
            column = "json_each.value" if name == "tag" else "scene"
            sql = f"SELECT DISTINCT {column} FROM {source} WHERE {name} IS NOT NULL AND group_n IS NOT NULL ORDER BY 1"
            found = [value for (value,) in db.execute(sql)]
        elif name == "id" and low.isalnum():
            sql = "SELECT id FROM clips WHERE id >= ? AND id < ? AND group_n IS NOT NULL LIMIT ?"
            found = [value for (value,) in db.execute(sql, (*clips_prefix(low), limit))]
        else:
            found = []
    return [value for value in found if value.casefold().startswith(low)][:limit]


def totals(catalogue: Catalogue, query: Query) -> tuple[int, Fraction]:
    """How many clips a search finds, and their running time in seconds."""
    with catalogue.reading() as db:
        clips, flicks = _totals(db, plan(db, query))
    return clips, Fraction(flicks, FLICKS)


def _totals(db: Connection, way: Plan) -> tuple[int, int]:
    if way.groups is not None:
        sql = f"SELECT coalesce(sum(g.clips), 0), coalesce(sum(g.flicks), 0) FROM groups g WHERE {way.groups.text}"
        row = db.execute(sql, way.groups.values).fetchone()
    else:
        sql = f"SELECT count(*), coalesce(sum(c.flicks), 0) FROM {way.source} WHERE {way.where.text}"
        row = db.execute(sql, way.where.values).fetchone()
    return int(row[0]), int(row[1])


def _numbers(db: Connection, way: Plan, sort: str, limit: int | None, clips: int) -> list[int]:
    """The clips' numbers in order."""
    end = "" if limit is None else f" LIMIT {max(0, int(limit))}"
    if sort:
        order = _order(sort)
    elif way.groups is not None and limit is not None and clips > FEW_TO_SORT:
        return _first_days(db, way, limit)
    else:
        # The plus keeps SQLite from walking the whole log in story order to find a few clips.
        order = ", ".join(("+c.story", *_STORY[1:]) if way.few else _STORY)
    sql = f"SELECT c.n FROM {way.source} WHERE {way.where.text} ORDER BY {order}{end}"
    return [n for (n,) in db.execute(sql, way.where.values)]


FEW_TO_SORT = 1_000


def _first_days(db: Connection, way: Plan, limit: int) -> list[int]:
    """The first clips in story order where groups decide: only the first days that hold enough are walked."""
    assert way.groups is not None
    sql = f"SELECT g.n, g.day, g.clips FROM groups g WHERE {way.groups.text} ORDER BY g.day IS NULL, g.day"
    chosen: list[int] = []
    enough, last = 0, None
    for number, day, count in db.execute(sql, way.groups.values):
        if enough >= limit and day != last:
            break
        chosen.append(number)
        enough, last = enough + count, day
    marks = ", ".join(map(str, chosen))
    walked = f"SELECT c.n FROM clips c WHERE c.group_n IN ({marks}) ORDER BY {', '.join(_STORY)} LIMIT {int(limit)}"
    return [n for (n,) in db.execute(walked)]


def _order(sort: str) -> str:
    """ORDER BY for a field; unknown values come last both ways, equal ones in story order."""
    name = _field(sort.removeprefix("-"))
    way = "DESC" if sort.startswith("-") else "ASC"
    field = BY_NAME.get(name)
    if field is None or name == "warnings":
        raise ValueRefused("Warnings give no order; sort by another field.")
    if field.many and field.shared:
        column = (
            "(SELECT min(w.words) FROM group_terms k JOIN terms w ON w.n = k.term_n"
            f" WHERE k.group_n = c.group_n AND w.field = '{name}')"
        )
    elif field.shared:
        key = "number" if field.kind in ("number", "rate") else "words"
        column = f"(SELECT w.{key} FROM groups k JOIN terms w ON w.n = k.{name} WHERE k.n = c.group_n)"
    else:
        column = f"c.{_SORTED.get(name, name)}"
    return f"{column} IS NULL, {column} {way}, {', '.join(_STORY)}"


def _grouped(way: Plan, names: list[str]) -> tuple[str, tuple[Any, ...]]:
    """Sums over groups."""
    assert way.groups is not None
    columns, source = _group_columns(names, "groups g")
    sql = (
        f"SELECT {', '.join(columns)}, sum(g.clips), sum(g.flicks), min(g.day), max(g.day) FROM {source}"
        f" WHERE {way.groups.text} GROUP BY {', '.join(map(str, range(1, len(columns) + 1)))}"
    )
    return sql, way.groups.values


def _grouped_clips(way: Plan, names: list[str]) -> tuple[str, tuple[Any, ...]]:
    """Sums over clips, where the search or a field is about each clip."""
    columns, source = _group_columns(names, f"{way.source} CROSS JOIN groups g ON g.n = c.group_n")
    sql = (
        f"SELECT {', '.join(columns)}, count(*), sum(c.flicks), min(g.day), max(g.day) FROM {source}"
        f" WHERE {way.where.text} GROUP BY {', '.join(map(str, range(1, len(columns) + 1)))}"
    )
    return sql, way.where.values


def _group_columns(names: list[str], source: str) -> tuple[list[str], str]:
    columns: list[str] = []
    for name in names:
        field = BY_NAME[name]
        if name in SHARED:
            columns.append(f"g.{name}")
        elif field.shared:
            source += (
                f" LEFT JOIN (SELECT x.group_n, x.term_n FROM terms w JOIN group_terms x ON x.term_n = w.n"
                f" WHERE w.field = '{name}') AS of_{name} ON of_{name}.group_n = g.n"
            )
            columns.append(f"of_{name}.term_n")
        elif field.many:
            source += f" LEFT JOIN json_each(c.{name}) AS of_{name}"
            columns.append(f"of_{name}.value")
        else:
            columns.append(f"c.{_SORTED.get(name, name) if name != 'start_timecode' else name}")
    return columns, source


def _term_values(db: Connection, found: Sequence[Sequence[Any]], fields: int) -> dict[int, str]:
    numbers = {value for row in found for value in row[:fields] if isinstance(value, int)}
    if len(numbers) > 5_000:
        return dict(db.execute("SELECT n, value FROM terms").fetchall())
    marks = ", ".join(map(str, numbers))
    return dict(db.execute(f"SELECT n, value FROM terms WHERE n IN ({marks})").fetchall())


def _group_row(names: list[str], row: Sequence[Any], terms: dict[int, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in zip(names, row, strict=False):
        shown = terms.get(value) if BY_NAME[name].shared and value is not None else value
        if name == "rating" and shown is not None:
            shown = int(shown)
        elif name == "duration":
            shown = round(value / FLICKS, 3)
        elif name == "path":
            shown = value.decode("utf-8", "backslashreplace")
        made[name] = shown
    clips, flicks, first, last = row[len(names) :]
    return {**made, "clips": clips, "duration": round(flicks / FLICKS, 3), "first_day": first, "last_day": last}


def _field(name: str) -> str:
    known = ALIASES.get(name, name)
    if known not in BY_NAME and known != "warnings":
        raise ValueRefused(f"'{name}' is no field; use one of {', '.join(BY_NAME)}.")
    return known


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
