"""Answers to searches: rows to list, totals, groups, whole clips, words to complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pipeline.catalogue.current import SHARED, story_of_day
from pipeline.catalogue.plan import Plan, plan
from pipeline.catalogue.reading import clock, read_logged, values_of
from pipeline.catalogue.search import Sql, prefix_bounds
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.catalogue.uses import USED, cut_names
from pipeline.clip import LoggedClip
from pipeline.errors import NotFound, ValueRefused
from pipeline.fields import ALIASES, BY_NAME
from pipeline.shotlog.query import Query
from pipeline.timecode import FLICKS

_CAMERA = "(SELECT w.words FROM terms w WHERE w.n = g.camera)"
# The plus keeps SQLite from walking the whole log in story order to find a few clips.
_STORY: tuple[str, ...] = ("+c.story", f"{_CAMERA} IS NULL", _CAMERA, "c.name", "c.n")
FEW_TO_SORT = 1_000  # clips: more than this are not all sorted to show the first
_SORTED: dict[str, str] = {"duration": "flicks", "at": "seconds", "start_timecode": "start_sort"}


# What is shown of a clip beside its fields, and cannot be searched.
BESIDE = frozenset({"warnings", "listed"})


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
    names = [_field(name) for name in columns] or [*BY_NAME, *BESIDE]
    with catalogue.reading() as db:
        way = plan(db, query)
        if way.few:
            numbers, clips, flicks = _at_once(db, way, sort, limit)
        else:
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


def clip_numbers(db: Connection, query: Query) -> frozenset[int]:
    """What a search finds, for what else the catalogue is asked of these clips."""
    return frozenset(_numbers(db, plan(db, query), "", None, 0))


def clip(catalogue: Catalogue, clip_id: str) -> LoggedClip:
    """The clip of that id. Raises NotFound."""
    with catalogue.reading() as db:
        found = db.execute("SELECT n FROM clips WHERE id = ? AND group_n IS NOT NULL", (clip_id,)).fetchone()
        if found is None:
            raise NotFound(f"There is no clip '{clip_id}'; 'rushes log' shows what there is.")
        return read_logged(db, found)[0]


def group(catalogue: Catalogue, query: Query, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Clips, running time (seconds), first and last day for each combination of values of `fields`.

    A clip with several subjects counts under each of them.
    """
    names = [_field(name) for name in fields]
    if not names or not BESIDE.isdisjoint(names):
        raise ValueRefused("Say by which fields to group, such as location,subject.")
    with catalogue.reading() as db:
        way = plan(db, query)
        sql, values = _grouped(way, names)
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
            sql = "SELECT value FROM terms WHERE field = ? AND clips > 0 ORDER BY words, value"
            found = [value for (value,) in db.execute(sql, (name,))]
        elif name in ("tag", "scene"):
            source = "clips, json_each(tag)" if name == "tag" else "clips"
            column = "json_each.value" if name == "tag" else "scene"
            sql = f"SELECT DISTINCT {column} FROM {source} WHERE {name} IS NOT NULL AND group_n IS NOT NULL ORDER BY 1"
            found = [value for (value,) in db.execute(sql)]
        elif name == "used":
            found = cut_names(db)
        elif name == "id" and low.isalnum():
            sql = "SELECT id FROM clips WHERE id >= ? AND id < ? AND group_n IS NOT NULL LIMIT ?"
            found = [value for (value,) in db.execute(sql, (*prefix_bounds(low), limit))]
        else:
            found = []
    return [value for value in found if value.casefold().startswith(low)][:limit]


def _totals(db: Connection, way: Plan) -> tuple[int, int]:
    clips = flicks = 0
    if way.groups is not None:
        sql = f"SELECT coalesce(sum(g.clips), 0), coalesce(sum(g.flicks), 0) FROM groups g WHERE {way.groups.text}"
        clips, flicks = db.execute(sql, way.groups.values).fetchone()
    if way.rest is not None:
        sql = f"SELECT count(*), coalesce(sum(c.flicks), 0) FROM {way.source} WHERE {way.rest.text}"
        more = db.execute(sql, way.rest.values).fetchone()
        clips, flicks = clips + more[0], flicks + more[1]
    return int(clips), int(flicks)


def _at_once(db: Connection, way: Plan, sort: str, limit: int | None) -> tuple[list[int], int, int]:
    """The first clips in order, with the totals of all, where all are not many."""
    order = ", ".join(_order(sort) if sort else _STORY)
    sql = f"SELECT c.n, c.flicks FROM {way.source} WHERE {way.where.text} ORDER BY {order}"
    found = db.execute(sql, way.where.values).fetchall()
    return [n for n, _ in found[:limit]], len(found), sum(flicks for _, flicks in found)


def _numbers(db: Connection, way: Plan, sort: str, limit: int | None, clips: int) -> list[int]:
    """The clips' numbers in order."""
    if not sort and limit and way.groups is not None and clips > FEW_TO_SORT:
        first = _first_days(db, way.groups, limit)
        if way.rest is not None:
            first += _sorted(db, way.source, way.rest, _STORY, limit)
            found = Sql(f"c.n IN ({', '.join(map(str, first))})")
            first = _sorted(db, "clips c CROSS JOIN groups g ON g.n = c.group_n", found, _STORY, limit)
        return first
    return _sorted(db, way.source, way.where, _order(sort) if sort else _STORY, limit)


def _sorted(db: Connection, source: str, where: Sql, order: Sequence[str], limit: int | None) -> list[int]:
    end = "" if limit is None else f" LIMIT {max(0, int(limit))}"
    sql = f"SELECT c.n FROM {source} WHERE {where.text} ORDER BY {', '.join(order)}{end}"
    return [n for (n,) in db.execute(sql, where.values)]


def _first_days(db: Connection, groups: Sql, limit: int) -> list[int]:
    """The first clips of many whole groups: only the days that hold enough of them are walked, in story order."""
    chosen: list[int] = []
    enough, first, last = 0, "", None
    for known in ("IS NOT NULL", "IS NULL"):
        sql = f"SELECT g.n, g.day, g.clips FROM groups g WHERE g.day {known} AND ({groups.text}) ORDER BY g.day"
        for number, day, count in db.execute(sql, groups.values):
            if enough >= limit and day != last:
                break
            first = first if chosen else day
            chosen.append(number)
            enough, last = enough + count, day
    if not chosen:
        return []
    among = f"c.group_n IN ({', '.join(map(str, chosen))})"
    walk = f"SELECT c.story FROM clips c INDEXED BY clips_story WHERE c.story >= ? AND {among} ORDER BY c.story LIMIT ?"
    begin = story_of_day(first)
    stories = db.execute(walk, (begin, max(1, limit))).fetchall()
    where = Sql(f"c.story BETWEEN ? AND ? AND {among}", (begin, stories[-1][0]))
    return _sorted(db, "clips c INDEXED BY clips_story CROSS JOIN groups g ON g.n = c.group_n", where, _STORY, limit)


def _order(sort: str) -> tuple[str, ...]:
    """The order of a field; unknown values come last both ways, equal ones in story order."""
    name = _field(sort.removeprefix("-"))
    way = "DESC" if sort.startswith("-") else "ASC"
    if name in BESIDE:
        raise ValueRefused(f"'{name}' gives no order; sort by another field.")
    field = BY_NAME[name]
    if field.many and field.shared:
        column = (
            "(SELECT min(w.words) FROM group_terms k JOIN terms w ON w.n = k.term_n"
            f" WHERE k.group_n = c.group_n AND w.field = '{name}')"
        )
    elif field.shared:
        key = "number" if field.kind in ("number", "rate") else "words"
        column = f"(SELECT w.{key} FROM terms w WHERE w.n = g.{name})"
    elif name == "used":
        column = USED
    else:
        column = f"c.{_SORTED.get(name, name)}"
    return (f"{column} IS NULL", f"{column} {way}", *_STORY)


def _grouped(way: Plan, names: list[str]) -> tuple[str, tuple[Any, ...]]:
    """Sums over whole groups where those decide, else over clips; then under each of several values."""
    whole = way.groups is not None and way.rest is None and all(BY_NAME[name].shared for name in names)
    where = way.groups if whole and way.groups is not None else way.where
    source = "groups g" if whole else way.source
    clips, flicks = ("sum(g.clips)", "sum(g.flicks)") if whole else ("count(*)", "sum(c.flicks)")
    keys = [f"k{number}" for number in range(len(names))]
    columns = ", ".join(f"{_key(name)} AS {key}" for name, key in zip(names, keys, strict=True))
    inner = (
        f"SELECT {columns}, {clips} AS clips, {flicks} AS flicks, min(g.day) AS first, max(g.day) AS last"
        f" FROM {source} WHERE {where.text} GROUP BY {', '.join(keys)}"
    )
    many = [key for name, key in zip(names, keys, strict=True) if BY_NAME[name].many]
    each = "".join(f" LEFT JOIN json_each({key}) AS of_{key}" for key in many)
    shown = ", ".join(f"of_{key}.value" if key in many else key for key in keys)
    places = ", ".join(str(number + 1) for number in range(len(keys)))
    sql = f"SELECT {shown}, sum(clips), sum(flicks), min(first), max(last) FROM ({inner}){each} GROUP BY {places}"
    return sql, where.values


def _key(name: str) -> str:
    """The column of a field; many values are a JSON list."""
    field = BY_NAME[name]
    if name in SHARED:
        return f"g.{name}"
    if field.shared:
        return f"'[' || g.{name} || ']'"
    if name == "used":
        return USED
    return f"c.{'flicks' if name == 'duration' else 'seconds' if name == 'at' else name}"


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
        elif name == "at" and value is not None:
            shown = clock(value)
        elif name == "path":
            shown = value.decode("utf-8", "backslashreplace")
        made[name] = shown
    clips, flicks, first, last = row[len(names) :]
    return {**made, "clips": clips, "duration": round(flicks / FLICKS, 3), "first_day": first, "last_day": last}


def _field(name: str) -> str:
    known = ALIASES.get(name, name)
    if known not in BY_NAME and known not in BESIDE:
        raise ValueRefused(f"'{name}' is no field; use one of {', '.join(BY_NAME)}.")
    return known


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
