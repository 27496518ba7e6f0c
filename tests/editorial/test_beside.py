"""Recorders' sound under pictures: which of its frames lie under which, on tracks of its own."""

from fractions import Fraction

import pytest
from editorial_clips import RATES, media, settings
from hypothesis import given
from hypothesis import strategies as st
from test_sync import by_samples, picture, sound

from pipeline.editorial.assembly import assemble
from pipeline.editorial.beside import beside
from pipeline.editorial.diff import diff
from pipeline.editorial.edits import by_name, edits_of, edits_of_file
from pipeline.editorial.exports import edl, fcpxml, otio_json, xmeml
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports import edl as read_edl
from pipeline.editorial.imports import fcpxml as read_fcpxml
from pipeline.editorial.imports import otio_file
from pipeline.editorial.imports import xmeml as read_xmeml
from pipeline.timecode import Timecode, TimeRange


def cut(pictures, sounds, chosen=None, kind="stringout"):
    chosen = chosen or settings()
    clips = [*pictures, *sounds]
    return assemble(kind, clips, media(*clips), chosen, beside(pictures, sounds, media(*clips), chosen.rate))


def tracks(made):
    """(name of file, first record frame, frames, source frame) of each event, track by track."""
    return {
        track.name: [
            (event.source.name, event.record.start, event.record.duration, event.source_in) for event in track.events
        ]
        for track in sheet_of(made.timeline).tracks
    }


TEN = 36_000 * 25  # frames at 25 up to 10:00:00:00


def test_sound_that_covers_a_shot_lies_under_it_from_its_own_frame_on():
    made = cut([picture(audio=(1,))], [sound(start="09:59:59:00", frames=200)])
    assert tracks(made) == {
        "Video 1": [("A001C001.mov", 0, 100, TEN)],
        "Audio 1": [("A001C001.mov", 0, 100, TEN)],
        "Audio 2": [("T001.WAV", 0, 100, TEN)],
    }
    assert made.notes == ("1 sound recording laid under pictures by timecode: T001.WAV.",)


def test_sound_that_covers_a_part_leaves_gaps():
    heard = [sound(start="10:00:01:00", frames=10), sound(name="T002.WAV", start="10:00:03:00", frames=100)]
    made = tracks(cut([picture(audio=()), picture(name="2.mov", start="10:00:05:00", audio=())], heard))
    assert made["Audio 1"] == [
        ("T001.WAV", 25, 10, TEN + 25),
        ("T002.WAV", 75, 25, TEN + 75),
        ("T002.WAV", 100, 50, TEN + 125),
    ]


def test_two_recorders_have_tracks_of_their_own_through_the_whole_cut():
    pictures = [picture(name="1.mov", audio=(1,)), picture(name="2.mov", start="11:00:00:00", audio=(1,))]
    heard = [
        sound(name="T1.WAV", start="11:00:00:00", audio=(1, 1)),
        sound(name="Z1.WAV", originator="Zoom"),
        sound(name="Z2.WAV", originator="Zoom", start="11:00:00:00"),
    ]
    made = tracks(cut(pictures, heard))
    assert made["Audio 2"] == [("Z1.WAV", 0, 100, TEN), ("Z2.WAV", 100, 100, TEN + 90_000)]
    assert made["Audio 3"] == made["Audio 4"] == [("T1.WAV", 100, 100, TEN + 90_000)]


@pytest.mark.parametrize(
    ("which", "first", "second"),
    [("camera", ["Audio 1"], 3), ("recorder", ["Audio 1", "Audio 2"], 2), ("both", ["Audio 1", "Audio 2"], 2)],
)
def test_one_chooses_whose_sound_is_laid(which, first, second):
    pictures = [picture(name="1.mov", audio=(1,)), picture(name="2.mov", start="11:00:00:00", audio=(1,))]
    made = cut(pictures, [sound()], settings(sound=which))
    assert [name for name in tracks(made) if name.startswith("Audio")] == first
    laid = len(edits_of(sheet_of(made.timeline)))
    assert laid == second, "by itself it is laid where it lies under nothing"
    assert [name for name, *_ in tracks(made)["Audio 1"]] == {
        "camera": ["1.mov", "T001.WAV", "2.mov"], "recorder": ["2.mov"], "both": ["1.mov", "2.mov"],
    }[which]  # fmt: skip


def test_what_is_not_certain_is_named_and_not_laid():
    made = cut([picture(audio=())], [sound(shoot_day=None), sound(name="b.WAV", unit=None)])
    assert tracks(made)["Audio 1"] == [("b.WAV", 100, 100, TEN), ("T001.WAV", 200, 100, TEN)], "each by itself"
    assert made.notes == (
        "1 sound recording not laid, because its day is not known: T001.WAV for A001C001.mov.",
        "1 sound recording not laid, because its unit is not known: b.WAV for A001C001.mov.",
    )


def test_a_marked_range_takes_the_sound_of_its_frames_alone():
    shot = picture(audio=(), markers=((10, 20, "she laughs", ""),))
    assert tracks(cut([shot], [sound(start="09:00:00:00", frames=200_000)], kind="selects"))["Audio 1"] == [
        ("T001.WAV", 0, 20, TEN + 10)
    ]


def test_a_picture_over_two_files_has_its_sound_in_one_piece():
    made = tracks(cut([picture(parts=(60, 40), audio=())], [sound()]))
    assert len(made["Video 1"]) == 2
    assert made["Audio 1"] == [("T001.WAV", 0, 100, TEN)]


def test_samples_begin_in_the_frame_that_holds_them_and_the_rest_is_said():
    made = cut([picture(audio=())], [by_samples(36_000 * 48000 + 48000 + 480, 5 * 48000)])
    assert tracks(made)["Audio 1"] == [("Z001.WAV", 25, 75, TEN + 25)]
    (event,) = sheet_of(made.timeline).of_kind("Audio")[0].events
    assert event.source.file.late == "1/100"


@given(
    rates=st.tuples(*[st.sampled_from([name for name, rate in RATES.items() if rate.nominal <= 60])] * 3),
    ahead=st.integers(-300, 300), lasts=st.integers(1, 400), head=st.integers(0, 50),
)  # fmt: skip
def test_every_frame_of_sound_lies_within_half_a_frame_of_its_moment(rates, ahead, lasts, head):
    of_picture, of_sound, of_cut = (RATES[name] for name in rates)
    slow = {rate.denominator for rate in (of_picture, of_sound)}
    start = str(Timecode(36_000 * of_sound.nominal + ahead, of_sound))
    shot = picture(rates[0], 200, audio=(), markers=((head, 100, "", ""),))
    made = cut([shot], [sound(rates[1], lasts, start)], settings(rates[2]), kind="selects")
    (seen,) = sheet_of(made.timeline).of_kind("Video")[0].events
    sheet = sheet_of(made.timeline)
    assert seen.record == TimeRange(0, seen.record.duration)
    for event in (event for track in sheet.of_kind("Audio") for event in track.events):
        assert event.record.end <= seen.record.end
        heard = Fraction(event.source_in, of_sound.nominal)
        watched = Fraction(seen.source_in, of_picture.nominal)
        since = (heard - watched) * (Fraction(1001, 1000) if slow == {1001} else 1)
        off = abs(since - Fraction(event.record.start) / of_cut.fraction)
        assert off <= Fraction(1, 2) / of_sound.fraction + Fraction(1, 2) / of_cut.fraction
        if len(set(rates)) == 1:
            assert off == 0


@pytest.mark.parametrize("rate", ["24", "25", "29.97"])
@pytest.mark.parametrize(
    ("write", "read"),
    [(otio_json.write, otio_file.read), (xmeml.write, read_xmeml.read), (fcpxml.write, read_fcpxml.read),
     (edl.write, read_edl.read)],
    ids=["otio", "xml", "fcpxml", "edl"],
)  # fmt: skip
def test_every_format_carries_it_to_the_frame(rate, write, read):
    nominal = RATES[rate].nominal
    pictures = [
        picture(rate, name="A001C001.mov", audio=(1,)),
        picture(rate, name="A001C002.mov", start="11:00:00:00", audio=(1,)),
    ]
    heard = [
        sound(rate, 2 * nominal, "10:00:01:00", name="T001.WAV", audio=(1,)),
        sound(rate, 900, "10:59:59:00", name="T002.WAV", audio=(1,)),
        sound(rate, 900, "09:59:59:10", name="Z001.WAV", originator="Zoom", audio=(1,)),
    ]
    made = cut(pictures, heard, settings(rate, gap=10))
    content = write(made.timeline, ExportOptions(None)).files[0].content
    back = edits_of_file(read(content), RATES[rate])
    ours = edits_of(sheet_of(made.timeline))
    assert sum(len(edit.sounds) for edit in ours) == 5
    assert not diff(by_name(ours, {}), by_name(back.edits, {}), RATES[rate])
