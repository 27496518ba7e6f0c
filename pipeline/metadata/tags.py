"""Tags of QuickTime and MP4 files: metadata keys, user data, item lists, places (ISO 6709), dates.

Apple: QuickTime File Format, metadata keys (`com.apple.quicktime.*`). Android: `com.android.*`.
3GPP TS 26.244: `loci`. User data texts begin with a length and a language.
"""

import re
import struct
from collections.abc import Iterator
from fractions import Fraction

from pipeline.metadata import sony
from pipeline.metadata.boxes import Box, body, boxes, first
from pipeline.metadata.findings import Finding, moment, parsed, place, text_of
from pipeline.metadata.gopro import read_payload
from pipeline.metadata.source import ByteSource
from pipeline.timecode import Rate

MOST_KEYS = 1024
LARGEST_TEXT = 64 * 1024
# Some Android cameras write degrees without leading zeros.
_ISO6709 = re.compile(r"([+-])(\d{1,6}(?:\.\d{1,12})?)([+-])(\d{1,7}(?:\.\d{1,12})?)")

# Metadata key to fact. What a key says of the whole file; the vendor prefix is cut.
_KEYS: dict[str, str] = {
    "com.apple.quicktime.make": "camera_make",
    "com.apple.quicktime.model": "camera_model",
    "com.apple.quicktime.camera.lens_model": "lens",
    "com.apple.quicktime.camera.identifier": "camera_identifier",
    "com.apple.quicktime.reel": "reel",
    "com.apple.quicktime.reelname": "reel",
    "com.apple.proapps.reel": "reel",
    "com.apple.proapps.scene": "scene",
    "com.apple.proapps.clipID": "clip_name",
    "com.apple.proapps.clipFileName": "clip_name",
    "com.apple.proapps.serialno": "camera_serial",
    "com.apple.proapps.manufacturer": "camera_make",
    "com.apple.proapps.modelname": "camera_model",
    "com.arri.camera.CameraModel": "camera_model",
    "com.arri.camera.CameraSerialNumber": "camera_serial",
    "com.arri.camera.LensType": "lens",
    "com.arri.camera.ReelName": "reel",
    "com.arri.camera.SceneName": "scene",
    "com.arri.camera.TakeName": "take",
    "com.android.manufacturer": "camera_make",
    "com.android.model": "camera_model",
}
# What cameras write where nobody filled in a value.
_PLACEHOLDERS = frozenset({"n.a.", "n/a", "none", "-", "no scene name", "no take name", "unknown"})
_LENS_KEY = re.compile(r"com\.apple\.quicktime\.camera\.lens_model(-[a-zA-Z]{3})?")
_UDTA: dict[bytes, str] = {
    b"\xa9mak": "camera_make",
    b"\xa9mod": "camera_model",
    b"\xa9mdl": "camera_model",
    b"\xa9lns": "lens",
}


def iso6709(text: str) -> tuple[float, float] | None:
    """`+51.5334-000.1255+026.756/`: degrees, degrees and minutes, or degrees, minutes and seconds."""
    match = _ISO6709.match(text.strip())
    if match is None:
        return None
    latitude = _degrees(match[1], match[2], 2)
    longitude = _degrees(match[3], match[4], 3)
    return place(latitude, longitude)


def _degrees(sign: str, digits: str, width: int) -> float:
    whole, _, part = digits.partition(".")
    fraction = f".{part}" if part else ""
    rest = whole[width:]
    if len(rest) == 2:
        value = int(whole[:width]) + float(rest + fraction) / 60
    elif len(rest) == 4:
        value = int(whole[:width]) + int(rest[:2]) / 60 + float(rest[2:] + fraction) / 3600
    else:
        value = float(whole + fraction)
    return -value if sign == "-" else value


def read_meta(source: ByteSource, meta: Box, where: str) -> Iterator[Finding]:
    """A meta box: keys with an item list (mdta), or an item list named by four letters (mdir)."""
    start = meta.start if source.upto(meta.start + 4, 4) == b"hdlr" else meta.start + 4
    inner = Box(meta.kind, start, meta.end)
    if document := first(source, inner, b"xml "):
        data = body(source, document)
        if sony.recognises(data[:4096]):
            yield from sony.read(data.lstrip(b"\0").rstrip(b"\0"), "embedded NonRealTimeMeta")
    keys_box, items = first(source, inner, b"keys"), first(source, inner, b"ilst")
    if items is None:
        return
    keys = _keys(source, keys_box) if keys_box else []
    for item in boxes(source, items.start, items.end):
        value = _value(source, item)
        if value is None:
            continue
        if keys:
            index = int.from_bytes(item.kind, "big")
            if 0 < index <= len(keys):
                yield from of_key(keys[index - 1], value, where)
        elif item.kind == b"\xa9xyz" and isinstance(value, str):
            yield Finding("gps", iso6709(value), "ilst", f"{where}/ilst ©xyz")
        elif item.kind == b"\xa9day" and isinstance(value, str) and (read := moment(value)):
            yield Finding("recorded_at", read, "ilst", f"{where}/ilst ©day")


def _keys(source: ByteSource, box: Box) -> list[str]:
    (count,) = struct.unpack(">I", source.read(box.start + 4, 4))
    found: list[str] = []
    for entry in boxes(source, box.start + 8, box.end):
        if len(found) >= min(count, MOST_KEYS):
            break
        found.append(body(source, entry, 1024).decode("utf-8", "replace"))
    return found


def _value(source: ByteSource, item: Box) -> str | int | float | None:
    """The first data box: type 1 is text, 21 and 65-78 whole numbers, 23 and 24 floats."""
    data = first(source, item, b"data")
    if data is None or data.end - data.start < 8:
        return None
    raw = body(source, data, LARGEST_TEXT)
    kind, raw = int.from_bytes(raw[1:4], "big"), raw[8:]
    if kind == 1:
        return text_of(raw)
    if kind == 23 and len(raw) == 4:
        return float(struct.unpack(">f", raw)[0])
    if kind == 24 and len(raw) == 8:
        return float(struct.unpack(">d", raw)[0])
    if kind in (21, 65, 66, 67, 74) and len(raw) <= 8:
        return int.from_bytes(raw, "big", signed=True)
    return None


def of_key(key: str, value: str | float, where: str) -> Iterator[Finding]:
    """What one metadata key says; other containers carry such keys on."""
    place_in_words = f"{where}/keys {key}"
    if key.lower() == "com.apple.quicktime.location.iso6709" and isinstance(value, str):
        yield Finding("gps", iso6709(value), "keys", place_in_words)
    elif key == "com.apple.quicktime.creationdate" and isinstance(value, str):
        if read := moment(value):
            yield Finding("recorded_at", read, "keys", place_in_words)
    elif key == "com.android.capture.fps" and isinstance(value, int | float):
        if rate := _capture_rate(value):
            yield Finding("capture_rate", rate, "keys", place_in_words)
    elif _LENS_KEY.fullmatch(key):
        yield Finding("lens", str(value), "keys", place_in_words)
    elif (fact := _KEYS.get(key)) and str(value).casefold() not in _PLACEHOLDERS:
        yield Finding(fact, str(value), "keys", place_in_words)
    if key == "com.arri.camera.CameraModel":
        yield Finding("camera_make", "ARRI", "keys", f"{where}/keys com.arri.camera")


def _capture_rate(value: float) -> Rate | None:
    if not 1 <= value <= 100_000:
        return None
    milli = round(value * 1000)
    return Rate(milli, 1000) if milli % 1000 == 0 else None


def read_user_data(source: ByteSource, udta: Box) -> Iterator[Finding]:
    """User data of the movie; a start timecode that Adobe programs leave there included."""
    adobe: dict[bytes, str] = {}
    for box in boxes(source, udta.start, udta.end):
        if box.kind == b"meta":
            yield from read_meta(source, box, "udta/meta")
        elif box.kind[:1] == b"\xa9":
            text = _user_text(body(source, box, LARGEST_TEXT))
            if text is None:
                continue
            if box.kind in (b"\xa9TIM", b"\xa9TSC", b"\xa9TSZ"):
                adobe[box.kind] = text
            yield from _user_tag(box.kind, text)
        else:
            yield from _plain_tag(source, box)
    yield from _adobe_timecode(adobe)


def _plain_tag(source: ByteSource, box: Box) -> Iterator[Finding]:
    """User data boxes of a form of their own."""
    if box.kind == b"loci":
        yield from _location(body(source, box, 1024))
    elif box.kind == b"date":
        if read := moment(body(source, box, 64).split(b"\0")[0].decode("ascii", "replace")):
            yield Finding("recorded_at", read, "udta", "udta date")
    elif box.kind == b"GPMF":
        yield from read_payload(body(source, box, LARGEST_TEXT), "udta GPMF")
    elif box.kind == b"TAGS":
        yield from _still_camera(body(source, box, 48))


def _user_text(data: bytes) -> str | None:
    """Length (16 bits), language (16 bits), text; some drones write the bare text."""
    size = int.from_bytes(data[:2], "big")
    return text_of(data[4 : 4 + size] if size + 4 <= len(data) else data)


def _user_tag(kind: bytes, text: str) -> Iterator[Finding]:
    where = "udta ©" + kind[1:].decode("ascii", "replace")
    if kind == b"\xa9xyz":
        yield Finding("gps", iso6709(text), "udta", where)
    elif kind == b"\xa9day":
        if read := moment(text):
            yield Finding("recorded_at", read, "udta", where)
    elif fact := _UDTA.get(kind):
        yield Finding(fact, text, "udta", where)


def _location(data: bytes) -> Iterator[Finding]:
    """loci: a name, a role, then longitude, latitude, altitude as 16.16."""
    end = data.find(b"\0", 6)
    if end < 0 or len(data) < end + 14:
        return
    longitude, latitude = struct.unpack_from(">ii", data, end + 2)
    yield Finding("gps", place(round(latitude / 65536, 5), round(longitude / 65536, 5)), "udta", "udta loci")


def _still_camera(data: bytes) -> Iterator[Finding]:
    """TAGS of still cameras: begins with the maker, or with make and model."""
    text = text_of(data)
    if text and text.split()[0].isalpha():
        yield Finding("camera_make", text.split()[0], "udta", "udta TAGS")


def _adobe_timecode(tags: dict[bytes, str]) -> Iterator[Finding]:
    """©TIM is the label, ©TSC / ©TSZ the rate (2997 / 100)."""
    if len(tags) != 3 or not tags[b"\xa9TSC"].isdecimal() or not tags[b"\xa9TSZ"].isdecimal():
        return
    ticks, scale = int(tags[b"\xa9TSC"]), int(tags[b"\xa9TSZ"])
    rate = Rate.nearest(Fraction(ticks, scale)) if scale else None
    code = parsed(tags[b"\xa9TIM"], rate) if rate else None
    if code:
        yield Finding("start_timecode", code, "udta", "udta ©TIM")
