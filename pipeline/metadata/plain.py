"""Facts as flat plain data, under the names people use: what `rushes facts --json` shows."""

from fractions import Fraction
from typing import Any

from pipeline.clip import AudioStream, Facts, Source, VideoStream
from pipeline.metadata.assembly import TOLD
from pipeline.timecode import Rate


def facts_json(facts: Facts) -> dict[str, object]:
    """Facts as flat plain data: what is known, under the names people use, plus `sources`."""
    row: dict[str, object] = {}
    if facts.video is not None:
        row |= {key: getattr(facts.video, key) for key in VideoStream.__dataclass_fields__}
    row |= {
        key: getattr(facts, key) for key in Facts.__dataclass_fields__ if key not in ("video", "sources", "decoder")
    }
    if facts.video is None and facts.audio:
        first = facts.audio[0]
        row |= {"channels": first.channels, "sample_rate": first.sample_rate, "bit_depth": _bit_depth(first)}
    plain = {key: _plain(value) for key, value in row.items() if value is not None and value != ()}
    sources = {source.key: source for source in facts.sources}
    plain |= {key: None for key in sources if key in TOLD and key not in plain}
    if facts.audio or "audio" in sources:
        plain["audio"] = [_stream(stream) for stream in facts.audio]
    if "audio" in sources:
        of_stream = {key: Source(key, sources["audio"].where, why="of the first sound stream") for key in _OF_STREAM}
        sources = {key: source for key, source in of_stream.items() if key in plain} | sources
    if not facts.decoder:
        plain["decoder"] = False
    plain["sources"] = {key: _source(source) for key, source in sources.items()}
    return plain


_OF_STREAM = ("channels", "sample_rate", "bit_depth")


def _source(source: Source) -> dict[str, object]:
    row: dict[str, object] = {"where": source.where}
    if source.others:
        row["others"] = [{"where": where, "said": said} for where, said in source.others]
    return row | {"why": source.why} if source.why else row


def _stream(stream: AudioStream) -> dict[str, object]:
    row: dict[str, object] = {"codec": stream.codec, "channels": stream.channels, "sample_rate": stream.sample_rate}
    row |= {} if stream.samples is None else {"samples": stream.samples}
    return row | {"file": stream.file} if stream.file else row


def _bit_depth(stream: AudioStream) -> int | None:
    digits = "".join(letter for letter in stream.codec if letter.isdecimal())
    return int(digits) if stream.codec.startswith("pcm_") and digits else None


def _plain(value: Any) -> object:
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Rate):
        return str(value)
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return str(value)
