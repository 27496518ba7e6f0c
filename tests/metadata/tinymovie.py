"""QuickTime files of a few hundred bytes, built box by box, for the tests of their reader."""

import struct
from dataclasses import dataclass, field

IDENTITY = (1, 0, 0, 1)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, *parts: bytes) -> bytes:
    return box(kind, bytes(4), *parts)


@dataclass
class Movie:
    """A picture track of one codec, and a timecode track where `timecode` is set."""

    clock: int = 25
    durations: tuple[tuple[int, int], ...] = ((10, 1),)
    offsets: tuple[tuple[int, int], ...] = ()
    edits: tuple[tuple[int, int], ...] = ()
    movie_clock: int = 1000
    brand: bytes = b"qt  "
    codec: bytes = b"apcn"
    size: tuple[int, int] = (320, 180)
    matrix: tuple[int, int, int, int] = IDENTITY
    boxes_of_picture: tuple[bytes, ...] = ()
    timecode: tuple[int, int, int, int, int] | None = None  # number, flags, scale, duration, frames a second
    reel: bytes = b""
    user_data: tuple[bytes, ...] = ()
    keys: tuple[tuple[bytes, bytes], ...] = ()
    media: bytes = b"\0" * 64
    extra: tuple[bytes, ...] = field(default_factory=tuple)

    def build(self) -> bytes:
        media = (struct.pack(">I", self.timecode[0] & 0xFFFFFFFF) if self.timecode else bytes(4)) + self.media
        head = box(b"ftyp", self.brand, bytes(4), self.brand) + box(b"mdat", media)
        start = len(head) - len(media)
        movie = [full(b"mvhd", struct.pack(">IIII", 0, 0, self.movie_clock, 0), bytes(80)), self._picture(start + 4)]
        if self.timecode:
            movie.append(self._timecode(start))
        if self.user_data:
            movie.append(box(b"udta", *self.user_data))
        if self.keys:
            movie.append(self._keys())
        return head + box(b"moov", *movie) + b"".join(self.extra)

    def _track(self, number: int, handler: bytes, clock: int, table: bytes, *, before: bytes = b"") -> bytes:
        a, b, c, d = (part << 16 for part in self.matrix)
        header = full(
            b"tkhd",
            struct.pack(">III", 0, 0, number),
            bytes(24),
            struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30),
            bytes(8),
        )
        media = box(
            b"mdia",
            full(b"mdhd", struct.pack(">IIII", 0, 0, clock, 0), bytes(4)),
            full(b"hdlr", b"mhlr", handler, bytes(12)),
            box(b"minf", table),
        )
        return box(b"trak", header, before, media)

    def _picture(self, chunk: int) -> bytes:
        count = sum(count for count, _ in self.durations)
        entry = box(
            self.codec, bytes(6), b"\0\1", bytes(16), struct.pack(">HH", *self.size), bytes(50), *self.boxes_of_picture
        )
        tables = [
            full(b"stsd", struct.pack(">I", 1), entry),
            full(b"stts", runs(self.durations)),
            full(b"stsc", struct.pack(">IIII", 1, 1, count, 1)),
            full(b"stsz", struct.pack(">II", 4, count)),
            full(b"stco", struct.pack(">II", 1, chunk)),
        ]
        if self.offsets:
            tables.append(full(b"ctts", runs(self.offsets)))
        before = b""
        if self.edits:
            edits = b"".join(struct.pack(">Iii", duration, start, 1 << 16) for duration, start in self.edits)
            before = box(b"edts", full(b"elst", struct.pack(">I", len(self.edits)), edits))
        if self.timecode:
            before += box(b"tref", box(b"tmcd", struct.pack(">I", 2)))
        return self._track(1, b"vide", self.clock, box(b"stbl", *tables), before=before)

    def _timecode(self, chunk: int) -> bytes:
        assert self.timecode is not None
        _, flags, scale, duration, counted = self.timecode
        name = box(b"name", struct.pack(">HH", len(self.reel), 0), self.reel) if self.reel else b""
        entry = box(
            b"tmcd", bytes(6), b"\0\1", bytes(4), struct.pack(">IIIBB", flags, scale, duration, counted, 0), name
        )
        tables = box(
            b"stbl",
            full(b"stsd", struct.pack(">I", 1), entry),
            full(b"stts", runs(((1, duration),))),
            full(b"stsz", struct.pack(">II", 4, 1)),
            full(b"stco", struct.pack(">II", 1, chunk)),
        )
        return self._track(2, b"tmcd", scale, tables)

    def _keys(self) -> bytes:
        names = b"".join(box(b"mdta", key) for key, _ in self.keys)
        values = b"".join(
            struct.pack(">II", 24 + len(value), index) + box(b"data", struct.pack(">II", 1, 0), value)
            for index, (_, value) in enumerate(self.keys, start=1)
        )
        return box(
            b"meta",
            full(b"hdlr", bytes(4), b"mdta", bytes(12)),
            full(b"keys", struct.pack(">I", len(self.keys)), names),
            box(b"ilst", values),
        )


def runs(table: tuple[tuple[int, int], ...]) -> bytes:
    return struct.pack(">I", len(table)) + b"".join(struct.pack(">Ii", count, value) for count, value in table)


def wav(
    samples: int = 480, *, chunks: tuple[tuple[bytes, bytes], ...] = (), rate: int = 48000, channels: int = 1
) -> bytes:
    """A 16-bit recording with these chunks before its data."""
    body = [(b"fmt ", struct.pack("<HHIIHH", 1, channels, rate, rate * 2 * channels, 2 * channels, 16)), *chunks]
    body.append((b"data", bytes(2 * channels * samples)))
    inner = b"".join(struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) & 1) for kind, data in body)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(inner), b"WAVE") + inner


def bext(
    time_reference: int, *, description: bytes = b"", date: bytes = b"2019-10-12", time: bytes = b"06:15:00"
) -> bytes:
    return (
        description.ljust(256, b"\0")
        + b"Recorder".ljust(32, b"\0")
        + bytes(32)
        + date
        + time
        + struct.pack("<Q", time_reference)
        + bytes(256)
    )
