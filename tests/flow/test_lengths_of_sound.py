"""Sound that states no rate of frames is as long as its samples, wherever a length is shown, summed or searched."""

import subprocess

import pytest
from filming import BRISK, empty_film, rushes

from pipeline.processes.ffmpeg import find_ffmpeg


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two recordings without timecode, 7.5 and 0.5 seconds long."""
    film = empty_film(tmp_path_factory.mktemp("shoot") / "film", BRISK)
    card = film / "ingest" / "S001"
    card.mkdir(parents=True)
    for name, rate, seconds in (("T001.wav", 48000, 7.5), ("T002.wav", 44100, 0.5)):
        words = f"-v error -f lavfi -i sine=r={rate}:d={seconds}".split()
        subprocess.run([find_ffmpeg(), *words, card / name], check=True, timeout=60)
    taken = rushes("ingest", "--json", cwd=film)
    assert taken.json["duration"] == 8.0
    return film


def test_the_log_shows_sums_and_finds_it(film):
    assert [clip["duration"] for clip in rushes("log", "--json", cwd=film).json] == [7.5, 0.5]
    told = rushes("log", cwd=film).out
    assert "7.5 s" in told
    assert told.endswith("2 clips, 8.0 s\n")
    assert [clip["name"] for clip in rushes("log", "duration:>5s", "--json", cwd=film).json] == ["T001.wav"]


def test_so_do_cards_groups_and_the_page_of_the_clip(film):
    assert [card["duration"] for card in rushes("cards", "--json", cwd=film).json] == [8.0]
    assert [group["duration"] for group in rushes("log", "--group-by", "card", "--json", cwd=film).json] == [8.0]
    assert rushes("show", "T001.wav", cwd=film).out.startswith("T001.wav  (7.5 s)\n")


def test_so_does_the_report_of_an_offload(film, tmp_path):
    reports = [word for name in ("r.txt", "r.json") for word in ("--report", tmp_path / name)]
    (tmp_path / "copies").mkdir()
    run = rushes("offload", film / "ingest" / "S001", "--to", tmp_path / "copies", *reports, cwd=film)
    assert run.code == 0, run.err
    assert "clip  T001.wav  no timecode  7.5 s\n" in (tmp_path / "r.txt").read_text()
    assert '"seconds": 7.5' in (tmp_path / "r.json").read_text()
