"""What the files of one set say against each other: one of them is changed, and that one is told of."""

import pytest
from good_timelines import good

from pipeline.editorial.checks.case import case_of
from pipeline.editorial.checks.judge import judge

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
