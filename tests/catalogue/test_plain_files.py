"""The log as plain files: what changes makes its file due and no other; what was lost comes back out of them."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dumps import known, same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_shoot import card, clip, says

from pipeline.catalogue.cards import record_card
from pipeline.catalogue.clocks import Change, ClockOf, correct
from pipeline.catalogue.cuts import save_cut
from pipeline.catalogue.identity import record_hash
from pipeline.catalogue.imports import note_import
from pipeline.catalogue.log import forget, undo, write_log
from pipeline.catalogue.plain import Head, read
from pipeline.catalogue.products import (
    Want,
    drop_product,
    record_failure,
    record_products,
    retry_failures,
    want,
)
from pipeline.catalogue.recalling import Recalled, come_online
from pipeline.catalogue.roots import mark_offline, mark_online, root
from pipeline.catalogue.store import Catalogue, check, open_catalogue
from pipeline.catalogue.writing import all_due, owner_of, plain_files, unwritten, write_due
from pipeline.clip import Failure, Product, Saying
from pipeline.errors import NotFound, ValueRefused
from pipeline.timecode import TimeRange

WANTED = (Want("waveform", "", "w1"), Want("proxy", "edit", "p1"))
ODD = b"ingest/B002/caf\xe9 \xff.mov".decode("utf-8", "surrogateescape")


def shoot(catalogue: Catalogue) -> list[str]:
    """Three cards: two of a film, the second with a name that is no UTF-8, and one on a volume; ids of their clips."""
    want(catalogue, WANTED, WANTED)
    film = root(catalogue, "film", "", place=None).id
    shelf = root(catalogue, "volume", "uuid:1", place=None).id
    first = clip(film, "ingest/A001/C0001.MP4", *says(location="Vienna", camera="A"), camera_serial="77")
    spanned = clip(film, {"ingest/A001/G1.MP4": "one", "ingest/A001/G2.MP4": "two"}, *says(subject=("Run", "Öl")))
    bare = clip(film, "ingest/B002/C0001.MP4", at=None, start=None)
    taken = [
        card(film, "ingest/A001", first, spanned),
        card(film, "ingest/B002", bare, others=(b"ingest/B002/\xff",)),
        card(shelf, "A001", clip(shelf, "A001/C0001.MP4", *says(camera="B"))),
    ]  # fmt: skip
    return [each for one in taken for each in record_card(catalogue, one).new]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def ids(catalogue: Catalogue, log: Path) -> list[str]:
    found = shoot(catalogue)
    write_due(catalogue, log)
    return found


def said(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def test_every_card_has_its_file_which_holds_what_is_known_of_it(
    catalogue: Catalogue, ids: list[str], log: Path
) -> None:
    assert sorted(file.name.split(".")[0] for file in plain_files(log)) == ["A001", "A001", "B002", "film"]
    batch = write_log(catalogue, [(ids[0], Saying("note", "Doğan läuft", "person"))], who="ann", words="set note")
    assert write_due(catalogue, log) == 1
    (lines,) = [said(file) for file in plain_files(log) if "Doğan läuft" in file.read_text(encoding="utf-8")]
    assert " ".join(line["line"] for line in lines) == "head card batch batch clip clip place place place end"
    assert (lines[3]["id"], lines[3]["who"], lines[3]["words"]) == (batch.id, "ann", "set note")
    entry = lines[4]["log"][-1]
    assert (entry["batch"], entry["field"], entry["value"]) == (batch.id, "note", "Doğan läuft")


CLOCK = ClockOf("serial 77", "", "2019-10-12")
CHANGES: dict[str, tuple[Callable[[Catalogue, list[str]], object], set[str]]] = {
    "a word": (lambda c, ids: write_log(c, [(ids[2], Saying("rating", "4", "person"))], who="a", words="x"), {"B002"}),
    "forgotten": (lambda c, ids: forget(c, [ids[2]], who="a"), {"B002"}),
    "a product": (lambda c, ids: record_products(c, ids[2], [Product(ids[2], "poster", "", b"w", "w1", 5)]), {"B002"}),
    "a failure": (lambda c, ids: record_failure(c, Failure(ids[2], "proxy", "p1", "No.")), {"B002"}),
    "a hash": (lambda c, _: record_hash(c, 1, b"ingest/A001/G2.MP4", "ff" * 16), {"A001"}),
    "a cut": (lambda c, ids: save_cut(c, "best", {"query": "x"}, ids[:2]), {"best v1"}),
    "an import": (lambda c, _: note_import(c, "x.edl", "content", ""), {"film"}),
    "a clock": (lambda c, _: correct(c, [Change(CLOCK, 3, 1, "")], who="a", words="x"), {"film"}),
    "nothing said": (lambda c, ids: write_log(c, [], who="a", words="x"), set()),
    "a card read again": (lambda c, _: record_card(c, card(2, "A001", clip(2, "A001/C0001.MP4"))), {"A001"}),
    "a volume away": (lambda c, _: mark_offline(c, 2), set()),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_makes_its_own_file_due_and_no_other(
    catalogue: Catalogue, ids: list[str], log: Path, what: str
) -> None:
    change, files = CHANGES[what]
    change(catalogue, ids)
    assert {file.name.rpartition(".")[0].rpartition(".")[0] or file.stem for file in unwritten(catalogue, log)} == files
    assert write_due(catalogue, log) == len(files)
    assert unwritten(catalogue, log) == ()


def test_the_same_catalogue_is_told_in_the_same_bytes(catalogue: Catalogue, ids: list[str], log: Path) -> None:
    before = {file: file.read_bytes() for file in plain_files(log)}
    all_due(catalogue)
    assert write_due(catalogue, log) == len(before)
    assert {file: file.read_bytes() for file in plain_files(log)} == before


def test_files_of_another_catalogue_are_kept_aside_and_never_overwritten(
    catalogue: Catalogue, ids: list[str], log: Path, tmp_path: Path
) -> None:
    before = {file.name: file.read_bytes() for file in plain_files(log)}
    with open_catalogue(tmp_path / "other.db", create=True) as other:
        shoot(other)
        write_due(other, log)
        assert owner_of(log) != owner_of(next(tmp_path.glob("log.kept-*")))
    (kept,) = tmp_path.glob("log.kept-*")
    assert {file.name: file.read_bytes() for file in plain_files(kept)} == before
    assert len(plain_files(log)) == len(before)


def test_files_that_somebody_removed_are_written_again(catalogue: Catalogue, ids: list[str], log: Path) -> None:
    count = len(plain_files(log))
    for file in plain_files(log):
        file.unlink()
    (log / ".rushes-0123456789abcdef.part").write_bytes(b"half")  # of a process that was killed
    assert len(unwritten(catalogue, log)) == count
    write_log(catalogue, [(ids[0], Saying("rating", "4", "person"))], who="a", words="x")
    write_due(catalogue, log)
    assert len(plain_files(log)) == count
    assert not list(log.glob(".rushes-*"))


def test_the_file_of_a_card_that_moved_away_goes_with_it(catalogue: Catalogue, ids: list[str], log: Path) -> None:
    film = 1
    with catalogue.atomic() as db:
        db.execute("UPDATE roots SET place = ?", (str(log),))  # nothing lies there: what turns up elsewhere has moved
    moved = clip(film, {"ingest/Day 2/B002/C0001.MP4": "ingest/B002/C0001.MP4"}, at=None, start=None)
    assert record_card(catalogue, card(film, "ingest/Day 2/B002", moved)).moved == (ids[2],)
    write_due(catalogue, log)
    (file,) = [each for each in plain_files(log) if each.name.startswith("B002")]
    assert said(file)[1]["path"] == "ingest/Day 2/B002"


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda data: data[: len(data) * 2 // 3], "cut off"),
        (lambda data: data.replace(b"Vienna", b"Vienne"), "not as it was written"),
        (lambda data: data.replace(b'{"line":"clip"', b"{", 1), "cannot be read"),
        (lambda data: b"\xff\x00" * 50, "cut off"),
        (lambda _: b"", "cut off"),
    ],
)
def test_a_plain_file_that_is_damaged_says_so_and_gives_what_can_be_read(
    catalogue: Catalogue, ids: list[str], log: Path, damage: Callable[[bytes], bytes], told: str
) -> None:
    data = next(each.read_bytes() for each in plain_files(log) if b"Vienna" in each.read_bytes())
    assert not [line for line in read(data) if isinstance(line, str)]
    lines = list(read(damage(data)))
    assert any(told in line for line in lines if isinstance(line, str))
    assert not data.startswith(damage(data)[:50] or b"-") or any(isinstance(line, Head) for line in lines)


def test_a_plain_file_of_a_newer_release_is_not_guessed_at() -> None:
    with pytest.raises(ValueRefused, match="upgrade"):
        list(read(b'{"line":"head","holds":"card","catalogue":"x","version":2}\n'))


def recalled(log: Path, path: Path) -> tuple[Catalogue, list[str]]:
    """A new catalogue of the plain files alone, and what is lost."""
    new = open_catalogue(path, create=True)
    want(new, WANTED, WANTED)
    work = Recalled(new)
    for file in plain_files(log):
        work.take(file.name, read(file.read_bytes()))
    work.settle(owner_of(log))
    come_online(new)
    return new, work.lost


FIELDS = st.sampled_from([
    ("rating", "4"), ("rating", "2"), ("note", "über den Berg"), ("location", "Wien"), ("shoot_day", "2019-10-13"),
    ("camera", "X"), ("unit", "second"), ("circled", "yes"), ("scene", "12A"),
])  # fmt: skip
MANY = st.sampled_from([("subject", "Run"), ("subject", "Coach"), ("tag", "a b"), ("tag", "ä")])
CLIPS = st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True)
SOURCES = st.sampled_from(["person", "person", "editor"])
DEEDS = st.one_of(
    st.tuples(st.just("set"), CLIPS, FIELDS, SOURCES),
    st.tuples(st.sampled_from(["add", "remove"]), CLIPS, MANY, SOURCES),
    st.tuples(st.just("clear"), CLIPS, st.one_of(FIELDS, MANY), SOURCES),
    st.tuples(st.just("undo"), st.integers(0, 30)),
    st.tuples(st.just("undo"), st.integers(0, 30)),
    st.tuples(st.just("clock"), st.one_of(st.none(), st.integers(-(9**7), 9**7))),
    st.tuples(st.just("mark"), st.integers(0, 3), st.integers(0, 200), st.sampled_from(["", "Sturz"])),
    st.tuples(st.just("forget"), st.integers(0, 3)),
    st.tuples(st.just("cut"), st.sampled_from(["best", "Ö 1"]), CLIPS),
    st.tuples(st.just("import"), st.sampled_from(["a.edl", "b.xml"])),
    st.tuples(st.just("made"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("failed"), st.integers(0, 3)),
    st.tuples(st.just("retry")),
    st.tuples(st.just("again"), st.booleans()),
    st.tuples(st.just("write")),
)  # fmt: skip


def do(catalogue: Catalogue, ids: list[str], log: Path, batches: list[str], deed: tuple) -> None:  # type: ignore[type-arg]
    match deed:
        case ("set" | "add" | "remove" | "clear") as op, clips, (field, value), source:
            saying = Saying(field, value if op != "clear" else "", source, op)
            batches.append(write_log(catalogue, [(ids[n], saying) for n in clips], who=source, words=f"{op} it").id)
        case "undo", number if batches:
            batches.append(undo(catalogue, batches[number % len(batches)], who="ann").id)
        case "clock", off:
            change = Change(CLOCK, off, 10, "by hand")
            batches.append(correct(catalogue, [change], who="ann", words="clock set").batch)
        case "mark", n, start, note:
            span = TimeRange(start, 5)
            marks = [Saying("mark", "", "person", range=span)]
            marks += [Saying("note", note, "person", range=span)] if note else []
            batches.append(write_log(catalogue, [(ids[n], each) for each in marks], who="ann", words="mark").id)
        case "forget", n:
            batches.append(forget(catalogue, [ids[n]], who="ann").id)
        case _:
            do_more(catalogue, ids, log, batches, deed)


def do_more(catalogue: Catalogue, ids: list[str], log: Path, batches: list[str], deed: tuple) -> None:  # type: ignore[type-arg]
    match deed:
        case "cut", name, clips:
            save_cut(catalogue, name, {"query": name, "handles": 3}, [ids[n] for n in clips])
        case "import", name:
            note_import(catalogue, name, f"content {len(batches)}", batches[-1] if batches else "")
        case "made", n, verified:
            product = Product(ids[n], "waveform", "", b"stills/\xff", "w1", 9, {"avid": ("no",)}, ((0, 5),), "aa" * 16)
            record_products(catalogue, ids[n], [product])
            if not verified:
                drop_product(catalogue, ids[n], "waveform", "")
        case "failed", n:
            record_failure(catalogue, Failure(ids[n], "proxy", "p1", "It is cut off.", attempts=2))
        case ("retry",):
            retry_failures(catalogue)
        case "again", other:
            place = "Graz" if other else "Vienna"
            again = clip(1, "ingest/A001/C0001.MP4", *says(location=place, camera="A"), camera_serial="77")
            record_card(catalogue, card(1, "ingest/A001", again, fingerprint=place))
        case ("write",):
            write_due(catalogue, log)


MANY_TIMES = 20 if os.environ.get("RUSHES_TORTURE") else 1


@settings(max_examples=30 * MANY_TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(DEEDS, min_size=1, max_size=14))
def test_whatever_was_said_and_undone_comes_back_out_of_the_plain_files(tmp_path_factory, deeds) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("lost")
    with open_catalogue(folder / "catalogue.db", create=True) as catalogue:
        ids, batches = shoot(catalogue), []
        for deed in deeds:
            try:
                do(catalogue, ids, folder / "log", batches, deed)
            except NotFound:
                continue  # undone already
        write_due(catalogue, folder / "log")
        for number in (1, 2):
            mark_offline(catalogue, number)  # nothing of it lies on this disk
        before = known(catalogue)
    new, lost = recalled(folder / "log", folder / "new.db")
    with new:
        assert lost == []
        same(before, known(new))
        assert check(new) == ()


@settings(max_examples=25 * MANY_TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_to_plain_files_makes_a_catalogue_that_is_not_sound(damaged, tmp_path_factory, data) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("damaged")
    shutil.copytree(damaged, folder / "log")
    for _ in range(data.draw(st.integers(1, 4))):
        file = data.draw(st.sampled_from(plain_files(folder / "log")))
        whole = file.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        piece = data.draw(st.sampled_from([b"9" * 30, b"null", b'"', b"{}", b"[]", b"\n", b"-1", b"\xff", b'":"', b""]))
        file.write_bytes(whole[:at] + piece + whole[at + data.draw(st.integers(0, 40)) :] or b"x")
    try:
        new, _ = recalled(folder / "log", folder / "new.db")
    except ValueRefused:
        return  # a newer release, by its word
    with new:
        assert check(new) == ()
        known(new)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plain files of a small shoot, to be copied and damaged."""
    folder = tmp_path_factory.mktemp("whole")
    with open_catalogue(folder / "catalogue.db", create=True) as catalogue:
        ids = shoot(catalogue)
        said = write_log(catalogue, [(each, Saying("note", "über", "person")) for each in ids], who="ann", words="note")
        undo(catalogue, said.id, who="ann")
        correct(catalogue, [Change(CLOCK, 3_600_000, 1, "by hand")], who="ann", words="clock set")
        save_cut(catalogue, "best", {"query": "x"}, ids[:2])
        record_products(catalogue, ids[0], [Product(ids[0], "waveform", "", b"w", "w1", 5)])
        write_due(catalogue, folder / "log")
    return folder / "log"


# Where each table of the catalogue is again after it was lost.
TOLD = {
    "roots", "cards", "failed_files", "clips", "facts", "parts", "places", "batches", "entries", "products", "failures",
    "cuts", "cut_clips", "clocks", "corrections", "tracks", "track_cards", "trails", "imports", "identity",
    "listed",
}  # fmt: skip
MADE_AGAIN = {"groups", "terms", "group_terms", "markers", "texts", "wants", "looks", "migrations"}
NO_LOSS = {"sights", "pictures", "due"}


def test_no_table_is_forgotten(catalogue: Catalogue) -> None:
    with catalogue.reading() as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {name for name in tables if not name.startswith("words")} == TOLD | MADE_AGAIN | NO_LOSS


def test_undo_goes_on_where_it_was(catalogue: Catalogue, ids: list[str], log: Path, tmp_path: Path) -> None:
    write_log(catalogue, [(ids[0], Saying("rating", "3", "person"))], who="ann", words="first")
    write_log(catalogue, [(ids[0], Saying("rating", "5", "person"))], who="ann", words="second")
    write_due(catalogue, log)
    new, _ = recalled(log, tmp_path / "new.db")
    with new:
        assert undo(new, None, who="ann").words == "undo second"
        assert undo(new, None, who="ann").words == "undo first"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Catalogue]:
    with open_catalogue(tmp_path / "small.db", create=True) as opened:
        yield opened


def test_what_of_a_damaged_file_cannot_be_read_is_named_and_the_rest_taken(
    small: Catalogue, log: Path, tmp_path: Path
) -> None:
    ids = shoot(small)
    write_log(small, [(each, Saying("rating", "3", "person")) for each in ids], who="ann", words="three")
    write_due(small, log)
    file = next(each for each in plain_files(log) if b"Vienna" in each.read_bytes())
    file.write_bytes(file.read_bytes().replace(b'"line":"batch"', b'"line":"batsh"', 2))
    new, lost = recalled(log, tmp_path / "new.db")
    with new:
        dump = known(new)
        assert [row for row in dump["entries"] if row[3] == "rating"] == [
            row for row in known(small)["entries"] if row[3] == "rating"
        ]
        assert sum("cannot be read" in each for each in lost) == 2
        assert any("who said it and when is lost" in each for each in lost)


def test_a_volume_that_comes_back_is_online_again(
    catalogue: Catalogue, ids: list[str], log: Path, tmp_path: Path
) -> None:
    new, _ = recalled(log, tmp_path / "new.db")
    with new:
        assert {json.loads(row)["status"] for row in known(new)["log"]} == {"offline"}
        for number in (1, 2):
            root(new, "film" if number == 1 else "volume", "" if number == 1 else "uuid:1", place="/")
        with new.atomic() as db:
            db.execute("UPDATE cards SET fingerprint = 'seen'")
        mark_online(new, 1)
        assert {json.loads(row)["status"] for row in known(new)["log"]} == {"offline", "logged"}
