"""A file that rotted on its disk is no other recording: it stays the clip it was, and is named until it is mended."""

import os
import shutil
from pathlib import Path

import pytest
from filming import LEAN, TINY, empty_film, finish, products, rushes

SAID = "C0001.MP4 reads otherwise than when it was taken in"
BOX = TINY.stat().st_size + 100  # where no reader looks
_LARGE = 1 << 20


def long_footage(place: Path, number: int = 0) -> None:
    """A recording of which the samples of a quick identity are a fifth."""
    free = (_LARGE + number).to_bytes(4, "big") + b"free" + bytes(_LARGE + number - 8)
    place.write_bytes(TINY.read_bytes() + free)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with a card of two long recordings, of which the first is rated; tests must not change it."""
    film = empty_film(tmp_path_factory.mktemp("kept") / "film", LEAN)
    (film / "ingest" / "A001").mkdir()
    for number in (1, 2):
        long_footage(film / "ingest" / "A001" / f"C000{number}.MP4", number)
    finish(film)
    assert rushes("set", "name:C0001.MP4", "rating=5", cwd=film).code == 0
    return film


@pytest.fixture
def film(kept: Path, tmp_path: Path) -> Path:
    shutil.copytree(kept, tmp_path / "film", symlinks=True)
    return tmp_path / "film"


def rot(place: Path, offset: int) -> None:
    """One bit flips; its size and its time of change say nothing of it. The same again mends it."""
    seen = place.stat()
    with place.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
    os.utime(place, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def clips(film: Path) -> dict[str, tuple[str, str, int | None]]:
    return {row["id"]: (row["name"], row["status"], row["rating"]) for row in rushes("log", "--json", cwd=film).json}


def rotten(film: Path) -> list[str]:
    rows = rushes("verify", "--json", cwd=film).json
    return [os.path.relpath(row["path"], film) for row in rows if row["state"] == "rotten"]


def size(film: Path) -> int:
    return (film / "ingest" / "A001" / "C0001.MP4").stat().st_size


@pytest.mark.parametrize(("share", "said"), [(0.0, "C0001.MP4 "), (0.04, SAID), (0.5, SAID), (1.0, SAID)])
def test_a_rotten_file_stays_its_clip_and_is_named_until_it_is_mended(film, share, said):
    before, made = clips(film), products(film)
    first = film / "ingest" / "A001" / "C0001.MP4"
    rot(first, int(share * (size(film) - 1)))
    (first.parent / "notes.txt").write_text("the card is taken again")
    for _ in range(2):
        run = rushes("ingest", cwd=film)
        assert (run.code, said in run.err) == (1, True)
        assert (clips(film), products(film)) == (before, made)
        assert rotten(film) == ["ingest/A001/C0001.MP4"]
    rot(first, int(share * (size(film) - 1)))
    finish(film)
    assert (clips(film), products(film), rotten(film)) == (before, made, [])
    assert "Nothing to do" in finish(film).err


@pytest.mark.parametrize("offset", [BOX, 200_000], ids=["in a sample", "beside the samples"])
def test_a_rotten_file_on_a_card_that_was_renamed_stays_its_clip(film, offset):
    before = clips(film)
    rot(film / "ingest" / "A001" / "C0001.MP4", offset)
    (film / "ingest" / "A001").rename(film / "ingest" / "A007")
    assert rushes("ingest", cwd=film).code == (offset == BOX)
    assert clips(film) == before
    assert rotten(film) == ["ingest/A007/C0001.MP4"]
    assert [card["name"] for card in rushes("cards", "--json", cwd=film).json] == ["A007"]
    rot(film / "ingest" / "A007" / "C0001.MP4", offset)
    finish(film)
    assert (clips(film), rotten(film)) == (before, [])


def test_a_rotten_file_stays_its_clip_when_the_catalogue_is_made_again(film):
    before = clips(film)
    rot(film / "ingest" / "A001" / "C0001.MP4", BOX)
    for file in (film / ".rushes").glob("catalogue.db*"):
        file.unlink()
    run = rushes("rebuild", cwd=film)
    assert (run.code, SAID in run.err) == (1, True)
    assert (clips(film), rotten(film)) == (before, ["ingest/A001/C0001.MP4"])


def test_a_file_that_was_written_to_is_another_recording(film):
    first = film / "ingest" / "A001" / "C0001.MP4"
    rot(first, BOX)
    os.utime(first)
    clip = next(iter(clips(film)))[:8]
    sentence = (
        f"ingest/A001/C0001.MP4 is another recording than before: clip C0001.MP4 ({clip}), which lay there, is gone"
    )
    assert sentence in finish(film).err
    assert sorted(clips(film).values()) == [
        ("C0001.MP4", "offline", 5), ("C0001.MP4", "ready", None), ("C0002.MP4", "ready", None)
    ]  # fmt: skip


def test_no_hash_is_taken_of_a_file_that_rotted_before_it_was_read_whole(tmp_path):
    film = empty_film(tmp_path / "film", LEAN + "presets = []\n")
    (film / "ingest" / "A001").mkdir()
    long_footage(film / "ingest" / "A001" / "C0001.MP4")
    rushes("ingest", cwd=film, env={"RUSHES_FAULT": "make.hash:1:kill"})
    assert [status for _, status, _ in clips(film).values()] == ["ready"], "taken, and nothing is made of it"
    rot(film / "ingest" / "A001" / "C0001.MP4", BOX)
    run = rushes("ingest", cwd=film)
    assert (run.code, SAID in run.err) == (1, True)
    rot(film / "ingest" / "A001" / "C0001.MP4", BOX)
    assert rushes("ingest", "--retry", cwd=film).code == 0
    assert rushes("verify", cwd=film).err == "1 file: 1 whole.\n"
