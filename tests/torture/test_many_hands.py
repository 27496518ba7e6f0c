"""Several programs at one film, and a head that cannot hear."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest
from disks import take, whole
from filming import card, half_made, log, products, rushes, said, start, wait_for

SETTINGS = '[ingest]\nsettle = 0.2\nrescan = 1\n[names]\ntemplates = ["{card}"]\n[proxies]\njobs = 1\nstills = false\n'


def new_film(folder):
    (folder / "ingest").mkdir(parents=True)
    (folder / "rushes.toml").write_text(SETTINGS)
    return folder


def test_twenty_who_log_at_once_beside_a_running_head_lose_and_double_nothing(tmp_path):
    film = new_film(tmp_path / "film")
    card(film, clips=2)
    assert take(film).code == 0
    running = start(film, "watch")
    try:
        wait_for(lambda: "Watching" in said(film) and (film / ".rushes" / "catalogue.lock").read_bytes())
        card(film, "B001", clips=3, first=10)
        words = [sys.executable, "-m", "pipeline.cli.main", "set", "card:A001"]
        writers = [
            subprocess.Popen([*words, f"subject+=writer {number}"], cwd=film, stderr=subprocess.PIPE, text=True)
            for number in range(20)
        ]
        ends = [(writer.communicate(timeout=100)[1], writer.returncode) for writer in writers]
        wait_for(lambda: len(products(film)) == 5, 60)
        wait_for(lambda: {row["status"] for row in log(film).values()} == {"ready"})  # recorded after it is published
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0, said(film)
    assert [code for _, code in ends] == [0] * 20, ends
    told = "".join(text for text, _ in ends) + said(film)
    assert "locked" not in told
    assert "writing to" not in told
    rows = log(film)
    everybody = sorted(f"writer {number}" for number in range(20))
    assert all(sorted(row["subject"]) == everybody for path, row in rows.items() if "A001" in path)
    with contextlib.closing(sqlite3.connect(film / ".rushes" / "catalogue.db")) as db:
        entries = "SELECT count(*), count(DISTINCT value) FROM entries WHERE field = 'subject' AND source = 'person'"
        assert db.execute(entries).fetchone() == (40, 20)


def test_the_lock_and_the_leavings_of_a_dead_head_are_taken_over(tmp_path):
    film = new_film(tmp_path / "film")
    card(film)
    assert take(film).code == 0
    before = whole(film)
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    holder = {"words": "rushes watch", "process": int(dead.stdout), "host": os.uname().nodename}
    (film / ".rushes" / "catalogue.lock").write_text(json.dumps(holder))
    (film / "proxies" / "A001" / ".rushes-0123456789abcdef.part").write_bytes(b"half a proxy")
    assert take(film).code == 0
    assert half_made(film) == []
    assert whole(film) == before
    assert (film / ".rushes" / "catalogue.lock").read_bytes() == b""


def test_of_two_heads_that_begin_at_once_one_works_and_one_names_it(tmp_path):
    film = new_film(tmp_path / "film")
    card(film, clips=4)
    heads = [start(film, "ingest") for _ in range(2)]
    codes = sorted(head.wait(100) for head in heads)
    assert codes in ([0, 40], [0, 0]), said(film)  # one after the other where the first was quick
    if codes == [0, 40]:
        assert "'rushes ingest' (process " in said(film)
    assert len(products(film)) == 4
    assert {row["status"] for row in log(film).values()} == {"ready"}
    assert half_made(film) == []


@pytest.mark.skipif(
    subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode != 0,
    reason="no user namespace, whose limit of watches is its own, can be made here",
)
def test_where_not_every_folder_can_be_listened_to_cards_come_in_by_rescan_and_it_is_said(tmp_path):
    film = new_film(tmp_path / "film")
    for number in range(12):
        (film / "ingest" / f"day {number}").mkdir()
    words = 'echo 6 > /proc/sys/user/max_inotify_watches && exec "$@"'
    head = [sys.executable, "-m", "pipeline.cli.main", "watch"]
    with film.with_name("said.txt").open("a", encoding="utf-8") as said_to:
        running = subprocess.Popen(
            ["unshare", "-Urm", "sh", "-c", words, "sh", *head], cwd=film, stderr=said_to, stdout=subprocess.DEVNULL
        )
    try:
        wait_for(lambda: "only 6 are listened to" in said(film))
        card(film, "day 11/A001")
        wait_for(lambda: len(products(film)) == 1)
        # At the next rescans there is one folder more, which is no news.
        wait_for(lambda: "Of 14 folders" in rushes("status", cwd=film).out)
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0, said(film)
    assert said(film).count("listened to") == 1
