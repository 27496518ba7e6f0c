"""Each rule of the check: a good file is broken in one way, and that rule is named for the right editors alone."""

import random
import re
import time

import pytest
from good_timelines import WRITERS, composed, found_in, good

from pipeline.editorial.checks.case import case_of
from pipeline.editorial.checks.judge import MOST_TOLD, judge
from pipeline.editorial.checks.rules import RULES
from pipeline.errors import TimelineUnreadable
from pipeline.proxies.rules import EDITORS
from pipeline.timecode import Rate

LISTS, FCP7, FCPX, RESOLVE = {"premiere", "resolve", "avid"}, {"premiere", "resolve"}, {"fcp", "resolve"}, {"resolve"}
FORMATS = (*WRITERS, "aaf")
OPENED_BY = {
    "edl": LISTS, "ale": {"resolve", "avid"}, "xmeml": FCP7, "fcpxml": FCPX, "otio": {*LISTS, "kdenlive"},
    "kdenlive": {"kdenlive"}, "aaf": LISTS,
}  # fmt: skip
# A source with its own timecode is what Kdenlive's OTIO importer falsifies, so that even a good file has that.
ALWAYS = {("otio", "kdenlive"): {"otio in-points"}}


@pytest.mark.parametrize("form", FORMATS)
def test_a_good_file_has_no_finding_but_that_other_editors_do_not_read_it(form):
    expected = {
        editor: ALWAYS.get((form, editor), set()) if editor in OPENED_BY[form] else {"format"} for editor in EDITORS
    }
    assert found_in(good(form)) == expected


def changed(old, new, count=1):
    """A file with a part replaced; the part must be there."""

    def change(content):
        found, made = re.subn(old.encode(), new.encode(), content, count=count, flags=re.DOTALL)
        assert found != content
        assert made
        return found

    return change


def appended(text):
    return lambda content: content + text.encode()


def rated(text):
    """An OTIO whose times all count at a rate as it is written here."""
    return lambda content: content.replace(b"29.97002997002997", text.encode())


def reeled(**new):
    """Reels renamed, in the events and in the table of the list."""

    def change(content):
        for old, name in new.items():
            content = content.replace(f"{old} ".encode(), f"{name} ".encode())
            content = content.replace(f"REEL {old}:".encode(), f"REEL {name}:".encode())
        return content

    return change


DISSOLVE = "<transitionitem><start>0</start><end>4</end><alignment>start</alignment></transitionitem>"
EXPLODED = '<track currentExplodedTrackIndex="{}" totalExplodedTrackCount="2"/>'
BROKEN = [
    # event lists
    ("edl", changed("TITLE: cut\n", ""), {"edl title": LISTS}),
    ("edl", changed("^", "\ufeff"), {"edl title": LISTS}),
    ("edl", changed("^", "\n"), {"edl title": LISTS}),
    ("edl", changed("FCM: DROP FRAME\n", ""), {}),  # its labels say it
    ("edl", lambda text: text.replace(b"FCM: DROP FRAME\n", b"").replace(b";", b":"), {"edl counting unsaid": LISTS}),
    ("edl", changed("FCM: DROP", "FCM: NON-DROP"), {"edl counting": LISTS}),
    ("edl", changed("01:00:01;20\n", "00:59:01;20\n"), {"edl label": LISTS, "edl length": LISTS}),
    ("edl", changed("10:00:01;10 10:00:03;00", "10:00:61;10 10:00:63;00"), {"edl label": LISTS}),
    ("edl", changed("002  R011     V ", "002  R011     ? "), {"edl lost line": LISTS}),
    ("edl", changed("10:00:03;00", "10:00:09;00"), {"edl length": LISTS}),
    ("edl", changed("\nM2 [^\n]*", ""), {"edl length": LISTS}),
    ("edl", changed("R010     V     C       ", "R010     V     D    010"), {"edl transition": LISTS}),
    ("edl", changed("01:00:01;20 01:00:03;10", "01:00:01;10 01:00:03;00"), {"edl overlap": LISTS}),
    ("edl", changed("FROM CLIP NAME: A001C001", "FROM CLIP: A001C001"), {"edl file words": {"premiere"}}),
    ("edl", reeled(R010="R010LONGER"), {"reel length": FCP7}),
    ("edl", reeled(R010="LONGREEL_1", R011="LONGREEL_2"), {"reel length": FCP7, "reel collision": FCP7}),
    (
        "edl", reeled(R010="X" * 32 + "1", R011="X" * 32 + "2"),
        {"reel length": FCP7, "reel collision": LISTS, "tape length": {"avid"}},
    ),
    ("edl", reeled(R010="R0/0"), {"tape letters": {"avid"}}),
    ("edl", lambda text: reeled(R011="R010")(text).replace(b"11:00:0", b"10:00:0"), {"reel shared": LISTS}),
    (  # the table gives two files of one name to the reel of both
        "edl", lambda text: text.replace(b"R011", b"R010").replace(b"11:00:0", b"10:00:0").replace(b"C002", b"C001")
        .replace(b"FILE /film/A001/", b"FILE /film/A002/", 2).replace(b"FILE /film/A002/", b"FILE /film/A001/", 1),
        {"reel shared": LISTS},
    ),
    ("edl", changed("001  R010", "001  R099"), {"reel table": LISTS}),
    ("edl", lambda text: text.replace(b"001  R010", b"001  R011").replace(b"002  R011", b"002  R010"),
     {"reel table": LISTS}),
    ("edl", changed("002  R011     V ", "002  R011     V2"), {"lost tracks": RESOLVE}),
    ("edl", changed("\n001 .*", "\n"), {"edl empty": LISTS}),
    # ALE
    *(
        ("ale", changed(f"{name}\t[^\n]*\n", ""), {"ale heading": {"avid"}})
        for name in ("FIELD_DELIM", "VIDEO_FORMAT", "AUDIO_FORMAT", "FPS")
    ),
    ("ale", changed("TABS", "COMMAS"), {"ale heading": {"avid"}}),
    *(
        ("ale", changed(f"\t{name}\t", "\tx\t"), {"ale columns": {"avid"}}) for name in ("Tracks", "Start", "End")
    ),
    ("ale", changed("1080\n", "CUSTOM\n"), {"ale video format": {"avid"}}),
    ("ale", changed("FPS\t29.97", "FPS\t25"), {"ale rate": {"avid", "resolve"}}),
    ("ale", changed("10:00:13;10\t", "10:00:13;30\t"), {"ale rate": {"avid", "resolve"}}),
    ("ale", changed("10:00:13;10\t", "09:00:13;10\t"), {"ale rate": {"avid", "resolve"}}),
    ("ale", changed(r"(\nA001C001.mov[^\n]*)", r"\1\tone too many"), {"ale cells": {"avid", "resolve"}}),
    ("ale", changed("\nA001C001.mov.*", "\n"), {"ale empty": {"avid", "resolve"}}),
    ("ale", changed("R010\tA001C001.mov\t/film/A001/A001C001.mov", "\t\t"), {"ale source": {"avid"}}),
    ("ale", changed("\tR010\t", "\t" + "T" * 33 + "\t"), {"tape length": {"avid"}}),
    ("ale", changed("\tR010\t", "\tR\u00e9el\t"), {"tape letters": {"avid"}}),
    # FCP7 XML
    ("xmeml", changed("<format>.*?</format>", ""), {"xmeml format": RESOLVE}),
    ("xmeml", changed("<format>.*?</format>", "<format/>"), {"xmeml format": RESOLVE}),
    ("xmeml", changed("<width>1920</width>", ""), {"xmeml format": RESOLVE}),
    ("xmeml", changed('(<file id="file-1">\n<name>A001C001).mov', r"\1"), {"xmeml file name": RESOLVE}),
    ("xmeml", changed("<timecode>.*?</timecode>", ""), {"xmeml file start": RESOLVE}),
    ("xmeml", changed("(<sequence .*?)(<rate>.*?</rate>)", r"\1\2\2"), {"xmeml rate twice": FCP7}),
    ("xmeml", changed("<pathurl>.*?</pathurl>", ""), {"no path": FCP7}),
    ("xmeml", changed("file://localhost/film", "/film"), {"xmeml path": FCP7}),
    ("xmeml", changed("<in>40</in><out>90</out>", "<in>380</in><out>430</out>"), {"range": FCP7}),
    ("xmeml", changed("<in>40</in><out>90</out>", "<in>40</in><out>99</out>"), {"xmeml problem": FCP7}),
    ("xmeml", changed("<start>0</start><end>50</end>", ""), {"xmeml problem": FCP7}),
    ("xmeml", changed("<start>0</start><end>50</end>", "<start>-50</start><end>0</end>"), {"xmeml place": FCP7}),
    ("xmeml", changed("<start>0</start><end>50</end>", "<start>-1</start><end>50</end>"), {"xmeml place": FCP7}),
    ("xmeml", changed('(<clipitem id="clipitem-v1-1".*?<start>)0(</start>)', rf"{DISSOLVE}\g<1>-1\2"), {}),
    ("xmeml", changed("<in>40</in>", "<in>40.5</in>"), {"xmeml place": FCP7}),
    ("xmeml", changed("<in>40</in>", "<in>40.0</in>"), {}),
    ("xmeml", changed("<start>50</start><end>100</end>", "<start>10</start><end>60</end>"), {"xmeml overlap": FCP7}),
    ("xmeml", changed('(<enabled>.*?)<file id="file-1"/>', r'\1<file id="file-9"/>'), {"xmeml problem": FCP7}),
    ("xmeml", changed("<string>10:00:00;00", "<string>11:00:00;00"), {"xmeml timecode": FCP7}),
    ("xmeml", changed("<sequence .*</sequence>", ""), {"xmeml empty": FCP7}),
    (
        "xmeml", changed("<audio>\n", '<audio>\n<track currentExplodedTrackIndex="1" totalExplodedTrackCount="2"/>'),
        {"xmeml exploded track": {"premiere"}},
    ),
    (
        "xmeml", changed("</audio>\n", '<track currentExplodedTrackIndex="0" totalExplodedTrackCount="2"/></audio>'),
        {"xmeml exploded track": {"premiere"}},
    ),
    ("xmeml", changed("</audio>\n", f"{EXPLODED.format(0)}{EXPLODED.format(1)}</audio>"), {}),
    ("xmeml", changed("</sequence>", "<marker><name>x</name><in>1</in><out>-1</out></marker></sequence>"),
     {"lost markers": RESOLVE}),
    # FCPXML
    ("fcpxml", changed('version="1.10"', 'version="1.99"'), {"fcpxml version": FCPX}),
    ("fcpxml", changed('version="1.10"', 'version="1.2"'), {"fcpxml version": RESOLVE}),
    ("fcpxml", changed('version="1.10"', 'version="new"'), {"fcpxml version": FCPX}),
    ("fcpxml", changed('version="1.10"', 'version="1.12"'), {"fcpxml new version": RESOLVE}),
    ("fcpxml", changed("(<resources>.*</resources>)\n(<library>.*</library>)", r"\2\1"), {"fcpxml structure": {"fcp"}}),
    ("fcpxml", changed("<spine>", "<spine><clipping/>"), {"fcpxml structure": {"fcp"}}),
    ("fcpxml", changed("<spine>", "<spine><note>x</note>"), {"fcpxml structure": {"fcp"}}),
    ("fcpxml", changed(' src="[^"]*"', ""), {"fcpxml structure": {"fcp"}}),
    ("fcpxml", changed("<media-rep [^>]*>", ""), {"fcpxml structure": {"fcp"}}),
    ("fcpxml", changed('tcFormat="DF" audioLayout', 'tcFormat="drop" audioLayout'), {"fcpxml structure": {"fcp"}}),
    ("fcpxml", changed('duration="50050/30000s"', 'duration="1.66833s"'),
     {"fcpxml time": FCPX, "fcpxml grid": FCPX}),
    ("fcpxml", changed('start="1080038960/30000s"', 'start="360012987/9999999999s"'),
     {"fcpxml time": FCPX, "range": FCPX}),
    ("fcpxml", changed('offset="108049942/30000s"', 'offset="108049442/30000s"'),
     {"fcpxml grid": FCPX, "fcpxml storyline": FCPX}),
    ("fcpxml", changed('offset="108049942/30000s"', 'offset="108048941/30000s"'), {"fcpxml storyline": FCPX}),
    ("fcpxml", changed('offset="108049942/30000s"', 'offset="108050943/30000s"'), {"fcpxml storyline": FCPX}),
    ("fcpxml", changed('start="1080038960/30000s"', 'start="1079938960/30000s"'), {"range": FCPX}),
    ("fcpxml", changed('(<spine>\n<asset-clip) ref="a1"', r'\1 ref="a9"'), {"fcpxml reference": FCPX}),
    ("fcpxml", changed('(<spine>\n<asset-clip) ref="a1"', r'\1 ref="f1"'), {"fcpxml reference": FCPX}),
    ("fcpxml", changed('(<sequence) format="f1"', r'\1 format="a1"'),
     {"fcpxml reference": FCPX, "fcpxml problem": FCPX}),
    ("fcpxml", changed('(<asset id="a1" name="A001C001).mov', r"\1"), {"fcpxml asset name": RESOLVE}),
    ("fcpxml", changed("<project.*</project>", ""), {"fcpxml empty": RESOLVE}),
    ("fcpxml", changed('(id="f1" name=)"[^"]*" frameDuration="1001/30000s"', r'\1"x" frameDuration="100/2997s"'),
     {"odd rate": FCPX, "fcpxml grid": FCPX, "fcpxml problem": FCPX}),
    ("fcpxml", changed('duration="50050/30000s"([^>]*)/>', r'duration="50050/30000s"\1><marker start="0s" value="x"/>'
                       "</asset-clip>"),
     {"lost markers": RESOLVE}),
    # OTIO
    ("otio", changed("Clip.2", "Clip.1"), {"otio clip": RESOLVE}),
    ("otio", changed('"active_media_reference_key": "DEFAULT_MEDIA"', '"active_media_reference_key": "other"'),
     {"otio clip": RESOLVE, "no path": {"premiere", "resolve", "kdenlive"}}),
    ("otio", changed('"available_range": {.*?}.*?}.*?}', '"available_range": null'), {"otio available range": RESOLVE}),
    ("otio", changed('"value": 1078960.0', '"value": 40.0'), {"otio time base": FCP7}),
    ("otio", changed('"value": 1078960.0', '"value": 1079300.0'), {"range": FCP7}),
    ("otio", changed('"target_url": "/film', '"target_url": "file:///film'), {"otio file URL": RESOLVE}),
    ("otio", changed('("markers": \\[\\],\\s*)"enabled": true,(\\s*"color": null,\\s*"media_references")', r"\1\2"),
     {"otio fields": RESOLVE}),
    ("otio", changed('"global_start_time": {.*?}', '"global_start_time": null'), {"otio start": RESOLVE}),
    ("otio", changed('"Video 1"', '"V1"'), {"otio track name": RESOLVE}),
    ("otio", changed('"name": "A001C001.mov"', '"name": "A001C001"'), {"otio clip name": RESOLVE}),
    ("otio", changed('"target_url": "[^"]*"', '"target_url": ""'), {"no path": {"premiere", "resolve", "kdenlive"}}),
    ("otio", lambda text: b'{"OTIO_SCHEMA": "SerializableCollection.1", "children": [' + text + b"]}",
     {"otio root": {"premiere", "resolve", "kdenlive"}}),
    ("otio", lambda _: b'{"OTIO_SCHEMA": "Timeline.1", "global_start_time": {"rate": 25, "value": 0}, "tracks": {}}',
     {"otio empty": {"premiere", "resolve", "kdenlive"}}),
    ("otio", changed('"value": 50.0', '"value": -50.0'), {"otio length": {"premiere", "resolve", "kdenlive"}}),
    *(
        ("otio", rated(text), {"odd rate": {*LISTS, "kdenlive"}} if odd else {})
        for text, odd in (("29.96", True), ("29.976", True), ("30.01", True), ("29.97", False), ("29.97003", False),
                          ("29.970029970029968", False), ("30", False), ("28", False))
    ),
    ("otio", changed('"metadata": {', '"metadata": {"fps": {"rate": 25.01}, '), {}),
    ("otio", changed('"time_scalar": 2.0', '"time_scalar": -2.0'), {"otio backwards": {"premiere"}}),
    # AAF
    ("aaf", lambda _: composed(timecode=False), {"aaf timecode": RESOLVE}),
    ("aaf", lambda _: composed(drop=True), {"aaf drop flag": LISTS}),
    ("aaf", lambda _: composed(top=False), {"aaf empty": LISTS}),
    ("aaf", lambda _: composed(tape=""), {"aaf source": LISTS}),
    ("aaf", lambda _: composed(tape="T" * 33), {"tape length": {"avid"}}),
    ("aaf", lambda _: composed(tape="A:1"), {"tape letters": {"avid"}}),
    # Kdenlive
    ("kdenlive", changed("<profile [^>]*>", ""), {"kdenlive profile": {"kdenlive"}}),
    ("kdenlive", changed('frame_rate_num="30000" frame_rate_den="1001"', 'frame_rate_num="2501" frame_rate_den="100"'),
     {"odd rate": {"kdenlive"}}),
    ("kdenlive", changed('frame_rate_num="30000" frame_rate_den="1001"', 'frame_rate_num="25" frame_rate_den="1"'), {}),
    ("kdenlive", changed('<entry producer="bin3"', '<entry producer="bin9"'), {"kdenlive reference": {"kdenlive"}}),
    ("kdenlive", changed('<entry producer="bin3" in="0" out="399"', '<entry producer="bin3" in="0" out="400"'),
     {"range": {"kdenlive"}}),
]  # fmt: skip


@pytest.mark.parametrize(("form", "change", "expected"), BROKEN)
def test_one_fault_is_named_by_its_rule_for_the_editors_that_mind(form, change, expected):
    before, after = found_in(good(form)), found_in(change(good(form)))
    more = {}
    for editor in EDITORS:
        for rule in after[editor] - before[editor]:
            more.setdefault(rule, set()).add(editor)
    gone = set().union(*(before[editor] - after[editor] for editor in EDITORS))
    assert more == expected
    assert gone <= {"otio in-points"}


def test_every_rule_has_its_broken_file():
    tried = {rule for _, _, expected in BROKEN for rule in expected}
    elsewhere = {
        "unreadable", "format", "missing media", "not checked", "fcpxml DTD", "fcpxml project rate", "otio in-points"
    }  # fmt: skip
    in_sets = {rule.name for rule in RULES if rule.find_in_set}
    assert {rule.name for rule in RULES} - tried - elsewhere - in_sets == set()


@pytest.mark.parametrize(
    ("form", "old", "new", "rule", "line"),
    [
        ("edl", "10:00:03;00", "10:00:09;00", "edl length", 4),
        ("ale", "10:00:13;10\t", "10:00:13;30\t", "ale rate", 11),
        ("xmeml", "<in>40</in><out>90</out>", "<in>380</in><out>430</out>", "range", None),
        ("fcpxml", 'offset="108049942/30000s"', 'offset="108050943/30000s"', "fcpxml storyline", None),
        ("otio", '"name": "A001C001.mov"', '"name": "A001C001"', "otio clip name", None),
    ],
)
def test_a_finding_stands_on_the_line_of_what_is_wrong(form, old, new, rule, line):
    content = good(form)
    broken = content.replace(old.encode(), new.encode(), 1)
    findings = judge([case_of(broken)], "avid" if form == "ale" else "resolve")[0]
    found = next(each for each in findings if each.rule == rule)
    if line is None:  # that of the element or object which holds the change
        number = broken[: broken.index(new.encode())].count(b"\n") + 1
        opening = {"xmeml": "<clipitem", "fcpxml": "<asset-clip", "otio": "{"}[form]
        lines = broken.decode().splitlines()
        line = next(at for at in range(number, 0, -1) if opening in lines[at - 1] and "rushes" not in lines[at - 2])
        if form == "otio":
            line = next(at for at in range(number, 0, -1) if "Clip.2" in lines[at - 1]) - 1
    assert found.line == line


def test_missing_media_are_told_where_the_machine_can_tell():
    for form in ("otio", "xmeml", "fcpxml", "kdenlive", "ale"):
        editor = {"fcpxml": "fcp", "kdenlive": "kdenlive", "ale": "resolve"}.get(form, "premiere")
        content = good(form).replace(b"\tA001C001.mov\t/film", b"\t\t/film")  # an ALE's file name is no path
        there = found_in(content)[editor]
        gone = found_in(content, missing=lambda path: path.endswith("C001.mov") and path.startswith("/"))[editor]
        assert (form, gone - there) == (form, {"missing media"})


def test_the_files_of_a_set_must_count_alike():
    names = ("otio", "xmeml", "fcpxml", "edl")
    alike = [case_of(good(form)) for form in names]
    assert judge(alike, "resolve") == [[], [], [], []]
    for number, form in enumerate(names):
        mixed = [*alike[:number], case_of(good(form, drop=False)), *alike[number + 1 :]]
        wrong = {finding.rule for found in judge(mixed, "resolve") for finding in found}
        assert "set drop-frame" in wrong, form
        assert wrong <= {"set drop-frame", "set source drop-frame", "set source start"}


def test_a_source_that_begins_at_0_in_one_file_of_a_set_is_told_for_resolve():
    other = good("xmeml").replace(b"<string>10:00:00;00</string><frame>1078920</frame>",
                                  b"<string>00:00:00;00</string><frame>0</frame>")  # fmt: skip
    cases = [case_of(good("otio")), case_of(other)]
    assert [{each.rule for each in found} for found in judge(cases, "resolve")] == [set(), {"set source start"}]
    assert judge(cases, "premiere") == [[], []]


def test_further_timelines_in_a_file_are_said_to_be_unchecked():
    sequence = re.search(b"<sequence .*</sequence>", good("xmeml"), re.DOTALL)[0]
    assert found_in(good("xmeml").replace(sequence, sequence * 2))["premiere"] == {"not checked"}


def test_rates_that_no_editor_has_are_told():
    assert found_in(good("fcpxml", rate=Rate(25), drop=False))["fcp"] == set()
    assert found_in(good("fcpxml", rate=Rate(12), drop=False))["fcp"] == {"fcpxml project rate"}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"hello", b"\x00" * 2000, b'<?xml version="1.0"?><xmeml><sequence>', b'{"OTIO_SCHEMA": "Timeline.1"',
        b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><xmeml>&c;</xmeml>',
        b'<!DOCTYPE fcpxml [<!ENTITY a SYSTEM "file:///etc/passwd">]><fcpxml version="1.10">&a;</fcpxml>',
        b'{"OTIO_SCHEMA":' + b"[" * 100_000, b"<fcpxml>" + b"<a>" * 100_000, b"<mlt>" + b"<a>" * 100_000,
        bytes.fromhex("d0cf11e0a1b11ae1") + b"\xff" * 2000,
    ],
    ids=range(11),
)  # fmt: skip
def test_what_is_damaged_or_hostile_is_refused_in_a_sentence(content):
    with pytest.raises(TimelineUnreadable, match=r"\.$"):
        case_of(content)


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_damaged_anywhere_is_judged_or_refused_and_never_breaks_the_check(form):
    chance = random.Random(7)
    content = good(form)
    for _ in range(150):
        place, broken = chance.randrange(len(content)), bytearray(content)
        broken[place : place + chance.choice((0, 1, 20))] = chance.choice(
            (b"", b"9" * 30, b"\x00", b"-", b'"', b"\xff")
        )
        try:
            case = case_of(bytes(broken))
        except TimelineUnreadable:
            continue
        for editor in EDITORS:
            judge([case], editor)


def test_a_hundred_thousand_events_are_judged_and_their_faults_counted():
    event = "{0:06}  R010     V     C        10:00:01:10 10:00:09:00 01:00:00:00 01:00:01:20\n"
    content = "TITLE: many\n" + "".join(map(event.format, range(1, 100_001)))
    began = time.process_time()
    found = judge([case_of(content.encode())], "avid")[0]
    assert time.process_time() - began < 30
    wrong = [each for each in found if each.rule == "edl length"]
    assert len(wrong) == MOST_TOLD + 1
    assert f"{100_000 - MOST_TOLD:,} more like these." in [each.sentence for each in wrong]


def test_lines_of_otio_are_right_beside_braces_and_quotes_in_names():
    text = good("otio").decode().replace('"name": "A001C002.mov"', '"name": "\\\\ \\" {"')
    expected = text[: text.index('"name": "\\\\')].count("\n") + 1
    found = judge([case_of(text.encode())], "resolve")[0]
    assert [each.rule for each in found] == ["otio clip name"]
    line = found[0].line
    assert line < expected
    assert text.splitlines()[line].strip() == '"OTIO_SCHEMA": "Clip.2",'
