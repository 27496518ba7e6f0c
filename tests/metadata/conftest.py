import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.processes.reader import ReaderProcess

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def samples() -> Path:
    folder = Path(os.environ.get("RUSHES_SAMPLES", REPOSITORY.parent / "shared" / "samples"))
    if not (folder / "truth.json").is_file():
        pytest.skip(f"no sample media in {folder}: set RUSHES_SAMPLES")
    return folder


@pytest.fixture(scope="session")
def mediainfo() -> Iterator[ReaderProcess]:
    with ReaderProcess("pipeline.metadata.mediainfo_child") as process:
        yield process
