"""Names of tapes and reels: what Avid cuts, what becomes the same, what it does not take."""

import re
from collections.abc import Iterator

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.imports.edl_lines import BLACK

AVID_LETTERS = 32  # that Media Composer keeps of a tape's name
_CMX_LETTERS = 8  # of the column of CMX 3600
_NOT_TAKEN = re.compile(r"[^A-Za-z0-9_. -]")  # letters and figures, and what real tapes have between them


def long_reels(case: Case) -> Iterator[Found]:
    for reel, line in reels(case):
        if len(reel) > _CMX_LETTERS:
            yield Found(line, f"The reel '{reel}' has {len(reel)} characters; the column of CMX 3600 has 8.")


def long_tapes(case: Case) -> Iterator[Found]:
    for tape, line in reels(case):
        if len(tape) > AVID_LETTERS:
            yield Found(line, f"The tape '{tape}' has {len(tape)} characters; Avid keeps the first {AVID_LETTERS}.")


def colliding(case: Case) -> Iterator[Found]:
    length = AVID_LETTERS if case.editor == "avid" else _CMX_LETTERS
    seen: dict[str, str] = {}
    for reel, line in reels(case):
        first = seen.setdefault(reel[:length], reel)
        if first != reel:
            sentence = f"The reels '{first}' and '{reel}' are the same one where {length} characters of each are kept."
            yield Found(line, sentence)


def letters(case: Case) -> Iterator[Found]:
    for tape, line in reels(case):
        wrong = _NOT_TAKEN.search(tape)
        if wrong:
            yield Found(
                line, f"The tape '{tape}' holds '{wrong[0]}'; Avid's tapes are letters, figures, '_', '-', '.'."
            )


def reels(case: Case) -> Iterator[tuple[str, int | None]]:
    """Each reel or tape name once, with its first line."""
    if case.format == "edl":
        named = {event.reel: event.line for event in reversed(case.edl.events) if event.reel not in {"", BLACK}}
        yield from sorted(named.items(), key=lambda each: each[1])
    elif case.format == "ale":
        tapes = [(case.ale.cell(cells, "tape"), line) for line, cells in case.ale.rows]
        yield from {tape: line for tape, line in reversed(tapes) if tape}.items()
    else:
        yield from {event.reel: event.line for event in reversed(case.timeline.events) if event.reel}.items()
