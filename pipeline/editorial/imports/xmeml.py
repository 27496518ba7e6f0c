"""Final Cut Pro 7 XML (xmeml), as Premiere, Resolve, Avid's helpers, Hiero and Final Cut 7 itself write it.

Read by Apple's "Final Cut Pro XML Interchange Format": `start` and `end` count frames of the sequence, `in` and `out`
frames of the file from its head at the clip's own rate. Clips and their speed are in xmeml_clips.py.
"""

from collections.abc import Iterator

import msgspec

from pipeline.editorial.bulk import unswept
from pipeline.editorial.imports.markup import Document, Node, parse, root_name, text_of
from pipeline.editorial.imports.reading import (
    Kind,
    Problem,
    ReadEvent,
    ReadMark,
    ReadTimeline,
    ReadTransition,
)
from pipeline.editorial.imports.xmeml_clips import Reading, clip_of, joint_of, mark_name
from pipeline.editorial.imports.xmeml_values import rate_of, timecode_of, whole_of
from pipeline.errors import TimelineUnreadable
from pipeline.timecode import Rate, Timecode, TimeRange

FORMAT = "xmeml"
_KINDS: tuple[tuple[str, Kind], ...] = (("video", "Video"), ("audio", "Audio"))
_HOLDS = frozenset({"project", "bin", "children", "xmeml"})  # what a sequence of its own may stand in
WANTED = frozenset(
    {"xmeml", "sequence", "track", "clip", "clipitem", "transitionitem", "generatoritem", "marker", "file", "timecode",
     "samplecharacteristics"}
)  # fmt: skip


def recognises(head: bytes) -> bool:
    return root_name(head) == FORMAT


def read(content: bytes) -> ReadTimeline:
    """The first sequence that stands by itself; a file of clips alone has no events.

    Raises TimelineUnreadable for what is no xmeml, or damaged.
    """
    with unswept():
        return read_tree(parse(content, WANTED))


def read_tree(document: Document, *, logged: bool = True) -> ReadTimeline:
    """The same of a tree that is there already; without `logged` events come without their marks and log."""
    root = document.root
    if root.tag != FORMAT:
        raise TimelineUnreadable("This is no FCP7 XML: its first element is no xmeml.")
    sequences = list(sequences_in(root))
    facts: list[tuple[str, object]] = [("format", FORMAT), ("version", root.get("version") or None)]
    facts.append(("sequences", len(sequences)))
    if not sequences:
        problem = Problem(document.line(root), "There is no sequence in this file; select one and export it again.")
        return ReadTimeline(FORMAT, "", None, None, None, None, (0, 0), (), facts=_known(facts), problems=(problem,))
    return _timeline(sequences[0], document, facts, logged=logged)


def sequences_in(node: Node) -> Iterator[Node]:
    """The sequences that stand by themselves, not in a clip of another."""
    for child in node:
        if child.tag == "sequence":
            yield child
        elif child.tag in _HOLDS:
            yield from sequences_in(child)


def _timeline(sequence: Node, document: Document, facts: list[tuple[str, object]], *, logged: bool) -> ReadTimeline:
    rate = rate_of(sequence)
    files, clips, sequences = (_by_id(document.of(tag)) for tag in ("file", "clip", "sequence"))
    reading = Reading(rate, document, files, clips, sequences, logged)
    if rate is None:
        reading.wrong(sequence, "The sequence says no rate, so that its frames have no length.")
    start, drop = _start(sequence, rate, reading)
    tracks = {tag: sequence.findall(f"media/{tag}/track") for tag, _ in _KINDS}
    events, transitions = _tracks(tracks, reading)
    marks = tuple(_marks(sequence, document))
    duration = whole_of(sequence, "duration")
    if duration is None and events:
        duration = max((event.record.end for event in events if event.record), default=None)
    counts = (len(tracks["video"]), len(tracks["audio"]))
    facts += [
        ("title", text_of(sequence, "name")), ("rate", rate and str(rate)), ("drop_frame", drop),
        ("first_record_timecode", start and str(start)), ("duration_frames", duration),
        ("video_tracks", counts[0]), ("audio_tracks", counts[1]),
        ("clips", sum(len(track.findall("clipitem")) for each in tracks.values() for track in each)),
    ]  # fmt: skip
    return ReadTimeline(
        FORMAT, text_of(sequence, "name"), rate, drop, start, duration, counts, tuple(events), tuple(transitions),
        marks, _known(facts), tuple(reading.problems), tuple(reading.left_out), tuple(_said(sequence, reading)),
    )  # fmt: skip


def _known(facts: list[tuple[str, object]]) -> tuple[tuple[str, object], ...]:
    return tuple((key, value) for key, value in facts if value is not None)


def _start(sequence: Node, rate: Rate | None, reading: Reading) -> tuple[Timecode | None, bool | None]:
    """Where the sequence's record timecode begins, counted at the sequence's own rate."""
    node = sequence.find("timecode")
    if node is None or rate is None:
        return None, None
    start = timecode_of(node, rate, reading.wrong)
    if start is not None and start.rate != rate:
        reading.wrong(node, "The sequence's timecode counts at another rate than the sequence.")
        start = start.conformed(rate)
    return start, start.drop_frame if start else None


def _by_id(nodes: Iterator[Node]) -> dict[str, Node]:
    """Those elements that say something, by id: others refer to them."""
    found: dict[str, Node] = {}
    for node in nodes:
        if len(node):
            found.setdefault(node.get("id", ""), node)
    return found


def _tracks(tracks: dict[str, list[Node]], reading: Reading) -> tuple[list[ReadEvent], list[ReadTransition]]:
    events: list[ReadEvent] = []
    transitions: list[ReadTransition] = []
    for tag, kind in _KINDS:
        for number, track in enumerate(tracks[tag], start=1):
            on = text_of(track, "enabled").upper() != "FALSE"
            for item in _track(track, kind, number, reading=reading, on=on):
                if isinstance(item, ReadEvent):
                    events.append(item)
                else:
                    transitions.append(item)
    return events, transitions


def _track(track: Node, kind: Kind, number: int, *, reading: Reading, on: bool) -> Iterator[ReadEvent | ReadTransition]:
    """The clips of a track in time; `-1` at a transition is told by the transition beside it."""
    items = [node for node in track if node.tag in {"clipitem", "transitionitem", "generatoritem"}]
    joints = [joint_of(node, reading) if node.tag == "transitionitem" else None for node in items]
    found: list[ReadEvent] = []
    for at, node in enumerate(items):
        joint = joints[at]
        if node.tag == "clipitem":
            beside = joints[at - 1] if at else None, joints[at + 1] if at + 1 < len(items) else None
            event = clip_of(node, beside, kind, number, reading=reading)
            found.append(event if on else msgspec.structs.replace(event, enabled=False))
        elif joint is not None:
            reach = joint.cut - joint.start, joint.end - joint.cut
            yield ReadTransition(kind, number, joint.cut, *reach, joint.name, reading.document.line(node))
        elif node.tag == "generatoritem":
            name = text_of(node, "name") or "A generator"
            reading.left_out.append(
                Problem(reading.document.line(node), f"'{name}' is made by the editor, not shot: it has no media.")
            )
    yield from sorted(found, key=_begin)


def _begin(event: ReadEvent) -> int:
    return event.record.start if event.record else 0


def _marks(sequence: Node, document: Document) -> Iterator[ReadMark]:
    for node in sequence.findall("marker"):
        begin, end = whole_of(node, "in"), whole_of(node, "out")
        if begin is not None:
            length = max(1, end - begin) if end is not None else 1
            yield ReadMark(*mark_name(node), record=TimeRange(begin, length), line=document.line(node))


def _said(sequence: Node, reading: Reading) -> Iterator[tuple[str, object]]:
    """What a check asks for: Resolve makes nothing of a sequence without a picture format."""
    shape = sequence.find("media/video/format/samplecharacteristics")
    yield "picture_format", shape is not None and len(shape) > 0
    if shape is not None:
        for name in ("width", "height"):
            value = whole_of(shape, name)
            if value is not None:
                yield name, value
    yield "line", reading.document.line(sequence)
    yield "files", tuple((text_of(each, "name"), text_of(each, "pathurl")) for each in reading.files.values())
