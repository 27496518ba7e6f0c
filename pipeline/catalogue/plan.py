"""From which side a search is driven: the way that finds the fewest clips, counted before it is taken."""

from dataclasses import dataclass

from pipeline.catalogue.search import Condition, Sql, Way, condition, on_clips, ways_of
from pipeline.catalogue.store import Connection
from pipeline.shotlog.query import Query

FEW = 1_000  # clips: a way that finds no more than this is good enough to take
_MOST = 100_000  # counting stops here: such a way is broad


@dataclass(frozen=True, slots=True)
class Plan:
    """How a search is run.

    `groups` is set where shared fields decide alone: totals are then sums over groups. `source` and
    `where` are the FROM and WHERE about clips `c`; `few` tells that they are found through a way.
    """

    groups: Sql | None
    source: str
    where: Sql
    few: bool


def plan(db: Connection, query: Query) -> Plan:
    if query.root is None:
        return Plan(Sql("1"), "clips c", Sql("c.group_n IS NOT NULL"), few=False)
    asked = condition(query.root)
    test = on_clips(asked)
    source = "clips c CROSS JOIN texts t ON t.n = c.n" if asked.texts else "clips c"
    ways = _best_ways(db, asked)
    if ways is None:
        where = Sql(f"c.group_n IS NOT NULL AND ({test.text})", test.values)
    else:
        union = " UNION ".join(way.select.text for way in ways)
        values = tuple(value for way in ways for value in way.select.values)
        where = Sql(f"c.n IN ({union}) AND c.group_n IS NOT NULL AND ({test.text})", (*values, *test.values))
    return Plan(asked.test if asked.of_groups else None, source, where, few=ways is not None)


def _best_ways(db: Connection, asked: Condition) -> tuple[Way, ...] | None:
    """The ways with the fewest clips; counting ends as soon as some have few, or as many as the best so far."""
    best: tuple[Way, ...] | None = None
    fewest = _MOST
    for part in sorted(asked.parts or (asked,), key=_promise):
        count = _count(db, ways_of(part), fewest)
        if count < fewest:
            best, fewest = ways_of(part), count
        if fewest <= FEW:
            break
    return best


def _count(db: Connection, ways: tuple[Way, ...] | None, most: int) -> int:
    """How many clips lie along these ways; `most` stands for that and more."""
    if not ways:
        return most
    count = 0
    for way in sorted(ways, key=lambda way: way.groups is None):
        if count < most:
            count += _along(db, way, most - count)
    return min(count, most)


def _along(db: Connection, way: Way, most: int) -> int:
    if way.groups is not None:
        sql = f"SELECT coalesce(sum(g.clips), 0) FROM groups g WHERE {way.groups.text}"
        return int(db.execute(sql, way.groups.values).fetchone()[0])
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({way.select.text}) LIMIT {most})"
    return int(db.execute(sql, way.select.values).fetchone()[0])


def _promise(part: Condition) -> tuple[int, int]:
    """Which part to count first: groups are cheap, then what needs one look, then the longest words, the rarest."""
    longest = max((len(value) for value in part.test.values if isinstance(value, str)), default=0)
    return (0 if part.of_groups else len(part.ways or ()), -longest)
