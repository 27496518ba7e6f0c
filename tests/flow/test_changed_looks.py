"""A film's looks: who gets them, and what is made again when they change."""

import shutil
from itertools import pairwise
from pathlib import Path

from filming import LEAN, SAMPLES, empty_film, rushes

CARDS = ("2019-08-15_Kaptagat_Pacemakers_G001", "2019-10-12_Vienna_Pacemakers_A001")
RULE = '\n[[look]]\nmodel = "HERO7*"\ncube = "luts/hero.cube"\n'
CUBE = "LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"


def made(film: Path) -> dict[str, int]:
    assert rushes("ingest", cwd=film).code == 0
    return {path.name: path.stat().st_mtime_ns for path in film.glob("proxies/**/*.mov")}


def test_a_changed_look_makes_the_proxies_of_its_clips_again_and_no_others(tmp_path):
    film = empty_film(tmp_path / "film", LEAN)
    for card in CARDS:
        shutil.copytree(SAMPLES / card, film / "ingest" / card)
    cube = film / "luts" / "hero.cube"
    cube.parent.mkdir()
    cube.write_text(CUBE)
    settings = film / "rushes.toml"
    steps = [made(film)]
    settings.write_text(LEAN + RULE)
    steps += [made(film), made(film)]
    cube.write_text(CUBE.replace("1 1 1", "0.9 1 1"))
    steps.append(made(film))
    assert len(list((film / ".rushes" / "luts").iterdir())) == 1
    settings.write_text(LEAN.replace("stills = false", "stills = false\nlooks = false") + RULE)
    steps.append(made(film))
    names = set(steps[0])
    heroes = {name for name in names if name.startswith("G")}
    assert heroes
    assert names - heroes
    changed = [{name for name in names if one[name] != other[name]} for one, other in pairwise(steps)]
    assert changed == [heroes, set(), heroes, heroes]
    assert list((film / ".rushes" / "luts").iterdir()) == []
    cube.unlink()
    assert rushes("ingest", cwd=film).code == 0
    settings.write_text(LEAN + RULE)
    refused = rushes("ingest", cwd=film)
    assert (refused.code, "luts/hero.cube" in refused.err) == (11, True)
