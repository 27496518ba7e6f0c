"""What proxies cost: `python benchmarks/proxies.py`.

CPU time (user and system, of all children) of making everything of a clip against decoding it
alone, medians of three, the ways taken in turns so that other load falls on all alike. Two presets
of one decode are held against what each encoder costs alone (less the decode within it) and one decode, all
three of them such as our jobs do: the index believed, nothing decoded to look for it.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from msgspec import structs
from source import bench_source

from pipeline.clip import Clip, Part, Stamp
from pipeline.metadata.editing import editing_time
from pipeline.metadata.facts import read_facts
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.proxies.glance import GLANCES
from pipeline.proxies.graph import arguments
from pipeline.proxies.job import Output, ProxyJob
from pipeline.proxies.make import make
from pipeline.proxies.placement import processes_for, threads_for
from pipeline.proxies.presets import STILLS, Preset, load_presets
from pipeline.settings import shipped

LIMIT, QUARTER_LIMIT, TWO_LIMIT = 1.7, 1.25, 1.0
ROUNDS = 3
CORES = len(os.sched_getaffinity(0))
PROCESSES = processes_for(CORES)
THREADS = threads_for(CORES, PROCESSES)  # of a clip among others, as `rushes ingest` makes it
FFMPEG = find_ffmpeg()
PRESETS = load_presets(shipped("proxies.toml"))


def clip_of(source: Path) -> Clip:
    """The clip that ingest would log."""
    facts = read_facts(source)
    rate, frames = editing_time(facts)
    part = Part(1, os.fsencode(source.name), Stamp(0, 0, source.stat().st_size, 0), "", frames)
    return Clip("b" * 32, source.name, "bench", "picture", (part,), facts, rate, frames, facts.timecode)


def job_of(
    source: Path, folder: Path, presets: tuple[Preset, ...], *, stills: bool = True, threads: int = THREADS
) -> ProxyJob:
    clip = clip_of(source)
    outputs = [Output("proxy", folder / f"{preset.name}.mov", preset) for preset in presets]
    wanted = [kind for kind in (*STILLS, GLANCES) if stills and (kind != "waveform" or clip.facts.audio)]
    outputs += [Output(kind, folder / kind) for kind in wanted]
    return ProxyJob(clip, (source,), tuple(outputs), threads)


def run(words: list[str]) -> None:
    subprocess.run([str(FFMPEG), "-v", "error", "-nostdin", *words], check=True, stdin=subprocess.DEVNULL)


def cpu_of(work: Callable[[], object]) -> float:
    """User and system seconds of the programs that `work` runs."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cost(source: Path, folder: Path) -> bool:
    edit, small = PRESETS["edit"], PRESETS["h264"]
    quarter = structs.replace(edit, height=540)
    plain = ["-i", str(source), "-map", "0:v:0", "-map", "0:a"]
    ways: dict[str, Callable[[], object]] = {
        "decode only": lambda: run([*plain, "-f", "null", "-"]),
        "decode only, the index believed": lambda: run(
            ["-threads", str(THREADS), "-nofind_stream_info", *plain, "-f", "null", "-"]
        ),
        "edit proxy alone": lambda: run(arguments(job_of(source, folder, (edit,), stills=False))),
        "h264 proxy alone": lambda: run(arguments(job_of(source, folder, (small,), stills=False))),
        "edit and h264 proxies at once": lambda: run(arguments(job_of(source, folder, (edit, small), stills=False))),
        "edit proxy, poster, filmstrip, waveform": lambda: make(job_of(source, folder, (edit,)), FFMPEG),
        "the same at quarter size": lambda: make(job_of(source, folder, (quarter,)), FFMPEG),
        "the usual way: prores_ks, then a still": lambda: usual(source, folder),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            taken[name].append(cpu_of(way))
    median = {name: statistics.median(seconds) for name, seconds in taken.items()}
    alone = median["decode only"]
    for name, seconds in median.items():
        print(f"{name:42} {seconds:7.2f} s CPU   {seconds / alone:5.2f} x decoding")
    apart = median["edit proxy alone"] + median["h264 proxy alone"] - median["decode only, the index believed"]
    return all(
        [
            told(
                "all products of an edit proxy / decoding",
                median["edit proxy, poster, filmstrip, waveform"] / alone,
                LIMIT,
            ),
            told("the same at quarter size / decoding", median["the same at quarter size"] / alone, QUARTER_LIMIT),
            told(
                "two presets at once / both encoders and one decode",
                median["edit and h264 proxies at once"] / apart,
                TWO_LIMIT,
            ),
        ]
    )


def told(what: str, ratio: float, limit: float) -> bool:
    kept = ratio <= limit
    print(f"{what:<66}{ratio:>10.2f} x        at most {limit:g}  {'ok' if kept else 'MISSED'}", flush=True)
    return kept


def usual(source: Path, folder: Path) -> None:
    encode = ["-c:v", "prores_ks", "-profile:v", "0", "-c:a", "pcm_s16le"]
    run(["-y", "-i", str(source), "-vf", "scale=-2:1080", *encode, str(folder / "ks.mov")])
    still = ["-frames:v", "1", "-update", "1", "-vf", "scale=640:-2,format=yuvj420p"]
    run(["-y", "-ss", "1", "-i", str(source), *still, str(folder / "still.jpg")])


def main() -> int:
    with tempfile.TemporaryDirectory(dir=bench_source().parent) as folder:
        return int(not cost(bench_source(), Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
