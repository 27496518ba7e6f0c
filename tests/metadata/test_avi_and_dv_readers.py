"""What AVI and DV say, read from files built chunk by chunk, and from files that ffmpeg wrote as it was asked to."""

import struct
import subprocess
from fractions import Fraction

import pytest
from tinyavi import MICRO, Avi, a_list, chunk, dv_frame, jpeg, wave

from pipeline.clip import AudioStream, Facts, VideoStream
from pipeline.errors import MediaUnreadable, NotMedia
from pipeline.metadata import avi, avi_cameras, dv
from pipeline.metadata.assembly import assemble
from pipeline.metadata.facts import read_facts
from pipeline.metadata.source import ByteSource
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.timecode import Rate

PAL_SIZE, NTSC_SIZE = 144_000, 120_000


def facts(built: Avi) -> Facts:
    return assemble(avi.read(ByteSource.of_bytes(built.build())))


def video(built: Avi) -> VideoStream:
    found = facts(built).video
    assert found is not None
    return found


def dv_facts(frame: bytes, size: int = PAL_SIZE, *, count: int = 3, rest: int = 0) -> Facts:
    data = frame.ljust(size, b"\0") * count + frame[:rest]
    return assemble(dv.read(ByteSource.of_bytes(data)))


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ((25, 1), Rate(25)),
        ((30000, 1001), Rate(30000, 1001)),
        ((2997, 100), Rate(30000, 1001)),
        ((MICRO, 41_666), Rate(24)),  # 24.0004
        ((MICRO, 66_666), Rate(15)),  # 15.00015
        ((MICRO, 33_367), Rate(30000, 1001)),  # 29.9697
        ((25, 2), Rate(25, 2)),
        ((0, 0), Rate(25)),  # by the time of a frame in the main header
    ],
)
def test_the_rate_is_the_one_that_a_rounded_time_means(rate, expected):
    assert video(Avi(rate=rate)).rate == expected


@pytest.mark.parametrize(
    ("built", "frames", "others"),
    [
        (Avi(length=3, pictures=3), 3, ()),
        (Avi(length=9, pictures=3), 3, ("9",)),  # the index lists what is there
        (Avi(length=9, pictures=3, index=False), 9, ()),
        (Avi(length=0, pictures=3, index=False, total=7), 7, ()),
        (Avi(length=9, pictures=3, indexed=(20, 30)), 50, ("9",)),
        (Avi(length=9, pictures=3, indexed=(20,), total=9), 20, ("9", "9")),
        (Avi(length=9, pictures=3, more=(a_list(b"AVIX", outer=b"RIFF"),)), 9, ()),  # the index covers a part only
        (Avi(length=0, index=False), None, ()),
    ],
)
def test_frames_are_those_that_the_index_lists(built, frames, others):
    found = facts(built)
    assert found.video is not None
    assert found.video.frames == frames
    said = [source.others for source in found.sources if source.key == "frames"]
    assert tuple(text for _, text in (said[0] if said else ())) == others


def test_a_recording_that_was_never_closed_says_so():
    found = facts(Avi(length=0, index=False, closed=False, sounds=(wave(),)))
    assert found.video is not None
    assert (found.video.frames, found.video.pixel_format) == (None, "yuv420p")
    assert any("never closed" in warning for warning in found.warnings)


def test_a_file_cut_off_has_no_length():
    data = Avi(sounds=(wave(),), pictures=90).build()
    found = assemble(avi.read(ByteSource.of_bytes(data[: len(data) // 2])))
    assert found.video is not None
    assert found.video.frames is None
    assert found.audio == (AudioStream("pcm_s16le", 1, 48000),)
    assert any("cut off" in warning for warning in found.warnings)


def test_a_riff_size_that_counts_its_own_header_is_no_cut():
    data = Avi().build()
    data = data[:4] + struct.pack("<I", len(data)) + data[8:]
    found = assemble(avi.read(ByteSource.of_bytes(data)))
    assert found.video is not None
    assert (found.video.frames, found.warnings) == (3, ())


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (Avi(), ("mjpeg", "yuv420p", 8, False)),
        (Avi(picture=jpeg(sampling=0x21)), ("mjpeg", "yuv422p", 8, False)),
        (Avi(picture=jpeg(120)), ("mjpeg", "yuv420p", 8, True)),  # each field is a picture
        (Avi(grouped=True), ("mjpeg", "yuv420p", 8, False)),
        (Avi(letters=b"UYVY", picture=bytes(64)), ("rawvideo", "uyvy422", 8, None)),
        (Avi(letters=bytes(4), picture=bytes(64)), ("rawvideo", "bgr24", 8, None)),
        (Avi(letters=b"v210", picture=bytes(64), shape=(16, 9, 2)), ("v210", "yuv422p10le", 10, True)),
        (Avi(letters=b"WHAT", picture=bytes(64)), (None, None, None, None)),
    ],
)
def test_four_letters_and_the_first_picture_tell_the_form(built, expected):
    found = video(built)
    assert (found.video_codec, found.pixel_format, found.bit_depth, found.interlaced) == expected


def test_a_picture_stored_from_the_top_has_no_negative_height():
    assert video(Avi(size=(320, -240))).height == 240


def test_the_video_properties_shape_the_pixels():
    assert video(Avi(size=(720, 576), shape=(4, 3, 1))).pixel_aspect == Fraction(16, 15)


def test_every_sound_stream_is_a_stream_with_its_name_and_length():
    found = facts(Avi(sounds=(wave(), wave(2, 44_100)), names=(b"Lavalier\0", b"Boom")))
    assert found.audio == (AudioStream("pcm_s16le", 1, 48000, 480), AudioStream("pcm_s16le", 2, 44_100, 240))
    assert found.track_names == ("Lavalier", "Boom")


def test_sound_in_an_unknown_form_is_left_to_the_second_reader():
    assert not any(
        finding.key == "audio" for finding in avi.read(ByteSource.of_bytes(Avi(sounds=(wave(tag=77),)).build()))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon Mar 10 15:04:43 2003\n", "2003-03-10T15:04:43"),
        ("THU FEB  3 11:03:15 2011", "2011-02-03T11:03:15"),
        ("2009/10/27 12:14:34", "2009-10-27T12:14:34"),
        ("2009-10-27  12:14:34", "2009-10-27T12:14:34"),
        ("2001/ 1/27  1:42PM", "2001-01-27T13:42:00"),
        ("2001/ 1/27 12:42AM", "2001-01-27T00:42:00"),
        ("2005/11/28/ 09:19", "2005-11-28T09:19:00"),
        ("Mon Foo 10 15:04:43 2003", None),
        ("2009/13/27 12:14:34", None),
        ("0000/00/00 00:00:00", None),
        ("2009/10/27", None),
    ],
)
def test_dates_as_devices_write_them(text, expected):
    found = avi_cameras.date(text)
    assert (found and found.iso) == expected
    assert found is None or found.zone == "local-unknown"


def directory(order: str, *entries: tuple[int, bytes], start: int = 0) -> bytes:
    """A TIFF directory of texts whose offsets count from `start` bytes before it."""
    body, texts = struct.pack(f"{order}H", len(entries)), b""
    after = start + 2 + 12 * len(entries)
    for tag, text in entries:
        body += struct.pack(f"{order}HHI", tag, 2, len(text))
        body += text.ljust(4, b"\0") if len(text) <= 4 else struct.pack(f"{order}I", after + len(texts))
        texts += text if len(text) > 4 else b""
    return body + texts


NIKON = b"".join(struct.pack("<HH", tag, len(text)) + text for tag, text in (
    (3, b"NIKON"), (4, b"COOLPIX S30"), (0x13, b"2013:06:27 21:27:28")))  # fmt: skip
PENTAX = b"PENTAX \0MM" + directory(">", (0x0229, b"3430417\0"), start=10)
OLYMPUS = b"OLYMDigital Camera" + b"OLYMPUS".ljust(26, b"\0") + b"u7040".ljust(87, b"\0") + b"2009:10:27 12:14:34"
EXIF = directory("<", (0x010F, b"FUJIFILM\0"), (0x0110, b"FinePix F30\0"), (0x0132, b"2007:01:02 03:04:05\0"))


@pytest.mark.parametrize(
    ("built", "make", "model", "serial", "recorded"),
    [
        (Avi(header=(chunk(b"IDIT", b"2009/10/27 12:14:34\0"),)), None, None, None, "2009-10-27T12:14:34"),
        (Avi(before=(a_list(b"hydt", chunk(b"hymn", PENTAX)), a_list(b"INFO", chunk(b"ISFT", b"PENTAX K-x  ")))),
         "PENTAX", "PENTAX K-x", "3430417", None),
        (Avi(before=(a_list(b"INFO", chunk(b"ISFT", b"PENTAX K-x")),)), None, None, None, None),
        (Avi(before=(a_list(b"ncdt", chunk(b"nctg", NIKON)),)), "NIKON", "COOLPIX S30", None, "2013-06-27T21:27:28"),
        (Avi(before=(a_list(b"exif", chunk(b"ecor", b"RICOH"), chunk(b"emdl", b"R5")),)), "RICOH", "R5", None, None),
        (Avi(before=(chunk(b"JUNK", OLYMPUS),)), "OLYMPUS", "u7040", None, "2009-10-27T12:14:34"),
        (Avi(before=(chunk(b"JUNK", b"text of no one"),)), None, None, None, None),
    ],
)  # fmt: skip
def test_cameras_sign_in_chunks_of_their_own(built, make, model, serial, recorded):
    found = facts(built)
    assert (found.camera_make, found.camera_model, found.camera_serial, found.recorded_at) == (
        make, model, serial, recorded,
    )  # fmt: skip


def test_exif_in_a_stream_s_data_is_read():
    found = list(avi_cameras.read([(b"strd", b"AVIF" + bytes(4) + EXIF)]))
    said = {finding.key: str(finding.value) for finding in found}
    assert said == {"camera_make": "FUJIFILM", "camera_model": "FinePix F30", "recorded_at": "2007-01-02T03:04:05"}


def test_capture_programs_write_timecode_and_reel():
    notes = a_list(b"Tdat", chunk(b"tc_O", b"01:00:00:10\0"), chunk(b"rn_O", b"A001\0"))
    found = facts(Avi(after=(notes,)))
    assert (found.start_timecode, found.reel) == ("01:00:00:10", "A001")


def test_dv_in_avi_says_what_the_tape_said():
    found = facts(Avi(letters=b"dvsd", kind=b"iavs", size=(720, 576), picture=dv_frame(sound=(0, 2, 1))))
    assert found.video is not None
    assert (found.video.video_codec, found.video.pixel_format, found.video.interlaced) == ("dvvideo", "yuv420p", True)
    assert (found.start_timecode, found.recorded_at) == ("01:02:03:04", "2019-10-12T06:15:00")
    assert found.audio == (AudioStream("pcm_s16le", 2, 32000),) * 2


@pytest.mark.parametrize(
    "data", [b"RIFF\x10\0\0\0AVI LIST", Avi(kind=b"txts").build(), Avi(picture=b"#EXTM3U").build()]
)
def test_a_playlist_in_disguise_is_no_avi(tmp_path, data):
    (tmp_path / "clip.avi").write_bytes(data)
    with pytest.raises(NotMedia):
        read_facts(tmp_path / "clip.avi")


def test_an_avi_without_streams_is_refused():
    with pytest.raises(MediaUnreadable, match="no stream"):
        list(avi.read(ByteSource.of_bytes(Avi().build().replace(b"strl", b"xxxx"))))


@pytest.mark.parametrize(
    ("frame", "size", "expected"),
    [
        (dv_frame(), PAL_SIZE, (720, 576, "yuv420p", Rate(25), True, Fraction(16, 15))),
        (dv_frame(wide=True), PAL_SIZE, (720, 576, "yuv420p", Rate(25), True, Fraction(64, 45))),
        (dv_frame(application=1), PAL_SIZE, (720, 576, "yuv411p", Rate(25), True, Fraction(16, 15))),
        (dv_frame(lines=525), NTSC_SIZE, (720, 480, "yuv411p", Rate(30000, 1001), True, Fraction(8, 9))),
        (dv_frame(kind=4), 288_000, (720, 576, "yuv422p", Rate(25), True, Fraction(16, 15))),
        (dv_frame(kind=0x14), 576_000, (1440, 1080, "yuv422p", Rate(25), True, Fraction(4, 3))),
        (dv_frame(kind=0x14, lines=525), 480_000, (1280, 1080, "yuv422p", Rate(30000, 1001), True, Fraction(3, 2))),
        (dv_frame(kind=0x18), 288_000, (960, 720, "yuv422p", Rate(50), False, Fraction(4, 3))),
    ],
)
def test_a_dv_frame_states_its_form_and_the_file_s_size_its_number(frame, size, expected):
    found = dv_facts(frame, size).video
    assert found is not None
    assert (found.width, found.height, found.pixel_format, found.rate, found.interlaced, found.pixel_aspect) == expected
    assert found.frames == 3


@pytest.mark.parametrize(
    ("raw", "lines", "label"),
    [
        ("04030201", 625, "01:02:03:04"),
        ("64030201", 625, "01:02:03:24"),  # a flag that means drop-frame only at 29.97
        ("42000001", 525, "01:00:00;02"),
        ("02000001", 525, "01:00:00:02"),
        ("42000101", 525, "01:01:00;02"),
        ("40000101", 525, None),  # drop-frame has no such label
        ("25000000", 625, None),
        ("ffffffff", 625, None),
    ],
)
def test_dv_timecode_is_read_from_the_subcode(raw, lines, label):
    frame = dv_frame(lines=lines, timecode=bytes.fromhex(raw))
    assert dv_facts(frame, PAL_SIZE if lines == 625 else NTSC_SIZE).start_timecode == label


@pytest.mark.parametrize(
    ("date", "time", "expected"),
    [
        ("ff121019", "ff001506", "2019-10-12T06:15:00"),
        ("ffd6e210", "ffa8b6e1", "2010-02-16T21:36:28"),
        ("ff313195", "ff595923", None),  # no day of that month
        ("ff010170", "ff000000", None),  # a clock that was not set
        ("ff1210ff", "ff001506", None),
        ("ffffffff", "ff001506", None),
    ],
)
def test_dv_dates_are_decimal_digits(date, time, expected):
    assert dv_facts(dv_frame(date=bytes.fromhex(date), time=bytes.fromhex(time))).recorded_at == expected


@pytest.mark.parametrize(
    ("sound", "expected"),
    [
        (None, ()),
        ((0, 0, 0), ((2, 48000),)),
        ((0, 1, 0), ((2, 44100),)),
        ((0, 2, 1), ((2, 32000),) * 2),  # 12 bits leave room for four channels
        ((2, 0, 0), ((2, 48000),) * 2),
        ((0, 5, 0), ()),
    ],
)
def test_dv_sound_comes_in_pairs(sound, expected):
    assert tuple((each.channels, each.sample_rate) for each in dv_facts(dv_frame(sound=sound)).audio) == expected


def test_a_dv_stream_cut_off_inside_a_frame_counts_the_whole_ones_and_warns():
    found = dv_facts(dv_frame(), rest=5_000)
    assert found.video is not None
    assert found.video.frames == 3
    assert any("last frame" in warning for warning in found.warnings)
    alone = dv_facts(dv_frame(), count=0, rest=5_000).video
    assert alone is not None
    assert alone.frames is None


def test_a_dv_stream_whose_frames_begin_elsewhere_is_not_counted():
    odd = dv_frame().ljust(PAL_SIZE, b"\0") * 2 + bytes(PAL_SIZE)
    found = assemble(dv.read(ByteSource.of_bytes(odd))).video
    assert found is not None
    assert found.frames is None


def test_the_frames_of_a_terabyte_of_dv_are_counted_by_its_size():
    frame = dv_frame().ljust(PAL_SIZE, b"\0")
    asked = []

    def read_at(offset: int, size: int) -> bytes:
        asked.append(size)
        start = offset % PAL_SIZE
        return (frame + frame)[start : start + size]

    found = assemble(dv.read(ByteSource(PAL_SIZE * 7_000_000, read_at)))
    assert found.video is not None
    assert found.video.frames == 7_000_000
    assert sum(asked) < 1 << 20


SECOND = ("-f", "lavfi", "-i")
TONE = (*SECOND, "sine=sample_rate=48000:duration=1", "-ac", "2")


@pytest.mark.parametrize(
    ("name", "size", "rate", "arguments", "expected"),
    [
        ("a.avi", "320x240", "15", ("-c:v", "mjpeg", "-pix_fmt", "yuvj422p"), ("mjpeg", "yuv422p", False, 15, None)),
        ("b.avi", "320x240", "30000/1001", ("-c:v", "mpeg4"), ("mpeg4", "yuv420p", False, 30, None)),
        ("c.avi", "320x240", "25", (*TONE, "-c:v", "libx264"), ("h264", "yuv420p", False, 25, None)),
        ("d.avi", "320x240", "24", ("-c:v", "rawvideo", "-pix_fmt", "uyvy422"),
         ("rawvideo", "uyvy422", False, 24, None)),
        ("e.avi", "720x576", "25", ("-c:v", "dvvideo", "-pix_fmt", "yuv420p", "-timecode", "10:00:00:05"),
         ("dvvideo", "yuv420p", True, 25, "10:00:00:05")),
        ("f.dv", "720x576", "25", (*TONE, "-target", "pal-dv", "-timecode", "10:00:00:05"),
         ("dvvideo", "yuv420p", True, 25, "10:00:00:05")),
        ("g.dv", "720x480", "30000/1001", ("-c:v", "dvvideo", "-pix_fmt", "yuv411p", "-timecode", "01:00:00;02"),
         ("dvvideo", "yuv411p", True, 30, "01:00:00;02")),
    ],
)  # fmt: skip
def test_what_ffmpeg_was_asked_to_write_is_what_is_read(tmp_path, mediainfo, name, size, rate, arguments, expected):
    file = tmp_path / name
    picture = (*SECOND, f"testsrc2=size={size}:rate={rate}:duration=1")
    done = subprocess.run([find_ffmpeg(), "-v", "error", *picture, *arguments, file], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found = read_facts(file)
    stream = found.video
    assert stream is not None
    assert (f"{stream.width}x{stream.height}", stream.rate, found.container) == (size, Rate.parse(rate), name[2:])
    assert (stream.video_codec, stream.pixel_format, stream.interlaced, stream.frames) == expected[:4]
    assert expected[4] is None or found.start_timecode == expected[4]
    assert bool(found.audio) == ("-ac" in arguments)
    tracks = mediainfo.ask({}, file=file)["tracks"]
    other = next(track for track in tracks if track["track_type"] == "Video")
    assert (stream.width, stream.height, stream.frames) == (other["width"], other["height"], int(other["frame_count"]))
    said = Fraction(int(other["framerate_num"]), int(other["framerate_den"]))
    assert (Rate.nearest(said) or Rate.of(said)) == stream.rate
