"""Searching a catalogue of a million clips: `python benchmarks/catalogue.py [CLIPS]`.

The catalogue is made through the same calls as ingest uses, and kept in the user's cache folder for
the next run. The file is read into the page cache
first. Printed are the times of the first 50 rows plus totals, by kind of search, and of
group-by over the whole log. Limits: 20 ms (95th percentile) and 300 ms.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import xxhash

from pipeline.catalogue.cards import TakenCard, TakenClip, record_card
from pipeline.catalogue.listing import group, rows
from pipeline.catalogue.roots import root
from pipeline.catalogue.schema import MIGRATIONS
from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.clip import AudioStream, CardFolder, Clip, ClipFiles, Facts, Part, Saying, Stamp, VideoStream
from pipeline.shotlog.clocks import Zones
from pipeline.shotlog.query import parse
from pipeline.timecode import Rate, Timecode

SEARCH_LIMIT, GROUP_LIMIT = 0.020, 0.300
MOST_FOUND = 1_000
ON_A_CARD = 400
PLACES = ("Kaptagat", "Eldoret", "Iten", "Vienna Prater", "Vienna Hofburg", "Oxford", "Brighton", "Mallorca", "Nairobi")
SUBJECTS = (
    "Coach interview", "Training run", "Marathon", "Pacemakers", "School run", "Drone views", "Crowd", "Scientists",
    "Breakfast", "Physio", "Tempo run", "Finish line", "Press", "Édith", "Shoes", "Laser car", "Village", "Rain",
)  # fmt: skip
MODELS = (
    ("A", "Sony", "ILME-FX9", Rate(25)), ("B", "Sony", "ILCE-7SM3", Rate(50)), ("C", "ARRI", "ALEXA Mini LF", Rate(25)),
    ("D", "DJI", "Mavic 2 Pro", Rate(30000, 1001)), ("E", "GoPro", "HERO8 Black", Rate(60000, 1001)),
    ("F", "Apple", "iPhone 11 Pro", Rate(30000, 1001)),
)  # fmt: skip
COMMON = (
    "sunrise", "dust", "road", "group", "pack", "wide", "close", "steady", "handheld", "talks", "laughs", "waits",
    "walks", "start", "water",
)  # fmt: skip
RARE = tuple(
    first + last
    for first in ("bar", "kel", "mun", "tor", "wes", "zin", "hol", "pev")
    for last in ("ak", "olo", "ine", "ush", "ett", "and")
)


def cards(clips: int) -> Iterator[tuple[int, int]]:
    """Card numbers with how many clips lie on each."""
    for number in range(-(-clips // ON_A_CARD)):
        yield number, min(ON_A_CARD, clips - number * ON_A_CARD)


def taken_card(film: int, number: int, clips: int) -> TakenCard:
    """A card as ingest hands it over: one camera, one place, one day, two or three subjects."""
    dice = random.Random(number)
    letter, make, model, rate = MODELS[number % len(MODELS)]
    place = PLACES[min(dice.randrange(len(PLACES)), dice.randrange(len(PLACES)))]
    day = f"2019-{8 + number // 28 % 3:02}-{1 + number % 28:02}"
    folder = f"ingest/{day}_{place.split()[0].lower()}/{letter}{number:04}"
    subjects = dice.sample(SUBJECTS, 3)
    taken: list[TakenClip] = []
    for index in range(clips):
        path = f"{folder}/PRIVATE/M4ROOT/CLIP/{letter}{number:04}_C{index:03}.MP4".encode()
        quick = f"{number * ON_A_CARD + index:032x}"
        frames = dice.randrange(50, 6000)
        second = min(86_399, 18_000 + index * 120 + dice.randrange(100))
        iso = f"{day}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        start = Timecode(int(second * rate.fraction), rate, drop_frame=rate.can_drop)
        facts = Facts(
            "mov", video=VideoStream("h264", "yuv420p", 8, width=3840, height=2160, rate=rate, frames=frames),
            audio=(AudioStream("pcm_s16le", 2, 48000),), start_timecode=str(start), timecode_rate=rate,
            camera_make=make, camera_model=model, camera_serial=f"{4_000_000 + number % 24}", recorded_at=iso,
        )  # fmt: skip
        parts = (Part(film, path, Stamp(1, index, 10**8, 1), quick, frames),)
        clip = Clip(
            quick[::-1], path.rpartition(b"/")[2].decode(), letter, "picture", parts, facts, rate, frames, start
        )
        said = [Saying("subject", subject, "path", "add") for subject in dice.sample(subjects, dice.choice((1, 1, 2)))]
        for name, value in (("shoot_day", day), ("location", place), ("camera", letter), ("unit", "main")):
            said.append(Saying(name, value, "path"))
        if dice.random() < 0.1:
            words = [*dice.sample(COMMON, 4), *([dice.choice(RARE) + dice.choice(RARE)] if dice.random() < 0.3 else [])]
            said.append(Saying("note", " ".join(words), "report"))
        if dice.random() < 0.15:
            said.append(Saying("rating", str(dice.randrange(6)), "report"))
        taken.append(TakenClip(clip, tuple(said), Zones(), "bench"))
    listed = tuple(ClipFiles(each.clip.name, (each.clip.parts[0].path,)) for each in taken)
    card = CardFolder(folder.encode(), f"{letter}{number:04}", "sony-xavc", listed)
    return TakenCard(film, card, f"{number}", tuple(taken), (), "2019-10-12T20:00:00Z")


def built(clips: int) -> Path:
    """The catalogue of that size, made if it is not there yet."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rushes-bench"
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"{clips}-{xxhash.xxh32_hexdigest(repr(MIGRATIONS).encode())}.db"
    if final.exists():
        return final
    begun = time.perf_counter()
    temp = final.with_suffix(".making")
    temp.unlink(missing_ok=True)
    with open_catalogue(temp, create=True) as catalogue:
        film = root(catalogue, "film", "bench", place=None).id
        slowest = 0.0
        for number, count in cards(clips):
            card = taken_card(film, number, count)
            at = time.perf_counter()
            record_card(catalogue, card)
            slowest = max(slowest, time.perf_counter() - at)
    temp.rename(final)
    took = time.perf_counter() - begun
    print(f"made {clips:,} clips in {took:.0f} s; slowest card of {ON_A_CARD}: {1000 * slowest:.0f} ms", flush=True)
    return final


def searches(clips: int) -> dict[str, list[str]]:
    """Searches by kind, as people ask them; those that find nothing, or more than 1,000 clips, are left out later."""
    dice = random.Random(1)
    number = clips // ON_A_CARD
    kinds = ("fields", "words", "a word and a place", "name", "day and time", "length", "mixed", "id")
    asked: dict[str, list[str]] = {kind: [] for kind in kinds}
    for _ in range(40):
        card, index = dice.randrange(number), dice.randrange(ON_A_CARD)
        day = f"2019-{8 + dice.randrange(3):02}-{1 + dice.randrange(28):02}"
        place, subject = dice.choice(PLACES).split()[0].lower(), dice.choice(SUBJECTS)
        rare = dice.choice(RARE) + dice.choice(RARE)
        letter, hour = dice.choice("ABCDEF"), 5 + dice.randrange(10)
        asked["fields"].append(f'location:{place} subject:"{subject}" shot:{day[:7]} rating:>=4 camera:{letter}')
        asked["words"].append(f"{rare[:4]} {dice.choice(COMMON)}")
        asked["a word and a place"].append(f"{place} {rare[:5]}")
        asked["name"].append(f"{'ABCDEF'[card % 6]}{card:04}_c{index:03}")
        asked["day and time"].append(f"shot:{day} at:{hour:02}:10..{hour:02}:40")
        asked["length"].append(f"shot:{day} duration:>{dice.randrange(225, 239)}s")
        asked["mixed"].append(f"-status:failed (kaptagat or eldoret) note:{rare[:5]} camera:{letter}")
        asked["id"].append(f"id:{f'{dice.randrange(clips):032x}'[::-1][:8]}")
    return asked


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def measure_searches(catalogue: Catalogue, clips: int) -> float:
    every: list[float] = []
    print(f"{'search':<22}{'asked':>6}{'median':>10}{'p95':>10}{'worst':>10}{'found':>8}")
    for kind, texts in searches(clips).items():
        times: list[float] = []
        found: list[int] = []
        for text in texts:
            query = parse(text)
            begun = time.perf_counter()
            listing = rows(catalogue, query, limit=50)
            took = time.perf_counter() - begun
            if 0 < listing.clips <= MOST_FOUND:
                times.append(took)
                found.append(listing.clips)
        every += times
        if times:
            figures = "".join(f"{1000 * each:8.1f}ms" for each in (statistics.median(times), p95(times), max(times)))
            print(f"{kind:<22}{len(times):>6}{figures}{statistics.median(found):>8.0f}")
    print(f"{'all':<22}{len(every):>6}{1000 * statistics.median(every):8.1f}ms{1000 * p95(every):8.1f}ms")
    return p95(every)


def measure_groups(catalogue: Catalogue) -> float:
    slowest = 0.0
    for fields in (["location", "subject"], ["camera"], ["shoot_day", "unit"], ["card"], ["rating"]):
        took = statistics.median(timed(lambda fields=fields: group(catalogue, parse(""), fields)) for _ in range(5))
        slowest = max(slowest, took)
        print(f"group by {','.join(fields):<24}{1000 * took:8.1f}ms")
    for text in ("", "vienna", "location:vienna subject:coach", "sunrise"):
        took = statistics.median(timed(lambda text=text: rows(catalogue, parse(text), limit=50)) for _ in range(5))
        count = rows(catalogue, parse(text), limit=1).clips
        print(f"many found: {text or 'everything':<30}{count:>9,}{1000 * took:8.1f}ms")
    return slowest


def main() -> int:
    clips = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    path = built(clips)
    warm(path)
    opened = statistics.median(timed(lambda: _opened(path)) for _ in range(5))
    print(f"open and list 50 of {clips:,}: {1000 * opened:.1f} ms")
    with open_catalogue(path) as catalogue:
        search = measure_searches(catalogue, clips)
        grouping = measure_groups(catalogue)
    limits = f"(limits {1000 * SEARCH_LIMIT:.0f} and {1000 * GROUP_LIMIT:.0f})"
    print(f"searches p95 {1000 * search:.1f} ms, group-by {1000 * grouping:.1f} ms {limits}")
    return int(search > SEARCH_LIMIT or grouping > GROUP_LIMIT)


def warm(path: Path) -> None:
    """Bring the file into the system's page cache, as any day's first searches do; connections stay cold."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass


def _opened(path: Path) -> None:
    with open_catalogue(path) as catalogue:
        rows(catalogue, parse(""), limit=50)


if __name__ == "__main__":
    sys.exit(main())
