"""GoPro telemetry (GPMF): camera, serial number, positions with a fix and the satellites' time.

GPMF is a tree of KLV: four letters, a type, a size, a count, data padded to four bytes. GPS5 holds
latitude, longitude, altitude and two speeds as scaled whole numbers, and the fix stands beside it
(GPSF: 0 none, 2 flat, 3 in space; GPSP: precision times 100). GPS9 carries fix and precision in
every sample. Drones of the maker write GLPI. Format: github.com/gopro/gpmf-parser.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from pipeline.clip import Fix
from pipeline.metadata.findings import Finding, Moment, moment, place, text_of
from pipeline.metadata.track import thinned

ORIGIN = "gpmf"
MOST_ITEMS = 20_000
MOST_DEPTH = 6
MOST_SEARCHED = 120  # payloads, one a second: the first fix is looked for in the first two minutes
MOST_SPREAD = 60  # further payloads, spread over the recording, that show where it went
MOST_BYTES = 1024 * 1024  # of those
# Dilution above this is no position (GoPro: under 500 is good).
WORST_PRECISION = 1000


class Item(NamedTuple):
    key: bytes
    kind: int
    size: int
    repeat: int
    data: bytes


def recognises(head: bytes) -> bool:
    """A raw payload: a device block that begins with its id or name."""
    return head[:4] == b"DEVC" and head[4:5] == b"\0" and head[8:12] in (b"DVID", b"DVNM", b"TICK", b"TSMP")


def items(data: bytes) -> Iterator[Item]:
    """The items side by side; ends where the data does."""
    at = 0
    for _ in range(MOST_ITEMS):
        if at + 8 > len(data):
            return
        key, kind, size, count = struct.unpack_from(">4sBBH", data, at)
        length = size * count
        if key == b"\0\0\0\0" or at + 8 + length > len(data):
            return
        yield Item(key, kind, size, count, data[at + 8 : at + 8 + length])
        at += 8 + (length + 3 & ~3)


def read_payload(data: bytes, where: str) -> Iterator[Finding]:
    """Findings of one payload of the telemetry track, or of the GPMF box in the user data."""
    yield from _walk(data, where, 0)


def read(data: bytes, name: str) -> Iterator[Finding]:
    """A payload in a file of its own."""
    yield Finding("format", "gpmf", ORIGIN, name)
    yield from read_payload(data, name)


class Payload(NamedTuple):
    """Where a payload of the telemetry track lies in the file, and when it is shown (seconds)."""

    offset: int
    size: int
    seconds: float


def read_track(payloads: Sequence[Payload], fetch: Callable[[Payload], bytes], where: str) -> Iterator[Finding]:
    """Findings up to the first fix, then the track: one fix of each payload of those spread over the rest."""
    for number, payload in enumerate(payloads[:MOST_SEARCHED]):
        found = list(read_payload(fetch(payload), where))
        yield from (_at_start(each, payload) for each in found)
        fix = _fix(found, payload)
        if fix is None:
            continue
        later = (_fix(read_payload(fetch(each), where), each) for each in _spread(payloads[number + 1 :]))
        yield Finding("track", thinned([fix, *filter(None, later)]), ORIGIN, where)
        return


def _spread(payloads: Sequence[Payload]) -> list[Payload]:
    """Some payloads over the whole length, the last among them, that are not too many bytes to read."""
    if not payloads:
        return []
    usual = sum(payload.size for payload in payloads) // len(payloads) + 1
    most = max(1, min(MOST_SPREAD, MOST_BYTES // usual))
    return [*payloads[:-1][:: -(-len(payloads) // most)], payloads[-1]]


def _at_start(finding: Finding, payload: Payload) -> Finding:
    """A satellites' clock as it stood when the recording began: less the payloads before this one."""
    if finding.key != "gps_time":
        return finding
    return replace(finding, value=finding.value - timedelta(seconds=payload.seconds))


def _fix(found: Iterable[Finding], payload: Payload) -> Fix | None:
    position = next((finding.value for finding in found if finding.key == "gps"), None)
    return Fix(payload.seconds, *position) if position else None


def _walk(data: bytes, where: str, depth: int) -> Iterator[Finding]:
    found = list(items(data))
    for item in found:
        if item.kind == 0 and depth < MOST_DEPTH:
            yield from _walk(item.data, where, depth + 1)
        elif item.key in (b"MINF", b"DVNM"):
            model = text_of(item.data)
            if model and (item.key == b"MINF" or "hero" in model.lower() or "black" in model.lower()):
                yield Finding("camera_make", "GoPro", ORIGIN, f"{where} {item.key.decode()}")
                yield Finding("camera_model", model, ORIGIN, f"{where} {item.key.decode()}")
        elif item.key == b"CASN" and (serial := text_of(item.data)):
            yield Finding("camera_serial", serial, ORIGIN, f"{where} CASN")
    stream = {item.key: item for item in found}
    if clock := _clock(stream):
        yield Finding("gps_time", clock, ORIGIN, f"{where} GPS clock")
    if position := _position(stream):
        yield Finding("gps", position, ORIGIN, f"{where} {_stream_name(found)}")


def _stream_name(found: list[Item]) -> str:
    return next((item.key.decode() for item in found if item.key in _STREAMS), "GPS")


_STREAMS = (b"GPS9", b"GPS5", b"GLPI")


def _position(stream: dict[bytes, Item]) -> tuple[float, float] | None:
    """The first sample with a fix in a stream of positions."""
    scales = _numbers(stream.get(b"SCAL"))
    if b"GPS9" in stream:
        return _gps9(stream[b"GPS9"], scales)
    if b"GPS5" in stream and _has_fix(stream) and len(scales) >= 2:
        return _first(stream[b"GPS5"], ">ii", 0, scales[:2])
    if b"GLPI" in stream and len(scales) >= 3:
        return _first(stream[b"GLPI"], ">ii", 4, scales[1:3])
    return None


def _has_fix(stream: dict[bytes, Item]) -> bool:
    fix, precision = _numbers(stream.get(b"GPSF")), _numbers(stream.get(b"GPSP"))
    return bool(fix and fix[0] in (2, 3)) and not (precision and precision[0] > WORST_PRECISION)


def _first(item: Item, layout: str, skip: int, scales: list[int]) -> tuple[float, float] | None:
    for start in range(0, len(item.data) - item.size + 1, max(1, item.size)):
        if item.size < skip + 8 or 0 in scales:
            return None
        latitude, longitude = struct.unpack_from(layout, item.data, start + skip)
        if found := place(latitude / scales[0], longitude / scales[1]):
            return found
    return None


def _gps9(item: Item, scales: list[int]) -> tuple[float, float] | None:
    """lat, lon, alt, two speeds, days, seconds (all 32 bits), then precision and fix (16 bits)."""
    if item.size < 32 or len(scales) < 9 or 0 in scales:
        return None
    for start in range(0, len(item.data) - item.size + 1, item.size):
        latitude, longitude = struct.unpack_from(">ii", item.data, start)
        precision, fix = struct.unpack_from(">HH", item.data, start + 28)
        if (
            fix in (2, 3)
            and precision <= WORST_PRECISION
            and (found := place(latitude / scales[0], longitude / scales[1]))
        ):
            return found
    return None


def _clock(stream: dict[bytes, Item]) -> datetime | None:
    """UTC by the satellites: GPSU is text (yymmddhhmmss.sss) and needs a fix; GPS9 counts days since 2000.

    Drones write SYST: time since they were switched on, and since 1970 (0 before the first fix), both scaled.
    """
    try:
        if b"GPSU" in stream and _has_fix(stream):
            return datetime.strptime(stream[b"GPSU"].data[:12].decode("ascii"), "%y%m%d%H%M%S").replace(tzinfo=UTC)
        scales = _numbers(stream.get(b"SCAL"))
        if b"GPS9" in stream and len(scales) >= 7 and scales[6] and _gps9(stream[b"GPS9"], scales):
            days, clock = struct.unpack_from(">ii", stream[b"GPS9"].data, 20)
            return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=days, seconds=clock // scales[6])
        if b"SYST" in stream and stream[b"SYST"].size == 16 and len(scales) == 2 and scales[1]:
            since = struct.unpack_from(">Q", stream[b"SYST"].data, 8)[0]
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=since // scales[1]) if since else None
    except (ValueError, OverflowError, struct.error):
        return None
    return None


def started(made: datetime, clock: datetime) -> Moment | None:
    """When recording began: the camera's date checked against the satellites' clock at the first fix.

    These cameras write their own clock into the header as if it were UTC. Where it is off by whole
    quarter hours, that is its zone; None where it is off by anything else: then it is set wrong.
    """
    quarters = round((made - clock) / timedelta(minutes=15))
    if abs(made - clock - quarters * timedelta(minutes=15)) > timedelta(minutes=5) or abs(quarters) > 4 * 14:
        return None
    if quarters == 0:
        return moment(made.strftime("%Y-%m-%dT%H:%M:%SZ"))
    local = made.replace(tzinfo=timezone(timedelta(minutes=15 * quarters)))
    return moment(local.isoformat())


def _numbers(item: Item | None) -> list[int]:
    """Whole numbers of an item: l signed 32, L 32, s signed 16, S 16, B 8."""
    if item is None:
        return []
    letter = {108: "i", 76: "I", 115: "h", 83: "H", 66: "B", 98: "b"}.get(item.kind)
    if letter is None or len(item.data) > 1024:
        return []
    width = struct.calcsize(f">{letter}")
    return [struct.unpack_from(f">{letter}", item.data, at)[0] for at in range(0, len(item.data) - width + 1, width)]


def read_header(head: bytes) -> Iterator[Finding]:
    """The GPRO block that opens the media data of older models: firmware, lens, camera serial, model."""
    if head[:4] != b"GPRO" or len(head) < 136:
        return
    serial, model = text_of(head[87:103]), text_of(head[102:134])
    yield Finding("camera_make", "GoPro", ORIGIN, "GPRO block")
    if serial and serial.isalnum() and len(serial) == 14:
        yield Finding("camera_serial", serial, ORIGIN, "GPRO block")
        if model:
            yield Finding("camera_model", model, ORIGIN, "GPRO block")
