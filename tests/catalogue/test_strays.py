"""Proxies that were taken for footage: they leave the log, and what people said of them goes on to their originals."""

import pytest
from small_shoot import card, clip

from pipeline.catalogue.cards import TakenClip, record_card
from pipeline.catalogue.cuts import save_cut
from pipeline.catalogue.listing import logged_clips
from pipeline.catalogue.log import undo, write_log
from pipeline.catalogue.products import products, record_products
from pipeline.catalogue.repair import faults_of_index
from pipeline.catalogue.store import Catalogue
from pipeline.catalogue.strays import Expelled, expel
from pipeline.clip import LoggedClip, Marker, Product, Saying
from pipeline.shotlog.query import parse
from pipeline.timecode import TimeRange

ORIGINAL, PROXY = "ingest/A/x.mp4", "ingest/A/Proxy/h264/x.mov"
DEEPER = "ingest/A/Proxy/h264/Proxy/x.mov"


def take(catalogue: Catalogue, film: int, *paths: str, **of_clips: object) -> list[TakenClip]:
    """One card for each folder, as cards were taken once."""
    taken = [clip(film, path, **of_clips) for path in paths]  # type: ignore[arg-type]
    for path, each in zip(paths, taken, strict=True):
        record_card(catalogue, card(film, path.rpartition("/")[0], each))
    return taken


def made(catalogue: Catalogue, of: TakenClip, path: str) -> None:
    record_products(catalogue, of.clip.id, [Product(of.clip.id, "proxy", path, path.encode(), "r", 10)])


def in_log(catalogue: Catalogue) -> dict[str, LoggedClip]:
    return {each.clip.name: each for each in logged_clips(catalogue, parse(""))}


def leave(catalogue: Catalogue, film: int, *proxies: str, beside: str = ORIGINAL) -> Expelled:
    return expel(catalogue, film, {path.encode(): (beside.encode(),) for path in proxies})


@pytest.mark.parametrize("ours", [True, False])
def test_a_proxy_leaves_the_log_whoever_made_it(catalogue: Catalogue, film: int, ours) -> None:
    original, _ = take(catalogue, film, ORIGINAL, PROXY)
    if ours:
        made(catalogue, original, PROXY)
    found = expel(catalogue, film, {PROXY.encode(): () if ours else (b"ingest/A/x.wav", ORIGINAL.encode())})
    assert [(each.name, each.original_name, each.stays) for each in found.strays] == [("x.mov", "x.mp4", False)]
    assert list(in_log(catalogue)) == ["x.mp4"]
    assert leave(catalogue, film, PROXY) == Expelled()
    assert faults_of_index(catalogue) == ()


def test_a_proxy_of_a_proxy_is_one_of_the_original_and_what_was_made_of_both_is_named(catalogue, film) -> None:
    original, proxy, deeper = take(catalogue, film, ORIGINAL, PROXY, DEEPER)
    made(catalogue, original, PROXY)
    made(catalogue, proxy, DEEPER)
    made(catalogue, deeper, "ingest/A/Proxy/h264/Proxy/Proxy/x.mov")
    found = leave(catalogue, film, PROXY, DEEPER)
    assert [(each.name, each.original_name) for each in found.strays] == [("x.mov", "x.mp4")] * 2
    assert sorted(found.files) == [b"ingest/A/Proxy/h264/Proxy/Proxy/x.mov", DEEPER.encode()]
    assert [each.path for each in products(catalogue, forgotten=True)] == [PROXY.encode()]
    assert list(in_log(catalogue)) == ["x.mp4"]


def test_what_people_said_of_a_proxy_is_said_of_its_original_and_undo_takes_it_back(catalogue, film) -> None:
    original, proxy = (each.clip.id for each in take(catalogue, film, ORIGINAL, PROXY))
    said = [
        Saying("rating", "5", "person"),
        Saying("note", "of the proxy", "person"),
        Saying("subject", "Coach", "editor", "add"),
        *(Saying(name, text, "person", range=TimeRange(5, 4)) for name, text in (("mark", ""), ("note", "runs"))),
    ]
    write_log(catalogue, [(proxy, each) for each in said], who="ann", words="set")
    write_log(catalogue, [(original, Saying("note", "of the original", "person"))], who="ann", words="set")
    version = save_cut(catalogue, "x", {}, [proxy])
    found = leave(catalogue, film, PROXY)
    (stray,) = found.strays
    assert (stray.said, stray.kept) == (("rating", "note", "1 mark", "subject"), ("note",))
    assert (stray.cuts, version) == (("x",), 1)
    (now,) = in_log(catalogue).values()
    assert {name: now.values[name] for name in ("rating", "note", "subject")} == {
        "rating": 5, "note": "of the original", "subject": ("Coach",),
    }  # fmt: skip
    assert now.markers == (Marker(TimeRange(5, 4), "runs"),)
    undo(catalogue, found.batch, who="ann")
    back = in_log(catalogue)
    assert (back["x.mp4"].values["rating"], back["x.mov"].values["rating"]) == (None, 5)
    assert leave(catalogue, film, PROXY) == Expelled()  # a person wants it in the log


@pytest.mark.parametrize("said", [True, False])
def test_a_proxy_of_another_length_stays_only_where_somebody_spoke_of_it(catalogue, film, said) -> None:
    take(catalogue, film, ORIGINAL)
    (proxy,) = take(catalogue, film, PROXY, seconds=9)
    if said:
        write_log(catalogue, [(proxy.clip.id, Saying("rating", "5", "person"))], who="ann", words="set")
    (stray,) = leave(catalogue, film, PROXY).strays
    assert stray.stays == said
    assert sorted(in_log(catalogue)) == (["x.mov", "x.mp4"] if said else ["x.mp4"])


def test_a_proxy_stays_while_its_original_is_not_in_the_log(catalogue: Catalogue, film: int) -> None:
    take(catalogue, film, PROXY)
    assert leave(catalogue, film, PROXY) == Expelled()
    take(catalogue, film, ORIGINAL)
    assert [each.name for each in leave(catalogue, film, PROXY).strays] == ["x.mov"]


def test_footage_that_also_lies_where_a_proxy_does_stays(catalogue: Catalogue, film: int) -> None:
    other = "ingest/B/y.mov"
    take(catalogue, film, ORIGINAL)
    for path in (PROXY, other):  # the same bytes
        record_card(catalogue, card(film, path.rpartition("/")[0], clip(film, {path: "bytes"})))
    assert leave(catalogue, film, PROXY) == Expelled()
    assert {each.clip.name: [part.path for part in each.clip.parts] for each in in_log(catalogue).values()} == {
        "x.mp4": [ORIGINAL.encode()],
        "y.mov": [other.encode()],
    }
