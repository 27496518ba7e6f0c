"""A reader of FCPXML that shares no code with the writer: every time is added up from its own rationals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from defusedxml.ElementTree import fromstring

_TIME = re.compile(r"(-?\d+)(?:/(\d+))?s")


def seconds(text: str | None) -> Fraction:
    """A time as Final Cut writes it: whole or rational seconds, 64 bits over 32."""
    match = _TIME.fullmatch(text or "0s")
    assert match, text
    above, below = int(match[1]), int(match[2] or 1)
    assert abs(above) < 2**63
    assert 0 < below < 2**31
    return Fraction(above, below)


@dataclass(frozen=True)
class ReadClip:
    """A clip of the timeline. Times are seconds: record from the sequence's start, source from the asset's."""

    name: str
    lane: int
    record: Fraction
    duration: Fraction
    into: Fraction
    asset: dict
    clip: dict
    markers: tuple[tuple[Fraction, Fraction, str, str], ...]  # record, duration, name, note


@dataclass(frozen=True)
class ReadCut:
    root: object
    clips: tuple[ReadClip, ...]
    start: Fraction
    duration: Fraction
    frame: Fraction
    sequence: dict
    gap_markers: tuple[str, ...]

    def frames(self, time: Fraction) -> int:
        """Seconds as frames of the sequence, which they must be exactly."""
        exact = time / self.frame
        assert exact.denominator == 1, f"{time} is off the frame grid"
        return exact.numerator


def read_fcpxml(text: bytes) -> ReadCut:
    """The cut, by laws that a DTD cannot see: no holes, nothing outside its asset, references of the right kind."""
    root = fromstring(text)
    formats = {each.get("id"): each.attrib for each in root.findall("resources/format")}
    assets = {each.get("id"): each.attrib for each in root.findall("resources/asset")}
    (sequence,) = root.findall(".//sequence")
    start, place = seconds(sequence.get("tcStart")), seconds(sequence.get("tcStart"))
    clips, over = [], []
    for child in sequence.find("spine"):
        assert seconds(child.get("offset")) == place, "a hole or an overlap in the primary storyline"
        assert child.get("lane") is None
        clips += _clips(child, place, assets)
        if child.tag == "gap":
            over += [marker.get("value") for marker in child.findall("marker")]
        place += seconds(child.get("duration"))
    assert place - start == seconds(sequence.get("duration"))
    for clip in root.iter("asset-clip"):
        assert clip.get("format") in formats
        assert seconds(clip.get("duration")) > 0
    frame = seconds(formats[sequence.get("format")]["frameDuration"])
    moved = tuple(
        ReadClip(**{**each.__dict__, "record": each.record - start,
                    "markers": tuple((at - start, *rest) for at, *rest in each.markers)})
        for each in clips
    )  # fmt: skip
    return ReadCut(root, moved, start, place - start, frame, sequence.attrib, tuple(over))


def _clips(item, place: Fraction, assets) -> Iterator[ReadClip]:
    """A clip or gap whose first frame plays at `place`, and what hangs on it on its own clock."""
    begin, duration = seconds(item.get("start")), seconds(item.get("duration"))
    if item.tag == "asset-clip":
        asset = assets[item.get("ref")]
        first, length = seconds(asset["start"]), seconds(asset["duration"])
        assert first <= begin, "it begins before its media"
        assert begin + duration <= first + length, "it ends after its media"
        markers = []
        for marker in item.findall("marker"):
            at = seconds(marker.get("start"))
            assert begin <= at < begin + duration
            name, note = marker.get("value"), marker.get("note", "")
            markers.append((place + at - begin, seconds(marker.get("duration")), name, note))
        lane = int(item.get("lane", 0))
        yield ReadClip(
            item.get("name"), lane, place, duration, begin - first, asset, item.attrib, tuple(markers)
        )  # fmt: skip
    else:
        assert item.tag == "gap"
    for child in item:
        if child.tag == "asset-clip":
            assert int(child.get("lane")) != 0
            yield from _clips(child, place + seconds(child.get("offset")) - begin, assets)
