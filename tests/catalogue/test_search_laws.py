"""Laws that hold for any search: it runs, negation takes the exact rest, both ways of counting agree."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.catalogue.listing import group, rows
from pipeline.catalogue.store import Catalogue, check
from pipeline.errors import QueryError
from pipeline.fields import BY_NAME
from pipeline.shotlog.query import And, Not, Or, Query, parse

pytestmark = pytest.mark.usefixtures("as_if")
WORDS = [
    "vienna",
    "kaptagat",
    "c0001",
    "a001",
    "édith",
    "sunrise",
    "x",
    "coach",
    "a001_c002",
    '"race a001"',
    "*00*",
    "mp4",
    "logged",
]
VALUES = {
    "text": [*WORDS, "=wien", '="Vienna Prater"', "*", "A", "=C0001.MP4"],
    "number": ["4", ">=2", "2..3", "<4", "..3", "*", ">0.5"],
    "date": ["2019", "2019-10", ">2019-09", "<=2019-10-12", "2019-08-20..2019-10-12"],
    "time": ["06:00..07:30", "23:00..01:00", ">12", "6", "24:00"],
    "duration": [">30s", "10s", "..10s", "1:59", "<1h", "500ms", ">=0"],
    "timecode": ["10:00:00:00", ">01", "01:10:00;02"],
    "moment": ["2019-10-12T06:30", "2019", ">2019-09"],
    "rate": ["25", ">29.97", "24..30"],
    "flag": ["yes", "no"],
}
FIELDS = st.sampled_from(list(BY_NAME.values()))
TERMS = (
    st.sampled_from(WORDS)
    | FIELDS.flatmap(lambda field: st.sampled_from(VALUES[field.kind]).map(lambda value: f"{field.name}:{value}"))
    | FIELDS.map(lambda field: f"has:{field.name}")
    | FIELDS.map(lambda field: f"missing:{field.name}")
)
SEARCHES = st.recursive(
    TERMS,
    lambda inner: (
        st.tuples(inner, inner).map(lambda two: f"({two[0]} {two[1]})")
        | st.tuples(inner, inner).map(lambda two: f"({two[0]} or {two[1]})")
        | inner.map(lambda one: f"-{one}")
    ),
    max_leaves=6,
)
ANY_TEXT = st.text(max_size=30) | st.text(alphabet="abZÉ01:\"*-()=<>.~%_\\'\x00\ud800 ", max_size=30)
LAWS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def found(shoot: Catalogue, query: Query) -> set[str]:
    return {row["id"] for row in rows(shoot, query, columns=["id"]).rows}


def understood(text: str) -> Query | None:
    try:
        return parse(text)
    except QueryError:
        return None


@LAWS
@given(text=SEARCHES)
def test_negation_takes_the_exact_rest(shoot: Catalogue, text: str) -> None:
    query = understood(text)
    if query is None or query.root is None:
        return
    inside, outside = found(shoot, query), found(shoot, Query("", Not(query.root)))
    assert not inside & outside
    assert inside | outside == found(shoot, parse(""))
    assert found(shoot, Query("", Not(Not(query.root)))) == inside


@LAWS
@given(one=SEARCHES, two=SEARCHES)
def test_and_is_what_both_find_and_or_what_either_finds(shoot: Catalogue, one: str, two: str) -> None:
    first, second = understood(one), understood(two)
    if first is None or second is None or first.root is None or second.root is None:
        return
    left, right = found(shoot, first), found(shoot, second)
    assert found(shoot, Query("", And((first.root, second.root)))) == left & right
    assert found(shoot, Query("", Or((first.root, second.root)))) == left | right


@LAWS
@given(text=SEARCHES, limit=st.integers(0, 4))
def test_totals_rows_and_groups_agree(shoot: Catalogue, text: str, limit: int) -> None:
    query = understood(text)
    if query is None:
        return
    every, some = rows(shoot, query), rows(shoot, query, limit=limit)
    assert len(every.rows) == every.clips == some.clips
    assert some.rows == every.rows[:limit]
    assert some.duration == every.duration
    assert sum(row["clips"] for row in group(shoot, query, ["location"])) == every.clips


@LAWS
@given(text=ANY_TEXT | SEARCHES)
def test_whatever_is_understood_runs(shoot: Catalogue, text: str) -> None:
    query = understood(text)
    if query is not None:
        rows(shoot, query, limit=2)


def test_the_search_index_agrees_with_the_log(shoot: Catalogue) -> None:
    assert check(shoot) == ()
