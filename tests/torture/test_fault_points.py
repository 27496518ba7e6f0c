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
