"""Ingest and the command line against their yardsticks: `python benchmarks/ingest.py [SECTION...]`.

Every figure is a ratio of two commands of one run, or a median of several. What takes long to make is
kept in benchmarks/.cache/.
"""

import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from catalogue import built
from source import CACHE, bench_source

from pipeline.catalogue.cards import record_card
from pipeline.catalogue.roots import root
from pipeline.catalogue.schema import MIGRATIONS
from pipeline.catalogue.store import open_catalogue
from pipeline.clip import Clip
from pipeline.film import Film, init_film, open_film
from pipeline.ingest.look import Ground, absolute, look, see
from pipeline.ingest.orders import film_presets
from pipeline.ingest.take import take_card
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.processes.reader import ReaderProcess
from pipeline.proxies.graph import command
from pipeline.proxies.job import Output, ProxyJob

RUSHES = [sys.executable, "-m", "pipeline.cli.main"]
SAMPLE = (
    Path(__file__).parents[1]
    / "sample_media"
    / "2019-08-14_Kaptagat_Morning run_A001"
    / "PRIVATE/M4ROOT/CLIP/C0001.MP4"
)
UHD_CLIPS, UHD_SECONDS = 8, 4
CARD_CLIPS = 500
KNOWN_FILES, CLIPS_IN_FIVE = 100_000, 1
IDLE_FILES, IDLE_SECONDS = 20_000, 20


def main() -> int:
    chosen = sys.argv[1:] or [section.__name__ for section in SECTIONS]
    results = [section() for section in SECTIONS if section.__name__ in chosen]
    return int(not all(results))


def told(what: str, value: float, limit: float, unit: str) -> bool:
    print(f"{what:<66}{value:>10.2f} {unit:<8} at most {limit:g}  {'ok' if value <= limit else 'MISSED'}", flush=True)
    return value <= limit


# --- eight 4K clips -------------------------------------------------------------------------------


def eight_uhd_clips() -> bool:
    """`rushes ingest`, everything included, against plain ffmpeg making only the same proxies, its best placement."""
    film = fresh_film("uhd")
    card = film.folder / "ingest" / "2019-10-12_Vienna" / "Course" / "A001"
    card.mkdir(parents=True)
    short = CACHE / "short.mp4"
    cut = [
        "-v",
        "error",
        "-y",
        "-i",
        str(bench_source()),
        "-t",
        str(UHD_SECONDS),
        "-c",
        "copy",
        "-map",
        "0:v",
        "-map",
        "0:a",
    ]
    subprocess.run([find_ffmpeg(), *cut, str(short)], check=True)
    for number in range(UHD_CLIPS):
        varied(short, card / f"C{number:04}.mp4", number)
    plain = {placement: plain_ffmpeg(film, *placement) for placement in ((1, 2), (2, 1), (2, 2))}
    best = min(plain, key=lambda placement: plain[placement])
    began = time.perf_counter()
    subprocess.run([*RUSHES, "ingest", "--quiet"], cwd=film.folder, check=True)
    ours = time.perf_counter() - began
    print(f"  plain ffmpeg {plain[best]:.1f} s ({best[0]} at once with {best[1]} threads), rushes ingest {ours:.1f} s")
    return told("eight UHD clips: rushes ingest / plain ffmpeg, wall", ours / plain[best], 1.10, "x")


def plain_ffmpeg(film: Film, at_once: int, threads: int) -> float:
    """Seconds that ffmpeg processes alone take for the edit proxies of a film's clips."""
    ffmpeg, preset = find_ffmpeg(), film_presets(film)[0]
    jobs = [
        ProxyJob(clip, (source,), (Output("proxy", film.folder / f"{clip.name}.mov", preset),), threads)
        for clip, source in clips_of(film)
    ]
    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as hands:
        list(hands.map(lambda job: subprocess.run(command(job, ffmpeg), check=True, capture_output=True), jobs))
    took = time.perf_counter() - began
    for job in jobs:
        job.outputs[0].path.unlink()
    return took


def clips_of(film: Film) -> list[tuple[Clip, Path]]:
    """The clips of a film's only card as ingest would log them, each with its file."""
    with (
        open_catalogue(film.folder / "plain.db", create=True) as catalogue,
        ReaderProcess("pipeline.metadata.mediainfo_child") as reader,
    ):
        ground = Ground(root(catalogue, "film", "", place=str(film.folder)), b"ingest")
        [card] = look(ground, see(ground, film.settings), film.settings)
        taken = take_card(ground, card, film.settings, reader, moment=datetime.now(UTC).isoformat())
    return [(each.clip, absolute(ground.root, each.clip.parts[0].path)) for each in taken.clips]


# --- a card of 500 clips --------------------------------------------------------------------------


def card_of_500_clips() -> bool:
    """From settled to searchable: identities, facts, log values, one transaction."""
    film = fresh_film("card")
    folder = film.folder / "ingest" / "2019-10-12_Vienna" / "Course" / "A001" / "PRIVATE" / "M4ROOT" / "CLIP"
    folder.mkdir(parents=True)
    xml = SAMPLE.with_name("C0001M01.XML").read_bytes()
    for number in range(1, CARD_CLIPS + 1):
        varied(SAMPLE, folder / f"C{number:04}.MP4", number)
        (folder / f"C{number:04}M01.XML").write_bytes(xml)
    with (
        open_catalogue(film.catalogue, create=True) as catalogue,
        ReaderProcess("pipeline.metadata.mediainfo_child") as reader,
    ):
        ground = Ground(root(catalogue, "film", "", place=str(film.folder)), b"ingest")
        began = time.perf_counter()
        [card] = look(ground, see(ground, film.settings), film.settings)
        taken = take_card(ground, card, film.settings, reader, moment=datetime.now(UTC).isoformat())
        record_card(catalogue, taken)
        took = time.perf_counter() - began
    assert len(taken.clips) == CARD_CLIPS
    return told("a card of 500 clips, settled to searchable, a clip", 1000 * took / CARD_CLIPS, 15, "ms")


# --- nothing to do --------------------------------------------------------------------------------


def nothing_to_do() -> bool:
    """`rushes ingest` on 100,000 known files against find; both as whole processes, from a warm cache."""
    film = known_film(KNOWN_FILES)
    find = ["find", str(film.folder / "ingest"), "-printf", "%p %s %T@\\n"]
    yardstick = median(lambda: subprocess.run(find, check=True, stdout=subprocess.DEVNULL))
    ours = median(lambda: subprocess.run([*RUSHES, "ingest", "--quiet"], cwd=film.folder, check=True))
    print(f"  find {yardstick:.2f} s, rushes ingest {ours:.2f} s")
    return told("nothing to do on 100,000 known files: rushes ingest / find", ours / yardstick, 5, "x")


def watch_idle() -> bool:
    """CPU of `rushes watch` between rescans, as a share of one core."""
    film = known_film(IDLE_FILES)
    with subprocess.Popen([*RUSHES, "watch", "--quiet"], cwd=film.folder, stderr=subprocess.DEVNULL) as process:
        time.sleep(4)  # the first look is over
        before = cpu_seconds(process.pid)
        time.sleep(IDLE_SECONDS)
        used = cpu_seconds(process.pid) - before
        process.terminate()
    return told("rushes watch idle on 20,000 files, of one core", 100 * used / IDLE_SECONDS, 1, "%")


def known_film(files: int) -> Film:
    """A film of which every file is taken in: on each card one sound recording to four files that are none."""
    schema = hashlib.sha256(repr(MIGRATIONS).encode()).hexdigest()[:8]  # a film of another schema is made anew
    folder = CACHE / f"known-{files}-{schema}"
    if (folder / "complete").exists():
        return open_film(folder)
    shutil.rmtree(folder, ignore_errors=True)
    film = init_film(folder)
    (folder / "rushes.toml").write_text("[proxies]\npresets = []\nstills = false\n")
    for number in range(files // 500):
        card = film.folder / "ingest" / f"2019-10-{1 + number // 20:02}_Vienna" / "Course" / f"S{number:03}"
        card.mkdir(parents=True)
        for index in range(500):
            if index % 5 < CLIPS_IN_FIVE:
                (card / f"T{index:04}.WAV").write_bytes(wav(number * 500 + index))
            else:
                (card / f"T{index:04}.XML").write_bytes(b"<x/>")
    subprocess.run([*RUSHES, "ingest", "--quiet"], cwd=film.folder, check=True)
    (folder / "complete").touch()
    return open_film(folder)


def wav(number: int) -> bytes:
    samples = number.to_bytes(4, "little") * 24
    head = b"WAVEfmt " + (16).to_bytes(4, "little") + b"\1\0\1\0" + (48000).to_bytes(4, "little")
    head += (96000).to_bytes(4, "little") + b"\2\0\x10\0data" + len(samples).to_bytes(4, "little")
    return b"RIFF" + (len(head) + len(samples)).to_bytes(4, "little") + head + samples


# --- whole processes ------------------------------------------------------------------------------


def whole_processes() -> bool:
    """Commands that people wait for, from start to end."""
    film = fresh_film("log")
    (film.folder / "rushes.toml").write_text(f'catalogue = "{built(100_000)}"\n')
    results = []
    for arguments, limit in (
        (["--help"], 150),
        (["log"], 250),
        (["log", "location:vienna", "subject:coach", "shot:2019-09"], 250),
        (["log", "--json", "--limit", "50", "sunrise"], 250),
        (["log", "--group-by", "location,subject"], 250),
    ):
        took = median(
            lambda arguments=arguments: subprocess.run(
                [*RUSHES, *arguments], cwd=film.folder, check=True, stdout=subprocess.DEVNULL
            )
        )
        results.append(told(f"rushes {' '.join(arguments)} (100,000 clips)", 1000 * took, limit, "ms"))
    return all(results)


# --- helpers --------------------------------------------------------------------------------------


def fresh_film(name: str) -> Film:
    folder = CACHE / name
    shutil.rmtree(folder, ignore_errors=True)
    return init_film(folder)


def varied(source: Path, target: Path, number: int) -> None:
    """A copy of an MP4 with other bytes and the same pictures: a `free` box at its end tells them apart."""
    shutil.copyfile(source, target)
    with target.open("ab") as file:
        file.write((16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big"))


def median(work: Callable[[], object], times: int = 7) -> float:
    """Seconds of the middle one of several runs, after one that warms up."""
    work()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


SECTIONS = (eight_uhd_clips, card_of_500_clips, nothing_to_do, watch_idle, whole_processes)

if __name__ == "__main__":
    sys.exit(main())
