"""Final Cut Pro XML, from 1.3 on, as Final Cut, Resolve and others write it; of an .fcpxmld, its Info.fcpxml.

The first project in the file is read. Tracks are numbered from the primary storyline up: its pictures are track 1 of
pictures; sound of the storyline is track 1 of sound, then come the lanes below it, then those above.
"""

from dataclasses import replace
from fractions import Fraction

import msgspec

from pipeline.editorial.bulk import unswept
from pipeline.editorial.imports.fcpxml_clocks import Clock
from pipeline.editorial.imports.fcpxml_resources import Format, Resources, resources_of, seconds
from pipeline.editorial.imports.fcpxml_story import Story, Within
from pipeline.editorial.imports.markup import Document, Node, line_of, parse, root_name
from pipeline.editorial.imports.reading import Kind, Problem, ReadEvent, ReadTimeline, ReadTransition
from pipeline.errors import TimelineUnreadable
from pipeline.timecode import Rate, Timecode

FORMAT = "fcpxml"
_APART = frozenset({"gap", "transition"})
MOST_FRAMES = 10**12


def recognises(head: bytes) -> bool:
    return root_name(head) == FORMAT


def read(content: bytes) -> ReadTimeline:
    """The first project; a file of clips alone has no events.

    Raises TimelineUnreadable for what is no FCPXML, or damaged.
    """
    with unswept():
        return read_tree(parse(content))


def read_tree(document: Document, *, logged: bool = True) -> ReadTimeline:
    """The same of a tree that is there already; without `logged` events come without their marks and log."""
    root = document.root
    if root.tag != FORMAT:
        raise TimelineUnreadable("This is no FCPXML: its first element is no fcpxml.")
    problems: list[Problem] = []
    resources = resources_of(root, problems, logged=logged)
    projects = list(document.of("project"))
    facts: dict[str, object] = {"format": FORMAT, "version": root.get("version"), "projects": len(projects)}
    sequence = projects[0].find("sequence") if projects else None
    if sequence is None:
        line = line_of(projects[0]) if projects else line_of(root)
        problems.append(Problem(line, "There is no project with a timeline in this file; select one and export it."))
        title = projects[0].get("name", "") if projects else ""
        return ReadTimeline(
            FORMAT, title, None, None, None, None, (0, 0), (), facts=_known(facts), problems=tuple(problems)
        )
    return _timeline(projects[0].get("name", ""), sequence, resources, facts, problems=problems)


def _timeline(
    title: str, sequence: Node, resources: Resources, facts: dict[str, object], *, problems: list[Problem]
) -> ReadTimeline:
    shape = resources.formats.get(sequence.get("format", ""), Format())
    spines, rate, said = sequence.findall("spine"), shape.rate, _said(sequence, shape, resources)
    facts |= {"title": title, "width": shape.width, "height": shape.height}
    facts["clips"] = sum(child.tag not in _APART for spine in spines for child in spine)
    if rate is None:
        problems.append(Problem(line_of(sequence), "The timeline names no format that tells its frame rate."))
        return ReadTimeline(
            FORMAT, title, None, None, None, None, (1, 0), (), facts=_known(facts), problems=tuple(problems), said=said
        )
    start, drop = _start(sequence, rate, problems)
    duration = _duration(sequence, rate, problems)
    story, begin = Story(rate, resources, problems), seconds(sequence.get("tcStart")) or Fraction(0)
    for spine in spines:
        story.spine(spine, Clock(Fraction(0), begin), Within())
    events, transitions, tracks = _numbered(story)
    facts |= {"rate": str(rate), "drop_frame": drop, "first_record_timecode": str(start), "duration_frames": duration}
    return ReadTimeline(
        FORMAT, title, rate, drop, start, duration, tracks, events, transitions, tuple(story.marks), _known(facts),
        tuple(problems), tuple(story.left_out), said,
    )  # fmt: skip


def _known(facts: dict[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple((key, value) for key, value in facts.items() if value is not None)


def _said(sequence: Node, shape: Format, resources: Resources) -> tuple[tuple[str, object], ...]:
    files = tuple((asset.name, asset.file) for asset in resources.assets.values())
    return (("format_name", shape.name), ("line", line_of(sequence)), ("files", files))


def _start(sequence: Node, rate: Rate, problems: list[Problem]) -> tuple[Timecode, bool | None]:
    """The record timecode of the first frame; `tcFormat` says how it counts, which may go unsaid at 29.97."""
    counting = sequence.get("tcFormat", "")
    drop = counting == "DF" if counting or not rate.can_drop else None
    if drop and not rate.can_drop:
        problems.append(
            Problem(line_of(sequence), f"It says drop-frame at {rate.label()} frames a second, where none exists.")
        )
        drop = False
    return Timecode(_frames(sequence, "tcStart", rate, problems) or 0, rate, bool(drop)), drop


def _duration(sequence: Node, rate: Rate, problems: list[Problem]) -> int | None:
    if sequence.get("duration") is not None:
        return _frames(sequence, "duration", rate, problems)
    lengths = [seconds(child.get("duration")) for spine in sequence.findall("spine") for child in spine
               if child.tag != "transition"]  # fmt: skip
    known = [length for length in lengths if length is not None]
    return round(sum(known, Fraction(0)) * rate.fraction) if len(known) == len(lengths) else None


def _frames(sequence: Node, name: str, rate: Rate, problems: list[Problem]) -> int | None:
    text = sequence.get(name)
    time = seconds(text)
    if time is None:
        if text is not None:
            problems.append(
                Problem(line_of(sequence), f"The timeline says '{text[:40]}' for {name}, which is no time.")
            )
        return None
    exact = time * rate.fraction
    if exact.denominator != 1:
        problems.append(Problem(line_of(sequence), f"{name} of the timeline lies within a frame at {rate.label()}."))
    return round(exact) if abs(exact) < MOST_FRAMES else None


def _numbered(story: Story) -> tuple[tuple[ReadEvent, ...], tuple[ReadTransition, ...], tuple[int, int]]:
    """Lanes as tracks: pictures from the lowest up, sound from the storyline down and then up."""
    lanes: dict[Kind, set[int]] = {"Video": {0}, "Audio": set()}
    for lane, event in story.events:
        lanes[event.kind].add(lane)
    for lane, joint in story.transitions:
        lanes[joint.kind].add(lane)
    pictures = sorted(lanes["Video"])
    sounds = sorted(lanes["Audio"], key=lambda lane: (lane > 0, abs(lane)))
    numbers = {("Video", lane): number for number, lane in enumerate(pictures, start=1)}
    numbers |= {("Audio", lane): number for number, lane in enumerate(sounds, start=1)}
    events = [_on_track(item, numbers[item.kind, lane]) for lane, item in story.events]
    events.sort(key=lambda item: (item.kind != "Video", item.track, item.record.start if item.record else 0))
    transitions = tuple(replace(item, track=numbers[item.kind, lane]) for lane, item in story.transitions)
    return tuple(events), transitions, (len(pictures), len(sounds))


def _on_track(event: ReadEvent, number: int) -> ReadEvent:
    return event if event.track == number else msgspec.structs.replace(event, track=number)
