"""`rushes verify`: what is not as it was is named; what is stopped goes on; nothing is believed but bytes."""

import json
import os
import re
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filming import finish, footage, on_a_terminal, rushes

from pipeline.catalogue.store import open_catalogue
from pipeline.errors import Cancelled
from pipeline.film import open_film
from pipeline.offload.verify import Ears, verify
from pipeline.shotlog.query import parse


def states(film: Path, *query: str) -> dict[str, str]:
    run = rushes("verify", *query, "--json", cwd=film)
    return {os.path.relpath(row["path"], film): row["state"] for row in json.loads(run.out) if row["state"] != "whole"}


def files(film: Path) -> list[Path]:
    return sorted(path for path in (film / "ingest").rglob("*.MP4"))


def spoil(path: Path, *, quietly: bool) -> None:
    seen, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    if quietly:
        os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def test_an_untouched_film_is_whole(film):
    run = rushes("verify", cwd=film)
    assert run.code == 0, run.err
    assert run.out == ""
    assert states(film) == {}


def test_a_terminal_shows_how_many_bytes_are_read_and_then_what_came_of_it_alone(film):
    code, shown = on_a_terminal("verify", cwd=film)
    assert code == 0
    plain = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown.decode())
    *bars, told = (line for line in re.split(r"[\r\n]+", plain) if line)
    read = sum(Path(row["path"]).stat().st_size for row in rushes("verify", "--json", cwd=film).json)
    assert all(each.startswith("Verifying ") for each in bars)
    assert f" {read / 1e6:.1f}/{read / 1e6:.1f} MB " in bars[-1]
    assert told == "4 files: 4 whole."
    assert shown.rindex(b"\x1b[2K") > shown.rindex(b"Verifying"), "the bar is wiped away"


def test_what_a_program_reads_has_no_bar_on_a_terminal_either(film):
    assert b"Verifying" not in on_a_terminal("verify", "--json", cwd=film)[1]


def test_each_kind_of_loss_is_named_for_what_it_is(film):
    first, second = files(film)
    proxy, other = sorted((film / "proxies").rglob("*.mov"))
    spoil(first, quietly=True)
    spoil(second, quietly=False)
    proxy.unlink()
    spoil(other, quietly=False)
    (first.parent / "C0099.MP4").write_bytes(b"came later")
    found = states(film)
    assert found == {
        os.path.relpath(first, film): "rotten",
        os.path.relpath(second, film): "changed",
        os.path.relpath(proxy, film): "missing",
        os.path.relpath(other, film): "rotten",  # of a product no time is kept
        os.path.relpath(first.parent / "C0099.MP4", film): "new",
    }
    assert rushes("verify", cwd=film).code == 1


def test_a_copy_that_was_deleted_is_no_loss_while_the_original_is_whole_elsewhere(film):
    first, _ = files(film)
    card = film / "ingest" / first.relative_to(film / "ingest").parts[0]
    twin = shutil.copytree(card, card.with_name("COPY_OF_CARD"))
    assert rushes("ingest", cwd=film).code == 0
    copy = twin / first.relative_to(card)
    copy.unlink()
    run = rushes("verify", cwd=film)
    assert (run.code, run.out) == (0, f"copy gone  {copy}\n")
    assert "forget" not in run.err
    spoil(first, quietly=True)
    assert states(film) == {os.path.relpath(first, film): "rotten", os.path.relpath(copy, film): "missing"}
    first.unlink()
    assert set(states(film).values()) == {"missing"}


def test_a_clip_whose_place_another_recording_took_is_lost_until_it_is_copied_again(film):
    first, second = files(film)
    kept = shutil.copy2(first, film / "backup.MP4")
    footage(first, 77)
    finish(film)
    [clip] = [row["id"] for row in rushes("log", "--json", cwd=film).json if row["status"] == "offline"]
    run = rushes("verify", cwd=film)
    assert (run.code, run.out) == (1, f"lost       {first} (clip C0001.MP4, {clip[:8]})\n")
    assert "copy it again from the card" in run.err
    assert rushes("verify", f"name:{second.name}", cwd=film).code == 0
    (film / "ingest" / "again").mkdir()
    shutil.copy2(kept, film / "ingest" / "again" / first.name)
    finish(film)
    assert rushes("verify", cwd=film).code == 0
    first.unlink()
    (film / "ingest" / "again" / first.name).unlink()
    rushes("ingest", cwd=film)
    assert list(states(film).values()) == ["missing", "missing"]
    assert rushes("forget", "status:offline", cwd=film).code == 0
    assert states(film) == {}, "what was let go of is not asked for"


def test_a_search_verifies_only_what_it_finds(film):
    first, second = files(film)
    spoil(first, quietly=True)
    assert list(states(film, f"name:{first.name}").values()) == ["rotten"]
    assert states(film, f"name:{second.name}") == {}


def test_a_link_or_a_folder_in_the_place_of_a_file_is_never_read(film):
    first, _ = files(film)
    kept = first.with_suffix(".kept")
    first.rename(kept)
    first.symlink_to(kept)
    assert states(film)[os.path.relpath(first, film)] == "unreadable"


def test_a_check_that_was_stopped_goes_on_where_it_was(film):
    first, second = files(film)
    found = open_film(film)
    read: list[int] = []
    with open_catalogue(found.catalogue) as catalogue:
        going = verify(found, catalogue, parse(""), "", Ears(lambda _: None, read.append, lambda: bool(read)))
        with pytest.raises(Cancelled):
            list(going)
        first_read = sum(read)
        one = verify(found, catalogue, parse(""), "", Ears(lambda _: None, lambda _: None, lambda: False))
        assert next(one).state == "whole"
        one.close()
        totals: list[int] = []
        findings = list(verify(found, catalogue, parse(""), "", Ears(totals.append, lambda _: None, lambda: False)))
    assert first_read
    everything = sum(Path(each.path).stat().st_size for each in findings)
    assert totals == [everything - first.stat().st_size], "what was found whole before the stop is not read again"
    assert not found.catalogue.with_suffix(".verify.json").exists()
    assert second.exists()


def test_the_bytes_to_read_are_those_that_are_read_though_files_are_offline_gone_or_longer(film):
    first, second = files(film)
    with sqlite3.connect(open_film(film).catalogue) as db:
        volume = db.execute("INSERT INTO roots (kind, volume, place) VALUES ('volume', 'card', NULL)").lastrowid
        path = os.fsencode(first.relative_to(film))
        db.execute("UPDATE places SET root = ? WHERE path = ?", (volume, path))
    second.unlink()
    proxy, _ = sorted((film / "proxies").rglob("*.mov"))
    with proxy.open("ab") as file:
        file.write(b"more")
    found = open_film(film)
    totals: list[int] = []
    read: list[int] = []
    with open_catalogue(found.catalogue) as catalogue:
        findings = list(verify(found, catalogue, parse(""), "", Ears(totals.append, read.append, lambda: False)))
    assert {each.state for each in findings} >= {"offline", "missing", "changed", "whole"}
    assert totals == [sum(read)]


@pytest.mark.parametrize(("hours", "told"), [(23, True), (25, False), (-1, False)])
def test_a_check_stopped_more_than_a_day_ago_or_tomorrow_vouches_for_nothing(film, hours, told):
    first, _ = files(film)
    found = open_film(film)
    began = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="milliseconds")
    found.catalogue.with_suffix(".verify.json").write_text(json.dumps({"query": "", "since": began}))
    with sqlite3.connect(found.catalogue) as db:
        db.execute("UPDATE places SET verified = ?", (began,))
    spoil(first, quietly=True)
    run = rushes("verify", cwd=film)
    assert ("rotten" in run.out, "Goes on from the check that began on" in run.err) == (not told, told)
    assert rushes("verify", cwd=film).code == 1, "once it has ended nothing is left of it"


def test_a_product_of_an_older_release_has_no_hash_and_is_no_loss(film):
    with sqlite3.connect(open_film(film).catalogue) as db:
        db.execute("UPDATE products SET full = NULL")
    assert set(states(film).values()) == {"unhashed"}
    assert rushes("verify", cwd=film).code == 0
