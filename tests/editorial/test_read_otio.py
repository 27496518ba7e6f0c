"""OTIO of any writer and age: old and new schemas, nested tracks, floats that are none; and what is wrong."""

import io
import json
import zipfile
from fractions import Fraction

import pytest

from pipeline.editorial.imports import otio_file
from pipeline.errors import TimelineUnreadable
from pipeline.timecode import Rate, TimeRange


def time(value, rate=25.0):
    return {"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": rate}


def span(start, duration, rate=25.0):
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start, rate), "duration": time(duration, rate)}


def media(start=0, duration=1000, rate=25.0, url="/film/a.mov", **others):
    return {
        "OTIO_SCHEMA": "ExternalReference.1", "target_url": url,
        "available_range": span(start, duration, rate), **others,
    }  # fmt: skip


def clip(taken=(10, 100), *, rate=25.0, reference=None, **others):
    return {
        "OTIO_SCHEMA": "Clip.2", "name": "a.mov", "source_range": span(*taken, rate) if taken else None,
        "media_references": {"DEFAULT_MEDIA": media() if reference is None else reference},
        "active_media_reference_key": "DEFAULT_MEDIA", **others,
    }  # fmt: skip


def gap(frames):
    return {"OTIO_SCHEMA": "Gap.1", "source_range": span(0, frames)}


def track(*items, kind="Video", **others):
    return {"OTIO_SCHEMA": "Track.1", "kind": kind, "name": "V1", "children": list(items), **others}


def stack(*tracks, **others):
    return {"OTIO_SCHEMA": "Stack.1", "name": "inner", "children": list(tracks), **others}


def timeline(*tracks, start=None, **others):
    start = start or time(0)
    return {"OTIO_SCHEMA": "Timeline.1", "name": "cut", "global_start_time": start, "tracks": stack(*tracks), **others}


def read(value):
    return otio_file.read(json.dumps(value).encode())


def places(value):
    found = read(value)
    assert not found.problems
    return [
        ((each.record.start, each.record.duration), (each.source.start, each.source.duration)) for each in found.events
    ]


def test_items_lie_one_after_the_other():
    assert places(timeline(track(gap(25), clip(), clip((0, 50))))) == [((25, 100), (10, 100)), ((125, 50), (0, 50))]
    found = read(timeline(track(gap(25), clip()), track(kind="Audio"), start=time(90000)))
    assert (found.duration, found.tracks, str(found.start)) == (125, (1, 1), "01:00:00:00")


def test_source_timecode_is_where_the_media_begins():
    (event,) = read(timeline(track(clip((90010, 100), reference=media(90000))))).events
    assert (event.source, event.media) == (TimeRange(90010, 100), TimeRange(10, 100))
    assert event.available == TimeRange(90000, 1000)


def test_a_clip_of_the_first_schema_has_one_reference_and_may_take_all_of_it():
    old = {"OTIO_SCHEMA": "Clip.1", "name": "a", "source_range": None, "media_reference": media(5, 50)}
    assert places(timeline({"OTIO_SCHEMA": "Sequence.1", "kind": "Video", "children": [old]})) == [((0, 50), (5, 50))]


@pytest.mark.parametrize("rate", [23.976, 23.98, 24000 / 1001, 23.976023976])
def test_a_float_rate_is_the_exact_one_it_stands_for(rate):
    found = read(timeline(track(clip(rate=rate, reference=media(rate=rate))), start=time(0, rate)))
    assert found.rate == found.events[0].rate == Rate(24000, 1001)


def test_mixed_rates_keep_real_time():
    assert places(timeline(track(clip((50, 100), rate=50.0, reference=media(rate=50.0)), clip()))) == [
        ((0, 50), (50, 100)), ((50, 100), (10, 100)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("effect", "speed", "source"),
    [
        ({"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": 2.0}, 2, (10, 200)),
        ({"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": -0.5}, Fraction(-1, 2), (10, 50)),
        ({"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": 1 / 3}, Fraction(1, 3), (10, 34)),
        ({"OTIO_SCHEMA": "FreezeFrame.1", "time_scalar": 0}, 0, (10, 1)),
        ({"OTIO_SCHEMA": "Effect.1", "effect_name": "blur"}, 1, (10, 100)),
    ],
)
def test_time_effects_are_speeds(effect, speed, source):
    (event,) = read(timeline(track(clip(effects=[effect])))).events
    assert (event.speed, event.source, event.record) == (speed, TimeRange(*source), TimeRange(0, 100))


def test_transitions_take_no_room_and_say_where_they_reach():
    joint = {
        "OTIO_SCHEMA": "Transition.1",
        "transition_type": "SMPTE_Dissolve",
        "in_offset": time(5),
        "out_offset": time(7),
    }
    found = read(timeline(track(clip(), joint, clip())))
    assert [(each.at, each.before, each.after, each.name) for each in found.transitions] == [
        (100, 5, 7, "SMPTE_Dissolve")
    ]
    assert found.events[1].record == TimeRange(100, 100)


def test_a_plain_nested_track_is_taken_apart_and_trimmed():
    inner = stack(track(clip((0, 100)), clip((200, 100))), source_range=span(50, 100))
    assert places(timeline(track(gap(10), inner, clip()))) == [
        ((10, 50), (50, 50)), ((60, 50), (200, 50)), ((110, 100), (10, 100)),
    ]  # fmt: skip
    backwards = [{"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": -1.0}]
    reverse = stack(track(clip((0, 100), effects=backwards)), source_range=span(0, 25))
    assert places(timeline(track(reverse))) == [((0, 25), (75, 25))]


def test_what_is_not_plain_is_named_and_keeps_its_room():
    several = stack(track(clip()), track(clip()))
    found = read(timeline(track(several, clip())))
    assert [event.record for event in found.events] == [TimeRange(100, 100)]
    assert [each.sentence for each in found.left_out] == [
        "'inner' on V1 is a timeline within this one; it is not taken apart, and its 2 clips not looked for."
    ]
    made = clip(reference={"OTIO_SCHEMA": "GeneratorReference.1", "available_range": span(0, 9)})
    assert "made by the editor" in read(timeline(track(made))).left_out[0].sentence
    assert "neither pictures nor sound" in read(timeline(track(kind="Data"))).left_out[0].sentence


def test_facts_count_the_whole_file():
    marker = {"OTIO_SCHEMA": "Marker.2", "name": "m", "marked_range": span(12, 1), "color": "RED", "comment": "n"}
    inner = stack(track(clip(markers=[marker]), gap(5)))
    facts = dict(read(timeline(track(inner, gap(1), clip()), track(kind="Audio"), metadata={"clips": [clip()]})).facts)
    assert (facts["clips"], facts["gaps"], facts["tracks"], facts["markers"]) == (2, 2, 3, 1)
    assert (facts["rate"], facts["first_record_timecode"]) == ("25/1", "00:00:00:00")


def test_a_start_at_a_rate_that_may_drop_frames_says_no_label():
    found = read(timeline(track(clip()), start=time(107892, 30000 / 1001)))
    assert found.start.frame == 107892
    assert found.drop_frame is None
    assert "first_record_timecode" not in dict(found.facts)


def test_markers_count_as_their_clips_source_does():
    marker = {
        "OTIO_SCHEMA": "Marker.3", "name": "m", "comment": "n", "marked_range": span(30, 5),
        "color": {"OTIO_SCHEMA": "Color.1", "name": "GREEN"},
    }  # fmt: skip
    outside = {**marker, "marked_range": span(500, 1)}
    (mark, hidden) = read(timeline(track(gap(100), clip(markers=[marker, outside])))).events[0].marks
    assert (mark.name, mark.note, mark.color) == ("m", "n", "GREEN")
    assert (mark.record, mark.source) == (TimeRange(120, 5), TimeRange(30, 5))
    assert hidden.record is None
    whole = timeline(track(clip()))
    whole["tracks"]["markers"] = [marker]
    assert read(whole).marks[0].record == TimeRange(30, 5)


def test_reel_file_log_and_what_plays_are_kept():
    said = {"rushes": {"clip": "id1", "reel": "R1", "log": {"scene": "1", "tag": ["a", "b"], "rating": 4}}}
    (event,) = read(timeline(track(clip(metadata=said, enabled=False)))).events
    assert (event.id, event.reel, event.enabled) == ("id1", "R1", False)
    assert event.log == (("scene", "1"), ("tag", "a"), ("tag", "b"), ("rating", "4"))
    (event,) = read(timeline(track(clip(metadata={"cmx_3600": {"reel": "A1"}}), enabled=False))).events
    assert (event.reel, event.enabled, event.file) == ("A1", False, "/film/a.mov")
    pictures = {"OTIO_SCHEMA": "ImageSequenceReference.1", "target_url_base": "file:///shots/", "name_prefix": "x."}
    assert read(timeline(track(clip(reference=pictures)))).events[0].file == "/shots/x."


def test_a_track_that_is_trimmed_shows_what_is_left_and_a_range_beside_it_is_told():
    assert places(timeline(track(clip(), clip(), source_range=span(50, 100)))) == [
        ((0, 50), (60, 50)), ((50, 50), (10, 50)),
    ]  # fmt: skip
    found = read(timeline(track(clip(), source_range=span(-86000, 100))))
    assert found.events[0].record == TimeRange(0, 100)
    assert "without clips" in found.problems[0].sentence


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (clip((950, 100)), "of a file that has 0 to 1000"),
        (clip((0.5, 100.5)), "within a frame"),
        (clip(None, reference={"OTIO_SCHEMA": "MissingReference.1"}), "says no time that it lasts"),
        ({"OTIO_SCHEMA": "Novelty.7", "name": "x", "source_range": span(0, 5)}, "OTIO does not know"),
    ],
)
def test_what_an_item_says_wrongly_is_told(item, says):
    found = read(timeline(track(item, clip())))
    assert says in found.problems[0].sentence


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 400, "null", '"5"', "true", "[]"]
)
@pytest.mark.parametrize("where", ["value", "rate"])
def test_times_that_are_none_leave_a_clip_without_a_place(value, where):
    content = json.dumps(timeline(track(clip(), gap(5), clip())))
    said = {"value": '"value": 100,', "rate": '"rate": 25.0'}[where]
    bad = content.replace(said, said.replace("100" if where == "value" else "25.0", value))
    found = otio_file.read(bad.encode())
    assert all(event.record is None or event.record.duration > 0 for event in found.events)
    assert found.problems


def test_a_collection_gives_its_first_timeline_and_a_track_alone_is_one():
    collection = {"OTIO_SCHEMA": "SerializableCollection.1", "name": "all", "children": [timeline(track(clip()))]}
    assert read(collection).title == "cut"
    assert len(read(track(clip())).events) == 1
    assert len(read(stack(track(clip()))).events) == 1
    alone = read(clip())
    assert alone.problems[0].sentence.startswith("There is no timeline")
    assert dict(alone.facts)["clips"] == 1


def bundle(content, name="content.otio"):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED
        )  # of 1980: a name of now would name the test anew each run
    return made.getvalue()


def test_a_bundle_is_read_within_bounds(monkeypatch):
    content = json.dumps(timeline(track(clip()))).encode()
    assert otio_file.recognises(bundle(content)[:4096])
    assert len(otio_file.read(bundle(content)).events) == 1
    monkeypatch.setattr(otio_file, "LARGEST", len(content) - 1)
    with pytest.raises(TimelineUnreadable, match="larger"):
        otio_file.read(bundle(content))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b'{"a": 1}', b"null", b'{"OTIO_SCHEMA": 5}', b"\xff\xfe{", b"[" * 100_000, b'{"a":' * 100_000,
        b'{"OTIO_SCHEMA": "Stack.1", "children": [' * 200 + b"]}" * 200,
        b'{"OTIO_SCHEMA": "Timeline.1", "name": ' + b"9" * 5000 + b"}",
        bundle(b"{}"), bundle(b"{}", "other"), bundle(b"{}")[:60], b"PK\x03\x04version.txt",
    ],
)  # fmt: skip
def test_what_is_damaged_or_hostile_is_one_sentence(content):
    with pytest.raises(TimelineUnreadable) as refused:
        otio_file.read(content)
    assert refused.value.sentence.endswith(".")
