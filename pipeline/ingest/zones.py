"""The time zone of a place on Earth, offline."""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timezonefinder import TimezoneFinder


def zone_at(point: tuple[float, float]) -> str:
    """The tz database's name for latitude and longitude in degrees; at sea the hour by longitude (Etc/GMT+2)."""
    return _finder().timezone_at(lat=point[0], lng=point[1]) or ""


@lru_cache(maxsize=1)
def _finder() -> "TimezoneFinder":
    """One for each process: its map takes a fifth of a second to open, an answer microseconds."""
    from timezonefinder import TimezoneFinder

    return TimezoneFinder()
