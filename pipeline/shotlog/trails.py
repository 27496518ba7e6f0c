"""Where a clip without a position was shot: where a device of its unit was heard of at about that time.

A trail is where a device was and when, by the clock of all (UTC): a clip whose zone is not known is
neither heard nor matched. What is near enough, and how sure that makes it, stands here alone.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pipeline.clip import Clip, Fix, Saying, Sighting
from pipeline.settings import Place
from pipeline.shotlog.clocks import LocalMoment
from pipeline.shotlog.places import called, far
from pipeline.shotlog.towns import metres_between

# Within half an hour nobody strikes a set-up, loads the cars and works at another place.
MOST_GAP = 30 * 60.0  # seconds
# A device that got farther than this between two fixes was on the road: its place says nothing of a clip's.
MOST_DRIFT = 5_000.0  # metres
LONGEST = 3600.0  # seconds of one trail: longer ways are cut, so that those of a moment are found at once
_HEARD_ONCE = 0.8  # certainty where the device was heard only before, or only after


class Heard(NamedTuple):
    """A device at a moment (seconds since 1970 UTC) and what that place is called; `place` is empty in open country."""

    moment: float
    latitude: float
    longitude: float
    place: str = ""
    said: str = ""
    confidence: float = 0.0
    name: str = ""  # of the clip or file that tells it


@dataclass(frozen=True, slots=True)
class Trail:
    """Where one device was, in order of time; `device` tells which trails are of the same one.

    Moments of a clip's own trail count from its beginning, because its clock may be corrected.
    """

    device: str
    heard: tuple[Heard, ...]


def moment_of(local: LocalMoment | None) -> float | None:
    """When a clip began, in seconds since 1970 UTC; None where its clock's zone is not known."""
    stated = datetime.fromisoformat(local.iso) if local else None
    return stated.timestamp() if stated and stated.tzinfo else None


def trails_of_clip(clip: Clip, places: Sequence[Place]) -> tuple[Trail, ...]:
    """Where a clip's own positions lie, in seconds after it began."""
    facts = clip.facts
    if facts.gps is None:
        return ()
    device = facts.camera_serial or f"{facts.camera_model or ''} {clip.card}"
    fixes = facts.track or (Fix(0.0, *facts.gps),)
    return _trails(device, clip.name.rpartition(".")[0] or clip.name, [Sighting(*fix) for fix in fixes], places)


def trails_of_file(name: str, sightings: Sequence[Sighting], places: Sequence[Place]) -> tuple[Trail, ...]:
    """Where a track in a file of its own leads."""
    return _trails(name, name, sightings, places)


def place_at(moment: float, devices: Sequence[Sequence[Heard]]) -> Saying | None:
    """The place of a clip that began at `moment`, by the fix that is nearest in time; each device in order of time.

    None where no fix is near, the nearest has no name, or its device was on the road.
    """
    near = [found for heard in devices if (found := _nearest(moment, heard))]
    if not near:
        return None
    fix, other = min(near, key=lambda found: (abs(found[0].moment - moment), found[0], found[1] or ()))
    gap = abs(fix.moment - moment)
    drift = _drift(fix, other, moment)
    if not fix.place or (drift or 0.0) > MOST_DRIFT:
        return None
    sure = fix.confidence * (1 - gap / MOST_GAP / 2) * (_HEARD_ONCE if drift is None else 1 - drift / MOST_DRIFT / 2)
    off = f", about {far(drift)} off" if drift and drift >= 100 else ""
    detail = f"{fix.said} (GPS of {fix.name}, {_when(fix.moment - moment)}{off})"
    return Saying("location", fix.place, "inferred", detail=detail, confidence=round(sure, 2))


def _trails(device: str, name: str, sightings: Sequence[Sighting], places: Sequence[Place]) -> tuple[Trail, ...]:
    found: list[list[Heard]] = []
    for sighting in sorted(sightings):
        known = called((sighting.latitude, sighting.longitude), places)
        heard = Heard(*sighting, *(known or ("", "", 0.0)), name)
        if not found or heard.moment - found[-1][0].moment > LONGEST:
            found.append([])
        found[-1].append(heard)
    return tuple(Trail(device, tuple(each)) for each in found)


def _nearest(moment: float, heard: Sequence[Heard]) -> tuple[Heard, Heard | None] | None:
    """The fix of a device nearest to a moment, and that on the moment's other side, neither beyond MOST_GAP."""
    at = bisect_left(heard, moment, key=lambda each: each.moment)
    sides = [
        each for each in (*heard[max(0, at - 1) : at], *heard[at : at + 1]) if abs(each.moment - moment) <= MOST_GAP
    ]
    if not sides:
        return None
    sides.sort(key=lambda each: abs(each.moment - moment))
    return sides[0], sides[1] if len(sides) > 1 else None


def _drift(fix: Heard, other: Heard | None, moment: float) -> float | None:
    """How far from the fix the device was at the moment, if it went straight on to the other one; None without one."""
    if other is None:
        return None if fix.moment != moment else 0.0
    way = metres_between((fix.latitude, fix.longitude), (other.latitude, other.longitude))
    span = abs(other.moment - fix.moment)
    return way * abs(moment - fix.moment) / span if span else way


def _when(after: float) -> str:
    """A fix `after` seconds from the beginning of the clip, in words."""
    seconds = round(abs(after))
    if seconds == 0:
        return "at the same time"
    words = f"{seconds} s" if seconds < 60 else f"{round(seconds / 60)} min"
    return f"{words} {'later' if after > 0 else 'earlier'}"
