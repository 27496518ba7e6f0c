"""Files that appear whole, and what a killed process leaves of them."""

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import pytest

from pipeline.publishing import _held, make_folder, sweep_temporaries, workroom, write_whole


def _stays(folder: Path, ready) -> None:
    with workroom(folder) as room:
        (room / "half").write_bytes(b"x")
        ready.set()
        signal.pause()


@pytest.fixture
def other(tmp_path):
    """Another process at work in a room of the folder."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_stays, args=(tmp_path, ready))
    process.start()
    assert ready.wait(60)
    yield process
    process.kill()
    process.join()


def test_a_room_goes_when_its_process_was_killed_and_not_before(other, tmp_path):
    (room,) = tmp_path.iterdir()
    write_whole(tmp_path / "table.json", b"{}")
    with workroom(tmp_path):
        assert (room / "half").exists()
    other.kill()
    other.join()
    write_whole(tmp_path / "table.json", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["table.json"]


def test_a_sweep_takes_what_a_killed_process_held_and_nothing_that_is_held(other, tmp_path):
    (room,) = tmp_path.iterdir()
    sweep_temporaries(tmp_path, deep=False)
    assert (room / "half").exists()
    other.kill()
    other.join()
    sweep_temporaries(tmp_path, deep=False)
    assert list(tmp_path.iterdir()) == []


def test_nothing_hidden_stays_beside_what_was_written(tmp_path):
    write_whole(tmp_path / "a" / "b" / "table.json", b"{}")
    assert (tmp_path / "a" / "b" / "table.json").read_bytes() == b"{}"
    with workroom(tmp_path / "a") as room:
        assert room.parent == tmp_path / "a"
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["a", "a/b", "a/b/table.json"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_hundred_small_files_leave_no_descriptor_open(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(100):
        write_whole(tmp_path / str(number % 3), b"x")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_folders_that_are_missing_are_made_from_the_top(tmp_path):
    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_a_folder_that_another_process_sweeps_before_it_is_locked_is_made_anew(tmp_path):
    tried = []

    def swept_once(place: Path) -> int:
        tried.append(place)
        if len(tried) == 1:
            raise FileNotFoundError(place)
        return os.open(place, os.O_WRONLY | os.O_CREAT)

    with _held(tmp_path, swept_once) as (place, _):
        assert (len(tried), place) == (2, tried[1])
    with pytest.raises(FileNotFoundError):
        next(_held(tmp_path / "gone", lambda place: tmp_path.joinpath("gone").rmdir() or os.open(place, 0)).gen)
