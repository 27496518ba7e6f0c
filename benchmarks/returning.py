"""A timeline of 10,000 events taken back into a log of 100,000 clips: `python benchmarks/returning.py`.

Read, matched, logged and kept. An EDL with a marker on every tenth event knows no paths and no ids: every event is
found by reel and timecode. Then cuts as our own exports write them, where sound counts as events of its own. The limit
is 5 seconds for each.
"""

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from catalogue import built

from pipeline.catalogue.cuts import logged_by_id
from pipeline.catalogue.known import known_clips
from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.editorial.arrange import settings_for
from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports.registry import EXPORTS
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports.known import Known
from pipeline.editorial.shots import Media, MediaPart
from pipeline.film import init_film
from pipeline.returns import Asked, import_timeline
from pipeline.timecode import Rate, Timecode

LIMIT = 5.0
CLIPS, EVENTS = 100_000, 10_000
EVENTS_OF_A_CLIP = {".xml": 3, ".fcpxml": 2, ".aaf": 3}  # its picture and its sound


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        film = init_film(Path(scratch) / "film")
        copy = Path(scratch) / "catalogue.db"
        shutil.copyfile(built(CLIPS), copy)
        with open_catalogue(copy) as catalogue:
            clips = [each for each in known_clips(catalogue) if each.rate == Rate(25) and not each.sound]
            edl = Path(scratch) / "reel.edl"
            edl.write_text("\n".join(listed(clips)))
            kept = True
            for file in (edl, *written(catalogue, clips, Path(scratch))):
                began, cpu = time.perf_counter(), time.process_time()
                made = import_timeline(film, catalogue, file, Asked(rate="25"))
                took, cpu = time.perf_counter() - began, time.process_time() - cpu
                found = sum(match.clip is not None for match in made.matches)
                print(
                    f"{file.suffix:>8}: {len(made.matches):,} events taken back into {CLIPS:,} clips, {found:,} found: "
                    f"{took:.2f} s, {cpu:.2f} s of CPU (at most {LIMIT} s)",
                    flush=True,
                )
                kept = kept and took <= LIMIT and found == len(made.matches) >= EVENTS
    return int(not kept)


def written(catalogue: Catalogue, clips: list[Known], folder: Path) -> Iterator[Path]:
    """Cuts of so many events as our exports write them."""
    logged = logged_by_id(catalogue, [each.id for each in clips[:EVENTS]])
    media = {
        each.clip.id: Media((MediaPart(each.clip.name, f"/film/{each.clip.name}", each.clip.frames or 0),))
        for each in logged
    }
    for export in EXPORTS:
        if export.suffix in EVENTS_OF_A_CLIP:
            some = logged[: -(-EVENTS // EVENTS_OF_A_CLIP[export.suffix])]
            cut = assemble("stringout", some, media, settings_for(some, "bench"))
            [file, *_] = export.write(cut.timeline, ExportOptions(Path())).files
            path = folder / f"cut{export.suffix}"
            assert isinstance(file.content, bytes)
            path.write_bytes(file.content)
            yield path


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
