"""The clips of an AAF: a master mob for each file of the cut, with its log, its file, and the tape that it came from.

Positions in a tape count from midnight, so that one tape mob serves all files of a reel that count alike. Mobs are
numbered by what they hold: a clip in the next export is the same mob, and relinks where the last one did.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from math import ceil, floor

from pipeline.editorial.aaf_model import (
    CDCI_DESCRIPTOR,
    CLIP_COMMENT,
    FILLER,
    IMPORT_DESCRIPTOR,
    MASTER_MOB,
    MULTIPLE_DESCRIPTOR,
    NETWORK_LOCATOR,
    PCM_DESCRIPTOR,
    PICTURE,
    SOUND,
    SOURCE_CLIP,
    SOURCE_MOB,
    TAGGED_VALUE,
    TAPE_DESCRIPTOR,
    TIMECODE,
    TIMECODE_DATA,
    TIMELINE_SLOT,
    Pid,
)
from pipeline.editorial.exports.aaf_head import Head
from pipeline.editorial.exports.aaf_objects import (
    Holding,
    Property,
    made,
    number,
    one,
    rational,
    raw,
    text,
    text_value,
    vector,
    weak,
)
from pipeline.editorial.exports.compound import Folder
from pipeline.editorial.exports.events import Held
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.written import one_line
from pipeline.editorial.exports.xml_text import path_url
from pipeline.fields import FIELDS
from pipeline.timecode import Rate, TimeRange, frames_per_day

MOST_LETTERS = 30_000  # that fit into a property
NOWHERE = bytes(32)  # the mob id that ends a chain
_UMID = bytes.fromhex("060a2b340101010501010f1013000000")
_STAMP = struct.pack("<h6B", 2000, 1, 1, 0, 0, 0, 0)  # the same in every export: nothing in a mob depends on the day
_UNSTATED = (1920, 1080)
_UNSTATED_SOUND = 48000
_BITS = 24
_AVID_NAMES = {"note": "Comments", "shoot_day": "Shoot Date"}
_LOG = {field.name: _AVID_NAMES.get(field.name, field.title) for field in FIELDS if field.origin == "log"}

Place = tuple[int, bytes, int]  # a slot, its kind, and the number within its kind
Numbered = tuple[bytes, Folder]  # a mob with its id


@dataclass(frozen=True, slots=True)
class File:
    """A file of the cut as its master mob: slot 1 is its picture, the next ones are its channels of sound."""

    source: Source
    held: Held
    tape: str
    mob: bytes

    @property
    def slots(self) -> Iterator[Place]:
        if self.held.picture:
            yield 1, PICTURE, 1
        yield from ((self.slot(channel), SOUND, channel) for channel in range(1, sum(self.held.streams) + 1))

    def slot(self, channel: int) -> int:
        """The slot of a channel of the file, 0 for its picture."""
        return channel + 1

    def since_start(self, frame: int, rate: Rate) -> int:
        """The edit unit of the composition, from the file's head, that shows a frame of the source.

        Where a unit holds several frames, the one whose beginning is no later.
        """
        if self.source.rate == rate:
            return frame - self.held.span.start
        exact = self.place(frame, rate)
        return ceil(exact) if self.source.rate.fraction < rate.fraction else floor(exact)

    def place(self, frame: int, rate: Rate) -> Fraction:
        """Where a frame of the source begins, in edit units of the composition from the file's head."""
        return (frame - self.held.span.start) * rate.fraction / self.source.rate.fraction


def file_of(source: Source, held: Held, tape: str) -> File:
    """The file, with the id that it has in every export."""
    said = (source.clip or source.path or source.name, source.name, str(source.rate), repr(held))
    return File(source, held, tape, umid("master", *said))


def umid(*said: str) -> bytes:
    """A mob id that only depends on what is said (SMPTE ST 330 leaves the material number to its maker)."""
    return _UMID + blake2b("\0".join(said).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def mobs_of(files: Sequence[File], head: Head) -> Iterator[Numbered]:
    """Masters, their files and their tapes."""
    tapes: dict[bytes, tuple[File, int]] = {}
    for file in files:
        yield file.mob, _master(file, head)
        yield from _file_mobs(file, head)
        if file.source.timed:
            key, channels = tape_id(file), sum(file.held.streams)
            tapes[key] = (file, max(channels, tapes.get(key, (file, 0))[1]))
    for key, (file, channels) in tapes.items():
        yield key, _tape(file, channels, key, head)


def tape_id(file: File) -> bytes:
    source = file.source
    return umid("tape", file.tape, str(source.rate), str(source.drop_frame))


def _master(file: File, head: Head) -> Folder:
    source = file.source
    slots = [_slot(place, file, (_file_id(file), place[0], 0), head) for place in file.slots]
    comments = [tagged(name, plain(value)) for name, value in _comments(source)]
    held = [vector(Pid.SLOTS, slots), vector(Pid.USER_COMMENTS, comments)]
    return mob(MASTER_MOB, file.mob, plain(source.name), held)


def _comments(source: Source) -> Iterator[tuple[str, str]]:
    """What a bin shows: the log in Avid's columns, and what leads back to the clip."""
    log = source.log
    yield from ((title, log[name]) for name, title in _LOG.items() if log.get(name))
    yield from (
        (name, value)
        for name, value in ((CLIP_COMMENT, source.clip), ("Card", source.card), ("Reel", source.reel))
        if value
    )


def _file_id(file: File) -> bytes:
    return umid("file", file.mob.hex(), file.source.path or file.source.name)


def _file_mobs(file: File, head: Head) -> Iterator[Numbered]:
    """The file, and what it was taken from where that is no tape."""
    source, first = file.source, file.held.span.start
    key = _file_id(file)
    if source.timed:
        beyond, start = tape_id(file), first
    else:
        beyond, start = umid("import", file.mob.hex()), 0
        yield beyond, _import(file, beyond, head)
    slots = [_slot(place, file, (beyond, place[0], start), head) for place in file.slots]
    held = [vector(Pid.SLOTS, slots), one(Pid.DESCRIPTOR, _described(file))]
    yield key, mob(SOURCE_MOB, key, plain(source.name), held)


def _import(file: File, key: bytes, head: Head) -> Folder:
    slots = [_slot(place, file, (NOWHERE, 0, 0), head) for place in file.slots]
    described = made(IMPORT_DESCRIPTOR, (), [vector(Pid.LOCATOR, [_locator(file.source)])])
    held = [vector(Pid.SLOTS, slots), one(Pid.DESCRIPTOR, described)]
    return mob(SOURCE_MOB, key, plain(file.source.name), held)


def _tape(file: File, channels: int, key: bytes, head: Head) -> Folder:
    """A tape of two days, whose timecode begins at midnight: a clip may run past the next one."""
    source = file.source
    length = 2 * frames_per_day(source.rate, drop_frame=source.drop_frame)
    counting = timecode(TimeRange(0, length), source.rate, drop_frame=source.drop_frame, head=head)
    kinds = [(1, PICTURE, 1), *((channel + 1, SOUND, channel) for channel in range(1, channels + 1))]
    slots = [
        timeline_slot(slot, f"{'V' if kind == PICTURE else 'A'}{number}", number, source.rate,
                      source_clip(kind, length, (NOWHERE, 0, 0), head))
        for slot, kind, number in kinds
    ]  # fmt: skip
    slots.append(timeline_slot(channels + 2, "TC1", 1, source.rate, counting))
    held = [vector(Pid.SLOTS, slots), one(Pid.DESCRIPTOR, made(TAPE_DESCRIPTOR, ()))]
    return mob(SOURCE_MOB, key, file.tape, held)


def _slot(place: Place, file: File, beyond: tuple[bytes, int, int], head: Head) -> Folder:
    slot, kind, number = place
    name = f"{'V' if kind == PICTURE else 'A'}{number}"
    clip = source_clip(kind, file.held.span.duration, beyond, head)
    return timeline_slot(slot, name, number, file.source.rate, clip)


def _described(file: File) -> Folder:
    """What kind of file it is, as far as an AAF must say; the suite looks at the file itself."""
    source, locator = file.source, vector(Pid.LOCATOR, [_locator(file.source)])
    if not file.held.streams:
        return made(CDCI_DESCRIPTOR, _picture(file), [locator])
    if not file.held.picture:
        return made(PCM_DESCRIPTOR, _sound(file), [locator])
    both = [made(CDCI_DESCRIPTOR, _picture(file)), made(PCM_DESCRIPTOR, _sound(file))]
    return made(MULTIPLE_DESCRIPTOR, _length(file, source.rate.fraction), [locator, vector(Pid.DESCRIPTORS, both)])


def _length(file: File, rate: Fraction) -> list[Property]:
    frames = file.held.span.duration * rate / file.source.rate.fraction
    return [rational(Pid.SAMPLE_RATE, rate), number(Pid.FILE_LENGTH, floor(frames))]


def _picture(file: File) -> list[Property]:
    width, height = file.source.file.size or _UNSTATED
    return [
        *_length(file, file.source.rate.fraction),
        number(Pid.STORED_WIDTH, width, "<I"),
        number(Pid.STORED_HEIGHT, height, "<I"),
        number(Pid.FRAME_LAYOUT, 0, "<B"),  # whole frames
        raw(Pid.LINE_MAP, struct.pack("<ii", 0, 0)),
        rational(Pid.ASPECT, Fraction(width, height or 1)),
        number(Pid.COMPONENT_WIDTH, 8, "<I"),
        number(Pid.SUBSAMPLING, 2, "<I"),
    ]


def _sound(file: File) -> list[Property]:
    rate, channels = file.source.file.sample_rate or _UNSTATED_SOUND, sum(file.held.streams)
    return [
        *_length(file, Fraction(rate)),
        rational(Pid.SOUND_RATE, Fraction(rate)),
        number(Pid.CHANNELS, channels, "<I"),
        number(Pid.BITS, _BITS, "<I"),
        number(Pid.BLOCK, channels * _BITS // 8, "<H"),
        number(Pid.BYTES_PER_SECOND, rate * channels * _BITS // 8, "<I"),
    ]


def _locator(source: Source) -> Folder:
    url = source.file.url or (path_url(source.path, host="") if source.path else "")
    return made(NETWORK_LOCATOR, [text(Pid.URL, url or source.name)])


def plain(text: str) -> str:
    """A text as every suite can show it: on one line, in whole characters, no longer than a property holds."""
    return text if text.isprintable() and len(text) < 1000 else _plain(text)


def _plain(text: str) -> str:
    return one_line(text).encode("utf-8", "replace").decode()[:MOST_LETTERS]


# --- what mobs are made of ------------------------------------------------------------------------


def mob(kind: bytes, key: bytes, name: str, held: Sequence[Holding], *, usage: bytes = b"") -> Folder:
    properties = [raw(Pid.MOB_ID, key), text(Pid.MOB_NAME, name), raw(Pid.MODIFIED, _STAMP), raw(Pid.CREATED, _STAMP)]
    if usage:
        properties.append(raw(Pid.USAGE, usage))
    return made(kind, properties, held)


def timeline_slot(slot: int, name: str, track: int, rate: Rate, segment: Folder) -> Folder:
    return made(TIMELINE_SLOT, [*_slot_properties(slot, name, track, rate)], [one(Pid.SEGMENT, segment)])


@lru_cache(maxsize=1000)
def _slot_properties(slot: int, name: str, track: int, rate: Rate) -> tuple[Property, ...]:
    return (
        number(Pid.SLOT_ID, slot, "<I"),
        text(Pid.SLOT_NAME, name),
        number(Pid.TRACK_NUMBER, track, "<I"),
        rational(Pid.EDIT_RATE, rate.fraction),
        number(Pid.ORIGIN, 0),
    )


def component(data: bytes, length: int, head: Head) -> tuple[Property, Property]:
    return _data_definition(head.data, data), number(Pid.LENGTH, length)


@lru_cache(maxsize=64)
def _data_definition(table: int, data: bytes) -> Property:
    return weak(Pid.DATA_DEFINITION, table, data)


def source_clip(data: bytes, length: int, beyond: tuple[bytes, int, int], head: Head) -> Folder:
    """`length` units of a slot of a mob: its id, the slot, and the unit that it begins with."""
    key, slot, start = beyond
    place = (raw(Pid.SOURCE_ID, key), number(Pid.SOURCE_SLOT, slot, "<I"), number(Pid.START_TIME, start))
    return made(SOURCE_CLIP, (*component(data, length, head), *place))


def filler(data: bytes, length: int, head: Head) -> Folder:
    return made(FILLER, component(data, length, head))


def timecode(span: TimeRange, rate: Rate, *, drop_frame: bool, head: Head) -> Folder:
    """Timecode that begins with frame `span.start` of the day."""
    counting = (
        number(Pid.TIMECODE_START, span.start),
        number(Pid.TIMECODE_FPS, rate.nominal, "<H"),
        number(Pid.TIMECODE_DROP, drop_frame, "<B"),
    )
    return made(TIMECODE, (*component(TIMECODE_DATA, span.duration, head), *counting))


def tagged(name: str, value: str) -> Folder:
    return made(TAGGED_VALUE, [text(Pid.TAG_NAME, name), text_value(Pid.TAG_VALUE, value)])
