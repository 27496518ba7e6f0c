"""In which order the system is asked: written, made safe, renamed, the folder made safe, recorded. strace tells."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from stage import SPANNED, STEPS, run

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed; it tells the order")

CALLS = "write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,link,linkat,mkdir,mkdirat"
TRACED = ("ingest", "cut", "export", "pull", "offload", "backup", "restore", "rebuild")
_LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)")
_OPENED = re.compile(r"\d+<(/[^>]*)>")
_NAMED = re.compile(r'"(/[^"]*)"')


@dataclass(frozen=True)
class Call:
    """A call of the system that came back: write, sync, make, or rename and link, which give a path a `new` one."""

    what: str
    path: str
    new: str = ""


def _calls(trace: Path) -> Iterator[Call]:
    """The calls in the order in which they came back."""
    begun: dict[str, str] = {}
    for line in trace.read_text(errors="replace").splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        process, name, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            begun[process] = rest
            continue
        if "resumed>" in line:
            rest = begun.pop(process, "") + rest
        if re.search(r"= -1 ", rest):
            continue
        if name.startswith(("rename", "link")):
            yield Call(name[:6].removesuffix("at"), *_NAMED.findall(rest)[:2])
        elif name.startswith("mkdir"):
            yield Call("make", _NAMED.findall(rest)[0])
        elif opened := _OPENED.match(rest):
            yield Call("sync" if "sync" in name else "write", opened[1])


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Call]]:
    """What the steps ask of the system, by step; paths are those on the stage."""
    stage = tmp_path_factory.mktemp("order") / "stage"
    (stage / "tmp").mkdir(parents=True)
    calls = {}
    for step in STEPS:
        if step.name not in (*TRACED, "init"):
            continue
        step.prepare(stage)
        long = stage / "film" / "ingest" / SPANNED.name / "LONG.BIN"
        if step.name == "offload":
            long.write_bytes(bytes(range(256)) * 36_000)  # of several pieces, which go past memory
        trace = stage.with_name(f"{step.name}.trace")
        done = run(step, stage, traced=("strace", "-f", "-y", "-qq", "-s", "0", "-o", str(trace), "-e", CALLS))
        long.unlink(missing_ok=True)
        assert done.returncode == step.code, done.stderr
        calls[step.name] = [
            Call(each.what, _on(stage, each.path), _on(stage, each.new))
            for each in _calls(trace)
            if str(stage) in each.path
        ]
    return calls


def _on(stage: Path, path: str) -> str:
    return os.path.normpath(path).replace(f"{stage}/", "").replace(str(stage), ".") if path else ""


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "."


def _renames(calls: Sequence[Call], below: str) -> list[int]:
    found = [at for at, call in enumerate(calls) if call.what == "rename" and call.new.startswith(below)]
    assert found, f"nothing was renamed to {below}"
    return found


def _next(calls: Sequence[Call], after: int, what: str, path: str) -> int:
    """Where this is asked for next; fails where it never is."""
    for at in range(after + 1, len(calls)):
        if calls[at].what == what and calls[at].path == path:
            return at
    pytest.fail(f"no {what} of {path} after {calls[after]}")


def _last(calls: Sequence[Call], before: int, what: str, path: str) -> int:
    return max((at for at in range(before) if calls[at].what == what and calls[at].path == path), default=-1)


PUBLISHED = (  # step, below which folder, and where it is recorded
    ("ingest", "film/proxies/", "film/.rushes/catalogue.db-wal"),
    ("ingest", "film/stills/", "film/.rushes/catalogue.db-wal"),
    ("export", "film/timelines/", "film/.rushes/exports.json"),
    ("pull", "pulled/2019", "film/.rushes/pulls.json"),
    ("offload", "a/", ""),
    ("offload", "b/", ""),
    ("ingest", "film/.rushes/", ""),
    ("restore", "film/.rushes/catalogue.db", ""),
    ("restore", "film/log/", ""),
    ("rebuild", "film/.rushes/catalogue.db", ""),
    ("rebuild", "film/log/", ""),
)


@pytest.mark.parametrize(("step", "below", "record"), PUBLISHED)
def test_a_file_is_written_made_safe_renamed_and_only_then_recorded(traced, step, below, record):
    calls = traced[step]
    for renamed in _renames(calls, below):
        call = calls[renamed]
        if call.path.endswith(".offload"):
            continue
        written, synced = (_last(calls, renamed, what, call.path) for what in ("write", "sync"))
        assert synced >= 0, f"{call} was never made safe"
        assert written < synced, f"{call} was written to after it was made safe"
        folder = _next(calls, renamed, "sync", _folder(call.new))
        if record.endswith("-wal"):
            between = [each for each in calls[renamed:folder] if each.path == record and each.what == "write"]
            assert not between, f"{call} was recorded before its folder was safe"
            assert _next(calls, _next(calls, folder, "write", record), "sync", record), f"{call} was recorded unsafely"
        elif record:
            table = next(at for at in _renames(calls, record) if at > renamed)
            assert folder < table, f"{call} was recorded before its folder was safe"


def test_a_copy_appears_only_when_all_its_files_and_folders_are_safe(traced):
    calls = traced["offload"]
    (appeared, other) = (
        at for name in "ab" for at in _renames(calls, f"{name}/2019") if calls[at].path.endswith(".offload")
    )
    for at in (appeared, other):
        work = calls[at].path
        journal = f"{work}/.rushes-journal"
        inside = {call.path for call in calls[:at] if call.what == "write" and call.path.startswith(f"{work}/")}
        assert len(inside) > 5
        assert f"{work}/LONG.BIN" in inside
        for path in inside:
            assert _last(calls, at, "write", path) < _last(calls, at, "sync", path), f"{path} was not made safe"
            if path != journal and "/ascmhl/" not in path:
                note = _next(calls, _last(calls, at, "sync", path), "write", journal)
                assert note < at, f"{path} was not noted"
        for folder in {_folder(path) for path in inside}:
            assert _last(calls, at, "sync", folder) > 0, f"{folder} was not made safe"
        _next(calls, at, "sync", _folder(calls[at].new))


def _linked(calls: Sequence[Call], to: str) -> int:
    return next(at for at, call in enumerate(calls) if call.what == "link" and call.new.startswith(to))


def test_a_backup_appears_when_it_is_safe_and_an_old_catalogue_is_kept_before_another_takes_its_place(traced):
    calls = traced["backup"]
    appeared = _linked(calls, "kept.db")
    assert _last(calls, appeared, "write", calls[appeared].path) < _last(calls, appeared, "sync", calls[appeared].path)
    _next(calls, appeared, "sync", ".")
    for step, old, new in (
        ("restore", "film/.rushes/catalogue.kept-", "film/.rushes/catalogue.db"),
        ("rebuild", "film/.rushes/catalogue.kept-", "film/.rushes/catalogue.db"),
        ("rebuild", "film/log/", "film/.rushes/catalogue.db"),
    ):
        (replaced,) = _renames(traced[step], new)
        kept = _linked(traced[step], old)
        assert _next(traced[step], kept, "sync", _folder(old)) < replaced, f"{step}: {old} was not safe"


def test_a_new_folder_is_safe_in_the_one_above(traced):
    for step in ("ingest", "export", "pull"):
        for at, call in enumerate(traced[step]):
            if call.what == "make" and not call.path.endswith(".held") and ".held/" not in call.path:
                _next(traced[step], at, "sync", _folder(call.path))
