"""How many sound recordings run with each picture: counted where clips are logged, and kept for searching.

Which recording runs with which picture is editorial/sync.py's to say; here it is asked for all clips of a day.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, TypeAlias

from pipeline.catalogue.packing import timecode, unpack_facts
from pipeline.catalogue.store import Connection
from pipeline.editorial.sync import (
    Recording,
    Sounds,
    length_of,
    offers,
    on_clock,
    recorder_of,
    sounds_of,
    time_reference,
)

_KIND = "(SELECT n FROM terms WHERE field = 'kind' AND value = '{}')"
_COLUMNS = "c.id, c.name, g.day, u.value, c.start_timecode, c.start_rate, c.flicks"
_PICTURES = (
    f"SELECT c.n, c.sound, {_COLUMNS} FROM {{}} LEFT JOIN terms u ON u.n = g.unit"
    f" WHERE {{}} = ? AND g.kind = {_KIND.format('picture')}"
)
_ONE, _DAY = "clips c JOIN groups g ON g.n = c.group_n", "groups g CROSS JOIN clips c ON c.group_n = g.n"
_SOUNDS = (
    f"SELECT c.n, {_COLUMNS}, f.facts, k.value FROM {_DAY} JOIN facts f ON f.clip_n = c.n"
    " LEFT JOIN terms u ON u.n = g.unit LEFT JOIN terms k ON k.n = g.camera"
    f" WHERE {{}} AND g.kind = {_KIND.format('sound')}"
)
Picture: TypeAlias = tuple[int, int | None, Recording | None]  # number, what is kept of its sound, its clock
UNCOUNTED = "SELECT n FROM clips WHERE sound = -1"  # sound that was logged before this was counted


def settle_sounds(db: Connection, pictures: Iterable[int], days: Iterable[str]) -> None:
    """Count anew what runs with these pictures (by number), and with all pictures of days whose sound has changed."""
    late = [n for (n,) in db.execute(UNCOUNTED)]
    days = {*days, *(day for n in late for (day,) in db.execute(_DAY_OF, (n,)) if day)}
    db.executemany("UPDATE clips SET sound = NULL WHERE n = ?", [(n,) for n in late])
    concerned = [*(each for n in pictures for each in _picture(db, n)), *pictures_on(db, around(days))]
    heard: dict[str, Sounds] = {}
    for n, kept, picture in concerned:
        found = 0
        if picture is not None and picture.day is not None:
            if picture.day not in heard:
                heard[picture.day] = sounds_of(each for _, each in sounds_on(db, around([picture.day])))
            found = sum(not offer.doubt for offer in offers(picture, heard[picture.day]))
        if (found or None) != kept:
            db.execute("UPDATE clips SET sound = ? WHERE n = ?", (found or None, n))


_DAY_OF = "SELECT g.day FROM clips c JOIN groups g ON g.n = c.group_n WHERE c.n = ?"


def around(days: Iterable[str | None]) -> list[str]:
    """These days and those beside them: a recording may run over midnight."""
    found = set()
    for day in days:
        try:
            middle = date.fromisoformat(day or "")
            found |= {(middle + timedelta(step)).isoformat() for step in (-1, 0, 1)}
        except (ValueError, OverflowError):
            continue
    return sorted(found)


def _picture(db: Connection, n: int) -> list[Picture]:
    return _read_pictures(db.execute(_PICTURES.format(_ONE, "c.n"), (n,)))


def pictures_on(db: Connection, days: Iterable[str]) -> list[Picture]:
    sql = _PICTURES.format(_DAY, "g.day")
    return [picture for day in days for picture in _read_pictures(db.execute(sql, (day,)))]


def _read_pictures(rows: Iterable[Sequence[Any]]) -> list[Picture]:
    found: list[Picture] = []
    for n, kept, clip_id, name, day, unit, start, rate, flicks in rows:
        clock = on_clock(timecode(start, rate)) if flicks else None
        found.append((n, kept, Recording(clip_id, name, day, unit, "", clock, flicks) if clock else None))
    return found


def sounds_on(db: Connection, days: Sequence[str | None] | None) -> list[tuple[int, Recording]]:
    """The sound recordings of these days (None: of every day) that have a clock."""
    if days is None:
        return _read_sounds(db.execute(_SOUNDS.format("1")))
    sql = _SOUNDS.format("g.day IS ?")
    return [sound for day in days for sound in _read_sounds(db.execute(sql, (day,)))]


def _read_sounds(rows: Iterable[Sequence[Any]]) -> list[tuple[int, Recording]]:
    found = []
    for n, clip_id, name, day, unit, start, rate, flicks, packed, camera in rows:
        facts = unpack_facts(packed)
        clock, length = on_clock(timecode(start, rate), time_reference(facts)), flicks or length_of(facts, Fraction(0))
        if clock is not None and length:
            found.append((n, Recording(clip_id, name, day, unit, recorder_of(facts, camera), clock, length)))
    return found
