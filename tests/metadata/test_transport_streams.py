"""Transport streams: what ffmpeg writes is read as it was asked for, what cameras do is built byte by byte."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tinystream import AC3_STEREO, bits, decoded, ffmpeg, notes, packets, picture, sequence, stream, tables

from pipeline.errors import MediaUnreadable
from pipeline.metadata import mpegts
from pipeline.metadata.assembly import assemble
from pipeline.metadata.facts import read_facts
from pipeline.metadata.source import ByteSource
from pipeline.processes.reader import ReaderProcess


def facts(data: bytes, *, whole: bool = True):
    return assemble(mpegts.read(ByteSource.of_bytes(data, whole=whole)))


# --- written by ffmpeg ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    rate: str
    video: str  # ffmpeg's options
    sound: str
    codec: str
    pixels: str = "yuv420p"
    interlaced: bool = False
    sound_codec: str = ""
    ending: str = "ts"


CASES = (
    Case("25", "-c:v libx264 -g 12 -bf 2", "-c:a ac3", "h264", sound_codec="ac3"),
    Case("25", "-c:v libx264 -g 12 -bf 3 -x264-params open-gop=1", "-c:a aac", "h264", sound_codec="aac"),
    Case("30000/1001", "-c:v libx264 -flags +ildct+ilme -x264-params tff=1", "-c:a mp2", "h264", interlaced=True,
         sound_codec="mp2"),
    Case("60000/1001", "-c:v libx264 -g 30", "-c:a eac3 -mpegts_m2ts_mode 1 -f mpegts", "h264", sound_codec="eac3",
         ending="m2ts"),
    Case("24000/1001", "-c:v libx264 -pix_fmt yuv422p10le", "-c:a s302m -strict -2 -ac 2", "h264", "yuv422p10le",
         sound_codec="s302m"),
    Case("25", "-c:v mpeg2video -g 12 -bf 2", "-c:a dca -strict -2", "mpeg2video", sound_codec="dts"),
    Case("30000/1001", "-c:v mpeg2video -flags +ildct+ilme", "-c:a pcm_bluray -mpegts_m2ts_mode 1 -f mpegts",
         "mpeg2video", interlaced=True, sound_codec="pcm_bluray", ending="m2ts"),
    Case("24000/1001", "-c:v libx265 -x265-params log-level=error:keyint=24", "-c:a aac -mpegts_flags latm", "hevc",
         sound_codec="aac_latm"),
    Case("25", "-c:v mpeg1video", "-c:a libmp3lame", "mpeg1video", sound_codec="mp3"),
)  # fmt: skip


def written(case: Case, folder: Path) -> Path:
    path = folder / f"film.{case.ending}"
    shot = (
        f"-f lavfi -i testsrc2=size=192x112:rate={case.rate}:duration=3 -f lavfi -i sine=sample_rate=48000:duration=3"
    )
    ffmpeg(*shot.split(), *case.video.split(), *case.sound.split(), path)
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.codec}-{case.sound_codec}")
def test_what_ffmpeg_wrote_is_what_it_was_asked_for(case: Case, tmp_path: Path, mediainfo: ReaderProcess) -> None:
    path = written(case, tmp_path)
    found = read_facts(path)
    video, (sound,) = found.video, found.audio
    assert (video.video_codec, video.pixel_format, video.width, video.height) == (case.codec, case.pixels, 192, 112)
    assert (str(video.rate).removesuffix("/1"), video.vfr, video.interlaced) == (case.rate, False, case.interlaced)
    assert video.frames == decoded(path)
    assert (sound.codec, sound.sample_rate) == (case.sound_codec, 48000)
    second = next(track for track in mediainfo.ask({}, file=path)["tracks"] if track["track_type"] == "Video")
    assert (second["width"], second["height"], second["bit_depth"]) == (192, 112, video.bit_depth)


@pytest.mark.parametrize("case", CASES[:7], ids=lambda case: f"{case.codec}-{case.sound_codec}")
@pytest.mark.parametrize(("begin", "end"), [(0.31, 1), (0.47, 0.93), (0, 0.55)])
def test_a_stream_cut_anywhere_has_the_frames_that_a_decoder_shows(
    case: Case, begin: float, end: float, tmp_path: Path
) -> None:
    path = written(case, tmp_path)
    size = 192 if case.ending == "m2ts" else 188
    data = path.read_bytes()
    count = len(data) // size
    path.write_bytes(data[int(count * begin) * size : int(count * end) * size])
    assert (read_facts(path).video.frames or 0) == decoded(path)


def test_a_variable_rate_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "film.ts"
    source = "testsrc2=size=192x112:rate=25:duration=4,select='not(mod(n,3))+lt(n,20)'"
    ffmpeg("-f", "lavfi", "-i", source, "-fps_mode", "vfr", "-c:v", "libx264", path)
    video = read_facts(path).video
    assert (video.rate, video.vfr, video.frames) == (None, True, decoded(path))
    assert video.average_rate is not None


def test_mediainfo_is_asked_only_for_what_is_left_open(tmp_path: Path, mediainfo: ReaderProcess) -> None:
    path = tmp_path / "film.ts"
    shot = "-f lavfi -i testsrc2=size=192x112:rate=25:duration=1 -f lavfi -i sine=duration=1 -c:v mpeg4 -c:a ac3"
    ffmpeg(*shot.split(), path)
    assert read_facts(path).video.width is None
    found = read_facts(path, mediainfo=mediainfo)
    assert (found.video.width, found.video.height) == (192, 112)
    where = {source.key: source.where for source in found.sources}
    assert (where["width"], where["audio"]) == ("MediaInfo: Video", "sound frames")


# --- as cameras do --------------------------------------------------------------------------------


def fields(frames: int, *, first: str = "top", order: tuple[int, ...] = ()) -> list[tuple[int, bytes]]:
    """AVCHD with two field pictures a frame at 25 a second, each with its own time stamp and timecode."""
    second = "bottom" if first == "top" else "top"
    made = []
    for number, shown in enumerate(order or range(frames)):
        head = sequence(fields=True) if number == 0 else b""
        code = notes(x13=f"{shown // 10 << 4 | shown % 10:02x}100000")
        idr, kind = number == 0, 2 if number == 0 else 0
        for parity, late in ((first, 0), (second, 1800)):
            opening = head + code if parity == first else b""
            coded = picture(kind, number % 16, idr=idr and parity == first, parity=parity, fields=True)
            made.append((90_000 + shown * 3600 + late, opening + coded))
    return made


def test_two_fields_are_one_frame_and_their_rate_is_that_of_frames() -> None:
    found = facts(stream(fields(13), sound=AC3_STEREO))
    assert (found.video.frames, str(found.video.rate), found.video.interlaced) == (13, "25/1", True)
    assert (found.video.width, found.video.height, found.video.field_order) == (64, 32, "tff")
    assert found.audio[0].codec == "ac3"
    assert facts(stream(fields(7, first="bottom"))).video.field_order == "bff"


def test_the_timecode_is_that_of_the_first_picture_shown_not_of_the_first_in_the_file() -> None:
    found = facts(stream(fields(4, order=(2, 0, 1, 3))))
    assert found.start_timecode == "00:00:10:00"


def test_a_field_without_its_second_is_a_frame_all_the_same() -> None:
    assert facts(stream(fields(5)[:-1])).video.frames == 5


def test_a_single_picture_may_be_cut_off_and_is_not_counted() -> None:
    found = facts(stream(fields(1)))
    assert found.video.frames is None
    assert "likely" in next(source.why for source in found.sources if source.key == "rate")


def test_b_pictures_after_the_first_of_a_stream_cut_in_mid_group_are_not_shown() -> None:
    def shot(*kinds: int) -> list[tuple[int, bytes]]:
        recovery = nal_recovery()
        return [
            (90_000 + 3600 * index, (sequence(fields=False) + recovery if index == 0 else b"") + picture(kind, index))
            for index, kind in enumerate(kinds)
        ]

    assert facts(stream(shot(2, 1, 1, 0, 1, 1))).video.frames == 4


def test_the_rest_of_a_picture_that_began_before_the_file_is_none() -> None:
    filler = b"\0\0\1\x0c" + b"\xff" * 200
    shots = [(3600 * number, filler + sequence(fields=False) + picture(2, 0, idr=True)) for number in range(9)]
    data = stream(shots)
    assert facts(data).video.frames == 9
    beginning = 2 * 188  # behind the tables
    assert facts(data[:beginning] + data[beginning + 188 :]).video.frames == 8


def nal_recovery() -> bytes:
    """A recovery point after no frames: decoding may begin here."""
    return b"\0\0\0\1\6\6\1\xc4\x80"


def test_avchd_says_when_where_and_by_what_it_was_shot() -> None:
    said = {"x18": "44201904", "x19": "24222400", "xb1": "4e000000", "xb2": "00300001", "xb3": "000c0001",
            "xb4": "001e0001", "xb5": "45000000", "xb6": "00100001", "xb7": "00180001", "xb8": "00000001",
            "xe0": "01083100", "xe4": "494c4345", "xe5": "2d374d33"}  # fmt: skip
    made = fields(3)
    made[0] = (made[0][0], sequence(fields=True) + notes(**said) + picture(2, 0, idr=True, parity="top", fields=True))
    found = facts(stream(made))
    assert (found.recorded_at, found.recorded_at_zone) == ("2019-04-24T22:24:00+02:00", "offset")
    assert (found.camera_make, found.camera_model) == ("Sony", "ILCE-7M3")
    assert found.gps == pytest.approx((48 + 12 / 60 + 30 / 3600, 16.4))


@pytest.mark.parametrize(("zone", "said"), [("02", "+01:00"), ("2b", "-05:30"), ("00", "+00:00"), ("ff", "")])
def test_the_zone_of_avchd(zone: str, said: str) -> None:
    made = fields(2)
    packs = {"x18": f"{zone}200812", "x19": "31231624"}
    made[0] = (made[0][0], sequence(fields=True) + notes(**packs) + picture(2, 0, idr=True, parity="top", fields=True))
    assert facts(stream(made)).recorded_at == f"2008-12-31T23:16:24{said}"


def mpeg2(structure: int, kind: int, *, number: int = 0) -> bytes:
    """A picture header with its coding extension: structure 1 top, 2 bottom, 3 frame; kind 1 I, 2 P, 3 B."""
    head = number << 6 | kind << 3
    return b"\0\0\1\0" + head.to_bytes(2, "big") + b"\xff\xf8" + b"\0\0\1\xb5\x8f\xff" + bytes((0xF0 | structure, 0x80))


HDV = b"\0\0\1\xb3\x5a\x04\x38\x33\xff\xff\xe0\x18\0\0\1\xb5\x14\x82\0\1\0\0"  # 1440x1080, 16:9, 25, interlaced
GROUP = b"\0\0\1\xb8" + bits((0, 1), (10, 5), (20, 6), (1, 1), (30, 6), (7, 6), (0, 1), (0, 1))[:4]


def test_hdv_has_its_shape_its_timecode_and_frames_of_two_fields() -> None:
    """In the order of the file: I B B P B B, of which the first two B need what stood before."""
    frames = [(2, 1), (0, 3), (1, 3), (5, 2), (3, 3), (4, 3)]
    shot = []
    for number, kind in frames:
        second = 2 if kind == 1 else kind
        head = HDV + GROUP if kind == 1 else b""
        shot.append((90_000 + 3600 * number, head + mpeg2(1, kind, number=number)))
        shot.append((90_000 + 3600 * number + 1800, mpeg2(2, second, number=number)))
    found = facts(stream(shot, kind=0x02))
    video = found.video
    assert (video.width, video.height, str(video.pixel_aspect), video.interlaced) == (1440, 1080, "4/3", True)
    assert (video.frames, str(video.rate), video.field_order) == (4, "25/1", "tff")
    assert found.start_timecode == "10:20:30:09"  # the group begins with the two that are not shown


def test_a_stream_without_picture_or_sound_is_refused() -> None:
    with pytest.raises(MediaUnreadable, match="no picture or sound"):
        facts(tables((0x06, 0x200, b"")) + packets(0x200, b"\0" * 2000))


def test_a_large_stream_is_not_counted_and_little_of_it_is_read() -> None:
    data = stream(fields(100)) + packets(0x1FFF, b"\xff" * (8 << 20))
    source = ByteSource.of_bytes(data, whole=False)
    found = assemble(mpegts.read(source))
    assert (found.video.frames, str(found.video.rate)) == (None, "25/1")
    assert source.fetched < 4 << 20


# --- counting -------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, 900), max_size=200), size=st.sampled_from([188, 192]))
def test_the_count_does_not_hang_on_how_the_bytes_come(cuts: list[int], size: int) -> None:
    data = stream(fields(30), size=size)
    count = mpegts.counter(ByteSource.of_bytes(data))
    assert count is not None
    at = 0
    for step in [*cuts, len(data)]:
        count.feed(memoryview(data)[at : at + step])
        at += step
    assert count.frames == 30


def test_bytes_that_went_lost_cost_the_pictures_that_were_in_them_and_no_more() -> None:
    data = stream(fields(40))
    count = mpegts.counter(ByteSource.of_bytes(data))
    middle = len(data) // 2
    count.feed(data[:middle] + b"\0" * 777 + data[middle + 500 :])
    assert 36 <= count.frames <= 40


@pytest.mark.parametrize("filling", [b"\0\0\1\x65", b"\0\0\1", b"\x47", b"\x47" * 188 + b"\0" * 188, b"\0"])
def test_bytes_made_to_keep_a_counter_busy_do_not(filling: bytes) -> None:
    import time

    count = mpegts.counter(ByteSource.of_bytes(stream(fields(3))))
    hostile = stream(fields(3)) + packets(0x1011, filling * ((4 << 20) // len(filling)))
    began = time.process_time()
    for _ in range(4):
        count.feed(hostile)
    for _ in range(4):
        count.feed(filling * ((4 << 20) // len(filling)))
    assert count.frames is None or count.frames >= 0
    assert time.process_time() - began < 4
