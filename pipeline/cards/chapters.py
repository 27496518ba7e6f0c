"""Recordings that a camera writes in numbered pieces: one clip, parts in order, gaps named.

What lies behind a gap is a clip of its own, because its timecode does not follow on; it joins the
first when the missing piece arrives. So is an empty piece, so that it alone fails.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from pipeline.cards.structure import CardFile, Found, clip_of
from pipeline.clip import shown


class Piece(NamedTuple):
    number: int  # from 1
    file: CardFile


def chained(
    pieces: Sequence[Piece], sidecars: Mapping[bytes, Sequence[CardFile]], name: Callable[[int], bytes]
) -> Found:
    """The clips of the pieces of a recording; those missing before the last are named, by `name` of their number."""
    if len(pieces) == 1 and pieces[0].number == 1:  # most recordings fit one file
        file = pieces[0].file
        return Found([clip_of((file,), sidecars.get(file.path, ()))])
    ordered = sorted(pieces, key=lambda piece: (piece.number, piece.file.path))
    if len({piece.number for piece in ordered}) < len(ordered):  # names that differ in case alone: no one recording
        return Found([clip_of((piece.file,), sidecars.get(piece.file.path, ())) for piece in ordered])
    found = Found()
    for run in _runs([piece for piece in ordered if piece.file.size]):
        spoken = [file for part in run for file in sidecars.get(part.path, ())]
        found.clips.append(clip_of(run, spoken))
    found.clips += [clip_of((piece.file,)) for piece in ordered if not piece.file.size]
    there = {piece.number for piece in ordered}
    kept = ordered[0].file
    for number in range(1, ordered[-1].number):
        if number not in there:
            found.warn(_sentence(shown(name(number)), shown(kept.name)), kept.path)
    return found


def _runs(pieces: Sequence[Piece]) -> list[list[CardFile]]:
    """Pieces in order, parted where a number between them is missing."""
    numbered = enumerate(pieces)
    return [[piece.file for _, piece in run] for _, run in groupby(numbered, key=lambda each: each[1].number - each[0])]


def _sentence(missing: str, kept: str) -> str:
    return f"{missing} is missing: the recording of {kept} goes on behind it; copy the card again."
