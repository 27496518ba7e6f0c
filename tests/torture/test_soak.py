"""`make soak`, whole under `make torture`; else what an hour would show is looked for in some seconds."""

import soak
from depth import full
from soak import HOUR, Life, Plan


def test_cards_that_come_while_heads_are_killed_and_the_disk_fills_up_are_each_there_once(tmp_path):
    plan = HOUR if full() else Plan(cards=25, seconds=12, kills=2, fills=1)
    with soak.disk(tmp_path / "disk", plan) as hog:
        told = soak.soak(tmp_path / "disk" / "film", plan, hog)
    print("\n" + soak.figures(plan, told))  # noqa: T201
    assert told.wrong == []
    assert told.kills == plan.kills
    assert told.clips >= plan.cards


def test_a_head_that_grows_is_noticed():
    flat = Life([(float(second), 80.0, 20) for second in range(60)])
    leaking = Life([(float(second), 80.0 + 2 * second, 20 + second) for second in range(60)])
    assert flat.growth == (0.0, 0)
    assert leaking.growth is not None
    assert leaking.growth[0] > soak.GROWTH_MB
    assert leaking.growth[1] > soak.GROWTH_FILES
    assert Life([(1.0, 80.0, 20)]).growth is None
