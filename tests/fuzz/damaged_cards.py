"""Sample cards damaged as a whole (bytes, names, folders), and taken in as the program takes them.

A few films of damaged cards are ingested with proxies and all (`python tests/fuzz/fuzz.py 0 --films N`): whatever lies
on them, the run ends with an exit code of the table, no original changes, and nothing half-made stays.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from mutants import mutant

from pipeline.catalogue.cards import record_card
from pipeline.catalogue.listing import rows
from pipeline.catalogue.products import failures, work_left
from pipeline.catalogue.roots import root
from pipeline.catalogue.store import open_catalogue
from pipeline.catalogue.summary import card_rows
from pipeline.cli.cards import _data as card_data
from pipeline.film import Film, open_film
from pipeline.ingest.look import Ground, look, see
from pipeline.ingest.make import carry_out
from pipeline.ingest.orders import Bench, order
from pipeline.ingest.take import take_card
from pipeline.processes.reader import ReaderProcess
from pipeline.shotlog.query import parse

SAMPLES = Path(__file__).parents[2] / "sample_media"
CARDS = tuple(sorted(path for path in SAMPLES.iterdir() if path.is_dir() and path.name[:2] == "20"))
_PATIENCE = 600  # seconds for a film
NAMES = (
    b"C0001", b"A001C001_191012_R1AB", b"\xff\xfe\x80", b"a\nb", b"a\tb\r", b"-rf", b"http:x", b"pipe:0", b"%d%s",
    b"'\"`$(id)", b"=1+1", b"<b>&amp;", b"\x1b[31mred", b"x" * 240, "e\u0301".encode(), "\u00e9".encode(),
    "\u202egpj".encode(), b"CON", b"a. ", b"GX010123", b"GX020123", b"PRIVATE", b"DCIM", b"100GOPRO", b"CONTENTS",
    b"CLIP", b"BDMV", b"M4ROOT", b"ascmhl", b"Proxy",
)  # fmt: skip
SUFFIXES = (
    b".MP4", b".mov", b".MXF", b".WAV", b".XML", b".mhl", b".md5", b".GPX", b".csv", b".THM", b".CPI", b".R3D", b"",
)  # fmt: skip

Damage = Callable[[Path, list[Path], random.Random], None]


def damaged_card(source: Path, target: Path, chance: random.Random) -> None:
    """A copy of a card with one to four damages; those that the disk refuses do not count."""
    shutil.copytree(source, target)
    for _ in range(chance.choice((1, 1, 2, 4))):
        files = sorted(path for path in target.rglob("*") if path.is_file() and not path.is_symlink())
        if files:
            try:
                chance.choice(_DAMAGES)(target, files, chance)
            except OSError:
                continue


def _bytes(_: Path, files: list[Path], chance: random.Random) -> None:
    path = chance.choice(files)
    data = path.read_bytes()
    path.write_bytes(mutant(data, ((0, 4096), (max(0, len(data) - 8192), 8192)), chance))


def _cut(_: Path, files: list[Path], chance: random.Random) -> None:
    path = chance.choice(files)
    os.truncate(path, chance.choice((0, 1, 7, path.stat().st_size // 2, path.stat().st_size - 1)))


def _rename(_: Path, files: list[Path], chance: random.Random) -> None:
    path = chance.choice(files)
    path.rename(_beside(path, chance))


def _copy(_: Path, files: list[Path], chance: random.Random) -> None:
    path = chance.choice(files)
    shutil.copyfile(path, _beside(chance.choice(files), chance))


def _remove(_: Path, files: list[Path], chance: random.Random) -> None:
    chance.choice(files).unlink()


def _move(_: Path, files: list[Path], chance: random.Random) -> None:
    path = chance.choice(files)
    path.rename(chance.choice(files).parent / path.name)


def _swap(_: Path, files: list[Path], chance: random.Random) -> None:
    one, other = chance.choice(files), chance.choice(files)
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)


def _folder(card: Path, files: list[Path], chance: random.Random) -> None:
    folder = chance.choice(files).parent
    if folder != card:
        folder.rename(folder.parent / os.fsdecode(chance.choice(NAMES)))


def _deeper(_: Path, files: list[Path], chance: random.Random) -> None:
    path = chance.choice(files)
    folder = path.parent.joinpath(*[os.fsdecode(chance.choice(NAMES)[:40]) for _ in range(chance.choice((1, 3, 12)))])
    folder.mkdir(parents=True)
    path.rename(folder / path.name)


def _link(card: Path, files: list[Path], chance: random.Random) -> None:
    place = _beside(chance.choice(files), chance)
    place.symlink_to(chance.choice((card, chance.choice(files), Path("/etc/passwd"), place)))


def _pipe(_: Path, files: list[Path], chance: random.Random) -> None:
    os.mkfifo(_beside(chance.choice(files), chance))


def _when(_: Path, files: list[Path], chance: random.Random) -> None:
    moment = chance.choice((0, 1, 2**31 - 1, 2**31, 2**33, 4_000_000_000))
    os.utime(chance.choice(files), (moment, moment))


def _beside(path: Path, chance: random.Random) -> Path:
    suffix = os.fsencode(path.suffix) if chance.random() < 0.7 else chance.choice(SUFFIXES)
    return path.parent / os.fsdecode(chance.choice(NAMES) + suffix)


_DAMAGES: tuple[Damage, ...] = (
    _bytes, _bytes, _bytes, _cut, _rename, _rename, _copy, _remove, _move, _swap, _folder, _deeper, _link, _pipe, _when,
)  # fmt: skip


# --- taken in without proxies, in this process ----------------------------------------------------


def take_in(recipe: bytes, scratch: str | None) -> None:
    """Damage a card as the recipe says, log it, hash it, and ask for everything that is told of it."""
    chance = random.Random(recipe)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="rushes-fuzz-") as folder:
        film = _film(Path(folder))
        source = chance.choice(CARDS)
        damaged_card(source, film.folder / "ingest" / source.name, chance)
        _log(film)


def _film(folder: Path) -> Film:
    (folder / "ingest").mkdir()
    (folder / ".rushes").mkdir()
    settings = (SAMPLES / "rushes.toml").read_text(encoding="utf-8")
    (folder / "rushes.toml").write_text(settings + "\n[proxies]\npresets = []\nstills = false\n", encoding="utf-8")
    return open_film(folder)


def _log(film: Film) -> None:
    with open_catalogue(film.catalogue, create=True) as catalogue:
        ground = Ground(root(catalogue, "film", "", place=str(film.folder)), b"ingest")
        for card in look(ground, see(ground, film.settings), film.settings):
            taken = take_card(ground, card, film.settings, _mediainfo(), moment="2026-01-01T00:00:00Z")
            bugs = [file.sentence for file in taken.failed if file.exit_code == 70]
            if bugs:
                raise AssertionError(bugs[0])
            record_card(catalogue, taken)
        bench = Bench(film, {ground.root.id: ground.root}, (), None)
        for work in work_left(catalogue):
            outcome = carry_out(order(work, bench, lambda _: None), lambda _: None, lambda: False, lambda: False)
            if outcome.error is not None:
                raise outcome.error
        rows(catalogue, parse(""))
        failures(catalogue)
        for row in card_rows(catalogue):
            card_data(row)


@cache
def _mediainfo() -> ReaderProcess:
    return ReaderProcess("pipeline.metadata.mediainfo_child")


# --- ingested with proxies, as a person does it ---------------------------------------------------


def ingest_film(number: int, scratch: Path, cards: Sequence[Path] = CARDS) -> list[str]:
    """A film in which each of these cards is damaged, ingested by the command line: what is wrong with the outcome."""
    chance = random.Random(number)
    film = scratch / f"film {number}"
    (film / "ingest").mkdir(parents=True)
    settings = (SAMPLES / "rushes.toml").read_text(encoding="utf-8")
    (film / "rushes.toml").write_text(f"{settings}\n[ingest]\nsettle = 0.2\n", encoding="utf-8")
    for source in cards:
        damaged_card(source, film / "ingest" / source.name, chance)
    before = _state(film / "ingest")
    code, said = _rushes(film, "ingest")
    wrong = [] if code in (0, 1) or 10 <= code < 50 else [f"rushes ingest ended with {code}: {said[-600:]}"]
    wrong += [line for line in said.splitlines() if "bug of ours" in line or "Traceback" in line]
    for words in (("log", "--json"), ("cards", "--json"), ("cards",), ("status",)):
        code, said = _rushes(film, *words)
        wrong += [] if code == 0 else [f"rushes {' '.join(words)} ended with {code}: {said[-600:]}"]
    wrong += [] if _state(film / "ingest") == before else ["originals have changed"]
    return wrong + [f"{path} was left behind" for path in film.rglob(".rushes-*") if path.is_file()]


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (seen.st_size, seen.st_mtime_ns) for path in sorted(folder.rglob("*")) for seen in [path.lstat()]
    }


def _rushes(film: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pipeline.cli.main", *words]
    try:
        done = subprocess.run(command, cwd=film, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return -1, f"not done after {_PATIENCE} s"
    return done.returncode, (done.stderr or b"").decode("utf-8", "replace")


def ingest_films(films: int) -> list[str]:
    """Faults of that many films, each with the number that makes it again."""
    faults = []
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(films):
            faults += [f"film {number}: {each}" for each in ingest_film(number, Path(scratch))]
            shutil.rmtree(Path(scratch, f"film {number}"))
    return faults
