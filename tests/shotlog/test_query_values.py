"""What stands in the log of a clip, worked out from its entries."""

import pytest

from pipeline.clip import LOG_SOURCES, Marker, Saying
from pipeline.errors import ValueRefused
from pipeline.shotlog.standing import Entry, differences, standing
from pipeline.shotlog.values import normal, settable
from pipeline.timecode import TimeRange


def log(*lines: str) -> list[Entry]:
    """Entries from `source op field value` lines; a number before it names the batch."""
    made = []
    for number, line in enumerate(lines):
        source, op, field, *value = line.split()
        made.append(Entry(number, field, op, " ".join(value), source))  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["path set location Wien"], "Wien"),
        (["path set location Wien", "path set location Iten"], "Iten"),
        (["person set location Wien", "path set location Iten"], "Wien"),
        (["person set location Wien", "editor set location Iten"], "Wien"),
        (["gps set location Iten", "path set location Wien", "gps set location Oxford"], "Wien"),
        (["path set location Wien", "path clear location Wien"], None),
        (["gps set location Iten", "path set location Wien", "path clear location"], "Iten"),
        (["path set location Wien", "person clear location"], None),
        (["person clear location", "path set location Wien"], None),
        (["person clear location", "person set location Iten", "path set location Wien"], "Iten"),
    ],
)
def test_the_newest_entry_of_the_best_source_stands(lines: list[str], value: str | None) -> None:
    assert standing(log(*lines)).values.get("location") == value


@pytest.mark.parametrize("worse", LOG_SOURCES[1:])
def test_a_person_outranks_every_other_source(worse: str) -> None:
    assert standing(log("person set unit main", f"{worse} set unit second")).values["unit"] == "main"


@pytest.mark.parametrize(
    ("lines", "subjects"),
    [
        (["rule add subject Coach", "path add subject Run"], ("Coach", "Run")),
        (["rule add subject Coach", "person add subject Run"], ("Coach", "Run")),
        (["rule add subject Coach", "person remove subject coach"], None),
        (["person remove subject Coach", "rule add subject Coach"], None),
        (["person remove subject Coach", "rule add subject Coach", "person add subject Coach"], ("Coach",)),
        (["rule add subject Coach", "rule clear subject Coach"], None),
        (["rule add subject Coach", "path add subject Coach", "rule clear subject Coach"], ("Coach",)),
        (["rule add subject Coach", "rule set subject Run"], ("Coach", "Run")),
        (["rule add subject Coach", "person set subject Run"], ("Run",)),
        (["person set subject Run", "rule add subject Coach", "person add subject Rain"], ("Rain", "Run")),
        (["rule add subject Coach", "person clear subject"], None),
        (["rule add subject COACH", "person add subject Coach"], ("Coach",)),
    ],
)
def test_many_valued_fields_are_the_union_less_what_a_better_source_removed(lines, subjects) -> None:
    assert standing(log(*lines)).values.get("subject") == subjects


def test_two_values_set_by_one_command_both_stand() -> None:
    both = [Entry(7, "subject", "set", value, "person") for value in ("Run", "Coach")]
    assert standing(both).values["subject"] == ("Coach", "Run")


def test_marks_carry_note_and_subject_and_a_person_may_take_them_out() -> None:
    span = TimeRange(10, 20)
    made = [Entry(1, "mark", "set", "", "sidecar", span), Entry(1, "note", "set", "shot mark", "sidecar", span)]
    assert standing(made).markers == (Marker(span, "shot mark"),)
    named = [
        *made,
        Entry(2, "note", "set", "gold", "person", span),
        Entry(2, "subject", "add", "Coach", "person", span),
    ]
    assert standing(named).markers == (Marker(span, "gold", "Coach"),)
    assert standing([*made, Entry(2, "mark", "remove", "", "person", span)]).markers == ()
    assert "note" not in standing(made).values


def test_reading_again_writes_only_what_differs() -> None:
    before = [
        Saying("location", "Wien", "path"),
        Saying("subject", "Coach", "rule", "add"),
        Saying("unit", "main", "rule"),
    ]
    entries = [Entry(1, each.field, each.op, each.value, each.source) for each in before]
    assert differences(before, entries) == ()
    after = [Saying("location", "Iten", "path"), Saying("subject", "Run", "rule", "add"), before[2]]
    assert [(each.op, each.field, each.value) for each in differences(after, entries)] == [
        ("set", "location", "Iten"),
        ("add", "subject", "Run"),
        ("clear", "subject", "Coach"),
    ]
    grown = [
        *entries,
        *(Entry(2, each.field, each.op, each.value, each.source) for each in differences(after, entries)),
    ]
    assert standing(grown).values == {"location": "Iten", "subject": ("Run",), "unit": "main"}
    assert differences(after, grown) == ()


def test_what_people_said_is_no_difference() -> None:
    assert differences([], log("person set unit main", "editor set note x")) == ()


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("shot", "20191012", "2019-10-12"),
        ("rating", "4", "4"),
        ("circled", "Yes", "yes"),
        ("subject", "  Coach   interview ", "Coach interview"),
        ("note", "two\nlines ", "two\nlines"),
    ],
)
def test_a_value_is_kept_in_one_form(field: str, typed: str, kept: str) -> None:
    assert normal(settable(field), typed) == kept


@pytest.mark.parametrize(
    ("field", "typed"), [("shot", "2019-13-01"), ("rating", "6"), ("rating", "-1"), ("circled", "so so"), ("unit", " ")]
)
def test_a_value_that_cannot_be_is_refused(field: str, typed: str) -> None:
    with pytest.raises(ValueRefused):
        normal(settable(field), typed)


@pytest.mark.parametrize("field", ["colour", "duration", "status", "camera_model"])
def test_only_fields_of_the_log_can_be_set(field: str) -> None:
    with pytest.raises(ValueRefused, match="set one of"):
        settable(field)
