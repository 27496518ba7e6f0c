"""An editor's timeline that was kept becomes one of ours: its tracks, gaps, speeds, transitions and markers.

What was found in no clip is black of the same length. What the file did not say, or a clip of the log does not hold,
is named, and nothing made up for it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from opentimelineio.core import Composable
from opentimelineio.opentime import RationalTime
from opentimelineio.opentime import TimeRange as OtioRange
from opentimelineio.schema import Clip, FreezeFrame, Gap, LinearTimeWarp, Marker, Transition

from pipeline.clip import LoggedClip, shown
from pipeline.editorial.arrange import CutSettings
from pipeline.editorial.assembly import Cut, clip_of, with_tracks
from pipeline.editorial.beside import NOTHING
from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.written import Losses
from pipeline.editorial.imports.kept import Kept, KeptMark, KeptTransition
from pipeline.editorial.imports.reading import Kind
from pipeline.editorial.notes import notes
from pipeline.editorial.pieces import Laid
from pipeline.editorial.relaid_items import Item, items_of
from pipeline.editorial.shots import Media, Shot
from pipeline.timecode import Rate

_KINDS: tuple[Kind, ...] = ("Video", "Audio")
_NOWHERE = "Events that state no place on the timeline, left out"
_NO_JOINT = "Transitions where no clip begins or ends, left out"


@unswept()
def relaid(
    kept: Kept, clips: Mapping[str, LoggedClip], media: Mapping[str, Media], shots: Sequence[Shot], *,
    settings: CutSettings,
) -> Cut:  # fmt: skip
    """The timeline that an editor made; `shots` are those of it that a paper edit names."""
    lost, rate = Losses(), settings.rate
    items = items_of(kept, clips, media, rate=rate, lost=lost)
    tracks: list[tuple[str, str, list[Composable]]] = []
    for kind in _KINDS:
        lanes = _lanes(kept, kind, [item for item in items if item.event.kind == kind])
        joined: set[int] = set()
        for number, (track, lane) in enumerate(lanes, start=1):
            joints = {each.at: each for each in kept.transitions if (each.kind, each.track) == (kind, track)}
            tracks.append((f"{kind} {number}", kind, list(_children(lane, joints, joined, rate))))
        for each in kept.transitions:
            if each.kind == kind and each.at not in joined:
                lost.add(_NO_JOINT, shown(each.name))
    for event in kept.events:
        if event.record is None:
            lost.add(_NOWHERE, shown(event.name or event.file or event.reel))
    timeline = with_tracks(tracks, [_mark(mark, rate) for mark in kept.marks if mark.record], settings)
    lots = [Laid(item.pieces[0].shot, item.pieces) for item in items if item.pieces]
    unsaid = () if kept.start else (f"The file states no start; this begins at {settings.start}.",)
    return Cut(timeline, (*lost.sentences(), *unsaid, *notes(lots, settings, NOTHING)), tuple(shots))


def _lanes(kept: Kept, kind: Kind, items: Sequence[Item]) -> Iterator[tuple[int, list[Item]]]:
    """The tracks of one kind by the numbers of the editor's; what lies over something else on its track has its own.

    An editor's track all of whose sound has become part of another track's is none any more.
    """
    found: dict[int, list[list[Item]]] = defaultdict(lambda: [[]])
    for item in items:
        lanes = found[item.event.track]
        free = next((lane for lane in lanes if not lane or lane[-1].record.end <= item.record.start), None)
        if free is None:
            lanes.append(free := [])
        free.append(item)
    used = {event.track for event in kept.events if event.kind == kind}
    for track in range(1, max(used, default=0) + 1):
        if kind == "Video" or track in found or track not in used:
            yield from ((track, lane) for lane in found[track])


def _children(
    lane: Sequence[Item], joints: Mapping[int, KeptTransition], joined: set[int], rate: Rate
) -> Iterator[Composable]:
    """What lies on a track, with gaps and with the transitions where clips meet; their places go to `joined`."""
    at, before = 0, False  # where the track has got to, and whether a clip ends there
    for item in lane:
        if item.record.start > at:
            yield from _joint(joints.get(at), joined, rate) if before else ()
            yield _gap(item.record.start - at, rate)
            at, before = item.record.start, False
        if (item.pieces or before) and at in joints:
            yield from _joint(joints[at], joined, rate)
        for piece in item.pieces:
            yield _faster(clip_of(piece, rate, stream=item.stream, channels=item.channels), item)
            at += piece.record
        before = bool(item.pieces) and at == item.record.end
        if at < item.record.end:
            yield _gap(item.record.end - at, rate)
            at = item.record.end
    yield from _joint(joints.get(at), joined, rate) if before else ()


def _joint(each: KeptTransition | None, joined: set[int], rate: Rate) -> Iterator[Transition]:
    if each is not None and each.before + each.after > 0:
        joined.add(each.at)
        dissolve = not each.name or any(word in each.name.casefold() for word in ("dissolve", "fade"))
        kind = "SMPTE_Dissolve" if dissolve else "Custom_Transition"
        yield Transition(shown(each.name), kind, _time(each.before, rate), _time(each.after, rate))


def _faster(clip: Clip, item: Item) -> Clip:
    """The clip at the speed of its event, and switched off where that is."""
    clip.enabled = item.event.enabled
    speed = Fraction(item.event.speed)
    if speed == 0:
        clip.effects.append(FreezeFrame())
    elif speed != 1:
        clip.effects.append(LinearTimeWarp(time_scalar=float(speed)))
    return clip


def _mark(mark: KeptMark, rate: Rate) -> Marker:
    assert mark.record
    return Marker(shown(mark.name), _range(*mark.record, rate), shown(mark.color.upper()), comment=shown(mark.note))


def _gap(frames: int, rate: Rate) -> Gap:
    return Gap(source_range=_range(0, frames, rate))


def _range(first: int, frames: int, rate: Rate) -> OtioRange:
    return OtioRange(_time(first, rate), _time(frames, rate))


def _time(frames: int, rate: Rate) -> RationalTime:
    return RationalTime(frames, rate.numerator / rate.denominator)
