"""Generated timelines of several tracks with speeds, at every rate and over midnight, agree in every format.

What is expected comes from OTIO's own sums; each format is read by a reader of its own.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

import opentimelineio as otio
from aaf_reader import read_raw
from editorial_clips import RATES, count_label, read_columns, read_edl
from hypothesis import event, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from read_fcpxml import read_fcpxml
from read_kdenlive import read_kdenlive
from test_ale import read_ale
from torture import Builder, Time, timeline_of
from xml_reader import files_of, played_of, rate_of, root_of

from pipeline.editorial.exports import aaf, ale, edl, fcpxml, kdenlive, otio_json, xmeml
from pipeline.editorial.exports.written import ExportOptions
from pipeline.timecode import Rate, Timecode

SPEEDS = (Fraction(1), Fraction(1), Fraction(1), Fraction(2), Fraction(1, 2), Fraction(-1), Fraction(5, 4), Fraction(0))
NEAR = Fraction(1, 10_000)  # a speed of a format with six places, and a place in seconds
DAY = 24 * 3600
OPTIONS = ExportOptions(Path())


@dataclass(frozen=True)
class Expected:
    """A clip by OTIO's sums: frames of the timeline, and the exact frame of its source where it begins."""

    kind: str
    begin: int
    length: int
    source_in: int
    head: int  # the first frame of its file
    rate: Rate
    drop: bool
    speed: Fraction

    def into(self, rate):
        """Seconds of its file before what it shows first; behind that frame where it plays backwards."""
        frames = self.length * self.rate.fraction / rate.fraction * abs(self.speed)
        return self.rate.seconds(self.source_in - self.head + (ceil(frames) if self.speed < 0 else 0))


@st.composite
def rates(draw):
    name = draw(st.sampled_from(list(RATES)))
    return RATES[name], RATES[name].can_drop and draw(st.booleans())


@st.composite
def tracks(draw, make, kind, name):
    """A track of clips at its own and other rates, and gaps; every clip has a file of its own."""
    items = []
    for number in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            items.append(make.gap(draw(st.integers(1, 30))))
        own, drop = draw(rates()) if draw(st.integers(0, 2)) == 0 else (make.rate, make.rate.can_drop)
        start = str(Timecode(own.nominal * draw(st.integers(0, DAY)), own, drop))
        clip = make.clip(
            f"{name}-{number}.{'wav' if kind == 'Audio' else 'mov'}", draw(st.integers(1, 60)),
            into=draw(st.integers(0, 200)), rate=own, drop=drop, sound=kind == "Audio", channels=1,
            start=draw(st.sampled_from([start, start, None])), speed=draw(st.sampled_from(SPEEDS)), media=2000,
        )  # fmt: skip
        items.append(clip)
    return make.track(name, kind, *items)


@st.composite
def timelines(draw):
    rate, drop = draw(rates())
    make = Builder(rate, "/x")
    pictures = [draw(tracks(make, "Video", f"Video {n}")) for n in range(1, draw(st.integers(1, 3)) + 1)]
    sounds = [draw(tracks(make, "Audio", f"Audio {n}")) for n in range(1, draw(st.integers(0, 3)) + 1)]
    day = Timecode(-1, rate, drop).frame + 1
    start = draw(st.one_of(st.integers(0, day - 1), st.integers(day - 5 * rate.nominal, day - 1)))
    made = timeline_of(*pictures, *sounds, start=Time(start, rate.numerator / rate.denominator))
    said = {"rate": str(rate), "drop_frame": drop, "start_timecode": str(Timecode(start, rate, drop))}
    made.metadata["rushes"] = {**said, "size": "1920x1080"}
    return made, Timecode(start, rate, drop)


def expected_of(text, rate):
    per_second = rate.numerator / rate.denominator
    found = {}
    timeline = otio.adapters.otio_json.read_from_string(text)
    for item in timeline.find_clips():
        place, said = item.range_in_parent(), item.metadata["rushes"]
        begin, length = (time.rescaled_to(per_second).value for time in (place.start_time, place.duration))
        end = round(begin + length)
        speeds = [0 if isinstance(each, otio.schema.FreezeFrame) else each.time_scalar for each in item.effects]
        found[item.name] = Expected(
            item.parent().kind, round(begin), end - round(begin), round(item.source_range.start_time.value),
            round(item.available_range().start_time.value), Rate.parse(said["rate"]), said["drop_frame"],
            Fraction(*speeds) if speeds else Fraction(1),
        )  # fmt: skip
    return {name: clip for name, clip in found.items() if clip.length}


def content(writer, cut, editor=""):
    return [file.content for file in writer.write(cut, ExportOptions(Path(), editor=editor)).files]


@effort(max_examples=200, deadline=None)
@given(timelines())
def test_every_clip_of_every_track_plays_the_same_in_every_format(made):
    cut, start = made
    plain, shaped = content(otio_json, cut)[0], content(otio_json, cut, "resolve")[0]
    expected = expected_of(plain.decode(), start.rate)
    event(f"{len(expected)} clips")
    assert expected_of(shaped.decode(), start.rate) == expected
    assert_lists(cut, start, expected)
    assert_ale(cut, expected)
    assert_xml(cut, start, expected)
    assert_fcpxml(cut, start, expected)
    assert_kdenlive(cut, expected)
    if expected:
        assert_aaf(cut, start, expected)


def assert_xml(cut, start, expected):
    root = root_of(content(xmeml, cut)[0].decode())
    (sequence,) = root.iter("sequence")
    lengths = {name: file.duration / file.rate for name, file in files_of(root).items()}
    clips, mixes = played_of(sequence, rate_of(sequence), lengths)
    assert not mixes
    assert sequence.findtext("timecode/string") == str(start)
    assert sequence.findtext("timecode/displayformat") == ("DF" if start.drop_frame else "NDF")
    assert sorted(clip.name for clip in clips) == sorted(expected)
    for clip in clips:
        wanted = expected[clip.name]
        assert clip.kind == wanted.kind.lower()
        assert clip.record == (wanted.begin, wanted.begin + wanted.length)
        assert abs(clip.speed - wanted.speed) < NEAR
        assert abs(clip.into - wanted.into(start.rate)) < NEAR


def assert_fcpxml(cut, start, expected):
    read = read_fcpxml(content(fcpxml, cut, "resolve")[0])
    assert read.start == start.rate.seconds(start.frame)
    assert read.sequence["tcFormat"] == ("DF" if start.drop_frame else "NDF")
    assert sorted(clip.name for clip in read.clips) == sorted(expected)
    for clip in read.clips:
        wanted = expected[clip.name]
        assert (read.frames(clip.record), read.frames(clip.duration)) == (wanted.begin, wanted.length)
        assert abs(clip.speed - wanted.speed) < NEAR
        assert abs(clip.into - wanted.into(start.rate)) < NEAR
        assert (clip.lane < 0) <= (wanted.kind == "Audio")


def assert_lists(cut, start, expected):
    """A list for each track of pictures, the sound in the first; sources at their own speed by their labels."""
    nominal, day = start.rate.nominal, Timecode(-1, start.rate, start.drop_frame).frame + 1
    texts = [text.decode() for text in content(edl, cut)]
    for text in texts:
        assert f"FCM: {'DROP FRAME' if start.drop_frame else 'NON-DROP FRAME'}" in text
    if nominal > 100:  # labels that no other reader takes
        rows = [row for text in texts for row in read_columns(text) if row[3] != row[4]]
        found = [((count_label(row[3], nominal) - start.frame) % day, row) for row in rows]
        assert sorted(at for at, _ in found) == sorted(clip.begin for clip in expected.values())
        return
    edits = [each for text in texts for each in read_edl(text) if each.record[0] != each.record[1]]
    assert sorted(each.name for each in edits) == sorted(expected)
    for each in edits:
        wanted = expected[each.name]
        assert each.video == (wanted.kind == "Video")
        begin, end = ((count_label(label, nominal) - start.frame) % day for label in each.record)
        assert (begin, (end - begin) % day) == (wanted.begin, wanted.length)
        if wanted.speed == 1:
            own = Timecode(wanted.source_in, wanted.rate, wanted.drop)
            assert each.source[0] == str(own.conformed(start.rate))


def assert_ale(cut, expected):
    rows = [(row, table.heading["FPS"]) for text in content(ale, cut) for table in [read_ale(text.decode())]
            for row in table.rows]  # fmt: skip
    assert sorted(row["Name"] for row, _ in rows) == sorted(expected)
    for row, rate in rows:
        wanted = expected[row["Name"]]
        assert RATES[rate] == wanted.rate
        assert (";" in row["Start"]) == wanted.drop
        day = Timecode(-1, wanted.rate, wanted.drop).frame + 1
        assert count_label(row["Start"], wanted.rate.nominal) == wanted.head % day


def assert_kdenlive(cut, expected):
    """Sound that stands still is silence there, and is named."""
    written = kdenlive.write(cut, OPTIONS)
    silent = {name for name, clip in expected.items() if clip.kind == "Audio" and not clip.speed}
    found = read_kdenlive(written.files[0].content).clips
    assert {Path(clip.file).name: (clip.start, clip.duration) for clip in found} == {
        name: (clip.begin, clip.length) for name, clip in expected.items() if name not in silent
    }
    assert any("left silent" in loss for loss in written.losses) == bool(silent)


def assert_aaf(cut, start, expected):
    raw = read_raw(content(aaf, cut)[0])
    assert (raw.start, raw.fps, raw.drop) == (start.frame, start.rate.nominal, start.drop_frame)
    kinds = {"Video": "Picture", "Audio": "Sound"}
    assert {each.name: (each.kind, *each.record) for each in raw.events} == {
        name: (kinds[clip.kind], clip.begin, clip.length) for name, clip in expected.items()
    }
    assert all(abs(each.speed - expected[each.name].speed) < NEAR for each in raw.events)
