"""What the QuickTime reader makes of movies built box by box: time, timecode, turn, tags, size of reads."""

import os
import struct
from pathlib import Path

import pytest
from tinymovie import Movie, box, full

from pipeline.clip import Facts, VideoStream
from pipeline.errors import MediaUnreadable, NotMedia, PathMissing
from pipeline.metadata import quicktime
from pipeline.metadata.assembly import assemble
from pipeline.metadata.facts import read_facts
from pipeline.metadata.source import ByteSource
from pipeline.timecode import Rate

NTSC, NTSC_50 = Rate(30000, 1001), Rate(60000, 1001)


def facts(movie: Movie) -> Facts:
    return assemble(quicktime.read(ByteSource.of_bytes(movie.build())))


def picture(movie: Movie) -> VideoStream:
    found = facts(movie).video
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("clock", "step", "rate"),
    [
        (24000, 1001, "24000/1001"),
        (24, 1, "24/1"),
        (25, 1, "25/1"),
        (12800, 512, "25/1"),
        (90000, 3003, "30000/1001"),
        (2997, 100, "30000/1001"),
        (90000, 3002, "30000/1001"),
        (600, 20, "30/1"),
        (50, 1, "50/1"),
        (60000, 1001, "60000/1001"),
        (15, 1, "15/1"),
        (25, 2, "25/2"),
        (90, 1, "90/1"),
    ],
)
def test_a_constant_rate_is_exact_whatever_clock_counts_it(clock: int, step: int, rate: str) -> None:
    found = picture(Movie(clock=clock, durations=((40, step),)))
    assert (str(found.rate), found.vfr, found.frames) == (rate, False, 40)


@pytest.mark.parametrize(
    ("clock", "durations", "rate", "vfr"),
    [
        (600, tuple((1, 20 + (n % 50 == 49)) for n in range(200)), "30000/1001", False),  # 29.97 on a clock of 600
        (1000, tuple((1, 33 + (n % 3 == 2)) for n in range(90)), "30/1", False),  # 30 in milliseconds
        (600, ((20, 20), (1, 40), (20, 20)), "None", True),  # a frame left out
        (1000, ((30, 33), (30, 41)), "None", True),
    ],
)
def test_rounded_time_stamps_are_constant_and_gaps_are_not(
    clock: int,
    durations: tuple[tuple[int, int], ...],
    rate: str,
    vfr: bool,  # noqa: FBT001
) -> None:
    found = picture(Movie(clock=clock, durations=durations))
    assert (str(found.rate), found.vfr) == (rate, vfr)


def test_the_average_of_a_variable_rate_is_frames_by_length() -> None:
    found = picture(Movie(clock=600, durations=((20, 20), (1, 40), (20, 20))))
    assert found.average_rate == Rate(41 * 600, 840)


@pytest.mark.parametrize(
    ("edits", "frames"),
    [
        ((), 10),
        (((400, 0),), 10),
        (((200, 0),), 5),
        (((200, 3),), 5),
        (((10_000, -1), (400, 0)), 10),  # an empty edit shows nothing
        (((0, 2),), 8),  # no duration: to the end
        (((120, 0), (80, 6)), 5),
        (((107, 0),), 3),  # 2.7 frames: a frame that begins is shown
        (((400, 9),), 1),
        (((400, 99),), 0),
    ],
)
def test_frames_are_those_that_the_edit_list_shows(edits: tuple[tuple[int, int], ...], frames: int) -> None:
    assert picture(Movie(edits=edits)).frames == frames


def test_the_edit_list_counts_in_order_of_time_not_of_storage() -> None:
    reordered = Movie(durations=((4, 1),), offsets=((1, 1), (1, 3), (1, 0), (1, 0)), edits=((160, 1),))
    assert picture(reordered).frames == 4
    assert picture(Movie(durations=((4, 1),), offsets=((1, 1), (1, 3), (1, 0), (1, 0)), edits=((120, 2),))).frames == 3


def test_a_cut_that_loses_a_reordered_frame_keeps_its_rate() -> None:
    found = picture(
        Movie(durations=((6, 1),), offsets=((1, 1), (1, 4), (1, 1), (1, 0), (1, 0), (1, 3)), edits=((320, 1),))
    )
    assert (str(found.rate), found.vfr) == ("25/1", False)


def test_a_long_clip_is_counted_without_laying_out_its_frames() -> None:
    frames = 5_000_000
    assert picture(Movie(durations=((frames, 1),), edits=((40 * (frames - 7), 7),))).frames == frames - 7


@pytest.mark.parametrize(
    ("timecode", "label", "drop", "rate"),
    [
        ((90000, 0, 25, 1, 25), "01:00:00:00", False, Rate(25)),
        ((107892, 1, 30000, 1001, 30), "01:00:00;00", True, NTSC),
        ((1798, 1, 30000, 1001, 30), "00:00:59;28", True, NTSC),
        ((1800, 1, 30000, 1001, 30), "00:01:00;02", True, NTSC),
        ((108000, 0, 30000, 1001, 30), "01:00:00:00", False, NTSC),
        ((215784, 1, 60000, 1001, 60), "01:00:00;00", True, NTSC_50),
        ((86400, 0, 24000, 1001, 24), "01:00:00:00", False, Rate(24000, 1001)),
        ((2100244, 0, 90000, 3003, 29), "19:26:48:04", False, NTSC),  # an entry that truncates 29.97
        ((107892, 1, 2997, 100, 30), "01:00:00;00", True, NTSC),
        ((108000, 1, 30, 1, 30), "01:00:00:00", False, Rate(30)),  # no drop-frame exists at 30
    ],
)
def test_timecode_is_a_frame_number_at_its_own_rate(
    timecode: tuple[int, int, int, int, int],
    label: str,
    drop: bool,  # noqa: FBT001
    rate: Rate,
) -> None:
    found = facts(Movie(timecode=timecode))
    assert (found.start_timecode, found.drop_frame, found.timecode_rate) == (label, drop, rate)


def test_a_counter_track_is_no_timecode() -> None:
    assert facts(Movie(timecode=(90000, 8, 25, 1, 25))).start_timecode is None


def test_the_reel_is_the_source_name_of_the_timecode_track() -> None:
    assert facts(Movie(timecode=(0, 0, 25, 1, 25), reel=b"A001R1AB")).reel == "A001R1AB"


@pytest.mark.parametrize(
    ("matrix", "degrees"),
    [
        ((1, 0, 0, 1), 0),
        ((0, 1, -1, 0), 90),
        ((-1, 0, 0, -1), 180),
        ((0, -1, 1, 0), 270),
        ((0, 1, 1, 0), 90),  # mirrored as well
    ],
)
def test_rotation_is_clockwise(matrix: tuple[int, int, int, int], degrees: int) -> None:
    assert picture(Movie(matrix=matrix)).rotation == degrees


def test_a_date_with_its_offset_is_believed_before_the_header() -> None:
    movie = Movie(keys=((b"com.apple.quicktime.creationdate", b"2019-10-12T08:15:00+0200"),))
    found = facts(movie)
    assert (found.recorded_at, found.recorded_at_zone) == ("2019-10-12T08:15:00+02:00", "offset")


def test_places_that_disagree_are_both_told() -> None:
    movie = Movie(
        keys=((b"com.apple.quicktime.location.ISO6709", b"+48.2100+016.4200+160.0/"),),
        user_data=(box(b"\xa9xyz", struct.pack(">HH", 18, 0x15C7), b"+40.6800-074.5000/"),),
    )
    found = facts(movie)
    assert found.gps == (48.21, 16.42)
    source = next(source for source in found.sources if source.key == "gps")
    assert "keys" in source.where
    assert source.others == (("udta ©xyz", "40.68, -74.5"),)
    assert source.why


def test_colour_and_fields_stand_in_their_boxes() -> None:
    boxes = (
        box(b"colr", b"nclc", struct.pack(">HHH", 9, 16, 9)),
        box(b"fiel", b"\2\x06"),
        box(b"pasp", struct.pack(">II", 64, 45)),
    )
    found = picture(Movie(boxes_of_picture=boxes))
    assert (found.color_primaries, found.color_transfer, found.color_matrix) == ("bt2020", "smpte2084", "bt2020nc")
    assert (found.interlaced, found.field_order, str(found.pixel_aspect)) == (True, "bff", "64/45")


def test_a_codec_that_is_not_known_leaves_the_other_facts() -> None:
    found = facts(Movie(codec=b"zzzz", timecode=(90000, 0, 25, 1, 25)))
    assert found.video is not None
    assert (found.video.video_codec, found.video.frames) == (None, 10)
    assert found.start_timecode == "01:00:00:00"
    assert any("zzzz" in warning for warning in found.warnings)


def test_media_that_is_cut_off_has_no_length(tmp_path: Path) -> None:
    whole = Movie(brand=b"qt  ").build()
    moov = whole.index(b"moov") - 4
    movie = tmp_path / "C0001.MOV"
    movie.write_bytes(whole[:20] + whole[moov:] + struct.pack(">I4s", 1000, b"mdat") + bytes(20))
    found = read_facts(movie)
    assert found.video is not None
    assert (found.video.frames, found.video.rate) == (None, Rate(25))
    assert any("cut off" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (Movie().build()[:-200], "cut off"),
        (
            box(b"ftyp", b"qt  ", bytes(4)) + struct.pack(">I4s", 90000, b"mdat") + bytes(100),
            "cut off before its movie header",
        ),
        (box(b"ftyp", b"qt  ", bytes(4)) + box(b"mdat", bytes(100)), "no movie header"),
        (box(b"ftyp", b"qt  ", bytes(4)) + struct.pack(">I4s", 3, b"free") + bytes(100), "impossible size"),
    ],
)
def test_a_movie_that_cannot_be_used_says_what_is_wrong(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "A001.mov"
    path.write_bytes(content)
    with pytest.raises(MediaUnreadable, match=words) as refusal:
        read_facts(path)
    assert str(refusal.value).startswith("A001.mov ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"#EXTM3U\n#EXTINF:1.0,\nfile:///etc/passwd\n", "playlist"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "playlist"),
        (b"Notes of the day\n", "text file"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "JPEG"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (bytes(5000), "nothing but zeros"),
        (b"\x8a\x93\xff" * 100, "no format"),
    ],
)
def test_what_is_no_recording_is_named_for_what_it_is(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "C0001.MOV"
    path.write_bytes(content)
    with pytest.raises(NotMedia, match=words):
        read_facts(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PathMissing):
        read_facts(tmp_path / "gone.mov")
    with pytest.raises(NotMedia):
        read_facts(tmp_path)


def test_facts_of_a_huge_file_read_little_of_it(tmp_path: Path) -> None:
    """A sparse file of 3 GiB with a table of 1,000,000 frames before its end."""
    frames = 1_000_000
    whole = Movie(durations=((frames, 1),)).build()
    moov = whole[whole.index(b"moov") - 4 :]
    path = tmp_path / "A001.mov"
    with path.open("wb") as file:
        file.write(box(b"ftyp", b"qt  ", bytes(4)) + struct.pack(">I4sQ", 1, b"mdat", 3 << 30))
        file.seek((3 << 30) + 16)
        file.write(moov)
    with ByteSource.open(path) as source:
        found = assemble(quicktime.read(source))
        assert source.fetched < 4 * 1024 * 1024
    assert found.video is not None
    assert found.video.frames == frames


def test_fragments_after_the_header_are_counted() -> None:
    fragment = box(
        b"moof",
        full(b"mfhd", struct.pack(">I", 1)),
        box(
            b"traf",
            box(b"tfhd", struct.pack(">II", 0x020008, 1), struct.pack(">I", 1)),
            box(b"trun", struct.pack(">II", 0x200, 5), bytes(20)),
        ),
    )
    assert picture(Movie(extra=(fragment, fragment))).frames == 20


def test_names_that_no_terminal_shows_are_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"A\xff\n001.mov")
    path.write_bytes(b"")
    with pytest.raises(MediaUnreadable) as refusal:
        read_facts(path)
    assert str(refusal.value).encode().isascii()
    assert "\n" not in str(refusal.value)


def test_sony_writes_its_notes_into_the_movie_too() -> None:
    document = (
        b'<NonRealTimeMeta><LtcChangeTable tcFps="25"><LtcChange frameCount="0" value="12345910"/></LtcChangeTable>'
        b'<Device manufacturer="Sony" modelName="ILCE-7M4" serialNo="00123"/></NonRealTimeMeta>'
    )
    notes = full(b"meta", full(b"hdlr", bytes(4), b"nrtm", bytes(12)), full(b"xml ", document))
    found = facts(Movie(brand=b"XAVC", extra=(notes,)))
    assert (found.start_timecode, found.camera_model, found.container) == ("10:59:34:12", "ILCE-7M4", "mp4")
