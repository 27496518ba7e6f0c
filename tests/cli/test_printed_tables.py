"""Tables on a narrow terminal: which columns find room, and what stays whole."""

from fractions import Fraction

import pytest

from pipeline.cli.tables import Column, fitting, lasting, running_time

_CARDS = (
    Column("Card", whole=False), Column("Unit", rank=2), Column("Shoot day", rank=1), Column("Clips", number=True)
)  # fmt: skip


@pytest.mark.parametrize(
    ("width", "kept"),
    [
        (80, [0, 1, 2, 3]),
        (50, [0, 2, 3]),  # the highest rank goes before the name of a card is broken
        (40, [0, 3]),
        (10, [0, 3]),
    ],
)
def test_columns_of_a_high_rank_go_before_a_word_is_broken(width, kept):
    rows = [["2019-08-14_Kaptagat_Morning run_A001", "second unit", "2019-08-14", "2"]]
    assert fitting(_CARDS, rows, width) == kept


def test_a_word_that_no_terminal_holds_takes_no_column_from_others():
    assert fitting(_CARDS, [["x" * 200, "main", "2019-08-14", "2"]], 60) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"), (Fraction(1, 10_000), "1 ms"), (0.04, "40 ms"), (Fraction(1, 24), "42 ms"), (0.05, "0.1 s"),
        (4.21, "4.2 s"), (Fraction(59), "59 s"), (185, "3:05"), (3723, "1:02:03"),
    ],
)  # fmt: skip
def test_no_running_time_rounds_to_nothing(seconds, words):
    assert running_time(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "frames", "words"),
    [
        (Fraction(1, 25), 1, "1 fr"), (Fraction(7, 240), 7, "7 fr"), (0.0, 1, "1 fr"), (Fraction(7, 25), 7, "0.3 s"),
        (Fraction(1, 25), None, "40 ms"), (0, 0, "0.0 s"),
    ],
)  # fmt: skip
def test_a_clip_too_short_for_seconds_lasts_so_many_frames(seconds, frames, words):
    assert lasting(seconds, frames) == words
