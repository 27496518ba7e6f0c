"""Whatever is taken from a sample card or cut in half is named, while the card is still in hand.

The copying station's hash list names all of it. What a card itself tells is asked without that list, too: what
nothing on the card can tell then is written down here, with the reason.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filming import CARDS, SAMPLES, new_film, rushes

from pipeline.catalogue.cards import TakenCard
from pipeline.clip import Root
from pipeline.ingest.look import Ground, look, see
from pipeline.ingest.take import take_card
from pipeline.processes.reader import ReaderProcess
from pipeline.settings import read_settings

SETTINGS = read_settings(SAMPLES / "rushes.toml")
FILES = sorted(str(path.relative_to(SAMPLES)) for card in CARDS for path in card.rglob("*") if path.is_file())
LISTED = [name for name in FILES if "/ascmhl/" not in name]

# Endings of names, and why no other file of the card tells that this one is gone.
_HOUSEKEEPING = "no other file of the camera speaks of it, and no recording needs it"
_ONLY = "it is the only one of its kind, and the camera writes it or not as it is set"
_LAST = "clips are numbered, and numbers end anywhere: nothing speaks of the first and the last"
_PHOTO = "a photograph at an end of the numbers; the film beside it is there"
_PAPER = "people write it or not"
UNTOLD_LOSSES = {
    "AVF_INFO/AVIN0001.INP": _HOUSEKEEPING,
    "M4ROOT/STATUS.BIN": _HOUSEKEEPING,
    "MISC/version.txt": _HOUSEKEEPING,
    "DCIM/100MEDIA/DJI_0004.SRT": _ONLY,
    "THM/100/DJI_0004.THM": _ONLY,
    "B001C001_190814_R2KE.mov": _LAST,
    "B001C002_190814_R2KE.mov": _LAST,
    "12-T001.WAV": _LAST,
    "12-T002.WAV": _LAST,
    "IMG_0006.JPG": _PHOTO,
    "IMG_0007.MOV": "without its only film the folder holds photographs: no card",
    "A001R1AB_camera report.csv": _PAPER,
}
_SHAPELESS = "its format is the maker's own and shows no end"
UNTOLD_CUTS = {
    "AVF_INFO/AVIN0001.INP": _SHAPELESS,
    "M4ROOT/STATUS.BIN": _SHAPELESS,
    "A001R1AB_camera report.csv": "a table may end after any row, and programs leave out the last line end",
}


@pytest.fixture(scope="module")
def mediainfo():
    reader = ReaderProcess("pipeline.metadata.mediainfo_child")
    yield reader
    reader.close()


@pytest.fixture
def card_without(tmp_path: Path) -> Callable[..., Path]:
    """A sample card as links in a folder of its own, where one file is gone or half is left of it."""

    def made(name: str, *, half: bool, listed: bool) -> Path:
        card = name.partition("/")[0]
        for source in (SAMPLES / card).rglob("*"):
            target = tmp_path / source.relative_to(SAMPLES)
            if source.is_dir() or (source.parent.name == "ascmhl" and not listed):
                continue
            if str(target.relative_to(tmp_path)) != name:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            elif half:
                target.parent.mkdir(parents=True, exist_ok=True)
                data = source.read_bytes()
                target.write_bytes(data[: len(data) // 2])
        return tmp_path

    return made


def taken(folder: Path, mediainfo: ReaderProcess) -> list[TakenCard]:
    ground = Ground(Root(1, "volume", "here", str(folder)), b"")
    cards = look(ground, see(ground, SETTINGS), SETTINGS)
    return [take_card(ground, card, SETTINGS, mediainfo, moment="2019-10-12T20:00:00Z") for card in cards]


def sentences(cards: list[TakenCard]) -> list[str]:
    return [each for card in cards for each in (*card.folder.warnings, *(file.sentence for file in card.failed))]


def told_of(name: str, told: list[str]) -> bool:
    """Whether a sentence names the file, or its clip (C0001 of C0001M01.XML, A001C002 of A001C002_..., 0123)."""
    file = name.rpartition("/")[2]
    return any(file in sentence for sentence in told)


def untold(name: str, reasons: dict[str, str]) -> str | None:
    return next((why for ending, why in reasons.items() if name.endswith(ending)), None)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
@pytest.mark.parametrize("listed", [True, False], ids=["with its hash list", "without"])
def test_an_untouched_card_gives_no_warning(card, listed, card_without, mediainfo):
    cards = taken(card_without(f"{card.name}/none", half=False, listed=listed), mediainfo)
    assert len(cards) == 1
    assert sentences(cards) == []
    assert all(clip.clip.facts.warnings == () for clip in cards[0].clips)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("half", [False, True], ids=["taken away", "cut in half"])
def test_a_file_taken_from_a_card_or_cut_in_half_is_named(name, half, card_without, mediainfo):
    told = sentences(taken(card_without(name, half=half, listed=True), mediainfo))
    assert told_of(name, told), told
    assert len(told) == len(set(told))


@pytest.mark.parametrize("name", LISTED)
def test_a_card_without_hash_list_tells_of_a_file_taken_away(name, card_without, mediainfo):
    told = sentences(taken(card_without(name, half=False, listed=False), mediainfo))
    stem = name.rpartition("/")[2].rpartition(".")[0]
    named = told_of(name, told) or any(stem[-4:] in sentence or stem in sentence for sentence in told)
    assert named != bool(untold(name, UNTOLD_LOSSES)), told


@pytest.mark.parametrize("name", LISTED)
def test_a_card_without_hash_list_tells_of_a_file_cut_in_half(name, card_without, mediainfo):
    told = sentences(taken(card_without(name, half=True, listed=False), mediainfo))
    assert told_of(name, told) != bool(untold(name, UNTOLD_CUTS)), told


@pytest.mark.parametrize(
    ("name", "half", "clip", "word"),
    [
        ("2019-08-14_Kaptagat_Morning run_A001/PRIVATE/M4ROOT/CLIP/C0001M01.XML", False, "C0001.MP4", "M01.XML"),
        ("2019-08-14_Kaptagat_Morning run_A001/PRIVATE/M4ROOT/CLIP/C0002M01.XML", True, "C0002.MP4", "C0002M01.XML"),
        ("2019-08-14_Kaptagat_Morning run_A001/PRIVATE/M4ROOT/CLIP/C0002.MP4", False, None, "C0002.MP4"),
        ("2019-08-15_Kaptagat_Pacemakers_G001/DCIM/100GOPRO/GX020123.THM", True, None, "GX020123.THM"),
        ("2019-08-15_Kaptagat_Pacemakers_G001/DCIM/100GOPRO/GX020123.MP4", False, "GX010123.MP4", "GL020123.LRV"),
        ("2019-08-15_Kaptagat_Morning run_D001/DCIM/100MEDIA/DJI_0004.SRT", True, "DJI_0004.MP4", "DJI_0004.SRT"),
        ("2019-10-12_Vienna_Pacemakers_S001/19Y10M12/12-T001.WAV", True, "12-T001.WAV", "12-T001.WAV"),
        ("2019-10-12_Vienna_Pacemakers_A001/A001C002_191012_R1AB.mov", False, None, "A001C002_191012_R1AB.mov"),
    ],
)
def test_ingest_the_log_and_the_list_of_cards_carry_the_warning(name, half, clip, word, card_without, tmp_path_factory):
    folder = card_without(name, half=half, listed=True) / name.partition("/")[0]
    film = new_film(tmp_path_factory.mktemp("film") / "film")
    shutil.copytree(folder, film / "ingest" / folder.name)
    run = rushes("ingest", cwd=film)
    assert word in run.err
    (card,) = rushes("cards", "--json", cwd=film).json
    assert any(word in warning for warning in card["warnings"])
    for row in rushes("log", "--json", cwd=film).json:
        assert any(word in warning for warning in row["warnings"]), row
        assert len(row["warnings"]) == len(set(row["warnings"]))
