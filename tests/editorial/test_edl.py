"""CMX 3600 lists, read back by pycmx and by their columns."""

from itertools import pairwise
from pathlib import Path

import pytest
from editorial_clips import RATES, count_label, logged, media, read_columns, read_edl, settings

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import edl
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.reels import reel_table
from pipeline.editorial.exports.written import ExportOptions
from pipeline.timecode import Timecode, frames_per_day

OPTIONS = ExportOptions(Path())
CAN_DROP = ("29.97", "59.94")
COUNTINGS = [(rate, False) for rate in RATES] + [(rate, True) for rate in (*CAN_DROP, "119.88")]


def written(clips, chosen, kind="stringout"):
    cut = assemble(kind, clips, media(*clips), chosen)
    result = edl.write(cut.timeline, OPTIONS)
    return result.files[0].content.decode(), result.losses


@pytest.mark.parametrize(("rate", "drop"), COUNTINGS)
def test_every_label_counts_right_at_every_rate(rate, drop):
    # Starts around the minute and ten-minute edges that drop-frame treats apart.
    starts = ("00:00:59:20", "00:01:59:15", "00:09:59:10", "00:10:59:22", "09:59:58:05")
    clips = [logged(f"C{n}.mov", rate, 97 + n, start=at, drop=drop) for n, at in enumerate(starts)]
    text, _ = written(clips, settings(rate, "00:59:59:00", drop=drop))
    rows = read_columns(text)
    nominal, record = RATES[rate].nominal, count_label(f"00:59:59{';' if drop else ':'}00", RATES[rate].nominal)
    assert len(rows) == len(clips)
    by_start = sorted(clips, key=lambda clip: clip.clip.start.frame)
    for row, clip in zip(rows, by_start, strict=True):
        assert count_label(row[1], nominal) == clip.clip.start.frame
        assert [count_label(label, nominal) for label in row[2:]] == [
            clip.clip.start.frame + clip.clip.frames, record, record + clip.clip.frames,
        ]  # fmt: skip
        assert all((";" in label) == drop for label in row[1:])
        record += clip.clip.frames


@pytest.mark.parametrize(("rate", "drop"), [(r, d) for r, d in COUNTINGS if RATES[r].nominal <= 100])
def test_pycmx_reads_reel_channels_name_and_labels(rate, drop):
    clips = [
        logged("one.mov", rate, 50, start="10:00:00:00", drop=drop, audio=(2,), reel="A001"),
        logged("two.mov", rate, 60, start="11:00:00:00", drop=drop, audio=(1,), reel="A001"),
        logged("three.mov", rate, 70, start="12:00:00:00", drop=drop, audio=(), reel="B002", card="B002"),
        logged("four.mov", rate, 80, start="13:00:00:00", drop=drop, audio=(1, 1, 1, 1), reel="A001"),
    ]
    text, _ = written(clips, settings(rate, drop=drop, sort=("start_timecode",)))
    mark = ";" if drop else ":"
    found = read_edl(text)
    assert [(edit.name, edit.reel, edit.video, edit.channels) for edit in found] == [
        ("one.mov", "A001", True, (1, 2)),
        ("two.mov", "A001", True, (1,)),
        ("three.mov", "B002", True, ()),
        ("four.mov", "A001", True, (1, 2, 3, 4)),
    ]
    assert found[0].source == (f"10:00:00{mark}00", str(clips[0].clip.start + 50))
    assert found[0].record[0] == f"01:00:00{mark}00"
    assert all(before.record[1] == after.record[0] for before, after in pairwise(found))


def test_the_head_is_title_counting_and_rate_without_a_blank_line():
    text, _ = written([logged(rate="29.97", drop=True)], settings("29.97", drop=True))
    assert text.splitlines()[:3] == [
        "TITLE: cut",
        "FCM: DROP FRAME",
        "* RATE: 29.97 FRAMES PER SECOND (30000/1001)",
    ]
    assert "\n\n" not in text
    assert "\r" not in text


def test_fcm_says_where_the_counting_of_the_source_changes():
    clips = [
        logged("1.mov", "29.97", start="01:00:00:00", drop=True),
        logged("2.mov", "29.97", start="02:00:00:00"),
        logged("3.mov", "29.97", start="03:00:00:00"),
        logged("4.mov", "29.97", start="04:00:00:00", drop=True),
    ]
    text, _ = written(clips, settings("29.97", drop=True))
    marks = [line if line[0] == "F" else line[:3] for line in text.splitlines() if line[0] in "F0"]
    assert marks == ["FCM: DROP FRAME", "001", "FCM: NON-DROP FRAME", "002", "003", "FCM: DROP FRAME", "004"]
    assert [edit.source[0][8] for edit in read_edl(text)] == [";", ":", ":", ";"]
    assert {edit.record[0][8] for edit in read_edl(text)} == {";"}


@pytest.mark.parametrize(("rate", "drop"), [("25", False), ("29.97", True), ("29.97", False), ("59.94", True)])
def test_source_and_record_pass_midnight(rate, drop):
    day = frames_per_day(RATES[rate], drop_frame=drop)
    last = str(Timecode(day - 10, RATES[rate], drop))
    text, _ = written([logged("C.mov", rate, 30, start=last, drop=drop)], settings(rate, last, drop=drop))
    mark = ";" if drop else ":"
    (edit,) = read_edl(text)
    assert edit.source == (last, f"00:00:00{mark}20")
    assert edit.record == edit.source


def test_midnight_itself_is_written_as_zero():
    last = str(Timecode(frames_per_day(RATES["25"], drop_frame=False) - 10, RATES["25"]))
    text, _ = written([logged(frames=10, start=last)], settings())
    assert read_edl(text)[0].source[1] == "00:00:00:00"


@pytest.mark.parametrize(
    ("source", "drop", "start", "rate", "timeline_drop", "label", "frames"),
    [
        ("50", False, "10:00:00:49", "25", False, "10:00:00:24", 50),
        ("25", False, "10:00:00:24", "50", False, "10:00:00:48", 200),
        ("59.94", True, "10:01:00:04", "29.97", True, "10:01:00;02", 50),
        ("59.94", False, "10:01:00:04", "29.97", True, "10:01:00:02", 50),
        ("29.97", True, "10:01:00:15", "25", False, "10:01:00:12", 83),
        ("25", False, "10:01:00:00", "29.97", True, "10:01:00:00", 119),
        ("24", False, "10:00:00:12", "25", False, "10:00:00:12", 104),
        ("23.976", False, "10:00:00:23", "24", False, "10:00:00:23", 100),
        ("23.976", False, "10:00:00:12", "29.97", True, "10:00:00:15", 125),
    ],
)
def test_other_rates_keep_real_time_and_their_own_label_scaled(source, drop, start, rate, timeline_drop, label, frames):
    text, losses = written([logged("X.mov", source, 100, start=start, drop=drop)], settings(rate, drop=timeline_drop))
    (edit,) = read_edl(text)
    nominal = RATES[rate].nominal
    assert edit.source[0] == label
    assert count_label(edit.source[1], nominal) - count_label(label, nominal) == frames
    assert count_label(edit.record[1], nominal) - count_label(edit.record[0], nominal) == frames
    assert f"* SOURCE RATE: {RATES[source].label()}" in text
    assert any("X.mov" in loss and "rates" in loss for loss in losses)


def test_a_source_without_timecode_counts_from_zero_and_says_so():
    text, losses = written([logged("phone.mov", start=None, frames=40)], settings())
    assert read_edl(text)[0].source == ("00:00:00:00", "00:00:01:15")
    assert "* NO TIMECODE IN THE SOURCE: COUNTED FROM 00:00:00:00" in text
    assert any("phone.mov" in loss for loss in losses)


def test_markers_stand_at_their_record_timecode_and_lost_lengths_are_said():
    clip = logged(frames=100, markers=((25, 10, "good\nline", ""), (50, 1, "", "Coach")))
    text, losses = written([clip], settings())
    assert "* LOC: 01:00:01:00 YELLOW  good line\n" in text
    assert "* LOC: 01:00:02:00 GREEN   Coach\n" in text
    assert any(loss.startswith("Lengths of marked ranges") for loss in losses)


@pytest.mark.parametrize(
    "name",
    ["a\nb.mov", "tab\tcr\r.mov", 'quo"te\'.mov', "läufer 🏃.mov", "\u202ertl.mov", "x" * 300 + ".mov",
     "FCM: DROP FRAME", "line\u2028sep\x85.mov", "bad\udcff.mov", "001  AX       V     C"],
)  # fmt: skip
def test_no_name_breaks_a_list(name):
    text, losses = written([logged(name, card=name), logged("plain.mov", start="11:00:00:00")], settings())
    found = read_edl(text)
    assert len(found) == 2
    assert [line for line in text.splitlines() if line.startswith("FCM")] == ["FCM: NON-DROP FRAME"]
    text.encode("utf-8")
    if name.isprintable() and "\udcff" not in name:
        assert {edit.name for edit in found} == {name.strip(), "plain.mov"}
    changed = any(ord(letter) < 32 or letter in "\x85\u2028" for letter in name)
    assert any("control characters" in loss for loss in losses) == changed


def test_more_than_999_events_get_longer_numbers_and_stay_readable():
    clips = [logged(f"C{n:04}.mov", frames=10, start="10:00:00:00", card=f"K{n}", audio=()) for n in range(1001)]
    text, losses = written(clips, settings())
    found = read_edl(text)
    assert len(found) == 1001
    assert "\n0001  " in text
    assert "\n1001  " in text
    assert any("999" in loss for loss in losses)


def test_500_cards_that_share_eight_letters_have_500_reels_with_a_way_back():
    clips = [
        logged("C0001.MP4", card=f"A001C001_CARD{n:03}", reel=f"A001C001_{n:03}", start="10:00:00:00", audio=())
        for n in range(500)
    ]
    cut = assemble("stringout", clips, media(*clips), settings())
    text = edl.write(cut.timeline, OPTIONS).files[0].content.decode()
    reels = {edit.reel for edit in read_edl(text)}
    assert len(reels) == 500
    assert all(len(reel) == 8 for reel in reels)
    sheet = sheet_of(cut.timeline)
    table = reel_table(event.source for track in sheet.tracks for event in track.events)
    assert {row.short: (row.path, row.card, row.clip) for row in table.values()} == {
        row.short: (f"/film/{row.card}/C0001.MP4", row.card, f"id:{row.card}/C0001.MP4") for row in table.values()
    }
    for row in table.values():
        assert f"* REEL {row.short}: REEL {row.reel}, CARD {row.card}, CLIP {row.clip}, FILE {row.path}\n" in text


def reels_of(*clips):
    cut = assemble("stringout", clips, media(*clips), settings())
    sheet = sheet_of(cut.timeline)
    table = reel_table(event.source for track in sheet.tracks for event in track.events)
    return {row.name: row.short for row in table.values()}


def test_clips_of_one_reel_share_its_name_while_their_timecodes_do_not_meet():
    apart = reels_of(
        logged("1.mov", reel="A001", start="10:00:00:00"), logged("2.mov", reel="A001", start="10:00:04:00")
    )
    assert apart == {"1.mov": "A001", "2.mov": "A001"}
    meeting = reels_of(logged("1.mov", reel="A001"), logged("2.mov", reel="A001", start="10:00:03:24"))
    assert len(set(meeting.values())) == 2
    midnight = reels_of(
        logged("1.mov", reel="A001", start="23:59:59:00"), logged("2.mov", reel="A001", start="00:00:02:00")
    )
    assert len(set(midnight.values())) == 2


def test_reel_names_do_not_depend_on_the_order_of_the_cut():
    clips = [logged("C0001.MP4", card=f"LONGCARD_{n}") for n in range(20)]

    def by_card(order):
        cut = assemble("stringout", order, media(*order), settings(sort=("-card",) if order is not clips else ()))
        sheet = sheet_of(cut.timeline)
        return {row.card: row.short for row in reel_table(e.source for t in sheet.tracks for e in t.events).values()}

    assert by_card(clips) == by_card(clips[::-1])


@pytest.mark.parametrize("reel", ["BL", "AX", "", "🏃", "a b/c.mov"])
def test_reserved_or_unwritable_reels_become_plain_ones(reel):
    (short,) = reels_of(logged("x.mov", reel=reel, card=reel)).values()
    assert short not in {"BL", "AX", ""}
    assert short.replace("_", "").isalnum()
    assert short.isascii()


def test_a_second_sound_file_and_its_channels_are_events_of_their_own():
    clips = [logged("pic.mov", audio=()), logged("mix.wav", kind="sound", audio=(6,), start="11:00:00:00")]
    text, losses = written(clips, settings())
    assert [(edit.name, edit.video, edit.channels) for edit in read_edl(text)] == [
        ("pic.mov", True, ()),
        ("mix.wav", False, (1, 2, 3, 4)),
    ]
    assert any("channels above 4" in loss and "mix.wav" in loss for loss in losses)
    assert all(f"* NOT CARRIED: {loss}" in text for loss in losses)


def test_a_marker_at_another_rate_stands_at_the_right_record_frame():
    text, _ = written([logged("x.mov", "50", 200, markers=((75, 0, "here", ""),))], settings("25"))
    assert "* LOC: 01:00:01:12 YELLOW  here\n" in text


GOLDEN = """\
TITLE: cut
FCM: DROP FRAME
* RATE: 29.97 FRAMES PER SECOND (30000/1001)
001  A001     AA/V  C        10:00:59;20 10:01:02;24 01:00:00;00 01:00:03;02
* FROM CLIP NAME: A001C001_191012_R1AB.mov
* SOURCE FILE: A001C001_191012_R1AB.mov
* LOC: 01:00:01;00 GREEN   good line
FCM: NON-DROP FRAME
002  C0001    V     C        11:00:00:00 11:00:01:05 01:00:03;02 01:00:04;07
* FROM CLIP NAME: C0001.MP4
* SOURCE FILE: C0001.MP4
* SOURCE RATE: 25 (25/1), SOURCE IN 11:00:00:00
FCM: DROP FRAME
003  SR01     AA    C        12:00:00;00 12:00:01;00 01:00:04;07 01:00:05;07
AUD  3    4
* FROM CLIP NAME: mix.wav
* SOURCE FILE: mix.wav
* REEL A001: REEL A001, CARD A001, CLIP id:A001/A001C001_191012_R1AB.mov, FILE /film/A001/A001C001_191012_R1AB.mov
* REEL C0001: REEL -, CARD C0001, CLIP id:C0001/C0001.MP4, FILE /film/C0001/C0001.MP4
* REEL SR01: REEL -, CARD SR01, CLIP id:SR01/mix.wav, FILE /film/SR01/mix.wav
* NOT CARRIED: Lengths of marked ranges, written as points: A001C001_191012_R1AB.mov.
* NOT CARRIED: Source labels at other rates than 29.97, scaled to it: C0001.MP4.
* NOT CARRIED: A CMX 3600 list names originals only: log fields, proxies, picture size and folders are in the .otio.
"""


def test_a_whole_list_looks_so():
    clips = [
        logged("A001C001_191012_R1AB.mov", "29.97", 92, start="10:00:59:20", drop=True, reel="A001",
               markers=((30, 20, "good line", "Coach"),)),
        logged("C0001.MP4", "25", 30, card="C0001", start="11:00:00:00", audio=()),
        logged("mix.wav", "29.97", 30, card="SR01", start="12:00:00:00", drop=True, kind="sound", audio=(4,)),
    ]  # fmt: skip
    assert written(clips, settings("29.97", drop=True))[0] == GOLDEN
