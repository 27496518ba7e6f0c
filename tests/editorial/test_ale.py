"""Avid Log Exchange, read back by a reader of its own."""

import os
from dataclasses import dataclass
from pathlib import Path

import opentimelineio as otio
import pytest
from editorial_clips import RATES, count_label, logged, media, settings

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import ale
from pipeline.editorial.exports.written import ExportOptions

SAMPLES = Path(os.environ.get("RUSHES_SAMPLES", Path(__file__).parents[3] / "shared")) / "samples" / "timelines"
COUNTINGS = [(rate, False) for rate in RATES] + [(rate, True) for rate in ("29.97", "59.94", "119.88")]


@dataclass(frozen=True)
class Table:
    heading: dict[str, str]
    rows: list[dict[str, str]]


def read_ale(text):
    """Heading, column names and rows by the words alone; every row has a cell for each column."""
    lines = iter(text.splitlines())
    assert next(lines) == "Heading"
    heading = dict(line.split("\t") for line in iter(lambda: next(lines), "") if line)
    assert next(lines) == "Column"
    columns = next(lines).split("\t")
    assert len(set(columns)) == len(columns)
    assert [next(lines), next(lines)] == ["", "Data"]
    return Table(heading, [dict(zip(columns, line.split("\t"), strict=True)) for line in lines])


def exported(clips, chosen, kind="stringout"):
    cut = assemble(kind, clips, media(*clips), chosen)
    result = ale.write(cut.timeline, ExportOptions(Path()))
    return {file.suffix: read_ale(file.content.decode()) for file in result.files}, result.losses


@pytest.mark.parametrize(("rate", "drop"), COUNTINGS)
def test_labels_count_right_at_every_rate_and_end_is_the_frame_after_the_last(rate, drop):
    clips = [
        logged(f"C{n}.mov", rate, 90 + n, start=at, drop=drop)
        for n, at in enumerate(("00:00:59:20", "00:01:59:15", "00:09:59:10", "09:59:58:05"))
    ]
    tables, _ = exported(clips, settings("25"))
    (table,) = tables.values()
    assert (list(tables), table.heading["FPS"]) == ([f".{rate}fps.ale"], rate)
    nominal = RATES[rate].nominal
    for row, clip in zip(table.rows, clips, strict=True):
        start, end, length = (count_label(row[name], nominal) for name in ("Start", "End", "Duration"))
        assert (start, length) == (clip.clip.start.frame, clip.clip.frames)
        assert end - start == length
        assert {row[name][8] for name in ("Start", "End", "Duration")} == {";" if drop else ":"}
        assert (row["Name"], row["FPS"]) == (clip.clip.name, rate)


def test_each_rate_has_its_table_and_each_file_its_row():
    clips = [
        logged("a.mov", "25", 100, markers=((1, 5, "", "x"), (50, 9, "", "y"))),
        logged("b.mov", "29.97", drop=True),
        logged("c.mov", "29.97", start="11:00:00:00"),
        logged("d.MP4", "25", parts=(50, 60), start="12:00:00:00", circled="yes"),
    ]
    tables, _ = exported(clips, settings("25"))
    assert {name: [row["Name"] for row in table.rows] for name, table in tables.items()} == {
        ".25fps.ale": ["a.mov", "d.MP4", "1_d.MP4"],
        ".29.97fps.ale": ["b.mov", "c.mov"],
    }
    assert [row["Start"] for row in tables[".29.97fps.ale"].rows] == ["10:00:00;00", "11:00:00:00"]
    assert [row["Start"] for row in tables[".25fps.ale"].rows] == ["10:00:00:00", "12:00:00:00", "12:00:02:00"]
    selects, _ = exported(clips, settings("25"), "selects")
    rows = selects[".25fps.ale"].rows
    assert [(row["Name"], row["Duration"]) for row in rows[:1]] == [("a.mov", "00:00:04:00")]


@pytest.mark.parametrize(
    ("size", "said"),
    [((1920, 1080), "1080"), ((1280, 720), "720"), ((720, 576), "PAL"), ((720, 486), "NTSC"), ((3840, 2160), "CUSTOM")],
)
def test_the_heading_is_complete(size, said):
    tables, losses = exported([logged()], settings(size=size))
    assert tables[".25fps.ale"].heading == {
        "FIELD_DELIM": "TABS",
        "VIDEO_FORMAT": said,
        "AUDIO_FORMAT": "48khz",
        "FPS": "25",
    }
    assert not any("picture size" in loss for loss in losses)


def test_tracks_name_picture_and_every_channel():
    clips = [
        logged("a.mov", audio=(2, 1)),
        logged("b.mov", audio=(), start="11:00:00:00"),
        logged("c.wav", kind="sound", audio=(4,), start="12:00:00:00"),
    ]
    tables, _ = exported(clips, settings())
    assert [row["Tracks"] for row in tables[".25fps.ale"].rows] == ["VA1A2A3", "V", "A1A2A3A4"]


def test_the_log_stands_in_avids_columns_and_our_own():
    clip = logged(
        scene="12", take="3", shoot_day="2019-10-12", camera="A", location="Kaptagat", subject=("Coach", "Läufer"),
        note="wide", rating=4, circled="yes", unit="main", view="runner", tag=("dawn",), reel="A001R1AB",
        title="Sunrise",
    )  # fmt: skip
    (row,) = exported([clip], settings())[0][".25fps.ale"].rows
    assert row == {
        "Name": "A001C001.mov", "Tracks": "VA1A2", "Start": "10:00:00:00", "End": "10:00:04:00",
        "Duration": "00:00:04:00", "FPS": "25", "Tape": "A001R1AB", "Source File": "A001C001.mov",
        "Source Path": "/film/A001/A001C001.mov", "Reel": "A001R1AB", "Card": "A001", "Clip Id": "id:A001/A001C001.mov",
        "Scene": "12", "Take": "3", "Shoot Date": "2019-10-12", "Camera": "A", "Location": "Kaptagat",
        "Subject": "Coach, Läufer", "Comments": "wide", "Rating": "4", "Circled": "yes", "Unit": "main",
        "View": "runner", "Tag": "dawn", "Title": "Sunrise",
    }  # fmt: skip
    assert all(len(column) <= 14 for column in row), "Avid cuts names of own columns to 14 characters"


def test_tabs_and_line_ends_become_spaces_and_are_said():
    clip = logged("a\tb\n.mov", note="one\ttwo\r\nthree\x0b\u2028\x85", scene="1\n2", card="C\t1")
    tables, losses = exported([clip], settings())
    (row,) = tables[".25fps.ale"].rows
    assert (row["Name"], row["Comments"], row["Scene"]) == ("a b .mov", "one two  three   ", "1 2")
    assert any("Tabs" in loss for loss in losses)


def test_tapes_are_unique_names_of_at_most_32_characters():
    card = "2019-10-12_Vienna_Pacemakers_and_many_more_words_{}"
    clips = [logged("C0001.MP4", card=card.format(n), start="01:00:00:00") for n in range(40)]
    rows = exported(clips, settings())[0][".25fps.ale"].rows
    assert len({row["Tape"] for row in rows}) == 40
    assert all(len(row["Tape"]) <= 32 for row in rows)
    (long,) = exported([logged(reel="R" * 31)], settings())[0][".25fps.ale"].rows
    assert long["Tape"] == "R" * 31


def test_a_clip_without_timecode_counts_from_zero_and_is_named():
    tables, losses = exported([logged("phone.mov", start=None, frames=40)], settings())
    (row,) = tables[".25fps.ale"].rows
    assert (row["Start"], row["End"]) == ("00:00:00:00", "00:00:01:15")
    assert any("phone.mov" in loss for loss in losses)


def test_a_clip_across_midnight_ends_in_the_new_day():
    (row,) = exported([logged(frames=30, start="23:59:59:20")], settings())[0][".25fps.ale"].rows
    assert (row["Start"], row["End"], row["Duration"]) == ("23:59:59:20", "00:00:01:00", "00:00:01:05")


def test_an_empty_foreign_timeline_gives_no_table_and_says_what_it_lacks():
    result = ale.write(otio.schema.Timeline("foreign"), ExportOptions(Path()))
    assert result.files == ()
    assert any("no picture size" in loss for loss in result.losses)


def test_headings_and_columns_are_those_of_real_files():
    paths = sorted((SAMPLES / "OpenTimelineIO+otio-ale-adapter").glob("*.ale"))
    if not paths:
        pytest.skip(f"needs the sample timelines at {SAMPLES}")
    headings, columns = set(), set()
    for path in paths:
        lines = path.read_text("utf-8", "replace").splitlines()
        column, data = lines.index("Column"), lines.index("Data")
        headings |= {cell for line in lines[1:column] for cell in line.split("\t")[::2]}
        columns |= set("\t".join(lines[column + 1 : data]).split("\t"))
    (table,) = exported([logged()], settings())[0].values()
    assert set(table.heading) <= headings
    avids = {"Name", "Tracks", "Start", "End", "Duration", "FPS", "Tape", "Source File", "Source Path", "Reel", "Scene"}
    assert avids | {"Take", "Shoot Date", "Camera", "Comments"} <= columns & set(table.rows[0])
