"""What each card structure makes of a listing: tables of names in, clips and warnings out."""

import pytest
from card_listings import GOPRO, GOPRO_SMALL, SONY, SONY_TEXTS, TEXTS, cards_of, clips, one_card

from pipeline.cards.recognise import recognise
from pipeline.clip import SeenFile, Stamp

# structure, card path, listing, the clips as their parts
STRUCTURE_TABLE = [
    ("sony-xavc", "A001", SONY, [("C0001.MP4",), ("C0002.MP4",)]),
    (
        "xdcam",
        "B",
        ("B/XDROOT/Clip/C0001.MXF", "B/XDROOT/Clip/C0001M01.XML", "B/XDROOT/Sub/C0001S03.MP4"),
        [("C0001.MXF",)],
    ),
    (
        "xdcam",
        "EX",
        (
            "EX/BPAV/CLPR/709_0001_01/709_0001_01.MP4",
            "EX/BPAV/CLPR/709_0001_01/709_0001_01M01.XML",
            "EX/BPAV/MEDIAPRO.XML",
        ),
        [("709_0001_01.MP4",)],
    ),
    ("canon", "C", ("C/CONTENTS/CLIPS001/A001C001_191012AB_CANON.MXF",), [("A001C001_191012AB_CANON.MXF",)]),
    (
        "canon",
        "C",
        (
            "C/CONTENTS/CLIPS001/AA0001/AA000101.MXF",
            "C/CONTENTS/CLIPS001/AA0001/AA000102.MXF",
            "C/CONTENTS/CLIPS001/AA0001/AA0001.XML",
        ),
        [("AA000101.MXF", "AA000102.MXF")],
    ),
    (
        "p2",
        "P",
        (
            "P/CONTENTS/VIDEO/0001AB.MXF",
            "P/CONTENTS/AUDIO/0001AB00.MXF",
            "P/CONTENTS/AUDIO/0001AB01.MXF",
            "P/CONTENTS/CLIP/0001AB.XML",
            "P/CONTENTS/PROXY/0001AB.MP4",
            "P/LASTCLIP.TXT",
        ),
        [("0001AB.MXF",)],
    ),
    (
        "avchd",
        "V",
        ("V/PRIVATE/AVCHD/BDMV/STREAM/00000.MTS", "V/PRIVATE/AVCHD/BDMV/CLIPINF/00000.CPI"),
        [("00000.MTS",)],
    ),
    (
        "red",
        "day/A001_1012AB.RDM",
        (
            "day/A001_1012AB.RDM/A001_C001_1012AB.RDC/A001_C001_1012AB_001.R3D",
            "day/A001_1012AB.RDM/A001_C001_1012AB.RDC/A001_C001_1012AB_002.R3D",
            "day/A001_1012AB.RDM/A001_C001_1012AB.RDC/A001_C001_1012AB.RMD",
            "day/A001_1012AB.RDM/digital_magazine.bin",
        ),
        [("A001_C001_1012AB_001.R3D", "A001_C001_1012AB_002.R3D")],
    ),
    (
        "gopro",
        "D",
        (*GOPRO, *GOPRO_SMALL),
        [tuple(name[-12:] for name in GOPRO)],
    ),
    (
        "gopro",
        "D",
        ("D/DCIM/100GOPRO/GOPR0034.MP4", "D/DCIM/100GOPRO/GP010034.MP4", "D/DCIM/100GOPRO/GP020034.MP4"),
        [("GOPR0034.MP4", "GP010034.MP4", "GP020034.MP4")],
    ),
    (
        "gopro",
        "copied out",
        ("copied out/GH010001.MP4", "copied out/GX010001.MP4"),
        [("GH010001.MP4",), ("GX010001.MP4",)],
    ),
    (
        "dji",
        "E",
        ("E/DCIM/100MEDIA/DJI_0004.MP4", "E/DCIM/100MEDIA/DJI_0004.SRT", "E/DCIM/100MEDIA/DJI_0004.LRF"),
        [("DJI_0004.MP4",)],
    ),
    (
        "dcim",
        "F",
        ("F/DCIM/100APPLE/IMG_0001.MOV", "F/DCIM/100APPLE/IMG_0001.AAE", "F/DCIM/100APPLE/IMG_0002.HEIC"),
        [("IMG_0001.MOV",)],
    ),
    ("dcim", "F", ("F/DCIM/Camera/VID_20191012_063000.mp4",), [("VID_20191012_063000.mp4",)]),
    (
        "mag",
        "A001R1AB",
        ("A001R1AB/A001C001_191012_R1AB.mov", "A001R1AB/A001C002_191012_R1AB.mov"),
        [("A001C001_191012_R1AB.mov",), ("A001C002_191012_R1AB.mov",)],
    ),
    (
        "mag",
        "A002R2EC",
        ("A002R2EC/Clips/A002C006_141024_R2EC.mov", "A002R2EC/Sidecar.txt"),
        [("A002C006_141024_R2EC.mov",)],
    ),
    ("mag", "B", ("B/A001_10121200_C001.braw",), [("A001_10121200_C001.braw",)]),
    ("mag", "G", ("G/A_0001C001_220714_120000_a1AB2.mxf",), [("A_0001C001_220714_120000_a1AB2.mxf",)]),
    (
        "mag",
        "A001C001_180327_R1ZA",
        (
            "A001C001_180327_R1ZA/A001C001_180327_R1ZA.0000000.ari",
            "A001C001_180327_R1ZA/A001C001_180327_R1ZA.0000001.ari",
        ),
        [("A001C001_180327_R1ZA.0000000.ari", "A001C001_180327_R1ZA.0000001.ari")],
    ),
    (
        "sound",
        "S01",
        ("S01/T001.WAV", "S01/T002_1.WAV", "S01/T002_2.WAV"),
        [("T001.WAV",), ("T002_1.WAV",), ("T002_2.WAV",)],
    ),
    (
        "sound",
        "H4",
        ("H4/STEREO/FOLDER01/STE-000.WAV", "H4/4CH/FOLDER01/4CH000I.WAV"),
        [("4CH000I.WAV",), ("STE-000.WAV",)],
    ),
    ("sound", "19Y10M12", ("19Y10M12/12-T001.WAV",), [("12-T001.WAV",)]),
    ("sound", "H6", ("H6/FOLDER01/ZOOM0001/ZOOM0001_Tr1.WAV",), [("ZOOM0001_Tr1.WAV",)]),
    ("plain", "archive", ("archive/marathon 1967.avi", "archive/notes.txt"), [("marathon 1967.avi",)]),
    ("plain", "", ("loose.mov",), [("loose.mov",)]),
    (
        "plain",
        "two reels",
        ("two reels/A001C001_191012_R1AB.mov", "two reels/B001C001_191012_R1AB.mov"),
        [("A001C001_191012_R1AB.mov",), ("B001C001_191012_R1AB.mov",)],
    ),
]


@pytest.mark.parametrize(("structure", "path", "names", "expected"), STRUCTURE_TABLE)
def test_each_structure_gives_its_card_and_clips(structure, path, names, expected):
    card = one_card(*names, texts=TEXTS)
    assert (card.structure, card.path.decode(), clips(card)) == (structure, path, expected)
    assert card.warnings == ()


@pytest.mark.parametrize(("structure", "path", "names", "expected"), STRUCTURE_TABLE)
def test_a_card_is_the_same_whatever_shoot_folder_it_lies_in(structure, path, names, expected):
    if not path:
        pytest.skip("what lies loose in a folder is another card there")
    deep = "2019-10-12_Vienna/Coach"
    card = one_card(*(f"{deep}/{name}" for name in names), texts=TEXTS)
    assert (card.structure, card.path.decode(), clips(card)) == (structure, f"{deep}/{path}", expected)
    assert card.warnings == ()


@pytest.mark.parametrize(
    ("names", "media", "sidecars"),
    [
        (SONY, "C0001.MP4", ["C0001M01.XML"]),
        (
            ("X/XDROOT/Clip/C0001.MXF", "X/XDROOT/Clip/C0001M01.XML", "X/XDROOT/Clip/C0001R01.BIM"),
            "C0001.MXF",
            ["C0001M01.XML", "C0001R01.BIM"],
        ),
        (("E/DCIM/100MEDIA/DJI_0004.MP4", "E/DCIM/100MEDIA/DJI_0004.SRT"), "DJI_0004.MP4", ["DJI_0004.SRT"]),
        (("F/DCIM/100APPLE/IMG_0001.MOV", "F/DCIM/100APPLE/IMG_0001.AAE"), "IMG_0001.MOV", ["IMG_0001.AAE"]),
        (
            ("a/film.mov", "a/film.mov.xmp", "a/film.XML", "a/film.csv"),
            "film.mov",
            ["film.XML", "film.csv", "film.mov.xmp"],
        ),
        (("a/film.mov", "a/film.ale", "a/day.ale"), "film.mov", ["film.ale"]),
        (("a/t.mov", "a/t.wav", "a/t.xml"), "t.mov", ["t.xml"]),
        (("a/t.mov", "a/t.wav", "a/t.xml"), "t.wav", []),
        (
            ("C/CONTENTS/CLIPS001/AA0001/AA000101.MXF", "C/CONTENTS/CLIPS001/AA0001/AA0001.XML"),
            "AA000101.MXF",
            ["AA0001.XML"],
        ),
        (
            ("P/CONTENTS/VIDEO/01.MXF", "P/CONTENTS/AUDIO/0100.MXF", "P/CONTENTS/CLIP/01.XML"),
            "01.MXF",
            ["01.XML", "0100.MXF"],
        ),
    ],
)
def test_sidecars_go_with_their_clip(names, media, sidecars):
    card = one_card(*names, texts=SONY_TEXTS)
    clip = next(clip for clip in card.clips if clip.name == media)
    assert [path.decode().rpartition("/")[2] for path in clip.sidecars] == sidecars


def test_case_of_names_does_not_matter():
    card = one_card("x/private/m4root/clip/c0001.mp4", "x/private/m4root/clip/c0001m01.xml")
    assert (card.path, card.structure, len(card.clips[0].sidecars)) == (b"x", "sony-xavc", 1)


def test_two_structures_in_one_folder_are_one_card():
    card = one_card(*SONY, "A001/DCIM/100MSDCF/DSC0001.JPG", "A001/DCIM/100MSDCF/MOV0001.MP4", texts=SONY_TEXTS)
    assert card.structure == "sony-xavc"
    assert clips(card) == [("C0001.MP4",), ("C0002.MP4",), ("MOV0001.MP4",)]


@pytest.mark.parametrize(
    "gone", [name for name in SONY if not name.endswith((".BIN", ".INP", "S03.MP4", "MEDIAPRO.XML"))]
)
def test_a_file_missing_from_a_sony_card_is_named(gone):
    card = one_card(*(name for name in SONY if name != gone), texts=SONY_TEXTS)
    assert any(gone.rpartition("/")[2] in warning for warning in card.warnings)
    assert len(card.warnings) == 1 or gone.endswith("M01.XML")


def test_a_folder_missing_from_a_sony_card_is_one_warning():
    card = one_card(*(name for name in SONY if "THMBNL" not in name), texts=SONY_TEXTS)
    assert card.warnings == ("The folder THMBNL with 2 files that MEDIAPRO.XML lists is missing.",)


def test_what_mediapro_names_by_number_is_no_file():
    listed = b"""<MediaProfile><Material uri="./CLIP/C0001.MP4"/><Material uri="./CLIP/C%30002.MP4">
        <Component uri="urn:smpte:umid:060A2B34"/><RelevantInfo/></Material></MediaProfile>"""
    assert one_card(*SONY, texts={"A001/PRIVATE/M4ROOT/MEDIAPRO.XML": listed}).warnings == ()


def test_a_sony_card_whose_clips_are_all_missing_is_still_a_card():
    card = one_card(*(name for name in SONY if not name.endswith(".MP4")), texts=SONY_TEXTS)
    assert card.clips == ()
    assert [warning.split()[0] for warning in card.warnings] == ["CLIP/C0001.MP4", "CLIP/C0002.MP4"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe\x00",
        b"<MediaProfile>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"<?xml version='1.0' encoding='nonsense'?><a/>",
    ],
)
def test_a_damaged_mediapro_is_one_warning_and_costs_no_clip(text):
    card = one_card(*SONY, texts={"A001/PRIVATE/M4ROOT/MEDIAPRO.XML": text})
    assert len(card.clips) == 2
    assert [warning.split()[0] for warning in card.warnings] == ["MEDIAPRO.XML"]


@pytest.mark.parametrize(
    ("names", "warned"),
    [
        ((GOPRO[0], GOPRO[2]), ["GX020034.MP4"]),
        ((GOPRO[1], GOPRO[2]), ["GX010034.MP4"]),
        ((*GOPRO, "D/DCIM/100GOPRO/GL040034.LRV"), ["GL040034.LRV"]),
        ((GOPRO[0], GOPRO[2], "D/DCIM/100GOPRO/GX020034.THM"), ["GX020034.MP4"]),
        (("D/GOPR0034.MP4", "D/GP020034.MP4"), ["GP010034.MP4"]),
        (("D/GP010034.MP4",), ["GOPR0034.MP4"]),
        (("E/DCIM/100MEDIA/DJI_1.MP4", "E/DCIM/100MEDIA/DJI_2.SRT"), ["DJI_2.SRT"]),
        (("R/A001_C001_1012AB_001.R3D", "R/A001_C001_1012AB_003.R3D"), ["A001_C001_1012AB_002.R3D"]),
        (("C/CONTENTS/CLIPS001/AA0001/AA000102.MXF",), ["AA000101.MXF"]),
        (
            ("P/CONTENTS/VIDEO/0001AB.MXF", "P/CONTENTS/CLIP/0001AB.XML", "P/CONTENTS/CLIP/0002CD.XML"),
            ["0001AB00.MXF,", "0001AB01.MXF,", "0002CD.XML"],
        ),
        (("V/BDMV/STREAM/00000.MTS", "V/BDMV/CLIPINF/00001.CPI"), ["00001.CPI"]),
        (("X/XDROOT/Clip/C0001.MXF", "X/XDROOT/Clip/C0002M01.XML"), ["C0002M01.XML"]),
    ],
)
def test_what_is_missing_is_named(names, warned):
    assert [warning.split()[0] for warning in one_card(*names, texts=TEXTS).warnings] == warned


def test_an_empty_recording_is_named_and_stays_a_clip():
    card = one_card("a/x.mov", "a/y.mov", "a/empty.txt", empty=("a/x.mov", "a/empty.txt"))
    assert card.warnings == ("x.mov is empty (0 bytes); copy it again.",)
    assert clips(card) == [("x.mov",), ("y.mov",)]


def test_an_empty_chapter_fails_alone():
    card = one_card(*GOPRO, empty=(GOPRO[2],))
    assert clips(card) == [("GX010034.MP4", "GX020034.MP4"), ("GX030034.MP4",)]
    assert [warning.split()[0] for warning in card.warnings] == ["GX030034.MP4"]


def test_chapters_that_differ_in_case_alone_are_no_one_recording():
    assert clips(one_card("a/GX010001.MP4", "a/gx010001.mp4")) == [("GX010001.MP4",), ("gx010001.mp4",)]


def test_sound_is_a_clip_of_kind_sound():
    card = one_card("mixed/a.mov", "mixed/b.wav")
    assert [(clip.name, clip.kind) for clip in card.clips] == [("a.mov", "picture"), ("b.wav", "sound")]
    assert card.structure == "plain"


def test_proxies_made_beside_the_originals_are_no_clips():
    card = one_card("a/x.mp4", "a/Proxy/x.mov", "a/Proxy/.keep")
    assert clips(card) == [("x.mp4",)]
    assert b"a/Proxy/x.mov" in card.others


@pytest.mark.parametrize(
    "place",
    [
        "a/Proxy/x.mov", "a/PROXY/X.MOV", "a/Proxy/x_Proxy.mov", "a/Proxy/h264/x.mov", "a/Proxy/avid/x-small.mxf",
        "a/Proxy/0123abcd/x.mov", "a/Proxy/h264/0123abcd/x.mov", "a/Proxy/h264/Proxy/h264/x.mov",
    ],
)  # fmt: skip
def test_a_proxy_below_its_original_is_no_clip_however_deep_it_lies(place):
    card = one_card("a/x.mp4", place)
    assert (clips(card), card.others) == ([("x.mp4",)], (place.encode(),))


@pytest.mark.parametrize("place", ["a/Proxy/h264/y.mov", "a/Proxy/h264/x1.mov", "a/Proxies/x.mov", "Proxy/h264/x.mov"])
def test_what_only_looks_like_a_proxy_is_footage(place):
    assert {clip.name for card in cards_of("a/x.mp4", place) for clip in card.clips} == {"x.mp4", place.split("/")[-1]}


def test_a_proxy_on_a_hash_list_is_not_missed():
    sums = b"d41d8cd98f00b204e9800998ecf8427e  Proxy/h264/x.mov\n"
    listing = [SeenFile(name, Stamp(1, 1, 9, 0)) for name in (b"a/x.mp4", b"a/Proxy/h264/x.mov", b"a/card.md5")]
    (card,) = recognise(listing, lambda _path: sums, lambda _path: False)
    assert card.warnings == ()


ORPHAN = "In a folder Proxy with no recording of the name beside it, so taken as footage: "


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (("ingest/a/x.braw", "ingest/a/Proxy/x.mp4", "ingest/a/Proxy/y.mp4"), "y.mp4;"),
        (("ingest/a/Proxy/h264/y_Proxy.mov",), "y_Proxy.mov;"),
        (tuple(f"ingest/a/Proxy/{name}.mov" for name in "abcde"), "a.mov, b.mov, c.mov and 2 more;"),
        (("ingest/A/CONTENTS/PROXY/0001AB.MP4",), "0001AB.MP4;"),  # of a P2 card nothing else is left
        (("ingest/a/Proxy/x.mov", "ingest/a/Proxy/Proxy/x.mov"), "x.mov;"),  # the second is a proxy of the first
    ],
)
def test_what_lies_in_a_folder_proxy_without_its_original_is_footage_and_says_so(names, named):
    cards = cards_of(*names, top=b"ingest")
    assert [each for card in cards for each in card.warnings if each.startswith(ORPHAN + named)]
    assert named.split(", ")[0].strip(";") in {clip.name for card in cards for clip in card.clips}


@pytest.mark.parametrize(
    "names",
    [
        ("ingest/a/x.braw", "ingest/a/Proxy/x.mp4"),
        ("ingest/Proxy/PRIVATE/M4ROOT/CLIP/C0001.MP4",),  # a camera's card, whatever its folder is called
        ("ingest/Proxy/DCIM/100APPLE/IMG_0001.MOV",),
        ("ingest/A/CONTENTS/VIDEO/0001AB.MXF", "ingest/A/CONTENTS/PROXY/0001AB.MP4"),
    ],
)
def test_a_camera_s_card_in_a_folder_proxy_is_a_card_like_any_other(names):
    (card,) = cards_of(*names, top=b"ingest")
    assert not [each for each in card.warnings if each.startswith(ORPHAN)]


def test_a_folder_proxy_that_was_named_itself_is_no_cause_for_doubt():
    (card,) = cards_of("disk/Proxy/x.mov", top=b"disk/Proxy")
    assert (clips(card), card.warnings) == ([("x.mov",)], ())


def test_our_own_products_are_no_footage_though_their_originals_are_gone():
    names = ("ingest/a/y.mov", "ingest/a/Proxy/x.mov", "ingest/b/Proxy/z.mov")
    products = {b"ingest/a/Proxy/x.mov", b"ingest/b/Proxy/z.mov"}
    (card,) = cards_of(*names, products=products)
    assert (clips(card), card.warnings) == ([("y.mov",)], ())
    assert card.others == (b"ingest/a/Proxy/x.mov",)


def test_a_folder_named_proxy_with_other_films_is_a_card():
    assert [card.path for card in cards_of("a/x.mp4", "a/Proxy/y.mov")] == [b"a", b"a/Proxy"]


def test_camera_proxies_copied_without_their_originals_are_clips():
    assert clips(one_card("A/PRIVATE/M4ROOT/SUB/C0001S03.MP4")) == [("C0001S03.MP4",)]
