"""The sample cards as they lie: what each is, what is on it, and that a file taken away is missed."""

import json
from pathlib import Path

import pytest

from pipeline.cards.recognise import recognise
from pipeline.clip import CardFolder, SeenFile, Stamp
from pipeline.settings import read_settings
from pipeline.shotlog.names import fits_template

SAMPLES = Path(__file__).parent.parent.parent / "sample_media"
EXPECTED = sorted(SAMPLES.glob("*.expected.json"))


def recognised(folder: Path, *, without: str = "") -> list[CardFolder]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {str(path.relative_to(folder.parent)): path.stat().st_size for path in files}
    listing = [SeenFile(name.encode(), Stamp(1, 1, size, 1)) for name, size in names.items() if name != without]
    templates = read_settings(SAMPLES / "rushes.toml").names.templates

    def read(path: bytes) -> bytes:
        return (SAMPLES / path.decode()).read_bytes()

    return list(recognise(listing, read, lambda path: fits_template(path, templates)))


def test_there_are_sample_cards():
    assert len(EXPECTED) >= 6


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda path: path.name.removesuffix(".expected.json"))
def test_a_sample_card_is_what_its_expected_json_says(expected):
    told = json.loads(expected.read_text("utf-8"))
    folder = SAMPLES / expected.name.removesuffix(".expected.json")
    (card,) = recognised(folder)

    def below(paths):
        return [path.decode().removeprefix(folder.name + "/") for path in paths]

    assert (card.name, card.structure, card.warnings) == (told["card"]["name"], told["card"]["structure"], ())
    assert {clip.name: (len(clip.parts), below(clip.sidecars)) for clip in card.clips} == {
        name: (clip["parts"], clip["sidecars"]) for name, clip in told["clips"].items()
    }
    assert below(card.reports) == told["reports"]
    assert below(card.others) == told["others"]


def _structured() -> list[str]:
    """The files whose loss a card's own layout gives away: all that a list, a pair or a number names."""
    files = [str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*") if path.is_file()]
    listed = [name for name in files if "/M4ROOT/" in name and not name.endswith((".BIN", "MEDIAPRO.XML"))]
    return sorted(listed + [name for name in files if "/DCIM/" in name and name.endswith(".MP4")])


@pytest.mark.parametrize("name", _structured())
def test_a_file_taken_from_a_sample_card_is_missed_by_name(name):
    (card,) = recognised(SAMPLES / name.partition("/")[0], without=name)
    stem = Path(name).stem[-4:]
    assert any(stem in warning for warning in card.warnings), card.warnings
