"""HEVC's decoder takes rubbish for pictures; where the code of each picture ends tells what was written."""

import os
import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from shooting import log, program, run

from pipeline.metadata.frames import Stored, read_blocks, read_stored
from pipeline.metadata.slices import is_slice, units_of
from pipeline.processes.ffmpeg import run_ffmpeg
from pipeline.proxies import endings
from pipeline.proxies.endings import damage, damaged_pictures

SAMPLES = Path(os.environ.get("RUSHES_SAMPLES", Path(__file__).parents[3] / "shared" / "samples"))
NOISE = "testsrc2=size=320x180:rate=25,noise=alls=30:allf=t"
LARGE = "testsrc2=size=640x360:rate=25,noise=alls=30:allf=t"
STILL = "smptebars=size=320x180:rate=25"
# What is shown, how many pictures, how they are coded.
SHOTS = {
    "long groups": (NOISE, 16, "yuv420p", "keyint=8:bframes=2:no-wpp=1"),
    "open groups in four slices": (NOISE, 16, "yuv420p", "keyint=5:open-gop=1:ref=3:slices=4:ctu=16"),
    "all intra, ten bits": (NOISE, 9, "yuv422p10le", "keyint=1:no-wpp=1"),
    "nothing moves": (STILL, 40, "yuv420p", "keyint=250:no-wpp=1:crf=36"),
    "weighted": (f"{NOISE},fade=in:0:16", 16, "yuv420p", "keyint=30:bframes=3:ref=4:weightb=1:no-wpp=1"),
    "in rows": (LARGE, 9, "yuv420p", "keyint=30:bframes=3:wpp=1:ctu=16"),
}


@cache
def _shot(name: str) -> bytes:
    picture, count, pixels, words = SHOTS[name]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "A.mov"
        run("-f", "lavfi", "-i", picture, "-frames:v", str(count), "-pix_fmt", pixels, "-c:v", "libx265",
            "-x265-params", f"log-level=none:info=0:pools=1:frame-threads=1:{words}", path)  # fmt: skip
        return path.read_bytes()


def shot(folder: Path, name: str) -> tuple[Path, Stored]:
    path = folder / "A.mov"
    path.write_bytes(_shot(name))
    stored = read_stored(path)
    assert stored
    return path, stored


def spoil(path: Path, at: int, rubbish: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(rubbish)


def within(path: Path, stored: Stored, count: int) -> tuple[int, int]:
    """Where so many bytes lie within the largest slice of some picture in the middle, and the picture's number."""
    offset, length, number = max(stored.places[2:-2], key=lambda place: place[1])
    sample = path.read_bytes()[offset : offset + length]
    slices = [unit for unit in units_of(sample, 4) if is_slice(unit)]
    largest = max(slices, key=len)
    assert len(largest) > count + 120
    return offset + sample.index(largest) + (len(largest) - count) // 2, number


@pytest.mark.parametrize("name", list(SHOTS))
def test_nobody_accuses_a_whole_recording(tmp_path, name):
    path, _ = shot(tmp_path, name)
    assert damaged_pictures(path, program()) == ()


@pytest.mark.parametrize("name", [name for name in SHOTS if "slices" not in name])
def test_a_whole_picture_of_one_slice_is_decoded_once(tmp_path, monkeypatch, name):
    path, _ = shot(tmp_path, name)
    asked = []
    monkeypatch.setattr(endings, "run_ffmpeg", lambda *told, **terms: asked.append(told) or run_ffmpeg(*told, **terms))
    assert damaged_pictures(path, program()) == ()
    assert len(asked) == 1


@pytest.mark.parametrize("count", [512, 1])
@pytest.mark.parametrize("name", [name for name in SHOTS if SHOTS[name][0] != STILL])
def test_rubbish_in_a_slice_is_found_in_its_place(tmp_path, name, count):
    path, stored = shot(tmp_path, name)
    at, number = within(path, stored, count)
    byte = path.read_bytes()[at]
    spoil(path, at, random.Random(name).randbytes(count) if count > 1 else bytes((byte ^ 0x10,)))
    assert damaged_pictures(path, program()) == (number,)


def test_damage_is_told_by_stretches(tmp_path):
    path, stored = shot(tmp_path, "long groups")
    for offset, length, number in stored.places:
        if number in {3, 4, 9}:
            spoil(path, offset + length // 2, random.Random(number).randbytes(40))
    clip = log(path)
    assert damage(clip, [path], program()) == (
        "pictures of the original are damaged: 3 to 4 and 9; copy it from the card again"
    )


def test_what_fills_up_behind_a_slice_is_not_its_end(tmp_path):
    path, stored = shot(tmp_path, "all intra, ten bits")
    offset, length, _ = stored.places[0]
    sample = path.read_bytes()[offset : offset + length]
    *others, slice_ = units_of(sample, 4)
    for filling in (b"\0" * 40, b"\0\0\3" * 40, b"\0\0\0\1\x4e\1" + b"\x55" * 40):
        filled = b"".join(len(unit).to_bytes(4, "big") + unit for unit in (*others, slice_ + filling))
        assert [unit for unit in units_of(filled, 4) if is_slice(unit)] == [slice_]


def test_an_encoder_with_other_ways_is_no_damage(tmp_path):
    path, stored = shot(tmp_path, "long groups")
    for offset, length, number in stored.places:
        if number != 5:
            spoil(path, offset + length // 2, random.Random(number).randbytes(40))
    assert damaged_pictures(path, program()) == ()


def test_matroska_is_looked_at_too(tmp_path):
    shot(tmp_path, "long groups")
    path = tmp_path / "A.mkv"
    run("-i", tmp_path / "A.mov", "-c", "copy", path)
    assert damaged_pictures(path, program()) == ()
    stored = read_blocks(path)
    assert stored
    for offset, length, number in stored.places:
        if number in {3, 9}:
            spoil(path, offset + length // 2, random.Random(number).randbytes(40))
    assert damaged_pictures(path, program()) == (3, 9)


def test_other_codecs_and_formats_are_not_looked_at(tmp_path):
    for name, coded in (("A.mov", "libx264"), ("A.mkv", "libx264"), ("A.ts", "libx265")):
        quiet = ("-x265-params", "log-level=none") if coded == "libx265" else ()
        run("-f", "lavfi", "-i", NOISE, "-frames:v", "3", "-c:v", coded, *quiet, tmp_path / name)
        assert damaged_pictures(tmp_path / name, program()) == ()


def _hevc() -> list[Path]:
    recordings = [path for room in ("camera", "containers") for path in sorted((SAMPLES / room).rglob("*.[mM]*"))]
    read = [(path, read_stored(path)) for path in recordings if path.is_file()]
    return [path for path, stored in read if stored and stored.entry.kind in {b"hvc1", b"hev1"}]


def test_no_real_recording_is_accused():
    if not SAMPLES.is_dir():
        pytest.skip("the samples are not here (RUSHES_SAMPLES)")
    there = _hevc()
    assert len(there) > 4
    assert {path.name: damaged_pictures(path, program()) for path in there} == {path.name: () for path in there}
