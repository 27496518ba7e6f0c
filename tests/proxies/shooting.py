"""Tiny recordings made on the spot, every frame numbered, and the clips that ingest would log of them."""

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.clip import Clip, Part, Stamp
from pipeline.metadata.assembly import span_facts
from pipeline.metadata.editing import editing_time
from pipeline.metadata.facts import read_facts
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.proxies.job import Output, ProxyJob, sound_tracks
from pipeline.proxies.presets import Preset, load_presets
from pipeline.settings import shipped

sys.path.insert(0, str(Path(__file__).parents[2] / "sample_media"))
from frame_numbers import draw_number, read_number

PRESETS = load_presets(shipped("proxies.toml"))
EDIT = PRESETS["edit"]
CLIP = 7  # the number that all of these carry
SUFFIXES = {"poster": ".jpg", "filmstrip": ".jpg", "waveform": ".png"}


@cache
def program() -> Path:
    return find_ffmpeg()


def run(*arguments: str | Path, given: bytes | None = None) -> bytes:
    """ffmpeg's stdout."""
    command = [str(program()), "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def numbered(frames: Iterable[int], *, size: tuple[int, int] = (320, 180)) -> bytes:
    """Raw grey pictures that carry these frame numbers."""
    pictures = []
    for frame in frames:
        luma = np.full((size[1], size[0]), 110, np.uint8)
        luma[:, ::16] = 60 + frame % 100
        draw_number(luma, clip=CLIP, frame=frame)
        pictures.append(luma.tobytes())
    return b"".join(pictures)


def shoot(
    path: Path,
    arguments: str = "",
    *,
    frames: Iterable[int] = range(50),
    rate: str = "25",
    size: tuple[int, int] = (320, 180),
) -> Path:
    """A recording of numbered frames; `arguments` are ffmpeg's, after the pictures' input."""
    shown = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-r", rate, "-i", "-"]
    options = (
        arguments.split()
        if "-c:v" in arguments
        else [*arguments.split(), "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2"]
    )
    run(*shown, *options, "-pix_fmt", "yuv420p", path, given=numbered(frames, size=size))
    return path


def frame_numbers(path: Path) -> list[int | None]:
    """The numbers that the frames of a recording carry, as decoded and shown."""
    size = picture_size(path)
    raw = np.frombuffer(
        run("-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-"),
        np.uint8,
    )
    found = [read_number(picture) for picture in raw.reshape(-1, size[1], size[0])]
    assert all(number is None or number[0] == CLIP for number in found)
    return [number[1] if number else None for number in found]


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height of a decoded frame, by an uncompressed PGM's header."""
    header = run(
        "-i", path, "-map", "0:v:0", "-frames:v", "1", "-f", "image2pipe", "-c:v", "pgm", "-pix_fmt", "gray", "-"
    ).split(maxsplit=3)
    return int(header[1]), int(header[2])


def sound(path: Path, track: int = 0) -> np.ndarray:
    """One sound track as samples x channels."""
    wav = run("-i", path, "-map", f"0:a:{track}", "-f", "wav", "-c:a", "pcm_s16le", "-")
    channels = int.from_bytes(wav[22:24], "little")
    return np.frombuffer(wav[wav.index(b"data") + 8 :], "<i2").reshape(-1, channels)


def log(*paths: Path) -> Clip:
    """The clip of a recording of one or more parts, as ingest logs it."""
    each = [read_facts(path) for path in paths]
    facts = each[0] if len(each) == 1 else span_facts(each)
    rate, frames = editing_time(facts)
    parts = tuple(
        Part(1, os.fsencode(path), Stamp(0, 0, path.stat().st_size, 0), "0", one.video.frames if one.video else None)
        for path, one in zip(paths, each, strict=True)
    )
    kind = "picture" if facts.video else "sound"
    return Clip("c" * 32, paths[0].name, "card", kind, parts, facts, rate, frames, facts.timecode)


def stills_of(clip: Clip) -> tuple[str, ...]:
    """Every still that can be made of a clip."""
    seen = ("poster", "filmstrip") if clip.kind == "picture" else ()
    return (*seen, "waveform") if sound_tracks(clip) else seen


def order(
    clip: Clip, folder: Path, *sources: Path, presets: tuple[Preset, ...] = (EDIT,), stills: bool = True
) -> ProxyJob:
    """Everything that is made of a clip, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    fitting = [preset for preset in presets if preset.for_sound == (clip.kind == "sound")]
    proxies = [Output("proxy", folder / f"{each.name}.{each.codec.container}", each) for each in fitting]
    others = [Output(kind, folder / (kind + SUFFIXES[kind])) for kind in stills_of(clip) if stills]
    return ProxyJob(clip, sources, (*proxies, *others))
