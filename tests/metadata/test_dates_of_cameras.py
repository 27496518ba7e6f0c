"""What a movie header's date means, by camera model, and the GPS clock beside it."""

from datetime import UTC, datetime
from fnmatch import translate

import pytest

from pipeline.metadata.assembly import assemble
from pipeline.metadata.cameras import clock_rules, rule_for
from pipeline.metadata.findings import Finding, moment


@pytest.mark.parametrize(
    ("make", "model", "means"),
    [
        ("GoPro", "HERO7 Black", "clock"), ("GoPro", "Hero7 Black", "clock"), ("GoPro", "HERO10 Black", "clock"),
        ("GoPro", "HERO11 Black", "unknown"), ("GoPro", "HERO13 Black", "unknown"), ("GoPro", "MAX2", None),
        ("Sony", "ILCE-7M3", "utc"), ("Apple", "iPhone 14 Pro", "utc"), ("Google", "Pixel 7", "utc"),
        ("samsung", "SM-A715F", "utc"), ("DJI", "Osmo Action", "unknown"), ("DJI", "L1D-20c", None),
        ("Canon", "EOS R5", None), (None, "HERO7 Black", None), ("GoPro", None, None),
    ],
)  # fmt: skip
def test_a_model_has_a_rule_or_none(make, model, means):
    rule = rule_for(make, model)
    assert (rule.means if rule else None) == means


def test_every_rule_says_why_and_can_fit():
    for rule in clock_rules():
        assert rule.why
        assert translate(rule.model)
        assert rule_for(rule.make, rule.model.replace("[3-9]", "7").replace("[1-9]", "1").replace("*", "x")) == rule


def facts_of(make, model, *dates):
    about = [Finding("camera_make", make, "udta", "udta"), Finding("camera_model", model, "udta", "udta")]
    return assemble([*about, *(Finding("recorded_at", moment(text), where, where) for where, text in dates)])


@pytest.mark.parametrize(
    ("model", "dates", "iso", "claim"),
    [
        # The digits stay; what they claim is the rule's word.
        ("HERO7 Black", [("mvhd", "2019-08-15T09:12:30Z")], "2019-08-15T09:12:30", "local-unknown"),
        ("HERO11 Black", [("mvhd", "2019-08-15T09:12:30Z")], "2019-08-15T09:12:30", None),
        ("Karma", [("mvhd", "2019-08-15T09:12:30Z")], "2019-08-15T09:12:30Z", "utc"),
        # A rule speaks of the header alone.
        ("HERO7 Black", [("keys", "2019-08-15T09:12:30+03:00"), ("mvhd", "2019-08-15T09:12:30Z")],
         "2019-08-15T09:12:30+03:00", "offset"),
        ("HERO7 Black", [("mvhd and GPS clock", "2019-08-15T06:12:30Z")], "2019-08-15T06:12:30Z", "utc"),
    ],
)  # fmt: skip
def test_a_header_means_what_the_model_is_known_for(model, dates, iso, claim):
    facts = facts_of("GoPro", model, *dates)
    assert (facts.recorded_at, facts.recorded_at_zone) == (iso, claim)


def test_the_source_of_a_date_says_which_rule_read_it():
    (source,) = (each for each in facts_of("GoPro", "HERO7 Black", ("mvhd", "2019-08-15T09:12:30Z")).sources
                 if each.key == "recorded_at")  # fmt: skip
    assert (source.where, source.why) == ("mvhd", "GoPro HERO7 Black: it writes its own clock, without a zone")


def test_the_satellites_time_is_a_fact_of_its_own():
    clock = datetime(2019, 8, 15, 6, 12, 31, 250_000, tzinfo=UTC)
    facts = assemble([Finding("gps_time", clock, "gpmf", "gpmd track GPS clock")])
    assert facts.gps_time == "2019-08-15T06:12:31.250Z"
