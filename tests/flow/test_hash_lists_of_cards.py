"""A card that brings a hash list is compared with it as its files are read: verified, or named by file."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
import xxhash
from filming import LEAN, card, empty_film, finish, rushes

from pipeline.manifests.hashes import FORMATS, of_bytes

MADE = "2019-10-12T20:00:00Z"
_CREATOR = f"<creatorinfo><creationdate>{MADE}</creationdate></creatorinfo>"


def asc(*entries: str) -> bytes:
    hashes = "".join(entries)
    return f'<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">{_CREATOR}<hashes>{hashes}</hashes></hashlist>'.encode()


def entry(name: str, data: bytes, *formats: str, action: str = "original") -> str:
    values = "".join(f'<{each} action="{action}">{of_bytes(each, data)}</{each}>' for each in formats or ("xxh64",))
    return f'<hash><path size="{len(data)}">{name}</path>{values}</hash>'


def history(folder: Path, *lists: bytes) -> None:
    """An ASC MHL history of these generations in a folder."""
    names = [f"{number:04}_{folder.name}.mhl" for number, _ in enumerate(lists, 1)]
    (folder / "ascmhl").mkdir(parents=True, exist_ok=True)
    for name, data in zip(names, lists, strict=True):
        (folder / "ascmhl" / name).write_bytes(data)
    lines = (
        f'<hashlist sequencenr="{number}"><path>{name}</path><c4>{of_bytes("c4", data)}</c4></hashlist>'
        for number, (name, data) in enumerate(zip(names, lists, strict=True), 1)
    )
    (folder / "ascmhl" / "ascmhl_chain.xml").write_text(f"<ascmhldirectory>{''.join(lines)}</ascmhldirectory>")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film with one card of two clips and a sidecar, in which nothing is made of clips."""
    folder = empty_film(tmp_path / "film", LEAN + "presets = []\n")
    (card(folder, clips=2) / "C0001.XML").write_bytes(b"<x/>")
    return folder


def whole(folder: Path, *formats: str) -> bytes:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.parent.name != "ascmhl")
    return asc(*(entry(str(path.relative_to(folder)), path.read_bytes(), *formats) for path in files))


def cards(film: Path) -> dict[str, dict]:
    return {each["name"]: each for each in rushes("cards", "--json", cwd=film).json}


def clips(film: Path) -> dict[str, dict]:
    return {each["name"]: each for each in rushes("log", "--json", cwd=film).json}


def flip(path: Path) -> None:
    """One bit of a file, where no header stands; neither its size nor its time of change tells."""
    seen, data = path.stat(), bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


@pytest.mark.parametrize("format_", [each for each in FORMATS if not each.startswith("xxhash")])
def test_a_card_whose_files_are_as_listed_is_checked(film, format_):
    folder = film / "ingest" / "A001"
    history(folder, whole(folder, format_))
    finish(film)
    found = cards(film)["A001"]
    assert (found["warnings"], found["hash_list"]) == (
        [], {
            "state": "checked", "verified": 3, "left": 0, "differs": [], "missing": [], "refused": [], "extra": []
        }
    )  # fmt: skip
    assert {name: row["listed"] for name, row in clips(film).items()} == {
        "C0001.MP4": "verified",
        "C0002.MP4": "verified",
    }
    assert "as listed" in rushes("cards", cwd=film).out
    assert "checked against its hash list" in rushes("show", clips(film)["C0001.MP4"]["id"], cwd=film).out


def test_one_flipped_bit_is_named_with_the_list_that_knows_better(film):
    folder = film / "ingest" / "A001"
    history(folder, whole(folder))
    flip(folder / "C0002.MP4")
    run = rushes("ingest", cwd=film)
    sentence = "C0002.MP4 differs from the hash list ascmhl_chain.xml made on 2019-10-12; copy it again from the card."
    assert sentence in run.err
    found, log = cards(film)["A001"], clips(film)
    assert (found["hash_list"]["state"], found["hash_list"]["differs"]) == ("differs", ["ingest/A001/C0002.MP4"])
    assert found["warnings"] == [sentence]
    assert (log["C0001.MP4"]["listed"], log["C0001.MP4"]["warnings"]) == ("verified", [])
    assert (log["C0002.MP4"]["listed"], log["C0002.MP4"]["warnings"]) == ("differs", [sentence])
    shown = rushes("show", log["C0002.MP4"]["id"], "--json", cwd=film).json
    assert (shown["listed"], shown["warnings"]) == ("differs", [sentence])
    # Copied again, it is as listed.
    flip(folder / "C0002.MP4")
    os.utime(folder / "C0002.MP4")
    finish(film)
    assert cards(film)["A001"]["hash_list"]["state"] == "checked"
    assert clips(film)["C0002.MP4"]["warnings"] == []


def verified(film: Path) -> dict[str, str]:
    rows = rushes("verify", "--json", cwd=film).json
    return {Path(row["path"]).name: row["state"] for row in rows if row["state"] != "whole"}


@pytest.mark.parametrize("anew", [False, True], ids=["written over", "a new file"])
def test_a_file_that_came_wrong_is_named_by_every_command_until_it_is_copied_again(film, anew):
    folder = film / "ingest" / "A001"
    history(folder, whole(folder))
    flip(folder / "C0001.MP4")
    for _ in range(2):
        run = rushes("ingest", cwd=film)
        assert (run.code, run.err.count("failure")) == (1, 1)
    before = clips(film)["C0001.MP4"]["id"]
    assert verified(film) == {"C0001.MP4": "differs"}
    assert rushes("verify", cwd=film).code == 1
    flip(folder / "C0001.MP4")  # as `cp -p` of the right one
    if anew:
        shutil.copy2(folder / "C0001.MP4", folder / "new")
        (folder / "new").rename(folder / "C0001.MP4")
    assert verified(film) == {}
    for _ in range(2):
        finish(film)
        assert verified(film) == {}
    assert (clips(film)["C0001.MP4"]["id"], clips(film)["C0001.MP4"]["listed"]) == (before, "verified")
    assert len(clips(film)) == 2


def test_a_file_that_rots_after_its_list_confirmed_it_stays_rotten_whatever_is_run(film):
    folder = film / "ingest" / "A001"
    history(folder, whole(folder))
    finish(film)
    before = clips(film)["C0001.MP4"]["id"]
    flip(folder / "C0001.MP4")
    assert verified(film) == {"C0001.MP4": "rotten"}
    (folder / "wrap.txt").write_bytes(b"wrap")  # the card is taken again
    for words in (["ingest"], ["ingest"], ["ingest", "--retry"]):
        assert rushes(*words, cwd=film).code == 1
        assert verified(film) == {"C0001.MP4": "rotten"}
        assert (clips(film)["C0001.MP4"]["id"], clips(film)["C0001.MP4"]["listed"]) == (before, "differs")
    flip(folder / "C0001.MP4")
    finish(film)
    assert (verified(film), clips(film)["C0001.MP4"]["listed"]) == ({}, "verified")


def test_sidecars_that_a_list_names_are_verified_with_the_recordings(film):
    folder = film / "ingest" / "A001"
    history(folder, whole(folder))
    finish(film)
    assert rushes("verify", cwd=film).err == "3 files: 3 whole.\n"
    flip(folder / "C0001.XML")
    assert verified(film) == {"C0001.XML": "rotten"}
    (folder / "C0001.XML").write_bytes(b"<y/>")
    assert verified(film) == {"C0001.XML": "differs"}
    assert rushes("verify", "name:C0002.MP4", cwd=film).code == 0
    (folder / "C0001.XML").unlink()
    assert verified(film) == {"C0001.XML": "missing"}
    shutil.rmtree(folder)
    assert verified(film) == {"C0001.MP4": "missing", "C0002.MP4": "missing"}


def test_a_sidecar_that_differs_is_its_clips(film):
    folder = film / "ingest" / "A001"
    history(folder, whole(folder, "md5"))
    (folder / "C0001.XML").write_bytes(b"<y/>")
    rushes("ingest", cwd=film)
    log = clips(film)
    assert any("C0001.XML differs from the hash list" in each for each in log["C0001.MP4"]["warnings"])
    assert log["C0002.MP4"]["warnings"] == []
    assert cards(film)["A001"]["hash_list"]["state"] == "differs"


def test_missing_and_extra_files_are_named(film):
    folder = film / "ingest" / "A001"
    (folder / "notes.txt").write_bytes(b"notes")
    history(folder, whole(folder))
    (folder / "C0001.MP4").rename(folder / "C0003.MP4")
    (folder / "notes.txt").unlink()
    (folder / "wrap.txt").write_bytes(b"wrap")
    rushes("ingest", cwd=film)
    found = cards(film)["A001"]
    assert found["hash_list"] | {"verified": 0} == {
        "state": "incomplete", "verified": 0, "left": 0, "differs": [],
        "missing": ["ingest/A001/C0001.MP4", "ingest/A001/notes.txt"], "refused": [],
        "extra": ["ingest/A001/C0003.MP4", "ingest/A001/wrap.txt"],
    }  # fmt: skip
    told = "\n".join(found["warnings"])
    assert "C0001.MP4 is missing" in told
    assert "C0003.MP4 is on no hash list of this card" in told
    assert "wrap.txt" not in told
    assert clips(film)["C0003.MP4"]["listed"] == "unlisted"


def test_histories_within_histories_and_above_cards_are_all_asked(tmp_path):
    """A day's list names both cards, one card has its own: whoever knows better is heard."""
    film = empty_film(tmp_path / "film", LEAN + "presets = []\n")
    one, other = card(film, "day/A001"), card(film, "day/B001", first=5)
    history(one, asc(entry("C0001.MP4", (one / "C0001.MP4").read_bytes(), "md5")))
    history(film / "ingest" / "day", whole(film / "ingest" / "day"))
    flip(one / "C0001.MP4")
    rushes("ingest", cwd=film)
    assert {name: each["hash_list"]["state"] for name, each in cards(film).items()} == {
        "A001": "differs",
        "B001": "checked",
    }
    assert other.name == "B001"


def test_the_first_hash_of_a_history_stands(film):
    folder = film / "ingest" / "A001"
    first = whole(folder)
    flip(folder / "C0001.MP4")
    failed = asc(entry("C0001.MP4", (folder / "C0001.MP4").read_bytes(), action="failed"))
    history(folder, first, failed)
    rushes("ingest", cwd=film)
    assert cards(film)["A001"]["hash_list"]["differs"] == ["ingest/A001/C0001.MP4"]


def test_paths_that_lead_out_and_links_are_refused_and_never_opened(film, tmp_path):
    folder, secret = film / "ingest" / "A001", tmp_path / "secret.mov"
    secret.write_bytes(b"secret")
    (folder / "link.mov").symlink_to(secret)
    (folder / "inside").symlink_to(tmp_path)
    names = ("../../../secret.mov", str(secret), "link.mov", "inside/secret.mov", "pipe.mov")
    inside = [entry(path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if not path.is_symlink()]
    history(folder, asc(*inside, *(entry(name, b"secret") for name in names)))
    os.mkfifo(folder / "pipe.mov")
    traced = tmp_path / "opened"
    run = rushes("ingest", cwd=film, traced=traced)
    found = cards(film)["A001"]
    assert found["hash_list"]["state"] == "incomplete"
    assert found["hash_list"]["verified"] == 3
    inside = [f"ingest/A001/{name}" for name in ("inside/secret.mov", "link.mov", "pipe.mov")]
    assert (found["hash_list"]["refused"], found["hash_list"]["missing"]) == (
        ["../../../secret.mov", str(secret), *inside],
        [],
    )
    assert sum("is a link or no regular file" in each for each in found["warnings"]) == 3
    assert not any("is missing" in each for each in found["warnings"])
    assert any("leads off the card and is not read" in each for each in found["warnings"])
    assert run.code == 0
    assert "secret.mov" not in traced.read_text()


def test_an_ingest_folder_on_another_disk_is_asked_like_any(film, tmp_path):
    folder = film / "ingest" / "A001"
    (folder / ".trash").write_bytes(b"left out of looks")
    history(folder, whole(folder))
    (film / "ingest").rename(tmp_path / "elsewhere")
    (film / "ingest").symlink_to(tmp_path / "elsewhere")
    finish(film)
    assert cards(film)["A001"]["hash_list"]["state"] == "checked"


def test_a_list_that_comes_after_the_card_is_asked_when_it_comes(film):
    finish(film)
    folder = film / "ingest" / "A001"
    assert cards(film)["A001"]["hash_list"] is None
    history(folder, whole(folder))
    finish(film)
    assert cards(film)["A001"]["hash_list"]["state"] == "checked"


def test_what_was_compared_is_not_read_again(film, tmp_path):
    folder = film / "ingest" / "A001"
    history(folder, whole(folder))
    finish(film)
    (folder / "wrap.txt").write_bytes(b"wrap")  # the card is taken again
    assert rushes("ingest", cwd=film, traced=tmp_path / "opened").code == 0
    assert cards(film)["A001"]["hash_list"]["verified"] == 3
    assert (tmp_path / "opened").read_text().count("C0001.XML") <= 2, "facts alone"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("A001.md5", lambda name, data: f"{hashlib.md5(data).hexdigest()} *{name}\n"),
        ("SUMS.XXH64", lambda name, data: f"XXH64 ({name}) = {xxhash.xxh64_hexdigest(data).upper()}\n"),
        ("a.sha1", lambda name, data: f"# by hand\n{hashlib.sha1(data).hexdigest()}  {name}\n"),
    ],
)
def test_lists_of_sums_are_asked_too(film, name, line):
    folder = film / "ingest" / "A001"
    (folder / name).write_text("".join(line(path.name, path.read_bytes()) for path in sorted(folder.glob("*.MP4"))))
    flip(folder / "C0001.MP4")
    rushes("ingest", cwd=film)
    found = cards(film)["A001"]["hash_list"]
    assert (found["verified"], found["differs"], found["extra"]) == (1, ["ingest/A001/C0001.MP4"], [])
    assert json.dumps(clips(film)["C0001.MP4"]["warnings"]).count(f"hash list {name};") == 1
