"""From what a file says of its date to local time where it was shot.

Three zones meet: the one a file states (an offset, or UTC), the one a camera's clock is set to, and
that of the place. A zone is never laid on silently: `why` says which one made the local time.
"""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.clip import Facts


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
    place where the clip was shot, and the film's own, for moments in UTC from places nobody named."""

    clock: str = ""
    place: str = ""
    film: str = ""


def local_moment(facts: Facts, zones: Zones) -> LocalMoment | None:
    """The local time of a recording; None where the file states no date."""
    stated = _parsed(facts.recorded_at)
    if stated is None:
        return None
    if facts.recorded_at and len(facts.recorded_at) == len("2019-10-12"):
        return LocalMoment(stated.date().isoformat(), stated.date().isoformat(), None, "the file states the day alone")
    if facts.recorded_at_zone == "utc":
        return _from_utc(stated.replace(tzinfo=stated.tzinfo or UTC), zones.place or zones.film)
    if stated.tzinfo is not None:
        return _in_place(stated, zones.place, f"offset {stated:%z} in the file")
    if zones.clock:
        return _from_clock(stated, zones.clock, zones.place)
    return _moment(stated, "as the camera's clock showed it; its zone is not known")


def _parsed(text: str | None) -> datetime | None:
    try:
        stated = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    # The ends of the calendar have no other zone: no clock that shows them was set.
    return stated if stated and MINYEAR < stated.year < MAXYEAR else None


def _from_utc(stated: datetime, zone: str) -> LocalMoment:
    if zone:
        return _moment(stated.astimezone(ZoneInfo(zone)), f"UTC in the file, {zone} by settings")
    return LocalMoment(
        _iso(stated), stated.date().isoformat(), None, "UTC in the file; the zone of the place is not known"
    )


def _from_clock(stated: datetime, zone: str, place: str) -> LocalMoment:
    """A clock without a zone, read as `zone` and shown as the time at `place`."""
    first = stated.replace(tzinfo=ZoneInfo(zone), fold=0)
    second = first.replace(fold=1)
    why = f"no zone in the file, {zone} by settings"
    real = first.astimezone(UTC).astimezone(ZoneInfo(zone))
    if real.replace(tzinfo=None) != stated:
        return _in_place(real, place, f"{why}; the clock was not put forward that night")
    if first.utcoffset() != second.utcoffset():
        why += "; this hour came twice that night, the first is taken"
    return _in_place(first, place, why)


def _in_place(moment: datetime, place: str, why: str) -> LocalMoment:
    """A moment as the time at its place, where that differs."""
    if not place:
        return _moment(moment, why)
    there = moment.astimezone(UTC).astimezone(ZoneInfo(place))
    same = there.utcoffset() == moment.utcoffset()
    return _moment(there, why if same else f"{why}, shown as the time in {place}")


def _moment(moment: datetime, why: str) -> LocalMoment:
    clock = timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)
    return LocalMoment(_iso(moment), moment.date().isoformat(), int(clock.total_seconds()), why)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
