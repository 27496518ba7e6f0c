"""What folder and file names say: templates of card folders, regular expressions on clip paths.

A template fits the last folders of a path, case kept. `{camera}` is one letter; `{card}` right
behind it begins with a digit (A001 is camera A, card 001; the card's name in the log stays its
folder's, A001). `{shoot_day}` is 2019-10-12, 20191012 or 191012, and a day that exists. Every other
name takes what stands there as it is written; where a split is ambiguous, what stands first is
the shorter. A name used twice in a template must stand there twice alike.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from pipeline.clip import shown
from pipeline.fields import BY_NAME
from pipeline.settings import NAME_FIELDS, NameSettings

_DAY = r"\d{4}-\d{2}-\d{2}|\d{8}|\d{6}"
_HOLE = re.compile(r"{(\w+)}")


class Name(NamedTuple):
    """A value that a path states; `detail` is the template or pattern that found it."""

    field: str
    value: str
    detail: str


def fits_template(folder: bytes, templates: tuple[str, ...]) -> bool:
    """Whether the last folders of a path are those of a template: then it is a card."""
    return any(_fit(template, shown(folder)) is not None for template in templates)


def names_from_path(path: bytes, names: NameSettings, *, folder: bytes) -> tuple[Name, ...]:
    """What a clip's path states, at most one value a field but any number of subjects.

    Patterns are searched in the clip's `path`; templates are held against its card's `folder`, then
    against the folders above it, because folders above a card give names too. The more particular
    word wins: a pattern over a template, an earlier template over a later one.
    """
    stated = [*_by_patterns(shown(path), names.patterns), *_by_templates(shown(folder), names.templates)]
    kept: dict[tuple[str, str], Name] = {}
    for name in stated:
        kept.setdefault((name.field, name.value if BY_NAME[name.field].many else ""), name)
    return tuple(kept.values())


def day_of(text: str) -> str | None:
    """2019-10-12, 20191012 or 191012 as 2019-10-12; None where there is no such day."""
    digits = text.replace("-", "")
    if len(digits) == 6:
        digits = "20" + digits
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return None


def _by_patterns(path: str, patterns: tuple[str, ...]) -> Iterator[Name]:
    for pattern in patterns:
        match = _pattern(pattern).search(path)
        if match is not None:
            values = {field: value for field, value in match.groupdict().items() if value}
            yield from (Name(field, value, f"pattern {pattern}") for field, value in _clean(values).items())


def _by_templates(folder: str, templates: tuple[str, ...]) -> Iterator[Name]:
    for template in templates:
        here = folder
        while here:
            values = _fit(template, here)
            if values is not None:
                yield from (Name(field, value, f"template {template}") for field, value in values.items())
                break
            here = here.rpartition("/")[0]


def _fit(template: str, folder: str) -> dict[str, str] | None:
    """The values of a template that fits the end of a path, None where it does not fit."""
    if not folder:
        return None
    expression, segments = _template(template)
    last = "/".join(folder.rsplit("/", segments)[-segments:])
    match = expression.fullmatch(last)
    if match is None:
        return None
    values = match.groupdict()
    clean = _clean(values)
    return clean if len(clean) == len(values) else None


def _clean(values: dict[str, str]) -> dict[str, str]:
    """Values as the log keeps them; those that say nothing (blank, no such day, no letter) are left out."""
    clean = {}
    for field, text in values.items():
        value: str | None = text.strip()
        if field == "shoot_day":
            value = day_of(text.strip())
        elif field == "camera":
            value = text.strip().upper()
        if value:
            clean[field] = value
    return clean


def day_of_folders(folder: bytes) -> str:
    """The day that the last folder's name begins with that begins with one, in whatever order the rest stands."""
    for name in reversed(shown(folder).split("/")):
        begin = re.match(rf"({_DAY})(?![0-9A-Za-z])", name)
        if begin and (day := day_of(begin[1])):
            return day
    return ""


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@lru_cache(maxsize=256)
def _template(template: str) -> tuple[re.Pattern[str], int]:
    """A template as a regular expression, and how many folders it speaks of."""
    template = template.strip("/")
    pieces = []
    seen: set[str] = set()
    at, before = 0, ""
    for hole in _HOLE.finditer(template):
        literal, field = template[at : hole.start()], hole[1]
        pieces.append(re.escape(literal))
        pieces.append(_hole(field, again=field in seen, behind_camera=before == "camera" and not literal))
        seen.add(field)
        at, before = hole.end(), field
    pieces.append(re.escape(template[at:]))
    return re.compile("".join(pieces)), template.count("/") + 1


def _hole(field: str, *, again: bool, behind_camera: bool) -> str:
    if field not in NAME_FIELDS:
        return re.escape(f"{{{field}}}")
    if again:
        return f"(?P={field})"
    if field == "shoot_day":
        return rf"(?P<shoot_day>{_DAY})"
    if field == "camera":
        return "(?P<camera>[A-Za-z])"
    if behind_camera:
        return r"(?P<card>[ _-]?\d[^/]*?)"
    return rf"(?P<{field}>[^/]+?)"
