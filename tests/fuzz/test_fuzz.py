"""A few thousand of the damaged inputs of `make fuzz`, and that it would notice what it looks for."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import damaged_cards
import fuzz
import pytest
from targets import Seed, Target, targets

from pipeline.errors import MediaUnreadable
from pipeline.metadata.readers import LISTS, READERS, SIDECARS, STILLS


@pytest.mark.timeout(600)  # some seconds of CPU, whatever else the machine does
def test_damaged_input_is_read_or_refused_in_little_time_and_memory():
    whole, peak = fuzz.spread(4_000, 2)
    assert [fault for each in whole.values() for fault in each.faults] == []
    assert sum(each.inputs for each in whole.values()) == 4_000
    assert peak * 1024 < fuzz.MEMORY


def test_damaged_cards_are_ingested_with_proxies_or_named(tmp_path):
    small = [card for card in damaged_cards.CARDS if card.name[-4:] in ("D001", "P001", "G001")]
    assert damaged_cards.ingest_film(1, tmp_path, small) == []


def test_the_same_recipe_damages_a_card_in_the_same_way(tmp_path):
    for name in ("one", "other"):
        damaged_cards.damaged_card(damaged_cards.CARDS[0], tmp_path / name, random.Random(b"recipe 1"))
    assert _files(tmp_path / "one") == _files(tmp_path / "other") != _files(damaged_cards.CARDS[0])


def _files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_reader_is_among_the_targets_and_whole_input_is_read():
    every = targets()
    wanted = [each.name for each in (*READERS, *STILLS, *SIDECARS, *LISTS)]
    assert [target.name for target in every][: len(wanted)] == wanted
    [movies] = [target for target in every if target.name == "QuickTime and MP4"]
    movies.run(movies.seeds[0].data)
    assert movies.seeds[0].read


def target(run):
    return [Target("made up", run, (Seed(b"input"),))]


def refuse(_):
    raise MediaUnreadable("no.")


def crash(_):
    raise KeyError("lost")


def hang(_):
    while True:
        pass


@pytest.mark.parametrize(("run", "says"), [(crash, "KeyError"), (hang, "more than 0.1 s"), (refuse, None), (len, None)])
def test_crashes_and_hangs_are_faults_and_refusals_are_none(run, says, monkeypatch):
    monkeypatch.setattr(fuzz, "SLOWEST", 0.1)
    before = signal.signal(signal.SIGPROF, fuzz._too_slow)
    tally: dict[str, fuzz.Tally] = {}
    try:
        fuzz.run_one(7, target(run), tally)
    finally:
        signal.signal(signal.SIGPROF, before)
    faults = tally["made up"].faults
    assert (says in faults[0]) if says else not faults
    assert tally["made up"].refused == (run is refuse)


def test_a_flood_of_memory_is_a_fault(tmp_path):
    program = (
        "import pathlib, fuzz; from targets import Seed, Target\n"
        "fuzz.targets = lambda: [Target('hog', lambda data: bytearray(1 << 28), (Seed(b'input'),))]\n"
        f"fuzz.work(range(1), pathlib.Path({str(tmp_path / 'mark')!r}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    assert "MemoryError" in run.stdout


def test_the_same_number_is_the_same_input():
    taking = fuzz.turns(targets())
    assert fuzz.damaged(1234, taking) == fuzz.damaged(1234, taking)
    assert fuzz.damaged(1234, taking)[1] != fuzz.damaged(1234 + len(taking), taking)[1]
