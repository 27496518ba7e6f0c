"""What our own writers wrote is read back: every event to the frame, at all rates, with its file, reel and markers."""

import zipfile
from math import floor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as effort
from test_exports_agree import cut_of, cuts
from torture import torture_timeline

from pipeline.editorial.exports import edl as edl_writer
from pipeline.editorial.exports import fcpxml as fcpxml_writer
from pipeline.editorial.exports import otio_json, otioz
from pipeline.editorial.exports import xmeml as xmeml_writer
from pipeline.editorial.exports.events import held_by, sheet_of, taken_frames
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports import edl, fcpxml, otio_file, xmeml
from pipeline.editorial.imports.fcpxml_resources import SLACK
from pipeline.editorial.imports.known import Known, range_in
from pipeline.editorial.imports.registry import IMPORTS
from pipeline.timecode import Rate, frames_per_day


def written(write, timeline, **options):
    return write(timeline, ExportOptions(Path(), **options)).files[0].content


def of_kind(read, kind):
    return [event for event in read.events if event.kind == kind]


def day_of(event):
    return frames_per_day(event.source.rate, drop_frame=event.source.drop_frame)


@effort(max_examples=120, deadline=None)
@given(cuts())
def test_fcp7_xml_comes_back(made):
    timeline = cut_of(made).timeline
    sheet = sheet_of(timeline)
    read = xmeml.read(written(xmeml_writer.write, timeline))
    assert (read.rate, read.start, read.title) == (sheet.start.rate, sheet.start, sheet.name)
    assert not read.problems
    pictures = [(number, event) for number, track in enumerate(sheet.of_kind("Video"), 1) for event in track.events]
    assert len(pictures) == len(of_kind(read, "Video"))
    for (number, event), found in zip(pictures, of_kind(read, "Video"), strict=True):
        same(event, found, sheet, number)
    sounds = [event for track in sheet.of_kind("Audio") for event in track.events]
    assert len(of_kind(read, "Audio")) == sum(event.channels for event in sounds)
    by_place = {(event.record, event.source.name, event.source_in % day_of(event)) for event in sounds}
    assert {(each.record, each.name, each.source.start) for each in of_kind(read, "Audio")} == by_place


def same(event, found, sheet, number):
    source = event.source
    assert (found.track, found.record, found.name) == (number, event.record, source.name)
    assert (found.rate, found.reel, found.file) == (source.rate, source.reel, source.path)
    assert found.source.start % day_of(event) == event.source_in % day_of(event)
    assert found.source.duration == taken_frames(event, sheet.start.rate)
    assert found.drop_frame == source.drop_frame
    assert [mark.name for mark in found.marks] == [mark.name for mark in event.marks]


@pytest.mark.parametrize("editor", ["fcp", "resolve"])
@effort(max_examples=100, deadline=None)
@given(made=cuts())
def test_fcpxml_comes_back(editor, made):
    timeline = cut_of(made).timeline
    sheet = sheet_of(timeline)
    read = fcpxml.read(written(fcpxml_writer.write, timeline, editor=editor))
    assert (read.rate, read.start, read.title) == (sheet.start.rate, sheet.start, sheet.name)
    assert not read.problems
    held = held_by(sheet)
    for kind in ("Video", "Audio"):
        events = [event for track in sheet.of_kind(kind) for event in track.events]
        wanted = {
            (event.record, event.source.name, counted(event, held, sheet), event.source.clip, event.source.reel)
            for event in events
        }
        found = of_kind(read, kind)
        assert {(each.record, each.name, each.media.start, each.id, each.reel) for each in found} == wanted
    pictures = [(number, event) for number, track in enumerate(sheet.of_kind("Video"), 1) for event in track.events]
    for (number, event), each in zip(pictures, of_kind(read, "Video"), strict=True):
        assert (each.track, each.rate, each.file) == (number, event.source.rate, event.source.path)
        assert each.source.duration == taken_frames(event, sheet.start.rate)
        assert each.source.start == event.source_in or editor == "fcp"
        assert {mark.name for mark in each.marks} == {mark.name for mark in event.marks}  # equal ones are written once


def counted(event, held, sheet):
    """Frames into the file, at its own rate; FCPXML knows none for sound alone, which counts as the timeline does."""
    source = event.source
    ahead = event.source_in - held[source].span.start
    return ahead if held[source].picture else floor(source.rate.seconds(ahead) * sheet.start.rate.fraction + SLACK)


@effort(max_examples=200, deadline=None)
@given(cuts())
def test_edl_comes_back_and_leads_to_the_frames_of_every_clip(made):
    """Whatever a clip and the list count at, drop-frame or not."""
    timeline = cut_of(made).timeline
    sheet = sheet_of(timeline)
    read = edl.read(written(edl_writer.write, timeline))
    assert (read.rate, read.start, read.title) == (sheet.start.rate, sheet.start, sheet.name)
    assert not read.problems
    pictures = sheet.of_kind("Video")[0].events
    for event, found in zip(pictures, of_kind(read, "Video"), strict=True):
        source = event.source
        assert (found.record, found.name, found.rate) == (event.record, source.name, source.rate)
        assert (bool(found.drop_frame), found.source.start) == (source.drop_frame, event.source_in % day_of(event))
        assert found.source.duration == taken_frames(event, sheet.start.rate)
        assert range_in(found, known(source), 0).start == event.source_in - source.available.start


@effort(max_examples=200, deadline=None)
@given(cuts())
def test_a_list_without_our_comments_leads_to_within_a_frame_of_the_scaling(made):
    timeline = cut_of(made).timeline
    sheet = sheet_of(timeline)
    lines = written(edl_writer.write, timeline).decode().splitlines()
    read = edl.read("\n".join(line for line in lines if "SOURCE RATE" not in line).encode())
    for event, found in zip(sheet.of_kind("Video")[0].events, of_kind(read, "Video"), strict=True):
        own = event.source.rate.nominal
        frames = range_in(found, known(event.source), 0)
        bearing = -(-own // sheet.start.rate.nominal)  # frames of the clip that one label of the list can name
        early = event.source_in - event.source.available.start - frames.start
        assert 0 <= early < bearing


def known(source):
    start = str(source.timecode(source.available.start)) if source.timed else ""
    return Known(source.clip, source.name, source.card, "", False, start, str(source.rate), source.rate,
                 source.available.duration)  # fmt: skip


@effort(max_examples=120, deadline=None)
@given(cuts())
def test_otio_comes_back(made):
    timeline = cut_of(made).timeline
    compare_otio(sheet_of(timeline), otio_file.read(written(otio_json.write, timeline)))


TORTURED = [(Rate(24000, 1001), False), (Rate(25), False), (Rate(30000, 1001), True), (Rate(60), False)]


@pytest.mark.parametrize(("rate", "drop"), TORTURED)
def test_otio_of_everything_comes_back_with_speeds_and_transitions(rate, drop):
    timeline = torture_timeline(rate, drop=drop)
    sheet, read = sheet_of(timeline), otio_file.read(written(otio_json.write, timeline))
    compare_otio(sheet, read)
    wanted = [
        (track.kind, each.at, each.before, each.after) for kind in ("Video", "Audio")
        for track in sheet.of_kind(kind) for each in track.transitions
    ]  # fmt: skip
    assert [(each.kind, each.at, each.before, each.after) for each in read.transitions] == wanted


def compare_otio(sheet, read):
    assert (read.rate, read.start, read.title) == (sheet.start.rate, sheet.start, sheet.name)
    assert not read.problems
    for kind in ("Video", "Audio"):
        wanted = [
            (number, event.record, event.source.name, event.source.clip, event.source.reel, event.source.path or "",
             event.source.rate, event.source_in, event.speed, event.source.available,
             [(mark.name, mark.note, mark.source) for mark in event.marks])
            for number, track in enumerate(sheet.of_kind(kind), 1) for event in track.events
        ]  # fmt: skip
        found = [
            (each.track, each.record, each.name, each.id, each.reel, "" if each.file == each.name else each.file,
             each.rate, each.source.start, each.speed, each.available,
             [(mark.name, mark.note, mark.source) for mark in each.marks])
            for each in of_kind(read, kind)
        ]  # fmt: skip
        assert found == wanted
    events = [event for track in sheet.of_kind("Video") for event in track.events]
    taken = [each.source.duration for each in of_kind(read, "Video")]
    assert taken == [taken_frames(event, sheet.start.rate) for event in events]
    assert read.tracks == (len(sheet.of_kind("Video")), len(sheet.of_kind("Audio")))


def test_a_bundle_says_what_its_timeline_says(tmp_path):
    timeline = torture_timeline()
    for clip in timeline.find_clips():
        clip.media_reference.name = clip.name

    plain = written(otio_json.write, timeline)
    with zipfile.ZipFile(tmp_path / "cut.otioz", "w") as bundle:
        bundle.writestr("version.txt", otioz._VERSION)
        bundle.writestr("content.otio", plain)
    bundled = (tmp_path / "cut.otioz").read_bytes()
    assert otio_file.read(bundled) == otio_file.read(plain)
    assert otio_file.recognises(bundled[:4096])


@pytest.mark.parametrize("write", [xmeml_writer.write, fcpxml_writer.write, otio_json.write])
def test_each_is_recognised_by_its_own_reader_alone(write):
    content = written(write, torture_timeline())
    assert len([each for each in IMPORTS if each.recognises(content[:4096])]) == 1


@pytest.mark.parametrize(("write", "read"), [(xmeml_writer.write, xmeml.read), (fcpxml_writer.write, fcpxml.read)])
def test_places_of_everything_come_back_from_xml(write, read):
    timeline = torture_timeline()
    sheet, found = sheet_of(timeline), read(written(write, timeline))
    pictures = {(event.record, event.source.name) for track in sheet.of_kind("Video") for event in track.events}
    assert {(each.record, each.name) for each in of_kind(found, "Video")} == pictures


@pytest.mark.parametrize(("rate", "drop"), TORTURED)
def test_fcp7_xml_of_everything_comes_back_with_speeds_and_transitions(rate, drop):
    """To the frame; a speed whose stretched frames are no whole ones of the file leaves one frame open."""
    timeline = torture_timeline(rate, drop=drop)
    sheet, read = sheet_of(timeline), xmeml.read(written(xmeml_writer.write, timeline))
    assert not read.problems
    events = [event for track in sheet.of_kind("Video") for event in track.events]
    for event, found in zip(events, of_kind(read, "Video"), strict=True):
        assert (found.record, found.name, found.speed) == (event.record, event.source.name, event.speed)
        open_ = int(event.speed.denominator > 2 or (event.speed not in {0, 1} and event.source.rate != rate))
        begin = event.source_in % day_of(event)
        assert begin - open_ <= found.source.start % day_of(event) <= begin
        assert 0 <= found.source.duration - taken_frames(event, rate) <= 2 * open_
    wanted = [(each.at, each.before, each.after) for track in sheet.of_kind("Video") for each in track.transitions]
    assert [(each.at, each.before, each.after) for each in read.transitions if each.kind == "Video"] == wanted
