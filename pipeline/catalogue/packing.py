"""Values to and from what a column holds: facts as JSON, paths as text to show, rates and timecodes."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import msgspec

from pipeline.clip import Facts
from pipeline.timecode import Rate, Timecode


def fraction_out(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    raise NotImplementedError(type(value).__name__)


def fraction_in(kind: type, value: Any) -> Any:
    if kind is Fraction:
        return Fraction(value)
    raise NotImplementedError(kind.__name__)


_ENCODER = msgspec.json.Encoder(enc_hook=fraction_out)
_DECODER = msgspec.json.Decoder(Facts, dec_hook=fraction_in)


def pack_facts(facts: Facts) -> bytes:
    return _ENCODER.encode(facts)


def unpack_facts(packed: bytes) -> Facts:
    return _DECODER.decode(packed)


def pack_list(values: tuple[str, ...] | tuple[bytes, ...]) -> str:
    """Texts or paths as a JSON list; paths keep every byte (each byte as one character)."""
    texts = [value.decode("latin-1") if isinstance(value, bytes) else value for value in values]
    return msgspec.json.encode(texts).decode()


def unpack_texts(packed: str | None) -> tuple[str, ...]:
    return msgspec.json.decode(packed, type=tuple[str, ...]) if packed else ()


def unpack_paths(packed: str) -> tuple[bytes, ...]:
    return tuple(text.encode("latin-1") for text in unpack_texts(packed))


def pack_verdict(verdict: Mapping[str, tuple[str, ...]]) -> str | None:
    """What each editor says of a proxy; nothing for what nobody judges."""
    return msgspec.json.encode(verdict).decode() if verdict else None


def unpack_verdict(packed: str | None) -> dict[str, tuple[str, ...]]:
    return msgspec.json.decode(packed, type=dict[str, tuple[str, ...]]) if packed else {}


def pack_runs(runs: tuple[tuple[int, int], ...] | None) -> str | None:
    return None if runs is None else msgspec.json.encode(runs).decode()


def unpack_runs(packed: str | None) -> tuple[tuple[int, int], ...] | None:
    return None if packed is None else msgspec.json.decode(packed, type=tuple[tuple[int, int], ...])


def timecode(label: str | None, rate: str | None) -> Timecode | None:
    return Timecode.parse(label, Rate.parse(rate)) if label and rate else None
