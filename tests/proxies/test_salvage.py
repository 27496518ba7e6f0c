"""What can still be read of a damaged recording: as long as it was, every picture in its place, the rest black."""

import random
import shutil
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shooting import log, order, picture_size, program, read_number, run, shoot, sound

from pipeline.errors import MediaUnreadable
from pipeline.metadata.frames import read_blocks, read_times
from pipeline.proxies.job import ProxyJob, Salvage
from pipeline.proxies.make import Made, make
from pipeline.proxies.salvage import fewer, missing_runs, surveyed
from pipeline.proxies.telling import salvaged


def rescued(job: ProxyJob) -> Made:
    (made,) = make(replace(job, salvage=Salvage()), program())
    return made


def seen(path: Path) -> list[int | None]:
    """The number on each frame; None for a black one, -1 for one whose number cannot be read."""
    width, height = picture_size(path)
    raw = run("-i", path, "-map", "0:v:0", "-f", "rawvideo", "-pix_fmt", "gray", "-fps_mode", "passthrough", "-")
    found: list[int | None] = []
    for picture in np.frombuffer(raw, np.uint8).reshape(-1, height, width):
        number = read_number(picture)
        found.append(None if picture.max() < 24 else number[1] if number else -1)
    return found


def cut(source: Path, share: float) -> None:
    data = source.read_bytes()
    source.write_bytes(data[: int(len(data) * share)])


GROUP = 12  # pictures from one key frame to the next


def numbers_of(held: tuple[tuple[int, int], ...]) -> set[int]:
    return {number for first, count in held for number in range(first, first + count)}


CODECS = {
    "prores": "-c:v prores_ks -profile:v 0",
    "h264 intra": "-c:v libx264 -g 1",
    "h264 long": "-c:v libx264 -g 12 -bf 2",
    "mpeg2": "-c:v mpeg2video -g 12 -bf 2 -q:v 2",
}


@pytest.mark.parametrize("codec", list(CODECS))
def test_a_truncated_recording_keeps_its_length_and_what_was_there(tmp_path, codec):
    source = shoot(tmp_path / "A.mov", f"{CODECS[codec]} -movflags +faststart", frames=range(100))
    cut(source, 0.6)
    clip = log(source)
    assert clip.frames is None
    with pytest.raises(MediaUnreadable):
        make(order(clip, tmp_path / "out", source, stills=False), program())
    made = rescued(order(clip, tmp_path / "out", source, stills=False))
    assert made.case
    frames = seen(made.output.path)
    assert len(frames) == 100
    black = numbers_of(made.case.held)
    assert black >= set(range(85, 100))
    assert len(black) < 70
    assert all((value is None) == (number in black) for number, value in enumerate(frames))
    assert sum(number not in black and value != number for number, value in enumerate(frames)) <= 2  # cut in a picture


@pytest.mark.parametrize("codec", list(CODECS))
def test_what_is_read_behind_the_damage_is_in_its_place(tmp_path, codec):
    source = shoot(tmp_path / "A.mov", CODECS[codec], frames=range(100))
    data = bytearray(source.read_bytes())
    at, wide = data.index(b"mdat") + len(data) // 4, len(data) // 12
    data[at : at + wide] = bytes(wide)
    clip = log(source)
    source.write_bytes(data)
    made = rescued(order(clip, tmp_path / "out", source, stills=False))
    assert made.case
    assert made.case.held
    frames = seen(made.output.path)
    assert len(frames) == 100
    black = numbers_of(made.case.held)
    assert {number for number, value in enumerate(frames) if value is None} == black
    smeared = {number for first in black for number in range(first, first + GROUP)}
    assert [value for number, value in enumerate(frames) if number not in smeared] == [
        number for number in range(100) if number not in smeared
    ]
    assert len(smeared) < 60


WITHOUT_TABLES = {
    "mpeg2.mxf": "-c:v mpeg2video -g 12 -bf 2 -q:v 2",
    "dnxhr.mxf": "-c:v dnxhd -profile:v dnxhr_lb -vf format=yuv422p",
    "mjpeg.avi": "-c:v mjpeg",
    "dv.avi": "-c:v dvvideo -vf scale=720:576",
    "h264.mkv": "-c:v libx264 -g 10 -bf 2",
    "vp9.mkv": "-c:v libvpx-vp9 -g 10 -deadline realtime -cpu-used 8",
}


@pytest.mark.parametrize("name", list(WITHOUT_TABLES))
def test_what_was_cut_off_is_as_long_as_its_header_promises(tmp_path, name):
    sound_of_it = "-f lavfi -i sine=r=48000:d=4 -timecode 10:00:00:00 -c:a pcm_s16le"
    source = shoot(tmp_path / name, f"{sound_of_it} {WITHOUT_TABLES[name]}", frames=range(100))
    cut(source, 0.7)
    clip = log(source)
    assert clip.frames is None
    made = rescued(order(clip, tmp_path / "out", source, stills=False))
    assert made.case
    frames = seen(made.output.path)
    assert len(frames) == 100
    black = numbers_of(made.case.held)
    assert black == {number for number, value in enumerate(frames) if value is None} >= set(range(80, 100))
    assert frames[:60] == list(range(60))
    assert sum(value not in (None, number) for number, value in enumerate(frames)) <= 1  # cut in a picture
    assert made.case.found.facts.start_timecode == clip.facts.start_timecode
    assert len(sound(made.output.path)) == 4 * 48000


@pytest.mark.parametrize(("kind", "codec"), [("avi", "mjpeg"), ("mxf", "mpeg2video"), ("matroska", "libx264")])
def test_where_nothing_tells_a_length_it_is_that_of_what_can_be_read(tmp_path, kind, codec):
    """A pipe cannot be gone back to: whoever writes into one never fills in the length."""
    source = tmp_path / f"A.{kind}"
    whole = shoot(tmp_path / "whole.mov", frames=range(40))
    data = run("-i", whole, "-c:v", codec, "-q:v", "2", "-g", "5", "-bf", "0", "-f", kind, "-")
    source.write_bytes(data[: len(data) * 7 // 10])
    clip = log(source)
    made = rescued(order(clip, tmp_path / "out", source, stills=False))
    frames = seen(made.output.path)
    assert 10 < len(frames) < 35
    assert frames[:-1] == list(range(len(frames) - 1))


def test_a_length_that_no_recording_has_is_not_believed(tmp_path):
    source = shoot(tmp_path / "A.avi", "-c:v mjpeg", frames=range(20))
    cut(source, 0.7)
    data = bytearray(source.read_bytes())
    at = data.index(b"vids") + 32
    assert int.from_bytes(data[at : at + 4], "little") == 20
    data[at : at + 4] = (1_000_000_000).to_bytes(4, "little")
    source.write_bytes(data)
    frames = seen(rescued(order(log(source), tmp_path / "out", source, stills=False)).output.path)
    assert 5 < len(frames) < 20
    assert frames[:-1] == list(range(len(frames) - 1))


def test_a_transport_stream_that_was_cut_off_is_as_long_as_it_is(tmp_path):
    source = shoot(tmp_path / "A.ts", "-c:v libx264 -g 10 -bf 0", frames=range(100))
    cut(source, 0.5)
    clip = log(source)
    frames = seen(rescued(order(clip, tmp_path / "out", source, stills=False)).output.path)
    assert len(frames) == clip.frames
    assert frames[:30] == list(range(30))


def test_vp9_that_reads_past_the_end_of_a_picture_is_refused_and_black_when_salvaged(tmp_path):
    """ffmpeg's own decoder makes a picture of it without a word."""
    noise = "-vf noise=alls=30:allf=t -c:v libvpx-vp9 -b:v 4M -g 10 -deadline realtime -cpu-used 8"
    source = shoot(tmp_path / "A.mkv", noise, frames=range(40))
    clip = log(source)
    data = bytearray(source.read_bytes())
    at = len(data) * 2 // 3
    data[at : at + 2000] = b"\xff" * 2000
    source.write_bytes(data)
    run("-xerror", "-c:v", "vp9", "-i", source, "-f", "null", "-")
    with pytest.raises(MediaUnreadable, match="could not be decoded"):
        make(order(clip, tmp_path / "out", source, stills=False), program())
    made = rescued(order(clip, tmp_path / "out", source, stills=False))
    assert made.case
    frames = seen(made.output.path)
    assert len(frames) == 40
    black = numbers_of(made.case.held)
    assert 1 <= len(black) <= 10
    assert {number for number, value in enumerate(frames) if value != number} == black


def test_a_picture_of_matroska_that_nobody_wrote_is_black_in_its_place(tmp_path):
    source = shoot(tmp_path / "A.mkv", "-c:v libx264 -g 5 -bf 2", frames=range(30))
    job = replace(order(log(source), tmp_path / "out", source, stills=False), unwritten=((7, 8),))
    with pytest.raises(MediaUnreadable, match="picture 7 and 1 more"):
        make(job, program())
    made = rescued(job)
    assert made.case
    assert made.case.held == ((7, 2),)
    assert seen(made.output.path) == [None if number in (7, 8) else number for number in range(30)]


def test_a_picture_of_hevc_in_matroska_whose_code_ends_elsewhere_is_black_in_its_place(tmp_path):
    coded = "-vf noise=alls=30:allf=t -c:v libx265 -x265-params log-level=none:keyint=5:bframes=0:no-wpp=1"
    source = shoot(tmp_path / "A.mkv", coded, frames=range(20))
    job = order(log(source), tmp_path / "out", source, stills=False)
    stored = read_blocks(source)
    assert stored
    offset, length, number = stored.places[14]
    data = bytearray(source.read_bytes())
    data[offset + length // 2] ^= 0x10
    source.write_bytes(data)
    made = rescued(job)
    assert made.case
    assert number in numbers_of(made.case.held)
    assert seen(made.output.path)[number] is None


def test_chapters_stay_in_their_places(tmp_path):
    parts = [
        shoot(
            tmp_path / f"GX0{part}0001.MP4", "-movflags +faststart -c:v libx264 -g 5", frames=range(first, first + 40)
        )
        for part, first in ((1, 0), (2, 40))
    ]
    clip = log(*parts)
    cut(parts[0], 0.6)
    made = rescued(order(clip, tmp_path / "out", *parts, stills=False))
    frames = seen(made.output.path)
    assert len(frames) == 80
    assert frames[40:] == list(range(40, 80))
    assert frames[39] is None


def test_sound_stays_with_its_picture(tmp_path):
    click = "-f lavfi -i aevalsrc=if(between(t\\,1\\,1.02)\\,0.9*sin(6283*t)\\,0):s=48000:d=4 -c:a pcm_s16le"
    source = shoot(tmp_path / "A.mov", f"{click} -movflags +faststart", frames=range(100))
    cut(source, 0.7)
    made = rescued(order(log(source), tmp_path / "out", source, stills=False))
    heard = sound(made.output.path)
    assert len(heard) == 192000
    assert abs(int(np.flatnonzero(np.abs(heard[:, 0]) > 3000)[0]) - 48000) < 480


def test_variable_rates_are_held_where_their_picture_is_lost(tmp_path):
    source = shoot(tmp_path / "A.mov", "-vf select=mod(n\\,7)-2 -fps_mode vfr -c:v libx264 -g 1", rate="30",
                   frames=range(90))  # fmt: skip
    clip, times = log(source), read_times(source)
    data = bytearray(source.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 4000] = bytes(4000)
    source.write_bytes(data)
    made = rescued(order(clip, tmp_path / "out", source, stills=False))
    assert times
    assert made.case
    assert made.case.held
    assert len(seen(made.output.path)) == clip.frames


def test_nothing_readable_is_refused(tmp_path):
    source = shoot(tmp_path / "A.mov", "-movflags +faststart -c:v libx264 -g 100", frames=range(20))
    data = source.read_bytes()
    at = data.rindex(b"mdat") + 4
    clip = log(source)
    source.write_bytes(data[:at] + bytes(len(data) - at))
    with pytest.raises(MediaUnreadable, match="can be read any more"):
        rescued(order(clip, tmp_path / "out", source, stills=False))
    assert not list((tmp_path / "out").iterdir())


def test_what_cannot_even_be_opened_is_refused(tmp_path):
    source = shoot(tmp_path / "A.mov", "-c:v libx264", frames=range(20))
    clip = log(source)
    source.write_bytes(bytes(source.stat().st_size))
    with pytest.raises(MediaUnreadable, match="can be read any more"):
        rescued(order(clip, tmp_path / "out", source, stills=False))


@given(st.sets(st.integers(0, 60)), st.integers(1, 60), st.integers(1, 5))
def test_runs_are_what_is_missing_and_joining_loses_none(read, length, most):
    runs = missing_runs(read, length)
    missing = {number for first, count in runs for number in range(first, first + count)}
    assert missing == set(range(length)) - read
    joined = fewer(runs, most)
    assert len(joined) <= most
    assert missing <= {number for first, count in joined for number in range(first, first + count)}


def test_a_salvaged_proxy_says_what_is_no_footage():
    assert salvaged(None) == ""
    assert salvaged(()).startswith("salvaged: all pictures came")
    assert salvaged(((3, 1), (10, 5))).startswith("salvaged: frames 3 and 10 to 14 could not be read and are black")
    assert "3 more stretches" in salvaged(tuple((10 * n, 2) for n in range(8)))


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
def test_what_can_be_read_is_looked_for_within_the_bandwidth(tmp_path):
    source = noise(tmp_path / "A.mov", 40, "-s", "1280x720", "-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p")
    assert looked_for(source, seconds=4) > 2  # what is read between two looks, a quarter of a second, is not waited for


def test_so_is_damage_that_only_a_second_reading_finds(tmp_path):
    source = noise(tmp_path / "A.mov", 5, "-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p")
    assert looked_for(source, seconds=2.5) > 2


def test_what_was_cut_off_is_not_waited_for_as_if_it_were_there(tmp_path):
    """The black at the end is in no byte that is read."""
    source = shoot(tmp_path / "A.mov", "-c:v mjpeg -movflags +faststart", frames=range(40))
    cut(source, 0.5)
    job = surveyed(replace(order(log(source), tmp_path / "out", source), salvage=Salvage()), program())
    assert job.salvage
    assert job.clip.duration == Fraction(40, 25)
    assert job.media_seconds == Fraction(job.salvage.held[-1][0], 25)
    assert 0 < job.media_seconds < 1


def noise(path: Path, frames: int, *options: str) -> Path:
    run("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25,noise=alls=40:allf=t", "-frames:v", str(frames), *options, path)
    return path


def looked_for(source: Path, *, seconds: float) -> float:
    """How long the look takes at a bandwidth at which one reading takes so many seconds."""
    job = order(log(source), source.parent / "out", source, stills=False)
    job = replace(job, salvage=Salvage(), bandwidth=source.stat().st_size / seconds)
    began = time.monotonic()
    assert surveyed(job, program()).salvage == Salvage((), (Fraction(0),))
    return time.monotonic() - began


def test_a_survey_of_damaged_h264_comes_to_its_end(tmp_path):
    how = "-c:v libx264 -g 10 -bf 2 -preset ultrafast -cluster_time_limit 400"
    source = shoot(tmp_path / "A.mkv", how, frames=range(200))
    whole, clip, chance = source.read_bytes(), log(source), random.Random(7)
    clusters = [at for at in range(len(whole)) if whole.startswith(b"\x1f\x43\xb6\x75", at)]
    job = replace(order(clip, tmp_path / "out", source, stills=False), salvage=Salvage())
    for number in range(4):
        size = chance.choice((64, 1000, 4000))
        at = (
            chance.choice(clusters[1:-1]) - size // 2
            if number % 2
            else chance.randrange(len(whole) // 4, len(whole) * 3 // 4)
        )
        source.write_bytes(whole[:at] + chance.randbytes(size) + whole[at + size :])
        late = time.monotonic() + 60
        found = surveyed(job, program(), cancelled=lambda late=late: time.monotonic() > late)
        assert 0 < sum(count for _, count in found.salvage.held) < 200
