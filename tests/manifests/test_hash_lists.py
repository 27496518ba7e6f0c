"""Hash lists: what they say, the files they stand for, and what is never opened on their word."""

import hashlib
import itertools
import json
import os
import tracemalloc
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import MediaUnreadable, PathMissing, PathRefused
from pipeline.files import open_below
from pipeline.manifests.facts import list_facts
from pipeline.manifests.hashes import FORMATS, Hasher, of_bytes, raw, same
from pipeline.manifests.lists import Entry, Hash, HashList, is_list, parts_of, read_chain, read_list
from pipeline.manifests.verify import check_history, check_list

SAMPLES = Path(os.environ.get("RUSHES_SAMPLES", Path(__file__).resolve().parents[3] / "shared" / "samples"))


def test_every_sample_list_and_history_is_verified_to_the_stated_result():
    if not (SAMPLES / "truth.json").is_file():
        pytest.skip(f"no sample hash lists in {SAMPLES}: set RUSHES_SAMPLES")
    truth = json.loads((SAMPLES / "truth.json").read_text())
    entries = {name: entry for name, entry in truth.items() if entry["kind"] == "mhl"}
    right = 0
    for name, entry in entries.items():
        facts = list_facts(SAMPLES / name)
        for key in entry.keys() - {"kind", "why"}:
            assert (facts or {}).get(key) == entry[key], f"{name}: {key}"
            right += 1
        assert facts.keys() - {"sources"} == facts["sources"].keys()
        assert ("mismatch" in facts, "missing" in facts) == ("mismatch" in entry, "missing" in entry), name
    print(f"\n{right} of {right} values of {len(entries)} lists are right")  # noqa: T201
    assert right >= 136, "what was right must stay right"


# --- hashes -----------------------------------------------------------------------------------------


# Of nothing: RFC 1321, FIPS 180-4, xxHash's own specification; C4 of nothing as its ID specification prints it.
EMPTY = {
    "md5": "d41d8cd98f00b204e9800998ecf8427e",
    "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "xxh64": "ef46db3751d8e999",
    "xxhash64be": "ef46db3751d8e999",
    "xxhash64": "99e9d85137db46ef",
    "xxh3": "2d06800538d394c2",
    "xxh128": "99aa06d3014798d86001c324468d497f",
    "xxhash": str(0x02CC5D05),
    "c4": "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT",
}


@pytest.mark.parametrize("name", FORMATS)
def test_hashes_of_nothing_are_the_published_ones(name):
    assert of_bytes(name, b"") == EMPTY[name]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_several_hashes_of_pieces_are_those_of_the_whole(data, cuts):
    hasher = Hasher(FORMATS)
    places = sorted({0, *(min(cut, len(data)) for cut in cuts), len(data)})
    for start, end in itertools.pairwise(places):
        hasher.update(data[start:end])
    assert hasher.values() == {name: of_bytes(name, data) for name in FORMATS}


@given(st.binary(max_size=64))
def test_the_bytes_of_a_c4_come_back(data):
    assert raw("c4", of_bytes("c4", data)) == hashlib.sha512(data).digest()


def test_only_c4_minds_the_case_of_letters():
    assert same("md5", EMPTY["md5"].upper(), EMPTY["md5"])
    assert not same("c4", EMPTY["c4"].lower(), EMPTY["c4"])


# --- lists ------------------------------------------------------------------------------------------


def asc(*entries: str, extra: str = "") -> bytes:
    body = "".join(entries)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0"><hashes>{body}'
        f"</hashes>{extra}</hashlist>"
    ).encode()


def entry(path: str, data: bytes, *, action: str = "original", before: str = "", formats: tuple[str, ...] = ("xxh64",)):
    hashes = "".join(f'<{name} action="{action}">{of_bytes(name, data)}</{name}>' for name in formats)
    old = f"<previousPath>{before}</previousPath>" if before else ""
    return f'<hash><path size="{len(data)}">{path}</path>{hashes}{old}</hash>'


def made(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("Clips/a.mov", ("Clips", "a.mov")), ("./a.mov", ("a.mov",)), ("Clips\\a.mov", ("Clips", "a.mov")),
        ("a\\b/c.mov", ("a\\b", "c.mov")), ("", None), ("/etc/passwd", None), ("../a.mov", None),
        ("Clips/../../a.mov", None), ("..\\..\\a.mov", None), ("C:\\a.mov", None), ("a\0b", None), (".", None),
    ],
)  # fmt: skip
def test_paths_lead_below_the_listed_folder_or_nowhere(path, parts):
    assert parts_of(path) == parts


def test_what_is_not_as_listed_is_named(tmp_path):
    root = made(tmp_path, {"a.mov": b"aaaa", "b.mov": b"bbbb", "c.mov": b"longer", "Clips/e.mov": b"e"})
    listed = read_list(
        asc(entry("a.mov", b"aaaa"), entry("b.mov", b"bbbB"), entry("c.mov", b"short"), entry("d.mov", b""),
            entry("Clips/e.mov", b"e", formats=("md5", "c4", "xxh128")))
    )  # fmt: skip
    outcome = check_list(listed, root)
    assert (outcome.mismatch, outcome.missing, outcome.refused) == (("b.mov", "c.mov"), ("d.mov",), ())
    assert outcome.word == "mismatch"


def test_links_devices_and_ways_out_are_refused_and_never_opened(tmp_path):
    secret = made(tmp_path / "outside", {"secret.txt": b"secret"})
    root = made(tmp_path / "card", {"a.mov": b"a"})
    (root / "link.mov").symlink_to(secret / "secret.txt")
    (root / "folder").symlink_to(secret, target_is_directory=True)
    os.mkfifo(root / "pipe.mov")
    paths = ("link.mov", "folder/secret.txt", "../outside/secret.txt", str(secret / "secret.txt"), "pipe.mov")
    outcome = check_list(read_list(asc(*(entry(path, b"secret") for path in paths))), root)
    assert [path for path, _ in outcome.refused] == list(paths)
    assert (outcome.mismatch, outcome.missing, outcome.word) == ((), (), "missing")


def test_a_name_composed_in_another_way_is_the_same_file(tmp_path):
    decomposed = unicodedata.normalize("NFD", "Kölner Dom/é.mov")
    root = made(tmp_path, {decomposed: b"dom"})
    with open_below(root, ("Kölner Dom", "é.mov")) as file:
        assert file.read() == b"dom"
    assert check_list(read_list(asc(entry("Kölner Dom/é.mov", b"dom"))), root).word == "ok"


@pytest.mark.parametrize(("parts", "refusal"), [(("no.mov",), PathMissing), (("Clips",), PathRefused),
                                                (("a.mov", "b.mov"), PathMissing)])  # fmt: skip
def test_what_cannot_be_opened_says_why(tmp_path, parts, refusal):
    made(tmp_path, {"a.mov": b"a", "Clips/b.mov": b"b"})
    with pytest.raises(refusal):
        open_below(tmp_path, parts)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "shift_jis", "euc-jp"])
def test_lists_are_read_in_the_encoding_they_declare(encoding):
    declared = encoding.removesuffix("-sig")
    body = '<hashlist version="1.0"><hash><file>日本.mov</file><null/></hash></hashlist>'
    text = f'<?xml version="1.0" encoding="{declared}"?>{body}'
    assert [each.path for each in read_list(text.encode(encoding)).entries] == ["日本.mov"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<hashlist", b"<fcpxml/>", b'<!DOCTYPE a [<!ENTITY b "c">]><hashlist>&b;</hashlist>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><hashlist/>', b"<a>" * 10_000,
        b'<?xml version="1.0" encoding="no-such"?><hashlist', b"\xff\xfe\x00",
    ],
)  # fmt: skip
def test_damaged_and_hostile_lists_are_refused(data):
    with pytest.raises(MediaUnreadable):
        read_list(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    is_list(data)
    for read in (read_list, read_chain):
        for text in (data, asc() + data, data + asc()):
            try:
                read(text)
            except MediaUnreadable:
                continue


# --- histories --------------------------------------------------------------------------------------


def history(root: Path, *lists: bytes) -> Path:
    lines = []
    for number, data in enumerate(lists, 1):
        name = f"{number:04}_{root.name}_2019-10-12_080000Z.mhl"
        made(root, {f"ascmhl/{name}": data})
        c4 = of_bytes("c4", data)
        lines.append(f'<hashlist sequencenr="{number}"><path>{name}</path><c4>{c4}</c4></hashlist>')
    chain = f'<ascmhldirectory xmlns="urn:ASC:MHL:DIRECTORY:v2.0">{"".join(lines)}</ascmhldirectory>'
    made(root, {"ascmhl/ascmhl_chain.xml": chain.encode()})
    return root / "ascmhl" / "ascmhl_chain.xml"


@pytest.mark.parametrize(
    ("second", "now", "word"),
    [
        (entry("a.mov", b"first", action="verified"), {"a.mov": b"first"}, "ok"),
        # Whatever a later generation calls it, the first hash stands.
        (entry("a.mov", b"other", action="failed"), {"a.mov": b"other"}, "mismatch"),
        (entry("a.mov", b"other", action="verified"), {"a.mov": b"other"}, "mismatch"),
        (entry("b.mov", b"first", action="verified", before="a.mov"), {"b.mov": b"first"}, "ok"),
        (entry("b.mov", b"first", action="verified", before="a.mov"), {"a.mov": b"first"}, "missing"),
        (entry("c.mov", b"new"), {"a.mov": b"first", "c.mov": b"new"}, "ok"),
    ],
)
def test_a_history_is_checked_as_a_whole(tmp_path, second, now, word):
    root = made(tmp_path / "A001", now)
    checked = check_history(history(root, asc(entry("a.mov", b"first")), asc(second)))
    assert (checked.generations, checked.chain, checked.outcome.word) == (2, "ok", word)


def test_a_list_that_was_altered_or_lost_breaks_the_chain(tmp_path):
    root = made(tmp_path / "A001", {"a.mov": b"first"})
    chain = history(root, asc(entry("a.mov", b"first")))
    [listed] = root.glob("ascmhl/*.mhl")
    listed.write_bytes(listed.read_bytes() + b"\n")
    assert check_history(chain).chain == "mismatch"
    listed.unlink()
    assert check_history(chain).chain == "missing"


def test_a_history_within_a_history_is_checked_with_it(tmp_path):
    root = made(tmp_path / "day", {"notes.txt": b"notes", "A001/a.mov": b"first"})
    inner = history(root / "A001", asc(entry("a.mov", b"first")))
    [listed] = inner.parent.glob("*.mhl")
    name, c4 = f"A001/ascmhl/{listed.name}", of_bytes("c4", listed.read_bytes())
    reference = f"<references><hashlistreference><path>{name}</path><c4>{c4}</c4></hashlistreference></references>"
    chain = history(root, asc(entry("notes.txt", b"notes"), extra=reference))
    assert check_history(chain).outcome.word == "ok"
    (root / "A001" / "a.mov").write_bytes(b"changed")
    assert check_history(chain).outcome.mismatch == ("A001/a.mov",)


def test_a_name_that_no_disk_can_hold_is_refused_and_takes_no_more_memory_than_the_list(tmp_path):
    root = made(tmp_path / "A001", {"a.mov": b"first"})
    (root / "A001.mhl").write_bytes(asc(entry("a.mov", b"first"), entry("x" * 300, b"second")))
    tracemalloc.start()
    facts = list_facts(root / "A001.mhl")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert facts is not None
    assert facts["verify"] == "missing"
    assert len(facts["refused"]) == 1
    assert peak < 32 << 20


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here that opens and cannot be read")
def test_a_file_that_the_disk_does_not_give_is_named_and_the_others_are_checked():
    unread = HashList("", (Entry("mem", None, (Hash("md5", "0" * 32),)),))
    assert [name for name, _ in check_list(unread, Path("/proc/self")).refused] == ["mem"]
