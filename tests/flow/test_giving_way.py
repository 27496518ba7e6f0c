"""The edit has the machine: pausing, limits, and what is left when the work is called off or killed."""

import signal
import time
from pathlib import Path

import pytest
from filming import (
    LEAN,
    at_work_in,
    card,
    empty_film,
    finish,
    half_made,
    log,
    products,
    rushes,
    said,
    start,
    wait_for,
)

from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.processes.reins import reined


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """An ffmpeg that takes two seconds more for each clip, and says nothing before, as it does with stills."""
    fake = tmp_path / "ffmpeg"
    waits = 'case "$*" in *-progress*) sleep 2;; esac'
    fake.write_text(f'#!/bin/sh\n{waits}\nexec "{find_ffmpeg()}" "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("RUSHES_FFMPEG", str(fake))


@pytest.fixture
def film(tmp_path):
    return empty_film(tmp_path / "film", LEAN)


def status(film):
    return rushes("status", "--json", cwd=film).json


def stopped(film):
    """Whether all programs that work on this film's footage stand still."""
    pids = at_work_in(film / "ingest")
    states = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in pids]
    return states and set(states) == {"T"}


def published(film):
    return [path for path in products(film) if "/.rushes-" not in path]


def paused_at_work(film):
    running = start(film, "ingest")
    wait_for(lambda: at_work_in(film / "ingest"))
    assert rushes("pause", cwd=film).code == 0
    wait_for(lambda: stopped(film))
    return running


def test_a_paused_ingest_stands_still_and_goes_on_where_it_was(film, slow):
    card(film, clips=3)
    running = paused_at_work(film)
    time.sleep(2.5)
    assert published(film) == []
    assert status(film)["paused"] is True
    assert "Paused; 'rushes resume' goes on." in rushes("status", cwd=film).out
    assert running.poll() is None
    assert rushes("resume", cwd=film).code == 0
    assert running.wait(40) == 0
    assert len(products(film)) == 3
    assert said(film).count("Paused") == said(film).count("The work goes on") == 1
    assert status(film)["paused"] is False


def test_cards_that_arrive_during_a_pause_are_logged(film, slow):
    card(film)
    running = start(film, "watch")
    wait_for(lambda: at_work_in(film / "ingest"))
    assert rushes("pause", cwd=film).code == 0
    card(film, "B001", first=5)
    wait_for(lambda: len(log(film)) == 2)
    assert published(film) == []
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 0
    assert at_work_in(film) == half_made(film) == []
    assert status(film)["paused"] is False, "a pause ends with the command that it paused"
    finish(film)
    assert len(products(film)) == 2


def test_a_paused_head_that_is_killed_leaves_nothing_stopped_and_the_next_is_paused_still(film, slow):
    card(film)
    running = paused_at_work(film)
    running.kill()
    running.wait()
    wait_for(lambda: at_work_in(film) == [], 5)
    before = said(film)
    running = start(film, "ingest")
    wait_for(lambda: "Paused" in said(film).removeprefix(before))
    time.sleep(0.5)
    assert at_work_in(film / "ingest") == []
    assert running.poll() is None
    rushes("resume", cwd=film)
    assert running.wait(40) == 0
    assert len(products(film)) == 1


def test_only_what_runs_can_be_paused(film):
    refused = rushes("pause", cwd=film)
    assert refused.code == 13
    assert "nothing to pause" in refused.err
    resumed = rushes("resume", cwd=film)
    assert (resumed.code, resumed.err) == (0, "Nothing is paused.\n")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_several_presets_called_off_in_the_midst_are_all_made_once_by_the_next_run(tmp_path, end, slow):
    film = empty_film(tmp_path / "film", LEAN + 'jobs = 1\npresets = ["edit", "h264"]\n')
    card(film, clips=3)
    running = start(film, "ingest")
    wait_for(lambda: len(published(film)) == 2 and at_work_in(film / "ingest"))
    before = {path: (film / path).stat().st_mtime_ns for path in published(film)}
    running.send_signal(end)
    running.wait(20)
    wait_for(lambda: at_work_in(film) == [], 5)
    if end == signal.SIGTERM:
        assert half_made(film) == []
    finish(film)
    assert len(products(film)) == 6
    assert {path: (film / path).stat().st_mtime_ns for path in before} == before, "nothing is made twice"


def test_the_bandwidth_is_kept_where_it_is_set(tmp_path, slow):
    film = empty_film(tmp_path / "film", LEAN.replace("[ingest]", "[ingest]\nbandwidth = 0.02"))
    card(film)
    running = start(film, "ingest")
    wait_for(lambda: at_work_in(film / "ingest"))
    words = Path(f"/proc/{at_work_in(film / 'ingest')[0]}/cmdline").read_text().split("\0")
    assert float(words[words.index("-readrate") + 1]) < 1
    running.send_signal(signal.SIGTERM)
    running.wait(20)


# --- reading --------------------------------------------------------------------------------------


def never():
    return False


@pytest.mark.parametrize(("bandwidth", "least", "most"), [(0.0, 0.0, 0.2), (100_000.0, 0.5, 0.9)])
def test_reading_takes_as_long_as_its_bandwidth_asks(bandwidth, least, most):
    heard = []
    take = reined([heard.append], bandwidth, never, never)
    began = time.monotonic()
    for _ in range(10):
        take(memoryview(bytes(5000)))
    assert least - 0.01 <= time.monotonic() - began < most
    assert len(heard) == 10


def test_reading_waits_while_paused_and_not_when_called_off():
    until = time.monotonic() + 0.4
    reined([len], 0.0, never, lambda: time.monotonic() < until)(memoryview(b"x"))
    assert time.monotonic() >= until
    began = time.monotonic()
    reined([len], 1.0, lambda: True, lambda: True)(memoryview(bytes(1000)))
    assert time.monotonic() - began < 0.2
