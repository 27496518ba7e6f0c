"""A good proxy keeps every rule; one property spoilt breaks exactly its rule."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.clip import AudioStream, Clip, Facts, Part, Stamp, VideoStream
from pipeline.proxies.job import Output, ProxyJob
from pipeline.proxies.presets import load_presets
from pipeline.proxies.verdict import RULES, broken_rules, missing_frames
from pipeline.settings import shipped
from pipeline.timecode import Rate, Timecode

NTSC = Rate(30000, 1001)
PRESET = load_presets(shipped("proxies.toml"))["edit"]
CLIP = Clip(
    "c" * 32, "C0001.MXF", "A001", "picture", (Part(1, b"C0001.MXF", Stamp(1, 1, 1, 1), "q", 300),),
    Facts(
        video=VideoStream(width=1920, height=1080, interlaced=True, field_order="tff", rotation=0),
        audio=(AudioStream("pcm_s24le", 1, 48000), AudioStream("pcm_s24le", 1, 48000)),
        reel="A001", timecode_rate=NTSC,
    ),
    NTSC, 300, Timecode.parse("10:00:00;02", NTSC),
)  # fmt: skip
TRACK = AudioStream("pcm_s24le", 1, 48000, 480480)
GOOD = Facts(
    video=VideoStream(
        video_codec="prores", width=1920, height=1080, pixel_aspect=Fraction(1), rotation=0, rate=NTSC, frames=300,
        interlaced=True, field_order="tff", color_primaries="bt709", color_transfer="bt709", color_matrix="bt709",
    ),
    audio=(TRACK, TRACK), start_timecode="10:00:00;02", drop_frame=True, timecode_rate=NTSC, reel="A001",
)  # fmt: skip
JOB = ProxyJob(CLIP, (Path("/C0001.MXF"),), (Output("proxy", Path("/o.mov"), PRESET),))


def picture(**spoilt: object) -> Facts:
    assert GOOD.video
    return replace(GOOD, video=replace(GOOD.video, **spoilt))


SPOILT = [
    ("frames", picture(frames=299)),
    ("frames", picture(frames=301)),
    ("frame rate", picture(rate=Rate(2997, 100))),
    ("codec", picture(video_codec="h264")),
    ("size", picture(height=1088)),
    ("pixel shape", picture(pixel_aspect=Fraction(4, 3))),
    ("rotation", picture(rotation=90)),
    ("fields", picture(interlaced=False)),
    ("fields", picture(field_order="bff")),
    ("colour tags", picture(color_matrix="smpte170m")),
    ("colour tags", picture(color_transfer=None)),
    ("colour range", picture(color_range="pc")),
    ("start timecode", replace(GOOD, start_timecode="10:00:00:02", drop_frame=False)),
    ("start timecode", replace(GOOD, start_timecode="10:00:00;03")),
    ("start timecode", replace(GOOD, start_timecode=None)),
    ("reel", replace(GOOD, reel=None)),
    ("reel", replace(GOOD, reel="A002")),
    ("sound tracks", replace(GOOD, audio=(TRACK,))),
    ("sound tracks", replace(GOOD, audio=(replace(TRACK, channels=2), TRACK))),
    ("sound tracks", replace(GOOD, audio=(replace(TRACK, codec="aac"), TRACK))),
    ("sound length", replace(GOOD, audio=(TRACK, replace(TRACK, samples=480479)))),
]


def test_a_good_proxy_keeps_every_rule():
    assert broken_rules(JOB, JOB.outputs[0], GOOD) == ()


@pytest.mark.parametrize(("rule", "found"), SPOILT)
def test_one_property_spoilt_breaks_exactly_its_rule(rule, found):
    assert [said.partition(":")[0] for said in broken_rules(JOB, JOB.outputs[0], found)] == [rule]


def test_every_rule_is_spoilt_above():
    assert {rule.name for rule in RULES} == {rule for rule, _ in SPOILT}


def test_a_file_that_is_no_recording_breaks_rules_and_nothing_else():
    assert len(broken_rules(JOB, JOB.outputs[0], Facts())) >= 5
    assert missing_frames(JOB, Facts()) == 300
