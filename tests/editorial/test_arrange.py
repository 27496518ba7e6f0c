"""Which shots a cut takes and in which order: tables of clips and what comes out."""

import subprocess
import sys
from dataclasses import replace

import pytest
from editorial_clips import logged, media, settings

from pipeline.editorial.arrange import KINDS, in_order, intercut, kind_named, parted, selects, settings_for, stringout
from pipeline.errors import NotFound, ValueRefused

DAY1, DAY2 = "2019-08-20", "2019-10-12"


def names(shots):
    return [shot.logged.clip.name for shot in shots]


def spans(shots):
    return [(shot.logged.clip.name, shot.range.start, shot.range.duration) for shot in shots]


def test_story_order_is_day_then_time_of_day_then_camera_then_timecode():
    clips = [
        logged("h", shoot_day=None, at="01:00:00", camera="A"),
        logged("g", shoot_day=DAY2, at=None, start=None, camera="A"),
        logged("f", shoot_day=DAY2, at="23:59:59.5", camera="A"),
        logged("e", shoot_day=DAY2, at="06:30:00", camera="B", start="02:00:00:00"),
        logged("d", shoot_day=DAY2, at="06:30:00", camera="B", start="01:00:00:00"),
        logged("c", shoot_day=DAY2, at="06:30:00", camera="A"),
        logged("b", shoot_day=DAY2, at="01:00:00", camera="C"),
        logged("a", shoot_day=DAY1, at="23:00:00", camera="B"),
    ]
    assert names(stringout(clips, media(*clips), settings())) == list("abcdefgh")


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ((), "abc"),
        (("-name",), "cba"),
        (("rating",), "bca"),
        (("-rating",), "cba"),
        (("location", "-name"), "cab"),
        (("duration",), "cab"),
        (("-frames",), "bac"),
        (("card",), "bca"),
    ],
)
def test_clips_sort_by_any_field_and_those_without_a_value_come_last(sort, order):
    clips = [
        logged("a", frames=20, card="Z", location="Vienna", rating=None, shoot_day=DAY1),
        logged("b", frames=30, card="X", location=None, rating=0, shoot_day=DAY2),
        logged("c", frames=10, card="Y", location="kaptagat", rating=5, shoot_day="2019-11-01"),
    ]
    assert "".join(clip.clip.name for clip in in_order(clips, sort)) == order


def test_an_unknown_field_cannot_be_sorted_by():
    with pytest.raises(ValueRefused, match="colour"):
        in_order([logged()], ("colour",))


@pytest.mark.parametrize(
    ("places", "order"),
    [
        ("KVKVKV", "012345"),
        ("KKKVVV", "031425"),
        ("KKKKV", "04123"),
        ("VKKKO", "014" + "23"),
        ("KKK", "012"),
        ("K-V-K", "02413"),
        ("---", "012"),
    ],
)
def test_an_intercut_takes_one_clip_of_each_value_in_turn(places, order):
    clips = [
        logged(str(n), shoot_day=DAY1, at=f"01:00:{n:02}", location=None if place == "-" else place)
        for n, place in enumerate(places)
    ]
    assert "".join(names(intercut(clips[::-1], media(*clips), settings(by="location")))) == order


def test_a_clip_with_many_subjects_counts_under_its_first():
    clips = [
        logged("0", at="00:00:00", subject=("Coach", "Track")),
        logged("1", at="00:00:01", subject=("Coach",)),
        logged("2", at="00:00:02", subject=("Track", "Coach")),
    ]
    assert names(intercut(clips, media(*clips), settings(by="subject"))) == ["0", "2", "1"]


@pytest.mark.parametrize("by", ["", "colour"])
def test_an_intercut_needs_a_field(by):
    with pytest.raises(ValueRefused):
        intercut([logged()], {}, settings(by=by))


@pytest.mark.parametrize(
    ("markers", "handles", "found"),
    [
        (((20, 10, "", ""),), 0, [("x", 20, 10)]),
        (((20, 10, "", ""),), 5, [("x", 15, 20)]),
        (((3, 10, "", ""),), 5, [("x", 0, 18)]),
        (((90, 10, "", ""),), 5, [("x", 85, 15)]),
        (((0, 100, "", ""),), 24, [("x", 0, 100)]),
        (((50, 10, "", ""), (10, 5, "", "")), 0, [("x", 10, 5), ("x", 50, 10)]),
        (((30, 0, "", ""),), 5, [("x", 25, 10)]),
        (((99, 50, "", ""),), 0, [("x", 99, 1)]),
    ],
)
def test_selects_are_marked_ranges_with_handles_inside_the_clip(markers, handles, found):
    clip = logged("x", markers=markers)
    assert spans(selects([clip], media(clip), settings(handles=handles))) == found


def test_handles_count_frames_of_the_timeline():
    clip = logged("x", "50", 200, markers=((100, 10, "", ""),))
    assert spans(selects([clip], media(clip), settings("25", handles=5))) == [("x", 90, 30)]


@pytest.mark.parametrize(
    ("value", "taken"), [("yes", True), ("True", True), (1, True), ("no", False), (0, False), (None, False)]
)
def test_a_circled_take_without_marks_is_taken_whole(value, taken):
    clips = [logged("x", circled=value), logged("marked", markers=((1, 2, "", ""),), circled="yes")]
    found = spans(selects(clips, media(*clips), settings(sort=("-name",))))
    assert found == ([("x", 0, 100)] if taken else []) + [("marked", 1, 2)]


def test_selects_of_nothing_say_what_to_do():
    with pytest.raises(NotFound, match="rushes mark"):
        selects([logged()], {}, settings())


def test_a_title_is_what_was_said_of_the_range():
    clip = logged("x", markers=((1, 2, "good", "Coach"), (3, 2, "", "Coach"), (5, 2, "", "")))
    assert [shot.title for shot in selects([clip], media(clip), settings())] == ["good", "Coach", "x"]


def test_every_kind_is_found_by_its_name_and_others_are_refused():
    assert [kind_named(kind.name) for kind in KINDS] == list(KINDS)
    with pytest.raises(ValueRefused, match="stringout, selects, intercut"):
        kind_named("montage")


@pytest.mark.parametrize(
    ("clips", "rate", "start"),
    [
        ([("25", 100, False), ("50", 150, False)], "25/1", "01:00:00:00"),
        ([("25", 100, False), ("50", 250, False)], "50/1", "01:00:00:00"),
        ([("29.97", 100, True), ("29.97", 99, False)], "30000/1001", "01:00:00;00"),
        ([("29.97", 99, True), ("29.97", 100, False)], "30000/1001", "01:00:00:00"),
        ([("59.94", 10, True), ("25", 1, False)], "60000/1001", "01:00:00;00"),
        ([], "25/1", "01:00:00:00"),
    ],
)
def test_a_cut_takes_the_commonest_rate_and_its_counting(clips, rate, start):
    made = [logged(f"{n}", speed, frames, drop=drop) for n, (speed, frames, drop) in enumerate(clips)]
    chosen = settings_for(made, "cut")
    assert (str(chosen.rate), str(chosen.start)) == (rate, start)


@pytest.mark.parametrize(
    ("words", "start", "size"),
    [
        ({"rate": "29.97", "start": "10:00:00;00"}, "10:00:00;00", (1920, 1080)),
        ({"rate": "29.97", "start": "10:00:00:00"}, "10:00:00:00", (1920, 1080)),
        ({"rate": "25", "size": "1280x720"}, "01:00:00:00", (1280, 720)),
    ],
)
def test_what_is_asked_for_comes_before_what_is_common(words, start, size):
    chosen = settings_for([logged()], "cut", **words)
    assert (str(chosen.start), chosen.size) == (start, size)


@pytest.mark.parametrize(
    "words",
    [
        {"rate": "29.5"},
        {"rate": "25", "start": "10:00:00;00"},
        {"start": "25:00:00:00"},
        {"size": "big"},
        {"size": "0x5"},
    ],
)
def test_settings_that_do_not_exist_are_refused(words):
    with pytest.raises(ValueRefused):
        settings_for([logged()], "cut", **words)


def test_the_size_of_a_phone_held_upright_is_upright():
    clip = logged()
    video = replace(clip.clip.facts.video, rotation=90)
    phone = replace(clip, clip=replace(clip.clip, facts=replace(clip.clip.facts, video=video)))
    assert settings_for([phone], "cut").size == (1080, 1920)
    wide = replace(
        clip,
        clip=replace(
            clip.clip, facts=replace(clip.clip.facts, video=replace(video, rotation=0, width=1440, pixel_aspect=4 / 3))
        ),
    )
    assert settings_for([wide], "cut").size == (1920, 1080)


def test_the_kinds_of_cut_can_be_listed_without_loading_otio():
    code = "import sys, pipeline.editorial.arrange; sys.exit('opentimelineio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_formats_of_cuts_can_be_listed_without_loading_a_writer():
    code = "import sys, pipeline.delivery.export as room; print(len(room.EXPORTS), *sys.modules)"
    count, *loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert int(count) > 10
    assert {f"pipeline.editorial.exports.{name}" for name in ("aaf", "edl", "fcpxml", "xmeml")}.isdisjoint(loaded)


def test_without_a_clock_timecode_tells_the_time_of_day():
    clips = [
        logged("b", shoot_day=DAY1, at=None, start="08:20:00:00", camera="A"),
        logged("c", shoot_day=DAY1, at="11:20:00", camera="C"),
        logged("a", shoot_day=DAY1, at="07:42:11", camera="P"),
    ]
    assert names(stringout(clips, media(*clips), settings())) == list("abc")


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("stringout", {"": "abcd"}),
        ("days", {f" {DAY1}": "bd", f" {DAY2}": "a", " without shoot_day": "c"}),
        ("subjects", {" Coach": "ab", " Crowd_Finish": "a", " without subject": "cd"}),
    ],
)
def test_day_reels_and_subjects_are_a_timeline_for_each_value_and_none_is_lost(kind, parts):
    clips = [
        logged("a", shoot_day=DAY2, subject=("Coach", "Crowd/Finish")), logged("b", shoot_day=DAY1, subject=("Coach",)),
        logged("c", shoot_day=None, subject=()), logged("d", shoot_day=DAY1),
    ]  # fmt: skip
    found = parted(kind_named(kind), clips)
    assert {name: "".join(clip.clip.name for clip in part) for name, part in found.items()} == parts
    assert list(found) == list(parts)
