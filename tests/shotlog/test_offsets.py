"""Clock offsets: what people write, in whole milliseconds and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ValueRefused
from pipeline.shotlog.offsets import read_offset, read_time_of_day, say_error, say_offset


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("+01:00:03", 3_603_000), ("01:00:03", 3_603_000), ("-00:00:12", -12_000), ("\N{MINUS SIGN}00:00:12", -12_000),
        ("+00:00:00.250", 250), ("+00:00:00.25", 250), ("-3s", -3000), ("+1h", 3_600_000), ("1h3s", 3_603_000),
        ("-0.040s", -40), ("250ms", 250), ("+2d", 172_800_000), ("+1745d03:12:00", 150_779_520_000), ("90m", 5_400_000),
        (" +1s ", 1000), ("0s", 0),
    ],
)  # fmt: skip
def test_an_offset_is_read_in_whole_milliseconds(text, milliseconds):
    assert read_offset(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "+", "soon", "1:00", "1", "+1.5h", "1.2345s", "camera:B", "99999d", "1s1h", "--1s"]
)
def test_anything_else_is_refused_in_a_sentence_that_shows_how(text):
    with pytest.raises(ValueRefused, match=r"write it as \+01:00:03"):
        read_offset(text)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("14:32:10", 52_330_000), ("0:00:00", 0), ("23:59:59.999", 86_399_999), ("9:00:00.5", 32_400_500)],
)
def test_a_slate_shows_a_time_of_day(text, milliseconds):
    assert read_time_of_day(text) == milliseconds


@pytest.mark.parametrize("text", ["", "14:32", "24:00:00", "12:60:00", "12:00:60", "+12:00:00", "1d12:00:00", "noon"])
def test_no_other_time_stands_on_a_slate(text):
    with pytest.raises(ValueRefused, match="14:32:10"):
        read_time_of_day(text)


@given(st.integers(-(10**11), 10**11))
def test_what_is_said_is_read_back(milliseconds):
    assert read_offset(say_offset(milliseconds)) == milliseconds


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(1000, "1 s"), (1500, "1.5 s"), (40, "0.04 s"), (0, "0 s"), (120_000, "2 min")]
)
def test_an_error_is_said_as_people_say_it(milliseconds, text):
    assert say_error(milliseconds) == text
