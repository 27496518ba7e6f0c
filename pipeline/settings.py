"""rushes.toml -> Settings: strict, read once at the door, handed down as a value.

What a film does not set has the value that stands in configs/default.toml; a test keeps the two
alike. Zones are names of the tz database.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from pipeline.errors import SettingsError, ValueRefused
from pipeline.timecode import Rate, Timecode

# Names that never are footage, or not yet: hidden files, lock files, copies under way.
IGNORED: tuple[str, ...] = (
    ".*", "~*", "*.part", "*.tmp", "*.partial", "*.crdownload", "*.filepart", "Thumbs.db", "desktop.ini",
)  # fmt: skip
_ABSOLUTE = re.compile(r"/|\\\\|[A-Za-z]:([\\/]|$)")  # of Linux and macOS, a Windows share, a Windows drive
_LONGEST_ZONE = 64  # characters: looking for one of many parts would run out of stack
NAME_FIELDS: tuple[str, ...] = ("shoot_day", "unit", "location", "subject", "camera", "card", "scene", "take")


class IngestSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    settle: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    rescan: Annotated[float, msgspec.Meta(ge=1)] = 60.0
    ignore: tuple[str, ...] = IGNORED
    bandwidth: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class NameSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    templates: tuple[str, ...] = ("{shoot_day}_{location}/{subject}/{camera}{card}",)
    patterns: tuple[str, ...] = ()


class TimelineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rate: str = ""
    start: str = ""
    size: str = ""


class ExportSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`map`: what paths begin with here, and on the editor's machine."""

    relative: bool = False
    map: dict[str, str] = {}


class ProxySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    presets: tuple[str, ...] = ("edit",)
    stills: bool = True
    looks: bool = True
    placement: Literal["mirror", "beside"] = "mirror"
    jobs: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0


class StorageSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`keep_free`: GB (1,000,000,000 bytes) that the work leaves free on every disk it writes to."""

    keep_free: Annotated[float, msgspec.Meta(ge=0)] = 1.0


class ToolSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ffmpeg: str = ""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named place; `radius` in metres around latitude and longitude in degrees."""

    name: str
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    radius: float = 1000.0
    zone: str = ""


class CameraRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first rule whose serial, model or folder fits a clip gives its letter, unit and clock zone."""

    letter: str
    serial: str = ""
    model: str = ""
    folder: str = ""
    unit: str = ""
    zone: str = ""


class UnitRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a unit works: the zone of its clocks and of moments in UTC, where no place is known."""

    name: str
    zone: str


class KeywordRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: tuple[str, ...]
    subject: str


class LookRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first rule that fits a clip gives its proxies and stills a LUT; `cube` is relative to the film folder."""

    cube: str
    make: str = ""
    model: str = ""
    transfer: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str = ""
    catalogue: str = ""
    zone: str = ""
    ingest: IngestSettings = IngestSettings()
    names: NameSettings = NameSettings()
    timeline: TimelineSettings = TimelineSettings()
    export: ExportSettings = ExportSettings()
    proxies: ProxySettings = ProxySettings()
    storage: StorageSettings = StorageSettings()
    tools: ToolSettings = ToolSettings()
    place: tuple[Place, ...] = ()
    camera: tuple[CameraRule, ...] = ()
    unit: tuple[UnitRule, ...] = ()
    keyword: tuple[KeywordRule, ...] = ()
    look: tuple[LookRule, ...] = ()


def read_settings(path: Path) -> Settings:
    """Read a film's rushes.toml; an empty or missing file means the shipped values.

    Raises SettingsError that names file, line and key for what is misspelt or of the wrong type.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read ({error}); make it a UTF-8 text file you may read.") from error
    return parse_settings(text, str(path))


def parse_settings(text: str, where: str) -> Settings:
    """The settings that `text` holds; `where` names the file in refusals."""
    table = read_toml(text, where)
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(_sentence(str(error), text, where)) from error
    _check_values(settings, text, where)
    return settings


def read_toml(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text; raises SettingsError that names `where`."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise SettingsError(f"{where} is no valid TOML: its brackets nest too deeply; mend it.") from None
    except ValueError as error:  # of the syntax, or a number that no machine holds
        raise SettingsError(f"{where} is no valid TOML: {error}; mend that line.") from error


def check_map(here: str, there: str) -> None:
    """Raise ValueRefused where paths cannot begin with `here` on this machine or with `there` on another."""
    for path, known in ((here, here.startswith("/")), (there, _ABSOLUTE.match(there))):
        if not known:
            raise ValueRefused(
                f"'{path}' is no whole path; write what paths begin with here and there, as /films=/Volumes/RAID/films "
                "or /films=D:\\films."
            )


def shipped(name: str) -> str:
    """The text of a shipped table (default.toml, proxies.toml): from the wheel or a checkout."""
    packed = Path(__file__).parent / "configs" / name
    beside = Path(__file__).parent.parent / "configs" / name
    source = packed if packed.is_file() else beside
    return source.read_text(encoding="utf-8")


_KINDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


def _sentence(message: str, text: str, where: str) -> str:
    """msgspec's message with the line of the file and the key in front."""
    problem, _, path = message.partition(" - at `")
    keys = re.findall(r"[A-Za-z_]+", path)
    table = keys[0] if keys else ""
    named = re.search(r"(?:unknown|required) field `(.+)`", problem)
    if named:
        keys.append(named[1])
        problem = "this key is unknown" if "unknown" in problem else "this key is missing"
    line = _line_of(keys, text, entry=_broken_entry(text, table))
    for kind, word in _KINDS.items():
        problem = problem.replace(f"`{kind}`", word)
    problem = problem[0].lower() + problem[1:]
    return f"{where}, line {line}, {'.'.join(keys)}: {problem}; configs/default.toml shows every key."


def _broken_entry(text: str, table: str) -> int:
    """Which entry of an array of tables it is that does not convert, counted from 0."""
    kinds = {"place": Place, "camera": CameraRule, "unit": UnitRule, "keyword": KeywordRule, "look": LookRule}
    kind = kinds.get(table)
    entries = tomllib.loads(text).get(table, [])
    if kind is None or not isinstance(entries, list):
        return 0
    for index, entry in enumerate(entries):
        try:
            msgspec.convert(entry, kind)
        except msgspec.ValidationError:
            return index
    return 0


def _line_of(keys: list[str], text: str, *, entry: int = 0) -> int:
    """The line of the last of nested `keys`, else of its table; `entry` picks one of an array of tables."""
    table, last = ".".join(keys[:-1]), keys[-1] if keys else ""
    current, seen, best = "", -1, 1
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*([\w.\-\" ]+?)\s*\]+", line)
        if header:
            current = header[1]
            seen += current == table
            if current in (table, ".".join(keys)) and seen <= entry:
                best = number
        elif current == table and seen in (entry, -1) and re.match(rf"\s*[\"']?{re.escape(last)}[\"']?\s*=", line):
            return number
    return best


def _check_values(settings: Settings, text: str, where: str) -> None:
    zones: list[tuple[list[str], str]] = [([], settings.zone)]
    zones += [(["place"], place.zone) for place in settings.place]
    zones += [(["camera"], camera.zone) for camera in settings.camera]
    zones += [(["unit"], unit.zone) for unit in settings.unit]
    for table, zone in zones:
        if zone and not _is_zone(zone):
            line = _line_of([*table, "zone"], text)
            raise SettingsError(f"{where}, line {line}: '{zone}' is no time zone; write a name such as Europe/Vienna.")
    for pattern in settings.names.patterns:
        _check_pattern(pattern, _line_of(["names", "patterns"], text), where)
    for template in settings.names.templates:
        unknown = [name for name in re.findall(r"{(.*?)}", template) if name not in NAME_FIELDS]
        if unknown:
            line = _line_of(["names", "templates"], text)
            known = ", ".join(NAME_FIELDS)
            raise SettingsError(f"{where}, line {line}: '{{{unknown[0]}}}' is no name a template knows; use {known}.")
    for entry, look in enumerate(settings.look):
        if not (look.make or look.model or look.transfer):
            line = _line_of(["look", "cube"], text, entry=entry)
            raise SettingsError(f"{where}, line {line}: a look for every clip; say of which make, model or transfer.")
    _check_timeline(settings.timeline, text, where)
    for here, there in settings.export.map.items():
        try:
            check_map(here, there)
        except ValueRefused as error:
            raise SettingsError(f"{where}, line {_line_of(['export', 'map', here], text)}: {error}") from error


def _check_timeline(timeline: TimelineSettings, text: str, where: str) -> None:
    rate = timeline.rate or ("60000/1001" if ";" in timeline.start else "60")  # the most that a label may hold
    for key, wrong in (("rate", timeline.rate), ("start", timeline.start)):
        try:
            exact = Rate.parse(rate).of_timeline()
            if key == "start" and wrong:
                Timecode.parse(wrong, exact)
        except ValueRefused as error:
            raise SettingsError(f"{where}, line {_line_of(['timeline', key], text)}: {error}") from error
    if timeline.size and not re.fullmatch(r"[1-9]\d{1,4}x[1-9]\d{1,4}", timeline.size):
        line = _line_of(["timeline", "size"], text)
        raise SettingsError(f"{where}, line {line}: '{timeline.size}' is no picture size; write it as 1920x1080.")


def _is_zone(name: str) -> bool:
    if len(name) > _LONGEST_ZONE:
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _check_pattern(pattern: str, line: int, where: str) -> None:
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise SettingsError(f"{where}, line {line}: '{pattern}' is no regular expression ({error}).") from error
    unknown = set(groups) - set(NAME_FIELDS)
    if unknown or not groups:
        known = ", ".join(NAME_FIELDS)
        raise SettingsError(f"{where}, line {line}: '{pattern}' needs named groups out of {known}.")
