"""MXF files of a few kilobytes, built set by set, for the tests of their reader (SMPTE ST 377-1)."""

import struct
from dataclasses import dataclass, field

LABEL = bytes.fromhex("060e2b34")
PICTURE = bytes.fromhex("060e2b34040101010103020201000000")
SOUND = bytes.fromhex("060e2b34040101010103020202000000")
TIMECODE = bytes.fromhex("060e2b34040101010103020101000000")
XDCAM_HD = bytes.fromhex("060e2b34040101030401020201040300")
XAVC_INTRA = bytes.fromhex("060e2b340401010a0401020201323101")
MATERIAL, FILE, TAPE = (bytes([number]) * 32 for number in (1, 2, 3))
BODY_STREAM, INDEX_STREAM = 1, 2


def klv(key: bytes, value: bytes) -> bytes:
    return key + b"\x83" + len(value).to_bytes(3, "big") + value


def identity(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")[:16]


def refs(*names: str) -> bytes:
    return struct.pack(">II", len(names), 16) + b"".join(identity(name) for name in names)


def fraction(value: tuple[int, int]) -> bytes:
    return struct.pack(">II", *value)


def local(**values: bytes) -> bytes:
    """Items by their tags: `x4401=...`."""
    return b"".join(
        struct.pack(">HH", int(tag[1:], 16), len(value)) + value for tag, value in values.items() if value is not None
    )


def a_set(kind: int, name: str, **values: bytes) -> bytes:
    key = bytes.fromhex("060e2b34025301010d01010101") + bytes((1, kind, 0))
    return klv(key, local(x3c0a=identity(name), **values))


def length(value: int) -> bytes:
    return struct.pack(">q", value)


@dataclass
class Timecode:
    start: int
    base: int
    drop: bool = False


@dataclass
class Recording:
    """A material package with a picture and a sound track, and the file package (and tape) behind it."""

    rate: tuple[int, int] = (25, 1)
    duration: int = 10
    source_duration: int | None = None
    container_duration: int | None = None
    position: int = 0  # where the material begins in the file package
    origin: int = 0
    material_code: Timecode | None = None
    file_code: Timecode | None = None
    tape_code: Timecode | None = None
    tape_position: int = 0
    tape_name: str = "TAPE 1"
    name: str = ""
    company: str = "Rushes"
    product: str = "tests"
    created: bytes = bytes(8)
    coding: bytes | None = XDCAM_HD
    picture: dict[str, bytes] = field(default_factory=dict)
    sound: dict[str, bytes] | None = None
    essence: bytes = b"\0" * 32
    index: tuple[int, int] | None = None  # start and duration of a segment in the footer
    texts: tuple[bytes, ...] = ()  # of generic streams
    sets_after: bytes = b""  # more header metadata
    closed: bool = True
    footer_metadata: bool = False
    footer: bool = True
    run_in: bytes = b""

    def build(self) -> bytes:
        status = 4 if self.closed else 1
        sets = self._sets() + self.sets_after
        index = self._index() if self.index else b""
        essence = klv(bytes.fromhex("060e2b34010201010d01030115010500")[:15] + b"\x01", self.essence)
        head = self._partition(2, status, len(sets), 0, BODY_STREAM, 0, 0)
        streams = [(BODY_STREAM, 0)]
        body = head + sets + essence
        for number, text in enumerate(self.texts, start=10):
            streams.append((number, len(body)))
            body += self._partition(3, 0x11, 0, 0, number, len(body), 0)
            body += klv(bytes.fromhex("060e2b340101010c0d01050901000000"), text)
        if not self.footer:
            return self.run_in + self._partition(2, status, len(sets), 0, BODY_STREAM, 0, 0) + body[len(head) :]
        at = len(body)
        streams.append((0, at))
        repeated = sets if self.footer_metadata else b""
        end = self._partition(4, 4, len(repeated), len(index), 0, at, at) + repeated + index
        body = self._partition(2, status, len(sets), 0, BODY_STREAM, 0, at) + body[len(head) :]
        return self.run_in + body + end + random_index(streams)

    def _partition(self, kind: int, status: int, header: int, index: int, stream: int, at: int, footer: int) -> bytes:
        key = bytes.fromhex("060e2b34020501010d01020101") + bytes((kind, status, 0))
        pack = struct.pack(
            ">HHIQQQQQIQI16s", 1, 3, 1, at, 0, footer, header, index, INDEX_STREAM if index else 0, 0, stream, bytes(16)
        )
        return klv(key, pack + struct.pack(">II", 0, 16))

    def _index(self) -> bytes:
        assert self.index is not None
        start, duration = self.index
        values = local(
            x3c0a=identity("index"),
            x3f0b=fraction(self.rate),
            x3f0c=length(start),
            x3f0d=length(duration),
            x3f06=struct.pack(">I", INDEX_STREAM),
            x3f07=struct.pack(">I", BODY_STREAM),
        )
        return klv(bytes.fromhex("060e2b34025301010d01020101100100"), values)

    def _sets(self) -> bytes:
        parts = [
            a_set(
                0x30, "identification", x3c01=self.company.encode("utf-16-be"), x3c02=self.product.encode("utf-16-be")
            ),
            a_set(0x23, "container", x2701=FILE, x3f07=struct.pack(">I", BODY_STREAM)),
        ]
        parts += self._package(0x36, "m", MATERIAL, self.material_code, (FILE, self.position), self.duration)
        lasts = self.duration if self.source_duration is None else self.source_duration
        parts += self._package(0x37, "f", FILE, self.file_code, (TAPE, self.tape_position), lasts)
        parts += self._descriptors()
        if self.tape_code:
            parts += self._package(0x37, "t", TAPE, self.tape_code, None, -1)
            parts.append(a_set(0x2E, "t descriptor"))
        return b"".join(parts)

    def _package(
        self, kind: int, name: str, uid: bytes, code: Timecode | None, target: tuple[bytes, int] | None, lasts: int
    ) -> list[bytes]:
        title = {0x36: self.name}.get(kind, self.tape_name if uid == TAPE else "")
        tracks = [*(["code"] if code else []), "picture", *(["sound"] if self.sound else [])]
        parts = [
            a_set(
                kind, name, x4401=uid, x4402=title.encode("utf-16-be"), x4405=self.created,
                x4403=refs(*(f"{name} {track}" for track in tracks)), x4701=identity(f"{name} descriptor"),
            ),
        ]  # fmt: skip
        for number, track in enumerate(tracks, start=1 if code else 2):
            origin = self.origin if uid == FILE and track == "picture" else 0
            parts.append(
                a_set(
                    0x3B, f"{name} {track}", x4801=struct.pack(">I", number), x4b01=fraction(self.rate),
                    x4804=bytes.fromhex("15010501") if track == "picture" else bytes(4), x4b02=length(origin),
                    x4803=identity(f"{name} {track} seq"),
                )
            )  # fmt: skip
            label = {"code": TIMECODE, "picture": PICTURE, "sound": SOUND}[track]
            parts.append(
                a_set(0x0F, f"{name} {track} seq", x0201=label, x0202=length(lasts), x1001=refs(f"{name} {track} part"))
            )
            parts.append(self._component(name, track, label, lasts, code if track == "code" else None, target, number))
        return parts

    def _component(
        self, name: str, track: str, label: bytes, lasts: int,
        code: Timecode | None, target: tuple[bytes, int] | None, number: int,
    ) -> bytes:  # fmt: skip
        where = f"{name} {track} part"
        if code:
            return a_set(
                0x14, where, x0201=label, x0202=length(lasts), x1501=length(code.start),
                x1502=struct.pack(">H", code.base), x1503=bytes((code.drop,)),
            )  # fmt: skip
        package, position = target or (bytes(32), 0)
        return a_set(
            0x11, where, x0201=label, x0202=length(lasts), x1201=length(position), x1101=package,
            x1102=struct.pack(">I", number),
        )  # fmt: skip

    def _descriptors(self) -> list[bytes]:
        lasts = None if self.container_duration is None else length(self.container_duration)
        said = {"x3203": struct.pack(">I", 1920), "x3202": struct.pack(">I", 1080), **self.picture}
        picture = a_set(
            0x28, "f picture d", x3006=struct.pack(">I", 2), x3001=fraction(self.rate), x3002=lasts, x3201=self.coding,
            **said,
        )  # fmt: skip
        if self.sound is None:
            return [picture.replace(identity("f picture d"), identity("f descriptor"))]
        sound = a_set(0x48, "f sound d", x3006=struct.pack(">I", 3), **self.sound)
        return [a_set(0x44, "f descriptor", x3f01=refs("f picture d", "f sound d")), picture, sound]


def random_index(streams: list[tuple[int, int]]) -> bytes:
    pairs = b"".join(struct.pack(">IQ", stream, at) for stream, at in streams)
    key = bytes.fromhex("060e2b34020501010d01020101110100")
    return klv(key, pairs + struct.pack(">I", 20 + len(pairs) + 4))


def sound_said(channels: int = 2, bits: int = 24, rate: int = 48000) -> dict[str, bytes]:
    return {
        "x3d03": fraction((rate, 1)),
        "x3d07": struct.pack(">I", channels),
        "x3d01": struct.pack(">I", bits),
    }
