"""A card as it comes (H.264 UHD and ProRes HD, long and short): `python benchmarks/mixed.py [CLIPS OF EACH LENGTH]`.

Wall time and memory of `rushes ingest` against plain ffmpeg making the same proxies and stills by the same
commands, long clips first, at the best of several placements; then against the way most people do it: facts,
prores_ks, a second pass for a still, md5, one clip after the other.
"""

import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ingest import RUSHES, clips_of, fresh_film, told, varied
from source import bench_source, hd_source

from pipeline.clip import Clip
from pipeline.film import Film
from pipeline.ingest.orders import film_presets
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.proxies.glance import GLANCES
from pipeline.proxies.graph import command
from pipeline.proxies.job import Output, ProxyJob
from pipeline.proxies.placement import effort
from pipeline.proxies.presets import STILLS

PLACEMENTS = ((1, 0), (2, 1), (2, 2), (3, 1))  # processes, threads (0: ffmpeg decides)
LENGTHS = (10, 2)  # seconds; of the shorter there are twice as many
ROUNDS = 3
LEAST_TIMES = 2.5  # as most people do it, to ours
_LOOK = 0.1  # seconds between two looks at memory
# What tells facts, the first that is installed; ffmpeg itself reads them as ffprobe does, and complains that it
# has nothing to write.
READERS = (("ffprobe", "-v", "error", "-show_format", "-show_streams"), ("mediainfo",), (str(find_ffmpeg()), "-i"))


def main() -> int:
    film = card_of(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
    clips = clips_of(film)
    commands = {threads: commands_of(film, clips, threads) for _, threads in PLACEMENTS}

    def plain(placement: tuple[int, int]) -> tuple[float, float]:
        return measured(lambda: all_of(commands[placement[1]], placement[0]))

    plain(PLACEMENTS[0])  # warms up: what comes first would pay for the page cache
    best = min(PLACEMENTS, key=lambda placement: plain(placement)[0])
    runs: dict[str, list[tuple[float, float]]] = {"plain": [], "ours": []}
    for _ in range(ROUNDS):
        runs["plain"].append(plain(best))
        runs["ours"].append(ours(film))
    wall = {name: statistics.median(seconds for seconds, _ in taken) for name, taken in runs.items()}
    peak = {name: statistics.median(most for _, most in taken) for name, taken in runs.items()}
    print(f"  plain ffmpeg, {best[0]} x {best[1] or 'auto'} threads: {wall['plain']:.1f} s, {peak['plain']:.0f} MB")
    print(f"  rushes ingest: {wall['ours']:.1f} s, {peak['ours']:.0f} MB")
    kept = [
        told("a mixed card: rushes ingest / plain ffmpeg, wall", wall["ours"] / wall["plain"], 1.05, "x"),
        told("a mixed card: rushes ingest / plain ffmpeg, peak memory", peak["ours"] / peak["plain"], 1.2, "x"),
    ]
    times = usual(film, [source for _, source in clips]) / wall["ours"]
    verdict = f"at least {LEAST_TIMES:g}  {'ok' if times >= LEAST_TIMES else 'MISSED'}"
    print(f"{'a mixed card: as most people do it / rushes ingest, wall':<66}{times:>10.2f} x        {verdict}")
    kept.append(times >= LEAST_TIMES)
    return int(not all(kept))


def card_of(count: int) -> Film:
    """A film with `count` long clips of each kind and twice as many short ones."""
    film = fresh_film("mixed")
    card = film.folder / "ingest" / "2019-10-12_Vienna" / "Course" / "A001"
    card.mkdir(parents=True)
    number = 0
    for source in (bench_source(), hd_source()):
        for times, seconds in enumerate(LENGTHS, start=1):
            cut = film.folder / f"cut{source.suffix}"
            run(["-y", "-i", source, "-t", seconds, "-c", "copy", "-map", "0:v", "-map", "0:a", cut])
            for _ in range(times * count):
                number += 1
                varied(cut, card / f"C{number:04}{source.suffix}", number)
            cut.unlink()
    return film


def run(words: list[object]) -> None:
    subprocess.run([find_ffmpeg(), "-v", "error", "-nostdin", *map(str, words)], check=True)


def ours(film: Film) -> tuple[float, float]:
    for name in (".rushes", "log", "proxies", "stills"):
        shutil.rmtree(film.folder / name, ignore_errors=True)
    return measured(lambda: subprocess.run([*RUSHES, "ingest", "--quiet"], cwd=film.folder, check=True))


def commands_of(film: Film, clips: list[tuple[Clip, Path]], threads: int) -> list[list[str]]:
    """What makes the same outputs by ffmpeg alone, the longest clips first."""
    folder, preset = film.folder / "plain", film_presets(film)[0]
    folder.mkdir(exist_ok=True)
    commands = []
    for clip, source in sorted(clips, key=lambda each: -effort(each[0])):
        outputs = [Output("proxy", folder / f"{clip.name}.proxy.mov", preset)]
        outputs += [Output(kind, folder / f"{clip.name}.{kind}") for kind in (*STILLS, GLANCES)]
        commands.append(command(ProxyJob(clip, (source,), tuple(outputs), threads), find_ffmpeg()))
    return commands


def all_of(commands: list[list[str]], at_once: int) -> None:
    with ThreadPoolExecutor(at_once) as hands:
        list(hands.map(lambda words: subprocess.run(words, check=True, capture_output=True), commands))


def usual(film: Film, sources: list[Path]) -> float:
    """Seconds of the way most people do it; each part is printed."""
    folder = film.folder / "usual"
    folder.mkdir()
    reader = next(words for words in READERS if shutil.which(words[0]))
    encode = ["-c:v", "prores_ks", "-profile:v", "0", "-c:a", "pcm_s16le"]
    still = ["-frames:v", "1", "-update", "1", "-vf", "scale=640:-2,format=yuvj420p"]

    def facts(source: Path) -> None:
        subprocess.run([*reader, source], capture_output=True, check=False)

    def proxy(source: Path) -> None:
        run(["-y", "-i", source, "-vf", "scale=-2:1080", *encode, folder / f"{source.stem}.mov"])

    def poster(source: Path) -> None:
        run(["-y", "-ss", "1", "-i", source, *still, folder / f"{source.stem}.jpg"])

    def md5(source: Path) -> None:
        subprocess.run(["md5sum", source], capture_output=True, check=True)

    parts: dict[str, Callable[[Path], None]] = {
        f"facts by {Path(reader[0]).name.partition('-')[0]}": facts,
        "prores_ks": proxy,
        "a second pass for a still": poster,
        "md5": md5,
    }
    whole = 0.0
    for name, part in parts.items():
        seconds, _ = measured(lambda part=part: [part(source) for source in sources])
        print(f"  as most people do it: {name} {seconds:.1f} s")
        whole += seconds
    return whole


# --- memory ---------------------------------------------------------------------------------------


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and megabytes at most of all programs that it runs together, shared pages counted once."""
    over = threading.Event()
    peaks = [0.0]

    def look() -> None:
        while not over.wait(_LOOK):
            peaks[0] = max(peaks[0], sum(memory(process) for process in descendants(os.getpid())))

    watcher = threading.Thread(target=look)
    watcher.start()
    began = time.perf_counter()
    try:
        work()
    finally:
        took = time.perf_counter() - began
        over.set()
        watcher.join()
    return took, peaks[0]


def descendants(process: int) -> Iterator[int]:
    """Processes below this one, which is not among them."""
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except OSError:
            continue  # it has just ended
        for child in children:
            yield child
            yield from descendants(child)


def memory(process: int) -> float:
    """Megabytes of a process, its share of what it shares with others."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


if __name__ == "__main__":
    sys.exit(main())
