"""FCPXML: what each element says, judged by a reader of our own and by Apple's DTD."""

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from editorial_clips import RATES, logged, media, settings
from hypothesis import given
from hypothesis import settings as effort
from lxml import etree
from read_fcpxml import read_fcpxml, seconds
from test_exports_agree import cut_of, cuts
from test_foreign import Range, Time, clip, timeline, track

from pipeline.clip import Part, Source, Stamp
from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import fcpxml
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.shots import media_of
from pipeline.timecode import Timecode

ROOT = Path(__file__).parents[2]
DTDS = Path(os.environ.get("RUSHES_SAMPLES", ROOT.parent / "shared" / "samples")).parent / "dtd"


@pytest.fixture(scope="module")
def dtd():
    """Apple's definitions of the version we write and of every newer one, by version."""
    found = {f"1.{path.stem.rpartition('_')[2]}": path for path in DTDS.glob("FCPXMLv1_*.dtd")}
    newer = {version: path for version, path in found.items() if _count(version) >= _count(fcpxml.VERSION)}
    if fcpxml.VERSION not in newer:
        pytest.skip(f"no FCPXML DTD in {DTDS}: set RUSHES_SAMPLES to the folder beside it")
    return {version: etree.DTD(str(path)) for version, path in newer.items()}


def _count(version):
    return tuple(map(int, version.split(".")))


def options(editor="fcp", first=None):
    return ExportOptions(Path(), first, editor)


def written(*clips, rate="25", editor="fcp", kind="stringout", first=None, files=None, **chosen):
    cut = assemble(kind, clips, files or media(*clips), settings(rate, **chosen))
    return fcpxml.write(cut.timeline, options(editor, first))


def text_of(made):
    (file,) = made.files
    assert file.suffix == ".fcpxml"
    return file.content


def read(*clips, **others):
    return read_fcpxml(text_of(written(*clips, **others)))


def read_from(clip_of_log, where):
    """The clip with the place where its timecode was read."""
    facts = replace(clip_of_log.clip.facts, sources=(Source("start_timecode", where),))
    return replace(clip_of_log, clip=replace(clip_of_log.clip, facts=facts))


# --- the DTD ---


def valid(dtd, content):
    """Whether a document is valid by its own version and, named so, by every newer one."""
    document = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    assert document.get("version") == fcpxml.VERSION
    for version, definition in dtd.items():
        document.set("version", version)
        assert definition.validate(document), (version, definition.error_log)
    return True


def test_newer_definitions_are_among_the_judges(dtd):
    assert set(dtd) >= {"1.10", "1.11", "1.12", "1.13"}
    document = etree.fromstring(f'<fcpxml version="{fcpxml.VERSION}"><resources/><librarium/></fcpxml>')
    assert not any(definition.validate(document) for definition in dtd.values())


@effort(max_examples=40, deadline=None)
@given(made=cuts())
def test_every_cut_is_valid_by_the_dtd(dtd, made):
    assert valid(dtd, text_of(fcpxml.write(cut_of(made).timeline, options("resolve"))))


def test_a_clip_with_everything_and_a_timeline_with_nothing_are_valid(dtd):
    full = logged(
        rate="29.97", start="10:00:00;00", drop=True, audio=(1, 1, 2), reel="A001R", markers=[(3, 0, "n", "s")],
        circled="yes", rating=5, subject=("Coach", "Marathon"), location="Vienna", tag=("run",), note="a\nb",
        scene="12", take="3", camera="B",
    )  # fmt: skip
    assert valid(dtd, text_of(written(full, logged("b.wav", kind="sound"), gap=9)))
    assert valid(dtd, text_of(fcpxml.write(timeline(), options())))
    assert valid(dtd, text_of(fcpxml.write(timeline(track("A", clip("a", 0, 9), kind="Audio")), options())))


# --- time ---


@pytest.mark.parametrize(
    ("rate", "start", "drop", "frame", "begins", "counting"),
    [
        ("23.976", "01:00:00:01", False, "1001/24000s", "86487401/24000s", "NDF"),
        ("24", "01:00:00:00", False, "100/2400s", "3600s", "NDF"),
        ("25", "01:00:00:01", False, "100/2500s", "9000100/2500s", "NDF"),
        ("29.97", "01:00:00:00", False, "1001/30000s", "108108000/30000s", "NDF"),
        ("29.97", "01:00:00;00", True, "1001/30000s", "107999892/30000s", "DF"),
        ("50", "01:00:00:00", False, "100/5000s", "3600s", "NDF"),
        ("59.94", "01:00:00;00", True, "1001/60000s", "215999784/60000s", "DF"),
        ("119.88", "00:00:00:00", False, "1001/120000s", "0s", "NDF"),
    ],
)
def test_times_are_frames_over_the_time_scale_of_the_rate(rate, start, drop, frame, begins, counting):
    made = read(logged(rate=rate, start=start, drop=drop), rate=rate, start=start, drop=drop)
    assert made.root.find("resources/format").get("frameDuration") == frame
    assert (made.sequence["tcStart"], made.sequence["tcFormat"]) == (begins, counting)
    (asset,) = made.root.findall("resources/asset")
    assert asset.get("start") == begins
    assert made.clips[0].clip["tcFormat"] == counting


def test_other_rates_keep_their_speed_and_are_named():
    made = written(logged("a.mov", "29.97", 300), logged("b.mov", "25"), logged("c.mov", "100", 400))
    found = read_fcpxml(text_of(made))
    conform = {
        each.get("name"): each.find("conform-rate") for each in found.root.iter("asset-clip") if each.get("offset")
    }
    assert {name: rate is not None and dict(rate.attrib) for name, rate in conform.items()} == {
        "a.mov": {"scaleEnabled": "0", "srcFrameRate": "29.97"}, "b.mov": False, "c.mov": {"scaleEnabled": "0"},
    }  # fmt: skip
    assert any("a.mov, c.mov" in loss and "conform-rate" in loss for loss in made.losses)
    lengths = {each.name: found.frames(each.duration) for each in found.clips}
    assert lengths == {"a.mov": 250, "b.mov": 100, "c.mov": 100}


def test_rates_that_final_cut_has_no_projects_for_are_named():
    assert not any("no projects" in loss for loss in written(logged(), editor="fcp").losses)
    assert any("no projects at 48" in loss for loss in written(logged(rate="48"), rate="48").losses)
    assert not any("no projects" in loss for loss in written(logged(rate="48"), rate="48", editor="resolve").losses)


def test_markers_lie_on_the_clock_of_their_clip():
    sound = logged("b.wav", kind="sound", start=None, markers=[(20, 5, "applause", "")])
    made = read(logged(markers=[(10, 3, "sun", ""), (7, 0, "", "Coach")]), sound, handles=0)
    marks = {
        (each.name, made.frames(at), made.frames(long), name)
        for each in made.clips
        for at, long, name, _ in each.markers
    }
    assert marks == {
        ("A001C001.mov", 10, 3, "sun"), ("A001C001.mov", 7, 1, "Coach"), ("b.wav", 120, 5, "applause"),
    }  # fmt: skip


def test_a_marker_on_the_rest_of_a_frame_stands_on_the_last_frame_of_its_clip():
    made = read(logged(rate="50", frames=101, markers=[(100, 1, "last", "")]), rate="25")
    assert [(made.frames(at), name) for at, _, name, _ in made.clips[0].markers] == [(49, "last")]


# --- which clock an editor sees ---


@pytest.mark.parametrize(
    ("where", "fcp"),
    [
        ("tmcd sample", "36000s"),
        ("timecode of the material package", "36000s"),
        ("bext time reference at its SPEED", "36000s"),
        ("sidecar C0001M01.XML: LtcChangeTable", "0s"),
        ("rtmd sample", "0s"),
        ("Tags TIMECODE", "0s"),
    ],
)
def test_each_editor_gets_the_clock_that_it_reads(where, fcp):
    one = read_from(logged(markers=[(10, 3, "sun", "")]), where)
    for editor, start in (("fcp", fcp), ("resolve", "36000s")):
        made = read(one, editor=editor)
        assert made.clips[0].asset["start"] == start
        assert made.clips[0].into == 0
        assert made.clips[0].markers[0][0] == Fraction(10, 25)
    assert any("does not read" in loss for loss in written(one).losses) == (fcp == "0s")
    assert not any("does not read" in loss for loss in written(one, editor="resolve").losses)


def test_a_proxy_has_the_timecode_where_every_editor_reads_it():
    one = read_from(logged(), "sidecar C0001M01.XML: LtcChangeTable")
    made = read(one, first="proxy")
    assert made.clips[0].asset["start"] == "36000s"
    (file,) = made.root.findall("resources/asset/media-rep")
    assert file.attrib == {"kind": "original-media", "src": "file:///film/proxies/A001/A001C001.mov"}


def test_an_fcpxml_of_proxies_says_that_it_has_no_originals():
    said = [any("no original is in the file" in loss for loss in written(logged(), **how).losses) for how in (
        {"editor": "fcp", "first": "proxy"}, {"editor": "fcp"}, {"editor": "resolve", "first": "proxy"},
    )]  # fmt: skip
    assert said == [True, False, False]


def test_sound_begins_at_its_first_sample_and_its_frames_count_from_there():
    one = logged("b.wav", kind="sound", start="10:00:00:00", audio=(1,))
    late = replace(one.clip.facts, time_reference=48000 * 36000 + 700)
    made = read(replace(one, clip=replace(one.clip, facts=late)))
    assert seconds(made.clips[0].asset["start"]) == 36000 + Fraction(700, 48000)
    assert made.clips[0].into == 0


# --- files ---


def test_originals_and_proxies_are_file_urls_and_names_keep_their_extension():
    made = read(logged("Tag 1 & ü%.mov"))
    (asset,) = made.root.findall("resources/asset")
    assert asset.get("name") == "Tag 1 & ü%.mov"
    assert [(each.get("kind"), each.get("src")) for each in asset.findall("media-rep")] == [
        ("original-media", "file:///film/A001/Tag%201%20%26%20%C3%BC%25.mov"),
        ("proxy-media", "file:///film/proxies/A001/Tag%201%20%26%20%C3%BC%25.mov"),
    ]


def test_a_path_that_is_no_utf_8_is_written_byte_for_byte():
    one = logged()
    one = replace(one, clip=replace(one.clip, parts=(Part(1, b"A001/K\xfcche.mov", Stamp(1, 1, 1, 1), "0", 100),)))
    (file,) = read(one, files=media(one, proxies=False)).root.findall("resources/asset/media-rep")
    assert file.get("src") == "file:///film/A001/K%FCche.mov"


def test_an_offline_file_stays_by_name_and_is_said():
    one = logged("a b.mov")
    made = written(one, files={one.clip.id: media_of(one.clip, {1: None})})
    (file,) = read_fcpxml(text_of(made)).root.findall("resources/asset/media-rep")
    assert file.get("src") == "./a%20b.mov"
    assert any("without a path" in loss and "a b.mov" in loss for loss in made.losses)


def test_a_spanned_clip_is_a_clip_for_each_file_and_its_proxy_is_none_of_theirs():
    made = written(logged("a.mov", parts=(60, 40)), kind="stringout")
    found = read_fcpxml(text_of(made))
    assert [(each.name, found.frames(each.record), found.frames(each.duration), each.into) for each in found.clips] == [
        ("a.mov", 0, 60, 0), ("1_a.mov", 60, 40, 0),
    ]  # fmt: skip
    assert [each.asset["start"] for each in found.clips] == ["36000s", "90006000/2500s"]
    assert not found.root.findall(".//media-rep[@kind='proxy-media']")
    assert any("spanned" in loss for loss in made.losses)


def test_an_asset_states_its_pictures_and_its_streams_of_sound():
    made = read(
        logged("a.mov", audio=(1, 1, 1, 1)), logged("b.mov", audio=()), logged("c.wav", kind="sound", audio=(2,))
    )
    keys = ("hasVideo", "hasAudio", "videoSources", "audioSources", "audioChannels", "audioRate")
    stated = {each.get("name"): tuple(each.get(key) for key in keys) for each in made.root.findall("resources/asset")}
    assert stated == {
        "a.mov": ("1", "1", "1", "4", "1", "48000"),
        "b.mov": ("1", None, "1", None, None, None),
        "c.wav": (None, "1", None, "1", "2", "48000"),
    }


@pytest.mark.parametrize(
    ("rate", "changes", "expected"),
    [
        ("25", {}, ("FFVideoFormat1080p25", "1920", "1080", None, None)),
        ("59.94", {"width": 3840, "height": 2160}, ("FFVideoFormat3840x2160p5994", "3840", "2160", None, None)),
        ("25", {"width": 1919}, (None, "1919", "1080", None, None)),
        ("100", {}, (None, "1920", "1080", None, None)),
        ("25", {"rotation": 90}, (None, "1080", "1920", None, None)),
        (
            "25", {"interlaced": True, "field_order": "tff"},
            ("FFVideoFormat1080i50", "1920", "1080", "upper first", None),
        ),
        ("25", {"width": 1440, "pixel_aspect": Fraction(4, 3)}, (None, "1440", "1080", None, ("4", "3"))),
    ],
)  # fmt: skip
def test_a_format_has_the_name_that_final_cut_knows_or_none(rate, changes, expected):
    one = logged(rate=rate, audio=())
    video = replace(one.clip.facts.video, **changes)
    one = replace(one, clip=replace(one.clip, facts=replace(one.clip.facts, video=video)))
    made = read(one, rate=rate, size=(640, 480))
    shape = made.root.find(f".//format[@id='{made.clips[0].asset['format']}']")
    pasp = (shape.get("paspH"), shape.get("paspV")) if shape.get("paspH") else None
    assert (shape.get("name"), shape.get("width"), shape.get("height"), shape.get("fieldOrder"), pasp) == expected
    assert made.sequence["format"] != shape.get("id")


# --- the log ---


def browser_clip(made, name):
    return next(each for each in made.root.findall(".//event/asset-clip") if each.get("name") == name)


def test_keywords_favorites_notes_and_columns_come_from_the_log():
    values = {
        "subject": ("Coach", "Smith, J."),
        "location": "Vienna",
        "tag": ("run",),
        "note": 'a "b"\n<c>',
        "scene": "12",
    }
    made = written(logged(reel="A001R", take="3", camera="B", circled="yes", **values))
    found = browser_clip(read_fcpxml(text_of(made)), "A001C001.mov")
    assert [each.get("value") for each in found.findall("keyword")] == ["Coach", "Smith; J.", "Vienna", "run"]
    assert [each.get("value") for each in found.findall("rating")] == ["favorite"]
    assert {
        (each.get("start"), each.get("duration")) for each in [*found.findall("keyword"), *found.findall("rating")]
    } == {("36000s", "4s")}
    assert found.find("note").text == 'a "b"\n<c>'
    columns = {each.get("key"): each.get("value") for each in found.findall("metadata/md")}
    own = {f"com.apple.proapps.studio.{key}": value for key, value in
           {"reel": "A001R", "scene": "12", "shot": "3", "angle": "B"}.items()}  # fmt: skip
    assert own.items() <= columns.items()
    assert columns["rushes.subject"] == "Coach, Smith, J."
    assert any("Commas" in loss for loss in made.losses)


@pytest.mark.parametrize(
    ("values", "favorite"),
    [
        ({"circled": "yes"}, True),
        ({"rating": 4}, True),
        ({"rating": 3}, False),
        ({"circled": "no"}, False),
        ({}, False),
    ],
)
def test_circled_takes_and_high_ratings_are_favorites(values, favorite):
    found = browser_clip(read(logged(**values)), "A001C001.mov")
    assert bool(found.findall("rating")) == favorite


def test_what_xml_forbids_is_left_out_and_said():
    made = written(logged("a\x07b\x01.mov", note="x\x1by\ufffe", markers=[(1, 1, "m\x02", "")]))
    found = read_fcpxml(text_of(made))
    assert found.clips[0].name == "ab.mov"
    assert browser_clip(found, "ab.mov").find("note").text == "xy"
    assert found.clips[0].markers[0][2] == "m"
    assert sum("Control characters" in loss for loss in made.losses) == 2


@pytest.mark.parametrize("name", ["]]>.mov", "<&'\">.mov", "tab\there\nand\r.mov", "🎬 שלום.mov", "x" * 300 + ".mov"])
def test_any_name_survives(name):
    assert read(logged(name)).clips[0].name == name


# --- storyline ---


def test_sound_alone_hangs_on_a_gap_and_is_one_clip_for_all_its_streams():
    made = read(logged(), logged("b.wav", kind="sound", audio=(1, 1)), gap=5)
    assert [(each.name, each.lane, made.frames(each.record), made.frames(each.duration)) for each in made.clips] == [
        ("A001C001.mov", 0, 0, 100), ("b.wav", -1, 105, 100),
    ]  # fmt: skip
    assert [each.clip.get("audioRole") for each in made.clips] == ["dialogue", "dialogue"]
    assert [each.clip.get("videoRole") for each in made.clips] == ["video", None]


def test_more_tracks_of_a_foreign_timeline_hang_on_the_first():
    gap = otio.schema.Gap(source_range=Range(Time(0, 25), Time(5, 25)))
    music = clip("music", 50, 30)
    found = timeline(
        track("V1", clip("a", 0, 10), clip("b", 3, 10)), track("V2", gap.clone(), clip("c", 0, 9)),
        track("A1", clip("a", 0, 10), kind="Audio"), track("A2", gap.clone(), clip("b", 3, 4), music, kind="Audio"),
    )  # fmt: skip
    found.tracks.markers.append(otio.schema.Marker("here", Range(Time(12, 25), Time(0, 25))))
    made = read_fcpxml(text_of(fcpxml.write(found, options())))
    clips = {
        (each.name, each.lane, made.frames(each.record), made.frames(each.duration), each.clip.get("srcEnable"))
        for each in made.clips
    }
    assert clips == {
        ("a", 0, 0, 10, None), ("b", 0, 10, 10, "video"), ("c", 1, 5, 9, None), ("b", -2, 5, 4, "audio"),
        ("music", -2, 9, 30, None),
    }  # fmt: skip
    assert made.frames(made.duration) == 39
    assert [(made.frames(at), name) for each in made.clips for at, _, name, _ in each.markers] == [(12, "here")]


@pytest.mark.parametrize("rate", sorted(RATES))
def test_a_start_before_midnight_counts_on(rate):
    start = Timecode(-50, RATES[rate])
    made = read(logged(rate=rate, start=str(start)), rate=rate, start=str(start))
    assert made.start == RATES[rate].seconds(start.frame)
    assert made.frames(made.duration) == 100
