"""What changed between two versions: applying a difference gives the new one, and each change has its right name."""

from dataclasses import replace
from fractions import Fraction

import pytest
from editorial_clips import RATES, logged, media, settings
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editorial.assembly import assemble
from pipeline.editorial.diff import Edit, Heard, applied, diff, in_order
from pipeline.editorial.edits import Chapter, by_name, edits_of, edits_of_file
from pipeline.editorial.exports import edl
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.imports import edl as read_edl
from pipeline.timecode import Rate, TimeRange

PAL = Rate(25)


def edits(*shots):
    """Edits one after the other: (source, first frame, frames) and, if not V1, the track."""
    found, at = [], 0
    for source, first, length, *track in shots:
        found.append(Edit(track[0] if track else "V1", source, f"{source}.mov", TimeRange(at, length), first, PAL))
        at += length
    return found


OLD = edits(("a", 0, 50), ("b", 100, 50), ("c", 0, 50), ("d", 0, 50))


def told(old, new):
    found = diff(old, new, PAL)
    changes = [((c.before or c.after).source, *c.what, c.head, c.tail) for c in found.changes]
    return changes, [(shift.count, shift.by) for shift in found.shifts]


@pytest.mark.parametrize(
    ("new", "changes", "shifts"),
    [
        (edits(("a", 0, 50), ("b", 100, 50), ("x", 0, 10), ("c", 0, 50), ("d", 0, 50)),
         [("x", "inserted", 0, 0)], [(2, 10)]),
        (edits(("a", 0, 50), ("c", 0, 50), ("d", 0, 50)), [("b", "removed", 0, 0)], [(2, -50)]),
        (edits(("a", 0, 50), ("b", 105, 45), ("c", 0, 50), ("d", 0, 50)), [("b", "trimmed", -5, 0)], [(2, -5)]),
        (edits(("a", 0, 50), ("b", 90, 72), ("c", 0, 50), ("d", 0, 50)), [("b", "trimmed", 10, 12)], [(2, 22)]),
        (edits(("a", 0, 50), ("b", 103, 50), ("c", 0, 50), ("d", 0, 50)), [("b", "trimmed", -3, 3)], []),
        (edits(("d", 0, 50), ("a", 0, 50), ("b", 100, 50), ("c", 0, 50)), [("d", "moved", 0, 0)], [(3, 50)]),
        (edits(("c", 10, 40), ("a", 0, 50), ("b", 100, 50), ("d", 0, 50)),
         [("c", "moved", "trimmed", -10, 0)], [(2, 40), (1, -10)]),
        (edits(("a", 0, 50), ("b", 100, 50, "V2"), ("c", 0, 50), ("d", 0, 50)), [("b", "moved", 0, 0)], []),
        (edits(("a", 0, 50), ("b", 300, 50), ("c", 0, 50), ("d", 0, 50)),
         [("b", "removed", 0, 0), ("b", "inserted", 0, 0)], []),
        (edits(("a", 0, 50), ("b", 100, 50), ("a", 0, 50), ("c", 0, 50), ("d", 0, 50)),
         [("a", "inserted", 0, 0)], [(2, 50)]),
        (edits(("a", 0, 20), ("a", 30, 20), ("b", 100, 50), ("c", 0, 50), ("d", 0, 50)),
         [("a", "trimmed", 0, -30), ("a", "inserted", 0, 0)], [(3, -10)]),
    ],
    ids=["inserted", "removed", "head", "both ends longer", "slipped", "moved", "moved and trimmed", "other track",
         "another part", "once more", "split in two"],
)  # fmt: skip
def test_a_change_has_its_name(new, changes, shifts):
    assert told(OLD, new) == (changes, shifts)


def test_of_an_edit_that_is_there_twice_the_one_that_went_is_removed():
    twice = edits(("a", 0, 50), ("b", 0, 50), ("a", 0, 50))
    assert told(twice, edits(("b", 0, 50), ("a", 0, 50))) == ([("a", "removed", 0, 0)], [(2, -50)])


def test_other_sound_is_told_and_sound_that_is_trimmed_with_its_picture_is_not():
    own, recorder = (
        Heard("b", "b.mov", 1, Fraction(0), TimeRange(0, 50)),
        Heard("r", "r.WAV", 1, Fraction(9), TimeRange(0, 50)),
    )
    old = [replace(OLD[1], sounds=(own,))]
    assert told(old, [replace(old[0], sounds=(own, recorder))])[0] == [("b", "sound", 0, 0)]
    assert told(old, [replace(old[0], sounds=(replace(own, slip=Fraction(1, 25)),))])[0] == [("b", "sound", 0, 0)]
    assert told(old, [replace(old[0], sounds=(replace(own, span=TimeRange(0, 20)),))])[0] == [("b", "sound", 0, 0)]
    shorter = replace(old[0], record=TimeRange(50, 40), sounds=(replace(own, span=TimeRange(0, 40)),))
    assert told(old, [shorter])[0] == [("b", "trimmed", 0, -10)]


def test_speed_and_name_are_told():
    assert told(OLD[:1], [replace(OLD[0], speed=Fraction(1, 2))])[0] == [("a", "speed", 0, 0)]
    assert told(OLD[:1], [replace(OLD[0], name="A001C001.mov")])[0] == [("a", "renamed", 0, 0)]


sounds = st.lists(
    st.builds(
        Heard, source=st.sampled_from("ar"), name=st.just(""), stream=st.integers(1, 2),
        slip=st.sampled_from([Fraction(0), Fraction(1, 25)]),
        span=st.builds(TimeRange, st.just(0), st.integers(1, 3)),
    ), max_size=2,
).map(tuple)  # fmt: skip
made = st.builds(
    Edit, track=st.sampled_from(["V1", "V2", "A1"]), source=st.sampled_from("abc"), name=st.sampled_from("xy"),
    record=st.builds(TimeRange, st.integers(0, 400), st.integers(1, 60)), start=st.integers(0, 90),
    rate=st.sampled_from([PAL, Rate(50), Rate(30000, 1001)]), sounds=sounds,
)  # fmt: skip
versions = st.lists(made, max_size=14).map(in_order)


@given(versions, versions)
def test_a_difference_applied_to_the_old_version_gives_the_new_one(old, new):
    assert applied(old, diff(old, new, PAL)) == new


@given(versions)
def test_a_version_differs_from_itself_in_nothing(old):
    assert not diff(old, old, PAL)


@given(
    st.lists(made, max_size=14, unique_by=lambda edit: (edit.source, edit.start)).map(in_order), st.integers(0, 30),
    st.randoms(),
)  # fmt: skip
def test_a_few_changes_are_told_in_no_more_rows(old, later, dice):
    new = [replace(edit, record=TimeRange(edit.record.start + later, edit.record.duration)) for edit in old]
    found = diff(old, new, PAL)
    assert not found.changes, "what only lies later did not change"
    assert sum(shift.count for shift in found.shifts) == (len(old) if later else 0)
    if old:
        gone = dice.randrange(len(old))
        changes = diff(old, old[:gone] + old[gone + 1 :], PAL).changes
        assert [change.what for change in changes] == [("removed",)]


def cut(*clips, rate="25", **said):
    chosen = settings(rate, **said)
    sheet = sheet_of(assemble("stringout", clips, media(*clips), chosen).timeline)
    return sheet, edits_of(sheet)


def test_a_cut_is_its_pictures_with_their_sound_and_sound_that_stands_alone():
    _, found = cut(logged("1.mov", audio=(1, 1)), logged("2.WAV", kind="sound", audio=(1, 1)))
    assert [(edit.track, edit.name, edit.record, len(edit.sounds)) for edit in found] == [
        ("V1", "1.mov", TimeRange(0, 100), 2),
        ("A1", "2.WAV", TimeRange(100, 100), 0),
    ]
    assert {each.slip for each in found[0].sounds} == {0}


@pytest.mark.parametrize("rate", ["25", "29.97", "23.976"])
def test_a_cut_and_its_own_edl_are_the_same(rate):
    clips = [logged(f"A001C00{n}.mov", rate, start=f"1{n}:00:00:00", audio=(2,)) for n in range(3)]
    sheet, found = cut(*clips, rate=rate)
    timeline = assemble("stringout", clips, media(*clips), settings(rate)).timeline
    (file, *_) = edl.write(timeline, ExportOptions(None)).files
    back = edits_of_file(read_edl.read(file.content), RATES[rate])
    assert back.start.rate == sheet.start.rate
    assert not diff(by_name(found, {}), by_name(back.edits, {}), sheet.start.rate)


def test_a_later_chapter_without_timecode_is_its_clip_so_many_frames_in():
    second = Heard("g/GX020123.MP4", "GX020123.MP4", 1, Fraction(0), TimeRange(0, 5))
    parts = Edit("V1", "g/GX020123.MP4", "GX020123.MP4", TimeRange(0, 5), 3, Rate(25), sounds=(second,))
    proxy = Edit(
        "V1", "", "GX010123.mov", TimeRange(0, 5), 43, Rate(25), sounds=(replace(second, name="GX010123.mov"),)
    )
    chapters = {"gx020123": Chapter("GX010123.MP4", 40)}
    assert not diff(by_name([parts], chapters), by_name([proxy], chapters), Rate(25))
    assert diff(by_name([parts], {}), by_name([proxy], {}), Rate(25))
