"""`make fuzz`: 100,000 damaged inputs; only a refusal may come out, within 2 s of CPU and 256 MiB. Then damaged cards
are ingested with proxies, a few films of them.

`python tests/fuzz/fuzz.py [INPUTS]`; `--only NUMBER` runs one input again, in the open. Inputs are the
same each time. Each worker is a process of its own with its memory cut off, so that what kills it
costs one input and is named.
"""

import argparse
import json
import math
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from damaged_cards import CARDS, ingest_films
from mutants import mutant
from targets import Target, targets

from pipeline.errors import RushesError

INPUTS = 100_000
FILMS = 8
MEMORY = 256 << 20  # bytes of a worker, Python and all its modules included
SLOWEST = 2.0  # seconds of CPU for one input
STUCK = 120.0  # seconds without a word after which a worker is ended


class TooSlow(BaseException):
    """No reader may catch it."""


@dataclass
class Tally:
    """What came of the inputs of one target."""

    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_input: int = -1
    faults: list[str] = field(default_factory=list)


# --- one worker -----------------------------------------------------------------------------------


def turns(wanted: list[Target]) -> list[Target]:
    """Whose turn it is, again and again: what has many samples has more to go wrong in it."""
    return [target for target in wanted if target.seeds for _ in range(1 + math.isqrt(len(target.seeds)))]


def damaged(number: int, taking: list[Target]) -> tuple[Target, bytes]:
    """The target and the bytes of an input, by its number alone."""
    target = taking[number % len(taking)]
    chance = random.Random(f"{target.name} {number}")
    seed = chance.choice(target.seeds)
    return target, mutant(seed.data, seed.read, chance)


def run_one(number: int, taking: list[Target], tally: dict[str, Tally]) -> None:
    target, data = damaged(number, taking)
    kept = tally.setdefault(target.name, Tally())
    kept.inputs += 1
    signal.setitimer(signal.ITIMER_PROF, SLOWEST)
    began = time.process_time()
    try:
        target.run(data)
    except RushesError:
        kept.refused += 1
    except TooSlow:
        kept.faults.append(f"input {number}: more than {SLOWEST:g} s")
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        kept.faults.append(f"input {number}: {type(error).__name__}: {error}"[:300])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    took = time.process_time() - began
    kept.seconds += took
    if took > kept.slowest:
        kept.slowest, kept.slowest_input = took, number


def work(numbers: range, mark: Path) -> None:
    """Run these inputs; what is under way stands in the file `mark`, the tally comes on stdout."""
    taking = turns(targets())
    signal.signal(signal.SIGPROF, _too_slow)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tally: dict[str, Tally] = {}
    with mark.open("wb", buffering=0) as place:
        for number in numbers:
            os.pwrite(place.fileno(), number.to_bytes(8, "big"), 0)
            run_one(number, taking, tally)
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])  # since it was started
    print(json.dumps({"tally": {name: vars(each) for name, each in tally.items()}, "peak": peak}))


def _too_slow(_: int, __: FrameType | None) -> None:
    raise TooSlow


# --- all of them ----------------------------------------------------------------------------------


def spread(inputs: int, jobs: int) -> tuple[dict[str, Tally], int]:
    """Run `inputs` in `jobs` workers side by side: tallies by target, and the largest worker in KiB."""
    whole: dict[str, Tally] = {}
    peak = 0
    with tempfile.TemporaryDirectory() as scratch:
        pieces = [range(job, inputs, jobs) for job in range(jobs)]
        while pieces:
            marks = [Path(scratch, f"{number}") for number in range(len(pieces))]
            workers = [_start(piece, mark) for piece, mark in zip(pieces, marks, strict=True)]
            left = []
            for piece, mark, worker in zip(pieces, marks, workers, strict=True):
                said = _outcome(worker, mark)
                if isinstance(said, str):
                    at = int.from_bytes(mark.read_bytes(), "big") if mark.exists() else piece.start
                    whole.setdefault("(a worker)", Tally()).faults.append(f"input {at}: {said}")
                    left += [range(at + piece.step, piece.stop, piece.step)]
                    continue
                peak = max(peak, said["peak"])
                for name, each in said["tally"].items():
                    add(whole.setdefault(name, Tally()), Tally(**each))
            pieces = [piece for piece in left if piece]
    return whole, peak


def _start(piece: range, mark: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, __file__, "--work", *map(str, (piece.start, piece.stop, piece.step)), str(mark)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _outcome(worker: "subprocess.Popen[str]", mark: Path) -> dict | str:
    """What a worker said at its end, or how it came to a bad one."""
    last, since = b"", time.monotonic()
    while True:
        try:
            out, complaint = worker.communicate(timeout=1)
            break
        except subprocess.TimeoutExpired:
            now = mark.read_bytes() if mark.exists() else b""
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > STUCK:
                worker.kill()
                worker.communicate()
                return "the worker hung"
    return json.loads(out) if worker.returncode == 0 else f"the worker died ({worker.returncode}): {complaint[-500:]}"


def add(whole: Tally, part: Tally) -> None:
    whole.inputs += part.inputs
    whole.refused += part.refused
    whole.seconds += part.seconds
    whole.faults += part.faults
    if part.slowest > whole.slowest:
        whole.slowest, whole.slowest_input = part.slowest, part.slowest_input


def report(whole: dict[str, Tally], peak: int, seconds: float) -> None:
    print(f"{'reader':27} {'inputs':>8} {'refused':>8} {'CPU s':>7} {'slowest':>9}  its input")
    for name, each in whole.items():
        slowest = f"{each.slowest * 1000:6.0f} ms"
        print(f"{name:27} {each.inputs:8,} {each.refused:8,} {each.seconds:7.1f} {slowest:>9}  {each.slowest_input}")
    total = sum(each.inputs for each in whole.values())
    print(f"{total:,} inputs in {seconds:.0f} s, largest worker {peak / 1024:.0f} MiB")
    faults = [f"{name}, {fault}" for name, each in whole.items() for fault in each.faults]
    kinds = Counter(fault.partition(": ")[2][:90] for fault in faults)
    for fault in faults[:20]:
        print(f"FAULT  {fault}")
    print(f"{len(faults)} faults of {len(kinds)} kinds" if faults else "no fault")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", nargs="?", type=int, default=INPUTS)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="run this one input, and let it crash")
    parser.add_argument("--films", type=int, default=FILMS, help="films of damaged cards to ingest with proxies")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        start, stop, step = map(int, asked.work[:3])
        work(range(start, stop, step), Path(asked.work[3]))
        return 0
    wanted = targets()
    for target in wanted:
        if not target.seeds:
            print(f"{target.name}: no sample to damage, left out")
    if asked.only is not None:
        target, data = damaged(asked.only, turns(wanted))
        print(f"{target.name}: {len(data):,} bytes")
        target.run(data)
        return 0
    began = time.monotonic()
    whole, peak = spread(asked.inputs, os.cpu_count() or 1)
    report(whole, peak, time.monotonic() - began)
    began = time.monotonic()
    faults = ingest_films(asked.films)
    print(f"{asked.films * len(CARDS)} damaged cards in {asked.films} films ingested with proxies", end="")
    print(f" in {time.monotonic() - began:.0f} s: {len(faults)} faults", *faults, sep="\nFAULT  ")
    return 1 if faults or any(each.faults for each in whole.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
