"""Corrections of clocks: they stand for camera, unit and day, and every clip of that clock follows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shoot import card, clip, says

from pipeline.catalogue.cards import record_card
from pipeline.catalogue.clocks import Change, ClockOf, clock_rows, correct, evidence, told, uncorrected
from pipeline.catalogue.listing import rows
from pipeline.catalogue.log import undo, write_log
from pipeline.catalogue.roots import root
from pipeline.catalogue.store import check, open_catalogue
from pipeline.clip import Saying
from pipeline.errors import NotFound, ValueRefused
from pipeline.shotlog.clocks import Zones
from pipeline.shotlog.query import parse

VIENNA = Zones(clock="Europe/Vienna", place="Europe/Vienna")
B = ClockOf("serial 77", "main", "2019-10-12")
HOUR = 3_600_000


def shot(film, name, at, *, folder="ingest/B001", zones=VIENNA, said=None, serial="77", **facts):
    said = says(shoot_day="2019-10-12", unit="main", camera="B") if said is None else said
    return clip(film, f"{folder}/{name}.mov", *said, at=at, zones=zones, camera_serial=serial, **facts)


def took(catalogue, film, *clips, folder="ingest/B001", **how):
    record_card(catalogue, card(film, folder, *clips, **how))


def put(catalogue, milliseconds, clock=B, *, error=1000):
    return correct(catalogue, [Change(clock, milliseconds, error, "by hand")], who="ann", words="clock set")


def times(catalogue, query=""):
    return {row["name"]: row["recorded_at"] for row in rows(catalogue, parse(query)).rows}


def found(catalogue, query):
    return sorted(times(catalogue, query))


def test_a_correction_moves_every_clip_of_the_clock_and_what_searches_find(catalogue, film):
    other = shot(film, "A1", "2019-10-12T06:30:00", serial="12")
    took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00"), shot(film, "B2", "2019-10-12T06:50:00"), other)
    assert found(catalogue, "at:06:00..06:59") == ["A1.mov", "B1.mov", "B2.mov"]
    done = put(catalogue, HOUR + 3000)
    assert len(done.clips) == 2
    assert times(catalogue) == {
        "A1.mov": "2019-10-12T06:30:00+02:00", "B1.mov": "2019-10-12T07:30:03+02:00",
        "B2.mov": "2019-10-12T07:50:03+02:00",
    }  # fmt: skip
    assert found(catalogue, "at:06:00..06:59") == ["A1.mov"]
    assert found(catalogue, "at:07:30..07:31") == ["B1.mov"]
    assert found(catalogue, "recorded_at:2019-10-12T07") == ["B1.mov", "B2.mov"]
    assert check(catalogue) == ()


def test_clips_that_come_later_and_cards_that_are_read_again_follow(catalogue, film):
    took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00"))
    put(catalogue, HOUR)
    late = shot(film, "B9", "2019-10-12T08:00:00", folder="ingest/B002")
    took(catalogue, film, late, folder="ingest/B002")
    assert times(catalogue)["B9.mov"] == "2019-10-12T09:00:00+02:00"
    took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00", reader="2"), fingerprint="again")
    assert times(catalogue)["B1.mov"] == "2019-10-12T07:30:00+02:00"


def test_other_days_units_and_cameras_keep_their_time(catalogue, film):
    second = says(shoot_day="2019-10-12", unit="second", camera="B")
    next_day = says(shoot_day="2019-10-13", unit="main", camera="B")
    took(
        catalogue, film,
        shot(film, "unit", "2019-10-12T06:30:00", said=second), shot(film, "day", "2019-10-13T06:30:00", said=next_day),
        shot(film, "body", "2019-10-12T06:30:00", serial="78"), shot(film, "B1", "2019-10-12T06:30:00"),
    )  # fmt: skip
    assert len(put(catalogue, HOUR).clips) == 1
    assert found(catalogue, "at:06:30") == ["body.mov", "day.mov", "unit.mov"]


def test_a_corrected_clock_moves_the_day_it_inferred_and_no_other(catalogue, film):
    unnamed = says(unit="main", camera="B")
    took(
        catalogue, film,
        shot(film, "B1", "2019-10-12T23:30:00", said=unnamed), shot(film, "B2", "2019-10-12T23:40:00"),
    )  # fmt: skip
    put(catalogue, HOUR)
    days = {row["name"]: (row["shoot_day"], row["recorded_at"]) for row in rows(catalogue, parse("")).rows}
    assert days == {
        "B1.mov": ("2019-10-13", "2019-10-13T00:30:00+02:00"),  # inferred from the clock
        "B2.mov": ("2019-10-12", "2019-10-13T00:40:00+02:00"),  # the folder named the day of the crew
    }
    assert found(catalogue, "shot:2019-10-13") == ["B1.mov"]


def test_undo_takes_a_correction_back_and_an_undo_can_be_undone(catalogue, film):
    took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00"))
    put(catalogue, HOUR)
    put(catalogue, 2 * HOUR)
    assert times(catalogue)["B1.mov"] == "2019-10-12T08:30:00+02:00"
    undone = undo(catalogue, None, who="ann")
    assert len(undone.clips) == 1
    assert times(catalogue)["B1.mov"] == "2019-10-12T07:30:00+02:00"
    undo(catalogue, undone.id, who="ann")
    assert times(catalogue)["B1.mov"] == "2019-10-12T08:30:00+02:00"
    undo(catalogue, None, who="ann")
    undo(catalogue, None, who="ann")
    assert times(catalogue)["B1.mov"] == "2019-10-12T06:30:00+02:00"
    with pytest.raises(NotFound):
        undo(catalogue, None, who="ann")


def test_a_correction_can_be_cleared(catalogue, film):
    took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00"))
    put(catalogue, HOUR)
    assert len(put(catalogue, None).clips) == 1
    assert times(catalogue)["B1.mov"] == "2019-10-12T06:30:00+02:00"
    undo(catalogue, None, who="ann")
    assert times(catalogue)["B1.mov"] == "2019-10-12T07:30:00+02:00"


def test_the_letter_names_a_clock_that_has_no_serial_number(catalogue, film):
    took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00", serial=None))
    put(catalogue, HOUR, ClockOf("camera B", "main", "2019-10-12"))
    assert times(catalogue)["B1.mov"] == "2019-10-12T07:30:00+02:00"
    # A newer reader finds the serial number: the word about camera B still stands for it.
    took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00", reader="2"), fingerprint="again")
    assert times(catalogue)["B1.mov"] == "2019-10-12T07:30:00+02:00"
    (row,) = clock_rows(catalogue)
    assert row.clock == B
    assert row.correction is not None
    put(catalogue, None)  # and can be taken away under the surer name
    assert times(catalogue)["B1.mov"] == "2019-10-12T06:30:00+02:00"


def test_a_clip_that_is_given_to_another_unit_leaves_the_correction(catalogue, film):
    took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00"))
    put(catalogue, HOUR)
    (row,) = rows(catalogue, parse("")).rows
    write_log(catalogue, [(row["id"], Saying("unit", "second", "person"))], who="ann", words="set")
    assert times(catalogue)["B1.mov"] == "2019-10-12T06:30:00+02:00"


def test_gps_time_needs_no_correction(catalogue, film):
    took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00", gps_time="2019-10-12T04:30:00.500Z"))
    assert put(catalogue, HOUR).clips == ()
    assert times(catalogue)["B1.mov"] == "2019-10-12T06:30:00+02:00"


def test_a_camera_that_lost_its_date_is_one_clock_with_gps_or_without(catalogue, film):
    unnamed = says(unit="main", camera="B")
    took(
        catalogue, film,
        shot(film, "B1", "2016-01-01T00:10:00", said=unnamed, gps_time="2019-10-12T04:30:00.000Z"),
        shot(film, "B2", "2016-01-01T02:10:00", said=unnamed),
    )  # fmt: skip
    (row,) = clock_rows(catalogue)
    assert (row.clock.day, row.clips, row.with_gps) == ("2016-01-01", 2, 1)
    assert row.gps is not None
    put(catalogue, row.gps.middle, row.clock, error=row.gps.error)
    days = {each["name"]: each["shoot_day"] for each in rows(catalogue, parse("")).rows}
    assert days == {"B1.mov": "2019-10-12", "B2.mov": "2019-10-12"}
    assert found(catalogue, "at:08:29..08:31") == ["B2.mov"]


@pytest.mark.parametrize(
    ("facts", "said", "mtime", "recorded"),
    [
        # What is trusted: GPS time, the file's date, the folder's day, the file's own time.
        ({"at": "2019-10-12T06:30:00", "gps_time": "2019-10-12T03:00:00.000Z"}, {}, 1, "2019-10-12T05:00:00+02:00"),
        ({"at": "2019-10-12T06:30:00"}, {}, 1, "2019-10-12T06:30:00+02:00"),
        ({"at": None}, {"shoot_day": "2019-10-12"}, 1, "2019-10-12"),
        ({"at": None}, {}, 1_570_831_200_000_000_000, "2019-10-12"),  # 22:00 UTC the day before: local by the place
        ({"at": None}, {}, 315_532_800_000_000_000, None),  # 1980-01-01: FAT without a clock
        ({"at": None}, {}, 1, None),
    ],
)
def test_without_a_date_the_folders_day_counts_then_the_files_own(catalogue, film, facts, said, mtime, recorded):
    one = clip(film, {"ingest/X/x.mov": "x"}, *says(**said), mtime=mtime, zones=VIENNA, **facts)
    took(catalogue, film, one, folder="ingest/X")
    assert times(catalogue)["x.mov"] == recorded


def test_clocks_are_listed_with_what_they_state_and_what_gps_says(catalogue, film):
    unsure = says(shoot_day="2019-10-13", unit="main", camera="B")
    took(
        catalogue, film,
        shot(film, "B1", "2019-10-12T06:30:00", gps_time="2019-10-12T05:30:03.000Z", camera_model="X3"),
        shot(film, "B2", "2019-10-12T07:00:00", gps_time="2019-10-12T06:00:03.900Z", camera_model="X3"),
        shot(film, "B3", "2019-10-12T08:00:00", camera_model="X3"),
        shot(film, "B4", "2019-10-13T06:30:00", gps_time="2019-10-13T05:30:03.000Z", said=unsure),
        shot(film, "B5", "2019-10-13T06:40:00", gps_time="2019-10-13T04:40:03.000Z", said=unsure),
    )  # fmt: skip
    first, second = clock_rows(catalogue)
    assert (first.clock, first.letter, first.model, first.clips, first.claims) == (B, "B", "X3", 3, ("unknown",))
    assert first.with_gps == 2
    assert first.gps is not None
    assert (first.gps.low, first.gps.high) == (HOUR + 1900, HOUR + 4000)
    assert (second.with_gps, second.gps) == (2, None)  # the two contradict each other
    (ident,) = [row["id"] for row in rows(catalogue, parse("name:B4")).rows]
    assert [row.clock.day for row in clock_rows(catalogue, [ident])] == ["2019-10-13"]
    assert clock_rows(catalogue, []) == []


def test_a_forgotten_clip_and_one_without_a_date_are_no_clocks(catalogue, film):
    took(catalogue, film, shot(film, "none", None))
    assert clock_rows(catalogue) == []
    assert rows(catalogue, parse("shot:2019-10-12")).clips == 1


def test_clips_that_name_no_camera_are_not_corrected_together(catalogue, film):
    took(catalogue, film, shot(film, "x", "2019-10-12T06:30:00", serial=None, said=says(shoot_day="2019-10-12")))
    (row,) = clock_rows(catalogue)
    assert row.clock.camera == ""
    with pytest.raises(ValueRefused, match="rushes set QUERY camera=B"):
        put(catalogue, HOUR, row.clock)
    assert times(catalogue)["x.mov"] == "2019-10-12T06:30:00+02:00"


def test_a_clip_tells_how_it_came_by_its_moment(catalogue, film):
    took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00", recorded_at_zone="local-unknown"))
    put(catalogue, HOUR, error=500)
    (ident,) = [row["id"] for row in rows(catalogue, parse("")).rows]
    moment = told(catalogue, ident)
    assert moment is not None
    assert moment.correction is not None
    assert (moment.recorded_at, moment.raw, moment.claim) == (
        "2019-10-12T07:30:00+02:00", "2019-10-12T06:30:00", "no zone",
    )  # fmt: skip
    assert moment.why == "no zone in the file, Europe/Vienna by settings; clock corrected by +01:00:00"
    assert (moment.correction.milliseconds, moment.correction.error, moment.correction.who) == (HOUR, 500, "ann")
    bare = uncorrected(catalogue, ident)
    assert bare is not None
    assert bare.iso == "2019-10-12T06:30:00+02:00"
    with pytest.raises(NotFound):
        told(catalogue, "0000")


def test_the_evidence_of_a_clock_is_its_times_and_timecodes(catalogue, film):
    took(
        catalogue, film,
        shot(film, "B1", "2019-10-12T06:30:00"), shot(film, "B2", "2019-10-12T07:00:00.500", start="11:00:00:00"),
        shot(film, "B3", "2019-10-12T08:00:00", start=None), shot(film, "B4", "2019-10-12T08:00:00", zones=Zones()),
    )  # fmt: skip
    assert [(f"{each.claimed:%H:%M}", str(each.start), each.whole_seconds) for each in evidence(catalogue, B)] == [
        ("04:30", "10:00:00:00", True), ("05:00", "11:00:00:00", False),
    ]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["set", "clear", "undo"]), st.integers(-(10**8), 10**8)), max_size=8))
def test_whatever_is_corrected_and_undone_the_newest_word_stands(tmp_path_factory, steps):
    with open_catalogue(tmp_path_factory.mktemp("law") / "catalogue.db", create=True) as catalogue:
        film = root(catalogue, "film", "film", place=None).id
        took(catalogue, film, shot(film, "B1", "2019-10-12T06:30:00.000"))
        stands: list[int | None] = []
        for step, milliseconds in steps:
            if step == "undo" and stands:
                undo(catalogue, None, who="ann")
                stands.pop()
            elif step != "undo":
                stands.append(milliseconds if step == "set" else None)
                put(catalogue, stands[-1])
        now = stands[-1] if stands else None
        (row,) = clock_rows(catalogue)
        assert (row.correction.milliseconds if row.correction else None) == now
        (ident,) = [row["id"] for row in rows(catalogue, parse("")).rows]
        bare, moment = uncorrected(catalogue, ident), told(catalogue, ident)
        assert bare is not None
        assert moment is not None
        assert (moment.recorded_at == bare.iso) == (not now)
        assert check(catalogue) == ()
