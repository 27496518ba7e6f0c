"""Tables and subtitles of a cut, read by Python's csv and by plain patterns."""

import csv
import io
import re
from fractions import Fraction
from pathlib import Path

import pytest
from editorial_clips import RATES, count_label, logged, media, settings
from torture import Builder, schema, torture_timeline

from pipeline.editorial.assembly import PROXY, assemble
from pipeline.editorial.exports import shot_list, subtitles, suite_tables
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.readme import Handover, readme
from pipeline.editorial.exports.tables import csv_text
from pipeline.editorial.exports.written import ExportOptions, Losses

WRITERS = (
    suite_tables.write_resolve, suite_tables.write_premiere, shot_list.write_csv, shot_list.write_markdown,
    subtitles.write_srt, subtitles.write_vtt,
)  # fmt: skip


def written(write, timeline):
    made = write(timeline, ExportOptions(Path()))
    return made.files[0].content.decode(), made.losses


def rows(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture
def cut():
    clips = [
        logged(
            "C0001.MP4", start="10:00:00:00", card="K1", reel="R1", subject=("Coach", "Runner"), location="Vienna",
            note="sun, then rain", scene="12", take="3", circled="yes", view="against", camera="A",
            markers=((10, 30, "good line", ""), (60, 0, "a <b> --> & c", "Coach")),
        ),
        logged(
            "C0002.MP4", "50", start=None, card="K2", frames=80, note="=HYPERLINK(1)", markers=((4, 20, "late", ""),)
        ),
    ]  # fmt: skip
    return assemble("selects", clips, media(*clips), settings(start="01:00:00:00", handles=2, gap=5)).timeline


def test_resolve_gets_every_file_with_its_log_in_its_own_columns(cut):
    text, losses = written(suite_tables.write_resolve, cut)
    first, second = csv.DictReader(io.StringIO(text, newline=""))
    assert {name: first[name] for name in ("File Name", "Clip Directory", "Start TC", "End TC", "Reel Name")} == {
        "File Name": "C0001.MP4", "Clip Directory": "/film/K1", "Start TC": "10:00:00:00", "End TC": "10:00:04:00",
        "Reel Name": "R1",
    }  # fmt: skip
    assert (first["Keywords"], first["Good Take"], first["Scene"]) == ("Coach,Runner,Vienna", "1", "12")
    assert (first["Comments"], first["Take"], first["Camera #"]) == ("sun, then rain", "3", "A")
    assert (second["Start TC"], second["Good Take"], second["Comments"]) == ("", "", "'=HYPERLINK(1)")
    assert losses == ("Texts that a spreadsheet would run, written behind an apostrophe: =HYPERLINK(1).",)


def test_resolve_s_table_names_the_files_that_the_timelines_link(cut):
    for each in cut.find_clips():
        references = each.media_references()
        references[PROXY].target_url = references[PROXY].target_url.replace(".MP4", "_Proxy.mov")
        each.set_media_references(references, each.active_media_reference_key)
    made = suite_tables.write_resolve(cut, ExportOptions(Path("unused"), "proxy"))
    found = csv.DictReader(io.StringIO(made.files[0].content.decode(), newline=""))
    proxies = {(row["File Name"], row["Clip Directory"]) for row in found}
    assert proxies == {("C0001_Proxy.mov", "/film/proxies/K1"), ("C0002_Proxy.mov", "/film/proxies/K2")}


def test_the_proxy_of_a_clip_in_several_files_is_one_row_for_resolve():
    clip = logged("a.mov", parts=(60, 40))
    cut = assemble("stringout", [clip], media(clip), settings()).timeline
    rows_for = {
        kind: len(rows(suite_tables.write_resolve(cut, ExportOptions(Path(), kind)).files[0].content.decode())) - 1
        for kind in ("original", "proxy")
    }
    assert rows_for == {"original": 2, "proxy": 1}


@pytest.mark.parametrize(("card", "told"), [("C0001.MP4", True), ("C0003.MP4", False)])
def test_the_page_says_how_files_of_one_name_are_told_apart(card, told):
    clips = [logged("C0001.MP4", card="K1"), logged(card, card="K2")]
    sheet = sheet_of(assemble("stringout", clips, media(*clips), settings()).timeline)
    text = " ".join(readme(sheet, Handover("resolve", 1, ("cut.metadata.csv",), (), (), {})).split())
    assert ("several files are called C0001.MP4, by clip directory" in text) == told
    assert "match by file name" in text


def test_premiere_gets_each_range_with_its_last_frame(cut):
    text, losses = written(suite_tables.write_premiere, cut)
    assert [row[1:4] for row in rows(text)] == [
        ["10:00:00:08", "10:00:01:16", "C0001.MP4"],
        ["10:00:02:08", "10:00:02:11", "C0001.MP4"],
        ["00:00:00:00", "00:00:00:27", "C0002.MP4"],
    ]
    assert rows(text)[0][4:] == ["sun, then rain", "Coach, Runner, Vienna, against", "12", "3"]
    assert any("counted from 00:00:00:00" in loss for loss in losses)


def test_a_shot_list_has_a_row_for_picture_and_sound_together(cut):
    text, _ = written(shot_list.write_csv, cut)
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["No"], row["Tracks"], row["Name"], row["Record in"], row["Frames"]) for row in found] == [
        ("1", "V1 A1", "C0001.MP4", "01:00:00:00", "34"),
        ("2", "V1 A1", "C0001.MP4", "01:00:01:14", "4"),
        ("3", "V1 A1", "C0002.MP4", "01:00:01:23", "14"),
    ]
    assert (found[2]["Source in"], found[2]["Source out"], found[2]["Rate"]) == ("00:00:00:00", "00:00:00:28", "50")
    assert found[0]["Location"] == "Vienna"


@pytest.mark.parametrize("rate", ["25", "29.97", "59.94", "120"])
def test_rows_of_a_shot_list_lie_where_the_events_lie(rate):
    timeline = torture_timeline(RATES[rate])
    sheet = sheet_of(timeline)
    nominal, day = sheet.start.rate.nominal, 86_400 * sheet.start.rate.nominal
    found = {
        ((count_label(row["Record in"], nominal) - sheet.start.frame) % day, int(row["Frames"]), row["Path"])
        for row in csv.DictReader(io.StringIO(written(shot_list.write_csv, timeline)[0], newline=""))
    }
    assert found == {
        (event.record.start, event.record.duration, event.source.path or "")
        for track in sheet.tracks
        for event in track.events
    }


def test_a_shot_list_in_markdown_has_no_marks_of_its_own():
    make = Builder(RATES["25"], "/film")
    made = schema.Timeline("*cut* | 1")
    made.tracks.append(make.track("V", "Video", make.clip("a|b_[c](d)<e>.mov", 10, log={"note": "# no `code`"})))
    text, _ = written(shot_list.write_markdown, made)
    assert r"a\|b\_\[c\](d)\<e\>.mov" in text
    assert r"\# no \`code\`" in text
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("|")}) == 1


SRT = re.compile(r"(\d+)\n(\d\d):(\d\d):(\d\d)[,.](\d{3}) --> (\d\d):(\d\d):(\d\d)[,.](\d{3})\n(.+)\n")


def cues(text):
    """(number, begin, end in milliseconds, text) of each cue; nothing stands between them."""
    found = SRT.findall(text)
    assert SRT.sub("", text).strip() in {"", "WEBVTT"}
    for number, *clock, said in found:
        times = [((int(h) * 60 + int(m)) * 60 + int(s)) * 1000 + int(ms) for h, m, s, ms in (clock[:4], clock[4:])]
        yield int(number), *times, said


def test_markers_are_cues_from_the_first_picture_on(cut):
    text, _ = written(subtitles.write_srt, cut)
    assert list(cues(text)) == [
        (1, 80, 1280, "good line"), (2, 1640, 2640, "a <b> -> & c"), (3, 2000, 2400, "late"),
    ]  # fmt: skip
    text, _ = written(subtitles.write_vtt, cut)
    assert text.startswith("WEBVTT\n\n")
    assert [said for *_, said in cues(text)][1] == "a &lt;b&gt; --&gt; &amp; c"


@pytest.mark.parametrize("rate", ["23.976", "29.97", "59.94"])
def test_times_of_cues_are_rounded_down(rate):
    make = Builder(RATES[rate], "/film")
    made = schema.Timeline("cut")
    speed = RATES[rate].fraction
    marks = [(at, 2, f"at {at}", "") for at in range(0, 3000, 7)]
    made.tracks.append(make.track("V", "Video", make.clip("a.mov", 3000, media=4000, markers=marks)))
    for number, begin, _, said in cues(written(subtitles.write_srt, made)[0]):
        at = int(said.split()[1])
        assert at == marks[number - 1][0]
        assert begin <= Fraction(at * 1000) / speed < begin + 1


@pytest.mark.parametrize("write", WRITERS)
def test_the_torture_timeline_makes_lists_that_readers_take(write):
    text, _ = written(write, torture_timeline())
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\u2028\u2029]", text)
    if write in {suite_tables.write_resolve, shot_list.write_csv}:
        assert len({len(row) for row in rows(text)}) == 1
    if write in {subtitles.write_srt, subtitles.write_vtt}:
        assert len(list(cues(text))) == 4


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+49 1", "'+49 1"), ("-clip.mov", "'-clip.mov"), ("-1", "-1"),
        ("\uff1d1", "'\uff1d1"), ("\uff0b49", "'\uff0b49"),
        ("-1.5", "-1.5"), ("\t=1", "' =1"), ('say "a", b', 'say "a", b'), ("", ""), ("a\nb", "a b"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(cell, wanted):
    assert rows(csv_text([("x", cell)], Losses())) == [["x", wanted]]
