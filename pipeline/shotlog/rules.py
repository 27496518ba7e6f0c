"""What is said of a clip before any person has spoken: names, rules, places, reports, clocks.

RULES is the order in which they are asked; which of several sources is believed the catalogue
decides (LOG_SOURCES). Every saying carries what made it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from pipeline.clip import Clip, Saying, shown
from pipeline.fields import BY_NAME
from pipeline.settings import CameraRule, Place, Settings
from pipeline.shotlog.clocks import Zones
from pipeline.shotlog.folding import fold
from pipeline.shotlog.names import day_of_folders, names_from_path
from pipeline.shotlog.places import called, place_of
from pipeline.shotlog.reports import ReportRow, rows_for


@dataclass(frozen=True, slots=True)
class Case:
    """A clip as the rules see it: with the folder of its card, the film's settings and its report rows."""

    clip: Clip
    folder: bytes
    settings: Settings
    rows: tuple[ReportRow, ...]


def sayings(clip: Clip, *, folder: bytes, settings: Settings, report: Sequence[ReportRow] = ()) -> tuple[Saying, ...]:
    """Everything the rules say of a clip, in the order of RULES.

    `folder` is the path of its card's folder; `report` may hold rows of other clips too.
    """
    case = Case(clip, folder, settings, rows_for(clip, report))
    return tuple(saying for rule in RULES for saying in rule(case))


# Coordinates to the name of a zone, empty where none is known: ingest looks it up (see ingest/zones.py).
ZoneAt = Callable[[tuple[float, float]], str]


def nowhere(_point: tuple[float, float]) -> str:
    """No zone is known by coordinates."""
    return ""


def clock_zone(clip: Clip, folder: bytes, settings: Settings, zone_at: ZoneAt = nowhere) -> Zones:
    """The zone that the clip's camera clock is set to, and that of the place where it was shot.

    The place is known by the clip's own coordinates, else by a location that the path names; the clock
    by the camera's rule, else the place, else the unit, else the film.
    """
    rule = camera_rule(clip, folder, settings.camera)
    place, place_by = _zone_of_place(clip, folder, settings, zone_at)
    film, film_by = _zone_of_unit(clip, folder, settings, rule)
    clock, clock_by = (place, place_by) if place else (film, film_by)
    if rule and rule.zone:
        clock, clock_by = rule.zone, "the camera's rule"
    return Zones(clock, place, film, day_of_folders(folder), clock_by, place_by, film_by)


def camera_rule(clip: Clip, folder: bytes, rules: Sequence[CameraRule]) -> CameraRule | None:
    """The first camera rule that fits: all it gives (serial, model, folder) must; letter case does not matter.

    Model and folder may hold * and ?; folder is held against each folder of the card's path.
    """
    return next((rule for rule in rules if _fits(rule, clip, folder)), None)


def _by_path(case: Case) -> Iterator[Saying]:
    for name in names_from_path(case.clip.parts[0].path, case.settings.names, folder=case.folder):
        if BY_NAME[name.field].origin == "log":
            yield _saying(name.field, name.value, "path", name.detail)


def _by_camera(case: Case) -> Iterator[Saying]:
    rule = camera_rule(case.clip, case.folder, case.settings.camera)
    if rule is None:
        return
    given = ("serial", rule.serial), ("model", rule.model), ("folder", rule.folder)
    detail = "camera rule: " + ", ".join(f"{key} {value}" for key, value in given if value)
    if rule.letter:
        yield _saying("camera", rule.letter, "rule", detail)
    if rule.unit:
        yield _saying("unit", rule.unit, "rule", detail)


def _by_place(case: Case) -> Iterator[Saying]:
    if case.clip.facts.gps is None:
        return
    found = called(case.clip.facts.gps, case.settings.place)
    if found is not None:
        yield Saying("location", found.name, "gps", detail=f"{found.said} (GPS)", confidence=found.confidence)


def _by_report(case: Case) -> Iterator[Saying]:
    for row in case.rows:
        for field, value in row.values:
            yield _saying(field, value, "report", f"camera report, line {row.line}")


def _by_file(case: Case) -> Iterator[Saying]:
    for field, value in (("scene", case.clip.facts.scene), ("take", case.clip.facts.take)):
        if value:
            where = next((source.where for source in case.clip.facts.sources if source.key == field), "the file")
            yield _saying(field, value, "sidecar", where)


def _by_keyword(case: Case) -> Iterator[Saying]:
    texts = [("path", shown(case.clip.parts[0].path))]
    texts += [("camera report", value) for row in case.rows for _field, value in row.values]
    folded = [(where, fold(text)) for where, text in texts]
    said = set()
    for rule in case.settings.keyword:
        for where, word in _hits(rule.words, folded):
            if rule.subject not in said:
                said.add(rule.subject)
                yield _saying("subject", rule.subject, "rule", f"keyword {word} in the {where}")


RULES: tuple[Callable[[Case], Iterator[Saying]], ...] = (
    _by_path,
    _by_camera,
    _by_place,
    _by_report,
    _by_file,
    _by_keyword,
)


def _saying(field: str, value: str, source: str, detail: str) -> Saying:
    return Saying(field, value, source, op="add" if BY_NAME[field].many else "set", detail=detail)


def _fits(rule: CameraRule, clip: Clip, folder: bytes) -> bool:
    if not (rule.serial or rule.model or rule.folder):
        return False
    facts = clip.facts
    folders = shown(folder).split("/")
    models = [facts.camera_model or "", f"{facts.camera_make or ''} {facts.camera_model or ''}".strip()]
    return (
        (not rule.serial or rule.serial.strip().lower() == (facts.camera_serial or "").strip().lower())
        and (not rule.model or any(_alike(model, rule.model) for model in models))
        and (not rule.folder or any(_alike(each, rule.folder) for each in folders))
    )


def _alike(text: str, wanted: str) -> bool:
    return fnmatchcase(text.lower(), wanted.strip().lower())


def _zone_of_place(clip: Clip, folder: bytes, settings: Settings, zone_at: ZoneAt) -> tuple[str, str]:
    """The zone of where the clip was shot, and what named it."""
    if clip.facts.gps is not None:
        found = place_of(clip.facts.gps, settings.place)
        if found is not None and found.place.zone:
            return found.place.zone, f"the place {found.place.name}"
        if zone := zone_at(clip.facts.gps):
            return zone, "its coordinates"
    location = _named(clip, folder, settings, "location")
    place = next((place for place in settings.place if fold(place.name) == fold(location)), None)
    return (_zone_of(place, zone_at), f"the place {place.name}") if place else ("", "")


def _zone_of(place: Place, zone_at: ZoneAt) -> str:
    return place.zone or zone_at((place.latitude, place.longitude))


def _zone_of_unit(clip: Clip, folder: bytes, settings: Settings, rule: CameraRule | None) -> tuple[str, str]:
    """The zone where nothing nearer is known: the unit's, else the film's; a path's unit goes before a rule's."""
    unit = fold(_named(clip, folder, settings, "unit") or (rule.unit if rule else ""))
    zone = next((each.zone for each in settings.unit if unit and fold(each.name) == unit), "")
    return (zone, "the unit's setting") if zone else (settings.zone, "the film's setting" if settings.zone else "")


def _named(clip: Clip, folder: bytes, settings: Settings, field: str) -> str:
    names = names_from_path(clip.parts[0].path, settings.names, folder=folder)
    return next((name.value for name in names if name.field == field), "")


def _hits(words: Sequence[str], texts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """(where, word) for each keyword that stands in a text as a word of its own; figures may touch it."""
    for word in words:
        for where, text in texts:
            if word.strip() and _alone(fold(word.strip())).search(text):
                yield where, word


@lru_cache(maxsize=1024)
def _alone(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])")
