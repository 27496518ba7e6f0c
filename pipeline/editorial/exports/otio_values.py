"""An OTIO timeline as plain values, by way of its own JSON.

Looking at ten thousand clips through OTIO's Python objects costs microseconds for each attribute;
its JSON, read by msgspec into these types, costs half as much in all. Only what writers need is here, in the order
that OTIO writes it in, in which msgspec finds it at once.
"""

from typing import Annotated, TypeVar

import msgspec
from opentimelineio.schema import Timeline

from pipeline.editorial.exports.written import one_line
from pipeline.errors import ExportRefused

T = TypeVar("T")
# Far beyond any film: 27 hours in microseconds, more pixels and channels than any device has.
_Frames = Annotated[float, msgspec.Meta(ge=-1e11, le=1e11)]
_Pixels = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=1024)]


class Time(msgspec.Struct, gc=False):
    rate: float
    value: _Frames


class Range(msgspec.Struct, gc=False):
    duration: Time
    start_time: Time


class Reference(msgspec.Struct, gc=False):
    """Any media reference; only one to a file has a `target_url`."""

    name: str = ""
    available_range: Range | None = None
    target_url: str = ""


class Marker(msgspec.Struct, gc=False):
    marked_range: Range
    name: str = ""
    color: str = ""
    comment: str = ""


class FileFacts(msgspec.Struct, gc=False):
    """What a file says of itself that its OTIO reference cannot hold; empty where nothing is known.

    `timecode_from` is where its timecode was read, `late` the seconds (a fraction) by which its first sample comes
    after the frame its start counts to, `url` its place where the path is no UTF-8.
    """

    size: tuple[_Pixels, _Pixels] | None = None
    pixel_aspect: str = ""
    fields: str = ""
    sample_rate: int = 0
    timecode_from: str = ""
    late: Annotated[str, msgspec.Meta(pattern=r"^(\d{1,12}(/[1-9]\d{0,11})?)?$")] = ""
    url: str = ""


class Said(msgspec.Struct, gc=False):
    """What a timeline of ours says of a clip or timeline under `rushes`; None where it said nothing."""

    card: str = ""
    channels: _Count = 1
    clip: str = ""
    drop_frame: bool = False
    file: FileFacts = msgspec.field(default_factory=FileFacts)
    log: dict[str, str | int | list[str]] = {}
    rate: str | None = None
    reel: str = ""
    size: str | None = None
    start_timecode: str | None = None
    stream: _Count = 1


class Metadata(msgspec.Struct, gc=False):
    rushes: Said | None = None


class Effect(msgspec.Struct, gc=False):
    """What is done to a clip; only time effects have a `time_scalar`: media time per timeline time, 0 for a freeze."""

    schema: str = msgspec.field(name="OTIO_SCHEMA")
    time_scalar: float | None = None

    @property
    def is_speed(self) -> bool:
        return self.time_scalar is not None and self.schema.partition(".")[0] in {"LinearTimeWarp", "FreezeFrame"}


class Item(msgspec.Struct, gc=False):
    """A clip, gap, transition or nested composition on a track; `schema` tells which.

    A transition shows `in_offset` of the timeline before its cut and `out_offset` after it.
    """

    schema: str = msgspec.field(name="OTIO_SCHEMA")
    metadata: Metadata = msgspec.field(default_factory=Metadata)
    name: str = ""
    source_range: Range | None = None
    effects: list[Effect] = []
    markers: list[Marker] = []
    enabled: bool = True
    media_references: dict[str, Reference] = {}
    active_media_reference_key: str = ""
    transition_type: str = ""
    in_offset: Time | None = None
    out_offset: Time | None = None

    @property
    def kind(self) -> str:
        """`Clip`, `Gap`, `Transition`, `Stack`..."""
        return self.schema.partition(".")[0]

    @property
    def reference(self) -> Reference:
        return self.media_references.get(self.active_media_reference_key) or Reference()

    @property
    def span(self) -> Range | None:
        """What the item takes of its media: all of it where nothing is said, None where that is unknown."""
        return self.source_range or self.reference.available_range


class Child(msgspec.Struct, gc=False):
    schema: str = msgspec.field(name="OTIO_SCHEMA")
    name: str = ""
    kind: str = ""
    children: list[Item] = []


class Tracks(msgspec.Struct, gc=False):
    children: list[Child]
    markers: list[Marker] = []


class Document(msgspec.Struct, gc=False):
    name: str
    global_start_time: Time | None
    tracks: Tracks
    metadata: Metadata = msgspec.field(default_factory=Metadata)


_DECODER = msgspec.json.Decoder(Document)


def values_of(timeline: Timeline) -> Document:
    """Raises ExportRefused for numbers that no timeline has, and for words under `rushes` that are not ours."""
    return decoded(timeline, _DECODER)


def decoded(timeline: Timeline, decoder: msgspec.json.Decoder[T]) -> T:
    """The timeline's JSON as `decoder` reads it. Raises ExportRefused for what that refuses."""
    try:
        return decoder.decode(timeline.to_json_string(indent=-1))
    except msgspec.DecodeError as error:  # also of values that are of the wrong kind or out of bounds
        name = one_line(timeline.name) or "The timeline"
        raise ExportRefused(f"'{name}' holds a value that no timeline has ({error}); mend it and try again.") from None
