"""Disks that break: reads, writes and fsyncs fail under us, under ffmpeg and under SQLite.

Each time the clip or the disk is named, no blame falls on the recording, nothing half-made is seen, and all of it is
made when the disk is well again. An fsync that failed is never asked again for the same file.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from disks import broken_disk, nothing_half, take, typed, whole
from filming import card, log, products, rushes, tree

from pipeline.offload.run import offload
from pipeline.offload.words import Ears, Wish

SETTINGS = '[ingest]\nsettle = 0.02\n[names]\ntemplates = ["{card}"]\n[proxies]\njobs = 1\n'
QUIET = Ears(lambda *_: None, lambda _: None, lambda: False)


def new_film(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rushes.toml").write_text(SETTINGS)
    card(folder)
    return folder


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    film = new_film(tmp_path_factory.mktemp("reference") / "film")
    assert take(film).code == 0
    return whole(film)


def same_but_for_times(film, reference):
    """The film has what an undisturbed one has; its cards were copied at another time."""
    made = whole(film)
    assert made.products == reference.products
    assert [row["status"] for row in made.log] == [row["status"] for row in reference.log] == ["ready"]


@pytest.mark.parametrize(
    ("where", "failure", "code", "says"),
    [
        ("ingest", {"op": "READ", "name": "*.MP4", "after": 20_000}, 1, "check the disk or card reader"),
        ("ingest", {"op": "READ", "name": "*.MP4", "by": "ffmpeg*"}, 1, "The original of C0001.MP4 could not be read"),
        ("proxies", {"op": "WRITE", "by": "ffmpeg*", "after": 100_000}, 1, "The proxy of C0001.MP4 could not be wri"),
        ("proxies", {"op": "WRITE", "by": "ffmpeg*", "after": 727_000, "error": "ENOSPC"}, 30, "The disk filled up"),
        ("proxies", {"op": "FLUSH", "by": "ffmpeg*"}, 1, "The proxy of C0001.MP4 could not be written"),
        ("proxies", {"op": "FLUSH", "by": "ffmpeg*", "error": "ENOSPC"}, 30, "The disk filled up"),
        ("stills", {"op": "WRITE", "by": "ffmpeg*", "after": 1_000}, 1, "The proxy of C0001.MP4 could not be written"),
        ("proxies", {"op": "READ"}, 1, "cannot be read: Input/output error"),
        ("proxies", {"op": "FSYNC"}, 1, "check the disk"),
        ("proxies", {"op": "FSYNC", "error": "ENOSPC"}, 30, "The disk is full"),
        ("proxies", {"op": "FSYNCDIR"}, 1, "check the disk"),
    ],
)
def test_a_disk_that_fails_is_named_and_the_clip_made_when_it_is_well(where, failure, code, says, reference, tmp_path):
    with broken_disk(tmp_path / "film" / where) as disk:
        film = new_film(tmp_path / "film")
        before = tree(film / "ingest")
        disk.fails(**failure)
        failed = take(film)
        assert failed.code == code
        assert says in failed.sentence
        assert "copy it" not in failed.sentence, "the recording is as good as it was"
        disk.heals()
        assert tree(film / "ingest") == before
        if failure["op"] == "FSYNC":
            assert not list(film.rglob("*.mov")), "what was not made safe is thrown away"
        assert take(film).code == 0
        same_but_for_times(film, reference)
        assert tree(film / "ingest") == before


def test_a_clip_whose_disk_went_bad_after_it_was_hashed_is_not_called_damaged(reference, tmp_path, monkeypatch):
    """ffmpeg says only that the movie has no index: whether the disk gives the file is asked then."""
    with broken_disk(tmp_path / "film" / "ingest") as disk:
        film = new_film(tmp_path / "film")
        monkeypatch.setenv("RUSHES_FFMPEG", "/nonexistent")
        assert take(film).code == 23
        monkeypatch.delenv("RUSHES_FFMPEG")
        disk.fails("READ", name="*.MP4", after=20_000)
        failed = take(film)
        assert (failed.code, "check the disk or card reader" in failed.sentence) == (1, True), failed
        disk.heals()
        assert take(film).code == 0
        same_but_for_times(film, reference)


@pytest.mark.parametrize(
    "failure",
    [
        {"op": "FSYNC", "name": "catalogue.db*"},
        {"op": "WRITE", "name": "*-wal", "after": 30_000},
        {"op": "WRITE", "name": "*-wal", "after": 30_000, "error": "ENOSPC"},
        {"op": "READ", "name": "catalogue.db", "after": 100_000},
    ],
)
def test_a_catalogue_whose_disk_fails_loses_nothing_that_it_said_it_has(failure, reference, tmp_path):
    with broken_disk(tmp_path / "film" / ".rushes") as disk:
        film = new_film(tmp_path / "film")
        assert take(film).code == 0
        card(film, "B001", first=5)
        assert typed(film, "set", "card:A001", "rating=5") == (0, "")
        disk.fails(**failure)
        ends = [rushes("ingest", cwd=film), rushes("set", "card:A001", "rating=1", cwd=film)]
        disk.heals()
        assert {end.code for end in ends} <= {0, 30, 44}, [end.err for end in ends]
        assert any(end.code for end in ends)
        assert not any("was not taken" in end.err or "offline" in end.err for end in ends), "no card is to blame"
        assert log(film)["ingest/A001/C0001.MP4"]["rating"] == (5 if ends[1].code else 1)
        assert take(film).code == 0
        nothing_half(film, whole(film))
        assert {row["status"] for row in log(film).values()} == {"ready"}
        assert len(products(film)) == 6


@pytest.mark.parametrize(
    "failure",
    [
        {"op": "WRITE", "name": "*.MP4", "after": 20_000},
        {"op": "WRITE", "name": "LONG.BIN", "after": 5 << 20},
        {"op": "FSYNC", "name": "*.MP4"},
        {"op": "FLUSH", "name": "*.MP4"},
        {"op": "FSYNC", "name": ".rushes-journal"},
        {"op": "READ", "name": "*.MP4"},
        {"op": "FSYNCDIR"},
        {"op": "RENAME"},
    ],
)
def test_a_copy_on_a_disk_that_fails_ends_alone_and_is_made_when_it_is_well(failure, tmp_path):
    source = card(tmp_path / "film", clips=2)
    (source / "LONG.BIN").write_bytes(bytes(range(256)) * 36_000)  # of several pieces, which go past memory
    before = tree(source)
    with broken_disk(tmp_path / "A") as disk:
        wish = Wish(source, (tmp_path / "A" / "A001", tmp_path / "B" / "A001"))
        disk.fails(**failure)
        done = offload(wish, QUIET)
        disk.heals()
        assert [copy.state for copy in done.copies] == ["failed", "copied"], done
        assert not (tmp_path / "A" / "A001").exists()
        again = offload(wish, QUIET)
        assert [copy.state for copy in again.copies] == ["copied", "known"], again
        for copy in wish.targets:
            assert {name: seen for name, seen in tree(copy).items() if "ascmhl" not in name} == before
            assert len(list(copy.rglob("*.mhl"))) == 1
    assert tree(source) == before


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed; it tells what is asked of the system")
def test_a_disk_that_cannot_set_room_aside_is_written_once(tmp_path):
    """The C library has a way for it that first writes into every block."""
    source = card(tmp_path / "film")
    (source / "LONG.BIN").write_bytes(bytes(range(256)) * 36_000)
    trace = tmp_path / "trace"
    with broken_disk(tmp_path / "A") as disk:
        subprocess.run(
            ["strace", "-f", "-y", "-qq", "-s", "0", "-o", trace, "-e", "trace=fallocate,write,pwrite64",
             sys.executable, "-m", "pipeline.cli.main", "offload", source, "--to", disk.folder],
            check=True, capture_output=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    calls = [line for line in trace.read_text().splitlines() if "LONG.BIN>" in line]
    assert any("fallocate(" in line and "EOPNOTSUPP" in line for line in calls), calls[:3]
    assert sum("write" in line for line in calls) < 10, calls[:5]


def test_the_disk_itself_is_a_disk(tmp_path):
    """What a test does on it comes out as on any other."""
    with broken_disk(tmp_path / "disk") as disk:
        here = disk.folder
        (here / "a" / "b").mkdir(parents=True)
        (here / "a" / "b" / "x").write_bytes(os.urandom(300_000))
        shutil.copytree(here / "a", here / "copy")
        (here / "a").rename(here / "moved")
        assert (here / "moved" / "b" / "x").read_bytes() == (here / "copy" / "b" / "x").read_bytes()
        shutil.rmtree(here / "moved")
        assert sorted(path.name for path in here.rglob("*")) == ["b", "copy", "x"]
