"""Every sample card gives the facts and log values that stand beside it in <card>.expected.json."""

import json

import pytest
from filming import CARDS, SAMPLES, rushes


def expected(card):
    return json.loads((SAMPLES / f"{card.name}.expected.json").read_text(encoding="utf-8"))


def disagreements(wanted, found):
    """Keys whose value differs; `<key>_accept` lists further right answers."""
    return {
        key: (value, found.get(key))
        for key, value in wanted.items()
        if not key.endswith("_accept")
        and found.get(key) != value
        and found.get(key) not in wanted.get(f"{key}_accept", [])
    }


@pytest.fixture(scope="module")
def log(shoot):
    return rushes("log", "--json", cwd=shoot).json


def row_of(log, card, name):
    [row] = [row for row in log if row["card"] == card.name and row["name"] == name]
    return row


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_the_log_of_a_card_is_as_expected(card, log):
    wanted = expected(card)
    rows = [row for row in log if row["card"] == card.name]
    assert {row["name"] for row in rows} == set(wanted["clips"])
    for name, clip in wanted["clips"].items():
        logged = dict(clip["log"])
        if "circled" in logged:
            logged["circled"] = {True: "yes", False: "no", None: None}.get(logged["circled"], logged["circled"])
        assert not disagreements(logged, row_of(log, card, name))
        assert row_of(log, card, name)["status"] == "ready"


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_the_facts_of_a_card_are_as_expected(card, log, shoot):
    for name, clip in expected(card)["clips"].items():
        shown = rushes("show", row_of(log, card, name)["id"], "--json", cwd=shoot).json
        assert not disagreements(clip["facts"], shown["facts"])
        assert len(shown["parts"]) == clip["parts"]


def test_cards_are_complete_with_their_structure_and_other_files(shoot):
    cards = {card["name"]: card for card in rushes("cards", "--json", cwd=shoot).json}
    for card in CARDS:
        wanted, found = expected(card), cards[card.name]
        assert found["structure"] == wanted["card"]["structure"]
        assert found["clips"] == wanted["card"]["clips"]
        assert found["warnings"] == []
        assert found["proxies_done"] == found["proxies_wanted"] > 0
        assert sorted(found["others"]) == sorted(f"ingest/{card.name}/{other}" for other in wanted["others"])
