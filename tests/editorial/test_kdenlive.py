"""Kdenlive projects by a reader of the tests: bin, proxies, markers, notes, and what is named as lost."""

from pathlib import Path

import pytest
from editorial_clips import RATES, logged, media, settings
from read_kdenlive import read_kdenlive
from torture import Builder, Range, schema, torture_timeline
from torture import _time as time

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import kdenlive
from pipeline.editorial.exports.written import ExportOptions


def project(timeline, **options):
    (file,), losses = (written := kdenlive.write(timeline, ExportOptions(Path(), **options))).files, written.losses
    assert file.suffix == ".kdenlive"
    return read_kdenlive(file.content), losses


def cut(*clips, kind="stringout", proxies=True, **others):
    return assemble(kind, clips, media(*clips, proxies=proxies), settings(**others)).timeline


def test_the_bin_has_a_folder_for_each_card_and_the_log_on_each_clip():
    made, _ = project(cut(
        logged("A.mov", card="K1", reel="R7", rating=4, subject=("Coach", "Runner"), note="sun <b>"),
        logged("B.mov", card="K2", start=None), logged("C.mov", card="K1"),
    ))  # fmt: skip
    found = {(clip.folder, clip.name): clip for clip in made.bin}
    assert found.keys() == {("K1", "A.mov"), ("K2", "B.mov"), ("K1", "C.mov")}
    first = found["K1", "A.mov"]
    assert (first.rating, found["K1", "C.mov"].rating) == (8, 0)
    assert first.description == (
        "Subject: Coach, Runner; Rating: 4; Note: sun <b>; Reel: R7; Start TC: 10:00:00:00"
    )  # fmt: skip
    assert "Start TC" not in found["K2", "B.mov"].description


@pytest.mark.parametrize("chosen", [None, "proxy", "original"])
def test_a_proxy_plays_and_leads_back_to_its_original(chosen):
    made, _ = project(cut(logged("A.mov", card="K1")), media=chosen)
    (clip,) = made.bin
    assert (clip.file, clip.proxy) == ("/film/K1/A.mov", "" if chosen == "original" else "/film/proxies/K1/A.mov")


def test_a_clip_of_several_files_has_no_proxy_and_is_named():
    made, losses = project(cut(logged("A.mov", card="K1", parts=(60, 40))))
    assert {(clip.file, clip.proxy) for clip in made.bin} == {("/film/K1/A.mov", ""), ("/film/K1/1_A.mov", "")}
    assert any(loss.startswith("Proxies of clips that lie in several files") for loss in losses)


def test_markers_lie_in_the_clip_and_guides_on_the_timeline():
    timeline = cut(logged("A.mov", markers=((10, 5, "good", ""), (30, 0, "more", "Coach"))), handles=3, kind="selects")
    timeline.tracks.markers.append(schema.Marker("act", Range(time(7, RATES["25"]), time(1, RATES["25"])), "RED"))
    made, _ = project(timeline)
    (clip,) = made.bin
    assert clip.markers == ((10, "good"), (30, "more"))
    assert made.guides == ((7, "act"),)


def test_the_notes_say_where_the_timeline_starts_and_what_was_lost():
    made, losses = project(cut(logged("A.mov", "50"), start="09:59:58:00"))
    assert made.notes[0] == "cut, written by Rushes. Start of the timeline: 09:59:58:00."
    assert set(losses) <= set(made.notes)
    assert any("09:59:58:00" in loss for loss in losses)
    assert any(loss.startswith("Mixed rates: Kdenlive counts frames of the timeline, 25") for loss in losses)


def test_picture_and_sound_of_one_take_are_grouped():
    made, _ = project(cut(logged("A.mov", audio=(2, 1)), logged("B.wav", kind="sound")))
    assert made.groups == {frozenset({"0:0", "1:0", "2:0"})}
    assert {(clip.kind, clip.track, clip.stream) for clip in made.clips if "A.mov" in clip.file} == {
        ("picture", "Video 1", None), ("sound", "Audio 1", 1), ("sound", "Audio 2", 2),
    }  # fmt: skip
    assert {clip.stream for clip in made.clips if "B.wav" in clip.file} == {0}


@pytest.mark.parametrize(("channels", "wanted"), [((1,), 2), ((2, 2), 2), ((3,), 4), ((6,), 6), ((8,), 6), ((), 2)])
def test_a_project_has_as_many_channels_as_its_richest_stream(channels, wanted):
    made, losses = project(cut(logged("A.mov", audio=channels)))
    assert made.channels == wanted
    assert any("above 6" in loss for loss in losses) == (channels == (8,))


def test_what_has_no_path_keeps_its_name_and_is_named():
    _, losses = project(torture_timeline())
    assert any(loss.startswith("Paths of clips out of reach") and "offline.mov" in loss for loss in losses)
    assert any(loss.startswith("Wipes, written as dissolves") for loss in losses)


def test_dissolves_change_playlists_and_never_overlap():
    make = Builder(RATES["25"], "/film")
    made = schema.Timeline("cut")
    clips = [make.clip("A.mov", 20, into=0, media=200), make.clip("B.mov", 4), make.clip("C.mov", 20)]
    track = make.track("V", "Video", clips[0], make.transition(3, 2), clips[1], make.transition(4, 2), clips[2])
    made.tracks.append(track)
    found, losses = project(made)
    assert {(mix.start, mix.end, mix.after, mix.backwards) for mix in found.mixes} == {
        (17, 22, 2, False), (22, 26, 2, True),
    }  # fmt: skip
    assert {(clip.start, clip.duration, clip.into) for clip in found.clips} == {(0, 22, 0), (17, 9, 37), (22, 22, 38)}
    assert any("shortened" in loss for loss in losses)


def test_a_frame_held_for_longer_than_its_file_moves_nothing_behind_it():
    make = Builder(RATES["25"], "/film")
    made = schema.Timeline("cut")
    made.tracks.append(make.track(
        "V", "Video", make.clip("A.mov", 90, media=60, speed=0), make.clip("B.mov", 10),
        make.clip("C.mov", 2, speed=30),
    ))  # fmt: skip
    made.tracks.append(make.track("A", "Audio", make.clip("A.mov", 90, media=60, speed=0, sound=True)))
    found, losses = project(made)
    assert {(Path(clip.file).name, clip.start, clip.duration) for clip in found.clips} == {
        ("A.mov", 0, 60), ("B.mov", 90, 10), ("C.mov", 100, 2),
    }  # fmt: skip
    for reason in ("Frames held for longer", "Sound of held frames", "Speeds below 1 % or above 2000 %"):
        assert any(loss.startswith(reason) for loss in losses), reason
