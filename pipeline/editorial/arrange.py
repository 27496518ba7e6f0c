"""The kinds of cut: which shots a cut takes, and in which order.

Story order is shoot day, local time of day, camera; what is unknown comes last. This module knows
nothing of OTIO, so that the command line can offer KINDS without loading it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, zip_longest
from operator import itemgetter
from typing import Literal, TypeAlias

from pipeline.clip import LoggedClip
from pipeline.editorial.shots import Media, Shot, circled, counted, marked, media_for, whole
from pipeline.errors import NotFound, ValueRefused
from pipeline.fields import BY_NAME
from pipeline.timecode import Rate, Timecode

FIRST_FRAME = "01:00:00:00"  # where timelines begin unless told otherwise
_NO_NAME = re.compile(r"[/\x00-\x1f\x7f]")  # what no file name holds
MediaById: TypeAlias = Mapping[str, Media]


@dataclass(frozen=True, slots=True)
class CutSettings:
    """What a cut is made with. `start` carries the rate and the drop-frame flag of the timeline.

    `handles` and `gap` are frames of the timeline; `by` is the field an intercut alternates; `sort`
    holds field names, `-` before one turns it round, and none means story order. `sound`: the camera's, what was
    recorded beside it instead (where there is any), or both. `titles` are the frames of black before each section
    (0: no titles), `sections` the fields whose values make one.
    """

    name: str
    start: Timecode
    size: tuple[int, int] = (1920, 1080)
    handles: int = 0
    gap: int = 0
    by: str = ""
    sort: tuple[str, ...] = ()
    sound: Literal["camera", "recorder", "both"] = "both"
    titles: int = 0
    sections: tuple[str, ...] = ()

    @property
    def rate(self) -> Rate:
        return self.start.rate


@dataclass(frozen=True, slots=True)
class Kind:
    """A way of laying clips out. Each value of the field `split` has a timeline of its own.

    `sections`: the fields whose values make the sections that titles stand before.
    """

    name: str
    title: str
    arrange: Callable[[Sequence[LoggedClip], MediaById, CutSettings], tuple[Shot, ...]]
    split: str = ""
    sections: tuple[str, ...] = ("shoot_day", "location")


def settings_for(
    clips: Sequence[LoggedClip], name: str, *, rate: str = "", start: str = "", size: str = ""
) -> CutSettings:
    """The settings of a cut of `clips`: what is left empty is the commonest of them by running time.

    At 29.97 and 59.94 a `start` says by its punctuation whether the timeline is drop-frame. Without one
    it begins at one hour, and is drop-frame if most of the running time at that rate is.
    Raises ValueRefused for a rate, size or timecode that does not exist.
    """
    chosen = (Rate.parse(rate) if rate else _commonest_rate(clips)).of_timeline()
    drop = None if start else chosen.can_drop and _mostly_drop(clips, chosen)
    picture = _parse_size(size) if size else _commonest_size(clips)
    return CutSettings(name, Timecode.parse(start or FIRST_FRAME, chosen, drop_frame=drop), picture)


def stringout(clips: Sequence[LoggedClip], media: MediaById, settings: CutSettings) -> tuple[Shot, ...]:
    """Every clip whole, in story order."""
    ready = _ready(clips, settings)
    return tuple(chain.from_iterable(whole(clip, media_for(clip, media)) for clip in ready))


def selects(clips: Sequence[LoggedClip], media: MediaById, settings: CutSettings) -> tuple[Shot, ...]:
    """The marked ranges of each clip with handles; of a clip without any, the whole circled take.

    Raises NotFound if nothing is marked or circled.
    """
    shots: list[Shot] = []
    for clip in _ready(clips, settings):
        files, rate = media_for(clip, media), clip.clip.rate
        handles = round(settings.handles * rate.fraction / settings.rate.fraction) if rate else 0
        shots += marked(clip, files, handles=handles) or circled(clip, files)
    if not shots:
        raise NotFound(
            "Nothing in this search is marked or circled; mark ranges with 'rushes mark', or cut a stringout."
        )
    return tuple(shots)


def intercut(clips: Sequence[LoggedClip], media: MediaById, settings: CutSettings) -> tuple[Shot, ...]:
    """Alternate the values of the field `settings.by`: one clip of each in turn until all are used.

    Values come in order of first appearance, the clips of a value in story order. A clip with many
    values counts under its first; clips without a value follow at the end.
    """
    field = BY_NAME.get(settings.by)
    if field is None:
        raise ValueRefused(
            f"An intercut needs a field to alternate, not '{settings.by}'; try location, subject or view."
        )
    groups: dict[str, list[LoggedClip]] = {}
    for clip in _ready(clips, settings):
        groups.setdefault(_first_value(clip, field.name), []).append(clip)
    without = groups.pop("", [])
    rounds = chain.from_iterable(zip_longest(*groups.values()))
    order = chain((clip for clip in rounds if clip is not None), without)
    return tuple(chain.from_iterable(whole(clip, media_for(clip, media)) for clip in order))


KINDS: tuple[Kind, ...] = (
    Kind("stringout", "every clip whole, in story order", stringout),
    Kind("selects", "marked ranges, else circled takes, with handles", selects),
    Kind("intercut", "alternates the values of a field", intercut),
    Kind("days", "day reels: a timeline for each shoot day", stringout, "shoot_day", ("location",)),
    Kind("subjects", "a timeline for each subject, all angles in story order", stringout, "subject"),
)


def kind_named(name: str) -> Kind:
    """The kind of cut called `name`; raises ValueRefused that lists them."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise ValueRefused(f"There is no cut called '{name}'; choose {', '.join(kind.name for kind in KINDS)}.")


def parted(kind: Kind, clips: Sequence[LoggedClip]) -> dict[str, list[LoggedClip]]:
    """The clips of each timeline of a cut, by what its name has behind that of the cut; one with nothing behind it.

    A clip with several values lies in the timeline of each; what has none comes last.
    """
    if not kind.split:
        return {"": list(clips)}
    parts: dict[str, list[LoggedClip]] = defaultdict(list)
    for clip in clips:
        value = clip.values.get(kind.split)
        for each in value if isinstance(value, tuple) else (value,):
            parts[f" {_NO_NAME.sub('_', str(each))}" if each else ""].append(clip)
        if value == ():
            parts[""].append(clip)
    without = parts.pop("", [])
    named = {name: parts[name] for name in sorted(parts)}
    return named | ({f" without {kind.split}": without} if without else {})


def in_order(clips: Iterable[LoggedClip], sort: Sequence[str] = ()) -> list[LoggedClip]:
    """Clips by the fields of `sort`, or in story order; clips without the value come last."""
    order = sorted(clips, key=_story_key)
    for name in reversed(sort):
        field, backwards = name.removeprefix("-"), name.startswith("-")
        if field not in BY_NAME:
            raise ValueRefused(f"'{field}' is no field to sort by; choose {', '.join(BY_NAME)}.")
        keyed = [(_sort_value(clip, field), clip) for clip in order]
        have = [(value, clip) for value, clip in keyed if value is not None]
        have.sort(key=itemgetter(0), reverse=backwards)
        order = [clip for _, clip in have] + [clip for value, clip in keyed if value is None]
    return order


def _ready(clips: Sequence[LoggedClip], settings: CutSettings) -> list[LoggedClip]:
    """The clips of a cut, counted in frames and in order."""
    return in_order((_counted(clip, settings.rate) for clip in clips), settings.sort)


def _counted(clip: LoggedClip, rate: Rate) -> LoggedClip:
    recording = counted(clip.clip, rate)
    return clip if recording is clip.clip else replace(clip, clip=recording)


def _story_key(clip: LoggedClip) -> tuple[str, int, str, str, int, str, str]:
    values, start = clip.values, clip.clip.start
    day, camera = values.get("shoot_day"), values.get("camera")
    return (
        str(day or "\uffff"),
        _seconds_of_day(values.get("at") or start),
        str(camera or "\uffff"),
        clip.clip.card,
        start.frame if start else -1,
        clip.clip.name,
        clip.clip.id,
    )


def _seconds_of_day(value: object) -> int:
    """Seconds since midnight out of `HH:MM:SS` (or a timecode, by which cinema cameras keep the time of day).

    What is unknown comes after the day.
    """
    match = re.match(r"(\d\d):(\d\d):(\d\d)", str(value or ""))
    return 3600 * int(match[1]) + 60 * int(match[2]) + int(match[3]) if match else 100_000


def _sort_value(clip: LoggedClip, field: str) -> tuple[Fraction, str] | None:
    """What a clip sorts by: numbers as numbers, words without regard to letter case, None if it has no value."""
    recording = clip.clip
    numbers: dict[str, Fraction | None] = {
        "duration": recording.duration or None,
        "frames": Fraction(recording.frames) if recording.frames else None,
        "rate": recording.rate.fraction if recording.rate else None,
    }
    if field in numbers:
        number = numbers[field]
        return None if number is None else (number, "")
    texts = {"id": recording.id, "name": recording.name, "card": recording.card, "kind": recording.kind}
    value = clip.values.get(field) or texts.get(field) or (clip.status if field == "status" else None)
    if field == "start_timecode" and recording.start:
        value = str(recording.start)
    if isinstance(value, tuple):
        value = ", ".join(value)
    if value is None or value == "":
        return (Fraction(0), "") if clip.values.get(field) == 0 else None
    return (Fraction(value), "") if isinstance(value, int) else (Fraction(0), str(value).casefold())


def _first_value(clip: LoggedClip, field: str) -> str:
    value = clip.values.get(field)
    if isinstance(value, tuple):
        return value[0] if value else ""
    if value is None and field == "card":
        return clip.clip.card
    return "" if value is None else str(value)


def _commonest_rate(clips: Sequence[LoggedClip]) -> Rate:
    """By running time, pictures before sound; 25 where nothing states a rate."""
    for kind in ("picture", "sound"):
        frames: Counter[Rate] = Counter()
        for clip in (logged.clip for logged in clips):
            if clip.kind == kind and clip.rate:
                frames[clip.rate] += clip.frames or 0
        if frames:
            return max(frames, key=lambda rate: rate.seconds(frames[rate]))
    return Rate(25)


def _mostly_drop(clips: Sequence[LoggedClip], rate: Rate) -> bool:
    balance = 0
    for clip in (logged.clip for logged in clips):
        if clip.rate == rate and clip.start:
            balance += (clip.frames or 0) * (1 if clip.start.drop_frame else -1)
    return balance > 0


def _commonest_size(clips: Sequence[LoggedClip]) -> tuple[int, int]:
    """The size of most of the running time, upright and with square pixels; 1920x1080 where none is known."""
    frames: Counter[tuple[tuple[int, int], Rate | None]] = Counter()
    for logged in clips:
        video = logged.clip.facts.video
        if video and video.width and video.height:
            width, height = round(video.width * (video.pixel_aspect or 1)), video.height
            upright = (height, width) if video.rotation in {90, 270} else (width, height)
            frames[upright, logged.clip.rate] += logged.clip.frames or 0
    time: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
    for (shape, rate), count in frames.items():
        time[shape] += rate.seconds(count) if rate else 0
    return max(time, key=lambda shape: time[shape]) if time else (1920, 1080)


def _parse_size(text: str) -> tuple[int, int]:
    width, mark, height = text.lower().partition("x")
    if not mark or not width.strip().isdecimal() or not height.strip().isdecimal():
        raise ValueRefused(f"'{text}' is no picture size; write it as 1920x1080.")
    size = int(width), int(height)
    if min(size) < 1:
        raise ValueRefused(f"'{text}' is no picture size; write it as 1920x1080.")
    return size
