"""The file: made, migrated, refused, and whole after any crash."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import xxhash
from small_shoot import card, clip

from pipeline.catalogue.cards import record_card
from pipeline.catalogue.current import SHARED, SHARED_MANY, TEXTS
from pipeline.catalogue.cuts import cut, cuts, cuts_using, save_cut
from pipeline.catalogue.listing import rows
from pipeline.catalogue.moments import zones_of
from pipeline.catalogue.roots import root
from pipeline.catalogue.schema import MIGRATIONS
from pipeline.catalogue.store import Catalogue, check, migrate, open_catalogue
from pipeline.errors import CatalogueBusy, CatalogueDamaged, CatalogueNewer, NotFound, PathMissing, ValueRefused
from pipeline.fields import FIELDS
from pipeline.shotlog.clocks import Zones
from pipeline.shotlog.query import parse


def test_a_catalogue_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PathMissing, match="rushes ingest"):
        open_catalogue(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    "content", [b"", b"no database at all, but long enough to look", b"SQLite format 3\0" + b"\xff" * 500]
)
def test_a_damaged_catalogue_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "catalogue.db"
    path.write_bytes(content)
    with pytest.raises(CatalogueDamaged, match="backup"):
        open_catalogue(path)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE things (n)")
    other.close()
    with pytest.raises(CatalogueDamaged, match="no catalogue of ours"):
        open_catalogue(tmp_path / "other.db")


def test_pages_lost_inside_are_damage_and_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    with open_catalogue(path, create=True) as catalogue:
        film = root(catalogue, "film", "film", place=None).id
        record_card(catalogue, card(film, "A", *(clip(film, f"A/{n}.mov") for n in range(50))))
    content = bytearray(path.read_bytes())
    content[4096 * 3 :] = b"\x55" * len(content[4096 * 3 :])
    path.write_bytes(content)
    with pytest.raises(CatalogueDamaged), open_catalogue(path) as catalogue:
        rows(catalogue, parse("mov"))


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    with open_catalogue(path, create=True) as catalogue, catalogue.atomic() as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(CatalogueNewer, match="newer release"):
        open_catalogue(path)


def test_every_migration_has_its_record(catalogue: Catalogue) -> None:
    with catalogue.reading() as db:
        assert [row[0] for row in db.execute("SELECT number FROM migrations")] == list(range(1, len(MIGRATIONS) + 1))
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_the_tables_of_the_first_release_are_never_edited() -> None:
    assert xxhash.xxh128_hexdigest(MIGRATIONS[0][1].encode()) == "c1ce9cd77b35d6fe5869cd7ca6c40fc2"


def test_a_catalogue_of_the_first_release_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    old = sqlite3.connect(path, isolation_level=None)
    migrate(old, migrations=MIGRATIONS[:1])
    for table, values in (
        ("clips", {"n": 1, "id": "c1"}),
        ("batches", {"n": 1, "id": "b1", "kind": "log", "undone": 1}),
        ("batches", {"n": 2, "id": "b2", "kind": "undo"}),
        ("entries", {"batch_n": 2, "clip_n": 1, "op": "undo", "value": "b1"}),
    ):
        needed = {row[1]: 0 for row in old.execute(f"PRAGMA table_info({table})") if row[3] and row[4] is None}
        row = needed | values
        old.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", (*row.values(),))
    old.close()
    with open_catalogue(path) as catalogue, catalogue.reading() as db:
        assert db.execute("SELECT clip_n, correction FROM clocks").fetchall() == [(1, None)]
        assert db.execute("SELECT id, undoes FROM batches ORDER BY n").fetchall() == [("b1", None), ("b2", "b1")]
        assert zones_of(db, 1) == Zones()


def test_a_migration_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    open_catalogue(path, create=True).close()
    steps = (*MIGRATIONS, ("good", "CREATE TABLE good (n);"), ("bad", "CREATE TABLE half (n);\nNONSENSE;"))
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, migrations=steps)
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert "good" in tables
    assert "half" not in tables
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS) + 1
    assert connection.execute("SELECT name FROM migrations ORDER BY number DESC").fetchone()[0] == "good"
    connection.close()


def test_every_field_has_its_place_in_the_schema(catalogue: Catalogue) -> None:
    with catalogue.reading() as db:
        groups = {row[1] for row in db.execute("PRAGMA table_info(groups)")}
        clips = {row[1] for row in db.execute("PRAGMA table_info(clips)")}
        texts = [row[1] for row in db.execute("PRAGMA table_info(texts)")]
        words = [row[1] for row in db.execute("PRAGMA table_info(words)")]
    assert {*SHARED, *SHARED_MANY} <= groups
    asked_of_cuts = {"used"}
    own = {field.name for field in FIELDS if not field.shared} - asked_of_cuts
    assert own - {"duration", "at"} <= clips
    assert [*TEXTS] == texts[1:] == words
    searched = {field.name for field in FIELDS if field.kind == "text" and not field.shared and field.name != "id"}
    assert searched - asked_of_cuts | {"marks"} == set(TEXTS)


def test_an_exception_inside_takes_everything_back(catalogue: Catalogue, film: int) -> None:
    def half() -> None:
        with catalogue.atomic():
            record_card(catalogue, card(film, "A", clip(film, "A/a.mov")))
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        half()
    assert rows(catalogue, parse("")).clips == 0


def test_a_writer_that_waits_too_long_is_told_so(catalogue: Catalogue) -> None:
    other = sqlite3.connect(catalogue.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with catalogue.reading() as db:
        db.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(CatalogueBusy, match="try again"), catalogue.atomic():
        pass
    other.close()


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from small_shoot import card, clip
from pipeline.catalogue.cards import record_card
from pipeline.catalogue.log import write_log
from pipeline.catalogue.store import open_catalogue
from pipeline.clip import Saying

with open_catalogue(Path(sys.argv[2])) as catalogue:
    for number in range(int(sys.argv[4])):
        place = f"ingest/{sys.argv[3]}-{number}"
        outcome = record_card(catalogue, card(1, place, *(clip(1, f"{place}/{n}.mov") for n in range(3))))
        said = [(outcome.new[0], Saying("note", f"{sys.argv[3]} {number}", "person"))]
        write_log(catalogue, said, who="x", words="set")
        print(*outcome.new, flush=True)
"""


def writer(path: Path, name: str, rounds: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(Path(__file__).parent), str(path), name, str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_was_acknowledged_survives_kill_nine(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    with open_catalogue(path, create=True) as catalogue:
        root(catalogue, "film", "film", place=None)
    acknowledged: list[str] = []
    for turn in range(4):
        with writer(path, f"w{turn}", 10_000) as child:
            assert child.stdout is not None
            for _ in range(3 + 4 * turn):
                acknowledged += child.stdout.readline().split()
            os.kill(child.pid, signal.SIGKILL)
            acknowledged += child.stdout.read().split()
        with open_catalogue(path) as catalogue:
            listing = rows(catalogue, parse(""))
            assert set(acknowledged) <= {row["id"] for row in listing.rows}
            assert listing.clips == len(listing.rows)
            assert listing.clips % 3 == 0
            assert check(catalogue) == ()


def test_four_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    with open_catalogue(path, create=True) as catalogue:
        root(catalogue, "film", "film", place=None)
    children = [writer(path, f"w{number}", 20) for number in range(4)]
    outputs = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0, 0]
    with open_catalogue(path) as catalogue:
        listing = rows(catalogue, parse(""))
        assert sorted(row["id"] for row in listing.rows) == sorted(" ".join(outputs).split())
        assert rows(catalogue, parse("has:note")).clips == 80
        assert check(catalogue) == ()


def test_searching_loads_nothing_heavy() -> None:
    code = (
        "import sys, pkgutil, importlib, pipeline.catalogue as room\n"
        "for each in pkgutil.iter_modules(room.__path__): importlib.import_module('pipeline.catalogue.' + each.name)\n"
        "heavy = ('opentimelineio', 'numpy', 'rich', 'pymediainfo', 'ffmpeg', 'click')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_a_cut_is_saved_in_versions(catalogue: Catalogue) -> None:
    assert save_cut(catalogue, "coach", {"query": "coach", "as": "stringout"}, ["a", "b"]) == 1
    assert save_cut(catalogue, "coach", {"query": "coach", "as": "selects"}, ["b"]) == 2
    assert (cut(catalogue, "coach").spec["as"], cut(catalogue, "coach").clips) == ("selects", ("b",))
    assert cut(catalogue, "coach", version=1).clips == ("a", "b")
    assert [each.name for each in cuts(catalogue)] == ["coach"]
    assert (cuts_using(catalogue, "b"), cuts_using(catalogue, "a")) == (("coach",), ())
    with pytest.raises(NotFound):
        cut(catalogue, "other")
    with pytest.raises(ValueRefused):
        save_cut(catalogue, "a/b", {}, [])
