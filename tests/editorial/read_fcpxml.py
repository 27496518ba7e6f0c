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
    """A clip of the timeline. Times are seconds: record from the sequence's start, source from the asset's.

    Where it plays backwards, `into` is the end of the frame that it shows first.
    """

    name: str
    lane: int
    record: Fraction
    duration: Fraction
    into: Fraction
    asset: dict
    clip: dict
    markers: tuple[tuple[Fraction, Fraction, str, str], ...]  # record, duration, name, note
    speed: Fraction = Fraction(1)


@dataclass(frozen=True)
class ReadCut:
    root: object
    clips: tuple[ReadClip, ...]
    start: Fraction
    duration: Fraction
    frame: Fraction
    sequence: dict
    gap_markers: tuple[str, ...]
    mixes: tuple[tuple[int, Fraction, Fraction, bool, bool], ...]  # lane, record, duration, of pictures, of sound

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
    clips, over, mixes = [], [], []
    for child in sequence.find("spine"):
        if child.tag == "transition":
            mixes.append(_mix(child, 0, place - seconds(child.get("offset")), place - start, root))
            continue
        assert seconds(child.get("offset")) == place, "a hole or an overlap in the primary storyline"
        assert child.get("lane") is None
        clips += _clips(child, place, assets, mixes, (root, start))
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
    return ReadCut(root, moved, start, place - start, frame, sequence.attrib, tuple(over), tuple(mixes))


def _mix(item, lane, before, at, root):
    """A transition around the cut at `at`, `before` which it begins; it needs an effect that is described."""
    duration = seconds(item.get("duration"))
    assert 0 <= before <= duration
    effects = {each.get("id") for each in root.findall("resources/effect")}
    kinds = [item.find("filter-video"), item.find("filter-audio")]
    assert all(each is None or each.get("ref") in effects for each in kinds)
    return lane, at - before, duration, kinds[0] is not None, kinds[1] is not None


def _mapped(item, begin: Fraction, duration: Fraction) -> tuple[Fraction, Fraction]:
    """Where a clip's own clock leads on that of its asset, and how fast it goes there."""
    (first, from_), (last, to) = [
        (seconds(p.get("time")), seconds(p.get("value"))) for p in item.findall("timeMap/timept")
    ]
    speed = (to - from_) / (last - first)
    tiny = Fraction(1, 10**6)
    assert first <= begin
    assert begin + duration <= last + tiny
    return from_ + (begin - first) * speed, speed


def _clips(item, place: Fraction, assets, mixes, around) -> Iterator[ReadClip]:
    """A clip or gap whose first frame plays at `place`, and what hangs on it on its own clock."""
    begin, duration = seconds(item.get("start")), seconds(item.get("duration"))
    if item.tag == "asset-clip":
        asset = assets[item.get("ref")]
        first, length = seconds(asset["start"]), seconds(asset["duration"])
        shown, speed = begin, Fraction(1)
        if item.find("timeMap") is not None:
            shown, speed = _mapped(item, begin, duration)
        else:
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
            item.get("name"), lane, place, duration, shown - first, asset, item.attrib, tuple(markers), speed
        )  # fmt: skip
    else:
        assert item.tag == "gap"
    for child in item:
        if child.tag == "asset-clip":
            assert int(child.get("lane")) != 0
            yield from _clips(child, place + seconds(child.get("offset")) - begin, assets, mixes, around)
        elif child.tag == "spine":
            own, lane = place + seconds(child.get("offset")) - begin, int(child.get("lane"))
            inside = Fraction(0)
            for each in child:
                if each.tag == "transition":
                    at = own + inside - around[1]
                    mixes.append(_mix(each, lane, inside - seconds(each.get("offset")), at, around[0]))
                    continue
                assert seconds(each.get("offset")) == inside, "a hole or an overlap in a connected storyline"
                for found in _clips(each, own + inside, assets, mixes, around):
                    yield ReadClip(**{**found.__dict__, "lane": lane})
                inside += seconds(each.get("duration"))
