"""Verified offload against what copies without verifying: `python benchmarks/offload.py`, about two minutes.

Copying (hashed in flight, safe on disk) against `cp` and `sync`; two copies of one reading against two `cp` side by
side and `sync`; reading back against `cat`. Both of a pair run in turns on files that memory does not hold; ratios are
of medians. Takes 5 GB in benchmarks/.cache/ while it runs.
"""

import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from source import CACHE

from pipeline.offload.run import offload
from pipeline.offload.words import Ears, Wish

FOLDER = CACHE / "offload"
FILES, SIZE = 6, 256 << 20  # of a card; bytes
TURNS = 3
LEAST = 0.9  # of the speed of what is compared with


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    card = FOLDER / "card"
    card.mkdir(parents=True)
    try:
        made_card(card)
        results = [one_copy_and_reading_back(card), two_copies(card)]
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return int(not all(results))


def made_card(card: Path) -> None:
    """Files of a size as cameras write them; no two pieces of them are the same."""
    noise = bytearray(random.Random(1).randbytes(4 << 20))
    for number in range(FILES):
        with (card / f"C{number:04}.MXF").open("wb") as file:
            for piece in range(SIZE // len(noise)):
                noise[:8] = (number << 32 | piece).to_bytes(8, "big")
                file.write(noise)


def one_copy_and_reading_back(card: Path) -> bool:
    copied: list[float] = []
    read: list[float] = []
    plain: list[float] = []
    cat: list[float] = []
    for _ in range(TURNS):
        plain.append(timed(card, lambda: copied_plainly(card, "a")))
        forget(FOLDER / "a")
        began = time.perf_counter()
        subprocess.run(["cat", *sorted((FOLDER / "a").iterdir())], stdout=subprocess.DEVNULL, check=True)
        cat.append(time.perf_counter() - began)
        for times, seconds in zip((copied, read), offloaded(card, "b"), strict=True):
            times.append(seconds)
    results = [
        told("one copy, hashed and safe on disk / cp, then sync", plain, copied),
        told("the copy read back and verified / cat", cat, read),
    ]
    return all(results)


def two_copies(card: Path) -> bool:
    ours: list[float] = []
    plain: list[float] = []
    for _ in range(TURNS):
        plain.append(timed(card, lambda: copied_plainly(card, "a", "b")))
        ours.append(offloaded(card, "a", "b")[0])
    return told("two copies of one reading / two cp side by side, then sync", plain, ours)


def copied_plainly(card: Path, *names: str) -> None:
    running = [subprocess.Popen(["cp", "-r", card, FOLDER / name]) for name in names]
    assert not any(each.wait() for each in running)
    os.sync()


def offloaded(card: Path, *names: str) -> tuple[float, float]:
    """Seconds of copying, and of reading back, of `rushes offload`."""
    begun: dict[str, float] = {}
    fresh(card)
    targets = tuple(FOLDER / name for name in names)
    ears = Ears(
        lambda phase, _: begun.setdefault(phase, time.perf_counter()) and None, lambda _: None, cancelled=lambda: False
    )
    done = offload(Wish(card, targets), ears)
    ended = time.perf_counter()
    assert [copy.state for copy in done.copies] == ["copied"] * len(names), done.copies
    return begun["verifying"] - begun["copying"], ended - begun["verifying"]


def timed(card: Path, work: Callable[[], None]) -> float:
    fresh(card)
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def fresh(card: Path) -> None:
    """No copy is there, nothing waits to be written, and memory holds nothing of the card."""
    for name in ("a", "b"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
    os.sync()
    forget(card)


def forget(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def told(what: str, plain: list[float], ours: list[float]) -> bool:
    """Speed against speed, both in GB/s of the card."""
    theirs, mine = (FILES * SIZE / statistics.median(times) / 1e9 for times in (plain, ours))
    ratio = mine / theirs
    print(f"  {mine:.2f} and {theirs:.2f} GB/s")
    print(f"{what:<66}{ratio:>10.2f} x        at least {LEAST:g}  {'ok' if ratio >= LEAST else 'MISSED'}", flush=True)
    return ratio >= LEAST


if __name__ == "__main__":
    sys.exit(main())
