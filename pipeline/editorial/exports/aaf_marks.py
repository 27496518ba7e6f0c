"""The markers of an AAF: events in slots of their own, each describing the slot of a track, as Avid writes them."""

import struct
from collections.abc import Iterator, Sequence

from pipeline.editorial.aaf_model import DESCRIPTIVE_MARKER, EVENT_SLOT, MARKER_DATA, SEQUENCE, TAGGED_VALUE, Pid
from pipeline.editorial.exports.aaf_head import Head
from pipeline.editorial.exports.aaf_mobs import plain, tagged
from pipeline.editorial.exports.aaf_objects import integer_value, made, number, one, rational, raw, text, vector, weak
from pipeline.editorial.exports.compound import Folder
from pipeline.editorial.exports.events import Mark
from pipeline.editorial.exports.written import Losses
from pipeline.timecode import Rate

_FIRST_SLOT = 1000  # where Avid begins
# Avid's colours and their parts of red, green and blue; the names of OTIO that it lacks, by their neighbours.
_COLORS = {
    "RED": (52428, 13107, 13107), "GREEN": (13107, 52428, 13107), "BLUE": (13107, 13107, 52428),
    "CYAN": (13107, 52428, 52428), "MAGENTA": (52428, 13107, 52428), "YELLOW": (52428, 52428, 13107),
    "BLACK": (0, 0, 0), "WHITE": (65535, 65535, 65535),
}  # fmt: skip
_NEIGHBOURS = {"PINK": "MAGENTA", "PURPLE": "MAGENTA", "ORANGE": "YELLOW"}

Marked = tuple[int, int, Sequence[Mark]]  # a slot, the number of its track, and its markers


def marker_slots(marked: Sequence[Marked], rate: Rate, head: Head, lost: Losses) -> Iterator[Folder]:
    """A slot for each track that has markers."""
    for slot, track, marks in marked:
        if marks:
            markers = [_marker(mark, slot, head, lost) for mark in marks]
            data = weak(Pid.DATA_DEFINITION, head.data, MARKER_DATA)
            segment = made(SEQUENCE, [data], [vector(Pid.COMPONENTS, markers)])
            properties = [
                number(Pid.SLOT_ID, _FIRST_SLOT + slot, "<I"),
                text(Pid.SLOT_NAME, ""),
                number(Pid.TRACK_NUMBER, track, "<I"),
                rational(Pid.EVENT_RATE, rate.fraction),
            ]
            yield made(EVENT_SLOT, properties, [one(Pid.SEGMENT, segment)])


def _marker(mark: Mark, slot: int, head: Head, lost: Losses) -> Folder:
    """A marker; Avid shows the name as that of a user, and keeps a length in an attribute."""
    name, note = plain(mark.name), plain(mark.note or mark.name)
    if name != mark.name or note != (mark.note or mark.name):
        lost.add("Control characters and line ends in markers, replaced by spaces", name)
    color = mark.color if mark.color in _COLORS else _NEIGHBOURS.get(mark.color, "RED")
    if mark.color and color != mark.color:
        lost.add("Colours of markers that Avid lacks, shown as neighbours", mark.color)
    length = [integer_value(Pid.TAG_VALUE, mark.record.duration)]
    attributes = [
        tagged("_ATN_CRM_COLOR", color.title()),
        tagged("_ATN_CRM_USER", name),
        tagged("_ATN_CRM_COM", note),
        made(TAGGED_VALUE, [text(Pid.TAG_NAME, "_ATN_CRM_LENGTH"), *length]),
    ]
    properties = [
        weak(Pid.DATA_DEFINITION, head.data, MARKER_DATA),
        number(Pid.POSITION, mark.record.start),
        text(Pid.COMMENT, note),
        raw(Pid.DESCRIBED_SLOTS, struct.pack("<I", slot)),
        text(head.user, name),
        raw(head.color, struct.pack("<3H", *_COLORS[color])),
    ]
    return made(DESCRIPTIVE_MARKER, properties, [vector(head.attributes, attributes)])
