"""What is wrong with Final Cut Pro 7 XML for Premiere Pro and DaVinci Resolve.

Sources: OpenTimelineIO issues 839 and 499 (no `<format>`: Resolve makes no timeline and says nothing); palmier-pro
issues 110 and 247 (Resolve relinks by a name with its extension, and by the file's timecode).
"""

import re
from collections.abc import Iterator
from operator import methodcaller

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.imports.markup import Node, path_of, text_of
from pipeline.editorial.imports.xmeml import sequences_in
from pipeline.editorial.imports.xmeml_values import number_of

_EXTENSION = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_HOLD_RATE = ("sequence", "clip", "clipitem", "file", "timecode", "samplecharacteristics")
_RATES_OF = methodcaller("findall", "rate")
_OF_TIMECODE = ("drop-frame", "timecode")  # words of the reader's sentences about them
_NUMBER = re.compile(r"\d{1,6}")
_ITEMS = frozenset({"clipitem", "transitionitem", "generatoritem"})
_PLACES = frozenset({"start", "end", "in", "out"})


def no_sequence(case: Case) -> Iterator[Found]:
    if next(sequences_in(case.root), None) is None:
        yield Found(case.document.line(case.root), "There is no sequence in the file, so that no timeline comes of it.")


def picture_format(case: Case) -> Iterator[Found]:
    for sequence in sequences_in(case.root):
        shape = sequence.find("media/video/format/samplecharacteristics")
        if sequence.find("media/video") is not None and not (text_of(shape, "width") and text_of(shape, "height")):
            what = "no <format> with width and height" if shape is None else "a <format> without width and height"
            yield Found(
                case.document.line(sequence),
                f"The sequence has {what}; Resolve makes no timeline of it and says nothing.",
            )


def extension(case: Case) -> Iterator[Found]:
    for file in _files(case):
        name, path = text_of(file, "name"), path_of(text_of(file, "pathurl"))
        if _EXTENSION.search(path) and not _EXTENSION.search(name):
            yield Found(
                case.document.line(file),
                f"The file is called '{name[:80]}', without the extension that it has on the disk.",
            )


def start(case: Case) -> Iterator[Found]:
    """A file without timecode counts from 0; pictures of the editor's own and stills have none to lose."""
    for file in _files(case):
        if text_of(file, "pathurl") and file.find("timecode") is None:
            name = text_of(file, "name")
            sentence = "says no start timecode; Resolve takes 0, and finds no overlap where the recording has one"
            yield Found(case.document.line(file), f"'{name[:80]}' {sentence}.")


def rate_twice(case: Case) -> Iterator[Found]:
    nodes = list(filter(len, case.document.of(*_HOLD_RATE)))
    for node, rates in zip(nodes, map(_RATES_OF, nodes), strict=True):
        if len(rates) > 1:
            yield Found(case.document.line(node), f"A <{node.tag}> says its <rate> more than once.")


def no_path(case: Case) -> Iterator[Found]:
    for file in _files(case):
        if not text_of(file, "pathurl") and text_of(file, "mediaSource") == "":
            yield Found(
                case.document.line(file),
                f"'{text_of(file, 'name')[:80]}' names no file (pathurl); it comes in offline.",
            )


def path_form(case: Case) -> Iterator[Found]:
    for file in _files(case):
        url = text_of(file, "pathurl")
        if url and not url.lower().startswith("file:"):
            yield Found(case.document.line(file), f"The path '{url[:120]}' is no file URL.")


def exploded(case: Case) -> Iterator[Found]:
    """Tracks of one sound with several channels, which Premiere numbers from 0: each set must be whole."""
    for sequence in sequences_in(case.root):
        wanted, before = 0, sequence
        for track in (*sequence.findall("media/audio/track"), None):
            number, total = _exploded(track)
            if number != (wanted if total or wanted else None):
                line = case.document.line(before) if track is None else case.document.line(track)
                yield Found(line, f"Channel {wanted + 1} of a sound with several tracks is missing here.")
            wanted = (number + 1) % total if number is not None and total else 0
            before = before if track is None else track


def _exploded(track: Node | None) -> tuple[int | None, int]:
    """The channel that a track is of so many, from 0; None of 0 for one that stands by itself."""
    said = (
        ("", "")
        if track is None
        else (track.get("currentExplodedTrackIndex", ""), track.get("totalExplodedTrackCount", ""))
    )
    return (int(said[0]), int(said[1])) if all(map(_NUMBER.fullmatch, said)) and int(said[1]) else (None, 0)


def places(case: Case) -> Iterator[Found]:
    """Frames before zero, and ones that are not whole; -1 stands for a place that the transition beside it tells."""
    for items in _tracks(case):
        tags = ["", *(node.tag for node in items), ""]
        for at, node in enumerate(items):
            for child in node:
                if child.tag in _PLACES and not (text := text_of(child)).isdecimal() and (frame := number_of(text)):
                    beside = tags[at if child.tag == "start" else at + 2]
                    told = frame == -1 and (child.tag in {"in", "out"} or beside == "transitionitem")
                    what = "no whole frame" if frame.denominator > 1 else "before the first frame"
                    if frame.denominator > 1 or (frame < 0 and not told):
                        name = text_of(node, "name") or f"A <{node.tag}>"
                        yield Found(case.document.line(node), f"'{name[:80]}' says {text} for {child.tag}, {what}.")


def overlaps(case: Case) -> Iterator[Found]:
    """Clips of one track over one another, which a track cannot hold; at a transition they meet at its cut.

    Premiere lets the sound of a clip reach to the end of the transition that its picture has.
    """
    reached: dict[tuple[str, int], int] = {}
    mixed = {each.at: each.at + each.after for each in sorted(case.timeline.transitions, key=lambda each: each.after)}
    for event in case.timeline.events:  # by track and time
        if event.record is not None:
            end = reached.get((event.kind, event.track), event.record.start)
            if event.record.start < end and end > mixed.get(event.record.start, 0):
                frames = f"begins at frame {event.record.start} of its track, where another clip lasts until {end}"
                yield Found(event.line, f"'{event.name[:80]}' {frames}.")
            reached[event.kind, event.track] = max(end, event.record.end)


def _tracks(case: Case) -> Iterator[list[Node]]:
    """What lies on each track of the sequences, in the order of the file."""
    for sequence in sequences_in(case.root):
        for track in (*sequence.findall("media/video/track"), *sequence.findall("media/audio/track")):
            yield [node for node in track if node.tag in _ITEMS]


def problems(case: Case) -> Iterator[Found]:
    """What the reader found to contradict itself, but for what has a rule of its own."""
    for each in case.timeline.problems:
        if not any(words in each.sentence for words in (" of a file that has ", "There is no sequence", *_OF_TIMECODE)):
            yield Found(each.line, each.sentence)


def timecodes(case: Case) -> Iterator[Found]:
    for each in case.timeline.problems:
        if any(words in each.sentence for words in _OF_TIMECODE):
            yield Found(each.line, each.sentence)


def paths(case: Case) -> Iterator[tuple[str, int | None, str]]:
    for file in _files(case):
        url = text_of(file, "pathurl")
        if url:
            path = path_of(url)
            yield path, case.document.line(file) if case.missing(path) else None, text_of(file, "name")


def _files(case: Case) -> Iterator[Node]:
    """Every file that is described, once."""
    yield from filter(len, case.document.of("file"))
