"""FCP7 XML, read back by a reader of its own."""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

import opentimelineio as otio
import pytest
from editorial_clips import RATES, count_label, logged, media, settings
from xml_reader import files_of, items_of, rate_of, root_of

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import xmeml
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.exports.xml_text import path_url, xml_text
from pipeline.errors import ExportRefused
from pipeline.timecode import Rate, Timecode, TimeRange

SAMPLES = Path(os.environ.get("RUSHES_SAMPLES", Path(__file__).parents[3] / "shared")) / "samples" / "timelines"
COUNTINGS = [(rate, False) for rate in RATES] + [(rate, True) for rate in ("29.97", "59.94", "119.88")]


def exported(clips, chosen, kind="stringout", *, files=None, which=None):
    cut = assemble(kind, clips, files or media(*clips), chosen)
    result = xmeml.write(cut.timeline, ExportOptions(Path(), which))
    return root_of(result.files[0].content.decode()), result.losses


@pytest.mark.parametrize(("rate", "drop"), COUNTINGS)
def test_rate_counting_and_timecode_are_said_at_every_rate(rate, drop):
    clip = logged("x.mov", rate, 50, start="10:01:59:20", drop=drop, reel="A001")
    root, _ = exported([clip], settings(rate, "00:59:59:00", drop=drop))
    (sequence,) = root.iter("sequence")
    mark = ";" if drop else ":"
    label = sequence.findtext("timecode/string")
    assert rate_of(sequence) == rate_of(sequence.find("timecode")) == RATES[rate].fraction
    assert rate_of(sequence.find("media/video/format/samplecharacteristics")) == RATES[rate].fraction
    assert label == str(Timecode.parse("00:59:59:00", RATES[rate], drop_frame=drop))
    assert int(sequence.findtext("timecode/frame")) == count_label(label, RATES[rate].nominal)
    assert sequence.findtext("timecode/displayformat") == ("DF" if drop else "NDF")
    (file,) = files_of(root).values()
    assert file.label[8] == mark
    assert (file.start, file.rate) == (count_label(file.label, RATES[rate].nominal), RATES[rate].fraction)
    assert (file.counting, file.reel, file.duration) == ("DF" if drop else "NDF", "A001", 50)


def test_the_format_states_size_and_pixels():
    root, losses = exported([logged()], settings(size=(3840, 2160)))
    stated = root.find(".//sequence/media/video/format/samplecharacteristics")
    assert [stated.findtext(tag) for tag in ("width", "height", "pixelaspectratio", "fielddominance")] == [
        "3840", "2160", "square", "none",
    ]  # fmt: skip
    assert not any("picture size" in loss for loss in losses)


def test_every_channel_is_an_item_linked_to_its_picture():
    clips = [
        logged("one.mov", audio=(2, 1), start="10:00:00:00"),
        logged("mute.mov", audio=(), start="11:00:00:00"),
        logged("two.mov", audio=(1, 1), start="12:00:00:00"),
    ]
    root, _ = exported(clips, settings())
    items = items_of(root)
    heard = [(item.name, item.track, item.channel, item.record) for item in items if item.kind == "audio"]
    assert heard == [
        ("one.mov", 1, 1, (0, 100)), ("two.mov", 1, 1, (200, 300)),
        ("one.mov", 2, 2, (0, 100)),
        ("one.mov", 3, 3, (0, 100)), ("two.mov", 3, 2, (200, 300)),
    ]  # fmt: skip
    assert {file.name: file.channels for file in files_of(root).values()} == {
        "one.mov": (2, 1), "mute.mov": (), "two.mov": (1, 1),
    }  # fmt: skip
    assert_linked(items)
    together = {item.name: len(item.links) for item in items if item.kind == "video"}
    assert together == {"one.mov": 4, "mute.mov": 0, "two.mov": 3}


def assert_linked(items):
    """Every link leads to the item it names, at the track and place it says, and all of a group say the same."""
    by_id = {item.id: item for item in items}
    assert len(by_id) == len(items)
    places = {}
    for item in items:
        on_track = places.setdefault((item.kind, item.track), [])
        on_track.append(item.id)
    for item in items:
        for name, kind, track, place in item.links:
            other = by_id[name]
            assert (other.kind, other.track, places[kind, track][place - 1]) == (kind, track, name)
            assert (other.record, other.taken, other.links) == (item.record, item.taken, item.links)
        assert not item.links or item.id in {name for name, *_ in item.links}


def test_sound_only_clips_lie_on_sound_tracks_alone():
    clips = [logged("pic.mov", audio=()), logged("mix.wav", kind="sound", audio=(4,), start="12:00:00:00")]
    root, _ = exported(clips, settings())
    items = items_of(root)
    assert [(item.name, item.kind, item.channel) for item in items] == [
        ("pic.mov", "video", None), *(("mix.wav", "audio", number) for number in (1, 2, 3, 4)),
    ]  # fmt: skip
    assert {file.name: file.picture for file in files_of(root).values()} == {"pic.mov": True, "mix.wav": False}
    assert [len(clip.findall("media/video/track")) for clip in root.iter("clip")] == [1, 0]


def test_a_spanned_clip_is_an_event_for_each_file():
    clip = logged("GX01.MP4", parts=(100, 60), markers=((150, 5, "later", ""),))
    items = [item for item in items_of(exported([clip], settings())[0]) if item.kind == "video"]
    assert [(item.record, item.taken, item.file.start) for item in items] == [
        ((0, 100), (0, 100), 900000), ((100, 160), (0, 60), 900100),
    ]  # fmt: skip
    assert [item.marks for item in items] == [(), (("later", "later", 50, 55),)]


def test_proxies_are_one_file_for_all_parts_and_originals_are_named_as_left_out():
    clip = logged("GX01.MP4", parts=(100, 60), start=None)
    root, losses = exported([clip], settings(), which="proxy")
    (file,) = files_of(root).values()
    assert (file.url, file.duration, file.start) == ("file://localhost/film/proxies/A001/GX01.MP4", 160, 0)
    assert [item.taken for item in items_of(root) if item.kind == "video"] == [(0, 100), (100, 160)]
    assert any("originals" in loss for loss in losses)
    without, losses = exported([clip], settings(), files=media(clip, proxies=False), which="proxy")
    assert {file.url for file in files_of(without).values()} == {
        "file://localhost/film/A001/GX01.MP4", "file://localhost/film/A001/1_GX01.MP4",
    }  # fmt: skip
    assert any("without a proxy" in loss for loss in losses)


def test_markers_of_a_clip_count_its_own_frames_and_those_of_the_timeline_its():
    clip = logged("x.mov", "50", 200, markers=((75, 0, "here", ""), (100, 20, "good", "Coach")), circled="yes")
    cut = assemble("selects", [clip], media(clip), settings("25"))
    span = otio.opentime.TimeRange(otio.opentime.RationalTime(12, 25), otio.opentime.RationalTime(1, 25))
    cut.timeline.tracks.markers.append(otio.schema.Marker("all", span))
    root = root_of(xmeml.write(cut.timeline, ExportOptions(Path())).files[0].content.decode())
    (picture,) = [item for item in items_of(root) if item.kind == "video"]
    assert (picture.taken, picture.rate) == ((100, 120), 50)
    assert picture.marks == (("good", "good", 100, 120),)
    (mark,) = root.findall(".//sequence/marker")
    assert [mark.findtext(tag) for tag in ("name", "in", "out")] == ["all", "12", "-1"]


def test_a_clip_at_another_rate_keeps_its_frames_and_ends_exactly_in_ticks():
    root, losses = exported([logged("c.mov", "25", 100, audio=())], settings("29.97"))
    (item,) = items_of(root)
    assert (item.rate, item.record, item.taken) == (25, (0, 119), (0, 100))
    assert item.ticks[1] - item.ticks[0] == 119 / RATES["29.97"].fraction
    assert any("Mixed rates" in loss and "c.mov" in loss for loss in losses)


def test_a_rate_that_xmeml_cannot_say_is_counted_at_the_timelines_or_refused():
    clip = logged("cam.mov", Rate(25, 2), 50, start=None, audio=())
    root, losses = exported([clip], settings("25"))
    (item,) = items_of(root)
    assert (item.rate, item.record, item.taken, item.file.duration) == (25, (0, 100), (0, 100), 100)
    assert any("cannot say" in loss and "cam.mov" in loss for loss in losses)
    with pytest.raises(ExportRefused, match=r"12.5 frames per second; make the cut"):
        exported([clip], settings(Rate(25, 2)))


def test_bins_are_cards_and_the_log_stands_in_premieres_columns():
    clips = [
        logged("a.mov", card="A001", scene="12", take="3", note="wide & slow", subject=("Coach", "Läufer"),
               location="Kaptagat", rating=4, circled="yes", tag=("dawn",), view="runner", shoot_day="2019-10-12"),
        logged("b.mov", card="B001", start="11:00:00:00"),
        logged("c.mov", card="A001", start="12:00:00:00"),
    ]  # fmt: skip
    root, _ = exported(clips, settings())
    bins = {
        each.findtext("name"): [clip.findtext("name") for clip in each.findall("children/clip")]
        for each in root.iter("bin")
    }
    assert bins == {
        "A001": ["a.mov", "c.mov"],
        "B001": ["b.mov"],
        "Subjects": [],
        "Coach": ["a.mov"],
        "Läufer": ["a.mov"],
    }
    clip = root.find(".//clip")
    assert clip.findtext("ismasterclip") == "TRUE"
    log = {each.tag: each.text for name in ("logginginfo", "comments", "labels") for each in clip.find(name)}
    assert log == {
        "description": "Coach, Läufer, runner", "scene": "12", "shottake": "3", "lognote": "wide & slow",
        "good": "TRUE",
        "mastercomment1": "Kaptagat", "mastercomment2": "dawn", "mastercomment3": "4", "mastercomment4": "2019-10-12",
        "label": "Good Take", "label2": "Forest",
    }  # fmt: skip
    masters = {
        clip.get("id"): clip.findtext("name") for clip in root.iter("clip") if clip.findtext("ismasterclip") == "TRUE"
    }
    again = [clip for clip in root.iter("clip") if clip.findtext("ismasterclip") == "FALSE"]
    assert [masters[clip.findtext("masterclipid")] for clip in again] == ["a.mov", "a.mov"]
    assert len({item.get("id") for item in root.iter("clipitem")}) == len(list(root.iter("clipitem")))
    for item in root.findall(".//sequence//clipitem"):
        assert masters[item.findtext("masterclipid")] == item.findtext("name")


@pytest.mark.parametrize(
    "name", ["a<b>&c.mov", "]]>.mov", "x\x01\x1b\x07.mov", "né 🏃 \u200f.mov", "l\r\nx\t.mov", "\ufffe.mov"]
)
def test_any_name_and_note_leaves_the_file_readable(name):
    clip = logged(name, note=f"see {name}", markers=((1, 2, name, ""),), card=name)
    root, losses = exported([clip], settings())
    kept = "".join(letter for letter in name if (letter >= " " and letter != "\ufffe") or letter in "\t\r\n")
    assert root.findtext(".//sequence//clipitem/name") == kept
    assert root.findtext(".//clip/logginginfo/lognote") == f"see {kept}"
    assert any("Control characters" in loss for loss in losses) == (kept != name)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/film/A 1/é#?.mov", "file://localhost/film/A%201/%C3%A9%23%3F.mov"),
        (os.fsdecode(b"/film/\xff%.mov"), "file://localhost/film/%FF%25.mov"),
        ("D:\\film\\a b.mov", "file://localhost/D:/film/a%20b.mov"),
        ("file:///x/a%20b.mov", "file:///x/a%20b.mov"),
        ("media/a b.mov", "media/a%20b.mov"),
    ],
)
def test_paths_are_urls(path, url):
    assert path_url(path) == url
    assert xml_text(url) == url
    if path.startswith("/"):
        assert unquote_to_bytes(url.removeprefix("file://localhost")) == os.fsencode(path)


def test_an_offline_clip_has_a_name_and_no_path():
    clip = logged("x.mov")
    cut = assemble("stringout", [clip], media(clip), settings())
    for item in cut.timeline.find_clips():
        span = item.media_reference.available_range
        item.media_reference = otio.schema.MissingReference("x.mov", span)
    result = xmeml.write(cut.timeline, ExportOptions(Path()))
    (file,) = files_of(root_of(result.files[0].content.decode())).values()
    assert (file.name, file.url) == ("x.mov", None)
    assert any("linked by name: x.mov" in loss for loss in result.losses)


def test_a_foreign_timeline_that_says_little_gets_no_range_outside_its_files():
    def clip(start):
        span = otio.opentime.TimeRange(otio.opentime.RationalTime(start, 25), otio.opentime.RationalTime(20, 25))
        return otio.schema.Clip("x.mov", otio.schema.ExternalReference("/x.mov"), span)

    timeline = otio.schema.Timeline("foreign")
    track = otio.schema.Track("V", kind="Video")
    track.extend([clip(500), clip(100), clip(900)])
    timeline.tracks.append(track)
    result = xmeml.write(timeline, ExportOptions(Path()))
    items = items_of(root_of(result.files[0].content.decode()))
    assert [item.taken for item in items] == [(400, 420), (0, 20), (800, 820)]
    assert {(item.file.start, item.file.duration) for item in items} == {(100, 820)}
    assert any("no picture size" in loss for loss in result.losses)


def test_ranges_pass_midnight():
    clip = logged("x.mov", "29.97", 40, start="23:59:59:20", drop=True)
    (item, *_) = items_of(exported([clip], settings("29.97"))[0])
    assert (item.taken, item.file.label) == ((0, 40), "23:59:59;20")
    assert item.file.start + 10 == Timecode(-1, RATES["29.97"], True).frame + 1


def test_elements_stand_where_premiere_writes_them():
    paths = sorted((SAMPLES / "OpenTimelineIO+otio-fcp-adapter").glob("premiere_*.xml"))
    if not paths:
        pytest.skip(f"needs the sample timelines at {SAMPLES}")
    theirs = set().union(*(parentage(root_of(path.read_text("utf-8"))) for path in paths))
    clips = [
        logged("a.mov", reel="R", markers=((1, 5, "x", ""),), scene="1", take="2", note="n", subject=("s",)),
        logged("b.wav", kind="sound", audio=(1, 1), circled="yes"),
    ]
    ours = parentage(exported(clips, settings())[0])
    known = {tag for pair in theirs for tag in pair}
    assert {pair for pair in ours if set(pair) <= known} <= theirs
    theirs -= {("file", "mediaSource")}  # of black and bars
    required = {("sequence", tag) for tag in ("duration", "rate", "name", "media", "timecode")} | {
        pair for pair in theirs if pair[0] in {"rate", "file", "link", "sourcetrack", "timecode", "outputs", "group"}
    }
    assert required <= ours


def parentage(root):
    return {(parent.tag, child.tag) for parent in root.iter() for child in parent}


def test_the_available_range_is_the_duration_whatever_is_taken():
    clip = logged("x.mov", frames=200, markers=((50, 10, "m", ""),))
    root, _ = exported([clip], settings(handles=5), "selects")
    (item,) = [each for each in items_of(root) if each.kind == "video"]
    assert (item.taken, item.file.duration) == ((45, 65), 200)
    assert TimeRange(*item.taken).start < item.file.duration
