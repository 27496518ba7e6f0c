"""The originals of a cut on another disk: the right ones, the right ranges, and proof that they are the same."""

import contextlib
import csv
import fcntl
import io
import os
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pycmx
import pytest
from filming import MAG, SAMPLES, SOUND, half_made, new_film, rushes, tree

from pipeline.metadata.facts import read_facts
from pipeline.processes.ffmpeg import find_ffmpeg

sys.path.insert(0, str(SAMPLES))
from frame_numbers import read_number

MAG_NAME = MAG.name
COACH = next(card for card in MAG.parent.iterdir() if card.name.endswith("interview_B001"))
SONY50 = next(card for card in MAG.parent.iterdir() if card.name.endswith("interview_C001"))
GOPRO = next(card for card in MAG.parent.iterdir() if card.name.endswith("G001"))
RANGES = "A001C002_191012_R1AB"


def numbers(path):
    """The frame numbers that the pictures of a file carry."""
    video = read_facts(path).video
    raw = subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough",
         "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, video.height, video.width)
    found = [read_number(picture) for picture in pictures]
    return [number[1] if number else None for number in found]


def samples(path, stream):
    return subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", path, "-map", f"0:a:{stream}", "-f", "s16le", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip


@pytest.fixture(scope="module")
def pull_film(tmp_path_factory):
    """Cards of MOV, XAVC, chapters and sound; two marked ranges of one clip that meet with handles, one of another."""
    settings = "[ingest]\nsettle = 0.2\n\n[proxies]\npresets = []\nstills = false\n"
    film = new_film(tmp_path_factory.mktemp("pull") / "film", MAG, COACH, SONY50, GOPRO, SOUND, settings=settings)
    assert rushes("ingest", cwd=film).code == 0
    ids = {row["name"]: row["id"] for row in rushes("log", "--json", cwd=film).json}
    for name, begin, end in (
        ("A001C002_191012_R1AB.mov", 4, 8), ("A001C002_191012_R1AB.mov", 12, 16), ("A001C002_191012_R1AB.mov", 30, 32),
        ("B001C001_190814_R2KE.mov", 10, 20), ("GX010123.MP4", 2, 6),
    ):  # fmt: skip
        run = rushes("mark", ids[name], begin, end, "--note", "x", cwd=film)
        assert run.code == 0, run.err
    assert (
        rushes(
            "cut",
            "marks",
            "name:A001C002 or name:B001C001 or name:GX01",
            "--as",
            "selects",
            "--rate",
            "29.97",
            cwd=film,
        ).code
        == 0
    )
    assert rushes("cut", "all", "", cwd=film).code == 0
    return film


def pull(film, *words, code=0):
    run = rushes("pull", *words, "--json", cwd=film)
    assert run.code == code, run.err
    return run.json


def test_ranges_that_meet_with_their_handles_are_one_and_end_where_the_clip_ends(pull_film):
    said = pull(pull_film, "marks", "--list", "--handles", "4")
    found = [(row["name"], row["in"], row["frames"]) for row in said["ranges"] if row["name"].startswith("A")]
    # Picture and sound are one event: 4-8 and 12-16 meet at 8-8 with handles of 4; 30-32 ends with the clip.
    assert found == [("A001C002_191012_R1AB.mov", 0, 20), ("A001C002_191012_R1AB.mov", 26, 10)]
    assert [row["events"] for row in said["ranges"] if row["name"].startswith("A")] == [2, 1]
    assert said["lists"] == []
    assert not list(pull_film.glob("**/*.pull.*"))


def test_whole_originals_come_with_their_sidecars_in_the_folders_of_their_cards(pull_film, tmp_path):
    before = tree(pull_film / "ingest")
    said = pull(pull_film, "all", "--to", tmp_path / "grade")
    came = tree(tmp_path / "grade")
    for name in (
        f"{MAG_NAME}/A001C001_191012_R1AB.mov", f"{SONY50.name}/PRIVATE/M4ROOT/CLIP/C0001.MP4",
        f"{SONY50.name}/PRIVATE/M4ROOT/CLIP/C0001M01.XML", f"{GOPRO.name}/DCIM/100GOPRO/GX020123.MP4",
    ):  # fmt: skip
        assert came[name] == before[name], "the same bytes, the same time of change"
        assert (tmp_path / "grade" / name).read_bytes() == (pull_film / "ingest" / name).read_bytes()
    assert tree(pull_film / "ingest") == before
    assert said["failed"] == []
    assert half_made(tmp_path) == []


def test_of_a_spanned_clip_only_the_chapters_that_are_needed_come(pull_film, tmp_path):
    pull(pull_film, "marks", "--to", tmp_path)
    chapters = sorted(path.name for path in tmp_path.rglob("GX*.MP4"))
    assert chapters == ["GX010123.MP4"]


def test_the_lists_name_every_range_with_hours_file_and_hash(pull_film, tmp_path):
    pull(pull_film, "marks", "--to", tmp_path, "--handles", "4")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "marks.pull.csv").read_text())))
    row = next(row for row in rows if row["clip"] == "A001C002_191012_R1AB.mov")
    assert (row["file"], row["reel"]) == (f"{MAG_NAME}/A001C002_191012_R1AB.mov", "A001R1AB")
    assert (row["start"], row["end"], row["frames"]) == ("08:21:59;20", "08:22:00;12", "20")
    assert len(row["xxh128"]) == 32
    assert Path(row["original"]).is_file()
    with (tmp_path / "marks.pull.edl").open() as file:
        events = [event.edits[0] for event in pycmx.parse_cmx3600(file).events]
    pictures = [(edit.clip_name, edit.source_in) for edit in events if edit.channels.video]
    assert ("A001C002_191012_R1AB.mov", "08:21:59;20") in pictures
    assert len(pictures) == len([row for row in rows if not row["clip"].endswith(".WAV")])
    assert [row["clip"] for row in rows if row["clip"].endswith(".WAV")], "the sound recorded beside a picture"


def test_a_cut_of_several_timelines_is_pulled_as_one(pull_film):
    assert rushes("cut", "packs", "kind:picture", "--as", "subjects", cwd=pull_film).code == 0
    packs = pull(pull_film, "packs", "--list")
    everything = {row["file"] for row in pull(pull_film, "all", "--list")["ranges"]}
    found = [row["file"] for row in packs["ranges"] if row["name"].startswith("A001C")]
    assert found
    assert len(found) == len(set(found)), "a clip of two subjects is in two timelines, and comes once"
    assert set(found) <= everything


def test_again_copies_nothing_and_a_copy_that_was_changed_is_not_overwritten(pull_film, tmp_path):
    pull(pull_film, "marks", "--to", tmp_path)
    first = tree(tmp_path)
    again = rushes("pull", "marks", "--to", tmp_path, cwd=pull_film)
    assert "0 files copied" in again.err
    assert {k: v for k, v in tree(tmp_path).items() if ".pull." not in k} == {
        k: v for k, v in first.items() if ".pull." not in k
    }
    copy = next(tmp_path.rglob("A001C002*.mov"))
    mine = copy.read_bytes()[:-1] + b"?"
    copy.write_bytes(mine)
    said = pull(pull_film, "marks", "--to", tmp_path, code=1)
    assert "is another file" in said["failed"][0][1]
    assert copy.read_bytes() == mine


@pytest.mark.parametrize("words", [(), ("--trim",)])
def test_nothing_is_written_among_originals_or_into_what_the_film_made(tmp_path, words):
    """By a link, too, and where only the folders of the cards would lead there."""
    settings = "[ingest]\nsettle = 0.2\n\n[proxies]\npresets = []\nstills = false\n"
    film, card = new_film(tmp_path / "film", settings=settings), tmp_path / "disk" / "A001"
    shutil.copytree(MAG, card)
    assert rushes("ingest", card, cwd=film).code == 0
    assert rushes("cut", "all", "", cwd=film).code == 0
    (tmp_path / "link").symlink_to(card)
    (tmp_path / "round").mkdir()
    listed = pull(film, "all", "--list")["ranges"][0]["file"]
    (tmp_path / "round" / listed).parent.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "round" / listed).parent.symlink_to(card)
    before = tree(card), {path for path in film.rglob("*") if "catalogue" not in path.name}
    for target in (
        card,
        card / "new",
        tmp_path / "link" / "new",
        tmp_path / "round",
        film / "ingest",
        film / "proxies",
    ):
        run = rushes("pull", "all", "--to", target, *words, cwd=film)
        assert (run.code, " lies on " in run.err) == (32, True), run.err
    assert (tree(card), {path for path in film.rglob("*") if "catalogue" not in path.name}) == before
    beside = pull(film, "all", "--to", tmp_path / "disk" / "grade", *words)
    assert beside["failed"] == [], "another folder of the same disk is a good place"


def test_a_failure_is_one_line_that_names_its_file_once(pull_film, tmp_path):
    film = Path(shutil.copytree(pull_film, tmp_path / "film"))
    next((film / "ingest").rglob("GX010123.MP4")).unlink()
    run = rushes("pull", "marks", "--to", tmp_path / "out", cwd=film)
    assert "1 failed." in run.err
    [line] = [line for line in run.err.splitlines() if "GX010123.MP4" in line]
    assert line.count("GX010123.MP4") == 1


def test_what_a_killed_pull_left_half_made_is_gone_after_the_next(pull_film, tmp_path):
    pull(pull_film, "marks", "--to", tmp_path)
    left = next(tmp_path.rglob("A001C002*.mov")).with_name(".rushes-0123.part")
    left.write_bytes(b"half")
    pull(pull_film, "marks", "--to", tmp_path)
    assert not left.exists()


def test_what_lies_there_already_and_is_the_same_is_taken_as_it_is(pull_film, tmp_path):
    """A pull that was stopped between publishing and noting it, or whose notes are lost."""
    pull(pull_film, "marks", "--to", tmp_path)
    (pull_film / ".rushes" / "pulls.json").unlink()
    copy = next(tmp_path.rglob("A001C002*.mov"))
    inode = copy.stat().st_ino
    said = pull(pull_film, "marks", "--to", tmp_path)
    assert (said["failed"], said["copied"], said["same"] > 0) == ([], 0, True)
    assert copy.stat().st_ino == inode


def test_an_original_that_was_replaced_is_named_and_the_rest_comes(pull_film, tmp_path):
    film = Path(shutil.copytree(pull_film, tmp_path / "film"))
    original = next((film / "ingest").rglob("A001C002*.mov"))
    original.write_bytes(original.read_bytes()[:-1] + b"?")
    next((film / "ingest").rglob("GX010123.MP4")).unlink()
    said = pull(film, "marks", "--to", tmp_path / "out", code=1)
    assert sorted(sentence.rpartition("/")[2].split()[0] for _, sentence in said["failed"]) == [
        "A001C002_191012_R1AB.mov", "GX010123.MP4",
    ]  # fmt: skip
    assert [path.name for path in (tmp_path / "out").rglob("B001*.mov")] == ["B001C001_190814_R2KE.mov"]


def test_a_disk_that_is_too_small_is_refused_before_anything_is_copied(pull_film, tmp_path, small_disk):
    small_disk(tmp_path / "small", "300k")
    run = rushes("pull", "all", "--to", tmp_path / "small", cwd=pull_film)
    assert run.code == 30
    assert "this pull needs" in run.err
    assert list((tmp_path / "small").iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everywhere")
def test_a_folder_that_takes_no_file_is_refused_once_before_any_file_is_named(pull_film, tmp_path):
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o555)
    run = rushes("pull", "marks", "--to", shut, cwd=pull_film, common=True)
    assert run.code == 32
    said = run.err.splitlines()
    assert len(said) == 2, "what is needed, and why it does not come"
    assert said[1].startswith(f"rushes: {shut} may not be used")


def test_a_trimmed_range_is_the_range_to_the_frame_and_to_the_sample(pull_film, tmp_path):
    said = pull(pull_film, "marks", "--to", tmp_path, "--handles", "4", "--trim")
    parts = {Path(row["file"]).name: row for row in said["ranges"]}
    part = tmp_path / MAG_NAME / "A001C002_191012_R1AB.26-35.mov"
    assert part.name in parts
    assert numbers(part) == list(range(26, 36))
    facts = read_facts(part)
    assert (facts.start_timecode, facts.drop_frame, facts.reel) == ("08:22:00;18", True, "A001R1AB")
    assert str(facts.rate) == "30000/1001"
    original = samples(MAG / "A001C002_191012_R1AB.mov", 0)
    begin = round(26 * 48000 * 1001 / 30000) * 4
    assert original[begin:] == samples(part, 0)
    coach = tmp_path / COACH.name / "B001C001_190814_R2KE.6-23.mov"
    assert numbers(coach) == list(range(6, 24))
    assert read_facts(coach).start_timecode == "15:20:00:06"
    assert samples(COACH / "B001C001_190814_R2KE.mov", 0)[6 * 2002 * 4 : 24 * 2002 * 4] == samples(coach, 0)
    assert half_made(tmp_path) == []


def test_what_cannot_be_trimmed_comes_whole_and_says_why(pull_film, tmp_path):
    said = pull(pull_film, "marks", "--to", tmp_path, "--trim")
    row = next(row for row in said["ranges"] if row["name"] == "GX010123.MP4")
    assert row["file"].endswith("GX010123.MP4")
    assert "depend on each other" in row["note"]
    assert (tmp_path / row["file"]).read_bytes() == (GOPRO / "DCIM/100GOPRO/GX010123.MP4").read_bytes()
    for words in (("--to", tmp_path), ("--list",)):
        told = rushes("pull", "marks", *words, "--trim", cwd=pull_film).err.splitlines()
        [line] = [line for line in told if "depend on each other" in line]
        assert line.startswith(f"  {row['file']}: whole: ")


def test_a_part_that_does_not_come_out_as_asked_comes_whole_and_says_so(pull_film, tmp_path):
    """An ffmpeg that takes a picture less than it is asked for."""
    short = tmp_path / "ffmpeg"
    short.write_text(f'#!/bin/sh\nfor word; do shift; [ "$word" = 4 ] && word=3; set -- "$@" "$word"; done\n'
                     f"exec '{find_ffmpeg()}' \"$@\"\n")  # fmt: skip
    short.chmod(0o755)
    run = rushes("pull", "marks", "--to", tmp_path / "out", "--trim", cwd=pull_film, env={"RUSHES_FFMPEG": str(short)})
    assert run.code == 0, run.err
    told = [line for line in run.err.splitlines() if f"{RANGES}.mov: whole: The part of {RANGES}.mov did not" in line]
    assert len(told) == 1, "one line for the two ranges of one file"
    assert " 0 there already" in run.err
    assert (tmp_path / "out" / MAG_NAME / f"{RANGES}.mov").is_file()


def test_what_is_needed_from_end_to_end_is_no_part_and_says_so(pull_film):
    notes = {row["note"] for row in pull(pull_film, "all", "--list", "--trim")["ranges"]}
    assert "whole: all of it is needed" in notes


def test_a_list_fits_a_terminal_of_eighty_columns_with_a_line_for_each_range(pull_film):
    def told(words):
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {**os.environ, "TERM": "dumb"}
        environment.pop("COLUMNS", None)
        subprocess.run([sys.executable, "-m", "pipeline.cli.main", *words], cwd=pull_film, env=environment,
                       stdout=slave, stderr=subprocess.DEVNULL, stdin=slave, check=True)  # fmt: skip
        os.close(slave)
        said = b""
        with contextlib.suppress(OSError), os.fdopen(master, "rb", buffering=0) as screen:
            while piece := screen.read(4096):
                said += piece
        return said.decode()

    lines = told(["pull", "all", "--list"]).splitlines()
    ranges = pull(pull_film, "all", "--list")["ranges"]
    assert len([line for line in lines if line.strip()]) == len(ranges) + 2, "a head, a rule, a line for each"
    assert all(len(line) <= 80 for line in lines)
    for row in ranges:
        name = row["file"].rpartition("/")[2]
        assert [line for line in lines if name in line], name


def test_trimmed_again_means_only_what_is_missing(pull_film, tmp_path):
    pull(pull_film, "marks", "--to", tmp_path, "--trim")
    (pull_film / ".rushes" / "pulls.json").unlink()
    assert pull(pull_film, "marks", "--to", tmp_path, "--trim")["failed"] == []
    next(tmp_path.rglob("A001C002*.30-31.mov")).unlink()
    assert "1 file copied" in rushes("pull", "marks", "--to", tmp_path, "--trim", cwd=pull_film).err


@pytest.mark.parametrize("codec", [("libx264", "-g", "1"), ("libx265", "-x265-params", "keyint=1:log-level=none")])
def test_intra_coded_h264_and_hevc_is_trimmed(tmp_path, codec):
    """One card with one clip, coded anew with every picture a key."""
    film = new_film(tmp_path / "film", settings="[ingest]\nsettle = 0.2\n\n[proxies]\npresets = []\nstills = false\n")
    clip = film / "ingest" / "A001" / "INTRA.MOV"
    clip.parent.mkdir(parents=True)
    source = MAG / "A001C002_191012_R1AB.mov"
    subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", source, "-map", "0:v", "-map", "0:a", "-c:v", *codec,
         "-c:a", "pcm_s24le", "-timecode", "08:21:59;20", clip], check=True,
    )  # fmt: skip
    assert rushes("ingest", cwd=film).code == 0
    [row] = rushes("log", "--json", cwd=film).json
    assert rushes("mark", row["id"], 7, 19, cwd=film).code == 0
    assert rushes("cut", "one", "", "--as", "selects", cwd=film).code == 0
    said = pull(film, "one", "--to", tmp_path / "out", "--trim")
    assert [row["file"] for row in said["ranges"]] == ["A001/INTRA.7-18.mov"]
    assert numbers(tmp_path / "out" / "A001" / "INTRA.7-18.mov") == list(range(7, 19))


@pytest.mark.parametrize(
    ("codec", "parted"),
    [
        (("-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p"), True),
        (("-c:v", "libx264", "-g", "1", "-pix_fmt", "yuv422p10le"), True),
        (("-c:v", "libx264", "-g", "12", "-bf", "2", "-pix_fmt", "yuv420p"), False),
    ],
)
def test_an_mxf_is_trimmed_to_an_mxf_where_every_picture_proves_to_stand_alone(tmp_path, codec, parted):
    film = new_film(tmp_path / "film", settings="[ingest]\nsettle = 0.2\n\n[proxies]\npresets = []\nstills = false\n")
    clip = film / "ingest" / "A001" / "INTRA.MXF"
    clip.parent.mkdir(parents=True)
    subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", MAG / "A001C002_191012_R1AB.mov", "-map", "0:v", "-map", "0:a", *codec,
         "-c:a", "pcm_s24le", "-timecode", "08:21:59;20", "-metadata", "reel_name=A001R1AB", clip], check=True,
    )  # fmt: skip
    assert rushes("ingest", cwd=film).code == 0
    [row] = rushes("log", "--json", cwd=film).json
    assert rushes("mark", row["id"], 7, 19, cwd=film).code == 0
    assert rushes("cut", "one", "", "--as", "selects", cwd=film).code == 0
    [row] = pull(film, "one", "--to", tmp_path / "out", "--trim")["ranges"]
    if not parted:
        assert row["file"] == "A001/INTRA.MXF"
        assert "did not come out as asked" in row["note"]
        return
    assert row["file"] == "A001/INTRA.7-18.mxf"
    part = tmp_path / "out" / row["file"]
    facts = read_facts(part)
    assert numbers(part) == list(range(7, 19))
    assert (facts.container, facts.start_timecode, facts.reel) == ("mxf", "08:21:59;27", "A001R1AB")
    begin = round(7 * 48000 * 1001 / 30000) * 4
    made = samples(part, 0)
    assert made == samples(clip, 0)[begin : begin + len(made)]


def test_cards_with_one_name_stay_apart(tmp_path):
    film = new_film(tmp_path / "film", settings="[ingest]\nsettle = 0.2\n\n[proxies]\npresets = []\nstills = false\n")
    for day, name in (("one", "A001C001_191012_R1AB.mov"), ("two", "A001C002_191012_R1AB.mov")):
        (film / "ingest" / day / "A001").mkdir(parents=True)
        shutil.copy(MAG / name, film / "ingest" / day / "A001" / "C0001.mov")
    assert rushes("ingest", cwd=film).code == 0
    assert rushes("cut", "all", "", cwd=film).code == 0
    pull(film, "all", "--to", tmp_path / "out")
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.mov")) == [
        "one/A001/C0001.mov", "two/A001/C0001.mov",
    ]  # fmt: skip
