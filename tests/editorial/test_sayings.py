"""What timelines say of clips, as entries for the log: marks in frames of the clip, titles, fields; nothing twice."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from editorial_clips import RATES, logged, media, settings

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import edl as edl_writer
from pipeline.editorial.exports import fcpxml as fcpxml_writer
from pipeline.editorial.exports import otio_json
from pipeline.editorial.exports import xmeml as xmeml_writer
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports import edl, fcpxml, otio_file, xmeml
from pipeline.editorial.imports.known import Known, range_in
from pipeline.editorial.imports.matching import Match
from pipeline.editorial.imports.reading import ReadEvent, ReadMark, ReadTimeline
from pipeline.editorial.imports.sayings import sayings_of
from pipeline.timecode import Rate, Timecode, TimeRange

PAL = Rate(25)
CLIP = logged("C0001.MP4", "25", 250, start="10:00:00:00", note="wide", rating=4, tag=("Dust",),
              markers=[(50, 10, "good line", "Coach")], clip_id="1" * 32)  # fmt: skip
START = CLIP.clip.start.frame


def event(name="C0001.MP4", *, taken=TimeRange(50, 100), record=TimeRange(0, 100), **others):  # noqa: B008 - frozen
    return ReadEvent(
        "Video", 1, record, source=TimeRange(START + taken.start, taken.duration), rate=PAL, name=name, **others
    )


def said(asked, *, marks=(), clip=CLIP, taken=TimeRange(50, 100), rate=PAL):  # noqa: B008 - frozen
    timeline = ReadTimeline("otio", "", rate, False, Timecode(0, rate), 100, (1, 0), (asked,), marks=marks)
    own = clip.clip
    known = Known(own.id, own.name, own.card, "", False, "", "", own.rate, own.frames)
    match = Match(known, "name", 0.6, (), "found.", taken)
    heard = sayings_of("reel.otio", timeline, [match], {own.id: clip})
    return [(each.saying.field, each.saying.value, each.saying.range) for each in heard.said], list(heard.refused)


@pytest.mark.parametrize(
    ("mark", "wanted"),
    [
        (ReadMark("look", record=TimeRange(10, 5)), TimeRange(60, 5)),
        (ReadMark("look", source=TimeRange(START + 70, 1)), TimeRange(70, 1)),
        (ReadMark("look", record=TimeRange(0, 0)), TimeRange(50, 1)),
        (ReadMark("look", source=TimeRange(START + 240, 100)), TimeRange(240, 10)),
    ],
)
def test_marks_of_events_are_ranges_in_frames_of_the_clip(mark, wanted):
    found, refused = said(event(marks=(mark,)))
    assert found == [("mark", "", wanted), ("note", "look", wanted)]
    assert refused == []


@pytest.mark.parametrize(
    ("speed", "wanted"), [(Fraction(2), TimeRange(70, 10)), (Fraction(1, 2), TimeRange(55, 2)),
                          (Fraction(-1), TimeRange(139, 1)), (Fraction(0), TimeRange(50, 1))],
)  # fmt: skip
def test_speed_moves_a_mark_within_the_clip(speed, wanted):
    found, _ = said(event(marks=(ReadMark("look", record=TimeRange(10, 5)),), speed=speed))
    assert found[0][2] == wanted


def test_a_mark_of_the_timeline_falls_on_the_clip_below_it_and_else_is_named():
    found, refused = said(
        event(), marks=(ReadMark("here", record=TimeRange(20, 1)), ReadMark("x", record=TimeRange(500, 1)))
    )
    assert found == [("mark", "", TimeRange(70, 1)), ("note", "here", TimeRange(70, 1))]
    assert refused == ["Markers that stand on no clip that was found, kept with the cut alone: x."]


def test_a_mark_outside_of_its_clip_is_named_and_not_moved():
    found, refused = said(event(marks=(ReadMark("far", source=TimeRange(START + 9999, 1)),)))
    assert found == []
    assert "'far' lies outside" in refused[0]


@pytest.mark.parametrize("mark", [ReadMark("good line"), ReadMark("Coach", "good line"), ReadMark("Marker 1")])
def test_a_mark_that_the_log_has_says_nothing_new(mark):
    assert said(event(marks=(replace(mark, record=TimeRange(0, 1)),))) == ([], [])


@pytest.mark.parametrize(("length", "new"), [(1, False), (10, False), (4, True), (30, True)])
def test_a_mark_that_an_editor_made_shorter_or_longer_is_new_and_a_point_says_nothing_of_lengths(length, new):
    found, _ = said(event(marks=(ReadMark("good line", record=TimeRange(0, length)),)))
    at = TimeRange(50, length)
    old = ("mark", "", TimeRange(50, 10))  # which goes
    assert found == ([old, ("mark", "", at), ("note", "good line", at), ("subject", "Coach", at)] if new else [])


def test_a_mark_made_longer_takes_the_place_of_the_one_that_the_log_has_unless_that_is_in_the_file_too():
    longer, same = ReadMark("good line", record=TimeRange(0, 30)), ReadMark("good line", record=TimeRange(0, 10))
    earlier = ReadMark("good line", source=TimeRange(START + 30, 30))  # its end is where it was
    assert ops(event(marks=(longer,))) == [("clear", 50, 10), ("set", 50, 30)]
    assert ops(event(marks=(earlier,), taken=TimeRange(20, 100)), taken=TimeRange(20, 100)) == [
        ("clear", 50, 10), ("set", 30, 30),
    ]  # fmt: skip
    assert ops(event(marks=(longer, same))) == [("set", 50, 30)]
    assert ops(event(marks=(same,))) == []
    assert ops(event(marks=(ReadMark("another", record=TimeRange(0, 30)),))) == [("set", 50, 30)]
    short = TimeRange(50, 6)  # the log's is longer than what the event shows
    assert ops(event(marks=(ReadMark("good line", record=TimeRange(0, 3)),), taken=short), taken=short) == [
        ("set", 50, 3)
    ]


def ops(asked, taken=TimeRange(50, 100)):  # noqa: B008 - frozen
    """What becomes of marks: op and range."""
    timeline = ReadTimeline("otio", "", PAL, False, Timecode(0, PAL), 100, (1, 0), (asked,))
    own = CLIP.clip
    known = Known(own.id, own.name, own.card, "", False, "", "", own.rate, own.frames)
    heard = sayings_of("reel.otio", timeline, [Match(known, "name", 0.6, (), "found.", taken)], {own.id: CLIP})
    marks = (each.saying for each in heard.said if each.saying.field == "mark")
    return [(mark.op, mark.range.start, mark.range.duration) for mark in marks]


def test_new_keywords_and_ratings_of_a_clip_of_ours_are_heard_and_those_we_wrote_are_not():
    clip = logged(
        "one.mov",
        frames=100,
        clip_id="1" * 32,
        subject=("Coach",),
        location=("Vienna",),
        tag=("Dust",),
        rating=2,
        note="wide",
    )
    made = assemble("stringout", [clip], media(clip), settings()).timeline
    (file,) = fcpxml_writer.write(made, ExportOptions(Path(), editor="fcp")).files
    text = file.content.decode()
    known = Known(clip.clip.id, "one.mov", "A001", "", False, "10:00:00:00", "25/1", PAL, 100)

    def heard(content):
        timeline = fcpxml.read(content.encode())
        matches = [Match(known, "id", 1.0, (), "found.", range_in(each, known, 0)) for each in timeline.events]
        found = sayings_of("reel", timeline, matches, {clip.clip.id: clip})
        return [(each.saying.field, each.saying.value) for each in found.said], found.refused

    assert "<keyword" in text
    assert heard(text) == ([], ())
    added = (
        '<keyword start="0s" duration="1s" value="Sunrise, Vienna"/><rating start="0s" duration="1s" value="favorite"/>'
    )
    at = text.index("<keyword")
    assert heard(text[:at] + added + text[at:]) == ([("tag", "Sunrise"), ("circled", "yes")], ())


def test_a_mark_that_outlasts_its_event_is_the_same_as_far_as_it_is_shown():
    short = TimeRange(50, 6)
    asked = event(taken=short, record=TimeRange(0, 6), marks=(ReadMark("good line", record=TimeRange(0, 6)),))
    assert said(asked, taken=short) == ([], [])


def test_a_mark_on_frames_that_the_event_does_not_show_is_known_too():
    asked = event(taken=TimeRange(100, 50), marks=(ReadMark("good line", source=TimeRange(START + 50, 10)),))
    assert said(asked, taken=TimeRange(100, 50)) == ([], [])


WRITERS = {
    "edl": (edl_writer.write, edl.read), "xml": (xmeml_writer.write, xmeml.read),
    "fcpxml": (fcpxml_writer.write, fcpxml.read), "otio": (otio_json.write, otio_file.read),
}  # fmt: skip


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("rate", ["23.976", "25", "29.97", "50", "59.94"])
@pytest.mark.parametrize("own", ["23.976", "25", "29.97", "50", "59.94", "120"])
def test_a_cut_of_ours_comes_back_without_new_marks_whatever_rates_meet(form, rate, own):
    marks = [(7 * n, 1 + 5 * (n % 3), f"m{n}", "") for n in range(20)] + [(140, 60, "last", "")]
    clip = logged("one.mov", own, 150, start="10:00:00:00", markers=marks, clip_id="1" * 32)
    write, read = WRITERS[form]
    made = assemble("stringout", [clip], media(clip), settings(rate)).timeline
    timeline = read(write(made, ExportOptions(Path())).files[0].content)
    known = Known(clip.clip.id, "one.mov", "A001", "", False, "10:00:00:00", str(RATES[own]), RATES[own], 150)
    matches = [Match(known, "id", 1.0, (), "found.", range_in(each, known, 0)) for each in timeline.events]
    assert any(each.marks for each in timeline.events)
    heard = sayings_of("reel", timeline, matches, {clip.clip.id: clip})
    assert [each for each in heard.said if each.saying.field == "mark"] == []


@pytest.mark.parametrize(
    ("name", "title"),
    [("The first light", "The first light"), ("c0001", None), ("C0001.MP4.new.01", None), ("", None),
     ("  two   words ", "two words")],
)  # fmt: skip
def test_another_name_than_its_own_is_the_title_of_a_clip(name, title):
    assert said(event(name)) == ([("title", title, None)] if title else [], [])


@pytest.mark.parametrize(
    ("column", "text", "wanted"),
    [
        ("note", "wide", []), ("Comments", "closer", [("note", "closer", None)]), ("rating", "4", []),
        ("rating", "2", [("rating", "2", None)]), ("tag", "dust, Rain", [("tag", "Rain", None)]),
        ("Scene", "12A", [("scene", "12A", None)]), ("rating", "favorite", []), ("unknown column", "x", []),
        ("note", "  ", []),
    ],
)  # fmt: skip
def test_columns_of_the_log_are_logged_where_they_say_something_new(column, text, wanted):
    assert said(event(log=((column, text),))) == (wanted, [])


def test_a_favourite_of_a_clip_without_stars_is_a_circled_take():
    plain = logged("C0001.MP4", "25", 250, start="10:00:00:00", clip_id="1" * 32)
    assert said(event(log=(("rating", "favorite"),)), clip=plain)[0] == [("circled", "yes", None)]


def test_a_value_that_a_field_cannot_take_is_named():
    found, refused = said(event(log=(("rating", "eleven"), ("shoot_day", "Sunday"))))
    assert found == []
    assert len(refused) == 2
    assert all(sentence.startswith("C0001.MP4: ") for sentence in refused)


def test_of_several_values_for_one_field_the_first_is_taken_and_the_others_named():
    found, refused = said(event(log=(("note", "one"), ("note", "two"), ("note", "one"))))
    assert found == [("note", "one", None)]
    assert refused == ["C0001.MP4 has several values for note; 'two' is left out."]
