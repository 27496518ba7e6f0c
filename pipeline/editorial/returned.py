"""The shots of an editor's timeline that was kept: its events that were found, as ranges of their clips."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pipeline.clip import LoggedClip, shown
from pipeline.editorial.imports.kept import Kept, KeptEvent
from pipeline.editorial.paper import NO_FILES
from pipeline.editorial.shots import Shot, counted
from pipeline.timecode import Rate, TimeRange


def returned_shots(kept: Kept, clips: Mapping[str, LoggedClip], rate: Rate) -> list[Shot]:
    """What the events take of these clips, in the order of the timeline at `rate`, without files.

    Sound under a picture of its own clip is that shot's; other sound is a shot, once for all channels.
    """
    events = [event for event in kept.events if event.enabled and event.clip in clips and event.range]
    events.sort(key=lambda event: (event.record or (0, 0), event.kind != "Video", event.track))
    seen = {(event.clip, event.record) for event in events if event.kind == "Video"}
    wanted = (event for event in events if event.kind == "Video" or (event.clip, event.record) not in seen)
    distinct = {(event.clip, event.range, event.record, event.kind, _lane(event)): event for event in wanted}
    return list(_shots(distinct.values(), clips, rate))


def _lane(event: KeptEvent) -> int:
    """Its track, for pictures; channels of sound are one."""
    return event.track if event.kind == "Video" else 0


def _shots(events: Iterable[KeptEvent], clips: Mapping[str, LoggedClip], rate: Rate) -> Iterator[Shot]:
    for event in events:
        assert event.clip
        assert event.range
        clip = counted(clips[event.clip].clip, rate)
        span = TimeRange(*event.range).within(TimeRange(0, clip.frames or 0))
        if clip.rate and span.duration:
            yield Shot(replace(clips[event.clip], clip=clip), span, NO_FILES, shown(event.name or clip.name), "")
