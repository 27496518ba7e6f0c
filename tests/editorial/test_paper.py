"""A paper edit is read as it was meant, refused by line, and written so that it reads back as the same shots."""

from dataclasses import replace

import pytest
from editorial_clips import RATES, logged, settings
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editorial.assembly import timeline_of
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.paper import read_paper, shots_of, written_paper
from pipeline.editorial.shots import Media, MediaPart, Shot
from pipeline.errors import NotFound, ValueRefused
from pipeline.timecode import Rate, Timecode, TimeRange

CLIP = logged("A001C001.mov", "25", 250, start="10:00:00:00")
DROP = logged("d.mov", "29.97", 300, start="08:59:59;00", drop=True)
BARE = logged("DJI 1.MP4", "50", 500, start=None)
LATE = logged("late.mov", "25", 100, start="23:59:58:00")
CLIPS = {"A001C001": CLIP, "d": DROP, "DJI 1.MP4": BARE, "late": LATE, "gone": NotFound("'gone' is no clip.")}


def shots(text, clips=CLIPS):
    return shots_of(read_paper(text), clips, Rate(25))


@pytest.mark.parametrize(
    ("line", "clip", "start", "end", "title"),
    [
        ("A001C001", CLIP, 0, 250, "A001C001.mov"),
        ("A001C001 | the whole of it", CLIP, 0, 250, "the whole of it"),
        ("A001C001 10:00:01:00 10:00:02:12", CLIP, 25, 62, "A001C001.mov"),
        ("A001C001\t10:00:01:00 - 10:00:02:12  | he looks up", CLIP, 25, 62, "he looks up"),
        ("A001C001 10:00:01:00..10:00:02:00 he | looks", CLIP, 25, 50, "he looks"),
        ("A001C001 0:01 0:02.5", CLIP, 25, 62, "A001C001.mov"),
        ("A001C001 0:00:01 to 3s", CLIP, 25, 75, "A001C001.mov"),
        ("A001C001 48 96", CLIP, 48, 96, "A001C001.mov"),
        ("A001C001 start 1.5s", CLIP, 0, 37, "A001C001.mov"),
        ("A001C001 0:09 END | to the last frame", CLIP, 225, 250, "to the last frame"),
        ("d 08:59:59;29 09:00:00;01", DROP, 29, 31, "d.mov"),
        ("d 08:59:59:29 09:00:00:01", DROP, 29, 31, "d.mov"),
        ('"DJI 1.MP4" 00:00:01:00 00:00:02:00', BARE, 50, 100, "DJI 1.MP4"),
        ("DJI 1.MP4 1 2 | take 3 of 4", BARE, 1, 2, "take 3 of 4"),
        ("late 23:59:59:00 00:00:01:00", LATE, 25, 75, "late.mov"),
        ("late 23:59:59:00 00:00:02:00", LATE, 25, 100, "late.mov"),
    ],
)
def test_a_line_is_a_range_of_a_clip(line, clip, start, end, title):
    (shot,) = shots(f"# remark\n\n{line}\n")
    assert (shot.logged.clip.id, shot.range, shot.title) == (clip.clip.id, TimeRange(start, end - start), title)


def test_headings_are_sections_and_remarks_and_empty_lines_are_nothing():
    text = "\ufeff"[:0] + "A001C001 0 1\n[ Morning in  Kaptagat ]\n# no\n\nA001C001 1 2\nd 1 2\n[Vienna]\nd 2 3\n"
    assert [shot.section for shot in shots(text)] == ["", "Morning in Kaptagat", "Morning in Kaptagat", "Vienna"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("gone 0 1", "Line 2: 'gone' is no clip."),
        ("A001C001 2 1", "2 to 1 is no range within A001C001.mov, which has 10:00:00:00 to 10:00:10:00 (frames 0"),
        ("A001C001 0 251", "no range"),
        ("A001C001 5 5", "no range"),
        ("A001C001 09:00:00:00 10:00:01:00", "no range"),
        ("A001C001 10:00:00:25 10:00:01:00", "does not exist"),
        ("d 09:01:00;00 09:01:00;05", "does not exist"),
        ("0:05 0:12", "names no clip"),
        ("| a note alone", "names no clip"),
        ('"A001C001" again', "behind the quotes"),
        ('"DJI 1.MP4" 9:00 9:01', "no range within DJI 1.MP4, which has frames 0 to 500"),
    ],
)  # fmt: skip
def test_what_cannot_be_cut_is_refused_by_its_line(line, words):
    with pytest.raises(ValueRefused) as refused:
        shots(f"A001C001 0 1\n{line}\n")
    assert "Line 2" in refused.value.sentence
    assert words in refused.value.sentence


def test_further_lines_that_are_refused_are_counted_off():
    with pytest.raises(ValueRefused, match=r"^Line 1: 'gone' .* Other lines that are refused: 3, 4\.$"):
        shots("gone\nA001C001\ngone 1 2\nA001C001 9 1\n")


def test_a_clip_without_length_is_named():
    with pytest.raises(ValueRefused, match=r"Line 1: x\.mov has no length"):
        shots("x", {"x": replace(CLIP, clip=replace(CLIP.clip, name="x.mov", frames=None))})


def test_too_many_lines_are_refused():
    with pytest.raises(ValueRefused, match="at most 100,000 lines"):
        read_paper("\n" * 100_001)


words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12).map(
    lambda text: " ".join(text.split())
)


@st.composite
def paper_shots(draw):
    """Shots of a few clips of odd names, with titles and sections."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        rate = draw(st.sampled_from(sorted(RATES)))
        speed, frames = RATES[rate], draw(st.integers(1, 4000))
        drop = draw(st.booleans()) and speed.can_drop
        first = draw(st.one_of(st.none(), st.integers(0, 3_000_000)))
        label = None if first is None else str(Timecode(first, speed, drop))
        clip = logged(draw(words) or "x", rate, frames, start=label, drop=drop, clip_id=f"{number}abc{number:028x}")
        for _ in range(draw(st.integers(1, 3))):
            start = draw(st.integers(0, frames - 1))
            span = TimeRange(start, draw(st.integers(1, frames - start)))
            title = draw(words) or clip.clip.name
            found.append(Shot(clip, span, Media(()), title, draw(st.sampled_from(["", "Morning", "[a] # b", "Wien"]))))
    return draw(st.permutations(found))


@given(paper_shots(), st.integers(8, 32))
def test_what_is_written_reads_back_as_the_same_shots(written, digits):
    text = written_paper("cut", written, digits=digits)
    by_id = {shot.logged.clip.id[:digits]: shot.logged for shot in written}
    lines = read_paper(text)
    assert shots_of(lines, {line.handle: by_id[line.handle.partition(":")[0]] for line in lines}, Rate(25)) == written


def test_titles_are_black_with_a_marker_of_the_heading():
    files = Media((MediaPart("A001C001.mov", "/film/A001C001.mov", 250),))
    made = [
        replace(shot, media=files)
        for shot in shots("A001C001 0 10\n[Two]\nA001C001 5 15\nA001C001 0 5\n[]\nA001C001 1 2")
    ]
    sheet = sheet_of(timeline_of(made, settings(titles=50, gap=3)).timeline)
    assert [(mark.name, mark.record) for mark in sheet.marks] == [("Two", TimeRange(10, 50))]
    assert [event.record.start for event in sheet.of_kind("Video")[0].events] == [0, 60, 73, 81]
