"""`rushes backup`, `restore` and `rebuild`: what was said, made and undone is there again, whatever was lost."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filming import card, finish, footage, half_made, products, rushes, start, tree, wait_for

sys.path.insert(0, str(Path(__file__).parents[1] / "catalogue"))
from dumps import dump, known, same

from pipeline.catalogue.listing import clip_ids
from pipeline.catalogue.log import write_log
from pipeline.catalogue.schema import MIGRATIONS
from pipeline.catalogue.store import check, migrate, open_catalogue
from pipeline.cli.writing import changing
from pipeline.clip import Saying
from pipeline.errors import CatalogueBusy, CatalogueDamaged, CatalogueNewer, PathMissing, PathRefused
from pipeline.film import open_film
from pipeline.keeping.backup import backup, restore
from pipeline.keeping.rebuild import Rebuilt, rebuild
from pipeline.shotlog.query import parse


def say(film: Path, value: str, field: str = "rating", query: str = "") -> None:
    """A word of a person, as `rushes set` says it."""
    with changing(open_film(film)) as catalogue:
        said = [(each, Saying(field, value, "person")) for each in clip_ids(catalogue, parse(query))]
        write_log(catalogue, said, who="ann", words=f"set {field}={value}")


def rebuilt(film: Path) -> Rebuilt:
    return rebuild(open_film(film), lambda _: None)


def lose(film: Path) -> None:
    for file in (film / ".rushes").glob("catalogue.db*"):
        file.unlink()


def talk(film: Path) -> None:
    """Words, undone ones too, a cut in two versions, clocks, a mark and a clip that was taken out."""
    for words in (
        ("set", "status:*", "rating=4"), ("set", "camera:P", "note=Über den Berg"), ("undo",),
        ("set", "camera:A", "subject+=Coach", "tag+=x"), ("undo",), ("cut", "best", "rating:4"),
        ("clock", "set", "camera:P", "-12s"), ("clock", "set", "camera:A", "+1h"), ("undo",),
        ("cut", "best", "rating:4 -camera:P"), ("forget", "camera:D"), ("verify", "camera:A"),
    ):  # fmt: skip
        run = rushes(*words, cwd=film)
        assert run.code == 0, run.err


def test_a_film_that_lost_its_catalogue_is_what_it_was(own_shoot):
    finish(own_shoot)
    talk(own_shoot)
    before, media, made = dump(own_shoot), tree(own_shoot / "ingest"), tree(own_shoot / "proxies")
    lose(own_shoot)
    assert "rushes rebuild" in rushes("ingest", cwd=own_shoot).err
    run = rushes("rebuild", "--json", cwd=own_shoot)
    assert run.code == 0, run.err
    assert {"done": True, "clips": 13, "offline": 0, "cuts": 2, "lost": [], "kept": None}.items() <= run.json.items()
    same(before, dump(own_shoot))
    assert tree(own_shoot / "ingest") == media
    assert rushes("rebuild", "--json", cwd=own_shoot).json["done"] is False
    assert "Nothing to do" in rushes("ingest", cwd=own_shoot).err
    assert tree(own_shoot / "proxies") == made, "nothing was made again"
    assert "undo forget" in rushes("undo", cwd=own_shoot).err
    assert half_made(own_shoot) == []


@pytest.mark.parametrize("damage", ["zeros", "cut off", "text", "pages"])
def test_a_catalogue_that_cannot_be_read_is_kept_aside_and_made_again(film, damage):
    say(film, "4")
    before, catalogue = dump(film), film / ".rushes" / "catalogue.db"
    data = catalogue.read_bytes()
    broken = {
        "zeros": bytes(len(data)),
        "cut off": data[: len(data) // 3],
        "text": b"hello",
        "pages": data[:8192] + b"\xaa" * 40960 + data[49152:],
    }[damage]
    catalogue.write_bytes(broken)
    made = rebuilt(film)
    assert (made.lost, made.failed) == ((), ())
    assert made.kept
    assert Path(made.kept).read_bytes()[100:] == broken[100:], "but for SQLite's word on how it is written"
    same(before, dump(film))


def test_a_card_that_stays_where_it_lies_is_found_by_its_plain_file(film, tmp_path):
    shelf = tmp_path / "shelf" / "B001"
    footage(shelf / "C0007.MP4", 7)
    away = tmp_path / "shelf" / "B002"
    footage(away / "C0008.MP4", 8)
    assert rushes("ingest", shelf, away, cwd=film).code == 0
    say(film, "auf dem Regal", "note", "card:B002")
    before = dump(film)
    lose(film)
    away.rename(tmp_path / "gone")
    made = rebuilt(film)
    assert (made.lost, made.offline) == ((), 1)
    (tmp_path / "gone").rename(away)
    assert rushes("ingest", shelf, away, cwd=film).code == 0
    same(before, dump(film))


def test_a_copy_of_a_card_does_not_take_over_its_clips(film):
    first = film / "ingest" / "A001"
    shutil.copytree(first, film / "ingest" / "Z001 copy")
    finish(film)
    before = dump(film)
    lose(film)
    assert rebuilt(film).lost == ()
    same(before, dump(film))


def test_what_is_lost_is_named_and_the_rest_is_there(film):
    say(film, "first", "note", "name:C0001")
    proxy, other = sorted((film / "proxies").rglob("*.mov"))
    proxy.unlink()
    other.write_bytes(other.read_bytes()[:-1] + b"?")
    (file,) = (each for each in (film / "log").glob("*.jsonl") if each.name != "film.jsonl")
    file.write_bytes(file.read_bytes().replace(b'"value":"first"', b'"value":"worst"'))
    lose(film)
    run = rushes("rebuild", "--json", cwd=film)
    assert run.code == 1
    told = " ".join(run.json["lost"])
    assert "not as it was written" in told
    assert "1 proxies and stills are not there" in told
    assert "1 proxies and stills are not what was made" in told
    (kept,) = (film / "log").glob(f"{file.name}.kept-*")
    assert b"worst" in kept.read_bytes()
    finish(film)
    assert len(products(film)) == 2


def test_without_plain_files_media_alone_are_taken_and_it_is_said(film):
    ids = [row[0] for row in dump(film)["clips"]]
    lose(film)
    shutil.rmtree(film / "log")
    assert "what people said is lost" in rebuilt(film).lost[0]
    assert [row[0] for row in dump(film)["clips"]] == ids


def test_what_sqlite_left_beside_a_lost_catalogue_is_not_taken_for_the_new_one(film):
    before, catalogue = dump(film), film / ".rushes" / "catalogue.db"
    with sqlite3.connect(catalogue) as idle:
        idle.execute("SELECT count(*) FROM clips").fetchone()
        say(film, "1")
        log = catalogue.with_name("catalogue.db-wal").read_bytes()
    idle.close()
    assert log
    lose(film)
    catalogue.with_name("catalogue.db-wal").write_bytes(log)
    assert rebuilt(film).lost == ()
    assert len(dump(film)["entries"]) == len(before["entries"]) + 2
    assert [each.read_bytes() for each in (film / ".rushes").glob("catalogue.kept-*.db-wal")] == [log]


def test_what_is_kept_already_is_no_reason_to_let_go_of_what_lies_beside_it_now(film):
    folder = film / ".rushes"
    catalogue = folder / "catalogue.db"
    catalogue.write_bytes(b"hello" * 999)
    for name, text in (("catalogue.db-shm", b"new"), ("catalogue.kept-T.db", b"hello" * 999),
                       ("catalogue.kept-T.db-shm", b"old")):  # fmt: skip
        (folder / name).write_bytes(text)
    assert rebuilt(film).kept
    kept = {each.read_bytes() for each in folder.glob("catalogue.kept-*")}
    assert kept == {b"hello" * 999, b"old", b"new"}


def test_a_rebuild_killed_at_any_moment_begins_anew(film):
    say(film, "4")
    before = dump(film)
    lose(film)
    for delay in (0.4, 1.2, 2.0):
        child = start(film, "rebuild")
        time.sleep(delay)
        child.kill()
        child.wait()
        if (film / ".rushes" / "catalogue.db").exists():
            break
    assert rebuilt(film).lost == ()
    same(before, dump(film))
    assert half_made(film) == []


# --- backup and restore ---


def test_a_backup_holds_what_was_said_and_overwrites_nothing(film, tmp_path):
    say(film, "4")
    file = tmp_path / "kept.db"
    run = rushes("backup", file, "--json", cwd=film)
    assert (run.code, run.json["file"], run.json["clips"]) == (0, str(file), 2)
    data = file.read_bytes()
    again = rushes("backup", file, cwd=film)
    assert (again.code, file.read_bytes()) == (15, data)
    named = rushes("backup", cwd=film)
    assert Path(named.out.strip()).parent == film / "backups"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["film", "kept.db"]
    say(film, "1")
    before = dump(film)
    assert rushes("restore", file, cwd=film).code == 0
    assert {json.loads(row)["rating"] for row in dump(film)["log"]} == {4}
    (kept,) = (film / ".rushes").glob("catalogue.kept-*.db")
    with open_catalogue(kept) as catalogue:
        same(before, known(catalogue))
    (log,) = film.glob("log.kept-*")
    assert b'"value":"1"' in b"".join(each.read_bytes() for each in log.iterdir())
    assert b'"value":"1"' not in b"".join(each.read_bytes() for each in (film / "log").iterdir())


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everywhere")
@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_a_backup_into_a_folder_that_is_shut_is_refused_as_one(film, tmp_path, mode):
    shut = tmp_path / "shut"
    shut.mkdir(mode=mode)
    run = rushes("backup", shut / "kept.db", cwd=film, common=True)
    assert run.code == 32
    assert run.err == f"rushes: {shut / 'kept.db'} may not be used (Permission denied); grant access to it.\n"


def test_a_backup_makes_no_folder_that_nobody_asked_for(film, tmp_path):
    run = rushes("backup", tmp_path / "mistyped" / "kept.db", cwd=film)
    assert run.code == 31
    assert f"{tmp_path / 'mistyped'} is not there" in run.err
    assert not (tmp_path / "mistyped").exists()


def test_what_is_no_catalogue_is_not_called_damaged(film):
    run = rushes("restore", "rushes.toml", cwd=film)
    assert run.code == 43
    assert run.err == "rushes: rushes.toml is no catalogue of Rushes; name a file that 'rushes backup' made.\n"


def test_a_backup_is_of_one_moment_while_people_write(film, tmp_path):
    def said(number: int) -> int:
        return rushes("set", "status:*", f"note=word {number}", cwd=film).code

    with ThreadPoolExecutor(2) as people:
        words = [people.submit(said, number) for number in range(4)]
        count = 0
        while not all(word.done() for word in words):
            backup(open_film(film), tmp_path / f"{count}.db")
            count += 1
    assert {word.result() for word in words} == {0}
    for number in range(count):
        with open_catalogue(tmp_path / f"{number}.db") as catalogue:
            assert check(catalogue) == ()


def not_ours(file: Path, _film: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE notes (text)")


def newer(file: Path, film: Path) -> None:
    backup(open_film(film), file)
    with sqlite3.connect(file) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")


def spoilt(file: Path, film: Path) -> None:
    backup(open_film(film), file)
    data = bytearray(file.read_bytes())
    data[40960:61440] = b"\x55" * 20480
    file.write_bytes(data)


def the_catalogue(file: Path, film: Path) -> None:
    file.symlink_to(film / ".rushes" / "catalogue.db")


@pytest.mark.parametrize(
    ("made", "refusal"),
    [
        (not_ours, CatalogueDamaged), (newer, CatalogueNewer), (spoilt, CatalogueDamaged),
        (the_catalogue, PathRefused), (lambda *_: None, PathMissing),
        (lambda file, _: file.write_bytes(b"x" * 5000), CatalogueDamaged),
    ],
)  # fmt: skip
def test_what_is_no_backup_is_refused_and_nothing_changes(film, tmp_path, made, refusal):
    file = tmp_path / "backup.db"
    made(file, film)
    before = dump(film)
    with pytest.raises(refusal):
        restore(open_film(film), file)
    same(before, dump(film))
    assert [each.name for each in (film / ".rushes").iterdir() if "kept" in each.name or ".part" in each.name] == []


def test_a_backup_of_an_older_release_is_brought_up_to_date(film, tmp_path):
    file = tmp_path / "old.db"
    connection = sqlite3.connect(file, isolation_level=None)
    migrate(connection, migrations=MIGRATIONS[:3])
    connection.close()
    assert restore(open_film(film), file).clips == 0
    assert dump(film)["clips"] == []


def test_the_same_backup_put_back_twice_changes_nothing_the_second_time(film, tmp_path):
    file = tmp_path / "backup.db"
    backup(open_film(film), file)
    say(film, "5")
    assert restore(open_film(film), file).kept
    before, kept = dump(film), sorted(film.rglob("*.kept-*"))
    assert restore(open_film(film), file).kept is None
    same(before, dump(film))
    assert sorted(film.rglob("*.kept-*")) == kept
    say(film, "3")
    assert restore(open_film(film), file).kept, "what was said since is kept aside"
    same(before, dump(film))


def test_nothing_is_put_in_place_of_a_catalogue_that_is_in_use(film, tmp_path):
    file = tmp_path / "backup.db"
    backup(open_film(film), file)
    say(film, "5")
    before = dump(film)
    with open_catalogue(film / ".rushes" / "catalogue.db"), pytest.raises(CatalogueBusy):
        restore(open_film(film), file)
    head = start(film, "watch")
    try:
        wait_for((film / ".rushes" / "catalogue.head.json").exists)
        with pytest.raises(CatalogueBusy, match="rushes watch"):
            restore(open_film(film), file)
        assert rushes("rebuild", cwd=film).code == 40
    finally:
        head.send_signal(signal.SIGINT)
        head.wait()
    same(before, dump(film))


DYING = """
import os, shutil, sys
from pathlib import Path
import pipeline.catalogue.copies as copies
from pipeline.film import open_film
from pipeline.keeping.backup import restore

film, file = Path(sys.argv[1]), Path(sys.argv[2])
count = step = 0

def dying(function):
    def called(*arguments, **named):
        global count
        count += 1
        if count > step:
            os.kill(os.getpid(), 9)
        return function(*arguments, **named)
    return called

steps = (
    (Path, "unlink"), (Path, "hardlink_to"), (Path, "replace"), (copies, "publish"), (copies, "_fold_in"),
    (os, "fsync"),
)
for owner, name in steps:
    setattr(owner, name, dying(getattr(owner, name)))
ended = None
while ended != 0:
    place = film.with_name(f"step {step}")
    count = -10_000
    shutil.copytree(film, place)
    count = 0
    child = os.fork()
    if not child:
        restore(open_film(place), file)
        os._exit(0)
    ended = os.waitpid(child, 0)[1]
    step += 1
"""


def test_a_restore_killed_at_any_step_leaves_the_old_or_the_new_catalogue(film, tmp_path):
    file = tmp_path / "backup.db"
    backup(open_film(film), file)
    new = dump(film)
    say(film, "5")
    old = dump(film)
    done = subprocess.run([sys.executable, "-c", DYING, film, file], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    seen = []
    for place in sorted(tmp_path.glob("step *"), key=lambda place: int(place.name.split()[1])):
        found = dump(place)
        same(old if found == old else new, found)
        seen.append("old" if found == old else "new")
        with open_catalogue(open_film(place).catalogue) as catalogue:
            assert check(catalogue) == ()
    assert set(seen) == {"old", "new"}
    assert seen == sorted(seen, reverse=True), "once it is the new one it stays so"


# --- plain files, as they come to be ---


def test_a_running_head_and_many_commands_leave_every_plain_file_as_the_catalogue_is(film):
    card(film, "B001", clips=3, first=10)
    head = start(film, "ingest")
    with ThreadPoolExecutor(4) as people:
        codes = list(people.map(lambda n: rushes("set", "card:A001", f"tag+=t{n}", cwd=film).code, range(5)))
    assert head.wait(timeout=90) == 0
    assert set(codes) == {0}
    before = dump(film)
    assert len({row[5] for row in before["entries"] if row[3] == "tag"}) == 5
    lose(film)
    assert rebuilt(film).lost == ()
    same(before, dump(film))


def test_what_was_said_stays_said_where_its_plain_file_cannot_be_written(film):
    shutil.rmtree(film / "log")
    (film / "log").write_text("in the way")
    run = rushes("set", "status:*", "rating=5", cwd=film)
    assert run.code == 0
    assert "waits for the next command" in run.err
    (film / "log").unlink()
    say(film, "x", "note", "name:C0001")
    assert b'"value":"5"' in b"".join(each.read_bytes() for each in (film / "log").glob("*.jsonl"))
