"""What is missing is the work left; a failure is a result too."""

import pytest
from small_shoot import card, clip, says

from pipeline.catalogue.cards import record_card
from pipeline.catalogue.head import miss_cards
from pipeline.catalogue.identity import record_hash
from pipeline.catalogue.log import forget
from pipeline.catalogue.products import (
    Want,
    drop_product,
    failures,
    record_failure,
    record_products,
    retry_clips,
    retry_failures,
    want,
    work_left,
)
from pipeline.catalogue.store import Catalogue
from pipeline.catalogue.summary import card_rows, status_counts
from pipeline.clip import Failure, Product
from pipeline.settings import LookRule
from pipeline.shotlog.query import parse

PROXY, POSTER = Want("proxy", "edit", "p1"), Want("poster", "", "s1")


@pytest.fixture
def names(catalogue: Catalogue, film: int) -> tuple[str, str]:
    want(catalogue, [PROXY, POSTER], [])
    made = [clip(film, f"ingest/A/{letter}.mov", *says(camera="A")) for letter in "ab"]
    first, second = record_card(catalogue, card(film, "ingest/A", *made)).new
    for letter in b"ab":
        record_hash(catalogue, film, b"ingest/A/%c.mov" % letter, bytes([letter]).hex() * 16)
    return first, second


def made(clip_id: str, wanted: Want = PROXY) -> Product:
    return Product(clip_id, wanted.kind, wanted.preset, b"proxies/a.mov", wanted.recipe, 10)


def left(catalogue: Catalogue) -> dict[str, list[str]]:
    return {work.clip.id: [each.kind for each in work.missing] for work in work_left(catalogue)}


def test_everything_wanted_is_left_until_it_is_made(catalogue: Catalogue, names) -> None:
    assert left(catalogue) == {names[0]: ["poster", "proxy"], names[1]: ["poster", "proxy"]}
    record_products(catalogue, names[0], [made(names[0])])
    assert left(catalogue)[names[0]] == ["poster"]
    record_products(catalogue, names[0], [made(names[0], POSTER)])
    assert list(left(catalogue)) == [names[1]]
    assert status_counts(catalogue) == {"ready": 1, "logged": 1}
    assert (card_rows(catalogue)[0].proxies_done, card_rows(catalogue)[0].proxies_wanted) == (1, 2)
    drop_product(catalogue, names[0], "poster", "")
    assert left(catalogue)[names[0]] == ["poster"]


def test_work_comes_in_story_order_and_as_much_as_asked(catalogue: Catalogue, names) -> None:
    assert len(work_left(catalogue, limit=1)) == 1
    work = work_left(catalogue)[0]
    assert (work.folder, work.values["camera"], work.clip.parts[0].path) == (b"ingest/A", "A", b"ingest/A/a.mov")
    assert work.unhashed == ()


def test_much_work_is_found_in_the_same_order_as_little(catalogue: Catalogue, film: int, names, monkeypatch) -> None:
    record_card(catalogue, card(film, "ingest/B", *(clip(film, f"ingest/B/{n}.mov") for n in range(5))))
    record_products(catalogue, names[0], [made(names[0]), made(names[0], POSTER)])
    little = work_left(catalogue)
    monkeypatch.setattr("pipeline.catalogue.products._MANY", 0)
    assert work_left(catalogue) == little
    assert [work.clip.id for work in work_left(catalogue, limit=2)] == [work.clip.id for work in little[:2]]


@pytest.mark.parametrize("many", [0, 5_000])
def test_work_among_what_a_search_finds(catalogue: Catalogue, film: int, names, monkeypatch, many) -> None:
    monkeypatch.setattr("pipeline.catalogue.products._MANY", many)
    record_card(catalogue, card(film, "ingest/B", *(clip(film, f"ingest/B/{n}.mov", *says(camera="B")) for n in "cd")))
    found = work_left(catalogue, among=parse("camera:b"))
    assert [work.clip.name for work in found] == ["c.mov", "d.mov"]
    assert [work.clip.name for work in work_left(catalogue, among=parse("camera:b"), limit=1)] == ["c.mov"]
    assert work_left(catalogue, among=parse("camera:z")) == ()


def test_another_recipe_is_made_again_and_the_old_one_is_still_good(catalogue: Catalogue, names) -> None:
    record_products(catalogue, names[0], [made(names[0]), made(names[0], POSTER)])
    want(catalogue, [Want("proxy", "edit", "p2"), POSTER], [])
    assert left(catalogue)[names[0]] == ["proxy"]
    assert status_counts(catalogue) == {"logged": 2}
    want(catalogue, [PROXY, POSTER], [])
    assert status_counts(catalogue) == {"ready": 1, "logged": 1}


def test_a_look_is_part_of_the_recipe_of_the_clips_that_it_fits_and_of_no_other(
    catalogue: Catalogue, film: int
) -> None:
    shot = [clip(film, f"ingest/C/{letter}.mov", camera_model=f"M{letter}") for letter in "ab"]
    first, second = record_card(catalogue, card(film, "ingest/C", *shot)).new
    looks = [(LookRule(cube="x.cube", model="ma"), "L1"), (LookRule(cube="y.cube", make="None of these"), "L2")]
    want(catalogue, [PROXY], [], looks=looks)
    assert {work.clip.id: work.missing for work in work_left(catalogue)} == {
        first: (Want("proxy", "edit", "p1L1"),),
        second: (PROXY,),
    }
    record_products(catalogue, first, [made(first, Want("proxy", "edit", "p1L1"))])
    record_failure(catalogue, Failure(second, "proxy", "p1", "No."))
    assert status_counts(catalogue) == {"ready": 1, "failed": 1}
    want(catalogue, [PROXY], [], looks=[(looks[0][0], "L3")])
    assert [work.missing for work in work_left(catalogue) if work.missing] == [(Want("proxy", "edit", "p1L3"),)]
    record_failure(catalogue, Failure(first, "proxy", "p1L3", "No."))
    assert {each.clip for each in failures(catalogue)} == {first, second}
    want(catalogue, [PROXY], [])
    assert [work.missing for work in work_left(catalogue) if work.missing] == [(PROXY,)]


def test_a_longer_clip_needs_its_products_again(catalogue: Catalogue, film: int, names) -> None:
    record_products(catalogue, names[0], [made(names[0]), made(names[0], POSTER)])
    grown = clip(film, {"ingest/A/a.mov": "ingest/A/a.mov", "ingest/A/a2.mov": "more"}, *says(camera="A"))
    record_card(catalogue, card(film, "ingest/A", grown, clip(film, "ingest/A/b.mov")))
    assert left(catalogue)[names[0]] == ["poster", "proxy"]


def test_a_lasting_failure_is_not_tried_again_and_a_passing_one_is(catalogue: Catalogue, names) -> None:
    record_failure(catalogue, Failure(names[0], "proxy", "p1", "The picture is damaged."))
    record_failure(catalogue, Failure(names[1], "proxy", "p1", "The disk was full.", transient=True))
    assert left(catalogue) == {names[0]: ["poster"], names[1]: ["poster", "proxy"]}
    assert status_counts(catalogue) == {"failed": 2}
    assert [(each.sentence, each.transient) for each in failures(catalogue)] == [
        ("The picture is damaged.", False),
        ("The disk was full.", True),
    ]
    record_products(catalogue, names[1], [made(names[1])])
    assert [each.clip for each in failures(catalogue)] == [names[0]]


def test_attempts_add_up_and_retry_forgets_them(catalogue: Catalogue, names) -> None:
    for _ in range(3):
        record_failure(catalogue, Failure(names[0], "proxy", "p1", "No."))
    assert failures(catalogue)[0].attempts == 3
    assert retry_failures(catalogue) == 1
    assert left(catalogue)[names[0]] == ["poster", "proxy"]
    assert failures(catalogue) == ()


def test_what_is_tried_again_counts_as_failed_until_it_is_made(catalogue: Catalogue, names) -> None:
    record_failure(catalogue, Failure(names[0], "proxy", "p1", "The picture is damaged."))
    retry_clips(catalogue, names[:1])
    assert left(catalogue)[names[0]] == ["poster", "proxy"]
    assert status_counts(catalogue) == {"failed": 1, "logged": 1}
    record_products(catalogue, names[0], [made(names[0])])
    assert failures(catalogue) == ()


def test_a_hash_that_came_after_all_is_no_failure(catalogue: Catalogue, film: int, names) -> None:
    record_failure(catalogue, Failure(names[0], "hash", "", "The disk gave nothing.", transient=True))
    assert [each.step for each in failures(catalogue)] == ["hash"]
    record_hash(catalogue, film, b"ingest/A/a.mov", "0" * 32)
    assert failures(catalogue) == ()


def test_a_failure_of_an_old_recipe_or_of_other_content_counts_no_more(catalogue: Catalogue, film: int, names) -> None:
    record_failure(catalogue, Failure(names[0], "proxy", "p1", "No."))
    want(catalogue, [Want("proxy", "edit", "p2")], [])
    assert failures(catalogue) == ()
    assert status_counts(catalogue) == {"logged": 2}
    want(catalogue, [PROXY], [])
    assert status_counts(catalogue) == {"failed": 1, "logged": 1}
    grown = clip(film, {"ingest/A/a.mov": "ingest/A/a.mov", "ingest/A/a2.mov": "more"})
    record_card(catalogue, card(film, "ingest/A", grown, clip(film, "ingest/A/b.mov")))
    assert failures(catalogue) == ()
    assert status_counts(catalogue) == {"logged": 2}


def test_what_is_offline_undecodable_or_forgotten_is_no_work(catalogue: Catalogue, film: int, names) -> None:
    undecodable = clip(film, "ingest/R/a.r3d", decoder=False)
    (raw,) = record_card(catalogue, card(film, "ingest/R", undecodable)).new
    assert left(catalogue)[raw] == []  # its hash alone
    record_hash(catalogue, film, b"ingest/R/a.r3d", "c" * 32)
    forget(catalogue, [names[1]], who="ann")
    miss_cards(catalogue, film, [b"ingest/A"])
    assert left(catalogue) == {}
    assert status_counts(catalogue) == {"offline": 1, "no_decoder": 1}


def test_where_nothing_is_wanted_clips_are_ready_and_a_new_want_is_work(catalogue: Catalogue, names) -> None:
    want(catalogue, [], [])
    assert status_counts(catalogue) == {"ready": 2}
    assert left(catalogue) == {}
    want(catalogue, [PROXY], [])
    assert status_counts(catalogue) == {"logged": 2}
    assert left(catalogue) == {name: ["proxy"] for name in names}
