"""CMX 3600 lists, read back by pycmx and by their columns."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from editorial_clips import RATES, count_label, logged, media, read_columns, read_edl, read_motions, settings
from test_ale import read_ale
from torture import Builder, timeline_of, torture_timeline

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import ale, edl
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.readme import Handover, readme
from pipeline.editorial.exports.reels import reel_table, short_names
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


def reels_of(*clips, film=()):
    cut = assemble("stringout", clips, media(*clips), settings())
    sheet = sheet_of(cut.timeline)
    table = reel_table((event.source for track in sheet.tracks for event in track.events), film)
    return {row.name: row.short for row in table.values()}


def test_two_lists_of_one_film_never_give_one_reel_to_two_cards():
    one = logged("1.mov", card="CARD001", reel="A001C001_001")
    two = logged("2.mov", card="CARD002", reel="A001C001_002")
    same = logged("3.mov", card="CARD003", reel="A001C001")
    alone = logged("4.mov", card="CARD004", reel="B002_C003_0814XY")
    clips = (one, two, same, alone)
    film = frozenset((each.clip.card, each.clip.reel) for each in clips)
    together = reels_of(*clips, film=film)
    apart = {name: short for each in clips for name, short in reels_of(each, film=film).items()}
    assert apart == together == reels_of(*clips)
    assert len(set(apart.values())) == 4
    assert apart["4.mov"] == "B002_C00", "which no other card has"
    for each in clips:
        known = short_names(each.clip.card, each.clip.reel, each.clip.id, each.clip.name, (f"/film/{each.clip.name}",))
        assert apart[each.clip.name] in known


def test_a_file_with_a_reel_of_its_own_is_found_by_it_wherever_its_folder_lies():
    clips = [logged(name, card="A001", reel="A001", start=None) for name in ("1.mov", "2.mov")]
    for each in clips:
        short = reels_of(*clips)[each.clip.name]
        elsewhere = (f"/Volumes/RAID/film/A001/{each.clip.name}",)
        assert short in short_names("A001", "A001", each.clip.id, each.clip.name, elsewhere)


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


@pytest.mark.parametrize(
    ("speed", "taken_label", "motion"),
    [
        (Fraction(2), ("01:00:01:00", "01:00:02:15"), "050.0"),
        (Fraction(1, 2), ("01:00:01:00", "01:00:01:10"), "012.5"),
        (Fraction(-1), ("01:00:01:19", "01:00:02:14"), "-025.0"),
        (Fraction(-2), ("01:00:02:14", "01:00:04:04"), "-050.0"),
        (Fraction(0), ("01:00:01:00", "01:00:01:01"), "000.0"),
        (Fraction(1, 3), ("01:00:01:00", "01:00:01:07"), "008.3"),
    ],
)
def test_a_speed_is_an_m2_line_with_the_first_frame_that_plays(speed, taken_label, motion):
    make = Builder(RATES["25"], "/x")
    cut = timeline_of(make.track("V", "Video", make.clip("a", 20, into=25, start="01:00:00:00", speed=speed)))
    text = edl.write(cut, OPTIONS).files[0].content.decode()
    (edit,) = read_edl(text)
    assert edit.source == taken_label
    assert edit.record == ("00:00:00:00", "00:00:00:20")
    assert read_motions(text) == {1: [(edit.reel, Fraction(motion), taken_label[0])]}
    assert f"M2   {edit.reel:<8}      {motion:>6}                {taken_label[0]}\n" in text
    assert ("* SPEED: 1/3 OF" in text) == (speed == Fraction(1, 3))
    assert ("FREEZE FRAME" in text) == (speed == 0)


def test_transitions_are_pairs_that_always_come_from_something():
    make = Builder(RATES["25"], "/x")
    track = make.track(
        "V", "Video",
        make.transition(0, 6, "Fade In"), make.clip("a", 20), make.transition(2, 4), make.clip("b", 20),
        make.transition(3, 3, "W017", "Custom"), make.clip("c", 20), make.transition(5, 0),
    )  # fmt: skip
    found = read_edl(edl.write(timeline_of(track), OPTIONS).files[0].content.decode())
    shown = [
        (edit.number, edit.reel[:3], edit.how, edit.record[0][6:], edit.record[1][6:], edit.name) for edit in found
    ]
    assert shown == [
        (1, "BL", ("C", 0), "00:00", "00:00", None), (1, "R01", ("D", 6), "00:00", "00:18", "a"),
        (2, "R01", ("C", 0), "00:18", "00:18", "a"), (2, "R01", ("D", 6), "00:18", "01:12", "b"),
        (3, "R01", ("C", 0), "01:12", "01:12", "b"), (3, "R01", ("W017", 6), "01:12", "02:05", "c"),
        (4, "R01", ("C", 0), "02:05", "02:05", "c"), (4, "BL", ("D", 5), "02:05", "02:10", None),
    ]  # fmt: skip
    outgoing = found[2]
    assert outgoing.source == (found[1].source[1], found[1].source[1])
    assert count_label(found[3].source[0], 25) == 12 * 3600 * 25 + 40 - 2 - 3600 * 25


def test_picture_and_sound_with_one_dissolve_are_one_event_and_apart_without():
    make = Builder(RATES["25"], "/x")
    pairs = [make.clip("a", 20, start="01:00:00:00"), make.clip("b", 20, start="02:00:00:00")]
    picture = make.track("V", "Video", pairs[0], make.transition(2, 2), pairs[1])
    same = make.track("A", "Audio", pairs[0].clone(), make.transition(2, 2), pairs[1].clone())
    cut = make.track("A", "Audio", pairs[0].clone(), pairs[1].clone())
    assert [edit.channels for edit in read_edl(_text(timeline_of(picture.clone(), same)))] == [(1, 2)] * 3
    assert [(edit.video, edit.channels) for edit in read_edl(_text(timeline_of(picture, cut)))] == [
        (True, ()), (False, (1, 2)), (True, ()), (True, ()), (False, (1, 2)),
    ]  # fmt: skip


def test_a_transition_longer_than_its_column_and_one_unknown_are_named():
    make = Builder(RATES["25"], "/x")
    long = make.transition(600, 600, "Page Peel", "Custom_Transition")
    track = make.track(
        "V", "Video", make.clip("a", 800, into=700, media=3000), long, make.clip("b", 800, into=700, media=3000)
    )
    losses = edl.write(timeline_of(track), OPTIONS).losses
    assert "Transitions of more than 999 frames, shortened to that: Page Peel." in losses
    assert "Transitions that a list does not know, written as dissolves: Page Peel." in losses


def test_avid_gets_a_second_list_with_reels_of_32_letters_as_its_ale_has_them():
    cut = torture_timeline()
    lists = {file.suffix: file.content.decode() for file in edl.write(cut, replace(OPTIONS, editor="avid")).files}
    assert set(lists) == {f"{track}{form}.edl" for track in ("", ".V2", ".V3") for form in ("", ".File_32")}
    reels = {edit.reel for name, text in lists.items() if "32" in name for edit in read_edl(text)} - {"BL"}
    tapes = {row["Tape"] for file in ale.write(cut, OPTIONS).files for row in read_ale(file.content.decode()).rows}
    assert reels == tapes
    assert "\n000001  BL                               V     C        00:00:00:00" in lists[".File_32.edl"]
    for name in (".edl", ".V2.edl"):
        short, wide = read_edl(lists[name]), read_edl(lists[name.replace(".edl", ".File_32.edl")])
        assert [replace(edit, reel="") for edit in short] == [replace(edit, reel="") for edit in wide]


@pytest.mark.parametrize(
    ("editor", "name", "what", "step"),
    [
        (
            "resolve",
            "cut.markers.edl",
            "markers as a list",
            "Timelines > Import > Timeline Markers from EDL",
        ),
        ("avid", "cut.File_32.edl", "reels of up to 32 letters", "the same list with whole reel names"),
        ("avid", "cut.V2.File_32.edl", "reels of up to 32 letters", "the same list with whole reel names"),
    ],
)
def test_the_page_beside_an_export_takes_no_other_list_for_the_cut(editor, name, what, step):
    text = readme(sheet_of(torture_timeline()), Handover(editor, 1, ("cut.edl", name), (), (), {}))
    [said] = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    assert what in said
    steps = " ".join(text.partition("Which file is for what")[0].split()).split(". ")
    assert [name in each for each in steps if step in each] == [True]
    assert not [each for each in steps if name in each and "cut.edl" in each]


def test_resolve_gets_markers_as_a_list_of_their_own():
    files = {file.suffix: file for file in edl.write(torture_timeline(), replace(OPTIONS, editor="resolve")).files}
    lines = files[".markers.edl"].content.decode().splitlines()
    assert lines[1] == "FCM: NON-DROP FRAME"
    assert lines[2:6] == [
        "001  001      V     C        23:59:50:05 23:59:50:06 23:59:50:05 23:59:50:06",
        "tab and <tag> |C:ResolveColorGreen |M:point \U0001f3c3 |D:1",
        "002  001      V     C        23:59:50:10 23:59:50:11 23:59:50:10 23:59:50:11",
        "a b |C:ResolveColorRed |M:act ]]> 1 |D:5",
    ]
    make = Builder(RATES["25"], "/x")
    plain = timeline_of(make.track("V", "Video", make.clip("a", 20)))
    assert [file.suffix for file in edl.write(plain, replace(OPTIONS, editor="resolve")).files] == [".edl"]


def _text(cut):
    return edl.write(cut, OPTIONS).files[0].content.decode()
