"""Day reels, subjects, titles, recorders' sound, paper edits and versions, as a person asks for them."""

import csv
import io
import shutil

import opentimelineio as otio
import pytest
from filming import CARDS, new_film, rushes


@pytest.fixture(scope="module")
def shoot(tmp_path_factory):
    """A film of all sample cards, logged; nothing is made but facts."""
    film = new_film(
        tmp_path_factory.mktemp("assembly") / "film",
        *CARDS,
        settings="[ingest]\nsettle = 1.0\n[proxies]\nstills = false\npresets = []\n",
    )
    run = rushes("ingest", cwd=film)
    assert run.code == 0, run.err
    return film


@pytest.fixture
def film(shoot, tmp_path):
    shutil.copytree(shoot, tmp_path / "film")
    return tmp_path / "film"


def timeline(film, name):
    """A cut as OTIO's own reader finds it."""
    run = rushes("export", name, "--for", "premiere", cwd=film)
    assert run.code == 0, run.err
    return otio.adapters.read_from_file(str(film / "timelines" / "for-premiere" / f"{name}.otio"))


def test_day_reels_are_a_timeline_for_each_day(film):
    said = rushes("cut", "reels", "status:*", "--as", "days", "--json", cwd=film).json
    names = ["reels 2019-08-14", "reels 2019-08-15", "reels 2019-10-12"]
    assert said["timelines"] == names
    files = rushes("export", "reels", "--for", "premiere", "--json", cwd=film).json["files"]
    assert {file.rpartition("/")[2].partition(".")[0] for file in files} == set(names)
    one = rushes("export", names[1], "--for", "premiere", cwd=film)
    assert {line.rpartition("/")[2].partition(".")[0] for line in one.out.splitlines()} == {names[1]}
    assert rushes("export", "reels 2019-08-16", cwd=film).code == 13
    assert len(timeline(film, "reels 2019-08-15").video_tracks()[0]) == 3


def test_a_day_that_is_no_longer_in_the_reels_goes_from_the_exports(film):
    assert rushes("cut", "reels", "status:*", "--as", "days", cwd=film).code == 0
    assert rushes("export", "reels", cwd=film).code in (0, 25)
    again = rushes("cut", "reels", "shot:2019-08", "--as", "days", cwd=film)
    assert "no longer in it: IMG_0007.MOV" in again.err


def test_an_interview_pack_has_all_clips_of_each_subject(film):
    said = rushes("cut", "pack", "subject:interviews", "--as", "subjects", "--json", cwd=film).json
    assert said["timelines"] == ["pack Coach interview", "pack Interviews"]
    assert len(timeline(film, "pack Coach interview").video_tracks()[0]) == 4


def test_titles_are_black_with_a_marker(film):
    assert rushes("cut", "all", "kind:picture", "--titles", "--rate", "25", cwd=film).code == 0
    cut = timeline(film, "all")
    assert [(mark.name, mark.marked_range.duration.value) for mark in cut.tracks.markers] == [
        ("2019-08-14, Kaptagat", 50), ("2019-08-15, Kaptagat", 50), ("2019-10-12, Vienna", 50),
    ]  # fmt: skip
    assert isinstance(cut.video_tracks()[0][0], otio.schema.Gap)
    assert rushes("cut", "all", "kind:picture", "--titles", "--by", "subject", "--rate", "25", cwd=film).code == 0
    assert timeline(film, "all").tracks.markers[0].name == "Morning run, Running"
    refused = rushes("cut", "all", "kind:picture", "--titles", "--by", "weather", cwd=film)
    assert (refused.code, "'weather' is no field" in refused.err) == (14, True)


def test_the_recorder_s_sound_is_shown_found_and_laid_to_the_frame(film):
    """12-T001.WAV begins 10 frames before A001C001 and ends 9 after it; 12-T002.WAV 8 before A001C002, 1 after it."""
    found = rushes("log", "has:sound", "--json", cwd=film).json
    assert [row["name"][:8] for row in found] == ["A001C001", "A001C002"]
    (beside,) = rushes("show", found[0]["id"], "--json", cwd=film).json["beside"]
    assert (beside["name"], beside["begins"], beside["certain"]) == ("12-T001.WAV", -0.333667, True)
    page = rushes("show", beside["id"], cwd=film).out
    assert "begins 10 frames before the picture, ends 9 frames after it" in page
    assert rushes("cut", "pace", "name:a001c00 or kind:sound", "--start", "01:00:00;00", cwd=film).code == 0
    laid = [
        (clip.name, round(clip.range_in_parent().start_time.value), round(clip.source_range.start_time.value))
        for track in timeline(film, "pace").audio_tracks()
        for clip in track.find_clips()
        if clip.name.endswith(".WAV")
    ]
    first = (20 * 60 + 8 * 3600) * 30 - 2 * (500 - 50)  # 08:20:00;00 in frames
    pictures = timeline(film, "pace").video_tracks()[0]
    starts = [round(clip.source_range.start_time.value) for clip in pictures.find_clips()]
    assert starts[0] == first
    assert laid == [("12-T001.WAV", 0, starts[0]), ("12-T002.WAV", 36, starts[1])]


@pytest.mark.parametrize(("which", "tracks", "clips"), [("camera", 4, 4), ("recorder", 1, 2), ("both", 5, 2)])
def test_one_chooses_whose_sound_is_laid(film, which, tracks, clips):
    assert rushes("cut", "pace", "name:a001c00 or kind:sound", "--sound", which, cwd=film).code == 0
    cut = timeline(film, "pace")
    assert len(cut.audio_tracks()) == tracks
    assert len(cut.video_tracks()[0]) == clips, "sound alone leaves a gap where it stands by itself"


def test_sound_of_another_unit_is_none_of_it_and_of_none_is_named(film):
    assert rushes("set", "kind:sound", "unit=second", cwd=film).code == 0
    assert rushes("log", "has:sound", "--json", cwd=film).json == []
    assert rushes("undo", cwd=film).code == 0
    assert len(rushes("log", "has:sound", "--json", cwd=film).json) == 2


def test_a_cut_written_as_a_paper_edit_is_the_same_cut_again(film):
    assert rushes("cut", "all", "status:*", "--rate", "25", cwd=film).code == 0
    paper = rushes("paper", "all", cwd=film).out
    assert "[2019-10-12, Vienna]" in paper
    (film / "all.txt").write_text(paper, encoding="utf-8")
    assert rushes("cut", "again", "--paper", "all.txt", "--rate", "25", cwd=film).code == 0
    assert rushes("diff", "all", "again", "--json", cwd=film).json == [
        {"timeline": "", "changes": [], "shifted": [], "not_carried": []}
    ]
    assert rushes("paper", "again", cwd=film).out.splitlines()[2:] == paper.splitlines()[2:]


def test_a_paper_edit_stays_what_it_was_when_names_come_twice(film):
    (film / "p.txt").write_text("[One]\nIMG_0007 0:00 0:01 | the phone\nDJI_0004.MP4\n", encoding="utf-8")
    made = rushes("cut", "p", "--paper", "p.txt", "--titles", "--json", cwd=film)
    assert (made.json["events"], made.json["query"]) == (2, "")
    assert [mark.name for mark in timeline(film, "p").tracks.markers] == ["One"]
    assert "da73c7c54ac0:IMG_0007.MOV  0 29  | the phone" in rushes("paper", "p", cwd=film).out
    again = rushes("cut", "p", cwd=film)
    assert "version 2: 2 events of 2 clips" in again.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nosuch 0 1", "Line 1: 'nosuch' is no clip of the log"),
        ("\nC0001 0 1", "Line 2: 'C0001' is 2 clips; write the id of one: 2019-"),
        ("2019-10-12_Vienna_Coach interview_C001/C0001 0 9:00", "is no range within C0001.MP4"),
        ("", "is empty"),
        ("# nothing else", "names no clip"),
    ],
)
def test_a_paper_edit_that_cannot_be_cut_is_refused_in_a_sentence(film, text, words):
    (film / "p.txt").write_text(text, encoding="utf-8")
    run = rushes("cut", "p", "--paper", "p.txt", cwd=film)
    assert run.code in (13, 14)
    assert words in run.err
    assert len(run.err.strip().splitlines()) == 1


def test_what_is_no_text_or_not_there_is_refused(film):
    (film / "p.bin").write_bytes(b"\xff\xfe\x00")
    assert rushes("cut", "p", "--paper", "p.bin", cwd=film).code == 14
    assert rushes("cut", "p", "--paper", "gone.txt", cwd=film).code == 31
    assert rushes("cut", "p", "status:*", "--paper", "p.bin", cwd=film).code == 2


def test_versions_are_compared_as_they_were_made(film):
    (clip,) = rushes("log", "name:img_0007", "--json", cwd=film).json
    assert rushes("mark", clip["id"], "10", "30", cwd=film).code == 0
    assert rushes("cut", "best", "kind:picture", "--as", "selects", "--rate", "25", cwd=film).code == 0
    assert rushes("diff", "best", cwd=film).code == 13, "there is one version"
    assert rushes("undo", cwd=film).code == 0
    assert rushes("mark", clip["id"], "5", "30", cwd=film).code == 0
    made = rushes("cut", "best", cwd=film)
    assert "edits since version 1: 1 trimmed; 'rushes diff best' lists them" in made.err
    (said,) = rushes("diff", "best", "--json", cwd=film).json
    (change,) = [each for each in said["changes"] if "trimmed" in each["what"]]
    assert (change["head"], change["tail"]) == (4, 0)
    rows = list(csv.DictReader(io.StringIO(rushes("diff", "best@1", "best@2", "--csv", cwd=film).out)))
    assert [(row["What"], row["Clip"], row["Head"]) for row in rows] == [
        ("trimmed", "IMG_0007.MOV", "+4"), ("shifted", rows[1]["Clip"], ""),
    ][: len(rows)]  # fmt: skip
    assert rushes("diff", "best@1", "best@1", cwd=film).err.strip() == "From best@1 to best@1: nothing changed."
    assert rushes("diff", "best@1", "best@9", cwd=film).code == 13
    assert rushes("cut", "best", cwd=film).code == 0
    assert rushes("diff", "best@2", cwd=film).err.startswith("From best@1 to best@2: 1 trimmed")
    assert "is the first version" in rushes("diff", "best@1", cwd=film).err
    refused = rushes("cut", "best@2", cwd=film)
    assert (refused.code, "'rushes cut best' makes the next" in refused.err) == (14, True)
    assert rushes("diff", "best@1", "best@2", "--markdown", cwd=film).out.startswith("| What | Clip |")


def test_every_command_that_takes_a_cut_takes_a_version_of_it(film):
    clips = [row["id"] for row in rushes("log", "kind:picture", "--json", cwd=film).json]
    for found in (f"id:{clips[1]} or id:{clips[2]}", f"id:{clips[1]}"):
        assert rushes("cut", "best", found, cwd=film).code == 0
    for words in (["pull", "--list"], ["conform"]):
        for name, count in (("best", 1), ("best@2", 1), ("best@1", 2)):
            run = rushes(words[0], name, *words[1:], "--json", cwd=film)
            rows = run.json["ranges" if words[0] == "pull" else "events"]
            assert len({row["clip"] for row in rows}) == count, (words, name)
    assert len(rushes("paper", "best@1", cwd=film).out.splitlines()) > len(
        rushes("paper", "best", cwd=film).out.splitlines()
    )
    for name in ("best", "best@1"):
        assert rushes("export", name, "--for", "avid", "--to", "out", cwd=film).code == 0
    assert (film / "out/best.edl").read_text() != (film / "out/best@1.edl").read_text(), "which lies beside it"
    checked = rushes("check", "best@1", "--for", "avid", cwd=film)
    assert checked.code == 0
    assert "best@1.edl: nothing found." in checked.err
    for command in ("export", "paper", "conform", "pull", "check"):
        run = rushes(command, "best@9", *{"pull": ["--list"], "check": ["--for", "avid"]}.get(command, []), cwd=film)
        assert (run.code, "There is no version 9 of 'best'; the newest is 2." in run.err) == (13, True), command
    for command in (["check", "nosuch", "--for", "avid"], ["conform", "nosuch.otio"], ["diff", "best", "nosuch.xml"]):
        run = rushes(*command, cwd=film)
        assert (run.code, "is no file that is there, and no saved cut" in run.err) == (31, True), command
    assert "'rushes cuts' lists those there are" in rushes("export", "nosuch", cwd=film).err


def test_cuts_are_listed_taken_away_and_brought_back_with_their_versions(film):
    assert "No cut is saved" in rushes("cuts", cwd=film).err
    for query in ("kind:picture", "name:img_0007"):
        made = rushes("cut", "best", query, "--json", cwd=film).json
    (row,) = rushes("cuts", "--json", cwd=film).json
    assert [row[key] for key in ("name", "version", "kind", "of", "events", "clips")] == [
        "best", 2, "stringout", "name:img_0007", made["events"], len(made["clips"]),
    ]  # fmt: skip
    gone = rushes("cuts", "--remove", "best", cwd=film)
    assert (gone.code, "'rushes cuts --restore best' brings back its 2 versions" in gone.err) == (0, True)
    assert rushes("cuts", "--json", cwd=film).json == []
    assert rushes("log", "has:used", "--json", cwd=film).json == []
    for words in (["export", "best"], ["cut", "best"], ["diff", "best"], ["cuts", "--remove", "best"]):
        run = rushes(*words, cwd=film)
        assert (run.code, "'best' was removed; 'rushes cuts --restore best'" in run.err) == (13, True), words
    assert rushes("diff", "best@1", "best@2", cwd=film).code == 0, "versions stay"
    assert rushes("cuts", "--restore", "best", cwd=film).code == 0
    assert [each["version"] for each in rushes("cuts", "--json", cwd=film).json] == [2]
    assert rushes("cuts", "--restore", "best", cwd=film).code == 13
    assert rushes("set", "name:img_0007", "rating=3", cwd=film).code == 0, "the next command writes the plain files"
    assert len(list((film / "log/cuts").glob("best *.jsonl"))) == 2, "nothing is left of the removal"
    assert rushes("cuts", "--remove", "best", "--restore", "best", cwd=film).code == 2
    assert rushes("cuts", "--remove", "best", cwd=film).code == 0
    again = rushes("cut", "best", "kind:picture", "--json", cwd=film).json
    assert again["version"] == 3
    assert rushes("diff", "best", cwd=film).err.startswith("From best@2 to best@3: "), "the name goes on"


def test_a_cut_is_compared_with_a_timeline_file(film):
    assert rushes("cut", "all", "kind:picture -name:gx", "--rate", "29.97", "--sound", "camera", cwd=film).code == 0
    assert rushes("export", "all", "--for", "premiere", cwd=film).code == 0
    for suffix in ("edl", "xml", "otio"):
        file = f"timelines/for-premiere/all.{suffix}"
        assert rushes("import", file, "--as", f"from {suffix}", cwd=film).code == 0
        for other in (file, f"from {suffix}"):
            run = rushes("diff", "all", other, "--json", cwd=film)
            assert run.code == 0, run.err
            assert [(each["what"], each["before"]["name"]) for each in run.json[0]["changes"]] == [], other
    assert rushes("diff", "all", "nosuch.edl", cwd=film).code == 31


def test_a_cut_differs_from_no_export_of_its_own_and_what_a_format_lacks_stands_apart(film):
    assert rushes("cut", "all", "", "--rate", "29.97", "--gap", "5", "--titles", cwd=film).code == 0
    assert rushes("export", "all", "--for", "all", "--to", "out", cwd=film).code == 0
    files = [
        path
        for path in sorted((film / "out").rglob("all*"))
        if path.suffix in (".otio", ".xml", ".fcpxml", ".edl", ".aaf")
    ]
    assert {path.parent.name for path in files} == {"for-resolve", "for-premiere", "for-avid", "for-fcp"}
    for path in files:
        if path.name != "all.markers.edl":
            (said,) = rushes("diff", "all", path, "--json", cwd=film).json
            assert (said["changes"], said["shifted"]) == ([], []), path
    assert rushes("import", "out/for-avid/all.edl", "--as", "list", cwd=film).code == 0
    for other in ("out/for-avid/all.edl", "list"):
        run = rushes("diff", "all", other, cwd=film)
        assert "  not carried: Sound channels above 4" in run.err
        assert run.out == "", "though a list begins where the black of the first title ends"
    same = rushes("conform", "out/for-avid/all.edl", "--like", "all", "--json", cwd=film).json
    own = rushes("conform", "all", "--json", cwd=film).json
    assert [each["clip"] for each in same["events"]] == [each["clip"] for each in own["events"]], "each at its place"
    text = (film / "out/for-avid/all.edl").read_text(encoding="utf-8")
    kept = text[: text.index("\n003 ")] + text[text.index("\n004 ") :]
    (film / "edited.edl").write_text(kept, encoding="utf-8")
    (said,) = rushes("diff", "all", "edited.edl", "--json", cwd=film).json
    assert [change["what"] for change in said["changes"]] == [["removed"]], "an edit is one"
    assert rushes("diff", "all", next((film / "out").rglob("*.ale")), cwd=film).code == 14


def test_used_are_the_clips_with_events_and_the_sound_laid_under_them(film):
    def used(name):
        return {row["name"] for row in rushes("log", f"used:{name}", "--json", cwd=film).json}

    (phone,) = rushes("log", "name:img_0007", "--json", cwd=film).json
    (drone,) = rushes("log", "name:dji_0004", "--json", cwd=film).json
    assert rushes("mark", phone["id"], "10", "30", cwd=film).code == 0
    made = rushes("cut", "sel", "name:img or name:dji or name:gx", "--as", "selects", "--json", cwd=film)
    assert (made.json["clips"], used("sel")) == ([phone["id"]], {"IMG_0007.MOV"})
    assert "1 event of 1 clip (2 more found by the search have nothing in it)" in made.err
    assert rushes("mark", drone["id"], "0", "5", cwd=film).code == 0
    again = rushes("cut", "sel", "--json", cwd=film).json
    assert (again["new"], again["gone"]) == ([drone["id"]], []), "it was found before, and not used"
    assert rushes("undo", cwd=film).code == 0
    assert rushes("cut", "sel", "--json", cwd=film).json["gone"] == [drone["id"]]
    assert rushes("cut", "pace", "name:a001c001", cwd=film).code == 0
    assert "12-T001.WAV" in used("pace")
    assert rushes("cut", "pace", "--sound", "camera", cwd=film).code == 0
    assert "12-T001.WAV" not in used("pace")


def test_what_a_cut_lost_is_counted_in_words_that_fit(film):
    assert rushes("cut", "two", "name:img_0007 or name:dji_0004", cwd=film).code == 0
    assert rushes("forget", "name:dji_0004", cwd=film).code == 0
    assert (
        "1 clip of this cut was taken out of the log and is left out."
        in rushes("export", "two", "--for", "premiere", cwd=film).err
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a@2", "@ stands before the number of a version"), ("a:b", "leave out :"), ("CON", "is a device on Windows"),
        ("nul.v2", "is a device on Windows"), (".hidden", "other than ."), ("-x", "other than -"), ("x.", "end with"),
        ("a/b", "leave out /"), ("a\nb", "line breaks"), ("x" * 201, "longer than 200 bytes"), (" ", "it is empty"),
    ],
)  # fmt: skip
def test_a_name_that_is_no_file_s_is_refused_with_what_is_wrong_with_it(film, name, says):
    run = rushes("cut", name, "kind:picture", cwd=film)
    assert (run.code, says in run.err) == (14, True), run.err


def test_commands_are_named_as_they_are_typed(film):
    assert "`rushes export 'é x'` writes it." in rushes("cut", "é x", "name:img", cwd=film).err
    assert "'rushes export plain' writes it." in rushes("cut", "plain", "name:img", cwd=film).err


@pytest.mark.parametrize(
    "options",
    [("--handles", "5"), ("--as", "days", "--handles", "5"), ("--by", "location"), ("--as", "selects", "--by", "view")],
)
def test_an_option_without_effect_is_refused(film, options):
    assert rushes("cut", "x", "kind:picture", *options, cwd=film).code == 2
    assert rushes("export", "x", cwd=film).code == 13, "nothing was cut"


def test_a_paper_edit_takes_no_order_and_no_handles(film):
    (film / "p.txt").write_text("IMG_0007\n", encoding="utf-8")
    for options in (("--sort", "name"), ("--as", "selects"), ("--handles", "5"), ("--by", "view", "--titles")):
        assert rushes("cut", "p", "--paper", "p.txt", *options, cwd=film).code == 2


def test_a_paper_edit_made_again_leaves_out_what_was_forgotten_and_names_it(film):
    (film / "p.txt").write_text("IMG_0007 0 20\nDJI_0004\n", encoding="utf-8")
    assert rushes("cut", "p", "--paper", "p.txt", cwd=film).code == 0
    assert rushes("forget", "name:dji_0004", cwd=film).code == 0
    again = rushes("cut", "p", cwd=film)
    assert again.code == 0, again.err
    assert "1 event of 1 clip" in again.err
    assert "no longer in it: DJI_0004.MP4" in again.err
    assert rushes("cut", "p", "--paper", "p.txt", cwd=film).code == 14, "what is typed now has to be there"
    assert rushes("undo", cwd=film).code == 0
    assert "new since the last version: DJI_0004.MP4" in rushes("cut", "p", cwd=film).err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--rate", "1000000"), "No timeline runs at 1000000"),
        (("--rate", "1001"), "No timeline runs at 1001"),
        (("--rate", "1/2"), "No timeline runs at 0.5"),
        (("--rate", "25", "--gap", "2160001"), "last a day at most"),
        (("--rate", "25", "--as", "selects", "--handles", "2160001"), "last a day at most"),
    ],
)
def test_what_no_timeline_is_made_of_is_refused(film, options, says):
    run = rushes("cut", "x", "name:img", *options, cwd=film)
    assert (run.code, says in run.err) == (14, True), run.err


def test_the_beginning_of_an_id_is_enough_to_log_and_to_forget(film):
    (phone,) = rushes("log", "name:img_0007", "--json", cwd=film).json
    assert rushes("set", phone["id"][:8], "rating=4", cwd=film).code == 0
    assert rushes("log", "rating:4", "--json", cwd=film).json[0]["id"] == phone["id"]
    assert rushes("forget", phone["id"][:8].upper(), cwd=film).code == 0
    assert rushes("log", "name:img_0007", "--json", cwd=film).json == []
    assert rushes("forget", phone["id"][:8], cwd=film).code == 13
