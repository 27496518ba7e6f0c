"""Presets: what a proxy shall be, as data out of configs/proxies.toml and a film's own table.

A preset names one of the encoders below; it never holds ffmpeg options of its own, so that a table
from a stranger can do no harm.
"""

import tomllib
from dataclasses import dataclass

import msgspec
import xxhash

from pipeline.errors import NotFound, SettingsError

# Raised when the same preset begins to give another file; products of the former are made again.
RECIPE_VERSION = 1
STILLS: tuple[str, ...] = ("poster", "filmstrip", "waveform")


@dataclass(frozen=True, slots=True)
class Encoder:
    """How ffmpeg is asked for one kind of picture. Options are ffmpeg's; `codec` is what comes out."""

    name: str
    codec: str
    ffmpeg: str
    pixel_format: str
    options: tuple[tuple[str, str], ...]
    suffix: bytes = b".mov"
    least: tuple[int, int] = (16, 16)  # smallest picture that it takes
    fields: bool = False  # whether it keeps interlaced pictures as they are


ENCODERS: tuple[Encoder, ...] = (
    # `prores` (prores_aw) makes the same ProRes at a fifth of the cost of prores_ks; Final Cut asks for Apple's vendor.
    Encoder("prores-proxy", "prores", "prores", "yuv422p10le", (("profile:v", "0"), ("vendor", "apl0")), fields=True),
    Encoder("dnxhr-lb", "dnxhd", "dnxhd", "yuv422p", (("profile:v", "dnxhr_lb"),), least=(256, 120)),
    Encoder("h264-intra", "h264", "libx264", "yuv420p", (("preset:v", "veryfast"), ("crf", "21"), ("g", "1"))),
)  # fmt: skip


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of proxies.toml; `name` is the table's."""

    name: str = ""
    about: str = ""
    encoder: str
    height: int = 1080
    folder: str = ""

    @property
    def codec(self) -> Encoder:
        return next(encoder for encoder in ENCODERS if encoder.name == self.encoder)

    @property
    def recipe(self) -> str:
        """A hash of all that decides what comes out: another recipe means another file."""
        return _hash(RECIPE_VERSION, self.codec, self.height)


def stills_recipe(kind: str) -> str:
    """The recipe of a poster, filmstrip or waveform."""
    return _hash(RECIPE_VERSION, kind)


def load_presets(shipped: str, film: str = "", where: str = "proxies.toml") -> dict[str, Preset]:
    """The presets by name: those of the shipped table, changed or joined by those of the film's text.

    Raises SettingsError that names `where`, table and key.
    """
    tables = tomllib.loads(shipped)
    try:
        for name, table in tomllib.loads(film).items():
            tables[name] = {**tables.get(name, {}), **table} if isinstance(table, dict) else table
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where} is no valid TOML: {error}; mend that line.") from error
    presets = {name: _preset(name, table, where) for name, table in tables.items()}
    places: dict[tuple[str, bytes], str] = {}
    for preset in presets.values():
        other = places.setdefault((preset.folder.casefold(), preset.codec.suffix), preset.name)
        if other != preset.name:
            raise SettingsError(
                f"{where}: {other} and {preset.name} share the folder '{preset.folder}'; give one another."
            )
    return presets


def chosen(presets: dict[str, Preset], names: tuple[str, ...]) -> tuple[Preset, ...]:
    """The presets of these names, in order. Raises NotFound that lists those there are."""
    missing = [name for name in names if name not in presets]
    if missing:
        raise NotFound(f"There is no preset '{missing[0]}'; choose from {', '.join(presets)}.")
    return tuple(presets[name] for name in dict.fromkeys(names))


def _preset(name: str, table: object, where: str) -> Preset:
    try:
        preset = msgspec.structs.replace(msgspec.convert(table, Preset), name=name)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}, {name}: {error}; configs/proxies.toml shows every key.") from error
    if preset.encoder not in {encoder.name for encoder in ENCODERS}:
        known = ", ".join(encoder.name for encoder in ENCODERS)
        raise SettingsError(f"{where}, {name}: there is no encoder '{preset.encoder}'; choose from {known}.")
    if not 90 <= preset.height <= 4320:
        raise SettingsError(f"{where}, {name}: height {preset.height} is out of reach; choose from 90 to 4320.")
    if (
        preset.folder.strip() != preset.folder
        or any(sign in preset.folder for sign in ("/", "\\", "\0"))
        or preset.folder[:1] == "."
    ):
        raise SettingsError(
            f"{where}, {name}: '{preset.folder}' is no plain folder name; use letters, digits, - and _."
        )
    return preset


def _hash(*values: object) -> str:
    return xxhash.xxh128(repr(values).encode()).hexdigest()
