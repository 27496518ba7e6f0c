"""What is known of camera models (configs/cameras.toml): what the date of a movie header means, and looks."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Literal

import msgspec

from pipeline.clip import Source
from pipeline.metadata.findings import Moment, Zone
from pipeline.settings import LookRule, shipped

HEADER = "mvhd"  # where findings say that a date was read
_CLAIMS: dict[str, Zone | None] = {"utc": "utc", "clock": "local-unknown", "unknown": None}


class ClockRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Model names may hold * and ?; letter case does not matter."""

    make: str
    model: str
    means: Literal["utc", "clock", "unknown"]
    why: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    clock: tuple[ClockRule, ...] = ()
    look: tuple[LookRule, ...] = ()


def clock_rules() -> tuple[ClockRule, ...]:
    """The shipped rules, in their order."""
    return _table().clock


def look_rules() -> tuple[LookRule, ...]:
    """The shipped looks, in their order."""
    return _table().look


@lru_cache(maxsize=1)
def _table() -> _Table:
    return msgspec.convert(tomllib.loads(shipped("cameras.toml")), _Table)


def rule_for(make: str | None, model: str | None) -> ClockRule | None:
    """The first rule that fits; None for a model nothing is known of."""
    if not make or not model:
        return None
    return next((rule for rule in clock_rules() if alike(make, rule.make) and alike(model, rule.model)), None)


def dated(values: dict[str, Any], sources: Sequence[Source]) -> tuple[dict[str, Any], list[Source]]:
    """Resolved values and sources, with a header's date as the rule for the camera reads it.

    The digits stay as they were read: a rule says what they claim, it moves no clock.
    """
    recorded, kept = values.get("recorded_at"), list(sources)
    rule = rule_for(values.get("camera_make"), values.get("camera_model"))
    index = next((at for at, source in enumerate(kept) if source.key == "recorded_at"), None)
    if rule is None or index is None or not isinstance(recorded, Moment) or kept[index].where != HEADER:
        return values, kept
    digits = recorded.iso.removesuffix("Z")
    read = Moment(digits + ("Z" if rule.means == "utc" else ""), _CLAIMS[rule.means])
    why = f"{values['camera_make']} {values['camera_model']}: {rule.why}"
    kept[index] = replace(kept[index], why=why)
    return {**values, "recorded_at": read}, kept


def alike(text: str, wanted: str) -> bool:
    """Whether a make or model is the one that a rule names, which may hold * and ?."""
    return fnmatchcase(text.strip().lower(), wanted.lower())
