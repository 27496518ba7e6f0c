"""`rushes demo`: the whole line in under a minute, and what it leaves behind."""

import re
import time
from itertools import pairwise

import opentimelineio as otio
import pytest
from filming import rushes


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    began = time.monotonic()
    run = rushes("demo", "film", cwd=folder)
    return folder / "film", run, time.monotonic() - began


def test_the_demo_ends_well_in_under_a_minute(demo):
    _, run, seconds = demo
    assert run.code == 0, run.err
    assert seconds < 60


def test_the_demo_shows_the_log_and_names_five_commands_to_try(demo):
    _, run, _ = demo
    assert "13 clips" in run.out
    assert "Kaptagat" in run.out
    assert len(re.findall(r"^  rushes ", run.err, re.MULTILINE)) == 5


def test_the_demo_cuts_one_subject_across_both_places_and_an_intercut(demo):
    film, _, _ = demo
    for name, turns in (("coach-interview", 2), ("kaptagat-vienna", 10)):
        timeline = otio.adapters.read_from_file(str(film / "timelines" / f"{name}.otio"))
        places = [
            clip.metadata["rushes"]["log"]["location"]
            for clip in timeline.find_clips()
            if clip.parent().kind == "Video"
        ]
        changes = 1 + sum(one != other for one, other in pairwise(places))
        assert set(places) == {"Kaptagat", "Vienna"}
        assert changes >= turns
        for suffix in (".otioz", ".edl"):
            assert (film / "timelines" / f"{name}{suffix}").stat().st_size > 0


def test_what_the_demo_leaves_behind_is_sound(demo):
    film, _, _ = demo
    checked = rushes("doctor", cwd=film)
    assert checked.code == 0, checked.out


def test_the_commands_that_the_demo_names_run(demo):
    film, run, _ = demo
    for line in re.findall(r"^  (rushes .*)$", run.err, re.MULTILINE):
        if "watch" in line or "$(" in line:
            continue
        for command in line.split(" && "):
            words = [word.strip("'") for word in re.findall(r"'[^']*'|\S*='[^']*'|\S+", command)][1:]
            done = rushes(*[word.replace("='", "=") for word in words], cwd=film)
            assert done.code == 0, (command, done.err)


def test_another_demo_replaces_the_first_but_never_anything_else(demo, tmp_path):
    film, _, _ = demo
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("mine")
    assert rushes("demo", "precious", cwd=tmp_path).code == 15
    assert (tmp_path / "precious" / "file").read_text() == "mine"
    assert rushes("demo", film, cwd=tmp_path).code == 0
