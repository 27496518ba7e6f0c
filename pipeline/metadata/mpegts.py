"""MPEG transport streams and AVCHD: what MediaInfo leaves open (ISO/IEC 13818-1; AVCHD's MDPM notes).

A transport stream has no index. Its length is taken from the first and last time stamps of the
picture, which stand near the two ends of the file; so a gap inside it is not seen, and `why` says
so. AVCHD writes one timecode per picture, in the order of decoding: the first shown counts.
"""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from pipeline.metadata.bits import unescaped
from pipeline.metadata.findings import Finding
from pipeline.metadata.sony import ltc
from pipeline.metadata.source import ByteSource
from pipeline.timecode import Rate

ORIGIN = "mpegts"
ENDS = 2 * 1024 * 1024
CLOCK = 90_000
_WRAP = 1 << 33
_PICTURES = (0x01, 0x02, 0x1B, 0x24)
_MDPM = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_TIMECODE = 0x13
_KEPT = 4096  # bytes of each picture that are looked at for notes


class Picture(NamedTuple):
    """One packetised picture: its presentation time in 1/90000 s, and how it begins."""

    time: int
    start: bytes


def layout(head: bytes) -> tuple[int, int] | None:
    """Where the first packet begins and how long packets are: 188 bytes, or 192 with a time stamp before each."""
    for start, size in ((0, 188), (4, 192)):
        count = min(4, (len(head) - start) // size)
        if count >= 3 and all(head[start + index * size] == 0x47 for index in range(count)):
            return start, size
    return None


def read(source: ByteSource, rate: Rate | None) -> Iterator[Finding]:
    """Frames and AVCHD's timecode, at the rate that another reader found or that the time stamps show."""
    found = layout(source.upto(0, 1024))
    if found is None:
        return
    start, size = found
    head = source.upto(start, min(ENDS, source.size))
    pid = _picture_pid(head, size)
    if pid is None:
        return
    pictures = list(_pictures(head, size, pid))
    tail_at = start + max(0, source.size - start - ENDS) // size * size
    tail = pictures if tail_at == start else list(_pictures(source.upto(tail_at, ENDS), size, pid))
    own = _rate(pictures)
    if own:
        yield Finding("rate", own, ORIGIN, "picture time stamps")
    rate = rate or own
    if not pictures or not tail or rate is None:
        return
    yield Finding("vfr", False, ORIGIN, "picture time stamps", "broadcast and AVCHD streams have one rate")
    yield Finding(
        "frames", _frames(pictures, tail, rate), ORIGIN, "first and last time stamp", "likely: a gap is not seen"
    )
    first = min(pictures, key=lambda picture: _after(picture.time, pictures[0].time))
    code = _note(first.start, _TIMECODE)
    # Fields are numbered as the frames they make; 50 and 59.94 pictures a second count at half.
    counted = Rate.of(rate.fraction / 2) if rate.nominal > 30 else rate
    if code and (timecode := ltc(code.hex(), counted)):
        yield Finding("start_timecode", timecode, ORIGIN, "AVCHD notes (MDPM) of the first picture shown")


def _rate(pictures: list[Picture]) -> Rate | None:
    """The standard rate at which most pictures follow each other."""
    times = sorted(_after(picture.time, pictures[0].time) for picture in pictures)
    steps = Counter(later - earlier for earlier, later in pairwise(times) if later > earlier)
    if not steps:
        return None
    step, often = steps.most_common(1)[0]
    return Rate.nearest(Fraction(CLOCK, step)) if often * 2 > len(times) - 1 else None


def _frames(pictures: list[Picture], tail: list[Picture], rate: Rate) -> int:
    """Frames between the first and the last time stamp; second fields lie half a frame later."""
    origin = pictures[0].time
    first = min(_after(picture.time, origin) for picture in pictures)
    last = max(_after(picture.time, origin) for picture in tail)
    return int((last - first) * rate.fraction / CLOCK + Fraction(1, 10)) + 1


def _after(time: int, origin: int) -> int:
    """Ticks since `origin`; the 33-bit clock may have begun again in between."""
    apart = (time - origin) % _WRAP
    return apart - _WRAP if apart > _WRAP - 60 * CLOCK else apart


def _payload(packet: bytes) -> bytes:
    """What follows the header and the adaptation field."""
    control = packet[3] >> 4 & 3
    if control == 1:
        return packet[4:188]
    return packet[5 + packet[4] : 188] if control == 3 else b""


def _picture_pid(data: bytes, size: int) -> int | None:
    """The packets of the picture, by way of the program association and map tables."""
    maps: set[int] = set()
    for at in range(0, len(data) - 188, size):
        packet = data[at : at + 188]
        pid = (packet[1] & 31) << 8 | packet[2]
        if packet[0] != 0x47 or not packet[1] & 0x40 or (pid != 0 and pid not in maps):
            continue
        section = _payload(packet)
        section = section[1 + section[0] :] if section else b""
        end = 3 + ((section[1] & 15) << 8 | section[2]) - 4 if len(section) > 12 else 0
        if pid == 0:
            maps |= {
                (section[entry + 2] & 31) << 8 | section[entry + 3]
                for entry in range(8, min(end, len(section) - 3), 4)
                if section[entry : entry + 2] != b"\0\0"
            }
        elif (found := _picture_in_map(section, end)) is not None:
            return found
    return None


def _picture_in_map(section: bytes, end: int) -> int | None:
    at = 12 + ((section[10] & 15) << 8 | section[11]) if len(section) > 12 else end
    while at + 5 <= min(end, len(section)):
        if section[at] in _PICTURES:
            return (section[at + 1] & 31) << 8 | section[at + 2]
        at += 5 + ((section[at + 3] & 15) << 8 | section[at + 4])
    return None


def _pictures(data: bytes, size: int, pid: int) -> Iterator[Picture]:
    """The pictures that begin in a stretch of packets."""
    high, low = pid >> 8, pid & 255
    time, start = None, bytearray()
    for at in range(0, len(data) - 187, size):
        if data[at] != 0x47 or data[at + 1] & 31 != high or data[at + 2] != low:
            continue
        if data[at + 1] & 0x40:
            if time is not None:
                yield Picture(time, bytes(start))
            start = bytearray(_payload(data[at : at + 188]))
            time = _time(start)
        elif time is not None and len(start) < _KEPT:
            start += _payload(data[at : at + 188])
    if time is not None:
        yield Picture(time, bytes(start))


def _time(packet: bytearray) -> int | None:
    """The presentation time stamp of a packet's header: 3, 15 and 15 bits with markers between."""
    if len(packet) < 14 or packet[:3] != b"\0\0\1" or not packet[7] & 0x80:
        return None
    raw = packet[9:14]
    return (raw[0] >> 1 & 7) << 30 | raw[1] << 22 | (raw[2] >> 1) << 15 | raw[3] << 7 | raw[4] >> 1


def _note(start: bytes, wanted: int) -> bytes | None:
    """Four bytes of the note of this number in a picture's MDPM message."""
    data = unescaped(start)
    at = data.find(_MDPM)
    if at < 0 or at + 21 > len(data):
        return None
    count, at = data[at + 20], at + 21
    for entry in range(at, min(at + 5 * count, len(data) - 4), 5):
        if data[entry] == wanted:
            return data[entry + 1 : entry + 5]
    return None
