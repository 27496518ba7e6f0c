"""The `.otio` as each suite wants it, point by point, read as plain JSON."""

import json
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from editorial_clips import count_label, logged, media, settings

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import otio_json
from pipeline.editorial.exports.paths import elsewhere
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.shots import Media, MediaPart
from pipeline.timecode import Rate

START = "23:59:58;00"
MARK = (10, 5, "sun clears\nthe ridge", "Coach")
CLIPS = (
    logged("A 50% #1?.mov", "59.94", 500, start="10:00:00;00", drop=True, audio=(2, 1), location="Wien"),
    logged("C0001.MP4", "25", 90, start="23:59:59:00", card="B001", markers=(MARK,)),
    logged("GX010001.MP4", "29.97", start="01:00:00:00", parts=(70, 50)),
    logged("DJI_0004.MP4", "29.97", 60, start=None, audio=()),
    logged("mix.wav", "29.97", 80, start="05:00:00:00", kind="sound", audio=(6,)),
    logged("offline.mov", "24", 48, start="06:00:00:00"),
)  # fmt: skip


def cut():
    files = media(*CLIPS) | {CLIPS[-1].clip.id: Media((MediaPart("offline.mov", None, 48),))}
    files[CLIPS[1].clip.id] = Media(files[CLIPS[1].clip.id].parts, "/film/proxies/B001/C0001.mov")
    return assemble("stringout", CLIPS, files, settings("29.97", START, drop=True, gap=7)).timeline


def written(editor="resolve", first=None, timeline=None):
    made = otio_json.write(timeline or cut(), ExportOptions(Path(), first, editor))
    return json.loads(made.files[0].content)


def clips_of(document):
    found = [
        item for track in document["tracks"]["children"] for item in track["children"] if "Clip" in item["OTIO_SCHEMA"]
    ]
    assert len(found) == 13  # six pictures (one of two files), their sound (one of two streams, one of none), a mix
    return found


def references_of(document):
    return [reference for clip in clips_of(document) for reference in clip["media_references"].values()]


def seconds(time):
    return Fraction(time["value"]) / Rate.nearest(Fraction(time["rate"])).fraction


def span(stated):
    start = seconds(stated["start_time"])
    return start, start + seconds(stated["duration"])


def test_clips_are_of_the_second_version_with_a_map_of_references_and_the_key_of_one():
    for clip in clips_of(written()):
        assert clip["OTIO_SCHEMA"] == "Clip.2"
        assert "media_reference" not in clip
        assert clip["active_media_reference_key"] in clip["media_references"]
        assert "DEFAULT_MEDIA" in clip["media_references"]


def test_every_reference_states_what_is_available():
    found = references_of(written())
    assert {each["OTIO_SCHEMA"] for each in found} == {"ExternalReference.1", "MissingReference.1"}
    assert all(each["available_range"]["duration"]["value"] > 0 for each in found)


@pytest.mark.parametrize("first", ["original", "proxy"])
def test_ranges_count_absolute_frames_of_source_timecode_inside_what_is_available(first):
    starts = {clip.clip.name: clip.clip for clip in CLIPS}
    for clip in clips_of(written(first=first)):
        active = clip["media_references"][clip["active_media_reference_key"]]
        begin, end = span(clip["source_range"])
        held = span(active["available_range"])
        assert held[0] <= begin < end <= held[1]
        known = starts.get(Path(clip["media_references"]["DEFAULT_MEDIA"]["name"]).name)
        if known is None:  # the second file of a recording goes on where the first ends
            assert clip["source_range"]["start_time"]["value"] == 3600 * 30 + 70
            continue
        label = str(known.start) if known.start else "00:00:00:00"
        assert active["available_range"]["start_time"]["value"] == count_label(label, known.rate.nominal)
        assert clip["source_range"]["start_time"]["value"] == count_label(label, known.rate.nominal)


def test_paths_are_bare_whatever_they_hold_and_wherever_they_lie():
    paths = {each["target_url"] for each in references_of(written()) if "target_url" in each}
    assert "/film/A001/A 50% #1?.mov" in paths
    assert all(path.startswith("/film/") for path in paths)
    mapped = written(timeline=elsewhere(cut(), {"/film": "D:\\film"}).timeline)
    paths = {each["target_url"] for each in references_of(mapped) if "target_url" in each}
    assert "D:\\film\\A001\\A 50% #1?.mov" in paths
    assert all(path.startswith("D:\\film\\") for path in paths)


def test_everything_says_whether_it_is_enabled_and_has_metadata():
    document = written()
    stack = document["tracks"]
    items = [stack, *stack["children"], *(item for track in stack["children"] for item in track["children"])]
    assert {each["OTIO_SCHEMA"] for each in items} == {"Stack.1", "Track.1", "Clip.2", "Gap.1"}
    assert all(each["enabled"] is True for each in items)
    assert all(isinstance(each["metadata"], dict) for each in (document, *items, *references_of(document)))
    assert all(clip["metadata"]["rushes"]["clip"] for clip in clips_of(document))


def test_the_timeline_states_its_first_frame():
    assert written()["global_start_time"] == {
        "OTIO_SCHEMA": "RationalTime.1", "rate": 30000 / 1001, "value": count_label(START, 30),
    }  # fmt: skip


def test_tracks_are_called_as_resolve_calls_them():
    assert [(track["name"], track["kind"]) for track in written()["tracks"]["children"]] == [
        ("Video 1", "Video"), ("Audio 1", "Audio"), ("Audio 2", "Audio"),
    ]  # fmt: skip


@pytest.mark.parametrize("first", ["original", "proxy"])
def test_a_clip_is_called_as_the_file_it_links(first):
    for clip in clips_of(written(first=first)):
        active = clip["media_references"][clip["active_media_reference_key"]]
        assert clip["name"] == active["name"]
        assert clip["name"] == active.get("target_url", "offline.mov").rpartition("/")[2]
    names = {clip["name"] for clip in clips_of(written(first=first))}
    assert ("C0001.MP4" in names, "C0001.mov" in names) == (first == "original", first == "proxy")


def test_a_marker_keeps_its_note_where_resolve_looks_for_it():
    (marker,) = [marker for clip in clips_of(written()) for marker in clip["markers"]]
    assert marker["comment"] == "sun clears\nthe ridge"
    assert marker["metadata"]["Resolve_OTIO"]["Note"] == marker["comment"]
    (marker,) = [marker for clip in clips_of(written("premiere")) for marker in clip["markers"]]
    assert "Resolve_OTIO" not in marker["metadata"]


def test_premiere_gets_urls_that_otios_own_reader_turns_into_the_paths():
    bare = [each.get("target_url") for each in references_of(written(""))]
    urls = [each.get("target_url") for each in references_of(written("premiere"))]
    assert "file:///film/A001/A%2050%25%20%231%3F.mov" in urls
    assert [url and otio.url_utils.filepath_from_url(url) for url in urls] == bare


def test_a_file_for_no_suite_in_particular_links_bare_paths_under_the_names_of_the_clips():
    document = written("", "proxy")
    assert "/film/A001/A 50% #1?.mov" in {each.get("target_url") for each in references_of(document)}
    assert {clip["name"] for clip in clips_of(document)} >= {"C0001.MP4"}


def test_the_model_is_left_alone():
    timeline = cut()
    before = timeline.to_json_string()
    for editor in ("resolve", "premiere"):
        written(editor, "proxy", timeline)
    assert timeline.to_json_string() == before
