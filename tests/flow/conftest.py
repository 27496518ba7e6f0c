"""The film that most flow tests look at."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filming import CARDS, new_film, rushes


@pytest.fixture(scope="session")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with all sample cards ingested; tests must not change it."""
    film = new_film(tmp_path_factory.mktemp("shoot") / "film", *CARDS)
    run = rushes("ingest", cwd=film)
    assert run.code == 0, run.err
    return film


@pytest.fixture
def own_shoot(shoot: Path, tmp_path: Path) -> Path:
    """The same as a copy that a test may change (moved as a whole, as crews move film folders)."""
    shutil.copytree(shoot, tmp_path / "film", symlinks=True)
    return tmp_path / "film"


@pytest.fixture
def small_disk() -> Iterator[Callable[..., None]]:
    """Mounts a tiny disk on a folder (`again`: gives it another size); it is gone after the test."""
    mounted: list[Path] = []

    def mount(folder: Path, size: str, *, again: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        words = ["mount", "-t", "tmpfs", "-o", f"{'remount,' if again else ''}size={size}", "none", folder]
        if subprocess.run(words, capture_output=True, check=False).returncode:
            pytest.skip("only root can mount a small disk")
        if not again:
            mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)
