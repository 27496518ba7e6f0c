"""ALE and Pro Tools session text read back."""

from pathlib import Path

import pytest
from editorial_clips import logged, media, settings

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import ale as writer
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports import ale, session_text
from pipeline.errors import TimelineUnreadable
from pipeline.timecode import Rate, TimeRange

TABLE = (
    "Heading\nFIELD_DELIM\tTABS\nVIDEO_FORMAT\t1080\nAUDIO_FORMAT\t48khz\nFPS\t29.97\n\nColumn\n"
    "Name\tTracks\tStart\tEnd\tTape\tSource File\tComments\tScene\n\nData\n"
    "one\tVA1A2\t01:00:00;00\t01:00:02;00\tA001\tone.mov\tlovely\t12A\n"
    "two\tA1\t01:00:00:00\t01:00:02:00\tA001\ttwo.wav\t\t\n"
    "three\tV\t\t\tB002\n"
)
SESSION = (
    "SESSION NAME:\tMix {name}\nSAMPLE RATE:\t48000.000000\nBIT DEPTH:\t24-bit\n"
    "SESSION START TIMECODE:\t{start}\nTIMECODE FORMAT:\t{format}\n"
    "# OF AUDIO TRACKS:\t1\n# OF AUDIO CLIPS:\t2\n# OF AUDIO FILES:\t1\n\n\n"
    "O N L I N E  C L I P S  I N  S E S S I O N\nCLIP NAME \tSource File\nCoach.L   \tCoach.wav\t[1]\n\n\n"
    "T R A C K  L I S T I N G\nTRACK NAME:\tAudio 1 (Stereo)\nCOMMENTS:\t\nUSER DELAY:\t0 Samples\nSTATE: \n"
    "CHANNEL \tEVENT   \tCLIP NAME   \tSTART TIME    \tEND TIME      \tDURATION      \tSTATE\n"
    "1       \t1       \t(fade in)   \t{begin}\t{begin}\t{begin}\tUnmuted\n"
    "1       \t2       \tCoach.L     \t{begin}\t{end}\t{end}\tUnmuted\n\n\n"
    "M A R K E R S  L I S T I N G\n"
    "#   \tLOCATION     \tTIME REFERENCE    \tUNITS    \tNAME      \tTRACK NAME \tTRACK TYPE \tCOMMENTS\n"
    "1   \t{begin}  \t480000            \tSamples  \tStart     \tMarkers   \tRuler \tfrom here\n"
)


def session(name="1", start="00:59:50:00", format="24 Frame", begin="01:00:00:00", end="01:00:02:00"):  # noqa: A002
    return SESSION.format(name=name, start=start, format=format, begin=begin, end=end)


def test_rows_of_a_table_are_clips_in_their_own_timecode():
    found = ale.read(TABLE.encode())
    one, two, three = found.events
    assert (one.kind, one.name, one.file, one.reel) == ("Video", "one", "one.mov", "A001")
    assert (one.source, one.drop_frame, one.rate) == (TimeRange(107892, 60), True, Rate(30000, 1001))
    assert one.log == (("note", "lovely"), ("scene", "12A"))
    assert (two.kind, two.source) == ("Audio", TimeRange(108000, 60))
    assert three.source is None
    facts = dict(found.facts)
    assert (facts["rows"], facts["reels"], facts["start_timecode"]) == (3, ["A001", "B002"], "01:00:00;00")


def test_a_row_whose_timecode_no_clock_shows_is_a_problem_named_by_its_number():
    found = ale.read(TABLE.replace("01:00:02;00", "01:01:00;00").encode())
    assert [problem.sentence[:6] for problem in found.problems] == ["Row 1:"]
    assert found.events[0].source is None


def test_a_table_without_columns_is_refused():
    with pytest.raises(TimelineUnreadable, match="no columns"):
        ale.read(b"Heading\nFPS\t25\n")


def test_our_own_tables_come_back_clip_by_clip():
    clips = [logged(f"C{n}.mov", "25", 50 + n, start=f"1{n}:00:00:00", scene="4", note="good") for n in range(3)]
    timeline = assemble("stringout", clips, media(*clips), settings()).timeline
    found = ale.read(writer.write(timeline, ExportOptions(Path())).files[0].content)
    assert [(event.name, event.id, event.source) for event in found.events] == [
        (logged.clip.name, logged.clip.id, logged.clip.available) for logged in clips
    ]
    assert all(dict(event.log)["note"] == "good" for event in found.events)


@pytest.mark.parametrize(
    ("named", "rate", "drop"),
    [("23.976 Frame", "24000/1001", False), ("25 Frame", "25/1", False), ("29.97 Frame", "30000/1001", False),
     ("29.97 Drop Frame", "30000/1001", True), ("59.94 Drop Frame", "60000/1001", True), ("120 Frame", "120/1", False)],
)  # fmt: skip
def test_the_timecode_format_of_a_session_is_rate_and_counting(named, rate, drop):
    start = "00:59:50;00" if drop else "00:59:50:00"
    facts = dict(session_text.read(session(format=named, start=start).encode()).facts)
    assert (facts["rate"], facts["drop_frame"], facts["start_timecode"]) == (rate, drop, start)
    assert (facts["audio_tracks"], facts["audio_clips"], facts["sample_rate"]) == (1, 2, 48000)


@pytest.mark.parametrize(
    ("begin", "end", "record"),
    [
        ("01:00:00:00", "01:00:02:00", TimeRange(240, 48)),
        ("01:00:00:00.50", "01:00:02:00.00", TimeRange(240, 48)),
        ("480000", "576000", TimeRange(240, 48)),
        ("37+08.60", "57+09.60", None),
        ("0:25", "0:38", None),
        ("13|3", "20|1", None),
    ],
)
def test_clips_of_a_session_lie_where_timecode_or_samples_say(begin, end, record):
    found = session_text.read(session(begin=begin, end=end).encode())
    (event,) = found.events
    assert (event.name, event.file, event.channel, event.record) == ("Coach.L", "Coach.wav", 1, record)
    (mark,) = found.marks
    assert (mark.name, mark.note) == ("Start", "from here")
    assert mark.record == (TimeRange(record.start, 1) if record else None)


def test_subframes_are_left_off_the_start():
    assert dict(session_text.read(session(start="23:57:00:00.00").encode()).facts)["start_timecode"] == "23:57:00:00"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "mac_roman"])
def test_a_session_is_read_in_any_encoding(encoding):
    data = session(name="Café…").replace("\n", "\r\n").encode(encoding)
    assert session_text.recognises(data)
    assert dict(session_text.read(data).facts)["title"] == "Mix Café…"


def test_a_session_that_counts_what_no_clock_shows_keeps_its_facts():
    found = session_text.read(session(format="30 Drop Frame").encode())
    assert (found.start, found.events[0].record) == (None, None)
    assert dict(found.facts)["rate"] == "30/1"
