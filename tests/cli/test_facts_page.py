"""What `rushes facts` prints for people: grouped, sourced, doubts in sight, never too wide."""

import re
from fractions import Fraction

import pytest

from pipeline.cli.factpage import page, seconds_of
from pipeline.clip import AudioStream
from pipeline.metadata.assembly import assemble
from pipeline.metadata.findings import Finding, Moment
from pipeline.metadata.plain import facts_json
from pipeline.timecode import Rate, Timecode

RATE = Rate(30000, 1001)
CLIP = (
    Finding("container", "mov", "structure", "ftyp brand"),
    Finding("video_codec", "prores", "structure", "stsd and stream header"),
    Finding("width", 3840, "structure", "stsd and stream header"),
    Finding("height", 2160, "structure", "stsd and stream header"),
    Finding("rotation", 90, "structure", "tkhd matrix"),
    Finding("rate", RATE, "structure", "stts"),
    Finding("frames", 300, "structure", "sample tables and edit list"),
    Finding("audio", (AudioStream("pcm_s24le", 1, 48000, 480480),) * 4, "structure", "stsd"),
    Finding("start_timecode", Timecode.parse("10:00:00;00", RATE), "tmcd", "tmcd sample"),
    Finding("start_timecode", Timecode.parse("10:00:00;02", RATE), "nrtm", "sidecar C0001M01.XML: LtcChangeTable"),
    Finding("recorded_at", Moment("2019-10-12T06:15:00Z", "utc"), "mvhd", "mvhd", "likely UTC; it may be an export"),
    Finding("camera_make", "Bolex", "nrtm", "sidecar C0001M01.XML: Device"),
    Finding("camera_model", "Bolex H16", "nrtm", "sidecar C0001M01.XML: Device"),
    Finding("gps", None, "gpmf", "gpmd track", "no fix in the first minutes"),
    Finding("warnings", "Some of its tags are damaged and were not read.", "structure", "udta"),
)


def plain(*findings, width=120):
    return re.sub(r"\x1b\[\d*m", "", page("C0001.MOV", facts_json(assemble(findings)), width))


def line_of(text, title):
    return next(line for line in text.splitlines() if line.startswith(f"  {title} "))


@pytest.mark.parametrize(
    ("title", "says"),
    [
        ("size", "3840 x 2160, shown turned by 90 degrees clockwise"),
        ("rate", "29.97 frames a second"),
        ("frames", "300 (10 s)"),
        ("streams", "4 x pcm_s24le, 1 channel, 48 kHz, 10 s"),
        ("timecode", "10:00:00;00 at 29.97, drop frame"),
        ("recorded", "2019-10-12 06:15:00 UTC (likely)"),
        ("camera", "Bolex H16"),
        ("position", "no position"),
    ],
)
def test_each_line_says_what_a_person_asks(title, says):
    assert says in line_of(plain(*CLIP), title)


def test_a_date_that_no_rule_vouches_for_is_only_likely():
    unknown = [finding for finding in CLIP if not finding.key.startswith("camera")]
    assert "2019-10-12 06:15:00 UTC (likely)" in line_of(plain(*unknown), "recorded")


def test_groups_come_in_the_order_of_reading():
    headings = re.findall(r"^ (\w+)$", plain(*CLIP), re.MULTILINE)
    assert headings == ["Picture", "Sound", "Time", "Place", "Camera", "File", "Warnings"]


def test_every_line_has_its_source_and_a_disagreement_says_who_is_believed():
    text = plain(*CLIP)
    assert line_of(text, "frames").endswith("sample tables and edit list")
    assert "but sidecar C0001M01.XML: LtcChangeTable says start timecode 10:00:00;02" in text
    assert "tmcd sample is believed before sidecar C0001M01.XML: LtcChangeTable" in text
    assert "no fix in the first minutes" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_screen(width):
    text = plain(*CLIP, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "LtcChangeTable" in text


def test_a_fact_that_no_row_names_is_shown_all_the_same():
    facts = facts_json(assemble(CLIP)) | {"iso": 800}
    assert re.search(r"^  iso +800", page("C0001.MOV", facts, 80), re.MULTILINE)


def test_the_length_of_a_file_that_is_cut_off_is_unknown_even_with_sound():
    cut = facts_json(assemble([*CLIP, Finding("cut_off", True, "structure", "chunk offsets")]))
    assert seconds_of(cut) is None
    assert seconds_of(facts_json(assemble(CLIP))) == Fraction(1001, 100)


def test_a_sidecar_asked_alone_is_named_once():
    said = [Finding("reel", "A001", "nrtm", "C0001M01.XML: Reel"), Finding("lens", "50", "nrtm", "C0001M01.XML: Lens")]
    text = page("card/C0001M01.XML", facts_json(assemble(said)), 80)
    assert text.count("C0001M01.XML") == 1
    assert line_of(re.sub(r"\x1b\[\d*m", "", text), "reel").endswith("  Reel")
