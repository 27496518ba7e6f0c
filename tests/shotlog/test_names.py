"""Templates and patterns: what folder and file names say."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import NameSettings
from pipeline.shotlog.names import day_of, day_of_folders, fits_template, names_from_path

NESTED = "{shoot_day}_{location}/{subject}/{camera}{card}"
FLAT = "{shoot_day}_{location}_{subject}_{camera}{card}"


def stated(folder: str, *templates: str, path: str = "", patterns: tuple[str, ...] = ()) -> dict[str, str]:
    names = NameSettings(templates=templates, patterns=patterns)
    said = names_from_path((path or f"{folder}/x.mov").encode(), names, folder=folder.encode())
    return {name.field: name.value for name in said}


@pytest.mark.parametrize(
    ("template", "folder", "expected"),
    [
        (NESTED, "2019-10-12_Vienna/Coach/A001", "2019-10-12|Vienna|Coach|A|001"),
        (
            NESTED,
            "drop/second/20191012_Vienna/Coach-interview/B012_R1AB",
            "2019-10-12|Vienna|Coach-interview|B|012_R1AB",
        ),
        (NESTED, "191012_Prater Hauptallee/Édith/a001", "2019-10-12|Prater Hauptallee|Édith|A|001"),
        (NESTED, "2019-10-12_Prater_Hauptallee/Coach/A001", "2019-10-12|Prater_Hauptallee|Coach|A|001"),
        (NESTED, "2019-10-12_Vienna/line\nbreak/A_001", "2019-10-12|Vienna|line\nbreak|A|_001"),
        (FLAT, "2019-08-14_Kaptagat_Morning run_A001", "2019-08-14|Kaptagat|Morning run|A|001"),
        (FLAT, "2019-08-14_Kaptagat_Morning_run_A001", "2019-08-14|Kaptagat|Morning_run|A|001"),
        (
            "{shoot_day}_{location}/{subject}/({camera}) [{card}]",
            "191012_Vienna/x/(A) [1.mov]",
            "2019-10-12|Vienna|x|A|1.mov",
        ),
    ],
)
def test_a_template_reads_the_last_folders(template, folder, expected):
    assert stated(folder, template) == dict(
        zip(("shoot_day", "location", "subject", "camera", "card"), expected.split("|"), strict=True)
    )
    assert fits_template(folder.encode(), (template,))


@pytest.mark.parametrize(
    ("template", "folder"),
    [
        (NESTED, ""),
        (NESTED, "A001"),
        (NESTED, "Coach/A001"),
        (NESTED, "2019-02-30_Vienna/Coach/A001"),  # no such day
        (NESTED, "2019-10-12_Vienna/Coach/Archive"),  # A is no camera there: a card begins with a digit
        (NESTED, "2019-10-12_Vienna/Coach/01"),
        (NESTED, "2019-10-12_Vienna/ /A001"),  # a blank says nothing
        (NESTED, "2019-10-12-Vienna/Coach/A001"),
        (NESTED, "2019-10-12_Vienna/Coach/A001/CLIP"),
        (FLAT, "2019-08-14_Kaptagat_A001"),
        ("{camera}{card}", "a/AB01"),
        ("[{card}", "card"),
    ],
)
def test_a_template_that_does_not_fit_fits_nothing(template, folder):
    assert not fits_template(folder.encode(), (template,))


def test_folders_above_the_card_give_names():
    assert stated("2019-10-12_Vienna/Coach/A001/backup", NESTED)["camera"] == "A"
    assert not fits_template(b"2019-10-12_Vienna/Coach/A001/backup", (NESTED,))


def test_several_templates_each_give_what_they_know_the_first_wins():
    said = stated(
        "second unit/191012_Vienna/B003", "{camera}{card}", "{shoot_day}_{location}", "{unit} unit", "{location}"
    )
    assert said == {
        "camera": "B", "card": "003", "shoot_day": "2019-10-12", "location": "Vienna", "unit": "second",
    }  # fmt: skip


def test_a_name_used_twice_must_stand_there_twice_alike():
    template = "{shoot_day}/{camera}{card}/{camera}{card}"
    assert stated("191012/A001/A001", template)["camera"] == "A"
    assert not fits_template(b"191012/A001/B001", (template,))


def test_a_pattern_is_searched_in_the_path_and_wins_over_a_template():
    said = stated(
        "2019-10-12_Vienna/Coach/A001",
        NESTED,
        path="2019-10-12_Vienna/Coach/A001/S12_T3_B.mov",
        patterns=(r"S(?P<scene>\d+)_T(?P<take>\d+)_(?P<camera>[A-Z])\.", r"no(?P<unit>thing)"),
    )
    assert (said["scene"], said["take"], said["camera"], said["location"]) == ("12", "3", "B", "Vienna")
    assert "unit" not in said


def test_subjects_of_pattern_and_template_are_both_kept():
    names = NameSettings(templates=(NESTED,), patterns=(r"with (?P<subject>\w+)",))
    said = names_from_path(b"191012_V/Coach/A001/with Pacer.mov", names, folder=b"191012_V/Coach/A001")
    assert [name.value for name in said if name.field == "subject"] == ["Pacer", "Coach"]
    assert {name.detail for name in said if name.field == "subject"} == {
        rf"pattern {names.patterns[0]}",
        f"template {NESTED}",
    }


def test_a_pattern_with_an_impossible_day_says_nothing():
    assert stated("x", path="20191399.mov", patterns=(r"(?P<shoot_day>\d{8})",)) == {}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2019-10-12", "2019-10-12"),
        ("20191012", "2019-10-12"),
        ("191012", "2019-10-12"),
        ("20190230", None),
        ("000000", None),
        ("20240229", "2024-02-29"),
    ],
)
def test_days_are_normal_or_refused(text, day):
    assert day_of(text) == day


@given(
    st.binary(max_size=300), st.sampled_from([NESTED, FLAT, "{card}", "{shoot_day}*{card}", "a+b{card}(", "\\{unit}$"])
)
def test_no_name_upsets_a_template(folder, template):
    names = NameSettings(templates=(template,))
    fits = fits_template(folder, (template,))
    said = names_from_path(folder, names, folder=folder)
    assert bool(said) or not fits
    for name in said:
        assert name.value
        name.value.encode("utf-8")


PLAIN = st.text(st.characters(exclude_characters="/_{}", exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=20)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), PLAIN, PLAIN, st.sampled_from("ABCZ"), st.integers(0, 999))
def test_what_is_written_by_a_template_is_read_back(day, location, subject, camera, card):
    folder = f"{day:%Y%m%d}_{location}/{subject}/{camera}{card:03}"
    assert stated(folder, NESTED) == {
        "shoot_day": day.isoformat(), "location": location, "subject": subject, "camera": camera, "card": f"{card:03}",
    }  # fmt: skip


@given(st.text(st.characters(exclude_characters="{}/", exclude_categories=["Cs"]), max_size=10))
def test_letters_of_a_template_stand_for_themselves(literal):
    folder = f"{literal}7"
    assert fits_template(folder.encode(), (literal + "{card}",)) == bool(re.fullmatch(r"[^/]+", folder))


@pytest.mark.parametrize(
    ("folder", "day"),
    [
        (b"2019-10-12_Vienna_A001", "2019-10-12"),
        (b"2019-10-12 race/B cam/A001", "2019-10-12"),
        (b"191012/2019-10-13_second unit/A001", "2019-10-13"),
        (b"20191012/A001", "2019-10-12"),
        (b"Vienna 2019-10-12/A001", ""),
        (b"2019-13-40_Vienna", ""),
        (b"20191012345/A001", ""),
        (b"100GOPRO/A001", ""),
        (b"", ""),
    ],
)
def test_a_day_at_the_beginning_of_a_folders_name_is_known_whatever_follows(folder, day):
    assert day_of_folders(folder) == day
