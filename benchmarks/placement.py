"""Where work is placed best: `python benchmarks/placement.py [KIND ...]`.

Wall time in which plain ffmpeg makes the edit proxies and stills of six clips of a kind (codec and size), by number of
processes and of threads. The row that `rushes ingest` goes by is held against the best: on a machine with other cores
the same tables say whether the rule holds there, too.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ingest import told
from proxies import CORES, PRESETS, PROCESSES, THREADS, job_of, run
from source import CACHE, bench_source

from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.proxies.graph import command

CLIPS, SECONDS, ROUNDS = 6, 1, 3
LIMIT = 1.05
RULE = (PROCESSES, THREADS)
# Processes and threads (0: ffmpeg decides).
PLACEMENTS = sorted({RULE, (1, 0), (max(1, CORES // 2), 0), (CORES, 1), (CORES, 2), (CORES + 1, 1)})
_HEVC = "libx265 -preset ultrafast -b:v 80M -pix_fmt yuv420p10le -x265-params log-level=error -tag:v hvc1"
# What cameras, phones, drones and recorders write: the suffix, the size, the encoder (none: the source itself).
KINDS = {
    "H.264 UHD": (".mp4", "3840:2160", ""),
    "HEVC 10 bit UHD": (".mp4", "3840:2160", _HEVC),
    "H.264 HD": (".mp4", "1920:1080", "libx264 -preset veryfast -b:v 35M"),
    "ProRes 422 HD": (".mov", "1920:1080", "prores -profile:v 2"),
    "DNxHD HD": (".mxf", "1920:1080", "dnxhd -b:v 120M -pix_fmt yuv422p"),
}


def source_of(kind: str) -> Path:
    """A second of this kind, made if it is not there yet."""
    suffix, size, encoder = KINDS[kind]
    final = CACHE / f"{kind.replace(' ', '-')}{suffix}"
    if not final.is_file():
        part = final.with_suffix(f".part{suffix}")
        sound = "aac" if suffix == ".mp4" else "pcm_s16le"
        words = ["-vf", f"scale={size}", "-c:v", *encoder.split(), "-c:a", sound] if encoder else ["-c", "copy"]
        run(["-y", "-i", str(bench_source()), "-t", str(SECONDS), *words, str(part)])
        part.rename(final)
    return final


def regret(kind: str, folder: Path) -> bool:
    """The table of a kind; whether the rule's placement is as good as any."""
    source = source_of(kind)
    times: dict[tuple[int, int], list[float]] = {placement: [] for placement in PLACEMENTS}
    for number in range(CLIPS):
        (folder / str(number)).mkdir(exist_ok=True)
    for _ in range(ROUNDS):
        for (processes, threads), taken in times.items():
            jobs = [job_of(source, folder / str(each), (PRESETS["edit"],), threads=threads) for each in range(CLIPS)]
            words = [command(job, find_ffmpeg()) for job in jobs]
            began = time.monotonic()
            with ThreadPoolExecutor(processes) as pool:
                list(pool.map(lambda each: subprocess.run(each, check=True, capture_output=True), words))
            taken.append(time.monotonic() - began)
    medians = {placement: statistics.median(seconds) for placement, seconds in times.items()}
    best = min(medians.values())
    for (processes, threads), seconds in medians.items():
        ours = "   <- ours" if (processes, threads) == RULE else ""
        row = f"  {processes} x {threads or 'auto':>4} threads {seconds:7.2f} s   {seconds / best:5.2f} x the best"
        print(row + ours)
    return told(f"{kind}: our placement / the best", medians[RULE] / best, LIMIT, "x")


def main() -> int:
    kinds, kept = sys.argv[1:] or list(KINDS), True
    with tempfile.TemporaryDirectory(dir=bench_source().parent) as folder:
        for kind in kinds:
            kept &= regret(kind, Path(folder))
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
