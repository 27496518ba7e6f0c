"""What MXF files say, read from files built set by set, and from files that ffmpeg wrote as it was asked to."""

import struct
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from tinymxf import XAVC_INTRA, Recording, Timecode, fraction, sound_said

from pipeline.clip import AudioStream, Facts, VideoStream
from pipeline.errors import MediaUnreadable
from pipeline.metadata import mediainfo as second
from pipeline.metadata import mxf
from pipeline.metadata.assembly import assemble
from pipeline.metadata.facts import read_facts
from pipeline.metadata.source import ByteSource
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.processes.reader import ReaderProcess
from pipeline.timecode import Rate

PAL, NTSC, FAST = (25, 1), (30000, 1001), (60000, 1001)
BOTH_FIELDS = {"x320c": b"\1", "x3202": struct.pack(">I", 540)}
NRTM = (
    b'<?xml version="1.0"?><NonRealTimeMeta><Device manufacturer="Sony" modelName="PXW-FS7" serialNo="77"/>'
    b'<CreationDate value="2019-10-12T08:15:00+02:00"/></NonRealTimeMeta>'
)


def facts(recording: Recording) -> Facts:
    return assemble(mxf.read(ByteSource.of_bytes(recording.build())))


def video(recording: Recording) -> VideoStream:
    found = facts(recording).video
    assert found is not None
    return found


def others(found: Facts, key: str) -> tuple[tuple[str, str], ...]:
    return next(source.others for source in found.sources if source.key == key)


@pytest.mark.parametrize(
    ("rate", "code", "said", "counted"),
    [
        (PAL, Timecode(90_000, 25), "01:00:00:00", Rate(25)),
        (NTSC, Timecode(107_892, 30, drop=True), "01:00:00;00", Rate(30000, 1001)),
        (NTSC, Timecode(108_000, 30), "01:00:00:00", Rate(30000, 1001)),
        (FAST, Timecode(215_784, 60, drop=True), "01:00:00;00", Rate(60000, 1001)),
        (FAST, Timecode(107_892, 30, drop=True), "01:00:00;00", Rate(30000, 1001)),  # counted at half
        ((24000, 1001), Timecode(86_400, 24), "01:00:00:00", Rate(24000, 1001)),
        (FAST, Timecode(86_400, 24), "01:00:00:00", Rate(24000, 1001)),  # 23.976 on pictures at 59.94
        ((50, 1), Timecode(90_000, 25), "01:00:00:00", Rate(25)),
        ((48000, 1), Timecode(107_892, 30, drop=True), "01:00:00;00", Rate(30000, 1001)),  # edited in samples
        (PAL, Timecode(90_000, 25, drop=True), "01:00:00:00", Rate(25)),  # no drop-frame at 25
        (PAL, Timecode(25 * 86_400, 25), "00:00:00:00", Rate(25)),  # a day is over
    ],
)
def test_the_rounded_base_counts_labels_and_the_edit_rate_says_how_fast(rate, code, said, counted):
    found = facts(Recording(rate=rate, material_code=code))
    assert (found.start_timecode, found.timecode_rate) == (said, counted)


def test_a_material_package_is_believed_before_the_tape_and_the_file_it_came_from():
    codes = {"file_code": Timecode(25, 25), "tape_code": Timecode(50, 25)}
    found = facts(Recording(material_code=Timecode(90_000, 25), **codes))
    assert found.start_timecode == "01:00:00:00"
    assert [said for _, said in others(found, "start_timecode")] == ["00:00:02:00", "00:00:01:00"]
    assert facts(Recording(**codes)).start_timecode == "00:00:02:00"
    assert facts(Recording(file_code=Timecode(25, 25))).start_timecode == "00:00:01:00"


def test_a_clip_that_begins_inside_its_tape_begins_there_in_timecode_too():
    found = facts(Recording(tape_code=Timecode(90_000, 25), tape_position=100, position=5, tape_name="A001"))
    assert found.start_timecode == "01:00:04:05"
    assert found.reel == "A001"


@pytest.mark.parametrize(
    ("recording", "frames"),
    [
        (Recording(duration=10), 10),
        (Recording(duration=8, source_duration=10), 8),  # a player shows the material package
        (Recording(duration=-1, source_duration=12), 12),
        (Recording(duration=-1, source_duration=-1, container_duration=15), 15),
        (Recording(duration=-1, source_duration=-1, container_duration=15, origin=2), 13),
        (Recording(duration=-1, source_duration=-1, index=(100, 50)), 150),
        (Recording(duration=-1, source_duration=-1), None),
        (Recording(duration=-1, source_duration=-1, index=(0, 0)), None),  # a duration of 0 means "all"
    ],
)
def test_frames_are_those_a_player_shows(recording, frames):
    assert video(recording).frames == frames


def test_a_length_that_is_nowhere_in_the_file_is_said_to_be_missing():
    found = facts(Recording(duration=-1, source_duration=-1, closed=False, footer=False))
    assert found.video is not None
    assert found.video.frames is None
    assert any("never closed" in warning for warning in found.warnings)


def test_an_open_header_gives_way_to_the_metadata_of_the_footer():
    whole = Recording(duration=25, closed=False, footer_metadata=True).build()
    early = whole.replace(struct.pack(">HHq", 0x0202, 8, 25), struct.pack(">HHq", 0x0202, 8, -1), 4)
    found = assemble(mxf.read(ByteSource.of_bytes(early)))
    assert found.video is not None
    assert found.video.frames == 25
    assert not found.warnings


@pytest.mark.parametrize("kept", [0.6, 0.75, 0.9])
def test_a_file_cut_off_before_its_footer_has_no_length(kept):
    data = Recording(essence=bytes(20_000), material_code=Timecode(90_000, 25), sound=sound_said()).build()
    found = assemble(mxf.read(ByteSource.of_bytes(data[: int(len(data) * kept)])))
    assert found.start_timecode == "01:00:00:00"
    assert found.audio == (AudioStream("pcm_s24le", 2, 48000),)
    assert found.video is not None
    assert found.video.frames is None
    assert any("cut off" in warning for warning in found.warnings)


def test_without_its_random_index_a_file_is_read_all_the_same():
    whole = Recording(duration=-1, source_duration=-1, index=(0, 50)).build()
    found = assemble(mxf.read(ByteSource.of_bytes(whole[: whole.rindex(bytes.fromhex("060e2b34020501"))])))
    assert found.video is not None
    assert found.video.frames == 50


def test_bytes_before_the_header_move_everything():
    found = Recording(run_in=b"camera says hello", duration=-1, source_duration=-1, index=(0, 50), texts=(NRTM,))
    assert video(found).frames == 50
    assert facts(found).camera_model == "PXW-FS7"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (1920, 1080, None, None)),
        ({"x320c": b"\0"}, (1920, 1080, False, None)),
        (BOTH_FIELDS, (1920, 1080, True, None)),
        ({**BOTH_FIELDS, "x320d": struct.pack(">IIII", 2, 4, 21, 584)}, (1920, 1080, True, "tff")),
        ({**BOTH_FIELDS, "x320d": struct.pack(">IIII", 2, 4, 23, 285)}, (1920, 1080, True, "bff")),
        ({**BOTH_FIELDS, "x320c": b"\4"}, (1920, 1080, False, None)),  # segmented frames are progressive
        ({"x320c": b"\3"}, (1920, 1080, True, None)),  # mixed fields lie in full frames
        ({"x3202": struct.pack(">I", 1088), "x3204": struct.pack(">I", 1080)}, (1920, 1080, None, None)),
    ],
)
def test_size_and_fields_follow_the_frame_layout(said, expected):
    found = video(Recording(picture=said, coding=XAVC_INTRA))
    assert (found.width, found.height, found.interlaced, found.field_order) == expected


def test_the_aspect_ratio_is_that_of_what_is_displayed():
    lines = {name: struct.pack(">I", size) for name, size in (("x3203", 720), ("x3202", 608), ("x3208", 576))}
    assert video(Recording(picture={**lines, "x320e": fraction((4, 3))})).pixel_aspect == Fraction(16, 15)
    wide = {"x3203": struct.pack(">I", 1440), "x3209": struct.pack(">I", 1920), "x320e": fraction((16, 9))}
    assert video(Recording(picture=wide)).pixel_aspect == Fraction(4, 3)


@pytest.mark.parametrize(
    ("depth", "across", "down", "levels", "expected"),
    [
        (8, 2, 2, (16, 235), ("yuv420p", 8, "tv")),
        (8, 4, 1, (16, 235), ("yuv411p", 8, "tv")),
        (10, 2, 1, (64, 940), ("yuv422p10le", 10, "tv")),
        (10, 2, 1, (0, 1023), ("yuv422p10le", 10, "pc")),
        (12, 1, 1, (7, 8), ("yuv444p12le", 12, None)),
        (99, 2, 1, (64, 940), (None, None, None)),
    ],
)
def test_depth_chroma_and_levels_come_from_the_descriptor(depth, across, down, levels, expected):
    numbers = {"x3301": depth, "x3302": across, "x3308": down, "x3304": levels[0], "x3305": levels[1]}
    found = video(Recording(picture={tag: struct.pack(">I", value) for tag, value in numbers.items()}))
    assert (found.pixel_format, found.bit_depth, found.color_range) == expected


def test_colour_labels_have_ffmpegs_names():
    def label(kind: int, code: int) -> bytes:
        return bytes.fromhex("060e2b340401010d04010101") + bytes((kind, code, 0, 0))

    found = video(Recording(picture={"x3219": label(3, 4), "x3210": label(1, 10), "x321a": label(2, 6)}))
    assert (found.color_primaries, found.color_transfer, found.color_matrix) == ("bt2020", "smpte2084", "bt2020nc")


@pytest.mark.parametrize(
    ("coding", "codec", "decoder"),
    [
        ("060e2b34040101030401020201040300", "mpeg2video", True),
        ("060e2b340401010a0401020201323101", "h264", True),
        ("060e2b340401010d0401020203060300", "prores", True),
        ("060e2b340401010a0401020271010000", "dnxhd", True),
        ("060e2b34040101070401020203010100", "jpeg2000", True),
        ("060e2b340401010a0401020101020201", "v210", True),
        ("060e2b340401010d0e17000000000000", None, False),
        ("060e2b340401010d0e06040102040200", None, False),
        ("060e2b340401010d0e04000000000000", None, True),  # another's own coding: MediaInfo may know it
    ],
)
def test_the_coding_label_names_the_codec(coding, codec, decoder):
    found = facts(Recording(coding=bytes.fromhex(coding)))
    assert ((found.video and found.video.video_codec), found.decoder) == (codec, decoder)


SEQUENCE = bytes.fromhex("000001b37804381affffe018000001b5148200010000")  # 4:2:0, fields


@pytest.mark.parametrize("number", [b"\x15\1\5\1", b"\x15\1\x08\0"])
def test_the_first_picture_is_found_even_where_its_number_is_not_the_track_s(number):
    said = {"x3301": struct.pack(">I", 8), "x3302": struct.pack(">I", 2)}  # the descriptor says 4:2:2
    data = Recording(essence=SEQUENCE, picture=said).build().replace(b"\x0d\1\3\1\x15\1\5\1", b"\x0d\1\3\1" + number)
    found = assemble(mxf.read(ByteSource.of_bytes(data))).video
    assert found is not None
    assert (found.pixel_format, found.interlaced) == ("yuv420p", True)


def test_sound_lasts_as_long_as_its_track_where_that_is_a_whole_number_of_samples():
    assert facts(Recording(sound=sound_said(4))).audio == (AudioStream("pcm_s24le", 4, 48000, 19_200),)
    assert facts(Recording(rate=NTSC, sound=sound_said(bits=16))).audio == (AudioStream("pcm_s16le", 2, 48000, 16_016),)
    assert facts(Recording(rate=NTSC, duration=11, sound=sound_said())).audio[0].samples is None


@pytest.mark.parametrize(
    ("company", "product", "make", "model", "dated"),
    [
        ("CANON", "EOS C300 Mark II", "Canon", "EOS C300 Mark II", True),
        ("Canon Inc.", "XF Utility", None, None, False),
        ("ARRI", "ALEXA Mini LF", "ARRI", "ALEXA Mini LF", True),
        ("Sony", "Mem", "Sony", None, True),
        ("Sony", "Catalyst Browse", None, None, False),
        ("FFmpeg", "OP1a Muxer", None, None, False),
    ],
)
def test_a_camera_that_signed_the_file_dates_it(company, product, make, model, dated):
    created = struct.pack(">HBBBBBB", 2019, 10, 12, 6, 15, 0, 0)
    found = facts(Recording(company=company, product=product, created=created))
    assert (found.camera_make, found.camera_model) == (make, model)
    assert found.recorded_at == ("2019-10-12T06:15:00" if dated else None)
    assert found.recorded_at_zone is None  # the format asks for UTC, cameras write their own clock


@pytest.mark.parametrize(("name", "clip"), [("A001C003", "A001C003"), ("A Material Package", None), ("", None)])
def test_the_material_package_names_the_clip(name, clip):
    assert facts(Recording(name=name)).clip_name == clip


def test_a_camera_s_own_text_in_a_generic_stream_is_read():
    found = facts(Recording(texts=(b"<Other/>", NRTM)))
    assert (found.camera_make, found.camera_model, found.camera_serial) == ("Sony", "PXW-FS7", "77")
    assert (found.recorded_at, found.recorded_at_zone) == ("2019-10-12T08:15:00+02:00", "offset")


def test_a_track_of_an_op_atom_clip_whose_essence_is_elsewhere_is_not_claimed():
    recording = Recording(sound=sound_said())
    data = recording.build()
    # The picture's source package is renamed everywhere but in the material package: it lies in another file.
    elsewhere = data.replace(b"\2" * 32, b"\7" * 32)
    at = elsewhere.index(b"\7" * 32, elsewhere.index(b"m picture part"))
    found = assemble(mxf.read(ByteSource.of_bytes(elsewhere[:at] + b"\2" * 32 + elsewhere[at + 32 :])))
    assert found.video is None
    assert len(found.audio) == 1


def test_a_header_without_packages_is_refused():
    data = Recording().build().replace(bytes.fromhex("0d01010101"), bytes.fromhex("0d010101ff"))
    with pytest.raises(MediaUnreadable, match="nothing in it describes"):
        list(mxf.read(ByteSource.of_bytes(data)))


def test_little_is_read_of_a_huge_file():
    head = Recording(essence=b"").build()
    asked = []

    def read_at(offset: int, size: int) -> bytes:
        asked.append(size)
        return head[offset : offset + size].ljust(size, b"\0")

    assemble(mxf.read(ByteSource(2 << 40, read_at)))
    assert sum(asked) < 4 << 20


TONE = ("-f", "lavfi", "-i", "sine=sample_rate=48000:duration=1")
D10 = (
    "-c:v", "mpeg2video", "-pix_fmt", "yuv422p", "-b:v", "30M", "-minrate", "30M", "-maxrate", "30M", "-bufsize",
    "1200000", "-rc_init_occupancy", "1200000", "-g", "1", "-flags", "+ildct+low_delay", "-intra_dc_precision", "2",
    "-qmin", "1", "-qmax", "3", "-non_linear_quant", "1", "-ac", "2", "-f", "mxf_d10",
)  # fmt: skip


@pytest.mark.parametrize(
    ("size", "rate", "arguments", "expected"),
    [
        ("640x360", "25", ("-c:v", "mpeg2video", "-timecode", "10:20:30:05"),
         ("mpeg2video", "yuv420p", False, 25, "10:20:30:05", ())),
        ("640x360", "30000/1001", (*TONE, *TONE, "-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg2video",
         "-pix_fmt", "yuv422p", "-c:a", "pcm_s24le", "-timecode", "01:00:59;29"),
         ("mpeg2video", "yuv422p", False, 30, "01:00:59;29", (("pcm_s24le", 1), ("pcm_s24le", 1)))),
        ("640x360", "60000/1001", ("-c:v", "libx264", "-pix_fmt", "yuv422p10le", "-timecode", "01:00:59;59"),
         ("h264", "yuv422p10le", False, 60, "01:00:59;59", ())),
        ("1280x720", "24000/1001", ("-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p", "-timecode",
         "23:59:59:23", "-f", "mxf_opatom"), ("dnxhd", "yuv422p", False, 24, "23:59:59:23", ())),
        ("640x360", "24", ("-c:v", "prores_ks", "-profile:v", "3"), ("prores", "yuv422p10le", False, 24, None, ())),
        ("320x180", "24", ("-c:v", "jpeg2000", "-pix_fmt", "yuv422p10le"),
         ("jpeg2000", "yuv422p10le", False, 24, None, ())),
        ("720x608", "25", (*TONE, "-vf", "setfield=tff", *D10, "-timecode", "00:00:00:24"),
         ("mpeg2video", "yuv422p", True, 25, "00:00:00:24", (("pcm_s16le", 2),))),
        ("720x576", "25", ("-c:v", "dvvideo", "-pix_fmt", "yuv420p", "-timecode", "01:00:00:00"),
         ("dvvideo", "yuv420p", True, 25, "01:00:00:00", ())),
    ],
)  # fmt: skip
def test_what_ffmpeg_was_asked_to_write_is_what_is_read(tmp_path, mediainfo, size, rate, arguments, expected):
    file = tmp_path / "clip.mxf"
    picture = ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration=1")
    done = subprocess.run([find_ffmpeg(), "-v", "error", *picture, *arguments, file], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found = read_facts(file)
    stream = found.video
    assert stream is not None
    assert f"{stream.width}x{stream.height}" == size
    assert (stream.rate, stream.vfr, found.container) == (Rate.parse(rate), False, "mxf")
    sound = tuple((each.codec, each.channels) for each in found.audio)
    start = found.start_timecode if expected[4] else None
    assert (stream.video_codec, stream.pixel_format, stream.interlaced, stream.frames, start, sound) == expected
    assert agreed(found, file, mediainfo)


def agreed(found: Facts, file: Path, process: ReaderProcess) -> bool:
    """Whether MediaInfo sees the same film, but for the height of D-10, which it shows without its first lines."""
    other = assemble(second.read(process.ask({}, file=file)["tracks"]))
    assert found.video is not None
    assert other.video is not None
    for key in ("video_codec", "width", "bit_depth", "frames", "interlaced"):
        assert getattr(found.video, key) == getattr(other.video, key), key
    assert found.video.rate in (other.video.rate, other.video.average_rate)  # it takes some H.264 for variable
    assert (found.start_timecode, found.drop_frame) == (other.start_timecode, other.drop_frame)
    return [stream.codec for stream in found.audio] == [stream.codec for stream in other.audio]
