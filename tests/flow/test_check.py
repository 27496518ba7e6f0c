"""`rushes check` from files to exit code: what is told, where, and that no media are needed."""

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "editorial"))
from good_timelines import good

from pipeline.cli.main import rushes
from pipeline.delivery.check import check_files
from pipeline.errors import PathMissing, ToolMissing
from pipeline.proxies.rules import EDITORS

DTDS = Path(__file__).parents[3] / "shared" / "dtd"


def check(*arguments):
    run = CliRunner().invoke(rushes, ["check", *map(str, arguments)], standalone_mode=False)
    return run.return_value, run.stdout, run.stderr


@pytest.fixture
def files(tmp_path):
    """Good files by their format, in a folder."""
    for form, name in (("otio", "cut.otio"), ("xmeml", "cut.xml"), ("fcpxml", "cut.fcpxml"), ("edl", "cut.edl")):
        (tmp_path / name).write_bytes(good(form))
    return tmp_path


def test_a_good_set_ends_with_0_and_prints_no_row(files):
    code, out, err = check(*sorted(files.iterdir()), "--for", "resolve")
    assert (code, out) == (0, "")
    assert err.count("nothing found") == 4
    assert json.loads(check(*sorted(files.iterdir()), "--for", "resolve", "--json")[1]) == []


def test_findings_are_told_by_file_line_rule_severity_and_sentence(files):
    path = files / "cut.edl"
    path.write_bytes(good("edl").replace(b"10:00:03;00", b"10:00:09;00"))
    code, out, _ = check(path, files / "cut.otio", "--for", "avid", "--json")
    assert code == 1
    (found,) = json.loads(out)
    assert found.pop("sentence").startswith("Event 1 takes 10:00:01;10 to 10:00:09;00")
    assert found == {"file": str(path), "line": 4, "rule": "edl length", "severity": "error"}
    code, out, err = check(path, "--for", "avid")
    assert code == 1
    assert out.startswith(str(path))
    assert "edl length" in out
    assert "cut.edl: 1 error." in err


def test_warnings_alone_end_with_0(files):
    (files / "cut.edl").write_bytes(good("edl").replace(b"TITLE: cut\n", b""))
    code, out, err = check(files / "cut.edl", "--for", "premiere")
    assert code == 0
    assert "edl title" in out
    assert "1 warning" in err


def test_what_cannot_be_read_is_a_finding_on_its_line(files):
    (files / "cut.xml").write_bytes(good("xmeml").replace(b"</sequence>", b"</sequel>"))
    code, out, _ = check(files / "cut.xml", files / "cut.otio", "--for", "premiere", "--json")
    (found,) = json.loads(out)
    assert code == 1
    assert (found["rule"], found["severity"]) == ("unreadable", "error")
    assert found["line"] == good("xmeml").split(b"</sequence>")[0].count(b"\n") + 1


def test_media_are_missed_where_their_disk_is_and_only_there(files):
    inside = os.fsencode(files / "media")
    (files / "media").mkdir()
    (files / "media" / "A001C002.mov").touch()
    for name in ("cut.otio", "cut.xml", "cut.fcpxml"):
        path, editor = files / name, "fcp" if name.endswith(".fcpxml") else "resolve"
        assert check_files([path], editor)[0].findings == ()  # there is no /film on this machine
        path.write_bytes(path.read_bytes().replace(b"/film/A001", inside))
        missed = check_files([path], editor)[0].findings
        assert [each.rule for each in missed] == ["missing media"] * 2
        assert all(each.line for each in missed)
        assert not any("A001C002" in each.sentence for each in missed)


@pytest.mark.parametrize(
    "path", ["/tmp/" + "x" * 5000, "/tmp/\\u0000/a", "\\\\\\\\nas\\\\a.mov", "D:\\\\a.mov", "../../x"]
)
def test_paths_that_no_disk_can_hold_break_nothing(files, path):
    text = good("otio").decode().replace("/film/A001/A001C001.mov", path)
    (files / "cut.otio").write_text(text)
    assert isinstance(check_files([files / "cut.otio"], "resolve")[0].findings, tuple)


def test_a_file_that_is_not_there_is_refused(files):
    with pytest.raises(PathMissing):
        check_files([files / "nothing.xml"], "resolve")
    with pytest.raises(PathMissing, match="no folder"):
        check_files([files / "cut.fcpxml"], "fcp", files / "nothing")


@pytest.mark.skipif(not DTDS.is_dir(), reason="Apple's DTDs are not here")
def test_a_definition_that_is_given_judges_instead_of_our_table(files):
    path = files / "cut.fcpxml"
    assert "our own table" in check(path, "--for", "fcp")[2]
    code, out, err = check(path, "--for", "fcp", "--dtd", DTDS)
    assert (code, out) == (0, "")
    assert "Judged by Apple's DTD" in err
    path.write_bytes(good("fcpxml").replace(b"<spine>", b"<spine><note>x</note>"))
    for options, rule in (((), "fcpxml structure"), (("--dtd", DTDS), "fcpxml DTD")):
        found = json.loads(check(path, "--for", "fcp", "--json", *options)[1])
        assert {each["rule"] for each in found} == {rule}
        assert all(each["line"] for each in found)


def test_a_folder_of_definitions_without_their_reader_is_refused(files, monkeypatch):
    monkeypatch.setattr("pipeline.delivery.check.find_spec", lambda _: None)
    with pytest.raises(ToolMissing):
        check_files([files / "cut.fcpxml"], "fcp", files)


def test_what_is_exported_of_a_film_passes_for_each_suite(tmp_path):
    film = tmp_path / "film"
    runner = CliRunner()
    assert runner.invoke(rushes, ["demo", str(film)], standalone_mode=False).exception is None
    asked = ["cut", "all", "kind:picture", "--size", "1920x1080", "--film", str(film)]
    assert runner.invoke(rushes, asked, standalone_mode=False).exception is None
    for suite in EDITORS:
        exported = runner.invoke(
            rushes, ["export", "all", "--for", suite, "--film", str(film), "--json"], standalone_mode=False
        )
        written = [name for name in json.loads(exported.stdout)["files"] if not name.endswith((".txt", ".csv"))]
        assert written
        assert check(*written, "--for", suite)[:2] == (0, ""), suite


def test_lists_beside_timelines_are_passed_over_and_named(files):
    for name in ("cut.README.txt", "cut.batch.csv", "cut.shots.md", "cut.markers.srt", "cut.markers.vtt"):
        (files / name).write_text("1\n", encoding="utf-8")
    code, out, err = check(*sorted(files.iterdir()), "--for", "resolve", "--json")
    assert (code, json.loads(out)) == (0, [])
    assert "cut.README.txt: passed over, no timeline." in err
    assert err.count("passed over") == 5
    code, out, _ = check(files / "cut.batch.csv", "--for", "resolve", "--json")
    assert (code, [each["rule"] for each in json.loads(out)]) == (1, ["unreadable"]), "which alone is asked for"
    (files / "other.edl").write_bytes(b"1\n")
    code, out, _ = check(files / "cut.edl", files / "other.edl", "--for", "resolve", "--json")
    assert (code, [each["rule"] for each in json.loads(out)]) == (1, ["unreadable"])
