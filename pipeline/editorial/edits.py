"""A timeline as edits that can be compared: each picture with the sound under it, and sound that stands alone."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from pipeline.clip import LoggedClip, shown
from pipeline.editorial.diff import Edit, EditList, Heard, in_order
from pipeline.editorial.exports.events import Sheet
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.imports.kept import Kept, KeptEvent
from pipeline.editorial.imports.reading import ReadEvent, ReadTimeline
from pipeline.editorial.shots import counted
from pipeline.timecode import Rate, Timecode, TimeRange

_AROUND = 8  # pictures that begin before a sound does and are looked at: more tracks than that are rare
_IN_STEP = Fraction(0)


class _Taken(NamedTuple):
    """An event of any timeline; `start` counts frames of the source at `rate`."""

    sound: bool
    track: int
    record: TimeRange
    source: str
    name: str
    start: int
    rate: Rate
    drop_frame: bool
    speed: Fraction
    stream: int


def edits_of(sheet: Sheet) -> tuple[Edit, ...]:
    """The edits of a timeline of ours, in order."""
    tracks = [
        (kind, number, track) for kind in ("Video", "Audio") for number, track in enumerate(sheet.of_kind(kind), 1)
    ]
    taken = (
        _Taken(
            kind == "Audio", number, event.record, _key(event.source), event.source.name, event.source_in,
            event.source.rate, event.source.drop_frame, event.speed, event.stream,
        )
        for kind, number, track in tracks
        for event in track.events
    )  # fmt: skip
    return _together(taken, sheet.start.rate)


def edits_of_file(timeline: ReadTimeline, rate: Rate) -> EditList:
    """The edits of an editor's timeline; `rate` is that at which it counts where the file does not say."""
    rate = timeline.rate or rate
    taken = (
        _Taken(
            event.kind == "Audio", event.track, event.record, "", _name(event), (event.source or event.media).start,  # type: ignore[union-attr] # one of the two is there
            event.rate or rate, bool(event.drop_frame), event.speed, event.channel or 1,
        )
        for event in timeline.events
        if event.record and event.record.duration and (event.source or event.media)
    )  # fmt: skip
    start = timeline.start or Timecode(0, rate, bool(timeline.drop_frame))
    return EditList("", start, _together(taken, rate))


def edits_of_kept(kept: Kept, clips: Mapping[str, LoggedClip], rate: Rate) -> EditList:
    """The edits of an editor's timeline that was imported, at `rate`; what was found in the log stands as in a cut."""
    found = [
        _kept_event(event, TimeRange(*event.record), clips, rate)
        for event in kept.events
        if event.record and _plays(event)
    ]
    start = Timecode.parse(kept.start, rate, drop_frame=kept.drop_frame) if kept.start else Timecode(0, rate)
    return EditList("", start, one_stream(_together(found, rate)))


def _plays(event: KeptEvent) -> bool:
    """Whether an event is seen or heard at its place."""
    return event.enabled and event.record is not None and event.record[1] > 0


def _kept_event(event: KeptEvent, record: TimeRange, clips: Mapping[str, LoggedClip], rate: Rate) -> _Taken:
    logged = clips.get(event.clip or "")
    clip = counted(logged.clip, rate) if logged else None
    first = event.range[0] if event.range else 0
    source, name, own, drop_frame = "", event.file or event.name or event.reel, rate, False
    if clip is not None and clip.rate and 0 <= first < (clip.frames or 0):
        place = clip.place_of(first)
        name, own = shown(clip.parts[place.part].path.rpartition(b"/")[2]), clip.rate
        source, drop_frame = f"{clip.id}/{name}", bool(clip.start and clip.start.drop_frame)
        first = clip.start.frame + first if clip.start else place.frame
    return _Taken(
        event.kind == "Audio", event.track, record, source, name, first, own, drop_frame, Fraction(event.speed), 1
    )


def events_in(lists: Iterable[EditList]) -> int:
    """How many events timelines have, wherever that is told: a picture with the sound under it, or sound alone, is one.

    The sound of one place counts once however many tracks it lies on; what is switched off or black counts nowhere.
    """
    return sum(len(each.edits) for each in lists)


def found_in(kept: Kept) -> tuple[int, int]:
    """How many events an editor's timeline has, and how many of them were found in the log."""
    rate = Rate(25)  # whichever: places alone matter
    taken = (
        _Taken(
            event.kind == "Audio", event.track, TimeRange(*event.record), event.clip or "", event.file or event.name,
            event.range[0] if event.range else 0, rate, drop_frame=False, speed=Fraction(event.speed), stream=1,
        )
        for event in kept.events
        if event.record and _plays(event)
    )  # fmt: skip
    edits = _together(taken, rate)
    return len(edits), sum(bool(edit.source) for edit in edits)


class Chapter(NamedTuple):
    """The clip that a later file belongs to by name, and the frames of it that lie before where it has no timecode."""

    clip: str
    before: int


def by_name(edits: Iterable[Edit], chapters: Mapping[str, Chapter]) -> tuple[Edit, ...]:
    """Edits whose sources are told apart by file name alone, as in editors' files.

    `chapters` are known by their folded names without ending.
    """
    return one_stream(_by_name(edit, chapters) for edit in edits)


def one_stream(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits under which each source is heard once: editors count channels, and cuts streams."""
    return tuple(replace(edit, sounds=tuple(sorted({_alike(each) for each in edit.sounds}, key=str))) for edit in edits)


def _by_name(edit: Edit, chapters: Mapping[str, Chapter]) -> Edit:
    name, before = chapters.get(_stem(edit.name).casefold(), (edit.name, 0))
    sounds = tuple(_heard_by_name(each, edit, before, chapters) for each in edit.sounds)
    return replace(edit, source=_stem(name).casefold(), name=_stem(name), start=edit.start + before, sounds=sounds)


def _heard_by_name(heard: Heard, edit: Edit, before: int, chapters: Mapping[str, Chapter]) -> Heard:
    """The slip stays where sound and picture are of one file, and both begin as much earlier."""
    name, own = chapters.get(_stem(heard.name).casefold(), (heard.name, 0))
    return replace(
        heard,
        source=_stem(name).casefold(),
        name="",
        slip=heard.slip + edit.rate.seconds(own) - edit.rate.seconds(before),
    )


def _alike(heard: Heard) -> Heard:
    return replace(heard, stream=1, span=TimeRange(0, 0))


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _key(source: Source) -> str:
    return f"{source.clip}/{source.name}" if source.clip else source.name


def _name(event: ReadEvent) -> str:
    return event.file.replace("\\", "/").rpartition("/")[2] or event.name or event.reel


def _together(taken: Iterable[_Taken], rate: Rate) -> tuple[Edit, ...]:
    """Pictures with the sound that lies under them whole, and sound alone, its channels as one edit."""
    events = list(taken)
    pictures = [event for event in events if not event.sound]
    starts = sorted((event.record.start, number) for number, event in enumerate(pictures))
    heard: dict[int, list[Heard]] = {}
    alone: dict[tuple[str, int, TimeRange], Edit] = {}
    for event in (event for event in events if event.sound):
        over = next(_over(event.record, pictures, starts), None)
        if over is None:
            alone.setdefault((event.source or event.name, event.start, event.record), _edit(event, "A"))
        else:
            heard.setdefault(over, []).append(_heard(event, pictures[over], rate))
    with_sound = [_edit(event, "V", heard.get(number, ())) for number, event in enumerate(pictures)]
    return tuple(in_order([*with_sound, *alone.values()]))


def _edit(event: _Taken, kind: str, sounds: Iterable[Heard] = ()) -> Edit:
    return Edit(
        f"{kind}{event.track}",
        event.source,
        event.name,
        event.record,
        event.start,
        event.rate,
        event.drop_frame,
        tuple(sounds),
        event.speed,
    )


def _heard(event: _Taken, over: _Taken, rate: Rate) -> Heard:
    ahead = event.record.start - over.record.start
    slip = _IN_STEP
    if ahead or (event.start, event.rate) != (over.start, over.rate):
        slip = event.rate.seconds(event.start) - rate.seconds(ahead) - over.rate.seconds(over.start)
    return Heard(event.source, event.name, event.stream, slip, TimeRange(ahead, event.record.duration))


def _over(record: TimeRange, pictures: Sequence[_Taken], starts: Sequence[tuple[int, int]]) -> Iterator[int]:
    """The pictures under which a sound lies whole, the lowest track's first."""
    place = bisect_right(starts, (record.start, len(starts)))
    near = (number for _, number in starts[max(0, place - _AROUND) : place])
    yield from sorted(number for number in near if record.end <= pictures[number].record.end)
