"""Packages and tracks of MXF header metadata: what is shown, and where it comes from (SMPTE ST 377-1, Annex A and B).

A material package says what a player shows; its tracks point into source packages of this file, and
these may point on to the tape or file that they were made of.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from pipeline.metadata.dropframe import drops
from pipeline.metadata.findings import text_of
from pipeline.metadata.klv import Set, number
from pipeline.timecode import Rate, Timecode

MATERIAL, SOURCE = 0x36, 0x37
_TIMELINE_TRACK, _SEQUENCE, _CLIP, _TIMECODE = 0x3B, 0x0F, 0x11, 0x14
_MULTIPLE_DESCRIPTOR, _TAPE_DESCRIPTOR = 0x44, 0x2E
_CONTAINERS = 0x23
_MOST = 1024
_LONGEST_CHAIN = 8
Kind = Literal["picture", "sound"]
# Data definitions by bytes 8 to 12 of their labels, and as Avid wrote them before there were labels.
_KINDS: dict[bytes, Kind] = {
    bytes.fromhex("0103020201"): "picture",
    bytes.fromhex("0103020202"): "sound",
    bytes.fromhex("6f3c8ce16c"): "picture",
    bytes.fromhex("78e1ebe16c"): "sound",
}
Sets = Mapping[bytes, Set]


class Counter(NamedTuple):
    """A timecode component: labels a second, the first frame, drop-frame."""

    start: int
    base: int
    drop: bool


@dataclass(frozen=True, slots=True)
class Track:
    """One timeline track; `duration` is None where it is not known."""

    id: int
    essence: int  # the number that the keys of its essence carry
    rate: Fraction | None
    origin: int
    kind: Kind | None
    duration: int | None
    points_to: tuple[bytes, int, int] | None = None  # package, track, position there
    counter: Counter | None = None


@dataclass(frozen=True, slots=True)
class Package:
    uid: bytes
    kind: int
    name: str | None
    created: bytes
    tracks: tuple[Track, ...]
    descriptor: Set | None

    @property
    def tape(self) -> bool:
        return self.descriptor is not None and self.descriptor.kind == _TAPE_DESCRIPTOR


class Shown(NamedTuple):
    """A track that is shown, the track of a source package in this file, and what describes its essence."""

    track: Track
    source: Track
    descriptor: Set
    stream: int  # of the essence container


def refs(value: bytes | None) -> list[bytes]:
    """The identities in an array: a count, a size, and 16 bytes each."""
    if value is None or len(value) < 8:
        return []
    return [value[at : at + 16] for at in range(8, min(len(value), 8 + 16 * _MOST) - 15, 16)]


def text(value: bytes | None) -> str | None:
    return text_of(value.decode("utf-16-be", "replace").split("\0")[0]) if value else None


def fraction(value: bytes | None) -> Fraction | None:
    if value is None or len(value) != 8:
        return None
    over, under = struct.unpack(">ii", value)
    return Fraction(over, under) if over > 0 and under > 0 else None


def packages(sets: Sets) -> list[Package]:
    """All packages in the order of the file."""
    return [_package(sets, each) for each in sets.values() if each.kind in (MATERIAL, SOURCE)]


def _package(sets: Sets, found: Set) -> Package:
    tracks = (sets.get(uid) for uid in refs(found.items.get(0x4403)))
    return Package(
        found.items.get(0x4401, b""), found.kind, text(found.items.get(0x4402)), found.items.get(0x4405, b""),
        tuple(_track(sets, track) for track in tracks if track and track.kind == _TIMELINE_TRACK),
        sets.get(found.items.get(0x4701, b"")),
    )  # fmt: skip


def _track(sets: Sets, found: Set) -> Track:
    segment = sets.get(found.items.get(0x4803, b""))
    parts = [segment] if segment else []
    if segment and segment.kind == _SEQUENCE:
        parts = [part for uid in refs(segment.items.get(0x1001)) if (part := sets.get(uid))]
    clip = next((part for part in parts if part.kind == _CLIP), None)
    code = next((part for part in parts if part.kind == _TIMECODE), None)
    return Track(
        number(found.items.get(0x4801)) or 0,
        number(found.items.get(0x4804)) or 0,
        fraction(found.items.get(0x4B01)),
        number(found.items.get(0x4B02)) or 0,
        _KINDS.get((segment.items.get(0x0201, b"") if segment else b"")[8:13]),
        number(segment.items.get(0x0202)) if segment else None,
        _target(clip) if clip else None,
        _counter(code) if code else None,
    )


def _target(clip: Set) -> tuple[bytes, int, int] | None:
    package = clip.items.get(0x1101, b"")
    return (package, number(clip.items.get(0x1102)) or 0, number(clip.items.get(0x1201)) or 0) if any(package) else None


def _counter(code: Set) -> Counter | None:
    start, base = number(code.items.get(0x1501)), number(code.items.get(0x1502))
    if start is None or not base or base > 240:
        return None
    return Counter(start, base, any(code.items.get(0x1503, b"")))


def shown(sets: Sets, found: list[Package]) -> Iterator[Shown]:
    """The picture and sound tracks of the material package whose essence is in this file, in its order.

    An OP-Atom file names all tracks of a clip and holds one. Without a material package that leads
    anywhere, the tracks of the source packages count.
    """
    streams = {
        each.items.get(0x2701, b""): number(each.items.get(0x3F07)) or 0
        for each in sets.values()
        if each.kind == _CONTAINERS
    }
    sources = {package.uid: package for package in found if package.kind == SOURCE}
    within = [package for package in sources.values() if package.uid in streams or not streams]
    any_shown = False
    for track in (track for package in found if package.kind == MATERIAL for track in package.tracks):
        if track.points_to is None or track.kind is None:
            continue
        target = sources.get(track.points_to[0])
        if target is None or target not in within:
            continue
        for source in target.tracks:
            if source.id == track.points_to[1] and (descriptor := _descriptor(sets, target, source)):
                any_shown = True
                yield Shown(track, source, descriptor, streams.get(target.uid, 0))
    if not any_shown:
        for package in within:
            for track in package.tracks:
                if track.kind and (descriptor := _descriptor(sets, package, track)):
                    yield Shown(track, track, descriptor, streams.get(package.uid, 0))


def _descriptor(sets: Sets, package: Package, track: Track) -> Set | None:
    """What describes a track's essence: the one linked to it, or the only one there is."""
    found = package.descriptor
    if found is None or found.kind != _MULTIPLE_DESCRIPTOR:
        return found
    parts = [part for uid in refs(found.items.get(0x3F01)) if (part := sets.get(uid))]
    linked = [part for part in parts if number(part.items.get(0x3006)) == track.id]
    return linked[0] if linked else None


class Start(NamedTuple):
    """A timecode of the first frame shown, and which package states it."""

    code: Timecode
    origin: Literal["mxf-material", "mxf-tape", "mxf-file"]


def starts(found: list[Package], picture: Rate | None) -> Iterator[Start]:
    """Every timecode of the first frame: the material's, then those of the packages it leads to."""
    by_uid = {package.uid: package for package in found}
    material = [package for package in found if package.kind == MATERIAL]
    for package in material:
        yield from (Start(code, "mxf-material") for code in _codes(package, 0, picture))
    seen = set()
    for package in material or found:
        for place, position in _followed(package, by_uid):
            if place.uid not in seen:
                seen.add(place.uid)
                origin: Literal["mxf-tape", "mxf-file"] = "mxf-tape" if place.tape else "mxf-file"
                yield from (Start(code, origin) for code in _codes(place, position, picture))


def _followed(package: Package, by_uid: Mapping[bytes, Package]) -> Iterator[tuple[Package, Fraction]]:
    """The packages that each track leads to, with the time there of its first frame, in seconds."""
    for track in package.tracks[:64]:
        position, at = Fraction(0), track
        for _ in range(_LONGEST_CHAIN):
            place = by_uid.get(at.points_to[0]) if at.points_to and at.kind else None
            if place is None or at.points_to is None or at.rate is None:
                break
            position += at.points_to[2] / at.rate
            yield place, position
            following = next((each for each in place.tracks if each.id == at.points_to[1]), None)
            if following is None:
                break
            at = following


def _codes(package: Package, seconds: Fraction | int, picture: Rate | None) -> Iterator[Timecode]:
    for track in package.tracks:
        if track.counter and (rate := _counted(track.counter, track.rate, picture)):
            drop = drops(rate, flag=track.counter.drop)
            yield Timecode(track.counter.start, rate, drop) + rate.frames(Fraction(seconds))


def _counted(counter: Counter, edit: Fraction | None, picture: Rate | None) -> Rate | None:
    """Labels a second as an exact rate: the rounded base says 30, the edit rate whether that is 29.97.

    A timecode track edited in sound samples does not say; then the picture's rate or the drop-frame flag does.
    """
    for exact in (edit, picture.fraction if picture else None):
        if exact is None or exact > 240:
            continue
        nominal = -(-exact.numerator // exact.denominator)
        if nominal % counter.base == 0 or counter.base % nominal == 0:
            return Rate.of(exact * counter.base / nominal)
        if exact.denominator == 1001:  # labels of 23.976 on pictures at 59.94
            return Rate(counter.base * 1000, 1001)
    return Rate(counter.base * 1000, 1001) if counter.drop else Rate(counter.base)
