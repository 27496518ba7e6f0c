"""Whether graphics hardware does what it is asked: a few pictures are encoded before it is trusted."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from pipeline.errors import RushesError
from pipeline.processes.ffmpeg import Terms, run_ffmpeg
from pipeline.proxies.encoders import Encoder
from pipeline.proxies.presets import Preset

# A driver that hangs is no driver.
_TERMS = Terms(subject="a trial of the graphics hardware", stall=20.0, total=20.0, hardware=True)


def with_working_hardware(presets: Sequence[Preset], ffmpeg: Path) -> tuple[tuple[Preset, ...], tuple[str, ...]]:
    """The presets with hardware only where it works here, and a sentence for each that falls back to software."""
    able: list[Preset] = []
    said: list[str] = []
    for preset in presets:
        if preset.hardware and (why := _failing(preset.codec, ffmpeg)):
            said.append(f"'{preset.name}' is encoded by software: {preset.hardware} does not work here ({why}).")
            able.append(msgspec.structs.replace(preset, hardware=""))
        else:
            able.append(preset)
    return tuple(able), tuple(said)


def trial(encoder: Encoder) -> list[str]:
    """What to ask ffmpeg for: a fifth of a second of grey, encoded and thrown away."""
    picture = f"format={encoder.pixel_format}" + (",hwupload" if encoder.upload else "")
    options = [word for name, value in encoder.options for word in (f"-{name}", value)]
    source = ["-f", "lavfi", "-i", "color=gray:size=640x360:rate=25:duration=0.2"]
    return [*encoder.device, *source, "-vf", picture, "-c:v", encoder.ffmpeg, *options, "-f", "null", "-"]


def _failing(encoder: Encoder, ffmpeg: Path) -> str:
    """Why an encoder does not work here, or an empty text."""
    try:
        run_ffmpeg(ffmpeg, trial(encoder), terms=_TERMS)
    except RushesError as error:
        return reason(error.sentence) or error.sentence
    return ""


def reason(sentence: str) -> str:
    """What a refusal gives as ffmpeg's own reason; empty where it gives none."""
    return sentence.partition("(")[2].rpartition(")")[0]
