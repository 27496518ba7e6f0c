"""The lines of a CMX 3600 list and its dialects, taken apart; what they mean belongs to edl.py.

Event lines are read from their four timecodes outwards, since no column is kept by all who write
them: numbers of 3 to 6 digits, reels of 8, 16, 32 or 128 characters and with spaces in them, reel
and channels run together (CMX 3600, File16, File32, File129; GVG, Sony and SMPTE 258M variants).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

BLACK = "BL"
# A row of the table at the end of our own lists: short reel, reel, card, clip, file.
TABLE_ROW = re.compile(r"REEL (\S+): REEL (.*), CARD (.*), CLIP (.*?), FILE (.*)")
_LONGEST_LINE = 4_000  # characters; what is longer is no event
_NUMBER = re.compile(r"(\d{1,7}[A-Za-z]?)(?:>?!?)")  # SMPTE 258M marks virtual and recorded edits
_LABEL = re.compile(r"\d{1,2}[:;.,]\d{2}[:;.,]\d{2}[:;.,]\d{2,3}")
_EFFECT = re.compile(r"C|D|W\d{0,4}|K|KB|KO")
_CHANNELS = re.compile(r"(?:NONE|B|(?:A\d*|V\d{0,2}|AA)(?:/?(?:A\d*|V\d{0,2}|AA))*)")
_CHANNEL = re.compile(r"AA|A(\d*)|V(\d*)")
_REEL_WIDTHS = (8, 16, 32, 128)
_MOST_SIDES = 8  # lines of one event: its two sides, pictures and sound apart
_KEY_PARTS = frozenset({("K", "B"), ("K", "O")})


@dataclass(frozen=True, slots=True)
class Channels:
    """What an event is recorded on: the number of a video track or None, and those of sound channels."""

    video: int | None
    audio: tuple[int, ...]


NOWHERE = Channels(None, ())


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event line; labels as written. `effect` is C, D, W001, K, KB or KO, `length` its frames."""

    line: int
    number: str
    reel: str
    channels: Channels
    effect: str
    length: int | None
    source_in: str
    source_out: str
    record_in: str
    record_out: str


@dataclass(frozen=True, slots=True)
class Note:
    """Any other line, without the star that says it is a comment."""

    line: int
    text: str
    comment: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Event lines of one number that follow each other, and the notes up to the next event."""

    lines: tuple[EventLine, ...]
    notes: tuple[Note, ...]


class Statements(NamedTuple):
    """A list taken apart: all that its lines state, in order, and the same by what it is."""

    all: Sequence[EventLine | Note]
    events: tuple[EventLine, ...]
    notes: tuple[Note, ...]
    groups: tuple[Group, ...]


def taken_apart(lines: Sequence[str]) -> Statements:
    found = list(statements(lines))
    return Statements(
        found,
        tuple(each for each in found if isinstance(each, EventLine)),
        tuple(each for each in found if isinstance(each, Note)),
        tuple(groups(found)),
    )


def statements(lines: Sequence[str]) -> Iterator[EventLine | Note]:
    """Every line that says anything, in order; `Note` is also what looks like an event and is none."""
    for number, text in enumerate(lines, start=1):
        plain = text.strip().strip("\x00\x1a")  # what DOS and old players fill their last block with
        if plain[:1] == "*":
            yield Note(number, plain[1:].strip(), comment=True)
        elif event := event_line(plain, number):
            yield event
        elif plain:
            yield Note(number, plain.strip())


def groups(found: Sequence[EventLine | Note]) -> Iterator[Group]:
    """Events with their notes; what stands before the first one is left out.

    Lines of one number are one event where the later begins a transition or follows at once: a list that numbers all
    its events alike is still taken apart.
    """
    events: list[EventLine] = []
    notes: list[Note] = []
    noted = False
    for each in found:
        if isinstance(each, Note):
            notes.append(each)
            noted = noted or not each.text.startswith(("FCM:", "SPLIT:"))
            continue
        apart = not events or each.number != events[-1].number or len(events) == _MOST_SIDES
        if apart or (noted and each.effect == "C"):
            if events:
                yield Group(tuple(events), tuple(notes))
            events, notes = [], []
        events.append(each)
        noted = False
    if events:
        yield Group(tuple(events), tuple(notes))


def event_line(text: str, line: int) -> EventLine | None:
    """The event that a line states, or None."""
    if not text[:1].isdigit() or len(text) > _LONGEST_LINE:
        return None
    fields = text.split()
    number = _NUMBER.fullmatch(fields[0])
    labels = _labels(fields)
    if number is None or labels is None:
        return None
    head = fields[1:labels]
    effect, length, head = _effect(head)
    reel, channels = _reel(head)
    if channels is None:
        return None
    return EventLine(line, number[1].lstrip("0") or "0", reel, channels, effect, length, *fields[labels : labels + 4])


def looks_like_an_event(note: Note) -> bool:
    """Whether a line begins as an event does and holds timecode, and so was meant to be one."""
    if note.comment:
        return False
    fields = note.text.split(maxsplit=12)
    return bool(fields) and fields[0].isdecimal() and any(map(_LABEL.fullmatch, fields[1:]))


def _labels(fields: list[str]) -> int | None:
    """Where four timecodes in a row begin."""
    for at in range(2, len(fields) - 3):
        if all(_LABEL.fullmatch(field) for field in fields[at : at + 4]):
            return at
    return None


def _effect(head: list[str]) -> tuple[str, int | None, list[str]]:
    """The effect and its length at the end of the columns before the timecodes, and what stands before it."""
    length = None
    if len(head) > 2 and head[-1].isdecimal() and len(head[-1]) <= 4:
        length, kept = int(head[-1]), head[:-1]
    else:
        kept = head
    if tuple(kept[-2:]) in _KEY_PARTS:
        return "".join(kept[-2:]), length, kept[:-2]
    if kept and _EFFECT.fullmatch(kept[-1]):
        return kept[-1], length, kept[:-1]
    return "C", None, head


def _reel(head: list[str]) -> tuple[str, Channels | None]:
    if head and (channels := channels_of(head[-1])):
        return " ".join(head[:-1]), channels
    run_together = " ".join(head)
    for width in _REEL_WIDTHS:
        if channels := channels_of(run_together[width:]):
            return run_together[:width], channels
    return run_together, None


def channels_of(text: str) -> Channels | None:
    """What a channel column means: V, V2, A, A2, AA, B, AA/V, A1234V, A12, NONE."""
    if text == "NONE":
        return NOWHERE
    if text == "B":
        return Channels(1, (1,))
    if not _CHANNELS.fullmatch(text):
        return None
    video, audio = None, []
    together = "V" in text and "/" not in text
    for part in _CHANNEL.finditer(text):
        if part[0] == "AA":
            audio += [1, 2]
        elif part[0].startswith("V"):
            video = int(part[2] or 1)
        else:
            audio += _numbers(part[1], together=together)
    return Channels(video, tuple(dict.fromkeys(audio)))


def _numbers(digits: str, *, together: bool) -> list[int]:
    """`12` is channel 12 where it stands alone, 1 and 2 beside a picture; more digits are always one each."""
    if not digits:
        return [1]
    if len(digits) == 1 or (len(digits) == 2 and not together):
        return [int(digits)]
    return [int(digit) for digit in digits if digit != "0"]
