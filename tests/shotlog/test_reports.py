"""Camera reports: any columns, any dialect, matched by clip and card, doubts named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clip import Clip, Facts, Part, Stamp
from pipeline.shotlog.reports import doubts, read_report, rows_for


def clip(path: str, card: str = "A001", **facts) -> Clip:
    part = Part(1, path.encode(), Stamp(1, 1, 1, 1), "")
    return Clip("id" + path, path.rpartition("/")[2], card, "picture", (part,), Facts(**facts), None, None, None)


COMMA = """Film,Marathon,,
Date,2019-10-12,,
,,,
Clip Name,Reel,Scene,Take,Circled,Rating,Notes,Subject(s),Location
C0001.MP4,A001,12,3,yes,4,"soft, then sharp",Coach; Pacer ,Vienna
C0002,A001,12,4,,,,,
"""
SEMICOLON = "Rolle;Mag;File;Remarks;Cam;Stars\r\n1;A001;C0001;Wind;A Cam;***\r\n"
TAB = "file\tsubjects\ttags\tunit\nC0001\tCoach\tsunrise;handheld\tsecond\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_three_dialects_in_any_encoding(encoding, newline):
    for text, expected in [
        (COMMA.replace("Vienna", "Köln"), ("C0001.MP4", "A001", [
            ("scene", "12"), ("take", "3"), ("circled", "yes"), ("rating", "4"), ("note", "soft, then sharp"),
            ("subject", "Coach"), ("subject", "Pacer"), ("location", "Köln"),
        ])),
        (SEMICOLON.replace("\r\n", "\n"), ("C0001", "A001", [("note", "Wind"), ("camera", "A"), ("rating", "3")])),
        (TAB, ("C0001", "", [("subject", "Coach"), ("tag", "sunrise"), ("tag", "handheld"), ("unit", "second")])),
    ]:  # fmt: skip
        rows = read_report(text.replace("\n", newline).encode(encoding))
        assert (rows[0].clip, rows[0].card, list(rows[0].values)) == expected


def test_lines_are_those_of_the_file():
    assert [row.line for row in read_report(COMMA.encode())] == [5, 6]
    assert [row.line for row in read_report(b"clip,note\nC0001,\n\nC0002,said\n")] == [4]  # line 2 says nothing


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0\0\0",
        b"time,latitude,longitude\n1,2,3\n",
        b"name\nx\n",
        b"\xff\xfe",
        b'clip,note\n"unclosed',
        b"a" * 200_000,
    ],
)
def test_what_is_no_camera_report_says_nothing(text):
    assert all(row.values == () or row.clip for row in read_report(text))
    assert read_report(text) == () or text.startswith(b"clip")


@given(st.binary(max_size=400) | st.text(alphabet='clipnote,;\t|"\n\r 1A', max_size=200).map(str.encode))
def test_no_bytes_upset_the_reader(text):
    for row in read_report(text):
        assert row.clip


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("circled", "x", "yes"), ("circled", "NO", "no"), ("circled", "maybe", None),
        ("rating", "4/5", "4"), ("rating", "★★", "2"), ("rating", "7", None),
        ("rating", "3.0", "3"), ("rating", "good", None),
        ("camera", "b", "B"), ("camera", "Cam C", "C"), ("camera", "drone", "drone"),
        ("shoot day", "191012", "2019-10-12"), ("date", "12.10.2019", None), ("shoot day", "2019-02-30", None),
    ],
)  # fmt: skip
def test_values_are_made_fit_or_refused_by_name(column, text, expected):
    (row,) = read_report(f"clip,{column}\nC0001,{text}\n".encode())
    assert [value for _field, value in row.values] == ([expected] if expected else [])
    assert bool(row.refused) == (expected is None)
    assert all(f"'{text}'" in sentence and "line 2" in sentence for sentence in row.refused)


@pytest.mark.parametrize(
    ("name", "card", "path", "fits"),
    [
        ("C0001.MP4", "", "x/C0001.MP4", True),
        ("c0001", "", "x/C0001.MP4", True),
        ("C0001.MOV", "", "x/C0001.MP4", False),
        ("C000", "", "x/C0001.MP4", False),
        ("C0001", "A001", "x/C0001.MP4", True),
        ("C0001", "a001", "x/C0001.MP4", True),
        ("C0001", "B001", "x/C0001.MP4", False),
        ("A001C003", "", "x/A001C003_191012_R1AB.mov", True),
        ("A001C00", "", "x/A001C003_191012_R1AB.mov", False),
        ("Édith", "", "x/edith.mov", True),
    ],
)
def test_rows_are_matched_by_clip_and_card(name, card, path, fits):
    rows = read_report(f"clip,card,note\n{name},{card},said\n".encode())
    assert bool(rows_for(clip(path), rows)) == fits


@pytest.mark.parametrize("card", ["A001", "reel seven", "2019-08-14_Kaptagat_Morning run_A001"])
def test_a_card_is_known_by_folder_reel_or_a_word_of_the_folder(card):
    rows = read_report(f"clip,card,note\nC0001,{card},said\n".encode())
    assert rows_for(clip("x/C0001.MP4", "2019-08-14_Kaptagat_Morning run_A001", reel="Reel Seven"), rows)


def test_the_whole_name_of_a_mag_means_its_card_unless_the_file_names_another():
    rows = read_report(b"clip,roll,note\nA001C001,A001R1AB,said\n")
    path = "x/A001C001_191012_R1AB.mov"
    assert rows_for(clip(path, "2019-10-12_Vienna_A001"), rows)
    assert rows_for(clip(path, "B001"), rows) == ()
    assert rows_for(clip(path, "A001", reel="A001R2CD"), rows) == ()


def test_a_row_that_names_the_card_wins_over_one_that_names_none():
    rows = read_report(b"clip,card,note\nC0001,,any\nC0001,A001,this\nC0001,B001,other\n")
    assert [row.line for row in rows_for(clip("C0001.MP4"), rows)] == [3]


def test_rows_that_contradict_each_other_are_named_not_guessed():
    rows = read_report(b"clip,note,take\nC0001,one,1\nC0001,two,1\nC0002,same,\nC0002,same,2\n")
    clips = [clip("C0001.MP4"), clip("C0002.MP4")]
    assert rows_for(clips[0], rows) == ()
    assert len(rows_for(clips[1], rows)) == 2
    assert doubts(clips, rows) == ("Camera report: lines 2, 3 contradict each other about C0001.MP4; none was used.",)


def test_rows_without_a_clip_and_refused_values_are_named():
    rows = read_report(b"clip,card,rating\nC0001,A001,great\nC0009,A001,1\nC0001,B001,1\n")
    assert doubts([clip("C0001.MP4")], rows) == (
        "Camera report, line 2: 'great' is no rating.",
        "Camera report, line 3: there is no clip C0009 on this card.",
    )


def test_a_report_that_cards_share_is_not_blamed_for_the_clips_of_others():
    rows = read_report(b"clip,card,note\nC0008,,elsewhere\nC0009,A001,lost\n")
    clips = [clip("C0001.MP4")]
    assert len(doubts(clips, rows)) == 2
    assert doubts(clips, rows, shared=True) == ("Camera report, line 3: there is no clip C0009 on this card.",)


def test_a_report_matched_by_any_chapter():
    whole = Clip(
        "id", "GX010034.MP4", "D", "picture",
        tuple(Part(1, name, Stamp(1, 1, 1, 1), "") for name in (b"GX010034.MP4", b"GX020034.MP4")),
        Facts(), None, None, None,
    )  # fmt: skip
    assert rows_for(whole, read_report(b"clip,note\nGX020034,end\n"))
