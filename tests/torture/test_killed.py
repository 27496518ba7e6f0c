"""Killed at any point, started again, finished: nothing is lost, doubled, altered or left lying about."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from depth import full
from orphans import adopt_orphans, descendants, left_behind
from stage import STEPS, Step, copy, differences, everything, finish, is_there, run, start

from pipeline.faults import POINTS

ELSEWHERE = {"read.answer"}  # in a child of its own: test_fault_points.py
Kill = tuple[str, int]  # a point, and how often it is reached before


@dataclass(frozen=True)
class Undisturbed:
    """A step as it goes undisturbed: the stage before, its time, how often it reaches each point, what it comes to."""

    before: Path
    seconds: float
    reached: Counter[str]
    after: dict[str, object]


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Undisturbed]:
    """Every step by name. The stage lies at one place for all of them: paths are part of what is compared."""
    stage, found = tmp_path_factory.mktemp("flow") / "stage", {}
    (stage / "tmp").mkdir(parents=True)
    for step in STEPS:
        step.prepare(stage)
        before = stage.with_name(f"before {step.name}")
        copy(stage, before)
        began = time.monotonic()
        done = run(step, stage, fault="*:1+:tell")
        seconds = time.monotonic() - began
        assert done.returncode == step.code, done.stderr
        if step.then:
            finish(step, stage)
        reached = Counter(line for line in done.stderr.splitlines() if line in POINTS)
        found[step.name] = Undisturbed(before, seconds, reached, everything(stage, says=step.says))
    adopt_orphans()
    return found


def test_every_point_is_reached_in_the_flow(flow):
    assert set().union(*(each.reached for each in flow.values())) == set(POINTS) - ELSEWHERE


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_killed_step_is_finished_by_the_same_command(step, flow):
    """In full a stage for each kill; else one stage is killed at a point, at the next when started again, and so on."""
    undisturbed = flow[step.name]
    kills = list(_kills(step, flow))
    unreached = 0
    while kills:
        tried, kills = (kills[:1], kills[1:]) if full() else (kills, [])
        spared = _survives(step, undisturbed, tried)
        if not full() and len(spared) < len(tried):
            kills = spared  # what was done already when its turn came: on a stage of its own
        else:
            assert all(number > 1 for _, number in spared), f"not reached: {spared}"
            unreached += len(spared)
    if full():
        print(f"{step.name}: {len(list(_kills(step, flow))) - unreached} kills")


def _kills(step: Step, flow: dict[str, Undisturbed]) -> Iterator[Kill]:
    """The first, middle and last time of each point in this step; else the first of those that no step before has."""
    before = STEPS[: STEPS.index(step)]
    known = set().union(*(flow[each.name].reached for each in before))
    for point, count in flow[step.name].reached.items():
        if full():
            yield from ((point, number) for number in sorted({1, (count + 1) // 2, count}))
        elif point not in known:
            yield point, 1


def _survives(step: Step, undisturbed: Undisturbed, kills: list[Kill]) -> list[Kill]:
    """Kill the step at each point in turn, finish it, and compare; gives back those that were not reached."""
    stage = _laid_out(undisturbed)
    spared = []
    for point, number in kills:
        done = run(step, stage, fault=f"{point}:{number}:kill")
        if done.returncode != -signal.SIGKILL:
            assert done.returncode == step.code or is_there(step, done), (point, number, done.stderr)
            spared.append((point, number))
        assert left_behind() == [], (point, number)
    _comes_to_the_same(step, undisturbed, stage, kills)
    return spared


def _laid_out(undisturbed: Undisturbed) -> Path:
    """The stage as it was before the step, where it always lies."""
    stage = undisturbed.before.with_name("stage")
    shutil.rmtree(stage, ignore_errors=True)
    copy(undisturbed.before, stage)
    return stage


def _comes_to_the_same(step: Step, undisturbed: Undisturbed, stage: Path, killed: Sequence[object]) -> None:
    finish(step, stage)
    differ = differences(undisturbed.after, everything(stage, says=step.says))
    assert not differ, f"killed at {killed}:\n{differ}"


# --- at any moment ----------------------------------------------------------------------------------

ENCODING = tuple(step for step in STEPS if step.name in {"ingest", "ingest again", "salvage"})
AT_WORK = "ffmpeg at work"
KILLS, IN_A_ROW = (300, 4) if full() else (8, 4)


def test_killed_at_any_moment_with_ffmpeg_at_work_it_comes_to_the_same(flow):
    """The head, its group, all of its processes, or one of its children; four times before it may finish.

    Half of the kills wait for an encoder: these recordings are short, and a moment at random seldom meets one.
    """
    chance, tally = random.Random(6), Counter[str]()
    while tally.total() < KILLS or not any(AT_WORK in said for said in tally):
        step = chance.choice(ENCODING)
        stage = _laid_out(flow[step.name])
        killed = []
        for _ in range(IN_A_ROW):
            at_work, whom = chance.random() < 0.5, chance.choice(tuple(VICTIMS))
            seconds = chance.uniform(0, 0.15) if at_work else chance.uniform(0.1, 1.2 * flow[step.name].seconds)
            if said := _killed_after(seconds, whom, step, stage, at_work=at_work):
                killed.append(said)
                tally[said] += 1
            assert left_behind() == [], (seconds, whom)
        _comes_to_the_same(step, flow[step.name], stage, killed)
    print(f"{tally.total()} kills at any moment: {dict(tally)}")
    assert tally.total() >= KILLS


def _killed_after(seconds: float, whom: str, step: Step, stage: Path, *, at_work: bool) -> str:
    """Whom of a running step the kill met, and whether an encoder was at work; nothing where all had ended.

    The time counts from the step's beginning, or from when its first encoder is `at_work`.
    """
    process = start(step, stage)
    with process:
        while at_work and process.poll() is None and not _encodes(process.pid):
            time.sleep(0.002)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=seconds)
            return ""
        below, encoding = descendants(process.pid), _encodes(process.pid)
        for victim in VICTIMS[whom](process.pid, below):
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        process.communicate(timeout=100)
    return f"{whom}, {AT_WORK}" if encoding else whom


def _encodes(head: int) -> bool:
    return any(_runs_ffmpeg(each) for each in descendants(head))


def _runs_ffmpeg(process: int) -> bool:
    try:
        return "ffmpeg" in Path(f"/proc/{process}/exe").readlink().name
    except OSError:
        return False


VICTIMS: dict[str, Callable[[int, list[int]], list[int]]] = {
    "head": lambda head, _: [head],
    "all of them": lambda head, below: [head, *below],
    "children first": lambda head, below: [*reversed(below), head],
    "a child": lambda head, below: below[-1:] or [head],
}
