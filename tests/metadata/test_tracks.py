"""Tracks of devices that move: bounded, thinned, in order, and exact where they begin."""

import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinymovie import box, full, runs

from pipeline.clip import Facts, Fix, VideoStream
from pipeline.metadata.assembly import span_facts
from pipeline.metadata.facts import read_facts, sidecar_facts
from pipeline.metadata.plain import facts_json
from pipeline.metadata.track import LONGEST_STILL, MOST_FIXES, thinned
from pipeline.timecode import Rate

HOUR = 3600


def klv(key: bytes, kind: str, size: int, data: bytes) -> bytes:
    return struct.pack(">4sBBH", key, ord(kind) if kind else 0, size, len(data) // size) + data + bytes(-len(data) % 4)


def payload(latitude: float, longitude: float, *, fix: int = 3, clock: str = "") -> bytes:
    """One second of an action camera's telemetry; `clock` as yymmddhhmmss.sss."""
    stream = (
        klv(b"GPSF", "L", 4, struct.pack(">I", fix))
        + (klv(b"GPSU", "U", 16, clock.encode()) if clock else b"")
        + klv(b"GPSP", "S", 2, struct.pack(">H", 200))
        + klv(b"SCAL", "l", 4, struct.pack(">5i", 10**7, 10**7, 1000, 1000, 100))
        + klv(b"GPS5", "l", 20, struct.pack(">5i", round(latitude * 1e7), round(longitude * 1e7), 0, 0, 0))
    )
    return klv(b"DEVC", "", 1, klv(b"DVNM", "c", 1, b"HERO7 Black\0") + klv(b"STRM", "", 1, stream))


def action_camera(path: Path, payloads: Sequence[bytes]) -> Path:
    """A film whose only track is telemetry, one payload a second."""
    head = box(b"ftyp", b"mp41", bytes(4), b"mp41") + box(b"mdat", *payloads)
    start = len(head) - sum(map(len, payloads))
    tables = box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1), box(b"gpmd", bytes(6), b"\0\1")),
        full(b"stts", runs(((len(payloads), 1000),))),
        full(b"stsc", struct.pack(">IIII", 1, 1, len(payloads), 1)),
        full(b"stsz", struct.pack(">II", 0, len(payloads)), struct.pack(f">{len(payloads)}I", *map(len, payloads))),
        full(b"stco", struct.pack(">II", 1, start)),
    )
    media = box(
        b"mdia",
        full(b"mdhd", struct.pack(">IIII", 0, 0, 1000, 0), bytes(4)),
        full(b"hdlr", b"mhlr", b"meta", bytes(12)),
        box(b"minf", tables),
    )
    track = box(b"trak", full(b"tkhd", struct.pack(">III", 0, 0, 1), bytes(68)), media)
    path.write_bytes(head + box(b"moov", full(b"mvhd", struct.pack(">IIII", 0, 0, 1000, 0), bytes(80)), track))
    return path


def test_an_action_camera_that_moves_keeps_its_track_and_the_satellites_time(tmp_path: Path) -> None:
    searching = [payload(0.0, 0.0, fix=0)] * 7
    riding = [payload(48.2 + 0.001 * second, 16.4, clock="191012061507.000") for second in range(5)]
    found = read_facts(action_camera(tmp_path / "GX010001.MP4", [*searching, *riding]))
    assert found.gps == (48.2, 16.4)
    assert found.track[0] == Fix(7.0, 48.2, 16.4)
    assert found.track[-1] == Fix(11.0, 48.204, 16.4)
    assert len(found.track) == 5
    assert found.gps_time == "2019-10-12T06:15:00.000Z"


def test_an_action_camera_on_a_tripod_is_heard_of_once_a_minute(tmp_path: Path) -> None:
    found = read_facts(action_camera(tmp_path / "GX010001.MP4", [payload(48.2, 16.4)] * 181))
    assert [fix.seconds for fix in found.track] == [0.0, 61.0, 121.0, 180.0]
    assert found.gps_time is None  # the satellites' time was not stated


def test_an_action_camera_without_a_fix_has_no_track(tmp_path: Path) -> None:
    found = read_facts(action_camera(tmp_path / "GX010001.MP4", [payload(48.2, 16.4, fix=0)] * 20))
    assert (found.gps, found.track, found.gps_time) == (None, (), None)


def test_an_hour_of_telemetry_is_not_read_whole(tmp_path: Path) -> None:
    from pipeline.metadata import quicktime
    from pipeline.metadata.source import ByteSource

    second = payload(48.2, 16.4) + klv(b"ACCL", "s", 2, bytes(12_000))
    path = action_camera(tmp_path / "GX010001.MP4", [second] * HOUR)
    with ByteSource.open(path) as source:
        found = {finding.key: finding.value for finding in quicktime.read(source)}
        assert source.fetched < 2 << 20
    assert path.stat().st_size > 40 << 20
    assert 40 <= len(found["track"]) <= MOST_FIXES
    assert found["track"][-1].seconds == HOUR - 1


def cue(number: int, seconds: int, words: str) -> str:
    clock = f"{seconds // HOUR:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{number}\n{clock},000 --> {clock},900\n{words}\n\n"


@pytest.mark.parametrize(
    "words", ["[latitude: {lat:.4f}] [longitude: {lon:.4f}] [iso: 100]", "GPS ({lon:.4f}, {lat:.4f}, 17), ISO 100"]
)
def test_drone_subtitles_give_the_way_from_the_first_fix(tmp_path: Path, words: str) -> None:
    path = tmp_path / "DJI_0001.SRT"
    cues = [cue(1, 0, words.format(lat=0, lon=0))]
    cues += [cue(n + 1, n, words.format(lat=48.2 + n / 1000, lon=16.4)) for n in range(1, 2000)]
    path.write_text("".join(cues))
    found = sidecar_facts(path)
    assert found.gps == (48.201, 16.4)
    assert found.track[0] == Fix(1.0, 48.201, 16.4)
    assert len(found.track) == MOST_FIXES
    assert all(fix.latitude == pytest.approx(48.2 + fix.seconds / 1000) for fix in found.track)
    assert found.track[-1].seconds > 1950


def test_subtitles_that_state_dates_for_times_count_from_the_first(tmp_path: Path) -> None:
    path = tmp_path / "DJI_0001.SRT"
    path.write_text(
        "".join(
            f"{n}\n2017.08.05 14:11:{50 + n},393,525\n[latitude : -20.{n}] [longtitude : 149.0251] [iso : 100]\n\n"
            for n in range(1, 5)
        )
    )
    assert sidecar_facts(path).track == tuple(Fix(n - 1.0, float(f"-20.{n}"), 149.0251) for n in range(1, 5))


fixes = st.lists(
    st.builds(Fix, st.floats(0, 20_000), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)), max_size=400
).map(lambda found: sorted(found, key=lambda fix: fix.seconds))


@given(fixes)
def test_a_thinned_track_is_bounded_in_order_and_keeps_its_first_fix(found: list[Fix]) -> None:
    kept = thinned(found)
    assert len(kept) <= MOST_FIXES
    assert set(kept) <= set(found)
    assert all(one.seconds < other.seconds for one, other in pairwise(kept))
    assert kept[:1] == tuple(found[:1])
    assert thinned(kept) == kept


def test_a_device_at_rest_is_kept_often_enough_to_tell_rest_from_silence() -> None:
    kept = thinned(Fix(float(second), 48.2, 16.4) for second in range(600))
    assert max(b.seconds - a.seconds for a, b in pairwise(kept)) == LONGEST_STILL


def test_the_track_of_chapters_is_one_up_to_a_length_that_is_not_known() -> None:
    video = VideoStream(rate=Rate(25), frames=250)
    one = Facts(video=video, track=(Fix(0.0, 48.2, 16.4), Fix(9.0, 48.3, 16.4)))
    two = Facts(video=VideoStream(rate=Rate(25)), track=(Fix(1.0, 48.4, 16.4),))
    three = Facts(video=video, track=(Fix(0.0, 48.5, 16.4),))
    assert span_facts([one, two, three]).track == (*one.track, Fix(11.0, 48.4, 16.4))


def test_a_track_is_plain_data_for_scripts() -> None:
    assert facts_json(Facts(track=(Fix(0.5, 48.2, 16.4),)))["track"] == [[0.5, 48.2, 16.4]]
