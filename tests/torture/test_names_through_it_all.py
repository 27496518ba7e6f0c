"""Names that systems disagree about, from the card to the copy: every file is there once, with its own bytes."""

import json
import os

import pytest
from disks import take, typed
from filming import footage, half_made, log, products

SETTINGS = '[ingest]\nsettle = 0.02\n[names]\ntemplates = ["{card}"]\n[proxies]\nstills = false\n'
NAMES = [
    "\u00e9.mp4".encode(), "e\u0301.mp4".encode(), b"new\nline.mp4", b"n" * 251 + b".mp4", b"not\xff\xfeutf8.mp4",
    b"Clip.mp4", b"CLIP.MP4", b"clip.mp4",
]  # fmt: skip


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    film = tmp_path_factory.mktemp("names") / "film"
    (film / "ingest").mkdir(parents=True)
    (film / "rushes.toml").write_text(SETTINGS)
    for number, name in enumerate(NAMES):
        footage(os.fsencode(film / "ingest" / "A001") + b"/" + name, number)
    done = take(film)
    assert done.code == 0, done
    assert typed(film, "cut", "day", "status:*") == (0, "")
    return film


def bytes_of(folder):
    """What lies in the folder itself, by raw name."""
    found = {}
    with os.scandir(os.fsencode(folder)) as entries:
        for entry in entries:
            if entry.is_file():
                with open(entry.path, "rb") as file:  # noqa: PTH123 - raw bytes of a name are no Path
                    found[entry.name] = file.read()
    return found


def test_each_is_a_clip_with_a_proxy_of_its_own(film):
    rows = log(film)
    assert len(rows) == len(products(film)) == len(NAMES)
    assert {row["status"] for row in rows.values()} == {"ready"}
    assert len({name.casefold() for name in products(film)}) == len(NAMES), "on a Mac's disk, too"
    assert half_made(film) == []


@pytest.mark.parametrize("suite", ["resolve", "premiere", "avid", "fcp", "kdenlive", "lists"])
def test_every_suite_gets_all_of_them(film, suite, capsys):
    assert typed(film, "export", "day", "--for", suite) == (0, "")
    folder = film / "timelines" / f"for-{suite}"
    if suite == "resolve":
        timeline = json.loads((folder / "day.otio").read_text(encoding="utf-8"))
        video = next(track for track in timeline["tracks"]["children"] if track["kind"] == "Video")
        clips = [each for each in video["children"] if each["OTIO_SCHEMA"].startswith("Clip")]
        links = {each["media_references"]["DEFAULT_MEDIA"].get("target_url") for each in clips}
        assert (len(clips), len(links)) == (len(NAMES), len(NAMES))
        assert "1 clip without a path" in capsys.readouterr().err  # no URL holds what is no UTF-8
    for file in folder.iterdir():
        if file.suffix != ".aaf":
            file.read_text(encoding="utf-8")  # whatever lies on the card, a list is text
    capsys.readouterr()


def test_a_copy_holds_each_under_its_own_name(film, tmp_path, capsys):
    code, sentence = typed(film, "offload", str(film / "ingest" / "A001"), "--to", str(tmp_path))
    assert code == 1, sentence
    told = capsys.readouterr().err
    assert told.count("cannot stand in a hash list") == 1  # what is no UTF-8
    assert bytes_of(tmp_path / "A001") == bytes_of(film / "ingest" / "A001")
    assert typed(film, "offload", str(film / "ingest" / "A001"), "--to", str(tmp_path))[0] == 1
    assert "there already" in capsys.readouterr().err


def test_all_are_verified_and_pulled(film, tmp_path, capsys):
    assert typed(film, "verify") == (0, "")
    code, sentence = typed(film, "pull", "day", "--to", str(tmp_path / "pulled"))
    assert code == 0, (sentence, capsys.readouterr().err)
    here = bytes_of(film / "ingest" / "A001")
    found = [data for folder, _, _ in os.walk(tmp_path / "pulled") for data in bytes_of(folder).values()]
    assert sorted(here.values()) == sorted(data for data in found if data in here.values())
    capsys.readouterr()


def test_a_card_renamed_between_forms_of_one_letter_is_the_same_card(film, tmp_path):
    """A disk that was copied by way of a Mac."""
    other = tmp_path / "film"
    (other / "ingest").mkdir(parents=True)
    (other / "rushes.toml").write_text(SETTINGS)
    footage(other / "ingest" / "Caf\u00e9" / "C0001.mp4")
    assert take(other).code == 0
    [before] = log(other).values()
    (other / "ingest" / "Caf\u00e9").rename(other / "ingest" / "Cafe\u0301")
    assert take(other).code == 0
    [after] = log(other).values()
    assert (after["id"], after["status"]) == (before["id"], "ready")
    assert len(products(other)) == 1
