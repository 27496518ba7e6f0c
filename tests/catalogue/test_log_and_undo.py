"""The log: who said what, what undo takes back, and that a person's word outlasts every reading."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shoot import card, clip, says

from pipeline.catalogue.cards import record_card
from pipeline.catalogue.listing import group, logged_clips, rows
from pipeline.catalogue.log import forget, history, undo, write_log
from pipeline.catalogue.roots import root
from pipeline.catalogue.store import Catalogue, check, open_catalogue
from pipeline.clip import Saying
from pipeline.errors import NotFound, ValueRefused
from pipeline.shotlog.query import parse
from pipeline.timecode import TimeRange


@pytest.fixture
def names(catalogue: Catalogue, film: int) -> tuple[str, ...]:
    clips = [clip(film, f"ingest/A/{letter}.mov", *says(location="Wien", subject=("Coach",))) for letter in "abc"]
    return record_card(catalogue, card(film, "ingest/A", *clips)).new


def state(catalogue: Catalogue) -> list[object]:
    """All that searches can see."""
    listing = rows(catalogue, parse(""))
    return [listing, group(catalogue, parse(""), ["location", "subject", "rating"]), logged_clips(catalogue, parse(""))]


def person(field: str, value: str, op: str = "set") -> Saying:
    return Saying(field, value, "person", op)  # type: ignore[arg-type]


def test_every_value_says_its_source_author_and_time(catalogue: Catalogue, names: tuple[str, ...]) -> None:
    batch = write_log(catalogue, [(names[0], person("location", "Iten"))], who="ann", words="set a location=Iten")
    entries = [each for each in history(catalogue, names[0]) if each.field == "location"]
    assert [(each.source, each.value, each.who, each.stands) for each in entries] == [
        ("path", "Wien", "rushes", True),
        ("person", "Iten", "ann", True),
    ]
    assert entries[1].batch == batch.id
    assert entries[1].moment.startswith("20")
    assert len({each.id for each in history(catalogue, names[0])}) == len(history(catalogue, names[0]))
    assert batch.words == "set a location=Iten"


def test_undo_takes_back_one_command_and_undoing_the_undo_restores_it(catalogue: Catalogue, names) -> None:
    before = state(catalogue)
    batch = write_log(catalogue, [(name, person("rating", "5")) for name in names], who="ann", words="set")
    after = state(catalogue)
    taken = undo(catalogue, None, who="ann")
    assert sorted(taken.clips) == sorted(names)
    assert state(catalogue) == before
    again = undo(catalogue, taken.id, who="ann")
    assert state(catalogue) == after
    undo(catalogue, again.id, who="ann")
    assert state(catalogue) == before
    with pytest.raises(NotFound, match="undone already"):
        undo(catalogue, batch.id, who="ann")


def test_undo_without_a_batch_goes_back_step_by_step_through_ones_own(catalogue: Catalogue, names) -> None:
    write_log(catalogue, [(names[0], person("note", "one"))], who="ann", words="set")
    write_log(catalogue, [(names[0], person("note", "two"))], who="ann", words="set")
    write_log(catalogue, [(names[0], person("rating", "3"))], who="bob", words="set")
    undo(catalogue, None, who="ann")
    assert rows(catalogue, parse("rating:3")).rows[0]["note"] == "one"
    undo(catalogue, None, who="ann")
    assert rows(catalogue, parse("rating:3")).rows[0]["note"] is None
    with pytest.raises(NotFound, match="nothing of ann"):
        undo(catalogue, None, who="ann")


def test_undoing_an_older_command_leaves_the_newer_word(catalogue: Catalogue, names) -> None:
    old = write_log(catalogue, [(names[0], person("note", "one"))], who="ann", words="set")
    write_log(catalogue, [(names[0], person("note", "two"))], who="ann", words="set")
    undo(catalogue, old.id, who="bob")
    assert rows(catalogue, parse("two")).clips == 1


def test_forgotten_clips_leave_the_log_and_come_back_by_undo(catalogue: Catalogue, film: int, names) -> None:
    before = state(catalogue)
    forget(catalogue, names[:2], who="ann")
    assert rows(catalogue, parse("")).clips == rows(catalogue, parse("mov")).clips == 1
    assert rows(catalogue, parse("-location:nowhere")).clips == 1
    assert sum(row["clips"] for row in group(catalogue, parse(""), ["location"])) == 1
    assert check(catalogue) == ()
    record_card(
        catalogue,
        card(
            film,
            "ingest/A",
            *(clip(film, f"ingest/A/{x}.mov", *says(location="Wien", subject=("Coach",))) for x in "abc"),
        ),
    )
    assert rows(catalogue, parse("")).clips == 1
    undo(catalogue, None, who="ann")
    assert state(catalogue) == before


def test_a_marked_range_is_found_by_its_note(catalogue: Catalogue, names) -> None:
    span = TimeRange(25, 50)
    said = [Saying("mark", "", "person", range=span), Saying("note", "golden light", "person", range=span)]
    write_log(catalogue, [(names[0], each) for each in said], who="ann", words="mark")
    (found,) = logged_clips(catalogue, parse("golden"))
    assert (found.markers[0].range, found.markers[0].note, found.values["note"]) == (span, "golden light", None)
    assert rows(catalogue, parse("note:golden")).clips == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("colour", "red"), ("duration", "3"), ("rating", "6"), ("shoot_day", "soon"), ("note", " "), ("mark", "")],
)
def test_a_command_that_is_wrong_in_one_place_writes_nothing(catalogue: Catalogue, names, field, value) -> None:
    before = state(catalogue)
    with pytest.raises(ValueRefused):
        write_log(
            catalogue, [(names[0], person("rating", "3")), (names[1], person(field, value))], who="ann", words="set"
        )
    with pytest.raises(NotFound):
        write_log(
            catalogue, [(names[0], person("rating", "3")), ("f" * 32, person("rating", "3"))], who="ann", words="set"
        )
    assert state(catalogue) == before


def test_the_log_is_append_only(catalogue: Catalogue, names) -> None:
    for sql in ("UPDATE entries SET value = 'x'", "DELETE FROM entries"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), catalogue.atomic() as db:
            db.execute(sql)


ONE_VALUED = st.tuples(
    st.sampled_from(["location", "unit", "note"]), st.sampled_from(["one", "two"]), st.sampled_from(["set", "clear"])
)
MANY_VALUED = st.tuples(
    st.sampled_from(["subject", "tag"]),
    st.sampled_from(["Coach", "Run", "coach"]),
    st.sampled_from(["set", "add", "remove", "clear"]),
)
RULES = st.lists(
    st.tuples(st.sampled_from(["location", "unit", "subject"]), st.sampled_from(["one", "two", "Run"])), max_size=4
)


@settings(max_examples=40, deadline=None)
@given(words=st.lists(ONE_VALUED | MANY_VALUED, max_size=5), readings=st.lists(RULES, min_size=1, max_size=3))
def test_what_a_person_said_survives_any_reading_and_undo_takes_back_just_that(
    tmp_path_factory, words, readings
) -> None:
    with open_catalogue(tmp_path_factory.mktemp("laws") / "c.db", create=True) as catalogue:
        film = root(catalogue, "film", "film", place=None).id

        def read(rules: list[tuple[str, str]]) -> None:
            said = [Saying(field, value, "rule", "add" if field == "subject" else "set") for field, value in rules]
            record_card(catalogue, card(film, "ingest/A", clip(film, "ingest/A/a.mov", *said)))

        def now() -> dict[str, object]:
            return rows(catalogue, parse("")).rows[0]

        read(readings[0])
        plain = now()
        name = str(plain["id"])
        for field, value, op in words:
            write_log(catalogue, [(name, person(field, value, op))], who="ann", words="set")
        said = now()
        firm = {field for field, _, op in words if op == "set" or (op == "clear" and field not in ("subject", "tag"))}
        for rules in readings[1:]:
            read(rules)
            assert {field: now()[field] for field in firm} == {field: said[field] for field in firm}
        read(readings[0])
        assert now() == said
        for _ in words:
            undo(catalogue, None, who="ann")
        assert now() == plain
        assert check(catalogue) == ()
