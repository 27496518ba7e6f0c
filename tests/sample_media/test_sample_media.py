"""The sample media are what make.py makes, carry readable frame numbers, and are small."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

SAMPLES = Path(__file__).parents[2] / "sample_media"
LIMIT = 6_000_000
# The ffmpeg that the files in the repository were made with; another encodes the same pictures otherwise.
MADE_WITH = "n9.0.2"
CARDS = sorted(path.name.removesuffix(".expected.json") for path in SAMPLES.glob("*.expected.json"))
EXPECTED = {card: json.loads((SAMPLES / f"{card}.expected.json").read_text(encoding="utf-8")) for card in CARDS}
PICTURES = [
    (card, name) for card in CARDS for name, clip in EXPECTED[card]["clips"].items() if "width" in clip["facts"]
]


@pytest.fixture(scope="module", autouse=True)
def _makers() -> Iterator[None]:
    """The scripts of sample_media import each other by name, as they do when make.py is run."""
    sys.path.insert(0, str(SAMPLES))
    yield
    sys.path.remove(str(SAMPLES))
    for script in SAMPLES.glob("*.py"):
        sys.modules.pop(script.stem, None)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("made")
    for card in importlib.import_module("shoot").CARDS:
        importlib.import_module("make").make_card(card, target)
    return target


def files_of(folder: Path) -> dict[str, bytes]:
    """Every card file and expectation below a folder, by relative path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for card in CARDS
        for path in [folder / f"{card}.expected.json", *sorted((folder / card).rglob("*"))]
        if path.is_file()
    }


def parts_of(card: str, name: str) -> list[Path]:
    """The files of a recording in order; chapters differ in the third and fourth letter."""
    first = next((SAMPLES / card).rglob(name))
    count = EXPECTED[card]["clips"][name]["parts"]
    return [first.with_name(f"{name[:2]}{part:02}{name[4:]}") for part in range(1, 1 + count)] if count > 1 else [first]


def decoded(path: Path, size: tuple[int, int], *options: str) -> np.ndarray:
    """All pictures of a file as ffmpeg shows them, upright, as luma of another size."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", str(path), "-map", "0:v:0"]
    command += ["-fps_mode", "passthrough", "-vf", f"scale={size[0]}:{size[1]},format=gray", *options, "-"]
    raw = subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0])


def numbers_in(pictures: np.ndarray) -> list[tuple[int, int] | None]:
    read_number = importlib.import_module("frame_numbers").read_number
    return [read_number(picture) for picture in pictures]


def shown_size(card: str, name: str) -> tuple[int, int]:
    rotated = EXPECTED[card]["clips"][name]["facts"]["rotation"] in {90, 270}
    return (180, 320) if rotated else (320, 180)


def test_a_card_made_twice_is_the_same_byte_for_byte(made, tmp_path):
    shoot, make = importlib.import_module("shoot"), importlib.import_module("make")
    for card in (shoot.VIENNA_PHONE, shoot.VIENNA_SOUND, shoot.KAPTAGAT_MAG):
        make.make_card(card, tmp_path)
    again = files_of(tmp_path)
    assert len(again) == 15
    assert again == {name: data for name, data in files_of(made).items() if name in again}


def test_the_files_in_the_repository_are_those_that_make_writes(made):
    version = imageio_ffmpeg.get_ffmpeg_version()
    if not version.startswith(MADE_WITH):
        pytest.skip(f"the sample media were made with ffmpeg {MADE_WITH}, this is {version}")
    here, there = files_of(SAMPLES), files_of(made)
    assert sorted(here) == sorted(there)
    assert [name for name in here if here[name] != there[name]] == []


@pytest.mark.parametrize(("card", "name"), PICTURES)
def test_every_frame_carries_its_number_on_over_chapters(card, name):
    pictures = [decoded(part, shown_size(card, name), "-f", "rawvideo") for part in parts_of(card, name)]
    numbers = numbers_in(np.concatenate(pictures))
    assert None not in numbers
    assert len({clip for clip, _ in numbers}) == 1
    assert [frame for _, frame in numbers] == list(range(EXPECTED[card]["clips"][name]["facts"]["frames"]))


def test_no_two_recordings_carry_the_same_clip_number():
    firsts = [numbers_in(decoded(parts_of(*clip)[0], shown_size(*clip), "-frames:v", "1", "-f", "rawvideo"))[0]
              for clip in PICTURES]  # fmt: skip
    assert len({number for number, _ in firsts}) == len(PICTURES)


@pytest.mark.parametrize("encoder", [
    ["-c:v", "libx264", "-preset", "veryfast", "-crf", "32", "-pix_fmt", "yuv420p", "-f", "matroska"],
    ["-c:v", "prores", "-profile:v", "0", "-pix_fmt", "yuv422p10le", "-f", "mov"],
])  # fmt: skip
@pytest.mark.parametrize("size", [(960, 540), (128, 72)])
def test_numbers_survive_scaling_and_compression(tmp_path, encoder, size):
    original = next((SAMPLES / "2019-08-15_Kaptagat_Morning run_D001").rglob("DJI_0004.MP4"))
    proxy = tmp_path / "proxy"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", str(original), "-an"]
    subprocess.run([*command, "-vf", f"scale={size[0]}:{size[1]}", *encoder, str(proxy)], check=True)
    assert numbers_in(decoded(proxy, size, "-f", "rawvideo")) == [(6, frame) for frame in range(50)]


def test_pictures_without_a_number_are_told_apart():
    noise = np.random.default_rng(1).integers(0, 256, (200, 90, 160), np.uint8)
    ramp = np.tile(np.linspace(0, 255, 160).astype(np.uint8), (1, 90, 1))
    grey = np.full((1, 90, 160), 128, np.uint8)
    upside_down = decoded(parts_of(*PICTURES[0])[0], (320, 180), "-f", "rawvideo")[:, ::-1]
    for pictures in (noise, ramp, grey, upside_down):
        assert set(numbers_in(pictures)) == {None}


def test_the_limits_of_numbers_are_readable():
    frame_numbers = importlib.import_module("frame_numbers")
    for clip, frame in ((0, 0), (255, 16383), (1, 16383), (255, 0), (85, 5461)):
        picture = np.full((90, 160), 90, np.uint8)
        frame_numbers.draw_number(picture, clip=clip, frame=frame)
        assert frame_numbers.read_number(picture) == (clip, frame)


def test_the_media_are_small_and_the_promised_cards_are_there():
    assert sum(len(data) for data in files_of(SAMPLES).values()) < LIMIT
    clips = [clip for card in EXPECTED.values() for clip in card["clips"].values()]
    rates = {clip["log"]["rate"] for clip in clips}
    structures = {card["card"]["structure"] for card in EXPECTED.values()}
    assert len(CARDS) >= 7
    assert len(clips) >= 12
    assert {"24000/1001", "25/1", "30000/1001", "50/1"} <= rates
    assert {"sony-xavc", "mag", "gopro", "dji", "dcim", "sound"} <= structures
    assert sum("C0001.MP4" in card["clips"] for card in EXPECTED.values()) == 2


def test_every_file_of_a_card_stands_in_its_expectation():
    for card, expected in EXPECTED.items():
        there = {str(path.relative_to(SAMPLES / card)) for path in (SAMPLES / card).rglob("*") if path.is_file()}
        parts = {str(part.relative_to(SAMPLES / card)) for name in expected["clips"] for part in parts_of(card, name)}
        sidecars = {path for clip in expected["clips"].values() for path in clip["sidecars"]}
        listed = [*parts, *sidecars, *expected["reports"], *expected["others"]]
        assert sorted(listed) == sorted(there)
        assert expected["card"]["clips"] == len(expected["clips"])


def test_each_subject_was_shot_in_both_places():
    places: dict[str, set[str]] = {}
    for card in EXPECTED.values():
        for clip in card["clips"].values():
            for subject in clip["log"]["subject"]:
                places.setdefault(subject, set()).add(clip["log"]["location"])
    assert set(places) == {"Morning run", "Coach interview", "Pacemakers", "Running", "Interviews"}
    assert all(shot == {"Kaptagat", "Vienna"} for shot in places.values())
