"""Which folder is the card, where every file goes, and that no name upsets it."""

from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.recognise import recognise
from pipeline.clip import SeenFile, Stamp, shown
from pipeline.errors import PathMissing
from pipeline.shotlog.names import fits_template

TEMPLATES = ("{shoot_day}_{location}/{subject}/{camera}{card}",)


def seen(*names: bytes) -> list[SeenFile]:
    return [SeenFile(name, Stamp(1, index, 9, 0)) for index, name in enumerate(names)]


def gone(_path: bytes) -> bytes:
    raise PathMissing("It was taken out; put it back.")


def cards_of(*names: str) -> dict[str, list[str]]:
    found = recognise(seen(*(name.encode() for name in names)), gone, lambda path: fits_template(path, TEMPLATES))
    return {card.path.decode(): [clip.name for clip in card.clips] for card in found}


A = "2019-10-12_Vienna/Coach/A001"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        # A template makes one card of what lies below it.
        ((f"{A}/one/a.mov", f"{A}/two/b.mov"), {A: ["a.mov", "b.mov"]}),
        # A structure at the very folder that the template fits is the same card.
        ((f"{A}/PRIVATE/M4ROOT/CLIP/C0001.MP4", f"{A}/b.mov"), {A: ["C0001.MP4", "b.mov"]}),
        # A structure below it is the smaller one.
        ((f"{A}/card/DCIM/100MEDIA/DJI_1.MP4", f"{A}/b.mov"), {A: ["b.mov"], f"{A}/card": ["DJI_1.MP4"]}),
        # Folders inside a structure are never taken for a template's.
        (("x/2019-10-12_Vienna/DCIM/A001/IMG_1.MOV",), {"x/2019-10-12_Vienna": ["IMG_1.MOV"]}),
        # No template, no structure: the folder that directly holds media.
        (("p/q/a.mov", "p/r/b.mov", "p/c.mov"), {"p": ["c.mov"], "p/q": ["a.mov"], "p/r": ["b.mov"]}),
        # What else lies on a recognised card is on that card.
        (("A1/PRIVATE/M4ROOT/CLIP/C0001.MP4", "A1/MP_ROOT/100ANV01/M1.MP4"), {"A1": ["C0001.MP4", "M1.MP4"]}),
        # A structure at the top of what was scanned does not swallow the folders beside it.
        (("DCIM/100MEDIA/DJI_1.MP4", "day/b.mov"), {"": ["DJI_1.MP4"], "day": ["b.mov"]}),
        # Loose at the top.
        (("a.mov", "day/b.mov"), {"": ["a.mov"], "day": ["b.mov"]}),
        # Files that bear a camera's names make no card of the folders below them.
        (("day/GX010001.MP4", "day/B/b.mov"), {"day": ["GX010001.MP4"], "day/B": ["b.mov"]}),
        # Mags side by side in a day folder.
        (
            ("day/A001R1/A001C001_191012_R1.mov", "day/B001R2/B001C001_191012_R2.mov"),
            {"day/A001R1": ["A001C001_191012_R1.mov"], "day/B001R2": ["B001C001_191012_R2.mov"]},
        ),
        # A card copied into a card.
        (("K/DCIM/100MEDIA/old/PRIVATE/M4ROOT/CLIP/C0001.MP4",), {"K/DCIM/100MEDIA/old": ["C0001.MP4"]}),
        # Photographs alone are no card.
        (("P/DCIM/100CANON/IMG_1.JPG", "notes.txt"), {}),
    ],
)
def test_the_card_is_the_smallest_folder_recognised(names, expected):
    assert cards_of(*names) == expected


@pytest.mark.parametrize(
    ("top", "names", "expected"),
    [
        # ingest/ of a film: what lies loose in it is a card of its own, what lies beside PRIVATE another.
        ("ingest", ("ingest/a.mov", "ingest/day/b.mov"), {"ingest": ["a.mov"], "ingest/day": ["b.mov"]}),
        (
            "ingest",
            ("ingest/DCIM/100MEDIA/DJI_1.MP4", "ingest/day/b.mov"),
            {"ingest": ["DJI_1.MP4"], "ingest/day": ["b.mov"]},
        ),
        # A card that is indexed where it lies; its folder, or one above, fits the template.
        (A, (f"{A}/one/a.mov", f"{A}/two/b.mov"), {A: ["a.mov", "b.mov"]}),
        (f"{A}/one", (f"{A}/one/a.mov",), {f"{A}/one": ["a.mov"]}),
        # A folder inside a structure was named: the card is the folder above the structure.
        ("card/DCIM", ("card/DCIM/100MEDIA/DJI_1.MP4",), {"card": ["DJI_1.MP4"]}),
    ],
)
def test_what_was_listed_may_be_ingest_or_a_card(top, names, expected):
    found = recognise(
        seen(*(name.encode() for name in names)), gone, lambda path: fits_template(path, TEMPLATES), top=top.encode()
    )
    assert {card.path.decode(): [clip.name for clip in card.clips] for card in found} == expected


@pytest.mark.parametrize(
    ("names", "reports"),
    [
        (("day/A/a.mov", "day/A/r.csv"), {"day/A": ["day/A/r.csv"]}),
        (("day/A/a.mov", "day/A/paper/r.tsv"), {"day/A": ["day/A/paper/r.tsv"]}),
        (("day/A/a.mov", "day/B/b.mov", "day/r.csv"), {"day/A": ["day/r.csv"], "day/B": ["day/r.csv"]}),
        (("day/A/a.mov", "other/b.mov", "r.csv"), {"day/A": ["r.csv"], "other": ["r.csv"]}),
        (("day/a.mov", "day/B/b.mov", "day/r.csv"), {"day": ["day/r.csv"], "day/B": []}),
        (("A/DCIM/100MEDIA/DJI_1.MP4", "A/r.csv"), {"A": ["A/r.csv"]}),
        (("A/a.mov", "A/a.csv", "A/a.mov.csv"), {"A": []}),
    ],
)
def test_reports_beside_or_above_the_media_reach_their_cards(names, reports):
    found = recognise(seen(*(name.encode() for name in names)), gone, lambda _path: False)
    assert {card.path.decode(): [path.decode() for path in card.reports] for card in found} == reports


def test_gpx_tracks_beside_or_above_the_media_reach_their_cards_whatever_their_name():
    names = ("day/A/a.mov", "day/A/a.GPX", "day/A/log/walk.gpx", "day/B/b.mov", "day/all.gpx", "day/r.csv")
    one, other = recognise(seen(*(name.encode() for name in names)), gone, lambda _path: False)
    assert one.tracks == (b"day/A/a.GPX", b"day/A/log/walk.gpx", b"day/all.gpx")
    assert other.tracks == (b"day/all.gpx",)
    assert one.reports == other.reports == (b"day/r.csv",)
    assert one.clips[0].sidecars == one.others == other.others == ()


def test_files_beside_no_media_go_to_the_nearest_card():
    names = (
        b"a.mov", b"day/notes.txt", b"day/A/deep/c.mov", b"day/B/b.mov", b"day/B/docs/x.pdf", b"empty/y.txt", b"z.txt",
    )  # fmt: skip
    found = {card.path: card.others for card in recognise(seen(*names), gone, lambda _path: False)}
    assert found == {
        b"": (b"empty/y.txt", b"z.txt"),
        b"day/A/deep": (),
        b"day/B": (b"day/B/docs/x.pdf", b"day/notes.txt"),
    }


def test_a_name_that_is_no_utf8_is_shown_and_kept():
    (card,) = recognise(seen(b"\xff\xfe/\xe9.mov"), gone, lambda _path: False)
    assert (card.path, card.name, card.clips[0].name) == (b"\xff\xfe", "\\xff\\xfe", "\\xe9.mov")


# Names from what cards are made of, so that structures are met, and any bytes at all.
SEGMENTS = st.one_of(
    st.sampled_from(
        [
            b"PRIVATE",
            b"M4ROOT",
            b"CLIP",
            b"SUB",
            b"DCIM",
            b"100GOPRO",
            b"CONTENTS",
            b"VIDEO",
            b"AUDIO",
            b"BPAV",
            b"CLPR",
            b"CLIPS001",
            b"BDMV",
            b"STREAM",
            b"A001.RDM",
            b"A.RDC",
            b"FOLDER01",
            b"Proxy",
            b"A001",
            b"AA0001",
            b"2019-10-12_Vienna",
        ]
    ),
    st.binary(min_size=1, max_size=12).filter(lambda name: b"/" not in name and b"\0" not in name),
)
FILES = st.one_of(
    st.sampled_from(
        [
            b"C0001.MP4",
            b"C0001M01.XML",
            b"MEDIAPRO.XML",
            b"GX010001.MP4",
            b"GX030001.MP4",
            b"GL010001.LRV",
            b"GOPR0001.MP4",
            b"A001C001_191012_R1AB.mov",
            b"B001C001_191012_R1AB.mov",
            b"x_001.R3D",
            b"x_004.R3D",
            b"AA000101.MXF",
            b"0001AB.MXF",
            b"0001AB00.MXF",
            b"t.wav",
            b"r.csv",
            b"C0001.csv",
            b"C0001.gpx",
            b"DJI_1.MP4",
            b"noext",
            b".mov",
            b"a.0000001.ari",
            b"00000.MTS",
        ]
    ),
    st.binary(min_size=1, max_size=8)
    .filter(lambda name: b"/" not in name and b"\0" not in name)
    .flatmap(
        lambda stem: st.sampled_from([b"", b".mov", b".WAV", b".xml", b".csv", b".gpx"]).map(
            lambda suffix: stem + suffix
        )
    ),
)
PATHS = st.tuples(st.lists(SEGMENTS, max_size=4), FILES).map(lambda both: b"/".join([*both[0], both[1]]))
LISTINGS = st.lists(PATHS, max_size=25, unique=True)


@given(LISTINGS, st.binary(max_size=40))
def test_every_file_at_or_below_media_lies_in_one_place_of_one_card(paths, sidecar):
    cards = recognise(seen(*paths), lambda _path: sidecar, lambda path: fits_template(path, TEMPLATES))
    places = Counter[bytes]()
    reports = Counter[bytes]()
    for card in cards:
        parts = chain.from_iterable((*clip.parts, *clip.sidecars) for clip in card.clips)
        places.update(parts)
        places.update(card.others)
        reports.update((*card.reports, *card.tracks))
    assert set(places) | set(reports) <= set(paths)
    assert not set(places) & set(reports)
    assert all(count == 1 for count in places.values())
    holding = {path.rpartition(b"/")[0] for path in paths if path[path.rfind(b".") :].lower() in MEDIA_SUFFIXES}
    held = [path for path in paths if any(path.startswith(folder + b"/") or not folder for folder in holding)]
    assert all(places[path] == 1 or reports[path] >= 1 for path in held)
    assert len({card.path for card in cards}) == len(cards)


@given(LISTINGS, st.sampled_from([b"ingest", b"a/b", b"A001", b"DCIM"]))
def test_no_card_depends_on_what_lies_above_the_top(paths, top):
    plain = recognise(seen(*paths), gone, lambda _path: False)
    below = recognise(seen(*(top + b"/" + path for path in paths)), gone, lambda _path: False, top=top)
    if top != b"DCIM":  # a structure's own folder is a reason to look above
        assert [(card.clips and [clip.name for clip in card.clips], len(card.others)) for card in plain] == [
            (card.clips and [clip.name for clip in card.clips], len(card.others)) for card in below
        ]


@given(LISTINGS)
def test_the_order_of_the_listing_does_not_matter(paths):
    forth = recognise(seen(*paths), gone, lambda path: fits_template(path, TEMPLATES))
    back = recognise(seen(*reversed(paths)), gone, lambda path: fits_template(path, TEMPLATES))
    assert forth == back


@given(st.binary(max_size=30))
def test_any_bytes_can_be_shown_and_stored_as_text(name):
    assert shown(name).encode("utf-8").decode("utf-8") == shown(name)
