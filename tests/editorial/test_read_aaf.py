"""AAF files of editing suites are read right, and damaged or hostile ones are refused in little time."""

import json
import os
import random
import time
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import aaf2
import opentimelineio as otio
import pytest

from pipeline.editorial.imports import aaf
from pipeline.errors import RushesError, TimelineUnreadable
from pipeline.timecode import TimeRange

SAMPLES = Path(os.environ.get("RUSHES_SAMPLES", Path(__file__).parents[3] / "shared" / "samples"))
FILES = sorted((SAMPLES / "timelines").glob("*/*.aaf"))
KEYS = {
    "compositions", "title", "rate", "first_record_timecode", "drop_frame", "duration_frames", "video_tracks",
    "audio_tracks",
}  # fmt: skip


def sample(name):
    found = [path for path in FILES if path.name == name]
    if not found:
        pytest.skip("the real timelines are not here")
    return aaf.read(found[0].read_bytes())


@pytest.mark.skipif(not FILES, reason="the real timelines are not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem[:30])
def test_facts_of_real_files_are_those_of_the_table(path):
    truth = json.loads((SAMPLES / "truth.json").read_text())[str(path.relative_to(SAMPLES))]
    facts = dict(aaf.read(path.read_bytes()).facts)
    assert {key: value for key, value in truth.items() if key in KEYS and facts.get(key) != value} == {}
    assert aaf.recognises(path.read_bytes()[:64])


@pytest.mark.skipif(not FILES, reason="the real timelines are not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem[:30])
def test_clips_of_real_files_are_those_that_another_reader_finds(path):
    timeline = otio.adapters.read_from_file(str(path), adapter_name="AAF")
    if not isinstance(timeline, otio.schema.Timeline):
        pytest.skip("the other reader gives one timeline for a file with one composition only")
    spans = ((track.kind, clip.name, clip.trimmed_range()) for track in timeline.tracks for clip in track.find_clips())
    expected = Counter(
        (kind, name, span.start_time.to_seconds(), span.duration.to_seconds()) for kind, name, span in spans
    )
    read = aaf.read(path.read_bytes())
    if any("inside a frame" in each.sentence for each in read.problems):
        pytest.skip("the other reader counts samples")
    found = Counter(
        (event.kind, event.name, (event.source or event.media).start / float(event.rate.fraction),
         event.record.duration / float(read.rate.fraction))
        for event in read.events
    )  # fmt: skip
    assert found == expected
    assert [event.enabled for event in read.events] == [path.name != "test_muted_clip.aaf"] * len(read.events)


def test_speeds_backwards_and_frozen_frames_are_read():
    events = sample("misc_speed_effects.aaf").events
    speeds = [1, 0, 2, Fraction(1, 2), 3, Fraction(3, 8), Fraction(115, 8), Fraction(3, 8), -1, 1]
    assert [event.speed for event in events] == speeds
    assert [event.record for event in events] == [
        *(TimeRange(start, 8) for start in range(0, 72, 8)), TimeRange(72, 16)
    ]  # fmt: skip
    assert [(event.media.start, event.media.duration) for event in events[1:5]] == [(32, 1), (0, 16), (0, 4), (0, 24)]
    assert events[8].media == TimeRange(24, 8)


def test_clips_meet_in_the_middle_of_their_transitions():
    read = sample("transitions.aaf")
    picture = [event.record for event in read.events if event.kind == "Video"]
    assert picture == [TimeRange(0, 117), TimeRange(117, 77), TimeRange(247, 144), TimeRange(391, 130)]
    found = [(each.at, each.before, each.after) for each in read.transitions if each.kind == "Video"]
    assert found == [(0, 0, 12), (117, 48, 0), (194, 12, 12), (247, 24, 24), (521, 48, 0)]


def test_markers_stand_on_their_clips_and_reels_files_and_logs_are_found():
    read = sample("utf8.aaf")
    event = read.events[0]
    assert event.reel == "ppjoshm_1.SIM1.02"
    assert event.source == TimeRange(86501, 10)
    assert event.file.endswith("ppjoshm_1.V01.D8CB5CA65628V.mxf")
    assert ("comment", "Spinning cube") in event.log
    marked = [
        (event.track, mark.color, mark.record.start)
        for event in sample("multitrack.aaf").events
        for mark in event.marks
    ]
    assert marked == [(1, "RED", 375), (2, "GREEN", 665)]


# --- files made to harm ---------------------------------------------------------------------------


def composed(build):
    """An AAF of one composition with one picture slot of 100 frames; `build` fills it with pyaaf2's own objects."""
    file = aaf2.open()
    top = file.create.CompositionMob("top")
    top.usage = "Usage_TopLevel"
    file.content.mobs.append(top)
    slot = top.create_timeline_slot(25)
    slot.segment = build(file, top)
    file.save()
    file.cfb.close()
    return file.f.getvalue()


def clip_of(file, mob, length=100):
    return file.create.SourceClip(length=length, mob_id=mob.mob_id, slot_id=1, media_kind="picture")


def chain(file, _):
    """Two source mobs that are each other's source."""
    mobs = [file.create.SourceMob(name) for name in "ab"]
    for mob, other in zip(mobs, reversed(mobs), strict=True):
        mob.descriptor = file.create.TapeDescriptor()
        file.content.mobs.append(mob)
        mob.create_timeline_slot(25).segment = clip_of(file, other)
    master = file.create.MasterMob("master")
    file.content.mobs.append(master)
    master.create_timeline_slot(25).segment = clip_of(file, mobs[0])
    return clip_of(file, master)


def itself(file, top):
    return clip_of(file, top)


def laughing(file, _):
    """Compositions that hold the next one ten times each, eight deep; each counts ten times as fast."""
    mobs = [file.create.CompositionMob(str(number)) for number in range(8)]
    for mob in mobs:
        file.content.mobs.append(mob)
    for number, (mob, inner) in enumerate(pairwise(mobs)):
        sequence = file.create.Sequence(media_kind="picture", length=100)
        mob.create_timeline_slot(25 * 10**number).segment = sequence
        sequence.components.extend([clip_of(file, inner, 10) for _ in range(10)])
    return clip_of(file, mobs[0])


def deep(file, _):
    """Effects within one another."""
    segment = file.create.Filler(media_kind="picture", length=100)
    for _ in range(60):
        scope = file.create.NestedScope(media_kind="picture", length=100)
        scope["Slots"].append(segment)
        segment = scope
    return segment


@pytest.mark.parametrize("build", [itself, deep])
def test_compositions_that_hold_themselves_are_refused(build):
    with pytest.raises(TimelineUnreadable, match="nests deeper than any cut"):
        aaf.read(composed(build))


def test_a_chain_of_sources_in_a_circle_ends():
    [event] = aaf.read(composed(chain)).events
    assert (event.name, event.record) == ("master", TimeRange(0, 100))


def test_compositions_that_multiply_are_read_or_refused_soon():
    content = composed(laughing)
    began = time.process_time()
    with pytest.raises(TimelineUnreadable, match="over and over again"):
        aaf.read(content)
    assert time.process_time() - began < 5


def damaged(content, chance):
    """Some places of a file overwritten, or its end cut off."""
    if chance.random() < 0.1:
        return content[: chance.randrange(len(content))]
    made = bytearray(content)
    for _ in range(chance.choice((1, 3, 30, 300))):
        at = chance.randrange(len(made) - 4)
        made[at : at + 4] = chance.choice(
            (chance.randbytes(4), b"\0" * 4, b"\xff" * 4, bytes(chance.sample(range(99), 4)))
        )
    return bytes(made)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_read_or_refused(seed):
    chance = random.Random(seed)
    whole = [composed(chain), *(path.read_bytes() for path in FILES[:8])]
    came = Counter()
    for _ in range(60):
        try:
            aaf.read(damaged(chance.choice(whole), chance))
        except RushesError:
            came["refused"] += 1
        else:
            came["read"] += 1
    assert came["refused"]
    assert came["read"]


@pytest.mark.parametrize("content", [b"", b"TITLE: x", bytes(600), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)])
def test_other_files_are_no_aaf(content):
    assert not aaf.recognises(content)
    with pytest.raises(TimelineUnreadable):
        aaf.read(content)
