"""A clip with all its stills is watched from its first second on: ffmpeg itself says nothing before nearly its last."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from shooting import log, order, program, run, shoot

from pipeline.errors import Cancelled, DiskFull, ToolStopped
from pipeline.ingest.make import carry_out
from pipeline.ingest.orders import Order
from pipeline.processes.ffmpeg import Finished, Progress, Terms, never, run_ffmpeg
from pipeline.proxies.graph import arguments
from pipeline.proxies.job import ProxyJob
from pipeline.proxies.make import terms_of

SECONDS = 2  # of media
TONE = f"-f lavfi -i sine=f=440:r=48000:d={SECONDS} -c:v mpeg4 -q:v 2 -c:a pcm_s16le"


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    return shoot(tmp_path_factory.mktemp("shot") / "A.mkv", TONE, frames=range(25 * SECONDS))


def slowed(source: Path, folder: Path, seconds: float) -> ProxyJob:
    """All that is made of a clip by default, read so slowly that it takes about so many seconds."""
    return replace(order(log(source), folder, source), bandwidth=source.stat().st_size / seconds)


@contextmanager
def working(
    job: ProxyJob, told: list[Progress], *, cancelled: Callable[[], bool] = never, **terms
) -> Iterator[Future[Finished]]:
    """The job's ffmpeg at work in another thread."""
    on = replace(terms_of(job), **terms)
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run_ffmpeg, program(), arguments(job), progress=told.append, cancelled=cancelled, terms=on)


def at_work(folder: Path) -> list[int]:
    """The programs that write into a folder."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in words and int(line.parent.name) != os.getpid():
            found.append(int(line.parent.name))
    return found


def states(folder: Path) -> set[str]:
    return {Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in at_work(folder)}


def wait_for(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_a_clip_that_takes_longer_than_a_stall_is_no_stall_and_is_told_of_all_the_while(tmp_path, source):
    told: list[Progress] = []
    done = run_ffmpeg(
        program(), arguments(slowed(source, tmp_path / "out", 5)), progress=told.append, terms=Terms(stall=1.5)
    )
    silent = [each.share for each in told if not each.frames]
    assert silent == sorted(silent)
    assert len({share for share in silent if 0 < share < 1}) > 3, "ffmpeg said nothing yet, and still it was seen"
    assert (done.progress.frames, done.progress.seconds) == (25 * SECONDS, SECONDS)


def test_sound_without_timecode_keeps_to_the_bandwidth_too_and_is_no_stall(tmp_path):
    """What ffmpeg read at once to know the file it waits out, longer than it may stall."""
    source = tmp_path / "A.wav"
    run("-f", "lavfi", "-i", "sine=f=440:r=48000:d=10", source)
    job, told = slowed(source, tmp_path / "out", 4), []
    assert job.clip.rate is None
    began = time.monotonic()
    terms = replace(terms_of(job), stall=1.0)
    done = run_ffmpeg(program(), arguments(job), progress=told.append, terms=terms)
    assert time.monotonic() - began > 3
    assert done.progress.seconds == pytest.approx(10)
    assert len({each.share for each in told if 0 < each.share < 1 and not each.seconds}) > 3


def test_a_disk_that_gives_for_longer_than_a_stall_and_then_hangs_is_stopped_then_and_not_before(tmp_path, source):
    """Of two parts the first is read to its end, the second from a disk that hangs; ffmpeg has not said a word."""
    hanging = tmp_path / "B.mkv"
    os.mkfifo(hanging)
    job = slowed(source, tmp_path / "out", 3)  # each of two such parts
    job = replace(job, clip=log(source, source), sources=(source, hanging))
    told: list[Progress] = []
    began = time.monotonic()
    with working(job, told, stall=1.5, rest=0) as work, hanging.open("wb") as disk:
        disk.write(source.read_bytes()[: source.stat().st_size // 2])
        disk.flush()
        with pytest.raises(ToolStopped, match="no headway"):
            work.result()
        assert 3 < time.monotonic() - began < 15
    assert not any(each.frames for each in told)


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
def test_a_pause_before_ffmpegs_first_word_stops_it_at_once_and_harms_nothing(tmp_path, source):
    paused, told = threading.Event(), []
    with working(slowed(source, tmp_path / "out", 4), told, stall=1.5, total=8, paused=paused.is_set) as work:
        wait_for(lambda: told)
        paused.set()
        try:
            began = time.monotonic()
            wait_for(lambda: states(tmp_path / "out") == {"T"})
            assert time.monotonic() - began < 2
            before = told[-1]
            time.sleep(2)
            assert told[-1] == before
            assert not before.frames
        finally:
            paused.clear()
        assert work.result().progress.frames == 25 * SECONDS


def test_calling_off_before_ffmpegs_first_word_ends_it_at_once(tmp_path, source):
    enough, told = threading.Event(), []
    with working(slowed(source, tmp_path / "out", 30), told, cancelled=enough.is_set) as work:
        wait_for(lambda: told)
        began = time.monotonic()
        enough.set()
        with pytest.raises(Cancelled):
            work.result()
    assert time.monotonic() - began < 2
    assert not at_work(tmp_path / "out")


def made_in(folder: Path, job: ProxyJob) -> Order:
    folder.mkdir()
    return Order(job.clip, (), job, tuple(folder / each.path.name for each in job.outputs), program())


def test_a_clip_under_way_counts_its_media_before_ffmpeg_does(tmp_path, source):
    heard: list[float] = []
    outcome = carry_out(made_in(tmp_path / "film", slowed(source, tmp_path / "out", 4)), heard.append, never, never)
    assert outcome.error is None
    assert heard == sorted(heard)
    assert len({seconds for seconds in heard if 0 < seconds < SECONDS * 0.9}) > 2
    assert heard[-1] == pytest.approx(SECONDS)


def test_what_has_to_stay_free_is_looked_after_while_ffmpeg_is_silent(tmp_path, source, monkeypatch):
    began = time.monotonic()

    def full(folder: Path, _kept: int) -> None:
        if time.monotonic() - began > 2:  # somebody else fills the disk
            raise DiskFull(f"{folder} is full.")

    monkeypatch.setattr("pipeline.ingest.make.keep_free", full)
    outcome = carry_out(made_in(tmp_path / "film", slowed(source, tmp_path / "out", 30)), [].append, never, never)
    assert isinstance(outcome.error, DiskFull)
    assert time.monotonic() - began < 10
    assert not list((tmp_path / "out").iterdir())
