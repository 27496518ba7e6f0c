"""Every program that is started, by whatever command: named files, guards, limits, its place in line, its end.

Two looks that have to agree: where the code starts programs (its syntax says so), and what a day's work starts.
"""

import ast
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from filming import MAG, ROOT, TINY, empty_film, footage, log

from pipeline.cli.main import rushes
from pipeline.processes import ffmpeg, reader, sandbox
from pipeline.processes.arguments import INPUT_GUARD
from pipeline.processes.courtesy import courteous
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.processes.sandbox import Reach, holder

# Every place that starts a program, and why it may be as it is.
STARTS = {
    ("processes/sandbox.py", "_popen"): "ffmpeg, in its hold",
    ("processes/reader.py", "_start"): "our own reader, which holds itself",
    ("processes/courtesy.py", "read_politely"): "ionice, over a thread's number",
    ("processes/courtesy.py", "_last_in_line"): "ionice, over `true`",
}
# Every place that runs ffmpeg over somebody's files; below, a day's work comes by all of them.
RUNS = {
    "delivery/trimming.py", "offload/report.py", "proxies/compare.py", "proxies/endings.py", "proxies/glance.py",
    "proxies/listening.py", "proxies/make.py", "proxies/playing.py", "proxies/salvage.py", "proxies/trial.py",
}  # fmt: skip
OTHERS = ("os.system", "os.popen", "os.fork", "os.posix_spawn", "os.exec", "os.spawn", "pty.spawn", "multiprocessing.")
SETTINGS = '[ingest]\nsettle = 0.2\n\n[proxies]\npresets = ["edit", "quick"]\n'
PRESETS = '[quick]\nabout = "by hardware"\nencoder = "h264-intra"\nhardware = "vaapi"\nheight = 180\nfolder = "quick"\n'
AIFF = b"FORM\0\0\0\x32AIFFCOMM\0\0\0\x12\0\1\0\0\0\1\0\x10\x40\x0e\xbb\x80\0\0\0\0\0\0SSND\0\0\0\x0a" + bytes(10)


@dataclass(frozen=True)
class Started:
    """A run of ffmpeg: which file asked for it, and what became of the command."""

    who: str
    command: tuple[str, ...]
    reach: Reach
    nice: int


@cache
def calls() -> frozenset[tuple[str, str, str]]:
    """(file, function, what it calls) of the whole code."""
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "pipeline").rglob("*.py")}
    return frozenset(
        (str(path.relative_to(ROOT / "pipeline")), function.name, ast.unparse(node.func))
        for path, text in sources.items()
        if any(word in text for word in ("subprocess", "run_ffmpeg", "multiprocessing", "import pty", *OTHERS))
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    )


def test_programs_are_started_in_four_places():
    assert {(path, function) for path, function, called in calls() if called.startswith("subprocess.")} - {
        ("processes/ffmpeg.py", "_told")  # an error of that name
    } == set(STARTS)
    assert not [call for call in calls() if call[2].startswith(OTHERS)]


def test_ffmpeg_is_run_in_the_places_that_are_known():
    assert {path for path, _, called in calls() if called == "run_ffmpeg"} == RUNS


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """A day's work in this process, and all that it started: ingest, salvage, offload, pull, conform, comparison."""
    place = tmp_path_factory.mktemp("day")
    film = empty_film(place / "film", SETTINGS)
    (film / "proxies.toml").write_text(PRESETS)
    mag = film / "ingest" / "A001"
    mag.mkdir()
    shutil.copy(next(MAG.glob("*C002*.mov")), mag / "A001C002.mov")
    footage(film / "ingest" / "B001" / "it's [a]: 'clip', %d\n\\.MP4")
    (film / "ingest" / "B001" / "sound.aif").write_bytes(AIFF)
    cut = film / "ingest" / "B001" / "cut.mov"
    words = ["-i", TINY, "-c", "copy", "-movflags", "+faststart", cut]
    subprocess.run([find_ffmpeg(), "-v", "error", *words], check=True)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 6 // 10])
    coded = ["-f", "lavfi", "-i", "testsrc=s=320x180:r=25", "-frames:v", "2", "-c:v", "libx265", "-tag:v", "hvc1"]
    quiet = ["-x265-params", "log-level=none", film / "ingest" / "B001" / "phone.mov"]
    subprocess.run([find_ffmpeg(), "-v", "error", *coded, *quiet], check=True)
    seen: list[Started] = []
    opened: list[dict] = []
    with pytest.MonkeyPatch.context() as patch:
        _listen(patch, seen, opened)
        patch.chdir(film)
        for command in (
            "ingest", "proxies --compare", "proxies name:cut --salvage", "mark ID 4 8",
            "cut marks name:A001C002 --as selects", f"pull marks --to {place}/pull --trim", "conform marks",
            f"offload {film}/ingest/B001 --to {place}/one --report {place}/one.html",
        ):  # fmt: skip
            words = [_marked(film) if word == "ID" else word for word in command.split()]
            done = CliRunner().invoke(rushes, words)
            assert done.exit_code == 0, (command, done.output, done.exception)
    return film, seen, opened


def _marked(film: Path) -> str:
    return log(film)["ingest/A001/A001C002.mov"]["id"]


def _listen(patch: pytest.MonkeyPatch, seen: list[Started], opened: list[dict]) -> None:
    started, popen = ffmpeg.started, subprocess.Popen

    def noted(command, reach, nice):
        frame = sys._getframe()
        while "/processes/" in frame.f_code.co_filename or "/pipeline/" not in frame.f_code.co_filename:
            frame = frame.f_back
        seen.append(Started(frame.f_code.co_filename.rpartition("/pipeline/")[2], tuple(command), reach, nice))
        return started(command, reach, nice)

    def open_(words, **options):
        opened.append({"words": list(map(str, words)), **options})
        return popen(words, **options)

    patch.setattr(ffmpeg, "started", noted)
    patch.setattr(sandbox.subprocess, "Popen", open_)


def test_a_day_comes_by_every_place_that_runs_ffmpeg(day):
    _, seen, opened = day
    assert {each.who for each in seen} == RUNS
    assert any("pipeline.metadata.mediainfo_child" in each["words"] for each in opened)


def test_every_run_names_its_files_absolutely_and_guards_what_it_reads(day):
    _, seen, _ = day
    for each in seen:
        words = each.command
        assert "-nostdin" in words
        last = 0
        for at in (at for at, word in enumerate(words) if word == "-i"):
            if words[at - 1] == "lavfi":
                continue
            assert words[at + 1].startswith("file:/"), words
            ours = {"format_whitelist": "hevc"} if each.who == "proxies/endings.py" else {}
            for name, value in {**dict(INPUT_GUARD), **ours}.items():
                assert f"-{name} {value}" in " ".join(words[last:at]), (name, words)
            last = at
        for word in words[1:]:
            assert not word.startswith("/") or word.startswith("/dev/dri/"), "no file goes without file:"
            assert "://" not in word


def test_every_run_reaches_what_it_names_and_has_its_limits(day):
    film, seen, _ = day
    for each in seen:
        named = {Path(word.removeprefix("file:")) for word in each.command if word.startswith("file:/")}
        assert set(each.reach.reads) | set(each.reach.writes) == named
        assert not any(film / "ingest" in path.parents for path in each.reach.writes)
        assert each.reach.largest < 1 << 40
        assert each.reach.hardware == (each.who == "proxies/trial.py")
        assert each.nice > 0


def test_every_program_has_a_session_of_its_own_and_hears_nobody(day):
    _, seen, opened = day
    media = [each for each in opened if "-nostdin" in each["words"]]
    assert len(media) == len(seen)
    for each in opened:
        if "mediainfo_child" in each["words"][-1] or each in media:
            assert each["start_new_session"] is True
            assert each["cwd"] == "/"
    for each in media:
        assert each["stdin"] is subprocess.DEVNULL
        assert each["words"][: len(courteous(10))] == courteous(10)
        if shutil.which("prlimit"):
            assert {word.partition("=")[0] for word in each["words"]} >= {"--fsize", "--data", "--core"}


def test_no_run_goes_unheld_where_this_system_can_hold_it(day):
    _, seen, _ = day
    if not list(sandbox._possible()):
        pytest.skip("this system can hold no program")
    assert {holder(each.reach.program) for each in seen} <= {"bubblewrap", "kernel"}


def test_a_file_that_is_not_named_absolutely_is_never_asked_for(tmp_path):
    os.chdir(tmp_path)
    for name in ("clip.mov", "file:clip.mov", "http://127.0.0.1/clip.mov", "concat:/a|/b", "/clip.mov", "pipe:0"):
        with pytest.raises(ValueError, match="no absolute file name"):
            ffmpeg.run_ffmpeg(find_ffmpeg(), ["-i", name, "-f", "null", "-"])
    assert reader.ReaderProcess("none")._process is None
