"""A timeline of 10,000 events held against the takes that it means: `python benchmarks/conforming.py`.

Four recordings of two minutes, taken in as they are; the timeline takes a second from anywhere of them, by name and
timecode. First every picture of the originals is decoded, then the same again from what was kept.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.catalogue.store import open_catalogue
from pipeline.delivery.asks import Handed
from pipeline.delivery.conform import conform_file
from pipeline.film import init_film
from pipeline.ingest.anywhere import read_timeline
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.timecode import Rate, Timecode

LIMIT = 20.0  # seconds for what was decoded before
CLIPS, SECONDS, EVENTS = 4, 120, 10_000


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        film = init_film(Path(scratch) / "film")
        for number in range(CLIPS):
            shoot(film.folder / "ingest" / "A001" / f"TAKE{number}.MOV", number)
        subprocess.run([sys.executable, "-m", "pipeline.cli.main", "ingest"], cwd=film.folder, check=True)
        reel = film.folder / "timelines" / "reel.edl"
        reel.write_text("\n".join(listed()))
        handed = Handed(read_timeline(reel, Rate(25)), reel.parent)
        with open_catalogue(film.catalogue) as catalogue:
            for words in ("decoded", "kept"):
                began, cpu = time.perf_counter(), time.process_time()
                verdicts = conform_file(film, catalogue, handed)
                took, own = time.perf_counter() - began, time.process_time() - cpu
                right = sum(each.verdict == "right" for each in verdicts)
                print(
                    f"{EVENTS:,} events, {right:,} right, pictures {words}: {took:.1f} s ({own:.1f} s CPU of its own)"
                )
    return int(right < EVENTS or took > LIMIT)


def shoot(path: Path, number: int) -> None:
    path.parent.mkdir(exist_ok=True)
    pictures = (
        f"gradients=s=640x360:r=25:d={SECONDS}:c0=black:c1=white:c2=gray:nb_colors=3:seed={number + 1}:speed=0.02"
    )
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-timecode", f"{10 + number}:00:00:00"]
    command = [str(find_ffmpeg()), "-v", "error", "-f", "lavfi", "-i", pictures, *codec, "-pix_fmt", "yuv420p"]
    subprocess.run([*command, str(path)], check=True)


def listed() -> Iterator[str]:
    dice = random.Random(1)
    yield "TITLE: Reel\nFCM: NON-DROP FRAME"
    for number in range(EVENTS):
        take, rate = dice.randrange(CLIPS), Rate(25)
        begin = Timecode((10 + take) * 90_000 + dice.randrange((SECONDS - 1) * 25), rate)
        record = Timecode(number * 25, rate)
        yield f"{number + 1:03}  AX       V     C        {begin} {begin + 25} {record} {record + 25}"
        yield f"* FROM CLIP NAME: TAKE{take}.MOV"


if __name__ == "__main__":
    sys.exit(main())
