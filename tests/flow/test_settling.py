"""When a card counts as settled: tables of looks, no clock."""

import pytest

from pipeline.watch import TWO_LOOKS, Settler

CARD = (1, b"ingest/A001")
OTHER = (1, b"ingest/B001")


def verdicts(settler, looks, card=CARD):
    return [settler.observe(card, state, now) for now, state in looks]


@pytest.mark.parametrize(
    ("quiet", "trusted", "looks", "settled"),
    [
        # One look is never enough; then the whole settle time without a change.
        (10, False, [(0, "a"), (5, "a"), (9.9, "a"), (10, "a")], [False, False, False, True]),
        # A change begins the time anew, however late it comes.
        (10, False, [(0, "a"), (9.9, "b"), (19.8, "b"), (20, "b")], [False, False, False, True]),
        # What is as it was before a change has still changed.
        (10, False, [(0, "a"), (4, "b"), (8, "a"), (12, "a"), (18, "a")], [False, False, False, False, True]),
        # Growing for ever is never settled.
        (10, False, [(now, str(now)) for now in range(0, 300, 7)], [False] * 43),
        # Two looks far apart are enough: nobody has to look in between.
        (10, False, [(0, "a"), (1000, "a")], [False, True]),
        # A person's word that the copy has ended: two looks a second apart.
        (10, True, [(0, "a"), (0.5, "a"), (1, "a")], [False, False, True]),
        # What moved between them waits for the settle time.
        (10, True, [(0, "a"), (1, "b"), (2, "b"), (10.9, "b"), (11, "b")], [False, False, False, False, True]),
        # A settle time below a second holds for both.
        (0.2, True, [(0, "a"), (0.2, "a")], [False, True]),
        (0, False, [(0, "a"), (0, "a")], [False, True]),
    ],
)
def test_a_card_has_settled(quiet, trusted, looks, settled):
    assert verdicts(Settler(quiet, trusted), looks) == settled


def test_cards_settle_separately():
    settler = Settler(10)
    assert verdicts(settler, [(0, "a"), (5, "b")]) == [False, False]
    assert verdicts(settler, [(1, "x"), (11, "x")], OTHER) == [False, True]
    assert settler.observe(CARD, "b", 14) is False
    assert settler.observe(CARD, "b", 15) is True


def test_cards_of_the_same_path_on_two_volumes_are_two():
    settler = Settler(10)
    for now in (0, 5):
        assert settler.observe((1, b""), "a", now) is False
        assert settler.observe((2, b""), "b", now) is False
    assert settler.observe((1, b""), "a", 10) is True


def test_a_card_that_moved_while_it_was_read_rests_anew_even_on_a_persons_word():
    settler = Settler(10, trusted=True)
    assert verdicts(settler, [(0, "a"), (1, "a")]) == [False, True]
    settler.disturb(CARD, 2)
    assert verdicts(settler, [(3, "a"), (11.9, "a"), (12, "a")]) == [False, False, True]
    assert settler.waited(CARD, 12) == 12


def test_the_time_left_is_known():
    settler = Settler(10)
    settler.observe(CARD, "a", 100)
    assert settler.settles_in(CARD, 104) == 6
    assert settler.settles_in(CARD, 200) == 0
    trusted = Settler(10, trusted=True)
    trusted.observe(CARD, "a", 100)
    assert trusted.settles_in(CARD, 100) == TWO_LOOKS


def test_a_forgotten_card_is_seen_as_for_the_first_time():
    settler = Settler(10)
    verdicts(settler, [(0, "a"), (20, "a")])
    settler.forget(CARD)
    assert settler.observe(CARD, "a", 21) is False
    assert settler.waited(CARD, 22) == 1
