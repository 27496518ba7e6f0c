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
