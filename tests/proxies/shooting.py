"""Tiny recordings made on the spot by ffmpeg itself, and the clips that the catalogue would make of them."""

import subprocess
from fractions import Fraction
from functools import cache
from pathlib import Path

from pipeline.clip import Clip, Part, Stamp
from pipeline.metadata.editing import editing_time
from pipeline.metadata.facts import read_facts, span_facts
from pipeline.processes import find_ffmpeg
from pipeline.proxies.job import Output, ProxyJob, kinds_wanted
from pipeline.proxies.presets import Preset, load_presets
from pipeline.settings import shipped

PRESETS = load_presets(shipped("proxies.toml"))
EDIT = PRESETS["edit"]
SUFFIXES = {"poster": ".jpg", "filmstrip": ".jpg", "waveform": ".png"}


@cache
def program() -> Path:
    return find_ffmpeg()


def shoot(path: Path, arguments: str) -> Path:
    """Run ffmpeg with these arguments into `path`."""
    command = [str(program()), "-v", "error", "-nostdin", "-y", *arguments.split(), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def log(*paths: Path) -> Clip:
    """The clip of a recording of one or more parts, as ingest logs it."""
    each = [read_facts(path) for path in paths]
    facts = each[0] if len(each) == 1 else span_facts(each)
    rate, frames = editing_time(facts)
    parts = tuple(
        Part(1, str(path).encode(), Stamp(0, 0, path.stat().st_size, 0), "0", one.video.frames if one.video else None)
        for path, one in zip(paths, each, strict=True)
    )
    kind = "picture" if facts.video else "sound"
    return Clip("c" * 32, paths[0].name, "card", kind, parts, facts, rate, frames, facts.timecode)


def order(
    clip: Clip, folder: Path, *sources: Path, presets: tuple[Preset, ...] = (EDIT,), stills: bool = True
) -> ProxyJob:
    """Everything that is made of a clip, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    proxies = [Output("proxy", folder / f"{preset.name}.mov", preset) for preset in presets]
    others = [Output(kind, folder / (kind + SUFFIXES[kind])) for kind in kinds_wanted(clip, stills=stills)]
    return ProxyJob(clip, sources, tuple(others if clip.kind == "sound" else [*proxies, *others]))


def seconds(clip: Clip) -> Fraction:
    return clip.duration
