"""When each clip was recorded: its clock in its zones, corrected as what is in force says.

A correction stands for a camera, a unit and a day, never for a list of clips: cards that come later, or
are read again, follow it. The day of a clip for this is its shoot day, as it stands by its device's clock
alone, uncorrected: so a camera that lost its date is one clock, with GPS or without.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from pipeline.catalogue.packing import unpack_facts
from pipeline.catalogue.store import Connection
from pipeline.clip import Facts
from pipeline.shotlog.clocks import LocalMoment, Zones, clock_keys, day_alone, has_clock, local_moment, own_time
from pipeline.shotlog.estimates import by_satellites
from pipeline.shotlog.standing import Entry, Standing, standing

# (camera, unit, day) -> number of the correction and its milliseconds; None where one was taken away by hand.
InForce = dict[tuple[str, str, str], tuple[int, int | None]]
_INFERRED = -1  # no batch: an inferred day is worked out anew each time
_FAT_EPOCH = datetime(1980, 1, 2, tzinfo=UTC)  # file times before it are unset clocks


def keep_zones(db: Connection, n: int, zones: Zones) -> None:
    """Keep the zones that a clip's clock may be read in, as its card was read."""
    sql = "INSERT INTO clocks (clip_n, zones) VALUES (?, ?) ON CONFLICT (clip_n) DO UPDATE SET zones = excluded.zones"
    db.execute(sql, (n, msgspec.json.encode(zones).decode()))


def corrections_in_force(db: Connection) -> InForce:
    """The newest correction of each clock that is not undone."""
    rows = db.execute(
        "SELECT c.camera, c.unit, c.day, c.n, c.milliseconds FROM corrections c JOIN batches b ON b.n = c.batch_n"
        " WHERE NOT b.undone ORDER BY c.n"
    )
    return {(camera, unit, day): (n, milliseconds) for camera, unit, day, n, milliseconds in rows}


def settle_moment(
    db: Connection, n: int, facts: Facts, entries: Sequence[Entry], corrections: InForce
) -> tuple[Standing, LocalMoment | None]:
    """The clip's log with its day of recording, and the moment itself; notes which clock it stems from."""
    zones = zones_of(db, n)
    bare = own_time(facts, zones)
    log = standing(with_day(bare or day_alone(zones.day, ""), entries))
    one = {name: value for name, value in log.values.items() if isinstance(value, str)}
    day, unit, known_by = one.get("shoot_day"), one.get("unit", ""), clock_keys(facts, one.get("camera"))
    correction, by = _correction(known_by if has_clock(facts) else (), unit, day, corrections)
    moment = local_moment(facts, zones, by) if by or facts.gps_time else bare
    if moment != bare:
        log = standing(with_day(moment, entries))
    bounds = by_satellites(facts, zones)
    db.execute(
        "UPDATE clocks SET day = ?, unit = ?, camera = ?, claim = ?, low = ?, high = ?, correction = ?"
        " WHERE clip_n = ?",
        (
            day, unit, next(iter(known_by), ""), _claim(facts),
            bounds.low if bounds else None, bounds.high if bounds else None, correction, n,
        ),
    )  # fmt: skip
    return log, moment or _day_without_date(db, n, zones, day)


def moment_of(db: Connection, n: int, facts: Facts, correction: int) -> LocalMoment | None:
    """The moment of a clip that is settled, with the words that explain it."""
    zones = zones_of(db, n)
    day = db.execute("SELECT day FROM clocks WHERE clip_n = ?", (n,)).fetchone()[0]
    return local_moment(facts, zones, correction) or _day_without_date(db, n, zones, day)


def with_day(moment: LocalMoment | None, entries: Sequence[Entry]) -> list[Entry]:
    """The entries behind the shoot day that the moment of recording suggests, which any other word outdoes."""
    inferred = [Entry(_INFERRED, "shoot_day", "set", moment.day, "inferred")] if moment else []
    return [*inferred, *entries]


def zones_of(db: Connection, n: int) -> Zones:
    row = db.execute("SELECT zones FROM clocks WHERE clip_n = ?", (n,)).fetchone()
    return msgspec.json.decode(row[0], type=Zones) if row else Zones()


def facts_of(db: Connection, n: int) -> Facts:
    return unpack_facts(db.execute("SELECT facts FROM facts WHERE clip_n = ?", (n,)).fetchone()[0])


def _correction(keys: Sequence[str], unit: str, day: str | None, corrections: InForce) -> tuple[int | None, int]:
    """The correction of the surest name that a clock has one by, and its milliseconds."""
    for key in keys:
        if day and (found := corrections.get((key, unit, day))):
            return (None, 0) if found[1] is None else (found[0], found[1])
    return None, 0


def _claim(facts: Facts) -> str:
    """What the file claims of its date's zone, in a word."""
    if facts.recorded_at is None:
        return ""
    return {"utc": "UTC", "offset": "offset", "local-unknown": "no zone"}.get(facts.recorded_at_zone or "", "unknown")


def _day_without_date(db: Connection, n: int, zones: Zones, day: str | None) -> LocalMoment | None:
    """Where the file states no date: the shoot day that its folder or a person named, else the file's own time."""
    if day:
        return day_alone(day, "the file states no date; the shoot day alone is known")
    return _day_of_file(db, n, zones)


def _day_of_file(db: Connection, n: int, zones: Zones) -> LocalMoment | None:
    """The day the file was last written, which copying may have changed: the last resort."""
    row = db.execute(
        "SELECT mtime_ns FROM places WHERE clip_n = ? AND part = 0 ORDER BY NOT online, mtime_ns LIMIT 1", (n,)
    ).fetchone()
    try:
        written = datetime.fromtimestamp(row[0] // 1_000_000_000, UTC) if row else _FAT_EPOCH
    except (ValueError, OverflowError, OSError):
        return None
    if written <= _FAT_EPOCH:
        return None
    zone = zones.place or zones.film
    local = written.astimezone(ZoneInfo(zone)) if zone else written
    why = "the file states no date; the day it was last written, which is only likely"
    return day_alone(local.date().isoformat(), why)
