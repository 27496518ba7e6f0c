"""Looks: which clips go through a LUT, and the cubes themselves, read with care (Cube LUT Specification 1.0).

ffmpeg's own reader stops at Resolve's LUT_3D_INPUT_RANGE and passes over a domain that stands before the size,
so it gets a clean copy with nothing but the size and the values.
"""

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import xxhash

from pipeline.clip import Facts
from pipeline.errors import SettingsError, ValueRefused
from pipeline.files import one_line
from pipeline.metadata.cameras import alike
from pipeline.publishing import write_whole
from pipeline.settings import LookRule

UNTAGGED = "none"  # as a rule names the transfer of a picture that states none
_MOST_BYTES = 16_000_000
_SIZES = range(2, 66)  # points along each side, as many as suites write
_MOST_LINES = 2 * 65**3
# The only domain that is taken, as suites write it.
_DOMAIN = {"DOMAIN_MIN": [0.0] * 3, "DOMAIN_MAX": [1.0] * 3, "LUT_3D_INPUT_RANGE": [0.0, 1.0]}


@dataclass(frozen=True, slots=True)
class Lut:
    """A cube, clean and published under its own hash, and the rule that says whose it is."""

    rule: LookRule
    path: Path
    recipe: str


def fits(rule: LookRule, facts: Facts) -> bool:
    """Whether a rule is for a recording with these facts; what it leaves empty is not asked."""
    if facts.video is None:
        return False
    asked = (
        (rule.make, facts.camera_make or ""),
        (rule.model, facts.camera_model or ""),
        (rule.transfer, facts.video.color_transfer or UNTAGGED),
    )
    return all(not wanted or alike(found, wanted) for wanted, found in asked)


def lut_for(luts: Iterable[Lut], facts: Facts) -> Lut | None:
    """The first that fits."""
    return next((lut for lut in luts if fits(lut.rule, facts)), None)


def load_luts(rules: Sequence[LookRule], film: Path, folder: Path) -> tuple[Lut, ...]:
    """The cubes of these rules, which lie relative to `film`, with a clean copy of each in `folder`.

    Raises SettingsError that names the cube and what is wrong with it, and what writing a file raises.
    """
    if rules and not str(film).isprintable():  # it becomes a word of ffmpeg's graph, which is text
        raise SettingsError(f"{one_line(film)} is no plain text, which looks need; rename the folder.")
    luts: list[Lut] = []
    for rule in rules:
        source = film / rule.cube
        try:
            clean = clean_cube(_read(source))
        except (ValueRefused, OSError) as error:
            what = f"The look {one_line(str(source))} cannot be used: {error}"
            raise SettingsError(f"{what}; mend it or its rule.") from error
        recipe = xxhash.xxh128(clean).hexdigest()
        luts.append(Lut(rule, _kept(clean, folder / f"{recipe}.cube"), recipe))
    return tuple(luts)


def sweep_luts(folder: Path, luts: Iterable[Lut]) -> None:
    """Remove the clean copies that none of these is; one that cannot be removed waits for the next sweep."""
    wanted = {lut.path for lut in luts}
    for path in folder.glob("*.cube"):
        if path not in wanted:
            with suppress(OSError):
                path.unlink()


def _kept(clean: bytes, path: Path) -> Path:
    if not path.is_file():
        write_whole(path, clean)
    return path


def clean_cube(data: bytes) -> bytes:
    """A 3D cube with nothing but its size and values. Raises ValueRefused saying what is wrong with it."""
    size, rows = 0, []
    lines = data.decode("utf-8-sig", "replace").splitlines()
    if len(lines) > _MOST_LINES:
        raise ValueRefused("it has more lines than any cube")
    for line in lines:
        key, *values = line.split() or [""]
        if key[:1] in ("", "#") or key == "TITLE":
            continue
        if key == "LUT_1D_SIZE":
            raise ValueRefused("it is a 1D LUT, export it as a 3D one")
        if key == "LUT_3D_SIZE":
            size = _size(values)
        elif key in _DOMAIN:
            if [_number(value) for value in values] != _DOMAIN[key]:
                raise ValueRefused(f"its {key} is not that of a domain from 0 to 1, export it for one")
        else:
            rows.append([_number(value) for value in (key, *values[:3])])
    if not size:
        raise ValueRefused("it is no .cube of three dimensions (it has no LUT_3D_SIZE)")
    if len(rows) != size**3 or any(len(row) != 3 for row in rows):
        raise ValueRefused(f"it should have {size**3} rows of three numbers, and has {len(rows)} rows")
    clean = "".join(f"{red:.7g} {green:.7g} {blue:.7g}\n" for red, green, blue in rows)
    return f"LUT_3D_SIZE {size}\n{clean}".encode()


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise ValueRefused("there is no such file")
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueRefused("it is larger than any cube")
    return data


def _size(values: Sequence[str]) -> int:
    text = values[0] if len(values) == 1 else ""
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) in _SIZES):
        raise ValueRefused(f"its size '{' '.join(values)[:20]}' is not one from {_SIZES[0]} to {_SIZES[-1]}")
    return int(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueRefused(f"'{text[:20]}' is no number")
    return value
