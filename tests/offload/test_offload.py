"""A card becomes verified copies: whatever happens on the way, nothing is lost, altered or claimed too early."""

import errno
import fcntl
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from pipeline.cli.offload import offload_command
from pipeline.errors import AlreadyThere, Cancelled, MediaUnreadable, PathRefused, ValueRefused
from pipeline.files import Scan, one_line, scan, stamp_of
from pipeline.manifests.facts import list_facts
from pipeline.manifests.hashes import of_bytes
from pipeline.manifests.lists import read_list
from pipeline.offload.journal import NAME, Kept, open_journal
from pipeline.offload.naming import filled
from pipeline.offload.room import Room
from pipeline.offload.run import offload
from pipeline.offload.words import Ears, Wish

FILES = {
    "CLIP/C0001.MP4": random.Random(1).randbytes(20 << 20),
    "CLIP/C0002.MP4": random.Random(2).randbytes(9_000_001),
    "CLIP/C0001M01.XML": b"<NonRealTimeMeta/>",
    "a name with\nlines and \u0438\u043c\u044f.txt": b"x",
    "empty.bin": b"",
}


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "A001"
    for at, (name, data) in enumerate(FILES.items()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        os.utime(folder / name, ns=(1_570_860_000_123_456_789 + at, 1_570_860_000_123_456_789 + at))
    (folder / "THMBNL").mkdir()
    return folder


def quiet(phase=lambda _phase, _bytes: None, heard=lambda _bytes: None, cancelled=lambda: False) -> Ears:
    return Ears(phase, heard, cancelled)


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def media(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {name: kept for name, kept in tree(folder).items() if not name.startswith("ascmhl/")}


def test_two_copies_of_one_reading_are_the_card_byte_for_byte_and_minute_for_minute(card, tmp_path):
    before = tree(card)
    read = []
    wish = Wish(card, (tmp_path / "one" / "A001", tmp_path / "two" / "day" / "A001"), ("xxh128", "md5"))
    done = offload(wish, quiet(heard=read.append))
    assert [copy.state for copy in done.copies] == ["copied", "copied"]
    assert (done.warnings, done.exit_code) == ((), 0)
    for copy in wish.targets:
        assert media(copy) == before
        assert (copy / "THMBNL").is_dir()
        facts = list_facts(copy / "ascmhl" / "ascmhl_chain.xml")
        assert facts is not None
        assert (facts["chain"], facts["verify"], facts["generations"]) == ("ok", "ok", 1)
    total = sum(map(len, FILES.values()))
    assert sum(read) == 3 * total, "the card once, each copy once"
    assert tree(card) == before
    assert {file.path: file.hashes for file in done.files}["CLIP/C0002.MP4"] == {
        name: of_bytes(name, FILES["CLIP/C0002.MP4"]) for name in ("xxh128", "md5")
    }
    assert [path.name for path in tmp_path.rglob(".rushes*")] == []


@pytest.mark.parametrize("refusal", [0, errno.EINVAL, errno.EOPNOTSUPP])
def test_whole_pieces_go_past_memory_where_the_disk_can(card, tmp_path, monkeypatch, refusal):
    """A disk that takes O_DIRECT when a file is opened may still refuse to write so."""
    past: list[bool] = []
    plainly = os.write

    def write(file: int, data: memoryview) -> int:
        direct = bool(fcntl.fcntl(file, fcntl.F_GETFL) & os.O_DIRECT)
        if direct and refusal:
            raise OSError(refusal, "not so")
        past.append(direct)
        return plainly(file, data)

    try:
        os.close(os.open(tmp_path, os.O_TMPFILE | os.O_WRONLY | os.O_DIRECT))
    except OSError:
        pytest.skip("the disk of the tests has no O_DIRECT")
    monkeypatch.setattr(os, "write", write)
    done = offload(Wish(card, (tmp_path / "copy" / "A001",)), quiet())
    assert done.exit_code == 0
    assert any(past) == (not refusal)
    monkeypatch.undo()
    assert media(tmp_path / "copy" / "A001") == tree(card)


def test_the_same_card_again_is_recognised_and_another_of_its_name_is_refused(card, tmp_path):
    wish = Wish(card, (tmp_path / "copy" / "A001",))
    offload(wish, quiet())
    before = tree(tmp_path / "copy")
    again = offload(wish, quiet())
    assert [copy.state for copy in again.copies] == ["known"]
    (card / "CLIP" / "C0003.MP4").write_bytes(b"new")
    other = offload(wish, quiet())
    assert [copy.state for copy in other.copies] == ["failed"]
    assert "is there already and is not this card" in other.copies[0].sentence
    assert tree(tmp_path / "copy") == before


@pytest.mark.parametrize("step", [2 * 10**9, 10**7, -2 * 10**9])
def test_a_disk_that_rounds_times_keeps_a_card_that_is_known_again_and_what_was_safe(card, tmp_path, monkeypatch, step):
    """FAT keeps every other second, exFAT hundredths of one; some systems round up."""
    plainly = os.utime

    def coarsely(file: int, *, ns: tuple[int, int]) -> None:
        plainly(file, ns=(ns[0] // step * step, ns[1] // step * step))

    wish = Wish(card, (tmp_path / "copy" / "A001",))
    monkeypatch.setattr(os, "utime", coarsely)
    with pytest.raises(Cancelled):
        offload(wish, quiet(phase=lambda phase, _: _raise(Cancelled("enough")) if phase == "verifying" else None))
    phases = {}
    assert offload(wish, quiet(phase=phases.__setitem__)).copies[0].state == "copied"
    monkeypatch.undo()
    assert phases["copying"] == 0
    assert (wish.targets[0] / "CLIP" / "C0001.MP4").stat().st_mtime_ns % step == 0
    assert [copy.state for copy in offload(wish, quiet()).copies] == ["known"]
    later = (card / "CLIP" / "C0001.MP4").stat().st_mtime_ns + 4 * 10**9
    os.utime(card / "CLIP" / "C0001.MP4", ns=(later, later))
    assert [copy.state for copy in offload(wish, quiet()).copies] == ["failed"]


def test_what_reads_back_other_than_it_was_written_is_never_published(card, tmp_path):
    target = tmp_path / "copy" / "A001"

    def spoil(phase: str, _total: int) -> None:
        if phase == "verifying":
            place = tmp_path / "copy" / ".rushes-A001.offload" / "CLIP" / "C0001.MP4"
            data = bytearray(place.read_bytes())
            data[12_345_678] ^= 1
            place.write_bytes(data)

    done = offload(Wish(card, (target, tmp_path / "fine" / "A001")), quiet(phase=spoil))
    assert [copy.state for copy in done.copies] == ["failed", "copied"]
    assert "C0001.MP4 reads back from" in done.copies[0].sentence
    assert not target.exists()
    # The next run copies that one file again and is done.
    assert offload(Wish(card, (target,)), quiet()).copies[0].state == "copied"
    assert media(target) == tree(card)


def test_what_is_safe_is_not_copied_again(card, tmp_path):
    wish = Wish(card, (tmp_path / "copy" / "A001",))

    def stop(phase: str, _total: int) -> None:
        if phase == "verifying":
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        offload(wish, quiet(phase=stop))
    phases = {}
    done = offload(wish, quiet(phase=phases.__setitem__))
    assert phases == {"copying": 0, "verifying": sum(map(len, FILES.values()))}
    assert done.copies[0].state == "copied"


def test_a_file_whose_name_was_lost_with_the_power_is_copied_again(card, tmp_path):
    wish = Wish(card, (tmp_path / "copy" / "A001",))
    with pytest.raises(Cancelled):
        offload(wish, quiet(phase=lambda phase, _: _raise(Cancelled("enough")) if phase == "verifying" else None))
    next((tmp_path / "copy").rglob("C0002.MP4")).unlink()
    phases = {}
    assert offload(wish, quiet(phase=phases.__setitem__)).copies[0].state == "copied"
    assert phases["copying"] == len(FILES["CLIP/C0002.MP4"])
    assert media(wish.targets[0]) == tree(card)


def test_a_card_that_changes_between_two_runs_is_copied_anew_where_it_changed(card, tmp_path):
    wish = Wish(card, (tmp_path / "copy" / "A001",))
    with pytest.raises(Cancelled):
        offload(wish, quiet(phase=lambda phase, _: _raise(Cancelled("enough")) if phase == "verifying" else None))
    (card / "CLIP" / "C0001M01.XML").write_bytes(b"<Other/>")
    assert offload(wish, quiet()).copies[0].state == "copied"
    assert media(wish.targets[0]) == tree(card)


def _raise(error: Exception) -> None:
    raise error


def test_a_file_that_changes_while_it_is_copied_is_named_and_nothing_is_published(card, tmp_path):
    def change(_count: int) -> None:
        with (card / "CLIP" / "C0001.MP4").open("ab") as file:
            file.write(b"more")

    done = offload(Wish(card, (tmp_path / "copy" / "A001",)), quiet(heard=change))
    assert [copy.state for copy in done.copies] == ["failed"]
    assert any("changed while it was copied" in warning for warning in done.warnings)
    assert not (tmp_path / "copy" / "A001").exists()


@pytest.mark.parametrize("change", ["grows", "comes", "goes", "is touched"])
def test_a_card_that_changes_after_it_was_read_is_not_published_and_the_next_run_goes_on(card, tmp_path, change):
    file = card / "CLIP" / "C0001M01.XML"

    def late(phase: str, _total: int) -> None:
        if phase != "verifying":
            return
        if change == "grows":
            file.write_bytes(file.read_bytes() + b"<!-- more -->")
        elif change == "comes":
            (card / "CLIP" / "C0003.MP4").write_bytes(b"new")
        elif change == "goes":
            file.unlink()
        else:
            os.utime(file, ns=(1, 1))

    wish = Wish(card, (tmp_path / "copy" / "A001",))
    [copy] = offload(wish, quiet(phase=late)).copies
    name = "CLIP/C0003.MP4" if change == "comes" else "CLIP/C0001M01.XML"
    assert (copy.state, copy.exit_code) == ("failed", 33)
    assert copy.sentence.startswith(f"{name} changed on the card, came or went, while it was copied; run the same")
    assert not wish.targets[0].exists()
    phases = {}
    [copy] = offload(wish, quiet(phase=phases.__setitem__)).copies
    if change == "goes":  # it may be the only one there is: whoever runs it decides
        work = tmp_path / "copy" / ".rushes-A001.offload"
        assert f"{work} holds" in copy.sentence
        assert "a file that this card no longer has" in copy.sentence
        assert "see whether you need what is in that folder and remove it." in copy.sentence
        shutil.rmtree(work)
        [copy] = offload(wish, quiet()).copies
    else:
        assert phases["copying"] < 100
    assert copy.state == "copied"
    assert media(wish.targets[0]) == tree(card)


def test_numbers_that_a_file_system_gives_its_files_anew_are_no_change(card, tmp_path, monkeypatch):
    """FAT and exFAT number files in memory: the same one looked at an hour later may have another number."""
    numbers = itertools.count(1)
    monkeypatch.setattr("pipeline.offload.copying.stamp_of", lambda path: stamp_of(path)._replace(inode=next(numbers)))
    assert offload(Wish(card, (tmp_path / "copy" / "A001",)), quiet()).exit_code == 0
    assert media(tmp_path / "copy" / "A001") == tree(card)


def test_the_beginning_of_another_card_is_not_mixed_in(card, tmp_path):
    work = tmp_path / "copy" / ".rushes-A001.offload"
    work.mkdir(parents=True)
    (work / "OTHER.MP4").write_bytes(b"other card")
    done = offload(Wish(card, (tmp_path / "copy" / "A001",)), quiet())
    assert "holds the beginning of another card (OTHER.MP4)" in done.copies[0].sentence
    assert (work / "OTHER.MP4").read_bytes() == b"other card"


def test_two_offloads_to_one_place_do_not_meet(card, tmp_path):
    wish = Wish(card, (tmp_path / "copy" / "A001",))
    inside, go = threading.Event(), threading.Event()

    def wait(_count: int) -> None:
        inside.set()
        go.wait(20)

    first = threading.Thread(target=lambda: offload(wish, quiet(heard=wait)))
    first.start()
    inside.wait(20)
    second = offload(wish, quiet())
    go.set()
    first.join()
    assert "Another offload is writing" in second.copies[0].sentence
    assert media(wish.targets[0]) == tree(card)


def test_a_card_without_room_for_it_is_refused_before_anything_is_written(card, tmp_path, monkeypatch):
    usage = type("Usage", (), {"total": 10**12, "free": 2 << 30})
    monkeypatch.setattr("pipeline.offload.room.shutil.disk_usage", lambda _: usage)
    monkeypatch.setattr("pipeline.offload.room._RESERVE", (2 << 30) - 1_000_000)
    done = offload(Wish(card, (tmp_path / "copy" / "A001",)), quiet())
    assert (done.copies[0].exit_code, "has room for 0.0 GB" in done.copies[0].sentence) == (30, True)
    assert tree(tmp_path / "copy") == {}


def test_cards_and_copies_that_share_a_disk_share_its_room(card, tmp_path, monkeypatch):
    """There is room for one card and a half: the second card, and a second copy beside the first, are refused."""
    room_for = sum(map(len, FILES.values())) * 3 // 2
    usage = type("Usage", (), {"total": 10**12, "free": (1 << 30) + room_for})
    monkeypatch.setattr("pipeline.offload.room.shutil.disk_usage", lambda _: usage)
    room = Room()
    assert offload(Wish(card, (tmp_path / "copy" / "A001",)), quiet(), room).copies[0].state == "copied"
    assert offload(Wish(card, (tmp_path / "copy" / "B001",)), quiet(), room).copies[0].exit_code == 30
    both = offload(Wish(card, (tmp_path / "one", tmp_path / "two")), quiet())
    assert [copy.exit_code for copy in both.copies] == [0, 30]


def test_what_a_file_that_was_cut_off_holds_is_room_for_it(card, tmp_path, monkeypatch):
    work = tmp_path / "copy" / ".rushes-A001.offload" / "CLIP"
    work.mkdir(parents=True)
    (work / "C0001.MP4").write_bytes(bytes(15 << 20))
    usage = type("Usage", (), {"total": 10**12, "free": (1 << 30) + sum(map(len, FILES.values())) - (14 << 20)})
    monkeypatch.setattr("pipeline.offload.room.shutil.disk_usage", lambda _: usage)
    assert offload(Wish(card, (tmp_path / "copy" / "A001",)), quiet()).copies[0].state == "copied"
    assert media(tmp_path / "copy" / "A001") == tree(card)


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounting a small disk takes root on Linux")
def test_a_disk_that_fills_up_fails_alone_and_goes_on_when_there_is_room(card, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", small], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        hog = small / "hog"
        wish = Wish(card, (small / "A001", tmp_path / "fine" / "A001"))

        def fill(phase: str, _total: int) -> None:
            if phase == "copying":
                hog.write_bytes(bytes(50 << 20))

        done = offload(wish, quiet(phase=fill))
        assert [copy.state for copy in done.copies] == ["failed", "copied"]
        assert done.copies[0].exit_code == 30
        assert not (small / "A001").exists()
        hog.unlink()
        assert [copy.state for copy in offload(wish, quiet()).copies] == ["copied", "known"]
        assert media(small / "A001") == tree(card)
    finally:
        subprocess.run(["umount", small], check=True)


def test_killed_at_any_moment_the_same_command_finishes(card, tmp_path):
    """SIGKILL at 12 moments of the real command; each time it goes on, and the copies are the card."""
    before = tree(card)
    command = [sys.executable, "-m", "pipeline.cli.main", "offload", str(card), "--to", str(tmp_path / "copy")]
    chance = random.Random(7)
    for number in range(12):
        run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.25, 0.8) if number else 0.05)
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert not (tmp_path / "copy" / "A001").exists() or media(tmp_path / "copy" / "A001").items() >= before.items()
    assert subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
    assert list_facts(tmp_path / "copy" / "A001" / "ascmhl" / "ascmhl_chain.xml")["verify"] == "ok"
    assert tree(card) == before
    again = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(again.stdout)[0]["copies"][0]["state"] == "known"
    assert {name: kept for name, kept in media(tmp_path / "copy" / "A001").items() if name != NAME} == before


def test_the_report_of_a_copy_that_was_there_names_its_files_with_the_hashes_of_its_list(card, tmp_path):
    command = [sys.executable, "-m", "pipeline.cli.main", "offload", str(card), "--to", str(tmp_path / "copy")]
    reports = []
    for name in ("first.json", "again.json", "again.txt", "again.html"):
        subprocess.run([*command, "--report", str(tmp_path / name)], stderr=subprocess.DEVNULL, check=True)
        reports.append((tmp_path / name).read_text())
    first, again = map(json.loads, reports[:2])
    assert (first["files_by_list"], again["files_by_list"]) == (False, True)
    assert again["copies"][0]["state"] == "known"
    assert [(file["path"], file["size"], file["hashes"]) for file in again["files"]] == [
        (file["path"], file["size"], file["hashes"]) for file in first["files"]
    ]
    assert again["bytes"] == first["bytes"] == sum(map(len, FILES.values()))
    for text in reports[2:]:
        assert "Nothing was copied or read again" in text
        assert all(value in text for file in first["files"] for value in file["hashes"].values())


@pytest.mark.parametrize("listed", [False, True])
def test_a_copy_that_somebody_else_made_is_proven_by_nothing_but_a_list(card, tmp_path, listed):
    if listed:
        of_file = of_bytes("md5", FILES["CLIP/C0001.MP4"])
        (card / "sums.md5").write_text(f"{of_file}  CLIP/C0001.MP4\n")
    copy = tmp_path / "disk" / "A001"
    shutil.copytree(card, copy)
    words = [str(card), "--to", str(tmp_path / "disk"), "--json"]
    run = CliRunner().invoke(offload_command, words, standalone_mode=False)
    [told] = json.loads(run.stdout)
    assert told["copies"] == [{"folder": str(copy), "state": "known"}]
    assert told["files_by_list"] == listed
    assert (run.return_value, "no hash list" in told["warnings"][0]) == ((0, False) if listed else (1, True))
    if not listed:
        begin = f"{copy} holds all 5 files of the card (29,971,540 bytes) by name, size and time, but no hash list"
        assert told["warnings"][0].startswith(begin)
        assert [(file["path"], file["size"], file["hashes"]) for file in told["files"]] == sorted(
            (one_line(name), len(data), {}) for name, data in FILES.items()
        )
        assert f"warning: {begin}" in run.stderr
        report = tmp_path / "report.txt"
        CliRunner().invoke(offload_command, [*words, "--report", str(report)], standalone_mode=False)
        assert "CLIP/C0002.MP4" in report.read_text()
        away = CliRunner().invoke(offload_command, [*words[:3], "--as", "again/{card}"], standalone_mode=False)
        assert (away.return_value, "verified" in away.stderr) == (0, True)
    assert media(copy) == tree(card)


def test_a_journal_that_was_cut_off_is_read_up_to_there(tmp_path):
    journal = open_journal(tmp_path)
    journal.note(b"a.mov", Kept(1, 2, {"md5": "x"}))
    journal.note(b"b\xff.mov", Kept(1, 2, {"md5": "x"}, verified=True))
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + b'{"path": "c.mov", "si')
    assert open_journal(tmp_path).files == journal.files
    open_journal(tmp_path).note(b"d.mov", Kept(3, 4, {}))
    assert open_journal(tmp_path).files == {**journal.files, b"d.mov": Kept(3, 4, {})}


# --- the card's own lists ---------------------------------------------------------------------------


def test_a_card_with_a_history_gets_its_next_generation_and_is_compared_with_it(card, tmp_path):
    first = tmp_path / "shuttle" / "A001"
    offload(Wish(card, (first,), ("md5",)), quiet())
    second = tmp_path / "raid" / "A001"
    done = offload(Wish(first, (second,)), quiet())
    assert {file.listed for file in done.files if not file.path.startswith("ascmhl")} == {"verified"}
    assert list_facts(second / "ascmhl" / "ascmhl_chain.xml")["generations"] == 2
    [newest] = (second / "ascmhl").glob("0002_*.mhl")
    assert read_list(newest.read_bytes()).formats == ("md5", "xxh128")


@pytest.fixture
def reference_tool() -> str:
    """`ascmhl` of the ASC, in an environment of its own (it pins click): named by RUSHES_ASCMHL."""
    tool = os.environ.get("RUSHES_ASCMHL") or str(Path(__file__).parents[2] / ".venv-ascmhl" / "bin" / "ascmhl-debug")
    if not Path(tool).is_file():
        pytest.skip("the reference tool is not installed: make ascmhl")
    return tool


RENAMINGS = {
    "a file": ({"CLIP/C0002.MP4": "CLIP/A.MP4"}, {"CLIP/A.MP4": "CLIP/C0002.MP4"}),
    "a file that moves": ({"CLIP/C0002.MP4": "new/C0002.MP4"}, {"new/C0002.MP4": "CLIP/C0002.MP4"}),
    "a folder": (
        {"CLIP": "KLIP"},
        {f"KLIP/{name}": f"CLIP/{name}" for name in ("C0001.MP4", "C0001M01.XML", "C0002.MP4")} | {"KLIP": "CLIP"},
    ),
}


def renamed_card(card: Path, tmp_path: Path, what: str) -> Path:
    """A first copy with its history, in which something then got another name."""
    (card / "a name with\nlines and \u0438\u043c\u044f.txt").rename(card / "\u0438\u043c\u044f & <b>.txt")
    shuttle = tmp_path / "shuttle" / "A001"
    offload(Wish(card, (shuttle,), ("md5",)), quiet())
    for old, now in RENAMINGS[what][0].items():
        (shuttle / now).parent.mkdir(exist_ok=True)
        (shuttle / old).rename(shuttle / now)
    return shuttle


@pytest.mark.parametrize("what", RENAMINGS)
def test_what_got_another_name_since_the_last_generation_is_listed_with_the_one_it_had(card, tmp_path, what):
    shuttle = renamed_card(card, tmp_path, what)
    raid = tmp_path / "raid" / "A001"
    done = offload(Wish(shuttle, (raid,)), quiet())
    assert (done.exit_code, done.warnings) == (0, ())
    [newest] = (raid / "ascmhl").glob("0002_*.mhl")
    before = {
        each.findtext("{*}path"): each.findtext("{*}previousPath")
        for each in ET.fromstring(newest.read_bytes()).iter()
        if each.find("{*}previousPath") is not None
    }
    assert before == RENAMINGS[what][1]
    assert not any(
        each.action == "original" for entry in read_list(newest.read_bytes()).entries for each in entry.hashes
    )
    assert {file.listed for file in done.files if not file.path.startswith("ascmhl")} == {"verified"}
    facts = list_facts(raid / "ascmhl" / "ascmhl_chain.xml")
    assert facts is not None
    assert (facts["chain"], facts["verify"], facts["generations"]) == ("ok", "ok", 2)
    again = offload(Wish(shuttle, (raid,)), quiet())
    assert ([copy.state for copy in again.copies], again.exit_code) == (["known"], 0)


@pytest.mark.parametrize("what", RENAMINGS)
def test_the_reference_tool_finds_nothing_missing_where_something_got_another_name(
    card, tmp_path, reference_tool, what
):
    shuttle = renamed_card(card, tmp_path, what)
    raid = tmp_path / "raid" / "A001"
    offload(Wish(shuttle, (raid,)), quiet())
    run = subprocess.run([reference_tool, "verify", str(raid)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    next(path for path in raid.rglob("C0002.MP4" if what != "a file" else "A.MP4")).write_bytes(b"altered")
    assert subprocess.run([reference_tool, "verify", str(raid)], capture_output=True, check=False).returncode != 0


def test_of_files_that_are_the_same_each_has_one_old_name_rather_that_of_the_one_that_moved(tmp_path):
    shuttle = tmp_path / "shuttle" / "A001"
    shuttle.mkdir(parents=True)
    for name in ("a.mov", "b.mov", "c.mov"):
        (shuttle / name).write_bytes(b"same")
    first = tmp_path / "first" / "A001"
    offload(Wish(shuttle, (first,), ("c4",)), quiet())
    (first / "new").mkdir()
    (first / "b.mov").rename(first / "new" / "b.mov")
    (first / "a.mov").rename(first / "new" / "z.mov")
    (first / "new" / "more.mov").write_bytes(b"same")
    (first / "new" / "other.mov").write_bytes(b"else")
    raid = tmp_path / "raid" / "A001"
    assert offload(Wish(first, (raid,)), quiet()).exit_code == 0
    [newest] = (raid / "ascmhl").glob("0002_*.mhl")
    entries = read_list(newest.read_bytes()).entries
    assert {entry.path: entry.before for entry in entries} == {
        "c.mov": "", "new/b.mov": "b.mov", "new/more.mov": "a.mov", "new/other.mov": "", "new/z.mov": "",
    }  # fmt: skip


def test_a_file_that_the_list_of_the_card_names_and_that_is_not_there_is_named_with_exit_code_1(card, tmp_path):
    shuttle = tmp_path / "shuttle" / "A001"
    offload(Wish(card, (shuttle,)), quiet())
    data = FILES["CLIP/C0002.MP4"]
    (shuttle / "CLIP" / "C0002.MP4").rename(shuttle / "CLIP" / "C0003.MP4")
    (shuttle / "CLIP" / "C0003.MP4").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    raid = tmp_path / "raid" / "A001"
    words = [str(shuttle), "--to", str(raid.parent), "--json"]
    for state in ("copied", "known"):
        run = CliRunner().invoke(offload_command, words, standalone_mode=False)
        [told] = json.loads(run.stdout)
        assert (run.return_value, told["copies"][0]["state"]) == (1, state)
        [sentence] = [each for each in told["warnings"] if "C0002.MP4" in each]
        assert sentence.startswith("CLIP/C0002.MP4 is not on the card, though ascmhl_chain.xml made on ")
        assert sentence.endswith("all that was copied is verified; look for that file before the card is cleared.")
    assert media(raid) == media(shuttle)


def test_files_in_a_folder_that_cannot_be_looked_into_are_not_called_gone(card, tmp_path, monkeypatch):
    def half(root: Path, below: bytes, ignore: tuple[str, ...]) -> Scan:
        seen = scan(root, below, ignore)
        found = tuple(file for file in seen.found if not file[0].startswith(b"CLIP/"))
        return replace(seen, found=found, unreadable=((b"CLIP", "no permission"),))

    shuttle = tmp_path / "shuttle" / "A001"
    offload(Wish(card, (shuttle,)), quiet())
    monkeypatch.setattr("pipeline.offload.run.scan", half)
    done = offload(Wish(shuttle, (tmp_path / "raid" / "A001",)), quiet())
    assert done.warnings == ("CLIP was not copied: no permission.",)


def test_a_file_that_its_own_list_contradicts_is_named_and_still_copied(card, tmp_path):
    shuttle = tmp_path / "shuttle" / "A001"
    offload(Wish(card, (shuttle,)), quiet())
    (shuttle / "CLIP" / "C0002.MP4").write_bytes(b"rotten")
    done = offload(Wish(shuttle, (tmp_path / "raid" / "A001",)), quiet())
    assert done.exit_code == 1
    assert [warning for warning in done.warnings if warning.startswith("CLIP/C0002.MP4 is not what")]
    [newest] = (tmp_path / "raid" / "A001" / "ascmhl").glob("0002_*.mhl")
    assert read_list(newest.read_bytes()).failed == ("CLIP/C0002.MP4",)


@pytest.mark.parametrize("formats", [("xxh128",), ("xxh64", "md5"), ("c4",), ("sha1", "xxh3")])
def test_the_reference_tool_verifies_what_we_write(card, tmp_path, reference_tool, formats):
    (card / "a name with\nlines and \u0438\u043c\u044f.txt").rename(card / "\u0438\u043c\u044f & <b>.txt")
    first, second = tmp_path / "shuttle" / "A001", tmp_path / "raid" / "A001"
    offload(Wish(card, (first,), formats), quiet())
    offload(Wish(first, (second,), formats), quiet())
    for words in (("verify",), ("verify", "-dh")):
        run = subprocess.run([reference_tool, *words, str(second)], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
    (second / "CLIP" / "C0001M01.XML").write_bytes(b"<Altered/>")
    assert subprocess.run([reference_tool, "verify", str(second)], capture_output=True, check=False).returncode != 0


def test_names_that_xml_cannot_hold_are_copied_and_said_to_be_unlisted(card, tmp_path):
    (card / "bell\x07.mov").write_bytes(b"bell")
    (card / os.fsdecode(b"latin\xe9.mov")).write_bytes(b"latin")
    done = offload(Wish(card, (tmp_path / "copy" / "A001",)), quiet())
    assert media(tmp_path / "copy" / "A001") == tree(card)
    assert sum("cannot stand in a hash list" in warning for warning in done.warnings) == 2


@pytest.mark.parametrize("name", [b"A\x1b[2J\x01\xe2\x80\xae\n1", b"latin\xe9", b'&<"1', b"n" * 230])
def test_a_card_folder_of_any_name_gets_a_history_that_can_be_read(card, tmp_path, name):
    odd = card.rename(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    target = tmp_path / "copy" / odd.name
    assert offload(Wish(odd, (target,)), quiet()).exit_code == 0
    chain = ET.fromstring((target / "ascmhl" / "ascmhl_chain.xml").read_bytes())
    (listed,) = (each.text for each in chain.iter() if each.tag.endswith("}path"))
    assert (target / "ascmhl" / listed).is_file()
    assert offload(Wish(target, (tmp_path / "b" / "c",)), quiet()).warnings == ()


@pytest.mark.parametrize("name", ["n" * 239, "n" * 240, "\u0416" * 127 + "n", "\u6771" * 85, "n" * 199 + "\u6771" * 18])
def test_a_card_folder_with_the_longest_name_is_copied_and_goes_on_after_a_stop(tmp_path, name):
    """A disk holds names of 255 bytes; the hidden one is longer by 16, and never cut within a letter."""
    card = tmp_path / name
    card.mkdir()
    (card / "C0001.MP4").write_bytes(b"one")
    wish = Wish(card, (tmp_path / "to" / name,))
    with pytest.raises(Cancelled):
        offload(wish, quiet(phase=lambda phase, _: _raise(Cancelled("enough")) if phase == "verifying" else None))
    [hidden] = (tmp_path / "to").iterdir()
    os.fsencode(hidden.name).decode()
    assert (hidden.name == f".rushes-{name}.offload") == (len(name.encode()) <= 239)
    (other := tmp_path / f"{name[:-1]}m").mkdir()
    (other / "C0002.MP4").write_bytes(b"two")
    assert offload(Wish(other, (tmp_path / "to" / other.name,)), quiet()).exit_code == 0
    phases = {}
    assert offload(wish, quiet(phase=phases.__setitem__)).exit_code == 0
    assert phases["copying"] == 0
    assert media(wish.targets[0]) == tree(card)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed; it tells what is asked of the system")
def test_what_is_read_back_is_dropped_from_memory_first(card, tmp_path):
    trace = tmp_path / "trace"
    subprocess.run(
        ["strace", "-f", "-y", "-qq", "-o", trace, "-e", "trace=read,readv,pread64,mmap,fadvise64,fsync",
         sys.executable, "-m", "pipeline.cli.main", "offload", card, "--to", tmp_path / "to"],
        check=True, capture_output=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    lines = [line for line in trace.read_text().splitlines() if "/to/" in line]
    for name in ("CLIP/C0001.MP4", "CLIP/C0002.MP4"):
        asked = [line.split("(")[0].split()[-1] for line in lines if f"{name}>" in line]
        assert "read" in asked
        assert asked.index("fsync") < asked.index("fadvise64") < asked.index("read"), asked


# --- what is told -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "folder"),
    [("{card}", "A001"), ("{shoot_day}/{card}", "2019-10-12/A001"), ("day 3/{reel}", "day 3/A_1")],
)
def test_folders_are_named_after_what_the_card_tells(template, folder):
    assert str(filled(template, {"card": "A001", "shoot_day": "2019-10-12", "reel": "A/1"})) == folder


@pytest.mark.parametrize("template", ["{unit}/x", "{nonsense}", "../x", "/x", "", "a/../../b"])
def test_what_the_card_does_not_tell_is_asked_for(template):
    with pytest.raises(ValueRefused):
        filled(template, {"card": "A001"})


def test_an_empty_card_and_a_card_copied_into_itself_are_refused(card, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaUnreadable):
        offload(Wish(tmp_path / "empty", (tmp_path / "copy",)), quiet())
    done = offload(Wish(card, (card / "copies" / "A001",)), quiet())
    assert "lies on the card itself" in done.copies[0].sentence
    assert not (card / "copies").exists()


def test_one_folder_named_twice_is_no_second_copy_and_is_refused_at_once(card, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    for other in (tmp_path / "disk", tmp_path / "x" / ".." / "disk", tmp_path / "link"):
        result = CliRunner().invoke(offload_command, [str(card), "--to", str(tmp_path / "disk"), "--to", str(other)])
        assert result.exit_code == 2
        assert "are one folder" in result.output
        assert not (tmp_path / "disk").exists()


def test_a_recording_that_cannot_be_read_is_named_while_the_card_is_at_hand_and_only_once(tmp_path):
    card = tmp_path / "X001"
    card.mkdir()
    (card / "A.MP4").write_text("just text")
    (card / "B.MOV").write_bytes(b"")
    result = CliRunner().invoke(offload_command, [str(card), "--to", str(tmp_path / "disk")])
    assert "warning: A.MP4 is no picture or sound recording: it is a text file." in result.output
    assert result.output.count("B.MOV") == 1
    assert "1 clip" not in result.output
    assert (tmp_path / "disk" / "X001" / "A.MP4").read_text() == "just text"


def test_a_file_is_no_card(card, tmp_path):
    words = [str(card / "CLIP" / "C0001.MP4"), "--to", str(tmp_path)]
    result = CliRunner().invoke(offload_command, words, standalone_mode=False)
    assert (result.return_value, result.exception) == (PathRefused.exit_code, None)
    assert "C0001.MP4 is a file; name the folder of its card." in result.stderr


@pytest.mark.parametrize(
    ("broken", "code", "sentence"),
    [("empty", 20, "holds no file"), ("missing", 31, "is not there"), ("dayless", 14, "The shoot day of this card")],
)
def test_a_card_that_is_refused_takes_no_other_with_it_and_each_is_told(tmp_path, broken, code, sentence):
    good = tmp_path / "A001"
    good.mkdir()
    shutil.copy(next((Path(__file__).parents[2] / "sample_media").rglob("IMG_0007.MOV")), good)
    bad = tmp_path / broken
    if broken != "missing":
        bad.mkdir()
    if broken == "dayless":
        (bad / "notes.txt").write_text("x")
    template = "{shoot_day}/{card}" if broken == "dayless" else "{card}"
    words = [str(bad), str(good), "--to", str(tmp_path / "to"), "--as", template, "--json"]
    run = CliRunner().invoke(offload_command, words, standalone_mode=False)
    assert (run.return_value, run.exception) == (code, None)
    refused, done = json.loads(run.stdout)
    assert (refused["card"], refused["exit_code"], sentence in refused["error"]) == (str(bad), code, True)
    [copy] = done["copies"]
    assert copy["state"] == "copied"
    assert media(Path(copy["folder"])) == tree(good)
    assert f"{bad}: FAILED: {refused['error']}\n" in run.stderr
    assert f"{copy['folder']}  verified" in run.stderr
    assert [path.name for path in (tmp_path / "to").rglob(".rushes*")] == []


def test_each_card_has_its_reports_in_as_many_forms_as_asked_and_none_is_overwritten(card, tmp_path):
    other = tmp_path / "B001"
    other.mkdir()
    (other / "C0001.MP4").write_bytes(b"other")
    words = [str(card), str(other), "--to", str(tmp_path / "to")]
    both = [*words, "--report", str(tmp_path / "{card}.txt"), "--report", str(tmp_path / "{card}.json")]
    assert CliRunner().invoke(offload_command, both, standalone_mode=False).return_value == 0
    for name in ("A001", "B001"):
        assert json.loads((tmp_path / f"{name}.json").read_text())["card"] == str(tmp_path / name)
        assert (tmp_path / f"{name}.txt").read_text().startswith(f"Card     {tmp_path / name}\n")
    before = tree(tmp_path)
    again = CliRunner().invoke(offload_command, [*both[:2], "--to", str(tmp_path / "new"), *both[4:]])
    assert isinstance(again.exception, AlreadyThere)
    one = CliRunner().invoke(offload_command, [*words, "--report", str(tmp_path / "both.txt")])
    assert (one.exit_code, "those of several cards with {card}" in one.output) == (2, True)
    assert tree(tmp_path) == before


def test_a_report_that_cannot_be_written_hides_no_copy(card, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    words = [str(card), "--to", str(tmp_path / "to"), "--json", "--report", str(tmp_path / "file" / "r.txt")]
    run = CliRunner().invoke(offload_command, words, standalone_mode=False)
    assert (run.return_value, run.exception) == (32, None)
    assert json.loads(run.stdout)[0]["copies"][0]["state"] == "copied"
    assert "file" in run.stderr.splitlines()[-1]


@pytest.mark.parametrize("suffix", [".html", ".txt", ".json"])
def test_a_report_names_every_file_and_obeys_none(card, tmp_path, suffix):
    (card / "<script>alert(1).txt").write_bytes(b"x")
    (card / "\x1b[31mred.txt").write_bytes(b"x")
    report = tmp_path / f"report{suffix}"
    result = CliRunner().invoke(
        offload_command, [str(card), "--to", str(tmp_path / "copy"), "--report", str(report)], standalone_mode=False
    )
    assert result.exception is None
    text = report.read_text()
    assert "<script>" not in text or suffix != ".html"
    assert "\x1b" not in text
    assert of_bytes("xxh128", FILES["CLIP/C0002.MP4"]) in text


def test_the_page_has_a_still_of_every_clip_and_says_of_which_it_has_none(tmp_path):
    """Two clips of a sample card under names that no address could hold, and one whose pictures are gone."""
    source = next((Path(__file__).parents[2] / "sample_media").rglob("DJI_0004.MP4"))
    card = tmp_path / "A 100%'s"
    card.mkdir()
    for name in ("C0001.MP4", "a: b\n.MP4"):
        (card / name).write_bytes(source.read_bytes() + b"\0\0\0\x08free" * len(name))
    data = bytearray(source.read_bytes())
    begin, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[begin:end] = bytes(end - begin)
    (card / "C0003.MP4").write_bytes(data)
    report = tmp_path / "report.html"
    words = [str(card), "--to", str(tmp_path / "copy"), "--report", str(report)]
    CliRunner().invoke(offload_command, words, standalone_mode=False)
    page = report.read_text()
    assert page.count("<figure>") == 3
    assert page.count('<img alt="" src="data:image/jpeg;base64,/9j/') == 2
    assert page.count("<div>no picture of it can be decoded: ") == 1


def test_days_that_differ_are_named_before_anything_is_copied_with_the_one_that_is_taken(tmp_path):
    """A card of two days, one of which is that of a clock that was never set."""
    samples = Path(__file__).parents[2] / "sample_media"
    card = tmp_path / "A001"
    card.mkdir()
    for name in ("DJI_0004.MP4", "IMG_0007.MOV"):
        shutil.copy(next(samples.rglob(name)), card)
    second = bytearray((card / "IMG_0007.MOV").read_bytes())
    (card / "IMG_0008.MOV").write_bytes(second + b"\0\0\0\x08free")
    words = [str(card), "--to", str(tmp_path / "disk"), "--json"]
    run = CliRunner().invoke(offload_command, [*words, "--as", "{shoot_day}/{card}"], standalone_mode=False)
    doubt = (
        "Its clips are of 2 days, 2019-08-15 (DJI_0004.MP4), 2019-10-12 (2 clips), and 2019-08-15 is taken for"
        " {shoot_day}; if a clock was not set, type the day: --as '2019-10-12/{card}'."
    )
    assert run.return_value == 0
    assert run.stderr.startswith(f"A001: {doubt}\n")
    assert json.loads(run.stdout)[0]["warnings"] == [doubt]
    assert (tmp_path / "disk" / "2019-08-15" / "A001" / "IMG_0008.MOV").is_file()
    for template in ("{card}", "2019-10-12/{card}"):
        run = CliRunner().invoke(offload_command, [*words, "--as", template], standalone_mode=False)
        assert "clips are of" not in run.stderr
    (card / "DJI_0004.MP4").unlink()
    run = CliRunner().invoke(offload_command, [*words, "--as", "one/{shoot_day}"], standalone_mode=False)
    assert "clips are of" not in run.stderr
    assert (tmp_path / "disk" / "one" / "2019-10-12").is_dir()


def test_a_day_that_the_name_of_the_card_contradicts_is_named(tmp_path):
    card = tmp_path / "2019-08-20_Kaptagat_Morning run_D001"
    card.mkdir()
    shutil.copy(next((Path(__file__).parents[2] / "sample_media").rglob("DJI_0004.MP4")), card)
    (tmp_path / "rushes.toml").write_text('[names]\ntemplates = ["{shoot_day}_{location}_{subject}_{camera}{card}"]\n')
    words = [str(card), "--to", str(tmp_path / "disk"), "--as", "{shoot_day}", "--film", str(tmp_path)]
    told = CliRunner().invoke(offload_command, words, standalone_mode=False).stderr
    assert "are of 2 days, 2019-08-15 (DJI_0004.MP4), 2019-08-20 (DJI_0004.MP4), and 2019-08-15 is taken for" in told
    assert "type the day: --as 2019-08-20." in told


def test_two_cards_at_once_lie_in_folders_named_after_what_they_tell(card, tmp_path):
    other = tmp_path / "B001"
    (other / "CLIP").mkdir(parents=True)
    (other / "CLIP" / "C0001.MP4").write_bytes(b"other")
    words = [
        str(card),
        str(other),
        "--to",
        str(tmp_path / "one"),
        "--to",
        str(tmp_path / "two"),
        "--as",
        "day 3/{card}",
    ]
    CliRunner().invoke(offload_command, [*words, "--hash", "c4", "--hash", "md5"], standalone_mode=False)
    for copy in ("one", "two"):
        assert media(tmp_path / copy / "day 3" / "A001") == tree(card)
        assert media(tmp_path / copy / "day 3" / "B001") == tree(other)
        [listed] = (tmp_path / copy / "day 3" / "B001" / "ascmhl").glob("0001_*.mhl")
        assert read_list(listed.read_bytes()).formats == ("c4", "md5")
