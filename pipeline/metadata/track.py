"""Where a recording went: fixes in order of time, thinned until they are worth keeping.

A track is bounded because it is kept in the catalogue for every clip: a drone writes sixty fixes
a second. The first fix stays as it was read.
"""

from collections.abc import Iterable, Sequence

from pipeline.clip import Fix

MOST_FIXES = 120
LONGEST_STILL = 60.0  # seconds: a device at rest is heard of once a minute, so that a gap means no fix
_NEAR = 0.0001  # degrees, about ten metres: the error of a good fix


def thinned(fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """The fixes at which the device had moved, or had stood for a minute; at most MOST_FIXES, the ends among them."""
    kept: list[Fix] = []
    last: Fix | None = None
    for fix in fixes:
        if kept and fix.seconds <= kept[-1].seconds:
            continue  # a clock that goes back says nothing
        last = fix
        if not kept or _far(kept[-1], fix) or fix.seconds - kept[-1].seconds >= LONGEST_STILL:
            kept.append(fix)
    if last is not None and last is not kept[-1]:
        kept.append(last)
    return tuple(_spread(kept))


def _spread(fixes: Sequence[Fix]) -> Sequence[Fix]:
    """At most MOST_FIXES of them, evenly, with the first and the last."""
    if len(fixes) <= MOST_FIXES:
        return fixes
    return [fixes[number * (len(fixes) - 1) // (MOST_FIXES - 1)] for number in range(MOST_FIXES)]


def joined(parts: Iterable[tuple[Sequence[Fix], float | None]]) -> tuple[Fix, ...]:
    """Tracks of chapters in order, each with its length in seconds, as one; up to a length that is not known."""
    found: list[Fix] = []
    began = 0.0
    for fixes, seconds in parts:
        found += [fix._replace(seconds=round(began + fix.seconds, 2)) for fix in fixes]
        if seconds is None:
            break
        began += seconds
    return thinned(found)


def _far(one: Fix, other: Fix) -> bool:
    return abs(one.latitude - other.latitude) > _NEAR or abs(one.longitude - other.longitude) > _NEAR
