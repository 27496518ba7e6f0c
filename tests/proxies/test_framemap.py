"""A cut on the proxy of a variable-rate recording comes back to the exact picture of the original."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shooting import frame_numbers, log, order, picture_size, program, read_number, run, shoot

from pipeline.metadata.frames import Times, read_block_times, read_times
from pipeline.proxies.compare import compare
from pipeline.proxies.framemap import Run, frame_map, runs
from pipeline.proxies.make import make
from pipeline.proxies.verdict import times_of_original
from pipeline.timecode import Rate

PHONE = Path(__file__).parents[2] / "sample_media/2019-10-12_Vienna_Morning run_P001/DCIM/100APPLE/IMG_0007.MOV"


def numbers(path: Path) -> list[int]:
    """The frame numbers of a recording, whichever clip it is of."""
    width, height = picture_size(path)
    raw = run("-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    found = [read_number(picture) for picture in np.frombuffer(raw, np.uint8).reshape(-1, height, width)]
    assert None not in found
    return [number[1] for number in found if number]


def mapped(folder: Path, source: Path) -> tuple[list[int], list[int], tuple[int, ...]]:
    """The numbers on the original's pictures, those on its proxy's frames, and the map between the two."""
    clip = log(source)
    assert clip.facts.video
    assert clip.facts.video.vfr
    make(order(clip, folder / "out", source, stills=False), program())
    times = times_of_original(clip, source)
    assert times
    assert clip.rate
    assert clip.frames
    assert len(times.pictures) == clip.facts.video.frames
    return numbers(source), numbers(folder / "out" / "edit.mov"), frame_map(times, clip.rate, clip.frames)


def test_a_hundred_cuts_on_the_phones_proxy_return_the_exact_original_frame(tmp_path):
    shot, proxy, shows = mapped(tmp_path, PHONE)
    chosen = random.Random(7)
    for _ in range(100):
        first = chosen.randrange(len(proxy))
        last = chosen.randrange(first, len(proxy))
        for frame in (first, last):
            assert shot[shows[frame]] == proxy[frame]


@pytest.mark.parametrize("seed", range(6))
def test_so_do_all_frames_of_recordings_of_any_rhythm(tmp_path, seed):
    # Pictures are left out at random, and what is left is moved a little: holes, pairs on one frame, long stills.
    chosen = random.Random(seed)
    left = "+".join(f"eq(n,{n})" for n in sorted(chosen.sample(range(120), 70)))
    shift = chosen.choice(["PTS", "PTS+0.013/TB*mod(N,3)", "PTS*0.71", "PTS*1.9"])
    filters = f"select='{left}',settb=1/600,setpts='{shift}'"
    source = tmp_path / "A.mov"
    whole = shoot(tmp_path / "whole.mov", "-bf 0", rate="30", frames=range(120))
    run("-i", whole, "-vf", filters, "-fps_mode", "vfr", "-enc_time_base", "1/600", "-c:v", "libx264", source)
    shot, proxy, shows = mapped(tmp_path, source)
    assert [shot[number] for number in shows] == proxy


def test_fragments_are_mapped_as_exactly(tmp_path):
    whole = shoot(tmp_path / "A.mov", "-vf select=mod(n\\,7)-2 -fps_mode vfr", rate="30", frames=range(60))
    run("-i", whole, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", tmp_path / "B.mp4")
    shot, proxy, shows = mapped(tmp_path, tmp_path / "B.mp4")
    assert [shot[number] for number in shows] == proxy


@pytest.mark.parametrize(("seed", "codec"), list(enumerate(["libopus", "aac", "pcm_s16le"])))
@pytest.mark.parametrize("late", [0, 0.25])
def test_the_blocks_of_a_matroska_file_are_mapped_as_exactly(tmp_path, seed, codec, late):
    """Whether picture or sound begins first."""
    left = "+".join(f"eq(n\\,{n})" for n in sorted(random.Random(seed).sample(range(120), 70)))
    tone = f"-itsoffset {late} -f lavfi -i sine=r=48000:d=4 -map 0 -map 1 -c:a {codec}"
    source = shoot(tmp_path / "A.mkv", f"{tone} -vf select={left} -fps_mode vfr", rate="30", frames=range(120))
    shot, proxy, shows = mapped(tmp_path, source)
    assert [shot[number] for number in shows] == proxy
    assert compare(log(source), (source,), tmp_path / "out" / "edit.mov", program()) == ""


def test_a_matroska_file_that_breaks_off_in_a_block_has_no_map(tmp_path):
    whole = shoot(tmp_path / "A.mkv", "-vf select=mod(n\\,7)-2 -fps_mode vfr", rate="30", frames=range(60))
    damaged = bytearray(whole.read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 2000] = bytes(2000)
    whole.write_bytes(damaged)
    assert read_block_times(whole) is None


def test_a_cut_without_encoding_shows_what_its_edit_list_shows(tmp_path):
    whole = shoot(tmp_path / "whole.mov", "-c:v libx264 -g 10 -bf 2", frames=range(50))
    run("-ss", "0.6", "-i", whole, "-c", "copy", tmp_path / "A.mov")
    times = read_times(tmp_path / "A.mov")
    assert times
    assert len(times.pictures) == len(frame_numbers(tmp_path / "A.mov"))


def test_late_sound_is_late(tmp_path):
    late = shoot(tmp_path / "A.mov", "-itsoffset 0.5 -f lavfi -i sine=r=48000:d=1 -c:a pcm_s16le")
    times = read_times(late)
    assert times
    assert times.pictures[0] < times.clock / 10
    assert float(times.sounds[0]) == pytest.approx(0.5, abs=0.001)


def test_what_has_no_sample_tables_has_no_times(tmp_path):
    run("-f", "lavfi", "-i", "testsrc=d=1", tmp_path / "A.mkv")
    assert read_times(tmp_path / "A.mkv") is None


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=60), st.integers(1, 200))
def test_a_map_never_goes_back_and_begins_with_the_first_picture(times, frames):
    shows = frame_map(Times(600, tuple(sorted(times))), Rate(30000, 1001), frames)
    assert len(shows) == frames
    assert list(shows) == sorted(shows)
    assert [number for run in runs(shows) for number in range(run.original, run.original + run.frames)] == list(shows)


def test_a_constant_rate_is_one_run():
    shows = frame_map(Times(30000, tuple(range(0, 1001 * 90, 1001))), Rate(30000, 1001), 90)
    assert runs(shows) == (Run(0, 0, 90),)
