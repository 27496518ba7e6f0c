"""How alike two small grey pictures are: laws of the measure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.proxies.glance import SIDE, difference


def scene(seed, noise=0.0):
    """Soft shapes, as scenes are."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[0:SIDE, 0:SIDE]
    made = np.zeros((SIDE, SIDE))
    for _ in range(6):
        y, x, wide, tall = random.uniform(0, SIDE, 2).tolist() + random.uniform(3, 12, 2).tolist()
        made += random.uniform(-1, 1) * np.exp(-(((down - y) / tall) ** 2 + ((across - x) / wide) ** 2))
    made = (made - made.min()) / np.ptp(made)
    return np.clip(made + random.normal(0, noise, made.shape), 0, 1)


def grey(picture):
    return np.round(np.clip(picture, 0, 1) * 219 + 16).astype(np.uint8).tobytes()


@given(st.integers(0, 10_000), st.floats(0.4, 2.5), st.floats(0.5, 1), st.floats(0, 0.3))
def test_a_grade_changes_little(seed, gamma, contrast, lift):
    one = scene(seed)
    assert difference(grey(one), grey(lift + (contrast * one**gamma) * (1 - lift))) < 0.2


@given(st.integers(0, 10_000), st.integers(10_001, 20_000))
def test_the_measure_does_not_care_which_comes_first(one, other):
    assert difference(grey(scene(one)), grey(scene(other))) == pytest.approx(
        difference(grey(scene(other)), grey(scene(one)))
    )


def test_noise_of_a_camera_changes_little_and_another_scene_much():
    near = [difference(grey(scene(seed)), grey(scene(seed, 0.02))) for seed in range(200)]
    far = [difference(grey(scene(seed)), grey(scene(seed + 1))) for seed in range(200)]
    assert max(near) < 0.1
    assert sorted(far)[20] > 0.35, "nine in ten of unrelated soft scenes are told apart by this alone"


def test_black_tells_nothing():
    assert difference(grey(np.zeros((SIDE, SIDE))), grey(scene(1))) is None
