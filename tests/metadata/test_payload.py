"""Stored pictures are checked by their bytes: what a decoder takes for pictures is not always what was written."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imageio_ffmpeg import get_ffmpeg_exe
from tinystream import Film, block

from pipeline.metadata import matroska
from pipeline.metadata.frames import read_stored, read_times
from pipeline.metadata.payload import PictureCheck, picture_check
from pipeline.metadata.source import ByteSource

SIZE = 4


def recording(path: Path, codec: str) -> Path:
    noise = "testsrc2=size=320x180:rate=25,noise=alls=40:allf=t"
    command = [get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", noise, "-frames:v", "40", *codec.split()]
    subprocess.run([*command, "-pix_fmt", "yuv420p", "-g", "10", "-bf", "2", "-y", path], check=True)
    return path


@pytest.fixture(
    scope="module",
    params=[
        "-c:v libx265 -x265-params log-level=none:info=0:b-adapt=0",
        "-c:v libx264 -x264-params b-adapt=0:scenecut=0",
    ],
)
def whole(request, tmp_path_factory):
    return recording(tmp_path_factory.mktemp("payload") / "A.mov", request.param)


def broken(path: Path, data: bytes, step: int = 1 << 20) -> list[int]:
    check = picture_check(path)
    assert check
    for at in range(0, len(data), step):
        check.feed(data[at : at + step])
    return check.broken


def test_what_was_written_is_whole_however_it_is_fed(whole):
    data = whole.read_bytes()
    for step in (len(data), 1000, 7919):
        assert broken(whole, data, step) == []


def test_every_lost_sector_within_a_picture_is_found_in_its_place(whole):
    data = whole.read_bytes()
    stored = read_stored(whole)
    assert stored
    large = [place for place in stored.places if place[1] > 1200]
    assert len(large) > 20
    for offset, size, number in large:
        middle = offset + size // 2
        spoilt = data[: middle - 256] + bytes(512) + data[middle + 256 :]
        assert broken(whole, spoilt, 5000) == [number]


@pytest.mark.parametrize(
    "codec",
    [
        "-c:v libx265 -x265-params log-level=none:info=0",
        "-c:v libx264",
        "-c:v libvpx-vp9 -b:v 4M -deadline good -cpu-used 8",
    ],
)
def test_a_lost_sector_within_a_picture_of_matroska_is_found_too(codec, tmp_path):
    path = recording(tmp_path / "A.mkv", codec)
    data = path.read_bytes()
    with ByteSource.open(path) as source:
        stored = matroska.stored_pictures(source)
    assert stored
    assert broken(path, data, 5000) == []
    large = [place for place in stored.places if place[1] > 1200]
    assert len(large) > 10
    for offset, size, number in large:
        middle = offset + size // 2
        spoilt = data[: middle - 256] + bytes(512) + data[middle + 256 :]
        assert broken(path, spoilt, 5000) == [number]


def test_of_a_damaged_or_laced_matroska_file_nothing_is_said(tmp_path):
    path = tmp_path / "A.mkv"
    film = Film(codec="V_VP9").build()
    path.write_bytes(film)
    assert picture_check(path)
    path.write_bytes(film[:-60] + bytes(60))
    assert picture_check(path) is None
    path.write_bytes(film.replace(block(0), block(0, flags=2)))
    assert picture_check(path) is None


def test_numbers_are_those_of_the_pictures_shown(whole):
    stored, times = read_stored(whole), read_times(whole)
    assert stored
    assert times
    assert sorted(number for _, _, number in stored.places) == list(range(len(times.pictures)))
    assert [number for _, _, number in stored.places] != list(range(len(times.pictures)))  # stored in another order


def checked(*units: bytes, hevc: bool, size: int | None = None) -> list[int]:
    sample = b"".join(len(unit).to_bytes(SIZE, "big") + unit for unit in units)
    check = PictureCheck(((0, size or len(sample), 0),), SIZE, hevc=hevc)
    check.feed(sample + bytes(64))
    return check.broken


@pytest.mark.parametrize(
    ("units", "hevc", "found"),
    [
        ((b"\x26\x01\xaf\x00\x00\x03\x01",), True, []),
        ((b"\xa6\x01\xaf",), True, [0]),  # the forbidden bit
        ((b"\x26\x00\xaf",), True, [0]),  # no temporal id
        ((b"\x26",), True, [0]),
        ((b"\x65\xaf",), False, []),
        ((b"\xe5\xaf",), False, [0]),
        ((b"\x65" + b"\x01" * 300 + bytes(256) + b"\x01",), False, [0]),
        ((b"\x65\xaf" + bytes(1000),), False, []),  # filled up behind the picture
        ((b"\x0e\x83\x80\x6f\x00\x00\x00\x01\x41\x9a\x24",), False, []),  # a second unit behind a start code
        ((b"\x65\xaf", b""), False, [0]),
    ],
)
def test_units_that_nobody_writes_are_found(units, hevc, found):
    assert checked(*units, hevc=hevc) == found


def test_units_fill_their_picture_exactly():
    assert checked(b"\x65\xaf", hevc=False, size=5) == [0]
    assert checked(b"\x65\xaf", hevc=False, size=8) == [0]


@given(st.binary(max_size=400), st.lists(st.tuples(st.integers(-9, 500), st.integers(0, 1 << 40), st.integers(0, 9))))
def test_no_bytes_and_no_places_make_it_stumble(data, places):
    check = PictureCheck(places, SIZE, hevc=True)
    for at in range(0, len(data), 37):
        check.feed(data[at : at + 37])
    assert len(check.broken) <= len(places)
