"""Disks that fill up, page by page: whatever is written, it is whole or not there, and made when there is room."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from disks import PAGE, Disk, Whole, disk, nothing_half, sizes, take, typed, whole
from filming import card, log, tree

from pipeline.catalogue.store import check, open_catalogue
from pipeline.ingest.events import ClipFailed
from pipeline.offload.run import offload
from pipeline.offload.words import Ears, Wish

SETTINGS = '[ingest]\nsettle = 0.02\n[names]\ntemplates = ["{card}"]\n[proxies]\njobs = 1\n'


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> Path:
    """Two clips on a disk of their own, that no film may touch."""
    folder = tmp_path_factory.mktemp("originals")
    card(folder, clips=2)
    return folder / "ingest"


@pytest.fixture(scope="module")
def undisturbed(originals, tmp_path_factory) -> tuple[Whole, Path]:
    film = new_film(tmp_path_factory.mktemp("undisturbed") / "film", originals)
    assert take(film).code == 0
    return whole(film), film


def new_film(folder: Path, originals: Path) -> Path:
    """A film that is about to take in the originals, in a folder that may hold another."""
    empty(folder)
    (folder / "rushes.toml").write_text(SETTINGS)
    (folder / "ingest").symlink_to(originals)
    return folder


def empty(folder: Path) -> None:
    """Remove all that a folder holds, but no disk that is mounted in it."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.is_symlink() or old.is_file():
            old.unlink()
        elif old.is_mount():
            empty(old)
        else:
            shutil.rmtree(old)


def pages(folder: Path) -> int:
    return sum(-(-path.stat().st_size // PAGE) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("where", ["", ".rushes", "proxies"])
def test_an_ingest_waits_for_space_and_finishes_when_there_is_some(where, originals, undisturbed, tmp_path):
    reference, done = undisturbed
    film = tmp_path / "film"
    most = pages(done / where) + 400  # what SQLite writes beside the catalogue comes and goes
    codes = set()
    with disk(film / where) as small:
        for size in sizes(most, 4 if where else 8):
            small.grow()
            new_film(film, originals)
            small.has(size)
            first = take(film)
            assert first.code in (0, 30), (size, first)
            assert not any(isinstance(event, ClipFailed) for event in first.told), (size, first)
            small.grow()
            nothing_half(film, reference)
            assert take(film).code == 0, size
            nothing_half(film, reference)
            assert whole(film) == reference, size
            codes.add(first.code)
    assert codes == {0, 30}


def test_what_stays_free_is_no_room_for_the_work_but_for_what_people_log(originals, undisturbed, tmp_path):
    reference, _ = undisturbed
    with disk(tmp_path / "film") as small:
        film = new_film(small.folder, originals)
        kept = shutil.disk_usage(film).total // 100
        fill(film, kept - 40 * PAGE)
        refused = take(film)
        assert (refused.code, "storage.keep_free" in refused.sentence) == (30, True)
        fill(film, kept + 140 * PAGE)  # for the log, not for a proxy
        assert take(film).code == 30
        assert shutil.disk_usage(film).free >= kept
        nothing_half(film, reference)
        fill(film, kept - 40 * PAGE)
        assert typed(film, "set", "status:*", "rating=3") == (0, "")
        (film / "filler").unlink()
        assert take(film).code == 0
        nothing_half(film, reference)
        assert [row["rating"] for row in whole(film).log] == [3, 3]


def fill(film: Path, free: int) -> None:
    """Leave so many bytes free on the disk of a film."""
    (film / "filler").unlink(missing_ok=True)
    (film / "filler").write_bytes(bytes(shutil.disk_usage(film).free - free))


# What a person does to a film that is there: words (N is another number each time), with how many pages it is done.
DEEDS = (
    (("set", "status:*", "rating=4", "note=N first light"), 100),
    (("cut", "day", "status:*", "--gap", "N"), 100),
    (("export", "day", "--for", "avid"), 140),
    (("pull", "day", "--to", "FILM/pulledN"), 16_500),
)


def test_what_a_person_does_is_done_whole_or_refused_and_not_at_all(undisturbed, tmp_path, capsys):
    _, done = undisturbed
    with disk(tmp_path / "film") as small:
        film = small.folder
        shutil.copytree(done, film, symlinks=True, dirs_exist_ok=True)
        for words, most in DEEDS:
            codes = set()
            for free in sizes(most, 6):
                asked = [word.replace("N", str(free)).replace("FILM", str(film)) for word in words]
                before = state(film)
                small.leave_free(free)
                code, sentence = typed(film, *asked)
                small.grow()
                assert code in (0, 30), (asked, sentence)
                assert code == 0 or state(film) == before, asked
                assert typed(film, *asked)[0] == 0, asked
                shutil.rmtree(film / f"pulled{free}", ignore_errors=True)  # else the disk fills up by itself
                codes.add(code)
            assert codes == {0, 30}, words
    capsys.readouterr()


def state(film: Path) -> tuple[object, ...]:
    """All that a person sees of a film: the log, files that are published, nothing hidden left."""
    assert not list(film.rglob(".rushes-*"))
    seen = {str(path.relative_to(film)) for path in film.rglob("*") if path.is_file()}
    with open_catalogue(film / ".rushes" / "catalogue.db") as catalogue:
        assert check(catalogue) == ()
    return log(film), {name for name in seen if not name.startswith(".rushes/")}


def test_a_copy_that_finds_no_room_is_not_there_at_all_and_made_when_there_is_some(originals, tmp_path):
    """The room is counted first; what takes it away after that is somebody else."""
    source = tmp_path / "A001"
    shutil.copytree(originals / "A001", source)
    (source / "LONG.MXF").write_bytes(bytes(range(256)) * 36_000)  # of several pieces, which go past memory
    before, states = tree(source), set()
    with disk(tmp_path / "A") as small:
        wish = Wish(source, (small.folder / "A001", tmp_path / "B" / "A001"))
        for free in sizes(pages(source) + 24, 8):
            empty(small.folder)
            shutil.rmtree(tmp_path / "B", ignore_errors=True)
            small.grow()
            done = offload(wish, ears(partial(shrink, small, free)))
            assert [copy.exit_code for copy in done.copies] in ([0, 0], [30, 0]), (free, done)
            states.add(done.copies[0].state)
            assert (small.folder / "A001").exists() == (done.copies[0].state == "copied"), free
            small.grow()
            again = offload(wish, ears(lambda *_: None))
            assert again.exit_code == 0, (free, again)
            for copy in wish.targets:
                assert {name: seen for name, seen in tree(copy).items() if "ascmhl" not in name} == before, free
                assert [name for name in tree(copy.parent) if ".rushes-" in name] == [], free
    assert states == {"copied", "failed"}
    assert tree(source) == before


def shrink(small: Disk, free: int, phase: str, _bytes: int) -> None:
    if phase == "copying":
        small.leave_free(free)


def ears(phase: Callable[[str, int], None]) -> Ears:
    return Ears(phase, lambda _: None, lambda: False)
