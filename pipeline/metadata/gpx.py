"""GPX tracks, as loggers, watches and phones export them: where somebody was, and when (topografix.com/GPX/1/1).

Only points of tracks count: routes are plans, and waypoints places of interest. Times are UTC by the
format. The file is untrusted and may be long: no tree is built of it.
"""

from datetime import UTC, datetime
from typing import Any

from pipeline.clip import Sighting
from pipeline.errors import MediaUnreadable
from pipeline.metadata.findings import place

LARGEST = 32 * 1024 * 1024
MOST_ELEMENTS = 1_000_000
MOST_DEPTH = 64
STEP = 15.0  # seconds between two points that are kept: a car drives a few hundred metres
MOST_KEPT = 20_000


def read(data: bytes, name: str) -> tuple[Sighting, ...]:
    """The points of all tracks in order of time; raises MediaUnreadable for what is no GPX or states no times."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    points = _Points()
    parser: Any = DefusedXMLParser(target=points, forbid_dtd=True)  # type: ignore[no-untyped-call]
    try:
        parser.feed(data)
        parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        points.root = ""
    if points.root != "gpx" or len(data) > LARGEST:
        raise MediaUnreadable(f"{name} is no GPX file that can be read; export it again.")
    if not points.found:
        raise MediaUnreadable(f"{name} holds no track with times, so it tells no clip's place; export one with times.")
    found = sorted(points.found)
    step = max(STEP, (found[-1].moment - found[0].moment) / MOST_KEPT)
    kept: list[Sighting] = []
    for sighting in found:
        if not kept or sighting.moment - kept[-1].moment >= step:
            kept.append(sighting)
    return tuple(kept)


class _Points:
    """What the XML parser tells of a GPX file, as it comes along."""

    def __init__(self) -> None:
        self.root = ""
        self.found: list[Sighting] = []
        self._open: list[str] = []
        self._seen = 0
        self._where: tuple[float, float] | None = None
        self._time = ""
        self._timed = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self.root = self.root or name
        self._open.append(name)
        self._seen += 1
        if self._seen > MOST_ELEMENTS or len(self._open) > MOST_DEPTH:
            raise ValueError("no track is that long")
        self._timed = self._open[-2:] == ["trkpt", "time"]
        if name == "trkpt":
            self._where, self._time = place(float(attributes["lat"]), float(attributes["lon"])), ""

    def data(self, text: str) -> None:
        if self._timed and len(self._time) < 64:
            self._time += text

    def end(self, _tag: str) -> None:
        self._timed = False
        if self._open.pop() == "trkpt" and self._where and (moment := _seconds(self._time)) is not None:
            self.found.append(Sighting(moment, *self._where))

    def close(self) -> None:
        """The parser asks for it."""


def _seconds(text: str) -> float | None:
    """Seconds since 1970; None for what is no time, and for clocks that were never set."""
    try:
        stated = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if len(text.strip()) <= len("2019-10-12") or not 1990 <= stated.year <= 2200:
        return None
    return (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).timestamp()
