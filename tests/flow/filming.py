"""Films made of the sample cards, and the command line as a person runs it."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_media"
CARDS = sorted(path for path in SAMPLES.iterdir() if path.is_dir() and path.name[:2] == "20")
QUICK = "[ingest]\nsettle = 1.0\n"


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def rushes(*arguments: str | Path, cwd: Path, env: dict[str, str] | None = None, timeout: float = 100) -> Run:
    """One command in a process of its own, as typed in `cwd`."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli.main", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=timeout, env={**os.environ, "COLUMNS": "200", **(env or {})}, check=False,
    )  # fmt: skip
    return Run(done.returncode, done.stdout, done.stderr)


def new_film(folder: Path, *cards: Path | str, settings: str = "") -> Path:
    """A film with the sample settings and the named sample cards in ingest/."""
    assert rushes("init", folder, cwd=folder.parent).code == 0
    (folder / "rushes.toml").write_text((SAMPLES / "rushes.toml").read_text(encoding="utf-8") + (settings or QUICK))
    for card in cards:
        source = SAMPLES / card
        shutil.copytree(source, folder / "ingest" / source.name)
    return folder


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder with size and time of change: what must not change in originals."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


SONY = next(card for card in CARDS if "Morning run_A001" in card.name)
MAG = next(card for card in CARDS if "Pacemakers_A001" in card.name)
GOPRO = next(card for card in CARDS if "G001" in card.name)
PHONE = next(card for card in CARDS if "P001" in card.name)
SOUND = next(card for card in CARDS if "S001" in card.name)
DRONE = next(card for card in CARDS if "D001" in card.name)
