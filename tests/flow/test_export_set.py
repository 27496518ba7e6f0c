"""The set of files an editor is given: read as a person opens the folder on another machine."""

import json
import re
import shutil
from pathlib import Path

import pytest
from filming import rushes

from pipeline.delivery.export import EDITORS
from pipeline.editorial.exports.readme import GUIDES
from pipeline.editorial.exports.registry import EXPORTS


@pytest.fixture(scope="module")
def cut_film(shoot, tmp_path_factory):
    film = tmp_path_factory.mktemp("set") / "film"
    shutil.copytree(shoot, film, symlinks=True)
    assert rushes("cut", "Läufe #1", "kind:picture", "--start", "01:00:00;00", "--rate", "29.97", cwd=film).code == 0
    return film


def export(film, *words):
    run = rushes("export", "Läufe #1", *words, "--json", cwd=film)
    assert run.code == 0, run.err
    return run.json


def page(folder):
    text = (folder / "Läufe #1.README.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 80, "one page"
    return text


def test_every_suite_has_its_steps_for_each_of_its_files():
    assert set(GUIDES) == {editor.name for editor in EDITORS}
    for editor in EDITORS:
        assert set(editor.suffixes) <= set(GUIDES[editor.name].opening), editor.name


@pytest.mark.parametrize("editor", [editor.name for editor in EDITORS])
def test_the_page_says_how_to_import_every_file_and_what_was_lost(cut_film, editor):
    said = export(cut_film, "--for", editor)
    text = page(cut_film / "timelines" / f"for-{editor}")
    assert f"for {GUIDES[editor].title}" in text.splitlines()[0]
    steps = re.findall(r"^(\d+)\. ", text, re.MULTILINE)
    assert steps == [str(number) for number in range(1, len(steps) + 1)]
    one_line = " ".join(text.split())
    for file in said["files"]:
        name = file.rpartition("/")[2]
        if not name.endswith(".README.txt"):
            assert one_line.count(name) >= 2, "in the steps and among the files"
    for sentence in (*said["losses"], *said["notes"]):
        assert " ".join(sentence.split()) in one_line


def test_the_page_says_what_to_expect(cut_film):
    made = export(cut_film, "--for", "resolve")
    text = page(cut_film / "timelines" / "for-resolve")
    timeline = json.loads(next(Path(file).read_text() for file in made["files"] if file.endswith(".otio")))
    picture = [item for item in timeline["tracks"]["children"][0]["children"] if item["OTIO_SCHEMA"] == "Clip.2"]
    assert f"tracks  1 track with {len(picture)} clips of picture" in text
    assert f"events  {len(picture)}\n" in text
    assert "rate    29.97 frames per second (30000/1001), counted drop-frame" in text
    assert "start   01:00:00;00" in text
    assert f"event 1 at 01:00:00;00: {picture[0]['name']} from " in text
    assert f"event {len(picture)} at " in text
    assert "'* REEL ...'" in text


def test_media_are_where_the_map_says_in_every_file_and_on_the_page(cut_film, tmp_path):
    made = export(cut_film, "--for", "premiere", "--to", str(tmp_path), "--map", f"{cut_film}=D:\\Two Courses")
    assert page(tmp_path).count("D:\\Two Courses\\ingest") == 1
    assert "D:\\Two Courses\\proxies" in page(tmp_path)
    assert f"What is {cut_film} on our machine is written as D:\\Two Courses." in " ".join(page(tmp_path).split())
    raw = {file.rpartition(".")[2]: Path(file).read_bytes() for file in made["files"]}
    texts = {suffix: raw[suffix].decode() for suffix in ("otio", "xml", "edl")}
    assert str(cut_film).encode("utf-16-le") not in raw["aaf"], "AAF keeps its texts so"
    assert str(cut_film) not in texts["otio"] + texts["xml"] + texts["edl"]
    assert '"file:///D:/Two%20Courses/ingest' in texts["otio"]
    assert "<pathurl>file://localhost/D:/Two%20Courses/ingest" in texts["xml"]


def test_a_map_in_the_settings_holds_for_every_export_and_the_command_goes_before_it(cut_film, tmp_path):
    settings = cut_film / "rushes.toml"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(before + f'\n[export.map]\n"{cut_film}" = "/Volumes/RAID/film"\n', encoding="utf-8")
    try:
        export(cut_film, "--for", "fcp", "--to", str(tmp_path / "one"))
        export(cut_film, "--for", "fcp", "--to", str(tmp_path / "two"), "--map", f"{cut_film}=/Volumes/USB")
        settings.write_text(before + '\n[export.map]\n"/films" = "Volumes"\n', encoding="utf-8")
        wrong = rushes("log", cwd=cut_film)
    finally:
        settings.write_text(before, encoding="utf-8")
    assert 'src="file:///Volumes/RAID/film/ingest/' in (tmp_path / "one" / "Läufe #1.fcpxml").read_text()
    assert 'src="file:///Volumes/USB/ingest/' in (tmp_path / "two" / "Läufe #1.fcpxml").read_text()
    assert wrong.code == 11
    assert f"line {before.count(chr(10)) + 3}" in wrong.err


def test_a_map_that_is_none_is_a_wrong_value(cut_film):
    assert rushes("export", "Läufe #1", "--map", "here", cwd=cut_film).code == 14


def test_relative_paths_lead_to_the_media_and_formats_without_them_say_so(cut_film):
    made = export(cut_film, "--for", "resolve", "--relative")
    folder = cut_film / "timelines" / "for-resolve"
    timeline = json.loads((folder / "Läufe #1.otio").read_text())
    urls = [
        reference["target_url"]
        for item in timeline["tracks"]["children"][0]["children"] if item["OTIO_SCHEMA"] == "Clip.2"
        for reference in item["media_references"].values()
    ]  # fmt: skip
    assert urls
    for url in urls:
        assert url.startswith("../../")
        assert (folder / url).is_file()
    silent = {loss.partition(":")[0] for loss in made["losses"] if "Paths are absolute" in loss}
    suffixes = next(editor.suffixes for editor in EDITORS if editor.name == "resolve")
    paths = {export.suffix: export.paths for export in EXPORTS}
    assert silent == {suffix[1:] for suffix in suffixes if paths[suffix] == "absolute"}
    assert silent


def test_an_export_again_removes_what_the_last_one_made_beyond_it_and_nothing_else(cut_film, tmp_path):
    """All clips need tables of several rates; cut again at one rate, the other tables are of no cut."""
    folder = tmp_path / "avid"
    assert rushes("cut", "tables", "kind:picture", cwd=cut_film).code == 0
    assert rushes("export", "tables", "--for", "avid", "--to", folder, cwd=cut_film).code == 0
    many = sorted(path.name for path in folder.glob("tables.*.ale"))
    assert len(many) > 2
    (folder / "tables.notes.ale").write_text("mine")
    (folder / many[0]).write_text("mine now")
    assert rushes("cut", "tables", "rate:29.97", cwd=cut_film).code == 0
    assert rushes("export", "tables", "--for", "premiere", "--to", folder, cwd=cut_film).code == 0
    assert sorted(path.name for path in folder.glob("tables.*.ale")) == sorted([*many, "tables.notes.ale"])
    assert rushes("export", "tables", "--for", "avid", "--to", folder, cwd=cut_film).code == 0
    left = sorted(path.name for path in folder.glob("tables.*.ale"))
    assert left == sorted([many[0], "tables.29.97fps.ale", "tables.notes.ale"])
    assert (folder / "tables.xml").is_file(), "another suite's export"


@pytest.mark.parametrize("suffix", ["otio", "xml", "fcpxml", "edl"])
def test_what_was_written_conforms_over_chapters_varying_and_mixed_rates(cut_film, suffix):
    export(cut_film, "--for", "resolve")
    file = cut_film / "timelines" / "for-resolve" / f"Läufe #1.{suffix}"
    for words in ((), ("--like", "Läufe #1")):
        run = rushes("conform", file, *words, "--json", cwd=cut_film)
        assert run.code == 0, run.out
        assert run.json["right"] == 12
