"""What the events of a cut or of an editor's timeline mean and show, before anything is looked at.

An event's own words (id, reel and timecode, name) say which clip it means; its file is what it shows. Only files
in the film folder and on its cards are opened.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import takewhile
from math import floor
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import msgspec

from pipeline.catalogue.known import known_clips, known_places
from pipeline.catalogue.listing import clip as logged_clip
from pipeline.catalogue.roots import roots
from pipeline.catalogue.store import Catalogue
from pipeline.clip import Clip, LoggedClip
from pipeline.delivery.cuts import MadeCut, media_for
from pipeline.delivery.folders import card_folders
from pipeline.delivery.looking import NOTHING, Sight, View, original_sight, proxy_sight
from pipeline.editorial.exports.events import Sheet, sheet_of, taken_frames
from pipeline.editorial.exports.paths import mapped
from pipeline.editorial.imports.kept import Kept
from pipeline.editorial.imports.known import Known, Place, Shelf, path_parts, range_in
from pipeline.editorial.imports.matching import Index, index_of, match
from pipeline.editorial.imports.reading import ReadEvent, ReadTimeline
from pipeline.editorial.pulls import frames_before
from pipeline.editorial.shots import Media
from pipeline.errors import RushesError, ValueRefused
from pipeline.files import one_line
from pipeline.film import Film
from pipeline.metadata.facts import read_facts
from pipeline.proxies.glance import glances_size
from pipeline.proxies.naming import glances_path
from pipeline.timecode import Rate, Timecode, TimeRange


@dataclass(frozen=True, slots=True)
class Ask:
    """An event to judge: `range` are frames of the clip it means, `shown` what it shows (None: that clip's original).

    `linked` is the clip that its file belongs to, where one does. `sentence` says why it cannot be judged.
    """

    track: int
    event: int
    record: str
    name: str
    clip: str = ""
    range: TimeRange | None = None
    file: str = ""
    shown: Sight | None = None
    linked: str = ""
    sentence: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """A timeline that came back: what its file says, the folder it lies in, and where its paths begin here."""

    timeline: ReadTimeline
    folder: Path
    maps: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Log:
    """What the catalogue knows, looked up once."""

    film: Film
    catalogue: Catalogue
    handed: Handed | None = None
    _clips: dict[str, tuple[Clip, Media] | None] = field(default_factory=dict)
    _files: dict[str, Path | None] = field(default_factory=dict)
    _glances: dict[str, Path | None] = field(default_factory=dict)

    @cached_property
    def known(self) -> dict[str, Known]:
        return {known.id: known for known in known_clips(self.catalogue)}

    @cached_property
    def index(self) -> Index:
        return index_of(self.known.values(), (), (), self.handed.timeline.events if self.handed else None)

    @cached_property
    def grounds(self) -> frozenset[Path]:
        """Below which files may be opened: the film, and the cards that were taken in where they lie."""
        return frozenset(folder.resolve() for folder in (self.film.folder, *card_folders(self.catalogue)))

    @cached_property
    def moved(self) -> dict[str, str]:
        """Where the film lay at its last ingest, and where it lies now."""
        old = next((root.place for root in roots(self.catalogue) if root.kind == "film" and root.place), None)
        return {old: str(self.film.folder)} if old else {}

    @cached_property
    def places(self) -> dict[Path, Place]:
        """The clips' files by their real paths, as far as the timeline names them."""
        found = {mapped(place.path, self.moved): place for place in self._places if place.path.startswith("/")}
        return {Path(os.path.realpath(path)): place for path, place in found.items()}

    @cached_property
    def parts(self) -> dict[str, list[Place]]:
        """The same by folded file name."""
        found: dict[str, list[Place]] = {}
        for place in self._places:
            found.setdefault(path_parts(place.path)[-1], []).append(place)
        return found

    @cached_property
    def _places(self) -> list[Place]:
        events = self.handed.timeline.events if self.handed else ()
        called = {path_parts(event.file)[-1] for event in events if path_parts(event.file)}
        called |= {event.name.casefold() for event in events}
        return known_places(self.catalogue, str(self.film.folder), frozenset(called))

    @cached_property
    def timed(self) -> Shelf:
        shelf = Shelf()
        for known in self.known.values():
            if not known.sound:
                shelf.put(known)
        return shelf

    @cached_property
    def by_card(self) -> list[Known]:
        pictures = (known for known in self.known.values() if not known.sound)
        return sorted(pictures, key=lambda known: (known.card, known.name, known.id))

    def clip(self, id_: str) -> tuple[Clip, Media] | None:
        """A clip with where its files lie now."""
        if id_ not in self._clips:
            try:
                logged: LoggedClip = logged_clip(self.catalogue, id_)
                self._clips[id_] = logged.clip, media_for(self.film, self.catalogue, [logged])[logged.clip.id]
            except RushesError:
                self._clips[id_] = None
        return self._clips[id_]

    def glances(self, id_: str) -> tuple[Clip, Path] | None:
        """A clip with the file of its small pictures, where its ingest made them of all that it is now."""
        found = self.clip(id_)
        if id_ not in self._glances:
            path = self.film.folder / glances_path(id_)
            whole = glances_size((found and found[0].frames) or 0)
            self._glances[id_] = path if path.is_file() and path.stat().st_size == whole else None
        made = self._glances[id_]
        return (found[0], made) if found and made else None

    def file(self, text: str) -> Path | None:
        """A file that a timeline names, where it lies in the film or on a card of it; links are followed first."""
        if text not in self._files:
            self._files[text] = self._opened(text)
        return self._files[text]

    def way_back(self, event: ReadEvent) -> str:
        """The option that leads an event's file back, by a file of that name here whose path ends alike."""
        there = event.file.replace("\\", "/").split("/")
        for place in self.parts.get(path_parts(event.file)[-1], ()):
            here = mapped(place.path, self.moved).split("/")
            alike = takewhile(lambda pair: pair[0] == pair[1], zip(reversed(here), reversed(there), strict=False))
            same = min(sum(1 for _ in alike), len(here) - 2, len(there) - 2)
            if same > 0:
                begins = event.file[: len("/".join(there[:-same]))]
                return f"--map {quote(one_line('/'.join(here[:-same]) + '=' + begins))} leads back"
        return "--map HERE=THERE leads back: first the folder here, then what its path begins with"

    def _opened(self, text: str) -> Path | None:
        assert self.handed is not None
        back = {there.replace("\\", "/"): here for here, there in self.handed.maps.items()}
        plain = text.replace("\\", "/")
        for name in (text, mapped(plain, back), mapped(plain, self.moved)):
            try:
                path = (self.handed.folder / name).resolve()
                if not self.grounds.isdisjoint(path.parents) and path.is_file():
                    return path
            except (OSError, ValueError, RuntimeError):  # a name that no system holds, links in a circle
                continue
        return None


def events_of_cut(sheet: Sheet, log: Log) -> Iterator[tuple[Ask, TimeRange]]:
    """The picture events of a cut, each with its place on the timeline."""
    for track, lane in enumerate(sheet.of_kind("Video"), start=1):
        for number, event in enumerate(lane.events, start=1):
            source = event.source
            ask = Ask(track, number, str(sheet.start + event.record.start), source.name, source.clip)
            found = log.clip(source.clip)
            if found is None:
                ask = replace(ask, sentence="its clip is not in the log")
            else:
                first = frames_before(found[0], source) + event.source_in - source.available.start
                ask = replace(ask, range=TimeRange(first, max(1, taken_frames(event, sheet.start.rate))))
            yield ask, event.record


def asks_of(made: MadeCut, log: Log) -> Iterator[tuple[Ask, TimeRange]]:
    """The picture events of a saved cut with their places: an editor's timeline as that has them."""
    return events_of_kept(made.kept, log) if made.kept else events_of_cut(sheet_of(made.cut.timeline), log)


def events_of_kept(kept: Kept, log: Log) -> Iterator[tuple[Ask, TimeRange]]:
    """The picture events of an editor's timeline that was imported, each with its place there."""
    start = _start_of(kept)
    counts: dict[int, int] = {}
    for event in kept.events:
        if event.kind != "Video" or not event.enabled or not event.record:
            continue
        number = counts[event.track] = counts.get(event.track, 0) + 1
        at = str(start + event.record[0]) if start else ""
        ask = Ask(event.track, number, at, event.name, event.clip or "", line=event.line)
        if event.clip is None or event.range is None:
            ask = replace(ask, sentence="the import found no frames of a clip for it")
        elif log.clip(event.clip) is None:
            ask = replace(ask, sentence="its clip is not in the log")
        else:
            ask = replace(ask, range=TimeRange(event.range[0], max(1, event.range[1])))
        yield ask, TimeRange(*event.record)


def _start_of(kept: Kept) -> Timecode | None:
    if kept.start is None or kept.rate is None:
        return None
    return Timecode.parse(kept.start, Rate.parse(kept.rate), drop_frame=kept.drop_frame)


def picture_events(timeline: ReadTimeline) -> list[tuple[ReadEvent, int]]:
    """The picture events of a file with their numbers on their tracks."""
    counts: dict[int, int] = {}
    found = []
    for event in timeline.events:
        if event.kind == "Video":
            counts[event.track] = counts.get(event.track, 0) + 1
            found.append((event, counts[event.track]))
    return found


def event_of_file(event: ReadEvent, number: int, log: Log) -> Ask:
    """What an event says apart from its file, and what its file shows."""
    assert log.handed is not None
    start, record = log.handed.timeline.start, event.record
    at = str(start + record.start) if start and record else ""
    ask = Ask(event.track, number, at, event.name, line=event.line)
    path = log.file(event.file) if event.file else None
    if path is None and len(path_parts(event.file)) > 1:  # a bare name says no more than the event's own
        return replace(
            ask, file=event.file, sentence=f"its file is not in the film or on its cards; {log.way_back(event)}"
        )
    if path is not None:
        linked, sight = _linked(event, path, log)
        ask = replace(ask, file=str(path), linked=linked, shown=sight)
    said = match(msgspec.structs.replace(event, file="", hash=""), log.index)
    named = {place.clip for place in log.parts.get(event.name.casefold(), ())}
    if said.clip is not None:
        clip = said.clip.id
    elif ask.linked in {known.id for known in said.candidates}:  # its words fit several, and its file says which
        clip = ask.linked
    elif not said.candidates and len(named) == 1:  # a later file of a clip
        (clip,) = named
    else:
        return replace(ask, sentence=said.sentence)
    return replace(ask, clip=clip, range=range_in(event, log.known[clip], _before(event, clip, log)))


def _before(event: ReadEvent, clip: str, log: Log) -> int | None:
    """The frames of a clip before the file that an event names; None where that cannot be told."""
    for place in log.parts.get(event.name.casefold(), ()):
        if place.clip == clip:
            return place.before
    found = log.clip(clip)
    return 0 if found and len(found[0].parts) == 1 else None


def _linked(event: ReadEvent, path: Path, log: Log) -> tuple[str, Sight]:
    """The clip that an event's file belongs to (empty: none), and what it shows at its first and last frame."""
    place = log.places.get(path)
    found = log.clip(place.clip) if place else None
    if place is None or found is None or place.clip not in log.known:
        return "", _sight_of_stranger(event, path)
    clip, media = found
    range_ = range_in(event, log.known[place.clip], place.before)
    if not range_ or not range_.duration:
        return place.clip, NOTHING
    ends = range_.start, range_.end - 1
    is_proxy = media.proxy is not None and Path(os.path.realpath(media.proxy)) == path
    return place.clip, proxy_sight(clip, media, *ends) if is_proxy else original_sight(clip, media, *ends)


def _sight_of_stranger(event: ReadEvent, path: Path) -> Sight:
    """The frames that an event takes of a file which is not in the log, by what that says of itself."""
    try:
        facts = read_facts(path)
    except RushesError:
        return NOTHING
    frames = facts.video.frames if facts.video else None
    start = facts.timecode
    label, label_rate = (str(start), str(start.rate)) if start else ("", "")
    stranger = Known(
        "", path.name, "", "", sound=False, label=label, label_rate=label_rate, rate=facts.rate, frames=frames
    )
    range_ = range_in(event, stranger, 0)
    if not range_ or not range_.duration:
        return NOTHING
    return View(path, range_.start, facts.rate), View(path, range_.end - 1, facts.rate)


class _Wanted(NamedTuple):
    """What a cut has on one track: the events in order, and where each begins."""

    events: list[tuple[Ask, TimeRange]]
    starts: list[int]


def lanes_of(made: MadeCut, timeline: ReadTimeline, log: Log) -> dict[int, _Wanted]:
    """A cut by track, in frames from the timeline's start.

    Raises ValueRefused where that counts at another rate, so that places mean nothing.
    """
    sheet = sheet_of(made.cut.timeline)
    if timeline.rate not in {None, sheet.start.rate}:
        raise ValueRefused(
            f"The timeline counts {timeline.rate} frames a second and the cut {sheet.start.rate}; cut it again with "
            f"--rate {timeline.rate} to compare them."
        )
    wanted = list(asks_of(made, log))
    late = _late(timeline, sheet, max((record.end for _, record in wanted), default=0))
    lanes: dict[int, _Wanted] = {}
    for ask, record in wanted:
        lane = lanes.setdefault(ask.track, _Wanted([], []))
        lane.events.append((ask, TimeRange(record.start - late, record.duration)))
        lane.starts.append(record.start - late)
    return lanes


def _late(timeline: ReadTimeline, sheet: Sheet, length: int) -> int:
    """The frames of a cut before a list begins, which states no start but that of its first event."""
    if timeline.format != "edl" or timeline.start is None:
        return 0
    late = timeline.start.frame - sheet.start.frame
    return late if 0 < late < length else 0


def like_cut(ask: Ask, event: ReadEvent, lanes: Mapping[int, _Wanted], log: Log) -> Ask:
    """The event asked for what the cut has at its place; without a file of its own it shows the clip that it names."""
    if ask.file and ask.shown is None:
        return ask
    lane, record = lanes.get(ask.track), event.record
    at = bisect_right(lane.starts, record.start) - 1 if lane and record else -1
    if lane is None or record is None or at < 0 or lane.events[at][1].end <= record.start:
        return replace(ask, sentence="the cut has nothing at its place")
    shown = ask.shown or own_sights(ask, log)[1]
    if shown is None:
        return replace(ask, sentence=ask.sentence or "it names no clip of the log")
    meant, place = lane.events[at]
    if meant.range is None:
        return replace(ask, sentence=meant.sentence)
    scale = Fraction(meant.range.duration, place.duration)
    first = meant.range.start + floor((record.start - place.start) * scale)
    if record.end > place.end:  # two events of the cut: the first frame alone has to agree
        return replace(
            ask, name=meant.name, clip=meant.clip, range=TimeRange(first, 1), shown=(shown[0], None), sentence=""
        )
    last = meant.range.end - 1 - floor((place.end - record.end) * scale)
    range_ = TimeRange(first, max(1, last - first + 1))
    return replace(ask, name=meant.name, clip=meant.clip, range=range_, shown=shown, sentence="")


def own_sights(ask: Ask, log: Log) -> tuple[Sight | None, Sight | None]:
    """The meant clip's frames in its proxy and in its original."""
    found = log.clip(ask.clip) if ask.clip and ask.range and ask.range.duration else None
    if found is None or ask.range is None:
        return None, None
    clip, media = found
    ends = ask.range.start, ask.range.end - 1
    return proxy_sight(clip, media, *ends), original_sight(clip, media, *ends)
