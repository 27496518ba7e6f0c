"""Media that may only be read, and disks that vanish and return in the midst of the work."""

import subprocess
import threading

import pytest
from disks import disk, hashes, mounted, take, whole
from filming import card, footage, half_made, log, products, rushes, tree

from pipeline.film import open_film
from pipeline.ingest.events import CardTaken, ClipMade
from pipeline.ingest.run import ingest

SETTINGS = '[ingest]\nsettle = 0.02\n[names]\ntemplates = ["{card}"]\n[proxies]\njobs = 1\nstills = false\n'


def new_film(folder):
    (folder / "ingest").mkdir(parents=True)
    (folder / "rushes.toml").write_text(SETTINGS)
    return folder


def status(film):
    return {path: row["status"] for path, row in log(film).items()}


@pytest.fixture
def bound():
    """Shows a folder at another place, as a disk that can be pulled."""
    shown = []

    def show(folder, place, *, readonly=False):
        place.mkdir(parents=True, exist_ok=True)
        mounted("--bind", folder, place)
        shown.append(place)
        if readonly:
            mounted("-o", "remount,bind,ro", place)

    yield show
    for place in shown:
        subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)


def pull_out(place):
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_card_that_may_only_be_read_is_taken_in_and_copied(tmp_path, bound):
    shelf = card(tmp_path / "shelf", clips=2)
    before = tree(shelf)
    film = new_film(tmp_path / "film")
    bound(shelf, film / "ingest" / "A001", readonly=True)
    assert take(film).code == 0
    assert set(status(film).values()) == {"ready"}
    for _ in "once", "again":
        assert rushes("offload", film / "ingest" / "A001", "--to", tmp_path / "copy", cwd=film).code == 0
    assert tree(shelf) == before
    assert {name: seen for name, seen in tree(tmp_path / "copy" / "A001").items() if "ascmhl" not in name} == before


@pytest.mark.parametrize("when", [CardTaken, ClipMade])
def test_a_card_that_is_pulled_in_the_midst_is_finished_when_it_is_back(when, tmp_path, bound):
    shelf = card(tmp_path / "shelf", clips=3)
    before = tree(shelf)
    film = new_film(tmp_path / "film")
    place = film / "ingest" / "A001"
    card(film, "B001", first=7)
    bound(shelf, place)
    pulled = threading.Event()

    def tell(event):
        if isinstance(event, when) and event.card == "A001" and not pulled.is_set():
            pulled.set()
            pull_out(place)

    ended = ingest(open_film(film), [], tell)
    assert pulled.is_set()
    assert (ended.failed, ended.stopped_by) == ((), None)
    seen = status(film)
    assert {seen[path] for path in seen if "A001" in path} == {"offline"}
    assert seen["ingest/B001/C0001.MP4"] == "ready"
    assert half_made(film) == []
    kept = hashes(film)
    bound(shelf, place)
    assert take(film).code == 0
    assert set(status(film).values()) == {"ready"}
    assert hashes(film).items() >= kept.items()
    assert len(products(film)) == 4
    assert tree(shelf) == before


def test_a_disk_of_proxies_that_is_pulled_in_the_midst_costs_no_clip_its_proxy(tmp_path, bound):
    film = new_film(tmp_path / "film")
    card(film, clips=3)
    (tmp_path / "raid").mkdir()
    bound(tmp_path / "raid", film / "proxies")
    pulled = threading.Event()

    def tell(event):
        if isinstance(event, ClipMade) and not pulled.is_set():
            pulled.set()
            pull_out(film / "proxies")

    ingest(open_film(film), [], tell)
    assert pulled.is_set()
    assert take(film).code == 0
    assert set(status(film).values()) == {"ready"}
    bound(tmp_path / "raid", film / "proxies")
    assert rushes("ingest", "--retry", cwd=film).code == 0
    assert len(products(film)) == 3
    assert half_made(film) == []
    assert half_made(tmp_path / "raid") == []


def test_an_indexed_volume_that_is_away_is_offline_and_back_with_all_it_had(tmp_path):
    film = new_film(tmp_path / "film")
    with disk(tmp_path / "volume") as volume:
        footage(volume.folder / "C001" / "C0001.MP4", 60)
        assert rushes("ingest", volume.folder / "C001", cwd=film).code == 0
        made = whole(film)
    assert take(film).code == 0
    assert list(status(film).values()) == ["offline"]
    with disk(tmp_path / "volume") as volume:
        footage(volume.folder / "C001" / "C0001.MP4", 60)
        assert take(film).code == 0
        assert list(status(film).values()) == ["ready"]
        assert whole(film).products == made.products
