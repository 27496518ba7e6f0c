"""Which clip a recording is: new, known, copied, moved, extended, replaced, or falsely alike."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_shoot import card, clip, says

from pipeline.catalogue.cards import FailedFile, TakenCard, card_fingerprints, record_card
from pipeline.catalogue.head import miss_cards
from pipeline.catalogue.identity import record_hash
from pipeline.catalogue.listing import logged_clips, rows
from pipeline.catalogue.log import undo, write_log
from pipeline.catalogue.products import failures, retry_failures, work_left
from pipeline.catalogue.roots import mark_offline, mark_online
from pipeline.catalogue.store import Catalogue
from pipeline.catalogue.summary import card_rows, status_counts
from pipeline.clip import CardFolder, ClipFiles, Saying
from pipeline.errors import NotFound
from pipeline.shotlog.query import parse


def listed(catalogue: Catalogue, text: str = "") -> list[tuple[str, str]]:
    return [(row["path"], row["status"]) for row in rows(catalogue, parse(text), sort="path").rows]


def lay(tmp_path: Path, *paths: str) -> None:
    """Let these files exist in the film, so that the catalogue finds them still there."""
    for path in paths:
        file = tmp_path / "film" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_a_new_card_is_in_the_log_and_again_changes_nothing(catalogue: Catalogue, film: int) -> None:
    taken = card(film, "ingest/A001", clip(film, "ingest/A001/a.mov", *says(location="Wien")))
    first, second = record_card(catalogue, taken), record_card(catalogue, taken)
    (name,) = first.new
    assert (second.new, second.known) == ((), (name,))
    assert listed(catalogue, "wien") == [("ingest/A001/a.mov", "logged")]
    assert card_fingerprints(catalogue, film) == {b"ingest/A001": "seen"}
    with catalogue.reading() as db:
        assert db.execute("SELECT count(*) FROM batches").fetchone()[0] == 1


def test_two_clips_of_one_name_on_two_cards_are_two(catalogue: Catalogue, film: int) -> None:
    for place, content in (("ingest/A", "one"), ("ingest/B", "two")):
        record_card(catalogue, card(film, place, clip(film, {f"{place}/C0001.MP4": content})))
    assert [path for path, _ in listed(catalogue, "name:C0001.MP4")] == ["ingest/A/C0001.MP4", "ingest/B/C0001.MP4"]


def test_the_same_bytes_elsewhere_are_a_copy_and_no_second_clip(
    catalogue: Catalogue, film: int, tmp_path: Path
) -> None:
    lay(tmp_path, "ingest/A/a.mov")
    first = record_card(catalogue, card(film, "ingest/A", clip(film, {"ingest/A/a.mov": "x"}, *says(unit="main"))))
    again = record_card(catalogue, card(film, "ingest/B", clip(film, {"ingest/B/a.mov": "x"}, *says(unit="second"))))
    assert again.copies == ((first.new[0], b"ingest/B/a.mov"),)
    assert again.new == ()
    (row,) = rows(catalogue, parse("")).rows
    assert (row["path"], row["unit"]) == ("ingest/A/a.mov", "main")


def test_a_copy_stands_in_while_the_first_is_offline(catalogue: Catalogue, film: int, tmp_path: Path) -> None:
    lay(tmp_path, "ingest/A/a.mov")
    record_card(catalogue, card(film, "ingest/A", clip(film, {"ingest/A/a.mov": "x"})))
    record_card(catalogue, card(film, "ingest/B", clip(film, {"ingest/B/b.mov": "x"})))
    assert miss_cards(catalogue, film, [b"ingest/A"]) == 0  # that went offline
    assert listed(catalogue) == [("ingest/B/b.mov", "logged")]
    mark_offline(catalogue, film)
    assert listed(catalogue) == [("ingest/B/b.mov", "offline")]
    mark_online(catalogue, film)
    assert listed(catalogue) == [("ingest/B/b.mov", "logged")]


def test_a_moved_folder_keeps_clip_log_and_id(catalogue: Catalogue, film: int) -> None:
    first = record_card(catalogue, card(film, "ingest/A", clip(film, {"ingest/A/a.mov": "x"})))
    write_log(catalogue, [(first.new[0], Saying("note", "keep me", "person"))], who="ann", words="set")
    moved = record_card(catalogue, card(film, "ingest/new place", clip(film, {"ingest/new place/a.mov": "x"})))
    assert moved.moved == first.new
    assert listed(catalogue, "keep") == [("ingest/new place/a.mov", "logged")]
    assert [row.path for row in card_rows(catalogue)] == ["ingest/new place"]


def test_other_bytes_at_the_same_path_are_another_clip(catalogue: Catalogue, film: int) -> None:
    first = record_card(catalogue, card(film, "ingest/A", clip(film, {"ingest/A/a.mov": "x"})))
    second = record_card(catalogue, card(film, "ingest/A", clip(film, {"ingest/A/a.mov": "yy"})))
    assert second.new != first.new
    assert status_counts(catalogue) == {"logged": 1, "offline": 1}
    assert rows(catalogue, parse(f"id:{first.new[0]}")).rows[0]["status"] == "offline"


def test_two_files_that_changed_names_are_still_the_same_clips(catalogue: Catalogue, film: int, tmp_path: Path) -> None:
    lay(tmp_path, "ingest/A/a.mov", "ingest/A/b.mov")
    before = card(film, "ingest/A", clip(film, {"ingest/A/a.mov": "x"}), clip(film, {"ingest/A/b.mov": "y"}))
    after = card(film, "ingest/A", clip(film, {"ingest/A/a.mov": "y"}), clip(film, {"ingest/A/b.mov": "x"}))
    ids = record_card(catalogue, before).new
    outcome = record_card(catalogue, after)
    assert outcome.new == outcome.copies == ()
    found = {row["id"]: row["path"] for row in rows(catalogue, parse("status:logged")).rows}
    assert found == {ids[0]: "ingest/A/b.mov", ids[1]: "ingest/A/a.mov"}


def test_a_later_chapter_joins_its_clip(catalogue: Catalogue, film: int) -> None:
    one, two = "ingest/G/GX010001.MP4", "ingest/G/GX020001.MP4"
    first = record_card(catalogue, card(film, "ingest/G", clip(film, {one: "x"}, seconds=10)))
    both = record_card(catalogue, card(film, "ingest/G", clip(film, {one: "x", two: "y"}, seconds=25)))
    assert (both.new, both.extended) == ((), first.new)
    (row,) = rows(catalogue, parse("")).rows
    assert row["duration"] == 25
    assert [part.path.decode() for part in logged_clips(catalogue, parse(""))[0].clip.parts] == [one, two]
    assert rows(catalogue, parse("")).duration == 25


def test_an_earlier_chapter_that_comes_later_joins_under_the_first_id(catalogue: Catalogue, film: int) -> None:
    one, two = "ingest/G/GX010001.MP4", "ingest/G/GX020001.MP4"
    first = record_card(catalogue, card(film, "ingest/G", clip(film, {two: "y"})))
    both = record_card(catalogue, card(film, "ingest/G", clip(film, {one: "x", two: "y"}, seconds=25)))
    assert both.extended == first.new
    assert listed(catalogue) == [(one, "logged")]


def test_a_chapter_logged_on_its_own_is_no_clip_once_it_joins(catalogue: Catalogue, film: int) -> None:
    one, two = "ingest/G/GX010001.MP4", "ingest/G/GX020001.MP4"
    record_card(catalogue, card(film, "ingest/G", clip(film, {one: "x"}), clip(film, {two: "y"})))
    record_card(catalogue, card(film, "ingest/G", clip(film, {one: "x", two: "y"}, seconds=25)))
    assert listed(catalogue) == [(one, "logged")]


def test_a_card_may_bring_only_what_was_read_this_time(catalogue: Catalogue, film: int, tmp_path: Path) -> None:
    whole = card(film, "ingest/A", clip(film, "ingest/A/a.mov"), clip(film, "ingest/A/b.mov"))
    record_card(catalogue, whole)
    part = TakenCard(film, whole.folder, "later", whole.clips[1:], (), whole.moment)
    assert len(record_card(catalogue, part).known) == 1
    assert [status for _, status in listed(catalogue)] == ["logged", "logged"]


def test_a_file_gone_from_its_card_is_offline_and_not_deleted(catalogue: Catalogue, film: int) -> None:
    record_card(catalogue, card(film, "ingest/A", clip(film, "ingest/A/a.mov"), clip(film, "ingest/A/b.mov")))
    record_card(catalogue, card(film, "ingest/A", clip(film, "ingest/A/b.mov")))
    assert listed(catalogue) == [("ingest/A/a.mov", "offline"), ("ingest/A/b.mov", "logged")]


def test_a_part_that_is_missing_takes_the_clip_offline(catalogue: Catalogue, film: int) -> None:
    taken = clip(film, {"ingest/G/1.MP4": "x", "ingest/G/2.MP4": "y"})
    record_card(catalogue, card(film, "ingest/G", taken))
    half = CardFolder(b"ingest/G", "G", "plain", (ClipFiles("1.MP4", (b"ingest/G/1.MP4",)),))
    record_card(catalogue, replace(card(film, "ingest/G"), folder=half))
    assert listed(catalogue) == [("ingest/G/1.MP4", "offline")]


def test_the_full_hash_confirms_a_copy(catalogue: Catalogue, film: int, tmp_path: Path) -> None:
    lay(tmp_path, "ingest/A/a.mov", "ingest/B/a.mov")
    (name,) = record_card(catalogue, card(film, "ingest/A", clip(film, {"ingest/A/a.mov": "x"}))).new
    record_card(catalogue, card(film, "ingest/B", clip(film, {"ingest/B/a.mov": "x"})))
    assert [part.path for part in work_left(catalogue)[0].unhashed] == [b"ingest/A/a.mov", b"ingest/B/a.mov"]
    for place in (b"ingest/A/a.mov", b"ingest/B/a.mov"):
        outcome = record_hash(catalogue, film, place, "f" * 32)
        assert (outcome.clip, outcome.agrees) == (name, True)
    assert not any(work.unhashed for work in work_left(catalogue))


def test_a_quick_identity_that_two_files_share_is_found_out_by_the_full_hash(
    catalogue: Catalogue, film: int, tmp_path: Path
) -> None:
    lay(tmp_path, "ingest/A/a.mov", "ingest/B/a.mov")
    (name,) = record_card(catalogue, card(film, "ingest/A", clip(film, {"ingest/A/a.mov": "x"}))).new
    other = card(film, "ingest/B", clip(film, {"ingest/B/a.mov": "x"}, *says(unit="second")))
    record_card(catalogue, other)
    record_hash(catalogue, film, b"ingest/A/a.mov", "a" * 32)
    outcome = record_hash(catalogue, film, b"ingest/B/a.mov", "b" * 32)
    assert (outcome.clip, outcome.agrees) == ("b" * 32, False)
    assert listed(catalogue) == [("ingest/A/a.mov", "logged"), ("ingest/B/a.mov", "logged")]
    # Its card is due again, and then it is known under that id, with what the rules say of its own path.
    assert card_fingerprints(catalogue, film)[b"ingest/B"] == ""
    assert record_card(catalogue, other).known == ("b" * 32,)
    assert [row["id"] for row in rows(catalogue, parse("unit:second")).rows] == ["b" * 32]
    assert record_card(catalogue, card(film, "ingest/A", clip(film, {"ingest/A/a.mov": "x"}))).known == (name,)


def test_a_hash_of_a_file_nobody_knows_is_refused(catalogue: Catalogue, film: int) -> None:
    with pytest.raises(NotFound):
        record_hash(catalogue, film, b"nowhere", "0" * 32)


def test_unreadable_files_are_named_until_they_can_be_read(catalogue: Catalogue, film: int, tmp_path: Path) -> None:
    lay(tmp_path, "ingest/A/bad.mov")
    taken = card(film, "ingest/A", clip(film, "ingest/A/a.mov"))
    failed = FailedFile(b"ingest/A/bad.mov", "bad.mov is cut off.", 20)
    record_card(catalogue, TakenCard(film, taken.folder, "1", taken.clips, (failed,), taken.moment))
    assert [(each.path, each.sentence, each.exit_code) for each in failures(catalogue)] == [
        ("ingest/A/bad.mov", "bad.mov is cut off.", 20)
    ]
    assert card_rows(catalogue)[0].state == "failed"
    record_card(catalogue, TakenCard(film, taken.folder, "2", (), (), taken.moment))
    assert len(failures(catalogue)) == 1
    assert retry_failures(catalogue) == 1
    assert card_fingerprints(catalogue, film) == {b"ingest/A": ""}
    record_card(catalogue, card(film, "ingest/A", clip(film, "ingest/A/a.mov"), clip(film, "ingest/A/bad.mov")))
    assert failures(catalogue) == ()


def test_names_that_are_no_unicode_keep_every_byte(catalogue: Catalogue, film: int) -> None:
    taken = clip(film, "ingest/A/plain.mov")
    odd = b"ingest/A/\xff\xfe\n-\x01.mov"
    part = taken.clip.parts[0]
    made = replace(taken, clip=replace(taken.clip, name="odd", parts=(replace(part, path=odd),)))
    record_card(catalogue, card(film, "ingest/A", made, others=(b"\xff.txt",)))
    assert logged_clips(catalogue, parse(""))[0].clip.parts[0].path == odd
    assert card_rows(catalogue)[0].others == (b"\xff.txt",)
    assert "\\xff" in rows(catalogue, parse("")).rows[0]["path"]


def test_facts_of_a_newer_reader_replace_the_old_ones_whole(catalogue: Catalogue, film: int) -> None:
    record_card(catalogue, card(film, "ingest/A", clip(film, "ingest/A/a.mov", lens="Zeiss", reel="R1")))
    record_card(catalogue, card(film, "ingest/A", clip(film, "ingest/A/a.mov", reel="R2", reader="2")))
    (row,) = rows(catalogue, parse("")).rows
    assert (row["lens"], row["reel"]) == (None, "R2")
    assert rows(catalogue, parse("lens:zeiss or r1")).clips == 0


def test_a_value_that_no_field_takes_becomes_a_warning_and_the_rest_is_logged(catalogue: Catalogue, film: int) -> None:
    said = says("report", rating="8", note="fine")
    record_card(catalogue, card(film, "ingest/A", clip(film, "ingest/A/a.mov", *said)))
    (row,) = rows(catalogue, parse("fine")).rows
    assert row["rating"] is None
    assert "'8' is no rating" in row["warnings"][0]


def test_an_undone_set_falls_back_to_what_the_rules_say_today(catalogue: Catalogue, film: int) -> None:
    (name,) = record_card(catalogue, card(film, "ingest/A", clip(film, "ingest/A/a.mov", *says(unit="main")))).new
    batch = write_log(catalogue, [(name, Saying("unit", "second", "person"))], who="ann", words="set")
    record_card(catalogue, card(film, "ingest/A", clip(film, "ingest/A/a.mov", *says(unit="third"))))
    assert rows(catalogue, parse("")).rows[0]["unit"] == "second"
    undo(catalogue, batch.id[:8], who="ann")
    assert rows(catalogue, parse("")).rows[0]["unit"] == "third"
