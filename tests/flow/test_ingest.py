"""`rushes ingest` as crews use it: what comes again, later, elsewhere, changed, renamed."""

import os
import shutil
from collections import deque
from types import SimpleNamespace

from filming import (
    GOPRO,
    LEAN,
    SONY,
    TINY,
    TINY_MOV,
    card,
    empty_film,
    finish,
    footage,
    growing,
    half_made,
    log,
    new_film,
    products,
    rushes,
    said,
    start,
    tree,
    wait_for,
)

from pipeline.ingest.hands import Hands
from pipeline.processes.ffmpeg import find_ffmpeg


def made(film):
    """Each product with the moment it was written: what is made again shows."""
    return {path: (film / path).stat().st_mtime_ns for path in products(film)}


def status(film):
    return {path.removeprefix("ingest/"): row["status"] for path, row in log(film).items()}


# --- again, and elsewhere ---


def test_the_same_again_is_nothing_to_do_and_opens_no_footage(taken, tmp_path):
    trace = tmp_path / "trace"
    if not shutil.which("strace"):
        run = finish(taken)
    else:
        run = rushes("ingest", cwd=taken, traced=trace)
        assert ".MP4" not in trace.read_text(errors="replace")
    assert run.code == 0, run.err
    assert run.err.splitlines() == ["Nothing to do: every card in ingest/ is in the log and its proxies were made."]


def test_where_nothing_is_to_do_the_words_say_why(film, tmp_path):
    (tmp_path / "empty").mkdir()
    rushes("init", tmp_path / "new", cwd=tmp_path)
    none_yet = rushes("ingest", cwd=tmp_path / "new")
    elsewhere = rushes("ingest", tmp_path / "empty", cwd=film)
    assert (none_yet.code, none_yet.err.startswith("There is no card in ingest/; copy one there")) == (0, True)
    assert (elsewhere.code, "empty holds no recording that is not in the log" in elsewhere.err) == (0, True)


def test_a_film_folder_that_was_moved_goes_on_without_making_anything_again(film):
    before = made(film)
    finish(film)
    assert made(film) == before
    assert status(film) == {"A001/C0001.MP4": "ready", "A001/C0002.MP4": "ready"}
    card(film, "B001", first=9)
    finish(film)
    assert status(film)["B001/C0001.MP4"] == "ready"


def test_a_copied_card_is_reported_as_copies_and_adds_no_clips(film):
    before = made(film)
    shutil.copytree(film / "ingest" / "A001", film / "ingest" / "A001 copy")
    run = finish(film)
    for name in ("C0001.MP4", "C0002.MP4"):
        assert f"copy    A001 copy: {name} is in the log already; it also lies at ingest/A001 copy/{name}" in run.err
    assert len(log(film)) == 2
    assert made(film) == before
    assert "Nothing to do" in finish(film).err


def test_a_copy_stands_in_when_the_first_is_removed(film):
    shutil.copytree(film / "ingest" / "A001", film / "ingest" / "spare")
    finish(film)
    shutil.rmtree(film / "ingest" / "A001")
    assert "offline" not in finish(film).err
    assert [row["status"] for row in rushes("log", "--json", cwd=film).json] == ["ready", "ready"]


def test_the_same_name_with_other_bytes_is_another_clip(film):
    before = {row["id"] for row in log(film).values()}
    card(film, "B001", 2, first=30)
    finish(film)
    rows = rushes("log", "--json", cwd=film).json
    assert sorted(row["name"] for row in rows) == ["C0001.MP4", "C0001.MP4", "C0002.MP4", "C0002.MP4"]
    assert len({row["id"] for row in rows}) == 4
    assert before < {row["id"] for row in rows}
    footage(film / "ingest" / "A001" / "C0001.MP4", 77)
    finish(film)
    rows = rushes("log", "--json", cwd=film).json
    assert sorted(row["status"] for row in rows) == ["offline", "ready", "ready", "ready", "ready"]


def test_a_renamed_card_keeps_clips_log_and_proxies(film):
    [clip, _] = log(film).values()
    assert rushes("set", f"id:{clip['id']}", "note=the good one", cwd=film).code == 0
    before = made(film)
    (film / "ingest" / "A001").rename(film / "ingest" / "A007")
    run = finish(film)
    after = log(film)
    assert list(after) == ["ingest/A007/C0001.MP4", "ingest/A007/C0002.MP4"]
    assert after["ingest/A007/C0001.MP4"]["note"] == "the good one"
    assert after["ingest/A007/C0001.MP4"]["id"] == clip["id"]
    assert {row["status"] for row in after.values()} == {"ready"}
    assert made(film) == before
    assert ", 0 new" in run.err
    assert [row["name"] for row in rushes("cards", "--json", cwd=film).json] == ["A007"]


def test_a_removed_card_is_offline_never_deleted_and_online_when_it_is_back(film, tmp_path):
    before = made(film)
    shutil.move(film / "ingest" / "A001", tmp_path / "shelf")
    run = finish(film)
    assert "A001: 2 clips are offline now" in run.err
    assert set(status(film).values()) == {"offline"}
    assert made(film) == before
    shutil.move(tmp_path / "shelf", film / "ingest" / "A001")
    finish(film)
    assert set(status(film).values()) == {"ready"}
    assert made(film) == before


# --- later ---


def test_a_file_that_comes_later_extends_the_known_card(film):
    before = made(film)
    footage(film / "ingest" / "A001" / "C0003.MP4", 3)
    run = finish(film)
    assert "taken   A001: 3 clips" in run.err
    assert "1 new" in run.err
    assert set(status(film)) == {"A001/C0001.MP4", "A001/C0002.MP4", "A001/C0003.MP4"}
    assert {path: moment for path, moment in made(film).items() if path in before} == before


def test_a_chapter_that_comes_later_joins_its_clip_and_the_proxy_is_made_again(tmp_path):
    film = new_film(tmp_path / "film", GOPRO)
    (film / "rushes.toml").write_text((film / "rushes.toml").read_text().replace("settle = 1.0", "settle = 0.2"))
    second = next((film / "ingest").rglob("GX02*.MP4"))
    shutil.move(second, tmp_path / "late")
    finish(film)
    [first] = log(film).values()
    before = made(film)
    shutil.move(tmp_path / "late", second)
    finish(film)
    [whole] = log(film).values()
    assert whole["id"] == first["id"]
    assert whole["frames"] > first["frames"]
    after = made(film)
    assert after.keys() == before.keys()
    assert all(after[path] != before[path] for path in before)
    card_row = rushes("cards", "--json", cwd=film).json[0]
    assert (card_row["clips"], card_row["proxies_done"]) == (1, 1)


def test_cards_of_one_shoot_day_are_taken_separately(tmp_path):
    settings = LEAN.replace(
        "{shoot_day}_{location}_{subject}_{camera}{card}", "{shoot_day}_{location}/{subject}/{camera}{card}"
    )
    film = empty_film(tmp_path / "film", settings)
    day = "2019-10-12_Vienna"
    for number, name in enumerate(("Start/A001", "Start/B001", "Finish/A002")):
        card(film, f"{day}/{name}", first=number * 10)
    run = finish(film)
    assert [line.split(":")[0] for line in run.err.splitlines() if line.startswith("taken")] == [
        "taken   A002", "taken   A001", "taken   B001",
    ]  # fmt: skip
    row = log(film)[f"ingest/{day}/Finish/A002/C0001.MP4"]
    assert (row["shoot_day"], row["location"], row["subject"], row["camera"]) == (
        "2019-10-12",
        "Vienna",
        ["Finish"],
        "A",
    )


def test_a_growing_file_waits_is_named_and_starves_nobody(tmp_path):
    film = empty_film(tmp_path / "film", LEAN)
    card(film, clips=2)
    card(film, "slow", first=5)
    slow = film / "ingest" / "slow" / "C0009.MP4"
    with growing(slow):
        run = rushes("ingest", cwd=film)
    assert run.code == 1, run.err
    assert "not taken  slow (ingest/slow/C0009.MP4): it is still changing" in run.err
    rest = {"A001/C0001.MP4": "ready", "A001/C0002.MP4": "ready", "slow/C0001.MP4": "ready"}
    assert status(film) == rest
    before = made(film)
    footage(slow, 9)
    finish(film)
    assert status(film) == rest | {"slow/C0009.MP4": "ready"}
    assert made(film).items() >= before.items()


def test_a_loose_file_in_ingest_is_taken(tmp_path):
    film = empty_film(tmp_path / "film", LEAN)
    footage(film / "ingest" / "C0001.MP4", 1)
    card(film, "A001", first=5)
    finish(film)
    assert status(film) == {"C0001.MP4": "ready", "A001/C0001.MP4": "ready"}


# --- what rules and people say ---


def test_a_camera_report_seeds_the_log_and_a_later_one_adds_to_it(film):
    report = film / "ingest" / "A001" / "report.csv"
    report.write_text("Clip,Scene,Take,Comments\nC0001.MP4,12A,3,lovely light\n", encoding="utf-8")
    before = made(film)
    finish(film)
    columns = ("--json", "--columns", "name,scene,take,note")
    rows = {row["name"]: row for row in rushes("log", *columns, cwd=film).json}
    assert (rows["C0001.MP4"]["scene"], rows["C0001.MP4"]["take"], rows["C0001.MP4"]["note"]) == (
        "12A",
        "3",
        "lovely light",
    )
    assert rows["C0002.MP4"]["scene"] is None
    report.write_text("Clip,Scene,Take,Comments\nC0001.MP4,12A,4,lovely light\nC0002.MP4,13,1,\n", encoding="utf-8")
    finish(film)
    rows = {row["name"]: row for row in rushes("log", *columns, cwd=film).json}
    assert (rows["C0001.MP4"]["take"], rows["C0002.MP4"]["scene"]) == ("4", "13")
    assert made(film) == before


def test_changed_rules_are_heard_on_known_cards_and_a_persons_word_stays(film):
    clip = log(film)["ingest/A001/C0001.MP4"]
    assert rushes("set", f"id:{clip['id']}", "location=Eldoret", cwd=film).code == 0
    settings = film / "rushes.toml"
    before = made(film)
    settings.write_text(
        settings.read_text(encoding="utf-8")
        + '\n[[place]]\nname = "Kaptagat"\nlatitude = 0.4372\nlongitude = 35.4850\nradius = 90000\n'
        '\n[[keyword]]\nwords = ["A001"]\nsubject = "Running"\n',
        encoding="utf-8",
    )
    finish(film)
    rows = log(film)
    assert rows["ingest/A001/C0001.MP4"]["location"] == "Eldoret"
    assert [row["subject"] for row in rows.values()] == [["Running"], ["Running"]]
    assert made(film) == before
    assert "Nothing to do" in finish(film).err


# --- in place, and two at once ---


def test_a_folder_outside_the_film_is_indexed_where_it_lies(film, tmp_path):
    disk = tmp_path / "disk" / "C001"
    footage(disk / "C0001.MP4", 60)
    before = tree(disk)
    run = rushes("ingest", disk, cwd=film)
    assert run.code == 0, run.err
    assert tree(disk) == before
    rows = rushes("log", "--json", "card:C001", cwd=film).json
    assert [(row["name"], row["status"]) for row in rows] == [("C0001.MP4", "ready")]
    assert rows[0]["path"].endswith("disk/C001/C0001.MP4")
    assert len(log(film)) == 3
    assert "Nothing to do" in rushes("ingest", disk, cwd=film).err
    shutil.rmtree(disk)
    assert rushes("ingest", cwd=film).code == 0


def test_an_indexed_card_that_is_gone_before_its_proxies_are_made_is_offline_until_it_is_back(film, tmp_path):
    disk = tmp_path / "disk" / "C001"
    footage(disk / "C0001.MP4", 60)
    assert rushes("ingest", disk, cwd=film, env={"RUSHES_FFMPEG": "/nonexistent"}).code == 23
    disk.rename(tmp_path / "disk" / "away")
    run = rushes("ingest", cwd=film)
    assert run.code == 0, run.err
    assert "1 clip is offline now" in run.err
    assert [row["status"] for row in rushes("log", "--json", "card:C001", cwd=film).json] == ["offline"]
    (tmp_path / "disk" / "away").rename(disk)
    run = rushes("ingest", disk, cwd=film)
    assert run.code == 0, run.err
    assert [row["status"] for row in rushes("log", "--json", "card:C001", cwd=film).json] == ["ready"]


def test_ingest_may_be_a_link_to_another_disk(tmp_path):
    film = empty_film(tmp_path / "film", LEAN)
    (film / "ingest").rmdir()
    (tmp_path / "raid").mkdir()
    (film / "ingest").symlink_to(tmp_path / "raid")
    card(film)
    finish(film)
    assert rushes("ingest", "ingest/A001", cwd=film).code == 0
    assert status(film) == {"A001/C0001.MP4": "ready"}
    assert len(rushes("cards", "--json", cwd=film).json) == 1


def test_json_says_what_was_done_whole_even_when_something_failed(tmp_path):
    film = empty_film(tmp_path / "film", LEAN)
    card(film, clips=2)
    (film / "ingest" / "A001" / "zero.MP4").touch()
    run = rushes("ingest", "--json", "--quiet", cwd=film)
    assert run.code == 1
    told = run.json
    assert (told["cards"], told["clips"], told["new"], told["copies"], told["made"], told["left"]) == (
        1,
        2,
        2,
        0,
        2,
        [],
    )
    [[path, sentence]] = told["failed"]
    assert path == "ingest/A001/zero.MP4"
    assert "empty" in sentence
    again = rushes("ingest", "--json", cwd=film)
    assert again.code == 1
    assert again.json["failed"] == told["failed"]


def test_a_second_head_is_refused_with_the_name_of_the_first(film):
    running = start(film, "watch")
    try:
        wait_for(lambda: "Watching" in said(film) and (film / ".rushes" / "catalogue.lock").read_bytes())
        for words in (["ingest"], ["watch"]):
            run = rushes(*words, cwd=film)
            assert run.code == 40, run.err
            assert f"'rushes watch' (process {running.pid} on {os.uname().nodename})" in run.err
        assert rushes("log", "--json", cwd=film).code == 0
        assert "'rushes watch' is running" in rushes("status", cwd=film).out
    finally:
        running.terminate()
        assert running.wait(20) == 0
    finish(film)


def test_proxies_beside_the_originals_are_no_new_footage(tmp_path):
    settings = LEAN + 'placement = "beside"\npresets = ["edit", "h264", "premiere"]\n'
    film = empty_film(tmp_path / "film", settings)
    (film / "proxies.toml").write_text('[premiere]\nencoder = "prores-proxy"\nending = "_Proxy"\n')
    card(film, clips=2)
    finish(film)
    made = tree(film / "ingest")
    below = film / "ingest" / "A001" / "Proxy"
    assert sorted(str(path.relative_to(below)) for path in below.rglob("*.mov")) == [
        "C0001.mov", "C0001_Proxy.mov", "C0002.mov", "C0002_Proxy.mov", "h264/C0001.mov", "h264/C0002.mov",
    ]  # fmt: skip
    for _ in range(2):
        assert "Nothing to do" in finish(film).err
    footage(film / "ingest" / "A001" / "C0003.MP4", 3)
    finish(film)
    assert {clip["name"] for clip in log(film).values()} == {"C0001.MP4", "C0002.MP4", "C0003.MP4"}
    assert made.items() <= tree(film / "ingest").items()
    assert rushes("verify", cwd=film).code == 0
    assert half_made(film) == []


def test_proxies_that_were_taken_for_footage_leave_the_log_when_their_originals_come(film):
    low = film / "ingest" / "A002" / "Proxy" / "C0001_Proxy.MP4"
    footage(low, 7)
    assert "In a folder Proxy with no recording of the name beside it, so taken as footage: C0001_Proxy.MP4" in (
        finish(film).err
    )
    proxy = log(film)["ingest/A002/Proxy/C0001_Proxy.MP4"]["id"][:8]
    assert rushes("mark", proxy, "2", "5", "--note", "runs", cwd=film).code == 0
    assert rushes("cut", "x", "status:*", cwd=film).code == 0
    footage(film / "ingest" / "A002" / "C0001.MP4", 8)
    told = finish(film).err
    original = log(film)["ingest/A002/C0001.MP4"]["id"][:8]
    of = f"C0001_Proxy.MP4 ({proxy}) of C0001.MP4 ({original})"
    assert f"1 clip is a proxy of another clip and no footage, so out of the log: {of}; 'rushes undo " in told
    assert (
        f"What was said of the proxy C0001_Proxy.MP4 ({proxy}) (1 mark) is said of C0001.MP4 ({original}) now." in told
    )
    assert "1 proxy made of these is of no use and may be removed, from proxies/A002/Proxy." in told
    assert "These cuts use a proxy that is out of the log: x; 'rushes cut NAME' makes one again" in told
    assert "offline" not in told
    assert {clip["name"] for clip in log(film).values()} == {"C0001.MP4", "C0002.MP4"}
    assert "runs" in rushes("show", original, cwd=film).out
    assert "Nothing to do" in finish(film).err
    assert rushes("verify", cwd=film).code == 0


def test_a_camera_s_own_proxy_is_never_overwritten(tmp_path):
    film = empty_film(tmp_path / "film", LEAN + 'placement = "beside"\n')
    camera_s = card(film, clips=2) / "Proxy" / "C0001.mov"
    footage(camera_s, 9, source=TINY_MOV)
    before = camera_s.read_bytes()
    told = finish(film).err
    ours = sorted(str(path.relative_to(camera_s.parent)) for path in camera_s.parent.rglob("*.mov"))
    original = log(film)["ingest/A001/C0001.MP4"]["id"][:8]
    assert ours == sorted(["C0001.mov", "C0002.mov", f"{original}/C0001.mov"])
    assert told.count("ingest/A001/Proxy has files of other making under the names of proxies: they stay") == 1
    assert camera_s.read_bytes() == before
    assert "Nothing to do" in finish(film).err
    assert rushes("verify", cwd=film).code == 0


def test_proxies_beside_their_originals_go_along_when_their_folder_gets_another_name(tmp_path):
    film = empty_film(tmp_path / "film", LEAN + 'placement = "beside"\n')
    card(film, clips=2)
    finish(film)
    made = tree(film / "ingest" / "A001" / "Proxy")
    (film / "ingest" / "A001").rename(film / "ingest" / "A007")
    told = finish(film).err
    assert "gone" not in told
    assert "made    " not in told
    assert tree(film / "ingest" / "A007" / "Proxy") == made
    assert {clip["status"] for clip in log(film).values()} == {"ready"}
    assert rushes("verify", cwd=film).code == 0


def test_our_proxies_are_no_footage_where_their_originals_are_gone(tmp_path):
    film = empty_film(tmp_path / "film", LEAN + 'placement = "beside"\n')
    originals = card(film, clips=2)
    finish(film)
    for place in originals.glob("*.MP4"):
        place.unlink()
    assert "2 clips are offline now, because the files are not there" in finish(film).err
    assert {path: clip["status"] for path, clip in log(film).items()} == {
        "ingest/A001/C0001.MP4": "offline", "ingest/A001/C0002.MP4": "offline",
    }  # fmt: skip


def test_proxies_beside_originals_that_went_away_are_no_footage_either(tmp_path):
    film = empty_film(tmp_path / "film", LEAN + 'placement = "beside"\npresets = ["edit", "h264"]\n')
    folder = card(film)
    finish(film)
    (folder / "C0001.MP4").rename(tmp_path / "C0001.MP4")
    assert "1 clip is offline now" in finish(film).err
    footage(folder / "C0007.MP4", 7)
    finish(film)
    assert {clip["name"] for clip in log(film).values()} == {"C0001.MP4", "C0007.MP4"}
    assert "new" not in rushes("verify", cwd=film).out


# --- in which order -------------------------------------------------------------------------------

ONE_AT_A_TIME = LEAN + "jobs = 1\n"
SHORT = next(SONY.rglob("C0002.MP4"))


def names_made(run):
    return [line.split()[2] for line in run.err.splitlines() if line.startswith("made")]


def test_short_clips_are_made_first_and_before_them_what_was_asked_for(tmp_path):
    for words, order in (
        ([], ["C0002.MP4", "C0003.MP4", "C0001.MP4", "C0004.MP4"]),
        (["--priority", "name:c0004 or name:c0003"], ["C0003.MP4", "C0004.MP4", "C0002.MP4", "C0001.MP4"]),
        (["--priority", "name:nothing"], ["C0002.MP4", "C0003.MP4", "C0001.MP4", "C0004.MP4"]),
    ):
        film = empty_film(tmp_path / f"film {len(words)}{words[-1:]}", ONE_AT_A_TIME)
        for number, source in enumerate((TINY, SHORT, SHORT, TINY), start=1):
            footage(film / "ingest" / "A001" / f"C{number:04}.MP4", number, source=source)
        run = rushes("ingest", *words, cwd=film)
        assert run.code == 0, run.err
        assert names_made(run) == order


def test_of_several_hands_one_takes_the_longest_clips():
    queue = deque(SimpleNamespace(clip=SimpleNamespace(id=name)) for name in "abcdef")
    hands = Hands(account=None, engine=None, bench=None, cores=2, _queue=queue)
    picked = []
    for ended in ("", "", "", "a", "f", "b"):
        hands._orders.pop(ended, None)
        picked.append(hands._pick().clip.id)
        hands._orders[picked[-1]] = None
    assert picked == ["a", "f", "b", "c", "e", "d"]


def test_a_priority_that_is_no_search_is_refused_before_anything_is_done(film):
    assert rushes("ingest", "--priority", "rating:many", cwd=film).code == 12


def test_a_day_in_a_folders_name_is_the_shoot_day_of_a_clip_that_states_none(tmp_path):
    film = empty_film(tmp_path / "film", LEAN.replace("{shoot_day}_{location}_{subject}_{camera}{card}", "{location}"))
    footage(film / "ingest" / "2019-08-14 camp" / "B001" / "C0001.mov", source=TINY_MOV)
    finish(film)
    (row,) = log(film).values()
    assert (row["shoot_day"], row["recorded_at"]) == ("2019-08-14", "2019-08-14")


# --- graphics hardware ---


def test_hardware_that_refuses_a_clip_costs_no_clip_and_accuses_no_original(tmp_path):
    film = empty_film(tmp_path / "film", LEAN + 'presets = ["h264"]\n')
    (film / "proxies.toml").write_text("[h264]\nhardware = 'nvenc'\n")
    card(film)
    fake = tmp_path / "ffmpeg"
    tried = (
        'case "$*" in *lavfi*h264_nvenc*) exit 0;; *h264_nvenc*) echo "OpenEncodeSessionEx failed" >&2; exit 1;; esac'
    )
    fake.write_text(f'#!/bin/sh\n{tried}\nexec "{find_ffmpeg()}" "$@"\n')
    fake.chmod(0o755)
    run = rushes("ingest", cwd=film, env={"RUSHES_FFMPEG": str(fake)})
    assert run.code == 0, run.err
    assert "C0001.MP4 is encoded by software: nvenc failed at it (OpenEncodeSessionEx failed)." in run.err
    assert "copy it from the card" not in run.err
    assert len(products(film)) == 1
