"""`make soak`: 2,000 small cards at random over an hour; the head and its ffmpeg are killed and the disk fills up.

Cards come whole, slowly, or under another name first. At the end every clip is in the log exactly once with its proxy,
no original has changed, and neither memory nor open files of any head that lived have grown.
`python tests/torture/soak.py [--cards N] [--minutes M] [--seed S]`; a small disk to fill takes root.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "flow"))
from filming import TINY, at_work_in, empty_film, half_made, log, products, rushes, start, tree

SETTINGS = '[ingest]\nsettle = 1.0\nrescan = 3.0\n\n[proxies]\npresets = ["edit"]\nstills = false\n'
_ROOM, _ROOM_FOR_A_CARD = 64, 1  # megabytes of the small disk
WARM = 15.0  # seconds after which a head has loaded all that it will load
# What a head may grow by after that: megabytes, with the clips of the log that its looks hold, and open files.
GROWTH_MB, GROWTH_FILES = 32, 12
_NO_ROOM = range(30, 40)  # exit codes of a head that is started on a full disk
PATIENCE = 600.0  # seconds that the rest of the work may take after the last card


@dataclass(frozen=True)
class Plan:
    """How hard it is: cards over so many seconds, kills and full disks in between."""

    cards: int
    seconds: float
    kills: int
    fills: int
    seed: int = 1


HOUR = Plan(cards=2000, seconds=3600, kills=60, fills=20)


@dataclass
class Life:
    """A head from its start: (seconds it lived, resident megabytes, open files) at each look."""

    looks: list[tuple[float, float, int]] = field(default_factory=list)

    @property
    def growth(self) -> tuple[float, int] | None:
        """Megabytes and files from the first look that is warm to the end; None for a life that was too short."""
        warm = [look for look in self.looks if look[0] >= WARM]
        if len(warm) < 4:
            return None
        early, late = warm[: len(warm) // 4 or 1], warm[-(len(warm) // 4 or 1) :]
        return (
            _middle([look[1] for look in late]) - _middle([look[1] for look in early]),
            int(_middle([float(look[2]) for look in late]) - _middle([float(look[2]) for look in early])),
        )


@dataclass
class Told:
    """What came of a soak; `wrong` is empty when it held."""

    clips: int = 0
    kills: int = 0
    fills: int = 0
    lives: list[Life] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


# --- the course of it -----------------------------------------------------------------------------


def soak(film: Path, plan: Plan, hog: Path | None) -> Told:
    """Run the plan in a film; `hog` is a file that fills the film's own disk, None where no disk can be filled."""
    chance = random.Random(plan.seed)
    empty_film(film, SETTINGS)
    told, began = Told(), time.monotonic()
    head = _Head(film, told)
    dropped: list[Path] = []
    try:
        for moment, what in _course(plan, chance, fills=hog is not None):
            while time.monotonic() < began + moment:
                head.look()
                time.sleep(min(0.5, max(0.0, began + moment - time.monotonic())))
            if what == "card":
                dropped += drop(film, len(dropped), chance)
            elif what == "kill":
                told.kills += head.kill(chance)
            elif hog is not None:
                told.fills += 1
                _filled(hog, head, chance)
        _settled(film, len(dropped), head)
    finally:
        head.end()
    told.clips, told.seconds = len(dropped), time.monotonic() - began
    told.wrong += _wrong(film, dropped, told)
    return told


def _course(plan: Plan, chance: random.Random, *, fills: bool) -> list[tuple[float, str]]:
    """Moments (seconds) and what happens then; the last fifth has no kills, so that one head lives long."""
    moments = [(chance.uniform(0, plan.seconds), "card") for _ in range(plan.cards)]
    moments += [(chance.uniform(0.1, 0.8) * plan.seconds, "kill") for _ in range(plan.kills)]
    moments += [(chance.uniform(0.1, 0.8) * plan.seconds, "fill") for _ in range(plan.fills if fills else 0)]
    return sorted(moments)


@dataclass
class _Head:
    """The head under test, started again when it is gone."""

    film: Path
    told: Told
    process: "subprocess.Popen[str] | None" = None
    born: float = 0.0
    expected: bool = True

    def look(self) -> None:
        """See that it lives, and note what it holds."""
        if self.process is None or self.process.poll() is not None:
            ended = self.process.returncode if self.process else 0
            if not self.expected and ended not in _NO_ROOM:
                self.told.wrong.append(f"the head ended by itself with {ended}")
            self.process, self.born, self.expected = start(self.film, "watch", "--quiet"), time.monotonic(), False
            self.told.lives.append(Life())
        with suppress(OSError, IndexError):
            held = Path(f"/proc/{self.process.pid}/status").read_text()
            resident = int(held.split("VmRSS:")[1].split()[0]) / 1024
            files = len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))
            self.told.lives[-1].looks.append((time.monotonic() - self.born, resident, files))

    def kill(self, chance: random.Random) -> int:
        """SIGKILL to the head, or to whatever of its programs is at work; how many were killed."""
        self.look()
        assert self.process is not None
        others = [number for number in at_work_in(self.film) if number != self.process.pid]
        if others and chance.random() < 0.5:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(others), signal.SIGKILL)
            return 1
        self.expected = True
        self.process.kill()
        self.process.wait()
        return 1

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


def drop(film: Path, number: int, chance: random.Random) -> list[Path]:
    """A card of one or two clips that no other card has, put into ingest/ as people do."""
    final = film / "ingest" / f"S{number:05}"
    way = chance.choice(("whole", "slowly", "renamed"))
    folder = final.with_name(f".{final.name}") if way == "renamed" else final
    folder.mkdir()
    names = [f"C{number + index:05}.MP4" for index in range(chance.choice((1, 1, 2)))]
    for index, name in enumerate(names):
        data = TINY.read_bytes() + b"\0\0\0\x10free%08d" % (number + index)
        with (folder / name).open("wb", buffering=0) as file:
            pieces = 4 if way == "slowly" else 1
            for piece in range(pieces):
                file.write(data[len(data) * piece // pieces : len(data) * (piece + 1) // pieces])
                time.sleep(0.05 if way == "slowly" else 0)
    if folder != final:
        folder.rename(final)
    return [final / name for name in names]


def _filled(hog: Path, head: _Head, chance: random.Random) -> None:
    """For a few seconds there is no room at all on the disk."""
    disk = os.statvfs(hog.parent)
    with hog.open("wb", buffering=0) as file, suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize)
    with hog.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):  # what was freed meanwhile
            pass
    end = time.monotonic() + chance.uniform(1, 6)
    while time.monotonic() < end:
        head.look()
        time.sleep(0.5)
    hog.unlink()


def _settled(film: Path, clips: int, head: _Head) -> None:
    """Wait until the head has made what is left, as far as it does so by itself."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and len(products(film)) < clips:
        head.look()
        time.sleep(1)


def _wrong(film: Path, dropped: list[Path], told: Told) -> Iterator[str]:
    """What is not as it must be after one last `rushes ingest`, which makes up for programs that were killed."""
    run = rushes("ingest", cwd=film, timeout=PATIENCE)
    if run.code:
        yield f"rushes ingest ended with {run.code}: {run.err[-600:]}"
    rows = log(film)
    wanted = {str(path.relative_to(film)) for path in dropped}
    if rows.keys() != wanted or len({row["id"] for row in rows.values()}) != len(wanted):
        yield f"{len(wanted - rows.keys())} clips are missing in the log, {len(rows.keys() - wanted)} are too many"
    unready = [path for path, row in rows.items() if row["status"] != "ready"]
    if unready:
        yield f"{len(unready)} clips are not ready: {unready[:3]}"
    if len(products(film)) != len(wanted):
        yield f"{len(products(film))} proxies of {len(wanted)} clips"
    data = TINY.stat().st_size + 16
    if [size for size, _ in tree(film / "ingest").values()] != [data] * len(wanted):
        yield "originals have changed"
    if left := half_made(film):
        yield f"{left[:3]} was left behind"
    if left := at_work_in(film):
        yield f"processes {left} live on"
    for number, life in enumerate(told.lives):
        if life.growth and (life.growth[0] > GROWTH_MB or life.growth[1] > GROWTH_FILES):
            yield f"head {number} grew by {life.growth[0]:.1f} MB and {life.growth[1]} files"


@contextmanager
def disk(folder: Path, plan: Plan) -> Iterator[Path | None]:
    """A small disk at a folder, and the file that can fill it; None where nobody may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={_ROOM + plan.cards * _ROOM_FOR_A_CARD}m", "none", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder / "hog"
    finally:
        subprocess.run(["umount", folder], check=True)


def figures(plan: Plan, told: Told) -> str:
    looks = [look for life in told.lives for look in life.looks]
    grown = [life.growth for life in told.lives if life.growth]
    longest = max((life.looks[-1][0] for life in told.lives if life.looks), default=0.0)
    memory, files = max((look[1] for look in looks), default=0), max((look[2] for look in looks), default=0)
    more = max((each[0] for each in grown), default=0), max((each[1] for each in grown), default=0)
    lines = [
        f"{plan.cards} cards with {told.clips} clips in {told.seconds / 60:.1f} minutes",
        f"{told.kills} kills, {told.fills} full disks, {len(told.lives)} heads; one lived {longest / 60:.1f} minutes",
        f"memory of a head: at most {memory:.0f} MB, {more[0]:.1f} MB more once it was warm",
        f"open files of a head: at most {files}, {more[1]} more once it was warm",
        *(f"WRONG  {each}" for each in told.wrong),
    ]
    return "\n".join(lines if told.wrong else [*lines, "every clip is there exactly once"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=HOUR.cards)
    parser.add_argument("--minutes", type=float, default=HOUR.seconds / 60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    share = asked.minutes * 60 / HOUR.seconds
    kills, fills = (max(1, round(each * share)) for each in (HOUR.kills, HOUR.fills))
    plan = Plan(asked.cards, asked.minutes * 60, kills, fills, asked.seed)
    with tempfile.TemporaryDirectory() as scratch, disk(Path(scratch, "disk"), plan) as hog:
        told = soak(Path(scratch, "disk", "film"), plan, hog)
        print(figures(plan, told))
    return int(bool(told.wrong))


if __name__ == "__main__":
    sys.exit(main())
