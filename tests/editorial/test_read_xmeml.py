"""FCP7 XML as editors write it: places beside transitions, speeds, timecodes, files by reference; and what is wrong."""

from fractions import Fraction
from xml.parsers import expat

import pytest

from pipeline.editorial.imports import markup, xmeml
from pipeline.errors import TimelineUnreadable
from pipeline.timecode import Rate, Timecode, TimeRange

RATE = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"


def rate(base, ntsc="FALSE"):
    return f"<rate><timebase>{base}</timebase><ntsc>{ntsc}</ntsc></rate>"


def timecode(label="10:00:00:00", frame=None, counting="NDF", own=RATE, reel="R001"):
    said = f"<frame>{frame}</frame>" if frame is not None else ""
    reel = f"<reel><name>{reel}</name></reel>"
    return f"<timecode>{own}<string>{label}</string>{said}<displayformat>{counting}</displayformat>{reel}</timecode>"


def file(inside=None, name="f1", own=RATE, duration=1000):
    inside = timecode() if inside is None else inside
    return (
        f'<file id="{name}"><name>a.mov</name><pathurl>file://localhost/film/a%20b.mov</pathurl>{own}'
        f"<duration>{duration}</duration>{inside}</file>"
    )


def clip(place=(0, 100), taken=(10, 110), *, own=RATE, media=None, more=""):
    return (
        f"<clipitem id='c'><name>a.mov</name>{own}<start>{place[0]}</start><end>{place[1]}</end>"
        f"<in>{taken[0]}</in><out>{taken[1]}</out>{file() if media is None else media}{more}</clipitem>"
    )


def document(*items, own=RATE, start="", around="{}", audio="", more=""):
    sequence = (
        f"<sequence><name>cut</name><duration>500</duration>{own}{start}<media>"
        f"<video><track>{''.join(items)}</track></video><audio>{audio}</audio></media>{more}</sequence>"
    )
    text = f"<?xml version='1.0'?>\n<!DOCTYPE xmeml>\n<xmeml version='5'>\n{around.format(sequence)}</xmeml>"
    return text.encode()


def only(content):
    (event,) = xmeml.read(content).events
    return event


def test_a_clip_counts_its_file_from_the_head_and_by_its_timecode():
    event = only(document(clip()))
    assert event.record == TimeRange(0, 100)
    assert event.media == TimeRange(10, 100)
    assert event.source == TimeRange(10 * 3600 * 25 + 10, 100)
    assert event.available == TimeRange(10 * 3600 * 25, 1000)
    assert (event.file, event.reel, event.rate, event.line) == ("/film/a b.mov", "R001", Rate(25), 4)


def dissolve(start, end, alignment="center", ticks=""):
    said = f"<cutPointTicks>{ticks}</cutPointTicks>" if ticks else ""
    return (
        f"<transitionitem><start>{start}</start><end>{end}</end><alignment>{alignment}</alignment>{said}{RATE}"
        "<effect><name>Cross Dissolve</name></effect></transitionitem>"
    )


@pytest.mark.parametrize(
    ("joint", "at", "before", "after"),
    [
        (dissolve(95, 105), 100, 5, 5),
        (dissolve(95, 106), 100, 5, 6),
        (dissolve(95, 106, ticks=6 * 10_160_640_000), 101, 6, 5),
        (dissolve(90, 100, "end"), 100, 10, 0),
        (dissolve(100, 110, "start"), 100, 0, 10),
    ],
)
def test_clips_beside_a_transition_meet_at_its_cut(joint, at, before, after):
    first = clip((0, -1), (0, at + after))
    second = clip((-1, 200), (50 - before, 150 + 100 - at))
    read = xmeml.read(document(first, joint, second))
    one, two = read.events
    assert (one.record, two.record) == (TimeRange(0, at), TimeRange(at, 200 - at))
    assert (one.media, two.media) == (TimeRange(0, at), TimeRange(50, 200 - at))
    (found,) = read.transitions
    assert (found.at, found.before, found.after, found.name) == (at, before, after, "Cross Dissolve")
    assert not read.problems


def remap(speed, reverse="FALSE", varies=0):
    values = {"variablespeed": varies, "speed": speed, "reverse": reverse}
    each = "".join(
        f"<parameter><parameterid>{name}</parameterid><value>{value}</value></parameter>"
        for name, value in values.items()
    )
    return f"<filter><effect><effectid>timeremap</effectid>{each}</effect></filter>"


@pytest.mark.parametrize(
    ("effect", "taken", "speed", "media"),
    [
        (remap(50), (20, 120), Fraction(1, 2), (10, 50)),  # as editors count: frames of the stretched clip
        (remap(50), (20, 70), Fraction(1, 2), (20, 50)),  # as some programs count: frames of the file
        (remap(200), (20, 120), 2, (40, 200)),
        (remap(200), (20, 220), 2, (20, 200)),
        (remap("33.3333"), (30, 130), Fraction("0.333333"), (9, 35)),
        (remap(-100), (20, 120), -1, (880, 100)),
        (remap(100, "TRUE"), (20, 120), -1, (880, 100)),
        (remap(50, "TRUE"), (20, 120), Fraction(-1, 2), (940, 50)),
    ],
)
def test_a_speed_says_what_of_the_file_is_taken(effect, taken, speed, media):
    event = only(document(clip(taken=taken, more=effect)))
    assert (event.speed, event.media) == (speed, TimeRange(*media))
    assert event.record == TimeRange(0, 100)


def test_a_speed_that_changes_is_named():
    read = xmeml.read(document(clip(more=remap(100, varies=1))))
    assert read.events[0].media is None
    assert "changes within it" in read.left_out[0].sentence


@pytest.mark.parametrize(
    ("base", "ntsc", "label", "counting", "expected"),
    [
        (30, "TRUE", "00;59;59;28", "DF", "00:59:59;28"),
        (30, "TRUE", "01:00:00;00", "DF", "01:00:00;00"),
        (30, "TRUE", "01:00:00:00", "NDF", "01:00:00:00"),
        (60, "TRUE", "01:00:00;00", "DF", "01:00:00;00"),
        (24, "TRUE", "01:00:00:00", "NDF", "01:00:00:00"),
        (25, "FALSE", "01:00:00:00", "", "01:00:00:00"),
        ("29.97", "", "01:00:00;00", "DF", "01:00:00;00"),
    ],
)
def test_the_record_timecode_is_what_the_sequence_says(base, ntsc, label, counting, expected):
    own = rate(base, ntsc)
    read = xmeml.read(document(own=own, start=timecode(label, None, counting, own)))
    facts = dict(read.facts)
    assert facts["first_record_timecode"] == expected
    assert facts["drop_frame"] == (";" in expected)
    assert not read.problems


@pytest.mark.parametrize(
    ("start", "says", "frame"),
    [
        (timecode("00:00:10:00", 240), "which is another one", 250),
        (timecode("00:00:10:25", 250), "is no timecode", 250),
        (timecode("00;01;00;02", 1500, "DF"), "where none exists", 1500),
    ],
)
def test_a_timecode_that_contradicts_itself_is_told(start, says, frame):
    read = xmeml.read(document(start=start))
    assert says in read.problems[0].sentence
    assert read.problems[0].line == 4
    assert read.start == Timecode(frame, Rate(25))


def test_clips_count_at_their_own_rate():
    own = rate(30, "TRUE")
    media = file(timecode("01:00:00;00", None, "DF", own), own=own)
    event = only(document(clip((0, 25), (30, 60), own=own, media=media)))
    assert event.rate == Rate(30000, 1001)
    assert event.drop_frame is True
    assert event.source == TimeRange(107892 + 30, 30)


def test_a_file_is_described_once_before_or_after_it_is_used():
    for around in ("{}" + file(), file() + "{}"):
        event = only(document(clip(media='<file id="f1"/>'), around=around))
        assert event.reel == "R001"
    read = xmeml.read(document(clip(media='<file id="f9"/>')))
    assert "nowhere described" in read.problems[0].sentence


def test_sequences_in_bins_are_found_and_those_within_clips_are_not():
    nested = clip(media="<sequence id='s2'><name>inner</name></sequence>")
    around = "<project><children><bin><children>{}</children></bin><clip id='x'/></children></project>"
    read = xmeml.read(document(nested, around=around))
    assert dict(read.facts)["sequences"] == 1
    assert "not taken apart, and its 0 clips not looked for" in read.left_out[0].sentence
    assert read.title == "cut"


def test_multicams_and_sequences_within_one_are_named_with_the_clips_that_nobody_followed():
    items = "<media><video><track><clipitem/><clipitem/></track></video></media>"
    inner = f"<sequence id='s2'><name>inner</name>{items}</sequence>"
    for nested, around in ((inner, "{}"), ("<sequence id='s2'/>", "{}" + inner)):
        placed = f"<project><children>{around}</children></project>"
        said = xmeml.read(document(clip(media=nested), around=placed)).left_out[0]
        assert said.sentence.endswith("it is not taken apart, and its 2 clips not looked for.")
    angles = "<multiclip id='m'>" + "<angle><clip id='x'/></angle>" * 3 + "</multiclip>"
    read = xmeml.read(document(clip(media=angles)))
    assert "is a multiclip (a multicam); it is not taken apart, and its 3 clips" in read.left_out[0].sentence
    assert not any("names no file" in each.sentence for each in read.problems)


def test_generators_are_named_and_tracks_that_are_off_hold_disabled_clips():
    text = "<generatoritem><name>Text</name><start>0</start><end>9</end></generatoritem>"
    off = "<enabled>FALSE</enabled>"
    read = xmeml.read(document(text, clip(), off))
    assert ["'Text'" in each.sentence for each in read.left_out] == [True]
    assert [event.enabled for event in read.events] == [False]
    assert not only(document(clip(more=off))).enabled


def test_log_colour_markers_and_channel_are_kept():
    more = (
        "<logginginfo><scene>12</scene><shottake>3</shottake><lognote>x</lognote><good>TRUE</good></logginginfo>"
        "<comments><mastercomment1>Vienna</mastercomment1></comments><labels><label2>Iris</label2></labels>"
        "<marker><name>m</name><comment>n</comment><in>20</in><out>-1</out></marker>"
        "<sourcetrack><mediatype>audio</mediatype><trackindex>2</trackindex></sourcetrack>"
    )
    (event,) = xmeml.read(document(audio=f"<track>{clip(more=more)}</track>")).events
    assert (event.kind, event.channel, event.color) == ("Audio", 2, "Iris")
    assert dict(event.log) == {
        "scene": "12", "take": "3", "note": "x", "circled": "yes", "mastercomment1": "Vienna",
    }  # fmt: skip
    (mark,) = event.marks
    assert (mark.name, mark.note, mark.record) == ("m", "n", TimeRange(10, 1))


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (clip((0, 100), (10, 60)), "takes 50 frames and lasts 100"),
        (clip((0, 100), (980, 1080)), "of a file that has 1000"),
        (clip((0, 100), (110, 10)), "before it begins"),
        (clip((-1, -1), ("", "")), "has no place"),
        (clip(media=""), "names no file"),
    ],
)
def test_what_a_clip_says_wrongly_is_told_with_its_line(item, says):
    problems = xmeml.read(document("\n", item)).problems
    assert any(says in each.sentence for each in problems), problems
    assert {each.line for each in problems} == {5}


def test_a_check_finds_whether_there_is_a_picture_format_and_how_files_are_named():
    said = dict(xmeml.read(document(clip())).said)
    assert said["picture_format"] is False
    assert said["files"] == (("a.mov", "file://localhost/film/a%20b.mov"),)


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE xmeml [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><xmeml>&b;</xmeml>",
        b"<!DOCTYPE xmeml [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><xmeml>&a;</xmeml>",
        b"<!DOCTYPE xmeml SYSTEM 'http://127.0.0.1/x.dtd'><xmeml>&a;</xmeml>",
        b"<!DOCTYPE xmeml [<!ENTITY % a SYSTEM 'http://127.0.0.1/x'> %a;]><xmeml/>",
        b"<!DOCTYPE xmeml [<!ATTLIST xmeml version CDATA '5'>]><xmeml/>",
        b"<xmeml><sequence></xmeml>",
        b"<xmeml>" + b"<bin>" * 300 + b"</bin>" * 300 + b"</xmeml>",
        b"<xmeml><link>" + b"<bin>" * 300 + b"</bin>" * 300 + b"</link></xmeml>",
        b"<?xml version='1.0' encoding='none-such'?><xmeml/>",
        b"<xmeml>\x00</xmeml>",
        b"<fcpxml/>",
        b"",
    ],
)
def test_what_is_damaged_or_hostile_is_one_sentence(content):
    with pytest.raises(TimelineUnreadable) as refused:
        xmeml.read(content)
    assert refused.value.sentence.endswith(".")
    assert len(refused.value.sentence) < 200


@pytest.mark.parametrize("around", ["{}", "<!-- <bin> -->{}", "<bin name='>'/>{}", "<bin/>\r\n{}<bin></bin>"])
@pytest.mark.parametrize("inner", ["<bin/>", "<bin></bin>"])
def test_two_hundred_elements_within_one_another_are_read_and_not_one_more(around, inner):
    bins = "<bin>" * 198 + inner + "</bin>" * 198
    held = f"<xmeml><project>{around}</project></xmeml>"
    markup.parse(held.format(bins).encode())
    with pytest.raises(TimelineUnreadable, match="deeper"):
        markup.parse(held.format(f"<bin>{bins}</bin>").encode())


def test_a_bare_doctype_is_no_attack():
    for doctype in ("<!DOCTYPE xmeml>", "<!DOCTYPE xmeml[]>", "<!DOCTYPE xmeml SYSTEM 'xmeml.dtd'>"):
        assert xmeml.read(document(clip()).replace(b"<!DOCTYPE xmeml>", doctype.encode())).events


def test_bounds_on_size_and_count_hold(monkeypatch):
    monkeypatch.setattr(markup, "MOST_ELEMENTS", 10)
    with pytest.raises(TimelineUnreadable, match="more, or deeper"):
        xmeml.read(document(clip()))
    monkeypatch.setattr(markup, "LARGEST", 100)
    with pytest.raises(TimelineUnreadable, match="larger"):
        xmeml.read(document(clip()))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_other_encodings_are_read_and_recognised(encoding):
    text = document(clip()).decode().replace("<?xml version='1.0'?>", "\ufeff" if encoding == "utf-16-le" else "")
    content = text.strip().encode(encoding)
    assert xmeml.recognises(content[:4096])
    assert xmeml.read(content).events


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file://localhost/D%3a/media/a.mov", "D:/media/a.mov"),
        ("file:///Volumes/RAID/a%20b.mov", "/Volumes/RAID/a b.mov"),
        ("file://server/share/a.mov", "//server/share/a.mov"),
        ("/film/100%.mov", "/film/100%.mov"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("file:///%FF.mov", "/\udcff.mov"),
        ("https://example.com/a.mov", "https://example.com/a.mov"),
    ],
)
def test_paths_are_decoded_and_nothing_more(url, path):
    assert markup.path_of(url) == path


@pytest.mark.parametrize(
    "text",
    [
        "<?xml version='1.0'?>\n<!-- <a>\n<a/> -->\n<a>\n<ab/><a\n/>\n</a>",
        "<a>\n<![CDATA[<a>\n<b>]]>\n<b>x</b><?do <b>\n?>\n<b/></a>",
        "<a>\r\n<b/>\r<b></b>\r\n</a>",
        "<!DOCTYPE a [\n<!-- <b> -->\n]>\n<a x='1\n2'\n y='/'><b\n\tz='>'/></a>",
        "<a>\n<é/>\n<é>ü</é></a>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_elements_have_the_lines_that_another_reader_counts(text, encoding):
    content = text.encode(encoding)
    counted = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda *_: counted.append(parser.CurrentLineNumber)
    parser.Parse(content, True)
    assert [markup.line_of(node) for node in markup.parse(content).root.iter()] == counted


def test_names_are_read_without_a_namespace():
    content = document(clip()).replace(b"<xmeml ", b"<xmeml xmlns='http://example.com/x' ")
    assert b"xmlns" in content
    assert xmeml.read(content) == xmeml.read(document(clip()))
