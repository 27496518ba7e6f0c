"""Damaged recordings never do worse than a refusal: no other exception, no hang, no flood of memory."""

import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tinyavi import Avi, a_list, chunk, dv_frame, wave
from tinymovie import Movie, bext, box, wav
from tinymxf import Recording, Timecode, klv, sound_said
from tinystream import AC3_STEREO, EBML, Film, element, notes, packets, picture, said, sequence, stream

from pipeline.errors import RushesError
from pipeline.metadata import (
    canon,
    columns,
    dji,
    dvrescue,
    exif,
    gopro,
    imf,
    jpeg,
    magic,
    mediapro,
    p2,
    sony,
)
from pipeline.metadata.assembly import assemble
from pipeline.metadata.findings import Finding
from pipeline.metadata.plain import facts_json
from pipeline.metadata.readers import BROKEN, READERS, FrameCounter
from pipeline.metadata.source import ByteSource

AVCHD = stream(
    [
        (
            3600 * index,
            sequence(fields=True) + notes(x13="00000010", x18="02200812") + picture(2, index, idr=index == 0),
        )
        for index in range(8)
    ],
    sound=AC3_STEREO,
    size=192,
)
HDV = stream([(3600 * index, b"\0\0\1\xb3\x5a\x04\x38\x33\xff\xff\xe0\x18\0\0\1\xb8" + b"\x12" * 8
               + b"\0\0\1\0\0\x0f\xff\xf8\0\0\1\xb5\x8f\xff\xf3\x80") for index in range(8)], kind=2)  # fmt: skip
MATROSKA = Film(
    lasts=40_000_000,
    codec="V_MPEG4/ISO/AVC",
    video=element("9a", 1) + element("55b0", element("55bb", 9)) + element("7670", element("7675", 90.0)),
    tags=said(77, NUMBER_OF_FRAMES="25", TIMECODE="10:00:00:00") + said(0, DATE_RECORDED="2019-10-12 06:15:00"),
    tags_after=True,
    info=element("4461", b"\0" * 8),
).build()
IXML = b"<BWFXML><SCENE>1</SCENE><SPEED><TIMECODE_RATE>25/1</TIMECODE_RATE></SPEED></BWFXML>"
FULL_MOVIE = Movie(
    offsets=((5, 0), (5, 1)),
    edits=((200, 0), (100, 5)),
    timecode=(107892, 1, 30000, 1001, 30),
    reel=b"A001R1AB",
    boxes_of_picture=(box(b"avcC", bytes.fromhex("0164001fffe100196764000aacd9457fa9a808080a000007d20003a9")),),
    codec=b"avc1",
    user_data=(box(b"\xa9xyz", b"\0\x12\x15\xc7+48.2100+016.4200/"), box(b"date", b"2019-10-12T08:15:00+0200")),
    keys=((b"com.apple.quicktime.make", b"Apple"), (b"com.apple.quicktime.creationdate", b"2019-10-12T08:15:00+0200")),
).build()
SOUND = wav(64, chunks=((b"bext", bext(48000 * 3600)), (b"iXML", IXML)))
NRTM = b'<NonRealTimeMeta><CreationDate value="2019-10-12T08:15:00+02:00"/></NonRealTimeMeta>'
MXF = Recording(
    rate=(30000, 1001), duration=-1, source_duration=-1, index=(0, 50), sound=sound_said(), texts=(NRTM,), name="A001",
    material_code=Timecode(107_892, 30, drop=True), tape_code=Timecode(90, 30), closed=False, footer_metadata=True,
)  # fmt: skip
PENTAX = b"PENTAX \0MM\0\1" + bytes.fromhex("02290002000000080000001800000000") + b"3430417\0"
AVI = Avi(
    sounds=(wave(), wave(2)), names=(b"Boom", b"Lavalier"), indexed=(2, 3), total=5, shape=(4, 3, 2), grouped=True,
    header=(chunk(b"IDIT", b"Mon Mar 10 15:04:43 2003"),),
    before=(a_list(b"hydt", chunk(b"hymn", PENTAX)), a_list(b"INFO", chunk(b"ISFT", b"PENTAX K-x"))),
    more=(a_list(b"AVIX", chunk(b"JUNK", bytes(8)), outer=b"RIFF"),),
)  # fmt: skip
DV = dv_frame()
TAPE = Avi(letters=b"dvsd", kind=b"iavs", picture=DV)
RECORDINGS = [FULL_MOVIE, SOUND, MXF.build(), AVI.build(), TAPE.build(), DV]
LTC = b'<LtcChangeTable tcFps="25"><LtcChange frameCount="0" value="00000010"/></LtcChangeTable>'
CUE = b"1\n00:00:00,000 --> 00:00:00,033\n2019-08-15 06:25:20.219\n[iso: 1] [latitude: 0.4372] [longitude: 35.4850]\n"
P2 = b"<P2Main><ClipContent><Duration>9</Duration><EditUnit>1/25</EditUnit></ClipContent></P2Main>"
CANON = (
    b'<VideoClip xmlns="http://www.canon.com/ns/VideoClip"><Location><Latitude>N4.2</Latitude></Location></VideoClip>'
)
CPL = (
    b"<CompositionPlaylist><EditRate>25 1</EditRate><CompositionTimecode><TimecodeRate>25</TimecodeRate>"
    b"<TimecodeStartAddress>01:00:00:00</TimecodeStartAddress></CompositionTimecode></CompositionPlaylist>"
)
TAPE_REPORT = b'<dvrescue><media format="DV"><frames count="9" size="720x576" video_rate="25/1"/></media></dvrescue>'
CARD = b'<MediaProfile><Material uri="./C1.MP4" fps="25p" dur="9" videoType="AVC_1920_1080_HP"/></MediaProfile>'
ALE = b"Heading\nFPS\t25\n\nColumn\nName\tStart\tFrame_width\n\nData\nA001\t10:00:00:00\t1920\n"
CSV = b"Timecode,Record_Date_Year,Record_Time_Hour,latitude,longitude\n10:00:00:00,2019,8,48.2,16.4\n10:00:00:01,,,,\n"
EXIF = bytes.fromhex("4949 2a00 08000000 0200 0f01 0200 04000000 41434d45 6987 0400 01000000 08000000 00000000")
STILL = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(EXIF) + 8) + b"Exif\0\0" + EXIF + b"\xff\xda\0\2"
SIDECARS: tuple[tuple[Callable[[bytes, str], Iterator[Finding]], bytes], ...] = (
    (sony.read, b"<NonRealTimeMeta>" + LTC + b"</NonRealTimeMeta>"),
    (dji.read, CUE),
    (gopro.read, b"DEVC\0\1\0\x14DVNMc\1\0\x0cHERO7 Black\0"),
    (p2.read, P2),
    (canon.read, CANON),
    (imf.read, CPL),
    (dvrescue.read, TAPE_REPORT),
    (lambda data, name: mediapro.read(data, name, "C1.MP4"), CARD),
    (lambda data, name: columns.read(data, name, "A001.mov"), ALE),
    (lambda data, name: columns.read(data, name, None), CSV),
    (lambda data, _: jpeg.read(ByteSource.of_bytes(data)), STILL),
    (lambda data, _: exif.read(ByteSource.of_bytes(data)), EXIF),
)

RECORDED = (".mov", ".mp4", ".3gp", ".mxf", ".avi", ".dv")
damage = st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6)
SLOWEST = 2.0


def damaged(data: bytes, where: list[tuple[float, bytes]], cut: float) -> bytes:
    changed = bytearray(data)
    for place, new in where:
        at = int(place * len(changed))
        changed[at : at + len(new)] = new
    return bytes(changed[: max(1, int(len(changed) * cut))])


def feed(count: FrameCounter, data: bytes) -> None:
    """As ingest does it: nothing at all may come out but numbers."""
    for at in range(0, len(data), 1000):
        count.feed(memoryview(data)[at : at + 1000])
    assert count.frames is None or count.frames > 0
    assert count.average is None or count.average > 0


def read_whatever(data: bytes) -> None:
    """As read_facts does it, on bytes; only a refusal may come out."""
    start = time.monotonic()
    head = data[:4096]
    magic.by_mediainfo(head)
    assert magic.describe(head)
    for reader in READERS:
        for whole in (True, False) if reader.counter else (True,):
            with suppress(RushesError, *BROKEN):
                facts_json(assemble(reader.read(ByteSource.of_bytes(data, whole=whole))))
        with suppress(RushesError, *BROKEN):
            if reader.counter and (count := reader.counter(ByteSource.of_bytes(data))):
                feed(count, data)
    assert time.monotonic() - start < SLOWEST


@settings(max_examples=400, deadline=None)
@given(source=st.sampled_from([*RECORDINGS, AVCHD, HDV, MATROSKA]), where=damage, cut=st.floats(0.05, 1))
def test_a_damaged_recording_is_read_or_refused(source: bytes, where: list[tuple[float, bytes]], cut: float) -> None:
    read_whatever(damaged(source, where, cut))


@settings(max_examples=200, deadline=None)
@given(source=st.sampled_from([AVCHD, HDV, MATROSKA]), where=damage, other=st.sampled_from([AVCHD, MATROSKA]))
def test_a_counter_bears_other_bytes_than_those_it_was_made_for(
    source: bytes, where: list[tuple[float, bytes]], other: bytes
) -> None:
    for reader in READERS:
        if reader.counter and reader.recognises(source) and (count := reader.counter(ByteSource.of_bytes(source))):
            feed(count, damaged(source, where, 1) + other)


@settings(max_examples=600, deadline=None)
@given(source=st.sampled_from(SIDECARS), where=damage, cut=st.floats(0.05, 1))
def test_a_damaged_sidecar_is_read_or_skipped(source: tuple, where: list[tuple[float, bytes]], cut: float) -> None:
    read, data = source
    with suppress(RushesError, *BROKEN):
        assemble(read(damaged(data, where, cut), "sidecar"))


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_named_for_what_they_are(data: bytes) -> None:
    read_whatever(data)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=st.integers(0, 10_000), where=damage, cut=st.floats(0.1, 1))
def test_damage_to_the_headers_of_real_files(
    samples: Path, choice: int, where: list[tuple[float, bytes]], cut: float
) -> None:
    files = sorted(
        path
        for kind in ("camera", "containers")
        for path in (samples / kind).glob("**/*")
        if path.suffix.lower() in RECORDED
    )
    path = files[choice % len(files)]
    if path.stat().st_size > 1024 * 1024:
        return
    read_whatever(damaged(path.read_bytes(), where, cut))


@pytest.mark.parametrize(
    "movie",
    [
        Movie(durations=((0x7FFFFFFF, 1),)),
        Movie(durations=((0x7FFFFFFF, 1), (0x7FFFFFFF, 2))),
        Movie(durations=tuple((1, step) for step in range(1, 20_000))),
        Movie(durations=((0x7FFFFFFF, 1), (7, 2)), offsets=((0x7FFFFFFF, 5),)),
        Movie(durations=((10, 0),)),
        Movie(clock=0),
        Movie(clock=0xFFFFFFFF, durations=((10, 0x7FFFFFFF),)),
        Movie(movie_clock=0, edits=((10, 0),)),
        Movie(edits=tuple((1, 0) for _ in range(9_000))),
    ],
)
def test_absurd_tables_cost_neither_time_nor_memory(movie: Movie) -> None:
    data = movie.build()
    read_whatever(data)
    tracemalloc.start()
    try:
        with suppress(RushesError, *BROKEN):
            assemble(READERS[0].read(ByteSource.of_bytes(data)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


@pytest.mark.parametrize(
    "recording",
    [
        Recording(sets_after=klv(bytes.fromhex("060e2b34025301010d01010101012f00"), b"") * 100_000),
        Recording(sets_after=klv(bytes(16), b"<NonRealTimeMeta" * 130_000)),
        Recording(texts=tuple(b"<NonRealTimeMeta" * 10_000 for _ in range(20))),
        Recording(index=(0, 1), duration=-1, source_duration=-1, texts=tuple(b"" for _ in range(5_000))),
        Avi(before=tuple(a_list(b"INFO", *[chunk(b"ISFT", b"")] * 4_000) for _ in range(500))),
        Avi(more=tuple(a_list(b"AVIX", *[chunk(b"JUNK", b"")] * 4_000, outer=b"RIFF") for _ in range(500))),
        Avi(pictures=20_000, picture=b"", length=0),
        Avi(header=tuple(a_list(b"strl", *[chunk(b"strd", b"")] * 4_000) for _ in range(100))),
    ],
)
def test_absurd_numbers_of_parts_cost_no_time(recording: Recording | Avi) -> None:
    read_whatever(recording.build())


TRACK = element("ae", element("d7", 1) + element("83", 1) + element("86", "V_VP8") + element("e0", element("b0", 8)))


@pytest.mark.parametrize(
    "data",
    [
        EBML + element("18538067", element("1654ae6b", TRACK) + b"\xa3\x80" * 1_000_000),
        EBML + element("18538067", element("1654ae6b", TRACK) + b"\xa3\x84\x81\0\0\0" * 500_000),
        EBML + element("18538067", element("1654ae6b", TRACK) + element("1254c367", b"\x73\x73\x80" * 300_000)),
        EBML + element("18538067", element("1654ae6b", element("ae", b"\xd7\x80" * 400_000)) * 20),
        EBML + element("18538067", element("1654ae6b", TRACK) + b"\xa0\xff" * 1_000_000),
        EBML + element("18538067", b"\xec\x80" * 1_000_000),
        AVCHD[:2000] + b"\x47" * 4_000_000,
        AVCHD + packets(0x1011, b"\0\0\1\x65" * 500_000, size=192),
        AVCHD + packets(0, b"\0\0\xb0\xff" * 500_000, size=192),
        HDV + packets(0x1011, b"\0\0\1\0\0\0\1\xb5" * 500_000),
    ],
    ids=range(10),
)
def test_small_elements_without_number_cost_neither_time_nor_memory(data: bytes) -> None:
    reader = next(reader for reader in READERS if reader.recognises(data[:4096]))
    for whole in (True, False):
        start = time.process_time()
        with suppress(RushesError, *BROKEN):
            assemble(reader.read(ByteSource.of_bytes(data, whole=whole)))
        assert time.process_time() - start < SLOWEST
    tracemalloc.start()
    try:
        with suppress(RushesError, *BROKEN):
            if count := reader.counter(ByteSource.of_bytes(data)):
                feed(count, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024
