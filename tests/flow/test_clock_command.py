"""`rushes clock` as an assistant editor types it, and the zones that ingest finds."""

import json
import subprocess
import sys

import pytest
from filming import SAMPLES, new_film, rushes, tree

from pipeline.catalogue.cards import TakenCard, TakenClip, record_card
from pipeline.catalogue.roots import root
from pipeline.catalogue.store import open_catalogue
from pipeline.clip import CardFolder, Clip, ClipFiles, Facts, Part, Saying, Stamp
from pipeline.ingest.zones import zone_at
from pipeline.shotlog.clocks import Zones
from pipeline.timecode import Rate, Timecode

GOPRO = "2019-08-15_Kaptagat_Pacemakers_G001"
PHONE = "2019-10-12_Vienna_Morning run_P001"


def moments(film, query=""):
    return {row["name"]: row["recorded_at"] for row in rushes("log", "--json", query, cwd=film).json}


def identity(film, name):
    (row,) = rushes("log", "--json", f"name:{name}", cwd=film).json
    return row["id"]


def test_an_assistant_puts_a_clock_right_and_takes_it_back(own_shoot):
    before = tree(own_shoot / "ingest")
    done = rushes("clock", "set", "camera:G", "shot:2019-08-15", "+01:00:03", cwd=own_shoot)
    assert done.code == 0
    assert "1 clock, 1 clip" in done.err
    assert moments(own_shoot, "at:10:12..10:13") == {"GX010123.MP4": "2019-08-15T10:12:33+03:00"}
    (row,) = rushes("clock", "camera:G", "--json", cwd=own_shoot).json
    assert (row["day"], row["unit"], row["camera"], row["claims"]) == ("2019-08-15", "second", "G", ["no zone"])
    assert row["correction"]["milliseconds"] == 3_603_000
    page = rushes("show", identity(own_shoot, "GX010123.MP4"), cwd=own_shoot).out
    (line,) = [line for line in page.splitlines() if line.startswith("  Recorded")]
    for told in (
        "2019-08-15T10:12:33+03:00", "2019-08-15T09:12:30 in mvhd", "writes its own clock",
        "Africa/Nairobi by the place Kaptagat", "corrected by +01:00:03 ± 1 s (by hand;",
    ):  # fmt: skip
        assert told in line
    assert rushes("undo", cwd=own_shoot).code == 0
    assert moments(own_shoot, "camera:G") == {"GX010123.MP4": "2019-08-15T09:12:30+03:00"}
    assert tree(own_shoot / "ingest") == before


def test_cards_that_are_read_again_keep_the_correction(own_shoot):
    rushes("clock", "set", "camera:P", "-00:00:11", cwd=own_shoot)
    settings = own_shoot / "rushes.toml"
    settings.write_text(settings.read_text() + '\n[[keyword]]\nwords = ["morning"]\nsubject = "Dawn"\n')
    assert rushes("ingest", cwd=own_shoot).code == 0
    assert rushes("log", "--json", "subject:dawn", cwd=own_shoot).json
    assert moments(own_shoot, "camera:P") == {"IMG_0007.MOV": "2019-10-12T07:42:00+02:00"}


@pytest.mark.parametrize(
    ("words", "recorded_at"),
    [
        (["--slate", "IMG_0007.MOV", "07:50:00"], "2019-10-12T07:50:00+02:00"),
        (["--slate", "IMG_0007.MOV", "07:50:00.250"], "2019-10-12T07:50:00.250+02:00"),
        (["--slate", "IMG_0007.MOV", "07:50:00", "--frame", "30"], "2019-10-12T07:49:58.999+02:00"),
        (["--slate", "IMG_0007.MOV", "23:59:00", "--error", "2s"], "2019-10-11T23:59:00+02:00"),  # the nearer day
    ],
)
def test_a_slate_in_a_clip_shows_the_time(own_shoot, words, recorded_at):
    words = [identity(own_shoot, word) if word.endswith(".MOV") else word for word in words]
    done = rushes("clock", "set", *words, cwd=own_shoot)
    assert done.code == 0, done.err
    assert moments(own_shoot, "camera:P") == {"IMG_0007.MOV": recorded_at}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["set", "camera:P"], 2, "by how much"),
        (["set", "camera:P", "soon"], 14, "no clock offset"),
        (["set", "camera:Z", "+1h"], 13, "Nothing in the log fits 'camera:Z'"),
        (["set", "camera:B", "+1h"], 13, "states a date"),  # timecode alone
        (["set", "--slate", "IMG", "7:50", "+1h"], 2, "not both"),
        (["clear"], 2, "Say which clocks"),
        (["clear", "camera:P"], 13, "is corrected"),
        (["estimate", "camera:P"], 13, "no GPS time"),
        (["estimate", "camera:P", "--with", "camera:S"], 13, "no unambiguous timecode"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(shoot, words, code, says):
    run = rushes("clock", *words, cwd=shoot)
    assert (run.code, says in run.err) == (code, True), run.err


def taken(film, name, *, camera, at, start, gps_time=None):
    """A clip as ingest hands it over; its clock shows Vienna time."""
    rate, path = Rate(25), f"ingest/{camera}/{name}.mov".encode()
    facts = Facts(recorded_at=at, camera_serial=camera, gps_time=gps_time, start_timecode=start, timecode_rate=rate)
    part = Part(film, path, Stamp(1, 1, 1, 1), name.rjust(32, "0"))
    clip = Clip(
        name.rjust(32, "0"), f"{name}.mov", camera, "picture", (part,), facts, rate, 25, Timecode.parse(start, rate)
    )
    zones = Zones("Europe/Vienna", "Europe/Vienna")
    said = (Saying("camera", camera, "path"), Saying("unit", "main", "path"))
    return TakenClip(clip, said, zones, "1")


@pytest.fixture
def two_clocks(tmp_path):
    """Camera B stands 90 seconds late; G has GPS and stands 40 seconds fast; S is right, jam-synced with B."""
    film = new_film(tmp_path / "film")
    with open_catalogue(film / ".rushes" / "catalogue.db", create=True) as catalogue:
        n = root(catalogue, "film", "film", place=str(film)).id
        for camera, clips in {
            "B": [taken(n, "b1", camera="B", at="2019-10-12T09:00:00", start="09:01:30:00"),
                  taken(n, "b2", camera="B", at="2019-10-12T10:00:00", start="10:01:30:12")],
            "S": [taken(n, "51", camera="S", at="2019-10-12T09:00:00", start="09:00:00:00"),
                  taken(n, "52", camera="S", at="2019-10-12T11:00:00", start="11:00:00:20")],
            "G": [taken(n, "91", camera="G", at="2019-10-12T09:00:00", start="00:00:00:00",
                        gps_time="2019-10-12T06:59:20.500Z"),
                  taken(n, "92", camera="G", at="2019-10-12T12:00:00", start="00:00:30:00")],
        }.items():  # fmt: skip
            listed = tuple(ClipFiles(each.clip.name, (each.clip.parts[0].path,)) for each in clips)
            card = CardFolder(f"ingest/{camera}".encode(), camera, "plain", listed)
            record_card(catalogue, TakenCard(n, card, "seen", tuple(clips), (), "2019-10-13T08:00:00Z"))
    return film


def test_an_estimate_by_gps_is_proposed_and_applied_when_asked(two_clocks):
    proposed = rushes("clock", "estimate", "camera:G", cwd=two_clocks)
    assert proposed.out == "2019-10-12 main G: -00:00:40 ± 1.5 s, GPS of 1 clip\n"
    assert moments(two_clocks, "name:92") == {"92.mov": "2019-10-12T12:00:00+02:00"}
    assert rushes("clock", "estimate", "camera:G", "--apply", cwd=two_clocks).code == 0
    # The clip with GPS needed no help; the other follows its clock.
    assert moments(two_clocks, "camera:G") == {
        "91.mov": "2019-10-12T08:59:20.500+02:00", "92.mov": "2019-10-12T11:59:20+02:00",
    }  # fmt: skip
    again = rushes("clock", "estimate", "camera:G", "--apply", cwd=two_clocks)
    assert (again.code, again.out) == (0, "2019-10-12 main G: -00:00:40 ± 1.5 s, GPS of 1 clip\n")  # as it stands
    rushes("undo", cwd=two_clocks)
    rushes("undo", cwd=two_clocks)
    assert moments(two_clocks, "name:92") == {"92.mov": "2019-10-12T12:00:00+02:00"}


def test_an_estimate_by_shared_timecode_goes_by_the_reference_device(two_clocks):
    run = rushes("clock", "estimate", "camera:B", "--with", "camera:S", "--json", cwd=two_clocks)
    (found,) = run.json
    assert (found["clock"], found["detail"]) == ("serial B", "timecode shared with S")
    assert abs(found["milliseconds"] - 90_000) <= found["error"] <= 1002
    rushes("clock", "set", "camera:S", "+00:01:00", "--error", "100ms", cwd=two_clocks)
    (again,) = rushes("clock", "estimate", "camera:B", "--with", "camera:S", "--json", cwd=two_clocks).json
    assert again["milliseconds"] == found["milliseconds"] + 60_000
    assert again["error"] == found["error"] + 100


def test_a_clock_that_is_right_is_left_alone(two_clocks):
    right = rushes("clock", "estimate", "camera:S", "--with", "camera:B", cwd=two_clocks)
    assert right.code == 0
    rushes("clock", "set", "camera:B", "+00:01:30", cwd=two_clocks)
    right = rushes("clock", "estimate", "camera:S", "--with", "camera:B", "--apply", cwd=two_clocks)
    assert right.code == 0
    assert right.out.startswith("2019-10-12 main S: right ± ")
    assert moments(two_clocks, "name:51") == {"51.mov": "2019-10-12T09:00:00+02:00"}


def test_a_correction_of_a_clock_that_is_right_is_taken_away(two_clocks):
    rushes("clock", "set", "camera:B", "+00:01:30", cwd=two_clocks)
    rushes("clock", "set", "camera:S", "+01:00:00", cwd=two_clocks)
    found = rushes("clock", "estimate", "camera:S", "--with", "camera:B", "--apply", cwd=two_clocks)
    assert found.out.endswith("; the correction that stands is needless\n")
    assert moments(two_clocks, "name:51") == {"51.mov": "2019-10-12T09:00:00+02:00"}
    again = rushes("clock", "estimate", "camera:S", "--with", "camera:B", "--apply", cwd=two_clocks)
    assert "needless" not in again.out


def test_the_list_shows_what_is_known_of_each_clock(two_clocks):
    rushes("clock", "set", "camera:B", "+00:01:30", cwd=two_clocks)
    out = rushes("clock", cwd=two_clocks).out
    line = {name: next(line for line in out.splitlines() if f" {name} " in line) for name in "BGS"}
    assert "+00:01:30 ± 1 s, by hand" in line["B"]
    assert "-00:00:40 ± 1.5 s" in line["G"]
    assert "±" not in line["S"]


@pytest.mark.parametrize(
    ("point", "zone"),
    [
        ((48.2082, 16.3738), "Europe/Vienna"), ((0.4372, 35.4850), "Africa/Nairobi"),
        ((39.6953, 3.0176), "Europe/Madrid"), ((51.7520, -1.2577), "Europe/London"), ((50.0, -30.0), "Etc/GMT+2"),
    ],
)  # fmt: skip
def test_coordinates_have_a_zone(point, zone):
    assert zone_at(point) == zone


def test_a_clip_with_coordinates_needs_no_setting_to_be_in_local_time(tmp_path):
    film = new_film(tmp_path / "film")
    (film / "rushes.toml").write_text("[ingest]\nsettle = 0.2\n[proxies]\npresets = []\nstills = false\n")
    card = film / "ingest" / "phone"
    card.mkdir()
    # A phone that was still on Vienna time in Kaptagat: the same file with other coordinates.
    media = (SAMPLES / PHONE / "DCIM/100APPLE/IMG_0007.MOV").read_bytes()
    assert media.count(b"+48.2167+016.3967") == 1
    (card / "IMG_0007.MOV").write_bytes(media.replace(b"+48.2167+016.3967", b"+00.4372+035.4850"))
    assert rushes("ingest", cwd=film).code == 0
    assert moments(film) == {"IMG_0007.MOV": "2019-10-12T08:42:11+03:00"}
    told = rushes("show", identity(film, "IMG_0007.MOV"), "--json", cwd=film).json["moment"]
    assert told["raw"] == "2019-10-12T07:42:11+02:00"
    assert "shown as the time in Africa/Nairobi" in told["why"]


def test_the_zone_finder_is_loaded_only_when_a_zone_is_asked_for():
    code = (
        "import sys, json\nimport pipeline.ingest.take\nfrom pipeline.ingest.zones import zone_at\n"
        "before = 'timezonefinder' in sys.modules\nzone_at((48.2, 16.4))\n"
        "print(json.dumps([before, 'timezonefinder' in sys.modules]))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == [False, True]
