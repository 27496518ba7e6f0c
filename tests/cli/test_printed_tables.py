"""Tables on a narrow terminal: which columns find room, and what stays whole."""

import pytest

from pipeline.cli.tables import Column, fitting

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
