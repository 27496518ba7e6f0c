"""A parsed search -> SQL: the one place where a search is evaluated, and SQLite does it alone.

Every condition comes in two forms. The *test* says exactly which clips are meant and is never NULL,
so that `-` takes the exact rest. The *way* finds a superset of them through an index; plan.py
drives the search from the most selective one. Conditions on shared fields are asked of groups.
"""

from dataclasses import dataclass
from math import ceil, floor

from pipeline.catalogue.current import TEXTS
from pipeline.catalogue.store import FLICKS
from pipeline.fields import BY_NAME, FIELDS
from pipeline.shotlog.query import And, Flag, Has, Node, Not, Or, Span, Text
from pipeline.shotlog.terms import Term

Value = str | int | float
# Fields whose words a bare word looks through: of groups, and of clips (marks are notes on ranges).
GROUP_WORDS: tuple[str, ...] = ("folder", *(each.name for each in FIELDS if each.words and each.shared))
CLIP_WORDS: tuple[str, ...] = (*(each.name for each in FIELDS if each.words and not each.shared), "marks")
_COLUMNS: dict[str, str] = {
    "duration": "flicks", "at": "seconds", "start_timecode": "start_sort", "recorded_at": "recorded_at",
    "frames": "frames",
}  # fmt: skip
_UNITS: dict[str, int] = {"duration": FLICKS, "at": 1, "frames": 1}


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition and its values, in the order of its question marks."""

    text: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """A select of clip numbers through an index. Those of whole `groups` are counted without looking at clips."""

    select: Sql
    groups: Sql | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One node of a search. `of_groups`: `test` is about a row `g` of groups, else about `c` of clips and `t` of texts.

    `ways` together hold every clip that passes; None: no index leads to them.
    """

    test: Sql
    of_groups: bool = False
    ways: tuple[Way, ...] | None = None
    texts: bool = False
    parts: tuple["Condition", ...] = ()  # of a conjunction: each alone must hold


def condition(node: Node) -> Condition:
    """The SQL of a search."""
    match node:
        case And(parts):
            return _all(tuple(condition(part) for part in parts))
        case Or(parts):
            return _any(tuple(condition(part) for part in parts))
        case Not(part):
            inner = condition(part)
            return Condition(Sql(f"NOT ({inner.test.text})", inner.test.values), inner.of_groups, texts=inner.texts)
        case Flag(field, wanted):
            yes = _terms(field, Sql("t.value = 'yes'"))
            return yes if wanted else Condition(Sql(f"NOT ({yes.test.text})", yes.test.values), of_groups=True)
        case Has(field):
            return _has(field)
        case Span():
            return _span(node)
        case Text():
            return _text(node)


def on_clips(part: Condition) -> Sql:
    """The test of a condition as one about clips."""
    if not part.of_groups:
        return part.test
    return Sql(f"c.group_n IN (SELECT g.n FROM groups g WHERE {part.test.text})", part.test.values)


def ways_of(part: Condition) -> tuple[Way, ...] | None:
    """How clips that pass are found through an index."""
    if part.of_groups:
        test = part.test
        select = f"SELECT n FROM clips WHERE group_n IN (SELECT g.n FROM groups g WHERE {test.text})"
        return (Way(Sql(select, test.values), test),)
    return part.ways


def _all(parts: tuple[Condition, ...]) -> Condition:
    """Every part holds. Conditions on groups are gathered into one, which is asked once."""
    of_groups = [part for part in parts if part.of_groups]
    others = [part for part in parts if not part.of_groups]
    joined = [Condition(_join(" AND ", [part.test for part in of_groups]), of_groups=True)] if of_groups else []
    if not others:
        return joined[0]
    kept = (*joined, *others)
    test = _join(" AND ", [on_clips(part) for part in kept])
    return Condition(test, texts=any(part.texts for part in kept), parts=kept)


def _any(parts: tuple[Condition, ...]) -> Condition:
    of_groups = [part for part in parts if part.of_groups]
    others = [part for part in parts if not part.of_groups]
    joined = [Condition(_join(" OR ", [part.test for part in of_groups]), of_groups=True)] if of_groups else []
    if not others:
        return joined[0]
    kept = (*joined, *others)
    every = [ways_of(part) or _narrowest(part) for part in kept]
    ways = None if None in every else tuple(way for ways in every if ways for way in ways)
    return Condition(
        _join(" OR ", [on_clips(part) for part in kept]), ways=ways, texts=any(part.texts for part in kept)
    )


def _narrowest(part: Condition) -> tuple[Way, ...] | None:
    """A way for a conjunction inside `or`: that of any part will do; words first, they are the rarest."""
    ways = [ways_of(each) for each in part.parts]
    found = [each for each in ways if each]
    return min(found, key=lambda each: (any(way.groups for way in each), len(each))) if found else None


def _way(select: str, *values: Value) -> Way:
    return Way(Sql(select, values))


def _join(word: str, parts: list[Sql]) -> Sql:
    return Sql(word.join(f"({part.text})" for part in parts), tuple(value for part in parts for value in part.values))


def _terms(field: str, which: Sql) -> Condition:
    """Groups that have a term of `field` for which `which` (about `t`) holds."""
    return Condition(
        Sql(
            "g.n IN (SELECT x.group_n FROM terms t JOIN group_terms x ON x.term_n = t.n"
            f" WHERE t.field = '{field}' AND {which.text})",
            which.values,
        ),
        of_groups=True,
    )


def _has(name: str) -> Condition:
    field = BY_NAME[name]
    if field.shared:
        column = name if not field.many else "subject"
        return Condition(Sql(f"g.{column} IS NOT NULL"), of_groups=True)
    if name in ("id", "name", "path", "duration"):
        # Every clip has these; a length of 0 is one that is not known.
        test = "c.flicks > 0" if name == "duration" else "1"
        return Condition(Sql(test))
    column = _COLUMNS.get(name, name)
    return Condition(Sql(f"c.{column} IS NOT NULL"), ways=(_way(f"SELECT n FROM clips WHERE {column} IS NOT NULL"),))


def _span(node: Span) -> Condition:
    field = BY_NAME[node.field]
    if field.shared:
        column = "t.value" if field.kind == "date" else "t.number"
        test, values = _between(column, _bound(node.field, node.low, up=True), _bound(node.field, node.high, up=False))
        return _terms(node.field, Sql(test, values))
    column = _COLUMNS[node.field]
    low, high = _bound(node.field, node.low, up=True), _bound(node.field, node.high, up=False)
    if node.field == "at" and isinstance(low, int) and isinstance(high, int) and low > high:
        text, values = f"({column} >= ? OR {column} <= ?)", (low, high)
        ways = tuple(_way(f"SELECT n FROM clips WHERE {column} {sign} ?", v) for sign, v in ((">=", low), ("<=", high)))
    else:
        text, values = _between(column, low, high)
        ways = (_way(f"SELECT n FROM clips WHERE {text}", *values),)
    named = text.replace(column, f"c.{column}")
    return Condition(Sql(f"coalesce({named}, 0)", values), ways=ways)


def _between(column: str, low: Value | None, high: Value | None) -> tuple[str, tuple[Value, ...]]:
    if low is not None and high is not None:
        return f"{column} BETWEEN ? AND ?", (low, high)
    if low is not None:
        return f"{column} >= ?", (low,)
    assert high is not None
    return f"{column} <= ?", (high,)


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


def _text(node: Text) -> Condition:
    if node.field == "id":
        low = node.words[0]
        end = low[:-1] + chr(ord(low[-1]) + 1)
        return Condition(
            Sql("c.id >= ? AND c.id < ?", (low, end)),
            ways=(_way("SELECT n FROM clips WHERE id >= ? AND id < ?", low, end),),
        )
    needle = _needle(node)
    if node.field is not None and BY_NAME[node.field].shared:
        return _terms(node.field, Sql("instr(t.words, ?)", (needle,)))
    if node.field == "path":
        return _any((_folder(needle), _within(node, needle, ("path",)), *_across(node, needle)))
    if node.field is not None:
        return _within(node, needle, (node.field,))
    names = ", ".join(f"'{name}'" for name in GROUP_WORDS)
    groups = Condition(
        Sql(
            "g.n IN (SELECT x.group_n FROM terms t JOIN group_terms x ON x.term_n = t.n"
            f" WHERE t.field IN ({names}) AND instr(t.words, ?))",
            (needle,),
        ),
        of_groups=True,
    )
    return _any((groups, _within(node, needle, CLIP_WORDS), *_across(node, needle)))


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


def _folder(needle: str) -> Condition:
    return _terms("folder", Sql("instr(t.words, ?)", (needle,)))


def _within(node: Text, needle: str, columns: tuple[str, ...]) -> Condition:
    """The texts that each clip has of its own."""
    test = _join(" OR ", [Sql(f"instr(t.{column}, ?)", (needle,)) for column in columns])
    if node.match == "anywhere":
        return Condition(test, texts=True)
    phrase = f'"{" ".join(node.words)}"' + ("*" if node.match == "begins" else "")
    match = f"{{{' '.join(columns)}}} : {phrase}"
    return Condition(test, ways=(_way("SELECT rowid FROM words WHERE words MATCH ?", match),), texts=True)


def _across(node: Text, needle: str) -> tuple[Condition, ...]:
    """Words that run from a card's path on into the path within the card: of several, or parts of words."""
    if len(node.words) == 1 and node.match != "whole":
        return ()
    folder = "(SELECT w.words FROM groups k JOIN terms w ON w.n = k.folder WHERE k.n = c.group_n)"
    test = Sql(f"instr(rtrim(coalesce({folder}, '|')) || t.path, ?)", (needle,))
    if node.match == "anywhere":
        return (Condition(test, texts=True),)
    begun = _terms("folder", Sql("instr(t.words, ?)", (f" {node.words[0]} ",)))
    return (Condition(test, ways=ways_of(begun), texts=True),)


assert set(CLIP_WORDS) <= set(TEXTS)
