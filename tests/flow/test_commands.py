"""What other programs and people rely on: JSON shapes, exit codes, changes that can be undone."""

import csv
import io
import json
import subprocess
from pathlib import Path
from urllib.parse import unquote

import opentimelineio as otio
import pycmx
import pytest
from defusedxml.ElementTree import fromstring
from filming import BRISK, CARDS, PHONE, SAMPLES, SONY, empty_film, rushes

from pipeline.processes.ffmpeg import find_ffmpeg

LOG_KEYS = {
    "id": str, "name": str, "card": str, "path": str, "camera": (str, type(None)), "camera_model": (str, type(None)),
    "unit": (str, type(None)), "location": (str, type(None)), "subject": list, "shoot_day": (str, type(None)),
    "recorded_at": (str, type(None)), "start_timecode": (str, type(None)), "rate": str, "frames": int,
    "duration": float, "rating": (int, type(None)), "note": (str, type(None)), "status": str, "warnings": list,
}  # fmt: skip


def ids(film, *query):
    return [row["id"] for row in rushes("log", "--json", *query, cwd=film).json]


# --- the log --------------------------------------------------------------------------------------


def test_log_json_is_an_array_of_objects_with_the_promised_keys(shoot):
    rows = rushes("log", "--json", cwd=shoot).json
    assert len(rows) == 13
    for row in rows:
        for key, kind in LOG_KEYS.items():
            assert isinstance(row[key], kind), (key, row[key])
        assert row["status"] in ("logged", "ready", "failed", "offline", "no_decoder")
        assert round(row["duration"], 3) == row["duration"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("location:vienna camera:A", {"A001C001_191012_R1AB.mov", "A001C002_191012_R1AB.mov"}),
        ('subject:"coach interview" rate:50', {"C0001.MP4", "C0002.MP4"}),
        ("name:C0001 location:kaptagat", {"C0001.MP4"}),
        ("at:07:30..08:00 location:vienna", {"IMG_0007.MOV"}),
        ("kind:sound", {"12-T001.WAV", "12-T002.WAV"}),
        ("rating:>=4", {"A001C001_191012_R1AB.mov"}),
        ("has:note -circled:yes", {"A001C002_191012_R1AB.mov"}),
        ("gx010123 or img_0007", {"GX010123.MP4", "IMG_0007.MOV"}),
        ("missing:start_timecode", {"IMG_0007.MOV", "DJI_0004.MP4"}),
        ("start_timecode:08:20:00;00", {"A001C001_191012_R1AB.mov"}),
        ("shot:2019-10 duration:>1.8s", {"IMG_0007.MOV", "12-T001.WAV"}),
        ("-status:ready", set()),
    ],
)
def test_searches_of_the_sample_shoot_find(shoot, query, names):
    run = rushes("log", "--json", query, cwd=shoot)
    assert run.code == 0
    assert {row["name"] for row in run.json} == names


def test_group_by_gives_clips_running_time_and_days(shoot):
    groups = rushes("log", "--json", "--group-by", "location,subject", cwd=shoot).json
    [coach] = [row for row in groups if (row["location"], row["subject"]) == ("Vienna", "Coach interview")]
    assert coach == {
        "location": "Vienna", "subject": "Coach interview", "clips": 2, "duration": 2.6,
        "first_day": "2019-10-12", "last_day": "2019-10-12",
    }  # fmt: skip


def test_csv_has_a_header_and_the_chosen_columns(shoot):
    text = rushes("log", "--csv", "--columns", "name,subject,duration", "camera:C", cwd=shoot).out
    assert list(csv.reader(io.StringIO(text)))[:2] == [
        ["name", "subject", "duration"], ["C0001.MP4", "Coach interview; Interviews", "1.4"],
    ]  # fmt: skip


def test_sort_limit_and_columns(shoot):
    rows = rushes("log", "--json", "--sort", "-duration", "--limit", "2", "--columns", "name,duration", cwd=shoot).json
    assert [row["name"] for row in rows] == ["GX010123.MP4", "IMG_0007.MOV"]


def test_the_table_has_day_headings_and_totals_and_fits(shoot):
    out = rushes("log", cwd=shoot).out
    assert "2019-08-14" in out
    assert "13 clips, 20 s" in out
    assert max(map(len, out.splitlines())) <= 200


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("loction:vienna", 12, "did you mean 'location'"),
        ("(vienna", 12, "^"),
        ("rating:>=many", 12, "rating"),
        ("duration:>", 12, "^"),
    ],
)
def test_a_broken_search_is_refused_with_the_place_marked(shoot, query, code, says):
    run = rushes("log", "--json", query, cwd=shoot)
    assert run.code == code
    assert says in run.err
    assert run.json == {"error": run.err.removeprefix("rushes: ").rstrip("\n"), "exit_code": code}


def test_a_search_that_finds_nothing_says_how_an_id_is_asked_for(shoot):
    [one] = ids(shoot, "name:img_0007")
    assert rushes("log", one[:8], cwd=shoot).err == f"Nothing in the log fits; id:{one[:8]} asks for an id.\n"
    assert rushes("log", "nowhere", cwd=shoot).err == "Nothing in the log fits.\n"


def test_explain_says_what_was_understood(shoot):
    run = rushes("log", "--explain", "location:vienna -rating:<3", cwd=shoot)
    assert run.code == 0
    assert "vienna" in run.out.lower()
    assert "not" in run.out.lower()


def test_the_film_is_found_from_below_and_by_option_in_both_places(shoot, tmp_path):
    below = rushes("log", "--json", cwd=shoot / "ingest")
    before = rushes("--film", shoot, "log", "--json", cwd=tmp_path)
    after = rushes("log", "--json", "--film", shoot, cwd=tmp_path)
    assert below.json == before.json == after.json
    assert rushes("log", cwd=tmp_path).code == 10


def test_the_shell_completes_commands_fields_and_values(shoot):
    def complete(words):
        typed = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_RUSHES_COMPLETE": "bash_complete"}
        return rushes(cwd=shoot, env=typed).out

    assert "plain,watch" in complete("rushes wa")
    assert "plain,location:" in complete("rushes log loc")
    assert complete("rushes log location : vi") == "plain,Vienna\n", "bash breaks words at a colon"
    assert complete("rushes log 'location:vi") == "plain,location:Vienna\n", "but not within quotes"
    assert complete("rushes log camera:A subject : coa") == 'plain,"Coach interview"\n'
    assert "plain,note" in complete("rushes log has : no").splitlines()
    assert "plain,subject=" in complete("rushes set id : d82 sub").splitlines()
    assert complete("rushes set id : d82 location = vi") == "plain,Vienna\n"
    one = rushes("log", "--json", cwd=shoot).json[0]
    assert f"plain,{one['name']}" in complete(f"rushes show {one['name'][:3].lower()}").splitlines()
    assert f"plain,{one['id']}" in complete(f"rushes mark {one['id'][:5]}").splitlines()
    assert complete("rushes show ingest/") == "file,ingest/\n", "the shell knows what lies there"


def test_a_clip_of_a_single_frame_lasts_one_frame_wherever_it_is_told(tmp_path):
    film = empty_film(tmp_path / "film", BRISK + "\n[proxies]\npresets = []\nstills = false\n")
    for number in range(4):
        clip = film / "ingest" / "A001" / f"C000{number}.MOV"
        clip.parent.mkdir(exist_ok=True)
        source = ["-f", "lavfi", "-i", f"testsrc=rate=25:size={64 + 16 * number}x64", "-frames:v", "1"]
        subprocess.run([find_ffmpeg(), "-v", "error", *source, "-c:v", "mpeg4", clip], check=True)
    assert rushes("ingest", cwd=film).code == 0
    *rows, total = rushes("log", "name:C000", "--columns", "name,duration", cwd=film).out.splitlines()
    assert [line.split()[-2:] for line in rows[-4:]] == [["1", "fr"]] * 4
    assert total == "4 clips, 0.2 s"
    assert rushes("log", "C0002", cwd=film).out.endswith("1 clip, 40 ms\n")
    assert rushes("show", "C0002", cwd=film).out.startswith("C0002.MOV  (40 ms, 1 frame at 25)\n")
    assert rushes("facts", "ingest", cwd=film).out.count("  1 fr\n") == 4


# --- by hand --------------------------------------------------------------------------------------


def test_a_persons_word_wins_shows_its_source_and_can_be_undone(own_shoot):
    assert rushes("set", "name:IMG_0007", "location=Prater", "rating=5", "subject+=Coach", cwd=own_shoot).code == 0
    [row] = rushes("log", "--json", "rating:5", cwd=own_shoot).json
    assert (row["location"], row["subject"]) == ("Prater", ["Coach", "Morning run", "Running"])
    shown = rushes("show", row["id"][:8], cwd=own_shoot).out
    assert "Prater   [person" in shown
    assert rushes("ingest", cwd=own_shoot).code == 0
    assert rushes("log", "--json", "rating:5", cwd=own_shoot).json == [row]
    assert rushes("undo", cwd=own_shoot).code == 0
    [row] = rushes("log", "--json", "name:IMG_0007", cwd=own_shoot).json
    assert (row["location"], row["rating"], row["subject"]) == ("Vienna", None, ["Morning run", "Running"])


def test_one_of_many_subjects_is_taken_out_and_a_value_cleared(own_shoot):
    assert rushes("set", "name:IMG_0007", "subject-=running", "location=", cwd=own_shoot).code == 0
    [row] = rushes("log", "--json", "name:IMG_0007", cwd=own_shoot).json
    assert (row["location"], row["subject"]) == (None, ["Morning run"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("set", "camera:A", "rating=7"), 14),
        (("set", "camera:A", "frames=7"), 14),
        (("set", "camera:A", "colour=red"), 14),
        (("set", "camera:A", "rating+=1"), 14),
        (("set", "camera:Q", "rating=1"), 13),
        (("set", "rating=1"), 2),
        (("mark", "zz", "0", "5"), 13),
        (("undo",), 13),
        (("show", "zz"), 13),
        (("export", "nothing"), 13),
        (("cut", "x", "camera:Q"), 13),
        (("cut", "x", "camera:A", "--rate", "29.5"), 14),
        (("cut", "x", "camera:A", "--as", "intercut"), 2),
        (("cut", "x/y", "camera:A"), 14),
        (("log", "--columns", "colour"), 14),
        (("lgo",), 2),
        (("init", "."), 15),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_changes_nothing(shoot, arguments, code):
    before = rushes("log", "--json", cwd=shoot).out
    run = rushes(*arguments, cwd=shoot)
    assert run.code == code, run.err
    assert run.err.strip()
    assert "Traceback" not in run.err
    assert rushes("log", "--json", cwd=shoot).out == before


@pytest.mark.parametrize("span", [("30", "5"), ("0", "41"), ("06:10:05:10", "06:10:05:05")])
def test_a_range_outside_its_clip_is_refused_with_all_that_it_has(shoot, span):
    [sunrise] = ids(shoot, "name:C0001 location:kaptagat")
    run = rushes("mark", sunrise, *span, cwd=shoot)
    assert run.code == 14
    assert "both within frames 0 to 40, 06:10:05:00 to 06:10:06:15." in run.err


def test_commands_of_one_clip_take_its_name_or_the_path_of_its_file(own_shoot):
    row = rushes("log", "--json", "name:IMG_0007", cwd=own_shoot).json[0]
    file = own_shoot / row["path"]
    for called, folder in (
        ("img_0007", own_shoot), ("IMG_0007.MOV", own_shoot), (row["path"], own_shoot), (file, own_shoot.parent),
        (f"../{file.parent.name}/{file.name}", file.parent),
    ):  # fmt: skip
        assert rushes("show", called, "--json", "--film", own_shoot, cwd=folder).json["id"] == row["id"], called
    assert rushes("mark", "IMG_0007", "3", "9", cwd=own_shoot).code == 0
    assert rushes("show", row["id"], "--json", cwd=own_shoot).json["markers"][0]["in"] == 3
    assert rushes("clock", "set", "--slate", "GX010123", "09:12:00", cwd=own_shoot).code == 0
    run = rushes("mark", "C0001", "3", "9", cwd=own_shoot)
    assert (run.code, run.out) == (13, "")
    assert run.err.startswith("rushes: 'C0001' is 2 clips; write the id of one: 2019-08-14_Kaptagat_Morning run_A001/")


def test_a_marked_range_is_found_shown_and_cut_with_handles(own_shoot):
    [clip] = ids(own_shoot, "name:GX010123")
    assert rushes("mark", clip[:8], "60", "120", "--note", "crosses the joint", cwd=own_shoot).code == 0
    assert rushes("mark", clip[:8], "09:12:30;10", "09:12:30;20", cwd=own_shoot).code == 0
    shown = rushes("show", clip, "--json", cwd=own_shoot).json
    assert [(mark["in"], mark["out"]) for mark in shown["markers"]] == [(10, 20), (60, 120)]
    assert ids(own_shoot, "joint") == [clip]
    cut = rushes("cut", "joint", "joint", "--as", "selects", "--handles", "5", "--json", cwd=own_shoot).json
    assert cut["events"] == 3, "the joint of two chapters makes two events of one range"
    assert rushes("mark", clip, "100", "100", cwd=own_shoot).code == 14


def test_forgotten_clips_leave_the_log_but_not_the_disk(own_shoot):
    media = sorted(path for path in (own_shoot / "ingest").rglob("*"))
    assert rushes("forget", "camera:A", cwd=own_shoot).code == 0
    assert ids(own_shoot, "camera:A") == []
    assert sorted(path for path in (own_shoot / "ingest").rglob("*")) == media
    assert rushes("ingest", cwd=own_shoot).code == 0
    assert ids(own_shoot, "camera:A") == [], "what was forgotten stays forgotten"
    assert rushes("undo", cwd=own_shoot).code == 0
    assert len(ids(own_shoot, "camera:A")) == 4


# --- cards, status, facts, doctor -----------------------------------------------------------------


def test_cards_json_has_the_promised_keys(shoot):
    cards = rushes("cards", "--json", cwd=shoot).json
    keys = {
        "name",
        "path",
        "camera",
        "unit",
        "shoot_day",
        "clips",
        "duration",
        "bytes",
        "state",
        "warnings",
        "proxies_done",
        "proxies_wanted",
    }
    assert all(keys <= set(card) for card in cards)
    assert {card["state"] for card in cards} == {"ready"}
    assert sum(card["clips"] for card in cards) == 13


def test_status_without_a_head_says_so_and_what_is_left(shoot):
    run = rushes("status", cwd=shoot)
    assert run.code == 0
    assert "Nothing is running" in run.out
    assert rushes("status", "--json", cwd=shoot).json["clips"] == {"ready": 13}


def test_facts_are_keyed_by_path_as_given_and_an_unusable_file_has_an_error(tmp_path):
    clip = next((SAMPLES / PHONE.name).rglob("*.MOV"))
    broken = tmp_path / "text.mov"
    broken.write_text("no media")
    run = rushes("facts", "--json", clip, "text.mov", "gone.mov", cwd=tmp_path)
    assert run.code == 1
    assert set(run.json) == {str(clip), "text.mov", "gone.mov"}
    assert run.json[str(clip)]["gps"] == [48.2167, 16.3967]
    assert set(run.json["text.mov"]) == set(run.json["gone.mov"]) == {"error"}
    assert rushes("facts", "--json", clip, cwd=tmp_path).code == 0


def test_facts_take_sidecars_and_whole_folders(tmp_path):
    found = rushes("facts", "--json", SAMPLES / SONY.name, cwd=tmp_path).json
    clips = {name: facts for name, facts in found.items() if name.endswith("C0001.MP4")}
    [facts] = clips.values()
    assert facts["start_timecode"] == "06:10:05:00"
    assert facts["sources"]["start_timecode"]["where"]


def test_doctor_finds_a_sound_film_sound(shoot):
    run = rushes("doctor", "--json", cwd=shoot)
    assert run.code == 0, run.out
    named = {finding["what"] for finding in run.json}
    assert {"ffmpeg", "protection", "encoders", "catalogue", "space", "clock", "zone"} <= named


def test_doctor_names_a_missing_ffmpeg(shoot):
    run = rushes("doctor", cwd=shoot, env={"RUSHES_FFMPEG": "/nowhere/ffmpeg"})
    assert run.code == 1
    assert "/nowhere/ffmpeg" in run.out


# --- cuts -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cuts(shoot, tmp_path_factory):
    """An intercut of both places, exported; the film itself is a copy."""
    import shutil

    film = tmp_path_factory.mktemp("cuts") / "film"
    shutil.copytree(shoot, film)
    query = "(location:kaptagat or location:vienna) kind:picture"
    assert (
        rushes("cut", "two places", query, "--as", "intercut", "--by", "location", "--rate", "25", cwd=film).code == 0
    )
    run = rushes("export", "two places", "--json", cwd=film)
    assert run.code == 0, run.err
    return film, run.json


def test_an_intercut_alternates_the_places(cuts):
    film, _ = cuts
    timeline = otio.adapters.read_from_file(str(film / "timelines" / "two places.otio"))
    places = [clip.metadata["rushes"]["log"]["location"] for clip in timeline.video_tracks()[0].find_clips()]
    # One of each in turn until one place has none left; the two chapters of a recording stay together.
    turns = [place for index, place in enumerate(places) if index == 0 or place != places[index - 1]]
    assert turns[:10] == ["Kaptagat", "Vienna"] * 5


def test_every_reference_of_a_cut_points_to_a_file_in_source_timecode(cuts):
    film, _ = cuts
    timeline = otio.adapters.read_from_file(str(film / "timelines" / "two places.otio"))
    assert otio.opentime.to_timecode(timeline.global_start_time, 25.0, False) == "01:00:00:00"
    for clip in timeline.find_clips():
        references = clip.media_references()
        alone = clip.metadata["rushes"]["kind"] == "sound"  # what a recorder took down has no proxy
        assert set(references) == ({"DEFAULT_MEDIA"} if alone else {"DEFAULT_MEDIA", "proxy"})
        for reference in references.values():
            assert (film / reference.target_url).is_file()
            assert reference.available_range.contains(clip.source_range.start_time)
        assert set(clip.metadata) == {"rushes"}


def test_files_carry_the_name_of_the_cut_and_a_flavour_is_a_folder(cuts):
    film, exported = cuts
    names = {path.rpartition("/")[2] for path in exported["files"]}
    assert names == {f"two places{suffix}" for suffix in (".otio", ".otioz", ".edl", ".README.txt")}
    assert rushes("export", "two places", "--for", "all", cwd=film).code == 0
    tables = [f"two places.{rate}fps.ale" for rate in ("23.976", "25", "29.97", "50", "59.94")]
    listed = {path.name for path in (film / "timelines" / "for-avid").iterdir()}
    assert listed == {
        "two places.aaf", *tables, "two places.edl", "two places.File_32.edl", "two places.README.txt",
    }  # fmt: skip
    assert (film / "timelines" / "for-resolve" / "two places.otio").is_file()
    assert (film / "timelines" / "for-avid" / "two places.edl").is_file()
    assert not [path for path in (film / "timelines").rglob("*") if path.name.startswith(".")]


def test_final_cut_and_resolve_get_the_clock_that_each_reads(cuts):
    film, _ = cuts
    assert rushes("export", "two places", "--for", "all", cwd=film).code == 0
    starts = {}
    for editor in ("fcp", "resolve"):
        root = fromstring((film / "timelines" / f"for-{editor}" / "two places.fcpxml").read_bytes())
        for asset in root.findall("resources/asset"):
            starts.setdefault(asset.get("name"), []).append(asset.get("start"))
            for file in asset.findall("media-rep"):
                assert Path(unquote(file.get("src").removeprefix("file://"))).is_file()
    sony, others = starts["C0001.MP4"], starts["A001C001_191012_R1AB.mov"]
    assert set(sony) > {"0s"}, "Sony's timecode stands in a sidecar alone"
    assert sony[0] == "0s"
    assert len(set(others)) == 1, "a timecode track is read by both"
    assert others[0] != "0s"


def test_the_edl_reads_in_another_program_with_the_same_events(cuts):
    film, _ = cuts
    with (film / "timelines" / "two places.edl").open() as file:
        edl = pycmx.parse_cmx3600(file)
    timeline = otio.adapters.read_from_file(str(film / "timelines" / "two places.otio"))
    assert edl.title == "two places"
    clips = list(timeline.video_tracks()[0].find_clips())
    pictures = [event for event in edl.events if event.edits[0].channels.video]
    assert [event.edits[0].clip_name for event in pictures] == [clip.name for clip in clips]
    assert len({event.edits[0].source for event in pictures if event.edits[0].clip_name == "C0001.MP4"}) == 2


def test_a_film_that_was_moved_is_exported_with_its_new_place(own_shoot):
    assert rushes("cut", "all", "kind:picture", cwd=own_shoot).code == 0
    assert rushes("export", "all", cwd=own_shoot).code == 0
    timeline = otio.adapters.read_from_file(str(own_shoot / "timelines" / "all.otio"))
    paths = [reference.target_url for clip in timeline.find_clips() for reference in clip.media_references().values()]
    assert all(Path(path).is_relative_to(own_shoot) for path in paths)


def test_a_bundle_opens_with_its_proxies_inside(cuts, tmp_path):
    film, _ = cuts
    bundle = film / "timelines" / "two places.otioz"
    (tmp_path / "opened").mkdir()
    opened = otio.adapters.read_from_file(str(bundle), extract_to_directory=str(tmp_path / "opened"))
    urls = [clip.media_reference.target_url for clip in opened.find_clips()]
    assert urls
    assert all((tmp_path / "opened" / url).is_file() for url in urls)


def test_a_cut_made_again_names_what_is_new(own_shoot):
    first = rushes("cut", "runs", "subject:running", "--json", cwd=own_shoot).json
    rushes("set", "name:B001C001", "subject+=Running", cwd=own_shoot)
    again = rushes("cut", "runs", "--json", cwd=own_shoot).json
    assert (first["version"], again["version"]) == (1, 2)
    assert again["new"] == ids(own_shoot, "name:B001C001")
    [clip] = ids(own_shoot, "name:B001C001")
    assert "runs" in rushes("show", clip, "--json", cwd=own_shoot).json["used_in"]


def test_an_export_goes_where_it_is_told_and_for_whom(cuts, tmp_path):
    film, _ = cuts
    run = rushes("export", "two places", "--for", "premiere", "-o", tmp_path / "out", "--json", cwd=film)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"two places{suffix}" for suffix in (".otio", ".xml", ".edl", ".aaf", ".batch.csv", ".README.txt")
    }
    assert json.loads(run.out)["files"]


@pytest.mark.parametrize("folder", ["ingest", "ingest/later", "proxies"])
def test_no_export_lies_beside_media(cuts, folder):
    film, _ = cuts
    run = rushes("export", "two places", "--to", folder, cwd=film)
    assert (run.code, run.out) == (32, "")
    assert "name another folder with --to" in run.err
    assert not list((film / folder).glob("two places*"))


def test_the_page_of_a_clip_says_what_each_suite_makes_of_its_proxy(shoot):
    [sunrise] = ids(shoot, "name:C0001 location:kaptagat")
    page = rushes("show", sunrise, cwd=shoot).out
    assert "attaches in Premiere, Final Cut, Kdenlive; Resolve by hand (folder); Avid no (container)" in page


def test_the_help_of_every_command_is_there(shoot):
    from pipeline.cli.main import COMMANDS

    for name, _, _ in COMMANDS:
        run = rushes(name, "--help", cwd=shoot)
        assert run.code == 0
        assert "Usage: rushes" in run.out
    names = [name for name, _, _ in COMMANDS]
    assert sorted(set(names)) == sorted(names), "each is listed once"


def test_the_sample_settings_hold_for_cards_dropped_as_they_are(shoot):
    assert len(CARDS) >= 6
    assert len(rushes("cards", "--json", cwd=shoot).json) == len(CARDS)
