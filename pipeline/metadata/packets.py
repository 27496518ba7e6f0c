"""Packets of an MPEG transport stream: where they lie, which streams they carry, what is in them (ISO/IEC 13818-1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

SYNC = 0x47
_LARGEST_SECTION = 4096
_MOST_STREAMS = 64
_MOST_TRIED = 10_000


class Layout(NamedTuple):
    """Packets of 188 bytes, or of 192 with four bytes of arrival time before each (`start` 4)."""

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Elementary:
    """One stream of a program: its packets' number, its type, its descriptors by tag, its registration."""

    pid: int
    kind: int
    descriptors: dict[int, bytes]

    @property
    def registration(self) -> bytes:
        return self.descriptors.get(5, b"")[:4]


class Packetised(NamedTuple):
    """One packetised piece of a stream: its presentation time in 1/90000 s, if stated, and its payload."""

    time: int | None
    payload: bytes


def layout(head: bytes) -> Layout | None:
    """How packets lie in a file, by its first bytes."""
    for start, size in ((0, 188), (4, 192)):
        count = min(4, (len(head) - start) // size)
        if count >= 3 and all(head[start + index * size] == SYNC for index in range(count)):
            return Layout(start, size)
    return None


def places(data: bytes, size: int) -> Sequence[int]:
    """Where whole packets begin in `data`, which begins with one; after damage the next true beginning is sought."""
    count = max(0, (len(data) - 188) // size + 1)
    if data[: count * size : size].count(SYNC) == count:
        return range(0, count * size, size)
    found, at = [], 0
    while 0 <= at <= len(data) - 188:
        if data[at] == SYNC:
            found.append(at)
            at += size
        else:
            at = _next_beginning(data, at, size)
    return found


def _next_beginning(data: bytes, at: int, size: int) -> int:
    """The next sync byte that another follows a packet later, as far as the data goes; -1 where none of many is."""
    for _ in range(_MOST_TRIED):
        at = data.find(SYNC, at + 1)
        if at < 0 or at + size >= len(data) or data[at + size] == SYNC:
            return at
    return -1


def of_pid(data: bytes, at: Sequence[int], pid: int) -> list[int]:
    """The packets of one stream among those at `at`."""
    high, low = pid >> 8, pid & 255
    return [place for place in at if data[place + 2] == low and data[place + 1] & 31 == high]


def payload(data: bytes, at: int) -> bytes:
    """What follows the header and the adaptation field of a packet."""
    control = data[at + 3] & 0x30
    if control == 0x10:
        return data[at + 4 : at + 188]
    return data[at + 5 + data[at + 4] : at + 188] if control == 0x30 else b""


def begins(data: bytes, at: int) -> bool:
    """Whether a packet begins a packetised piece or a table."""
    return data[at + 1] & 0x40 != 0


def content(packet: bytes) -> bytes:
    """What a packetised piece carries, without its header (2.4.3.6)."""
    return packet[9 + packet[8] :] if len(packet) > 8 and packet[:3] == b"\0\0\1" else packet


def carried(data: bytes, at: Sequence[int]) -> bytes:
    """What the packets of one stream carry, one after another."""
    return b"".join([content(payload(data, place)) if begins(data, place) else payload(data, place) for place in at])


def pieces(data: bytes, at: Sequence[int], pid: int) -> Iterator[Packetised]:
    """The packetised pieces of a stream that begin in `data`; the last may be cut off."""
    parts: list[bytes] = []
    for place in of_pid(data, at, pid):
        if begins(data, place):
            if parts:
                yield _piece(b"".join(parts))
            parts = [payload(data, place)]
        elif parts:
            parts.append(payload(data, place))
    if parts:
        yield _piece(b"".join(parts))


def _piece(packet: bytes) -> Packetised:
    return Packetised(_time(packet), content(packet))


def _time(packet: bytes) -> int | None:
    """The presentation time stamp of a packet's header: 3, 15 and 15 bits with markers between."""
    if len(packet) < 14 or packet[:3] != b"\0\0\1" or not packet[7] & 0x80:
        return None
    raw = packet[9:14]
    return (raw[0] >> 1 & 7) << 30 | raw[1] << 22 | (raw[2] >> 1) << 15 | raw[3] << 7 | raw[4] >> 1


# --- tables ---------------------------------------------------------------------------------------


def program(data: bytes, at: Sequence[int]) -> tuple[Elementary, ...]:
    """The streams of the first program whose map is there."""
    for association in _sections(data, at, 0, table=0):
        for entry in range(8, len(association) - 7, 4):
            if association[entry : entry + 2] == b"\0\0":
                continue
            pid = (association[entry + 2] & 31) << 8 | association[entry + 3]
            for section in _sections(data, at, pid, table=2):
                return tuple(_streams(section))
    return ()


def _sections(data: bytes, at: Sequence[int], pid: int, *, table: int) -> Iterator[bytes]:
    """Whole tables of one kind (2.4.4), which may go over several packets."""
    gathered = b""
    for place in of_pid(data, at, pid):
        part = payload(data, place)
        if begins(data, place):
            gathered = part[1 + part[0] :] if part else b""
        elif gathered:
            gathered += part
        if len(gathered) < 12:
            continue
        length = 3 + ((gathered[1] & 15) << 8 | gathered[2])
        if gathered[0] == table and len(gathered) >= length >= 12:
            yield gathered[:length]
        if len(gathered) >= min(length, _LARGEST_SECTION):
            gathered = b""


def _streams(section: bytes) -> Iterator[Elementary]:
    end = len(section) - 4
    at = 12 + ((section[10] & 15) << 8 | section[11])
    for _ in range(_MOST_STREAMS):
        if at + 5 > end:
            return
        length = (section[at + 3] & 15) << 8 | section[at + 4]
        described = dict(_descriptors(section[at + 5 : min(at + 5 + length, end)]))
        yield Elementary((section[at + 1] & 31) << 8 | section[at + 2], section[at], described)
        at += 5 + length


def _descriptors(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(data):
        yield data[at], data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
