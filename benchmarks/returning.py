"""A timeline of 10,000 events taken back into a log of 100,000 clips: `python benchmarks/returning.py`.

Read, matched, logged and kept, with a marker on every tenth event. The list knows no paths and no ids:
every event is found by reel and timecode. The limit is 5 seconds.
"""

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from catalogue import built

from pipeline.catalogue.known import known_clips
from pipeline.catalogue.store import open_catalogue
from pipeline.film import init_film
from pipeline.returns import Asked, import_timeline
from pipeline.timecode import Rate, Timecode

LIMIT = 5.0
CLIPS, EVENTS = 100_000, 10_000


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        film = init_film(Path(scratch) / "film")
        copy = Path(scratch) / "catalogue.db"
        shutil.copyfile(built(CLIPS), copy)
        with open_catalogue(copy) as catalogue:
            file = Path(scratch) / "reel.edl"
            file.write_text("\n".join(listed([each for each in known_clips(catalogue) if each.rate == Rate(25)])))
            began = time.perf_counter()
            made = import_timeline(film, catalogue, file, Asked(rate="25"))
            took = time.perf_counter() - began
    found = sum(match.clip is not None for match in made.matches)
    print(f"{EVENTS:,} events taken back into {CLIPS:,} clips, {found:,} found: {took:.2f} s (at most {LIMIT} s)")
    return int(took > LIMIT or found < EVENTS)


def listed(clips: list) -> Iterator[str]:
    """An EDL of clips drawn at random, a second of each."""
    dice = random.Random(1)
    yield "TITLE: Reel\nFCM: NON-DROP FRAME"
    for number in range(EVENTS):
        clip = dice.choice(clips)
        begin, record = clip.start + 5, Timecode(number * 25, Rate(25))
        yield f"{number + 1:03}  {clip.card:<8} V     C        {begin} {begin + 25} {record} {record + 25}"
        yield f"* FROM CLIP NAME: {clip.name}"
        if number % 10 == 0:
            yield f"* LOC: {record + 3} RED     good line {number}"


if __name__ == "__main__":
    sys.exit(main())
