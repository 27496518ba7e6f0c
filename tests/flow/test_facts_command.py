"""`rushes facts` for files and folders: keys as given, what is shown, what is refused, exit codes."""

import shutil

import pytest
from filming import PHONE, SAMPLES, SONY, rushes


@pytest.fixture
def card(tmp_path):
    """A card as it comes: hidden and ignored files, a page of text, an empty folder beside the footage."""
    shutil.copytree(SAMPLES / SONY.name, tmp_path / "card")
    clips = next((tmp_path / "card").rglob("CLIP"))
    (clips / ".C0009.MP4").write_bytes(b"hidden")
    (clips / "C0008.MP4.part").write_bytes(b"ignored")
    (clips / "notes.txt").write_text("lunch at noon")
    (clips / "program.py").write_text('"""Reads <NonRealTimeMeta> and <x:xmpmeta>."""')
    (clips / "later.txt").touch()
    (tmp_path / "card" / "nothing").mkdir()
    return tmp_path / "card"


def test_a_folder_is_every_recording_and_sidecar_in_it_keyed_as_the_folder_was_given(card):
    found = rushes("facts", "--json", "./card/", cwd=card.parent)
    assert found.code == 0
    names = list(found.json)
    assert names == sorted(names)
    assert all(name.startswith("./card/") for name in names)
    assert {name.rpartition("/")[2] for name in names} >= {"C0001.MP4", "C0001M01.XML", "C0002.MP4", "C0002M01.XML"}
    assert not [name for name in names if name.endswith((".part", ".txt", ".py")) or "/." in name.removeprefix(".")]


def test_a_folder_gives_the_same_facts_as_each_of_its_files(card):
    folder = rushes("facts", "--json", "card", cwd=card.parent).json
    files = rushes("facts", "--json", *folder, cwd=card.parent).json
    assert files == folder


def test_a_recording_that_is_none_is_named_in_a_folder_too(card):
    clips = next(card.rglob("CLIP"))
    (clips / "C0003.MP4").write_text("not copied to its end")
    (clips / "C0004.MP4").touch()
    (clips / "C0005.MP4").symlink_to(clips / "C0001.MP4")
    run = rushes("facts", "--json", "card", cwd=card.parent)
    assert run.code == 1
    failed = {name.rpartition("/")[2]: facts["error"] for name, facts in run.json.items() if "error" in facts}
    assert set(failed) == {"C0003.MP4", "C0004.MP4", "C0005.MP4"}
    assert all(sentence.endswith(".") and sentence.count(". ") == 0 for sentence in failed.values())


def test_a_folder_without_footage_says_so(card):
    run = rushes("facts", "--json", "card/nothing", cwd=card.parent)
    assert run.code == 1
    assert "No recording" in run.json["card/nothing"]["error"]


def test_few_files_are_pages_and_many_a_list_with_what_is_wrong_below(card):
    clip = next((SAMPLES / PHONE.name).rglob("*.MOV"))
    page = rushes("facts", clip, cwd=card.parent)
    assert page.out.startswith(f"{clip}  (mov)")
    assert " Picture\n" in page.out
    (next(card.rglob("CLIP")) / "C0003.MP4").write_text("not copied to its end")
    listed = rushes("facts", "card", cwd=card.parent)
    assert listed.code == 1
    assert " Picture\n" not in listed.out
    assert "C0001.MP4" in listed.out
    assert "CLIP/C0003.MP4 is no picture or sound recording: it is a text file." in listed.out
    assert "1 unusable" in listed.out.splitlines()[-1]


def test_a_refused_file_is_one_sentence(card):
    run = rushes("facts", "card/gone.mov", cwd=card.parent)
    assert run.code == 1
    assert run.out.splitlines()[0] == "card/gone.mov"
    assert len(run.out.splitlines()) == 2
