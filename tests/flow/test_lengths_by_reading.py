"""Large recordings without an index: how long they are is known when they were hashed."""

import shutil
import subprocess
from pathlib import Path

import pytest
from filming import BRISK, empty_film, finish, log, rushes

from pipeline.catalogue.store import check, open_catalogue
from pipeline.metadata.facts import read_facts
from pipeline.metadata.source import COUNTED_BELOW
from pipeline.processes.ffmpeg import find_ffmpeg

LEAN = BRISK + "\n[proxies]\nstills = false\n"
STUFFING = b"\x47\x1f\xff\x10" + b"\xff" * 184
FRAMES = 40


def broadcast(path: Path) -> Path:
    """A transport stream over 64 MiB: a short recording, and empty packets in its midst."""
    path.parent.mkdir(parents=True, exist_ok=True)
    small = path.with_suffix(".small")
    words = f"-v error -f lavfi -i testsrc2=size=192x108:rate=25 -f lavfi -i sine -frames:v {FRAMES} -c:v libx264 -g 12"
    subprocess.run(
        [find_ffmpeg(), *words.split(), "-c:a", "ac3", "-shortest", "-f", "mpegts", small], check=True, timeout=60
    )
    data = small.read_bytes()
    small.unlink()
    half = len(data) // 188 // 2 * 188
    path.write_bytes(data[:half] + STUFFING * (COUNTED_BELOW // len(STUFFING)) + data[half:])
    assert path.stat().st_size > COUNTED_BELOW
    return path


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    return broadcast(tmp_path_factory.mktemp("stream") / "00001.MTS")


def test_a_large_transport_stream_is_as_long_as_is_known_only_when_all_of_it_is_read(stream):
    beginning = read_facts(stream)
    assert beginning.video.frames is None
    assert str(beginning.video.rate) == "25/1"
    assert beginning.audio
    assert read_facts(stream, whole=True).video.frames == FRAMES


def test_rushes_facts_reads_all_of_it_where_that_is_asked_for(stream, tmp_path):
    said = rushes("facts", stream, "--json", cwd=tmp_path).json[str(stream)]
    assert said["frames"] is None
    assert "--whole" in said["sources"]["frames"]["why"]
    assert rushes("facts", stream, "--json", "--whole", cwd=tmp_path).json[str(stream)]["frames"] == FRAMES


def test_ingest_counts_while_it_hashes_and_makes_a_proxy_of_that_length(stream, tmp_path):
    film = empty_film(tmp_path / "film", LEAN)
    card = film / "ingest" / "A001"
    card.mkdir()
    shutil.copy(stream, card)
    finish(film)
    row = log(film)["ingest/A001/00001.MTS"]
    assert (row["frames"], row["duration"], row["status"]) == (FRAMES, FRAMES / 25, "ready")
    proxy = next((film / "proxies").rglob("*.mov"))
    assert read_facts(proxy).video.frames == FRAMES
    with open_catalogue(film / ".rushes" / "catalogue.db") as catalogue:
        assert check(catalogue) == ()

    shutil.copy(proxy, card / "new.mov")  # the card is read again, the stream is not
    finish(film)
    assert log(film)["ingest/A001/00001.MTS"]["frames"] == FRAMES
    with open_catalogue(film / ".rushes" / "catalogue.db") as catalogue:
        assert check(catalogue) == ()


def test_a_length_is_counted_where_nothing_is_made(stream, tmp_path):
    film = empty_film(tmp_path / "film", BRISK + "\n[proxies]\nstills = false\npresets = []\n")
    card = film / "ingest" / "A001"
    card.mkdir()
    shutil.copy(stream, card)
    finish(film)
    row = log(film)["ingest/A001/00001.MTS"]
    assert (row["frames"], row["status"]) == (FRAMES, "ready")
