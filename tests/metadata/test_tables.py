"""ALE, CSV and TSV tables: which rows speak of a recording, and what their columns say."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinymovie import Movie

from pipeline.clip import Facts
from pipeline.metadata import columns
from pipeline.metadata.facts import read_facts, sidecar_facts
from pipeline.metadata.plain import facts_json
from pipeline.metadata.tables import clock, follows, is_recording, open_table
from pipeline.timecode import Rate, Timecode

NTSC = Rate(30000, 1001)


def told(tmp_path: Path, text: str, *, encoding: str = "utf-8") -> dict[str, object]:
    """What a table alone says, `sources` aside."""
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    facts = facts_json(sidecar_facts(path))
    del facts["sources"]
    return facts


def beside(tmp_path: Path, recording: str, table: str, *, name: str = "A001.ale") -> Facts:
    """A recording of 25 frames a second with a table beside it."""
    clip, path = tmp_path / recording, tmp_path / name
    clip.write_bytes(Movie(durations=((50, 1),), clock=25).build())
    path.write_text(table)
    return read_facts(clip, [path])


ARRI = (
    "Index\tMaster TC\tReel\tScene\tTake\tCamera Clip Name\tCamera Serial Number\tCamera Model\t"
    "System Image Creation Date\tSystem Image Creation Time\tSystem Image Timezone Offset\tSystem Image Timezone DST\t"
    "Sensor FPS\tProject FPS\tMaster TC\tMaster TC Drop Frame\tMaster TC Time Base\tImage Width\tImage Height\t"
    "Recording Codec\tLens Model\n"
)
ARRI_LINE = (
    "{index}\t{timecode}\tA001R1AB\tno scene name\tn.a.\tA001C001_191012_R1AB\t1234\tALEXA Mini\t2019/10/12\t08:15:00\t"
    "{offset}\t{summer}\t{sensor}\t25.000\t{timecode}\tno\t25.000\t3840\t2160\tApple ProRes 4444\tMaster Prime 50\n"
)


def arri(*timecodes: str, offset: str = "UTC+02:00", summer: str = "00:00", sensor: str = "25.000") -> str:
    lines = (
        ARRI_LINE.format(index=index, timecode=timecode, offset=offset, summer=summer, sensor=sensor)
        for index, timecode in enumerate(timecodes)
    )
    return ARRI + "".join(lines)


def test_an_extract_with_a_line_for_each_frame_says_all_of_a_clip(tmp_path: Path) -> None:
    assert told(tmp_path, arri("10:00:00:23", "10:00:00:24", "10:00:01:00", sensor="50.000")) == {
        "video_codec": "prores", "width": 3840, "height": 2160, "rate": "25/1", "frames": 3, "vfr": False,
        "start_timecode": "10:00:00:23", "drop_frame": False, "timecode_rate": "25/1", "reel": "A001R1AB",
        "clip_name": "A001C001_191012_R1AB", "camera_make": "ARRI", "camera_model": "ALEXA Mini",
        "camera_serial": "1234", "lens": "Master Prime 50", "recorded_at": "2019-10-12T08:15:00+02:00",
        "recorded_at_zone": "offset", "capture_rate": "50/1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("timecodes", "frames"),
    [
        (("10:00:00:00",), None),  # one line is no count
        (("10:00:00:00", "10:00:00:02"), None),  # a frame lacks its line
        (("10:00:00:00", "10:00:00:00"), None),
        (("10:00:00:23", "10:00:01:00"), None),  # at 25 a second has a frame 24
        (("23:59:59:24", "00:00:00:00"), 2),
    ],
)
def test_lines_count_as_frames_only_where_none_is_missing(
    tmp_path: Path, timecodes: tuple[str, ...], frames: int | None
) -> None:
    assert told(tmp_path, arri(*timecodes)).get("frames") == frames


@pytest.mark.parametrize(
    ("offset", "summer", "recorded"),
    [
        ("UTC+00:00", "00:00", ("2019-10-12T08:15:00+00:00", "offset")),
        ("UTC-07:00", "00:00", ("2019-10-12T08:15:00-07:00", "offset")),
        ("UTC+02:00", "01:00", ("2019-10-12T08:15:00", "local-unknown")),
        ("--", "00:00", ("2019-10-12T08:15:00", "local-unknown")),
    ],
)
def test_an_offset_counts_where_summer_time_leaves_no_doubt(
    tmp_path: Path, offset: str, summer: str, recorded: tuple[str, str]
) -> None:
    facts = told(tmp_path, arri("10:00:00:00", offset=offset, summer=summer))
    assert (facts["recorded_at"], facts["recorded_at_zone"]) == recorded


RED = (
    "Clip Name,CamReelID,ReelID,Camera,Camera Model,Camera PIN,Date,Timestamp,Frame Width,Frame Height,FPS,Record FPS,"
)
RED += "Total Frames,Abs TC,Edge TC,Lens,Lens Name\n"
RED_LINE = (
    "A001_C066_0303LZ,A001,001,A,MONSTRO,130-27E,20220303,132146,4096,2160,23.976,48,24,23:17:21:08,01:20:52:10,,40mm\n"
)


def test_what_redline_prints_of_a_clip(tmp_path: Path) -> None:
    assert told(tmp_path, RED + RED_LINE) == {
        "width": 4096, "height": 2160, "rate": "24000/1001", "frames": 24, "vfr": False,
        "start_timecode": "23:17:21:08", "drop_frame": False, "timecode_rate": "24000/1001", "reel": "A001",
        "clip_name": "A001_C066_0303LZ",
        "camera_make": "RED",
        "camera_model": "MONSTRO", "camera_serial": "130-27E", "lens": "40mm",
        "recorded_at": "2022-03-03T13:21:46", "recorded_at_zone": "local-unknown", "capture_rate": "48/1",
    }  # fmt: skip


def test_what_redline_prints_of_each_frame(tmp_path: Path) -> None:
    text = "FrameNo,Timecode,Timestamp,Aperture,Focal Length\n0,23:17:21:08,,5.6,40\n1,23:17:21:09,,5.6,40\n"
    assert told(tmp_path, text) == {"frames": 2, "start_timecode": "23:17:21:08", "drop_frame": False}


CANON = "SceneNumber,TakeNumber,ShotNumber,ReelNumber,UMID,CreationTime,Timescale,Duration,Width,Height,BitDepth\n"
FRAMES = (
    "Timecode,Daylight_Saving_Time_Flag,Time_Zone_Hour_Value_Sign,Time_Zone_Minute_Value,Time_Zone_Hour_Value,"
    "Record_Date_Year,Record_Date_Month,Record_Date_Day,Record_Time_Hour,Record_Time_Minute,Record_Time_Second\n"
)


def test_canons_export_of_a_clip_tells_the_time_of_the_movie_header(tmp_path: Path) -> None:
    facts = told(tmp_path, CANON + ",,A002C002,2,06,2022/1/3 14:54,60000,60060,5952,3140,12\n")
    assert (facts["recorded_at"], facts["recorded_at_zone"]) == ("2022-01-03T14:54:00Z", "utc")
    assert (facts["clip_name"], facts["reel"], facts["camera_make"], facts["bit_depth"]) == (
        "A002C002",
        "2",
        "Canon",
        12,
    )


@pytest.mark.parametrize(
    ("line", "recorded"),
    [
        ("0:00:00:00,0,0,0,1,2022,1,1,0,1,46", "2022-01-01T00:01:46+01:00"),
        ("0:00:00:00,0,1,30,3,2022,1,1,0,1,46", "2022-01-01T00:01:46-03:30"),
        ("0:00:00:00,1,0,0,1,2022,7,1,0,1,46", "2022-07-01T00:01:46"),
        ("0:00:00:00,0,0,0,255,2022,1,1,0,1,46", "2022-01-01T00:01:46"),
        ("0:00:00:00,0,0,0,1,65535,255,255,255,255,255", None),
    ],
)
def test_canons_export_of_frames_tells_the_clock_and_its_offset(
    tmp_path: Path, line: str, recorded: str | None
) -> None:
    facts = told(tmp_path, f"{FRAMES}{line}\n")
    assert facts.get("recorded_at") == recorded
    assert (facts["start_timecode"], facts["drop_frame"]) == ("00:00:00:00", False)


VENICE = '"Timecode","Clip Name","Lens Model","Camera Model"\n'
VENICE_LINE = '"{}","D001C005_210716AG","7032.0100","MPC-3610"\n'


def test_a_table_without_a_rate_leaves_the_label_uncounted(tmp_path: Path) -> None:
    facts = told(tmp_path, VENICE + VENICE_LINE.format("16:47:04;19") + VENICE_LINE.format("16:47:04;20"))
    assert (facts["start_timecode"], facts["drop_frame"], facts["frames"]) == ("16:47:04;19", True, 2)
    assert not {"timecode_rate", "rate", "lens"} & set(facts)  # a lens that is all figures is a code


@pytest.mark.parametrize(("label", "start"), [("16:47:04:19", "16:47:04:19"), ("16:47:04:27", None)])
def test_beside_a_recording_the_label_counts_at_its_rate(tmp_path: Path, label: str, start: str | None) -> None:
    facts = beside(tmp_path, "D001C005_210716AG.mov", VENICE + VENICE_LINE.format(label), name="D001C005_210716AG.csv")
    assert facts.start_timecode == start
    assert facts.timecode == (Timecode.parse(start, Rate(25)) if start else None)


@pytest.mark.parametrize(
    ("table", "gps"),
    [
        ("Id,Time(seconds),Latitude,Longitude\n1,0.3,-44.69,170.42\n2,0.4,-44.70,170.43\n", (-44.69, 170.42)),
        ("time(millisecond),latitude,longitude\n0,0.0,0.0\n100,,\n200,48.21,16.42\n", (48.21, 16.42)),
        ("CUSTOM.updateTime,OSD.latitude,OSD.longitude\nx,48.21,16.42\n", (48.21, 16.42)),
        ("Clip Name,Latitude,Longitude\nC0001,48.21,16.42\nC0002,48.22,16.43\n", None),  # two clips, two places
        ("latitude;longitude\nhere;there\n", None),
        ("latitude,longitude\n1e400,nan\n", None),
    ],
)
def test_a_flight_log_says_where_it_first_knew_its_place(
    tmp_path: Path, table: str, gps: tuple[float, float] | None
) -> None:
    assert told(tmp_path, table).get("gps") == (list(gps) if gps else None)


def test_lines_of_nobody_knows_which_clips_settle_only_what_they_share(tmp_path: Path) -> None:
    lines = "A001,MONSTRO,24-70mm,10:00:00:00,25\nA001,MONSTRO,50mm,11:00:00:00,25\n"
    facts = told(tmp_path, f"Reel,Camera Model,Lens Model,Start TC,FPS\n{lines}")
    assert (facts["camera_model"], facts["reel"], facts["rate"]) == ("MONSTRO", "A001", "25/1")
    assert not {"lens", "start_timecode", "frames"} & set(facts)


def test_a_flight_log_in_utc_says_so(tmp_path: Path) -> None:
    facts = told(tmp_path, "time(millisecond),datetime(utc),latitude,longitude\n0,2024-05-01 18:00:00,35.0,-125.0\n")
    assert (facts["recorded_at"], facts["recorded_at_zone"]) == ("2024-05-01T18:00:00Z", "utc")


ALE = (
    "Heading\nFIELD_DELIM\tTABS\nVIDEO_FORMAT\t1080\nFPS\t{fps}\n\nColumn\n"
    "Name\tTracks\tStart\tTape\tScene\tCamera_model\tCamera_sn\tManufacturer\tLens_type\tDate_camera\tTime_camera\tSensor_fps\n"
    "\nData\n{rows}"
)
FIRST = "A001C001_191012_R1AB\tV\t10:00:00:00\tA001R1AB\t12\tMini LF\t11\tARRI\tPrime 50\t20191012\t08:15:00\t25\n"
SECOND = "A001C002_191012_R1AB\tV\t11:00:00:00\tA001R1AB\t13\tMini LF\t11\tARRI\tPrime 50\t20191012\t09:15:00\t50\n"


def test_a_list_of_clips_gives_each_recording_its_own_line(tmp_path: Path) -> None:
    facts = beside(tmp_path, "A001C002_191012_R1AB.mov", ALE.format(fps=25, rows=FIRST + SECOND))
    assert (facts.start_timecode, facts.scene, facts.reel) == ("11:00:00:00", "13", "A001R1AB")
    assert (facts.camera_make, facts.camera_model, facts.camera_serial) == ("ARRI", "Mini LF", "11")
    assert (facts.lens, facts.recorded_at, facts.capture_rate) == ("Prime 50", "2019-10-12T09:15:00", Rate(50))
    assert facts.format is None


def test_a_list_alone_says_what_all_its_lines_agree_on(tmp_path: Path) -> None:
    facts = told(tmp_path, ALE.format(fps="25", rows=FIRST + SECOND))
    assert (facts["format"], facts["rate"], facts["camera_model"]) == ("ale", "25/1", "Mini LF")
    assert not {"scene", "start_timecode", "clip_name", "frames"} & set(facts)


def test_a_list_without_a_line_for_the_recording_says_nothing_of_it(tmp_path: Path) -> None:
    facts = beside(tmp_path, "A001C003_191012_R1AB.mov", ALE.format(fps=25, rows=FIRST + SECOND))
    assert (facts.camera_model, facts.scene, facts.start_timecode) == (None, None, None)


def test_subclips_of_one_recording_that_differ_settle_nothing(tmp_path: Path) -> None:
    again = FIRST.replace("10:00:00:00", "10:00:10:00")
    facts = beside(tmp_path, "A001C001_191012_R1AB.mov", ALE.format(fps=25, rows=FIRST + again))
    assert (facts.start_timecode, facts.scene) == (None, "12")


@pytest.mark.parametrize(
    ("text", "rate", "start"),
    [
        (ALE.format(fps="29.97", rows=FIRST.replace("10:00:00:00", "10:00:00;04")), "30000/1001", "10:00:00;04"),
        (ALE.format(fps="23.976", rows=FIRST).replace("\n", "\r\n"), "24000/1001", "10:00:00:00"),
        (ALE.format(fps="24", rows=FIRST).replace("\n", "\r"), "24/1", "10:00:00:00"),
        ("Heading\nFIELD_DELIM\tTABS\tFPS\t25\n\nColumn\nName\tStart\nData\nA\t10:00:00:24\n", "25/1", "10:00:00:24"),
        ("Heading\nFPS\t25\nColumn\nName\tStart\nData\nA\t10:00:00:25\n", "25/1", None),  # no such frame
        ("Heading\nFPS\tmany\nColumn\nName\tStart\nData\nA\t10:00:00:00\n", None, "10:00:00:00"),
    ],
)
def test_an_ale_counts_at_the_rate_of_its_heading(
    tmp_path: Path, text: str, rate: str | None, start: str | None
) -> None:
    facts = told(tmp_path, text)
    assert (facts.get("rate"), facts.get("start_timecode")) == (rate, start)


RESOLVE = "File Name,Clip Directory,Start TC,Frame Rate,Resolution,Video Codec,Bit Depth,Reel Name,Camera Type,"
RESOLVE += "Camera Serial #,Camera Manufacturer,Lens Type,Camera FPS\n"
RESOLVE_LINE = "C0001.MP4,/card,10:00:00:00,25,3840 x 2160,H.265,10,B001,ILME-FX6,0012345,Sony,24-70mm,100\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_table_of_resolve_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    facts = told(tmp_path, RESOLVE + RESOLVE_LINE.replace("Sony", "Søny"), encoding=encoding)
    assert (facts["camera_make"], facts["camera_model"], facts["camera_serial"]) == ("Søny", "ILME-FX6", "0012345")
    assert (facts["width"], facts["height"], facts["video_codec"], facts["bit_depth"]) == (3840, 2160, "hevc", 10)
    assert (facts["capture_rate"], facts["lens"], facts["reel"]) == ("100/1", "24-70mm", "B001")


@pytest.mark.parametrize(
    ("cell", "recording", "same"),
    [
        ("C0001.MP4", "C0001.MP4", True),
        ("c0001", "C0001.MP4", True),
        ("/Volumes/A/C0001.MP4", "C0001.MP4", True),
        ("E:\\CLIP\\C0001.MP4", "C0001.MP4", True),
        ("A001_C066_0303LZ", "A001_C066_0303LZ_001.R3D", True),
        ("A001C001", "A001C001_191012_R1AB.mov", True),
        ("A001", "A001_C066_0303LZ_001.R3D", False),  # a reel is no clip
        ("C0001", "C00010.MP4", False),
        ("", "C0001.MP4", False),
    ],
)
def test_a_cell_names_a_recording(cell: str, recording: str, *, same: bool) -> None:
    assert is_recording(cell, recording) is same


@given(st.integers(0, 2_589_408), st.sampled_from([(Rate(25), False), (NTSC, False), (NTSC, True), (Rate(60), False)]))
def test_each_label_is_followed_by_that_of_the_next_frame(frame: int, kind: tuple[Rate, bool]) -> None:
    rate, drop = kind
    first, second, third = (clock(str(Timecode(frame + step, rate, drop))) for step in range(3))
    assert follows(first, second)
    assert not follows(second, first)
    # Without the rate nobody knows which frame is the last of its second: `turns` tells a gap there.
    assert not follows(first, third) or (first and first[1] == rate.nominal - 2)


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "one line", "a,b,c\n1,2,3\n", "name,size\nx,1\n", "clip,scene,take\nC0001,1,2\n", "Heading\n\n"],
)
def test_other_texts_are_no_tables_of_recordings(text: str) -> None:
    assert not columns.recognises(text.encode())


@pytest.mark.parametrize(
    "data",
    [
        b"latitude,longitude\n" + b'"' * 300_000,  # a cell without end
        b"latitude," * 5000 + b"longitude\n1,2\n",
        b"Heading\n" + b"\t" * 100_000,
        b"\xff\xfeH\x00e\x00a",
        b"timecode,fps,cameramodel\n\0\0,\0,\0\n",
    ],
)
def test_absurd_tables_are_read_or_skipped(data: bytes) -> None:
    assert [finding for finding in columns.read(data, "x.csv", None) if finding.key == "frames"] == []


def test_a_table_of_a_long_take_is_read_row_by_row() -> None:
    lines = [str(Timecode(frame, Rate(25))) for frame in range(20_000)]
    data = arri(*lines).encode()
    tracemalloc.start()
    try:
        found = {finding.key: finding.value for finding in columns.read(data, "A001C001_191012_R1AB.csv", None)}
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found["frames"] == 20_000
    assert peak < 3 * len(data)


def test_preamble_lines_stand_above_the_headings(tmp_path: Path) -> None:
    text = "sep=;\n\nShoot day 3\nClip Name;Camera Model;Lens Model;FPS\nC0001;FX6;24-70mm;25\n"
    assert open_table(text.encode()) is not None
    assert told(tmp_path, text)["camera_model"] == "FX6"


@pytest.mark.parametrize("cell", ['"', '"opened and never closed', '"' + "x" * 200_000])
def test_a_quote_that_is_never_closed_costs_no_row_after_it(cell):
    rows = [f"A001C{number:03}.mov,{number},A001,note" for number in range(1, 5000)]
    rows[1] = rows[1].replace("note", cell)
    table = open_table("\n".join(["Clip Name,Take,Reel,Comments", *rows]).encode())
    assert [row[1] for row in table.rows] == [str(number) for number in range(1, 5000)]


def test_a_comment_may_run_over_lines():
    table = open_table(b'Clip Name,Take,Comments\nA.mov,1,"two\nlines, and ""more"""\nB.mov,2,\n')
    assert list(table.rows) == [["A.mov", "1", 'two\nlines, and "more"'], ["B.mov", "2", ""]]


# Pomfort's manual names what Silverstack writes: master (scene, shot, take), exposure, format, user, and the reel under
# Tape with the file under Source File, by which Media Composer merges.
SILVERSTACK = (
    "Heading\nFIELD_DELIM\tTABS\nVIDEO_FORMAT\t1080\nAUDIO_FORMAT\t48khz\nFPS\t25\n\nColumn\n"
    "Name\tTracks\tStart\tEnd\tTape\tSource File\tScene\tTake\tASA\tWhite Point\tShutter\tResolution\tCodec\t"
    "Camera Type\tLens\tRating\n\nData\n"
    "A001C001_191012_R1AB\tVA1A2\t10:00:00:00\t10:00:02:00\tA001R1AB\tA001C001_191012_R1AB.mov\t12\t3\t800\t5600\t"
    "172.8\t1920x1080\tApple ProRes 422\tALEXA Mini\t50mm\t4\n"
)


def test_a_silverstack_ale_tells_of_its_clips(tmp_path):
    facts = beside(tmp_path, "A001C001_191012_R1AB.mov", SILVERSTACK)
    assert (facts.scene, facts.take, facts.lens, facts.camera_model) == ("12", "3", "50mm", "ALEXA Mini")
    assert (facts.reel, str(facts.timecode)) == ("A001R1AB", "10:00:00:00")
