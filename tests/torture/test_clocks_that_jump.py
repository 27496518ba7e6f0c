"""Clocks that jump and files from the future: what is logged stands in the order in which it was said."""

import os
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
from disks import nothing_half, take, typed, whole
from filming import card, log, products, tree

import pipeline.catalogue.store
import pipeline.ingest.gate
import pipeline.offload.run

SETTINGS = '[ingest]\nsettle = 0.02\n[names]\ntemplates = ["{card}"]\n[proxies]\njobs = 1\nstills = false\n'
HOUR = timedelta(hours=1)
NOW = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # Vienna's clocks go from two to three
JUMPS = {
    "back and forward": [NOW, NOW - HOUR, NOW + HOUR],
    "1970": [NOW, datetime(1970, 1, 1, tzinfo=UTC)],
    "2038": [datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC), datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), NOW],
    "summer time": [NOW - HOUR / 2, NOW + HOUR / 2, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), NOW - HOUR / 2],
}


def clock_of(moments):
    """A clock that shows these moments, another at each look."""
    shown = cycle(moments)

    class Clock(datetime):
        @classmethod
        def now(cls, zone=None):
            return next(shown).astimezone(zone)

    return Clock


def new_film(folder):
    (folder / "ingest").mkdir(parents=True)
    (folder / "rushes.toml").write_text(SETTINGS)
    return folder


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_at_every_look_changes_nothing(jump, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TZ", "Europe/Vienna")
    for module in (pipeline.catalogue.store, pipeline.ingest.gate, pipeline.offload.run):
        monkeypatch.setattr(module, "datetime", clock_of(JUMPS[jump]))
    film = new_film(tmp_path / "film")
    source = card(film)
    assert take(film).code == 0
    made = whole(film)
    for rating in ("2", "3", "4"):
        assert typed(film, "set", "status:*", f"rating={rating}") == (0, "")
    assert [row["rating"] for row in log(film).values()] == [4]
    assert typed(film, "undo") == (0, "")
    assert [row["rating"] for row in log(film).values()] == [3], "the last that was said is taken back"
    assert typed(film, "cut", "day", "status:*") == (0, "")
    assert typed(film, "cut", "day", "status:*", "--gap", "5") == (0, "")
    assert typed(film, "export", "day", "--for", "resolve") == (0, "")
    for again in ("a", "b"):
        assert typed(film, "offload", str(source), "--to", str(tmp_path / again)) == (0, "")
        assert typed(film, "offload", str(source), "--to", str(tmp_path / again)) == (0, "")
    assert typed(film, "verify")[0] == 0
    assert take(film).code == 0
    assert whole(film).products == made.products, "nothing was made again"
    nothing_half(film, made)
    capsys.readouterr()


MOMENTS = {
    "in a hundred years": datetime(2126, 1, 1, tzinfo=UTC).timestamp(),
    "after 2038": 2**31 + 5,
    "more nanoseconds than fit": 14_000_000_000,  # in 2413: past what 63 bits of nanoseconds hold
    "1970": 0,
    "1969": -1,
    "1901": -(2**31),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_file_of_any_time_is_taken_and_copied_with_it(moment, tmp_path, capsys):
    film = new_film(tmp_path / "film")
    source = card(film)
    clip = source / "C0001.MP4"
    os.utime(clip, ns=(0, int(MOMENTS[moment]) * 10**9))
    before = tree(source)
    assert take(film).code == 0
    assert [row["status"] for row in log(film).values()] == ["ready"]
    assert len(products(film)) == 1
    assert take(film).told == (), "a second look finds it as it was"
    assert typed(film, "verify")[0] == 0
    assert typed(film, "offload", str(source), "--to", str(tmp_path / "a")) == (0, "")
    assert typed(film, "offload", str(source), "--to", str(tmp_path / "a")) == (0, "")
    assert typed(film, "cut", "day", "status:*") == (0, "")
    assert typed(film, "pull", "day", "--to", str(tmp_path / "pulled")) == (0, "")
    assert tree(source) == before
    size, changed = before["C0001.MP4"]
    assert tree(tmp_path / "a" / "A001")["C0001.MP4"] == (size, min(changed, 2**63 - 1))
    capsys.readouterr()
