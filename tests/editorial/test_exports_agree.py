"""One cut in all formats, read back by readers of their own: every event agrees to the frame, whatever the clips."""

from fractions import Fraction
from math import floor
from pathlib import Path

import opentimelineio as otio
import pytest
from aaf_reader import read_raw
from editorial_clips import RATES, count_label, logged, media, read_edl, settings
from hypothesis import given, reject
from hypothesis import settings as effort
from hypothesis import strategies as st
from read_fcpxml import read_fcpxml
from read_kdenlive import read_kdenlive
from test_ale import read_ale
from xml_reader import items_of, root_of

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import aaf, ale, edl, fcpxml, kdenlive, otio_json, xmeml
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.reels import reel_table
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports import aaf as aaf_import
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, Timecode

WRITABLE = [name for name, rate in RATES.items() if rate.nominal <= 100]


@st.composite
def counting(draw):
    rate = draw(st.sampled_from(WRITABLE))
    return rate, draw(st.booleans()) if RATES[rate].can_drop else False


@st.composite
def clip(draw, number):
    rate, drop = draw(counting())
    speed = RATES[rate]
    timed = draw(st.booleans())
    label = str(Timecode(draw(st.integers(0, 90_000 * speed.nominal)), speed, drop)) if timed else None
    parts = tuple(draw(st.lists(st.integers(1, 400), min_size=1, max_size=3)))
    kind = draw(st.sampled_from(["picture", "picture", "sound"]))
    marks = draw(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200)), max_size=2))
    return logged(
        f"{number}.mov", rate, start=label, drop=drop and timed, parts=parts, kind=kind,
        card=draw(st.sampled_from(["A001", "A001C0010", "A001C0011"])), reel=draw(st.sampled_from([None, "R1"])),
        audio=draw(st.sampled_from([(1,), (2,), (1, 1), (4,)])),
        markers=tuple((at, length, "mark", "") for at, length in marks), circled="yes",
    )  # fmt: skip


@st.composite
def cuts(draw):
    count = draw(st.integers(1, 6))
    clips = [draw(clip(number)) for number in range(count)]
    rate, drop = draw(counting())
    start = Timecode(draw(st.integers(0, 90_000 * RATES[rate].nominal)), RATES[rate], drop)
    chosen = settings(rate, str(start), drop=drop, handles=draw(st.integers(0, 9)), gap=draw(st.integers(0, 9)))
    return clips, chosen, draw(st.sampled_from(["stringout", "selects"]))


def cut_of(made):
    clips, chosen, kind = made
    try:
        return assemble(kind, clips, media(*clips), chosen)
    except ExportRefused:  # every clip is shorter than a frame of the cut
        reject()


def otio_events(text, rate, start):
    """(name, record in, frames, exact source in) of each clip by OTIO's own sums, tracks merged."""
    timeline = otio.adapters.otio_json.read_from_string(text)
    found = set()
    per_second = rate.numerator / rate.denominator
    for item in timeline.find_clips():
        place = item.range_in_parent()
        begin = place.start_time.rescaled_to(per_second).value
        length = place.duration.rescaled_to(per_second).value
        assert abs(begin - round(begin)) < 1e-4
        assert abs(length - round(length)) < 1e-4
        found.add((item.name, round(begin), round(length), item.source_range.start_time.value))
    return found


@effort(max_examples=150, deadline=None)
@given(cuts())
def test_otio_and_edl_agree_on_every_event(made):
    clips, chosen, _kind = made
    files = media(*clips)
    cut = cut_of(made)
    text = otio_json.write(cut.timeline, ExportOptions(Path())).files[0].content.decode()
    listed = read_edl(edl.write(cut.timeline, ExportOptions(Path())).files[0].content.decode())
    expected = otio_events(text, chosen.rate, chosen.start)

    by_name = {file.name: item for item in clips for file in files[item.clip.id].parts}
    nominal, found = chosen.rate.nominal, set()
    for edit in listed:
        source = by_name[edit.name].clip
        begin = (count_label(edit.record[0], nominal) - chosen.start.frame) % _day(chosen.start)
        length = (count_label(edit.record[1], nominal) - count_label(edit.record[0], nominal)) % _day(chosen.start)
        took = (count_label(edit.source[1], nominal) - count_label(edit.source[0], nominal)) % _day_of(
            edit.source[0], chosen
        )
        assert took == length
        (source_in,) = {at for name, where, _, at in expected if (name, where) == (edit.name, begin)}
        drop = bool(source.start and source.start.drop_frame)
        assert edit.source[0] == str(Timecode(int(source_in), source.rate, drop).conformed(chosen.rate))
        found.add((edit.name, begin, length, source_in))
    assert found == expected
    assert len(listed) == len({(edit.record, edit.reel, edit.source) for edit in listed})


@effort(max_examples=150, deadline=None)
@given(cuts())
def test_otio_and_fcp7_xml_agree_on_every_event(made):
    clips, chosen, _kind = made
    cut = cut_of(made)
    text = otio_json.write(cut.timeline, ExportOptions(Path())).files[0].content.decode()
    root = root_of(xmeml.write(cut.timeline, ExportOptions(Path())).files[0].content.decode())
    by_name = {file.name: item.clip for item in clips for file in media(item)[item.clip.id].parts}
    days = {
        name: _day(Timecode(0, clip.rate, bool(clip.start and clip.start.drop_frame))) for name, clip in by_name.items()
    }
    items, found, ends = items_of(root), set(), {}
    for item in items:
        file, (begin, end), (taken_in, taken_out) = item.file, item.record, item.taken
        assert item.rate == file.rate == by_name[item.name].rate.fraction
        assert 0 <= taken_in < taken_out <= file.duration
        length = (end - begin) / chosen.rate.fraction
        assert taken_out - 1 < taken_in + length * item.rate <= taken_out
        assert item.ticks == (taken_in / item.rate, taken_in / item.rate + length)
        assert ends.get((item.kind, item.track), 0) <= begin
        ends[item.kind, item.track] = end
        found.add((item.name, begin, end - begin, (file.start + taken_in) % days[item.name]))
    expected = otio_events(text, chosen.rate, chosen.start)
    assert found == {(name, begin, length, at % days[name]) for name, begin, length, at in expected}
    pictures = [clip for clip in cut.timeline.find_clips() if clip.parent().kind == "Video"]
    channels = [
        clip.metadata["rushes"]["channels"] for clip in cut.timeline.find_clips() if clip.parent().kind == "Audio"
    ]
    assert [item.kind for item in items].count("video") == len(pictures)
    assert [item.kind for item in items].count("audio") == sum(channels)
    assert len({(item.name, item.record, item.channel) for item in items}) == len(items)


@pytest.mark.parametrize("editor", ["fcp", "resolve"])
@effort(max_examples=100, deadline=None)
@given(made=cuts())
def test_otio_and_fcpxml_agree_on_every_event(editor, made):
    _clips, chosen, _kind = made
    cut = cut_of(made)
    text = otio_json.write(cut.timeline, ExportOptions(Path())).files[0].content.decode()
    read = read_fcpxml(fcpxml.write(cut.timeline, ExportOptions(Path(), editor=editor)).files[0].content)
    first = {clip.name: clip.available_range().start_time for clip in cut.timeline.find_clips()}
    rates = {name: Rate.nearest(Fraction(time.rate)) for name, time in first.items()}
    assert read.start == chosen.rate.seconds(chosen.start.frame)
    found = [
        (each.name, read.frames(each.record), read.frames(each.duration),
         each.into * rates[each.name].fraction + int(first[each.name].value))
        for each in read.clips
    ]  # fmt: skip
    assert len(found) == len(set(found))
    assert set(found) == otio_events(text, chosen.rate, chosen.start)


@effort(max_examples=60, deadline=None)
@given(cuts())
def test_otio_and_aaf_agree_on_every_event(made):
    """Where a frame of the cut holds several of a source, the AAF may name the first of them."""
    clips, chosen, _kind = made
    cut = cut_of(made)
    text = otio_json.write(cut.timeline, ExportOptions(Path())).files[0].content.decode()
    content = aaf.write(cut.timeline, ExportOptions(Path())).files[0].content
    by_name = {file.name: item.clip for item in clips for file in media(item)[item.clip.id].parts}
    first = {clip.name: int(clip.available_range().start_time.value) for clip in cut.timeline.find_clips()}
    expected = otio_events(text, chosen.rate, chosen.start)
    exact = {(name, begin, length): at for name, begin, length, at in expected}
    assert len(exact) == len(expected)

    raw, read = read_raw(content), aaf_import.read(content)
    assert (raw.start, raw.fps, raw.drop) == (chosen.start.frame, chosen.rate.nominal, chosen.start.drop_frame)
    assert read.start == chosen.start
    assert {(event.name, *event.record) for event in raw.events} == set(exact)
    assert {(event.name, event.record.start, event.record.duration) for event in read.events} == set(exact)
    for event in raw.events:
        source, at = by_name[event.name], exact[event.name, *event.record]
        begins = event.frame if event.tape else first[event.name] + event.unit * source.rate.fraction / raw.rate
        several = max(source.rate.fraction / chosen.rate.fraction, 1)
        assert at - several < begins < at + 1
        assert begins >= first[event.name]
        assert bool(event.tape) == (source.start is not None)
    for event in read.events:
        source, at = by_name[event.name], exact[event.name, event.record.start, event.record.duration]
        found = event.source.start if event.source else first[event.name] + event.media.start
        several = max(source.rate.fraction / chosen.rate.fraction, 1)
        assert floor(at - several) < found + 1 <= at + 1
    pictures = [clip for clip in cut.timeline.find_clips() if clip.parent().kind == "Video"]
    assert [event.kind for event in read.events].count("Video") == len(pictures)


@effort(max_examples=150, deadline=None)
@given(cuts())
def test_otio_and_kdenlive_agree_on_every_event(made):
    _clips, chosen, _kind = made
    cut = cut_of(made)
    text = otio_json.write(cut.timeline, ExportOptions(Path())).files[0].content.decode()
    project = read_kdenlive(kdenlive.write(cut.timeline, ExportOptions(Path())).files[0].content)
    first = {clip.name: clip.available_range().start_time for clip in cut.timeline.find_clips()}
    expected = {}
    for name, begin, length, at in otio_events(text, chosen.rate, chosen.start):
        own = Rate.nearest(Fraction(first[name].rate)).fraction
        expected[name, begin, length] = (Fraction(at) - round(first[name].value)) * chosen.rate.fraction / own
    found = {(Path(clip.file).name, clip.start, clip.duration): clip.into for clip in project.clips}
    assert found.keys() == expected.keys()
    assert all(abs(into - expected[key]) <= Fraction(1, 2) for key, into in found.items())
    pictures = [clip for clip in cut.timeline.find_clips() if clip.parent().kind == "Video"]
    assert len([clip for clip in project.clips if clip.kind == "picture"]) == len(pictures)
    assert len(project.clips) == len(list(cut.timeline.find_clips()))


@effort(max_examples=100, deadline=None)
@given(cuts())
def test_ale_lists_every_file_of_the_cut_as_long_as_it_is(made):
    cut = cut_of(made)
    found = set()
    for file in ale.write(cut.timeline, ExportOptions(Path())).files:
        table = read_ale(file.content.decode())
        rate = RATES[table.heading["FPS"]]
        for row in table.rows:
            start, length = (count_label(row[name], rate.nominal) for name in ("Start", "Duration"))
            day = _day(Timecode(0, rate, ";" in row["Start"]))
            assert (count_label(row["End"], rate.nominal) - start) % day == length
            found.add((row["Name"], row["Source Path"], start, length, rate.numerator / rate.denominator))
    expected = set()
    for item in cut.timeline.find_clips():
        own, span = item.metadata["rushes"], item.media_reference.available_range
        rate = Rate.parse(own["rate"])
        start = round(span.start_time.value) % _day(Timecode(0, rate, own["drop_frame"]))
        expected.add(
            (item.name, item.media_reference.target_url, start, round(span.duration.value), span.start_time.rate)
        )
    assert found == expected


@effort(max_examples=100, deadline=None)
@given(cuts())
def test_pieces_lie_inside_their_files_and_one_after_the_other(made):
    clips, chosen, _ = made
    sheet = sheet_of(cut_of((clips, chosen, "stringout")).timeline)
    lengths = set()
    for track in sheet.tracks:
        end = 0
        for event in track.events:
            source = event.source
            assert event.record.start >= end
            end = event.record.end
            begins = (event.source_in - source.available.start) / source.rate.fraction
            assert begins >= 0
            assert (
                begins + event.record.duration / chosen.rate.fraction
                <= source.available.duration / source.rate.fraction
            )
        lengths.add(end)
    assert lengths


@effort(max_examples=60, deadline=None)
@given(cuts())
def test_a_reel_and_a_timecode_name_one_frame_of_one_file(made):
    clips, chosen, _ = made
    sheet = sheet_of(cut_of((clips, chosen, "stringout")).timeline)
    table = reel_table(event.source for track in sheet.tracks for event in track.events)
    claimed = {}
    for source, row in table.items():
        assert len(row.short) <= 8
        for frame in range(source.available.start, source.available.end):
            label = str(source.timecode(frame))
            assert claimed.setdefault((row.short, label), source) is source


def _day(start):
    return Timecode(-1, start.rate, start.drop_frame).frame + 1


def _day_of(label, chosen):
    return Timecode(-1, chosen.rate, ";" in label).frame + 1
