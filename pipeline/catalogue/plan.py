"""From which side a search is driven: the way that finds the fewest clips, counted before it is taken."""

from dataclasses import dataclass

from pipeline.catalogue.search import Condition, Sql, condition, on_clips, ways_of
from pipeline.catalogue.store import Connection
from pipeline.shotlog.query import Query

FEW = 2_000  # clips: a way that finds no more than this is good enough to take
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
    way, count = _best_way(db, asked)
    if way is not None and count < _MOST:
        union = " UNION ".join(each.text for each in way)
        values = tuple(value for each in way for value in each.values)
        where = Sql(f"c.n IN ({union}) AND c.group_n IS NOT NULL AND ({test.text})", (*values, *test.values))
        return Plan(asked.test if asked.of_groups else None, source, where, few=True)
    where = Sql(f"c.group_n IS NOT NULL AND ({test.text})", test.values)
    return Plan(asked.test if asked.of_groups else None, source, where, few=False)


def _best_way(db: Connection, asked: Condition) -> tuple[tuple[Sql, ...] | None, int]:
    """The way with the fewest clips; counting ends as soon as one has few."""
    best: tuple[Sql, ...] | None = None
    fewest = _MOST
    for part in sorted(asked.parts or (asked,), key=_promise):
        ways = ways_of(part)
        if not ways:
            continue
        count = sum(_count(db, way, fewest + 1, of_groups=part.of_groups, test=part.test) for way in ways)
        if count < fewest:
            best, fewest = ways, count
        if fewest <= FEW:
            break
    return best, fewest


def _count(db: Connection, way: Sql, most: int, *, of_groups: bool, test: Sql) -> int:
    if of_groups:
        total = db.execute(f"SELECT coalesce(sum(g.clips), 0) FROM groups g WHERE {test.text}", test.values)
        return int(total.fetchone()[0])
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({way.text}) LIMIT {most})"
    return int(db.execute(sql, way.values).fetchone()[0])


def _promise(part: Condition) -> tuple[int, int]:
    """Which part to count first: groups are cheap, then the longest words, which are the rarest."""
    longest = max((len(value) for value in part.test.values if isinstance(value, str)), default=0)
    return (0 if part.of_groups else 1, -longest)
