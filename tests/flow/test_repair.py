"""`rushes doctor --repair`: each broken state is named, mended, and gone; nothing of a person's is removed."""

import os
import signal
import sqlite3
import sys
from pathlib import Path

import pytest
from filming import finish, products, rushes, start, wait_for

sys.path.insert(0, str(Path(__file__).parents[1] / "catalogue"))
from dumps import dump, same

from pipeline.catalogue.store import open_catalogue
from pipeline.film import open_film
from pipeline.keeping import mend as mending
from pipeline.keeping.mend import complaints, mend


def changed(*statements: str):
    """Somebody's hand in the catalogue file."""

    def done(film: Path) -> None:
        with sqlite3.connect(film / ".rushes" / "catalogue.db") as db:
            for statement in statements:
                db.execute(statement)

    return done


def without_proxy(film: Path) -> None:
    next((film / "proxies").rglob("*.mov")).unlink()


def half_made(film: Path) -> None:
    for folder in ("proxies", "stills", "log", "timelines", ".rushes"):
        (film / folder).mkdir(exist_ok=True)
        file = film / folder / ".rushes-0123456789abcdef.part"
        file.write_bytes(b"half")
        os.utime(file, (1, 1))


def without_plain_file(film: Path) -> None:
    next(file for file in (film / "log").glob("*.jsonl") if file.name != "film.jsonl").unlink()


def not_written(film: Path) -> None:
    with open_catalogue(film / ".rushes" / "catalogue.db") as catalogue, catalogue.atomic() as db:
        db.execute("INSERT INTO due (sort, number, name) SELECT 'card', n, '' FROM cards")


UNFILED = "UPDATE groups SET location = (SELECT n FROM terms LIMIT 1), camera = (SELECT n FROM terms LIMIT 1)"
# What is broken, by whom it is named.
BROKEN = {
    "words without their clips": ("index", changed("INSERT INTO words (words) VALUES ('delete-all')")),
    "the index of words": ("index", changed("DELETE FROM words_data WHERE id > 10")),
    "a clip's text": ("index", changed("UPDATE texts SET note = '| nonsense |' WHERE n = 1")),
    "no text": ("index", changed("DELETE FROM texts WHERE n = 1")),
    "a clip's note": ("index", changed("UPDATE clips SET note = 'nonsense', story = 5 WHERE n = 1")),
    "a marker": ("index", changed("INSERT INTO markers VALUES (1, 0, 5, 'nonsense', '')")),
    "a total": ("index", changed("UPDATE groups SET clips = clips + 3")),
    "a running time": ("index", changed("UPDATE groups SET flicks = flicks + 3")),
    "the count of a value": ("index", changed("UPDATE terms SET clips = 0")),
    "the words of a value": ("index", changed("UPDATE terms SET words = '| nonsense |' WHERE field = 'card'")),
    "a group's values": ("index", changed(UNFILED)),
    "a value that leads nowhere": ("index", changed("DELETE FROM group_terms")),
    "a clip in no group": ("index", changed("UPDATE clips SET group_n = NULL WHERE n = 2")),
    "a proxy that is gone": ("products", without_proxy),
    "files half-made": ("leftovers", half_made),
    "a plain file that is gone": ("log", without_plain_file),
    "a plain file that was not written": ("log", not_written),
}


def named(film: Path) -> dict[str, bool]:
    return {each.what: each.ok for each in complaints(open_film(film))}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_named_mended_and_gone(film, what):
    by, breaks = BROKEN[what]
    before = dump(film)
    assert named(film) == {}
    breaks(film)
    assert named(film) == {by: False}
    told = mend(open_film(film))
    assert told[0].startswith(f"{by}: ")
    assert named(film) == {}
    assert mend(open_film(film)) == ()
    if by != "products":
        same(before, dump(film))


def test_a_proxy_that_is_gone_is_made_again(film):
    without_proxy(film)
    mend(open_film(film))
    finish(film)
    assert len(products(film)) == 2
    assert named(film) == {}


def test_the_command_says_what_is_wrong_and_what_it_mended(film):
    next((film / "proxies").rglob("*.mov")).unlink()
    told = rushes("doctor", "--json", cwd=film)
    assert told.code == 1
    (bad,) = (each for each in told.json if not each["ok"])
    assert (bad["what"], "doctor --repair" in bad["advice"]) == ("products", True)
    mended = rushes("doctor", "--repair", cwd=film)
    assert mended.code == 0, mended.out
    assert "mended  products: 1 count as not made" in mended.err
    assert "as the log says" in mended.out


def test_what_nobody_recorded_is_named_and_stays(film):
    own = film / "proxies" / "from the editor.mov"
    own.write_bytes(b"mine")
    assert named(film) == {"strangers": True}
    run = rushes("doctor", "--repair", cwd=film)
    assert run.code == 0
    assert "from the editor.mov" in run.out
    assert own.read_bytes() == b"mine"


def test_products_of_a_disk_that_is_away_are_not_given_up(film):
    (film / "proxies").rename(film / "unmounted")
    assert [each.found for each in complaints(open_film(film))] == ["proxies/ with what was made is not there"]
    assert mend(open_film(film)) == ()
    (film / "unmounted").rename(film / "proxies")
    assert named(film) == {}


def test_a_log_of_sqlite_that_keeps_growing_is_folded_in(film, monkeypatch):
    monkeypatch.setattr(mending, "_LARGE", 1_000)
    catalogue = film / ".rushes" / "catalogue.db"
    idle = sqlite3.connect(catalogue, isolation_level=None)
    idle.execute("PRAGMA wal_autocheckpoint = 0")
    idle.execute("UPDATE batches SET words = words || '.'")
    assert named(film) == {"journal": False}
    assert mend(open_film(film)) == ("journal: folded into the catalogue",)
    assert named(film) == {}
    idle.close()


def test_what_a_living_head_makes_is_not_taken_for_left(film):
    half_made(film)
    head = start(film, "watch")
    try:
        wait_for((film / ".rushes" / "catalogue.head.json").exists)
        assert named(film) == {}
        assert rushes("doctor", "--repair", cwd=film).code == 40
    finally:
        head.send_signal(signal.SIGINT)
        head.wait()
    assert named(film) == {"leftovers": False}


def test_a_catalogue_that_cannot_be_read_is_no_case_for_repair(film):
    (film / ".rushes" / "catalogue.db").write_bytes(b"nonsense" * 1000)
    told = rushes("doctor", cwd=film)
    assert told.code == 1
    assert "rushes rebuild" in told.out
    assert rushes("doctor", "--repair", cwd=film).code == 43
