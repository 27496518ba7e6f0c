"""The film that most flow tests look at."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filming import CARDS, LEAN, card, empty_film, finish, new_film, rushes


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


@pytest.fixture(scope="session")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with one plain card of two clips, taken in; tests must not change it."""
    film = empty_film(tmp_path_factory.mktemp("taken") / "film", LEAN)
    card(film, clips=2)
    finish(film)
    return film


@pytest.fixture
def film(taken: Path, tmp_path: Path) -> Path:
    """The same at a place of its own, to be changed."""
    shutil.copytree(taken, tmp_path / "film", symlinks=True)
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
