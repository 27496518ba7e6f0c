"""Named places: which one a coordinate lies in."""

from collections.abc import Sequence
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from pipeline.settings import Place

_EARTH = 6_371_008.8  # mean radius in metres (IUGG)


class Found(NamedTuple):
    place: Place
    metres: float


def place_of(gps: tuple[float, float], places: Sequence[Place]) -> Found | None:
    """The nearest of the places whose radius holds the point; of equally near ones the first."""
    near = [Found(place, metres_between(gps, (place.latitude, place.longitude))) for place in places]
    held = [found for found in near if found.metres <= found.place.radius]
    return min(held, key=lambda found: found.metres, default=None)


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way over ground between two points (latitude, longitude in degrees) by the haversine formula."""
    south, north = radians(one[0]), radians(other[0])
    rise = sin((north - south) / 2) ** 2
    turn = sin(radians(other[1] - one[1]) / 2) ** 2
    return 2 * _EARTH * asin(min(1.0, sqrt(rise + cos(south) * cos(north) * turn)))
