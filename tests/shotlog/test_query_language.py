"""The search language as text: what is understood, and how what is not is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import QueryError
from pipeline.fields import BY_NAME
from pipeline.shotlog.folding import fold, words_of
from pipeline.shotlog.query import And, Has, Not, Or, Query, Text, explain, parse

BROKEN: list[tuple[str, str, str]] = [
    # the search, what is marked in it, words of the sentence
    ("colour:red", "colour", "no field"),
    ("vienna locatoin:wien", "locatoin", "did you mean 'location'"),
    ("has:colour", "colour", "no field"),
    ("missing:", "missing:", "field is missing"),
    ("location:", "location:", "value is missing"),
    ('note:""', "note:", "value is missing"),
    ("(vienna", "(", "never closed"),
    ("vienna)", ")", "closes nothing"),
    ("vienna (kaptagat or (eldoret)", "(", "never closed"),
    ("()", ")", "missing here"),
    ("or vienna", "or", "missing here"),
    ("vienna or", "", "missing here"),
    ("vienna or or wien", "or", "missing here"),
    ("vienna and", "", "missing here"),
    ("vienna -", "-", "minus"),
    ("- vienna", "-", "minus"),
    ('note:"sunrise', '"', "never closed"),
    ('"', '"', "never closed"),
    ("!!!", "!!!", "no letter"),
    ("note:...", "...", "no letter"),
    ("rating:good", "good", "no number"),
    ("rating:>", "rating:>", "value is missing"),
    ("rating:4..2", "4..2", "ends before"),
    ("rating:..", "..", "range needs"),
    ("note:>=4", "note:>=4", "neither more nor less"),
    ("shot:yesterday", "yesterday", "no date"),
    ("shot:2019-13", "2019-13", "no date"),
    ("shot:2019-02-30", "2019-02-30", "no date"),
    ("at:25:00", "25:00", "no time"),
    ("at:06:00..7h", "06:00..7h", "no time"),
    ("duration:long", "long", "no length"),
    ("duration:>1.2.3s", "1.2.3s", "no length"),
    ("start_timecode:99:00", "99:00", "no timecode"),
    ("rate:29.5", "29.5", "no standard frame rate"),
    ("circled:perhaps", "perhaps", "yes or no"),
    ("id:xx-yy", "xx-yy", "no letter"),
]


@pytest.mark.parametrize(("text", "marked", "words"), BROKEN)
def test_a_broken_search_is_refused_with_the_place_marked(text: str, marked: str, words: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text)
    sentence, shown, carets = str(refused.value).splitlines()[:3]
    assert words in sentence
    assert shown == f"  {text}"
    assert set(carets) <= {" ", "^"}
    start = carets.index("^") - 2
    assert text[start : start + len(marked)] == marked
    assert carets.count("^") == max(1, len(marked))


def test_an_unknown_field_lists_those_that_are_known() -> None:
    with pytest.raises(QueryError) as refused:
        parse("colour:red")
    assert all(name in str(refused.value) for name in BY_NAME)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "every clip"),
        ("sunrise", 'clips where any text has words that begin with "sunrise"'),
        ("camera:A", 'clips where camera is "A"'),
        ("take:3", 'clips where take has the word "3"'),
        ("location:=Wien", 'clips where location is "Wien"'),
        ("name:*42*", 'clips where name contains "42"'),
        ("rating:>=4 -has:note", "clips where rating is at least 4 and note is missing"),
        ("missing:note", "clips where note is missing"),
        (
            "a (b or c)",
            'clips where any text has the word "a" and (any text has the word "b" or any text has the word "c")',
        ),
        ("shot:2019-10..2019-12", "clips where shoot day is from 2019-10 to 2019-12"),
        ("at:..07:30", "clips where at is up to 07:30"),
        ("circled:no", "clips where circled is no"),
    ],
)
def test_a_search_is_explained_in_words(text: str, words: str) -> None:
    assert explain(parse(text)) == words


def test_words_bind_closer_than_or_and_brackets_closest() -> None:
    one, two, three = (Text(None, (word,), "begins", word) for word in ("aa", "bb", "cc"))
    assert parse("aa bb or cc").root == Or((And((one, two)), three))
    assert parse("aa (bb or cc)").root == And((one, Or((two, three))))
    assert parse("-(aa or bb)").root == Not(Or((one, two)))
    assert parse("AA OR BB").root == Or((Text(None, ("aa",), "begins", "AA"), Text(None, ("bb",), "begins", "BB")))


def test_a_field_with_a_star_means_that_it_is_known() -> None:
    assert parse("note:*").root == Has("note")


def test_curved_quotes_are_quotes() -> None:
    assert parse("note:\u201ctwo words\u201d").root == parse('note:"two words"').root


@pytest.mark.parametrize("text", ["(" * 500, "-" * 500 + "a", "a " * 1000, "(" * 30 + "a" + ")" * 30])
def test_monstrous_searches_are_refused_or_read_but_never_crash(text: str) -> None:
    try:
        parse(text)
    except QueryError as error:
        refused = str(error)
        assert "^" in refused.splitlines()[2]


PIECES = st.sampled_from(
    [
        *(f"{name}:" for name in [*BY_NAME, "shot", "has", "missing", "colour"]), "or", "and", "-", "(", ")", '"', "*",
        "..", ">=", "<", "=", " ", " ", "vienna", "A", "4", "2019-10", "06:00", "30s", "1:30", "29.97", "yes", "Édith",
        "\x00", "\ud800", "\u0130", "'", ";",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40))
def test_parsing_never_raises_anything_but_a_query_error(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        sentence = str(error)
        assert "^" in sentence
    else:
        assert isinstance(query, Query)
        assert explain(query)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert words_of(" ".join(words_of(text))) == words_of(text)


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=1))
def test_case_does_not_matter(text: str) -> None:
    assert fold(text.upper()) == fold(fold(text).upper())
