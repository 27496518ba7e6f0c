"""Matroska and WebM: what ffmpeg writes is read as it was asked for, the rest is built element by element."""

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tinystream import EBML, Film, decoded, element, ffmpeg, said

from pipeline.clip import Facts
from pipeline.errors import MediaUnreadable
from pipeline.metadata import matroska
from pipeline.metadata.assembly import assemble
from pipeline.metadata.blocks import BlockCounter
from pipeline.metadata.editing import frames_edited
from pipeline.metadata.facts import read_facts
from pipeline.metadata.findings import CUT_OFF
from pipeline.metadata.source import ByteSource
from pipeline.processes.reader import ReaderProcess


def facts(data: bytes, *, whole: bool = True) -> Facts:
    return assemble(matroska.read(ByteSource.of_bytes(data, whole=whole)))


# --- written by ffmpeg ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    rate: str
    video: str
    sound: str
    codec: str
    pixels: str = "yuv420p"
    sound_codec: str = ""
    ending: str = "mkv"


CASES = (
    Case("25", "-c:v libx264 -bf 2", "-c:a aac", "h264", sound_codec="aac"),
    Case("30000/1001", "-c:v libx264 -pix_fmt yuv422p10le", "-c:a pcm_s24le", "h264", "yuv422p10le", "pcm_s24le"),
    Case("24000/1001", "-c:v libx265 -x265-params log-level=error -pix_fmt yuv420p10le", "-c:a flac", "hevc",
         "yuv420p10le", "flac"),
    Case("60000/1001", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8", "-c:a libopus", "vp9", sound_codec="opus",
         ending="webm"),
    Case("25", "-c:v libvpx-vp9 -pix_fmt yuv422p10le -deadline realtime -cpu-used 8", "-c:a libopus", "vp9",
         "yuv422p10le", "opus"),
    Case("25", "-c:v libvpx -b:v 300k -auto-alt-ref 1 -lag-in-frames 16", "-c:a libvorbis", "vp8",
         sound_codec="vorbis", ending="webm"),
    Case("15", "-c:v libaom-av1 -cpu-used 8 -b:v 200k", "-c:a ac3", "av1", sound_codec="ac3"),
    Case("25", "-c:v prores_ks -profile:v 3", "-c:a pcm_s16be", "prores", "yuv422p10le", "pcm_s16be"),
    Case("50", "-c:v mpeg2video", "-c:a mp2", "mpeg2video", sound_codec="mp2"),
    Case("25", "-c:v mjpeg -pix_fmt yuvj422p", "-c:a libmp3lame", "mjpeg", "yuv422p", "mp3"),
    Case("25", "-c:v mpeg4", "-c:a pcm_f32le", "mpeg4", sound_codec="pcm_f32le"),
    Case("25", "-c:v ffv1", "-c:a eac3", "ffv1", sound_codec="eac3"),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.codec}-{case.sound_codec}")
def test_what_ffmpeg_wrote_is_what_it_was_asked_for(case: Case, tmp_path: Path, mediainfo: ReaderProcess) -> None:
    path = tmp_path / f"film.{case.ending}"
    shot = (
        f"-f lavfi -i testsrc2=size=192x112:rate={case.rate}:duration=2 -f lavfi -i sine=sample_rate=48000:duration=2"
    )
    ffmpeg(*shot.split(), *case.video.split(), *case.sound.split(), path)
    found = read_facts(path, mediainfo=mediainfo)
    video, (sound,) = found.video, found.audio
    assert (video.video_codec, video.pixel_format, video.width, video.height) == (case.codec, case.pixels, 192, 112)
    assert (str(video.rate).removesuffix("/1"), video.vfr, video.interlaced) == (case.rate, False, False)
    assert video.frames == decoded(path)
    assert (sound.codec, sound.channels, sound.sample_rate) == (case.sound_codec, 1, 48000)
    second = next(track for track in mediainfo.ask({}, file=path)["tracks"] if track["track_type"] == "Video")
    assert abs(float(second["frame_rate"]) - float(video.rate.fraction)) < 0.01


def test_tags_turned_pictures_and_colours_that_ffmpeg_wrote(tmp_path: Path) -> None:
    path, turned = tmp_path / "film.mkv", tmp_path / "turned.mkv"
    shot = "-f lavfi -i testsrc2=size=192x112:rate=30000/1001:duration=1 -c:v ffv1 -timecode 10:00:00;00"
    colours = (
        "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv:field_mode=tff,setsar=4/3"
    )
    ffmpeg(*shot.split(), "-vf", colours, "-metadata", "com.apple.quicktime.model=iPhone 15", path)
    ffmpeg("-display_rotation", "90", "-i", path, "-c", "copy", turned)
    found = read_facts(path)
    video = found.video
    assert (video.color_primaries, video.color_transfer, video.color_matrix) == ("bt2020", "smpte2084", "bt2020nc")
    assert (video.color_range, video.pixel_aspect, video.rotation) == ("tv", Fraction(4, 3), 0)
    assert (video.interlaced, video.field_order) == (True, "tff")
    assert (found.start_timecode, found.drop_frame, found.camera_model) == ("10:00:00;00", True, "iPhone 15")
    assert read_facts(turned).video.rotation == 270


def test_sound_alone(tmp_path: Path) -> None:
    path = tmp_path / "sound.mka"
    ffmpeg("-f", "lavfi", "-i", "sine=sample_rate=44100:duration=1", "-c:a", "flac", path)
    found = read_facts(path)
    assert (found.container, found.video, found.audio[0].sample_rate) == ("mkv", None, 44100)


# --- frames and time ------------------------------------------------------------------------------


def test_a_time_that_no_recording_lasts_to_ends_the_count_and_nothing_else() -> None:
    block = b"\xa3\x84\x81\x00\x00\x80"
    for timestamp, frames in ((b"\xe7\x81\x05", 1), (b"\xe7\x88" + b"\xff" * 8, None)):
        count = BlockCounter(1, Fraction(1000))
        count.feed(b"\x1f\x43\xb6\x75\xff" + timestamp + block)
        assert count.frames == frames


@pytest.mark.parametrize(
    ("times", "lasts", "rate", "frames"),
    [
        (tuple(range(0, 1000, 40)), 0, "25/1", 25),
        (tuple(round(index * 1001 / 30) for index in range(30)), 0, "30000/1001", 30),
        (tuple(round(index * 1001 / 30) for index in range(30)), 33_366_667, "30000/1001", 30),
        (tuple(round(index * 1000 / 15) for index in range(30)), 66_666_667, "15/1", 30),
        ((0, 120, 40, 80, 240, 160, 200), 40_000_000, "25/1", 7),
        ((0,), 40_000_000, "25/1", 1),
    ],
)
def test_a_constant_rate(times: tuple[int, ...], lasts: int, rate: str, frames: int) -> None:
    video = facts(Film(times, lasts=lasts).build()).video
    assert (str(video.rate), video.frames) == (rate, frames)
    assert not video.vfr


@pytest.mark.parametrize("lasts", [0, 40_000_000])
def test_frames_that_come_unevenly_are_a_variable_rate_whatever_the_track_claims(lasts: int) -> None:
    video = facts(Film((0, 40, 80, 200, 240, 400), lasts=lasts).build()).video
    assert (video.rate, video.vfr, video.frames) == (None, True, 6)
    assert video.average_rate is not None


def test_a_file_written_without_going_back_is_counted_too() -> None:
    video = facts(Film(tuple(range(0, 2000, 40)), live=True).build()).video
    assert (video.frames, str(video.rate)) == (50, "25/1")
    cut = facts(Film(tuple(range(0, 2000, 40)), live=True).build()[:-10]).video
    assert (cut.frames, str(cut.rate)) == (49, "25/1")  # the last block is not whole


def test_a_file_that_ends_before_its_segment_is_cut_off() -> None:
    data = Film(tuple(range(0, 2000, 40))).build()[:-500]
    found = facts(data)
    assert found.video.frames is None
    assert matroska.counter(ByteSource.of_bytes(data)) is None
    assert found.warnings[0] == CUT_OFF


@pytest.mark.parametrize(
    ("info", "tags", "said_of_it"),
    [
        (element("4489", 4000.0), b"", "it is cut off; duration says 100"),
        (element("4489", 4010.0), said(77, DURATION="00:00:03.960000000"), "it is cut off; duration says 99"),
        (element("4489", 4000.0), said(77, DURATION="four seconds"), "it is cut off; duration says 100"),
        (element("4489", math.nan), b"", ""),
        (element("4489", math.inf), b"", ""),
        (element("4489", -1.0), b"", ""),
        (b"", b"", ""),
    ],
)
def test_a_file_that_is_cut_off_tells_how_long_it_was(info: bytes, tags: bytes, said_of_it: str) -> None:
    found = facts(Film(tuple(range(0, 2000, 40)), info=info, tags=tags).build()[:-500])
    assert found.video.frames is None
    assert [source.why for source in found.sources if source.key == "frames"] == ([said_of_it] if said_of_it else [])
    assert ("Nothing in it says how long it was before it was cut off." in found.warnings) == (not said_of_it)


WROTE = element("5741", "mkvmerge v80") + element("4461", (0).to_bytes(8, "big"))
TAGS = {"NUMBER_OF_FRAMES": "1234", "_STATISTICS_WRITING_APP": "mkvmerge v80",
        "_STATISTICS_WRITING_DATE_UTC": "2001-01-01 00:00:00"}  # fmt: skip


@pytest.mark.parametrize("place", ["before the clusters", "behind them"])
@pytest.mark.parametrize(
    ("changed", "frames"),
    [
        ({}, 1234),
        ({"_STATISTICS_WRITING_APP": "another"}, None),
        ({"_STATISTICS_WRITING_DATE_UTC": "2001-01-01 00:00:01"}, None),
        ({"NUMBER_OF_FRAMES": "many"}, None),
    ],
)
def test_of_a_large_file_statistics_are_believed_only_where_they_are_of_this_very_file(
    changed: dict[str, str], frames: int | None, place: str
) -> None:
    data = Film(tags=said(77, **(TAGS | changed)), info=WROTE, tags_after=place == "behind them").build()
    assert facts(data, whole=False).video.frames == frames
    assert facts(data).video.frames == 25  # counted: nobody has to be believed


def test_a_large_file_without_statistics_is_counted_when_it_is_read_whole() -> None:
    data = Film(tuple(range(0, 4000, 40))).build() + element("ec", b"\0" * (6 << 20))
    source = ByteSource.of_bytes(data, whole=False)
    video = assemble(matroska.read(source)).video
    assert (video.frames, str(video.rate)) == (None, "25/1")
    assert source.fetched < 4 << 20
    count = matroska.counter(ByteSource.of_bytes(data))
    for at in range(0, len(data), 1 << 16):
        count.feed(data[at : at + (1 << 16)])
    assert count.frames == 100


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, 300), max_size=60))
def test_the_count_does_not_hang_on_how_the_bytes_come(cuts: list[int]) -> None:
    data = Film(tuple(range(0, 2000, 50))).build()
    count = matroska.counter(ByteSource.of_bytes(data))
    at = 0
    for step in [*cuts, len(data)]:
        count.feed(memoryview(data)[at : at + step])
        at += step
    assert (count.frames, count.average) == (40, 20)


def test_what_a_variable_rate_is_edited_at_comes_of_the_whole_file() -> None:
    beginning = facts(Film((0, 40, 80, 200, 240, 400)).build())
    assert beginning.video.rate is None
    assert frames_edited(beginning, 1000, Fraction(20)) == 1199  # 50 seconds at 23.976


# --- the rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "aspect"),
    [(b"", None), (element("54b0", 427) + element("54ba", 240), Fraction(427, 320)),
     (element("54b0", 16) + element("54ba", 9) + element("54b2", 3), Fraction(4, 3)),
     (element("54b0", 16) + element("54ba", 9) + element("54b2", 4), None)],
)  # fmt: skip
def test_the_shape_of_pixels(shown: bytes, aspect: Fraction | None) -> None:
    assert facts(Film(video=shown).build()).video.pixel_aspect == aspect


@pytest.mark.parametrize(
    ("roll", "kind", "rotation"),
    [(90.0, 0, 270), (-90.0, 0, 90), (180.0, 0, 180), (12.0, 0, 0), (90.0, 1, 0), (math.nan, 0, 0), (math.inf, 0, 0)],
)
def test_a_turned_picture(roll: float, kind: int, rotation: int) -> None:
    projection = element("7670", element("7671", kind) + element("7675", roll))
    assert facts(Film(video=projection).build()).video.rotation == rotation


def test_dates_of_tags_before_that_of_writing() -> None:
    written = element("4461", (600_000_000 * 10**9).to_bytes(8, "big"))
    found = facts(Film(info=written).build())
    assert (found.recorded_at, found.recorded_at_zone) == ("2020-01-06T10:40:00Z", "utc")
    assert "likely" in next(source.why for source in found.sources if source.key == "recorded_at")
    recorded = facts(Film(info=written, tags=said(0, DATE_RECORDED="2019-10-12 06:15:00")).build())
    assert recorded.recorded_at == "2019-10-12T06:15:00"


@pytest.mark.parametrize("data", [EBML, EBML + element("18538067"), EBML + element("1654ae6b", b"\0" * 20)])
def test_a_file_without_tracks_is_refused(data: bytes) -> None:
    with pytest.raises(MediaUnreadable):
        facts(data)
