"""Where frames of clips and files lie, and what they look like; every picture is decoded once and kept."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
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
from pipeline.proxies.glance import difference, glances


@dataclass(frozen=True, slots=True)
class View:
    """A frame where it lies: a file, and the number of its picture from 0."""

    path: Path
    number: int


Sight = tuple[View | None, View | None]  # the first and the last frame of a range


@dataclass(slots=True)
class Eye:
    """What has been looked at in this run; `blind` says of a file why it cannot be."""

    catalogue: Catalogue
    ffmpeg_setting: str
    seen: dict[View, bytes] = field(default_factory=dict)
    blind: dict[Path, str] = field(default_factory=dict)

    def look(self, views: Iterable[View | None]) -> None:
        """See these frames, each file once."""
        wanted: dict[Path, set[int]] = defaultdict(set)
        for view in views:
            if view is not None and view not in self.seen and view.path not in self.blind:
                wanted[view.path].add(view.number)
        for path, numbers in wanted.items():
            try:
                found = self._see(path, numbers)
            except RushesError as error:
                self.blind[path] = error.sentence
                continue
            self.seen |= {View(path, number): grey for number, grey in found.items()}

    def _see(self, path: Path, numbers: set[int]) -> dict[int, bytes]:
        identity = quick_identity(path)
        found = kept_pictures(self.catalogue, identity, numbers)
        if left := numbers - found.keys():
            new = glances(path, left, find_ffmpeg(self.ffmpeg_setting))
            keep_pictures(self.catalogue, identity, new)
            found |= new
        return found

    def apart(self, one: Sight, other: Sight) -> float | None:
        """How far two sights are apart, by the worse of first and last frame; None where nothing can be told."""
        pairs = [(self.seen.get(a), self.seen.get(b)) for a, b in zip(one, other, strict=True) if a and b]
        found = [difference(a, b) for a, b in pairs if a and b]
        return max((value for value in found if value is not None), default=None)


def proxy_sight(media: Media, first: int, last: int) -> Sight:
    """Frames of a clip in its proxy, which holds them one by one."""
    if media.proxy is None:
        return None, None
    return View(Path(media.proxy), first), View(Path(media.proxy), last)


def original_sight(clip: Clip, media: Media, first: int, last: int) -> Sight:
    """Frames of a clip in its original files; None where a file is offline."""
    return _original(clip, media, first), _original(clip, media, last)


def _original(clip: Clip, media: Media, frame: int) -> View | None:
    try:
        place = clip.place_of(frame)
        path = media.parts[place.part].path
        if path is None or clip.rate is None:
            return None
        number = place.frame
        if clip.facts.video and clip.facts.video.vfr and (times := read_times(Path(path))):
            number = frame_map(times, clip.rate, number + 1)[number]
    except RushesError:
        return None
    return View(Path(path), number)
