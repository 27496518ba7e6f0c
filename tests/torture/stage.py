"""A small film at work, step by step, and everything that it comes to: what a kill must not change."""

import hashlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.catalogue.schema import MIGRATIONS
from pipeline.catalogue.store import check, migrate, open_catalogue

SAMPLES = Path(__file__).parents[2] / "sample_media"
SPANNED = next(SAMPLES.glob("*_G001"))
SOUND = next(SAMPLES.glob("*_S001"))
DRONE = next(SAMPLES.glob("*_D001"))
SETTINGS = """\
[ingest]
settle = 0.05
[names]
templates = ["{shoot_day}_{location}_{subject}_{camera}{card}"]
"""
EDL = """\
TITLE: back
FCM: NON-DROP FRAME

001  AX       V     C        09:12:31:00 09:12:32:00 01:00:00:00 01:00:01:00
* FROM CLIP NAME: GX010123.MP4
* LOC: 01:00:00:10 RED     NOTE
"""


@dataclass(frozen=True)
class Step:
    """One command of the flow, run in `folder` of the stage after `prepare`; `then` finishes what it began.

    `code` is how it ends undisturbed. What a person `says` twice counts twice: only there may the log grow.
    """

    name: str
    command: tuple[str, ...]
    folder: str = "film"
    prepare: Callable[[Path], None] = lambda _: None
    then: tuple[str, ...] = ()
    code: int = 0
    says: bool = False


def _shoot(stage: Path) -> None:
    """A spanned recording, a recorder's sound, and a clip that cannot be decoded to its end."""
    film = stage / "film"
    (film / "rushes.toml").write_text(SETTINGS)
    shutil.copytree(SPANNED, film / "ingest" / SPANNED.name)
    shutil.copytree(SOUND, film / "ingest" / SOUND.name)
    (film / "ingest" / "B009").mkdir()
    damaged = bytearray(next(DRONE.rglob("*.MP4")).read_bytes())
    damaged[2000:9000] = bytes(at * 37 & 255 for at in range(2000, 9000))
    (film / "ingest" / "B009" / "B0001.MP4").write_bytes(damaged)
    (film / "ingest" / "B009" / "B0001.MP4").chmod(0o444)


def _late_card(stage: Path) -> None:
    """A card that comes later, whose first proxy was made when the power went, and one that lies elsewhere now."""
    (stage / "film" / "ingest" / SOUND.name).rename(stage / "film" / "ingest" / "S001 moved")
    shutil.copytree(DRONE, stage / "film" / "ingest" / DRONE.name)
    _kill("ingest", "make.publish", stage)


def _kill(name: str, point: str, stage: Path) -> None:
    done = run(next(step for step in STEPS if step.name == name), stage, fault=f"{point}:1:kill")
    assert done.returncode == -signal.SIGKILL, done.stderr


def _list(note: str) -> Callable[[Path], None]:
    """A timeline comes back, with a marker that says so."""

    def prepare(stage: Path) -> None:
        (stage / "back.edl").write_text(EDL.replace("NOTE", note))

    return prepare


def _more_is_said(stage: Path) -> None:
    """Words that the backup does not know: they are kept aside."""
    assert run(Step("", ("set", "camera:g", "rating=2", "note=later")), stage).returncode == 0


def _break(stage: Path) -> None:
    """A proxy and a plain file that are gone, a half-made file, a search index that counts wrongly."""
    film = stage / "film"
    min((film / "proxies").rglob("*.mov")).unlink()
    min((film / "log").glob("*.jsonl")).unlink()
    left = film / "stills" / ".rushes-0123456789abcdef.part"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    with closing(sqlite3.connect(film / ".rushes" / "catalogue.db")) as db, db:
        db.execute("UPDATE groups SET clips = clips + 3")


def _lose(stage: Path) -> None:
    """A catalogue of which only what SQLite wrote beside it is there, and a plain file that is cut off."""
    film = stage / "film"
    (film / ".rushes" / "catalogue.db").unlink()
    (film / ".rushes" / "catalogue.db-wal").write_bytes(b"left")
    cut = min((film / "log").glob("*.jsonl"))
    cut.write_bytes(cut.read_bytes()[:-40])


def _old_catalogue(stage: Path) -> None:
    """A film of the first release, whose catalogue knows no more than where it lies."""
    old = stage / "old"
    (old / ".rushes").mkdir(parents=True)
    (old / "rushes.toml").write_text("")
    with closing(sqlite3.connect(old / ".rushes" / "catalogue.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, migrations=MIGRATIONS[:1])
        connection.execute("INSERT INTO roots VALUES (1, 'film', '', 'there')")


_OFFLOAD = ("offload", f"ingest/{SPANNED.name}")
STEPS: tuple[Step, ...] = (
    Step("init", ("init", "film"), folder="", then=("ingest", "--film", "film")),
    Step("ingest", ("ingest",), prepare=_shoot, code=1),
    Step("ingest again", ("ingest",), prepare=_late_card, code=1),
    Step("salvage", ("proxies", "--salvage")),
    Step("set", ("set", "camera:g", "rating=4", "subject+=coach"), says=True),
    Step("cut", ("cut", "week", "", "--as", "days"), says=True),
    Step("export", ("export", "week", "--for", "fcp")),
    Step("cut again", ("cut", "week", "camera:g"), says=True),
    Step("export again", ("export", "week", "--for", "fcp"), prepare=partial(_kill, "export", "export.write")),
    Step("pull", ("pull", "week", "--to", "../pulled")),
    Step("offload", (*_OFFLOAD, "--to", "../a", "--to", "../b")),
    Step("offload again", (*_OFFLOAD, "--to", "../c"), prepare=partial(_kill, "offload again", "manifest.chain")),
    Step("verify", ("verify",)),
    Step("import", ("import", "../back.edl"), prepare=_list("first")),
    Step("import again", ("import", "../back.edl"), prepare=_list("second")),
    Step("backup", ("backup", "../kept.db")),
    Step("restore", ("restore", "../kept.db"), prepare=_more_is_said),
    Step("repair", ("doctor", "--repair"), prepare=_break),
    Step("rebuild", ("rebuild",), prepare=_lose, code=1),
    Step("migrate", ("log",), folder="old", prepare=_old_catalogue),
)


def start(
    step: Step, stage: Path, *, fault: str = "", command: tuple[str, ...] = (), traced: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """A command of a step in a process of its own, in a group of its own."""
    return subprocess.Popen(
        [*traced, sys.executable, "-m", "pipeline.cli.main", *(command or step.command)],
        cwd=stage / step.folder, env={**os.environ, "RUSHES_FAULT": fault, "TMPDIR": str(stage / "tmp")},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def run(step: Step, stage: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    """The same to its end."""
    with start(step, stage, **how) as process:
        out, err = process.communicate(timeout=100)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def finish(step: Step, stage: Path) -> None:
    """The step to its end."""
    done = run(step, stage)
    assert done.returncode == step.code or is_there(step, done), (step.name, done.returncode, done.stderr)
    if step.then:
        done = run(step, stage, command=step.then)
        assert done.returncode == 0, done.stderr


def is_there(step: Step, done: subprocess.CompletedProcess[str]) -> bool:
    """Whether all was done before the kill: a film is made only once, and the like, and the command says so."""
    said = {
        "init": "is a film already", "salvage": "No clip of that failed", "backup": "is there already",
        "rebuild": "nothing was done",
    }.get(step.name)  # fmt: skip
    return said is not None and said in done.stderr


def copy(stage: Path, to: Path) -> None:
    """The stage at another place, the media as links: whoever wrote into one would be seen there too."""

    def copied(source: str, target: str) -> None:
        linked = any(f"/{folder}/" in source for folder in ("ingest", "proxies", "stills", "a", "b", "c", "pulled"))
        (os.link if linked else shutil.copy2)(source, target)

    shutil.copytree(stage, to, copy_function=copied)


# --- what it comes to -------------------------------------------------------------------------------

_DERIVED = re.compile("groups|terms|group_terms|words.*|sqlite_.*")  # made again from the rest; `check` compares them
# Times of writing, and hashes of them; in the plain files of the log also ids that are drawn, and row numbers.
_PASSING = re.compile(rb"\d{4}-\d\d-\d\d[T_ ]\d\d:?\d\d:?\d\d([.]\d+)?(Z|[+]00:00)|<c4>\w+</c4>|\d{19}|kept-\d{8}T\d+Z")
_DRAWN = re.compile(rb'"line":"batch","n":\d+,"id":"\w+|"(catalogue|batch|n|attempts|xxh128)":"?\w+')
_VERSION = re.compile(r" v\d+\.\w+\.jsonl$")  # of a cut: saying twice to make it makes a second one


def everything(stage: Path, *, says: bool = False) -> dict[str, object]:
    """All that a stage holds, comparable: every file, and every row of every catalogue by what it says.

    With `says`, what a person said twice counts once.
    """
    found: dict[str, object] = {}
    for path in sorted(stage.rglob("*")):
        name = _PASSING.sub(b"then", os.fsencode(path.relative_to(stage))).decode()
        if says and path.suffix == ".jsonl":
            name = _VERSION.sub(".jsonl", name)
        elif name in found:
            name += " again"
        if path.suffix == ".db":
            found |= {f"{name} {table}": rows for table, rows in _rows(path, stage, says=says).items()}
        elif path.is_file() and (".rushes/catalogue." not in name or ".rushes/catalogue.then" in name):
            found[name] = "said" if says and path.suffix == ".jsonl" else _file(path, name, stage)
        elif path.is_dir():
            found[name] = "folder"
    return found


def _file(path: Path, name: str, stage: Path) -> tuple[str, int, int]:
    """Its bytes, its mode and, of an original and its copies, its time."""
    seen, data = path.stat(), path.read_bytes()
    media = f"/{name}".startswith(("/film/ingest/", "/a/", "/b/", "/c/", "/pulled/"))
    if not media or "/0002_" in name or name.endswith(("_chain.xml", ".pull.csv", ".pull.edl")):
        data, media = _PASSING.sub(b"then", data.replace(str(stage).encode(), b"STAGE")), False
    if path.suffix == ".jsonl":
        data = _DRAWN.sub(b"drawn", data)
    return hashlib.sha256(data).hexdigest()[:16], seen.st_mode, seen.st_mtime_ns if media else 0


def _rows(path: Path, stage: Path, *, says: bool) -> dict[str, list[str]]:
    with open_catalogue(path) as catalogue:
        assert check(catalogue) == ()
    with closing(sqlite3.connect(path)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        known = _Known.of(db)
        return {name: known.rows_of(db, name, stage, says=says) for name in names if not _DERIVED.fullmatch(name)}


@dataclass(frozen=True)
class _Known:
    """What row numbers stand for: they are no part of what a catalogue says."""

    names: Mapping[str, Mapping[int, object]] = field(default_factory=dict)

    @classmethod
    def of(cls, db: sqlite3.Connection) -> "_Known":
        cards = dict(db.execute("SELECT n, path FROM cards"))
        return cls({
            "clip_n": dict(db.execute("SELECT n, id FROM clips")), "card_n": cards, "card": cards,
            "batch_n": dict(db.execute("SELECT n, words FROM batches")),
            "track_n": dict(db.execute("SELECT n, path FROM tracks")),
        })  # fmt: skip

    def rows_of(self, db: sqlite3.Connection, table: str, stage: Path, *, says: bool) -> list[str]:
        asked = db.execute(f"SELECT * FROM {table}")
        columns = [column[0] for column in asked.description]
        rows = [self._row(table, dict(zip(columns, row, strict=True)), says=says) for row in asked]
        words = sorted(repr(row).replace(str(stage), "STAGE") for row in rows)
        return list(dict.fromkeys(words)) if says else words

    def _row(self, table: str, row: dict[str, object], *, says: bool) -> dict[str, object]:
        passing = {"n", "group_n", *(["moment"] if table != "clips" else []), *(["version"] if says else [])}
        passing |= {"id"} if table in {"batches", "identity"} else {"change"} if table == "due" else set()  # drawn
        kept = {key: value for key, value in row.items() if key not in passing}
        for key in ("verified", "undoes", "batch"):
            if key in kept:
                kept[key] = bool(kept[key])
        if table == "failures":  # the first of its complaints differs when ffmpeg decodes in several threads
            kept["sentence"], _ = str(kept["sentence"]).partition(" (")[0], kept.pop("attempts")
        return {key: self.names.get(key, {}).get(value, value) for key, value in kept.items()}  # type: ignore[call-overload]


def differences(undisturbed: Mapping[str, object], found: Mapping[str, object]) -> str:
    """What of everything is not as it is undisturbed, a line each."""
    lines = []
    for name in sorted(undisturbed.keys() | found.keys()):
        was, now = undisturbed.get(name), found.get(name)
        if isinstance(was, list) and isinstance(now, list):
            lines += [f"{name}: lacks {row}" for row in (Counter(was) - Counter(now)).elements()]
            lines += [f"{name}: has {row}" for row in (Counter(now) - Counter(was)).elements()]
        elif was != now:
            lines.append(f"{name}: {was} became {now}")
    return "\n".join(lines)
