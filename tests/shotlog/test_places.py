"""What a coordinate is called: the film's own places before towns, and nothing in the open country."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.settings import Place
from pipeline.shotlog.places import called, far
from pipeline.shotlog.towns import FARTHEST, metres_between, nearest_town

VIENNA = Place("Prater Hauptallee", 48.2050, 16.4150, 2500)


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ((48.2060, 16.4100), "Prater Hauptallee"),
        ((48.1845, 16.3122), "Vienna, 5.2 km"),  # Hietzing is nearer, but lies in the larger town
        ((51.7333, -1.2100), "Cowley, 290 m"),  # beyond the edge of Oxford
        ((0.4372, 35.4850), "Eldoret, 26 km"),
        ((2.5, 38.0), "Marsabit, 18 km"),
        ((78.22, 15.65), "Longyearbyen, 380 m"),
        ((0.0, -150.0), None),
        ((89.9, 20.0), None),
        ((-90.0, 180.0), None),
    ],
)
def test_a_point_is_called_by_the_films_place_else_the_town_with_its_distance(point, said):
    found = called(point, (VIENNA,))
    assert (found.said if found else None) == said


def test_the_name_alone_is_the_location_and_the_farther_the_town_the_less_sure():
    near, far_off = called((48.2, 16.37), ()), called((0.4372, 35.4850), ())
    assert near
    assert far_off
    assert (near.name, far_off.name) == ("Vienna", "Eldoret")
    assert 0.5 <= far_off.confidence < near.confidence < 1.0 == called((48.2060, 16.4100), (VIENNA,)).confidence


@settings(deadline=None, max_examples=30)
@given(st.floats(-90, 90), st.floats(-180, 180))
def test_the_grid_finds_what_a_look_at_every_town_finds(latitude, longitude):
    from pipeline.shotlog.towns import _grid

    point = (latitude, longitude)
    every = [(metres_between(point, town.point), town) for towns in _grid().values() for town in towns]
    near = min(every, key=lambda each: each[0])
    found = nearest_town(point)
    assert (found is not None) == (near[0] <= FARTHEST)
    if found:
        assert found.metres >= near[0]
        assert found.town == near[1] or found.metres <= found.town.reach


@pytest.mark.parametrize(
    ("metres", "words"),
    [(0, "0 m"), (124, "120 m"), (994, "990 m"), (996, "1.0 km"), (9940, "9.9 km"), (9960, "10 km")],
)
def test_distances_are_said_as_people_say_them(metres, words):
    assert far(metres) == words
