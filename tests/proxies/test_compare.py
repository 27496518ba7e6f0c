"""Frames of a proxy beside the original's: zero offset fits best, and any other is named."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from shooting import PRESETS, log, order, program, run

from pipeline.proxies.compare import Spot, Treatment, compare, judge
from pipeline.proxies.make import make


def made(folder: Path, *sources: Path) -> Path:
    make(order(log(*sources), folder / "out", *sources, stills=False), program())
    return folder / "out" / "edit.mov"


def moving(path: Path, *options: str, seconds: int = 4, size: str = "640x360") -> Path:
    """Pictures in which everything moves."""
    run("-f", "lavfi", "-i", f"mandelbrot=s={size}:r=25:end_scale=0.2", "-t", str(seconds), *options, path)
    return path


LONG = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "48", "-bf", "3", "-preset", "veryfast")


@pytest.mark.parametrize("name", ["A.mov", "A.mp4", "A.mkv", "A.ts", "A.mxf"])
def test_a_true_proxy_fits_in_any_container(tmp_path, name):
    options = ("-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-g", "12") if name == "A.mxf" else LONG
    whole = moving(tmp_path / "whole.mov", *LONG)
    source = tmp_path / name
    run("-i", whole, *(("-c", "copy") if name != "A.mxf" else options), source)
    assert compare(log(whole), [source], made(tmp_path, whole), program()) == ""


def test_an_index_that_calls_pictures_key_frames_which_are_none_accuses_nobody(tmp_path):
    source = moving(tmp_path / "A.mov", "-c:v", "mpeg4", "-q:v", "3", "-g", "60")
    proxy, data = made(tmp_path, source), bytearray(source.read_bytes())
    second = data.index(b"stss") + 16
    assert int.from_bytes(data[second : second + 4], "big") == 61
    data[second : second + 4] = (91).to_bytes(4, "big")
    source.write_bytes(data)
    assert compare(log(source), [source], proxy, program()) == ""


@pytest.mark.parametrize("off", [-2, -1, 1, 2])
def test_a_proxy_that_is_off_by_a_frame_is_found_out(tmp_path, off):
    source = moving(tmp_path / "A.mov", *LONG)
    proxy, wrong = made(tmp_path, source), tmp_path / "wrong.mov"
    moved = (
        f"tpad=start={off}:start_mode=clone" if off > 0 else f"trim=start_frame={-off},tpad=stop={-off}:stop_mode=clone"
    )
    run("-i", proxy, "-vf", f"{moved},setpts=N/25/TB", "-frames:v", "100", "-c:v", "prores", wrong)
    said = compare(log(source), [source], wrong, program())
    assert "shows the original's" in said


def test_another_take_of_the_same_length_is_found_out(tmp_path):
    source = moving(tmp_path / "A.mov", *LONG)
    run("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=4", "-c:v", "prores", tmp_path / "B.mov")
    assert "another picture" in compare(log(source), [source], tmp_path / "B.mov", program())


@pytest.mark.parametrize(
    "other",
    [
        "trim=start_frame=1,setpts=PTS-STARTPTS,tpad=stop=1:stop_mode=clone",
        "crop=iw/2:ih/2,scale=640:360",
        "drawbox=y=250:color=red:t=fill",
    ],
)
def test_colours_and_a_still_ground_hide_no_other_picture(tmp_path, other):
    """Bars fill most of the picture and its matrix is not tagged: a frame off differs little, another set-up too."""
    source = tmp_path / "A.mov"
    run("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=1", *LONG, source)
    proxy, wrong = made(tmp_path, source), tmp_path / "wrong.mov"
    assert compare(log(source), [source], proxy, program()) == ""
    run("-i", proxy, "-vf", other, "-frames:v", "25", "-c:v", "prores", wrong)
    assert "shows" in compare(log(source), [source], wrong, program())


def test_what_a_preset_writes_into_a_dark_picture_is_no_other_picture(tmp_path):
    source = tmp_path / "A.mov"
    dark = "mandelbrot=s=320x240:r=25:end_scale=0.2,lutyuv=y=16+(val-16)/12:u=128:v=128"
    run("-f", "lavfi", "-i", dark, "-t", "1", *LONG, source)
    asked = msgspec.structs.replace(PRESETS["screening"], watermark="NOT FOR BROADCAST")
    make(order(log(source), tmp_path / "out", source, presets=(asked,), stills=False), program())
    proxy = tmp_path / "out" / "screening.mp4"
    assert "another picture" in compare(log(source), (source,), proxy, program()), "the writing outweighs it"
    assert compare(log(source), (source,), proxy, program(), treated=Treatment(asked)) == ""


@pytest.mark.parametrize("picture", ["color=black:s=320x180:r=25:d=3", "smptebars=s=320x180:r=25:d=3"])
def test_what_does_not_move_fits_everywhere(tmp_path, picture):
    run("-f", "lavfi", "-i", picture, *LONG, tmp_path / "A.mov")
    source = tmp_path / "A.mov"
    assert compare(log(source), [source], made(tmp_path, source), program()) == ""


def test_variable_rates_are_compared_through_their_map(tmp_path):
    whole = moving(tmp_path / "whole.mov", *LONG)
    source = tmp_path / "A.mov"
    run("-i", whole, "-vf", "select='mod(n,7)-2'", "-fps_mode", "vfr", *LONG, source)
    assert compare(log(source), [source], made(tmp_path, source), program()) == ""


def test_chapters_are_compared_in_their_part(tmp_path):
    parts = [moving(tmp_path / f"GX0{part}0001.MP4", *LONG, seconds=part) for part in (2, 1, 3)]
    assert compare(log(*parts), parts, made(tmp_path, *parts), program()) == ""


def test_edit_lists_rotation_and_late_pictures_do_not_mislead(tmp_path):
    whole = moving(tmp_path / "whole.mov", *LONG)
    run("-ss", "0.6", "-i", whole, "-c", "copy", tmp_path / "cut.mov")
    run("-display_rotation", "-90", "-i", whole, "-c", "copy", tmp_path / "turned.mp4")
    late = ("-itsoffset", "0.5", "-i", whole, "-f", "lavfi", "-t", "4", "-i", "sine=r=48000", "-c:v", "copy")
    run(*late, tmp_path / "late.mov")
    for name in ("cut.mov", "turned.mp4", "late.mov"):
        source = tmp_path / name
        assert compare(log(source), [source], made(tmp_path / name[:-4], source), program()) == "", name


def test_tone_mapped_pictures_are_the_same_pictures(tmp_path):
    hlg = "format=gbrpf32le,zscale=tin=bt709:pin=bt709:min=gbr:t=arib-std-b67:p=bt2020:m=bt2020nc:npl=203"
    source = moving(
        tmp_path / "A.mov", "-vf", hlg, "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", "log-level=none",
        "-tag:v", "hvc1", "-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc",
        seconds=2, size="320x180",
    )  # fmt: skip
    assert compare(log(source), [source], made(tmp_path, source), program()) == ""


def test_a_picture_that_cannot_be_decoded_is_said():
    nothing = np.zeros((0, 64, 64), np.float32)
    assert judge(Spot(7, 0, 7, 5, 5), nothing, nothing) == "frame 7 cannot be decoded"


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "60000/1001"])
@pytest.mark.parametrize("preset", ["edit", "avid", "screening"])
def test_a_good_proxy_is_good_in_every_container_at_every_rate(tmp_path, preset, rate):
    source = tmp_path / "A.mov"
    run("-f", "lavfi", "-i", f"mandelbrot=s=640x360:r={rate}:end_scale=0.2", "-t", "2", *LONG, source)
    asked = PRESETS[preset]
    make(order(log(source), tmp_path / "out", source, presets=(asked,), stills=False), program())
    assert compare(log(source), (source,), tmp_path / "out" / f"{preset}.{asked.codec.container}", program()) == ""
