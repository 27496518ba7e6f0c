"""The OTIO model, as OTIO itself reads the file back."""

import gc
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from editorial_clips import RATES, logged, media, settings

from pipeline.clip import AudioStream
from pipeline.editorial.assembly import activate, assemble
from pipeline.editorial.exports import otio_json
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.shots import Media, MediaPart, media_of
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate


def read_back(clips, chosen, kind="stringout", *, options=None, files=None):
    """The timeline as OTIO reads it from the bytes we write."""
    cut = assemble(kind, clips, files or media(*clips), chosen)
    (written,) = otio_json.write(cut.timeline, options or ExportOptions(Path())).files
    return otio.adapters.otio_json.read_from_string(written.content.decode())


def frames(time_range):
    return time_range.start_time.value, time_range.duration.value, time_range.duration.rate


def exact_seconds(time):
    rate = next(rate for rate in RATES.values() if rate.numerator / rate.denominator == time.rate)
    return Fraction(time.value) / rate.fraction


def within(inner, outer):
    """Whether a range lies in another, in exact time (OTIO's own `contains` wants it strictly inside)."""
    starts = exact_seconds(inner.start_time), exact_seconds(outer.start_time)
    ends = starts[0] + exact_seconds(inner.duration), starts[1] + exact_seconds(outer.duration)
    return starts[0] >= starts[1] and ends[0] <= ends[1]


@pytest.mark.parametrize("rate", RATES)
def test_ranges_are_absolute_source_frames_at_the_exact_rate(rate):
    clips = [logged("a.mov", rate, 90, start="10:00:00:00"), logged("b.mov", rate, 30, start="11:00:00:00")]
    timeline = read_back(clips, settings(rate, "01:00:00:00"))
    exact = RATES[rate].numerator / RATES[rate].denominator
    nominal = RATES[rate].nominal
    assert timeline.global_start_time == otio.opentime.RationalTime(3600 * nominal, exact)
    first, second = timeline.video_tracks()[0]
    assert frames(first.source_range) == (36000 * nominal, 90, exact)
    assert first.available_range() == first.source_range
    assert second.source_range.start_time.value == 39600 * nominal
    assert [clip.range_in_parent().start_time.value for clip in (first, second)] == [0, 90]
    assert timeline.duration().value == 120


def test_a_timeline_has_the_shape_that_resolve_accepts():
    clip = logged("A001C001.mov", audio=(2, 1), markers=((5, 10, "note", ""),))
    timeline = read_back([clip], settings())
    assert timeline.global_start_time is not None
    assert [(track.name, track.kind) for track in timeline.tracks] == [
        ("Video 1", "Video"),
        ("Audio 1", "Audio"),
        ("Audio 2", "Audio"),
    ]
    for item in timeline.find_clips():
        assert item.schema_name() == "Clip"
        assert item.schema_version() == 2
        assert item.name == "A001C001.mov"
        assert item.enabled
        assert item.active_media_reference_key == "DEFAULT_MEDIA"
        assert set(item.metadata) == {"rushes"}
        references = item.media_references()
        assert {key: ref.target_url for key, ref in references.items()} == {
            "DEFAULT_MEDIA": "/film/A001/A001C001.mov",
            "proxy": "/film/proxies/A001/A001C001.mov",
        }
        for reference in references.values():
            assert within(item.source_range, reference.available_range)


def test_metadata_and_markers_carry_the_log():
    clip = logged(
        "x.mov", "29.97", drop=True, reel="A001", markers=((5, 10, "breathes", "Coach"), (20, 0, "look", "")),
        location="Kaptagat", subject=("Coach", "Läufer"), rating=4, note="", camera=None,
    )  # fmt: skip
    timeline = read_back([clip], settings("29.97", drop=True))
    assert dict(timeline.metadata["rushes"]) == {
        "rate": "30000/1001",
        "drop_frame": True,
        "start_timecode": "01:00:00;00",
        "size": "1920x1080",
    }
    (item,) = timeline.video_tracks()[0]
    own = item.metadata["rushes"]
    assert (own["clip"], own["card"], own["reel"], own["rate"], own["drop_frame"]) == (
        "id:A001/x.mov", "A001", "A001", "30000/1001", True,
    )  # fmt: skip
    assert own["start_timecode"] == "10:00:00;00"
    assert {key: list(value) if key == "subject" else value for key, value in own["log"].items()} == {
        "location": "Kaptagat",
        "subject": ["Coach", "Läufer"],
        "rating": 4,
    }
    first, second = item.markers
    assert (first.name, first.comment, first.color, first.metadata["rushes"]["subject"]) == (
        "breathes", "breathes", "GREEN", "Coach",
    )  # fmt: skip
    start = clip.clip.start.frame
    assert frames(first.marked_range)[:2] == (start + 5, 10)
    assert (second.name, second.color, frames(second.marked_range)[:2]) == ("look", "YELLOW", (start + 20, 0))


@pytest.mark.parametrize(
    ("source", "timeline", "length", "record"),
    [
        ("50", "25", 101, 50), ("25", "50", 101, 202), ("59.94", "29.97", 7, 3), ("47.952", "23.976", 9, 4),
        ("24", "25", 100, 104), ("29.97", "25", 100, 83), ("25", "29.97", 100, 119), ("23.976", "29.97", 100, 125),
        ("120", "23.976", 1000, 199), ("119.88", "24", 1000, 200),
    ],
)  # fmt: skip
def test_mixed_rates_last_whole_timeline_frames_inside_the_media(source, timeline, length, record):
    clips = [logged(f"{n}.mov", source, length, start=f"1{n}:00:00:00") for n in range(3)]
    track = read_back(clips, settings(timeline)).video_tracks()[0]
    exact = RATES[timeline].numerator / RATES[timeline].denominator
    for number, item in enumerate(track):
        assert item.source_range.duration.rescaled_to(exact).value == pytest.approx(record, abs=1e-9)
        assert item.source_range.duration.value == int(item.source_range.duration.value)
        assert item.range_in_parent().start_time.rescaled_to(exact).value == pytest.approx(record * number, abs=1e-6)
        assert item.source_range.start_time.rate == RATES[source].numerator / RATES[source].denominator
        assert within(item.source_range, item.available_range())
        assert Fraction(record) / RATES[timeline].fraction <= Fraction(length) / RATES[source].fraction


def test_a_shot_across_a_joint_becomes_two_clips_with_the_right_files_and_frames():
    clip = logged("GX010001.MP4", parts=(100, 60), markers=((90, 30, "over the joint", ""),))
    first, second = read_back([clip], settings(), "selects").video_tracks()[0]
    start = clip.clip.start.frame
    assert [item.name for item in (first, second)] == ["GX010001.MP4", "1_GX010001.MP4"]
    assert frames(first.source_range)[:2] == (start + 90, 10)
    assert frames(second.source_range)[:2] == (start + 100, 20)
    original, proxy = second.media_references()["DEFAULT_MEDIA"], second.media_references()["proxy"]
    assert original.target_url == "/film/A001/1_GX010001.MP4"
    assert frames(original.available_range)[:2] == (start + 100, 60)
    assert frames(proxy.available_range)[:2] == (start, 160)


def test_parts_without_timecode_begin_at_zero_each_and_follow_the_file_that_is_read():
    clip = logged("GX010001.MP4", parts=(100, 60), start=None, markers=((110, 30, "second part", ""),))
    (item,) = read_back([clip], settings(), "selects").video_tracks()[0]
    assert frames(item.source_range)[:2] == (10, 30)
    assert frames(item.media_references()["DEFAULT_MEDIA"].available_range)[:2] == (0, 60)
    assert frames(item.markers[0].marked_range)[:2] == (10, 30)
    by_proxy = read_back([clip], settings(), "selects", options=ExportOptions(Path(), "proxy"))
    (item,) = by_proxy.video_tracks()[0]
    assert item.active_media_reference_key == "proxy"
    assert frames(item.source_range)[:2] == (110, 30)
    assert frames(item.available_range())[:2] == (0, 160)
    assert frames(item.markers[0].marked_range)[:2] == (110, 30)
    activate(by_proxy, "DEFAULT_MEDIA")
    assert frames(by_proxy.video_tracks()[0][0].source_range)[:2] == (10, 30)


def test_proxies_first_says_which_clips_have_none():
    clips = [logged("has.mov"), logged("lacks.mov", start="11:00:00:00")]
    files = media(clips[0]) | media(clips[1], proxies=False)
    written = otio_json.write(assemble("stringout", clips, files, settings()).timeline, ExportOptions(Path(), "proxy"))
    assert written.losses == ("Clips without a proxy link their originals: lacks.mov.",)


def test_sound_whose_streams_are_unknown_is_laid_too():
    timeline = read_back([logged("x.wav", kind="sound", audio=())], settings())
    assert [item.name for item in timeline.audio_tracks()[0]] == ["x.wav"]


def test_pythons_collector_runs_again_after_a_refusal():
    with pytest.raises(ExportRefused):
        assemble("stringout", [logged(frames=0)], {}, settings())
    assert gc.isenabled()


def test_exporting_proxies_first_leaves_the_model_alone():
    clips = [logged()]
    cut = assemble("stringout", clips, media(*clips), settings())
    otio_json.write(cut.timeline, ExportOptions(Path(), "proxy"))
    assert cut.timeline.find_clips()[0].active_media_reference_key == "DEFAULT_MEDIA"


def test_each_stream_has_its_track_and_gaps_keep_all_tracks_in_step():
    clips = [
        logged("a.mov", frames=10, audio=(2,), start="01:00:00:00"),
        logged("b.wav", frames=20, audio=(1, 1), kind="sound", start="02:00:00:00"),
        logged("c.mov", frames=30, audio=(), start="03:00:00:00"),
    ]
    timeline = read_back(clips, settings(gap=5))
    shown = [
        [item.name if isinstance(item, otio.schema.Clip) else int(item.duration().value) for item in track]
        for track in timeline.tracks
    ]
    assert shown == [
        ["a.mov", 5, 20, 5, "c.mov"],
        ["a.mov", 5, "b.wav", 5, 30],
        [10, 5, "b.wav", 5, 30],
    ]
    assert {track.duration().value for track in timeline.tracks} == {70}
    heard = [item.metadata["rushes"] for item in timeline.audio_tracks()[0] if isinstance(item, otio.schema.Clip)]
    assert [(own["stream"], own["channels"]) for own in heard] == [(1, 2), (1, 1)]


def test_sound_without_a_frame_rate_is_counted_at_that_of_the_cut():
    clip = logged("b.wav", kind="sound", audio=(2,))
    facts = replace(clip.clip.facts, audio=(AudioStream("pcm", 2, 48000, 480_000),), time_reference=48000 * 3600)
    bare = replace(clip, clip=replace(clip.clip, facts=facts, rate=None, frames=None, start=None))
    (item,) = read_back(
        [bare], settings("25"), files={bare.clip.id: Media((MediaPart("b.wav", "/b.wav", 250),))}
    ).audio_tracks()[0]
    assert frames(item.source_range) == (90_000, 250, 25.0)


def test_timecode_at_half_the_rate_of_the_picture_is_counted_up():
    clip = logged("a.mov", "59.94", start=None)
    half = replace(clip.clip, start=logged("x", "29.97", start="10:00:00:00", drop=True).clip.start)
    timeline = read_back([replace(clip, clip=half)], settings("59.94", drop=True))
    (item,) = timeline.video_tracks()[0]
    assert item.metadata["rushes"]["start_timecode"] == "10:00:00;00"
    assert item.source_range.start_time.value == 2 * half.start.frame


def test_clips_without_file_length_or_path_are_said_not_dropped():
    gone = logged("gone.mov", start="02:00:00:00")
    empty = logged("empty.mov", frames=0, start="03:00:00:00")
    bad = logged("b\udcff.mov", start="04:00:00:00")
    good = logged("good.mov", start="01:00:00:00")
    files = media(good, empty, bad) | {gone.clip.id: media_of(gone.clip, {1: None})}
    clips = [good, gone, empty, bad]
    cut = assemble("stringout", clips, files, settings())
    first, second, third = cut.timeline.video_tracks()[0]
    assert isinstance(second.media_reference, otio.schema.MissingReference)
    assert (second.name, second.media_reference.name, third.name) == ("gone.mov", "gone.mov", "b\\xff.mov")
    assert second.available_range() == second.source_range
    assert first.media_reference.target_url == "/film/A001/good.mov"
    assert cut.notes == (
        "1 clip left out, for want of a length, a frame rate or a file: empty.mov.",
        "2 clips without a path (volume offline, or a name that is no UTF-8): relink by name: gone.mov, b\\xff.mov.",
    )
    with pytest.raises(ExportRefused):
        assemble("stringout", [empty], media(empty), settings())
    assert "nofile.mov" in assemble("stringout", [good, logged("nofile.mov")], media(good), settings()).notes[0]


def test_the_last_part_holds_what_is_left_of_the_clip():
    clip = logged("GX.MP4", parts=(100, 60)).clip
    uncounted = replace(clip, parts=(clip.parts[0], replace(clip.parts[1], frames=None)))
    assert [part.frames for part in media_of(uncounted, {1: "/film/"}).parts] == [100, 60]
    assert media_of(uncounted, {1: "/film/"}).parts[0].path == "/film/A001/GX.MP4"


def test_an_uncommon_rate_is_kept_exact():
    odd = Rate(2997, 100)
    (item,) = read_back([logged("a.mov", odd, 50)], settings(odd)).video_tracks()[0]
    assert item.metadata["rushes"]["rate"] == "2997/100"
    assert item.source_range.duration == otio.opentime.RationalTime(50, 29.97)


def test_a_mark_on_the_first_frame_after_a_joint_lies_there_only():
    clip = logged("GX.MP4", parts=(100, 60), markers=((100, 0, "here", ""),))
    first, second = read_back([clip], settings()).video_tracks()[0]
    assert [marker.name for marker in first.markers] == []
    assert frames(second.markers[0].marked_range)[:2] == (clip.clip.start.frame + 100, 0)
