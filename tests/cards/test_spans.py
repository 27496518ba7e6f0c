"""Recordings over several files: which files are one clip, decided by what the camera wrote, and what is missing."""

import struct

import pytest
from card_listings import clip_information, clips, one_card, p2_xml, playlist

from pipeline.cards.p2 import sounds_beside

CLIPS = ("0001AB", "0002CD", "0003EF")


def p2_card(chain: dict[str, tuple[str, str]], *, without: tuple[str, ...] = (), **more):
    """A P2 card of three clips with two sound tracks each; `chain`: (previous, next) by clip."""
    names = [
        f"P/CONTENTS/{name}" for clip in CLIPS
        for name in (
            f"VIDEO/{clip}.MXF", f"AUDIO/{clip}00.MXF", f"AUDIO/{clip}01.MXF", f"CLIP/{clip}.XML", f"ICON/{clip}.BMP",
        )
    ]  # fmt: skip
    texts = {}
    for clip in CLIPS:
        previous, following = chain.get(clip, ("", ""))
        texts[f"CLIP/{clip}.XML"] = p2_xml(clip, previous=previous, following=following)
    return one_card(*(name for name in names if not name.endswith(without or "?")), texts=texts | more.pop("texts", {}))


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ({}, [("0001AB.MXF",), ("0002CD.MXF",), ("0003EF.MXF",)]),
        (
            {"0001AB": ("", "0002CD"), "0002CD": ("0001AB", "0003EF"), "0003EF": ("0002CD", "")},
            [("0001AB.MXF", "0002CD.MXF", "0003EF.MXF")],
        ),
        # In whatever order they were named.
        ({"0003EF": ("", "0001AB"), "0001AB": ("0003EF", "")}, [("0002CD.MXF",), ("0003EF.MXF", "0001AB.MXF")]),
        # One that only one side believes in is none; nor is a ring.
        ({"0001AB": ("", "0002CD")}, [("0001AB.MXF",), ("0002CD.MXF",), ("0003EF.MXF",)]),
        (
            {"0001AB": ("0002CD", "0002CD"), "0002CD": ("0001AB", "0001AB")},
            [("0003EF.MXF",), ("0001AB.MXF",), ("0002CD.MXF",)],
        ),
    ],
)
def test_p2_clips_whose_xml_chains_them_are_one_recording(chain, expected):
    card = p2_card(chain)
    assert clips(card) == expected
    assert card.warnings == ()


def test_two_p2_clips_of_one_identity_lead_nobody_in_circles():
    texts = {
        "CLIP/0001AB.XML": p2_xml("X", following="Y"),
        "CLIP/0002CD.XML": p2_xml("Y", previous="X", following="X"),
        "CLIP/0003EF.XML": p2_xml("X", previous="Y", following="Y"),
    }
    found = clips(p2_card({}, texts=texts))
    assert sorted(name for clip in found for name in clip) == ["0001AB.MXF", "0002CD.MXF", "0003EF.MXF"]


def test_the_sound_and_xml_of_a_p2_recording_go_with_it():
    (first, _) = p2_card({"0001AB": ("", "0002CD"), "0002CD": ("0001AB", "")}).clips
    assert [path.decode().rpartition("/")[2] for path in first.sidecars] == [
        "0001AB.XML", "0002CD.XML", "0001AB00.MXF", "0001AB01.MXF", "0002CD00.MXF", "0002CD01.MXF",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (b"P/CONTENTS/VIDEO/0001AB.MXF", {0: b"P/CONTENTS/AUDIO/0001AB00.MXF", 1: b"P/CONTENTS/AUDIO/0001AB01.MXF"}),
        (b"P/CONTENTS/VIDEO/0002CD.MXF", {3: b"P/CONTENTS/AUDIO/0002CD03.MXF"}),
        (b"copy/CONTENTS/VIDEO/0002CD.MXF", {3: b"copy/CONTENTS/AUDIO/0002CD03.MXF"}),
        (b"0002CD.MXF", {3: b"AUDIO/0002CD03.MXF"}),
        (b"P/CONTENTS/VIDEO/0003EF.MXF", {}),
    ],
)
def test_the_sound_of_a_p2_picture_lies_beside_it_by_number(picture, expected):
    sidecars = (
        b"P/CONTENTS/CLIP/0001AB.XML", b"P/CONTENTS/AUDIO/0001AB01.MXF", b"P/CONTENTS/AUDIO/0001AB00.MXF",
        b"P/CONTENTS/AUDIO/0002CD03.MXF", b"P/CONTENTS/VOICE/0003EF00.WAV",
    )  # fmt: skip
    assert sounds_beside(picture, sidecars) == expected


@pytest.mark.parametrize(
    ("gone", "warned", "clip"),
    [
        ("AUDIO/0002CD01.MXF", "0002CD01.MXF, sound of 0002CD.XML, is missing; copy the card again.", "0002CD.MXF"),
        ("VIDEO/0002CD.MXF", "0002CD.MXF, the picture of 0002CD.XML, is missing; copy the card again.", None),
        ("CLIP/0002CD.XML", "0002CD.MXF has no XML in CLIP; copy the card again.", "0002CD.MXF"),
        (
            "ICON/0002CD.BMP",
            "0002CD.BMP is missing, though other recordings have theirs; copy the card again.",
            "0002CD.MXF",
        ),
    ],
)
def test_a_file_missing_from_a_p2_card_is_named_and_its_clip_says_so(gone, warned, clip):
    card = p2_card({}, without=(gone,))
    assert card.warnings == (warned,)
    assert {each.name: each.warnings for each in card.clips if each.warnings} == ({clip: (warned,)} if clip else {})


def test_a_p2_recording_that_goes_on_on_another_card_says_so():
    card = p2_card({"0003EF": ("", "ELSEWHERE"), "0001AB": ("BEFORE", "")})
    assert [warning.partition(",")[0] for warning in card.warnings] == [
        "0001AB goes on from a clip that is not on this card; copy its card",
        "0003EF goes on in a clip",
    ]


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        (b"0003EF\r\n1.0\r\n3\r\n", []),
        (b"000000\r\n1.0\r\n3\r\n", []),
        (b"0004GH\r\n1.0\r\n3\r\n", ["0004GH,"]),
        (b"0003E", ["LASTCLIP.TXT"]),
    ],
)
def test_the_last_clip_of_a_p2_card_is_looked_for(text, warned):
    names = ("P/CONTENTS/VIDEO/0003EF.MXF", "P/CONTENTS/AVCLIP/0002AA.MXF", "P/LASTCLIP.TXT")
    card = one_card(*names, texts={"P/LASTCLIP.TXT": text})
    assert [warning.split()[0] for warning in card.warnings] == warned


# --- AVCHD -----------------------------------------------------------------------------------------

BDMV = "V/PRIVATE/AVCHD/BDMV"


def avchd_card(*items: tuple[str, int], streams: tuple[str, ...] = ("00000", "00001", "00002"), text: bytes = b""):
    names = [f"{BDMV}/PLAYLIST/00000.MPL", *(f"{BDMV}/STREAM/{stem}.MTS" for stem in streams)]
    return one_card(*names, texts={"00000.MPL": text or playlist(*items)})


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((("00000", 1), ("00001", 6), ("00002", 6)), [("00000.MTS", "00001.MTS", "00002.MTS")]),
        ((("00000", 1), ("00001", 6), ("00002", 5)), [("00000.MTS", "00001.MTS"), ("00002.MTS",)]),
        ((("00000", 1), ("00001", 1), ("00002", 1)), [("00000.MTS",), ("00001.MTS",), ("00002.MTS",)]),
        # A list that plays the same stream twice, or backwards, is somebody's edit.
        ((("00001", 1), ("00000", 6), ("00002", 1)), [("00000.MTS",), ("00001.MTS",), ("00002.MTS",)]),
        ((("00000", 1), ("00000", 6), ("00001", 1), ("00002", 1)), [("00000.MTS",), ("00001.MTS",), ("00002.MTS",)]),
    ],
)
def test_streams_that_a_playlist_plays_without_a_seam_are_one_recording(items, expected):
    card = avchd_card(*items)
    assert clips(card) == expected
    assert card.warnings == ()


def test_a_stream_missing_from_a_recording_parts_it_and_is_named():
    card = avchd_card(("00000", 1), ("00001", 6), ("00002", 6), streams=("00000", "00002"))
    assert clips(card) == [("00000.MTS",), ("00002.MTS",)]
    assert card.warnings == ("00001.MTS is missing although 00000.MPL lists it; copy the card again.",)


@pytest.mark.parametrize("text", [b"MPLS", b"nonsense", playlist(("00000", 1), ("00001", 6))[:-30]])
def test_a_damaged_playlist_is_named_and_costs_no_clip(text):
    card = avchd_card(text=text)
    assert len(card.clips) == 3
    assert [warning.split()[0] for warning in card.warnings] == ["00000.MPL"]


@pytest.mark.parametrize(
    ("packets", "warned"),
    [(0, []), (1, ["00000.MTS"]), (1 << 31, ["00000.MTS"])],
)
def test_a_stream_shorter_than_its_clip_information_says_is_cut_off(packets, warned):
    names = (f"{BDMV}/STREAM/00000.MTS", f"{BDMV}/CLIPINF/00000.CPI")
    card = one_card(*names, texts={"00000.CPI": clip_information(packets)})
    assert [warning.split()[0] for warning in card.warnings] == warned
    assert all(clip.warnings == card.warnings for clip in card.clips)


def test_cut_clip_information_is_named():
    names = (f"{BDMV}/STREAM/00000.MTS", f"{BDMV}/CLIPINF/00000.CPI")
    text = clip_information(0)[:8] + struct.pack(">I", 4000) + clip_information(0)[12:]
    assert one_card(*names, texts={"00000.CPI": text}).warnings == ("00000.CPI is damaged; copy it again.",)


def test_streams_without_a_playlist_are_missed_by_number():
    names = (f"{BDMV}/STREAM/00000.MTS", f"{BDMV}/STREAM/00002.MTS")
    assert [warning.split()[0] for warning in one_card(*names).warnings] == ["00001"]


# --- XDCAM EX ---------------------------------------------------------------------------------------


def smil(*begins: str) -> bytes:
    refs = "".join(f'<ref src="urn:smpte:umid:0" clipBegin="{begin}"/>' for begin in begins)
    return f'<smil xmlns="urn:schemas-professionalDisc:edl"><body><par>{refs}</par></body></smil>'.encode()


ZERO = "smpte-25=00:00:00:00"


@pytest.mark.parametrize(
    ("begins", "gone", "expected", "warned"),
    [
        ((ZERO,) * 3, "?", [("T_0001_01.MP4", "T_0001_02.MP4", "T_0001_03.MP4"), ("T_0002_01.MP4",)], []),
        ((ZERO,) * 2, "?", [("T_0001_01.MP4", "T_0001_02.MP4"), ("T_0001_03.MP4",), ("T_0002_01.MP4",)], []),
        ((ZERO,) * 3, "T_0001_01", [("T_0001_02.MP4", "T_0001_03.MP4"), ("T_0002_01.MP4",)], ["T_0001_01"]),
        (
            (ZERO, "smpte-25=00:00:00:12", ZERO),
            "?",
            [("T_0001_01.MP4",), ("T_0001_02.MP4",), ("T_0001_03.MP4",), ("T_0002_01.MP4",)],
            [],
        ),
    ],
)
def test_clips_that_a_take_plays_one_after_the_other_are_one_recording(begins, gone, expected, warned):
    stems = ("T_0001_01", "T_0001_02", "T_0001_03", "T_0002_01")
    names = [f"EX/BPAV/CLPR/{stem}/{stem}.MP4" for stem in stems if gone not in stem]
    card = one_card(*names, "EX/BPAV/TAKR/T_0001/T_0001.SMI", texts={"T_0001.SMI": smil(*begins)})
    assert clips(card) == expected
    assert [warning.split()[0].rstrip(",") for warning in card.warnings] == warned


def test_what_lies_behind_a_gap_is_a_recording_of_its_own():
    card = one_card(*(f"D/DCIM/100GOPRO/GX0{number}0034.MP4" for number in (1, 2, 4, 5)))
    assert clips(card) == [("GX010034.MP4", "GX020034.MP4"), ("GX040034.MP4", "GX050034.MP4")]
    assert [clip.warnings for clip in card.clips] == [card.warnings, ()]
