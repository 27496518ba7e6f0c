"""Edit decision lists read back: dialects line by line, our own lists whole, and nothing but sentences for the rest."""

from fractions import Fraction
from pathlib import Path

import pytest
from editorial_clips import RATES, logged, media, settings
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import edl as writer
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports import edl
from pipeline.editorial.imports.edl_lines import Channels, channels_of, event_line
from pipeline.timecode import Rate, Timecode, TimeRange

TIMES = "01:00:00:00 01:00:04:00 10:00:00:00 10:00:04:00"
V = Channels(1, ())
HEAD = "TITLE: Reel 1\nFCM: NON-DROP FRAME\n"

LINES = {
    f"001  A001     V     C        {TIMES}": ("1", "A001", V, "C", None),
    f"000001  A005_C010_0501J0                 V     C        {TIMES} ": ("1", "A005_C010_0501J0", V, "C", None),
    f"0012 KASS1 A1234V C        {TIMES}": ("12", "KASS1", Channels(1, (1, 2, 3, 4)), "C", None),
    f"002  AX       AA/V  D    025 {TIMES}": ("2", "AX", Channels(1, (1, 2)), "D", 25),
    f"002  AX V  W001\t030\t{TIMES}": ("2", "AX", V, "W001", 30),
    f"002        AX V     K B      {TIMES}": ("2", "AX", V, "KB", None),
    f"002        AX V     K    000 {TIMES}": ("2", "AX", V, "K", 0),
    f"037 051 V K O {TIMES}": ("37", "051", V, "KO", None),
    f"003  THE LONG REEL V2 C {TIMES}": ("3", "THE LONG REEL", Channels(2, ()), "C", None),
    f"003  ABCDEFGHV     C        {TIMES}": ("3", "ABCDEFGH", V, "C", None),
    f"012A>! B B C {TIMES}": ("12A", "B", Channels(1, (1,)), "C", None),
    f"004  A V C {TIMES.replace(':', ';')}": ("4", "A", V, "C", None),
    f"005  TAPE NONE C {TIMES.replace('00:00 ', '00.00 ')}": ("5", "TAPE", Channels(None, ()), "C", None),
    f"006  TAPE A12 C {TIMES}": ("6", "TAPE", Channels(None, (12,)), "C", None),
}
NO_EVENTS = (
    "", "TITLE: 001", "* 1 White 01:00:00:00", "001", "001  A001  V  C  01:00:00:00 01:00:04:00",
    f"001  A001  Q  C  {TIMES}", f"A001 V C {TIMES}", "M2   A001   025.0   01:00:00:00", f"1 {'A' * 5000} V C {TIMES}",
    "2019-10-12 10:00:00 10:00:00:00 10:00:00:00 10:00:00:00 10:00:00:00",
)  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), LINES.items())
def test_event_lines_of_every_dialect_are_read(text, wanted):
    found = event_line(text, 7)
    assert found is not None
    assert (found.number, found.reel, found.channels, found.effect, found.length) == wanted
    assert found.line == 7


@pytest.mark.parametrize("text", NO_EVENTS)
def test_what_is_no_event_line_is_none(text):
    assert event_line(text, 1) is None


@pytest.mark.parametrize(
    ("text", "video", "audio"),
    [("V", 1, ()), ("V12", 12, ()), ("A", None, (1,)), ("A2", None, (2,)), ("AA", None, (1, 2)), ("B", 1, (1,)),
     ("A2/V", 1, (2,)), ("AA/V", 1, (1, 2)), ("A12V", 1, (1, 2)), ("VA1A2", 1, (1, 2)), ("A7", None, (7,)),
     ("NONE", None, ())],
)  # fmt: skip
def test_channels_are_what_the_column_names(text, video, audio):
    assert channels_of(text) == Channels(video, audio)


PAL = Rate(25)


def read(text: str, rate: Rate | None = PAL):
    return edl.read((HEAD + text).encode(), rate)


def test_a_transition_is_one_event_of_its_incoming_side_with_the_names_of_both():
    found = read(
        "001  ONE V C        01:00:00:00 01:00:04:00 10:00:00:00 10:00:04:00\n"
        "* FROM CLIP NAME: one.mov\n"
        "002  ONE V C        01:00:04:00 01:00:04:00 10:00:04:00 10:00:04:00\n"
        "002  TWO V D    025 02:00:00:00 02:00:02:00 10:00:04:00 10:00:06:00\n"
        "EFFECTS NAME IS CROSS DISSOLVE\n"
        "* FROM CLIP NAME: one.mov\n* TO CLIP NAME: two.mov\n"
    )
    assert [(event.name, event.record) for event in found.events] == [
        ("one.mov", TimeRange(0, 100)),
        ("two.mov", TimeRange(100, 50)),
    ]
    (fade,) = found.transitions
    assert (fade.at, fade.before, fade.after, fade.name) == (100, 0, 25, "CROSS DISSOLVE")
    assert dict(found.facts)["events"] == 2
    assert dict(found.facts)["event_lines"] == 3


def test_a_list_that_numbers_all_events_alike_is_taken_apart():
    line = f"001  A V C {TIMES}\n* FROM CLIP NAME: "
    assert [event.name for event in read(f"{line}one\n{line}two\n{line}three\n").events] == ["one", "two", "three"]


def test_twenty_thousand_lines_of_one_number_are_read_one_by_one():
    found = read(f"001  A V C {TIMES}\n" * 20_000)
    assert len(found.events) == 20_000


def test_sound_channels_named_below_an_event_are_tracks_of_it():
    found = read(f"001  AX AA/V C {TIMES}\nAUD  3    4\n")
    assert [(event.kind, event.track) for event in found.events] == [
        ("Video", 1), ("Audio", 1), ("Audio", 2), ("Audio", 3), ("Audio", 4),
    ]  # fmt: skip
    assert found.tracks == (1, 4)


@pytest.mark.parametrize(
    ("motion", "speed"), [("050.0", 2), ("-025.0", -1), ("000.0", 0), ("012.5", Fraction(1, 2)), ("025", 1)]
)
def test_motion_memory_is_speed(motion, speed):
    (event,) = read(f"001  FOO V C {TIMES}\nM2   FOO    {motion}                01:00:00:00\n").events
    assert event.speed == speed


def test_motion_memory_of_another_reel_is_of_the_other_side():
    found = read(
        "002  ONE V C        01:00:00:00 01:00:04:00 10:00:00:00 10:00:04:00\n"
        "002  TWO V D    025 02:00:00:00 02:00:02:00 10:00:04:00 10:00:06:00\n"
        "M2   TWO       050.0                02:00:00:00\n"
    )
    assert [event.speed for event in found.events] == [1, 2]


@pytest.mark.parametrize(
    ("note", "attribute", "value"),
    [
        ("* FROM CLIP NAME:  one.mov ", "name", "one.mov"),
        ("*FROM CLIP NAME: one.mov", "name", "one.mov"),
        ("* SOURCE FILE: ONE.MOV", "file", "ONE.MOV"),
        ("* FROM FILE: S:\\path\\one.exr", "file", "S:\\path\\one.exr"),
        ("* FROM CLIP: S:\\path\\one.exr", "file", "S:\\path\\one.exr"),
        ("* REEL R1 IS CLIP 28661.mov", "file", "28661.mov"),
        ("FINAL CUT PRO REEL: a reel with words REPLACED BY: AREEL", "reel", "a reel with words"),
        ("* COMMENT: lovely light", "log", (("note", "lovely light"),)),
        ("* COMMENT: ", "log", ()),
    ],
)
def test_what_notes_say_of_their_event(note, attribute, value):
    (event,) = read(f"001  AREEL V C {TIMES}\n{note}\n").events
    assert getattr(event, attribute) == value


def test_locators_and_resolve_markers_are_marks_at_their_record_frames():
    (event,) = read(f"001  A V C {TIMES}\n* LOC: 10:00:01:00 RED     ANIM FIX NEEDED\n").events
    assert [(mark.name, mark.color, mark.record) for mark in event.marks] == [
        ("ANIM FIX NEEDED", "RED", TimeRange(25, 1))
    ]
    markers = read(
        "001  001      V     C        01:00:18:06 01:00:18:07 01:00:18:06 01:00:18:07\n"
        "a hair in the gate |C:ResolveColorBlue |M:Marker 1 |D:12\n"
    )
    assert markers.events == ()
    assert [(mark.name, mark.note, mark.color, mark.record) for mark in markers.marks] == [
        ("Marker 1", "a hair in the gate", "Blue", TimeRange(0, 12))
    ]


def test_an_event_on_no_track_is_named_as_left_out():
    found = read(f"001  A NONE C {TIMES}\n002  A NONE C {TIMES}\nAUD  3\n")
    assert [(event.kind, event.track, event.line) for event in found.events] == [("Audio", 3, 4)]
    assert [each.line for each in found.left_out] == [3]


def test_black_is_no_event():
    assert read(f"001  BL V C {TIMES}\n").events == ()


def test_a_list_that_says_no_rate_has_lines_and_names_but_no_frames():
    found = read(f"001  A V C {TIMES}\n* FROM CLIP NAME: one.mov\n", rate=None)
    (event,) = found.events
    assert (found.rate, found.start, event.record, event.source) == (None, None, None, None)
    assert (event.line, event.reel, event.name) == (3, "A", "one.mov")


def test_a_cut_over_midnight_begins_before_it():
    found = read(
        "001  A V C 01:00:00:00 01:00:02:00 23:59:59:00 00:00:01:00\n"
        "002  A V C 01:00:00:00 01:00:02:00 00:00:01:00 00:00:03:00\n"
    )
    assert str(found.start) == "23:59:59:00"
    assert [event.record for event in found.events] == [TimeRange(0, 50), TimeRange(50, 50)]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("001  A V C 01:00:00:00 01:00:02:00 10:00:00:29 10:00:02:00", "does not exist"),
        ("001  A V C 01:00:00:00 01:00:02:00 10:00:05:00 10:00:02:00", "ends before it begins"),
        ("001  A V C 01:00:00:00 01:00:02:00 10:00:05:00", "looks like an event"),
    ],
)
def test_what_a_line_says_wrongly_is_a_problem_with_its_line(lines, sentence):
    (problem,) = read(f"001  B V C {TIMES}\n{lines}\n").problems
    assert problem.line == 4
    assert sentence in problem.sentence


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_line_end_gives_the_same_list(encoding, end):
    text = f"TITLE: Läufe\nFCM: DROP FRAME\n\n001  A V C {TIMES}\n* FROM CLIP NAME: Straße.mov\n"
    data = text.replace("\n", end).encode(encoding)
    assert edl.recognises(data)
    found = edl.read(data)
    assert (found.title, found.drop_frame, found.events[0].name) == ("Läufe", True, "Straße.mov")
    assert found.events[0].line == 4


def test_mixed_line_ends_count_as_one_line_each():
    found = edl.read(f"TITLE: x\r\nFCM: NON-DROP FRAME\n* A\r* B\r\n001  A V C {TIMES}\n".encode())
    assert found.events[0].line == 5


@pytest.mark.parametrize("rate", list(RATES))
def test_our_own_lists_come_back_event_by_event(rate):
    clips = [
        logged("one.mov", rate, 50, start="10:00:00:00", audio=(2,), reel="A001"),
        logged("two, three.mov", "25", 60, start="11:00:00:00", audio=(1,), reel="A001"),
        logged("four.mov", rate, 80, start="23:59:59:00", audio=(1, 1, 1, 1), reel="A002"),
    ]
    timeline = assemble("stringout", clips, media(*clips), settings(rate, "23:59:58:00")).timeline
    sheet = sheet_of(timeline)
    found = edl.read(writer.write(timeline, ExportOptions(Path())).files[0].content)
    assert found.rate == RATES[rate]
    assert found.start == sheet.start
    pictures = [event for event in found.events if event.kind == "Video"]
    wanted = [event for track in sheet.of_kind("Video") for event in track.events]
    assert [(event.name, event.id, event.record, event.source.start) for event in pictures] == [
        (event.source.name, event.source.clip, event.record, event.source_in) for event in wanted
    ]
    assert not found.problems


def test_an_event_over_midnight_takes_as_much_of_a_source_at_another_rate():
    one = logged("one.mov", "50", 80, start="10:00:00:00")
    timeline = assemble("stringout", [one], media(one), settings("25", "23:59:59:20")).timeline
    found = edl.read(writer.write(timeline, ExportOptions(Path())).files[0].content)
    assert {event.source.duration for event in found.events} == {80}


LABELS = st.builds(
    lambda frame: str(Timecode(frame, Rate(25))), st.integers(min_value=0, max_value=24 * 60 * 60 * 25 - 1)
)
REELS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Z", "C")), min_size=1)


@given(
    number=st.integers(1, 999_999),
    reel=REELS,
    channels=st.sampled_from(["V", "A", "A2", "AA", "B", "AA/V", "A2/V", "NONE"]),
    labels=st.tuples(LABELS, LABELS, LABELS, LABELS),
)
@effort(deadline=None)
def test_every_event_line_that_can_be_written_is_read(number, reel, channels, labels):
    found = event_line(f"{number:03}  {reel:<8} {channels:<4}  C        {' '.join(labels)}", 1)
    assert found is not None
    assert (found.reel, found.channels) == (reel, channels_of(channels))
    assert (found.source_in, found.source_out, found.record_in, found.record_out) == labels


@given(st.text(max_size=400))
@effort(deadline=None, max_examples=200)
def test_no_text_breaks_the_reader(text):
    edl.read((HEAD + text).encode("utf-8", "surrogatepass"), Rate(30000, 1001))
    edl.recognises(text.encode("utf-8", "surrogatepass"))


def test_a_source_that_drops_nothing_keeps_its_labels_in_a_drop_frame_list_that_marks_its_own():
    text = (
        "TITLE: mixed\nFCM: DROP FRAME\n* RATE: 29.97 FRAMES PER SECOND (30000/1001)\nFCM: NON-DROP FRAME\n"
        "001  A001     V     C        00:36:00:00 00:36:01:00 01:00:00;00 01:00:01;00\n"
    )
    timeline = edl.read(text.encode())
    (event,) = timeline.events
    assert timeline.problems == ()
    assert event.source == TimeRange(36 * 60 * 30, 30)
    assert event.record == TimeRange(0, 30)
    assert not event.drop_frame


RATED = "TITLE: x\nFCM: NON-DROP FRAME\n* RATE: 25 FRAMES PER SECOND (25/1)\n"


@pytest.mark.parametrize(
    ("source_in", "motion", "expected"),
    [
        ("01:00:39:23", "-025.0", TimeRange(90_998 - 24, 25)),  # the first frame shown is the last of the range
        ("01:00:39:23", "-050.0", TimeRange(90_998 - 49, 50)),
        ("00:00:00:00", "-025.0", TimeRange(0, 25)),  # nothing lies before it: the range as it stands
        ("01:00:39:23", "025.0", TimeRange(90_998, 25)),
    ],
)
def test_a_backward_event_takes_the_frames_before_the_one_it_begins_with(source_in, motion, expected):
    out = str(Timecode.parse(source_in, Rate(25)) + 25)
    line = f"001  FOO      V     C        {source_in} {out} 01:00:00:00 01:00:01:00\n"
    (event,) = edl.read(f"{RATED}{line}M2   FOO           {motion}                {source_in}\n".encode()).events
    assert event.source == expected


@pytest.mark.parametrize(
    ("comment", "speed"),
    [("1001/1000 OF FOO", Fraction(1001, 1000)), ("2 OF FOO", Fraction(1)), ("1001/1000 OF BAR", Fraction(1))],
)
def test_our_comment_gives_the_speed_that_m2_rounds_where_both_agree(comment, speed):
    text = f"{RATED}001  FOO  V  C  {TIMES}\nM2   FOO    025.0     01:00:00:00\n* SPEED: {comment}\n"
    assert [event.speed for event in edl.read(text.encode()).events] == [speed]


@pytest.mark.parametrize("comment", ["SPEED: 50%", "TIMEWARP EFFECT: 48 FPS", "RETIME 200"])
def test_a_speed_in_a_comment_alone_is_named(comment):
    found = edl.read(f"{RATED}001  FOO  V  C  {TIMES}\n* {comment}\n".encode())
    assert found.events[0].speed == 1
    assert [(each.line, each.sentence) for each in found.problems] == [
        (5, "Event 1 has no M2 line; it is read at normal speed, whatever this comment says.")
    ]
    moving = f"{RATED}001  FOO  V  C  {TIMES}\n* {comment}\nM2   FOO    050.0   01:00:00:00\n"
    assert not edl.read(moving.encode()).problems


SPLIT = (
    RATED
    + """SPLIT:    AUDIO DELAY=  00:00:00:06
053  021      V     C        01:21:05:19 01:21:06:24 01:00:51:11 01:00:52:16
053  021      A     C        01:21:06:00 01:21:06:24 01:00:51:17 01:00:52:16
* FROM CLIP NAME: a.mov
"""
)


def test_a_split_edit_has_its_sound_where_its_own_line_says():
    found = edl.read(SPLIT.encode())
    assert [(event.kind, event.record, event.source.start, event.name) for event in found.events] == [
        ("Video", TimeRange(0, 30), 121_644, "a.mov"), ("Audio", TimeRange(6, 24), 121_650, "a.mov"),
    ]  # fmt: skip
    assert not found.problems
    sound = "01:21:06:00 01:21:06:24 01:00:51:17"
    together = edl.read(SPLIT.replace(sound, "01:21:05:19 01:21:06:24 01:00:51:11").encode())
    assert [each.line for each in together.problems] == [4]
    assert "apart from its picture" in together.problems[0].sentence


def test_a_patch_says_which_channel_of_the_source_a_track_holds():
    text = f"{RATED}004  SR022    A2    C   {TIMES}\n* PATCH SR022:  FROM SOURCE 1 TO RECORD 2\n"
    assert [(event.track, event.channel) for event in edl.read(text.encode()).events] == [(2, 1)]
    assert not edl.read(text.encode()).problems
    other = edl.read(text.replace("RECORD 2", "RECORD 7").encode())
    assert [event.channel for event in other.events] == [None]
    assert [each.line for each in other.problems] == [5]
    assert "not understood" in edl.read(text.replace("FROM SOURCE 1", "SOURCE ONE").encode()).problems[0].sentence
