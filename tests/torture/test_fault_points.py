"""The points themselves: none is forgotten, and each does what it is asked for."""

import ast
import errno
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from pipeline.errors import MediaUnreadable
from pipeline.faults import POINTS
from pipeline.processes.reader import ReaderProcess

ROOT = Path(__file__).parents[2]


def named_in(path: Path) -> list[str]:
    """The points that a module names."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return [ast.literal_eval(call.args[0]) for call in calls if getattr(call.func, "id", "") == "reached"]


def test_every_point_stands_in_the_code_once_and_no_other_does():
    named = Counter(name for path in (ROOT / "pipeline").rglob("*.py") for name in named_in(path))
    assert named == Counter(POINTS)


# Calls that change the world, by module (`*` for a path) and name.
CHANGING = {
    "os": {"replace", "rename", "unlink", "remove", "rmdir", "mkdir", "makedirs", "link", "symlink", "truncate",
           "ftruncate", "utime", "fsync", "fdatasync", "posix_fallocate", "write", "pwrite", "chmod"},
    "shutil": {"rmtree", "move", "copy", "copy2", "copyfile", "copytree", "copyfileobj"},
    "*": {"write_bytes", "write_text", "unlink", "rename", "mkdir", "rmdir", "touch", "symlink_to", "hardlink_to",
          "chmod"},
}  # fmt: skip
# Functions that have such a call and no point of their own: why none is missed.
WITHOUT = {
    "cli/offload.py:_file": "a report in a work room of its own; a room that is left behind is swept",
    "cli/demo.py:_drop_cards": "the demonstration's own folder, which a next run makes anew",
    "delivery/pull.py:_part": "a temporary file that is done with; one left behind is swept",
    "delivery/trimming.py:trim": "a temporary file that is done with; one left behind is swept",
    "faults.py:_act": "tells of a point",
    "ingest/make.py:discard": "temporary files that are done with; one left behind is swept",
    "ingest/word.py:take_word_back": "what a head says of itself while it lives; a dead one's word is not believed",
    "ingest/word.py:resume": "one file that is there or not",
    "locks.py:held_lock": "who holds the lock, which is let go by the kernel whatever the file says",
    "offload/run.py:_recognise": "a journal that nobody reads any more; the next run removes it",
    "processes/reader.py:_say": "a pipe",
    "processes/reader.py:_write_all": "a pipe",
    "proxies/luts.py:sweep_luts": "copies nobody uses; the next sweep removes what is left",
    "proxies/make.py:_of_use": "a temporary file that is done with; one left behind is swept",
    "proxies/make.py:_remove": "temporary files that are done with; one left behind is swept",
    "publishing.py:_name": "its caller names the point",
    "publishing.py:sync": "its callers name the points",
}  # fmt: skip


def changing_in(path: Path) -> set[str]:
    """The functions of a module that change the world and name no point."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        named = any(getattr(call.func, "id", "") == "reached" for call in calls)
        if not named and any(map(changes, calls)):
            found.add(f"{path.relative_to(ROOT / 'pipeline')}:{function.name}")
    return found


def changes(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    of = getattr(call.func.value, "id", "")
    return call.func.attr in CHANGING.get(of, CHANGING["*"])


def test_whatever_changes_the_world_names_a_point_or_needs_none():
    found = {function for path in (ROOT / "pipeline").rglob("*.py") for function in changing_in(path)}
    assert found == set(WITHOUT)


PROBE = """
from pipeline.faults import reached
for point in ("make.made", "publish.sync", "publish.rename", "publish.sync", "publish.sync"):
    try:
        reached(point)
        print(point)
    except OSError as error:
        print(point, error.errno)
"""


@pytest.mark.parametrize(
    ("asked", "said", "code"),
    [
        ("", ["make.made", "publish.sync", "publish.rename", "publish.sync", "publish.sync"], 0),
        ("publish.sync:2:kill", ["make.made", "publish.sync", "publish.rename"], -signal.SIGKILL),
        ("*:3:kill", ["make.made", "publish.sync"], -signal.SIGKILL),
        ("publish.sync:2:EIO",
         ["make.made", "publish.sync", "publish.rename", f"publish.sync {errno.EIO}", "publish.sync"], 0),
        ("publish.sync:2+:ENOSPC",
         ["make.made", "publish.sync", "publish.rename", *[f"publish.sync {errno.ENOSPC}"] * 2], 0),
        ("*:1:EIO", ["make.made", f"publish.sync {errno.EIO}", "publish.rename", "publish.sync", "publish.sync"], 0),
    ],
)  # fmt: skip
def test_a_point_does_what_it_is_asked_for_and_nothing_else(asked, said, code):
    done = subprocess.run(
        [sys.executable, "-u", "-c", PROBE], env={**os.environ, "RUSHES_FAULT": asked}, cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout.splitlines(), done.returncode) == (said, code), done.stderr


@pytest.mark.parametrize(("killed", "answers"), [(2, True), (1, False)])
def test_a_reader_that_is_killed_is_replaced_and_costs_no_answer_unless_it_is_killed_again(
    monkeypatch, killed, answers
):
    monkeypatch.setenv("RUSHES_FAULT", f"read.answer:{killed}:kill")
    with ReaderProcess("pipeline.metadata.mediainfo_child") as reader:
        for _ in range(3):
            if answers:
                assert "error" in reader.ask({}), "no file, no facts"
            else:
                with pytest.raises(MediaUnreadable, match="died"):
                    reader.ask({})
