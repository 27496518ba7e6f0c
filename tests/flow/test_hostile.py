"""What strangers' files could do to a machine, they do not: no socket, no foreign file, no word of it in any product.

A server on loopback and a file beside the film are the canaries; all goes through the commands as people run them.
"""

import http.server
import os
import re
import shutil
import threading
import time
from pathlib import Path

import pytest
from filming import LEAN, ROOT, empty_film, footage, half_made, log, products, rushes
from hostile import SECRET, SIDECARS, TIMELINES, entities, movie, recordings

HOSTILE = Path(os.environ.get("RUSHES_SAMPLES", ROOT.parent / "shared" / "samples")) / "hostile"
MEMORY = 600_000  # kilobytes that no process may reach
# Whatever makes or uses a socket; bubblewrap makes its own to raise the empty network that it gives.
LOUD = re.compile("AF_INET" if shutil.which("bwrap") else r"^\d+ +(socket|socketpair|connect|sendto)\(")


@pytest.fixture(scope="module")
def server():
    """The address of a server, and the paths that were asked for."""
    asked: list[str] = []

    class Listening(http.server.BaseHTTPRequestHandler):
        def handle(self):
            asked.append(str(self.client_address))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listening) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}", asked
        listening.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def canary(tmp_path_factory):
    """A movie with a secret in its name's folder and in its bytes, which nobody has read yet."""
    place = tmp_path_factory.mktemp("outside")
    file = place / "canary.mov"
    file.write_bytes(movie(place / "made", "-c:v", "mpeg2video", "-metadata", f"title={SECRET}"))
    assert SECRET.encode() in file.read_bytes()
    os.utime(file, (1, 1))
    return file


@pytest.fixture(scope="module")
def hostile_film(tmp_path_factory, canary, server):
    """A card of files made to harm and one harmless clip, taken in under the eyes of strace where that is installed."""
    place = tmp_path_factory.mktemp("hostile")
    film = empty_film(place / "film", LEAN.replace("stills = false", "stills = true"))
    card = film / "ingest" / "A001"
    footage(card / "C0000.MP4")
    for name, data in recordings(place / "made", canary, server[0]):
        (card / name).write_bytes(data)
    (card / "S0001.AIFF").write_bytes(b"FORM\0\0\0\x1eAIFFCOMM\0\0\0\x12" + bytes(18))  # for MediaInfo to read
    for kind, before in entities(canary, server[0]).items():
        footage(card / f"C-{kind}.MP4", len(before))
        for suffix, body in SIDECARS.items():
            (card / f"C-{kind}{suffix}").write_text(f'<?xml version="1.0"?>{before}{body}')
    traced = place / "calls" if shutil.which("strace") else None
    began = time.monotonic()
    run = rushes("ingest", cwd=film, traced=traced, weighed=place / "kilobytes", timeout=300)
    return film, run, traced, time.monotonic() - began


def quiet(server, canary):
    assert server[1] == [], "somebody called the server"
    assert canary.stat().st_atime == 1, "somebody read the canary"


def test_a_card_made_to_harm_costs_its_own_files_alone(hostile_film):
    film, run, _, seconds = hostile_film
    assert run.code == 1
    assert "Traceback" not in run.err
    assert log(film)["ingest/A001/C0000.MP4"]["status"] == "ready"
    assert half_made(film) == []
    assert seconds < 200
    assert 20_000 < int((film.parent / "kilobytes").read_text()) < MEMORY


def test_every_file_made_to_harm_is_refused_by_name(hostile_film):
    """All but the movies that say their pictures lie elsewhere: their own bytes are read, whatever these are."""
    film, run, _, _ = hostile_film
    rows = log(film)
    for path in sorted((film / "ingest" / "A001").iterdir()):
        if path.name.startswith(("hls", "ffconcat", "dash", "sdp", "sub", "bomb", "streams")):
            status = rows.get(f"ingest/A001/{path.name}", {}).get("status")
            assert status != "ready", path.name
            assert any(path.name in line for line in run.err.splitlines()), path.name


def test_nothing_was_called_and_no_other_file_was_opened(hostile_film, server, canary):
    _, _, traced, _ = hostile_film
    quiet(server, canary)
    if traced is None:
        pytest.skip("strace is not installed: the canaries alone were looked at")
    calls = traced.read_text(errors="replace").splitlines()
    assert len(calls) > 1000
    assert not [line for line in calls if str(canary) in line or canary.name in line]
    assert any("mediainfo_child" in line for line in calls), "MediaInfo's process was among them"
    assert not [line for line in calls if LOUD.search(line)]


def test_no_word_of_the_canary_is_in_any_product(hostile_film, canary):
    film, _, _, _ = hostile_film
    made = [film / name for name in products(film)]
    assert made
    secret = canary.read_bytes()[4096:4160]
    os.utime(canary, (1, 1))
    for path in [*made, *(film / ".rushes").glob("catalogue*")]:
        data = path.read_bytes()
        assert SECRET.encode() not in data, path
        assert secret not in data, path


def test_offload_pull_and_verify_read_no_more_than_ingest(hostile_film, server, canary, tmp_path):
    film, _, _, _ = hostile_film
    done = rushes(
        "offload", film / "ingest" / "A001", "--to", tmp_path / "to", "--report", tmp_path / "r.html", cwd=film
    )
    assert "A001  verified" in done.err
    assert SECRET not in (tmp_path / "r.html").read_text()
    for words in (["proxies", "--compare"], ["verify"], ["log", "--csv"], ["proxies", "name:*", "--salvage"]):
        run = rushes(*words, cwd=film)
        assert run.code != 70, run.err
        assert SECRET not in run.out + run.err
    quiet(server, canary)


def test_an_xml_that_declares_entities_is_believed_nowhere(hostile_film, server, canary, tmp_path):
    film, _, _, _ = hostile_film
    files = []
    for kind, before in entities(canary, server[0]).items():
        for suffix, body in (SIDECARS | TIMELINES).items():
            files.append(tmp_path / f"{kind}{suffix}")
            files[-1].write_text(f'<?xml version="1.0"?>{before}{body}')
    timelines = [file for file in files if file.suffix in TIMELINES]
    began = time.monotonic()
    facts = rushes("facts", "--json", *files, cwd=tmp_path)
    assert all("error" in said or "damaged" in said["warnings"][0] for said in facts.json.values()), facts.out
    check = rushes("check", *timelines, "--for", "premiere", cwd=tmp_path)
    taken = [rushes("import", timelines[number], cwd=film) for number in (0, 1, 5)]
    for run in (facts, check, *taken):
        assert 0 < run.code < 70, run.err
        assert SECRET not in run.out + run.err
        assert "hahaha" not in run.out + run.err
        assert "aaaaaa" not in run.out + run.err
    assert time.monotonic() - began < 100
    quiet(server, canary)


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the hostile samples are not there")
def test_hostile_samples_go_through_the_whole_of_ingest(tmp_path, server, canary):
    film = empty_film(tmp_path / "film", LEAN)
    for number, file in enumerate(sorted(path for path in HOSTILE.rglob("*") if path.is_file())):
        (film / "ingest" / "A001").mkdir(exist_ok=True)
        shutil.copy(file, film / "ingest" / "A001" / f"{number:02} {file.name}")
    footage(film / "ingest" / "A001" / "good.MP4")
    traced = tmp_path / "calls" if shutil.which("strace") else None
    run = rushes("ingest", cwd=film, traced=traced, timeout=300)
    assert run.code in (0, 1), run.err
    assert traced is None or not [line for line in traced.read_text(errors="replace").splitlines() if LOUD.search(line)]
    assert log(film)["ingest/A001/good.MP4"]["status"] == "ready"
    assert half_made(film) == []
    assert "root:x:0:0" not in run.out + run.err
    for name in products(film):
        assert b"root:x:0:0" not in (film / name).read_bytes()
    quiet(server, canary)
