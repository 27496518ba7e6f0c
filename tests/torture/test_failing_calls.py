"""A call of the system that fails: EIO and ENOSPC at every point that can, once and for good.

What was asked for is refused or a clip is named; nothing half-made is seen; the same again finishes it. After a failed
fsync nothing counts as safe: the file is made again.
"""

import os
import re
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from depth import full
from disks import nothing_half, take, typed, whole
from filming import card, log, tree

import pipeline.faults
from pipeline.catalogue.store import check, open_catalogue
from pipeline.faults import CALLS

SETTINGS = '[ingest]\nsettle = 0.02\n[names]\ntemplates = ["{card}"]\n[proxies]\njobs = 1\n'
DEEDS = {
    "ingest": ("ingest",),
    "cut": ("cut", "day", "status:*", "--gap", "3"),
    "export": ("export", "day", "--for", "avid"),
    "pull": ("pull", "day", "--to", "PLACE/pulled"),
    "offload": ("offload", "FILM/ingest/A001", "--to", "PLACE/a", "--to", "PLACE/b"),
    "backup": ("backup", "PLACE/kept.db"),
    "restore": ("restore", "PLACE/kept.db"),
    "repair": ("doctor", "--repair"),
    "rebuild": ("rebuild",),
}
ENDS = {"rebuild": {0, 1}}  # a plain file is damaged; where all is back already, nothing is lost any more
KEPT = re.compile(r"kept-\d{8}T\d+Z")
REFUSALS = {0, 1, 30, 32}


def say_more(film: Path) -> None:
    assert typed(film, "set", "status:*", "rating=2") == (0, "")


def leave_half(film: Path) -> None:
    left = film / "stills" / ".rushes-0123456789abcdef.part"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))


def lose(film: Path) -> None:
    (film / ".rushes" / "catalogue.db").unlink()
    (film / ".rushes" / "catalogue.db-wal").write_bytes(b"left")
    file = min((film / "log").glob("A001*.jsonl"))
    file.write_bytes(file.read_bytes()[:-40])


BEFORE: dict[str, Callable[[Path], None]] = {"restore": say_more, "repair": leave_half, "rebuild": lose}


@pytest.fixture
def fault(monkeypatch):
    """Lets calls fail in this process as RUSHES_FAULT does in another: a point, from which time on, what."""

    def set_up(point: str, number: str, action: str, act=pipeline.faults._act) -> None:
        monkeypatch.setattr(pipeline.faults, "_POINT", point)
        monkeypatch.setattr(pipeline.faults, "_NUMBER", number)
        monkeypatch.setattr(pipeline.faults, "_ACTION", action)
        monkeypatch.setattr(pipeline.faults, "_FAILS", action not in ("", "kill", "tell"))
        monkeypatch.setattr(pipeline.faults, "_times", count(1))
        monkeypatch.setattr(pipeline.faults, "_act", act)

    return set_up


@pytest.fixture(scope="module")
def stages(tmp_path_factory) -> dict[str, Path]:
    """The film before each deed and after the last."""
    folder = tmp_path_factory.mktemp("stages")
    film = folder / "ingest" / "film"
    film.mkdir(parents=True)
    (film / "rushes.toml").write_text(SETTINGS)
    (card(film) / "THMBNL").mkdir()
    before = "ingest"
    for deed in [*list(DEEDS)[1:], "end"]:
        laid_out(before, folder / before, folder / deed)
        code, sentence = do(before, folder / deed / "film")
        assert code in ENDS.get(before, {0}), sentence
        before = deed
    return {path.name: path for path in folder.iterdir()}


def laid_out(deed: str, stage: Path, place: Path) -> Path:
    """The film before a deed, at another place."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(stage, place, symlinks=True)
    BEFORE.get(deed, lambda _: None)(place / "film")
    return place / "film"


def do(deed: str, film: Path) -> tuple[int, str]:
    if deed == "ingest":
        done = take(film)
        return done.code, done.sentence
    words = [word.replace("FILM", str(film)).replace("PLACE", str(film.parent)) for word in DEEDS[deed]]
    return typed(film, *words)


def seen(place: Path) -> dict[str, object]:
    """All that people see of a film and of what was given away, by what tells one state from another."""
    film = place / "film"
    there = sorted(tree(place))
    files = [KEPT.sub("kept", name) for name in there if "/.rushes/" not in f"/{name}" and not name.endswith(".mhl")]
    aside = [KEPT.sub("kept", path.name) for path in sorted((film / ".rushes").glob("*.kept-*"))]
    lists = {name: len(list(path.parent.glob("*.mhl"))) for name in there if (path := place / name).suffix == ".xml"}
    with open_catalogue(film / ".rushes" / "catalogue.db") as catalogue:
        assert check(catalogue) == ()
    return {"files": files, "aside": aside, "lists": lists, "log": log(film)}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_failing_call_is_told_and_what_it_was_for_is_whole_the_next_time(deed, stages, tmp_path, fault, capsys):
    after = stages[[*DEEDS, "end"][list(DEEDS).index(deed) + 1]]
    film = laid_out(deed, stages[deed], tmp_path / "try")
    times: list[str] = []
    fault("*", "1+", "EIO", times.append)
    assert do(deed, film)[0] in ENDS.get(deed, {0})
    fault("", "", "")
    wanted, originals = seen(after), tree(after / "film" / "ingest")
    reference = whole(after / "film")
    for point in sorted(set(times)):
        for number, action in cases(times.count(point)):
            case = (point, number, action)
            film = laid_out(deed, stages[deed], tmp_path / "try")
            fault(point, number, action)
            code, sentence = do(deed, film)
            fault("", "", "")
            assert code in REFUSALS, (case, sentence)
            assert code == 0 or "bug of ours" not in sentence, (case, sentence)
            if deed != "repair":  # which is what removes it
                nothing_half(film, reference)
            assert tree(film / "ingest") == originals, case
            # A cut that was saved is not cut again: the next command, any, does what was put off.
            code, sentence = do("ingest" if deed in ("cut", "backup") and code == 0 else deed, film)
            assert code in ENDS.get(deed, {0}), (case, sentence)
            assert seen(tmp_path / "try") == wanted, case
            nothing_half(film, reference)
    capsys.readouterr()


def cases(times: int) -> list[tuple[str, str]]:
    """When a call that is made so often fails, and how."""
    if full():
        return [(f"{number}{ever}", action) for number in range(1, times + 1) for ever in ("", "+")
                for action in ("EIO", "ENOSPC")]  # fmt: skip
    return [("1", "EIO"), ("1+", "ENOSPC")]


@pytest.mark.parametrize(
    ("deed", "point", "number"),
    [
        ("export", "publish.sync", "2"),  # the second of several files
        ("pull", "publish.sync_folder", "1"),
        ("offload", "folder.sync_parent", "1+"),
    ],
)
def test_what_was_not_made_safe_is_not_there(deed, point, number, stages, tmp_path, fault, capsys):
    shutil.copytree(stages[deed], tmp_path / "try", symlinks=True)
    fault(point, number, "EIO")
    assert do(deed, tmp_path / "try" / "film")[0] in (1, 32)
    fault("", "", "")
    new = tree(tmp_path / "try").keys() - tree(stages[deed]).keys()
    shown = {name for name in new if "/.rushes" not in f"/{name}"}
    assert {name for name in shown if name.endswith(".MP4") or "/timelines/" in name} == set()
    capsys.readouterr()


def test_the_hash_list_of_a_run_that_could_not_publish_is_not_left_in_the_copy(stages, tmp_path, fault, capsys):
    shutil.copytree(stages["offload"], tmp_path / "try", symlinks=True)
    fault("folder.rename", "1+", "EIO")
    assert do("offload", tmp_path / "try" / "film")[0] == 32
    fault("", "", "")
    for earlier in (tmp_path / "try").rglob("*.mhl"):  # it ran a while ago
        earlier.rename(earlier.with_name("0001_A001_2001-01-01_000000Z.mhl"))
    assert do("offload", tmp_path / "try" / "film") == (0, "")
    assert len(list((tmp_path / "try").rglob("*.mhl"))) == 2
    capsys.readouterr()


def test_every_call_that_can_fail_is_reached_by_one_of_the_deeds(stages, tmp_path, fault, capsys):
    reached: list[str] = []
    for deed in DEEDS:
        film = laid_out(deed, stages[deed], tmp_path / deed)
        fault("*", "1+", "EIO", reached.append)
        do(deed, film)
    fault("", "", "")
    # Removing what an earlier export, a killed head or a card that moved left: the sweep of kills comes by these.
    left = {"export.remove", "sweep.remove", "sweep.unheld", "manifest.remove", "plain.remove"}
    assert set(CALLS) - set(reached) == left
    capsys.readouterr()
