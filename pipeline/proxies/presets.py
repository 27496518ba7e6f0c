"""Presets: what a proxy shall be, as data out of configs/proxies.toml and a film's own table.

A preset names one of the encoders below; it never holds ffmpeg options of its own, so that a table
from a stranger can do no harm.
"""

import tomllib
from typing import Literal

import msgspec
import xxhash

from pipeline.cards.proxies import ENDING_SIGNS
from pipeline.clip import Clip
from pipeline.errors import NotFound, SettingsError
from pipeline.proxies.encoders import ENCODERS, HARDWARE, Encoder
from pipeline.proxies.geometry import proxy_size
from pipeline.settings import read_toml

# Raised when the same preset begins to give another file; products of the former are made again.
RECIPE_VERSION = 4
# Lines of which ffmpeg's MXF displays fewer, taking the others for a D-10's blanking.
_HIDDEN = {512: 486, 608: 576}
STILLS: tuple[str, ...] = ("poster", "filmstrip", "waveform")


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of proxies.toml; `name` is the table's."""

    name: str = ""
    about: str = ""
    encoder: str
    height: int = 1080
    divisor: int = 0
    folder: str = ""
    ending: str = ""
    burn: tuple[Literal["timecode", "name"], ...] = ()
    watermark: str = ""
    font: str = ""
    hardware: str = ""

    @property
    def codec(self) -> Encoder:
        if self.hardware:
            asked = (self.hardware, self.encoder)
            return next(encoder for device, encoder in HARDWARE if (device, encoder.name) == asked)
        return next(encoder for encoder in ENCODERS if encoder.name == self.encoder)

    @property
    def for_sound(self) -> bool:
        """Whether it is for recordings of sound alone."""
        return not self.codec.ffmpeg

    @property
    def recipe(self) -> str:
        """A hash of all that decides what comes out: another recipe means another file.

        Who encodes is left out: hardware and software answer for the same file.
        """
        software = next(encoder for encoder in ENCODERS if encoder.name == self.encoder)
        return _hash(RECIPE_VERSION, software, self.height, self.divisor, self.burn, self.watermark, self.font)


def stills_recipe(kind: str) -> str:
    """The recipe of a poster, filmstrip or waveform."""
    return _hash(RECIPE_VERSION, kind)


def load_presets(shipped: str, film: str = "", where: str = "proxies.toml") -> dict[str, Preset]:
    """The presets by name: those of the shipped table, changed or joined by those of the film's text.

    Raises SettingsError that names `where`, table and key.
    """
    tables = tomllib.loads(shipped)
    for name, table in read_toml(film, where).items():
        tables[name] = {**tables.get(name, {}), **table} if isinstance(table, dict) else table
    presets = {name: _preset(name, table, where) for name, table in tables.items()}
    places: dict[tuple[str, bytes], str] = {}
    for preset in presets.values():
        place = (preset.folder.casefold(), preset.ending.casefold().encode() + preset.codec.suffix)
        other = places.setdefault(place, preset.name)
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


def why_unfit(clip: Clip, preset: Preset) -> str:
    """Why a preset makes no proxy of a clip, with what to do; empty where it does."""
    video = clip.facts.video
    if video is None or not video.width or not video.height:  # a clip that cannot be made at all says so itself
        return ""
    size, (wide, high) = proxy_size(video, preset.height, preset.divisor), preset.codec.least
    if size.width < wide or size.height < high:
        lacks = f"it would be {size.width}x{size.height}, and {preset.encoder} takes no picture below {wide}x{high}"
    elif clip.rate and preset.codec.rates and clip.rate.fraction not in preset.codec.rates:
        lacks = f"{preset.codec.container.upper()} has no {clip.rate.label()} frames a second"
    elif preset.codec.container == "mxf" and size.height in _HIDDEN:
        lacks = f"MXF made by ffmpeg shows only {_HIDDEN[size.height]} of its {size.height} lines"
    else:
        return ""
    other = "use that of another preset, such as edit (proxies.presets)"
    return f"{clip.name} has no proxy of '{preset.name}': {lacks}; {other}."


def _preset(name: str, table: object, where: str) -> Preset:
    try:
        preset = msgspec.structs.replace(msgspec.convert(table, Preset), name=name)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}, {name}: {error}; configs/proxies.toml shows every key.") from error
    if preset.encoder not in {encoder.name for encoder in ENCODERS}:
        known = ", ".join(encoder.name for encoder in ENCODERS)
        raise SettingsError(f"{where}, {name}: there is no encoder '{preset.encoder}'; choose from {known}.")
    able = [device for device, encoder in HARDWARE if encoder.name == preset.encoder]
    if preset.hardware and preset.hardware not in able:
        ways = f"choose from {', '.join(able)}, or leave it out" if able else "leave it out"
        raise SettingsError(f"{where}, {name}: no hardware '{preset.hardware}' makes {preset.encoder}; {ways}.")
    if not 90 <= preset.height <= 4320:
        raise SettingsError(f"{where}, {name}: height {preset.height} is out of reach; choose from 90 to 4320.")
    if not 0 <= preset.divisor <= 16:
        raise SettingsError(f"{where}, {name}: divisor {preset.divisor} is out of reach; choose from 1 to 16.")
    for part in (preset.folder, preset.ending):
        if part.strip() != part or any(sign in part for sign in ("/", "\\", "\0")) or part[:1] == ".":
            raise SettingsError(f"{where}, {name}: '{part}' is no plain name; use letters, digits, - and _.")
    if preset.ending[:1] not in ("", *ENDING_SIGNS):
        raise SettingsError(f"{where}, {name}: the ending '{preset.ending}' must begin with _ or -.")
    return preset


def _hash(*values: object) -> str:
    return xxhash.xxh128(repr(values).encode()).hexdigest()
