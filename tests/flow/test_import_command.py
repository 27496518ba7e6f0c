"""`rushes import`: timelines come back into a film, from our own exports and as editors change them."""

import re
import shutil
from pathlib import Path

import pytest
from filming import rushes

from pipeline.catalogue.known import known_reels
from pipeline.catalogue.store import open_catalogue

LIST = """TITLE: Reel 3
FCM: NON-DROP FRAME

001  A001     V     C        06:10:05:05 06:10:06:05 01:00:00:00 01:00:01:00
* FROM CLIP NAME: The first light
* SOURCE FILE: C0001.MP4
* LOC: 01:00:00:10 RED     lovely here
* COMMENT: use this one
002  AX       V     C        00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00
* FROM CLIP NAME: C0099.MP4
003  AX       V     C        05:00:00:00 05:00:01:00 01:00:02:00 01:00:03:00
* FROM CLIP NAME: C0001.MP4
"""


@pytest.fixture(scope="module")
def exported(shoot, tmp_path_factory):
    """The film with a cut of all pictures in every format; tests must not change it."""
    film = tmp_path_factory.mktemp("import") / "film"
    shutil.copytree(shoot, film, symlinks=True)
    assert rushes("cut", "all", "kind:picture", cwd=film).code == 0
    assert rushes("export", "all", "--for", "all", "--to", "back", cwd=film).code == 0
    return film


@pytest.fixture
def film(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "film", symlinks=True)
    return tmp_path / "film"


def sent(film: Path, text: str = LIST, name: str = "reel 3.edl") -> str:
    (film / name).write_text(text, encoding="utf-8")
    return name


def taken(film: Path, *words: str):
    run = rushes("import", *words, "--json", cwd=film)
    assert run.code in (0, 1), run.err
    return run, run.json[0]


def history(film: Path, clip: str):
    return [each for each in rushes("show", clip, "--json", cwd=film).json["history"] if each["source"] == "editor"]


def test_every_format_of_our_own_comes_back_whole_and_says_nothing_new(film):
    files = sorted(
        path for path in (film / "back").rglob("all*")
        if path.suffix in (".otio", ".otioz", ".edl", ".xml", ".fcpxml", ".aaf", ".ale")
    )  # fmt: skip
    assert {path.suffix for path in files} >= {".otio", ".edl", ".xml", ".fcpxml", ".ale"}
    for number, path in enumerate(files):
        run, made = taken(film, str(path), "--as", f"cut {number}")
        lost = [event["sentence"] for event in made["events"] if event["clip"] is None]
        assert (run.code, lost, made["refused"], made["batch"]) == (0, [], [], None), path
        assert all(event["confidence"] >= 0.9 for event in made["events"]), path


def test_all_formats_of_a_cut_take_the_same_frames_of_the_same_clips(film):
    seen = {}
    for path in (film / "back/for-resolve").glob("all.*"):
        if path.suffix in (".otio", ".edl", ".xml", ".fcpxml"):
            _, made = taken(film, str(path), "--as", path.suffix[1:])
            seen[path.suffix] = [
                (event["clip"], event["range"]["in"], event["record_in"])
                for event in made["events"]
                if event["kind"] == "Video"
            ]
    assert len(seen) >= 3
    assert len({tuple(events) for events in seen.values()}) == 1, seen


def test_a_cut_has_as_many_events_in_every_command_and_format(film):
    count = rushes("cut", "all", "--json", cwd=film).json["events"]
    for path in sorted((film / "back/for-resolve").glob("all.*")):
        if path.suffix in (".otio", ".edl", ".xml", ".fcpxml", ".aaf"):
            _, made = taken(film, str(path), "--as", "back")
            assert (made["count"], made["found"]) == (count, count), path
            assert len(rushes("conform", "back", "--json", cwd=film).json["events"]) == count, "all have pictures"
    assert f"events  {count}\n" in (film / "back/for-resolve/all.README.txt").read_text(encoding="utf-8")
    assert f"{count} of {count} events found" in rushes("import", path, "--as", "back", cwd=film).err
    pulled = rushes("pull", "all", "--list", "--json", cwd=film).json["ranges"]
    pictures = {row["id"] for row in rushes("log", "kind:picture", "--json", cwd=film).json}
    assert sum(row["events"] for row in pulled if row["clip"] in pictures) == count


def as_suites_write_it(film: Path) -> str:
    """Our list as an editor's suite sends it back: events and names, and nothing that says a rate."""
    lines = (film / "back/for-resolve/all.edl").read_text(encoding="utf-8").splitlines()
    bare = [line for line in lines if not line.startswith("*") or line.startswith("* FROM CLIP NAME")]
    return sent(film, "\n".join(bare) + "\n", "real.edl")


def test_a_list_without_a_rate_is_compared_at_that_of_the_cut(film):
    same = rushes("diff", "all", as_suites_write_it(film), cwd=film)
    assert (same.code, same.out) == (0, "")
    assert "states no frame rate; it is counted at" in same.err
    assert "nothing changed" in same.err
    other = rushes("diff", "all", "real.edl", "--rate", "24", cwd=film)
    assert (other.code, "They run at 29.97 and 24 frames" in other.err) == (14, True)


def test_chapters_of_one_clip_are_that_clip_beside_its_one_proxy(film):
    assert {row["name"] for row in rushes("log", "GX010123", "--json", cwd=film).json} == {"GX010123.MP4"}
    assert rushes("export", "all", "--for", "resolve", "--media", "proxy", "--to", "proxies-back", cwd=film).code == 0
    for suffix in (".otio", ".edl", ".xml", ".fcpxml"):
        (file,) = (each for each in (film / "proxies-back").rglob(f"all{suffix}"))
        run = rushes("diff", "all", str(file), cwd=film)
        assert (run.code, run.out) == (0, ""), suffix
        assert "nothing changed" in run.err


def test_a_list_without_a_rate_is_conformed_at_that_of_its_clips(film):
    name = as_suites_write_it(film)
    for words in ((name,), (name, "--like", "all"), (name, "--rate", "30000/1001")):
        run = rushes("conform", *words, "--json", cwd=film)
        assert "states no frame rate" in run.err
        assert run.json["right"] == len(run.json["events"]) > 5, run.err


def test_lists_of_a_film_know_the_reels_of_all_of_it(film):
    with open_catalogue(film / ".rushes" / "catalogue.db") as catalogue:
        reels = known_reels(catalogue)
    rows = rushes("log", "--json", cwd=film).json
    assert reels == {(row["card"], row["reel"] or row["card"]) for row in rows}


def test_a_recorder_s_sound_is_found_by_the_tape_that_our_own_lists_call_its_reel(film):
    sound = rushes("log", "reel:19Y10M12", "--json", cwd=film).json
    assert {row["kind"] for row in sound} == {"sound"}
    assert {row["reel"] for row in sound} == {"19Y10M12"}
    wanted = next(row for row in sound if row["name"] == "12-T002.WAV")
    label = wanted["start_timecode"]
    text = (
        f"TITLE: sound\nFCM: DROP FRAME\n001  19Y10M12 A     C        {label} {label[:-2]}29 01:00:00;00 01:00:00;09\n"
    )
    _, made = taken(film, sent(film, text), "--rate", "30000/1001")
    assert [(each["clip"], each["by"]) for each in made["events"]] == [(wanted["id"], "reel and timecode")]


def test_a_list_of_an_editor_is_found_by_what_it_says_and_the_rest_is_named(film):
    run, made = taken(film, sent(film), "--rate", "25")
    first, second, third = made["events"]
    assert run.code == 1
    assert (first["line"], first["by"], first["record_in"]) == (4, "reel and timecode", "01:00:00:00")
    assert first["range"] == {"in": 5, "out": 30}
    assert second["clip"] is None
    assert second["candidates"] == []
    assert "C0099.MP4" in second["sentence"]
    assert third["clip"] is None
    assert len(third["candidates"]) == 2
    assert "no frames at the timecode" in third["sentence"]


def test_markers_new_names_and_notes_go_to_the_log_as_the_editors_word(film):
    _, made = taken(film, sent(film), "--rate", "25")
    clip = made["events"][0]["clip"]
    shown = rushes("show", clip, "--json", cwd=film).json
    assert shown["log"]["title"] == "The first light"
    assert shown["log"]["note"] == "use this one"
    assert {"in": 15, "out": 16, "note": "lovely here", "subject": ""} in shown["markers"]
    assert "reel 3" in shown["used_in"]
    said = history(film, clip)
    assert {each["field"] for each in said} == {"title", "note", "mark"}
    assert all(each["detail"].startswith("reel 3.edl, line ") for each in said)
    assert [row["id"] for row in rushes("log", '"first light" used:"reel 3"', "--json", cwd=film).json] == [clip]


def test_a_person_is_heard_above_an_editor_and_an_editor_above_a_camera_report(film):
    text = LIST.replace("A001     V", "A001R1AB V").replace("06:10:05:05 06:10:06:05", "08:21:59:20 08:21:59:29")
    name = sent(film, text.replace("SOURCE FILE: C0001.MP4", "SOURCE FILE: A001C002_191012_R1AB.mov", 1))
    _, made = taken(film, name, "--rate", "29.97")
    clip = made["events"][0]["clip"]
    assert rushes("show", clip, "--json", cwd=film).json["log"]["note"] == "use this one"
    assert rushes("set", f"id:{clip}", "note=mine", cwd=film).code == 0
    assert rushes("show", clip, "--json", cwd=film).json["log"]["note"] == "mine"


def test_the_same_file_again_changes_nothing(film):
    name = sent(film)
    _, before = taken(film, name, "--rate", "25")
    clip = before["events"][0]["clip"]
    said = history(film, clip)
    _, again = taken(film, name, "--rate", "25")
    assert again["unchanged"]
    assert (again["batch"], again["version"]) == (None, before["version"])
    assert history(film, clip) == said


def test_a_changed_file_replaces_what_its_import_had_said(film):
    name = sent(film)
    _, before = taken(film, name, "--rate", "25")
    clip = before["events"][0]["clip"]
    changed = LIST.replace("lovely here", "no, here").replace("use this one", "")
    _, after = taken(film, sent(film, changed), "--rate", "25")
    assert not after["unchanged"]
    assert after["version"] == before["version"], "marks and notes are no part of the cut"
    shown = rushes("show", clip, "--json", cwd=film).json
    assert shown["log"]["title"] == "The first light"
    assert shown["log"]["note"] != "use this one"
    assert [mark["note"] for mark in shown["markers"] if mark["in"] == 15] == ["no, here"]


def test_the_same_timeline_in_another_format_takes_nothing_back(film):
    _, before = taken(film, sent(film), "--rate", "25")
    clip = before["events"][0]["clip"]
    said = history(film, clip)
    other = next((film / "back").rglob("all.otio")).read_bytes()
    (film / "reel 3.otio").write_bytes(other)
    taken(film, "reel 3.otio")
    assert [each for each in history(film, clip) if each in said] == said
    assert rushes("show", clip, "--json", cwd=film).json["log"]["note"] == "use this one"


MARKERS = """TITLE: markers
001  001      V     C        10:00:00:00 10:00:00:01 01:00:00:00 01:00:00:01
 |C:ResolveColorBlue |M:look |D:1
"""


@pytest.mark.parametrize("text", [LIST.replace("C0001.MP4", "C0098.MP4").replace("A001 ", "B999 "), MARKERS])
def test_a_timeline_that_shows_no_clip_is_kept_as_a_cut_only_where_that_is_asked_for(film, text):
    run = rushes("import", sent(film, text), "--rate", "25", cwd=film)
    assert run.code == 1
    assert "kept as no cut, since it shows no clip of the log (--as NAME keeps it)" in run.err
    _, made = taken(film, sent(film, text), "--rate", "25", "--as", "kept")
    assert (made["cut"], made["version"]) == ("kept", 1)


def test_a_clip_that_is_doubted_is_named_with_exit_code_1(film):
    path = next((film / "back").rglob("all.edl"))
    text = re.sub(
        r"(?m)^(001 .*? C +)\S+ \S+", r"\g<1>15:00:00:00 15:00:00:05", path.read_text(encoding="utf-8"), count=1
    )
    run = rushes("import", sent(film, text, "doubt.edl"), cwd=film)
    assert run.code == 1
    assert "no such timecode" in run.err


def test_an_import_is_taken_back_and_can_be_made_again(film):
    name = sent(film)
    _, made = taken(film, name, "--rate", "25")
    clip = made["events"][0]["clip"]
    assert rushes("undo", cwd=film).code == 0
    assert rushes("show", clip, "--json", cwd=film).json["log"]["title"] is None
    _, again = taken(film, name, "--rate", "25")
    assert (again["unchanged"], again["version"]) == (False, made["version"])
    assert rushes("show", clip, "--json", cwd=film).json["log"]["title"] == "The first light"


def test_a_cut_of_ours_is_not_replaced_by_the_editors_file_of_its_name(film):
    path = str(next((film / "back").rglob("all.edl")))
    _, made = taken(film, path)
    assert made["cut"] == "all back"
    assert rushes("cut", "all", cwd=film).code == 0
    refused = rushes("import", path, "--as", "all", cwd=film)
    assert refused.code == 15
    assert "--as" in refused.err


def test_an_imported_cut_is_made_by_no_search_and_says_so(film):
    taken(film, sent(film), "--rate", "25")
    run = rushes("cut", "reel 3", cwd=film)
    assert run.code == 14
    assert "came from an editor and is made by no search" in run.err
    assert "`rushes paper 'reel 3'` writes" in run.err


def test_an_imported_cut_is_exported_with_what_was_found_at_its_place_and_the_rest_named(film):
    taken(film, sent(film), "--rate", "25")
    run = rushes("export", "reel 3", "--for", "avid", "--to", "out", "--json", cwd=film)
    assert run.code == 0
    assert "Events that were found in no clip of the log, left black: C0099.MP4, C0001.MP4." in run.json["notes"]
    _, made = taken(film, "out/reel 3.edl", "--as", "again")
    assert [(event["record_in"], event["range"]) for event in made["events"]] == [("01:00:00:00", {"in": 5, "out": 30})]


@pytest.mark.parametrize("suffix", [".otio", ".xml", ".fcpxml", ".aaf"])
def test_an_import_goes_out_and_comes_back_with_every_event(film, suffix):
    path = film / f"back/for-resolve/all{suffix}"
    _, made = taken(film, str(path), "--as", "once")
    assert rushes("export", "once", "--for", "resolve", "--to", "out", cwd=film).code == 0
    _, again = taken(film, f"out/once{suffix}", "--as", "twice")
    facts = ("kind", "track", "record_in", "clip", "range")
    seen, before = ([[event[fact] for fact in facts] for event in each["events"]] for each in (again, made))
    assert seen == before


def test_the_found_events_of_an_imported_cut_are_pulled_conformed_and_papered(film, tmp_path):
    taken(film, sent(film), "--rate", "25")
    listed = rushes("pull", "reel 3", "--list", "--json", cwd=film)
    assert [(row["name"], row["in"], row["frames"]) for row in listed.json["ranges"]] == [("C0001.MP4", 5, 25)]
    assert rushes("pull", "reel 3", "--to", tmp_path / "grade", cwd=film).code == 0
    looked = rushes("conform", "reel 3", "--json", cwd=film).json
    assert [event["record"] for event in looked["events"]] == ["01:00:00:00", "01:00:01:00", "01:00:02:00"]
    assert looked["events"][1]["sentence"] == "the import found no frames of a clip for it"
    paper = rushes("paper", "reel 3", cwd=film).out
    assert "06:10:05:05 06:10:06:05  | The first light" in paper
    (film / "p.txt").write_text(paper, encoding="utf-8")
    assert rushes("cut", "mine", "--paper", "p.txt", "--json", cwd=film).json["events"] == 1


def test_an_imported_cut_of_all_pictures_needs_the_ranges_of_ours(film):
    taken(film, str(next((film / "back").rglob("all.otio"))))
    ours, theirs = (rushes("pull", name, "--list", "--json", cwd=film).json for name in ("all", "all back"))
    assert sorted((row["file"], row["in"], row["frames"]) for row in ours["ranges"]) == sorted(
        (row["file"], row["in"], row["frames"]) for row in theirs["ranges"]
    )
    assert taken(film, "./" + sent(film, name="-a@1: b.edl"), "--rate", "25")[1]["cut"] == "_-a_1_ b"


def test_an_imported_cut_is_compared_with_ours_and_with_its_last_version(film):
    taken(film, str(next((film / "back").rglob("all.otio"))))
    (same,) = rushes("diff", "all", "all back", "--json", cwd=film).json
    assert same["changes"] == []
    taken(film, sent(film), "--rate", "25")
    shorter = LIST.replace("06:10:06:05 01:00:00:00 01:00:01:00", "06:10:05:20 01:00:00:00 01:00:00:15")
    taken(film, sent(film, shorter), "--rate", "25")
    (changed,) = rushes("diff", "reel 3", "--json", cwd=film).json
    assert [change["what"] for change in changed["changes"]] == [["trimmed"]]
    assert changed["changes"][0]["tail"] == -10


def test_used_finds_what_cuts_hold_in_their_newest_version(film):
    taken(film, sent(film), "--rate", "25", "--as", "reel-3")
    names = [row["name"] for row in rushes("log", "used:reel-3", "--json", cwd=film).json]
    assert names == ["C0001.MP4"]
    pictures = rushes("log", "kind:picture", "--json", cwd=film).json
    assert all("all" in row["used"] for row in pictures)
    assert rushes("cut", "all", "--sound", "camera", cwd=film).code == 0, "which lays no recorder's sound"
    assert {row["kind"] for row in rushes("log", "--json", "--", "-has:used", cwd=film).json} == {"sound"}
    counted = rushes("log", "--group-by", "used", "--json", cwd=film).json
    assert {row["used"]: row["clips"] for row in counted}["reel-3"] == 1
    taken(film, sent(film, LIST.replace("A001 ", "B999 ").replace("C0001", "C0098")), "--rate", "25", "--as", "reel-3")
    assert rushes("log", "used:reel-3", "--json", cwd=film).json == []


def test_a_list_without_a_rate_says_what_it_was_counted_at(film):
    run = rushes("import", sent(film), cwd=film)
    assert re.search(r"no frame rate; it is counted at \S+, that of the clips it names", run.err)


def test_the_table_names_every_event_and_the_words_what_was_lost(film):
    run = rushes("import", sent(film), "--rate", "25", cwd=film, env={"COLUMNS": "80"})
    assert run.code == 1
    lines = run.out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "3"]
    assert "1 of 3 events found" in run.err
    assert "event 2: No clip of the log fits 'C0099.MP4'" in run.err


def test_an_event_is_called_what_its_list_calls_it(film):
    name = sent(
        film, LIST.replace("001  A001", "012  A001").replace("002  AX", "007  AX").replace("003  AX", "035  AX")
    )
    run = rushes("import", name, "--rate", "25", cwd=film, env={"COLUMNS": "80"})
    assert [line.split()[0] for line in run.out.splitlines()[2:]] == ["12", "7", "35"]
    assert "event 7: No clip of the log fits 'C0099.MP4'" in run.err
    _, made = taken(film, name, "--rate", "25")
    assert [(each["event"], each["number"]) for each in made["events"]] == [(1, "12"), (2, "7"), (3, "35")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no timeline that is read here"),
        (b"\x00\xff\xfe rubbish", "no timeline that is read here"),
        (b"TITLE: nothing\nFCM: NON-DROP FRAME\n", "holds no events"),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><xmeml version="5">&a;', ""),
        (b"Heading\nFPS\t25\n", ""),
    ],
)
def test_what_is_no_timeline_is_refused_in_a_sentence(film, content, says):
    (film / "odd.edl").write_bytes(content)
    run = rushes("import", "odd.edl", cwd=film)
    assert 10 <= run.code < 40
    assert says in run.err
    assert "Traceback" not in run.err
    assert len(run.err.splitlines()) <= 2


def test_one_broken_file_of_several_is_named_and_the_others_are_taken(film):
    (film / "odd.edl").write_bytes(b"nothing")
    run = rushes("import", "odd.edl", sent(film), "--rate", "25", "--json", cwd=film)
    assert run.code == 1
    assert "no timeline" in run.json[0]["error"]
    assert len(run.json[1]["events"]) == 3


def test_names_of_any_letters_do_no_harm(film):
    odd = "\u202etxt.4PM \x1b[31m" + "ö" * 300 + "]]> <&\"'"
    text = LIST.replace("The first light", odd).replace("C0099.MP4", odd)
    run = rushes("import", sent(film, text), "--rate", "25", cwd=film)
    assert run.code == 1
    assert "\x1b" not in run.out + run.err
    assert "Traceback" not in run.err
