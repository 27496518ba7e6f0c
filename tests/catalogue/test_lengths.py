"""Clips whose length is counted after they were logged: log, totals and work know it from then on."""

from dataclasses import replace

from small_shoot import card, clip

from pipeline.catalogue.cards import TakenClip, record_card
from pipeline.catalogue.lengths import record_count
from pipeline.catalogue.listing import rows
from pipeline.catalogue.products import record_products, work_left
from pipeline.catalogue.store import Catalogue, check
from pipeline.shotlog.query import parse

ONE, TWO, THREE = b"ingest/A/1.MTS", b"ingest/A/2.MTS", b"ingest/A/3.MTS"


def uncounted(film: int, *paths: bytes) -> TakenClip:
    """A recording at 25 a second that does not say how long it is."""
    taken = clip(film, {path.decode(): path.decode() for path in paths})
    facts = replace(taken.clip.facts, video=replace(taken.clip.facts.video, frames=None))
    parts = tuple(replace(part, frames=None) for part in taken.clip.parts)
    return replace(taken, clip=replace(taken.clip, facts=facts, parts=parts, frames=None))


def lengths(catalogue: Catalogue) -> list[tuple[int | None, float]]:
    return [(row["frames"], row["duration"]) for row in rows(catalogue, parse("")).rows]


def test_a_length_is_known_when_every_part_was_counted(catalogue: Catalogue, film: int) -> None:
    record_card(catalogue, card(film, "ingest/A", uncounted(film, ONE, TWO)))
    record_count(catalogue, film, TWO, 50)
    assert lengths(catalogue) == [(None, 0)]
    record_count(catalogue, film, ONE, 100)
    assert lengths(catalogue) == [(150, 6)]
    (work,) = work_left(catalogue)
    assert (work.clip.frames, [part.frames for part in work.clip.parts]) == (150, [100, 50])
    assert work.clip.facts.video.frames == 150
    assert [row["frames"] for row in rows(catalogue, parse("duration:>5s")).rows] == [150]
    assert check(catalogue) == ()


def test_what_was_counted_stays_when_the_card_is_read_again(catalogue: Catalogue, film: int) -> None:
    record_card(catalogue, card(film, "ingest/A", uncounted(film, ONE)))
    record_count(catalogue, film, ONE, 100)
    record_card(catalogue, card(film, "ingest/A", uncounted(film, ONE), fingerprint="another"))
    assert lengths(catalogue) == [(100, 4)]
    assert check(catalogue) == ()


def test_a_further_part_makes_the_length_unknown_until_it_is_counted(catalogue: Catalogue, film: int) -> None:
    record_card(catalogue, card(film, "ingest/A", uncounted(film, ONE)))
    record_count(catalogue, film, ONE, 100)
    record_card(catalogue, card(film, "ingest/A", uncounted(film, ONE, TWO), fingerprint="another"))
    assert lengths(catalogue) == [(None, 0)]
    record_count(catalogue, film, TWO, 25)
    assert lengths(catalogue) == [(125, 5)]
    assert check(catalogue) == ()


def test_a_count_for_a_file_nobody_knows_or_whose_length_is_known_changes_nothing(
    catalogue: Catalogue, film: int
) -> None:
    record_card(catalogue, card(film, "ingest/A", clip(film, THREE.decode(), seconds=10)))
    record_count(catalogue, film, b"nowhere", 1)
    record_count(catalogue, film, THREE, 1)
    assert lengths(catalogue) == [(250, 10)]
    assert check(catalogue) == ()


def test_the_length_of_a_salvaged_clip_is_in_the_totals(catalogue: Catalogue, film: int) -> None:
    (name,) = record_card(catalogue, card(film, "ingest/A", uncounted(film, ONE))).new
    record_products(catalogue, name, (), frames=100)
    assert lengths(catalogue) == [(100, 4)]
    assert rows(catalogue, parse("")).duration == 4
    record_products(catalogue, name, (), frames=50)  # it is known by now
    assert lengths(catalogue) == [(100, 4)]
    assert check(catalogue) == ()
