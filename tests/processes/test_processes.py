"""Programs are found, watched, called off with all their children, and die with us."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.errors import (
    Cancelled,
    DiskFull,
    MediaUnreadable,
    PathMissing,
    PathRefused,
    RushesError,
    ToolMissing,
    ToolStopped,
)
from pipeline.processes.courtesy import _last_in_line, courteous, read_politely
from pipeline.processes.ffmpeg import Terms, find_ffmpeg, run_ffmpeg
from pipeline.processes.reader import _HEARD, ReaderProcess

ENDLESS = ["-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25", "-f", "null", "-"]


@pytest.fixture(scope="module")
def ffmpeg() -> Path:
    return find_ffmpeg()


def program(path: Path, text: str, *, held: bool = True) -> Path:
    """A script in place of ffmpeg; what nothing can hold (it does not tell its version) may write where it likes."""
    path.write_text(f'#!/bin/sh\n[ "$1" = -version ] && exit {int(not held)}\n{text}\n')
    path.chmod(0o755)
    return path


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


# --- finding --------------------------------------------------------------------------------------


def test_the_setting_wins_over_the_environment_and_that_over_the_wheel(tmp_path, monkeypatch):
    monkeypatch.delenv("RUSHES_FFMPEG", raising=False)
    one, two = (program(tmp_path / name, "echo ffmpeg version 9") for name in ("one", "two"))
    assert "imageio_ffmpeg" in str(find_ffmpeg())
    monkeypatch.setenv("RUSHES_FFMPEG", str(two))
    assert find_ffmpeg() == two
    assert find_ffmpeg(str(one)) == one


@pytest.mark.parametrize("where", ["setting", "environment"])
def test_a_missing_ffmpeg_is_refused_by_the_place_that_names_it(monkeypatch, where):
    monkeypatch.setenv("RUSHES_FFMPEG", "/nowhere/ffmpeg" if where == "environment" else "")
    with pytest.raises(ToolMissing, match=r"RUSHES_FFMPEG names" if where == "environment" else r"tools\.ffmpeg names"):
        find_ffmpeg("/nowhere/ffmpeg" if where == "setting" else "")


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("4.2.2-static https://example.org/", True), ("5.1.9-0+deb12u1 Copyright", True), ("n8.1 Copyright", True),
        ("7", True), ("n9.0.2-17-g2a571b6068-20260930", False), ("10.1", False), ("N-118000-g0123456789", False),
        ("2026-01-02-git-0123456789", False), ("git-2026-01-02", False),
    ],
)  # fmt: skip
def test_an_ffmpeg_that_is_too_old_is_refused_at_once_and_the_oldest_named(tmp_path, version, old):
    named = program(tmp_path / "ffmpeg", f"echo 'ffmpeg version {version}'")
    if not old:
        assert find_ffmpeg(str(named)) == named
        return
    with pytest.raises(
        ToolMissing, match=r"tools\.ffmpeg names an ffmpeg .*9\.0 is the oldest .* or remove it"
    ) as told:
        find_ffmpeg(str(named))
    assert version.split()[0] in told.value.sentence


def test_another_program_is_no_ffmpeg(tmp_path):
    with pytest.raises(ToolMissing, match="is no ffmpeg"):
        find_ffmpeg(str(program(tmp_path / "true", "exit 0")))


def test_an_ffmpeg_that_went_away_is_a_missing_tool(tmp_path):
    with pytest.raises(ToolMissing):
        run_ffmpeg(tmp_path / "ffmpeg", ["-version"])


# --- running --------------------------------------------------------------------------------------


def test_progress_is_told_in_frames_and_seconds(ffmpeg):
    told = []
    done = run_ffmpeg(
        ffmpeg, ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-f", "null", "-"], progress=told.append
    )
    assert done.progress.frames == 50
    assert done.progress.seconds == 2.0
    assert told[-1] == done.progress


FAILURES = {
    "No space left on device": DiskFull,
    "Disk quota exceeded": DiskFull,
    "File too large": DiskFull,
    "Unknown encoder 'prores'": ToolMissing,
    "Cannot find a valid font for the family Mono": ToolMissing,
    "Unrecognized option 'xerror'": ToolMissing,
    "[in#0 @ 0x5] Error opening input: No such file or directory": PathMissing,
    "[mov @ 0x5] Format not on whitelist": MediaUnreadable,
    "[mov @ 0x5] moov atom not found": MediaUnreadable,
    "": MediaUnreadable,
}


@pytest.mark.parametrize(("words", "refusal"), FAILURES.items())
def test_what_ffmpeg_says_becomes_the_right_refusal(tmp_path, words, refusal):
    fake = program(tmp_path / "ffmpeg", f'echo "{words}" >&2; exit 1')
    with pytest.raises(RushesError) as caught:
        run_ffmpeg(fake, [], terms=Terms(subject="C0001.MP4"))
    assert type(caught.value) is refusal
    assert "C0001.MP4" in caught.value.sentence
    assert "0x5" not in caught.value.sentence
    assert caught.value.sentence.endswith(".")


def test_colours_that_ffmpeg_does_not_convert_accuse_no_card(ffmpeg):
    """A matrix that only the decoder tells of, and our readers do not."""
    alien = "color=red:s=64x64:d=0.1,format=yuv420p,setparams=colorspace=ycgco"
    with pytest.raises(MediaUnreadable, match="export it as ProRes or DNxHR"):
        run_ffmpeg(ffmpeg, ["-f", "lavfi", "-i", alien, "-vf", "scale=32:32:out_color_matrix=bt709", "-f", "null", "-"])


def test_a_full_disk_is_believed_even_when_the_exit_code_is_good(tmp_path):
    fake = program(tmp_path / "ffmpeg", 'echo "Error writing trailer: No space left on device" >&2; exit 0')
    with pytest.raises(DiskFull):
        run_ffmpeg(fake, [])


def test_a_flood_of_complaints_neither_blocks_nor_fills_memory(tmp_path):
    fake = program(
        tmp_path / "ffmpeg",
        'i=0; while [ $i -lt 20000 ]; do echo "complaint $i of a very long kind" >&2; i=$((i+1)); done',
    )
    done = run_ffmpeg(fake, [])
    assert len(done.stderr_tail) == 60
    assert done.stderr_tail[-1].startswith("complaint 19999")


def test_no_headway_is_a_stall_even_where_it_goes_on_talking(tmp_path):
    fake = program(
        tmp_path / "ffmpeg", "while :; do echo frame=1; echo out_time_us=40000; echo progress=continue; sleep 1; done"
    )
    with pytest.raises(ToolStopped, match=r"no headway .* for 2 seconds"):
        run_ffmpeg(fake, [], terms=Terms(stall=2))


def test_what_computes_without_end_and_neither_reads_nor_writes_is_given_more_time_and_no_more(tmp_path):
    with pytest.raises(ToolStopped, match=r"no headway .* for 8 seconds"):
        run_ffmpeg(program(tmp_path / "ffmpeg", "while :; do :; done"), [], terms=Terms(stall=0.8))


def test_whose_files_are_hidden_is_judged_by_its_work_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.processes.vitals._places", lambda _process: ())
    with pytest.raises(ToolStopped, match="longer than 5 seconds"):
        run_ffmpeg(program(tmp_path / "ffmpeg", "while :; do :; done"), [], terms=Terms(stall=0.4, total=5))
    with pytest.raises(ToolStopped, match="no headway"):
        run_ffmpeg(program(tmp_path / "ffmpeg", "exec sleep 60"), [], terms=Terms(stall=0.4, total=5))


def test_where_the_system_tells_nothing_silence_is_no_stall(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.processes.vitals._PROC", tmp_path)
    assert run_ffmpeg(program(tmp_path / "ffmpeg", "sleep 1.5; echo made >&2"), [], terms=Terms(stall=0.5))
    with pytest.raises(ToolStopped, match="longer than 2 seconds"):
        run_ffmpeg(program(tmp_path / "ffmpeg", "sleep 60"), [], terms=Terms(stall=0.5, total=2))


def test_a_run_has_a_total_time(ffmpeg):
    with pytest.raises(ToolStopped, match="longer than"):
        run_ffmpeg(ffmpeg, ENDLESS, terms=Terms(total=0.5))


def test_a_killed_ffmpeg_is_no_fault_of_the_media(tmp_path):
    with pytest.raises(ToolStopped, match="SIGKILL"):
        run_ffmpeg(program(tmp_path / "ffmpeg", "kill -9 $$"), [])


def test_a_file_limit_that_we_run_under_is_a_full_disk(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(DiskFull):
            run_ffmpeg(program(tmp_path / "ffmpeg", "kill -XFSZ $$"), [])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_calling_off_ends_the_whole_tree_even_one_that_will_not_listen(tmp_path):
    pids = tmp_path / "pids"
    fake = program(
        tmp_path / "ffmpeg", f"trap '' TERM; sleep 60 & echo $$ $! > {pids}; while :; do sleep 1; done", held=False
    )
    with pytest.raises(Cancelled):
        run_ffmpeg(fake, [], cancelled=pids.is_file)
    assert all(gone(int(pid)) for pid in pids.read_text().split())


def test_an_error_in_our_own_callback_leaves_no_process(tmp_path):
    pids = tmp_path / "pids"
    fake = program(
        tmp_path / "ffmpeg", f"echo $$ > {pids}; echo frame=1; echo progress=continue; exec sleep 60", held=False
    )

    def burst(_progress):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_ffmpeg(fake, [], progress=burst)
    assert gone(int(pids.read_text()))


def test_ffmpeg_does_not_read_our_stdin(tmp_path):
    fake = program(tmp_path / "ffmpeg", "readlink /proc/self/fd/0 >&2")
    assert run_ffmpeg(fake, []).stderr_tail == ("/dev/null",)


def test_ffmpeg_is_polite(tmp_path):
    own = os.getpriority(os.PRIO_PROCESS, 0)
    done = run_ffmpeg(program(tmp_path / "ffmpeg", "nice >&2"), [], terms=Terms(nice=7))
    assert int(done.stderr_tail[0]) == min(19, own + 7)


@pytest.mark.skipif(subprocess.run(["ionice", "true"], check=False).returncode != 0, reason="no ionice here")
def test_ffmpeg_and_threads_that_read_are_last_in_line_for_the_disk(tmp_path):
    done = run_ffmpeg(program(tmp_path / "ffmpeg", "ionice >&2"), [])
    assert done.stderr_tail == ("best-effort: prio 7",)
    said = []

    def read():
        read_politely()
        said.extend(
            subprocess.run(["ionice", "-p", str(thread)], capture_output=True, text=True, check=True).stdout.strip()
            for thread in (threading.get_native_id(), os.getpid())
        )

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert said[0] == "best-effort: prio 7"
    assert said[1] != said[0]


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
def test_a_program_whose_parent_died_while_it_was_started_does_not_begin(tmp_path):
    command = [*courteous(10), "touch", str(tmp_path / "begun")]
    stranger = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    assert subprocess.run([sys.executable, "-c", stranger, *command], check=False).returncode == 1
    assert not (tmp_path / "begun").exists()
    subprocess.run(command, check=True)
    assert (tmp_path / "begun").exists()


@pytest.mark.parametrize("missing", [{"nice", "ionice", "setpriv"}, {"ionice"}])
def test_ffmpeg_runs_where_the_system_lacks_manners(tmp_path, monkeypatch, missing):
    _last_in_line.cache_clear()
    for name in {"nice", "ionice", "setpriv"} - missing:
        (tmp_path / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run_ffmpeg(program(tmp_path / "ffmpeg", "echo made >&2"), []).stderr_tail == ("made",)
    assert not missing & set(courteous(10))
    monkeypatch.undo()
    _last_in_line.cache_clear()


# --- paused ---------------------------------------------------------------------------------------


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.fixture
def ticking(tmp_path, ffmpeg):
    """An ffmpeg that writes down its pid."""
    return program(tmp_path / "ffmpeg", f'echo $$ > {tmp_path}/pids; exec {ffmpeg} "$@"', held=False), tmp_path / "pids"


def pid_in(pids: Path) -> int:
    return int(wait_for(lambda: pids.is_file() and pids.read_text().strip()))


def test_a_paused_run_stands_still_and_its_clocks_too(ticking):
    fake, pids = ticking
    paused, told = threading.Event(), []
    terms = Terms(stall=2.0, total=3.0, paused=paused.is_set)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(run_ffmpeg, fake, ENDLESS, progress=told.append, terms=terms)
        try:
            pid = pid_in(pids)
            wait_for(lambda: told)
            paused.set()
            wait_for(lambda: state(pid) == "T")
            before = len(told)
            time.sleep(3.2)  # longer than it may stall, and than it may take in all
            assert not run.done()
            assert len(told) <= before + 1
        finally:
            paused.clear()
        with pytest.raises(ToolStopped, match="longer than 3 seconds"):
            run.result()
    assert len(told) > before + 1
    assert gone(pid)


def test_calling_off_a_paused_run_ends_it_at_once(ticking):
    fake, pids = ticking
    enough = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(run_ffmpeg, fake, ENDLESS, cancelled=enough.is_set, terms=Terms(paused=lambda: True))
        try:
            pid = pid_in(pids)
            wait_for(lambda: state(pid) == "T")
        finally:
            began = time.monotonic()
            enough.set()
        with pytest.raises(Cancelled):
            run.result()
    assert time.monotonic() - began < 1.5, "it was asked to end, and did not have to be killed"
    assert gone(pid)


def test_a_run_that_would_outlive_us_is_never_stopped(ticking, monkeypatch):
    fake, pids = ticking
    monkeypatch.setattr("pipeline.processes.ffmpeg.dies_with_us", lambda: False)
    told = []
    with pytest.raises(Cancelled):
        run_ffmpeg(
            fake, ENDLESS, progress=told.append, cancelled=lambda: len(told) > 2, terms=Terms(paused=lambda: True)
        )
    assert gone(pid_in(pids))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
def test_kill_9_of_the_head_leaves_no_orphan(tmp_path, ffmpeg):
    script = textwrap.dedent(f"""
        import threading
        from pathlib import Path
        from pipeline.processes.ffmpeg import run_ffmpeg
        work = threading.Thread(target=run_ffmpeg, args=(Path({str(ffmpeg)!r}), {ENDLESS!r}))
        work.start()
        work.join()
    """)
    with subprocess.Popen([sys.executable, "-c", script]) as head:
        try:
            child = wait_for(lambda: next((pid for pid in below(head.pid) if "ffmpeg" in program_of(pid)), None))
        finally:
            head.send_signal(signal.SIGKILL)
    assert gone(int(child))


def below(process: int | str) -> list[str]:
    """Its children and theirs, short-lived ones too: what is gone before it is looked at is no matter."""
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            found += (task / "children").read_text().split()
    return [*found, *(each for child in found for each in below(child))]


def program_of(process: str) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().split("\0")[0]
    except OSError:
        return ""


def wait_for(look, seconds: float = 10.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.02)
    raise TimeoutError


# --- hostile input --------------------------------------------------------------------------------


def test_a_playlist_under_a_footage_name_reads_no_other_file(tmp_path, ffmpeg):
    secret = tmp_path / "secret.ts"
    run_ffmpeg(ffmpeg, ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1", "-f", "mpegts", f"file:{secret}"])
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n"
    for name, content in {"hls.mov": text, "concat.mp4": f"ffconcat version 1.0\nfile {secret.name}\n"}.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(MediaUnreadable):
            run_ffmpeg(ffmpeg, ["-i", f"file:{tmp_path / name}", "-f", "null", "-"])


def test_a_picture_bomb_is_refused(tmp_path, ffmpeg):
    bomb = tmp_path / "bomb.mov"
    run_ffmpeg(
        ffmpeg, ["-f", "lavfi", "-i", "color=s=12000x8000:r=1:d=1", "-pix_fmt", "gray", "-c:v", "png", f"file:{bomb}"]
    )
    with pytest.raises(MediaUnreadable):
        run_ffmpeg(ffmpeg, ["-xerror", "-i", f"file:{bomb}", "-f", "null", "-"])


# --- the reader child -----------------------------------------------------------------------------

CHILD = """
import os, socket, time
from itertools import count
from pipeline.processes.reader import _HEARD, LentFile, serve

questions = count(1)

def reads(request):
    file = request["file"]
    found = []
    for place, whence, length in request["reads"]:
        at = file.seek(place, whence)
        data = file.read(length)
        assert file.tell() == at + len(data)
        found.append(data.hex())
    return found

def answer(request):
    what, first = request.get("do"), next(questions) == 1
    if what == "reads": return {"found": reads(request), "partial": request["file"].partial}
    if what == "says":
        for part in request["parts"]:
            os.write(request["file"]._out, bytes.fromhex(part))
            time.sleep(0.05)
        time.sleep(60)
    if what == "again and again":
        file = LentFile(1 << 20, 1 << 60, request["file"]._out)
        while file.read(request["length"]): file.seek(0)
    if what == "sleep, unless it is the first" and not first: time.sleep(60)
    if what == "die": os._exit(3)
    if what == "sleep": time.sleep(60)
    if what == "print": print("a library's chatter", flush=True)
    if what == "spin":
        while True: pass
    if what == "flood": return {"text": "x" * (1 << 27)}
    if what == "eat": return {"length": len(bytearray(1 << 31))}
    if what == "send":
        socket.create_connection(("127.0.0.1", request["port"]), timeout=2).close()
    return {"pid": os.getpid(), "text": request.get("text")}

if __name__ == "__main__":
    serve(answer, cpu_seconds=1)
"""


def said(what: bytes, offset: int, length: int) -> str:
    return _HEARD.pack(what, offset, length).hex()


class CountedReader(ReaderProcess):
    starts = 0

    def _start(self):
        self.starts += 1
        return super()._start()


@pytest.fixture
def reader(tmp_path, monkeypatch):
    (tmp_path / "child_for_tests.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with CountedReader("child_for_tests", timeout=10.0) as process:
        yield process


def test_the_reader_answers_in_one_process(reader):
    answers = [reader.ask({"text": f"Édith \udcff\n{number}"}) for number in range(3)]
    assert [answer["text"] for answer in answers] == [f"Édith \udcff\n{number}" for number in range(3)]
    assert len({answer["pid"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("deed", "sentence", "asked"),
    [("die", "died", 2), ("eat", "died", 2), ("spin", "took too long", 1), ("flood", "no usable answer", 1)],
)
def test_what_kills_a_reader_is_asked_once_more_and_what_takes_it_over_or_too_long_is_not(
    reader, deed, sentence, asked
):
    before = reader.ask({})["pid"]
    with pytest.raises(MediaUnreadable, match=sentence):
        reader.ask({"do": deed})
    assert gone(before)
    assert reader.starts == asked
    assert reader.ask({})["pid"] != before


def test_a_reader_that_takes_too_long_is_ended(reader):
    before = reader.ask({})["pid"]
    with pytest.raises(MediaUnreadable, match="took too long"):
        reader.ask({"do": "sleep"}, timeout=0.3)
    assert gone(before)
    assert reader.starts == 1


def test_a_reader_killed_amid_a_question_costs_nothing_but_time(reader):
    before = reader.ask({})["pid"]
    killing = threading.Timer(0.5, os.kill, (before, signal.SIGKILL))
    killing.start()
    after = reader.ask({"do": "sleep, unless it is the first", "text": "there"})
    killing.join()
    assert after == {"pid": after["pid"], "text": "there"}
    assert after["pid"] != before


def test_the_reader_reads_what_stands_in_the_file_wherever_it_goes(reader, tmp_path):
    data = random.Random(7).randbytes((2 << 20) + 77)
    (tmp_path / "file").write_bytes(data)
    reads = [(0, 0, 10), (0, 1, 100_000), (-5, 2, 10), (1 << 20, 0, 1 << 21), (3, 2, 8), (0, 0, 0), (77, 0, 1 << 20)]
    answer = reader.ask({"do": "reads", "reads": reads}, file=tmp_path / "file")
    assert [bytes.fromhex(each) for each in answer["found"]] == [
        data[:10], data[10:100_010], data[-5:], data[1 << 20 : 2 << 20], b"", b"", data[77 : 77 + (1 << 20)],
    ]  # fmt: skip
    assert not answer["partial"]


def test_the_reader_knows_when_it_was_kept_from_reading_on(reader, tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    for reads, found, partial in (
        ([(0, 0, 4), (0, 0, 4)], ["0123", "0123"], False),
        ([(0, 0, 4), (0, 1, 4), (0, 0, 1)], ["0123", "4567", ""], True),
        ([(5, 0, 9), (0, 1, 9), (0, 0, 4)], ["56789", "", ""], True),
        ([(0, 0, 9)], [""], True),
    ):
        answer = reader.ask({"do": "reads", "reads": reads}, file=tmp_path / "file", most=8)
        assert [bytes.fromhex(each).decode() for each in answer["found"]] == found
        assert answer["partial"] is partial


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"do": "again and again", "length": 1 << 20}, "no usable answer"),
        ({"do": "again and again", "length": 1}, "no usable answer"),
        ({"do": "says", "parts": [said(b"R", 0, (1 << 20) + 1)]}, "no usable answer"),
        ({"do": "says", "parts": [said(b"X", 0, 1)]}, "no usable answer"),
        ({"do": "says", "parts": [said(b"A", 0, (64 << 20) + 1)]}, "no usable answer"),
        ({"do": "says", "parts": [said(b"A", 0, 9) + "5b" * 9]}, "no usable answer"),
        ({"do": "says", "parts": [said(b"A", 0, 1 << 16) + "5b" * (1 << 16)]}, "no usable answer"),
        ({"do": "says", "parts": [said(b"R", 1 << 63, 1)]}, "took too long"),  # it is told the end, and says no more
        ({"do": "says", "parts": [said(b"R", 0, 1 << 20)]}, "took too long"),  # it never takes what it asked for
        ({"do": "says", "parts": ["52", *["00"] * 99]}, "took too long"),
    ],
)  # fmt: skip
def test_a_reader_that_is_taken_over_gets_no_more_than_any_needs_and_holds_nobody_up(
    reader, tmp_path, question, sentence
):
    (tmp_path / "file").write_bytes(bytes(1 << 20))
    before = reader.ask({})["pid"]
    began = time.monotonic()
    with pytest.raises(MediaUnreadable, match=sentence):
        reader.ask(question, file=tmp_path / "file", timeout=1.0 if sentence == "took too long" else 30.0)
    assert time.monotonic() - began < 20
    assert gone(before)
    assert reader.starts == 1
    assert reader.ask({"text": "next"})["text"] == "next"


def test_a_disk_that_does_not_give_the_file_is_named_and_the_next_question_answered(reader, tmp_path):
    with pytest.raises(PathRefused, match="check the disk"):
        reader.ask({"do": "reads", "reads": [(0, 0, 9)]}, file=tmp_path)  # a folder is opened, but never read
    assert reader.ask({"text": "next"})["text"] == "next"


def test_a_reader_that_was_killed_between_questions_is_replaced_without_a_word(reader):
    os.kill(reader.ask({})["pid"], signal.SIGKILL)
    time.sleep(0.1)
    assert reader.ask({"text": "again"})["text"] == "again"


def test_chatter_does_not_break_the_framing(reader):
    assert reader.ask({"do": "print", "text": "x"})["text"] == "x"


def test_many_threads_share_a_reader(reader):
    found: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda number=number: found.update({number: reader.ask({"text": str(number)})["text"]}))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: str(number) for number in range(12)}


def test_a_closed_reader_leaves_no_process(reader):
    pid = reader.ask({})["pid"]
    reader.close()
    assert gone(pid)


def test_the_reader_ends_when_we_are_killed(tmp_path):
    (tmp_path / "child_for_tests.py").write_text(CHILD)
    script = (
        "import time; from pipeline.processes.reader import ReaderProcess\n"
        "print(ReaderProcess('child_for_tests').ask({})['pid'], flush=True); time.sleep(60)"
    )
    head = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    assert head.stdout is not None
    pid = int(head.stdout.readline())
    head.kill()
    head.wait()
    head.stdout.close()
    assert gone(pid)


def test_the_reader_has_no_network_where_the_system_can_take_it_away(reader):
    if subprocess.run(["unshare", "--map-current-user", "--net", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets no one give up the network")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(MediaUnreadable):
        reader.ask({"do": "send", "port": server.getsockname()[1]})
