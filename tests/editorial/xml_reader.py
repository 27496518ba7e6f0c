"""A second reader of FCP7 XML: what it says of each event, without a look at the code under test."""

from dataclasses import dataclass
from fractions import Fraction

from defusedxml import ElementTree


@dataclass(frozen=True)
class XmlFile:
    name: str
    url: str | None
    rate: Fraction
    duration: int
    start: int
    label: str
    counting: str
    reel: str | None
    channels: tuple[int, ...]
    picture: bool


@dataclass(frozen=True)
class XmlItem:
    """A clip on a track; `taken` and `marks` count frames of the file, `ticks` seconds into it."""

    id: str
    kind: str
    track: int
    name: str
    file: XmlFile
    record: tuple[int, int]
    taken: tuple[int, int]
    rate: Fraction
    ticks: tuple[Fraction, Fraction]
    channel: int | None
    links: tuple[tuple[str, str, int, int], ...]
    marks: tuple[tuple[str, str, int, int], ...]


def rate_of(element) -> Fraction:
    """The rate by Apple's words: a timebase, slowed down by 1000/1001 where ntsc is TRUE."""
    rate = element.find("rate")
    speed = Fraction(int(rate.findtext("timebase")))
    return speed * Fraction(1000, 1001) if rate.findtext("ntsc") == "TRUE" else speed


def root_of(text: str):
    return ElementTree.fromstring(text)


def files_of(root) -> dict[str, XmlFile]:
    """Every file that is described; a second description of one id is an error."""
    found = {}
    for element in root.iter("file"):
        if len(element) == 0:
            assert element.get("id") in found, "a file is referred to before it is described"
            continue
        assert element.get("id") not in found
        timecode = element.find("timecode")
        assert rate_of(timecode) == rate_of(element)
        found[element.get("id")] = XmlFile(
            element.findtext("name"), element.findtext("pathurl"), rate_of(element), int(element.findtext("duration")),
            int(timecode.findtext("frame")), timecode.findtext("string"), timecode.findtext("displayformat"),
            timecode.findtext("reel/name"), tuple(int(n.text) for n in element.findall("media/audio/channelcount")),
            element.find("media/video") is not None,
        )  # fmt: skip
    return found


def items_of(root) -> list[XmlItem]:
    """The clips of the one sequence, track by track."""
    (sequence,) = root.iter("sequence")
    files = files_of(root)
    return [
        _item(element, kind, number, files)
        for kind in ("video", "audio")
        for number, track in enumerate(sequence.findall(f"media/{kind}/track"), start=1)
        for element in track.findall("clipitem")
    ]


def _item(element, kind, track, files) -> XmlItem:
    def whole(tag):
        return int(element.findtext(tag))

    return XmlItem(
        element.get("id"), kind, track, element.findtext("name"), files[element.find("file").get("id")],
        (whole("start"), whole("end")), (whole("in"), whole("out")), rate_of(element),
        (Fraction(whole("pproTicksIn"), 254016000000), Fraction(whole("pproTicksOut"), 254016000000)),
        int(element.findtext("sourcetrack/trackindex")) if kind == "audio" else None,
        tuple(
            (link.findtext("linkclipref"), link.findtext("mediatype"), int(link.findtext("trackindex")),
             int(link.findtext("clipindex")))
            for link in element.findall("link")
        ),
        tuple(
            (mark.findtext("name"), mark.findtext("comment"), int(mark.findtext("in")), int(mark.findtext("out")))
            for mark in element.findall("marker")
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class XmlPlayed:
    """A clip as it plays: `record` between the cuts; `into` the exact second of the file that plays at its first frame.

    Where it plays backwards, `into` is the end of the frame that is shown first.
    """

    kind: str
    track: int
    name: str
    record: tuple[int, int]
    into: Fraction
    speed: Fraction


def played_of(sequence, rate: Fraction, durations: dict[str, Fraction]) -> tuple[list[XmlPlayed], set]:
    """The clips and (kind, track, at, before, after, wipe) of the transitions, by Apple's and Premiere's words alone.

    `durations` are the seconds that each file id lasts.
    """
    found, mixes = [], set()
    for kind in ("video", "audio"):
        for number, track in enumerate(sequence.findall(f"media/{kind}/track"), start=1):
            items = [each for each in track if each.tag in {"clipitem", "transitionitem"}]
            for place, item in enumerate(items, start=1):
                if item.tag == "clipitem":
                    around = (items[place - 2] if place > 1 else None, items[place] if place < len(items) else None)
                    found.append(_played(item, around, rate, (kind, number), durations))
                    for link in item.findall("link"):
                        if link.findtext("linkclipref") == item.get("id"):
                            assert int(link.findtext("clipindex")) == place
                else:
                    begin, end, cut = _mix(item, rate)
                    mixes.add((kind, number, cut, cut - begin, end - cut, int(item.findtext("effect/wipecode"))))
    return found, mixes


def _mix(item, rate):
    begin, end = int(item.findtext("start")), int(item.findtext("end"))
    cut = begin + Fraction(int(item.findtext("cutPointTicks")), 254016000000) * rate
    assert abs(cut - round(cut)) < Fraction(1, 1000)
    return begin, end, round(cut)


def _played(item, around, rate, where, durations) -> XmlPlayed:
    start, end = int(item.findtext("start")), int(item.findtext("end"))
    into, out = (Fraction(int(item.findtext(f"pproTicks{side}")), 254016000000) for side in ("In", "Out"))
    shown = start, end
    if start == -1:
        start, _, cut = _mix(around[0], rate)
        shown = cut, shown[1]
    if end == -1:
        _, end, cut = _mix(around[1], rate)
        shown = shown[0], cut
    assert abs((out - into) * rate - (end - start)) < Fraction(1, 1000), "it takes another time than it fills"
    own = rate_of(item)
    first, last = int(item.findtext("in")), int(item.findtext("out"))
    assert 0 <= first < last <= int(item.findtext("duration"))
    assert 0 <= into * own - first < 1
    assert -1 < out * own - last <= Fraction(1, 1000)
    speed = _speed(item, first, last)
    at = into + (shown[0] - start) / rate
    seconds = at * abs(speed) if speed else _frozen(item) / own
    if speed < 0:
        seconds = durations[item.find("file").get("id")] - seconds
    return XmlPlayed(*where, item.findtext("name"), shown, seconds, speed)


def _frozen(item) -> Fraction:
    """The one frame of the file that the graph of a frozen clip names, wherever its `in` lies."""
    (frame,) = {Fraction(key.findtext("value")) for key in item.iter("keyframe")}
    return frame


def _speed(item, first, last) -> Fraction:
    """The speed of the Time Remap filter, which its own graph must have too."""
    effects = [each for each in item.iter("effect") if each.findtext("effectid") == "timeremap"]
    if not effects:
        return Fraction(1)
    (effect,) = effects
    values = {each.findtext("parameterid"): each.findtext("value") for each in effect.findall("parameter")}
    assert (values["variablespeed"], values["frameblending"]) == ("0", "FALSE")
    speed = Fraction(values["speed"]) / 100 * (-1 if values["reverse"] == "TRUE" else 1)
    keys = {int(key.findtext("when")): Fraction(key.findtext("value")) for key in effect.iter("keyframe")}
    assert abs((keys[last] - keys[first]) - speed * (last - first)) < Fraction(1, 50)
    return speed
