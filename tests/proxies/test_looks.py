"""Looks: LUT rules per camera, the cubes behind them, and the colours that come out."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from shooting import PRESETS, log, order, picture_size, program, run

from pipeline.clip import Facts, VideoStream
from pipeline.errors import SettingsError, ValueRefused
from pipeline.metadata.cameras import look_rules
from pipeline.metadata.facts import read_facts
from pipeline.proxies.luts import clean_cube, fits, load_luts, lut_for
from pipeline.proxies.make import make
from pipeline.proxies.presets import Preset
from pipeline.settings import LookRule, shipped

RED, GREEN, GREY = (63, 102, 240), (173, 42, 26), (126, 128, 128)  # studio range Y, Cb, Cr of Rec. 709
RULE = LookRule(cube="luts/a.cube", model="X*")


def same(red: float, green: float, blue: float) -> tuple[float, float, float]:
    return red, green, blue


def swapped(red: float, green: float, blue: float) -> tuple[float, float, float]:
    return green, red, blue


def halved(red: float, green: float, blue: float) -> tuple[float, float, float]:
    return red / 2, green / 2, blue / 2


def cube(
    of: Callable[[float, float, float], tuple[float, float, float]] = same, *, size: int = 9, head: str = ""
) -> str:
    """A cube that makes this of each colour."""
    steps = [number / (size - 1) for number in range(size)]
    rows = [" ".join(f"{value:.6f}" for value in of(r, g, b)) for b in steps for g in steps for r in steps]
    return f'TITLE "made here"\nLUT_3D_SIZE {size}\n{head}' + "\n".join(rows) + "\n"


def patch(path: Path, colour: str, tags: str = "", *, rate: str = "25", pixels: str = "yuv420p") -> Path:
    """Ten frames of one colour, Rec. 709 whatever the tags say."""
    matrix = "scale=out_color_matrix=bt709:out_range=tv"
    setting = (
        f",setparams={tags}" if tags else ",setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown"
    )
    run(
        "-f", "lavfi", "-i", f"color={colour}:s=1280x720:r={rate}:d=0.4", "-vf", f"{matrix},format={pixels}{setting}",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "1", path,
    )  # fmt: skip
    return path


def mean_colour(path: Path) -> tuple[int, int, int]:
    """Y, Cb and Cr of the middle of the first frame, as stored, in 8 bits."""
    wide, high = picture_size(path)
    raw = run("-i", path, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv444p16le", "-")
    planes = np.frombuffer(raw, "<u2").reshape(3, high, wide)[:, high // 4 : -high // 4, wide // 4 : -wide // 4]
    return tuple(round(float(plane.mean()) / 256) for plane in planes)


def graded(source: Path, text: str | None, *presets: Preset) -> Path:
    """The folder with what was made of a recording through a cube of this text."""
    folder = source.parent
    luts = ()
    if text is not None:
        (folder / "luts").mkdir(exist_ok=True)
        (folder / "luts" / "a.cube").write_text(text)
        luts = load_luts([RULE], folder, folder / "clean")
    job = order(log(source), folder / "out", source, presets=presets or (PRESETS["edit"],))
    make(replace(job, lut=luts[0] if luts else None), program())
    return folder / "out"


def near(found: tuple[int, ...], wanted: tuple[int, ...], by: int = 2) -> bool:
    return all(abs(one - other) <= by for one, other in zip(found, wanted, strict=True))


# --- what comes out ---


@pytest.mark.parametrize(("name", "kind"), [("edit", "mov"), ("h264", "mov"), ("dnxhr", "mov"), ("avid", "mxf")])
def test_a_look_that_changes_nothing_leaves_rec_709_red_and_its_tags(tmp_path, name, kind):
    """ffmpeg's own way goes by Rec. 601: red's luma would be 80."""
    out = graded(patch(tmp_path / "A.mov", "red"), cube(), PRESETS[name])
    assert near(mean_colour(out / f"{name}.{kind}"), RED)
    video = read_facts(out / f"{name}.{kind}").video
    assert (video.color_primaries, video.color_transfer, video.color_matrix) == ("bt709",) * 3
    assert video.color_range in ("tv", None)
    assert video.pixel_format in (PRESETS[name].codec.pixel_format, None)  # DNxHD states none


def test_a_look_changes_the_proxy_as_the_cube_says_and_the_stills_follow(tmp_path):
    out = graded(patch(tmp_path / "A.mov", "red"), cube(swapped))
    assert near(mean_colour(out / "edit.mov"), GREEN)
    still = np.frombuffer(run("-i", out / "poster.jpg", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"), np.uint8)
    red, green, blue = still.reshape(-1, 3).mean(axis=0)
    assert (red < 12, green > 243, blue < 12) == (True, True, True)


@pytest.mark.parametrize(
    ("tags", "pixels"),
    [
        ("", "yuv420p"),
        ("color_trc=bt709", "yuv422p10le"),
        ("color_trc=smpte2084:color_primaries=bt2020", "yuv420p10le"),
    ],
)
def test_a_rule_comes_before_what_the_tags_would_bring(tmp_path, tags, pixels):
    source = patch(tmp_path / "A.mov", "0x808080", tags, pixels=pixels)
    found = mean_colour(graded(source, cube(halved)) / "edit.mov")
    assert near(found, (16 + round(219 * 0.25), 128, 128))


def test_untagged_footage_without_a_rule_is_left_alone(tmp_path):
    assert near(mean_colour(graded(patch(tmp_path / "A.mov", "0x808080"), None) / "edit.mov"), GREY)


@pytest.mark.parametrize("folder", ["A:b'c,[x];%{n}", '50%% \\d "quoted"', "Édith, Läufer"])
def test_a_look_is_found_whatever_signs_its_folder_holds(tmp_path, folder):
    (tmp_path / folder).mkdir()
    out = graded(patch(tmp_path / folder / "A.mov", "red"), cube(swapped))
    assert near(mean_colour(out / "edit.mov"), GREEN)


def test_fields_stay_fields_through_a_look(tmp_path):
    source = tmp_path / "A.mov"
    run(
        "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=50:d=0.4", "-vf",
        "scale=out_color_matrix=bt709:out_range=tv,format=yuv422p10le,interlace=lowpass=0", "-c:v", "prores",
        "-flags:v", "+ildct+ilme", "-colorspace", "bt709", source,
    )  # fmt: skip
    pictures = []
    for text in (None, cube(size=17)):
        proxy = graded(source, text) / "edit.mov"
        assert read_facts(proxy).video.interlaced
        raw = np.frombuffer(run("-i", proxy, "-f", "rawvideo", "-pix_fmt", "yuv422p", "-"), np.uint8)
        pictures.append(raw.astype(int))
    assert np.abs(pictures[1] - pictures[0]).mean() < 1.5


# --- rules ---


@pytest.mark.parametrize(
    ("rule", "fitting"),
    [
        ({"make": "sony"}, True),
        ({"make": "Sony", "model": "ILME-FX*"}, True),
        ({"model": "ilme-fx?"}, True),
        ({"model": "ILME"}, False),
        ({"make": "Canon", "model": "ILME-FX6"}, False),
        ({"make": "Sony", "transfer": "none"}, True),
        ({"make": "Sony", "transfer": "bt709"}, False),
    ],
)
def test_a_rule_fits_by_what_it_names_and_asks_no_more(rule, fitting):
    facts = Facts(video=VideoStream(), camera_make="Sony", camera_model="ILME-FX6")
    assert fits(LookRule(cube="a.cube", **rule), facts) is fitting
    assert not fits(LookRule(cube="a.cube", **rule), replace(facts, video=None))


def test_the_first_rule_that_fits_counts_and_the_same_cube_has_the_same_recipe(tmp_path):
    for name, text in (("a", cube()), ("b", "\ufeff# other words, \xe4\r\n" + cube(swapped))):
        (tmp_path / f"{name}.cube").write_bytes(text.encode().replace(b"\xc3\xa4", b"\xe4"))
    rules = [
        LookRule(cube="a.cube", model="X1"),
        LookRule(cube="b.cube", model="X*"),
        LookRule(cube="a.cube", make="Z"),
    ]
    luts = load_luts(rules, tmp_path, tmp_path / "clean")
    assert luts[0].recipe == luts[2].recipe != luts[1].recipe
    facts = Facts(video=VideoStream(), camera_model="X1")
    assert lut_for(luts, facts) == luts[0]
    assert lut_for(luts, replace(facts, camera_model="X2")) == luts[1]
    assert lut_for(luts, replace(facts, camera_model="Y")) is None


def test_no_look_ships_and_the_example_in_the_table_of_cameras_is_one():
    assert look_rules() == ()
    text = shipped("cameras.toml")
    example = re.sub(r"(?m)^# ", "", text[text.index("# [[look]]") :])
    [rule] = msgspec.convert(tomllib.loads(example)["look"], tuple[LookRule, ...])
    assert fits(rule, Facts(video=VideoStream(color_transfer="bt709"), camera_make="Panasonic", camera_model="DC-GH5S"))


# --- cubes ---


def test_a_cube_of_resolve_is_taken_which_ffmpeg_alone_refuses(tmp_path):
    text = cube(swapped, head="LUT_3D_INPUT_RANGE 0.0 1.0\n\n")
    assert near(mean_colour(graded(patch(tmp_path / "A.mov", "red"), text) / "edit.mov"), GREEN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no LUT_3D_SIZE"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1 1\n", "1D"),
        ("LUT_3D_SIZE 300\n", "size '300'"),
        ("LUT_3D_SIZE ²\n", "size"),
        ("LUT_3D_SIZE 2\n0 0 0\n", "8 rows of three numbers, and has 1"),
        (cube(size=2).replace("1.000000 1.000000 1.000000", "1 1"), "rows of three"),
        (cube(size=2).replace("1.000000 1.000000 1.000000", "1 1 nan"), "'nan' is no number"),
        (cube(size=2, head="DOMAIN_MAX 2 2 2\n"), "DOMAIN_MAX"),
        (cube(size=2, head="LUT_3D_INPUT_RANGE 0 1023\n"), "LUT_3D_INPUT_RANGE"),
        ("\n" * 600_000, "more lines"),
        ("<html>", "no number"),
        ("\0\0\0\0", "no number"),
    ],
)
def test_what_is_no_cube_is_refused_in_words(text, said):
    with pytest.raises(ValueRefused, match=said):
        clean_cube(text.encode())


def test_a_cube_that_is_not_there_or_too_large_is_refused_by_name(tmp_path):
    with pytest.raises(SettingsError, match="no plain text"):
        load_luts([RULE], tmp_path / "L\udcff", tmp_path / "clean")
    with pytest.raises(SettingsError, match=r"luts/a\.cube cannot be used: there is no such file; mend"):
        load_luts([RULE], tmp_path, tmp_path / "clean")
    (tmp_path / "luts").mkdir()
    with (tmp_path / "luts" / "a.cube").open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(SettingsError, match="larger than any cube"):
        load_luts([RULE], tmp_path, tmp_path / "clean")
