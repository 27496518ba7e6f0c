"""What the files of one set say of the reel of one recording: each by its own words, cut and told apart as lists do."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.checks.edl_text import base
from pipeline.editorial.checks.sets import few
from pipeline.editorial.exports.reels import may_be_short, short_stems
from pipeline.editorial.imports.edl_lines import BLACK
from pipeline.editorial.imports.reading import ReadEvent

_NO_REELS = frozenset({"", BLACK, "AX"})
_Key = tuple[str, int | None]  # the file's name, and the frame of the day where the event begins


class _Reel(NamedTuple):
    name: str
    event: ReadEvent


def reels(cases: Sequence[Case]) -> Iterator[tuple[int, Found]]:
    """Events whose recording has another reel in an earlier file of the set."""
    held = [_reels(case) for case in cases]
    for number, own in enumerate(held):
        wrong: dict[str, Found] = {}
        for earlier in range(number):
            if _one_cut(cases[earlier], cases[number]):
                wrong |= {each.sentence: each for each in _contradictions(own, held[earlier])}
        yield from few(number, list(wrong.values()))


def _one_cut(one: Case, other: Case) -> bool:
    """Whether both hold the same cut, as far as their titles tell; a table of clips has none."""
    return "ale" in {one.format, other.format} or one.timeline.title[:70] == other.timeline.title[:70]


def _reels(case: Case) -> dict[_Key, _Reel]:
    """The reel of each picture; in a list with a table at its end the recording's own."""
    start = case.timeline.start
    found: dict[_Key, _Reel] = {}
    for event in case.timeline.events:
        name = base(event.file) or event.name
        if event.kind == "Video" and event.reel not in _NO_REELS and name:
            place = start.frame + event.record.start if start and event.record else None
            reel = case.edl.reels.get((event.reel, name), event.reel) if case.format == "edl" else event.reel
            found[name, place] = _Reel(reel, event)
    return found


def _contradictions(own: Mapping[_Key, _Reel], other: Mapping[_Key, _Reel]) -> Iterator[Found]:
    """Unlike reels of one recording, where both files mean the same by most: else one names them by another rule."""
    pairs = list(_pairs(own, other))
    unlike = [(reel, there) for reel, there in pairs if not _alike(reel.name, there.name)]
    known = {each.name for each in other.values()}
    mostly = len(unlike) * 2 <= len(pairs)
    for reel, there in unlike:
        if mostly or reel.name in known:
            sentence = f"is of the reel '{reel.name}' here and of '{there.name}' in another file of this set"
            yield Found(reel.event.line, f"'{(base(reel.event.file) or reel.event.name)[:80]}' {sentence}.")


def _pairs(own: Mapping[_Key, _Reel], other: Mapping[_Key, _Reel]) -> Iterator[tuple[_Reel, _Reel]]:
    """The same event in both; where one of them has clips and no places, the same part of the same recording."""
    clips: dict[str, list[_Reel]] = {}
    if any(place is None for _, place in (*own, *other)):
        for (name, _), there in other.items():
            clips.setdefault(name, []).append(there)
    for key, reel in own.items():
        match = other.get(key) or next((each for each in clips.get(key[0], ()) if _overlap(reel, each)), None)
        if match is not None:
            yield reel, match


def _overlap(one: _Reel, other: _Reel) -> bool:
    mine, theirs = one.event.source, other.event.source
    if mine is None or theirs is None or one.event.rate != other.event.rate:
        return False
    return mine.start < theirs.end and theirs.start < mine.end


@lru_cache(maxsize=1 << 12)
def _alike(one: str, other: str) -> bool:
    """Whether both may be the same reel, one of them perhaps short."""
    if one.casefold() == other.casefold():
        return True
    return any(
        stem in short_stems("", whole)
        for short, whole in ((one, other), (other, one))
        for stem in may_be_short(short)
        if stem
    )
