"""Generated timelines with transitions and speeds: EDL, FCP7 XML and FCPXML agree on every picture to the frame."""

from fractions import Fraction
from math import ceil
from pathlib import Path

from editorial_clips import RATES, count_label, read_edl
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from read_fcpxml import read_fcpxml
from torture import Builder, Time, timeline_of
from xml_reader import files_of, played_of, rate_of, root_of

from pipeline.editorial.exports import edl, fcpxml, xmeml
from pipeline.editorial.exports.events import held_by, sheet_of
from pipeline.editorial.exports.written import ExportOptions

SPEEDS = [
    Fraction(1),
    Fraction(1),
    Fraction(2),
    Fraction(1, 2),
    Fraction(-1),
    Fraction(3, 2),
    Fraction(0),
    Fraction(-5, 3),
]
OPTIONS = ExportOptions(Path())


@st.composite
def tracks(draw):
    """One video track at a rate: clips of several rates and speeds, gaps, and transitions that may ask for too much."""
    rate = RATES[draw(st.sampled_from(["23.976", "25", "29.97", "50", "59.94"]))]
    make, items = Builder(rate, "/x"), []
    for number in range(draw(st.integers(1, 6))):
        if draw(st.booleans()):
            items.append(make.transition(draw(st.integers(0, 9)), draw(st.integers(0, 9))))
        elif draw(st.booleans()):
            items.append(make.gap(draw(st.integers(1, 9))))
        own = RATES[draw(st.sampled_from(["25", "29.97", "50"]))] if draw(st.integers(0, 3)) == 0 else rate
        into, frames = draw(st.integers(0, 200)), draw(st.integers(1, 60))
        items.append(make.clip(f"{number}.mov", frames, into=into, rate=own, speed=draw(st.sampled_from(SPEEDS))))
    if draw(st.booleans()):
        items.append(make.transition(draw(st.integers(0, 9)), 0))
    start = Time(draw(st.integers(0, 3_000_000)), rate.numerator / rate.denominator)
    return timeline_of(make.track("V", "Video", *items), start=start)


@effort(max_examples=250, deadline=None)
@given(tracks())
def test_every_picture_plays_the_same_frames_in_every_format(cut):
    sheet = sheet_of(cut)
    (track,), rate = sheet.tracks, sheet.start.rate
    held = held_by(sheet)
    root = root_of(xmeml.write(cut, OPTIONS).files[0].content.decode())
    (sequence,) = root.iter("sequence")
    files = files_of(root)
    clips, mixes = played_of(
        sequence, rate_of(sequence), {name: file.duration / file.rate for name, file in files.items()}
    )
    made = read_fcpxml(fcpxml.write(cut, OPTIONS).files[0].content)
    for event, old, new in zip(track.events, clips, made.clips, strict=True):
        record = (event.record.start, event.record.end)
        assert old.record == record == (made.frames(new.record), made.frames(new.record + new.duration))
        own, speed = event.source.rate, event.speed
        length = event.record.duration * own.fraction / rate.fraction * abs(speed)
        edge = event.source_in + (ceil(length) if speed < 0 else 0)
        into = own.seconds(edge - held[event.source].span.start)
        assert abs(old.into - into) < Fraction(1, 10_000)
        assert abs(new.into - into) < Fraction(1, 10_000)
        assert abs(old.speed - speed) < Fraction(1, 10_000) > abs(new.speed - speed)
    wanted = {(each.at, each.before, each.after) for each in track.transitions}
    assert {mix[2:5] for mix in mixes} == wanted
    assert {(made.frames(at), made.frames(long)) for _, at, long, *_ in made.mixes} == {
        (at - before, before + after) for at, before, after in wanted
    }
    assert_listed(cut, sheet, track)


def assert_listed(cut, sheet, track):
    """The list holds the same record times: each event ends where the next transition begins."""
    nominal = sheet.start.rate.nominal
    before = {each.at: each.before for each in track.transitions}
    expected = [
        (event.source.name, event.record.start - before.get(event.record.start, 0),
         event.record.end - before.get(event.record.end, 0))
        for event in track.events
    ]  # fmt: skip
    day = 24 * 3600 * nominal
    found = [
        (edit.name, (count_label(edit.record[0], nominal) - sheet.start.frame) % day,
         (count_label(edit.record[1], nominal) - sheet.start.frame) % day)
        for edit in read_edl(edl.write(cut, OPTIONS).files[0].content.decode())
        if edit.record[0] != edit.record[1] and edit.reel != "BL"
    ]  # fmt: skip
    assert sorted(found) == sorted(each for each in expected if each[1] < each[2])
