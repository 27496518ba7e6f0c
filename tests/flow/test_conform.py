"""Links are no proof: events are held against the pictures of the take they name."""

import json
import re
import shutil
import subprocess

import opentimelineio as otio
import pytest
from filming import half_made, new_film, rushes, tree

from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.proxies.glance import difference, glances

TAKES = ("TAKE1.MOV", "TAKE2.MOV", "TAKE3.MOV")
SETTINGS = "[ingest]\nsettle = 0.2\n\n[proxies]\nstills = false\n"


def ffmpeg(*words):
    subprocess.run([find_ffmpeg(), "-v", "error", "-y", *map(str, words)], check=True)


def take(path, number):
    """One set-up, filmed again: the same room, another move of the one person in it. All takes have one timecode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    room = "gradients=s=320x180:r=25:d=2:c0=0x304050:c1=0xc0b090:c2=0x806040:nb_colors=3:seed=7:speed=0.00001"
    person = "color=0x202020:s=60x110:r=25:d=2,drawbox=x=15:y=8:w=30:h=30:color=0xd0a080:t=fill"
    move = f"x='{(60, 64, 150)[number - 1]}+8*sin(t*{number})':y='60+{4 * number}*t'"
    ffmpeg(
        "-f", "lavfi", "-i", room, "-f", "lavfi", "-i", person, "-f", "lavfi", "-i", f"sine=f={200 * number}:d=2",
        "-filter_complex", f"[0][1]overlay={move},noise=alls=6:allf=t+u", "-map", "2:a", "-c:v", "libx264", "-preset",
        "ultrafast", "-qp", "18", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", "-timecode", "10:00:00:00", path,
    )  # fmt: skip


@pytest.fixture(scope="module")
def takes(tmp_path_factory):
    """Three takes with one timecode and one length, cut one after the other and written for the suites."""
    film = new_film(tmp_path_factory.mktemp("takes") / "film", settings=SETTINGS)
    for number, name in enumerate(TAKES, start=1):
        take(film / "ingest" / "A001" / name, number)
    assert rushes("ingest", cwd=film).code == 0
    for row in rushes("log", "--json", cwd=film).json:
        assert rushes("mark", row["id"], 10, 40, cwd=film).code == 0
    assert rushes("cut", "scene", "", "--as", "selects", "--sort", "name", cwd=film).code == 0
    assert rushes("export", "scene", "--for", "resolve", cwd=film).code == 0
    return film


@pytest.fixture
def film(takes, tmp_path):
    """Films name originals by their place, so the copy is taken in again."""
    shutil.copytree(takes, tmp_path / "film", symlinks=True)
    return tmp_path / "film"


def conform(film, *words):
    run = rushes("conform", *words, "--json", cwd=film)
    assert run.code in (0, 1), run.err
    said = run.json
    assert run.code == (0 if said["right"] == len(said["events"]) else 1)
    return said


def verdicts(said):
    return [(each["verdict"], re.sub(r".* (\S+\.MOV) .*", r"\1", each["sentence"])) for each in said["events"]]


def swapped(text, one="TAKE1", other="TAKE2"):
    return text.replace(one, "\0").replace(other, one).replace("\0", other)


def handed_in(film, name, text):
    file = film / "timelines" / f"back.{name}"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_cut_whose_originals_are_what_was_logged_is_right(takes):
    before = tree(takes / "ingest")
    said = conform(takes, "scene")
    assert verdicts(said) == [("right", "")] * 3
    assert all(each["difference"] < 0.1 for each in said["events"])
    assert tree(takes / "ingest") == before
    assert half_made(takes) == []


def test_an_original_that_was_replaced_by_another_take_is_named(film):
    card = film / "ingest" / "A001"
    shutil.copy(card / "TAKE3.MOV", card / "TAKE1.MOV")
    assert verdicts(conform(film, "scene")) == [("wrong", "TAKE3.MOV"), ("right", ""), ("right", "")]


def test_an_original_that_is_not_there_is_said_to_be_missing_though_it_has_a_proxy(film):
    (film / "ingest" / "A001" / "TAKE1.MOV").unlink()
    [gone, *others] = conform(film, "scene")["events"]
    assert gone["verdict"] == "unsure"
    assert "TAKE1.MOV is not there" in gone["sentence"]
    assert [each["verdict"] for each in others] == ["right", "right"]


@pytest.mark.parametrize("suffix", ["otio", "xml", "fcpxml"])
def test_exports_of_a_film_that_was_moved_since_are_led_to_where_it_lies_now(takes, film, suffix):
    """What lies at the old place now is no part of the film."""
    before = film / "timelines" / "for-resolve" / f"scene.{suffix}"
    text = before.read_text(encoding="utf-8")
    assert str(takes) in text
    assert verdicts(conform(film, handed_in(film, suffix, text))) == [("right", "")] * 3


def test_the_hint_for_a_path_that_leads_nowhere_is_the_option_that_leads_it_back(takes):
    text = (takes / "timelines" / "for-resolve" / "scene.otio").read_text(encoding="utf-8")
    assert str(takes) in text
    file = handed_in(takes, "otio", text.replace(str(takes), "/Volumes/RAID/two places"))
    [hint, *_] = [each["sentence"] for each in conform(takes, file)["events"]]
    option = re.search(r"--map '(.*)' leads back", hint)[1]
    assert option == f"{takes}=/Volumes/RAID/two places"
    assert verdicts(conform(takes, file, "--map", option)) == [("right", "")] * 3


@pytest.mark.parametrize("suffix", ["otio", "xml", "fcpxml"])
def test_what_we_wrote_comes_back_right_from_every_format(takes, suffix):
    file = takes / "timelines" / "for-resolve" / f"scene.{suffix}"
    assert verdicts(conform(takes, file)) == [("right", "")] * 3


def test_an_otio_that_links_two_takes_crosswise_names_both(takes):
    """Id, name, reel and timecode stay those of the take that was meant."""
    timeline = otio.adapters.read_from_file(str(takes / "timelines" / "for-resolve" / "scene.otio"))
    for clip in timeline.find_clips():
        clip.media_reference.target_url = swapped(clip.media_reference.target_url)
    file = handed_in(takes, "otio", timeline.to_json_string())
    assert verdicts(conform(takes, file)) == [("wrong", "TAKE2.MOV"), ("wrong", "TAKE1.MOV"), ("right", "")]


def test_an_xml_that_links_two_takes_crosswise_names_both(takes):
    text = (takes / "timelines" / "for-resolve" / "scene.xml").read_text(encoding="utf-8")
    crossed = re.sub(r"<pathurl>.*?</pathurl>", lambda match: swapped(match[0]), text)
    assert crossed != text
    file = handed_in(takes, "xml", crossed)
    assert verdicts(conform(takes, file)) == [("wrong", "TAKE2.MOV"), ("wrong", "TAKE1.MOV"), ("right", "")]


def test_an_edl_that_takes_two_takes_crosswise_is_held_against_the_cut(takes):
    """A list names no files, so that its own words may all agree on the wrong take: the saved cut tells."""
    text = (takes / "timelines" / "for-resolve" / "scene.edl").read_text(encoding="utf-8")
    assert (
        verdicts(conform(takes, takes / "timelines" / "for-resolve" / "scene.edl", "--like", "scene"))
        == [("right", "")] * 3
    )
    events, table, rest = text.partition("* REEL")
    one, other, _ = re.findall(r"^\d{3} +(\S+)", text, re.MULTILINE)
    file = handed_in(takes, "edl", swapped(swapped(events), one, other) + table + rest)
    said = conform(takes, file, "--like", "scene")
    assert verdicts(said) == [("wrong", "TAKE2.MOV"), ("wrong", "TAKE1.MOV"), ("right", "")]


@pytest.mark.parametrize(
    ("name", "filters", "codec"),
    [
        ("prores.mov", "scale=640:360", ("-c:v", "prores_ks", "-profile:v", "0")),
        ("graded.mp4", "scale=160:90,eq=contrast=1.5:brightness=0.12:gamma=0.7", ("-c:v", "libx264", "-crf", "30")),
        ("dark.mov", "curves=all='0/0 0.4/0.1 1/0.8'", ("-c:v", "mjpeg", "-q:v", "6")),
    ],
)  # fmt: skip
def test_the_right_take_in_another_codec_size_and_grade_is_right(film, name, filters, codec):
    (film / "graded").mkdir()
    timeline = otio.adapters.read_from_file(str(film / "timelines" / "for-resolve" / "scene.otio"))
    for take_name in TAKES:
        source = film / "ingest" / "A001" / take_name
        ffmpeg(
            "-i",
            source,
            "-vf",
            filters,
            *codec,
            "-an",
            "-timecode",
            "10:00:00:00",
            film / "graded" / f"{take_name[:5]}_{name}",
        )
    for clip in timeline.find_clips():
        clip.media_reference.target_url = str(film / "graded" / f"{clip.name[:5]}_{name}")
    good = handed_in(film, "otio", timeline.to_json_string())
    assert verdicts(conform(film, good)) == [("right", "")] * 3
    for clip in timeline.find_clips():
        clip.media_reference.target_url = swapped(clip.media_reference.target_url)
    crossed = handed_in(film, "otio", timeline.to_json_string())
    assert verdicts(conform(film, crossed)) == [("wrong", "TAKE2.MOV"), ("wrong", "TAKE1.MOV"), ("right", "")]


def relinked(film, *, names=TAKES, filters="null"):
    """A timeline whose events link copies of the originals, made by a suite, of these takes; nothing else is left."""
    (film / "relinked").mkdir()
    timeline = otio.adapters.read_from_file(str(film / "timelines" / "for-resolve" / "scene.otio"))
    for clip in timeline.find_clips():
        clip.media_reference.target_url = str(film / "relinked" / clip.name)
    for name, source in zip(TAKES, names, strict=True):
        ffmpeg("-i", film / "ingest" / "A001" / source, "-vf", filters, "-c:v", "mjpeg", "-q:v", "3", "-an",
               "-timecode", "10:00:00:00", film / "relinked" / name)  # fmt: skip
    shutil.rmtree(film / "ingest" / "A001")
    shutil.rmtree(film / "proxies")
    return handed_in(film, "otio", timeline.to_json_string())


def test_takes_are_told_by_their_pictures_from_ingest_with_originals_and_proxies_gone(film):
    """Name, timecode and length of what is linked are those of the take that was meant."""
    said = conform(film, relinked(film, names=("TAKE2.MOV", "TAKE1.MOV", "TAKE3.MOV")))
    assert verdicts(said) == [("wrong", "TAKE2.MOV"), ("wrong", "TAKE1.MOV"), ("right", "")]
    assert {each["against"] for each in said["events"]} == {"ingest"}


def test_without_pictures_from_ingest_the_proxies_tell_as_before(film):
    shutil.rmtree(film / ".rushes" / "glances")
    said = conform(film, "scene")
    assert [(each["verdict"], each["against"]) for each in said["events"]] == [("right", "proxy")] * 3


ROOM = "gradients=s=320x180:r=25:d=2:c0=0x304050:c1=0xc0b090:c2=0x806040:nb_colors=3:seed=7:speed=0.00001"
LATE = "trim=start_frame={},setpts=PTS-STARTPTS"


def said_of_copies(film, pictures, copies):
    """What is said of a suite's copies of one clip, whose names, timecodes and ranges are those of the clip."""
    original = film / "ingest" / "A001" / "ONE.MOV"
    original.parent.mkdir()
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-timecode", "10:00:00:00")
    ffmpeg("-f", "lavfi", "-i", f"{pictures},noise=alls=6:allf=t+u", *codec, original)
    for words in (("ingest",), ("cut", "scene", ""), ("export", "scene")):
        assert rushes(*words, cwd=film).code == 0
    timeline = otio.adapters.read_from_file(str(film / "timelines" / "scene.otio"))
    [clip] = timeline.find_clips()
    clip.media_reference.target_url = str(film / "timelines" / "ONE.MOV")
    clip.source_range = otio.opentime.TimeRange(clip.source_range.start_time, otio.opentime.RationalTime(30, 25))
    for filters in copies:
        ffmpeg("-i", original, "-vf", filters, *codec, "-crf", "30", film / "timelines" / "ONE.MOV")
        [event] = conform(film, handed_in(film, "otio", timeline.to_json_string()))["events"]
        yield event["verdict"], event["sentence"]


def test_a_copy_that_is_some_frames_off_is_named_with_how_many(tmp_path):
    film = new_film(tmp_path / "film", settings=SETTINGS)
    moving = f"{ROOM}[room];color=0x202020:s=50x110:r=25:d=2[one];[room][one]overlay=x='4*n':y='20+n'"
    copies = (LATE.format(3), "tpad=start=1:start_mode=clone", LATE.format(9) + ",eq=contrast=1.2:gamma=0.8")
    found = list(said_of_copies(film, moving, ("null", *copies)))
    off = ("about 3 frames later", "about 1 frame earlier", "about 9 frames later")
    assert found == [("right", ""), *(("wrong", f"it shows its take {how}") for how in off)]


def test_a_picture_that_stands_still_is_right_wherever_it_begins(tmp_path):
    film = new_film(tmp_path / "film", settings=SETTINGS)
    found = list(
        said_of_copies(film, "smptehdbars=s=320x180:r=25:d=2", ("null", LATE.format(3), "eq=contrast=1.4:gamma=0.7"))
    )
    assert found == [("right", "")] * 3


def test_the_second_run_decodes_nothing(takes):
    conform(takes, "scene")
    again = rushes("conform", "scene", "--json", cwd=takes, env={"RUSHES_FFMPEG": "/nowhere/ffmpeg"})
    assert again.code == 0, again.err


def test_files_outside_the_film_are_never_opened(takes, tmp_path):
    """A hostile path: a named pipe would hang whoever opens it, and a link does not lead out either."""
    import os

    os.mkfifo(tmp_path / "TAKE1.MOV")
    link = takes / "proxies" / "TAKE1.MOV"
    link.symlink_to(tmp_path / "TAKE1.MOV")
    try:
        timeline = otio.adapters.read_from_file(str(takes / "timelines" / "for-resolve" / "scene.otio"))
        clips = list(timeline.video_tracks()[0].find_clips())
        clips[0].media_reference.target_url = str(tmp_path / "TAKE1.MOV")
        clips[1].media_reference.target_url = str(link)
        clips[2].media_reference.target_url = "../../../../../../../../etc/passwd"
        text = timeline.to_json_string()
        said = conform(takes, handed_in(takes, "otio", text))
        named = conform(takes, handed_in(takes, "otio", text.replace("etc/passwd", "etc\\u0000/passwd")))
    finally:
        link.unlink()
    assert [each["verdict"] for each in (*said["events"], *named["events"])] == ["unsure"] * 6
    assert all("not in the film or on its cards" in each["sentence"] for each in said["events"])


def test_paths_of_the_editors_machine_are_led_back(takes):
    text = (takes / "timelines" / "for-resolve" / "scene.otio").read_text(encoding="utf-8")
    timeline = json.loads(text.replace(str(takes), "D:\\\\films"))
    assert "D:\\films" in json.dumps(timeline).replace("\\\\", "\\")
    for track in timeline["tracks"]["children"]:
        for clip in track["children"]:
            reference = clip.get("media_references", {}).get("DEFAULT_MEDIA", {})
            if "target_url" in reference:
                reference["target_url"] = swapped(reference["target_url"])
    file = handed_in(takes, "otio", json.dumps(timeline))
    assert [word for word, _ in verdicts(conform(takes, file))] == ["unsure"] * 3
    said = conform(takes, file, "--map", f"{takes}=D:\\films")
    assert verdicts(said) == [("wrong", "TAKE2.MOV"), ("wrong", "TAKE1.MOV"), ("right", "")]


def test_a_file_that_is_no_timeline_is_refused(takes):
    assert rushes("conform", "rushes.toml", cwd=takes).code == 27
    assert rushes("conform", "nothing", cwd=takes).code == 13
    assert rushes("conform", "scene", "--like", "scene", cwd=takes).code == 2


def test_pictures_of_one_frame_are_alike_and_of_others_not(takes):
    found = {name: glances(takes / "ingest" / "A001" / name, [10, 39], find_ffmpeg()) for name in TAKES}
    assert difference(found["TAKE1.MOV"][10], found["TAKE1.MOV"][10]) == 0
    assert difference(found["TAKE1.MOV"][10], found["TAKE2.MOV"][10]) > 0.02
    assert difference(bytes(32 * 32), found["TAKE1.MOV"][10]) is None


def test_a_card_that_was_taken_in_where_it_lies_is_looked_at_and_what_lies_beside_it_is_not(tmp_path):
    film = new_film(tmp_path / "film", settings=SETTINGS)
    for number, name in enumerate(TAKES[:2], start=1):
        take(tmp_path / "disk" / "A001" / name, number)
    assert rushes("ingest", tmp_path / "disk" / "A001", cwd=film).code == 0
    assert rushes("cut", "scene", "", "--sort", "name", cwd=film).code == 0
    assert rushes("export", "scene", cwd=film).code == 0
    assert verdicts(conform(film, "scene")) == [("right", "")] * 2
    text = (film / "timelines" / "scene.otio").read_text(encoding="utf-8")
    assert verdicts(conform(film, handed_in(film, "otio", swapped(text, "/TAKE1", "/TAKE2")))) == [
        ("wrong", "TAKE2.MOV"), ("wrong", "TAKE1.MOV"),
    ]  # fmt: skip
    shutil.copytree(tmp_path / "disk" / "A001", tmp_path / "disk" / "B001")
    elsewhere = handed_in(film, "otio", swapped(text, "/TAKE1", "/TAKE2").replace("/A001/", "/B001/"))
    assert [word for word, _ in verdicts(conform(film, elsewhere))] == ["unsure"] * 2
