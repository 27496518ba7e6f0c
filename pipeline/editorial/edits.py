"""A timeline as edits that can be compared: each picture with the sound under it, and sound that stands alone."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.editorial.diff import Edit, Heard, in_order
from pipeline.editorial.exports.events import Event, Sheet, Source
from pipeline.timecode import Rate, TimeRange


def edits_of(sheet: Sheet) -> tuple[Edit, ...]:
    """The edits of a timeline, in order."""
    rate = sheet.start.rate
    pictures = [
        _edit(event, f"V{number}")
        for number, track in enumerate(sheet.of_kind("Video"), start=1)
        for event in track.events
    ]
    starts = _first_at(pictures)
    heard: dict[int, list[Heard]] = {}
    alone: dict[tuple[str, int, TimeRange], Edit] = {}
    for number, track in enumerate(sheet.of_kind("Audio"), start=1):
        for event in track.events:
            over = _over(event.record, pictures, starts)
            if over is None:
                edit = _edit(event, f"A{number}")
                alone.setdefault((edit.source, edit.start, edit.record), edit)
            else:
                heard.setdefault(over, []).append(_heard(event, pictures[over], rate))
    with_sound = [replace(edit, sounds=tuple(heard.get(number, ()))) for number, edit in enumerate(pictures)]
    return tuple(in_order([*with_sound, *alone.values()]))


def by_name(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Edits whose sources are told apart by file name alone, as another program's timeline names them."""
    return tuple(
        replace(
            edit, source=_stem(edit.name), sounds=tuple(replace(each, source=_stem(each.name)) for each in edit.sounds)
        )
        for edit in edits
    )


def _stem(name: str) -> str:
    return (name.rpartition(".")[0] or name).casefold()


def _edit(event: Event, track: str) -> Edit:
    source = event.source
    return Edit(track, _key(source), source.name, event.record, event.source_in, source.rate, speed=event.speed)


def _key(source: Source) -> str:
    return f"{source.clip}/{source.name}" if source.clip else source.name


def _heard(event: Event, edit: Edit, rate: Rate) -> Heard:
    source, ahead = event.source, event.record.start - edit.record.start
    slip = source.rate.seconds(event.source_in) - rate.seconds(ahead) - edit.rate.seconds(edit.start)
    return Heard(_key(source), source.name, event.stream, slip, TimeRange(ahead, event.record.duration))


def _first_at(pictures: Sequence[Edit]) -> list[tuple[int, int]]:
    return sorted((edit.record.start, number) for number, edit in enumerate(pictures))


def _over(record: TimeRange, pictures: Sequence[Edit], starts: Sequence[tuple[int, int]]) -> int | None:
    """The picture under which a sound lies whole; the lowest track's, where there are several at once."""
    found = [number for number in _before(record, starts) if record.end <= pictures[number].record.end]
    return min(found, default=None)


def _before(record: TimeRange, starts: Sequence[tuple[int, int]]) -> Iterator[int]:
    """The last few pictures that begin no later than a sound does."""
    place = bisect_right(starts, (record.start, len(starts)))
    yield from (number for _, number in starts[max(0, place - 8) : place])
