"""Where frames of clips and files lie, and what they look like; every picture is decoded once and kept.

Of a clip there are small pictures from its ingest, one every so many frames: they need neither proxy nor original.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.catalogue.pictures import keep_pictures, kept_pictures
from pipeline.catalogue.store import Catalogue
from pipeline.clip import Clip
from pipeline.editorial.shots import Media
from pipeline.errors import RushesError
from pipeline.files import quick_identity
from pipeline.metadata.frames import read_times
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.proxies.framemap import frame_map
from pipeline.proxies.glance import EVERY, difference, glances, pictures_in
from pipeline.timecode import Rate


@dataclass(frozen=True, slots=True)
class View:
    """A frame where it lies: a file, and its number from 0, counted at `rate`.

    Where the file's own rate `varies` it is not the number of its picture. `from_ingest`: the file holds a clip's
    small pictures.
    """

    path: Path
    number: int
    rate: Rate | None
    varies: bool = False
    from_ingest: bool = False


Sight = tuple[View | None, View | None]  # the first and the last frame of a range
NOTHING: Sight = (None, None)


@dataclass(slots=True)
class Eye:
    """What has been looked at in this run; `blind` says of a file why it cannot be."""

    catalogue: Catalogue
    ffmpeg_setting: str
    seen: dict[View, bytes] = field(default_factory=dict)
    blind: dict[Path, str] = field(default_factory=dict)

    def look(self, views: Iterable[View | None]) -> None:
        """See these frames, each file once."""
        wanted: dict[Path, set[View]] = defaultdict(set)
        for view in views:
            if view is not None and view not in self.seen and view.path not in self.blind:
                wanted[view.path].add(view)
        for path, some in wanted.items():
            try:
                numbers = _numbers(path, some)
                if any(view.from_ingest for view in some):
                    found: Mapping[int, bytes] = _made(path, numbers.values())
                else:
                    found = self._decoded(path, set(numbers.values()))
            except RushesError as error:
                self.blind[path] = error.sentence
                continue
            self.seen |= {view: found[number] for view, number in numbers.items() if number in found}

    def _decoded(self, path: Path, numbers: set[int]) -> dict[int, bytes]:
        identity = quick_identity(path)
        found = kept_pictures(self.catalogue, identity, numbers)
        if left := numbers - found.keys():
            new = glances(path, left, find_ffmpeg(self.ffmpeg_setting))
            keep_pictures(self.catalogue, identity, new)
            found |= new
        return found

    def sees(self, one: Sight, other: Sight) -> bool:
        """Whether two sights can be compared at either end, and are of different files."""
        pairs = [(a, b) for a, b in zip(one, other, strict=True) if a in self.seen and b in self.seen]
        return any(a and b and a.path != b.path for a, b in pairs)

    def apart(self, one: Sight, other: Sight) -> float | None:
        """How far two sights are apart, by the worse of first and last frame; None where nothing can be told."""
        return max((value for value in self.ends(one, other) if value is not None), default=None)

    def ends(self, one: Sight, other: Sight) -> tuple[float | None, ...]:
        """How far two sights are apart at each end."""
        pairs = [(a and self.seen.get(a), b and self.seen.get(b)) for a, b in zip(one, other, strict=True)]
        return tuple(difference(a, b) if a and b else None for a, b in pairs)


def _numbers(path: Path, views: Iterable[View]) -> dict[View, int]:
    """The pictures of a file that are shown at its frames."""
    numbers = {view: view.number for view in views if view.number >= 0}
    rate = next((view.rate for view in numbers if view.varies), None)
    if rate is None or (times := read_times(path)) is None:
        return numbers
    shown = frame_map(times, rate, max(numbers.values()) + 1)
    return {view: shown[number] for view, number in numbers.items() if number < len(shown)}


def _made(path: Path, numbers: Iterable[int]) -> dict[int, bytes]:
    """Pictures from a clip's ingest, by the frames that they are of."""
    try:
        pictures = list(pictures_in(path.read_bytes()))
    except OSError:  # gone or locked up since it was found: then there are none
        return {}
    return {number: pictures[number // EVERY] for number in numbers if number // EVERY < len(pictures)}


def proxy_sight(clip: Clip, media: Media, first: int, last: int) -> Sight:
    """Frames of a clip in its proxy, which holds them one by one."""
    if media.proxy is None:
        return NOTHING
    return View(Path(media.proxy), first, clip.rate), View(Path(media.proxy), last, clip.rate)


def original_sight(clip: Clip, media: Media, first: int, last: int) -> Sight:
    """Frames of a clip in its original files; None where a file is offline."""
    return _original(clip, media, first), _original(clip, media, last)


def _original(clip: Clip, media: Media, frame: int) -> View | None:
    try:
        place = clip.place_of(frame)
        path = media.parts[place.part].path
    except RushesError:
        return None
    if path is None or clip.rate is None:
        return None
    return View(Path(path), place.frame, clip.rate, varies=bool(clip.facts.video and clip.facts.video.vfr))


def near(first: int, last: int, frames: int) -> tuple[int, int]:
    """The frames next to both ends of a range of which ingest made pictures: within it, if there are any."""
    after, before = -(-first // EVERY) * EVERY, last // EVERY * EVERY
    if after <= before:
        return after, before
    nearest = after if after < frames and after - last < first - before else before
    return nearest, nearest


def from_ingest(path: Path, clip: Clip, first: int, last: int) -> Sight:
    """Frames of a clip among its small pictures; nothing for those that it does not have."""
    ends = (View(path, at, clip.rate, from_ingest=True) if 0 <= at < (clip.frames or 0) else None
            for at in (first, last))  # fmt: skip
    return next(ends), next(ends)


def moved(sight: Sight, first: int, last: int, rate: Rate | None) -> Sight:
    """What lies so many frames after the two ends of a sight; nothing where it counts at another rate."""
    ends = (
        replace(view, number=view.number + by) if view and view.rate == rate else None
        for view, by in zip(sight, (first, last), strict=True)
    )
    return next(ends), next(ends)
