"""The files that events are taken from, and exact numbers for OTIO's float times.

What the model says of a clip under `rushes` comes first; a foreign timeline is read by its own words.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import TypeAlias

import msgspec

from pipeline.editorial.assembly import PROXY
from pipeline.editorial.exports.otio_values import FileFacts, Item, Range, Reference, Said, Time
from pipeline.timecode import Rate, Timecode, TimeRange

_KEYWORDS = ("subject", "location", "tag")
Key: TypeAlias = tuple[str, str, str | None]  # clip id, name, path
LogValue = str | int | list[str]


class Source(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A file that events are taken from; a sheet holds one object for each, so that it is itself only.

    `available` counts source frames at `rate`; `timed` says whether it has timecode; `values` are the log's fields, and
    `log` the same as text.
    `proxy` is the path of a proxy; `equal` says that it holds the same frames, as that of a spanned clip does not.
    """

    name: str
    path: str | None
    clip: str
    card: str
    reel: str
    rate: Rate
    drop_frame: bool
    timed: bool
    available: TimeRange
    values: Mapping[str, LogValue]
    log: Mapping[str, str]
    proxy: str | None
    equal: bool
    file: FileFacts

    @property
    def keywords(self) -> tuple[str, ...]:
        """Subjects, location and tags one by one."""
        return tuple(dict.fromkeys([word for name in _KEYWORDS for word in self.listed(name)]))

    def listed(self, name: str) -> list[str]:
        """What the log says under one field, one by one."""
        value = self.values.get(name, "")
        if isinstance(value, list):
            return value
        return [str(value)] if value else []

    def timecode(self, frame: int) -> Timecode:
        return Timecode(frame, self.rate, self.drop_frame)


def source_of(item: Item, span: Range, known: dict[Key, Source]) -> Source:
    """The file that a clip is taken from; `known` keeps one object for each, over all tracks."""
    reference, said = item.reference, item.metadata.rushes
    path = reference.target_url or None
    name = item.name or reference.name or (path or "").rpartition("/")[2]
    key = (said.clip if said else "", name, path)
    if key not in known:
        known[key] = _read_source(name, reference, span, proxy=item.media_references.get(PROXY), said=said)
    return known[key]


def _read_source(name: str, reference: Reference, span: Range, *, proxy: Reference | None, said: Said | None) -> Source:
    span = reference.available_range or span
    timed = said is None or said.start_timecode is not None
    said = said or Said()
    rate = stated_rate(said.rate) if said.rate else exact_rate(span.start_time.rate)
    return Source(
        name=name,
        path=reference.target_url or None,
        clip=said.clip,
        card=said.card,
        reel=said.reel,
        rate=rate,
        drop_frame=said.drop_frame,
        timed=timed,
        available=TimeRange(round(span.start_time.value), round(frames_of(span.duration, rate))),
        values=said.log,
        log={field: value if isinstance(value, str) else _text(value) for field, value in said.log.items()},
        proxy=proxy.target_url or None if proxy else None,
        equal=proxy is not None and proxy.available_range == reference.available_range,
        file=said.file,
    )


def _text(value: int | list[str]) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def frames_of(time: Time, rate: Rate) -> Fraction | int:
    """A duration in exact frames at `rate`; an int where OTIO holds one, for speed."""
    own, value = exact_rate(time.rate), time.value
    exact = int(value) if value.is_integer() else Fraction(value)
    return exact if own is rate or own == rate else exact * rate.fraction / own.fraction


@cache
def stated_rate(rate: str) -> Rate:
    return _one(Rate.parse(rate))


@cache
def _one(rate: Rate) -> Rate:
    """The same object for equal rates, which are then compared at once."""
    return rate


@cache
def exact_rate(rate: float) -> Rate:
    """The rate that a float stands for; 29.97 is 30000/1001."""
    nearest = Rate.nearest(Fraction(rate), tolerance=Fraction(1, 50_000))
    return _one(nearest or Rate.of(Fraction(rate).limit_denominator(1001)))
