"""A parsed search -> SQL: the one place where a search is evaluated, and SQLite does it alone.

The *test* of a condition says exactly which clips are meant, about rows `g` of groups, `c` of clips
and `t` of texts. It is never NULL, so that `-` takes the exact rest. Its *ways* lead to a superset
through an index; plan.py takes the shortest. Values of shared fields are looked up among the terms
first, so that a test on them compares numbers.
"""

from dataclasses import dataclass
from math import ceil, floor

from pipeline.catalogue.current import SHARED, TEXTS, packed
from pipeline.catalogue.store import Connection
from pipeline.catalogue.uses import clips_of_cuts, cut_names
from pipeline.fields import BY_NAME, FIELDS
from pipeline.shotlog.query import And, Flag, Has, Node, Not, Or, Span, Text
from pipeline.shotlog.terms import Term
from pipeline.timecode import FLICKS

Value = str | int | float
# Fields whose words a bare word looks through: of groups, and of clips (marks are notes on ranges).
GROUP_WORDS: tuple[str, ...] = ("folder", *(each.name for each in FIELDS if each.words and each.shared))
CLIP_WORDS: tuple[str, ...] = (*(each.name for each in FIELDS if each.words and not each.shared), "marks")
_COLUMNS: dict[str, str] = {"duration": "flicks", "at": "seconds", "start_timecode": "start_sort"}
_UNITS: dict[str, int] = {"duration": FLICKS, "at": 1, "frames": 1}
_ALWAYS = ("id", "name", "path")  # every clip has these


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition or select and its values, in the order of its question marks."""

    text: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """A select of numbers through an index: of groups, with their number and clips at most, or (None) of clips.

    `match` is the phrase for the index of words, where the way is one through that alone.
    """

    select: Sql
    clips: int | None = None
    groups: int = 0
    match: str = ""


NONE, ALL = Sql("0"), Sql("1")


@dataclass(frozen=True, slots=True)
class Condition:
    """One node of a search.

    `ways` together hold every clip that passes; None: no index leads there. `core` is the part of the
    test that groups alone decide, and `hits` are the ways to all clips that pass for a reason of their
    own (None: unknown): what passes is the core and some of the hits.
    """

    test: Sql
    core: Sql
    ways: tuple[Way, ...] | None
    hits: tuple[Way, ...] | None = ()
    of_groups: bool = False
    texts: bool = False
    parts: tuple["Condition", ...] = ()  # of a conjunction: each alone must hold


def condition(db: Connection, node: Node) -> Condition:
    """The SQL of a search."""
    match node:
        case And(parts):
            return _all(tuple(condition(db, part) for part in parts))
        case Or(parts):
            return _any(tuple(condition(db, part) for part in parts))
        case Not(part):
            return _not(condition(db, part))
        case Flag(field, wanted):
            yes = _terms(db, (field,), Sql("value = 'yes'"))
            return yes if wanted else _not(yes)
        case Has(field):
            return _has(db, field)
        case Span():
            return _span(db, node)
        case Text():
            return _text(db, node)


def _not(inner: Condition) -> Condition:
    test = Sql(f"NOT ({inner.test.text})", inner.test.values)
    if inner.of_groups:
        return _of_groups(test, None)
    return Condition(test, NONE, None, None, texts=inner.texts)


def _of_groups(test: Sql, ways: tuple[Way, ...] | None) -> Condition:
    return Condition(test, test, ways, of_groups=True)


def _of_clips(test: Sql, ways: tuple[Way, ...] | None, *, texts: bool = False) -> Condition:
    return Condition(test, NONE, ways, ways, texts=texts)


def _all(parts: tuple[Condition, ...]) -> Condition:
    """Every part holds; what is asked of groups is gathered into one part, led to by its rarest."""
    grouped = [part for part in parts if part.of_groups]
    others = [part for part in parts if not part.of_groups]
    led = [part.ways for part in grouped if part.ways is not None]
    test = _join(" AND ", [part.test for part in grouped])
    gathered = [_of_groups(test, min(led, key=weight) if led else None)] if grouped else []
    if not others:
        return gathered[0]
    kept = (*gathered, *others)
    return Condition(
        _join(" AND ", [part.test for part in kept]),
        _join(" AND ", [part.core for part in kept]),
        _narrowest(kept),
        _every_hit(kept),
        texts=any(part.texts for part in kept),
        parts=kept,
    )


def _any(parts: tuple[Condition, ...]) -> Condition:
    led = [part.ways for part in parts]
    return Condition(
        _join(" OR ", [part.test for part in parts]),
        _join(" OR ", [part.core for part in parts]),
        None if None in led else tuple(way for ways in led if ways for way in ways),
        _every_hit(parts),
        of_groups=all(part.of_groups for part in parts),
        texts=any(part.texts for part in parts),
    )


def _every_hit(parts: tuple[Condition, ...]) -> tuple[Way, ...] | None:
    hits = [part.hits for part in parts]
    return None if None in hits else tuple(way for each in hits if each for way in each)


def _narrowest(parts: tuple[Condition, ...]) -> tuple[Way, ...] | None:
    """The ways of any part lead to all; those of words are taken for the shortest."""
    led = [part.ways for part in parts if part.ways is not None]
    return min(led, key=weight) if led else None


def weight(ways: tuple[Way, ...]) -> int:
    """How many groups lie on these ways; those of clips are taken for shorter than any of groups."""
    return sum(way.groups for way in ways)


def words_way(match: str) -> Way:
    return Way(Sql("SELECT rowid FROM words WHERE words MATCH ?", (match,)), match=match)


def _join(word: str, parts: list[Sql]) -> Sql:
    return Sql(word.join(f"({part.text})" for part in parts), tuple(value for part in parts for value in part.values))


def _terms(db: Connection, fields: tuple[str, ...], which: Sql) -> Condition:
    """Groups that have a term of one of these fields for which `which` holds."""
    marks = ", ".join("?" * len(fields))
    sql = f"SELECT n, field, clips, groups FROM terms WHERE field IN ({marks}) AND {which.text}"
    found: dict[str, list[str]] = {}
    clips = groups = 0
    for number, field, of_clips, of_groups in db.execute(sql, (*fields, *which.values)):
        found.setdefault(field, []).append(str(number))
        clips, groups = clips + of_clips, groups + of_groups
    if not found:
        return _of_groups(NONE, ())
    numbers = {field: ", ".join(each) for field, each in found.items()}
    tests = [
        Sql(f"ifnull(g.{field}, 0) IN ({each})" if field in SHARED else _has_term(each))
        for field, each in numbers.items()
    ]
    select = f"SELECT group_n FROM group_terms WHERE term_n IN ({', '.join(numbers.values())})"
    return _of_groups(_join(" OR ", tests), (Way(Sql(select), clips, groups),))


def _has_term(numbers: str) -> str:
    return f"EXISTS (SELECT 1 FROM group_terms x WHERE x.term_n IN ({numbers}) AND x.group_n = g.n)"


def _has(db: Connection, name: str) -> Condition:
    field = BY_NAME[name]
    if field.shared:
        return _of_groups(Sql(f"g.{name} IS NOT NULL"), _terms(db, (name,), ALL).ways)
    if name in _ALWAYS:
        return _of_groups(ALL, None)
    if name == "used":
        return _used(None)
    column = _COLUMNS.get(name, name)
    if name == "sound":
        return _of_clips(Sql("ifnull(c.sound, 0) > 0"), (Way(Sql("SELECT n FROM clips WHERE sound > 0")),))
    known = f"{column} > 0" if name == "duration" else f"{column} IS NOT NULL"
    return _of_clips(Sql(f"c.{known}"), (Way(Sql(f"SELECT n FROM clips WHERE {known}")),))


def _span(db: Connection, node: Span) -> Condition:
    field = BY_NAME[node.field]
    low, high = _bound(node.field, node.low, up=True), _bound(node.field, node.high, up=False)
    if field.shared:
        return _terms(db, (node.field,), _between("value" if field.kind == "date" else "number", low, high))
    column = _COLUMNS.get(node.field, node.field)
    if node.field == "at" and isinstance(low, int) and isinstance(high, int) and low > high:
        tests = [_between(column, low, None), _between(column, None, high)]
    else:
        tests = [_between(column, low, high)]
    ways = tuple(Way(Sql(f"SELECT n FROM clips WHERE {test.text}", test.values)) for test in tests)
    whole = _join(" OR ", [Sql(test.text.replace(column, f"c.{column}"), test.values) for test in tests])
    return _of_clips(Sql(f"coalesce({whole.text}, 0)", whole.values), ways)


def _between(column: str, low: Value | None, high: Value | None) -> Sql:
    if low is not None and high is not None:
        return Sql(f"{column} BETWEEN ? AND ?", (low, high))
    if low is not None:
        return Sql(f"{column} >= ?", (low,))
    assert high is not None
    return Sql(f"{column} <= ?", (high,))


def _bound(field: str, term: Term | None, *, up: bool) -> Value | None:
    """A bound in the unit of its column; whole units are rounded inwards."""
    if term is None or isinstance(term, str):
        return term
    unit = _UNITS.get(field)
    if unit is None:
        return float(term)
    exact = term * unit
    limit = 2**62
    return min(max(ceil(exact) if up else floor(exact), -limit), limit)


def _text(db: Connection, node: Text) -> Condition:
    if node.field == "id":
        low, end = prefix_bounds(node.words[0])
        way = Way(Sql("SELECT n FROM clips WHERE id >= ? AND id < ?", (low, end)))
        return _of_clips(Sql("c.id >= ? AND c.id < ?", (low, end)), (way,))
    needle = _needle(node)
    if node.field == "used":
        return _used(tuple(name for name in cut_names(db) if needle in packed(name)))
    holds = Sql("instr(words, ?)", (needle,))
    if node.field is not None and BY_NAME[node.field].shared:
        return _terms(db, (node.field,), holds)
    if node.field == "path":
        return _any((_terms(db, ("folder",), holds), _within(node, needle, ("path",)), *_across(db, node, needle)))
    if node.field is not None:
        return _within(node, needle, (node.field,))
    return _any((_terms(db, GROUP_WORDS, holds), _within(node, needle, CLIP_WORDS), *_across(db, node, needle)))


def _used(cuts: tuple[str, ...] | None) -> Condition:
    """Clips that any of these cuts use; None: any cut."""
    select = Sql(clips_of_cuts(None if cuts is None else len(cuts)), cuts or ())
    return _of_clips(Sql(f"c.n IN ({select.text})", select.values), (Way(select),))


def prefix_bounds(prefix: str) -> tuple[str, str]:
    """Texts that begin with `prefix` lie between these two, the second left out."""
    return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _needle(node: Text) -> str:
    """What stands in a packed text (see current.packed) where the words are found."""
    words = " ".join(node.words)
    match node.match:
        case "begins":
            return f" {words}"
        case "word":
            return f" {words} "
        case "whole":
            return f"| {words} |"
        case "anywhere":
            return words


def _within(node: Text, needle: str, columns: tuple[str, ...]) -> Condition:
    """The texts that each clip has of its own."""
    test = _join(" OR ", [Sql(f"instr(t.{column}, ?)", (needle,)) for column in columns])
    if node.match == "anywhere":
        return _of_clips(test, None, texts=True)
    phrase = f'"{" ".join(node.words)}"' + ("*" if node.match == "begins" else "")
    match = f"{{{' '.join(columns)}}} : {phrase}"
    return _of_clips(test, (words_way(match),), texts=True)


def _across(db: Connection, node: Text, needle: str) -> tuple[Condition, ...]:
    """Words that run from a card's path on into the path within the card: of several, or parts of words."""
    if len(node.words) == 1 and node.match != "whole":
        return ()
    folder = "(SELECT w.words FROM terms w WHERE w.n = g.folder)"
    test = Sql(f"instr(rtrim(coalesce({folder}, '|')) || t.path, ?)", (needle,))
    if node.match == "anywhere":
        return (_of_clips(test, None, texts=True),)
    begun = _terms(db, ("folder",), Sql("instr(words, ?)", (f" {node.words[0]} ",)))
    return (_of_clips(test, begun.ways, texts=True),)


assert set(CLIP_WORDS) <= set(TEXTS)
