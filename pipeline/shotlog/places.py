"""What a coordinate is called: the film's own place that holds it, else the nearest town."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.settings import Place
from pipeline.shotlog.towns import FARTHEST, metres_between, nearest_town


class Found(NamedTuple):
    place: Place
    metres: float


class Called(NamedTuple):
    """A coordinate's name; `said` is the same with how far off it is: "Eldoret, 21 km"."""

    name: str
    said: str
    confidence: float


def place_of(gps: tuple[float, float], places: Sequence[Place]) -> Found | None:
    """The nearest of the places whose radius holds the point; of equally near ones the first."""
    near = [Found(place, metres_between(gps, (place.latitude, place.longitude))) for place in places]
    held = [found for found in near if found.metres <= found.place.radius]
    return min(held, key=lambda found: found.metres, default=None)


def called(gps: tuple[float, float], places: Sequence[Place]) -> Called | None:
    """The name of a point; None in the open country. A town is the less certain the farther it is."""
    if found := place_of(gps, places):
        return Called(found.place.name, found.place.name, 1.0)
    if near := nearest_town(gps):
        within = near.metres <= near.town.reach
        sure = 0.9 if within else 0.9 - 0.4 * near.metres / FARTHEST
        return Called(near.town.name, f"{near.town.name}, {far(near.metres)}", round(sure, 2))
    return None


def far(metres: float) -> str:
    """A distance as people say it: 40 m, 2.4 km, 21 km."""
    if metres < 995:
        return f"{round(metres, -1):.0f} m"
    return f"{metres / 1000:.1f} km" if metres < 9950 else f"{metres / 1000:.0f} km"
