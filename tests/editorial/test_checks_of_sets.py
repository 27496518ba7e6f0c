"""What the files of one set say against each other: one of them is changed, and that one is told of."""

from pathlib import Path

import pytest
from good_timelines import good
from torture import torture_timeline

from pipeline.editorial.checks.case import case_of
from pipeline.editorial.checks.judge import judge
from pipeline.editorial.exports import edl, fcpxml, otio_json, xmeml
from pipeline.editorial.exports.written import ExportOptions
from pipeline.timecode import Rate

WHOLE = ("otio", "xmeml", "fcpxml", "edl", "ale")


def bare(content):
    """A list without the table at its end, as other programs write it."""
    return b"\n".join(line for line in content.split(b"\n") if not line.startswith(b"* REEL"))


def swapped(content):
    for old, new in ((b"R010", b"R0xx"), (b"R011", b"R010"), (b"R0xx", b"R011")):
        content = content.replace(old, new)
    return content


def told(*contents):
    """The rules that are named of each file of a set, and their sentences."""
    found = judge([case_of(content) for content in contents], "resolve")
    return [{each.rule for each in one} for one in found], [each.sentence for one in found for each in one]


def test_a_set_of_one_cut_in_all_formats_agrees():
    assert told(*map(good, WHOLE)) == ([set()] * 5, [])


@pytest.mark.parametrize(
    ("form", "change"),
    [
        ("edl", lambda text: bare(text).replace(b"R010 ", b"R099 ")),
        ("edl", lambda text: swapped(bare(text))),
        ("xmeml", lambda text: text.replace(b"R010", b"R099")),
        ("xmeml", swapped),
        ("ale", lambda text: text.replace(b"\tR010\t", b"\tR099\t")),
        ("ale", swapped),
    ],
)
def test_a_recording_of_another_reel_in_one_file_of_a_set_is_told(form, change):
    rules, sentences = told(good("otio"), change(good(form)))
    assert rules == [set(), {"set reel"}]
    assert any("'A001C001.mov' is of the reel" in sentence for sentence in sentences)


@pytest.mark.parametrize("reels", [(b"A010", b"A011", b"A012"), (b"AX", b"AX", b"AX"), (b"R010", b"r011", b"R012XYZA")])
def test_reels_named_by_another_rule_throughout_or_cut_as_lists_cut_them_are_no_fault(reels):
    content = bare(good("edl"))
    for old, new in zip((b"R010", b"R011", b"R012"), reels, strict=True):
        content = content.replace(old + b" ", new + b" ")
    assert told(good("otio"), content)[0] == [set(), set()]


def test_recordings_of_one_name_in_two_cuts_are_no_contradiction():
    other = bare(good("edl")).replace(b"R010 ", b"R099 ").replace(b"TITLE: cut", b"TITLE: another")
    assert told(good("otio"), other)[0] == [set(), set()]


def lines_of(content, end, *without):
    return b"\n".join(line for line in content.split(b"\n")[:end] if not any(word in line for word in without)) + b"\n"


NOT_SAID = (b"RATE", b"* REEL")


@pytest.mark.parametrize(
    ("form", "change", "sentence"),
    [
        ("xmeml", lambda _: good("xmeml", rate=Rate(25), drop=False), "runs at 25, and in another file of this set at"),
        ("edl", lambda text: text.replace(b"01:00:0", b"02:00:0"), "lies at 02:00:00;00 here lies at 01:00:00;00"),
        ("edl", lambda text: lines_of(text.replace(b" 01:00:0", b" 00:30:0"), None, *NOT_SAID),
         "lies at 00:30:00;00 here lies at 01:00:00;00"),
        ("xmeml", lambda text: text.replace(b">01:00:00;00<", b">02:00:00;00<").replace(b">107892<", b">215784<"),
         "lies at 02:00:00;00 here lies at 01:00:00;00"),
        ("edl", lambda text: lines_of(text, 6), "At 01:00:01;20 there is nothing here, and 'A001C002.mov' in another"),
        ("edl", lambda text: lines_of(text, 6, *NOT_SAID), "At 01:00:01;20 there is nothing here, and 'A001C002.mov'"),
        ("edl", lambda text: text.replace(b"10:00:01;10 10:00:03;00", b"10:00:01;12 10:00:03;02"),
         "begins with 10:00:01;12 of its source here, and with 10:00:01;10 in"),
        ("edl", lambda text: text.replace(b"01:00:01;20\n* F", b"01:00:01;10\n* F", 1), "lasts 40 frames here, and 50"),
        ("xmeml", lambda text: text.replace(b"<in>40</in><out>90</out>", b"<in>45</in><out>95</out>", 1),
         "begins with 10:00:01;15 of its source here, and with 10:00:01;10 in"),
        ("xmeml", lambda text: text.replace(b"C001.mov", b"C00x.mov").replace(b"C002.mov", b"C001.mov")
         .replace(b"C00x.mov", b"C002.mov"), "'A001C002.mov' at 01:00:00;00 is 'A001C001.mov' in another"),
    ],
)  # fmt: skip
def test_a_file_that_holds_another_cut_than_its_set_is_told(form, change, sentence):
    rules, sentences = told(good("otio"), change(good(form)))
    assert "set cut" in rules[1]
    assert not rules[0]
    assert any(sentence in each for each in sentences), sentences


def test_an_event_more_is_told_and_one_of_another_cut_is_not():
    first = lines_of(good("edl"), 6)
    more = good("edl") + b"004  R010  V  C  10:00:05:00 10:00:06:00 01:00:05:00 01:00:06:00\n* FROM CLIP NAME: x.mov\n"
    assert "set cut" in told(good("otio"), more)[0][1]
    assert told(good("otio"), first.replace(b"TITLE: cut", b"TITLE: other")) == ([set(), set()], [])


def test_of_many_contradictions_a_few_are_told():
    other = lines_of(good("edl"), 3) + b"".join(
        b"%03d  R010  V  C  10:00:05;00 10:00:06;00 01:01:%02d;02 01:01:%02d;02\n* FROM CLIP NAME: x.mov\n"
        % (at, at, at + 1) for at in range(1, 41)
    )  # fmt: skip
    sentences = told(good("otio"), other)[1]
    assert [each for each in sentences if "more like these" in each] == ["40 more like these."]
    assert len([each for each in sentences if "in another file" in each]) == 3


def test_a_list_of_one_track_lacks_none_of_the_other_tracks():
    """A list for each track is what event lists are."""
    timeline = torture_timeline(Rate(25), drop=False)
    options = ExportOptions(Path(), editor="resolve")
    cut = otio_json.write(timeline, options).files[0].content
    for file in edl.write(timeline, options).files:
        rules = told(cut, file.content)[0]
        assert rules[1] <= {"edl empty"}, file.suffix


def test_what_resolve_loses_is_told_once_a_file_unless_the_otio_lies_beside():
    timeline, options = torture_timeline(Rate(25), drop=False), ExportOptions(Path(), editor="resolve")
    otio, xml, fcp = (each.write(timeline, options).files[0].content for each in (otio_json, xmeml, fcpxml))
    rules, sentences = told(xml, fcp)
    assert [each & {"lost markers", "lost sound"} for each in rules] == [
        {"lost markers"}, {"lost markers", "lost sound"}
    ]  # fmt: skip
    assert sum("loses the 4 markers" in each for each in sentences) == 2
    assert not {"lost markers", "lost sound"} & set().union(*told(otio, xml, fcp)[0])
