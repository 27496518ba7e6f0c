"""Final Cut Pro XML 1.10: the cut as a project, its clips with keywords and ratings beside it.

DaVinci Resolve and Final Cut Pro see different clocks in some files, so that each gets its own
(fcpxml_assets.py). Every duration and offset in the primary storyline lies on the frame grid of the
sequence; `start` lies on that of the source. Sources at other rates keep real time: `conform-rate`
without scaling, as Final Cut writes where it shows a clip at its own speed.

1.10 is what Final Cut Pro 10.6 and all newer ones read, as DaVinci Resolve does; what is written is valid by the
definitions of the newer versions, too (tests). The element order is the DTD's. A DTD sees no times:
that clips lie inside their assets, without holes, is held by tests.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import TypeAlias

from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.events import NORMAL, EventTransition, Mark, Sheet, held_by, sheet_of
from pipeline.editorial.exports.fcpxml_assets import Asset, Resources, Shape, frames_text, seconds_text
from pipeline.editorial.exports.fcpxml_time import CROSSFADE, DISSOLVE, retimed, transition_xml
from pipeline.editorial.exports.sources import Source
from pipeline.editorial.exports.storyline import Placed, storyline
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, encoded, linked
from pipeline.editorial.exports.xml_text import attribute, attributes_text, element, enclosed, is_legal, legal, xml_text
from pipeline.fields import FIELDS
from pipeline.timecode import Rate

VERSION = "1.10"
_FINAL_CUT_PROJECTS = frozenset({"23.976", "24", "25", "29.97", "30", "50", "59.94", "60"})
_CONFORM_NAMES = {"23.976": "23.98", "47.952": "47.95"} | {
    name: name for name in ("24", "25", "29.97", "30", "48", "50", "59.94", "60")
}  # what the DTD lets srcFrameRate say
_FAVORITE = 4  # rating from which a clip is one
# Columns that Final Cut shows itself; its "Take" is called shot.
_OWN_COLUMNS = (("scene", "scene"), ("take", "shot"), ("camera", "angle"))
_DISSOLVES = re.compile("dissolve|fade", re.IGNORECASE)
Mixes: TypeAlias = dict[int, tuple[EventTransition, bool, bool]]  # by its cut; of pictures, of sound
_INSTEAD = (
    "Final Cut Pro takes the proxies for originals, and no original is in the file: without --media proxy it holds "
    "both, and Final Cut plays the proxies with View > Proxy Preferred; to come to the originals from this one, relink "
    "them (File > Relink Files > Original Media)."
)
_TITLES = {field.name: field.title for field in FIELDS}


@unswept()
def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.fcpxml` for `options.editor` ("fcp" or "resolve"); for no suite in particular it is anchored as for Resolve."""
    timeline, without = linked(timeline, options)
    sheet = sheet_of(timeline)
    held = held_by(sheet)
    resources = Resources(options.editor)
    sequence_format = resources.format(Shape(sheet.start.rate, sheet.size or (1920, 1080)))
    resources.take(held)
    story = storyline(sheet, held)
    spine = _spine(story, _mixes(sheet), resources, sheet.start.rate, -sheet.start.frame)
    content = encoded(_document(sheet, resources, _sequence(sheet, story, spine, format_id=sequence_format)))
    instead = (_INSTEAD,) if (options.editor, options.media) == ("fcp", "proxy") else ()
    losses = (*sheet.losses, *instead, *without, *_losses(sheet, resources, story))
    return Written((WrittenFile(".fcpxml", content),), tuple(dict.fromkeys(losses)))


def _document(sheet: Sheet, resources: Resources, sequence: Iterable[str]) -> Iterator[str]:
    name = attributes_text({"name": sheet.name})
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n<fcpxml version="{VERSION}">\n<resources>'
    yield from resources.xml()
    if any(track.transitions for track in sheet.tracks):
        yield from (DISSOLVE, CROSSFADE)
    yield f"</resources>\n<library>\n<event{name}>"
    yield from map(_browser_clip, resources.assets.values())
    yield f"<project{name}>"
    yield from sequence
    yield "</project>\n</event>\n</library>\n</fcpxml>"


def _mixes(sheet: Sheet) -> Mixes:
    """The transitions of the primary storyline."""
    heard = {(each.at, each.before, each.after) for track in sheet.of_kind("Audio") for each in track.transitions}
    return {
        each.at: (each, True, (each.at, each.before, each.after) in heard)
        for track in sheet.of_kind("Video")[:1]
        for each in track.transitions
    }


def _sequence(sheet: Sheet, story: list[Placed], spine: Iterable[str], *, format_id: str) -> Iterator[str]:
    rate = sheet.start.rate
    length = story[-1].record.end if story else 0
    attributes: dict[str, str | None] = {
        "format": format_id, "duration": frames_text(length, rate), "tcStart": frames_text(sheet.start.frame, rate),
        "tcFormat": "DF" if sheet.start.drop_frame else "NDF", "audioLayout": "stereo", "audioRate": "48k",
    }  # fmt: skip
    yield f"<sequence{attributes_text(attributes)}>"
    if story:
        yield "<spine>"
        yield from spine
        yield "</spine>\n</sequence>"
    else:
        yield "<spine/>\n</sequence>"


def _spine(clips: list[Placed], mixes: Mixes, resources: Resources, rate: Rate, zero: int) -> Iterator[str]:
    """Clips and the transitions between them; `zero` is the frame of the timeline that their clock counts from."""
    for clip in clips:
        if clip.record.start in mixes:
            yield _transition(mixes[clip.record.start], rate, zero)
        yield _clip(clip, resources, rate, frames_text(clip.record.start - zero, rate))
    if clips and clips[-1].record.end in mixes:
        yield _transition(mixes[clips[-1].record.end], rate, zero)


def _transition(mix: tuple[EventTransition, bool, bool], rate: Rate, zero: int) -> str:
    transition, seen, heard = mix
    offset = frames_text(transition.at - transition.before - zero, rate)
    return transition_xml(transition, offset, rate, seen=seen, heard=heard)


def _clip(placed: Placed, resources: Resources, rate: Rate, offset: str) -> str:
    """A clip or gap of the timeline with what hangs on it; `offset` is its place on the clock of its parent."""
    event, duration = placed.event, frames_text(placed.record.duration, rate)
    connected = [_connected(each, placed, resources, rate) for each in placed.connected]
    over = [_marker(mark, _local(placed, mark.record.start, resources, rate), rate) for mark in placed.over]
    if event is None:
        return element("gap", {"offset": offset, "name": "Gap", "duration": duration}, connected + over)
    asset = resources.assets[event.source]
    clock = None if event.speed is NORMAL or event.speed == 1 else retimed(event, asset, rate, placed.reach)
    lane = f' lane="{placed.lane}"' if placed.lane else ""
    start = seconds_text(clock.start) if clock else asset.time(event.source_in)
    only = f' srcEnable="{placed.only}"' if placed.only else ""
    marks = dict.fromkeys([mark for each in (event, *placed.sound) for mark in each.marks])
    own = [_marker(mark, _marked(mark, placed, resources, rate), rate) for mark in marks]
    children = [*_conformed(asset, rate), *([clock.xml()] if clock else ()), *connected, *own, *over]
    place = f' ref="{asset.id}"{lane} offset="{offset}"{asset.name} start="{start}" duration="{duration}"'
    return enclosed("asset-clip", f"{place}{only}{asset.kind}", children)


def _connected(placed: Placed, parent: Placed, resources: Resources, rate: Rate) -> str:
    offset = _local(parent, placed.begin, resources, rate)
    if not placed.run:
        return _clip(placed, resources, rate, offset)
    seen = placed.lane > 0
    mixes = {each.at: (each, seen, not seen) for each in placed.mixes}
    run = [replace(each, lane=0) for each in placed.run]  # the storyline is on the lane, not what stands in it
    inside = _spine(run, mixes, resources, rate, placed.begin)
    return element("spine", {"lane": str(placed.lane), "offset": offset}, inside)


def _marked(mark: Mark, placed: Placed, resources: Resources, rate: Rate) -> str:
    """The first frame of a marker, on its source's own grid but inside the clip: one outside is not shown at all."""
    event = placed.event
    assert event is not None
    if mark.record.start >= event.record.end:  # in a rest of the source that is shorter than a frame of the timeline
        return _local(placed, event.record.end - 1, resources, rate)
    if event.speed != 1:
        return _local(placed, mark.record.start, resources, rate)
    return resources.assets[event.source].time(max(mark.source.start, event.source_in))


def _local(parent: Placed, frame: int, resources: Resources, rate: Rate) -> str:
    """A frame of the timeline on the clock of what plays there: that of its media, or from 0 in a gap."""
    ahead, event = frame - parent.record.start, parent.event
    if event is None:
        return frames_text(ahead, rate)
    asset = resources.assets[event.source]
    if event.speed != 1:
        return seconds_text(retimed(event, asset, rate, parent.reach).start + rate.seconds(ahead))
    if event.source.rate == rate:
        return asset.time(event.source_in + ahead)
    return seconds_text(asset.seconds(event.source_in) + rate.seconds(ahead))


def _conformed(asset: Asset, rate: Rate) -> Iterator[str]:
    own = asset.source.rate
    if asset.held.picture and own != rate:
        yield element("conform-rate", {"scaleEnabled": "0", "srcFrameRate": _CONFORM_NAMES.get(own.label())})


def _marker(mark: Mark, start: str, rate: Rate) -> str:
    duration = frames_text(max(1, mark.record.duration), rate)
    note = mark.note if mark.note != mark.name else ""
    value = mark.name or mark.note or "Marker"
    told = f' note="{attribute(note)}"' if note else ""
    return f'<marker start="{start}" duration="{duration}" value="{attribute(value)}"{told}/>'


def _browser_clip(asset: Asset) -> str:
    """A file as it stands in the browser, whole, with what the log says of it."""
    log, whole = asset.source.log, asset.whole
    children = [f"<note>{xml_text(log['note'])}</note>"] if legal(log.get("note", "")) else []
    words = [_keyword(word) for word in asset.source.keywords]
    children += [f'<keyword{whole} value="{attribute(word)}"/>' for word in words if word]
    if _is_favorite(asset.source):
        children.append(f'<rating{whole} value="favorite"/>')
    children.append(element("metadata", {}, _metadata(asset.source)))
    return enclosed("asset-clip", f' ref="{asset.id}"{asset.name}{whole}{asset.kind}', children)


def _keyword(word: str) -> str:
    """A keyword without the comma that would make it two."""
    return legal(word).replace(",", ";").strip()


def _is_favorite(source: Source) -> bool:
    rating = source.log.get("rating", "")
    circled = source.log.get("circled", "").casefold() in {"yes", "true", "1"}
    return circled or (rating.isdecimal() and int(rating) >= _FAVORITE)


def _metadata(source: Source) -> list[str]:
    """Columns that Final Cut shows, then everything the log says under keys of our own."""
    log = source.log
    columns = (("reel", source.reel), *((own, log.get(name, "")) for name, own in _OWN_COLUMNS))
    lines = [f'<md key="com.apple.proapps.studio.{own}" value="{attribute(said)}"/>' for own, said in columns if said]
    for name, value in (("id", source.clip), ("card", source.card), *log.items()):
        if value:
            key, title = _column(name)
            lines.append(f'<md key="{key}" value="{attribute(value)}" displayName="{title}"/>')
    return lines


@cache
def _column(name: str) -> tuple[str, str]:
    """The key and title of a log field, as attributes."""
    return f"rushes.{attribute(name)}", attribute(_TITLES.get(name, name))


def _losses(sheet: Sheet, resources: Resources, story: list[Placed]) -> Iterator[str]:
    """What the file cannot carry or says in another way: one sentence for each kind of thing, with names."""
    lost = Losses()
    _note_transitions(sheet, story, lost)
    for asset in resources.assets.values():
        for reason in _losses_of(asset, sheet.start.rate, resources):
            lost.add(reason, legal(asset.source.name))
    for placed in _all(story):
        if placed.event and len(placed.sound) not in {0, len(resources.assets[placed.event.source].held.streams)}:
            lost.add("Single sound streams left out of a clip, which play again", legal(placed.event.source.name))
    yield from lost.sentences()
    rate = sheet.start.rate.label()
    if resources.editor == "fcp" and rate not in _FINAL_CUT_PROJECTS:
        yield f"Final Cut Pro has no projects at {rate} frames a second."
    if sheet.size is None:
        yield "The timeline states no picture size; 1920x1080 is written."
    if sum(len(placed.over) for placed in story) < len(sheet.marks):
        yield "Markers of the timeline outside its clips are left out."
    if any(mark.color for mark in _marks(sheet)):
        yield "FCPXML markers have no colours."
    if not is_legal("".join((sheet.name, *(mark.name + mark.note for mark in _marks(sheet))))):
        yield "Control characters in names and notes of the timeline and its markers, which XML forbids, are left out."


def _note_transitions(sheet: Sheet, story: list[Placed], lost: Losses) -> None:
    """Names wipes, which are written as dissolves, and sound that mixes where its picture does not."""
    every = [each for track in sheet.tracks for each in track.transitions]
    for each in every:
        if each.wipe is not None or not _DISSOLVES.search(each.name):
            lost.add("Transitions other than dissolves, written as dissolves", legal(each.name))
    runs = [each for placed in _all(story) for each in placed.mixes]
    pictures = sheet.of_kind("Video")
    written = {(each.at, each.before, each.after) for each in (*runs, *(pictures[0].transitions if pictures else ()))}
    for track in sheet.tracks:
        for event in track.events if track.transitions else ():
            own = (each for each in track.transitions if each.at in {event.record.start, event.record.end})
            if any((each.at, each.before, each.after) not in written for each in own):
                lost.add("Sound that mixes where its picture does not, written as cuts", legal(event.source.name))


def _losses_of(asset: Asset, rate: Rate, resources: Resources) -> Iterator[str]:
    source = asset.source
    if asset.held.picture and source.rate != rate:
        yield f"Pictures at other rates than {rate.label()} keep their speed (conform-rate without scaling)"
    if not resources.reads(source):
        yield "Timecode that Final Cut Pro does not read, counted from 0"
    if source.proxy and not source.equal:
        yield "Proxies of spanned clips, which are no file's equal"
    if not source.path and not source.file.url:
        yield "Files without a path (volume offline), named beside this file: relink them"
    if not is_legal("".join((source.name, source.reel, *source.log.values()))):
        yield "Control characters, which XML forbids, left out"
    if any("," in word for word in source.keywords):
        yield "Commas in keywords, which would part them, written as semicolons"


def _all(story: list[Placed]) -> Iterator[Placed]:
    for placed in story:
        yield placed
        for each in placed.connected:
            yield from each.run or (each,)


def _marks(sheet: Sheet) -> Iterator[Mark]:
    yield from sheet.marks
    yield from (mark for track in sheet.tracks for event in track.events for mark in event.marks)
