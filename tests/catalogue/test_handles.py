"""What a person calls a clip is one clip, or refused with those that it could be."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_shoot import card, clip

from pipeline.catalogue.cards import TakenClip, record_card
from pipeline.catalogue.handles import clip_called, names_begun
from pipeline.catalogue.log import forget
from pipeline.catalogue.store import Catalogue
from pipeline.errors import NotFound

DAY = "ingest/2023-04-02"
IDS = {
    "A001/C0001.MP4": "1111aa", "A001/C0012.MP4": "2222ab", "B001/C0001.MP4": "2222ac", "B001/B001C003.mov": "4f",
    "A001/C00123.MP4": "5555", "B001/2222.MOV": "6666", "B001/GX010001.MP4": "7777",
}  # fmt: skip


def known(short: str) -> str:
    return short.ljust(32, "0")


@pytest.fixture
def logged(catalogue: Catalogue, film: int) -> Catalogue:
    for name in ("A001", "B001"):
        taken = [_taken(film, path) for path in IDS if path.startswith(name)]
        record_card(catalogue, card(film, f"{DAY}/{name}", *taken))
    return catalogue


def _taken(film: int, path: str) -> TakenClip:
    files = {f"{DAY}/{path}": path} | ({f"{DAY}/B001/GX020001.MP4": "chapter"} if "GX" in path else {})
    made = clip(film, files)
    return replace(made, clip=replace(made.clip, id=known(IDS[path])))


@pytest.mark.parametrize(
    ("handle", "path"),
    [
        (known("1111aa"), "A001/C0001.MP4"),
        ("1111", "A001/C0001.MP4"),
        ("1111AA", "A001/C0001.MP4"),
        ("2222ab", "A001/C0012.MP4"),
        ("1111:any name", "A001/C0001.MP4"),
        ("C0012.MP4", "A001/C0012.MP4"),
        (" c0012 ", "A001/C0012.MP4"),
        ("B001C003", "B001/B001C003.mov"),
        ("A001/C0001", "A001/C0001.MP4"),
        ("b001/C0001.mp4", "B001/C0001.MP4"),
        (f"{DAY}/B001/C0001.MP4", "B001/C0001.MP4"),
        (f"{DAY}/B001/GX020001.MP4", "B001/GX010001.MP4"),  # a chapter
        ("2222.mov", "B001/2222.MOV"),
    ],
)
def test_a_clip_is_called_by_id_name_card_or_path(logged: Catalogue, handle: str, path: str) -> None:
    assert clip_called(logged, handle).clip.id == known(IDS[path])


def test_a_clip_is_called_by_where_its_file_lies(logged: Catalogue, tmp_path: Path) -> None:
    assert clip_called(logged, f"{tmp_path}/film/{DAY}/B001/C0001.MP4").clip.id == known("2222ac")


@pytest.mark.parametrize(
    "handle",
    ["111", "4f", "C001", "C00", "A001", "MP4", "A001/", "C0001.MOV", "ffff%", "", "\udcff", "elsewhere/C0012"],
)
def test_what_is_called_by_no_clip_is_refused(logged: Catalogue, handle: str) -> None:
    with pytest.raises(NotFound, match="is no clip of the log; write its name"):
        clip_called(logged, handle)


@pytest.mark.parametrize(
    ("handle", "words"),
    [
        ("C0001", "'C0001' is 2 clips; write the id of one: A001/C0001.MP4 (1111aa00), B001/C0001.MP4 (2222ac00)."),
        # an id and a name
        (
            "2222",
            "is 3 clips; write the id of one: A001/C0012.MP4 (2222ab00), B001/2222.MOV (66660000), B001/C0001.MP4",
        ),
    ],
)
def test_what_could_be_several_is_refused_with_their_ids(logged: Catalogue, handle: str, words: str) -> None:
    with pytest.raises(NotFound) as refused:
        clip_called(logged, handle)
    assert words in refused.value.sentence


def test_of_many_that_it_could_be_three_are_named(catalogue: Catalogue, film: int) -> None:
    for number in range(5):
        folder = f"{DAY}/A00{number}"
        record_card(catalogue, card(film, folder, clip(film, {f"{folder}/C0001.MP4": f"{number}"})))
    with pytest.raises(NotFound, match=r"'C0001' is 5 clips.*A002/C0001.MP4 \(\w{8}\) and 2 more\."):
        clip_called(catalogue, "C0001")


def test_a_forgotten_clip_is_called_nothing(logged: Catalogue) -> None:
    forget(logged, [known("1111aa")], who="ann", words="forget")
    for handle in ("1111aa", "A001/C0001", f"{DAY}/A001/C0001.MP4"):
        with pytest.raises(NotFound):
            clip_called(logged, handle)
    assert clip_called(logged, "C0001").clip.id == known("2222ac")


@pytest.mark.parametrize(
    ("begun", "offered"),
    [
        ("c00", ["C0001.MP4", "C0012.MP4", "C00123.MP4"]),  # two clips are C0001.MP4
        ("C0012", ["C0012.MP4", "C00123.MP4"]),
        ("C0012.", ["C0012.MP4"]),
        ("B001/", ["B001/2222.MOV", "B001/B001C003.mov", "B001/C0001.MP4", "B001/GX010001.MP4"]),
        ("b001/c", ["b001/C0001.MP4"]),
        ("B00/", []),
        (f"{DAY}/B001/C", []),
        ("MP4", []),
        ("%", []),
    ],
)
def test_what_is_begun_is_completed_by_names_and_after_a_card_by_those_it_holds(logged, begun, offered):
    assert sorted(names_begun(logged, begun)) == sorted(offered)


def test_with_nothing_begun_all_names_are_offered(logged):
    assert set(names_begun(logged, "")) == {path.partition("/")[2] for path in IDS}
