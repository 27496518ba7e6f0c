"""Local time: zones that a file, a camera rule or a place gives, and the nights clocks change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clip import Facts
from pipeline.shotlog.clocks import Zones, clock_keys, local_moment

VIENNA, NAIROBI = "Europe/Vienna", "Africa/Nairobi"


def moment(recorded_at, claim=None, **zones):
    return local_moment(Facts(recorded_at=recorded_at, recorded_at_zone=claim), Zones(**zones))


@pytest.mark.parametrize(
    ("recorded_at", "claim", "zones", "iso", "seconds"),
    [
        # An offset in the file is local time there and needs no settings.
        ("2019-10-12T06:30:00+02:00", "offset", {}, "2019-10-12T06:30:00+02:00", 23400),
        (
            "2019-10-12T06:30:00+02:00",
            "offset",
            {"clock": NAIROBI, "film": NAIROBI},
            "2019-10-12T06:30:00+02:00",
            23400,
        ),
        # A phone still on Vienna time in Kenya: the place's time counts.
        ("2019-08-14T05:30:00+02:00", "offset", {"place": NAIROBI}, "2019-08-14T06:30:00+03:00", 23400),
        # UTC.
        ("2019-08-14T03:30:00Z", "utc", {"place": NAIROBI, "film": VIENNA}, "2019-08-14T06:30:00+03:00", 23400),
        ("2019-08-14T03:30:00", "utc", {"place": NAIROBI}, "2019-08-14T06:30:00+03:00", 23400),
        ("2019-08-14T22:30:00Z", "utc", {"film": VIENNA}, "2019-08-15T00:30:00+02:00", 1800),
        ("2019-08-14T03:30:00Z", "utc", {}, "2019-08-14T03:30:00+00:00", None),
        # A clock without a zone.
        ("2019-08-14T06:30:00", "local-unknown", {}, "2019-08-14T06:30:00", 23400),
        ("2019-08-14T06:30:00", None, {"clock": NAIROBI}, "2019-08-14T06:30:00+03:00", 23400),
        (
            "2019-08-14T05:30:00",
            "local-unknown",
            {"clock": VIENNA, "place": NAIROBI},
            "2019-08-14T06:30:00+03:00",
            23400,
        ),
        ("2019-10-12T06:30:00.250", "local-unknown", {"clock": VIENNA}, "2019-10-12T06:30:00.250+02:00", 23400),
        # The day alone.
        ("2019-10-12", None, {"clock": VIENNA}, "2019-10-12", None),
    ],
)
def test_local_time_is_that_of_the_place(recorded_at, claim, zones, iso, seconds):
    local = moment(recorded_at, claim, **zones)
    assert local is not None
    assert (local.iso, local.day, local.seconds_of_day) == (iso, iso[:10], seconds)


@pytest.mark.parametrize(
    "recorded_at", [None, "", "yesterday", "2019-13-01T00:00:00", "0000", "0001-01-01T00:00:00", "9999-12-31T23:59:59"]
)
def test_no_date_is_no_moment(recorded_at):
    assert moment(recorded_at, clock=VIENNA) is None


@pytest.mark.parametrize(
    ("recorded_at", "claim", "zones", "iso", "why"),
    [
        # Vienna, 2019-10-27: 03:00 summer time becomes 02:00.
        ("2019-10-27T01:59:59", None, {"clock": VIENNA}, "2019-10-27T01:59:59+02:00", "by settings"),
        ("2019-10-27T02:30:00", None, {"clock": VIENNA}, "2019-10-27T02:30:00+02:00", "came twice"),
        ("2019-10-27T03:00:00", None, {"clock": VIENNA}, "2019-10-27T03:00:00+01:00", "by settings"),
        ("2019-10-27T00:30:00Z", "utc", {"place": VIENNA}, "2019-10-27T02:30:00+02:00", "UTC"),
        ("2019-10-27T01:30:00Z", "utc", {"place": VIENNA}, "2019-10-27T02:30:00+01:00", "UTC"),
        ("2019-10-27T02:30:00+01:00", "offset", {"place": VIENNA}, "2019-10-27T02:30:00+01:00", "offset"),
        # 2019-03-31: 02:00 becomes 03:00; a clock not put forward shows an hour that never was.
        ("2019-03-31T02:30:00", None, {"clock": VIENNA}, "2019-03-31T03:30:00+02:00", "not put forward"),
        # Nairobi has no such night.
        ("2019-10-27T02:30:00", None, {"clock": NAIROBI}, "2019-10-27T02:30:00+03:00", "by settings"),
        ("2019-03-31T02:30:00", None, {"clock": NAIROBI}, "2019-03-31T02:30:00+03:00", "by settings"),
    ],
)
def test_the_nights_when_clocks_change(recorded_at, claim, zones, iso, why):
    local = moment(recorded_at, claim, **zones)
    assert local is not None
    assert local.iso == iso
    assert why in local.why


@given(
    st.datetimes().filter(lambda stated: 1 < stated.year < 9999),
    st.sampled_from([None, "utc", "offset", "local-unknown"]),
    st.sampled_from([VIENNA, NAIROBI, ""]),
)
def test_a_zone_is_never_laid_on_silently(stated, claim, zone):
    local = moment(stated.isoformat(), claim, clock=zone, film=zone)
    assert local is not None
    assert not zone or claim == "offset" or zone in local.why
    assert local.day == local.iso[:10]


HOUR = 3_600_000


@pytest.mark.parametrize(
    ("recorded_at", "claim", "zones", "correction", "iso"),
    [
        ("2019-10-12T06:30:00", None, {}, HOUR + 3000, "2019-10-12T07:30:03"),
        ("2019-10-12T06:30:00", None, {"clock": VIENNA}, -250, "2019-10-12T06:29:59.750+02:00"),
        ("2019-10-12T06:30:00+02:00", "offset", {}, HOUR, "2019-10-12T07:30:00+02:00"),
        ("2019-10-12T04:30:00Z", "utc", {"place": VIENNA}, HOUR, "2019-10-12T07:30:00+02:00"),
        ("2019-10-12T04:30:00Z", "utc", {}, HOUR, "2019-10-12T05:30:00+00:00"),
        ("2019-08-14T23:59:00", None, {"clock": VIENNA, "place": NAIROBI}, 60_000, "2019-08-15T01:00:00+03:00"),
        # Over the night the clocks go back, and over the hour that is left out in spring.
        ("2019-10-27T01:30:00", None, {"clock": VIENNA}, 2 * HOUR, "2019-10-27T02:30:00+01:00"),
        ("2019-03-31T01:30:00", None, {"clock": VIENNA}, HOUR, "2019-03-31T03:30:00+02:00"),
        ("2019-10-27T01:30:00", None, {"clock": NAIROBI}, 2 * HOUR, "2019-10-27T03:30:00+03:00"),
        # A clock that lost its battery.
        ("2015-01-01T00:10:00", None, {"clock": VIENNA}, 150_779_520_000, "2019-10-12T04:22:00+02:00"),
        # The day alone has no clock to correct.
        ("2019-10-12", None, {"clock": VIENNA}, HOUR, "2019-10-12"),
    ],
)
def test_a_correction_moves_the_instant_and_says_so(recorded_at, claim, zones, correction, iso):
    local = local_moment(Facts(recorded_at=recorded_at, recorded_at_zone=claim), Zones(**zones), correction)
    assert local is not None
    assert local.iso == iso
    assert ("clock corrected by" in local.why) == (len(iso) > 10)


def test_a_correction_out_of_the_calendar_leaves_no_moment():
    assert local_moment(Facts(recorded_at="9998-12-31T23:59:59"), Zones(), 3_000_000_000_000) is None


@pytest.mark.parametrize(
    ("recorded_at", "claim", "gps_time", "zones", "iso", "why"),
    [
        # Both agree within what they can: the file's own date stays.
        ("2019-08-15T09:12:30", None, "2019-08-15T06:12:31Z", {"clock": NAIROBI}, "2019-08-15T09:12:30+03:00", "zone"),
        # The camera's clock is wrong, or its zone is not known, or it states nothing.
        ("2019-08-15T07:12:30", None, "2019-08-15T06:12:31.400Z", {"clock": NAIROBI, "place": NAIROBI},
         "2019-08-15T09:12:31.400+03:00", "GPS time; the file says 2019-08-15T07:12:30"),
        ("2016-01-01T00:00:30", None, "2019-08-15T06:12:31Z", {"place": NAIROBI}, "2019-08-15T09:12:31+03:00", "GPS"),
        (None, None, "2019-08-15T06:12:31.000Z", {"place": NAIROBI}, "2019-08-15T09:12:31+03:00", "GPS time"),
        (None, None, "2019-08-15T06:12:31.000Z", {}, "2019-08-15T06:12:31+00:00", "zone of the place is not known"),
        # The hour that came twice: the satellites know which.
        ("2019-10-27T02:30:00", None, "2019-10-27T01:30:01Z", {"clock": VIENNA}, "2019-10-27T02:30:00+01:00", "second"),
        ("2019-10-27T02:30:00", None, "2019-10-27T00:30:01Z", {"clock": VIENNA}, "2019-10-27T02:30:00+02:00", "first"),
    ],
)  # fmt: skip
def test_gps_time_is_believed_before_a_clock_and_needs_no_correction(recorded_at, claim, gps_time, zones, iso, why):
    facts = Facts(recorded_at=recorded_at, recorded_at_zone=claim, gps_time=gps_time)
    for correction in (0, HOUR):
        local = local_moment(facts, Zones(**zones), correction)
        assert local is not None
        assert local.iso == iso
        assert why in local.why


def test_who_named_a_zone_is_said():
    zones = Zones(clock=NAIROBI, clock_by="the unit's setting")
    for claim, why in (("local-unknown", "no zone in the file"), (None, "the file does not say which zone")):
        local = local_moment(Facts(recorded_at="2019-08-14T06:30:00", recorded_at_zone=claim), zones)
        assert local is not None
        assert local.why == f"{why}, Africa/Nairobi by the unit's setting"


@pytest.mark.parametrize(
    ("facts", "letter", "keys"),
    [
        ({"camera_serial": "77", "camera_make": "Sony", "camera_model": "ILCE-7M3"}, "B",
         ("serial 77", "camera B", "model Sony ILCE-7M3")),
        ({"camera_model": "X"}, None, ("model X",)),
        ({"originator": "MixPre-6"}, "S", ("camera S", "recorder MixPre-6")),
        ({}, None, ()),
    ],
)  # fmt: skip
def test_a_clock_is_known_by_serial_letter_model_in_this_order(facts, letter, keys):
    assert clock_keys(Facts(**facts), letter) == keys
