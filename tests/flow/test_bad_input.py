"""What crews hand in that is not as it should be: one sentence, the right exit code, nothing else lost."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import suppress

import pytest
from filming import (
    BRISK,
    SONY,
    TINY,
    TINY_MOV,
    card,
    empty_film,
    finish,
    footage,
    half_made,
    log,
    products,
    rushes,
    said,
    start,
    tree,
    wait_for,
)

from pipeline.processes.ffmpeg import find_ffmpeg

SONY_CLIP = next(SONY.rglob("C0001.MP4"))
INTERVIEW = next(SONY.parent.glob("*Vienna_Coach interview_C001/**/C0001.MP4"))
PLAYLIST = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile://%s\n#EXT-X-ENDLIST\n"


def one_line_about(run, *words):
    """The lines of stderr that hold all of these words: a person finds at least one."""
    lines = [line for line in run.err.splitlines() if all(word in line for word in words)]
    assert lines, run.err
    return lines


# --- files that are no usable recording ---

BAD = {
    "zero.mov": (b"", "is empty (0 bytes)"),
    "moov-last-cut.mov": (TINY_MOV.read_bytes()[: TINY_MOV.stat().st_size // 2], "cut off"),
    "text.mov": (b"call sheet, day 12\n" * 40, "is a text file"),
    "playlist.mov": (PLAYLIST % b"/etc/hostname", "playlist"),
    "noise.mp4": (bytes(range(256)) * 64, "noise.mp4"),
    "picture.mov": (b"\x89PNG\r\n\x1a\n" + bytes(400), "picture.mov"),
    "head-only.mp4": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "head-only.mp4"),
}


def bad_card(film):
    folder = film / "ingest" / "B001"
    footage(folder / "good.mp4")
    for name, (data, _) in BAD.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def bad_film(tmp_path_factory):
    film = empty_film(tmp_path_factory.mktemp("bad") / "film")
    folder = bad_card(film)
    before = tree(folder)
    run = rushes("ingest", cwd=film)
    return film, folder, before, run


@pytest.mark.parametrize("name", BAD)
def test_an_unusable_file_is_named_with_what_is_wrong(bad_film, name):
    _, _, _, run = bad_film
    one_line_about(run, name, BAD[name][1])


def test_unusable_files_cost_only_themselves(bad_film):
    film, folder, before, run = bad_film
    assert run.code == 1
    assert {path: row["status"] for path, row in log(film).items()} == {"ingest/B001/good.mp4": "ready"}
    assert tree(folder) == before
    assert half_made(film) == []


def test_unusable_files_are_named_again_until_they_are_mended(bad_film, tmp_path):
    film = tmp_path / "film"
    shutil.copytree(bad_film[0], film, symlinks=True)
    again = rushes("ingest", cwd=film)
    assert again.code == 1
    for name in BAD:
        one_line_about(again, name)
    for number, name in enumerate(BAD, start=1):
        (film / "ingest" / "B001" / name).unlink()
        if number % 2:
            footage(film / "ingest" / "B001" / name, number)
    finish(film)
    assert len(log(film)) == 1 + (len(BAD) + 1) // 2


def test_a_playlist_under_a_media_name_is_not_followed(tmp_path):
    film = empty_film(tmp_path / "film")
    secret = tmp_path / "secret.ts"
    secret.write_bytes(b"nobody reads this")
    os.utime(secret, (1, 1))
    (film / "ingest" / "X").mkdir()
    (film / "ingest" / "X" / "play.mov").write_bytes(PLAYLIST % os.fsencode(secret))
    run = rushes("ingest", cwd=film)
    assert run.code == 1
    one_line_about(run, "play.mov", "playlist")
    assert secret.stat().st_atime == 1
    assert products(film) == []


def test_a_recording_whose_pictures_are_cut_off_is_logged_and_its_proxy_refused(tmp_path):
    """The header stands first and says all; the pictures end early."""
    film = empty_film(tmp_path / "film")
    card(film)
    whole = header_first(SONY_CLIP, tmp_path / "whole.mp4")
    cut = film / "ingest" / "A001" / "cut.mp4"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    run = rushes("ingest", cwd=film)
    assert run.code == 1, run.err
    one_line_about(run, "cut.mp4", "copy it from the card again")
    assert half_made(film) == []
    assert not any("cut" in product for product in products(film))
    assert rushes("ingest", cwd=film).code == 1
    cut.write_bytes(whole)
    finish(film)


def header_first(movie, place):
    """The same movie with its header before the pictures, as uploads and some recorders write it."""
    subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", movie, "-c", "copy", "-movflags", "faststart", place], check=True
    )
    return place.read_bytes()


@pytest.mark.parametrize(("source", "name"), [(SONY_CLIP, "named.mxf"), (TINY_MOV, "movie.mp4"), (TINY, "UPPER.MoV")])
def test_a_wrong_extension_does_no_harm(tmp_path, source, name):
    film = empty_film(tmp_path / "film")
    footage(film / "ingest" / "A001" / name, source=source)
    finish(film)
    assert log(film)[f"ingest/A001/{name}"]["status"] == "ready"


def test_a_chapter_that_cannot_be_read_leaves_the_ones_before_it(tmp_path):
    film = empty_film(tmp_path / "film")
    folder = film / "ingest" / "G001" / "DCIM" / "100GOPRO"
    footage(folder / "GX010123.MP4", 1)
    (folder / "GX020123.MP4").write_bytes(b"")
    run = rushes("ingest", cwd=film)
    assert run.code == 1
    one_line_about(run, "GX020123.MP4", "empty")
    [row] = log(film).values()
    assert (row["name"], row["status"]) == ("GX010123.MP4", "ready")
    footage(folder / "GX020123.MP4", 2)
    finish(film)
    [whole] = log(film).values()
    assert whole["id"] == row["id"]
    assert whole["frames"] == 2 * row["frames"]


# --- what may not be looked at ---


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may read everything")
def test_what_may_not_be_read_is_named_and_taken_when_it_may(tmp_path):
    film = empty_film(tmp_path / "film")
    folder = card(film, clips=2)
    shut = card(film, "shut", first=10)
    (folder / "C0001.MP4").chmod(0)
    shut.chmod(0)
    for _ in "once", "again":
        run = rushes("ingest", cwd=film, common=True)
        assert run.code == 1, run.err
        one_line_about(run, "C0001.MP4", "grant access")
        one_line_about(run, "ingest/shut", "grant access")
    (folder / "C0001.MP4").chmod(0o644)
    shut.chmod(0o755)
    run = rushes("ingest", cwd=film, common=True)
    assert run.code == 0, run.err
    assert {path: row["status"] for path, row in log(film).items()} == dict.fromkeys(
        ["ingest/A001/C0001.MP4", "ingest/A001/C0002.MP4", "ingest/shut/C0001.MP4"], "ready"
    )


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may read everything")
def test_a_logged_clip_that_may_not_be_read_any_more_is_finished_when_it_may(tmp_path):
    film = empty_film(tmp_path / "film")
    folder = card(film)
    assert rushes("ingest", cwd=film, env={"RUSHES_FFMPEG": "/nonexistent"}).code == 23
    (folder / "C0001.MP4").chmod(0)
    footage(folder / "C0002.MP4", 2)
    run = rushes("ingest", cwd=film, common=True)
    assert run.code == 1, run.err
    one_line_about(run, "C0001.MP4", "grant access")
    (folder / "C0001.MP4").chmod(0o644)
    finish(film)
    assert {row["status"] for row in log(film).values()} == {"ready"}


def test_a_folder_under_a_media_name_is_a_folder(tmp_path):
    film = empty_film(tmp_path / "film")
    card(film)
    (film / "ingest" / "A001" / "C0009.MP4").mkdir()
    finish(film)
    assert list(log(film)) == ["ingest/A001/C0001.MP4"]


def test_links_and_pipes_are_left_out_by_name(tmp_path):
    film = empty_film(tmp_path / "film")
    folder = card(film)
    outside = tmp_path / "outside"
    footage(outside / "C0005.MP4", 5)
    (folder / "outside").symlink_to(outside)
    (folder / "round").symlink_to("..")
    (folder / "linked.MP4").symlink_to(outside / "C0005.MP4")
    (folder / "dead.MP4").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.MP4")
    run = finish(film)
    for name in ("outside", "round", "linked.MP4", "dead.MP4"):
        one_line_about(run, f"A001/{name} ", "link")
    one_line_about(run, "A001/pipe.MP4 ", "no regular file")
    assert list(log(film)) == ["ingest/A001/C0001.MP4"]


# --- names ---

NAMES = [
    "Ünïcødé 日本 \U0001f3c3.mp4".encode(), b"two  spaces .mp4", b"new\nline.mp4", b"-dash.mp4", b"--help.mp4",
    b"n" * 251 + b".mp4", b"not\xff\xfeutf8.mp4", b"tab\there.mp4", b"quo\"te's.mp4", b"%d %s %%.mp4", b"a:b|c.mp4",
    b"[x];y,z.mp4", b"back\\slash.mp4", "e\u0301.mp4".encode(), "é.mp4".encode(), "\u202eright.mp4".encode(),
    b"CON.mp4", b"dot..mp4",
]  # fmt: skip


def test_any_name_becomes_a_clip_with_a_proxy_and_one_line(tmp_path):
    film = empty_film(tmp_path / "film", BRISK + "\n[proxies]\nstills = false\n")
    for number, name in enumerate(NAMES):
        footage(os.fsencode(film / "ingest" / "odd") + b"/" + name, number)
    for number, folder in enumerate((b"bad\xffcard", b"-card\nx", "Tag 1, früh".encode())):
        footage(os.fsencode(film / "ingest") + b"/" + folder + b"/C0001.MP4", 100 + number)
    before = tree(film / "ingest")
    run = finish(film)
    rows = rushes("log", "--json", cwd=film).json
    assert len(rows) == len(NAMES) + 3
    assert {row["status"] for row in rows} == {"ready"}
    assert len(products(film)) == len(rows)
    assert tree(film / "ingest") == before
    assert all(line.split()[0] in {"taken", "made", "working", "4"} for line in run.err.splitlines()), run.err
    assert "Nothing to do" in finish(film).err
    for command in (["log"], ["cards"], ["log", "--csv"], ["show", rows[0]["id"]]):
        assert rushes(*command, cwd=film).code == 0


# --- what goes wrong on the way ---


def test_a_card_removed_while_its_proxies_are_made_is_offline_and_finished_when_it_returns(tmp_path):
    film = empty_film(tmp_path / "film", BRISK)
    folder = card(film, clips=12)
    other = card(film, "B001", first=50)
    before = tree(folder)
    running = start(film)
    wait_for(lambda: list((film / "proxies").rglob("*.mov")))
    folder.rename(tmp_path / "away")
    assert running.wait(timeout=60) == 0, said(film)
    assert "A001: 12 clips are offline now" in said(film)
    rows = log(film)
    assert {rows[path]["status"] for path in rows if "A001" in path} == {"offline"}
    assert rows["ingest/B001/C0001.MP4"]["status"] == "ready"
    assert half_made(film) == []
    (tmp_path / "away").rename(folder)
    made_before = {path: (film / path).stat().st_mtime_ns for path in products(film)}
    finish(film)
    assert {row["status"] for row in log(film).values()} == {"ready"}
    assert {path: (film / path).stat().st_mtime_ns for path in made_before} == made_before
    assert tree(folder) == before
    assert other.exists()


def test_a_disk_that_fills_up_with_proxies_stops_with_30_and_goes_on_when_there_is_room(tmp_path, small_disk):
    film = empty_film(tmp_path / "film")
    folder = card(film, clips=3)
    small_disk(film / "proxies", "300k")
    before = tree(folder)
    run = rushes("ingest", cwd=film)
    assert run.code == 30, run.err
    one_line_about(run, "disk", "space")
    assert half_made(film) == []
    assert len(log(film)) == 3
    assert rushes("ingest", cwd=film).code == 30
    small_disk(film / "proxies", "50m", again=True)
    finish(film)
    assert {row["status"] for row in log(film).values()} == {"ready"}
    assert tree(folder) == before


def test_a_file_size_limit_counts_as_a_full_disk(tmp_path):
    film = empty_film(tmp_path / "film")
    footage(film / "ingest" / "A001" / "C0001.MP4", source=INTERVIEW)
    run = rushes("ingest", cwd=film, file_limit=1000 << 10)  # more than the catalogue takes, less than the proxy
    assert run.code == 30, run.err
    assert half_made(film) == []
    finish(film)


def test_a_disk_that_is_too_small_for_the_catalogue_stops_with_30_and_loses_nothing(tmp_path, small_disk):
    film = empty_film(tmp_path / "film")
    small_disk(film / ".rushes", "4m")
    card(film, clips=2)
    finish(film)
    with suppress(OSError), (film / ".rushes" / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"x" * 4096):
            pass
    late = card(film, "B001", 8, first=20)
    before = tree(late)
    run = rushes("ingest", cwd=film)
    assert run.code == 30, run.err
    one_line_about(run, "full")
    (film / ".rushes" / "filler").unlink()
    finish(film)
    assert len(log(film)) == 10
    assert tree(late) == before


# --- tools and settings ---


def test_without_ffmpeg_cards_are_logged_and_the_code_is_23(tmp_path):
    film = empty_film(tmp_path / "film")
    card(film, clips=2)
    run = rushes("ingest", cwd=film, env={"RUSHES_FFMPEG": "/nonexistent/ffmpeg"})
    assert run.code == 23, run.err
    [*_, last] = run.err.splitlines()
    assert "RUSHES_FFMPEG" in last
    assert {row["status"] for row in log(film).values()} == {"logged"}
    assert "made " not in run.err
    finish(film)
    assert {row["status"] for row in log(film).values()} == {"ready"}
    assert rushes("ingest", cwd=film, env={"RUSHES_FFMPEG": "/nonexistent/ffmpeg"}).code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = 'x'\n\n[ingest]\nsetle = 3\n", ("line 4", "ingest.setle", "unknown")),
        ("[ingest]\n\nsettle = 'long'\n", ("line 3", "ingest.settle", "a number, got text")),
        ("colour = 1\n", ("line 1", "colour", "unknown")),
        ("[ingest\n", ("line 1",)),
        ("zone = 'Europe/Nowhere'\n", ("line 1", "Europe/Nowhere")),
        ("[proxies]\nplacement = 'there'\n", ("line 2", "proxies.placement")),
        ("[proxies]\npresets = ['edit', 'huge']\n", ("huge",)),
        ("[ingest]\nsettle = -1\n", ("line 2", "ingest.settle")),
    ],
)
def test_broken_settings_name_file_line_and_key(tmp_path, text, words):
    film = empty_film(tmp_path / "film", text)
    run = rushes("ingest", cwd=film)
    assert run.code == 11, run.err
    [line] = run.err.splitlines()
    for word in ("rushes.toml", *words):
        assert word in line
    assert products(film) == []


def test_a_film_that_is_not_there_is_10_and_says_what_to_do(tmp_path):
    for words in (["ingest"], ["watch"], ["log"], ["--film", tmp_path, "ingest"]):
        run = rushes(*words, cwd=tmp_path)
        assert run.code == 10, run.err
        assert "rushes init" in run.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_31_and_a_file_is_32(tmp_path):
    film = empty_film(tmp_path / "film")
    assert rushes("ingest", tmp_path / "nothing", cwd=film).code == 31
    (tmp_path / "file.mov").write_bytes(b"x")
    run = rushes("ingest", tmp_path / "file.mov", cwd=film)
    assert run.code == 32
    assert "folder" in run.err


def test_a_missing_ingest_folder_is_31_and_marks_its_clips_offline(tmp_path):
    film = empty_film(tmp_path / "film")
    card(film)
    finish(film)
    (film / "ingest").rename(tmp_path / "away")
    run = rushes("ingest", cwd=film)
    assert run.code == 31, run.err
    one_line_about(run, "ingest", "not there")
    assert [row["status"] for row in log(film).values()] == ["offline"]
    (tmp_path / "away").rename(film / "ingest")
    finish(film)
    assert [row["status"] for row in log(film).values()] == ["ready"]


# --- the catalogue ---


def spoil_header(path):
    path.write_bytes(b"this is no database" * 300)


def spoil_pages(path):
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(data)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:20_000])


@pytest.mark.parametrize("spoil", [spoil_header, spoil_pages, cut_short])
def test_a_damaged_catalogue_is_43_and_media_are_untouched(film, spoil):
    catalogue = film / ".rushes" / "catalogue.db"
    spoil(catalogue)
    card(film, "B001", first=30)
    before = tree(film / "ingest")
    for words in (["ingest"], ["log"]):
        run = rushes(*words, cwd=film)
        assert run.code == 43, run.err
        one_line_about(run, "catalogue.db", "damaged")
    assert tree(film / "ingest") == before
    for rest in catalogue.parent.glob("catalogue.db*"):
        rest.unlink()
    refused = rushes("ingest", cwd=film)  # an empty one would write over what is left of the log
    assert refused.code == 31
    one_line_about(refused, "catalogue.db", "rushes rebuild")
    assert rushes("rebuild", cwd=film).code == 0
    finish(film)
    assert len(log(film)) == 3


def test_a_newer_catalogue_is_42_and_left_alone(film):
    catalogue = film / ".rushes" / "catalogue.db"
    with sqlite3.connect(catalogue) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for words in (["ingest"], ["log"], ["watch"]):
        run = rushes(*words, cwd=film)
        assert run.code == 42, run.err
        one_line_about(run, "newer", "upgrade")


def test_a_catalogue_in_a_folder_of_no_permission_or_a_file_in_its_way_is_refused(tmp_path):
    film = empty_film(tmp_path / "film")
    (film / ".rushes").write_bytes(b"a file where the folder should be")
    run = rushes("ingest", cwd=film)
    assert run.code in (31, 32), run.err
    one_line_about(run, ".rushes")


def test_a_recording_without_its_ending_is_named_and_not_passed_over(tmp_path):
    film = empty_film(tmp_path / "film")
    card(film)
    for name in ("noext", "wrong.jpg"):
        shutil.copyfile(SONY_CLIP, film / "ingest" / "A001" / name)
    (film / "ingest" / "A001" / "readme").write_text("nothing to see")
    run = rushes("ingest", cwd=film)
    assert run.code == 0, run.err
    for name in ("noext", "wrong.jpg"):
        one_line_about(run, name, "looks like a recording")
    assert "readme" not in run.err
    assert any("noext" in warning for warning in rushes("cards", "--json", cwd=film).json[0]["warnings"])
