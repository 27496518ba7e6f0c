"""Facts against their yardsticks: CPU of a clip, bytes read of a large file: `python benchmarks/facts.py`.

Side by side in one run with ffprobe, ffprobe -nofind_stream_info, exiftool and MediaInfo, as far as
they are installed. Files are read once before they are measured, so that all come from page cache.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from large import GIB, large_files

from pipeline.errors import RushesError
from pipeline.ingest.anywhere import facts_of, sidecars_in
from pipeline.processes.reader import ReaderProcess

ROOT = Path(__file__).parents[1]
SAMPLES = Path(os.environ.get("RUSHES_SAMPLES", ROOT.parent / "shared" / "samples"))
KINDS = ("camera", "containers", "sound", "sidecars")  # never the hostile ones: other tools are not restricted
MEDIAINFO = "pipeline.metadata.mediainfo_child"
MOST_CPU, MOST_BYTES = 0.015, 4 << 20
# Name, command before the file. A tool that is not installed is said to be so.
TOOLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ffprobe", ("ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json")),
    ("ffprobe -nofind_stream_info", ("ffprobe", "-nofind_stream_info", "-v", "error", "-show_format", "-show_streams",
                                     "-of", "json")),
    ("exiftool", ("exiftool", "-json")),
    ("mediainfo", ("mediainfo", "--Output=JSON")),
)  # fmt: skip

Cost = tuple[float, int]  # seconds of CPU, bytes read


def main() -> int:
    return int(not all([cpu_of_a_clip(), bytes_of_large_files()]))


def told(what: str, value: float, unit: str, limit: float | None = None) -> bool:
    kept = limit is None or value <= limit
    verdict = "" if limit is None else f"at most {limit:g}  {'ok' if kept else 'MISSED'}"
    print(f"{what:<66}{value:>10.2f} {unit:<8} {verdict}", flush=True)
    return kept


# --- CPU of a clip --------------------------------------------------------------------------------


def cpu_of_a_clip() -> bool:
    """The median clip; of our reader also what the whole command needs for each."""
    files = sample_files()
    print(f"{len(files)} real files, page cache; CPU of each, MediaInfo's process included")
    with ReaderProcess(MEDIAINFO) as mediainfo:
        first = statistics.median(ours(mediainfo, file)[0] for file in files)
        costs = [ours(mediainfo, file)[0] for file in files]
        kept = told("facts, median clip", statistics.median(costs) * 1000, "ms", MOST_CPU * 1000)
        told("facts, 95th percentile", statistics.quantiles(costs, n=20)[-1] * 1000, "ms")
        told("facts, median clip of the first round", first * 1000, "ms")
    whole, _ = cost_of([sys.executable, "-m", "pipeline.cli.main", "facts", "--json", *files])
    told("rushes facts of all these files, start and all / files", whole / len(files) * 1000, "ms")
    told("MediaInfo within a process (pymediainfo)", statistics.median(map(by_pymediainfo, files)) * 1000, "ms")
    for name, command in TOOLS:
        if shutil.which(command[0]) is None:
            print(f"{name:<66}{'not installed':>24}")
            continue
        told(name, statistics.median(cost_of([*command, file])[0] for file in files) * 1000, "ms")
    return kept


def sample_files() -> list[Path]:
    """Recordings and sidecars whose facts can be read, ours and those of the samples."""
    folders = (ROOT / "sample_media", *(SAMPLES / kind for kind in KINDS))
    found = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    with ReaderProcess(MEDIAINFO) as mediainfo:
        return [path for path in found if ours(mediainfo, path)[1]]


def ours(mediainfo: ReaderProcess, file: Path) -> tuple[float, bool]:
    """Seconds of CPU of one file, and whether it has facts."""
    beside = sidecars_in(file.parent).get(file, ())
    began = time.process_time() + cpu_of_child(mediainfo)
    try:
        facts = facts_of(file, mediainfo, beside)
    except RushesError:
        facts = {}
    return time.process_time() + cpu_of_child(mediainfo) - began, len(facts) > 1


def cpu_of_child(mediainfo: ReaderProcess) -> float:
    """Seconds that the reader process has run, all its threads; in nanoseconds where the kernel counts them."""
    child = mediainfo._process  # noqa: SLF001
    if child is None:
        return 0.0
    tasks = Path(f"/proc/{child.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def by_pymediainfo(file: Path) -> float:
    from pymediainfo import MediaInfo

    began = time.process_time()
    with file.open("rb") as opened:
        MediaInfo.parse(opened)
    return time.process_time() - began


def cost_of(command: Sequence[str | Path]) -> Cost:
    """CPU of a command and its children, and the bytes it read itself; told as it ends, before it is forgotten."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    read = bytes_read(process.pid)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, read


def bytes_read(process: int) -> int:
    """What a process has asked of read() so far, from page cache or disk."""
    return int(Path(f"/proc/{process}/io").read_text().split()[1])


# --- bytes of large files -------------------------------------------------------------------------


def bytes_of_large_files() -> bool:
    kept = []
    with tempfile.TemporaryDirectory() as scratch, ReaderProcess(MEDIAINFO) as mediainfo:
        for name, path, frames in large_files(Path(scratch)):
            print(f"{name}: {path.stat().st_size / GIB:,.0f} GiB, mostly holes")
            facts, cost = measured(lambda: facts_of(path, mediainfo, ()), mediainfo)  # noqa: B023
            assert facts.get("frames") == frames, json.dumps(facts, default=str)
            kept.append(told("  read for its facts", cost[1] / (1 << 20), "MiB", MOST_BYTES / (1 << 20)))
            told("  CPU", cost[0] * 1000, "ms")
            for tool, command in TOOLS:
                if shutil.which(command[0]):
                    bare = cost_of([command[0], "-version" if "ff" in tool else "-ver"])
                    cost = cost_of([*command, path])
                    told(f"  {tool}", max(0, cost[1] - bare[1]) / (1 << 20), "MiB")
    return all(kept)


def measured(work: Callable[[], dict[str, object]], mediainfo: ReaderProcess) -> tuple[dict[str, object], Cost]:
    """What came of it, with the CPU of this process and the reader's, and the bytes that this one read for both."""

    def now() -> Cost:
        return time.process_time() + cpu_of_child(mediainfo), bytes_read(os.getpid())

    before = now()
    made = work()
    after = now()
    return made, (after[0] - before[0], after[1] - before[1])


if __name__ == "__main__":
    sys.exit(main())
