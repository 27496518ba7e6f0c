"""What names, numbers and lists on a card tell of files that are not there; and what is no loss."""

from pathlib import Path

import pytest
from card_listings import MEDIAPRO, SONY, SONY_TEXTS, cards_of, one_card
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cards.recognise import recognise
from pipeline.clip import SeenFile, Stamp

SHARED = Path(__file__).parents[3] / "shared" / "samples"


def first_words(card) -> list[str]:
    return [warning.split()[0] for warning in card.warnings]


@pytest.mark.parametrize(
    ("names", "warned"),
    [
        # Numbers between neighbours are missed; a card begins and ends with any.
        (("A/A001C002_1.mov", "A/A001C003_1.mov"), []),
        (("A/A001C002_1.mov", "A/A001C004_1.mov"), ["A001C003"]),
        (("A/A001C002_1.mov", "A/A001C007_1.mov"), ["A001C003"]),
        (("B/A001_10121200_C001.braw", "B/A001_10121210_C003.braw"), ["A001C002"]),
        (("R/A001_C001_1012AB_001.R3D", "R/A001_C003_1012AB_001.R3D"), ["A001_C002"]),
        (("M/M4ROOT/CLIP/C0998.MP4", "M/M4ROOT/CLIP/C1000.MP4"), ["C0999"]),
        (("X/XDROOT/Clip/C0001.MXF", "X/XDROOT/Clip/C0003.MXF"), ["C0002"]),
        (("C/CONTENTS/CLIPS001/AA0001/AA000101.MXF", "C/CONTENTS/CLIPS001/AA0003/AA000301.MXF"), ["AA0002"]),
        (
            ("C/CONTENTS/CLIPS001/A001C001_191012AB_CANON.MXF", "C/CONTENTS/CLIPS001/A001C003_191012CD_CANON.MXF"),
            ["A001C002"],
        ),
        (("E/DCIM/100MEDIA/DJI_0004.MP4", "E/DCIM/100MEDIA/DJI_0006.MP4"), ["DJI_0005"]),
        (("E/DCIM/100MEDIA/DJI_0004.MP4", "E/DCIM/100MEDIA/DJI_0005.JPG", "E/DCIM/100MEDIA/DJI_0006.MP4"), []),
        (("D/DCIM/100GOPRO/GX010034.MP4", "D/DCIM/100GOPRO/GX010036.MP4"), ["G0035"]),
        (("D/DCIM/100GOPRO/GX010034.MP4", "D/DCIM/101GOPRO/GOPR0035.JPG", "D/DCIM/101GOPRO/GX010036.MP4"), []),
        (("F/DCIM/100APPLE/IMG_0007.MOV", "F/DCIM/100APPLE/IMG_0009.JPG"), ["IMG_0008"]),
        (("S/19Y10M12/12-T001.WAV", "S/19Y10M12/12-T003.WAV"), ["12-T002"]),
        (("S/FOLDER01/190814_001.WAV", "S/FOLDER01/190814_003.WAV"), ["190814_002"]),
        # A counter that was set anew, other cameras' names, and what people copied out by hand.
        (("M/M4ROOT/CLIP/C0001.MP4", "M/M4ROOT/CLIP/C0900.MP4"), []),
        (("F/DCIM/100APPLE/IMG_9999.MOV", "F/DCIM/100APPLE/IMG_0001.MOV"), []),
        (("F/DCIM/Camera/VID_20191012_063000.mp4", "F/DCIM/Camera/VID_20191012_063200.mp4"), []),
        (("mine/GX010034.MP4", "mine/GX010036.MP4"), []),
        (("mine/film 1967.avi", "mine/film 1969.avi"), []),
        (("mine/boom-1.wav", "mine/boom-3.wav"), []),
    ],
)  # fmt: skip
def test_a_gap_in_the_numbers_is_named(names, warned):
    assert first_words(one_card(*names)) == warned


def test_many_gaps_are_one_sentence():
    names = [f"F/DCIM/100APPLE/IMG_{number:04}.MOV" for number in (1, 2, 4, 8, 10, 12, 14)]
    assert one_card(*names).warnings == (
        (
            "IMG_0003, IMG_0005 to IMG_0007, IMG_0009 and 2 more such gaps are missing among the numbers: "
            "deleted in the camera, or not copied; look at the card."
        ),
    )


def test_a_list_of_the_card_stands_above_numbers():
    gap = MEDIAPRO.replace(b"C0002", b"C0003")
    names = [name.replace("C0002", "C0003") for name in SONY]
    assert one_card(*names, texts={"MEDIAPRO.XML": gap}).warnings == ()


def test_a_recording_that_the_list_does_not_know_is_named():
    card = one_card(*SONY, "A001/PRIVATE/M4ROOT/CLIP/C0003.MP4", texts=SONY_TEXTS)
    assert "C0003.MP4 is on the card, but MEDIAPRO.XML does not list it; copy the card again." in card.warnings


def test_a_card_copied_without_its_list_says_so():
    names = [name for name in SONY if not name.endswith("MEDIAPRO.XML")]
    assert first_words(one_card(*names)) == ["MEDIAPRO.XML"]
    assert one_card(*(name for name in names if "/CLIP/" in name)).warnings == ()


@pytest.mark.parametrize(
    ("names", "warned"),
    [
        (("DCIM/100MEDIA/DJI_0004.MP4", "MISC/THM/100/DJI_0004.THM", "DCIM/100MEDIA/DJI_0005.MP4"), ["DJI_0005.THM"]),
        (("DCIM/100MEDIA/DJI_0004.MP4", "MISC/THM/100/DJI_0004.THM", "MISC/THM/100/DJI_0005.THM"), ["DJI_0005.THM"]),
        (("DCIM/DJI_001/DJI_20240101_0001_D.MP4", "MISC/THM/DJI_001/DJI_20240101_0001_D.THM"), []),
        (("DCIM/100MEDIA/DJI_0004.MP4", "MISC/LOG/x.THM"), []),
    ],
)
def test_the_thumbnails_of_a_drone_and_its_recordings_belong_together(names, warned):
    assert first_words(one_card(*(f"E/{name}" for name in names))) == warned


@pytest.mark.parametrize(
    ("names", "texts", "reel"),
    [
        (("B/A001C001_191012_R1AB.mov",), {}, "A001R1AB"),
        (("B/A001_10121200_C001.braw",), {}, "A001"),
        (("day/A001_1012AB.RDM/A001_C001_1012AB.RDC/A001_C001_1012AB_001.R3D",), {}, "A001"),
        (("C/CONTENTS/CLIPS001/A003C001_191012AB_CANON.MXF",), {}, "A003"),
        (
            ("M/M4ROOT/CLIP/C0001.MP4", "M/M4ROOT/MEDIAPRO.XML"),
            {"MEDIAPRO.XML": b'<MediaProfile><Attached mediaName="A017"/></MediaProfile>'},
            "A017",
        ),
        (SONY, SONY_TEXTS, None),
        (("F/DCIM/100APPLE/IMG_0001.MOV",), {}, None),
    ],
)
def test_the_reel_comes_from_where_each_system_keeps_it(names, texts, reel):
    assert one_card(*names, texts=texts).reel == reel


# --- hash lists ------------------------------------------------------------------------------------

LIST = """<?xml version="1.0"?><hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0"><hashes>{}</hashes></hashlist>"""
CHAIN = b"<ascmhldirectory><hashlist><path>0001_A.mhl</path></hashlist></ascmhldirectory>"


def asc_mhl(*files: tuple[str, int], before: str = "") -> bytes:
    rest = f"<previousPath>{before}</previousPath>" if before else ""
    return LIST.format(
        "".join(f'<hash><path size="{size}">{name}</path>{rest}</hash>' for name, size in files)
    ).encode()


def listed(*names: str, text: bytes, chain: bytes = CHAIN):
    """A card A of these files (9 bytes each), with one generation of hashes."""
    texts = {"0001_A.mhl": text, "ascmhl_chain.xml": chain}
    return cards_of(*(f"day/{name}" for name in (*names, *(f"A/ascmhl/{each}" for each in texts))), texts=texts)


@pytest.mark.parametrize(
    ("entries", "warned"),
    [
        ((("a.mov", 9), ("notes/b.txt", 9)), []),
        ((("a.mov", 9), ("b.mov", 9)), ["b.mov"]),
        ((("a.mov", 8),), ["a.mov"]),
        ((("A.MOV", 9), ("NOTES/B.txt", 9)), []),
        ((("a.mov", 9), (".DS_Store", 9), ("x/~lock", 9)), []),
        ((("a.mov", 9), ("/etc/passwd", 9), ("../b.mov", 9)), ["0001_A.mhl"]),
    ],
)
def test_a_hash_list_names_what_is_missing_or_has_another_size(entries, warned):
    (card,) = listed("A/a.mov", "A/notes/b.txt", text=asc_mhl(*entries))
    assert first_words(card) == warned


def test_a_path_that_leads_off_the_card_is_named_and_the_rest_of_its_kind_counted():
    (card,) = listed("A/a.mov", text=asc_mhl(("a.mov", 9), ("/etc/passwd", 9), ("../b.mov", 9)))
    assert card.warnings == ("0001_A.mhl lists /etc/passwd and 1 more: that leads off the card and is not read.",)


def test_a_clip_shows_what_a_hash_list_says_of_it():
    (card,) = listed("A/a.mov", "A/b.mov", text=asc_mhl(("a.mov", 10)))
    assert [clip.warnings for clip in card.clips] == [card.warnings, ()]


def test_a_card_without_any_of_its_recordings_is_still_a_card():
    (card,) = listed("A/DCIM/100APPLE/IMG_0006.JPG", text=asc_mhl(("DCIM/100APPLE/IMG_0007.MOV", 9)))
    assert (card.path, card.clips, first_words(card)) == (b"day/A", (), ["IMG_0007.MOV"])


@pytest.mark.parametrize(
    ("text", "chain", "warned"),
    [
        (b"<hashlist>", CHAIN, ["0001_A.mhl"]),
        (asc_mhl(("a.mov", 9)), CHAIN[:40], ["ascmhl_chain.xml"]),
        (asc_mhl(("a.mov", 9)), CHAIN.replace(b"0001_", b"0002_"), ["0002_A.mhl"]),
    ],
)
def test_a_damaged_history_is_named(text, chain, warned):
    (card,) = listed("A/a.mov", text=text, chain=chain)
    assert first_words(card) == warned


def test_of_many_missing_files_the_first_are_named_and_the_rest_counted():
    (card,) = listed("A/a.mov", text=asc_mhl(("a.mov", 9), *((f"{number}.txt", 1) for number in range(100))))
    assert len(card.warnings) == 11
    assert card.warnings[-1].startswith("90 more files")


def test_a_renamed_file_is_looked_for_under_its_new_name():
    texts = {"0001_A.mhl": asc_mhl(("a.mov", 9)), "0002_A.mhl": asc_mhl(("b.mov", 9), before="a.mov")}
    (card,) = cards_of("A/b.mov", "A/ascmhl/0001_A.mhl", "A/ascmhl/0002_A.mhl", "A/ascmhl/ascmhl_chain.xml",
                       texts=texts | {"ascmhl_chain.xml": CHAIN})  # fmt: skip
    assert card.warnings == ()


def test_an_older_list_beside_the_files_counts_too():
    first, second = b"<hash><file>a.mov</file><size>9</size></hash>", b"<hash><file>c/d.wav</file></hash>"
    text = b"<hashlist version='1.0'>" + first + second + b"</hashlist>"
    (card,) = cards_of("A/a.mov", "A/A.mhl", texts={"A.mhl": text})
    assert card.warnings == ("d.wav is missing although A.mhl lists it; copy the card again.",)


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_no_bytes_in_a_list_upset_a_card(text, chain):
    (card,) = listed("A/a.mov", text=text, chain=chain)
    assert len(card.clips) == 1


def test_folders_of_real_cameras_and_lists_give_no_false_alarm():
    if not SHARED.is_dir():
        pytest.skip("the shared samples are not here")
    files = [path for path in sorted(SHARED.rglob("*")) if path.is_file()]
    listing = [SeenFile(bytes(path.relative_to(SHARED)), Stamp(1, 1, path.stat().st_size, 1)) for path in files]
    cards = recognise(listing, lambda path: (SHARED / path.decode()).read_bytes(), lambda _path: False)
    assert len(cards) > 20
    assert [(card.path, card.warnings) for card in cards if card.warnings] == []
