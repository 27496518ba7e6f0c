"""The film that most flow tests look at."""

import shutil
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
