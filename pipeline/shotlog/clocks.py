"""From what a file says of its date to local time where it was shot.

Three zones meet: the one a file states (an offset, or UTC), the one a camera's clock is set to, and
that of the place. A zone is never laid on silently: `why` says which one made the local time, and who
named it. A clock that was set wrong is corrected by whole milliseconds; satellites need no correction.
"""

from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.clip import Facts
from pipeline.shotlog.offsets import say_offset

# A date in whole seconds and the satellites' clock, good to a second, agree within this.
_AGREE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class LocalMoment:
    """When recording began, in local time: `iso` without offset where none is known.

    `seconds_of_day` is None where the local time of day is not known.
    """

    iso: str
    day: str
    seconds_of_day: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Zones:
    """Names of the tz database, or empty: what a clock that states no zone is set to, the zone of the
    place where the clip was shot, and the unit's or film's own, for moments in UTC from places nobody
    named. Beside each, what named it. `day` is one that a folder's name begins with."""

    clock: str = ""
    place: str = ""
    film: str = ""
    day: str = ""
    clock_by: str = field(default="settings", compare=False)
    place_by: str = field(default="settings", compare=False)
    film_by: str = field(default="settings", compare=False)


@dataclass(frozen=True, slots=True)
class _Read:
    """A date as an instant (or a wall clock where no zone is known), the zone to show it in, and why."""

    moment: datetime
    zone: str
    why: str


def local_moment(facts: Facts, zones: Zones, correction: int = 0) -> LocalMoment | None:
    """The local time of a recording, its clock corrected by milliseconds; None where the file states no date."""
    try:
        return _satellite_time(facts, zones) or _camera_time(facts, zones, correction)
    except OverflowError:
        return None  # corrected out of the calendar


def has_clock(facts: Facts) -> bool:
    """Whether the clip's time is that of its device's own clock, so that a correction concerns it."""
    return _parsed(facts.recorded_at) is not None and not _is_day(facts) and _parsed(facts.gps_time) is None


def clock_keys(facts: Facts, letter: str | None) -> tuple[str, ...]:
    """What a device's clock is known by, the surest first: serial number, camera letter, model."""
    model = " ".join(part for part in (facts.camera_make, facts.camera_model) if part)
    named = ("serial", facts.camera_serial), ("camera", letter), ("model", model), ("recorder", facts.originator)
    return tuple(f"{kind} {name}" for kind, name in named if name)


def own_time(facts: Facts, zones: Zones) -> LocalMoment | None:
    """The local time by the device's own clock alone: uncorrected, and whatever satellites say."""
    return local_moment(replace(facts, gps_time=None) if facts.gps_time else facts, zones)


def stated_instant(facts: Facts, zones: Zones) -> datetime | None:
    """What the device's clock claims, uncorrected, in UTC; None where no zone is known, or no time of day."""
    stated = _parsed(facts.recorded_at)
    if stated is None or _is_day(facts):
        return None
    read = _read(facts, stated, zones)
    return read.moment.astimezone(UTC) if read.moment.tzinfo else None


def day_alone(day: str, why: str) -> LocalMoment | None:
    """A moment of which only the day is known; None for what is no day."""
    try:
        return LocalMoment(date.fromisoformat(day).isoformat(), day, None, why)
    except ValueError:
        return None


def _satellite_time(facts: Facts, zones: Zones) -> LocalMoment | None:
    """GPS time, where the file's own date is missing, has no zone, or contradicts it."""
    clock = _parsed(facts.gps_time)
    if clock is None:
        return None
    stated = stated_instant(facts, zones)
    if stated is not None and abs(stated - clock) <= _AGREE:
        return None
    said = f"GPS time; the file says {facts.recorded_at}" if facts.recorded_at else "GPS time"
    zone, shown = _shown(zones)
    return _from_utc(_Read(clock, zone, f"{said}{shown}"))


def _camera_time(facts: Facts, zones: Zones, correction: int) -> LocalMoment | None:
    stated = _parsed(facts.recorded_at)
    if stated is None:
        return None
    if _is_day(facts):
        return day_alone(stated.date().isoformat(), "the file states the day alone")
    read = _read(facts, stated, zones)
    if correction and has_clock(facts):
        aware = read.moment.astimezone(UTC) if read.moment.tzinfo else read.moment
        moved = aware + timedelta(milliseconds=correction)
        if read.moment.tzinfo:
            moved = moved.astimezone(read.moment.tzinfo)
        read = _Read(moved, read.zone, f"{read.why}; clock corrected by {say_offset(correction)}")
    if read.moment.tzinfo is None:
        return _moment(read.moment, read.why)
    return _from_utc(read) if facts.recorded_at_zone == "utc" else _in_place(read)


def _is_day(facts: Facts) -> bool:
    return facts.recorded_at is not None and len(facts.recorded_at) == len("2019-10-12")


def _parsed(text: str | None) -> datetime | None:
    try:
        stated = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    # The ends of the calendar have no other zone: no clock that shows them was set.
    return stated if stated and MINYEAR < stated.year < MAXYEAR else None


def _read(facts: Facts, stated: datetime, zones: Zones) -> _Read:
    if facts.recorded_at_zone == "utc":
        zone, shown = _shown(zones)
        return _Read(stated.replace(tzinfo=stated.tzinfo or UTC), zone, f"UTC in the file{shown}")
    if stated.tzinfo is not None:
        return _Read(stated, zones.place, f"offset {stated:%z} in the file")
    if zones.clock:
        certain = facts.recorded_at_zone == "local-unknown"
        read = _from_clock(stated, zones, _parsed(facts.gps_time))
        return replace(
            read, why=f"{'no zone in the file' if certain else 'the file does not say which zone'}, {read.why}"
        )
    return _Read(stated, "", "as the camera's clock showed it; its zone is not known")


def _shown(zones: Zones) -> tuple[str, str]:
    """The zone that UTC is shown in, and the words that say who named it."""
    if zones.place:
        return zones.place, f", {zones.place} by {zones.place_by}"
    if zones.film:
        return zones.film, f", {zones.film} by {zones.film_by}"
    return "", "; the zone of the place is not known"


def _from_utc(read: _Read) -> LocalMoment:
    if read.zone:
        return _moment(read.moment.astimezone(ZoneInfo(read.zone)), read.why)
    return LocalMoment(_iso(read.moment), read.moment.date().isoformat(), None, read.why)


def _from_clock(stated: datetime, zones: Zones, satellites: datetime | None) -> _Read:
    """A clock without a zone, read in its own; shown later as the time at the place."""
    zone = ZoneInfo(zones.clock)
    first, second = (stated.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    why = f"{zones.clock} by {zones.clock_by}"
    real = first.astimezone(UTC).astimezone(zone)
    if real.replace(tzinfo=None) != stated:
        return _Read(real, zones.place, f"{why}; the clock was not put forward that night")
    if first.utcoffset() == second.utcoffset():
        return _Read(first, zones.place, why)
    if satellites and abs(second - satellites) < abs(first - satellites):
        return _Read(second, zones.place, f"{why}; this hour came twice that night, the second by GPS")
    taken = "the first by GPS" if satellites else "the first is taken"
    return _Read(first, zones.place, f"{why}; this hour came twice that night, {taken}")


def _in_place(read: _Read) -> LocalMoment:
    """A moment as the time at its place, where that differs."""
    if not read.zone:
        return _moment(read.moment, read.why)
    there = read.moment.astimezone(UTC).astimezone(ZoneInfo(read.zone))
    same = there.utcoffset() == read.moment.utcoffset()
    return _moment(there, read.why if same else f"{read.why}, shown as the time in {read.zone}")


def _moment(moment: datetime, why: str) -> LocalMoment:
    clock = timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)
    return LocalMoment(_iso(moment), moment.date().isoformat(), int(clock.total_seconds()), why)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
