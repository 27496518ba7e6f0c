"""`rushes watch` as a real process: drops while it runs, folders that come and go, ends of every kind."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from filming import (
    BRISK,
    TINY,
    at_work_in,
    card,
    empty_film,
    finish,
    footage,
    growing,
    half_made,
    log,
    products,
    rushes,
    said,
    start,
    tree,
    wait_for,
)

from pipeline.processes.ffmpeg import find_ffmpeg

LEAN = BRISK.replace("settle = 0.2", "settle = 0.5\nrescan = 30") + "\n[proxies]\nstills = false\n"


@contextmanager
def watching(film):
    running = start(film, "watch")
    try:
        wait_for(lambda: listening(running.pid) or running.poll() is not None)
        assert running.poll() is None, said(film)
        yield running
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
            assert running.wait(20) == 0, said(film)
    assert children_of_session(running.pid) == []


def listening(pid):
    """Whether the process has an inotify queue by now."""
    folder = Path(f"/proc/{pid}/fd")
    try:
        return any("inotify" in str(each.readlink()) for each in folder.iterdir())
    except OSError:
        return False


def children_of_session(session):
    """Living processes of a session: what a head may have left behind. ffmpeg and the reader have sessions of
    their own, so that they are known by their parent or by their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if words[0] != "Z" and int(words[3]) == session and int(entry.name) != os.getpid():
                found.append(entry.name)
    return found


def ready(film):
    return {path.removeprefix("ingest/") for path, row in log(film).items() if row["status"] == "ready"}


@pytest.fixture
def film(tmp_path):
    return empty_film(tmp_path / "film", LEAN)


def test_what_is_dropped_while_it_runs_is_taken_when_it_rests(film, tmp_path):
    with watching(film):
        # Copied slowly, in pieces with pauses: never taken half.
        slow = film / "ingest" / "A001" / "C0001.MP4"
        slow.parent.mkdir()
        data = TINY.read_bytes()
        with slow.open("wb", buffering=0) as file:
            for start_at in range(0, len(data), len(data) // 6 + 1):
                file.write(data[start_at : start_at + len(data) // 6 + 1])
                time.sleep(0.2)
        # Moved in as a whole tree: only its top folder is heard of.
        footage(tmp_path / "shelf" / "deep" / "B001" / "C0001.MP4", 2)
        (tmp_path / "shelf").rename(film / "ingest" / "shelf")
        # Written under a name of copies under way, then renamed.
        late = film / "ingest" / "C001" / "C0001.MP4.part"
        footage(late, 3)
        late.rename(late.with_suffix(""))
        wait_for(lambda: ready(film) == {"A001/C0001.MP4", "shelf/deep/B001/C0001.MP4", "C001/C0001.MP4"})
    assert "failed" not in said(film)
    assert said(film).count("taken   A001") == 1
    assert half_made(film) == []


def test_loose_files_at_rest_are_taken_beside_one_that_grows_for_ever(film):
    loose = film / "ingest" / "phones"
    with watching(film):
        with growing(loose / "C0009.MP4"):
            footage(loose / "C0001.MP4", 1)
            wait_for(lambda: ready(film) == {"phones/C0001.MP4"})
            wait_for(lambda: "phones is still changing (ingest/phones/C0009.MP4)" in said(film))
            footage(loose / "C0002.MP4", 2)
            wait_for(lambda: ready(film) == {"phones/C0001.MP4", "phones/C0002.MP4"})
        footage(loose / "C0009.MP4", 9)
        wait_for(lambda: len(ready(film)) == 3)
    assert len(products(film)) == 3


def test_an_ingest_folder_that_goes_and_returns_is_noticed_said_and_heard_again(film, tmp_path):
    names = ("A001", "B001", "C001")
    card(film, names[0])
    with watching(film):
        for number in (1, 2):
            wait_for(lambda number=number: len(ready(film)) == number)
            shutil.rmtree(film / "ingest")
            wait_for(lambda: {row["status"] for row in log(film).values()} == {"offline"})
            for known, name in enumerate(names[: number + 1]):
                card(film, name, first=10 * known)
        wait_for(lambda: len(ready(film)) == 3, 25)
    assert said(film).count("ingest is not there") == 2
    assert said(film).count("ingest is back") == 2
    assert "offline" in said(film)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_cleanly_in_the_midst_of_work(film, end):
    card(film, clips=6)
    running = start(film, "watch")
    wait_for(lambda: list((film / "proxies").rglob(".rushes-*")))
    began = time.monotonic()
    running.send_signal(end)
    assert running.wait(10) == 0
    assert time.monotonic() - began < 5
    assert "Stopped" in said(film)
    assert half_made(film) == []
    assert at_work_in(film) == []
    assert not (film / ".rushes" / "head.json").exists()
    finish(film)
    assert len(ready(film)) == 6


def test_killed_at_any_moment_the_next_run_finishes_with_each_product_once(film):
    before = None
    pick = random.Random(4)
    for round_number in range(8):
        card(film, f"A{round_number:03}", 2, first=10 * round_number)
        running = start(film, "ingest" if round_number % 2 else "watch")
        time.sleep(pick.uniform(0.3, 1.6))  # any moment is meant: there is nothing to wait for
        running.kill()
        running.wait()
    wait_for(lambda: at_work_in(film) == [], 10)
    before = tree(film / "ingest")
    finish(film)
    rows = log(film)
    assert len(rows) == 16
    assert {row["status"] for row in rows.values()} == {"ready"}
    assert len(products(film)) == 16
    with sqlite3.connect(film / ".rushes" / "catalogue.db") as db:
        [(count, clips)] = db.execute("SELECT count(*), count(DISTINCT clip_n) FROM products").fetchall()
        assert (count, clips) == (16, 16)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    assert tree(film / "ingest") == before
    assert at_work_in(film) == []


def test_a_card_that_breaks_our_code_does_not_stop_the_head(film):
    """A catalogue that refuses one card stands for any bug over it."""
    finish(film)
    with sqlite3.connect(film / ".rushes" / "catalogue.db") as db:
        db.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON cards WHEN new.name = 'A001'"
            " BEGIN SELECT raise(ABORT, 'a bug over this card'); END"
        )
    db.close()
    with watching(film):
        card(film, "A001")
        card(film, "B001", first=5)
        wait_for(lambda: ready(film) == {"B001/C0001.MP4"})
        wait_for(lambda: "A001 was not taken: a bug of ours" in said(film))
        card(film, "C001", first=9)
        wait_for(lambda: len(ready(film)) == 2)
    assert said(film).count("A001 was not taken") == 1


def test_a_full_disk_is_waited_out_and_the_work_goes_on_as_soon_as_there_is_room(film, small_disk):
    small_disk(film / "proxies", "300k")
    card(film, clips=2)
    with watching(film):
        wait_for(lambda: "Waiting for space: The disk " in said(film))
        wait_for(lambda: "Waiting for space: The disk " in rushes("status", cwd=film).out)
        assert {row["status"] for row in log(film).values()} == {"logged"}, "no clip failed"
        small_disk(film / "proxies", "50m", again=True)
        wait_for(lambda: len(ready(film)) == 2, 25)  # no rescan comes so soon
        wait_for(lambda: said(film).count("There is room again") == said(film).count("Waiting for space") == 1)
    assert half_made(film) == []


def test_a_clip_whose_ffmpeg_was_killed_is_made_a_while_later_with_nothing_else_done(film):
    (film / "rushes.toml").write_text(LEAN.replace("rescan = 30", "rescan = 2"), encoding="utf-8")
    with watching(film):
        clips = killed = 0
        while not killed:  # an encoder of so short a clip is soon done
            clips += 1
            footage(film / "ingest" / f"A{clips:03}" / f"C{clips:04}.MP4", clips)
            while not killed and len(ready(film)) < clips:
                for encoder in at_work_in(film / "proxies"):
                    with suppress(ProcessLookupError):
                        os.kill(encoder, signal.SIGKILL)
                        killed += 1
        wait_for(lambda: "was killed (SIGKILL)" in said(film))
        wait_for(lambda: len(ready(film)) == clips)
    assert len(products(film)) == clips
    assert half_made(film) == []


KILLED = """\
#!/bin/sh
case "$*" in *proxies*) kill -9 $$;; esac
exec {ffmpeg} "$@"
"""


def test_a_clip_whose_ffmpeg_is_killed_each_time_is_given_up_and_named_with_what_to_do(film, tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text(KILLED.format(ffmpeg=find_ffmpeg()))
    program.chmod(0o755)
    monkeypatch.setenv("RUSHES_FFMPEG", str(program))
    (film / "rushes.toml").write_text(LEAN.replace("rescan = 30", "rescan = 1"), encoding="utf-8")
    card(film)
    with watching(film):
        wait_for(lambda: "It was tried 3 times; 'rushes ingest --retry' tries it again" in said(film))
        time.sleep(2)
    assert said(film).count("was killed (SIGKILL)") == 3
    assert [row["status"] for row in log(film).values()] == ["failed"]
    status = rushes("status", cwd=film)
    assert "with fewer jobs. It was tried 3 times" in status.out + status.err
    assert rushes("ingest", cwd=film).code == 1
    monkeypatch.delenv("RUSHES_FFMPEG")
    assert rushes("ingest", "--retry", cwd=film).code == 0
    assert len(products(film)) == 1


def test_idle_it_costs_next_to_nothing(film):
    for folder in range(20):
        place = film / "ingest" / f"R{folder:03}"
        place.mkdir()
        for number in range(150):
            (place / f"notes{number}.txt").write_bytes(b"x")
    card(film)
    with watching(film) as running:
        wait_for(lambda: len(ready(film)) == 1)
        time.sleep(0.7)  # its own proxy may ring once more
        before = cpu_seconds(running.pid)
        time.sleep(2)
        used = cpu_seconds(running.pid) - before
    assert used <= 0.03, f"{used:.3f} s of CPU in 2 s"


def cpu_seconds(pid):
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def test_a_fast_copy_wakes_it_only_now_and_then(film):
    """Thousands of events a second must not keep a core busy."""
    with watching(film) as running:
        place = film / "ingest" / "A001" / "C0001.MP4"
        place.parent.mkdir()
        before, end = cpu_seconds(running.pid), time.monotonic() + 2
        with place.open("wb", buffering=0) as file:
            while time.monotonic() < end:
                file.write(b"x" * 100)
                time.sleep(0.0005)
        used = cpu_seconds(running.pid) - before
    assert used < 1.2, f"{used:.3f} s of CPU in 2 s"


def test_a_log_file_that_cannot_be_written_stops_no_head(film):
    with Path("/dev/full").open("w") as full:
        words = [sys.executable, "-m", "pipeline.cli.main", "watch"]
        head = subprocess.Popen(words, cwd=film, stderr=full, start_new_session=True)
        try:
            for number, name in enumerate(("B001", "C001"), 1):
                card(film, name, first=50 * number)
                wait_for(lambda number=number: len(products(film)) == number)
            assert head.poll() is None
        finally:
            head.terminate()
            assert head.wait(20) == 0
    assert len(log(film)) == 2
