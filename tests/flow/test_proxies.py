"""`rushes proxies`: what lies on the disk is measured again, and judged for each editing suite."""

import re
import shutil
import sqlite3
import subprocess
from itertools import takewhile
from operator import itemgetter

import pytest
from filming import empty_film, finish, footage, on_a_terminal, rushes

from pipeline.metadata.frames import read_stored
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.proxies.rules import EDITORS, RULES, TITLES


def proxies(shoot, *arguments):
    run = rushes("proxies", "--json", *arguments, cwd=shoot)
    return run.code, {row["path"]: row for row in run.json}


def test_every_proxy_of_the_samples_is_judged_for_every_suite(shoot):
    code, rows = proxies(shoot, "--compare")
    assert code == 0
    assert len(rows) == 11
    known = {rule.name for rule in RULES}
    for path, row in rows.items():
        assert path.startswith("proxies/")
        assert set(row["verdict"]) == set(EDITORS)
        assert set().union(*row["verdict"].values()) <= known
        assert row["defects"] == []
        assert row["verdict"]["avid"][-1:] == ["container"] or "varying rate" in row["verdict"]["avid"]
        assert row["verdict"]["resolve"][-1] == "folder"
        varies = row["name"].startswith("IMG")
        assert row["verdict"]["premiere"] == (["varying rate"] if varies else [])
        assert ("map" in row) == varies


def on_terminal(shoot, columns):
    code, shown = on_a_terminal("proxies", cwd=shoot, columns=columns)
    assert code == 0
    return re.sub(r"\x1b\[[\d;]*m", "", shown.decode()).splitlines()


def test_a_terminal_of_eighty_columns_tells_which_clip_and_why(shoot):
    lines = list(takewhile(lambda line: not line.startswith("  varying rate"), on_terminal(shoot, 80)))
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["Id", "Name", "Preset", "Suites", "Why"]
    [row] = rushes("proxies", "name:GX010123", "--json", cwd=shoot).json
    [line] = [line for line in lines if line.startswith(row["clip"][:8])]
    assert line.split()[1] == "GX010123.MP4"
    told = " ".join(lines)
    for words in ("no: Avid;", "hand: Resolve", "container"):
        assert words in told


def test_a_wide_terminal_has_a_column_for_each_suite(shoot):
    head = on_terminal(shoot, 140)[0]
    assert head.split() == ["Id", "Name", "Preset", *" ".join(TITLES[editor] for editor in EDITORS).split(), "Why"]


def test_the_ingest_keeps_what_it_said_of_each(shoot):
    _, rows = proxies(shoot)
    for row in rows.values():
        products = rushes("show", row["clip"], "--json", cwd=shoot).json["products"]
        [kept] = [product["verdict"] for product in products if product["path"] == row["path"]]
        assert kept == row["verdict"]


def test_proxies_that_are_gone_spoilt_or_swapped_are_found_out_and_made_again(own_shoot):
    _, rows = proxies(own_shoot, "camera:A")
    gone, short, swapped = [own_shoot / path for path in sorted(rows)][:3]
    gone.unlink()
    short.write_bytes(short.read_bytes()[:20_000])
    shutil.copy(next(own_shoot / path for path in rows if own_shoot / path not in (gone, short, swapped)), swapped)
    run = rushes("proxies", "camera:A", cwd=own_shoot)
    assert run.code == 1
    missing, spoilt = run.err.splitlines()
    assert (
        missing
        == f"1 file is gone: {gone.relative_to(own_shoot)}; 'rushes ingest --retry' makes what is missing again."
    )
    assert spoilt.endswith(
        ": spoilt, or made by an older release; delete what is there, and 'rushes ingest --retry' makes it again."
    )
    assert all(str(place.relative_to(own_shoot)) in spoilt for place in (short, swapped))
    assert [line.split()[-1] for line in run.out.splitlines()[2:4]] == ["file", "file"]
    _, rows = proxies(own_shoot, "camera:A")
    found = {own_shoot / path: row["defects"] for path, row in rows.items()}
    assert "no longer there" in found[gone][0] or "not there" in found[gone][0]
    assert "cut off" in found[short][0]
    assert found[swapped]
    for path in (short, swapped):
        path.unlink()
    assert rushes("ingest", "--retry", cwd=own_shoot).code == 0
    assert rushes("proxies", "--compare", cwd=own_shoot).code == 0


def test_damage_inside_a_proxy_is_found_where_that_is_asked_for_with_the_originals_away_too(film):
    spoilt = next((film / "proxies").rglob("*.mov"))
    at, size, _ = read_stored(spoilt).places[1]
    data = bytearray(spoilt.read_bytes())
    data[at + size // 2 : at + size // 2 + 256] = bytes(256)
    spoilt.write_bytes(data)
    (film / "ingest" / "A001").rename(film / "away")
    assert rushes("proxies", cwd=film).code == 0
    run = rushes("proxies", "--compare", cwd=film)
    assert run.code == 1
    assert f"  file (all): {spoilt.stem}" in run.out
    assert "cannot be played to its end" in run.out
    assert run.err.endswith(
        f"{spoilt.relative_to(film)}: spoilt, or made by an older release; delete what is there, and"
        " 'rushes ingest --retry' makes it again.\n"
    )


def test_proxies_deleted_by_hand_are_counted_and_named_with_the_command_that_makes_them_again(film):
    first, second = sorted((film / "proxies").rglob("*.mov"))
    first.unlink()
    second.unlink()
    assert rushes("ingest", cwd=film).code == 0  # which looks at cards alone
    run = rushes("proxies", cwd=film)
    names = ", ".join(str(each.relative_to(film)) for each in (first, second))
    assert run.err == f"2 files are gone: {names}; 'rushes ingest --retry' makes what is missing again.\n"
    assert rushes("ingest", "--retry", cwd=film).code == 0
    assert rushes("proxies", cwd=film).err == ""
    assert first.is_file()


def test_a_film_without_proxies_says_where_to_look(film):
    shutil.rmtree(film / "proxies")
    assert rushes("proxies", "name:nothing", cwd=film).err == (
        "There are no proxies of that; 'rushes status' tells what is left to make.\n"
    )


def test_beside_the_original_resolve_attaches_by_itself(film):
    (film / "rushes.toml").write_text('[proxies]\nplacement = "beside"\nstills = false\n')
    shutil.rmtree(film / "proxies")
    assert rushes("ingest", "--retry", cwd=film).code == 0
    code, rows = proxies(film)
    assert code == 0
    assert [row["verdict"]["resolve"] for row in rows.values()] == [[], []]


def test_a_comparison_without_the_original_is_none_and_says_so(film):
    (film / "ingest/A001/C0001.MP4").rename(film / "C0001.away")
    run = rushes("proxies", "name:C0001.MP4", "--compare", cwd=film)
    assert (run.code, "C0001.MP4 was not looked at: its original is not there" in run.err) == (1, True)
    assert rushes("proxies", "name:C0001.MP4", cwd=film).code == 0


def test_a_cut_off_recording_is_salvaged_on_request_and_says_so(film):
    source = film / "ingest" / "A001" / "C0009.mov"
    words = ["-i", film / "ingest" / "A001" / "C0001.MP4", "-c", "copy", "-movflags", "+faststart", source]
    subprocess.run([find_ffmpeg(), "-v", "error", *words], check=True)
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 6 // 10])
    assert rushes("ingest", cwd=film).code == 1
    refused = rushes("proxies", "name:C0001.MP4", "--salvage", cwd=film)
    assert (refused.code, refused.err.startswith("rushes: No clip of that failed")) == (13, True)
    run = rushes("proxies", "name:C0009", "--salvage", "--json", cwd=film)
    assert run.code == 0, run.err
    [row] = run.json
    assert row["defects"] == []
    assert all("unread pictures" in names for names in row["verdict"].values())
    assert "black" in row["rules"]["unread pictures"]
    [clip] = rushes("log", "name:C0009", "--json", cwd=film).json
    assert clip["status"] == "ready"
    assert clip["frames"] == rushes("log", "name:C0001", "--json", cwd=film).json[0]["frames"]
    assert any(warning.startswith("Its proxy is salvaged: frames") for warning in clip["warnings"])
    assert rushes("ingest", "--retry", cwd=film).code == 0
    assert rushes("cut", "rescued", "name:C0009", cwd=film).code == 0


def test_sound_alone_is_not_salvaged_and_that_is_said(tmp_path):
    film = empty_film(tmp_path / "film", settings="")
    heard = film / "ingest" / "S001" / "take.wav"
    heard.parent.mkdir()
    subprocess.run([find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "sine=d=2", heard], check=True)
    heard.write_bytes(heard.read_bytes()[:100_001])
    assert rushes("ingest", cwd=film).code == 1
    refused = rushes("proxies", "--salvage", cwd=film)
    assert refused.code == 13
    assert "Sound alone is not salvaged" in refused.err


def hevc(place, frames, more=""):
    noise = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25,noise=alls=40:allf=t", "-frames:v", str(frames)]
    coded = ["-c:v", "libx265", "-x265-params", f"log-level=none:info=0{more}", "-pix_fmt", "yuv420p", place]
    subprocess.run([find_ffmpeg(), "-v", "error", *noise, *coded], check=True)


def test_a_lost_sector_that_the_decoder_takes_for_a_picture_is_found_and_salvaged(film):
    source = film / "ingest" / "A001" / "C0009.mov"
    hevc(source, 30)
    stored = read_stored(source)
    assert stored
    offset, size, number = max(stored.places[5:-5], key=itemgetter(1))
    with source.open("r+b") as file:
        file.seek(offset + size // 2)
        file.write(bytes(512))
    decoded = subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", source, "-f", "null", "-"], capture_output=True, check=True
    )
    assert decoded.stderr == b""  # nothing is amiss as far as ffmpeg can tell
    run = rushes("ingest", cwd=film)
    assert run.code == 1
    assert f"the bytes of picture {number} are none that a camera writes" in run.err
    assert rushes("proxies", "name:C0009", "--salvage", cwd=film).code == 0
    [clip] = rushes("log", "name:C0009", "--json", cwd=film).json
    assert any(f"Its proxy is salvaged: frames {number} " in warning for warning in clip["warnings"])


@pytest.fixture(scope="module")
def rotten_once(taken, tmp_path_factory):
    """A film with a recording in one of whose pictures a bit is flipped; nothing is amiss as far as ffmpeg can tell."""
    film = tmp_path_factory.mktemp("rotten") / "film"
    shutil.copytree(taken, film, symlinks=True)
    source = film / "ingest" / "A001" / "C0009.mov"
    hevc(source, 20, ":no-wpp=1")
    stored = read_stored(source)
    assert stored
    offset, size, number = max(stored.places[5:-5], key=itemgetter(1))
    middle = offset + size // 2
    byte = source.read_bytes()[middle]
    with source.open("r+b") as file:
        file.seek(middle)
        file.write(bytes((byte ^ 0x10,)))
    assert rushes("ingest", cwd=film).code == 0
    return film, number


@pytest.fixture
def rotten(rotten_once, tmp_path):
    """The same at a place of its own, and the number of the picture."""
    shutil.copytree(rotten_once[0], tmp_path / "film", symlinks=True)
    return tmp_path / "film", rotten_once[1]


def test_rubbish_that_the_decoder_takes_for_a_picture_is_found_where_that_is_asked_for(rotten):
    film, number = rotten
    assert rushes("proxies", cwd=film).code == 0
    run = rushes("proxies", "--compare", cwd=film)
    assert run.code == 1
    said = f"pictures of the original are damaged: {number}; copy it from the card again"
    assert f"C0009.mov: {said}." in run.err
    assert said in run.out
    row = next(row for row in rushes("proxies", "name:C0009", "--compare", "--json", cwd=film).json)
    assert row["defects"] == []
    assert all("damaged pictures" in names for names in row["verdict"].values())
    run = rushes("proxies", "name:C0009", "--compare", "--salvage", cwd=film)
    assert "damaged pictures" not in run.out + run.err
    [clip] = rushes("log", "name:C0009", "--json", cwd=film).json
    assert clip["status"] == "ready"
    assert any(f"Its proxy is salvaged: frames {number} " in warning for warning in clip["warnings"])


def failing(tmp_path, looks):
    """An ffmpeg that is killed whenever it is to make these."""
    program = tmp_path / "ffmpeg"
    program.write_text(f'#!/bin/sh\ncase "$*" in *{looks}*) kill -9 $$;; esac\nexec \'{find_ffmpeg()}\' "$@"\n')
    program.chmod(0o755)
    return {"RUSHES_FFMPEG": str(program)}


def not_looked_at(film, around, why):
    """What `--compare` finds where a look fails: no fault of anything."""
    run = rushes("proxies", "name:C0009", "--compare", "--json", cwd=film, env=around)
    [row] = run.json
    assert (run.code, row["defects"]) == (1, [])
    assert why in row["unseen"]
    assert f"C0009.mov was not looked at: {row['unseen']}\n" in run.err
    assert "delete" not in run.err
    return row["rules"].keys()


@pytest.mark.parametrize(("fails", "code", "why"), [("program", 26, "killed (SIGKILL)"), ("disk", 30, "disk is full")])
def test_a_look_for_damage_that_cannot_be_had_finds_none_and_costs_no_proxy(
    rotten, tmp_path, small_disk, fails, code, why
):
    film, _ = rotten
    proxy = next((film / "proxies").rglob("C0009.mov"))
    made = proxy.read_bytes()
    if fails == "disk":
        small_disk(tmp_path / "full", "16k")
        around = {"TMPDIR": str(tmp_path / "full")}
    else:
        around = failing(tmp_path, "framehash")
    assert not {"damaged pictures", "pictures"} & not_looked_at(film, around, why)
    run = rushes("proxies", "name:C0009", "--compare", "--salvage", cwd=film, env=around)
    assert (run.code, run.out) == (code, "")
    assert why in run.err
    assert proxy.read_bytes() == made
    [clip] = rushes("log", "name:C0009", "--json", cwd=film).json
    assert (clip["status"], clip["warnings"]) == ("ready", [])


def test_a_comparison_that_cannot_be_had_finds_no_fault_with_the_proxy(rotten, tmp_path):
    film, _ = rotten
    found = not_looked_at(film, failing(tmp_path, "rawvideo"), "killed (SIGKILL)")
    assert "damaged pictures" in found  # which another look found
    assert "pictures" not in found


def test_a_preset_that_takes_no_picture_of_that_size_costs_a_clip_only_its_own_proxy(tmp_path):
    film = empty_film(tmp_path / "film", '[ingest]\nsettle = 0\n[proxies]\npresets = ["edit", "dnxhr"]\n')
    footage(film / "ingest" / "A001" / "C0001.MP4", 1)
    small = film / "ingest" / "A001" / "C0002.mov"
    words = ["-f", "lavfi", "-i", "testsrc2=size=200x112:rate=25", "-frames:v", "8", "-c:v", "mjpeg", small]
    subprocess.run([find_ffmpeg(), "-v", "error", *words], check=True)
    run = rushes("ingest", cwd=film)
    assert run.code == 0, run.err
    why = "C0002.mov has no proxy of 'dnxhr': it would be 200x112"
    assert run.err.count(why) == 1
    for _ in range(2):
        logged = {clip["name"]: clip for clip in rushes("log", "--json", cwd=film).json}
        assert {clip["status"] for clip in logged.values()} == {"ready"}
        assert logged["C0001.MP4"]["warnings"] == []
        [warning] = logged["C0002.mov"]["warnings"]
        assert warning.startswith(why)
        page = rushes("show", "C0002.mov", "--json", cwd=film).json
        assert [each["preset"] or each["kind"] for each in page["products"]] == ["filmstrip", "poster", "edit"]
        found = rushes("proxies", cwd=film)
        assert (found.code, found.err.count(why)) == (0, 1)
        assert rushes("status", "--json", cwd=film).json["failed"] == []
        again = rushes("ingest", cwd=film)  # nobody tries it in vain
        assert "Nothing to do" in again.err
        assert why not in again.err
        assert rushes("ingest", "--retry", cwd=film).code == 0
    (film / "proxies.toml").write_text("[dnxhr]\nencoder = 'h264-intra'\n")
    assert rushes("ingest", cwd=film).code == 0
    assert rushes("log", "name:C0002", "--json", cwd=film).json[0]["warnings"] == []
    assert len(proxies(film)[1]) == 4


def test_a_spoilt_copy_of_sound_alone_is_told_in_words(tmp_path):
    film = empty_film(tmp_path / "film", '[ingest]\nsettle = 0\n[proxies]\nstills = false\npresets = ["audio"]\n')
    source = film / "ingest" / "S001" / "T001.wav"
    source.parent.mkdir(parents=True)
    words = ["-f", "lavfi", "-i", "sine=r=48000:d=1", "-c:a", "pcm_s24le", "-write_bext", "1"]
    subprocess.run([find_ffmpeg(), "-v", "error", *words, "-metadata", "time_reference=1728000000", source], check=True)
    assert rushes("ingest", cwd=film).code == 0
    [path] = proxies(film)[1]
    wave = (film / path).read_bytes()
    at = wave.index((1_728_000_000).to_bytes(8, "little"))
    (film / path).write_bytes(wave[:at] + (1_728_048_000).to_bytes(8, "little") + wave[at + 8 :])
    told = rushes("proxies", cwd=film)
    assert told.code == 1
    assert "  time reference (all): T001.wav 1728048000 instead of 1728000000\n" in told.out


def test_a_proxy_of_older_rules_is_made_again_by_the_ingest_alone_and_so_it_is_said(film):
    old = film / "proxies" / "A001" / "C0001.mov"
    old.write_bytes((film / "proxies" / "A001" / "C0002.mov").read_bytes()[:-1])
    with sqlite3.connect(film / ".rushes" / "catalogue.db") as db:
        db.execute("UPDATE products SET recipe = 'older' WHERE path = ?", (b"proxies/A001/C0001.mov",))
    run = rushes("proxies", cwd=film)
    said = "proxies/A001/C0001.mov: made by an older release or other settings; 'rushes ingest' makes it again."
    assert (run.code, run.err.splitlines()) == (1, [said])
    assert "made    A001: C0001.MP4" in finish(film).err
    assert rushes("proxies", cwd=film).code == 0


def test_proxies_stay_where_an_earlier_placement_had_them_and_it_is_said_how_they_get_elsewhere(film):
    settings = film / "rushes.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + 'placement = "beside"\n', encoding="utf-8")
    assert "made    " not in finish(film).err
    run = rushes("proxies", cwd=film)
    told = (
        "2 proxies lie where an earlier 'placement' had them and suites may have attached them: delete"
        " proxies/A001/C0001.mov, proxies/A001/C0002.mov, and 'rushes ingest --retry' makes them where \"beside\" puts"
        " them."
    )
    assert (run.code, run.err.splitlines()) == (0, [told])
    shutil.rmtree(film / "proxies" / "A001")
    assert rushes("ingest", "--retry", cwd=film).code == 0
    assert {path.name for path in (film / "ingest" / "A001" / "Proxy").iterdir()} == {"C0001.mov", "C0002.mov"}
    run = rushes("proxies", cwd=film)
    assert (run.code, run.err) == (0, "")
