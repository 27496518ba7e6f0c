"""The torture timeline: it holds what it says, and every writer takes it."""

from fractions import Fraction
from pathlib import Path

import pytest
from torture import torture_timeline

from pipeline.editorial.exports import ale, edl, fcpxml, kdenlive, otio_json, xmeml
from pipeline.editorial.exports.events import sheet_of
from pipeline.editorial.exports.written import ExportOptions
from pipeline.timecode import Rate

RATES = [(Rate(24000, 1001), False), (Rate(25), False), (Rate(30000, 1001), True), (Rate(60), False)]


@pytest.mark.parametrize(("rate", "drop"), RATES)
def test_it_holds_speeds_transitions_gaps_and_markers_of_every_kind(rate, drop):
    sheet = sheet_of(torture_timeline(rate, drop=drop))
    first, second = sheet.of_kind("Video")[:2]
    assert {event.speed for event in first.events} >= {1, 2, Fraction(1, 2), -1, 0, Fraction(3, 2)}
    assert [(each.before, each.after, each.wipe) for each in first.transitions] == [
        (0, 6, None), (5, 5, None), (3, 9, 12), (4, 4, None), (6, 0, None),
    ]  # fmt: skip
    assert [(each.before, each.after) for each in second.transitions] == [(2, 2)]
    assert not sheet.losses
    assert sheet.marks
    assert {event.source.rate for event in first.events} > {rate}


@pytest.mark.parametrize(("rate", "drop"), RATES)
@pytest.mark.parametrize("write", [edl.write, xmeml.write, fcpxml.write, ale.write, otio_json.write, kdenlive.write])
def test_every_text_format_takes_it(write, rate, drop):
    for file in write(torture_timeline(rate, drop=drop), ExportOptions(Path())).files:
        assert file.content.decode()
