"""What is wrong with an event list, told from its labels alone: a list seldom says its rate.

Sources: the CMX 3600 columns as pycmx, OTIO's adapter and editors' exports have them; GitHub issues of
OpenTimelineIO (1178: how Premiere reads FROM CLIP and FROM FILE).
"""

from collections import defaultdict
from collections.abc import Iterator

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.checks.edl_text import Label, label
from pipeline.editorial.imports.edl_lines import BLACK, EventLine, Group, looks_like_an_event

_FILE_WORDS = ("FROM CLIP:", "FROM FILE:", "TO CLIP:", "TO FILE:")
_SLACK = 1  # frames that lengths may differ by: a source at another rate is scaled
# Ways to count that a list may mean where it does not say: frames of a second, and whether two labels a minute drop.
_COUNTINGS = ((24, False), (25, False), (30, False), (30, True), (50, False), (60, False), (60, True))


def title(case: Case) -> Iterator[Found]:
    if case.edl.marked:
        yield Found(1, "A byte order mark stands before the title, which strict readers take for a part of it.")
    if not case.edl.first.startswith("TITLE:"):
        yield Found(1, "The first line is not TITLE:, with which a CMX 3600 list begins.")


def counting_unsaid(case: Case) -> Iterator[Found]:
    """Only at a rate that has drop-frame, or where labels show frames of 30 and more a second and no rate is said."""
    text, rate = case.edl, case.timeline.rate
    shown = [each for event in text.events for each in _labels(event)]
    if any(note.text.startswith("FCM:") for note in text.notes) or any(";" in each for each in shown):
        return
    if not (rate.can_drop if rate is not None else max((label(each)[3] for each in shown), default=0) >= 25):
        return
    yield Found(None, "No FCM line says whether the list counts drop-frame or not; editors then choose by themselves.")


def counting_contradicted(case: Case) -> Iterator[Found]:
    text = case.edl
    first = text.events[0].line if text.events else 0
    mode = next((note for note in text.notes if note.text.startswith("FCM:") and note.line < first), None)
    if mode is None:
        return
    drop = mode.text[4:].strip().startswith("DROP")
    if drop and case.timeline.rate is not None and not case.timeline.rate.can_drop:
        yield Found(mode.line, f"FCM says drop-frame, which {case.timeline.rate.label()} frames a second do not have.")
    for event in text.events:
        for each in (event.record_in, event.record_out):
            if not drop and ";" in each:
                yield Found(
                    event.line, f"The record label {each} counts drop-frame, and FCM says that the list does not."
                )
                return
            if drop and _skipped(label(each)):
                yield Found(
                    event.line, f"The record label {each} is one that drop-frame skips, and FCM says drop-frame."
                )
                return


def _skipped(each: Label) -> bool:
    return each[1] % 10 != 0 and each[2] == 0 and each[3] < 2


def labels(case: Case) -> Iterator[Found]:
    """Labels that no clock shows, events that end before they begin; what the rate shows besides, the reader tells."""
    told = set()
    for event in case.edl.events:
        wrong = next((each for each in _labels(event) if not _exists(label(each))), None)
        turned = next(
            (side for side in case.edl.sides[event.line] if side[1] < side[0] and side[0][0] - side[1][0] < 23), None
        )
        if wrong or turned:
            told.add(event.line)
            what = f"'{wrong}' is no timecode" if wrong else "it ends before it begins"
            yield Found(event.line, f"Event {event.number} has no place: {what}.")
    aside = {note.line for note in case.edl.notes}  # what stands beside events is no label, or told by another rule
    yield from (Found(each.line, each.sentence) for each in case.timeline.problems if each.line not in told | aside)


def _exists(each: Label) -> bool:
    return each[0] < 24 and each[1] < 60 and each[2] < 60


def _labels(event: EventLine) -> tuple[str, str, str, str]:
    return event.source_in, event.source_out, event.record_in, event.record_out


def lost_lines(case: Case) -> Iterator[Found]:
    for note in case.edl.notes:
        if looks_like_an_event(note):
            yield Found(note.line, "This line looks like an event and cannot be read as one; it would be lost.")


def no_events(case: Case) -> Iterator[Found]:
    if not case.edl.events:
        yield Found(None, "The list holds no event.")


def lengths(case: Case) -> Iterator[Found]:
    for group in case.edl.groups:
        if any(note.text.startswith("M2") for note in group.notes):
            continue
        for event in group.lines:
            if event.reel != BLACK and event.effect[0] != "K" and not _equally_long(event, case):
                source = f"{event.source_in} to {event.source_out}"
                record = f"{event.record_in} to {event.record_out}"
                sentence = f"Event {event.number} takes {source} and lasts {record}, without an M2 line for its speed."
                yield Found(event.line, sentence)


def _equally_long(event: EventLine, case: Case) -> bool:
    """Whether any way to count makes both sides equally long."""
    sides = case.edl.sides[event.line]
    if not all(map(_exists, (*sides[0], *sides[1]))):
        return True  # told by another rule
    rate = case.timeline.rate
    ways = _COUNTINGS if rate is None else ((rate.nominal, False), (rate.nominal, rate.can_drop))
    for frames, drop in ways:
        # Each side by its own punctuation, or both as the list counts.
        for drops in ((drop, drop), (drop and ";" in event.source_in, drop and ";" in event.record_in)):
            source, record = (_length(side, frames, drop=each) for side, each in zip(sides, drops, strict=True))
            if abs(source - record) <= _SLACK:
                return True
    return False


def _length(side: tuple[Label, Label], frames: int, *, drop: bool) -> int:
    begin, end = (_frame(each, frames, drop=drop) for each in side)
    return end - begin if end >= begin else end - begin + _frame((24, 0, 0, 0), frames, drop=drop)


def _frame(each: Label, frames: int, *, drop: bool) -> int:
    minutes = each[0] * 60 + each[1]
    dropped = frames // 15 * (minutes - minutes // 10) if drop else 0
    return (minutes * 60 + each[2]) * frames + each[3] - dropped


def transition_alone(case: Case) -> Iterator[Found]:
    """A transition is a pair of lines of one number: what it comes from, and what it leads to."""
    for group in case.edl.groups:
        first = group.lines[0]
        if first.effect[0] in "DW":
            sentence = f"Event {first.number} begins with a transition; a line of what it comes from belongs before it."
            yield Found(first.line, sentence)


def file_words(case: Case) -> Iterator[Found]:
    for note in case.edl.notes:
        if note.text.startswith(_FILE_WORDS):
            word = note.text.partition(":")[0]
            yield Found(note.line, f"Premiere takes '{word}:' for the name of the media and shows it as unknown.")


def overlaps(case: Case) -> Iterator[Found]:
    """Events at the same place of one track; keys lie over their background by right."""
    tracks: dict[tuple[str, int], list[tuple[Label, Label, EventLine]]] = defaultdict(list)
    for group in case.edl.groups:
        if any(event.effect[0] == "K" for event in group.lines) or _marks_only(group):
            continue
        for event in group.lines:
            begin, end = case.edl.sides[event.line][1]
            if begin < end:
                for track in _tracks(event):
                    tracks[track].append((begin, end, event))
    told = set()
    for spans in tracks.values():
        last: tuple[Label, EventLine] | None = None
        for begin, end, event in sorted(spans, key=lambda span: (span[0], span[1], span[2].line)):
            if last and begin < last[0] and event.line not in told:
                told.add(event.line)
                yield Found(
                    event.line, f"Event {event.number} lies over event {last[1].number}, which it would replace."
                )
            if last is None or end > last[0]:
                last = (end, event)


def _marks_only(group: Group) -> bool:
    """Resolve's markers are events of a frame with a note each."""
    return any("|M:" in note.text for note in group.notes)


def _tracks(event: EventLine) -> Iterator[tuple[str, int]]:
    if event.channels.video:
        yield "V", event.channels.video
    yield from (("A", number) for number in event.channels.audio)
