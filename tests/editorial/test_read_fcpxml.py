"""FCPXML as Final Cut and others write it: clocks within clocks, lanes, compound clips, speeds; and what is wrong."""

from fractions import Fraction

import pytest

from pipeline.editorial.imports import fcpxml
from pipeline.editorial.imports.fcpxml_resources import rate_named, seconds
from pipeline.errors import TimelineUnreadable
from pipeline.timecode import Rate, Timecode, TimeRange

FORMATS = """
<format id="r1" name="FFVideoFormat1080p25" frameDuration="100/2500s" width="1920" height="1080"/>
<format id="r24" name="FFVideoFormat1080p24" frameDuration="100/2400s" width="1920" height="1080"/>
<format id="r23" frameDuration="1001/24000s"/><format id="rs" name="FFVideoFormatRateUndefined"/>
<effect id="e1" name="Basic Title" uid="x"/>
<asset id="a1" name="A.mov" start="3600s" duration="100s" hasVideo="1" hasAudio="1" format="r1">
<media-rep kind="proxy-media" src="file:///p/A.mov"/><media-rep kind="original-media" src="file:///o/A%20b.mov"/>
<metadata><md key="com.apple.proapps.studio.reel" value="R1"/></metadata></asset>
<asset id="a2" name="S.wav" start="0s" duration="60s" hasAudio="1" format="rs" src="file:///o/S.wav"/>
<asset id="a23" name="B.mov" start="0s" duration="1001/10s" hasVideo="1" format="r23" src="file:///o/B.mov"/>
"""


def document(*items, resources="", form="r1", start="3600s", more="", around="{}", version="1.10"):
    sequence = (
        f'<project name="cut"><sequence format="{form}" duration="20s" tcStart="{start}" tcFormat="NDF">'
        f"<spine>{''.join(items)}</spine></sequence></project>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n<fcpxml version="{version}"><resources>{FORMATS}'
        f"{resources}</resources>\n{around.format(sequence)}{more}</fcpxml>"
    ).encode()


def events(*items, **others):
    read = fcpxml.read(document(*items, **others))
    assert not read.problems
    return [
        (event.kind, event.track, (event.record.start, event.record.duration),
         (event.source.start, event.source.duration))
        for event in read.events
    ]  # fmt: skip


CLIP = '<asset-clip ref="a1" offset="3600s" name="A.mov" start="3602s" duration="4s"{}>{}</asset-clip>'


def test_a_clip_is_picture_and_sound_of_its_file():
    read = fcpxml.read(document(CLIP.format(' tcFormat="NDF"', "")))
    picture, sound = read.events
    assert (picture.kind, sound.kind) == ("Video", "Audio")
    assert picture.record == TimeRange(0, 100)
    assert picture.source == TimeRange(3602 * 25, 100)
    assert picture.media == TimeRange(50, 100)
    assert picture.available == TimeRange(3600 * 25, 2500)
    assert (picture.file, picture.reel, picture.rate) == ("/o/A b.mov", "R1", Rate(25))
    assert read.start == Timecode(3600 * 25, Rate(25))
    assert read.tracks == (1, 1)


@pytest.mark.parametrize(
    ("enabled", "kinds"), [("video", ["Video"]), ("audio", ["Audio"]), ("all", ["Video", "Audio"])]
)
def test_half_of_a_clip_is_one_event(enabled, kinds):
    assert [kind for kind, *_ in events(CLIP.format(f' srcEnable="{enabled}"', ""))] == kinds


def test_lanes_are_tracks_and_offsets_count_on_the_parents_clock():
    above = '<asset-clip ref="a1" lane="1" offset="3603s" start="3600s" duration="1s" srcEnable="video"/>'
    below = '<asset-clip ref="a2" lane="-1" offset="3604s" start="5s" duration="2s"/>'
    title = '<title ref="e1" lane="2" offset="3602s" name="T" duration="1s"/>'
    assert events(CLIP.format("", above + below + title)) == [
        ("Video", 1, (0, 100), (90050, 100)), ("Video", 2, (25, 25), (90000, 25)),
        ("Audio", 1, (0, 100), (90050, 100)), ("Audio", 2, (50, 50), (125, 50)),
    ]  # fmt: skip


def test_a_connected_storyline_counts_from_its_own_beginning():
    inner = '<asset-clip ref="a1" offset="1s" start="3610s" duration="2s" srcEnable="video"/>'
    hung = f'<spine lane="1" offset="3603s"><gap offset="0s" duration="1s" start="3600s"/>{inner}</spine>'
    assert events(CLIP.format(' srcEnable="video"', hung))[1] == ("Video", 2, (50, 50), (90250, 50))


def test_clips_hang_on_gaps_by_the_gaps_clock():
    hung = '<asset-clip ref="a1" lane="1" offset="3601s" start="3600s" duration="1s" srcEnable="video"/>'
    assert events(f'<gap offset="3600s" start="3600s" duration="5s">{hung}</gap>') == [
        ("Video", 2, (25, 25), (90000, 25))
    ]


def test_offsets_and_lengths_that_go_unsaid_follow_the_clip_before_and_the_file():
    short = '<asset-clip ref="a1" start="3600s" duration="1s" srcEnable="video"/>'
    whole = '<asset-clip ref="a1" srcEnable="video"/>'
    assert events(short, short, whole) == [
        ("Video", 1, (0, 25), (90000, 25)), ("Video", 1, (25, 25), (90000, 25)),
        ("Video", 1, (50, 2500), (90000, 2500)),
    ]  # fmt: skip


def test_a_clip_shows_the_part_of_its_video_that_it_spans():
    sound = '<audio ref="a1" lane="-1" offset="3610s" duration="50s" start="3610s"/>'
    inner = f'<video ref="a1" offset="10s" start="3610s" duration="50s">{sound}</video>'
    assert events(f'<clip offset="3600s" start="12s" duration="4s">{inner}</clip>') == [
        ("Video", 1, (0, 100), (90300, 100)), ("Audio", 1, (0, 100), (90300, 100)),
    ]  # fmt: skip


COMPOUND = """<media id="m1" name="C"><sequence format="r1" tcStart="10s"><spine>
<asset-clip ref="a1" offset="10s" start="3600s" duration="4s" srcEnable="video"/>
<asset-clip ref="a1" offset="14s" start="3650s" duration="4s" srcEnable="video"/></spine></sequence></media>"""


def test_a_compound_clip_is_taken_apart_and_trimmed():
    assert events('<ref-clip ref="m1" offset="3600s" start="12s" duration="3s"/>', resources=COMPOUND) == [
        ("Video", 1, (0, 50), (90050, 50)), ("Video", 1, (50, 25), (91250, 25)),
    ]  # fmt: skip
    assert events('<ref-clip ref="m1" offset="3600s" duration="1s"/>', resources=COMPOUND)[0][3] == (90000, 25)


MULTICAM = """<media id="m2"><multicam format="r1" tcStart="0s">
<mc-angle name="A" angleID="A"><gap offset="0s" duration="2s"/>
<asset-clip ref="a1" offset="2s" start="3600s" duration="50s"/></mc-angle>
<mc-angle name="B" angleID="B"><asset-clip ref="a2" offset="0s" duration="60s"/></mc-angle></multicam></media>"""


def test_a_multicam_clip_shows_the_angles_that_are_on():
    sources = '<mc-source angleID="A" srcEnable="video"/><mc-source angleID="B" srcEnable="audio"/>'
    clip = f'<mc-clip ref="m2" offset="3600s" start="4s" duration="2s">{sources}</mc-clip>'
    assert events(clip, resources=MULTICAM) == [
        ("Video", 1, (0, 50), (90050, 50)), ("Audio", 1, (0, 50), (100, 50)),
    ]  # fmt: skip


def test_a_synchronised_clip_and_an_audition_show_what_is_on():
    inner = CLIP.replace("3600s", "0s").format("", "")
    sync = f'<sync-clip offset="3600s" duration="2s"><spine>{inner}</spine></sync-clip>'
    assert events(sync)[0] == ("Video", 1, (0, 50), (90050, 50))
    audition = f"<audition>{CLIP.format('', '')}{CLIP.replace('a1', 'a2').format('', '')}</audition>"
    assert len(events(audition)) == 2
    assert dict(fcpxml.read(document(audition)).facts)["clips"] == 1


TIME_MAP = '<timeMap><timept time="3600s" value="{}" interp="smooth2"/><timept time="3700s" value="{}"/></timeMap>'


@pytest.mark.parametrize(
    ("first", "last", "speed", "source"),
    [
        ("3600s", "3650s", Fraction(1, 2), (90025, 50)),
        ("3600s", "3800s", 2, (90100, 200)),
        ("3700s", "3600s", -1, (92350, 100)),
        ("3601s", "3601s", 0, (90025, 1)),
    ],
)
def test_a_time_map_is_a_speed(first, last, speed, source):
    read = fcpxml.read(document(CLIP.format(' srcEnable="video"', TIME_MAP.format(first, last))))
    (event,) = read.events
    assert (event.speed, event.source, event.record) == (speed, TimeRange(*source), TimeRange(0, 100))


def test_a_time_map_around_a_video_is_a_speed_and_one_that_bends_is_named():
    inner = '<video ref="a1" offset="3600s" start="3600s" duration="100s"/>'
    clip = f'<clip offset="3600s" start="3602s" duration="4s">{{}}{inner}</clip>'
    read = fcpxml.read(document(clip.format(TIME_MAP.format("3600s", "3650s"))))
    assert (read.events[0].speed, read.events[0].source) == (Fraction(1, 2), TimeRange(90025, 50))
    bent = (
        '<timeMap><timept time="0s" value="0s"/><timept time="1s" value="2s"/><timept time="4s" value="3s"/></timeMap>'
    )
    assert "changes within it" in fcpxml.read(document(clip.format(bent))).left_out[0].sentence


@pytest.mark.parametrize(
    ("conform", "speed", "frames"),
    [
        ('<conform-rate srcFrameRate="23.98"/>', Fraction(1001, 1000), 48),  # frame by frame
        ('<conform-rate scaleEnabled="0" srcFrameRate="23.98"/>', 1, 48),
        ("", 1, 48),
    ],
)
def test_a_conformed_rate_shows_frame_by_frame(conform, speed, frames):
    clip = f'<asset-clip ref="a23" offset="0s" start="1001/1000s" duration="2s">{conform}</asset-clip>'
    (event,) = fcpxml.read(document(clip, form="r24", start="0s")).events
    assert (event.speed, event.rate, event.source) == (speed, Rate(24000, 1001), TimeRange(24, frames))
    assert event.record == TimeRange(0, 48)


def test_transitions_lie_where_clips_meet():
    first, second = CLIP.format("", ""), CLIP.format("", "").replace('offset="3600s"', 'offset="3604s"')
    joint = '<transition name="Cross Dissolve" offset="18018/5s" duration="1s"/>'
    (found,) = fcpxml.read(document(first, joint, second)).transitions
    assert (found.at, found.before, found.after, found.name) == (100, 10, 15, "Cross Dissolve")


def test_markers_keywords_ratings_and_notes_are_kept():
    inside = (
        '<note>good</note><keyword start="3600s" duration="1s" value="Vienna, start"/>'
        '<rating start="3600s" duration="1s" value="favorite"/>'
        '<marker start="3603s" duration="100/2500s" value="m" note="n"/><chapter-marker start="3699s" value="hidden"/>'
        '<metadata><md key="com.apple.proapps.studio.scene" value="12"/></metadata>'
    )
    picture = fcpxml.read(document(CLIP.format("", inside))).events[0]
    assert picture.log == (
        ("note", "good"), ("keyword", "Vienna"), ("keyword", "start"), ("rating", "favorite"), ("scene", "12"),
    )  # fmt: skip
    assert [(mark.name, mark.note, mark.record) for mark in picture.marks] == [
        ("m", "n", TimeRange(25, 1)), ("hidden", "", None),
    ]  # fmt: skip
    read = fcpxml.read(document('<gap offset="3600s" duration="4s"><marker start="1s" value="on a gap"/></gap>'))
    assert [(mark.name, mark.record) for mark in read.marks] == [("on a gap", TimeRange(25, 1))]


def test_the_browser_tells_of_a_file_wherever_it_is_used():
    browser = '<event><asset-clip ref="a1"><keyword start="3600s" duration="1s" value="Vienna"/></asset-clip>{}</event>'
    assert fcpxml.read(document(CLIP.format("", ""), around=browser)).events[0].log == (("keyword", "Vienna"),)


def test_what_does_not_play_is_disabled_and_titles_are_named():
    read = fcpxml.read(
        document(CLIP.format(' enabled="0"', ""), '<title ref="e1" offset="3604s" name="T" duration="1s"/>')
    )
    assert not any(event.enabled for event in read.events)
    assert [each.sentence for each in read.left_out] == ["'T' is a title: it has no media."]


@pytest.mark.parametrize(
    ("name", "rate", "size"),
    [
        ("FFVideoFormat1080p25", Rate(25), (1920, 1080)),
        ("FFVideoFormat720p5994", Rate(60000, 1001), (1280, 720)),
        ("FFVideoFormat1080i5994", Rate(30000, 1001), (1920, 1080)),
        ("FFVideoFormat3840x2160p2398", Rate(24000, 1001), (3840, 2160)),
        ("FFVideoFormatDV720x576i50", Rate(25), (720, 576)),
    ],
)
def test_a_format_may_be_a_name_alone(name, rate, size):
    read = fcpxml.read(document(resources=f'<format id="n" name="{name}"/>', form="n", start="0s"))
    facts = dict(read.facts)
    assert (read.rate, facts["width"], facts["height"]) == (rate, *size)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1001/30000s", Fraction(1001, 30000)), ("5s", 5), ("-5s", -5), ("1.5s", Fraction(3, 2)), ("0s", 0)],
)
def test_times_are_rational_seconds(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", [None, "", "5", "1/0s", "nan s", "infs", "1e9s", "1/2/3s", "9" * 40 + "s"])
def test_what_is_no_time_is_none(text):
    assert seconds(text) is None


def test_rates_are_read_from_names():
    names = {"23.98": Rate(24000, 1001), "47.95": Rate(48000, 1001), "60": Rate(60), "x": None, "120": Rate(120)}
    assert {name: rate_named(name) for name in names} == names


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (CLIP.format("", "").replace('"4s"', '"401/100s"'), "within a frame"),
        (CLIP.format("", "").replace("3602s", "3699s"), "of a file that has 90000 to 92500"),
        (CLIP.format("", "").replace("3602s", "3500s"), "of a file that has 90000 to 92500"),
        (CLIP.format("", "").replace("a1", "a9"), "which is no file"),
        (CLIP.format("", "").replace("3602s", "soon"), "which is no time"),
        ('<ref-clip ref="zz" offset="3600s" duration="1s"/>', "no compound clip"),
        ('<mc-clip ref="zz" offset="3600s" duration="1s"/>', "no multicam"),
        ('<video ref="e1" offset="3600s" name="v"/>', "has no length"),
    ],
)
def test_what_a_clip_says_wrongly_is_told_with_its_line(item, says):
    problems = fcpxml.read(document("\n\n", item)).problems
    assert any(says in each.sentence for each in problems), problems
    line = document("\n\n", item).decode().split("<asset-clip ref" if "asset-clip" in item else item[:9])[0].count("\n")
    assert {each.line for each in problems} == {line + 1}


def test_a_timeline_without_a_format_or_a_project_is_told():
    read = fcpxml.read(document(CLIP.format("", ""), form="none"))
    assert "tells its frame rate" in read.problems[0].sentence
    assert read.rate is None
    alone = fcpxml.read(b'<fcpxml version="1.9"><resources/><asset-clip ref="r1"/></fcpxml>')
    assert dict(alone.facts) == {"format": "fcpxml", "version": "1.9", "projects": 0}


def test_clips_that_hold_themselves_or_multiply_without_end_are_refused():
    inside = '<spine><ref-clip ref="m1" offset="0s" duration="9s"/></spine>'
    itself = f'<media id="m1"><sequence format="r1">{inside}</sequence></media>'
    with pytest.raises(TimelineUnreadable, match="more than any timeline"):
        fcpxml.read(document('<ref-clip ref="m1" offset="3600s" duration="1s"/>', resources=itself))
    bomb = "".join(
        f'<media id="b{n}"><sequence format="r1"><spine>'
        + "".join(f'<ref-clip ref="b{n + 1}" offset="0s" duration="9s"/>' for _ in range(10))
        + "</spine></sequence></media>"
        for n in range(12)
    )
    with pytest.raises(TimelineUnreadable, match="more than any timeline"):
        fcpxml.read(document('<ref-clip ref="b0" offset="3600s" duration="99s"/>', resources=bomb))


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE fcpxml [<!ENTITY a 'aaaa'>]><fcpxml>&a;</fcpxml>",
        b"<fcpxml><project></fcpxml>",
        b"<fcpxml>" + b"<event>" * 300 + b"</event>" * 300 + b"</fcpxml>",
        b"<xmeml/>",
    ],
)
def test_what_is_damaged_or_hostile_is_one_sentence(content):
    with pytest.raises(TimelineUnreadable) as refused:
        fcpxml.read(content)
    assert refused.value.sentence.endswith(".")
