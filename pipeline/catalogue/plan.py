"""From which side a search is driven: the ways that need the fewest looks, counted before they are taken."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.catalogue.search import ALL, NONE, Condition, Sql, Way, condition, weight, words_way
from pipeline.catalogue.store import Connection
from pipeline.shotlog.query import Query

FEW = 1_000  # looks: ways that need no more than this are good enough to take
TOGETHER = 4  # clips of one group lie side by side: so many are read in the time of one look elsewhere
BROAD = 5_000  # looks: beyond this a search is answered from groups where it can be
MOST_HITS = 20_000  # clips beside those groups that are looked at one by one
MOST_LED = 50_000  # looks: ways that need more are no better than none
MOST_NAMED = 2_000  # groups that are named one by one
_NAMED = "g.n IN ("


@dataclass(frozen=True, slots=True)
class Plan:
    """How a search is run: as a sum over whole groups, and clip by clip for the rest.

    `groups` is a WHERE about groups `g`: all of their clips are found (None: there are none such).
    `source` and `where` are FROM and WHERE about clips `c`: `rest` what is found beside the groups,
    `where` everything. `few`: what is found is so little that it is looked at once, for rows and totals.
    """

    groups: Sql | None
    source: str
    where: Sql
    rest: Sql | None
    few: bool = False


def plan(db: Connection, query: Query) -> Plan:
    if query.root is None:
        return Plan(ALL, _source(texts=False, led=False), ALL, None)
    asked = condition(db, query.root)
    if asked.of_groups:
        groups = _whole_groups(db, asked)
        return Plan(groups, _source(texts=False, led=False), groups, None)
    ways, clips = _best_ways(db, asked)
    if clips > BROAD and asked.hits is not None and asked.core.text != NONE.text:
        hits = _count(db, asked.hits, MOST_HITS)
        if hits < MOST_HITS:
            return _core_and_hits(asked, asked.hits)
    source = _source(texts=asked.texts, led=ways is not None)
    where = asked.test if ways is None else _and(_along(ways), asked.test)
    return Plan(None, source, where, where, few=ways is not None and clips <= 5 * FEW)


def _core_and_hits(asked: Condition, hits: tuple[Way, ...]) -> Plan:
    """Whole groups, and beside them the few clips that pass for a reason of their own."""
    core, source = asked.core, _source(texts=asked.texts, led=True)
    rest = _and(_along(hits), Sql(f"NOT ({core.text})", core.values), asked.test)
    whole = f"SELECT c.n FROM {_source(texts=False, led=False)} WHERE {core.text}"
    where = Sql(f"c.n IN ({whole} UNION ALL SELECT c.n FROM {source} WHERE {rest.text})", (*core.values, *rest.values))
    return Plan(core, source, where, rest)


def _source(*, texts: bool, led: bool) -> str:
    """Forgotten clips belong to no group. CROSS keeps the order: clips that were led to, or group by group."""
    joined = (
        "clips c CROSS JOIN groups g ON g.n = c.group_n" if led else "groups g CROSS JOIN clips c ON c.group_n = g.n"
    )
    return f"{joined} CROSS JOIN texts t ON t.n = c.n" if texts else joined


def _whole_groups(db: Connection, asked: Condition) -> Sql:
    """The groups of a condition on groups alone: by number where they are not many."""
    narrowed = _narrowed(asked)
    sql = f"SELECT g.n FROM groups g WHERE {narrowed.text} LIMIT {MOST_NAMED + 1}"
    numbers = [n for (n,) in db.execute(sql, narrowed.values)]
    if len(numbers) > MOST_NAMED:
        return narrowed
    return Sql(f"{_NAMED}{', '.join(map(str, numbers))})")


def _narrowed(asked: Condition) -> Sql:
    """The test on groups, led to by its ways."""
    if asked.ways is None or weight(asked.ways) > 4 * BROAD:
        return asked.test
    union = " UNION ".join(way.select.text for way in asked.ways) or "SELECT 0"
    return _and(Sql(f"g.n IN ({union})"), asked.test)


def _best_ways(db: Connection, asked: Condition) -> tuple[tuple[Way, ...] | None, int]:
    """The ways that need the fewest looks, and how many; counting ends as soon as some need few."""
    best: tuple[Way, ...] | None = None
    fewest = MOST_LED
    for ways in _all_ways(db, asked):
        count = _count(db, ways, fewest)
        if count < fewest:
            best, fewest = ways, count
        if fewest <= FEW:
            break
    return best, fewest


def _all_ways(db: Connection, asked: Condition) -> Iterator[tuple[Way, ...]]:
    """Every way to all that is asked, the most promising first; words that must all be there are one way."""
    parts = asked.parts or (asked,)
    for part in parts:
        if part.of_groups:
            yield _named(db, part)
    matches = [part.ways[0].match for part in parts if part.ways and len(part.ways) == 1 and part.ways[0].match]
    if len(matches) > 1:
        yield (words_way(" AND ".join(f"({match})" for match in matches)),)
    for part in sorted(parts, key=_promise):
        if not part.of_groups and part.ways is not None:
            yield part.ways


def _named(db: Connection, part: Condition) -> tuple[Way, ...]:
    """The way through groups, with their clips counted where they are not many."""
    groups = _whole_groups(db, part)
    clips = None if part.ways is None else sum(way.clips or 0 for way in part.ways)
    if clips is None or groups.text.startswith(_NAMED):
        sql = f"SELECT coalesce(sum(g.clips), 0) FROM groups g WHERE {groups.text}"
        clips = int(db.execute(sql, groups.values).fetchone()[0])
    return (Way(Sql(f"SELECT g.n FROM groups g WHERE {groups.text}", groups.values), clips),)


def _count(db: Connection, ways: tuple[Way, ...], most: int) -> int:
    """How many looks these ways need; `most` stands for that and more."""
    count = sum(way.clips or 0 for way in ways) // TOGETHER
    for way in ways:
        if way.clips is None and count < most:
            sql = f"SELECT count(*) FROM (SELECT 1 FROM ({way.select.text}) LIMIT {most - count})"
            count += int(db.execute(sql, way.select.values).fetchone()[0])
    return min(count, most)


def _along(ways: tuple[Way, ...]) -> Sql:
    """The clips that lie along these ways."""
    if len(ways) == 1 and ways[0].clips is not None:
        return Sql(f"c.group_n IN ({ways[0].select.text})", ways[0].select.values)
    selects = [
        way.select.text if way.clips is None else f"SELECT n FROM clips WHERE group_n IN ({way.select.text})"
        for way in ways
    ]
    union = " UNION ".join(selects) or "SELECT 0"
    return Sql(f"c.n IN ({union})", tuple(value for way in ways for value in way.select.values))


def _and(*parts: Sql) -> Sql:
    text = " AND ".join(part.text if part.text.startswith("c.n IN (") else f"({part.text})" for part in parts)
    return Sql(text, tuple(value for part in parts for value in part.values))


def _promise(part: Condition) -> tuple[int, int]:
    """Which part to count first: what needs one look, then the longest words, they are the rarest."""
    longest = max((len(value) for value in part.test.values if isinstance(value, str)), default=0)
    return (len(part.ways or ()), -longest)
